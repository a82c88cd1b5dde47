"""Posts: written, edited with their former texts, withdrawn and restored, answers accepted and threads summed up."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, ScalarSelect, bindparam, delete, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session

from accounts.models import Notification, Person, full_name
from discussions import subscriptions
from discussions.access import GONE, PostContext, ThreadContext
from discussions.boards import BOARDS, new_key
from discussions.files import delete_files
from discussions.models import Board, FirstPosts, PostFile, PostReport, PostRevision, PostState, Thread, ThreadPost
from discussions.notices import KINDS
from kernel import outbox
from kernel.audit import Verb
from kernel.compiled_statements import compile_once
from kernel.db import connection_of, count_rows
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, in_every_language, language
from kernel.markup.model import SafeHtml
from kernel.markup.posts import clean_post, render_post
from kernel.markup.source import compare_lines
from kernel.permissions import Actor
from kernel.row_versions import change_row
from kernel.search import index
from spaces.acts import SpaceAct, begin, lock_row

LONGEST = 20_000
MOST_POSTS = 2_000
PAGE = 50
"""Posts of a page, by their numbers."""
QUIET = timedelta(minutes=5)
"""In which an edit is not shown, if nobody has answered yet."""
FIRST_POSTS = 2
NEW_ACCOUNT = timedelta(days=7)
RESTORABLE = timedelta(days=30)
COLLECTION = "board"
"""The kind of collections that posts are searched in."""


class ThreadPostVerb(Verb):
    """The audit verbs of posts; what they say is never recorded."""

    WITHDRAWN = "post.withdrawn", N_("Withdrew a post")
    RESTORED = "post.restored", N_("Restored a post")
    ERASED = "post.erased", N_("Erased a withdrawn post")


class TextMissing(Invalid):
    """A post says nothing."""

    message = N_("Write your text.")


class TextTooLong(Invalid):
    """A post is longer than it may be."""

    message = N_("A post has at most 20,000 characters.")


class ThreadLocked(Conflict):
    """The thread takes no posts and no edits."""

    message = N_("This thread was locked meanwhile, so it takes no more posts.")


class ThreadFull(Conflict):
    """A thread has as many posts as it can."""

    message = N_("This thread has 2,000 posts and takes no more. Go on in a new one, which can be linked to it.")


class PostGone(Conflict):
    """A post was hidden or withdrawn since its form was opened."""

    message = N_("This post was hidden or withdrawn meanwhile, so it cannot be changed.")


def checked(text: str) -> str:
    """Return a text as it is kept; raise TextMissing or TextTooLong."""
    source = clean_post(text)
    if not source.strip():
        raise TextMissing
    if len(source) > LONGEST:
        raise TextTooLong
    return source


def lock_thread(session: Session, thread_id: int) -> Thread:
    """Return a thread, locked, as it is now: what gives numbers to posts and what locks, hides or withdraws waits for one another."""
    return lock_row(session, Thread, thread_id)


def begin_on_post(session: Session, actor: Actor, context: PostContext, *, now: datetime) -> tuple[Thread, SpaceAct[ThreadPost]]:
    """Begin an act on a post: return its thread, locked before it, and the act."""
    act: SpaceAct[ThreadPost] = begin(session, actor, context.thread, context.post, now=now)
    return act.above[-1], act


def find_repeated(session: Session, actor: Actor, token: str) -> ThreadPost | None:
    """Return the post that a form was sent with before; None if it is sent for the first time."""
    return session.scalar(select(ThreadPost).where(ThreadPost.id == repeated_number(actor, token)))


def repeated_number(actor: Actor, token: str) -> ScalarSelect[int]:
    """Return the number of the post that a form was sent with before, as a column."""
    return select(ThreadPost.id).where(ThreadPost.person_id == actor.person_id, ThreadPost.token == token).scalar_subquery()


def waits(session: Session, actor: Actor, board: Board, *, now: datetime) -> bool:
    """Return whether a post by the actor waits for a moderator: the first two of a board that wants it, of everybody or of new accounts."""
    if board.first_posts == FirstPosts.NONE:
        return False
    shown = select(func.count()).select_from(ThreadPost).join(Thread, Thread.id == ThreadPost.thread_id)
    mine = (Thread.board_id == board.id, ThreadPost.person_id == Person.id, ThreadPost.state == PostState.VISIBLE.value)
    owner = next(owner for owner in BOARDS.of(session) if owner.space.kind == board.owner)
    columns = (
        shown.where(*mine).scalar_subquery(),
        owner.space.of_board(literal(board.id), owner.space.knows(Person.id)),
        Person.created_at,
    )
    count, is_known, created_at = session.execute(select(*columns).where(Person.id == actor.person_id)).one()
    return count < FIRST_POSTS and (board.first_posts == FirstPosts.ALL or not (is_known or now - created_at > NEW_ACCOUNT))


def add_post(
    session: Session, actor: Actor, context: Any, thread: Thread, source: str, *, reply_to: int | None, token: str, now: datetime
) -> ThreadPost:
    """Add a post with the next number to a thread that is new or locked; its author follows the thread."""
    board: Board = context.board
    is_waiting = not context.moderates and waits(session, actor, board, now=now)
    thread.last_number += 1
    if not is_waiting:
        thread.posts, thread.shown_number, thread.last_post_at = thread.posts + 1, thread.last_number, now
    elif thread.last_number == 1:
        thread.state = PostState.WAITING.value
    session.add(thread)
    session.flush()
    post = ThreadPost(
        key=new_key(), thread_id=thread.id, number=thread.last_number, person_id=actor.person_id,
        badge=board.owner if context.moderates else "", reply_to=reply_to, source=source, html=render_post(source), language=language(),
        state=(PostState.WAITING if is_waiting else PostState.VISIBLE).value, written_at=now, token=token,
    )  # fmt: skip
    session.add(post)
    session.flush()
    assert actor.person_id is not None
    subscriptions.follow_written(session, actor.person_id, thread, post.number)
    return post


def write_post(
    session: Session, actor: Actor, context: ThreadContext, text: str, *, reply_to: int | None = None, token: str, now: datetime
) -> ThreadPost:
    """Write a post; the same form sent twice writes one. Raise TextMissing, TextTooLong, ThreadLocked or ThreadFull."""
    source = checked(text)
    thread = lock_thread(session, context.thread.id)
    if (sent := find_repeated(session, actor, token)) is not None:
        return sent
    if thread.locked_at is not None or thread.state != PostState.VISIBLE:
        raise ThreadLocked
    if thread.last_number >= MOST_POSTS:
        raise ThreadFull
    answered = reply_to if reply_to is not None and 1 <= reply_to <= thread.last_number else None
    return add_post(session, actor, context, thread, source, reply_to=answered, token=token, now=now)


def mention_key(post: ThreadPost) -> str:
    """Return the key of the notifications to those who were mentioned beside a post."""
    return f"post:{post.key}:mention"


def announce(
    session: Session, post: ThreadPost, mentioned: Sequence[int], unticked: Sequence[int] = (), *, now: datetime, is_edit: bool = False
) -> None:
    """Have a post indexed once it is written, and notified; of an edit those alone who are mentioned, and who are no longer."""
    arguments = {"post": post.id, "mentioned": list(mentioned), "unticked": list(unticked), "is_edit": int(is_edit)}
    outbox.enqueue(session, "discussions.follow_post", arguments, now=now)


def recount(session: Session, thread: Thread) -> None:
    """Set anew what a locked thread says of the posts that everybody sees."""
    session.flush()
    visible = (ThreadPost.thread_id == thread.id, ThreadPost.state == PostState.VISIBLE.value)
    thread.posts = count_rows(session, ThreadPost, *visible)
    last = session.execute(
        select(ThreadPost.number, ThreadPost.written_at).where(*visible).order_by(ThreadPost.number.desc()).limit(1)
    ).one_or_none()
    thread.shown_number = last.number if last else 0
    thread.last_post_at = last.written_at if last else thread.last_post_at


def edit_post(session: Session, actor: Actor, context: PostContext, text: str, *, version: int, now: datetime) -> bool:
    """Give a post another text and keep the former one; return whether anything changed.

    Raise TextMissing, TextTooLong, ThreadLocked, PostGone, or RowWasChanged where the post is not the version `version` any more.
    """
    source = checked(text)
    thread, act = begin_on_post(session, actor, context, now=now)
    post = act.row
    if post.state in GONE:
        raise PostGone
    if thread.locked_at is not None:
        raise ThreadLocked
    if source == post.source:
        return False
    act.require_version(str(version))
    others = (ThreadPost.thread_id == thread.id, ThreadPost.number > post.number, ThreadPost.person_id.is_distinct_from(actor.person_id))
    is_answered = bool(session.scalar(select(exists().where(*others, ThreadPost.state == PostState.VISIBLE.value))))
    session.add(PostRevision(post_id=post.id, number=post.row_version, source=post.source, at=now))
    if is_answered or now - post.written_at > QUIET:
        post.edited_at, post.edited_after_answers = now, post.edited_after_answers or is_answered
    act.change({"source": source, "html": render_post(source)})
    return True


def take_from_view(thread: Thread, act: SpaceAct[ThreadPost]) -> None:
    """Take back what leads to a post that is no longer shown: its bells, mails that wait, its search entry and what counts it as new."""
    session, post = act.session, act.row
    act.take_notices_back(f"post:{post.key}:")
    index.forget_entry(session, thread.board_id, thread.id, post.key, collection=COLLECTION)
    if thread.accepted == post.number:
        thread.accepted = None
    if thread.summary == post.number:
        thread.summary = None
    recount(session, thread)
    recount_answers(session, thread)


def answers_key(thread: Thread, number: int) -> str:
    """Return the key of the notification to the author of a thread that there are answers from a number on."""
    return f"thread:{thread.key}:answers:{number}"


def recount_answers(session: Session, thread: Thread) -> None:
    """Take the notification of new answers back where none of them is shown any more; another one quotes none of them from now on."""
    start = f"thread:{thread.key}:answers:"
    others = (ThreadPost.thread_id == thread.id, ThreadPost.state == PostState.VISIBLE.value)
    foreign = ThreadPost.person_id.is_distinct_from(thread.person_id)
    last = session.scalar(select(func.max(ThreadPost.number)).where(*others, foreign)) or 0
    for row in session.scalars(select(Notification).where(Notification.key.startswith(start, autoescape=True))).all():
        if int(row.key.rpartition(":")[2]) > last:
            session.delete(row)
        else:
            row.words = in_every_language(lambda: _("There are new answers to your thread."))
    session.flush()


def forget_entries(session: Session, thread: Thread) -> None:
    """Take all posts of a thread out of the search."""
    for key in session.scalars(select(ThreadPost.key).where(ThreadPost.thread_id == thread.id)).all():
        index.forget_entry(session, thread.board_id, thread.id, key, collection=COLLECTION)


def takes_thread(session: Session, context: PostContext) -> bool:
    """Return whether withdrawing a post takes its thread along: it is the first, and nobody else's is shown after it."""
    post = context.post
    others = (ThreadPost.thread_id == post.thread_id, ThreadPost.number > 1, ThreadPost.person_id.is_distinct_from(post.person_id))
    return post.number == 1 and not session.scalar(select(exists().where(*others, ThreadPost.state == PostState.VISIBLE.value)))


