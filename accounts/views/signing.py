"""Pages of a person's identity: signing up, in and out, links sent by mail, profile and devices."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from flask import Blueprint, Response, flash, g, request, url_for
from sqlalchemy.orm import Session

from accounts import accounts, addresses, names, passwords, people, second_factor, signin
from accounts.access import AccountAction
from accounts.accounts import Destination, SignUp
from accounts.entering import after_entry, open_device, second_step_page, take_proof
from accounts.entry import FORBIDS_PASSWORD, LEAVE_METHODS, SIGN_IN_METHODS, SignInMethod, has_password
from accounts.forms import (
    ChangePasswordForm,
    FirstPasswordForm,
    InvitationForm,
    NewAccountForm,
    PasswordConfirmationForm,
    PasswordForm,
    PasswordResetRequestForm,
    ProfileForm,
    SecondFactorCodeForm,
    SignInForm,
    SignUpForm,
)
from accounts.joining import Invitation, Joining
from accounts.models import Device, Person, Token, TokenPurpose
from accounts.people import AccountVerb, Credentials
from accounts.rules import NOTICE_VERSION, masked, safe_next
from kernel import audit, clock
from kernel.errors import N_, Forbidden, NotFound
from kernel.i18n import _
from kernel.permissions import Actor
from kernel.web.headers import hide_address
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
    see_page,
    write_optimistically,
)

bp = Blueprint("accounts", __name__)

SIGN_UPS = limit("sign-up", "60 per 15 minutes")
SIGN_UPS_OF_ACCOUNT = limit("sign-up-account", "5 per 15 minutes")
RESETS = limit("reset", "3 per 15 minutes")
RESETS_OF_ADDRESS = limit("reset-address", "100 per 15 minutes")
WRONG_LINKS_OF_ADDRESS = limit("links", "100 per 15 minutes")


class SignUpClosed(Forbidden):
    """People cannot create an account of their own here."""

    message = N_("Accounts on this site are created by the institution. Ask its training department for one.")


def _target() -> str:
    """Return the path of this site to which the person goes on, or nothing."""
    return safe_next(request.values.get("next")) or ""


@bp.route("/sign-up", methods=["GET", "POST"])
@public("the way in", reads_first=True)
def sign_up() -> Answer:
    """Show the form for a new account, or take it; refuse it where only administrators add people."""
    target = _target()
    joining = signin.find_joining(target)
    invitation = joining.invitation if joining else None
    if not (current_settings().sign_up or (invitation is not None and invitation.may_sign_up)):
        raise SignUpClosed
    form = SignUpForm() if invitation is None else NewAccountForm.of(invitation.email, invitation.name)
    again = partial(_sign_up_page, form, target, joining)
    if not form.validate_on_submit():
        return again()
    with form.keeping(again):
        limiter().use(SIGN_UPS_OF_ACCOUNT, form.address())
        if invitation is None:  # a whole office signs up from one address on the day of a course
            limiter().use_slowly(SIGN_UPS, client_key())
        entering = _account_of_mailbox(invitation, form.password.data or "")
    if entering is not None:
        return write_optimistically(partial(_enter, entering, form.address(), None, target))
    release_connection()
    command = form.command()
    signin.note_sign_up(command.password_hash)
    return _make_account(command, target, joining)


def _account_of_mailbox(invitation: Invitation | None, password: str) -> Credentials | None:
    """Return the account that a password opens whose owner holds an invitation from their mail: they are signed in instead."""
    if invitation is None or not invitation.is_mailed:
        return None
    credentials = people.find_credentials(current_session(), invitation.email)
    release_connection()
    if credentials is None or not signin.knows_password(invitation.email, credentials.password_hash, password):
        return None
    return credentials if _may_enter(credentials) else None


def _make_account(command: SignUp, target: str, joining: Joining | None) -> Answer:
    """Create the account, and answer the same whether or not there was one; who reads the mailbox of its address is in at once."""
    session, actor, now = begin_writing(), current_actor(), clock.now()
    invitation, settings = joining.invitation if joining else None, current_settings()
    destination = Destination(joining.mail_path or target, joining.title) if joining else Destination(target)
    is_mailed = invitation is not None and invitation.is_mailed
    person = accounts.sign_up(session, actor, command, destination=destination, confirmed=is_mailed, now=now)
    if invitation is not None:
        invitation.note_sign_up()
    if is_mailed and person is not None:
        return _enter(Credentials(person.id, command.password_hash, confirmed=True, suspended=False), command.email, None, target)
    if settings.sends_mail:
        return see_page("accounts.sign_up_requested", next=destination.path or None)
    flash(_("If the address can be used, the account has been created. Sign in with the password you chose."), "ok")
    return _sign_in_form(SignInForm(formdata=None, data={"email": command.email}), "", target)


def _sign_up_page(form: NewAccountForm, target: str, joining: Joining | None) -> Response:
    return page("accounts/sign_up.html", form=form, notice_version=NOTICE_VERSION, next=target, joining=joining)


@bp.get("/sign-up/sent")
@public("says the same to everybody")
def sign_up_requested() -> Answer:
    """Show that a mail is on its way, for any address."""
    target = _target()
    return page(
        "accounts/sign_up_requested.html", sends_mail=current_settings().sends_mail, next=target, joining=signin.find_joining(target)
    )


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@public("the secret of the mail decides, with the password that was chosen or the browser in which it was", reads_first=True)
def confirm(token: str) -> Answer:
    """Confirm an address and sign its owner in: the link shows a button, so that mail scanners do not press it.

    A person who did not sign up in this browser types the chosen password: a stranger may have signed up with the address.
    """
    link, form, target = _usable_link(TokenPurpose.CONFIRM, token), FirstPasswordForm(), _target()
    html = partial(page, "accounts/confirm.html", form=form, token=token, next=target, joining=signin.find_joining(target))
    again = partial(html, usable=True, asks=True)
    if link is None or link.person_id is None:
        return html(usable=False, asks=False), 404
    needs_password, owner = not signin.signed_up_here(link), people.get_person(current_session(), link.person_id)
    if is_read_only_request():
        return html(usable=True, asks=needs_password)
    release_connection()
    with form.keeping(again):
        is_right = not needs_password or _chose_password(form, owner)
    if not is_right:
        return again()
    person = accounts.confirm_email(begin_writing(), current_actor(), token, now=clock.now())
    if person.suspended_at is not None:
        return see_page("accounts.sign_in", flash=_("Your email address is confirmed. Sign in to begin."))
    credentials = Credentials(person.id, person.password_hash, confirmed=True, suspended=False)
    answer = _enter(credentials, person.email, None, target)
    flash(_("Your email address is confirmed."), "ok")
    return answer


def _chose_password(form: FirstPasswordForm, owner: Person) -> bool:
    """Take the password that was chosen at sign-up, under the limits of signing in; else say in the form why not."""
    if not form.validate_on_submit():
        return False
    if signin.knows_password(owner.email, owner.password_hash, form.password.data or ""):
        return True
    _note_failure(owner.id)
    form.refuse(form.password, _("This is not the password chosen for this account."))
    return False


def _usable_link(purpose: TokenPurpose, secret: str) -> Token | None:
    """Return a link that can be used; count a wrong one against the client, and hide the page's address from others.

    A right one is never refused: a whole institution may share an address, and nobody guesses 128 bits.
    """
    hide_address()
    token = people.find_token(current_session(), purpose, secret, now=clock.now())
    if token is None:
        limiter().use(WRONG_LINKS_OF_ADDRESS, client_key())
    return token


@bp.route("/sign-in", methods=["GET", "POST"])
@public("the way in", reads_first=True)
def sign_in() -> Answer:
    """Show the sign-in form, or take it."""
    if is_read_only_request():
        return sign_in_page("") if current_actor().is_anonymous else after_entry("", _target())
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_form(form, request.form.get("resume", ""))
    return _try_to_sign_in(form)


def sign_in_page(resume: str) -> Response:
    """Draw the sign-in page; `resume` is a signed POST to be sent again afterwards."""
    target = _target()
    joining = signin.find_joining(target)
    invitation = joining.invitation if joining else None
    return _sign_in_form(SignInForm(formdata=None, data={"email": invitation.email if invitation else ""}), resume, target)


def _sign_in_form(form: SignInForm, resume: str, target: str | None = None) -> Response:
    target = _target() if target is None else target
    due = g.get("second_step_due", False)
    mailed = current_settings().sends_mail
    here = url_for("accounts.sign_in", next=target or None)
    methods = [method for methods_of in SIGN_IN_METHODS.of(current_session()) for method in methods_of(current_session(), target)]
    facts = {"next": target, "resume": resume, "second_step_due": due, "sends_mail": mailed, "whole_path": here, "methods": methods}
    return page("accounts/sign_in.html", form=form, joining=signin.find_joining(target), **facts)


def _try_to_sign_in(form: SignInForm) -> Answer:
    email, password = form.email.data or "", form.password.data or ""
    with form.keeping(_sign_in_form, form, request.form.get("resume", "")):
        signin.count_try(email)
    credentials = people.find_credentials(current_session(), email)
    release_connection()
    right = passwords.verify_password(credentials.password_hash if credentials else None, password)
    if credentials is None or not right or not _may_enter(credentials):
        return _sign_in_failed(form, credentials)
    signin.forgive_tries(email)
    rehash = passwords.hash_password(password) if passwords.outdated(credentials.password_hash) else None
    return write_optimistically(partial(_enter, credentials, email, rehash, _target()))


def _enter(credentials: Credentials, email: str, rehash: str | None, target: str) -> Answer:
    """Sign in whoever has given the right password, or go on to their second step."""
    session = current_session()
    has_factor = second_factor.has_factor(session, credentials.person_id)
    if has_factor or signin.second_step_required(session, credentials.person_id):
        return _first_step_done(credentials, rehash, target, has_factor=has_factor)
    signin.know_browser(email)
    open_device(session, credentials.person_id, credentials.password_hash, rehash=rehash)
    return after_entry(request.form.get("resume", ""), target, credentials.person_id)


def _first_step_done(credentials: Credentials, rehash: str | None, target: str, *, has_factor: bool) -> Answer:
    """Go on to the second step. Nobody is signed in yet: every other page still sees a stranger."""
    if rehash is None:
        release_connection()  # nobody waits for the page that is drawn
    else:
        accounts.confirm_password(current_session(), credentials.person_id, credentials.password_hash).password_hash = rehash
    signin.prove(credentials.person_id, rehash or credentials.password_hash, target)
    resume = request.form.get("resume", "")
    if has_factor:
        return second_step_page(SecondFactorCodeForm(formdata=None), credentials.person_id, resume)
    return _first_factor_page(resume) if resume else see_page("accounts_second.overview")


def _first_factor_page(resume: str) -> Response:
    """Render the choice of a person's first second factor, carrying along what they had posted."""
    form = PasswordConfirmationForm(formdata=None)
    return page("accounts/second_factors.html", form=form, fresh=True, required=True, codes_left=0, factors=[], resume=resume)


