"""Read tables of questions, CSV and XLSX: the columns in both languages, the rows, and what each says of a question."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from typing import TypeVar

from courses.content.mapping_cursor import slug
from courses.content.scalars import RefusedError
from courses.content.scalars import credit as read_credit
from kernel.errors import N_
from kernel.i18n import _
from kernel.tables import FORMULA, UNFAMILIAR, ReadTable, Undecodable, read_csv, read_sheet, write_csv, write_xlsx
from questions.content import question_fields
from questions.content.banks import is_origin
from questions.rules import definitions
from standards.files import judge_document, remark_guessed_encoding
from standards.model import FileRefused, ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector, left_out_remark
from standards.texts import SELECTION_FIELDS, KeyAllocator, as_key, clean, matched, one_line, to_fraction
from standards.xml import tags_of

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("clave",),
    "kind": ("tipo",),
    "text": ("texto", "enunciado", "pregunta"),
    "right": ("correctas", "correcta"),
    "rule": ("regla",),
    "shuffle": ("mezclar",),
    "tolerance": ("tolerancia",),
    "unit": ("unidad",),
    "mark": ("puntos",),
    "tags": ("etiquetas",),
    "difficulty": ("dificultad",),
    "objective": ("objetivo",),
    "level": ("nivel",),
    "family": ("familia",),
    "enemies": ("incompatibles",),
    "only": ("reservada",),
    "expected": ("facilidad",),
    "origin": ("origen",),
    "state": ("estado",),
    "hints": ("pistas",),
    "penalty": ("penalización",),
    "explanation": ("explicación",),
    "note": ("apunte",),
}
"""English name -> Spanish names, the first of which is written."""

NUMBERED: Mapping[str, tuple[str, ...]] = {
    "option": ("opción", "respuesta"),
    "match": ("pareja",),
    "feedback": ("comentario",),
    "credit": ("crédito",),
}
"""Columns that are there once for each answer: `option 1`, `option 2` …"""

MAXIMUM_ANSWERS = 30
MAXIMUM_ROWS = 5_000
MAXIMUM_CELL = 30_000

KINDS: Mapping[str, definitions.QuestionKind] = {
    **{slug(kind.value): kind for kind in definitions.QuestionKind},
    "unica": definitions.QuestionKind.SINGLE,
    "opcion-unica": definitions.QuestionKind.SINGLE,
    "varias": definitions.QuestionKind.MULTIPLE,
    "opcion-multiple": definitions.QuestionKind.MULTIPLE,
    "verdadero-falso": definitions.QuestionKind.TRUE_FALSE,
    "corta": definitions.QuestionKind.SHORT,
    "respuesta-corta": definitions.QuestionKind.SHORT,
    "numerica": definitions.QuestionKind.NUMERICAL,
    "emparejar": definitions.QuestionKind.MATCHING,
    "ordenar": definitions.QuestionKind.ORDERING,
    "abierta": definitions.QuestionKind.ESSAY,
    "ensayo": definitions.QuestionKind.ESSAY,
    "descripcion": definitions.QuestionKind.DESCRIPTION,
}
DIFFICULTIES: Mapping[str, definitions.Difficulty] = {
    **{word.value: word for word in definitions.Difficulty},
    "facil": definitions.Difficulty.EASY,
    "media": definitions.Difficulty.MEDIUM,
    "dificil": definitions.Difficulty.HARD,
}
LEVELS: Mapping[str, definitions.CognitiveLevel] = {
    **{word.value: word for word in definitions.CognitiveLevel},
    "recordar": definitions.CognitiveLevel.RECALL,
    "comprender": definitions.CognitiveLevel.UNDERSTAND,
    "aplicar": definitions.CognitiveLevel.APPLY,
    "juzgar": definitions.CognitiveLevel.JUDGE,
}
STATES: Mapping[str, definitions.QuestionState] = {
    **{word.value: word for word in definitions.QuestionState},
    "lista": definitions.QuestionState.READY,
    "borrador": definitions.QuestionState.DRAFT,
    "oculta": definitions.QuestionState.HIDDEN,
}
FLAGS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "verdadero", "verdadera", "v", "t", "si", "yes", "1", "x"), True),
    **dict.fromkeys(("false", "falso", "falsa", "f", "no", "0"), False),
}


@dataclass(frozen=True, slots=True)
class SpreadsheetRow:
    """One row: its number in the file, and its words by English name of the column; empty cells are not there."""

    line: int
    cells: Mapping[str, str]

    def get(self, name: str, usual: str = "") -> str:
        """Return the words of a column."""
        return self.cells.get(name, usual)


def column(heading: str) -> str:
    """Return the English name of a column, '' where it is none: `Opción 2` is `option 2`."""
    folded = slug(heading)
    name, _, number = folded.rpartition("-")
    for english, others in NUMBERED.items():
        if name in {slug(word) for word in (english, *others)} and number.isdecimal() and 1 <= int(number) <= MAXIMUM_ANSWERS:
            return f"{english} {int(number)}"
    return next((english for english, others in COLUMNS.items() if folded in {slug(word) for word in (english, *others)}), "")


def heading(name: str, language: str) -> str:
    """Return a column's name in a language."""
    english, _, number = name.partition(" ")
    names = {**COLUMNS, **NUMBERED}[english]
    return f"{names[0] if language == 'es' else english} {number}".strip()


