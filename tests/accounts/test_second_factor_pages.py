"""The second step of signing in (spec/security 2.4, 2.6): codes, passkeys, recovery codes, and pages that need no script."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text, update

from accounts import accounts, second_factor
from accounts.models import Device, Person, RecoveryCode, SecondFactor, TokenPurpose
from accounts.people import AccountVerb
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, SiteRole
from kernel.settings import Settings, load, secret_keys
from lms.app import create_app, open_instance
from lms.instance import Instance
from organisations.models import Organisation, TrainingGrant, UnitManager
from tests.support.authenticator import Authenticator
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course, a_person, a_teacher, an_administrator, sign_in, sign_in_through_pages
from tests.support.former_versions import locked_before
from tests.support.people import is_signed_in
from tests.support.second_steps import code_of, prove_password, request_options, secret_on, set_up_app, with_app, with_passkey
from tests.support.wording import in_spanish

START = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture
def reachable(settings: Settings) -> Iterator[Browser]:
    """Return a browser before an instance that others can reach: there, staff needs a second step."""
    instance = open_instance(load(data_dir=settings.data_dir, database_url=settings.database_url, public_url="https://cursos.example.org"))
    yield Browser(create_app(instance), instance)
    instance.database.dispose()


def entries(instance: Instance, verb: AccountVerb) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == verb.value)) or 0


def test_an_application_is_set_up_and_then_asked_for(browser: Browser, instance: Instance) -> None:
    """Offered to all: eight recovery codes are shown once, only their hashes stay; the owner gets a mail."""
    with time_machine.travel(START, tick=False) as traveller:
        secret, codes = with_app(browser, instance)
        assert len(set(codes)) == 8
        assert any("segundo paso" in mail for mail in browser.mails())
        traveller.shift(30)
        other = sign_in_through_pages(browser.another())
        assert other.page.headings == [in_spanish("Second step")]
        assert not is_signed_in(other)
        other.get("/sign-in/second-step")
        other.submit("/sign-in/second-step", {"code": code_of(secret)})

        assert is_signed_in(other)
    with instance.database.unit_of_work(write=False) as session:
        kept = session.execute(text("SELECT secret FROM second_factor")).scalar_one()
        hashes = set(session.scalars(select(RecoveryCode.code_hash)))
    assert secret not in kept
    assert not hashes & {code.replace("-", "") for code in codes}


def test_a_code_works_once_and_only_in_its_half_minutes(browser: Browser, instance: Instance) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        secret, _codes = with_app(browser, instance)
        first = code_of(secret)
        thief = sign_in_through_pages(browser.another())
        thief.submit("/sign-in/second-step", {"code": first}, status=422)  # the one that set it up
        traveller.shift(30)
        second = code_of(secret)
        thief.submit("/sign-in/second-step", {"code": f" {second[:3]} {second[3:]} "})
        assert is_signed_in(thief)
        other = sign_in_through_pages(browser.another())
        other.submit("/sign-in/second-step", {"code": second}, status=422)
        traveller.shift(90)
        other.submit("/sign-in/second-step", {"code": pyotp.TOTP(secret).at(int(START.timestamp()) + 60)}, status=422)

        assert not is_signed_in(other)
        assert entries(instance, AccountVerb.SECOND_STEP_FAILED) == 3


def test_a_recovery_code_works_once_however_it_is_typed(browser: Browser, instance: Instance) -> None:
    _secret, codes = with_app(browser, instance)
    other = sign_in_through_pages(browser.another())
    other.submit("/sign-in/second-step", {"code": codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")})
    assert is_signed_in(other)
    third = sign_in_through_pages(browser.another())
    third.submit("/sign-in/second-step", {"code": codes[0]}, status=422)
    third.submit("/sign-in/second-step", {"code": codes[1]})

    assert is_signed_in(third)
    assert any("código de recuperación" in mail for mail in browser.mails())
    browser.get("/second-step")
    assert in_spanish("You have %(count)s recovery code left.", 6) in browser.page.text


@pytest.mark.parametrize("has_factor", [True, False])
def test_nothing_is_open_between_the_steps(reachable: Browser, has_factor: bool) -> None:
    """spec/security 2.4: no page and no API; who has a second factor cannot set up another one with the password alone."""
    an_administrator(reachable.instance, "ana@example.org")
    if has_factor:
        sign_in_through_pages(reachable)
        set_up_app(reachable)
    between, stranger = sign_in_through_pages(reachable.another()), reachable.another()
    stranger.checks = False
    app: Flask = between.app
    closed = []
    for rule in app.url_map.iter_rules():
        access = app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]  # each view declares it
        if access.is_public or "GET" not in (rule.methods or set()) or rule.arguments or rule.endpoint.startswith("accounts_second."):
            continue
        if stranger._request("GET", str(rule)).status_code == 200:
            continue  # for everybody
        answer = between._request("GET", str(rule))
        closed.append(str(rule))
        assert answer.status_code == 404 or "/sign-in" in answer.headers.get("Location", ""), rule

    assert len(closed) > 10
    for path in ("/second-step", "/second-step/app"):
        status = between._request("GET", path).status_code
        assert status == (303 if has_factor else 200), path
    between.get("/help")
    for path in ("/second-step/app", "/second-step/passkey", "/second-step/codes", "/second-step/passkey/request"):
        between.post(path, {"code": "123456", "credential": "{}"}, status=401 if has_factor else between_status(path))
    with between.instance.database.unit_of_work(write=False) as session:
        assert (session.scalar(select(func.count()).select_from(SecondFactor)) or 0) == int(has_factor)
        assert (session.scalar(select(func.count()).select_from(Device)) or 0) == int(has_factor)


def between_status(path: str) -> int:
    """Without any factor its owner may set up the first one; what was sent here is wrong."""
    return {"/second-step/app": 200, "/second-step/passkey": 422, "/second-step/codes": 409, "/second-step/passkey/request": 200}[path]


def test_an_invitation_opens_nothing_before_the_second_step(reachable: Browser) -> None:
    """spec/security 2.4: who chose a password with an invitation is signed in, but where their role asks for more."""
    person = an_administrator(reachable.instance, "ana@example.org")
    with reachable.instance.database.unit_of_work() as session:
        link = accounts.make_token(session, TokenPurpose.INVITE, session.get_one(Person, person.id), now=clock.now())
    reachable.get(f"/invitation/{link}")

    reachable.submit(f"/invitation/{link}", {"password": "cuatro palabras nada obvias", "consent": "y"})

    assert reachable.path.startswith("/second-step")
    assert not is_signed_in(reachable)


@pytest.mark.parametrize("role", ["administrator", "instructor", "grader", "manager of a unit", "training officer", "auditor"])
def test_staff_needs_it_where_others_can_reach_the_site(reachable: Browser, role: str) -> None:
    instance = reachable.instance
    if role == "administrator":
        an_administrator(instance, "ana@example.org")
    elif role == "grader":
        a_teacher(instance, a_course(instance, modules=1), "ana@example.org")
    else:
        person = a_person(instance)
        with instance.database.unit_of_work() as session:
            if role == "instructor":
                accounts.grant_role(session, SYSTEM, person, SiteRole.INSTRUCTOR, now=clock.now())
            else:
                place = Organisation(kind="institution", name="IESS", name_key="iess", created_at=clock.now())
                session.add(place)
                session.flush()
                granted = {"organisation_id": place.id, "person_id": person.id, "granted_at": clock.now()}
                training = {"training officer": "officer", "auditor": "auditor"}
                session.add(TrainingGrant(role=training[role], **granted) if role in training else UnitManager(**granted))
    reachable.get("/profile/devices")
    reachable.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    assert reachable.page.headings == [in_spanish("Second step when signing in")]
    assert not is_signed_in(reachable)
    set_up_app(reachable)

    assert is_signed_in(reachable)
    assert reachable.page.has_link("/profile/devices")  # where they wanted to go


def posted_without_session(browser: Browser, instance: Instance) -> None:
    """Send a form after the session has ended, and type the password."""
    browser.get("/profile")
    form = browser.page.form("/profile")
    with instance.database.unit_of_work() as session:
        session.execute(update(Device).values(ended_at=clock.now()))
    browser.submit("/profile", {"given_names": "Ana María"}, form=form, status=401)
    browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})


@pytest.mark.parametrize("way", ["/sign-in/second-step", "/sign-in/passkey"])
def test_what_was_posted_outlives_the_minutes_of_the_second_step(browser: Browser, instance: Instance, way: str) -> None:
    """spec/quiz-engine 5.4.4: who looks for the phone too long types the password once more, and loses nothing."""
    with_passkey(browser, instance)
    secret, _codes = set_up_app(browser)
    posted_without_session(browser, instance)
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        browser.submit(way, {"code": code_of(secret), "credential": "{}"}, status=401)
        assert browser.page.headings == [in_spanish("Sign in")]
        browser.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
        browser.submit("/sign-in/second-step", {"code": code_of(secret)})
        browser.submit("/profile")

    assert stored_name(instance) == "Ana María"


def test_what_was_posted_is_sent_where_somebody_has_signed_in_beside(browser: Browser, instance: Instance) -> None:
    secret, codes = with_app(browser, instance)
    posted_without_session(browser, instance)
    form = browser.page.form("/sign-in/second-step")
    browser.submit("/sign-in/second-step", {"code": codes[0]})
    browser.submit("/sign-in/second-step", {"code": code_of(secret)}, form=form, status=400)
    browser.submit("/sign-in/second-step")
    browser.submit("/profile")

    assert stored_name(instance) == "Ana María"


@pytest.mark.parametrize("door", ["/second-step/app", "/second-step/passkey"])
def test_what_was_posted_outlives_the_minutes_of_the_first_factor(reachable: Browser, door: str) -> None:
    instance = reachable.instance
    an_administrator(instance, "ana@example.org")
    sign_in_through_pages(reachable)
    set_up_app(reachable)
    reachable.get("/profile")
    form = reachable.page.form("/profile")
    with instance.database.unit_of_work() as session:
        second_factor.remove_all(session, SYSTEM, session.scalars(select(Person)).one(), now=clock.now())
    reachable.submit("/profile", {"given_names": "Ana María"}, form=form, status=401)
    reachable.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        reachable.submit(door, {"credential": "{}"}, status=401)
        reachable.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
        reachable.submit("/second-step/app")
        reachable.submit("/second-step/app", {"code": code_of(secret_on(reachable))})
        reachable.submit("/profile")

    assert stored_name(instance) == "Ana María"


@pytest.mark.parametrize("first_try", ["123456", ""])
def test_what_was_posted_when_the_session_ended_goes_through_setting_the_first_factor_up(reachable: Browser, first_try: str) -> None:
    """spec/quiz-engine 5.4.4: an administrator named meanwhile has no session without a second step, and loses nothing."""
    instance = reachable.instance
    person = a_person(instance)
    sign_in_through_pages(reachable)
    reachable.get("/profile")
    form = reachable.page.form("/profile")
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
    reachable.submit("/profile", {"given_names": "Ana María"}, form=form, status=401)
    reachable.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD})
    assert not is_signed_in(reachable)
    reachable.submit("/second-step/app")
    reachable.submit("/second-step/app", {"code": first_try}, status=422)
    reachable.submit("/second-step/app", {"code": code_of(secret_on(reachable))})
    assert stored_name(instance) == "Ana"
    reachable.submit("/profile")

    assert is_signed_in(reachable)
    assert stored_name(instance) == "Ana María"


def stored_name(instance: Instance) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person.given_names)).one()


def test_learners_there_and_everybody_at_this_machine_sign_in_with_the_password(reachable: Browser, browser: Browser) -> None:
    a_person(reachable.instance, "luis@example.org")
    assert is_signed_in(sign_in_through_pages(reachable, "luis@example.org"))
    an_administrator(browser.instance)
    assert is_signed_in(sign_in_through_pages(browser, "admin@example.org"))


def test_who_becomes_staff_signs_in_again(reachable: Browser) -> None:
    """spec/security 1.4, 3.1: a new role works on the next request; the session without a second step ends there."""
    person = a_person(reachable.instance)
    sign_in_through_pages(reachable)
    with reachable.instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
    page = reachable.get("/administration")

    assert reachable.path.startswith("/sign-in")
    assert in_spanish("Your role requires extra security.") in page.text


def test_the_last_one_stays_while_the_role_asks_for_it(reachable: Browser) -> None:
    an_administrator(reachable.instance, "ana@example.org")
    sign_in_through_pages(reachable)
    set_up_app(reachable)
    prove_password(reachable)
    [form] = [form for form in reachable.page.forms if form.action.endswith("/removal")]
    reachable.submit(form.action, form=form)

    assert in_spanish("Your role requires a second step. Add another one first.") in reachable.page.text
    assert is_signed_in(reachable)


def test_changes_ask_for_the_password_and_end_other_sessions(browser: Browser, instance: Instance) -> None:
    """spec/security 2.6."""
    a_person(instance)
    other = sign_in_through_pages(browser.another())
    sign_in_through_pages(browser)
    browser.get("/second-step/app")
    assert browser.path == "/second-step"
    browser.submit("/second-step/password", {"current_password": "no es esta clave"}, status=422)
    assert not browser.page.has_link("/second-step/app")
    prove_password(browser)
    set_up_app(browser)
    assert is_signed_in(browser)
    assert not is_signed_in(other)

    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        browser.get("/second-step")
        assert not [form for form in browser.page.forms if form.action.endswith("/removal")]
        prove_password(browser)
        [form] = [form for form in browser.page.forms if form.action.endswith("/removal")]
        browser.submit(form.action, form=form)
    assert in_spanish("It was removed.") in browser.page.text
    assert is_signed_in(sign_in_through_pages(browser.another()))
    with instance.database.unit_of_work(write=False) as session:
        assert not session.scalar(select(func.count()).select_from(RecoveryCode))


def test_another_persons_factor_does_not_exist(browser: Browser, instance: Instance) -> None:
    with_app(browser, instance)
    with instance.database.unit_of_work(write=False) as session:
        uuid = session.scalar(select(SecondFactor.uuid))
    a_person(instance, "luis@example.org")
    other = sign_in_through_pages(browser.another(), "luis@example.org")
    prove_password(other)
    other.post(f"/second-step/{uuid}/removal", status=404)


def test_tries_are_limited_and_a_reset_by_mail_keeps_the_second_step(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3, 2.4."""
    _secret, codes = with_app(browser, instance)
    other = sign_in_through_pages(browser.another())
    for _try in range(10):
        other.submit("/sign-in/second-step", {"code": "000000"}, status=422)
    form = other.page.form("/sign-in/second-step")
    other.submit("/sign-in/second-step", {"code": codes[0]}, form=form, status=429)
    assert other.response.headers["Retry-After"]

    third = browser.another()
    third.get("/password/forgotten")
    third.submit("/password/forgotten", {"email": "ana@example.org"})
    third.get(third.link_in_mail("password/reset"))
    third.submit(third.path, {"password": "otras cuatro palabras sueltas"})
    sign_in_through_pages(third, password="otras cuatro palabras sueltas")
    assert third.page.headings == [in_spanish("Second step")]
    assert not is_signed_in(third)


