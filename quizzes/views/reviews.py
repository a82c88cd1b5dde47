"""The administrators' page of certificates to decide about (spec/quiz-engine 5.11.5)."""

from flask import Blueprint, Response, flash, render_template

from enrolments.queries.awards import list_awards
from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _, choose
from kernel.web.paging import Page, requested_page
from kernel.web.request import current_actor, current_session, requires, see_page
from quizzes.forms import CertificateDecisionForm
from quizzes.pages.question import points
from quizzes.permissions import QuizAction
from quizzes.queries import reviews as queries
from quizzes.queries.reviews import ReviewContext
from quizzes.services import reviews as services

bp = Blueprint("quizzes_reviews", __name__)

Answer = str | Response | tuple[str, int]


@bp.get("/administration/certificate-reviews")
@requires(QuizAction.SETTLE)
def reviews() -> Answer:
    """List the certificates whose holders do not pass any more."""
    return _page(CertificateDecisionForm(), None)


@bp.post("/administration/certificate-reviews/<int:review>/settlement")
@requires(QuizAction.SETTLE, queries.lock_review)
def settle(subject: ReviewContext) -> Answer:
    """Note that a certificate stays, or what else was decided."""
    form = CertificateDecisionForm()
    if not form.validate_on_post():
        return _page(form, subject.row.id), 422
    try:
        services.decide_review(current_session(), current_actor(), subject.row, form.note.data or "", now=clock.now())
    except Conflict as refused:
        flash(_(refused.text), "warn")
        return _page(CertificateDecisionForm(formdata=None), None), 409
    flash(_("Your decision was recorded."), "ok")
    return see_page("quizzes_reviews.reviews")


def _page(form: CertificateDecisionForm, refused: int | None) -> str:
    page = requested_page()
    found = queries.list_open(current_session(), offset=page.offset, limit=page.size + 1)
    awards = list_awards(current_session(), [row.enrolment_id for row in found])
    rows = [
        {
            "id": row.id,
            "name": row.name,
            "course": choose(row.course),
            "slug": row.slug,
            "key": row.activity_key,
            "regrade": row.regrade,
            "reason": row.reason,
            "code": row.code,
            "certificate": awards[row.enrolment_id].uuid if row.enrolment_id in awards else None,
            "before": None if row.percent_before is None else points(row.percent_before),
            "after": None if row.percent_after is None else points(row.percent_after),
            "opened_at": row.opened_at,
        }
        for row in found
    ]
    return render_template(
        "quizzes/certificate_reviews.html",
        page=Page(rows[: page.size], page.number, len(rows) > page.size),
        form=form,
        refused=refused,
    )
