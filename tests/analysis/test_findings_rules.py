"""Item findings at their thresholds, on choices, typed answers and layouts (spec/quiz-engine 5.12)."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import comb

import pytest

from analysis.rules.findings import (
    FindingKind,
    FindingStrength,
    ItemFinding,
    ItemSample,
    Outcome,
    PartTable,
    ResponseGroup,
    choice_outcomes,
    findings_in,
    is_near,
    layout_outcomes,
    outcome,
    sample_of,
    strength_of,
    tables_of,
)
from analysis.rules.item_evidence import ItemEvidence, ItemResponses, SplitHalf, Unreached
from analysis.rules.quiz_analysis import end_outcomes, examine
from analysis.rules.significance import (
    FIVE_PERCENT,
    ONE_PER_MILLE,
    ONE_PERCENT,
    Scale,
    correlation_square,
    fewer_tail,
    group_square,
    knows,
    means_square,
    means_tail,
    more_tail,
    tail_of_t,
)
from questions.rules.answers import Answer, GapsAnswer, MultipleChoiceAnswer, SingleChoiceAnswer, TextAnswer, TrueFalseAnswer
from questions.rules.definitions import Body, Gap, GapsBody, MultipleRule, ShortAnswerBody, TrueFalseBody
from tests.support.questions import (
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    dragged_gaps,
    f,
    marked,
    some_gaps,
)
from tests.support.typed_answers import found_typed, typed, wrong

LESS = Fraction(1, 10**6)


def at_least(count: int, whole: int, chance: str) -> Fraction:
    """Return the binomial tail as its definition gives it, by exact fractions."""
    return sum((comb(whole, at) * f(chance) ** at * (1 - f(chance)) ** (whole - at) for at in range(count, whole + 1)), Fraction(0))


def at_most(count: int, whole: int, chance: str) -> Fraction:
    """Return the other tail."""
    return 1 - at_least(count + 1, whole, chance)


A, B, C = SingleChoiceAnswer("a"), SingleChoiceAnswer("b"), SingleChoiceAnswer("c")


def scale_of(*values: int) -> Scale:
    """Return the scale of some values."""
    return Scale(len(values), f(str(sum(values))), f(str(sum(value * value for value in values))))


@pytest.mark.parametrize(
    ("p", "strength"),
    [
        ("1/1000", FindingStrength.CLEAR),
        ("1001/1000000", FindingStrength.LIKELY),
        ("1/100", FindingStrength.LIKELY),
        ("10001/1000000", FindingStrength.SIGN),
        ("1/20", FindingStrength.SIGN),
    ],
)
def test_a_finding_is_as_sure_as_its_test(p: str, strength: FindingStrength) -> None:
    """The words mean the false alarm rate of that very finding: at most 5, 1, 0.1 %."""
    assert strength_of(f(p)) is strength
    assert outcome(f(p), FindingKind.PLACE, 60).finding == ItemFinding(FindingKind.PLACE, strength, 60)


def test_what_chance_gives_more_often_than_in_one_class_of_twenty_is_not_told_but_counts_as_a_test() -> None:
    assert outcome(f("50001/1000000"), FindingKind.PLACE, 60) == Outcome(f("50001/1000000"))
    assert outcome(f("7"), FindingKind.PLACE, 60) == Outcome(f("1"))
    assert outcome(f("0"), FindingKind.PLACE, 60, met=False) == Outcome(f("1"))


@pytest.mark.parametrize(
    ("count", "whole", "expected", "p"),
    [
        (0, 9, "1/4", at_most(0, 9, "1/4")),
        (1, 17, "1/4", at_most(1, 17, "1/4")),
        (4, 16, "1/2", f("2517/65536")),
        (5, 16, "1/2", f("6885/65536")),
        (6, 20, "1/2", f("60460/1048576")),
        (90, 300, "1/4", at_most(90, 300, "1/4")),
        (60, 300, "1/4", at_most(60, 300, "1/4")),
        (0, 1, "19/20", f("1/20")),
        (20, 20, "1/2", f("1")),
    ],
)
def test_few_and_many_are_what_the_binomial_distribution_says(count: int, whole: int, expected: str, p: Fraction) -> None:
    """Exact, also where the normal distribution says otherwise: 6 of 20 where 10 are expected are 5.77 %, not 3.68 %."""
    assert abs(fewer_tail(count, whole, f(expected)) - p) < p / 10**11
    assert more_tail(whole - count, whole, 1 - f(expected)) == fewer_tail(count, whole, f(expected))


def test_parts_of_marks_count_the_whole_ones_that_they_surely_are() -> None:
    assert more_tail(f("15.9"), 16, f("1/2")) == more_tail(15, 16, f("1/2"))
    assert fewer_tail(f("0.1"), 16, f("1/2")) == fewer_tail(1, 16, f("1/2"))
    assert fewer_tail(f("-3"), 16, f("1/2")) == fewer_tail(0, 16, f("1/2")) > 0
    assert more_tail(f("-3"), 16, f("1/2")) == 1


@pytest.mark.parametrize(
    ("beside", "among_all", "told"),
    [
        (ONE_PER_MILLE + LESS, f("-9"), True),
        (ONE_PER_MILLE, f("-1"), False),
        (FIVE_PERCENT + LESS, f("0"), True),
        (FIVE_PERCENT + LESS, -LESS, False),
        (FIVE_PERCENT, f("5"), False),
        (f("-9"), ONE_PERCENT + LESS, True),
        (f("-9"), ONE_PERCENT, False),
    ],
)
def test_who_gives_an_answer_knows_more_where_one_of_three_comparisons_says_so(beside: Fraction, among_all: Fraction, told: bool) -> None:
    assert knows(beside, among_all) is told


def test_squares_have_the_sign_of_their_difference_and_are_nothing_without_one() -> None:
    one, other = scale_of(1, 2, 6), scale_of(4, 1, 1)

    assert correlation_square(one, other, f("12")) == -f("3/4")  # r² = 3/7, downwards
    assert correlation_square(scale_of(1, 2), scale_of(2, 1), f("4")) == 0
    assert correlation_square(scale_of(1, 2, 3), scale_of(2, 4, 6), f("28")) == 10**6
    assert correlation_square(scale_of(1, 2, 3), scale_of(6, 4, 2), f("20")) == -(10**6)
    assert (
        correlation_square(scale_of(2, 2, 2), scale_of(1, 2, 3), f("12"))
        == correlation_square(scale_of(1, 2, 3), scale_of(2, 2, 2), f("12"))
        == 0
    )
    assert means_square(scale_of(5, 5), scale_of(3, 3)) == -means_square(scale_of(3, 3), scale_of(5, 5)) == 10**6
    assert means_square(scale_of(5, 5), scale_of(5, 5)) == means_square(one, Scale(0, f("0"), f("0"))) == 0
    assert (Scale(0, f("0"), f("0")).mean, Scale(0, f("0"), f("0")).variance) == (f("0"), f("0"))
    assert (one.mean, one.variance) == (f("3"), f("14/3"))
    assert group_square(1, f("6"), one) == correlation_square(scale_of(0, 0, 1), one, f("6")) > 0


def responses(body: Body, *given: tuple[Answer, int, int]) -> list[ItemResponses]:
    """Return marked answers of so many, whose rest was so large."""
    return [ItemResponses(marked(body, answer), f(str(rest)), count) for answer, rest, count in given]


def chosen(body: Body, *given: tuple[Answer, int, int]) -> list[ItemFinding]:
    """Return what is found about choices."""
    found = responses(body, *given)
    return list(findings_in(choice_outcomes(a_question(body), found, sample_of(found))))


def test_the_best_are_at_least_a_third_with_all_of_equal_rest() -> None:
    three = responses(a_single(), (A, 3, 2), (B, 3, 1), (C, 2, 2), (A, 1, 4))
    more = responses(a_single(), (A, 3, 2), (C, 2, 2), (B, 2, 1), (A, 1, 4))

    assert sample_of(three) == ItemSample(Scale(9, f("17"), f("39")), 3, f("3"))
    assert sample_of(more) == ItemSample(Scale(9, f("16"), f("34")), 5, f("2"))
    assert sample_of([]) == ItemSample(Scale(0, f("0"), f("0")), 0, f("0"))


def test_each_answer_is_counted_with_who_gave_it() -> None:
    """Attempts, rests, squares of rests, and of the best; blanks are no answer."""
    found = responses(a_single(), (A, 3, 2), (B, 3, 1), (B, 1, 4), (A, 2, 1), (SingleChoiceAnswer(), 1, 9))
    (table,) = tables_of(a_question(a_single()), found, ItemSample(Scale(17, f("26"), f("45")), 3, f("3")))

    assert (table.part, table.guess, table.offered, table.answered) == ("", f("1/3"), ("b", "c"), 8)
    assert table.answers == {
        ("a", f("1")): ResponseGroup("a", f("1"), 3, f("8"), f("22"), 2),
        ("b", f("0")): ResponseGroup("b", f("0"), 5, f("7"), f("13"), 1),
    }
    assert table.key().name == "a"
    assert [rival.name for rival in table.rivals()] == ["b"]


def test_the_key_is_the_right_answer_that_most_gave_or_one_that_nobody_gave() -> None:
    table = PartTable("", None, (), {})
    table.answers = {(name, f("1")): ResponseGroup(name, f("1"), count) for name, count in (("a", 2), ("b", 5), ("c", 3))}

    assert table.key().name == "b"
    assert PartTable("").key() == ResponseGroup("", f("1"), 0, f("0"), f("0"), 0)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (a_single(an_option("a", "1"), an_option("b", "1"), an_option("c", "1/2"), an_option("d")), [("", "1/2", ("d",))]),
        (TrueFalseBody(answer=True), [("", "1/2", ())]),
        (a_matching(), [("one", "1/3", ()), ("two", "1/3", ()), ("three", "1/3", ())]),
        (a_matrix(), [("salud", "1/2", ()), ("prestamo", "1/2", ()), ("vejez", "1/2", ())]),
        (some_gaps(), [("anio", "1/3", ("b", "c"))]),
        (dragged_gaps(), []),
        (a_matrix(survey=True), []),
        (a_short(("sol", "1")), []),
    ],
)
def test_only_what_is_chosen_is_counted_by_choices(body: Body, parts: list[tuple[str, str, tuple[str, ...]]]) -> None:
    tables = tables_of(a_question(body), [], sample_of([]))

    assert [(table.part, table.guess, table.offered) for table in tables] == [(part, f(guess), offered) for part, guess, offered in parts]


def test_a_question_that_chance_answers_is_told_with_its_numbers() -> None:
    """Nothing that is chosen goes with knowing: the key is as good as any; if half knew it, twenty of thirty would have it."""
    assert at_most(10, 30, "2/3") < Fraction(1, 1000)
    equal = [(answer, rest, count) for rest, count in ((3, 10), (1, 20)) for answer in (A, B, C)]

    assert chosen(a_single(), *equal) == [ItemFinding(FindingKind.CHANCE, FindingStrength.CLEAR, 90, "", "a", 30, 30, 10, 10, f("1/3"))]


def test_where_the_best_choose_the_key_surely_more_often_it_is_not_chance() -> None:
    """The share of the best who choose the key is tested against guessing at one per cent."""
    (told,) = chosen(
        TrueFalseBody(answer=True),
        (TrueFalseAnswer(value=True), 2, 60),
        (TrueFalseAnswer(value=False), 2, 44),
        (TrueFalseAnswer(value=True), 1, 1),
    )
    assert told.ailment is FindingKind.CHANCE

    assert (
        chosen(
            TrueFalseBody(answer=True),
            (TrueFalseAnswer(value=True), 2, 70),
            (TrueFalseAnswer(value=False), 2, 30),
            (TrueFalseAnswer(value=True), 1, 30),
        )
        == []
    )


def test_of_two_rivals_the_one_that_knows_most_stands_against_the_key() -> None:
    """Compared are those who chose neither the rival nor the key."""
    body = a_single(an_option("a", "1"), an_option("b"), an_option("c"), an_option("d"))
    found = chosen(body, (B, 9, 30), (C, 6, 20), (SingleChoiceAnswer("d"), 2, 20), (A, 3, 20), (C, 3, 10), (A, 2, 10), (B, 5, 10))

    assert found == [ItemFinding(FindingKind.WRONG_KEY, FindingStrength.CLEAR, 120, "", "b", 40, 50, 30, 0)]


def test_of_several_options_who_took_which_is_told_with_its_numbers() -> None:
    body = a_multiple(MultipleRule.RIGHT_MINUS_WRONG, 2, 1)
    found = chosen(
        body,
        (MultipleChoiceAnswer(("r1", "w1")), 9, 40),
        (MultipleChoiceAnswer(("r1", "r2")), 2, 40),
        (MultipleChoiceAnswer(("r1", "r2", "w1")), 5, 10),
    )

    assert found == [
        ItemFinding(FindingKind.RIGHT_AVOIDED, FindingStrength.CLEAR, 90, "", "r2", 50, 40, 0, 40),
        ItemFinding(FindingKind.WRONG_KEY, FindingStrength.CLEAR, 90, "", "w1", 50, 40, 40, 40),
    ]


def test_an_option_is_unused_below_one_in_twenty_and_far_below_a_fair_share_of_the_wrong() -> None:
    """With one wrong option alone, nobody else could have been taken instead."""
    body = a_single(*(an_option(key, "1" if key == "a" else "0") for key in "abcd"))

    def unused(count: int, wrong: int) -> list[tuple[str, int, int]]:
        found = chosen(body, (A, 9, 100 - wrong), (B, 2, wrong - count), (SingleChoiceAnswer("d"), 1, count), (C, 2, 20))
        return [(one.answer, one.count, one.answers) for one in found if one.ailment is FindingKind.UNUSED_OPTION]

    assert unused(2, 60) == [("d", 2, 120)]
    assert unused(4, 60) == []
    assert unused(0, 12) == []
    assert chosen(a_single(an_option("a", "1"), an_option("b")), (A, 9, 60), (A, 1, 40)) == []
    (told,) = (one for one in chosen(body, (A, 9, 60), (B, 2, 60)) if one.answer == "d")
    assert told == ItemFinding(FindingKind.UNUSED_OPTION, FindingStrength.LIKELY, 120, "", "d", 0)
    assert abs(told.p - f("11/12") ** 60) < LESS


def test_a_part_that_was_left_blank_is_no_wrong_answer_to_it() -> None:
    """Blanks neither make an option look unused nor stand as the rival of a key."""
    body = GapsBody((Gap("anio", a_single()), Gap("mes", a_single())))
    blank = GapsAnswer({"mes": "a"})
    both = [GapsAnswer({"anio": key, "mes": "a"}) for key in "abc"]

    few = chosen(body, (both[0], 9, 38), (both[1], 2, 1), (both[2], 2, 1), (blank, 1, 60))
    best = chosen(body, (both[0], 1, 30), (both[1], 2, 30), (both[2], 2, 30), (blank, 9, 60))

    assert [one for one in (*few, *best) if one.part == "anio" and (one.ailment is FindingKind.UNUSED_OPTION or not one.answer)] == []
    assert [one.answered for one in tables_of(a_question(body), responses(body, (blank, 1, 60)), sample_of(()))] == [0, 60]


@pytest.mark.parametrize(
    ("unreached", "told"),
    [
        (Unreached(30, 15, 1, 4), True),
        (Unreached(29, 15, 1, 4), False),
        (Unreached(30, 15, 251, 1000), False),
        (Unreached(200, 50, 100, 1000), True),
        (Unreached(200, 15, 0, 1000), False),
        (Unreached(200, 16, 0, 1000), True),
        (Unreached(200, 18, 0, 1000), True),
    ],
)
def test_time_is_too_short_where_twice_as_many_stop_as_pass_over(unreached: Unreached, told: bool) -> None:
    """From thirty attempts on, more than one in twenty; as sure as the exact test of that share."""
    share = Fraction(unreached.stopped, unreached.attempts)
    strength = strength_of(at_least(unreached.stopped, unreached.attempts, "1/20"))
    finding = ItemFinding(FindingKind.TOO_LITTLE_TIME, strength, unreached.attempts, count=unreached.stopped, share=share)

    assert findings_in(end_outcomes(unreached)) == ((finding,) if told else ())


def about_marks(*pairs: tuple[str, str, int], given: Sequence[ItemResponses] = ()) -> tuple[ItemFinding, ...]:
    """Examine a short answer by its marks alone: (share, rest, how many)."""
    marks = {(f(share), f(rest)): count for share, rest, count in pairs}
    count = sum(marks.values())
    answered = given or [ItemResponses(marked(a_short(("sol", "1")), TextAnswer("sol")), f("1"), count)]
    return examine(a_question(a_short(("sol", "1"))), ItemEvidence(count, tuple(answered), marks=marks))


def test_what_is_too_easy_or_too_hard_is_told_beyond_one_in_twenty_with_its_test() -> None:
    """spec/quiz-engine 5.12: F above 0.95 or below 0.05, as sure as the exact test of its share; then nothing is said of discrimination.

    Of 100 attempts, 98 right ones are given by one question of eight that 95 % know.
    """
    (easy,), (hard,) = about_marks(("1", "1", 99), ("0", "9", 1)), about_marks(("1", "1", 1), ("0", "9", 99))

    assert (easy, hard) == (
        ItemFinding(FindingKind.TOO_EASY, FindingStrength.SIGN, 100, share=f("0.99")),
        ItemFinding(FindingKind.TOO_HARD, FindingStrength.SIGN, 100, share=f("0.01")),
    )
    assert abs(easy.p - at_least(99, 100, "19/20")) < LESS
    assert abs(hard.p - at_most(1, 100, "1/20")) < LESS
    assert about_marks(("1", "9", 1000), ("0", "1", 3)) == (
        ItemFinding(FindingKind.TOO_EASY, FindingStrength.CLEAR, 1003, share=f("1000/1003")),
    )
    assert about_marks(("1", "1", 98), ("0", "9", 2)) == about_marks(("1", "1", 2), ("0", "9", 98)) == ()
    assert FindingKind.TOO_EASY not in {one.ailment for one in about_marks(("1", "1", 95), ("0", "9", 5))}
    assert FindingKind.TOO_HARD not in {one.ailment for one in about_marks(("1", "9", 5), ("0", "1", 95))}


def test_discrimination_is_told_with_its_value_where_it_is_surely_negative_or_poor() -> None:
    """Below 0, or below a fifth (Ebel and Frisbie 1991), by tests at five per cent."""
    (negative,) = about_marks(("1", "1", 30), ("1", "2", 20), ("0", "2", 30), ("0", "1", 20))
    (weak,) = about_marks(("1", "1", 50), ("1", "2", 50), ("0", "2", 50), ("0", "1", 50))

    assert (negative.ailment, negative.answers, negative.share, negative.strength) == (
        FindingKind.NEGATIVE,
        100,
        f("-1/5"),
        FindingStrength.SIGN,
    )
    assert (weak.ailment, weak.answers, weak.share, weak.strength) == (FindingKind.WEAK, 200, f("0"), FindingStrength.LIKELY)
    (sign,) = about_marks(("1", "1", 33), ("1", "2", 33), ("0", "2", 33), ("0", "1", 33))
    assert (sign.ailment, sign.strength) == (FindingKind.WEAK, FindingStrength.SIGN)
    assert about_marks(("1", "1", 16), ("1", "2", 16), ("0", "2", 16), ("0", "1", 16)) == ()
    assert about_marks(("1", "1", 40), ("1", "2", 60), ("0", "2", 40), ("0", "1", 60)) == ()
    assert about_marks(("1", "1", 50), ("0", "1", 50)) == ()


def test_nothing_is_said_of_fewer_than_thirty_answers() -> None:
    right, none = (ItemResponses(marked(a_short(("sol", "1")), TextAnswer(text)), f("1"), 1) for text in ("sol", ""))
    thirty = [("1", "1", 15), ("0", "9", 15)]
    wrong = examine(a_question(a_short(("sol", "1"))), ItemEvidence(30, (replace(right, count=30),), passed_over=30))
    blank = ItemEvidence(60, (replace(right, count=29), replace(none, count=31)), marks={(f("1"), f("1")): 29}, passed_over=0)

    assert [one.ailment for one in wrong] == [FindingKind.PASSED_OVER]
    assert [one.ailment for one in about_marks(*thirty)] == [FindingKind.NEGATIVE]
    assert about_marks(*thirty[:1], ("0", "9", 14)) == ()
    assert examine(a_question(a_short(("sol", "1"))), blank) == ()


@pytest.mark.parametrize(
    ("early", "late", "told"),
    [
        (SplitHalf(100, f("80"), f("80")), SplitHalf(100, f("60"), f("60")), True),
        (SplitHalf(100, f("60"), f("60")), SplitHalf(100, f("80"), f("80")), True),
        (SplitHalf(30, f("30"), f("30")), SplitHalf(30, f("21"), f("21")), True),
        (SplitHalf(29, f("29"), f("29")), SplitHalf(100, f("50"), f("50")), False),
        (SplitHalf(100, f("50"), f("50")), SplitHalf(29, f("29"), f("29")), False),
        (SplitHalf(1000, f("800"), f("800")), SplitHalf(1000, f("650"), f("650")), True),
        (SplitHalf(1000, f("800"), f("800")), SplitHalf(1000, f("651"), f("651")), False),
        (SplitHalf(40, f("30"), f("30")), SplitHalf(40, f("24"), f("24")), False),
    ],
)
def test_the_place_is_told_from_thirty_answers_in_each_half_and_a_difference_of_fifteen_in_a_hundred(
    early: SplitHalf, late: SplitHalf, told: bool
) -> None:
    """By Welch's test, in both directions."""
    one, other = (Scale(half.count, half.shares, half.squares) for half in (early, late))
    found = examine(a_question(a_single()), ItemEvidence(200, tuple(HEALTHY), marks=HEALTHY_MARKS, early=early, late=late))
    finding = ItemFinding(FindingKind.PLACE, strength_of(means_tail(one, other)), early.count + late.count, share=one.mean - other.mean)

    assert found == ((finding,) if told else ())


