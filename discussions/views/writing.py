"""The form of threads and posts: publish, preview, keep as a draft; what is refused is a draft with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from flask import Blueprint, Response, flash, get_template_attribute, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, widgets

from accounts import notices
from discussions import boards, drafts, files, posts, threads
from discussions.access import BoardAction, BoardContext, PostContext, ThreadContext
from discussions.boards import Anchor, Mentionable, OwnerPage
from discussions.drafts import DraftSlot, DraftText
from discussions.files import CheckedFile
from discussions.models import PostDraft, PostState, ThreadKind, ThreadPost
from discussions.threads import NewThread
from kernel import clock
from kernel.errors import N_, DomainError, Forbidden, NotFound
from kernel.i18n import _, language, lazy_, ngettext
from kernel.markup.posts import render_post
from kernel.permissions import Actor
from kernel.web.forms import FileField, Form, area, as_form_data, line, whole_number
from kernel.web.limits import limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    file_store,
    is_read_only_request,
    page,
    release_connection,
    request_services,
    requires,
    roll_back,
    see_other,
    see_page,
)

bp = Blueprint("discussions_writing", __name__)

SOON = limit("posts", "10 per 10 minutes")
A_DAY = limit("posts of a day", "60 per day")
BODY_LIMIT = 55_000_000
MOST_BOXES = boards.MOST_WRITERS + boards.MOST_MODERATORS
KINDS = {
    ThreadKind.DISCUSSION: N_("Discussion"),
    ThreadKind.QUESTION: N_("Question"),
    ThreadKind.ANNOUNCEMENT: N_("Announcement"),
}


class TextSaved(Forbidden):
    """A post that its writer may not publish any more; its text is a draft."""

    message = N_("You cannot publish this here any more. Your text is kept under “My drafts”.")


REFUSED_FIELDS: Mapping[type[DomainError], str] = {
    threads.TitleMissing: "title",
    threads.TooManyAnnouncements: "kind",
    posts.TextMissing: "text",
    posts.TextTooLong: "text",
    files.AttachmentRefused: "file",
    files.TooManyFiles: "file",
    files.AlternativeMissing: "alternative",
}
"""The fields that refusals are about; another is about the whole post."""


class PostForm(Form):
    """A post: its text, its files, and whom to notify; of a new thread its title, kind and category too."""

    kind = SelectField(lazy_("Kind"), default=ThreadKind.QUESTION.value)
    title = line(lazy_("Title"), most=threads.LONGEST_TITLE)
    category = SelectField(lazy_("Category"), choices=[], default="")
    private = BooleanField(lazy_("Only the team sees it"))
    text = area(lazy_("Your text"), most=drafts.LONGEST_DRAFT)
    mentions = SelectMultipleField(
        lazy_("Notify"), choices=[], option_widget=widgets.CheckboxInput(), widget=widgets.ListWidget(), validate_choice=False
    )
    file = FileField(lazy_("Attach a file"))
    alternative = line(lazy_("What the picture shows"), most=300)
    decorates = BooleanField(lazy_("The picture only decorates"))
    remove = SelectMultipleField(
        lazy_("Take away"),
        choices=[],
        coerce=int,
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(),
        validate_choice=False,
    )
    token = HiddenField()
    seen = HiddenField()
    ticked = HiddenField()
    """Of an edit: who had been notified when it was opened, their boxes ticked unless its draft leaves them out."""


class Act(StrEnum):
    """The buttons of the form."""

    PUBLISH = "publish"
    ANYWAY = "anyway"
    PREVIEW = "preview"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Writing:
    """A text that is being written: a new thread, an answer, or another text of a post; and how it is published."""

    context: BoardContext
    slot: DraftSlot
    address: str
    """Of its form."""
    publish: Callable[[PostForm, DraftText, PostDraft | None], ThreadPost]
    """Takes the text, and the draft that holds its files if there is one."""


def brings_files() -> bool:
    """Return whether the form has files: they are read and stored before the transaction begins."""
    return any(sent.filename for sent in request.files.values())


def anchor_of(values: Any) -> tuple[str, str, str]:
    """Return the anchor that an address or a form names."""
    return values.get("anchor_kind", "")[:12], values.get("anchor_key", "")[:64], values.get("anchor_part", "")[:200]


def _submitted_text(form: PostForm, values: Any = None) -> DraftText:
    values = request.values if values is None else values
    kind = ThreadKind(form.kind.data) if form.kind.data in list(ThreadKind) else ThreadKind.DISCUSSION
    reply_to = whole_number(values.get("reply_to", ""))
    return DraftText(
        form.text.data or "",
        form.title.data or "",
        kind,
        form.category.data or "",
        anchor_of(values),
        reply_to=reply_to or None,
        private=bool(form.private.data),
        mentioned=(*(form.mentions.data or ())[:MOST_BOXES], *(f"-{person[:36]}" for person in sorted(_left_out(form))[:MOST_BOXES])),
    )


def keeping_text(loader: Callable[..., BoardContext], action: BoardAction) -> Callable[..., BoardContext]:
    """Wrap a loader: the text of a post that its writer may not publish any more is kept as a draft before they are refused.

    A form that was published before and is sent again is refused alone. What is sent with files is judged once more when they are stored.
    """

    def load(session: Any, actor: Actor, **arguments: Any) -> BoardContext:
        if not is_read_only_request() and not brings_files():
            boards.hold(session, *next(iter(arguments.items())))
        context = loader(session, actor, **arguments)
        policy = request_services().policy
        if is_read_only_request() or policy.allows(actor, action, context) or not request.form.get("text", "").strip():
            return context
        form, slot = PostForm(), slot_of(context)
        if posts.find_repeated(session, actor, _token_of(form)) is not None:
            return context
        text = _submitted_text(form)
        roll_back()
        with request_services().database.unit_of_work() as own:
            drafts.keep_draft(own, actor, slot, text, reason=_(TextSaved.message), now=clock.now())
        if boards_seen(actor, context):
            raise TextSaved
        return loader(current_session(), actor, **arguments)  # the session of the first one was given back

    return load


def boards_seen(actor: Actor, context: BoardContext) -> bool:
    """Return whether the actor may at least read what they wrote to."""
    action = BoardAction.READ if isinstance(context, ThreadContext) else BoardAction.VIEW
    return request_services().policy.allows(actor, action, context)


def slot_of(context: BoardContext, values: Any = None) -> DraftSlot:
    """Return the slot of drafts of a context: its board and the part that a new thread is about, its thread or its post."""
    if not isinstance(context, ThreadContext):
        return DraftSlot(context.board, anchor=anchor_of(request.values if values is None else values))
    return DraftSlot(context.board, context.thread, context.post if isinstance(context, PostContext) else None)


LOADERS: Mapping[str, tuple[str, Callable[[Session, Actor, str], BoardContext], BoardAction]] = {
    "discussions_writing.new": ("board", boards.get_board, BoardAction.OPEN),
    "discussions_writing.answer": ("thread", boards.get_thread, BoardAction.WRITE),
    "discussions_writing.edit": ("post", boards.get_post, BoardAction.EDIT),
}


def _refusal_by_now(session: Session) -> TextSaved | None:
    """Return the reason to refuse a text whose files took their time, where its writer may not publish it any more."""
    (name, load, action), key = LOADERS[str(request.endpoint)], next(iter((request.view_args or {}).values()))
    boards.hold(session, name, key)
    is_allowed = request_services().policy.allows(current_actor(), action, load(session, current_actor(), key))
    return None if is_allowed else TextSaved()


def keep_resumed(
    session: Session, actor: Actor, endpoint: str, arguments: Mapping[str, str], path: str, fields: Sequence[tuple[str, str]]
) -> str | None:
    """Keep the text of a form that was sent while its writer was signed out as their draft; return the page that shows it."""
    form = PostForm(formdata=as_form_data(fields)) if endpoint in LOADERS else None
    if form is None or not (form.text.data or "").strip():
        return None
    values, (name, load, _action) = {**dict(fields), **arguments}, LOADERS[endpoint]
    try:
        context = load(session, actor, arguments[name])
    except NotFound:
        return None
    reason = _("You were signed out when you sent it. Publish it now if it is complete.")
    drafts.keep_draft(session, actor, slot_of(context, values), _submitted_text(form, values), reason=reason, now=clock.now())
    return path if boards_seen(actor, context) else url_for("discussions_writing.own_drafts")


def _store_files(form: PostForm) -> list[CheckedFile]:
    """Check and store what was sent, without a transaction of the database; raise a refusal."""
    sent = [(upload.filename, upload.read(files.LARGEST + 1)) for upload in request.files.getlist("file") if upload.filename]
    if not sent:
        return []
    if len(sent) > files.MOST_FILES:
        raise files.TooManyFiles
    release_connection()
    alternative, decorates = form.alternative.data or "", bool(form.decorates.data)
    return [files.store_attachment(file_store(), name, content, alternative=alternative, decorates=decorates) for name, content in sent]


def _keep_files(
    writing: Writing, form: PostForm, text: DraftText, draft: PostDraft | None, stored: Sequence[CheckedFile], refusal: DomainError | None
) -> tuple[PostDraft | None, DomainError | None]:
    """Give the files that were sent to the draft, describe or take away those that it has; return the draft, and what is refused."""
    session, now = current_session(), clock.now()
    if stored or form.remove.data:
        draft = drafts.keep_draft(session, current_actor(), writing.slot, text, now=now)
        files.remove_files(session, draft, form.remove.data or (), now=now)
        try:
            files.attach(session, draft, stored, now=now)
        except files.TooManyFiles as refused:
            refusal = refusal or refused
    if draft is not None and (form.alternative.data or form.decorates.data):
        files.describe(session, draft, form.alternative.data or "")
    return draft, refusal


def take(writing: Writing, form: PostForm) -> Answer:
    """Publish what was sent, or keep it as a draft where that was asked or it is refused, with the reason: nothing is lost."""
    act = Act(request.form.get("act", "")) if request.form.get("act") in list(Act) else Act.PUBLISH
    stored, refusal = list[CheckedFile](), None
    try:
        stored = _store_files(form)
    except DomainError as refused:
        refusal = refused
    session = current_session()
    if brings_files():
        session = begin_writing()
        refusal = _refusal_by_now(session) or refusal
    actor, now, text = current_actor(), clock.now(), _submitted_text(form)
    drafts.lock_writer(session, actor)
    columns = posts.repeated_number(actor, _token_of(form)), drafts.draft_number(actor, writing.slot)
    sent_id, draft_id = session.execute(select(*columns)).one()
    if sent_id is not None:
        return see_page("discussions.post", post=session.get_one(ThreadPost, sent_id).key, flash="")
    draft = session.get_one(PostDraft, draft_id) if draft_id else None
    draft, refusal = _keep_files(writing, form, text, draft, stored, refusal)
    shown = {Act.DRAFT: "draft", Act.PREVIEW: "preview"}.get(act, "")
    if not shown and refusal is None:
        is_question = writing.slot.thread is None and text.kind is ThreadKind.QUESTION
        if act is Act.PUBLISH and is_question and threads.list_alike(session, actor, writing.context.board.id, text.title):
            shown = "alike"
        else:
            try:
                files.check_described(session, draft)
                return see_page("discussions.post", post=writing.publish(form, text, draft).key, flash="")
            except DomainError as refused:
                refusal = refused
    reason = _(refusal.text, **refusal.facts) if refusal else ""
    drafts.keep_draft(session, actor, writing.slot, text, reason=reason, now=now)
    if isinstance(refusal, TextSaved):
        flash(reason, "warn")
        return see_other(url_for("discussions_writing.own_drafts"))
    joined = f"{writing.address}{'&' if '?' in writing.address else '?'}"
    if refusal is not None:
        return see_other(f"{joined}refused={REFUSED_FIELDS.get(type(refusal), '1')}")
    if act is Act.DRAFT:
        flash(_("The draft was saved. It is under “My drafts”."), "ok")
        return see_other(writing.address)
    return see_other(f"{joined}{shown}=1#{shown}")


def _count(actor: Actor, context: BoardContext) -> None:
    """Count a post; raise TooMany where its author wrote too many. Who moderates the board is not limited there."""
    if not context.moderates:
        limiter().use(SOON, str(actor.person_id))
        limiter().use(A_DAY, str(actor.person_id))


def _mentioned(form: PostForm, context: BoardContext) -> list[int]:
    """Return those who were chosen among those whom a post here may notify."""
    return _offered(context, set(form.mentions.data or ()))


def _left_out(form: PostForm) -> set[str]:
    """Return those whose boxes the form of an edit showed ticked, and was sent without."""
    return set((form.ticked.data or "").split()) - set(form.mentions.data or ())


def _offered(context: BoardContext, chosen: set[str]) -> list[int]:
    thread_id = context.thread.id if isinstance(context, ThreadContext) else None
    people = boards.list_mentionable(current_session(), current_actor(), context.board.id, thread_id) if chosen else []
    return [person.id for person in people if person.uuid in chosen]


def _announce(post: ThreadPost, form: PostForm, context: BoardContext) -> None:
    """Have a post that was just written indexed, and those notified whose box was ticked; of one that waits, once it is shown."""
    mentioned = _mentioned(form, context)
    if post.state == PostState.WAITING:
        post.mentioned = tuple(map(str, mentioned))
    posts.announce(current_session(), post, mentioned, now=clock.now())


def _publish_files(draft: PostDraft | None, post: ThreadPost) -> None:
    session = current_session()
    if draft is None:
        return
    if files.count_files(session, post.id):
        drafts.delete_draft(session, draft, now=clock.now())  # the same form was sent twice
    else:
        drafts.publish_files(session, draft, post)


def _token_of(form: PostForm) -> str:
    """Return the token that makes a text of a form unique: sent again it is the same post, and another text of the form is another."""
    return str(uuid5(NAMESPACE_OID, "\n".join((form.token.data or str(uuid4()), form.title.data or "", form.text.data or ""))))


def writing_thread(context: BoardContext) -> Writing:
    """Return how a new thread of a board is written."""

    def publish(form: PostForm, text: DraftText, draft: PostDraft | None) -> ThreadPost:
        session, actor, now = current_session(), current_actor(), clock.now()
        _count(actor, context)
        new = NewThread(text.title, text.kind, text.category, text.anchor, is_private=text.private)
        post = threads.open_thread(session, actor, context, new, text.source, token=_token_of(form), now=now)
        _publish_files(draft, post)
        _announce(post, form, context)
        message = _("The announcement was published.") if text.kind is ThreadKind.ANNOUNCEMENT else _("Your thread is open.")
        flash(_("Your post waits for a moderator.") if post.state == "waiting" else message, "ok")
        return post

    given = anchor_of(request.values)
    query: dict[str, Any] = {name: value for name, value in zip(("anchor_kind", "anchor_key", "anchor_part"), given, strict=True) if value}
    return Writing(context, slot_of(context), url_for("discussions_writing.new", board=context.board.key, **query), publish)


def writing_answer(context: ThreadContext) -> Writing:
    """Return how an answer is written."""

    def publish(form: PostForm, text: DraftText, draft: PostDraft | None) -> ThreadPost:
        session, actor, now = current_session(), current_actor(), clock.now()
        _count(actor, context)
        seen, token = whole_number(form.seen.data or ""), _token_of(form)
        post = posts.write_post(session, actor, context, text.source, reply_to=text.reply_to, token=token, now=now)
        _publish_files(draft, post)
        _announce(post, form, context)
        if post.state == "waiting":
            flash(_("Your post waits for a moderator."), "ok")
        elif seen and post.number > seen + 1:
            count = post.number - seen - 1
            flash(
                ngettext(
                    "While you were writing %(count)s post came: no. %(number)s.",
                    "While you were writing %(count)s posts came, from no. %(number)s on.",
                    count,
                    number=seen + 1,
                ),
                "ok",
            )
        return post

    return Writing(context, slot_of(context), url_for("discussions_writing.answer", thread=context.thread.key), publish)


def writing_edit(context: PostContext) -> Writing:
    """Return how another text of a post is written."""

    def publish(form: PostForm, text: DraftText, draft: PostDraft | None) -> ThreadPost:
        session, actor, now = current_session(), current_actor(), clock.now()
        changed = posts.edit_post(session, actor, context, text.source, version=whole_number(form.seen.data or ""), now=now)
        added = files.append_files(session, draft, context.post) if draft else 0
        if draft:
            drafts.delete_draft(session, draft, now=now)
        posts.announce(session, context.post, _mentioned(form, context), _offered(context, _left_out(form)), now=now, is_edit=True)
        flash(_("The post was changed.") if changed or added else _("There was nothing to change."), "ok")
        return context.post

    return Writing(context, slot_of(context), url_for("discussions_writing.edit", post=context.post.key), publish)


@lru_cache
def draw_attaching(_language: str) -> str:
    """Draw the fields of a file, which are the same below every thread: nothing stands in them yet."""
    return _draw_file_fields(PostForm(formdata=None))


def _draw_file_fields(form: PostForm) -> str:
    html: str = get_template_attribute("discussions/_attach.html", "fields")(form)
    return html


def new_token() -> str:
    """Return a token that makes a form's post unique, sent as often as it may."""
    return str(uuid4())


