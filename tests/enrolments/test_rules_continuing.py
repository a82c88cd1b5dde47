"""Where a learner goes on: the initial test before all else, then where they were, then the next step."""

from datetime import timedelta
from fractions import Fraction

from enrolments.rules import LearnerResult, where_to_continue
from tests.support.outlines import DONE, NOW, a_module, an_activity, an_outline

SEEN = LearnerResult(viewed=True)
TEST = an_activity("test", "m0", kind="quiz", required=False)
LESSONS = (an_activity("a"), an_activity("b"), an_activity("c"))


def test_one_goes_on_with_what_one_visited_last_as_long_as_it_can_be_done() -> None:
    outline = an_outline(a_module("m1", *LESSONS))

    assert where_to_continue(outline, {"b": SEEN}, "b", NOW) == "b"
    assert where_to_continue(outline, {"b": DONE}, "b", NOW) == "a"
    assert where_to_continue(outline, {"b": LearnerResult(viewed=True, exhausted=True)}, "b", NOW) == "a"
    assert where_to_continue(outline, {}, None, NOW) == "a"
    assert where_to_continue(outline, {}, "gone", NOW) == "a"


def test_what_is_optional_or_closed_by_now_does_not_hold_one_back() -> None:
    optional, later = an_activity("x", required=False), an_activity("y", opens_at=NOW + timedelta(days=1))
    outline = an_outline(a_module("m1", *LESSONS, optional, later))

    assert where_to_continue(outline, {"x": SEEN}, "x", NOW) == "a"
    assert where_to_continue(outline, {"y": SEEN}, "y", NOW) == "a"


def test_an_initial_test_is_offered_before_anything_required_was_begun() -> None:
    outline = an_outline(a_module("m0", TEST), a_module("m1", *LESSONS))

    assert where_to_continue(outline, {}, None, NOW) == "test"
    assert where_to_continue(outline, {"test": DONE}, "test", NOW) == "a"
    assert where_to_continue(outline, {"test": LearnerResult(score=Fraction(40), exhausted=True)}, None, NOW) == "a"
    assert where_to_continue(outline, {"a": SEEN}, "a", NOW) == "a"


def test_an_optional_quiz_behind_the_first_lesson_is_no_initial_test() -> None:
    behind = an_outline(a_module("m1", *LESSONS), a_module("m0", TEST))
    reading = an_outline(a_module("m0", an_activity("intro", "m0", required=False)), a_module("m1", *LESSONS))

    assert where_to_continue(behind, {}, None, NOW) == "a"
    assert where_to_continue(reading, {}, None, NOW) == "a"
    assert where_to_continue(an_outline(a_module("m0", an_activity("intro", "m0", required=False))), {}, None, NOW) == "intro"


def test_an_initial_test_that_is_not_open_waits() -> None:
    later = an_activity("test", "m0", kind="quiz", required=False, opens_at=NOW + timedelta(days=1))

    assert where_to_continue(an_outline(a_module("m0", later), a_module("m1", *LESSONS)), {}, None, NOW) == "a"
