"""Progress, completion, the course grade, what is open, where a learner goes on, and which of two histories counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.rules import ClosedReason, CourseTime, Outline, OutlineActivity, OutlineGradeCategory, printed_time
from enrolments.rules import (
    CompletionState,
    CourseHistory,
    EditionDates,
    EnrolmentRefusal,
    GradedCompletionRule,
    GradeItemWeight,
    LearnerResult,
    activities_to_pass,
    activity_closed,
    asks_to_pass,
    closed_activities,
    completes_by_override,
    course_grade,
    evaluate_completion,
    find_next_activity,
    grade_parts,
    has_final_assessment,
    is_better,
    is_held_back,
    may_enrol,
    may_join,
    merit,
    not_begun,
    time_left,
    where_to_continue,
)
from tests.support.outlines import DONE, NOW, a_module, an_activity, an_outline


def two_modules(**fields: object) -> Outline:
    """Make a first module of two lessons and an optional one, and a second one that waits for it."""
    return an_outline(
        a_module("m1", an_activity("a"), an_activity("b"), an_activity("extra", required=False)),
        a_module("m2", an_activity("c", "m2"), number=2, requires=("m1",)),
        **fields,
    )


def test_progress_counts_required_activities_only() -> None:
    progress = evaluate_completion(two_modules(), {"a": DONE, "extra": DONE}, NOW)

    assert (progress.done, progress.total, progress.percent) == (1, 3, 33)
    assert [module.state for module in progress.modules] == [CompletionState.NOW, CompletionState.LOCKED]
    assert not progress.completed


def test_a_module_tells_how_much_of_what_it_needs_is_done() -> None:
    outline = an_outline(
        a_module("m1", an_activity("a"), an_activity("b"), an_activity("c"), needed=2),
        a_module("m2", an_activity("extra", "m2", required=False), number=2),
    )

    begun = evaluate_completion(outline, {"a": DONE}, NOW)
    more = evaluate_completion(outline, {"a": DONE, "b": DONE, "c": DONE}, NOW).module("m1")

    assert (begun.module("m1").fraction, begun.module("m1").completed) == (Fraction(1, 2), False)
    assert (begun.module("m2").fraction, begun.module("m2").completed) == (1, True)
    assert (more.done, more.needed, more.fraction, more.completed) == (3, 2, 1, True)


def test_a_hundred_percent_is_shown_only_when_all_is_done() -> None:
    outline = an_outline(a_module("m1", *(an_activity(f"a{at}") for at in range(300))))

    almost = evaluate_completion(outline, {f"a{at}": DONE for at in range(299)}, NOW)

    assert almost.percent == 99
    assert evaluate_completion(outline, {f"a{at}": DONE for at in range(300)}, NOW).percent == 100


def test_a_course_is_complete_when_all_its_modules_are() -> None:
    results = {"a": DONE, "b": DONE}

    assert not evaluate_completion(two_modules(), results, NOW).completed
    assert evaluate_completion(two_modules(), results | {"c": DONE}, NOW).completed


def test_a_course_may_name_the_modules_that_count() -> None:
    assert evaluate_completion(two_modules(completion_modules=("m1",)), {"a": DONE, "b": DONE}, NOW).completed


def test_a_course_without_anything_required_is_never_complete() -> None:
    """Nobody earns a certificate by an empty course."""
    outline = an_outline(a_module("m1", an_activity("a", required=False)))

    assert not evaluate_completion(outline, {"a": DONE}, NOW).completed


def test_some_of_a_modules_activities_may_be_enough() -> None:
    outline = an_outline(a_module("m1", an_activity("a"), an_activity("b"), an_activity("c"), needed=2))

    assert not evaluate_completion(outline, {"a": DONE}, NOW).completed
    assert evaluate_completion(outline, {"a": DONE, "c": DONE}, NOW).completed


@pytest.mark.parametrize(("score", "completed"), [("69.999998", False), ("69.9999999", True), ("70", True)])
def test_the_course_grade_is_compared_unrounded(score: str, completed: bool) -> None:
    """But for a millionth, as pass marks are: scores are kept with seven decimals, so that what is exactly enough may fall short by one."""
    outline = an_outline(a_module("m1", an_activity("q", kind="quiz", weight=Fraction(1))), completion_grade=Fraction(70))

    assert evaluate_completion(outline, {"q": LearnerResult(completed=True, score=Fraction(score))}, NOW).completed is completed


def test_a_course_grade_that_is_exactly_enough_completes_the_course() -> None:
    """A third, a third and five sixths make a half, also as they are stored."""
    quizzes = [an_activity(key, kind="quiz", weight=Fraction(1)) for key in "abc"]
    outline = an_outline(a_module("m1", *quizzes), completion_grade=Fraction(50))
    stored = {"a": "33.3333333", "b": "33.3333333", "c": "83.3333333"}

    results = {key: LearnerResult(completed=True, score=Fraction(score)) for key, score in stored.items()}

    assert evaluate_completion(outline, results, NOW).completed


def test_what_weighs_nothing_and_what_has_no_score_counts_nothing() -> None:
    """A quiz of weight 0 is practice."""
    quizzes = [an_activity(key, kind="quiz", weight=Fraction(weight)) for key, weight in (("a", 1), ("b", 3), ("c", 0), ("d", 5))]
    results = {
        "a": LearnerResult(score=Fraction(100)),
        "b": LearnerResult(score=Fraction(60)),
        "c": LearnerResult(score=Fraction(0)),
        "d": LearnerResult(),
    }

    assert course_grade(an_outline(a_module("m1", *quizzes)), results) == 70


@pytest.mark.parametrize(
    ("weights", "categories", "grade"),
    [
        ((0, 0), (), None),
        ((1, 0), (), 20),
        ((1, 1), (("x", 0),), None),
        ((1, 1), (("x", 0), ("y", 2)), 80),
        ((1, 1), (("z", 1),), None),
    ],
)
def test_without_any_weight_there_is_no_grade(weights: tuple[int, int], categories: tuple[tuple[str, int], ...], grade: int | None) -> None:
    """Where a course has no categories, what an activity says of one counts nothing; a category of weight 0 is practice."""
    quizzes = [
        an_activity(key, kind="quiz", weight=Fraction(weight), category=category)
        for key, category, weight in zip(("a", "b"), ("x", "y"), weights, strict=True)
    ]
    outline = an_outline(
        a_module("m1", *quizzes), categories=tuple(OutlineGradeCategory(key, {}, Fraction(weight), 0) for key, weight in categories)
    )

    assert course_grade(outline, {"a": LearnerResult(score=Fraction(20)), "b": LearnerResult(score=Fraction(80))}) == grade


def test_modules_stand_where_their_learner_is() -> None:
    """Done, begun, not begun, or closed: with what opens it, a key or a moment."""
    later = NOW + timedelta(days=1)
    outline = an_outline(
        a_module("done", an_activity("a", "done")),
        a_module("begun", an_activity("b", "begun"), an_activity("seen", "begun"), number=2),
        a_module("fresh", an_activity("c", "fresh"), an_activity("d", "fresh"), number=3),
        a_module("waits", an_activity("e", "waits"), number=4, requires=("begun",)),
        a_module("later", an_activity("f", "later"), number=5, opens_at=later),
    )

    progress = evaluate_completion(outline, {"a": DONE, "seen": LearnerResult(viewed=True)}, NOW)

    assert [(module.state, module.closed) for module in progress.modules] == [
        (CompletionState.DONE, None),
        (CompletionState.NOW, None),
        (CompletionState.TO_DO, None),
        (CompletionState.LOCKED, (ClosedReason.REQUIRES, "begun")),
        (CompletionState.LOCKED, (ClosedReason.LATER, later)),
    ]


def test_progress_tells_the_grade_and_the_next_step() -> None:
    """What is locked or opens later, in its module or by itself, is no step."""
    later = NOW + timedelta(days=1)
    outline = an_outline(
        a_module("m1", an_activity("q", kind="quiz", weight=Fraction(1)), an_activity("late", opens_at=later)),
        a_module("m2", an_activity("b", "m2"), number=2, requires=("m1",)),
        a_module("m3", an_activity("c", "m3"), number=3),
    )
    results = {"q": LearnerResult(completed=True, score=Fraction(85))}

    assert find_next_activity(outline, {}, NOW) == "q"
    assert find_next_activity(outline, results, NOW) == "c"
    assert find_next_activity(outline, results, later) == "late"
    found = evaluate_completion(outline, results, NOW)
    assert found.grade == 85
    assert found.completed_keys == {"q"}
    assert evaluate_completion(outline, results | {"c": DONE}, NOW).completed_keys == {"q", "c", "m3"}


def test_categories_are_weighed_and_leave_their_lowest_out() -> None:
    quizzes = [
        an_activity(key, kind="quiz", weight=Fraction(1), category=category) for key, category in (("a", "x"), ("b", "x"), ("c", "y"))
    ]
    categories = (OutlineGradeCategory("x", {}, Fraction(3), 1), OutlineGradeCategory("y", {}, Fraction(1), 0))
    results = {key: LearnerResult(score=Fraction(score)) for key, score in (("a", 20), ("b", 80), ("c", 40))}

    assert course_grade(an_outline(a_module("m1", *quizzes), categories=categories), results) == 70
    assert course_grade(an_outline(a_module("m1", *quizzes), categories=categories), {"a": results["a"]}) == 20


def test_the_next_step_is_the_first_open_required_activity() -> None:
    outline = two_modules()

    assert find_next_activity(outline, {}, NOW) == "a"
    assert find_next_activity(outline, {"a": DONE}, NOW) == "b"
    assert find_next_activity(outline, {"a": DONE, "b": DONE}, NOW) == "c"
    assert find_next_activity(outline, {"a": DONE, "b": DONE, "c": DONE}, NOW) == "extra"
    assert find_next_activity(outline, dict.fromkeys(("a", "b", "c", "extra"), DONE), NOW) is None


def test_the_next_step_is_required_whatever_optional_stands_before_it() -> None:
    optional = [an_activity(key, required=False) for key in ("x", "y")]

    assert find_next_activity(an_outline(a_module("m1", *optional, an_activity("a"))), {}, NOW) == "a"
    assert find_next_activity(an_outline(a_module("m1", *optional)), {}, NOW) == "x"


def test_the_next_step_passes_over_what_has_no_tries_left() -> None:
    results = {"a": LearnerResult(viewed=True, score=Fraction(40), exhausted=True)}

    assert find_next_activity(two_modules(), results, NOW) == "b"


def test_what_waits_says_for_what_and_what_is_late_says_until_when() -> None:
    later = NOW + timedelta(days=1)
    outline = an_outline(
        a_module("m1", an_activity("a"), an_activity("b", requires=("a",)), an_activity("c", opens_at=later)),
        a_module("m2", an_activity("d", "m2"), requires=("m1",)),
    )

    assert activity_closed(outline, outline.by_key["b"], {}, NOW) == (ClosedReason.REQUIRES, "a")
    assert activity_closed(outline, outline.by_key["b"], {"a": DONE}, NOW) is None
    assert activity_closed(outline, outline.by_key["c"], {}, NOW) == (ClosedReason.LATER, later)
    assert activity_closed(outline, outline.by_key["c"], {}, later) is None
    assert activity_closed(outline, outline.by_key["d"], {"a": DONE}, NOW) == (ClosedReason.REQUIRES, "m1")


def test_a_key_that_is_in_use_again_is_not_an_earlier_one() -> None:
    outline = an_outline(a_module("m1", an_activity("b", former_keys=("a", "old")), an_activity("a")))

    assert outline.renames == {"old": "b"}


@pytest.mark.parametrize(
    ("enrolment_mode", "archived", "hours", "refusal"),
    [
        ("open", False, 0, None),
        ("open", True, 0, EnrolmentRefusal.ARCHIVED),
        ("invitation", False, 0, EnrolmentRefusal.BY_INVITATION),
        ("code", False, 0, EnrolmentRefusal.BY_INVITATION),
        ("open", False, -2, EnrolmentRefusal.NOT_YET),
        ("open", False, -1, None),
        ("open", False, 1, EnrolmentRefusal.CLOSED),
    ],
)
def test_enrolment_has_its_ways_and_its_dates(enrolment_mode: str, archived: bool, hours: int, refusal: EnrolmentRefusal | None) -> None:
    opens, closes = NOW - timedelta(hours=1), NOW + timedelta(hours=1)

    assert may_enrol(enrolment_mode, opens, closes, archived=archived, now=NOW + timedelta(hours=hours)) is refusal


HOUR = timedelta(hours=1)
EDITION = EditionDates(NOW, NOW + 2 * HOUR, NOW + 3 * HOUR, NOW + 5 * HOUR)


@pytest.mark.parametrize(
    ("dates", "archived", "hours", "refusal"),
    [
        (EditionDates(), False, 0, None),
        (EditionDates(), True, 0, EnrolmentRefusal.ARCHIVED),
        (EDITION, False, -1, EnrolmentRefusal.NOT_YET),
        (EDITION, False, 0, None),
        (EDITION, False, 1, None),
        (EDITION, False, 2, EnrolmentRefusal.CLOSED),
        (EDITION, False, 4, EnrolmentRefusal.CLOSED),
        (EDITION, False, 5, EnrolmentRefusal.ENDED),
        (EDITION, True, 5, EnrolmentRefusal.ARCHIVED),
        (EditionDates(closed_at=NOW), False, -1, EnrolmentRefusal.CLOSED),
        (EditionDates(enrols_from=NOW, closed_at=NOW), False, -1, EnrolmentRefusal.CLOSED),
        (EditionDates(ends_at=NOW), False, -1, None),
    ],
)
def test_an_edition_is_joined_between_its_dates(dates: EditionDates, archived: bool, hours: int, refusal: EnrolmentRefusal | None) -> None:
    """To the moment: the first counts, the last does not; of several reasons the one that lasts longest is told."""
    assert may_join(dates, archived=archived, now=NOW + hours * HOUR) is refusal


def test_nothing_is_open_before_the_edition_begins() -> None:
    assert not_begun(NOW, NOW - HOUR) == (ClosedReason.LATER, NOW)
    assert not_begun(NOW, NOW) is None
    assert not_begun(None, NOW) is None


def test_all_activities_are_told_at_once_with_why_they_are_closed() -> None:
    """The same as of each by itself."""
    outline = an_outline(
        a_module("m1", an_activity("a"), an_activity("b", requires=("a",)), an_activity("c", opens_at=NOW + HOUR)),
        a_module("m2", an_activity("d", "m2"), number=2, requires=("m1",)),
    )
    found = closed_activities(outline, {}, NOW)

    assert found == {
        "a": None,
        "b": (ClosedReason.REQUIRES, "a"),
        "c": (ClosedReason.LATER, NOW + HOUR),
        "d": (ClosedReason.REQUIRES, "m1"),
    }
    assert closed_activities(outline, {"a": DONE}, NOW + HOUR) == {"a": None, "b": None, "c": None, "d": (ClosedReason.REQUIRES, "m1")}
    assert found == {activity.key: activity_closed(outline, activity, {}, NOW) for activity in outline.activities()}


@pytest.mark.parametrize(
    ("rule", "passed", "exhausted", "completes"),
    [
        ("passed", True, False, True),
        ("passed", None, False, True),
        ("passed", False, True, False),
        ("graded", False, False, True),
        ("passed_or_used", False, False, False),
        ("passed_or_used", False, True, True),
        ("passed_or_used", True, False, True),
        ("viewed", True, True, False),
        ("attempted", True, True, False),
        ("marked", None, False, False),
    ],
)
def test_the_teams_result_completes_what_its_own_rule_says(rule: str, passed: bool | None, exhausted: bool, completes: bool) -> None:
    assert completes_by_override(rule, passed, exhausted=exhausted) is completes


def test_only_what_asks_for_passing_is_held_back_by_a_result_that_does_not_pass() -> None:
    assert [is_held_back("passed", passed) for passed in (False, True, None)] == [True, False, False]
    assert not is_held_back("graded", False)


def an_item(score: int | None, category: str = "", weight: int = 1) -> LearnerResult:
    """Return a result of an item marked by hand."""
    return LearnerResult(score=None if score is None else Fraction(score), item_weight=GradeItemWeight(category, Fraction(weight)))


def test_what_is_marked_by_hand_counts_like_an_activity() -> None:
    quiz = an_activity("a", category="p", weight=Fraction(1))
    whole = an_outline(a_module("m1", quiz))
    parts = an_outline(
        a_module("m1", quiz), categories=(OutlineGradeCategory("p", {}, Fraction(1), 1), OutlineGradeCategory("q", {}, Fraction(3), 0))
    )
    own = {"a": LearnerResult(score=Fraction(40))}

    assert course_grade(whole, own | {"hand:1": an_item(100, weight=2)}) == 80
    assert course_grade(whole, own | {"hand:1": an_item(None), "hand:2": an_item(100, weight=0)}) == 40
    assert course_grade(parts, own | {"hand:1": an_item(100, "q")}) == 85
    assert course_grade(parts, own | {"hand:1": an_item(90, "p")}) == 90, "the lowest of its part is left out"
    assert course_grade(parts, own | {"hand:1": an_item(90, "gone")}) == 40, "a part that there is not counts nothing"
    assert course_grade(whole, {"hand:1": an_item(70)}) == 70


def test_the_shares_of_a_grade_are_those_of_the_whole() -> None:
    given_parts = (("a", "p", 1), ("b", "p", 0), ("c", "q", 2))
    quizzes = [an_activity(key, category=part, weight=Fraction(weight)) for key, part, weight in given_parts]
    categories = tuple(
        OutlineGradeCategory(key, {}, Fraction(weight), drop) for key, weight, drop in (("p", 1, 0), ("q", 3, 2), ("r", 4, 0))
    )
    outline = an_outline(a_module("m1", *quizzes), categories=categories)
    parts = grade_parts(outline, {"hand:1": GradeItemWeight("q", Fraction(1)), "hand:2": GradeItemWeight("gone", Fraction(1))})

    assert [(part.key, part.weight, part.drop_lowest, part.share, dict(part.shares)) for part in parts] == [
        ("p", 1, 0, 25, {"a": 25}),
        ("q", 3, 2, 75, {"c": 50, "hand:1": 25}),
        ("r", 4, 0, 0, {}),
    ]
    (only,) = grade_parts(an_outline(a_module("m1", *quizzes)), {"hand:1": GradeItemWeight("", Fraction(1))})
    assert only.shares == {"a": 25, "c": 50, "hand:1": 25}
    (empty,) = grade_parts(an_outline(a_module("m1")), {})
    assert (empty.drop_lowest, empty.share, empty.shares) == (0, 0, {})


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["p", "q", "r"])), max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["p", "q", "x"])), max_size=4),
    st.lists(st.integers(0, 4), min_size=0, max_size=3),
)
def test_shares_sum_up_to_everything_and_are_what_a_hundred_adds(
    quizzes: list[tuple[int, str]], by_hand: list[tuple[int, str]], weights: list[int]
) -> None:
    """With a hundred for one thing and nothing for all others, the course grade is that thing's share."""
    activities = [an_activity(f"a{place}", category=part, weight=Fraction(weight)) for place, (weight, part) in enumerate(quizzes)]
    categories = tuple(OutlineGradeCategory(key, {}, Fraction(weight), 0) for key, weight in zip("pqr", weights, strict=False))
    outline = an_outline(a_module("m1", *activities), categories=categories)
    items = {f"hand:{place}": GradeItemWeight(part, Fraction(weight)) for place, (weight, part) in enumerate(by_hand)}
    shares = {key: share for part in grade_parts(outline, items) for key, share in part.shares.items()}

    assert sum(shares.values()) in (0, 100)
    for wanted, share in shares.items():
        scores = {key: Fraction(100 if key == wanted else 0) for key in (*outline.by_key, *items)}
        results = {key: LearnerResult(score=score, item_weight=items.get(key)) for key, score in scores.items()}
        assert (course_grade(outline, results) or 0) == share


