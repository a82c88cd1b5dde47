"""Changes that are tried before they hold: their content, the dry run, and applying them by the number (spec/compulsory 4.8)."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance import assignments, free_days
from compliance import obligations as compliance_obligations
from compliance.access import PlannedChangeContext, PlannedRuleContext
from compliance.agreements import require_agreements, settle_agreements
from compliance.audit_verbs import ComplianceVerb
from compliance.free_days import NATIONAL, CalendarApproval, FreeDayValues, SecondPersonRequired, load_free_days, province_of, working_in
from compliance.models import Assignment, Obligation, PlannedChange
from compliance.obligations import EnrolmentMode, ObligationChanged, ObligationValues, WrongObligationState, _change_context, _rule_context
from compliance.records import ObligationRules, get_rules, load_records
from compliance.rules import planned_changes as outcomes
from compliance.rules.documents import read_terms, terms_document
from compliance.rules.record import RecordedSpan
from compliance.rules.states import TrainingState
from compliance.rules.terms import DAY, Requirement, WorkingDays, courses_of, find_faults
from compliance.team_digests import notify_second_persons, withdraw_second_persons
from courses.models import Course
from kernel import audit, outbox
from kernel.db import count_rows
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.i18n import choose, site_locale
from kernel.permissions import Actor, ActorChannel
from organisations import audiences, tree, units
from organisations.audience_kinds import AudienceScope, may_be_in
from organisations.audiences import AudienceEditConflict, AudienceRuleValues, ReasonRequired, today_of
from organisations.models import Audience, AudienceStayRecord, Membership, Organisation
from organisations.rules.audience_drafts import write_yaml
from organisations.rules.audiences import RuleInForce, find_stays
from organisations.tree import MAIN


class PlannedKind(StrEnum):
    """The kinds of changes that have a dry run."""

    ACTIVATE = "activate"
    VERSION = "version"
    END = "end"
    AUDIENCE = "audience"
    FREE_DAYS = "free_day"
    MOVE = "move"
    """Of a unit."""


OF_REGISTER = (PlannedKind.FREE_DAYS, PlannedKind.MOVE)
"""What administrators change: whom it concerns are all those it counts, whatever their status."""


def as_activated(values: ObligationValues, today: date) -> ObligationValues:
    """Return a draft as it would be put in force: from its first day on, and never from a day before unless that was asked for."""
    starts = values.terms.starts if values.is_retroactive else max(values.terms.starts, today)
    return replace(values, terms=replace(values.terms, starts=starts, effective_on=starts))


def values_document(values: ObligationValues) -> dict[str, Any]:
    """Return the values of a version as a document of plain values."""
    return {
        "title": dict(values.title),
        "words": dict(values.words),
        "legal_base": dict(values.legal_base),
        "legal_url": values.legal_url,
        "zone": values.zone,
        "enrolment": values.enrolment.value,
        "edition": values.edition_id,
        "steps": list(values.steps),
        "is_escalated": values.is_escalated,
        "terms": terms_document(values.terms),
    }


def rule_document(values: AudienceRuleValues) -> dict[str, Any]:
    """Return a rule of an audience as a document of plain values."""
    return {"rule": write_yaml(values.rule)}


def free_days_document(added: Sequence[FreeDayValues], removed: Sequence[FreeDayValues]) -> dict[str, Any]:
    """Return free days to add and to take away as a document of plain values."""
    lists = {"added": added, "removed": removed}
    return {name: [[free_day.day.isoformat(), free_day.name, free_day.province] for free_day in days] for name, days in lists.items()}


def free_days_planned(row: PlannedChange) -> tuple[list[FreeDayValues], list[FreeDayValues]]:
    """Return the free days that a planned change adds, and those that it takes away."""
    document = json.loads(row.content)
    added, removed = (
        [FreeDayValues(date.fromisoformat(day), name, province) for day, name, province in document[key]] for key in ("added", "removed")
    )
    return added, removed


def move_planned(row: PlannedChange) -> units.UnitMove:
    """Return a planned move of a unit."""
    document = json.loads(row.content)
    plan = None if document["plan"] is None else units.UnitValues(**document["plan"])
    return units.UnitMove(document["unit"], document["parent"], row.effective_on, row.reason, plan)


def end_document(last_on: date) -> dict[str, Any]:
    """Return the end of an obligation as a document of plain values."""
    return {"last": last_on.isoformat()}


def values_planned(row: PlannedChange, present: ObligationValues) -> ObligationValues:
    """Return the values that an obligation would have by a planned change, where its newest version has others."""
    today = today_of(row.computed_at)
    if row.kind == PlannedKind.ACTIVATE:
        return as_activated(present, today)
    if row.kind == PlannedKind.END:
        return replace(present, terms=replace(present.terms, ends=last_day_planned(row), effective_on=today))
    return read_values(row, row.computed_at)


def read_values(row: PlannedChange, recorded_at: datetime) -> ObligationValues:
    """Return the values of a planned version; one that was not asked for from before holds from today on at the earliest."""
    document = json.loads(row.content)
    effective_on = row.effective_on if row.is_retroactive else max(row.effective_on, today_of(recorded_at))
    return ObligationValues(
        document["title"],
        read_terms(document["terms"], recorded_at, effective_on),
        document["words"],
        legal_base=document["legal_base"],
        legal_url=document["legal_url"],
        zone=document["zone"],
        enrolment=EnrolmentMode(document["enrolment"]),
        edition_id=document["edition"],
        steps=document["steps"],
        is_escalated=document["is_escalated"],
        is_retroactive=row.is_retroactive,
        reason=row.reason,
    )


def last_day_planned(row: PlannedChange) -> date:
    """Return the last day of a planned end."""
    return row.effective_on - DAY


def rule_planned(session: Session, row: PlannedChange, recorded_at: datetime) -> AudienceRuleValues:
    """Return the rule of a planned change of an audience; unless that was asked for, it holds from no day before it is recorded."""
    rule = audiences.read_stored(session, json.loads(row.content)["rule"])
    effective_on = row.effective_on if row.is_retroactive else max(row.effective_on, today_of(recorded_at))
    return AudienceRuleValues(rule, effective_on, row.reason, row.based_on)


MOST_SHOWN = 20


def get_change(session: Session, uuid: UUID, *, lock: bool = False) -> PlannedChange:
    """Return a planned change by what addresses name it; raise NotFound."""
    statement = select(PlannedChange).where(PlannedChange.uuid == uuid)
    return require_found(session.scalar(statement.with_for_update().execution_options(populate_existing=True) if lock else statement))


def lock_change_by_id(session: Session, number: int) -> PlannedChange | None:
    """Return a planned change, locked; None where it was deleted with its draft."""
    statement = select(PlannedChange).where(PlannedChange.id == number).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def list_changes(session: Session, obligation_id: int) -> list[PlannedChange]:
    """List the changes of an obligation that are tried and not applied or discarded, the newest first."""
    statement = select(PlannedChange).where(
        PlannedChange.obligation_id == obligation_id, PlannedChange.state.in_(("planning", "ready", "applying"))
    )
    return list(session.scalars(statement.order_by(PlannedChange.id.desc()).limit(MOST_SHOWN)))


def find_open_change(session: Session, values: Mapping[str, object]) -> PlannedChange | None:
    """Return the change with these values that is tried and neither applied nor discarded, locked."""
    statement = select(PlannedChange).filter_by(**values).where(PlannedChange.state.in_(("planning", "ready")))
    return session.scalar(statement.order_by(PlannedChange.id.desc()).limit(1).with_for_update())


def find_version_change(session: Session, obligation_id: int, uuid: UUID) -> PlannedChange | None:
    """Return the planned version of an obligation that an address names."""
    statement = select(PlannedChange).where(PlannedChange.uuid == uuid, PlannedChange.obligation_id == obligation_id)
    return session.scalar(statement.where(PlannedChange.kind == "version"))


def list_obligations_of(session: Session, row: PlannedChange) -> list[Obligation]:
    """Return the obligations whose statuses a change may touch: its own, or those in force for its audience."""
    statement = select(Obligation).order_by(Obligation.id)
    if row.kind in OF_REGISTER:
        return []
    if row.obligation_id is not None:
        return list(session.scalars(statement.where(Obligation.id == row.obligation_id)))
    return list(session.scalars(statement.where(Obligation.audience_id == row.audience_id, Obligation.state == "active")))


def is_used(session: Session, audience_id: int) -> bool:
    """Return whether an obligation in force asks something of an audience."""
    statement = select(Obligation.id).where(Obligation.audience_id == audience_id, Obligation.state == "active").limit(1)
    return session.scalar(statement) is not None


def count_people(session: Session, row: PlannedChange) -> int:
    """Count the people to look at: who is or was in the audience, or with another rule who might be."""
    if row.kind == "free_day":
        return count_people_in(session, {province for days in json.loads(row.content).values() for _day, _name, province in days})
    if row.kind == PlannedKind.MOVE:
        return tree.count_moved(session, move_planned(row).unit_id, row.effective_on)
    if row.obligation_id is None:
        audience = session.get_one(Audience, row.audience_id)
        return audiences.count_candidates(session, audience)
    person = func.count(AudienceStayRecord.person_id.distinct())
    return session.scalar(select(person).where(AudienceStayRecord.audience_id == row.audience_id)) or 0


def count_people_in(session: Session, provinces: Collection[str]) -> int:
    """Count the people under compulsory training whose working days are counted by the calendar of some provinces; by the empty one all."""
    statement = select(Assignment.person_id).where(Assignment.state != TrainingState.NOT_REQUIRED.value).distinct()
    if NATIONAL in provinces:
        return session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    places = {unit.id: unit for unit in tree.list_tree(session)}
    there = [unit for unit in places if province_of(places, unit) in provinces]
    in_them = select(Membership.person_id).where(MAIN, Membership.organisation_id.in_(there))
    return session.scalar(select(func.count()).select_from(statement.where(Assignment.person_id.in_(in_them)).subquery())) or 0


def list_people_after(session: Session, row: PlannedChange, after: int, limit: int) -> list[int]:
    """Return a portion of these people, by their number."""
    if row.obligation_id is None:
        return audiences.list_people_after(session, session.get_one(Audience, row.audience_id), after, limit)
    return assignments.list_people_after(session, session.get_one(Obligation, row.obligation_id), after, limit)


def main_units(session: Session, people: Collection[int]) -> dict[int, int]:
    """Return the main unit of each of some people who have one."""
    statement = select(Membership.person_id, Membership.organisation_id).where(MAIN, Membership.person_id.in_(people))
    return {row[0]: row[1] for row in session.execute(statement)}


def unit_names(session: Session, numbers: Collection[int]) -> dict[int, str]:
    """Return the names of some units, by their number."""
    return {row[0]: row[1] for row in session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(numbers)))}


def count_employed(session: Session, scope: AudienceScope) -> int:
    """Count who can be in any audience of an institution on a day."""
    return count_rows(session, Person, may_be_in(scope))


class CourseObstacle(StrEnum):
    """The reasons why nobody can be asked to take a course (spec/compulsory 18)."""

    DELETED = "deleted"
    UNPUBLISHED = "unpublished"
    ARCHIVED = "archived"


def list_obstructed_courses(session: Session, requirement: Requirement) -> list[tuple[str, CourseObstacle]]:
    """Return the courses of a requirement that are deleted, archived or not published, by name, in its order."""
    slugs = list(dict.fromkeys(courses_of(requirement)))
    rows = {row.slug: row for row in session.scalars(select(Course).where(Course.slug.in_(slugs)))}
    obstructed = list[tuple[str, CourseObstacle]]()
    for slug in slugs:
        course = rows.get(slug)
        if course is None:
            obstructed.append((slug, CourseObstacle.DELETED))
        elif course.archived_at is not None:
            obstructed.append((choose(course.title), CourseObstacle.ARCHIVED))
        elif course.published_version_id is None:
            obstructed.append((choose(course.title), CourseObstacle.UNPUBLISHED))
    return obstructed


MOST_AT_ONCE = 200
"""People up to whom a dry run is made while somebody waits for the page."""
PORTION = 200
NOON = time(12)


def begin_dry_run(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Make the dry run from the beginning as of a moment, at once or by a job."""
    row.computed_at, row.seen, row.reached, row.outcome = now, 0, 0, json.dumps(outcomes.outcome_document(outcomes.DryRunOutcome()))
    row.total = count_people(session, row)
    session.flush()
    if row.kind in OF_REGISTER:  # nobody's status or last day hangs on the calendar: their reminders and their pace do
        row.seen, row.outcome = row.total, json.dumps(outcomes.outcome_document(outcomes.DryRunOutcome(people=row.total, past=row.total)))
        return
    if row.total > MOST_AT_ONCE:
        outbox.enqueue(session, "compliance.try_change", {"change": row.id}, now=now)
        return
    people = list_people_after(session, row, 0, MOST_AT_ONCE)
    note_portion(row, people, try_people(session, row, people), is_last=True)


