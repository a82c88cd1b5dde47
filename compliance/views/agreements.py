"""The page on which a course's team agrees that compulsory training enrols people in its course, or not (spec/compulsory 4.9a)."""

from uuid import UUID

from flask import Blueprint, flash, render_template, request

from compliance.forms.claims import ClaimDecisionForm
from compliance.pages.claims import state_view
from compliance.queries.agreements import list_agreements, lock_agreement
from compliance.rules.claims import ClaimState
from compliance.services.agreements import answer_agreement
from enrolments.access import LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.learners import get_learner_context
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import as_uuid
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from organisations import audiences

bp = Blueprint("compliance_agreements", __name__)

STATES = {None: ClaimState.PROPOSED, True: ClaimState.APPROVED, False: ClaimState.REFUSED}


@bp.get("/teaching/<slug>/agreements")
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def agreements(context: LearnerContext) -> Answer:
    """Show the obligations that need the agreement of the course's team."""
    return _page(context)


@bp.post("/teaching/<slug>/agreements")
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def answer(context: LearnerContext) -> Answer:
    """Agree that an obligation enrols people in the course, do not, or take it back."""
    session, obligation = current_session(), as_uuid(request.form.get("obligation", ""))
    row, form = lock_agreement(session, context.course_id, obligation), ClaimDecisionForm(prefix=f"answer-{obligation}")
    if not form.validate_on_post():
        return _page(context, obligation, form), 422
    if answer_agreement(session, current_actor(), row, form.words.data or "", agrees=form.approves, now=clock.now()):
        flash(_("Your answer was saved. Those who look after the training are notified."), "ok")
    return see_page("compliance_agreements.agreements", slug=context.slug)


def _page(context: LearnerContext, answered: UUID | None = None, refused: ClaimDecisionForm | None = None) -> str:
    session = current_session()
    rows = list_agreements(session, context.course_id)
    people = {number for row in rows for number in (row.agreement.asked_by, row.agreement.decided_by, row.obligation.owner_id)}
    forms = {row.obligation.uuid: ClaimDecisionForm(formdata=None, prefix=f"answer-{row.obligation.uuid}") for row in rows}
    return render_template(
        "compliance/agreements.html",
        course=course_name(context),
        rows=[
            (row, state_view(STATES[row.agreement.agreed]), refused if row.obligation.uuid == answered else forms[row.obligation.uuid])
            for row in rows
        ],
        members=audiences.count_members(session),
        people=audiences.people_names(session, people),
        refused=refused,
    )
