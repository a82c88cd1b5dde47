"""What is set for a group reaches nobody alone who has begun a quiz that selects, and is taken from nobody (spec/selection 4.16)."""

import pytest
from sqlalchemy import select

from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments import learner_groups
from enrolments.models import GroupMember, LearnerGroup
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import overrides, teaching
from quizzes.jury import GroupSettingHolds
from quizzes.overrides import OverrideTarget, OverrideValues
from selections.models import Selection
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.selections import KEY, a_sat_selection, an_editor, answer
from tests.support.wording import in_spanish

HOLDS = GroupSettingHolds.message
DIANA, EVA = "diana@example.org", "eva@example.org"


@pytest.fixture
def selection(instance: Instance) -> Selection:
    """Of four people who sat, and Eva, who did not."""
    return a_sat_selection(instance)


@pytest.fixture
def owner(browser: Browser, instance: Instance, selection: Selection) -> Browser:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, selection.course_id)
    a_teacher(instance, course, "olga@example.org", StaffRole.OWNER)
    return sign_in(browser, "olga@example.org")


def person(instance: Instance, email: str) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def a_group(instance: Instance, course_id: int, *, key: str | None = KEY) -> LearnerGroup:
    """Make a group without anybody, for which two attempts are set at a quiz."""
    editor = an_editor(instance)
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, editor, course_id, "Tarde", now=clock.now())
        if key is not None:
            quiz = teaching.get_taught_quiz(session, editor, "prueba", key)
            overrides.set_override(session, editor, quiz, OverrideTarget(group), OverrideValues(attempts=2), "Turno.", now=clock.now())
        return group


def add(instance: Instance, group: LearnerGroup, *emails: str) -> None:
    people = [person(instance, email).uuid for email in emails]
    with instance.database.unit_of_work() as session:
        learner_groups.add_to_group(session, an_editor(instance), group, people, now=clock.now())


def members(instance: Instance, group: LearnerGroup) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return len(session.scalars(select(GroupMember.enrolment_id).where(GroupMember.group_id == group.id)).all())


def test_nobody_who_has_begun_joins_a_group_with_an_exception(instance: Instance, selection: Selection, owner: Browser) -> None:
    """Nor do those who are added with them; the page names who has begun, and says what to do instead."""
    group = a_group(instance, selection.course_id)
    owner.get(f"/courses/prueba/groups/{group.uuid}?q=example.org")
    chosen = [str(person(instance, email).uuid) for email in (DIANA, EVA)]
    owner.submit("/members", {"person": chosen})

    assert in_spanish(HOLDS, people=person(instance, DIANA).full_name) in owner.page.text
    assert members(instance, group) == 0
    add(instance, group, EVA)
    assert members(instance, group) == 1


def test_nobody_who_has_begun_is_taken_out_of_it(instance: Instance, selection: Selection, owner: Browser) -> None:
    """Until the first attempt anybody is; afterwards the exception stays theirs."""
    group, eva = a_group(instance, selection.course_id), person(instance, EVA)
    add(instance, group, EVA)
    answer(instance, Actor(person_id=eva.id, person_uuid=eva.uuid), 2)
    owner.get(f"/courses/prueba/groups/{group.uuid}")
    owner.submit("/members/removal")

    assert in_spanish(HOLDS, people=eva.full_name) in owner.page.text
    assert members(instance, group) == 1


def test_a_group_without_an_exception_takes_anybody(instance: Instance, selection: Selection) -> None:
    group = a_group(instance, selection.course_id, key=None)
    add(instance, group, DIANA, EVA)

    assert members(instance, group) == 2


def test_an_exception_that_ended_holds_nobody(instance: Instance, selection: Selection) -> None:
    group, editor = a_group(instance, selection.course_id), an_editor(instance)
    with instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, editor, "prueba", KEY)
        row = overrides.find_in_force(session, quiz, OverrideTarget(group))
        assert row is not None
        overrides.end_override(session, editor, row, now=clock.now())
    add(instance, group, DIANA)

    assert members(instance, group) == 1
