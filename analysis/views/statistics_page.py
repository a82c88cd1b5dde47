"""The statistics of a quiz as page views and as tables to export."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.orm import Session

from analysis.rules.findings import FindingKind
from analysis.rules.item_evidence import concerns_about
from analysis.rules.quiz_analysis import PositionAnalysis, QuestionAnalysis, QuizAnalysis, findings_in_order
from analysis.rules.statistics import CountedAttempts, CountedTakes
from analysis.statistic_names import CONCERNS, POSITION, QUIZ
from analysis.statistics import attempt_set, find_examination, list_compositions
from analysis.views.findings import FindingView, answer_name, class_name, finding_view, part_name, parts_of
from courses.models import Course
from kernel.errors import N_
from kernel.i18n import _, enumeration, number
from kernel.tables import Cell
from questions import question_bank
from questions.content.question_fields import KINDS
from questions.question_bank import QuestionName, list_question_names
from questions.question_page import MISSING, decimal, figure, percentage, plain, short_title
from questions.rules.definitions import QuestionDefinition, QuestionKind, SingleChoiceBody
from questions.rules.marking import MarkState
from questions.rules.variants import values_of_variant
from quizzes import snapshots

WHICH: Mapping[CountedAttempts, str] = {
    CountedAttempts.FIRST: N_("Each person's first attempt"),
    CountedAttempts.HIGHEST: N_("Each person's best attempt"),
    CountedAttempts.LAST: N_("Each person's last attempt"),
    CountedAttempts.ALL: N_("All attempts"),
}
COUNTED: Mapping[CountedAttempts, str] = {
    CountedAttempts.FIRST: N_("Each person's first attempt counts, because it best shows what a question demands."),
    CountedAttempts.HIGHEST: N_("Each person's best attempt counts."),
    CountedAttempts.LAST: N_("Each person's last attempt counts."),
    CountedAttempts.ALL: N_("Every attempt counts, including several by the same person."),
}

TAKES: Mapping[CountedTakes, str] = {
    CountedTakes.PRESENT: N_("Each person's present take"),
    CountedTakes.FIRST: N_("Each person's first take"),
    CountedTakes.ALL: N_("All takes"),
}


@dataclass(frozen=True, slots=True)
class QuestionNames:
    """The questions of an examination by version id, and what they are called."""

    questions: Mapping[int, QuestionDefinition]
    names: Mapping[int, QuestionName]

    def label(self, version: int) -> str:
        """Return the first words of a question, with the version's number from the second on."""
        title, name = short_title(self.questions[version]), self.names[version]
        return title if name.number == 1 else _("%(title)s (version %(number)s)", title=title, number=name.number)


@dataclass(frozen=True, slots=True)
class PositionView:
    """A row of the table of positions; `key` is the question's where it is fixed."""

    number: int
    title: str
    key: str
    maximum: str
    figures: tuple[str, ...]
    concerns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionStatisticsRow:
    """A row of the table of questions; `facility` and `discrimination` in % as numbers place its point in the plot."""

    number: int
    key: str
    title: str
    drawn: bool
    voided: bool
    attempts: str
    figures: tuple[str, ...]
    guess: str
    concerns: tuple[str, ...]
    findings: int
    facility: float | None
    discrimination: float | None


@dataclass(frozen=True, slots=True)
class AnswerCountView:
    """A class of answers of a question: what, credit in %, how often, share in % as a number, and the mean of the rest."""

    part: str
    answer: str
    right: bool
    credit: str
    count: str
    frequency: str
    share: float
    rest: str


def quiz_figures(examination: QuizAnalysis) -> list[tuple[str, str, str]]:
    """Return the figures of the quiz: name, value in words, and what it says."""
    figures = []
    for field, name, unit, meaning in QUIZ:
        value = getattr(examination.quiz, field)
        shown = figure(value, 4 if field in ("skewness", "kurtosis") else 2)
        if field in ("mean", "median") and value is not None:
            shown = _("%(mark)s of %(maximum)s", mark=shown, maximum=figure(examination.maximum))
        figures.append((_(name), percentage(value, 2) if unit else shown, _(meaning)))
    return figures


