"""Invitations to enrol, for the course team: one from the roster, those nobody has answered, links to hand over. They tell no account."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, render_template, request
from sqlalchemy.orm import Session

from enrolments.course_context import course_name
from enrolments.models import EnrolmentInvitation
from enrolments.people_lists import find_address
from enrolments.permissions import EnrolmentInvitationContext, LearnerContext, LearningAction
from enrolments.queries import invitations as queries
from enrolments.queries.learning import get_learner_context
from enrolments.services import invitations as services
from enrolments.services.invitations import InvitationBatch
from enrolments.views.roster import chosen_edition
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, ngettext
from kernel.own_records import LEFT_OUT
from kernel.permissions import Actor
from kernel.tables import CSV_TYPE, on_disk, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.forms import as_uuid
from kernel.web.limits import limit, limiter
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, address_of, current_actor, current_session, current_settings, requires, see_page

bp = Blueprint("enrolments_invitations", __name__, url_prefix="/teaching/<slug>/learners/invitations")

ROWS = 50
AGAIN = limit("enrolment-invitation", "3 per day")
"""Renewals of one invitation: each may be a mail to somebody who did not ask for it."""


@bp.get("")
@requires(LearningAction.INVITE, get_learner_context)
def unanswered(context: LearnerContext) -> Answer:
    """List the invitations that nobody has accepted, of the whole course or of one list."""
    session, requested = current_session(), requested_page(ROWS)
    list_uuid = as_uuid(request.args.get("list", ""))
    rows = queries.list_unanswered(session, context.course_id, list_uuid, offset=requested.offset, limit=ROWS + 1)
    return render_template(
        "enrolments/invitations.html",
        course=course_name(context),
        page=Page(rows[:ROWS], requested.number, len(rows) > ROWS),
        now=clock.now(),
        list_uuid=str(list_uuid or ""),
        counts=queries.count_list(session, context.course_id, list_uuid) if list_uuid else None,
        days=services.INVITATION_LIFE.days,
        archived=context.archived,
    )


@bp.post("")
@requires(LearningAction.INVITE, get_learner_context)
def invite(context: LearnerContext) -> Answer:
    """Invite one address, with or without an account; where no mail is sent, its link is shown once."""
    session, actor, now = current_session(), current_actor(), clock.now()
    address = find_address(request.form.get("address", "")[:300])
    if not address:
        flash(_("Enter an email address like name@example.org."), "warn")
        return see_page("enrolments_roster.roster", slug=context.slug)
    edition = chosen_edition(session, context, request.form.get("edition", ""))
    services.require_invitation_quota(session, actor, 1, now=now)
    batch = InvitationBatch(context.course_id, edition, uuid4())
    if not services.invite(session, actor, batch, {address: ""}, now=now):
        own = address == actor.email
        flash(_(LEFT_OUT) if own else _("This person takes the course or is already invited: %(address)s", address=address), "warn")
        return see_page("enrolments_roster.roster", slug=context.slug)
    if current_settings().sends_mail:
        flash(_("An invitation is on its way to %(email)s.", email=address), "ok")
        return see_page("enrolments_roster.roster", slug=context.slug)
    return _links_page(context, services.make_links(session, actor, context.course_id, batch.list_uuid, now=now), batch.list_uuid)


def _links_page(context: LearnerContext, made: Sequence[tuple[EnrolmentInvitation, str]], list_uuid: UUID) -> str:
    """Render links to hand over: they are nowhere else, so that this page alone shows them."""
    return render_template(
        "enrolments/invitation_links.html",
        course=course_name(context),
        rows=[{"email": row.email, "name": row.name, "url": _link(secret)} for row, secret in made],
        list_uuid=str(list_uuid),
        left=queries.count_list(current_session(), context.course_id, list_uuid).unlinked,
        days=services.INVITATION_LIFE.days,
    )


def _link(secret: str) -> str:
    return address_of("enrolments_invited.invitation", secret=secret)


@bp.post("/<uuid:invitation>/renewal")
@requires(LearningAction.INVITE, queries.get_invitation_context)
def renew(subject: EnrolmentInvitationContext) -> Answer:
    """Send an invitation again, for its whole time; where no mail is sent, show its new link once."""
    limiter().use(AGAIN, str(subject.invitation.uuid))
    secret = services.renew(current_session(), current_actor(), subject.invitation, now=clock.now())
    if secret:
        return _links_page(subject.context, [(subject.invitation, secret)], subject.invitation.list_uuid)
    flash(_("An invitation is on its way to %(email)s.", email=subject.invitation.email), "ok")
    return see_page("enrolments_invitations.unanswered", slug=subject.context.slug)


@bp.post("/<uuid:invitation>/withdrawal")
@requires(LearningAction.INVITE, queries.get_invitation_context)
def withdraw(subject: EnrolmentInvitationContext) -> Answer:
    """Withdraw an invitation: its link opens nothing any more."""
    which = EnrolmentInvitation.id == subject.invitation.id
    services.withdraw(current_session(), current_actor(), subject.context.course_id, which, now=clock.now())
    flash(_("The invitation has been withdrawn."), "ok")
    return see_page("enrolments_invitations.unanswered", slug=subject.context.slug)


def _of_list(session: Session, actor: Actor, slug: str, sent: UUID) -> LearnerContext:
    """Return the context of a course that has such a list; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    if not queries.count_list(session, context.course_id, sent).sent:
        raise NotFound
    return context


def _list_uuid() -> UUID:
    return UUID(str((request.view_args or {})["sent"]))


@bp.post("/lists/<uuid:sent>/withdrawal")
@requires(LearningAction.INVITE, _of_list)
def withdraw_list(context: LearnerContext) -> Answer:
    """Undo a list: withdraw its invitations that nobody has accepted."""
    which = EnrolmentInvitation.list_uuid == _list_uuid()
    count = services.withdraw(current_session(), current_actor(), context.course_id, which, now=clock.now())
    flash(ngettext("%(count)s invitation has been withdrawn.", "%(count)s invitations have been withdrawn.", count), "ok")
    return see_page("enrolments_invitations.unanswered", slug=context.slug)


def _make(context: LearnerContext, limit: int) -> list[tuple[EnrolmentInvitation, str]]:
    again = request.form.get("again") == "yes"
    session, actor = current_session(), current_actor()
    return services.make_links(session, actor, context.course_id, _list_uuid(), again=again, limit=limit, now=clock.now())


def _none_left(context: LearnerContext) -> Response:
    flash(_("All the links of this list have been shown. You can make new ones."), "warn")
    return see_page("enrolments_invitations.unanswered", slug=context.slug, list=str(_list_uuid()))


@bp.post("/lists/<uuid:sent>/links")
@requires(LearningAction.INVITE, _of_list)
def links(context: LearnerContext) -> Answer:
    """Show the links of a list that were not shown yet, or new ones for all of it; the earlier ones end."""
    made = _make(context, services.MOST_LINKS)
    return _links_page(context, made, _list_uuid()) if made else _none_left(context)


@bp.post("/lists/<uuid:sent>/links.csv")
@requires(LearningAction.INVITE, _of_list)
def links_csv(context: LearnerContext) -> Response:
    """Send the same links as CSV instead, with address and name."""
    made = _make(context, services.MOST_IN_FILE)
    if not made:
        return _none_left(context)
    rows = [(row.email, row.name, _link(secret)) for row, secret in made]
    file = on_disk(lambda target: write_csv(target, [_("Email"), _("Name"), _("Link")], rows))
    return send_generated(file, CSV_TYPE, f"{context.slug}-{_('links')}.csv")
