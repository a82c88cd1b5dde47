"""Both courses taken in English to the certificate, page by page, each of which says nothing in unmarked Spanish."""

import re

import pytest

from lms.instance import Instance
from lms.publishing import publish_folder
from tests.browser.workshops import worked_for
from tests.support.answers import open_attempt, right_fields
from tests.support.browser import Browser, Page
from tests.support.builders import a_person, sign_in
from tests.support.courses import CONTENT, COURSES
from tests.support.page_languages import own_words
from tests.support.spanish_words import spanish_in


class EnglishReader:
    """A learner who reads in English; what is Spanish and not marked is kept with the first page that has it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.found: dict[str, str] = {}
        self.pages = 0

    def read(self, page: Page) -> Page:
        """Look at the words of the page that is open."""
        self.pages += 1
        assert page.language == "en"
        for words in spanish_in(own_words(page.html)):
            self.found.setdefault(words, self.browser.path)
        return page

    def take(self, quiz: str) -> None:
        """Answer a quiz rightly, reading its pages and its review."""
        self.read(self.browser.get(quiz))
        self.read(self.browser.submit("/attempts"))
        loaded, questions = open_attempt(self.browser)
        self.read(self.browser.submit("/answers", right_fields(loaded, questions), button=("go", "review")))
        self.read(self.browser.submit("/submission"))

    def work_out(self, task: str) -> None:
        """Hand in a task of the simulator for full marks."""
        self.read(self.browser.get(task))
        worked = worked_for(self.browser.instance, task.rpartition("/")[2])
        typed = {name: value.replace(",", ".") for name, value in worked.typed.items()}
        answers = {f"ask.{name}": f"{float(value):.4f}" for name, value in worked.answers.items()}
        self.read(self.browser.submit("/answers", {**typed, **answers}, button=("do", "submit")))

    def do(self, address: str) -> None:
        """Do an activity."""
        if "/quizzes/" in address:
            self.take(address)
        elif "/simulators/" in address:
            self.work_out(address)
        else:
            page = self.read(self.browser.get(address))
            if any(form.action.endswith("/done") for form in page.forms):
                self.browser.submit("/done")


@pytest.mark.slow
@pytest.mark.parametrize("course", COURSES)
def test_a_course_is_taken_in_english_from_its_page_to_the_certificate(browser: Browser, instance: Instance, course: str) -> None:
    assert publish_folder(instance, CONTENT / course).version is not None
    a_person(instance, language="en")
    reader = EnglishReader(sign_in(browser.another("en")))
    reader.read(reader.browser.get(f"/courses/{course}"))
    reader.browser.submit("/enrolment")
    page = reader.read(reader.browser.get(f"/courses/{course}"))
    kinds = rf"/courses/{course}/(?:activities|quizzes|simulators|recordings)/[^/#?]+"
    activities = list(dict.fromkeys(address for address, _words in page.links if re.fullmatch(kinds, address)))

    for address in activities:
        reader.do(address)
    for address in (f"/courses/{course}/glossary", f"/courses/{course}/resources", f"/courses/{course}/results", f"/courses/{course}"):
        reader.read(reader.browser.get(address))
    reader.browser.deliver_jobs()

    assert reader.pages > len(activities) > 40
    assert list(reader.found.items()) == []
    certificates = reader.read(reader.browser.get("/certificates"))
    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", certificates.text)
    assert code, "the course was completed"
    stranger = browser.another("en")
    assert "Genuine and in force" in stranger.get(f"/v/{code[0].lower()}").text