def draft_of(context: ThreadContext, form: PostForm) -> PostDraft | None:
    """Fill the form at the foot of a thread with the reader's draft, and return it."""
    session, actor = current_session(), current_actor()
    people = boards.list_mentionable(session, actor, context.board.id, context.thread.id)
    form.mentions.choices = [(person.uuid, person.full_name) for person in people]
    draft = drafts.find_draft(session, actor, slot_of(context))
    form.text.data, form.mentions.data = (draft.source, list(draft.mentioned)) if draft else ("", [])
    return draft


def _fill(form: PostForm, writing: Writing, draft: PostDraft | None) -> None:
    """Show the draft in a form that was opened, or what is edited."""
    context = writing.context
    if not is_read_only_request():
        return
    form.token.data = str(uuid4())
    post = context.post if isinstance(context, PostContext) else None
    form.seen.data = str(post.row_version if post else context.thread.last_number if isinstance(context, ThreadContext) else "")
    form.text.data = draft.source if draft else post.source if post else ""
    if draft:
        form.title.data, form.kind.data = draft.title, draft.kind
        form.category.data, form.private.data = draft.category, draft.private


def _mentioned_before(context: BoardContext, people: Sequence[Mentionable]) -> list[Mentionable]:
    """Return which of these people the edited post mentions already."""
    if not isinstance(context, PostContext):
        return []
    known = notices.was_notified(current_session(), posts.mention_key(context.post), [person.id for person in people])
    return [person for person in people if person.id in known]


