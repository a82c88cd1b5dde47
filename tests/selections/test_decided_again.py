"""What a jury decided by two is changed by nobody but the jury, by two again (spec/selection 5.4 and 5.6)."""

from datetime import UTC, datetime
from fractions import Fraction
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts.models import Person
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import marks
from quizzes.attempts import load_attempt
from quizzes.dry_runs import DecidedByJury, RegradeRequest
from quizzes.marking import CannotReopen, ManualMarkValues, mark_by_hand, reopen_attempt
from quizzes.models import Attempt, AttemptItem, Regrade
from quizzes.rules.regrade import RegradeKind
from selections.models import ActaCorrection
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.learning import At
from tests.support.objections import Objecting, an_objected_choice, an_objected_question, facts, notices_of
from tests.support.regrading import a_dry_run, commit, question_id, undo
from tests.support.selections import QUIZ, an_editor, sign_by_two, try_to_void
from tests.support.wording import in_spanish

WHY = {"outcome": "reopen", "ground": "El artículo se leyó mal.", "source": "Ley, art. 12"}
NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
BEFORE = {"ana": 100.0, "berta": 80.0, "carla": 80.0, "diana": 60.0}
QUESTION = "p5"
"""The key of the question that is objected to."""
FULL = {"ana": 100.0, "berta": 100.0, "carla": 100.0, "diana": 80.0}


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch, browser: Browser, instance: Instance) -> Objecting:
    """A selection in its term, with two who object to the fifth question."""
    At(monkeypatch, NOON)
    return an_objected_question(browser, instance)


def decided(case: Objecting, outcome: str) -> None:
    case.propose(outcome=outcome)
    case.decide()
    case.hugo.deliver_jobs()


def jury_regrade(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Regrade.id).where(Regrade.for_objection)).one()


@pytest.mark.parametrize("outcome", ["uphold", "full_credit"])
@pytest.mark.parametrize("kind", [RegradeKind.SAME, RegradeKind.FULL_CREDIT, RegradeKind.UNLESS_LOWER, RegradeKind.REMOVED])
def test_the_team_regrades_or_voids_no_question_that_a_jury_decided_on(
    case: Objecting, instance: Instance, outcome: str, kind: RegradeKind
) -> None:
    decided(case, outcome)

    with pytest.raises(DecidedByJury):
        a_dry_run(instance, an_editor(instance), RegradeRequest(kind, "Otra lectura.", question_id(instance, QUESTION)))

    assert case.percents() == (BEFORE if outcome == "uphold" else FULL)


def test_a_regrade_of_every_question_leaves_those_that_a_jury_decided_on(case: Objecting, instance: Instance) -> None:
    decided(case, "full_credit")
    editor = an_editor(instance)

    commit(instance, editor, a_dry_run(instance, editor, RegradeRequest(RegradeKind.SAME, "Todas otra vez.")))

    assert case.percents() == FULL


def test_a_void_prepared_before_the_decision_is_not_committed_after_it(case: Objecting, instance: Instance) -> None:
    dry_run = try_to_void(instance, QUESTION)
    decided(case, "uphold")

    with pytest.raises(DecidedByJury):
        commit(instance, an_editor(instance), dry_run)

    assert case.percents() == BEFORE


@pytest.mark.parametrize("outcome", ["void", "full_credit", "removed"])
def test_the_team_does_not_undo_what_a_jury_decided(case: Objecting, instance: Instance, outcome: str) -> None:
    decided(case, outcome)
    after, editor = case.percents(), an_editor(instance)

    with pytest.raises(DecidedByJury):
        undo(instance, editor, jury_regrade(instance))

    with instance.database.unit_of_work(write=False) as session:
        uuid = session.get_one(Regrade, jury_regrade(instance)).uuid
    page = sign_in(case.julia.another(), "editora@example.org").get(f"{QUIZ}/regrades/{uuid}")
    assert "/undo" not in page.html
    assert (
        in_spanish("The jury of a selection has decided on this question. Only the jury changes what it decided, by a new decision.")
        in page.text
    )
    assert case.percents() == after != BEFORE


def test_an_earlier_regrade_of_what_was_upheld_is_not_undone(case: Objecting, instance: Instance) -> None:
    """The jury looked at the marks that it gave, and let them stand."""
    editor = an_editor(instance)
    commit(instance, editor, void := try_to_void(instance, QUESTION, RegradeKind.FULL_CREDIT))
    decided(case, "uphold")

    with pytest.raises(DecidedByJury):
        undo(instance, editor, void)

    assert case.percents() == FULL


def test_no_one_marks_by_hand_what_a_jury_decided_on(case: Objecting, instance: Instance) -> None:
    decided(case, "uphold")
    editor = an_editor(instance)
    with instance.database.unit_of_work() as session:
        item = session.scalars(select(AttemptItem).where(AttemptItem.position == 5).order_by(AttemptItem.id).limit(1)).one()
        attempt = session.get_one(Attempt, item.attempt_id)
        subject = marks.lock_marked_item(session, editor, attempt.uuid, 5)
        seen = marks.current_events(session, [item.id])[item.id].id

        with pytest.raises(DecidedByJury):
            mark_by_hand(session, editor, subject, ManualMarkValues(Fraction(0), seen, reason="Otra lectura."), now=clock.now())


