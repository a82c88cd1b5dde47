"""Reading the integrity records of a sitting, once it is closed (spec/selection 6.10 and 6.11)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import Session

from accounts.models import Person, full_name
from courses.models import Course
from enrolments.models import Edition, Enrolment
from quizzes.models import Attempt, AttemptItem
from quizzes.rules.states import OPEN_STATES, read_record
from quizzes.snapshots import find_published_snapshot
from selections.models import ActaState, Selection, SelectionActa
from selections.queries.selections import people_of
from selections.rules.signs import AttemptSign, PersonSign, RecordedAttempt, find_signs

BATCH = 1_000


def is_answering_over(session: Session, selection: Selection, *, now: datetime) -> bool:
    """Return whether a sitting is over: none of its people answers, and its quiz or edition has ended or an acta is in force."""
    people = select(Enrolment.id).where(people_of(selection)).scalar_subquery()
    is_open = exists().where(
        Attempt.enrolment_id.in_(people),
        Attempt.activity_key == selection.activity_key,
        ~Attempt.preview,
        Attempt.state.in_([state.value for state in OPEN_STATES]),
    )
    acta = exists().where(SelectionActa.selection_id == selection.id, SelectionActa.state == ActaState.IN_FORCE.value)
    answering, has_acta = session.execute(select(is_open, acta)).one()
    if answering or has_acta:
        return not answering
    snapshot = find_published_snapshot(session, session.get_one(Course, selection.course_id), selection.activity_key)
    edition = session.get(Edition, selection.edition_id) if selection.edition_id else None
    ends = [snapshot.closes_at if snapshot else None, edition.ends_at if edition else None]
    return any(end is not None and end <= now for end in ends)


def list_signs(session: Session, selection: Selection) -> list[PersonSign]:
    """List the signs of a selection's sitting by kind, then by name; reads the records as a stream."""
    statement = (
        select(Attempt.id, Attempt.uuid, Attempt.number, Attempt.person_id, Attempt.integrity_record)
        .add_columns(Person.given_names, Person.first_surname, Person.second_surname)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(
            people_of(selection),
            Attempt.activity_key == selection.activity_key,
            ~Attempt.preview,
            Attempt.state.not_in([state.value for state in OPEN_STATES]),
            Attempt.integrity_record != "",
        )
        .order_by(Person.name_key, Person.id, Attempt.number)
    )
    rows = session.execute(statement).all()
    versions = _versions(session, [row.id for row in rows])
    signs = find_signs([RecordedAttempt(row.id, read_record(row.integrity_record), versions[row.id]) for row in rows])
    by_attempt = {row.id: row for row in rows}
    return [_person_sign(by_attempt[sign.attempt_id], sign) for sign in signs]


def find_sign(session: Session, selection: Selection, attempt: UUID, kind: str) -> PersonSign | None:
    """Return one sign of a sitting, with how rare it is in it; None where there is no such sign."""
    return next(
        (candidate for candidate in list_signs(session, selection) if candidate.attempt == attempt and candidate.sign.kind.value == kind),
        None,
    )


def _versions(session: Session, attempts: Sequence[int]) -> defaultdict[int, dict[int, int]]:
    versions: defaultdict[int, dict[int, int]] = defaultdict(dict)
    columns = (AttemptItem.attempt_id, AttemptItem.position, AttemptItem.question_version_id)
    for begin in range(0, len(attempts), BATCH):
        statement = select(*columns).where(AttemptItem.attempt_id.in_(attempts[begin : begin + BATCH]), AttemptItem.number.is_not(None))
        for attempt_id, position, version in session.execute(statement):
            versions[attempt_id][position] = version
    return versions


def _person_sign(row: Row[*tuple[Any, ...]], sign: AttemptSign) -> PersonSign:
    name = full_name(row.given_names, row.first_surname, row.second_surname)
    return PersonSign(row.person_id, name, row.uuid, row.number, sign)
