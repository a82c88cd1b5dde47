"""Pages of selections: those of a quiz, their jury and readers, and one's own results."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import Row
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired

from accounts.models import Person
from enrolments.course_context import activity_header
from enrolments.editions import list_editions
from enrolments.learner_groups import list_groups
from kernel import clock
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, lazy_
from kernel.web.forms import Form, as_uuid, line
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from quizzes import teaching
from quizzes.access import QuizContext
from selections import corrections, selections
from selections.access import SelectionAction, SelectionContext, SelectionMemberContext
from selections.incidents import is_heard, list_own_incidents
from selections.models import MemberRole, SelectionIncident, SelectionMember
from selections.wording import INCIDENT_OUTCOMES, SIGN_TITLES


class SelectionForm(Form):
    """The edition or the group whose results the actas list."""

    people = SelectField(lazy_("Edition or group"), choices=[], validate_choice=False, validators=[DataRequired(lazy_("Choose one."))])

    def chosen(self, kind: str) -> UUID | None:
        """Return the edition or the group that was chosen, where it is one of that kind."""
        named, _separator, uuid = (self.people.data or "").partition(":")
        return as_uuid(uuid) if named == kind else None


class JuryMemberForm(Form):
    """A person to name for a selection, and as what."""

    email = line(lazy_("Email"), most=254, required=lazy_("Write the address."))
    role = RadioField(
        lazy_("Named as"),
        choices=[
            SelectChoice(value=MemberRole.JURY.value, label=lazy_("Member of the jury")),
            SelectChoice(value=MemberRole.READER.value, label=lazy_("Reader")),
        ],
        default=MemberRole.JURY.value,
        validators=[AnyOf([role.value for role in MemberRole], message=lazy_("Choose one of the two."))],
    )


ROLES: Mapping[MemberRole, str] = {MemberRole.JURY: N_("Jury"), MemberRole.READER: N_("Reader")}
ROLE_HINTS: Mapping[str, str] = {
    MemberRole.JURY.value: N_("Prepares the acta, signs it and decides. A final acta needs two signatures."),
    MemberRole.READER.value: N_("Sees the list of results; neither answers nor keys."),
}


def state_words(row: SelectionIncident, now: datetime) -> str:
    """Describe how far an incident has come."""
    if row.decided_at is not None:
        return _("Decided: %(outcome)s", outcome=_(INCIDENT_OUTCOMES[row.outcome]))
    if row.proposed_at is not None:
        return _("Proposed; another member of the jury decides")
    if row.answered_at is not None:
        return _("Answered")
    return _("No answer came in time") if is_heard(row, now) else _("Waiting for the answer")


def own_state(row: SelectionIncident, now: datetime) -> str:
    """Describe how far an incident has come, to the person who is asked; what is only proposed is not theirs to know."""
    return _("The jury is deciding") if row.proposed_at is not None and row.decided_at is None else state_words(row, now)


bp = Blueprint("selections", __name__)


@bp.get("/selections")
@requires(SelectionAction.LIST_OWN)
def own() -> Response:
    """List the selections that the reader is named for, and the actas in which they have a line."""
    session, person_id, now = current_session(), current_actor().person_id or 0, clock.now()
    rows = selections.list_own(session, person_id)
    return page(
        "selections/own.html",
        selections=rows,
        lines=selections.list_published_to(session, person_id),
        pending=corrections.list_pending(session, [row.id for row in rows]),
        incidents=[(incident, own_state(incident, now)) for incident in list_own_incidents(session, person_id)],
        titles=SIGN_TITLES,
        now=now,
    )


@bp.route("/courses/<slug>/quizzes/<key>/selections", methods=["GET", "POST"])
@requires(SelectionAction.MANAGE, teaching.get_taught_quiz)
def quiz(subject: QuizContext) -> Answer:
    """List the selections of a quiz with their juries and readers; make another one."""
    session, form = current_session(), SelectionForm()
    form.people.choices = [
        ("", _("Choose…")),
        *((f"edition:{line.edition.uuid}", line.edition.name) for line in list_editions(session, subject.course_id)),
        *((f"group:{group.uuid}", _("Group: %(name)s", name=group.name)) for group in list_groups(session, subject.course_id)),
    ]
    if form.validate_on_submit():
        chosen = {"edition": form.chosen("edition"), "group": form.chosen("group")}
        with form.refusals(form.people, Conflict, Invalid):
            row = selections.create_selection(session, current_actor(), subject.course_id, subject.key, **chosen, now=clock.now())
            return see_page("selections.members", selection=row.uuid)
    rows = selections.list_selections(session, subject.course_id, subject.key)
    members = defaultdict[int, list[Row[SelectionMember, Person]]](list)
    for member in selections.list_members(session, [row.id for row in rows]):
        members[member.SelectionMember.selection_id].append(member)
    return page(
        "selections/quiz.html",
        **activity_header(subject.outline, subject.key),
        form=form,
        selections=rows,
        members=members,
        roles=ROLES,
    )


@bp.route("/selections/<uuid:selection>/members", methods=["GET", "POST"])
@requires(SelectionAction.MANAGE, selections.get_selection)
def members(subject: SelectionContext) -> Answer:
    """Show who is named for a selection; name a person by their address."""
    session, form = current_session(), JuryMemberForm()
    if form.validate_on_submit():
        email, role = (form.email.data or "").lower(), MemberRole(form.role.data)
        with form.refusals(form.email, Conflict, Invalid):
            selections.name_member(session, current_actor(), subject.id, email, role, now=clock.now())
            return see_page("selections.members", selection=subject.uuid, flash=_("Saved."))
    return page(
        "selections/members.html",
        **activity_header(subject.outline, subject.key),
        selection=subject,
        members=selections.list_members(session, [subject.id]),
        has_acta=selections.has_acta(session, subject.id),
        roles=ROLES,
        form=form,
        hints={role: _(hint) for role, hint in ROLE_HINTS.items()},
    )


@bp.post("/selections/<uuid:selection>/members/<uuid:member>/end")
@requires(SelectionAction.MANAGE, selections.get_member)
def end_member(subject: SelectionMemberContext) -> Response:
    """End what a person is in a selection."""
    selections.end_member(current_session(), current_actor(), subject.selection.id, subject.member_id, now=clock.now())
    return see_page("selections.members", selection=subject.selection.uuid, flash=_("Saved."))
