"""Questions kept for the tests before and after a course: never in the quiz of a module, drawn by objective, level and kind.

What the two tests compare is only a gain if they are put together in the same way and the second was not practised.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from courses.content.model import ActivitySource, ModuleSource
from quizzes.content.banks import banks_of
from quizzes.content.model import DrawSlot, QuizSource
from quizzes.content.pools import candidates
from quizzes.rules.definitions import CalculatedBody, QuestionDefinition, QuestionKind
from tests.support.courses import BUDGET, COURSES, GOVERNANCE, course_of

RESERVED, PRACTICE = "reservada", "practica"


def draws(course: str, *, numbered: bool) -> Iterator[tuple[ModuleSource, ActivitySource, QuizSource, DrawSlot]]:
    """Yield the draws of the quizzes of the numbered modules, or of the tests before and after them."""
    for module in course_of(course).modules:
        for activity in module.activities:
            if module.numbered is numbered and isinstance(activity.settings, QuizSource):
                for slot in activity.settings.slots:
                    if isinstance(slot, DrawSlot):
                        yield module, activity, activity.settings, slot


def reserved_of(course: str, module: str) -> list[QuestionDefinition]:
    [bank] = [bank for bank in banks_of(course_of(course)) if bank.module == module]
    return [question for question in bank.questions if RESERVED in question.tags]


@pytest.mark.parametrize("course", COURSES)
def test_every_module_keeps_ten_questions_and_practises_with_others(course: str) -> None:
    for module in (module for module in course_of(course).modules if module.numbered):
        [bank] = [bank for bank in banks_of(course_of(course)) if bank.module == module.key]
        marked = [
            question for question in bank.questions if question.mark and question.kind not in (QuestionKind.SHORT, QuestionKind.ESSAY)
        ]

        assert len(reserved_of(course, module.key)) >= 10, module.key
        assert all((RESERVED in question.tags) != (PRACTICE in question.tags) for question in marked), module.key


@pytest.mark.parametrize("course", COURSES)
def test_quizzes_of_modules_never_draw_what_is_reserved(course: str) -> None:
    found = list(draws(course, numbered=True))

    assert found
    for module, activity, quiz, slot in found:
        drawn = candidates(course_of(course), module.key, quiz, slot)
        assert drawn, activity.key
        assert not [question.key for question in drawn if RESERVED in question.tags], activity.key


@pytest.mark.parametrize("course", COURSES)
def test_both_tests_have_thirty_places_each_of_one_objective_level_and_kind(course: str) -> None:
    """Between 28 and 30 places; with two questions for each, so that the second attempt brings others."""
    places = Counter[str]()
    for module, activity, quiz, slot in draws(course, numbered=False):
        drawn = candidates(course_of(course), module.key, quiz, slot)
        objectives = {tag for question in drawn for tag in question.tags if tag.startswith("objetivo-")}

        assert (slot.count, slot.pool.difficulty is not None, bool(slot.pool.kinds)) == (1, True, True), activity.key
        assert len(objectives & set(slot.pool.tags)) == 1
        assert all(RESERVED in question.tags for question in drawn)
        assert len(drawn) >= 2, (activity.key, slot.pool)
        places[activity.key] += slot.count

    assert len(places) == 2
    assert all(28 <= count <= 30 for count in places.values())


def test_no_reserved_question_is_left_without_a_place() -> None:
    """The other course has more objectives than thirty places, so that two of its modules leave their last one to the cases."""
    drawn = {
        question.key
        for module, _activity, quiz, slot in draws(BUDGET, numbered=False)
        for question in candidates(course_of(BUDGET), module.key, quiz, slot)
    }
    reserved = {question.key for module in course_of(BUDGET).modules if module.numbered for question in reserved_of(BUDGET, module.key)}

    assert drawn == reserved


@pytest.mark.parametrize("course", COURSES)
def test_the_first_final_test_repeats_no_question_of_the_initial_one(course: str) -> None:
    """No two places of a test share a question, and each has another one left, since the least seen come first."""
    for key in {activity.key for _module, activity, _quiz, _slot in draws(course, numbered=False)}:
        drawn = [
            question.key
            for module, activity, quiz, slot in draws(course, numbered=False)
            if activity.key == key
            for question in candidates(course_of(course), module.key, quiz, slot)
        ]
        assert len(drawn) == len(set(drawn)) >= 60, key


@pytest.mark.parametrize("course", COURSES)
def test_objectives_of_reserved_questions_are_those_of_the_module(course: str) -> None:
    for module in (module for module in course_of(course).modules if module.numbered):
        numbers = [
            int(tag.partition("-")[2]) for question in reserved_of(course, module.key) for tag in question.tags if tag[:9] == "objetivo-"
        ]

        assert len(numbers) == len(reserved_of(course, module.key))
        assert set(numbers) <= set(range(1, len(module.objectives) + 1)), module.key
        assert len(set(numbers)) >= (4 if course == GOVERNANCE else len(module.objectives)), module.key


def test_numbers_of_the_budget_course_are_drawn_and_not_copied() -> None:
    """A number that stands in the lesson with its answer is copied; data that differ by learner are not."""
    bodies = [question.body for bank in banks_of(course_of(BUDGET)) for question in bank.questions]

    assert sum(isinstance(body, CalculatedBody) for body in bodies) >= 50
