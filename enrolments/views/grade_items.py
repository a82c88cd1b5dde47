"""Pages of the make-up of a course grade, and of the manual grade items and their marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request
from wtforms import SelectField, ValidationError
from wtforms.form import BaseForm
from wtforms.validators import InputRequired

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.kinds import COURSE_KINDS
from courses.models import Course
from courses.rules import Outline
from enrolments import grade_items
from enrolments.access import GradeItemContext, LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.course_view import mark_fault, points_words, rounded, share
from enrolments.editions import class_options
from enrolments.grade_items import GradeEntry, GradeItemValues, ItemIsMarked, LearnerMarkRow, MaximumChanged
from enrolments.models import ManualGradeItem
from enrolments.rules import GradedCompletionRule, GradeItemWeight, grade_parts, read_decimal
from enrolments.views.gradebook import filter_of, get_published, outline_of
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, choose, lazy_, ngettext, number, trimmed
from kernel.own_records import is_own
from kernel.web.forms import Form, LineField, MomentField, as_uuid, clean_text, line, whole_number
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, is_read_only_request, page, requires, see_page
from kernel.web.table import Page, requested_page


class DecimalField(LineField):
    """A number from `least` to `most`; `value` is what was read."""

    def __init__(self, label: str, validators: Any = None, *, least: Decimal, most: Decimal, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.least, self.most = least, most
        self.render_kw = {"inputmode": "decimal", "autocomplete": "off", **(self.render_kw or {})}

    @property
    def value(self) -> Decimal | None:
        """Return the number that was typed, or nothing."""
        return read_decimal(self.data or "")

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is not a number in its bounds."""
        if self.data and (self.value is None or not self.least <= self.value <= self.most):
            raise ValidationError(_("Enter a number from %(least)s to %(most)s.", least=number(self.least), most=number(self.most)))


class GradeItemForm(Form):
    """An item that is marked by hand alone."""

    heading = line(lazy_("Title"), most=150, required=lazy_("Give it a title."))
    maximum = DecimalField(
        lazy_("Maximum mark"), [InputRequired(lazy_("Enter the maximum mark."))], least=Decimal("0.0001"), most=Decimal(100_000)
    )
    weight = DecimalField(
        lazy_("Weight"), [InputRequired(lazy_("Enter a weight; 0 means it does not count."))], least=Decimal(0), most=Decimal(100_000)
    )
    category = SelectField(lazy_("Part of the grade"), choices=[], default="")
    due_at = MomentField(lazy_("Due"))

    def offer(self, parts: Sequence[tuple[str, str]]) -> None:
        """Let these parts of the grade be chosen."""
        self.category.choices = [("", _("Choose")), *parts] if parts else [("", _("All weighted activities"))]

    def validate_category(self, field: SelectField) -> None:
        """Refuse no part where the course has parts: it would count nothing."""
        if not field.data and len(field.choices or ()) > 1:
            raise ValidationError(_("Choose the part of the grade it counts towards."))

    def show(self, item: ManualGradeItem) -> None:
        """Fill the form with an item."""
        self.heading.data, self.category.data = item.title, item.category
        self.maximum.data, self.weight.data = (str(trimmed(value)) for value in (item.maximum, item.weight))
        self.due_at.data = MomentField.format_moment(item.due_at)

    def plan(self) -> GradeItemValues:
        """Return the values of the item."""
        return GradeItemValues(
            title=self.heading.data or "",
            maximum=self.maximum.value or Decimal(0),
            weight=self.weight.value or Decimal(0),
            category=self.category.data or "",
            due_at=self.due_at.moment,
        )


RULES: Mapping[str, str] = {
    GradedCompletionRule.PASSED: N_("completed by passing"),
    GradedCompletionRule.GRADED: N_("completed by getting a result"),
    GradedCompletionRule.PASSED_OR_USED: N_("completed by passing, or by using up the attempts"),
    GradedCompletionRule.VIEWED: N_("completed by opening it"),
    GradedCompletionRule.ATTEMPTED: N_("completed by attempting it"),
}


@dataclass(frozen=True, slots=True)
class GradedItemView:
    """An activity or an item marked by hand: its weight in its part, its share of the course grade, and how it is completed."""

    key: str
    title: str
    weight: str
    share: str
    rule: str
    pass_mark: str
    item: UUID | None = None
    maximum: str = ""
    due_at: datetime | None = None
    marked: str = ""


