"""Moderation by pages: report, hide, show, release, lock, pin, retitle, sum up; the queue and the log of a board."""

from datetime import date

from flask import Blueprint, Response, request
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from discussions import boards, moderation, posts, threads
from discussions.access import GONE, BoardAction, BoardContext, PostContext, ThreadContext
from discussions.files import INLINE
from discussions.models import HideClass
from discussions.moderation import AlreadyReported, PostDecided
from discussions.threads import TitleMissing, TooManyPinned
from kernel import audit, clock
from kernel.errors import OwnRecord
from kernel.i18n import _, lazy_, site_day
from kernel.web.forms import Form, area, as_day, line, whole_number
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, page, requires, see_page
from kernel.web.table import requested_page

bp = Blueprint("discussions_moderation", __name__)

CHOICES = [SelectChoice(kind.value, lazy_(label)) for kind, label in moderation.CLASSES.items()]


class ReportForm(Form):
    """A report of a post."""

    report_class = RadioField(lazy_("What is wrong with it?"), choices=CHOICES, default=HideClass.OFFENSIVE.value)
    note = area(lazy_("What the moderators should know"), most=1_000)


@bp.route("/discussions/posts/<post>/report", methods=["GET", "POST"])
@requires(BoardAction.REPORT, boards.get_post)
def report(context: PostContext) -> Answer:
    """Report a post to the moderators."""
    form = ReportForm()
    if is_read_only_request() and posts.was_reported(current_session(), current_actor(), [context.post.id]):
        return see_page("discussions.post", post=context.post.key, flash=_("You have reported this post already."))
    if form.validate_on_submit():
        with form.refusals(None, AlreadyReported, posts.PostGone):
            report_class = HideClass(form.report_class.data)
            moderation.report_post(current_session(), current_actor(), context, report_class, form.note.data or "", now=clock.now())
            message = _("Thank you: the moderators will look at it, and you will be notified of what they decide.")
            return see_page("discussions.thread", thread=context.thread.key, flash=message)
    return page("discussions/report.html", form=form, context=context, owner_page=boards.owner_page_of(current_session(), context.board))


class HideForm(Form):
    """Why a post is hidden."""

    hide_class = RadioField(lazy_("Why"), [InputRequired(lazy_("Choose one."))], choices=CHOICES)
    reason = area(lazy_("Reason, which its author reads"), most=500, required=lazy_("Write the reason in 3 to 500 characters."))
    seen = StringField()


@bp.route("/discussions/posts/<post>/hide", methods=["GET", "POST"])
@requires(BoardAction.HIDE, boards.get_post)
def hide(context: PostContext) -> Answer:
    """Hide a post, with a reason."""
    form, session = HideForm(), current_session()
    if is_read_only_request() and context.post.state in GONE and not context.stands_in:
        return see_page("discussions.post", post=context.post.key, flash=_("This post is not shown any more."))
    if is_read_only_request():
        form.seen.data = str(context.post.row_version)
        reports = moderation.list_reports(session, current_actor(), [context.post.id])
        form.hide_class.data = reports[0].PostReport.report_class if reports else None
    if form.validate_on_submit():
        reason = (form.reason.data or "").strip()
        if len(reason) < 3:
            form.refuse(form.reason, _("Write the reason in 3 to 500 characters."))
        else:
            with form.refusals(None, PostDecided, OwnRecord):
                version, hide_class = whole_number(form.seen.data or ""), HideClass(form.hide_class.data)
                moderation.decide(session, current_actor(), context, hide_class=hide_class, reason=reason, version=version, now=clock.now())
                return _see_decided(context, "discussions.thread", _("The post is hidden."), thread=context.thread.key)
    return page(
        "discussions/hide.html",
        form=form,
        context=context,
        owner_page=boards.owner_page_of(session, context.board),
        reports=moderation.list_reports(session, current_actor(), [context.post.id]),
        classes=moderation.CLASSES,
        is_gone=context.post.state in GONE,
    )