def test_a_module_without_required_parts_is_done_when_all_it_has_is() -> None:
    """Pages count what it has, never nothing of nothing; what asks for the module, and the course, ask nothing of it."""
    outline = an_outline(
        a_module("m1", an_activity("test", required=False), an_activity("film", required=False), number=None),
        a_module("m2", an_activity("a", "m2"), requires=("m1",)),
    )

    stages = [
        (found.state, found.shown_done, found.shown_total, found.shown_fraction, found.completed)
        for results in ({}, {"test": DONE}, {"test": DONE, "film": DONE})
        for found in (evaluate_completion(outline, results, NOW).module("m1"),)
    ]

    assert stages == [
        (CompletionState.TO_DO, 0, 2, 0, True),
        (CompletionState.NOW, 1, 2, Fraction(1, 2), True),
        (CompletionState.DONE, 2, 2, 1, True),
    ]
    assert evaluate_completion(outline, {"test": DONE}, NOW).done == 0


def test_modules_that_ask_for_nothing_are_not_counted() -> None:
    outline = an_outline(a_module("m1", an_activity("a")), a_module("m2", an_activity("b", "m2", required=False), number=2))

    assert evaluate_completion(outline, {}, NOW).modules_of(outline) == (0, 1)
    assert evaluate_completion(outline, {"a": DONE}, NOW).modules_of(outline) == (1, 1)
    assert evaluate_completion(an_outline(a_module("m1")), {}, NOW).module("m1").shown_fraction == 0


