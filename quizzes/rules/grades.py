"""Marks, totals and grades in exact fractions, and the state of one question under each behaviour."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from enrolments.rules import GradingMethod, grade_over, has_passed
from kernel.codes import round_half_up
from questions.rules.answers import CERTAINTY, Answer, MalformedAnswer, Parts, answer_from_page, payload_of
from questions.rules.definitions import GapsBody, MatchingBody, MatrixBody, QuestionDefinition
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import BY_HAND, Marking, MarkState, has_rule, mark_answer, state_of
from questions.rules.numbers import Convention
from quizzes.rules.settings import GIVES_FEEDBACK_AT_ONCE, Behaviour, FeedbackBand, QuizSettings

UNGRADED_MAXIMUM = Fraction(5, 1_000_000)
MARK_DECIMALS = 7
EXACT_SIGNS = 80
SIMPLE_DENOMINATOR = 1000
_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A question of an attempt: share (None: a person must mark it, or no mark at all), mark at stake, state, section."""

    fraction: Fraction | None
    max_mark: Fraction
    state: MarkState
    section: int = 0

    @property
    def mark(self) -> Fraction | None:
        """Return the mark; None where it is not yet given."""
        return None if self.fraction is None else self.fraction * self.max_mark


@dataclass(frozen=True, slots=True)
class Grade:
    """The result of an attempt.

    ``grade`` is on the quiz's scale and ``percent`` from 0 to 100; both None while marks are missing (``pending``) and
    in a quiz without marks. ``passed`` is None where nothing can be passed yet or at all.
    """

    raw: Fraction
    maximum: Fraction
    grade: Fraction | None
    percent: Fraction | None
    pending: bool
    passed: bool | None


@dataclass(frozen=True, slots=True)
class AttemptGrade:
    """An attempt as the grade over attempts sees it; ``percent`` None: abandoned, not yet or never graded."""

    number: int
    percent: Fraction | None
    preview: bool = False
    abandoned: bool = False


def grade_attempt(items: Sequence[ItemResult], settings: QuizSettings) -> Grade:
    """Add the marks up and scale them: raw × quiz maximum / Σ maximum marks.

    The total is floored at 0 unless the quiz allows a negative one; with Σ of at most 5e-6 the quiz is ungraded.
    """
    marked = [item for item in items if item.state is not MarkState.NOT_MARKED]
    maximum = sum((item.max_mark for item in marked), _NOTHING)
    raw = sum((item.mark or _NOTHING for item in marked), _NOTHING)
    if not settings.allow_negative_total:
        raw = max(_NOTHING, raw)
    pending = any(item.fraction is None and item.max_mark > 0 for item in marked)
    if pending or maximum <= UNGRADED_MAXIMUM:
        return Grade(raw, maximum, None, percent=None, pending=pending, passed=None)
    share = raw / maximum
    return Grade(
        raw, maximum, share * settings.max_grade, percent=share * 100, pending=pending, passed=has_passed(share * 100, settings.pass_mark)
    )


def grade_over_attempts(grading: GradingMethod, attempts: Iterable[AttemptGrade]) -> Fraction | None:
    """Return the percentage over several attempts; previews and abandoned ones do not count, None without a graded one.

    First and last mean the first and last finished attempt, also while it waits for marks.
    """
    counted = sorted((attempt for attempt in attempts if not (attempt.preview or attempt.abandoned)), key=lambda attempt: attempt.number)
    return grade_over(grading, [attempt.percent for attempt in counted])


def deciding_index(grading: GradingMethod, attempts: Sequence[AttemptGrade]) -> int:
    """Return the place of the attempt, from 0, by which the percentage over several was what it is; the last while there is none."""
    score = grade_over_attempts(grading, attempts)
    places = range(len(attempts))
    return next((at for at in places if score is not None and grade_over_attempts(grading, attempts[: at + 1]) == score), len(attempts) - 1)


def band_for(percent: Fraction, bands: Sequence[FeedbackBand]) -> FeedbackBand | None:
    """Return the overall feedback: intervals [start, next start), the top one closed; None below the first."""
    return max((band for band in bands if band.start <= percent), key=lambda band: band.start, default=None)


