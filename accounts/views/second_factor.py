"""Pages of the second step of signing in: showing it, setting it up, changing it.

Between password and second step nobody is signed in: the cookie only says whose password was typed, and every other page sees a stranger.
Who has no second factor yet and needs one sets it up there; who has one cannot (spec/security 2.4).
"""

import json
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, request, url_for
from sqlalchemy.orm import Session

from accounts import people, second_factor, signin
from accounts.access import AccountAction, Owner
from accounts.entering import after_entry, open_device, second_step_page, take_proof
from accounts.forms import NewAppForm, PasswordConfirmationForm, SecondFactorCodeForm
from accounts.models import Person, SecondFactor
from accounts.people import AccountVerb
from accounts.rules import device_label
from accounts.second_factor import Site
from accounts.views.signing import sign_in_page
from kernel import audit, clock
from kernel.codes import printed_code
from kernel.crypto import lock_text, unlock_text
from kernel.errors import Conflict, Invalid, SignInNeeded
from kernel.i18n import _, choose
from kernel.permissions import Actor
from kernel.web import errors
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    public,
    release_connection,
    request_services,
    requires,
    secrets_of_app,
    see_page,
)

bp = Blueprint("accounts_second", __name__)

TRIES_OF_SECOND_STEP = limit("second-step", "10 per 15 minutes")
SETUP_SECONDS = 900
NEW_APP = "new application"


def _site() -> Site:
    """Return where passkeys hold: the public address; on this machine the name that the browser uses."""
    settings = current_settings()
    origin = settings.public_url if settings.is_reachable else f"{request.scheme}://{request.host}"
    return Site(urlsplit(origin).hostname or "", origin, choose(settings.short_names))


@bp.route("/sign-in/second-step", methods=["GET", "POST"])
@public("between password and entry: the proof in the cookie decides", reads_first=True)
def enter() -> Answer:
    """Ask for the second step, or take its code."""
    person = signin.proven()
    if person is None or not current_actor().is_anonymous:
        return _without_proof()
    form, resume = SecondFactorCodeForm(), _resume()
    if not form.validate_on_submit():
        return second_step_page(form, person.id, resume)
    with form.keeping(second_step_page, form, person.id, resume):
        limiter().use(TRIES_OF_SECOND_STEP, str(person.id))
    person_id, stored = person.id, person.password_hash
    if not second_factor.use_code(begin_writing(), current_actor(), person_id, form.code.data or "", secrets_of_app(), now=clock.now()):
        _failed(person_id)
        form.refuse(form.code, _("This code is incorrect or has already been used. Wait for the next one."))
        return second_step_page(form, person_id, resume)
    return _entered(person_id, stored, resume)


@bp.post("/sign-in/passkey")
@public("between password and entry: the proof in the cookie decides")
def enter_with_passkey() -> Answer:
    """Take what a passkey signed."""
    person = signin.proven()
    if person is None or not current_actor().is_anonymous:
        return _without_proof()
    limiter().use(TRIES_OF_SECOND_STEP, str(person.id))
    person_id, stored, resume = person.id, person.password_hash, _resume()
    try:
        second_factor.use_passkey(current_session(), person_id, _site(), request.form.get("credential", ""), now=clock.now())
    except Invalid as fault:
        _failed(person_id)
        form = SecondFactorCodeForm(formdata=None)
        form.form_errors.append(_(fault.text))
        return second_step_page(form, person_id, resume)
    return _entered(person_id, stored, resume)


def _without_proof() -> Answer:
    """Ask for the password again where somebody came too late, or has signed in elsewhere meanwhile; what they had posted goes on."""
    if not current_actor().is_anonymous:
        return after_entry(_resume(), None)
    return (sign_in_page(_resume()), 401) if _resume() else see_page("accounts.sign_in")


def _entered(person_id: int, stored: str, resume: str) -> Answer:
    limiter().forgive(TRIES_OF_SECOND_STEP, str(person_id))
    session, target, origin = current_session(), signin.requested_page(), signin.proven_origin()
    signin.know_browser(people.get_person(session, person_id).email)
    open_device(session, person_id, stored, factor=True, origin=origin)
    return after_entry(resume, target, person_id)


