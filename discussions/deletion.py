"""The end of boards whose owner is deleted: what notifies of them is taken back, and they go in portions with all that was written."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts.models import Notification
from discussions import posts
from discussions.files import delete_files
from discussions.models import Board, BoardRead, PostDraft, PostFile, PostReport, PostRevision, Subscription, Thread, ThreadPost
from discussions.notices import KINDS
from kernel.search import index

PORTION = 200


def take_notices_back(session: Session, boards: Collection[int]) -> None:
    """Take the notifications of what is on some boards back, with the mails that wait."""
    threads = select(Thread.id).where(Thread.board_id.in_(boards))
    kinds = Notification.kind.in_([kind.value for kind in KINDS])
    session.execute(delete(Notification).where(kinds, Notification.about_id.in_(threads)))


def delete_portion(session: Session, board_id: int, *, now: datetime) -> bool:
    """Delete a portion of what is on a board that nobody finds any more; return whether there was anything.

    What is done stays done: after a kill the next call goes on. The board itself goes last, with `delete_board`.
    """
    drafts = session.scalars(select(PostDraft.id).where(PostDraft.board_id == board_id).limit(PORTION)).all()
    if drafts:
        delete_files(session, PostFile.draft_id.in_(drafts), now=now)
        session.execute(delete(PostDraft).where(PostDraft.id.in_(drafts)))
        return True
    number = session.scalar(select(Thread.id).where(Thread.board_id == board_id).order_by(Thread.id).limit(1))
    if number is None:
        return False
    thread = posts.lock_thread(session, number)
    rows = session.execute(select(ThreadPost.id, ThreadPost.key).where(ThreadPost.thread_id == number).limit(PORTION)).all()
    _delete_posts(session, thread, {row.id: row.key for row in rows}, now=now)
    if len(rows) < PORTION:
        take_notices_back(session, [board_id])
        session.execute(delete(Subscription).where(Subscription.thread_id == number))
        session.execute(update(Thread).where(Thread.continued_id == number).values(continued_id=None))
        session.execute(delete(Thread).where(Thread.id == number))
    return True


def _delete_posts(session: Session, thread: Thread, keys: dict[int, str], *, now: datetime) -> None:
    delete_files(session, PostFile.post_id.in_(keys), now=now)
    for key in keys.values():
        index.forget_entry(session, thread.board_id, thread.id, key, collection=posts.COLLECTION)
    for table in (PostRevision, PostReport):
        session.execute(delete(table).where(table.post_id.in_(keys)))
    session.execute(delete(ThreadPost).where(ThreadPost.id.in_(keys)))


def delete_board(session: Session, board_id: int) -> None:
    """Delete a board on which nothing is left, whose owner's row is gone."""
    index.forget(session, [board_id], collection=posts.COLLECTION)
    for table in (Subscription, BoardRead):
        session.execute(delete(table).where(table.board_id == board_id))
    session.execute(delete(Board).where(Board.id == board_id))
