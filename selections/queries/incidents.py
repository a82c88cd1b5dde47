"""Reading incidents: those of a selection, one before an actor, a person's own (spec/selection 6.11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel import clock
from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.models import Attempt
from selections.models import Selection, SelectionIncident
from selections.permissions import PersonSignContext, SelectionContext, SelectionIncidentContext
from selections.queries.selections import get_selection
from selections.queries.signs import find_sign, is_answering_over

MOST_INCIDENTS = 1_000


@dataclass(frozen=True, slots=True)
class SelectionIncidentRow:
    """An incident with the name of whom it is about and the attempt that shows the sign."""

    incident: SelectionIncident
    name: str
    attempt: UUID
    number: int


def get_ended_selection(session: Session, actor: Actor, selection: UUID) -> SelectionContext:
    """Return a selection whose sitting is over, before an actor; raise NotFound, as while somebody still answers."""
    context = get_selection(session, actor, selection)
    if not is_answering_over(session, session.get_one(Selection, context.id), now=clock.now()):
        raise NotFound
    return context


def get_sign(session: Session, actor: Actor, selection: UUID, attempt: UUID, kind: str) -> PersonSignContext:
    """Return a sign of a sitting that is over, before an actor; raise NotFound."""
    context = get_ended_selection(session, actor, selection)
    shown = find_sign(session, session.get_one(Selection, context.id), attempt, kind)
    if shown is None:
        raise NotFound
    return PersonSignContext(context, shown)


def get_incident(session: Session, actor: Actor, incident: UUID) -> SelectionIncidentContext:
    """Return an incident before an actor; raise NotFound."""
    statement = select(SelectionIncident, Selection.uuid).join(Selection, Selection.id == SelectionIncident.selection_id)
    result = session.execute(statement.where(SelectionIncident.uuid == incident)).one_or_none()
    if result is None:
        raise NotFound
    row, selection = result
    return SelectionIncidentContext(get_selection(session, actor, selection), row)


def list_incidents(session: Session, selection_id: int) -> list[SelectionIncidentRow]:
    """List the incidents of a selection by name."""
    return _list(session, SelectionIncident.selection_id == selection_id)


def get_incident_row(session: Session, incident_id: int) -> SelectionIncidentRow:
    """Return an incident as lists show it."""
    return _list(session, SelectionIncident.id == incident_id)[0]


def _list(session: Session, condition: ColumnElement[bool]) -> list[SelectionIncidentRow]:
    statement = (
        select(SelectionIncident, Person, Attempt.uuid, Attempt.number)
        .join(Person, Person.id == SelectionIncident.person_id)
        .join(Attempt, Attempt.id == SelectionIncident.attempt_id)
        .where(condition)
        .order_by(Person.name_key, SelectionIncident.id)
        .limit(MOST_INCIDENTS)
    )
    return [SelectionIncidentRow(row, person.full_name, attempt, number) for row, person, attempt, number in session.execute(statement)]


def list_own_incidents(session: Session, person_id: int) -> Sequence[SelectionIncident]:
    """List what juries asked a person, the newest first."""
    statement = select(SelectionIncident).where(SelectionIncident.person_id == person_id)
    return session.scalars(statement.order_by(SelectionIncident.id.desc()).limit(MOST_INCIDENTS)).all()
