"""Reads and writes editions, their places and waiting lists, and enrols others."""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from courses.models import Course, CourseVersion
from courses.versions import get_outline
from discussions.models import Subscription
from enrolments.access import EditionContext, ParticipantContext
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.learner_groups import list_groups
from enrolments.learners import find_enrolment, get_learner_context, lock_enrolment_turn
from enrolments.models import CourseBoard, Edition, EditionPlace, Enrolment, EnrolmentInvitation, FormerPlace, TakeCause, WaitingPlace
from enrolments.notices import ENROLMENT_NOTICE, REMOVED_NOTICE
from enrolments.progress import recompute_progress
from enrolments.rules import CODE_LENGTH, EditionDates, EnrolmentRefusal, may_join
from kernel import audit
from kernel.codes import code_from_bits, read_code
from kernel.db import HookList
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import _, choose, in_every_language
from kernel.own_records import is_own, note_left_out
from kernel.permissions import Actor, ActorChannel

MOST_EDITIONS = 200


def find_edition_of(session: Session, enrolment_id: int) -> Edition | None:
    """Return the edition in which somebody takes a course, None where in none."""
    statement = select(Edition).join(EditionPlace, EditionPlace.edition_id == Edition.id)
    return session.scalar(statement.where(EditionPlace.enrolment_id == enrolment_id))


def dates_of(edition: Edition) -> EditionDates:
    """Return an edition's dates as the rules take them."""
    return EditionDates(edition.enrols_from, edition.enrols_until, edition.starts_at, edition.ends_at, edition.closed_at)


@dataclass(frozen=True, slots=True)
class EditionRow:
    """An edition of a course, how many take it, and how many wait."""

    edition: Edition
    taken: int
    waiting: int

    @property
    def is_full(self) -> bool:
        """Return whether nobody fits in any more."""
        return self.edition.capacity is not None and self.taken >= self.edition.capacity


_TAKEN = select(func.count()).where(EditionPlace.edition_id == Edition.id).correlate(Edition).scalar_subquery()
_WAITING = select(func.count()).where(WaitingPlace.edition_id == Edition.id).correlate(Edition).scalar_subquery()


def list_editions(session: Session, course_id: int) -> list[EditionRow]:
    """List the editions of a course, the newest first."""
    statement = select(Edition, _TAKEN, _WAITING).where(Edition.course_id == course_id).order_by(Edition.id.desc()).limit(MOST_EDITIONS)
    return [EditionRow(*row) for row in session.execute(statement)]


def class_options(session: Session, course_id: int) -> dict[str, list[tuple[UUID, str]]]:
    """Return the editions and groups of a course by which lists of its learners are filtered."""
    return {
        "edition": [(row.edition.uuid, row.edition.name) for row in list_editions(session, course_id)],
        "group": [(group.uuid, group.name) for group in list_groups(session, course_id)],
    }


def list_course_editions(session: Session, slugs: Collection[str]) -> list[tuple[str, int, str, EditionRow | None]]:
    """List some courses that take people, by address, with their published version, way of enrolment, and each of their editions."""
    statement = (
        select(Course.slug, CourseVersion.id, CourseVersion.enrolment, Edition, _TAKEN, _WAITING)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .outerjoin(Edition, Edition.course_id == Course.id)
        .where(Course.slug.in_(slugs), Course.archived_at.is_(None))
        .order_by(Course.id, Edition.id)
    )
    return [(slug, version, way, EditionRow(*row) if row[0] else None) for slug, version, way, *row in session.execute(statement)]


def get_edition_row(session: Session, edition_id: int) -> EditionRow:
    """Return an edition with its numbers."""
    return EditionRow(*session.execute(select(Edition, _TAKEN, _WAITING).where(Edition.id == edition_id)).one())


def lock_edition(session: Session, edition_id: int) -> EditionRow:
    """Return an edition with its numbers, after every other change of its places."""
    session.execute(select(Edition.id).where(Edition.id == edition_id).with_for_update()).all()
    return get_edition_row(session, edition_id)


def name_is_taken(session: Session, course_id: int, name: str, *, but: int | None = None) -> bool:
    """Return whether another edition of a course has this name, whatever its case."""
    names = session.execute(select(Edition.id, Edition.name).where(Edition.course_id == course_id))
    return any(row.name.casefold() == name.casefold() and row.id != but for row in names)


