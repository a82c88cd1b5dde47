"""Behaviours, totals, grades and completion, and the state of a question after its checks and at the end.

spec/quiz-engine 5.6, 5.8, 5.11.1, 5.13, 5.5.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolments.rules import GradedCompletionRule, GradingMethod, has_passed
from questions.rules.answers import (
    Answer,
    EssayAnswer,
    GapsAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    Parts,
    SingleChoiceAnswer,
)
from questions.rules.definitions import Body, DescriptionBody, EssayBody, MultipleRule, QuestionDefinition, ShortAnswerBody
from questions.rules.item_layout import OPTIONS, ItemLayout
from questions.rules.marking import MarkState, mark_answer
from questions.rules.numbers import ENGLISH, SPANISH
from quizzes.rules.grades import (
    AnsweringState,
    AnswerTry,
    AttemptGrade,
    Grade,
    ItemResult,
    QuestionMarker,
    answering_state,
    asks_certainty,
    band_for,
    can_be_checked,
    certainty_fraction,
    certainty_of,
    counted_tries,
    deciding_index,
    grade_attempt,
    grade_over_attempts,
    is_finished,
    is_judged_by_rule,
    manual_fraction,
    section_totals,
    stored,
)
from quizzes.rules.settings import Behaviour, EndedAttempt, FeedbackBand, QuizCompletion, QuizRecord, QuizSettings, completed_at
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    es,
    f,
    some_gaps,
)

B = Behaviour
M = MarkState


def stand(
    behaviour: Behaviour, body: Body, *answers: Answer, hints: int = 0, final: bool = False, certainty: int | None = None
) -> AnsweringState:
    question = a_question(body, hints=(es("pista"),) * hints, penalty=f("1/4"))
    tries = [AnswerTry(answer, mark_answer(question, answer, ItemLayout(), SPANISH)) for answer in answers]
    return answering_state(behaviour, question, tries, certainty=certainty, final=final)


A, BAD, NONE = SingleChoiceAnswer("a"), SingleChoiceAnswer("b"), SingleChoiceAnswer("")


@pytest.mark.parametrize(
    ("answers", "state", "fraction"), [((A,), M.RIGHT, 1), ((A, BAD), M.WRONG, 0), ((A, NONE), M.NOT_ANSWERED, 0), ((), M.NOT_ANSWERED, 0)]
)
def test_deferred_judges_the_last_answer(answers: Sequence[Answer], state: MarkState, fraction: int) -> None:
    """spec/quiz-engine 5.6 Deferred: unanswered → not answered, mark 0."""
    assert stand(B.DEFERRED, a_single(), *answers, final=True) == AnsweringState(state, Fraction(fraction), locked=True, tries_left=None)
    assert not stand(B.DEFERRED, a_single(), *answers).locked


def test_immediate_checks_once_and_locks() -> None:
    """spec/quiz-engine 5.6 Immediate."""
    checked = stand(B.IMMEDIATE, a_single(), BAD, A)

    assert checked == AnsweringState(M.WRONG, f("0"), locked=True, tries_left=0)
    assert not stand(B.IMMEDIATE, a_single()).locked
    assert not stand(B.IMMEDIATE, a_single(), NONE).locked


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), AnsweringState(M.NOT_ANSWERED, f("0"), locked=False, tries_left=3)),
        ((A,), AnsweringState(M.RIGHT, f("1"), locked=True, tries_left=0)),
        ((BAD,), AnsweringState(M.WRONG, f("0"), locked=False, tries_left=2, hint=0)),
        ((BAD, BAD), AnsweringState(M.WRONG, f("0"), locked=False, tries_left=2, hint=0)),
        ((BAD, A), AnsweringState(M.RIGHT, f("3/4"), locked=True, tries_left=0)),
        ((BAD, SingleChoiceAnswer("c")), AnsweringState(M.WRONG, f("0"), locked=False, tries_left=1, hint=1)),
        ((BAD, SingleChoiceAnswer("c"), BAD, A), AnsweringState(M.WRONG, f("0"), locked=True, tries_left=0)),
        ((BAD, SingleChoiceAnswer("c"), A), AnsweringState(M.RIGHT, f("1/2"), locked=True, tries_left=0)),
        ((NONE,), AnsweringState(M.NOT_ANSWERED, f("0"), locked=False, tries_left=3)),
    ],
)
def test_interactive_gives_a_try_more_than_hints_and_takes_the_penalty(answers: Sequence[Answer], expected: AnsweringState) -> None:
    """spec/quiz-engine 5.6 Interactive: tries = hints + 1; mark = fraction − penalty × wrong tries, min 0."""
    assert stand(B.INTERACTIVE, a_single(), *answers, hints=2) == expected


def test_interactive_never_falls_below_nothing() -> None:
    wrong = [NumberAnswer(str(at)) for at in range(2, 9)]

    assert stand(B.INTERACTIVE, a_numerical(("1", "1")), *wrong, NumberAnswer("1"), hints=9).fraction == 0


def test_interactive_ends_with_the_attempt() -> None:
    assert stand(B.INTERACTIVE, a_single(), BAD, hints=2, final=True) == AnsweringState(M.WRONG, f("0"), locked=True, tries_left=0)


@pytest.mark.parametrize(
    ("body", "answers", "fraction"),
    [
        (
            a_matching(),
            [{"one": "x", "two": "z", "three": "x"}, {"one": "x", "two": "x", "three": "z"}, {"one": "x", "two": "x", "three": "y"}],
            "3/4",
        ),
        (
            a_matching(),
            [{"one": "x", "two": "x", "three": "z"}, {"one": "z", "two": "x", "three": "y"}, {"one": "x", "two": "x", "three": "y"}],
            "3/4",
        ),
        (a_matching(), [{"one": "x", "two": "x", "three": "z"}, {"one": "z", "two": "x", "three": "x"}], "1/3"),
    ],
)
def test_several_parts_are_counted_back(body: Body, answers: list[dict[str, str]], fraction: str) -> None:
    """spec/quiz-engine 5.6 Interactive, countback: max(0, 1 − (index of last wrong try + 1) × penalty) if finally right, averaged."""
    assert stand(B.INTERACTIVE, body, *[MatchingAnswer(answer) for answer in answers], hints=3).fraction == f(fraction)


def test_countback_weighs_gaps_and_rows() -> None:
    gaps = stand(
        B.INTERACTIVE,
        some_gaps(),
        GapsAnswer({"anio": "a", "cubierta": "1", "nombre": "no"}),
        GapsAnswer({"anio": "a", "cubierta": "34,8", "nombre": "brecha"}),
        hints=1,
    )
    rows = stand(B.INTERACTIVE, a_matrix(), MatrixAnswer({"salud": "no"}), MatrixAnswer({"salud": "si", "prestamo": "no"}), hints=2)

    assert gaps.fraction == (1 + f("3/4") + 2 * f("3/4")) / 4
    assert rows.fraction == f("1/2")


def test_multiple_choices_lose_the_penalty_as_a_whole() -> None:
    body = a_multiple(MultipleRule.RIGHT_MINUS_WRONG, 2, 2)

    assert stand(B.INTERACTIVE, body, MultipleChoiceAnswer(("r1",)), MultipleChoiceAnswer(("r1", "r2")), hints=2).fraction == f("3/4")


@pytest.mark.parametrize(
    ("answers", "fraction", "state"),
    [
        ((BAD,), "0", M.WRONG),
        ((BAD, A), "3/4", M.RIGHT),
        ((BAD, BAD, A), "3/4", M.RIGHT),
        ((BAD, SingleChoiceAnswer("c"), BAD, A), "1/2", M.RIGHT),
        ((A, BAD), "1", M.WRONG),
        ((NONE, A), "1", M.RIGHT),
        ((), "0", M.NOT_ANSWERED),
    ],
)
def test_adaptive_keeps_the_best_so_far(answers: Sequence[Answer], fraction: str, state: MarkState) -> None:
    """spec/quiz-engine 5.6 Adaptive: attempt k scores fraction − penalty × (k − 1); repeated answers are discarded, not penalised."""
    result = stand(B.ADAPTIVE, a_single(), *answers)

    assert (result.fraction, result.state, result.locked) == (f(fraction), state, False)


def test_unreadable_answers_cost_no_try() -> None:
    """spec/quiz-engine 5.4.5."""
    result = stand(B.ADAPTIVE, a_numerical(("1", "1")), NumberAnswer("uno"), NumberAnswer("1"))

    assert result.fraction == 1
    assert stand(B.IMMEDIATE, a_numerical(("1", "1")), NumberAnswer("uno")) == AnsweringState(
        M.INVALID, f("0"), locked=False, tries_left=None
    )


@given(st.lists(st.sampled_from([A, BAD, SingleChoiceAnswer("c"), NONE]), max_size=8))
def test_adaptive_never_falls_with_another_try(answers: list[SingleChoiceAnswer]) -> None:
    fractions = [stand(B.ADAPTIVE, a_single(), *answers[:count]).fraction or Fraction(0) for count in range(len(answers) + 1)]

    assert fractions == sorted(fractions)


@pytest.mark.parametrize(
    ("certainty", "right", "wrong", "partial"),
    [(1, "1", "0", "1/2"), (2, "2", "-2", "1"), (3, "3", "-6", "3/2"), (None, "1", "0", "1/2"), (9, "1", "0", "1/2")],
)
def test_certainty_multiplies_right_and_punishes_wrong(certainty: int | None, right: str, wrong: str, partial: str) -> None:
    """spec/quiz-engine 5.6 Certainty: right ×1/×2/×3; wrong 0/−2/−6; none chosen = level 1."""
    body = a_single(an_option("a", "1"), an_option("b"), an_option("c", "1/2", right=False))
    answers = (A, BAD, SingleChoiceAnswer("c"))

    assert [stand(B.CERTAINTY, body, answer, certainty=certainty).fraction for answer in answers] == [f(right), f(wrong), f(partial)]
    assert stand(B.CERTAINTY, body, NONE, certainty=3).fraction == 0
    assert certainty_fraction(f("-1/2"), 2) == -2


@pytest.mark.parametrize("behaviour", list(B))
def test_what_a_person_marks_waits_under_every_behaviour(behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.6 Manual: needs grading, never 0."""
    result = stand(behaviour, EssayBody(), EssayAnswer("Hola"), final=True)

    assert (result.state, result.fraction, result.locked) == (M.NEEDS_GRADING, None, True)
    assert not stand(behaviour, EssayBody(), EssayAnswer("Hola")).locked


