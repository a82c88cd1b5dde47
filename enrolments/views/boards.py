"""The board of a course: its address, the questions about one lesson or recording, and its settings for the team."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from courses.access import CourseAction, CourseContext
from courses.catalogue import get_taught_course
from courses.models import Course
from courses.rules import Outline, OutlineActivity, activity_url
from courses.versions import get_outline
from discussions import boards as discussion_boards
from discussions import threads
from discussions.access import BoardAction, BoardContext
from discussions.boards import TooManyCategories
from discussions.models import Board, BoardState, FirstPosts
from discussions.threads import ThreadRow
from enrolments import boards, learners
from enrolments.access import LearnerContext
from enrolments.models import CourseBoard
from kernel import clock
from kernel.errors import Forbidden, NotFound, require_found
from kernel.i18n import _, choose, lazy_
from kernel.markup.model import ID_PREFIX
from kernel.permissions import Actor
from kernel.web.forms import Form, area
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, page, requires, see_other, see_page

bp = Blueprint("enrolments_boards", __name__)


@dataclass(frozen=True, slots=True)
class CourseBoardContext(BoardContext):
    """The board of a course, and the course as the actor finds it."""

    course: LearnerContext


def get_course_board(session: Session, actor: Actor, slug: str, key: str = "", heading: str = "") -> CourseBoardContext:
    """Return the board of a course; raise NotFound where it has none."""
    del key, heading
    course = learners.get_learner_context(session, actor, slug)
    _row, board = require_found(boards.find_course_board(session, course.course_id))
    context = discussion_boards.get_board_of(session, actor, board.id)
    return CourseBoardContext(**discussion_boards.within(context), course=course)


@bp.get("/courses/<slug>/discussions")
@requires(BoardAction.VIEW, get_course_board)
def course_board(context: CourseBoardContext) -> Answer:
    """Lead to the board of a course."""
    return see_other(url_for("discussions.board", board=context.board.key))


def _activity(context: CourseBoardContext) -> tuple[Outline, OutlineActivity]:
    """Return the course and the lesson or recording of the address; raise NotFound."""
    if context.course.version_id is None:
        raise NotFound
    outline, key = get_outline(current_session(), context.course.version_id), request.view_args["key"] if request.view_args else ""
    return outline, require_found(outline.by_key.get(outline.renames.get(key, key)))


@bp.get("/courses/<slug>/discussions/<key>")
@requires(BoardAction.VIEW, get_course_board)
def of_activity(context: CourseBoardContext) -> Answer:
    """Show the questions about a lesson or recording by its parts, with their accepted answers, and ask another one."""
    session, actor, (outline, activity) = current_session(), current_actor(), _activity(context)
    url = activity_url(context.course.slug, activity.kind, activity.key)
    kind = "second" if activity.kind == "recording" else "heading"
    former = [old for old, new in outline.renames.items() if new == activity.key]
    keys = [activity.key, *former]
    rows = [row for key in keys for row in threads.list_anchored(session, actor, context.board.id, (kind, key))]
    headings = boards.list_headings(session, activity.id) if kind == "heading" else {}
    parts = _parts_of_lesson(url, headings, rows) if kind == "heading" else _parts_of_recording(url, rows)
    return page(
        "enrolments/activity_discussions.html",
        context=context,
        activity=activity,
        kind=kind,
        url=url,
        headings=headings,
        parts=parts,
        chosen=request.args.get("part", ""),
        is_wrong="wrong" in request.args,
        course_title=choose(outline.title),
    )


def _parts_of_lesson(url: str, headings: dict[str, str], rows: Sequence[ThreadRow]) -> list[tuple[str, str, list[ThreadRow]]]:
    """Return name, link and threads of the parts of a lesson that have some, in its order; parts that are gone come last."""
    named = {"": _("The whole lesson"), **headings}
    gone = sorted({row.Thread.anchor_part for row in rows} - set(named))
    return [
        (named.get(part, _(boards.GONE)), f"{url}#{ID_PREFIX}{part}" if part in headings else "", of_part)
        for part in (*named, *gone)
        if (of_part := _about(rows, part))
    ]


def _about(rows: Sequence[ThreadRow], part: str) -> list[ThreadRow]:
    return [row for row in rows if row.Thread.anchor_part == part]


def _parts_of_recording(url: str, rows: Sequence[ThreadRow]) -> list[tuple[str, str, list[ThreadRow]]]:
    """Return the moments of a recording that have threads, each with a link that plays from there and its threads."""
    seconds = sorted({int(row.Thread.anchor_part) for row in rows if row.Thread.anchor_part.isdigit()})
    moments = [(boards.clock_of(second), f"{url}#t={second}", _about(rows, str(second))) for second in seconds]
    whole = [row for row in rows if not row.Thread.anchor_part.isdigit()]
    return [*([(_("The whole recording"), url, whole)] if whole else []), *moments]


@bp.get("/courses/<slug>/discussions/<key>/<heading>")
@requires(BoardAction.VIEW, get_course_board)
def of_heading(context: CourseBoardContext) -> Answer:
    """Lead to the questions about one part of a lesson."""
    (_outline, activity), heading = _activity(context), request.view_args["heading"] if request.view_args else ""
    return see_other(url_for("discussions.board", board=context.board.key, anchor=f"heading.{activity.key}.{heading}"))


@bp.get("/courses/<slug>/discussions/<key>/ask")
@requires(BoardAction.OPEN, get_course_board)
def ask(context: CourseBoardContext) -> Answer:
    """Lead to the form of a new thread about a part that was chosen, or a moment that was typed."""
    (_outline, activity), part = _activity(context), request.args.get("part", "").strip()
    kind = "second" if activity.kind == "recording" else "question" if activity.kind == "quiz" else "heading"
    if kind == "second":
        second = boards.seconds_of(part) if part else None
        if part and second is None:
            return see_other(url_for("enrolments_boards.of_activity", slug=context.course.slug, key=activity.key, part=part[:20], wrong=1))
        part = "" if second is None else str(second)
    anchor: dict[str, Any] = {"anchor_kind": kind, "anchor_key": activity.key, "anchor_part": part[:200]}
    return see_other(url_for("discussions_writing.new", board=context.board.key, **anchor))


STATES = {
    BoardState.OFF: lazy_("Off: only the team sees it"),
    BoardState.OPEN: lazy_("Open: learners read and write"),
    BoardState.READ_ONLY: lazy_("Read only: learners read what there is"),
}
FIRST_POSTS = {
    FirstPosts.NONE: lazy_("No posts wait"),
    FirstPosts.NEW: lazy_("New accounts: younger than seven days and without an institution"),
    FirstPosts.ALL: lazy_("Everybody’s"),
}


class BoardForm(Form):
    """The settings of a course's board."""

    state = SelectField(lazy_("Discussions of this course"), choices=[SelectChoice(state.value, label) for state, label in STATES.items()])
    by_edition = BooleanField(lazy_("Each edition has its own threads"))
    first_posts = SelectField(
        lazy_("First two posts of a person that wait for a moderator"),
        choices=[SelectChoice(kind.value, label) for kind, label in FIRST_POSTS.items()],
    )
    categories = area(lazy_("Categories, one a line (optional)"), most=1_000)
    mail_text = BooleanField(lazy_("Emails include the beginning of a post"))


