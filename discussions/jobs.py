"""Background work of discussions: posts indexed and notified, moderators and reporters notified, withdrawn texts erased."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import Message
from accounts.rules import MailTime, NoticeKind
from discussions import boards, posts, subscriptions
from discussions.boards import BOARDS, THREAD_GUARDS, BoardOwner, Hooks, ThreadGuard, audience, readable_threads
from discussions.models import Board, Level, PostReport, PostState, Subscription, Thread, ThreadKind, ThreadPost
from discussions.notices import ANNOUNCEMENT_NOTICE, ANSWER_NOTICE, MENTION_NOTICE, MODERATION_NOTICE, QUESTION_NOTICE, announced_key
from discussions.threads import find_reach
from kernel import outbox
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.errors import N_
from kernel.files import files_of, forget_stored
from kernel.i18n import _, in_every_language, ngettext
from kernel.markup.passages import plain_text
from kernel.markup.posts import summary_of
from kernel.outbox import Delivery
from kernel.search import index
from kernel.search.index import Passage, SearchDocument

MOST_MODERATORS = 50
PORTION = 200
"""Members to whom an announcement is mailed by one transaction."""
MOST_AT_ONCE = 1_000
ANNOUNCE = "discussions.notify_announcement"
EXCERPT = 500
"""Characters of a post in a mail."""


def post_address(post: ThreadPost) -> str:
    """Return the permanent address of a post, which leads to its page."""
    return f"/discussions/posts/{post.key}"


def is_indexed(hooks: Hooks) -> list[ColumnElement[bool]]:
    """Return the conditions on `ThreadPost` and `Thread` that a post is found by the search."""
    shown = (ThreadPost.state == PostState.VISIBLE.value, Thread.state == PostState.VISIBLE.value)
    return [*shown, *(~guard.is_private() for guard in boards.THREAD_GUARDS.given_in(hooks))]


def entry_of(thread: Thread, post: ThreadPost) -> SearchDocument:
    """Return the search entry of a post: found by the title of its thread and by its text, in every language."""
    readers = index.readers_of(post.language, [post.language])
    lines = [line for line in plain_text(post.html).split("\n") if line.strip()]
    passages = [Passage(post.key, line) for line in lines]
    return index.entry("post", post.language, thread.title, passages, readers=readers, anchor=post.key)


def follow_post(delivery: Delivery) -> None:
    """Index a post that was written or shown again, and notify those whom it concerns; done twice it does nothing more."""
    with delivery.database.unit_of_work(write=False) as session:
        row = _find_post(session, delivery.number("post"))
        entries = [entry_of(row[0], row[1])] if row and _is_indexed(session, row[1]) else []
    if row is None:
        return
    with delivery.database.unit_of_work() as session:
        thread = posts.lock_thread(session, row[0].id)
        post = session.get_one(ThreadPost, row[1].id)
        if (thread.title, thread.state, post.row_version) != (row[0].title, row[0].state, row[1].row_version):  # changed since it was read
            entries = [entry_of(thread, post)] if _is_indexed(session, post) else []
        if post.state == PostState.WAITING:
            _notify_moderators(session, thread, post, now=delivery.now)
        if post.state != PostState.VISIBLE or thread.state != PostState.VISIBLE:
            return
        index.forget_entry(session, thread.board_id, thread.id, post.key, collection=posts.COLLECTION)
        index.write(session, thread.board_id, thread.id, entries, collection=posts.COLLECTION)
        if not delivery.find_number("is_edit"):
            notify_answer(session, thread, post, now=delivery.now)
            _notify_team(session, thread, post, now=delivery.now)
            _begin_announcement(session, thread, post, now=delivery.now)
        unticked = delivery.numbers("unticked") if "unticked" in delivery.arguments else []
        notify_mentioned(session, thread, post, delivery.numbers("mentioned"), unticked, now=delivery.now)


def _find_post(session: Session, number: int) -> tuple[Thread, ThreadPost] | None:
    statement = select(Thread, ThreadPost).join(ThreadPost, ThreadPost.thread_id == Thread.id).where(ThreadPost.id == number)
    row = session.execute(statement).one_or_none()
    return (row.Thread, row.ThreadPost) if row else None


def _is_indexed(session: Session, post: ThreadPost) -> bool:
    statement = (
        select(ThreadPost.id).join(Thread, Thread.id == ThreadPost.thread_id).where(ThreadPost.id == post.id, *is_indexed(session.info))
    )
    return session.scalar(statement) is not None


def index_thread(delivery: Delivery) -> None:
    """Index all posts of a thread anew, whose title changed."""
    number, indexed, entries = delivery.number("thread"), None, list[SearchDocument]()
    while True:
        with delivery.database.unit_of_work() as session:
            thread = posts.lock_thread(session, number)
            if indexed == (present := _indexed_state(session, thread)):
                posts.forget_entries(session, thread)
                index.write(session, thread.board_id, number, entries, collection=posts.COLLECTION)
                return
        with delivery.database.unit_of_work(write=False) as session:  # of a long thread this takes a while: others go on writing
            thread = session.get_one(Thread, number)
            indexed, entries = present, list(list_thread_entries(session, thread))


def _indexed_state(session: Session, thread: Thread) -> tuple[Any, ...]:
    """Return a value that tells whether the posts of a thread changed since their search entries were made."""
    versions = select(func.count(), func.sum(ThreadPost.row_version)).where(ThreadPost.thread_id == thread.id)
    return thread.title, thread.state, *session.execute(versions).one()


def list_thread_entries(session: Session, thread: Thread) -> Iterable[SearchDocument]:
    """Return the search entries of a thread's posts."""
    statement = select(ThreadPost).join(Thread, Thread.id == ThreadPost.thread_id).where(Thread.id == thread.id, *is_indexed(session.info))
    return [entry_of(thread, post) for post in session.scalars(statement.order_by(ThreadPost.number))]


