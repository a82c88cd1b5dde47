"""Starting and saving cost the same statements however long the history and however large the bank."""

import pytest
from sqlalchemy import select

from lms.instance import Instance
from questions import question_bank
from questions.models import QuestionVersion
from tests.support.browser import Counter, every_statement
from tests.support.builders import QUESTIONS, a_course, folder, publish
from tests.support.crowds import multiply
from tests.support.learning import a_batch, a_learner, save, start, submit


def a_counter(instance: Instance) -> Counter:
    """Count what reaches the database; on PostgreSQL both engines are one."""
    return every_statement(instance.database)


def test_starting_and_saving_cost_the_same_after_ten_attempts_and_two_hundred_answers(instance: Instance) -> None:
    """spec/performance P7: the second start and the second save as the tenth and the two hundredth; memory is filled by the first."""
    learner = a_learner(instance, a_course(instance, modules=1, settings="attempts: 0\n"))
    submit(instance, learner, start(instance, learner, "prueba"))
    counter = a_counter(instance)
    starts, saves = [], []
    for _attempt in range(10):
        counter.reset()
        attempt = start(instance, learner, "prueba")
        starts.append(len(counter.statements))
        for number in range(1, 21):
            counter.reset()
            save(instance, learner, attempt, a_batch({1: [str(number)]}, seq=number))
            saves.append(len(counter.statements))
        submit(instance, learner, attempt)

    assert set(starts) == {starts[0]}
    assert set(saves) == {saves[0]}


def a_start_and_a_save(instance: Instance, copies: int, others: int) -> tuple[int, int]:
    """Count the statements of a second start and its first save, in a bank so many times as large, after so many other people."""
    files = folder(f"banco-{copies}", modules=1, settings="attempts: 0\n")
    bank = "".join(QUESTIONS.format(n=f"1-{copy}").removeprefix("questions:\n") for copy in range(copies))
    files["01-parte/banco.yaml"] = f"questions:\n{bank}".encode()
    course, _version = publish(instance, files)
    learner = a_learner(instance, course, f"ana-{copies}@example.org")
    submit(instance, learner, start(instance, learner, course.slug))
    multiply(instance, learner, others)
    with instance.database.unit_of_work(write=False) as session:  # a process that has met every question
        question_bank.get_questions(session, session.scalars(select(QuestionVersion.id)).all())
    counter = a_counter(instance)
    counter.reset()
    attempt = start(instance, learner, course.slug)
    started = len(counter.statements)
    counter.reset()
    save(instance, learner, attempt, a_batch({1: ["1"]}))
    return started, len(counter.statements)


@pytest.mark.slow
def test_starting_and_saving_cost_the_same_in_a_bank_of_hundreds_that_hundreds_have_taken(instance: Instance) -> None:
    """Seven questions of seven and of three hundred and fifty, with two hundred other attempts."""
    assert a_start_and_a_save(instance, copies=1, others=0) == a_start_and_a_save(instance, copies=50, others=200)