def section_totals(items: Iterable[ItemResult]) -> Mapping[int, tuple[Fraction, Fraction]]:
    """Return per section the marks so far and the maximum."""
    totals: dict[int, tuple[Fraction, Fraction]] = {}
    for item in items:
        if item.state is not MarkState.NOT_MARKED:
            mark, maximum = totals.get(item.section, (_NOTHING, _NOTHING))
            totals[item.section] = (mark + (item.mark or _NOTHING), maximum + item.max_mark)
    return totals


def manual_fraction(mark: Fraction, max_mark: Fraction, *, minimum: Fraction = _NOTHING, extra_credit: bool = False) -> Fraction | None:
    """Return the share of a mark given by hand; None outside [minimum, 1] × maximum (spec/quiz-engine 5.11.1). All of nothing is all."""
    if not max_mark:
        return None if mark else Fraction(1)
    fraction = mark / max_mark
    fits = fraction >= minimum and (extra_credit or fraction <= 1)
    return fraction if fits else None


def stored(value: Fraction) -> Fraction:
    """Round to the seven decimals that the database holds."""
    return round_half_up(value, MARK_DECIMALS)


def written_exactly(value: Fraction | None) -> str:
    """Write a share without rounding; empty where there is none, or where it takes more signs than are kept."""
    text = "" if value is None else str(value)
    return text if len(text) <= EXACT_SIGNS else ""


def read_exactly(exact: str, rounded: Fraction | None) -> Fraction | None:
    """Return a share as it was before it was rounded to seven decimals.

    Where it was not written exactly, the simplest fraction that rounds to it is taken, if it is simple: 0.3333333 was a third.
    """
    if exact or rounded is None:
        return Fraction(exact) if exact else None
    simple = rounded.limit_denominator(SIMPLE_DENOMINATOR)
    return simple if stored(simple) == rounded else rounded


_UNMARKED = frozenset({MarkState.NEEDS_GRADING, MarkState.NOT_MARKED})
_LAST_COUNTS = frozenset({Behaviour.DEFERRED, Behaviour.CERTAINTY})
_NO_TRY = frozenset({MarkState.NOT_ANSWERED, MarkState.INVALID})
CERTAINTY_RIGHT: Mapping[int, Fraction] = {1: Fraction(1), 2: Fraction(2), 3: Fraction(3)}
CERTAINTY_WRONG: Mapping[int, Fraction] = {1: Fraction(0), 2: Fraction(-2), 3: Fraction(-6)}


@dataclass(frozen=True, slots=True)
class AnswerTry:
    """An answer that the learner had checked (or, at the end, submitted), and its marking."""

    answer: Answer | MalformedAnswer
    marking: Marking


@dataclass(frozen=True, slots=True)
class AnsweringState:
    """Where a question stands.

    ``fraction`` is the share of the mark (None: a person marks it, or no mark); ``tries_left`` None: no limit;
    ``hint`` is the place of the hint to show after a wrong try, counted from 0.
    """

    state: MarkState
    fraction: Fraction | None
    locked: bool
    tries_left: int | None
    hint: int | None = None


def answering_state(
    behaviour: Behaviour, question: QuestionDefinition, tries: Sequence[AnswerTry], *, certainty: int | None = None, final: bool = False
) -> AnsweringState:
    """Judge the tries of a question; ``final`` says that the attempt is submitted.

    Blank and unreadable answers cost no try. What a person marks stays open until the attempt is submitted.
    """
    counted = counted_tries(behaviour, tries)
    if not counted or counted[-1].marking.state in _UNMARKED:
        return _unjudged(behaviour, question, tries, final=final)
    state = counted[-1].marking.state
    match behaviour:
        case Behaviour.INTERACTIVE:
            return _interactive(question, counted, final=final)
        case Behaviour.ADAPTIVE:
            return AnsweringState(state, adaptive_fraction(counted, question.penalty), final, None)
        case Behaviour.CERTAINTY:
            return AnsweringState(state, certainty_fraction(_fraction(counted[-1]), certainty), final, None)
        case Behaviour.IMMEDIATE:
            return AnsweringState(state, _fraction(counted[-1]), locked=True, tries_left=0)
        case Behaviour.DEFERRED:  # pragma: no branch - the last case
            return AnsweringState(state, _fraction(counted[-1]), final, None)


