"""The signed-in browser: Flask-Login over a `device` row. The cookie holds a random secret, and when it was last seen."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Response, after_this_request, current_app, g, request
from flask import session as cookie
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import ColumnElement, Row, or_, select, update
from sqlalchemy.orm import Session

from accounts import passwords
from accounts.entry import Origin
from accounts.joining import JOININGS, RESUMED, Fields, Joining
from accounts.models import Device, Person, Token
from accounts.notices import NOTICE_KINDS
from accounts.people import STANDINGS, AccountVerb, UnreadCounter, find_suspended_session, has_role_condition, hash_of, signed_in_statement
from accounts.rules import PROOF_LIFE, STAMP_RENEWAL, initials, session_ended
from kernel import audit, clock
from kernel.compiled_statements import compile_once
from kernel.crypto import seal, unseal
from kernel.db import connection_of
from kernel.permissions import Actor, SiteRole
from kernel.settings import Settings
from kernel.web import after_response
from kernel.web.limits import client_address, client_key, limit, limiter
from kernel.web.request import current_actor, current_session, current_settings, find_target, request_services, secrets_of_app

_NOBODYS = ("language", "theme")
"""What the cookie keeps of the browser and not of the person."""
TRIES_OF_ACCOUNT = limit("sign-in-account", "10 per 15 minutes")
TRIES_OF_ACCOUNT_THERE = limit("sign-in-account-there", "3 per 15 minutes")
"""The same from an address from which many tries failed."""
FAILURES_OF_ADDRESS = limit("sign-in-address", "100 per 15 minutes")
"""Beyond it an account has fewer tries from there, and nobody else is refused: a whole institution may share one address.

spec/security 2.3.
"""
FAILED_ACCOUNTS = limit("sign-in-failed-accounts", "10000 per 15 minutes")
"""Accounts at whose password somebody failed from an address, each counted once: beyond MOST_FAILED it has pauses (spec/security 2.3)."""
ENTERED_ACCOUNTS = limit("sign-in-entered-accounts", "10000 per 15 minutes")
"""Accounts whose password was right from an address, each counted once."""
FAILED_HERE = limit("sign-in-failed-here", "1 per 15 minutes")
ENTERED_HERE = limit("sign-in-entered-here", "1 per 15 minutes")
MOST_FAILED = 100
ENTERED_A_FAILURE = 10
"""For so many accounts that entered one more may fail: of a whole institution behind one address a twentieth mistypes."""
OPEN_SECONDS = 5
"""Seconds after a pause in which nobody is asked to wait: whoever waited comes in, right or wrong."""
PAUSES = tuple(
    (
        limit(f"sign-in-pause-{seconds}", f"1 per {seconds} seconds"),
        limit(f"sign-in-open-{seconds}", f"1 per {seconds + OPEN_SECONDS} seconds"),
    )
    for seconds in (5, 10, 20, 40, 60)
)
"""Pauses of an address, each longer than the one before; with each the time until the next may begin."""
PAUSES_OF_ADDRESS = limit("sign-in-pauses", "100 per 15 minutes")
SPRAYINGS_NOTED = limit("sign-in-sprayings", "1 per 15 minutes")
KNOWN = "__Host-known"
"""Cookie that says of which accounts this browser was, by their hashes; it signs nobody in."""
KNOWN_SECONDS = 180 * 86_400
KNOWN_ACCOUNTS = 5


@dataclass(frozen=True)
class SignedIn:
    """The signed-in user as Flask-Login holds it: the actor, and the secret that the cookie names."""

    actor: Actor
    secret: str
    is_active: bool = True
    is_authenticated: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return the identifier that the cookie keeps."""
        return self.secret


def load_actor(_session: Session) -> Actor:
    """Return who acts in this request, as Flask-Login found it."""
    user = current_user._get_current_object()
    if isinstance(user, SignedIn):
        return user.actor
    return Actor(address=client_address(), request_id=g.get("request_id", ""), is_suspended=g.get("is_suspended", False))


