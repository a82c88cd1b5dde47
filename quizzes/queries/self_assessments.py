"""Reading how learners judged their own texts by the rubric (spec/selection 8.6)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from kernel.permissions import Actor
from quizzes.permissions import AttemptContext
from quizzes.queries import attempts
from quizzes.queries.attempts import LoadedAttempt, LoadedItem
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.manual_marking import is_self_reviewed
from quizzes.selection_models import SelfAssessment


@dataclass(frozen=True)
class SelfReviewedItem(AttemptContext):
    """The context of judging one's own text: a question of an attempt that nobody but its writer judges."""

    loaded: LoadedAttempt
    item: LoadedItem
    question: QuestionDefinition


def lock_self_reviewed(session: Session, actor: Actor, attempt: UUID, position: int) -> SelfReviewedItem:
    """Return a question of an attempt that its writer judges, the attempt locked; raise NotFound for every other question."""
    loaded = attempts.lock_attempt(session, actor, attempt)
    item = loaded.item_at(position)
    if item is None:
        raise NotFound
    question = attempts.get_questions(session, [item.question_version_id])[item.question_version_id]
    if not is_self_reviewed(question):
        raise NotFound
    facts = (loaded.id, loaded.uuid, loaded.person_id, loaded.course_id, loaded.state, loaded.preview, loaded.staff_role)
    return SelfReviewedItem(*facts, loaded, item, question)


def find_self_assessments(session: Session, item_ids: Sequence[int]) -> dict[int, Mapping[str, int]]:
    """Return by item the levels that its writer chose, by criterion the place of the level from 0; items without any are absent."""
    if not item_ids:
        return {}
    rows = session.execute(select(SelfAssessment.item_id, SelfAssessment.levels).where(SelfAssessment.item_id.in_(item_ids)))
    return {row.item_id: json.loads(row.levels) for row in rows}
