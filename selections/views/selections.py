"""Selections of a quiz with their juries and readers, and those that one is named for."""

from flask import Blueprint, Response, flash, render_template

from enrolments.editions import list_editions
from enrolments.learner_groups import list_groups
from kernel import clock
from kernel.errors import Conflict, Invalid
from kernel.i18n import _
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes import teaching
from quizzes.access import QuizContext
from quizzes.quiz_page import activity_header
from selections.forms import JuryMemberForm, SelectionForm
from selections.models import MemberRole
from selections.pages.incidents import own_incident
from selections.pages.selections import ROLE_HINTS, selection_views
from selections.permissions import SelectionAction, SelectionContext, SelectionMemberContext
from selections.queries import corrections
from selections.queries import members as member_queries
from selections.queries import selections as queries
from selections.queries.incidents import list_own_incidents
from selections.services import selections as services

bp = Blueprint("selections", __name__)


@bp.get("/selections")
@requires(SelectionAction.LIST_OWN)
def own() -> str:
    """List the selections that the reader is named for, and the actas in which they have a line."""
    session, person_id = current_session(), current_actor().person_id or 0
    rows = queries.list_own(session, person_id)
    lines = queries.list_published_to(session, person_id)
    titles = queries.list_titles(session, [*rows, *lines])
    pending = corrections.list_pending(session, [row.id for row in rows])
    return render_template(
        "selections/own.html",
        selections=selection_views(rows, titles),
        lines=selection_views(lines, titles),
        pending={row.uuid for row in rows if row.id in pending},
        incidents=[own_incident(incident, clock.now()) for incident in list_own_incidents(session, person_id)],
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
    if form.validate_on_post():
        chosen = {"edition": form.chosen("edition"), "group": form.chosen("group")}
        try:
            row = services.create_selection(session, current_actor(), subject.course_id, subject.key, **chosen, now=clock.now())
        except (Conflict, Invalid) as refusal:
            form.refuse(form.people, _(refusal.text))
        else:
            return see_page("selections.members", selection=row.uuid)
    rows = queries.list_selections(session, subject.course_id, subject.key)
    named = member_queries.list_members(session, [row.id for row in rows])
    page = render_template(
        "selections/quiz.html",
        **activity_header(subject.outline, subject.key),
        form=form,
        selections=selection_views(rows, queries.list_titles(session, rows), named),
    )
    return (page, 422) if form.errors else page


@bp.route("/selections/<uuid:selection>/members", methods=["GET", "POST"])
@requires(SelectionAction.MANAGE, queries.get_selection)
def members(subject: SelectionContext) -> Answer:
    """Show who is named for a selection; name a person by their address."""
    session, form = current_session(), JuryMemberForm()
    if form.validate_on_post():
        email, role = (form.email.data or "").lower(), MemberRole(form.role.data)
        try:
            services.name_member(session, current_actor(), subject.id, email, role, now=clock.now())
        except Invalid as refusal:
            form.refuse(form.email, _(refusal.text))
        else:
            flash(_("Saved."), "ok")
            return see_page("selections.members", selection=subject.uuid)
    row = queries.get_row(session, subject.id)
    (view,) = selection_views([row], queries.list_titles(session, [row]), member_queries.list_members(session, [subject.id]))
    page = render_template(
        "selections/members.html",
        **activity_header(subject.outline, subject.key),
        selection=view,
        form=form,
        hints={role: _(hint) for role, hint in ROLE_HINTS.items()},
    )
    return (page, 422) if form.errors else page


@bp.post("/selections/<uuid:selection>/members/<uuid:member>/end")
@requires(SelectionAction.MANAGE, member_queries.get_member)
def end_member(subject: SelectionMemberContext) -> Response:
    """End what a person is in a selection."""
    services.end_member(current_session(), current_actor(), subject.selection.id, subject.member_id, now=clock.now())
    flash(_("Saved."), "ok")
    return see_page("selections.members", selection=subject.selection.uuid)
