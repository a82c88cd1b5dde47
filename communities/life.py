"""The life of communities: activated or refused, archived, deleted in portions; six marks, inactivity, notices of care."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Notification, Person
from accounts.people import by_name, list_administrators
from accounts.rules import MailTime, NoticeKind
from communities import acts, files, invitations, models, search, standing
from communities.communities import (
    COMMUNITY_NOTICE,
    OVERSIGHT_KEY,
    CommunityVerb,
    end_requests,
    list_pending,
    list_running_people,
    missing_parts,
    notify,
    own_key,
    run_key,
)
from discussions import deletion
from discussions.models import PostState, Thread, ThreadKind, ThreadPost
from kernel import outbox
from kernel.db import count_rows
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, in_every_language, ngettext, site_day
from kernel.permissions import SYSTEM, Actor
from spaces.acts import SpaceAct


class NotReady(Invalid):
    """Texts are missing that an active community has."""

    message = N_("Before it is activated, a community needs its concept note, who may join, what can be contributed, and principles.")


def submit(session: Session, actor: Actor, community: models.Community, *, alone: bool, now: datetime) -> bool:
    """Ask for the activation of a draft, which needs nobody else's where its administrator may alone; return whether it is active.

    Raise NotReady.
    """
    act = acts.begin(session, actor, community, now=now)
    row = act.row
    if missing_parts(row):
        raise NotReady
    if row.state != models.CommunityState.DRAFT:
        return True
    if alone:
        _activate(act)
        return True
    if row.submitted_at is None:
        row.submitted_at, row.reason = now, ""
        act.note(CommunityVerb.SUBMITTED)
        key, subject = f"{OVERSIGHT_KEY}:{row.id}:{row.row_version}", N_("A community waits for its activation: %(name)s")
        text = in_every_language(lambda: _("Read its concept note, and activate it or say why not."))
        notify(session, row, list_administrators(session), key, subject, text, page="/manage", now=now)
    return False


def _activate(act: SpaceAct[models.Community]) -> None:
    act.change({"state": models.CommunityState.ACTIVE.value, "activated_at": act.now, "submitted_at": None, "reason": ""})
    act.note(CommunityVerb.ACTIVATED)
    invitations.send_prepared(act.session, act.row.id, now=act.now)


def decide_activation(session: Session, actor: Actor, community: models.Community, *, reason: str, seen: str, now: datetime) -> bool:
    """Activate a submitted draft, or refuse it with a reason; its administrators are notified. Return whether this decided.

    Raise RowWasChanged where it is not as the actor read it.
    """
    act = acts.begin(session, actor, community, now=now)
    row = act.row
    if row.state != models.CommunityState.DRAFT or row.submitted_at is None:
        return False
    act.require_version(seen)
    people = [number for number in list_running_people(session, row) if number != actor.person_id]
    if reason:
        act.change({"submitted_at": None, "reason": reason})
        act.note(CommunityVerb.REFUSED, reason=reason)
        subject = N_("Your community was not activated: %(name)s")
        text = in_every_language(lambda: _("Reason: %(reason)s", reason=reason))
    else:
        _activate(act)
        subject = N_("Your community is active: %(name)s")
        text = in_every_language(lambda: _("It can be found and joined from now on."))
    notify(session, row, people, own_key(row.id, f"activation:{row.row_version}"), subject, text, page="/manage", now=now)
    return True


def archive(session: Session, actor: Actor, community: models.Community, reason: str, *, now: datetime) -> bool:
    """Archive an active community: nothing is written and nobody joins any more. Return whether this did."""
    act = acts.begin(session, actor, community, now=now)
    if act.row.state != models.CommunityState.ACTIVE:
        return False
    archived = models.CommunityState.ARCHIVED.value
    act.change({"state": archived, "archived_at": now, "archived_by": actor.person_id, "reason": reason})
    end_requests(session, act.row, now=now)
    invitations.end(session, actor, act.row, now=now)
    act.note(CommunityVerb.ARCHIVED, reason=reason)
    return True


def reactivate(session: Session, actor: Actor, community: models.Community, *, now: datetime) -> bool:
    """Let an archived community be written in and joined again; what ended stays ended. Return whether this did."""
    act = acts.begin(session, actor, community, now=now)
    if act.row.state != models.CommunityState.ARCHIVED:
        return False
    act.change({"state": models.CommunityState.ACTIVE.value, "archived_at": None, "archived_by": None, "reason": ""})
    act.note(CommunityVerb.REACTIVATED)
    return True


DELETE = "communities.delete_portion"


class NameNotTyped(Invalid):
    """The text that confirms a deletion is not the name of the community."""

    message = N_("Type the name of the community as it stands above.")


class NotDeletable(Conflict):
    """A community is neither a draft nor archived for long enough."""

    message = N_("It was changed meanwhile: only drafts, and communities that were archived 30 days ago, are deleted.")


def needs_name(session: Session, actor: Actor, community: models.Community) -> bool:
    """Return whether deleting a community asks for its name: of an archived one always, of a draft once others wrote or uploaded in it."""
    page, file = models.CommunityPageVersion, models.CommunityFileVersion
    written = select(page.id).join(models.CommunityPage, models.CommunityPage.id == page.page_id)
    written = written.where(models.CommunityPage.community_id == community.id, page.person_id.is_distinct_from(actor.person_id))
    uploaded = select(file.id).join(models.CommunityFile, models.CommunityFile.id == file.file_id)
    uploaded = uploaded.where(models.CommunityFile.community_id == community.id, file.added_by.is_distinct_from(actor.person_id))
    return community.state != models.CommunityState.DRAFT or bool(session.scalar(select(written.exists() | uploaded.exists())))


def count_what_goes(session: Session, community: models.Community) -> Mapping[str, int]:
    """Count what a deletion takes away, with the working groups, by kind."""
    of_it = or_(models.Community.id == community.id, models.Community.parent_id == community.id)
    numbers, boards = select(models.Community.id).where(of_it), select(models.Community.board_id).where(of_it)
    posts = select(func.count()).select_from(ThreadPost).join(Thread, Thread.id == ThreadPost.thread_id).where(Thread.board_id.in_(boards))
    tables: Mapping[str, Any] = {"files": models.CommunityFile, "pages": models.CommunityPage, "members": models.CommunityMember}
    counted = {name: select(func.count()).where(table.community_id.in_(numbers)) for name, table in tables.items()}
    counted["pages"] = counted["pages"].where(models.CommunityPage.slug != models.NOTE_SLUG)
    counted["members"] = counted["members"].where(models.PRESENT)
    counted |= {"posts": posts, "groups": select(func.count()).where(models.Community.parent_id == community.id)}
    return {name: session.scalar(statement) or 0 for name, statement in counted.items()}


def delete_community(session: Session, actor: Actor, community: models.Community, typed: str, *, now: datetime) -> None:
    """Delete a draft, or what was archived for long enough, with its working groups: nobody finds it any more, and a job takes it away.

    Raise NotDeletable, NameNotTyped.
    """
    row = acts.lock_community(session, community)
    if not row.is_deletable(now):
        raise NotDeletable
    if needs_name(session, actor, row) and " ".join(typed.split()) != " ".join(row.name.split()):
        raise NameNotTyped
    _begin_deletion(session, actor, row, now=now)


def _begin_deletion(session: Session, actor: Actor, row: models.Community, *, now: datetime) -> None:
    groups = select(models.Community).where(models.Community.parent_id == row.id).order_by(models.Community.id).with_for_update()
    rows = [row, *session.scalars(groups)]
    numbers = [deleted.id for deleted in rows]
    for deleted in rows:
        reserved = {"slug": deleted.slug} if deleted.activated_at else {}
        SpaceAct(session, actor, now, deleted, deleted).note(CommunityVerb.DELETED, name=deleted.name, **reserved)
        deleted.deleted_at, deleted.state = now, models.CommunityState.ARCHIVED.value
    member, request = models.CommunityMember, models.CommunityRequest
    session.execute(update(member).where(member.community_id.in_(numbers), models.PRESENT).values(until=now, ended_how="deleted"))
    ended = {"state": models.RequestState.ENDED.value, "decided_at": now}
    session.execute(update(request).where(request.community_id.in_(numbers), models.PENDING).values(ended))
    unanswered = (models.CommunityInvitation.community_id.in_(numbers), *invitations.INVITATIONS.unanswered)
    session.execute(update(models.CommunityInvitation).where(*unanswered).values(withdrawn_at=now))
    kinds = Notification.kind.in_([COMMUNITY_NOTICE.value, COMMUNITY_CARE.value])
    session.execute(delete(Notification).where(kinds, Notification.about_id.in_(numbers)))
    deletion.take_notices_back(session, [deleted.board_id for deleted in rows])
    outbox.enqueue(session, DELETE, {"community": row.id}, now=now)


def list_deleted(session: Session, number: int | None = None) -> list[int]:
    """List the deleted communities that are not gone yet, or one with its working groups; working groups first."""
    statement = select(models.Community.id).where(models.Community.deleted_at.is_not(None))
    if number is not None:
        statement = statement.where(or_(models.Community.id == number, models.Community.parent_id == number))
    return list(session.scalars(statement.order_by(models.Community.parent_id.is_(None), models.Community.id)))


def delete_portion(session: Session, number: int, *, now: datetime) -> bool:
    """Delete a portion of a deleted community; return whether there was anything. After a kill the next call goes on."""
    row = session.get(models.Community, number, with_for_update=True)
    if row is None or row.deleted_at is None:
        return False
    if deletion.delete_portion(session, row.board_id, now=now) or files.delete_some(
        session, models.CommunityFile.community_id == number, now=now
    ):
        return True
    page, link = models.CommunityPage, models.CommunityLink
    versions = models.CommunityPageVersion.page_id.in_(select(page.id).where(page.community_id == number))
    own = (page, models.PlanEntry, models.CommunityRequest, models.CommunityInvitation, models.CommunityExport, models.CommunityMember)
    which: Mapping[Any, ColumnElement[bool]] = {
        models.CommunityPageVersion: versions,
        **{table: table.community_id == number for table in own},
    }
    pictures = select(link.picture_id).where(link.community_id == number, link.picture_id.is_not(None))
    gone = {picture for picture in (*session.scalars(pictures), row.picture_id) if picture is not None}
    if any(_delete_some(session, table, condition) for table, condition in which.items()):
        return True
    session.execute(delete(link).where(or_(link.community_id == number, link.other_id == number)))
    session.delete(row)
    session.flush()
    search.forget_community(session, number)
    deletion.delete_board(session, row.board_id)
    files.let_contents_go(session, gone, now=now)
    return False


def _delete_some(session: Session, table: Any, which: ColumnElement[bool]) -> bool:
    numbers = session.scalars(select(table.id).where(which).limit(PORTION)).all()
    session.execute(delete(table).where(table.id.in_(numbers)))
    return bool(numbers)


CARE_STEPS = (0, 30, 60)
"""Days after a community became inactive on which its administrators are notified."""
LISTED_AFTER = timedelta(days=90)
"""After so long an inactive community is listed for the site."""
CONTENT_EACH, MEETING_EACH = timedelta(days=14), timedelta(days=31)
UNANSWERED_AFTER = timedelta(days=7)
DRAFT_LIFE, DRAFT_NOTICE = timedelta(days=180), timedelta(days=14)
PORTION = 200

COMMUNITY_CARE = NoticeKind(
    "community_care",
    label=N_("Care of communities"),
    hint=N_("A community that you administer has no new content or no meeting, or a draft of yours is deleted soon."),
    icon="users",
    group=N_("Communities"),
    usual_mail=MailTime.DAILY,
    scope=COMMUNITY_NOTICE.scope,
    is_withdrawn=True,
)


def find_inactive_since(session: Session, community_id: int, *, now: datetime) -> datetime | None:
    """Return when something was last written in an inactive community; None of any other."""
    statement = select(standing.last_content().label("at")).select_from(models.Community)
    return session.scalar(statement.where(models.Community.id == community_id, standing.is_inactive(now)))


@dataclass(frozen=True, slots=True)
class Health:
    """The six marks of a community; nobody's reading is measured."""

    content_at: datetime
    content_days: int
    """Days since something was last written or brought in."""
    meeting_days: int | None
    """Days since the last meeting or webinar of the plan that was ticked; None where none was."""
    waiting: int
    waiting_days: int
    """The number of requests that wait, and the age of the oldest in days."""
    unanswered: int
    """Questions without an accepted answer for more than seven days."""
    joined: int
    left: int
    """In 90 days."""
    overdue: int
    """Lines of the plan."""


