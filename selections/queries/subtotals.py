"""The marks of attempts by objective, for criteria between equal results; and by which versions and draw tables attempts were drawn."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enrolments.models import Enrolment
from questions.models import Question, QuestionVersion
from quizzes.models import Attempt, AttemptItem, MarkEvent, VoidedQuestion
from quizzes.rules.grades import read_exactly
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.states import AttemptState
from selections.models import Selection
from selections.queries.selections import people_of

AT_ONCE = 400
"""Takes whose marks are read with one statement."""
LEFT_OUT = (RegradeKind.REMOVED.value, RegradeKind.UNLESS_LOWER.value)
ENDED = (AttemptState.SUBMITTED.value, AttemptState.FINISHED.value)


@dataclass(slots=True)
class ObjectiveSum:
    """The marks of an attempt in the questions of an objective, and what they could be at most."""

    marks: Fraction = Fraction(0)
    maximum: Fraction = Fraction(0)


def read_subtotals(
    session: Session, selection: Selection, takes: Sequence[int], objectives: Mapping[str, str]
) -> dict[tuple[int, int], dict[str, ObjectiveSum]]:
    """Return the sums by objective of the ended attempts of takes, by take and number; `objectives` are those of questions by key.

    A question that was taken out of the total, for all or where that lowers nobody, is in no sum.
    """
    voided = select(VoidedQuestion.question_version_id).where(
        VoidedQuestion.course_id == selection.course_id,
        VoidedQuestion.activity_key == selection.activity_key,
        VoidedQuestion.lifted_at.is_(None),
        VoidedQuestion.effect.in_(LEFT_OUT),
    )
    out, subtotals = set(session.scalars(voided)), defaultdict[tuple[int, int], dict[str, ObjectiveSum]](dict)
    for start in range(0, len(takes), AT_ONCE):
        for row in session.execute(_marks(selection, takes[start : start + AT_ONCE], objectives)):
            if row.question_version_id not in out:
                total = subtotals[row.enrolment_id, row.number].setdefault(objectives[row.key], ObjectiveSum())
                share = None if row.fraction is None else read_exactly(row.exact, Fraction(row.fraction))
                total.marks += (share or 0) * Fraction(row.maximum)
                total.maximum += Fraction(row.maximum)
    return subtotals


def _marks(selection: Selection, takes: Sequence[int], keys: Collection[str]):  # type: ignore[no-untyped-def]  # the type of six columns says nothing
    last = select(func.max(MarkEvent.id)).where(MarkEvent.item_id == AttemptItem.id).correlate(AttemptItem).scalar_subquery()
    return (
        select(
            *(Attempt.enrolment_id, Attempt.number, Question.key, AttemptItem.question_version_id, AttemptItem.maximum),
            *(MarkEvent.fraction, MarkEvent.exact),
        )
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(MarkEvent, MarkEvent.id == last)
        .where(Attempt.enrolment_id.in_(takes), Attempt.activity_key == selection.activity_key, ~Attempt.preview)
        .where(Attempt.state.in_(ENDED), Question.key.in_(keys))
    )


@dataclass(frozen=True, slots=True)
class DrawnAttempts:
    """The number of attempts of a selection that were drawn from a quiz version by one of its draw tables."""

    quiz_version_id: int
    draw_table: int
    attempts: int


def list_draws(session: Session, selection: Selection) -> list[DrawnAttempts]:
    """List from which quiz versions and draw tables the attempts of a selection's people come, in the order of both."""
    statement = (
        select(Attempt.quiz_version_id, Attempt.draw_table, func.count())
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(people_of(selection), Attempt.activity_key == selection.activity_key, ~Attempt.preview, Attempt.state.in_(ENDED))
        .group_by(Attempt.quiz_version_id, Attempt.draw_table)
        .order_by(Attempt.quiz_version_id, Attempt.draw_table)
    )
    return [DrawnAttempts(*row) for row in session.execute(statement)]
