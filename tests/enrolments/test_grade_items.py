"""What is marked by hand alone: who makes and marks it, how it counts, that nothing typed is lost, statements, kept grades."""

from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Notification
from courses.models import Course, StaffRole
from enrolments import enrolment, grade_items
from enrolments.grade_items import GradeEntry, GradeItemValues, MaximumChanged
from enrolments.learners import get_learner_context
from enrolments.models import Enrolment, ManualGrade, ManualGradeItem
from enrolments.views import grade_items as grading
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, Form, Page, every_statement
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.crowds import multiply
from tests.support.learning import a_learner, actor_of, enrolment_of, mark_done, pass_quiz
from tests.support.results import a_weighted_course, an_item, gradebook_rows, mark, score
from tests.support.wording import in_spanish

GRADING = "/teaching/prueba/grading"


def marks_page(item: ManualGradeItem) -> str:
    return f"/teaching/prueba/items/{item.uuid}/marks"


def sheet(page: Page) -> Form:
    """Return the form with the marks; the filter above it goes to the same address."""
    return next(form for form in page.forms if form.method == "post" and form.action.split("?")[0].endswith("/marks"))


def test_editors_make_items_and_graders_mark_them(browser: Browser, instance: Instance) -> None:
    """spec/security 9: making one is changing the course, marking is attempt.grade_by_hand."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    item = an_item(instance, actor_of(cast.people["S"]), course)
    fields = {"heading": "Ensayo", "maximum": "10", "weight": "1", "category": "", "due_at": ""}

    assert cast.check("gradebook.view", "own_course", cast.outcomes(GRADING)) == []
    for path in ("/teaching/prueba/items/new", f"/teaching/prueba/items/{item.uuid}"):
        assert cast.check("item.manage", "own_course", cast.outcomes(path)) == []
        assert cast.check("item.manage", "own_course", cast.outcomes(path, "POST", fields)) == []
    assert cast.check("item.mark", "own_course", cast.outcomes(marks_page(item))) == []
    sent = {"number": str(uuid4())}
    assert cast.check("item.mark", "own_course", cast.outcomes(marks_page(item), "POST", sent)) == []
    cast.browsers["S"].get(f"/teaching/otro/items/{item.uuid}", 404)


def test_an_item_is_made_marked_and_counts_by_its_weight_in_its_part(browser: Browser, instance: Instance) -> None:
    """The final part: a quiz of weight 1 with 45.5 % and an item of weight 3 with 15 of 20 make (45.5 + 3 · 75) : 4."""
    course = a_weighted_course(instance)
    a_teacher(instance, course)
    ana = a_learner(instance, course)
    score(instance, course, ana, q1=40, q2=91, q3="45.5")
    sign_in(browser, "profe@example.org").get("/teaching/prueba/items/new")
    page = browser.submit("/items/new", {"heading": "", "maximum": "0", "weight": "mucho"}, status=422)
    assert [words in page.text for words in ("Dele un título", "Elija la parte de la nota")] == [True, True]
    browser.submit("/items/new", {"heading": "Exposición", "maximum": "20", "weight": "3", "category": "final"})
    (person,) = [value for name, value in sheet(browser.page).fields if name == "person"]
    page = browser.submit("", {f"points-{person}": "15", f"comment-{person}": "Muy clara"}, form=sheet(browser.page))

    assert in_spanish("%(count)s mark saved.", 1) in page.text
    (row,) = gradebook_rows(instance, course)
    final = (Fraction("45.5") + 3 * 75) / 4
    assert row.grade == Fraction(30, 100) * 91 + Fraction(70, 100) * final
    assert enrolment_of(instance, ana, course).grade == Decimal(str(float(row.grade))).quantize(Decimal("0.0000001"))
    learner = sign_in(browser.another(), "ana@example.org").get("/courses/prueba/results")
    assert [words in learner.text for words in ("Exposición", "75\xa0%", "15 de 20", "Muy clara")] == [True] * 4
    assert "Exposición" in browser.get("/teaching/prueba/gradebook").text
    page = browser.get(GRADING)
    assert [words in page.text for words in ("52,5\xa0%", "17,5\xa0%", in_spanish("the lowest result is left out", 1))] == [True] * 3


def test_each_fault_stands_beside_its_field_and_nothing_typed_is_lost_or_saved(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    people = [str(a_learner(instance, course, f"{name}@example.org").person_uuid) for name in ("ana", "blas", "carla")]
    item = an_item(instance, teacher, course)
    sign_in(browser, "profe@example.org").get(marks_page(item))
    typed = {f"points-{people[0]}": "12", f"points-{people[1]}": "21", f"points-{people[2]}": "doce", f"comment-{people[0]}": "c" * 501}
    page = browser.submit("", typed, status=422, form=sheet(browser.page))

    fields = dict(sheet(page).fields)
    assert {name: fields[name] for name in typed} == typed
    assert page.html.count('aria-invalid="true"') == 3
    assert f'href="#points-{people[1]}"' in page.html
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(ManualGrade)).all() == []


def test_who_marks_second_sees_the_first_mark_and_overwrites_nothing_silently(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana, blas = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas"))
    item = an_item(instance, teacher, course)
    sign_in(browser, "profe@example.org").get(marks_page(item))
    mark(instance, teacher, course, item, {ana: "8"})
    typed = {f"points-{ana.person_uuid}": "18", f"points-{blas.person_uuid}": "10"}
    page = browser.submit("", typed, status=409, form=sheet(browser.page))

    assert "alguien anotó 8" in page.text
    assert dict(sheet(page).fields)[f"points-{ana.person_uuid}"] == "18"
    assert marks_of(instance, item) == ["8"]
    browser.submit("", form=sheet(browser.page))
    assert marks_of(instance, item) == ["8", "18", "10"]


def test_marks_of_another_maximum_than_the_page_showed_are_not_written_down(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana = a_learner(instance, course)
    item = an_item(instance, teacher, course)
    sign_in(browser, "profe@example.org").get(marks_page(item))
    with instance.database.unit_of_work() as session:
        grade_items.change_item(session, teacher, item, GradeItemValues("Exposición", Decimal(10), Decimal(1), "", None), now=clock.now())
    page = browser.submit("", {f"points-{ana.person_uuid}": "8"}, status=409, form=sheet(browser.page))

    assert marks_of(instance, item) == []
    assert dict(sheet(page).fields)[f"points-{ana.person_uuid}"] == "8"
    entries = {(item.id, enrolment_of(instance, ana, course).id): GradeEntry(Decimal(8), "", 0)}
    with pytest.raises(MaximumChanged), instance.database.unit_of_work() as session:
        grade_items.mark_items(session, teacher, [item], entries, uuid4(), now=clock.now())
    browser.submit("", form=sheet(page))
    assert (marks_of(instance, item), enrolment_of(instance, ana, course).grade) == (["8"], Decimal(80))


def test_a_maximum_that_changes_while_a_page_of_marks_waits_for_its_turn_loses_nothing(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana = a_learner(instance, course)
    item = an_item(instance, teacher, course)
    sign_in(browser, "profe@example.org").get(marks_page(item))
    begin = grading.begin_writing

    def late() -> Session:
        with instance.database.unit_of_work() as session:
            grade_items.change_item(
                session, teacher, item, GradeItemValues("Exposición", Decimal(10), Decimal(1), "", None), now=clock.now()
            )
        return begin()

    monkeypatch.setattr(grading, "begin_writing", late)
    page = browser.submit("", {f"points-{ana.person_uuid}": "8"}, status=409, form=sheet(browser.page))

    assert marks_of(instance, item) == []
    assert dict(sheet(page).fields)[f"points-{ana.person_uuid}"] == "8"


def marks_of(instance: Instance, item: ManualGradeItem) -> list[str]:
    """Return all the marks that were ever written for an item."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(ManualGrade.points).where(ManualGrade.item_id == item.id).order_by(ManualGrade.id))
        return ["" if points is None else f"{points.normalize():f}" for points in rows]


