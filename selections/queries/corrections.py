"""Reading what differs from actas in force, and which actas a change of marks may touch (spec/selection 4.10 and 4.11)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.rules import DELETED
from enrolments.models import Edition, LearnerGroup
from kernel.permissions import Actor
from quizzes.models import Attempt, Regrade, RegradeDryRunRow
from quizzes.rules.states import AttemptState
from selections.models import ActaCorrection, ActaState, Selection, SelectionActa, SelectionActaEntry, SelectionIncident
from selections.objection_models import Objection
from selections.permissions import AmendmentContext
from selections.queries.actas import find_in_force
from selections.queries.selections import get_selection

MOST_TOUCHED = 200
OPEN = (AttemptState.IN_PROGRESS.value, AttemptState.OVERDUE.value)


def is_newest() -> ColumnElement[bool]:
    """Return a condition on `selection_acta`: in force, and not followed by another one."""
    later = aliased(SelectionActa)
    followed = exists().where(
        later.selection_id == SelectionActa.selection_id,
        later.state == ActaState.IN_FORCE.value,
        later.number > SelectionActa.number,
    )
    return (SelectionActa.state == ActaState.IN_FORCE.value) & ~followed


def list_of_quiz(session: Session, course_id: int, key: str) -> list[int]:
    """List the newest actas in force of the selections of a quiz."""
    statement = (
        select(SelectionActa.id)
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .where(Selection.course_id == course_id, Selection.activity_key == key, is_newest())
    )
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_of_attempt(session: Session, attempt_id: int) -> list[int]:
    """List the actas that an attempt's marks may touch."""
    quiz = session.execute(select(Attempt.course_id, Attempt.activity_key).where(Attempt.id == attempt_id)).one_or_none()
    return [] if quiz is None else list_of_quiz(session, quiz.course_id, quiz.activity_key)


def list_of_regrade(session: Session, regrade_id: int) -> list[int]:
    """List the actas that a regrade may touch."""
    row = session.get_one(Regrade, regrade_id)
    return list_of_quiz(session, row.course_id, row.activity_key)


