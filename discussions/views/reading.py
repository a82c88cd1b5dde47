"""Pages of a board, a thread and a post, what somebody follows of them, and the acts of authors on their posts."""

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, get_template_attribute, request, url_for
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from discussions import boards, files, moderation, posts, subscriptions, threads
from discussions.access import BoardAction, BoardContext, PostContext, ThreadContext, sees_text
from discussions.boards import Anchor
from discussions.files import FileContext
from discussions.models import Level, PostState, Thread, ThreadKind, ThreadPost
from discussions.posts import ShownPost
from discussions.threads import ThreadFilter, ThreadQuery
from discussions.views.writing import PostForm, draft_of, draw_attaching, new_token
from kernel import clock
from kernel.i18n import _, language, lazy_, site_day, zone
from kernel.markup.model import SafeHtml
from kernel.web.after_response import run_after_response
from kernel.web.file_responses import send_content
from kernel.web.forms import Form
from kernel.web.request import (
    Answer,
    allows,
    current_actor,
    current_session,
    file_store,
    is_read_only_request,
    page,
    requires,
    see_other,
    see_page,
)
from kernel.web.table import member_of, requested_page

bp = Blueprint("discussions", __name__)

LEVELS = {
    "": lazy_("What I follow"),
    Level.EVERY.value: lazy_("Every new thread"),
    Level.MUTED.value: lazy_("Nothing, unless I am mentioned"),
    Level.SILENT.value: lazy_("Nothing at all"),
}


class LevelForm(Form):
    """The level of notification of a board."""

    level = SelectField(lazy_("Notify me of"), choices=[SelectChoice(value, label) for value, label in LEVELS.items()], default="")


@bp.get("/discussions/boards/<board>")
@requires(BoardAction.VIEW, boards.get_board)
def board(context: BoardContext) -> Answer:
    """List the threads of a board, pinned first, then the latest."""
    session, actor, now, requested = current_session(), current_actor(), clock.now(), requested_page(threads.LISTED)
    anchor = tuple(part for part in request.args.get("anchor", "").split(".", 2) if part)
    has_announcements = boards.owner_of(session, context.board).members is not None
    only = member_of(ThreadFilter, request.args.get("only")) or (ThreadFilter.TALK if has_announcements else None)
    query = ThreadQuery(only, request.args.get("category", "")[:60], anchor)
    today = site_day(now)
    rows = threads.list_threads(session, actor, context.board.id, query, today=today, offset=requested.offset, limit=requested.size + 1)
    form = LevelForm()
    if actor.person_id is not None:
        chosen = subscriptions.find_subscription(session, actor.person_id, context.board.id)
        form.level.data = chosen.level if chosen else ""
        run_after_response(partial(subscriptions.note_visit, person_id=actor.person_id, board_id=context.board.id, now=now))
    owner_page, head_of = boards.owner_page_of(session, context.board), dict(boards.BOARD_HEADS.of(session)).get(context.board.owner)
    beside = {None, ThreadFilter.ANNOUNCEMENTS} if has_announcements else {ThreadFilter.TALK}
    counted = threads.count_filters(session, actor, context.board.id).items()
    return page(
        "discussions/board.html",
        context=context,
        above=head_of(session, actor, context.board) if head_of else None,
        owner_page=owner_page,
        page=requested.of(rows),
        query=query,
        anchor_label=_anchor(context, anchor).label if len(anchor) > 1 else "",
        anchor_value=".".join(anchor),
        counts={name: count for name, count in counted if name not in beside},
        form=form,
    )


def _anchor(context: BoardContext, parts: tuple[str, ...]) -> Anchor:
    """Return the name and address of an anchor of a board."""
    kind, key, part = (*parts, "", "", "")[:3]
    session = current_session()
    owner = boards.owner_of(session, context.board)
    found_at = owner.locate(session, current_actor(), context.board.id, [(kind, key, part)])
    return found_at.get((kind, key, part), Anchor(_("about a part that is no longer there")))


