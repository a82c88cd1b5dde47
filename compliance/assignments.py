"""Assignments, people under an obligation: their states read, computed and written, and compared with the record."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, insert, or_, select, union, update
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, Person
from accounts.people import was_deleted_condition
from compliance.models import Assignment, AssignmentState, DoneFact, Obligation, ObligationVersion
from compliance.records import ObligationRules, get_rules, list_rules, load_people_records, load_records
from compliance.rules.history import INSTANT, HistoryRow, begins_at, extend_history, has_news, late_moments, rewrite_history, timeline
from compliance.rules.record import TrainingRecord
from compliance.rules.reminders import LATE_STATES
from compliance.rules.states import (
    NEEDED,
    StateFlag,
    TrainingCase,
    TrainingState,
    TrainingStatus,
    case_under,
    known_terms,
    next_change,
    status_of,
    training_case,
)
from enrolments.models import Completion
from kernel.compiled_statements import compile_once
from kernel.db import Database, connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import N_, Conflict
from organisations import audiences as audience_queries
from organisations.audience_kinds import AudienceScope
from organisations.audience_preview import TrainingDuty
from organisations.audiences import FOLLOWED_WITHIN, awaits_stays
from organisations.models import Audience, AudienceStayRecord

_ACTIVE = compile_once(
    select(*columns_of(Obligation)).where(Obligation.state != "draft", Obligation.forgotten_at.is_(None)).order_by(Obligation.id)
)
_OF_INSTITUTION = compile_once(_ACTIVE.where(Obligation.institution_id == bindparam("institution")))


def list_active(session: Session, institution: int | None = None) -> list[Obligation]:
    """Return the obligations in force and those that ended, whose statuses are kept up, of all institutions or one, by their number."""
    connection = connection_of(session)
    rows = connection.execute(_ACTIVE) if institution is None else connection.execute(_OF_INSTITUTION, {"institution": institution})
    return [obligation for (obligation,) in entity_rows(session, rows, Obligation)]


def find_active(session: Session, number: int) -> Obligation | None:
    """Return an obligation that is no draft and whose records are kept."""
    row = session.get(Obligation, number)
    return row if row is not None and row.state != "draft" and row.forgotten_at is None else None


def find_by_key(session: Session, key: str) -> Obligation | None:
    """Return an obligation, in force or not, by its key."""
    return session.scalar(select(Obligation).where(Obligation.key == key))


def state_at(now: datetime) -> ColumnElement[str]:
    """Return in SQL the state of an assignment at a moment: a change by the clock counts before a job wrote it."""
    return case((Assignment.next_change_at <= now, Assignment.next_state), else_=Assignment.state)


def flags_at(now: datetime) -> ColumnElement[str]:
    """Return in SQL the flags of an assignment at a moment, as `state_at` does its state."""
    return case((Assignment.next_change_at <= now, Assignment.next_flags), else_=Assignment.flags)


def list_people_after(session: Session, obligation: Obligation, after: int, limit: int) -> list[int]:
    """Return a portion of the people who are or were in the audience of an obligation, by their number."""
    return list_people_under(session, [obligation], after, limit)


def list_people_under(session: Session, obligations: Sequence[Obligation], after: int, limit: int) -> list[int]:
    """Return a portion of the people who are or were in the audience of any of some obligations, by their number."""
    person, audiences = AudienceStayRecord.person_id, {row.audience_id for row in obligations}
    statement = select(person).distinct().where(AudienceStayRecord.audience_id.in_(audiences), person > after)
    return list(session.scalars(statement.order_by(person).limit(limit)))


def list_takes_with_another_day(session: Session, after: int, limit: int) -> list[int]:
    """Return a portion of the takes whose completion has another last valid day than the fact of it."""
    statement = (
        select(DoneFact.enrolment_id)
        .join(Completion, Completion.enrolment_id == DoneFact.enrolment_id)
        .where(
            DoneFact.retracted_at.is_(None), Completion.valid_until.is_distinct_from(DoneFact.valid_until), DoneFact.enrolment_id > after
        )
    )
    return list(session.scalars(statement.order_by(DoneFact.enrolment_id).limit(limit)))


def list_stale_people(session: Session, obligation: Obligation, now: datetime) -> list[int]:
    """Return the people whose status under an obligation may have changed: a stay recorded since, or a moment that has come."""
    known_until = func.coalesce(Assignment.computed_at, obligation.created_at)
    stays = (
        select(AudienceStayRecord.person_id)
        .outerjoin(Assignment, (Assignment.person_id == AudienceStayRecord.person_id) & (Assignment.obligation_id == obligation.id))
        .where(
            AudienceStayRecord.audience_id == obligation.audience_id,
            or_(Assignment.id.is_(None), AudienceStayRecord.recorded_at > known_until, AudienceStayRecord.retracted_at > known_until),
        )
    )
    clock = select(Assignment.person_id).where(Assignment.obligation_id == obligation.id, Assignment.next_change_at <= now)
    return sorted(set(session.scalars(union(stays, clock))))


class StatusesBehind(Conflict):
    """The history of statuses does not yet say what the register says: a job has to follow it."""

    message = N_("Statuses are being updated. Try again in a few minutes.")


def are_behind(session: Session, now: datetime, *, obligations: Collection[int] | None = None, person: int | None = None) -> bool:
    """Return whether statuses under some obligations, or of a person, are of before a recent change of who is in their audience."""
    stay, lately = AudienceStayRecord, now - FOLLOWED_WITHIN
    known_until = func.coalesce(Assignment.computed_at, Obligation.created_at)
    statement = (
        select(stay.id)
        .join(Obligation, Obligation.audience_id == stay.audience_id)
        .outerjoin(Assignment, (Assignment.person_id == stay.person_id) & (Assignment.obligation_id == Obligation.id))
        .where(
            or_(stay.recorded_at > lately, stay.retracted_at > lately),
            or_(Assignment.id.is_(None), stay.recorded_at > known_until, stay.retracted_at > known_until),
            Obligation.state == "active",
        )
    )
    if obligations is not None:
        statement = statement.where(Obligation.id.in_(obligations))
    if person is not None:
        statement = statement.where(stay.person_id == person)
    return bool(session.scalar(select(or_(awaits_stays(now), statement.exists()))))


def are_due(session: Session, obligation_id: int, now: datetime, *, with_clock: bool = True) -> bool:
    """Return whether a change of the register, or the clock, changed statuses that a job has still to write into their history."""
    if are_behind(session, now, obligations=[obligation_id]):
        return True
    obligation = session.get_one(Obligation, obligation_id)
    if with_clock and list_stale_people(session, obligation, now):
        return True
    audience, today = session.get_one(Audience, obligation.audience_id), audience_queries.today_of(now)
    rule, scope = audience_queries.find_rule_on(session, audience.id, today), AudienceScope(audience.institution_id, today)
    return rule is not None and bool(audience_queries.list_changed_people(session, audience.id, rule, scope))


def require_written(session: Session, obligations: Collection[int], known: datetime, now: datetime) -> None:
    """Raise StatusesBehind where the history of statuses is read as known now and does not yet say what the register says."""
    if known >= now and any(are_due(session, number, now) for number in obligations):
        raise StatusesBehind


def count_by_state(session: Session, obligation: Obligation, now: datetime) -> dict[str, int]:
    """Return how many people are in each state under an obligation."""
    state = state_at(now)
    statement = select(state, func.count()).where(Assignment.obligation_id == obligation.id).group_by(state)
    return dict(session.execute(statement).all())


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

    Whoever was never in the audience gets no assignment; the stays of a deleted account are gone, and its history stays as it is.
    """
    if not every:
        return RecomputeCount(len(people))
    present = _lock_assignments(session, every, people)
    records = load_people_records(session, every, people)  # once nobody else computes these: what others wrote meanwhile is among them
    numbers = [row[0] for row in present.values()]
    ended = cache(lambda: _histories(session, numbers, AssignmentState.known_to.is_not(None)))
    changes, histories = _Changes(ended), _histories(session, numbers, AssignmentState.known_to.is_(None))
    for rules in every:
        present_terms = known_terms(rules.terms, now)
        for person in people:
            row = present.get((rules.obligation_id, person))
            if not records.has_stayed(rules, person):
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


