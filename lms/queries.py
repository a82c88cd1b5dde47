"""Reading across domains, for the roof's pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from accounts.models import Device, Person
from certificates.models import Credential
from courses.models import Course, CourseStaff, CourseVersion, DraftFile
from enrolments.models import Completion, Enrolment
from kernel.outbox import Job
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class Taught:
    """One line of the list of courses that somebody makes."""

    slug: str
    title: Mapping[str, str]
    role: str
    version: int | None
    published_at: datetime | None
    draft_changed_at: datetime | None
    archived: bool
    learners: int
    completed: int


def visible_taught(session: Session, actor: Actor) -> list[Taught]:
    """List the courses whose team the actor belongs to; administrators see all."""
    learners = select(func.count()).where(Enrolment.course_id == Course.id, Enrolment.left_at.is_(None)).scalar_subquery()
    completed = (
        select(func.count())
        .select_from(Completion)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Enrolment.course_id == Course.id)
        .scalar_subquery()
    )
    changed = select(func.max(DraftFile.changed_at)).where(DraftFile.course_id == Course.id).scalar_subquery()
    statement = (
        select(
            Course.slug,
            Course.title,
            CourseStaff.role,
            CourseVersion.number,
            CourseVersion.published_at,
            changed.label("changed"),
            Course.archived_at,
            learners.label("learners"),
            completed.label("completed"),
        )
        .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & (CourseStaff.person_id == actor.person_id))
        .outerjoin(CourseVersion, CourseVersion.id == Course.published_version_id)
        .order_by(Course.id)
        .limit(200)
    )
    if not actor.is_administrator:
        statement = statement.where(CourseStaff.id.is_not(None))
    return [
        Taught(
            row.slug,
            row.title,
            row.role or "administrator",
            row.number,
            row.published_at,
            row.changed,
            row.archived_at is not None,
            row.learners,
            row.completed,
        )
        for row in session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of an installation in figures."""

    people: int
    active_people: int
    enrolments: int
    certificates: int
    jobs_waiting: int
    oldest_waiting: datetime | None


def condition(session: Session, *, now: datetime) -> Condition:
    """Return the state of the installation, in one statement."""
    waiting = (Job.done_at.is_(None), Job.failed_at.is_(None))
    counts = {
        "people": select(func.count()).select_from(Person),
        "active_people": select(func.count(Device.person_id.distinct())).where(Device.last_seen_at > now - timedelta(days=30)),
        "enrolments": select(func.count()).select_from(Enrolment),
        "certificates": select(func.count()).select_from(Credential),
        "jobs_waiting": select(func.count()).select_from(Job).where(*waiting),
        "oldest_waiting": select(func.min(Job.created_at)).where(*waiting),
    }
    row = session.execute(select(*(statement.scalar_subquery().label(name) for name, statement in counts.items()))).one()
    return Condition(**row._mapping)


def list_failed_jobs(session: Session) -> list[Job]:
    """List the jobs that were given up, the newest first."""
    return list(session.scalars(select(Job).where(Job.failed_at.is_not(None)).order_by(Job.failed_at.desc()).limit(50)))


def is_reachable(session: Session) -> bool:
    """Say whether the database answers."""
    return bool(session.execute(text("SELECT 1")).scalar_one() == 1)
