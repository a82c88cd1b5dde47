"""Question sets that are about equally hard: the balanced draw, parallel forms, and two tests that are compared."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from math import ceil, floor, lcm

from questions.rules.definitions import Difficulty
from questions.rules.item_layout import SeededRandom
from quizzes.rules.layout import Candidate, DrawnQuestions, SlotEntry, may_not_meet

HALF = Fraction(1, 2)
PRIOR_WEIGHT = 10
"""So many answers the judgement of an author is worth."""
PRIORS: Mapping[str, Fraction] = {Difficulty.EASY: Fraction(4, 5), Difficulty.MEDIUM: Fraction(3, 5), Difficulty.HARD: Fraction(2, 5)}
USUAL_PRIOR = Fraction(3, 5)
MOST_TRIES = 1_000
"""Question sets that are passed over at most, because questions of two draws may not meet."""
MOST_NUMBERS = 8_000_000
"""Numbers that the counting may hold in memory, some 200 MB."""


def known_facility(count: int, shares: Fraction, difficulty: str = "", expected: Fraction | None = None) -> int:
    """Return the facility of a question version in percent: the mean of its answers, shrunk towards what its author expects.

    spec/selection 1.9: ``count`` answers with the sum ``shares``; ``expected`` is a percentage.
    """
    return shrunk_facility(count, shares, prior_share(difficulty, expected))


def prior_share(difficulty: str = "", expected: Fraction | None = None) -> Fraction:
    """Return the share of a question's mark that its author expects; ``expected`` is a percentage."""
    return PRIORS.get(difficulty, USUAL_PRIOR) if expected is None else expected / 100


def shrunk_facility(count: int, shares: Fraction, prior: Fraction) -> int:
    """Return the facility in percent of so many answers with this sum of shares; no mean below 0 or above the mark counts as such."""
    return floor(100 * (max(Fraction(0), min(shares, Fraction(count))) + PRIOR_WEIGHT * prior) / (count + PRIOR_WEIGHT) + HALF)


def facility_key(question: str, variant: str = "") -> str:
    """Return the name under which a draw table has a question, or one of its variants."""
    return f"{question} {variant}" if variant else question


def without_variants(entries: Sequence[SlotEntry]) -> list[SlotEntry]:
    """Return draws in which a question is one, whatever its values: those of parallel forms, whose values each attempt draws."""
    return [replace(entry, pool=tuple(replace(candidate, variants=()) for candidate in entry.pool)) for entry in entries]


@dataclass(frozen=True, slots=True)
class Balance:
    """The bound of expected scores: within so many percentage points of a target, by default of the mean."""

    within: Fraction = Fraction(1)
    target: Fraction | None = None


@dataclass(frozen=True, slots=True)
class DrawItem:
    """A question in a draw: its value is its mark times its facility, in whole numbers."""

    candidate: Candidate
    value: int


@dataclass(frozen=True, slots=True)
class DrawCell:
    """A draw of ``count`` questions from families, each in order; at most one of a family is taken."""

    count: int
    families: tuple[tuple[DrawItem, ...], ...]

    @property
    def items(self) -> tuple[DrawItem, ...]:
        """Return all its questions."""
        return tuple(item for family in self.families for item in family)


class TooManySums(ValueError):
    """The sums of marks and facilities are so many that counting them would take more memory than there is for it."""


@dataclass(frozen=True, slots=True)
class DrawPlan:
    """The draws of a quiz in whole numbers, and the least and the greatest sum that is allowed."""

    cells: tuple[DrawCell, ...]
    low: int
    high: int
    whole: int
    """The sum of the marks in the same whole numbers: the expected score in percent is the sum divided by it."""

    def expected(self, total: int) -> Fraction:
        """Return the expected score of a question set with this sum, in percent."""
        return Fraction(total, self.whole)


def has_even_marks(entry: SlotEntry) -> bool:
    """Return whether all questions of a draw have the same mark, without which expected scores cannot be balanced."""
    return len({_mark(entry, candidate) for candidate in entry.pool}) <= 1


def _mark(entry: SlotEntry, candidate: Candidate) -> Fraction:
    return (candidate.mark if entry.mark is None else entry.mark) if candidate.numbered else Fraction(0)


