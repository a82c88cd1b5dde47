"""The statistics of a quiz as tables to take out: figures, positions, questions, answers, findings, and what their columns hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kernel.errors import N_
from kernel.i18n import _
from kernel.tables import Cell
from quizzes.pages.class_answers import answer_name, class_name, part_name
from quizzes.pages.figures import decimal
from quizzes.pages.question import short_title
from quizzes.pages.statistic_names import POSITION, QUIZ
from quizzes.pages.statistics import QUESTION_FIELDS, QuestionNames, finding_views, variant_words
from quizzes.rules.quiz_analysis import QuizAnalysis

Heading = tuple[str, str]
"""A column's heading and what it holds."""
_KEY: Heading = (N_("Question"), N_("Key of the question in the course folder."))
_VERSION: Heading = (N_("Version"), N_("Version number of the question, from 1."))
_ANSWERS: Heading = (N_("Attempts"), N_("How many attempts are counted."))
_REST: Heading = (N_("Mean of the rest"), N_("Mean points in the rest of the attempt for those who gave this answer."))
_FIGURES = {field: (heading, meaning) for field, heading, _factor, meaning in POSITION}


@dataclass(frozen=True, slots=True)
class StatisticsTable:
    """A table that can be taken out: its sheet's name, its columns and its rows."""

    name: str
    columns: Sequence[Heading]
    rows: Callable[[QuizAnalysis, QuestionNames], Iterator[Sequence[Cell]]]

    def headings(self) -> list[str]:
        """Return the first row."""
        return [_(heading) for heading, _meaning in self.columns]


def _quiz_rows(examination: QuizAnalysis, _names: QuestionNames) -> Iterator[Sequence[Cell]]:
    for field, name, unit, meaning in QUIZ:
        value = getattr(examination.quiz, field)
        yield _(name), value if isinstance(value, int) else decimal(value, 6), unit, _(meaning)


def _position_rows(examination: QuizAnalysis, names: QuestionNames) -> Iterator[Sequence[Cell]]:
    for position in examination.positions:
        title = short_title(names.questions[position.versions[-1]]) if position.position.question else _("Drawn at random")
        figures = [decimal(_in_percent(position.statistics, field), 6) for field, *_rest in POSITION]
        yield position.position.number, position.position.question, title, decimal(position.maximum), *figures


def _in_percent(statistics: object, field: str) -> Fraction | None:
    value: Fraction | None = getattr(statistics, field)
    return value * 100 if field == "facility" and value is not None else value


def _question_rows(examination: QuizAnalysis, names: QuestionNames) -> Iterator[Sequence[Cell]]:
    for analysed in examination.questions:
        name, question = names.names[analysed.version], names.questions[analysed.version]
        figures = [decimal(_in_percent(analysed.statistics, field), 6) for field in QUESTION_FIELDS]
        guess = None if analysed.guess is None else decimal(analysed.guess * 100, 6)
        yield (
            name.key,
            name.number,
            short_title(question),
            question.kind.value,
            int(analysed.drawn),
            analysed.statistics.attempts,
            decimal(analysed.maximum),
            *figures,
            guess,
            int(analysed.voided),
        )


def _variant_rows(examination: QuizAnalysis, names: QuestionNames) -> Iterator[Sequence[Cell]]:
    for analysed in examination.questions:
        name = names.names[analysed.version]
        for variant in analysed.variants:
            figures = [decimal(_in_percent(variant.statistics, field), 6) for field in QUESTION_FIELDS]
            yield name.key, name.number, variant_words(variant.name), variant.statistics.attempts, *figures


def _answer_rows(examination: QuizAnalysis, names: QuestionNames) -> Iterator[Sequence[Cell]]:
    for analysed in examination.questions:
        name, question = names.names[analysed.version], names.questions[analysed.version]
        for response_class in analysed.classes:
            part = part_name(question, response_class.part) if response_class.part else ""
            credit, share = decimal(response_class.credit * 100, 6), decimal(response_class.frequency * 100, 6)
            yield (
                name.key,
                name.number,
                part,
                class_name(question, response_class),
                credit,
                response_class.count,
                share,
                decimal(response_class.mean_rest, 6),
            )
        for typed in analysed.typed:
            part = part_name(question, typed.part) if typed.part else ""
            written = answer_name(question, typed.part, typed.text)
            yield name.key, name.number, part, _("Typed: %(text)s", text=written), 0, typed.count, None, decimal(typed.mean_rest, 6)


