"""Work in the background goes on in the gaps between requests, and in the end without one."""

from itertools import count

import pytest

from kernel import request_gaps
from kernel.request_gaps import GAP, PATIENCE, REQUEST_GAPS, RequestGaps
from lms.instance import Instance
from tests.support.browser import Browser


class Clock:
    """A clock that only sleeping moves on; while it sleeps, requests come at the times that are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.gaps = 100.0, RequestGaps()
        self.requests: list[float] = []
        monkeypatch.setattr(request_gaps.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(request_gaps.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self.requests and self.requests[0] <= until:
            self.now = self.requests.pop(0)
            self.gaps.note()
        self.now = until

    def waited(self) -> float:
        began = self.now
        self.gaps.wait()
        return self.now - began


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_work_goes_on_at_once_where_there_is_no_request(clock: Clock) -> None:
    assert clock.waited() == 0


def test_work_waits_for_the_gap_after_the_last_request(clock: Clock) -> None:
    clock.gaps.note()
    clock.requests = [100.01, 100.025]

    assert clock.waited() == pytest.approx(0.025 + GAP)


def test_work_goes_on_after_its_patience_where_requests_never_pause(clock: Clock) -> None:
    clock.gaps.note()
    clock.requests = [100 + number * GAP / 2 for number in range(1, 100)]

    assert clock.waited() == pytest.approx(PATIENCE)


def test_each_request_is_noted_when_it_begins_and_when_it_ends(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = count(1)
    monkeypatch.setattr(REQUEST_GAPS, "note", lambda: next(times))

    browser.get("/")

    assert next(times) == 3