SEEN = LearnerResult(viewed=True)
TEST = an_activity("test", "m0", kind="quiz", required=False)
LESSONS = (an_activity("a"), an_activity("b"), an_activity("c"))


def test_one_goes_on_with_the_first_thing_that_is_required_and_left_to_do() -> None:
    """However far ahead one looked, and not with what waits to be graded or has no tries left."""
    outline, used_up = an_outline(a_module("m1", *LESSONS)), LearnerResult(viewed=True, exhausted=True)

    assert where_to_continue(outline, {"b": SEEN}, NOW) == "a"
    assert where_to_continue(outline, {"b": DONE}, NOW) == "a"
    assert where_to_continue(outline, {"a": used_up}, NOW) == "b"
    assert where_to_continue(outline, {"a": SEEN}, NOW, waiting={"a"}) == "b"
    assert where_to_continue(outline, {"a": DONE, "b": DONE, "c": SEEN}, NOW, waiting={"c"}) is None
    assert where_to_continue(outline, {}, NOW) == "a"


def test_what_is_optional_or_closed_by_now_does_not_hold_one_back() -> None:
    optional, later = an_activity("x", required=False), an_activity("y", opens_at=NOW + timedelta(days=1))
    outline = an_outline(a_module("m1", optional, later, *LESSONS))

    assert where_to_continue(outline, {"x": SEEN}, NOW) == "a"
    assert where_to_continue(outline, {"y": SEEN}, NOW) == "a"