def test_the_tries_that_count_can_be_listed() -> None:
    question = a_question(a_single())
    tries = [AnswerTry(answer, mark_answer(question, answer, ItemLayout(), SPANISH)) for answer in (NONE, BAD, BAD, A)]

    assert counted_tries(B.ADAPTIVE, tries) == (tries[1], tries[3])
    assert counted_tries(B.DEFERRED, tries) == (tries[3],)


SETTINGS = QuizSettings()


def item(fraction: str | None, max_mark: str = "1", state: MarkState = M.PARTIAL, section: int = 0) -> ItemResult:
    return ItemResult(None if fraction is None else f(fraction), f(max_mark), state, section)


def test_marks_are_added_and_scaled() -> None:
    """spec/quiz-engine 5.8: quiz grade = raw × quiz_max / Σ max marks."""
    grade = grade_attempt([item("1"), item("1/2", "2"), item("0", "3", M.NOT_ANSWERED)], replace(SETTINGS, max_grade=f("20")))

    assert grade == Grade(f("2"), f("6"), f("20/3"), f("100/3"), pending=False, passed=False)


def test_an_attempt_passes_by_its_own_percentage() -> None:
    """spec/quiz-engine 5.8, 5.1.5: pass grade per quiz, unrounded."""
    assert [grade_attempt([item(fraction)], SETTINGS).passed for fraction in ("1", "0.7", "0.69996", "0")] == [True, True, False, False]
    assert grade_attempt([item("1")], replace(SETTINGS, pass_mark=None)).passed is None