def warnings_of(examination: QuizAnalysis) -> list[str]:
    """Describe what cannot be computed, and why (spec/quiz-engine 5.12, degenerate cases)."""
    quiz, sentences = examination.quiz, []
    if quiz.attempts == 1:
        sentences.append(_("With one attempt nothing can be compared: spread, discrimination and weights need at least two."))
    elif quiz.attempts < 4:
        sentences.append(_("With fewer than four attempts some figures cannot be computed, and the others say little."))
    if quiz.attempts > 1 and quiz.deviation == 0:
        sentences.append(_("All attempts have the same points: there is no difference to explain."))
    if len(examination.positions) == 1:
        sentences.append(_("With a single question there is no consistency, and nothing to compare it with."))
    if quiz.consistency is not None and quiz.consistency < 0:
        sentences.append(_("The consistency is below 0: the questions contradict one another. The error ratio is then above 100%."))
    if examination.positions and any(position.statistics.effective_weight is None for position in examination.positions) and quiz.deviation:
        sentences.append(_("Questions that correlate negatively with the total have no effective weight (shown as –)."))
    return sentences


def position_lines(examination: QuizAnalysis, names: QuestionNames) -> list[PositionView]:
    """Return the table of positions."""
    return [
        PositionView(
            position.position.number,
            _position_title(position, names),
            position.position.question,
            maximum=figure(position.maximum),
            figures=tuple(_figures(position.statistics, [field for field, *_rest in POSITION])),
            concerns=tuple(_(CONCERNS[concern.value]) for concern in concerns_about(position.statistics)),
        )
        for position in examination.positions
    ]


def _position_title(analysed: PositionAnalysis, names: QuestionNames) -> str:
    if analysed.position.question:
        title = short_title(names.questions[analysed.versions[-1]])
        several = len(analysed.versions) > 1
        return _("%(title)s (%(count)s versions)", title=title, count=len(analysed.versions)) if several else title
    drawn = _("Random draw, %(draw)s of %(draws)s", draw=analysed.position.draw, draws=analysed.position.draws)
    return _("%(drawn)s; %(count)s questions used", drawn=drawn, count=len(analysed.versions))


def _figures(statistics: object, fields: Iterable[str]) -> Iterable[str]:
    factors = {field: factor for field, _heading, factor, _meaning in POSITION}
    for field in fields:
        value = getattr(statistics, field)
        yield MISSING if value is None else figure(value * factors[field], 1)


QUESTION_FIELDS = ("facility", "deviation", "discrimination", "efficiency")


def question_lines(examination: QuizAnalysis, names: QuestionNames) -> list[QuestionStatisticsRow]:
    """Return the table of questions, each version on a line of its own."""
    return [_question_line(at, question, names) for at, question in enumerate(examination.questions, 1)]


def _question_line(at: int, analysed: QuestionAnalysis, names: QuestionNames) -> QuestionStatisticsRow:
    statistics = analysed.statistics
    facility, discrimination = statistics.facility, statistics.discrimination
    return QuestionStatisticsRow(
        number=at,
        key=names.names[analysed.version].key,
        title=names.label(analysed.version),
        drawn=analysed.drawn,
        voided=analysed.voided,
        attempts=number(statistics.attempts),
        figures=tuple(_figures(statistics, QUESTION_FIELDS)),
        guess=MISSING if analysed.guess is None else percentage(analysed.guess * 100, 0),
        concerns=() if analysed.voided else tuple(_(CONCERNS[concern.value]) for concern in concerns_about(statistics)),
        findings=sum(finding.told for finding in analysed.findings),
        facility=None if facility is None else float(facility * 100),
        discrimination=None if discrimination is None else float(discrimination),
    )


def variant_lines(analysed: QuestionAnalysis) -> list[tuple[str, str, list[str]]]:
    """Return the variants of a question, where each set of values is one (spec/selection 2.5): values in words, attempts and figures."""
    return [
        (variant_words(variant.name), number(variant.statistics.attempts), list(_figures(variant.statistics, QUESTION_FIELDS)))
        for variant in analysed.variants
    ]


def variant_words(name: str) -> str:
    """Write the values of a variant as people of this language write numbers."""
    return "; ".join(f"{variable} = {figure(value, 6)}" for variable, value in values_of_variant(name).items())


