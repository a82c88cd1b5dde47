"""Moderation: posts hidden and shown, first posts released, reports made and decided, and the board's log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from discussions import posts
from discussions.access import GONE, PostContext
from discussions.boards import audience
from discussions.models import Board, HideClass, PostReport, PostState, Thread, ThreadPost
from kernel import outbox
from kernel.audit import AuditEntry, Fact, Verb
from kernel.errors import N_, Conflict, OwnRecord
from kernel.i18n import format_time
from kernel.permissions import Actor

MOST_WAITING = 100
CLASSES = {
    HideClass.OFFENSIVE: N_("Offensive"),
    HideClass.ADVERTISING: N_("Advertising"),
    HideClass.PERSONAL_DATA: N_("Personal data"),
    HideClass.OFF_TOPIC: N_("Out of place"),
    HideClass.OTHER: N_("Other"),
}


class ModerationVerb(
    Verb,
    facts={
        "class": Fact(N_("Kind of reason"), values=CLASSES),
        "decision": N_("Decision"),
        "reports": N_("Reports of the post"),
    },
):
    """The audit verbs of moderation; what a post says is never recorded."""

    HIDDEN = "post.hidden", N_("Hid a post")
    SHOWN = "post.shown", N_("Showed a hidden post again")
    RELEASED = "post.released", N_("Released a first post")
    REPORTED = "post.reported", N_("Reported a post")
    DECIDED = "post.decided", N_("Decided on the reports of a post")


class PostDecided(Conflict):
    """Another moderator decided before."""

    message = N_("%(name)s decided this already, at %(time)s.")


class AlreadyReported(Conflict):
    """Somebody reports a post a second time."""

    message = N_("You have reported this post already.")


def report_post(session: Session, actor: Actor, context: PostContext, report_class: HideClass, note: str, *, now: datetime) -> None:
    """Report a post to the moderators of its board, once a person. Raise AlreadyReported or PostGone."""
    thread, act = posts.begin_on_post(session, actor, context, now=now)
    post = act.row
    if post.state != PostState.VISIBLE:
        raise posts.PostGone
    if posts.was_reported(session, actor, [post.id]):
        raise AlreadyReported
    session.add(PostReport(post_id=post.id, person_id=actor.person_id, report_class=report_class.value, note=note, at=now))
    act.note(ModerationVerb.REPORTED, **{"class": report_class.value})
    outbox.enqueue(session, "discussions.notify_moderators", {"thread": thread.id, "post": post.id}, now=now)


def _check_not_own(session: Session, actor: Actor, context: PostContext, post: ThreadPost) -> None:
    """Raise OwnRecord where the actor would decide on their own post, or as a moderator on an administrator's or another moderator's."""
    board = context.board
    if post.person_id is None:
        return
    if post.person_id == actor.person_id:
        raise OwnRecord
    if actor.is_administrator or context.stands_in:
        return
    moderates = audience(session.info, "moderates", literal(post.person_id)).label("moderates")
    decides = audience(session.info, "administers", literal(actor.person_id)).label("decides")
    row = session.execute(select(moderates, decides).select_from(Board).where(Board.id == board.id)).one()
    if row.moderates and not row.decides:
        raise OwnRecord


def decide(
    session: Session, actor: Actor, context: PostContext, *, hide_class: HideClass | None, reason: str, version: int, now: datetime
) -> None:
    """Decide on a post and all reports of it: hide it for a reason, or keep it.

    Raise PostDecided where the post is not the version `version` any more, OwnRecord where the actor may not judge it.
    """
    thread, act = posts.begin_on_post(session, actor, context, now=now)
    post = act.row
    _check_not_own(session, actor, context, post)
    if post.row_version != version or post.state in GONE:
        raise decided_before(session, post)
    reports = session.scalars(select(PostReport).where(PostReport.post_id == post.id, PostReport.decision == "").with_for_update()).all()
    for row in reports:
        row.decision, row.decided_by, row.decided_at = ("hidden" if hide_class else "kept"), actor.person_id, now
    act.take_notices_back(f"post:{post.key}:moderation:")
    if hide_class is not None:
        posts.set_state(act, PostState.HIDDEN)
        post.hide_class, post.reason = hide_class.value, reason
        posts.take_from_view(thread, act)
        act.note(ModerationVerb.HIDDEN, reason=reason, **{"class": hide_class.value})
    else:
        act.change({"state_at": now, "state_by": actor.person_id}, also=True)
    if reports:
        act.note(ModerationVerb.DECIDED, decision="hidden" if hide_class else "kept", reports=len(reports))
    if reports or hide_class:
        outbox.enqueue(session, "discussions.notify_decision", {"post": post.id, "reports": [row.id for row in reports]}, now=now)


def decided_before(session: Session, post: ThreadPost) -> PostDecided:
    """Return the refusal of a second decision, which says who took the first and when."""
    person = session.get(Person, post.state_by) if post.state_by else None
    return PostDecided(name=person.full_name if person else "", time=format_time(post.state_at) if post.state_at else "")


def show(session: Session, actor: Actor, context: PostContext, *, version: int, now: datetime) -> None:
    """Show a hidden post again, or release one that waits. Raise PostDecided or OwnRecord."""
    thread, act = posts.begin_on_post(session, actor, context, now=now)
    post = act.row
    _check_not_own(session, actor, context, post)
    if post.row_version != version or post.state not in (PostState.HIDDEN, PostState.WAITING):
        raise decided_before(session, post)
    verb = ModerationVerb.RELEASED if post.state == PostState.WAITING else ModerationVerb.SHOWN
    post.hide_class, post.reason = "", ""
    posts.show_again(thread, act)
    if verb is ModerationVerb.RELEASED:
        act.take_notices_back(f"post:{post.key}:moderation:")
        outbox.enqueue(session, "discussions.notify_released", {"post": post.id}, now=now)
    act.note(verb)


def shows_reports(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `ThreadPost` that a moderator may learn of its reports: never of those of their own posts."""
    return ThreadPost.person_id.is_distinct_from(actor.person_id)