def counted_tries(behaviour: Behaviour, tries: Sequence[AnswerTry]) -> tuple[AnswerTry, ...]:
    """Return the tries that count under a behaviour, without blank and unreadable ones.

    Deferred and certainty: the last answer. Immediate: the first. Interactive: all but one that repeats the one before.
    Adaptive: all but one that repeats any earlier one.
    """
    if behaviour in _LAST_COUNTS:
        return tuple(attempted for attempted in tries[-1:] if attempted.marking.state not in _NO_TRY)
    counted: list[AnswerTry] = []
    for attempted in tries:
        earlier = counted if behaviour is Behaviour.ADAPTIVE else counted[-1:]
        if attempted.marking.state not in _NO_TRY and attempted.answer not in [known.answer for known in earlier]:
            counted.append(attempted)
    return tuple(counted[:1] if behaviour is Behaviour.IMMEDIATE else counted)


def interactive_fraction(question: QuestionDefinition, tries: Sequence[AnswerTry]) -> Fraction:
    """Return the share after several tries, at least 0.

    The last try's fraction less the penalty for each wrong try before. Where the mark is the mean of the parts (matching,
    gaps, matrix) countback: a part scores what it is finally worth less the penalty for each try up to the last one in
    which it was worth something else.
    """
    if isinstance(question.body, MatchingBody | GapsBody | MatrixBody):
        return _counted_back(tries, question.penalty)
    return max(_NOTHING, _fraction(tries[-1]) - question.penalty * (len(tries) - 1))


def adaptive_fraction(tries: Sequence[AnswerTry], penalty: Fraction) -> Fraction:
    """Return the best of fraction − penalty × (k − 1) over the tries k that count."""
    return max(_fraction(attempted) - penalty * at for at, attempted in enumerate(tries))


def certainty_fraction(fraction: Fraction, certainty: int | None) -> Fraction:
    """Return the share for a certainty of 1 to 3 (none chosen: 1): right × 1, 2, 3; wrong 0, −2, −6."""
    level = 1 if certainty is None or certainty not in CERTAINTY_RIGHT else certainty
    if state_of(fraction) is MarkState.WRONG:
        return CERTAINTY_WRONG[level]
    return fraction * CERTAINTY_RIGHT[level]


def _unjudged(behaviour: Behaviour, question: QuestionDefinition, tries: Sequence[AnswerTry], *, final: bool) -> AnsweringState:
    """Stand without a judged try: blank, unreadable, or for a person to mark."""
    left = len(question.hints) + 1 if behaviour is Behaviour.INTERACTIVE else None
    if not tries:
        return AnsweringState(MarkState.NOT_ANSWERED, _NOTHING, final, left)
    marking = tries[-1].marking
    return AnsweringState(marking.state, marking.fraction, final, left)


def _interactive(question: QuestionDefinition, tries: Sequence[AnswerTry], *, final: bool) -> AnsweringState:
    """Allow as many tries as there are hints, and one more."""
    tries = tries[: len(question.hints) + 1]
    state = tries[-1].marking.state
    left = len(question.hints) + 1 - len(tries)
    locked = final or left == 0 or state is MarkState.RIGHT
    hint = None if locked else len(tries) - 1
    return AnsweringState(state, interactive_fraction(question, tries), locked, 0 if locked else left, hint)


def _counted_back(tries: Sequence[AnswerTry], penalty: Fraction) -> Fraction:
    last = tries[-1].marking
    total = sum((part.weight for part in last.parts), _NOTHING)
    scores = (
        part.weight * max(_NOTHING, part.fraction - penalty * _last_wrong(tries, part.part)) for part in last.parts if part.fraction > 0
    )
    return sum(scores, _NOTHING) / total if total else _NOTHING


