"""The administrators' page of earlier takes that would have been completed by what was marked later."""

from uuid import UUID

from flask import Blueprint, flash, render_template, request

from enrolments.forms import CompletionDecisionForm
from enrolments.pages.gradebook import share
from enrolments.queries.completion_reviews import list_open_completion_reviews, lock_completion_review
from enrolments.services.completion_reviews import settle_review
from enrolments.take_permissions import CompletionReviewContext, TakeAction
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, requires, see_page

bp = Blueprint("enrolments_completion_reviews", __name__)


@bp.get("/administration/completion-reviews")
@requires(TakeAction.SETTLE)
def reviews() -> Answer:
    """List the takes that wait for a decision."""
    return _page(CompletionDecisionForm(), None)


@bp.post("/administration/completion-reviews/<uuid:review>/settlement")
@requires(TakeAction.SETTLE, lock_completion_review)
def settle(subject: CompletionReviewContext) -> Answer:
    """Record the completion of a take, or leave it as it is; why stays in the record."""
    form, records = CompletionDecisionForm(), request.form.get("decision") == "record"
    if not form.validate_on_post():
        return _page(form, subject.row.uuid), 422
    settle_review(current_session(), current_actor(), subject.row, form.reason.data or "", records=records, now=clock.now())
    flash(_("The completion was recorded.") if records else _("The take stays as it is."), "ok")
    return see_page("enrolments_completion_reviews.reviews")


def _page(form: CompletionDecisionForm, refused: UUID | None) -> str:
    page = requested_page()
    listed = list_open_completion_reviews(current_session(), offset=page.offset, limit=page.size + 1)
    rows = [{"row": row, "course": choose(dict(row.course)), "grade": share(row.grade)} for row in listed]
    return render_template(
        "enrolments/completion_reviews.html",
        page=Page(rows[: page.size], page.number, len(rows) > page.size),
        form=form,
        refused=refused,
    )
