"""Administration of people: their list, one person's record, accounts added, suspended or merged, roles, sessions, a reset link."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy import SQLColumnExpression, or_
from sqlalchemy.orm import Session
from wtforms import SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from accounts import access_log, accounts, addresses, names, privacy
from accounts import people as accounts_people
from accounts import people as people_of_accounts
from accounts.access import AccountAction, MergePair
from accounts.accounts import InvitedPerson
from accounts.forms import AccountActionForm, EmailField, IdentityForm, required
from accounts.models import NameSource, Person, TokenPurpose, full_name
from accounts.people import PersonState
from accounts.privacy import AccessPurpose, PeopleListKind
from certificates import credentials
from certificates.reviews import list_with_another_name
from enrolments import enrolment, learners
from enrolments.access import LearningAction
from enrolments.learners import LearningRecord
from enrolments.takes import list_takes
from federation.links import list_links
from kernel import audit, clock
from kernel.audit_words import act_words
from kernel.codes import printed_code
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, lazy_
from kernel.permissions import Actor, SiteRole
from kernel.web import after_response
from kernel.web.forms import Form, LineField, PrintedField, as_uuid, at_most, whole_number
from kernel.web.request import (
    Answer,
    address_of,
    allows,
    current_actor,
    current_session,
    current_settings,
    page,
    requires,
    see_other,
    see_page,
)
from kernel.web.table import member_of, requested_stretch, requested_words
from lms import erasure, queries
from organisations import tree
from organisations.lists import owners_of
from organisations.models import Organisation
from organisations.rules.units import TRAINING_ROLES, in_order, indented
from organisations.training_scope import list_granted_places
from organisations.tree import has_staff_number
from organisations.units import assign_member
from selections.jury_decisions import name_shared

people_bp = Blueprint("lms_people", __name__, url_prefix="/administration/people")

ROWS = 50
STATES = {
    PersonState.OPEN: N_("With a confirmed address"),
    PersonState.UNCONFIRMED: N_("Address not confirmed"),
    PersonState.SUSPENDED: N_("Suspended"),
    PersonState.ADMINISTRATOR: N_("Administrators"),
}
NAME_SOURCES = {
    NameSource.INITIAL: N_("The account was created with it"),
    NameSource.SELF: N_("Declared by the person"),
    NameSource.PROVIDER: N_("From the institution’s sign-in"),
    NameSource.LIST: N_("From a list of people"),
    NameSource.CORRECTION: N_("Corrected by an administrator"),
    NameSource.MERGE: N_("From an account that was merged into this one"),
}
EVENTS = {
    "account.signed_up": N_("Account created"),
    "account.confirmed": N_("Address confirmed"),
    "account.invited": N_("Invited"),
    "account.invitation_accepted": N_("Invitation accepted"),
    "account.signed_in": N_("Signed in"),
    "account.signed_out": N_("Signed out"),
    "account.reset_asked": N_("Password reset link requested"),
    "account.password_changed": N_("Password changed"),
    "account.address_asked": N_("Address change requested"),
    "account.address_changed": N_("Address changed"),
    "account.profile_changed": N_("Profile changed"),
    "account.name_requested": N_("Asked for a correction of their name"),
    "account.name_corrected": N_("Name corrected"),
    "account.name_declined": N_("Correction of the name declined"),
    "account.role_granted": N_("Became administrator"),
    "account.role_granted instructor": N_("Became instructor"),
    "account.role_taken": N_("No longer administrator"),
    "account.role_taken instructor": N_("No longer instructor"),
    "account.suspended": N_("Suspended"),
    "account.restored": N_("Restored"),
    "account.merged": N_("Another account was merged into this one"),
    "account.closed_into": N_("Closed and merged into another account"),
    "account.second_step_failed": N_("Second step failed"),
    "account.factor_added": N_("Second step set up"),
    "account.factor_removed": N_("Second step removed"),
    "account.codes_made": N_("New recovery codes"),
    "account.code_used": N_("Recovery code used"),
    "identity.linked": N_("Linked with an institution"),
    "identity.unlinked": N_("Link with an institution removed"),
    "privacy.exported": N_("Copy of their data downloaded"),
    "privacy.deletion_asked": N_("Deletion requested"),
    "privacy.deletion_taken_back": N_("Deletion request withdrawn"),
    "privacy.deleted": N_("Account deleted"),
    "account.looked_at": N_("Record viewed"),
    "membership.placed": N_("Moved to another unit"),
    "membership.ended": N_("Removed from their unit"),
    "membership.post_changed": N_("Post recorded"),
    "membership.further_changed": N_("Further units changed"),
    "employment.recorded": N_("Employment recorded"),
    "employment.corrected": N_("Employment corrected"),
    "employment.ended": N_("Employment ended"),
    "unit_manager.named": N_("Named manager of a unit"),
    "unit_manager.ended": N_("No longer manager of a unit"),
    "training_grant.given officer": N_("Became training officer of a unit"),
    "training_grant.given auditor": N_("Became auditor of a unit"),
    "training_grant.ended officer": N_("No longer training officer of a unit"),
    "training_grant.ended auditor": N_("No longer auditor of a unit"),
}
"""What the log says of accounts, in words."""


def get_person(session: Session, _actor: Actor, person: UUID) -> Person:
    """Return a person by the address of their record; raise NotFound."""
    return accounts_people.get_person_by_uuid(session, person)


@people_bp.get("")
@requires(AccountAction.MANAGE_PEOPLE)
def people() -> Answer:
    """List people by name, those who are asked for."""
    session = current_session()
    access_log.record_list_access(PeopleListKind.PEOPLE, Person)
    query = requested_words()
    state = member_of(PersonState, request.args.get("state"))
    return page(
        "lms/people.html",
        page=accounts_people.list_people(session, query, state, requested_stretch(), limit=ROWS, also=_has_number),
        found=accounts_people.count_people(session, query, state, _has_number),
        words=query,
        state=state.value if state else "",
        states=[(state.value, _(text)) for state, text in STATES.items()],
    )


def _has_number(word: str) -> SQLColumnExpression[bool]:
    return or_(has_staff_number(word), accounts_people.has_identity_number(word))


@people_bp.get("/<uuid:person>")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def record(subject: Person) -> Answer:
    """Show everything that is kept of one person; that it was looked at is written down."""
    actor, now, person_id = current_actor(), clock.now(), subject.id
    if person_id != actor.person_id:
        after_response.leave_record(lambda session: privacy.record_access(session, actor, person_id, AccessPurpose.RECORD, now=now))
    return _record(subject, AccountActionForm())


class InvitationAddressForm(Form):
    """Where the invitation of an account goes that nobody has opened."""

    email = EmailField(lazy_("Email"), [required(N_("Enter an email address.")), at_most(254)])


def _record(subject: Person, form: AccountActionForm, invitation: InvitationAddressForm | None = None) -> Response:
    session = current_session()
    is_unopened = addresses.is_unopened(subject.email_confirmed_at, subject.password_hash)
    suspended = subject.suspended_at is not None
    return page(
        "lms/person.html",
        person=subject,
        form=form,
        invitation=invitation or (InvitationAddressForm(email=subject.email) if is_unopened else None),
        is_self=subject.id == current_actor().person_id,
        is_administrator=accounts_people.holds_role(session, subject.id, SiteRole.ADMINISTRATOR),
        is_instructor=accounts_people.holds_role(session, subject.id, SiteRole.INSTRUCTOR),
        may_set_role=allows(AccountAction.SET_ROLE, subject),
        closed_for_good=accounts_people.is_permanently_closed(session, subject.id),
        sends_mail=current_settings().sends_mail,
        national_id=accounts_people.find_national_id(session, subject.id),
        act="lms_people.restore" if suspended else "lms_people.suspend",
        courses=queries.list_courses_of(session, subject.id),
        merged_into=_merged_into(session, subject),
        merged=accounts_people.list_merged(session, subject.id),
        may_correct_name=allows(AccountAction.CORRECT_NAME, subject),
        name_request=names.find_request(session, subject.id),
        is_name_checked=names.is_checked(session, subject.id),
        former_names=[(row, _(NAME_SOURCES[NameSource(row.source)])) for row in names.list_former_names(session, subject.id)],
        institutions=[(row.ExternalIdentity, choose(row.IdentityProvider.names)) for row in list_links(session, subject.id)],
        memberships=tree.list_memberships(session, subject.id),
        employments=tree.list_employments(session, subject.id),
        managed=tree.list_managed(session, subject.id),
        training=[(_(TRAINING_ROLES[role]), unit) for _who, role, unit in list_granted_places(session, [subject.id])],
        teams=queries.list_teams_of(session, subject.id),
        other_names=len(list_with_another_name(session, subject)) if subject.id != current_actor().person_id else 0,
        certificates=[
            {
                "uuid": row.uuid,
                "title": choose(dict(row.course_titles)),
                "issued_on": row.issued_on,
                "code": printed_code(row.code),
                "state": credentials.state(row).value,
            }
            for row in credentials.list_of(session, subject.id)
        ],
        events=[
            (entry, by, facts.get("reason"), event_words(entry.verb, facts.get("role")) or act_words(entry.verb) or entry.verb)
            for entry, by in queries.list_events_of(session, subject.id)
            for facts in (json.loads(entry.facts),)
        ],
    )


def _merged_into(session: Session, subject: Person) -> Person | None:
    merge = accounts_people.find_merge(session, subject.id)
    return None if merge is None else accounts_people.get_person(session, merge.kept_id)


def event_words(verb: str, role: str | None) -> str:
    """Describe an entry of the log of an account, '' of anything else."""
    event = EVENTS.get(f"{verb} {role}") or EVENTS.get(verb)
    return _(event) if event else ""


@people_bp.post("/<uuid:person>/suspension")
@requires(AccountAction.SET_ROLE, get_person)
def suspend(subject: Person) -> Answer:
    """Suspend an account; nobody suspends their own."""
    return _with_reason(subject, suspending=True)


@people_bp.post("/<uuid:person>/restoration")
@requires(AccountAction.SET_ROLE, get_person)
def restore(subject: Person) -> Answer:
    """Open a suspended account again."""
    return _with_reason(subject, suspending=False)


def _with_reason(subject: Person, *, suspending: bool) -> Answer:
    form = AccountActionForm()
    if form.validate_on_submit():
        verb = accounts.suspend if suspending else accounts.restore
        with form.refusals(form.reason, Conflict):
            verb(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
            flash(_("The account was suspended and all its sessions were ended.") if suspending else _("The account was restored."), "ok")
            return _back(subject)
    return _record(subject, form)


@people_bp.post("/<uuid:person>/role")
@requires(AccountAction.SET_ROLE, get_person)
def set_role(subject: Person) -> Answer:
    """Make a person administrator or instructor, or end that; nobody changes their own role."""
    session, actor, now = current_session(), current_actor(), clock.now()
    role = request.form.get("role", "")
    if role in ("instructor", "no-instructor"):
        return _set_instructor(subject, role == "instructor")
    if role == SiteRole.ADMINISTRATOR.value:
        accounts.grant_role(session, actor, subject, SiteRole.ADMINISTRATOR, now=now)
        flash(_("%(name)s is an administrator now.", name=subject.full_name), "ok")
        return _back(subject)
    try:
        accounts.revoke_role(session, actor, subject, SiteRole.ADMINISTRATOR, now=now)
    except Conflict as conflict:
        flash(_(conflict.text), "bad")
        return _back(subject)
    flash(_("%(name)s is no longer an administrator.", name=subject.full_name), "ok")
    return _back(subject)


def _set_instructor(subject: Person, is_instructor: bool) -> Response:
    change = accounts.grant_role if is_instructor else accounts.revoke_role
    change(current_session(), current_actor(), subject, SiteRole.INSTRUCTOR, now=clock.now())
    if is_instructor:
        flash(_("%(name)s can now create courses.", name=subject.full_name), "ok")
    else:
        flash(_("%(name)s can no longer create courses but stays in their current teams.", name=subject.full_name), "ok")
    return _back(subject)


@people_bp.post("/<uuid:person>/sessions/end")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def end_sessions(subject: Person) -> Answer:
    """Sign a person out everywhere."""
    session, actor, now = current_session(), current_actor(), clock.now()
    accounts.end_devices(session, subject.id, now=now)
    audit.record(session, actor, accounts_people.AccountVerb.SIGNED_OUT, subject, now=now, everywhere=True)
    flash(_("All sessions of %(name)s have ended.", name=subject.full_name), "ok")
    return _back(subject)


@people_bp.post("/<uuid:person>/reset")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def send_reset(subject: Person) -> Answer:
    """Send a person the link to choose a new password; administrators neither set nor see one."""
    if addresses.send_reset_link(current_session(), current_actor(), subject, now=clock.now()):
        _flash_delivery(_("The link is on its way to %(address)s.", address=subject.email))
    else:
        flash(_("No link was sent: the account is suspended."), "warn")
    return _back(subject)


def _flash_delivery(message: str) -> None:
    """Show that a message goes out, or where it waits: an administrator is never shown a link that sets a person's password."""
    if current_settings().sends_mail:
        flash(message, "ok")
    else:
        flash(
            _("This site does not send email. The message is in the server's mail folder; the server administrator must deliver it."),
            "warn",
        )