def has_assignment(session: Session, person: int) -> bool:
    """Return whether a compulsory training is or was asked of a person."""
    return session.scalar(select(Assignment.id).where(Assignment.person_id == person).limit(1)) is not None


def list_deleted_people(session: Session, limit: int) -> list[int]:
    """List some people of whom something is still asked though their account was deleted."""
    statement = (
        select(Assignment.person_id)
        .join(Person, Person.id == Assignment.person_id)
        .where(was_deleted_condition(), Assignment.state != TrainingState.NOT_REQUIRED.value)
        .distinct()
    )
    return list(session.scalars(statement.order_by(Assignment.person_id).limit(limit)))


def end_for_deleted(session: Session, person: int, *, now: datetime) -> None:
    """Let nothing be asked of a person any more whose account is deleted; what their history says of earlier days stays."""
    recompute(session, list_rules(session, list_active(session)), [person], now=now)  # what the clock changed until now
    mine = select(Assignment).where(Assignment.person_id == person)
    rows = session.scalars(mine.order_by(Assignment.id).with_for_update().execution_options(populate_existing=True)).all()
    ended = [row for row in rows if row.state != TrainingState.NOT_REQUIRED.value]
    present = (AssignmentState.assignment_id.in_([row.id for row in ended]), AssignmentState.known_to.is_(None))
    session.execute(delete(AssignmentState).where(*present, AssignmentState.valid_from >= now))
    session.execute(update(AssignmentState).where(*present, AssignmentState.valid_to.is_(None)).values(valid_to=now))
    status = {"state": TrainingState.NOT_REQUIRED.value, "flags": StateFlag.ACCOUNT.value}
    session.add_all(AssignmentState(assignment_id=row.id, valid_from=now, known_from=now, **status) for row in ended)
    ahead = {"next_change_at": None, "next_state": None, "next_flags": None, "remind_at": None, "planned": ""}
    of_rows = Assignment.id.in_([row.id for row in rows])
    session.execute(update(Assignment).where(of_rows).values(computed_at=now, last_on=None, **status, **ahead))


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
    """Return the values of an assignment in a case, in the order of its columns."""
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


