"""The labels that the forms of questions give to the fields of a bank: all kinds together, because a finding names its field alone."""

from collections.abc import Iterable

from courses.content.field_labels import labels_of
from courses.content.kinds import FieldLabel
from quizzes.content.question_fields import OF_KIND, fields_of_kind
from quizzes.content.row_fields import WORDS, Asked, RowFields, RowNotation, leaves, lists


def question_labels() -> dict[str, FieldLabel]:
    """Return the labels of all fields of questions by their names in the text."""
    return _labels([spec for kind in OF_KIND for spec in fields_of_kind(kind)])


def _labels(specs: Iterable[Asked]) -> dict[str, FieldLabel]:
    every = list(specs)
    labels = labels_of(leaves(every))
    for rows in lists(every):
        known = labels.get(rows.name)
        inner = _row_labels(rows)
        is_named = rows.written in (RowNotation.NAMED, RowNotation.FACTORS)
        labels[rows.name] = FieldLabel(rows.label, {**known.inner, **inner} if known else inner, is_named=is_named)
    return labels


def _row_labels(rows: RowFields) -> dict[str, FieldLabel]:
    inner = _labels((*rows.fields, *(spec for kind in rows.kinds.values() for spec in kind), *rows.more))
    if rows.written is RowNotation.JUDGED and WORDS in inner:
        inner |= {"right": inner[WORDS], "wrong": inner[WORDS]}
    return inner | {there: inner[here] for here, there in rows.written_as.items() if here in inner}