def code_is_taken(session: Session, code: str) -> bool:
    """Return whether an edition of any course has this code."""
    return session.scalar(select(Edition.id).where(Edition.code == code)) is not None


def get_edition_context(session: Session, actor: Actor, slug: str, edition: UUID) -> EditionContext:
    """Return the page context of an edition of a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    row = require_found(session.scalar(select(Edition).where(Edition.course_id == context.course_id, Edition.uuid == edition)))
    return EditionContext(context, row, _refusal(context.archived, context.version_id, row, context.now))


def get_context_by_code(session: Session, actor: Actor, code: str) -> EditionContext:
    """Return the page context of the edition that has a code; raise NotFound."""
    typed = require_found(read_code(code, CODE_LENGTH))  # to compare with nothing would find the editions without a code
    statement = select(Edition, Course.slug).join(Course, Course.id == Edition.course_id).where(Edition.code == typed)
    row = require_found(session.execute(statement).one_or_none())
    context = get_learner_context(session, actor, row.slug)
    return EditionContext(context, row.Edition, _refusal(context.archived, context.version_id, row.Edition, context.now), by_code=True)


def _refusal(archived: bool, version_id: int | None, edition: Edition, now: datetime) -> EnrolmentRefusal | None:
    if version_id is None:
        return EnrolmentRefusal.NOT_PUBLISHED
    return may_join(dates_of(edition), archived=archived, now=now)


def waits_for(session: Session, person_id: int | None, edition_ids: Sequence[int]) -> set[int]:
    """Return the editions among these for which a person waits."""
    return set(
        session.scalars(
            select(WaitingPlace.edition_id).where(WaitingPlace.person_id == person_id, WaitingPlace.edition_id.in_(edition_ids))
        )
    )


def list_first_waiting(session: Session, edition: Edition, *, limit: int) -> list[int]:
    """List the people who have waited longest for a place, are not suspended and do not take the course in another way."""
    inside = select(Enrolment.person_id).where(Enrolment.course_id == edition.course_id, Enrolment.left_at.is_(None))
    statement = select(WaitingPlace.person_id).join(Person, Person.id == WaitingPlace.person_id)
    statement = statement.where(WaitingPlace.edition_id == edition.id, WaitingPlace.person_id.not_in(inside), Person.suspended_at.is_(None))
    return list(session.scalars(statement.order_by(WaitingPlace.id).limit(limit)))


def list_waiting(session: Session, edition_id: int, *, limit: int) -> Sequence[Row[Person, datetime]]:
    """List those who wait and since when, the first first."""
    statement = (
        select(Person, WaitingPlace.since)
        .join(WaitingPlace, WaitingPlace.person_id == Person.id)
        .where(WaitingPlace.edition_id == edition_id)
        .order_by(WaitingPlace.id)
        .limit(limit)
    )
    return session.execute(statement).all()


def get_place(session: Session, actor: Actor, slug: str, person: UUID) -> ParticipantContext:
    """Return the context of a person's enrolment in a course; raise NotFound."""
    context = get_learner_context(session, actor, slug)
    statement = select(Enrolment).join(Person, Person.id == Enrolment.person_id)
    row = require_found(
        session.scalar(statement.where(Person.uuid == person, Enrolment.course_id == context.course_id, Enrolment.left_at.is_(None)))
    )
    return ParticipantContext(context, row)


PORTION = 200
"""People who are enrolled in one transaction."""


class EditionVerb(
    audit.Verb,
    facts={
        "capacity": N_("Places"),
        "enrols_from": N_("Enrolment from"),
        "enrols_until": N_("Enrolment until"),
        "heir": N_("Further enrolment"),
        "self_enrolment": N_("People enrol themselves"),
    },
):
    """The audit verbs of editions and of enrolments by others."""

    MADE = "edition.made"
    CHANGED = "edition.changed"
    CLOSED = "edition.closed"
    OPENED = "edition.opened"
    CODE_MADE = "edition.code_made"
    CODE_TAKEN = "edition.code_taken"
    WAITED = "edition.waiting"
    WAITED_NO_MORE = "edition.waiting_ended"
    LEFT = "enrolment.left", N_("Left a course, or was removed from it")
    LIST_RECEIVED = "enrolment_list.received", N_("Uploaded a list of people to enrol")
    LIST_CONFIRMED = "enrolment_list.confirmed", N_("Confirmed a list of people to enrol")
    LIST_DISCARDED = "enrolment_list.discarded", N_("Discarded a list of people to enrol")