def test_an_attempt_whose_key_a_jury_corrected_is_not_reopened(browser: Browser, instance: Instance) -> None:
    """Handed in again it would be marked by the key of before."""
    choosing = an_objected_choice(browser, instance)
    choosing.propose(outcome="rescore", option="dos")
    choosing.decide()
    choosing.hugo.deliver_jobs()
    editor = an_editor(instance)

    with instance.database.unit_of_work() as session, pytest.raises(CannotReopen):
        reopen_attempt(
            session, editor, load_attempt(session, attempt_of(instance, "berta@example.org")), "Se cortó la luz.", now=clock.now()
        )


def attempt_of(instance: Instance, email: str) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Attempt.id).join(Person, Person.id == Attempt.person_id).where(Person.email == email)).one()


@pytest.mark.parametrize(("outcome", "after"), [("uphold", BEFORE), ("full_credit", FULL)])
def test_the_jury_takes_a_decision_back_by_two_and_decides_again(
    case: Objecting, instance: Instance, outcome: str, after: dict[str, float]
) -> None:
    decided(case, outcome)
    assert case.percents() == after
    case.propose(**WHY)
    assert case.states() == ["told"]
    page = case.julia.get(case.page)
    assert in_spanish("Another person decides on your proposal.") in page.text
    assert "/decision" not in page.html

    case.decide()
    case.hugo.deliver_jobs()

    assert case.percents() == BEFORE
    assert case.states() == ["open"]
    assert [row.state for row in case.proposals()] == ["reopened", "reopened"]
    (told,) = notices_of(instance, "diana@example.org", "objection-reopened:")
    assert "El artículo se leyó mal." in told
    own = case.learner().get(f"/attempts/{case.attempt()}/objections")
    assert in_spanish("Waiting") in own.text
    assert "El artículo se leyó mal." in own.text
    assert "60,00" not in own.text

    decided(case, "removed")

    assert case.states() == ["told"]
    assert len(notices_of(instance, "diana@example.org", "")) >= 3
    assert [row.state for row in case.proposals()] == ["reopened", "reopened", "decided"]
    assert len(facts(instance, "objection.reopened")) == 1


def test_the_same_outcome_twice_is_told_twice(case: Objecting, instance: Instance) -> None:
    decided(case, "uphold")
    case.propose(**WHY)
    case.decide()
    case.hugo.deliver_jobs()
    decided(case, "uphold")

    assert len(notices_of(instance, "diana@example.org", "objection:")) == 2


def test_a_returned_reopening_leaves_the_decision_in_force(case: Objecting, instance: Instance) -> None:
    decided(case, "full_credit")
    case.propose(**WHY)
    case.hugo.get(case.page)
    case.hugo.submit("/return", {"answer": "El artículo se leyó bien."})

    assert case.states() == ["told"]
    assert case.percents() == FULL
    with pytest.raises(DecidedByJury):
        undo(instance, an_editor(instance), jury_regrade(instance))


def test_while_another_objection_to_the_version_waits_nothing_is_taken_back(case: Objecting) -> None:
    decided(case, "uphold")
    case.object_to(5, "berta@example.org")
    page = case.julia.get(f"{case.listing}/{case.groups()[0].uuid}")

    assert in_spanish("Decide again") not in page.text


def test_a_decision_taken_back_after_the_final_acta_is_a_task_of_the_jury(case: Objecting, instance: Instance, browser: Browser) -> None:
    """Also one that changed no mark: the acta names its outcome."""
    decided(case, "uphold")
    case.julia.colleague = case.hugo  # type: ignore[attr-defined]  # who signs second
    sign_by_two(browser, instance, case.selection, case.julia)

    case.propose(**WHY)
    case.decide()
    case.hugo.deliver_jobs()

    with instance.database.unit_of_work(write=False) as session:
        (task,) = session.scalars(select(ActaCorrection).where(ActaCorrection.closed_at.is_(None)))
        assert task.others == 2


def test_who_changed_a_mark_and_why_is_told(case: Objecting, instance: Instance) -> None:
    """By name of the course's team, and as the jury where it decided."""
    editor = an_editor(instance)
    commit(instance, editor, void := try_to_void(instance, "p4", RegradeKind.FULL_CREDIT))
    case.hugo.deliver_jobs()
    undo(instance, editor, void)
    case.hugo.deliver_jobs()
    decided(case, "full_credit")

    remarked = [one for name in ("berta", "carla", "diana") for one in notices_of(instance, f"{name}@example.org", "regrade:", "remarked")]
    by_team = [one for one in remarked if in_spanish("Changed by: %(name)s.", name=name_of(instance, editor)) in one]
    assert any("Dos respuestas correctas." in one for one in by_team)
    assert any("Fue un error." in one for one in by_team)
    assert any(in_spanish("The jury of the selection decided this.") in one and "La ley admite" in one for one in remarked)


def name_of(instance: Instance, actor: Actor) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Person, actor.person_id).full_name


def test_no_proposal_but_that_of_a_reopening_is_taken_of_what_is_decided(case: Objecting) -> None:
    decided(case, "uphold")
    page = case.julia.get(case.page)
    token = dict(page.form("/proposals").fields)["csrf_token"]
    fields = {"csrf_token": token, "outcome": "void", "ground": "Otra lectura.", "source": "Ley"}

    case.julia.post(f"{case.page}/proposals", fields, status=409)
    case.hugo.post(
        f"{case.page}/decision",
        {"csrf_token": dict(case.hugo.get(case.page).form("/proposals").fields)["csrf_token"], "proposal": str(uuid4())},
        status=409,
    )

    assert case.states() == ["told"]
