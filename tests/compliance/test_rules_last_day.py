"""How a last day came about, as the terms of a sum (spec/compulsory 4.2, 4.4, 8.3 and 11.2)."""

from datetime import date

import pytest

from compliance.rules.states import NEEDED, StateFlag, TrainingState, explain_last_day, status_of, training_case
from compliance.rules.terms import LastDayReason
from tests.support.training_cases import RULES, TrainingVector, training_vectors

VECTORS = list(training_vectors())
FIRST = date(2026, 12, 15)

ROWS: dict[int, list[tuple[LastDayReason, date]]] = {
    1: [],
    3: [(LastDayReason.DEADLINE, FIRST)],
    13: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.JOINED, date(2026, 12, 24))],
    14: [(LastDayReason.DEADLINE, date(2026, 6, 3))],
    17: [],
    21: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.GAP, date(2027, 1, 11))],
    26: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.ACCOUNT, date(2027, 1, 4))],
    28: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.WAIVER, date(2027, 2, 15))],
    30: [(LastDayReason.DEADLINE, FIRST)],
    31: [(LastDayReason.DEADLINE, FIRST)],
    42: [(LastDayReason.DEADLINE, date(2026, 6, 30)), (LastDayReason.VERSION, date(2026, 9, 30))],
    46: [(LastDayReason.DEADLINE, FIRST), (LastDayReason.VERSION, date(2026, 6, 5)), (LastDayReason.CHANGED, date(2026, 6, 16))],
    53: [(LastDayReason.VALIDITY, date(2025, 2, 28))],
    55: [(LastDayReason.VALIDITY, date(2025, 2, 28)), (LastDayReason.GRACE, date(2025, 3, 10))],
    64: [
        (LastDayReason.VALIDITY, date(2025, 2, 28)),
        (LastDayReason.GRACE, date(2025, 3, 10)),
        (LastDayReason.WAIVER, date(2025, 7, 15)),
    ],
    76: [
        (LastDayReason.VALIDITY, date(2025, 2, 28)),
        (LastDayReason.GRACE, date(2025, 3, 10)),
        (LastDayReason.JOINED, date(2025, 6, 15)),
    ],
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector.number))
def test_the_sum_ends_on_the_last_day_of_the_status(vector: TrainingVector) -> None:
    """spec/compulsory 11.2: what is asked for has a sum, and its last term is the day that the status names."""
    case = training_case(RULES[vector.rule], vector.record, vector.known)
    status, told = status_of(case, vector.at), explain_last_day(case, vector.at)

    if status.state is TrainingState.EXPIRED:
        assert told[0].last_on == status.last_on
    elif status.state in NEEDED:
        assert (told[-1].last_on if told else None) == status.last_on
    elif status.state is TrainingState.NOT_REQUIRED:
        assert told == []
    if StateFlag.GRACE in status.flags and status.state is TrainingState.RENEWAL_DUE:
        assert told[0].reason is LastDayReason.VALIDITY


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector.number in ROWS], ids=lambda vector: str(vector.number))
def test_each_term_says_why(vector: TrainingVector) -> None:
    """spec/compulsory 4.4 and 11.2."""
    told = explain_last_day(training_case(RULES[vector.rule], vector.record, vector.known), vector.at)

    assert [(term.reason, term.last_on) for term in told] == ROWS[vector.number]


def test_a_waiver_names_its_days_and_the_notice() -> None:
    vector = next(vector for vector in VECTORS if vector.number == 28)

    *_deadline, term = explain_last_day(training_case(RULES["A"], vector.record, vector.known), vector.at)

    assert (term.first, term.last, term.days) == (date(2026, 11, 1), date(2027, 1, 31), 15)
