"""The effect of edited questions on stored answers: options that lost their key (spec/content-format 3.3)."""

from collections.abc import Iterator, Mapping, Sequence

from courses.content import codes
from courses.content.model import CourseFolder, Finding
from kernel.errors import N_
from quizzes.content.banks import QUESTION, banks_of
from quizzes.rules.definitions import (
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    OrderingBody,
    QuestionDefinition,
    SingleChoiceBody,
)

Keys = Sequence[str]


def reworded(published: Mapping[str, QuestionDefinition], course: CourseFolder) -> tuple[Finding, ...]:
    """Propose the old key where a published option's key vanished and one new stands in a list of the same length.

    spec/content-format C414.
    """
    return tuple(
        _finding(bank.path, question.key, name, old, new)
        for bank in banks_of(course)
        for question in bank.questions
        if question.key in published
        for name, old, new in _changes(published[question.key], question)
    )


def _changes(before: QuestionDefinition, after: QuestionDefinition) -> Iterator[tuple[str, str, str]]:
    present = dict(key_lists(after))
    for name, keys in key_lists(before):
        now = present.get(name, ())
        gone, fresh = [key for key in keys if key not in now], [key for key in now if key not in keys]
        if len(keys) == len(now) and len(gone) == len(fresh) == 1:
            yield name, gone[0], fresh[0]


def key_lists(question: QuestionDefinition) -> Iterator[tuple[str, Keys]]:
    """Yield the lists of a question whose entries have keys, by the name of their field."""
    body = question.body
    if isinstance(body, SingleChoiceBody | MultipleChoiceBody):
        yield "options", [option.key for option in body.options]
    elif isinstance(body, MatchingBody):
        yield "pairs", [pair.key for pair in body.pairs]
        yield "matches", list(dict.fromkeys([pair.match_key for pair in body.pairs] + [label.key for label in body.extra]))
    elif isinstance(body, OrderingBody):
        yield "items", [item.key for item in body.items]
    elif isinstance(body, MatrixBody):
        yield "columns", [column.key for column in body.columns]
        yield "rows", [row.key for row in body.rows]
    elif isinstance(body, GapsBody):
        for gap in body.gaps:
            if isinstance(gap.body, SingleChoiceBody):
                yield f"gaps.{gap.name}.options", [option.key for option in gap.body.options]


def _finding(path: str, question: str, name: str, old: str, new: str) -> Finding:
    return Finding(
        path,
        0,
        0,
        name,
        "C414",
        codes.severity("C414"),
        N_("The published key “%(old)s” is gone and “%(new)s” is new: was the text reworded?"),
        N_("If so, add “key: %(old)s” to it, so that stored answers keep their meaning."),
        subject=QUESTION,
        facts={"subject": question, "old": old, "new": new},
    )
