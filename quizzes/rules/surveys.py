"""Answers of a class to a survey: each row's choices counted along its scale, with the median.

spec/quiz-engine 5.7, matrix; spec/quiz-engine 5.12.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from quizzes.rules.definitions import MatrixBody


@dataclass(frozen=True, slots=True)
class RowCounts:
    """The number of choices of each column of the scale in a row; both in the order shown."""

    row: str
    counts: tuple[int, ...]

    @property
    def answers(self) -> int:
        """Count the answers to the row."""
        return sum(self.counts)

    def share(self, column: int) -> Fraction:
        """Return the share of the answers that a column has, by its place from 0."""
        return Fraction(self.counts[column], self.answers) if self.answers else Fraction(0)

    def median(self) -> tuple[int, int] | None:
        """Return the places of the two columns in the middle, the same twice where they agree; None without answers.

        A scale has an order and no distances: between two columns nothing is computed.
        """
        if not self.answers:
            return None
        until = list(accumulate(self.counts))
        low = next(index for index, count in enumerate(until) if 2 * count >= self.answers)
        return low, next(index for index, count in enumerate(until) if 2 * count > self.answers)


def count_survey(body: MatrixBody, answers: Sequence[tuple[Mapping[str, str], int]]) -> tuple[RowCounts, ...]:
    """Count answers, each a column by row with how many gave it; a column that the question does not have is no answer."""
    counted = []
    for row in body.rows:
        counts = {column.key: 0 for column in body.columns}
        for chosen, times in answers:
            if chosen.get(row.key) in counts:
                counts[chosen[row.key]] += times
        counted.append(RowCounts(row.key, tuple(counts.values())))
    return tuple(counted)
