"""Logs: JSON lines in which nothing can forge another line (security 8.2)."""

import json
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


def test_an_exception_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("first\nsecond")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("thing.failed")

    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "ValueError" in json.loads(line)["exception"]


def test_details_for_debugging_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().debug("thing.looked_at")

    assert capsys.readouterr().err == ""
