"""Balanced draws and parallel forms: question sets that are about equally hard (spec/selection 1).

spec/selection 1.9 to 1.17, 1.20, 1.21, 7.1.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from itertools import combinations, product
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questions.rules.item_layout import SeededRandom
from quizzes.rules import balanced_draw
from quizzes.rules.balanced_draw import (
    Balance,
    DrawPlan,
    FrozenBalance,
    ParallelForm,
    QuestionSets,
    TooManySums,
    assemble_forms,
    candidates_of,
    draw_balanced,
    draw_set,
    facility_key,
    form_in_turn,
    form_of_pair,
    forms_seed,
    has_even_marks,
    known_facility,
    meets_enemies,
    named_forms,
    plan_draws,
    range_of,
    reaches_over_cells,
    spread_of,
    sum_counts,
    unseen_form,
    without_variants,
)
from quizzes.rules.layout import Candidate, SlotEntry
from tests.support.golden_bank import BANK, GOLDEN, PLAN, SETS, entry, keys, rows
from tests.support.questions import f


@pytest.mark.parametrize(
    ("count", "shares", "difficulty", "expected", "facility"),
    [
        (0, f("0"), "medium", None, 60),
        (50, f("45"), "easy", None, 88),
        (30, f("21.5"), "hard", None, 64),
        (30, f("15"), "", None, 53),
        (1000, f("712"), "medium", None, 71),
        (0, f("0"), "", f("62.5"), 63),
    ],
)
def test_the_known_facility_of_a_question(count: int, shares: Fraction, difficulty: str, expected: Fraction | None, facility: int) -> None:
    """spec/selection 1.9."""
    assert known_facility(count, shares, difficulty, expected) == facility


def test_no_mean_beyond_the_mark_or_below_nought_is_a_facility() -> None:
    """spec/selection 1.9: an integer from 0 to 100, whatever penalties give."""
    assert known_facility(1000, f(-400), "hard") == 0
    assert known_facility(1000, f(1400), "easy") == 100


@pytest.mark.parametrize(
    ("limit", "number"),
    [
        (10, 9),
        (2**64, 9629404360169675609),
        (2**64 + 1, 5103934832045966095),
        (10**30, 814312880254262594011777375848),
    ],
)
def test_chance_beyond_sixty_four_bits(limit: int, number: int) -> None:
    """spec/selection 1.13."""
    assert SeededRandom(1, "blueprint", "draw").below(limit) == number


def test_the_window_of_the_golden_bank() -> None:
    """spec/selection 1.11 and 1.14: Σ of means 1739/5 → T 348, D 10."""
    assert (PLAN.low, PLAN.high, PLAN.whole) == (338, 358, 5)
    assert PLAN.expected(358) == Fraction(358, 5)


def test_all_question_sets_of_the_golden_bank_in_order() -> None:
    """spec/selection 1.12 and 1.14: N = 42 of 162, equal to the enumeration."""
    found = [SETS.numbered(number) for number in range(SETS.total)]

    assert [(keys(cells), str(total)) for cells, total in found] == [(row["paper"], row["sum"]) for row in rows("draw-sets.csv")]
    assert sum(sum_counts(PLAN.cells).values()) == 162
    assert sum(count for total, count in sum_counts(PLAN.cells).items() if PLAN.low <= total <= PLAN.high) == SETS.total == 42


@pytest.mark.parametrize("row", rows("draw.csv"), ids=lambda row: row["seed"])
def test_the_question_set_that_a_seed_gives(row: dict[str, str]) -> None:
    """spec/selection 1.12 and 1.14."""
    found = draw_set(SETS, int(row["seed"], 16))

    assert found is not None
    assert keys(found.cells) == row["paper"]
    assert f"{float(PLAN.expected(found.total)):.1f}" == row["expected_percent"]


def test_the_exposure_of_each_question_of_the_golden_bank() -> None:
    """spec/selection 1.14: every allowed question set is equally likely."""
    found = [keys(SETS.numbered(number)[0]).split() for number in range(SETS.total)]

    assert {row["item"]: int(row["papers"]) for row in rows("draw-exposure.csv")} == {
        key: sum(key in drawn for drawn in found) for key in BANK
    }


def test_marks_are_brought_to_whole_numbers_first() -> None:
    """spec/selection 1.11 and 12: marks 1/3 and 1/7."""
    plan = plan_draws([entry("a1 a2", 1, Fraction(1, 3)), entry("b1 b2", 1, Fraction(1, 7))], BANK, Balance())

    assert plan.whole == 10
    assert [item.value for item in plan.cells[0].items] == [7 * 90, 7 * 75]
    assert plan.high - plan.low == 20


def test_a_target_replaces_the_mean_of_the_pools() -> None:
    """spec/selection 1.11: T = target · Σ mark."""
    plan = plan_draws(GOLDEN, BANK, Balance(f("0.5"), f("65.3")))

    assert (plan.low, plan.high) == (324, 329)


def test_all_facilities_equal_and_pools_of_nothing_and_everything() -> None:
    """spec/selection 12: all f equal; a pool with f 0 and 100 only; `within` 0 with odd sums."""
    equal = QuestionSets(plan_draws(GOLDEN, dict.fromkeys(BANK, 70), Balance(f(0))))
    assert equal.total == 162
    extreme = [entry("a1 a2", 1), entry("b1 b2", 1)]
    assert QuestionSets(plan_draws(extreme, {"a1": 0, "a2": 100, "b1": 0, "b2": 100}, Balance(f(0)))).total == 2
    assert QuestionSets(plan_draws([entry("a1 a2", 1)], {"a1": 0, "a2": 100}, Balance(f(0)))).total == 0
    assert draw_set(QuestionSets(plan_draws([entry("a1 a2", 1)], {"a1": 0, "a2": 100}, Balance(f(0)))), 1) is None


def test_marks_that_differ_in_a_draw_cannot_be_balanced() -> None:
    assert has_even_marks(entry("a1 a2", 1))
    assert not has_even_marks(SlotEntry((Candidate("a", 1, f(1)), Candidate("b", 1, f(2)))))
    assert has_even_marks(SlotEntry((Candidate("a", 1, f(1)), Candidate("b", 1, f(2))), mark=f(3)))


def test_enemies_and_families_over_two_draws_are_passed_over() -> None:
    """spec/selection 1.15: still uniform over what is allowed, and given up after so many."""
    one, other = Candidate("a1", 1, enemies=frozenset({"b1"})), Candidate("a2", 1)
    entries = [SlotEntry((one, other)), SlotEntry((Candidate("b1", 1), Candidate("b2", 1, family="x")))]
    plan = plan_draws(entries, BANK, Balance(f(100)))
    sets = QuestionSets(plan)
    found = [draw_set(sets, seed) for seed in range(60)]

    assert reaches_over_cells(plan)
    assert not reaches_over_cells(PLAN)
    assert {keys(one.cells) for one in found if one} == {"a1 b2", "a2 b1", "a2 b2"}
    assert any(one.passed_over for one in found if one)
    assert meets_enemies(((one,), (Candidate("b1", 1),)))
    only = [SlotEntry((one,)), SlotEntry((Candidate("b1", 1),))]
    assert draw_set(QuestionSets(plan_draws(only, BANK, Balance(f(100)))), 1) is None


def test_a_question_in_two_draws_is_taken_once() -> None:
    """spec/quiz-engine 5.2.4: without replacement inside the attempt."""
    sets = QuestionSets(plan_draws([entry("a1 a2", 1), entry("a1 a3", 1)], BANK, Balance(f(100))))

    assert reaches_over_cells(sets.plan)
    assert all(len(set(keys(found.cells).split())) == 2 for seed in range(30) if (found := draw_set(sets, seed)))


def test_a_learner_gets_what_they_have_seen_least_as_far_as_it_can_be_balanced() -> None:
    """spec/selection 1.17: L is the smallest number for which N > 0."""
    frozen = FrozenBalance(Balance(f(2)), BANK)
    seen = {"a1": 1, "b1": 1, "c1": 1, "c3": 2}

    drawn = [draw_balanced(GOLDEN, frozen, seed, seen, lambda: SETS) for seed in range(40)]
    fresh = [draw_balanced(GOLDEN, frozen, seed, {}, lambda: SETS) for seed in range(8)]

    assert all(found is not None and "c3" not in keys(found.slots) for found in drawn)
    assert {found.least_seen for found in drawn if found} <= {0, 1}
    assert [keys(found.slots) for found in fresh if found] == [row["paper"] for row in rows("draw.csv")[:8]]
    too_few_left = draw_balanced(GOLDEN, frozen, 0, dict.fromkeys(("b1", "b2", "b3"), 1), lambda: SETS)
    first = fresh[0]
    assert first is not None
    assert too_few_left == replace(first, least_seen=1)
    everything = dict.fromkeys(BANK, 1)
    assert draw_balanced(GOLDEN, frozen, 0, everything, lambda: SETS) == replace(first, least_seen=1)
    assert draw_balanced(GOLDEN, frozen, 0, seen, lambda: SETS, least_seen=2) == replace(first, least_seen=2)
    assert draw_balanced(GOLDEN, frozen, 0, everything, lambda: SETS, least_seen=0) is None
    assert draw_balanced([entry("a1 a2", 1)], FrozenBalance(Balance(f(0)), {"a1": 0, "a2": 100}), 0, {}, lambda: EMPTY) is None


EMPTY = QuestionSets(plan_draws([entry("a1 a2", 1)], {"a1": 0, "a2": 100}, Balance(f(0))))


def test_what_balancing_gives_is_a_range_of_expected_scores() -> None:
    """spec/selection 1.18: of the golden bank, free and balanced."""
    free, balanced = spread_of(PLAN, balanced=False), spread_of(PLAN, balanced=True)

    assert free is not None
    assert balanced is not None
    assert (float(balanced.low), float(balanced.high)) == (67.6, 71.6)
    assert free.low < balanced.low < balanced.high < free.high
    assert round(float(free.variance) ** 0.5, 2) == 6.36
    assert spread_of(EMPTY.plan, balanced=True) is None


@st.composite
def some_plans(draw: st.DrawFn) -> DrawPlan:
    """Small draws with any facilities and families."""
    entries, facilities = [], {}
    for cell in range(draw(st.integers(1, 3))):
        pool = []
        for at in range(draw(st.integers(1, 5))):
            key = f"{'abc'[cell]}{at}"
            facilities[key] = draw(st.integers(0, 100))
            pool.append(Candidate(key, 1, family=draw(st.sampled_from(["", f"f{cell}", f"g{cell}"]))))
        entries.append(SlotEntry(tuple(pool), draw(st.integers(1, 3))))
    return plan_draws(entries, facilities, Balance(draw(st.sampled_from([f(0), f(3), f(20)]))))


def enumerated(plan: DrawPlan) -> list[tuple[str, int]]:
    """Return the allowed question sets by trying all, in lexicographic order."""
    choices = []
    for cell in plan.cells:
        items = [(at, item) for at, family in enumerate(cell.families) for item in family]
        choices.append([one for one in combinations(items, cell.count) if len({at for at, _item in one}) == cell.count])
    found = []
    for chosen in product(*choices):
        items = [item for cell in chosen for _at, item in cell]
        total = sum(item.value for item in items)
        if plan.low <= total <= plan.high:
            found.append((" ".join(item.candidate.question for item in items), total))
    return found


@settings(max_examples=150)
@given(some_plans())
def test_counting_is_the_same_as_trying_all(plan: DrawPlan) -> None:
    """spec/selection 1.12."""
    sets = QuestionSets(plan)

    assert [(keys(cells), total) for cells, total in map(sets.numbered, range(sets.total))] == enumerated(plan)


def test_a_draw_of_almost_all_questions_is_counted() -> None:
    """spec/selection 1.12: fewer of them can be taken in more ways than all that are wanted."""
    entries = [entry("c1 c2 c3", 2), SlotEntry(tuple(Candidate(f"q{at:02}", 1) for at in range(12)), 11)]
    plan = plan_draws(entries, {**BANK, **{f"q{at:02}": 40 + at * at % 37 for at in range(12)}}, Balance(f(3)))
    sets = QuestionSets(plan)

    assert [(keys(cells), total) for cells, total in map(sets.numbered, range(sets.total))] == enumerated(plan)
    assert sets.total > 8


def test_more_question_sets_than_a_byte_holds_are_counted() -> None:
    """spec/selection 1.12: 792 ways of one draw, 245,025 of two."""
    twelve = [SlotEntry(tuple(Candidate(f"{name}{at:02}", 1) for at in range(12)), 4 if name == "q" else 5) for name in "pq"]
    plan = plan_draws(twelve, {one.question: at for entry in twelve for at, one in enumerate(entry.pool)}, Balance(f(100)))
    sets = QuestionSets(plan)

    assert QuestionSets(plan_draws(twelve[:1], {}, Balance(f(0)))).total == 792
    assert sets.total == 792 * 495
    assert keys(sets.numbered(0)[0]) == "p00 p01 p02 p03 p04 q00 q01 q02 q03"
    assert keys(sets.numbered(sets.total - 1)[0]) == "p07 p08 p09 p10 p11 q08 q09 q10 q11"


def a_large_quiz(cells: int, size: int, count: int) -> tuple[list[SlotEntry], dict[str, int]]:
    facilities = {f"m{cell}q{at:02}": 30 + (cell * 37 + at * 11) % 65 for cell in range(cells) for at in range(size)}
    entries = [SlotEntry(tuple(Candidate(f"m{cell}q{at:02}", 1) for at in range(size)), count) for cell in range(cells)]
    return entries, facilities


def a_large_plan(cells: int, size: int, count: int) -> DrawPlan:
    return plan_draws(*a_large_quiz(cells, size, count), Balance())


def test_a_count_that_would_take_too_much_memory_is_refused() -> None:
    """spec/selection 12: a draw of 400 from 500."""
    with pytest.raises(TooManySums):
        QuestionSets(a_large_plan(1, 500, 400))
    assert balanced_draw.MOST_NUMBERS < 10**7


@pytest.mark.slow
def test_thirty_six_thousand_question_sets_are_within_the_bound_and_within_the_bars() -> None:
    """spec/selection 12: the table of 10 draws of 4 from 60 in at most 2 s, one draw in at most 2 ms."""
    begun = process_time()
    sets = QuestionSets(a_large_plan(10, 60, 4))
    built = process_time()
    found = [draw_set(sets, seed) for seed in range(36_000)]
    drawn = process_time()

    assert built - begun <= 2
    assert (drawn - built) / 36_000 <= 0.002
    assert all(one is not None and sets.plan.low <= one.total <= sets.plan.high for one in found)


@pytest.mark.slow
def test_a_retake_without_the_questions_of_before_is_drawn_within_its_bar() -> None:
    """spec/selection 12: a new count over the questions that the learner has seen least, 50 ms: 1.25 times a table of their size."""
    entries, facilities = a_large_quiz(10, 60, 4)
    sets = QuestionSets(a_large_plan(10, 60, 4))
    first = draw_set(sets, 1)
    assert first is not None
    seen = {one.question: 1 for cell in first.cells for one in cell}

    table, retake = [], []
    for _try in range(5):
        begun = process_time()
        QuestionSets(a_large_plan(10, 60, 4))
        built = process_time()
        drawn = draw_balanced(entries, FrozenBalance(Balance(), facilities), 2, seen, lambda: sets)
        table.append(built - begun)
        retake.append(process_time() - built)

    assert min(retake) <= 1.25 * min(table)
    assert drawn is not None
    assert not {one.question for cell in drawn.slots for one in cell} & set(seen)


def test_a_question_has_a_facility_by_its_key_and_a_variant_by_its_own() -> None:
    """spec/selection 1.10 and 2.5."""
    assert (facility_key("a1"), facility_key("a1", "n=1")) == ("a1", "a1 n=1")


def test_variants_are_drawn_one_by_one_and_of_forms_not_at_all() -> None:
    """spec/selection 2.5; without an answer or a judgement a facility is 0."""
    one = SlotEntry((Candidate("a1", 1, variants=("n=1", "n=2")),))

    (cell,) = plan_draws([one], {"a1 n=1": 70}, Balance()).cells

    assert [(item.candidate, item.value) for item in cell.items] == [
        (Candidate("a1", 1, variant="n=1"), 70),
        (Candidate("a1", 1, variant="n=2"), 0),
    ]
    assert without_variants([one]) == [SlotEntry((Candidate("a1", 1),))]


def test_a_text_between_the_questions_has_no_mark_to_balance() -> None:
    """spec/selection 1.11: Σ mark."""
    text = SlotEntry((Candidate("nota", 1, f(1), numbered=False),))

    assert plan_draws([text, entry("a1 a2", 1)], {**BANK, "nota": 50}, Balance()).whole == 1


def test_the_numbers_that_are_kept_are_counted_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: by draw families · questions to take · sums: 4·2·173 + 4·2·331 + 3·1·426 of the golden bank."""
    monkeypatch.setattr(balanced_draw, "MOST_NUMBERS", 5310)
    assert QuestionSets(PLAN).size == 5310

    monkeypatch.setattr(balanced_draw, "MOST_NUMBERS", 5309)
    with pytest.raises(TooManySums, match="5310"):
        QuestionSets(PLAN)