def test_a_quiz_without_marks_is_ungraded() -> None:
    """spec/quiz-engine 5.8: Σ max ≤ 5e-6 → ungraded; surveys do not count."""
    assert grade_attempt([item("1", "0.000005")], SETTINGS) == Grade(f("0.000005"), f("0.000005"), None, None, pending=False, passed=None)
    assert grade_attempt([item("1", "0.000006")], SETTINGS).percent == 100
    assert grade_attempt([item(None, "3", M.NOT_MARKED)], SETTINGS).maximum == 0
    assert grade_attempt([], SETTINGS).grade is None


@pytest.mark.parametrize(("allowed", "raw"), [(False, "0"), (True, "-1/2")])
def test_the_total_is_floored_unless_it_may_be_negative(*, allowed: bool, raw: str) -> None:
    """spec/quiz-engine 5.7: the attempt total is floored at 0 by default (allow_negative_total)."""
    grade = grade_attempt([item("-1"), item("1/2")], replace(SETTINGS, allow_negative_total=allowed))

    assert grade.raw == f(raw)


def test_an_attempt_that_waits_for_a_person_is_not_yet_graded() -> None:
    """spec/quiz-engine 5.6 Manual: attempt total is shown as "not yet graded", never as 0."""
    waiting = item(None, "6", M.NEEDS_GRADING)

    grade = grade_attempt([item("1"), waiting], SETTINGS)

    assert (grade.grade, grade.percent, grade.passed, grade.pending, grade.raw) == (None, None, None, True, 1)
    assert not grade_attempt([item("1"), replace(waiting, max_mark=f("0"))], SETTINGS).pending
    assert grade_attempt([item("1"), replace(waiting, max_mark=f("1/2"))], SETTINGS).pending
    assert waiting.mark is None


