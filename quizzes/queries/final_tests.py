"""Reading the course around a quiz: its outline, and whether a learner has handed in the final test that an initial one waits for."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from courses.models import Activity, Course
from courses.rules import Outline
from courses.versions import get_outline
from enrolments.models import Edition, EditionPlace, Enrolment
from quizzes.models import Attempt
from quizzes.rules.access import SettingSources
from quizzes.rules.attempts import ENDED_STATES, AttemptState
from quizzes.rules.paired_tests import PairedTests

_GRADED = or_(and_(Attempt.state == AttemptState.FINISHED.value, Attempt.raw.is_not(None)), Attempt.state == AttemptState.ABANDONED.value)
_RELEASE = (
    select(
        Enrolment.superseded_at,
        Course.archived_at,
        Edition.ends_at,
        select(func.min(Attempt.finished_at))
        .where(Attempt.enrolment_id == Enrolment.id, Attempt.activity_key == bindparam("key"), _GRADED, ~Attempt.preview)
        .scalar_subquery()
        .label("graded_at"),
    )
    .join(Course, Course.id == Enrolment.course_id)
    .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
    .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
    .where(Enrolment.id == bindparam("enrolment_id"))
)


@dataclass(frozen=True, slots=True)
class FinalRelease:
    """The moment from which on the result of an initial test is shown beside the final one's (None: not known)."""

    at: datetime | None
    is_awaited: bool
    """Whether nothing of it is shown before."""


def with_release(
    session: Session, setting_sources: SettingSources, enrolment_id: int | None, outline: Outline, key: str, pair: PairedTests | None
) -> SettingSources:
    """Return a person's settings at a quiz that know when its result is shown."""
    release = find_final_release(session, enrolment_id, outline, key, pair)
    return replace(setting_sources, final_submitted_at=release.at, awaits_final=release.is_awaited)


_ENDED = Attempt.state.in_([state.value for state in ENDED_STATES])


def outline_of_activity(session: Session, activity_id: int) -> Outline:
    """Return the course version that an activity belongs to; which it is never changes, so it is kept in memory."""
    cached = cast("dict[int, int]", session.info.setdefault("versions", {}))
    if activity_id not in cached:
        cached[activity_id] = session.execute(select(Activity.version_id).where(Activity.id == activity_id)).scalar_one()
    return get_outline(session, cached[activity_id])


def find_final_release(session: Session, enrolment_id: int | None, outline: Outline, key: str, pair: PairedTests | None) -> FinalRelease:
    """Return from when on the result of an initial test is shown; nothing for other quizzes, and no statement.

    Where two tests are compared it waits until the final one is graded, or until the course closes for the person (spec/selection 7.2).
    """
    if pair is None or pair.initial != key:
        return FinalRelease(find_final_end(session, enrolment_id, outline, key), is_awaited=False)
    row = session.execute(_RELEASE, {"enrolment_id": enrolment_id, "key": pair.final}).one_or_none()
    moments = [] if row is None else [row.graded_at, row.ends_at, row.archived_at, row.superseded_at]
    return FinalRelease(min((moment for moment in moments if moment is not None), default=None), is_awaited=enrolment_id is not None)


def find_final_end(session: Session, enrolment_id: int | None, outline: Outline, key: str) -> datetime | None:
    """Return when the final test was first submitted in a take of the course, where the quiz with this key is the initial one.

    There is no statement for other quizzes, and none for those who only preview.
    """
    initial, final = outline.initial_test, outline.final_test
    if enrolment_id is None or initial is None or final is None or initial.key != key:
        return None
    mine = (Attempt.enrolment_id == enrolment_id, Attempt.activity_key == final.key)
    return session.scalar(select(func.min(Attempt.finished_at)).where(*mine, _ENDED, ~Attempt.preview))
