"""The time that learners have to object to questions of a quiz, and that a jury has to decide (spec/selection 5.1), as frozen with it."""

from dataclasses import dataclass

DAY = 86_400
LONGEST_TERM, LONGEST_DECISION = 60, 180
"""In days."""


@dataclass(frozen=True, slots=True)
class ObjectionRules:
    """The days of the calendar in which learners may object, and those after them in which every objection is decided."""

    term: int = 5
    decide: int = 10
