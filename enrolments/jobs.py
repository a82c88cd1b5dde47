"""Background work of enrolments: after a correction was published, everybody in flight follows the new version."""

from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course, CourseVersion, Nature
from enrolments.models import Enrolment
from enrolments.services import follow_version
from kernel.outbox import Delivery
from kernel.permissions import Actor, Via

STEP = 200


def follow_correction(delivery: Delivery) -> None:
    """Move learners, some hundreds at a time, to the published version where it corrects the one they follow. Done twice it moves nobody."""
    course_id = cast("int", delivery.arguments["subject"])
    with delivery.database.unit_of_work(write=False) as session:
        version = session.scalar(
            select(CourseVersion).join(Course, Course.published_version_id == CourseVersion.id).where(Course.id == course_id)
        )
        if version is None or version.nature != Nature.CORRECTION:
            return
        ids = list(
            session.scalars(select(Enrolment.id).where(Enrolment.course_id == course_id, Enrolment.course_version_id < version.id).order_by(Enrolment.id))
        )
    for start in range(0, len(ids), STEP):
        with delivery.database.unit_of_work() as session:
            _move(session, ids[start : start + STEP], version.id, delivery)


def _move(session: Session, ids: list[int], version_id: int, delivery: Delivery) -> None:
    for enrolment_id in ids:
        follow_version(session, Actor(via=Via.JOB), enrolment_id, version_id, now=delivery.now)
