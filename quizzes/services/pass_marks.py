"""Judging a pass mark: a record is opened, judges fill sheets in two rounds, and it is signed (spec/selection 3.10 and 3.11)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from kernel import audit
from kernel.errors import N_, Conflict, DomainError
from kernel.permissions import Actor
from quizzes.queries.pass_marks import JudgedItem, JudgingRound, complete_sheets
from quizzes.rules.pass_marks import LEAST_JUDGES, cut_of
from quizzes.selection_models import JudgeSheet, PassMarkRecord
from quizzes.services.marks import as_decimal

LONGEST_REASON = 2_000


class PassMarkVerb(StrEnum):
    """The audit verbs of judging a pass mark."""

    OPENED = "pass_mark.opened"
    JUDGE_ADDED = "pass_mark.judge_added"
    JUDGED = "pass_mark.judged"
    SECOND_ROUND = "pass_mark.second_round"
    SIGNED = "pass_mark.signed"
    DISCARDED = "pass_mark.discarded"


class RecordOpen(Conflict):
    """A record of the same questions is not finished yet."""

    code = "record_open"
    message = N_("There is a record of these questions that is not signed yet. Finish or discard it first.")


class RecordClosed(Conflict):
    """A record that is signed or discarded, or whose round ended meanwhile."""

    code = "record_closed"
    message = N_("This round has ended, so nothing in it can be changed. Look at the record again.")


class TooFewJudges(DomainError):
    """Fewer complete sheets than a record needs."""

    code = "too_few_judges"
    status = 422
    message = N_("At least three judges have to have judged every question in this round.")


class ReasonNeeded(DomainError):
    """A pass mark far from the cut of the judges, without a reason."""

    code = "reason_needed"
    status = 422
    message = N_("This pass mark is more than two standard errors from what the judges say. Write why it is right all the same.")


class JudgeKnown(Conflict):
    """A judge who has a sheet already."""

    code = "judge_known"
    message = N_("There is a sheet of this judge already.")


@dataclass(frozen=True, slots=True)
class NewRecord:
    """The plan of a new record: the questions, of which form ('' of the quiz), and whether judges see known facilities."""

    items: Sequence[JudgedItem]
    form: str
    shows_facilities: bool


def open_record(session: Session, actor: Actor, course: Course, key: str, new: NewRecord, *, now: datetime) -> PassMarkRecord:
    """Open a record on a quiz; raise RecordOpen where one of the same questions is open. The course is locked."""
    assert actor.person_id is not None
    present = select(PassMarkRecord.id).where(
        PassMarkRecord.course_id == course.id,
        PassMarkRecord.activity_key == key,
        PassMarkRecord.form == new.form,
        PassMarkRecord.state.in_([JudgingRound.FIRST.value, JudgingRound.SECOND.value]),
    )
    if session.scalar(present) is not None:
        raise RecordOpen
    record = PassMarkRecord(
        course_id=course.id,
        activity_key=key,
        form=new.form,
        state=JudgingRound.FIRST.value,
        items=json.dumps([item.to_fields() for item in new.items], ensure_ascii=False),
        shows_facilities=new.shows_facilities,
        opened_at=now,
        opened_by=actor.person_id,
    )
    session.add(record)
    session.flush()
    audit.record(session, actor, PassMarkVerb.OPENED, course, now=now, activity=key, questions=len(new.items))
    return record


def add_judge(session: Session, actor: Actor, record: PassMarkRecord, name: str, *, own: bool, now: datetime) -> JudgeSheet:
    """Add a judge's sheet to a locked record: the actor's own, or one whose paper the actor types; raise JudgeKnown or RecordClosed."""
    assert actor.person_id is not None
    if record.state != JudgingRound.FIRST.value:
        raise RecordClosed
    sheet = JudgeSheet(record_id=record.id, own=own, name=name, entered_by=actor.person_id, saved_at=now)
    known = session.execute(select(JudgeSheet.name, JudgeSheet.own, JudgeSheet.entered_by).where(JudgeSheet.record_id == record.id)).all()
    if any(sheet.name.casefold() == name.casefold() or (own and sheet.own and sheet.entered_by == actor.person_id) for sheet in known):
        raise JudgeKnown
    session.add(sheet)
    session.flush()
    audit.record(session, actor, PassMarkVerb.JUDGE_ADDED, _course(session, record), now=now, activity=record.activity_key)
    return sheet


def save_sheet(
    session: Session, actor: Actor, record: PassMarkRecord, sheet: JudgeSheet, ratings: Sequence[int | None], seen: str, *, now: datetime
) -> None:
    """Keep what a judge says in the present round of a locked record; raise RecordClosed where it is not the round that was shown."""
    if record.state != seen or record.state not in (JudgingRound.FIRST.value, JudgingRound.SECOND.value):
        raise RecordClosed
    written = json.dumps(list(ratings))
    if record.state == JudgingRound.FIRST.value:
        sheet.first = written
    else:
        sheet.second = written
    sheet.saved_at = now
    audit.record(session, actor, PassMarkVerb.JUDGED, _course(session, record), now=now, activity=record.activity_key)


def begin_second_round(session: Session, actor: Actor, record: PassMarkRecord, *, now: datetime) -> None:
    """End the first round of a locked record; raise TooFewJudges or RecordClosed. Judges go on from what they said."""
    if record.state != JudgingRound.FIRST.value:
        raise RecordClosed
    if len(complete_sheets(session, record, JudgingRound.FIRST)) < LEAST_JUDGES:
        raise TooFewJudges
    record.state, record.second_at = JudgingRound.SECOND.value, now
    audit.record(session, actor, PassMarkVerb.SECOND_ROUND, _course(session, record), now=now, activity=record.activity_key)


def sign_record(session: Session, actor: Actor, record: PassMarkRecord, pass_mark: Fraction, reason: str, *, now: datetime) -> None:
    """Choose the pass mark of a locked record and freeze it; raise RecordClosed, TooFewJudges or ReasonNeeded."""
    if record.state != JudgingRound.SECOND.value:
        raise RecordClosed
    sheets = complete_sheets(session, record, JudgingRound.SECOND)
    if len(sheets) < LEAST_JUDGES:
        raise TooFewJudges
    cut = cut_of([sheet.second for sheet in sheets])
    if cut.needs_reason(pass_mark) and not reason:
        raise ReasonNeeded
    record.result = json.dumps(
        {
            "judges": [{"name": sheet.name, "first": sheet.first, "second": sheet.second} for sheet in sheets],
            "cut": str(cut.cut),
            "error_variance": str(cut.error_variance),
            "without": [str(cut_without) for cut_without in cut.without],
        },
        ensure_ascii=False,
    )
    record.state, record.signed_at, record.signed_by = JudgingRound.SIGNED.value, now, actor.person_id
    record.pass_mark, record.reason = as_decimal(pass_mark), reason
    facts = {"activity": record.activity_key, "pass_mark": str(pass_mark)}
    audit.record(session, actor, PassMarkVerb.SIGNED, _course(session, record), now=now, **facts)


def discard_record(session: Session, actor: Actor, record: PassMarkRecord, *, now: datetime) -> None:
    """Give up a locked record that is not signed; raise RecordClosed otherwise."""
    if record.state not in (JudgingRound.FIRST.value, JudgingRound.SECOND.value):
        raise RecordClosed
    record.state = JudgingRound.DISCARDED.value
    audit.record(session, actor, PassMarkVerb.DISCARDED, _course(session, record), now=now, activity=record.activity_key)


def _course(session: Session, record: PassMarkRecord) -> Course:
    return session.get_one(Course, record.course_id)
