"""Read choices of one option, words and numbers: the kinds that gaps use too (spec/content-format 8)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import LocalisedText
from courses.content.read_collector import MarkupLevel
from kernel.errors import N_
from quizzes.content import parts
from quizzes.rules.definitions import (
    NumericalAnswer,
    NumericalBody,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Tolerance,
)
from quizzes.rules.numbers import ends_of
from quizzes.rules.patterns import matches

ANYTHING = "*"
_ANY = re.compile(r"(?<!\\)\*")
_SOMETHING = "\ue000"
"""Stands for what a star takes: no pattern but another star takes it."""


def single(table: MappingCursor) -> SingleChoiceBody:
    """Read a choice of one option: exactly one has full credit (spec/content-format C401)."""
    options = parts.options(table)
    shuffle = table.flag("shuffle", True)
    full = sum(1 for option in options if option.credit == 1)
    if options and not full:
        table.report("C401", N_("No option is right."), N_("Mark the right one with “right:”."), at="options")
    elif full > 1:
        table.report(
            "C401",
            N_("%(number)s options are right."),
            N_("Keep one, or use the kind with several right options."),
            at="options",
            number=full,
        )
    return SingleChoiceBody(options, shuffle)


def read_short(table: MappingCursor, mark: Fraction) -> ShortAnswerBody:
    """Read a word against patterns, or with mark 0 a self-check with a model answer."""
    free = mark == 0 and table.has("model")
    answers = short_answers(table, required=not free)
    ignored = _ignored(table)
    model, criteria = table.text("model", MarkupLevel.MARKDOWN), table.texts("criteria")
    if (model or criteria) and mark != 0:
        table.report(
            "C403", N_("A model answer and criteria are only for self-checks."), N_("Set the mark to 0, or delete them."), at="model"
        )
    return ShortAnswerBody(answers, *ignored, parts.or_none(model), criteria)


def gap_short(table: MappingCursor, *, dragged: bool = False) -> ShortAnswerBody:
    """Read a word as one gap of a text; where it is dragged, it may have a key of its own."""
    answers = short_answers(table, required=True, keyed=dragged)
    return ShortAnswerBody(answers, *_ignored(table))


def _ignored(table: MappingCursor) -> tuple[bool, bool, bool]:
    """Read whether case, accents and typographic variants are ignored."""
    accents = table.session.first_language == "es"
    return table.flag("ignore_case", True), table.flag("ignore_accents", accents), table.flag("ignore_typography", True)


@dataclass(frozen=True, slots=True)
class Ignoring:
    """Differences that are ignored between a typed answer and a pattern."""

    case: bool
    accents: bool
    typography: bool

    def covers(self, earlier: str, pattern: str) -> bool:
        """Say whether a pattern takes everything that another one takes, so that the other is never reached behind it."""
        written = _ANY.sub(_SOMETHING, pattern).replace("\\*", "*")
        return matches(earlier, written, ignore_case=self.case, ignore_accents=self.accents, ignore_typography=self.typography)


def _ignoring(table: MappingCursor) -> Ignoring:
    """Return what the question ignores, before these fields are read: their place in the file is behind the answers."""
    accents = parts.peek(table, "ignore_accents") or str(table.session.first_language == "es").lower()
    case, typography = (parts.peek(table, name) != "false" for name in ("ignore_case", "ignore_typography"))
    return Ignoring(case, accents == "true", typography)


def short_answers(table: MappingCursor, *, required: bool, keyed: bool = False) -> tuple[TextPattern, ...]:
    """Read patterns in order; one behind a pattern that takes all that it takes is never reached (spec/content-format C413)."""
    equals = parts.DuplicateTexts("C405", N_("The pattern is the same as another one."))
    earlier_patterns: list[TextPattern] = []
    ignoring = _ignoring(table)
    for verdict in parts.verdicts(table, "answers", required=required):
        text = verdict.value.text(MarkupLevel.PLAIN)
        equals.is_new(verdict.table, text)
        if earlier_patterns and ANYTHING in earlier_patterns[-1].patterns.values():
            verdict.table.report("C413", N_("The previous answer accepts everything."), N_("Put it last."))
        elif not keyed:
            _report_covered(verdict.table, text, earlier_patterns, ignoring)
        key = (verdict.table.value("key", scalars.key) or "") if keyed else ""
        earlier_patterns.append(TextPattern(text, verdict.right, parts.credit_of(verdict), _why(verdict), key))
    _check_answers(table, [answer.right for answer in earlier_patterns])
    return tuple(earlier_patterns)


def _report_covered(table: MappingCursor, text: LocalisedText, earlier_answers: Sequence[TextPattern], ignoring: Ignoring) -> None:
    """Tell a pattern whose words an earlier answer takes in every language; one that is equal to the letter is told as such.

    spec/content-format C405.
    """
    earlier = [pattern for answer in earlier_answers for pattern in answer.patterns.values() if pattern not in text.values()]
    covering = [next((other for other in earlier if ignoring.covers(other, pattern)), "") for pattern in text.values()]
    if covering and all(covering):
        table.report(
            "C413",
            N_("The earlier answer “%(pattern)s” also matches this one, so this one is never reached."),
            N_("Put it first, or let the case of letters count if only that differs."),
            pattern=covering[0],
        )


def _why(verdict: parts.AnswerEntry) -> LocalisedText | None:
    if not verdict.right and not verdict.why:
        parts.no_feedback(verdict.table)
    return verdict.why or None


def _check_answers(table: MappingCursor, rights: list[bool]) -> None:
    parts.check_count(table, "answers", len(rights))
    if rights and not any(rights):
        table.report("C401", N_("No answer is right."), N_("Mark the right one with “right:”."), at="answers")


def read_numerical(table: MappingCursor, mark: Fraction) -> NumericalBody:
    """Read a number with its tolerance and unit."""
    return numerical(table)


def numerical(table: MappingCursor) -> NumericalBody:
    """Read the fields of a numerical question; report overlapping ranges of a right and a wrong answer (spec/content-format C407)."""
    answers, places = _numbers(table)
    tolerance = parts.tolerance(table, Tolerance())
    units = parts.units(table)
    decimals = parts.decimals(table)
    _check_repeated(answers, places, tolerance)
    _check_ranges(answers, places, tolerance)
    return NumericalBody(answers, tolerance, units.unit, units.units, units.penalty, units.penalty_of, decimals)


def _numbers(table: MappingCursor) -> tuple[tuple[NumericalAnswer, ...], list[MappingCursor]]:
    answers: list[NumericalAnswer] = []
    places: list[MappingCursor] = []
    for verdict in parts.verdicts(table, "answers"):
        everything = verdict.value.as_text() == ANYTHING
        value = None if everything else verdict.value.read(scalars.number)
        if answers and answers[-1].value is None:
            verdict.table.report("C413", N_("The previous answer accepts everything."), N_("Put it last."))
        credit = parts.credit_of(verdict)
        own = parts.tolerance(verdict.table, None)
        if value is None and not everything:
            continue
        answers.append(NumericalAnswer(value, verdict.right, credit, _why(verdict), own))
        places.append(verdict.table)
    _check_answers(table, [answer.right for answer in answers])
    return tuple(answers), places


def _check_repeated(answers: tuple[NumericalAnswer, ...], places: list[MappingCursor], usual: Tolerance) -> None:
    """Report a number repeated with the same tolerance (spec/content-format C405), or always accepted by an earlier, wider one
    (spec/content-format C413).

    One number with two tolerances gives full credit near it and less further away: the narrower comes first.
    """
    earlier: dict[Fraction | None, list[NumericalAnswer]] = {}
    for answer, cursor in zip(answers, places, strict=True):
        before = earlier.setdefault(answer.value, [])
        own = answer.tolerance or usual
        if any(answer.value is None or (other.tolerance or usual) == own for other in before):
            cursor.report("C405", N_("The number is the same as another one."))
        elif any(_holds(other, answer, usual) for other in before):
            cursor.report("C413", N_("An earlier answer accepts the same number with a wider tolerance."), N_("Put it first."))
        before.append(answer)


def _holds(answer: NumericalAnswer, other: NumericalAnswer, usual: Tolerance) -> bool:
    """Say whether everything that the other answer takes is taken by the one."""
    outer, inner = _span(answer, usual), _span(other, usual)
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _check_ranges(answers: tuple[NumericalAnswer, ...], places: list[MappingCursor], usual: Tolerance) -> None:
    rights = [answer for answer in answers if answer.right and answer.value is not None]
    for answer, cursor in zip(answers, places, strict=True):
        if answer.right or answer.value is None:
            continue
        if any(_overlap(answer, right, usual) for right in rights):
            cursor.report("C407", N_("The range of this wrong answer overlaps with a right one."), N_("Make the tolerance smaller."))


def _overlap(answer: NumericalAnswer, other: NumericalAnswer, usual: Tolerance) -> bool:
    low, high = sorted((_span(answer, usual), _span(other, usual)))
    return low[1] >= high[0]


def _span(answer: NumericalAnswer, usual: Tolerance) -> tuple[Fraction, Fraction]:
    """Return both ends of what an answer takes."""
    value = answer.value if answer.value is not None else Fraction(0)
    return ends_of(value, answer.tolerance or usual)
