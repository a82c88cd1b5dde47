"""Pages of names: a correction that a person asks for, and the decision of an administrator."""

from uuid import UUID

from flask import Blueprint, flash, render_template, request
from sqlalchemy.orm import Session

from accounts import access_log, names, queries, services
from accounts.forms import NameDecisionForm, NameRequestForm
from accounts.models import Person, PersonName
from accounts.permissions import AccountAction
from accounts.services import AccessPurpose, PeopleListKind
from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _
from kernel.own_records import is_own
from kernel.permissions import Actor
from kernel.web import after_response
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, requires, see_page

bp = Blueprint("accounts_names", __name__)

MOST_REQUESTS = 100


@bp.route("/profile/name", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE)
def ask_for_correction() -> Answer:
    """Ask for a correction of one's own name, where an institution keeps it."""
    session, actor = current_session(), current_actor()
    person = queries.get_person(session, actor.person_id or 0)
    if not names.is_managed(session, person.id):
        return see_page("accounts.profile")
    waiting = names.find_request(session, person.id)
    form = NameRequestForm(data=_name_fields(waiting or person, reason=waiting.request_reason if waiting else ""))
    if form.validate_on_post():
        names.request_correction(session, actor, person, form.parts(), form.reason.data or "", now=clock.now())
        flash(_("Your request was sent to the administration."), "ok")
        return see_page("accounts.profile")
    page = render_template("accounts/name_request.html", form=form, full_name=person.full_name, waiting=waiting)
    return (page, 422) if form.errors else page


def _name_fields(row: Person | PersonName, **more: object) -> dict[str, object]:
    return {**dict(zip(("given_names", "first_surname", "second_surname"), names.parts_of(row), strict=True)), **more}


@bp.get("/administration/people/name-requests")
@requires(AccountAction.MANAGE_PEOPLE)
def name_requests() -> Answer:
    """List the corrections of names that wait for a decision."""
    access_log.record_list_access(PeopleListKind.PEOPLE, Person)
    rows = names.list_requests(current_session(), limit=MOST_REQUESTS)
    return render_template("accounts/name_requests.html", rows=[(row, person, is_own(current_actor(), person.id)) for row, person in rows])


def get_person_by_address(session: Session, _actor: Actor, person: UUID) -> Person:
    """Return a person by the address of their record; raise NotFound."""
    return queries.get_person_by_uuid(session, person)


@bp.route("/administration/people/<uuid:person>/name", methods=["GET", "POST"])
@requires(AccountAction.CORRECT_NAME, get_person_by_address)
def correct_name(subject: Person) -> Answer:
    """Correct the name of a person, or decline what they ask for; both with a reason that they read."""
    session, actor, now, person_id = current_session(), current_actor(), clock.now(), subject.id
    if is_read_only_request():
        after_response.leave_record(lambda session: services.record_access(session, actor, person_id, AccessPurpose.RECORD, now=now))
    waiting = names.find_request(session, subject.id)
    form = NameDecisionForm(data=_name_fields(waiting or subject, request_id=str(waiting.id) if waiting else ""))
    if is_read_only_request() or not form.validate_on_post():
        return _decision_page(subject, waiting, form), 422 if form.errors else 200
    try:
        if request.form.get("decision") == "decline":
            names.decline_request(session, actor, subject, form.reason.data or "", form.expected_request, now=now)
            flash(_("The name stays as it is, and the person gets a notification."), "ok")
        else:
            names.correct_name(session, actor, subject, form.parts(), form.reason.data or "", form.expected_request, now=now)
            flash(_("The name is now %(name)s, and the person gets a notification.", name=subject.full_name), "ok")
    except Conflict as refused:
        flash(_(refused.text), "warn")
        form = NameDecisionForm(formdata=None, data=_name_fields(waiting or subject, request_id=str(waiting.id) if waiting else ""))
        return _decision_page(subject, waiting, form), 409
    return see_page("lms_people.record", person=subject.uuid)


def _decision_page(subject: Person, waiting: PersonName | None, form: NameDecisionForm) -> str:
    return render_template("accounts/name_decision.html", person=subject, waiting=waiting, form=form)
