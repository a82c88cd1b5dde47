"""Pages of the gradebook for the course team, and the same as CSV, XLSX and ODS with what its columns hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses import catalogue, versions
from courses.access import edits
from courses.models import Course
from courses.rules import Outline, OutlineActivity
from enrolments import grade_items
from enrolments import gradebook as enrolments_gradebook
from enrolments.access import LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.course_view import MISSING, mark_fault, points_words, rounded, share
from enrolments.editions import class_options
from enrolments.grade_items import GradeEntry, MarkKey, MaximumChanged, count_stale, list_items, mark_items, present_marks
from enrolments.gradebook import GradebookFilter, GradebookOrder, GradebookRow, GradebookSort, GradebookState, record_report_export
from enrolments.learners import get_learner_context
from enrolments.models import ManualGrade, ManualGradeItem
from enrolments.rules import read_decimal
from kernel import clock
from kernel.errors import N_, NotFound
from kernel.i18n import _, choose, local, ngettext, number
from kernel.own_records import is_own
from kernel.permissions import Actor
from kernel.tables import Cell, Sheet
from kernel.web import after_response
from kernel.web.forms import as_uuid, clean_text, whole_number
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, page, requires, see_page
from kernel.web.table import ListQuery, Page, PageRequest, member_of, read_words, requested_page, send_sheets
from organisations.tree import unit_options

IDLE = (7, 14, 30, 60, 90)
"""Days without a visit that may be asked for."""
STATES: Mapping[GradebookState, str] = {GradebookState.OPEN: N_("Have not completed it"), GradebookState.COMPLETED: N_("Have completed it")}
BEFORE: Sequence[tuple[str, str]] = (
    (N_("Name"), N_("Given names and surnames.")),
    (N_("Email address"), N_("Email address used to sign in.")),
    (N_("Edition"), N_("Edition the learner is enrolled in; empty if none.")),
    (N_("Enrolled"), N_("Date and time in ISO 8601, in the time zone of the person downloading.")),
    (N_("Last visit"), N_("Same format; empty if there has been no visit yet.")),
    (N_("Activities completed"), N_("Required activities completed.")),
    (N_("Activities required"), N_("Required activities in the learner's course version.")),
    (N_("Completed"), N_("When the course was completed; empty if it has not been.")),
    (
        N_("Course grade"),
        N_("Percentage, using the weights, categories and dropped lowest results of the learner's version; empty if there are no results."),
    ),
)
"""Heading of each column of the download before those of the activities, and what it holds."""


@dataclass(frozen=True, slots=True)
class GradebookQuery:
    """The request of a gradebook's address; unknown values are left out."""

    wanted: GradebookFilter
    order: GradebookOrder

    @property
    def filters(self) -> bool:
        """Return whether not everybody is wanted."""
        return self.wanted != GradebookFilter()

    @property
    def sort(self) -> str:
        """Return the sort order of the address."""
        return f"activity:{self.order.activity}" if self.order.activity else self.order.by.value

    @property
    def address(self) -> ListQuery:
        """Return the query of the address."""
        filters = {
            "q": self.wanted.words,
            "edition": self.wanted.edition,
            "group": self.wanted.group,
            "unit": self.wanted.unit,
            "state": self.wanted.state,
            "next": self.wanted.next_key,
            "idle": self.wanted.idle_days,
        }
        return ListQuery(filters, self.sort, self.order.descending)


def gradebook_query(
    arguments: Mapping[str, str], outline: Outline, items: Sequence[ManualGradeItem] = (), *, by_address: bool
) -> GradebookQuery:
    """Read the fields of an address; `by_address` for those who see the addresses of learners."""
    sort = arguments.get("sort", "")
    activity = sort.removeprefix("activity:")
    known = sort.startswith("activity:") and (activity in outline.by_key or any(item.key == activity for item in items))
    order = GradebookOrder(
        member_of(GradebookSort, sort) or GradebookSort.NAME,
        activity if known else "",
        tuple(old for old, new in outline.renames.items() if known and new == activity),
        arguments.get("direction") == "down",
    )
    return GradebookQuery(filter_of(arguments, by_address=by_address), order)


def filter_of(arguments: Mapping[str, str], *, by_address: bool = False) -> GradebookFilter:
    """Read which learners the fields of an address or form want."""
    return GradebookFilter(
        words=read_words(arguments.get("q", "")),
        by_address=by_address,
        edition=as_uuid(arguments.get("edition", "")),
        group=as_uuid(arguments.get("group", "")),
        unit=as_uuid(arguments.get("unit", "")),
        state=member_of(GradebookState, arguments.get("state")),
        next_key=arguments.get("next", "")[:64],
        idle_days=next((days for days in IDLE if str(days) == arguments.get("idle")), 0),
    )


