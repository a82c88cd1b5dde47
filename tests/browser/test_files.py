"""Files of answers with a script: each goes up on its own, waits for the line, and the text beside it stays."""

import pytest
from playwright.sync_api import Browser, Route
from sqlalchemy import select

from lms.instance import Instance
from questions.rules.answers import FILES, clean_parts
from quizzes.models import AnswerFile
from tests.support.attempts import stored
from tests.support.chromium import Live, begin_quiz, visitor
from tests.support.wording import in_spanish

pytestmark = pytest.mark.long

TASK = """questions:
  - key: ensayo
    kind: essay
    text: Escriba y adjunte.
    files: 2
"""
PDF = {"name": "informe.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}


def named(instance: Instance) -> tuple[list[str], list[str]]:
    """Return the files that there are, and those that the last answer names."""
    with instance.database.unit_of_work(write=False) as session:
        rows = {str(row.uuid): row.name for row in session.scalars(select(AnswerFile).order_by(AnswerFile.id))}
    answers = [payload for _kind, payload in stored(instance)]
    return list(rows.values()), [rows[name] for name in (clean_parts(answers[-1]).get(FILES, []) if answers else [])]


@pytest.mark.parametrize("width", [1280, 360])
def test_a_file_waits_for_the_line_and_arrives_once_with_the_text_beside_it(
    chromium: Browser, live: Live, instance: Instance, width: int
) -> None:
    """spec/quiz-engine 5.4.2: what a broken line stopped is sent again by itself; nothing that was typed meanwhile is lost,
    and the page never leaves.
    """
    person = visitor(chromium, live, width=width)
    begin_quiz(person, instance, "", ("ensayo",), TASK)
    page, tries = person.page, list[str]()

    def broken(route: Route) -> None:
        tries.append(route.request.url)
        route.abort() if len(tries) < 3 else route.continue_()

    page.route("**/attempts/*/files", broken)
    page.set_input_files("[name='p1-upload']", [PDF])
    page.fill("[name='p1']", "Un texto escrito mientras tanto.")
    page.wait_for_selector("[name='p1-files']", state="attached")
    person.check()
    page.wait_for_selector("[data-saved].ok")
    page.set_input_files("[name='p1-upload']", [{**PDF, "name": "nota.exe"}])
    page.wait_for_selector("[data-problem]:not([hidden])")
    problem = page.inner_text("[data-problem][role=alert]")
    page.focus("[name='p1-upload']")
    page.set_input_files("[name='p1-upload']", [{**PDF, "name": "otro.pdf", "buffer": b"%PDF-1.7 dos"}])
    page.wait_for_selector("[data-full]:not([hidden])")
    focused = page.evaluate("document.activeElement.textContent.trim()")
    person.press("button[value=review]")

    assert len(tries) >= 3
    assert in_spanish("The file was not uploaded because this type of file is not accepted.") in problem
    assert focused == "otro.pdf", "the field that had the focus is gone: it goes to what was sent"
    assert named(instance) == (["informe.pdf", "otro.pdf"], ["informe.pdf", "otro.pdf"])
    assert clean_parts(stored(instance)[-1][1])["answer"] == ["Un texto escrito mientras tanto."]


def test_a_file_that_another_tab_sent_stays_in_the_answer_that_is_changed_here(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: a newer answer is shown whole, its files too; what is changed after seeing it keeps them."""
    person = visitor(chromium, live)
    begin_quiz(person, instance, "", ("ensayo",), TASK)
    older, newer = person.page, person.page.context.new_page()
    newer.goto(older.url)
    newer.set_input_files("[name='p1-upload']", [PDF])
    newer.wait_for_selector("[data-saved].ok")

    older.fill("[name='p1']", "Escrito en la otra pestaña.")
    older.wait_for_selector("[data-sent] li:not([hidden]) a")
    older.fill("[name='p1']", "Escrito después de verlo.")
    older.wait_for_selector("[data-saved].ok")

    assert older.inner_text("[data-sent] a").strip() == "informe.pdf"
    assert named(instance) == (["informe.pdf"], ["informe.pdf"])
    assert clean_parts(stored(instance)[-1][1])["answer"] == ["Escrito después de verlo."]


def test_a_file_whose_answer_was_still_on_its_way_is_there_after_a_reload(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: the answer that names it waits on the device; the page that takes it over shows the file,
    and what is typed next keeps it.
    """
    person = visitor(chromium, live)
    begin_quiz(person, instance, "", ("ensayo",), TASK)
    page = person.page
    page.route("**/attempts/*/answers", lambda route: route.abort())
    page.set_input_files("[name='p1-upload']", [PDF])
    page.wait_for_selector("[name='p1-files']", state="attached")
    page.unroute("**/attempts/*/answers")
    page.reload()
    page.wait_for_selector("[data-sent] li:not([hidden]) a")
    page.fill("[name='p1']", "Escrito después.")
    page.wait_for_selector("[data-saved].ok")

    assert named(instance) == (["informe.pdf"], ["informe.pdf"])
    assert clean_parts(stored(instance)[-1][1])["answer"] == ["Escrito después."]


def test_a_file_that_was_sent_is_there_after_a_reload_and_can_be_taken_away(chromium: Browser, live: Live, instance: Instance) -> None:
    person = visitor(chromium, live)
    begin_quiz(person, instance, "", ("ensayo",), TASK)
    page = person.page
    page.set_input_files("[name='p1-upload']", [PDF])
    page.wait_for_selector("[name='p1-files']", state="attached")
    page.wait_for_selector("[data-saved].ok")
    page.reload()
    shown = page.locator("[data-sent] li").count()
    person.press("button[name=drop]")

    assert shown == 1
    assert page.locator("[data-sent] li").count() == 0
    assert named(instance) == (["informe.pdf"], [])


def test_a_conflict_that_ends_no_attempt_is_tried_again(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: «closed» is said where the attempt has ended, and of nothing else that the server had to refuse."""
    person = visitor(chromium, live)
    begin_quiz(person, instance, "", ("ensayo",), TASK)
    page, tries = person.page, list[str]()

    def in_conflict(route: Route) -> None:
        tries.append(route.request.url)
        route.fulfill(status=409, json={"code": "conflict"}) if tries.count(tries[-1]) == 1 else route.continue_()

    page.route("**/attempts/*/files", in_conflict)
    page.route("**/attempts/*/answers", in_conflict)
    page.set_input_files("[name='p1-upload']", [PDF])
    page.fill("[name='p1']", "Un texto escrito mientras tanto.")
    page.wait_for_selector("[name='p1-files']", state="attached")
    page.wait_for_selector("[data-saved].ok")

    assert len(set(tries)) == 2
    assert page.is_hidden("#trouble")
    assert named(instance) == (["informe.pdf"], ["informe.pdf"])
    assert clean_parts(stored(instance)[-1][1])["answer"] == ["Un texto escrito mientras tanto."]
