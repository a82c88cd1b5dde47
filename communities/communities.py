"""Communities and their working groups: drafted and changed, read as an actor stands before them, listed for those who may find them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Row, Select, and_, bindparam, case, exists, func, literal, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import Message
from accounts.people import confirms_addresses
from accounts.rules import NoticeKind, fold
from communities import models, space, standing
from communities.models import GROUP_REACHES, LEVELS, LINKS, PARTS, REACHES
from communities.space import OWNER, CommunityContext
from discussions.boards import add_board, new_key
from discussions.models import BoardState, FirstPosts
from kernel import audit, clock
from kernel.audit import Fact, Verb
from kernel.db import UtcDateTime, count_rows
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.i18n import _, in_every_language
from kernel.markup.source import slug as slug_of
from kernel.permissions import Actor
from organisations.models import Organisation
from spaces.acts import added, lock_person
from spaces.spaces import administers_site, belongs

MOST_DRAFTS = 5
SHORTEST_PART = 100
LONGEST_TEXT = 6_000
MOST_TRIES = 20
RESERVED = frozenset({"new", "invitations", "mine"})
SLUG_SIGNS = 6
MOST_PLACES = 200
MOST_CHOICES = 500
"""Topics, and institutions and units, that the list of communities is filtered by."""
SLUG_KEPT = timedelta(days=180)
"""How long the address of a deleted community leads to no other one."""


class CommunityVerb(
    Verb,
    facts={
        "added": Fact(values=LINKS),
        "community": N_("Community"),
        "deleted": N_("Removed"),
        "done": N_("Done"),
        "level": Fact(N_("Privacy"), values=LEVELS),
        "link": N_("Link"),
        "members_write": N_("Members write pages too, not the administrators alone"),
        "moved": Fact(N_("Moved"), values=LINKS),
        "organisation_id": Fact(N_("Institution or unit"), table="organisation"),
        "picture": N_("Picture"),
        "reach": Fact(N_("Who finds it"), values={**GROUP_REACHES, **REACHES}),
        "removed": Fact(values=LINKS),
        "slug": N_("Address"),
        "texts": Fact(N_("Texts"), values=PARTS),
        "topic": N_("Topic"),
    },
):
    """The audit verbs of communities."""

    DRAFTED = "community.drafted", N_("Drafted a community")
    CHANGED = "community.changed", N_("Changed a community")
    SUBMITTED = "community.submitted", N_("Asked for the activation of a community")
    ACTIVATED = "community.activated", N_("Activated a community")
    REFUSED = "community.refused", N_("Refused to activate a community")
    ARCHIVED = "community.archived", N_("Archived a community")
    REACTIVATED = "community.reactivated", N_("Reactivated a community")
    PLANNED = "community.planned", N_("Changed the plan of a community")
    GROUP_FOUNDED = "community.group_founded", N_("Founded a working group")
    DELETED = "community.deleted", N_("Deleted a community")


class TooManyDrafts(Conflict):
    """A person has as many drafts as they can."""

    message = N_("You have five drafts of communities. Finish or delete one first.")


class NoLongerAllowed(Conflict):
    """A community, or the actor's part in it, changed since their page was asked for."""

    message = N_("This is no longer possible: the community, or your part in it, was changed meanwhile.")


class UnknownInstitution(Invalid):
    """Its founder does not belong there."""

    message = N_("Choose an institution or unit to which you belong.")


OVERSIGHT_KEY = "community:oversight"
"""Of notifications for those who administer the site."""


def own_key(community_id: int, what: str) -> str:
    """Return the key of a notification that is about its person: what was decided on them, read while they find the community."""
    return f"community:own:{community_id}:{what}"


def past_key(community_id: int, what: str) -> str:
    """Return the key of a notification of what ended for its person, which names nothing: they read it whatever became of them."""
    return f"community:past:{community_id}:{what}"


def run_key(community_id: int, what: str) -> str:
    """Return the key of a notification for the administrators of a community."""
    return f"community:run:{community_id}:{what}"


Endings = tuple[str, str]
"""How a notification of an end is called: with the name of the community, and without."""
REQUEST_ENDED: Endings = (N_("Your request to join ended: %(name)s"), N_("Your request to join a community ended"))