def plan_draws(entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: Balance) -> DrawPlan:
    """Return the draws with the sums that are allowed (spec/selection 1.11)."""
    common = lcm(*(_mark(entry, candidate).denominator for entry in entries for candidate in entry.pool), 1)
    cells = [_cell(entry, facilities, common) for entry in entries]
    whole = sum(entry.count * int(_mark(entry, entry.pool[0]) * common) for entry in entries)
    means = [cell.count * Fraction(sum(item.value for item in cell.items), len(cell.items)) for cell in cells]
    target = Fraction(floor(sum(means) + HALF)) if balance.target is None else balance.target * whole
    slack = balance.within * whole
    return DrawPlan(tuple(cells), ceil(target - slack), floor(target + slack), whole)


def _cell(entry: SlotEntry, facilities: Mapping[str, int], common: int) -> DrawCell:
    families: dict[str, list[DrawItem]] = {}
    for entry_question in sorted(entry.pool, key=lambda candidate: candidate.question.encode()):
        for variant in entry_question.variants or ("",):
            item = replace(entry_question, variants=(), variant=variant) if variant else entry_question
            value = int(_mark(entry, entry_question) * common) * facilities.get(facility_key(entry_question.question, variant), 0)
            families.setdefault(entry_question.family or entry_question.question, []).append(DrawItem(item, value))
    return DrawCell(entry.count, tuple(tuple(families[name]) for name in sorted(families)))


BYTE = 8


