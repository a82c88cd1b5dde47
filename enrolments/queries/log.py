"""Entries of the audit log that are of a course: groups, editions, announcements, mistake reports, grade items, results set by its team."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, select

from enrolments.models import Announcement, Edition, Enrolment, LearnerGroup, ManualGradeItem, MistakeReport, ResultOverride
from kernel.audit import AuditEntry


def entries_of(course_id: int) -> Sequence[ColumnElement[bool]]:
    """Return what selects them."""
    groups = select(LearnerGroup.id).where(
        LearnerGroup.course_id == course_id,
        LearnerGroup.id == AuditEntry.subject_id,
        LearnerGroup.created_at <= AuditEntry.at,  # the number of one that was deleted may be given again
    )
    reports = select(MistakeReport.id).where(
        MistakeReport.course_id == course_id,
        MistakeReport.id == AuditEntry.subject_id,
        MistakeReport.reported_at <= AuditEntry.at,  # so it is with reports
    )
    overridden = select(ResultOverride.enrolment_id).join(Enrolment, Enrolment.id == ResultOverride.enrolment_id)
    return (
        *(
            _about(model.__tablename__, select(model.id).where(model.course_id == course_id))
            for model in (Edition, Announcement, ManualGradeItem)
        ),
        (AuditEntry.subject_kind == LearnerGroup.__tablename__) & groups.exists(),
        (AuditEntry.subject_kind == MistakeReport.__tablename__) & reports.exists(),
        _about(Enrolment.__tablename__, overridden.where(Enrolment.course_id == course_id)) & AuditEntry.verb.startswith("result."),
        and_(
            AuditEntry.subject_kind == LearnerGroup.__tablename__,
            AuditEntry.verb == "group.deleted",
            AuditEntry.facts.startswith(f'{{"course": {course_id},', autoescape=True),  # its row may be gone
        ),
    )


def _about(kind: str, ids: Select[int]) -> ColumnElement[bool]:
    return (AuditEntry.subject_kind == kind) & AuditEntry.subject_id.in_(ids)