def _may_enter(credentials: Credentials) -> bool:
    return not credentials.suspended and credentials.confirmed


def _note_failure(person_id: int | None) -> None:
    limiter().count(signin.FAILURES_OF_ADDRESS, client_key())
    with request_services().database.unit_of_work() as session:  # a failed try is recorded although the answer is a refusal
        subject = people.get_person(session, person_id) if person_id else None
        audit.record(session, current_actor(), AccountVerb.SIGN_IN_FAILED, subject, now=clock.now())


def _sign_in_failed(form: SignInForm, credentials: Credentials | None) -> Answer:
    _note_failure(credentials.person_id if credentials else None)
    signin.note_failure(form.email.data or "")
    form.refuse(form.password, _("Your email or password is incorrect."))
    return _sign_in_form(form, request.form.get("resume", ""))


@bp.post("/sign-out")
@public("whoever is out already stays out")
def sign_out() -> Answer:
    """End this browser's session."""
    session, actor = current_session(), current_actor()
    device = session.get(Device, actor.device_id) if actor.device_id is not None else None
    methods: list[SignInMethod] = []
    if device is not None:
        methods = [method for methods_of in LEAVE_METHODS.of(session) for method in methods_of(session, device.id)]
        accounts.end_device(session, actor, device, now=clock.now())
    if methods:
        g.actor = Actor()
        return signin.sign_out(page("accounts/signed_out.html", methods=methods))
    return signin.sign_out(see_page("lms.home"))


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public("asked before one is in; says nothing of who has an account")
def forgotten() -> Answer:
    """Send a link to choose a new password; the answer is the same for every address."""
    form, target = PasswordResetRequestForm(), _target()
    html = partial(page, "accounts/password_reset_request.html", form=form, next=target)
    if not form.validate_on_submit():
        return html()
    with form.keeping(html):
        limiter().use(RESETS, signin.counter_of(form.email.data or ""))
        limiter().use_slowly(RESETS_OF_ADDRESS, client_key())
    addresses.ask_reset_link(current_session(), current_actor(), form.email.data or "", path=target, now=clock.now())
    return page("accounts/password_reset_requested.html", next=target, sends_mail=current_settings().sends_mail)


