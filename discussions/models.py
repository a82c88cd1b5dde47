"""The tables of boards, threads, posts with their former texts and files, drafts, reports, subscriptions and read marks."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Entity, Moment, ShortText, UnnumberedRow, unique_where
from kernel.errors import N_
from kernel.markup.model import SafeHtml
from kernel.personal import Ask, Erase, Merge, personal

AUTHOR = Ask("keep", "withdraw")


class BoardState(StrEnum):
    """The states of a board: people write in it, only read it, or do not see it."""

    OPEN = "open"
    READ_ONLY = "read_only"
    OFF = "off"


class FirstPosts(StrEnum):
    """The writers whose first two posts in a board wait for a moderator."""

    NONE = "none"
    NEW = "new"
    """Accounts younger than seven days that belong to no institution."""
    ALL = "all"


class ThreadKind(StrEnum):
    """The kinds of threads."""

    DISCUSSION = "discussion"
    QUESTION = "question"
    ANNOUNCEMENT = "announcement"


class PostState(StrEnum):
    """The states of a post; a thread has one too, of which `waiting` and `withdrawn` are its first post's."""

    VISIBLE = "visible"
    WAITING = "waiting"
    """For a moderator: the first posts of a new account."""
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    """Its text is gone for good; its number stays."""


class HideClass(StrEnum):
    """Why a post is reported or hidden."""

    OFFENSIVE = "offensive"
    ADVERTISING = "advertising"
    PERSONAL_DATA = "personal_data"
    OFF_TOPIC = "off_topic"
    OTHER = "other"


class Level(StrEnum):
    """The levels of notification of a board or thread."""

    EVERY = "every"
    """Every new thread of a board."""
    FOLLOW = "follow"
    MUTED = "muted"
    SILENT = "silent"
    """Muted, also where they are mentioned."""


class Board(Entity):
    """The discussions of one course, event, community or library, whose row keeps the reference to it."""

    noun = N_("Board")

    key: Mapped[str] = mapped_column(String(12), unique=True)
    owner: Mapped[str] = mapped_column(String(12))
    """Name of an entry of `boards.BOARDS`."""
    state: Mapped[str] = mapped_column(String(10))
    first_posts: Mapped[str] = mapped_column(String(4), default=FirstPosts.NONE.value)
    mail_text: Mapped[bool] = mapped_column(default=False)
    """Mails carry the beginning of a post, also where not everybody may read the board."""
    categories: Mapped[tuple[str, ...]] = mapped_column(default=())
    created_at: Mapped[Moment]


_OF_ANNOUNCEMENTS = text(f"kind = '{ThreadKind.ANNOUNCEMENT.value}'")


class Thread(Entity):
    """A titled row of posts."""

    noun = N_("Thread")
    __table_args__ = (
        Index("ix_thread_board", "board_id", "last_post_at", "id"),
        Index("ix_thread_anchor", "board_id", "anchor_key"),
        Index("ix_thread_announcement", "board_id", "last_post_at", sqlite_where=_OF_ANNOUNCEMENTS, postgresql_where=_OF_ANNOUNCEMENTS),
    )

    key: Mapped[str] = mapped_column(String(12), unique=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(150))
    category: Mapped[str] = mapped_column(String(60), default="")
    anchor_kind: Mapped[str] = mapped_column(String(12), default="")
    """What it is about, as its board's owner names it: `heading`, `second`, `question`; empty where it is about nothing."""
    anchor_key: Mapped[str] = mapped_column(String(64), default="")
    anchor_part: Mapped[str] = mapped_column(String(200), default="")
    """The heading's address, the second, or the question's key."""
    person_id: Mapped[int | None] = personal(erase=Erase.KEEP, merge=Merge.MOVE, index=True)
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(10))
    locked_at: Mapped[Moment | None]
    lock_reason: Mapped[str] = mapped_column(String(500), default="")
    continued_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"))
    pinned_until: Mapped[date | None]
    """The last day on which it stands first; the last day of all where it has none."""
    posts: Mapped[int]
    """Posts that everybody who reads the thread sees."""
    last_number: Mapped[int]
    """The last number that was given to a post; it is never given again."""
    shown_number: Mapped[int]
    """The number of the last post that everybody sees."""
    last_post_at: Mapped[Moment]
    """When that one was written."""
    accepted: Mapped[int | None]
    """Number of the post that is the accepted answer."""
    summary: Mapped[int | None]
    """Number of the post that sums it up."""
    comments: Mapped[bool] = mapped_column(default=True)
    """Others than moderators may answer."""
    row_version: Mapped[int] = mapped_column(default=1)


IS_ANNOUNCEMENT = Thread.kind == literal_column(f"'{ThreadKind.ANNOUNCEMENT.value}'")
"""The condition on `Thread` that it is an announcement: spelled out, so that their index is known when a statement is prepared."""


