"""Quizzes over HTTP: forms, the script's saves, two pages, late requests, reviews, no key before its time (quiz engine 5.4, 5.5, 5.9)."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from accounts.models import Device
from courses.models import Course, Nature
from lms.app import House
from quizzes.models import AnswerEvent, Attempt
from quizzes.pages.attempt import new_lease
from tests.support.answers import answer_right, open_attempt, right_fields
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course, a_learner_in, a_person, a_teacher, folder, publish, sign_in
from tests.support.learning import At, send_script

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
QUIZ = "/courses/prueba/quizzes/cuestionario-1"
NUMBER = """questions:
  - key: mitad-1
    kind: numerical
    text: ¿Cuánto es la mitad de cinco?
    answers:
      - right: 2.5
      - wrong: 10
        why: Es el doble.
    tolerance: 0.01
"""
SECRETS = """questions:
  - key: una-1
    kind: single
    text: Elija una letra.
    options:
      - {right_a}: Alfa
        key: clave-uno
        why: PORQUE-UNO
      - {right_b}: Beta
        key: clave-dos
        why: PORQUE-DOS
    explanation: EXPLICACION
  - key: varias-1
    kind: multiple
    text: Elija letras.
    shuffle: false
    options:
      - {right_a}: Gama
        key: clave-tres
        why: PORQUE-TRES
      - {right_b}: Delta
        key: clave-cuatro
        why: PORQUE-CUATRO
      - {right_b}: Kapa
        key: clave-cinco
        why: PORQUE-CINCO
"""
KEY = re.compile(r"clave-|PORQUE|EXPLICACION|data-right|data-key|una-1|varias-1")


def a_quiz(house: House, bank: str, settings: str = "attempts: 0\n", slots: tuple[str, ...] = ("mitad-1",), slug: str = "prueba") -> Course:
    """Publish a course whose one quiz asks these questions in this order."""
    files = folder(slug, modules=1, settings=settings)
    files["01-parte/banco.yaml"] = bank.encode()
    fixed = "".join(f"  - question: {key}\n" for key in slots)
    quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace("  - draw: 7\n", fixed).encode()
    return publish(house, files, nature=Nature.CORRECTION, now=NOON - timedelta(days=1))[0]


def a_secret_quiz(house: House, settings: str = "attempts: 0\n", *, turned: bool = False) -> Course:
    """Publish a quiz whose keys and explanations are words that a page must not say; `turned` changes only what is right."""
    words = {"right_a": "wrong", "right_b": "right"} if turned else {"right_a": "right", "right_b": "wrong"}
    return a_quiz(house, SECRETS.format(**words), f"shuffle_options: false\n{settings}", ("una-1", "varias-1"))


def begin(browser: Browser) -> str:
    """Start an attempt, where time begins to run by saying yes to that, and return its path."""
    browser.get(QUIZ)
    if browser.page.has_link(f"{QUIZ}/start"):
        browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    return browser.path.split("?")[0]


def stored(house: House) -> list[tuple[str, object]]:
    """Return every answer that the server holds, oldest first: how it came, and what was given."""
    with house.database.unit_of_work(write=False) as session:
        rows = session.execute(select(AnswerEvent.kind, AnswerEvent.payload).order_by(AnswerEvent.id))
        return [(row.kind, json.loads(row.payload)) for row in rows]


def test_a_quiz_is_taken_with_plain_forms_page_by_page(browser: Browser, house: House) -> None:
    """5.4.4 and P18: no script; answers are kept on the way from page to page, and the summary counts what is missing."""
    a_learner_in(browser, a_course(house, modules=1, settings="attempts: 0\nper_page: 3\n"))
    begin(browser)
    pages = [[item["data-item"] for item in _items(browser)]]
    while any(button == ("go", "next") for button in browser.page.form("/answers").buttons):
        browser.submit("/answers", button=("go", "next"))
        pages.append([item["data-item"] for item in _items(browser)])

    browser.submit("/answers", button=("go", "review"))

    assert pages == [["1", "2", "3"], ["4", "5", "6"], ["7"]]
    assert "7 preguntas están sin responder." in browser.page.text
    assert stored(house) == []


def _items(browser: Browser) -> list[dict[str, str]]:
    return [{"data-item": number} for number in re.findall(r'data-item="(\d+)"', browser.page.html)]


def test_a_number_may_have_a_comma_or_a_point_and_an_ambiguous_one_is_told_before_handing_in(browser: Browser, house: House) -> None:
    """5.7 and 5.4.5: 2,5 and 2.5 are one number; 2.500 could be two."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    notes = []
    for typed in ("2,5", "2.5", "2.500"):
        begin(browser)
        browser.submit("/answers", {"p1": typed}, button=("go", "review"))
        notes.append("Se entiende como 2500" in browser.page.text.replace("\u00a0", "").replace(" 500", "500"))
        browser.submit("/submission")

    with house.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(Attempt.percent).order_by(Attempt.id))) == [100, 100, 0]
    assert notes == [False, False, True]