def rows_of_csv(content: bytes, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows of a CSV file, its cells parted by comma, semicolon, tab or bar."""
    try:
        table = read_csv(content)
    except Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    remark_guessed_encoding(table.encoding_guessed_from, remarks)
    return _rows(table, remarks)


def rows_of_xlsx(content: bytes, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows of the first sheet of a workbook; the other sheets are reported."""
    judge_document(content)
    try:
        sheet = read_sheet(content, rows=MAXIMUM_ROWS + 2)
    except Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    return _rows(ReadTable(sheet.rows, "xlsx", None, sheet.beside), remarks)


def _rows(table: ReadTable, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows below the headings; what is not read is reported, rows beyond the limit raise FileRefused."""
    filled = replace(table, rows=tuple((line, cells) for line, cells in table.rows if any(cell.strip() for cell in cells)))
    if not filled.rows:
        raise FileRefused(N_("The table is empty."))
    if len(filled.rows) > MAXIMUM_ROWS + 1:
        raise FileRefused(N_("The table has more than %(limit)s rows."), limit=MAXIMUM_ROWS)
    head_line, headings = filled.rows[0]
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        places.setdefault(column(heading), index)
    places.pop("", None)
    remarks.remarks += map(left_out_remark, filled.left_out(places.values()))
    if "text" not in places or "kind" not in places:
        raise FileRefused(N_("Line %(line)s must contain the headings, including “kind” and “text”."), line=head_line)
    return [SpreadsheetRow(line, _cells(places, cells)) for line, cells in filled.rows[1:]]


def _cells(places: Mapping[str, int], cells: Sequence[str]) -> dict[str, str]:
    shown = {name: clean(cells[index]).strip() for name, index in places.items() if index < len(cells)}
    return {name: text for name, text in shown.items() if text}


def check_cells(row: SpreadsheetRow) -> None:
    """Raise NotTranslatable for a formula, for what is not shown as it is stored, and for a text that is too long."""
    for name, text in row.cells.items():
        if text == FORMULA:
            raise NotTranslatable(N_("The cell “%(name)s” is a formula."), N_("Write its value."), name=name)
        if text.startswith(UNFAMILIAR):
            raise NotTranslatable(
                N_("The cell “%(name)s” is a date, a time or a number in a format that is not known here (%(text)s)."),
                N_("Format the cell as text and write what learners should read."),
                name=name,
                text=text.removeprefix(UNFAMILIAR)[:40],
            )
        if len(text) > MAXIMUM_CELL:
            raise NotTranslatable(N_("The cell “%(name)s” has more than %(limit)s characters."), name=name, limit=MAXIMUM_CELL)


def to_csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a CSV file with a mark for UTF-8; no cell begins with a sign that a spreadsheet would compute (spec/security 4.6)."""
    target = BytesIO()
    write_csv(target, headings, rows)
    return target.getvalue()


def to_xlsx(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet; every cell is a text, nothing is computed."""
    target = BytesIO()
    write_xlsx(target, [("Sheet1", headings, rows)])
    return target.getvalue()


T = TypeVar("T")
_USUAL = definitions.QuestionDefinition("", {}, definitions.DescriptionBody())
_PLAIN = ("key", "kind", "text", "mark", "tags", "difficulty", "state", "hints", "penalty", "explanation", "note")
"""The columns that questions of every kind have."""


@dataclass(frozen=True, slots=True)
class SpreadsheetAnswer:
    """The numbered columns about one answer."""

    place: int
    option: str
    match: str
    why: definitions.Texts | None
    credit: Fraction | None


def read_csv_questions(content: bytes, language: str = "es") -> ImportedQuestions:
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
    return to_fraction(cell.replace(",", ".", 1) if "." not in cell else cell)


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

    def question(self, keys: KeyAllocator) -> definitions.QuestionDefinition:
        """Return the question of the row."""
        row = self.row
        kind = _word(row.get("kind"), KINDS, "kind")
        if not row.get("text"):
            raise NotTranslatable(N_("The question has no text."))
        body = self._body(kind)
        self._remark_unused()
        hints = tuple(self._texts(hint) for hint in row.get("hints").split("\n") if hint.strip())
        explanation = row.get("explanation")
        return definitions.QuestionDefinition(
            keys.of_question(row.get("key"), row.get("text")),
            {self.language: row.get("text")},
            body,
            state=_word(row.get("state", "ready"), STATES, "state") if row.get("state") else definitions.QuestionState.READY,
            tags=tags_of(re.split(r"[,;\n]", row.get("tags")), self.remarks) if row.get("tags") else (),
            difficulty=_word(row.get("difficulty"), DIFFICULTIES, "difficulty") if row.get("difficulty") else None,
            mark=_number(row.get("mark")) if row.get("mark") else _USUAL.mark,
            hints=hints,
            penalty=_share(row.get("penalty")) if row.get("penalty") else _USUAL.penalty,
            explanation={self.language: explanation} if explanation else None,
            note=one_line(row.get("note")),
            selection=self._selection(),
        )

    def _selection(self) -> definitions.QuestionSelection:
        row, expected = self.row, self.row.get("expected")
        return definitions.QuestionSelection(
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

    def _texts(self, text: str) -> definitions.Texts:
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

    def _body(self, kind: definitions.QuestionKind) -> definitions.Body:
        readers: Mapping[definitions.QuestionKind, Callable[[], definitions.Body]] = {
            definitions.QuestionKind.SINGLE: self._single,
            definitions.QuestionKind.MULTIPLE: self._multiple,
            definitions.QuestionKind.TRUE_FALSE: lambda: definitions.TrueFalseBody(_word(self._cell("right"), FLAGS, "right")),
            definitions.QuestionKind.SHORT: self._short,
            definitions.QuestionKind.NUMERICAL: self._numerical,
            definitions.QuestionKind.MATCHING: self._matching,
            definitions.QuestionKind.ORDERING: self._ordering,
            definitions.QuestionKind.ESSAY: definitions.EssayBody,
            definitions.QuestionKind.DESCRIPTION: definitions.DescriptionBody,
        }
        if kind not in readers:
            raise NotTranslatable(N_("A question of the kind “%(kind)s” is not supported in a table."), kind=_(question_fields.KINDS[kind]))
        return readers[kind]()

    def _shuffle(self) -> bool:
        cell = self._cell("shuffle")
        return _word(cell, FLAGS, "shuffle") if cell else True

    def _options(self) -> tuple[definitions.Option, ...]:
        keys = KeyAllocator()
        judged = self._judged()
        if not self._rights():
            raise NotTranslatable(N_("“right” does not say which options are right."))
        return tuple(
            definitions.Option(keys.of(answer.option), self._texts(answer.option), right, worth, answer.why)
            for answer, right, worth in judged
        )

    def _single(self) -> definitions.Body:
        return definitions.SingleChoiceBody(self._options(), self._shuffle())

    def _multiple(self) -> definitions.Body:
        rules = {slug(rule.value): rule for rule in definitions.MultipleRule}
        cell = self._cell("rule")
        return definitions.MultipleChoiceBody(
            self._options(), _word(cell, rules, "rule") if cell else definitions.MultipleRule.RIGHT_MINUS_WRONG, self._shuffle()
        )

    def _short(self) -> definitions.Body:
        answers = tuple(
            definitions.TextPattern(self._texts(answer.option), right, worth, answer.why) for answer, right, worth in self._judged()
        )
        return definitions.ShortAnswerBody(answers, ignore_accents=self.language == "es")

    def _numerical(self) -> definitions.Body:
        answers = []
        for answer, right, worth in self._judged():
            value = None if answer.option == "*" else self._number_of(answer.option)
            answers.append(definitions.NumericalAnswer(value, right, worth, answer.why))
        tolerance_text, unit = self._cell("tolerance"), self._cell("unit")
        tolerance = definitions.Tolerance(amount=abs(_number(tolerance_text))) if tolerance_text else definitions.Tolerance()
        return definitions.NumericalBody(tuple(answers), tolerance, {self.language: unit} if unit else None)

    def _number_of(self, cell: str) -> Fraction:
        """Return a number of an answer; a comma that may separate thousands is reported."""
        if self.language != "es" and _THOUSANDS.match(cell):
            written = cell.replace(",", ".")
            self.remarks.note(
                N_("“%(text)s” was read as %(number)s."), N_("Write numbers without a thousands separator."), text=cell, number=written
            )
        return _number(cell)

    def _matching(self) -> definitions.Body:
        answers, language = self._answers("option", "match", "feedback"), self.language
        if any(not answer.match for answer in answers):
            raise NotTranslatable(N_("A matching item has no match."))
        keys, choices = KeyAllocator(), matched([answer.match for answer in answers])
        pairs = tuple(
            definitions.Pair(keys.of(answer.option), {language: answer.option}, choices[answer.match], {language: answer.match}, answer.why)
            for answer in answers
            if answer.option
        )
        used = {pair.match_key for pair in pairs}
        extra = tuple(definitions.KeyedLabel(key, {language: match}) for match, key in choices.items() if key not in used)
        return definitions.MatchingBody(pairs, extra, self._shuffle())

    def _ordering(self) -> definitions.Body:
        keys = KeyAllocator()
        items = tuple(definitions.KeyedLabel(keys.of(answer.option), self._texts(answer.option)) for answer in self._answers("option"))
        rules = {slug(rule.value): rule for rule in definitions.OrderingRule}
        cell = self._cell("rule")
        return definitions.OrderingBody(items, _word(cell, rules, "rule") if cell else definitions.OrderingRule.RELATIVE_TO_CORRECT)