@bp.route("/password/reset/<token>", methods=["GET", "POST"])
@public("the secret of the mail decides", reads_first=True)
def reset(token: str) -> Answer:
    """Choose a new password with a link."""
    link, target = _usable_link(TokenPurpose.RESET, token), _target()
    if link is None or link.person_id is None:
        return page("accounts/reset.html", form=PasswordForm(), token=token, usable=False, next=target), 404
    owner = people.get_person(current_session(), link.person_id)
    form = PasswordForm(people.personal_words(current_session(), owner))
    if is_read_only_request():
        return page("accounts/reset.html", form=form, token=token, usable=True, next=target)
    release_connection()
    if not form.validate_on_submit():
        return page("accounts/reset.html", form=form, token=token, usable=True, next=target)
    hashed = passwords.hash_password(form.password.data or "")
    person = addresses.reset_password(begin_writing(), current_actor(), token, hashed, now=clock.now())
    signin.know_browser(person.email)
    return see_page("accounts.sign_in", next=target or None, flash=_("Your password was changed. Sign in with the new one."))


@bp.route("/invitation/<token>", methods=["GET", "POST"])
@public("leads into an account: the secret of the invitation decides", reads_first=True)
def accept_invitation(token: str) -> Answer:
    """Let a person added by an administrator choose a password, with the link from their mail, and sign them in."""
    link = _usable_link(TokenPurpose.INVITE, token)
    if link is None or link.person_id is None:
        return page("accounts/accept_invitation.html", form=InvitationForm(), token=token, person=None, notice_version=""), 404
    owner = people.get_person(current_session(), link.person_id)
    form = InvitationForm(people.personal_words(current_session(), owner))
    if is_read_only_request():
        return _invitation_page(form, token, owner)
    release_connection()
    if not form.validate_on_submit():
        return _invitation_page(form, token, owner)
    hashed = passwords.hash_password(form.password.data or "")
    person = accounts.accept_invitation(begin_writing(), current_actor(), token, hashed, now=clock.now())
    if person.suspended_at is not None:
        return see_page("accounts.sign_in")
    answer = _enter(Credentials(person.id, hashed, confirmed=True, suspended=False), person.email, hashed, "")
    flash(_("Your account is ready."), "ok")
    return answer


