"""What a class answered to a survey: counts along the scale and the median (spec/quiz-engine 5.7, matrix; spec/quiz-engine 5.12)."""

import pytest

from analysis.rules.item_evidence import RowCounts, count_survey
from tests.support.questions import a_matrix, f


@pytest.mark.parametrize(
    ("counts", "median"),
    [
        ((0, 0, 0), None),
        ((1, 0, 0), (0, 0)),
        ((0, 0, 1), (2, 2)),
        ((2, 1, 0), (0, 0)),
        ((1, 1, 0), (0, 1)),
        ((2, 0, 2), (0, 2)),
        ((1, 1, 1), (1, 1)),
        ((1, 3, 1), (1, 1)),
        ((3, 1, 2), (0, 1)),
        ((2, 1, 2), (1, 1)),
    ],
)
def test_the_median_is_the_column_in_the_middle_or_the_two(counts: tuple[int, ...], median: tuple[int, int] | None) -> None:
    """A scale has an order and no distances: of an even number of answers the two in the middle are told."""
    assert RowCounts("r", counts).median() == median


def test_answers_are_counted_by_row_along_the_scale() -> None:
    """spec/quiz-engine 5.7, matrix: each row by itself; a row without an answer, or with a column that is not there, is not answered."""
    answers = [
        ({"salud": "si", "prestamo": "no"}, 3),
        ({"salud": "no"}, 1),
        ({"salud": "si"}, 4),
        ({"salud": "quizas", "otra": "si"}, 5),
        ({}, 2),
    ]

    rows = count_survey(a_matrix(survey=True), answers)

    assert rows == (RowCounts("salud", (7, 1)), RowCounts("prestamo", (0, 3)), RowCounts("vejez", (0, 0)))
    assert [row.answers for row in rows] == [8, 3, 0]
    assert (rows[0].share(0), rows[0].share(1), rows[2].share(0)) == (f("7/8"), f("1/8"), f("0"))