def test_a_mark_can_be_taken_back_and_sending_a_page_twice_marks_and_tells_once(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana, blas = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas"))
    item = an_item(instance, teacher, course)
    page = sign_in(browser, "profe@example.org").get(marks_page(item))
    form = sheet(page)
    for _again in range(2):
        browser.submit("", {f"points-{ana.person_uuid}": "7,5"}, form=form)
    assert enrolment_of(instance, ana, course).grade == Decimal("37.5")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Notification.person_id).where(Notification.kind == "graded")).all() == [ana.person_id]

    browser.get(marks_page(item))
    browser.submit("", {f"points-{ana.person_uuid}": ""}, form=sheet(browser.page))
    assert marks_of(instance, item) == ["7.5", ""]
    assert enrolment_of(instance, ana, course).grade is None
    assert "blas" not in browser.get(f"{marks_page(item)}?q=ana").text
    mark(instance, teacher, course, item, {blas: "20"})
    assert str(blas.person_uuid) not in browser.get(f"{marks_page(item)}?unmarked=1").html


def test_nobody_marks_their_own_work(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    own = actor_of(a_teacher(instance, course, role=StaffRole.GRADER))
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, own, get_learner_context(session, own, "prueba"), now=clock.now())
    item = an_item(instance, own, course)
    page = sign_in(browser, "profe@example.org").get(marks_page(item))
    assert in_spanish("You can't mark your own work.") in page.text

    browser.submit("", {f"points-{own.person_uuid}": "20"}, form=sheet(browser.page))
    assert marks_of(instance, item) == []


def test_three_learners_and_thirty_cost_the_same_statements(browser: Browser, instance: Instance) -> None:
    """spec/performance P7, for the page of marks and for saving it, but for the notices that are given."""
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana = a_learner(instance, course)
    item = an_item(instance, teacher, course)
    multiply(instance, ana, 2)
    sign_in(browser, "profe@example.org").get(marks_page(item))
    counter = every_statement(instance.database)
    browser.get(marks_page(item))
    few = len(counter.statements)
    multiply(instance, ana, 27, first=2)
    counter.reset()
    browser.get(marks_page(item))

    assert len([name for name, _value in sheet(browser.page).fields if name == "person"]) == 30
    assert len(counter.statements) == few


