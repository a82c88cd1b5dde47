"""Read tables of questions, one a row (README.md of this folder lists the columns)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from courses.content.derived_keys import slug
from courses.content.scalars import RefusedError
from courses.content.scalars import credit as read_credit
from kernel.errors import N_
from kernel.i18n import _
from questions.content import question_fields
from questions.content.banks import is_origin
from questions.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    KeyedLabel,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalAnswer,
    NumericalBody,
    Option,
    OrderingBody,
    OrderingRule,
    Pair,
    QuestionDefinition,
    QuestionKind,
    QuestionSelection,
    QuestionState,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Texts,
    Tolerance,
    TrueFalseBody,
)
from standards._fields import SELECTION_FIELDS
from standards._keys import KeyAllocator, as_key, matched
from standards._numbers import number
from standards._tags import tags_of
from standards._texts import one_line
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.spreadsheet.model import DIFFICULTIES, FLAGS, KINDS, LEVELS, MAXIMUM_ANSWERS, NUMBERED, STATES, SpreadsheetRow
from standards.spreadsheet.tables import check_cells, rows_of_csv, rows_of_xlsx

T = TypeVar("T")
_USUAL = QuestionDefinition("", {}, DescriptionBody())
_PLAIN = ("key", "kind", "text", "mark", "tags", "difficulty", "state", "hints", "penalty", "explanation", "note")
"""The columns that questions of every kind have."""


@dataclass(frozen=True, slots=True)
class SpreadsheetAnswer:
    """The numbered columns about one answer."""

    place: int
    option: str
    match: str
    why: Texts | None
    credit: Fraction | None


def read_csv(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of a CSV file; raises FileRefused where it is no table or has no headings."""
    remarks = TransferRemarkCollector()
    return _questions(rows_of_csv(content, remarks), language, remarks)


