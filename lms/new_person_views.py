"""The page on which an administrator adds one person."""

from flask import Blueprint, Response, flash, render_template, request
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts import services
from accounts.forms import NewPersonForm
from accounts.models import TokenPurpose
from accounts.permissions import AccountAction
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import as_uuid
from kernel.web.request import address_of, current_actor, current_session, current_settings, requires, see_page
from organisations.forms.tree import indented
from organisations.models import Organisation
from organisations.queries import tree
from organisations.queries.unit_lists import owners_of
from organisations.rules import in_order
from organisations.services.members import assign_member

bp = Blueprint("lms_new_person", __name__, url_prefix="/administration/new-person")

Answer = str | Response | tuple[str, int]


@bp.route("", methods=["GET", "POST"])
@requires(AccountAction.MANAGE_PEOPLE)
def add() -> Answer:
    """Add one person: the invitation goes out by mail; where no mail is sent, its link is shown once to be handed over."""
    session, form, now = current_session(), NewPersonForm(), clock.now()
    form.offer([(str(one.place.uuid), indented(one)) for one in in_order(tree.list_tree(session)) if not one.place.closed])
    if request.method != "POST":
        return _page(form)
    if not form.validate_on_post() or not _is_new(session, form):
        return _page(form), 422
    mails = current_settings().sends_mail
    (person,) = services.invite(session, current_actor(), [form.command()], now=now, mails=mails)
    place = _unit(session, form.unit.data)
    if place is not None:
        assign_member(session, current_actor(), person, place, now=now)
    if mails:
        flash(_("The invitation is on its way to %(address)s.", address=person.email), "ok")
        return see_page("lms_people.record", person=person.uuid)
    secret = services.make_token(session, TokenPurpose.INVITE, person, now=now)
    address = address_of("accounts.accept_invitation", token=secret)
    return render_template("lms/new_person_link.html", person=person, address=address)


def _unit(session: Session, chosen: str) -> Organisation | None:
    uuid = as_uuid(chosen)
    return None if uuid is None else tree.get_organisation(session, current_actor(), uuid)


def _is_new(session: Session, form: NewPersonForm) -> bool:
    """Say whether neither the address nor the identity number belongs to another account."""
    if accounts.find_person_by_email(session, form.email.data or "") is not None:
        form.refuse(form.email, _("This email address already has an account."))
    if form.national_id.data and owners_of(session, [form.national_id.data]):
        form.refuse(form.national_id, _("This identity number belongs to another account."))
    return not form.faults


def _page(form: NewPersonForm) -> str:
    return render_template("lms/new_person.html", form=form)
