"""Starting and saving cost the same statements however long a learner's history is (issue 3, «Scale»; performance P7)."""

from lms.app import House
from tests.support.browser import Counter
from tests.support.builders import a_course
from tests.support.learning import a_batch, a_learner, save, start, submit


def a_counter(house: House) -> Counter:
    """Count what reaches the database; on PostgreSQL both engines are one."""
    return Counter(*((house.database.writing, house.database.reading) if house.database.is_sqlite else (house.database.writing,)))


def test_starting_and_saving_cost_the_same_after_ten_attempts_and_two_hundred_answers(house: House) -> None:
    """P7: the second start and the second save as the tenth and the two hundredth; memory is filled by the first."""
    learner = a_learner(house, a_course(house, modules=1, settings="attempts: 0\n"))
    submit(house, learner, start(house, learner, "prueba"))
    counter = a_counter(house)
    starts, saves = [], []
    for _attempt in range(10):
        counter.reset()
        attempt = start(house, learner, "prueba")
        starts.append(len(counter.statements))
        for number in range(1, 21):
            counter.reset()
            save(house, learner, attempt, a_batch({1: [str(number)]}, seq=number))
            saves.append(len(counter.statements))
        submit(house, learner, attempt)

    assert set(starts) == {starts[0]}
    assert set(saves) == {saves[0]}