def withdraw_post(session: Session, actor: Actor, context: PostContext, *, now: datetime) -> None:
    """Withdraw a post of one's own from every page at once; its first post takes a thread along in which nobody else wrote."""
    thread, act = begin_on_post(session, actor, context, now=now)
    if act.row.state in GONE:
        raise PostGone
    withdraw_locked(thread, act)
    act.note(ThreadPostVerb.WITHDRAWN)


def withdraw_locked(thread: Thread, act: SpaceAct[ThreadPost]) -> None:
    """Withdraw a locked post."""
    session, post = act.session, act.row
    set_state(act, PostState.WITHDRAWN)
    others = (ThreadPost.thread_id == thread.id, ThreadPost.number > 1, ThreadPost.person_id.is_distinct_from(post.person_id))
    if post.number == 1 and not session.scalar(select(exists().where(*others, ThreadPost.state == PostState.VISIBLE.value))):
        thread.state = PostState.WITHDRAWN.value
        forget_entries(session, thread)
    take_from_view(thread, act)


def set_state(act: SpaceAct[ThreadPost], state: PostState) -> None:
    """Set the state of a locked post, and who set it when."""
    act.change({"state": state.value, "state_at": act.now, "state_by": act.actor.person_id})
    act.session.flush()


def restore_post(session: Session, actor: Actor, context: PostContext, *, now: datetime) -> None:
    """Restore a post that one withdrew, with the thread that it took along. Raise PostGone where that is no longer possible."""
    thread, act = begin_on_post(session, actor, context, now=now)
    state_at = act.row.state_at
    if act.row.state != PostState.WITHDRAWN or state_at is None or now - state_at > RESTORABLE:
        raise PostGone
    show_again(thread, act)
    act.note(ThreadPostVerb.RESTORED)


