"""Families of fixed variants made from one calculated question of a course, by own draws or from a table (spec/selection 1.22)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from courses.content.editing import EditRefused, Written, set_field, write_field
from courses.content.model import CourseFolder, LessonSettings
from kernel.errors import N_, DomainError
from kernel.tables import RISKY, read_csv
from questions.content.banks import FIELD_ORDER, ORIGIN, BankSource, banks_of, questions_of
from questions.rules.definitions import CalculatedBody, QuestionDefinition, QuestionVariable, VariableRange
from questions.rules.numbers import convention_for, read_number
from questions.rules.variants import (
    MOST_VARIANTS,
    Values,
    ValuesRefused,
    Variant,
    VariantRemark,
    draw_variants,
    remarks_of,
    right_answer,
    variant_of,
)

LARGEST_TABLE = 1_000_000
"""Bytes of a table of values."""
LONGEST_KEY = 58
"""Characters of a pattern's key from which variants are named: a number follows it."""
_CELL = re.compile(r"[-−]?[0-9]{1,15}(?:[.,][0-9]{1,12})?\Z")
_NUMBER = re.compile(r"(?<![\w.,])[-−]?(?:[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+|[0-9]+)(?:[.,][0-9]+)*")
_PARAMETER = re.compile(r"\{\{\s*([a-z0-9_.]+)\s*\}\}")


@runtime_checkable
class HasFixedQuestions(Protocol):
    """Settings of an activity that may ask questions of its choice, not drawn ones alone."""

    def has_fixed(self, key: str) -> bool:
        """Return whether a question is among them."""
        ...


class VariantsRefused(DomainError):
    """A table or a question of which no family can be made; the message says what to change."""

    status = 422


@dataclass(frozen=True, slots=True)
class VariantPlan:
    """A family of variants as it would be written: what is new, the remarks on it, and whether the pattern becomes a draft."""

    pattern: QuestionDefinition
    path: str
    family: str
    variants: tuple[Variant, ...]
    remarks: tuple[VariantRemark, ...]
    retires_pattern: bool


def plan_drawn(folder: CourseFolder, key: str, number: int) -> VariantPlan:
    """Return a family of so many own draws of a question; raise VariantsRefused."""
    if not 0 < number <= MOST_VARIANTS:
        raise VariantsRefused(N_("Enter how many variants to make, from 1 to %(most)s."), most=MOST_VARIANTS)
    question, bank = _pattern(folder, key)
    body = _body(question)
    present, lessons = _present(folder, question), lesson_numbers(folder)
    variants = draw_variants(body, _names(folder, key, number), present, lessons)
    if len(variants) < number:
        raise VariantsRefused(
            N_("The variables have only %(found)s different values that meet the conditions. Ask for fewer variants, or widen them."),
            found=len(variants),
        )
    return _plan(folder, question, bank, variants, present, lessons)


def plan_from_table(folder: CourseFolder, key: str, content: bytes) -> VariantPlan:
    """Return a family with the values of a table (CSV) that has a column for each variable; raise VariantsRefused."""
    question, bank = _pattern(folder, key)
    body = _body(question)
    rows = read_values(content, [variable.name for variable in body.variables])
    names, variants = _names(folder, key, len(rows)), list[Variant]()
    for name, (line, values) in zip(names, rows, strict=True):
        try:
            variants.append(variant_of(body, name, values))
        except ValuesRefused as refused:
            if refused.condition:
                raise VariantsRefused(
                    N_("Line %(line)s: the values do not meet the condition “%(condition)s”."), line=line, condition=refused.condition
                ) from refused
            raise VariantsRefused(N_("Line %(line)s: the answer cannot be calculated with these values."), line=line) from refused
    return _plan(folder, question, bank, variants, _present(folder, question), lesson_numbers(folder))


def _pattern(folder: CourseFolder, key: str) -> tuple[QuestionDefinition, BankSource]:
    for bank in banks_of(folder):
        for question in bank.questions:
            if question.key == key:
                return question, bank
    raise VariantsRefused(N_("There is no question “%(key)s”."), key=key)


