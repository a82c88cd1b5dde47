"""The answers of the thirds of a class (spec/selection 2.7)."""

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from analysis.rules.item_evidence import ItemResponses, answer_thirds, response_analysis
from questions.rules.answers import SingleChoiceAnswer
from tests.support.questions import a_single, marked


def answers(*pairs: tuple[str, int]) -> list[ItemResponses]:
    """Return answers with the rest of who gave them; "" for none."""
    return [ItemResponses(marked(a_single(), SingleChoiceAnswer(choice)), Fraction(rest)) for choice, rest in pairs]


def test_each_answer_is_counted_by_third_of_the_rest() -> None:
    """spec/selection 2.7: the best third by the rest of the attempt, the middle one, the last."""
    responses = answers(("a", 9), ("a", 8), ("a", 5), ("b", 4), ("b", 2), ("", 1))
    classes = response_analysis(responses)

    found = answer_thirds(responses, classes)

    assert found.sizes == (2, 2, 2)
    assert dict(zip([one.matched for one in classes], found.counts, strict=True)) == {"a": (2, 1, 0), "b": (0, 1, 1), "": (0, 0, 1)}


def test_equal_results_stand_in_one_third() -> None:
    """spec/selection 2.7: where their middle falls; all equal are the middle third."""
    tied = answers(("a", 9), ("a", 5), ("b", 5), ("b", 5), ("b", 1), ("a", 1))

    assert answer_thirds(tied, ()).sizes == (1, 3, 2)
    assert answer_thirds(answers(*[("a", 3)] * 5), ()).sizes == (0, 5, 0)
    assert answer_thirds([], ()).sizes == (0, 0, 0)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(0, 6)), max_size=40))
def test_thirds_lose_nobody_and_put_nobody_below_somebody_with_less(pairs: list[tuple[str, int]]) -> None:
    """spec/selection 2.7: the thirds of all answers together are the thirds of the attempts; their order is that of the rests."""
    responses = answers(*pairs)
    classes = response_analysis(responses)
    found = answer_thirds(responses, classes)

    assert sum(found.sizes) == len(pairs)
    assert tuple(map(sum, zip(*found.counts, strict=True))) == (found.sizes if pairs else ())
    assert [sum(counts) for counts in found.counts] == [one.count for one in classes]
    rests = Counter(rest for _choice, rest in pairs)
    ordered = sorted(rests.elements(), reverse=True)
    best = ordered[: found.sizes[0]]
    assert not best or not set(best) & set(ordered[found.sizes[0] :])
