"""How often item analysis reports anything of classes in which nothing is wrong (spec/selection 3.13 and 3.14)."""

from collections.abc import Iterator
from math import sqrt
from random import Random

from analysis.rules.findings import FindingStrength, ItemFinding
from analysis.rules.quiz_analysis import end_outcomes, question_outcomes, significant_findings
from tests.simulations.figures import RunSize, SimulatedFigure
from tests.support.synthetic import a_class, a_quiz

LEARNERS, QUESTIONS = 48, 30
REPORTED = 0.05
RATES = {FindingStrength.SIGN: 0.05, FindingStrength.LIKELY: 0.01, FindingStrength.CLEAR: 0.001}


def findings_of(classes: int, first: int) -> tuple[int, list[ItemFinding], int]:
    """Return in how many sound classes anything is reported, all findings with their signs, and how many tests were made."""
    reported, found, tests = 0, list[ItemFinding](), 0
    for seed in range(first, first + classes):
        chance = Random(seed)  # noqa: S311 - invented learners
        quiz = a_quiz(chance, defects=False)[:QUESTIONS]
        tally = a_class(quiz, chance, LEARNERS)
        made = [end_outcomes(tally.unreached)]
        made += [question_outcomes(one.question, tally.questions[at].evidence()) for at, one in enumerate(quiz)]
        findings = [one for group in significant_findings(made) for one in group]
        reported += any(one.told for one in findings)
        found += findings
        tests += sum(map(len, made))
    return reported, found, tests


def simulate(size: RunSize, seed: int) -> Iterator[SimulatedFigure]:
    """Yield how many classes report anything, and how frequent each word is among all tests."""
    reported, found, tests = findings_of(size.classes, seed)
    chance = 2 * sqrt(REPORTED * (1 - REPORTED) / size.classes)
    what = f"classes of {LEARNERS} with {QUESTIONS} questions that report anything"
    yield SimulatedFigure("3.13", what, REPORTED, reported / size.classes, chance, is_most=True)
    for strength, rate in RATES.items():
        share = sum(one.strength is strength for one in found) / tests
        tolerance = 2 * sqrt(rate * (1 - rate) / tests)
        yield SimulatedFigure("3.14", f"tests that say “{strength.value}”", rate, share, tolerance, is_most=True)
