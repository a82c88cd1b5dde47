"""Devices that fail: storage refused, a wrong clock, two tabs, two devices, a browser started again, time that runs out without a line."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from sqlalchemy import func, select, update

from kernel import clock
from lms.instance import Instance
from quizzes.models import Attempt, AttemptItem, MarkEvent
from tests.browser.faults import Device, Line, a_bank, give_password
from tests.browser.ledger import Ledger, stored
from tests.support.chromium import CHROMIUM, FLAGS, Live
from tests.support.editions import enrol, take_out
from tests.support.learning import a_learner, start
from tests.support.quizzes import a_quiz_asking
from tests.support.wording import in_spanish

pytestmark = pytest.mark.long

TEN = range(1, 11)


def an_attempt(instance: Instance, live: Live, places: range = range(1, 4), settings: str = "") -> str:
    """Start a learner's attempt, and return its address."""
    course = a_quiz_asking(instance, a_bank(places), f"attempts: 0\n{settings}", tuple(f"numero-{place}" for place in places))
    return f"{live.url}/attempts/{start(instance, a_learner(instance, course), course.slug, now=clock.now())}"


def a_device(chromium: Browser, address: str, *, keeps: bool = True, days_off: int = 0, tabs: int = 1) -> Device:
    """Return a browser before the attempt, signed in, with the attempt in so many tabs."""
    device = Device(chromium, Line(Ledger(), lambda: None), address, keeps=keeps, days_off=days_off)
    device.sign_in()
    for _tab in range(tabs):
        device.open_tab()
    return device


def write(page: Page, place: int, text: str) -> None:
    """Answer a question."""
    page.fill(f"[data-item='{place}'] input[type=text]", text)


def reaches(page: Page, instance: Instance, *answers: tuple[int, str]) -> bool:
    """Wait until the server holds these answers."""
    for _turn in range(150):
        if set(answers) <= set(stored(instance).events):
            return True
        page.wait_for_timeout(200)
    return False


def hand_in(page: Page) -> None:
    """Go to the summary and hand in."""
    with page.expect_navigation():
        page.click("button[name=go][value=review]")
    with page.expect_navigation():
        page.click("#submission button[type=submit]")


def end_in(instance: Instance, seconds: float) -> None:
    """Move the attempt's start, so that its twenty minutes end in so many seconds."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(started_at=clock.now() - timedelta(minutes=20) + timedelta(seconds=seconds)))


def test_five_answers_with_a_line_three_without_and_a_new_start_of_the_browser(
    playwright: Playwright, live: Live, instance: Instance, tmp_path: Path
) -> None:
    """spec/quiz-engine 5.14.1: answer 5 of 10, pull the cable, answer 3 more, restart the browser, reconnect: 8 answers on the server,
    time consistent.
    """
    address = an_attempt(instance, live, TEN, "limit: 20 min\n")
    profile = tmp_path / "profile"
    context = playwright.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=FLAGS, locale="es-EC")
    page = context.pages[0]
    page.goto(address)
    give_password(page)
    page.goto(address)
    for place in range(1, 6):
        write(page, place, f"30{place}")
    assert reaches(page, instance, *((place, f"30{place}") for place in range(1, 6)))
    context.set_offline(True)
    for place in range(6, 9):
        write(page, place, f"30{place}")
    context.close()

    context = playwright.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=FLAGS, locale="es-EC")
    page = context.pages[0]
    page.goto(address)
    if page.query_selector("#email"):
        give_password(page)
        page.goto(address)
    left = page.evaluate("Number(document.getElementById('attempt').dataset.secondsLeft)")

    assert reaches(page, instance, *((place, f"30{place}") for place in range(1, 9)))
    assert len(stored(instance).events) == 8
    assert 0 < left < 20 * 60
    context.close()


def test_two_devices_without_a_line_merge_and_add_no_scores(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.14.11, 5.4.3: every answer of both is kept, the newer page's counts, each question is marked once."""
    address = an_attempt(instance, live)
    one, other = a_device(chromium, address), a_device(chromium, address)
    for device in (one, other):
        device.set_line(offline=True)
    write(one.tabs[0], 1, "301")
    write(one.tabs[0], 2, "302")
    write(other.tabs[0], 2, "902")
    write(other.tabs[0], 3, "303")

    other.set_line(offline=False)
    assert reaches(other.tabs[0], instance, (2, "902"), (3, "303"))
    one.set_line(offline=False)
    assert reaches(one.tabs[0], instance, (1, "301"), (2, "302"))
    expect(one.tabs[0].locator("[data-item='2'] input[type=text]")).to_have_value("902", timeout=30_000)
    told = one.tabs[0].inner_text("[data-item='2'] [data-saved]")
    hand_in(one.tabs[0])

    found = stored(instance)
    assert "cambió en otro lugar" in told
    assert found.marks == {1: [True], 2: [False], 3: [True]}
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(Attempt.raw, Attempt.maximum)).one() == (2, 3)


