"""Errors: pages in both languages with a way out and a reference, nothing of the inside, nothing typed lost (spec/security 8.4, 3.2)."""

import errno
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask, abort, render_template, request
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kernel import errors
from kernel.audit import AuditEntry
from kernel.errors import Conflict, DomainError, Forbidden, Gone, Invalid, NotFound, SignInNeeded, TooMany, Unavailable
from kernel.i18n import catalogue
from kernel.web import errors as pages
from kernel.web.request import public
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in
from tests.support.wording import in_spanish

INSIDE = "SELECT secreto FROM /srv/app/kernel.py"
JSON = {"Accept": "application/json"}


PAGE = "/password/forgotten"
Raises = Callable[[Exception | int], None]


@pytest.fixture
def raises(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Raises:
    """Return what lets a page fail, to which forms may be sent without a token."""

    def fail(error: Exception | int) -> None:
        def view() -> None:
            if isinstance(error, int):
                abort(error)
            raise error

        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
        monkeypatch.setitem(app.view_functions, "accounts.forgotten", public("a sample")(view))

    return fail


FAULTS = [
    (NotFound(), 404),
    (Gone(), 410),
    (Forbidden(), 403),
    (Conflict(), 409),
    (Invalid(), 422),
    (TooMany(retry_after=7), 429),
    (Unavailable(), 503),
    (400, 400),
    (405, 405),
    (413, 413),
    (415, 415),
    (418, 418),
    (ZeroDivisionError(INSIDE), 500),
    (OperationalError(INSIDE, {}, Exception(INSIDE)), 503),
    (PoolTimeout(INSIDE), 503),
    (OSError(errno.ENOSPC, INSIDE), 503),
    (OSError(errno.EACCES, INSIDE), 500),
    (IntegrityError(INSIDE, {}, Exception(INSIDE)), 409),
    (DataError(INSIDE, {}, Exception(INSIDE)), 400),
    (ProgrammingError(INSIDE, {}, Exception(INSIDE)), 500),
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("fault", "status"), FAULTS)
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_error_is_a_page_of_the_site(
    app: Flask, instance: Instance, raises: Raises, fault: Exception | int, status: int, method: str, language: str
) -> None:
    raises(fault)
    browser = Browser(app, instance, language)
    if method == "GET":
        browser.get(PAGE, status=status)
    else:
        browser.post(PAGE, status=status)

    page = browser.page
    assert page.language == language
    assert re.search(r"\b[0-9a-f]{16}\b", page.text), "no reference"
    assert page.has_link("/campus")
    assert "secreto" not in page.html
    assert "kernel.py" not in page.html
    assert ("Referencia" in page.text or "referencia" in page.text) is (language == "es")
    assert browser.response.headers["Cache-Control"] == "no-store"


@pytest.mark.fresh
def test_a_form_that_met_a_server_that_is_away_is_sent_again_with_a_button(app: Flask, browser: Browser) -> None:
    """Nothing typed is lost where nothing was saved (spec/security 6.3)."""
    came: list[list[tuple[str, str]]] = []

    def view() -> str:
        came.append([*request.form.items(multi=True)])
        if len(came) == 1:
            raise Unavailable
        return "<!doctype html>"

    app.add_url_rule("/works", "works", public("a sample")(view), methods=["POST"])
    browser.get("/sign-in")
    typed = {"words": 'Un texto «largo»\n<b>"y más"', "parts": ["1", "2"]}
    page = browser.post("/works?next=1", typed, status=503)
    browser.checks = False
    browser.submit("/works")

    assert in_spanish("Send it again") in page.text
    assert len(came) == 2
    assert [pair for pair in came[1] if pair[0] != "csrf_token"] == [pair for pair in came[0] if pair[0] != "csrf_token"]


@pytest.mark.parametrize("sent", [{"password": "secreta"}, {"current_password": "secreta"}, {"file": (io.BytesIO(b"x"), "x.txt")}])
def test_what_a_page_cannot_send_whole_it_does_not_offer_to_send(browser: Browser, raises: Raises, sent: dict[str, object]) -> None:
    raises(Unavailable())

    page = browser.post(PAGE, sent, status=503)

    assert not [form for form in page.forms if form.action.endswith(PAGE)]
    assert "secreta" not in page.html


@pytest.mark.parametrize(("fault", "status"), FAULTS)
def test_a_script_gets_a_problem_document(app: Flask, instance: Instance, raises: Raises, fault: Exception | int, status: int) -> None:
    """RFC 9457."""
    raises(fault)
    browser = Browser(app, instance)
    browser.get(PAGE, status=status, headers=JSON)

    problem: dict[str, Any] = browser.response.get_json()
    assert browser.response.mimetype == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert len(problem["reference"]) == 16
    assert "secreto" not in browser.response.text


def test_each_domain_error_has_a_code_a_status_and_both_languages() -> None:
    spanish = catalogue("es")
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]

    assert len(found) == 11
    for kind in found:
        assert kind.code
        assert 400 <= kind.status < 600
        assert spanish.ugettext(kind.message) != kind.message, kind.message
        assert kind.status in pages.TITLES
    assert len({kind.code for kind in found}) == len(found)
    for message in (*pages.TITLES.values(), *pages.TEXTS.values()):
        assert spanish.ugettext(message) != message, message


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("text/html, application/json", False),
        ("image/avif,image/webp,*/*", False),
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("application/problem+json", True),
        ("text/html;q=0.5, application/json", True),
        ("nonsense", False),
    ],
)
def test_a_script_is_known_by_what_it_accepts(app: Flask, instance: Instance, accept: str, is_json: bool) -> None:
    response = app.test_client().get("/nowhere", base_url="https://localhost", headers={"Accept": accept})

    assert response.status_code == 404
    assert response.is_json is is_json


