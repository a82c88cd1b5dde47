"""Editions of the demonstration's first course: one that is over, one that ends in three days, and one to come that is full."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from courses.models import StaffRole
from courses.rules import Outline
from enrolments import editions, enrolment, learner_groups, learners
from enrolments.editions import EditionValues
from enrolments.models import Edition
from kernel.permissions import Actor
from lms.demo.people import STAFF, DemoLearner, DemoOutcome
from lms.demo.timeline import DemoTimeline, Life

OVER, RUNNING, UPCOMING = "Edición piloto", "Edición de la mañana", "Edición siguiente"
CAPACITY, CANDIDATES = 3, 7
"""Places of the edition to come, and how many people want one."""
DAYS_LEFT = 3
"""How long the running edition goes on."""


def make_editions(stage: DemoTimeline, actor: Actor, outline: Outline, *, now: datetime) -> None:
    """Add the editions of a course before its learners come."""
    over, ends, begins = stage.day(-6), stage.day(DAYS_LEFT, 18), stage.day(12, 8)
    for values in (
        EditionValues(OVER, True, None, stage.start + timedelta(days=31), stage.start, over, 40),
        EditionValues(RUNNING, True, None, ends, stage.start, ends, None),
        EditionValues(UPCOMING, True, stage.day(-10), begins, begins, stage.day(68, 18), CAPACITY),
    ):
        edition = editions.make_edition(stage.session, actor, outline.course_id, values, now=now)
        if values.name == UPCOMING:
            editions.make_code(stage.session, actor, edition, now=now)


def enter_course(stage: DemoTimeline, learner: DemoLearner, actor: Actor, outline: Outline, *, now: datetime) -> None:
    """Enrol a learner in a course, in the edition of those like them where the course is given in editions."""
    edition = find_edition(stage, outline, OVER if learner.fate is DemoOutcome.STALLED else RUNNING)
    if edition is None:
        context = learners.get_learner_context(stage.session, actor, outline.slug)
        enrolment.enrol(stage.session, actor, context, now=now)
    else:
        editions.join(stage.session, actor, edition, outline.version_id, now=now)


def find_edition(stage: DemoTimeline, outline: Outline, name: str) -> Edition | None:
    """Return an edition of a course by its name."""
    rows = editions.list_editions(stage.session, outline.course_id)
    return next((row.edition for row in rows if row.edition.name == name), None)


def waiting_life(stage: DemoTimeline, people: Sequence[DemoLearner]) -> Life:
    """Enrol more people in the edition to come than it has places for: the others wait."""
    moment = stage.now - timedelta(days=9)
    yield moment
    outline, owner = stage.outlines[0], stage.people[STAFF[StaffRole.OWNER].email]
    fates = (DemoOutcome.NOT_ENROLLED, DemoOutcome.FINISHED)
    known = [stage.people.get(learner.identity.email) for learner in people if learner.fate in fates]
    enrolled = {row.person_id for row in learner_groups.list_learners(stage.session, outline.course_id, limit=1000)}
    candidates = [person.person_id for person in known if person and person.person_id and person.person_id not in enrolled][:CANDIDATES]
    edition = find_edition(stage, outline, UPCOMING)
    if edition is not None and candidates:
        editions.enrol_others(stage.session, owner, outline.course_id, edition, candidates, now=moment)
