"""The evidence of a class on a quiz, counted while its attempts stream by: marks by position, and the answers to each question.

An attempt is read once and dropped. What is kept grows with the different marks, totals and answers, not with the attempts;
of typed answers TYPED different ones are kept of each question, the others only counted.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from quizzes.rules.analysis import ItemResponses
from quizzes.rules.results import Marking, MarkState
from quizzes.rules.statistics import MarkTally, Pairs
from quizzes.rules.text_marking import UnmatchedPart
from quizzes.rules.value_variants import variant_name

TYPED = 2000
_NOTHING = Fraction(0)
_WHOLE: Mapping[int, Fraction] = {}
_BLANK = (MarkState.NOT_ANSWERED,)


@dataclass(frozen=True, slots=True)
class MarkedResponse:
    """One marked question in one attempt.

    ``position`` counts the quiz's positions from 0 and is the same for all attempts, ``version`` names the question; ``mark`` of
    ``maximum`` is the current one, given by a person or not; ``marking`` is what the question's rule says of the answer; ``typed`` is
    what was typed and matched no answer of the author's.
    """

    position: int
    version: int
    mark: Fraction
    maximum: Fraction
    marking: Marking
    typed: tuple[UnmatchedPart, ...] = ()
    values: tuple[tuple[str, Fraction], ...] = ()
    """Of a calculated question: its variables and their values in this attempt."""
    first: str = ""
    """Of a single choice: the option that stood first in this attempt."""

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was answered."""
        return self.marking.state in _BLANK


