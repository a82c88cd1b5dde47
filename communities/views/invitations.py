"""Pages of invitations to communities: for the administrators who send them, and for those who are invited."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from wtforms import RadioField

from accounts.joining import Invitation, Joining
from communities import communities, invitations
from communities.invitations import MOST_ADDRESSES, InvitationListCheck, RepeatedEnough, TooManyToInvite
from communities.members import BannedFromCommunity, TooManyCommunities
from communities.models import CommunityInvitation, CommunityState
from communities.space import CommunityAction, CommunityContext, CommunityInvitationContext, CommunityInvitedContext
from communities.views.communities import front_page_of, head_of
from kernel import clock
from kernel.errors import N_, NotFound
from kernel.i18n import _, lazy_, ngettext
from kernel.left_out import LeftOut
from kernel.web.forms import Form, area, choices
from kernel.web.headers import hide_address
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    address_of,
    allows,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    page,
    public,
    requires,
    see_page,
)
from kernel.web.table import requested_page
from kernel.web.uploads import PastedListForm
from organisations.address_lists import read_list
from organisations.rules.units import split_name

inviting_bp = Blueprint("communities_inviting", __name__)
invited_bp = Blueprint("communities_invited", __name__)

ROWS = 50
LARGEST = 1_000_000
MOST_LINKS = 500
WRONG_LINKS = limit("community-links", "100 per 15 minutes")
WAYS = {"mail": N_("The site sends them by mail, 200 an hour"), "links": N_("I send them myself: each person has a link of their own")}


class CommunityInvitationForm(PastedListForm):
    """People to invite: a file or addresses, the sender's own words, and how the links go out."""

    added_text = area(lazy_("Your own words to them"), most=3_000)
    way = RadioField(lazy_("How the invitations go out"), choices=choices(WAYS), default="mail")


@inviting_bp.route("/communities/<slug>/manage/invitations", methods=["GET", "POST"])
@requires(CommunityAction.INVITE, communities.get_community, reads_first=True, body_limit=LARGEST)
def invite(context: CommunityContext) -> Answer:
    """Invite a list of people, after a look at what would come of it; below are the invitations that nobody has accepted."""
    form, actor, row, checked, left_out = CommunityInvitationForm(), current_actor(), context.community, None, tuple[LeftOut, ...]()
    if form.validate_on_submit() and (read := form.read(read_list)) is not None:
        session, entries, now, left_out = begin_writing(), read.entries, clock.now(), read.left_out
        if form.file.data:  # from now on its lines stand in the field
            entries = tuple(replace(entry, line=line) for line, entry in enumerate(entries, start=1))
            form.addresses.data = "\n".join(f"{entry.name} <{entry.address}>" if entry.name else entry.address for entry in entries)
        with form.refusals(form.addresses, TooManyToInvite):
            checked = invitations.check_list(session, actor, row.id, entries)
            shown = request.form.get("faults", "0") == str(len(checked.faults) + len(left_out))
            if request.form.get("act") == "invite" and shown:
                text, by_mail = form.added_text.data or "", form.way.data == "mail"
                done = invitations.invite(session, actor, row, entries, text, by_mail=by_mail, now=now)
                return _back(context, _outcome(row.state == CommunityState.DRAFT, len(done.to_invite)))
    return _page(context, form, checked, left_out)


def _outcome(is_draft: bool, count: int) -> str:
    if is_draft:
        return ngettext("%(count)s invitation waits for the activation.", "%(count)s invitations wait for the activation.", count)
    return ngettext("%(count)s person is invited.", "%(count)s people are invited.", count)


def _back(context: CommunityContext, message: str) -> Response:
    return see_page("communities_inviting.invite", slug=context.community.slug, flash=message)


def _page(
    context: CommunityContext, form: CommunityInvitationForm, checked: InvitationListCheck | None, left_out: tuple[LeftOut, ...]
) -> Response:
    session, actor, requested, now, number = current_session(), current_actor(), requested_page(ROWS), clock.now(), context.community.id
    rows = requested.of(invitations.list_unanswered(session, number, offset=requested.offset, limit=ROWS + 1))
    unlinked = invitations.count_unlinked(session, actor, number, now=now)
    return page(
        "communities/invitations.html", context=context, form=form, checked=checked, left_out=left_out, page=rows, unlinked=unlinked,
        limit=MOST_ADDRESSES, most_times=invitations.MOST_TIMES, now=now,
    )  # fmt: skip


@inviting_bp.post("/communities/<slug>/manage/invitations/links")
@requires(CommunityAction.INVITE, communities.get_community)
def links(context: CommunityContext) -> Answer:
    """Show links to hand over, once, with the sender's words to copy."""
    made = invitations.make_links(current_session(), current_actor(), context.community, limit=MOST_LINKS, now=clock.now())
    return _links_page(context, made) if made else _back(context, _("All links were shown."))