@pytest.mark.parametrize(
    ("percent", "pass_mark", "passed"),
    [
        ("70", "70", True),
        ("69.9999990", "70", True),
        ("69.9999989", "70", False),
        ("69.996", "70", False),
        ("0", None, None),
        (None, "70", None),
    ],
)
def test_passing_compares_the_unrounded_grade_with_a_tolerance(percent: str | None, pass_mark: str | None, passed: bool | None) -> None:
    """spec/quiz-engine 5.1.5: tolerance 1e-6; 69.996 is shown as 70.00 and is not passed."""
    assert has_passed(None if percent is None else f(percent), None if pass_mark is None else f(pass_mark)) is passed


def grades(*percents: str | None, **fields: bool) -> list[AttemptGrade]:
    return [AttemptGrade(number, None if one is None else f(one), **fields) for number, one in enumerate(percents, 1)]


@pytest.mark.parametrize(
    ("grading", "expected"),
    [(GradingMethod.HIGHEST, "90"), (GradingMethod.AVERAGE, "70"), (GradingMethod.FIRST, "50"), (GradingMethod.LAST, "70")],
)
def test_the_grade_over_attempts(grading: GradingMethod, expected: str) -> None:
    """spec/quiz-engine 5.8: highest, average, first, last."""
    attempts = [*grades("50", "90", "70"), AttemptGrade(0, f("100"), preview=True), AttemptGrade(4, None, abandoned=True)]

    assert grade_over_attempts(grading, reversed(attempts)) == f(expected)


