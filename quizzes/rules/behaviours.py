"""The worth of a question's tries under each behaviour, and whether another try is allowed (spec/quiz-engine 5.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quizzes.rules.answers import Answer, MalformedAnswer
from quizzes.rules.definitions import GapsBody, MatchingBody, MatrixBody, QuestionDefinition
from quizzes.rules.results import Marking, MarkState, state_of
from quizzes.rules.settings import Behaviour

_NOTHING = Fraction(0)
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
