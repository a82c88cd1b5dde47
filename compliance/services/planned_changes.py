"""Services of planned changes: tried first, applied by who saw the number, a second person where one is needed (spec/compulsory 4.8)."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from compliance.audit_verbs import ComplianceVerb
from compliance.models import Obligation, PlannedChange
from compliance.queries import planned_changes as queries
from compliance.queries.planned_changes import list_obstructed_courses
from compliance.rules.dry_runs import DryRunOutcome, read_outcome
from compliance.rules.record import DAY
from compliance.rules.second_person import SecondPersonReason, why_second_person
from compliance.rules.term_faults import find_faults
from compliance.rules.terms import courses_of
from compliance.services import change_contents, dry_runs, free_days, obligations
from compliance.services.agreements import require_agreements, settle_agreements
from compliance.services.change_contents import PlannedKind
from compliance.services.free_days import CalendarApproval, FreeDayValues
from compliance.services.obligations import ObligationChanged, ObligationValues, SecondPersonRequired, WrongObligationState
from compliance.services.work_notices import notify_second_persons, withdraw_second_persons
from kernel import audit
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import choose
from kernel.permissions import Actor, ActorChannel
from organisations import audiences
from organisations.audience_kinds import AudienceScope
from organisations.audiences import AudienceEditConflict, AudienceRuleValues, ReasonRequired, today_of
from organisations.models import Audience

LONGEST_REASON = 1000


class NumberToType(Invalid):
    """A change of many people is applied by typing how many they are."""

    code = "number_to_type"
    message = N_("Type the number of people concerned, as it is shown.")


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
    days, reason = (values.terms.effective_on, values.is_retroactive), values.reason or choose(values.legal_base)[:LONGEST_REASON]
    return _begin(session, actor, PlannedKind.ACTIVATE, row, {}, *days, reason, now=now)


def plan_version(session: Session, actor: Actor, row: Obligation, edited: int, values: ObligationValues, *, now: datetime) -> PlannedChange:
    """Try what a further version would do; raise ObligationChanged where another was saved than the one that was seen."""
    if row.state != "active":
        raise WrongObligationState(N_("Only compulsory training in force gets a new version."))
    if row.edited != edited:
        raise ObligationChanged
    settle_agreements(session, actor, row, courses_of(values.terms.requirement), now=now, again=True)
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
    content, is_past = change_contents.rule_document(values), values.effective_on < today_of(now)
    return _begin(session, actor, PlannedKind.AUDIENCE, audience, content, values.effective_on, is_past, values.reason, now=now)


def plan_free_days(
    session: Session, actor: Actor, added: Sequence[FreeDayValues], removed: Sequence[FreeDayValues], reason: str, *, now: datetime
) -> PlannedChange:
    """Plan that the calendar of days before today is another; raise ReasonRequired. Whose working days it counts is its number."""
    content, first = change_contents.free_days_document(added, removed), min(free_day.day for free_day in (*added, *removed))
    return _begin(session, actor, PlannedKind.FREE_DAYS, None, content, first, first < today_of(now), reason, now=now)


def plan_used_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, now: datetime) -> UUID | None:
    """Try another rule of an audience of which an obligation in force asks something, or one that holds from a day before today.

    Return None where one person's word is enough: no obligation asks anything of it, and it changes no day before.
    """
    if values.effective_on >= today_of(now) and not queries.is_used(session, audience.id):
        return None
    return plan_rule(session, actor, audience, values, now=now).uuid


def _begin(
    session: Session,
    actor: Actor,
    kind: PlannedKind,
    subject: Obligation | Audience | None,
    content: Mapping[str, Any],
    effective_on: date,
    is_retroactive: bool,
    reason: str,
    *,
    now: datetime,
) -> PlannedChange:
    named: dict[str, int | None] = {"obligation_id": None, "audience_id": None, "based_on": 0}
    if isinstance(subject, Obligation):
        named = {"obligation_id": subject.id, "audience_id": subject.audience_id, "based_on": subject.edited}
    elif subject is not None:
        named = {"obligation_id": None, "audience_id": subject.id, "based_on": subject.latest}
    columns = {
        **named,
        "kind": kind.value,
        "content": json.dumps(content),
        "effective_on": effective_on,
        "is_retroactive": is_retroactive,
        "reason": reason,
        "created_by": actor.person_id,
    }
    same = queries.find_open_change(session, columns)
    if same is not None:
        renew_change(session, actor, same, now=now)
        return same
    row = PlannedChange(**columns, state="planning", computed_at=now, created_at=now)
    if not reason and why_second_person(queries.count_people(session, row), is_past=is_retroactive) is not None:
        raise ReasonRequired
    session.add(row)
    session.flush()  # the audit log and the job name it
    audit.record(session, actor, ComplianceVerb.CHANGE_PLANNED, subject or row, now=now, kind=kind.value)
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
    withdraw_second_persons(session, row)
    audit.record(session, actor, ComplianceVerb.CHANGE_DISCARDED, _subject(session, row), now=now, kind=row.kind)


def why_second(row: PlannedChange, outcome: DryRunOutcome) -> SecondPersonReason | None:
    """Return why another person than the author of a change has to apply it; None where its author may (spec/compulsory 4.5)."""
    return why_second_person(outcome.concerned, is_past=row.is_retroactive)


def needs_number(session: Session, row: PlannedChange, outcome: DryRunOutcome) -> bool:
    """Say whether the number of people has to be typed: a second person applies it, or the audience is of nobody or everybody."""
    return why_second(row, outcome) is not None or is_extreme(session, row, outcome)


def is_extreme(session: Session, row: PlannedChange, outcome: DryRunOutcome) -> bool:
    """Say whether what would be put in force asks something of nobody, or of everybody in the institution (spec/compulsory 18)."""
    if row.kind != PlannedKind.ACTIVATE:
        return False
    audience = session.get_one(Audience, row.audience_id)
    scope = AudienceScope(audience.institution_id, today_of(row.computed_at))
    return outcome.people == 0 or outcome.people >= queries.count_employed(session, scope)


def apply_change(session: Session, actor: Actor, row: PlannedChange, typed: int | None, *, now: datetime) -> None:
    """Apply a change to which somebody agreed by its number; its dry run is made once more, and another number stops it.

    A second time does nothing. Raise NumberToType, SecondPersonRequired, ObligationChanged, AudienceEditConflict, DraftFaulty,
    AgreementMissing or Conflict.
    """
    if row.state in ("applying", "applied"):
        return
    if row.state != "ready":
        raise Conflict
    outcome = read_outcome(json.loads(row.outcome))
    _require_present(session, row)
    _require_second_person(session, actor, row, outcome, now=now)
    _require_agreements(session, actor, row, now=now)
    if needs_number(session, row, outcome) and typed != outcome.concerned:
        raise NumberToType
    row.state, row.agreed, row.applied_by, row.is_outdated = "applying", outcome.concerned, actor.person_id, False
    dry_runs.begin_dry_run(session, row, now=now)
    finish_dry_run(session, row, now=now)
    if row.state != "applied":
        audit.record(session, actor, ComplianceVerb.CHANGE_PLANNED, _subject(session, row), now=now, kind=row.kind)


def finish_dry_run(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Let a dry run that has seen everybody be shown, or applied where the number to which somebody agreed is still right."""
    if row.seen < row.total:
        return
    outcome = read_outcome(json.loads(row.outcome))
    row.second_person = why_second(row, outcome) or ""
    if row.state == "planning":
        row.state = "ready"
        notify_second_persons(session, row, now=now)
    elif row.state == "applying":
        if outcome.concerned != row.agreed or not is_present(session, row):
            withdraw_agreement(row)
            return
        _put_in_force(session, Actor(person_id=row.applied_by, via=ActorChannel.WEB), row, now=now)
        row.state, row.applied_at = "applied", now
        withdraw_second_persons(session, row)


