"""Moves of units that wait for a second person: whom they concern, and applying them by their number (spec/compulsory 4.5b)."""

import json

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from compliance.models import PlannedChange
from compliance.planned_changes import NumberToType, apply_change, discard_change, get_move, is_present, lock_move, move_planned
from compliance.rules.planned_changes import read_outcome
from compliance.team_digests import list_second_persons
from compliance.views.obligation_forms import PlannedChangeForm
from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _
from kernel.web.request import Answer, begin_writing, current_actor, current_session, is_read_only_request, page, requires, see_page
from organisations import audiences, tree
from organisations.access import OrganisationAction
from organisations.models import Organisation
from organisations.move_previews import MovePreview, preview_move

bp = Blueprint("compliance_unit_moves", __name__, url_prefix="/administration/unit-moves")


@bp.get("/<uuid:change>")
@requires(OrganisationAction.MANAGE, get_move)
def change(subject: PlannedChange) -> Answer:
    """Show where somebody wants a unit to stand and whom that concerns, or that another applied it."""
    return _page(subject, PlannedChangeForm(formdata=None))


def _page(row: PlannedChange, form: PlannedChangeForm) -> Response:
    session, planned, outcome = _session(), move_planned(row), read_outcome(json.loads(row.outcome))
    places, before = {unit.id: unit for unit in tree.list_tree(session)}, json.loads(row.content)["before"]
    may_apply = row.created_by != current_actor().person_id
    return page(
        "compliance/planned_move.html",
        change=row,
        unit=places.get(planned.unit_id),
        former=places.get(before),
        parent=places.get(planned.parent_id),
        moved=_preview(session, row),
        concerned=outcome.concerned,
        form=form,
        may_apply=may_apply,
        is_present=row.state in ("applied", "discarded") or is_present(session, row),
        people=audiences.people_names(session, {row.created_by, row.applied_by}),
        seconds=[] if may_apply else list_second_persons(session, None, {row.created_by}),
    )


def _session() -> Session:
    """Return the session of the page: what it shows is tried in a writing one and taken back."""
    return begin_writing() if is_read_only_request() else current_session()


def _preview(session: Session, row: PlannedChange) -> MovePreview | None:
    """Return the effect of a move that waits, as whoever planned it saw it; None where it can no longer be applied."""
    planned = move_planned(row)
    unit, parent = (session.get(Organisation, number) for number in (planned.unit_id, planned.parent_id))
    if row.state != "ready" or unit is None or parent is None or not is_present(session, row):
        return None
    try:
        return preview_move(session, unit, parent, planned.since_on, now=clock.now(), plan=planned.plan)
    except Conflict:
        return None


@bp.post("/<uuid:change>/application")
@requires(OrganisationAction.MANAGE, lock_move)
def apply(subject: PlannedChange) -> Answer:
    """Move the unit, as second person."""
    form = PlannedChangeForm()
    try:
        apply_change(current_session(), current_actor(), subject, form.confirmed, now=clock.now())
    except NumberToType as refused:
        form.refuse(form.number, _(refused.text))
        return _page(subject, form)
    except Conflict as refused:
        form.form_errors.append(_(refused.text, **refused.facts))
        return _page(subject, form), 409
    return see_page("compliance_unit_moves.change", change=subject.uuid)


@bp.post("/<uuid:change>/discard")
@requires(OrganisationAction.MANAGE, lock_move)
def discard(subject: PlannedChange) -> Answer:
    """Discard a move that waits."""
    discard_change(current_session(), current_actor(), subject, now=clock.now())
    return see_page("organisations.organisations", flash=_("Discarded. Nothing has changed."))
