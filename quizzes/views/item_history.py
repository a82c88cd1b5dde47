"""The page of a question through months, versions and quizzes (spec/selection 2.7)."""

from collections.abc import Sequence

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from courses.pages.editor_header import course_header
from courses.queries import catalogue
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import choose
from kernel.tables import Cell, on_disk, type_of, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.request import current_session, requires
from quizzes.pages import correction_log, item_uses
from quizzes.pages import item_history as pages
from quizzes.pages.item_findings import certainties
from quizzes.permissions import ItemHistoryContext, QuizAction
from quizzes.queries import item_history as queries
from quizzes.queries.correction_log import VersionRow, list_question_versions
from quizzes.queries.item_uses import ExposureRow, ItemUseRow, list_cached_analyses, list_exposure, list_uses

bp = Blueprint("quizzes_item_history", __name__)


@bp.get("/teaching/<slug>/questions/<key>/history")
@requires(QuizAction.ITEM_HISTORY, queries.get_question)
def question(subject: ItemHistoryContext) -> str:
    """Show how a question did through the months, where it is asked, and what was corrected."""
    session = current_session()
    versions = list_question_versions(session, subject.question_id)
    uses = list_uses(session, subject.id, subject.question_id)
    exposure = _exposure(session, subject, uses)
    history = queries.list_history(session, subject.question_id)
    return render_template(
        "quizzes/item_history.html",
        course=course_header(catalogue.get_course(session, subject.id)),
        key=subject.key,
        view=pages.history_view(
            history,
            correction_log.correction_log(session, subject.id, subject.question_id, versions),
            {use.key: choose(use.title) for use in uses},
        ),
        uses=_uses(session, subject, uses, versions),
        exposure=item_uses.exposure_views(exposure),
        exposed=item_uses.exposure_sentence(exposure),
        certainties=certainties(),
        counting=any(row.is_waiting for row in history),
    )


def _exposure(session: Session, subject: ItemHistoryContext, uses: Sequence[ItemUseRow]) -> list[ExposureRow]:
    quiz_versions = [one for use in uses for one in use.quiz_version_ids]
    return list_exposure(session, subject.id, subject.question_id, quiz_versions, now=clock.now())


def _uses(
    session: Session, subject: ItemHistoryContext, uses: Sequence[ItemUseRow], versions: Sequence[VersionRow]
) -> list[item_uses.ItemUseView]:
    kept = list_cached_analyses(session, subject.id, [use.key for use in uses], {one.id for one in versions})
    return item_uses.use_views(uses, kept, versions)


@bp.get("/teaching/<slug>/questions/<key>/history.csv")
@requires(QuizAction.ITEM_HISTORY, queries.get_question)
def table_csv(subject: ItemHistoryContext) -> Response:
    """Take a table of the page out as a file: the sums, or what `table` names."""
    table = request.args.get("table", "")
    headings, rows = _table(current_session(), subject, table)
    name = f"{subject.key}-{table or 'history'}.csv"
    return send_generated(on_disk(lambda file: write_csv(file, headings, rows)), type_of(name), name)


def _table(session: Session, subject: ItemHistoryContext, name: str) -> tuple[Sequence[str], list[list[Cell]]]:
    if not name:
        return pages.HEADINGS, pages.table_rows(queries.list_history(session, subject.question_id))
    versions = list_question_versions(session, subject.question_id)
    if name == "log":
        log = correction_log.correction_log(session, subject.id, subject.question_id, versions)
        return correction_log.HEADINGS, correction_log.log_rows(log)
    uses = list_uses(session, subject.id, subject.question_id)
    if name == "exposure":
        return item_uses.EXPOSURE_HEADINGS, item_uses.exposure_rows(_exposure(session, subject, uses))
    if name == "answers":
        return item_uses.THIRDS_HEADINGS, item_uses.thirds_rows(_uses(session, subject, uses, versions))
    raise NotFound