def test_what_cannot_be_understood_is_kept_as_typed_and_flagged(browser: Browser, house: House) -> None:
    """5.4.5."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)

    browser.submit("/answers", {"p1": "dos y <medio>"}, button=("go", "review"))
    summary = browser.page.text
    page = browser.get(path)

    assert "No se puede interpretar" in summary, summary[400:3000]
    assert "Esto no es un número" in summary
    assert dict(page.form("/answers").fields)["p1"] == "dos y <medio>"
    assert "«dos y <medio>»" in page.text


def test_the_script_saves_an_answer_and_is_told_what_is_kept(browser: Browser, house: House) -> None:
    """5.4.1: the JSON of static/js/quiz.js, word for word."""
    a_learner_in(browser, a_quiz(house, NUMBER, "attempts: 0\nlimit: 20 min\n"))
    attempt = begin(browser).rsplit("/", 1)[1]
    event = {"item": 1, "seq": 1, "response": {"answer": ["2,4"]}, "client_time": "2026-06-01T10:00:00Z"}

    first = send_script(browser, attempt, [event], lease=5000)
    again = send_script(browser, attempt, [event], lease=5000)
    asked = send_script(browser, attempt, [], lease=5000)

    assert set(first) == {"acknowledged", "seconds_left", "state", "newer", "closed", "saved_at", "token"}
    assert (first["acknowledged"], first["newer"], first["state"]) == ({"1": 1}, {}, "in_progress")
    assert 1100 < int(str(first["seconds_left"])) <= 1200
    assert again["acknowledged"] == {"1": 1}
    assert asked["acknowledged"] == {}
    assert stored(house) == [("autosave", {"answer": ["2,4"]})]


def test_journals_of_earlier_pages_are_taken_under_their_own_lease(browser: Browser, house: House) -> None:
    """5.4.2: handing in carries the whole journal of the device, each event with its page's lease."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    browser.get(f"{path}/summary")
    journal = [
        {"item": 1, "seq": 1, "lease": 2000, "response": {"answer": ["7"]}, "client_time": ""},
        {"item": 1, "seq": 1, "lease": 3000, "response": {"answer": ["2,5"]}, "client_time": ""},
    ]

    browser.submit("/submission", {"events": json.dumps(journal)})

    assert stored(house) == [("submit", {"answer": ["7"]}), ("submit", {"answer": ["2,5"]})]
    assert "100" in browser.page.text


