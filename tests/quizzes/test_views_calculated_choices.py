"""Choices whose options are calculated, from the file to attempts and their review (spec/selection 1.23)."""

import re
from fractions import Fraction

import pytest

from courses.content.reader import read_folder
from kernel import clock
from lms.course_commands import course_kinds
from lms.instance import Instance
from questions.content.banks import questions_of
from questions.rules.definitions import SingleChoiceBody
from quizzes.draws import recreate_layout
from standards.bank.read import read
from standards.bank.write import write
from standards.importing import FORMATS
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_teacher, publish, sign_in
from tests.support.calculated_choices import CHOICE, a_folder_with_a_choice
from tests.support.folders import findings
from tests.support.learning import a_learner, pass_quiz, sitting_of
from tests.support.questions import NUMBERS, a_question
from tests.support.questions import calculated_options as options


@pytest.mark.parametrize(
    ("bank", "code", "count"),
    [
        (CHOICE, "C408", 0),
        (CHOICE, "C406", 0),
        (CHOICE.replace("salario * tasa/100", "salario * tipo"), "C406", 1),
        (CHOICE.replace("salario * tasa/100", "salario *"), "C408", 1),
        (CHOICE.replace("salario * tasa/100", "salario / tasa"), "C408", 1),
        (CHOICE.replace("[salario > 400]", "[salario > 4000]"), "C408", 1),
        (CHOICE.replace("{= ", "").replace("{=", "").replace(" =}", ""), "C408", 1),
        (
            re.sub(r"    variables:.*?    options", "    options", CHOICE, flags=re.DOTALL)
            .replace("{salario}", "x")
            .replace("{tasa}", "y"),
            "C408",
            1,
        ),
        (CHOICE.replace("tasa: {values: [5, 10, 20]}", "otra: {values: [5]}"), "C406", 4),
    ],
    ids=["fine", "names", "unknown", "syntax", "equal", "condition", "none", "without variables", "text"],
)
def test_what_the_check_says_of_calculated_options(bank: str, code: str, count: int) -> None:
    """spec/selection 1.23, spec/content-format C406, C408."""
    assert len(findings(a_folder_with_a_choice(bank), code)) == count


def shown_options(browser: Browser) -> list[Fraction]:
    """Return the numbers of the options on the present page."""
    return [Fraction(found.replace(",", ".")) for found in re.findall(r"(\d+,\d\d) dólares", browser.page.html)]


def test_learners_choose_among_their_own_numbers(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.23: numbers in text, options and review are those of the attempt; the right option is the right number."""
    course = publish(instance, a_folder_with_a_choice())[0]
    a_learner_in(browser, course)
    browser.get("/courses/prueba/quizzes/cuestionario-1")

    browser.submit("/courses/prueba/quizzes/cuestionario-1/attempts")

    found = re.search(r"El salario es (\d+) y la tasa (\d+)", browser.page.text)
    assert found is not None
    salary, rate = int(found[1]), int(found[2])
    shown = shown_options(browser)
    assert sorted(shown) == sorted({Fraction(salary * rate, 100), Fraction(salary * rate, 10), Fraction(round(salary * 100 / rate), 100)})
    assert "{=" not in browser.page.html


def test_an_attempt_with_calculated_options_is_marked_and_drawn_again(instance: Instance) -> None:
    learner = a_learner(instance, publish(instance, a_folder_with_a_choice())[0])
    attempt = pass_quiz(instance, learner, "prueba")

    with sitting_of(instance, learner, attempt) as (session, loaded):
        assert loaded.row.passed
        assert recreate_layout(session, loaded) == loaded
        assert set(loaded.items[0].layout.variables) == {"salario", "tasa"}


def test_statistics_show_the_formulas(browser: Browser, instance: Instance) -> None:
    """What everybody chose has no number in common: the option is named by its formula."""
    course = publish(instance, a_folder_with_a_choice())[0]
    pass_quiz(instance, a_learner(instance, course), "prueba")

    a_teacher(instance, course)
    page = sign_in(browser, "profe@example.org").get("/courses/prueba/quizzes/cuestionario-1/statistics/questions/cuota")

    assert "{= salario*tasa/10 =} dólares" in page.text


def test_the_bank_keeps_what_is_calculated() -> None:
    """A question that goes through the bank's own format stays what it was."""

    course = read_folder(a_folder_with_a_choice(), *course_kinds(), today=clock.now().date()).course
    assert course is not None
    question = questions_of(course)["cuota"]

    assert list(read(write([question], "es").content, "es").questions) == [question]


@pytest.mark.parametrize("name", ["gift", "aiken", "moodle-xml", "csv", "qti", "qti-canvas"])
def test_other_formats_refuse_what_they_cannot_write(name: str) -> None:
    """Never as a choice between formulas."""
    question = a_question(SingleChoiceBody(options("{= a + b =}", "{= a * b =}"), numbers=NUMBERS))

    write = FORMATS[name].write
    assert write is not None

    found = write([question], "es")

    assert found.count == 0
    assert "A choice whose options are calculated cannot be exported." in {one.what for one in found.remarks}