def test_a_mean_of_one_answer_differs_from_none() -> None:
    """Welch's test: the smaller group has no degree of freedom."""
    assert means_tail(Scale(1, f("1"), f("1")), Scale(50, f("10"), f("10"))) == 1
    assert means_tail(Scale(50, f("40"), f("40")), Scale(50, f("10"), f("10"))) < ONE_PER_MILLE


HEALTHY = responses(a_single(), (A, 4, 80), (A, 3, 40), (B, 1, 40), (C, 2, 40))


HEALTHY_MARKS = {(f("1"), f("3")): 120, (f("0"), f("1")): 80}


@pytest.mark.parametrize(("passed_over", "told"), [(20, False), (27, False), (28, True), (60, True)])
def test_blanks_are_told_surely_above_one_in_ten(passed_over: int, told: bool) -> None:
    found = examine(a_question(a_single()), ItemEvidence(200, tuple(HEALTHY), marks=HEALTHY_MARKS, passed_over=passed_over))
    strength = strength_of(at_least(passed_over, 200, "1/10"))

    assert found == (
        (ItemFinding(FindingKind.PASSED_OVER, strength, 200, count=passed_over, share=Fraction(passed_over, 200)),) if told else ()
    )


def test_a_wrong_key_is_as_sure_as_its_rival_rises_among_all() -> None:
    """Half of what may be wrong is left to the most chosen rival, half to the others together."""
    given = [(B, 3, 8), (B, 2, 10), (C, 3, 2), (C, 2, 20), (A, 1, 30)]
    (found,) = chosen(a_single(), *given)
    crowd = sample_of(responses(a_single(), *given)).scale
    most_chosen, other = (tail_of_t(group_square(count, f(str(rests)), crowd), 68) for count, rests in ((22, 46), (18, 44)))

    assert found == ItemFinding(FindingKind.WRONG_KEY, FindingStrength.CLEAR, 70, "", "b", 18, 40, 18, 0)
    assert (found.p, other < most_chosen) == (2 * other, True)


