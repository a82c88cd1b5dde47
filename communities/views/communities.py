"""Pages of communities for those who read and join them: the list, front pages, members, coming in and going."""

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from wtforms import BooleanField

from communities import communities, directory, files, invitations, life, links, members, models, panels, plan
from communities.members import BannedFromCommunity, LastAdministrator, RequestedTooOften, TooManyCommunities
from communities.models import CONDITIONS, NOTE, PARTS, CommunityInvitation, CommunityLevel, CommunityReach, CommunityState, RequestState
from communities.panels import LANGUAGE_NAMES, CommunityHead
from communities.space import CommunityAction, CommunityContext
from discussions import threads
from discussions.boards import BoardHead
from discussions.models import Board, ThreadKind
from discussions.threads import ThreadFilter, ThreadQuery
from kernel import clock
from kernel.errors import N_
from kernel.i18n import LANGUAGES, _, lazy_, site_day
from kernel.markup.model import SafeHtml
from kernel.markup.posts import summary_of
from kernel.permissions import Actor
from kernel.web.forms import Form, area, whole_number
from kernel.web.request import Answer, address_of, allows, current_actor, current_session, page, requires, see_page
from kernel.web.table import member_of, requested_page, requested_stretch, requested_words

bp = Blueprint("communities", __name__)

LEVEL_TEXTS = {
    CommunityLevel.OPEN: N_("All who find it read it and join at once. Members write."),
    CommunityLevel.PUBLIC: N_("Members read and write. One joins at once."),
    CommunityLevel.SEMIPRIVATE: N_("Members read and write. People ask to join; its administrators decide."),
    CommunityLevel.PRIVATE: N_("Members read and write. Its administrators invite."),
}
LATEST, FEW = 5, 3
SUMMARY = 200
"""Characters of what a community is for, beside its news and for social networks."""
STATES = {CommunityState.ACTIVE: N_("Active communities"), CommunityState.ARCHIVED: N_("Archived communities")}
REQUEST_STATES = {
    RequestState.PENDING: N_("waits for a decision"),
    RequestState.REJECTED: N_("rejected"),
    RequestState.WITHDRAWN: N_("withdrawn by you"),
    RequestState.ENDED: N_("ended"),
}


@bp.get("/communities")
@requires(CommunityAction.LIST)
def community_list() -> Answer:
    """List the communities that the reader may find: their own first, archived ones last."""
    session, actor, args, requested = current_session(), current_actor(), request.args, requested_page(communities.LISTED)
    topics, places = communities.list_topics(session, actor), communities.list_places(session, actor)
    topic, institution, language = args.get("topic", ""), whole_number(args.get("institution", "")), args.get("language", "")
    query = communities.CommunityQuery(
        requested_words(),
        member_of(CommunityLevel, args.get("level")),
        language if language in LANGUAGES else "",
        state=member_of(CommunityState, args.get("state")),
        topic=topic if topic in topics else "",
        organisation_id=institution if institution in places else None,
    )
    rows = communities.list_communities(session, actor, query, offset=requested.offset, limit=requested.size + 1)
    choices: dict[str, Any] = {"level": models.LEVELS, "state": STATES, "language": list(LANGUAGE_NAMES.items())}
    choices |= {"topic": [(topic, topic) for topic in topics], "institution": [(str(number), name) for number, name in places.items()]}
    return page("communities/list.html", page=requested.of(rows), query=query, levels=models.LEVELS, choices=choices)


@bp.get("/learning/communities")
@requires(CommunityAction.LIST_OWN)
def own() -> Answer:
    """List the reader's communities, the requests that they sent, and the invitations that wait for them."""
    session, actor = current_session(), current_actor()
    rows, sent = members.list_own(session, actor)
    received = invitations.list_own(session, actor, now=clock.now())
    return page("communities/own.html", rows=rows, requests=sent, invitations=received, names=members.ROLE_NAMES, states=REQUEST_STATES)


def saved(changed: bool) -> str:
    """Return the message after a form was sent that changed something, or nothing."""
    return _("Saved.") if changed else _("There was nothing to change.")


def parts_of(row: models.Community) -> list[tuple[str, SafeHtml]]:
    """Return the texts of a community that are written, each under its title, which is marked for translation."""
    return [(PARTS[name], row.safe_html(name)) for name in (*NOTE, *CONDITIONS) if row.html.get(name)]


