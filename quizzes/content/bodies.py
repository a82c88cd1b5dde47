"""Read the fields of each of the thirteen kinds of question (spec/content-format 8, second table)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from courses.content import scalars
from courses.content.derived_keys import KeyBook
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.model import LocalisedText
from courses.content.read_collector import MarkupLevel
from kernel.errors import N_
from quizzes.content import answers, parts
from quizzes.content.calculated import read_calculated, read_choice_numbers, with_options
from quizzes.content.gaps import read_gaps
from quizzes.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    FileBody,
    MatchingBody,
    MatrixBody,
    MatrixRow,
    MultipleChoiceBody,
    MultipleRule,
    OrderingBody,
    OrderingRule,
    Pair,
    QuestionKind,
    SingleChoiceBody,
    TrueFalseBody,
    WordLimits,
)

_EXTENSION = re.compile(r"[a-z0-9]{1,8}\Z")


def read_single(table: MappingCursor, mark: Fraction) -> SingleChoiceBody:
    """Read a choice of one option, whose options may be calculated."""
    numbers = read_choice_numbers(table) if table.has("variables") else None
    body = answers.single(table)
    return replace(body, numbers=with_options(table, body.options, numbers))


def read_multiple(table: MappingCursor, mark: Fraction) -> MultipleChoiceBody:
    """Read a choice of several options."""
    options = parts.options(table)
    rule = table.choice("rule", MultipleRule, MultipleRule.RIGHT_MINUS_WRONG)
    shuffle = table.flag("shuffle", True)
    if options and not any(option.right for option in options):
        table.report("C401", N_("No option is right."), N_("Mark the right one with “right:”."), at="options")
    _check_credits(table, rule)
    if rule is MultipleRule.FRACTIONS:
        gained = sum((option.credit for option in options if option.credit > 0), Fraction(0))
        if gained != 1:
            table.report(
                "C404",
                N_("The credits of the right options add up to %(sum)s."),
                N_("Make them add up to 1."),
                at="options",
                sum=parts.format_number(gained),
            )
    if rule is MultipleRule.HALVES:
        parts.check_least(table, "options", len(options), 3)
    return MultipleChoiceBody(options, rule, shuffle)


def _check_credits(table: MappingCursor, rule: MultipleRule) -> None:
    for child in table.children:
        if child.has("credit") and rule is not MultipleRule.FRACTIONS:
            child.report(
                "C404",
                N_("An option has a share of the mark of its own only if the question is marked so."),
                N_("Delete it, or change how the question is marked."),
                at="credit",
            )


def read_true_false(table: MappingCursor, mark: Fraction) -> TrueFalseBody:
    """Read a statement that is true or false."""
    answer = table.value("answer", scalars.flag, required=True)
    if not table.has("explanation"):
        table.report("C402", N_("The explanation is missing."), N_("Add “explanation:”."))
    return TrueFalseBody(bool(answer))


def read_matching(table: MappingCursor, mark: Fraction) -> MatchingBody:
    """Read pairs and extra matches."""
    items, matches = KeyBook(), _Matches()
    equals = parts.DuplicateTexts("C405", N_("The item is the same as another one."))
    pairs = table.listed("pairs", lambda value: _pair(value, items, matches, equals), required=True)
    parts.check_count(table, "pairs", len(pairs))
    parts.check_least(table, "pairs", len(pairs), 2)
    extra = parts.labels(table, "extra", matches.book, required=False)
    return MatchingBody(pairs, extra, table.flag("shuffle", True))


class _Matches:
    """The matches of a question: equal texts are one choice with one key."""

    def __init__(self) -> None:
        self.book = KeyBook()
        self.keys: dict[str, str] = {}

    def key(self, table: MappingCursor, match: LocalisedText) -> str:
        """Return the key of a match."""
        if match.first in self.keys:
            return table.value("match_key", scalars.key) or self.keys[match.first]
        key = self.book.key(table, match, table, "match_key")
        self.keys[match.first] = key
        return key


def _pair(value: LocatedValue, items: KeyBook, matches: _Matches, equals: parts.DuplicateTexts) -> Pair | None:
    table = value.table()
    if table is None:
        return None
    item, match = table.text("item", MarkupLevel.INLINE, required=True), table.text("match", MarkupLevel.INLINE, required=True)
    why = table.text("why", MarkupLevel.INLINE)
    fresh = equals.is_new(table, item)
    key = items.key(table, item, table) if fresh else table.value("key", scalars.key) or ""
    return Pair(key, item, matches.key(table, match), match, parts.or_none(why))


def read_ordering(table: MappingCursor, mark: Fraction) -> OrderingBody:
    """Read items in the right order."""
    items = parts.labels(table, "items", KeyBook())
    parts.check_least(table, "items", len(items), 3)
    return OrderingBody(items, table.choice("rule", OrderingRule, OrderingRule.RELATIVE_TO_CORRECT))


def read_essay(table: MappingCursor, mark: Fraction) -> EssayBody:
    """Read a text that a person marks."""
    limits = _word_limits(table)
    template, model = table.text("template", MarkupLevel.MARKDOWN), table.text("model", MarkupLevel.MARKDOWN)
    rubric, files = parts.rubric(table, mark), table.value("files", scalars.whole(0, 20), 0)
    return EssayBody(limits, parts.or_none(template), parts.or_none(model), rubric, files, _self_review(table, mark))


def _self_review(table: MappingCursor, mark: Fraction) -> bool:
    """Read `review: {self: true}`: the writer alone judges the text, by its rubric and without a mark (spec/selection 8.6)."""
    inner = table.inner("review")
    if inner is None:
        return False
    table.flows.add("review")
    if not inner.flag("self", False):
        return False
    if not table.has("rubric"):
        inner.report(
            "C110", N_("Learners judge the text themselves, but there is no rubric to judge it by."), N_("Add “rubric:”."), at="self"
        )
    if mark:
        inner.report("C409", N_("No one marks the text, so it has no points."), N_("Write “mark: 0”."), at="self")
    return True


def _word_limits(table: MappingCursor) -> WordLimits:
    inner = table.inner("words")
    if inner is None:
        return WordLimits()
    table.flows.add("words")
    least, most = inner.value("min", scalars.whole(0)), inner.value("max", scalars.whole(1))
    if least is not None and most is not None and least > most:
        inner.report("C113", N_("The smaller number must come first."))
    return WordLimits(least, most)


def read_file(table: MappingCursor, mark: Fraction) -> FileBody:
    """Read files that a person marks."""
    accept = table.listed("accept", lambda value: value.read(_extension), required=True, flow=True)
    files, size = table.value("files", scalars.whole(1, 20), 1), table.value("size", scalars.whole(1, 50), 10)
    return FileBody(accept, files, size, parts.rubric(table, mark))


def _extension(text: str) -> str:
    if not _EXTENSION.match(text):
        raise scalars.RefusedError(
            "C111", N_("“%(text)s” is not a file extension."), N_("Write it in lower case, without the dot."), text=text
        )
    return text


def read_matrix(table: MappingCursor, mark: Fraction) -> MatrixBody:
    """Read columns and rows; a survey's rows have no answer."""
    columns = parts.labels(table, "columns", KeyBook())
    parts.check_least(table, "columns", len(columns), 2)
    survey = parts.peek(table, "survey") == "true"
    reader = _Rows(table, {column.key for column in columns}, survey)
    rows = table.listed("rows", reader.read, required=True)
    parts.check_count(table, "rows", len(rows))
    return MatrixBody(columns, rows, table.flag("survey", False))