class ThreadPost(Entity):
    """One text by one person, numbered in its thread."""

    __tablename__ = "thread_post"  # `post` are the posts that people hold at an institution
    noun = N_("Discussion post")
    __table_args__ = (
        UniqueConstraint("thread_id", "number"),
        UniqueConstraint("person_id", "token"),
        Index("ix_thread_post_written", "person_id", "written_at"),
    )

    key: Mapped[str] = mapped_column(String(12), unique=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"))
    number: Mapped[int]
    person_id: Mapped[int | None] = personal(erase=AUTHOR, merge=Merge.MOVE)
    badge: Mapped[str] = mapped_column(String(12), default="")
    """What its author was on the board when it was written."""
    reply_to: Mapped[int | None]
    """Number of the post that it answers."""
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(10))
    state_at: Mapped[Moment | None]
    state_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    hide_class: Mapped[str] = mapped_column(String(13), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    written_at: Mapped[Moment]
    edited_at: Mapped[Moment | None]
    """Of an edit that is shown: after five minutes, or once somebody had answered."""
    edited_after_answers: Mapped[bool] = mapped_column(default=False)
    token: Mapped[str] = mapped_column(String(36))
    """Of the form that it was sent with: sent twice it is written once."""
    mentioned: Mapped[tuple[str, ...]] = mapped_column(default=())
    """Numbers of those whom it mentions, while it waits for a moderator: they are notified once it is shown."""
    row_version: Mapped[int] = mapped_column(default=1)

    @property
    def safe_html(self) -> SafeHtml:
        """Return the text as it was rendered when it was written."""
        return SafeHtml.stored(self.html)


class PostRevision(UnnumberedRow):
    """A former text of a post."""

    __table_args__ = (UniqueConstraint("post_id", "number"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("thread_post.id"))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    at: Mapped[Moment]
    """When it was replaced."""


class PostDraft(Entity):
    """A text that was not published: by its writer's choice, or because it was refused."""

    __table_args__ = (UniqueConstraint("person_id", "board_id", "slot"),)

    key: Mapped[str] = mapped_column(String(12), unique=True)
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.STAY)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    slot: Mapped[str] = mapped_column(String(40))
    """Numbers of the thread and of the edited post, 0 for none; a person has one draft for each."""
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("thread_post.id"))
    """The post that it edits."""
    reply_to: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(12), default=ThreadKind.DISCUSSION.value)
    category: Mapped[str] = mapped_column(String(60), default="")
    anchor_kind: Mapped[str] = mapped_column(String(12), default="")
    anchor_key: Mapped[str] = mapped_column(String(64), default="")
    anchor_part: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[ShortText]
    private: Mapped[bool] = mapped_column(default=False)
    """The thread would be for the moderators alone."""
    mentioned: Mapped[tuple[str, ...]] = mapped_column(default=())
    """Public ids of those whose box is ticked."""
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was not published, as its writer was shown it."""
    changed_at: Mapped[Moment]


class PostFile(Entity):
    """A file of a post, or of a draft."""

    __table_args__ = (
        CheckConstraint("(post_id IS NULL) != (draft_id IS NULL)", name="one_owner"),
        UniqueConstraint("post_id", "number"),
    )

    post_id: Mapped[int | None] = mapped_column(ForeignKey("thread_post.id"))
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("post_draft.id"), index=True)
    number: Mapped[int]
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    alternative: Mapped[ShortText]
    """What a picture shows; empty where it decorates alone, and of documents."""
    is_described: Mapped[bool] = mapped_column(default=True)
    """False of a picture in a draft that still needs a description, or to be called decoration."""


class PostReport(Entity):
    """A reader's report of a post, and what was decided."""

    __table_args__ = (UniqueConstraint("post_id", "person_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("thread_post.id"))
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.STAY, index=True)
    report_class: Mapped[str] = mapped_column(String(13))
    note: Mapped[str] = mapped_column(String(1000))
    at: Mapped[Moment]
    decision: Mapped[str] = mapped_column(String(8), default="")
    """`hidden` or `kept`; empty while it waits."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]


class Subscription(Entity):
    """A level of notification that a person chose for a board or a thread, and how far they have read the thread."""

    __table_args__ = (
        unique_where("thread_id IS NULL", "uq_subscription_board", "person_id", "board_id"),
        unique_where("thread_id IS NOT NULL", "uq_subscription_thread", "person_id", "thread_id"),
    )

    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.STAY)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"), index=True)
    level: Mapped[str] = mapped_column(String(6))
    read_number: Mapped[int] = mapped_column(default=0)


class BoardRead(UnnumberedRow):
    """When a person looked at the list of a board, and until when they have read what is in it."""

    __table_args__ = (UniqueConstraint("person_id", "board_id"),)

    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.STAY)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    visited_at: Mapped[Moment]
    read_until: Mapped[Moment]
