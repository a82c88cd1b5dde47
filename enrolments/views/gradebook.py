"""The gradebook of a course for its team: a page that filters and sorts, and the same as CSV, XLSX and ODS with what its columns hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses import catalogue, versions
from courses.access import edits
from courses.models import Course
from courses.rules import Outline
from enrolments.course_context import course_name
from enrolments.pages.gradebook import IDLE, STATES, columns_of, dictionary, download_rows, gradebook_query, lines_of
from enrolments.permissions import LearnerContext, LearningAction
from enrolments.queries import gradebook as queries
from enrolments.queries.editions import list_editions
from enrolments.queries.grade_items import count_stale, list_items
from enrolments.queries.gradebook import GradebookSort
from enrolments.queries.learning import get_learner_context, list_groups
from enrolments.services.report_exports import record_report_export
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose
from kernel.permissions import Actor
from kernel.tables import Cell, Sheet, on_disk, type_of, write_csv, write_ods, write_xlsx
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.paging import Page, requested_page
from kernel.web.request import allows, current_actor, current_session, requires
from organisations.rules.units import in_order
from organisations.tree import list_tree

bp = Blueprint("enrolments_gradebook", __name__)

ROWS = 50


def get_published(session: Session, actor: Actor, slug: str) -> LearnerContext:
    """Return the page context of a course that is published; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    if context.version_id is None:
        raise NotFound
    return context


def outline_of(context: LearnerContext) -> Outline:
    """Return the version whose activities are shown: the published one, whichever the reader follows."""
    course = catalogue.get_course(current_session(), context.course_id)
    return versions.get_outline(current_session(), cast("int", course.published_version_id))


@bp.get("/teaching/<slug>/gradebook")
@requires(LearningAction.FOLLOW, get_published)
def gradebook(context: LearnerContext) -> str:
    """Show one page of the learners with their marks."""
    session, outline, page = current_session(), outline_of(context), requested_page(ROWS)
    access_log.record_list_access(PeopleListKind.GRADEBOOK, Course, context.course_id)
    items = list_items(session, context.course_id)
    shows_email = edits(current_actor(), context.staff_role)
    query, columns = gradebook_query(request.args, outline, items, by_address=shows_email), columns_of(outline, items)
    rows = queries.list_gradebook(session, outline, query.wanted, query.order, now=context.now, offset=page.offset, limit=ROWS + 1)
    learners, completed = queries.count_gradebook(session, context.course_id, query.wanted, now=context.now)
    return render_template(
        "enrolments/gradebook.html",
        course=course_name(context),
        asked=query,
        columns=columns,
        learners=learners,
        completed=completed,
        page=Page(lines_of(rows[:ROWS], columns), page.number, len(rows) > ROWS),
        editions=[line.edition for line in list_editions(session, context.course_id)],
        groups=list_groups(session, context.course_id),
        units=in_order(list_tree(session)),
        activities=[(activity.key, choose(activity.title)) for activity in outline.activities() if activity.required],
        idle=IDLE,
        states=[(state.value, _(label)) for state, label in STATES.items()],
        meanings=dictionary(columns),
        behind=count_stale(session, context.course_id) if query.order.by is GradebookSort.GRADE else 0,
        shows_email=shows_email,
        may_export=allows(LearningAction.EXPORT, context),
    )


@dataclass(frozen=True, slots=True)
class _Book:
    """A gradebook to be taken out: its rows as they come, with what its columns hold."""

    told: list[tuple[str, str]]
    rows: Iterator[Sequence[Cell]]

    @property
    def headings(self) -> list[str]:
        return [name for name, _meaning in self.told]

    @property
    def sheets(self) -> list[Sheet]:
        return [(_("Gradebook"), self.headings, self.rows), (_("Columns"), [_("Column"), _("Meaning")], self.told)]


def _book(context: LearnerContext) -> _Book:
    session, outline = current_session(), outline_of(context)
    items = list_items(session, context.course_id)
    query, columns = gradebook_query(request.args, outline, items, by_address=True), columns_of(outline, items)
    stream = queries.stream_gradebook(session, outline, query.wanted, query.order, now=context.now)
    return _Book(dictionary(columns), download_rows(stream, columns))


def _download(context: LearnerContext, what: str, write: Callable[[BinaryIO], None]) -> Response:
    """Send a table as a file."""
    actor, now, file = current_actor(), clock.now(), on_disk(write)
    after_response.leave_record(lambda session: record_report_export(session, actor, context.course_id, what, now=now))
    return send_generated(file, type_of(what), f"{context.slug}-{what}")


@bp.get("/teaching/<slug>/gradebook.csv")
@requires(LearningAction.EXPORT, get_published)
def as_csv(context: LearnerContext) -> Response:
    """Send the learners that are asked for as CSV, in their order; with `?dictionary` what the columns hold."""
    book = _book(context)
    if "dictionary" in request.args:
        return _download(context, "gradebook-columns.csv", lambda file: write_csv(file, [_("Column"), _("Meaning")], book.told))
    return _download(context, "gradebook.csv", lambda file: write_csv(file, book.headings, book.rows))


@bp.get("/teaching/<slug>/gradebook.xlsx")
@requires(LearningAction.EXPORT, get_published)
def as_workbook(context: LearnerContext) -> Response:
    """Send the same as a workbook, with a sheet that says what the columns hold."""
    book = _book(context)
    return _download(context, "gradebook.xlsx", lambda file: write_xlsx(file, book.sheets))


@bp.get("/teaching/<slug>/gradebook.ods")
@requires(LearningAction.EXPORT, get_published)
def as_opendocument(context: LearnerContext) -> Response:
    """Send the same as an OpenDocument spreadsheet."""
    book = _book(context)
    return _download(context, "gradebook.ods", lambda file: write_ods(file, book.sheets))
