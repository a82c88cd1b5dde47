"""The case activities of both courses: written tasks with a rubric, a model answer and an imperfect one with comments (guide, 12)."""

import pytest

from courses.content.model import ActivitySource, CompletionRule
from lms.app import House
from lms.publishing import publish_folder
from quizzes.content.banks import questions_of
from quizzes.content.model import FixedSlot, QuizSource
from quizzes.rules.definitions import Essay, Question
from quizzes.rules.settings import Flag, Preset
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.courses import BUDGET, CONTENT, COURSES, GOVERNANCE, activities_of, course_of

ON_PAPER = {"caso-cuentas-de-andinia"}
"""A matrix to fill in, whose totals tell whether it is right: a page with its key folded away, no text to judge."""


def cases_of(course: str) -> list[tuple[ActivitySource, Question]]:
    """Return the written tasks of a course with their question."""
    questions = questions_of(course_of(course))
    found = []
    for activity in activities_of(course, "quiz"):
        assert isinstance(activity.settings, QuizSource)
        if activity.key.startswith("caso-"):
            [slot] = activity.settings.slots
            assert isinstance(slot, FixedSlot)
            found.append((activity, questions[slot.question]))
    return found


CASES = [pytest.param(*case, id=case[0].key) for course in COURSES for case in cases_of(course)]


def test_every_numbered_module_has_its_two_cases() -> None:
    for course in COURSES:
        for module in course_of(course).modules:
            if module.numbered:
                cases = [activity for activity in module.activities if activity.key.startswith("caso-")]
                assert len(cases) == 2, module.key
                assert {case.key for case in cases if case.kind != "quiz"} <= ON_PAPER


@pytest.mark.parametrize(("activity", "question"), CASES)
def test_case_is_judged_by_criteria_seen_before_writing(activity: ActivitySource, question: Question) -> None:
    """Three to five criteria of three levels each, in the text too; a model answer and an imperfect one."""
    essay = question.body
    assert isinstance(essay, Essay)

    assert 3 <= len(essay.rubric) <= 5
    assert all([level.points for level in criterion.levels] == [2, 1, 0] for criterion in essay.rubric)
    assert question.mark == 2 * len(essay.rubric)
    for language, text in question.text.items():
        assert all(criterion.criterion[language] in text for criterion in essay.rubric)
        assert essay.model is not None
        assert len(essay.model[language].split()) >= 80
        assert question.explanation is not None
        assert len(question.explanation[language].split()) >= 25
    assert activity.title["en"]


@pytest.mark.parametrize(("activity", "question"), CASES)
def test_case_stands_in_nobodys_way(activity: ActivitySource, question: Question) -> None:
    """Not required, not in the grade, complete when handed in; the model answer waits until then."""
    quiz = activity.settings
    assert isinstance(quiz, QuizSource)

    assert (activity.required, activity.weight, quiz.settings.pass_mark) == (False, 0, None)
    assert (activity.completion.rule, activity.completion.amount) == (CompletionRule.ATTEMPTED, 1)
    assert (quiz.settings.attempts, quiz.settings.build_on_last) == (2, True)
    assert quiz.settings.review.preset is Preset.PRACTICE
    assert Flag.RIGHT_ANSWER not in quiz.settings.review.overrides["during"]
    assert question.source


@pytest.mark.parametrize("course", COURSES)
def test_learner_writes_a_case_and_then_sees_the_model_answer(browser: Browser, house: House, course: str) -> None:
    assert publish_folder(house, CONTENT / course).version is not None
    key = {GOVERNANCE: "caso-simulacion-de-consejo", BUDGET: "caso-mesa-de-dialogo"}[course]
    question = next(question for activity, question in cases_of(course) if activity.key == key)
    assert isinstance(question.body, Essay)
    assert question.body.model is not None
    opening = question.body.model["es"].split("\n")[0].replace("**", "")[:60]
    a_person(house)
    sign_in(browser)
    browser.get(f"/courses/{course}")
    browser.submit("/enrolment")

    browser.get(f"/courses/{course}/quizzes/{key}")
    browser.submit("/attempts")
    assert question.body.rubric[0].criterion["es"] in browser.page.text
    assert opening not in browser.page.text
    [field] = [name for name, _value in browser.page.form("/answers").fields if name == "p1"]
    browser.submit("/answers", {field: "Propongo nueve sillas y actas públicas."}, button=("go", "review"))
    browser.submit("/submission")

    assert "Propongo nueve sillas y actas públicas." in browser.page.text
    assert opening in browser.page.text
    assert "imperfecta" in browser.page.text
