"""The submitted attempts of learners, for the pages on which they find them again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.kinds import SubmittedWork
from quizzes.models import Attempt
from quizzes.rules.attempts import AttemptState


def list_submitted(session: Session, enrolment_id: int) -> Mapping[str, Sequence[SubmittedWork]]:
    """Return the submitted attempts of an enrolment by the key of the quiz, each with the address of its review."""
    columns = (Attempt.activity_key, Attempt.uuid, Attempt.number, Attempt.submitted_at)
    ended = Attempt.state.in_((AttemptState.SUBMITTED.value, AttemptState.FINISHED.value))
    statement = select(*columns).where(Attempt.enrolment_id == enrolment_id, ended).order_by(Attempt.number)
    submitted: dict[str, list[SubmittedWork]] = defaultdict(list)
    for row in session.execute(statement):
        submitted[row.activity_key].append(SubmittedWork(f"/attempts/{row.uuid}/review", row.number, cast("datetime", row.submitted_at)))
    return submitted
