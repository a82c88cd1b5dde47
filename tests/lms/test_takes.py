"""Courses taken again where packages meet: merging, own data, the team's overview, certificates (spec/compulsory 6.4 and 6.7)."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.permissions import MergePair
from certificates.models import Credential
from courses.models import Course
from lms import queries
from lms.account_merging import list_courses
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, an_administrator, sign_in
from tests.support.certificates import NOON, complete
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.people import person_row
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

    assert [(one.moves, one.closed is not None and one.closed.history.completed_at) for one in found] == [(True, NOON)]
    assert found[0].closed is not None
    assert found[0].closed.attempts == 1


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
    assert [(row.take, row.superseded, row.completed_at) for row in rows] == [(2, False, None), (1, True, NOON)]
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
