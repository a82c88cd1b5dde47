"""Courses that come with the program: which there are, and which of them a job still publishes after the first start."""

from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.content.course_file import read_course
from courses.content.layout import COURSE
from courses.content.model import LocalisedText
from courses.content.reading_session import ReadingSession
from kernel.outbox import Job
from kernel.paths import CONTENT

PUBLISH = "lms.publish_shipped"
"""The kind of the jobs that publish them."""
_UNDATED = date(2000, 1, 1)
"""Reading a title asks for a day, and no rule of it looks at it."""


@cache
def shipped_courses(content: Path) -> dict[str, LocalisedText]:
    """Return the titles of the courses in a folder of course folders, by the folder's name, which is the course's key."""
    files = {path.parent.name: path.read_bytes() for path in sorted(content.glob(f"*/{COURSE}"))}
    return {key: read_course(ReadingSession({COURSE: text}, _UNDATED)).title for key, text in files.items()}


def job_key(key: str) -> str:
    """Return what keeps a course that comes with the program from being published by two jobs."""
    return f"{PUBLISH}:{key}"


def list_shipped_in_preparation(session: Session, *, listed: int) -> list[LocalisedText]:
    """List the titles of the courses that jobs are about to publish; one whose job failed is no longer promised to anybody.

    A site that has as many courses already, which are `found`, is not asked.
    """
    jobs = {job_key(key): title for key, title in shipped_courses(CONTENT).items()}
    if listed >= len(jobs):
        return []
    waits = (Job.unique_key.in_(jobs), Job.done_at.is_(None), Job.failed_at.is_(None), Job.last_error == "")
    return [jobs[key] for key in session.scalars(select(Job.unique_key).where(*waits).order_by(Job.id)) if key is not None]