def filter_words(
    filters: GradebookFilter, editions: Mapping[UUID, str], groups: Mapping[UUID, str], units: Mapping[UUID, str], outline: Outline
) -> list[tuple[str, str]]:
    """Describe which learners are wanted: what is asked, and how."""
    activity = outline.by_key.get(filters.next_key)
    parts = [
        (_("Name"), filters.words),
        (_("Edition"), "" if filters.edition is None else editions.get(filters.edition, MISSING)),
        (_("Group"), "" if filters.group is None else groups.get(filters.group, MISSING)),
        (_("Unit"), "" if filters.unit is None else units.get(filters.unit, MISSING)),
        (_("State"), _(STATES[filters.state]) if filters.state else ""),
        (_("Next activity"), choose(activity.title) if activity else filters.next_key),
        (_("Not visited for"), ngettext("%(count)s day", "%(count)s days", filters.idle_days) if filters.idle_days else ""),
    ]
    return [(name, value) for name, value in parts if value]


def graded(outline: Outline) -> list[OutlineActivity]:
    """Return the activities that count for the course grade, in order."""
    return [activity for activity in outline.activities() if activity.weight > 0]


@dataclass(frozen=True, slots=True)
class GradeColumn:
    """A graded activity or a manual grade item as a heading: its title, its part of the grade and its weight in it.

    `name` distinguishes it in a download from others of its title.
    """

    key: str
    title: str
    part: str
    name: str
    item: UUID | None = None
    maximum: str = ""


def columns_of(outline: Outline, items: Sequence[ManualGradeItem] = ()) -> list[GradeColumn]:
    """Return the headings of the graded activities, and of the items marked by hand after them."""
    parts = {category.key: choose(category.title) for category in outline.categories}

    def part(category: str, weight: Fraction | Decimal) -> str:
        label = _("weight %(weight)s", weight=number(rounded(weight)))
        return " · ".join(filter(None, (parts.get(category, ""), label)))

    columns = [
        GradeColumn(
            activity.key,
            choose(activity.title),
            part(activity.category, activity.weight),
            f"{choose(activity.title)} [{activity.key}]",
        )
        for activity in graded(outline)
    ]
    return columns + [
        GradeColumn(
            item.key,
            item.title,
            part(item.category, item.weight),
            name=f"{item.title} [{item.uuid.hex[:8]}]",
            item=item.uuid,
            maximum=points_words(item.maximum),
        )
        for item in items
    ]


@dataclass(frozen=True, slots=True)
class MarkFieldView:
    """The field of a learner's mark for a manual grade item: what stands there or was entered, and what is wrong with it.

    `name` ends the names of what is sent of it, `seen` is the number of the mark that was shown. What was `retired` takes no mark any more.
    """

    name: str
    learner: str
    title: str
    points: str
    seen: int
    fault: str = ""
    retired: bool = False


def dictionary(columns: Sequence[GradeColumn]) -> list[tuple[str, str]]:
    """Return the heading of every column of the download with what it holds."""
    entries = [(_(name), _(meaning)) for name, meaning in BEFORE]
    meanings = [
        _("Percentage of the maximum for this grade item, from 0 to 100 (%(part)s); empty if there is no mark.", part=column.part)
        if column.item
        else _("Percentage that counts for this activity, from 0 to 100 (%(part)s); empty if there is no result.", part=column.part)
        for column in columns
    ]
    return entries + [(column.name, meaning) for column, meaning in zip(columns, meanings, strict=True)]


