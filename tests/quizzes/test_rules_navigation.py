"""Pages, locks, the summary (spec/quiz-engine 5.5), and marking again (spec/quiz-engine 5.11)."""

from dataclasses import replace

import pytest

from questions.rules.answers import EssayAnswer, GapsAnswer, NumberAnswer, SingleChoiceAnswer, TextAnswer
from questions.rules.definitions import Body, DescriptionBody, EssayBody, Gap, GapsBody, KeyedLabel, MultipleChoiceBody, TrueFalseBody
from quizzes.rules.layout import AttemptLayout, Candidate, SlotEntry, lay_out
from quizzes.rules.regrade import RegradePolicy, can_regrade, regraded
from quizzes.rules.settings import Behaviour, Navigation
from quizzes.rules.states import SummaryState, locked_places, page_to_show, summary_state
from tests.support.questions import (
    a_matching,
    a_matrix,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    an_ordering,
    dragged_gaps,
    es,
    every_body,
    f,
    marked,
    some_gaps,
)

FREE, SEQUENTIAL = Navigation.FREE, Navigation.SEQUENTIAL


@pytest.mark.parametrize(
    ("navigation", "requested", "shown"),
    [
        (FREE, 1, 1),
        (FREE, 4, 4),
        (FREE, 0, 1),
        (FREE, -3, 1),
        (FREE, 9, 4),
        (SEQUENTIAL, 2, 2),
        (SEQUENTIAL, 3, 3),
        (SEQUENTIAL, 1, 2),
        (SEQUENTIAL, 4, 2),
        (SEQUENTIAL, 0, 2),
    ],
)
def test_every_request_for_a_page_leads_to_one(navigation: Navigation, requested: int, shown: int) -> None:
    """spec/quiz-engine 5.5, 5.14.8: four pages, the second reached; never an error."""
    assert page_to_show(navigation, requested, current=2, pages=4) == shown


def test_after_the_last_page_there_is_none() -> None:
    assert page_to_show(SEQUENTIAL, 5, current=4, pages=4) == 4


def a_paper(*needs_previous: bool) -> AttemptLayout:
    """Lay out a question, a description and one question for each flag."""
    text = SlotEntry((Candidate("texto", 9, numbered=False),))
    rest = [SlotEntry((Candidate(f"q{at}", at),), require_previous=needs) for at, needs in enumerate(needs_previous)]
    layout = lay_out([SlotEntry((Candidate("primera", 8),)), text, *rest], 1, seen={})
    assert isinstance(layout, AttemptLayout)
    return layout


def test_a_question_waits_until_the_one_before_is_finished() -> None:
    """spec/quiz-engine 5.5: require-previous slots are locked until the previous is finished; descriptions do not count."""
    items = a_paper(True, True, False).items

    assert locked_places(items, set(), Behaviour.IMMEDIATE) == {3, 4}
    assert locked_places(items, {1}, Behaviour.IMMEDIATE) == {4}
    assert locked_places(items, {1, 3}, Behaviour.INTERACTIVE) == frozenset()
    assert locked_places(items, {3}, Behaviour.INTERACTIVE) == {3, 4}


def test_the_first_question_never_waits() -> None:
    first = replace(a_paper().items[0], require_previous=True)

    assert locked_places([first], set(), Behaviour.IMMEDIATE) == frozenset()