def _histories(session: Session, assignments: Sequence[int], condition: ColumnElement[bool]) -> Mapping[int, Mapping[int, HistoryRow]]:
    """Return rows of the history of some assignments, by the number of the assignment and their own.

    By numbers and without a join: PostgreSQL reads the whole history for a portion while it takes the table for empty.
    """
    histories, row = defaultdict[int, dict[int, HistoryRow]](dict), AssignmentState
    statement = (
        select(row.assignment_id, row.id, row.state, row.flags, row.valid_from, row.valid_to, row.known_from, row.known_to)
        .where(row.assignment_id.in_(assignments), condition)
        .order_by(row.valid_from)
    )
    for assignment, number, state, flags, since, until, known, ended in connection_of(session).execute(statement).all():
        histories[assignment][number] = HistoryRow(
            _STATES[state], tuple(map(StateFlag, flags.split())) if flags else (), since, valid_to=until, known_from=known, known_to=ended
        )
    return histories


_STATES = {state.value: state for state in TrainingState}


@dataclass(slots=True)
class _Changes:
    """The rows to write of some statuses, each table at once."""

    ended: Callable[[], Mapping[int, Mapping[int, HistoryRow]]]
    """Returns the rows that are known no more, by assignment and number, read at once where one of them is asked for."""
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
            before = {**self.ended().get(row.id, {}), **before}
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


UNDER_WAY = timedelta(hours=1)
"""What was recorded so lately may wait for the job that follows it."""
REPLAY_PORTION = 500


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
    stored = _stored_at(session, [row.id for _person, _case, row in judged if row is not None], moments)
    differences = list[StatusDifference]()
    for person, judged_case, row in judged:
        history = stored.get(row.id, []) if row is not None else []
        differences += _compare(person, judged_case, row, history, moments)
    return differences


def list_present_differences(session: Session, rules: ObligationRules, people: Sequence[int], now: datetime) -> list[StatusDifference]:
    """List those of some people whose present status, or the history of it as known now, is another than the computed one."""
    moments = ReplayMoments(now, now, now)
    judged = _judge(session, rules, people, moments)
    stored = _known_histories(session, [row.id for _person, _case, row in judged if row is not None], now)
    differences = list[StatusDifference]()
    for person, judged_case, row in judged:
        history = stored.get(row.id, []) if row is not None else []
        present = [state.words for state in history if state.since <= now and (state.until is None or state.until > now)]
        differences += list(_compare(person, judged_case, row, present, moments)) or _compare_histories(
            person, judged_case, row, history, now
        )
    return differences