def preview_activation(session: Session, obligation: Obligation, *, now: datetime) -> outcomes.DryRunOutcome:
    """Return the effect of activating a draft; nothing is written, not even that somebody looked."""
    values = as_activated(compliance_obligations.values_of(compliance_obligations.latest_version(session, obligation)), today_of(now))
    row = PlannedChange(
        kind=PlannedKind.ACTIVATE.value,
        obligation_id=obligation.id,
        audience_id=obligation.audience_id,
        content=json.dumps({}),
        effective_on=values.terms.effective_on,
        is_retroactive=values.is_retroactive,
        computed_at=now,
    )
    outcome, people = outcomes.DryRunOutcome(), list_people_after(session, row, 0, PORTION)
    while people:
        outcome = outcome.joined(try_people(session, row, people))
        people = list_people_after(session, row, people[-1], PORTION)
    return outcome


def note_portion(row: PlannedChange, people: Sequence[int], outcome: outcomes.DryRunOutcome, *, is_last: bool) -> None:
    """Write down what a portion of people adds to a dry run; people may have come and gone since they were counted."""
    row.outcome = json.dumps(outcomes.outcome_document(outcomes.read_outcome(json.loads(row.outcome)).joined(outcome)))
    row.seen += len(people)
    row.reached = people[-1] if people else row.reached
    row.total = row.seen if is_last else max(row.total, row.seen + 1)