@bp.post("/discussions/boards/<board>/level")
@requires(BoardAction.SUBSCRIBE, boards.get_board)
def set_level(context: BoardContext) -> Response:
    """Choose what to learn of a board."""
    form, actor = LevelForm(), current_actor()
    assert actor.person_id is not None
    subscriptions.choose_level(current_session(), actor.person_id, context.board.id, member_of(Level, form.level.data))
    return _back_to("discussions.board", _("Saved."), board=context.board.key)


def _back_to(endpoint: str, flash: str, **values: str) -> Response:
    """Redirect to a page, or to «My notifications» where the form stood there."""
    if request.form.get("back") == "settings":
        return see_page("accounts_notices.switches", flash=flash)
    return see_page(endpoint, flash=flash, **values)


@bp.post("/discussions/boards/<board>/read")
@requires(BoardAction.SUBSCRIBE, boards.get_board)
def mark_read(context: BoardContext) -> Response:
    """Mark everything in a board as read."""
    subscriptions.mark_all_read(current_session(), current_actor(), [context.board.id], now=clock.now())
    return see_page("discussions.board", board=context.board.key, flash=_("Everything is marked as read."))


@bp.get("/discussions/<thread>")
@requires(BoardAction.READ, boards.get_thread)
def thread(context: ThreadContext) -> Answer:
    """Show a page of a thread, the first one unless the address says another, and the form to answer."""
    session, actor, row = current_session(), current_actor(), context.thread
    last = max(1, math.ceil(row.last_number / posts.PAGE))
    number = min(max(_requested_number(), 1), last)
    start = (number - 1) * posts.PAGE + 1
    rows = posts.list_posts(session, context, actor, start=start)
    newest = rows[-1].post.number if rows else 0
    subscription = subscriptions.find_mark(session, actor.person_id, row) if actor.person_id is not None else None
    if subscription is not None and newest > subscription.read_number:
        note = partial(subscriptions.note_thread_read, person_id=actor.person_id or 0, thread_id=row.id, number=newest)
        run_after_response(note)
    form, may_answer = PostForm(), allows(BoardAction.WRITE, context)
    draft = draft_of(context, form) if may_answer else None
    owner_page, anchor = boards.owner_page_of(session, context.board), (row.anchor_kind, row.anchor_key, row.anchor_part)
    return page(
        "discussions/thread.html",
        context=context,
        owner_page=owner_page,
        cards=_draw_cards(context, rows, start=start),
        marked=posts.list_marked(session, row),
        subscription=subscription,
        number=number,
        last=last,
        unread=_first_unread(row, subscription.read_number if subscription else None),
        anchor=_anchor(context, anchor) if row.anchor_kind else None,
        continued=threads.describe(session, [row.continued_id], actor).get(row.continued_id) if row.continued_id else None,
        may_answer=may_answer,
        form=form,
        draft=draft,
        token=new_token(),
        attach_fields=draw_attaching(language()),
        is_full=row.last_number >= posts.MOST_POSTS,
    )


POST_ACTS = (
    *(BoardAction.WRITE, BoardAction.EDIT, BoardAction.WITHDRAW, BoardAction.RESTORE, BoardAction.REPORT, BoardAction.HIDE),
    *(BoardAction.ACCEPT, BoardAction.SUMMARISE, BoardAction.VIEW_HISTORY),
)


WITH_FORMS = frozenset({BoardAction.RESTORE.value, BoardAction.HIDE.value, BoardAction.ACCEPT.value, BoardAction.SUMMARISE.value})
"""Acts that are forms on a card: each has the token of one session."""
KEPT_CARDS = 1_000


class PostView(NamedTuple):
    """The acts that the reader may do to a post, and whether they wrote it and see its text."""

    acts: frozenset[str]
    is_author: bool
    sees_text: bool


