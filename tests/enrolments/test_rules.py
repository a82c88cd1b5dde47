"""Progress, completion, the course grade, and what is open (architecture 8)."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from courses.rules import Category, Closed, Outline, OutlineActivity, OutlineModule
from enrolments.rules import Refusal, Result, Standing, activity_closed, course_grade, evaluate_completion, may_enrol, next_step

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DONE = Result(viewed=True, completed=True)


def an_activity(key: str, module: str = "m1", **fields: object) -> OutlineActivity:
    """Make a lesson that is required."""
    given: dict[str, object] = {
        "id": 1,
        "key": key,
        "kind": "page",
        "title": {"es": key},
        "summary": {},
        "required": True,
        "preview": False,
        "requires": (),
        "opens_at": None,
        "closes_at": None,
        "minutes": 10,
        "completion_rule": "marked",
        "completion_amount": None,
        "questions": None,
        "attempts": None,
        "category": "",
        "weight": Fraction(0),
        "module": module,
    }
    return OutlineActivity(**(given | fields))  # type: ignore[arg-type]  # fields by name


def a_module(key: str, *activities: OutlineActivity, number: int | None = 1, **fields: object) -> OutlineModule:
    """Make a module around activities."""
    given: dict[str, object] = {"needed": None, "requires": (), "opens_at": None, "closes_at": None} | fields
    return OutlineModule(key=key, title={"es": key}, summary={}, number=number, objectives=(), activities=activities, **given)  # type: ignore[arg-type]  # fields by name


def an_outline(*modules: OutlineModule, **fields: object) -> Outline:
    """Make a published version of these modules."""
    given: dict[str, object] = {"completion_modules": (), "completion_grade": None, "categories": ()} | fields
    return Outline(
        version_id=1,
        course_id=1,
        slug="c",
        number=1,
        title={"es": "C"},
        summary={},
        objectives=(),
        languages=("es",),
        hours=Fraction(1),
        level="",
        tone=1,
        authors=(),
        licence="",
        zone="America/Guayaquil",
        published_at=NOW,
        certificate="constancia",
        has_glossary=False,
        has_resources=False,
        modules=modules,
        **given,  # type: ignore[arg-type]  # fields by name
    )


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
    assert [module.standing for module in progress.modules] == [Standing.NOW, Standing.LOCKED]
    assert not progress.completed


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


@pytest.mark.parametrize(("score", "completed"), [("69.9999999", False), ("70", True)])
def test_the_course_grade_is_compared_unrounded(score: str, completed: bool) -> None:
    outline = an_outline(a_module("m1", an_activity("q", kind="quiz", weight=Fraction(1))), completion_grade=Fraction(70))

    assert evaluate_completion(outline, {"q": Result(completed=True, score=Fraction(score))}, NOW).completed is completed


def test_what_weighs_nothing_and_what_has_no_score_counts_nothing() -> None:
    """A quiz of weight 0 is practice."""
    quizzes = [an_activity(key, kind="quiz", weight=Fraction(weight)) for key, weight in (("a", 1), ("b", 3), ("c", 0), ("d", 5))]
    results = {"a": Result(score=Fraction(100)), "b": Result(score=Fraction(60)), "c": Result(score=Fraction(0)), "d": Result()}

    assert course_grade(an_outline(a_module("m1", *quizzes)), results) == 70


def test_categories_are_weighed_and_leave_their_lowest_out() -> None:
    quizzes = [
        an_activity(key, kind="quiz", weight=Fraction(1), category=category) for key, category in (("a", "x"), ("b", "x"), ("c", "y"))
    ]
    categories = (Category("x", {}, Fraction(3), 1), Category("y", {}, Fraction(1), 0))
    results = {key: Result(score=Fraction(score)) for key, score in (("a", 20), ("b", 80), ("c", 40))}

    assert course_grade(an_outline(a_module("m1", *quizzes), categories=categories), results) == 70
    assert course_grade(an_outline(a_module("m1", *quizzes), categories=categories), {"a": results["a"]}) == 20


def test_the_next_step_is_the_first_open_required_activity() -> None:
    outline = two_modules()

    assert next_step(outline, {}, NOW) == "a"
    assert next_step(outline, {"a": DONE}, NOW) == "b"
    assert next_step(outline, {"a": DONE, "b": DONE}, NOW) == "c"
    assert next_step(outline, {"a": DONE, "b": DONE, "c": DONE}, NOW) == "extra"
    assert next_step(outline, dict.fromkeys(("a", "b", "c", "extra"), DONE), NOW) is None


def test_the_next_step_passes_over_what_has_no_tries_left() -> None:
    results = {"a": Result(viewed=True, score=Fraction(40), exhausted=True)}

    assert next_step(two_modules(), results, NOW) == "b"


def test_what_waits_says_for_what_and_what_is_late_says_until_when() -> None:
    later = NOW + timedelta(days=1)
    outline = an_outline(
        a_module("m1", an_activity("a"), an_activity("b", requires=("a",)), an_activity("c", opens_at=later)),
        a_module("m2", an_activity("d", "m2"), requires=("m1",)),
    )

    assert activity_closed(outline, outline.by_key["b"], {}, NOW) == (Closed.REQUIRES, "a")
    assert activity_closed(outline, outline.by_key["b"], {"a": DONE}, NOW) is None
    assert activity_closed(outline, outline.by_key["c"], {}, NOW) == (Closed.LATER, later)
    assert activity_closed(outline, outline.by_key["c"], {}, later) is None
    assert activity_closed(outline, outline.by_key["d"], {"a": DONE}, NOW) == (Closed.REQUIRES, "m1")


def test_a_key_that_is_in_use_again_is_not_an_earlier_one() -> None:
    outline = an_outline(a_module("m1", an_activity("b", was=("a", "old")), an_activity("a")))

    assert outline.renames == {"old": "b"}


@pytest.mark.parametrize(
    ("way", "archived", "hours", "refusal"),
    [
        ("open", False, 0, None),
        ("open", True, 0, Refusal.ARCHIVED),
        ("invitation", False, 0, Refusal.BY_INVITATION),
        ("code", False, 0, Refusal.BY_INVITATION),
        ("open", False, -2, Refusal.NOT_YET),
        ("open", False, -1, None),
        ("open", False, 1, Refusal.CLOSED),
    ],
)
def test_enrolment_has_its_ways_and_its_dates(way: str, archived: bool, hours: int, refusal: Refusal | None) -> None:
    opens, closes = NOW - timedelta(hours=1), NOW + timedelta(hours=1)

    assert may_enrol(way, opens, closes, archived=archived, now=NOW + timedelta(hours=hours)) is refusal
