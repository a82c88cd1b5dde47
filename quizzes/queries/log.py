"""Entries of the audit log that are of a course: regrades, overrides and incidents."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from kernel.audit import AuditEntry
from quizzes.models import Incident, QuizOverride, Regrade


def entries_of(course_id: int) -> Sequence[ColumnElement[bool]]:
    """Return what selects them."""
    return [
        (AuditEntry.subject_kind == model.__tablename__) & AuditEntry.subject_id.in_(select(model.id).where(model.course_id == course_id))
        for model in (Regrade, QuizOverride, Incident)
    ]
