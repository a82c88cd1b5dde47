"""Dates of tasks: when the pause before the next submission is over; their opening and closing is told as of every activity."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from enrolments.dates import DatedItem, DateKind, DateRequest
from simulators.queries import get_task_of_activity, list_past_submissions
from simulators.rules.attempts import pause_ends


def pause_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell when the pause before the next submission is over; one statement, and none where no task that was tried has a pause."""
    paused = {
        (learner.enrolment_id, activity.key): (learner, activity)
        for learner in requested.enrolments
        for activity in learner.list_tried("simulator")
        if (policy := get_task_of_activity(session, activity.id).task.policy).pause_first or policy.pause_later
    }
    if not paused:
        return
    history = list_past_submissions(session, requested.person_ids, {key for _id, key in paused})
    for taken, (learner, activity) in paused.items():
        until = pause_ends(get_task_of_activity(session, activity.id).task.policy, history.get(taken, []))
        closes = learner.closing(activity)
        if until is not None and until > requested.now and (closes is None or until < closes):
            yield learner.activity_item(activity, "pause", DateKind.CONDITION_OPENS, until)
