"""Dates of quizzes: when attempts in progress end, when the next one may begin, and when quizzes open and close for a learner."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from enrolments.dates import DatedEnrolment, DatedItem, DateKind, DateRequest, activity_dates
from quizzes.queries.attempts import get_snapshot_of_activity
from quizzes.queries.overrides import MOST_OPEN, EndedAttemptRow, OpenAttempt, list_ended_attempts, list_open_of_people
from quizzes.rules.attempts import pause_ends


def quiz_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell the dates of quizzes, attempts in progress in one statement; a quiz that closes when its attempt ends is told once."""
    by_enrolment: dict[int | None, list[OpenAttempt]] = {}
    if requested.enrolments:
        for attempt in list_open_of_people(session, requested.person_ids):
            by_enrolment.setdefault(attempt.enrolment_id, []).append(attempt)
    for enrolment in requested.enrolments:
        going_on = list(_attempt_dates(enrolment, by_enrolment.get(enrolment.enrolment_id, ())))
        yield from going_on
        ends = {(item.activity_key, item.at) for item in going_on}
        yield from (item for item in activity_dates(enrolment, "quiz") if (item.activity_key, item.at) not in ends)


def pause_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell when the pause before the next attempt is over; one statement, and none where no quiz that was tried has a pause."""
    paused = {
        (enrolment.enrolment_id, activity.key): (enrolment, activity)
        for enrolment in requested.enrolments
        for activity in enrolment.list_tried("quiz")
        if (pause := get_snapshot_of_activity(session, activity.id).settings.pause).first or pause.later
    }
    if not paused:
        return
    ended: dict[tuple[int, str], list[EndedAttemptRow]] = {}
    for row in list_ended_attempts(session, requested.person_ids, {key for _id, key in paused}, limit=MOST_OPEN):
        ended.setdefault((row.enrolment_id, row.activity_key), []).append(row)
    for taken, (enrolment, activity) in paused.items():
        rows = ended.get(taken, [])
        until = pause_ends(rows[0].access, [row.summary for row in rows]) if rows else None
        closes = enrolment.closing(activity)
        if until is not None and until > requested.now and (closes is None or until < closes):
            yield enrolment.activity_item(activity, "pause", DateKind.CONDITION_OPENS, until)


def _attempt_dates(enrolment: DatedEnrolment, attempts: Sequence[OpenAttempt]) -> Iterator[DatedItem]:
    for attempt in attempts:
        activity = enrolment.outline.by_key.get(attempt.activity_key)
        if activity is None:
            continue
        kind = DateKind.ATTEMPT_OPEN if attempt.end is None else DateKind.ATTEMPT_ENDS
        at, path = attempt.end or attempt.started_at, f"/attempts/{attempt.uuid}"
        yield enrolment.activity_item(activity, f"attempt:{attempt.uuid}", kind, at, path=path)