def read_xlsx(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of a workbook's first sheet; raises FileRefused where it is hostile or no workbook."""
    remarks = TransferRemarkCollector()
    return _questions(rows_of_xlsx(content, remarks), language, remarks)


def _questions(rows: Sequence[SpreadsheetRow], language: str, remarks: TransferRemarkCollector) -> ImportedQuestions:
    keys = KeyAllocator()
    sources: list[SourceQuestion] = []
    for row in rows:
        remarks.begin_question(row.get("key") or one_line(row.get("text"))[:60], row.line)
        try:
            check_cells(row)
            sources.append(SourceQuestion(_SpreadsheetReader(row, language, remarks).question(keys), row.line))
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ImportedQuestions(tuple(sources), remarks.result())


def _word(cell: str, among: Mapping[str, T], what: str) -> T:
    meaning = among.get(slug(cell))
    if meaning is None:
        raise NotTranslatable(
            N_("“%(text)s” is not a valid value for “%(column)s”."),
            N_("Write one of: %(known)s."),
            text=cell[:60],
            column=what,
            known=", ".join(among),
        )
    return meaning


def _number(cell: str) -> Fraction:
    """Return a number; of a share of a hundred, as a workbook shows it, the number before the sign."""
    cell = cell.removesuffix("%").rstrip()
    return number(cell.replace(",", ".", 1) if "." not in cell else cell)


_THOUSANDS = re.compile(r"[+\-−]?[1-9][0-9]{0,2},[0-9]{3}\Z")
"""What is a number of thousands in English, and has three decimals in Spanish."""


def _share(cell: str) -> Fraction:
    try:
        return read_credit(cell.replace(",", ".", 1))
    except RefusedError as refused:
        raise NotTranslatable(N_("“%(text)s” is not a share of the mark."), N_("Write 0.5 or 1/2."), text=cell[:40]) from refused


class _SpreadsheetReader:
    """Reads one row."""

    def __init__(self, row: SpreadsheetRow, language: str, remarks: TransferRemarkCollector) -> None:
        self.row, self.language, self.remarks = row, language, remarks
        self.used = {*_PLAIN, *SELECTION_FIELDS}

    def question(self, keys: KeyAllocator) -> QuestionDefinition:
        """Return the question of the row."""
        row = self.row
        kind = _word(row.get("kind"), KINDS, "kind")
        if not row.get("text"):
            raise NotTranslatable(N_("The question has no text."))
        body = self._body(kind)
        self._remark_unused()
        hints = tuple(self._texts(hint) for hint in row.get("hints").split("\n") if hint.strip())
        explanation = row.get("explanation")
        return QuestionDefinition(
            keys.of_question(row.get("key"), row.get("text")),
            {self.language: row.get("text")},
            body,
            state=_word(row.get("state", "ready"), STATES, "state") if row.get("state") else QuestionState.READY,
            tags=tags_of(re.split(r"[,;\n]", row.get("tags")), self.remarks) if row.get("tags") else (),
            difficulty=_word(row.get("difficulty"), DIFFICULTIES, "difficulty") if row.get("difficulty") else None,
            mark=_number(row.get("mark")) if row.get("mark") else _USUAL.mark,
            hints=hints,
            penalty=_share(row.get("penalty")) if row.get("penalty") else _USUAL.penalty,
            explanation={self.language: explanation} if explanation else None,
            note=one_line(row.get("note")),
            selection=self._selection(),
        )

    def _selection(self) -> QuestionSelection:
        row, expected = self.row, self.row.get("expected")
        return QuestionSelection(
            self._key("objective"),
            _word(row.get("level"), LEVELS, "level") if row.get("level") else None,
            self._key("family"),
            self._keys("enemies"),
            _number(expected) if expected else None,
            self._keys("only"),
            origin=self._origin(),
        )

    def _origin(self) -> str:
        """Return the origin that an export wrote; a column of another table that is only called so is told and left out."""
        written = self.row.get("origin")
        if written and not is_origin(written):
            self.remarks.loss(N_("The cell “%(name)s” is left out."), N_("It is not an origin that an export wrote."), name="origin")
            return ""
        return written

    def _key(self, name: str) -> str:
        return next(iter(self._keys(name)), "")

    def _keys(self, name: str) -> tuple[str, ...]:
        """Return the keys of a cell; a changed one is reported."""
        parts = [word.strip() for word in re.split(r"[,;\n]", self.row.get(name)) if word.strip()]
        for word in parts:
            if as_key(word) != word:
                self.remarks.note(N_("“%(text)s” was read as the key “%(key)s”."), text=word[:80], key=as_key(word))
        return tuple(dict.fromkeys(key for word in parts if (key := as_key(word))))

    def _texts(self, text: str) -> Texts:
        return {self.language: one_line(text)}

    def _cell(self, name: str) -> str:
        self.used.add(name)
        return self.row.get(name)

    def _remark_unused(self) -> None:
        for name in self.row.cells:
            if name not in self.used:
                self.remarks.loss(N_("The cell “%(name)s” is left out."), N_("This kind of question does not use it."), name=name)

    def _answers(self, *columns: str) -> list[SpreadsheetAnswer]:
        """Return the answers in order; `columns` are those that the kind uses."""
        answers = []
        for at in range(1, MAXIMUM_ANSWERS + 1):
            cells = {name: self._cell(f"{name} {at}") if name in columns else "" for name in NUMBERED}
            if cells["option"] or cells["match"]:
                why = self._texts(cells["feedback"]) if cells["feedback"] else None
                worth = _share(cells["credit"]) if cells["credit"] else None
                answers.append(SpreadsheetAnswer(at, one_line(cells["option"]), one_line(cells["match"]), why, worth))
        return answers

    def _rights(self) -> set[int]:
        return {int(at) for at in re.findall(r"[0-9]{1,3}", self._cell("right"))}

    def _judged(self) -> list[tuple[SpreadsheetAnswer, bool, Fraction]]:
        """Return the answers with right or wrong and credit; where nothing is named right, all are."""
        answers, rights = self._answers("option", "feedback", "credit"), self._rights()
        missing = rights - {answer.place for answer in answers}
        if missing:
            raise NotTranslatable(N_("“right” names the answer %(at)s, which does not exist."), at=min(missing))
        return [
            (answer, right, answer.credit if answer.credit is not None else Fraction(right))
            for answer in answers
            for right in (not rights or answer.place in rights,)
        ]

    def _body(self, kind: QuestionKind) -> Body:
        readers: Mapping[QuestionKind, Callable[[], Body]] = {
            QuestionKind.SINGLE: self._single,
            QuestionKind.MULTIPLE: self._multiple,
            QuestionKind.TRUE_FALSE: lambda: TrueFalseBody(_word(self._cell("right"), FLAGS, "right")),
            QuestionKind.SHORT: self._short,
            QuestionKind.NUMERICAL: self._numerical,
            QuestionKind.MATCHING: self._matching,
            QuestionKind.ORDERING: self._ordering,
            QuestionKind.ESSAY: EssayBody,
            QuestionKind.DESCRIPTION: DescriptionBody,
        }
        if kind not in readers:
            raise NotTranslatable(N_("A question of the kind “%(kind)s” is not supported in a table."), kind=_(question_fields.KINDS[kind]))
        return readers[kind]()

    def _shuffle(self) -> bool:
        cell = self._cell("shuffle")
        return _word(cell, FLAGS, "shuffle") if cell else True

    def _options(self) -> tuple[Option, ...]:
        keys = KeyAllocator()
        judged = self._judged()
        if not self._rights():
            raise NotTranslatable(N_("“right” does not say which options are right."))
        return tuple(
            Option(keys.of(answer.option), self._texts(answer.option), right, worth, answer.why) for answer, right, worth in judged
        )

    def _single(self) -> Body:
        return SingleChoiceBody(self._options(), self._shuffle())

    def _multiple(self) -> Body:
        rules = {slug(rule.value): rule for rule in MultipleRule}
        cell = self._cell("rule")
        return MultipleChoiceBody(self._options(), _word(cell, rules, "rule") if cell else MultipleRule.RIGHT_MINUS_WRONG, self._shuffle())

    def _short(self) -> Body:
        answers = tuple(TextPattern(self._texts(answer.option), right, worth, answer.why) for answer, right, worth in self._judged())
        return ShortAnswerBody(answers, ignore_accents=self.language == "es")

    def _numerical(self) -> Body:
        answers = []
        for answer, right, worth in self._judged():
            value = None if answer.option == "*" else self._number_of(answer.option)
            answers.append(NumericalAnswer(value, right, worth, answer.why))
        tolerance_text, unit = self._cell("tolerance"), self._cell("unit")
        tolerance = Tolerance(amount=abs(_number(tolerance_text))) if tolerance_text else Tolerance()
        return NumericalBody(tuple(answers), tolerance, {self.language: unit} if unit else None)

    def _number_of(self, cell: str) -> Fraction:
        """Return a number of an answer; a comma that may separate thousands is reported."""
        if self.language != "es" and _THOUSANDS.match(cell):
            written = cell.replace(",", ".")
            self.remarks.note(
                N_("“%(text)s” was read as %(number)s."), N_("Write numbers without a thousands separator."), text=cell, number=written
            )
        return _number(cell)

    def _matching(self) -> Body:
        answers, language = self._answers("option", "match", "feedback"), self.language
        if any(not answer.match for answer in answers):
            raise NotTranslatable(N_("A matching item has no match."))
        keys, choices = KeyAllocator(), matched([answer.match for answer in answers])
        pairs = tuple(
            Pair(keys.of(answer.option), {language: answer.option}, choices[answer.match], {language: answer.match}, answer.why)
            for answer in answers
            if answer.option
        )
        used = {pair.match_key for pair in pairs}
        extra = tuple(KeyedLabel(key, {language: match}) for match, key in choices.items() if key not in used)
        return MatchingBody(pairs, extra, self._shuffle())

    def _ordering(self) -> Body:
        keys = KeyAllocator()
        items = tuple(KeyedLabel(keys.of(answer.option), self._texts(answer.option)) for answer in self._answers("option"))
        rules = {slug(rule.value): rule for rule in OrderingRule}
        cell = self._cell("rule")
        return OrderingBody(items, _word(cell, rules, "rule") if cell else OrderingRule.RELATIVE_TO_CORRECT)
