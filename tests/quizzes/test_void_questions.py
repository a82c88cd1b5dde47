"""Questions that are void unless that lowers anybody (spec/selection 5.7): dry run, commit, later attempts, later marks, undoing."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

from courses.models import StaffRole
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.dry_runs import RegradeRequest
from quizzes.marking import ManualMarkValues
from quizzes.rules.regrade import RegradeKind
from tests.support import marking
from tests.support.builders import a_teacher
from tests.support.learning import a_learner, actor_of, attempt_row, start, submit
from tests.support.regrading import (
    CUENCA,
    FIVE,
    FOUR,
    GUAYAQUIL,
    QUITO,
    RIGHT_KEY,
    a_dry_run,
    a_keyed_quiz,
    all_marks,
    an_order,
    commit,
    counts,
    hand_in,
    lines,
    question_id,
    undo,
)

UNLESS = RegradeKind.UNLESS_LOWER


@pytest.fixture
def editor(instance: Instance) -> Actor:
    return actor_of(a_teacher(instance, a_keyed_quiz(instance), "eva@example.org", StaffRole.EDITOR))


def totals(instance: Instance, *attempts: UUID) -> list[tuple[object, object, object]]:
    rows = [attempt_row(instance, attempt) for attempt in attempts]
    return [(row.raw, row.maximum, row.percent) for row in rows]


def learners(instance: Instance, *names: str) -> list[Actor]:
    return [a_learner(instance, a_keyed_quiz(instance), f"{name}@example.org") for name in names]


def test_the_question_is_left_out_where_that_helps_and_counts_where_leaving_it_out_would_lower(instance: Instance, editor: Actor) -> None:
    """spec/selection 5.7."""
    ana, leo = learners(instance, "ana", "leo")
    helped, kept = hand_in(instance, ana, QUITO, FOUR), hand_in(instance, leo, GUAYAQUIL, FIVE)

    dry_run = a_dry_run(instance, editor, an_order(instance, UNLESS))

    assert totals(instance, helped, kept) == [(1, 2, 50), (1, 2, 50)]  # a dry run changes nothing
    assert [f"{line.changed} {line.percent_after:.0f}" for line in lines(instance, dry_run)] == ["True 100", "False 50"]
    assert commit(instance, editor, dry_run)
    assert totals(instance, helped, kept) == [(1, 1, 100), (1, 2, 50)]
    assert counts(instance, dry_run).lowered == 0


def test_attempts_submitted_later_follow_it(instance: Instance, editor: Actor) -> None:
    """spec/selection 5.7."""
    ana, leo, eva = learners(instance, "ana", "leo", "pía")
    hand_in(instance, ana, QUITO, FOUR)
    open_one = start(instance, leo, "prueba")
    dry_run = a_dry_run(instance, editor, an_order(instance, UNLESS))
    between = hand_in(instance, eva, CUENCA, FOUR)
    commit(instance, editor, dry_run)

    later = [hand_in(instance, ana, CUENCA, FOUR), hand_in(instance, ana, GUAYAQUIL, FIVE), hand_in(instance, ana, CUENCA, FIVE)]
    submit(instance, leo, open_one)

    assert totals(instance, between, *later, open_one) == [(1, 1, 100), (1, 1, 100), (1, 2, 50), (0, 2, 0), (0, 2, 0)]


def test_undoing_gives_every_mark_back(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3 and spec/selection 5.6."""
    ana, leo = learners(instance, "ana", "leo")
    first, second = hand_in(instance, ana, QUITO, FOUR), hand_in(instance, leo, GUAYAQUIL, FIVE)
    dry_run = a_dry_run(instance, editor, an_order(instance, UNLESS))
    commit(instance, editor, dry_run)
    later = hand_in(instance, ana, CUENCA, FOUR)

    undo(instance, editor, dry_run)

    assert totals(instance, first, second, later) == [(1, 2, 50)] * 3


def test_two_void_questions_are_both_full_marks_where_nothing_else_counts(instance: Instance, editor: Actor) -> None:
    """spec/selection 5.7: of the only questions of a question set everybody gets the points; undoing one leaves the other void."""
    ana, leo = learners(instance, "ana", "leo")
    attempts = hand_in(instance, ana, QUITO, FOUR), hand_in(instance, leo, QUITO, FIVE)
    runs = []
    for key in ("capital-1", "suma-1"):
        order = replace(an_order(instance, UNLESS), question_id=question_id(instance, key))
        runs.append(a_dry_run(instance, editor, order))
        commit(instance, editor, runs[-1])

    assert [percent for _raw, _maximum, percent in totals(instance, *attempts)] == [100, 100]
    undo(instance, editor, runs[1])
    assert totals(instance, *attempts) == [(1, 1, 100), (0, 2, 0)]


def test_marking_another_question_again_decides_anew_what_is_left_out(instance: Instance, editor: Actor) -> None:
    """spec/selection 5.7: with the other question right, the void one that was wrong is left out; the dry run shows it."""
    [ana] = learners(instance, "ana")
    attempt = hand_in(instance, ana, QUITO, FIVE)
    commit(instance, editor, a_dry_run(instance, editor, replace(an_order(instance, UNLESS), question_id=question_id(instance, "suma-1"))))
    assert totals(instance, attempt) == [(0, 2, 0)]
    a_keyed_quiz(instance, RIGHT_KEY)

    rescored = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))

    assert [line.percent_after for line in lines(instance, rescored)] == [100]
    commit(instance, editor, rescored)
    assert totals(instance, attempt) == [(1, 1, 100)]
    undo(instance, editor, rescored)
    assert totals(instance, attempt) == [(0, 2, 0)]


def test_a_mark_given_by_hand_decides_anew_what_is_left_out(instance: Instance) -> None:
    """spec/selection 5.7: half of the essay is less than the right answer of one and more than the wrong one of the other."""
    course = marking.a_marked_quiz(instance)
    editor = actor_of(a_teacher(instance, course, "eva@example.org", StaffRole.EDITOR))
    attempts = [
        marking.hand_in(instance, a_learner(instance, course, f"{name}@example.org"), choice=choice)
        for name, choice in (("ana", "1"), ("leo", "2"))
    ]
    order = RegradeRequest(UNLESS, "Hay dos respuestas correctas.", question_id(instance, "suma-1"))
    commit(instance, editor, a_dry_run(instance, editor, order))

    for attempt in attempts:
        seen = marking.last_mark(instance, editor, attempt).id
        marking.mark(instance, editor, attempt, ManualMarkValues(Fraction(3, 2), seen))

    assert [(raw, maximum) for raw, maximum, _percent in totals(instance, *attempts)] == [(Decimal("2.5"), 4), (Decimal("1.5"), 3)]


def test_no_mark_is_ever_overwritten(instance: Instance, editor: Actor) -> None:
    [ana] = learners(instance, "ana")
    hand_in(instance, ana, QUITO, FOUR)
    before = [(mark.id, mark.fraction, mark.state) for mark in all_marks(instance)]

    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, UNLESS)))

    assert [(mark.id, mark.fraction, mark.state) for mark in all_marks(instance)][: len(before)] == before
    assert len(all_marks(instance)) == len(before) + 1