def test_who_sees_the_newer_answer_changes_it(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: the older tab shows the newer text, and what is typed after that is newer still."""
    old, new = a_device(chromium, an_attempt(instance, live), tabs=2).tabs
    write(new, 1, "401")
    assert reaches(new, instance, (1, "401"))
    write(old, 1, "901")
    expect(old.locator("[data-item='1'] input[type=text]")).to_have_value("401", timeout=30_000)

    write(old, 1, "402")

    assert reaches(old, instance, (1, "402"))
    assert stored(instance).responses[1] == "402"
    assert old.input_value("[data-item='1'] input[type=text]") == "402"


def test_a_tab_that_heard_of_a_newer_answer_sends_no_older_one_with_its_form(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: hearing of one newer answer gives the older tab a new epoch; what it had saved before to another question,
    which the newer tab has changed since, must not come again under it.
    """
    old, new = a_device(chromium, an_attempt(instance, live), tabs=2).tabs
    write(old, 3, "901")
    assert reaches(old, instance, (3, "901"))
    write(new, 3, "303")
    write(new, 1, "401")
    assert reaches(new, instance, (3, "303"), (1, "401"))
    write(old, 1, "902")
    expect(old.locator("[data-item='1'] input[type=text]")).to_have_value("401", timeout=30_000)

    with old.expect_navigation():
        old.click("button.only-l[name=go][value=save]")

    assert stored(instance).responses[3] == "303"
    assert stored(instance).events.count((3, "901")) == 1


def test_a_tab_that_writes_leaves_the_journal_of_the_other(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: two tabs of one browser without a line, one of them killed: the other sends its answers too,
    and shows them.
    """
    device = a_device(chromium, an_attempt(instance, live), tabs=2)
    one, other = device.tabs
    device.set_line(offline=True)
    write(one, 1, "301")
    write(other, 2, "302")
    write(one, 3, "303")
    other.close()

    device.set_line(offline=False)

    assert reaches(one, instance, (1, "301"), (3, "303"), (2, "302"))
    assert one.input_value("[data-item='2'] input[type=text]") == "302"
    one.wait_for_selector("[data-item='2'] [data-saved].ok")


def test_a_device_that_keeps_nothing_says_so_and_still_saves(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: without storage the page says «not saved» where it is so, shuts nothing, and sends when the line is back."""
    address = an_attempt(instance, live)
    device = a_device(chromium, address, keeps=False)
    page = device.tabs[0]
    warned = page.inner_text("#trouble")
    device.set_line(offline=True)
    write(page, 1, "301")
    page.wait_for_selector("[data-item='1'] [data-saved].bad")
    lost = page.inner_text("[data-item='1'] [data-saved]")

    device.set_line(offline=False)

    assert reaches(page, instance, (1, "301"))
    page.wait_for_selector("[data-item='1'] [data-saved].ok")
    assert "no puede guardar" in warned
    assert lost == in_spanish("Not saved")
    assert page.is_enabled("[data-item='1'] input[type=text]")


def test_journals_of_other_attempts_are_kept_whatever_the_clock_said(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: a week counts from when a journal is met, not from the date that a wrong clock wrote into it."""
    address = an_attempt(instance, live)
    page = a_device(chromium, address, days_off=-4000).tabs[0]
    key = f"aulario.journal.{page.get_attribute('#attempt', 'data-person')}.00000000-0000-4000-8000-000000000000.5.1.1"
    event = "{item: 1, seq: 1, lease: 5, response: {answer: ['7']}, client_time: '2009-01-01T00:00:00Z'}"
    page.evaluate(f"localStorage.setItem('{key}', JSON.stringify({event}))")

    page.reload()
    kept = page.evaluate(f"JSON.parse(localStorage.getItem('{key}'))")
    page.evaluate(f"localStorage.setItem('{key}', JSON.stringify({{met: new Date(Date.now() - 8 * 864e5).toISOString()}}))")
    page.reload()

    assert kept["response"] == {"answer": ["7"]}
    assert page.evaluate(f"localStorage.getItem('{key}')") is None


def test_whoever_thinks_for_an_hour_stays_signed_in(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/security 3.1: an open attempt keeps the session alive; its summary too."""
    address = an_attempt(instance, live)
    device = a_device(chromium, address)
    page = device.tabs[0]
    page.clock.install()
    for path in (address, f"{address}/summary"):
        page.goto(path)
        for _turn in range(6):
            with page.expect_request(lambda request: request.method == "HEAD" and request.url.startswith(address)) as asked:
                page.clock.fast_forward("10:00")
            assert asked.value.response().status == 200  # type: ignore[union-attr]  # it was answered


def test_time_that_runs_out_without_a_line_keeps_the_page_and_its_answers(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2, 5.3.4: autosave goes on to the end and after it; what comes back within the network's minute counts."""
    address = an_attempt(instance, live, settings="limit: 20 min\n")
    end_in(instance, 12)
    device = a_device(chromium, address)
    page = device.tabs[0]
    device.set_line(offline=True)
    page.wait_for_timeout(8000)
    write(page, 1, "301")
    page.wait_for_selector("#trouble:not([hidden])", timeout=20_000)
    page.wait_for_timeout(3000)
    assert page.input_value("[data-item='1'] input[type=text]") == "301"
    assert page.is_enabled("[data-item='1'] input[type=text]")

    device.set_line(offline=False)

    assert reaches(page, instance, (1, "301"))


def test_answers_that_come_back_after_the_end_are_refused_and_told(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.3.4, 5.4.2: what was saved before the end counts, the page says that the rest came too late, and shuts nothing."""
    address = an_attempt(instance, live, settings="limit: 20 min\n")
    device = a_device(chromium, address)
    page = device.tabs[0]
    write(page, 1, "301")
    assert reaches(page, instance, (1, "301"))
    device.set_line(offline=True)
    write(page, 2, "302")
    end_in(instance, -100)

    device.set_line(offline=False)
    expect(page.locator("#trouble")).to_contain_text("El tiempo terminó", timeout=30_000)

    assert page.is_enabled("[data-item='2'] input[type=text]")
    with page.expect_navigation():
        page.click("button[name=go][value=review]")
    page.click("#submission button[type=submit]")
    page.wait_for_url("**/review")
    assert stored(instance).responses == {1: "301"}
    with instance.database.unit_of_work(write=False) as session:
        raw = session.execute(select(Attempt.raw)).scalar_one()
        counted = session.execute(select(func.count()).select_from(MarkEvent).join(AttemptItem)).scalar_one()
    assert (Fraction(raw), counted) == (1, 3)


def test_the_submission_carries_the_journal_where_saving_never_works(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: the submit includes the full journal: every save is lost on its way, the forms are not."""
    address = an_attempt(instance, live)
    device = a_device(chromium, address)
    page = device.tabs[0]
    device.context.route("**/answers", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    write(page, 1, "301")
    write(page, 2, "302")
    with page.expect_navigation():
        page.click("button[name=go][value=review]")
    with page.expect_navigation():
        page.click("#submission button[type=submit]")

    found = stored(instance)
    assert found.state == "finished"
    assert found.responses == {1: "301", 2: "302"}
    assert found.marks == {1: [True], 2: [True], 3: [False]}
    assert len(found.events) == len(set(found.events))


def test_the_page_counts_what_is_answered_while_one_works(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: what the page says is true: the count follows, and what was drawn before is not shown any more."""
    page = a_device(chromium, an_attempt(instance, live)).tabs[0]
    before = page.inner_text("[data-answered]")

    write(page, 1, "301")
    write(page, 3, "303")

    assert before.startswith("0 de 3")
    assert page.inner_text("[data-answered]").startswith("2 de 3")
    assert page.locator("[data-drawn]").is_hidden()
    assert page.locator(".qnav a").all_text_contents() == ["1: respondida", "2: sin responder", "3: respondida"]


def test_who_was_taken_out_of_the_course_is_told_so_and_what_they_typed_goes_up_once_they_are_back(
    chromium: Browser, live: Live, instance: Instance
) -> None:
    """spec/security 1.4: the page says why nothing is saved any more, keeps what is typed, and sends it where its learner comes back."""
    course = a_quiz_asking(instance, a_bank(range(1, 4)), "attempts: 0\n", tuple(f"numero-{place}" for place in range(1, 4)))
    learner = a_learner(instance, course)
    device = a_device(chromium, f"{live.url}/attempts/{start(instance, learner, course.slug, now=clock.now())}")
    page = device.tabs[0]
    write(page, 1, "301")
    assert reaches(page, instance, (1, "301"))
    take_out(instance, course, learner)
    write(page, 2, "302")
    expect(page.locator("#trouble")).to_contain_text("Usted ya no está en este curso")
    expect(page.locator("#save-state")).to_have_text("Guardado en este equipo")
    enrol(instance, course, [learner])
    page.reload()

    assert reaches(page, instance, (1, "301"), (2, "302"))
