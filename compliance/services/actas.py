"""Making actas of compulsory training, each an entry in the audit log (spec/compulsory 12.3)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import TrainingActa
from compliance.queries import actas as queries
from compliance.queries.report_basis import ReportObligation, ReportTime
from compliance.rules.actas import CODE_LENGTH, acta_digest
from kernel import audit
from kernel.codes import code_from_bits, printed_code
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from organisations.models import Organisation


@dataclass(frozen=True, slots=True)
class ActaValues:
    """An acta to make: of which place, obligation and moments; `number` is that of the form, so that it has one effect."""

    place_id: int
    obligation: ReportObligation
    time: ReportTime
    number: UUID


def make_acta(session: Session, actor: Actor, values: ActaValues, *, now: datetime) -> TrainingActa:
    """Keep the moments of an acta and the digest of its numbers; a second time with one number changes nothing.

    Raise Conflict where the history that the numbers are counted from does not yet say what the page says.
    """
    acta = queries.find_acta_of_form(session, values.number)
    if acta is not None and (acta.place_id, acta.made_by) == (values.place_id, actor.person_id):
        return acta
    if values.time.known >= now and queries.has_due_changes(session, values.obligation.id, now):
        raise Conflict(N_("Statuses are being updated. Try again in a few minutes."))
    row = TrainingActa(
        uuid=values.number if acta is None else uuid4(),
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        place_id=values.place_id,
        obligation_id=values.obligation.id,
        at=values.time.at,
        known=values.time.known,
        made_at=now,
        made_by=actor.person_id,
    )
    row.digest = acta_digest(queries.count_acta(session, row, queries.get_acta_scope(session, row), row.known) or ())
    session.add(row)
    session.flush()
    facts = {"code": printed_code(row.code), "obligation": values.obligation.key, "on": values.time.on.isoformat()}
    audit.record(session, actor, ComplianceVerb.ACTA_MADE, session.get_one(Organisation, values.place_id), now=now, **facts)
    return row