def test_the_page_that_is_older_gets_the_newer_answer(browser: Browser, house: House) -> None:
    """5.4.3: `newer` has the form's shape, {item: {part: [text, …]}}, so that the script can fill it in."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    attempt = begin(browser).rsplit("/", 1)[1]
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["8"]}}], lease=9000)

    told = send_script(browser, attempt, [{"item": 1, "seq": 4, "response": {"answer": ["1"]}}], lease=8000)

    assert told["newer"] == {"1": {"answer": ["8"]}}
    assert told["acknowledged"] == {"1": 0}


def test_who_was_shown_the_newer_answer_can_change_it(browser: Browser, house: House) -> None:
    """5.4.3: what is changed after seeing the newer answer is newer still: the reply brings a lease for it."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    attempt = begin(browser).rsplit("/", 1)[1]
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["8"]}}], lease=9000)
    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=8000)

    again = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=int(str(told["lease"])))

    assert int(str(told["lease"])) > 9000
    assert again["newer"] == {}
    assert "lease" not in again
    assert dict(browser.get(f"/attempts/{attempt}").form("/answers").fields)["p1"] == "2,5"


def test_what_the_script_sent_before_the_form_and_arrives_after_it_is_older(browser: Browser, house: House) -> None:
    """5.4.1: the form carries the number of the journal, so that a delayed request cannot bring back what was typed before."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    lease = int(dict(browser.page.form("/answers").fields)["lease"])

    browser.submit("/answers", {"p1": "2,5", "p1-local": "3"}, button=("go", "save"))
    for seq, text in ((1, "2"), (2, "2,"), (3, "2,5")):
        send_script(browser, path.rsplit("/", 1)[1], [{"item": 1, "seq": seq, "response": {"answer": [text]}}], lease=lease)

    assert dict(browser.get(path).form("/answers").fields)["p1"] == "2,5"
    assert [payload for _kind, payload in stored(house)] == [{"answer": ["2,5"]}, {"answer": ["2"]}, {"answer": ["2,"]}]


def test_a_stale_page_does_not_blank_newer_answers(browser: Browser, house: House) -> None:
    """5.4.3 without script: what was not touched in an old page says nothing; what was is kept as history, and told."""
    a_learner_in(browser, a_quiz(house, NUMBER))
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
    assert [payload for _kind, payload in stored(house)] == [{"answer": ["2,5"]}, {"answer": ["9"]}]


def test_a_page_that_shows_what_is_history_by_now_says_nothing_against_the_newer_answer(browser: Browser, house: House) -> None:
    """5.4.3: what the page was drawn from is read again, also when the same page's script saved over it since."""
    a_learner_in(browser, a_quiz(house, NUMBER))
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
    assert len(stored(house)) == 3


def test_a_page_that_came_back_by_the_back_button_is_sent_again(browser: Browser, house: House) -> None:
    """5.5 and 5.4.4: the old page with a changed answer is taken; sent once more it changes nothing."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    page = browser.page.form("/answers")
    browser.submit("", {"p1": "7"}, form=page, button=("go", "review"))

    browser.submit("", {"p1": "2,5"}, form=page, button=("go", "review"))
    browser.submit("", {"p1": "2,5"}, form=page, button=("go", "review"))

    assert dict(browser.get(path).form("/answers").fields)["p1"] == "2,5"
    assert [payload for _kind, payload in stored(house)] == [{"answer": ["7"]}, {"answer": ["2,5"]}]


def test_a_form_after_the_scripts_save_writes_nothing_twice(browser: Browser, house: House) -> None:
    """The button «Next» of a page whose script has saved everything already."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    attempt = begin(browser).rsplit("/", 1)[1]
    form = browser.page.form("/answers")
    send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=int(dict(form.fields)["lease"]))

    browser.submit("", {"p1": "2,5"}, form=form, button=("go", "review"))

    assert len(stored(house)) == 1
    assert "Respondió todas las preguntas." in browser.page.text


def test_saving_after_handing_in_answers_409_and_keeps_nothing(browser: Browser, house: House) -> None:
    """Security 6.2: the script reads 409 as the end; the page tells it in words."""
    a_learner_in(browser, a_quiz(house, NUMBER))
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
    assert stored(house) == []


