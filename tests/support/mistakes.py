"""Mistake reports for tests, made through the services."""

from __future__ import annotations

from sqlalchemy import select

from courses.versions import get_outline
from enrolments import mistakes
from enrolments.learners import get_learner_context
from enrolments.mistakes import MistakePlace, MistakeValues
from enrolments.models import MistakeKind, MistakeReport
from kernel import clock
from kernel.i18n import choose
from kernel.permissions import Actor
from lms.instance import Instance

WORDS = "Dice dedos y debe decir manos."
FORM = {"kind": "typing", "heading": "", "words": WORDS}
LESSON = "/courses/prueba/activities/leccion-1/mistake-report"


def a_report(
    instance: Instance, actor: Actor, words: str = WORDS, *, kind: MistakeKind = MistakeKind.TYPING, key: str = "leccion-1"
) -> MistakeReport:
    """Report a mistake in an activity of the course `prueba`, in the version that the actor follows."""
    with instance.database.unit_of_work() as session:
        context = get_learner_context(session, actor, "prueba")
        outline = get_outline(session, context.version_id or 0)
        place = MistakePlace(context.course_id, outline.version_id, key, choose(outline.by_key[key].title), "es")
        return mistakes.report_mistake(session, actor, place, MistakeValues(kind, words), now=clock.now())


def all_reports(instance: Instance) -> list[MistakeReport]:
    """Return every mistake report, the oldest first."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(MistakeReport).order_by(MistakeReport.id)))
