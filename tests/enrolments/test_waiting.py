"""The places of an edition and who waits for one: in turn, once, and no longer than they need to."""

import pytest

from accounts.models import Person
from courses.models import Course
from enrolments import editions as enrolments_editions
from enrolments import enrolment, learners
from enrolments.editions import EnrolOutcome
from enrolments.models import Edition, WaitingPlace
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, sign_in
from tests.support.editions import an_edition, enrol, enrolment_of, join, line_of, take_out, ten
from tests.support.learning import actor_of, all_at_once
from tests.support.wording import in_spanish


def test_places_are_never_given_twice_however_many_come_at_once(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition, people = an_edition(instance, course, capacity=3), ten(instance)

    outcomes = all_at_once(10, lambda place: join(instance, people[place], course, edition))
    line = line_of(instance, edition)

    assert sorted(outcomes) == [EnrolOutcome.ENROLLED] * 3 + [EnrolOutcome.WAITING] * 7
    assert (line.taken, line.waiting, line.is_full) == (3, 7, True)


def test_who_waited_longest_gets_the_place_that_becomes_free_and_is_told(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition, (ana, blas, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    assert [join(instance, who, course, edition) for who in (ana, blas, blas)] == [
        EnrolOutcome.ENROLLED,
        EnrolOutcome.WAITING,
        EnrolOutcome.WAITING,
    ]
    take_out(instance, course, ana)
    found = enrolment_of(instance, blas, course)

    assert found is not None
    assert (found.left_at, line_of(instance, edition).taken) == (None, 1)
    assert any(
        text.startswith(in_spanish("You have been enrolled in “%(title)s”", title="Curso de prueba prueba")) for text in browser.mails()
    )
    assert line_of(instance, edition).waiting == 0


def test_who_enters_another_way_waits_no_more_and_keeps_nobody_waiting(instance: Instance) -> None:
    """In another edition, by somebody else's hand, or alone once the course's editions are closed."""
    course = a_course(instance, modules=1)
    edition, other = an_edition(instance, course, capacity=1), an_edition(instance, course, "Abril")
    inside, *entering, last = ten(instance)[:5]
    for who in (inside, *entering, last):
        join(instance, who, course, edition)
    join(instance, entering[0], course, other)
    enrol(instance, course, [entering[1]])
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, entering[2], learners.get_learner_context(session, entering[2], "prueba"), now=clock.now())
    waiting = line_of(instance, edition).waiting

    take_out(instance, course, inside)

    found = enrolment_of(instance, last, course)
    assert waiting == 1
    assert found is not None
    assert found.left_at is None


def test_who_takes_the_course_already_is_passed_over_on_the_waiting_list(instance: Instance) -> None:
    """Rows of before waits ended with the enrolment."""
    course = a_course(instance, modules=1)
    edition, (ana, blas, eva, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    enrol(instance, course, [blas])
    join(instance, ana, course, edition)
    with instance.database.unit_of_work() as session:
        session.add(WaitingPlace(edition_id=edition.id, person_id=blas.person_id or 0, since=clock.now()))
    join(instance, eva, course, edition)

    take_out(instance, course, ana)

    found = enrolment_of(instance, eva, course)
    assert found is not None
    assert line_of(instance, edition).taken == 1


def test_nobody_enters_an_edition_that_has_ended_nor_with_a_suspended_account(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ended, other = an_edition(instance, course, capacity=1), an_edition(instance, a_course(instance, "otro", modules=1), capacity=1)
    ana, blas, eva = ten(instance)[:3]
    for who in (ana, blas):
        join(instance, who, course, ended)
    of_other = other.course_id
    with instance.database.unit_of_work() as session:
        second = session.get_one(Course, of_other)
        session.get_one(Edition, ended.id).ends_at = clock.now()
    for who in (ana, blas, eva):
        join(instance, who, second, other)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, blas.person_id).suspended_at = clock.now()

    take_out(instance, course, ana)
    take_out(instance, second, ana)

    assert enrol(instance, second, [blas]) == enrolments_editions.EnrolCounts(0, 0)
    assert enrolment_of(instance, blas, course) is None
    assert (line_of(instance, ended).taken, line_of(instance, ended).waiting) == (0, 1)
    assert enrolment_of(instance, blas, second) is None
    assert enrolment_of(instance, eva, second) is not None


def test_who_takes_the_course_does_not_wait_for_it_after_two_accounts_became_one(instance: Instance) -> None:
    course, other = a_course(instance, modules=1), a_course(instance, "otro", modules=1)
    editions = (course, an_edition(instance, course, capacity=1)), (other, an_edition(instance, other, capacity=1))
    first, closed, kept = ten(instance)[:3]
    for who in (first, closed):
        for of, edition in editions:
            join(instance, who, of, edition)
    enrol(instance, course, [kept])

    with instance.database.unit_of_work() as session:
        enrolments_editions.transfer_waiting_places(session, closed.person_id or 0, kept.person_id or 0)

    assert [line_of(instance, edition).waiting for _of, edition in editions] == [0, 1]


def test_more_places_are_given_to_those_who_wait(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition, people = an_edition(instance, course, capacity=1), ten(instance)
    for who in people[:4]:
        join(instance, who, course, edition)
    with instance.database.unit_of_work() as session:
        plan = enrolments_editions.EditionValues("Abril", True, None, None, None, None, 3)
        assert enrolments_editions.change_edition(session, SYSTEM, edition, plan, now=clock.now()) == 2

    assert (line_of(instance, edition).taken, line_of(instance, edition).waiting) == (3, 1)


def test_who_waited_has_the_place_that_became_free_while_the_edition_was_closed(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course, "ines@example.org")
    edition, (ana, blas, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    for who in (ana, blas):
        join(instance, who, course, edition)
    team, address = sign_in(browser, "ines@example.org"), f"/teaching/prueba/editions/{edition.uuid}"
    team.get(address)
    team.submit(f"{address}/closing")
    take_out(instance, course, ana)
    waiting = line_of(instance, edition).waiting
    team.get(address)
    team.submit(f"{address}/opening")

    assert waiting == 1
    assert in_spanish("%(count)s person from the waiting list now has a place.", 1) in team.page.text
    assert (line_of(instance, edition).taken, line_of(instance, edition).waiting) == (1, 0)


@pytest.mark.parametrize("by_hand", [False, True])
def test_nobody_passes_those_who_waited_before_them(instance: Instance, by_hand: bool) -> None:
    """Places that nobody gave, because the course was archived meanwhile: neither alone nor by the team's hand."""
    course = a_course(instance, modules=1)
    edition, (ana, blas, eva, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    for who in (ana, blas):
        join(instance, who, course, edition)
    for archived_at in (clock.now(), None):
        with instance.database.unit_of_work() as session:
            session.get_one(Course, course.id).archived_at = archived_at
        if archived_at:
            take_out(instance, course, ana)

    if by_hand:
        assert enrol(instance, course, [eva], edition) == enrolments_editions.EnrolCounts(entered=0, waiting=1)
    else:
        assert join(instance, eva, course, edition) is EnrolOutcome.WAITING
    assert join(instance, blas, course, edition) is EnrolOutcome.ENROLLED
    assert enrolment_of(instance, eva, course) is None


def test_who_waits_with_a_code_sees_it_and_can_stop(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, visibility="institution", enrolment="invitation")
    edition = an_edition(instance, course, capacity=1, open_to_all=False)
    with instance.database.unit_of_work() as session:
        code = enrolments_editions.make_code(session, SYSTEM, edition, now=clock.now())
    for email in ("ana@example.org", "blas@example.org"):
        join(instance, actor_of(a_person(instance, email)), course, edition)
    waits = sign_in(browser, "blas@example.org")
    shown = waits.get(f"/join/{code}")
    assert in_spanish("You are on the waiting list") in shown.text
    assert not any(form.action == f"/join/{code}" for form in shown.forms)
    assert in_spanish("You are on the waiting list") in waits.get("/learning").text
    waits.submit(f"/courses/prueba/editions/{edition.uuid}/waiting/end")

    assert line_of(instance, edition).waiting == 0
    assert in_spanish("You are on the waiting list") not in waits.get("/learning").text
    assert in_spanish("You are on the waiting list") not in sign_in(browser.another()).get("/learning").text