def _last_wrong(tries: Sequence[AnswerTry], part: str) -> int:
    """Count the tries up to and with the last one in which a part was worth something else than it finally is."""
    final = {part_marking.part: part_marking.fraction for part_marking in tries[-1].marking.parts}[part]
    for at in range(len(tries) - 1, 0, -1):
        earlier = {part_marking.part: part_marking.fraction for part_marking in tries[at - 1].marking.parts}
        if earlier.get(part) != final:
            return at
    return 0


def _fraction(attempted: AnswerTry) -> Fraction:
    return attempted.marking.fraction or _NOTHING


_LEVELS = {"1": 1, "2": 2, "3": 3}


@dataclass(frozen=True, slots=True)
class QuestionMarker:
    """The marker of the answers to one question in one attempt."""

    behaviour: Behaviour
    question: QuestionDefinition
    layout: ItemLayout
    convention: Convention

    def marking(self, parts: Parts | None) -> Marking:
        """Mark one response; an absent one is not answered."""
        return self._try(parts).marking

    def after(self, checked: Sequence[Parts]) -> AnsweringState:
        """Return where the question stands after the answers that the learner had checked, in their order."""
        return answering_state(self.behaviour, self.question, self._tries(checked))

    def at_end(self, checked: Sequence[Parts], response: Parts | None) -> AnsweringState:
        """Return the final worth of the question: what stands in the page when the attempt ends is its last try."""
        tries = self._tries([*checked, response or {}])
        return answering_state(self.behaviour, self.question, tries, certainty=certainty_of(response), final=True)

    def is_readable(self, parts: Parts) -> bool:
        """Return whether a response is an answer that can be judged: neither blank nor unreadable."""
        return self.marking(parts).state not in (MarkState.NOT_ANSWERED, MarkState.INVALID)

    def costs_a_try(self, checked: Sequence[Parts], parts: Parts) -> bool:
        """Return whether checking a response would count: not blank, readable, and no repetition that the behaviour discards."""
        before, after = self._tries(checked), self._tries([*checked, parts])
        return len(counted_tries(self.behaviour, after)) > len(counted_tries(self.behaviour, before))

    def _tries(self, responses: Sequence[Parts]) -> list[AnswerTry]:
        return [self._try(parts) for parts in responses]

    def _try(self, parts: Parts | None) -> AnswerTry:
        answer = answer_from_page(self.question, self.layout, payload_of(self.question, parts or {}))
        return AnswerTry(answer, mark_answer(self.question, answer, self.layout, self.convention))


def is_judged_by_rule(question: QuestionDefinition) -> bool:
    """Return whether a rule alone decides: not texts and files that a person marks, nor surveys, self-checks and descriptions."""
    return has_rule(question) and question.kind not in BY_HAND


def can_be_checked(behaviour: Behaviour, question: QuestionDefinition) -> bool:
    """Return whether a learner may have answers to a question checked during the attempt."""
    return behaviour in GIVES_FEEDBACK_AT_ONCE and is_judged_by_rule(question)


def asks_certainty(behaviour: Behaviour, question: QuestionDefinition) -> bool:
    """Return whether a learner states how sure they are of the answer to a question."""
    return behaviour is Behaviour.CERTAINTY and is_judged_by_rule(question)


def certainty_of(parts: Parts | None) -> int | None:
    """Return the certainty that came with a response, 1 to 3; None where none was chosen."""
    return _LEVELS.get(next(iter((parts or {}).get(CERTAINTY, ())), ""))


def is_finished(marker: QuestionMarker, checked: Sequence[Parts], response: Parts | None) -> bool:
    """Return whether what waits for a question may open: it is locked, or it is answered where no rule can lock it (spec/quiz-engine
    5.5).
    """
    if can_be_checked(marker.behaviour, marker.question):
        return marker.after(checked).locked
    return _says_something(marker, response)


def _says_something(marker: QuestionMarker, response: Parts | None) -> bool:
    if has_rule(marker.question):
        return marker.marking(response).state is not MarkState.NOT_ANSWERED
    return any(any(values) for values in (response or {}).values())
