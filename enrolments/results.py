"""Reads a learner's results, and writes result overrides and learner notes of the course team."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import cast
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from courses import versions
from courses.kinds import COURSE_KINDS
from courses.rules import OutlineActivity
from enrolments import learners
from enrolments.access import LearnerNoteContext, ParticipantContext, ResultContext
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.editions import get_place
from enrolments.models import (
    ActivityResult,
    Announcement,
    CompletionReview,
    Enrolment,
    LearnerNote,
    ManualGrade,
    ManualGradeItem,
    MessageRecipient,
    ResultOverride,
    WaitingPlace,
)
from enrolments.muting import source_of
from enrolments.notices import GRADED_NOTICE
from enrolments.progress import LockedEnrolment, complete, exact_decimal, lock_enrolment, update_progress
from enrolments.rules import Progress, completes_by_override, has_passed
from kernel import audit
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor

MOST_SHOWN = 200


def get_result_context(session: Session, actor: Actor, slug: str, person: UUID, key: str) -> ResultContext:
    """Return the page context of a learner's result of an activity of the version that the learner follows; raise NotFound."""
    participant = get_place(session, actor, slug, person)
    outline = versions.get_outline(session, participant.enrolment.course_version_id)
    activity = outline.by_key.get(key)
    if activity is None or not activity.gives_marks:
        raise NotFound
    return ResultContext(participant.context, participant.enrolment, outline, activity)


def find_override(session: Session, override: UUID) -> int | None:
    """Return the number of an override by what names it."""
    return session.scalar(select(ResultOverride.id).where(ResultOverride.uuid == override))


_RESULT = compile_once(
    select(*columns_of(ActivityResult)).where(
        ActivityResult.enrolment_id == bindparam("enrolment_id"), ActivityResult.activity_key == bindparam("activity_key")
    )
)


def find_result(session: Session, enrolment_id: int, activity_key: str) -> ActivityResult | None:
    """Return a learner's result of an activity, with what they earned where the team's word counts."""
    rows = connection_of(session).execute(_RESULT, {"enrolment_id": enrolment_id, "activity_key": activity_key})
    return next((result for (result,) in entity_rows(session, rows, ActivityResult)), None)


def list_overrides(session: Session, enrolment_id: int) -> Sequence[Row[ResultOverride, Person]]:
    """List what the team has set of a learner's results with its authors, the newest first."""
    statement = (
        select(ResultOverride, Person)
        .join(Person, Person.id == ResultOverride.author_id)
        .where(ResultOverride.enrolment_id == enrolment_id)
        .order_by(ResultOverride.id.desc())
        .limit(MOST_SHOWN)
    )
    return session.execute(statement).all()


@dataclass(frozen=True, slots=True)
class GradeItemMark:
    """An item marked by hand with a learner's mark for it, where there is one."""

    key: str
    title: str
    maximum: Fraction
    weight: Fraction
    category: str
    due_at: datetime | None
    points: Fraction | None
    comment: str
    marked_at: datetime | None


def list_item_marks(session: Session, course_id: int, enrolment_id: int) -> list[GradeItemMark]:
    """List the items of a course that count, with a learner's present marks."""
    last = select(func.max(ManualGrade.id)).where(ManualGrade.enrolment_id == enrolment_id).group_by(ManualGrade.item_id)
    statement = (
        select(ManualGradeItem, ManualGrade)
        .outerjoin(ManualGrade, (ManualGrade.item_id == ManualGradeItem.id) & ManualGrade.id.in_(last))
        .where(ManualGradeItem.course_id == course_id, ManualGradeItem.retired_at.is_(None))
        .order_by(ManualGradeItem.id)
        .limit(MOST_SHOWN)
    )
    return [
        GradeItemMark(
            item.key,
            item.title,
            Fraction(item.maximum),
            weight=Fraction(item.weight),
            category=item.category,
            due_at=item.due_at,
            points=None if mark is None or mark.points is None else Fraction(mark.points),
            comment="" if mark is None else mark.comment,
            marked_at=None if mark is None or mark.points is None else mark.marked_at,
        )
        for item, mark in session.execute(statement)
    ]


def list_notes(session: Session, enrolment_id: int) -> Sequence[Row[LearnerNote, Person]]:
    """List the notes on a learner with their authors, the newest first."""
    statement = (
        select(LearnerNote, Person)
        .join(Person, Person.id == LearnerNote.author_id)
        .where(LearnerNote.enrolment_id == enrolment_id)
        .order_by(LearnerNote.id.desc())
        .limit(MOST_SHOWN)
    )
    return session.execute(statement).all()


