"""The power of item analysis in classes of each size: shares of simulated classes, in tenths of a percent.

Quizzes of thirteen questions, twelve of them sound; the defective one is a single choice of four, for guessing also a statement. Who knows
follows the logistic model with slope 1.3 and difficulty uniform in [-1.6, 0.8]. A finding stands out where, alone among the TESTS of a
quiz of thirty questions, its p-value passes Benjamini and Hochberg. `tests/quizzes/test_rules_analysis_power.py` measures all of it anew.
"""

from dataclasses import dataclass

from quizzes.rules.false_discovery import RATE

TESTS = 300
"""About as many tests as a quiz of thirty questions of mixed kinds gives."""
STANDS_OUT = RATE / TESTS


@dataclass(frozen=True, slots=True)
class Power:
    """The power to find a defect: at least as a sign, and as one that stands out, in thousandths of classes."""

    sign: int
    stands_out: int


@dataclass(frozen=True, slots=True)
class ClassPower:
    """The power of item analysis in classes with so many answers to a question."""

    answers: int
    wrong_key: Power
    second_key: Power
    guessed_statement: Power
    guessed_choice: Power
    sound: Power
    """Findings about the key or guessing where nothing is wrong: false alarms."""


POWER: tuple[ClassPower, ...] = (
    ClassPower(30, Power(316, 13), Power(75, 0), Power(218, 24), Power(270, 80), Power(5, 0)),
    ClassPower(48, Power(466, 40), Power(147, 1), Power(336, 70), Power(374, 210), Power(8, 0)),
    ClassPower(80, Power(696, 116), Power(274, 8), Power(518, 216), Power(546, 501), Power(5, 0)),
    ClassPower(120, Power(858, 288), Power(432, 26), Power(697, 450), Power(698, 690), Power(3, 0)),
    ClassPower(200, Power(985, 637), Power(660, 84), Power(873, 785), Power(881, 881), Power(1, 0)),
    ClassPower(400, Power(999, 970), Power(923, 460), Power(977, 977), Power(978, 978), Power(0, 0)),
)


def power_of(answers: int) -> ClassPower | None:
    """Return what the largest class of the table that is no larger than this one shows; None below the smallest."""
    return next((class_power for class_power in reversed(POWER) if class_power.answers <= answers), None)