def _failed(person_id: int) -> None:
    """Count and record a wrong second step, although the answer is a refusal."""
    release_connection()
    limiter().count(signin.FAILURES_OF_ADDRESS, client_key())
    with request_services().database.unit_of_work() as session:
        audit.record(session, current_actor(), AccountVerb.SECOND_STEP_FAILED, people.get_person(session, person_id), now=clock.now())


@bp.post("/sign-in/passkey/request")
@public("between password and entry: the proof in the cookie decides")
def request_passkey() -> Response:
    """Send the browser the challenge that a passkey is to sign."""
    person = signin.proven()
    if person is None:
        raise SignInNeeded
    session = current_session()
    challenge = second_factor.make_challenge(session, person.id, now=clock.now())
    return _json(second_factor.request(_site(), challenge, second_factor.credentials_of(session, person.id)))


def _json(text: str) -> Response:
    return make_response(json.loads(text))


def _owner(session: Session, actor: Actor) -> Owner:
    """Return whose second factors these are: of who is signed in, or of who has just typed the password."""
    proven = signin.proven()
    if actor.is_anonymous and proven is None:
        raise SignInNeeded
    person = proven if actor.person_id is None else people.get_person(session, actor.person_id)
    assert person is not None
    return Owner(person, second_factor.list_factors(session, person.id), proven is not None and proven.id == person.id)


@bp.get("/second-step")
@requires(AccountAction.SECOND_STEP, _owner)
def overview(subject: Owner) -> Answer:
    """Show one's second factors, and what can be done with them."""
    return _overview(subject, PasswordConfirmationForm(formdata=None))


def _overview(subject: Owner, form: PasswordConfirmationForm) -> Response:
    session = current_session()
    return page(
        "accounts/second_factors.html",
        form=form,
        fresh=subject.fresh,
        resume="",
        required=signin.second_step_required(session, subject.person.id),
        codes_left=second_factor.codes_left(session, subject.person.id),
        factors=[
            {"uuid": row.uuid, "name": row.name, "kind": row.kind, "created_at": row.created_at, "last_used_at": row.last_used_at}
            for row in subject.factors
        ],
    )


@bp.post("/second-step/password")
@requires(AccountAction.SECOND_STEP, _owner, reads_first=True)
def prove(subject: Owner) -> Answer:
    """Take the password, which is asked again before anything is changed (spec/security 2.6)."""
    form = PasswordConfirmationForm()
    if not take_proof(form, subject.person.id, subject.person.password_hash):
        return _overview(_owner(current_session(), current_actor()), form)
    return see_page("accounts_second.overview")


@bp.route("/second-step/app", methods=["GET", "POST"])
@requires(AccountAction.SECOND_STEP, _owner)
def new_app(subject: Owner) -> Answer:
    """Show the secret of a new application, and take its first code. Until then nothing is kept: the page carries the secret, locked."""
    if not subject.fresh:
        return after_entry(_resume(), url_for("accounts_second.overview"))
    form = NewAppForm()
    if is_read_only_request() or (_resume() and not form.setup.data):
        return _new_app_page(subject, form, second_factor.new_app_secret())
    secret = _unlocked(form, subject.person)
    if secret is None:
        flash(_("This took too long. Scan this new code."), "warn")
        return _new_app_page(subject, form, second_factor.new_app_secret()) if _resume() else see_page("accounts_second.new_app")
    if not form.validate_on_submit():
        return _new_app_page(subject, form, secret)
    limiter().use(TRIES_OF_SECOND_STEP, str(subject.person.id))
    now = clock.now()
    step = second_factor.step_of_code(secret, "".join((form.code.data or "").split()), after=0, now=now)
    if step is None:
        form.refuse(form.code, _("This code is incorrect. Check that the clock on your phone is right, then enter the code shown now."))
        return _new_app_page(subject, form, secret)
    limiter().forgive(TRIES_OF_SECOND_STEP, str(subject.person.id))
    return _add(subject, second_factor.app_factor(secrets_of_app(), _("Authenticator app"), secret, step))