class EditionNameConflict(Conflict):
    """Two editions of a course would have one name."""

    code = "edition_name_taken"
    message = N_("The course already has an edition with this name.")


@dataclass(frozen=True, slots=True)
class EditionValues:
    """The values of an edition."""

    name: str
    self_enrolment: bool
    enrols_from: datetime | None
    enrols_until: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    capacity: int | None


def make_edition(session: Session, actor: Actor, course_id: int, plan: EditionValues, *, now: datetime) -> Edition:
    """Add an edition to a course; raise EditionNameConflict."""
    if name_is_taken(session, course_id, plan.name):
        raise EditionNameConflict
    edition = Edition(course_id=course_id, created_at=now, **asdict(plan))
    session.add(edition)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EditionVerb.MADE, edition, now=now, **asdict(plan))
    return edition


EDITION_GUARDS = HookList[Callable[[Session, Edition, EditionValues], None]]("edition_guards")
"""Refuse, by a LaterEnd, that an edition becomes what is asked."""


class LaterEnd(Conflict):
    """A later end of an edition whose results stand already."""

    code = "edition_ends_later"


def change_edition(session: Session, actor: Actor, edition: Edition, plan: EditionValues, *, now: datetime) -> int:
    """Change an edition, and give the places that became free; return how many. Raise EditionNameConflict or LaterEnd.

    Who has a place keeps it, also where there are fewer from now on.
    """
    if name_is_taken(session, edition.course_id, plan.name, but=edition.id):
        raise EditionNameConflict
    for guard in EDITION_GUARDS.of(session):
        guard(session, edition, plan)
    row = lock_edition(session, edition.id).edition
    changed = {name: value for name, value in asdict(plan).items() if getattr(row, name) != value}
    if changed:
        audit.record(session, actor, EditionVerb.CHANGED, row, now=now, **changed)
    for name, value in changed.items():
        setattr(row, name, value)
    session.flush()  # places are counted by what holds now
    return fill_places(session, actor, row.id, now=now)


def close_edition(session: Session, actor: Actor, edition: Edition, *, now: datetime) -> None:
    """Let nobody enrol in an edition any more; those who are in it go on."""
    if edition.closed_at is None:
        audit.record(session, actor, EditionVerb.CLOSED, edition, now=now)
        session.get_one(Edition, edition.id).closed_at = now


def open_edition(session: Session, actor: Actor, edition: Edition, *, now: datetime) -> int:
    """Let people enrol in a closed edition again, within its dates; give the places that became free, and return how many."""
    row = lock_edition(session, edition.id).edition
    if row.closed_at is None:
        return 0
    audit.record(session, actor, EditionVerb.OPENED, row, now=now)
    row.closed_at = None
    return fill_places(session, actor, row.id, now=now)


def make_code(session: Session, actor: Actor, edition: Edition, *, now: datetime) -> str:
    """Give an edition a new code; the one it had works no longer."""
    code = _fresh_code(session)
    session.get_one(Edition, edition.id).code = code
    audit.record(session, actor, EditionVerb.CODE_MADE, edition, now=now)
    return code


def _fresh_code(session: Session) -> str:
    while True:
        code = code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH)
        if not code_is_taken(session, code):
            return code


def remove_code(session: Session, actor: Actor, edition: Edition, *, now: datetime) -> None:
    """Let an edition have no code any more."""
    if edition.code is not None:
        session.get_one(Edition, edition.id).code = None
        audit.record(session, actor, EditionVerb.CODE_TAKEN, edition, now=now)


class EnrolOutcome(StrEnum):
    """The outcome of a request for a place."""

    ENROLLED = "enrolled"
    WAITING = "waiting"