@dataclass(frozen=True, slots=True)
class GradeCategoryView:
    """A part of the course grade; `outside`: what names no part of the published version, and so counts nothing."""

    title: str
    weight: str
    share: str
    drop_lowest: int
    lines: tuple[GradedItemView, ...]
    outside: bool = False


def counted_items(items: Sequence[ManualGradeItem]) -> dict[str, GradeItemWeight]:
    """Return how items count, by key."""
    return {item.key: GradeItemWeight(item.category, Fraction(item.weight)) for item in items}


def part_lines(
    outline: Outline, items: Sequence[ManualGradeItem], pass_marks: Mapping[str, Fraction | None], marked: Mapping[int, int]
) -> list[GradeCategoryView]:
    """Return the parts of the grade with everything in them."""
    titles = {part.key: choose(part.title) for part in outline.categories}
    parts = grade_parts(outline, counted_items(items))
    shares = {key: own for part in parts for key, own in part.shares.items()}
    views = []
    for part in parts:
        lines = _lines(outline, items, pass_marks, marked, shares, part.key if outline.categories else None)
        views.append(
            GradeCategoryView(
                titles.get(part.key, _("All weighted activities")), _words(part.weight), share(part.share), part.drop_lowest, lines
            )
        )
    lost = _lines(outline, [item for item in items if item.category not in titles], pass_marks, marked, shares, "") if titles else ()
    return views if not lost else [*views, GradeCategoryView(_("Not in any part"), "", share(Fraction(0)), 0, lost, outside=True)]


def _lines(
    outline: Outline,
    items: Sequence[ManualGradeItem],
    pass_marks: Mapping[str, Fraction | None],
    marked: Mapping[int, int],
    shares: Mapping[str, Fraction],
    category: str | None,
) -> tuple[GradedItemView, ...]:
    """List the entries of one category (None: everything; "": what stands in none)."""
    known = {part.key for part in outline.categories}

    def belongs(own: str) -> bool:
        return category is None or own == category or (not category and own not in known)

    activities = [
        GradedItemView(
            activity.key,
            choose(activity.title),
            _words(activity.weight),
            share=share(shares.get(activity.key, Fraction(0))),
            rule=_(RULES[activity.completion_rule]) if activity.completion_rule in RULES else "",
            pass_mark=share(pass_marks[activity.key]) if pass_marks.get(activity.key) is not None else "",
        )
        for activity in outline.activities()
        if activity.gives_marks and belongs(activity.category)
    ]
    by_hand = [
        GradedItemView(
            item.key,
            item.title,
            _words(Fraction(item.weight)),
            share=share(shares.get(item.key, Fraction(0))),
            rule="",
            pass_mark="",
            item=item.uuid,
            maximum=_words(Fraction(item.maximum)),
            due_at=item.due_at,
            marked=number(marked.get(item.id, 0)),
        )
        for item in items
        if belongs(item.category)
    ]
    return (*activities, *by_hand)


def _words(value: Fraction) -> str:
    return number(rounded(value))


def completion_words(outline: Outline) -> list[str]:
    """Describe the condition that completes the course."""
    modules = [choose(outline.module_by_key[key].title) for key in outline.completion_modules if key in outline.module_by_key]
    sentences = [_("The modules %(titles)s are completed.", titles=", ".join(modules)) if modules else _("All modules are completed.")]
    if outline.completion_grade is not None:
        sentences.append(_("The course grade is at least %(share)s.", share=share(outline.completion_grade)))
    return sentences


@dataclass(frozen=True, slots=True)
class GradeEntryRow:
    """A learner on the page where marks are entered: what was typed or stands there, and what is wrong with it."""

    uuid: UUID
    name: str
    points: str
    comment: str
    seen: int
    own: bool
    fault: str = ""
    comment_fault: str = ""


bp = Blueprint("enrolments_grading", __name__)

ROWS = 50
LONGEST_COMMENT = 500
ASKED = ("q", "edition", "group", "state", "next", "idle", "unmarked", "page")
"""Fields of the address of a page of marks."""


def _see(endpoint: str, **values: object) -> Response:
    return see_page(f"enrolments_grading.{endpoint}", **values)  # type: ignore[arg-type]  # values by name


