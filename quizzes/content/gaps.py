"""Read texts with gaps and the names in braces that gaps and variables have (spec/content-format 8)."""

import re
from dataclasses import replace
from fractions import Fraction

from courses.content import scalars
from courses.content.derived_keys import KeyBook
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.model import LocalisedText
from kernel.errors import N_
from kernel.yaml_tree import YamlMapping
from quizzes.content import answers, parts
from quizzes.rules.definitions import Gap, GapsBody, KeyedLabel, NumericalBody, QuestionKind, ShortAnswerBody, SingleChoiceBody

_HIDDEN = re.compile(r"(?<!\\)\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$|`[^`]*`|\{\{[^{}]*\}\}|<!--.*?-->", re.DOTALL)
_NAME = re.compile(r"(?<![\\{])\{([a-z][a-z0-9_]*)\}(?!\})")


def names_in_text(text: str) -> list[str]:
    """Return the names in single braces, outside formulas, code and parameters, in order."""
    return [match[1] for match in _NAME.finditer(_HIDDEN.sub(" ", text))]


def names_of(table: MappingCursor, field: str) -> frozenset[str]:
    """Return the names that a field of the question defines, before it is read."""
    entry = table.node.entries.get(field)
    return frozenset(entry.value.entries) if entry is not None and isinstance(entry.value, YamlMapping) else frozenset()


def check_names(table: MappingCursor, text: LocalisedText, defined: frozenset[str], *, once: bool) -> None:
    """Report names that are missing from the text of a language, undefined in it, or used twice (spec/content-format C406)."""
    for language, content in text.items():
        names = names_in_text(content)
        for name in sorted(set(names) - defined):
            _report_gap(table, N_("“{%(name)s}” in the text (%(language)s) is not defined."), name, language)
        for name in sorted(defined - set(names)) if once else ():
            _report_gap(table, N_("“%(name)s” does not occur in the text (%(language)s)."), name, language)
        for name in sorted({name for name in names if names.count(name) > 1}) if once else ():
            _report_gap(table, N_("“{%(name)s}” occurs twice in the text (%(language)s)."), name, language)


def _report_gap(table: MappingCursor, template: str, name: str, language: str) -> None:
    table.report("C406", template, at="text", name=name, language=language)


def read_gaps(table: MappingCursor, mark: Fraction) -> GapsBody:
    """Read the gaps; with `drag` all are filled from one set of the right texts and `extra`."""
    gaps = _gaps(table)
    dragged = table.flag("drag", False)
    book = KeyBook()
    choices = _choices(table, gaps, book) if dragged else ()
    if table.has("extra") and not dragged:
        table.report(
            "C403", N_("Words that fit no gap only apply if all gaps are filled from one set of words."), N_("Delete it."), at="extra"
        )
    extra = parts.labels(table, "extra", book, required=False)
    if not dragged:
        return GapsBody(gaps)
    keys = {label.text[language]: label.key for label in (*extra, *choices) for language in label.text}
    return GapsBody(tuple(_with_keys(gap, keys) for gap in gaps), True, (*choices, *extra))


def _gaps(table: MappingCursor) -> tuple[Gap, ...]:
    listed = table.get("gaps", required=True)
    if listed is None:
        return ()
    dragged = parts.peek(table, "drag") == "true"
    gaps = tuple(gap for gap in (_gap(name, value, dragged=dragged) for name, value, _ in listed.entries()) if gap is not None)
    parts.check_count(table, "gaps", len(gaps))
    return gaps


def _gap(name: str, value: LocatedValue, *, dragged: bool) -> Gap | None:
    try:
        scalars.name(name)
    except scalars.RefusedError as refused:
        value.report(refused.code, refused.template, refused.fix, **refused.facts)
    table = value.table()
    if table is None:
        return None
    kind = table.value("kind", scalars.word_of("short", "numerical", "single"), "short")
    body = _body(table, kind, dragged=dragged)
    weight = table.value("weight", scalars.number_between(0), Fraction(1))
    table.foreign = GAP_FIELDS
    return Gap(name, body, weight)


GAP_FIELDS = frozenset(
    {
        *("text", "mark", "options", "answers", "shuffle", "tolerance", "unit", "units", "decimals"),
        *("ignore_case", "ignore_accents", "ignore_typography"),
    }
)


def _body(table: MappingCursor, kind: str, *, dragged: bool) -> ShortAnswerBody | NumericalBody | SingleChoiceBody:
    if kind == QuestionKind.SINGLE:
        return answers.single(table)
    return answers.numerical(table) if kind == QuestionKind.NUMERICAL else answers.gap_short(table, dragged=dragged)


def _choices(table: MappingCursor, gaps: tuple[Gap, ...], book: KeyBook) -> tuple[KeyedLabel, ...]:
    """Return the right texts of all gaps, equal ones once, each with the key that is written with one of them."""
    labels_by_text: dict[str, KeyedLabel] = {}
    shorts = [gap.body for gap in gaps if isinstance(gap.body, ShortAnswerBody)]
    written = {LocalisedText(answer.patterns).first: answer.key for short in shorts for answer in short.answers if answer.key}
    for gap in gaps:
        if not isinstance(gap.body, ShortAnswerBody):
            table.report(
                "C403",
                N_("If all gaps are filled from one set of words, each must be a typed word (“%(name)s” is not)."),
                at="gaps",
                name=gap.name,
            )
            continue
        for answer in gap.body.answers:
            text = LocalisedText(answer.patterns)
            if answer.right and text.first not in labels_by_text:
                labels_by_text[text.first] = KeyedLabel(book.key(None, text, table, given=written.get(text.first, "")), text)
    return tuple(labels_by_text.values())


def _with_keys(gap: Gap, keys: dict[str, str]) -> Gap:
    if not isinstance(gap.body, ShortAnswerBody):
        return gap
    keyed = tuple(replace(answer, key=keys.get(next(iter(answer.patterns.values()), ""), "")) for answer in gap.body.answers)
    return replace(gap, body=replace(gap.body, answers=keyed))
