"""Marks of void questions in an attempt: the same for everyone, or left out unless that lowers their learner (spec/selection 5.7)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from kernel.bulk_rows import insert_rows
from quizzes.models import MarkEvent, Regrade
from quizzes.queries.attempts import LoadedItem
from quizzes.queries.voided import VoidedItem
from quizzes.rules.behaviours import AnsweringState
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.marking import has_rule
from quizzes.rules.regrade import PresentMark, RegradeKind, void_marking, void_unless_lower
from quizzes.rules.results import Marking
from quizzes.services.marks import mark_row


def settle_voids(
    session: Session, marks: Mapping[int, PresentMark], voided: Mapping[int, VoidedItem], *, now: datetime
) -> Mapping[int, Marking]:
    """Return the marking of each such question of an attempt, and append those that differ from the present ones."""
    decided = void_unless_lower(marks) if voided else {}
    changed = [
        mark_row(item_id, marking, now, regrade_id=voided[item_id].voided_by)
        for item_id, marking in decided.items()
        if (marking.fraction, marking.state) != (marks[item_id].fraction, marks[item_id].state)
    ]
    insert_rows(session, MarkEvent, changed)
    return decided


def counted_mark(
    session: Session, item: LoadedItem, question: QuestionDefinition, earned: AnsweringState | Marking, manual: Marking | None
) -> PresentMark:
    """Return what counts of an item when its attempt is submitted: what its answer earned, or what voiding makes of that."""
    counted = void_mark_of(session, item, manual) or earned
    unless_lower = item.void_effect == RegradeKind.UNLESS_LOWER and has_rule(question) and not _is_spared(session, item, manual)
    own = Marking(earned.state, earned.fraction) if unless_lower else None
    return PresentMark(counted.fraction, counted.state, item.maximum, item.section, own)


def void_mark_of(session: Session, item: LoadedItem, manual: Marking | None) -> Marking | None:
    """Return what voiding makes of an item for everyone; manual marks stay unless they were to be taken too."""
    return None if _is_spared(session, item, manual) else void_marking(item.void_effect)


def _is_spared(session: Session, item: LoadedItem, manual: Marking | None) -> bool:
    """Return whether voiding leaves an item alone: a person marked it, and that was not to be taken (spec/quiz-engine 5.11.4)."""
    return manual is not None and item.voided_by is not None and not session.get_one(Regrade, item.voided_by).with_manual
