"""Saving over HTTP: forms and the script's saves, two pages, late requests, lost sessions (spec/quiz-engine 5.3, 5.4)."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from accounts.models import Device, Person
from lms.instance import Instance
from quizzes.attempt_page import new_page_epoch
from quizzes.models import Attempt
from tests.support.answers import open_attempt
from tests.support.attempts import an_answer, begin, stored
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_learner_in
from tests.support.learning import At, send_script
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking
from tests.support.wording import in_spanish


def test_the_script_saves_an_answer_and_is_told_what_is_kept(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.1: the JSON of static/js/quiz.js, word for word."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, "attempts: 0\nlimit: 20 min\n"))
    attempt = begin(browser).rsplit("/", 1)[1]
    event = {"item": 1, "seq": 1, "response": {"answer": ["2,4"]}, "client_time": "2026-06-01T10:00:00Z"}

    first = send_script(browser, attempt, [event], lease=5000)
    again = send_script(browser, attempt, [event], lease=5000)
    asked = send_script(browser, attempt, [], lease=5000)

    assert set(first) == {"acknowledged", "seconds_left", "state", "newer", "closed", "at", "token"}
    assert (first["acknowledged"], first["newer"], first["state"]) == ({"1": 1}, {}, "in_progress")
    assert 1100 < int(str(first["seconds_left"])) <= 1200
    assert again["acknowledged"] == {"1": 1}
    assert asked["acknowledged"] == {}
    assert stored(instance) == [("autosave", {"answer": ["2,4"]})]


def test_the_script_is_told_the_time_as_the_page_writes_it(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the reader's own zone and by the server's clock: the time of the page's end is written so too."""
    At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, "attempts: 0\nlimit: 20 min\n"))
    attempt = begin(browser).rsplit("/", 1)[1]
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(zone="Europe/Madrid"))

    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,4"]}}], lease=5000)

    assert told["at"] == f"{NOON.astimezone(ZoneInfo('Europe/Madrid')):%H:%M}"
    browser.get(f"/attempts/{attempt}")
    assert f"Guardado {told['at']}" in browser.page.text


def test_journals_of_earlier_pages_are_taken_under_their_own_lease(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.2: handing in carries the whole journal of the device, each event with its page's lease."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    browser.get(f"{path}/summary")
    journal = [
        {"item": 1, "seq": 1, "lease": 2000, "response": {"answer": ["7"]}, "client_time": ""},
        {"item": 1, "seq": 1, "lease": 3000, "response": {"answer": ["2,5"]}, "client_time": ""},
    ]

    browser.submit("/submission", {"events": json.dumps(journal)})

    assert stored(instance) == [("submit", {"answer": ["7"]}), ("submit", {"answer": ["2,5"]})]
    assert "100" in browser.page.text


def test_the_page_that_is_older_gets_the_newer_answer(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: `newer` has the form's shape, {item: {part: [text, …]}}, so that the script can fill it in."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    attempt = begin(browser).rsplit("/", 1)[1]
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["8"]}}], lease=9000)

    told = send_script(browser, attempt, [{"item": 1, "seq": 4, "response": {"answer": ["1"]}}], lease=8000)

    assert told["newer"] == {"1": {"answer": ["8"]}}
    assert told["acknowledged"] == {"1": 0}


def test_who_was_shown_the_newer_answer_can_change_it(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: what is changed after seeing the newer answer is newer still: the reply brings a lease for it."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    attempt = begin(browser).rsplit("/", 1)[1]
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["8"]}}], lease=9000)
    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=8000)

    again = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=int(str(told["lease"])))

    assert int(str(told["lease"])) > 9000
    assert again["newer"] == {}
    assert "lease" not in again
    assert dict(browser.get(f"/attempts/{attempt}").form("/answers").fields)["p1"] == "2,5"