class PostCard(NamedTuple):
    """All that the card of a post shows: two that are equal look the same in one language and time zone."""

    post: Any
    author: str
    html: SafeHtml
    view: PostView
    files: tuple[Any, ...]
    repliers: tuple[int, ...]
    is_accepted: bool
    is_summary: bool
    is_answer: bool
    """It may be accepted: of a question, and not its first post."""
    answer_url: str
    badge: str

    @property
    def is_plain(self) -> bool:
        """Return whether nothing on it belongs to one session or page: neither forms nor icons."""
        is_marked = self.is_accepted or self.is_summary or self.files or self.post.state != PostState.VISIBLE
        return not (is_marked or self.view.acts & WITH_FORMS)


def _draw(card: PostCard) -> str:
    html: str = get_template_attribute("discussions/_post.html", "card")(card, moderation.CLASSES, files.INLINE)
    return html


@lru_cache(maxsize=KEPT_CARDS)
def _draw_once(card: PostCard, _language: str, _zone: ZoneInfo) -> str:
    """Draw a card that all readers of a thread see: it is half of what a page costs."""
    return _draw(card)


def _draw_cards(context: ThreadContext, rows: Sequence[ShownPost], *, start: int) -> list[str]:
    """Return the cards of a page."""
    session, thread, reader = current_session(), context.thread, (language(), zone())
    attached, repliers = posts.list_page_files(session, thread.id, start=start), posts.list_repliers(session, thread.id, start=start)
    answer_url, badge = url_for("discussions_writing.answer", thread=thread.key), boards.owner_of(session, context.board).badge
    cards = [
        PostCard(
            *row,
            view,
            files=tuple(attached.get(row.post.id, ())),
            repliers=tuple(repliers.get(row.post.number, ())),
            is_accepted=row.post.number == thread.accepted,
            is_summary=row.post.number == thread.summary,
            is_answer=thread.kind == ThreadKind.QUESTION and row.post.number > 1,
            answer_url=answer_url,
            badge=badge,
        )
        for row, view in zip(rows, _view_posts(context, [row.post for row in rows]), strict=True)
    ]
    return [_draw_once(card, *reader) if card.is_plain else _draw(card) for card in cards]


def _view_posts(context: ThreadContext, shown: Sequence[ThreadPost]) -> list[PostView]:
    """Return how the reader sees each post of a page: of a thread, posts of one state by the reader, or by others, are alike."""
    values = {name: getattr(context, name) for name in ThreadContext.__dataclass_fields__}
    person, known, views = current_actor().person_id, dict[tuple[bool, str], PostView](), list[PostView]()
    for post in shown:
        mine = post.person_id is not None and post.person_id == person
        if (mine, post.state) not in known:
            subject = PostContext(**values, post=post, is_author=mine)
            acts = frozenset(action.value for action in POST_ACTS if allows(action, subject))
            known[mine, post.state] = PostView(acts, mine, sees_text(subject))
        views.append(known[mine, post.state])
    return views


def _requested_number() -> int:
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _first_unread(row: Thread, read: int | None) -> int | None:
    return read + 1 if read is not None and read < row.shown_number else None


@bp.get("/discussions/posts/<post>")
@requires(BoardAction.READ, boards.get_post)
def post(context: PostContext) -> Response:
    """Lead to the page of its thread on which a post stands."""
    number = context.post.number
    where = math.ceil(number / posts.PAGE)
    address = url_for("discussions.thread", thread=context.thread.key, page=where if where > 1 else None)
    return see_other(f"{address}#m-{number}")


@bp.get("/discussions/files/<post>/<int:number>")
@requires(BoardAction.OPEN_FILE, files.get_file)
def file(context: FileContext) -> Response:
    """Send a file of a post to who may read the post now."""
    stored, extension = context.stored, context.file.name.rpartition(".")[2].lower()
    inline = extension in files.INLINE
    return send_content(file_store(), stored.sha256, stored.media_type, context.file.name, inline=inline, cache_control="private, no-store")


class FollowForm(Form):
    """The level of notification of a thread."""

    level = SelectField(lazy_("Notify me of this thread"), choices=[SelectChoice(level.value, level.value) for level in Level], default="")