def test_two_keys_are_as_sure_as_the_less_sure_of_both_beside_those_who_chose_neither() -> None:
    (found,) = chosen(a_single(), (A, 9, 30), (B, 9, 10), (C, 2, 30), (A, 2, 10))

    assert (found.ailment, found.answer) == (FindingKind.SECOND_KEY, "b")
    assert found.p == 2 * tail_of_t(group_square(40, f("290"), Scale(70, f("350"), f("2590"))), 68)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (((A, 9, 30), (B, 9, 10), (C, 2, 30), (A, 2, 10)), [FindingKind.SECOND_KEY]),
        (((A, 9, 31), (B, 9, 10), (C, 2, 30), (A, 2, 10)), []),
        (((B, 9, 30), (A, 9, 10), (C, 2, 30)), [FindingKind.SECOND_KEY]),
        (((B, 9, 31), (A, 9, 10), (C, 2, 30)), [FindingKind.WRONG_KEY]),
        (((A, 9, 10), (B, 9, 10), (C, 2, 60), (A, 1, 60)), []),
    ],
)
def test_two_are_right_where_the_best_choose_the_rarer_a_third_as_often(
    given: tuple[tuple[Answer, int, int], ...], told: list[FindingKind]
) -> None:
    """Below that one of them is; where the best choose both alike and the key is no key, nothing is said."""
    assert [one.ailment for one in chosen(a_single(), *given)] == told