@cache
def _concerns() -> ColumnElement[bool]:
    """Return the condition that the person of a notification may know of it: it is about them, or they look after its community now."""
    person, is_own = Notification.person_id, Notification.key.startswith("community:own:")
    known = or_(and_(is_own, space.FINDS.condition(person)), space.is_member(person, models.CommunityRole.ADMINISTRATOR))
    about = select(models.Community.id).where(models.Community.id == Notification.about_id, known).correlate(Notification)
    oversees = Notification.key.startswith(OVERSIGHT_KEY) & administers_site(person)
    return or_(Notification.key.startswith("community:past:"), about.exists(), oversees)


COMMUNITY_NOTICE = NoticeKind(
    "membership",
    label=N_("Communities"),
    hint=N_("Someone asks to join a community that you look after, or it was decided on your request, your role or your community."),
    icon="users",
    group=N_("Communities"),
    scope=lambda _hooks: _concerns(),
    is_withdrawn=True,
)


_PERSON: BindParameter[int] = bindparam("person", type_=Integer())
_YEAR_AGO: BindParameter[datetime] = bindparam("year_ago", type_=UtcDateTime())


@lru_cache
def _statement(*, confirms: bool, of_board: bool) -> Select[*tuple[Any, ...]]:
    """Build once what reads a community by its slug, or its board: building it anew took most of what a page cost."""
    person, parent = _PERSON, aliased(models.Community, name="parent")
    confirmed = Person.email_confirmed_at.is_not(None) if confirms else true()
    member, request = models.CommunityMember, models.CommunityRequest
    mine = and_(member.community_id == models.Community.id, member.person_id == person, models.PRESENT)
    requested = and_(request.community_id == models.Community.id, request.person_id == person, models.PENDING)
    ended = aliased(models.CommunityMember)
    now: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
    ban = (ended.community_id == models.Community.id, ended.banned_until > now)
    may_be_banned = exists().where(*ban, or_(ended.person_id == person, ended.address_hash.is_not(None))).correlate_except(ended)
    columns = (
        space.is_member(person).label("is_member"),
        space.role_in_parent(person).label("role_in_parent"),
        standing.is_invited(confirmed, person, now).label("is_invited"),
        belongs(person, models.Community.organisation_id).label("belongs"),
        may_be_banned.label("may_be_banned"),
    )
    statement = select(models.Community, member, request, parent, *columns).outerjoin(parent, parent.id == models.Community.parent_id)
    joined = statement.outerjoin(member, mine).outerjoin(request, requested)
    key = models.Community.board_id if of_board else models.Community.slug
    return joined.where(key == bindparam("key"), space.is_present())


def get_community(session: Session, actor: Actor, slug: str, *, is_locked: bool = False) -> CommunityContext:
    """Return a community as the actor stands before it; raise NotFound where there is none. Of a locked one all is read anew."""
    return _get(session, actor, slug, is_locked=is_locked)


def get_of_board(session: Session, actor: Actor, board_id: int) -> CommunityContext:
    """Return the community of a board as the actor stands before it; raise NotFound where there is none."""
    return _get(session, actor, board_id, of_board=True)


def _get(session: Session, actor: Actor, key: str | int, *, of_board: bool = False, is_locked: bool = False) -> CommunityContext:
    statement = _statement(confirms=confirms_addresses(session), of_board=of_board)
    values = {"person": actor.person_id or 0, "key": key, "now": clock.now()}
    row = require_found(session.execute(statement, values, execution_options={"populate_existing": is_locked}).one_or_none())
    is_banned = bool(row.may_be_banned) and standing.is_banned(session, row.Community.id, actor.person_id or 0, clock.now())
    return CommunityContext(
        row.Community,
        member=row.CommunityMember if row.is_member else None,
        belongs=bool(row.belongs),
        is_banned=is_banned,
        pending=row.CommunityRequest,
        is_invited=bool(row.is_invited) and (row.parent is None or row.role_in_parent is not None),
        parent=row.parent,
        role_in_parent=row.role_in_parent,
        reading_note=standing.reading_note(actor, row.Community.board_id) if not row.is_member else None,
    )


def within(context: CommunityContext) -> dict[str, Any]:
    """Return the part of a context that concerns its community, for the context of something in it."""
    return {field.name: getattr(context, field.name) for field in fields(CommunityContext)}


@dataclass(frozen=True, slots=True)
class CommunityValues:
    """The values of the first step of a draft, and of the settings later."""

    name: str
    language: str
    reach: models.CommunityReach
    level: models.CommunityLevel
    organisation_id: int | None = None
    """An institution, or one of its units."""
    topic: str = ""