def join(session: Session, actor: Actor, edition: Edition, version_id: int, *, now: datetime) -> EnrolOutcome:
    """Enrol the actor in an edition, or put them on its waiting list where it is full; a second time changes nothing.

    Those who waited before them have the free place, which nobody gave while the edition or its course was closed.
    """
    assert actor.person_id is not None
    lock_enrolment_turn(session, actor.person_id)
    edition_row = lock_and_fill_places(session, edition.id, now)
    present = find_enrolment(session, actor.person_id, edition.course_id)
    if present is not None and present.left_at is None:
        return EnrolOutcome.ENROLLED
    if edition_row.is_full:
        return _wait(session, actor, edition_row.edition, actor.person_id, now=now)
    target = EnrolmentTarget(edition.course_id, edition.id, version_id, TakeCause.SELF)
    enrol_people(session, actor, target, [actor.person_id], now=now)
    return EnrolOutcome.ENROLLED


def _wait(session: Session, actor: Actor, edition: Edition, person_id: int, *, now: datetime) -> EnrolOutcome:
    if not waits_for(session, person_id, [edition.id]):
        session.add(WaitingPlace(edition_id=edition.id, person_id=person_id, since=now))
        audit.record(session, actor, EditionVerb.WAITED, edition, now=now, person=person_id)
    return EnrolOutcome.WAITING


def stop_waiting(session: Session, actor: Actor, edition: Edition, person_id: int, *, now: datetime) -> None:
    """Take a person off a waiting list; a second time changes nothing."""
    gone = delete(WaitingPlace).where(WaitingPlace.edition_id == edition.id, WaitingPlace.person_id == person_id)
    if session.scalar(gone.returning(WaitingPlace.id)) is not None:
        audit.record(session, actor, EditionVerb.WAITED_NO_MORE, edition, now=now, person=person_id)


def end_requests_of_learners(session: Session, course_id: int, people: Sequence[int], *, now: datetime) -> None:
    """Take those who take a course now off its waiting lists, and use up their invitations; that they were enrolled stands in the log."""
    mine = select(Edition.id).where(Edition.course_id == course_id)
    session.execute(delete(WaitingPlace).where(WaitingPlace.person_id.in_(people), WaitingPlace.edition_id.in_(mine)))
    holder = select(Person.id).where(Person.email == EnrolmentInvitation.email, Person.id.in_(people)).scalar_subquery()
    unanswered = (EnrolmentInvitation.accepted_at.is_(None), EnrolmentInvitation.withdrawn_at.is_(None))
    used = update(EnrolmentInvitation).where(EnrolmentInvitation.course_id == course_id, *unanswered, holder.is_not(None))
    session.execute(used.values(accepted_at=now, accepted_by=holder, email="", name=""), execution_options={"synchronize_session": False})


def lock_and_fill_places(session: Session, edition_id: int, now: datetime) -> EditionRow:
    """Lock an edition and give its free places to those who wait; return its numbers as they are then."""
    edition_row = lock_edition(session, edition_id)
    if not edition_row.waiting or edition_row.is_full:
        return edition_row
    fill_places(session, Actor(via=ActorChannel.JOB), edition_id, now=now)
    return get_edition_row(session, edition_id)


def fill_places(session: Session, actor: Actor, edition_id: int, *, now: datetime) -> int:
    """Give the free places of a locked edition to those who waited longest, and notify them; return how many."""
    edition_row = get_edition_row(session, edition_id)
    free = PORTION if edition_row.edition.capacity is None else min(PORTION, edition_row.edition.capacity - edition_row.taken)
    course = session.get_one(Course, edition_row.edition.course_id)
    if (
        free <= 0
        or not edition_row.waiting
        or course.published_version_id is None
        or course.archived_at is not None
        or edition_row.edition.closed_at is not None
        or (edition_row.edition.ends_at is not None and edition_row.edition.ends_at <= now)
    ):
        return 0
    first = list_first_waiting(session, edition_row.edition, limit=free)
    if any(is_own(actor, person) for person in first):  # their place stays free for them until somebody else acts
        note_left_out(session, actor, edition_row.edition, now=now)
        first = [person for person in first if not is_own(actor, person)]
    target = EnrolmentTarget(course.id, edition_id, course.published_version_id, TakeCause.SELF)
    entered = enrol_people(session, actor, target, first, now=now)
    _notify_enrolled(session, course, entered, now=now)
    return len(entered)