def get_note_context(session: Session, actor: Actor, slug: str, person: UUID, note: UUID) -> LearnerNoteContext:
    """Return the page context of a note on a learner; raise NotFound."""
    participant = get_place(session, actor, slug, person)
    row = require_found(
        session.scalar(select(LearnerNote).where(LearnerNote.uuid == note, LearnerNote.enrolment_id == participant.enrolment.id))
    )
    return LearnerNoteContext(participant.context, participant.enrolment, row)


@dataclass(frozen=True, slots=True)
class ResultOverrideValues:
    """The result set by the team: percent that counts, or none for what was earned; why; and the number of the page that asked."""

    uuid: UUID
    score: Fraction | None
    reason: str


class NoOverrideInForce(Conflict):
    """There is no word of the team to take back."""

    code = "nothing_overridden"
    message = N_("The learner's own result already counts.")


class ResultUsedElsewhere(Conflict):
    """The result counts outside the course: the actas that rest on it would say another one (spec/selection 4.10)."""

    message = N_(
        "The results of this quiz are used outside the course, so a course team cannot set one by hand. Mark an answer again, ask the "
        "jury to decide on an incident, or let the learner raise an objection."
    )


def is_set_by_hand(session: Session, activity: OutlineActivity) -> bool:
    """Return whether a course team may set a result of an activity by hand."""
    return not COURSE_KINDS.of(session).publisher(activity.kind).counts_elsewhere(session, activity)


def override_result(session: Session, actor: Actor, subject: ResultContext, values: ResultOverrideValues, *, now: datetime) -> Progress:
    """Let the team's result count for an activity, or again the one that was earned; a second time with one number changes nothing.

    Raises ResultUsedElsewhere for a result that counts outside the course; one that was set before may be taken back.
    What was earned stays beside it, and goes on being recorded. Completion and grade follow by the rules that hold for what is earned:
    a completed activity stays completed. Taking the team's word back takes back what it alone had completed.
    """
    locked = lock_enrolment(session, subject.enrolment.id)
    row = locked.result(subject.activity.key)
    if find_override(session, values.uuid) is not None:
        return update_progress(session, actor, locked, now=now)
    if values.score is None and row.overridden_at is None:
        raise NoOverrideInForce
    if values.score is not None and not is_set_by_hand(session, subject.activity):
        raise ResultUsedElsewhere
    before, facts = row.score, {"activity": row.activity_key, "reason": values.reason, "before": str(row.score), "own": str(row.own_score)}
    if values.score is None:
        since = cast("datetime", row.overridden_at)
        _take_word_back(session, actor, locked, row, now=now)
        audit.record(
            session,
            actor,
            EnrolmentVerb.OVERRIDE_UNDONE,
            locked.enrolment,
            now=now,
            **facts,
            person=locked.enrolment.person_id,
            after=str(row.score),
        )
        progress = update_progress(session, actor, locked, now=now)
        _reopen_course(session, actor, locked, progress, since, values.reason, now=now)
    else:
        _set_result(session, actor, locked, row, subject, values.score, now=now)
        audit.record(
            session,
            actor,
            EnrolmentVerb.OVERRIDDEN,
            locked.enrolment,
            now=now,
            **facts,
            person=locked.enrolment.person_id,
            after=str(row.score),
        )
        progress = update_progress(session, actor, locked, now=now)
    session.add(
        ResultOverride(
            uuid=values.uuid,
            enrolment_id=locked.enrolment.id,
            activity_key=row.activity_key,
            score=None if values.score is None else row.score,
            before=before,
            reason=values.reason,
            author_id=actor.person_id,
            made_at=now,
        )
    )
    notices.notify(session, _message(subject, values), [locked.enrolment.person_id], now=now)
    return progress


def _set_result(
    session: Session,
    actor: Actor,
    locked: LockedEnrolment,
    row: ActivityResult,
    subject: ResultContext,
    score: Fraction,
    *,
    now: datetime,
) -> None:
    if row.id is None:
        session.add(row)
    if row.overridden_at is None:
        row.overridden_at = now
        row.own_score, row.own_passed, row.own_completed = row.score, row.passed, row.completed_at is not None
    pass_mark = COURSE_KINDS.of(session).publisher(subject.activity.kind).pass_mark(session, subject.activity)
    row.score, row.passed = exact_decimal(score), has_passed(score, pass_mark)
    if completes_by_override(subject.activity.completion_rule, row.passed, exhausted=bool(row.exhausted)):
        complete(session, actor, locked, row, now=now)


