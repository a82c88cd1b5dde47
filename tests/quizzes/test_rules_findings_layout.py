"""Item analysis (spec/quiz-engine 5.12) of papers: values and first places that make a question harder, told from which numbers on."""

import pytest

from analysis.rules.findings import FindingKind, FindingStrength, ItemFinding, findings_in, layout_outcomes
from analysis.rules.item_evidence import ItemEvidence
from tests.support.questions import (
    f,
)


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
