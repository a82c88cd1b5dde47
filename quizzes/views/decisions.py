"""The decisions of a quiz at its pass mark, and the people so near it that the quiz cannot tell (spec/selection 3)."""

from decimal import Decimal

from flask import Blueprint, render_template

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.models import Course
from kernel.errors import NotFound
from kernel.web.paging import Page, requested_page
from kernel.web.request import current_session, requires
from quizzes.pages import decisions as pages
from quizzes.pages.figures import percentage
from quizzes.pages.introduction import activity_header
from quizzes.pages.reports import lines_of
from quizzes.permissions import AnalysisAction, QuizContext
from quizzes.queries import analysis, reports, teaching
from quizzes.rules.decision_analysis import DecisionModel
from quizzes.rules.decision_quality import LEAST_ATTEMPTS
from quizzes.rules.statistics import CountedAttempts
from quizzes.views.statistics import StatisticsSelection, about_attempts, selected_statistics

bp = Blueprint("quizzes_decisions", __name__)

ROWS = 50
NO_CHARTS = {"shares": (), "curve": (), "curve_path": "", "mark": None, "repeated": (), "repeated_words": "", "levels": ()}
"""Where the model does not fit the results."""


@bp.get("/courses/<slug>/quizzes/<key>/decisions")
@requires(AnalysisAction.DECISIONS, teaching.get_taught_quiz)
def quiz(subject: QuizContext) -> str:
    """Show how sure the decisions of a quiz are."""
    selection = selected_statistics(subject)
    return render_template(
        "quizzes/decisions.html",
        **activity_header(subject.outline, subject.key),
        **about_attempts(selection),
        **_values(selection),
    )


def _values(selection: StatisticsSelection) -> dict[str, object]:
    """Return the figures; what is lacking where there are none."""
    rule, examination = selection.found.rule, selection.examination
    shared = {"pass_mark": percentage(rule.pass_mark), "rule": rule}
    if examination is None or examination.decisions is None:
        positions = len(selection.found.composition.positions if examination is None else examination.positions)
        counted = examination is not None or selection.found.attempts < LEAST_ATTEMPTS
        return {**shared, "figures": None, "lacking": pages.lacking(selection.found.attempts, positions) if counted else []}
    figures = examination.decisions
    model = figures.model if figures.model and figures.model.fits else None
    return {
        **shared,
        "figures": {figure.key: figure for figure in pages.figures_of(figures)},
        "doubts": pages.doubts_of(figures, best_counted=selection.found.which is CountedAttempts.HIGHEST and rule.attempts != 1),
        "near": figures.near,
        **(NO_CHARTS if model is None else _charts(selection, model)),
    }


def _charts(selection: StatisticsSelection, model: DecisionModel) -> dict[str, object]:
    rule, curve = selection.found.rule, pages.curve_points(model)
    return {
        "shares": pages.decision_shares(model),
        "curve": curve,
        "curve_path": pages.curve_path(curve),
        "mark": None if rule.pass_mark is None else float(rule.pass_mark),
        "repeated": pages.repeated_lines(model, rule),
        "repeated_words": pages.repeated_words(model, rule),
        "levels": pages.level_lines(model),
        "level_words": pages.level_words(model),
        "attempt_headings": pages.attempt_headings(model),
    }


@bp.get("/courses/<slug>/quizzes/<key>/decisions/people")
@requires(AnalysisAction.DECISIONS, teaching.get_taught_quiz)
def people(subject: QuizContext) -> str:
    """List the people so near the pass mark that the quiz cannot tell on which side they are (spec/selection 3.8)."""
    selection, session, page = selected_statistics(subject), current_session(), requested_page(ROWS)
    decisions = None if selection.examination is None else selection.examination.decisions
    if decisions is None or decisions.error_at_mark is None or decisions.rule.pass_mark is None:
        raise NotFound
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, subject.course_id)
    mark, error = Decimal(float(decisions.rule.pass_mark)), Decimal(decisions.error_at_mark)
    near = analysis.marked_between(selection.found, mark - error, mark + error)
    rows = reports.list_marked(session, near, offset=page.offset, limit=page.size + 1)
    return render_template(
        "quizzes/decisions_people.html",
        **activity_header(subject.outline, subject.key),
        query=selection.query,
        pass_mark=percentage(decisions.rule.pass_mark),
        error=pages.points(decisions.error_at_mark),
        page=Page(lines_of(rows[:ROWS]), page.number, len(rows) > ROWS),
    )
