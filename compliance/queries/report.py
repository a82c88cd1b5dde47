"""Counting who is in which state of compulsory training: by place and obligation, and day by day. Each is one statement."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import Assignment
from compliance.queries.report_basis import ReportTime, TrainingFilter, at_risk_condition, counted, lacks_account, report_basis, unfinished
from compliance.rules.pace import CycleSpan
from compliance.rules.states import TrainingState
from compliance.rules.tally import REQUIRED, VALID, TrainingTally
from compliance.rules.working_days import WorkingDays
from kernel.db import connection_of


@dataclass(frozen=True, slots=True)
class PlaceTally:
    """The people of a place by state, and the cycles of those of whom it is required."""

    tally: TrainingTally
    spans: Mapping[CycleSpan, int]


CountedPlaces = Mapping[tuple[int, int | None], PlaceTally]
"""By the number of the obligation and that of the place: what is counted in it itself."""


def counts_statement(session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays) -> Select[*tuple[Any, ...]]:
    """Build the statement of `count_states`."""
    basis = report_basis(time, filters)
    key = (Assignment.obligation_id, basis.place, basis.state)
    if time.is_past:
        return basis.start(select(*key, func.count()), filters).group_by(*key)
    cycle = (Assignment.opened_on, Assignment.due_on)
    without_account = Assignment.person_id.in_(select(Person.id).where(lacks_account(session)))  # PostgreSQL joins every person slowly
    sums = (
        func.count(),
        counted(at_risk_condition(basis, filters, working)),
        counted(and_(unfinished(basis), without_account)),
    )
    return basis.start(select(*key, *sums, *cycle), filters).group_by(*key, *cycle)


def count_states(session: Session, time: ReportTime, filters: TrainingFilter, working: WorkingDays) -> CountedPlaces:
    """Count the people of some places by obligation, place and state, each once under each obligation.

    On a past day nobody is told to be at risk, and nothing of cycles: that was not recorded.
    """
    if not filters.obligations:
        return {}
    tallies = dict[tuple[int, int | None], PlaceTally]()
    names = {state.value: state for state in TrainingState}
    grouped = defaultdict[tuple[int, int | None], list[Any]](list)
    for row in connection_of(session).execute(counts_statement(session, time, filters, working)).all():
        grouped[row[0], row[1]].append(row)
    for key, rows in grouped.items():
        states, spans, risk, closed = dict[TrainingState, int](), dict[CycleSpan, int](), 0, 0
        for row in rows:
            state = names[row[2]]
            states[state] = states.get(state, 0) + row[3]
            if time.is_past:
                continue
            risk, closed = risk + row[4], closed + row[5]
            if state in REQUIRED:
                span = (row[6], row[7])
                spans[span] = spans.get(span, 0) + row[3]
        tallies[key] = PlaceTally(TrainingTally(states, risk, closed), spans)
    return tallies


def done_statement(time: ReportTime, filters: TrainingFilter) -> Select[*tuple[Any, ...]]:
    """Build the statement of `count_done_by_day`."""
    basis = report_basis(time, filters)
    statement = select(Assignment.done_on, func.count())
    of_all = statement.where(Assignment.obligation_id.in_(filters.numbers))
    statement = of_all if filters.is_institution else basis.start(statement, filters)
    return statement.where(basis.state.in_([state.value for state in VALID])).group_by(Assignment.done_on)


def count_done_by_day(session: Session, time: ReportTime, filters: TrainingFilter) -> Mapping[date, int]:
    """Count on which local day those were done who are valid today."""
    if not filters.obligations:
        return {}
    return {row[0]: row[1] for row in connection_of(session).execute(done_statement(time, filters)) if row[0] is not None}
