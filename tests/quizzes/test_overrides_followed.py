"""What follows overrides and incidents: minutes given and taken back, dues noted, progress, renamed quizzes.

spec/quiz-engine 5.3, 5.10.
"""

from uuid import uuid4

import pytest
from sqlalchemy import select

from courses.models import PublicationNature
from enrolments.models import ActivityResult, Enrolment
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import jobs, overrides
from quizzes.answering import AttemptNotAllowed
from quizzes.models import QuizOverride
from tests.support.browser import every_statement
from tests.support.builders import folder, publish
from tests.support.learning import a_batch, a_learner, attempt_row, fail_quiz, save, start, submit
from tests.support.overrides import NOON, TWICE_LIMITED, Office, close_at, end_of_attempt, minutes
from tests.support.quizzes import ONE_QUESTION, a_quiz, counted


def test_an_incident_gives_minutes_to_every_open_attempt_and_takes_them_back(instance: Instance) -> None:
    """spec/quiz-engine 5.10.4: whatever the end follows from; ended ones and later ones get nothing; a second click nothing more."""
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\ncloses: 2026-06-01 07:12\n", questions=ONE_QUESTION)
    office = Office(instance, course)
    learners = [a_learner(instance, course, f"p{number}@example.org", now=NOON) for number in range(4)]
    by_limit = start(instance, learners[0], "prueba", now=NOON)
    by_date = start(instance, learners[1], "prueba", now=NOON + minutes(5))
    ended = fail_quiz(instance, learners[2], "prueba", now=NOON)
    preview = start(instance, office.editor, "prueba", now=NOON)
    token = uuid4()

    given = office.give(10, now=NOON + minutes(6), token=token)
    again = office.give(10, now=NOON + minutes(6), token=token)
    after = start(instance, learners[3], "prueba", now=NOON + minutes(7))
    ends = [end_of_attempt(instance, learners[n], one) for n, one in ((0, by_limit), (1, by_date), (3, after))]
    due = [attempt_row(instance, one).due_at for one in (by_limit, by_date)]
    office.take_back(given, now=NOON + minutes(8))
    office.take_back(given, now=NOON + minutes(8))

    assert given.id == again.id
    assert ends == [NOON + minutes(20), NOON + minutes(22), NOON + minutes(12)]
    assert due == ends[:2]
    assert [attempt_row(instance, one).extra_seconds for one in (by_limit, by_date, ended, preview, after)] == [0, 0, 0, 0, 0]
    assert [attempt_row(instance, one).due_at for one in (by_limit, by_date)] == [NOON + minutes(10), NOON + minutes(12)]


def test_an_incident_revives_attempts_whose_end_passed_while_the_server_was_down(instance: Instance) -> None:
    """spec/quiz-engine 5.10.4: nobody closed them yet, so they can go on."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)

    office.give(15, now=NOON + minutes(14))
    close_at(instance, NOON + minutes(15))

    assert save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(16)).seconds_left == 9 * 60


def test_the_pause_counts_the_time_that_an_incident_gave(instance: Instance) -> None:
    """spec/quiz-engine 5.2.2: from start + limit, with what was given, where the attempt ended later than that."""
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\npause: 30 min\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    office.give(10, now=NOON + minutes(5))
    submit(instance, learner, attempt, now=NOON + minutes(19))

    with pytest.raises(AttemptNotAllowed):
        start(instance, learner, "prueba", now=NOON + minutes(48))

    assert start(instance, learner, "prueba", now=NOON + minutes(49))


def test_noting_when_attempts_are_due_costs_the_same_for_one_override_and_for_many(instance: Instance) -> None:
    """spec/quiz-engine 5.3.6 and spec/performance P7: a fixed number of statements for a page of attempts."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    costs = []
    for number in range(6):
        learner = a_learner(instance, course, f"p{number}@example.org", now=NOON)
        start(instance, learner, "prueba", now=NOON)
        row = office.override(office.group(learner, name=f"Grupo {number}"), limit_seconds=900 + number)
        counter = every_statement(instance.database)
        jobs.note_due(Delivery(instance.database, instance.settings, 1, {"subject": row.id, "verb": "override.set"}, NOON))
        costs.append(len(counter.statements))

    assert len(set(costs[1:])) == 1, costs
    assert counted(instance, QuizOverride) == 6


