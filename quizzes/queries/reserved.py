"""People who were shown a reserved question outside the quizzes that it is reserved for (spec/selection 1.6)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from courses.content.model import CourseFolder
from quizzes.content.banks import questions_of
from quizzes.content.reserved import quiz_keys
from quizzes.models import Attempt, AttemptItem, Question, QuestionVersion


def count_seen_elsewhere(session: Session, course_id: int, folder: CourseFolder) -> dict[str, int]:
    """Return how many people had each reserved question of a draft in an attempt at another quiz, previews left out."""
    known, groups = quiz_keys(folder), defaultdict[tuple[str, ...], list[str]](list)
    for key, question in questions_of(folder).items():
        if question.selection.only:
            groups[tuple(name for quiz in question.selection.only for name in known.get(quiz, (quiz,)))].append(key)
    return _count(session, course_id, groups) if groups else {}


def _count(session: Session, course_id: int, groups: Mapping[tuple[str, ...], Sequence[str]]) -> dict[str, int]:
    elsewhere = [and_(Question.key.in_(keys), Attempt.activity_key.not_in(quizzes)) for quizzes, keys in groups.items()]
    statement = (
        select(Question.key, func.count(Attempt.person_id.distinct()))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Question.course_id == course_id, ~Attempt.preview, or_(*elsewhere))
        .group_by(Question.key)
    )
    return dict(session.execute(statement).all())
