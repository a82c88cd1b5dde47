"""A lost connection, a killed page, an expired session: no answer is lost, and the learner is told where each answer is."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from accounts.models import Device, Person
from kernel import clock
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.answers import sitting_of
from tests.support.builders import a_course, a_person
from tests.support.chromium import Live, Visitor, sign_in_learner, visitor


@pytest.fixture
def taking(chromium: Browser, live: Live, instance: Instance) -> Visitor:
    """Return a learner with an open attempt before the eyes."""
    a_course(instance, modules=1)
    a_person(instance)
    person = visitor(chromium, live)
    sign_in_learner(person)
    person.open("/courses/prueba")
    person.press("form[action$='/enrolment'] button")
    person.open("/courses/prueba/quizzes/cuestionario-1")
    person.press("form[action$='/attempts'] button")
    return person


def stored(person: Visitor, instance: Instance) -> dict[str, Any]:
    """Return what the server holds of the attempt, by the question's first words."""
    loaded, questions = sitting_of(instance, person.page.url)
    answers = loaded.responses
    return {questions[item.question_version_id].kind.value: answers[item.id].payload for item in loaded.items if item.id in answers}


def type_number(person: Visitor, text: str) -> None:
    """Answer the question that wants a number."""
    person.page.fill("main input[type=text][id^=p]:visible >> nth=0", text)


def until(person: Visitor, condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for something to become true, letting the browser go on meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        person.page.wait_for_timeout(100)
    return False


@pytest.mark.slow
def test_an_answer_is_saved_by_itself_and_says_so(taking: Visitor, instance: Instance) -> None:
    type_number(taking, "2,5")

    assert until(taking, lambda: stored(taking, instance).get("numerical") == {"answer": ["2,5"]})
    taking.page.wait_for_selector("fieldset.q [data-saved].ok")


def test_the_time_of_saving_is_told_in_the_readers_own_zone(taking: Visitor, instance: Instance) -> None:
    """As the page writes all its times, whatever zone and clock the device has."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(zone="Asia/Tokyo"))
    type_number(taking, "2,5")
    taking.page.wait_for_selector("fieldset.q [data-saved].ok")

    known = {f"Guardado {(clock.now() - timedelta(minutes=ago)).astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}" for ago in (0, 1)}
    assert taking.page.inner_text("fieldset.q [data-saved].ok") in known


@pytest.mark.slow
def test_what_is_typed_without_a_line_is_sent_when_it_is_back(taking: Visitor, instance: Instance) -> None:
    taking.page.context.set_offline(True)
    type_number(taking, "2,5")
    taking.page.wait_for_selector("fieldset.q [data-saved].now")
    assert "numerical" not in stored(taking, instance)

    taking.page.context.set_offline(False)

    assert until(taking, lambda: stored(taking, instance).get("numerical") == {"answer": ["2,5"]})
    taking.page.wait_for_selector("#save-state.ok")


@pytest.mark.slow
def test_a_page_killed_without_a_line_gives_its_answers_when_it_comes_back(taking: Visitor, instance: Instance) -> None:
    address = taking.page.url
    taking.page.context.set_offline(True)
    type_number(taking, "2,5")
    taking.page.wait_for_selector("fieldset.q [data-saved].now")
    context = taking.page.context
    taking.page.close()
    context.set_offline(False)

    taking.page = context.new_page()
    taking.page.goto(address)

    assert taking.page.input_value("main input[type=text][id^=p] >> nth=0") == "2,5"
    assert until(taking, lambda: stored(taking, instance).get("numerical") == {"answer": ["2,5"]})


@pytest.mark.slow
def test_pressing_a_button_without_a_line_keeps_the_page_and_the_answers(taking: Visitor, instance: Instance) -> None:
    taking.page.context.set_offline(True)
    type_number(taking, "2,5")
    taking.page.click("button[name=go][value=review]")
    taking.page.wait_for_selector("#trouble:not([hidden])")
    assert taking.page.input_value("main input[type=text][id^=p] >> nth=0") == "2,5"

    taking.page.context.set_offline(False)
    taking.press("button[name=go][value=review]")
    taking.press("#submission button[type=submit]")

    assert stored(taking, instance)["numerical"] == {"answer": ["2,5"]}
    with instance.database.unit_of_work(write=False) as session:
        assert session.query(Attempt).one().state == "finished"


@pytest.mark.slow
def test_submitting_without_a_line_says_that_nothing_was_submitted(taking: Visitor, instance: Instance) -> None:
    """Everything is saved already: no answer waits on the device, and the page says so neither."""
    page = taking.page
    taking.press("button[name=go][value=review]")
    page.context.set_offline(True)
    page.click("#submission button[type=submit]")

    page.wait_for_selector("#trouble[role=alert]:not([hidden])")
    assert page.inner_text("#trouble") == page.get_attribute("#submission", "data-t-away")
    assert page.is_hidden("#unsent")

    page.context.set_offline(False)
    taking.press("#submission button[type=submit]")
    with instance.database.unit_of_work(write=False) as session:
        assert session.query(Attempt).one().state == "finished"


@pytest.mark.slow
def test_a_server_that_fails_for_a_while_loses_nothing(taking: Visitor, instance: Instance) -> None:
    failing = {"left": 3}

    def fail(route: Any) -> None:
        if failing["left"]:
            failing["left"] -= 1
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="")
        else:
            route.continue_()

    taking.page.route("**/answers", fail)
    type_number(taking, "2,5")

    assert until(taking, lambda: stored(taking, instance).get("numerical") == {"answer": ["2,5"]})
    assert failing["left"] == 0


@pytest.mark.slow
def test_a_session_that_ends_keeps_the_answers_for_the_next_one(taking: Visitor, instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Device).values(ended_at=clock.now()))
    address = taking.page.url
    type_number(taking, "2,5")
    taking.page.wait_for_selector("#trouble:not([hidden])")

    other = taking.page.context.new_page()
    sign_in_learner(Visitor(other, taking.url, taking.checked))
    taking.page.goto(address)

    assert until(taking, lambda: stored(taking, instance).get("numerical") == {"answer": ["2,5"]})


@pytest.mark.slow
def test_two_tabs_do_not_undo_each_other(taking: Visitor, instance: Instance) -> None:
    second = taking.page.context.new_page()
    second.goto(taking.page.url)
    type_number(taking, "2,5")
    assert until(taking, lambda: stored(taking, instance).get("numerical") == {"answer": ["2,5"]})

    second.check("main fieldset.q input[type=radio] >> nth=0")
    assert until(taking, lambda: len(stored(taking, instance)) == 2)

    assert stored(taking, instance)["numerical"] == {"answer": ["2,5"]}