@bp.get("/teaching/<slug>/grading")
@requires(LearningAction.FOLLOW, get_published)
def grading(context: LearnerContext) -> Response:
    """Show what the course grade is made of, and what each thing is worth of it."""
    session, outline = current_session(), outline_of(context)
    items = grade_items.list_items(session, context.course_id)
    kinds = COURSE_KINDS.of(session)
    pass_marks = {
        activity.key: kinds.publisher(activity.kind).pass_mark(session, activity)
        for activity in outline.activities()
        if activity.gives_marks
    }
    return page(
        "enrolments/grading.html",
        course=course_name(context),
        version=outline.number,
        parts=part_lines(outline, items, pass_marks, grade_items.count_marks(session, context.course_id, [item.id for item in items])),
        rules=completion_words(outline),
        retired=grade_items.list_items(session, context.course_id, retired=True),
        may_edit=allows(LearningAction.MANAGE_ITEMS, context),
    )


def _form(context: LearnerContext) -> GradeItemForm:
    form = GradeItemForm()
    form.offer([(part.key, choose(part.title)) for part in outline_of(context).categories])
    return form


def _item_page(context: LearnerContext, form: GradeItemForm, item: ManualGradeItem | None = None) -> Response:
    has_marks = item is not None and grade_items.has_marks(current_session(), item.id)
    return page("enrolments/item.html", course=course_name(context), form=form, item=item, has_marks=has_marks)


@bp.route("/teaching/<slug>/items/new", methods=["GET", "POST"])
@requires(LearningAction.MANAGE_ITEMS, get_published, reads_first=True)
def new_item(context: LearnerContext) -> Answer:
    """Add an item that is marked by hand alone."""
    form = _form(context)
    if is_read_only_request():
        form.weight.data = "1"
    if not form.validate_on_submit():
        return _item_page(context, form)
    item = grade_items.make_item(begin_writing(), current_actor(), context.course_id, form.plan(), now=clock.now())
    flash(_("The item has been created. Marks count as soon as you enter them."), "ok")
    return _see("marks", slug=context.slug, item=item.uuid)


@bp.route("/teaching/<slug>/items/<uuid:item>", methods=["GET", "POST"])
@requires(LearningAction.MANAGE_ITEMS, grade_items.get_item_context, reads_first=True)
def item(subject: GradeItemContext) -> Answer:
    """Change an item that is marked by hand alone."""
    form = _form(subject.context)
    if is_read_only_request():
        form.show(subject.item)
    if not form.validate_on_submit():
        return _item_page(subject.context, form, subject.item)
    plan = form.plan()
    if plan.maximum != subject.item.maximum and grade_items.has_marks(current_session(), subject.item.id):
        form.refuse(form.maximum, _(ItemIsMarked.message))
        return _item_page(subject.context, form, subject.item)
    grade_items.change_item(begin_writing(), current_actor(), subject.item, plan, now=clock.now())
    flash(_("Saved. Course grades will update shortly."), "ok")
    return _see("grading", slug=subject.context.slug)


@bp.post("/teaching/<slug>/items/<uuid:item>/state")
@requires(LearningAction.MANAGE_ITEMS, grade_items.get_item_context)
def retire(subject: GradeItemContext) -> Answer:
    """Let an item count no more, or again."""
    retired = request.form.get("state") == "retired"
    grade_items.retire_item(current_session(), current_actor(), subject.item, retired=retired, now=clock.now())
    flash(_("It no longer counts. Its marks are kept.") if retired else _("It counts again."), "ok")
    return _see("grading", slug=subject.context.slug)