def _invitation_page(form: InvitationForm, token: str, person: Person) -> Response:
    return page("accounts/accept_invitation.html", form=form, token=token, person=person, notice_version=NOTICE_VERSION)


@bp.route("/set-up/<token>", methods=["GET", "POST"])
@public("the secret of the command line decides, and where an administrator exists there is no page: first_admin.create", reads_first=True)
def set_up(token: str) -> Answer:
    """Let the first administrator choose a password; afterwards this page does not exist."""
    session = current_session()
    if people.administrator_exists(session) or _usable_link(TokenPurpose.SET_UP, token) is None:
        raise NotFound
    form = SignUpForm()
    if is_read_only_request():
        return _set_up_page(form, token)
    valid = form.validate_on_submit()
    if valid and people.find_person_by_email(session, form.email.data or "") is not None:
        form.refuse(form.email, _("This email address already has an account. Use a different one here."))
        valid = False
    if not valid:
        return _set_up_page(form, token)
    release_connection()
    command = form.command()
    accounts.create_first_administrator(begin_writing(), current_actor(), token, command, now=clock.now())
    return see_page("accounts.sign_in", flash=_("Your account is ready. Sign in to begin."))


def _set_up_page(form: SignUpForm, token: str) -> Response:
    return page("accounts/set_up.html", form=form, token=token, notice_version=NOTICE_VERSION)


@bp.route("/profile", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE)
def profile() -> Answer:
    """Show and change one's own data."""
    session, actor = current_session(), current_actor()
    person = people.get_person(session, actor.person_id or 0)
    form = ProfileForm(
        data={name: getattr(person, name) for name in ("given_names", "first_surname", "second_surname", "language", "zone")}
    )
    is_managed = names.is_managed(session, person.id)
    if is_managed:
        form.keep_name()
    if form.validate_on_submit():
        accounts.edit_profile(session, actor, person, form.command(person), now=clock.now())
        return see_page("accounts.profile", flash=_("Your details were saved."))
    number = masked(people.find_national_id(session, person.id))
    return page(
        "accounts/profile.html",
        form=form,
        email=person.email,
        national_id=number,
        full_name=person.full_name,
        keeps_name=is_managed,
        request_of_name=names.find_request(session, person.id) if is_managed else None,
        institutions=any(methods_of(session, "") for methods_of in SIGN_IN_METHODS.of(session)),
    )


