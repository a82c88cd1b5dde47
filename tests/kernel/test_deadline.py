"""A request has a deadline (spec/security 3.5): whoever is late writes nothing more and is told so."""

import io
import threading
import time
from dataclasses import replace

import pytest
from flask import Flask, request
from sqlalchemy import text

from kernel import deadline
from kernel.web.request import current_session
from lms.instance import Instance
from tests.support.plain_views import add_view, send, words, write
from tests.support.wording import in_spanish


def test_a_request_that_works_too_long_is_rolled_back_with_a_page(plain: Flask, note: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 3.5: whoever is late writes nothing more and commits nothing."""
    hour = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda clock=time.monotonic: clock() + hour[0])
    wanted = ["early"]

    def view() -> str:
        write("before")
        hour[0] += 31.0 if wanted[0] != "early" else 29.0
        if wanted[0] == "asks":
            write("after")
        return "saved"

    add_view(plain, view)
    assert send(plain).status_code == 200
    for how in ("asks", "commits"):
        wanted[0] = how
        answer = send(plain)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert in_spanish(
            "This took too long and was stopped. Nothing was saved. Try again, with less at once if possible."
        ) in answer.get_data(as_text=True)

    assert words(note) == ["before"]


@pytest.mark.slow
def test_a_statement_that_lasts_too_long_is_stopped(plain: Flask, note: Instance) -> None:
    plain.extensions["plumbing"] = replace(plain.extensions["plumbing"], request_seconds=0.2)
    for_ever = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c WHERE n < 0"
    stopping = threading.Event()
    watch = threading.Thread(target=lambda: [list(deadline.late()) for _turn in iter(lambda: stopping.wait(0.05), True)])

    def view() -> str:
        write("before")
        return str(current_session().execute(text(for_ever)).scalar())

    add_view(plain, view)
    watch.start()
    answer = send(plain)
    stopping.set()
    watch.join()

    assert answer.status_code == 503
    assert words(note) == []


def test_how_slowly_a_body_arrives_is_its_senders_affair(plain: Flask, note: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film over the line of an office takes minutes: the time begins when it is there (spec/security 3.5)."""
    hour = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda clock=time.monotonic: clock() + hour[0])

    class Slow(io.BytesIO):
        """A body that comes in an hour."""

        def read(self, *size: int | None) -> bytes:
            hour[0] += 3600
            return super().read(*size)

    def view() -> str:
        write(request.form["word"])
        return "saved"

    add_view(plain, view)
    answer = send(plain, input_stream=Slow(b"word=slow"), content_length=9, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200
    assert words(note) == ["slow"]
