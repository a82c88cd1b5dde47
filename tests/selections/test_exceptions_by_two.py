"""Exceptions that are set after a person began a quiz that selects: two of the jury, by a reference (spec/selection 4.16)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments import learner_groups
from kernel import clock
from kernel.audit import AuditEntry
from lms.erasure import erase_person
from lms.instance import Instance
from quizzes import overrides, teaching
from quizzes.jury import NeedsJury
from quizzes.models import Accommodation, QuizOverride
from quizzes.overrides import AccommodationProfile, GroupHasBegun, MoreForEverybody, OverrideTarget, OverrideValues
from selections.models import JuryDecision, SelectionActaEntry
from tests.support.browser import Browser
from tests.support.builders import a_teacher, an_administrator, sign_in
from tests.support.editions import a_learner_of, end_edition
from tests.support.learning import actor_of
from tests.support.objections import Objecting, a_published_selection
from tests.support.selections import KEY, all_actas, an_acta, an_editor

CAUSE = "Embarazo de riesgo, informe médico."
REFERENCE = "TH-2026-118"
DIANA = "diana@example.org"


@pytest.fixture
def objecting(browser: Browser, instance: Instance) -> Objecting:
    return a_published_selection(browser, instance)


def person(instance: Instance, email: str = DIANA) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def decision(instance: Instance) -> JuryDecision:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(JuryDecision).order_by(JuryDecision.id.desc()).limit(1)).one()


def let_two_agree(objecting: Objecting) -> None:
    for juror in (objecting.julia, objecting.hugo):
        page = juror.get(f"/selections/decisions/{decision(objecting.instance).uuid}")
        assert REFERENCE in page.text
        assert "Embarazo" not in page.html
        juror.submit("/agreement")
    objecting.hugo.deliver_jobs()


def in_force(instance: Instance, table: type[QuizOverride | Accommodation]) -> list[int | None]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(table.person_id).where(table.ended_at.is_(None))))


def test_an_override_after_the_first_attempt_holds_once_two_agree(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    """They read no cause; the acta says nothing of it, the log does."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
    a_teacher(instance, course, "olga@example.org", StaffRole.OWNER)
    owner, diana = sign_in(browser.another(), "olga@example.org"), person(instance)
    path = f"/courses/prueba/quizzes/{KEY}/overrides/new?person={diana.uuid}"
    owner.get(path)
    owner.submit("/overrides/new", {"attempts": "2", "reason": CAUSE}, status=422)
    owner.submit("/overrides/new", {"attempts": "2", "reason": CAUSE, "reference": REFERENCE})
    assert in_force(instance, QuizOverride) == []

    let_two_agree(objecting)

    assert in_force(instance, QuizOverride) == [diana.id]
    assert "Embarazo" not in decision(instance).act_values
    an_acta(objecting.julia, objecting.selection)
    with instance.database.unit_of_work(write=False) as session:
        texts = session.scalars(select(SelectionActaEntry.text).where(SelectionActaEntry.acta_id == all_actas(instance)[-1].id)).all()
        log = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "override.set")).one()
        values = session.scalars(select(QuizOverride)).one()
    assert not any(REFERENCE in text or "by_hand" in text for text in texts)
    assert '"agreed"' in log
    assert (values.attempts, values.reason) == (2, CAUSE)


def test_the_verb_refuses_one_person(instance: Instance, objecting: Objecting) -> None:
    """For the person, for a group in which they are, for everybody once there is an acta; for whoever has not begun it does not."""
    editor, diana = an_editor(instance), person(instance)
    with instance.database.unit_of_work() as session:
        quiz = teaching.get_taught_quiz(session, editor, "prueba", KEY)
        group = learner_groups.make_group(session, editor, quiz.course_id, "Una", now=clock.now())
        learner_groups.add_to_group(session, editor, group, [diana.uuid], now=clock.now())
        targets = [
            OverrideTarget(person=diana),
            OverrideTarget(group),
            OverrideTarget(),
            OverrideTarget(person=person(instance, "eva@example.org")),
        ]
        refused = []
        for whom in targets:
            try:
                overrides.set_override(session, editor, quiz, whom, OverrideValues(attempts=2), CAUSE, now=clock.now())
            except NeedsJury as error:
                refused.append(type(error))

    assert refused == [NeedsJury, GroupHasBegun, MoreForEverybody]


