"""Merging two accounts of one person: looking for the other, the look first, and the doing."""

from typing import Any

from flask import Blueprint, flash, render_template, request
from sqlalchemy.orm import Session

from accounts import people
from accounts.access import AccountAction, MergePair
from accounts.forms import AccountActionForm, EmailField, required
from accounts.models import Person
from kernel import clock
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, lazy_
from kernel.web.forms import Form
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from lms import account_merging
from lms.people import get_person
from organisations import tree

bp = Blueprint("lms_merges", __name__, url_prefix="/administration/people/<uuid:person>/merging")


class OtherAccountForm(Form):
    """The address of the person's other account; it comes in the query string, because nothing is changed yet."""

    email = EmailField(lazy_("Email of the other account"), [required(N_("Enter an email address."))])


@bp.get("")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def find_other(subject: Person) -> Answer:
    """Ask which other account is the same person's."""
    form = OtherAccountForm(request.args if "email" in request.args else None)
    if "email" not in request.args or not form.validate():
        return _find_page(subject, form)
    other = people.find_person_by_email(current_session(), form.email.data or "")
    if other is None or other.id == subject.id:
        form.refuse(form.email, _("This is the same account.") if other else _("There is no account with this email address."))
        return _find_page(subject, form)
    return see_page("lms_merges.preview_merge", person=subject.uuid, other=other.uuid)


def _find_page(subject: Person, form: OtherAccountForm) -> str:
    return render_template("lms/merge_find.html", person=subject, form=form)


@bp.get("/<uuid:other>")
@requires(AccountAction.MERGE, account_merging.get_pair)
def preview_merge(subject: MergePair) -> Answer:
    """Show what each account has and what will stand; nothing is changed."""
    return _preview(subject, AccountActionForm())


def _preview(subject: MergePair, form: AccountActionForm) -> str:
    session = current_session()
    refused = account_merging.refusal(session, subject)
    return render_template(
        "lms/merge.html",
        kept=subject.kept,
        closed=subject.closed,
        form=form,
        refusal=_(refused) if refused else "",
        facts=[_facts(session, person) for person in (subject.kept, subject.closed)],
        courses=[(course, choose(dict(course.title))) for course in account_merging.list_courses(session, subject)],
    )


def _facts(session: Session, person: Person) -> dict[str, Any]:
    return {
        "person": person,
        "roles": people.list_roles(session, person.id),
        "national_id": people.find_national_id(session, person.id),
        "places": [row.name for row in tree.list_memberships(session, person.id) if row.until is None],
    }


@bp.post("/<uuid:other>")
@requires(AccountAction.MERGE, account_merging.get_pair)
def merge(subject: MergePair) -> Answer:
    """Close the other account, and give what it has to this one."""
    form = AccountActionForm()
    if not form.validate_on_post():
        return _preview(subject, form), 422
    try:
        account_merging.merge(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
    except Conflict as refused:
        form.refuse(form.reason, _(refused.text))
        return _preview(subject, form), 422
    flash(_("The two accounts were merged. %(address)s is closed and now leads here.", address=subject.closed.email), "ok")
    return see_page("lms_people.record", person=subject.kept.uuid)
