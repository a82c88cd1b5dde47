"""Reads and writes the takes of a course, and decisions on the completion of superseded ones (spec/compulsory 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, insert, literal, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from courses.kinds import COURSE_KINDS, ActivityPublisher, SubmittedWork
from courses.models import Course, CourseVersion
from courses.versions import get_outline
from enrolments import learners
from enrolments.access import CompletionReviewContext
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.editions import end_requests_of_learners, give_up_place
from enrolments.models import Completion, CompletionReview, Edition, Enrolment, GroupMember, TakeCause
from enrolments.notices import ENROLMENT_NOTICE
from enrolments.progress import lock_enrolment, record_completion
from enrolments.rules import evaluate_completion
from kernel import audit
from kernel.db import count_rows, shared_alias
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import _, choose, in_every_language
from kernel.own_records import is_own
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """The time in which a learner renews what they completed: from its opening on, through the grace and after expiry."""

    opens_at: datetime


class TakeRefusal(StrEnum):
    """The reasons why no further take may begin now."""

    NOT_PUBLISHED = "not_published"
    ARCHIVED = "archived"
    NO_WINDOW = "no_window"
    """Nothing asks the learner for it now; staff may begin one at any time."""
    WORK_OPEN = "work_open"
    """An attempt of the present take is in progress."""


class EnrolmentObstacle(StrEnum):
    """The reasons why somebody who has to take a course cannot be enrolled in it now."""

    UNPUBLISHED = "unpublished"
    """It is not published, or not yet in the version that is asked."""
    ARCHIVED = "archived"
    NOT_AGREED = "not_agreed"
    """It takes nobody by itself, and its team has not agreed, or not any more."""
    EDITION_CLOSED = "edition_closed"
    EDITION_FULL = "edition_full"
    WORK_OPEN = "work_open"
    """An attempt or a task of the present take is in progress: the next take waits for it."""


@dataclass(frozen=True, slots=True)
class RequiredCourse:
    """The course that people have to take: in which edition, if it is one of this course, and in which version at the lowest."""

    course_id: int
    edition_id: int | None = None
    lowest: int = 0
    is_agreed: bool = True
    """Its team agreed that these people are enrolled, or they could enrol themselves."""


@dataclass(frozen=True, slots=True)
class LeavingObstacle:
    """The reason why a learner cannot leave a course: its title by language, and by what addresses name it."""

    title: Mapping[str, str]
    uuid: UUID


def may_begin_take(
    cause: TakeCause, window: RenewalWindow | None, *, is_published: bool, is_archived: bool, has_open_work: bool, now: datetime
) -> TakeRefusal | None:
    """Return why a further take may not begin now, or nothing.

    Staff begin one at any time, learners and obligations from the opening of a renewal window on.
    """
    if not is_published:
        return TakeRefusal.NOT_PUBLISHED
    if is_archived:
        return TakeRefusal.ARCHIVED
    if cause is not TakeCause.STAFF and (window is None or now < window.opens_at):
        return TakeRefusal.NO_WINDOW
    return TakeRefusal.WORK_OPEN if has_open_work else None


_Other, _Completed = shared_alias(Enrolment), shared_alias(Completion)


def completed_in_any_take() -> ColumnElement[datetime | None]:
    """Return when the person of an `enrolment` completed the course: in this take, else last in one before.

    The statement joins the `completion` of the enrolment.
    """
    earlier = (
        select(func.max(_Completed.completed_at))
        .join(_Other, _Other.id == _Completed.enrolment_id)
        .where(_Other.person_id == Enrolment.person_id, _Other.course_id == Enrolment.course_id)
        .correlate(Enrolment)
    )
    return func.coalesce(Completion.completed_at, case((Enrolment.take > 1, earlier.scalar_subquery())))


TakeRow = Row[*tuple[Any, ...]]
"""One take of a course by a person: `enrolment_id`, `version_id`, `take`, `since`, `is_present`, `done`, `total` and `completed_at`."""


def list_takes(session: Session, person_id: int, course_id: int) -> Sequence[TakeRow]:
    """List a person's takes of a course, the newest first."""
    statement = (
        select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.course_version_id.label("version_id"),
            Enrolment.take,
            Enrolment.enrolled_at.label("since"),
            Enrolment.superseded_at.is_(None).label("is_present"),
            Enrolment.done,
            Enrolment.total,
            Completion.completed_at,
        )
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.course_id == course_id)
        .order_by(Enrolment.take.desc())
    )
    return session.execute(statement).all()


def list_submitted(session: Session, enrolment_id: int) -> dict[str, Sequence[SubmittedWork]]:
    """List the submitted activities in a take of a course, by activity key: where its learner reviews each."""
    submitted: dict[str, Sequence[SubmittedWork]] = {}
    for publisher in COURSE_KINDS.of(session).publishers:
        submitted |= publisher.submitted(session, enrolment_id)
    return submitted