def test_it_is_not_chance_where_the_best_prefer_an_answer_though_its_authors_know_no_more() -> None:
    """Those who chose it are the best and the weakest, the others lie between."""
    given = [(B, 45, 60), (B, 5, 60), (A, 45, 10), (A, 21, 50), (C, 45, 10), (C, 21, 50)]

    assert chosen(a_single(), *given) == []


def test_one_of_two_wrong_options_is_told_where_all_took_the_other() -> None:
    assert chosen(a_single(), (A, 9, 60), (B, 2, 60)) == [ItemFinding(FindingKind.UNUSED_OPTION, FindingStrength.CLEAR, 120, "", "c", 0)]
    assert chosen(a_single(), (A, 9, 20), (B, 2, 94), (C, 2, 6)) == []


def test_a_gap_to_type_in_hides_no_gap_to_choose_in() -> None:
    body = GapsBody((Gap("nombre", a_short(("sol", "1"))), Gap("anio", a_single())))
    found = responses(body, (GapsAnswer({"nombre": "sol", "anio": "b"}), 2, 7))
    (table,) = tables_of(a_question(body), found, sample_of(found))

    assert (table.part, [(one.name, one.count) for one in table.answers.values()]) == ("anio", [("b", 7)])


def test_an_answer_is_told_from_five_and_two_in_a_hundred_on_and_sooner_where_its_authors_know_as_much_as_all() -> None:
    """The bounds themselves are enough."""
    body, apart = a_short(("sol", "1")), [wrong("", 3, 5), wrong("", 0, 30)]
    close = [wrong("", 2, 10), wrong("", 1, 18), wrong("", 2, 22)]

    assert [one.count for one in found_typed(body, typed(("marte", 5, 15)), Scale(250, f("250"), f("500")), apart)] == [5]
    assert [one.strength for one in found_typed(body, typed(("marte", 10, 20)), Scale(100, f("200"), f("500")), close)] == [
        FindingStrength.LIKELY
    ]


