"""The history of a question through months, versions and quizzes (spec/selection 2.7)."""

from flask import Blueprint, Response, render_template

from courses.pages.editor_header import course_header
from courses.queries import catalogue
from kernel.tables import on_disk, type_of, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.request import current_session, requires
from quizzes.pages import item_history as pages
from quizzes.permissions import ItemHistoryContext, QuizAction
from quizzes.queries import item_history as queries

bp = Blueprint("quizzes_item_history", __name__)


@bp.get("/teaching/<slug>/questions/<key>/history")
@requires(QuizAction.ITEM_HISTORY, queries.get_question)
def question(subject: ItemHistoryContext) -> str:
    """Show how a question did through the months."""
    session = current_session()
    rows = queries.list_history(session, subject.question_id)
    return render_template(
        "quizzes/item_history.html",
        course=course_header(catalogue.get_course(session, subject.id)),
        key=subject.key,
        view=pages.history_view(rows, queries.list_corrections(session, subject.question_id)),
        counting=queries.is_being_counted(session, subject.question_id),
    )


@bp.get("/teaching/<slug>/questions/<key>/history.csv")
@requires(QuizAction.ITEM_HISTORY, queries.get_question)
def table_csv(subject: ItemHistoryContext) -> Response:
    """Take the sums out as a file."""
    rows = pages.table_rows(queries.list_history(current_session(), subject.question_id))
    name = f"{subject.key}-history.csv"
    return send_generated(on_disk(lambda file: write_csv(file, pages.HEADINGS, rows)), type_of(name), name)
