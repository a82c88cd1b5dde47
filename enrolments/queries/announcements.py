"""Reading announcements of courses: which there are, whom one is for, which of them a person sees."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import name_matches
from enrolments.models import Announcement, Completion, Edition, EditionPlace, Enrolment, GroupMember, LearnerGroup, MessageRecipient
from enrolments.permissions import AnnouncementContext
from enrolments.queries.gradebook import idle_since, next_steps
from enrolments.queries.learning import get_learner_context
from enrolments.queries.versions import STANDING, LearnerSummary, read_summary
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.errors import NotFound
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


def list_audience(session: Session, row: Announcement, *, limit: int) -> list[int]:
    """List the next people to notify, by their numbers: of a message those who were found when it was sent."""
    if row.is_message:
        recipients = select(MessageRecipient.person_id).where(
            MessageRecipient.announcement_id == row.id, MessageRecipient.person_id > row.told_until
        )
        return list(session.scalars(recipients.order_by(MessageRecipient.person_id).limit(limit)))
    statement = select(Person.id).join(Enrolment, Enrolment.person_id == Person.id).where(Person.id > row.told_until)
    return list(session.scalars(statement.where(*_conditions(audience_of(row), row.sent_at)).order_by(Person.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """An announcement as the team sees it."""

    announcement: Announcement
    author: str
    edition: str
    group: str


def list_announcements(session: Session, course_id: int, *, offset: int, limit: int) -> list[AnnouncementRow]:
    """List the announcements and messages of a course, the newest first."""
    statement = (
        select(Announcement, Person, Edition.name, LearnerGroup.shown_name)
        .join(Person, Person.id == Announcement.author_id)
        .outerjoin(Edition, Edition.id == Announcement.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Announcement.group_id)
        .where(Announcement.course_id == course_id)
        .order_by(Announcement.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [
        AnnouncementRow(row, author.full_name, edition or "", group or "") for row, author, edition, group in session.execute(statement)
    ]


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


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement as a learner is shown it."""

    title: str
    words: str
    sent_at: datetime
    corrected_at: datetime | None


@dataclass(frozen=True, slots=True)
class CourseNews:
    """A learner's standing in a course, and the announcements that they are shown there, the newest first."""

    summary: LearnerSummary = field(default_factory=LearnerSummary)
    announcements: tuple[Announced, ...] = ()


def visible_news(session: Session, course_id: int, enrolment_id: int) -> CourseNews:
    """Return a learner's standing in a course, and the last announcements that they are shown there, in one statement."""
    rows = connection_of(session).execute(_VISIBLE, {"course_id": course_id, "enrolment_id": enrolment_id}).all()
    if not rows:
        return CourseNews()
    return CourseNews(read_summary(rows[0]), tuple(Announced(row[6], row[7], row[8], row[9]) for row in rows if row[6] is not None))


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