def measure(session: Session, community: models.Community, *, now: datetime) -> Health:
    """Compute the marks of a community, in one statement for each table."""
    own = models.Community.id == community.id
    latest = session.scalars(select(standing.last_content().label("at")).select_from(models.Community).where(own)).one()
    today, entry = site_day(now), models.PlanEntry
    meetings = entry.kind.in_([models.PlanKind.MEETING.value, models.PlanKind.WEBINAR.value])
    held = (entry.community_id == community.id, meetings, entry.done_at.is_not(None), entry.ends_on <= today)
    met = session.scalar(select(func.max(entry.ends_on)).where(*held))
    request, member = models.CommunityRequest, models.CommunityMember
    pending = select(func.count(), func.min(request.sent_at)).where(request.community_id == community.id, models.PENDING)
    waiting, oldest = session.execute(pending).one()
    question = (Thread.kind == ThreadKind.QUESTION.value, Thread.accepted.is_(None), Thread.state == PostState.VISIBLE.value)
    opened = and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1, ThreadPost.written_at < now - UNANSWERED_AFTER)
    unanswered = select(func.count()).select_from(Thread).join(ThreadPost, opened).where(Thread.board_id == community.board_id, *question)
    lately = now - timedelta(days=90)
    moved = select(func.count().filter(member.since > lately), func.count().filter(member.until > lately))
    joined, left = session.execute(moved.where(member.community_id == community.id)).one()
    overdue = (entry.community_id == community.id, entry.done_at.is_(None), entry.ends_on < today)
    return Health(
        content_at=latest,
        content_days=(now - latest).days,
        meeting_days=(today - met).days if met else None,
        waiting=waiting,
        waiting_days=(now - oldest).days if oldest else 0,
        unanswered=session.scalar(unanswered) or 0,
        joined=joined,
        left=left,
        overdue=count_rows(session, entry, *overdue),
    )


