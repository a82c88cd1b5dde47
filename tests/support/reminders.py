"""Reminders of compulsory training as the clock sends them, for tests."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select

from accounts.models import Notification, Person
from compliance.models import Assignment, FreeDay, Obligation, Reminder
from compliance.rules.terms import ObligationTerms
from courses.models import Course
from kernel import outbox
from kernel.outbox import JobRunner
from lms.instance import Instance
from organisations.models import Audience, Organisation
from tests.support.browser import read_mail
from tests.support.builders import a_course, a_person
from tests.support.learning import At
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, rules_of
from tests.support.places import a_place
from tests.support.scenes import scene
from tests.support.training_cases import QUITO, A

CHRISTMAS = date(2026, 12, 25)
STEPS = (30, 7, 1)


def quito(text: str) -> datetime:
    """Return a moment by the clock of Quito."""
    return datetime.fromisoformat(text).replace(tzinfo=QUITO)


@dataclass
class ReminderTrial:
    """An institution with one obligation, whose clock a test moves; each job runs twice."""

    instance: Instance
    at: At
    institution: Organisation
    course: Course
    audience: Audience
    obligation: Obligation
    worker: JobRunner | None = None
    jobs: tuple[str, ...] = field(default=("compliance.follow_changes", "compliance.remind"))

    @classmethod
    def begin(cls, instance: Instance, at: At, terms: ObligationTerms = A) -> "ReminderTrial":
        """Put an obligation on one course in force, with Christmas free in the whole country."""
        at.moment = BEGINNING
        return cls(instance, at, *_in_force(instance, terms))

    def run(self, *moments: str) -> None:
        """Let the clock's jobs run at some moments, by the clock of Quito."""
        for moment in moments:
            self.at.moment = quito(moment)
            for _time in range(2):
                with self.instance.database.unit_of_work() as session:
                    for kind in self.jobs:
                        outbox.enqueue(session, kind, {}, now=self.at.moment)
                outbox.deliver_waiting(self.worker or self.instance.worker, now=self.at.moment)

    def decided(self, person: Person, kind: str = "step") -> list[tuple[int, str, str]]:
        """Return what was decided of a person's reminders of a kind: step, day on which it was due, why it was not sent."""
        with self.instance.database.unit_of_work(write=False) as session:
            statement = (
                select(Reminder.step, Reminder.due_on, Reminder.reason)
                .join(Assignment, Assignment.id == Reminder.assignment_id)
                .where(Assignment.person_id == person.id, Reminder.kind == kind)
            )
            return [(step, day.isoformat(), reason) for step, day, reason in session.execute(statement.order_by(Reminder.id))]

    def sent_at(self, person: Person) -> list[datetime]:
        """Return when a person was given a notice of their training."""
        with self.instance.database.unit_of_work(write=False) as session:
            mine = (Notification.person_id == person.id, Notification.kind == "training")
            return list(session.scalars(select(Notification.given_at).where(*mine).order_by(Notification.id)))


@scene
def _in_force(instance: Instance, terms: ObligationTerms) -> tuple[Organisation, Course, Audience, Obligation]:
    for email in ("autora@example.org", "otra@example.org"):
        a_person(instance, email)
    institution, course = a_place(instance), a_course(instance, modules=1, settings="attempts: 0\n")
    audience = an_audience_of(instance, institution)
    obligation = an_obligation(instance, audience, rules_of(course, terms))
    let_free(instance, CHRISTMAS, "Navidad")
    return institution, course, audience, obligation


@scene
def let_free(instance: Instance, day: date, name: str, province: str = "") -> None:
    """Let offices be closed on a day."""
    with instance.database.unit_of_work() as session:
        session.add(FreeDay(day=day, province=province, name=name, added_at=BEGINNING))


def mails_to(instance: Instance, person: Person) -> list[str]:
    """Return the mails about training that a person got, subject and text, the oldest first."""
    folder = instance.settings.data_dir / "mail"
    files = sorted(folder.glob("notice-*.eml"), key=lambda path: int(path.stem.split("-")[1])) if folder.exists() else []
    return [read_mail(path.read_bytes()) for path in files if f"To: {person.email}".encode() in path.read_bytes()]


def due_on(day: date) -> ObligationTerms:
    """Return terms with another last day."""
    return replace(A, deadline=day)
