"""The page that checks and publishes a draft: who sees it, what it refuses, and what it leaves."""

import re

import pytest
from sqlalchemy import select

from courses.models import Course, DraftFile
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, folder, sign_in
from tests.support.drafts import LESSON, PUBLISHING, count_versions, save_draft
from tests.support.wording import in_spanish


def test_every_cell_of_publishing(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.publish: a complete course by its editors and administrators, a broken one by nobody."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    files = folder(modules=1)

    wrong = []
    for state, word in (("own_course_complete", "manos"), ("own_course_with_broken_quiz", "ojos")):
        revision = save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", word.encode())})
        if state.endswith("broken_quiz"):
            break_draft(instance)
        before = count_versions(instance)
        sent = {"revision": str(revision), "nature": "improvement", "note": ""}
        wrong += cast.check("course.publish", state, cast.outcomes(PUBLISHING, "POST", sent))
        assert count_versions(instance) == before + (state == "own_course_complete")

    assert wrong == []


def break_draft(instance: Instance) -> None:
    """Take the key out of a question of the draft."""
    with instance.database.unit_of_work() as session:
        drafts = select(DraftFile).join(Course, Course.id == DraftFile.course_id).where(Course.slug == "prueba")
        bank = session.execute(drafts.where(DraftFile.path == "01-parte/banco.yaml")).scalar_one()
        bank.body = (bank.body or "").replace("- right: cuatro", "- wrong: cuatro")


def test_an_editor_publishes_and_is_told(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    files = folder(modules=1)
    save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")})
    sign_in(browser, "profe@example.org")

    before = browser.get(PUBLISHING).text
    after = browser.submit("/publishing", {"nature": "correction", "note": "Manos en vez de dedos"}).text

    assert in_spanish("Publish version %(number)s", number="2") in before
    assert in_spanish("Version %(number)s is published.", number="2") in after
    assert "Manos en vez de dedos" in after
    assert "Pilar Maestra" in after
    assert count_versions(instance) == 2


def test_publishing_what_was_changed_meanwhile_is_a_conflict(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    files = folder(modules=1)
    save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")})
    sign_in(browser, "profe@example.org")
    browser.get(PUBLISHING)
    save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", b"ojos")})

    browser.submit("/publishing", status=409)

    assert count_versions(instance) == 1


def test_a_draft_with_an_error_says_where_and_is_not_published(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    break_draft(instance)
    sign_in(browser, "profe@example.org")

    page = browser.get(PUBLISHING)
    found = re.search(r"01-parte/banco\.yaml:\d+", page.text)
    token = dict(page.form("/language").fields)["csrf_token"]
    browser._request("POST", PUBLISHING, data={"csrf_token": token, "revision": "1", "nature": "improvement", "note": ""})

    assert found
    assert browser.response.status_code == 422
    assert count_versions(instance) == 1


@pytest.mark.slow
def test_what_a_draft_does_to_what_is_published_is_told_before_publishing(browser: Browser, instance: Instance) -> None:
    """spec/content-format 3.2 and 3.3, C213, C414: a key that vanished, and an option that was reworded without its key."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    files = folder(modules=1)
    bank = files["01-parte/banco.yaml"]
    assert b"- wrong: tres" in bank
    sign_in(browser, "profe@example.org")
    assert "C213" not in browser.get(PUBLISHING).text
    lesson = files[LESSON].replace(b"key: leccion-1", b"key: otra-leccion")
    assert lesson != files[LESSON]

    save_draft(instance, {**files, LESSON: lesson, "01-parte/banco.yaml": bank.replace(b"- wrong: tres", b"- wrong: treinta", 1)})
    shown = browser.get(PUBLISHING).text

    assert "C213" in shown
    assert "leccion-1" in shown
    assert "C414" in shown
    assert "key: tres" in shown


@pytest.mark.slow
def test_the_checks_of_a_draft_are_made_once_for_each_state_of_it(browser: Browser, instance: Instance) -> None:
    """Performance: the page reads no folder while nothing has changed, and reads it again as soon as something has."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    files = folder(modules=1)
    sign_in(browser, "profe@example.org")
    browser.get(PUBLISHING)
    counter = every_statement(instance.database)
    browser.get(PUBLISHING)
    again = [statement for statement in counter.statements if "draft_file.body" in statement]

    save_draft(instance, {**files, "01-parte/banco.yaml": re.sub(rb"(- wrong: tres\n) +why: .*\n", rb"\1", files["01-parte/banco.yaml"])})
    after = browser.get(PUBLISHING).text

    assert again == []
    assert "C402" in after


def test_forms_that_say_nothing_sensible_are_shown_again(browser: Browser, instance: Instance) -> None:
    """spec/security 1.5: the nature is one of two, the revision a number."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    files = folder(modules=1)
    save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")})
    sign_in(browser, "profe@example.org")
    browser.get(PUBLISHING)

    browser.submit("/publishing", {"nature": "revolution"}, status=422)
    browser.submit("/publishing", {"nature": "correction", "revision": "9" * 40}, status=409)
    browser.submit("/publishing", form=browser.get(PUBLISHING).form("/publishing"), values={"note": "x" * 1001}, status=422)

    assert count_versions(instance) == 1


def test_to_others_the_page_of_a_course_is_one_that_never_was(browser: Browser, instance: Instance) -> None:
    """spec/security 1.2 and 1.3: an instructor of another course is a stranger."""
    other = a_course(instance, "otro", modules=1)
    a_teacher(instance, other)
    a_course(instance, modules=1)
    sign_in(browser, "profe@example.org")

    browser.get(PUBLISHING, status=404)
    real = browser.page.title
    browser.get("/teaching/inventado/publishing", status=404)

    assert browser.page.title == real
