"""Courses whose notifications a person does not want; what a course's team writes to them alone, and their enrolments, they still get."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.notices import Mutes, MuteSource, MuteWords
from courses.models import Course
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import Enrolment
from kernel import audit
from kernel.errors import N_
from kernel.i18n import choose
from kernel.permissions import Actor

_PREFIX = "course:"
MOST_COURSES = 200


def source_of(course_id: int) -> str:
    """Return the source that a notification has in the course that it comes from."""
    return f"{_PREFIX}{course_id}"


def mute_course(session: Session, actor: Actor, present: Enrolment, *, muted: bool, now: datetime) -> None:
    """Let a learner get no notifications of a course any more, or again; a second time changes nothing."""
    row = session.get_one(Enrolment, present.id, with_for_update=True)
    if (row.muted_at is not None) != muted:
        row.muted_at = now if muted else None
        audit.record(session, actor, EnrolmentVerb.MUTED if muted else EnrolmentVerb.UNMUTED, row, now=now, course=row.course_id)


def _find_muted(session: Session, source: str, people: Sequence[int]) -> set[int]:
    """Return which of these people want no notifications of a course."""
    if not source.startswith(_PREFIX):
        return set()
    of_course = (Enrolment.course_id == int(source.removeprefix(_PREFIX)), Enrolment.left_at.is_(None), Enrolment.muted_at.is_not(None))
    return set(session.scalars(select(Enrolment.person_id).where(*of_course, Enrolment.person_id.in_(people))))


def _list_sources(session: Session, person_id: int) -> list[MuteSource]:
    """List the courses that a person takes: those without notifications first, then the latest."""
    takes = (Enrolment.person_id == person_id, Enrolment.left_at.is_(None), Enrolment.superseded_at.is_(None))
    statement = select(Course.slug, Course.title, Enrolment.muted_at).join(Course, Course.id == Enrolment.course_id).where(*takes)
    order = (Enrolment.muted_at.is_(None), Enrolment.enrolled_at.desc(), Enrolment.id)
    return [
        MuteSource(choose(row.title), f"/courses/{row.slug}/notifications", row.muted_at is not None)
        for row in session.execute(statement.order_by(*order).limit(MOST_COURSES))
    ]


def _title_of(session: Session, source: str, _person_id: int) -> Mapping[str, str] | None:
    """Return the title of a course."""
    if not source.startswith(_PREFIX):
        return None
    return session.scalar(select(Course.title).where(Course.id == int(source.removeprefix(_PREFIX))))


def _stop(session: Session, person_id: int, source: str, now: datetime) -> None:
    """Let a learner get no notifications of a course any more, by the link in a mail."""
    if source.startswith(_PREFIX):
        takes = (Enrolment.person_id == person_id, Enrolment.left_at.is_(None), Enrolment.superseded_at.is_(None))
        of_course = Enrolment.course_id == int(source.removeprefix(_PREFIX))
        session.execute(update(Enrolment).where(*takes, of_course, Enrolment.muted_at.is_(None)).values(muted_at=now))


WORDS = MuteWords(
    heading=N_("By course"),
    muted=N_("You get no notifications of these courses:"),
    none=N_("You get the notifications of all your courses."),
    offer=N_("Turn off the notifications of a course"),
    note=N_(
        "These still arrive: messages that a course team writes to you, what concerns your enrolment, and notifications of these kinds: "
        "%(kinds)s."
    ),
)
MUTES = Mutes(_find_muted, _list_sources, _title_of, _stop, WORDS)