def _links_page(context: CommunityContext, made: Sequence[tuple[CommunityInvitation, str]]) -> Response:
    rows = [(row, address_of("communities_invited.invitation", secret=secret)) for row, secret in made]
    return page("communities/invitation_links.html", context=context, rows=rows, days=invitations.INVITATIONS.life.days)


@inviting_bp.post("/communities/<slug>/manage/invitations/<uuid:invitation>/repetition")
@requires(CommunityAction.INVITE, invitations.get_invitation)
def repeat(context: CommunityInvitationContext) -> Answer:
    """Send an invitation again, for its whole time."""
    try:
        secret = invitations.repeat(current_session(), current_actor(), context, now=clock.now())
    except RepeatedEnough as refused:
        return _back(context, _(refused.text))
    return _links_page(context, [(context.invitation, secret)]) if secret else _back(context, _("The invitation is on its way again."))


@inviting_bp.post("/communities/<slug>/manage/invitations/<uuid:invitation>/withdrawal")
@requires(CommunityAction.INVITE, invitations.get_invitation)
def withdraw(context: CommunityInvitationContext) -> Answer:
    """Withdraw an invitation: its link opens nothing any more."""
    which = CommunityInvitation.id == context.invitation.id
    invitations.withdraw(current_session(), current_actor(), context.community, which, now=clock.now())
    return _back(context, _("The invitation has been withdrawn."))


def find_invited(secret: str) -> CommunityInvitedContext | None:
    """Return the invitation of a link; count a wrong one against the client, and hide the page's address from other sites."""
    hide_address()
    try:
        return invitations.get_by_secret(current_session(), current_actor(), secret)
    except NotFound:
        limiter().use(WRONG_LINKS, client_key())
        return None


@invited_bp.get("/communities/invitations/<secret>")
@public("the secret of the invitation decides; says nothing of who has an account")
def invitation(secret: str) -> Answer:
    """Show the front page of the community to which somebody is invited, with what they can do about it."""
    invited = find_invited(secret)
    if invited is not None and invited.member is not None:
        return see_page("communities.front_page", slug=invited.community.slug)
    if invited is None or not invited.is_open:
        return page("communities/invited.html", invited=None, head=None, front=None, secret=secret), 404
    is_shown = current_actor().is_anonymous or invited.is_for_reader
    head, front = (head_of(invited), front_page_of(invited)) if is_shown else (None, None)
    return page("communities/invited.html", invited=invited, head=head, front=front, secret=secret), 200 if is_shown else 403


@invited_bp.post("/communities/invitations/<uuid:invitation>")
@requires(CommunityAction.ACCEPT_INVITATION, invitations.get_own)
def answer(invited: CommunityInvitedContext) -> Answer:
    """Accept or decline an invitation."""
    session, actor, slug = current_session(), current_actor(), invited.community.slug
    form = Form()
    if request.form.get("act") == "decline":
        invitations.decline(session, actor, invited, now=clock.now())
        return see_page("communities.community_list", flash=_("You declined the invitation."))
    with form.refusals(None, TooManyCommunities, BannedFromCommunity):
        joined = invitations.accept(session, actor, invited, now=clock.now())
        return see_page("communities.front_page", slug=slug, flash=_("You are a member now.") if joined else _("You are a member already."))
    return page("communities/refused.html", context=invited, form=form)


def find_joining(endpoint: str, values: Mapping[str, str]) -> Joining | None:
    """Return the thing that an invitation's link lets its reader join who signs up or in for it, or None."""
    if endpoint != "communities_invited.invitation":
        return None
    secret = values["secret"]
    invited = find_invited(secret)
    if invited is None or not invited.is_open:
        return None
    row = invited.invitation
    return Joining(
        partial(_accept, row.uuid, invited.community.slug, url_for("communities_invited.invitation", secret=secret)),
        _("You join “%(title)s” as soon as you are signed in.", title=invited.community.name),
        invited.community.name,
        mail_path=url_for("communities.front_page", slug=invited.community.slug),
        invitation=Invitation(row.email, split_name(row.name), row.mailed_at is not None, current_settings().sign_up, lambda: None),
    )


def _accept(invitation: UUID, slug: str, otherwise: str) -> str:
    session, actor = current_session(), current_actor()
    invited = invitations.get_own(session, actor, invitation)
    if not allows(CommunityAction.ACCEPT_INVITATION, invited):
        return otherwise
    try:
        invitations.accept(session, actor, invited, now=clock.now())
    except (NotFound, TooManyCommunities, BannedFromCommunity):
        return otherwise
    flash(_("You are a member now."), "ok")
    return url_for("communities.front_page", slug=slug)