@people_bp.post("/<uuid:person>/invitation")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def invite(subject: Person) -> Answer:
    """Invite again a person who has not confirmed their address; at another one where nobody has opened the account."""
    form = InvitationAddressForm()
    if "email" in request.form and (not form.validate_on_submit() or form.email.data != subject.email):
        if not form.errors:
            with form.refusals(form.email, addresses.AddressTaken, addresses.AlreadyOpened):
                addresses.correct_invitation(current_session(), current_actor(), subject, form.email.data or "", now=clock.now())
                _flash_delivery(_("The invitation is on its way to %(address)s.", address=subject.email))
                return _back(subject)
        return _record(subject, AccountActionForm(formdata=None), form)
    if accounts.invite_again(current_session(), current_actor(), subject, now=clock.now()):
        _flash_delivery(_("The invitation is on its way to %(address)s.", address=subject.email))
    else:
        flash(_("No invitation was sent: the account is suspended or its address is already confirmed."), "warn")
    return _back(subject)


@people_bp.get("/<uuid:person>/courses/<slug>")
@requires(AccountAction.MANAGE_PEOPLE, learners.get_learning_record)
def learning_record(subject: LearningRecord) -> Answer:
    """Show what a person has completed in a course, in the present take or in one before; the view is recorded in the access log."""
    actor, now, person_id = current_actor(), clock.now(), subject.person.id
    take = whole_number(request.args.get("take", ""))
    if take not in (0, subject.enrolment.take):
        subject = learners.get_learning_record(current_session(), actor, subject.person.uuid, subject.outline.slug, take)
    if person_id != actor.person_id:
        after_response.leave_record(lambda session: privacy.record_access(session, actor, person_id, AccessPurpose.PROGRESS, now=now))
    return _learning_record(subject, _take_back_form(subject))


