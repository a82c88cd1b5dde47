"""Pages of invitations to enrol: for the course team that sends them, and for the invited person."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session

from enrolments import invitations
from enrolments.access import EnrolmentInvitationContext, InvitedContext, LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.course_view import course_url
from enrolments.editions import EnrolOutcome
from enrolments.invitations import InvitationBatch
from enrolments.learners import find_enrolment, get_learner_context
from enrolments.models import EnrolmentInvitation
from enrolments.views.roster import chosen_edition
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, ngettext
from kernel.own_records import LEFT_OUT
from kernel.permissions import Actor
from kernel.web.forms import as_uuid
from kernel.web.headers import hide_address
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    address_of,
    current_actor,
    current_session,
    current_settings,
    page,
    public,
    requires,
    see_other,
    see_page,
)
from kernel.web.table import requested_page, send_sheets
from organisations.address_lists import find_address

invitations_bp = Blueprint("enrolments_invitations", __name__, url_prefix="/teaching/<slug>/learners/invitations")

ROWS = 50
AGAIN = limit("enrolment-invitation", "3 per day")
"""Renewals of one invitation: each may be a mail to somebody who did not ask for it."""


@invitations_bp.get("")
@requires(LearningAction.INVITE, get_learner_context)
def unanswered(context: LearnerContext) -> Answer:
    """List the invitations that nobody has accepted, of the whole course or of one list."""
    session, requested = current_session(), requested_page(ROWS)
    list_uuid = as_uuid(request.args.get("list", ""))
    rows = invitations.list_unanswered(session, context.course_id, list_uuid, offset=requested.offset, limit=ROWS + 1)
    return page(
        "enrolments/invitations.html",
        course=course_name(context),
        page=requested.of(rows),
        now=clock.now(),
        list_uuid=str(list_uuid or ""),
        counts=invitations.count_list(session, context.course_id, list_uuid) if list_uuid else None,
        days=invitations.INVITATIONS.life.days,
        archived=context.archived,
    )


@invitations_bp.post("")
@requires(LearningAction.INVITE, get_learner_context)
def invite(context: LearnerContext) -> Answer:
    """Invite one address, with or without an account; where no mail is sent, its link is shown once."""
    session, actor, now = current_session(), current_actor(), clock.now()
    address = find_address(request.form.get("address", "")[:300])
    if not address:
        flash(_("Enter an email address like name@example.org."), "warn")
        return see_page("enrolments_roster.roster", slug=context.slug)
    edition = chosen_edition(session, context, request.form.get("edition", ""))
    invitations.require_invitation_quota(session, actor, 1, now=now)
    batch = InvitationBatch(context.course_id, edition, uuid4())
    if not invitations.invite(session, actor, batch, {address: ""}, now=now):
        own = address == actor.email
        flash(_(LEFT_OUT) if own else _("This person takes the course or is already invited: %(address)s", address=address), "warn")
        return see_page("enrolments_roster.roster", slug=context.slug)
    if current_settings().sends_mail:
        return see_page("enrolments_roster.roster", slug=context.slug, flash=_("An invitation is on its way to %(email)s.", email=address))
    return _links_page(context, invitations.make_links(session, actor, context.course_id, batch.list_uuid, now=now), batch.list_uuid)


def _links_page(context: LearnerContext, made: Sequence[tuple[EnrolmentInvitation, str]], list_uuid: UUID) -> Response:
    """Render links to hand over: they are nowhere else, so that this page alone shows them."""
    return page(
        "enrolments/invitation_links.html",
        course=course_name(context),
        rows=[{"email": row.email, "name": row.name, "url": _link(secret)} for row, secret in made],
        list_uuid=str(list_uuid),
        left=invitations.count_list(current_session(), context.course_id, list_uuid).unlinked,
        days=invitations.INVITATIONS.life.days,
    )


def _link(secret: str) -> str:
    return address_of("enrolments_invited.invitation", secret=secret)


@invitations_bp.post("/<uuid:invitation>/renewal")
@requires(LearningAction.INVITE, invitations.get_invitation_context)
def renew(subject: EnrolmentInvitationContext) -> Answer:
    """Send an invitation again, for its whole time; where no mail is sent, show its new link once."""
    limiter().use(AGAIN, str(subject.invitation.uuid))
    secret = invitations.renew(current_session(), current_actor(), subject.invitation, now=clock.now())
    if secret:
        return _links_page(subject.context, [(subject.invitation, secret)], subject.invitation.list_uuid)
    flash(_("An invitation is on its way to %(email)s.", email=subject.invitation.email), "ok")
    return see_page("enrolments_invitations.unanswered", slug=subject.context.slug)


@invitations_bp.post("/<uuid:invitation>/withdrawal")
@requires(LearningAction.INVITE, invitations.get_invitation_context)
def withdraw(subject: EnrolmentInvitationContext) -> Answer:
    """Withdraw an invitation: its link opens nothing any more."""
    which = EnrolmentInvitation.id == subject.invitation.id
    invitations.withdraw(current_session(), current_actor(), subject.context.course_id, which, now=clock.now())
    return see_page("enrolments_invitations.unanswered", slug=subject.context.slug, flash=_("The invitation has been withdrawn."))


def _of_list(session: Session, actor: Actor, slug: str, sent: UUID) -> LearnerContext:
    """Return the context of a course that has such a list; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    if not invitations.count_list(session, context.course_id, sent).sent:
        raise NotFound
    return context