def try_people(session: Session, row: PlannedChange, people: Collection[int]) -> outcomes.DryRunOutcome:
    """Compare the statuses of some people without a change and with it; nothing is written."""
    at, known = _moment_of(row.effective_on, row.computed_at), row.computed_at
    stays = _stays_by_rule(session, row, people) if row.kind == PlannedKind.AUDIENCE else None
    shifts = defaultdict[int, list[tuple[int, outcomes.StatusShift]]](list)
    mains = main_units(session, people)
    working = _working_days(session, mains)
    for before, after, steps in _trials(session, row):
        records = load_records(session, before, people)
        would_be = records if before.zone == after.zone else load_records(session, after, people)
        terms = outcomes.TermsBeside(before.terms, after.terms, steps)
        for person in people:
            record = would_be[person] if stays is None else replace(would_be[person], stays=stays.get(person, ()))
            days = working.get(person, WorkingDays())
            shift = outcomes.shift_of(terms, records[person], record, at, known, days, is_retroactive=row.is_retroactive)
            shifts[person].append((before.obligation_id, shift))
    return outcomes.outcome_of(shifts, mains)


def _working_days(session: Session, mains: Mapping[int, int]) -> Mapping[int, WorkingDays]:
    """Return the working days of each person, by those of the province of their main unit."""
    free_days = load_free_days(session)
    places = {unit.id: unit for unit in tree.list_tree(session)} if free_days else {}
    by_unit = {unit: working_in(free_days, province_of(places, unit)) for unit in set(mains.values())}
    return {person: by_unit[unit] for person, unit in mains.items()}


