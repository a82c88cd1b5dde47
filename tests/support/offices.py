"""A team at work on one quiz: marks waiting, a corrected key, dry runs, overrides, an incident, a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

from sqlalchemy import select

from accounts.models import Person
from courses import team
from courses.models import Course, PublicationNature, StaffRole
from enrolments import enrolment, learner_groups, learners
from kernel import clock, outbox
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from quizzes import incidents, overrides, teaching
from quizzes.marking import ManualMarkValues
from quizzes.overrides import AccommodationProfile, OverrideTarget, OverrideValues
from quizzes.rules.regrade import RegradeKind
from tests.support.builders import a_person, an_administrator, folder, publish
from tests.support.learning import a_batch, actor_of, mark_done, start, submit
from tests.support.marking import BANK as ESSAY
from tests.support.marking import TEXT, last_mark, mark
from tests.support.regrading import BANK as KEYED
from tests.support.regrading import a_dry_run, an_order, commit, regrade_row

GUAYAQUIL, QUITO = "1", "2"
LEARNERS = (
    ("Nathaly Monserrate", "Zambrano Cedeño de Villavicencio"),
    ("Washington", "Quishpe"),
    ("María del Cisne", "Ordóñez Jaramillo"),
    ("Byron", "Yánez"),
    ("Inti", "Guamán"),
)
QUIZ = "/courses/prueba/quizzes/cuestionario-1"


@dataclass(frozen=True)
class Work:
    """What the team's pages name in their addresses."""

    course: Course
    handed_in: list[UUID]
    dry_run: UUID
    committed: UUID
    override: UUID
    group: UUID
    person: UUID

    def pages(self) -> dict[str, str]:
        """Return the team's pages of the quiz, by a name."""
        attempt, essay = self.handed_in[1], f"/attempts/{self.handed_in[1]}/marking/1"
        return {
            "manage": f"{QUIZ}/manage",
            "report": f"{QUIZ}/report",
            "marking": f"{QUIZ}/marking",
            "marking-marked": f"{QUIZ}/marking?show=marked",
            "marking-anonymous": f"{QUIZ}/marking?show=all&names=hidden",
            "marking-item": essay,
            "regrades": f"{QUIZ}/regrades",
            "regrade-new": f"{QUIZ}/regrades/new?question=capital-1",
            "regrade-trial": f"{QUIZ}/regrades/{self.dry_run}?show=all",
            "regrade-committed": f"{QUIZ}/regrades/{self.committed}",
            "overrides": f"{QUIZ}/overrides?q=guam",
            "override-new": f"{QUIZ}/overrides/new?group={self.group}",
            "override-change": f"{QUIZ}/overrides/{self.override}",
            "incidents": f"{QUIZ}/incidents",
            "groups": "/courses/prueba/groups",
            "group": f"/courses/prueba/groups/{self.group}?q=guam",
            "reopening": f"/attempts/{attempt}/reopening",
            "paper": f"/attempts/{attempt}/paper",
            "review": f"/attempts/{attempt}/review",
        }

    def administration(self) -> dict[str, str]:
        """Return the administration's pages about quizzes, by a name."""
        return {
            "accommodations": "/administration/accommodations?q=guam",
            "accommodation": f"/administration/accommodations/{self.person}",
        }


def a_course_at_work(instance: Instance, *, language: str = "es") -> Work:
    """Publish, let four hand in and one begin, mark two of them, correct the key, and do something of everything."""
    course = _published(instance, "right", "wrong")
    people = [_named(instance, course, at) for at in range(len(LEARNERS))]
    attempts = [_handed_in(instance, learner, at) for at, learner in enumerate(people[:-1])]
    editor = _team(instance, course, language)
    for attempt in attempts[:2]:
        given = ManualMarkValues(Fraction(3), last_mark(instance, editor, attempt).id, "Buen trabajo.", {"claridad": 1, "fuentes": 1})
        mark(instance, editor, attempt, given)
    deliver(instance)
    _published(instance, "wrong", "right")
    deliver(instance)
    start(instance, people[-1], "prueba")
    committed = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))
    commit(instance, editor, committed)
    deliver(instance)
    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.FULL_CREDIT))
    deliver(instance)
    override, group = _time(instance, editor, people)
    person = people[-1].person_uuid
    assert person is not None
    return Work(course, attempts, regrade_row(instance, dry_run).uuid, regrade_row(instance, committed).uuid, override, group, person)