def list_of_incident(session: Session, incident_id: int) -> list[int]:
    """List the actas that the decision on an incident may touch."""
    of_jury = select(SelectionIncident.selection_id).where(SelectionIncident.id == incident_id)
    statement = select(SelectionActa.id).where(SelectionActa.selection_id.in_(of_jury), is_newest())
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_of_objections(session: Session, group_id: int) -> list[int]:
    """List the actas that say what was decided about objections to a version of a question."""
    of_juries = select(Objection.selection_id).where(Objection.group_id == group_id)
    statement = select(SelectionActa.id).where(SelectionActa.selection_id.in_(of_juries), is_newest())
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_of_person(session: Session, person_id: int) -> list[int]:
    """List the actas in which a person has a line."""
    theirs = exists().where(SelectionActaEntry.acta_id == SelectionActa.id, SelectionActaEntry.person_id == person_id)
    return list(session.scalars(select(SelectionActa.id).where(theirs, is_newest()).order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_stale(session: Session, *, after: int) -> list[int]:
    """List some of the actas that were not compared since an attempt at their quiz ended."""
    ended = exists().where(
        Attempt.course_id == Selection.course_id,
        Attempt.activity_key == Selection.activity_key,
        Attempt.finished_at > func.coalesce(SelectionActa.compared_at, SelectionActa.published_at),
        ~Attempt.preview,
    )
    statement = (
        select(SelectionActa.id)
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .where(SelectionActa.id > after, is_newest(), ended)
    )
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def has_open_attempt(session: Session, acta_id: int) -> bool:
    """Say whether somebody in an acta has an attempt at its quiz in progress, as one has after it was reopened."""
    takes = select(SelectionActaEntry.enrolment_id).where(SelectionActaEntry.acta_id == acta_id)
    statement = (
        select(Attempt.id)
        .join(Selection, and_(Selection.course_id == Attempt.course_id, Selection.activity_key == Attempt.activity_key))
        .join(SelectionActa, SelectionActa.selection_id == Selection.id)
        .where(SelectionActa.id == acta_id, Attempt.state.in_(OPEN), ~Attempt.preview, Attempt.enrolment_id.in_(takes))
    )
    return session.scalar(statement.limit(1)) is not None


def find_open(session: Session, acta_id: int) -> ActaCorrection | None:
    """Return the open task of an acta."""
    return session.scalar(select(ActaCorrection).where(ActaCorrection.acta_id == acta_id, ActaCorrection.closed_at.is_(None)))


def find_correction(session: Session, selection_id: int) -> ActaCorrection | None:
    """Return the open task of the acta in force of a selection."""
    statement = (
        select(ActaCorrection)
        .join(SelectionActa, SelectionActa.id == ActaCorrection.acta_id)
        .where(SelectionActa.selection_id == selection_id, is_newest(), ActaCorrection.closed_at.is_(None))
    )
    return session.scalar(statement)


def list_corrections(session: Session, selection_id: int) -> Sequence[tuple[ActaCorrection, SelectionActa]]:
    """List the tasks of a selection with the acta of each, the newest first; closed ones stay."""
    statement = (
        select(ActaCorrection, SelectionActa)
        .join(SelectionActa, SelectionActa.id == ActaCorrection.acta_id)
        .where(SelectionActa.selection_id == selection_id)
        .order_by(ActaCorrection.id.desc())
        .limit(MOST_TOUCHED)
    )
    return [(first, second) for first, second in session.execute(statement)]


def list_pending(session: Session, selection_ids: Sequence[int]) -> set[int]:
    """Return which of these selections have later corrections pending."""
    statement = (
        select(SelectionActa.selection_id)
        .join(ActaCorrection, ActaCorrection.acta_id == SelectionActa.id)
        .where(SelectionActa.selection_id.in_(selection_ids), is_newest(), ActaCorrection.closed_at.is_(None))
    )
    return set(session.scalars(statement))


def get_amendment(session: Session, actor: Actor, selection: UUID) -> AmendmentContext:
    """Return what differs from the acta in force of a selection, before an actor; raise NotFound."""
    context = get_selection(session, actor, selection)
    return AmendmentContext(context, find_in_force(session, context.id), find_correction(session, context.id))


@dataclass(frozen=True, slots=True)
class NamedDifference:
    """A line that would change, with the name of its person now."""

    name: str
    is_withdrawn: bool
    before: dict[str, Any]
    after: dict[str, Any]


def list_differences(session: Session, correction: ActaCorrection) -> list[NamedDifference]:
    """List the lines of a task that are kept one by one."""
    differences = json.loads(correction.differences)
    people = {
        row.id: row for row in session.scalars(select(Person).where(Person.id.in_({difference["person"] for difference in differences})))
    }
    return [_difference(people.get(difference["person"]), difference) for difference in differences]


def _difference(person: Person | None, stored: dict[str, Any]) -> NamedDifference:
    withdrawn = person is None or person.email.endswith(DELETED)
    return NamedDifference("" if person is None or withdrawn else person.full_name, withdrawn, stored["before"], stored["after"])


def list_amended(session: Session, acta_id: int, *, after: int) -> list[tuple[int, int]]:
    """List the next people whose line an amendment changed: its place, and the person."""
    statement = (
        select(SelectionActaEntry.place, SelectionActaEntry.person_id)
        .where(SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.changed, SelectionActaEntry.place > after)
        .order_by(SelectionActaEntry.place)
        .limit(MOST_TOUCHED)
    )
    return [(first, second) for first, second in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class TouchedActa:
    """An acta whose people a dry run would give another result: what it is, and how many of them."""

    kind: str
    code: str
    whom: str
    people: int
    outcomes: int


def list_touched(session: Session, regrade: Regrade) -> list[TouchedActa]:
    """List the actas in force that a dry run touches, with how many people of each would have another result and another outcome."""
    line, flips = RegradeDryRunRow, RegradeDryRunRow.result_before.is_distinct_from(RegradeDryRunRow.result_after)
    statement = (
        select(
            *(SelectionActa.kind, SelectionActa.code, Edition.name, LearnerGroup.shown_name),
            func.count(line.enrolment_id.distinct()),
            func.count(line.enrolment_id.distinct()).filter(flips),
        )
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .join(SelectionActaEntry, SelectionActaEntry.acta_id == SelectionActa.id)
        .join(line, line.enrolment_id == SelectionActaEntry.enrolment_id)
        .outerjoin(Edition, Edition.id == Selection.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Selection.group_id)
        .where(Selection.course_id == regrade.course_id, Selection.activity_key == regrade.activity_key, is_newest())
        .where(line.regrade_id == regrade.id, line.changed)
        .group_by(SelectionActa.id, SelectionActa.kind, SelectionActa.code, Edition.name, LearnerGroup.shown_name)
        .order_by(SelectionActa.id)
        .limit(MOST_TOUCHED)
    )
    return [
        TouchedActa(kind, code, edition or group or "", people, outcomes)
        for kind, code, edition, group, people, outcomes in session.execute(statement)
    ]
