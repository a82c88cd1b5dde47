"""What a course's team sets, marks by hand and writes down, for tests: without pages."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

from sqlalchemy import select

from courses.models import Course, StaffRole
from courses.versions import get_outline
from enrolments import enrolment as learning_services
from enrolments import grade_items, gradebook, results
from enrolments.enrolment import ActivityOutcome
from enrolments.grade_items import GradeEntry, GradeEntryResult, GradeItemValues
from enrolments.gradebook import GradebookFilter, GradebookOrder, GradebookRow
from enrolments.models import ManualGrade, ManualGradeItem
from enrolments.results import ResultOverrideValues
from enrolments.rules import Progress
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.builders import a_course, a_teacher, folder, publish
from tests.support.learning import a_learner, actor_of, enrolment_of

GRADE = """grade:
  - category: practica
    title: {es: Práctica, en: Practice}
    weight: 30
    drop_lowest: 1
  - category: final
    title: {es: Final, en: Final}
    weight: 70
completion:
  grade: 60
"""


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
        return results.override_result(session, teacher, subject, wanted, now=clock.now())


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
        present = grade_items.present_marks(session, [item.id], list(ids.values()))
        seen = {key: row.id for key, row in present.items()}
        entries = {}
        for actor, points in marks.items():
            key = (item.id, ids[actor])
            entries[key] = GradeEntry(None if points is None else Decimal(points), comment, seen.get(key, 0))
        return grade_items.mark_items(session, teacher, [session.get_one(ManualGradeItem, item.id)], entries, uuid4(), now=clock.now())


def a_weighted_course(instance: Instance) -> Course:
    """Publish a course of three quizzes: the lowest of two for practice is dropped, the last is the final one."""
    files = folder(modules=3)
    files["course.yaml"] += GRADE.encode()
    for n, category in ((1, "practica"), (2, "practica"), (3, "final")):
        files[f"{n:02d}-parte/03-cuestionario.quiz.yaml"] += f"category: {category}\n".encode()
    return publish(instance, files)[0]


def score(instance: Instance, course: Course, actor: Actor, **scores: int | str) -> None:
    """Give a learner results in percent by the numbers of the quizzes."""
    enrolment = enrolment_of(instance, actor, course)
    for key, value in scores.items():
        reached = ActivityOutcome(completed=True, score=Fraction(value), passed=True)
        with instance.database.unit_of_work() as session:
            learning_services.record_result(session, SYSTEM, enrolment.id, key.replace("q", "cuestionario-"), reached, now=clock.now())


def gradebook_rows(instance: Instance, course: Course) -> list[GradebookRow]:
    """Return the gradebook of a course as its team sees it."""
    with instance.database.unit_of_work(write=False) as session:
        outline = get_outline(session, session.get_one(Course, course.id).published_version_id or 0)
        return gradebook.list_gradebook(session, outline, GradebookFilter(), GradebookOrder(), now=clock.now(), offset=0, limit=50)


def a_marked_course(instance: Instance, role: StaffRole) -> tuple[Course, Actor, list[ManualGradeItem], list[Actor]]:
    """Publish a course with two items of 20 points, three learners, and a mark of 8 for the first of them; who marks has the role."""
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course, role=role))
    learners = [a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas", "carla")]
    items = [an_item(instance, SYSTEM, course, title) for title in ("Exposición", "Ensayo")]
    mark(instance, teacher, course, items[0], {learners[0]: "8"}, comment="Bien")
    return course, teacher, items, learners


def written_marks(instance: Instance, item: ManualGradeItem) -> list[tuple[str, str]]:
    """Return the marks that were ever written for an item, with their comments."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(ManualGrade).where(ManualGrade.item_id == item.id).order_by(ManualGrade.id))
        return [("" if row.points is None else f"{row.points.normalize():f}", row.comment) for row in rows]
