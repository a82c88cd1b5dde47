"""Learners judge their own texts by the rubric, on the page of the review."""

from flask import Blueprint, Response, flash, request

from kernel import clock
from kernel.i18n import _
from kernel.web.request import current_actor, current_session, requires, see_page
from quizzes.forms.quizzes import chosen_levels
from quizzes.permissions import QuizAction
from quizzes.queries.self_assessments import SelfReviewedItem, lock_self_reviewed
from quizzes.rules.manual_marking import rubric_of
from quizzes.services.self_assessments import NoLevelChosen, assess_own_text

bp = Blueprint("quizzes_self_assessments", __name__)


@bp.post("/attempts/<uuid:attempt>/questions/<int:position>/self-assessment")
@requires(QuizAction.SELF_ASSESS, lock_self_reviewed)
def assess(subject: SelfReviewedItem) -> Response:
    """Keep the levels that the writer of a text chose, and show the review again at its question."""
    levels = chosen_levels(request.form.to_dict(flat=False), rubric_of(subject.question))
    try:
        assess_own_text(current_session(), current_actor(), subject, levels, now=clock.now())
    except NoLevelChosen as error:
        flash(_(error.text), "warn")
    else:
        flash(_("Your self-assessment is saved. It changes no mark."), "ok")
    return see_page("quizzes.review", attempt=subject.uuid, _anchor=f"p{subject.item.position}")