@bp.route("/teaching/<slug>/discussions", methods=["GET", "POST"])
@requires(CourseAction.EDIT, get_taught_course)
def settings(subject: CourseContext) -> Answer:
    """Turn the board of a course on or off, and say how it works."""
    session, actor, form = current_session(), current_actor(), BoardForm()
    present, course = boards.find_course_board(session, subject.id), session.get_one(Course, subject.id)
    if is_read_only_request():
        _fill(form, present)
    elif course.archived_at is not None:
        raise Forbidden
    elif form.validate():
        row, board = boards.add_course_board(session, subject.id, now=clock.now())
        changed = row.by_edition != bool(form.by_edition.data)
        with form.refusals(form.categories, TooManyCategories):
            changed |= discussion_boards.change_settings(
                session,
                actor,
                board,
                state=BoardState(form.state.data),
                first_posts=FirstPosts(form.first_posts.data),
                mail_text=bool(form.mail_text.data),
                categories=(form.categories.data or "").splitlines(),
                now=clock.now(),
            )
            row.by_edition = bool(form.by_edition.data)
            message = _("Saved. It holds from now on.") if changed else _("There was nothing to change.")
            return see_page("enrolments_boards.settings", slug=subject.slug, flash=message)
    address = url_for("discussions.board", board=present[1].key) if present else ""
    about, is_archived = {"slug": subject.slug, "title": choose(course.title)}, course.archived_at is not None
    return page("enrolments/board_settings.html", form=form, course=about, address=address, is_archived=is_archived)


def _fill(form: BoardForm, present: tuple[CourseBoard, Board] | None) -> None:
    """Show how a board is set; without one, how it would be."""
    if present is None:
        form.state.data, form.first_posts.data = BoardState.OFF.value, FirstPosts.NONE.value
        return
    row, board = present
    form.state.data, form.first_posts.data, form.mail_text.data = board.state, board.first_posts, board.mail_text
    form.by_edition.data, form.categories.data = row.by_edition, "\n".join(board.categories)