def _moment_of(effective_on: date, computed_at: datetime) -> datetime:
    """Return the moment for which both are compared: now, or noon of the day from which a change holds later."""
    if effective_on <= today_of(computed_at):
        return computed_at
    return datetime.combine(effective_on, NOON, site_locale().zone)


def _trials(session: Session, row: PlannedChange) -> Iterator[tuple[ObligationRules, ObligationRules, Sequence[int]]]:
    """Yield the rules of each obligation without a change and with it, and its steps of reminders."""
    for obligation in list_obligations_of(session, row):
        rules, newest = get_rules(session, obligation), compliance_obligations.latest_version(session, obligation)
        if row.kind == PlannedKind.AUDIENCE:
            yield rules, rules, tuple(map(int, newest.steps))
            continue
        values = values_planned(row, compliance_obligations.values_of(newest))
        terms = replace(values.terms, recorded_at=row.computed_at)
        before = () if obligation.state == "draft" else rules.terms
        named = select(Course.id, Course.slug).where(Course.slug.in_(set(courses_of(terms.requirement))))
        courses = {**rules.courses, **dict(session.execute(named).all())}
        after = replace(rules, terms=(*before, terms), courses=courses, zone=values.zone)
        yield replace(rules, terms=before, courses=courses), after, values.steps


