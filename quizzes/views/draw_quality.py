"""The draws of a quiz: how equally hard the question sets of a sitting were, and its draw tables (spec/selection 1.10 to 1.19)."""

from flask import Blueprint, render_template

from kernel.web.request import current_session, requires
from quizzes.pages import draw_quality as pages
from quizzes.pages.introduction import activity_header
from quizzes.permissions import AnalysisAction, QuizContext
from quizzes.queries import attempts, draw_tables, teaching
from quizzes.rules.draw_quality import LEAST_SETS
from quizzes.rules.layout import SlotEntry
from quizzes.views.statistics import about_attempts, selected_statistics

bp = Blueprint("quizzes_draws", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/draws")
@requires(AnalysisAction.DRAW_TABLES, teaching.get_taught_quiz)
def quiz(subject: QuizContext) -> str:
    """Show how equally hard question sets were, and by which facilities they are drawn."""
    session, selection = current_session(), selected_statistics(subject)
    snapshot = attempts.get_snapshot_of_activity(session, subject.activity_id)
    quality = None if selection.examination is None else selection.examination.draws
    counted = selection.examination is not None or selection.found.attempts < LEAST_SETS
    entries = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    version = snapshot.quiz_version_id
    return render_template(
        "quizzes/draws.html",
        **activity_header(subject.outline, subject.key),
        **about_attempts(selection),
        draws=any(len(entry.pool) > 1 for entry in entries),
        view=None if quality is None else pages.quality_view(quality, balanced=snapshot.balance is not None),
        lacking=pages.lacking_sets(selection.found.attempts) if counted else "",
        limit=pages.UNEQUAL_POINTS,
        tables=None
        if snapshot.balance is None
        else pages.tables_view(
            snapshot.balance, entries, draw_tables.list_tables(session, version), draw_tables.count_attempts(session, version)
        ),
    )