def test_handing_in_twice_is_the_same_page(browser: Browser, house: House) -> None:
    """ARCHITECTURE 7.1: a second click."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    browser.get(f"{path}/summary")
    form = browser.page.form("/submission")

    first = browser.submit("", form=form).headings
    second = browser.submit("", form=form).headings

    assert first == second
    with house.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1


def test_late_answers_are_refused_and_the_page_leads_to_handing_in(browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """5.3.4 over HTTP: half a minute late is taken, one and a half is not."""
    time = At(monkeypatch, NOON)
    browser.checks = False  # when the device was last seen is noted after these minutes, and a note has no audit entry
    a_learner_in(browser, a_quiz(house, NUMBER, "attempts: 0\nlimit: 10 min\n"))
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
    assert len(stored(house)) == 1


def test_a_page_is_not_opened_again_when_its_time_is_over(browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """5.3.4: the minute is for answers on their way; the script, which opens the page at the end, comes to the summary."""
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz(house, NUMBER, "attempts: 0\nlimit: 2 min\n"))
    path = begin(browser)

    time.pass_(minutes=1, seconds=58)
    still = browser.get(path).html
    time.pass_(seconds=2)
    browser.get(path)

    assert 'data-seconds-left="2"' in still
    assert browser.path.endswith("/summary")


def test_an_expired_session_loses_no_answer(browser: Browser, house: House) -> None:
    """5.4.4: the form waits, signed, until its person has signed in again."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    attempt, page = path.rsplit("/", 1)[1], browser.page
    with house.database.unit_of_work() as session:
        session.execute(update(Device).values(ended_at=NOON))

    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["2,5"]}}], lease=5000, status=401)
    browser.page = page
    browser.submit("/answers", {"p1": "2,5"}, button=("go", "save"), status=401)
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    if browser.path != path:
        browser.submit("/answers")

    assert told["code"] == "sign_in_needed"
    assert stored(house) == [("save", {"answer": ["2,5"]})]


def test_a_token_that_died_is_answered_so_that_the_script_takes_a_fresh_one(browser: Browser, house: House) -> None:
    """400 and a page of the same address that holds a fresh token, as quiz.js asks for it; the plain form comes back to be sent."""
    a_learner_in(browser, a_quiz(house, NUMBER))
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
    assert stored(house) == [("save", {"answer": ["2,5"]})]


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
def test_nothing_that_a_script_sends_breaks_the_server(browser: Browser, house: House, events: str) -> None:
    """Security 3.5: no input yields 5xx, and the page of the attempt opens afterwards."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    token = dict(browser.page.form("/answers").fields)["csrf_token"]

    data = {"csrf_token": token, "lease": "5000", "events": events}
    response = browser._request("POST", f"{path}/answers", data=data, headers={"Accept": "application/json"})

    assert response.status_code in (200, 422)
    browser.get(path)
    browser.get(f"{path}/summary")


@pytest.mark.parametrize("lease", ["", "0", "-5", "x", "٣", "9" * 30])
def test_a_form_without_its_lease_is_not_taken(browser: Browser, house: House, lease: str) -> None:
    """Security 1.5 and 3.5."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    begin(browser)

    browser.submit("/answers", {"lease": lease, "p1": "1"}, button=("go", "save"), status=422)

    assert stored(house) == []