HUNDRED = Scale(100, f("100"), f("200"))
"""A hundred attempts whose rests have the mean 1 and the variance 1."""


NUMBER = a_numerical(("100", "1"), ("50", "0"), ("*", "0"))


@pytest.mark.parametrize(
    ("number", "ailment"),
    [
        ("105", FindingKind.NARROW_TOLERANCE),
        ("95", FindingKind.NARROW_TOLERANCE),
        ("105.1", None),
        ("51", None),
        ("1010", FindingKind.SLIPPED_NUMBER),
        ("1011", None),
        ("0.101", FindingKind.SLIPPED_NUMBER),
        ("-100", FindingKind.SLIPPED_NUMBER),
        ("-200", None),
        ("0", None),
        ("500", None),
    ],
)
def test_a_number_is_nearly_right_within_a_twentieth_and_slipped_within_a_hundredth(number: str, ailment: FindingKind | None) -> None:
    """spec/quiz-engine 5.12: only numbers that have credit count as right; six of a hundred are seldom where two in a hundred mistype:
    1.55 %.
    """
    found = found_typed(NUMBER, typed((number, 6, 6)), HUNDRED)

    assert found == ([] if ailment is None else [ItemFinding(ailment, FindingStrength.SIGN, 100, "", number, 6, share=f("3/50"))])