def _body(question: QuestionDefinition) -> CalculatedBody:
    body = question.body
    if not isinstance(body, CalculatedBody) or not body.variables or right_answer(body) is None:
        raise VariantsRefused(N_("Only a calculated question with variables and a right answer can be the pattern of variants."))
    if all(_is_fixed(variable) for variable in body.variables):
        raise VariantsRefused(N_("All variables of this question have one value: it is a variant itself."))
    return body


def _is_fixed(variable: QuestionVariable) -> bool:
    if isinstance(variable.values, VariableRange):
        return variable.values.low + variable.values.step > variable.values.high
    return len(set(variable.values)) == 1


def _present(folder: CourseFolder, pattern: QuestionDefinition) -> list[Variant]:
    """Return the fixed variants that the family of a pattern has already."""
    present = list[Variant]()
    for question in questions_of(folder).values():
        body = question.body
        if question.selection.family != _family(pattern) or question.key == pattern.key or not isinstance(body, CalculatedBody):
            continue
        values = {
            variable.name: variable.values.low if isinstance(variable.values, VariableRange) else variable.values[0]
            for variable in body.variables
        }
        if values and all(_is_fixed(variable) for variable in body.variables) and right_answer(body) is not None:
            try:
                present.append(variant_of(body, question.key, values))
            except ValuesRefused:
                continue
    return present


def _family(pattern: QuestionDefinition) -> str:
    return pattern.selection.family or pattern.key


def _names(folder: CourseFolder, key: str, number: int) -> list[str]:
    """Return so many keys that no question of the course has or had."""
    taken = {name for question in questions_of(folder).values() for name in (question.key, *question.former_keys)}
    stem, free_keys, at = key[:LONGEST_KEY].rstrip("-"), list[str](), 0
    while len(free_keys) < number:
        at += 1
        if f"{stem}-{at}" not in taken:
            free_keys.append(f"{stem}-{at}")
    return free_keys


def _plan(
    folder: CourseFolder,
    question: QuestionDefinition,
    bank: BankSource,
    variants: Sequence[Variant],
    present: Sequence[Variant],
    lessons: Mapping[str, frozenset[Fraction]],
) -> VariantPlan:
    remarks = remarks_of(variants, lessons, present)
    return VariantPlan(
        question,
        bank.path,
        _family(question),
        variants=tuple(variants),
        remarks=tuple(remarks),
        retires_pattern=not _is_fixed_somewhere(folder, question.key),
    )


def _is_fixed_somewhere(folder: CourseFolder, key: str) -> bool:
    settings = (activity.settings for module in folder.modules for activity in module.activities)
    return any(isinstance(extension, HasFixedQuestions) and extension.has_fixed(key) for extension in settings)


# --- Tables ------------------------------------------------------------------------------------------------------------------------------