def test_a_fixed_question_that_was_seen_stands_in_a_set_of_unseen_ones() -> None:
    """spec/selection 1.17: L counts for what is drawn."""
    entries = [entry("c1", 1), entry("a1 a2", 1)]
    sets = QuestionSets(plan_draws(entries, BANK, Balance(f(100))))

    found = draw_balanced(entries, FrozenBalance(Balance(f(100)), BANK), 0, {"c1": 1, "a1": 1}, lambda: sets)

    assert found is not None
    assert (keys(found.slots), found.least_seen) == ("c1 a2", 0)


def test_who_has_seen_nothing_is_drawn_for_by_the_counting_of_all() -> None:
    """spec/selection 1.17 and 12: which is the same for everybody, and made once."""
    frozen = FrozenBalance(Balance(f(2)), BANK)

    found = draw_balanced(GOLDEN, frozen, 0, {}, lambda: SETS)

    assert found is not None
    assert found.least_seen == 0
    assert draw_balanced(GOLDEN, frozen, 0, {}, lambda: EMPTY) is None


def test_a_question_reaches_over_a_draw_between() -> None:
    """spec/selection 1.15."""
    entries = [entry("a1 a2", 1), entry("b1 b2", 1), entry("a1 a3", 1)]

    assert reaches_over_cells(plan_draws(entries, BANK, Balance(f(100))))


