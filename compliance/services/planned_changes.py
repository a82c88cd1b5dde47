"""Services of planned changes: tried first, applied by who saw the number, a second person where one is needed (spec/compulsory 4.8)."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Obligation, PlannedChange
from compliance.queries import planned_changes as queries
from compliance.queries.planned_changes import list_obstructed_courses
from compliance.rules.dry_runs import NUMBER_ABOVE, DryRunOutcome, read_outcome
from compliance.rules.record import DAY
from compliance.rules.term_faults import find_faults
from compliance.services import change_contents, dry_runs, obligations
from compliance.services.change_contents import PlannedKind
from compliance.services.obligations import ObligationChanged, ObligationValues, SecondPersonRequired, WrongObligationState
from kernel import audit
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor, ActorChannel
from organisations.models import Audience
from organisations.queries.audience_kinds import AudienceScope
from organisations.services import audiences
from organisations.services.audiences import AudienceEditConflict, AudienceRuleValues, today_of


class NumberToType(Invalid):
    """A change of many people is applied by typing how many they are."""

    code = "number_to_type"
    message = N_("Type the number of people whose status changes, as it is shown.")


class DraftFaulty(Conflict):
    """A draft that cannot be put in force as it is: its days have come too near, or a course cannot be taken."""

    code = "draft_faulty"
    message = N_("This draft cannot be activated as it is. Open it and save it again to see which fields have to change.")


def plan_activation(session: Session, actor: Actor, row: Obligation, *, now: datetime) -> PlannedChange:
    """Try what activating a draft would do; raise WrongObligationState or DraftFaulty. A second click tries the same once more."""
    if row.state != "draft":
        raise WrongObligationState(N_("This compulsory training is in force already."))
    values = change_contents.as_activated(obligations.values_of(obligations.latest_version(session, row)), today_of(now))
    _require_sound(session, values)
    days = values.terms.effective_on, values.is_retroactive
    return _begin(session, actor, PlannedKind.ACTIVATE, row, {}, *days, values.reason, now=now)


def plan_version(session: Session, actor: Actor, row: Obligation, edited: int, values: ObligationValues, *, now: datetime) -> PlannedChange:
    """Try what a further version would do; raise ObligationChanged where another was saved than the one that was seen."""
    if row.state != "active":
        raise WrongObligationState(N_("Only compulsory training in force gets a new version."))
    if row.edited != edited:
        raise ObligationChanged
    content, days = change_contents.values_document(values), (values.terms.effective_on, values.is_retroactive)
    return _begin(session, actor, PlannedKind.VERSION, row, content, *days, values.reason, now=now)


def plan_end(session: Session, actor: Actor, row: Obligation, last_on: date, reason: str, *, now: datetime) -> PlannedChange:
    """Try what ending an obligation after a day would do."""
    if row.state != "active":
        raise WrongObligationState(N_("Only compulsory training in force can be ended."))
    present = obligations.values_of(obligations.latest_version(session, row))
    if last_on < max(today_of(now), present.terms.starts):
        raise obligations.EndsBeforeToday
    content = change_contents.end_document(last_on)
    return _begin(session, actor, PlannedKind.END, row, content, last_on + DAY, False, reason, now=now)


def plan_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, *, now: datetime) -> PlannedChange:
    """Try what another rule of an audience would do to the obligations in force; raise AudienceEditConflict where it was changed since."""
    if audience.latest != values.seen:
        raise AudienceEditConflict
    content = change_contents.rule_document(values)
    return _begin(session, actor, PlannedKind.AUDIENCE, audience, content, values.effective_on, False, values.reason, now=now)


def plan_used_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, now: datetime) -> UUID | None:
    """Try another rule of an audience of which an obligation in force asks something; return None where none does."""
    if not queries.is_used(session, audience.id):
        return None
    return plan_rule(session, actor, audience, values, now=now).uuid


def _begin(
    session: Session,
    actor: Actor,
    kind: PlannedKind,
    subject: Obligation | Audience,
    content: Mapping[str, Any],
    effective_on: date,
    is_retroactive: bool,
    reason: str,
    *,
    now: datetime,
) -> PlannedChange:
    obligation = subject if isinstance(subject, Obligation) else None
    audience_id = subject.audience_id if isinstance(subject, Obligation) else subject.id
    based_on = subject.edited if isinstance(subject, Obligation) else subject.latest
    wanted = {
        "kind": kind.value,
        "obligation_id": obligation.id if obligation is not None else None,
        "audience_id": audience_id,
        "content": json.dumps(content),
        "based_on": based_on,
        "effective_on": effective_on,
        "is_retroactive": is_retroactive,
        "reason": reason,
        "created_by": actor.person_id,
    }
    same = queries.find_open_change(session, wanted)
    if same is not None:
        renew_change(session, actor, same, now=now)
        return same
    row = PlannedChange(**wanted, state="planning", computed_at=now, created_at=now)
    session.add(row)
    session.flush()  # the audit log and the job name it
    audit.record(session, actor, ComplianceVerb.CHANGE_PLANNED, subject, now=now, kind=kind.value)
    try_again(session, row, now=now)
    return row


def _require_sound(session: Session, values: ObligationValues) -> None:
    if find_faults(values.terms, values.steps) or list_obstructed_courses(session, values.terms.requirement):
        raise DraftFaulty


def try_again(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Make the dry run of a change again, as of another moment; raise Conflict where it is applied or discarded."""
    if row.state not in ("planning", "ready"):
        raise Conflict
    row.state, row.is_outdated = "planning", False
    dry_runs.begin_dry_run(session, row, now=now)
    finish_dry_run(session, row, now=now)


