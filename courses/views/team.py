"""Pages of a course's team, of invitations into it, and of the course's audit log."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, flash, request
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, Regexp

from courses import catalogue, planned_publications
from courses import log as courses_log
from courses import team as team_queries
from courses.access import CourseAction, CourseContext, InvitationContext
from courses.editor import course_header, course_kinds
from courses.models import STAFF_ROLES, StaffRole
from courses.team import LastOwner
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, language, lazy_
from kernel.web.forms import Form, LineField, as_uuid, at_most
from kernel.web.request import Answer, address_of, allows, current_actor, current_session, current_settings, page, requires, see_page
from kernel.web.table import requested_page

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


class TeamForm(Form):
    """The person who joins a course team, and their role."""

    email = LineField(
        lazy_("Email"),
        [
            DataRequired(lazy_("Write the address.")),
            at_most(254),
            Regexp(EMAIL, message=lazy_("This does not look like an email address.")),
        ],
    )
    role = RadioField(
        lazy_("Role in the team"),
        choices=[
            SelectChoice(value="editor", label=lazy_("Editor")),
            SelectChoice(value="grader", label=lazy_("Grader")),
            SelectChoice(value="owner", label=lazy_("Owner")),
        ],
        default="editor",
        validators=[AnyOf([role.value for role in StaffRole], message=lazy_("Choose one of the three."))],
    )


bp = Blueprint("courses_team", __name__)

LOG_SIZE = 50


def _to_team(subject: CourseContext) -> Response:
    return see_page("courses_team.team", slug=subject.slug)


def _changed(subject: CourseContext) -> Response:
    """Redirect to the team, or a person who no longer owns the course to their courses."""
    flash(_("The team has changed."), "ok")
    present = catalogue.get_taught_course(current_session(), current_actor(), subject.slug)
    return _to_team(subject) if allows(CourseAction.MANAGE_TEAM, present) else see_page("lms.teaching")


@bp.route("/teaching/<slug>/team", methods=["GET", "POST"])
@requires(CourseAction.MANAGE_TEAM, catalogue.get_taught_course)
def team(subject: CourseContext) -> Answer:
    """Show the course team; add a person by their address, or invite them."""
    session, form = current_session(), TeamForm()
    if form.validate_on_submit():
        locked = catalogue.lock_course(session, subject.id)
        role, email = StaffRole(form.role.data), (form.email.data or "").lower()
        with form.refusals(form.role, LastOwner):
            known = team_queries.add_or_invite(session, current_actor(), locked, email, role, language=language(), now=clock.now())
            if known:
                return _changed(subject)
            if current_settings().sends_mail:
                flash(_("An invitation is on its way to %(email)s.", email=email), "ok")
                return _to_team(subject)
            secret = team_queries.secret_to_hand_over(session, locked, email, now=clock.now())
            return _team_page(
                subject, TeamForm(formdata=None), handed={"email": email, "url": address_of("courses_team.invitation", secret=secret)}
            )
    return _team_page(subject, form)


def _team_page(subject: CourseContext, form: TeamForm, *, handed: Mapping[str, str] | None = None) -> Response:
    """Render the team page; `handed` is an invited person's address and the link that the inviter passes on."""
    session = current_session()
    course = catalogue.get_course(session, subject.id)
    invitations = team_queries.list_invitations(session, course.id, now=clock.now())
    return page(
        "courses/team.html",
        course=course_header(course),
        members=team_queries.list_members(session, course.id),
        invitations=invitations,
        lapsed=team_queries.is_expired_condition(session, invitations),
        roles={role: _(label) for role, label in STAFF_ROLES.items()},
        hints={role: _(hint) for role, hint in courses_log.ROLE_HINTS.items()},
        needs_approval=course.needs_approval,
        form=form,
        handed=handed,
    )


def _uuid(name: str) -> UUID:
    if (named := as_uuid(request.form.get(name, ""))) is None:
        raise NotFound
    return named


@bp.post("/teaching/<slug>/team/role")
@requires(CourseAction.MANAGE_TEAM, catalogue.get_taught_course)
def change_role(subject: CourseContext) -> Answer:
    """Change the role of a team member."""
    session, role = current_session(), request.form.get("role", "")
    locked = catalogue.lock_course(session, subject.id)
    person = team_queries.get_member_id(session, subject.id, _uuid("person"))
    if role not in set(StaffRole):
        raise NotFound
    team_queries.add_staff(session, current_actor(), locked, person, StaffRole(role), now=clock.now())
    return _changed(subject)


@bp.post("/teaching/<slug>/team/removal")
@requires(CourseAction.MANAGE_TEAM, catalogue.get_taught_course)
def remove(subject: CourseContext) -> Answer:
    """Remove a person from the team."""
    session = current_session()
    locked = catalogue.lock_course(session, subject.id)
    person = team_queries.get_member_id(session, subject.id, _uuid("person"))
    team_queries.remove_staff(session, current_actor(), locked, person, now=clock.now())
    return _changed(subject)


@bp.post("/teaching/<slug>/team/invitations/withdrawal")
@requires(CourseAction.MANAGE_TEAM, catalogue.get_taught_course)
def withdraw_invitation(subject: CourseContext) -> Answer:
    """Take an invitation back."""
    session = current_session()
    invitation = team_queries.find_invitation(session, subject.id, _uuid("invitation"))
    course = catalogue.get_course(session, subject.id)
    team_queries.withdraw_invitation(session, current_actor(), course, invitation, now=clock.now())
    flash(_("The invitation has been withdrawn."), "ok")
    return _to_team(subject)


@bp.post("/teaching/<slug>/team/approval")
@requires(CourseAction.MANAGE_TEAM, catalogue.get_taught_course)
def set_approval(subject: CourseContext) -> Answer:
    """Return whether a second person approves what is published."""
    session = current_session()
    locked = catalogue.lock_course(session, subject.id)
    planned_publications.set_approval(session, current_actor(), locked, needed=request.form.get("needed") == "yes", now=clock.now())
    flash(_("Saved."), "ok")
    return _to_team(subject)


@bp.route("/invitations/<secret>", methods=["GET", "POST"])
@requires(CourseAction.JOIN_TEAM, team_queries.get_invited)
def invitation(subject: InvitationContext) -> Answer:
    """Show what an invitation is for, and let the person join."""
    if request.method == "POST":
        team_queries.accept_invitation(current_session(), current_actor(), subject, now=clock.now())
        return see_page("lms.teaching", flash=_("You are now in the team of “%(title)s”.", title=choose(subject.title)))
    role, hint = _(STAFF_ROLES[subject.role]), _(courses_log.ROLE_HINTS[subject.role])
    return page("courses/invitation.html", title=choose(subject.title), role=role, hint=hint, here=request.path)


@bp.get("/teaching/<slug>/log")
@requires(CourseAction.VIEW_LOG, catalogue.get_taught_course)
def log(subject: CourseContext) -> Answer:
    """Show who did what in a course."""
    session, requested = current_session(), requested_page(LOG_SIZE)
    parts = course_kinds().logs
    entries = courses_log.list_log(session, subject.id, parts, offset=requested.offset, limit=requested.size + 1)
    rows = [{"at": entry.at, "by": entry.by or _("the system"), "words": courses_log.sentence(entry, parts)} for entry in entries]
    course = catalogue.get_course(session, subject.id)
    return page("courses/log.html", course=course_header(course), page=requested.of(rows))