class RevokeCompletionForm(Form):
    """The completed activity whose completion is revoked, and why."""

    activity = SelectField(lazy_("Completed activity"), choices=[])
    reason = LineField(lazy_("Reason"), [required(N_("Give a reason. It is recorded in the audit log.")), at_most(500)])

    def offer(self, activities: Sequence[tuple[str, str]]) -> None:
        """Let these activities be chosen: key and title."""
        self.activity.choices = [("", _("Choose")), *activities]

    def validate_activity(self, field: SelectField) -> None:
        """Refuse no choice."""
        if not field.data:
            raise ValidationError(_("Choose an activity."))


def _take_back_form(subject: LearningRecord) -> RevokeCompletionForm:
    form, completed = RevokeCompletionForm(), subject.completed_keys
    form.offer([(activity.key, choose(activity.title)) for activity in subject.outline.activities() if activity.key in completed])
    return form


def _learning_record(subject: LearningRecord, form: RevokeCompletionForm) -> Response:
    return page(
        "lms/person_course.html",
        person=subject.person,
        form=form,
        may_take_back=allows(LearningAction.TAKE_BACK, subject) and subject.enrolment.superseded_at is None,
        take=subject.enrolment.take,
        takes=list_takes(current_session(), subject.person.id, subject.enrolment.course_id),
        course={"slug": subject.outline.slug, "title": choose(subject.outline.title)},
        progress={"done": subject.enrolment.done, "total": subject.enrolment.total},
        completed_at=subject.completion.completed_at if subject.completion else None,
        activities=[
            {"title": choose(activity.title), "completed_at": row.completed_at, "score": row.score}
            for activity in subject.outline.activities()
            if (row := subject.results.get(activity.key)) is not None
        ],
    )


