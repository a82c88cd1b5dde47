"""Pages of accounts: signing up, in and out, links sent by mail, profile and devices."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from accounts import passwords, queries, services, signin
from accounts.forms import ChangePasswordForm, ForgottenForm, PasswordForm, ProfileForm, SetUpForm, SignInForm, SignUpForm
from accounts.models import Device, TokenPurpose
from accounts.permissions import AccountAction
from accounts.queries import Credentials
from accounts.rules import NOTICE_VERSION, device_label, masked, safe_next
from accounts.services import AccountVerb
from kernel import audit, clock
from kernel.errors import NotFound
from kernel.i18n import _
from kernel.permissions import Actor
from kernel.settings import Settings
from kernel.web import errors
from kernel.web.limits import client_address, limit, limiter
from kernel.web.request import begin_writing, current_actor, current_session, plumbing, public, requires

bp = Blueprint("accounts", __name__)

SIGN_UPS = limit("sign-up", "5 per hour")
RESETS = limit("reset", "3 per hour")
FAILURES_OF_ACCOUNT = limit("sign-in-account", "10 per 15 minutes")
FAILURES_OF_ADDRESS = limit("sign-in-address", "100 per 15 minutes")
LINKS_OF_ADDRESS = limit("links", "100 per 15 minutes")

Answer = str | Response | tuple[str, int]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def see_other(endpoint: str, **values: object) -> Response:
    """Answer a POST with the page to look at next."""
    return redirect(url_for(endpoint, **values), code=303)  # type: ignore[return-value, arg-type]  # werkzeug's response is ours


@bp.route("/sign-up", methods=["GET", "POST"])
@public(reads_first=True)
def sign_up() -> Answer:
    """Show the form for a new account, or take it."""
    form = SignUpForm()
    if request.method == "GET":
        return _sign_up_page(form)
    if not form.validate_on_post():
        return _sign_up_page(form), 422
    limiter().use(SIGN_UPS, client_address())
    command = form.command()
    services.sign_up(begin_writing(), current_actor(), command, now=clock.now())
    return see_other("accounts.sign_up_sent")


def _sign_up_page(form: SignUpForm) -> str:
    return render_template("accounts/sign_up.html", form=form, notice_version=NOTICE_VERSION)


@bp.get("/sign-up/sent")
@public
def sign_up_sent() -> Answer:
    """Say that a mail is on its way, whoever asked."""
    return render_template("accounts/sign_up_sent.html", mail_is_sent=_settings().mail_is_sent)


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> Answer:
    """Confirm an address: the link shows a button, so that mail scanners do not press it."""
    if request.method == "GET":
        usable = queries.find_token(current_session(), TokenPurpose.CONFIRM, token, now=clock.now()) is not None
        return render_template("accounts/confirm.html", token=token, usable=usable), 200 if usable else 404
    limiter().use(LINKS_OF_ADDRESS, client_address())
    services.confirm_email(current_session(), current_actor(), token, now=clock.now())
    flash(_("Your email address is confirmed. Sign in to begin."), "ok")
    return see_other("accounts.sign_in")


@bp.route("/sign-in", methods=["GET", "POST"])
@public(reads_first=True)
def sign_in() -> Answer:
    """Show the sign-in form, or take it."""
    if request.method == "GET":
        if not current_actor().is_anonymous:
            return see_other("lms.home")
        return sign_in_page("")
    form = SignInForm()
    if not form.validate_on_post():
        return _sign_in_form(form, request.form.get("resume", "")), 422
    return _try_to_sign_in(form)


def sign_in_page(resume: str) -> str:
    """Draw the sign-in page; `resume` is a signed POST to be sent again afterwards."""
    return _sign_in_form(SignInForm(formdata=None), resume)


def _sign_in_form(form: SignInForm, resume: str) -> str:
    target = safe_next(request.values.get("next")) or ""
    return render_template("accounts/sign_in.html", form=form, next=target, resume=resume)


def _try_to_sign_in(form: SignInForm) -> Answer:
    email, password = form.email.data or "", form.password.data or ""
    limiter().check(FAILURES_OF_ACCOUNT, email)
    limiter().check(FAILURES_OF_ADDRESS, client_address())
    found = queries.find_credentials(current_session(), email)
    if not passwords.verify_password(found.password_hash if found else None, password) or not _may_enter(found):
        return _sign_in_failed(form, found)
    assert found is not None
    rehash = passwords.hash_password(password) if passwords.outdated(found.password_hash) else None
    label = device_label(request.headers.get("User-Agent", ""))
    actor = Actor(person_id=found.person_id, address=client_address())
    secret = services.open_device(begin_writing(), actor, found.person_id, label=label, rehash=rehash, now=clock.now())
    signin.sign_in(secret)
    return _after_sign_in()


def _may_enter(found: Credentials | None) -> bool:
    return found is not None and not found.suspended and (found.confirmed or not _settings().mail_is_sent)


def _sign_in_failed(form: SignInForm, found: Credentials | None) -> Answer:
    limiter().count(FAILURES_OF_ACCOUNT, form.email.data or "")
    limiter().count(FAILURES_OF_ADDRESS, client_address())
    with plumbing().database.unit_of_work() as session:  # a failed try is recorded although the answer is a refusal
        subject = queries.get_person(session, found.person_id) if found else None
        audit.record(session, current_actor(), AccountVerb.SIGN_IN_FAILED, subject, now=clock.now())
    form.refuse(form.password, _("The email or password does not match."))
    return _sign_in_form(form, request.form.get("resume", "")), 422


def _after_sign_in() -> Answer:
    kept = errors.kept(request.form.get("resume", ""))
    if kept is not None:
        return errors.resume_page(*kept)
    return redirect(safe_next(request.form.get("next")) or url_for("lms.home"), code=303)  # type: ignore[return-value]


@bp.post("/sign-out")
@public
def sign_out() -> Answer:
    """End this browser's session."""
    actor = current_actor()
    if actor.device_id is not None:
        device = current_session().get(Device, actor.device_id)
        if device is not None:
            services.end_device(current_session(), actor, device, now=clock.now())
    signin.sign_out()
    response = see_other("lms.home")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Answer:
    """Send a link to choose a new password; the answer is the same for every address."""
    form = ForgottenForm()
    if request.method == "GET":
        return render_template("accounts/forgotten.html", form=form)
    if not form.validate_on_post():
        return render_template("accounts/forgotten.html", form=form), 422
    limiter().use(RESETS, form.email.data or "")
    limiter().use(LINKS_OF_ADDRESS, client_address())
    services.ask_reset(current_session(), current_actor(), form.email.data or "", now=clock.now())
    return render_template("accounts/forgotten_sent.html", mail_is_sent=_settings().mail_is_sent)


