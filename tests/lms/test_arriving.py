"""Requests that come slowly: whoever keeps to a least rate is served, whoever trickles keeps no thread for long."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from lms.arriving import HEAD_SECONDS, LEAST_RATE, SHORT_SECONDS, SPARE_SECONDS, Arrival, find_late
from lms.gunicorn_worker import BodyBrokenOff, receive_whole


@pytest.fixture
def line() -> Iterator[socket.socket]:
    """Yield a connection that nobody sends over."""
    with closing(socket.socket()) as ours:
        yield ours


def a_body(line: socket.socket, *, rate: float = 0, seconds: float = 0, waits: float = 0) -> Arrival:
    """Return a body that came for some seconds at a rate, piece by piece, and that a thread waits for since then (at moment 0)."""
    body = Arrival(line, None, in_body=True)
    for second in range(int(seconds)):
        body.waits_since = second - seconds
        body.count(int(rate), second + 1 - seconds)
    body.waits_since = -waits
    return body


@pytest.mark.parametrize(("rate", "is_cut"), [(LEAST_RATE, False), (10 * LEAST_RATE, False), (LEAST_RATE / 2, True), (1, True)])
def test_a_body_has_a_least_rate_however_large_it_is(line: socket.socket, rate: float, is_cut: bool) -> None:
    """Ten megabytes at twenty kilobytes a second take nine minutes and come through."""
    assert bool(find_late([a_body(line, rate=rate, seconds=600, waits=1)], 128, 0)) == is_cut


def test_a_line_may_be_gone_for_a_moment_and_once_more_when_bytes_have_come(line: socket.socket) -> None:
    for seconds in (0, 30, 600):
        before, after = (a_body(line, rate=50_000, seconds=seconds, waits=SPARE_SECONDS + more) for more in (-1, 1))

        assert find_late([before, after], 128, 0) == [after]


def test_what_came_early_pays_for_no_rest(line: socket.socket) -> None:
    """A megabyte at once does not hold a thread for minutes afterwards."""
    assert find_late([a_body(line, rate=1_000_000, seconds=1, waits=SPARE_SECONDS + 1)], 128, 0)


def test_a_head_has_its_time(line: socket.socket) -> None:
    assert not find_late([Arrival(line, 1 - HEAD_SECONDS)], 128, 0)
    assert find_late([Arrival(line, -1 - HEAD_SECONDS)], 128, 0)


def test_only_who_is_waited_for_can_be_late(line: socket.socket) -> None:
    """What the application does with a body meanwhile is not its sender's time."""
    assert find_late([Arrival(line, None, in_body=True)], 1, 10_000) == []


def test_where_threads_are_scarce_the_slowest_go_first(line: socket.socket) -> None:
    """Of eight threads six may wait: a phone that sends stays, and so does who has only begun."""
    phone = a_body(line, rate=8_000, seconds=9, waits=1)
    begun = a_body(line, waits=SHORT_SECONDS - 1)
    slow = [a_body(line, rate=rate, seconds=9, waits=1) for rate in (5, 4, 3, 2, 1)]
    head = Arrival(line, -SHORT_SECONDS - 1)

    assert find_late([phone, begun, *slow[:4]], 8, 0) == []
    assert find_late([phone, begun, *slow, head], 8, 0) == [head, slow[-1]]


def test_a_body_that_breaks_off_is_not_whole(line: socket.socket) -> None:
    body, pieces = Arrival(line, None, in_body=True), [b"text=Escribo", b""]

    assert receive_whole(body, lambda _size: pieces.pop(0)) == b"text=Escribo"
    with pytest.raises(BodyBrokenOff):
        receive_whole(body, lambda _size: pieces.pop(0))