def find_obstacle(session: Session, required: RequiredCourse, *, now: datetime) -> EnrolmentObstacle | None:
    """Return why nobody can be enrolled now in a course that people have to take, or nothing."""
    course = session.get_one(Course, required.course_id, populate_existing=True)
    published = None if course.published_version_id is None else session.get_one(CourseVersion, course.published_version_id)
    if published is None or published.number < required.lowest:
        return EnrolmentObstacle.UNPUBLISHED
    if course.archived_at is not None:
        return EnrolmentObstacle.ARCHIVED
    if not required.is_agreed:
        return EnrolmentObstacle.NOT_AGREED
    edition = None if required.edition_id is None else session.get_one(Edition, required.edition_id, populate_existing=True)
    if edition is None or edition.course_id != course.id:
        return None
    is_over = edition.ends_at is not None and edition.ends_at <= now
    return EnrolmentObstacle.EDITION_CLOSED if is_over or edition.closed_at is not None else None


REFUSALS = {
    TakeRefusal.NOT_PUBLISHED: N_("Learners can only take this course once it is published."),
    TakeRefusal.ARCHIVED: N_("This course is archived and closed to new enrolments."),
    TakeRefusal.NO_WINDOW: N_("This course cannot be renewed yet."),
    TakeRefusal.WORK_OPEN: N_("An attempt at a quiz of this course is in progress. It must be submitted first."),
}


class TakeNotAllowed(Conflict):
    """Refusal to begin a further take now; the facts say why."""

    code = "cannot_retake"
    message = N_("This course cannot be taken again now.")


class TakeSuperseded(Conflict):
    """A further take of the course began in the same instant: what is started belongs to that one."""

    message = N_("You now take this course again from the beginning. Open the course page and start from there.")


def require_present_take(session: Session, enrolment_id: int | None) -> None:
    """Raise TakeSuperseded where an enrolment is not the present take any more.

    Its caller holds the turn of its learner (`enrolments.learners.lock_enrolment_turn`), so that no further take begins meanwhile.
    """
    superseded = select(Enrolment.id).where(Enrolment.id == enrolment_id, Enrolment.superseded_at.is_not(None))
    if enrolment_id is not None and session.scalar(superseded) is not None:
        raise TakeSuperseded


def find_refusal(
    session: Session, enrolment: Enrolment, cause: TakeCause, window: RenewalWindow | None = None, *, now: datetime
) -> TakeRefusal | None:
    """Return why the take after an enrolment may not begin now, or nothing."""
    course = session.get_one(Course, enrolment.course_id)
    return may_begin_take(
        cause,
        window,
        is_published=course.published_version_id is not None,
        is_archived=course.archived_at is not None,
        has_open_work=any(publisher.has_open_work(session, enrolment.id) for publisher in _publishers(session)),
        now=now,
    )


def _publishers(session: Session) -> Sequence[ActivityPublisher]:
    return COURSE_KINDS.of(session).publishers


def begin_take(
    session: Session,
    actor: Actor,
    before: Enrolment,
    cause: TakeCause,
    reason: str = "",
    *,
    window: RenewalWindow | None = None,
    now: datetime,
) -> Enrolment:
    """Let a person take a course again, in its published version; raise TakeNotAllowed. A second time returns the take that has begun.

    The take before ends, where its learner has not left, and is superseded. Groups are carried over; editions, results and what was set
    in quizzes for the learner alone are not. Only what staff begin is told to the learner here: an obligation has notices of its own.
    """
    learners.lock_enrolment_turn(session, before.person_id)
    row = session.get_one(Enrolment, before.id, with_for_update=True, populate_existing=True)
    if row.superseded_at is not None:
        return cast("Enrolment", learners.find_enrolment(session, row.person_id, row.course_id))
    refusal = find_refusal(session, row, cause, window, now=now)
    if refusal is not None:
        raise TakeNotAllowed(REFUSALS[refusal], reason=refusal.value)
    take = _follow_up(session, row, cause, now=now)
    version = get_outline(session, take.course_version_id).number
    audit.record(
        session,
        actor,
        EnrolmentVerb.RETAKEN,
        take,
        now=now,
        take=take.take,
        cause=cause.value,
        before=row.id,
        version=version,
        reason=reason,
    )
    for publisher in _publishers(session):
        publisher.end_personal(session, actor, row.id, now)
    give_up_place(session, actor, row, now=now)
    if cause is TakeCause.STAFF and not is_own(actor, take.person_id):
        _notify(session, take, now=now)
    return take