def test_what_was_set_before_is_neither_ended_nor_put_back_alone(instance: Instance, objecting: Objecting) -> None:
    editor, diana = an_editor(instance), person(instance)
    with instance.database.unit_of_work() as session:
        quiz, whom = teaching.get_taught_quiz(session, editor, "prueba", KEY), OverrideTarget(person=diana)
        row = overrides.set_override(
            session, editor, quiz, whom, OverrideValues(attempts=2), CAUSE, agreed_by=editor.person_id, now=clock.now()
        )
        with pytest.raises(NeedsJury):
            overrides.end_override(session, editor, row, now=clock.now())
        overrides.end_override(session, editor, row, agreed_by=editor.person_id, now=clock.now())
        with pytest.raises(NeedsJury):
            overrides.restore_override(session, editor, row, quiz, now=clock.now())


def test_a_profile_after_the_first_attempt_holds_once_two_agree(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    boss, diana = sign_in(browser.another(), an_administrator(instance, "jefa@example.org").email), person(instance)
    path = f"/administration/accommodations/{diana.uuid}"
    boss.get(path)
    boss.submit(path, {"factor": "1,5", "reason": CAUSE, "reference": REFERENCE})
    assert in_force(instance, Accommodation) == []

    let_two_agree(objecting)

    assert in_force(instance, Accommodation) == [diana.id]


@pytest.mark.parametrize("email", ["eva@example.org", "fina@example.org"], ids=["before the first attempt", "in no selection"])
def test_a_profile_that_moves_no_contest_needs_nobody_new(instance: Instance, objecting: Objecting, email: str) -> None:
    boss = an_administrator(instance, "jefa@example.org")
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
    if email.startswith("fina"):
        a_learner_of(instance, course, None, email)
    who = person(instance, email)
    with instance.database.unit_of_work() as session:
        overrides.grant_accommodation(session, actor_of(boss), who, AccommodationProfile(Decimal(2), 0, 0), CAUSE, now=clock.now())

    assert in_force(instance, Accommodation) == [who.id]


def test_a_profile_after_the_sitting_needs_nobody_new(instance: Instance, objecting: Objecting) -> None:
    """It holds in no contest that is over."""
    boss, diana = an_administrator(instance, "jefa@example.org"), person(instance)
    profile = AccommodationProfile(Decimal(2), 0, 0)
    with instance.database.unit_of_work() as session, pytest.raises(NeedsJury):
        overrides.grant_accommodation(session, actor_of(boss), diana, profile, CAUSE, now=clock.now())
    end_edition(instance)

    with instance.database.unit_of_work() as session:
        overrides.grant_accommodation(session, actor_of(boss), diana, profile, CAUSE, now=clock.now() + timedelta(seconds=1))

    assert in_force(instance, Accommodation) == [diana.id]


def test_an_erased_person_leaves_no_cause_and_nothing_to_decide(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    boss, diana = sign_in(browser.another(), an_administrator(instance, "jefa@example.org").email), person(instance)
    path = f"/administration/accommodations/{diana.uuid}"
    boss.get(path)
    boss.submit(path, {"factor": "1,5", "reason": CAUSE, "reference": REFERENCE})
    with instance.database.unit_of_work() as session:
        erase_person(session, an_editor(instance), session.get_one(Person, diana.id), now=clock.now())

    row = decision(instance)
    assert (row.outcome, row.reason, row.act_values) == ("declined", "", "{}")