class _Rows:
    """Reads the rows of a matrix."""

    def __init__(self, table: MappingCursor, columns: set[str], survey: bool) -> None:
        self.table, self.columns, self.survey = table, columns, survey
        self.book, self.equals = KeyBook(), parts.DuplicateTexts("C405", N_("The row is the same as another one."))

    def read(self, value: LocatedValue) -> MatrixRow | None:
        """Read a row: inline text, or `{text, key, answer, why}`."""
        inner = value.table() if value.is_table and parts.has_field(value, "text") else None
        text = inner.text("text", MarkupLevel.INLINE, required=True) if inner is not None else value.text(MarkupLevel.INLINE)
        cursor = inner or parts.stand_in(self.table, value)
        if not text or not self.equals.is_new(cursor, text):
            return None
        key = self.book.key(inner, text, cursor)
        answer = inner.value("answer", scalars.key) if inner is not None else None
        why = inner.text("why", MarkupLevel.INLINE) if inner is not None else None
        self._check(cursor, answer)
        return MatrixRow(key, text, answer, why or None)

    def _check(self, cursor: MappingCursor, answer: str | None) -> None:
        if self.survey and answer is not None:
            cursor.report("C403", N_("Survey rows have no answer."), N_("Delete “answer:”."), at="answer")
        elif not self.survey and answer is None:
            cursor.report("C401", N_("The row has no answer."), N_("Add “answer:” with the key of a column, or “survey: true”."))
        elif answer is not None and answer not in self.columns:
            cursor.report(
                "C203",
                N_("There is no column with the key “%(key)s”."),
                N_("The keys are: %(keys)s."),
                at="answer",
                key=answer,
                keys=", ".join(sorted(self.columns)),
            )


