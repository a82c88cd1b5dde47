"""Replay: whether the stored statuses are those that the rules compute from the records (spec/compulsory 7.3 and 13.1)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.models import AccountMerge
from compliance.models import Assignment, AssignmentState
from compliance.queries.assignments import find_active, list_people_after
from compliance.queries.records import ObligationRules, get_rules, load_records
from compliance.rules.history import INSTANT, begins_at, has_news, timeline
from compliance.rules.record import TrainingRecord
from compliance.rules.states import TrainingStatus
from compliance.rules.status import TrainingCase, status_of, training_case
from kernel.db import Database

UNDER_WAY = timedelta(hours=1)
"""What was recorded so lately may wait for the job that follows it."""
PORTION = 500


@dataclass(frozen=True, slots=True)
class StatusDifference:
    """A status that is not stored as it is computed: state and flags, empty where there is none; what is stored parted by bars."""

    person_id: int
    stored: str
    computed: str


@dataclass(frozen=True, slots=True)
class ReplayMoments:
    """The moment of which statuses are compared, that as of which they are known, and the present one."""

    at: datetime
    known: datetime
    now: datetime


def list_differences(session: Session, rules: ObligationRules, people: Sequence[int], moments: ReplayMoments) -> list[StatusDifference]:
    """List those of some people whose stored status is another than the computed one, in five statements more than their records take.

    Passed over are people with something on record that a job has yet to follow and, of moments before two accounts became one, both:
    what one did belongs to the other since.
    """
    judged = _judge(session, rules, people, moments)
    stored = _stored_at(session, [person.row.id for person in judged if person.row is not None], moments)
    differences = list[StatusDifference]()
    for person in judged:
        history = stored.get(person.row.id, []) if person.row is not None else []
        differences += _compare(person, history, moments)
    return differences


def list_present_differences(session: Session, rules: ObligationRules, people: Sequence[int], now: datetime) -> list[StatusDifference]:
    """List those of some people whose present status, or the history of it as known now, is another than the computed one."""
    moments = ReplayMoments(now, now, now)
    judged = _judge(session, rules, people, moments)
    stored = _known_histories(session, [person.row.id for person in judged if person.row is not None], now)
    differences = list[StatusDifference]()
    for person in judged:
        history = stored.get(person.row.id, []) if person.row is not None else []
        present = [state.words for state in history if state.since <= now and (state.until is None or state.until > now)]
        differences += list(_compare(person, present, moments)) or _compare_histories(person, history, now)
    return differences


@dataclass(frozen=True, slots=True)
class _JudgedPerson:
    """A person under an obligation as the rules judge them, and the stored status, where there is one."""

    person_id: int
    case: TrainingCase
    row: Assignment | None


def _judge(session: Session, rules: ObligationRules, people: Sequence[int], moments: ReplayMoments) -> list[_JudgedPerson]:
    records = load_records(session, rules, people)
    mine = (Assignment.obligation_id == rules.obligation_id, Assignment.person_id.in_(people))
    assignments = {row.person_id: row for row in session.scalars(select(Assignment).where(*mine))}
    merged = _merged_since(session, people, moments.known)
    return [
        _JudgedPerson(person, training_case(rules.terms, records[person], moments.known), assignments.get(person))
        for person in people
        if person not in merged and not _is_under_way(rules, records[person], moments)
    ]


def _compare(judged: _JudgedPerson, history: list[str], moments: ReplayMoments) -> Iterator[StatusDifference]:
    """Compare what a person's history says, and of a moment since it was computed their present status, with what is computed."""
    case, row = judged.case, judged.row
    since, computed = begins_at(case), _words(status_of(case, moments.at))
    expected = [] if since is None or moments.at < since else [computed]
    present, is_past_change = list[str](), False
    if row is not None and row.computed_at <= min(moments.at, moments.known):
        is_past_change = row.next_change_at is not None and row.next_change_at <= moments.at
        present.append(_present_words(row, is_past_change=is_past_change))
    if (history != expected and not is_past_change) or present not in ([], [computed]):
        yield StatusDifference(judged.person_id, " | ".join(dict.fromkeys([*present, *history])), " | ".join(expected))


class _StoredState(NamedTuple):
    """What a history says: state and flags, since when, until before when."""

    words: str
    since: datetime
    until: datetime | None