def test_flags_are_kept_and_change_no_grade(browser: Browser, house: House) -> None:
    """5.5: set with one save, shown in the summary, taken away with the next."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)

    browser.submit("/answers", {"p1": "2,5", "p1-flag": "1"}, button=("go", "review"))
    flagged = "Marcada" in browser.page.text
    browser.get(path)
    browser.submit("/answers", {"p1-flag": None}, button=("go", "review"))

    assert flagged
    assert "Marcada" not in browser.page.text
    browser.submit("/submission")
    assert "100" in browser.page.text


def test_where_one_goes_forward_only_earlier_pages_lead_to_the_present_one(browser: Browser, house: House) -> None:
    """5.5 and scenario 8: back button, bookmark and a far page lead to the page one is at; answers of the page before stay."""
    settings = "attempts: 0\nnavigation: sequential\nper_page: 1\n"
    a_learner_in(browser, a_quiz(house, NUMBER + _more("otra-1") + _more("ultima-1"), settings, ("mitad-1", "otra-1", "ultima-1")))
    path = begin(browser)
    skipped = browser.get(f"{path}?page=3")
    at_first = re.findall(r'data-item="(\d+)"', skipped.html)
    first = browser.page.form("/answers")
    browser.submit("/answers", {"p1": "2,5"}, button=("go", "next"))
    at_second = browser.path

    back = re.findall(r'data-item="(\d+)"', browser.get(f"{path}?page=1").html)
    browser.submit("", {"p1": "2,5"}, form=first, button=("go", "next"))
    browser.get(f"{path}?page=2")

    assert at_first == ["1"]
    assert at_second.endswith("page=2")
    assert back == ["2"]
    assert re.findall(r'data-item="(\d+)"', browser.page.html) == ["2"]
    assert stored(house) == [("save", {"answer": ["2,5"]})]


def _more(key: str) -> str:
    return NUMBER.removeprefix("questions:\n").replace("mitad-1", key)


def test_pages_that_an_attempt_does_not_have_do_not_exist(browser: Browser, house: House) -> None:
    """Security 3.5."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)

    for page in ("0", "2", "-1", "x", "1e3", "٣", "9223372036854775808"):
        browser.get(f"{path}?page={page}", status=404)


def test_no_page_of_an_open_attempt_holds_a_key(browser: Browser, house: House) -> None:
    """5.9 and security 5.1: neither the page before, the attempt, its summary, nor what saving answers."""
    a_learner_in(browser, a_secret_quiz(house))
    told = [browser.get(QUIZ).html]
    path = begin(browser)
    told += [browser.page.html, json.dumps(send_script(browser, path.rsplit("/", 1)[1], [_answer(1, "1")], lease=5000))]
    told.append(browser.get(f"{path}/summary").html)
    told += [str(browser.get(path).html), browser.get("/courses/prueba").html, browser.get("/learning").html]

    assert [KEY.findall(text) for text in told] == [[]] * len(told)
    assert "Alfa" in told[1]


def _answer(item: int, *values: str) -> dict[str, object]:
    return {"item": item, "seq": 1, "response": {"answer": list(values)}, "client_time": "2026-06-01T10:00:00Z"}