def test_a_proof_of_the_password_ends_with_time_and_with_the_password(browser: Browser, instance: Instance) -> None:
    secret, _codes = with_app(browser, instance)
    other = sign_in_through_pages(browser.another())
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        other.submit("/sign-in/second-step", {"code": code_of(secret)})
        assert other.page.headings == [in_spanish("Sign in")]
    third = sign_in_through_pages(browser.another())
    with instance.database.unit_of_work() as session:
        session.execute(text("UPDATE person SET password_hash = 'other'"))
    third.submit("/sign-in/second-step", {"code": code_of(secret)})
    assert third.page.headings == [in_spanish("Sign in")]


def test_those_who_run_the_server_help_who_lost_everything(browser: Browser, instance: Instance) -> None:
    from accounts import people, second_factor

    with_app(browser, instance)
    with instance.database.unit_of_work() as session:
        person = people.find_person_by_email(session, "ana@example.org")
        assert person
        second_factor.remove_all(session, SYSTEM, person, now=clock.now())

    assert not is_signed_in(browser)
    assert is_signed_in(sign_in_through_pages(browser))


def test_codes_go_on_after_the_secret_key_was_rotated(browser: Browser, instance: Instance) -> None:
    """spec/security 8.3: the command, as many times as the oldest key needs to go."""
    from click.testing import CliRunner

    from lms.cli import lms

    secret, _codes = with_app(browser, instance)
    with instance.database.unit_of_work() as session:  # as a version before 0.2 left it
        row = session.scalars(select(SecondFactor)).one()
        row.secret = locked_before(secret_keys(instance.settings)[0], "second factor", secret)
    environment = {"LMS_DATA_DIR": str(instance.settings.data_dir), "LMS_DATABASE_URL": instance.database.url}
    for _round in range(5):
        done = CliRunner().invoke(lms, ["secrets", "rotate"], env=environment)
        assert done.exit_code == 0, done.output
    assert "1 secrets of second steps" in done.output
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(SecondFactor.secret)).one().startswith("gcm1.")
    other = Browser(create_app(instance), instance)
    with time_machine.travel(clock.now() + timedelta(seconds=60)):
        sign_in_through_pages(other)
        other.submit("/sign-in/second-step", {"code": code_of(secret)})
        assert is_signed_in(other)


