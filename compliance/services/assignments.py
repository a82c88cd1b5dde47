"""Services of assignments: the status of each person under an obligation, written as the pure rules compute it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from compliance.models import Assignment, AssignmentState
from compliance.queries.records import ObligationRules, load_records
from compliance.rules.history import INSTANT, HistoryRow, extend_history, has_news
from compliance.rules.record import TrainingRecord
from compliance.rules.status import NextChange, StateFlag, TrainingState, TrainingStatus, next_change, status_of, training_case

PORTION = 200


@dataclass(frozen=True, slots=True)
class RecomputeCount:
    """The outcome of a computation: how many people it read, how many of their rows it wrote."""

    people: int = 0
    written: int = 0


def recompute(session: Session, rules: ObligationRules, people: Collection[int], *, now: datetime) -> RecomputeCount:
    """Compute the status of some people under an obligation and write what changed; a second time writes nothing.

    Whoever was never in the audience gets no assignment.
    """
    records = load_records(session, rules, people)
    statement = select(Assignment).where(Assignment.obligation_id == rules.obligation_id, Assignment.person_id.in_(people))
    present = {row.person_id: row for row in session.scalars(statement.order_by(Assignment.id).with_for_update())}
    histories = _open_histories(session, [row.id for row in present.values()])
    written = 0
    for person in people:
        row = present.get(person)
        if row is None and not records[person].stays:
            continue
        written += _write(session, rules, records[person], person, row, histories, now=now)
    session.flush()
    return RecomputeCount(len(people), written)


def _write(
    session: Session,
    rules: ObligationRules,
    record: TrainingRecord,
    person: int,
    row: Assignment | None,
    histories: Mapping[int, Mapping[int, HistoryRow]],
    *,
    now: datetime,
) -> int:
    if row is not None and row.computed_at > now:  # the clock was set back: what was known stays known
        now = row.computed_at + INSTANT
    case = training_case(rules.terms, record, now)
    values = _values(status_of(case, now), next_change(case, now))
    if row is None:
        row = Assignment(obligation_id=rules.obligation_id, person_id=person, computed_at=now, remind_at=now, **values)
        session.add(row)
        session.flush()
        _store(session, row.id, {}, extend_history((), case, None))
        return 1
    before = histories.get(row.id, {})
    changed = has_news(record, row.computed_at, now)
    changed |= _store(session, row.id, before, extend_history(tuple(before.values()), case, row.computed_at))
    if any(getattr(row, name) != value for name, value in values.items()):
        changed = True
        for name, value in values.items():
            setattr(row, name, value)
        row.remind_at = now
    if changed:
        row.computed_at = now
    return int(changed)


def _values(status: TrainingStatus, ahead: NextChange | None) -> dict[str, object]:
    """Return the columns of an assignment."""
    return {
        "state": status.state.value,
        "flags": " ".join(status.flags),
        "last_on": status.last_on,
        "cycle": status.cycle,
        "opened_on": status.opened_on,
        "due_on": status.due_on,
        "done_on": status.done_on,
        "zone": status.zone.key,
        "achieved_at": status.first_at,
        "valid_until": status.valid_until,
        "next_change_at": ahead and ahead.at,
        "next_state": ahead and ahead.status.state.value,
        "next_flags": ahead and " ".join(ahead.status.flags),
    }


def _open_histories(session: Session, assignments: Sequence[int]) -> Mapping[int, Mapping[int, HistoryRow]]:
    """Return the rows of some assignments that hold as known now, by the number of the assignment and their own."""
    found: dict[int, dict[int, HistoryRow]] = {}
    statement = select(AssignmentState).where(AssignmentState.assignment_id.in_(assignments), AssignmentState.known_to.is_(None))
    for row in session.scalars(statement.order_by(AssignmentState.valid_from)):
        found.setdefault(row.assignment_id, {})[row.id] = history_row(row)
    return found


def history_row(row: AssignmentState) -> HistoryRow:
    """Return a stored row as the pure rules read it."""
    flags = tuple(StateFlag(flag) for flag in row.flags.split())
    return HistoryRow(TrainingState(row.state), flags, row.valid_from, row.valid_to, row.known_from, row.known_to)


def _store(session: Session, assignment: int, before: Mapping[int, HistoryRow], after: Sequence[HistoryRow]) -> bool:
    """Write what a history gained, what of it ended, what it never was; return whether anything changed."""
    left = {(row.says, row.known_from): row for row in after}
    changed = False
    for number, row in before.items():
        found = left.pop((row.says, row.known_from), None)
        if found == row:
            continue
        changed = True
        if found is None:
            session.execute(delete(AssignmentState).where(AssignmentState.id == number))
        else:
            ends = {"valid_to": found.valid_to, "known_to": found.known_to}
            session.execute(update(AssignmentState).where(AssignmentState.id == number).values(**ends))
    if left:
        session.execute(insert(AssignmentState), [_row_values(assignment, row) for row in left.values()])
    return changed or bool(left)


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
