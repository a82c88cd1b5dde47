"""What a learner sees, and when (spec/quiz-engine 5.9)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.feedback import ReviewFlag
from quizzes.rules.settings import (
    Behaviour,
    QuestionProgress,
    Reader,
    ReviewMoment,
    ReviewOptions,
    ReviewPreset,
    flags_for,
    flags_for_item,
    may_download_answers,
    moment_of,
    shows_key_early,
)

F, M, P, B = ReviewFlag, ReviewMoment, ReviewPreset, Behaviour
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALL = frozenset(ReviewFlag)
BASE = frozenset({F.ATTEMPT, F.MAX_MARKS})
RESULT = frozenset({F.MAX_MARKS, F.MARKS, F.OVERALL})
AT_ONCE = BASE | {F.CORRECTNESS, F.SPECIFIC, F.GENERAL}


@pytest.mark.parametrize(
    ("seconds", "closes", "moment"),
    [
        (0, None, M.AFTER),
        (119, None, M.AFTER),
        (120, None, M.LATER),
        (10**7, None, M.LATER),
        (60, 60, M.CLOSED),
        (60, 61, M.AFTER),
        (300, 200, M.CLOSED),
        (150, 200, M.LATER),
    ],
)
def test_the_moment_follows_submission_and_close_date(seconds: int, closes: int | None, moment: ReviewMoment) -> None:
    """spec/quiz-engine 5.9: immediately after (2 minutes), later while open, after close; no close date ⇒ never closed."""
    close_date = None if closes is None else NOON + timedelta(seconds=closes)

    assert moment_of(NOON, close_date, now=NOON + timedelta(seconds=seconds)) is moment


def test_before_submission_it_is_during() -> None:
    assert moment_of(None, NOON, now=NOON + timedelta(days=1)) is M.DURING


@pytest.mark.parametrize(
    ("preset", "after", "closed"),
    [
        (P.PRACTICE, ALL, ALL),
        (P.LEARNING, ALL - {F.RIGHT_ANSWER}, ALL),
        (P.EXAM, RESULT, ALL - {F.RIGHT_ANSWER}),
        (P.HIDDEN, frozenset(), RESULT),
    ],
)
def test_presets_after_submission(preset: ReviewPreset, after: frozenset[ReviewFlag], closed: frozenset[ReviewFlag]) -> None:
    """spec/content-format 9: practice, learning, exam, hidden."""
    shown = [flags_for(ReviewOptions(preset), moment, B.DEFERRED) for moment in (M.AFTER, M.LATER, M.CLOSED)]

    assert shown == [after, after, closed]


@pytest.mark.parametrize("behaviour", [B.IMMEDIATE, B.INTERACTIVE, B.ADAPTIVE])
def test_behaviours_that_answer_at_once_show_feedback_during(behaviour: Behaviour) -> None:
    """spec/content-format 9: during shows attempt, max_marks and, with feedback at once, correctness, specific, general."""
    assert flags_for(ReviewOptions(P.EXAM), M.DURING, behaviour) == AT_ONCE
    assert flags_for(ReviewOptions(P.PRACTICE), M.DURING, behaviour) == ALL


@pytest.mark.parametrize("behaviour", [B.DEFERRED, B.CERTAINTY])
@pytest.mark.parametrize("review", [*(ReviewOptions(preset) for preset in P), ReviewOptions(overrides={M.DURING: tuple(ReviewFlag)})])
def test_other_behaviours_show_no_result_during(behaviour: Behaviour, review: ReviewOptions) -> None:
    """spec/quiz-engine 5.9: during only with immediate-type behaviours."""
    assert flags_for(review, M.DURING, behaviour) == BASE


def test_an_override_replaces_the_flags_of_its_moment() -> None:
    """spec/content-format 9: `closed: [attempt, marks]`, `[]` for nothing."""
    review = ReviewOptions(P.PRACTICE, {M.CLOSED: (F.ATTEMPT, F.MARKS), M.LATER: (), M.DURING: ()})

    assert flags_for(review, M.CLOSED, B.DEFERRED) == {F.ATTEMPT, F.MARKS}
    assert flags_for(review, M.LATER, B.DEFERRED) == frozenset()
    assert flags_for(review, M.AFTER, B.DEFERRED) == ALL
    assert flags_for(review, M.DURING, B.IMMEDIATE) == {F.ATTEMPT}


def test_without_the_attempt_nothing_of_its_questions_is_shown() -> None:
    """spec/quiz-engine 5.9: if attempt is off, everything else about questions is off; totals and overall feedback stay."""
    review = ReviewOptions(overrides={M.LATER: tuple(ALL - {F.ATTEMPT})})

    assert flags_for(review, M.LATER, B.DEFERRED) == RESULT


@given(st.sampled_from(P), st.sampled_from(M), st.sampled_from(B))
def test_staff_always_see_all(preset: ReviewPreset, moment: ReviewMoment, behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.9: instructors always see all."""
    assert flags_for(ReviewOptions(preset), moment, behaviour, Reader.EDITOR) == ALL


@given(st.sampled_from(P), st.sampled_from(M), st.sampled_from(B))
def test_graders_see_what_the_learner_sees_but_nothing_of_the_key(preset: ReviewPreset, moment: ReviewMoment, behaviour: Behaviour) -> None:
    """spec/security 9, quiz.view_answers: whoever edits the course sees keys, its graders never."""
    shown = flags_for(ReviewOptions(preset), moment, behaviour, Reader.GRADER)

    assert shown == flags_for(ReviewOptions(preset), moment, behaviour) - {F.RIGHT_ANSWER, F.SPECIFIC, F.GENERAL, F.SOURCE}


def test_a_question_shows_its_feedback_once_checked_and_its_solution_once_locked() -> None:
    """spec/quiz-engine 5.9: right answers are not there before their time."""
    fresh, checked, locked = QuestionProgress(), QuestionProgress(checked=True), QuestionProgress(checked=True, locked=True)

    assert flags_for_item(ALL, M.DURING, fresh) == BASE | {F.OVERALL}
    assert flags_for_item(ALL, M.DURING, checked) == BASE | {F.OVERALL, F.CORRECTNESS, F.MARKS, F.SPECIFIC}
    assert flags_for_item(ALL, M.DURING, locked) == ALL
    assert flags_for_item(ALL, M.LATER, fresh) == ALL


def test_answers_may_be_taken_along_once_marks_are_visible() -> None:
    """spec/quiz-engine 5.9: a learner may always download what they answered once marks are visible."""
    assert may_download_answers(RESULT)
    assert may_download_answers(BASE)
    assert not may_download_answers(frozenset({F.OVERALL}))


@pytest.mark.parametrize(
    ("preset", "behaviour", "early"), [(P.LEARNING, B.DEFERRED, False), (P.PRACTICE, B.DEFERRED, True), (P.EXAM, B.ADAPTIVE, False)]
)
def test_a_key_that_shows_early_is_found(preset: ReviewPreset, behaviour: Behaviour, *, early: bool) -> None:
    """spec/content-format C506."""
    assert shows_key_early(ReviewOptions(preset), behaviour) is early
