"""What pages cost for tests: the statements of each request of a learner's day."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.answers import open_attempt, right_fields
from tests.support.browser import Browser, Counter


@dataclass(frozen=True)
class Cost:
    """What one request cost: in the request itself, and in the note after its answer."""

    statements: int
    commits: int
    notes: int
    text: str


def cost(browser: Browser, counter: Counter, path: str, data: Mapping[str, str] | None = None, *, json_wanted: bool = False) -> Cost:
    """Send one request, without what a page would load after it."""
    counter.reset()
    headers = {"Accept": "application/json" if json_wanted else "text/html", "Accept-Language": "es"}
    response = browser.client.open(path, method="GET" if data is None else "POST", data=data, base_url="https://localhost", headers=headers)
    text = response.get_data(as_text=True)
    statements, commits = len(counter.statements), counter.commits
    response.close()
    assert response.status_code in (200, 303), f"{path}: {response.status_code} {text[:500]}"
    return Cost(statements, commits, counter.commits - commits, text)


def walk(browser: Browser, counter: Counter, slug: str) -> dict[str, Cost]:
    """Go once through everything to fill the memory, then measure a learner's day."""
    lesson, quiz = f"/courses/{slug}/activities/leccion-1", f"/courses/{slug}/quizzes/cuestionario-1"
    costs = {}
    for answered in (False, True):  # the second time everything is in memory, and the quiz is passed
        costs["first lesson"] = cost(browser, counter, lesson)
        costs["lesson"] = cost(browser, counter, lesson)
        costs["course"] = cost(browser, counter, f"/courses/{slug}")
        costs["home"] = cost(browser, counter, "/learning")
        costs["calendar"] = cost(browser, counter, "/calendar?view=month")
        costs["catalogue"] = cost(browser, counter, "/courses")
        costs["glossary"] = cost(browser, counter, f"/courses/{slug}/glossary")
        costs["recording"] = cost(browser, counter, f"/courses/{slug}/recordings/video-1")
        costs["recordings"] = cost(browser, counter, "/recordings?q=agua")
        costs["certificates"] = cost(browser, counter, "/certificates")
        costs["intro"] = cost(browser, counter, quiz)
        token = {"csrf_token": token_of(costs["intro"].text)}
        costs["start"] = cost(browser, counter, f"{quiz}/attempts", token)
        browser.path = re.search(r"/attempts/[0-9a-f-]{36}", costs["start"].text)[0]  # type: ignore[index]  # the redirect's page
        attempt = browser.path
        costs["attempt"] = cost(browser, counter, attempt)
        events = [{"item": 1, "seq": 1, "response": {"answer": ["1"]}, "client_time": "2026-06-01T10:00:00Z"}]
        sent = token | {"lease": "5000", "events": json.dumps(events)}
        costs["save"] = cost(browser, counter, f"{attempt}/answers", sent, json_wanted=True)
        loaded, questions = open_attempt(browser)
        fields = right_fields(loaded, questions) if answered else {}
        costs["page of answers"] = cost(browser, counter, f"{attempt}/answers", token | {"lease": "6000", "go": "review"} | fields)
        costs["summary"] = cost(browser, counter, f"{attempt}/summary")
        costs["finish"] = cost(browser, counter, f"{attempt}/submission", token)
        costs["review"] = cost(browser, counter, f"{attempt}/review")
    return costs


def token_of(html: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found
    return found[1]
