"""Last days of compulsory training among the dates of a learner: calendar, feed, files, course page (spec/compulsory 10.1 and 11.4)."""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from compliance.models import Assignment, Obligation, ObligationVersion
from compliance.queries.learner import RequiredOfPerson, list_required
from compliance.rules.documents import read_requirement
from compliance.rules.states import NEEDED
from compliance.rules.terms import courses_of
from courses.models import Course
from enrolments.dates import DatedItem, DateKind, DateRequest


def obligation_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell the last days of what people have to complete, in one statement."""
    for row in list_required(session, requested.person_ids, now=requested.now):
        if row.status.state in NEEDED and row.status.last_on is not None:
            yield _date_of(row, requested.now)


def _date_of(row: RequiredOfPerson, now: datetime) -> DatedItem:
    status = row.status
    assert status.last_on is not None
    today = now.astimezone(status.zone).date()
    text = row.text_on(today)
    return DatedItem(
        key=f"obligation:{row.uuid}",
        kind=DateKind.OBLIGATION_ENDS,
        at=datetime.combine(status.last_on + timedelta(days=1), time(), status.zone),
        person_id=row.person_id,
        path=f"/training/{row.uuid}",
        texts=text.title,
        zone=status.zone.key,
        covers=frozenset(row.courses_on(today)),
        lowest_versions=text.terms.lowest_versions,
    )


def list_covered(session: Session, people: Sequence[int]) -> Collection[tuple[int, int]]:
    """Return the courses of whose end obligations remind some people, as pairs of person and course, in two statements."""
    rows = [
        (person, slug)
        for person, text in session.execute(_NEEDED, {"people": list(people)})
        for slug in courses_of(read_requirement(json.loads(text)))
    ]
    numbers = dict(session.execute(select(Course.slug, Course.id).where(Course.slug.in_({slug for _person, slug in rows}))).all())
    return {(person, numbers[slug]) for person, slug in rows if slug in numbers}


_NEEDED = (
    select(Assignment.person_id, ObligationVersion.terms)
    .join(Obligation, Obligation.id == Assignment.obligation_id)
    .join(ObligationVersion, (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest))
    .where(
        Assignment.person_id.in_(bindparam("people", expanding=True)),
        Assignment.state.in_([state.value for state in NEEDED]),
        Assignment.last_on.is_not(None),
    )
)
