"""The pages of a course's groups: made, filled, emptied, deleted unless something holds for them (spec/quiz-engine 5.10)."""

import re

import pytest
from sqlalchemy import func, select

from enrolments.models import GroupMember, LearnerGroup
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, sign_in
from tests.support.learning import At, a_learner
from tests.support.overrides import LIMITED, NOON, TIME, Office, in_force
from tests.support.quizzes import ONE_QUESTION, a_quiz
from tests.support.wording import in_spanish


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def test_a_group_is_deleted_unless_something_holds_for_it(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10: what is in force stays; the refusal changes nothing and writes nothing down."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    free, used = office.group(learner, name="Libre"), office.group(name="Usado")
    office.override(used, attempts=3)
    sign_in(browser, "profe@example.org")

    for group in (free, used):
        browser.get(f"/courses/prueba/groups/{group.uuid}")
        browser.submit(f"{group.uuid}/removal")
        if group is free:
            assert in_spanish("The group was deleted") in browser.page.text

    assert in_spanish("A quiz override or an announcement that is being sent still uses this group. End it first.") in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(LearnerGroup.name)).all() == ["Usado"]
        assert session.scalar(select(func.count()).select_from(GroupMember)) == 0
        assert session.scalar(select(func.count()).where(AuditEntry.verb == "group.deleted")) == 1


def test_a_group_for_which_nothing_holds_any_more_is_deleted_and_still_named(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.2: what held stays readable with its reason; it cannot be put back, and a new group may have the name."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    group = office.group(learner)
    row = office.override(group, attempts=3)
    sign_in(browser, "profe@example.org")
    browser.get(TIME)
    browser.submit("/end")

    browser.get(f"/courses/prueba/groups/{group.uuid}")
    browser.submit(f"{group.uuid}/removal")
    deleted = browser.page.text
    browser.get(TIME)
    forms = [form.action for form in browser.page.forms if form.action.endswith("/restoration")]
    browser.post(f"{TIME}/{row.uuid}/restoration")

    assert in_spanish("The group was deleted") in deleted
    assert forms == []
    assert "Turno tarde" in browser.page.text
    assert in_spanish("This can't be restored because its group was deleted.") in browser.page.text
    assert in_force(instance) == []
    assert browser.get(f"/courses/prueba/groups/{group.uuid}", status=404)
    assert office.group(name="Turno tarde").id != group.id


def test_groups_are_made_filled_and_emptied(browser: Browser, instance: Instance) -> None:
    """Groups of a course: a name once, learners found and put in, taken out, and only learners of this course."""
    course = a_quiz(instance, LIMITED)
    a_teacher(instance, course)
    a_learner(instance, course)
    a_learner(instance, course, "eva@example.org")
    stranger = a_person(instance, "fuera@example.org")
    sign_in(browser, "profe@example.org")
    browser.get("/courses/prueba/groups")
    browser.submit("/groups", {"name": ""}, status=422)
    browser.submit("/groups", {"name": "Turno tarde"})
    path = browser.path
    browser.get("/courses/prueba/groups")
    browser.submit("/groups", {"name": "turno TARDE"}, status=409)
    assert in_spanish("The course already has a group with this name.") in browser.page.text

    browser.get(f"{path}?q=example.org")
    chosen = re.findall(r'name="person" value="([^"]+)"', browser.page.html)
    assert len(chosen) == 2
    browser.submit("/members", {"person": [*chosen, str(stranger.uuid), "x"]})
    assert in_spanish("%(count)s learner has been added to the group.", 2) in browser.page.text
    browser.submit("/removal")
    browser.submit("/name", {"name": "Turno noche"})

    assert browser.page.headings == ["Grupo: Turno noche"]
    browser.get("/courses/prueba/groups")
    assert re.search(r"Turno noche\s*1", browser.page.text)
