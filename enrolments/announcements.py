"""Reads and writes announcements of courses, of which those whom they are for are notified in portions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from accounts import broadcasts, notices
from accounts.broadcasts import BroadcastKind
from accounts.models import Person
from accounts.notices import Message
from accounts.people import name_matches
from courses.models import Course
from enrolments.access import AnnouncementContext
from enrolments.gradebook import idle_since, next_steps
from enrolments.learners import get_learner_context
from enrolments.models import Announcement, Completion, Edition, EditionPlace, Enrolment, GroupMember, LearnerGroup, MessageRecipient
from enrolments.muting import source_of
from enrolments.notices import ANNOUNCEMENT_NOTICE
from enrolments.versions import STANDING, VersionOffer, read_offer
from kernel import audit, outbox
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.errors import N_, Conflict, NotFound
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor
from organisations.models import Organisation
from organisations.tree import belongs_to

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class AnnouncementRecipients:
    """The audience of an announcement, among the learners of a course; nothing each: everybody."""

    course_id: int
    edition_id: int | None = None
    group_id: int | None = None
    only_open: bool = False
    """Those who have not completed the course."""
    only_completed: bool = False
    words: str = ""
    """Of their names."""
    unit: UUID | None = None
    """Who belongs to this place of the tree, or to something below it."""
    next_key: str = ""
    """Whose next required activity it is."""
    idle_days: int = 0
    """Who have not come for so many days."""


def audience_of(row: Announcement) -> AnnouncementRecipients:
    """Return whom an announcement is for."""
    return AnnouncementRecipients(row.course_id, row.edition_id, row.group_id, row.only_open)


def _conditions(audience: AnnouncementRecipients, sent_at: datetime) -> list[ColumnElement[bool]]:
    """Select those who took the course when it was sent, and still do."""
    conditions = [Enrolment.course_id == audience.course_id, Enrolment.left_at.is_(None), Enrolment.enrolled_at <= sent_at]
    if audience.edition_id is not None:
        conditions.append(Enrolment.id.in_(select(EditionPlace.enrolment_id).where(EditionPlace.edition_id == audience.edition_id)))
    if audience.group_id is not None:
        conditions.append(Enrolment.id.in_(select(GroupMember.enrolment_id).where(GroupMember.group_id == audience.group_id)))
    if audience.unit is not None:
        conditions.append(belongs_to(Organisation.uuid == audience.unit))
    if audience.only_open:
        conditions.append(Enrolment.id.not_in(select(Completion.enrolment_id)))
    if audience.only_completed:
        conditions.append(Enrolment.id.in_(select(Completion.enrolment_id)))
    if audience.next_key:
        steps = next_steps(audience.course_id, sent_at)
        conditions.append(Enrolment.id.in_(select(steps.c.enrolment_id).where(steps.c.key == audience.next_key)))
    if audience.idle_days:
        conditions.append(idle_since(sent_at - timedelta(days=audience.idle_days)))
    return [*conditions, *name_matches(audience.words, with_address=True), Person.suspended_at.is_(None)]


def count_audience(session: Session, audience: AnnouncementRecipients, *, now: datetime) -> int:
    """Count whom an announcement would reach now."""
    statement = select(func.count()).select_from(Enrolment).join(Person, Person.id == Enrolment.person_id)
    return session.scalar(statement.where(*_conditions(audience, now))) or 0


def people_of(audience: AnnouncementRecipients, *, now: datetime) -> Select[int]:
    """Select the numbers of those whom something would reach now."""
    return select(Person.id).join(Enrolment, Enrolment.person_id == Person.id).where(*_conditions(audience, now))


def _select_recipients(row: Announcement) -> Select[int]:
    """Select whom an announcement is for: of a message those who were found when it was sent."""
    if row.is_message:
        return select(MessageRecipient.person_id).where(MessageRecipient.announcement_id == row.id)
    return people_of(audience_of(row), now=row.sent_at)


def list_announcements(session: Session, course_id: int, *, offset: int, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the announcements and messages of a course with their authors and for which `edition` and `group` they are, the newest first."""
    statement = (
        select(Announcement, Person, Edition.name.label("edition"), LearnerGroup.shown_name.label("group"))
        .join(Person, Person.id == Announcement.author_id)
        .outerjoin(Edition, Edition.id == Announcement.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Announcement.group_id)
        .where(Announcement.course_id == course_id)
        .order_by(Announcement.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def find_announcement(session: Session, announcement: UUID) -> Announcement | None:
    """Return an announcement by what names it."""
    return session.scalar(select(Announcement).where(Announcement.uuid == announcement))


def get_announcement_context(session: Session, actor: Actor, slug: str, announcement: UUID) -> AnnouncementContext:
    """Return the page context of an announcement of a course that stands; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    row = find_announcement(session, announcement)
    if row is None or row.course_id != context.course_id or row.withdrawn_at is not None:
        raise NotFound
    return AnnouncementContext(context, row)


def visible_news(
    session: Session, course_id: int, enrolment_id: int
) -> tuple[datetime | None, VersionOffer | None, list[Row[*tuple[Any, ...]]]]:
    """Return when a learner completed a course, the version offered, and the last announcements that they are shown, in one statement."""
    rows = connection_of(session).execute(_VISIBLE, {"course_id": course_id, "enrolment_id": enrolment_id}).all()
    completed_at, offer = (rows[0].completed_at, read_offer(rows[0])) if rows else (None, None)
    return completed_at, offer, [row for row in rows if row.title is not None]


_LEARNER = bindparam("enrolment_id", type_=Integer)
_IN_EDITIONS = select(EditionPlace.edition_id).where(EditionPlace.enrolment_id == _LEARNER)
_IN_GROUPS = select(GroupMember.group_id).where(GroupMember.enrolment_id == _LEARNER)
_WAS_DONE = select(Completion.id).where(Completion.enrolment_id == _LEARNER, Completion.completed_at <= Announcement.sent_at)
_STANDS = STANDING.subquery()
_VISIBLE = compile_once(
    select(*_STANDS.c, Announcement.title, Announcement.words, Announcement.sent_at, Announcement.corrected_at)
    .select_from(_STANDS)
    .outerjoin(
        Announcement,
        and_(
            Announcement.course_id == bindparam("course_id"),
            or_(Announcement.edition_id.is_(None), Announcement.edition_id.in_(_IN_EDITIONS)),
            or_(Announcement.group_id.is_(None), Announcement.group_id.in_(_IN_GROUPS)),
            Announcement.is_message.is_not(True),
            Announcement.withdrawn_at.is_(None),
            or_(~Announcement.only_open, ~_WAS_DONE.exists()),
        ),
    )
    .order_by(Announcement.id.desc())
    .limit(MOST_SHOWN)
)


class AnnouncementVerb(audit.Verb):
    """The audit verbs of announcements."""

    SENT = "announcement.sent"
    CORRECTED = "announcement.corrected"
    WITHDRAWN = "announcement.withdrawn"


class Withdrawn(Conflict):
    """The announcement was withdrawn meanwhile."""

    code = "announcement_withdrawn"
    message = N_("This announcement has since been withdrawn.")


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """The text of an announcement; `uuid` comes from the page that showed it before, so that sending it twice sends it once."""

    uuid: UUID
    title: str
    words: str
    is_message: bool = False
    """For those whom a filter finds now; the course's page does not show it."""


def send_announcement(
    session: Session, actor: Actor, audience: AnnouncementRecipients, text: AnnouncementText, *, now: datetime
) -> Announcement:
    """Store an announcement and let its audience be notified; a second time with the same number changes nothing."""
    assert actor.person_id is not None
    session.get_one(Course, audience.course_id, with_for_update=True)  # two requests with one number wait for each other
    known = find_announcement(session, text.uuid)
    if known is not None:
        return known
    row = Announcement(
        uuid=text.uuid,
        course_id=audience.course_id,
        author_id=actor.person_id,
        title=text.title,
        words=text.words,
        edition_id=audience.edition_id,
        group_id=audience.group_id,
        only_open=audience.only_open,
        is_message=text.is_message,
        only_completed=audience.only_completed,
        name_words=audience.words or None,
        next_key=audience.next_key or None,
        idle_days=audience.idle_days or None,
        sent_at=now,
    )
    session.add(row)
    session.flush()  # the audit entry, the job and those who are told name it
    if text.is_message:
        recipients = people_of(audience, now=now).add_columns(literal(row.id))
        session.execute(insert(MessageRecipient).from_select(["person_id", "announcement_id"], recipients))
    facts: dict[str, object] = {"edition": audience.edition_id, "group": audience.group_id, "only_open": audience.only_open}
    if text.is_message:
        facts |= {"completed": audience.only_completed, "next": audience.next_key, "idle": audience.idle_days, "message": True}
        facts |= {"unit": None if audience.unit is None else str(audience.unit)}
    audit.record(session, actor, AnnouncementVerb.SENT, row, now=now, course=audience.course_id, title=text.title, **facts)
    outbox.enqueue(session, "enrolments.tell_announcement", {"announcement": row.id}, now=now)
    return row


def correct_announcement(session: Session, actor: Actor, announcement: Announcement, title: str, text: str, *, now: datetime) -> bool:
    """Give an announcement other words, on the course's page and in the bell; say whether anything changed. Raise Withdrawn."""
    row = _standing(session, announcement)
    if (row.title, row.words) == (title, text):
        return False
    facts = {"course": row.course_id, "title": title, "before": row.title, "words_before": row.words}
    audit.record(session, actor, AnnouncementVerb.CORRECTED, row, now=now, **facts)
    row.title, row.words, row.corrected_at = title, text, now
    notices.reword_notification(session, _message(session, row))
    return True


def withdraw_announcement(session: Session, actor: Actor, announcement: Announcement, *, now: datetime) -> None:
    """Take an announcement off the course's page and out of the bell; nobody else is notified of it. Raise Withdrawn."""
    row = _standing(session, announcement)
    audit.record(session, actor, AnnouncementVerb.WITHDRAWN, row, now=now, course=row.course_id, title=row.title)
    broadcasts.withdraw(session, ANNOUNCEMENTS, row, now=now)


def _standing(session: Session, announcement: Announcement) -> Announcement:
    row = broadcasts.find_standing(session, announcement)
    if row is None:
        raise Withdrawn
    return row


def _message(session: Session, row: Announcement) -> Message:
    course = session.get_one(Course, row.course_id)

    def subject() -> str:
        return _("%(course)s: %(title)s", course=choose(course.title), title=row.title)

    text: Mapping[str, str] = in_every_language(lambda: row.words)
    anchor = "" if row.is_message else "#announcements"
    return Message(
        ANNOUNCEMENT_NOTICE,
        key=f"announcement:{row.uuid}",
        subject=in_every_language(subject),
        words=text,
        path=f"/courses/{course.slug}{anchor}",
        source="" if row.is_message else source_of(course.id),  # a message stands nowhere else
    )


ANNOUNCEMENTS = BroadcastKind(Announcement, _select_recipients, _message)
