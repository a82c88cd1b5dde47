"""The end of each way in: the second step, the session that is opened, where the person goes on, and the password that is asked again."""

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from accounts import accounts, people, second_factor, signin
from accounts.entry import FOLLOW_ENTRY, PROOF_METHODS, Origin, SignInMethod, has_password
from accounts.forms import PasswordConfirmationForm, SecondFactorCodeForm
from accounts.rules import device_label
from kernel import clock
from kernel.i18n import _
from kernel.web import errors
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, page, release_connection, see_other


def second_step_page(form: SecondFactorCodeForm, person_id: int, resume: str) -> Response:
    """Draw the page between password and entry."""
    factors = second_factor.list_factors(current_session(), person_id)
    kinds = {factor.kind for factor in factors}
    facts = {"has_app": "app" in kinds, "has_passkey": "passkey" in kinds, "by_password": signin.proven_origin() is None}
    return page("accounts/second_factor.html", form=form, resume=resume, **facts)


def open_device(
    session: Session, person_id: int, password_hash: str, *, rehash: str | None = None, factor: bool = False, origin: Origin | None = None
) -> None:
    """Sign this browser in; the password is still the one that was typed, or that there was when its person came by another way in."""
    person = accounts.confirm_password(session, person_id, password_hash)
    label = device_label(request.headers.get("User-Agent", ""))
    secret = accounts.open_device(session, current_actor(), person, label=label, rehash=rehash, now=clock.now(), factor=factor)
    if origin is not None:
        device = people.get_device(session, secret)
        for follow in FOLLOW_ENTRY.of(session):
            follow(session, device, origin)
    signin.sign_in(secret)


def after_entry(resume: str, target: str | None, person_id: int | None = None) -> Answer:
    """Redirect a person who has just signed in: keep or resubmit the stored form, join what they came for, or go to their target."""
    stashed = errors.stashed_form(resume)
    if stashed is not None:
        path, fields, lost = stashed
        address = None if is_read_only_request() else signin.keep_form(person_id, path, fields)
        if address is None:
            return errors.resume_page(*stashed)
        if "files" in lost:
            flash(_("The files you chose were not kept. Choose them again."), "warn")
        return see_other(address)
    joining = None if is_read_only_request() else signin.find_joining(target or "")
    return see_other(joining.join() if joining is not None else target or url_for("lms.home"))


def take_proof(form: PasswordConfirmationForm, person_id: int, stored: str) -> bool:
    """Take the password that is asked again before what only its owner may do (spec/security 2.6); else say in the form why not."""
    if signin.has_proven(current_actor()):
        return True
    valid = form.validate_on_submit()
    release_connection()
    if valid and not signin.knows_password(current_actor().email, stored, form.current_password.data or ""):
        form.refuse(form.current_password, _("This is not your current password."))
        return False
    if valid:
        signin.prove(person_id, stored)
    return bool(valid)


def proof_methods() -> list[SignInMethod] | None:
    """Return the buttons by which a person without a password proves anew who they are, none where they did; None where a password does."""
    session, actor = current_session(), current_actor()
    if actor.person_id is None or has_password(people.get_person(session, actor.person_id)):
        return None
    if signin.has_proven(actor):
        return []
    hooks = PROOF_METHODS.of(session)
    return [method for methods_of in hooks for method in methods_of(session, actor.person_id, request.path)]


def is_proven(form: PasswordConfirmationForm, stored: str, *, has_proof: bool) -> bool:
    """Validate a form that asks for the password; who has none and `has_proof` needs none.

    Call it after `release_connection`, which a password that is looked at must not hold; a wrong one is said in the form.
    """
    actor, field = current_actor(), form.current_password
    if has_proof:
        field.validators, field.data = (), ""
    valid = form.validate_on_submit()
    if field.data and not signin.knows_password(actor.email, stored, field.data):
        form.refuse(field, _("This is not your current password."))
        return False
    return bool(valid)
