"""Reading quizzes and attempts: papers and questions from memory, the whole attempt in two statements, who sees which."""

from uuid import UUID

import pytest
from sqlalchemy import select

from courses.models import Activity
from kernel import clock
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from lms.instance import Instance
from questions import question_bank
from questions.models import QuestionVersion
from quizzes import attempts, snapshots
from quizzes.answering import check_answer
from quizzes.attempts import read_payloads
from quizzes.effective_settings import PersonQuizKey
from quizzes.rules.layout import SlotEntry
from quizzes.rules.states import AnswerSave, AnswerSequence
from quizzes.saves import SaveRequest
from tests.support.browser import Counter
from tests.support.builders import a_teacher
from tests.support.learning import a_batch, a_learner, actor_of, enrolment_of, fail_quiz, pass_quiz, save, sitting_of, start
from tests.support.marking import a_marked_quiz
from tests.support.meter import metered
from tests.support.quizzes import ONE_QUESTION, a_quiz

ESSAY = "Una brecha es lo que falta. " * 400
UNKNOWN = UUID("00000000-0000-4000-8000-000000000000")


@pytest.fixture
def counter(instance: Instance) -> Counter:
    """Count what reaches the database for reading."""
    return Counter(instance.database.reading if instance.database.is_sqlite else instance.database.writing)


def test_a_paper_has_its_pool_in_the_order_of_keys_on_every_machine(instance: Instance) -> None:
    """spec/quiz-engine 5.2.5: a draw depends on the order of its pool, so that order is the keys', not the database's."""
    a_quiz(instance, slots="slots:\n  - draw: 3\n")

    with instance.database.unit_of_work(write=False) as session:
        activity_id = session.execute(select(Activity.id).where(Activity.kind == "quiz")).scalar_one()
        slots = [entry for entry in snapshots.get_snapshot_of_activity(session, activity_id).entries if isinstance(entry, SlotEntry)]

    keys = [candidate.question for candidate in slots[0].pool]
    assert (len(slots), slots[0].count, len(keys)) == (1, 3, 7)
    assert keys == sorted(keys)


def test_papers_and_questions_are_read_once(instance: Instance, counter: Counter) -> None:
    """They never change; what is in memory costs nothing."""
    a_quiz(instance)
    counts = []
    for _time in range(2):
        counter.reset()
        with instance.database.unit_of_work(write=False) as session:
            activity_id = session.execute(select(Activity.id).where(Activity.kind == "quiz")).scalar_one()
            snapshots.get_snapshot_of_activity(session, activity_id)
            ids = [1, 2, 3, 2]
            assert list(question_bank.get_questions(session, ids)) == [1, 2, 3]
        counts.append(len(counter.statements))

    assert counts == [4, 1]


def test_memory_of_questions_is_bounded(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_bank, "MOST_QUESTIONS", 2)
    a_quiz(instance)

    with instance.database.unit_of_work(write=False) as session:
        versions = list(session.scalars(select(QuestionVersion.id)))
        for version in (*versions, *versions):
            assert set(question_bank.get_questions(session, [version])) == {version}
            assert len(session.info["questions"]) <= 2


def test_an_attempt_comes_with_its_items_and_answers_in_two_statements(instance: Instance, counter: Counter) -> None:
    """spec/performance P6: whatever the number of questions and answers."""
    learner = a_learner(instance, a_quiz(instance))
    attempt = start(instance, learner, "prueba")
    for seq in range(1, 20):
        save(instance, learner, attempt, a_batch({1: [str(seq % 3 + 1)], 2: ["1"]}, seq=seq))
    with sitting_of(instance, learner, attempt):
        pass
    counter.reset()

    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert len(counter.statements) == 2
        assert len(loaded.items) == 7
        assert len(loaded.answers) == 38
        assert {answer.counter for answer in loaded.responses.values()} == {19}