def test_two_quizzes_that_differ_only_in_the_key_give_equal_pages(browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Security 5.1: byte for byte, but for names that are random in every attempt."""
    At(monkeypatch, NOON)
    pages = []
    a_learner_in(browser, a_secret_quiz(house))
    for turned in (False, True):
        if turned:
            browser.submit("/submission")
            a_secret_quiz(house, turned=True)
            browser.deliver_jobs()
        path = begin(browser)
        pages.append([_plain(browser.page.html), _plain(browser.get(f"{path}/summary").html)])

    assert pages[0] == pages[1]
    assert "LEASE" in pages[0][0]


def _plain(html: str) -> str:
    """Take out what is random in every attempt: its name, its lease, the form token, and its number."""
    html = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", html)
    html = re.sub(r'(name="lease" value|data-lease)="\d+"', "LEASE", html)
    html = re.sub(r'name="csrf_token" value="[^"]+"', "TOKEN", html)
    return re.sub(r"(Intento|intento) \d", "intento N", html)


REVIEWS = {
    "practice": {"marks", "correct", "why", "general", "key"},
    "learning": {"marks", "correct", "why", "general"},
    "exam": {"marks"},
    "hidden": set(),
}


@pytest.mark.parametrize("preset", REVIEWS)
def test_a_review_shows_what_its_moment_allows_and_no_more(browser: Browser, house: House, preset: str) -> None:
    """5.9: each preset right after handing in; page and record are scanned."""
    review = "" if preset == "learning" else f"review: {preset}\n"
    a_learner_in(browser, a_secret_quiz(house, f"attempts: 0\n{review}"))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2", "p2": ["2"]}, button=("go", "review"))
    page = browser.submit("/submission")
    record = browser._request("GET", f"{path}/record.json")
    course = browser.get("/courses/prueba").text

    shown = {
        name
        for name, sign in {
            "marks": "de 2 puntos",
            "correct": "Su respuesta, incorrecta",
            "why": "PORQUE-DOS",
            "general": "EXPLICACION",
            "key": "Respuesta correcta",
        }.items()
        if sign in page.text
    }
    assert shown == REVIEWS[preset], page.text
    assert "PORQUE-UNO" not in page.html or preset == "practice"
    assert "clave-" not in page.html
    assert record.status_code == (404 if preset == "hidden" else 200)
    assert "PORQUE" not in record.get_data(as_text=True)
    assert ("Mejor resultado" in course) is ("marks" in REVIEWS[preset])


PAIRS = """questions:
  - key: parejas-1
    kind: matching
    text: Una.
    shuffle: false
    pairs:
      - {item: Perro, match: Ladra, why: PORQUE-PERRO}
      - {item: Gato, match: Maúlla, why: PORQUE-GATO}
      - {item: Vaca, match: Muge, why: PORQUE-VACA}
  - key: matriz-1
    kind: matrix
    text: Clasifique.
    columns: [{text: Ave, key: ave}, {text: Pez, key: pez}]
    rows:
      - {text: Colibrí, key: colibri, answer: ave, why: PORQUE-COLIBRI}
      - {text: Atún, key: atun, answer: pez, why: PORQUE-ATUN}
"""


@pytest.mark.parametrize(("preset", "told"), [("learning", False), ("practice", True)])
def test_the_reason_of_a_pair_stands_beside_a_wrong_answer_only_with_the_key(
    browser: Browser, house: House, preset: str, told: bool
) -> None:
    """5.9: it speaks of what is right; one who matched rightly reads it, one who did not may try again."""
    a_learner_in(browser, a_quiz(house, PAIRS, f"attempts: 0\nreview: {preset}\n", ("parejas-1", "matriz-1")))
    begin(browser)
    sitting, questions = open_attempt(browser)
    wrong = dict(right_fields(sitting, questions))
    first, second = [name for name in wrong if name.startswith("p1-")][:2]
    wrong[first], wrong[second] = wrong[second], wrong[first]
    row = next(name for name in wrong if name.startswith("p2-"))
    wrong[row] = next(value for name, value in wrong.items() if name.startswith("p2-") and value != wrong[row])
    browser.submit("/answers", wrong, button=("go", "review"))
    page = browser.submit("/submission").text

    beside_right = {word for word in ("PORQUE-VACA", "PORQUE-ATUN") if word in page}
    beside_wrong = {word for word in ("PORQUE-PERRO", "PORQUE-GATO", "PORQUE-COLIBRI") if word in page}
    assert beside_right == {"PORQUE-VACA", "PORQUE-ATUN"}
    assert beside_wrong == ({"PORQUE-PERRO", "PORQUE-GATO", "PORQUE-COLIBRI"} if told else set())


def test_after_the_close_more_is_shown(browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """5.9: the moment «closed» comes with the close date, and never without one."""
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_secret_quiz(house, "attempts: 0\ncloses: 2026-06-01 14:00\n"))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2"}, button=("go", "review"))
    before = browser.submit("/submission")

    time.pass_(hours=3)
    sign_in(browser)
    after = browser.get(f"{path}/review")

    assert "Respuesta correcta" not in before.text
    assert "Se mostrará más cuando el cuestionario cierre" in before.text
    assert "Respuesta correcta" in after.text


def test_the_record_says_in_words_what_was_answered(browser: Browser, house: House) -> None:
    """5.9: a learner may take along what they answered; places of the page would say nothing to anybody."""
    a_learner_in(browser, a_secret_quiz(house))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2", "p2": ["1"]}, button=("go", "review"))
    browser.submit("/submission")

    response = browser._request("GET", f"{path}/record.json")
    record = response.get_json()

    assert [question["answer"] for question in record["questions"]] == [["Beta"], ["Gama"]]
    assert record["percent"] == "50.0000000"
    assert response.headers["Cache-Control"] == "no-store"
    assert KEY.findall(response.get_data(as_text=True)) == []


def test_a_preview_leaves_no_grade_and_says_what_it_is(browser: Browser, house: House) -> None:
    """5.2.7 over HTTP, and a teacher sees every key in the review."""
    course = a_secret_quiz(house, "attempts: 1\nreview: hidden\n")
    a_teacher(house, course)
    sign_in(browser, "profe@example.org")
    begin(browser)
    said = "Vista previa" in browser.page.text
    browser.submit("/answers", {"p1": "2"}, button=("go", "review"))
    page = browser.submit("/submission")

    assert said
    assert "PORQUE-DOS" in page.text
    assert "Respuesta correcta" in page.text
    assert "Vista previa" in browser.get(QUIZ).text


def test_a_finished_quiz_leads_on_and_counts_the_best_attempt(browser: Browser, house: House) -> None:
    """5.8 over HTTP: the page before an attempt says what counts."""
    a_learner_in(browser, a_course(house, modules=1, settings="attempts: 0\n"))
    answer_right(browser, QUIZ)
    begin(browser)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    page = browser.get(QUIZ)

    assert "Su resultado es 100" in page.text.replace("\u00a0", " ")
    assert sum("/review" in address for address, _words in page.links) == 2


def test_the_lease_of_a_page_is_above_every_earlier_one_whatever_the_clock_does(browser: Browser, house: House) -> None:
    """5.4.3 and security 6.6: also where the clock jumps back two hours."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    send_script(browser, path.rsplit("/", 1)[1], [_answer(1, "2")], lease=123_456_789_000)

    browser.path = path
    sitting, _questions = open_attempt(browser)

    assert new_lease(sitting, sitting.row.started_at - timedelta(hours=2)) > 123_456_789_000


def test_a_quiz_of_a_course_that_moved_on_is_still_reviewed(browser: Browser, house: House) -> None:
    """ARCHITECTURE 9: the attempt keeps its version; the new one has no such quiz any more."""
    files = folder(modules=1, settings="attempts: 0\n")
    publish(house, files)
    with house.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    a_learner_in(browser, course)
    answer_right(browser, QUIZ)
    path = browser.path
    rest = {name: content for name, content in files.items() if "quiz" not in name and "banco" not in name}
    publish(house, rest, nature=Nature.CORRECTION)
    browser.deliver_jobs()

    page = browser.get(path)

    assert "100" in page.text
    browser.get(QUIZ, status=404)


def test_an_attempt_is_shown_in_the_language_of_its_reader(browser: Browser, house: House) -> None:
    """The question has both languages; the words around it as well."""
    a_learner_in(browser, a_course(house, modules=1))
    path = begin(browser)
    spanish = browser.page.html

    browser.post("/language", {"language": "en", "next": path})
    english = browser.get(path).html

    assert ("¿Cuánto es dos más dos?" in spanish, "How much is two plus two?" in english) == (True, True)
    assert "Question 1" in english


def _reference(html: str) -> str:
    found = re.search(r"\b[0-9a-f]{16}\b", html)
    assert found
    return found[0]


def test_unknown_attempts_and_those_of_others_are_one_page(browser: Browser, house: House) -> None:
    """Security 1.3: same status, same body; nobody learns that an attempt exists."""
    a_learner_in(browser, a_quiz(house, NUMBER))
    path = begin(browser)
    other = browser.another()
    a_person(house, "eva@example.org")
    sign_in(other, "eva@example.org")

    bodies = []
    for address in (path, "/attempts/00000000-0000-4000-8000-000000000000"):
        for page in ("", "/summary", "/review", "/record.json"):
            other.get(f"{address}{page}", status=404)
            bodies.append(_plain(other.page.html).replace(f"{address}{page}", "").replace(_reference(other.page.html), ""))

    assert bodies[:4] == bodies[4:]