def test_refusals_say_when_to_come_back(browser: Browser, raises: Raises) -> None:
    raises(TooMany(retry_after=61))
    browser.get(PAGE, status=429)

    assert browser.response.headers["Retry-After"] == "61"


def test_what_was_typed_before_a_limit_is_offered_again_but_for_passwords(browser: Browser, raises: Raises) -> None:
    """spec/security 2.3."""
    raises(TooMany(retry_after=61))
    browser.get("/")
    browser.post(PAGE, {"words": "Lo que escribí", "password": "secreta"}, status=429)

    assert 'name="words" value="Lo que escribí"' in browser.page.html
    assert "secreta" not in browser.page.html
    assert in_spanish("The password you entered was not kept. Enter it again on the next page.") in browser.page.text


def test_a_wrong_method_names_the_right_ones(browser: Browser) -> None:
    browser.checks = False
    browser.post("/courses", status=405)

    assert "GET" in browser.response.headers["Allow"]


def test_a_missing_page_is_404_in_the_readers_language_for_every_way_of_missing(browser: Browser, app: Flask, instance: Instance) -> None:
    english = Browser(app, instance, "en")
    english.get("/")  # the thread's reader before
    for path in ("/nowhere", "/static/nowhere.css", "/courses/nowhere"):
        browser.get(path, status=404)
        assert browser.page.language == "es", path
        english.get(path, status=404)
        assert english.page.language == "en", path


@pytest.mark.slow
def test_the_last_page_needs_neither_database_nor_base_template(
    app: Flask, instance: Instance, raises: Raises, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 49."""
    raises(ZeroDivisionError(INSIDE))
    monkeypatch.delitem(app.jinja_env.globals, "static_url")
    browser = Browser(app, instance, "en")
    browser.checks = False
    browser.get(PAGE, status=500)

    assert "Something failed on our side" in browser.page.text
    assert re.search(r"\b[0-9a-f]{16}\b", browser.page.text)
    assert browser.response.headers["Content-Security-Policy"]
    assert "secreto" not in browser.page.html


@pytest.mark.slow
def test_where_the_database_is_away_a_signed_in_person_gets_a_503_page(browser: Browser, instance: Instance) -> None:
    """spec/security 6.3: the page itself must not ask the database."""
    a_person(instance)
    sign_in(browser)
    if not instance.database.is_sqlite:
        pytest.skip("the server of the other tests is not stopped")
    with instance.database.unit_of_work() as session:
        session.execute(text("ALTER TABLE device RENAME TO device_away"))
    browser.checks = False
    browser.get("/learning", status=503)
    assert browser.response.headers["Retry-After"] == "5"
    with instance.database.unit_of_work() as session:
        session.execute(text("ALTER TABLE device_away RENAME TO device"))

    browser.get("/learning")
    assert "Ana" in browser.page.text


@pytest.mark.parametrize(
    ("referrer", "leads"),
    [("https://localhost/courses?q=a", "/courses?q=a"), ("https://elsewhere.example/courses?q=a", ""), ("", "")],
)
def test_a_conflict_leads_back_to_the_page_of_the_form(browser: Browser, raises: Raises, referrer: str, leads: str) -> None:
    """Findings S3: what came of it stands on that page; another site's address is never offered."""
    raises(Conflict())
    browser.post(PAGE, status=409, headers={"Referer": referrer} if referrer else {})

    assert (in_spanish("See how it stands now") in browser.page.text) is bool(leads)
    assert not leads or browser.page.has_link(leads)
    assert "elsewhere" not in browser.page.html


def test_a_refusal_to_somebody_signed_in_is_in_the_audit_log(browser: Browser, instance: Instance) -> None:
    """spec/security 8.1: the entry outlives the rollback."""
    person = a_person(instance)
    browser.get("/administration")  # an anonymous visitor is asked to sign in
    assert entries(instance) == []
    sign_in(browser)
    browser.get("/administration", status=403)

    found = entries(instance)
    assert [(entry.actor_id, entry.verb) for entry in found] == [(person.id, "access.refused")]
    assert "lms.administration" in found[0].facts
    assert len(found[0].request_id) == 16


def entries(instance: Instance) -> list[AuditEntry]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.query(AuditEntry).filter_by(verb="access.refused"))