def test_an_initial_test_is_offered_before_anything_required_was_begun() -> None:
    outline = an_outline(a_module("m0", TEST), a_module("m1", *LESSONS))

    assert where_to_continue(outline, {}, NOW) == "test"
    assert where_to_continue(outline, {"test": DONE}, NOW) == "a"
    assert where_to_continue(outline, {"test": LearnerResult(score=Fraction(40), exhausted=True)}, NOW) == "a"
    assert where_to_continue(outline, {"test": SEEN}, NOW, waiting={"test"}) == "a"
    assert where_to_continue(outline, {"a": SEEN}, NOW) == "a"


def test_an_optional_quiz_behind_the_first_lesson_is_no_initial_test() -> None:
    behind = an_outline(a_module("m1", *LESSONS), a_module("m0", TEST))
    reading = an_outline(a_module("m0", an_activity("intro", "m0", required=False)), a_module("m1", *LESSONS))

    assert where_to_continue(behind, {}, NOW) == "a"
    assert where_to_continue(reading, {}, NOW) == "a"
    assert where_to_continue(an_outline(a_module("m0", an_activity("intro", "m0", required=False))), {}, NOW) == "intro"


def test_time_is_of_what_can_still_be_done_with_what_is_required_apart() -> None:
    lessons = [an_activity(key, minutes=minutes) for key, minutes in (("a", 10), ("b", 20), ("c", 40))]
    outline = an_outline(a_module("m1", *lessons, an_activity("x", minutes=80, required=False)))
    results = {"a": DONE, "b": LearnerResult(viewed=True, exhausted=True)}

    assert outline.time == time_left(outline, {}) == CourseTime(70, 150)
    assert time_left(outline, results) == CourseTime(40, 120)
    assert time_left(outline, results | {"c": SEEN}, {"c"}) == CourseTime(0, 80)
    assert time_left(outline, results | {"x": DONE}) == CourseTime(40, 40)