def _stays_by_rule(session: Session, row: PlannedChange, people: Collection[int]) -> Mapping[int, Sequence[RecordedSpan]]:
    """Return the stays that people would have with another rule: those that would stay as they are keep the day of their record."""
    audience = session.get_one(Audience, row.audience_id)
    planned = rule_planned(session, row, row.computed_at)
    versions = [*audiences.rules_in_force(session, audience.id), RuleInForce(planned.effective_on, planned.rule)]
    until = max(today_of(row.computed_at), planned.effective_on)
    candidates = audiences.load_candidates(session, audience.institution_id, people)
    recorded = {
        (stay.person_id, stay.since_on, stay.until_on): stay.recorded_at
        for stays in audiences.list_stays(session, audience.id, people).values()
        for stay in stays
    }
    return {
        person: [
            RecordedSpan(stay.since_on, stay.until_on, recorded.get((person, stay.since_on, stay.until_on), row.computed_at))
            for stay in find_stays(versions, candidate, until)
        ]
        for person, candidate in candidates.items()
    }


def get_change_context(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned change of an obligation by what addresses name it; raise NotFound."""
    return _change_context(session, actor, get_change(session, change))


def lock_change_context(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned change of an obligation that will be applied or discarded, locked; raise NotFound."""
    return _change_context(session, actor, get_change(session, change, lock=True))


def get_rule_context(session: Session, actor: Actor, change: UUID) -> PlannedRuleContext:
    """Return a planned rule of an audience by what addresses name it; raise NotFound."""
    return _rule_context(session, actor, get_change(session, change))


def lock_rule_context(session: Session, actor: Actor, change: UUID) -> PlannedRuleContext:
    """Return a planned rule of an audience that will be applied or discarded, locked; raise NotFound."""
    return _rule_context(session, actor, get_change(session, change, lock=True))


LONGEST_REASON = 1000


class NumberToType(Invalid):
    """A change of many people is applied by typing how many they are."""

    message = N_("Type the number of people concerned, as it is shown.")


class UnitMoved(Conflict):
    """A unit was moved or deleted since another move of it was planned."""

    message = N_("The unit was moved or deleted in the meantime. Discard this and plan the move anew.")


class DraftFaulty(Conflict):
    """A draft that cannot be put in force as it is: its days have come too near, or a course cannot be taken."""

    message = N_("This draft cannot be activated as it is. Open it and save it again to see which fields have to change.")


def plan_activation(session: Session, actor: Actor, row: Obligation, *, now: datetime) -> PlannedChange:
    """Try what activating a draft would do; raise WrongObligationState or DraftFaulty. A second click tries the same once more."""
    if row.state != "draft":
        raise WrongObligationState(N_("This compulsory training is in force already."))
    values = as_activated(compliance_obligations.values_of(compliance_obligations.latest_version(session, row)), today_of(now))
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
    content, days = values_document(values), (values.terms.effective_on, values.is_retroactive)
    return _begin(session, actor, PlannedKind.VERSION, row, content, *days, values.reason, now=now)


def plan_end(session: Session, actor: Actor, row: Obligation, last_on: date, reason: str, *, now: datetime) -> PlannedChange:
    """Try what ending an obligation after a day would do."""
    if row.state != "active":
        raise WrongObligationState(N_("Only compulsory training in force can be ended."))
    present = compliance_obligations.values_of(compliance_obligations.latest_version(session, row))
    if last_on < max(today_of(now), present.terms.starts):
        raise compliance_obligations.EndsBeforeToday
    content = end_document(last_on)
    return _begin(session, actor, PlannedKind.END, row, content, last_on + DAY, False, reason, now=now)


def plan_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, *, now: datetime) -> PlannedChange:
    """Try what another rule of an audience would do to the obligations in force; raise AudienceEditConflict where it was changed since."""
    if audience.latest != values.seen:
        raise AudienceEditConflict
    content, is_past = rule_document(values), values.effective_on < today_of(now)
    return _begin(session, actor, PlannedKind.AUDIENCE, audience, content, values.effective_on, is_past, values.reason, now=now)