def test_going_past_what_protects_forms_is_in_the_audit_log_so_often_and_no_more(browser: Browser, instance: Instance) -> None:
    """ASVS V16.3.3: token, page of another site, host; a flood from one address leaves ten of each."""
    fields = {"email": "ana@example.org", "password": PASSWORD}

    def tried(times: int = 1) -> None:
        for _time in range(times):
            browser._request("POST", "/sign-in", data={**fields, "csrf_token": "falso"})
            browser._request("POST", "/sign-in", data=fields, headers={"Origin": "https://evil.example"})
            browser._request("GET", "/sign-in", headers={"Host": "evil.example"})

    tried()
    with instance.database.unit_of_work(write=False) as session:
        found = session.query(AuditEntry).filter_by(verb="access.bypass_tried").order_by(AuditEntry.id).all()
    assert [json.loads(entry.facts) for entry in found] == [
        {"endpoint": "accounts.sign_in", "method": "POST", "what": "token"},
        {"endpoint": "accounts.sign_in", "method": "POST", "what": "origin"},
        {"endpoint": "accounts.sign_in", "method": "GET", "what": "host"},
    ]
    assert {entry.address for entry in found} == {"198.51.100.0"}
    tried(12)
    with instance.database.unit_of_work(write=False) as session:
        assert session.query(AuditEntry).filter_by(verb="access.bypass_tried").count() == 30


def test_an_anonymous_visitor_is_led_to_sign_in_and_back(browser: Browser, instance: Instance) -> None:
    """spec/security 1.3."""
    a_person(instance)
    page = browser.get("/profile?tab=1")
    assert browser.path.startswith("/sign-in?next=")
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})

    assert browser.path == "/profile?tab=1"
    assert page is not browser.page
    stranger = browser.another()
    stranger.get("/profile", status=401, headers=JSON)
    assert stranger.response.get_json()["code"] == SignInNeeded.code


def forget_token(browser: Browser) -> None:
    with browser.client.session_transaction(base_url="https://localhost") as kept:
        kept.pop("csrf_token", None)


TYPED = {"given_names": 'Ana María & "Co" <b>', "first_surname": "Quinde", "second_surname": "Ñúñez"}