@bp.route("/password/reset/<token>", methods=["GET", "POST"])
@public(reads_first=True)
def reset(token: str) -> Answer:
    """Choose a new password with a link."""
    limiter().use(LINKS_OF_ADDRESS, client_address())
    usable = queries.find_token(current_session(), TokenPurpose.RESET, token, now=clock.now()) is not None
    form = PasswordForm()
    if not usable:
        return render_template("accounts/reset.html", form=form, token=token, usable=False), 404
    if request.method == "GET":
        return render_template("accounts/reset.html", form=form, token=token, usable=True)
    if not form.validate_on_post():
        return render_template("accounts/reset.html", form=form, token=token, usable=True), 422
    hashed = passwords.hash_password(form.password.data or "")
    services.reset_password(begin_writing(), current_actor(), token, hashed, now=clock.now())
    flash(_("Your password is changed. Sign in with the new one."), "ok")
    return see_other("accounts.sign_in")


@bp.route("/set-up/<token>", methods=["GET", "POST"])
@public(reads_first=True)
def set_up(token: str) -> Answer:
    """Let the first administrator choose a password; afterwards this page does not exist."""
    session = current_session()
    if queries.administrator_exists(session) or queries.find_token(session, TokenPurpose.SET_UP, token, now=clock.now()) is None:
        raise NotFound
    form = SetUpForm()
    if request.method == "GET":
        return render_template("accounts/set_up.html", form=form, token=token, notice_version=NOTICE_VERSION)
    if not form.validate_on_post():
        return render_template("accounts/set_up.html", form=form, token=token, notice_version=NOTICE_VERSION), 422
    command = form.command()
    services.create_first_administrator(begin_writing(), current_actor(), token, command, now=clock.now())
    flash(_("Your account is ready. Sign in to begin."), "ok")
    return see_other("accounts.sign_in")


