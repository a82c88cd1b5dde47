"""The page of a question through months, versions and quizzes (spec/selection 2.7)."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, flash, render_template, request
from sqlalchemy.orm import Session

from courses import catalogue
from courses.editor import course_header
from kernel import clock
from kernel.errors import Conflict, NotFound
from kernel.i18n import _, choose
from kernel.tables import Cell, on_disk, type_of, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.forms import whole_number
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes.pages import correction_log, item_uses, segments
from quizzes.pages import item_history as pages
from quizzes.pages.item_findings import certainties
from quizzes.pages.segments import JoinedHistory, load_joined_history
from quizzes.permissions import AnalysisAction, ItemHistoryContext
from quizzes.queries import item_history as queries
from quizzes.queries.correction_log import VersionRow, list_question_versions
from quizzes.queries.item_uses import ExposureRow, ItemUseRow, list_cached_analyses, list_exposure, list_uses
from quizzes.queries.joined_questions import find_joined
from quizzes.services import wordings

bp = Blueprint("quizzes_item_history", __name__)

WordingChange = Callable[..., None]
"""Says, or takes back, that a version of a question changed only the wording."""


@bp.get("/teaching/<slug>/questions/<key>/history")
@requires(AnalysisAction.ITEM_HISTORY, queries.get_question)
def question(subject: ItemHistoryContext) -> str:
    """Show how a question did through the months, where it is asked, and what was corrected."""
    return _page(subject)


def _page(subject: ItemHistoryContext, refused: str = "") -> str:
    session, together = current_session(), request.args.get("figures") == "together"
    joined = _joined(session, subject)
    versions = _versions(joined, subject)
    uses = list_uses(session, subject.id, subject.question_id)
    exposure = _exposure(session, subject, uses)
    return render_template(
        "quizzes/item_history.html",
        course=course_header(catalogue.get_course(session, subject.id)),
        key=subject.key,
        view=pages.history_view(
            joined,
            correction_log.correction_log(session, subject.id, subject.question_id, versions),
            {use.key: choose(use.title) for use in uses},
            together=together,
        ),
        together=together,
        refused=refused,
        uses=_uses(session, subject, uses, versions),
        exposure=item_uses.exposure_views(exposure),
        exposed=item_uses.exposure_sentence(exposure),
        certainties=certainties(),
        counting=any(row.is_waiting for row in joined.own),
    )


def _joined(session: Session, subject: ItemHistoryContext) -> JoinedHistory:
    """Return the history with that of the copies; of what is reserved in another course only for administrators (spec/selection 12)."""
    return load_joined_history(session, subject, with_reserved=current_actor().is_administrator)


def _versions(joined: JoinedHistory, subject: ItemHistoryContext) -> list[VersionRow]:
    """Return the versions that the question has under its present key."""
    return [version for version in joined.versions if version.question.key == subject.key]


@bp.post("/teaching/<slug>/questions/<key>/history/wording")
@requires(AnalysisAction.SEGMENT, queries.get_question)
def mark_wording_only(subject: ItemHistoryContext) -> Answer:
    """Say that a version changed only the wording."""
    return _changed(subject, wordings.mark_wording_only, _("The figures of this version now go on from those of the one before."))


@bp.post("/teaching/<slug>/questions/<key>/history/wording/withdrawal")
@requires(AnalysisAction.SEGMENT, queries.get_question)
def withdraw_wording_only(subject: ItemHistoryContext) -> Answer:
    """Take back that a version changed only the wording."""
    return _changed(subject, wordings.withdraw_wording_only, _("The figures of this version now begin anew."))


def _changed(subject: ItemHistoryContext, change: WordingChange, done: str) -> Answer:
    session = current_session()
    version = whole_number(request.form.get("version", ""), otherwise=0)
    versions = list_question_versions(session, *find_joined(session, subject, with_reserved=False).own)
    try:
        change(session, current_actor(), subject, versions, version, now=clock.now())
    except Conflict as refused:
        return _page(subject, _(refused.text, **refused.facts)), 409
    flash(done, "ok")
    return see_page("quizzes_item_history.question", slug=subject.slug, key=subject.key, _anchor="changes-title")


def _exposure(session: Session, subject: ItemHistoryContext, uses: Sequence[ItemUseRow]) -> list[ExposureRow]:
    quiz_versions = [quiz_version_id for use in uses for quiz_version_id in use.quiz_version_ids]
    return list_exposure(session, subject.id, subject.question_id, quiz_versions, now=clock.now())


def _uses(
    session: Session, subject: ItemHistoryContext, uses: Sequence[ItemUseRow], versions: Sequence[VersionRow]
) -> list[item_uses.ItemUseView]:
    cached = list_cached_analyses(session, subject.id, [use.key for use in uses], {version.id for version in versions})
    return item_uses.use_views(uses, cached, versions)


@bp.get("/teaching/<slug>/questions/<key>/history.csv")
@requires(AnalysisAction.ITEM_HISTORY, queries.get_question)
def table_csv(subject: ItemHistoryContext) -> Response:
    """Take a table of the page out as a file: the sums, or what `table` names."""
    table = request.args.get("table", "")
    headings, rows = _download_table(current_session(), subject, table)
    name = f"{subject.key}-{table or 'history'}.csv"
    return send_generated(on_disk(lambda file: write_csv(file, headings, rows)), type_of(name), name)


def _download_table(session: Session, subject: ItemHistoryContext, name: str) -> tuple[Sequence[str], list[list[Cell]]]:
    joined = _joined(session, subject)
    if not name:
        return pages.HEADINGS, pages.table_rows(joined)
    if name == "segments":
        return segments.SEGMENT_HEADINGS, segments.segment_rows(joined)
    versions = _versions(joined, subject)
    if name == "log":
        log = correction_log.correction_log(session, subject.id, subject.question_id, versions)
        return correction_log.HEADINGS, correction_log.log_rows(pages.with_wordings(joined, log))
    uses = list_uses(session, subject.id, subject.question_id)
    if name == "exposure":
        return item_uses.EXPOSURE_HEADINGS, item_uses.exposure_rows(_exposure(session, subject, uses))
    if name == "answers":
        return item_uses.THIRDS_HEADINGS, item_uses.thirds_rows(_uses(session, subject, uses, versions))
    raise NotFound