def test_an_expired_form_token_gives_what_was_typed_back(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.4 and spec/security 3.2."""
    a_person(instance)
    sign_in(browser)
    browser.get("/profile")
    forget_token(browser)
    browser.submit("/profile", TYPED, status=400)
    assert dict(browser.page.form("/profile").fields)["given_names"] == TYPED["given_names"]
    assert stored_name(instance) == "Ana"
    browser.submit("/profile")

    assert stored_name(instance) == TYPED["given_names"]


def stored_name(instance: Instance) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return str(session.execute(text("SELECT given_names FROM person WHERE email = 'ana@example.org'")).scalar_one())


def test_a_session_that_ended_under_a_form_keeps_it_through_signing_in(browser: Browser, instance: Instance) -> None:
    """The whole round trip: POST → sign-in form with the stash → signed in → one button → saved."""
    a_person(instance)
    sign_in(browser)
    browser.get("/profile")
    with instance.database.unit_of_work() as session:
        session.execute(text("UPDATE device SET ended_at = created_at"))

    browser.submit("/profile", {**TYPED, "national_id": "1710034065"}, status=401)
    assert "1710034065" not in re.sub(r'value="[^"]*"', "", browser.page.html)
    browser.submit("/sign-in", {"email": "ana@example.org", "password": "no es esta"}, status=422)  # a mistake on the way
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    assert stored_name(instance) == "Ana"
    assert "Ana Quinde" in browser.page.text  # the page knows who has just come in
    browser.submit("/profile")

    assert stored_name(instance) == TYPED["given_names"]


def test_what_was_typed_outlives_an_expired_sign_in_form_too(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    browser.get("/profile")
    with instance.database.unit_of_work() as session:
        session.execute(text("UPDATE device SET ended_at = created_at"))
    browser.submit("/profile", TYPED, status=401)
    forget_token(browser)
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=400)
    assert PASSWORD not in browser.page.html
    browser.submit("/sign-in", status=422)
    browser.submit("/sign-in", {"password": PASSWORD})
    browser.submit("/profile")

    assert stored_name(instance) == TYPED["given_names"]


@pytest.mark.parametrize("ended", [True, False])
def test_files_that_came_with_a_form_are_told_to_be_lost(browser: Browser, instance: Instance, *, ended: bool) -> None:
    """Its words come back and its files do not: who sent them is not told that nothing was lost."""
    a_person(instance)
    sign_in(browser)
    browser.get("/profile")
    token = dict(browser.page.form("/profile").fields)["csrf_token"]
    if ended:
        with instance.database.unit_of_work() as session:
            session.execute(text("UPDATE device SET ended_at = created_at"))
    data = {**TYPED, "csrf_token": token if ended else "dead", "photo": (io.BytesIO(b"x"), "foto.png")}
    browser._request("POST", "/profile", data=data)
    browser._arrive(401 if ended else 400)
    if ended:
        browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})

    assert 'class="alert warn"' in browser.page.html
    assert "No se perdió nada" not in browser.page.text
    assert dict(browser.page.form("/profile").fields)["given_names"] == TYPED["given_names"]


@pytest.mark.parametrize("ended", [True, False])
def test_a_password_that_came_with_a_form_has_to_be_typed_again(browser: Browser, instance: Instance, *, ended: bool) -> None:
    """It is not kept, and whoever sent it is not told that nothing was lost: the page that follows asks for it."""
    a_person(instance)
    sign_in(browser)
    browser.get("/profile/address")
    if ended:
        with instance.database.unit_of_work() as session:
            session.execute(text("UPDATE device SET ended_at = created_at"))
    else:
        forget_token(browser)
    browser.submit("/profile/address", {"email": "ana.quinde@example.org", "current_password": PASSWORD}, status=401 if ended else 400)
    if ended:
        browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})

    assert "No se perdió nada" not in browser.page.text
    assert 'class="alert warn"' in browser.page.html
    browser.submit("/profile/address", status=422)
    assert dict(browser.page.form("/profile/address").fields)["email"] == "ana.quinde@example.org"


def test_a_stash_never_holds_a_password_and_cannot_be_forged(browser: Browser, instance: Instance, app: Flask) -> None:
    a_person(instance)
    sign_in(browser)
    browser.get("/profile/password")
    with instance.database.unit_of_work() as session:
        session.execute(text("UPDATE device SET ended_at = created_at"))
    browser.submit("/profile/password", {"current_password": PASSWORD, "password": "otra clave bien larga"}, status=401)

    stash = dict(browser.page.form("/sign-in").fields)["resume"]
    with app.test_request_context():
        path, fields, _lost = pages.stashed_form(stash) or ("", [], [])
        assert path == "/profile/password"
        assert not {"password", "current_password", "csrf_token"} & dict(fields).keys()
        assert pages.stashed_form(stash[:-2] + "xx") is None
        assert pages.stashed_form("") is None


def test_a_stash_lasts_an_hour(app: Flask) -> None:

    with (
        time_machine.travel("2026-11-20T10:00:00Z", tick=False) as traveller,
        app.test_request_context("/profile", method="POST", data=TYPED),
    ):
        stash = pages.stash_form()
        traveller.shift(3599)
        assert pages.stashed_form(stash) is not None
        traveller.shift(3)
        assert pages.stashed_form(stash) is None


def test_a_script_whose_token_expired_is_told_so(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    browser.checks = False
    browser.post("/profile", {"csrf_token": "old"}, status=400, headers=JSON)

    assert browser.response.get_json()["code"] == "form_expired"


def test_the_plain_page_is_a_whole_page(app: Flask) -> None:
    with app.test_request_context():
        html = render_template("errors/plain.html", status=500, title="<t>", text="<x>", reference="abc", locale="en")

    assert '<html lang="en">' in html
    assert "&lt;t&gt;" in html
    assert "&lt;x&gt;" in html
