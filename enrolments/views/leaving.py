"""The page on which learners leave a course."""

from flask import Blueprint, current_app, flash, render_template, url_for

from enrolments.course_context import course_name
from enrolments.models import Enrolment
from enrolments.permissions import LearnerContext
from enrolments.queries.learning import get_learner_context
from enrolments.services import leaving
from enrolments.services.leaving import LeavingNotAllowed
from enrolments.take_permissions import TakeAction
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, requires, see_other

bp = Blueprint("enrolments_leaving", __name__)

ASK = "compliance_waivers.ask"
"""The page on which a person asks for a waiver."""


@bp.route("/courses/<slug>/leaving", methods=["GET", "POST"])
@requires(TakeAction.LEAVE, get_learner_context)
def leave(context: LearnerContext) -> Answer:
    """Ask the reader whether they leave a course, and let them; what is compulsory cannot be left."""
    session = current_session()
    present = session.get_one(Enrolment, context.enrolment_id)
    if is_read_only_request():
        return _page(context, present)
    try:
        leaving.leave_course(session, current_actor(), present, now=clock.now())
    except LeavingNotAllowed:
        return _page(context, present), 409
    flash(_("You have left the course. What you did in it is kept."), "ok")
    return see_other(url_for("lms.learning"))


def _page(context: LearnerContext, present: Enrolment) -> str:
    obstacles = leaving.list_obstacles(current_session(), present, now=clock.now())
    may_ask = ASK in current_app.view_functions
    links = [(choose(obstacle.title), url_for(ASK, assignment=obstacle.uuid) if may_ask else "") for obstacle in obstacles]
    return render_template("enrolments/leaving.html", course=course_name(context), asked=links, by_edition=bool(context.edition))
