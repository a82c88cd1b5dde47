"""Objections of one's own attempt: what one may object to in the term, objecting, withdrawing, and what came of it (spec/selection 5.3)."""

from uuid import UUID

from flask import Blueprint, Response, flash, render_template
from sqlalchemy.orm import Session

from kernel import clock
from kernel.i18n import _
from kernel.permissions import Actor
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes.attempt_page import open_attempt
from selections.forms import ObjectionForm
from selections.objection_permissions import ObjectionAction, OwnObjectionsContext
from selections.pages import objections as pages
from selections.queries import objections as queries
from selections.rules.objections import LONGEST_REASON, SHORTEST_REASON, is_of_own_hand
from selections.services import objections as services

bp = Blueprint("selections_objections", __name__)


@bp.get("/attempts/<uuid:attempt>/objections")
@requires(ObjectionAction.LIST_OWN, queries.get_own_objections)
def own(subject: OwnObjectionsContext) -> str:
    """Show what may be objected to in an attempt, what was, and what came of it."""
    session, now = current_session(), clock.now()
    opened = open_attempt(session, subject.loaded)
    lines = pages.own_lines(opened, subject, queries.list_own_objections(session, subject.loaded.id), now=now)
    return render_template(
        "selections/objections.html",
        **opened.activity_header,
        attempt={"uuid": subject.loaded.uuid, "number": subject.loaded.row.number},
        term=pages.term_view(subject, now=now),
        objections=[line for line in lines if line.objection],
        noted=[line for line in lines if line.is_noted and not line.objection],
        others=[line for line in lines if not line.is_noted and not line.objection],
    )


def lock_own_objection(session: Session, actor: Actor, attempt: UUID, position: int) -> OwnObjectionsContext:
    """Return a question of an attempt that may be objected to, its attempt locked."""
    return queries.get_own_objection(session, actor, attempt, position, lock=True)


@bp.get("/attempts/<uuid:attempt>/objections/<int:position>")
@requires(ObjectionAction.OPEN, queries.get_own_objection)
def objection(subject: OwnObjectionsContext) -> str:
    """Ask for the ground and the reason of an objection; out of the term there is nothing to ask."""
    services.require_term(subject, now=clock.now())
    return _form_page(subject, ObjectionForm(formdata=None))


@bp.post("/attempts/<uuid:attempt>/objections/<int:position>")
@requires(ObjectionAction.OPEN, lock_own_objection)
def object_to(subject: OwnObjectionsContext) -> Answer:
    """Object to a question, or extend the objection."""
    services.require_term(subject, now=clock.now())
    form = ObjectionForm()
    if not form.validate_on_post():
        return _form_page(subject, form), 422
    services.object_to(current_session(), current_actor(), subject, form.values(), now=clock.now())
    flash(_("Your objection is kept. You can change it until the term ends or it is decided."), "ok")
    return see_page("selections_objections.own", attempt=subject.loaded.uuid)


@bp.post("/attempts/<uuid:attempt>/objections/<int:position>/withdrawal")
@requires(ObjectionAction.OPEN, lock_own_objection)
def withdraw(subject: OwnObjectionsContext) -> Response:
    """Withdraw an objection."""
    services.withdraw(current_session(), current_actor(), subject, now=clock.now())
    flash(_("Your objection is withdrawn."), "ok")
    return see_page("selections_objections.own", attempt=subject.loaded.uuid)


def _form_page(subject: OwnObjectionsContext, form: ObjectionForm) -> str:
    session, now = current_session(), clock.now()
    assert subject.item is not None
    opened = open_attempt(session, subject.loaded)
    present = queries.find_own_objection(session, subject.item.id)
    rows = [present] if present is not None else []
    (line,) = pages.own_lines(opened, subject, rows, now=now)
    if not form.is_submitted():
        form.ground.data = present.objection.ground if present is not None else None
        form.reason.data = present.objection.reason if present is not None else pages.noted_reason(subject)
    return render_template(
        "selections/objection.html",
        **opened.activity_header,
        attempt={"uuid": subject.loaded.uuid, "number": subject.loaded.row.number},
        line=line,
        term=pages.term_view(subject, now=now),
        form=form,
        may_withdraw=line.objection is not None and line.objection.state == "open",
        names=is_of_own_hand(opened.questions[subject.item.question_version_id].kind),
        shortest=SHORTEST_REASON,
        longest=LONGEST_REASON,
    )