def test_nineteen_of_twenty_question_sets_are_in_the_range() -> None:
    """spec/selection 1.18: of eighty from 1 to 80 %, a fortieth on each side is left out."""
    percents = {f"q{at:02}": at for at in range(1, 81)}

    found = spread_of(plan_draws([entry(" ".join(percents), 1)], percents, Balance()), balanced=False)

    assert found is not None
    assert (found.low, found.high) == (2, 78)


def test_question_sets_of_one_sum_are_counted_together() -> None:
    """spec/selection 1.12."""
    plan = plan_draws([entry("a1 a2 a3", 2)], {"a1": 70, "a2": 70, "a3": 60}, Balance())

    assert sum_counts(plan.cells) == {140: 1, 130: 2}


WITHIN = Balance(f(2))
WIDE = {f"{name}{number}": 60 + 5 * number for name in "ab" for number in range(6)}


def wide_plan(within: Balance = WITHIN) -> DrawPlan:
    """Return the plan of two draws of one from six questions each."""
    return plan_draws([entry(" ".join(f"{name}{number}" for number in range(6)), 1) for name in "ab"], WIDE, within)


@pytest.mark.parametrize("row", rows("draw-forms.csv"), ids=lambda row: row["seed"])
def test_two_forms_of_the_golden_bank(row: dict[str, str]) -> None:
    """spec/selection 1.20: the first becomes the next question set until one is found beside it."""
    found = assemble_forms(PLAN, WITHIN, int(row["seed"], 16), 2)

    assert found is not None
    assert found[0].passed_over == int(row["passed_over"])
    assert [(keys(one.cells), str(one.total)) for one in found] == [(row["A"], row["sum_A"]), (row["B"], row["sum_B"])]
    assert SETS.numbered(int(row["number_A"]))[0] == found[0].cells