@dataclass(frozen=True, slots=True)
class UnmatchedText:
    """A typed text that matched no answer: how often, and the sum of the rests of those who typed it."""

    what: UnmatchedPart
    count: int
    rests: Fraction


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """The results of a question in one half of the layouts: number of answers, sums of its mark shares and of their squares."""

    count: int = 0
    shares: Fraction = _NOTHING
    squares: Fraction = _NOTHING


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """The evidence on a question: its answers, its marks, typed texts, its two halves, and blanks before the last answer.

    ``marks`` counts the share of its mark and the rest of the attempt, of those who answered it.
    """

    shown: int
    responses: tuple[ItemResponses, ...]
    marks: Pairs = field(default_factory=dict)
    typed: tuple[UnmatchedText, ...] = ()
    typed_otherwise: int = 0
    early: SplitHalf = SplitHalf()
    late: SplitHalf = SplitHalf()
    passed_over: int = 0
    values: Mapping[str, Mapping[tuple[Fraction, Fraction], int]] = field(default_factory=dict)
    """By variable of a calculated question: how often which value went with which share of the mark."""
    firsts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Of a single choice: how often which option was taken while which one stood first."""


class QuestionTally:
    """One version of a question in the attempts that had it."""

    def __init__(self) -> None:
        self.pairs: Counter[tuple[Fraction, Fraction]] = Counter()
        self.variants: dict[str, Counter[tuple[Fraction, Fraction]]] = {}
        """The same by the values of its variables, where each set of values is a variant (spec/selection 2.5)."""
        self.maxima = _NOTHING
        self.shown = 0
        self.passed_over = 0
        self._responses: Counter[tuple[Marking, Fraction]] = Counter()
        self._typed: dict[UnmatchedPart, tuple[int, Fraction]] = {}
        self._typed_otherwise = 0
        self._marks: Counter[tuple[Fraction, Fraction]] = Counter()
        self._halves: list[Counter[Fraction]] = [Counter(), Counter()]
        self._values: dict[str, Counter[tuple[Fraction, Fraction]]] = {}
        self._firsts: Counter[tuple[str, str]] = Counter()

    @property
    def maximum(self) -> Fraction:
        """Return the mean of its maximum marks."""
        return self.maxima / self.shown if self.shown else _NOTHING

    def add(self, given: MarkedResponse, total: Fraction, *, late: bool) -> None:
        """Count the question in one attempt."""
        rest = total - given.mark
        self.shown += 1
        self.maxima += given.maximum
        self.pairs[given.mark, total] += 1
        self._responses[given.marking, rest] += 1
        share = given.mark / given.maximum if given.maximum else _NOTHING
        if not given.is_blank:
            self._marks[share, rest] += 1
            self._halves[late][share] += 1
            self._count_attempt(given, share)
        for what in given.typed:
            if what in self._typed or len(self._typed) < TYPED:
                count, rests = self._typed.get(what, (0, _NOTHING))
                self._typed[what] = (count + 1, rests + rest)
            else:
                self._typed_otherwise += 1

    def add_variant(self, given: MarkedResponse, total: Fraction) -> None:
        """Count the question in one attempt for the values that it had there."""
        self.variants.setdefault(variant_name(dict(given.values)), Counter())[given.mark, total] += 1

    def _count_attempt(self, given: MarkedResponse, share: Fraction) -> None:
        for name, value in given.values:
            counted = self._values.setdefault(name, Counter())
            if (value, share) in counted or len(counted) < TYPED:
                counted[value, share] += 1
        if given.first:
            self._firsts[given.marking.parts[0].matched, given.first] += 1

    def evidence(self) -> ItemEvidence:
        """Return what was counted; the most frequent texts first."""
        return ItemEvidence(
            shown=self.shown,
            responses=tuple(ItemResponses(marking, rest, count) for (marking, rest), count in self._responses.items()),
            marks=self._marks,
            typed=tuple(
                UnmatchedText(what, count, rests)
                for what, (count, rests) in sorted(self._typed.items(), key=lambda entry: (-entry[1][0], entry[0].part, entry[0].text))
            ),
            typed_otherwise=self._typed_otherwise,
            early=_half(self._halves[0]),
            late=_half(self._halves[1]),
            passed_over=self.passed_over,
            values=self._values,
            firsts=self._firsts,
        )


def _half(shares: Counter[Fraction]) -> SplitHalf:
    whole = sum((share * count for share, count in shares.items()), _NOTHING)
    squares = sum((share * share * count for share, count in shares.items()), _NOTHING)
    return SplitHalf(sum(shares.values()), whole, squares)


@dataclass(frozen=True, slots=True)
class Unreached:
    """The ends of attempts: those that answered anything, those with blank last questions, and blanks before the last answer."""

    attempts: int
    stopped: int
    """With at least STOPPED questions left at the end."""
    passed_over: int
    before_the_end: int
    """Questions up to the last one that was answered, over all attempts."""


STOPPED = 2


@dataclass(frozen=True, slots=True)
class RescaledMarks:
    """The marks of an attempt from which questions were taken out of the total,
    brought to the whole as its result is (spec/quiz-engine 5.11.4).

    ``own`` are its points, of ``left`` that it could still have; ``whole`` is that with what was taken out.
    """

    own: Fraction
    left: Fraction
    whole: Fraction

    @property
    def total(self) -> Fraction:
        """Return the points on the scale of an attempt that has all its questions."""
        return self.own * self.whole / self.left

    def fill(self, maximum: Fraction) -> Fraction:
        """Return what a question that was taken out has in the total: as much of its mark as the attempt has of the others."""
        return maximum * self.own / self.left

    def beside(self, mark: Fraction, maximum: Fraction) -> Fraction:
        """Return the total as it stands beside one question: its mark, and the others, if any, brought to the whole without it."""
        others = self.left - maximum
        return mark + (self.own - mark) * (self.whole - maximum) / others if others else mark


class ClassTally:
    """Everything that is counted of a set of attempts; of the question versions ``by_variant`` also by the values of their variables."""

    def __init__(self, positions: int, by_variant: Container[int] = ()) -> None:
        self._by_variant = by_variant
        self.tally = MarkTally(positions)
        self.maxima = [_NOTHING] * positions
        self.questions: dict[int, QuestionTally] = {}
        self.versions: list[Counter[int]] = [Counter() for _position in range(positions)]
        self._attempts = self._stopped = self._passed_over = self._before_the_end = 0

    @property
    def attempts(self) -> int:
        """Return how many attempts were counted."""
        return self.tally.totals.total()

    def add(self, snapshot: Sequence[MarkedResponse], removed: Mapping[int, Fraction] = _WHOLE) -> None:
        """Count one attempt, its questions in the order shown; a position that it does not have counts as a mark of 0.

        ``removed`` has the maximum of each position whose question was taken out of the total: there it counts for nothing, and what
        is left stands for the whole. An attempt that has nothing left is not counted.
        """
        if removed and not any(given.maximum for given in snapshot):
            return
        marks, maxima = [_NOTHING] * len(self.maxima), [_NOTHING] * len(self.maxima)
        for given in snapshot:
            marks[given.position] += given.mark
            maxima[given.position] += given.maximum
            self.maxima[given.position] += given.maximum
            self.versions[given.position][given.version] += 1
        totals = self._totals(marks, maxima, removed)
        for index, given in enumerate(snapshot):
            question = self.questions.setdefault(given.version, QuestionTally())
            question.add(given, totals[given.position], late=2 * index >= len(snapshot))
            if given.version in self._by_variant:
                question.add_variant(given, totals[given.position])
        self._count_the_end(snapshot)

    def _totals(self, marks: Sequence[Fraction], maxima: Sequence[Fraction], removed: Mapping[int, Fraction]) -> Sequence[Fraction]:
        """Count the marks; return the total beside each position."""
        if not removed:
            return [self.tally.add(marks)] * len(marks)
        left = sum(maxima, _NOTHING)
        points = RescaledMarks(sum(marks, _NOTHING), left, left + sum(removed.values(), _NOTHING))
        totals = [points.beside(mark, maximum) for mark, maximum in zip(marks, maxima, strict=True)]
        pairs = enumerate(zip(marks, totals, strict=True))
        self.tally.put(points.total, [points.fill(removed[at]) if at in removed else pair for at, pair in pairs])
        return totals

    def _count_the_end(self, snapshot: Sequence[MarkedResponse]) -> None:
        last = max((index for index, given in enumerate(snapshot) if not given.is_blank), default=None)
        if last is None:
            return
        self._attempts += 1
        self._stopped += len(snapshot) - 1 - last >= STOPPED
        self._before_the_end += last + 1
        for given in snapshot[:last]:
            if given.is_blank:
                self._passed_over += 1
                self.questions[given.version].passed_over += 1

    @property
    def unreached(self) -> Unreached:
        """Return the blanks at the ends of the attempts."""
        return Unreached(self._attempts, self._stopped, self._passed_over, self._before_the_end)

    def maximum(self, position: int) -> Fraction:
        """Return the mean of the maximum marks of a position."""
        had = self.versions[position].total()
        return self.maxima[position] / had if had else _NOTHING