def test_an_attempt_asks_for_a_session_whether_it_exists_or_not(instance: Instance) -> None:
    """spec/security 1.3."""
    learner = a_learner(instance, a_quiz(instance))
    attempt = start(instance, learner, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        for uuid in (attempt, UNKNOWN):
            with pytest.raises(SignInNeeded):
                attempts.get_attempt(session, Actor(), uuid)
        with pytest.raises(NotFound):
            attempts.get_attempt(session, learner, UNKNOWN)


def test_an_attempt_tells_what_the_reader_is_in_its_course(instance: Instance) -> None:
    course = a_quiz(instance, questions=ONE_QUESTION)
    learner = a_learner(instance, course)
    teacher = actor_of(a_teacher(instance, course))
    attempt = start(instance, learner, "prueba")

    roles = {}
    for actor in (learner, teacher):
        with sitting_of(instance, actor, attempt) as (_session, loaded):
            roles[actor.person_id] = loaded.staff_role

    assert roles == {learner.person_id: None, teacher.person_id: "editor"}


def test_the_history_holds_one_learners_attempts_at_one_quiz(instance: Instance) -> None:
    course = a_quiz(instance)
    learner, other = a_learner(instance, course), a_learner(instance, course, "eva@example.org")
    fail_quiz(instance, other, "prueba")
    fail_quiz(instance, learner, "prueba")
    pass_quiz(instance, learner, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        history = attempts.list_attempts(
            session, PersonQuizKey(learner.person_id or 0, enrolment_of(instance, learner, course).id, course.id, "cuestionario-1")
        )

    assert [(row.number, row.percent, row.passed) for row in history] == [(1, 0, False), (2, 100, True)]


def test_questions_seen_are_counted_over_a_course_without_previews(instance: Instance) -> None:
    """spec/quiz-engine 5.2.4 and 5.2.7."""
    course = a_quiz(instance, questions=ONE_QUESTION)
    learner, teacher = a_learner(instance, course), actor_of(a_teacher(instance, course))
    for _time in range(2):
        fail_quiz(instance, learner, "prueba")
    fail_quiz(instance, teacher, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        seen = [attempts.count_seen(session, actor.person_id or 0, course.id) for actor in (learner, teacher)]

    assert seen == [{"suma-1": 2}, {}]


def written(text: str, seqs: range, lease: int = 1000) -> SaveRequest:
    """Return a long text as a page's script saves it again and again, each time a little longer."""
    return SaveRequest(lease, tuple(AnswerSave(1, AnswerSequence(lease, seq), {"answer": [f"{text}{seq}"]}) for seq in seqs), "autosave")


def test_a_save_reads_one_text_of_an_essay_that_was_saved_three_hundred_times(instance: Instance) -> None:
    """Of each answer of before it knows the place; duplicates are recognised by it, and what is acknowledged has no gap."""
    learner = a_learner(instance, a_marked_quiz(instance))
    attempt = start(instance, learner, "prueba")
    save(instance, learner, attempt, written(ESSAY, range(1, 2)))
    save(instance, learner, attempt, written(ESSAY, range(2, 3)))  # from here on everything else is in memory
    costs = []
    for seqs in (range(3, 4), range(4, 300), range(300, 301)):
        with metered(instance.database) as meter:
            done = save(instance, learner, attempt, written(ESSAY, seqs))
        costs.append(meter)
    again = save(instance, learner, attempt, written("otra vez ", range(5, 6)))

    first, _many, last = costs
    assert len(ESSAY) < first.characters < 2 * len(ESSAY)
    assert last.characters < first.characters + 300 * len("2026-06-01 12:00:00.000000")
    assert last.rows == first.rows + 297
    assert done.acknowledged == again.acknowledged == {1: 300}
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert len(loaded.answers) == 300
        assert [answer.payload for answer in loaded.answers if answer.payload is not None] == [{"answer": [f"{ESSAY}300"]}]


def test_an_answer_that_was_checked_comes_with_its_text(instance: Instance) -> None:
    """spec/quiz-engine 5.6: later tries are judged with the earlier ones."""
    learner = a_learner(instance, a_quiz(instance, "behaviour: adaptive\nattempts: 0\nshuffle_options: false\n", questions=ONE_QUESTION))
    attempt = start(instance, learner, "prueba")
    for seq in range(1, 5):
        save(instance, learner, attempt, a_batch({1: [str(1 + seq % 3)]}, seq=seq))
        if seq == 2:
            with sitting_of(instance, learner, attempt, write=True) as (session, loaded):
                check_answer(session, loaded, 1, {"answer": [str(1 + seq % 3)]}, now=clock.now())

    with sitting_of(instance, learner, attempt) as (session, loaded):
        texts = {answer.counter: answer.payload for answer in loaded.answers}
        ids = {answer.counter: answer.id for answer in loaded.answers}
        said = read_payloads(session, loaded.answers, {ids[1], ids[4], 0})

    assert texts == {1: None, 2: {"answer": ["3"]}, 3: None, 4: {"answer": ["2"]}}
    assert said == {ids[1]: {"answer": ["2"]}, ids[4]: {"answer": ["2"]}}
