"""The surveys of a quiz: who may see them, each row's distribution with its median, and the same as CSV (spec/quiz-engine 5.7, 5.12)."""

import csv
import io

from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.attempts import QUIZ
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.classes import SURVEY, a_surveyed_class
from tests.support.quizzes import a_quiz_asking
from tests.support.wording import in_spanish

PAGE = f"{QUIZ}/surveys"


def test_each_row_of_a_survey_is_told_with_its_distribution_and_median(browser: Browser, instance: Instance) -> None:
    """Survey items carry no mark: counts, shares, the median along the scale, and how many answered; keys are on no page."""
    a_surveyed_class(instance)
    sign_in(browser, "profe@example.org")
    page = browser.get(f"{QUIZ}/statistics")
    leads = any(href.endswith("/surveys") for href, _words in page.links)
    page = browser.get(PAGE)
    words = " ".join(page.text.split())

    assert leads
    assert "A. La clase1 (25\xa0%)1 (25\xa0%)2 (50\xa0%)entre «Algo» y «Mucho»4" in words.replace(" %", "\xa0%")
    assert "B. El material0 (0\xa0%)0 (0\xa0%)2 (100\xa0%)Mucho2" in words.replace(" %", "\xa0%")
    assert "¿Verdad?" not in words
    assert page.html.count('class="cut"') == 4
    assert page.html.count('<svg class="chart mid"') == 1


def test_a_quiz_of_a_survey_alone_has_its_page(browser: Browser, instance: Instance) -> None:
    a_surveyed_class(instance, ("opinion",))
    sign_in(browser, "profe@example.org")

    assert any(href.endswith("/surveys") for href, _words in browser.get(f"{QUIZ}/statistics").links)
    assert "El material" in browser.get(PAGE).text


def test_the_same_can_be_taken_out(browser: Browser, instance: Instance) -> None:
    a_surveyed_class(instance)
    sign_in(browser, "profe@example.org")
    response = browser._request("GET", f"{PAGE}.csv")
    rows = list(csv.reader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff"))))
    response.close()

    assert rows[0] == [
        in_spanish("Question"),
        in_spanish("Version"),
        "Fila",
        in_spanish("Answer given"),
        in_spanish("Count"),
        in_spanish("Share %"),
        in_spanish("Answers"),
        in_spanish("Median"),
    ]
    assert [row[2:] for row in rows[1:4]] == [
        ["La clase", "Poco", "1", "25", "4", "0"],
        ["La clase", "Algo", "1", "25", "4", "1"],
        ["La clase", "Mucho", "2", "50", "4", "1"],
    ]
    assert len(rows) == 7


def test_surveys_are_for_those_who_edit_the_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9: the same people as the statistics; of a quiz without a survey the page says that there is none."""
    cast = a_cast(browser, instance)
    cast.join(a_quiz_asking(instance, SURVEY, "attempts: 0\n", ("tabla",)))

    for path in (PAGE, f"{PAGE}.csv"):
        outcomes = cast.outcomes(path)
        assert cast.check("quiz.statistics", "own_course", outcomes) == [], path
        assert outcomes["G"] == "deny", path
    assert "surveys" not in cast.browsers["I"].get(f"{QUIZ}/statistics").html
    assert in_spanish("There is nothing to count yet") in cast.browsers["I"].get(PAGE).text
