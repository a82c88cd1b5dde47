"""After an acta nobody alone lets everybody sit on or again, nor ends what two granted (spec/selection 4.16)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments import editions
from enrolments.models import Edition
from kernel import clock
from lms.instance import Instance
from quizzes import overrides, teaching
from quizzes.models import Accommodation, QuizOverride
from quizzes.overrides import MoreForEverybody, OverrideTarget, OverrideValues
from selections.models import JuryDecision
from selections.selections import EndsAfterActa
from tests.support.browser import Browser
from tests.support.builders import a_teacher, an_administrator, sign_in
from tests.support.editions import PLAN
from tests.support.learning import actor_of, start
from tests.support.objections import Objecting, a_published_selection
from tests.support.selections import KEY, a_sat_selection, an_editor
from tests.support.wording import in_spanish

CAUSE, REFERENCE, DIANA = "Discapacidad visual certificada.", "TH-2026-118", "diana@example.org"


@pytest.fixture
def objecting(browser: Browser, instance: Instance) -> Objecting:
    return a_published_selection(browser, instance)


@pytest.fixture
def owner(browser: Browser, instance: Instance, objecting: Objecting) -> Browser:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
    a_teacher(instance, course, "olga@example.org", StaffRole.OWNER)
    return sign_in(browser.another(), "olga@example.org")


def diana(instance: Instance) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == DIANA)).one()


def overridden(instance: Instance) -> list[QuizOverride]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(QuizOverride).order_by(QuizOverride.id)))


def decision_path(instance: Instance) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return f"/selections/decisions/{session.scalars(select(JuryDecision.uuid).order_by(JuryDecision.id.desc())).first()}"


def let_two_agree(objecting: Objecting, shown: str = "") -> None:
    for juror in (objecting.julia, objecting.hugo):
        juror.get(decision_path(objecting.instance))
        assert shown in juror.page.text
        assert CAUSE not in juror.page.html
        juror.submit("/agreement")
    objecting.hugo.deliver_jobs()


def an_exception(objecting: Objecting, owner: Browser) -> QuizOverride:
    owner.get(f"/courses/prueba/quizzes/{KEY}/overrides/new?person={diana(objecting.instance).uuid}")
    owner.submit("/overrides/new", {"attempts": "3", "minutes": "60", "reason": CAUSE, "reference": REFERENCE})
    assert "Lo pidió Pilar Maestra el" in owner.page.text
    let_two_agree(objecting, "60 minutos; 3 intentos en total")
    return overridden(objecting.instance)[-1]


def plan(instance: Instance, days: int | None) -> Callable[[], None]:
    """Return what moves the end of the edition to so many days from now."""

    editor = an_editor(instance)

    def change() -> None:
        with instance.database.unit_of_work() as session:
            edition = session.scalars(select(Edition)).one()
            ends = None if days is None else clock.now() + timedelta(days=days)
            editions.change_edition(session, editor, edition, replace(PLAN, ends_at=ends), now=clock.now())

    return change


def let_end(instance: Instance, days: int) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(starts_at=None, ends_at=clock.now() + timedelta(days=days)))


@pytest.mark.parametrize("days", [9, None], ids=["later", "never"])
def test_an_edition_ends_no_later_after_an_acta(instance: Instance, objecting: Objecting, days: int | None) -> None:
    let_end(instance, 5)
    with pytest.raises(EndsAfterActa):
        plan(instance, days)()

    plan(instance, 3)()


def test_the_page_says_so_beside_the_end(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    let_end(instance, 5)
    with instance.database.unit_of_work(write=False) as session:
        edition = session.scalars(select(Edition)).one()
    owner.get(f"/teaching/prueba/editions/{edition.uuid}")
    owner.submit(f"/editions/{edition.uuid}", {"ends_at": "2036-01-01T10:00"}, status=409)

    assert in_spanish(EndsAfterActa.message) in owner.page.text


def test_an_edition_ends_later_before_any_acta(instance: Instance) -> None:
    a_sat_selection(instance)
    let_end(instance, 5)

    plan(instance, 9)()


VALUES = {
    "more attempts": OverrideValues(attempts=2),
    "no limit": OverrideValues(attempts=0),
    "no closing": OverrideValues(sets_closes=True),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_nothing_more_is_set_for_everybody_after_an_acta(instance: Instance, objecting: Objecting, values: OverrideValues) -> None:
    """Nor by ending what gives less; less is set as ever."""
    editor, whom = an_editor(instance), OverrideTarget()
    less = OverrideValues(attempts=1, sets_closes=True, closes_at=clock.now() + timedelta(days=1))
    with instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, editor, "prueba", KEY)
        row = overrides.set_override(session, editor, quiz, whom, less, CAUSE, now=clock.now())
        with pytest.raises(MoreForEverybody):
            overrides.set_override(session, editor, quiz, whom, values, CAUSE, seen=row, now=clock.now())
        with pytest.raises(MoreForEverybody):
            overrides.end_override(session, editor, row, now=clock.now())


def test_more_for_everybody_is_set_before_any_acta(instance: Instance) -> None:
    a_sat_selection(instance)
    editor = an_editor(instance)
    with instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, editor, "prueba", KEY)
        overrides.set_override(session, editor, quiz, OverrideTarget(), OverrideValues(attempts=2), CAUSE, now=clock.now())


def test_a_closing_for_a_person_holds_beyond_their_edition(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    """Whoever may sit again after the edition ended can."""
    person, editor = diana(instance), an_editor(instance)
    let_end(instance, -1)
    values = OverrideValues(attempts=2, sets_closes=True, closes_at=clock.now() + timedelta(days=2))
    with instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, editor, "prueba", KEY)
        whom = OverrideTarget(person=session.get_one(Person, person.id))
        overrides.set_override(session, editor, quiz, whom, values, CAUSE, agreed_by=editor.person_id, now=clock.now())

    assert start(instance, actor_of(person), "prueba")


def test_the_owner_ends_no_exception_alone_and_asks_on_the_same_page(instance: Instance, objecting: Objecting, owner: Browser) -> None:
    """Restoring it needs the two likewise."""
    row, listed = an_exception(objecting, owner), f"/courses/prueba/quizzes/{KEY}/overrides"
    owner.get(listed)
    assert "Lo decidieron Julia Quinde y Hugo Quinde. Lo pidió Pilar Maestra" in owner.page.text
    owner.submit(f"/{row.uuid}/end")
    owner.submit(f"/{row.uuid}/end", {"reference": "."}, status=422)
    owner.submit(f"/{row.uuid}/end", {"reference": REFERENCE})
    assert overridden(instance)[-1].ended_at is None

    let_two_agree(objecting, "60 minutos; 3 intentos en total")

    assert overridden(instance)[-1].ended_at is not None
    owner.get(listed)
    owner.submit(f"/{row.uuid}/restoration")
    owner.submit(f"/{row.uuid}/restoration", {"reference": REFERENCE})
    let_two_agree(objecting, "60 minutos; 3 intentos en total")
    assert [one.ended_at is None for one in overridden(instance)] == [False, True]
    assert overridden(instance)[-1].reason == CAUSE


def test_no_administrator_ends_an_accommodation_alone(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    boss = sign_in(browser.another(), an_administrator(instance, "jefa@example.org").email)
    path = f"/administration/accommodations/{diana(instance).uuid}"
    boss.get(path)
    boss.submit(path, {"factor": "1,5", "reason": CAUSE, "reference": REFERENCE})
    let_two_agree(objecting, "tiempo × 1,5")
    boss.get(path)
    boss.submit("/end")
    boss.submit("/end", {"reference": REFERENCE})
    assert profiles(instance) == [True]
    let_two_agree(objecting, "tiempo × 1,5")
    assert profiles(instance) == [False]

    boss.get(path)
    boss.submit("/restoration")
    boss.submit("/restoration", {"reference": REFERENCE})
    let_two_agree(objecting, "tiempo × 1,5")

    assert profiles(instance) == [False, True]


def profiles(instance: Instance) -> list[bool]:
    """Return of each profile whether it is in force."""
    with instance.database.unit_of_work(write=False) as session:
        return [ended is None for ended in session.scalars(select(Accommodation.ended_at).order_by(Accommodation.id))]
