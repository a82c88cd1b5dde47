"""Reconciliation of acknowledgements to learners with the database, read from the tables without the application's queries."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates.models import Credential
from lms.loadtest.course import QUESTIONS
from lms.loadtest.journey import AcknowledgedAnswers
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent

AT_ONCE = 400
COUNTED = ("answers acknowledged", "attempts handed in", "certificates fetched")
FAULTS = ("answers lost", "attempts lost", "wrong marks", "answers marked twice", "certificates lost", "certificates issued twice")


def compare(session: Session, told: Sequence[AcknowledgedAnswers]) -> Counter[str]:
    """Count the acknowledgements (`COUNTED`) and those that the database contradicts (`FAULTS`)."""
    found = Counter(dict.fromkeys((*COUNTED, *FAULTS), 0))
    for some in _parts([one for one in told if one.attempt]):
        _compare_answers(session, some, found)
        _compare_attempts(session, some, found)
    for some in _parts([one for one in told if one.certificate]):
        _compare_certificates(session, some, found)
    return found


def _parts(told: Sequence[AcknowledgedAnswers]) -> Iterable[Sequence[AcknowledgedAnswers]]:
    return (told[start : start + AT_ONCE] for start in range(0, len(told), AT_ONCE))


def _compare_answers(session: Session, told: Sequence[AcknowledgedAnswers], found: Counter[str]) -> None:
    statement = (
        select(Attempt.uuid, AttemptItem.position, AnswerEvent.lease, AnswerEvent.seq, AnswerEvent.payload)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
        .where(Attempt.uuid.in_([UUID(one.attempt) for one in told]))
    )
    held = {(str(row.uuid), row.position, row.lease, row.seq): row.payload for row in session.execute(statement)}
    for one in told:
        for place, (lease, seq, typed) in one.kept.items():
            found["answers acknowledged"] += 1
            payload = held.get((one.attempt, place, lease, seq))
            found["answers lost"] += payload is None or typed not in json.dumps(json.loads(payload))


def _compare_attempts(session: Session, told: Sequence[AcknowledgedAnswers], found: Counter[str]) -> None:
    uuids = [UUID(one.attempt) for one in told]
    rows = {
        str(row.uuid): row for row in session.execute(select(Attempt.uuid, Attempt.state, Attempt.percent).where(Attempt.uuid.in_(uuids)))
    }
    twice = (
        select(func.count())
        .select_from(MarkEvent)
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.uuid.in_(uuids))
        .group_by(MarkEvent.item_id)
        .having(func.count() > 1)
    )
    found["answers marked twice"] += len(session.execute(twice).all())
    for one in told:
        if one.submitted:
            found["attempts handed in"] += 1
            row = rows.get(one.attempt)
            found["attempts lost"] += row is None or row.state != "finished"
            if row is not None and len(one.kept) == QUESTIONS:
                found["wrong marks"] += row.percent is None or round(float(row.percent)) != round(100 * one.right / QUESTIONS)


def _compare_certificates(session: Session, told: Sequence[AcknowledgedAnswers], found: Counter[str]) -> None:
    statement = select(Credential.uuid, Person.email).join(Person, Person.id == Credential.person_id)
    rows = session.execute(statement.where(Person.email.in_([one.email for one in told]))).all()
    held = {str(row.uuid) for row in rows}
    found["certificates fetched"] += len(told)
    found["certificates lost"] += sum(one.certificate not in held for one in told)
    found["certificates issued twice"] += len(rows) - len({row.email for row in rows})
