"""Parallel forms: a few question sets of a quiz that share no drawn question and are about equally hard (spec/selection 1.20 and 1.21).

The first is drawn among all that are allowed, each further one among those without a question or family of the ones before whose expected
score differs from theirs by half the bound at most. Where there is none, the first becomes the next question set in order. Fixed questions
stand in every form.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction

from quizzes.rules.balanced_draw import (
    MOST_NUMBERS,
    Balance,
    DrawCell,
    DrawnSet,
    DrawPlan,
    ParallelForm,
    QuestionSets,
    draw_set,
    meets_enemies,
)
from quizzes.rules.layout import Candidate, SlotEntry
from quizzes.rules.seeded_random import SeededRandom

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