def test_ungraded_attempts_are_left_out_of_the_average() -> None:
    """spec/quiz-engine 5.8: average of graded attempts (ungraded ones excluded)."""
    assert grade_over_attempts(GradingMethod.AVERAGE, grades("50", None, "70")) == 60
    assert grade_over_attempts(GradingMethod.HIGHEST, grades(None)) is None
    assert grade_over_attempts(GradingMethod.FIRST, grades(None, "70")) is None
    assert grade_over_attempts(GradingMethod.LAST, grades("70", None)) is None
    assert grade_over_attempts(GradingMethod.LAST, []) is None


def test_feedback_bands_are_half_open_and_the_top_one_closed() -> None:
    """spec/quiz-engine 5.8: [lower, upper) except the top one closed."""
    bands = [FeedbackBand(f("0"), es("bajo")), FeedbackBand(f("50"), es("medio")), FeedbackBand(f("70"), es("alto"))]

    found = [band_for(f(percent), bands) for percent in ("0", "49.99", "50", "69.9", "70", "100")]

    assert [band.text["es"] for band in found if band] == ["bajo", "bajo", "medio", "medio", "alto", "alto"]
    assert band_for(f("-1"), bands) is None
    assert band_for(f("50"), []) is None


def test_sections_have_subtotals() -> None:
    """spec/quiz-engine 5.8: section subtotals."""
    items = [item("1"), item("1/2", "2", section=1), item(None, "3", M.NEEDS_GRADING, 1), item(None, "9", M.NOT_MARKED, 1)]

    assert section_totals(items) == {0: (1, 1), 1: (1, 5)}


@pytest.mark.parametrize(("mark", "fraction"), [("6", "1"), ("3", "1/2"), ("0", "0"), ("6.1", None), ("-1", None)])
def test_a_mark_by_hand_lies_within_the_maximum(mark: str, fraction: str | None) -> None:
    """spec/quiz-engine 5.11.1: in [min fraction, 1] × max; extra credit only if enabled."""
    assert manual_fraction(f(mark), f("6")) == (None if fraction is None else f(fraction))
    assert manual_fraction(f("7"), f("6"), extra_credit=True) == f("7/6")
    assert manual_fraction(f("-3"), f("6"), minimum=f("-1/2")) == f("-1/2")
    assert (manual_fraction(f("0"), f("0")), manual_fraction(f("1"), f("0"))) == (f("1"), None)
    assert manual_fraction(f("1/4"), f("1/2")) == f("1/2")


def test_what_is_stored_has_seven_decimals() -> None:
    """spec/quiz-engine 5.1.5."""
    assert stored(f("1/3")) == f("0.3333333")


@given(st.lists(st.tuples(st.fractions(-1, 1), st.fractions(0, 10)), max_size=6))
@pytest.mark.slow
def test_a_grade_lies_on_its_scale_and_rises_with_every_mark(pairs: list[tuple[Fraction, Fraction]]) -> None:
    items = [ItemResult(fraction, maximum, M.PARTIAL) for fraction, maximum in pairs]

    grade = grade_attempt(items, SETTINGS)

    if grade.percent is not None:
        assert 0 <= grade.percent <= 100
        better = grade_attempt([replace(one, fraction=Fraction(1)) for one in items], SETTINGS)
        assert better.percent == 100


DAY = datetime(2026, 12, 1, tzinfo=UTC)
R = GradedCompletionRule


def ended(hour: int, percent: str | None = None, *, graded: int | None = None, preview: bool = False) -> EndedAttempt:
    moment = DAY + timedelta(hours=hour)
    return EndedAttempt(moment, None if percent is None else f(percent), None if graded is None else DAY + timedelta(hours=graded), preview)


def done(
    rule: GradedCompletionRule,
    *attempts: EndedAttempt,
    count: int = 1,
    allowed: int = 3,
    marked: bool = True,
    grading: GradingMethod = GradingMethod.HIGHEST,
) -> int | None:
    record = QuizRecord(viewed_at=DAY, attempts=attempts)
    mark = f("70") if marked else None
    moment = completed_at(QuizCompletion(rule, count), record, pass_mark=mark, grading=grading, allowed=allowed)
    return None if moment is None else int((moment - DAY).total_seconds()) // 3600


