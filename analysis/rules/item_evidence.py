"""The evidence of a class on each question: counted answers by position, by third of the class, by typed words and by survey scale."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

from analysis.rules.statistics import MarkTally, Pairs, PositionStatistics, QuestionStatistics, mean
from kernel.codes import round_half_up
from questions.rules.answers import Answer, GapsAnswer, MalformedAnswer, NumberAnswer, TextAnswer
from questions.rules.definitions import (
    CalculatedBody,
    Gap,
    GapsBody,
    MatchingBody,
    MatrixBody,
    NumericalBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    TrueFalseBody,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, MarkState, computed, read_quantity
from questions.rules.numbers import Convention
from questions.rules.variants import variant_name

LONGEST = 120
TIMES = "×"
SHARES = 4
"""Decimals of a share of the right number."""


@dataclass(frozen=True, slots=True)
class UnmatchedPart:
    """A text for a part ("" the whole), in lower case; ``value`` is the number in the answers' unit, where it can be read."""

    part: str
    text: str
    value: Fraction | None = None


def unmatched_in(
    question: QuestionDefinition,
    answer: Answer | MalformedAnswer,
    marking: Marking,
    convention: Convention,
    layout: ItemLayout | None = None,
) -> tuple[UnmatchedPart, ...]:
    """Return the texts typed for the parts that matched no answer.

    Numbers of calculated questions differ by learner: they are kept as shares of the right one, "×1.02" with the value 1.02.
    """
    missed = {part.part for part in marking.parts if not part.matched}
    match question.body, answer:
        case ShortAnswerBody(), TextAnswer(text) if "" in missed:
            return (_words("", text),)
        case NumericalBody() as body, NumberAnswer() as number if "" in missed:
            return (_number("", body, number, convention),)
        case CalculatedBody() as body, NumberAnswer() as number if "" in missed and layout is not None:
            return _share_of_right(body, number, layout, convention)
        case GapsBody(gaps, False), GapsAnswer() as filled:
            return tuple(_in_gap(gap, filled, convention) for gap in gaps if gap.name in missed and _is_typed(gap, filled))
        case _:
            return ()


def _share_of_right(body: CalculatedBody, number: NumberAnswer, layout: ItemLayout, convention: Convention) -> tuple[UnmatchedPart, ...]:
    best = max(body.answers, key=lambda answer: answer.credit)
    right, quantity = computed(best.expression, body, layout.variables), read_quantity(body, number, convention)
    if not right or quantity is None:
        return ()
    share = round_half_up(quantity.reading.value * body.units.get(quantity.unit, Fraction(1)) / right, SHARES)
    return (UnmatchedPart("", f"{TIMES}{_decimal(share)}"[:LONGEST], share),)


def _decimal(share: Fraction) -> str:
    """Write a share that has SHARES decimals at most."""
    whole = str(int(abs(share) * 10**SHARES)).rjust(SHARES + 1, "0")
    return ("-" if share < 0 else "") + f"{whole[:-SHARES]}.{whole[-SHARES:]}".rstrip("0").rstrip(".")


def _is_typed(gap: Gap, filled: GapsAnswer) -> bool:
    return isinstance(gap.body, ShortAnswerBody | NumericalBody) and bool(filled.values.get(gap.name, "").strip())


def _in_gap(gap: Gap, filled: GapsAnswer, convention: Convention) -> UnmatchedPart:
    text = filled.values[gap.name]
    if isinstance(gap.body, NumericalBody):
        return _number(gap.name, gap.body, NumberAnswer(text, filled.units.get(gap.name, "")), convention)
    return _words(gap.name, text)


def _words(part: str, text: str) -> UnmatchedPart:
    return UnmatchedPart(part, " ".join(text.split()).casefold()[:LONGEST])


def _number(part: str, body: NumericalBody | CalculatedBody, number: NumberAnswer, convention: Convention) -> UnmatchedPart:
    quantity = read_quantity(body, number, convention)
    if quantity is None:
        return _words(part, number.text)
    value = quantity.reading.value * body.units.get(quantity.unit, Fraction(1))
    return UnmatchedPart(part, str(value)[:LONGEST], value)


_NOTHING = Fraction(0)
DUBIOUS_EFFICIENCY = Fraction(15)
TOO_HARD = Fraction(1, 20)
TOO_EASY = Fraction(19, 20)


class ItemWarning(StrEnum):
    """Why a question deserves a look."""

    DUBIOUS = "dubious"
    NEGATIVE_DISCRIMINATION = "negative_discrimination"
    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"


@dataclass(frozen=True, slots=True)
class ItemResponses:
    """A response to a question: its marking, the marks of the rest of the attempt, and how many attempts gave it."""

    marking: Marking
    rest: Fraction
    count: int = 1


@dataclass(frozen=True, slots=True)
class ResponseClass:
    """One kind of answer to a part: the matched answer ("" none), its credit, how often, and the mean rest of who gave it."""

    part: str
    matched: str
    state: MarkState
    credit: Fraction
    count: int
    frequency: Fraction
    mean_rest: Fraction


Group = tuple[str, str, MarkState, Fraction]
"""Part, matched answer, state and credit: what makes answers one class."""


def groups_of(marking: Marking) -> list[Group]:
    """Return the class of each part of an answer; one that has no parts is of part "" without a matched answer."""
    parts = [(part.part, part.matched, part.state, part.fraction) for part in marking.parts]
    return parts or [("", "", marking.state, marking.fraction or _NOTHING)]


