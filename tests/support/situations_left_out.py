"""Situations in which the record of whoever acted was left out, and a colleague applies the act to it."""

from __future__ import annotations

from uuid import uuid4

from accounts.models import Person
from courses.models import Course
from enrolments import enrolment, learner_groups, learners
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from quizzes import incidents, overrides, teaching
from quizzes.overrides import OverrideTarget, OverrideValues
from quizzes.rules.regrade import RegradeKind
from tests.support.builders import a_teacher
from tests.support.learning import actor_of, start, submit
from tests.support.offices import deliver
from tests.support.regrading import a_dry_run, a_keyed_quiz, an_order, commit, regrade_row, undo
from tests.support.situations import Room, Scene, Stage

QUIZ = "/courses/prueba/quizzes/cuestionario-1"


def _own_course(stage: Stage) -> tuple[Course, Actor]:
    """Return a course with a member of its team who is its learner too."""

    def make() -> tuple[Course, Actor]:
        course = a_keyed_quiz(stage.instance)
        member = actor_of(a_teacher(stage.instance, course))
        with stage.instance.database.unit_of_work() as session:
            context = learners.get_learner_context(session, member, "prueba")
            enrolment.enrol(session, member, context, now=clock.now())
        return course, member

    return stage.once("own course", make)


def an_override_of_its_author(stage: Stage) -> Scene:
    """An override of a group of which its author is a member."""
    course, member = _own_course(stage)
    now = clock.now()
    with stage.instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, f"Turno {stage.number()}", now=now)
        learner_groups.add_to_group(session, SYSTEM, group, [member.person_uuid] if member.person_uuid else [], now=now)
        quiz = teaching.get_taught_quiz(session, member, "prueba", "cuestionario-1")
        overrides.set_override(session, member, quiz, OverrideTarget(group), OverrideValues(attempts=9), "Se fue la luz.", now=now)
    return Scene(stage.boss, f"{QUIZ}/overrides")


def an_incident_of_its_author(stage: Stage) -> Scene:
    """Minutes for everybody with an open attempt, their giver among them."""
    course, member = _own_course(stage)
    now = clock.now()

    def open_with_an_end() -> None:
        """Start an attempt of an hour: minutes are given only where there is an end to move."""
        editor = actor_of(a_teacher(stage.instance, course, "otra@example.org"))
        with stage.instance.database.unit_of_work() as session:
            quiz = teaching.get_taught_quiz(session, member, "prueba", "cuestionario-1")
            target = OverrideTarget(person=session.get_one(Person, member.person_id))
            overrides.set_override(session, editor, quiz, target, OverrideValues(limit_seconds=3600), "Una hora.", now=now)
        start(stage.instance, member, "prueba")

    stage.once("open attempt", open_with_an_end)
    with stage.instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, member, "prueba", "cuestionario-1")
        incidents.add_incident_time(session, member, quiz, 5, "Se fue la luz.", uuid4(), now=now)
    return Scene(stage.boss, f"{QUIZ}/incidents")


def a_regrade_of_its_author(stage: Stage) -> Scene:
    """A regrade, or its undoing, that left out an attempt of the person who made it."""
    _course, member = _own_course(stage)
    stage.once("submitted attempt", lambda: submit(stage.instance, member, start(stage.instance, member, "prueba")))

    made: list[int] = stage.once("regrades", list)
    row = regrade_row(stage.instance, made[-1]) if made else None
    if row is None or row.state == "undone":
        made.append(a_dry_run(stage.instance, member, an_order(stage.instance, RegradeKind.FULL_CREDIT)))
        deliver(stage.instance)
        commit(stage.instance, member, made[-1])
    else:
        undo(stage.instance, member, made[-1])
    return Scene(stage.boss, f"{QUIZ}/regrades/{regrade_row(stage.instance, made[-1]).uuid}")


LEFT_OUT: Room = {
    "quizzes_time.apply": an_override_of_its_author,
    "quizzes_time.apply_incident": an_incident_of_its_author,
    "quizzes_regrading.apply": a_regrade_of_its_author,
}
