"""What was seen of a recording: joined, counted once, bounded, believable."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinars.rules import credible, merge_spans, read_spans, share_watched

SPANS = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 100)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=20)


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([], []),
        ([(5, 9), (0, 3)], [(0, 3), (5, 9)]),
        ([(0, 5), (5, 9)], [(0, 9)]),
        ([(0, 9), (2, 3)], [(0, 9)]),
        ([(0, 5), (3, 9), (8, 10)], [(0, 10)]),
    ],
)
def test_spans_that_touch_or_overlap_are_one(spans: list[tuple[int, int]], merged: list[tuple[int, int]]) -> None:
    assert merge_spans(spans) == merged


@given(SPANS)
def test_what_was_seen_is_the_number_of_different_seconds(spans: list[tuple[int, int]]) -> None:
    seconds = {second for start, finish in spans for second in range(start, finish)}

    assert share_watched(spans, 600) == Fraction(len(seconds & set(range(600))), 600)


@given(SPANS)
def test_seeing_it_twice_counts_once(spans: list[tuple[int, int]]) -> None:
    assert share_watched([*spans, *spans], 600) == share_watched(spans, 600)


def test_nothing_can_be_seen_of_what_has_no_length_and_no_more_than_all() -> None:
    assert share_watched([(0, 10)], 0) == 0
    assert share_watched([(0, 999)], 10) == 1
    assert share_watched([(50, 60)], 10) == 0


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("0-10,20-30", [(0, 10), (20, 30)]),
        (" 1-2 , x, 5, 9-3, -1-4, 3-3, ٣-٥, 1e3-2e3, 0-9999999", [(1, 2)]),
        ("90-200", [(90, 100)]),
        ("100-200", []),
    ],
)
def test_what_is_no_span_inside_the_recording_is_left_out(text: str, spans: list[tuple[int, int]]) -> None:
    assert read_spans(text, 100) == spans


def test_no_more_than_two_hundred_spans_are_read() -> None:
    assert len(read_spans(",".join(f"{at}-{at + 1}" for at in range(500)), 1000)) == 200


def test_one_can_have_seen_twice_the_time_that_has_passed_and_half_a_minute() -> None:
    assert credible([(0, 30)], 0)
    assert not credible([(0, 31)], 0)
    assert credible([(0, 150)], 60)
    assert not credible([(0, 100), (200, 251)], 60)
    assert credible([(0, 100), (0, 100)], 35)