def test_the_second_form_of_the_golden_bank_is_one_of_those_that_a_search_finds() -> None:
    """spec/selection 1.20: equal to the enumeration of all question sets, by items, families and half the bound."""
    row = rows("draw-forms.csv")[0]
    first, total = SETS.numbered(int(row["number_A"]))
    used = {one.family or one.question for cell in first for one in cell}
    beside = [
        keys(cells)
        for cells, own in (SETS.numbered(number) for number in range(SETS.total))
        if abs(own - total) <= 5 and not any((one.family or one.question) in used for cell in cells for one in cell)
    ]

    assert len(beside) == int(row["papers_for_B"])
    assert row["B"] in beside


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("number", [2, 3])
def test_forms_share_no_question_and_are_within_half_the_bound(seed: int, number: int) -> None:
    """spec/selection 1.20: each against all before."""
    plan = wide_plan(Balance(f(10)))

    found = assemble_forms(plan, Balance(f(10)), seed, number)

    assert found is not None
    assert len(found) == number
    for one, other in combinations(found, 2):
        assert abs(one.total - other.total) <= 10 * plan.whole / 2
        assert not set(keys(one.cells).split()) & set(keys(other.cells).split())
    assert all(plan.low <= one.total <= plan.high for one in found)


@pytest.mark.parametrize("seed", range(6))
def test_the_first_form_is_any_and_the_second_one_any_beside_it(seed: int) -> None:
    """spec/selection 1.20: A and B by streams of their own, B of the 25 sets without a question of A."""
    plan = plan_draws([SlotEntry(tuple(Candidate(f"{name}{at}", 1) for at in range(6))) for name in "ab"], WIDE, Balance(f(100)))
    numbers = SeededRandom(seed, "form:A", "draw").below(36), SeededRandom(seed, "form:B", "draw").below(25)
    first = QuestionSets(plan).numbered(numbers[0])[0]
    beside = [one for one in enumerated(plan) if not set(one[0].split()) & set(keys(first).split())]

    found = assemble_forms(plan, Balance(f(100)), seed, 2)

    assert found is not None
    assert [keys(one.cells) for one in found] == [keys(first), beside[numbers[1]][0]]
    assert found[0].passed_over == 0