@people_bp.post("/<uuid:person>/courses/<slug>/revocation")
@requires(LearningAction.TAKE_BACK, learners.get_learning_record)
def revoke_completion(subject: LearningRecord) -> Answer:
    """Take the completion of an activity back, with a reason; the course is then complete no more, where it asks for it."""
    session, form = current_session(), _take_back_form(subject)
    if not form.validate_on_submit():
        return _learning_record(subject, form)
    course_too = enrolment.revoke_completion(
        session, current_actor(), subject.enrolment.id, form.activity.data, form.reason.data or "", now=clock.now()
    )
    flash(
        _("The activity and the course are no longer marked as completed.")
        if course_too
        else _("The activity is no longer marked as completed."),
        "ok",
    )
    address = url_for("lms_people.learning_record", person=subject.person.uuid, slug=subject.outline.slug)
    return see_other(address)


def _back(subject: Person) -> Response:
    return see_page("lms_people.record", person=subject.uuid)


new_person_views_bp = Blueprint("lms_new_person", __name__, url_prefix="/administration/new-person")


class NewPersonForm(IdentityForm):
    """A person whom an administrator adds."""

    given_names = PrintedField(lazy_("Given names"), [required(N_("Enter the given names.")), at_most(100)])
    first_surname = PrintedField(lazy_("First surname"), [required(N_("Enter the first surname.")), at_most(100)])
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
            second_surname=self.second_surname.data or "",
            language=self.language.data,
            national_id=self.national_id.data or "",
        )