@lru_cache
def _readers(owners: tuple[BoardOwner, ...], guards: tuple[ThreadGuard, ...]) -> Select[int]:
    silent = select(Subscription.person_id).where(
        Subscription.board_id == Thread.board_id,
        Subscription.thread_id.is_(None) | (Subscription.thread_id == Thread.id),
        Subscription.level == Level.SILENT.value,
    )
    statement = select(Person.id).join(Thread, Thread.id == bindparam("thread")).join(Board, Board.id == Thread.board_id)
    readable = readable_threads({BOARDS: owners, THREAD_GUARDS: guards}, Person.id)
    return compile_once(statement.where(Person.id.in_(bindparam("people", expanding=True)), Person.id.not_in(silent), readable))


def _readers_among(session: Session, thread: Thread, people: Sequence[int]) -> list[int]:
    """Return which of these people read a thread now, and have not silenced it or its board altogether."""
    statement = _readers(BOARDS.of(session), THREAD_GUARDS.of(session))
    return list(connection_of(session).scalars(statement, {"thread": thread.id, "people": list(people)}))


def notify_mentioned(
    session: Session, thread: Thread, post: ThreadPost, people: Sequence[int], unticked: Sequence[int], *, now: datetime
) -> None:
    """Notify those whose box was ticked beside a post, each once; who was unticked in an edit loses the notification.

    Nobody loses it by not being named: an edit may be sent before the notification is there, or delivered before it.
    """
    if not people and not unticked:
        return
    key = posts.mention_key(post)
    chosen = set(_readers_among(session, thread, [number for number in people if number != post.person_id]))
    given = session.scalars(select(Notification).where(Notification.key == key, Notification.person_id.in_(unticked))).all()
    for row in given:
        session.delete(row)
    source = subscriptions.OF_MENTIONS
    message = _message(session, thread, post, MENTION_NOTICE, key, lambda: _("You were mentioned."), source, post.person_id)
    notices.notify(session, message, sorted(chosen), now=now)


