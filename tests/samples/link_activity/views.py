"""The page of a link."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template
from sqlalchemy import select

from enrolments.access import ActivityContext
from enrolments.course_context import course_view, record_visit_later
from enrolments.course_view import html
from enrolments.enrolment import ActivityOutcome, record_result
from enrolments.learners import get_activity_context
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import choose
from kernel.web.request import current_actor, current_session, requires, see_page
from tests.samples.link_activity.access import LinkAction
from tests.samples.link_activity.models import Link

bp = Blueprint("links", __name__, template_folder="templates")


@bp.get("/courses/<slug>/links/<key>")
@requires(LinkAction.VIEW, get_activity_context)
def link(subject: ActivityContext) -> str:
    """Show where a link leads, and whether the learner has completed it."""
    activity, view = subject.activity, course_view(subject.context, subject.outline)
    url = current_session().scalar(select(Link.url).where(Link.activity_id == activity.id))
    if url is None:
        raise NotFound
    record_visit_later(subject, view)
    return render_template(
        "links/link.html",
        course={"slug": subject.outline.slug, "title": choose(subject.outline.title)},
        activity={"key": activity.key, "title": choose(activity.title), "done": view.is_done(activity.key)},
        summary=html(activity.summary),
        url=url,
        host=urlsplit(url).hostname,
        completable=subject.context.is_learner and subject.closed is None,
    )


@bp.post("/courses/<slug>/links/<key>/completion")
@requires(LinkAction.COMPLETE, get_activity_context)
def complete(subject: ActivityContext) -> Response:
    """Complete a link by the learner's word: result, progress, completion and audit entry in one transaction."""
    enrolment_id = subject.context.enrolment_id
    assert enrolment_id is not None
    record_result(current_session(), current_actor(), enrolment_id, subject.activity.key, ActivityOutcome(completed=True), now=clock.now())
    return see_page("links.link", slug=subject.outline.slug, key=subject.activity.key)
