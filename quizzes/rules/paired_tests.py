"""Two tests that are compared: an initial one and the final one, whose learners get two parallel forms in turn (spec/selection 7)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from quizzes.rules.balanced_draw import ParallelForm
from quizzes.rules.layout import SlotEntry

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


@dataclass(frozen=True, slots=True)
class FormsBefore:
    """The forms that a person had before an attempt: the letters of their attempts at the quiz in this take, and every question seen."""

    letters: Sequence[str]
    seen: Collection[str]


def form_of_pair(
    forms: Sequence[ParallelForm], entries: Sequence[SlotEntry], before: FormsBefore, seed: int, *, is_initial: bool
) -> ParallelForm | None:
    """Return the form of an attempt at one of two tests; None where its questions are drawn (spec/selection 7.1).

    The first attempt at a test has a form of which the person has seen nothing: of several one by the seed. The initial test stays
    that one; the final one goes on with the other, and is drawn then.
    """
    if not before.letters:
        return unseen_form(forms, entries, before.seen, seed)
    if is_initial:
        return next((form for form in forms if form.name == before.letters[0]), None)
    return next((form for form in forms if form.name not in before.letters), None)


def unseen_form(forms: Sequence[ParallelForm], entries: Sequence[SlotEntry], seen: Collection[str], seed: int) -> ParallelForm | None:
    """Return a form of which a person has seen no drawn question: of several one by the seed; None where there is none."""
    fresh = [form for form in forms if not drawn_questions(form, entries) & set(seen)]
    return fresh[seed % len(fresh)] if fresh else None
