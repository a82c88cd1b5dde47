"""Pages of one learner's results: their own, and the team's with result overrides and learner notes."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import cast
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request, url_for

from accounts.models import Person
from courses import versions
from courses.kinds import COURSE_KINDS
from enrolments import learners, results
from enrolments.access import LearnerContext, LearnerNoteContext, LearningAction, ParticipantContext, ResultContext
from enrolments.course_context import LearnerNoteForm, course_name, course_view
from enrolments.course_view import of_earlier_take, override_rows, result_lines, share
from enrolments.editions import get_place
from enrolments.results import ResultOverrideValues
from enrolments.rules import Progress, course_grade
from enrolments.takes import TakeRow, list_submitted, list_takes
from enrolments.views.grade_items import DecimalField
from enrolments.views.gradebook import get_published
from kernel import clock
from kernel.errors import require_found
from kernel.i18n import _, choose, lazy_
from kernel.web.forms import Form, as_uuid, line, whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, is_read_only_request, page, requires, see_other


class ResultOverrideForm(Form):
    """The result that the team sets, or that what was earned counts again; and why."""

    score = DecimalField(lazy_("Result as a percentage"), least=Decimal(0), most=Decimal(100))
    reason = line(lazy_("Reason"), most=500, required=lazy_("Give a reason. The learner will see it, and it is kept in the audit log."))

    def refuse_missing(self) -> bool:
        """Add the fault that no result was written, and say whether there is it."""
        if not self.score.data:
            self.refuse(self.score, _("Enter the result that should count."))
        return bool(self.score.errors)


bp = Blueprint("enrolments_results", __name__)


@bp.get("/courses/<slug>/results")
@requires(LearningAction.SEE_RESULTS, get_published)
def own_results(context: LearnerContext) -> Response:
    """Show a learner what they have in a course, what it counts, and what its team set."""
    session = current_session()
    takes = list_takes(session, current_actor().person_id or 0, context.course_id) if context.take > 1 else []
    present, context = context, _in_take(context, takes)
    is_present = context == present
    outline = versions.get_outline(session, cast("int", context.version_id))
    enrolment_id = cast("int", context.enrolment_id)
    view = course_view(context, outline)
    marks = results.list_item_marks(session, context.course_id, enrolment_id)
    overrides = results.list_overrides(session, enrolment_id)
    lines = result_lines(view.outline, view.results, view.withheld, marks, overrides, view.ungraded)
    return page(
        "enrolments/results.html",
        course=course_name(context),
        lines=lines if is_present else of_earlier_take(lines, list_submitted(session, enrolment_id)),
        has_parts=bool(outline.categories),
        grade=share(view.shown_grade),
        needed="" if outline.completion_grade is None else share(outline.completion_grade),
        drops=[(choose(part.title), part.drop_lowest) for part in outline.categories if part.drop_lowest],
        take=context.take,
        takes=takes,
        is_present=is_present,
    )


def _in_take(context: LearnerContext, takes: Sequence[TakeRow]) -> LearnerContext:
    """Return the learner in the take that the address asks for, else in the present one; raise NotFound where there is no such take."""
    number = whole_number(request.args.get("take", ""))
    if number in (0, context.take):
        return context
    chosen = require_found(next((row for row in takes if row.take == number), None))
    return replace(context, enrolment_id=chosen.enrolment_id, version_id=chosen.version_id, take=chosen.take)


def _back(subject: ResultContext | ParticipantContext | LearnerNoteContext, person: UUID, anchor: str = "") -> Response:
    address = url_for("lms_following.learner", slug=subject.context.slug, person=person)
    return see_other(f"{address}{anchor}")


@bp.route("/teaching/<slug>/learners/<uuid:person>/results/<key>", methods=["GET", "POST"])
@requires(LearningAction.OVERRIDE, results.get_result_context, reads_first=True)
def override(subject: ResultContext) -> Answer:
    """Set a learner's result of an activity, with a reason; or let the one that was earned count again."""
    form = ResultOverrideForm()
    if is_read_only_request():
        return _override_page(subject, form, uuid4())
    number, undo = as_uuid(request.form.get("number", "")) or uuid4(), "undo" in request.form
    if undo:
        form.score.data = ""
    valid = form.validate_on_submit()
    if not valid or (not undo and form.refuse_missing()):
        return _override_page(subject, form, number), 422
    session = current_session()
    before = course_grade(subject.outline, learners.results_of(session, subject.enrolment.id))
    score = None if undo else Fraction(form.score.value or 0)
    person = _person(subject.enrolment.person_id)
    progress = results.override_result(
        begin_writing(), current_actor(), subject, ResultOverrideValues(number, score, form.reason.data or ""), now=clock.now()
    )
    flash(_effect(subject, before, progress, undo=undo), "ok")
    return _back(subject, person.uuid, "#overrides-title")