def enrol_others(
    session: Session, actor: Actor, course_id: int, edition: Edition | None, people: Sequence[int], *, now: datetime
) -> tuple[int, int]:
    """Enrol some hundreds of people at most in a published course, notify them, and let those wait who do not fit in its edition.

    Return how many were enrolled, and how many wait. Those enrolled already stay as they are, those who left find everything as it was;
    suspended accounts are passed over. Places that nobody has taken yet go first to those who wait for them. The actor's own record is
    left out (`kernel.own_records`).
    """
    course, version_id = require_open_course(session, course_id)
    open_ones = select(Person.id).where(Person.id.in_(people), Person.suspended_at.is_(None)).order_by(Person.id)
    able = set(session.scalars(open_ones.with_for_update(key_share=True)))
    if any(is_own(actor, person) for person in able):
        note_left_out(session, actor, edition or course, now=now)
        able -= {actor.person_id}
    edition_row = None if edition is None else lock_and_fill_places(session, edition.id, now)
    inside = set(
        session.scalars(
            select(Enrolment.person_id).where(
                Enrolment.course_id == course_id, Enrolment.left_at.is_(None), Enrolment.person_id.in_(people)
            )
        )
    )
    newcomers = [person for person in dict.fromkeys(people) if person in able and person not in inside]
    free = (
        len(newcomers)
        if edition_row is None or edition_row.edition.capacity is None
        else max(edition_row.edition.capacity - edition_row.taken, 0)
    )
    target = EnrolmentTarget(course_id, edition.id if edition else None, version_id, TakeCause.STAFF)
    entered = enrol_people(session, actor, target, newcomers[:free], now=now)
    _notify_enrolled(session, course, entered, now=now)
    if edition_row is not None:
        for person_id in newcomers[free:]:
            _wait(session, actor, edition_row.edition, person_id, now=now)
    return len(entered), len(newcomers) - len(entered)


def require_open_course(session: Session, course_id: int) -> tuple[Course, int]:
    """Return a course that takes people, with its published version; raise Conflict."""
    course = session.get_one(Course, course_id)
    if course.published_version_id is None:
        raise Conflict(N_("Learners can only take this course once it is published."))
    if course.archived_at is not None:
        raise Conflict(N_("This course is archived and closed to new enrolments."))
    return course, course.published_version_id


@dataclass(frozen=True, slots=True)
class EnrolmentTarget:
    """The course, the edition and the version in which people are enrolled, and who lets them in."""

    course_id: int
    edition_id: int | None
    version_id: int
    cause: TakeCause


def enrol_people(session: Session, actor: Actor, target: EnrolmentTarget, people: Sequence[int], *, now: datetime) -> list[int]:
    """Enrol people who do not take the course now, a fixed number of statements for all of them; return them.

    Who took it before goes on with the present take, as they left it.
    """
    if not people:
        return []
    course_id, edition_id, version_id = target.course_id, target.edition_id, target.version_id
    outline = get_outline(session, version_id)
    mine = (Enrolment.course_id == course_id, Enrolment.person_id.in_(people), Enrolment.superseded_at.is_(None))
    returning = update(Enrolment).where(*mine, Enrolment.left_at.is_not(None)).values(left_at=None)
    back = set(session.scalars(returning.returning(Enrolment.person_id)))
    rows = [
        {
            "person_id": person_id,
            "course_id": course_id,
            "course_version_id": version_id,
            "cause": target.cause.value,
            "enrolled_at": now,
            "done": 0,
            "total": sum(activity.required for activity in outline.activities()),
        }
        for person_id in people
        if person_id not in back
    ]
    if rows:
        session.execute(insert(Enrolment), rows)
    end_requests_of_learners(session, course_id, people, now=now)
    entered = session.scalars(select(Enrolment).where(*mine).order_by(Enrolment.id)).all()
    if edition_id is not None:
        session.execute(insert(EditionPlace), [{"enrolment_id": enrolment.id, "edition_id": edition_id} for enrolment in entered])
    for enrolment in entered:
        audit.record(session, actor, EnrolmentVerb.ENROLLED, enrolment, now=now, version=outline.number, edition=edition_id)
    recompute_progress(session, actor, [enrolment.id for enrolment in entered if enrolment.person_id in back], now=now)
    return list(people)


