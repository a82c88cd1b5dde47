"""Deciding on publications that wait: approve, refuse, withdraw."""

from flask import Blueprint, Response, flash, request

from courses import publication
from courses.models import PlannedPublication
from courses.permissions import CourseAction, PublicationPlanContext
from courses.queries import catalogue as course_catalogue
from courses.queries import history
from courses.queries import plans as plan_queries
from courses.services import publication_plans as planning_services
from courses.services.publication_plans import PublishInputs
from courses.services.publishing import DraftChangedSinceReview
from courses.views.publishing import kinds, stored
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import clean_text
from kernel.web.request import begin_writing, current_actor, current_session, requires, see_page

bp = Blueprint("courses_plans", __name__)

LONGEST_REMARK = 1000


def _back(subject: PublicationPlanContext) -> Response:
    return see_page("courses.publishing", slug=subject.course.slug)


def _remark() -> str:
    return clean_text(request.form.get("remark", ""), lines=True)[:LONGEST_REMARK]


def _locked(subject: PublicationPlanContext) -> PlannedPublication:
    return plan_queries.lock_plan(current_session(), subject.plan_id)


@bp.post("/teaching/<slug>/plans/<uuid:plan>/approval")
@requires(CourseAction.PUBLISH, plan_queries.get_taught_plan, reads_first=True)
def approve(subject: PublicationPlanContext) -> Response:
    """Approve another person's publication request; without a date it is published at once. Rendering comes before the transaction."""
    session = current_session()
    contents = history.read_all_at(session, stored(), subject.course.id, plan_queries.get_plan(session, subject.plan_id).revision)
    prepared = publication.prepare(contents, kinds(), today=clock.now().date()).prepared
    if prepared is None:
        raise DraftChangedSinceReview
    writing = begin_writing()
    locked = course_catalogue.lock_course(writing, subject.course.id)
    inputs = PublishInputs(prepared, kinds(), stored())
    version = planning_services.approve(writing, current_actor(), locked, _locked(subject), inputs, _remark(), now=clock.now())
    flash(
        _("Version %(number)s is published.", number=version.number)
        if version
        else _("Approved. It will be published at the scheduled time."),
        "ok",
    )
    return _back(subject)


@bp.post("/teaching/<slug>/plans/<uuid:plan>/refusal")
@requires(CourseAction.PUBLISH, plan_queries.get_taught_plan)
def refuse(subject: PublicationPlanContext) -> Response:
    """Refuse another person's publication request."""
    session = current_session()
    locked = course_catalogue.lock_course(session, subject.course.id)
    planning_services.refuse(session, current_actor(), locked, _locked(subject), _remark(), now=clock.now())
    flash(_("Not published. The person who requested it will be notified."), "ok")
    return _back(subject)


@bp.post("/teaching/<slug>/plans/<uuid:plan>/withdrawal")
@requires(CourseAction.PUBLISH, plan_queries.get_taught_plan)
def withdraw(subject: PublicationPlanContext) -> Response:
    """Take a publication back that waits."""
    session = current_session()
    locked = course_catalogue.lock_course(session, subject.course.id)
    planning_services.withdraw(session, current_actor(), locked, _locked(subject), now=clock.now())
    flash(_("The publication has been withdrawn."), "ok")
    return _back(subject)
