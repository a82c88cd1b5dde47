"""Courses taken again where packages meet: merging, own data, the team's overview, certificates (spec/compulsory 6.4 and 6.7)."""

import io
import json
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from accounts.access import MergePair
from accounts.models import Person
from certificates import credentials
from certificates.credentials import find_award
from certificates.models import Credential
from courses.models import Course
from enrolments.models import LearnerNote
from kernel import clock
from kernel.permissions import SYSTEM
from lms import erasure, queries, retention
from lms.erasure import list_courses
from lms.instance import Instance
from quizzes.models import Attempt, QuizOverride
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.certificates import NOON, complete
from tests.support.claims import ask_recognition
from tests.support.editions import take_out
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.obligations import an_audience_of, let_stay
from tests.support.overrides import Office
from tests.support.people import person_row
from tests.support.places import a_place
from tests.support.takes import read, retake, takes_of

LATER = NOON + timedelta(days=100)


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course of one module, with a certificate."""
    return a_course(instance, modules=1)


def test_two_accounts_are_compared_by_the_best_of_their_takes(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `account_merging`; the last take is no completion yet and hides none."""
    kept, closed = a_learner(instance, course), complete(instance, course, "anita@example.org")
    mark_done(instance, kept, "prueba", "leccion-1")
    retake(instance, closed, course, now=LATER)
    pair = MergePair(person_row(instance, "ana@example.org"), person_row(instance, "anita@example.org"))

    found = read(instance, lambda session: list_courses(session, pair))

    assert [(moves, ended and ended.history.completed_at, ended and ended.attempts) for _course, _present, ended, moves in found] == [
        (True, NOON, 1)
    ]


def test_all_takes_go_to_the_account_that_stays(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: numbers and the present one as before."""
    kept, closed = a_learner(instance, course), complete(instance, course, "anita@example.org")
    retake(instance, closed, course, now=LATER)
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    address = f"/administration/people/{kept.person_uuid}/merging/{closed.person_uuid}"
    browser.get(address)
    browser.submit(address, {"reason": "Se registró dos veces"})

    assert [(row.take, row.superseded_at is None, row.left_at is None) for row in takes_of(instance, kept, course)] == [
        (1, False, False),
        (2, True, True),
    ]
    assert [(row.take, row.left_at is None) for row in takes_of(instance, closed, course)] == [(1, False)]


def test_the_teams_overview_counts_a_completion_in_any_take(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `visible_taught`."""
    teacher = actor_of(a_teacher(instance, course))
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)

    row = read(instance, lambda session: queries.visible_taught(session, teacher))[0]

    assert (row.learners, row.completed) == (1, 1)


def test_the_copy_of_ones_data_and_the_record_hold_all_takes_with_their_numbers(
    browser: Browser, instance: Instance, course: Course
) -> None:
    """spec/compulsory 6.7: `own_data`, `own_results`, `queries` (person)."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    pass_quiz(instance, learner, "prueba")
    sign_in(browser)
    browser.get("/profile/data")
    token = dict(browser.page.form("/copy").fields)["csrf_token"]
    browser._request("POST", "/profile/data/copy", data={"csrf_token": token})
    data = json.loads(zipfile.ZipFile(io.BytesIO(browser.response.data)).read("data.json"))

    assert sorted(row["take"] for row in data["enrolments"]) == [1, 2]
    assert sorted(row["take"] for row in data["attempts"]) == [1, 2]
    assert sorted(row["take"] for row in data["activity_scores"]) == [1, 2]
    assert [(row["course"], row["take"]) for row in data["completions"]] == [("prueba", 1)]
    rows = read(instance, lambda session: queries.list_courses_of(session, learner.person_id or 0))
    takes = [(row.Enrolment.take, row.Enrolment.superseded_at is not None, row.completed_at) for row in rows]
    assert takes == [(2, False, None), (1, True, NOON)]
    an_administrator(instance)
    boss = sign_in(browser.another(), "admin@example.org")
    record = f"/administration/people/{learner.person_uuid}"
    assert boss.get(record).has_link(f"{record}/courses/prueba?take=1")
    first = boss.get(f"{record}/courses/prueba?take=1")
    assert "/revocation" not in first.html


def test_the_certificate_of_an_earlier_take_is_issued_late_and_verifies_on(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.4 and 6.7: one certificate for each take that was completed; nothing is revoked."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    browser.deliver_jobs()
    mark_done(instance, learner, "prueba", "leccion-1", now=LATER)
    pass_quiz(instance, learner, "prueba", now=LATER)
    browser.deliver_jobs()

    found = read(instance, lambda session: list(session.scalars(select(Credential).order_by(Credential.id))))

    assert [row.enrolment_id for row in found] == [row.id for row in takes_of(instance, learner, course)]
    assert [row.revoked_at or row.replaced_by_id for row in found] == [None, None]
    for row in found:
        assert "verif" in browser.get(f"/v/{row.code}").text.lower()


def test_a_certificate_to_come_is_that_of_the_take_that_was_completed(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `list_pending` and `find_award` go by enrolment; the present take has earned none yet."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    first, second = takes_of(instance, learner, course)

    with instance.database.unit_of_work() as session:
        pending = credentials.list_pending(session, learner)
        awards = [find_award(session, take.id) is not None for take in (first, second)]
    browser.deliver_jobs()

    assert (len(pending), awards) == (1, [True, False])
    assert read(instance, lambda session: credentials.list_pending(session, learner)) == []


def test_who_is_forgotten_is_forgotten_in_every_take(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: notes and reasons of both takes go, what was done in them stays and has nobody's name."""
    office, learner = Office(instance, course), complete(instance, course)
    by, person = office.editor.person_id or 0, learner.person_id or 0
    office.override(learner, attempts=8)
    retake(instance, learner, course, now=LATER)
    office.override(learner, attempts=9)
    pass_quiz(instance, learner, "prueba")
    with instance.database.unit_of_work() as session:
        for take in takes_of(instance, learner, course):
            session.add(LearnerNote(uuid=uuid4(), enrolment_id=take.id, author_id=by, words="Ana llamó.", written_at=LATER))

    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person), now=clock.now())

    first, second = takes_of(instance, learner, course)
    assert (first.left_at, second.left_at is not None) == (LATER, True)
    assert read(instance, lambda session: session.scalars(select(LearnerNote)).all()) == []
    reasons = select(QuizOverride.reason).where(QuizOverride.person_id == person)
    assert read(instance, lambda session: session.scalars(reasons).all()) == ["", ""]
    attempts = select(Attempt.enrolment_id).order_by(Attempt.id)
    assert read(instance, lambda session: session.scalars(attempts).all()) == [first.id, second.id]
    assert read(instance, lambda session: session.get_one(Person, person).email).endswith("@deleted.invalid")


def test_an_unconfirmed_account_stays_while_any_take_or_obligation_is_its_own(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: retention sees all takes, also where all have ended, and the tables of compulsory training."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    take_out(instance, course, learner)
    others = [a_person(instance, f"{name}@example.org", confirmed=False) for name in ("publico", "reconocida", "nadie")]
    let_stay(instance, an_audience_of(instance, a_place(instance)), others[0])
    ask_recognition(instance, others[1], course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(email_confirmed_at=None))

    with instance.database.unit_of_work() as session:
        count = retention.forget_unconfirmed(session, clock.now() + timedelta(days=400))

    gone = select(Person.id).where(Person.email.endswith("@deleted.invalid"))
    assert (count, read(instance, lambda session: session.scalars(gone).all())) == (1, [others[2].id])
