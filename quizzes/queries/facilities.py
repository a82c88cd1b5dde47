"""The first draw table of a quiz: facilities of its questions by the history of their answers (spec/selection 1.9 and 1.10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quizzes.rules.balanced_draw import (
    Balance,
    FrozenBalance,
    ParallelForm,
    QuestionSets,
    TooManySums,
    draw_set,
    facility_key,
    plan_draws,
    prior_share,
    shrunk_facility,
    without_variants,
)
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.item_history import UNIT
from quizzes.rules.layout import SlotEntry
from quizzes.rules.parallel_forms import assemble_forms, named_forms
from quizzes.selection_models import ItemHistory

KIND = "balance"
"""The entry of a quiz version that holds its draw table, after those of its slots."""


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """The number of first attempts that answered a question version, and the sum of the shares of its mark that they got."""

    count: int
    shares: Fraction


NO_ANSWERS = FirstAnswers(0, Fraction(0))


def count_first_answers(session: Session, version_ids: Sequence[int]) -> dict[int, FirstAnswers]:
    """Return the answers to question versions that their history counts: in first attempts at quizzes that count, marked, not voided."""
    return {
        version: first_answers
        for (version, variant), first_answers in count_answers_by_variant(session, version_ids).items()
        if not variant
    }


def count_answers_by_variant(session: Session, version_ids: Sequence[int]) -> dict[tuple[int, str], FirstAnswers]:
    """Return the answers by version and variant, where each variant has a facility of its own; `""` counts all of a version."""
    if not version_ids:
        return {}
    key = (ItemHistory.question_version_id, ItemHistory.variant)
    statement = (
        select(*key, func.sum(ItemHistory.count).label("answers"), func.sum(ItemHistory.shares).label("shares"))
        .where(ItemHistory.question_version_id.in_(set(version_ids)), ItemHistory.count > 0)
        .group_by(*key)
    )
    return {
        (row.question_version_id, row.variant): FirstAnswers(int(row.answers), Fraction(int(row.shares), UNIT))
        for row in session.execute(statement)
    }


@dataclass(frozen=True, slots=True)
class FormCount:
    """The number of parallel forms of a quiz (0: none), and the seed by which they are assembled."""

    number: int = 0
    seed: int = 0


NO_FORMS = FormCount()


def frozen_balance(
    balance: Balance | None,
    entries: Sequence[SlotEntry],
    questions: Mapping[str, QuestionDefinition],
    answers: Mapping[str, FirstAnswers],
    count: FormCount = NO_FORMS,
) -> list[dict[str, object]]:
    """Return the draw table that a balanced quiz keeps among its entries, and its parallel forms.

    It goes by the answers so far; where these would allow no balanced draw or no forms, by what authors foresee, which the check has tried
    (spec/selection 1.16 and 1.20).
    """
    if balance is None:
        return []
    own = {key: prior_share(question.difficulty or "", question.selection.expected) for key, question in questions.items()}
    variants = {
        facility_key(candidate.question, name): own[candidate.question]
        for entry in entries
        for candidate in entry.pool
        for name in candidate.variants
    }
    priors = {**own, **variants}
    foreseen, known = known_facilities(priors, {}), known_facilities(priors, answers)
    forms = _forms(entries, known, balance, count)
    if known != foreseen and not (forms if count.number else allows_a_draw(entries, known, balance)):
        known, forms = foreseen, _forms(entries, foreseen, balance, count)
    target = None if balance.target is None else str(balance.target)
    table: dict[str, object] = {
        "kind": KIND,
        "table": 1,
        "within": str(balance.within),
        "target": target,
        "facilities": known,
        "priors": {key: str(prior) for key, prior in priors.items()},
    }
    if forms:
        table["seed"] = f"{count.seed:016x}"
        table["forms"] = [
            {"name": parallel_form.name, "expected": str(parallel_form.expected), "cells": parallel_form.cells} for parallel_form in forms
        ]
    return [table]


def _forms(entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: Balance, count: FormCount) -> tuple[ParallelForm, ...]:
    if not count.number:
        return ()
    plan = plan_draws(without_variants(entries), facilities, balance)
    try:
        assembled = assemble_forms(plan, balance, count.seed, count.number)
    except TooManySums:
        return ()
    return named_forms(plan, assembled) if assembled else ()


def allows_a_draw(entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: Balance) -> bool:
    """Return whether a draw table allows any question set (spec/selection 1.16)."""
    try:
        return draw_set(QuestionSets(plan_draws(entries, facilities, balance)), 0) is not None
    except TooManySums:
        return False


def known_facilities(priors: Mapping[str, Fraction], answers: Mapping[str, FirstAnswers]) -> dict[str, int]:
    """Return the known facility of questions, in percent (spec/selection 1.9)."""
    known = {key: answers.get(key, NO_ANSWERS) for key in priors}
    return {key: shrunk_facility(known[key].count, known[key].shares, prior) for key, prior in priors.items()}


def read_balance(entry: Mapping[str, Any]) -> FrozenBalance:
    """Return the draw table that an entry of a quiz version holds."""
    target, priors = entry["target"], entry.get("priors")
    return FrozenBalance(
        Balance(Fraction(entry["within"]), None if target is None else Fraction(target)),
        entry["facilities"],
        tuple(_read_form(form) for form in entry.get("forms", ())),
        None if priors is None else {key: Fraction(prior) for key, prior in priors.items()},
    )


def _read_form(form: Mapping[str, Any]) -> ParallelForm:
    return ParallelForm(form["name"], tuple(tuple(keys) for keys in form["cells"]), Fraction(form["expected"]))