def _judge(
    session: Session, rules: ObligationRules, people: Sequence[int], moments: ReplayMoments
) -> list[tuple[int, TrainingCase, Assignment | None]]:
    """Return people under an obligation, each as the rules judge them and with the stored status, where there is one."""
    records = load_records(session, rules, people)
    mine = (Assignment.obligation_id == rules.obligation_id, Assignment.person_id.in_(people))
    assignments = {row.person_id: row for row in session.scalars(select(Assignment).where(*mine))}
    merged = _merged_since(session, people, moments.known)
    return [
        (person, training_case(rules.terms, records[person], moments.known), assignments.get(person))
        for person in people
        if person not in merged and not _is_under_way(rules, records[person], moments)
    ]


def _compare(
    person: int, case: TrainingCase, row: Assignment | None, history: list[str], moments: ReplayMoments
) -> Iterator[StatusDifference]:
    """Compare what a person's history says, and of a moment since it was computed their present status, with what is computed."""
    since, computed = begins_at(case), _words(status_of(case, moments.at))
    expected = [] if since is None or moments.at < since else [computed]
    present, is_past_change = list[str](), False
    if row is not None and row.computed_at <= min(moments.at, moments.known):
        is_past_change = row.next_change_at is not None and row.next_change_at <= moments.at
        present.append(_present_words(row, is_past_change=is_past_change))
    if (history != expected and not is_past_change) or present not in ([], [computed]):
        yield StatusDifference(person, " | ".join(dict.fromkeys([*present, *history])), " | ".join(expected))


class _StoredState(NamedTuple):
    """A state of a history: state and flags, since when, until before when."""

    words: str
    since: datetime
    until: datetime | None


def _compare_histories(
    person: int, case: TrainingCase, row: Assignment | None, stored: Sequence[_StoredState], now: datetime
) -> list[StatusDifference]:
    """Compare a person's history as known now, up to the next change by the clock, with what is computed; give what differs first."""
    if row is None or row.computed_at > now:  # the clock was set back: what was computed for later stands
        return []
    until = now if row.next_change_at is None else min(now, row.next_change_at - INSTANT)
    computed = [_StoredState(_state_words(span.state, span.flags), span.valid_from, span.valid_to) for span in timeline(case, until)]
    pairs = zip_longest(stored, computed)
    differing = next(((before, after) for before, after in pairs if before != after), None)
    return (
        []
        if differing is None
        else [StatusDifference(person, *("" if stored_state is None else stored_state.words for stored_state in differing))]
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
    """Return the states of some assignments at a moment as the history knew them at another."""
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
            people = list_people_after(session, obligation, after, REPLAY_PORTION)
            differences = compare(session, get_rules(session, obligation), people)
        yield len(people), differences
        after = people[-1] if len(people) == REPLAY_PORTION else None


def read_training_duties(session: Session, people: Collection[int], now: datetime) -> dict[int, TrainingDuty]:
    """Return who of some people has to do what each obligation in force requires at a moment, and who of them is past its last day."""
    newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
    statement = select(Obligation, ObligationVersion.title).join(ObligationVersion, newest).where(Obligation.state == "active")
    rows = session.execute(statement.order_by(Obligation.id)).all()
    every = list_rules(session, [row for row, _title in rows])
    records = load_people_records(session, every, people)
    trainings = dict[int, TrainingDuty]()
    for rules, (_row, title) in zip(every, rows, strict=True):
        obliged = [person for person in people if records.has_stayed(rules, person)]
        cases = {person: training_case(rules.terms, records.record_of(rules, person), now) for person in obliged}
        states = {person: status_of(case, now).state for person, case in cases.items()}
        trainings[rules.obligation_id] = TrainingDuty(
            title,
            frozenset(person for person, state in states.items() if state in NEEDED),
            frozenset(person for person, state in states.items() if state in LATE_STATES),
        )
    return trainings
