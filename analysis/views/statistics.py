"""Pages of a quiz's statistics and surveys, and their files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, request, url_for

from analysis import statistics
from analysis.access import AnalysisAction
from analysis.rules.item_evidence import RowCounts
from analysis.rules.quiz_analysis import QuizAnalysis, expected_by_chance
from analysis.rules.statistics import CountedAttempts, CountedTakes
from analysis.statistic_names import POSITION
from analysis.statistics import EVERYBODY, AnalysedAttempts, CompositionChoice, StatisticsFilter, is_taken_again
from analysis.surveys import Survey, has_surveys, list_surveys
from analysis.views import statistics_page
from analysis.views.findings import FindingView, certainties, question_text, reach_of
from analysis.views.statistics_page import TABLES, QuestionNames, sheets_of
from analysis.waiting import list_findings
from courses.access import CourseContext
from enrolments.course_context import activity_header
from enrolments.editions import list_editions
from enrolments.learner_groups import list_groups
from kernel import clock
from kernel.errors import N_, NotFound, require_found
from kernel.i18n import _, choose
from kernel.markup.model import SafeHtml
from kernel.tables import Cell
from kernel.web import after_response
from kernel.web.forms import as_uuid
from kernel.web.request import current_session, page, requires, see_page
from kernel.web.table import member_of
from questions import question_bank
from questions.question_page import decimal, figure, percentage, plain, short_title
from questions.rules.definitions import MatrixBody
from quizzes import snapshots, teaching
from quizzes.access import QuizContext
from quizzes.quiz_page import quiz_lines
from quizzes.report_page import download

HEADINGS = (
    (N_("Question"), N_("Key of the question in the course folder.")),
    (N_("Version"), N_("Version number of the question, from 1.")),
    (N_("Row"), N_("Text of the row.")),
    (N_("Answer given"), N_("The column of the scale.")),
    (N_("Count"), N_("How many people chose it.")),
    (N_("Share %"), N_("The same as a share of those who answered the row.")),
    (N_("Answers"), N_("How many people answered the row.")),
    (N_("Median"), N_("1: the column is the median answer, or one of the two median answers; 0: it is not.")),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A column in a row: how often, its share in words and as a number in %, and where it begins in the bar."""

    count: int
    share: str
    width: float
    start: float
    middle: bool


@dataclass(frozen=True, slots=True)
class SurveyRowView:
    """A row of a survey: its words, its columns, how many answered it, and the median in words."""

    text: str
    segments: tuple[Segment, ...]
    answers: int
    median: str


@dataclass(frozen=True, slots=True)
class SurveyView:
    """A survey question of a quiz."""

    id: str
    title: str
    number: int
    text: SafeHtml | str
    """What is asked, where the title does not say all of it."""
    columns: tuple[str, ...]
    rows: tuple[SurveyRowView, ...]
    attempts: int


def _view(survey: Survey, at: int) -> SurveyView:
    body = survey.question.body
    assert isinstance(body, MatrixBody)
    columns = tuple(plain(column.text) for column in body.columns)
    rows = tuple(_row(plain(row.text), counts, columns) for row, counts in zip(body.rows, survey.rows, strict=True))
    title = short_title(survey.question)
    text = "" if plain(survey.question.text) == title else question_text(survey.question)
    return SurveyView(f"s{at}", title, survey.number, text=text, columns=columns, rows=rows, attempts=survey.attempts)


def _row(text: str, counts: RowCounts, columns: Sequence[str]) -> SurveyRowView:
    middle, start, segments = counts.median(), 0.0, []
    for index, count in enumerate(counts.counts):
        width = float(counts.share(index) * 100)
        shown = percentage(counts.share(index) * 100, 0) if counts.answers else ""
        segments.append(Segment(count, shown, width, start, middle is not None and index in middle))
        start += width
    return SurveyRowView(text, tuple(segments), counts.answers, _median_words(middle, columns))


def _median_words(middle: tuple[int, int] | None, columns: Sequence[str]) -> str:
    if middle is None:
        return ""
    low, high = (columns[index] for index in middle)
    return low if low == high else _("between “%(low)s” and “%(high)s”", low=low, high=high)


def survey_rows(surveys: Sequence[Survey]) -> Iterator[Sequence[Cell]]:
    """Yield a line for each column of each row of each survey."""
    for survey in surveys:
        body = survey.question.body
        assert isinstance(body, MatrixBody)
        for row, counts in zip(body.rows, survey.rows, strict=True):
            middle = counts.median() or ()
            for index, column in enumerate(body.columns):
                share = decimal(counts.share(index) * 100, 6) if counts.answers else None
                cells = plain(row.text), plain(column.text), counts.counts[index], share, counts.answers
                yield survey.key, survey.number, *cells, int(index in middle)


