"""Reminders that the demonstration's learner wrote in their calendar."""

from datetime import timedelta
from uuid import uuid4

from enrolments.calendar import ReminderValues, write_reminder
from lms.demo.people import LEARNER
from lms.demo.timeline import DemoTimeline, Life

REMINDERS = (
    (1, 9, "Pedir a Talento Humano el día para el cuestionario", True),
    (4, 15, "Repasar los apuntes con Marco", True),
    (11, 8, "Preguntar por el siguiente curso", False),
)
"""In how many days, at which hour, the words, and whether it is for the first course."""


def reminder_life(stage: DemoTimeline) -> Life:
    """Write the learner's reminders two days ago."""
    yield stage.now - timedelta(days=2)
    actor = stage.people[LEARNER.email]
    for days, hour, text, of_course in REMINDERS:
        course = stage.outlines[0].course_id if of_course else None
        write_reminder(
            stage.session, actor, ReminderValues(text, stage.day(days, hour), course), uuid4(), now=stage.now - timedelta(days=2)
        )
