"""The surveys of a quiz: who may see them, each row's distribution with its median, and the same as CSV (spec/quiz-engine 5.7, 5.12)."""

import csv
import io

from lms.instance import Instance
from quizzes.rules import saving
from quizzes.services.attempts import SaveRequest
from tests.quizzes.test_views import QUIZ, a_quiz
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.learning import a_learner, start, submit

PAGE = f"{QUIZ}/surveys"
BANK = """questions:
  - key: opinion
    kind: matrix
    survey: true
    text: ¿Qué le pareció?
    columns: [{text: Poco, key: a}, {text: Algo, key: b}, {text: Mucho, key: c}]
    rows: [{text: La clase, key: uno}, {text: El material, key: dos}]
  - key: tabla
    kind: matrix
    text: ¿Verdad?
    columns: [{text: Sí, key: a}, {text: No, key: b}]
    rows: [{text: El sol sale, key: uno, answer: a}]
"""
CHOICES = ({"1": ["1"], "2": ["3"]}, {"1": ["3"], "2": ["3"]}, {"1": ["3"]}, {"1": ["2"]}, {})


def answered(instance: Instance, slots: tuple[str, ...] = ("tabla", "opinion")) -> None:
    """Let five learners answer, the first of them twice: the later one counts."""
    course = a_quiz(instance, BANK, "attempts: 0\nweight: 0\n", slots)
    place = slots.index("opinion") + 1
    for number, parts in enumerate(CHOICES):
        learner = a_learner(instance, course, f"p{number}@example.org")
        for given in ({"1": ["1"], "2": ["1"]}, parts) if number == 0 else (parts,):
            event = saving.SavedAnswer(place, saving.AnswerSequence(1000, 1), given)
            submit(instance, learner, start(instance, learner, "prueba"), SaveRequest(1000, (event,) if given else (), "submit"))
    a_teacher(instance, course)


def test_each_row_of_a_survey_is_told_with_its_distribution_and_median(browser: Browser, instance: Instance) -> None:
    """Survey items carry no mark: counts, shares, the median along the scale, and how many answered; keys are on no page."""
    answered(instance)
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
    answered(instance, ("opinion",))
    sign_in(browser, "profe@example.org")

    assert any(href.endswith("/surveys") for href, _words in browser.get(f"{QUIZ}/statistics").links)
    assert "El material" in browser.get(PAGE).text


def test_the_same_can_be_taken_out(browser: Browser, instance: Instance) -> None:
    answered(instance)
    sign_in(browser, "profe@example.org")
    response = browser._request("GET", f"{PAGE}.csv")
    rows = list(csv.reader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff"))))
    response.close()

    assert rows[0] == ["Pregunta", "Versión", "Fila", "Respuesta", "Cantidad", "Proporción %", "Respuestas", "Mediana"]
    assert [row[2:] for row in rows[1:4]] == [
        ["La clase", "Poco", "1", "25", "4", "0"],
        ["La clase", "Algo", "1", "25", "4", "1"],
        ["La clase", "Mucho", "2", "50", "4", "1"],
    ]
    assert len(rows) == 7


def test_surveys_are_for_those_who_edit_the_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9: the same people as the statistics; of a quiz without a survey the page says that there is none."""
    cast = a_cast(browser, instance)
    cast.join(a_quiz(instance, BANK, "attempts: 0\n", ("tabla",)))

    for path in (PAGE, f"{PAGE}.csv"):
        outcomes = cast.outcomes(path)
        assert cast.check("quiz.statistics", "own_course", outcomes) == [], path
        assert outcomes["G"] == "deny", path
    assert "surveys" not in cast.browsers["I"].get(f"{QUIZ}/statistics").html
    assert "Todavía no hay nada que contar" in cast.browsers["I"].get(PAGE).text