@bp.post("/discussions/<thread>/level")
@requires(BoardAction.SUBSCRIBE, boards.get_thread)
def follow(context: ThreadContext) -> Response:
    """Follow a thread, or mute it."""
    level = member_of(Level, FollowForm().level.data) or Level.FOLLOW
    actor = current_actor()
    assert actor.person_id is not None
    subscriptions.choose_level(current_session(), actor.person_id, context.board.id, level, thread_id=context.thread.id)
    message = _("You follow this thread.") if level is Level.FOLLOW else _("You get no more notifications of this thread.")
    return _back_to("discussions.thread", message, thread=context.thread.key)


@bp.route("/discussions/<thread>/opening", methods=["GET", "POST"])
@requires(BoardAction.OPEN_TO_ALL, boards.get_thread)
def open_to_all(context: ThreadContext) -> Answer:
    """Open a private question to all who read the board, with everything that was answered."""
    session = current_session()
    if is_read_only_request():
        return page("discussions/open_to_all.html", context=context, owner_page=boards.owner_page_of(session, context.board))
    threads.open_to_all(session, current_actor(), context, now=clock.now())
    return see_page("discussions.thread", thread=context.thread.key, flash=_("Everybody who reads the board sees this thread now."))


@bp.post("/discussions/posts/<post>/acceptance")
@requires(BoardAction.ACCEPT, boards.get_post)
def accept(context: PostContext) -> Response:
    """Accept an answer, or no longer."""
    accepted = request.form.get("accepted") == "yes"
    posts.accept_answer(current_session(), current_actor(), context, accepted=accepted, now=clock.now())
    message = _("The answer is accepted.") if accepted else _("The answer is no longer accepted.")
    return see_page("discussions.thread", thread=context.thread.key, flash=message)


@bp.route("/discussions/posts/<post>/withdraw", methods=["GET", "POST"])
@requires(BoardAction.WITHDRAW, boards.get_post)
def withdraw(context: PostContext) -> Answer:
    """Withdraw a post of one's own."""
    if is_read_only_request():
        owner_page = boards.owner_page_of(current_session(), context.board)
        return page(
            "discussions/withdraw.html", context=context, owner_page=owner_page, takes_thread=posts.takes_thread(current_session(), context)
        )
    posts.withdraw_post(current_session(), current_actor(), context, now=clock.now())
    return see_page("discussions.thread", thread=context.thread.key, flash=_("The post was withdrawn. You can restore it for 30 days."))


@bp.post("/discussions/posts/<post>/restoration")
@requires(BoardAction.RESTORE, boards.get_post)
def restore(context: PostContext) -> Response:
    """Restore a post that one withdrew."""
    posts.restore_post(current_session(), current_actor(), context, now=clock.now())
    return see_page("discussions.post", post=context.post.key, flash=_("The post is shown again."))


@bp.get("/discussions/posts/<post>/history")
@requires(BoardAction.VIEW_HISTORY, boards.get_post)
def history(context: PostContext) -> Answer:
    """Show the former texts of a post, each compared with the next."""
    session = current_session()
    owner_page = boards.owner_page_of(session, context.board)
    steps = posts.compare_revisions(context.post, posts.list_revisions(session, context.post.id))
    return page("discussions/history.html", context=context, owner_page=owner_page, steps=steps)


@bp.get("/learning/discussions")
@requires(BoardAction.FOLLOWED)
def followed() -> Answer:
    """List the boards with something new, and the threads that the reader follows."""
    session, actor, requested = current_session(), current_actor(), requested_page(threads.LISTED)
    rows = subscriptions.list_followed(session, actor, offset=requested.offset, limit=requested.size + 1)
    new = subscriptions.count_new(session, actor, now=clock.now())
    own_boards = boards.list_boards(session, actor)
    places = boards.owner_pages_of(session, own_boards)
    return page("discussions/followed.html", page=requested.of(rows), boards=own_boards, new=new, places=places)


@bp.post("/learning/discussions/read")
@requires(BoardAction.FOLLOWED)
def mark_all_read() -> Response:
    """Mark everything in all boards as read."""
    subscriptions.mark_all_read(current_session(), current_actor(), now=clock.now())
    return see_page("discussions.followed", flash=_("Everything is marked as read."))
