"""The dry run of a planned change: the pure rules over everybody whom it may touch, in portions, writing nothing but the count.

Small ones are made while somebody waits for the page, large ones by a job that goes on where it stopped (spec/compulsory 4.8).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Obligation, PlannedChange
from compliance.queries import planned_changes as queries
from compliance.queries.free_days import load_free_days, province_of
from compliance.queries.records import ObligationRules, get_rules, load_records
from compliance.rules.dry_runs import DryRunOutcome, StatusShift, TermsBeside, outcome_document, outcome_of, read_outcome, shift_of
from compliance.rules.record import RecordedSpan
from compliance.rules.terms import ObligationTerms, courses_of
from compliance.rules.working_days import WorkingDays
from compliance.services import change_contents, obligations
from compliance.services.change_contents import PlannedKind
from courses.models import Course
from kernel import outbox
from kernel.i18n import site_locale
from organisations import audiences, tree
from organisations.audiences import today_of
from organisations.models import Audience
from organisations.rules.audiences import RuleInForce, find_stays

MOST_AT_ONCE = 200
"""People up to whom a dry run is made while somebody waits for the page."""
PORTION = 200
NOON = time(12)


@dataclass(frozen=True, slots=True)
class _Trial:
    """An obligation without a change and with it."""

    before: ObligationRules
    after: ObligationRules
    steps: Sequence[int]


def begin_dry_run(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Make the dry run from the beginning as of a moment, at once or by a job."""
    row.computed_at, row.seen, row.reached, row.outcome = now, 0, 0, json.dumps(outcome_document(DryRunOutcome()))
    row.total = queries.count_people(session, row)
    session.flush()
    if row.kind == PlannedKind.FREE_DAYS:  # nobody's status or last day hangs on the calendar: their reminders and their pace do
        row.seen, row.outcome = row.total, json.dumps(outcome_document(DryRunOutcome(people=row.total, past=row.total)))
        return
    if row.total > MOST_AT_ONCE:
        outbox.enqueue(session, "compliance.try_change", {"change": row.id}, now=now)
        return
    people = queries.list_people_after(session, row, 0, MOST_AT_ONCE)
    note_portion(row, people, try_people(session, row, people), is_last=True)


def preview_activation(session: Session, obligation: Obligation, *, now: datetime) -> DryRunOutcome:
    """Return what activating a draft would do; nothing is written, not even that somebody looked."""
    values = change_contents.as_activated(obligations.values_of(obligations.latest_version(session, obligation)), today_of(now))
    row = PlannedChange(
        kind=PlannedKind.ACTIVATE.value,
        obligation_id=obligation.id,
        audience_id=obligation.audience_id,
        content=json.dumps({}),
        effective_on=values.terms.effective_on,
        is_retroactive=values.is_retroactive,
        computed_at=now,
    )
    outcome, people = DryRunOutcome(), queries.list_people_after(session, row, 0, PORTION)
    while people:
        outcome = outcome.joined(try_people(session, row, people))
        people = queries.list_people_after(session, row, people[-1], PORTION)
    return outcome


def note_portion(row: PlannedChange, people: Sequence[int], outcome: DryRunOutcome, *, is_last: bool) -> None:
    """Write down what a portion of people adds to a dry run; people may have come and gone since they were counted."""
    row.outcome = json.dumps(outcome_document(read_outcome(json.loads(row.outcome)).joined(outcome)))
    row.seen += len(people)
    row.reached = people[-1] if people else row.reached
    row.total = row.seen if is_last else max(row.total, row.seen + 1)


def try_people(session: Session, row: PlannedChange, people: Collection[int]) -> DryRunOutcome:
    """Compare the statuses of some people without a change and with it; nothing is written."""
    at, known = _moment_of(row.effective_on, row.computed_at), row.computed_at
    stays = _stays_by_rule(session, row, people) if row.kind == PlannedKind.AUDIENCE else None
    shifts = defaultdict[int, list[tuple[int, StatusShift]]](list)
    units = queries.main_units(session, people)
    working = _working_days(session, units)
    for trial in _trials(session, row):
        records = load_records(session, trial.before, people)
        would_be = records if trial.before.zone == trial.after.zone else load_records(session, trial.after, people)
        terms = TermsBeside(trial.before.terms, trial.after.terms, trial.steps)
        for person in people:
            record = would_be[person] if stays is None else replace(would_be[person], stays=stays.get(person, ()))
            days = working.get(person, WorkingDays())
            shift = shift_of(terms, records[person], record, at, known, days, is_retroactive=row.is_retroactive)
            shifts[person].append((trial.before.obligation_id, shift))
    return outcome_of(shifts, units)


def _working_days(session: Session, units: Mapping[int, int]) -> Mapping[int, WorkingDays]:
    """Return the working days of each person, by those of the province of their main unit."""
    calendar = load_free_days(session)
    places = {unit.id: unit for unit in tree.list_tree(session)} if calendar.by_province else {}
    by_unit = {unit: calendar.working_in(province_of(places, unit)) for unit in set(units.values())}
    return {person: by_unit[unit] for person, unit in units.items()}


def _moment_of(effective_on: date, computed_at: datetime) -> datetime:
    """Return the moment for which both are compared: now, or noon of the day from which a change holds later."""
    if effective_on <= today_of(computed_at):
        return computed_at
    return datetime.combine(effective_on, NOON, site_locale().zone)


def _trials(session: Session, row: PlannedChange) -> list[_Trial]:
    trials = list[_Trial]()
    for obligation in queries.list_obligations_of(session, row):
        rules, newest = get_rules(session, obligation), obligations.latest_version(session, obligation)
        if row.kind == PlannedKind.AUDIENCE:
            trials.append(_Trial(rules, rules, tuple(map(int, newest.steps))))
            continue
        values = change_contents.values_planned(row, obligations.values_of(newest))
        terms = replace(values.terms, recorded_at=row.computed_at)
        before = () if obligation.state == "draft" else rules.terms
        courses = {**rules.courses, **_courses(session, terms)}
        after = replace(rules, terms=(*before, terms), courses=courses, zone=values.zone)
        trials.append(_Trial(replace(rules, terms=before, courses=courses), after, values.steps))
    return trials


def _courses(session: Session, terms: ObligationTerms) -> Mapping[int, str]:
    slugs = set(courses_of(terms.requirement))
    return {row[0]: row[1] for row in session.execute(select(Course.id, Course.slug).where(Course.slug.in_(slugs)))}


def _stays_by_rule(session: Session, row: PlannedChange, people: Collection[int]) -> Mapping[int, Sequence[RecordedSpan]]:
    """Return the stays that people would have with another rule, as if they were on record now."""
    audience = session.get_one(Audience, row.audience_id)
    planned = change_contents.rule_planned(session, row, row.computed_at)
    versions = [*audiences.rules_in_force(session, audience.id), RuleInForce(planned.effective_on, planned.rule)]
    until = max(today_of(row.computed_at), planned.effective_on)
    candidates = audiences.load_candidates(session, audience.institution_id, people)
    return {
        person: [RecordedSpan(stay.since_on, stay.until_on, row.computed_at) for stay in find_stays(versions, candidate, until)]
        for person, candidate in candidates.items()
    }
