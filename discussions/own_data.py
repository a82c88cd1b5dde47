"""The tables that the copy of a person's data has of discussions, and what becomes of posts when their account is deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, literal, or_, select
from sqlalchemy.orm import Session

from accounts.models import Notification, Person
from accounts.names import GONE
from discussions import posts
from discussions.boards import readable_threads
from discussions.models import Board, PostDraft, PostFile, PostReport, PostRevision, PostState, Subscription, Thread, ThreadPost
from kernel.errors import N_
from kernel.files import StoredFile
from kernel.permissions import SYSTEM
from kernel.personal import ErasureQuestion
from spaces.acts import SpaceAct

PORTION = 500


def own_tables(session: Session, person_id: int, *, now: datetime) -> Mapping[str, list[dict[str, Any]]]:
    """Return a person's posts with former texts, drafts, subscriptions and reports; of others the titles of threads they still read."""
    return {name: [dict(row._mapping) for row in session.execute(statement)] for name, statement in _statements(session, person_id).items()}


def _statements(session: Session, person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return the statement of each table."""
    is_readable = exists().where(Board.id == Thread.board_id, readable_threads(session.info, literal(person_id))).correlate(Thread)
    title = case((is_readable, Thread.title), (Thread.person_id == person_id, Thread.title), else_="").label("thread")
    is_shown = ThreadPost.state != PostState.ERASED.value
    written: Select[*tuple[Any, ...]] = (
        select(
            title,
            ThreadPost.key,
            ThreadPost.number,
            ThreadPost.state,
            ThreadPost.source,
            ThreadPost.written_at,
            ThreadPost.edited_at,
            ThreadPost.reason,
        )
        .join(Thread, Thread.id == ThreadPost.thread_id)
        .where(ThreadPost.person_id == person_id, is_shown)
        .order_by(ThreadPost.id)
    )
    former: Select[*tuple[Any, ...]] = (
        select(ThreadPost.key, PostRevision.number, PostRevision.source, PostRevision.at)
        .join(ThreadPost, ThreadPost.id == PostRevision.post_id)
        .where(ThreadPost.person_id == person_id)
        .order_by(ThreadPost.id, PostRevision.number)
    )
    drafts: Select[*tuple[Any, ...]] = select(PostDraft.title, PostDraft.source, PostDraft.reason, PostDraft.changed_at).where(
        PostDraft.person_id == person_id
    )
    followed: Select[*tuple[Any, ...]] = (
        select(title, Subscription.level, Subscription.read_number)
        .outerjoin(Thread, Thread.id == Subscription.thread_id)
        .where(Subscription.person_id == person_id)
    )
    reports: Select[*tuple[Any, ...]] = (
        select(
            ThreadPost.key.label("post"),
            PostReport.report_class,
            PostReport.note,
            PostReport.at,
            PostReport.decision,
            PostReport.decided_at,
        )
        .join(ThreadPost, ThreadPost.id == PostReport.post_id)
        .where(PostReport.person_id == person_id)
    )
    files: Select[*tuple[Any, ...]] = (
        select(ThreadPost.key.label("post"), PostFile.number, PostFile.name, PostFile.alternative)
        .join(ThreadPost, ThreadPost.id == PostFile.post_id)
        .where(ThreadPost.person_id == person_id, is_shown)
        .order_by(ThreadPost.id, PostFile.number)
    )
    return {
        "posts": written,
        "post_revisions": former,
        "post_files": files,
        "post_drafts": drafts,
        "subscriptions": followed,
        "post_reports": reports,
    }


def list_own_files(session: Session, person_id: int) -> list[tuple[str, str]]:
    """List the files that a person attached to posts: the path in the copy, and the content's SHA-256."""
    statement = (
        select(ThreadPost.key, PostFile.number, PostFile.name, StoredFile.sha256)
        .join(PostFile, PostFile.post_id == ThreadPost.id)
        .join(StoredFile, StoredFile.id == PostFile.stored_file_id)
        .where(ThreadPost.person_id == person_id, ThreadPost.state != PostState.ERASED.value)
    )
    return [(f"files/{row.key}/{row.number}-{row.name}", row.sha256) for row in session.execute(statement.order_by(PostFile.id))]


def follow_answer(session: Session, person_id: int, answer: str, *, now: datetime) -> None:
    """Erase what a person wrote who deletes their account and wants it, also in boards that they left; else their texts stay.

    Notifications of what stays name them no more.
    """
    if answer != "withdraw":
        _take_name_out(session, session.get_one(Person, person_id))
        return
    shown = (ThreadPost.person_id == person_id, ThreadPost.state == PostState.VISIBLE.value)
    for post in session.scalars(select(ThreadPost).where(*shown).order_by(ThreadPost.thread_id, ThreadPost.id)).all():
        thread = posts.lock_thread(session, post.thread_id)
        posts.withdraw_locked(thread, SpaceAct(session, SYSTEM, now, post, post, above=(thread,)))
    written = session.scalars(select(ThreadPost.id).where(ThreadPost.person_id == person_id)).all()
    for start in range(0, len(written), PORTION):
        posts.erase_texts(session, written[start : start + PORTION], now=now)
    posts.erase_titles(session, person_id, now=now)


def _take_name_out(session: Session, person: Person) -> None:
    """Take a person's name out of what others were notified of: their posts, their answers, and answers that they accepted."""
    accepted = and_(Thread.person_id == person.id, Thread.accepted == ThreadPost.number)
    statement = select(ThreadPost.key, Thread.key.label("thread")).join(Thread, Thread.id == ThreadPost.thread_id)
    rows = session.execute(statement.where(or_(ThreadPost.person_id == person.id, accepted))).all()
    keys = [f"post:{row.key}:{what}" for row in rows for what in ("mention", "asked", "announced", "accepted")]
    for start in range(0, len(keys), PORTION):
        _reword(session, person, Notification.key.in_(keys[start : start + PORTION]))
    for thread in {row.thread for row in rows}:
        _reword(session, person, Notification.key.between(f"thread:{thread}:answers:", f"thread:{thread}:answers;"))


def _reword(session: Session, person: Person, which: ColumnElement[bool]) -> None:
    for row in session.scalars(select(Notification).where(which)).all():
        row.words = {language: text.replace(person.full_name, " ".join(GONE)) for language, text in row.words.items()}


ERASURE_QUESTION = ErasureQuestion(
    ThreadPost.person_id,
    N_("What should become of the posts, pages and files that you shared with others?"),
    {"keep": N_("Keep them, without my name"), "withdraw": N_("Withdraw all of them")},
    follow_answer,
)
