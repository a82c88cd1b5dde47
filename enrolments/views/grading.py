"""The make-up of a course grade, for its team; and the manual grade items: their pages and their marks."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.kinds import CourseKinds
from courses.models import Course
from enrolments.course_context import course_name
from enrolments.forms import GradeItemForm, read_decimal
from enrolments.models import ManualGradeItem
from enrolments.pages.gradebook import filter_of
from enrolments.pages.grading import GradeEntryRow, completion_words, part_lines, points_words
from enrolments.permissions import GradeItemContext, LearnerContext, LearningAction
from enrolments.queries import grade_items as queries
from enrolments.queries.editions import list_editions
from enrolments.queries.grade_items import LearnerMarkRow
from enrolments.queries.learning import list_groups
from enrolments.services import grade_items as services
from enrolments.services.grade_items import GradeEntry, ItemIsMarked, MaximumChanged
from enrolments.views.gradebook import get_published, outline_of
from kernel import clock
from kernel.i18n import _, choose, ngettext
from kernel.own_records import is_own
from kernel.web.forms import as_uuid, clean_text, whole_number
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, is_read_only_request, requires

bp = Blueprint("enrolments_grading", __name__)

ROWS = 50
LONGEST_COMMENT = 500
ASKED = ("q", "edition", "group", "state", "next", "idle", "unmarked", "page")
"""Fields of the address of a page of marks."""


def _see(endpoint: str, **values: object) -> Response:
    return cast("Response", redirect(url_for(f"enrolments_grading.{endpoint}", **values), code=303))  # type: ignore[arg-type]  # values by name


@bp.get("/teaching/<slug>/grading")
@requires(LearningAction.FOLLOW, get_published)
def grading(context: LearnerContext) -> str:
    """Show what the course grade is made of, and what each thing is worth of it."""
    session, outline = current_session(), outline_of(context)
    items = queries.list_items(session, context.course_id)
    kinds = cast("CourseKinds", session.info["kinds"])
    pass_marks = {
        activity.key: kinds.publisher(activity.kind).pass_mark(session, activity)
        for activity in outline.activities()
        if activity.gives_marks
    }
    return render_template(
        "enrolments/grading.html",
        course=course_name(context),
        version=outline.number,
        parts=part_lines(outline, items, pass_marks, queries.count_marks(session, context.course_id, [item.id for item in items])),
        rules=completion_words(outline),
        retired=queries.list_items(session, context.course_id, retired=True),
        may_edit=allows(LearningAction.MANAGE_ITEMS, context),
    )


def _form(context: LearnerContext) -> GradeItemForm:
    form = GradeItemForm()
    form.offer([(part.key, choose(part.title)) for part in outline_of(context).categories])
    return form


def _item_page(context: LearnerContext, form: GradeItemForm, item: ManualGradeItem | None = None) -> str:
    has_marks = item is not None and queries.has_marks(current_session(), item.id)
    return render_template("enrolments/item.html", course=course_name(context), form=form, item=item, has_marks=has_marks)


@bp.route("/teaching/<slug>/items/new", methods=["GET", "POST"])
@requires(LearningAction.MANAGE_ITEMS, get_published, reads_first=True)
def new_item(context: LearnerContext) -> Answer:
    """Add an item that is marked by hand alone."""
    form = _form(context)
    if is_read_only_request():
        form.weight.data = "1"
        return _item_page(context, form)
    if not form.validate_on_post():
        return _item_page(context, form), 422
    item = services.make_item(begin_writing(), current_actor(), context.course_id, form.plan(), now=clock.now())
    flash(_("The item has been created. Marks count as soon as you enter them."), "ok")
    return _see("marks", slug=context.slug, item=item.uuid)


@bp.route("/teaching/<slug>/items/<uuid:item>", methods=["GET", "POST"])
@requires(LearningAction.MANAGE_ITEMS, queries.get_item_context, reads_first=True)
def item(subject: GradeItemContext) -> Answer:
    """Change an item that is marked by hand alone."""
    form = _form(subject.context)
    if is_read_only_request():
        form.show(subject.item)
        return _item_page(subject.context, form, subject.item)
    if not form.validate_on_post():
        return _item_page(subject.context, form, subject.item), 422
    plan = form.plan()
    if plan.maximum != subject.item.maximum and queries.has_marks(current_session(), subject.item.id):
        form.refuse(form.maximum, _(ItemIsMarked.message))
        return _item_page(subject.context, form, subject.item), 422
    services.change_item(begin_writing(), current_actor(), subject.item, plan, now=clock.now())
    flash(_("Saved. Course grades will update shortly."), "ok")
    return _see("grading", slug=subject.context.slug)


@bp.post("/teaching/<slug>/items/<uuid:item>/state")
@requires(LearningAction.MANAGE_ITEMS, queries.get_item_context)
def retire(subject: GradeItemContext) -> Answer:
    """Let an item count no more, or again."""
    retired = request.form.get("state") == "retired"
    services.retire_item(current_session(), current_actor(), subject.item, retired=retired, now=clock.now())
    flash(_("It no longer counts. Its marks are kept.") if retired else _("It counts again."), "ok")
    return _see("grading", slug=subject.context.slug)


@bp.route("/teaching/<slug>/items/<uuid:item>/marks", methods=["GET", "POST"])
@requires(LearningAction.MARK_ITEMS, queries.get_item_context, reads_first=True)
def marks(subject: GradeItemContext) -> Answer:
    """Show one page of the learners with their marks for an item; write down what was typed, all of it or nothing."""
    actor, lines = current_actor(), _lines(subject)
    rows = [_row(line, is_own(actor, line.person_id)) for line in lines[:ROWS]]
    if is_read_only_request():
        access_log.record_list_access(PeopleListKind.GRADEBOOK, Course, subject.context.course_id)
        return _marks_page(subject, rows, more=len(lines) > ROWS, number=uuid4())
    number = as_uuid(request.form.get("number", "")) or uuid4()

    def again(rows: Iterable[GradeEntryRow], status: int) -> Answer:
        return _marks_page(subject, list(rows), more=len(lines) > ROWS, number=number), status

    typed = {line.enrolment_id: _submitted_row(line, row, subject.item) for line, row in zip(lines[:ROWS], rows, strict=True)}
    shown = read_decimal(request.form.get("maximum", ""))
    if shown is not None and shown != subject.item.maximum:
        flash(_(MaximumChanged.message), "warn")
        return again(typed.values(), 409)
    if any(row.fault or row.comment_fault for row in typed.values()):
        return again(typed.values(), 422)
    entries = {
        enrolment_id: GradeEntry(read_decimal(row.points), row.comment, row.seen) for enrolment_id, row in typed.items() if not row.own
    }
    try:
        marked = services.mark_item(begin_writing(), actor, subject.item, entries, number, now=clock.now())
    except MaximumChanged as refused:
        flash(_(refused.message), "warn")
        return again(typed.values(), 409)
    if marked.conflicts:
        messages = {
            enrolment_id: _("Someone entered %(points)s in the meantime.", points=points_words(row.points) or "–")
            for enrolment_id, row in marked.conflicts.items()
        }
        seen = {enrolment_id: row.id for enrolment_id, row in marked.conflicts.items()}
        return again(
            (_with_fault(row, messages.get(enrolment_id, ""), seen.get(enrolment_id, row.seen)) for enrolment_id, row in typed.items()), 409
        )
    told_words = ngettext("%(count)s mark saved.", "%(count)s marks saved.", marked.count)
    flash(told_words if marked.count else _("There was nothing to change."), "ok")
    return _see("marks", slug=subject.context.slug, item=subject.item.uuid, **_filter_from_address())


def _filter_from_address() -> dict[str, str]:
    return {name: request.args[name] for name in ASKED if name in request.args}


def _lines(subject: GradeItemContext) -> list[LearnerMarkRow]:
    page, unmarked = requested_page(ROWS), "unmarked" in request.args
    if not is_read_only_request():  # the page that was sent, even where marks have been written meanwhile
        people = [as_uuid(text) or uuid4() for text in request.form.getlist("person")][:ROWS]
        return queries.list_marks_of(current_session(), subject.item, people)
    return queries.list_marks(
        current_session(), subject.item, filter_of(request.args), unmarked=unmarked, now=clock.now(), offset=page.offset, limit=ROWS + 1
    )


def _row(line: LearnerMarkRow, own: bool) -> GradeEntryRow:
    mark = line.mark
    if mark is None:
        return GradeEntryRow(line.uuid, line.name, "", "", 0, own)
    return GradeEntryRow(line.uuid, line.name, points_words(mark.points), mark.comment, mark.id, own)


def _submitted_row(line: LearnerMarkRow, row: GradeEntryRow, item: ManualGradeItem) -> GradeEntryRow:
    """Read what was typed for a learner, with what is wrong with it."""
    if row.own or f"points-{line.uuid}" not in request.form:
        return row
    points, comment = clean_text(request.form[f"points-{line.uuid}"]), clean_text(request.form.get(f"comment-{line.uuid}", ""))
    seen = request.form.get(f"seen-{line.uuid}", "")
    value, fault = read_decimal(points), ""
    if points and (value is None or value > item.maximum):
        fault = _("Enter a number from %(least)s to %(most)s.", least=0, most=points_words(item.maximum))
    long = _("Use at most %(max)d characters.", max=LONGEST_COMMENT) if len(comment) > LONGEST_COMMENT else ""
    return GradeEntryRow(line.uuid, line.name, points, comment, whole_number(seen), own=False, fault=fault, comment_fault=long)


def _with_fault(row: GradeEntryRow, fault: str, seen: int) -> GradeEntryRow:
    return GradeEntryRow(row.uuid, row.name, row.points, row.comment, seen, row.own, fault, row.comment_fault)


def _marks_page(subject: GradeItemContext, rows: list[GradeEntryRow], *, more: bool, number: UUID) -> str:
    session, context = current_session(), subject.context
    page = requested_page(ROWS)
    return render_template(
        "enrolments/item_marks.html",
        course=course_name(context),
        item=subject.item,
        maximum=points_words(subject.item.maximum),
        rows=rows,
        page=Page(rows, page.number, more),
        number=number,
        wanted=filter_of(request.args),
        unmarked="unmarked" in request.args,
        fields=_filter_from_address(),
        editions=[line.edition for line in list_editions(session, context.course_id)],
        groups=list_groups(session, context.course_id),
        may_edit=allows(LearningAction.MANAGE_ITEMS, subject),
    )