def _list_uuid() -> UUID:
    return UUID(str((request.view_args or {})["sent"]))


@invitations_bp.post("/lists/<uuid:sent>/withdrawal")
@requires(LearningAction.INVITE, _of_list)
def withdraw_list(context: LearnerContext) -> Answer:
    """Undo a list: withdraw its invitations that nobody has accepted."""
    which = EnrolmentInvitation.list_uuid == _list_uuid()
    count = invitations.withdraw(current_session(), current_actor(), context.course_id, which, now=clock.now())
    flash(ngettext("%(count)s invitation has been withdrawn.", "%(count)s invitations have been withdrawn.", count), "ok")
    return see_page("enrolments_invitations.unanswered", slug=context.slug)


def _make(context: LearnerContext, limit: int) -> list[tuple[EnrolmentInvitation, str]]:
    again = request.form.get("again") == "yes"
    session, actor = current_session(), current_actor()
    return invitations.make_links(session, actor, context.course_id, _list_uuid(), again=again, limit=limit, now=clock.now())


def _none_left(context: LearnerContext) -> Response:
    flash(_("All the links of this list have been shown. You can make new ones."), "warn")
    return see_page("enrolments_invitations.unanswered", slug=context.slug, list=str(_list_uuid()))


@invitations_bp.post("/lists/<uuid:sent>/links")
@requires(LearningAction.INVITE, _of_list)
def links(context: LearnerContext) -> Answer:
    """Show the links of a list that were not shown yet, or new ones for all of it; the earlier ones end."""
    made = _make(context, invitations.MOST_LINKS)
    return _links_page(context, made, _list_uuid()) if made else _none_left(context)


@invitations_bp.post("/lists/<uuid:sent>/links.csv")
@requires(LearningAction.INVITE, _of_list)
def links_csv(context: LearnerContext) -> Response:
    """Send the same links as CSV instead, with address and name."""
    made = _make(context, invitations.MOST_IN_FILE)
    if not made:
        return _none_left(context)
    rows = [(row.email, row.name, _link(secret)) for row, secret in made]
    return send_sheets(f"{context.slug}-" + _("links") + ".csv", [("", [_("Email"), _("Name"), _("Link")], rows)])


invited_bp = Blueprint("enrolments_invited", __name__)

WRONG_LINKS = limit("enrolment-links", "100 per 15 minutes")


def find_invited(secret: str) -> InvitedContext | None:
    """Return the invitation of a link; count a wrong one against the client, and hide the page's address from other sites."""
    hide_address()
    try:
        return invitations.get_by_secret(current_session(), current_actor(), secret)
    except NotFound:
        limiter().use(WRONG_LINKS, client_key())
        return None


@invited_bp.get("/course-invitations/<secret>")
@public("the secret of the invitation decides; says nothing of who has an account")
def invitation(secret: str) -> Answer:
    """Show what an invitation is for, to a stranger with the form for an account; the same whether or not the address has one."""
    invited, actor = find_invited(secret), current_actor()
    if invited is not None and not actor.is_anonymous and _takes_course(invited, actor):
        return see_other(course_url(invited.course.slug))
    if invited is None or not (invited.is_open or (invited.invitation.accepted_at and actor.is_anonymous)):
        return _page(None, secret), 404
    if actor.is_anonymous and invited.is_open and not invited.is_closed and may_sign_up(invited):
        return see_page("accounts.sign_up", next=url_for("enrolments_invited.invitation", secret=secret))
    return _page(invited, secret), 200 if actor.is_anonymous or invited.is_for_reader else 403


def _takes_course(invited: InvitedContext, actor: Actor) -> bool:
    enrolment = find_enrolment(current_session(), actor.person_id or 0, invited.course.id)
    return enrolment is not None and enrolment.left_at is None


def may_sign_up(invited: InvitedContext) -> bool:
    """Return whether an invitation lets its address have an account that its owner creates."""
    return current_settings().sign_up or invitations.is_from_administrator(current_session(), invited.invitation)


def _page(invited: InvitedContext | None, secret: str) -> Response:
    return page(
        "enrolments/invited.html",
        invited=invited,
        title=choose(invited.course.title) if invited else "",
        sign_in=url_for("accounts.sign_in", next=url_for("enrolments_invited.invitation", secret=secret)),
    )


@invited_bp.post("/learning/invitations/<uuid:invitation>")
@requires(LearningAction.ACCEPT_INVITATION, invitations.get_own_invitation)
def accept(invited: InvitedContext) -> Answer:
    """Enrol the invited person, or put them on the waiting list of a full edition."""
    if invitations.accept(current_session(), current_actor(), invited, now=clock.now()) is EnrolOutcome.WAITING:
        flash(_("This edition is full. You are on the waiting list, and we will notify you when a place becomes available."), "warn")
        return see_page("lms.learning")
    flash(_("You are enrolled. Start with the first activity."), "ok")
    return see_other(course_url(invited.course.slug))