def test_forms_within_nothing_have_the_same_sum() -> None:
    """spec/selection 1.20: D/2 may be 0."""
    nothing = Balance(f(0))

    found = assemble_forms(plan_draws([entry("a1 a2", 1)], {"a1": 70, "a2": 70}, nothing), nothing, 0, 2)

    assert found is not None
    assert {one.total for one in found} == {70}


@pytest.mark.parametrize(
    ("entries", "facilities", "within"),
    [
        ([entry("a1 a2 a3", 2)], BANK, f(100)),
        ([entry("a1", 1), entry("b1", 1)], BANK, f(100)),
        ([entry("a1 a2", 1)], {"a1": 0, "a2": 100}, f(60)),
        ([entry("a4 a5", 1)], BANK, f(100)),
        ([entry("a1 a2", 1)], {"a1": 0, "a2": 100}, f(0)),
    ],
    ids=["too few", "nothing drawn", "too far apart", "one family", "no set"],
)
def test_forms_that_cannot_be_found(entries: list[SlotEntry], facilities: dict[str, int], within: Fraction) -> None:
    """spec/selection 1.20."""
    assert assemble_forms(plan_draws(entries, facilities, Balance(within)), Balance(within), 0, 2) is None


def test_fixed_questions_stand_in_every_form() -> None:
    plan = plan_draws([entry("c1", 1), entry("a1 a2", 1)], BANK, Balance(f(100)))

    found = assemble_forms(plan, Balance(f(100)), 0, 2)

    assert found is not None
    assert sorted(keys(one.cells) for one in found) == ["c1 a1", "c1 a2"]