def _follow_up(session: Session, row: Enrolment, cause: TakeCause, *, now: datetime) -> Enrolment:
    """Supersede an enrolment and add the next take, in the groups of the one before."""
    row.superseded_at, row.left_at = now, row.left_at or now
    session.flush()  # one take at a time is the present one
    version_id = cast("int", session.get_one(Course, row.course_id).published_version_id)
    take = Enrolment(
        person_id=row.person_id,
        course_id=row.course_id,
        course_version_id=version_id,
        take=row.take + 1,
        cause=cause.value,
        enrolled_at=now,
        muted_at=row.muted_at,
        done=0,
        total=sum(activity.required for activity in get_outline(session, version_id).activities()),
    )
    session.add(take)
    session.flush()  # its groups name it
    groups = select(GroupMember.group_id, literal(take.id), literal(now, GroupMember.added_at.type))
    names = ["group_id", "enrolment_id", "added_at"]
    session.execute(insert(GroupMember).from_select(names, groups.where(GroupMember.enrolment_id == row.id)))
    end_requests_of_learners(session, row.course_id, [row.person_id], now=now)
    return take


def _notify(session: Session, take: Enrolment, *, now: datetime) -> None:
    course = session.get_one(Course, take.course_id)
    message = Message(
        ENROLMENT_NOTICE,
        key=f"retaken:{take.uuid}",
        subject=in_every_language(lambda: _("You are to take “%(title)s” again", title=choose(course.title))),
        words=in_every_language(lambda: _("Open the course to get started. Your earlier results and certificates are kept.")),
        path=f"/courses/{course.slug}",
    )
    notices.notify(session, message, [take.person_id], now=now)


def transfer_takes(session: Session, course_id: int, giver: int, taker: int) -> None:
    """Transfer a person's takes of a course to another: results, completion, groups and place go with each.

    Where the other took it too, all are numbered in the order of enrolling, and the last is the present one (spec/compulsory 6.7).
    """
    of_both = select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.person_id.in_((giver, taker)))
    takes = session.scalars(of_both.order_by(Enrolment.enrolled_at, Enrolment.id).with_for_update()).all()
    if any(row.person_id == taker for row in takes) and any(row.person_id == giver for row in takes):
        _put_in_order(session, takes)
    for row in takes:
        row.person_id = taker
    session.flush()


def _put_in_order(session: Session, takes: Sequence[Enrolment]) -> None:
    """Supersede all but the last of two people's takes of a course, and number them from 1."""
    highest = max(row.take for row in takes) + len(takes)
    for number, (row, following) in enumerate(pairwise(takes), start=1):
        row.superseded_at = row.superseded_at or following.enrolled_at
        row.left_at = row.left_at or row.superseded_at
        row.take = highest + number
    takes[-1].take = highest + len(takes)
    session.flush()  # a number is given once, also on the way
    for number, row in enumerate(takes, start=1):
        row.take = number


def count_open_completion_reviews(session: Session) -> int:
    """Count the takes that wait for a decision."""
    return count_rows(session, CompletionReview, CompletionReview.settled_at.is_(None))


def list_open_completion_reviews(
    session: Session, *, offset: int, limit: int
) -> Sequence[Row[CompletionReview, Enrolment, Course, Person]]:
    """List the takes that would have been completed and wait for a decision, with their courses and learners, the oldest first."""
    statement = (
        select(CompletionReview, Enrolment, Course, Person)
        .join(Enrolment, Enrolment.id == CompletionReview.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(CompletionReview.settled_at.is_(None))
        .order_by(CompletionReview.id)
        .offset(offset)
        .limit(limit)
    )
    return session.execute(statement).all()


def lock_completion_review(session: Session, _actor: Actor, review: UUID) -> CompletionReviewContext:
    """Return a take to decide on, its review locked; raise NotFound."""
    row = require_found(session.scalar(select(CompletionReview).where(CompletionReview.uuid == review).with_for_update()))
    return CompletionReviewContext(row, session.get_one(Enrolment, row.enrolment_id).person_id)


def settle_review(session: Session, actor: Actor, row: CompletionReview, reason: str, *, records: bool, now: datetime) -> None:
    """Record the completion of a superseded take, with its certificate, or leave it as it is; raise Conflict.

    A completion is recorded only while the results still suffice.
    """
    if row.settled_at is not None:
        raise Conflict(N_("This has already been decided."))
    locked = lock_enrolment(session, row.enrolment_id)
    row.settled_at, row.settled_by, row.recorded, row.reason = now, actor.person_id, records, reason
    facts = {"recorded": records, "reason": reason, "enrolment": row.enrolment_id}
    audit.record(session, actor, EnrolmentVerb.COMPLETION_SETTLED, row, now=now, **facts)
    if records and not locked.is_completed:
        outline = get_outline(session, locked.enrolment.course_version_id)
        if not evaluate_completion(outline, locked.results(), now).completed:
            raise Conflict(N_("The results no longer complete the course."))
        record_completion(session, actor, locked.enrolment, outline, row.achieved_at, now=now)
