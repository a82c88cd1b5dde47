"""Parallel forms: question sets of a quiz without a common drawn question, about equally hard (spec/selection 1.20 and 1.21)."""

from fractions import Fraction
from itertools import combinations

import pytest

from quizzes.rules import balanced_draw
from quizzes.rules.balanced_draw import (
    Balance,
    DrawPlan,
    assemble_forms,
    candidates_of,
    form_in_turn,
    forms_seed,
    named_forms,
    plan_draws,
    range_of,
)
from quizzes.rules.layout import Candidate, SlotEntry
from tests.support.golden_bank import BANK, GOLDEN, PLAN, SETS, entry, keys, rows
from tests.support.questions import f

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


def test_the_seed_of_a_quiz_version_follows_from_its_key_and_its_draws() -> None:
    """spec/selection 1.20: the check finds the forms that the publication finds."""
    assert forms_seed("final", GOLDEN) == forms_seed("final", GOLDEN)
    assert forms_seed("final", GOLDEN) != forms_seed("inicial", GOLDEN)
    assert forms_seed("final", GOLDEN) != forms_seed("final", GOLDEN[:2])
    assert 0 <= forms_seed("final", GOLDEN) < 2**64


def test_learners_get_the_forms_in_turn_and_then_a_draw() -> None:
    """spec/selection 1.21."""
    found = assemble_forms(PLAN, WITHIN, 0, 2)
    assert found is not None
    forms = named_forms(PLAN, found)

    assert [form_in_turn(forms, 6, number) for number in (1, 2, 3)] == [forms[0], forms[1], None]
    assert [form_in_turn(forms, 7, number) for number in (1, 2, 3)] == [forms[1], forms[0], None]


def test_a_form_names_its_questions() -> None:
    found = assemble_forms(PLAN, WITHIN, 0, 2)
    assert found is not None
    forms = named_forms(PLAN, found)

    assert [(form.name, form.expected) for form in forms] == [("A", Fraction(347, 5)), ("B", Fraction(343, 5))]
    assert range_of(forms) == Fraction(4, 5)
    assert candidates_of(forms[1], GOLDEN) == [list(cell) for cell in found[1].cells]
