"""The help's pages: contents, chapters, search, and the link from each page to its section."""

import pytest

from lms.instance import Instance
from tests.support.browser import Browser, Page
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.wording import in_spanish


def hits(page: Page) -> list[str]:
    """Return the addresses of the sections that a search found, in their order."""
    return [address for address, _words in page.links if "#s-" in address]


def test_a_stranger_reads_the_contents_and_a_chapter(browser: Browser) -> None:
    assert browser.get("/help").has_link("/help/learner/account")

    browser.get("/help/learner/account")

    assert browser.page.title.startswith("Su cuenta")
    assert "Cómo crear una cuenta</h2>" in browser.page.html


def test_the_guide_is_written_in_the_language_of_its_reader(browser: Browser) -> None:
    english = browser.another("en")

    assert "How to create an account</h2>" in english.get("/help/learner/account").html
    assert "Mark as done and continue" in english.get("/help/learner/lessons").html


CHAPTERS_OF_0_2_0 = {
    "learner": "account signing-in courses lessons recordings quizzes essays-and-files simulator results certificates "
    "notifications-and-data access",
    "instructor": "create-a-course lessons questions quizzes import-and-export publishing learners announcements-and-messages marking "
    "time-and-exceptions statistics regrading team",
    "administrator": "first-steps people lists institutions roles settings-and-mail site-settings system-status backups audit-log "
    "certificates privacy",
}


@pytest.mark.parametrize("path", [f"/help/{reader}/{key}" for reader, keys in CHAPTERS_OF_0_2_0.items() for key in keys.split()])
def test_chapters_of_the_last_release_are_there_or_lead_on(browser: Browser, path: str) -> None:
    """Links to the help stand in institutions' own papers."""
    assert browser.get(path).headings


@pytest.mark.parametrize("path", ["/help/learner/nothing", "/help/nobody/account"])
def test_a_chapter_that_does_not_exist_is_not_found(browser: Browser, path: str) -> None:
    browser.get(path, status=404)


@pytest.mark.parametrize("question", ["contraseña olvidada", "CONTRASENA olvido", "contraseñas olvid"])
def test_search_finds_sections_without_accents_and_in_other_forms(browser: Browser, question: str) -> None:
    assert "/help/learner/account#s-forgotten" in hits(browser.get(f"/help?q={question}"))


def test_search_puts_the_guide_of_its_reader_first_and_headings_before_texts(browser: Browser, instance: Instance) -> None:
    found = hits(browser.get("/help?q=verificar certificado"))
    assert found[0] == "/help/learner/certificates#s-verify"

    sign_in(browser, an_administrator(instance).email)
    found = hits(browser.get("/help?q=anular un certificado"))

    assert found[0] == "/help/administrator/certificates#s-revoke"


def test_search_follows_phrases_and_leaves_out_unwanted_words(browser: Browser) -> None:
    assert "/help/learner/signing-in#s-lost-phone" in hits(browser.get('/help?q="códigos de recuperación"'))
    assert not hits(browser.get('/help?q="recuperación códigos"'))

    found = hits(browser.get("/help?q=certificado -motivo"))

    assert "/help/learner/certificates#s-verify" in found
    assert "/help/administrator/certificates#s-revoke" not in found


@pytest.mark.parametrize("question", ["zzzz", "-certificado", "   ", '"', "%", "<zzzz>"])
def test_any_question_gets_an_answer(browser: Browser, question: str) -> None:
    assert not hits(browser.get(f"/help?q={question}"))


@pytest.mark.slow
def test_each_page_leads_to_its_section_from_the_footer(browser: Browser, instance: Instance) -> None:
    a_course(instance)
    assert browser.get("/courses/prueba").has_link("/help/learner/courses#s-enrol")

    sign_in(browser, an_administrator(instance).email)

    assert browser.get("/administration/people").has_link("/help/administrator/people#s-find")


def test_the_help_has_no_link_to_a_section_about_itself(browser: Browser) -> None:
    assert in_spanish("Help for this page") not in browser.get("/help").html
