"""The board of a course: who reads and moderates it, what its threads are about, and which of them are for some alone.

Its conditions stand at any depth of a statement, so each names the tables that are its own (`correlate_except`): the column of a person
may be of a statement further out.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses import versions
from courses.access import teaches
from courses.models import Course, CourseStaff, StaffRole
from courses.rules import NARROWED, activity_url
from discussions import boards
from discussions.boards import Anchor, AnchorKey, BoardOwner, OwnerPage, ThreadGuard
from discussions.models import Board, Thread
from enrolments import learners
from enrolments.access import PERMISSIONS, LearnerContext, LearningAction
from enrolments.models import CourseBoard, CourseThread, EditionPlace, Enrolment
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.errors import N_
from kernel.i18n import _, choose, language
from kernel.markup.model import ID_PREFIX
from kernel.permissions import Actor, Verdict
from organisations.institutions import FIRST
from organisations.models import InstitutionAdministrator
from spaces.spaces import SITE_ADMINISTRATORS, Number, Space, SpaceRule, belongs_anywhere

OWNER = "course"
GONE = N_("about a part that is no longer in the course")
MODERATORS = (StaffRole.OWNER, StaffRole.EDITOR, StaffRole.GRADER)


def _takes_part(person: Number) -> ColumnElement[bool]:
    """Return the condition on `CourseBoard` that a person takes its course, active or completed."""
    takes = (Enrolment.course_id == CourseBoard.course_id, Enrolment.person_id == person, Enrolment.left_at.is_(None))
    return exists().where(*takes).correlate_except(Enrolment)


def in_team(*roles: StaffRole) -> SpaceRule[LearnerContext]:
    """Return the rule that somebody has one of some roles in the course."""

    def condition(person: Number) -> ColumnElement[bool]:
        has_role = (CourseStaff.course_id == CourseBoard.course_id, CourseStaff.person_id == person)
        return exists().where(*has_role, CourseStaff.role.in_([role.value for role in roles])).correlate_except(CourseStaff)

    return SpaceRule(lambda _actor, subject: subject.staff_role in roles, condition)


def _is_archived() -> ColumnElement[bool]:
    return exists().where(Course.id == CourseBoard.course_id, Course.archived_at.is_not(None)).correlate_except(Course)


PARTICIPANTS: SpaceRule[LearnerContext] = SpaceRule(lambda _actor, subject: subject.is_learner, _takes_part)
MODERATES = in_team(*MODERATORS) | SITE_ADMINISTRATORS
SPACE = Space(
    kind=OWNER,
    table=CourseBoard,
    board=CourseBoard.board_id,
    reads=PARTICIPANTS | MODERATES,
    writes=PARTICIPANTS | MODERATES,
    moderates=MODERATES,
    administers=in_team(StaffRole.OWNER, StaffRole.EDITOR) | SITE_ADMINISTRATORS,
    knows=belongs_anywhere,
    is_closed=_is_archived,
)


def _team(board: Number, *roles: StaffRole) -> Select[int]:
    """Select who has one of these roles in the course of a board."""
    statement = select(CourseStaff.person_id).join(CourseBoard, CourseBoard.course_id == CourseStaff.course_id)
    in_roles = CourseStaff.role.in_([role.value for role in roles])
    return statement.where(CourseBoard.board_id == board, in_roles).correlate_except(CourseBoard, CourseStaff)


def _moderators(board: Number) -> Select[int]:
    return _team(board, *MODERATORS)


def _stands_in(person: Number, board: Number, author: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return the condition that a person administers the institution of a course in which its author alone decides on posts of the team."""
    moderates = author.in_(_moderators(board))
    deciders = _team(board, StaffRole.OWNER, StaffRole.EDITOR).join(Person, Person.id == CourseStaff.person_id)
    others = deciders.where(CourseStaff.person_id != author, Person.suspended_at.is_(None)).exists()
    institution = func.coalesce(Course.institution_id, FIRST) == InstitutionAdministrator.organisation_id
    administers = exists().where(CourseBoard.board_id == board, Course.id == CourseBoard.course_id, institution)
    administers = administers.where(InstitutionAdministrator.person_id == person)
    return and_(moderates, ~others, administers.correlate_except(CourseBoard, Course, InstitutionAdministrator))


def _context(session: Session, actor: Actor, board_id: int) -> LearnerContext:
    slug = select(Course.slug).join(CourseBoard, CourseBoard.course_id == Course.id).where(CourseBoard.board_id == board_id)
    return learners.get_learner_context(session, actor, session.scalars(slug).one())


def _outside(session: Session, actor: Actor, board_id: int) -> Verdict:
    """Send the page of the course; that a course for participants alone has a board, others do not learn."""
    context = _context(session, actor, board_id)
    verdict = PERMISSIONS[LearningAction.VIEW_COURSE](actor, context)
    is_unlisted = context.visibility != "public" and context.visibility not in NARROWED
    return Verdict.HIDE if verdict is Verdict.FORBID and is_unlisted else verdict


_COURSES = compile_once(
    select(CourseBoard.board_id, Course.slug, Course.title, Course.archived_at)
    .join(Course, Course.id == CourseBoard.course_id)
    .where(CourseBoard.board_id.in_(bindparam("boards", expanding=True)))
)


def _describe(session: Session, board_ids: Collection[int]) -> Mapping[int, OwnerPage]:
    rows = connection_of(session).execute(_COURSES, {"boards": list(board_ids)})
    return {
        row.board_id: OwnerPage(
            choose(row.title),
            f"/courses/{row.slug}",
            f"/courses/{row.slug}/discussions",
            _("The course is archived: its discussions can be read only.") if row.archived_at else "",
        )
        for row in rows
    }