def test_hours_that_authors_wrote_as_their_estimate_are_all_of_the_time() -> None:
    """spec/certificates H1: those that something else states are not told apart."""
    module = a_module("m1", an_activity("a", minutes=50), an_activity("x", minutes=60, required=False))
    written = replace(an_outline(module), hours=Fraction(2), hours_basis="stated")

    assert written.announced_time == CourseTime(50, 120)
    assert written.length.stored_basis == "estimated:50"
    assert replace(written, hours_basis="stated:por acuerdo 7").length.stored_basis == "stated:por acuerdo 7"
    assert replace(written, hours_basis="measured:41").length.stored_basis == "measured:41"
    assert replace(written, hours=Fraction(1, 2)).announced_time == CourseTime(50, 110)


@pytest.mark.parametrize(
    ("time", "es", "en"),
    [
        (CourseTime(517, 1200), "8 h 37 min de lo obligatorio; 20 h con lo opcional", "8 h 37 min required; 20 h with optional work"),
        (CourseTime(60, 60), "1 h", "1 h"),
        (CourseTime(0, 45), "45 min, todo opcional", "45 min, all optional"),
        (CourseTime(0, 0), "", ""),
    ],
)
def test_time_is_printed_in_hours_and_minutes_with_what_is_required_apart(time: CourseTime, es: str, en: str) -> None:
    assert (printed_time(time, "es"), printed_time(time, "en")) == (es, en)