def withdraw_agreement(row: PlannedChange) -> None:
    """Let a change that could not be applied be shown anew."""
    row.state, row.agreed, row.applied_by, row.is_outdated = "ready", None, None, True


def _put_in_force(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    second = row.applied_by if row.created_by not in (None, row.applied_by) else None
    people = {"author_id": row.created_by, "approved_by": second}
    if row.kind == PlannedKind.FREE_DAYS:
        added, removed = change_contents.free_days_planned(row)
        free_days.apply_free_days(session, actor, added, removed, CalendarApproval(reason=row.reason, **people), now=now)
        return
    if row.kind == PlannedKind.AUDIENCE:
        audience, values = session.get_one(Audience, row.audience_id), change_contents.rule_planned(session, row, now)
        audiences.change_rule(session, actor, audience, values, **people, now=now)
        return
    obligation = session.get_one(Obligation, row.obligation_id, with_for_update=True, populate_existing=True)
    if row.kind == PlannedKind.ACTIVATE:
        version = obligations.latest_version(session, obligation)
        obligations.write_values(version, change_contents.as_activated(obligations.values_of(version), today_of(now)))
        obligations.activate(session, actor, obligation, row.based_on, now=now)
    elif row.kind == PlannedKind.END:
        obligations.end_obligation(session, actor, obligation, change_contents.last_day_planned(row), row.reason, **people, now=now)
    else:
        planned = change_contents.read_values(row, now)
        obligations.add_version(session, actor, obligation, row.based_on, planned, row.reason, **people, now=now)


def is_present(session: Session, row: PlannedChange) -> bool:
    """Say whether what a change was planned upon is still so."""
    if row.kind == PlannedKind.FREE_DAYS:
        return True
    if row.kind == PlannedKind.AUDIENCE:
        return session.get_one(Audience, row.audience_id).latest == row.based_on
    return session.get_one(Obligation, row.obligation_id).edited == row.based_on


def _require_present(session: Session, row: PlannedChange) -> None:
    if not is_present(session, row):
        raise AudienceEditConflict if row.kind == PlannedKind.AUDIENCE else ObligationChanged


def _require_second_person(session: Session, actor: Actor, row: PlannedChange, outcome: DryRunOutcome, *, now: datetime) -> None:
    is_activation = row.kind == PlannedKind.ACTIVATE  # whoever tries it is not its author
    if why_second(row, outcome) is not None and not is_activation and actor.person_id in (None, row.created_by):
        raise SecondPersonRequired
    if is_activation:
        obligation = session.get_one(Obligation, row.obligation_id)
        version = obligations.latest_version(session, obligation)
        if actor.person_id in (None, obligation.created_by, version.author_id):
            raise SecondPersonRequired
        _require_sound(session, change_contents.as_activated(obligations.values_of(version), today_of(now)))


def _require_agreements(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    """Take the act of whoever applies a change for the agreement that they may give; raise AgreementMissing where another is missing."""
    if row.kind not in (PlannedKind.ACTIVATE, PlannedKind.VERSION):
        return
    obligation = session.get_one(Obligation, row.obligation_id)
    newest = obligations.values_of(obligations.latest_version(session, obligation))
    required = list(courses_of(newest.terms.requirement))
    if row.kind == PlannedKind.VERSION:
        required = obligations.newly_required(change_contents.read_values(row, now), newest)
    settle_agreements(session, actor, obligation, required, now=now)
    require_agreements(session, obligation, required, now=now)


def _subject(session: Session, row: PlannedChange) -> Obligation | Audience | PlannedChange:
    if row.kind == PlannedKind.FREE_DAYS:
        return row
    if row.obligation_id is None:
        return session.get_one(Audience, row.audience_id)
    return session.get_one(Obligation, row.obligation_id)
