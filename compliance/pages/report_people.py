"""The people of the report as lines of a list: the state of each in words, its days, what holds them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from compliance.pages.status_words import StatusView, status_view
from compliance.queries.report_basis import ReportObligation, ReportTime
from compliance.queries.report_people import PersonObligationRow, TrainingPersonRow
from compliance.rules.states import TrainingState
from kernel.i18n import choose


@dataclass(frozen=True, slots=True)
class TrainingPersonView:
    """A person under an obligation, as a list shows them; of a past day the state alone is on record."""

    uuid: UUID
    person: UUID
    name: str
    place: str
    title: str
    status: StatusView
    staff_number: str
    last_on: date | None = None
    done_on: date | None = None
    valid_until: date | None = None
    is_at_risk: bool = False
    lacks_account: bool = False


def person_lines(rows: Sequence[TrainingPersonRow], obligations: Sequence[ReportObligation], time: ReportTime) -> list[TrainingPersonView]:
    """Return the lines of some people."""
    titles = {obligation.id: choose(obligation.title) for obligation in obligations}
    return [person_line(row, titles[row.obligation_id], time) for row in rows]


def person_line(row: TrainingPersonRow, title: str, time: ReportTime) -> TrainingPersonView:
    """Return the line of one person."""
    status = status_view(row.state, row.flags)
    if time.is_past:
        return TrainingPersonView(row.uuid, row.person, row.name, row.place, title, status, row.staff_number)
    days = (_last_on(row.state, row.last_on), row.done_on, row.valid_until, row.is_at_risk, row.lacks_account)
    return TrainingPersonView(row.uuid, row.person, row.name, row.place, title, status, row.staff_number, *days)


def _last_on(state: TrainingState, last_on: date | None) -> date | None:
    """Return the last day that a state speaks of; that of what is done stands as its validity."""
    return None if state is TrainingState.DONE else last_on


@dataclass(frozen=True, slots=True)
class PersonObligationView:
    """An obligation of one person, as their page shows it."""

    assignment: UUID
    title: str
    status: StatusView
    last_on: date | None
    done_on: date | None
    valid_until: date | None


def obligation_lines(rows: Sequence[PersonObligationRow]) -> list[PersonObligationView]:
    """Return the lines of one person's obligations."""
    return [
        PersonObligationView(
            row.assignment,
            choose(row.title),
            status_view(row.state, row.flags),
            _last_on(row.state, row.last_on),
            row.done_on,
            row.valid_until,
        )
        for row in rows
    ]