def test_each_rule_completes_at_the_event_that_satisfied_it() -> None:
    """spec/quiz-engine 5.13: viewed / attempted ≥ k / graded / passed / passed or all attempts used; keeps the timestamp."""
    attempts = (ended(1, "40"), ended(2, "75", graded=5), ended(4, "90"))

    assert done(R.VIEWED) == 0
    assert done(R.ATTEMPTED, *attempts, count=2) == 2
    assert done(R.ATTEMPTED, *attempts, count=4) is None
    assert done(R.GRADED, *attempts) == 1
    assert done(R.PASSED, *attempts) == 4
    assert done(R.PASSED_OR_USED, *attempts) == 4
    assert done(R.PASSED_OR_USED, ended(1, "40"), ended(2, None), allowed=2) == 2
    assert done(R.PASSED_OR_USED, ended(1, "80"), ended(2, None), allowed=2) == 1
    assert done(R.ATTEMPTED, ended(1)) == 1


@pytest.mark.parametrize(
    ("grading", "attempts", "moment"),
    [
        (GradingMethod.HIGHEST, (ended(1, "60"), ended(2, "75")), 2),
        (GradingMethod.AVERAGE, (ended(1, "60"), ended(2, "75")), None),
        (GradingMethod.AVERAGE, (ended(1, "60"), ended(2, "80")), 2),
        (GradingMethod.AVERAGE, (ended(1, "70"), ended(2, "10")), 1),
        (GradingMethod.AVERAGE, (ended(1, "70", graded=6), ended(2, "50"), ended(3, "90")), 3),
        (GradingMethod.AVERAGE, (ended(1, "60", graded=6), ended(2, "50"), ended(3, "80")), None),
        (GradingMethod.FIRST, (ended(1, "60"), ended(2, "75")), None),
        (GradingMethod.FIRST, (replace(ended(1), abandoned=True), ended(2, "75")), 2),
        (GradingMethod.FIRST, (ended(1, "75", graded=5), ended(2, "80")), 5),
        (GradingMethod.LAST, (ended(1, "60"), ended(2, "75"), ended(3, "10")), 2),
        (GradingMethod.LAST, (ended(1, "75", graded=5), ended(2, "60")), None),
    ],
)
def test_a_quiz_is_passed_by_the_grade_over_its_attempts(
    grading: GradingMethod, attempts: tuple[EndedAttempt, ...], moment: int | None
) -> None:
    """spec/quiz-engine 5.8 and 5.13, spec/selection 3.8: where the mean counts, a lucky attempt alone completes nothing."""
    assert done(R.PASSED, *attempts, grading=grading) == moment


@pytest.mark.parametrize("rule", [R.ATTEMPTED, R.GRADED, R.PASSED, R.PASSED_OR_USED])
def test_nothing_or_a_preview_completes_nothing(rule: GradedCompletionRule) -> None:
    assert done(rule) is None
    assert done(rule, ended(1, "100", preview=True)) is None
    assert completed_at(QuizCompletion(R.VIEWED), QuizRecord(), pass_mark=None, grading=GradingMethod.HIGHEST, allowed=0) is None


def test_attempts_without_limit_are_never_used_up() -> None:
    assert done(R.PASSED_OR_USED, ended(1, "10"), ended(2, "10"), allowed=0) is None


def test_without_a_pass_mark_any_grade_passes() -> None:
    assert done(R.PASSED, ended(1, None), ended(2, "10"), marked=False) == 2


RIGHT, WRONG, OTHER = {"answer": ["1"]}, {"answer": ["2"]}, {"answer": ["3"]}
LAYOUT = ItemLayout(orders={OPTIONS: ("a", "b", "c")})
AT_ONCE = (Behaviour.IMMEDIATE, Behaviour.INTERACTIVE, Behaviour.ADAPTIVE)


