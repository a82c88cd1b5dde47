"""Training actas: made once for each form, read by their code, and their numbers counted anew from their moments (spec/compulsory 12.3)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.access import PlaceReportContext
from compliance.assignments import list_stale_people
from compliance.audit_verbs import ComplianceVerb
from compliance.learner import find_known_rules
from compliance.models import Obligation, ObligationVersion, TrainingActa
from compliance.report import ReportObligation, ReportTime, TrainingFilter, count_states, list_report_obligations
from compliance.rules.documents import CODE_LENGTH, ActaCount, acta_counts, acta_digest
from compliance.rules.terms import WorkingDays
from kernel import audit
from kernel.codes import code_from_bits, printed_code, read_code
from kernel.errors import N_, Conflict, require_found
from kernel.permissions import Actor
from organisations import audiences, tree
from organisations.audience_kinds import AudienceScope
from organisations.models import Audience, Organisation
from organisations.rules.audiences import write_sentence
from organisations.rules.units import OrganisationKind, UnitSummary, lineage, zone_of
from organisations.training_scope import get_training_scope


@dataclass(frozen=True, slots=True)
class ActaContext(PlaceReportContext):
    """An acta before an actor: who may take the report of its place may take it."""

    acta: TrainingActa


def get_acta(session: Session, actor: Actor, code: str) -> ActaContext:
    """Return an acta by its code as people write it; raise NotFound."""
    acta = require_found(find_acta(session, code))
    return ActaContext(acta.place_id, get_training_scope(session, actor), acta)


def find_acta(session: Session, code: str) -> TrainingActa | None:
    """Return the acta with a code as people write it; None where there is none."""
    stored = read_code(code, CODE_LENGTH)
    return None if stored is None else session.scalar(select(TrainingActa).where(TrainingActa.code == stored))


def find_acta_of_form(session: Session, number: UUID) -> TrainingActa | None:
    """Return the acta that the form with a number asked for."""
    return session.scalar(select(TrainingActa).where(TrainingActa.uuid == number))


@dataclass(frozen=True, slots=True)
class ActaScope:
    """The place of an acta and the tree in which it stands today."""

    place: UnitSummary
    places: Mapping[int, UnitSummary]

    @property
    def parents(self) -> dict[int, int | None]:
        """Return what each place of the tree stands below."""
        return {number: unit.parent_id for number, unit in self.places.items()}

    @property
    def institution(self) -> UnitSummary:
        """Return the root of the tree."""
        return self.places[lineage(self.parents, self.place.id)[-1]]

    @property
    def provinces(self) -> set[int]:
        """Return the provinces below the place."""
        parents = self.parents
        kinds = (unit for unit in self.places.values() if unit.kind is OrganisationKind.PROVINCE and unit.id != self.place.id)
        return {unit.id for unit in kinds if self.place.id in lineage(parents, unit.id)}

    @property
    def parts(self) -> set[int]:
        """Return the provinces below the place; where there is none, what stands directly below it."""
        return self.provinces or {unit.id for unit in self.places.values() if unit.parent_id == self.place.id}

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone by which the place keeps its days."""
        return ZoneInfo(zone_of(self.places, self.place.id))


def get_acta_scope(session: Session, row: TrainingActa) -> ActaScope:
    """Return the place of an acta with its tree."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    return ActaScope(places[row.place_id], places)


def count_acta(session: Session, row: TrainingActa, scope: ActaScope, known: datetime) -> list[ActaCount] | None:
    """Count the people of an acta from the history of their states, as known at a moment; None where no records are kept."""
    obligations = tuple(
        obligation for obligation in list_report_obligations(session, scope.institution.id) if obligation.id == row.obligation_id
    )
    if not obligations:
        return None
    filters = TrainingFilter(row.place_id, scope.place.kind is OrganisationKind.INSTITUTION, obligations)
    time = ReportTime(row.at.astimezone(scope.zone).date(), row.at, known, is_past=True)
    counted = count_states(session, time, filters, WorkingDays())
    return acta_counts(((unit_id, each.tally) for (_one, unit_id), each in counted.items()), scope.parents, scope.place.id, scope.parts)


def has_due_changes(session: Session, obligation_id: int, now: datetime) -> bool:
    """Say whether the clock, or a change of the register, changed statuses that a job has still to write into their history."""
    obligation = session.get_one(Obligation, obligation_id)
    if list_stale_people(session, obligation, now):
        return True
    audience, today = session.get_one(Audience, obligation.audience_id), audiences.today_of(now)
    rule, scope = audiences.find_rule_on(session, audience.id, today), AudienceScope(audience.institution_id, today)
    return rule is not None and bool(audiences.list_changed_people(session, audience.id, rule, scope))


def get_acta_texts(session: Session, row: TrainingActa, on: date) -> tuple[ObligationVersion, str]:
    """Return the version of an acta's obligation and the rule of its audience as a sentence, of its day as known at its moment."""
    obligation = session.get_one(Obligation, row.obligation_id)
    of_obligation = select(ObligationVersion).where(ObligationVersion.obligation_id == row.obligation_id)
    every = session.scalars(of_obligation.order_by(ObligationVersion.effective_on, ObligationVersion.number)).all()
    known = [known_version for known_version in every if known_version.recorded_at <= row.known] or every[:1]
    version = next((known_version for known_version in reversed(known) if known_version.effective_on <= on), known[0])
    act, _former = find_known_rules(session, obligation.audience_id, on, row.known)
    rule = audiences.read_stored(session, act.AudienceVersion.rule) if act is not None else None
    return version, "" if rule is None else write_sentence(rule, audiences.leaf_names(session, rule))


def make_acta(
    session: Session, actor: Actor, place_id: int, obligation: ReportObligation, time: ReportTime, *, number: UUID, now: datetime
) -> TrainingActa:
    """Keep the moments of an acta and the digest of its numbers; a second time with one number, that of its form, changes nothing.

    Raise Conflict where the history that the numbers are counted from does not yet say what the page says.
    """
    acta = find_acta_of_form(session, number)
    if acta is not None and (acta.place_id, acta.made_by) == (place_id, actor.person_id):
        return acta
    if time.known >= now and has_due_changes(session, obligation.id, now):
        raise Conflict(N_("Statuses are being updated. Try again in a few minutes."))
    row = TrainingActa(
        uuid=number if acta is None else uuid4(),
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        place_id=place_id,
        obligation_id=obligation.id,
        at=time.at,
        known=time.known,
        made_at=now,
        made_by=actor.person_id,
    )
    row.digest = acta_digest(count_acta(session, row, get_acta_scope(session, row), row.known) or ())
    session.add(row)
    session.flush()
    facts = {"code": printed_code(row.code), "obligation": obligation.key, "on": time.on.isoformat()}
    audit.record(session, actor, ComplianceVerb.ACTA_MADE, session.get_one(Organisation, place_id), now=now, **facts)
    return row
