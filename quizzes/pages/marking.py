"""The pages of manual marking: the marking queue, and one answer with its rubric, its marks so far and the way to the next."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from accounts.people import get_person
from kernel.i18n import _, language
from quizzes.pages.attempt import AttemptView
from quizzes.pages.question import html, points, rubric_view, short_title
from quizzes.pages.question_review import QuestionReview
from quizzes.queries import attempts
from quizzes.queries import marks as queries
from quizzes.queries.marks import MarkedItem, MarkingQueue, MarkingQueueRow, MarkRecord, QuestionCount
from quizzes.rules.definitions import EssayBody, QuestionDefinition
from quizzes.rules.manual_marking import lowest_fraction, rubric_mark
from quizzes.rules.numbers import convention_for, write_number
from quizzes.rules.responses import ANSWER
from quizzes.rules.results import MarkState
from quizzes.rules.settings import ReviewFlag

HIDDEN_NAMES = "hidden"
MARK_DECIMALS = 7


def pseudonym(attempt: UUID) -> str:
    """Name the learner of an attempt where names are hidden: the same on every page, and nobody's."""
    return _("Answer %(code)s", code=attempt.hex[:6].upper())


def arguments(queue: MarkingQueue) -> dict[str, Any]:
    """Return a queue as the fields of an address; what is usual is left out."""
    chosen = {
        "question": queue.question,
        "show": "" if queue.show is queries.MarkingFilter.WAITING else queue.show.value,
        "names": HIDDEN_NAMES if queue.anonymous else "",
    }
    return {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One answer in the list."""

    attempt: UUID
    place: int
    name: str
    number: int
    submitted_at: datetime
    question: str
    waits: bool
    mark: Decimal | None
    maximum: Decimal


def queue_rows(session: Session, lines: Sequence[MarkingQueueRow]) -> list[QueueRow]:
    """Return the answers of a page of the list, with what was asked."""
    questions = attempts.get_questions(session, [line.question_version_id for line in lines])
    return [
        QueueRow(
            attempt=line.attempt,
            place=line.place,
            name=line.name or pseudonym(line.attempt),
            number=line.number,
            submitted_at=line.submitted_at,
            question=short_title(questions[line.question_version_id]),
            waits=line.state is MarkState.NEEDS_GRADING,
            mark=None if line.fraction is None else points(line.fraction * line.maximum),
            maximum=points(line.maximum),
        )
        for line in lines
    ]


def question_rows(session: Session, counts: Sequence[QuestionCount]) -> list[dict[str, object]]:
    """Return the questions that a person marks, with how much waits."""
    questions = attempts.get_questions(session, [count.version_id for count in counts])
    return [
        {"key": count.key, "title": short_title(questions[count.version_id]), "waiting": count.waiting, "marked": count.marked}
        for count in counts
    ]


def paragraphs_of_lines(text: str) -> list[list[str]]:
    """Part what a learner wrote into paragraphs of lines, so that a page shows it as it was typed."""
    return [paragraph.split("\n") for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if paragraph.strip()]


@dataclass(frozen=True, slots=True)
class MarkHistoryRow:
    """One marking of the answer so far; `waits` where it said that a person has to mark."""

    at: datetime
    by: str
    origin: str
    waits: bool
    mark: Decimal | None
    comment: str
    reason: str


def _history(marks: Sequence[MarkRecord], item: MarkedItem) -> list[MarkHistoryRow]:
    return [
        MarkHistoryRow(
            at=mark.marked_at,
            by=mark.by,
            origin=mark.origin,
            waits=mark.state is MarkState.NEEDS_GRADING,
            mark=None if mark.fraction is None else points(mark.fraction * item.item.maximum),
            comment=mark.comment,
            reason=mark.reason,
        )
        for mark in reversed(marks)
    ]


def typed_points(question: QuestionDefinition, mark: MarkRecord, item: MarkedItem) -> str:
    """Return what the field of the mark begins with: the mark that a person gave, unless the rubric's levels make it already."""
    if mark.origin != "manual" or mark.fraction is None:
        return ""
    given = mark.fraction * item.item.maximum
    if rubric_mark(question, mark.levels, item.item.maximum) == given:
        return ""
    return write_number(given, convention_for(language()), MARK_DECIMALS, keep_zeros=False)


def item_page(
    session: Session,
    opened: AttemptView,
    item: MarkedItem,
    shown: QuestionReview,
    marks: Sequence[MarkRecord],
    levels: Mapping[str, int],
    flags: frozenset[ReviewFlag],
    *,
    anonymous: bool,
) -> dict[str, object]:
    """Return what the page of one answer shows besides its form and its neighbours."""
    question = opened.questions[item.item.question_version_id]
    parts = opened.responses.get(item.item.id, {})
    text = next(iter(parts.get(ANSWER, ())), "") if item.is_by_hand and isinstance(question.body, EssayBody) else ""
    return {
        **opened.activity_header,
        "attempt": {"uuid": item.uuid, "number": item.row.number, "submitted_at": item.row.submitted_at},
        "name": pseudonym(item.uuid) if anonymous else get_person(session, item.person_id).full_name,
        "question": {"number": item.item.number, "text": shown.text, "language": shown.language, "kind": shown.kind},
        "paragraphs": paragraphs_of_lines(text),
        "words": len(text.split()),
        "files": shown.files,
        "rows": [] if item.is_by_hand else shown.rows,
        "model": html(question.body.model)
        if ReviewFlag.RIGHT_ANSWER in flags and isinstance(question.body, EssayBody) and question.body.model
        else "",
        "limits": _limits(question),
        "rubric": rubric_view(question, item.item.maximum, levels),
        "bounds": bounds(question, item),
        "history": _history(marks, item),
        "void_effect": item.item.void_effect,
        "overrules": not item.is_by_hand,
    }


def _limits(question: QuestionDefinition) -> str:
    """Say how long an essay was asked to be; advice, so it decides nothing."""
    if not isinstance(question.body, EssayBody):
        return ""
    least, most = question.body.words.minimum, question.body.words.maximum
    if least is not None and most is not None:
        return _("Between %(least)s and %(most)s words were required.", least=least, most=most)
    if most is not None:
        return _("At most %(most)s words were allowed.", most=most)
    return "" if least is None else _("At least %(least)s words were required.", least=least)


def bounds(question: QuestionDefinition, item: MarkedItem) -> tuple[Decimal, Decimal]:
    """Return the least and the most points that an answer can have (spec/quiz-engine 5.11.1)."""
    return points(lowest_fraction(question) * item.item.maximum), points(item.item.maximum)
