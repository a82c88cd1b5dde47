"""Pages of a person's address, name and notices: another address, corrections of names, the bell, and the choices of mails."""

from uuid import UUID

from flask import Blueprint, Response, current_app, flash, request
from sqlalchemy.orm import Session

from accounts import access_log, accounts, addresses, computed_notices, names, notices, people, privacy, signin
from accounts.access import AccountAction
from accounts.entry import has_password
from accounts.forms import ChangeAddressForm, NameDecisionForm, NameRequestForm, NotificationPreferencesForm
from accounts.models import Person, PersonName
from accounts.privacy import AccessPurpose
from kernel import clock
from kernel.errors import Conflict, NotFound
from kernel.i18n import _, choose
from kernel.own_records import is_own
from kernel.permissions import Actor
from kernel.settings import Settings, secret_keys
from kernel.web import after_response
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
    requires,
    secrets_of_app,
    see_page,
)
from kernel.web.table import requested_page

addresses_bp = Blueprint("accounts_addresses", __name__)

CHANGES = limit("address-change", "3 per hour")
WRONG_LINKS = limit("address-links", "100 per 15 minutes")


@addresses_bp.route("/profile/address", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def change_address() -> Answer:
    """Ask for another address, with the password."""
    actor, form = current_actor(), ChangeAddressForm()
    person = people.get_person(current_session(), actor.person_id or 0)
    if is_read_only_request():
        return _address_page(form, person)
    has_proof = not has_password(person) and signin.has_proven(actor)
    if has_proof:
        form.current_password.validators = ()
    valid = form.validate_on_submit()
    if valid and form.email.data == person.email:
        form.refuse(form.email, _("This is already your email address."))
        valid = False
    release_connection()
    with form.keeping(_address_page, form, person):
        if form.current_password.data and not signin.knows_password(actor.email, person.password_hash, form.current_password.data):
            form.refuse(form.current_password, _("This is not your current password."))
            valid = False
        if valid:
            limiter().use(CHANGES, str(actor.person_id))
    if not valid:
        return _address_page(form, person)
    session = begin_writing()
    owner = accounts.confirm_password(session, person.id, person.password_hash)
    addresses.ask_address_change(session, actor, owner, form.email.data or "", now=clock.now())
    return see_page("accounts_addresses.address_change_requested")


def _address_page(form: ChangeAddressForm, person: Person) -> Response:
    return page("accounts/change_address.html", form=form, email=person.email)


@addresses_bp.get("/profile/address/sent")
@requires(AccountAction.EDIT_PROFILE)
def address_change_requested() -> Answer:
    """State that a mail is on its way, whatever stands behind the address."""
    return page("accounts/address_change_requested.html", sends_mail=current_settings().sends_mail)


@addresses_bp.route("/address/<token>", methods=["GET", "POST"])
@public("the secret of the mail decides")
def confirm_address_change(token: str) -> Answer:
    """Change the address: the link shows a button, so that mail scanners do not press it. A right one is never refused."""
    hide_address()
    session = current_session()
    try:
        _person, email = addresses.read_address_link(session, secrets_of_app(), token)
    except NotFound:
        limiter().use(WRONG_LINKS, client_key())
        return page("accounts/new_address.html", token="", email=""), 404
    if is_read_only_request():
        return page("accounts/new_address.html", token=token, email=email)
    addresses.change_address(session, current_actor(), secrets_of_app(), token, now=clock.now())
    flash(_("Your email address was changed. Your other devices were signed out."), "ok")
    return see_page("accounts.sign_in" if current_actor().is_anonymous else "accounts.profile")


names_bp = Blueprint("accounts_names", __name__)

MOST_REQUESTS = 100


@names_bp.route("/profile/name", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE)
def ask_for_correction() -> Answer:
    """Ask for a correction of one's own name, where an institution keeps it."""
    session, actor = current_session(), current_actor()
    person = people.get_person(session, actor.person_id or 0)
    if not names.is_managed(session, person.id):
        return see_page("accounts.profile")
    waiting = names.find_request(session, person.id)
    form = NameRequestForm(data=_name_fields(waiting or person, reason=waiting.request_reason if waiting else ""))
    if form.validate_on_submit():
        names.request_correction(session, actor, person, form.parts(), form.reason.data or "", now=clock.now())
        return see_page("accounts.profile", flash=_("Your request was sent to the administration."))
    return page("accounts/name_request.html", form=form, full_name=person.full_name, waiting=waiting)


def _name_fields(row: Person | PersonName, **more: object) -> dict[str, object]:
    return {**dict(zip(("given_names", "first_surname", "second_surname"), names.parts_of(row), strict=True)), **more}


@names_bp.get("/administration/people/name-requests")
@requires(AccountAction.MANAGE_PEOPLE)
def name_requests() -> Answer:
    """List the corrections of names that wait for a decision."""
    rows = names.list_requests(current_session(), limit=MOST_REQUESTS)
    access_log.record_people_access([person.id for _row, person in rows], AccessPurpose.RECORD)
    return page("accounts/name_requests.html", rows=[(row, person, is_own(current_actor(), person.id)) for row, person in rows])


def get_person_by_address(session: Session, _actor: Actor, person: UUID) -> Person:
    """Return a person by the address of their record; raise NotFound."""
    return people.get_person_by_uuid(session, person)


@names_bp.route("/administration/people/<uuid:person>/name", methods=["GET", "POST"])
@requires(AccountAction.CORRECT_NAME, get_person_by_address)
def correct_name(subject: Person) -> Answer:
    """Correct the name of a person, or decline what they ask for; both with a reason that they read."""
    session, actor, now, person_id = current_session(), current_actor(), clock.now(), subject.id
    if is_read_only_request():
        after_response.leave_record(lambda session: privacy.record_access(session, actor, person_id, AccessPurpose.RECORD, now=now))
    waiting = names.find_request(session, subject.id)
    form = NameDecisionForm(data=_name_fields(waiting or subject, request_id=str(waiting.id) if waiting else ""))
    if not form.validate_on_submit():
        return _decision_page(subject, waiting, form)
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


def _decision_page(subject: Person, waiting: PersonName | None, form: NameDecisionForm) -> Response:
    return page("accounts/name_decision.html", person=subject, waiting=waiting, form=form)


notices_bp = Blueprint("accounts_notices", __name__)

ROWS = 30


@notices_bp.get("/notices")
@requires(AccountAction.READ_NOTICES)
def notices_list() -> Answer:
    """List the reader's notifications; those on this page count as read afterwards."""
    requested, now = requested_page(ROWS), clock.now()
    rows = notices.list_notices(current_session(), current_actor().person_id or 0, offset=requested.offset, limit=ROWS + 1)
    new = [row.id for row in rows[:ROWS] if row.read_at is None]
    if new:
        after_response.run_after_response(lambda session: notices.note_read(session, new, now=now))
    kinds = notices.list_notice_kinds(current_session())
    lines = [
        {
            "title": choose(row.subject),
            "words": choose(row.words),
            "url": row.path,
            "symbol": kinds[row.kind].icon,
            "kind": _(kinds[row.kind].label),
            "given_at": row.given_at,
            "is_new": row.read_at is None,
        }
        for row in rows
    ]
    computed = computed_notices.list_computed_notices(current_session(), current_actor()) if requested.number == 1 else []
    return page("accounts/notices_list.html", page=requested.of(lines), computed=computed)


@notices_bp.route("/profile/notices", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE)
def switches() -> Answer:
    """Show and change the reader's notification preferences for each kind."""
    session, actor = current_session(), current_actor()
    form = NotificationPreferencesForm.of([kind for kind in notices.list_notice_kinds(session).values() if kind.concerns(actor)])
    person = people.get_person(session, actor.person_id or 0)
    if is_read_only_request():
        form.show(notices.notification_choices_of(session, person.id))
    elif form.validate_on_submit():
        choices = form.command(notices.notification_choices_of(session, person.id))
        notices.set_notification_choices(session, actor, person, choices, now=clock.now())
        return see_page("accounts_notices.switches", flash=_("Your notification preferences were saved."))
    sources = [(mutes.wording, mutes.list_sources(session, person.id)) for mutes in notices.MUTES.of(session)]
    obliging = ", ".join(_(kind.label) for kind in form.offered if kind.obliges)
    return page("accounts/notification_preferences.html", form=form, email=person.email, sources=sources, obliging=obliging)


@notices_bp.route("/notices/stop/<token>", methods=["GET", "POST"])
@public("the signed address in the mail decides; it only ends mails")
def stop(token: str) -> Answer:
    """Stop the mails of a kind or a source: a person by the button, a mail program by the same POST (RFC 8058), neither signed in."""
    hide_address()
    settings: Settings = current_app.extensions["settings"]
    unsubscription = notices.read_unsubscription(secret_keys(settings), token)
    title = None
    if unsubscription is not None and unsubscription.source:
        person = people.get_person_by_uuid(current_session(), unsubscription.person)
        title = notices.source_title(current_session(), unsubscription.source, person.id)
    if unsubscription is None or (unsubscription.source and title is None):
        return page("accounts/unsubscribe.html", state="unknown", kind="", source="", notes=[]), 404
    source = choose(title) if title else ""
    kinds = notices.list_notice_kinds(current_session())
    kind = _(kinds[unsubscription.kind].label) if unsubscription.kind else ""
    stopped = [kinds[unsubscription.kind]] if unsubscription.kind else kinds.values()
    notes = [_(kind.stop_note) for kind in stopped if kind.stop_note and not source]
    if is_read_only_request():
        return page("accounts/unsubscribe.html", state="ask", kind=kind, source=source, notes=notes)
    notices.stop_mails(current_session(), current_actor(), unsubscription, now=clock.now())
    return page("accounts/unsubscribe.html", state="done", kind=kind, source=source, notes=notes)
