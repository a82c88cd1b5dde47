"""The pieces that several kinds of question share: options with right and wrong, tolerances, units, rubrics (spec/content-format 8)."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from courses.content import scalars
from courses.content.mapping_cursor import KeyBook, LocatedValue, MappingCursor, MarkupLevel
from courses.content.model import LocalisedText
from kernel.errors import N_
from kernel.markup.plain import formula_words
from kernel.yaml_tree import YamlMapping, YamlScalar
from questions.rules.definitions import KeyedLabel, Option, RubricCriterion, RubricLevel, Texts, Tolerance, ToleranceKind, UnitPenaltyOf

T = TypeVar("T")

MAXIMUM_ENTRIES = 30
FULL = Fraction(1)
NOTHING = Fraction(0)
RELATIVE_KINDS = (("relative", ToleranceKind.RELATIVE), ("geometric", ToleranceKind.GEOMETRIC))


def peek(table: MappingCursor, name: str) -> str:
    """Return the text of a field that is read at its own place later."""
    entry = table.node.entries.get(name)
    return entry.value.text if entry is not None and isinstance(entry.value, YamlScalar) else ""


def or_none(text: LocalisedText) -> Texts | None:
    """Return None for a text that is not written."""
    return text or None


def check_count(table: MappingCursor, name: str, number: int) -> None:
    """Report a list with more entries than a question may have (spec/content-format C105)."""
    if number > MAXIMUM_ENTRIES:
        table.report(
            "C105",
            N_("“%(field)s” has %(number)s entries; the limit is %(limit)s."),
            at=name,
            field=name,
            number=number,
            limit=MAXIMUM_ENTRIES,
        )


def check_least(table: MappingCursor, name: str, number: int, least: int) -> None:
    """Report a list with too few entries (spec/content-format C412)."""
    if table.has(name) and number < least:
        table.report("C412", N_("“%(field)s” needs at least %(least)s entries."), at=name, field=name, least=least)


@dataclass(frozen=True, slots=True)
class AnswerEntry:
    """An entry of a list of answers: its table, the value written after right or wrong, its feedback and credit."""

    table: MappingCursor
    value: LocatedValue
    right: bool
    why: LocalisedText
    credit: Fraction


def verdicts(table: MappingCursor, name: str, *, required: bool = True) -> tuple[AnswerEntry, ...]:
    """Read a list whose entries say `right:` or `wrong:`, with `why` and `credit`."""
    return table.listed(name, _verdict, required=required)


def _verdict(value: LocatedValue) -> AnswerEntry | None:
    table = value.table()
    if table is None:
        return None
    right, wrong = table.get("right"), table.get("wrong")
    if right is not None and wrong is not None:
        table.report("C111", N_("An entry cannot be both right and wrong."), N_("Delete one of the two."))
    content = right or wrong
    if content is None:
        table.report("C110", N_("The entry does not say whether it is right or wrong."), N_("Begin it with “right:” or “wrong:”."))
        return None
    why = table.text("why", MarkupLevel.INLINE)
    usual = FULL if right is not None else NOTHING
    return AnswerEntry(table, content, right is not None, why, usual)


def credit_of(verdict: AnswerEntry) -> Fraction:
    """Read the field `credit` at its place in the order; 1 or 0 where it is not written."""
    return verdict.table.value("credit", scalars.credit, verdict.credit)


def options(table: MappingCursor, name: str = "options") -> tuple[Option, ...]:
    """Read the options of a choice; each needs feedback (spec/content-format C402), two with equal text are told.

    spec/content-format C405.
    """
    book, seen = KeyBook(), DuplicateTexts("C405", N_("The text is the same as that of another option."))
    read_options: list[Option] = []
    for verdict in verdicts(table, name):
        text = verdict.value.text(MarkupLevel.INLINE)
        if seen.is_new(verdict.table, text):
            key = book.key(verdict.table, text, verdict.table)
        else:
            key = verdict.table.value("key", scalars.key) or ""
        credit = credit_of(verdict)
        fixed = verdict.table.flag("fixed", False)
        if not verdict.why:
            no_feedback(verdict.table)
        read_options.append(Option(key, text, verdict.right, credit=credit, why=or_none(verdict.why), fixed=fixed))
    check_count(table, name, len(read_options))
    check_least(table, name, len(read_options), 2)
    return tuple(read_options)


def no_feedback(table: MappingCursor) -> None:
    """Report an answer without feedback (spec/content-format C402)."""
    table.report("C402", N_("There is no feedback."), N_("Add “why:”."))


_FORMULA = re.compile(r"\$([^$\n]+)\$")


class DuplicateTexts:
    """A record of the texts seen so far, by language, that reports duplicates: texts that look alike in a list to choose from."""

    def __init__(self, code: str, template: str) -> None:
        self.code, self.template = code, template
        self.seen: set[tuple[str, str]] = set()

    def is_new(self, table: MappingCursor, text: LocalisedText) -> bool:
        """Return whether the text is new in all its languages, and remember it."""
        texts = {(language, " ".join(_FORMULA.sub(lambda match: formula_words(match[1]), word).split())) for language, word in text.items()}
        known = texts & self.seen
        self.seen |= texts
        if known:
            table.report(self.code, self.template)
        return not known


def labels(table: MappingCursor, name: str, book: KeyBook, *, required: bool = True) -> tuple[KeyedLabel, ...]:
    """Read a list of texts, each inline or `{text, key}`."""
    equals = DuplicateTexts("C405", N_("The text is the same as that of another entry."))

    def convert(value: LocatedValue) -> KeyedLabel | None:
        inner = value.table() if value.is_table and has_field(value, "text") else None
        text = inner.text("text", MarkupLevel.INLINE, required=True) if inner is not None else value.text(MarkupLevel.INLINE)
        cursor = inner or stand_in(table, value)
        if not text or not equals.is_new(cursor, text):
            return None
        return KeyedLabel(book.key(inner, text, cursor), text)

    listed = table.listed(name, convert, required=required)
    check_count(table, name, len(listed))
    return listed


def has_field(value: LocatedValue, name: str) -> bool:
    """Return whether a value is a mapping with this field, which distinguishes `{text, key}` from `{es, en}`."""
    return name in getattr(value.node, "entries", {})


def stand_in(table: MappingCursor, value: LocatedValue) -> MappingCursor:
    """Return a cursor that places findings at a value which is no mapping of fields."""
    return MappingCursor(table.session, table.file, YamlMapping(value.node.line, value.node.column), value.field, table)


def tolerance(table: MappingCursor, default: T) -> Tolerance | T:
    """Read `tolerance`: a number, or a mapping that says relative or geometric."""
    value = table.get("tolerance")
    if value is None:
        return default
    if not value.is_table:
        amount = value.read(scalars.number_between(0))
        if amount == 0 and default is not None:
            table.redundant.add("tolerance")
        return Tolerance(ToleranceKind.NOMINAL, amount) if amount is not None else default
    table.flows.add("tolerance")
    inner = value.table()
    if inner is None:
        return default
    for name, kind in RELATIVE_KINDS:
        amount = inner.value(name, scalars.number_between(0))
        if amount is not None:
            return Tolerance(kind, amount)
    inner.report(
        "C110", N_("The tolerance is neither “relative” nor “geometric”."), N_("Write a number, or one of the two with its share.")
    )
    return default


def units(table: MappingCursor) -> tuple[Texts | None, dict[str, Fraction], Fraction, UnitPenaltyOf]:
    """Read the `unit` that is shown or the `units` that are entered, what a wrong unit costs, and of what."""
    unit = table.text("unit")
    factors = _factors(table)
    if unit and factors:
        table.report(
            "C403",
            N_("A question either shows a unit or asks for one, not both."),
            N_("Delete one of them."),
            at="units",
        )
    penalty = table.value("unit_penalty", scalars.share, NOTHING)
    of = table.choice("unit_penalty_of", UnitPenaltyOf, UnitPenaltyOf.MARK)
    return or_none(unit), factors, penalty, of


def _factors(table: MappingCursor) -> dict[str, Fraction]:
    units_value = table.get("units")
    if units_value is None:
        return {}
    table.flows.add("units")
    factors = {name: value.read(scalars.number) for name, value, _ in units_value.entries()}
    return {name: factor for name, factor in factors.items() if factor is not None}


def decimals(table: MappingCursor) -> int | None:
    """Read how many decimals are asked for or shown."""
    return table.value("decimals", scalars.whole(0, 7))


def rubric(table: MappingCursor, mark: Fraction) -> tuple[RubricCriterion, ...]:
    """Read a rubric; its highest levels must sum to the question's mark, unless that is 0: nobody marks it (spec/content-format C409)."""
    book = KeyBook()
    criteria = table.listed("rubric", lambda value: _criterion(value, book))
    best = sum((max((level.points for level in criterion.levels), default=NOTHING) for criterion in criteria), NOTHING)
    if criteria and mark and best != mark:
        table.report(
            "C409",
            N_("The highest levels of the rubric add up to %(sum)s, but the mark is %(mark)s."),
            N_("Change the points or the mark."),
            at="rubric",
            sum=format_number(best),
            mark=format_number(mark),
        )
    return criteria


def _criterion(value: LocatedValue, book: KeyBook) -> RubricCriterion | None:
    table = value.table()
    if table is None:
        return None
    text = table.text("criterion", MarkupLevel.INLINE, required=True)
    key = book.key(table, text, table)
    levels = table.listed("levels", _level, required=True)
    return RubricCriterion(key, text, levels)


def _level(value: LocatedValue) -> RubricLevel | None:
    table = value.table()
    if table is None:
        return None
    points = table.value("points", scalars.number_between(0), required=True)
    text = table.text("text", MarkupLevel.INLINE, required=True)
    return RubricLevel(points if points is not None else NOTHING, text)


def format_number(number: Fraction) -> str:
    """Write an exact number as people type it."""
    return str(number.numerator) if number.denominator == 1 else str(float(number))
