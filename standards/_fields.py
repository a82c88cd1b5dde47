"""The fields that all kinds share, against what a format has a place for: losses are reported, field by field."""

from collections.abc import Iterable

from kernel.errors import N_
from kernel.i18n import _, language_name
from questions.content.question_fields import KINDS
from questions.rules.definitions import (
    NOT_SELECTED,
    DescriptionBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalAnswer,
    NumericalBody,
    OrderingBody,
    QuestionDefinition,
    SingleChoiceBody,
    Texts,
    Tolerance,
    ToleranceKind,
)
from standards._keys import KeyAllocator
from standards.model import NotTranslatable, TransferRemarkCollector

_RELATIVE = N_("The tolerance in proportion to the number is written as an amount.")
_GEOMETRIC = N_("The tolerance by a factor is written as an amount.")
_USUAL = QuestionDefinition("", {}, DescriptionBody())
_FIELDS = ("former_keys", "state", "unverified", "tags", "difficulty", "mark", "hints", "penalty", "explanation", "source", "see", "note")

SELECTION_FIELDS = ("objective", "level", "family", "enemies", "only", "expected", "by_variant", "origin")
"""The fields that say where a question is drawn (spec/selection 1)."""


def remark_lost_fields(question: QuestionDefinition, names: Iterable[str], remarks: TransferRemarkCollector) -> None:
    """Report the common fields that are written and that the format does not keep."""
    keeps = frozenset(names)
    for name in _FIELDS:
        if name not in keeps and getattr(question, name) != getattr(_USUAL, name):
            lose(remarks, name)
    for name in SELECTION_FIELDS:
        if name not in keeps and getattr(question.selection, name) != getattr(NOT_SELECTED, name):
            lose(remarks, name)


def lose(remarks: TransferRemarkCollector, field: str) -> None:
    """Report one field that is left out."""
    remarks.loss(N_("The field “%(field)s” is left out."), N_("The format has no place for it."), field=field)


def remark_lost_languages(question: QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    """Report the languages that stay behind: the formats have one text for everybody."""
    others = sorted(set(question.text) - {language})
    if language in question.text and others:
        remarks.loss(
            N_("The texts in %(others)s are left out."),
            N_("The format has one language. Export each language separately."),
            others=", ".join(map(language_name, others)),
        )
    elif others:
        remarks.note(N_("There is no text in %(language)s; the first language was used."), language=language_name(language))


def remark_lost_keys(question: QuestionDefinition, remarks: TransferRemarkCollector) -> None:
    """Report keys of entries that are not those of their texts: they are made anew when the question is imported again."""
    for entries in _keyed(question):
        keys = KeyAllocator()
        if any(key != keys.of(next(iter(text.values()), "")) for key, text in entries):
            remarks.loss(
                N_("The keys of options or items are left out."), N_("They are made from the texts when the question is imported again.")
            )


def _keyed(question: QuestionDefinition) -> list[list[tuple[str, Texts]]]:
    """Return the lists of keys that a reader gives anew, each key with its text."""
    match question.body:
        case SingleChoiceBody(options) | MultipleChoiceBody(options):
            return [[(option.key, option.text) for option in options]]
        case MatchingBody(pairs, extra):
            matches = {pair.match_key: pair.match for pair in pairs}
            return [[(pair.key, pair.item) for pair in pairs], [*matches.items(), *((label.key, label.text) for label in extra)]]
        case OrderingBody(items):
            return [[(label.key, label.text) for label in items]]
        case MatrixBody(columns, rows):
            return [[(label.key, label.text) for label in columns], [(row.key, row.text) for row in rows]]
        case GapsBody(gaps):
            return [[(option.key, option.text) for option in gap.body.options] for gap in gaps if isinstance(gap.body, SingleChoiceBody)]
        case _:
            return []


def lose_quantity(body: NumericalBody, remarks: TransferRemarkCollector) -> None:
    """Report the fields of units and decimals, for which a format with bare numbers has no place."""
    usual = NumericalBody(())
    for name in ("unit", "units", "unit_penalty", "decimals"):
        if getattr(body, name) != getattr(usual, name):
            lose(remarks, name)


def refuse_kind(question: QuestionDefinition) -> NotTranslatable:
    """Return the refusal of a kind that a format does not have, or of a choice with calculated options."""
    if isinstance(question.body, SingleChoiceBody) and question.body.numbers is not None:
        return NotTranslatable(N_("A choice whose options are calculated cannot be exported."), N_("The format has nothing like it."))
    return NotTranslatable(
        N_("A question of the kind “%(kind)s” cannot be exported."), N_("The format has nothing like it."), kind=_(KINDS[question.kind])
    )


def nominal(answer: NumericalAnswer, usual: Tolerance, remarks: TransferRemarkCollector) -> Tolerance:
    """Return an answer's tolerance as an amount; a relative one is exact, a geometric one is reported as a loss."""
    tolerance = answer.tolerance or usual
    if tolerance.kind is ToleranceKind.NOMINAL or answer.value is None:
        return Tolerance(ToleranceKind.NOMINAL, tolerance.amount)
    weight, message = (remarks.note, _RELATIVE) if tolerance.kind is ToleranceKind.RELATIVE else (remarks.loss, _GEOMETRIC)
    weight(message, N_("The format supports only absolute amounts."))
    return Tolerance(ToleranceKind.NOMINAL, abs(answer.value) * tolerance.amount)


def with_common_tolerance(answers: Iterable[NumericalAnswer]) -> tuple[tuple[NumericalAnswer, ...], Tolerance]:
    """Return answers without their tolerances and that tolerance, where all numbers have the same; else as they are."""
    numbers = tuple(answers)
    own = {answer.tolerance or Tolerance() for answer in numbers if answer.value is not None}
    if len(own) != 1:
        return numbers, Tolerance()
    bare = tuple(NumericalAnswer(answer.value, answer.right, answer.credit, answer.why) for answer in numbers)
    return bare, next(iter(own))
