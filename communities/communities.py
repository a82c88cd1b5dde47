"""Communities: found, written, activated, archived; read as an actor stands before them, and listed for those who may find them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import Message
from accounts.people import list_administrators
from accounts.rules import NoticeKind, fold
from communities import standing
from communities.access import CommunityContext
from communities.models import (
    CONDITIONS,
    NOTE,
    Community,
    CommunityLevel,
    CommunityMember,
    CommunityReach,
    CommunityRequest,
    CommunityRole,
    CommunityState,
    RequestState,
)
from discussions.boards import add_board
from discussions.models import Board, BoardState, FirstPosts, Thread, ThreadPost
from kernel import audit, clock
from kernel.audit import Verb
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.i18n import _, in_every_language
from kernel.markup.posts import render_post
from kernel.markup.source import slug as slug_of
from kernel.permissions import Actor
from organisations.models import Organisation

MOST_DRAFTS = 5
SHORTEST_PART = 100
LONGEST_TEXT = 6_000
RESERVED = frozenset({"new", "invitations", "mine"})


class CommunityVerb(Verb):
    """The audit verbs of communities."""

    DRAFTED = "community.drafted", N_("Drafted a community")
    CHANGED = "community.changed", N_("Changed a community")
    SUBMITTED = "community.submitted", N_("Asked for the activation of a community")
    ACTIVATED = "community.activated", N_("Activated a community")
    REFUSED = "community.refused", N_("Refused to activate a community")
    ARCHIVED = "community.archived", N_("Archived a community")
    REACTIVATED = "community.reactivated", N_("Reactivated a community")
    DELETED = "community.deleted", N_("Deleted a draft of a community")


class TooManyDrafts(Conflict):
    """A person has as many drafts as they can."""

    message = N_("You have five drafts of communities. Finish or delete one first.")


class CommunityWasChanged(Conflict):
    """A community was changed since its form was opened."""

    message = N_("Someone changed this community meanwhile. Below is what you have just written: compare, and save again.")


class WiderThanWritten(Invalid):
    """Others wrote for fewer readers."""

    message = N_("Others have written here for its present readers: a community is not opened to more people after that.")


class NotReady(Invalid):
    """Texts are missing that an active community has."""

    message = N_("Before it is activated, a community needs its concept note, who may join, what can be contributed, and principles.")


class UnknownInstitution(Invalid):
    """Its founder does not belong there."""

    message = N_("Choose an institution to which you belong.")


OVERSIGHT_KEY = "community:oversight"
"""Of notifications for those who administer the site."""


def own_key(community_id: int, what: str) -> str:
    """Return the key of a notification that is about its person: what was decided on them, which they may know whatever became of them."""
    return f"community:own:{community_id}:{what}"


def run_key(community_id: int, what: str) -> str:
    """Return the key of a notification for the administrators of a community."""
    return f"community:run:{community_id}:{what}"


def _concerns(_hooks: Mapping[Any, Any]) -> ColumnElement[bool]:
    """Return the condition that the person of a notification may know of it: it is about them, or they look after its community now."""
    person = Notification.person_id
    runs = select(Community.id).where(Community.id == Notification.about_id, standing.is_member(person, CommunityRole.ADMINISTRATOR))
    oversees = Notification.key.startswith(OVERSIGHT_KEY) & standing.administers_site(person)
    return or_(Notification.key.startswith("community:own:"), runs.correlate(Notification).exists(), oversees)


COMMUNITY_NOTICE = NoticeKind(
    "membership",
    label=N_("Communities"),
    hint=N_("Someone asks to join a community that you look after, or it was decided on your request, your role or your community."),
    icon="users",
    group=N_("Communities"),
    scope=_concerns,
    is_withdrawn=True,
)


def _statement(actor: Actor) -> Select[*tuple[Any, ...]]:
    person = literal(actor.person_id or 0)
    mine = and_(CommunityMember.community_id == Community.id, CommunityMember.person_id == person, CommunityMember.until.is_(None))
    waits = and_(CommunityRequest.person_id == person, CommunityRequest.state == RequestState.PENDING.value)
    requested = and_(CommunityRequest.community_id == Community.id, waits)
    ended = aliased(CommunityMember)
    ban = select(func.max(ended.banned_until)).where(ended.community_id == Community.id, ended.person_id == person)
    columns = (
        standing.is_member(person).label("is_member"),
        standing.belongs(person, Community.organisation_id).label("belongs"),
        ban.correlate(Community).scalar_subquery().label("banned_until"),
    )
    statement = select(Community, CommunityMember, CommunityRequest, *columns)
    return statement.outerjoin(CommunityMember, mine).outerjoin(CommunityRequest, requested)


def get_community(session: Session, actor: Actor, slug: str) -> CommunityContext:
    """Return a community as the actor stands before it; raise NotFound where there is none."""
    row = require_found(session.execute(_statement(actor).where(Community.slug == slug)).one_or_none())
    return CommunityContext(
        row.Community,
        member=row.CommunityMember if row.is_member else None,
        belongs=bool(row.belongs),
        is_banned=row.banned_until is not None and row.banned_until > clock.now(),
        pending=row.CommunityRequest,
    )


def within(context: CommunityContext) -> dict[str, Any]:
    """Return what a context says of its community, for the context of something in it."""
    return {field.name: getattr(context, field.name) for field in fields(CommunityContext)}


def lock_community(session: Session, community: Community) -> Community:
    """Return a community, locked, as it is now: joining, leaving, deciding and archiving wait for one another."""
    return session.get_one(Community, community.id, with_for_update=True, populate_existing=True)


@dataclass(frozen=True, slots=True)
class CommunityValues:
    """The values of the first step of a draft, and of the settings later."""

    name: str
    language: str
    reach: CommunityReach
    level: CommunityLevel
    organisation_id: int | None = None


def list_own_institutions(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """List the institutions to which a person belongs; all of them for an administrator of the site."""
    statement = select(Organisation.id, Organisation.name).where(Organisation.parent_id.is_(None), Organisation.closed_at.is_(None))
    if not actor.is_administrator:
        statement = statement.where(standing.belongs(literal(actor.person_id or 0), Organisation.id))
    return [(row.id, row.name) for row in session.execute(statement.order_by(Organisation.name_key).limit(200))]


def _check_institution(session: Session, actor: Actor, values: CommunityValues, present: int | None = None) -> None:
    if values.reach is not CommunityReach.INSTITUTION or values.organisation_id == present is not None:
        return
    if values.organisation_id not in {number for number, _name in list_own_institutions(session, actor)}:
        raise UnknownInstitution


def _free_slug(session: Session, name: str) -> str:
    base = slug_of(name)[:48].strip("-") or "comunidad"
    taken = set(session.scalars(select(Community.slug).where(Community.slug.startswith(base)))) | RESERVED
    if base not in taken:
        return base
    return next(slug for number in range(2, len(taken) + 3) if (slug := f"{base}-{number}") not in taken)


def found_community(session: Session, actor: Actor, values: CommunityValues, *, now: datetime) -> Community:
    """Keep the draft of a community, whose founder administers it. Raise TooManyDrafts, UnknownInstitution."""
    assert actor.person_id is not None
    session.execute(select(Person.id).where(Person.id == actor.person_id).with_for_update(key_share=True)).all()  # one after the other
    _check_institution(session, actor, values)
    drafts = select(func.count()).select_from(CommunityMember).join(Community, Community.id == CommunityMember.community_id)
    mine = (CommunityMember.person_id == actor.person_id, CommunityMember.until.is_(None), Community.state == CommunityState.DRAFT.value)
    if (session.scalar(drafts.where(*mine)) or 0) >= MOST_DRAFTS:
        raise TooManyDrafts
    board = add_board(session, standing.OWNER, now=now, first_posts=FirstPosts.NEW)
    board.state = BoardState.OPEN.value
    row = Community(
        slug=_free_slug(session, values.name),
        name=values.name,
        name_key=fold(values.name),
        language=values.language,
        reach=values.reach.value,
        level=values.level.value,
        state=CommunityState.DRAFT.value,
        organisation_id=values.organisation_id,
        board_id=board.id,
        texts={},
        html={},
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    session.flush()
    founder = CommunityMember(
        community_id=row.id, person_id=actor.person_id, role=CommunityRole.ADMINISTRATOR.value, how="founded", since=now
    )
    session.add(founder)
    audit.record(session, actor, CommunityVerb.DRAFTED, row, now=now, reach=row.reach, level=row.level)
    return row


_REACHES = {CommunityReach.HIDDEN.value: 0, CommunityReach.INSTITUTION.value: 1, CommunityReach.EVERYONE.value: 2}


def _widens(row: Community, values: CommunityValues) -> bool:
    """Return whether more people would read what others wrote, or know of it."""
    order = list(CommunityLevel)[::-1]
    levels = order.index(values.level) > order.index(CommunityLevel(row.level))
    others = values.reach is CommunityReach.INSTITUTION and row.reach == values.reach and values.organisation_id != row.organisation_id
    return levels or others or _REACHES[values.reach.value] > _REACHES[row.reach]


def others_wrote(session: Session, row: Community) -> bool:
    """Return whether anybody but its administrators wrote in a community."""
    runs = select(CommunityMember.person_id).where(
        CommunityMember.community_id == row.id, CommunityMember.role == CommunityRole.ADMINISTRATOR.value, CommunityMember.until.is_(None)
    )
    statement = select(ThreadPost.id).join(Thread, Thread.id == ThreadPost.thread_id).where(Thread.board_id == row.board_id)
    return session.scalar(statement.where(ThreadPost.person_id.not_in(runs)).limit(1)) is not None


def change_values(session: Session, actor: Actor, community: Community, values: CommunityValues, *, seen: str, now: datetime) -> bool:
    """Change name, language, reach and level; return whether anything changed. It acts at once.

    Raise CommunityWasChanged, WiderThanWritten, UnknownInstitution.
    """
    row = lock_community(session, community)
    if seen != str(row.row_version):
        raise CommunityWasChanged
    _check_institution(session, actor, values, row.organisation_id)
    changed: dict[str, Any] = {
        name: value
        for name, value in {
            "name": values.name,
            "language": values.language,
            "reach": values.reach.value,
            "level": values.level.value,
            "organisation_id": values.organisation_id,
        }.items()
        if getattr(row, name) != value
    }
    if not changed:
        return False
    if row.state != CommunityState.DRAFT and _widens(row, values) and others_wrote(session, row):
        raise WiderThanWritten
    former = {f"former_{name}": getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    row.name_key, row.row_version, row.changed_at = fold(row.name), row.row_version + 1, now
    if row.level != CommunityLevel.SEMIPRIVATE or row.reach == CommunityReach.HIDDEN:
        end_requests(session, row, now=now)
    audit.record(session, actor, CommunityVerb.CHANGED, row, now=now, **changed, **former)
    return True


def change_texts(session: Session, actor: Actor, community: Community, texts: Mapping[str, str], *, seen: str, now: datetime) -> bool:
    """Change texts of the front page; return whether anything changed. Raise CommunityWasChanged."""
    row = lock_community(session, community)
    if seen != str(row.row_version):
        raise CommunityWasChanged
    changed = {name: text for name, text in texts.items() if row.texts.get(name, "") != text}
    if not changed:
        return False
    row.texts = {**row.texts, **changed}
    row.html = {**row.html, **{name: render_post(text) for name, text in changed.items()}}
    row.row_version, row.changed_at = row.row_version + 1, now
    audit.record(session, actor, CommunityVerb.CHANGED, row, now=now, texts=sorted(changed))
    return True


def missing_parts(row: Community) -> list[str]:
    """List the texts that an active community needs and this one has not: each part of the concept note has a hundred characters."""
    short = [name for name in NOTE if len(row.texts.get(name, "").strip()) < SHORTEST_PART]
    return [*short, *(name for name in CONDITIONS if not row.texts.get(name, "").strip())]


def submit(session: Session, actor: Actor, community: Community, *, alone: bool, now: datetime) -> bool:
    """Ask for the activation of a draft, which needs nobody else's where its administrator may alone; return whether it is active.

    Raise NotReady.
    """
    row = lock_community(session, community)
    if missing_parts(row):
        raise NotReady
    if row.state != CommunityState.DRAFT:
        return True
    if alone:
        _activate(session, actor, row, now=now)
        return True
    if row.submitted_at is None:
        row.submitted_at, row.reason = now, ""
        audit.record(session, actor, CommunityVerb.SUBMITTED, row, now=now)
        subject = in_every_language(lambda: _("A community waits for its activation: %(name)s", name=row.name))
        text = in_every_language(lambda: _("Read its concept note, and activate it or say why not."))
        key = f"{OVERSIGHT_KEY}:{row.id}:{row.row_version}"
        message = Message(COMMUNITY_NOTICE, key, subject, text, f"/communities/{row.slug}/manage", about_id=row.id)
        notices.notify(session, message, list_administrators(session), now=now)
    return False


def _activate(session: Session, actor: Actor, row: Community, *, now: datetime) -> None:
    row.state, row.activated_at, row.submitted_at, row.reason = CommunityState.ACTIVE.value, now, None, ""
    row.row_version += 1
    audit.record(session, actor, CommunityVerb.ACTIVATED, row, now=now)


def list_running_people(session: Session, row: Community) -> list[int]:
    """List the people who administer a community, by number."""
    statement = select(CommunityMember.person_id).where(
        CommunityMember.community_id == row.id, CommunityMember.until.is_(None), CommunityMember.role == CommunityRole.ADMINISTRATOR.value
    )
    return list(session.scalars(statement.order_by(CommunityMember.person_id)))


def decide_activation(session: Session, actor: Actor, community: Community, *, reason: str, now: datetime) -> bool:
    """Activate a submitted draft, or refuse it with a reason; its administrators are notified. Return whether this decided."""
    row = lock_community(session, community)
    if row.state != CommunityState.DRAFT or row.submitted_at is None:
        return False
    people = [number for number in list_running_people(session, row) if number != actor.person_id]
    if reason:
        row.submitted_at, row.reason, row.row_version = None, reason, row.row_version + 1
        audit.record(session, actor, CommunityVerb.REFUSED, row, now=now, reason=reason)
        subject = in_every_language(lambda: _("Your community was not activated: %(name)s", name=row.name))
        text = in_every_language(lambda: _("Reason: %(reason)s", reason=reason))
    else:
        _activate(session, actor, row, now=now)
        subject = in_every_language(lambda: _("Your community is active: %(name)s", name=row.name))
        text = in_every_language(lambda: _("It can be found and joined from now on."))
    key = own_key(row.id, f"activation:{row.row_version}")
    notices.notify(
        session, Message(COMMUNITY_NOTICE, key, subject, text, f"/communities/{row.slug}/manage", about_id=row.id), people, now=now
    )
    return True


def end_requests(session: Session, row: Community, *, now: datetime) -> None:
    """End the requests that wait, and notify those who wrote them."""
    waiting = (CommunityRequest.community_id == row.id, CommunityRequest.state == RequestState.PENDING.value)
    for request in session.scalars(select(CommunityRequest).where(*waiting)).all():
        request.state, request.decided_at = RequestState.ENDED.value, now
        subject = in_every_language(lambda: _("Your request to join ended: %(name)s", name=row.name))
        text = in_every_language(lambda: _("The community no longer takes requests."))
        key = own_key(row.id, f"request:{request.uuid}")
        notices.notify(
            session, Message(COMMUNITY_NOTICE, key, subject, text, "/communities", about_id=row.id), [request.person_id], now=now
        )


def archive(session: Session, actor: Actor, community: Community, reason: str, *, now: datetime) -> bool:
    """Archive an active community: nothing is written and nobody joins any more. Return whether this did."""
    row = lock_community(session, community)
    if row.state != CommunityState.ACTIVE:
        return False
    row.state, row.archived_at, row.archived_by, row.reason = CommunityState.ARCHIVED.value, now, actor.person_id, reason
    row.row_version += 1
    end_requests(session, row, now=now)
    audit.record(session, actor, CommunityVerb.ARCHIVED, row, now=now, reason=reason)
    return True


def reactivate(session: Session, actor: Actor, community: Community, *, now: datetime) -> bool:
    """Let an archived community be written in and joined again; what ended stays ended. Return whether this did."""
    row = lock_community(session, community)
    if row.state != CommunityState.ARCHIVED:
        return False
    row.state, row.archived_at, row.archived_by, row.reason = CommunityState.ACTIVE.value, None, None, ""
    row.row_version += 1
    audit.record(session, actor, CommunityVerb.REACTIVATED, row, now=now)
    return True


def delete_draft(session: Session, actor: Actor, community: Community, *, now: datetime) -> None:
    """Delete a draft with its memberships and its board, which is empty."""
    row = lock_community(session, community)
    if row.state != CommunityState.DRAFT:
        raise Conflict(N_("Only drafts can be deleted."))
    audit.record(session, actor, CommunityVerb.DELETED, row, now=now, name=row.name)
    for member in session.scalars(select(CommunityMember).where(CommunityMember.community_id == row.id)).all():
        session.delete(member)
    board = session.get_one(Board, row.board_id)
    session.flush()
    session.delete(row)
    session.flush()
    session.delete(board)


LISTED = 24


@dataclass(frozen=True, slots=True)
class CommunityQuery:
    """The filters of the list of communities."""

    text: str = ""
    level: CommunityLevel | None = None
    language: str = ""
    state: CommunityState | None = None


def list_communities(session: Session, actor: Actor, query: CommunityQuery, *, offset: int, limit: int) -> list[Row[*tuple[Any, ...]]]:
    """List the communities that an actor may find with their number of members: those of their own first, archived ones last."""
    person, row = literal(actor.person_id or 0), aliased(CommunityMember)
    count = select(func.count()).select_from(row).where(row.community_id == Community.id, row.until.is_(None)).correlate(Community)
    mine = standing.is_member(person)
    statement = select(Community, count.scalar_subquery().label("members"), mine.label("is_mine")).where(standing.sees(actor))
    if query.text:
        for word in fold(query.text).split():
            statement = statement.where(Community.name_key.contains(word, autoescape=True))
    if query.level is not None:
        statement = statement.where(Community.level == query.level.value)
    if query.language:
        statement = statement.where(Community.language == query.language)
    if query.state is not None:
        statement = statement.where(Community.state == query.state.value)
    order = (
        case((Community.state == CommunityState.ARCHIVED.value, 1), else_=0),
        case((mine, 0), else_=1),
        Community.name_key,
        Community.id,
    )
    return list(session.execute(statement.order_by(*order).offset(offset).limit(limit)))


def list_for_site(session: Session) -> tuple[list[Community], list[Community]]:
    """List the drafts that wait for their activation, the oldest first, and the active communities that nobody administers."""
    waiting = select(Community).where(Community.state == CommunityState.DRAFT.value, Community.submitted_at.is_not(None))
    row = aliased(CommunityMember)
    run = select(row.id).where(row.community_id == Community.id, row.until.is_(None), row.role == CommunityRole.ADMINISTRATOR.value)
    alone = select(Community).where(Community.state == CommunityState.ACTIVE.value, ~run.exists())
    return (
        list(session.scalars(waiting.order_by(Community.submitted_at).limit(200))),
        list(session.scalars(alone.order_by(Community.id).limit(200))),
    )


def name_of_institution(session: Session, organisation_id: int) -> str:
    """Return the name of an institution."""
    return session.get_one(Organisation, organisation_id).name


MOST_ENTRIES = 200


@dataclass(frozen=True, slots=True)
class CommunityLogEntry:
    """An act in the log of a community: when, who, and what, in words that are not translated yet."""

    at: datetime
    name: str
    act: str
    person: str
    """On whom it was decided."""


def list_log(session: Session, community_id: int) -> list[CommunityLogEntry]:
    """List the latest decisions in a community, and when administrators of the site opened it, the newest first."""
    entry = audit.AuditEntry
    about = (entry.subject_kind == Community.__tablename__, entry.subject_id == community_id)
    rows = session.scalars(select(entry).where(*about).order_by(entry.id.desc()).limit(MOST_ENTRIES)).all()
    decided = {row.id: json.loads(row.facts).get("person_id") for row in rows}
    numbers = {row.actor_id for row in rows} | set(decided.values())
    people = {person.id: person.full_name for person in session.scalars(select(Person).where(Person.id.in_(numbers - {None})))}
    labels = audit.labels()
    return [
        CommunityLogEntry(row.at, people.get(row.actor_id or 0, ""), labels.get(row.verb, row.verb), people.get(decided[row.id] or 0, ""))
        for row in rows
    ]
