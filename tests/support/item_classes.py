"""Classes with one question to look at: how often a defect of its key, or guessing, is found in it.

The model of `tests/samples/selection/chance.csv`: papers of thirteen questions, twelve of them sound (five true or false, seven single
choices of four). Ability θ ~ N(0, 1); who knows, with P = 1/(1 + exp(−a(θ − b))), gets it right, others guess. Sound questions have
a = 1.3 and b uniform in [−1.6, 0.8].
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import exp
from random import Random

from analysis.rules.findings import FindingKind, choice_outcomes, findings_in, sample_of
from analysis.rules.item_evidence import ItemResponses
from analysis.rules.significance import Scale, chance_tail, squared_correlation
from questions.rules.answers import SingleChoiceAnswer
from questions.rules.marking import Marking
from tests.support.questions import a_question, a_single, an_option, marked

BACKGROUND = (0.5,) * 5 + (0.25,) * 7
"""The guess rates of the other questions of a paper."""
KEYS = frozenset({FindingKind.WRONG_KEY, FindingKind.SECOND_KEY, FindingKind.CHANCE})


@dataclass(frozen=True)
class Item:
    """A question: its guess rate, its slope (0: everybody guesses) and its difficulty (None: drawn as for the others)."""

    guess: float
    slope: float = 1.3
    difficulty: float | None = None


def p_values(item: Item, learners: int, classes: int, chance: Random) -> Iterator[Fraction | None]:
    """Yield what the test of guessing gives in each of so many classes."""
    for _class in range(classes):
        abilities = [chance.gauss(0, 1) for _learner in range(learners)]
        others = [(guess, 1.3, chance.uniform(-1.6, 0.8)) for guess in BACKGROUND]
        difficulty = chance.uniform(-1.6, 0.8) if item.difficulty is None else item.difficulty
        rests = [sum(_right(ability, *one, chance) for one in others) for ability in abilities]
        marks = [_right(ability, item.guess, item.slope, difficulty, chance) for ability in abilities]
        yield _tested(Fraction(item.guess), rests, marks)


def _right(ability: float, guess: float, slope: float, difficulty: float, chance: Random) -> bool:
    knows = slope and chance.random() < 1 / (1 + exp(-slope * (ability - difficulty)))
    return bool(knows) or chance.random() < guess


def _tested(guess: Fraction, rests: list[int], marks: list[bool]) -> Fraction | None:
    count, right = len(rests), sum(marks)
    whole, squares = Fraction(sum(rests)), Fraction(sum(rest * rest for rest in rests))
    products = Fraction(sum(rest for rest, mark in zip(rests, marks, strict=True) if mark))
    square = squared_correlation(Scale(count, Fraction(right), Fraction(right)), Scale(count, whole, squares), products)
    cut = _cut(Counter(rests), count)
    best = [mark for rest, mark in zip(rests, marks, strict=True) if rest >= cut]
    return chance_tail(sum(best), len(best), guess, square, count)


def _cut(by_rest: Counter[int], count: int) -> int:
    """Return the rest from which on somebody is among the best third, all of equal rest with them."""
    steps = sorted(by_rest, reverse=True)
    reached = [sum(by_rest[rest] for rest in steps[: at + 1]) * 3 for at in range(len(steps))]
    return steps[bisect_left(reached, count)]


def key_p_values(defect: FindingKind | None, learners: int, classes: int, chance: Random) -> Iterator[Fraction | None]:
    """Yield what the test of the key gives in each of so many classes with a single choice of four whose key has a defect.

    Who knows chooses `a`: with a wrong key, `c` counts as right; with two keys, half of those who know choose `b`. Of a sound question
    (None) it is the surest of all findings about the key and about guessing.
    """
    body = a_single(*(an_option(key, "1" if key == ("c" if defect is FindingKind.WRONG_KEY else "a") else "0") for key in "abcd"))
    markings = {key: marked(body, SingleChoiceAnswer(key)) for key in "abcd"}
    question = a_question(body)
    for _class in range(classes):
        others = [(guess, 1.3, chance.uniform(-1.6, 0.8)) for guess in BACKGROUND]
        difficulty, given = chance.uniform(-1.6, 0.8), Counter[tuple[Marking, int]]()
        for _learner in range(learners):
            ability = chance.gauss(0, 1)
            rest = sum(_right(ability, *one, chance) for one in others)
            knows = chance.random() < 1 / (1 + exp(-1.3 * (ability - difficulty)))
            right = "b" if defect is FindingKind.SECOND_KEY and chance.random() < 0.5 else "a"
            given[markings[right if knows else chance.choice("abcd")], rest] += 1
        responses = [ItemResponses(marking, Fraction(rest), count) for (marking, rest), count in given.items()]
        found = findings_in(choice_outcomes(question, responses, sample_of(responses)))
        yield min((one.p for one in found if one.ailment is defect or (defect is None and one.ailment in KEYS)), default=None)