def sign_in(secret: str) -> None:
    """Put a new secret into a fresh cookie; from here on the request is the person's."""
    _empty_cookie()
    cookie["seen"] = int(clock.now().timestamp())
    login_user(SignedIn(Actor(), secret))
    for known in ("_login_user", "actor"):
        g.pop(known, None)


def sign_out(response: Response) -> Response:
    """Empty the cookie, and make the browser drop its cached pages."""
    logout_user()
    _empty_cookie()
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def is_newcomer(settings: Settings, cookie: Mapping[str, Any]) -> bool:
    """Return by a cookie alone whether its browser has no session in use and is not on its way in: at an institution or the second step."""
    is_away = clock.now() - datetime.fromtimestamp(cookie.get("away", 0), UTC) <= PROOF_LIFE
    idle = clock.now() - datetime.fromtimestamp(cookie.get("seen", 0), UTC)
    is_signed_in = "_user_id" in cookie and idle <= timedelta(minutes=settings.session_idle_minutes)
    return not is_signed_in and not is_away and "proof" not in cookie


def expect_return() -> None:
    """Note in the cookie that its browser goes to an institution: a full server lets it in when it comes back."""
    cookie["away"] = int(clock.now().timestamp())


def _empty_cookie() -> None:
    remaining = {name: cookie[name] for name in _NOBODYS if name in cookie}
    cookie.clear()
    cookie.update(remaining)


def prove(person_id: int, password_hash: str, target: str = "", *, origin: Origin | None = None) -> None:
    """Record in the cookie that the person typed their password, or came by another way in, and their target. This signs nobody in."""
    cookie["proof"] = [person_id, int(clock.now().timestamp()), hash_of(password_hash), target, *(origin or ())]


def proven_origin() -> Origin | None:
    """Return by which other way in the person came who goes on to the second step; None where they typed their password."""
    proof = cookie.get("proof", ())
    return (int(proof[4]), str(proof[5])) if len(proof) == 6 else None


def proven() -> Person | None:
    """Return who has typed their password here in the last minutes; nobody where it has changed, or the account is suspended."""
    person_id, at, bound = cookie.get("proof", (0, 0, "", ""))[:3]
    if not person_id or clock.now() - datetime.fromtimestamp(at, UTC) > PROOF_LIFE:
        return None
    person = current_session().get(Person, person_id)
    return person if person is not None and person.suspended_at is None and hash_of(person.password_hash) == bound else None


def has_proven(actor: Actor) -> bool:
    """Return whether who acts has typed their password here in the last minutes."""
    person = proven()
    return person is not None and person.id == actor.person_id


def requested_page() -> str:
    """Return where the person wanted to go who has typed their password."""
    target: str = cookie.get("proof", (0, 0, "", ""))[3]
    return target


def second_step_required(session: Session, person_id: int) -> bool:
    """Return whether a person's role asks for a second step here (spec/security 2.4)."""
    condition: ColumnElement[bool] = current_app.extensions["second_step_of"]
    return current_settings().is_reachable and bool(connection_of(session).scalar(select(condition).where(Person.id == person_id)))


def find_joining(path: str) -> Joining | None:
    """Return the thing that a path of this site lets its reader join, or None."""
    target = find_target(path)
    if target is None:
        return None
    candidates = (find(*target) for find in JOININGS.of(current_session()))
    return next((joining for joining in candidates if joining is not None), None)


def keep_form(person_id: int | None, path: str, fields: Fields) -> str | None:
    """Keep a form that its writer sent while signed out, where a package can; return the address at which they go on, or None."""
    target, actor = find_target(path), current_actor() if person_id is None else Actor(person_id=person_id)
    if target is None or actor.is_anonymous:
        return None
    session = current_session()
    addresses = (keep(session, actor, *target, path, fields) for keep in RESUMED.of(session))
    return next((address for address in addresses if address is not None), None)