def show_again(thread: Thread, act: SpaceAct[ThreadPost]) -> None:
    """Show a post that was withdrawn, hidden or waited, index it again, and its thread where it is the first."""
    session, post, now = act.session, act.row, act.now
    set_state(act, PostState.VISIBLE)
    if post.number == 1:
        thread.state = PostState.VISIBLE.value
        announce_all(session, thread, now=now)
    recount(session, thread)
    announce(session, post, [int(number) for number in post.mentioned], now=now)
    post.mentioned = ()


def erase_withdrawn(session: Session, before: datetime, *, now: datetime, limit: int = 500) -> int:
    """Erase text, former texts and files of posts that were withdrawn before a moment; return how many posts."""
    due = (ThreadPost.state == PostState.WITHDRAWN.value, ThreadPost.state_at < before)
    numbers = list(session.scalars(select(ThreadPost.id).where(*due).order_by(ThreadPost.id).limit(limit)))
    erase_texts(session, numbers, now=now)
    return len(numbers)


def erase_texts(session: Session, numbers: Sequence[int], *, now: datetime) -> None:
    """Erase text, former texts and files of some posts that are shown no more."""
    session.execute(delete(PostRevision).where(PostRevision.post_id.in_(numbers)))
    delete_files(session, PostFile.post_id.in_(numbers), now=now)
    session.execute(update(ThreadPost).where(ThreadPost.id.in_(numbers)).values(source="", html="", state=PostState.ERASED.value))