def test_an_initial_test_that_is_not_open_waits() -> None:
    later = an_activity("test", "m0", kind="quiz", required=False, opens_at=NOW + timedelta(days=1))

    assert where_to_continue(an_outline(a_module("m0", later), a_module("m1", *LESSONS)), {}, NOW) == "a"


START = datetime(2026, 3, 1, tzinfo=UTC)


def a_history(**values: Any) -> CourseHistory:
    return CourseHistory(**({"completed_at": None, "grade": None, "active": True, "done": 0, "total": 4, "enrolled_at": START} | values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_history(completed_at=START, done=2), a_history(done=4)),
        (a_history(completed_at=START, grade=Decimal(90)), a_history(completed_at=START - timedelta(days=1), grade=Decimal(80))),
        (a_history(completed_at=START, grade=Decimal(0)), a_history(completed_at=START)),
        (a_history(completed_at=START, active=False), a_history(completed_at=START + timedelta(days=1))),
        (a_history(done=1), a_history(done=3, active=False)),
        (a_history(done=3), a_history(done=1)),
        (a_history(done=1, total=2), a_history(done=1)),
        (a_history(), a_history(enrolled_at=START + timedelta(days=1))),
        (a_history(total=0), a_history(total=0, enrolled_at=START + timedelta(days=1))),
    ],
)
def test_which_of_two_histories_counts(one: CourseHistory, other: CourseHistory) -> None:
    assert is_better(one, other)
    assert not is_better(other, one)