@pytest.mark.parametrize("behaviour", [Behaviour.DEFERRED, Behaviour.CERTAINTY])
def test_other_behaviours_lock_nothing(behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.5: only with immediate/interactive behaviour."""
    assert locked_places(a_paper(True).items, set(), behaviour) == frozenset()


def test_the_summary_tells_answered_from_unanswered_and_unreadable_but_not_right_from_wrong() -> None:
    """spec/quiz-engine 5.5: not yet answered / answer saved / invalid."""
    right, wrong, none = (summary_state(marked(a_single(), SingleChoiceAnswer(key))) for key in ("a", "b", ""))

    assert (right, wrong, none) == (SummaryState.SAVED, SummaryState.SAVED, SummaryState.NOT_ANSWERED)
    assert summary_state(marked(a_numerical(("1", "1")), NumberAnswer("x"))) is SummaryState.INVALID
    assert summary_state(marked(some_gaps(), GapsAnswer({"cubierta": "x", "nombre": "brecha"}))) is SummaryState.INVALID
    assert summary_state(marked(EssayBody(), EssayAnswer("Hola"))) is SummaryState.SAVED
    assert summary_state(marked(a_short(), TextAnswer("Hola"))) is SummaryState.SAVED


@pytest.mark.parametrize("body", [*every_body(), DescriptionBody()], ids=lambda body: type(body).__name__)
def test_a_version_can_always_be_marked_again_by_itself(body: Body) -> None:
    """spec/quiz-engine 5.11.2 (a): same version."""
    assert can_regrade(a_question(body), replace(a_question(body), text=es("Otro")))


def _rekeyed_matching() -> Body:
    body = a_matching()
    return replace(body, extra=(KeyedLabel("zz", es("Z")),))


@pytest.mark.parametrize(
    ("answered", "other"),
    [
        (a_single(), MultipleChoiceBody(a_single().options)),
        (a_single(), a_single(an_option("a", "1"), an_option("b"))),
        (a_single(), a_single(an_option("a", "1"), an_option("b"), an_option("d"))),
        (a_matching(), _rekeyed_matching()),
        (a_matching(), replace(a_matching(), pairs=a_matching().pairs[:2])),
        (an_ordering(3), an_ordering(4)),
        (a_matrix(), replace(a_matrix(), rows=a_matrix().rows[:2])),
        (a_matrix(), replace(a_matrix(), columns=a_matrix().columns[:1])),
        (some_gaps(), replace(some_gaps(), gaps=some_gaps().gaps[:2])),
        (dragged_gaps(), replace(dragged_gaps(), choices=dragged_gaps().choices[:2])),
        (GapsBody((Gap("a", a_single()),)), GapsBody((Gap("a", a_short(("a", "1"))),))),
        (GapsBody((Gap("a", a_single()),)), GapsBody((Gap("a", a_single(an_option("a", "1"), an_option("x"))),))),
        (GapsBody((Gap("a", a_numerical(("1", "1"))),)), GapsBody((Gap("a", a_short(("1", "1"))),))),
    ],
)
def test_another_structure_is_refused(answered: Body, other: Body) -> None:
    """spec/quiz-engine 5.11.2 (b): only if structure is compatible: same kind, same keys; never by position."""
    assert not can_regrade(a_question(answered), a_question(other))


@pytest.mark.parametrize(
    ("answered", "other"),
    [
        (a_single(), a_single(an_option("c", "1"), an_option("a"), an_option("b"))),
        (TrueFalseBody(answer=True), TrueFalseBody(answer=False)),
        (a_numerical(("1", "1")), a_numerical(("2", "1"), ("1", "0"))),
        (an_ordering(3), replace(an_ordering(3), items=an_ordering(3).items[::-1])),
    ],
)
def test_a_corrected_key_is_compatible(answered: Body, other: Body) -> None:
    """spec/quiz-engine 5.11.2 (b): what is right may change, and so may the order."""
    assert can_regrade(a_question(answered), a_question(other))


@pytest.mark.parametrize(
    ("policy", "old", "new", "holds"),
    [
        (RegradePolicy.REPLACE, "1", "0", "0"),
        (RegradePolicy.REPLACE, "1", None, None),
        (RegradePolicy.KEEP_BEST, "1", "0", "1"),
        (RegradePolicy.KEEP_BEST, "0", "1/2", "1/2"),
        (RegradePolicy.KEEP_BEST, "1", None, "1"),
        (RegradePolicy.KEEP_BEST, "1/2", "1/2", "1/2"),
        (RegradePolicy.KEEP_BEST, None, "0", "0"),
        (RegradePolicy.ONLY_RAISE, "1", "0", "0"),
    ],
)
def test_the_policy_decides_which_mark_holds(policy: RegradePolicy, old: str | None, new: str | None, holds: str | None) -> None:
    """spec/quiz-engine 5.11.3: keep best / replace / only raise."""
    values = [None if value is None else f(value) for value in (old, new, holds)]

    assert regraded(policy, values[0], values[1]) == values[2]