def test_a_passkey_is_made_and_used(browser: Browser, instance: Instance) -> None:
    key = with_passkey(browser, instance)
    assert len(re.findall(r"<li>[0-9A-Z-]{29}</li>", browser.page.html)) == 8
    other = sign_in(browser.another())
    page = other.page.html
    answer = key.get(request_options(other, "/sign-in/passkey/request"))
    assert 'data-passkey="get"' in page
    other.post("/sign-in/passkey", {"credential": answer})
    assert is_signed_in(other)

    thief = sign_in(browser.another())
    thief.post("/sign-in/passkey", {"credential": answer}, status=422)  # the challenge is used up
    request_options(thief, "/sign-in/passkey/request")
    thief.post("/sign-in/passkey", {"credential": answer}, status=422)  # another challenge
    assert not is_signed_in(thief)


@pytest.mark.parametrize("wrong", ["origin", "host", "stranger", "copy", "late", "nothing"])
def test_a_passkey_that_is_not_right_is_refused(browser: Browser, instance: Instance, wrong: str) -> None:
    key = with_passkey(browser, instance)
    other = sign_in(browser.another())
    used = key.get(request_options(other, "/sign-in/passkey/request"))
    other.post("/sign-in/passkey", {"credential": used})
    thief = sign_in(browser.another())
    options = request_options(thief, "/sign-in/passkey/request")
    key.counter = {"copy": 0}.get(wrong, key.counter)
    key.origin = {"origin": "https://evil.example"}.get(wrong, key.origin)
    key.host = {"host": "evil.example"}.get(wrong, key.host)
    answer = (Authenticator() if wrong == "stranger" else key).get(options)
    with time_machine.travel(clock.now() + timedelta(minutes=6 if wrong == "late" else 0)):
        thief.post("/sign-in/passkey", {"credential": "[]" if wrong == "nothing" else answer}, status=422)

    assert not is_signed_in(thief)
    assert "Repita el intento" in thief.page.text


