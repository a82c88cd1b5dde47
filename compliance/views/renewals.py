"""The page on which learners begin a further take of what they have to renew."""

from flask import Blueprint, flash, render_template, url_for

from compliance.queries.renewals import get_renewal
from compliance.take_permissions import RenewalAction, RenewalContext
from courses.models import Course
from enrolments import takes
from enrolments.models import TakeCause
from enrolments.takes import REFUSALS, TakeNotAllowed
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, requires, see_other

bp = Blueprint("compliance_renewals", __name__)


@bp.route("/courses/<slug>/renewal", methods=["GET", "POST"])
@requires(RenewalAction.RENEW, get_renewal)
def renew(subject: RenewalContext) -> Answer:
    """Let the reader take a course again that they have to renew; sent twice, it has one effect."""
    session, present = current_session(), subject.present
    if present is None or subject.is_under_way:
        return see_other(url_for("enrolments.course", slug=subject.slug))
    if is_read_only_request():
        refusal = takes.find_refusal(session, present, TakeCause.SELF, subject.window, now=clock.now())
        return _page(subject, _(REFUSALS[refusal]) if refusal else "")
    try:
        takes.begin_take(session, current_actor(), present, TakeCause.SELF, window=subject.window, now=clock.now())
    except TakeNotAllowed as refused:
        return _page(subject, _(refused.text)), 409
    flash(_("You take the course again from the beginning. Your earlier results and certificates are kept."), "ok")
    return see_other(url_for("enrolments.course", slug=subject.slug))


def _page(subject: RenewalContext, refusal: str) -> str:
    course = {"slug": subject.slug, "title": choose(current_session().get_one(Course, subject.course_id).title)}
    return render_template("compliance/renewal.html", course=course, refusal=refusal)
