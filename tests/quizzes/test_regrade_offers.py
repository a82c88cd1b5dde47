"""A regrade is offered where answers were marked before typographic variants were ignored; nothing is regraded unasked.

spec/quiz-engine 5.11.6.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from accounts.models import Notification
from courses.models import Course, StaffRole
from kernel import clock, migrations, outbox
from kernel.outbox import Job
from kernel.permissions import Actor
from kernel.settings import Settings, secret_keys
from lms.app import open_instance
from lms.instance import Instance
from quizzes import regrading
from quizzes.dry_runs import RegradeRequest
from quizzes.models import Attempt, AttemptItem, MarkEvent
from quizzes.regrading import RegradeOffer
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from tests.support import former_versions
from tests.support.browser import every_statement
from tests.support.builders import a_teacher
from tests.support.crowds import multiply
from tests.support.learning import a_learner, actor_of
from tests.support.regrading import a_dry_run, all_marks, an_order, commit, question_id, undo
from tests.support.typed_before import BANK, ILL, ILL_TYPED, PLAIN, TYPED, a_typed_quiz, hand_in, look, offers, upgrade

NUMBER = """  - key: capital-1
    kind: numerical
    text: ¿Cuánto falta?
    unit: μg
    answers:
      - right: -12
"""
SHORT = RegradeOffer("capital-1", 2, TYPED, PLAIN)
GAPS = RegradeOffer("suma-1", 1, ILL_TYPED[0], ILL[0])


def a_class(instance: Instance) -> Course:
    """Let five answer before the upgrade: two with the sign of a phone, one with that of a word processor, one wrongly, one rightly."""
    course = a_typed_quiz(instance)
    for email, name, gaps in (
        ("ana", TYPED, ILL),
        ("eva", TYPED.upper(), ILL),
        ("leo", PLAIN, ILL_TYPED),
        ("paz", "Sucre", ("gripe", "")),
        ("rita", PLAIN, ILL),
    ):
        hand_in(instance, a_learner(instance, course, f"{email}@example.org"), name, gaps)
    upgrade(instance)
    return course


def notices(instance: Instance) -> list[tuple[int, str, str, str]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Notification).where(Notification.key.startswith("regrade-offer")).order_by(Notification.id))
        return [(row.person_id, row.subject["es"], row.words["en"], row.path) for row in rows]


def regrade(instance: Instance, editor: Actor, key: str, policy: RegradePolicy = RegradePolicy.REPLACE) -> int:
    order = RegradeRequest(RegradeKind.SAME, "Los signos.", question_id(instance, key), policy=policy)
    commit(instance, editor, row := a_dry_run(instance, editor, order))
    return row


def test_what_would_be_marked_otherwise_is_counted_by_question_with_an_example(instance: Instance) -> None:
    """spec/quiz-engine 5.11.6."""
    course = a_class(instance)

    found = offers(instance, course)

    assert found == [SHORT, GAPS]
    assert [float(row.fraction or 0) for row in all_marks(instance)].count(0) == 4


def test_the_count_is_the_same_in_portions(monkeypatch: pytest.MonkeyPatch, instance: Instance) -> None:
    monkeypatch.setattr(regrading, "OFFER_PORTION", 1)

    assert offers(instance, a_class(instance)) == [SHORT, GAPS]


def test_a_key_with_the_sign_of_a_word_processor_takes_what_was_typed_plainly(instance: Instance) -> None:
    course = a_typed_quiz(instance)
    hand_in(instance, a_learner(instance, course), "Bernardo O'Higgins")
    upgrade(instance)

    assert offers(instance, course) == [RegradeOffer("capital-1", 1, "Bernardo O'Higgins", "Bernardo O’Higgins")]


def test_those_who_edit_the_course_are_notified_once_and_nothing_is_regraded(instance: Instance) -> None:
    course = a_class(instance)
    editor, owner = a_teacher(instance, course), a_teacher(instance, course, "duena@example.org", StaffRole.OWNER)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    marks = len(all_marks(instance))

    look(instance, course)
    look(instance, course)

    found = notices(instance)
    assert [person for person, *_rest in found] == [editor.id, owner.id]
    assert found[0][1] == "3 respuestas de «Cuestionario 1» se calificarían ahora de otra manera"
    assert "Questions affected in “Test course prueba”: 2." in found[0][2]
    assert found[0][3] == "/courses/prueba/quizzes/cuestionario-1/regrades"
    assert len(all_marks(instance)) == marks


def test_a_quiz_without_such_answers_is_not_told_of(instance: Instance) -> None:
    course = a_typed_quiz(instance)
    a_teacher(instance, course)
    hand_in(instance, a_learner(instance, course), PLAIN, ("COVID–18", "gripe"))
    upgrade(instance)

    look(instance, course)

    assert (offers(instance, course), notices(instance)) == ([], [])


def test_a_question_that_compares_every_sign_is_not_offered(instance: Instance) -> None:
    course = a_typed_quiz(instance)
    hand_in(instance, a_learner(instance, course), TYPED, ILL_TYPED)

    assert offers(instance, course) == []


@pytest.mark.parametrize("policy", list(RegradePolicy))
def test_a_regrade_clears_its_question_and_undoing_offers_it_again(instance: Instance, policy: RegradePolicy) -> None:
    course = a_class(instance)
    editor = actor_of(a_teacher(instance, course))

    row = regrade(instance, editor, "capital-1", policy)
    after = offers(instance, course)
    undo(instance, editor, row)

    assert after == [GAPS]
    assert offers(instance, course) == [SHORT, GAPS]


def test_what_was_marked_with_a_corrected_version_is_judged_by_that_version(instance: Instance) -> None:
    """A key that was corrected meanwhile is no reason to mark by the former one."""
    course = a_typed_quiz(instance, BANK.replace("right: O'Higgins", "right: Sucre"))
    ana, leo = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "leo"))
    for learner, typed in ((ana, PLAIN), (leo, TYPED)):
        hand_in(instance, learner, typed)
    a_typed_quiz(instance)
    editor = actor_of(a_teacher(instance, course))
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2)))
    upgrade(instance)

    assert offers(instance, course) == [RegradeOffer("capital-1", 1, TYPED, PLAIN, corrected=True)]
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2)))
    assert offers(instance, course) == []


def test_manual_marks_void_questions_and_another_quiz_are_left_out(instance: Instance) -> None:
    course = a_class(instance)
    editor = actor_of(a_teacher(instance, course))
    with instance.database.unit_of_work() as session:
        gaps = select(AttemptItem.id).where(AttemptItem.position == 2)
        session.execute(update(MarkEvent).where(MarkEvent.item_id.in_(gaps)).values(origin="manual"))

    assert offers(instance, course) == [SHORT]
    assert offers(instance, course, "otro") == []
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, RegradeKind.FULL_CREDIT)))
    assert offers(instance, course) == []


def test_numbers_whose_sign_was_not_read_are_offered_too(instance: Instance) -> None:
    bank = BANK.partition("  - key: capital-1")[0] + NUMBER + "  - key: suma-1" + BANK.partition("  - key: suma-1")[2]
    course = a_typed_quiz(instance, bank)
    hand_in(instance, a_learner(instance, course), "\u201112 \u00b5g")
    with instance.database.unit_of_work() as session:
        number = select(AttemptItem.id).where(AttemptItem.position == 1)
        session.execute(update(MarkEvent).where(MarkEvent.item_id.in_(number)).values(fraction=0, exact="0", state="invalid"))

    assert offers(instance, course) == [RegradeOffer("capital-1", 1, "\u201112 \u00b5g", "")]


def test_more_answers_cost_no_more_statements(instance: Instance) -> None:
    course = a_typed_quiz(instance)
    learner = a_learner(instance, course)
    hand_in(instance, learner, TYPED, ILL_TYPED)
    upgrade(instance)
    counter, costs = every_statement(instance.database), []
    for first in (0, 40):
        multiply(instance, learner, 40, first=first)
        counter.reset()
        found = offers(instance, course)
        costs.append(len(counter.statements))

    assert costs[1] <= costs[0]
    assert [one.answers for one in found] == [81, 81]


@pytest.mark.slow
@pytest.mark.parametrize("dump", former_versions.DUMPS, ids=[dump.parent.name for dump in former_versions.DUMPS])
def test_an_upgrade_asks_once_and_offers_nothing_where_marks_are_as_they_were(dump: Path, database_kind: str, tmp_path: Path) -> None:
    with former_versions.of_then(dump, database_kind, tmp_path) as url:
        settings = Settings(data_dir=tmp_path / "instance", database_url=url, public_url="http://localhost:8000")
        settings.data_dir.mkdir()
        secret_keys(settings)
        before = clock.now()
        found = open_instance(settings)
        migrations.upgrade(found.database)
        with found.database.unit_of_work() as session:
            session.execute(delete(Job).where(Job.kind != "quizzes.offer_regrade"))
            asked = session.scalars(select(Job)).all()
            submitted = select(Attempt.course_id, Attempt.activity_key).where(Attempt.state == "finished", ~Attempt.preview).distinct()
            quizzes = {(course, key) for course, key in session.execute(submitted)}
        outbox.deliver_waiting(found.worker, now=before + timedelta(minutes=59))
        with found.database.unit_of_work(write=False) as session:
            assert not any(job.done_at for job in session.scalars(select(Job)))
        outbox.deliver_waiting(found.worker, now=clock.now() + timedelta(hours=2))
        migrations.upgrade(found.database)

        assert sorted((job["course"], job["activity"]) for job in (json.loads(job.arguments) for job in asked)) == sorted(quizzes)
        assert len(quizzes) > 10
        with found.database.unit_of_work(write=False) as session:
            assert all(job.done_at for job in session.scalars(select(Job)))
            assert session.scalar(select(func.count()).where(Notification.key.startswith("regrade-offer"))) == 0
        found.database.dispose()


def test_an_empty_database_is_not_asked(instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Job.kind == "quizzes.offer_regrade")) == 0