def draw(writing: Writing, form: PostForm, *, owner_page: OwnerPage) -> Answer:
    """Draw the form with the draft, why it was refused, its preview and threads alike, as the address says."""
    session, actor, context = current_session(), current_actor(), writing.context
    draft = drafts.find_draft(session, actor, writing.slot)
    kinds = [kind for kind in KINDS if kind is not ThreadKind.ANNOUNCEMENT or context.administers]
    form.kind.choices = [(kind.value, _(KINDS[kind])) for kind in kinds]
    form.category.choices = [("", _("None")), *((name, name) for name in context.board.categories)]
    thread = writing.slot.thread
    people = boards.list_mentionable(session, actor, context.board.id, thread.id if thread else None)
    form.mentions.choices = [(person.uuid, person.full_name) for person in people]
    _fill(form, writing, draft)
    if draft and draft.reason and request.args.get("refused") in REFUSED_FIELDS.values():
        form.refuse(form[request.args["refused"]], draft.reason)
    if draft is None and request.args.get("kind") in [kind.value for kind in kinds]:
        form.kind.data = request.args["kind"]
    if is_read_only_request():
        notified, saved = [person.uuid for person in _mentioned_before(context, people)], draft.mentioned if draft else ()
        form.ticked.data = " ".join(notified)
        form.mentions.data = [*saved, *(person for person in notified if f"-{person}" not in saved)]
    anchor = anchor_of(request.values) if not draft else (draft.anchor_kind, draft.anchor_key, draft.anchor_part)
    owner = boards.owner_of(session, context.board)
    reply_to = request.values.get("reply_to", "") or (str(draft.reply_to) if draft and draft.reply_to else "")
    alike = threads.list_alike(session, actor, context.board.id, draft.title) if draft and request.args.get("alike") else []
    return page(
        "discussions/form.html",
        form=form,
        context=context,
        writing=writing,
        owner_page=owner_page,
        draft=draft,
        files=files.list_draft_files(session, draft.id) if draft else [],
        anchor=anchor,
        anchor_label=owner.locate(session, actor, context.board.id, [anchor]).get(anchor, Anchor("")).label if anchor[0] else "",
        offers_private=owner.offers_private and thread is None,
        reply_to=reply_to if whole_number(reply_to) else "",
        preview=render_post(draft.source) if draft and request.args.get("preview") else "",
        alike=alike,
        reach=threads.find_reach(session, context.board, now=clock.now()) if context.administers and thread is None else None,
        attach_fields=_draw_file_fields(form) if form.faults else draw_attaching(language()),
    )