def list_own_places(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """List the institutions and units to which a person belongs, by name; all of them for an administrator of the site."""
    name = standing.name_of_place(Organisation.id)
    statement = select(Organisation.id, name.label("name")).where(Organisation.closed_at.is_(None))
    if not actor.is_administrator:
        statement = statement.where(belongs(literal(actor.person_id or 0), Organisation.id))
    return [(row.id, row.name) for row in session.execute(statement.order_by(name, Organisation.id).limit(MOST_PLACES))]


def name_of_place(session: Session, organisation_id: int) -> str:
    """Return the name of an institution, or of a unit after that of its institution."""
    statement = select(standing.name_of_place(Organisation.id)).where(Organisation.id == organisation_id)
    return session.scalars(statement).one()


def check_place(session: Session, actor: Actor, values: CommunityValues, present: int | None = None) -> None:
    if values.reach is not models.CommunityReach.INSTITUTION or values.organisation_id == present is not None:
        return
    if values.organisation_id not in {number for number, _name in list_own_places(session, actor)}:
        raise UnknownInstitution


def new_slug(session: Session, name: str, reach: models.CommunityReach) -> str:
    """Return an address for a community: its plain name where everyone finds it and no other has that, else with signs by chance.

    A number would tell how many have the name; what few find never has its plain name, so that no address can be guessed.
    """
    base = slug_of(name)[:48].strip("-") or "comunidad"
    if reach is not models.CommunityReach.EVERYONE or base in RESERVED:
        return f"{base}-{new_key()[:SLUG_SIGNS]}"
    deleted = (audit.AuditEntry.verb == CommunityVerb.DELETED.value, audit.AuditEntry.at > clock.now() - SLUG_KEPT)
    reserved = {json.loads(facts).get("slug") for facts in session.scalars(select(audit.AuditEntry.facts).where(*deleted))}
    is_taken = base in reserved or session.scalar(select(models.Community.id).where(models.Community.slug == base)) is not None
    return f"{base}-{new_key()[:SLUG_SIGNS]}" if is_taken else base


def _add_with_slug(session: Session, row: models.Community) -> None:
    """Add a community by a slug that is free, also where others found some of the same name at the same moment."""
    for tries_left in reversed(range(MOST_TRIES)):
        row.slug = new_slug(session, row.name, models.CommunityReach(row.reach))
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            if not tries_left:
                raise
        else:
            return


def is_active(session: Session, row: models.Community) -> bool:
    """Return whether a locked community takes members and posts: it is neither a draft nor archived, nor is the one above it."""
    is_above = row.parent_id is None or session.get_one(models.Community, row.parent_id).state == models.CommunityState.ACTIVE
    return row.state == models.CommunityState.ACTIVE and is_above


def found_community(session: Session, actor: Actor, values: CommunityValues, *, now: datetime) -> models.Community:
    """Keep the draft of a community, whose founder administers it. Raise TooManyDrafts, UnknownInstitution."""
    assert actor.person_id is not None
    lock_person(session, actor.person_id)
    check_place(session, actor, values)
    mine = select(models.CommunityMember.community_id).where(models.CommunityMember.person_id == actor.person_id, models.PRESENT)
    is_draft = models.Community.state == models.CommunityState.DRAFT.value
    if count_rows(session, models.Community, is_draft, models.Community.id.in_(mine)) >= MOST_DRAFTS:
        raise TooManyDrafts
    row = add_community(session, actor, values, now=now)
    added(session, actor, row, now=now).note(CommunityVerb.DRAFTED, reach=row.reach, level=row.level)
    return row


def add_community(
    session: Session, actor: Actor, values: CommunityValues, parent: models.Community | None = None, *, now: datetime
) -> models.Community:
    """Add a draft with its board, whose founder administers it; of a parent an active working group."""
    board = add_board(session, OWNER, now=now, first_posts=FirstPosts.NEW)
    board.state = BoardState.OPEN.value
    row = models.Community(
        slug="",
        name=values.name,
        name_key=fold(values.name),
        language=values.language,
        reach=values.reach.value,
        level=values.level.value,
        state=(models.CommunityState.ACTIVE if parent else models.CommunityState.DRAFT).value,
        parent_id=parent.id if parent else None,
        organisation_id=values.organisation_id,
        topic=values.topic,
        board_id=board.id,
        texts={},
        html={},
        created_at=now,
        changed_at=now,
        activated_at=now if parent else None,
    )
    _add_with_slug(session, row)
    founder = models.CommunityMember(
        community_id=row.id, person_id=actor.person_id, role=models.CommunityRole.ADMINISTRATOR.value, how="founded", since=now
    )
    session.add(founder)
    return row


def missing_parts(row: models.Community) -> list[str]:
    """List the texts that an active community needs and this one has not: each part of the concept note has a hundred characters."""
    short = [name for name in models.NOTE if len(row.texts.get(name, "").strip()) < SHORTEST_PART]
    return [*short, *(name for name in models.CONDITIONS if not row.texts.get(name, "").strip())]


def list_running_people(session: Session, row: models.Community) -> list[int]:
    """List the people who administer a community, by number: not who no longer belongs to its institution, or is suspended."""
    member = models.CommunityMember
    statement = select(member.person_id).join(models.Community, models.Community.id == member.community_id)
    return list(session.scalars(statement.where(models.Community.id == row.id, standing.runs(member)).order_by(member.person_id)))


def close_request(session: Session, request: models.CommunityRequest, state: models.RequestState, *, now: datetime) -> None:
    """Let a request wait no longer: those who decide on it have nothing more in their bells."""
    request.state, request.decided_at = state.value, now
    notices.take_back_others(session, run_key(request.community_id, f"request:{request.uuid}"), ())


def list_pending(session: Session, row: models.Community, *which: ColumnElement[bool]) -> Sequence[models.CommunityRequest]:
    """List the requests that wait, all of them or some."""
    request = models.CommunityRequest
    return session.scalars(select(request).where(request.community_id == row.id, models.PENDING, *which)).all()


def notify_of_end(
    session: Session, row: models.Community, person_id: int, what: str, endings: Endings, text: dict[str, str], *, now: datetime
) -> None:
    """Notify somebody of what ended for them in a community, by its name where they still find it."""
    session.flush()
    known = space.FINDS.condition(literal(person_id))
    if session.scalar(select(models.Community.id).where(models.Community.id == row.id, known)) is not None:
        key, subject = own_key(row.id, what), in_every_language(lambda: _(endings[0], name=row.name))
    else:
        key, subject = past_key(row.id, what), in_every_language(lambda: _(endings[1]))
    notices.notify(session, Message(COMMUNITY_NOTICE, key, subject, text, "/communities", about_id=row.id), [person_id], now=now)


def notify(
    session: Session,
    row: models.Community,
    people: Sequence[int],
    key: str,
    subject: str,
    text: dict[str, str],
    *,
    page: str = "",
    kind: NoticeKind = COMMUNITY_NOTICE,
    now: datetime,
) -> None:
    """Notify people of a community: `subject` is a message with its `%(name)s`, `page` the end of the address that leads on."""
    named = in_every_language(lambda: _(subject, name=row.name))
    message = Message(kind, key, named, text, f"/communities/{row.slug}{page}", about_id=row.id)
    notices.notify(session, message, people, now=now)


def end_requests(session: Session, row: models.Community, *which: ColumnElement[bool], now: datetime) -> None:
    """End requests that wait, all of them or some, and notify those who wrote them."""
    for request in list_pending(session, row, *which):
        close_request(session, request, models.RequestState.ENDED, now=now)
        text = in_every_language(lambda: _("The community no longer takes requests."))
        notify_of_end(session, row, request.person_id, f"request:{request.uuid}", REQUEST_ENDED, text, now=now)


LISTED = 24


@dataclass(frozen=True, slots=True)
class CommunityQuery:
    """The filters of the list of communities."""

    text: str = ""
    level: models.CommunityLevel | None = None
    language: str = ""
    state: models.CommunityState | None = None
    topic: str = ""
    organisation_id: int | None = None


def list_topics(session: Session, actor: Actor) -> list[str]:
    """List the topics of the communities that an actor may find."""
    statement = select(models.Community.topic).distinct().where(*_is_listed(), models.Community.topic != "")
    ordered = statement.order_by(models.Community.topic).limit(MOST_CHOICES)
    return list(session.scalars(ordered, {"person": actor.person_id or 0}))


def list_places(session: Session, actor: Actor) -> dict[int, str]:
    """List the institutions and units of the communities that an actor may find, by name."""
    name = standing.name_of_place(Organisation.id)
    of_them = select(models.Community.organisation_id).where(*_is_listed())
    statement = select(Organisation.id, name.label("name")).where(Organisation.id.in_(of_them))
    ordered = statement.order_by(name, Organisation.id).limit(MOST_CHOICES)
    return {row.id: row.name for row in session.execute(ordered, {"person": actor.person_id or 0})}


@lru_cache
def _is_listed() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `Community` that it stands in the list of the person who is a parameter, 0 for strangers."""
    return space.FINDS.condition(_PERSON), models.Community.parent_id.is_(None)


@lru_cache
def select_counted() -> tuple[Select[*tuple[Any, ...]], ColumnElement[bool]]:
    """Build once what selects communities with their numbers of members and whether they are the person's, and this condition."""
    row, mine = aliased(models.CommunityMember), space.is_member(_PERSON)
    of_it = (row.community_id == models.Community.id, row.until.is_(None))
    count = select(func.count()).select_from(row).where(*of_it).correlate(models.Community).scalar_subquery()
    return select(models.Community, count.label("members"), mine.label("is_mine")), mine


@lru_cache
def _list() -> tuple[Select[*tuple[Any, ...]], ColumnElement[bool]]:
    """Build once the list of communities, with institution and last content, and whether one is the person's."""
    statement, mine = select_counted()
    institution = standing.name_of_place(models.Community.organisation_id).label("institution")
    inactive = and_(models.Community.state == models.CommunityState.ACTIVE.value, standing.last_content() < _YEAR_AGO)
    since = case((inactive, standing.last_content())).label("inactive_since")
    return statement.add_columns(since, institution).where(*_is_listed()), mine


def list_communities(session: Session, actor: Actor, query: CommunityQuery, *, offset: int, limit: int) -> list[Row[*tuple[Any, ...]]]:
    """List the communities that an actor may find, with members, institution and last content: their own first, archived ones last."""
    community, (statement, mine) = models.Community, _list()
    for word in fold(query.text).split():
        statement = statement.where(community.name_key.contains(word, autoescape=True))
    chosen = {
        community.level: query.level and query.level.value,
        community.language: query.language,
        community.state: query.state and query.state.value,
        community.topic: query.topic,
        community.organisation_id: query.organisation_id,
    }
    statement = statement.where(*(column == value for column, value in chosen.items() if value))
    order = (case((community.state == models.CommunityState.ARCHIVED.value, 1), else_=0), case((mine, 0), else_=1))
    ordered = statement.order_by(*order, community.name_key, community.id).offset(offset).limit(limit)
    return list(session.execute(ordered, {"person": actor.person_id or 0, "year_ago": clock.now() - models.INACTIVE_AFTER}))


_SUBMITTED = (models.Community.state == models.CommunityState.DRAFT.value, models.Community.submitted_at.is_not(None))


def count_submitted(session: Session) -> int:
    """Count the drafts that wait for their activation."""
    return count_rows(session, models.Community, *_SUBMITTED)


def list_for_site(session: Session) -> tuple[list[models.Community], list[models.Community]]:
    """List the drafts that wait for their activation, the oldest first, and the active communities that nobody administers."""
    row, state = models.Community, models.CommunityState
    waiting = select(row).where(*_SUBMITTED).order_by(row.submitted_at)
    alone = select(row).where(row.state == state.ACTIVE.value, ~standing.is_run()).order_by(row.id)
    return list(session.scalars(waiting.limit(200))), list(session.scalars(alone.limit(200)))


MOST_ENTRIES = 200


def list_log(session: Session, community_id: int) -> list[tuple[audit.AuditEntry, Person | None, Person | None, Mapping[str, Any]]]:
    """List the latest decisions in a community, and when administrators of the site opened it, the newest first.

    Each with who decided, on whom, and the facts.
    """
    entry = audit.AuditEntry
    about = (entry.subject_kind == models.Community.__tablename__, entry.subject_id == community_id)
    former = session.scalar(select(func.max(entry.id)).where(*about, entry.verb == CommunityVerb.DELETED.value)) or 0  # had its number
    rows = session.scalars(select(entry).where(*about, entry.id > former).order_by(entry.id.desc()).limit(MOST_ENTRIES)).all()
    facts = {row.id: json.loads(row.facts) for row in rows}
    numbers = {row.actor_id for row in rows} | {of_row.get("person_id") for of_row in facts.values()}
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(numbers - {None})))}
    return [(row, people.get(row.actor_id or 0), people.get(facts[row.id].get("person_id") or 0), facts[row.id]) for row in rows]
