"""Services of assignments: the status of each person under an obligation, written as the pure rules compute it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from compliance.models import Assignment, AssignmentState
from compliance.queries.assignments import list_active, list_people_under
from compliance.queries.records import ObligationRules, list_rules, load_people_records
from compliance.rules.history import INSTANT, HistoryRow, extend_history, has_news, late_moments, rewrite_history
from compliance.rules.states import StateFlag, TrainingState
from compliance.rules.status import TrainingCase, case_under, known_terms, next_change, status_of
from kernel.db import connection_of

PORTION = 200
STATUSES = 500
"""At most so many are computed in one transaction where people are judged under several obligations together."""
VALUES = (
    *("state", "flags", "last_on", "cycle", "opened_on", "due_on", "done_on", "zone", "achieved_at", "valid_until"),
    *("next_change_at", "next_state", "next_flags"),
)
"""The columns of an assignment that are computed."""


@dataclass(frozen=True, slots=True)
class RecomputeCount:
    """The outcome of a computation: how many people it read, how many of their rows it wrote."""

    people: int = 0
    written: int = 0
    last: int | None = None
    """The last person, where others may follow."""


def recompute(session: Session, every: Sequence[ObligationRules], people: Collection[int], *, now: datetime) -> RecomputeCount:
    """Compute the status of some people under some obligations and write what changed; a second time writes nothing.

    Whoever was never in the audience gets no assignment.
    """
    if not every:
        return RecomputeCount(len(people))
    present = _lock_assignments(session, every, people)
    records = load_people_records(session, every, people)  # once nobody else computes these: what others wrote meanwhile is among them
    numbers = [row[0] for row in present.values()]
    changes, histories = _Changes(_EndedHistories(session, numbers)), _open_histories(session, numbers)
    for rules in every:
        present_terms = known_terms(rules.terms, now)
        for person in people:
            row = present.get((rules.obligation_id, person))
            if row is None and not records.has_stayed(rules, person):
                continue
            terms = present_terms
            if row is not None and row.computed_at > now:  # the clock was set back: what was known stays known
                terms = known_terms(rules.terms, row.computed_at + INSTANT)
            case = case_under(terms, records.record_of(rules, person))
            if row is None:
                changes.begin(rules.obligation_id, person, case)
            else:
                changes.compare(row, histories.get(row.id, {}), case)
            case.close()
    changes.write(session)
    return RecomputeCount(len(people), changes.count)


def recompute_next(session: Session, institution: int, after: int, *, now: datetime) -> RecomputeCount:
    """Compute the statuses of the next people of an institution, each under all of its obligations."""
    obligations = list_active(session, institution)
    most = max(1, STATUSES // max(1, len(obligations)))
    people = list_people_under(session, obligations, after, most)
    count = recompute(session, list_rules(session, obligations), people, now=now)
    return replace(count, last=people[-1] if len(people) == most else None)


def _lock_assignments(session: Session, every: Sequence[ObligationRules], people: Collection[int]) -> Mapping[tuple[int, int], Any]:
    """Return the assignments of some people by obligation and person, as columns, locked in the order of their numbers."""
    row = Assignment
    statement = select(row.id, row.obligation_id, row.person_id, row.computed_at, *(getattr(row, name) for name in VALUES)).where(
        row.obligation_id.in_([rules.obligation_id for rules in every]), row.person_id.in_(people)
    )
    rows = connection_of(session).execute(statement.order_by(row.id).with_for_update()).all()
    return {(assignment[1], assignment[2]): assignment for assignment in rows}


def _values(case: TrainingCase) -> tuple[object, ...]:
    """Return what an assignment holds in a case, in the order of its columns."""
    status, ahead = status_of(case, case.known), next_change(case, case.known)
    return (
        status.state.value,
        " ".join(status.flags),
        status.last_on,
        status.cycle,
        status.opened_on,
        status.due_on,
        status.done_on,
        status.zone.key,
        status.first_at,
        status.valid_until,
        ahead and ahead.at,
        ahead and ahead.status.state.value,
        ahead and " ".join(ahead.status.flags),
    )


def _open_histories(session: Session, assignments: Sequence[int]) -> Mapping[int, Mapping[int, HistoryRow]]:
    """Return the rows of some assignments that hold as known now, by the number of the assignment and their own.

    By numbers and without a join: PostgreSQL reads the whole history for a portion while it takes the table for empty.
    """
    return _histories(session, assignments, AssignmentState.known_to.is_(None))


def _histories(session: Session, assignments: Sequence[int], condition: ColumnElement[bool]) -> Mapping[int, Mapping[int, HistoryRow]]:
    histories, row = defaultdict[int, dict[int, HistoryRow]](dict), AssignmentState
    statement = (
        select(row.assignment_id, row.id, row.state, row.flags, row.valid_from, row.valid_to, row.known_from, row.known_to)
        .where(row.assignment_id.in_(assignments), condition)
        .order_by(row.valid_from)
    )
    for assignment, number, state, flags, since, until, known, ended in connection_of(session).execute(statement).all():
        histories[assignment][number] = HistoryRow(_STATES[state], _read_flags(flags), since, until, known, ended)
    return histories


@dataclass(slots=True)
class _EndedHistories:
    """The rows of some assignments that are known no more, read at once where one of them asks for its own."""

    session: Session
    assignments: Sequence[int]
    found: Mapping[int, Mapping[int, HistoryRow]] | None = None

    def of(self, assignment: int) -> Mapping[int, HistoryRow]:
        """Return those of one assignment, by number."""
        if self.found is None:
            self.found = _histories(self.session, self.assignments, AssignmentState.known_to.is_not(None))
        return self.found.get(assignment, {})


_STATES = {state.value: state for state in TrainingState}


def _read_flags(flags: str) -> tuple[StateFlag, ...]:
    return tuple(map(StateFlag, flags.split())) if flags else ()


@dataclass(slots=True)
class _Changes:
    """What has to be written of some statuses, each table at once."""

    ended: _EndedHistories
    begun: list[tuple[dict[str, Any], Sequence[HistoryRow]]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Statuses that are as before, though something was recorded."""
    states_begun: list[dict[str, Any]] = field(default_factory=list)
    states_ended: list[dict[str, Any]] = field(default_factory=list)
    states_gone: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how many statuses are written."""
        return len(self.begun) + len(self.updated) + len(self.seen)

    def begin(self, obligation: int, person: int, case: TrainingCase) -> None:
        """Note the first status of a person under an obligation."""
        values = dict(zip(VALUES, _values(case), strict=True))
        row = {"obligation_id": obligation, "person_id": person, "computed_at": case.known, "remind_at": case.known, **values}
        self.begun.append((row, extend_history((), case, None)))

    def compare(self, row: Any, before: Mapping[int, HistoryRow], case: TrainingCase) -> None:
        """Compute a status again and note what of it is not stored so."""
        values, after = _values(case), extend_history(tuple(before.values()), case, row.computed_at)
        if after != list(before.values()) and late_moments(case, row.computed_at):
            before = {**self.ended.of(row.id), **before}
            after = rewrite_history(tuple(before.values()), case, row.computed_at)
        is_changed = self.note_history(row.id, before, after)
        if values != row[-len(VALUES) :]:
            self.updated.append(
                {"id": row.id, "computed_at": case.known, "remind_at": case.known, **dict(zip(VALUES, values, strict=True))}
            )
        elif is_changed or has_news(case.record, row.computed_at, case.known):
            self.seen.append({"id": row.id, "computed_at": case.known})

    def note_history(self, assignment: int, before: Mapping[int, HistoryRow], after: Sequence[HistoryRow]) -> bool:
        """Note what a history gained, what of it ended, what it never was; return whether anything changed."""
        if after == list(before.values()):
            return False
        left, is_changed = {(row.says, row.known_from): row for row in after}, False
        for number, row in before.items():
            successor = left.pop((row.says, row.known_from), None)
            is_changed |= successor != row
            if successor is None:
                self.states_gone.append(number)
            elif successor != row:
                self.states_ended.append({"id": number, "valid_to": successor.valid_to, "known_to": successor.known_to})
        self.states_begun += [_row_values(assignment, row) for row in left.values()]
        return is_changed or bool(left)

    def write(self, session: Session) -> None:
        """Write all of it."""
        if self.begun:
            rows = [row for row, _history in self.begun]
            made = session.scalars(insert(Assignment).returning(Assignment.id, sort_by_parameter_order=True), rows)
            for number, (_row, history) in zip(made, self.begun, strict=True):
                self.states_begun += [_row_values(number, row) for row in history]
        if self.states_gone:
            session.execute(delete(AssignmentState).where(AssignmentState.id.in_(self.states_gone)))
        for table, rows in ((Assignment, self.updated), (Assignment, self.seen), (AssignmentState, self.states_ended)):
            if rows:
                session.execute(update(table), rows)
        if self.states_begun:
            session.execute(insert(AssignmentState), self.states_begun)


def _row_values(assignment: int, row: HistoryRow) -> dict[str, object]:
    return {
        "assignment_id": assignment,
        "state": row.state.value,
        "flags": " ".join(row.flags),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "known_from": row.known_from,
        "known_to": row.known_to,
    }