@bp.route("/profile/password", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def change_password() -> Answer:
    """Change one's password, with the present one."""
    actor = current_actor()
    person = people.get_person(current_session(), actor.person_id or 0)
    form = ChangePasswordForm(people.personal_words(current_session(), person))
    if not has_password(person):
        barred = next((name for forbids in FORBIDS_PASSWORD.of(current_session()) if (name := forbids(current_session(), person))), None)
        own = _("Your account has no password: you sign in by %(institution)s, which lets you choose none here.", institution=barred)
        link = _(
            "Your account has no password: you sign in by your institution. To choose one, ask for a link with “I forgot my password”."
        )
        return see_page("accounts.profile", flash=own if barred else link)
    if is_read_only_request():
        return page("accounts/change_password.html", form=form)
    release_connection()
    valid = form.validate_on_submit()
    if form.current_password.data and not signin.knows_password(actor.email, person.password_hash, form.current_password.data):
        form.refuse(form.current_password, _("This is not your current password."))
        valid = False
    if not valid:
        return page("accounts/change_password.html", form=form)
    hashed = passwords.hash_password(form.password.data or "")
    session = begin_writing()
    owner = accounts.confirm_password(session, person.id, person.password_hash)
    accounts.change_password(session, actor, owner, hashed, now=clock.now(), keep=actor.device_id)
    return see_page("accounts.profile", flash=_("Your password was changed. Your other devices were signed out."))


@bp.get("/profile/devices")
@requires(AccountAction.EDIT_PROFILE)
def devices() -> Answer:
    """List where this account is signed in; to end a session, the password is asked again."""
    return _devices_page(PasswordConfirmationForm(formdata=None))


def _devices_page(form: PasswordConfirmationForm) -> Response:
    actor = current_actor()
    since = clock.now() - timedelta(hours=current_settings().session_hours)
    rows = people.list_devices(current_session(), actor.person_id or 0, since=since)
    fresh = signin.has_proven(actor)
    by_password = has_password(people.get_person(current_session(), actor.person_id or 0))
    return page("accounts/devices.html", form=form, devices=rows, current_id=actor.device_id, fresh=fresh, has_password=by_password)


@bp.post("/profile/devices/password")
@requires(AccountAction.END_DEVICE, reads_first=True)
def prove_for_devices() -> Answer:
    """Take the password, before sessions are ended (ASVS V7.5.2)."""
    form = PasswordConfirmationForm()
    person = people.get_person(current_session(), current_actor().person_id or 0)
    if not take_proof(form, person.id, person.password_hash):
        return _devices_page(form)
    return see_page("accounts.devices")


def _own_device(session: Session, actor: Actor, device: UUID) -> Device:
    return people.get_own_device(session, actor.person_id or 0, device)


@bp.post("/profile/devices/<uuid:device>/end")
@requires(AccountAction.END_DEVICE, _own_device)
def end_device(device: Device) -> Answer:
    """Sign one browser out."""
    if not signin.has_proven(current_actor()):
        return _proof_is_old()
    accounts.end_device(current_session(), current_actor(), device, now=clock.now())
    return see_page("accounts.devices", flash=_("That session is closed."))


@bp.post("/profile/devices/end")
@requires(AccountAction.END_DEVICE)
def end_devices() -> Answer:
    """Sign every browser out, this one too."""
    actor = current_actor()
    if not signin.has_proven(actor):
        return _proof_is_old()
    person = people.get_person(current_session(), actor.person_id or 0)
    accounts.end_devices(current_session(), person.id, now=clock.now())
    audit.record(current_session(), actor, AccountVerb.SIGNED_OUT, person, now=clock.now(), everywhere=True)
    response = signin.sign_out(see_page("accounts.sign_in"))
    flash(_("All your sessions are closed."), "ok")
    return response


def _proof_is_old() -> Response:
    flash(_("No session was closed. Enter your password first."), "warn")
    return see_page("accounts.devices")
