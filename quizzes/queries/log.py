"""Which entries of the audit log are of a course: markings again, and what holds for single people and groups."""

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