def plan_free_days(
    session: Session, actor: Actor, added: Sequence[FreeDayValues], removed: Sequence[FreeDayValues], reason: str, *, now: datetime
) -> PlannedChange:
    """Plan that the calendar of days before today is another; raise ReasonRequired. Whose working days it counts is its number."""
    content, first = free_days_document(added, removed), min(free_day.day for free_day in (*added, *removed))
    return _begin(session, actor, PlannedKind.FREE_DAYS, None, content, first, first < today_of(now), reason, now=now)


def plan_move(session: Session, actor: Actor, planned: units.UnitMove, now: datetime) -> UUID:
    """Plan that a unit stands elsewhere; who belongs to it then, or below it, is its number.

    Raise ReasonRequired, or MoveWaiting where another move of it waits.
    """
    plan = None if planned.plan is None else asdict(planned.plan)
    before = tree.find_last_parent(session, planned.unit_id)
    content = {"unit": planned.unit_id, "parent": planned.parent_id, "before": before, "plan": plan}
    is_past = planned.since_on < today_of(now)
    row = _begin(session, actor, PlannedKind.MOVE, None, content, planned.since_on, is_past, planned.reason, now=now)
    if any(each.unit_id == planned.unit_id and each.uuid != row.uuid for each in list_waiting_moves(session)):
        raise units.MoveWaiting
    return row.uuid


def list_waiting_moves(session: Session) -> list[units.WaitingMove]:
    """List the moves of units that wait for a second person, the oldest first."""
    statement = select(PlannedChange).where(
        PlannedChange.kind == PlannedKind.MOVE, PlannedChange.state.in_(("planning", "ready", "applying"))
    )
    planned = [(row.uuid, move_planned(row)) for row in session.scalars(statement.order_by(PlannedChange.id))]
    return [units.WaitingMove(uuid, move.unit_id, move.parent_id, move.since_on) for uuid, move in planned]


def get_move(session: Session, _actor: Actor, change: UUID) -> PlannedChange:
    """Return a planned move of a unit by what addresses name it; raise NotFound."""
    return _require_move(get_change(session, change))