@dataclass(frozen=True, slots=True)
class CellCounts:
    """The completions from each family of a draw on, by how many of its questions are still to take and by the sum so far.

    The numbers for all sums stand side by side in one long number, ``width`` bytes each, from the least sum that can be so far: two rows
    are added in one step. What is read becomes bytes, of which a place is read at once.
    """

    rows: list[list[int | bytes]]
    width: int
    least: int

    def at(self, family: int, left: int, total: int) -> int:
        """Return in how many ways a question set with this sum so far can be completed."""
        row = self.rows[family][left]
        if isinstance(row, int):
            row = self.rows[family][left] = row.to_bytes(-(-row.bit_length() // BYTE), "little")
        first = (total - self.least) * self.width
        return int.from_bytes(row[first : first + self.width], "little")


class QuestionSets:
    """The allowed question sets, counted, in lexicographic order of what the draws take (spec/selection 1.12)."""

    def __init__(self, plan: DrawPlan) -> None:
        self.plan = plan
        mosts = list(accumulate((_most(cell) for cell in plan.cells), initial=0))
        leasts = list(accumulate((_least(cell) for cell in plan.cells), initial=0))
        self.size = self._checked_size(mosts)
        """How many numbers are kept."""
        row, width, ways = _allowed(plan, leasts[-1]), 1, 1
        self._cells: list[CellCounts] = []
        for cell, most, least in zip(reversed(plan.cells), reversed(mosts[:-1]), reversed(leasts[:-1]), strict=True):
            ways *= _ways(cell)
            row, width = _widened(row, width, -(-ways.bit_length() // BYTE))
            table = _counted(cell, row << _least(cell) * width * BYTE, width * BYTE)
            row = table[0][cell.count] & (1 << (most - least + 1) * width * BYTE) - 1
            self._cells.append(CellCounts([list(rows) for rows in table], width, least))
        self._cells.reverse()
        self.total = row
        """How many there are."""

    def _checked_size(self, mosts: Sequence[int]) -> int:
        size = sum(len(cell.families) * cell.count * (most + 1) for cell, most in zip(self.plan.cells, mosts[1:], strict=True))
        if size > MOST_NUMBERS:
            raise TooManySums(size)
        return size

    def numbered(self, number: int) -> tuple[tuple[tuple[Candidate, ...], ...], int]:
        """Return the question set with a number from 0, by draw, and its sum."""
        drawn_cells: list[tuple[Candidate, ...]] = []
        total = 0
        for cell, counts in zip(self.plan.cells, self._cells, strict=True):
            taken: list[Candidate] = []
            for at, family in enumerate(cell.families):
                left = cell.count - len(taken)
                if not left:
                    break
                for item in family:
                    completions = counts.at(at + 1, left - 1, total + item.value)
                    if number < completions:
                        taken.append(item.candidate)
                        total += item.value
                        break
                    number -= completions
            drawn_cells.append(tuple(taken))
        return tuple(drawn_cells), total


def _most(cell: DrawCell) -> int:
    """Return the greatest sum that a draw can add."""
    return sum(sorted((max(item.value for item in family) for family in cell.families), reverse=True)[: cell.count])


def _least(cell: DrawCell) -> int:
    """Return the least sum that a draw can add."""
    return sum(sorted(min(item.value for item in family) for family in cell.families)[: cell.count])


def _ways(cell: DrawCell) -> int:
    """Return in how many ways a draw can be made, whatever its sum: no row that a question set is read from holds more."""
    ways = [1, *([0] * cell.count)]
    for family in cell.families:
        for taken in range(cell.count, 0, -1):
            ways[taken] += ways[taken - 1] * len(family)
    return ways[cell.count]


def _allowed(plan: DrawPlan, least: int) -> int:
    """Return a row with one completion at each sum that is allowed, of one byte each."""
    first = max(plan.low, least)
    return int.from_bytes(bytes(first - least) + bytes([1]) * (plan.high - first + 1), "little")


def _widened(row: int, width: int, wider: int) -> tuple[int, int]:
    """Return a row with room for greater numbers."""
    if wider <= width:
        return row, width
    places, more = -(-row.bit_length() // (width * BYTE)), bytes(wider - width)
    packed = row.to_bytes(places * width, "little")
    return int.from_bytes(b"".join(packed[at : at + width] + more for at in range(0, len(packed), width)), "little"), wider


def _counted(cell: DrawCell, after: int, bits: int) -> list[list[int]]:
    """Return for each family from which on, and each number of questions still to take, the completions by the sum so far."""
    table = [[after, *([0] * cell.count)]]
    for family in reversed(cell.families):
        before = table[-1]
        added = (sum(before[left - 1] >> item.value * bits for item in family) for left in range(1, cell.count + 1))
        table.append([after, *(skipped + more for skipped, more in zip(before[1:], added, strict=True))])
    table.reverse()
    return table


@dataclass(frozen=True, slots=True)
class DrawnSet:
    """A question set as it was drawn: by draw, its sum, and how many numbers were passed over before."""

    cells: tuple[tuple[Candidate, ...], ...]
    total: int
    passed_over: int = 0


def draw_set(sets: QuestionSets, seed: int, *, tries: int = MOST_TRIES, name: str = "blueprint") -> DrawnSet | None:
    """Draw a question set; None where none is allowed, or each of so many has questions that may not meet (spec/selection 1.12, 1.15).

    ``name`` names the stream of chance.
    """
    if not sets.total:
        return None
    chance = SeededRandom(seed, name, "draw")
    for passed_over in range(tries):
        cells, total = sets.numbered(chance.below(sets.total))
        if not meets_enemies(cells):
            return DrawnSet(cells, total, passed_over)
    return None


@dataclass(frozen=True, slots=True)
class ParallelForm:
    """One of the fixed question sets of a quiz: its letter, the keys of its questions by draw, and its expected score in percent."""

    name: str
    cells: tuple[tuple[str, ...], ...]
    expected: Fraction


@dataclass(frozen=True, slots=True)
class FrozenBalance:
    """The balance of a published quiz: the facilities of its draw table, the bound of expected scores, and its parallel forms.

    ``priors`` are the shares that authors expected of each question and variant; None where it was published before they were kept.
    """

    balance: Balance
    facilities: Mapping[str, int]
    forms: tuple[ParallelForm, ...] = ()
    priors: Mapping[str, Fraction] | None = None


def draw_balanced(
    entries: Sequence[SlotEntry],
    frozen: FrozenBalance,
    seed: int,
    seen: Mapping[str, int],
    whole: Callable[[], QuestionSets],
    *,
    least_seen: int | None = None,
) -> DrawnQuestions | None:
    """Draw among the questions that a learner has seen least, as few as allow a balanced set (spec/selection 1.17).

    ``whole`` gives the counting over all questions, which is the same for everybody who has seen none; ``least_seen`` is how often the
    questions may have been seen where an attempt says so that is drawn again.
    """
    plan = plan_draws(entries, frozen.facilities, frozen.balance)
    tried = {seen.get(candidate.question, 0) for entry in entries for candidate in entry.pool} if least_seen is None else {least_seen}
    for most in sorted(tried):
        cells = tuple(
            cell if len(entry.pool) == 1 else _seen_at_most(cell, seen, most) for entry, cell in zip(entries, plan.cells, strict=True)
        )
        if any(len(cell.families) < cell.count for cell in cells):
            continue
        drawn = draw_set(whole() if cells == plan.cells else QuestionSets(replace(plan, cells=cells)), seed)
        if drawn is not None:
            return DrawnQuestions(drawn.cells, most)
    return None


def _seen_at_most(cell: DrawCell, seen: Mapping[str, int], most: int) -> DrawCell:
    families = (tuple(item for item in family if seen.get(item.candidate.question, 0) <= most) for family in cell.families)
    return DrawCell(cell.count, tuple(family for family in families if family))


def meets_enemies(cells: Sequence[Sequence[Candidate]]) -> bool:
    """Return whether a question set has a question twice, two of a family, or enemies."""
    taken: list[Candidate] = []
    for drawn in (candidate for cell in cells for candidate in cell):
        if any(other.question == drawn.question or may_not_meet(other, drawn) for other in taken):
            return True
        taken.append(drawn)
    return False


def reaches_over_cells(plan: DrawPlan) -> bool:
    """Return whether questions exclude each other in some way that the counting does not know: over two draws, or as enemies."""
    known: set[str] = set()
    for cell in plan.cells:
        questions = [item.candidate for item in cell.items]
        names = {question.question for question in questions} | {f"family {question.family}" for question in questions if question.family}
        if names & known or any(item.candidate.enemies for item in cell.items):
            return True
        known |= names
    return False


@dataclass(frozen=True, slots=True)
class ScoreSpread:
    """The spread of the expected scores of question sets, in percent: 95 of 100 are between ``low`` and ``high`` (spec/selection 1.18)."""

    low: Fraction
    high: Fraction
    variance: Fraction


def spread_of(plan: DrawPlan, *, balanced: bool) -> ScoreSpread | None:
    """Return the spread over all question sets, or over those that are allowed; None without any."""
    counts = sorted((total, count) for total, count in sum_counts(plan.cells).items() if not balanced or plan.low <= total <= plan.high)
    number = sum(count for _total, count in counts)
    if not number or not plan.whole:
        return None
    mean = Fraction(sum(total * count for total, count in counts), number)
    variance = sum((total - mean) ** 2 * count for total, count in counts) / number / plan.whole**2
    return ScoreSpread(plan.expected(_at_share(counts, number, 1)), plan.expected(_at_share(counts, number, 39)), Fraction(variance))


def _at_share(counts: Sequence[tuple[int, int]], number: int, fortieths: int) -> int:
    """Return the least sum up to which so many fortieths of the question sets are."""
    passed = accumulate(count for _total, count in counts)
    return next(total for (total, _count), so_far in zip(counts, passed, strict=True) if so_far * 40 >= number * fortieths)


def sum_counts(cells: Sequence[DrawCell]) -> dict[int, int]:
    """Return how many question sets have each sum, whether it is allowed or not."""
    counts = {0: 1}
    for cell in cells:
        rows: list[dict[int, int]] = [{0: 1}, *({} for _ in range(cell.count))]
        for family in cell.families:
            for left in range(cell.count, 0, -1):
                for item in family:
                    for total, count in rows[left - 1].items():
                        rows[left][total + item.value] = rows[left].get(total + item.value, 0) + count
        joined: dict[int, int] = {}
        for total, count in counts.items():
            for more, ways in rows[cell.count].items():
                joined[total + more] = joined.get(total + more, 0) + count * ways
        counts = joined
    return counts


LETTERS = "ABCDEF"
FEWEST, MOST = 2, len(LETTERS)
MOST_STARTS = 1_000
"""First forms that are tried at most; what the search counts is bounded by MOST_COUNTED besides."""
MOST_COUNTED = 4 * MOST_NUMBERS


def forms_seed(quiz: str, entries: Sequence[SlotEntry]) -> int:
    """Return the seed of a quiz version: from its key and what its draws may give, so that a check finds the same forms."""
    drawn = [f"{entry.count} {entry.mark} {' '.join(sorted(candidate.question for candidate in entry.pool))}" for entry in entries]
    return int.from_bytes(hashlib.sha256("\n".join([quiz, *drawn]).encode()).digest()[:8], "big")


def assemble_forms(plan: DrawPlan, balance: Balance, seed: int, number: int) -> tuple[DrawnSet, ...] | None:
    """Return so many parallel forms; None where none are found, or nothing is drawn. ``passed_over`` of the first counts other firsts."""
    whole = QuestionSets(plan)
    if not whole.total or not any(_is_drawn(cell) for cell in plan.cells):
        return None
    slack, counted = int(balance.within * plan.whole / 2), 0
    first = SeededRandom(seed, "form:A", "draw").below(whole.total)
    for step in range(min(whole.total, MOST_STARTS)):
        cells, total = whole.numbered((first + step) % whole.total)
        if meets_enemies(cells):
            continue
        forms = [DrawnSet(cells, total, step)]
        while len(forms) < number:
            sets = _sets_beside(plan, forms, slack)
            counted += sets.size if sets is not None else 0
            drawn = draw_set(sets, seed, name=f"form:{LETTERS[len(forms)]}") if sets is not None else None
            if drawn is None:
                break
            forms.append(drawn)
        if len(forms) == number:
            return tuple(forms)
        if counted > MOST_COUNTED:
            return None
    return None


def _is_drawn(cell: DrawCell) -> bool:
    return len(cell.items) > 1


def _family(candidate: Candidate) -> str:
    return candidate.family or candidate.question


def _sets_beside(plan: DrawPlan, forms: Sequence[DrawnSet], slack: int) -> QuestionSets | None:
    """Return the question sets without a question or family of these forms whose sums are near theirs; None where there are none."""
    used = {
        _family(candidate)
        for form in forms
        for cell, own in zip(form.cells, plan.cells, strict=True)
        if _is_drawn(own)
        for candidate in cell
    }
    cells = tuple(_without(cell, used) if _is_drawn(cell) else cell for cell in plan.cells)
    low, high = max(form.total for form in forms) - slack, min(form.total for form in forms) + slack
    low, high = max(low, plan.low), min(high, plan.high)
    if low > high or any(len(cell.families) < cell.count for cell in cells):
        return None
    return QuestionSets(replace(plan, cells=cells, low=low, high=high))


def _without(cell: DrawCell, used: Collection[str]) -> DrawCell:
    return DrawCell(cell.count, tuple(family for family in cell.families if _family(family[0].candidate) not in used))


def named_forms(plan: DrawPlan, drawn: Sequence[DrawnSet]) -> tuple[ParallelForm, ...]:
    """Return forms with their letters and expected scores, as they are frozen."""
    return tuple(
        ParallelForm(letter, tuple(tuple(candidate.question for candidate in cell) for cell in form.cells), plan.expected(form.total))
        for letter, form in zip(LETTERS, drawn, strict=False)
    )


def form_in_turn(forms: Sequence[ParallelForm], first_seed: int, number: int) -> ParallelForm | None:
    """Return the form of a learner's attempt: the first by the seed of their first attempt, then the others in order, then none."""
    return forms[(first_seed + number - 1) % len(forms)] if number <= len(forms) else None


def candidates_of(form: ParallelForm, entries: Sequence[SlotEntry]) -> list[list[Candidate]]:
    """Return the questions of a form by slot."""
    return [
        [next(candidate for candidate in entry.pool if candidate.question == key) for key in keys]
        for entry, keys in zip(entries, form.cells, strict=True)
    ]


def range_of(forms: Sequence[ParallelForm]) -> Fraction:
    """Return by how many points the expected scores of forms differ at most."""
    return max(form.expected for form in forms) - min(form.expected for form in forms)


FORMS = 2
"""The parallel forms of both tests: who begins with one gets the other one afterwards."""
SEEN_LAST = 1_000_000
"""Added to how often a question of the own initial test was seen: a later draw takes it after all others."""


@dataclass(frozen=True, slots=True)
class PairedTests:
    """The keys of an initial and a final test, and the objectives of their questions with their texts by language."""

    initial: str
    final: str
    objectives: Mapping[str, str]
    """By key of the question."""
    titles: Mapping[str, Mapping[str, str]]
    """By key of the objective."""


def drawn_questions(form: ParallelForm, entries: Sequence[SlotEntry]) -> set[str]:
    """Return the questions of a form that not every attempt has."""
    return {key for cell, entry in zip(form.cells, entries, strict=True) if len(entry.pool) > 1 for key in cell}


def form_of_pair(
    forms: Sequence[ParallelForm],
    entries: Sequence[SlotEntry],
    seed: int,
    *,
    letters: Sequence[str],
    seen: Collection[str],
    is_initial: bool,
) -> ParallelForm | None:
    """Return the form of an attempt at one of two tests; None where its questions are drawn (spec/selection 7.1).

    The first attempt at a test has a form of which the person has seen nothing: of several one by the seed. The initial test stays
    that one; the final one goes on with the other, and is drawn then. Letters are those of the attempts at the quiz in this take, `seen`
    every question that the person has had.
    """
    if not letters:
        return unseen_form(forms, entries, seen, seed)
    if is_initial:
        return next((form for form in forms if form.name == letters[0]), None)
    return next((form for form in forms if form.name not in letters), None)


def unseen_form(forms: Sequence[ParallelForm], entries: Sequence[SlotEntry], seen: Collection[str], seed: int) -> ParallelForm | None:
    """Return a form of which a person has seen no drawn question: of several one by the seed; None where there is none."""
    fresh = [form for form in forms if not drawn_questions(form, entries) & set(seen)]
    return fresh[seed % len(fresh)] if fresh else None