def notify_answer(session: Session, thread: Thread, post: ThreadPost, *, now: datetime) -> None:
    """Notify the author of a thread of new posts by others: one notification a thread, reworded until it is read."""
    if post.number == 1 or thread.person_id is None or post.person_id == thread.person_id:
        return
    row = subscriptions.find_subscription(session, thread.person_id, thread.board_id, thread.id)
    board = subscriptions.find_subscription(session, thread.person_id, thread.board_id)
    if any(chosen and chosen.level in (Level.MUTED, Level.SILENT) for chosen in (row, board)):
        return
    mine = (Notification.person_id == thread.person_id, Notification.key.startswith(f"thread:{thread.key}:answers:"))
    unread = session.scalar(select(Notification.key).where(*mine, Notification.read_at.is_(None)).order_by(Notification.id.desc()).limit(1))
    first = int(unread.rpartition(":")[2]) if unread else post.number
    visible = (ThreadPost.thread_id == thread.id, ThreadPost.number >= first, ThreadPost.state == PostState.VISIBLE.value)
    count = len(session.scalars(select(ThreadPost.id).where(*visible, ThreadPost.person_id.is_distinct_from(thread.person_id))).all())

    def write() -> str:
        return ngettext("%(count)s new answer to your thread.", "%(count)s new answers to your thread.", count)

    key, source = unread or posts.answers_key(thread, post.number), subscriptions.OF_THREAD
    message = _message(session, thread, post, ANSWER_NOTICE, key, write, source, post.person_id)
    notices.reword_notification(session, message)
    notices.notify(session, message, _readers_among(session, thread, [thread.person_id]), now=now)


def _message(
    session: Session, thread: Thread, post: ThreadPost, kind: NoticeKind, key: str, write: Callable[[], str], source: str, by: int | None
) -> Message:
    """Return a notification of a post: all mails of a thread have one subject; of its text they carry what its board allows."""
    board = session.get_one(Board, thread.board_id)
    is_discreet = boards.is_discreet(session, board)
    author = session.get(Person, by) if by and not is_discreet else None
    discreet_title = N_("Announcement") if thread.kind == ThreadKind.ANNOUNCEMENT else N_("Discussions")
    excerpt = summary_of(post.html, EXCERPT) if board.mail_text or boards.is_public_board(session, board) else ""

    def text() -> str:
        by = _("From %(name)s.", name=author.full_name) if author else ""
        return " ".join(part for part in (write(), by, excerpt) if part)

    return Message(
        kind,
        key,
        in_every_language(lambda: f"[{boards.owner_page_of(session, board).title}] {_(discreet_title) if is_discreet else thread.title}"),
        in_every_language(text),
        post_address(post),
        source=f"{source}:{board.key if source == subscriptions.OF_BOARD else thread.key}",
        about_id=thread.id,
        thread_key=thread.key,
        list_id=f"board-{board.key}",
    )


def _title(session: Session, thread: Thread) -> str:
    """Return how a mail names a thread: by the name of what its board belongs to, where its title is not for mails."""
    board = session.get_one(Board, thread.board_id)
    return boards.owner_page_of(session, board).title if boards.is_discreet(session, board) else thread.title


def list_team(session: Session, board: Board) -> list[int]:
    """List the people whose work it is to answer on a board."""
    team = boards.owner_of(session, board).team(literal(board.id))
    return list(session.scalars(select(Person.id).where(Person.id.in_(team), Person.suspended_at.is_(None)).limit(MOST_MODERATORS)))