def lock_move(session: Session, _actor: Actor, change: UUID) -> PlannedChange:
    """Return a planned move of a unit that will be applied or discarded, locked; raise NotFound."""
    return _require_move(get_change(session, change, lock=True))


def _require_move(row: PlannedChange) -> PlannedChange:
    if row.kind != PlannedKind.MOVE:
        raise NotFound
    return row


def plan_used_rule(session: Session, actor: Actor, audience: Audience, values: AudienceRuleValues, now: datetime) -> UUID | None:
    """Try another rule of an audience of which an obligation in force asks something, or one that holds from a day before today.

    Return None where one person's word is enough: no obligation asks anything of it, and it changes no day before.
    """
    if values.effective_on >= today_of(now) and not is_used(session, audience.id):
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
    same = find_open_change(session, columns)
    if same is not None:
        renew_change(session, actor, same, now=now)
        return same
    row = PlannedChange(**columns, state="planning", computed_at=now, created_at=now)
    if not reason and outcomes.why_second_person(count_people(session, row), is_past=is_retroactive) is not None:
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
    begin_dry_run(session, row, now=now)
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


def why_second(row: PlannedChange, outcome: outcomes.DryRunOutcome) -> outcomes.SecondPersonReason | None:
    """Return why another person than the author of a change has to apply it; None where its author may (spec/compulsory 4.5)."""
    return outcomes.why_second_person(outcome.concerned, is_past=row.is_retroactive)


def needs_number(session: Session, row: PlannedChange, outcome: outcomes.DryRunOutcome) -> bool:
    """Return whether the number of people has to be typed: a second person applies it, or the audience is of nobody or everybody."""
    return why_second(row, outcome) is not None or is_extreme(session, row, outcome)


def is_extreme(session: Session, row: PlannedChange, outcome: outcomes.DryRunOutcome) -> bool:
    """Return whether what would be put in force asks something of nobody, or of everybody in the institution (spec/compulsory 18)."""
    if row.kind != PlannedKind.ACTIVATE:
        return False
    audience = session.get_one(Audience, row.audience_id)
    scope = AudienceScope(audience.institution_id, today_of(row.computed_at))
    return outcome.people == 0 or outcome.people >= count_employed(session, scope)


def apply_change(session: Session, actor: Actor, row: PlannedChange, typed: int | None, *, now: datetime) -> None:
    """Apply a change to which somebody agreed by its number; its dry run is made once more, and another number stops it.

    A second time does nothing. Raise NumberToType, SecondPersonRequired, ObligationChanged, AudienceEditConflict, DraftFaulty,
    AgreementMissing or Conflict.
    """
    if row.state in ("applying", "applied"):
        return
    if row.state != "ready":
        raise Conflict
    outcome = outcomes.read_outcome(json.loads(row.outcome))
    _require_present(session, row)
    _require_second_person(session, actor, row, outcome, now=now)
    _require_agreements(session, actor, row, now=now)
    if needs_number(session, row, outcome) and typed != outcome.concerned:
        raise NumberToType
    row.state, row.agreed, row.applied_by, row.is_outdated = "applying", outcome.concerned, actor.person_id, False
    begin_dry_run(session, row, now=now)
    finish_dry_run(session, row, now=now)
    if row.state != "applied":
        audit.record(session, actor, ComplianceVerb.CHANGE_PLANNED, _subject(session, row), now=now, kind=row.kind)


