"""Reconciliation of acknowledgements to learners with the database, read from the tables without the application's queries."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates.models import Credential
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from tests.loadtest.filling import QUESTIONS
from tests.loadtest.journey import AcknowledgedAnswers

AT_ONCE = 400
COUNTED = ("answers acknowledged", "attempts handed in", "certificates fetched")
FAULTS = ("answers lost", "attempts lost", "wrong marks", "answers marked twice", "certificates lost", "certificates issued twice")


def compare(session: Session, acknowledged: Sequence[AcknowledgedAnswers]) -> Counter[str]:
    """Count the acknowledgements (`COUNTED`) and those that the database contradicts (`FAULTS`)."""
    counts = Counter(dict.fromkeys((*COUNTED, *FAULTS), 0))
    for some in _parts([answers for answers in acknowledged if answers.attempt]):
        _compare_answers(session, some, counts)
        _compare_attempts(session, some, counts)
    for some in _parts([answers for answers in acknowledged if answers.certificate]):
        _compare_certificates(session, some, counts)
    return counts


def _parts(acknowledged: Sequence[AcknowledgedAnswers]) -> Iterable[Sequence[AcknowledgedAnswers]]:
    return (acknowledged[start : start + AT_ONCE] for start in range(0, len(acknowledged), AT_ONCE))


def _compare_answers(session: Session, acknowledged: Sequence[AcknowledgedAnswers], counts: Counter[str]) -> None:
    statement = (
        select(Attempt.uuid, AttemptItem.position, AnswerEvent.lease, AnswerEvent.seq, AnswerEvent.payload)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
        .where(Attempt.uuid.in_([UUID(answers.attempt) for answers in acknowledged]))
    )
    held = {(str(row.uuid), row.position, row.lease, row.seq): row.payload for row in session.execute(statement)}
    for answers in acknowledged:
        for number, (lease, seq, typed) in answers.saves.items():
            counts["answers acknowledged"] += 1
            payload = held.get((answers.attempt, number, lease, seq))
            counts["answers lost"] += payload is None or typed not in json.dumps(json.loads(payload))


def _compare_attempts(session: Session, acknowledged: Sequence[AcknowledgedAnswers], counts: Counter[str]) -> None:
    uuids = [UUID(answers.attempt) for answers in acknowledged]
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
    counts["answers marked twice"] += len(session.execute(twice).all())
    for answers in acknowledged:
        if answers.submitted:
            counts["attempts handed in"] += 1
            row = rows.get(answers.attempt)
            counts["attempts lost"] += row is None or row.state != "finished"
            if row is not None and len(answers.saves) == QUESTIONS:
                counts["wrong marks"] += row.percent is None or round(float(row.percent)) != round(100 * answers.right / QUESTIONS)


def _compare_certificates(session: Session, acknowledged: Sequence[AcknowledgedAnswers], counts: Counter[str]) -> None:
    statement = select(Credential.uuid, Person.email).join(Person, Person.id == Credential.person_id)
    rows = session.execute(statement.where(Person.email.in_([answers.email for answers in acknowledged]))).all()
    held = {str(row.uuid) for row in rows}
    counts["certificates fetched"] += len(acknowledged)
    counts["certificates lost"] += sum(answers.certificate not in held for answers in acknowledged)
    counts["certificates issued twice"] += len(rows) - len({row.email for row in rows})