def deliver(instance: Instance) -> None:
    """Do the background work that waits."""
    outbox.deliver_waiting(instance.worker, now=clock.now() + timedelta(seconds=1))


def _published(instance: Instance, guayaquil: str, quito: str) -> Course:
    files = folder(modules=1, settings="shuffle_options: false\nattempts: 2\nlimit: 40 min\npass_mark: 90\n")
    files["01-parte/banco.yaml"] = (
        ESSAY.split("  - key: suma-1")[0] + KEYED.format(guayaquil=guayaquil, quito=quito).split("\n", 1)[1]
    ).encode()
    name = "01-parte/03-cuestionario.quiz.yaml"
    slots = "  - question: ensayo-1\n  - question: capital-1\n  - question: suma-1\n"
    files[name] = files[name].decode().replace("  - draw: 7\n", slots).encode()
    return publish(instance, files, nature=PublicationNature.CORRECTION)[0]


def _named(instance: Instance, course: Course, at: int) -> Actor:
    given, surname = LEARNERS[at]
    actor = actor_of(a_person(instance, f"persona.{at}@example.org", given=given, surname=surname))
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=clock.now())
    return actor


def _handed_in(instance: Instance, learner: Actor, at: int) -> UUID:
    mark_done(instance, learner, "prueba", "leccion-1")
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt, a_batch({1: [TEXT], 2: [GUAYAQUIL if at % 2 == 0 else QUITO], 3: ["1"]}))
    return attempt


def _time(instance: Instance, editor: Actor, people: list[Actor]) -> tuple[UUID, UUID]:
    """Set something for everybody, for a group and for a person, end one of them, give ten minutes, and give somebody a profile."""
    now = clock.now()
    with instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, editor, "prueba", "cuestionario-1")
        group = learner_groups.make_group(session, editor, quiz.course_id, "Dirección Provincial de Morona Santiago, turno tarde", now=now)
        members = [one.person_uuid for one in people[:2] if one.person_uuid is not None]
        learner_groups.add_to_group(session, editor, group, members, now=now)
        person = session.get_one(Person, people[-1].person_id)
        later = OverrideValues(sets_closes=True, closes_at=now + timedelta(days=9), limit_seconds=3600, attempts=4)
        row = overrides.set_override(
            session, editor, quiz, OverrideTarget(group), later, "El enlace de la oficina estuvo caído toda la semana.", now=now
        )
        secret = OverrideValues(password="llave", networks="10.20.0.0/16")
        overrides.set_override(session, editor, quiz, OverrideTarget(), secret, "Examen en sala.", now=now)
        over = overrides.set_override(
            session, editor, quiz, OverrideTarget(person=person), OverrideValues(attempts=3), "Por error.", now=now
        )
        overrides.end_override(session, editor, over, now=now)
        incidents.add_incident_time(session, editor, quiz, 10, "Corte de luz", uuid4(), now=now)
        overrides.grant_accommodation(session, editor, person, AccommodationProfile(Decimal("1.5"), 1, 600), "Informe médico", now=now)
        found = row.uuid, group.uuid
    deliver(instance)
    return found


def _team(instance: Instance, course: Course, language: str) -> Actor:
    an_administrator(instance)
    teacher = a_person(instance, "profe@example.org", given="Pilar", surname="Maestra", language=language)
    with instance.database.unit_of_work() as session:
        team.add_staff(session, SYSTEM, session.get_one(Course, course.id), teacher.id, StaffRole.EDITOR, now=clock.now())
        for row in session.scalars(select(Person).where(Person.email == "admin@example.org")):
            row.language = language
    return actor_of(teacher)