def test_no_form_has_enemies() -> None:
    """spec/selection 1.7: also not over two draws."""
    one = Candidate("a1", 1, enemies=frozenset({"b1"}))
    entries = [SlotEntry((one, Candidate("a2", 1))), SlotEntry((Candidate("b1", 1), Candidate("b2", 1)))]
    plan = plan_draws(entries, BANK, Balance(f(100)))

    for seed in range(20):
        found = assemble_forms(plan, Balance(f(100)), seed, 2)
        assert found is not None
        assert sorted(keys(form.cells) for form in found) == ["a1 b2", "a2 b1"]


def test_the_search_ends_after_so_much_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: the check and a publication end in time."""
    monkeypatch.setattr(balanced_draw, "MOST_COUNTED", 0)

    assert assemble_forms(PLAN, WITHIN, 4, 2) is None
    assert assemble_forms(PLAN, WITHIN, 0, 6) is None


@pytest.mark.parametrize(("seed", "counted"), [(4, 13054), (6, 5004)])
def test_the_search_ends_with_the_first_number_too_many(seed: int, counted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.20: all that is counted for first forms without a second one is added up."""
    monkeypatch.setattr(balanced_draw, "MOST_COUNTED", counted)
    assert assemble_forms(PLAN, WITHIN, seed, 2) is not None

    monkeypatch.setattr(balanced_draw, "MOST_COUNTED", counted - 1)
    assert assemble_forms(PLAN, WITHIN, seed, 2) is None


