"""Marks by hand entered in the gradebook: one save, faults beside cells, what others did meanwhile, no mark of one's own."""

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts.models import Notification
from courses.models import StaffRole
from enrolments import enrolment, grade_items
from enrolments.grade_items import GradeItemValues
from enrolments.learners import get_learner_context
from enrolments.models import Enrolment, ManualGradeItem
from enrolments.views import grade_items as grading
from enrolments.views import gradebook
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, Form, Page, every_statement
from tests.support.builders import a_course, sign_in
from tests.support.crowds import multiply
from tests.support.learning import enrolment_of
from tests.support.results import a_marked_course, mark, written_marks
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/gradebook"


def grid(page: Page) -> Form:
    """Return the form with the marks of the page."""
    return next(form for form in page.forms if form.method == "post" and "/gradebook" in form.action)


def field(item: ManualGradeItem, learner: Actor) -> str:
    return f"mark-{item.uuid}-{learner.person_uuid}"


def test_who_marks_by_hand_also_saves_a_page_of_the_gradebook(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("item.mark", "own_course", cast.outcomes(PAGE, "POST", {"number": str(uuid4())})) == []


def test_marks_of_all_items_are_typed_into_the_page_and_saved_at_once(browser: Browser, instance: Instance) -> None:
    course, _teacher, (talk, essay), (ana, blas, _carla) = a_marked_course(instance, StaffRole.GRADER)
    sign_in(browser, "profe@example.org").get(f"{PAGE}?sort=name&direction=down")
    assert dict(grid(browser.page).fields)[field(talk, ana)] == "8"
    page = browser.submit("", {field(talk, ana): "9,5", field(essay, ana): "20", field(essay, blas): "10"}, form=grid(browser.page))

    assert in_spanish("%(count)s mark saved.", 3) in page.text
    assert written_marks(instance, talk) == [("8", "Bien"), ("9.5", "Bien")]
    assert sorted(written_marks(instance, essay)) == [("10", ""), ("20", "")]
    assert enrolment_of(instance, ana, course).grade == Decimal("73.75")
    with instance.database.unit_of_work(write=False) as session:
        notified = session.scalars(select(Notification.person_id).where(Notification.kind == "graded")).all()
    assert sorted(notified) == sorted([ana.person_id] * 3 + [blas.person_id])
    browser.submit("", form=grid(page))
    assert in_spanish("There was nothing to change.") in browser.page.text


def test_each_wrong_mark_has_its_fault_beside_it_and_everything_typed_stays(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, essay), (ana, blas, carla) = a_marked_course(instance, StaffRole.GRADER)
    sign_in(browser, "profe@example.org").get(PAGE)
    typed = {field(talk, ana): "21", field(essay, blas): "diez", field(essay, carla): "12"}
    page = browser.submit("", typed, status=422, form=grid(browser.page))

    fields = dict(grid(page).fields)
    assert {name: fields[name] for name in typed} == typed
    assert page.html.count('aria-invalid="true"') == 2
    assert f'href="#{field(essay, blas)}"' in page.html
    assert (written_marks(instance, talk), written_marks(instance, essay)) == ([("8", "Bien")], [])


def test_what_somebody_else_marked_meanwhile_is_shown_and_what_was_not_touched_is_left_alone(browser: Browser, instance: Instance) -> None:
    course, teacher, (talk, essay), (ana, blas, carla) = a_marked_course(instance, StaffRole.GRADER)
    sign_in(browser, "profe@example.org").get(PAGE)
    form = grid(browser.page)
    mark(instance, teacher, course, talk, {ana: "11", blas: "7"})
    page = browser.submit("", {field(talk, blas): "15", field(essay, carla): "12"}, status=409, form=form)

    assert in_spanish("Someone entered %(points)s in the meantime.", points="7") in page.text
    assert in_spanish("Someone entered %(points)s in the meantime.", points="11") not in page.text
    assert dict(grid(page).fields)[field(talk, blas)] == "15"
    assert written_marks(instance, essay) == []
    browser.submit("", form=grid(page))
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "11", "7", "15"]
    assert written_marks(instance, essay) == [("12", "")]