def test_what_is_typed_is_told_from_five_on_and_above_what_single_people_mistype() -> None:
    """By a test against two in a hundred; the most frequent text stands for its group."""
    many = Scale(250, f("250"), f("500"))

    fewer = Scale(90, f("90"), f("180"))

    assert [one.count for one in found_typed(NUMBER, typed(("105", 5, 5)), fewer)] == [5]
    assert found_typed(NUMBER, typed(("105", 5, 5)), HUNDRED) == []
    assert found_typed(NUMBER, typed(("105", 4, 4)), HUNDRED) == []
    assert found_typed(NUMBER, typed(("105", 8, 8)), many) == []
    (found,) = found_typed(NUMBER, typed(("105", 2, 2), ("104", 4, 4), ("96", 3, 3)), HUNDRED)
    assert (found.answer, found.count, found.strength) == ("104", 9, FindingStrength.CLEAR)


def test_nearly_right_answers_of_those_who_know_less_are_not_told_but_slips_are() -> None:
    """Rests far below the mean."""
    assert found_typed(NUMBER, typed(("105", 8, 0)), HUNDRED) == []
    assert [one.ailment for one in found_typed(NUMBER, typed(("1000", 8, 0)), HUNDRED)] == [FindingKind.SLIPPED_NUMBER]


