"""Questions kept for the tests before and after a course: never in the quiz of a module, drawn by objective, level and kind.

What the two tests compare is only a gain if they are put together in the same way and the second was not practised.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from courses.content.model import ActivitySource, ModuleSource
from questions.content.banks import banks_of
from questions.rules.definitions import CalculatedBody, QuestionDefinition, QuestionKind
from quizzes.content.pools import DrawSlot, QuizSource, candidates
from tests.support.courses import BUDGET, COURSES, GOVERNANCE, course_of

PRACTICE = "practica"
TESTS = ("prueba-inicial-del-curso", "prueba-final-del-curso")


def draws(course: str, *, numbered: bool) -> Iterator[tuple[ModuleSource, ActivitySource, QuizSource, DrawSlot]]:
    """Yield the draws of the quizzes of the numbered modules, or of the tests before and after them."""
    for module in course_of(course).modules:
        for activity in module.activities:
            if module.numbered is numbered and isinstance(activity.settings, QuizSource):
                for slot in activity.settings.slots:
                    if isinstance(slot, DrawSlot):
                        yield module, activity, activity.settings, slot


def is_reserved(question: QuestionDefinition) -> bool:
    """Tell whether a question is kept for the initial and the final test (spec/selection 1.6)."""
    return set(question.selection.only) == set(TESTS)


def reserved_of(course: str, module: str) -> list[QuestionDefinition]:
    [bank] = [bank for bank in banks_of(course_of(course)) if bank.module == module]
    return [question for question in bank.questions if is_reserved(question)]


@pytest.mark.parametrize("course", COURSES)
def test_every_module_keeps_ten_questions_and_practises_with_others(course: str) -> None:
    for module in (module for module in course_of(course).modules if module.numbered):
        [bank] = [bank for bank in banks_of(course_of(course)) if bank.module == module.key]
        marked = [
            question for question in bank.questions if question.mark and question.kind not in (QuestionKind.SHORT, QuestionKind.ESSAY)
        ]

        assert len(reserved_of(course, module.key)) >= 10, module.key
        assert all(is_reserved(question) != (PRACTICE in question.tags) for question in marked), module.key


@pytest.mark.parametrize("course", COURSES)
def test_quizzes_of_modules_never_draw_what_is_reserved(course: str) -> None:
    found = list(draws(course, numbered=True))

    assert found
    for module, activity, quiz, slot in found:
        drawn = candidates(course_of(course), module.key, quiz, slot)
        assert drawn, activity.key
        assert not [question.key for question in drawn if is_reserved(question)], activity.key


@pytest.mark.parametrize("course", COURSES)
def test_both_tests_have_thirty_places_each_of_one_objective_level_and_kind(course: str) -> None:
    """Between 28 and 30 places; with two questions for each, so that the second attempt brings others."""
    places = Counter[str]()
    for module, activity, quiz, slot in draws(course, numbered=False):
        drawn = candidates(course_of(course), module.key, quiz, slot)
        objectives = {question.selection.objective for question in drawn}

        assert (slot.count, slot.pool.difficulty is not None, bool(slot.pool.kinds)) == (1, True, True), activity.key
        assert objectives == {slot.pool.objective} != {""}
        assert all(is_reserved(question) for question in drawn)
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
        named = [question.selection.objective for question in reserved_of(course, module.key)]

        assert set(named) <= set(module.objective_keys) - {""}, module.key
        assert len(set(named)) >= (4 if course == GOVERNANCE else len(module.objectives)), module.key


@pytest.mark.parametrize("course", COURSES)
def test_both_tests_have_one_blueprint_and_balanced_draws(course: str) -> None:
    """spec/selection 1.1, 1.11: every objective that is drawn has its line; two of the governance course are left to the cases."""
    tests = {activity.key: quiz for _module, activity, quiz, _slot in draws(course, numbered=False)}

    assert set(tests) == set(TESTS)
    assert len({quiz.blueprint for quiz in tests.values()}) == 1
    for quiz in tests.values():
        assert {line.objective for line in quiz.blueprint} - {""} == {
            slot.pool.objective for slot in quiz.slots if isinstance(slot, DrawSlot)
        }
        assert {slot.pool.difficulty for slot in quiz.slots if isinstance(slot, DrawSlot)} == {
            line.difficulty for line in quiz.blueprint if line.difficulty
        }
        assert quiz.balance is not None


def test_numbers_of_the_budget_course_are_drawn_and_not_copied() -> None:
    """A number that stands in the lesson with its answer is copied; data that differ by learner are not."""
    bodies = [question.body for bank in banks_of(course_of(BUDGET)) for question in bank.questions]

    assert sum(isinstance(body, CalculatedBody) for body in bodies) >= 50
