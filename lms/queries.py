"""Reading across domains, for the pages of `lms`: courses taught and taken, the state of the installation, events of an account."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from accounts.models import Device, Person
from accounts.people import AccountVerb
from certificates.models import Credential
from compliance.audit_verbs import ComplianceVerb
from courses.models import Course, CourseStaff, CourseVersion, DraftFile
from enrolments.models import Completion, Enrolment
from enrolments.takes import completed_in_any_take
from kernel.audit import AuditEntry, Verb
from kernel.db import count_rows
from kernel.outbox import Job
from kernel.permissions import Actor
from lms.access import SiteVerb
from quizzes.models import Attempt


def visible_taught(session: Session, actor: Actor) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the courses whose team the actor belongs to, with the role and figures; administrators see all, and may have no role."""
    learners = select(func.count()).where(Enrolment.course_id == Course.id, Enrolment.left_at.is_(None)).scalar_subquery()
    completed = (
        select(func.count())
        .select_from(Enrolment)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.course_id == Course.id, Enrolment.left_at.is_(None), completed_in_any_take().is_not(None))
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
            changed.label("draft_changed_at"),
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
    return session.execute(statement).all()


def condition(session: Session, *, now: datetime) -> Row[*tuple[Any, ...]]:
    """Return the state of the installation in figures, in one statement.

    `oldest_waiting` is since when the job waits that has been due the longest, or None; what is planned for later waits for nobody.
    """
    waiting = (Job.done_at.is_(None), Job.failed_at.is_(None))
    counts = {
        "people": select(func.count()).select_from(Person),
        "active_people": select(func.count(Device.person_id.distinct())).where(Device.last_seen_at > now - timedelta(days=30)),
        "enrolments": select(func.count()).select_from(Enrolment),
        "certificates": select(func.count()).select_from(Credential),
        "jobs_waiting": select(func.count()).select_from(Job).where(*waiting),
        "oldest_waiting": select(func.min(Job.available_at)).where(*waiting, Job.available_at <= now),
    }
    return session.execute(select(*(statement.scalar_subquery().label(name) for name, statement in counts.items()))).one()


def list_sprayings(session: Session, *, now: datetime) -> Sequence[Row[str, datetime, datetime]]:
    """List the networks from which passwords were tried at many accounts in the last day, with first and last moment, the latest first."""
    last = func.max(AuditEntry.at).label("last")
    statement = (
        select(AuditEntry.address, func.min(AuditEntry.at).label("first"), last)
        .where(AuditEntry.actor_id.is_(None), AuditEntry.at > now - timedelta(days=1))
        .where(AuditEntry.verb == AccountVerb.PASSWORDS_SPRAYED.value)
        .group_by(AuditEntry.address)
        .order_by(last.desc(), AuditEntry.address)
        .limit(20)
    )
    return session.execute(statement).all()


LATEST_ENTRIES = 1000
CLOCKS_DIFFER = timedelta(minutes=5)


def find_later_entry(session: Session, *, now: datetime) -> datetime | None:
    """Return the moment of an entry among the latest of the audit log that is still to come: the clock was put back since."""
    latest = select(AuditEntry.at).order_by(AuditEntry.id.desc()).limit(LATEST_ENTRIES).subquery()
    moment = session.scalar(select(func.max(latest.c.at)))
    return moment if moment is not None and moment > now + CLOCKS_DIFFER else None


def count_failed_jobs(session: Session) -> int:
    """Count the jobs that were given up."""
    return count_rows(session, Job, Job.failed_at.is_not(None))


def count_waiting_kinds(session: Session) -> list[tuple[str, int]]:
    """Count the jobs that are not done by their kind, the most frequent first."""
    waiting = select(Job.kind, func.count()).where(Job.done_at.is_(None), Job.failed_at.is_(None)).group_by(Job.kind)
    return [(kind, count) for kind, count in session.execute(waiting.order_by(func.count().desc(), Job.kind).limit(50))]


def list_failed_jobs(session: Session) -> list[Job]:
    """List the jobs that were given up, the newest first."""
    return list(session.scalars(select(Job).where(Job.failed_at.is_not(None)).order_by(Job.failed_at.desc()).limit(50)))


@dataclass(frozen=True, slots=True)
class Absence:
    """A service outside that does not answer, and how much waits for it."""

    service: str
    """Host and port."""
    since: datetime
    waiting: int


def list_absences(session: Session) -> list[Absence]:
    """List the services that did not answer when a job last tried them, the one that is away the longest first."""
    waits = (Job.awaits != "", Job.done_at.is_(None), Job.failed_at.is_(None))
    since = func.min(Job.away_since).label("since")
    statement = select(Job.awaits, since, func.count()).where(*waits).group_by(Job.awaits).order_by(since, Job.awaits).limit(20)
    return [Absence(service, since, count) for service, since, count in session.execute(statement) if since is not None]


def count_seal_faults(session: Session) -> int:
    """Return how many faults the last verification of the audit log found, by its entry there."""
    return _last_count(session, SiteVerb.AUDIT_VERIFIED, "faults")


def count_differing_statuses(session: Session) -> int:
    """Return how many statuses of compulsory training the last comparison found to differ from the records, by its entry in the log."""
    return _last_count(session, ComplianceVerb.STATUSES_COMPARED, "differing")


def _last_count(session: Session, verb: Verb, name: str) -> int:
    facts = session.scalar(select(AuditEntry.facts).where(AuditEntry.verb == verb).order_by(AuditEntry.id.desc()).limit(1))
    return int(json.loads(facts)[name]) if facts else 0


def list_courses_of(session: Session, person_id: int) -> Sequence[Row[Enrolment, str, Mapping[str, str], datetime | None]]:
    """List a person's enrolments, each take of its own, with slug and title of the course and `completed_at`, the newest first."""
    statement = (
        select(Enrolment, Course.slug, Course.title, Completion.completed_at)
        .join(Course, Course.id == Enrolment.course_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id)
        .order_by(Enrolment.id.desc())
        .limit(200)
    )
    return session.execute(statement).all()


def list_teams_of(session: Session, person_id: int) -> Sequence[Row[str, Mapping[str, str], str]]:
    """List the courses whose team a person belongs to: slug, title and role."""
    statement = select(Course.slug, Course.title, CourseStaff.role).join(CourseStaff, CourseStaff.course_id == Course.id)
    return session.execute(statement.where(CourseStaff.person_id == person_id).order_by(Course.id).limit(200)).all()


def list_events_of(session: Session, person_id: int) -> Sequence[Row[AuditEntry, Person | None]]:
    """List the last fifty audit-log entries about an account, each with who acted (None: the system), newest first."""
    statement = (
        select(AuditEntry, Person)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == Person.__tablename__, AuditEntry.subject_id == person_id)
        .order_by(AuditEntry.id.desc())
        .limit(50)
    )
    return session.execute(statement).all()


MOST_ATTEMPTS = 200


def list_attempts_of(session: Session, enrolment_id: int) -> Sequence[Attempt]:
    """List a learner's attempts in one take of a course, newest first."""
    statement = (
        select(Attempt)
        .where(Attempt.enrolment_id == enrolment_id, ~Attempt.preview)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .limit(MOST_ATTEMPTS)
    )
    return session.scalars(statement).all()
