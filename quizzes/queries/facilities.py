"""The draw table of a balanced quiz: the facilities of its questions, by the answers of first attempts (spec/selection 1.9 and 1.10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import Activity
from quizzes.models import Attempt, AttemptItem, MarkEvent, QuizVersion
from quizzes.rules.attempts import AttemptState
from quizzes.rules.balanced_draw import (
    Balance,
    FrozenBalance,
    ParallelForm,
    QuestionSets,
    TooManySums,
    draw_set,
    known_facility,
    plan_draws,
)
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.layout import SlotEntry
from quizzes.rules.parallel_forms import assemble_forms, named_forms

DIGITS = 10**7
KIND = "balance"
"""The entry of a quiz version that holds its draw table, after those of its slots."""


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """The number of first attempts that answered a question version, and the sum of the shares of its mark that they got."""

    count: int
    shares: Fraction


NO_ANSWERS = FirstAnswers(0, Fraction(0))


def count_first_answers(session: Session, version_ids: Sequence[int]) -> dict[int, FirstAnswers]:
    """Return the answers to question versions in first attempts at quizzes that count: finished, marked, no previews."""
    if not version_ids:
        return {}
    wanted = select(AttemptItem.id).where(AttemptItem.question_version_id.in_(set(version_ids)))
    last = select(func.max(MarkEvent.id)).where(MarkEvent.item_id.in_(wanted)).group_by(MarkEvent.item_id)
    statement = (
        select(AttemptItem.question_version_id, func.count(), func.sum(MarkEvent.fraction))
        .join(MarkEvent, MarkEvent.item_id == AttemptItem.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(QuizVersion, QuizVersion.id == Attempt.quiz_version_id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .where(MarkEvent.id.in_(last), MarkEvent.fraction.between(0, 1), AttemptItem.maximum > 0, Activity.weight > 0)
        .where(Attempt.state == AttemptState.FINISHED.value, Attempt.number == 1, ~Attempt.preview)
        .group_by(AttemptItem.question_version_id)
    )
    rows = session.execute(statement).all()
    return {version: FirstAnswers(count, Fraction(round((shares or 0) * DIGITS), DIGITS)) for version, count, shares in rows}


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
    foreseen = {key: _facility(question, NO_ANSWERS) for key, question in questions.items()}
    known = {key: _facility(question, answers.get(key, NO_ANSWERS)) for key, question in questions.items()}
    forms = _forms(entries, known, balance, count)
    if known != foreseen and not (forms if count.number else _allows_a_draw(entries, known, balance)):
        known, forms = foreseen, _forms(entries, foreseen, balance, count)
    target = None if balance.target is None else str(balance.target)
    table: dict[str, object] = {"kind": KIND, "table": 1, "within": str(balance.within), "target": target, "facilities": known}
    if forms:
        table["seed"] = f"{count.seed:016x}"
        table["forms"] = [{"name": one.name, "expected": str(one.expected), "cells": one.cells} for one in forms]
    return [table]


def _forms(entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: Balance, count: FormCount) -> tuple[ParallelForm, ...]:
    if not count.number:
        return ()
    plan = plan_draws(entries, facilities, balance)
    try:
        found = assemble_forms(plan, balance, count.seed, count.number)
    except TooManySums:
        return ()
    return named_forms(plan, found) if found else ()


def _allows_a_draw(entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: Balance) -> bool:
    try:
        return draw_set(QuestionSets(plan_draws(entries, facilities, balance)), 0) is not None
    except TooManySums:
        return False


def _facility(question: QuestionDefinition, answers: FirstAnswers) -> int:
    return known_facility(answers.count, answers.shares, question.difficulty or "", question.selection.expected)


def read_balance(entry: Mapping[str, object]) -> FrozenBalance:
    """Return the draw table that an entry of a quiz version holds."""
    target, facilities, forms = entry["target"], entry["facilities"], entry.get("forms", [])
    assert isinstance(facilities, dict)
    assert isinstance(forms, list)
    balance = Balance(Fraction(str(entry["within"])), None if target is None else Fraction(str(target)))
    return FrozenBalance(balance, facilities, tuple(_read_form(form) for form in forms))


def _read_form(form: Mapping[str, Any]) -> ParallelForm:
    return ParallelForm(form["name"], tuple(tuple(keys) for keys in form["cells"]), Fraction(form["expected"]))