def test_more_open_attempts_than_one_page_are_all_noted(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/quiz-engine 5.3.6."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    attempts = [start(instance, a_learner(instance, course, f"p{n}@example.org", now=NOON), "prueba", now=NOON) for n in range(5)]
    monkeypatch.setattr(jobs, "PAGE", 2)

    office.override(limit_seconds=1200)

    assert {attempt_row(instance, attempt).due_at for attempt in attempts} == {NOON + minutes(20)}


def exhausted(instance: Instance, learner: Actor) -> bool:
    """Say whether a learner's progress takes the quiz for used up."""
    with instance.database.unit_of_work(write=False) as session:
        rows = select(ActivityResult.exhausted).join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
        return session.scalars(rows.where(Enrolment.person_id == learner.person_id)).one()


def test_progress_follows_when_somebody_gets_attempts_and_loses_them_again(instance: Instance) -> None:
    """spec/quiz-engine 5.10.1 and 5.13: used up, then not, then again; the same for a profile's extra attempt and for a group."""
    course = a_quiz(instance, "attempts: 1\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    fail_quiz(instance, learner, "prueba", now=NOON)
    seen = [exhausted(instance, learner)]

    row = office.override(learner, attempts=3)
    seen.append(exhausted(instance, learner))
    with instance.database.unit_of_work() as session:
        overrides.end_override(session, office.editor, session.get_one(QuizOverride, row.id), now=NOON)
    office.follow(NOON)
    seen.append(exhausted(instance, learner))
    office.override(office.group(learner), attempts=0)
    seen.append(exhausted(instance, learner))

    assert seen == [True, False, True, False]


def test_overrides_follow_a_quiz_that_is_renamed(instance: Instance) -> None:
    """A key may change from version to version; what was set holds for those of the old version and of the new."""
    course = publish(instance, folder(modules=1, settings=TWICE_LIMITED), now=NOON)[0]
    office = Office(instance, course)
    inside, newcomer = a_learner(instance, course, now=NOON), a_learner(instance, course, "eva@example.org", now=NOON)
    attempt = start(instance, inside, "prueba", now=NOON)
    office.override(limit_seconds=1800)
    files = folder(modules=1, settings=TWICE_LIMITED)
    quiz = files["01-parte/03-cuestionario.quiz.yaml"]
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace(b"key: cuestionario-1\n", b"key: examen-1\nformer_keys: [cuestionario-1]\n")

    publish(instance, files, nature=PublicationNature.CORRECTION, now=NOON + minutes(1))
    office.follow(NOON)
    office.follow(NOON)

    assert end_of_attempt(instance, inside, attempt) == NOON + minutes(30)
    fresh = start(instance, newcomer, "prueba", "examen-1", now=NOON)
    assert end_of_attempt(instance, newcomer, fresh) == NOON + minutes(30)
    assert counted(instance, QuizOverride) == 2


def test_of_the_overrides_of_quizzes_that_became_one_the_last_one_holds(instance: Instance) -> None:
    files = folder(modules=1, settings=TWICE_LIMITED)
    name, other = "01-parte/03-cuestionario.quiz.yaml", "01-parte/04-otro.quiz.yaml"
    files[name] = files[name].replace(b"draw: 7", b"draw: 3")
    course = publish(instance, {**files, other: files[name].replace(b"cuestionario-1", b"otro")}, now=NOON)[0]
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    for key, seconds in (("otro", 1200), ("cuestionario-1", 1800)):
        office.key = key
        office.override(limit_seconds=seconds)
    files[name] = files[name].replace(b"key: cuestionario-1\n", b"key: examen-1\nformer_keys: [cuestionario-1, otro]\n")

    publish(instance, files, nature=PublicationNature.CORRECTION, now=NOON + minutes(1))
    office.follow(NOON + minutes(1))
    office.follow(NOON + minutes(1))

    attempt = start(instance, learner, "prueba", "examen-1", now=NOON)
    assert end_of_attempt(instance, learner, attempt) == NOON + minutes(30)
    assert counted(instance, QuizOverride) == 3
