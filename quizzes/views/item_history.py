"""The history of a question through months, versions and quizzes (spec/selection 2.7)."""

from collections.abc import Sequence

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from courses.pages.editor_header import course_header
from courses.queries import catalogue
from kernel.errors import NotFound
from kernel.tables import Cell, on_disk, type_of, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.request import current_session, requires
from quizzes.pages import correction_log
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
        view=pages.history_view(rows, correction_log.correction_log(session, subject.id, subject.question_id)),
        counting=queries.is_being_counted(session, subject.question_id),
    )


@bp.get("/teaching/<slug>/questions/<key>/history.csv")
@requires(QuizAction.ITEM_HISTORY, queries.get_question)
def table_csv(subject: ItemHistoryContext) -> Response:
    """Take a table of the page out as a file: the sums, or what `table` names."""
    table = request.args.get("table", "")
    headings, rows = _table(current_session(), subject, table)
    name = f"{subject.key}-{table or 'history'}.csv"
    return send_generated(on_disk(lambda file: write_csv(file, headings, rows)), type_of(name), name)


def _table(session: Session, subject: ItemHistoryContext, name: str) -> tuple[Sequence[str], list[list[Cell]]]:
    if name == "log":
        return correction_log.HEADINGS, correction_log.log_rows(correction_log.correction_log(session, subject.id, subject.question_id))
    if name:
        raise NotFound
    return pages.HEADINGS, pages.table_rows(queries.list_history(session, subject.question_id))