def _answer(writing: Writing) -> Answer:
    form = PostForm()
    if not is_read_only_request():
        return take(writing, form)
    return draw(writing, form, owner_page=boards.owner_page_of(current_session(), writing.context.board))


@bp.route("/discussions/new/<board>", methods=["GET", "POST"])
@requires(BoardAction.OPEN, keeping_text(boards.get_board, BoardAction.OPEN), reads_first=brings_files, body_limit=BODY_LIMIT)
def new(context: BoardContext) -> Answer:
    """Open a thread."""
    return _answer(writing_thread(context))


@bp.route("/discussions/<thread>/answer", methods=["GET", "POST"])
@requires(BoardAction.WRITE, keeping_text(boards.get_thread, BoardAction.WRITE), reads_first=brings_files, body_limit=BODY_LIMIT)
def answer(context: ThreadContext) -> Answer:
    """Write a post in a thread."""
    return _answer(writing_answer(context))


@bp.route("/discussions/posts/<post>/edit", methods=["GET", "POST"])
@requires(BoardAction.EDIT, keeping_text(boards.get_post, BoardAction.EDIT), reads_first=brings_files, body_limit=BODY_LIMIT)
def edit(context: PostContext) -> Answer:
    """Give a post of one's own another text."""
    return _answer(writing_edit(context))


@bp.get("/learning/drafts")
@requires(BoardAction.FOLLOWED)
def own_drafts() -> Answer:
    """List the reader's drafts; of boards that they may not read any more without their names."""
    session, actor = current_session(), current_actor()
    rows = drafts.list_drafts(session, actor)
    places = {row.Board.id: boards.owner_page_of(session, row.Board) for row in rows if row.is_readable}
    days = current_settings().keep_post_drafts_days
    return page("discussions/drafts.html", rows=rows, places=places, days=days)


@bp.post("/learning/drafts/<draft>/deletion")
@requires(BoardAction.FOLLOWED, drafts.get_own_draft)
def delete_draft(draft: PostDraft) -> Response:
    """Delete a draft."""
    drafts.delete_draft(current_session(), draft, now=clock.now())
    return see_page("discussions_writing.own_drafts", flash=_("The draft was deleted."))