def renew_change(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    """Make the dry run of a change again because somebody asks for it; raise Conflict where it is applied or discarded."""
    try_again(session, row, now=now)
    audit.record(session, actor, ComplianceVerb.CHANGE_PLANNED, _subject(session, row), now=now, kind=row.kind)


def discard_change(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    """Discard a change that was tried; a second time does nothing. Raise Conflict where it is applied."""
    if row.state == "discarded":
        return
    if row.state not in ("planning", "ready"):
        raise Conflict
    row.state = "discarded"
    audit.record(session, actor, ComplianceVerb.CHANGE_DISCARDED, _subject(session, row), now=now, kind=row.kind)


def needs_number(session: Session, row: PlannedChange, outcome: DryRunOutcome) -> bool:
    """Say whether the number of changed people has to be typed: they are many, or the audience is of nobody or everybody."""
    return outcome.changed > NUMBER_ABOVE or is_extreme(session, row, outcome)


def is_extreme(session: Session, row: PlannedChange, outcome: DryRunOutcome) -> bool:
    """Say whether what would be put in force asks something of nobody, or of everybody in the institution (spec/compulsory 18)."""
    if row.kind != PlannedKind.ACTIVATE:
        return False
    audience = session.get_one(Audience, row.audience_id)
    scope = AudienceScope(audience.institution_id, today_of(row.computed_at))
    return outcome.people == 0 or outcome.people >= queries.count_employed(session, scope)


def apply_change(session: Session, actor: Actor, row: PlannedChange, typed: int | None, *, now: datetime) -> None:
    """Apply a change to which somebody agreed by its number; its dry run is made once more, and another number stops it.

    A second time does nothing. Raise NumberToType, SecondPersonRequired, ObligationChanged, AudienceEditConflict, DraftFaulty or Conflict.
    """
    if row.state in ("applying", "applied"):
        return
    if row.state != "ready":
        raise Conflict
    outcome = read_outcome(json.loads(row.outcome))
    if needs_number(session, row, outcome) and typed != outcome.changed:
        raise NumberToType
    _require_present(session, row)
    _require_second_person(session, actor, row, now=now)
    row.state, row.agreed, row.applied_by, row.is_outdated = "applying", outcome.changed, actor.person_id, False
    dry_runs.begin_dry_run(session, row, now=now)
    finish_dry_run(session, row, now=now)
    if row.state != "applied":
        audit.record(session, actor, ComplianceVerb.CHANGE_PLANNED, _subject(session, row), now=now, kind=row.kind)


def finish_dry_run(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Let a dry run that has seen everybody be shown, or applied where the number to which somebody agreed is still right."""
    if row.seen < row.total:
        return
    if row.state == "planning":
        row.state = "ready"
    elif row.state == "applying":
        outcome = read_outcome(json.loads(row.outcome))
        if outcome.changed != row.agreed or not is_present(session, row):
            withdraw_agreement(row)
            return
        _put_in_force(session, Actor(person_id=row.applied_by, via=ActorChannel.WEB), row, now=now)
        row.state, row.applied_at = "applied", now


def withdraw_agreement(row: PlannedChange) -> None:
    """Let a change that could not be applied be shown anew."""
    row.state, row.agreed, row.applied_by, row.is_outdated = "ready", None, None, True


def _put_in_force(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    if row.kind == PlannedKind.AUDIENCE:
        audience = session.get_one(Audience, row.audience_id)
        audiences.change_rule(session, actor, audience, change_contents.rule_planned(session, row), now=now)
        return
    obligation = session.get_one(Obligation, row.obligation_id, with_for_update=True, populate_existing=True)
    if row.kind == PlannedKind.ACTIVATE:
        version = obligations.latest_version(session, obligation)
        obligations.write_values(version, change_contents.as_activated(obligations.values_of(version), today_of(now)))
        obligations.activate(session, actor, obligation, row.based_on, now=now)
    elif row.kind == PlannedKind.END:
        obligations.end_obligation(session, actor, obligation, change_contents.last_day_planned(row), row.reason, now=now)
    else:
        values, second = change_contents.read_values(row, now), row.applied_by if row.applied_by != row.created_by else None
        people = {"author_id": row.created_by, "approved_by": second}
        obligations.add_version(session, actor, obligation, row.based_on, values, row.reason, **people, now=now)


def is_present(session: Session, row: PlannedChange) -> bool:
    """Say whether what a change was planned upon is still so."""
    if row.kind == PlannedKind.AUDIENCE:
        return session.get_one(Audience, row.audience_id).latest == row.based_on
    return session.get_one(Obligation, row.obligation_id).edited == row.based_on


def _require_present(session: Session, row: PlannedChange) -> None:
    if not is_present(session, row):
        raise AudienceEditConflict if row.kind == PlannedKind.AUDIENCE else ObligationChanged


def _require_second_person(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    if row.is_retroactive and actor.person_id in (None, row.created_by):
        raise SecondPersonRequired
    if row.kind == PlannedKind.ACTIVATE:
        obligation = session.get_one(Obligation, row.obligation_id)
        version = obligations.latest_version(session, obligation)
        if actor.person_id in (None, obligation.created_by, version.author_id):
            raise SecondPersonRequired
        _require_sound(session, change_contents.as_activated(obligations.values_of(version), today_of(now)))


def _subject(session: Session, row: PlannedChange) -> Obligation | Audience:
    if row.obligation_id is None:
        return session.get_one(Audience, row.audience_id)
    return session.get_one(Obligation, row.obligation_id)