def _take_word_back(session: Session, actor: Actor, locked: LockedEnrolment, row: ActivityResult, *, now: datetime) -> None:
    row.score, row.passed, completed = row.own_score, row.own_passed, row.own_completed
    row.overridden_at = row.own_score = row.own_passed = row.own_completed = None
    if completed:
        complete(session, actor, locked, row, now=now)
    elif row.completed_at is not None:
        facts = {"activity": row.activity_key, "was": row.completed_at.isoformat()}
        audit.record(session, actor, EnrolmentVerb.ACTIVITY_TAKEN_BACK, locked.enrolment, now=now, **facts)
        row.completed_at = row.completed_version_id = row.achieved_at = None


def _reopen_course(
    session: Session, actor: Actor, locked: LockedEnrolment, progress: Progress, since: datetime, reason: str, *, now: datetime
) -> None:
    """Take back the completion of a course that was reached while the team's word counted, and is not without it. Certificates stay."""
    completion = learners.find_completion(session, locked.enrolment.id)
    if completion is None or progress.completed or completion.completed_at < since:
        return
    facts = {"reason": reason, "was": completion.completed_at.isoformat(), "grade": str(completion.grade)}
    audit.record(session, actor, EnrolmentVerb.TAKEN_BACK, locked.enrolment, now=now, **facts)
    session.delete(completion)


def _message(subject: ResultContext, values: ResultOverrideValues) -> Message:
    """Return the message that the learner's result changed; the mark itself stays behind the sign-in."""
    title, course = subject.activity.title, subject.outline.title
    head: Callable[[], str] = (
        (lambda: _("Your own result in “%(title)s” counts again", title=choose(title)))
        if values.score is None
        else (lambda: _("The course team has set your result in “%(title)s”", title=choose(title)))
    )
    return Message(
        GRADED_NOTICE,
        key=f"override:{values.uuid}",
        subject=in_every_language(head),
        words=in_every_language(lambda: _("In the course “%(course)s”. Reason: %(reason)s", course=choose(course), reason=values.reason)),
        path=f"/courses/{subject.context.slug}/results",
        source=source_of(subject.context.course_id),
    )


UNSAID = "…"
"""Stands where the words of a search named somebody who is forgotten."""


def write_note(session: Session, actor: Actor, subject: ParticipantContext, text: str, number: UUID, *, now: datetime) -> None:
    """Keep a note on a learner; a second time with one number changes nothing. Its words do not go into the audit log."""
    if session.scalar(select(LearnerNote.id).where(LearnerNote.uuid == number)) is not None:
        return
    note = LearnerNote(uuid=number, enrolment_id=subject.enrolment.id, author_id=actor.person_id, words=text, written_at=now)
    session.add(note)
    session.flush()  # the audit entry names it
    audit.record(session, actor, EnrolmentVerb.NOTE_WRITTEN, note, now=now, enrolment=subject.enrolment.id)


def delete_note(session: Session, actor: Actor, subject: LearnerNoteContext, *, now: datetime) -> None:
    """Delete a note: its author does, or who edits the course."""
    note = session.get_one(LearnerNote, subject.note.id)
    audit.record(session, actor, EnrolmentVerb.NOTE_DELETED, note, now=now, enrolment=note.enrolment_id, author=note.author_id)
    session.delete(note)


def erase_notes(session: Session, person: Person, *, now: datetime) -> None:
    """Keep nothing of what a team noted of a person, of what they wait for, and of the words by which a message found them.

    Marks and results stay; why the team set them, and what it wrote beside them, goes. Who waits no more gets no place that becomes free as
    their enrolments end.
    """
    parts = select(Enrolment.id).where(Enrolment.person_id == person.id)
    messages = select(MessageRecipient.announcement_id).where(MessageRecipient.person_id == person.id)
    session.execute(delete(LearnerNote).where(LearnerNote.enrolment_id.in_(parts)))
    session.execute(delete(WaitingPlace).where(WaitingPlace.person_id == person.id))
    session.execute(update(ResultOverride).where(ResultOverride.enrolment_id.in_(parts)).values(reason=""))
    session.execute(update(ManualGrade).where(ManualGrade.enrolment_id.in_(parts)).values(comment=""))
    session.execute(update(CompletionReview).where(CompletionReview.enrolment_id.in_(parts)).values(reason=""))
    statement = update(Announcement).where(Announcement.id.in_(messages), Announcement.name_words.is_not(None))
    session.execute(statement.values(name_words=UNSAID))