def erase_titles(session: Session, person_id: int, *, now: datetime) -> None:
    """Take the titles that a person gave out of their threads, of the search and of the notifications of these threads."""
    titles = in_every_language(lambda: _("Thread withdrawn by its author"))
    for thread in session.scalars(select(Thread).where(Thread.person_id == person_id)).all():
        former, thread.title = thread.title, titles[thread.language]
        about = (Notification.about_id == thread.id, Notification.kind.in_([kind.value for kind in KINDS]))
        for row in session.scalars(select(Notification).where(*about)).all():
            row.subject = {name: text.replace(former, titles[name]) for name, text in row.subject.items()}
            row.words = {name: text.replace(former, titles[name]) for name, text in row.words.items()}
        announce_all(session, thread, now=now)


def accept_answer(session: Session, actor: Actor, context: PostContext, *, accepted: bool, now: datetime) -> None:
    """Accept a post as the answer of its question, or no longer; a question has one at most, and its author is notified."""
    thread, act = begin_on_post(session, actor, context, now=now)
    post = act.row
    if accepted and (post.state in GONE or post.number == 1):
        raise PostGone
    change_row(thread, {"accepted": post.number if accepted else (None if thread.accepted == post.number else thread.accepted)}, also=True)
    if accepted and post.person_id != actor.person_id:
        outbox.enqueue(session, "discussions.notify_accepted", {"post": post.id, "by": actor.person_id}, now=now)


_THREAD, _FIRST, _READER = bindparam("thread", type_=Integer()), bindparam("first", type_=Integer()), bindparam("reader", type_=Integer())
_NAMES = (Person.given_names, Person.first_surname, Person.second_surname)
_SHOWN = (
    *(ThreadPost.id, ThreadPost.key, ThreadPost.number, ThreadPost.person_id, ThreadPost.badge, ThreadPost.reply_to, ThreadPost.html),
    *(ThreadPost.language, ThreadPost.state, ThreadPost.hide_class, ThreadPost.reason, ThreadPost.written_at, ThreadPost.edited_at),
    *(ThreadPost.edited_after_answers, ThreadPost.row_version, *_NAMES),
)
"""Of a post and its author what a page shows: rows of columns cost a third of entities."""
_POSTS = select(*_SHOWN).outerjoin(Person, Person.id == ThreadPost.person_id).where(ThreadPost.thread_id == _THREAD)
_ON_PAGE = ThreadPost.number.between(_FIRST, _FIRST + PAGE - 1)
_POSTS_OF_PAGE = compile_once(
    _POSTS.where(_ON_PAGE, or_(ThreadPost.state != PostState.WAITING.value, _READER == 0, ThreadPost.person_id == _READER)).order_by(
        ThreadPost.number
    )
)
_MARKED = compile_once(_POSTS.where(ThreadPost.number.in_(bindparam("numbers", expanding=True))))
_FILES_OF_PAGE = compile_once(
    select(PostFile.post_id, PostFile.number, PostFile.name, PostFile.alternative)
    .join(ThreadPost, ThreadPost.id == PostFile.post_id)
    .where(ThreadPost.thread_id == _THREAD, _ON_PAGE)
    .order_by(PostFile.post_id, PostFile.number)
)
_REPLIERS = compile_once(
    select(ThreadPost.reply_to, ThreadPost.number)
    .where(
        *(ThreadPost.thread_id == _THREAD, ThreadPost.reply_to.between(_FIRST, _FIRST + PAGE - 1)),
        ThreadPost.state == PostState.VISIBLE.value,
    )
    .order_by(ThreadPost.number)
)


