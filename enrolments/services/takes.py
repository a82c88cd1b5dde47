"""Taking a course again: a further take begins as a clean sheet, the one before stays whole (spec/compulsory 6)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import cast

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.kinds import ActivityPublisher, CourseKinds
from courses.models import Course
from courses.versions import get_outline
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import Enrolment, GroupMember, TakeCause
from enrolments.queries import learning as queries
from enrolments.services.editions import end_requests_of_learners, give_up_place
from enrolments.take_rules import RenewalWindow, TakeRefusal, may_begin_take
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, in_every_language
from kernel.own_records import is_own
from kernel.permissions import Actor

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

    code = "take_superseded"
    message = N_("You now take this course again from the beginning. Open the course page and start from there.")


def require_present_take(session: Session, enrolment_id: int | None) -> None:
    """Raise TakeSuperseded where an enrolment is not the present take any more.

    Its caller holds the turn of its learner (`enrolments.queries.learning.lock_enrolment_turn`), so that no further take begins meanwhile.
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
    return cast("CourseKinds", session.info["kinds"]).publishers


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
    queries.lock_enrolment_turn(session, before.person_id)
    row = session.get_one(Enrolment, before.id, with_for_update=True, populate_existing=True)
    if row.superseded_at is not None:
        return cast("Enrolment", queries.find_enrolment(session, row.person_id, row.course_id))
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
        NoticeKind.ENROLMENT,
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