@pytest.mark.parametrize("part", ["", "nombre"])
def test_another_answer_is_told_where_its_authors_know_more_than_the_others_who_failed(part: str) -> None:
    """spec/quiz-engine 5.12: of what nobody expected the best one, against those who got nothing for this part."""
    short = a_short(("sol", "1"))
    body: Body = short if not part else GapsBody((Gap(part, short),))
    failed = [wrong(part, 3, 10), wrong(part, 0, 30), ItemResponses(marked(short, TextAnswer("sol")), f("3"), 60), wrong("otra", 9, 50)]
    said = typed(("marte", 10, 30), ("venus", 20, 0), ("x", 4, 12), part=part)

    found = found_typed(body, said, Scale(100, f("210"), f("630")), failed)

    assert found == [ItemFinding(FindingKind.OTHER_ANSWER, FindingStrength.CLEAR, 100, part, "marte", 10)]
    assert found_typed(body, typed(("marte", 4, 12), part=part), Scale(100, f("210"), f("630")), failed) == []
    assert found_typed(body, typed(("marte", 10, 30), part=part), Scale(501, f("210"), f("630")), failed) == []


def test_who_left_a_gap_blank_is_not_among_those_whose_answer_to_it_failed() -> None:
    """Beside many blanks of those who know least, any answer would look like knowing."""
    short = a_short(("sol", "1"))
    body = GapsBody((Gap("uno", short), Gap("dos", short)))
    blank = ItemResponses(marked(body, GapsAnswer({"dos": "sol"})), f("0"), 40)
    failed = [wrong("uno", 3, 30), ItemResponses(marked(body, GapsAnswer({"uno": "sol", "dos": "sol"})), f("3"), 30)]
    said = typed(("marte", 9, 27), part="uno")

    assert found_typed(body, said, Scale(100, f("180"), f("540")), [*failed, blank]) == []


def test_a_common_answer_that_does_not_fall_as_knowing_rises_is_told_sooner() -> None:
    """At one per cent instead of one per mille, from one attempt in ten on."""
    failed = [wrong("", 2, 10), wrong("", 1, 18), wrong("", 2, 22)]
    body, said = a_short(("sol", "1")), typed(("marte", 10, 20))

    assert [one.strength for one in found_typed(body, said, Scale(100, f("150"), f("300")), failed)] == [FindingStrength.LIKELY]
    assert found_typed(body, said, Scale(101, f("150"), f("300")), failed) == []
    assert found_typed(body, said, Scale(100, f("250"), f("900")), failed) == []


def test_words_are_near_whatever_their_points_accents_and_spaces() -> None:
    """Several accepted words, in every language; patterns with a star accept more than words and are left out."""
    body = ShortAnswerBody(
        (
            *a_short(("Seguro-social", "1"), ("nada", "0"), ("pens*", "1"), ("*", "0"), ("\\*asterisco", "1")).answers,
            replace(a_short(("x", "1/2")).answers[0], patterns={"es": "retiro", "en": "retirement"}),
        )
    )

    def near(text: str) -> bool:
        return [one.ailment for one in found_typed(body, typed((text, 6, 6)), HUNDRED)] == [FindingKind.SPELLING]

    assert [near(text) for text in ("seguro sosial", "s.e.g.u.r.o social!", "retirment", "retíros", "*asterisko")] == [True] * 5
    assert [near(text) for text in ("nadas", "pensas", "-", "x")] == [False] * 4


@pytest.mark.parametrize(
    ("word", "right", "near"),
    [
        ("brechaa", "brecha", True),
        ("rbecha", "brecha", True),
        ("brehca", "brecha", True),
        ("brxyha", "brecha", False),
        ("bear", "brea", False),
        ("sola", "sol", True),
        ("salo", "sol", False),
        ("ley", "le", False),
        ("salo", "sala", True),
        ("sabo", "sala", False),
        ("pension", "pensión", True),
        ("pemsiom", "pension", False),
        ("pemsione", "pensione", True),
        ("pemziome", "pensione", False),
        ("pensioneses", "pensione", False),
        ("abcdefghij", "badcefghij", True),
        ("abcdefghij", "badcfeghij", False),
    ],
)
def test_one_letter_counts_from_three_on_and_two_from_eight_on(word: str, right: str, near: bool) -> None:
    """Damerau 1964: too many, too few, another, or two exchanged, at the beginning and at the end too."""
    assert is_near(word, right) is near