@pytest.mark.parametrize("wrong", ["[" * 5000, '{"a": ' * 51 + "1" + "}" * 51, "\ud800", "clave\0", "x" * 1400])
def test_an_answer_that_no_passkey_gives_is_refused(browser: Browser, instance: Instance, wrong: str) -> None:
    """spec/security 4.1: nested without end, or with a name that is not base64url; a database takes no half of a sign and no NUL."""
    key = with_passkey(browser, instance)
    other = sign_in(browser.another())
    answer = json.loads(key.get(request_options(other, "/sign-in/passkey/request")))
    sent = wrong if wrong.startswith(("[", "{")) else json.dumps({**answer, "id": wrong})

    page = other.post("/sign-in/passkey", {"credential": sent}, status=422)

    assert "Repita el intento" in page.text


def test_a_passkey_whose_name_is_longer_than_the_standard_allows_is_not_kept(browser: Browser, instance: Instance) -> None:
    """WebAuthn level 3, 7.1: at most 1023 bytes."""
    a_person(instance)
    sign_in(browser)
    prove_password(browser)
    for length, status in ((1024, 422), (1023, 200)):
        browser.get("/second-step")
        answer = Authenticator(credential=bytes(length)).create(request_options(browser, "/second-step/passkey/request"))
        browser.post("/second-step/passkey", {"credential": answer}, status=status)

    with instance.database.unit_of_work(write=False) as session:
        assert [len(name or "") for name in session.scalars(select(SecondFactor.credential))] == [1364]


def test_who_keeps_one_has_the_pages_without_scripts_too(browser: Browser, instance: Instance) -> None:
    """A passkey needs a script; the field for a recovery code stands without it."""
    with_passkey(browser, instance)
    other = sign_in(browser.another())
    assert [form.action for form in other.page.forms if "second-step" in form.action]