def test_what_the_script_sent_before_the_form_and_arrives_after_it_is_older(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.1: the form carries the number of the journal,
    so that a delayed request cannot bring back what was typed before.
    """
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    lease = int(dict(browser.page.form("/answers").fields)["lease"])

    browser.submit("/answers", {"p1": "2,5", "p1-local": "3"}, button=("go", "save"))
    for seq, text in ((1, "2"), (2, "2,"), (3, "2,5")):
        send_script(browser, path.rsplit("/", 1)[1], [{"item": 1, "seq": seq, "response": {"answer": [text]}}], lease=lease)

    assert dict(browser.get(path).form("/answers").fields)["p1"] == "2,5"
    assert [payload for _kind, payload in stored(instance)] == [{"answer": ["2,5"]}, {"answer": ["2"]}, {"answer": ["2,"]}]


def test_what_a_page_took_over_is_no_answer_of_its_own(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: a page fills in what an earlier one had in its journal; a third one changes it.
    Who touched nothing has not answered.
    """
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    leases = [int(dict(browser.get(path).form("/answers").fields)["lease"]) for _page in range(2)]
    last = browser.get(path).form("/answers")
    for lease, text in zip(leases, ("8", "2,5"), strict=True):
        send_script(browser, path.rsplit("/", 1)[1], [{"item": 1, "seq": 1, "response": {"answer": [text]}}], lease=lease)

    browser.submit("", {"p1": "8", "p1-untouched": "1"}, form=last, button=("go", "save"))
    untouched = dict(browser.page.form("/answers").fields)["p1"]
    browser.submit("", {"p1": "8"}, form=last, button=("go", "save"))

    assert untouched == "2,5"
    assert dict(browser.page.form("/answers").fields)["p1"] == "8"
    assert [payload for _kind, payload in stored(instance)] == [{"answer": ["8"]}, {"answer": ["2,5"]}, {"answer": ["8"]}]


def test_a_stale_page_does_not_blank_newer_answers(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3 without script: what was not touched in an old page says nothing; what was is kept as history, and told."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    stale = browser.page.form("/answers")
    browser.get(path)
    browser.submit("/answers", {"p1": "2,5"}, button=("go", "save"))

    browser.submit("", form=stale, button=("go", "save"))
    untouched = dict(browser.page.form("/answers").fields)["p1"]
    browser.submit("", {"p1": "9"}, form=stale, button=("go", "save"))

    assert untouched == "2,5"
    assert dict(browser.page.form("/answers").fields)["p1"] == "2,5"
    assert "La pregunta 1 se cambió en otro lugar" in browser.page.text
    assert [payload for _kind, payload in stored(instance)] == [{"answer": ["2,5"]}, {"answer": ["9"]}]


def test_a_page_that_shows_what_is_history_by_now_says_nothing_against_the_newer_answer(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: what the page was drawn from is read again, also when the same page's script saved over it since."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    attempt, lease = path.rsplit("/", 1)[1], int(dict(browser.page.form("/answers").fields)["lease"])
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2"]}}], lease=lease)
    browser.get(path)
    shown = browser.page.form("/answers")
    for seq in (2, 3):
        send_script(browser, attempt, [{"item": 1, "seq": seq, "response": {"answer": [f"2,{seq}"]}}], lease=lease)

    browser.submit("", form=shown, button=("go", "save"))

    assert dict(shown.fields)["p1"] == "2"
    assert dict(browser.page.form("/answers").fields)["p1"] == "2,3"
    assert len(stored(instance)) == 3


def test_a_page_that_came_back_by_the_back_button_is_sent_again(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.5 and 5.4.4: the old page with a changed answer is taken; sent once more it changes nothing."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    page = browser.page.form("/answers")
    browser.submit("", {"p1": "7"}, form=page, button=("go", "review"))

    browser.submit("", {"p1": "2,5"}, form=page, button=("go", "review"))
    browser.submit("", {"p1": "2,5"}, form=page, button=("go", "review"))

    assert dict(browser.get(path).form("/answers").fields)["p1"] == "2,5"
    assert [payload for _kind, payload in stored(instance)] == [{"answer": ["7"]}, {"answer": ["2,5"]}]


def test_a_form_after_the_scripts_save_writes_nothing_twice(browser: Browser, instance: Instance) -> None:
    """The button «Next» of a page whose script has saved everything already."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    attempt = begin(browser).rsplit("/", 1)[1]
    form = browser.page.form("/answers")
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=int(dict(form.fields)["lease"]))

    browser.submit("", {"p1": "2,5"}, form=form, button=("go", "review"))

    assert len(stored(instance)) == 1
    assert in_spanish("You have answered every question.") in browser.page.text


def test_a_long_page_is_taken_whole_and_an_endless_one_is_refused(browser: Browser, instance: Instance) -> None:
    """A whole quiz may stand on one page: 72 questions of six rows have more fields than other pages may send (spec/security 3.5)."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    browser.get(begin(browser))
    fields = {name: value for name, value in browser.page.form("/answers").fields if name != "csrf_token"}
    beside = {f"p{2 + at // 6}-r{at % 6}": "1" for at in range(19_900)}
    long = dict(list(beside.items())[:600])

    browser.post(f"{browser.path}/answers", fields | {"p1": "2,4"} | long)
    browser.post(browser.path.partition("?")[0] + "/answers", fields | beside | {f"x{at}": "1" for at in range(200)}, status=400)

    assert stored(instance) == [("save", {"answer": ["2,4"]})]


def test_saving_after_handing_in_answers_409_and_keeps_nothing(browser: Browser, instance: Instance) -> None:
    """spec/security 6.2: the script reads the code as the end; the page tells it in words."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    attempt, page = path.rsplit("/", 1)[1], browser.page
    form = page.form("/answers")
    browser.get(f"{path}/summary")
    browser.submit("/submission")

    browser.page = page
    problem = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=9000, status=409)
    browser.submit("", {"p1": "1"}, form=form, button=("go", "save"), status=409)

    assert problem["code"] == "already_submitted"
    assert "ya" in browser.page.text
    assert stored(instance) == []


def test_handing_in_twice_is_the_same_page(browser: Browser, instance: Instance) -> None:
    """A second click."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    browser.get(f"{path}/summary")
    form = browser.page.form("/submission")

    first = browser.submit("", form=form).headings
    second = browser.submit("", form=form).headings

    assert first == second
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1


def test_late_answers_are_refused_and_the_page_leads_to_handing_in(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/quiz-engine 5.3.4 over HTTP: half a minute late is taken, one and a half is not."""
    time = At(monkeypatch, NOON)
    browser.checks = False  # when the device was last seen is noted after these minutes, and a note has no audit entry
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, "attempts: 0\nlimit: 10 min\n"))
    path = begin(browser)
    attempt, page = path.rsplit("/", 1)[1], browser.page

    time.pass_(minutes=10, seconds=30)
    taken = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=5000)
    time.pass_(minutes=1)
    refused = send_script(browser, attempt, [{"item": 1, "seq": 2, "response": {"answer": ["1"]}}], lease=5000, status=409)
    browser.page = page
    browser.submit("/answers", {"p1": "1"}, button=("go", "save"), status=409)
    browser.get(path)
    summary = browser.path
    browser.submit("/submission")

    assert taken["acknowledged"] == {"1": 1}
    assert taken["seconds_left"] == 0
    assert refused["code"] == "time_is_up"
    assert summary.endswith("/summary")
    assert "terminó" in browser.page.text
    assert "100" in browser.page.text
    assert len(stored(instance)) == 1


def test_a_page_is_not_opened_again_when_its_time_is_over(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/quiz-engine 5.3.4: the minute is for answers on their way; the script, which opens the page at the end, comes to the summary."""
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, "attempts: 0\nlimit: 2 min\n"))
    path = begin(browser)

    time.pass_(minutes=1, seconds=58)
    still = browser.get(path).html
    time.pass_(seconds=2)
    browser.get(path)

    assert 'data-seconds-left="2"' in still
    assert browser.path.endswith("/summary")


def test_an_expired_session_loses_no_answer(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.4: the form waits, signed, until its person has signed in again."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    attempt, page = path.rsplit("/", 1)[1], browser.page
    with instance.database.unit_of_work() as session:
        session.execute(update(Device).values(ended_at=NOON))

    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=5000, status=401)
    browser.page = page
    browser.submit("/answers", {"p1": "2,5"}, button=("go", "save"), status=401)
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    if browser.path != path:
        browser.submit("/answers")

    assert told["code"] == "sign_in_needed"
    assert stored(instance) == [("save", {"answer": ["2,5"]})]


def test_a_token_that_died_is_answered_so_that_the_script_takes_a_fresh_one(browser: Browser, instance: Instance) -> None:
    """400 and a page of the same address that holds a fresh token, as quiz.js asks for it; the plain form comes back to be sent."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    headers = {"Accept": "application/json"}
    data = {"csrf_token": "dead", "lease": "5000", "events": "[]"}

    refused = browser._request("POST", f"{path}/answers", data=data, headers=headers)
    fresh = dict(browser.get(path).form("/answers").fields)["csrf_token"]
    taken = browser._request("POST", f"{path}/answers", data=data | {"csrf_token": fresh}, headers=headers)
    browser._request("POST", f"{path}/answers", data={"csrf_token": "dead", "lease": "5000", "p1": "2,5", "go": "save"})
    again = browser._arrive(400)
    browser.submit("/answers")

    assert (refused.status_code, taken.status_code) == (400, 200)
    assert "2,5" in dict(again.form("/answers").fields).values()
    assert stored(instance) == [("save", {"answer": ["2,5"]})]


@pytest.mark.parametrize(
    "events",
    [
        "no json",
        "[" * 5000,
        '{"item": 1}',
        "[1, null, []]",
        '[{"item": "1", "seq": 1, "response": {}}]',
        '[{"item": true, "seq": 1, "response": {}}]',
        '[{"item": 1, "seq": 99999999999, "response": {}}]',
        '[{"item": 1, "seq": 1, "response": {"answer": 3}}]',
        '[{"item": 1, "seq": 1, "response": {"answer": ["\\ud800\\u0000"]}, "client_time": "\\u0000"}]',
        '[{"item": 1, "seq": 1, "lease": 99999999999999999999999, "response": {"answer": ["1"]}}]',
        '[{"item": -1, "seq": 1, "response": {"answer": ["1"]}}]',
    ],
)
def test_nothing_that_a_script_sends_breaks_the_server(browser: Browser, instance: Instance, events: str) -> None:
    """spec/security 3.5: no input yields 5xx, and the page of the attempt opens afterwards."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    token = dict(browser.page.form("/answers").fields)["csrf_token"]

    data = {"csrf_token": token, "lease": "5000", "events": events}
    response = browser._request("POST", f"{path}/answers", data=data, headers={"Accept": "application/json"})

    assert response.status_code in (200, 422)
    browser.get(path)
    browser.get(f"{path}/summary")


@pytest.mark.parametrize(("depth", "status"), [(50, 200), (51, 422)])
def test_what_a_script_sends_is_nested_fifty_deep_at_most(browser: Browser, instance: Instance, depth: int, status: int) -> None:
    """spec/security 3.5; brackets within a text do not count."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    token = dict(browser.page.form("/answers").fields)["csrf_token"]
    inner = depth - 4  # of the list, the event, its response and the answer's own list
    more = "[" * inner + "]" * inner
    words = json.dumps("[{" * 60 + '"' + "[{" * 60)
    events = f'[{{"item": 1, "seq": 1, "response": {{"answer": ["2,5"], "more": [{more}]}}, "words": {words}}}]'

    data = {"csrf_token": token, "lease": "5000", "events": events}
    response = browser._request("POST", f"{path}/answers", data=data, headers={"Accept": "application/json"})

    assert response.status_code == status
    assert bool(stored(instance)) == (status == 200)


@pytest.mark.parametrize("lease", ["", "0", "-5", "x", "٣", "9" * 30])
def test_a_form_without_its_lease_is_not_taken(browser: Browser, instance: Instance, lease: str) -> None:
    """spec/security 1.5 and 3.5."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    begin(browser)

    browser.submit("/answers", {"lease": lease, "p1": "1"}, button=("go", "save"), status=422)

    assert stored(instance) == []


def test_the_lease_of_a_page_is_above_every_earlier_one_whatever_the_clock_does(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3 and spec/security 6.6: also where the clock jumps back two hours."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    send_script(browser, path.rsplit("/", 1)[1], [an_answer(1, "2")], lease=123_456_789_000)

    browser.path = path
    loaded, _questions = open_attempt(browser)

    assert new_page_epoch(loaded, loaded.row.started_at - timedelta(hours=2)) > 123_456_789_000