def _notify_moderators(session: Session, thread: Thread, post: ThreadPost, *, now: datetime) -> None:
    """Notify the moderators of a board that a post waits for them: reported, or the first of a new account."""
    board = session.get_one(Board, thread.board_id)
    moderators, address = list_team(session, board), f"/discussions/boards/{board.key}/moderation"
    if post.person_id in moderators:  # others of the team may not judge it: those who administer the board do
        moderators = _list_judges(session, board, boards.owner_of(session, board).stands_in(Person.id, Board.id, literal(post.person_id)))
        if moderators and post.state != PostState.WAITING:
            address = f"/discussions/posts/{post.key}/hide"
        else:
            moderators = _list_judges(session, board, audience(session.info, "administers", Person.id))
    moderators = [number for number in moderators if number != post.person_id]
    subject, title = in_every_language(lambda: _("A post waits for a moderator")), _title(session, thread)
    text = in_every_language(lambda: _("It is in “%(title)s”.", title=title))
    key = f"post:{post.key}:moderation:{post.row_version}"
    notices.notify(session, Message(MODERATION_NOTICE, key, subject, text, address, about_id=thread.id), moderators, now=now)


def _list_judges(session: Session, board: Board, condition: ColumnElement[bool]) -> list[int]:
    people = select(Person.id).join(Board, Board.id == board.id).where(condition, Person.suspended_at.is_(None))
    return list(session.scalars(people.order_by(Person.id).limit(MOST_MODERATORS)))


def _notify_team(session: Session, thread: Thread, post: ThreadPost, *, now: datetime) -> None:
    """Notify those who answer for a board of a new question, once."""
    if post.number != 1 or thread.kind != ThreadKind.QUESTION:
        return
    board = session.get_one(Board, thread.board_id)
    team = [number for number in list_team(session, board) if number != post.person_id]
    key, source = f"post:{post.key}:asked", subscriptions.OF_THREAD
    hides = session.scalar(select(boards.is_private(session.info)).select_from(Thread).join(Board).where(Thread.id == thread.id))
    text = N_("A private question was asked: the team alone sees it.") if hides else N_("A question was asked.")
    message = _message(session, thread, post, QUESTION_NOTICE, key, lambda: _(text), source, post.person_id)
    notices.notify(session, message, _readers_among(session, thread, team), now=now)


def _begin_announcement(session: Session, thread: Thread, post: ThreadPost, *, now: datetime) -> None:
    """Have an announcement mailed to all members of what its board belongs to, once."""
    if post.number != 1 or thread.kind != ThreadKind.ANNOUNCEMENT:
        return
    reach = find_reach(session, session.get_one(Board, thread.board_id), now=now)
    if reach is not None:
        _go_on(session, post, 0, reach.members, now=now)


def _go_on(session: Session, post: ThreadPost, after: int, count: int, *, now: datetime) -> None:
    key = f"announcement:{post.key}:{after}"
    if not outbox.is_known(session, key):
        outbox.enqueue(session, ANNOUNCE, {"post": post.id, "after": after, "count": count}, now=now, unique_key=key)


def notify_announcement(delivery: Delivery) -> None:
    """Mail an announcement to its next members by their numbers; what was begun goes on after a kill, and nobody gets it twice.

    Those in a community of more than a thousand get it with their daily mail, unless they chose otherwise.
    """
    with delivery.database.unit_of_work() as session:
        row, after, count = _find_post(session, delivery.number("post")), delivery.number("after"), delivery.number("count")
        if row is None or row[1].state != PostState.VISIBLE or row[0].state != PostState.VISIBLE:
            return
        thread, post = row
        reached = boards.members_of(session.info).c
        members = (reached.board_id == thread.board_id, reached.since <= post.written_at, reached.person_id > after)
        people = list(session.scalars(select(reached.person_id).where(*members).order_by(reached.person_id).limit(PORTION)))
        kind = ANNOUNCEMENT_NOTICE if count <= MOST_AT_ONCE else replace(ANNOUNCEMENT_NOTICE, usual_mail=MailTime.DAILY)
        source = subscriptions.OF_BOARD
        message = _message(session, thread, post, kind, announced_key(post.key), lambda: _("An announcement."), source, post.person_id)
        others = [person for person in people if person != post.person_id]
        notices.notify(session, message, _readers_among(session, thread, others), now=delivery.now)
        if len(people) == PORTION:
            _go_on(session, post, people[-1], count, now=delivery.now)


