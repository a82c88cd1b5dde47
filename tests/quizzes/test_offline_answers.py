"""What a device proves to have written before the end counts until the quiz's window closes (spec/quiz-engine 5.3.9)."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel.crypto import seal
from kernel.outbox import Delivery
from lms.instance import Instance
from quizzes import jobs
from quizzes.models import AnswerEvent
from quizzes.saves import PURPOSE
from tests.support.answers import open_attempt, right_fields
from tests.support.browser import Browser
from tests.support.builders import a_learner_in
from tests.support.learning import HEADERS, At, attempt_row
from tests.support.quizzes import ONE_QUESTION, a_quiz, counted

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
END = NOON + timedelta(minutes=10)
QUIZ = "/courses/prueba/quizzes/cuestionario-1"
WINDOW = "attempts: 0\nlimit: 10 min\noffline_window: 15 min\n"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def begin(browser: Browser, instance: Instance, settings: str = WINDOW) -> str:
    """Start an attempt and return the token of its page."""
    a_learner_in(browser, a_quiz(instance, settings, questions=ONE_QUESTION))
    browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    found = re.search(r'data-token="([^"]+)"', browser.page.html)
    return found[1] if found else ""


def right(browser: Browser) -> str:
    """Return the place of the right option."""
    loaded, questions = open_attempt(browser)
    return str(right_fields(loaded, questions)["p1"])


def send(browser: Browser, token: str, *, seq: int = 1, place: str = "1", status: int = 200) -> dict[str, object]:
    """Send one answer as the page's script does; return what the server says."""
    path = browser.path.split("?")[0]
    event = {"item": 1, "seq": seq, "response": {"answer": [place]}, "client_time": "2026-06-01T12:09:00Z", "token": token}
    sent = {"csrf_token": dict(browser.page.forms[0].fields)["csrf_token"], "lease": "5000", "events": json.dumps([event])}
    browser.response = browser.client.post(f"{path}/answers", data=sent, headers=HEADERS, base_url="https://localhost")
    assert browser.response.status_code == status, browser.response.get_data(as_text=True)
    told: dict[str, object] = json.loads(browser.response.get_data())
    return told


def test_an_answer_of_a_lost_line_counts_until_the_window_closes_and_is_marked_so(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.9: written before E, sent at E + 12 min: kept, acknowledged, flagged in the record, marked; finish = E."""
    begin(browser, instance)
    place = right(browser)
    at.pass_(minutes=9)
    token = str(send(browser, "", place="3")["token"])  # the last word of the server before the line broke
    path = browser.path
    at.pass_(minutes=13)

    told = send(browser, token, seq=2, place=place)
    browser.get(f"{path}/summary")
    browser.submit("/submission")
    record = browser.client.get(f"{path}/record.json", base_url="https://localhost").get_json()

    assert told["acknowledged"] == {"1": 2}
    row = attempt_row(instance, open_attempt_uuid(path))
    assert (row.state, row.percent, row.finished_at) == ("finished", 100, END)
    assert [question["written_offline_before_the_end"] for question in record["questions"]] == [True]


def open_attempt_uuid(path: str) -> UUID:
    """Return the attempt that a path names."""
    return UUID(path.split("/")[2])


def test_without_a_proof_nothing_late_is_kept(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.9 and 5.3.4: no token, one of another attempt, a forged one, one given after the end."""
    token = begin(browser, instance)
    secret = browser.app.secret_key or ""
    foreign = seal(secret, PURPOSE, ["00000000-0000-4000-8000-000000000000", int(NOON.timestamp())])
    late = seal(secret, PURPOSE, [browser.path.split("/")[2], int(END.timestamp()) + 1])
    forged = seal("another secret", PURPOSE, [browser.path.split("/")[2], int(NOON.timestamp())])
    at.pass_(minutes=12)

    for one in ("", foreign, late, forged, token[:-2] + "xx", "x" * 5000):
        send(browser, one, status=409)

    assert counted(instance, AnswerEvent) == 0
    assert send(browser, token)["acknowledged"] == {"1": 1}


def test_after_the_window_nothing_is_kept_and_the_job_has_handed_in_what_was_saved(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.9 and 5.3.6: the attempt waits for the device until E + W, then it is finished at E."""
    token = begin(browser, instance)
    uuid = open_attempt_uuid(browser.path)
    states = []
    for minutes in (24, 25.01):
        jobs.close_due(Delivery(instance.database, instance.settings, 1, {}, NOON + timedelta(minutes=minutes)))
        states.append(attempt_row(instance, uuid).state)
    at.pass_(minutes=26)

    send(browser, token, status=409)

    assert states == ["in_progress", "finished"]
    assert attempt_row(instance, uuid).finished_at == END
    assert counted(instance, AnswerEvent) == 0


@pytest.mark.slow
def test_a_quiz_without_a_window_gives_no_token_and_takes_none(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.9: off by default."""
    assert begin(browser, instance, "attempts: 0\nlimit: 10 min\n") == ""
    assert send(browser, "")["token"] == ""
    token = seal(browser.app.secret_key or "", PURPOSE, [browser.path.split("/")[2], int(NOON.timestamp())])
    at.pass_(minutes=12)

    send(browser, token, seq=2, status=409)

    assert counted(instance, AnswerEvent) == 1


def test_numbers_and_tokens_of_a_page_only_go_forward(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.9: the device's counter is monotonic: a number below one that was kept, or an older token after a newer one,
    proves nothing.
    """
    first = begin(browser, instance)
    at.pass_(minutes=5)
    second = str(send(browser, "", seq=3)["token"])
    at.pass_(minutes=7)

    send(browser, second, seq=2, status=409)
    path, token = browser.path.split("?")[0], dict(browser.page.forms[0].fields)["csrf_token"]
    events = [{"item": 1, "seq": seq, "response": {"answer": [str(seq - 3)]}, "token": one} for seq, one in ((4, second), (5, first))]
    sent = {"csrf_token": token, "lease": "5000", "events": json.dumps(events)}
    response = browser.client.post(f"{path}/answers", data=sent, headers=HEADERS, base_url="https://localhost")

    assert json.loads(response.get_data())["acknowledged"] == {"1": 0}  # 1 and 2 are missing before 3
    assert counted(instance, AnswerEvent) == 2


def test_the_page_after_the_end_still_leads_to_handing_in(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.9: nothing can be answered on it any more, and the device's journal goes with the submission."""
    token = begin(browser, instance)
    place = right(browser)
    path = browser.path.split("?")[0]
    at.pass_(minutes=14)
    browser.get(path)
    assert browser.path.endswith("/summary")
    event = {"item": 1, "seq": 1, "lease": 5000, "response": {"answer": [place]}, "token": token}

    browser.submit("/submission", {"events": json.dumps([event])})

    row = attempt_row(instance, open_attempt_uuid(path))
    assert (row.percent, row.finished_at) == (100, END)