def finish_dry_run(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Let a dry run that has seen everybody be shown, or applied where the number to which somebody agreed is still right."""
    if row.seen < row.total:
        return
    outcome = outcomes.read_outcome(json.loads(row.outcome))
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
        added, removed = free_days_planned(row)
        free_days.apply_free_days(session, actor, added, removed, CalendarApproval(reason=row.reason, **people), now=now)
        return
    if row.kind == PlannedKind.MOVE:
        _move(session, actor, row, move_planned(row), now=now)
        return
    if row.kind == PlannedKind.AUDIENCE:
        audience, values = session.get_one(Audience, row.audience_id), rule_planned(session, row, now)
        audiences.change_rule(session, actor, audience, values, **people, now=now)
        return
    obligation = session.get_one(Obligation, row.obligation_id, with_for_update=True, populate_existing=True)
    if row.kind == PlannedKind.ACTIVATE:
        version = compliance_obligations.latest_version(session, obligation)
        compliance_obligations.write_values(version, as_activated(compliance_obligations.values_of(version), today_of(now)))
        compliance_obligations.activate(session, actor, obligation, row.based_on, now=now)
    elif row.kind == PlannedKind.END:
        compliance_obligations.end_obligation(session, actor, obligation, last_day_planned(row), row.reason, **people, now=now)
    else:
        planned = read_values(row, now)
        compliance_obligations.add_version(session, actor, obligation, row.based_on, planned, row.reason, **people, now=now)


def _move(session: Session, actor: Actor, row: PlannedChange, planned: units.UnitMove, *, now: datetime) -> None:
    unit, parent = (session.get_one(Organisation, number) for number in (planned.unit_id, planned.parent_id))
    since_on = planned.since_on if row.is_retroactive else max(planned.since_on, today_of(now))
    approval = units.MoveApproval(row.created_by, row.reason)
    units.move(session, actor, unit, parent, now=now, plan=planned.plan, since_on=since_on, approval=approval)


def is_present(session: Session, row: PlannedChange) -> bool:
    """Return whether what a change was planned upon is still so."""
    if row.kind == PlannedKind.FREE_DAYS:
        return True
    if row.kind == PlannedKind.MOVE:
        before: int | None = json.loads(row.content)["before"]
        return before is not None and before == tree.find_last_parent(session, move_planned(row).unit_id)
    if row.kind == PlannedKind.AUDIENCE:
        return session.get_one(Audience, row.audience_id).latest == row.based_on
    return session.get_one(Obligation, row.obligation_id).edited == row.based_on


def _require_present(session: Session, row: PlannedChange) -> None:
    if not is_present(session, row):
        if row.kind == PlannedKind.MOVE:
            raise UnitMoved
        raise AudienceEditConflict if row.kind == PlannedKind.AUDIENCE else ObligationChanged


def _require_second_person(session: Session, actor: Actor, row: PlannedChange, outcome: outcomes.DryRunOutcome, *, now: datetime) -> None:
    is_activation = row.kind == PlannedKind.ACTIVATE  # whoever tries it is not its author
    if why_second(row, outcome) is not None and not is_activation and actor.person_id in (None, row.created_by):
        raise SecondPersonRequired
    if is_activation:
        obligation = session.get_one(Obligation, row.obligation_id)
        version = compliance_obligations.latest_version(session, obligation)
        if actor.person_id in (None, obligation.created_by, version.author_id):
            raise SecondPersonRequired
        _require_sound(session, as_activated(compliance_obligations.values_of(version), today_of(now)))


def _require_agreements(session: Session, actor: Actor, row: PlannedChange, *, now: datetime) -> None:
    """Take the act of whoever applies a change for the agreement that they may give; raise AgreementMissing where another is missing."""
    if row.kind not in (PlannedKind.ACTIVATE, PlannedKind.VERSION):
        return
    obligation = session.get_one(Obligation, row.obligation_id)
    newest = compliance_obligations.values_of(compliance_obligations.latest_version(session, obligation))
    required = list(courses_of(newest.terms.requirement))
    if row.kind == PlannedKind.VERSION:
        required = compliance_obligations.newly_required(read_values(row, now), newest)
    settle_agreements(session, actor, obligation, required, now=now)
    require_agreements(session, obligation, required, now=now)


def _subject(session: Session, row: PlannedChange) -> Obligation | Audience | PlannedChange:
    if row.kind in OF_REGISTER:
        return row
    if row.obligation_id is None:
        return session.get_one(Audience, row.audience_id)
    return session.get_one(Obligation, row.obligation_id)