bp = Blueprint("analysis_statistics", __name__)

EDITOR = "questions_banks.question"
"""Where a question of the draft is edited."""


@dataclass(frozen=True, slots=True)
class StatisticsSelection:
    """The selected statistics: the attempts, the other compositions, and what has been computed (None: not yet)."""

    found: AnalysedAttempts
    choices: tuple[CompositionChoice, ...]
    examination: QuizAnalysis | None
    computed_at: datetime | None
    is_current: bool
    editions: tuple[tuple[UUID, str], ...] = ()
    groups: tuple[tuple[UUID, str], ...] = ()
    """What the course's learners may be parted by, with the names."""
    take_choices: Sequence[tuple[str, str]] = ()
    """The same for their takes; empty where nobody took the course more than once."""
    languages: Sequence[str] = ()
    """The languages of the attempts; empty where all were begun in one."""
    forms: Sequence[str] = ()
    """The letters of their parallel forms; empty where questions were drawn."""

    @property
    def query(self) -> dict[str, str]:
        """Return the fields of an address that asks for the same."""
        fields = {"which": "" if self.found.which is CountedAttempts.FIRST else self.found.which.value}
        if self.choices[0].name != self.found.composition.name:
            fields["paper"] = self.found.composition.name
        fields |= {"edition": str(self.found.learners.edition or ""), "group": str(self.found.learners.group or "")}
        fields |= _take_query(self.found.learners.takes) | {"language": self.found.learners.language}
        fields["form"] = self.found.learners.form
        return {name: value for name, value in fields.items() if value}


def selected_statistics(subject: QuizContext) -> StatisticsSelection:
    """Return the statistics that the address asks for: as cached, or computed now where that is quick; more is queued."""
    session, now = current_session(), clock.now()
    editions = tuple((line.edition.uuid, line.edition.name) for line in list_editions(session, subject.course_id))
    groups = tuple((group.uuid, group.name) for group in list_groups(session, subject.course_id))
    takes, take_choices = _takes_from_address(subject)
    languages, forms = statistics.list_languages_and_forms(session, subject.course_id, subject.key)
    language = next((code for code in languages if code == request.args.get("language")), "")
    form = next((letter for letter in forms if letter == request.args.get("form")), "")
    learners = StatisticsFilter(_group_from_address(editions, "edition"), _group_from_address(groups, "group"), takes, language, form)
    quiz = statistics.list_compositions(session, subject.course_id, subject.key, learners)
    choice = next((choice for choice in quiz.choices if choice.name == request.args.get("paper")), quiz.choices[0])
    attempt_set = statistics.attempt_set(
        session, quiz, member_of(CountedAttempts, request.args.get("which")) or CountedAttempts.FIRST, choice
    )
    selection = StatisticsSelection(
        attempt_set,
        tuple(quiz.choices),
        None,
        None,
        is_current=False,
        editions=editions,
        groups=groups,
        take_choices=take_choices,
        languages=languages if len(languages) > 1 else (),
        forms=forms,
    )
    cached = statistics.find_examination(session, attempt_set)
    if cached is not None and cached.is_current:
        return replace(selection, examination=cached.examination, computed_at=cached.computed_at, is_current=True)
    if attempt_set.items <= statistics.AT_ONCE:
        examination = statistics.compute_statistics(session, attempt_set)
        after_response.run_after_response(lambda later: statistics.keep_statistics(later, attempt_set, examination, now=now))
        return replace(selection, examination=examination, computed_at=now, is_current=True)
    kept_at = cached.computed_at if cached else None
    after_response.run_after_response(lambda later: statistics.order_statistics(later, attempt_set, kept_at, now=now))
    return selection if cached is None else replace(selection, examination=cached.examination, computed_at=kept_at)


def _group_from_address(offered: Sequence[tuple[UUID, str]], name: str) -> UUID | None:
    """Return the edition or group that the address asks for, where the course has it."""
    requested_id = as_uuid(request.args.get(name, ""))
    return next((group_id for group_id, _words in offered if group_id == requested_id), None)


