"""What differs between two lists of results (spec/selection 4.10)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolments.rules import GradingMethod
from quizzes.rules.grades import AttemptGrade
from selections.rules.differences import (
    DifferenceCounts,
    LineDifference,
    compare_lines,
    count_differences,
    frozen_figures,
    line_figures,
    weightiest,
)
from selections.rules.ranking import Participant, SelectionRules, rank_people

RULES = SelectionRules(GradingMethod.HIGHEST, Fraction(70), 1)


def figures(**percents: str) -> dict[int, dict[str, object]]:
    people = [Participant(int(name[1:]), name, name, (AttemptGrade(1, Fraction(one)),)) for name, one in percents.items()]
    return {one.person.id: line_figures(one, {}) for one in rank_people(people, RULES, None)}


def test_results_outcomes_and_ranks_are_counted_apart() -> None:
    """spec/selection 4.10: “3 results, 1 outcome, 2 ranks would change”."""
    before = figures(p1="100", p2="80", p3="80", p4="60")

    found = compare_lines(before, figures(p1="100", p2="100", p3="100", p4="75"))

    assert count_differences(found.values()) == DifferenceCounts(results=3, outcomes=1, ranks=2)
    assert list(found) == [2, 3, 4]


def test_a_difference_beyond_the_shown_decimals_is_one() -> None:
    """spec/selection 4.2: what is compared is the fraction, not what is shown of it."""
    found = compare_lines(figures(p1="70"), figures(p1="69999/1000"))

    (one,) = found.values()
    assert (one.of_result, one.of_outcome, one.before["shown"], one.after["shown"]) == (True, True, "70.00", "70.00")


def test_who_comes_who_goes_and_what_a_jury_decided_are_other_changes() -> None:
    """spec/selection 4.10."""
    before, after = figures(p1="90", p2="80"), figures(p1="90", p3="80")
    after[1]["incidents"] = ["repeat"]

    found = compare_lines(before, after)

    assert {key: (bool(one.before), bool(one.after)) for key, one in found.items()} == {1: (True, True), 2: (True, False), 3: (False, True)}
    assert count_differences(found.values()) == DifferenceCounts(others=3)


def test_outcomes_come_first_among_those_that_are_kept() -> None:
    """spec/selection 4.10: of thousands of ranks the few outcomes are not cut off."""
    rank = LineDifference({"rank": 1}, {"rank": 2})
    result = LineDifference({"percent": "80"}, {"percent": "81"})
    outcome = LineDifference({"outcome": "passed"}, {"outcome": "not_passed"})

    assert weightiest([rank, rank, result, outcome], 2) == [outcome, result]


def test_figures_of_a_frozen_line_are_those_that_are_compared() -> None:
    """spec/selection 4.10: error, bands and attempts follow from others and are no difference of a person."""
    line = {"person": "p1", "percent": "80", "shown": "80.00", "rank": 1, "outcome": "passed", "csem": "9.8", "not_told_apart": [1, 2]}

    assert frozen_figures(line) == {"percent": "80", "shown": "80.00", "rank": 1, "outcome": "passed"}


@given(st.dictionaries(st.integers(1, 20), st.fractions(0, 100), max_size=12))
@pytest.mark.slow
def test_a_list_does_not_differ_from_itself(percents: dict[int, Fraction]) -> None:
    """spec/selection 4.12: whatever is undone whole leaves nothing."""
    same = figures(**{f"p{key}": str(one) for key, one in percents.items()})

    assert compare_lines(same, same) == {}
    assert not count_differences([])
