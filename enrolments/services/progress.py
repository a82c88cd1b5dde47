"""A locked enrolment with its results, and how its progress, its grade and its completion are kept up in each transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import cast

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from courses.rules import Outline
from courses.versions import get_outline
from enrolments.achievement import SubmissionMoments, achieved_by
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import ActivityResult, Completion, CompletionReview, Enrolment, ManualGradeItem, ResultOverride
from enrolments.queries import learning as queries
from enrolments.queries.validity import last_day_of
from enrolments.rules import GradeItemWeight, LearnerResult, Progress, evaluate_completion, merit
from kernel import audit
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.entity_rows import columns_of, entity_rows
from kernel.permissions import Actor


def exact_decimal(value: Fraction) -> Decimal:
    """Return a percentage as it is stored."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0000001"))


@dataclass
class LockedEnrolment:
    """A locked enrolment with its results as they stand in this transaction."""

    enrolment: Enrolment
    is_completed: bool
    rows: dict[str, ActivityResult]
    item_weights: dict[str, GradeItemWeight] = field(default_factory=dict)
    """How the items marked by hand count, by the keys of their results."""

    def results(self) -> dict[str, LearnerResult]:
        """Return the results as the rules take them."""
        by_key = {key: queries.result_of(row) for key, row in self.rows.items()}
        return {key: replace(result, item_weight=self.item_weights.get(key)) for key, result in by_key.items()}

    def result(self, key: str) -> ActivityResult:
        """Return the result of an activity, a new one where there is none."""
        return self.rows.setdefault(key, ActivityResult(enrolment_id=self.enrolment.id, activity_key=key))

    def rename(self, session: Session, renames: Mapping[str, str]) -> None:
        """Move the results to the present keys of their activities, and the place to go on with them; those that meet there are joined."""
        last = self.enrolment.last_activity_key or ""
        self.enrolment.last_activity_key = renames.get(last, last) or None
        met: dict[str, list[ActivityResult]] = {}
        for key, row in self.rows.items():
            met.setdefault(renames.get(key, key), []).append(row)
        self.rows = {key: _joined(session, rows) if len(rows) > 1 else rows[0] for key, rows in met.items()}
        for key, row in self.rows.items():
            row.activity_key = key


def _joined(session: Session, rows: Sequence[ActivityResult]) -> ActivityResult:
    """Return what stands of the results of what is one activity now: the team's last word, or the best; the others go.

    It was opened and completed when the first of them was, and the best that was earned is kept beside the team's word.
    """
    best, overridden = max(rows, key=_earned), [row for row in rows if row.overridden_at is not None]
    remaining = max(overridden, key=lambda row: _overridden_last(session, row)) if overridden else best
    remaining.viewed_at = min((row.viewed_at for row in rows if row.viewed_at is not None), default=None)
    completed = [(row.completed_at, row.completed_version_id, row.achieved_at) for row in rows if row.completed_at is not None]
    first = min(completed, key=itemgetter(0), default=(None, None, None))
    remaining.completed_at, remaining.completed_version_id, remaining.achieved_at = first
    if overridden:
        remaining.own_score, remaining.own_passed, remaining.own_completed = _own(best)
        remaining.overridden_at = min(row.overridden_at for row in overridden if row.overridden_at is not None)
    for row in rows:
        if row is not remaining:
            session.delete(row)
    session.flush()  # their keys are free
    return remaining


def _own(row: ActivityResult) -> tuple[Decimal | None, bool | None, bool | None]:
    """Return score, pass and completion as they were earned."""
    if row.overridden_at is not None:
        return row.own_score, row.own_passed, row.own_completed
    return row.score, row.passed, row.completed_at is not None


def _earned(row: ActivityResult) -> tuple[bool, bool, Fraction]:
    score, _passed, completed = _own(row)
    return merit(LearnerResult(completed=bool(completed), score=None if score is None else Fraction(score)))


def _overridden_last(session: Session, row: ActivityResult) -> datetime:
    """Return when the team last set a result, as far as it is known under its key: since when its word counts."""
    conditions = (ResultOverride.enrolment_id == row.enrolment_id, ResultOverride.activity_key == row.activity_key)
    return session.scalar(select(func.max(ResultOverride.made_at)).where(*conditions)) or cast("datetime", row.overridden_at)


def complete(
    session: Session, actor: Actor, locked: LockedEnrolment, row: ActivityResult, *, now: datetime, achieved_at: datetime | None = None
) -> None:
    """Complete an activity; one that is completed stays so, with the moment and version in which it first was.

    `achieved_at` is when the work that completes it was submitted, where that was not now.
    """
    if row.completed_at is None:
        row.completed_at = now
        row.achieved_at = min(achieved_at or row.submitted_at or now, now)
        row.completed_version_id = locked.enrolment.course_version_id
        audit.record(session, actor, EnrolmentVerb.ACTIVITY_COMPLETED, locked.enrolment, now=now, activity=row.activity_key)