def list_long_inactive(session: Session, *, now: datetime) -> list[models.Community]:
    """List the communities that have been inactive for 90 days, for those who administer the site."""
    statement = select(models.Community).where(standing.is_inactive(now - LISTED_AFTER)).order_by(models.Community.id).limit(200)
    return list(session.scalars(statement))


def list_longest_members(session: Session, community_id: int) -> list[str]:
    """List the names of the three people who have been members longest and are not suspended."""
    member = models.CommunityMember
    statement = select(Person).join(member, member.person_id == Person.id)
    present = statement.where(member.community_id == community_id, models.PRESENT, Person.suspended_at.is_(None))
    return [person.full_name for person in session.scalars(present.order_by(member.since, *by_name()).limit(3))]


def notify_care(session: Session, community: models.Community, *, now: datetime) -> None:
    """Notify the administrators of an inactive community: when a year is over, and 30 and 60 days later."""
    since = find_inactive_since(session, community.id, now=now)
    if since is None:
        return
    days = (now - since - models.INACTIVE_AFTER).days
    step = max((step for step in CARE_STEPS if step <= days), default=0)
    subject = N_("Nothing was written for a year: %(name)s")
    text = in_every_language(
        lambda: _("A new discussion, announcement, file or page makes it active again; or archive it. Nothing closes by itself.")
    )
    _notify(session, community, f"care:{site_day(since)}:{step}", subject, text, now=now)


