"""Attempts follow the keys of their quizzes when a learner moves to a version that renamed or joined them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from enrolments.versions import renumber_attempts
from kernel.permissions import Actor, ActorChannel
from quizzes.models import Attempt
from quizzes.queries.attempts import load_attempt
from quizzes.rules.attempts import OPEN_STATES
from quizzes.services import attempts
from quizzes.services.previews import delete_person_attempts


def rename_attempts(session: Session, enrolment_id: int, renames: Mapping[str, str], now: datetime) -> None:
    """Move the attempts of a take to the present keys of their quizzes; where several quizzes became one, they all count there.

    Previews of these quizzes that the person made as one of the team are forgotten: their numbers may be the same (spec/quiz-engine 5.2.7).
    """
    person_id, course_id = session.execute(select(Enrolment.person_id, Enrolment.course_id).where(Enrolment.id == enrolment_id)).one()
    preview = and_(Attempt.preview, Attempt.person_id == person_id, Attempt.course_id == course_id)
    of_quizzes = Attempt.activity_key.in_([*renames, *renames.values()])
    mine = select(Attempt).where(or_(Attempt.enrolment_id == enrolment_id, preview), of_quizzes)
    rows = session.scalars(mine.order_by(Attempt.started_at, Attempt.id).with_for_update()).all()
    learner_attempts = [row for row in rows if not row.preview]
    if not any(row.activity_key in renames for row in learner_attempts):
        return
    if len(learner_attempts) < len(rows):
        delete_person_attempts(session, [row.id for row in rows if row.preview])
    _leave_one_open(session, learner_attempts, renames, now=now)
    renumber_attempts(session, learner_attempts, renames)
    session.flush()  # whoever reads next finds them there


def _leave_one_open(session: Session, learner_attempts: Sequence[Attempt], renames: Mapping[str, str], *, now: datetime) -> None:
    """Submit what is open beside the attempt last worked on, as it was saved: a quiz has one open attempt at most."""
    open_ones: dict[str, Attempt] = {}
    for row in sorted((row for row in learner_attempts if row.state in OPEN_STATES), key=lambda row: row.saved_at):
        earlier = open_ones.get(renames.get(row.activity_key, row.activity_key))
        if earlier is not None:
            attempts.submit_attempt(session, Actor(via=ActorChannel.JOB), load_attempt(session, earlier.id), [], now=now)
            session.flush()  # what it means for the learner is written
        open_ones[renames.get(row.activity_key, row.activity_key)] = row