def counter_of(email: str) -> str:
    """Return under which key the tries for an account are counted.

    A browser in which it was signed in before, or whose visitor has chosen its password with a link from the mail, counts apart:
    nobody can shut the owner out by failing elsewhere for as long as they like (spec/security 2.3).
    """
    nonce, known = _known_accounts()
    return f"{email} {nonce}" if hash_of(email) in known else email


def count_try(email: str) -> None:
    """Count a try for an account before its password is looked at, so that tries at the same moment count too; raise TooMany."""
    counter, address = counter_of(email), client_key()
    if counter == email:
        _wait_out_pause(address)
        if limiter().is_used_up(FAILURES_OF_ADDRESS, address):
            limiter().use(TRIES_OF_ACCOUNT_THERE, f"{email} {address}")
    limiter().use(TRIES_OF_ACCOUNT, counter)


def forgive_tries(email: str) -> None:
    """Clear the failed tries of an account whose password was right."""
    address = client_key()
    limiter().forgive(TRIES_OF_ACCOUNT, counter_of(email))
    limiter().forgive(TRIES_OF_ACCOUNT_THERE, f"{email} {address}")
    if limiter().takes(ENTERED_HERE, f"{email} {address}"):
        limiter().count(ENTERED_ACCOUNTS, address)


def _is_sprayed(address: str) -> bool:
    """Return whether passwords are tried at many accounts from an address, more than people who mistype their own explain."""
    failed = limiter().counted(FAILED_ACCOUNTS, address)
    return failed >= MOST_FAILED and failed >= MOST_FAILED + limiter().counted(ENTERED_ACCOUNTS, address) // ENTERED_A_FAILURE


def _wait_out_pause(address: str) -> None:
    """Raise TooMany while an address has a pause; no thread sleeps for it."""
    if _is_sprayed(address):
        for pause, _until_next in PAUSES:
            limiter().check(pause, address)


def note_failure(email: str) -> None:
    """Count a wrong password, wherever it was typed; a browser that the account knows counts only for itself.

    From MOST_FAILED different accounts on, each further failure begins a pause for its client address, which the audit log records.
    """
    address = client_key()
    if counter_of(email) != email or not limiter().takes(FAILED_HERE, f"{email} {address}"):
        return
    limiter().count(FAILED_ACCOUNTS, address)
    if not _is_sprayed(address) or any(limiter().is_used_up(until_next, address) for _pause, until_next in PAUSES):
        return
    pause, until_next = PAUSES[min(limiter().counted(PAUSES_OF_ADDRESS, address), len(PAUSES) - 1)]
    for rule in (pause, until_next, PAUSES_OF_ADDRESS):
        limiter().count(rule, address)
    if limiter().takes(SPRAYINGS_NOTED, address):
        _write_spraying()


def _write_spraying() -> None:
    """Write into the audit log that passwords are tried at many accounts, in a unit of work of its own: the answer is a refusal."""
    actor = Actor(address=client_address(), request_id=g.get("request_id", ""))
    with request_services().database.unit_of_work() as session:
        audit.record(session, actor, AccountVerb.PASSWORDS_SPRAYED, None, now=clock.now(), accounts=MOST_FAILED)


def knows_password(email: str, stored: str, password: str) -> bool:
    """Check the password of an account under the sign-in limit, which all forms share (spec/security 2.3)."""
    count_try(email)
    right = passwords.verify_password(stored, password)
    if right:
        forgive_tries(email)
    else:
        note_failure(email)
    return right


def note_sign_up(password_hash: str) -> None:
    """Note in the cookie which password was chosen here for a new account, whether or not the account was made."""
    cookie["signed_up"] = hash_of(password_hash)


def signed_up_here(link: Token) -> bool:
    """Return whether the password that an account has since a link was sent was chosen in this browser."""
    noted: str | None = cookie.get("signed_up")
    return noted == link.bound_to


