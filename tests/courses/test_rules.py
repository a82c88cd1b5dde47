"""Outlines: neighbours, numbers, what is open and where things are."""

from datetime import UTC, datetime, timedelta

import pytest

from courses.rules import ClosedReason, activity_url, file_url, why_closed
from tests.support.outlines import a_module, an_activity, an_outline

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_activities_have_neighbours_across_modules() -> None:
    outline = an_outline(a_module("m1", an_activity("a"), an_activity("b")), a_module("m2", an_activity("c", "m2")))

    found = {key: tuple(one.key if one else None for one in outline.neighbours(key)) for key in ("a", "b", "c")}

    assert found == {"a": (None, "b"), "b": ("a", "c"), "c": ("b", None)}


def test_only_numbered_modules_are_counted() -> None:
    outline = an_outline(a_module("intro", number=None), a_module("m1", number=1), a_module("m2", number=2))

    assert [module.key for module in outline.numbered] == ["m1", "m2"]


def test_a_module_takes_as_long_as_its_activities() -> None:
    assert a_module("m1", an_activity("a"), an_activity("b", minutes=25)).minutes == 35


def test_the_module_is_looked_at_before_the_activity_and_its_date_before_its_condition() -> None:
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    activity = an_activity("a", opens_at=later, requires=("x",))
    module = a_module("m1", activity, opens_at=soon, requires=("m0",))

    assert why_closed(module, activity, frozenset(), NOW) == (ClosedReason.LATER, soon)
    assert why_closed(module, activity, frozenset(), soon) == (ClosedReason.REQUIRES, "m0")
    assert why_closed(module, activity, frozenset({"m0"}), soon) == (ClosedReason.LATER, later)
    assert why_closed(module, activity, frozenset({"m0"}), later) == (ClosedReason.REQUIRES, "x")
    assert why_closed(module, activity, frozenset({"m0", "x"}), later) is None


def test_a_date_that_closes_hides_nothing_that_can_be_read() -> None:
    activity = an_activity("a", closes_at=NOW - timedelta(days=1))

    assert why_closed(a_module("m1", activity, closes_at=NOW - timedelta(days=1)), activity, frozenset(), NOW) is None


@pytest.mark.parametrize(
    ("kind", "address"),
    [("page", "/courses/c/activities/k"), ("quiz", "/courses/c/quizzes/k"), ("recording", "/courses/c/recordings/k")],
)
def test_each_kind_has_its_address(kind: str, address: str) -> None:
    assert activity_url("c", kind, "k") == address


def test_a_file_is_named_by_its_content() -> None:
    assert file_url("c", "ab12", "foto.png") == "/courses/c/files/ab12/foto.png"
