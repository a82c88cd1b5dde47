"""The page on which the team of a course lets one of its learners take it again."""

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from accounts.models import Person
from enrolments.course_context import course_name
from enrolments.forms import RetakeForm
from enrolments.models import TakeCause
from enrolments.permissions import ParticipantContext
from enrolments.queries.editions import get_place
from enrolments.queries.learning import find_completion
from enrolments.services import takes
from enrolments.services.takes import REFUSALS, TakeNotAllowed
from enrolments.take_permissions import TakeAction
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import whole_number
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, requires

bp = Blueprint("enrolments_takes", __name__)


@bp.route("/teaching/<slug>/learners/<uuid:person>/takes", methods=["GET", "POST"])
@requires(TakeAction.BEGIN, get_place)
def begin(subject: ParticipantContext) -> Answer:
    """Let a learner take the course again, with a reason; sent twice, it has one effect."""
    form, present = RetakeForm(), subject.enrolment
    if is_read_only_request():
        return _page(subject, form)
    seen = whole_number(request.form.get("take", ""), present.take)
    if seen == present.take:
        if not form.validate_on_post():
            return _page(subject, form), 422
        try:
            takes.begin_take(current_session(), current_actor(), present, TakeCause.STAFF, form.reason.data or "", now=clock.now())
        except TakeNotAllowed as refused:
            form.refuse(form.reason, _(refused.text))
            return _page(subject, form), 409
        name = current_session().get_one(Person, present.person_id).full_name
        flash(_("%(name)s takes the course again from the beginning. The earlier results are kept.", name=name), "ok")
    person = current_session().get_one(Person, present.person_id)
    return cast("Response", redirect(url_for("lms_following.learner", slug=subject.context.slug, person=person.uuid), code=303))


def _page(subject: ParticipantContext, form: RetakeForm) -> str:
    session, present, now = current_session(), subject.enrolment, clock.now()
    refusal = takes.find_refusal(session, present, TakeCause.STAFF, now=now)
    completion = find_completion(session, present.id)
    return render_template(
        "enrolments/retake.html",
        course=course_name(subject.context),
        person=session.get_one(Person, present.person_id),
        take=present.take,
        completed_at=completion.completed_at if completion else None,
        refusal=_(REFUSALS[refusal]) if refusal else "",
        form=form,
    )
