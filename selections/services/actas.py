"""The life of an acta: asked for, frozen, published, signed by two, amended; each step an entry in the audit log (spec/selection 4.1)."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import audit, outbox
from kernel.codes import code_from_bits, printed_code
from kernel.errors import N_, Conflict
from kernel.i18n import format_date
from kernel.permissions import Actor
from selections.audit_verbs import SelectionVerb
from selections.models import ActaKind, ActaSignature, ActaState, Selection, SelectionActa
from selections.queries.actas import find_in_force
from selections.queries.corrections import find_open
from selections.queries.objections import find_term_of
from selections.queries.selections import lock_selection
from selections.rules.documents import CODE_LENGTH
from selections.services.corrections import follow_acta
from selections.services.outcomes import outcomes_of

FREEZE, NOTIFY_AMENDED = "selections.freeze", "selections.notify_amended"
SIGNATURES = 2


class ActaOpen(Conflict):
    """A selection with an acta that is being prepared."""

    code = "acta_open"
    message = N_("Another acta of this selection is being prepared. Publish or discard it first.")


class ActaChanged(Conflict):
    """An acta that is not in the state that was looked at."""

    code = "acta_changed"
    message = N_("The acta has changed in the meantime. Look at it again.")


class SignedAlready(Conflict):
    """A second signature of the same member of the jury."""

    code = "signed_already"
    message = N_("You have signed this acta. Another member of the jury has to sign it too.")


class StillWaiting(Conflict):
    """Results that wait for a grader, or objections that wait for a decision."""

    code = "still_waiting"
    message = N_("The acta cannot be final yet: answers wait to be marked, or objections to be decided.")


class NothingToAmend(Conflict):
    """An amendment where the results are those of the acta."""

    code = "nothing_to_amend"
    message = N_("Nothing differs from the acta, so there is nothing to amend.")


class TermRuns(Conflict):
    """A final acta while questions may still be objected to."""

    code = "term_runs"
    message = N_("The acta cannot be final yet: questions may be objected to until the end of %(day)s.")


def list_chain(session: Session, selection_id: int) -> Sequence[SelectionActa]:
    """List the actas of a selection that were not discarded, in their order."""
    statement = select(SelectionActa).where(SelectionActa.selection_id == selection_id, SelectionActa.state != ActaState.DISCARDED.value)
    return session.scalars(statement.order_by(SelectionActa.number).execution_options(populate_existing=True)).all()


def next_kind(chain: Sequence[SelectionActa]) -> ActaKind:
    """Return the kind of the acta that follows: provisional, final, then amendments."""
    in_force = [ActaKind(acta.kind) for acta in chain if acta.state == ActaState.IN_FORCE.value]
    if not in_force:
        return ActaKind.PROVISIONAL
    return ActaKind.FINAL if in_force[-1] is ActaKind.PROVISIONAL else ActaKind.AMENDMENT


def request_acta(session: Session, actor: Actor, selection_id: int, *, reason: str = "", now: datetime) -> SelectionActa:
    """Have the next acta of a selection frozen by a job; raise ActaOpen where one is on its way.

    Only an amendment has a reason, and only where the results differ from the acta before; else raise NothingToAmend.
    """
    assert actor.person_id is not None
    lock_selection(session, selection_id)
    chain = list_chain(session, selection_id)
    if any(acta.state != ActaState.IN_FORCE.value for acta in chain):
        raise ActaOpen
    kind = next_kind(chain)
    if kind is ActaKind.AMENDMENT and find_open(session, chain[-1].id) is None:
        raise NothingToAmend
    row = SelectionActa(
        selection_id=selection_id,
        number=len(chain) + 1,
        kind=kind.value,
        state=ActaState.FREEZING.value,
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        reason=reason if kind is ActaKind.AMENDMENT else "",
        requested_at=now,
        requested_by=actor.person_id,
        previous=chain[-1].sha256 if chain else "",
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, SelectionVerb.ACTA_REQUESTED, row, now=now, selection=selection_id, kind=kind.value, number=row.number)
    outbox.enqueue(session, FREEZE, {"acta": row.id}, now=now)
    return row


def discard_acta(session: Session, actor: Actor, acta_id: int, *, now: datetime) -> None:
    """Discard an acta that is not in force, with its signatures; raise ActaChanged."""
    row = _lock(session, acta_id, ActaState.FREEZING, ActaState.DRAFT)
    row.state = ActaState.DISCARDED.value
    audit.record(session, actor, SelectionVerb.ACTA_DISCARDED, row, now=now)


def publish_provisional(session: Session, actor: Actor, acta_id: int, sha256: str, *, now: datetime) -> None:
    """Put a provisional acta in force, by the digest that was looked at: its lines are shown, and objections may be made."""
    row = _lock(session, acta_id, ActaState.DRAFT)
    if row.kind != ActaKind.PROVISIONAL.value or row.sha256 != sha256:
        raise ActaChanged
    _put_in_force(session, actor, row, now)


def sign_acta(session: Session, actor: Actor, acta_id: int, sha256: str, *, now: datetime) -> bool:
    """Sign a final acta or an amendment, by the digest that was looked at; with the second signature it is in force: return whether.

    Raise ActaChanged, SignedAlready, StillWaiting, or TermRuns while questions may be objected to.
    """
    assert actor.person_id is not None
    row = _lock(session, acta_id, ActaState.DRAFT)
    if row.kind == ActaKind.PROVISIONAL.value or row.sha256 != sha256:
        raise ActaChanged
    selection = session.get_one(Selection, row.selection_id)
    if row.waiting or outcomes_of(session, selection).open_objections:
        raise StillWaiting
    term = find_term_of(session, selection)
    if term is not None and now < term.ends_at:
        raise TermRuns(day=format_date(term.last_day))
    signed = session.scalars(select(ActaSignature.signed_by).where(ActaSignature.acta_id == row.id)).all()
    if actor.person_id in signed:
        raise SignedAlready
    session.add(ActaSignature(acta_id=row.id, signed_by=actor.person_id, signed_at=now))
    session.flush()
    audit.record(session, actor, SelectionVerb.ACTA_SIGNED, row, now=now, code=printed_code(row.code), sha256=row.sha256)
    if len(signed) + 1 < SIGNATURES:
        return False
    _put_in_force(session, actor, row, now)
    return True


def _put_in_force(session: Session, actor: Actor, row: SelectionActa, now: datetime) -> None:
    before = find_in_force(session, row.selection_id)
    row.state, row.published_at = ActaState.IN_FORCE.value, now
    session.flush()
    facts = {"code": printed_code(row.code), "kind": row.kind, "sha256": row.sha256}
    audit.record(session, actor, SelectionVerb.ACTA_PUBLISHED, row, now=now, **facts)
    follow_acta(session, actor, row, before, now=now)
    if row.kind == ActaKind.AMENDMENT.value:
        outbox.enqueue(session, NOTIFY_AMENDED, {"acta": row.id}, now=now)


def _lock(session: Session, acta_id: int, *states: ActaState) -> SelectionActa:
    """Return an acta in one of these states, after every other change of its selection; raise ActaChanged."""
    lock_selection(session, session.scalars(select(SelectionActa.selection_id).where(SelectionActa.id == acta_id)).one())
    row = session.scalars(select(SelectionActa).where(SelectionActa.id == acta_id).execution_options(populate_existing=True)).one()
    if row.state not in states:
        raise ActaChanged
    return row
