"""Results that count outside the course are not set by hand: an acta would say another one (spec/selection 4.10)."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments.models import ActivityResult, Enrolment, ResultOverride
from enrolments.results import ResultUsedElsewhere
from lms.instance import Instance
from selections.models import Selection
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.scenes import scene
from tests.support.selection_folders import FILE
from tests.support.selections import USE, a_sat_selection, a_selecting_folder
from tests.support.wording import in_spanish

REFUSED = in_spanish(str(ResultUsedElsewhere.message))


@pytest.fixture
@scene
def selection(instance: Instance) -> Selection:
    """Four people who sat a selecting quiz of five questions, and one who did not."""
    return a_sat_selection(instance)


def address_of(instance: Instance, selection: Selection) -> str:
    """Return the page on which a team would set Berta's result."""
    with instance.database.unit_of_work(write=False) as session:
        berta: UUID = session.scalars(select(Person.uuid).where(Person.email == "berta@example.org")).one()
        slug = session.get_one(Course, selection.course_id).slug
    return f"/teaching/{slug}/learners/{berta}/results/{selection.activity_key}"


def come_as_owner(browser: Browser, instance: Instance, selection: Selection) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, selection.course_id)
    a_teacher(instance, course, role=StaffRole.OWNER)
    sign_in(browser, "profe@example.org")


def scores(instance: Instance) -> list[object]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(ActivityResult.score).order_by(ActivityResult.id)))


def test_the_page_says_why_and_offers_no_field(browser: Browser, instance: Instance, selection: Selection) -> None:
    come_as_owner(browser, instance, selection)

    page = browser.get(address_of(instance, selection))

    assert REFUSED in page.text
    assert 'name="score"' not in page.html


def test_a_result_that_is_sent_all_the_same_changes_nothing(browser: Browser, instance: Instance, selection: Selection) -> None:
    come_as_owner(browser, instance, selection)
    address, before = address_of(instance, selection), scores(instance)
    browser.get(address)
    token = dict(browser.page.forms[-1].fields)["csrf_token"]

    browser._request("POST", address, data={"csrf_token": token, "score": "90", "reason": "Se cortó la luz."})

    assert browser.response.status_code == 409
    assert REFUSED in browser.response.get_data(as_text=True)
    assert scores(instance) == before
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(ResultOverride)).all() == []


def test_a_later_version_for_the_course_alone_changes_nothing_of_that(browser: Browser, instance: Instance, selection: Selection) -> None:
    """An acta is of attempts at the version before."""
    with instance.database.unit_of_work() as session:
        course = session.get_one(Course, selection.course_id)
        before = course.published_version_id
    files = a_selecting_folder()
    publish(instance, {**files, FILE: files[FILE].replace(USE.encode(), b"")})
    come_as_owner(browser, instance, selection)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Course, selection.course_id).published_version_id != before
    assert REFUSED in browser.get(address_of(instance, selection)).text


def test_what_was_set_before_is_taken_back(browser: Browser, instance: Instance, selection: Selection) -> None:
    come_as_owner(browser, instance, selection)
    before = scores(instance)
    with instance.database.unit_of_work() as session:
        of_berta = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id).where(Person.email == "berta@example.org")
        row = session.scalars(select(ActivityResult).where(ActivityResult.enrolment_id == of_berta.scalar_subquery())).one()
        row.overridden_at, row.own_score, row.own_passed, row.own_completed = row.submitted_at, row.score, row.passed, True
        row.score = Decimal(90)

    browser.get(address_of(instance, selection))
    browser.submit(address_of(instance, selection), {"reason": "Estaba mal."}, button=("undo", "1"))

    assert scores(instance) == before