def _takes_from_address(subject: QuizContext) -> tuple[CountedTakes, Sequence[tuple[str, str]]]:
    """Return the takes that the address asks for, and those that can be asked for, where the course was taken more than once."""
    if not is_taken_again(current_session(), subject.course_id):
        return CountedTakes.PRESENT, ()
    return member_of(CountedTakes, request.args.get("takes")) or CountedTakes.PRESENT, [
        (takes.value, _(label)) for takes, label in statistics_page.TAKES.items()
    ]


def _take_query(takes: CountedTakes) -> dict[str, str]:
    return {} if takes is CountedTakes.PRESENT else {"takes": takes.value}


def _names(examination: QuizAnalysis) -> QuestionNames:
    versions = [analysed.version for analysed in examination.questions]
    session = current_session()
    return QuestionNames(question_bank.get_questions(session, versions), question_bank.list_question_names(session, versions))


def _finding_values(subject: QuizContext, examination: QuizAnalysis, names: QuestionNames, question: str = "") -> dict[str, object]:
    """Return the findings on a quiz or on one of its questions: what stands out, and the signs alone."""
    views = [
        replace(view, actions=tuple(_actions(subject, view)))
        for view in statistics_page.finding_views(examination, names)
        if view.question == question or not question
    ]
    return {
        "findings": [view for view in views if view.is_open],
        "signs": [view for view in views if not view.is_open],
        "tests": examination.tests,
        "expected": expected_by_chance(examination),
    }


def _actions(subject: QuizContext, view: FindingView) -> Iterator[tuple[str, str]]:
    """Yield the actions on a question: regrade or void after a dry run; edit its text, where there is such a page."""
    if view.question and (view.changes_key or view.annuls):
        yield _("Regrade or void"), url_for("quizzes_regrading.new", slug=subject.slug, key=subject.key, question=view.question)
    if view.question and EDITOR in current_app.view_functions:
        yield _("Edit the question"), url_for(EDITOR, slug=subject.slug, key=view.question)


def about_attempts(selection: StatisticsSelection) -> dict[str, object]:
    """Describe the attempts that are looked at, for every page."""
    attempt_set = selection.found
    return {
        "which": attempt_set.which.value,
        "which_choices": [(which.value, _(label)) for which, label in statistics_page.WHICH.items()],
        "papers": [(paper.name, statistics_page.numbers_in_words(paper.numbers), paper.attempts) for paper in selection.choices],
        "paper": attempt_set.composition.name,
        "counted": _(statistics_page.COUNTED[attempt_set.which]),
        "attempts": attempt_set.attempts,
        "waiting": attempt_set.waiting,
        "other": attempt_set.other,
        "versions": statistics_page.numbers_in_words(attempt_set.numbers),
        "computed_at": selection.computed_at,
        "is_current": selection.is_current,
        "has_surveys": has_surveys(current_session(), attempt_set.course_id, attempt_set.activity_key),
        "editions": selection.editions,
        "groups": selection.groups,
        "edition": attempt_set.learners.edition,
        "group": attempt_set.learners.group,
        "takes": attempt_set.learners.takes.value,
        "take_choices": selection.take_choices,
        "language": attempt_set.learners.language,
        "languages": selection.languages,
        "form": attempt_set.learners.form,
        "forms": selection.forms,
        "query": selection.query,
    }


@bp.get("/teaching/<slug>/statistics")
@requires(AnalysisAction.STATISTICS, teaching.get_published_course)
def quizzes(subject: CourseContext) -> Response:
    """List the quizzes of a course, each with the way to its statistics."""
    session, outline = current_session(), teaching.published_outline(current_session(), subject)
    submitted = teaching.count_submitted(session, subject.id)
    return page(
        "quizzes/course_statistics.html",
        course={"slug": subject.slug, "title": choose(outline.title)},
        quizzes=quiz_lines(outline, submitted),
        submitted=submitted,
        findings={row.activity_key: row.findings for row in list_findings(session, [subject.id])},
    )


@bp.get("/courses/<slug>/quizzes/<key>/statistics")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def quiz(subject: QuizContext) -> Response:
    """Show the statistics of a quiz."""
    selection = selected_statistics(subject)
    header = activity_header(subject.outline, subject.key)
    header["pair"] = snapshots.get_snapshot_of_activity(current_session(), subject.activity_id).pair
    header["draws"] = selection.found.composition.is_drawn
    examination = selection.examination
    if examination is None or not examination.quiz.attempts:
        return page("quizzes/statistics.html", **header, **about_attempts(selection), examination=None)
    names = _names(examination)
    return page(
        "quizzes/statistics.html",
        **header,
        **about_attempts(selection),
        examination=examination,
        figures=statistics_page.quiz_figures(examination),
        warnings=statistics_page.warnings_of(examination),
        steps=statistics_page.grade_steps(examination),
        positions=statistics_page.position_lines(examination, names),
        questions=statistics_page.question_lines(examination, names),
        **_finding_values(subject, examination, names),
        certainties=certainties(),
        reach=reach_of(max((cell.statistics.attempts for cell in examination.questions), default=0)),
        position_names=[(_(heading), _(meaning)) for _field, heading, _factor, meaning in POSITION],
        question_names=statistics_page.question_names(),
    )