def _notify(
    session: Session, row: models.Community, what: str, subject: str, text: dict[str, str], page: str = "/manage/health", *, now: datetime
) -> None:
    people = list_running_people(session, row)
    notify(session, row, people, run_key(row.id, what), subject, text, page=page, kind=COMMUNITY_CARE, now=now)


def notify_cadence(session: Session, community: models.Community, *, now: datetime) -> None:
    """Notify the administrators of a community once a month where content or a meeting is behind what is recommended."""
    health = measure(session, community, now=now)
    is_behind = health.content_days > CONTENT_EACH.days or health.meeting_days is None or health.meeting_days > MEETING_EACH.days
    if not is_behind or find_inactive_since(session, community.id, now=now) is not None:
        return
    text = in_every_language(lambda: " ".join(words_of(health)[:2]))
    _notify(session, community, f"cadence:{site_day(now):%Y-%m}", N_("How your community is doing: %(name)s"), text, now=now)


def words_of(health: Health) -> Sequence[str]:
    """Return the marks in words, each with its rule."""
    content = (
        ngettext("No new content for %(count)s day; 14 are recommended at most.",
                 "No new content for %(count)s days; 14 are recommended at most.", health.content_days)
        if health.content_days > CONTENT_EACH.days
        else ngettext("Last content %(count)s day ago; 14 are recommended at most.",
                      "Last content %(count)s days ago; 14 are recommended at most.", health.content_days)
    )  # fmt: skip
    meeting = (
        _("No meeting of the plan was ticked yet; one a month is recommended.")
        if health.meeting_days is None
        else ngettext("Last meeting %(count)s day ago; one a month is recommended.",
                      "Last meeting %(count)s days ago; one a month is recommended.", health.meeting_days)
    )  # fmt: skip
    waiting = ngettext("%(count)s request waits, the oldest for days: %(days)s.", "%(count)s requests wait, the oldest for days: %(days)s.",
                       health.waiting, days=health.waiting_days)  # fmt: skip
    unanswered = ngettext("%(count)s question has had no accepted answer for more than seven days.",
                          "%(count)s questions have had no accepted answer for more than seven days.", health.unanswered)  # fmt: skip
    overdue = ngettext("%(count)s line of the plan is overdue.", "%(count)s lines of the plan are overdue.", health.overdue)
    moved = _("In 90 days: %(joined)s joined, %(left)s left.", joined=health.joined, left=health.left)
    return content, meeting, waiting if health.waiting else _("No request waits."), unanswered, moved, overdue


