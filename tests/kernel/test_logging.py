"""Logs: JSON lines in which nothing can forge another line (spec/security 8.2)."""

import io
import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from kernel import logging


@pytest.fixture(autouse=True)
def _as_the_server_logs() -> Iterator[None]:
    before = structlog.get_config()
    logging.set_up()
    yield
    structlog.configure(**before)


def test_each_event_is_one_line_of_json_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("thing.done", person=7, note="uno\r\ndos\x1b[31m\u2028")
    line = capsys.readouterr().err

    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\r" not in line
    read = json.loads(line)
    assert (read["event"], read["level"], read["person"]) == ("thing.done", "info", 7)
    assert read["timestamp"].endswith("Z")


def test_an_error_is_logged_by_kind_and_place_without_what_people_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("ana@example.org\nsecond")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("thing.failed")

    line = capsys.readouterr().err
    assert line.count("\n") == 1
    told = json.loads(line)["exception"]
    assert told.endswith("ValueError")
    assert "test_logging.py" in told
    assert "in fail" in told


def test_a_terminal_shows_an_error_without_the_values_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    logging.set_up()

    def fail(address: str) -> int:
        return len(address) // 0

    try:
        fail("ana@example.org")
    except ZeroDivisionError:
        structlog.get_logger().exception("thing.failed")

    told = terminal.getvalue()
    assert "in fail" in told
    assert "ZeroDivisionError" in told
    assert "ana@example.org" not in told.replace('fail("ana@example.org")', "")


def test_details_for_debugging_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().debug("thing.looked_at")

    assert capsys.readouterr().err == ""


def test_a_reader_of_the_log_that_has_gone_away_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)

    structlog.get_logger().info("thing.done")