REPORT_VERBS = (ModerationVerb.REPORTED.value, ModerationVerb.DECIDED.value)
"""Verbs of which an entry says that a post was reported."""


def hides_no_report(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on audit entries that an actor may read them: none says that a post of theirs was reported."""
    own = select(ThreadPost.id).where(ThreadPost.person_id == actor.person_id)
    return or_(AuditEntry.verb.not_in(REPORT_VERBS), AuditEntry.subject_id.not_in(own))


def _waiting(actor: Actor) -> Any:
    reported = exists().where(PostReport.post_id == ThreadPost.id, PostReport.decision == "")
    is_reported = and_(ThreadPost.state == PostState.VISIBLE.value, reported, shows_reports(actor))
    return or_(is_reported, ThreadPost.state == PostState.WAITING.value)


def count_waiting(session: Session, actor: Actor, boards: Sequence[int]) -> dict[int, Row[*tuple[Any, ...]]]:
    """Return by board how many posts wait for a moderator, and since when the oldest and the newest."""
    statement = select(Thread.board_id, func.count(), func.min(ThreadPost.written_at), func.max(ThreadPost.written_at))
    waiting = statement.join(ThreadPost, ThreadPost.thread_id == Thread.id).where(Thread.board_id.in_(boards), _waiting(actor))
    return {row[0]: row for row in session.execute(waiting.group_by(Thread.board_id))}


def list_queue(session: Session, actor: Actor, board_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List what waits for a board's moderators, the oldest first: post, thread, author, how many of theirs were hidden before."""
    earlier, of = aliased(ThreadPost), aliased(Thread)
    hidden = (
        select(func.count()).select_from(earlier).join(of, of.id == earlier.thread_id)
        .where(of.board_id == board_id, earlier.person_id == ThreadPost.person_id, earlier.hide_class != "")
        .scalar_subquery().label("hidden_before")
    )  # fmt: skip
    statement = (
        select(ThreadPost, Thread, Person, hidden)
        .join(Thread, Thread.id == ThreadPost.thread_id)
        .outerjoin(Person, Person.id == ThreadPost.person_id)
    )
    return session.execute(statement.where(Thread.board_id == board_id, _waiting(actor)).order_by(ThreadPost.id).limit(MOST_WAITING)).all()


def list_reports(session: Session, actor: Actor, post_ids: Sequence[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the open reports of some posts with who made them, for a moderator; none of the moderator's own posts."""
    statement = select(PostReport, Person).join(Person, Person.id == PostReport.person_id)
    statement = statement.join(ThreadPost, ThreadPost.id == PostReport.post_id).where(shows_reports(actor))
    return session.execute(statement.where(PostReport.post_id.in_(post_ids), PostReport.decision == "").order_by(PostReport.id)).all()


def list_log(session: Session, actor: Actor, board_id: int, *, offset: int, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the acts on a board's threads and posts, and on the board, the latest first, with who acted and on what."""
    threads = select(Thread.id).where(Thread.board_id == board_id)
    post_ids = select(ThreadPost.id).where(ThreadPost.thread_id.in_(threads))
    of = {
        "board": (AuditEntry.subject_id == board_id),
        "thread": AuditEntry.subject_id.in_(threads),
        "thread_post": AuditEntry.subject_id.in_(post_ids),
    }
    about = or_(*(and_(AuditEntry.subject_kind == kind, condition) for kind, condition in of.items()))
    public = and_(AuditEntry.verb != ModerationVerb.REPORTED.value, hides_no_report(actor))
    statement = select(AuditEntry, Person, Thread, ThreadPost).outerjoin(Person, Person.id == AuditEntry.actor_id)
    of_post = and_(AuditEntry.subject_kind == "thread_post", ThreadPost.id == AuditEntry.subject_id)
    of_thread = or_(and_(AuditEntry.subject_kind == "thread", Thread.id == AuditEntry.subject_id), Thread.id == ThreadPost.thread_id)
    statement = statement.outerjoin(ThreadPost, of_post).outerjoin(Thread, of_thread).where(about, public)
    return session.execute(statement.order_by(AuditEntry.id.desc()).offset(offset).limit(limit)).all()


def forget_reports_before(session: Session, moment: datetime) -> int:
    """Delete the reports that were decided before a moment; return how many."""
    return len(session.scalars(delete(PostReport).where(PostReport.decided_at < moment).returning(PostReport.id)).all())