def care_for(session: Session, community_id: int, *, now: datetime) -> None:
    """Do for a community what a day asks for: notices of care, the monthly word, a draft warned of or deleted."""
    row = session.get(models.Community, community_id)
    if row is None:
        return
    if row.state == models.CommunityState.DRAFT:
        _care_for_draft(session, row, now=now)
    elif row.state == models.CommunityState.ACTIVE:
        notify_care(session, row, now=now)
        began = row.activated_at or row.created_at
        if began < now - MEETING_EACH:
            notify_cadence(session, row, now=now)
        _remind_of_requests(session, row, now=now)


def _remind_of_requests(session: Session, row: models.Community, *, now: datetime) -> None:
    """Repeat once that a request waits, after seven days."""
    is_old = models.CommunityRequest.sent_at < now - timedelta(days=7)
    for request in list_pending(session, row, is_old)[:PORTION]:
        key, subject = run_key(row.id, f"request:{request.uuid}:again"), N_("A request to join waits for seven days: %(name)s")
        text = in_every_language(lambda: _("Read the request, and approve or reject it."))
        notify(session, row, list_running_people(session, row), key, subject, text, page="/manage/requests", now=now)


def _care_for_draft(session: Session, row: models.Community, *, now: datetime) -> None:
    """Warn of a draft that nobody has changed for long, and delete it 14 days after that."""
    age = now - row.changed_at
    if row.submitted_at is not None or age < DRAFT_LIFE - DRAFT_NOTICE:
        return
    if age < DRAFT_LIFE:
        subject = N_("A draft will be deleted: %(name)s")
        text = in_every_language(lambda: _("It has not been changed for long. Save it once more if you want to keep it."))
        _notify(session, row, f"draft:{site_day(row.changed_at)}", subject, text, "/manage", now=now)
    elif notices.was_notified(session, run_key(row.id, f"draft:{site_day(row.changed_at)}"), list_running_people(session, row)):
        locked = acts.lock_community(session, row)
        if locked.state == models.CommunityState.DRAFT and locked.changed_at == row.changed_at:
            _begin_deletion(session, SYSTEM, locked, now=now)


def list_to_care_for(session: Session, after: int) -> list[int]:
    """List the next communities that may need care, by number."""
    living = or_(models.Community.state == models.CommunityState.DRAFT.value, models.Community.state == models.CommunityState.ACTIVE.value)
    statement = select(models.Community.id).where(living, models.Community.id > after).order_by(models.Community.id)
    return list(session.scalars(statement.limit(PORTION)))
