"""Decisions of juries on the questions of a quiz: no one else changes what these earn (spec/selection 5.6)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from quizzes.models import AttemptItem, MarkEvent, Regrade, RegradeDryRunMark
from quizzes.queries.regrading import last_event_of
from quizzes.rules.regrade import RegradeKind


def decided_versions(session: Session, course_id: int, activity_key: str) -> frozenset[int]:
    """Return the question versions of a quiz about which a jury has decided."""
    return frozenset(version for source in session.info["decided_versions"] for version in source(session, course_id, activity_key))


def touches_decided(session: Session, regrade: Regrade) -> bool:
    """Return whether a dry run or what was committed of it holds marks of a version about which a jury has decided."""
    decided = decided_versions(session, regrade.course_id, regrade.activity_key)
    statement = (
        select(AttemptItem.id)
        .join(RegradeDryRunMark, RegradeDryRunMark.item_id == AttemptItem.id)
        .where(RegradeDryRunMark.regrade_id == regrade.id, AttemptItem.question_version_id.in_(decided))
    )
    return bool(decided) and session.scalar(statement.limit(1)) is not None


def has_corrected_marks(session: Session, attempt_id: int) -> bool:
    """Return whether an answer of an attempt is marked by the key that a jury corrected; handing it in again would lose that."""
    statement = (
        select(AttemptItem.id)
        .join(MarkEvent, MarkEvent.id == last_event_of(AttemptItem.id))
        .join(Regrade, Regrade.id == MarkEvent.regrade_id)
        .where(AttemptItem.attempt_id == attempt_id, Regrade.for_objection, Regrade.kind == RegradeKind.OTHER.value)
    )
    return session.scalar(statement.limit(1)) is not None
