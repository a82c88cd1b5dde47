"""The time that a course took those who finished it, for the hours of its next version (spec/certificates H2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.kinds import ExpectedTime
from enrolments.models import ActivityResult, Completion, Enrolment

MOST_MEASURED = 500
"""Those who finished last are measured: a course changes."""
LONGEST = 3
"""An activity that stayed open more than so many times its expected minutes was left for something else: its expected minutes count."""

Moments = tuple[datetime, datetime]


def measured_minutes(session: Session, course_id: int, expected: Mapping[str, ExpectedTime]) -> tuple[Fraction, int] | None:
    """Return the median of the minutes that the activities to be published took those who finished last, and how many these were."""
    finished = (
        select(Completion.enrolment_id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Enrolment.course_id == course_id, Enrolment.take == 1)
        .order_by(Completion.completed_at.desc())
        .limit(MOST_MEASURED)
    )
    people = session.scalars(finished).all()
    if not people:
        return None
    ended = func.coalesce(ActivityResult.submitted_at, ActivityResult.achieved_at, ActivityResult.completed_at)
    statement = select(ActivityResult.enrolment_id, ActivityResult.activity_key, ActivityResult.viewed_at, ended).where(
        ActivityResult.enrolment_id.in_(people), ended.is_not(None)
    )
    done: dict[int, dict[str, Moments]] = {person: {} for person in people}
    for person, key, opened, closed in session.execute(statement):
        if opened is not None:
            done[person][key] = (opened, closed)
    return Fraction(median(_minutes(expected, activities) for activities in done.values())), len(people)


def _minutes(expected: Mapping[str, ExpectedTime], done: Mapping[str, Moments]) -> Fraction:
    """Return the minutes of one person; what was not done, or long left open, counts as expected."""
    return sum(
        (
            _of_activity(expected_time.minutes, _recorded(done, (key, *expected_time.former_keys)))
            for key, expected_time in expected.items()
        ),
        Fraction(0),
    )


def _recorded(done: Mapping[str, Moments], keys: Iterable[str]) -> Moments | None:
    return next((done[key] for key in keys if key in done), None)


def _of_activity(expected: int, moments: Moments | None) -> Fraction:
    if moments is None:
        return Fraction(expected)
    took = Fraction(int((moments[1] - moments[0]).total_seconds()), 60)
    return took if 0 <= took <= LONGEST * expected else Fraction(expected)
