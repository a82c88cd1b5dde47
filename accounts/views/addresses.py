"""Pages that change the address of an account."""

from flask import Blueprint, flash, render_template

from accounts import addresses, queries, services, signin
from accounts.forms import ChangeAddressForm
from accounts.permissions import AccountAction
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _
from kernel.web.headers import hide_address
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    public,
    release_connection,
    requires,
    secrets_of_app,
    see_page,
)

bp = Blueprint("accounts_addresses", __name__)

CHANGES = limit("address-change", "3 per hour")
WRONG_LINKS = limit("address-links", "100 per 15 minutes")


@bp.route("/profile/address", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def change_address() -> Answer:
    """Ask for another address, with the password."""
    actor, form = current_actor(), ChangeAddressForm()
    person = queries.get_person(current_session(), actor.person_id or 0)
    if is_read_only_request():
        return render_template("accounts/change_address.html", form=form, email=person.email)
    valid = form.validate_on_post()
    if valid and form.email.data == person.email:
        form.refuse(form.email, _("This is already your email address."))
        valid = False
    release_connection()
    if form.current_password.data and not signin.knows_password(actor.email, person.password_hash, form.current_password.data):
        form.refuse(form.current_password, _("This is not your current password."))
        valid = False
    if not valid:
        return render_template("accounts/change_address.html", form=form, email=person.email), 422
    limiter().use(CHANGES, str(actor.person_id))
    session = begin_writing()
    owner = services.confirm_password(session, person.id, person.password_hash)
    addresses.ask_address_change(session, actor, owner, form.email.data or "", now=clock.now())
    return see_page("accounts_addresses.address_change_requested")


@bp.get("/profile/address/sent")
@requires(AccountAction.EDIT_PROFILE)
def address_change_requested() -> Answer:
    """Say that a mail is on its way, whatever stands behind the address."""
    return render_template("accounts/address_change_requested.html", sends_mail=current_settings().sends_mail)


@bp.route("/address/<token>", methods=["GET", "POST"])
@public
def confirm_address_change(token: str) -> Answer:
    """Change the address: the link shows a button, so that mail scanners do not press it. A right one is never refused."""
    hide_address()
    session = current_session()
    try:
        _person, email = addresses.read_address_link(session, secrets_of_app(), token)
    except NotFound:
        limiter().use(WRONG_LINKS, client_key())
        return render_template("accounts/new_address.html", token="", email=""), 404
    if is_read_only_request():
        return render_template("accounts/new_address.html", token=token, email=email)
    addresses.change_address(session, current_actor(), secrets_of_app(), token, now=clock.now())
    flash(_("Your email address was changed. Your other devices were signed out."), "ok")
    return see_page("accounts.sign_in" if current_actor().is_anonymous else "accounts.profile")