def _see_decided(context: PostContext, endpoint: str, flash: str, **values: str) -> Response:
    """Lead a moderator on from a decision; who stands in for them reads no more than this page."""
    if context.stands_in:
        return see_page("discussions_moderation.hide", post=context.post.key, flash=flash)
    return see_page(endpoint, flash=flash, **values)


@bp.post("/discussions/posts/<post>/keeping")
@requires(BoardAction.DECIDE, boards.get_post)
def keep(context: PostContext) -> Response:
    """Keep a reported post as it is."""
    session, actor, version = current_session(), current_actor(), whole_number(request.form.get("seen", ""))
    moderation.decide(session, actor, context, hide_class=None, reason="", version=version, now=clock.now())
    message = _("The post stays, and who reported it is notified.")
    return _see_decided(context, "discussions_moderation.queue", message, board=context.board.key)


@bp.post("/discussions/posts/<post>/showing")
@requires(BoardAction.HIDE, boards.get_post)
def show(context: PostContext) -> Response:
    """Show a hidden post again."""
    version = whole_number(request.form.get("seen", ""))
    moderation.show(current_session(), current_actor(), context, version=version, now=clock.now())
    return _see_decided(context, "discussions.post", _("The post is shown again."), post=context.post.key)


@bp.post("/discussions/posts/<post>/release")
@requires(BoardAction.RELEASE, boards.get_post)
def release(context: PostContext) -> Response:
    """Release the first post of a new account."""
    version = whole_number(request.form.get("seen", ""))
    moderation.show(current_session(), current_actor(), context, version=version, now=clock.now())
    return see_page("discussions_moderation.queue", board=context.board.key, flash=_("The post is published."))


@bp.post("/discussions/posts/<post>/summary")
@requires(BoardAction.SUMMARISE, boards.get_post)
def summarise(context: PostContext) -> Response:
    """Mark a post as the summary of its thread, or no longer."""
    is_summary = request.form.get("summary") == "yes"
    threads.mark_summary(current_session(), current_actor(), context, is_summary=is_summary, now=clock.now())
    message = _("This post is the summary of the thread.") if is_summary else _("The thread has no summary any more.")
    return see_page("discussions.thread", thread=context.thread.key, flash=message)


class LockForm(Form):
    """Why a thread is locked, and where it goes on."""

    reason = line(lazy_("Reason"), most=500, required=lazy_("Write the reason in 3 to 500 characters."))
    continued = line(lazy_("Address of the thread in which it goes on (optional)"), most=300)


class RetitleForm(Form):
    """Another title and category of a thread."""

    title = line(lazy_("Title"), most=threads.LONGEST_TITLE)
    category = SelectField(lazy_("Category"), choices=[], default="")


class PinForm(Form):
    """The last day on which a thread stands first."""

    until = line(lazy_("Last day (optional)"), most=10)


@bp.get("/discussions/<thread>/moderation")
@requires(BoardAction.LOCK, boards.get_thread)
def thread_acts(context: ThreadContext) -> Answer:
    """Show the forms that lock, pin and retitle a thread."""
    return _draw(context, LockForm(formdata=None), RetitleForm(formdata=None), PinForm(formdata=None))


def _draw(context: ThreadContext, lock: LockForm, retitle: RetitleForm, pin: PinForm) -> Answer:
    retitle.category.choices = [("", _("None")), *((name, name) for name in context.board.categories)]
    if not retitle.is_submitted() or not retitle.title.data:
        retitle.title.data, retitle.category.data = context.thread.title, context.thread.category
    owner_page = boards.owner_page_of(current_session(), context.board)
    today = site_day(clock.now())
    return page("discussions/moderate.html", context=context, owner_page=owner_page, lock=lock, retitle=retitle, pin=pin, today=today)