class ShownPost(NamedTuple):
    """A post of a page (a row of its columns), the name of its author, empty of a deleted account, and its text."""

    post: Any
    author: str
    html: SafeHtml


def _with_authors(rows: Iterable[Any]) -> list[ShownPost]:
    return [
        ShownPost(row, full_name(row.given_names or "", row.first_surname or "", row.second_surname or ""), SafeHtml.stored(row.html))
        for row in rows
    ]


def list_posts(session: Session, context: ThreadContext, actor: Actor, *, start: int) -> list[ShownPost]:
    """List the posts of a page from a number on, each with its author; first and last page cost the same.

    Who waits for a moderator sees their own post alone; what is gone keeps its number where something refers to it.
    """
    values = {"thread": context.thread.id, "first": start, "reader": 0 if context.moderates else actor.person_id or -1}
    return _with_authors(connection_of(session).execute(_POSTS_OF_PAGE, values))


def list_files(session: Session, posts: Sequence[int]) -> Mapping[int, list[PostFile]]:
    """Return the files of some posts by the posts' numbers in the database, in their order."""
    files: dict[int, list[PostFile]] = {}
    for file in session.scalars(select(PostFile).where(PostFile.post_id.in_(posts)).order_by(PostFile.post_id, PostFile.number)):
        files.setdefault(file.post_id or 0, []).append(file)
    return files


def list_page_files(session: Session, thread_id: int, *, start: int) -> Mapping[int, list[Any]]:
    """Return the files of a page's posts by the posts' numbers in the database, in their order."""
    files: dict[int, list[Any]] = {}
    for row in connection_of(session).execute(_FILES_OF_PAGE, {"thread": thread_id, "first": start}):
        files.setdefault(row.post_id, []).append(row)
    return files


def list_repliers(session: Session, thread_id: int, *, start: int) -> Mapping[int, list[int]]:
    """Return by the numbers of a page's posts those that answer them, for links both ways."""
    repliers: dict[int, list[int]] = {}
    for answered, number in connection_of(session).execute(_REPLIERS, {"thread": thread_id, "first": start}):
        repliers.setdefault(answered, []).append(number)
    return repliers


def list_marked(session: Session, thread: Thread) -> list[ShownPost]:
    """List the accepted answer and the summary of a thread, with their authors."""
    numbers = [number for number in (thread.accepted, thread.summary) if number is not None]
    return _with_authors(connection_of(session).execute(_MARKED, {"thread": thread.id, "numbers": numbers})) if numbers else []


def compare_revisions(post: ThreadPost, revisions: Sequence[PostRevision]) -> Sequence[tuple[datetime, Sequence[tuple[str, str]]]]:
    """Return the edits of a post, the latest first: when, and its lines with a sign before those that went (`-`) and came (`+`)."""
    texts = [*(row.source for row in revisions), post.source]
    return [(row.at, compare_lines(before, after)) for row, before, after in zip(revisions, texts, texts[1:], strict=False)][::-1]


def list_revisions(session: Session, post_id: int) -> Sequence[PostRevision]:
    """List the former texts of a post, the oldest first."""
    return session.scalars(select(PostRevision).where(PostRevision.post_id == post_id).order_by(PostRevision.number)).all()


def was_reported(session: Session, actor: Actor, posts: Sequence[int]) -> set[int]:
    """Return which of these posts the actor has reported."""
    mine = (PostReport.person_id == actor.person_id, PostReport.post_id.in_(posts))
    return set(session.scalars(select(PostReport.post_id).where(*mine)))


def announce_all(session: Session, thread: Thread, *, now: datetime) -> None:
    """Have all posts of a thread indexed anew, whose title changed."""
    outbox.enqueue(session, "discussions.index_thread", {"thread": thread.id}, now=now)