def _finding_rows(examination: QuizAnalysis, names: QuestionNames) -> Iterator[Sequence[Cell]]:
    for view in finding_views(examination, names):
        stands_out = _("yes") if view.told else _("no")
        yield view.question, view.label, view.strength, stands_out, view.said, view.numbers, view.advice


TABLES: Mapping[str, StatisticsTable] = {
    "quiz": StatisticsTable(
        N_("Quiz"),
        (
            (N_("Figure"), N_("Name of the figure.")),
            (N_("Value"), N_("Its value; empty if it cannot be calculated.")),
            (N_("Unit"), N_("Percent or points.")),
            (N_("Meaning"), N_("What it means.")),
        ),
        _quiz_rows,
    ),
    "positions": StatisticsTable(
        N_("Positions"),
        (
            (N_("Position"), N_("Place in the quiz, from 1.")),
            _KEY,
            (N_("Text"), N_("First words of the question.")),
            (N_("Maximum"), N_("Maximum mark; the mean if the questions drawn differ.")),
            *_FIGURES.values(),
        ),
        _position_rows,
    ),
    "questions": StatisticsTable(
        N_("Questions"),
        (
            _KEY,
            _VERSION,
            (N_("Text"), N_("First words of the question.")),
            (N_("Kind"), N_("Question kind, as in the course folder.")),
            (N_("Drawn"), N_("1: drawn at random, discrimination with the total; 0: fixed, discrimination with the rest.")),
            _ANSWERS,
            (N_("Maximum"), N_("Maximum mark; the mean if the questions drawn differ.")),
            *(_FIGURES[field] for field in QUESTION_FIELDS),
            (N_("Guess %"), N_("Mean mark from answering at random, relative to the maximum; empty if not defined.")),
            (N_("Voided"), N_("1: voided for everyone.")),
        ),
        _question_rows,
    ),
    "variants": StatisticsTable(
        N_("Variants"),
        (
            _KEY,
            _VERSION,
            (N_("Values"), N_("The values of its variables, where each set of values is a variant of its own.")),
            _ANSWERS,
            *(_FIGURES[field] for field in QUESTION_FIELDS),
        ),
        _variant_rows,
    ),
    "answers": StatisticsTable(
        N_("Answers"),
        (
            _KEY,
            _VERSION,
            (N_("Part"), N_("Item, row, gap or option that the answer belongs to; empty: the whole question.")),
            (N_("Answer given"), N_("What was answered.")),
            (N_("Credit %"), N_("Share of the part’s mark that the answer earns.")),
            (N_("Count"), N_("How many attempts gave this answer.")),
            (N_("Frequency %"), N_("The same as a share of all attempts that included the question.")),
            _REST,
        ),
        _answer_rows,
    ),
    "findings": StatisticsTable(
        N_("Findings"),
        (
            _KEY,
            (N_("Text"), N_("First words of the question.")),
            (N_("Certainty"), N_("Almost certain, likely or weak sign: how rarely chance would show this if the question were sound.")),
            (N_("Stands out"), N_("Whether it stands out among all tests of the quiz or could be due to chance.")),
            (N_("Finding"), N_("What the answers show.")),
            (N_("Numbers"), N_("How many answers support it.")),
            (N_("Advice"), N_("Suggested action.")),
        ),
        _finding_rows,
    ),
}


def sheets_of(examination: QuizAnalysis, names: QuestionNames) -> Iterator[tuple[str, Sequence[str], Iterator[Sequence[Cell]]]]:
    """Yield the sheets of a workbook: every table, and at the end what the columns hold."""
    for table in TABLES.values():
        yield _(table.name), table.headings(), table.rows(examination, names)
    columns = ((_(table.name), _(heading), _(meaning)) for table in TABLES.values() for heading, meaning in table.columns)
    yield _("Columns"), [_("Table"), _("Column"), _("Meaning")], iter(columns)