_WANTED = Enrolment.id.in_(bindparam("enrolments", expanding=True))
_LOCKED = compile_once(select(*columns_of(Enrolment)).where(_WANTED).order_by(Enrolment.id).with_for_update())
_RECORDED = compile_once(
    select(*columns_of(ActivityResult), Enrolment.id, Completion.id, ManualGradeItem.category, ManualGradeItem.weight)
    .select_from(Enrolment)
    .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    .outerjoin(ActivityResult, ActivityResult.enrolment_id == Enrolment.id)
    .outerjoin(ManualGradeItem, queries.GRADE_ITEM_OF_RESULT)
    .where(_WANTED)
)


def lock_enrolment(session: Session, enrolment_id: int) -> LockedEnrolment:
    """Lock an enrolment, and read its results."""
    return lock_enrolments(session, [enrolment_id])[0]


def lock_enrolments(session: Session, enrolment_ids: Sequence[int]) -> list[LockedEnrolment]:
    """Lock enrolments in the order of their ids, then read their results, with those that someone else recorded meanwhile.

    What this session has read of them before is read anew; what it has changed of them has to be written before.
    """
    parameters = {"enrolments": list(enrolment_ids)}
    with session.no_autoflush:  # what the caller has changed of other tables is written together with what follows
        connection = connection_of(session)
        enrolments = entity_rows(session, connection.execute(_LOCKED, parameters), Enrolment, anew=True)
        all_ = {enrolment.id: LockedEnrolment(enrolment, is_completed=False, rows={}) for (enrolment,) in enrolments}
        results = entity_rows(session, connection.execute(_RECORDED, parameters), ActivityResult, anew=True)
        for row, enrolment_id, completion, category, weight in results:
            locked = all_[enrolment_id]
            locked.is_completed = completion is not None
            if row is not None:
                locked.rows[row.activity_key] = row
            if category is not None:
                locked.item_weights[row.activity_key] = GradeItemWeight(category, Fraction(weight))
        return list(all_.values())


def update_progress(session: Session, actor: Actor, locked: LockedEnrolment, *, now: datetime) -> Progress:
    """Write down how far a learner is now, and that the course is completed where it is: by nobody who does not take it any more."""
    enrolment = locked.enrolment
    outline = get_outline(session, enrolment.course_version_id)
    progress = evaluate_completion(outline, locked.results(), now)
    enrolment.done, enrolment.total = progress.done, progress.total
    grade = None if progress.grade is None else exact_decimal(progress.grade)
    enrolment.grade, enrolment.grade_stale = grade, None
    if progress.completed and not locked.is_completed:
        achieved_at = achieved_by(outline, locked.results(), _moments(locked), now=now)
        if enrolment.left_at is None:
            record_completion(session, actor, enrolment, outline, achieved_at, now=now)
        elif enrolment.superseded_at is not None:
            _ask_about_completion(session, enrolment, achieved_at, now=now)
    return progress


def record_completion(
    session: Session, actor: Actor, enrolment: Enrolment, outline: Outline, achieved_at: datetime, *, now: datetime
) -> None:
    """Record that a course was completed, by work that was submitted until a moment."""
    moments = {"completed_at": now, "achieved_at": achieved_at, "valid_until": last_day_of(session, enrolment, outline, achieved_at)}
    session.add(Completion(enrolment_id=enrolment.id, course_version_id=outline.version_id, grade=enrolment.grade, **moments))
    audit.record(session, actor, EnrolmentVerb.COMPLETED, enrolment, now=now, version=outline.number, achieved=achieved_at.isoformat())


def _moments(locked: LockedEnrolment) -> dict[str, SubmissionMoments]:
    return {
        key: SubmissionMoments(row.achieved_at or row.completed_at, row.submitted_at or row.achieved_at or row.completed_at)
        for key, row in locked.rows.items()
    }


def _ask_about_completion(session: Session, enrolment: Enrolment, achieved_at: datetime, *, now: datetime) -> None:
    """Let an administrator decide on a superseded take that would have been completed then (spec/compulsory 6.5); asked once."""
    if session.scalar(select(CompletionReview.id).where(CompletionReview.enrolment_id == enrolment.id)) is None:
        session.add(CompletionReview(enrolment_id=enrolment.id, grade=enrolment.grade, achieved_at=achieved_at, noticed_at=now))


def recompute_progress(session: Session, actor: Actor, enrolment_ids: Sequence[int], *, now: datetime) -> None:
    """Update the progress of those who returned to a course: what was submitted or marked meanwhile counts from now on."""
    if enrolment_ids:
        for locked in lock_enrolments(session, enrolment_ids):
            update_progress(session, actor, locked, now=now)
