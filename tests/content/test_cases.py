"""The case activities of both courses: written tasks with a rubric, a model answer and an imperfect one with comments.

One is a matrix to fill in, whose cells are checked instead.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

import pytest

from courses.content.model import ActivitySource, CompletionRule, ModuleSource
from lms.instance import Instance
from lms.publishing import publish_folder
from questions.content.banks import questions_of
from questions.rules.definitions import EssayBody, GapsBody, NumericalAnswer, NumericalBody, QuestionDefinition
from questions.rules.feedback import ReviewFlag
from quizzes.content.pools import DrawSlot, FixedSlot, QuizSource, candidates
from quizzes.rules.settings import Behaviour, ReviewPreset
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.courses import BUDGET, CONTENT, COURSES, GOVERNANCE, activities_of, course_of
from tests.support.wording import in_spanish

MATRIX = "caso-cuentas-de-andinia"
"""A matrix to fill in: no text to judge, each cell is checked as often as one likes."""


def cases_of(course: str) -> list[tuple[ActivitySource, QuestionDefinition]]:
    """Return the written tasks of a course with their question."""
    questions = questions_of(course_of(course))
    found = []
    for activity in activities_of(course, "quiz"):
        assert isinstance(activity.settings, QuizSource)
        if activity.key.startswith("caso-") and activity.key != MATRIX:
            [slot] = activity.settings.slots
            assert isinstance(slot, FixedSlot)
            found.append((activity, questions[slot.question]))
    return found


def _keys() -> list[str]:
    """List the written tasks by their keys: what names the tests is had without reading the courses."""
    paths = [path for course in COURSES for path in sorted((CONTENT / course).glob("*/*.quiz.yaml"))]
    keys = [found[1] for path in paths if (found := re.search(r"^key: (caso-\S+)", path.read_text("utf-8"), re.MULTILINE))]
    return [key for key in keys if key != MATRIX]


KEYS = _keys()
each_case = pytest.mark.parametrize("case", KEYS, indirect=True)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> tuple[ActivitySource, QuestionDefinition]:
    """Return the task that a test is about."""
    return next(found for course in COURSES for found in cases_of(course) if found[0].key == request.param)


@pytest.fixture
def activity(case: tuple[ActivitySource, QuestionDefinition]) -> ActivitySource:
    """Return the task's activity."""
    return case[0]


@pytest.fixture
def question(case: tuple[ActivitySource, QuestionDefinition]) -> QuestionDefinition:
    """Return the task's question."""
    return case[1]


def test_every_numbered_module_has_its_two_cases() -> None:
    assert sorted(activity.key for course in COURSES for activity, _question in cases_of(course)) == sorted(KEYS)
    for course in COURSES:
        for module in course_of(course).modules:
            if module.numbered:
                cases = [activity for activity in module.activities if activity.key.startswith("caso-")]
                assert len(cases) == 2, module.key
                assert {case.kind for case in cases} == {"quiz"}


@each_case
def test_case_is_judged_by_criteria_seen_before_writing(activity: ActivitySource, question: QuestionDefinition) -> None:
    """Three to five criteria of three levels each, which the page shows below the text; a model answer and an imperfect one.

    Where nobody marks the text, the words before it say so.
    """
    essay = question.body
    assert isinstance(essay, EssayBody)

    assert 3 <= len(essay.rubric) <= 5
    assert all([level.points for level in criterion.levels] == [2, 1, 0] for criterion in essay.rubric)
    assert (question.mark, essay.self_review) == (0, True)
    assert isinstance(activity.settings, QuizSource)
    assert "nadie la califica" in activity.settings.instructions["es"]
    for language, text in question.text.items():
        assert all(criterion.criterion.get(language) and level.text for criterion in essay.rubric for level in criterion.levels)
        assert "| Criterio" not in text
        assert essay.model is not None
        assert len(essay.model[language].split()) >= 80
        assert question.explanation is not None
        assert len(question.explanation[language].split()) >= 25
    assert activity.title["en"]


@each_case
def test_case_stands_in_nobodys_way(activity: ActivitySource, question: QuestionDefinition) -> None:
    """Not required, not in the grade, complete when handed in; the model answer waits until then."""
    quiz = activity.settings
    assert isinstance(quiz, QuizSource)

    assert (activity.required, activity.weight, quiz.settings.pass_mark) == (False, 0, None)
    assert (activity.completion.rule, activity.completion.amount) == (CompletionRule.ATTEMPTED, 1)
    assert (quiz.settings.attempts, quiz.settings.build_on_last) == (2, True)
    assert quiz.settings.review.preset is ReviewPreset.PRACTICE
    assert ReviewFlag.RIGHT_ANSWER not in quiz.settings.review.overrides["during"]
    assert question.source


