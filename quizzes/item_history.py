"""Count the history of questions: attempts that end are added, corrected ones are counted anew (spec/selection 2)."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from enrolments.models import EditionPlace
from kernel.bulk_rows import add_to_rows
from kernel.i18n import DEFAULT_ZONE
from questions.rules.encoding import decode
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import MarkState
from questions.rules.variants import variant_name
from quizzes.attempts import LoadedAttempt
from quizzes.models import Attempt, AttemptItem, HistoryState, ItemHistory, MarkEvent, VoidedQuestion
from quizzes.rules.grades import stored
from quizzes.rules.item_history import HistoryItem, HistorySums, sums_of
from quizzes.rules.layout import SlotEntry
from quizzes.rules.regrade import PresentMark
from quizzes.rules.states import AttemptState, read_record
from quizzes.snapshots import QuizSnapshot, get_snapshot

KEY = ("question_version_id", "variant", "quiz_version_id", "edition_id", "language", "month")
COUNTED_KEY = ("question_version_id", "variant", "edition_id", "language", "month")
NOTHING_MARKED = (MarkState.NOT_MARKED, MarkState.NEEDS_GRADING)
OUT_OF_TOTAL = ("removed", "void_unless_lower")
BATCH = 1_000
HistoryKey = tuple[int, str, int, str, str]
"""What `COUNTED_KEY` names, within a quiz version."""


def month_of(moment: datetime) -> str:
    """Return the month of a moment as the history keeps it."""
    return f"{moment.astimezone(DEFAULT_ZONE):%Y-%m}"


_EDITION = select(EditionPlace.edition_id).where(EditionPlace.enrolment_id == bindparam("enrolment_id")).scalar_subquery()
_STATE = (
    select(HistoryState.quiz_version_id, func.coalesce(_EDITION, 0).label("edition_id"))
    .where(HistoryState.quiz_version_id == bindparam("quiz_version_id"), HistoryState.filled)
    .with_for_update(read=True, of=HistoryState)
)


def add_finished(session: Session, loaded: LoadedAttempt, marks: Mapping[int, PresentMark]) -> None:
    """Add an attempt that has just ended, in its transaction: one row for each of its questions, written with one statement.

    Where the quiz version waits to be counted anew nothing is added: that count finds the attempt too.
    """
    row = loaded.row
    if row.preview or row.enrolment_id is None or row.finished_at is None:
        return
    by_variant, times = versions_by_variant(loaded.snapshot), read_record(row.integrity_record).times()
    items = [
        _item(
            item.question_version_id,
            marks[item.id],
            item.void_effect,
            variant=variant_name(item.layout.variables) if item.question_version_id in by_variant else "",
            seconds=times.get(item.position),
        )
        for item in loaded.items
        if item.number is not None
    ]
    sums = sums_of(items, first=row.number == 1, counts=loaded.snapshot.settings.is_graded)
    dimensions = {"language": row.language, "month": month_of(row.finished_at)}
    rows: list[dict[str, int | str]] = [
        {"question_version_id": version, "variant": variant, **dimensions, **history_sums.columns()}
        for version, variant, history_sums in sorted(sums, key=lambda group: group[:2])
    ]
    if rows:
        values = {"enrolment_id": row.enrolment_id, "quiz_version_id": row.quiz_version_id}
        add_to_rows(session, ItemHistory, rows, KEY, beside=_STATE, values=values)


def _item(version: int, mark: PresentMark, void_effect: str, *, variant: str, seconds: int | None = None) -> HistoryItem:
    return HistoryItem(
        version,
        None if mark.fraction is None or mark.state in NOTHING_MARKED else stored(mark.fraction),
        Fraction(0) if mark.state is MarkState.NOT_MARKED else mark.maximum,
        blank=mark.state is MarkState.NOT_ANSWERED,
        voided=bool(void_effect),
        removed=void_effect in OUT_OF_TOTAL,
        variant=variant,
        seconds=seconds,
    )


def versions_by_variant(snapshot: QuizSnapshot) -> frozenset[int]:
    """Return the question versions of a quiz of which each set of values has a facility of its own (spec/selection 1.23)."""
    entries = (entry for entry in snapshot.entries if isinstance(entry, SlotEntry))
    return frozenset(candidate.version for entry in entries for candidate in entry.pool if candidate.variants)


def note_corrected(session: Session, quiz_version_ids: Sequence[int]) -> None:
    """Let quiz versions be counted anew, because marks of ended attempts changed. It is the last thing of its transaction: it locks."""
    states = select(HistoryState).where(HistoryState.quiz_version_id.in_(sorted(set(quiz_version_ids))))
    for state in session.scalars(states.order_by(HistoryState.quiz_version_id).with_for_update()):
        state.filled = False


HistoryCount = tuple[Mapping[HistoryKey, HistorySums], tuple[object, ...]]
"""The history of a quiz version as its attempts give it, and what tells these attempts and marks from others."""


def list_uncounted(session: Session, *, after: int, limit: int) -> list[int]:
    """List the quiz versions with ended attempts whose history waits to be counted, from behind one of them."""
    statement = (
        select(Attempt.quiz_version_id)
        .outerjoin(HistoryState, HistoryState.quiz_version_id == Attempt.quiz_version_id)
        .where(Attempt.quiz_version_id > after, Attempt.state == AttemptState.FINISHED.value, ~Attempt.preview)
        .where(func.coalesce(HistoryState.filled, False).is_(False))
        .distinct()
        .order_by(Attempt.quiz_version_id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def count_attempts_of(session: Session, quiz_version_id: int) -> HistoryCount:
    """Count the ended attempts of a quiz version; reads them as a stream and writes nothing."""
    fingerprint = _fingerprint(session, quiz_version_id)
    snapshot, voided = get_snapshot(session, quiz_version_id), _voided(session, quiz_version_id)
    by_variant = versions_by_variant(snapshot)
    sums: defaultdict[HistoryKey, HistorySums] = defaultdict(HistorySums)
    last = select(func.max(MarkEvent.id)).where(MarkEvent.item_id == AttemptItem.id).correlate(AttemptItem).scalar_subquery()
    statement = (
        select(
            Attempt.id,
            Attempt.number,
            Attempt.language,
            Attempt.finished_at,
            EditionPlace.edition_id,
            AttemptItem.question_version_id,
            AttemptItem.maximum,
            (AttemptItem.layout if by_variant else literal("")).label("layout"),
            MarkEvent.fraction,
            MarkEvent.state,
        )
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .outerjoin(MarkEvent, MarkEvent.id == last)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Attempt.enrolment_id)
        .where(*_ended(quiz_version_id), AttemptItem.number.is_not(None))
        .order_by(Attempt.id, AttemptItem.position)
    )
    rows = session.execute(statement, execution_options={"yield_per": BATCH})
    for _attempt, group in groupby(rows, key=lambda row: row.id):
        for key, history_sums in _sums_of_rows(list(group), voided, by_variant, counts=snapshot.settings.is_graded):
            sums[key] += history_sums
    return dict(sums), fingerprint


def _sums_of_rows(
    rows: Sequence[Row[*tuple[Any, ...]]], voided: Mapping[int, str], by_variant: frozenset[int], *, counts: bool
) -> list[tuple[HistoryKey, HistorySums]]:
    head = rows[0]
    items = [
        _item(
            row.question_version_id,
            PresentMark(
                None if row.fraction is None else Fraction(row.fraction),
                MarkState(row.state or MarkState.NOT_MARKED.value),
                Fraction(row.maximum),
            ),
            voided.get(row.question_version_id, ""),
            variant=variant_name(decode(ItemLayout, json.loads(row.layout)).variables) if row.question_version_id in by_variant else "",
        )
        for row in rows
    ]
    dimensions = (head.edition_id or 0, head.language, month_of(head.finished_at))
    return [
        ((version, variant, *dimensions), history_sums)
        for version, variant, history_sums in sums_of(items, first=head.number == 1, counts=counts)
    ]


def _ended(quiz_version_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Attempt.quiz_version_id == quiz_version_id,
        Attempt.state == AttemptState.FINISHED.value,
        ~Attempt.preview,
        Attempt.enrolment_id.is_not(None),
    )


def _voided(session: Session, quiz_version_id: int) -> dict[int, str]:
    snapshot = get_snapshot(session, quiz_version_id)
    quiz = select(Attempt.course_id).where(Attempt.quiz_version_id == quiz_version_id).limit(1).scalar_subquery()
    statement = select(VoidedQuestion.question_version_id, VoidedQuestion.effect).where(
        VoidedQuestion.course_id == quiz, VoidedQuestion.activity_key == snapshot.activity_key, VoidedQuestion.lifted_at.is_(None)
    )
    return dict(session.execute(statement).all())


def _fingerprint(session: Session, quiz_version_id: int) -> tuple[object, ...]:
    attempts = select(func.count(), func.coalesce(func.sum(Attempt.id), 0)).where(*_ended(quiz_version_id))
    marks = (
        select(func.coalesce(func.max(MarkEvent.id), 0))
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(*_ended(quiz_version_id))
    )
    return (*session.execute(attempts).one(), session.scalar(marks), tuple(sorted(_voided(session, quiz_version_id).items())))


def keep_count(session: Session, quiz_version_id: int, counted: HistoryCount) -> bool:
    """Replace the history of a quiz version by a count; return False, with nothing written, where attempts ended or changed meanwhile.

    Times stay as they are: no correction changes them, and the records that they came from are deleted in time.
    """
    state = session.get(HistoryState, quiz_version_id, with_for_update=True)
    if state is None:
        state = HistoryState(quiz_version_id=quiz_version_id, filled=False)
        session.add(state)
        session.flush()
    sums, fingerprint = counted
    if _fingerprint(session, quiz_version_id) != fingerprint:
        return False
    columns = [getattr(ItemHistory, name) for name in (*COUNTED_KEY, "timed", "log_seconds")]
    timed_rows = session.execute(select(*columns).where(ItemHistory.quiz_version_id == quiz_version_id, ItemHistory.timed > 0)).all()
    times = {tuple(row[:-2]): {"timed": row.timed, "log_seconds": row.log_seconds} for row in timed_rows}
    session.execute(delete(ItemHistory).where(ItemHistory.quiz_version_id == quiz_version_id))
    rows = [
        {"quiz_version_id": quiz_version_id} | dict(zip(COUNTED_KEY, key, strict=True)) | history_sums.columns() | times.get(key, {})
        for key, history_sums in sums.items()
    ]
    if rows:
        session.execute(insert(ItemHistory), rows)
    state.filled = True
    return True


def begin_history(session: Session, quiz_version_ids: Sequence[int]) -> None:
    """Let quiz versions that are published now keep their history from the first attempt on."""
    if quiz_version_ids:
        session.execute(
            insert(HistoryState), [{"quiz_version_id": quiz_version_id, "filled": True} for quiz_version_id in quiz_version_ids]
        )


QUIZZES_AT_ONCE = 50
"""Quizzes whose statistics are looked at in one transaction."""