@bp.get("/courses/<slug>/quizzes/<key>/statistics/questions/<question>")
@requires(AnalysisAction.STATISTICS, lambda session, actor, slug, key, question: teaching.get_taught_quiz(session, actor, slug, key))
def question(subject: QuizContext) -> str | Response:
    """Show one question of a quiz: each of its versions with its figures, its answers and its findings."""
    selection = selected_statistics(subject)
    question_key = (request.view_args or {})["question"]
    if selection.examination is None:
        raise NotFound
    names = _names(selection.examination)
    examined = [analysed for analysed in selection.examination.questions if names.names[analysed.version].key == question_key]
    if not examined and selection.found.learners != EVERYBODY:
        flash(_("None of these learners had this question."), "warn")
        return see_page("analysis_statistics.quiz", slug=subject.slug, key=subject.key, **selection.query)
    if not examined:
        raise NotFound
    lines = {line.number: line for line in statistics_page.question_lines(selection.examination, names)}
    places = {analysed.version: at for at, analysed in enumerate(selection.examination.questions, 1)}
    return page(
        "quizzes/question_statistics.html",
        **activity_header(subject.outline, subject.key),
        **about_attempts(selection),
        title=lines[places[examined[-1].version]].title,
        **_finding_values(subject, selection.examination, names, question_key),
        question_key=question_key,
        question_names=statistics_page.question_names(),
        question_versions=[
            {
                "number": names.names[analysed.version].number,
                "text": question_text(names.questions[analysed.version]),
                "line": lines[places[analysed.version]],
                "maximum": figure(analysed.maximum),
                "guess": percentage(None if analysed.guess is None else analysed.guess * 100, 0),
                "variants": statistics_page.variant_lines(analysed),
                "answers": statistics_page.answer_lines(analysed, names.questions[analysed.version]),
                "typed": statistics_page.typed_lines(analysed, names.questions[analysed.version]),
                "typed_otherwise": analysed.typed_otherwise,
            }
            for analysed in examined
        ],
    )


@bp.get("/courses/<slug>/quizzes/<key>/surveys")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def surveys(subject: QuizContext) -> Response:
    """Show what was answered to the surveys of a quiz: they have no key and no mark."""
    takes, take_choices = _takes_from_address(subject)
    return page(
        "quizzes/surveys.html",
        **activity_header(subject.outline, subject.key),
        surveys=[_view(survey, at) for at, survey in enumerate(list_surveys(current_session(), subject.course_id, subject.key, takes), 1)],
        takes=takes.value,
        take_choices=take_choices,
        query=_take_query(takes),
    )


@bp.get("/courses/<slug>/quizzes/<key>/surveys.csv")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def surveys_csv(subject: QuizContext) -> Response:
    """Send the same as CSV, a line for each column of each row."""
    survey_results = list_surveys(current_session(), subject.course_id, subject.key, _takes_from_address(subject)[0])
    return download(subject, "surveys.csv", [("", [_(name) for name, _meaning in HEADINGS], survey_rows(survey_results))])


@bp.get("/courses/<slug>/quizzes/<key>/statistics.csv")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def table_csv(subject: QuizContext) -> Response:
    """Send one table of the statistics as CSV: the questions, or what `?table=` names."""
    name = request.args.get("table", "questions")
    if name not in TABLES:
        raise NotFound
    examination = _computed(subject)
    rows = TABLES[name].rows(examination, _names(examination))
    return download(subject, f"{name}.csv", [("", TABLES[name].headings(), rows)])


@bp.get("/courses/<slug>/quizzes/<key>/statistics.xlsx")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def workbook(subject: QuizContext) -> Response:
    """Send all tables of the statistics as a workbook, with a sheet that says what the columns hold."""
    examination = _computed(subject)
    return download(subject, "statistics.xlsx", sheets_of(examination, _names(examination)))


def _computed(subject: QuizContext) -> QuizAnalysis:
    return require_found(selected_statistics(subject).examination)