def head_of(context: CommunityContext) -> CommunityHead:
    """Return the head of the pages of a community, as the reader finds it."""
    return panels.get_head(current_session(), current_actor(), context, allows)


def board_head_of(session: Session, actor: Actor, board: Board) -> BoardHead:
    """Return the head of the pages of a community, for its board."""
    context = communities.get_of_board(session, actor, board.id)
    return BoardHead("community_head", context, head_of(context))


@bp.get("/communities/<slug>")
@requires(CommunityAction.VIEW, communities.get_community)
def front_page(context: CommunityContext) -> Answer:
    """Show what is new to those who read the content, and the front page to others."""
    if not allows(CommunityAction.READ, context):
        return _front_page(context, "home")
    session, row, today = current_session(), context.community, site_day(clock.now())
    latest = threads.list_threads(session, current_actor(), row.board_id, ThreadQuery(), today=today, offset=0, limit=LATEST)
    new = files.list_files(session, row.id, "", is_inside=is_inside(context), offset=0, limit=FEW)
    lines = plan.list_next(session, row.id, today, limit=FEW) if allows(CommunityAction.LIST_MEMBERS, context) else ()
    front, head = front_page_of(context), head_of(context)
    return page("communities/home.html", context=context, head=head, front=front, threads=latest, files=new, lines=lines)


def is_inside(context: CommunityContext) -> bool:
    """Return whether the reader reads what is for members alone."""
    return context.member is not None or current_actor().is_administrator


@bp.get("/communities/<slug>/about")
@requires(CommunityAction.VIEW, communities.get_community)
def about(context: CommunityContext) -> Answer:
    """Show the front page, also to those who read the content."""
    return _front_page(context, "about")


def _front_page(context: CommunityContext, tab: str) -> Response:
    return page("communities/front_page.html", context=context, head=head_of(context), front=front_page_of(context), tab=tab)


def front_page_of(context: CommunityContext) -> dict[str, Any]:
    """Return the front page of a community, as all read it who see it.

    `purpose` is the beginning of what it is for, as plain text; `links` are by their kinds; `invitation` is the reader's, while it is open.
    `shared` is its address for social networks, empty where not everyone finds it, and `picture` that of its picture.
    """
    session, actor, row, picture = current_session(), current_actor(), context.community, ""
    of_it = CommunityInvitation.community_id == row.id
    own = invitations.list_own(session, actor, of_it, now=clock.now()) if context.is_invited and context.member is None else []
    if row.picture_id:
        picture = address_of("communities_links.picture", slug=row.slug, number=row.picture_id)
    is_shared = row.reach == CommunityReach.EVERYONE and row.state == CommunityState.ACTIVE
    return {
        "administrators": members.list_running(session, row.id),
        "level_text": LEVEL_TEXTS[CommunityLevel(row.level)],
        "parts": parts_of(row),
        "purpose": summary_of(row.html.get("purpose") or row.html.get("overview") or "", SUMMARY),
        "links": links.list_links(session, actor, row.id),
        "invitation": own[0].CommunityInvitation if own else None,
        "shared": address_of("communities.front_page", slug=row.slug) if is_shared else "",
        "picture": picture,
    }


def _see_board(context: CommunityContext, endpoint: str = "discussions.board", **values: str) -> Response:
    board = current_session().get_one(Board, context.community.board_id)
    return see_page(endpoint, board=board.key, **values)


@bp.get("/communities/<slug>/discussions")
@requires(CommunityAction.READ, communities.get_community)
def discussions(context: CommunityContext) -> Answer:
    """Lead to the board of a community."""
    return _see_board(context)


@bp.get("/communities/<slug>/announcements")
@requires(CommunityAction.READ, communities.get_community)
def announcements(context: CommunityContext) -> Answer:
    """Lead to the announcements on the board of a community."""
    return _see_board(context, only=ThreadFilter.ANNOUNCEMENTS.value)


@bp.get("/communities/<slug>/announcements/new")
@requires(CommunityAction.ANNOUNCE, communities.get_community)
def announce(context: CommunityContext) -> Answer:
    """Lead to the form of an announcement, which says whom it reaches."""
    return _see_board(context, "discussions_writing.new", kind=ThreadKind.ANNOUNCEMENT.value)