@pytest.mark.parametrize("course", COURSES)
def test_learner_writes_a_case_and_then_sees_the_model_answer(browser: Browser, instance: Instance, course: str) -> None:
    assert publish_folder(instance, CONTENT / course).version is not None
    key = {GOVERNANCE: "caso-simulacion-de-consejo", BUDGET: "caso-mesa-de-dialogo"}[course]
    question = next(question for activity, question in cases_of(course) if activity.key == key)
    assert isinstance(question.body, EssayBody)
    assert question.body.model is not None
    opening = question.body.model["es"].split("\n")[0].replace("**", "")[:60]
    a_person(instance)
    sign_in(browser)
    browser.get(f"/courses/{course}")
    browser.submit("/enrolment")

    browser.get(f"/courses/{course}/quizzes/{key}")
    browser.submit("/attempts")
    for criterion in question.body.rubric:
        assert criterion.criterion["es"] in browser.page.text
        assert all(level.text["es"] in browser.page.text for level in criterion.levels)
    assert opening not in browser.page.text
    [field] = [name for name, _value in browser.page.form("/answers").fields if name == "p1"]
    browser.submit("/answers", {field: "Propongo nueve sillas y actas públicas."}, button=("go", "review"))
    browser.submit("/submission")

    assert "Propongo nueve sillas y actas públicas." in browser.page.text
    assert opening in browser.page.text
    assert "imperfecta" in browser.page.text
    browser.submit("/self-assessment", {f"level-{at}": "0" for at in range(1, len(question.body.rubric) + 1)})
    assert in_spanish("Save my self-assessment") in browser.page.text
    most = 2 * len(question.body.rubric)
    assert in_spanish("%(earned)s of %(count)s point by your own assessment", most, earned=most) in browser.page.text


def matrix() -> tuple[ActivitySource, list[QuestionDefinition]]:
    """Return the case that is a matrix, with its questions."""
    [activity] = [activity for activity in activities_of(BUDGET, "quiz") if activity.key == MATRIX]
    assert isinstance(activity.settings, QuizSource)
    questions = questions_of(course_of(BUDGET))
    return activity, [questions[slot.question] for slot in activity.settings.slots if isinstance(slot, FixedSlot)]


def cells_of(question: QuestionDefinition) -> list[tuple[Fraction, Sequence[NumericalAnswer]]]:
    """Return the right number of each gap, and the wrong ones that are explained."""
    assert isinstance(question.body, GapsBody)
    found = []
    for gap in question.body.gaps:
        assert isinstance(gap.body, NumericalBody)
        [right, *wrong] = gap.body.answers
        assert right.right
        assert isinstance(right.value, Fraction)
        found.append((right.value, wrong))
    return found


def test_matrix_adds_up_by_rows_and_columns_and_explains_the_usual_mistakes() -> None:
    _activity, [contributory, others, columns, balances, _indicators] = matrix()
    rows = [value for value, _wrong in (*cells_of(contributory), *cells_of(others))]
    *by_column, total = [value for value, _wrong in cells_of(columns)]
    *by_scheme, whole = [value for value, _wrong in cells_of(balances)]

    assert sum(rows) == 2 * total  # each row's cells and its own sum
    assert sum(by_column) == total == 2592
    assert sum(by_scheme) == whole == 168
    for question in (contributory, others, columns, balances):
        assert all(wrong and all(answer.why for answer in wrong) for _value, wrong in cells_of(question))


def test_matrix_is_checked_as_often_as_one_likes_and_counts_for_nothing() -> None:
    activity, questions = matrix()
    quiz = activity.settings
    assert isinstance(quiz, QuizSource)

    assert (activity.required, activity.weight, quiz.settings.pass_mark) == (False, 0, None)
    assert quiz.settings.behaviour is Behaviour.ADAPTIVE
    assert [question.penalty for question in questions] == [0] * len(questions)
    counting = [candidates(course_of(BUDGET), module.key, one.settings, slot) for module, one, slot in draws()]
    assert not {question.key for question in questions} & {question.key for drawn in counting for question in drawn}


def draws() -> Iterator[tuple[ModuleSource, ActivitySource, DrawSlot]]:
    """Yield every draw of the course."""
    for module in course_of(BUDGET).modules:
        for activity in module.activities:
            if isinstance(activity.settings, QuizSource):
                yield from ((module, activity, slot) for slot in activity.settings.slots if isinstance(slot, DrawSlot))


def test_learner_checks_a_row_of_the_matrix_mends_it_and_goes_on(browser: Browser, instance: Instance) -> None:
    assert publish_folder(instance, CONTENT / BUDGET).version is not None
    _activity, [first, *_others] = matrix()
    cells = cells_of(first)
    a_person(instance)
    sign_in(browser)
    browser.get(f"/courses/{BUDGET}")
    browser.submit("/enrolment")
    browser.get(f"/courses/{BUDGET}/quizzes/{MATRIX}")
    browser.submit("/attempts")
    assert "Hospitales y medicinas" in browser.page.text

    fields = [name for name, _value in browser.page.form("/answers").fields if re.fullmatch(r"p1-\d+", name)]
    assert len(fields) == len(cells)
    answers = {name: str(value) for name, (value, _wrong) in zip(fields, cells, strict=True)}
    mistake = cells[0][1][0]
    browser.submit("/answers", {**answers, fields[0]: str(mistake.value)}, button=("check", "1"))
    assert mistake.why is not None
    assert mistake.why["es"][:40] in browser.page.text

    browser.submit("/answers", answers, button=("check", "1"))
    assert mistake.why["es"][:40] not in browser.page.text
