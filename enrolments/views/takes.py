"""Pages on which a course is taken again or left, and on which the completion of earlier takes is decided."""

from uuid import UUID

from flask import Blueprint, Response, current_app, flash, request, url_for

from accounts.models import Person
from enrolments import enrolment, muting, takes
from enrolments.access import CompletionReviewContext, LearnerContext, LearningAction, ParticipantContext, TakeAction
from enrolments.course_context import course_name
from enrolments.course_view import share
from enrolments.editions import get_place, list_consequences
from enrolments.enrolment import LeavingNotAllowed
from enrolments.learners import find_completion, get_learner_context
from enrolments.models import Enrolment, TakeCause
from enrolments.takes import REFUSALS, TakeNotAllowed, list_open_completion_reviews, lock_completion_review, settle_review
from kernel import clock
from kernel.i18n import _, choose, lazy_
from kernel.web.forms import Form, line, whole_number
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, page, requires, see_other, see_page
from kernel.web.table import requested_page


class RetakeForm(Form):
    """The reason why a learner is to take a course again."""

    reason = line(lazy_("Reason"), most=500, required=lazy_("Give a reason. It is recorded in the audit log."))


class CompletionDecisionForm(RetakeForm):
    """The reason of a decision on the completion of an earlier take."""


takes_bp = Blueprint("enrolments_takes", __name__)


@takes_bp.route("/teaching/<slug>/learners/<uuid:person>/takes", methods=["GET", "POST"])
@requires(TakeAction.BEGIN, get_place)
def begin(subject: ParticipantContext) -> Answer:
    """Let a learner take the course again, with a reason; sent twice, it has one effect."""
    form, present = RetakeForm(), subject.enrolment
    if is_read_only_request():
        return _page(subject, form)
    seen = whole_number(request.form.get("take", ""), present.take)
    if seen == present.take:
        if not form.validate_on_submit():
            return _page(subject, form)
        try:
            takes.begin_take(current_session(), current_actor(), present, TakeCause.STAFF, form.reason.data or "", now=clock.now())
        except TakeNotAllowed as refused:
            form.refuse(form.reason, _(refused.text))
            return _page(subject, form), 409
        name = current_session().get_one(Person, present.person_id).full_name
        flash(_("%(name)s takes the course again from the beginning. The earlier results are kept.", name=name), "ok")
    person = current_session().get_one(Person, present.person_id)
    return see_page("lms_following.learner", slug=subject.context.slug, person=person.uuid)


def _page(subject: ParticipantContext, form: RetakeForm) -> Response:
    session, present, now = current_session(), subject.enrolment, clock.now()
    refusal = takes.find_refusal(session, present, TakeCause.STAFF, now=now)
    completion = find_completion(session, present.id)
    return page(
        "enrolments/retake.html",
        course=course_name(subject.context),
        person=session.get_one(Person, present.person_id),
        take=present.take,
        completed_at=completion.completed_at if completion else None,
        refusal=_(REFUSALS[refusal]) if refusal else "",
        follows=list_consequences(session, present, begins_again=True),
        form=form,
    )


completion_reviews_bp = Blueprint("enrolments_completion_reviews", __name__)


@completion_reviews_bp.get("/administration/completion-reviews")
@requires(TakeAction.SETTLE)
def reviews() -> Answer:
    """List the takes that wait for a decision."""
    return _completion_reviews_page(CompletionDecisionForm(), None)


@completion_reviews_bp.post("/administration/completion-reviews/<uuid:review>/settlement")
@requires(TakeAction.SETTLE, lock_completion_review)
def settle(subject: CompletionReviewContext) -> Answer:
    """Record the completion of a take, or leave it as it is; why stays in the record."""
    form, records = CompletionDecisionForm(), request.form.get("decision") == "record"
    if not form.validate_on_submit():
        return _completion_reviews_page(form, subject.row.uuid)
    settle_review(current_session(), current_actor(), subject.row, form.reason.data or "", records=records, now=clock.now())
    flash(_("The completion was recorded.") if records else _("The take stays as it is."), "ok")
    return see_page("enrolments_completion_reviews.reviews")


def _completion_reviews_page(form: CompletionDecisionForm, refused: UUID | None) -> Response:
    paging = requested_page()
    rows = list_open_completion_reviews(current_session(), offset=paging.offset, limit=paging.size + 1)
    return page("enrolments/completion_reviews.html", page=paging.of(rows), share=share, form=form, refused=refused)


leaving_bp = Blueprint("enrolments_leaving", __name__)

ASK = "compliance_waivers.ask"
"""The page on which a person asks for a waiver."""


@leaving_bp.route("/courses/<slug>/leaving", methods=["GET", "POST"])
@requires(TakeAction.LEAVE, get_learner_context)
def leave(context: LearnerContext) -> Answer:
    """Ask the reader whether they leave a course, and let them; what is compulsory cannot be left."""
    session = current_session()
    present = session.get_one(Enrolment, context.enrolment_id)
    if is_read_only_request():
        return _leaving_page(context, present)
    try:
        enrolment.leave_course(session, current_actor(), present, now=clock.now())
    except LeavingNotAllowed:
        return _leaving_page(context, present), 409
    flash(_("You have left the course. What you did in it is kept."), "ok")
    return see_other(url_for("lms.learning"))


@leaving_bp.post("/courses/<slug>/notifications")
@requires(LearningAction.MUTE, get_learner_context)
def mute(context: LearnerContext) -> Answer:
    """Turn the notifications of a course off, or on again."""
    session, muted = current_session(), bool(request.form.get("muted"))
    present = session.get_one(Enrolment, context.enrolment_id)
    muting.mute_course(session, current_actor(), present, muted=muted, now=clock.now())
    flash(_("You get no more notifications of this course.") if muted else _("You get the notifications of this course again."), "ok")
    if request.form.get("back") == "settings":
        return see_other(url_for("accounts_notices.switches"))
    return see_other(url_for("enrolments.course", slug=context.slug))


def _leaving_page(context: LearnerContext, present: Enrolment) -> Response:
    obstacles = enrolment.list_obstacles(current_session(), present, now=clock.now())
    may_ask = ASK in current_app.view_functions
    links = [(choose(obstacle.title), url_for(ASK, assignment=obstacle.uuid) if may_ask else "") for obstacle in obstacles]
    return page(
        "enrolments/leaving.html",
        course=course_name(context),
        asked=links,
        by_edition=bool(context.edition),
        follows=list_consequences(current_session(), present),
    )