@new_person_views_bp.route("", methods=["GET", "POST"])
@requires(AccountAction.MANAGE_PEOPLE)
def add() -> Answer:
    """Add one person: the invitation goes out by mail; where no mail is sent, its link is shown once to be handed over."""
    session, form, now = current_session(), NewPersonForm(), clock.now()
    form.offer([(str(node.place.uuid), indented(node)) for node in in_order(tree.list_tree(session)) if not node.place.closed])
    if not form.validate_on_submit() or not _is_new(session, form):
        return page("lms/new_person.html", form=form)
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
    return page("lms/new_person_link.html", person=person, address=address)


def _unit(session: Session, chosen: str) -> Organisation | None:
    uuid = as_uuid(chosen)
    return None if uuid is None else tree.get_organisation(session, current_actor(), uuid)


def _is_new(session: Session, form: NewPersonForm) -> bool:
    """Return whether neither the address nor the identity number belongs to another account."""
    if people_of_accounts.find_person_by_email(session, form.email.data or "") is not None:
        form.refuse(form.email, _("This email address already has an account."))
    if form.national_id.data and owners_of(session, [form.national_id.data]):
        form.refuse(form.national_id, _("This identity number belongs to another account."))
    return not form.faults


account_merge_views_bp = Blueprint("lms_merges", __name__, url_prefix="/administration/people/<uuid:person>/merging")


class OtherAccountForm(Form):
    """The address of the person's other account; it comes in the query string, because nothing is changed yet."""

    email = EmailField(lazy_("Email of the other account"), [required(N_("Enter an email address."))])


@account_merge_views_bp.get("")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def find_other(subject: Person) -> Answer:
    """Ask which other account is the same person's."""
    form = OtherAccountForm(request.args if "email" in request.args else None)
    if "email" not in request.args or not form.validate():
        return _find_page(subject, form)
    other = people_of_accounts.find_person_by_email(current_session(), form.email.data or "")
    if other is None or other.id == subject.id:
        form.refuse(form.email, _("This is the same account.") if other else _("There is no account with this email address."))
        return _find_page(subject, form)
    return see_page("lms_merges.preview_merge", person=subject.uuid, other=other.uuid)


def _find_page(subject: Person, form: OtherAccountForm) -> Response:
    return page("lms/merge_find.html", person=subject, form=form)


@account_merge_views_bp.get("/<uuid:other>")
@requires(AccountAction.MERGE, erasure.get_pair)
def preview_merge(subject: MergePair) -> Answer:
    """Show what each account has and what will stand; nothing is changed."""
    return _preview(subject, AccountActionForm())


def _preview(subject: MergePair, form: AccountActionForm) -> Response:
    session = current_session()
    refused = erasure.refusal(session, subject)
    return page(
        "lms/merge.html",
        kept=subject.kept,
        closed=subject.closed,
        form=form,
        refusal=_(refused) if refused else "",
        facts=[_facts(session, person) for person in (subject.kept, subject.closed)],
        name_after=full_name(*names.name_after_merge(session, subject.closed, subject.kept)),
        courses=erasure.list_courses(session, subject),
        shared=name_shared(session, subject.closed.id, subject.kept.id),
    )


def _facts(session: Session, person: Person) -> dict[str, Any]:
    return {
        "person": person,
        "roles": people_of_accounts.list_roles(session, person.id),
        "national_id": people_of_accounts.find_national_id(session, person.id),
        "places": [row.Organisation.name for row in tree.list_memberships(session, person.id) if row.Membership.until is None],
    }


@account_merge_views_bp.post("/<uuid:other>")
@requires(AccountAction.MERGE, erasure.get_pair)
def merge(subject: MergePair) -> Answer:
    """Close the other account, and give what it has to this one."""
    form = AccountActionForm()
    if form.validate_on_submit():
        with form.refusals(form.reason, Conflict):
            erasure.merge(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
            flash(_("The two accounts were merged. %(address)s is closed and now leads here.", address=subject.closed.email), "ok")
            return see_page("lms_people.record", person=subject.kept.uuid)
    return _preview(subject, form)