def read_values(content: bytes, names: Sequence[str]) -> list[tuple[int, Values]]:
    """Return the values of each row of a CSV table with its line; raise VariantsRefused or Undecodable with what to change."""
    if len(content) > LARGEST_TABLE:
        raise VariantsRefused(N_("The table is larger than %(limit)s MB."), limit=LARGEST_TABLE // 10**6)
    table = read_csv(content)
    if len(table.rows) < 2:
        raise VariantsRefused(N_("The table needs a line with the names of the variables and a line for each variant."))
    if len(table.rows) - 1 > MOST_VARIANTS:
        raise VariantsRefused(
            N_("The table has %(rows)s lines of values; %(most)s are allowed at once."), rows=len(table.rows) - 1, most=MOST_VARIANTS
        )
    (_line, header), *rows = table.rows
    columns = _columns([cell.strip() for cell in header], names)
    for left_out in table.left_out(columns.values()):
        raise VariantsRefused(
            N_("The table has values in a column without a heading (%(values)s). Name the column or delete it."),
            values=left_out.facts["examples"],
        )
    return [(line, _row(line, cells, columns)) for line, cells in rows]


def _columns(header: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Return the place of each variable's column."""
    columns = {name: at for at, name in reversed(list(enumerate(header))) if name}
    for name in names:
        if name not in columns:
            raise VariantsRefused(N_("The table has no column “%(name)s”."), name=name)
    for name in columns:
        if name not in names:
            raise VariantsRefused(N_("The column “%(name)s” is no variable of the question. Delete it."), name=name[:40])
    if len([name for name in header if name]) > len(columns):
        raise VariantsRefused(N_("Two columns of the table have the same name."))
    return columns


def _row(line: int, cells: Sequence[str], columns: Mapping[str, int]) -> Values:
    return {name: _value(line, name, cells[at].strip() if at < len(cells) else "") for name, at in columns.items()}


def _value(line: int, name: str, cell: str) -> Fraction:
    if _CELL.match(cell):
        return Fraction(cell.replace("−", "-").replace(",", "."))
    if cell.startswith(RISKY):
        raise VariantsRefused(
            N_("Line %(line)s, “%(name)s”: a cell contains a formula, which is not calculated. Enter its value instead."),
            line=line,
            name=name,
        )
    raise VariantsRefused(
        N_("Line %(line)s, “%(name)s”: “%(text)s” is not a number. Write it without signs between thousands."),
        line=line,
        name=name,
        text=cell[:40],
    )


# --- Lessons -----------------------------------------------------------------------------------------------------------------------------


def lesson_numbers(folder: CourseFolder) -> dict[str, frozenset[Fraction]]:
    """Return the numbers that stand in each lesson, by its title: written, or as a parameter of the course."""
    numbers_by_lesson: dict[str, frozenset[Fraction]] = {}
    parameters = {parameter.name: parameter.value for parameter in folder.parameters}
    for module in folder.modules:
        for activity in module.activities:
            if isinstance(activity.settings, LessonSettings):
                for lesson in activity.settings.lessons:
                    title = lesson.title or activity.key
                    named = (parameters[name] for name in _PARAMETER.findall(lesson.body) if name in parameters)
                    numbers_by_lesson[title] = numbers_by_lesson.get(title, frozenset()) | frozenset(
                        (*_numbers(lesson.body, lesson.language), *named)
                    )
    return numbers_by_lesson


def _numbers(text: str, language: str) -> Iterator[Fraction]:
    convention = convention_for(language)
    for written in _NUMBER.findall(text):
        match = read_number(written, convention)
        if match is not None:
            yield match.value


# --- Texts -------------------------------------------------------------------------------------------------------------------------------


def written_variants(entry: str, plan: VariantPlan) -> list[str]:
    """Return the text of each variant, made from that of the pattern."""
    decimals = {variable.name: variable.decimals for variable in _body(plan.pattern).variables}
    return [_variant_text(entry, plan.family, variant, decimals) for variant in plan.variants]


def _variant_text(entry: str, family: str, variant: Variant, decimals: Mapping[str, int | None]) -> str:
    text = set_field(entry, "key", variant.name, FIELD_ORDER)
    for name in ("was", ORIGIN, "state", "conditions", "note"):
        text = write_field(text, name, None, FIELD_ORDER)
    text = set_field(text, "family", family, FIELD_ORDER)
    return write_field(text, "variables", _variables(variant.values, decimals), FIELD_ORDER, deep_flow=True)


def _variables(values: Values, decimals: Mapping[str, int | None]) -> Written:
    shown = {name: {} if decimals[name] is None else {"decimals": str(decimals[name])} for name in values}
    return {name: {"values": [exact_decimal(value)], **shown[name]} for name, value in values.items()}


def exact_decimal(value: Fraction) -> str:
    """Write a number with all its decimals; raise EditRefused for one that has no end."""
    for places in range(13):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
            return f"{'-' if value < 0 else ''}{whole}{'.' + part if part else ''}"
    raise EditRefused


def written_pattern(entry: str, plan: VariantPlan) -> str:
    """Return the text of the pattern, which belongs to the family and, where no quiz has it fixed, is a draft from now on."""
    text = set_field(entry, "family", plan.family, FIELD_ORDER)
    return set_field(text, "state", "draft", FIELD_ORDER) if plan.retires_pattern else text
