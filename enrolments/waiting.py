"""Work that waits for a course's team among its learners: editions, people without a place, lists to confirm, mistakes, discussions."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from courses.waiting import TeamCourse, WaitingItem, edited, list_unconfirmed, unconfirmed_item
from discussions import moderation
from discussions.models import Board, BoardState, PostState, Thread, ThreadKind, ThreadPost
from enrolments.mistakes import list_open
from enrolments.models import CourseBoard, CourseThread, Edition, PendingEnrolmentList, PendingMarkFile, WaitingPlace
from kernel.i18n import _, format_date, ngettext
from kernel.permissions import Actor

SOON = timedelta(days=14)
MOST_EDITIONS = 200


def waiting_editions(session: Session, actor: Actor, courses: Sequence[TeamCourse], now: datetime) -> Iterator[WaitingItem]:
    """Name the editions that begin or end within two weeks, and those for which people wait."""
    mine = edited(actor, courses)
    if not mine:
        return
    soon = [moment.between(now, now + SOON) for moment in (Edition.starts_at, Edition.ends_at)]
    goes_on = or_(Edition.ends_at.is_(None), Edition.ends_at > now)
    statement = (
        select(
            *(Edition.course_id, Edition.uuid, Edition.name, Edition.starts_at, Edition.ends_at),
            *(func.count(WaitingPlace.id), func.min(WaitingPlace.since), func.max(WaitingPlace.since)),
        )
        .outerjoin(WaitingPlace, WaitingPlace.edition_id == Edition.id)
        .where(Edition.course_id.in_(mine), goes_on, or_(*soon, WaitingPlace.id.is_not(None)))
        .group_by(Edition.id)
        .order_by(Edition.id)
        .limit(MOST_EDITIONS)
    )
    for course_id, edition, name, starts_at, ends_at, waiting, since, latest in session.execute(statement):
        course = mine[course_id]
        path = f"/teaching/{course.slug}/editions/{edition}"
        if waiting:
            yield WaitingItem(course, partial(_places, name, waiting), path, since, latest)
        for moment, write in ((starts_at, _begins), (ends_at, _ends)):
            if moment is not None and now <= moment <= now + SOON:
                yield WaitingItem(course, partial(write, name, moment), path, moment - SOON, moment - SOON, is_dated=True)


def _places(name: str, count: int) -> str:
    return ngettext(
        "%(count)s person is waiting for a place in “%(edition)s”",
        "%(count)s people are waiting for a place in “%(edition)s”",
        count,
        edition=name,
    )


def _begins(name: str, moment: datetime) -> str:
    return _("The edition “%(edition)s” begins on %(day)s", edition=name, day=format_date(moment))


def _ends(name: str, moment: datetime) -> str:
    return _("The edition “%(edition)s” ends on %(day)s", edition=name, day=format_date(moment))


def waiting_lists(session: Session, actor: Actor, courses: Sequence[TeamCourse], now: datetime) -> Iterator[WaitingItem]:
    """Name the lists of people that the actor uploaded and has not confirmed."""
    mine, table = edited(actor, courses), PendingEnrolmentList
    for row in list_unconfirmed(session, actor, table, now, table.course_id.in_(mine), table.confirmed_at.is_(None)) if mine else ():
        course = mine[row.course_id]
        yield unconfirmed_item(course, row, f"/teaching/{course.slug}/learners/lists/{row.uuid}")


def waiting_mark_files(session: Session, actor: Actor, courses: Sequence[TeamCourse], now: datetime) -> Iterator[WaitingItem]:
    """Name the files of marks that the actor uploaded and has not confirmed."""
    mine, table = edited(actor, courses), PendingMarkFile
    for row in list_unconfirmed(session, actor, table, now, table.course_id.in_(mine), table.confirmed_at.is_(None)) if mine else ():
        course = mine[row.course_id]
        yield unconfirmed_item(course, row, f"/teaching/{course.slug}/gradebook/mark-files/{row.uuid}")


def waiting_mistakes(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the courses with mistake reports on which nobody has decided."""
    mine = edited(actor, courses)
    for course_id, count, since, latest in list_open(session, mine) if mine else ():
        course = mine[course_id]
        yield WaitingItem(course, partial(_mistakes, count), f"/teaching/{course.slug}/mistake-reports", since, latest)


def _mistakes(count: int) -> str:
    return ngettext("%(count)s mistake report to decide on", "%(count)s mistake reports to decide on", count)


def waiting_discussions(session: Session, actor: Actor, courses: Sequence[TeamCourse], _now: datetime) -> Iterator[WaitingItem]:
    """Name the courses with questions that have no accepted answer, private ones too, and those with posts that wait for a moderator.

    There is one statement for the questions of all courses, and one more for the posts where a course has a board.
    """
    mine = {course.id: course for course in courses}
    if not mine:
        return
    is_question = or_(Thread.kind == ThreadKind.QUESTION.value, CourseThread.private)
    open_ones = (Thread.state == PostState.VISIBLE.value, Thread.locked_at.is_(None), Thread.accepted.is_(None), is_question)
    asked_at = case((and_(*open_ones), ThreadPost.written_at))
    statement = (
        select(CourseBoard.course_id, Board.id, Board.key, func.count(asked_at), func.min(asked_at), func.max(asked_at))
        .join(Board, Board.id == CourseBoard.board_id)
        .outerjoin(Thread, Thread.board_id == Board.id)
        .outerjoin(CourseThread, CourseThread.thread_id == Thread.id)
        .outerjoin(ThreadPost, and_(ThreadPost.thread_id == Thread.id, ThreadPost.number == 1))
        .where(CourseBoard.course_id.in_(mine), Board.state != BoardState.OFF.value)
        .group_by(CourseBoard.course_id, Board.id, Board.key)
    )
    rows = session.execute(statement.order_by(Board.id)).all()
    posts = moderation.count_waiting(session, actor, [row.id for row in rows]) if rows else {}
    for course_id, board, key, count, since, latest in rows:
        if count:
            yield WaitingItem(mine[course_id], partial(_questions, count), f"/discussions/boards/{key}?only=unanswered", since, latest)
        if board in posts:
            _board, waiting, first, last = posts[board]
            yield WaitingItem(mine[course_id], partial(_posts, waiting), f"/discussions/boards/{key}/moderation", first, last)


def _questions(count: int) -> str:
    return ngettext("%(count)s question without an accepted answer", "%(count)s questions without an accepted answer", count)


def _posts(count: int) -> str:
    return ngettext("%(count)s post that waits for a moderator", "%(count)s posts that wait for a moderator", count)