def _locate(session: Session, actor: Actor, board_id: int, anchors: Collection[AnchorKey]) -> Mapping[AnchorKey, Anchor]:
    """Return where the anchors of a board are in the version that the actor follows, else in the published one."""
    context = _context(session, actor, board_id)
    outline = versions.get_outline(session, context.version_id) if context.version_id is not None else None
    located = dict[AnchorKey, Anchor]()
    for anchor in anchors:
        kind, key, part = anchor
        activity = outline.by_key.get(outline.renames.get(key, key)) if outline else None
        if outline is None or activity is None:
            located[anchor] = Anchor(_(GONE))
            continue
        title, url = choose(activity.title), activity_url(outline.slug, activity.kind, activity.key)
        if kind == "second" and part.isdigit():
            located[anchor] = Anchor(_("%(title)s, minute %(time)s", title=title, time=clock_of(int(part))), f"{url}#t={part}")
        elif kind == "heading" and part:
            heading = list_headings(session, activity.id).get(part)
            located[anchor] = Anchor(f"{title}: {heading}", f"{url}#{ID_PREFIX}{part}") if heading else Anchor(f"{title}: {_(GONE)}", url)
        else:
            located[anchor] = Anchor(_("%(title)s, a question", title=title) if kind == "question" else title, url)
    return located


def clock_of(seconds: int) -> str:
    """Return a moment of a recording as 12:34 or 1:02:03."""
    hours, rest = divmod(seconds, 3_600)
    minutes = f"{rest // 60:02d}" if hours else str(rest // 60)
    return f"{hours}:{minutes}:{rest % 60:02d}" if hours else f"{minutes}:{rest % 60:02d}"


def seconds_of(typed: str) -> int | None:
    """Return the second that somebody typed as 754, 12:34 or 1:02:03; None where it is none of these."""
    parts = typed.strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if any(number > 59 for number in numbers[1:]):
        return None
    seconds = 0
    for number in numbers:
        seconds = seconds * 60 + number
    return seconds


def list_headings(session: Session, activity_id: int) -> dict[str, str]:
    """Return the headings of a lesson by address, in the reader's language where it is translated; none of other activities."""
    texts = versions.list_lesson_texts(session, activity_id)
    if not texts:
        return {}
    page = next((row for row in texts if row.language == language()), texts[0])
    headings = (heading.removeprefix(ID_PREFIX).split("|", 1) for heading in page.headings)
    return {name: title for name, title, *_level in headings if not name.startswith("-")}


def _follow_opening(session: Session, actor: Actor, thread: Thread, is_private: bool) -> None:
    """Keep whom a new thread is for: the team alone, or the edition of its author."""
    row = session.scalars(select(CourseBoard).where(CourseBoard.board_id == thread.board_id)).one()
    edition = select(EditionPlace.edition_id).join(Enrolment, Enrolment.id == EditionPlace.enrolment_id)
    mine = (Enrolment.person_id == actor.person_id, Enrolment.course_id == row.course_id, Enrolment.left_at.is_(None))
    edition_id = session.scalar(edition.where(*mine)) if row.by_edition else None
    if is_private or edition_id is not None:
        session.add(CourseThread(thread_id=thread.id, edition_id=edition_id, private=is_private))
        session.flush()


def _is_private() -> ColumnElement[bool]:
    return exists().where(CourseThread.thread_id == Thread.id, CourseThread.private).correlate_except(CourseThread)


def _open_to_all(session: Session, thread: Thread) -> None:
    row = session.get_one(CourseThread, thread.id)
    row.private = False
    session.flush()


def _hides_private(person: Number) -> ColumnElement[bool]:
    return and_(_is_private(), Thread.person_id.is_distinct_from(person))


def _hides_edition(person: Number) -> ColumnElement[bool]:
    """Take threads of an edition from those who take the course in another one, or in none."""
    takes = (Enrolment.person_id == person, Enrolment.left_at.is_(None), EditionPlace.enrolment_id == Enrolment.id)
    in_edition = exists().where(*takes, EditionPlace.edition_id == CourseThread.edition_id).correlate_except(Enrolment, EditionPlace)
    of_another = exists().where(CourseThread.thread_id == Thread.id, CourseThread.edition_id.is_not(None), ~in_edition)
    return of_another.correlate_except(CourseThread)


COURSE_BOARDS = BoardOwner(
    space=SPACE,
    stands_in=_stands_in,
    team=_moderators,
    outside=_outside,
    describe=_describe,
    locate=_locate,
    badge=N_("Course team"),
    follow_opening=_follow_opening,
    is_private=_is_private,
    offers_private=True,
    open_to_all=_open_to_all,
)
GUARDS = (ThreadGuard(_hides_private, _is_private), ThreadGuard(_hides_edition))


def find_course_board(session: Session, course_id: int) -> tuple[CourseBoard, Board] | None:
    """Return the board of a course; None where its team never turned one on."""
    statement = select(CourseBoard, Board).join(Board, Board.id == CourseBoard.board_id).where(CourseBoard.course_id == course_id)
    row = session.execute(statement).one_or_none()
    return (row.CourseBoard, row.Board) if row else None


def add_course_board(session: Session, course_id: int, *, now: datetime) -> tuple[CourseBoard, Board]:
    """Return the board of a course, added and off where there is none yet."""
    session.get_one(Course, course_id, with_for_update=True)
    if (present := find_course_board(session, course_id)) is not None:
        return present
    board = boards.add_board(session, OWNER, now=now)
    row = CourseBoard(course_id=course_id, board_id=board.id)
    session.add(row)
    session.flush()
    return row, board


def is_offered(actor: Actor, context: LearnerContext) -> bool:
    """Return whether a lesson leads to the questions about it: the board is on, and the actor takes part or teaches."""
    return context.has_board and (context.is_learner or teaches(actor, context.staff_role))
