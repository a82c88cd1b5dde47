"""Background work of enrolments: after a correction was published, everybody in flight follows the new version."""

from typing import cast

from enrolments import queries
from enrolments.services import follow_version, note_moves
from kernel.outbox import Delivery
from kernel.permissions import Actor, Via

STEP = 200


def follow_correction(delivery: Delivery) -> None:
    """Move learners, some hundreds at a time, to the newest correction of the version that they follow. Done twice it moves nobody."""
    course_id = cast("int", delivery.arguments["subject"])
    with delivery.database.unit_of_work(write=False) as session:
        version = queries.find_newest_correction(session, course_id)
        behind = [] if version is None else queries.list_behind(session, course_id, version)
    for start in range(0, len(behind), STEP):
        with delivery.database.unit_of_work() as session:
            moved = behind[start : start + STEP]
            for enrolment_id in moved:
                follow_version(session, Actor(via=Via.JOB), enrolment_id, cast("int", version), now=delivery.now)
            note_moves(session, Actor(via=Via.JOB), course_id, len(moved), now=delivery.now)