def _notify_enrolled(session: Session, course: Course, people: Sequence[int], *, now: datetime) -> None:
    message = Message(
        ENROLMENT_NOTICE,
        key=f"enrolled:{course.uuid}:{now.isoformat()}",
        subject=in_every_language(lambda: _("You have been enrolled in “%(title)s”", title=choose(course.title))),
        words=in_every_language(lambda: _("Open the course to get started.")),
        path=f"/courses/{course.slug}",
    )
    notices.notify(session, message, people, now=now)


def leave(session: Session, actor: Actor, enrolment: Enrolment, *, now: datetime, heir: Enrolment | None = None) -> None:
    """End a person's enrolment in a course, and what they follow of its board; results stay. Twice changes nothing.

    The place goes to the heir, where there is one without a place, else to the waiting list.
    """
    row = session.get_one(Enrolment, enrolment.id, with_for_update=True)
    if row.left_at is not None:
        return
    row.left_at = now
    of_course = select(CourseBoard.board_id).where(CourseBoard.course_id == row.course_id)
    session.execute(delete(Subscription).where(Subscription.person_id == row.person_id, Subscription.board_id.in_(of_course)))
    edition_place = session.get(EditionPlace, row.id)
    edition_id = edition_place.edition_id if edition_place else None
    audit.record(session, actor, EditionVerb.LEFT, row, now=now, edition=edition_id, **({"heir": heir.id} if heir else {}))
    give_up_place(session, actor, row, now=now, heir=heir)


CONSEQUENCES = HookList[Callable[[Session, Enrolment, bool], Sequence[str]]]("consequences")
"""Tell a reader what else follows where an enrolment ends, or where another take follows it (the last argument)."""


def list_consequences(session: Session, enrolment: Enrolment, *, begins_again: bool = False) -> list[str]:
    """List in the reader's language what packages above say follows from the end of an enrolment."""
    return [text for consequences in CONSEQUENCES.of(session) for text in consequences(session, enrolment, begins_again)]


def take_out(session: Session, actor: Actor, enrolment: Enrolment, *, now: datetime) -> None:
    """End the enrolment of somebody else, who is notified of it, once."""
    leave(session, actor, enrolment, now=now)
    assert enrolment.left_at is not None
    course = session.get_one(Course, enrolment.course_id)
    message = Message(
        REMOVED_NOTICE,
        key=f"removed:{enrolment.id}:{enrolment.left_at.isoformat()}",
        subject=in_every_language(lambda: _("You were taken out of “%(title)s”", title=choose(course.title))),
        words=in_every_language(
            lambda: _("The course's team ended your enrolment. What you did is kept, and is there again if you are enrolled anew.")
        ),
        path="/learning",
    )
    notices.notify(session, message, [enrolment.person_id], now=now)


def give_up_place(session: Session, actor: Actor, enrolment: Enrolment, *, now: datetime, heir: Enrolment | None = None) -> None:
    """Give the place that an enrolment has in an edition, if it has one, to its heir without a place, else to the waiting list."""
    edition_place = session.get(EditionPlace, enrolment.id)
    if edition_place is None:
        return
    session.add(FormerPlace(enrolment_id=enrolment.id, edition_id=edition_place.edition_id, ended_at=now))
    session.delete(edition_place)
    if heir is not None and session.get(EditionPlace, heir.id) is None:
        session.add(EditionPlace(enrolment_id=heir.id, edition_id=edition_place.edition_id))
    session.flush()  # places are counted by what holds now
    lock_edition(session, edition_place.edition_id)
    fill_places(session, actor, edition_place.edition_id, now=now)


def transfer_waiting_places(session: Session, giver: int, taker: int) -> None:
    """Transfer a person's waiting places to another; where that one waits already, or is enrolled, they end."""
    waits = select(WaitingPlace.edition_id).where(WaitingPlace.person_id == taker)
    session.execute(
        update(WaitingPlace).where(WaitingPlace.person_id == giver, WaitingPlace.edition_id.not_in(waits)).values(person_id=taker)
    )
    taken = select(Enrolment.course_id).where(Enrolment.person_id == taker, Enrolment.left_at.is_(None))
    of_those = select(Edition.id).where(Edition.course_id.in_(taken))
    session.execute(delete(WaitingPlace).where(WaitingPlace.person_id == taker, WaitingPlace.edition_id.in_(of_those)))
    session.execute(delete(WaitingPlace).where(WaitingPlace.person_id == giver))
