"""Write questions as a table, one a row (README.md of this folder lists the columns); texts as Markdown."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from kernel.errors import N_
from questions.rules import definitions
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.spreadsheet.read import COLUMNS, MAXIMUM_ANSWERS, MAXIMUM_ROWS, NUMBERED, heading, to_csv, to_xlsx
from standards.texts import (
    SELECTION_FIELDS,
    decimal,
    in_language,
    lose,
    one_line,
    refuse_kind,
    remark_lost_fields,
    remark_lost_files,
    remark_lost_keys,
    remark_lost_languages,
)

_KEPT = frozenset({*SELECTION_FIELDS, "tags", "difficulty", "state", "mark", "hints", "penalty", "explanation", "note"})
_USUAL = definitions.QuestionDefinition("", {}, definitions.DescriptionBody())


def write_csv(questions: Sequence[definitions.QuestionDefinition], language: str = "es", _files: Files = NO_FILES) -> ExportedFile:
    """Return a CSV file (UTF-8 with its mark, semicolons) with the questions in one language."""
    return _exported(questions, language, to_csv)


def write_xlsx(questions: Sequence[definitions.QuestionDefinition], language: str = "es", _files: Files = NO_FILES) -> ExportedFile:
    """Return a workbook with the questions in one language."""
    return _exported(questions, language, to_xlsx)


def _exported(
    questions: Sequence[definitions.QuestionDefinition], language: str, write: Callable[[Sequence[str], Sequence[Sequence[str]]], bytes]
) -> ExportedFile:
    remarks = TransferRemarkCollector()
    rows: list[dict[str, str]] = []
    for question in questions[:MAXIMUM_ROWS]:
        remarks.begin_question(question.key)
        try:
            rows.append(_SpreadsheetWriter(question, language, remarks).row())
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    most = max((int(name.partition(" ")[2]) for row in rows for name in row if " " in name), default=0)
    names = [*COLUMNS, *(f"{name} {at}" for at in range(1, most + 1) for name in NUMBERED)]
    filled = [name for name in names if name in ("key", "kind", "text") or any(row.get(name) for row in rows)]
    table = [[row.get(name, "") for name in filled] for row in rows]
    return ExportedFile(write([heading(name, language) for name in filled], table), len(rows), tuple(remarks.remarks))


def _exact(value: Fraction) -> str:
    text = decimal(value)
    return text if Fraction(text) == value else f"{value.numerator}/{value.denominator}"


def _selection(selection: definitions.QuestionSelection) -> dict[str, str]:
    return {
        "objective": selection.objective,
        "level": selection.level.value if selection.level else "",
        "family": selection.family,
        "enemies": ", ".join(selection.enemies),
        "only": ", ".join(selection.only),
        "expected": "" if selection.expected is None else _exact(selection.expected),
        "origin": selection.origin,
    }


class _SpreadsheetWriter:
    """Writes one row: words by English name of the column."""

    def __init__(self, question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
        self.question, self.language, self.remarks = question, language, remarks

    def row(self) -> dict[str, str]:
        """Return the row; raises NotTranslatable for kinds that a table does not hold."""
        question = self.question
        answers = self._body()
        if any(int(name.partition(" ")[2] or 0) > MAXIMUM_ANSWERS for name in answers):
            raise NotTranslatable(N_("The question has more than %(limit)s answers."), limit=MAXIMUM_ANSWERS)
        remark_lost_fields(question, _KEPT, self.remarks)
        remark_lost_languages(question, self.language, self.remarks)
        remark_lost_keys(question, self.remarks)
        remark_lost_files(question, self.language, self.remarks)
        return {
            "key": question.key,
            "kind": question.kind.value,
            "text": in_language(question.text, self.language),
            "mark": "" if question.mark == _USUAL.mark else _exact(question.mark),
            "tags": ", ".join(question.tags),
            "difficulty": question.difficulty.value if question.difficulty else "",
            **_selection(question.selection),
            "state": "" if question.state is definitions.QuestionState.READY else question.state.value,
            "hints": "\n".join(self._line(hint) for hint in question.hints),
            "penalty": "" if question.penalty == _USUAL.penalty else _exact(question.penalty),
            "explanation": in_language(question.explanation, self.language),
            "note": question.note,
            **answers,
        }

    def _line(self, texts: definitions.Texts | None) -> str:
        return one_line(in_language(texts, self.language))

    def _body(self) -> dict[str, str]:
        match self.question.body:
            case definitions.SingleChoiceBody(options, shuffle, None):
                return {**self._options(options), **self._shuffle(shuffle)}
            case definitions.MultipleChoiceBody(options, rule, shuffle):
                rule_fields = {} if rule is definitions.MultipleRule.RIGHT_MINUS_WRONG else {"rule": rule.value}
                return {**self._options(options), **rule_fields, **self._shuffle(shuffle)}
            case definitions.TrueFalseBody(answer):
                return {"right": ("verdadero" if answer else "falso") if self.language == "es" else str(answer).lower()}
            case definitions.ShortAnswerBody() as short:
                return self._short(short)
            case definitions.NumericalBody() as numerical:
                return self._numerical(numerical)
            case definitions.MatchingBody() as matching:
                return self._matching(matching)
            case definitions.OrderingBody(items, rule):
                rule_fields = {} if rule is definitions.OrderingRule.RELATIVE_TO_CORRECT else {"rule": rule.value}
                return {**{f"option {at}": self._line(label.text) for at, label in enumerate(items, start=1)}, **rule_fields}
            case definitions.EssayBody() as essay:
                self._lose(
                    essay,
                    ("template", "model", "rubric", "files"),
                    words=essay.words != definitions.EssayBody().words,
                    review=essay.self_review,
                )
                return {}
            case definitions.DescriptionBody():
                return {}
            case _:
                raise refuse_kind(self.question)

    def _lose(self, body: object, names: Sequence[str], **others: bool) -> None:
        for name in (*(name for name in names if getattr(body, name)), *(name for name, lost in others.items() if lost)):
            lose(self.remarks, name)

    def _shuffle(self, shuffle: bool) -> dict[str, str]:
        return {} if shuffle else {"shuffle": "no"}

    def _options(self, options: Sequence[definitions.Option]) -> dict[str, str]:
        if any(option.fixed for option in options):
            lose(self.remarks, "fixed")
        return self._answers([(self._line(option.text), option) for option in options])

    def _answers(
        self, answers: Sequence[tuple[str, definitions.Option | definitions.TextPattern | definitions.NumericalAnswer]]
    ) -> dict[str, str]:
        rights = [str(at) for at, (_words, answer) in enumerate(answers, start=1) if answer.right]
        if not rights:
            raise NotTranslatable(N_("No answer is right, and a table cannot express that."))
        row = {"right": ", ".join(rights)}
        for at, (text, answer) in enumerate(answers, start=1):
            row |= {f"option {at}": text, f"feedback {at}": self._line(answer.why)}
            row[f"credit {at}"] = "" if answer.credit == Fraction(answer.right) else _exact(answer.credit)
        return row

    def _short(self, body: definitions.ShortAnswerBody) -> dict[str, str]:
        if not body.answers:
            raise NotTranslatable(N_("A self-check without patterns cannot be exported."))
        accents = body.ignore_accents is not (self.language == "es")
        self._lose(body, ("model", "criteria"), ignore_case=not body.ignore_case, ignore_accents=accents)
        return self._answers([(self._line(answer.patterns), answer) for answer in body.answers])

    def _numerical(self, body: definitions.NumericalBody) -> dict[str, str]:
        own = any(answer.tolerance is not None for answer in body.answers) or body.tolerance.kind is not definitions.ToleranceKind.NOMINAL
        self._lose(body, ("units", "unit_penalty"), tolerance=own, decimals=body.decimals is not None)
        amount = body.tolerance.amount if body.tolerance.kind is definitions.ToleranceKind.NOMINAL else definitions.Tolerance().amount
        row = self._answers([("*" if answer.value is None else decimal(answer.value), answer) for answer in body.answers])
        return {**row, "tolerance": decimal(amount) if amount else "", "unit": self._line(body.unit)}

    def _matching(self, body: definitions.MatchingBody) -> dict[str, str]:
        row: dict[str, str] = {}
        for at, pair in enumerate(body.pairs, start=1):
            row |= {f"option {at}": self._line(pair.item), f"match {at}": self._line(pair.match), f"feedback {at}": self._line(pair.why)}
        for at, label in enumerate(body.extra, start=len(body.pairs) + 1):
            row[f"match {at}"] = self._line(label.text)
        return {**row, **self._shuffle(body.shuffle)}