@bp.get("/communities/<slug>/members")
@requires(CommunityAction.LIST_MEMBERS, communities.get_community)
def member_list(context: CommunityContext) -> Answer:
    """List the members with their roles, and the institutions of those who want it; addresses stand nowhere."""
    session, number, name = current_session(), context.community.id, requested_words()
    listed = members.list_members(session, number, name, requested_stretch(), limit=50)
    showing = [row.Person.id for row in listed.rows if row.CommunityMember.shows_institution]
    people = [row.Person.id for row in listed.rows]
    of_institution = CommunityReach.INSTITUTION in (context.community.reach, context.parent and context.parent.reach)
    return page(
        "communities/members.html", context=context, head=head_of(context), page=listed, name=name, names=members.ROLE_NAMES,
        institutions=directory.list_institutions(session, showing) if showing else {},
        departed=members.list_departed(session, number, people) if of_institution and allows(CommunityAction.MANAGE, context) else (),
    )  # fmt: skip


class MembershipForm(Form):
    """One's own line in the list of members."""

    shows_institution = BooleanField(lazy_("Show my institution in the list of members"))


@bp.route("/communities/<slug>/membership", methods=["GET", "POST"])
@requires(CommunityAction.CHANGE_MEMBERSHIP, communities.get_community)
def membership(context: CommunityContext) -> Answer:
    """Show one's own membership, with what the list of members has of it and the way out."""
    session, actor, member = current_session(), current_actor(), context.member
    assert member is not None
    form = MembershipForm(obj=member)
    if form.validate_on_submit():
        changed = members.show_institution(session, actor, context, bool(form.shows_institution.data), now=clock.now())
        return see_page("communities.membership", slug=context.community.slug, flash=saved(changed))
    own = directory.list_institutions(session, [member.person_id]).get(member.person_id, ())
    return page("communities/membership.html", context=context, form=form, member=member, names=members.ROLE_NAMES, institutions=own)


@bp.post("/communities/<slug>/joining")
@requires(CommunityAction.JOIN, communities.get_community)
def join(context: CommunityContext) -> Answer:
    """Join a community at once."""
    slug, form = context.community.slug, Form()
    with form.refusals(None, TooManyCommunities, BannedFromCommunity, communities.NoLongerAllowed):
        joined = members.join(current_session(), current_actor(), context, now=clock.now())
        return see_page("communities.front_page", slug=slug, flash=_("You are a member now.") if joined else _("You are a member already."))
    return page("communities/refused.html", context=context, form=form)


class RequestForm(Form):
    """A request to join."""

    text = area(lazy_("Why you want to join"), most=1_000, required=lazy_("Write a sentence on why you want to join."))


@bp.route("/communities/<slug>/request", methods=["GET", "POST"])
@requires(CommunityAction.REQUEST, communities.get_community)
def ask(context: CommunityContext) -> Answer:
    """Ask to join a community; its conditions stand above the field."""
    form, community = RequestForm(), context.community
    if form.validate_on_submit():
        with form.refusals(None, RequestedTooOften, BannedFromCommunity, communities.NoLongerAllowed):
            members.request_to_join(current_session(), current_actor(), context, form.text.data or "", now=clock.now())
            return see_page("communities.front_page", slug=community.slug, flash=_("Your request was sent to its administrators."))
    session, now = current_session(), clock.now()
    since = life.find_inactive_since(session, community.id, now=now)
    is_rejected = members.was_rejected(session, community.id, current_actor().person_id, now=now)
    conditions = community.safe_html("who_may_join")
    return page(
        "communities/request.html", context=context, form=form, conditions=conditions, inactive_since=since, is_rejected=is_rejected
    )


@bp.post("/communities/<slug>/request/withdrawal")
@requires(CommunityAction.WITHDRAW_REQUEST, communities.get_community)
def withdraw(context: CommunityContext) -> Response:
    """Withdraw one's request."""
    withdrawn = members.withdraw_request(current_session(), current_actor(), context, now=clock.now())
    message = _("Your request was withdrawn.") if withdrawn else _("It was decided already.")
    return see_page("communities.front_page", slug=context.community.slug, flash=message)


@bp.route("/communities/<slug>/leave", methods=["GET", "POST"])
@requires(CommunityAction.LEAVE, communities.get_community)
def leave(context: CommunityContext) -> Answer:
    """Leave a community, after a page that says what stays."""
    form = Form()
    if form.validate_on_submit():
        with form.refusals(None, LastAdministrator):
            members.leave(current_session(), current_actor(), context, now=clock.now())
            return see_page("communities.community_list", flash=_("You are no longer a member."))
    return page("communities/leave.html", context=context, form=form)