@bp.route("/profile", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE)
def profile() -> Answer:
    """Show and change one's own data."""
    session, actor = current_session(), current_actor()
    person = queries.get_person(session, actor.person_id or 0)
    form = ProfileForm(data={name: getattr(person, name) for name in ("given_names", "first_surname", "second_surname", "language", "zone")})
    if request.method == "POST":
        if form.validate_on_post():
            services.edit_profile(session, actor, person, form.command(), now=clock.now())
            flash(_("Your data are saved."), "ok")
            return see_other("accounts.profile")
    number = masked(queries.find_national_id(session, person.id))
    page = render_template("accounts/profile.html", form=form, email=person.email, national_id=number, full_name=person.full_name)
    return (page, 422) if request.method == "POST" else page


@bp.route("/profile/password", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def change_password() -> Answer:
    """Change one's password, with the present one."""
    actor = current_actor()
    form = ChangePasswordForm()
    if request.method == "GET":
        return render_template("accounts/change_password.html", form=form)
    stored = queries.get_person(current_session(), actor.person_id or 0).password_hash
    valid = form.validate_on_post()
    limiter().check(FAILURES_OF_ACCOUNT, actor.email)
    if form.current_password.data and not passwords.verify_password(stored, form.current_password.data):
        limiter().count(FAILURES_OF_ACCOUNT, actor.email)
        form.refuse(form.current_password, _("This is not your present password."))
        valid = False
    if not valid:
        return render_template("accounts/change_password.html", form=form), 422
    hashed = passwords.hash_password(form.password.data or "")
    session = begin_writing()
    services.change_password(session, actor, queries.get_person(session, actor.person_id or 0), hashed, now=clock.now())
    flash(_("Your password is changed. The other devices were signed out."), "ok")
    return see_other("accounts.profile")


@bp.get("/profile/devices")
@requires(AccountAction.EDIT_PROFILE)
def devices() -> Answer:
    """List where this account is signed in."""
    actor = current_actor()
    since = clock.now() - timedelta(hours=_settings().session_hours)
    rows = queries.list_devices(current_session(), actor.person_id or 0, since=since)
    return render_template("accounts/devices.html", devices=rows, current_id=actor.device_id)


def _own_device(session: Session, actor: Actor, device: UUID) -> Device:
    return queries.get_own_device(session, actor.person_id or 0, device)


@bp.post("/profile/devices/<uuid:device>/end")
@requires(AccountAction.END_DEVICE, _own_device)
def end_device(device: Device) -> Answer:
    """Sign one browser out."""
    services.end_device(current_session(), current_actor(), device, now=clock.now())
    flash(_("That session is closed."), "ok")
    return see_other("accounts.devices")


@bp.post("/profile/devices/end")
@requires(AccountAction.END_DEVICE)
def end_devices() -> Answer:
    """Sign every browser out, this one too."""
    actor = current_actor()
    person = queries.get_person(current_session(), actor.person_id or 0)
    services.end_devices(current_session(), person.id, now=clock.now())
    audit.record(current_session(), actor, AccountVerb.SIGNED_OUT, person, now=clock.now(), everywhere=True)
    signin.sign_out()
    flash(_("All your sessions are closed."), "ok")
    return see_other("accounts.sign_in")