def download_rows(rows: Iterable[GradebookRow], columns: Sequence[GradeColumn]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the download as they come."""
    keys = [column.key for column in columns]
    for row in rows:
        learner = row.learner
        yield (
            row.name,
            learner.email,
            learner.edition or "",
            moment_cell(learner.enrolled_at),
            moment_cell(learner.visited_at),
            learner.done,
            learner.total,
            moment_cell(learner.completed_at),
            _cell(row.grade),
            *(_cell(row.scores.get(key)) for key in keys),
        )


def moment_cell(value: datetime | None) -> str:
    """Write a moment for a table, in the reader's zone; empty where there is none."""
    return "" if value is None else local(value).isoformat(timespec="seconds")


def _cell(percent: Fraction | None) -> Decimal | None:
    exact = rounded(percent)
    return None if exact is None else exact.quantize(Decimal("0.01"))


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


@dataclass(frozen=True, slots=True)
class GradebookPage:
    """One page of a gradebook: what is asked of it, its manual grade items, its learners, and the fields of their marks."""

    outline: Outline
    query: GradebookQuery
    items: Sequence[ManualGradeItem]
    rows: Sequence[GradebookRow]
    paging: PageRequest
    fields: Mapping[MarkKey, MarkFieldView]

    @property
    def address(self) -> dict[str, str]:
        """Return the fields of its address."""
        number = {"page": str(self.paging.number)} if self.paging.number > 1 else {}
        return {**self.query.address.fields(), **number}


def _load_page(context: LearnerContext, people: Sequence[UUID] = (), retired: Sequence[UUID] = ()) -> GradebookPage:
    """Return the page that the address asks for; or of `people` and of items `retired` meanwhile, as a page that was sent showed them."""
    session, outline, paging = current_session(), outline_of(context), requested_page(ROWS)
    counting = list_items(session, context.course_id)
    gone = [item for item in list_items(session, context.course_id, retired=True) if item.uuid in retired] if retired else []
    items = [*counting, *gone]
    query = gradebook_query(request.args, outline, items, by_address=edits(current_actor(), context.staff_role))
    rows = enrolments_gradebook.list_gradebook(
        session,
        outline,
        replace(query.wanted, only=tuple(people)),
        query.order,
        now=context.now,
        offset=0 if people else paging.offset,
        limit=ROWS + 1,
    )
    fields = _mark_fields(items, rows[:ROWS]) if allows(LearningAction.MARK_ITEMS, context) else {}
    return GradebookPage(outline, query, items, rows, paging=paging, fields=fields)


def _mark_fields(items: Sequence[ManualGradeItem], rows: Sequence[GradebookRow]) -> dict[MarkKey, MarkFieldView]:
    """Return the fields of the marks of learners as they stand; nobody marks themself."""
    if not items:
        return {}
    present, fields = present_marks(current_session(), [item.id for item in items], [row.learner.enrolment_id for row in rows]), {}
    for row in rows:
        learner = row.learner
        for item in () if is_own(current_actor(), learner.person_id) else items:
            mark = present.get((item.id, learner.enrolment_id))
            fields[item.id, learner.enrolment_id] = MarkFieldView(
                f"{item.uuid}-{learner.uuid}",
                row.name,
                item.title,
                points=points_words(mark.points) if mark else "",
                seen=mark.id if mark else 0,
                retired=item.retired_at is not None,
            )
    return fields


def _show_page(context: LearnerContext, sheet: GradebookPage, number: UUID) -> Response:
    session, outline, query = current_session(), sheet.outline, sheet.query
    columns, shows_email = columns_of(outline, sheet.items), edits(current_actor(), context.staff_role)
    columns.sort(key=lambda column: column.item is None)  # what is entered stands near the names
    learners, completed = enrolments_gradebook.count_gradebook(session, context.course_id, query.wanted, now=context.now)
    return page(
        "enrolments/gradebook.html",
        course=course_name(context),
        query=query,
        columns=columns,
        learners=learners,
        completed=completed,
        # a page that was sent has its own people alone
        page=Page(sheet.rows[:ROWS], sheet.paging.number, learners > sheet.paging.number * ROWS),
        share=share,
        items={item.key: item.id for item in sheet.items},
        marks=sheet.fields,
        number=number,
        address=sheet.address,
        options={
            **class_options(session, context.course_id),
            "unit": unit_options(session),
            "next": [(activity.key, choose(activity.title)) for activity in outline.activities() if activity.required],
            "state": STATES,
        },
        idle=IDLE,
        meanings=dictionary(columns),
        behind=count_stale(session, context.course_id) if query.order.by is GradebookSort.GRADE else 0,
        shows_email=shows_email,
        may_export=allows(LearningAction.EXPORT, context),
        may_load=bool(sheet.items) and allows(LearningAction.LOAD_MARKS, context),
    )


@bp.get("/teaching/<slug>/gradebook")
@requires(LearningAction.FOLLOW, get_published)
def gradebook(context: LearnerContext) -> Response:
    """Show one page of the learners with their marks; those given by hand in fields."""
    access_log.record_list_access(PeopleListKind.GRADEBOOK, Course, context.course_id)
    return _show_page(context, _load_page(context), uuid4())


@bp.post("/teaching/<slug>/gradebook")
@requires(LearningAction.MARK_ITEMS, get_published, reads_first=True)
def save_marks(context: LearnerContext) -> Answer:
    """Write down the marks that were entered in a page of the gradebook, all of them or nothing."""
    maxima = {uuid: read_decimal(request.form.get(f"maximum-{uuid}", "")) for uuid in _read_uuids("item", grade_items.MOST_ITEMS)}
    people = _read_uuids("person", ROWS)
    sheet = _load_page(context, people or [uuid4()], list(maxima))
    number = as_uuid(request.form.get("number", "")) or uuid4()
    by_id = {item.id: item for item in sheet.items}
    fields = {key: _read_field(field, by_id[key[0]]) for key, field in sheet.fields.items()}

    def again(fields: Mapping[MarkKey, MarkFieldView], status: int, message: str = "") -> Answer:
        if message:
            flash(message, "warn")
        return _show_page(context, replace(sheet, fields=fields), number), status

    if any(maxima.get(item.uuid) not in (None, item.maximum) for item in sheet.items):
        return again(fields, 409, _(MaximumChanged.message))
    if any(field.fault for field in fields.values()):
        return again(fields, 409 if any(field.fault and field.retired for field in fields.values()) else 422)
    entries = {
        key: GradeEntry(read_decimal(field.points), None, field.seen)
        for key, field in fields.items()
        if not field.retired and f"mark-{field.name}" in request.form
    }
    items = [item for item in sheet.items if item.retired_at is None]
    try:
        marked = mark_items(begin_writing(), current_actor(), items, entries, number, now=clock.now())
    except MaximumChanged as refused:
        return again(fields, 409, _(refused.message))
    if marked.conflicts:
        return again({key: _in_conflict(field, marked.conflicts.get(key)) for key, field in fields.items()}, 409)
    if left := len(people) - len(sheet.rows):
        flash(
            ngettext(
                "%(count)s person has left the course; their marks were not saved.",
                "%(count)s people have left the course; their marks were not saved.",
                left,
            ),
            "warn",
        )
    saved = ngettext("%(count)s mark saved.", "%(count)s marks saved.", marked.count)
    flash(saved if marked.count else _("There was nothing to change."), "ok")
    return see_page("enrolments_gradebook.gradebook", slug=context.slug, **sheet.address)


def _read_uuids(name: str, most: int) -> list[UUID]:
    return [uuid for text in request.form.getlist(name)[:most] if (uuid := as_uuid(text))]


def _read_field(field: MarkFieldView, item: ManualGradeItem) -> MarkFieldView:
    """Return a field with what was entered in it, and what is wrong with that."""
    if f"mark-{field.name}" not in request.form:
        return field
    points = clean_text(request.form[f"mark-{field.name}"])
    if field.retired:
        changed = read_decimal(points) != read_decimal(field.points)
        return replace(field, points=points, fault=_("This item was retired in the meantime.") if changed else "")
    seen = whole_number(request.form.get(f"seen-{field.name}", ""))
    return replace(field, points=points, seen=seen, fault=mark_fault(points, item.maximum))


def _in_conflict(field: MarkFieldView, mark: ManualGrade | None) -> MarkFieldView:
    """Return a field that says which mark someone else gave meanwhile, so that the next save is a decision."""
    if mark is None:
        return field
    fault = _("Someone entered %(points)s in the meantime.", points=points_words(mark.points) or "–")
    return replace(field, fault=fault, seen=mark.id)


def _sheets(context: LearnerContext) -> list[Sheet]:
    """Return a gradebook to be taken out: its rows as they come, and what its columns hold."""
    session, outline = current_session(), outline_of(context)
    items = list_items(session, context.course_id)
    query, columns = gradebook_query(request.args, outline, items, by_address=True), columns_of(outline, items)
    stream = enrolments_gradebook.stream_gradebook(session, outline, query.wanted, query.order, now=context.now)
    meanings = dictionary(columns)
    learners = (_("Gradebook"), [name for name, _meaning in meanings], download_rows(stream, columns))
    return [learners, (_("Columns"), [_("Column"), _("Meaning")], meanings)]


def _download(context: LearnerContext, what: str, sheets: Sequence[Sheet]) -> Response:
    """Send sheets as a file."""
    actor, now, answer = current_actor(), clock.now(), send_sheets(f"{context.slug}-{what}", sheets)
    after_response.leave_record(lambda session: record_report_export(session, actor, context.course_id, what, now=now))
    return answer


@bp.get("/teaching/<slug>/gradebook.csv")
@requires(LearningAction.EXPORT, get_published)
def as_csv(context: LearnerContext) -> Response:
    """Send the learners that are asked for as CSV, in their order; with `?dictionary` what the columns hold."""
    sheets = _sheets(context)
    if "dictionary" in request.args:
        return _download(context, "gradebook-columns.csv", sheets[1:])
    return _download(context, "gradebook.csv", sheets)


@bp.get("/teaching/<slug>/gradebook.xlsx")
@requires(LearningAction.EXPORT, get_published)
def as_workbook(context: LearnerContext) -> Response:
    """Send the same as a workbook, with a sheet that says what the columns hold."""
    return _download(context, "gradebook.xlsx", _sheets(context))


@bp.get("/teaching/<slug>/gradebook.ods")
@requires(LearningAction.EXPORT, get_published)
def as_opendocument(context: LearnerContext) -> Response:
    """Send the same as an OpenDocument spreadsheet."""
    return _download(context, "gradebook.ods", _sheets(context))