def test_an_item_that_was_changed_or_retired_meanwhile_takes_no_mark_silently(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, essay), (ana, _blas, _carla) = a_marked_course(instance, StaffRole.GRADER)
    sign_in(browser, "profe@example.org").get(PAGE)
    form = grid(browser.page)
    with instance.database.unit_of_work() as session:
        grade_items.change_item(session, SYSTEM, essay, GradeItemValues("Ensayo", Decimal(10), Decimal(1), "", None), now=clock.now())
    page = browser.submit("", {field(essay, ana): "15"}, status=409, form=form)
    assert dict(grid(page).fields)[field(essay, ana)] == "15"

    with instance.database.unit_of_work() as session:
        grade_items.retire_item(session, SYSTEM, talk, retired=True, now=clock.now())
    page = browser.submit("", {field(essay, ana): "5", field(talk, ana): "13"}, status=409, form=grid(page))
    assert in_spanish("This item was retired in the meantime.") in page.text
    assert f'id="{field(talk, ana)}">13<p' in "".join(page.html.split())
    assert field(talk, ana) not in dict(grid(page).fields)
    browser.submit("", form=grid(page))
    assert (written_marks(instance, talk), written_marks(instance, essay)) == ([("8", "Bien")], [("5", "")])


def test_a_mark_for_somebody_who_left_meanwhile_is_refused_in_words(browser: Browser, instance: Instance) -> None:
    course, _teacher, (talk, _essay), (ana, blas, _carla) = a_marked_course(instance, StaffRole.GRADER)
    sign_in(browser, "profe@example.org").get(f"{PAGE}?q=")
    form = grid(browser.page)
    with instance.database.unit_of_work() as session:
        session.get_one(Enrolment, enrolment_of(instance, blas, course).id).left_at = clock.now()
    page = browser.submit("", {field(talk, blas): "15", field(talk, ana): "9"}, form=form)

    assert in_spanish("%(count)s person has left the course; their marks were not saved.", 1) in page.text
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "9"]


def test_nobody_types_a_mark_of_their_own_into_the_gradebook(browser: Browser, instance: Instance) -> None:
    _course, teacher, (talk, _essay), (ana, _blas, _carla) = a_marked_course(instance, StaffRole.GRADER)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, teacher, get_learner_context(session, teacher, "prueba"), now=clock.now())
    sign_in(browser, "profe@example.org").get(PAGE)
    assert field(talk, teacher) not in dict(grid(browser.page).fields)

    browser.submit("", {field(talk, teacher): "20", field(talk, ana): "9"}, form=grid(browser.page))
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "9"]


def pages(page: Page) -> list[str]:
    """Return the numbers of the pages to which a page leads."""
    return [number for link, _words in page.links for number in parse_qs(urlsplit(link).query).get("page", ())]


def test_the_way_to_the_next_page_stays_after_a_refused_save(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    _course, _teacher, (talk, _essay), (_ana, blas, _carla) = a_marked_course(instance, StaffRole.GRADER)
    monkeypatch.setattr(gradebook, "ROWS", 1)
    monkeypatch.setattr(grading, "ROWS", 1)
    marks = f"/teaching/prueba/items/{talk.uuid}/marks"
    sign_in(browser, "profe@example.org").get(f"{PAGE}?page=2")
    page = browser.submit("", {field(talk, blas): "21"}, status=422, form=grid(browser.page))
    assert pages(page) == ["1", "3"]

    browser.get(f"{marks}?page=2")
    form = next(form for form in browser.page.forms if form.method == "post" and "/marks" in form.action)
    page = browser.submit("", {f"points-{blas.person_uuid}": "21"}, status=422, form=form)
    assert pages(page) == ["1", "3"]


def test_two_learners_and_thirty_cost_the_same_statements_to_show_and_to_send(browser: Browser, instance: Instance) -> None:
    """spec/performance P7, but for what is written."""
    _course, _teacher, _items, (ana, _blas, _carla) = a_marked_course(instance, StaffRole.GRADER)
    sign_in(browser, "profe@example.org").get(PAGE)
    counter = every_statement(instance.database)
    browser.get(PAGE)
    shown = len(counter.statements)
    counter.reset()
    browser.submit("", form=grid(browser.page))
    sent = len(counter.statements)
    multiply(instance, ana, 27)
    browser.get(PAGE)
    counter.reset()
    browser.get(PAGE)
    assert len([name for name, _value in grid(browser.page).fields if name == "person"]) == 30
    assert len(counter.statements) == shown
    counter.reset()
    browser.submit("", form=grid(browser.page))

    assert len(counter.statements) == sent