def finding_views(examination: QuizAnalysis, names: QuestionNames) -> list[FindingView]:
    """Return every finding in words: those that stand out, surest first, each behind the signs that may be why; then the other signs."""
    return [
        finding_view(
            finding,
            "" if version is None else names.names[version].key,
            "" if version is None else names.label(version),
            None if version is None else names.questions[version],
            leads=leads,
        )
        for version, finding, leads in findings_in_order(examination)
    ]


def answer_lines(analysed: QuestionAnalysis, question: QuestionDefinition) -> list[AnswerCountView]:
    """Return the table of answers of a question, part by part; of a single choice also the options that nobody chose."""
    several = question.kind is QuestionKind.MULTIPLE
    places = {part: at for at, part in enumerate(parts_of(question))}
    lines = [
        AnswerCountView(
            part=part_name(question, response_class.part) if response_class.part and not several else "",
            answer=class_name(question, response_class),
            right=response_class.state is MarkState.RIGHT,
            credit=percentage(response_class.credit * 100),
            count=number(response_class.count),
            frequency=percentage(response_class.frequency * 100),
            share=float(response_class.frequency * 100),
            rest=figure(response_class.mean_rest),
        )
        for response_class in sorted(analysed.classes, key=lambda response_class: -1 if several else places.get(response_class.part, -1))
    ]
    return [*lines, *_untaken(analysed, question)]


def _untaken(analysed: QuestionAnalysis, question: QuestionDefinition) -> Iterator[AnswerCountView]:
    if isinstance(question.body, SingleChoiceBody):
        taken = {response_class.matched for response_class in analysed.classes}
        for option in question.body.options:
            if option.key not in taken:
                yield AnswerCountView(
                    "",
                    plain(option.text),
                    option.credit >= 1,
                    credit=percentage(option.credit * 100),
                    count="0",
                    frequency=percentage(Fraction(0)),
                    share=0.0,
                    rest=MISSING,
                )


def typed_lines(analysed: QuestionAnalysis, question: QuestionDefinition) -> list[tuple[str, str, str, str]]:
    """List the texts most often typed of what matches no answer: the part, the text, how often, and the mean of the rest."""
    return [
        (
            part_name(question, typed.part) if typed.part else "",
            answer_name(question, typed.part, typed.text) or _("(not answered)"),
            number(typed.count),
            figure(typed.mean_rest),
        )
        for typed in analysed.typed
    ]


@dataclass(frozen=True, slots=True)
class GradeStep:
    """A step of the distribution: its bounds in words, how many, and their share in % as a number."""

    label: str
    count: int
    share: float


def grade_steps(examination: QuizAnalysis) -> list[GradeStep]:
    """Return the distribution of grades: tenths of the maximum, the lower bound included, at the top the upper one too."""
    whole = sum(examination.grades)
    steps = len(examination.grades)
    return [
        GradeStep(
            _("%(low)s to %(high)s", low=at * 100 // steps, high=percentage(Fraction((at + 1) * 100, steps), 0)),
            count,
            count * 100 / whole if whole else 0.0,
        )
        for at, count in enumerate(examination.grades)
    ]


def numbers_in_words(numbers: Sequence[int]) -> str:
    """Return numbers of versions in words: “1, 2 and 5”."""
    return enumeration([number(each) for each in numbers])


def question_names() -> list[tuple[str, str]]:
    """Return headings and meanings of the figures of questions."""
    return [(_(heading), _(meaning)) for field, heading, _factor, meaning in POSITION if field in QUESTION_FIELDS]


def value_findings(session: Session, course: Course, key: str) -> Mapping[str, str]:
    """Return by question what the last analysis found of its values: that larger ones are harder, or easier."""
    if snapshots.find_published_snapshot(session, course, key) is None:
        return {}
    quiz = list_compositions(session, course.id, key)
    stored = find_examination(session, attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0]))
    if stored is None:
        return {}
    versions = [finding.version for finding in stored.examination.questions]
    names = QuestionNames(question_bank.get_questions(session, versions), list_question_names(session, versions))
    views = zip(finding_views(stored.examination, names), findings_in_order(stored.examination), strict=True)
    return {view.question: f"{view.said} {view.numbers}" for view, finding in views if finding.finding.ailment is FindingKind.VALUES}


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
            _(KINDS[question.kind]),
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
            (N_("Position in the quiz"), N_("Place in the quiz, from 1.")),
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
            (N_("Kind"), N_("Kind of question.")),
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
