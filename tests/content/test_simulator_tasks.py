"""The graded tasks of «Presupuesto social»: their own numbers for everybody, solvable by hand, deaf to the usual mistakes.

spec/content-format 10.
"""

from collections import Counter
from fractions import Fraction
from itertools import product

import pytest

from simulators.content import TaskSource
from simulators.rules.tasks import Task, allowed_inputs, draw, grade, is_within, start_inputs
from tests.content.workshops import WORKED
from tests.support.courses import BUDGET, activities_of, course_of

SEEDS = [str(seed) for seed in range(60)]
KEYS = sorted(WORKED)


def task_of(key: str) -> Task:
    source = next(activity for activity in activities_of(BUDGET, "simulator") if activity.key == key).settings
    assert isinstance(source, TaskSource)
    return source.task


def test_every_task_of_the_course_is_looked_at_here() -> None:
    assert sorted(activity.key for activity in activities_of(BUDGET, "simulator")) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_learners_work_with_different_numbers(key: str) -> None:
    variables = task_of(key).variables

    assert len({tuple(draw(variables, seed).values()) for seed in SEEDS}) >= 15


@pytest.mark.parametrize("key", KEYS)
def test_whoever_works_it_out_by_hand_gets_every_mark(key: str) -> None:
    """spec/content-format 10: the server recomputes goals from the inputs handed in and numbers from the start."""
    task = task_of(key)
    for seed in SEEDS:
        drawn = draw(task.variables, seed)
        start, worked = start_inputs(task.start, drawn), WORKED[key](drawn)
        handed_in = allowed_inputs({**start, **worked.inputs}, start, task.editable)
        found = grade(task, start, handed_in, {name: round(value, 4) for name, value in worked.answers.items()})

        assert [item.key for item in found.items if not item.met] == [], drawn


def every_draw(task: Task) -> list[dict[str, Fraction]]:
    """Return all the numbers that a task can draw."""
    ranges = {
        variable.name: [variable.low + variable.step * place for place in range((variable.high - variable.low) // variable.step + 1)]
        for variable in task.variables
    }
    return [dict(zip(ranges, values, strict=True)) for values in product(*ranges.values())]


def test_the_reserve_runs_out_in_different_years_and_never_mostly_in_that_of_the_lesson() -> None:
    """Every draw, not a sample: who copies the lesson's 7 is right in less than a quarter of them, and no year has more than a third."""
    draws = every_draw(task_of("tarea-laboratorio-de-reserva"))
    years = Counter(int(WORKED["tarea-laboratorio-de-reserva"](drawn).answers["anio-de-agotamiento"]) for drawn in draws)

    assert len(draws) > 300
    assert years[7] < len(draws) / 4
    assert max(years.values()) < len(draws) / 3
    assert set(years) >= {6, 7, 8, 9, 10}


def test_the_reserve_can_be_kept_with_every_draw() -> None:
    """The same growth of expenditure meets both goals, and what stands at the beginning never does."""
    task = task_of("tarea-laboratorio-de-reserva")
    for drawn in every_draw(task):
        start, worked = start_inputs(task.start, drawn), WORKED["tarea-laboratorio-de-reserva"](drawn)
        solved = grade(task, start, allowed_inputs({**start, **worked.inputs}, start, task.editable), worked.answers)
        untouched = grade(task, start, start, worked.answers)

        assert all(item.met for item in solved.items), drawn
        assert not all(item.met for item in untouched.items), drawn


@pytest.mark.parametrize("key", KEYS)
def test_neither_the_goals_nor_the_numbers_alone_are_enough(key: str) -> None:
    task = task_of(key)
    for seed in SEEDS:
        drawn = draw(task.variables, seed)
        start, worked = start_inputs(task.start, drawn), WORKED[key](drawn)
        untouched = grade(task, start, start, worked.answers)
        unanswered = grade(task, start, {**start, **worked.inputs}, {})

        assert not untouched.passed or not unanswered.passed, drawn
        assert not grade(task, start, start, {}).passed, drawn
        assert any(not item.met for item in untouched.items), f"nothing to do: {drawn}"


@pytest.mark.parametrize("key", KEYS)
def test_usual_mistakes_stay_outside_the_tolerance(key: str) -> None:
    """A tolerance that accepts rounding and reaches no typical error."""
    task = task_of(key)
    for seed in SEEDS:
        worked = WORKED[key](draw(task.variables, seed))
        for ask in task.asks:
            assert worked.mistakes[ask.key], ask.key
            reached = [value for value in worked.mistakes[ask.key] if is_within(value, worked.answers[ask.key], ask.tolerance)]
            assert not reached, f"{ask.key}: {[float(value) for value in reached]}"


def test_tasks_count_in_the_grade_as_their_category_says() -> None:
    """spec/content-format 9: a category of the course's grade and a weight in it; workshops have no last attempt."""
    weights = {category.category: category.weight for category in course_of(BUDGET).grade}
    for activity in activities_of(BUDGET, "simulator"):
        source = activity.settings
        assert isinstance(source, TaskSource)
        assert weights[source.category] == Fraction(20)
        assert activity.weight == 1
        assert activity.required
        assert source.task.policy.attempts == 0
        assert source.task.policy.pass_mark == 70
