"""Which of the three attempts at the final tests counts: their average, for the reason that the notes of each course give."""

import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import pytest

from analysis.rules.decision_quality import TrueScores, best_of
from enrolments.rules import GradingMethod
from quizzes.content.pools import QuizSource
from tests.support.courses import CONTENT, COURSES, activities_of
from tests.support.golden_bank import rows

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures" / "simulations.json"
QUESTIONS = 30
COUNTED = {"es": "Cuenta el promedio", "en": "the average of the attempts"}
BEGINNINGS = {"es": ("Este intento", "promedio"), "en": ("Your score in this attempt", "average")}


def final_test(course: str) -> QuizSource:
    """Return the final test of a course."""
    (found,) = [activity.settings for activity in activities_of(course, "quiz") if activity.key == "prueba-final-del-curso"]
    assert isinstance(found, QuizSource)
    return found


def thirty_questions() -> TrueScores:
    """Return the people of the first row of spec/selection 3.6 before thirty questions of the same kind."""
    row = rows("decision.csv")[0]
    cut, length = Fraction(row["cut"]) / 100, Fraction(row["length"]) * QUESTIONS / int(row["items"])
    whole = floor(length + Fraction(1, 2))
    return TrueScores(float(length), whole, ceil(whole * cut), float(row["beta_a"]), float(row["beta_b"]), cut)


def simulated(counted: str) -> tuple[float, float]:
    """Return false passes and false fails that `make simulations` recorded beside its own."""
    found = {row["what"]: float(row["stated"]) for row in json.loads(FIGURES.read_text(encoding="utf-8"))["attempts"]["rows"]}
    return found[f"false passes, {counted}, thirty questions"], found[f"false fails, {counted}, thirty questions"]


@pytest.mark.parametrize("course", COURSES)
def test_the_average_of_the_three_attempts_counts(course: str) -> None:
    """spec/selection 3.8 and spec/quiz-engine 5.8; learners read it before they begin."""
    quiz = final_test(course)

    assert (quiz.settings.attempts, quiz.settings.grading, quiz.settings.pass_mark) == (3, GradingMethod.AVERAGE, 70)
    assert all(words in quiz.instructions[language] for language, words in COUNTED.items())


@pytest.mark.parametrize("course", COURSES)
def test_feedback_on_one_attempt_claims_no_result_of_the_test(course: str) -> None:
    """spec/quiz-engine 5.8: the words stand beside one attempt, and the average of all of them decides."""
    for band in final_test(course).settings.feedback:
        for language, (beginning, counted) in BEGINNINGS.items():
            assert band.text[language].startswith(beginning)
            assert counted in band.text[language]


@pytest.mark.parametrize("course", COURSES)
def test_the_notes_of_the_course_give_the_reason_with_the_figures_of_the_simulation(course: str) -> None:
    """spec/selection 3.8: wrong decisions of a hundred people, with one attempt, the average of three and the best of three."""
    notes = (CONTENT / course / "verificar.md").read_text(encoding="utf-8")
    names = {"un solo intento": "best of 1", "el promedio de tres intentos": "average of 3", "el mejor de tres intentos": "best of 3"}

    for written, counted in names.items():
        passes, fails = (f"{100 * share:.1f}".replace(".", ",") for share in simulated(counted))
        assert f"| {written} | {passes} | {fails} |" in notes


def test_the_simulation_states_what_the_model_of_decisions_gives() -> None:
    """spec/selection 3.8 and 3.9: thirty questions like the fourteen of the first row, one attempt and the best of three."""
    for counted, found in zip(("best of 1", "best of 3"), best_of(thirty_questions(), (1, 3)), strict=True):
        assert (round(found.false_pass, 5), round(found.false_fail, 5)) == simulated(counted)