def _resume() -> str:
    """Return the form posted when the session ended, which the second-factor pages carry along, signed."""
    return request.form.get("resume", "")


def _unlocked(form: NewAppForm, person: Person) -> str | None:
    text = unlock_text(secrets_of_app(), NEW_APP, form.setup.data or "", seconds=SETUP_SECONDS)
    owner, _sign, secret = (text or "").partition(" ")
    return secret if owner == str(person.id) else None


def _new_app_page(subject: Owner, form: NewAppForm, secret: str) -> Response:
    form.setup.data = lock_text(secrets_of_app(), NEW_APP, f"{subject.person.id} {secret}")
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    address = second_factor.app_address(secret, subject.person.email, choose(current_settings().short_names))
    return page(
        "accounts/new_app.html", form=form, picture=second_factor.qr_picture(address), address=address, secret=spaced, resume=_resume()
    )


@bp.post("/second-step/passkey/request")
@requires(AccountAction.SECOND_STEP, _owner)
def request_new_passkey(subject: Owner) -> Response:
    """Send the browser the options for making a passkey."""
    if not subject.fresh:
        raise Conflict
    session, person = current_session(), subject.person
    challenge = second_factor.make_challenge(session, person.id, now=clock.now())
    known = second_factor.credentials_of(session, person.id)
    return _json(
        second_factor.creation(_site(), challenge, handle=person.uuid.bytes, email=person.email, name=person.full_name, known=known)
    )


@bp.post("/second-step/passkey")
@requires(AccountAction.SECOND_STEP, _owner)
def new_passkey(subject: Owner) -> Answer:
    """Keep a passkey that the browser has made."""
    if not subject.fresh:
        return after_entry(_resume(), url_for("accounts_second.overview"))
    challenge = second_factor.take_challenge(current_session(), subject.person.id, now=clock.now())
    name = _("Passkey of %(device)s", device=device_label(request.headers.get("User-Agent", "")))
    return _add(subject, second_factor.passkey_factor(_site(), challenge, request.form.get("credential", ""), name))


def _add(subject: Owner, factor: SecondFactor) -> Answer:
    session, actor, person, target = current_session(), current_actor(), subject.person, signin.requested_page()
    codes = second_factor.add(session, actor, person, factor, now=clock.now())
    if actor.is_anonymous:
        open_device(session, person.id, person.password_hash, factor=True, origin=signin.proven_origin())
    if codes:
        return _codes_page(codes, target)
    return see_page("accounts_second.overview", flash=_("Saved. You can now sign in with it."))


def _codes_page(codes: list[str], target: str = "") -> Response:
    stashed = errors.stashed_form(_resume())
    return page("accounts/recovery_codes.html", codes=[printed_code(code) for code in codes], target=target, kept=stashed)


@bp.post("/second-step/codes")
@requires(AccountAction.SECOND_STEP, _owner)
def new_codes(subject: Owner) -> Answer:
    """Show new recovery codes, once; the old ones end."""
    if not subject.fresh:
        return see_page("accounts_second.overview")
    return _codes_page(second_factor.renew_codes(current_session(), current_actor(), subject.person, now=clock.now()))


def _owner_of_factor(session: Session, actor: Actor, factor: UUID) -> Owner:
    owner = _owner(session, actor)
    return replace(owner, chosen=second_factor.get_own_factor(session, owner.person.id, factor))


@bp.post("/second-step/<uuid:factor>/removal")
@requires(AccountAction.SECOND_STEP, _owner_of_factor)
def remove(subject: Owner) -> Answer:
    """Take a second factor away."""
    if not subject.fresh or subject.chosen is None:
        return see_page("accounts_second.overview")
    session, person = current_session(), subject.person
    try:
        required = signin.second_step_required(session, person.id)
        second_factor.remove(session, current_actor(), person, subject.chosen, required=required, now=clock.now())
    except Conflict as conflict:
        flash(_(conflict.text), "bad")
        return see_page("accounts_second.overview")
    return see_page("accounts_second.overview", flash=_("It was removed."))
