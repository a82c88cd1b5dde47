"""Administration of people: their list, one person's record, suspending and restoring, the role of administrator, a reset link."""

from typing import cast
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts import services
from accounts.forms import ReasonForm
from accounts.models import Person
from accounts.permissions import AccountAction
from accounts.queries import PersonState
from certificates import queries as certificates
from certificates.rules import printed_code
from kernel import clock
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose
from kernel.permissions import Actor, SiteRole
from kernel.web import notes
from kernel.web.paging import Page, asked_page
from kernel.web.request import allows, current_actor, current_session, requires
from lms import queries

bp = Blueprint("lms_people", __name__, url_prefix="/administration/people")

Answer = str | Response | tuple[str, int]
ROWS = 50
LONGEST_SEARCH = 100
STATES = {
    PersonState.OPEN: N_("With a confirmed address"),
    PersonState.UNCONFIRMED: N_("Address not confirmed"),
    PersonState.SUSPENDED: N_("Suspended"),
    PersonState.ADMINISTRATOR: N_("Administrators"),
}
EVENTS = {
    "account.signed_up": N_("Account made"),
    "account.confirmed": N_("Address confirmed"),
    "account.signed_in": N_("Signed in"),
    "account.signed_out": N_("Signed out"),
    "account.reset_asked": N_("Link for a new password asked for"),
    "account.password_changed": N_("Password changed"),
    "account.profile_changed": N_("Profile changed"),
    "account.role_granted": N_("Became administrator"),
    "account.role_taken": N_("No longer administrator"),
    "account.suspended": N_("Suspended"),
    "account.restored": N_("Restored"),
    "account.looked_at": N_("Record looked at"),
}
"""What the log says of accounts, in words."""


def get_person(session: Session, _actor: Actor, person: UUID) -> Person:
    """Return a person by the address of their record; raise NotFound."""
    return accounts.get_person_by_uuid(session, person)


@bp.get("")
@requires(AccountAction.MANAGE_PEOPLE)
def people() -> Answer:
    """List people by name, those who are asked for."""
    session, page = current_session(), asked_page(ROWS)
    words = " ".join(request.args.get("q", "").split())[:LONGEST_SEARCH]
    state = next((state for state in PersonState if state.value == request.args.get("state")), None)
    rows = accounts.list_people(session, words, state, offset=page.offset, limit=ROWS + 1)
    return render_template(
        "lms/people.html",
        page=Page(rows[:ROWS], page.number, len(rows) > ROWS),
        found=accounts.count_people(session, words, state),
        words=words,
        state=state.value if state else "",
        states=[(state.value, _(text)) for state, text in STATES.items()],
    )


@bp.get("/<uuid:person>")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def record(subject: Person) -> Answer:
    """Show everything that is kept of one person; that it was looked at is written down."""
    actor, now, person_id = current_actor(), clock.now(), subject.id
    if person_id != actor.person_id:
        notes.leave(lambda session: services.note_look(session, actor, person_id, now=now))
    return _record(subject, ReasonForm())


def _record(subject: Person, form: ReasonForm) -> str:
    session = current_session()
    suspended = subject.suspended_at is not None
    return render_template(
        "lms/person.html",
        person=subject,
        form=form,
        is_self=subject.id == current_actor().person_id,
        is_administrator=accounts.holds_role(session, subject.id, SiteRole.ADMINISTRATOR),
        may_set_role=allows(AccountAction.SET_ROLE, subject),
        mail_is_sent=current_app.extensions["settings"].mail_is_sent,
        national_id=accounts.find_national_id(session, subject.id),
        act="lms_people.restore" if suspended else "lms_people.suspend",
        courses=[
            {
                "slug": row.slug,
                "title": choose(dict(row.title)),
                "since": row.since,
                "done": row.done,
                "total": row.total,
                "completed_at": row.completed_at,
                "left": row.left,
            }
            for row in queries.list_courses_of(session, subject.id)
        ],
        teams=[(row.slug, choose(dict(row.title)), row.role) for row in queries.list_teams_of(session, subject.id)],
        certificates=[
            {
                "uuid": row.uuid,
                "title": choose(dict(row.course_titles)),
                "issued_on": row.issued_on,
                "code": printed_code(row.code),
                "state": certificates.state(row).value,
            }
            for row in certificates.list_of(session, subject.id)
        ],
        events=[
            {"at": row.at, "words": _(EVENTS.get(row.verb, row.verb)), "by": row.by, "reason": row.reason}
            for row in queries.list_events_of(session, subject.id)
        ],
    )


@bp.post("/<uuid:person>/suspension")
@requires(AccountAction.SET_ROLE, get_person)
def suspend(subject: Person) -> Answer:
    """Close somebody's account for now; nobody closes their own."""
    return _with_reason(subject, suspending=True)


@bp.post("/<uuid:person>/restoration")
@requires(AccountAction.SET_ROLE, get_person)
def restore(subject: Person) -> Answer:
    """Open a suspended account again."""
    return _with_reason(subject, suspending=False)


def _with_reason(subject: Person, *, suspending: bool) -> Answer:
    form = ReasonForm()
    if not form.validate_on_post():
        return _record(subject, form), 422
    verb = services.suspend if suspending else services.restore
    try:
        verb(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
    except Conflict as conflict:
        form.refuse(form.reason, _(conflict.text))
        return _record(subject, form), 422
    flash(_("The account is suspended: every session has ended.") if suspending else _("The account is open again."), "ok")
    return _back(subject)


@bp.post("/<uuid:person>/role")
@requires(AccountAction.SET_ROLE, get_person)
def set_role(subject: Person) -> Answer:
    """Make somebody administrator, or end that; nobody changes their own role."""
    session, actor, now = current_session(), current_actor(), clock.now()
    if request.form.get("role") == SiteRole.ADMINISTRATOR.value:
        services.grant_role(session, actor, subject, SiteRole.ADMINISTRATOR, now=now)
        flash(_("%(name)s is an administrator now.", name=subject.full_name), "ok")
        return _back(subject)
    try:
        services.take_role(session, actor, subject, SiteRole.ADMINISTRATOR, now=now)
    except Conflict as conflict:
        flash(_(conflict.text), "bad")
        return _back(subject)
    flash(_("%(name)s is no longer an administrator.", name=subject.full_name), "ok")
    return _back(subject)


@bp.post("/<uuid:person>/reset")
@requires(AccountAction.MANAGE_PEOPLE, get_person)
def send_reset(subject: Person) -> Answer:
    """Send somebody the link with which they choose a new password; administrators neither set nor see one."""
    services.ask_reset(current_session(), current_actor(), subject.email, now=clock.now())
    flash(_("The link is on its way to %(address)s.", address=subject.email), "ok")
    return _back(subject)


def _back(subject: Person) -> Response:
    return cast("Response", redirect(url_for("lms_people.record", person=subject.uuid), code=303))