def test_the_seed_of_a_quiz_version_follows_from_its_key_and_its_draws() -> None:
    """spec/selection 1.20: the check finds the forms that the publication finds."""
    assert forms_seed("final", GOLDEN) == forms_seed("final", GOLDEN)
    assert forms_seed("final", GOLDEN) != forms_seed("inicial", GOLDEN)
    assert forms_seed("final", GOLDEN) != forms_seed("final", GOLDEN[:2])
    assert 0 <= forms_seed("final", GOLDEN) < 2**64
    two = [entry("a2 a1", 1), entry("b1", 1)]
    assert forms_seed("final", two) == int.from_bytes(sha256(b"final\n1 None a1 a2\n1 None b1").digest()[:8], "big")


def test_learners_get_the_forms_in_turn_and_then_a_draw() -> None:
    """spec/selection 1.21."""
    found = assemble_forms(PLAN, WITHIN, 0, 2)
    assert found is not None
    forms = named_forms(PLAN, found)

    assert [form_in_turn(forms, 6, number) for number in (1, 2, 3)] == [forms[0], forms[1], None]
    assert [form_in_turn(forms, 7, number) for number in (1, 2, 3)] == [forms[1], forms[0], None]


def test_of_three_forms_each_follows_the_one_before() -> None:
    """spec/selection 1.21."""
    forms = [ParallelForm(name, (), Fraction(70)) for name in "ABC"]

    assert [form_in_turn(forms, 6, number) for number in (1, 2, 3, 4)] == [*forms, None]


def test_a_draw_from_two_questions_is_one_that_was_seen() -> None:
    """spec/selection 7.1."""
    forms = [ParallelForm(name, ((key,),), Fraction(70)) for name, key in (("A", "a1"), ("B", "a2"))]

    assert unseen_form(forms, [entry("a1 a2", 1)], ("a1",), 6) == forms[1]


def test_a_form_names_its_questions() -> None:
    found = assemble_forms(PLAN, WITHIN, 0, 2)
    assert found is not None
    forms = named_forms(PLAN, found)

    assert [(form.name, form.expected) for form in forms] == [("A", Fraction(347, 5)), ("B", Fraction(343, 5))]
    assert range_of(forms) == Fraction(4, 5)
    assert candidates_of(forms[1], GOLDEN) == [list(cell) for cell in found[1].cells]


PAIR_DRAWS = [entry("fija", 1), entry("a1 a2 a3 a4", 2)]
PAIR = tuple(ParallelForm(name, (("fija",), cell), Fraction(70)) for name, cell in (("A", ("a1", "a2")), ("B", ("a3", "a4"))))


@pytest.mark.parametrize(
    ("letters", "seen", "seed", "is_initial", "letter"),
    [
        ((), (), 6, True, "A"),
        ((), (), 7, True, "B"),
        ((), ("fija", "a1"), 6, False, "B"),
        ((), ("fija", "a1"), 7, False, "B"),
        ((), ("a1", "a4"), 6, False, None),
        (("B",), ("a3", "a4"), 6, True, "B"),
        (("B",), ("a3", "a4"), 6, False, "A"),
        (("B", "A"), ("a1", "a2", "a3", "a4"), 6, False, None),
        (("C",), (), 6, True, None),
    ],
)
def test_the_form_of_one_of_two_tests(letters: Sequence[str], seen: Sequence[str], seed: int, is_initial: bool, letter: str | None) -> None:
    """spec/selection 7.1: half begin with A; nothing drawn was seen before; the initial test keeps its form, the final one goes on."""
    form = form_of_pair(PAIR, PAIR_DRAWS, seed, letters=letters, seen=frozenset(seen), is_initial=is_initial)

    assert (form.name if form else None) == letter