@bp.post("/discussions/<thread>/lock")
@requires(BoardAction.LOCK, boards.get_thread)
def lock(context: ThreadContext) -> Answer:
    """Lock a thread or unlock it, or let others than moderators comment in it or no longer."""
    form, session, actor = LockForm(), current_session(), current_actor()
    if (comments := request.form.get("comments")) in ("yes", "no"):
        threads.set_comments(session, actor, context, takes_comments=comments == "yes", now=clock.now())
        message = _("All who write here can comment.") if comments == "yes" else _("Moderators alone can comment.")
        return see_page("discussions.thread", thread=context.thread.key, flash=message)
    if request.form.get("locked") == "no":
        threads.lock(session, actor, context, "", continued="", is_locked=False, now=clock.now())
        return see_page("discussions.thread", thread=context.thread.key, flash=_("The thread is open again."))
    if form.validate_on_submit() and len(form.reason.data or "") >= 3:
        continued = (form.continued.data or "").rstrip("/").rpartition("/")[2]
        threads.lock(session, actor, context, form.reason.data or "", continued=continued, is_locked=True, now=clock.now())
        return see_page("discussions.thread", thread=context.thread.key, flash=_("The thread is locked."))
    if not form.errors:
        form.refuse(form.reason, _("Write the reason in 3 to 500 characters."))
    return _draw(context, form, RetitleForm(formdata=None), PinForm(formdata=None))


@bp.post("/discussions/<thread>/title")
@requires(BoardAction.RETITLE, boards.get_thread)
def retitle(context: ThreadContext) -> Answer:
    """Give a thread another title or category."""
    form = RetitleForm()
    with form.refusals(form.title, TitleMissing):
        session, actor = current_session(), current_actor()
        changed = threads.retitle(session, actor, context, form.title.data or "", form.category.data or "", now=clock.now())
        message = _("The thread was changed.") if changed else _("There was nothing to change.")
        return see_page("discussions.thread", thread=context.thread.key, flash=message)
    return _draw(context, LockForm(formdata=None), form, PinForm(formdata=None))


@bp.post("/discussions/<thread>/pin")
@requires(BoardAction.PIN, boards.get_thread)
def pin(context: ThreadContext) -> Answer:
    """Pin a thread, or unpin it."""
    form, now = PinForm(), clock.now()
    is_pinned, until, today = request.form.get("pinned") != "no", as_day(form.until.data or ""), site_day(now)
    if is_pinned and form.until.data and (until is None or until < today):
        form.refuse(form.until, _("Enter a day from today on."))
    else:
        with form.refusals(form.until, TooManyPinned):
            _pin(context, until, is_pinned=is_pinned, today=today)
            message = _("The thread stands first.") if is_pinned else _("The thread is no longer pinned.")
            return see_page("discussions.thread", thread=context.thread.key, flash=message)
    return _draw(context, LockForm(formdata=None), RetitleForm(formdata=None), form)


def _pin(context: ThreadContext, until: date | None, *, is_pinned: bool, today: date) -> None:
    threads.pin_thread(current_session(), current_actor(), context, until, is_pinned=is_pinned, today=today, now=clock.now())


@bp.get("/discussions/boards/<board>/moderation")
@requires(BoardAction.VIEW_QUEUE, boards.get_board)
def queue(context: BoardContext) -> Answer:
    """List what waits for the moderators of a board."""
    session, actor = current_session(), current_actor()
    rows = moderation.list_queue(session, actor, context.board.id)
    numbers = [row.ThreadPost.id for row in rows]
    return page(
        "discussions/queue.html",
        context=context,
        owner_page=boards.owner_page_of(session, context.board),
        rows=rows,
        reports=moderation.list_reports(session, actor, numbers),
        classes=moderation.CLASSES,
        files=posts.list_files(session, numbers),
        pictures=INLINE,
    )


@bp.get("/discussions/boards/<board>/log")
@requires(BoardAction.VIEW_LOG, boards.get_board)
def log(context: BoardContext) -> Answer:
    """List what was decided on a board's threads and posts, by whom."""
    session, requested = current_session(), requested_page(50)
    rows = moderation.list_log(session, current_actor(), context.board.id, offset=requested.offset, limit=requested.size + 1)
    owner_page = boards.owner_page_of(session, context.board)
    return page("discussions/log.html", context=context, owner_page=owner_page, page=requested.of(rows), labels=audit.labels())
