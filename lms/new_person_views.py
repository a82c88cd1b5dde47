"""The page on which an administrator adds one person."""

from collections.abc import Sequence

from flask import Blueprint, flash, render_template, request
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from accounts import accounts, people
from accounts.access import AccountAction
from accounts.accounts import InvitedPerson
from accounts.forms import EmailField, IdentityForm, at_most, required
from accounts.models import TokenPurpose
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, lazy_
from kernel.web.forms import LineField, as_uuid
from kernel.web.request import Answer, address_of, current_actor, current_session, current_settings, requires, see_page
from organisations import tree
from organisations.models import Organisation
from organisations.rules.units import in_order, indented
from organisations.unit_lists import owners_of
from organisations.units import assign_member

bp = Blueprint("lms_new_person", __name__, url_prefix="/administration/new-person")


class NewPersonForm(IdentityForm):
    """A person whom an administrator adds."""

    given_names = LineField(lazy_("Given names"), [required(N_("Enter the given names.")), at_most(100)])
    first_surname = LineField(lazy_("First surname"), [required(N_("Enter the first surname.")), at_most(100)])
    email = EmailField(lazy_("Email"), [required(N_("Enter an email address.")), at_most(254)])
    unit = SelectField(lazy_("Unit"), choices=[], default="")
    language = SelectField(lazy_("Language"), choices={"es": "Español", "en": "English"}, default="es")

    def offer(self, units: Sequence[tuple[str, str]]) -> None:
        """Let one of these units be chosen, or none."""
        self.unit.choices = [SelectChoice(value=value, label=name) for value, name in (("", _("None")), *units)]

    def command(self) -> InvitedPerson:
        """Return the person to add."""
        return InvitedPerson(
            self.email.data or "",
            self.given_names.data or "",
            self.first_surname.data or "",
            self.second_surname.data or "",
            self.language.data,
            self.national_id.data or "",
        )


@bp.route("", methods=["GET", "POST"])
@requires(AccountAction.MANAGE_PEOPLE)
def add() -> Answer:
    """Add one person: the invitation goes out by mail; where no mail is sent, its link is shown once to be handed over."""
    session, form, now = current_session(), NewPersonForm(), clock.now()
    form.offer([(str(node.place.uuid), indented(node)) for node in in_order(tree.list_tree(session)) if not node.place.closed])
    if request.method != "POST":
        return _page(form)
    if not form.validate_on_post() or not _is_new(session, form):
        return _page(form), 422
    mails = current_settings().sends_mail
    (person,) = accounts.invite(session, current_actor(), [form.command()], now=now, mails=mails)
    unit = _unit(session, form.unit.data)
    if unit is not None:
        assign_member(session, current_actor(), person, unit, now=now)
    if mails:
        flash(_("The invitation is on its way to %(address)s.", address=person.email), "ok")
        return see_page("lms_people.record", person=person.uuid)
    secret = accounts.make_token(session, TokenPurpose.INVITE, person, now=now)
    address = address_of("accounts.accept_invitation", token=secret)
    return render_template("lms/new_person_link.html", person=person, address=address)


def _unit(session: Session, chosen: str) -> Organisation | None:
    uuid = as_uuid(chosen)
    return None if uuid is None else tree.get_organisation(session, current_actor(), uuid)


def _is_new(session: Session, form: NewPersonForm) -> bool:
    """Say whether neither the address nor the identity number belongs to another account."""
    if people.find_person_by_email(session, form.email.data or "") is not None:
        form.refuse(form.email, _("This email address already has an account."))
    if form.national_id.data and owners_of(session, [form.national_id.data]):
        form.refuse(form.national_id, _("This identity number belongs to another account."))
    return not form.faults


def _page(form: NewPersonForm) -> str:
    return render_template("lms/new_person.html", form=form)
