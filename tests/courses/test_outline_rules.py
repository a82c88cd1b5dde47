"""Outlines: neighbours, numbers, what is open and where things are; and the façade's geometry, against its drawings."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from courses.facade import MOST_WINDOWS, FacadeBay, FacadeSize, WindowState, draw
from courses.rules import ClosedReason, CourseTime, activity_url, file_url, why_closed
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
    assert a_module("m1", an_activity("a"), an_activity("b", minutes=25)).time == CourseTime(35, 35)


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


OFF, STARTED, LIT = WindowState.OFF, WindowState.STARTED, WindowState.LIT


def test_a_course_without_modules_has_no_facade() -> None:
    assert draw([], FacadeSize.CARD) is None


def test_a_wide_facade_fills_its_box_with_windows() -> None:
    """W = W / (n + 0.22(n−1)), pitch 1.22 w; numbers of the reference page's header."""
    facade = draw([FacadeBay(60)] * 7, FacadeSize.COURSE)

    assert facade is not None
    assert facade.view_box == "0 0 560 242"
    assert [window.x for window in facade.windows] == ["33.7", "115.8", "197.9", "280", "362.1", "444.2", "526.3"]
    assert facade.windows[1].outline == "M82.1 220V33.7a33.7 33.7 0 0 1 67.3 0V220z"
    assert facade.windows[1].mullions == "M115.8 0V220M82.1 33.7h67.3M82.1 75.4h67.3M82.1 117.1h67.3M82.1 158.8h67.3M82.1 200.6h67.3"
    assert facade.label_y == "236"


def test_a_longer_module_has_a_taller_window() -> None:
    """H = H · (0.42 + 0.58 · m / max(m)), so no window is lower than 0.42 H."""
    facade = draw([FacadeBay(100), FacadeBay(0), FacadeBay(50)], FacadeSize.EMPTY)

    assert facade is not None
    tops = [float(window.mullions.split("V")[0].split(" ")[1]) for window in facade.windows]
    assert tops == pytest.approx([0, 80 * 0.58, 80 * 0.29], abs=0.05)


def test_a_started_module_lights_up_from_below_and_keeps_its_arch_dark() -> None:
    facade = draw([FacadeBay(10, STARTED, Fraction(1, 2)), FacadeBay(10, LIT), FacadeBay(10)], FacadeSize.EMPTY)

    assert facade is not None
    started, lit, off = facade.windows
    assert started.glow == "M0 80v-29.1h43.6V80z"  # half of what lies below the springline, 80 − 21.8
    assert not started.lit
    assert lit.lit
    assert not lit.glow
    assert not off.glow


@pytest.mark.parametrize(("count", "last"), [(7, "218.9"), (1, "13")])
def test_a_card_has_small_windows_and_a_door(count: int, last: str) -> None:
    """On cards w = 26 and pitch 34.3; door 26 × 42 at the right."""
    facade = draw([FacadeBay(5)] * count, FacadeSize.CARD, door_open=True)

    assert facade is not None
    assert facade.windows[-1].x == last
    assert facade.door is not None
    assert facade.door.lit
    assert facade.door.outline == "M274 90V61a13 13 0 0 1 26 0V90z"
    assert facade.door.mullion == "M287 48v42"


def test_small_windows_shrink_so_that_all_fit_beside_the_door() -> None:
    facade = draw([FacadeBay(5)] * MOST_WINDOWS, FacadeSize.CARD, door_open=False)

    assert facade is not None
    width = float(facade.windows[0].outline.split("1 ")[1].split(" ")[0])
    assert float(facade.windows[-1].x) + width / 2 <= 300 - 42 + 0.1
    assert facade.door is not None
    assert not facade.door.lit


def test_more_modules_than_windows_share_them() -> None:
    facade = draw([FacadeBay(5, LIT)] * 4 + [FacadeBay(5)] * 36, FacadeSize.COURSE)

    assert facade is not None
    assert len(facade.windows) == MOST_WINDOWS
    assert facade.windows[0].lit
    assert facade.windows[1].glow
    assert not facade.windows[2].glow


def test_only_cards_have_a_door() -> None:
    facade = draw([FacadeBay(5)], FacadeSize.HERO, door_open=True)

    assert facade is not None
    assert facade.door is None
    assert not facade.label_y