@bp.route("/teaching/<slug>/items/<uuid:item>/marks", methods=["GET", "POST"])
@requires(LearningAction.MARK_ITEMS, grade_items.get_item_context, reads_first=True)
def marks(subject: GradeItemContext) -> Answer:
    """Show one page of the learners with their marks for an item; write down what was typed, all of it or nothing."""
    actor, lines = current_actor(), _mark_lines(subject)
    rows = [_row(line, is_own(actor, line.Person.id)) for line in lines[:ROWS]]
    if is_read_only_request():
        access_log.record_list_access(PeopleListKind.GRADEBOOK, Course, subject.context.course_id)
        return _marks_page(subject, rows, more=len(lines) > ROWS, number=uuid4())
    number = as_uuid(request.form.get("number", "")) or uuid4()

    def again(rows: Iterable[GradeEntryRow], status: int) -> Answer:
        return _marks_page(
            subject, list(rows), more=bool(_list_from(subject, requested_page(ROWS).offset + ROWS, 1)), number=number
        ), status

    typed = {line.id: _submitted_row(row, subject.item) for line, row in zip(lines[:ROWS], rows, strict=True)}
    shown = read_decimal(request.form.get("maximum", ""))
    if shown is not None and shown != subject.item.maximum:
        flash(_(MaximumChanged.message), "warn")
        return again(typed.values(), 409)
    if any(row.fault or row.comment_fault for row in typed.values()):
        return again(typed.values(), 422)
    entries = {
        (subject.item.id, enrolment_id): GradeEntry(read_decimal(row.points), row.comment, row.seen)
        for enrolment_id, row in typed.items()
        if not row.own
    }
    try:
        marked = grade_items.mark_items(begin_writing(), actor, [subject.item], entries, number, now=clock.now())
    except MaximumChanged as refused:
        flash(_(refused.message), "warn")
        return again(typed.values(), 409)
    if marked.conflicts:
        present = {enrolment_id: row for (_item, enrolment_id), row in marked.conflicts.items()}
        messages = {
            enrolment_id: _("Someone entered %(points)s in the meantime.", points=points_words(row.points) or "–")
            for enrolment_id, row in present.items()
        }
        seen = {enrolment_id: row.id for enrolment_id, row in present.items()}
        return again(
            (
                replace(row, fault=messages.get(enrolment_id, ""), seen=seen.get(enrolment_id, row.seen))
                for enrolment_id, row in typed.items()
            ),
            409,
        )
    told_words = ngettext("%(count)s mark saved.", "%(count)s marks saved.", marked.count)
    flash(told_words if marked.count else _("There was nothing to change."), "ok")
    return _see("marks", slug=subject.context.slug, item=subject.item.uuid, **_filter_from_address())


def _filter_from_address() -> dict[str, str]:
    return {name: request.args[name] for name in ASKED if name in request.args}


def _mark_lines(subject: GradeItemContext) -> Sequence[LearnerMarkRow]:
    if not is_read_only_request():  # the page that was sent, even where marks have been written meanwhile
        people = [as_uuid(text) or uuid4() for text in request.form.getlist("person")][:ROWS]
        return grade_items.list_marks_of(current_session(), subject.item, people)
    return _list_from(subject, requested_page(ROWS).offset, ROWS + 1)


def _list_from(subject: GradeItemContext, offset: int, limit: int) -> Sequence[LearnerMarkRow]:
    unmarked, filters = "unmarked" in request.args, filter_of(request.args)
    return grade_items.list_marks(current_session(), subject.item, filters, unmarked=unmarked, now=clock.now(), offset=offset, limit=limit)


def _row(line: LearnerMarkRow, own: bool) -> GradeEntryRow:
    _enrolment_id, person, mark = line
    points, comment, seen = (points_words(mark.points), mark.comment, mark.id) if mark else ("", "", 0)
    return GradeEntryRow(person.uuid, person.full_name, points, comment=comment, seen=seen, own=own)


def _submitted_row(row: GradeEntryRow, item: ManualGradeItem) -> GradeEntryRow:
    """Read what was typed for a learner, with what is wrong with it."""
    if row.own or f"points-{row.uuid}" not in request.form:
        return row
    points, comment = clean_text(request.form[f"points-{row.uuid}"]), clean_text(request.form.get(f"comment-{row.uuid}", ""))
    seen = whole_number(request.form.get(f"seen-{row.uuid}", ""))
    long = _("Use at most %(max)d characters.", max=LONGEST_COMMENT) if len(comment) > LONGEST_COMMENT else ""
    return replace(row, points=points, comment=comment, seen=seen, fault=mark_fault(points, item.maximum), comment_fault=long)


def _marks_page(subject: GradeItemContext, rows: list[GradeEntryRow], *, more: bool, number: UUID) -> Response:
    session, context = current_session(), subject.context
    paging = requested_page(ROWS)
    return page(
        "enrolments/item_marks.html",
        course=course_name(context),
        item=subject.item,
        maximum=points_words(subject.item.maximum),
        rows=rows,
        page=Page(rows, paging.number, more),
        number=number,
        filters=filter_of(request.args),
        unmarked="unmarked" in request.args,
        fields=_filter_from_address(),
        options=class_options(session, context.course_id),
        may_edit=allows(LearningAction.MANAGE_ITEMS, subject),
        may_load=allows(LearningAction.LOAD_MARKS, context),
    )