def _effect(subject: ResultContext, before: Fraction | None, progress: Progress, *, undo: bool) -> str:
    sentences = [
        _("The learner's own result counts again.")
        if undo
        else _("The result for “%(title)s” has been set.", title=choose(subject.activity.title)),
        _("Course grade: %(before)s before, %(after)s now.", before=share(before), after=share(progress.grade)),
    ]
    return " ".join([*sentences, _("The course is completed.")] if progress.completed else sentences)


def _person(person_id: int) -> Person:
    return current_session().get_one(Person, person_id)


def _override_page(subject: ResultContext, form: ResultOverrideForm, number: UUID) -> Response:
    session, row = current_session(), results.find_result(current_session(), subject.enrolment.id, subject.activity.key)
    pass_mark = COURSE_KINDS.of(session).publisher(subject.activity.kind).pass_mark(session, subject.activity)
    return page(
        "enrolments/override.html",
        course=course_name(subject.context),
        person=_person(subject.enrolment.person_id),
        activity={"key": subject.activity.key, "title": choose(subject.activity.title)},
        form=form,
        number=number,
        result=share(None if row is None else row.score),
        own=share(None if row is None else row.own_score if row.overridden_at is not None else row.score),
        overridden=row is not None and row.overridden_at is not None,
        refusal="" if results.is_set_by_hand(session, subject.activity) else _(results.ResultUsedElsewhere.message),
        completed_at=None if row is None else row.completed_at,
        pass_mark="" if pass_mark is None else share(pass_mark),
        history=override_rows(subject.outline, results.list_overrides(session, subject.enrolment.id), subject.activity.key),
    )


@bp.post("/teaching/<slug>/learners/<uuid:person>/notes")
@requires(LearningAction.NOTE, get_place, reads_first=True)
def write_note(subject: ParticipantContext) -> Answer:
    """Keep a note of the team on a learner."""
    form, person = LearnerNoteForm(), _person(subject.enrolment.person_id)
    number = as_uuid(request.form.get("number", "")) or uuid4()
    if not form.validate_on_submit():
        return page("enrolments/note.html", course=course_name(subject.context), person=person, form=form, number=number)
    results.write_note(begin_writing(), current_actor(), subject, form.words.data or "", number, now=clock.now())
    flash(_("The note has been saved. Only the course team can see it."), "ok")
    return _back(subject, person.uuid, "#notes-title")


@bp.post("/teaching/<slug>/learners/<uuid:person>/notes/<uuid:note>/deletion")
@requires(LearningAction.DELETE_NOTE, results.get_note_context)
def delete_note(subject: LearnerNoteContext) -> Answer:
    """Delete a note of the team on a learner."""
    person = _person(subject.enrolment.person_id)
    results.delete_note(current_session(), current_actor(), subject, now=clock.now())
    flash(_("The note has been deleted."), "ok")
    return _back(subject, person.uuid, "#notes-title")