def test_equal_histories_leave_everything_where_it_is() -> None:
    assert not is_better(a_history(), a_history())


def a_test(key: str, module: str = "m1", **fields: object) -> OutlineActivity:
    return an_activity(key, module, **({"kind": "quiz", "completion_rule": GradedCompletionRule.PASSED} | fields))


TWO_TESTS = (a_module("m1", an_activity("a"), a_test("first")), a_module("m2", an_activity("b", "m2"), a_test("last", "m2"), number=2))
AFTER = (a_module("m1", an_activity("a"), a_test("first")), a_module("end", a_test("last", "end"), number=None))


@pytest.mark.parametrize(
    ("outline", "to_pass", "is_final"),
    [
        (an_outline(*TWO_TESTS), ["first", "last"], False),
        (an_outline(*TWO_TESTS, completion_modules=("m1",)), ["first"], False),
        (an_outline(*AFTER), ["first", "last"], True),
        (an_outline(*AFTER, completion_modules=("m1",)), ["first"], False),
        (an_outline(*reversed(AFTER)), ["last", "first"], False),
        (an_outline(a_module("m1", a_test("only"), number=None)), ["only"], False),
        (an_outline(a_module("m1", a_test("only", is_final=True))), ["only"], True),
        (an_outline(a_module("m1", a_test("first", is_final=True), an_activity("a"))), ["first"], True),
        (an_outline(a_module("m1", a_test("extra", is_final=True, required=False), a_test("first"))), ["first"], False),
        (an_outline(AFTER[0], a_module("end", a_test("task", "end", kind="simulator"), number=None)), ["first", "task"], False),
        (an_outline(a_module("m1", an_activity("a"), a_test("extra", required=False))), [], False),
        (an_outline(a_module("m1", an_activity("a"), a_test("first"), needed=1)), [], False),
        (an_outline(a_module("m1", an_activity("a", completion_rule=GradedCompletionRule.GRADED))), [], False),
        (an_outline(), [], False),
    ],
)
def test_a_final_assessment_stands_after_the_numbered_modules_or_is_marked_as_such(
    outline: Outline, to_pass: list[str], is_final: bool
) -> None:
    """spec/certificates H5."""
    assert [activity.key for activity in activities_to_pass(outline)] == to_pass
    assert has_final_assessment(outline) is is_final
    assert asks_to_pass(outline) is bool(to_pass)


def test_a_course_that_asks_for_a_grade_asks_to_pass() -> None:
    """spec/certificates H5: a grade alone."""
    assert asks_to_pass(an_outline(a_module("m1", an_activity("a")), completion_grade=Fraction(70)))


def test_of_several_results_the_one_that_the_team_set_counts_then_the_completed_then_the_higher() -> None:
    low, high = LearnerResult(score=Fraction(0)), LearnerResult(score=Fraction(90))
    completed, overridden = LearnerResult(completed=True, score=Fraction(10)), LearnerResult(overridden=True)

    assert sorted([overridden, completed, high, low, LearnerResult()], key=merit) == [LearnerResult(), low, high, completed, overridden]