def response_analysis(responses: Iterable[ItemResponses]) -> tuple[ResponseClass, ...]:
    """Count the answers to each part, most frequent first; the frequency is a share of all responses.

    An attempt that answered nothing is counted as part "" without a matched answer.
    """
    counts: Counter[Group] = Counter()
    rests: dict[Group, Fraction] = {}
    whole = 0
    for response in responses:
        whole += response.count
        for group in groups_of(response.marking):
            counts[group] += response.count
            rests[group] = rests.get(group, _NOTHING) + response.count * response.rest
    classes = [
        ResponseClass(*group, count=count, frequency=Fraction(count, whole), mean_rest=rests[group] / count)
        for group, count in counts.items()
    ]
    return tuple(
        sorted(
            classes,
            key=lambda response_class: (
                response_class.part,
                -response_class.count,
                response_class.matched,
                response_class.state,
                -response_class.credit,
            ),
        )
    )


def concerns_about(statistics: PositionStatistics | QuestionStatistics) -> tuple[ItemWarning, ...]:
    """Return the concerns to which the numbers of a position or question give cause."""
    facility, efficiency, discrimination = statistics.facility, statistics.efficiency, statistics.discrimination
    checks = {
        ItemWarning.DUBIOUS: efficiency is not None and efficiency < DUBIOUS_EFFICIENCY,
        ItemWarning.NEGATIVE_DISCRIMINATION: discrimination is not None and discrimination < 0,
        ItemWarning.TOO_HARD: facility is not None and facility < TOO_HARD,
        ItemWarning.TOO_EASY: facility is not None and facility > TOO_EASY,
    }
    return tuple(concern for concern, raised in checks.items() if raised)


def guess_score(question: QuestionDefinition) -> Fraction | None:
    """Return the share to expect from answering at random; None where it is undefined."""
    match question.body:
        case TrueFalseBody():
            return Fraction(1, 2)
        case MatchingBody(pairs, extra):
            choices = {pair.match_key for pair in pairs} | {label.key for label in extra}
            return Fraction(1, len(choices))
        case MatrixBody(columns, _, False):
            return Fraction(1, len(columns))
        case GapsBody() as gaps:
            return _guess_gaps(gaps)
        case body:
            return _guess_one(body)


def _guess_one(body: object) -> Fraction | None:
    match body:
        case SingleChoiceBody(options):
            return mean([option.credit for option in options])
        case ShortAnswerBody(answers):
            return next((answer.credit for answer in answers if _takes_everything(answer)), _NOTHING)
        case NumericalBody(answers):
            return next((answer.credit for answer in answers if answer.value is None), _NOTHING)
        case CalculatedBody():
            return _NOTHING
        case _:
            return None


def _guess_gaps(body: GapsBody) -> Fraction | None:
    whole = sum((gap.weight for gap in body.gaps), _NOTHING)
    dragged = Fraction(1, len(body.choices)) if body.drag and body.choices else None
    scores = [(gap.weight, (_guess_one(gap.body) if dragged is None else dragged) or _NOTHING) for gap in body.gaps]
    return sum((weight * score for weight, score in scores), _NOTHING) / whole if whole else None


def _takes_everything(answer: TextPattern) -> bool:
    return "*" in answer.patterns.values()


Thirds = tuple[int, int, int]
"""Counts of the best, the middle and the last third."""


@dataclass(frozen=True, slots=True)
class AnswerThirds:
    """The number of attempts in each third, and of those that gave each class of answers, in the order of the classes."""

    sizes: Thirds
    counts: tuple[Thirds, ...]


def answer_thirds(responses: Sequence[ItemResponses], classes: Sequence[ResponseClass]) -> AnswerThirds:
    """Count each class of answers by third of the attempts, ordered by their result in the rest.

    Attempts with equal rests stand in one third, the one in which their middle falls.
    """
    places = _places(responses)
    sizes = [0, 0, 0]
    counted: dict[Group, list[int]] = {}
    for response in responses:
        third = places[response.rest]
        sizes[third] += response.count
        for group in groups_of(response.marking):
            counted.setdefault(group, [0, 0, 0])[third] += response.count
    counts = [
        counted.get((response_class.part, response_class.matched, response_class.state, response_class.credit), [0, 0, 0])
        for response_class in classes
    ]
    return AnswerThirds(_thirds(sizes), tuple(_thirds(count) for count in counts))


def _thirds(counts: Sequence[int]) -> Thirds:
    best, middle, last = counts
    return best, middle, last


def _places(responses: Sequence[ItemResponses]) -> Mapping[Fraction, int]:
    """Return the third of each rest: 0 the best, 2 the last."""
    by_rest: Counter[Fraction] = Counter()
    for response in responses:
        by_rest[response.rest] += response.count
    whole, before, places = by_rest.total(), 0, {}
    for rest in sorted(by_rest, reverse=True):
        places[rest] = min(2, 3 * (2 * before + by_rest[rest]) // (2 * whole))
        before += by_rest[rest]
    return places


TYPED = 2000
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
        """Return whether nothing was answered."""
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
        """Return the counts; the most frequent texts first."""
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
        """Return the part in the total of a question that was taken out: as much of its mark as the attempt has of the others."""
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