def _compare_histories(judged: _JudgedPerson, stored: Sequence[_StoredState], now: datetime) -> list[StatusDifference]:
    """Compare a person's history as known now, up to the next change by the clock, with what is computed; give what differs first."""
    row = judged.row
    if row is None or row.computed_at > now:  # the clock was set back: what was computed for later stands
        return []
    until = now if row.next_change_at is None else min(now, row.next_change_at - INSTANT)
    computed = [_StoredState(_state_words(span.state, span.flags), span.valid_from, span.valid_to) for span in timeline(judged.case, until)]
    pairs = zip_longest(stored, computed)
    differing = next(((before, after) for before, after in pairs if before != after), None)
    return (
        []
        if differing is None
        else [StatusDifference(judged.person_id, *("" if stored_state is None else stored_state.words for stored_state in differing))]
    )


def _merged_since(session: Session, people: Collection[int], moment: datetime) -> set[int]:
    statement = select(AccountMerge.kept_id, AccountMerge.closed_id).where(
        AccountMerge.merged_at > moment, or_(AccountMerge.kept_id.in_(people), AccountMerge.closed_id.in_(people))
    )
    return {person for pair in session.execute(statement) for person in pair}


def _words(status: TrainingStatus) -> str:
    return _state_words(status.state, status.flags)


def _state_words(state: str, flags: Sequence[str]) -> str:
    return " ".join((state, *flags))


def _present_words(row: Assignment, *, is_past_change: bool) -> str:
    state, flags = (row.next_state, row.next_flags) if is_past_change else (row.state, row.flags)
    return f"{state} {flags or ''}".strip()


def _is_under_way(rules: ObligationRules, record: TrainingRecord, moments: ReplayMoments) -> bool:
    lately = moments.now - UNDER_WAY
    return has_news(record, lately, moments.now) or any(lately < terms.recorded_at <= moments.now for terms in rules.terms)


def _stored_at(session: Session, assignments: Sequence[int], moments: ReplayMoments) -> Mapping[int, list[str]]:
    """Return what the history of some assignments says of a moment as known at another."""
    row = AssignmentState
    statement = select(row.assignment_id, row.state, row.flags).where(
        row.assignment_id.in_(assignments),
        row.valid_from <= moments.at,
        or_(row.valid_to.is_(None), row.valid_to > moments.at),
        row.known_from <= moments.known,
        or_(row.known_to.is_(None), row.known_to > moments.known),
    )
    states = defaultdict[int, list[str]](list)
    for assignment, state, flags in session.execute(statement):
        states[assignment].append(f"{state} {flags}".strip())
    return states


def _known_histories(session: Session, assignments: Sequence[int], now: datetime) -> Mapping[int, list[_StoredState]]:
    """Return the histories of some assignments as known now, each in the order of its states."""
    row = AssignmentState
    statement = select(row.assignment_id, row.state, row.flags, row.valid_from, row.valid_to).where(
        row.assignment_id.in_(assignments), row.known_from <= now, or_(row.known_to.is_(None), row.known_to > now)
    )
    histories = defaultdict[int, list[_StoredState]](list)
    for assignment, state, flags, since, until in session.execute(statement.order_by(row.valid_from, row.id)):
        histories[assignment].append(_StoredState(f"{state} {flags}".strip(), since, until))
    return histories


def walk_differences(database: Database, obligation_id: int, moments: ReplayMoments) -> Iterator[tuple[int, list[StatusDifference]]]:
    """Yield of each portion of the people under an obligation how many they are, and whose status differs; nothing is written."""
    return _walk(database, obligation_id, lambda session, rules, people: list_differences(session, rules, people, moments))


def walk_present_differences(database: Database, obligation_id: int, now: datetime) -> Iterator[tuple[int, list[StatusDifference]]]:
    """Yield the same of the present status with its history as known now: all that computing it again mends."""
    return _walk(database, obligation_id, lambda session, rules, people: list_present_differences(session, rules, people, now))


_ComparePortion = Callable[[Session, ObligationRules, Sequence[int]], list[StatusDifference]]


def _walk(database: Database, obligation_id: int, compare: _ComparePortion) -> Iterator[tuple[int, list[StatusDifference]]]:
    after: int | None = 0
    while after is not None:
        with database.unit_of_work(write=False) as session:
            obligation = find_active(session, obligation_id)
            if obligation is None:
                return
            people = list_people_after(session, obligation, after, PORTION)
            differences = compare(session, get_rules(session, obligation), people)
        yield len(people), differences
        after = people[-1] if len(people) == PORTION else None