@pytest.mark.parametrize(
    ("accepted", "typed_", "near"),
    [
        ("RUC", "RCU", True),
        ("RUC", "R.U.K.", True),
        ("SRI", "SRII", True),
        ("OIT", "OTI", True),
        ("IESS", "IES", True),
        ("IESS", "Instituto Ecuatoriano de Seguridad Social", True),
        ("SRI", "Servicio de Rentas Internas", True),
        ("IESS", "Instituto Ecuatoriano de Seguridad Sosial", True),
        ("Organización Internacional del Trabajo", "OIT", True),
        ("OIT", "ILO", True),
        ("OIT", "OIM", False),
        ("IESS", "BIESS", False),
        ("OIT", "ONU", False),
        ("SRI", "RUC", False),
        ("RUC", "CUR", False),
        ("RUC", "R", False),
    ],
)
def test_acronyms_of_three_letters_are_spelled_wrongly_too_and_one_is_no_misspelling_of_another(
    accepted: str, typed_: str, near: bool
) -> None:
    """Their own names written out are near; another institution is another answer."""
    found = found_typed(a_short((accepted, "1")), typed((typed_, 8, 8)), HUNDRED)

    assert [one.ailment for one in found] == ([FindingKind.SPELLING] if near else [])


def test_accepted_words_are_compared_in_small_letters_and_patterns_not_at_all() -> None:
    body = a_short(("IESS", "1"), ("pens*", "1"))

    assert [one.ailment for one in found_typed(body, typed(("ies", 6, 6)), HUNDRED)] == [FindingKind.SPELLING]
    assert found_typed(body, typed(("penso", 6, 6)), HUNDRED) == []
    assert is_near("pemsiome", "pensione")
    assert not is_near("pemsiom", "pension")


def papers(*, values: dict[tuple[int, int], int] | None = None, firsts: tuple[int, int, int, int] | None = None) -> list[ItemFinding]:
    """Return what is found about papers: of (value, right or wrong) so many; of two options who took which, by the one that stood first."""
    counted = {"x": {(f(str(value)), f(str(share))): count for (value, share), count in values.items()}} if values else {}
    places = dict(zip((("a", "a"), ("b", "a"), ("a", "b"), ("b", "b")), firsts, strict=True)) if firsts else {}
    return list(findings_in(layout_outcomes(ItemEvidence(0, (), values=counted, firsts=places))))


def test_values_that_make_a_question_harder_are_found_from_thirty_in_each_half_and_fifteen_in_a_hundred_on() -> None:
    """The lower half ends with the value that half of the attempts do not exceed."""
    told = {(1, 1): 24, (1, 0): 6, (2, 1): 9, (2, 0): 21}

    assert papers(values=told) == [ItemFinding(FindingKind.VALUES, FindingStrength.CLEAR, 60, answer="x 1", share=f("1/2"))]
    assert papers(values=told | {(2, 0): 20}) == []
    assert [(one.answer, one.share) for one in papers(values={(1, 1): 24, (1, 0): 6, (2, 1): 2, (3, 1): 9, (3, 0): 21})] == [
        ("x 2", f("41/80"))
    ]
    assert [one.share for one in papers(values={(1, 1): 650, (1, 0): 350, (2, 1): 500, (2, 0): 500})] == [f("3/20")]
    assert papers(values={(1, 1): 649, (1, 0): 351, (2, 1): 500, (2, 0): 500}) == []
    assert papers(values={(1, 1): 18, (1, 0): 12, (2, 1): 13, (2, 0): 17}) == []


@pytest.mark.parametrize(
    ("firsts", "told"),
    [
        ((30, 10, 10, 30), (FindingStrength.CLEAR, 80, 60, "1/4")),
        ((26, 14, 14, 26), (FindingStrength.LIKELY, 80, 52, "3/20")),
        ((25, 15, 15, 25), (FindingStrength.SIGN, 80, 50, "1/8")),
        ((23, 17, 17, 23), None),
        ((13, 2, 2, 13), (FindingStrength.CLEAR, 30, 26, "11/30")),
        ((13, 2, 1, 13), None),
        ((2750, 2250, 2250, 2750), (FindingStrength.CLEAR, 10000, 5500, "1/20")),
        ((2700, 2300, 2300, 2700), None),
        ((10, 30, 30, 10), None),
        ((40, 20, 0, 0), None),
    ],
)
def test_the_first_place_is_found_where_it_draws_one_in_twenty_more_than_its_options_do_elsewhere(
    firsts: tuple[int, int, int, int], told: tuple[FindingStrength, int, int, str] | None
) -> None:
    """From thirty answers on; where the order is always the same nothing can be compared."""
    expected = [ItemFinding(FindingKind.FIRST_PLACE, told[0], told[1], count=told[2], share=f(told[3]))] if told else []

    assert papers(firsts=firsts) == expected