def know_browser(email: str) -> None:
    """Let this browser count apart for the account from now on."""
    nonce, known = _known_accounts()
    hashes = [*(account for account in known if account != hash_of(email)), hash_of(email)][-KNOWN_ACCOUNTS:]
    value = seal(secrets_of_app(), "known", [nonce or secrets.token_urlsafe(16), hashes])

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(KNOWN, value, max_age=KNOWN_SECONDS, secure=True, httponly=True, samesite="Lax")
        return response


def _known_accounts() -> tuple[str, list[str]]:
    nonce, known = unseal(secrets_of_app(), "known", request.cookies.get(KNOWN, ""), seconds=KNOWN_SECONDS) or ("", [])
    return nonce, known


def _actor(person: Row[Any], unread: int) -> Actor:
    names = (person.given_names, person.first_surname)
    return Actor(
        person_id=person.id,
        person_uuid=person.uuid,
        name=" ".join(names),
        given_names=person.given_names,
        email=person.email,
        initials=initials(*names),
        language=person.language,
        zone=person.zone,
        theme=person.theme,
        roles=frozenset({SiteRole.ADMINISTRATOR}) if person.is_administrator else frozenset(),
        is_staff_anywhere=person.is_staff or person.is_administrator,
        manages_units=person.manages_units,
        is_training_officer=person.is_training_officer,
        is_auditor=person.is_auditor,
        has_selections=person.has_selections,
        administers_institution=person.administers_institution,
        administers_community=person.administers_community,
        device_id=person.device_id,
        unread=unread,
        address=client_address(),
        request_id=g.get("request_id", ""),
    )


def _keep_stamp(device_id: int, now: datetime) -> None:
    cookie["seen"] = int(now.timestamp())
    after_response.run_after_response(
        lambda session: session.execute(update(Device).where(Device.id == device_id).values(last_seen_at=now))
    )


def install(app: Flask, settings: Settings, hooks: Mapping[Any, Any]) -> None:
    """Load the signed-in person of each request with one statement, `accounts.people.signed_in_statement`.

    Where others than this machine's people reach the site, neither administrators nor people with a standing that leads have a session
    without a second factor: who is given such a role, and who signed in before, signs in again.
    """
    standings, kinds = STANDINGS.given_in(hooks), NOTICE_KINDS.given_in(hooks)
    counter = UnreadCounter(kinds, hooks)
    statement = compile_once(signed_in_statement(standings, counter))
    leading = [standing for standing in standings if standing.leads]
    app.extensions["second_step_of"] = or_(*(standing.condition for standing in leading), has_role_condition(SiteRole.ADMINISTRATOR))
    idle, absolute = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    manager = LoginManager()
    manager.session_protection = None
    manager.init_app(app, add_context_processor=False)  # it would load the person for every template, the last page's too
    manager._session_identifier_generator = str  # made for the protection that is off, of the address and the browser
    app.after_request_funcs[None].remove(manager._update_remember_cookie)

    @manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
    def load(secret: str) -> SignedIn | None:
        now = clock.now()
        seen = datetime.fromtimestamp(cookie.get("seen", 0), UTC)
        person = connection_of(current_session()).execute(statement, {"secret_hash": hash_of(secret)}).one_or_none()
        if person is None:
            began = find_suspended_session(current_session(), secret)
            g.is_suspended = began is not None and not session_ended(began, seen, now, idle=idle, absolute=absolute)
            return None
        if session_ended(person.created_at, seen, now, idle=idle, absolute=absolute):
            return None
        leads = person.is_administrator or any(getattr(person, standing.field) for standing in leading)
        if leads and person.factor_at is None and current_settings().is_reachable:
            g.second_step_due = True
            return None
        if now - seen > STAMP_RENEWAL:
            _keep_stamp(person.device_id, now)
        return SignedIn(_actor(person, counter.count(current_session(), person)), secret)
