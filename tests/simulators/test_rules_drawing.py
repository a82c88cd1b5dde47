"""Variables drawn for each learner."""

import hashlib
from collections import Counter
from fractions import Fraction

from kernel.codes import round_half_up
from simulators.rules.tasks import TaskVariableSpec, draw, seed_of, stored_values

RANGE = TaskVariableSpec("pagos", Fraction(10), Fraction(14), Fraction(1))
CHOICE = TaskVariableSpec("tasa", values=(Fraction(1, 100), Fraction(2, 100)))


def test_same_learner_gets_the_same_and_others_other_numbers() -> None:
    first = draw((RANGE, CHOICE), seed_of(1, "tarea", 7))

    assert first == draw((CHOICE, RANGE), seed_of(1, "tarea", 7)), "whatever stands beside it"
    assert len({str(draw((RANGE, CHOICE), seed_of(1, "tarea", person))) for person in range(60)}) == 10


def test_drawing_can_be_repeated_by_anybody() -> None:
    """As the module says: SHA-256 over seed, name and block."""
    word = int.from_bytes(hashlib.sha256(b"1/tarea/7/pagos/0").digest()[:8], "big")

    assert draw((RANGE,), "1/tarea/7")["pagos"] == 10 + word % 5


def test_every_value_of_a_range_is_drawn_about_as_often() -> None:
    counts = Counter(draw((RANGE,), str(seed))["pagos"] for seed in range(2000))

    assert set(counts) == {10, 11, 12, 13, 14}
    assert min(counts.values()) > 330


def test_steps_do_not_pass_the_end_and_decimals_round_half_up() -> None:
    uneven = TaskVariableSpec("x", Fraction(0), Fraction(1), Fraction(3, 10))
    rounded = TaskVariableSpec("y", values=(Fraction("2.345"),), decimals=2)

    assert {draw((uneven,), str(seed))["x"] for seed in range(200)} == {Fraction(step * 3, 10) for step in range(4)}
    assert draw((rounded,), "1")["y"] == Fraction("2.35")
    assert round_half_up(Fraction(-5, 2), 0) == -3
    assert stored_values({"x": Fraction(1, 3)}) == {"x": "1/3"}
