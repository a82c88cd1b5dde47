"""Overrides of quizzes for tests: the team that sets them, and the moments they lead to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from accounts.models import Person
from courses.models import Course
from enrolments import learner_groups
from enrolments.models import LearnerGroup
from kernel import outbox
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import incidents, jobs, overrides, teaching
from quizzes.access import QuizContext
from quizzes.models import Accommodation, Incident, QuizOverride
from quizzes.overrides import AccommodationProfile, OverrideTarget, OverrideValues
from tests.support.attempts import QUIZ
from tests.support.builders import a_teacher, an_administrator
from tests.support.learning import actor_of, sitting_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TWICE_LIMITED = "attempts: 2\nlimit: 10 min\n"
TIME = f"{QUIZ}/overrides"
LIMITED = "attempts: 1\nlimit: 10 min\n"


def minutes(count: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=count)


class Office:
    """The course's team at work, on one quiz of one course."""

    def __init__(self, instance: Instance, course: Course, key: str = "cuestionario-1") -> None:
        self.instance, self.course, self.key = instance, course, key
        self.editor = actor_of(a_teacher(instance, course))

    def quiz(self) -> QuizContext:
        """Return the quiz as the team works on it."""
        with self.instance.database.unit_of_work(write=False) as session:
            return teaching.get_taught_quiz(session, self.editor, self.course.slug, self.key)

    def override(
        self, whom: Actor | LearnerGroup | None = None, *, now: datetime = NOON, seen: QuizOverride | None = None, **values: object
    ) -> QuizOverride:
        """Set something for a learner, a group or everybody, and do what follows."""
        quiz = self.quiz()
        with self.instance.database.unit_of_work() as session:
            group = whom if isinstance(whom, LearnerGroup) else None
            person = session.get_one(Person, whom.person_id) if isinstance(whom, Actor) else None
            said = OverrideValues(**values)  # type: ignore[arg-type]  # the test's own names
            row = overrides.set_override(session, self.editor, quiz, OverrideTarget(group, person), said, "Motivo", seen=seen, now=now)
        self.follow(now)
        return row

    def group(self, *members: Actor, name: str = "Turno tarde") -> LearnerGroup:
        """Make a group of learners."""
        with self.instance.database.unit_of_work() as session:
            group = learner_groups.make_group(session, self.editor, self.course.id, name, now=NOON)
            learner_groups.add_to_group(
                session, self.editor, group, [member.person_uuid for member in members if member.person_uuid], now=NOON
            )
        return group

    def give(self, count: int, *, now: datetime, token: UUID | None = None) -> Incident:
        """Give time to all who have an open attempt."""
        quiz = self.quiz()
        with self.instance.database.unit_of_work() as session:
            found = incidents.add_incident_time(session, self.editor, quiz, count, "Corte de luz", token or uuid4(), now=now)
        self.follow(now)
        return found

    def take_back(self, incident: Incident, *, now: datetime) -> None:
        """Undo an incident."""
        with self.instance.database.unit_of_work() as session:
            incidents.undo_incident(session, self.editor, session.get_one(Incident, incident.id), now=now)
        self.follow(now)

    def follow(self, now: datetime) -> None:
        """Do the background work that waits."""
        outbox.deliver_waiting(self.instance.worker, now=now + timedelta(days=3650))


def end_of_attempt(instance: Instance, learner: Actor, attempt: UUID) -> datetime | None:
    """Return when an attempt ends, as a request computes it."""
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        return loaded.end


def close_at(instance: Instance, moment: datetime) -> None:
    """Run the closing job."""
    jobs.close_due(Delivery(instance.database, instance.settings, 1, {}, moment))


def in_force(instance: Instance) -> list[QuizOverride]:
    """Return what is in force, in the order in which it was set."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(QuizOverride).where(QuizOverride.ended_at.is_(None)).order_by(QuizOverride.id)))


def accommodate(instance: Instance, learner: Actor, factor: str, extra: int = 0, breaks: int = 0, *, now: datetime = NOON) -> Accommodation:
    """Let an administrator give somebody a profile, and do what follows."""
    admin = actor_of(an_administrator(instance))
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, learner.person_id)
        row = overrides.grant_accommodation(
            session, admin, person, AccommodationProfile(Decimal(factor), extra, breaks), "Informe médico", now=now
        )
    outbox.deliver_waiting(instance.worker, now=now + timedelta(days=3650))
    return row
