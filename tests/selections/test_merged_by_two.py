"""Attempts that a merge of accounts brings together count only as two of the jury decide (spec/selection 4.16)."""

import pytest
from sqlalchemy import select

from accounts.access import MergePair
from accounts.models import Person
from courses.models import Course
from kernel import clock
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from quizzes.models import Attempt
from selections.jury_decisions import DecisionPending
from selections.models import JuryDecision
from selections.standing import walk_lines
from tests.support.access import outcome
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.editions import a_learner_of
from tests.support.learning import actor_of
from tests.support.objections import Objecting, a_published_selection, notices_of
from tests.support.selections import QUIZ, all_actas, an_acta
from tests.support.wording import in_spanish

WORSE, BETTER = "diana@example.org", "ana@example.org"


@pytest.fixture
def merged(browser: Browser, instance: Instance) -> Objecting:
    """Diana, who has 60 %, and Ana, who has 100 %, were one person; the account of Diana stays."""
    found = a_published_selection(browser, instance)
    boss = an_administrator(instance, "jefa@example.org")
    with instance.database.unit_of_work() as session:
        pair = MergePair(*(session.scalars(select(Person).where(Person.email == email)).one() for email in (WORSE, BETTER)))
        erasure.merge(session, actor_of(boss), pair, f"Es la misma persona que {BETTER}.", now=clock.now())
    browser.deliver_jobs()
    return found


def newest_lines(instance: Instance) -> list[tuple[str, str]]:
    with instance.database.unit_of_work(write=False) as session:
        lines = walk_lines(session, all_actas(instance)[-1].id)
        return sorted((line.fields.get("shown", ""), line.fields["outcome"]) for line in lines)


def decision_about(instance: Instance, percent: int) -> str:
    """Return the page of the decision about the attempt with this result: a merge may exchange what accounts have."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(JuryDecision).join(Attempt, Attempt.id == JuryDecision.attempt_id)
        row = session.scalars(statement.where(Attempt.percent == percent)).one()
    return f"/selections/decisions/{row.uuid}"


def agree_to(merged: Objecting, decision: str) -> None:
    for juror in (merged.julia, merged.hugo):
        juror.get(decision)
        juror.submit("/agreement")


def test_until_they_decide_nothing_of_it_counts(instance: Instance, merged: Objecting) -> None:
    """The merge went through; the acta cannot be final."""
    path = an_acta(merged.julia, merged.selection)

    waiting = [line for line in newest_lines(instance) if line[1] == "waiting"]
    assert len(waiting) >= 1
    assert "100.00" not in dict(newest_lines(instance))
    assert outcome(merged.julia, f"{path}/signature", "POST", {"sha256": all_actas(instance)[-1].sha256}) == "deny"


@pytest.mark.parametrize(("percent", "other"), [(60, 100), (100, 60)])
def test_two_decide_which_count(instance: Instance, merged: Objecting, percent: int, other: int) -> None:
    """One agreement decides nothing, and declining one does not count the other."""
    decision = decision_about(instance, percent)
    assert outcome(merged.julia, f"{decision_about(instance, other)}/refusal", "POST") == "deny"
    page = merged.julia.get(decision).text
    assert f"{percent},00" in page
    assert BETTER not in page  # an address would outlive its person in the log
    assert "Es la misma persona que …" in page
    assert page.index(f"{percent},00") < page.index(f"{other},00")
    agree_to(merged, decision)
    page = merged.julia.get(decision).text
    assert in_spanish("This attempt counts") in page
    assert in_spanish("This one does not count") in page

    an_acta(merged.julia, merged.selection)

    theirs = (f"{percent}.00", "passed" if percent == 100 else "not_passed")
    assert newest_lines(instance) == sorted([("", "did_not_sit"), theirs, *[("80.00", "passed")] * 2])


def test_the_person_reads_which_attempt_counts(instance: Instance, merged: Objecting) -> None:
    """On the page of the quiz, with the result, and in a notice; before, that the jury decides."""
    learner = merged.learner(WORSE)
    waits = in_spanish("Selection “%(people)s”: its jury decides which attempt counts, since your accounts were merged.", people="Marzo")
    assert waits in learner.get(QUIZ).text
    agree_to(merged, decision_about(instance, 60))
    merged.hugo.deliver_jobs()

    words = "Selección «Marzo»: cuenta el intento enviado el"
    assert words in learner.get(QUIZ).text
    with instance.database.unit_of_work(write=False) as session:
        attempts = session.scalars(select(Attempt.uuid).join(Person, Person.id == Attempt.person_id).where(Person.email == WORSE)).all()
    assert all(words in learner.get(f"/attempts/{attempt}").text for attempt in attempts)
    assert [words in notice for notice in notices_of(instance, WORSE, "jury-moved", "selection")] == [True]


def test_the_page_of_the_merge_says_that_a_jury_decides(browser: Browser, instance: Instance) -> None:
    a_published_selection(browser, instance)
    boss = sign_in(browser.another(), an_administrator(instance, "jefa@example.org").email)
    with instance.database.unit_of_work(write=False) as session:
        kept, closed = (session.scalars(select(Person.uuid).where(Person.email == email)).one() for email in (WORSE, BETTER))

    page = boss.get(f"/administration/people/{kept}/merging/{closed}")

    assert in_spanish("Both accounts sat in the selection “%(people)s”.", people="Marzo") in page.text


def test_a_third_account_asks_them_again(instance: Instance, merged: Objecting) -> None:
    """What was declined is not offered again, and of three takes one counts, the one that was decided on last."""
    boss = an_administrator(instance, "jefe@example.org")
    with instance.database.unit_of_work() as session:
        pair = MergePair(*(session.scalars(select(Person).where(Person.email == email)).one() for email in (WORSE, "berta@example.org")))
        with pytest.raises(DecisionPending):
            erasure.merge(session, actor_of(boss), pair, "Es la misma persona.", now=clock.now())
        session.rollback()
    agree_to(merged, decision_about(instance, 60))
    with instance.database.unit_of_work() as session:
        pair = MergePair(*(session.scalars(select(Person).where(Person.email == email)).one() for email in (WORSE, "berta@example.org")))
        erasure.merge(session, actor_of(boss), pair, "Es la misma persona.", now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        waiting = select(Attempt.percent).join(JuryDecision, JuryDecision.attempt_id == Attempt.id).where(JuryDecision.closed_at.is_(None))
        assert sorted(session.scalars(waiting)) == [60, 80]
    agree_to(merged, decision_about(instance, 80))

    an_acta(merged.julia, merged.selection)
    assert sorted(line for line in newest_lines(instance) if line[0]) == [("80.00", "passed")] * 2


def test_a_merge_with_an_account_that_did_not_sit_asks_nothing(browser: Browser, instance: Instance) -> None:
    found = a_published_selection(browser, instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, found.selection.course_id)
    a_learner_of(instance, course, None, "fina@example.org")
    with instance.database.unit_of_work() as session:
        pair = MergePair(*(session.scalars(select(Person).where(Person.email == email)).one() for email in (BETTER, "fina@example.org")))
        erasure.merge(session, SYSTEM, pair, "Es la misma persona.", now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(JuryDecision)).all() == []
