"""Clients that are slow or half open, by the hundred: the others are served, and no lock is held for them."""

import contextlib
import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from lms.arriving import HEAD_SECONDS
from tests.faults.chaos import a_house, crowd_while, faultless, serving, told, wait_until_ready

SLOW = 300
HEADERS = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n"


@pytest.mark.parametrize("half", [b"GET /courses HTT", HEADERS, HEADERS + b"\r\nemail=ana"], ids=["request line", "headers", "body"])
def test_slow_clients_by_the_hundred(
    half: bytes, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """Everybody else signs in, saves, hands in and gets a certificate; each slow body lets every third of its seconds go by unread."""
    instance = a_house(tmp_path, database_url, monkeypatch)
    with serving(instance, LMS_THREADS=str(2 * SLOW)) as server, contextlib.ExitStack() as open_ones:
        wait_until_ready(server)
        for _client in range(SLOW):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.sendall(half)
        found = crowd_while(instance, (server.address,), lambda over: bool(over.wait()) or None, seconds=10)

    say(f"{SLOW} half-open clients ({len(half)} bytes each): {told(found)}")
    assert faultless(found)
    assert found["requests that failed and were sent again"] == 0
    assert found["certificates fetched"] > 3


def test_heads_that_never_come_keep_no_thread_for_long(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """As many half-open clients as a process has threads: phones that lost their line in the middle of a request."""
    instance = a_house(tmp_path, database_url, monkeypatch)
    with serving(instance, processes=1, LMS_THREADS="8") as server, contextlib.ExitStack() as open_ones:
        wait_until_ready(server)
        for _client in range(8):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.sendall(HEADERS)
        time.sleep(1)
        began = time.monotonic()
        with urllib.request.urlopen(f"{server.address}/health/live", timeout=60) as answer:
            waited = time.monotonic() - began
            assert answer.status == 200

    say(f"8 half-open clients before 8 threads: the next one waited {waited:.0f} s")
    assert 2 < waited < HEAD_SECONDS + 5
