"""Balanced draws in a quiz's file, and their check: that there are question sets with the expected score (spec/selection 1.9 to 1.16)."""

from collections.abc import Sequence
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import CourseFolder
from kernel.errors import N_
from quizzes.content import parts
from quizzes.content.banks import questions_of
from quizzes.content.blueprints import candidate_of, decimal
from quizzes.content.model import DrawSlot, FixedSlot, QuizSource
from quizzes.content.pools import candidates
from quizzes.rules.balanced_draw import (
    Balance,
    DrawPlan,
    QuestionSets,
    TooManySums,
    draw_set,
    facility_key,
    has_even_marks,
    known_facility,
    plan_draws,
    reaches_over_cells,
    sum_counts,
    without_variants,
)
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.layout import SlotEntry
from quizzes.rules.parallel_forms import FEWEST, MOST, assemble_forms, forms_seed

TRIED_SEEDS = 1_000
"""Draws that the check tries where questions of several draws may not meet; one in a hundred has to pass."""


def read_balance(table: MappingCursor) -> Balance | None:
    """Read `balance`: how near the expected scores of attempts are to each other."""
    value = table.get("balance")
    if value is None:
        return None
    table.flows.add("balance")
    inner = value.table()
    if inner is None:
        return None
    return Balance(inner.value("within", scalars.percent, Fraction(1)), inner.value("target", scalars.percent))


def read_forms(table: MappingCursor) -> int:
    """Read `forms`: how many parallel forms the quiz has, 0 for none."""
    return table.value("forms", scalars.either("none", 0, scalars.whole(FEWEST, MOST)), 0)


def draw_entries(course: CourseFolder, module: str, quiz: QuizSource) -> list[SlotEntry]:
    """Return the slots of a quiz as its draws see them; empty where one of them cannot be filled."""
    questions, entries = questions_of(course), list[SlotEntry]()
    for slot in quiz.slots:
        if isinstance(slot, FixedSlot) and slot.question in questions:
            entries.append(SlotEntry((candidate_of(questions[slot.question]),), mark=slot.mark))
        elif isinstance(slot, DrawSlot):
            pool = tuple(candidate_of(question) for question in candidates(course, module, quiz, slot))
            entries.append(SlotEntry(pool, slot.count, slot.mark))
    return entries if all(len(entry.pool) >= entry.count for entry in entries) else []


def planned_draws(course: CourseFolder, quiz: QuizSource, entries: Sequence[SlotEntry]) -> DrawPlan:
    """Return the draws of a quiz with the facilities that its authors expect."""
    questions = questions_of(course)
    facilities = {
        facility_key(candidate.question, variant): foreseen_facility(questions[candidate.question])
        for entry in entries
        for candidate in entry.pool
        for variant in candidate.variants or ("",)
    }
    return plan_draws(entries, facilities, quiz.balance or Balance())


def foreseen_facility(question: QuestionDefinition) -> int:
    """Return the facility of a question without answers (spec/selection 1.9)."""
    return known_facility(0, Fraction(0), question.difficulty or "", question.selection.expected)


def check_balance(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    """Report what keeps attempts from having nearly the same expected score (spec/content-format C505, C509)."""
    if quiz.balance is None:
        return
    if quiz.settings.build_on_last:
        table.report(
            "C505",
            N_("An attempt of a balanced quiz cannot start with the last answers, because it has other questions."),
            N_("Delete “balance” or “build_on_last”."),
            at="balance",
        )
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    entries = draw_entries(course, module, quiz)
    if entries:
        _check_draws(table, quiz, course, entries)


def _check_draws(table: MappingCursor, quiz: QuizSource, course: CourseFolder, entries: Sequence[SlotEntry]) -> None:
    if not all(has_even_marks(entry) for entry in entries):
        table.report("C509", N_("The questions of a balanced draw need the same mark."), N_("Give the draw a mark."), at="balance")
        return
    plan = planned_draws(course, quiz, entries)
    try:
        sets = QuestionSets(plan)
    except TooManySums:
        table.report(
            "C509",
            N_("These draws have too many sums of marks and facilities to be balanced."),
            N_("Draw fewer questions, or from smaller pools."),
            at="balance",
        )
        return
    if not sets.total:
        _report_unbalanced(table, plan)
    elif reaches_over_cells(plan) and sum(_passes(sets, seed) for seed in range(TRIED_SEEDS)) * 100 < TRIED_SEEDS:
        table.report(
            "C509",
            N_("Almost every balanced set of questions has two that may not meet."),
            N_("Let draws take from banks, objectives or levels of their own."),
            at="balance",
        )
    elif quiz.forms:
        _check_forms(table, quiz, entries, planned_draws(course, quiz, without_variants(entries)))


def _check_forms(table: MappingCursor, quiz: QuizSource, entries: Sequence[SlotEntry], plan: DrawPlan) -> None:
    seed = forms_seed(quiz.pairs_with or parts.peek(table, "key"), entries)
    if assemble_forms(plan, quiz.balance or Balance(), seed, quiz.forms) is None:
        table.report(
            "C510",
            N_("There are no %(number)s parallel forms: sets without a common question or family, and about equally hard."),
            N_("Ask for fewer forms, allow more points, or add questions."),
            at="forms",
            number=quiz.forms,
        )


def _passes(sets: QuestionSets, seed: int) -> bool:
    return draw_set(sets, seed, tries=1) is not None


def _report_unbalanced(table: MappingCursor, plan: DrawPlan) -> None:
    reachable = sum_counts(plan.cells)
    if not reachable or not plan.whole:
        table.report("C509", N_("The draws cannot be balanced: they cannot be filled, or give no marks."), at="balance")
        return
    nearest = min(reachable, key=lambda total: (max(plan.low - total, total - plan.high), total))
    table.report(
        "C509",
        N_("No set of questions has an expected score between %(low)s and %(high)s. The nearest has %(nearest)s."),
        N_("Allow more points, change the target, or add questions."),
        at="balance",
        low=decimal(plan.expected(plan.low)),
        high=decimal(plan.expected(plan.high)),
        nearest=decimal(plan.expected(nearest)),
    )
