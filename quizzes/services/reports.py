"""Exports of a quiz by the course team, which leave an entry in the audit log (spec/security 8.1)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from courses import catalogue
from kernel import audit
from kernel.permissions import Actor


class ReportVerb(StrEnum):
    """The audit verbs of reports."""

    EXPORTED = "quiz.exported"


def note_export(session: Session, actor: Actor, course_id: int, activity_key: str, what: str, *, now: datetime) -> None:
    """Record the export of a table: `what` names it and its format."""
    course = catalogue.get_course(session, course_id)
    audit.record(session, actor, ReportVerb.EXPORTED, course, now=now, activity=activity_key, what=what)
