"""The golden bank of the balanced draw and its vectors (spec/selection 1.14)."""

from csv import DictReader
from fractions import Fraction
from pathlib import Path

from quizzes.rules.balanced_draw import Balance, QuestionSets, plan_draws
from quizzes.rules.layout import Candidate, SlotEntry
from tests.support.questions import f

VECTORS = Path(__file__).resolve().parents[1] / "samples" / "selection"
BANK = {
    "a1": 90,
    "a2": 75,
    "a3": 60,
    "a4": 82,
    "a5": 55,
    "b1": 88,
    "b2": 70,
    "b3": 64,
    "b4": 40,
    "c1": 95,
    "c2": 50,
    "c3": 71,
}
FAMILIES = {"a4": "aa", "a5": "aa"}


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a file of vectors."""
    return list(DictReader((VECTORS / name).read_text(encoding="utf-8").splitlines()))


def entry(names: str, count: int, mark: Fraction = Fraction(1)) -> SlotEntry:
    """Return a draw from questions of the golden bank."""
    return SlotEntry(tuple(Candidate(name, 1, mark, family=FAMILIES.get(name, "")) for name in names.split()), count)


GOLDEN = [entry("a1 a2 a3 a4 a5", 2), entry("b1 b2 b3 b4", 2), entry("c1 c2 c3", 1)]
PLAN = plan_draws(GOLDEN, BANK, Balance(f(2)))
SETS = QuestionSets(PLAN)


def keys(cells: tuple[tuple[Candidate, ...], ...]) -> str:
    """Return the questions of a question set in one line."""
    return " ".join(one.question for cell in cells for one in cell)