def a_judge(behaviour: Behaviour, body: Body | None = None, hints: int = 2) -> QuestionMarker:
    question = a_question(body or a_single(), hints=tuple(es(f"hint {n}") for n in range(hints)))
    return QuestionMarker(behaviour, question, LAYOUT, SPANISH)


def test_a_check_is_judged_by_the_behaviour() -> None:
    """spec/quiz-engine 5.6: immediate locks; interactive leaves tries; adaptive keeps the best."""
    found = {behaviour: a_judge(behaviour).after([WRONG, RIGHT]) for behaviour in AT_ONCE}

    assert [(one.fraction, one.locked) for one in found.values()] == [(0, True), (f("2/3"), True), (f("2/3"), False)]


def test_the_response_at_the_end_is_the_last_try() -> None:
    """spec/quiz-engine 5.6: unchecked answers count after the checked ones; a blank page takes nothing away."""
    judge = a_judge(Behaviour.ADAPTIVE)

    assert judge.at_end([WRONG], RIGHT).fraction == f("2/3")
    assert judge.at_end([RIGHT], None).fraction == 1
    assert judge.at_end([], None).state is MarkState.NOT_ANSWERED


@pytest.mark.parametrize("behaviour", [Behaviour.DEFERRED, Behaviour.INTERACTIVE, Behaviour.CERTAINTY])
def test_at_the_end_a_question_is_locked_whatever_the_behaviour(behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.6: with an unreadable answer too, and with one that could be tried again."""
    judge = a_judge(behaviour)

    assert judge.at_end([], WRONG).locked
    assert judge.at_end([], None).locked
    assert not judge.after([]).locked


def test_answers_are_judged_by_the_attempts_own_values_and_convention() -> None:
    """spec/quiz-engine 5.2.5 and 5.7: calculated from what was drawn for the attempt;
    a point is what the learner's language makes of it.
    """
    drawn = [ItemLayout(variables={"personas": f(count)}) for count in ("1000", "2000")]
    calculated = [QuestionMarker(Behaviour.DEFERRED, a_question(a_calculated()), layout, SPANISH) for layout in drawn]
    number = [QuestionMarker(Behaviour.DEFERRED, a_question(a_numerical(("1234", "1"))), LAYOUT, one) for one in (SPANISH, ENGLISH)]

    assert [judge.marking({"answer": ["2217600"]}).fraction for judge in calculated] == [0, 1]
    assert [judge.marking({"answer": ["1.234"]}).fraction for judge in number] == [1, 0]


def test_at_the_end_the_certainty_of_the_response_counts() -> None:
    """spec/quiz-engine 5.6 certainty."""
    judge = a_judge(Behaviour.CERTAINTY)

    assert judge.at_end([], RIGHT | {"certainty": ["3"]}).fraction == 3
    assert judge.at_end([], WRONG | {"certainty": ["2"]}).fraction == -2
    assert judge.at_end([], RIGHT).fraction == 1


@pytest.mark.parametrize(
    ("behaviour", "before", "response", "counts"),
    [
        (Behaviour.IMMEDIATE, [], WRONG, True),
        (Behaviour.IMMEDIATE, [WRONG], RIGHT, False),
        (Behaviour.INTERACTIVE, [WRONG], WRONG, False),
        (Behaviour.INTERACTIVE, [WRONG, OTHER], WRONG, True),
        (Behaviour.ADAPTIVE, [WRONG, OTHER], WRONG, False),
        (Behaviour.ADAPTIVE, [WRONG, OTHER], RIGHT, True),
        (Behaviour.ADAPTIVE, [WRONG], {}, False),
    ],
)
def test_which_checks_cost_a_try(behaviour: Behaviour, before: list[Parts], response: Parts, counts: bool) -> None:
    """spec/quiz-engine 5.6: repetitions that the behaviour discards, blank answers, and anything after a lock cost nothing."""
    assert a_judge(behaviour).costs_a_try(before, response) is counts


def test_only_what_can_be_judged_is_readable() -> None:
    """spec/quiz-engine 5.4.5."""
    judge = a_judge(Behaviour.IMMEDIATE, a_numerical(("2", "1")))

    assert [judge.is_readable({"answer": [typed]}) for typed in ("2", "9", "", "dos")] == [True, True, False, False]


def test_checks_and_certainty_are_for_what_a_rule_judges() -> None:
    """spec/quiz-engine 5.6 manual: texts, surveys, self-checks and descriptions are not checked,
    and nobody says how sure they are of them.
    """
    bodies: dict[str, Body] = {
        "single": a_single(),
        "short": a_short(("x", "1")),
        "essay": EssayBody(),
        "survey": a_matrix(survey=True),
        "self-check": ShortAnswerBody(),
        "description": DescriptionBody(),
    }
    questions: dict[str, QuestionDefinition] = {name: a_question(body) for name, body in bodies.items()}

    judged = [name for name, question in questions.items() if is_judged_by_rule(question)]
    checked = {behaviour: [name for name, one in questions.items() if can_be_checked(behaviour, one)] for behaviour in Behaviour}
    asked = {behaviour: [name for name, one in questions.items() if asks_certainty(behaviour, one)] for behaviour in Behaviour}

    assert judged == ["single", "short"]
    assert {behaviour for behaviour, names in checked.items() if names == judged} == set(AT_ONCE)
    assert {behaviour for behaviour, names in checked.items() if not names} == {Behaviour.DEFERRED, Behaviour.CERTAINTY}
    assert {behaviour for behaviour, names in asked.items() if names == judged} == {Behaviour.CERTAINTY}


@pytest.mark.parametrize(("said", "level"), [(["1"], 1), (["2"], 2), (["3"], 3), (["4"], None), (["x"], None), ([], None)])
def test_certainty_is_one_of_three(said: list[str], level: int | None) -> None:
    """spec/quiz-engine 5.6: anything else is none chosen."""
    assert certainty_of({"certainty": said}) == level
    assert certainty_of(None) is None


def test_what_waits_opens_when_the_question_before_is_finished() -> None:
    """spec/quiz-engine 5.5: locked by a check; where no rule can lock it, answered."""
    survey = a_matrix(survey=True)
    single, essay = a_judge(Behaviour.IMMEDIATE), a_judge(Behaviour.IMMEDIATE, EssayBody())

    assert [is_finished(single, checked, WRONG) for checked in ([], [WRONG])] == [False, True]
    assert [is_finished(essay, [], response) for response in (None, {"answer": [" "]}, {"answer": ["Un texto."]})] == [False, False, True]
    answered = [is_finished(a_judge(Behaviour.IMMEDIATE, survey), [], response) for response in (None, {"1": [""]}, {"1": ["2"]})]
    assert answered == [False, False, True]


@pytest.mark.parametrize(
    ("grading", "percents", "place"),
    [
        (GradingMethod.HIGHEST, [40, 90, 60], 1),
        (GradingMethod.HIGHEST, [90, 90, 60], 0),
        (GradingMethod.LAST, [40, 90, 60], 2),
        (GradingMethod.FIRST, [40, 90, 60], 0),
        (GradingMethod.AVERAGE, [40, 80, 60], 1),
        (GradingMethod.HIGHEST, [None, None], 1),
        (GradingMethod.HIGHEST, [None, 70], 1),
    ],
)
def test_the_attempt_that_decides_is_the_first_by_which_the_grade_was_what_it_is(
    grading: GradingMethod, percents: list[int | None], place: int
) -> None:
    """spec/compulsory 7.2a."""
    grades = [AttemptGrade(number, None if one is None else Fraction(one)) for number, one in enumerate(percents, start=1)]

    assert deciding_index(grading, grades) == place
