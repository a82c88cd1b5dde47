"""What a course's team sets, marks by hand and writes down, for tests: without pages."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

from courses.models import Course
from enrolments.models import ManualGradeItem
from enrolments.queries import grade_items as item_queries
from enrolments.queries import results
from enrolments.rules import Progress
from enrolments.services import grade_items, result_overrides
from enrolments.services.grade_items import GradeEntry, GradeEntryResult, GradeItemValues
from enrolments.services.result_overrides import ResultOverrideValues
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.learning import enrolment_of


def override(
    instance: Instance,
    teacher: Actor,
    learner: Actor,
    key: str,
    score: Fraction | int | None,
    *,
    reason: str = "Entregó en papel",
    number: UUID | None = None,
) -> Progress:
    """Let the team set a learner's result of an activity of the course «prueba»; None: what was earned counts again."""
    wanted = ResultOverrideValues(number or uuid4(), None if score is None else Fraction(score), reason)
    with instance.database.unit_of_work() as session:
        subject = results.get_result_context(session, teacher, "prueba", learner.person_uuid or uuid4(), key)
        return result_overrides.override_result(session, teacher, subject, wanted, now=clock.now())


def an_item(
    instance: Instance, teacher: Actor, course: Course, title: str = "Exposición", *, maximum: int = 20, weight: int = 1, category: str = ""
) -> ManualGradeItem:
    """Add an item marked by hand to a course."""
    plan = GradeItemValues(title, Decimal(maximum), Decimal(weight), category, None)
    with instance.database.unit_of_work() as session:
        return grade_items.make_item(session, teacher, course.id, plan, now=clock.now())


def mark(
    instance: Instance, teacher: Actor, course: Course, item: ManualGradeItem, marks: dict[Actor, str | None], *, comment: str = ""
) -> GradeEntryResult:
    """Mark learners by hand, over whatever marks they have."""
    with instance.database.unit_of_work() as session:
        ids = {actor: enrolment_of(instance, actor, course).id for actor in marks}
        present = item_queries.present_marks(session, item.id, list(ids.values()))
        entries = {
            ids[actor]: GradeEntry(
                None if points is None else Decimal(points), comment, present[ids[actor]].id if ids[actor] in present else 0
            )
            for actor, points in marks.items()
        }
        return grade_items.mark_item(session, teacher, session.get_one(ManualGradeItem, item.id), entries, uuid4(), now=clock.now())