def notify_released(delivery: Delivery) -> None:
    """Notify the author of a first post that it is shown now."""
    with delivery.database.unit_of_work() as session:
        row = _find_post(session, delivery.number("post"))
        if row is None or row[1].person_id is None or row[1].state != PostState.VISIBLE:
            return
        thread, post = row
        assert post.person_id is not None
        subject, title = in_every_language(lambda: _("A moderator published your post")), _title(session, thread)
        text = in_every_language(lambda: _("It is in “%(title)s”.", title=title))
        own = Message(MODERATION_NOTICE, f"decision:{post.key}:released", subject, text, post_address(post), about_id=thread.id)
        notices.notify(session, own, [post.person_id], now=delivery.now)


def notify_moderators(delivery: Delivery) -> None:
    """Notify the moderators of a board of a reported post."""
    with delivery.database.unit_of_work() as session:
        row = _find_post(session, delivery.number("post"))
        if row is not None and row[1].state == PostState.VISIBLE:
            _notify_moderators(session, row[0], row[1], now=delivery.now)


def notify_accepted(delivery: Delivery) -> None:
    """Notify the author of an answer that it was accepted."""
    with delivery.database.unit_of_work() as session:
        row = _find_post(session, delivery.number("post"))
        if row is None or row[1].person_id is None or row[0].accepted != row[1].number:
            return
        thread, post = row
        source = subscriptions.OF_MENTIONS
        key, by = f"post:{post.key}:accepted", thread.person_id if delivery.find_number("by") == thread.person_id else None
        message = _message(session, thread, post, MENTION_NOTICE, key, lambda: _("Your answer was accepted."), source, by)
        notices.notify(session, message, _readers_among(session, thread, [post.person_id or 0]), now=delivery.now)


def notify_decision(delivery: Delivery) -> None:
    """Notify those who reported a post of what was decided, and its author only where it was hidden."""
    with delivery.database.unit_of_work() as session:
        row = _find_post(session, delivery.number("post"))
        if row is None:
            return
        thread, post = row
        reporters = session.scalars(select(PostReport).where(PostReport.id.in_(delivery.numbers("reports")))).all()
        is_hidden = post.state == PostState.HIDDEN
        result = (
            N_("The post that you reported was reviewed: it was hidden.")
            if is_hidden
            else N_("The post that you reported was reviewed: it stays.")
        )
        subject, title = in_every_language(lambda: _(result)), _title(session, thread)
        text = in_every_language(lambda: _("It is in “%(title)s”.", title=title))
        key = f"decision:{post.key}:{post.row_version}"
        message = Message(MODERATION_NOTICE, key, subject, text, f"/discussions/{thread.key}", about_id=thread.id)
        notices.notify(session, message, [report.person_id for report in reporters], now=delivery.now)
        if is_hidden and post.person_id is not None:
            subject = in_every_language(lambda: _("A post of yours was hidden by a moderator"))
            reason = in_every_language(lambda: _("Reason: %(reason)s", reason=post.reason))
            own = Message(MODERATION_NOTICE, f"{key}:author", subject, reason, post_address(post), about_id=thread.id)
            notices.notify(session, own, [post.person_id], now=delivery.now)


def erase_withdrawn(delivery: Delivery) -> None:
    """Erase the posts that were withdrawn long enough ago, in portions."""
    days = delivery.settings.keep_withdrawn_posts_days
    while True:
        with delivery.database.unit_of_work() as session:
            if not posts.erase_withdrawn(session, delivery.now - timedelta(days=days), now=delivery.now):
                return


def remove_content(delivery: Delivery) -> None:
    """Remove the content of a file that nothing names any more; done twice it is gone once."""
    sha256 = delivery.text("sha256")
    with delivery.database.unit_of_work() as session:
        if forget_stored(session, sha256):
            files_of(delivery.settings).remove(sha256)
