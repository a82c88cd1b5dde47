"""Training actas: made once for each form, kept as drawn, read by their code, their numbers counted anew (spec/compulsory 12.3)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.access import PlaceReportContext
from compliance.assignments import require_written
from compliance.audit_verbs import ComplianceVerb
from compliance.learner import find_known_rules
from compliance.models import Obligation, ObligationVersion, TrainingActa
from compliance.report import ReportObligation, ReportTime, TrainingFilter, count_states, list_report_obligations
from compliance.rules.documents import CODE_LENGTH, ActaCount, ActaNumbers, acta_counts, acta_digest
from compliance.rules.terms import WorkingDays
from kernel import audit
from kernel.codes import code_from_bits, printed_code, read_code
from kernel.errors import require_found
from kernel.permissions import Actor
from organisations import audiences, tree
from organisations.models import Organisation
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
    return ActaContext(acta.place_id, get_training_scope(session, actor, get_acta_scope(session, acta).places), acta)


def find_acta(session: Session, code: str) -> TrainingActa | None:
    """Return the acta with a code as people write it; None where there is none."""
    stored = read_code(code, CODE_LENGTH)
    return None if stored is None else session.scalar(select(TrainingActa).where(TrainingActa.code == stored))


def find_acta_of_form(session: Session, number: UUID) -> TrainingActa | None:
    """Return the acta that the form with a number asked for."""
    return session.scalar(select(TrainingActa).where(TrainingActa.uuid == number))


@dataclass(frozen=True, slots=True)
class ActaScope:
    """The place of an acta, and the tree in which it stood on a day."""

    place: UnitSummary
    places: Mapping[int, UnitSummary]
    zone: ZoneInfo
    """By which the place keeps its days."""
    on: date
    """The day of the acta."""
    is_assumed: bool
    """The log does not say of all places where they stood."""

    @property
    def parents(self) -> dict[int, int | None]:
        """Return the places above each place of the tree."""
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


def get_acta_scope(session: Session, row: TrainingActa, tree_known: datetime | None = None, tree_at: datetime | None = None) -> ActaScope:
    """Return the place of an acta with its tree: of its day, as known then, or on and as known on other days."""
    history = tree.load_history(session, tree_known or row.known)
    zone = ZoneInfo(zone_of(history.units, row.place_id))
    day = (tree_at or row.at).astimezone(zone).date()
    places, is_assumed = history.on(day), history.is_assumed(day, row.place_id)
    return ActaScope(places[row.place_id], places, zone, row.at.astimezone(zone).date(), is_assumed)


def count_acta(
    session: Session, row: TrainingActa, known: datetime, tree_known: datetime | None = None, tree_at: datetime | None = None
) -> list[ActaCount] | None:
    """Count the people of an acta from the history of their states, as known at a moment; None where no records are kept.

    They are counted where they stood on its day, as known at the same moment; else on the day of `tree_at`, as known at `tree_known`.
    """
    scope = get_acta_scope(session, row, tree_known or known, tree_at)
    obligations = tuple(
        obligation for obligation in list_report_obligations(session, scope.institution.id) if obligation.id == row.obligation_id
    )
    if not obligations:
        return None
    filters = TrainingFilter(row.place_id, scope.place.kind is OrganisationKind.INSTITUTION, obligations)
    tree_on = None if tree_at is None else tree_at.astimezone(scope.zone).date()
    time = ReportTime(scope.on, row.at, known, is_past=True, tree_on=tree_on, tree_known=tree_known)
    counted = count_states(session, time, filters, WorkingDays())
    return acta_counts(((unit_id, each.tally) for (_one, unit_id), each in counted.items()), scope.parents, scope.place.id, scope.parts)


def count_numbers(session: Session, row: TrainingActa, now: datetime) -> ActaNumbers:
    """Count the numbers of an acta as known then, when it was made, and now."""
    then, today = count_acta(session, row, row.known), count_acta(session, row, now)
    return ActaNumbers(
        then,
        then if row.made_at <= row.known else count_acta(session, row, row.made_at),
        today,
        count_acta(session, row, now, row.known),
        count_acta(session, row, row.known, row.made_at, row.made_at),
    )


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
    session: Session,
    actor: Actor,
    place_id: int,
    obligation: ReportObligation,
    time: ReportTime,
    draw: Callable[[TrainingActa], bytes],
    *,
    number: UUID,
    now: datetime,
) -> TrainingActa:
    """Keep an acta with its moments and the digest of its numbers; a second time with one number, that of its form, changes nothing.

    Raise StatusesBehind where the history that the numbers are counted from does not yet say what the page says.
    """
    acta = find_acta_of_form(session, number)
    if acta is not None and (acta.place_id, acta.made_by) == (place_id, actor.person_id):
        return acta
    require_written(session, [obligation.id], time.known, now)
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
    row.digest = acta_digest(count_acta(session, row, row.known) or ())
    session.add(row)
    session.flush()
    row.content = draw(row)
    facts = {"code": printed_code(row.code), "obligation": obligation.key, "on": time.on.isoformat()}
    audit.record(session, actor, ComplianceVerb.ACTA_MADE, session.get_one(Organisation, place_id), now=now, **facts)
    return row