def change(instance: Instance, teacher: Actor, item: ManualGradeItem, weight: int, maximum: int = 20) -> None:
    plan = GradeItemValues(item.title, Decimal(maximum), Decimal(weight), item.category, None)
    with instance.database.unit_of_work() as session:
        grade_items.change_item(session, teacher, item, plan, now=clock.now())


def grades(instance: Instance, course: Course) -> list[int | None]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Enrolment.grade).where(Enrolment.course_id == course.id).order_by(Enrolment.id))
        return [None if grade is None else int(grade) for grade in rows]


def test_kept_grades_follow_an_items_weight_and_sort_the_gradebook(browser: Browser, instance: Instance) -> None:
    """A job computes them again; until then the page says so. The rows show what is computed in any case."""
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana, blas = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas"))
    score(instance, course, ana, q1=80)
    score(instance, course, blas, q1=60)
    item = an_item(instance, teacher, course)
    mark(instance, teacher, course, item, {ana: "10", blas: "18"})
    assert grades(instance, course) == [65, 75]

    change(instance, teacher, item, 0)
    page = sign_in(browser, "profe@example.org").get("/teaching/prueba/gradebook?sort=grade&direction=down")
    assert "recalculando" in page.text
    assert grades(instance, course) == [65, 75]
    browser.deliver_jobs()
    page = browser.get("/teaching/prueba/gradebook?sort=grade&direction=down")
    assert grades(instance, course) == [80, 60]
    assert "recalculando" not in page.text
    assert page.html.index("ana@example.org") < page.html.index("blas@example.org")


def test_a_retired_item_counts_no_more_until_it_counts_again(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    ana = a_learner(instance, course)
    score(instance, course, ana, q1=80)
    item = an_item(instance, teacher, course)
    mark(instance, teacher, course, item, {ana: "10"})
    sign_in(browser, "profe@example.org").get(f"/teaching/prueba/items/{item.uuid}")
    browser.submit("/state", button=("state", "retired"))
    browser.deliver_jobs()
    assert grades(instance, course) == [80]
    browser.get(marks_page(item), 403)
    browser.get(GRADING)
    browser.submit("/state", button=("state", "counts"))
    browser.deliver_jobs()
    assert grades(instance, course) == [65]


def test_the_maximum_stays_once_there_are_marks(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))
    item = an_item(instance, teacher, course)
    sign_in(browser, "profe@example.org").get(f"/teaching/prueba/items/{item.uuid}")
    browser.submit(f"/items/{item.uuid}", {"maximum": "10"})
    mark(instance, teacher, course, item, {a_learner(instance, course): "10"})
    browser.get(f"/teaching/prueba/items/{item.uuid}")
    page = browser.submit(f"/items/{item.uuid}", {"maximum": "20"}, status=422)

    assert "Ya hay notas" in page.text


def test_a_mark_that_lifts_the_course_grade_completes_the_course(browser: Browser, instance: Instance) -> None:
    """Completion asks for a course grade of 60 here, which the quizzes alone do not give."""
    course = a_weighted_course(instance)
    teacher = actor_of(a_teacher(instance, course))
    ana = a_learner(instance, course)
    for place in (1, 2, 3):
        mark_done(instance, ana, "prueba", f"leccion-{place}")
    score(instance, course, ana, q1=50, q2=50, q3=50)
    item = an_item(instance, teacher, course, weight=9, category="final")
    mark(instance, teacher, course, item, {ana: "20"})

    assert in_spanish("Completed") in sign_in(browser, "profe@example.org").get("/teaching/prueba/gradebook").text


def test_an_item_whose_part_the_course_no_longer_has_counts_nothing_and_says_so(browser: Browser, instance: Instance) -> None:
    course = a_weighted_course(instance)
    teacher = actor_of(a_teacher(instance, course))
    ana = a_learner(instance, course)
    score(instance, course, ana, q3=50)
    mark(instance, teacher, course, an_item(instance, teacher, course, category="antigua"), {ana: "20"})

    assert gradebook_rows(instance, course)[0].grade == 50
    assert (
        in_spanish("The published version has no such category, so this does not count.")
        in sign_in(browser, "profe@example.org").get(GRADING).text
    )


def test_grades_from_before_they_were_kept_are_computed_by_the_job(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ana = a_learner(instance, course)
    pass_quiz(instance, ana, "prueba")
    with instance.database.unit_of_work() as session:
        for row in session.scalars(select(Enrolment)):
            row.grade, row.grade_stale = None, True
        grade_items.outbox.enqueue(session, "enrolments.keep_grades", {}, now=clock.now())
    browser.deliver_jobs()

    assert grades(instance, course) == [100]