def read_description(table: MappingCursor, mark: Fraction) -> DescriptionBody:
    """Read nothing more: a description is only its text."""
    return DescriptionBody()


BODIES: Mapping[QuestionKind, Callable[[MappingCursor, Fraction], Body]] = {
    QuestionKind.SINGLE: read_single,
    QuestionKind.MULTIPLE: read_multiple,
    QuestionKind.TRUE_FALSE: read_true_false,
    QuestionKind.SHORT: answers.read_short,
    QuestionKind.NUMERICAL: answers.read_numerical,
    QuestionKind.MATCHING: read_matching,
    QuestionKind.ORDERING: read_ordering,
    QuestionKind.GAPS: read_gaps,
    QuestionKind.CALCULATED: read_calculated,
    QuestionKind.ESSAY: read_essay,
    QuestionKind.FILE: read_file,
    QuestionKind.MATRIX: read_matrix,
    QuestionKind.DESCRIPTION: read_description,
}

_QUANTITY = ("tolerance", "unit", "units", "unit_penalty", "unit_penalty_of", "decimals")
FIELDS: Mapping[QuestionKind, frozenset[str]] = {
    QuestionKind.SINGLE: frozenset({"options", "shuffle", "variables", "conditions", "decimals"}),
    QuestionKind.MULTIPLE: frozenset({"options", "rule", "shuffle"}),
    QuestionKind.TRUE_FALSE: frozenset({"answer"}),
    QuestionKind.SHORT: frozenset({"answers", "ignore_case", "ignore_accents", "ignore_typography", "model", "criteria"}),
    QuestionKind.NUMERICAL: frozenset({"answers", *_QUANTITY}),
    QuestionKind.MATCHING: frozenset({"pairs", "extra", "shuffle"}),
    QuestionKind.ORDERING: frozenset({"items", "rule"}),
    QuestionKind.GAPS: frozenset({"gaps", "drag", "extra"}),
    QuestionKind.CALCULATED: frozenset({"variables", "conditions", "answers", *_QUANTITY}),
    QuestionKind.ESSAY: frozenset({"words", "template", "model", "rubric", "files", "review"}),
    QuestionKind.FILE: frozenset({"accept", "files", "size", "rubric"}),
    QuestionKind.MATRIX: frozenset({"columns", "rows", "survey"}),
    QuestionKind.DESCRIPTION: frozenset(),
}
"""The fields of each kind; one of another kind is told as such (spec/content-format C403)."""

ALL_FIELDS = frozenset[str]().union(*FIELDS.values())
