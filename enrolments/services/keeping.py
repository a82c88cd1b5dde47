"""A locked enrolment with its results, and how its progress, its grade and its completion are kept up in each transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.queries.outlines import get_outline
from enrolments.models import ActivityResult, Completion, Enrolment, ManualItem
from enrolments.queries import learning as queries
from enrolments.rules import Counted, Progress, Result, evaluate_completion, merit
from enrolments.services.verbs import EnrolmentVerb
from kernel import audit
from kernel.permissions import Actor


def exact_decimal(value: Fraction) -> Decimal:
    """Return a percentage as it is stored."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0000001"))


@dataclass
class Learning:
    """A locked enrolment with its results as they stand in this transaction."""

    enrolment: Enrolment
    is_completed: bool
    rows: dict[str, ActivityResult]
    counted: dict[str, Counted] = field(default_factory=dict)
    """How the items marked by hand count, by the keys of their results."""

    def results(self) -> dict[str, Result]:
        """Return the results as the rules take them."""
        found = {key: queries.result_of(row) for key, row in self.rows.items()}
        return {key: replace(result, counted=self.counted.get(key)) for key, result in found.items()}

    def result(self, key: str) -> ActivityResult:
        """Return the result of an activity, a new one where there is none."""
        return self.rows.setdefault(key, ActivityResult(enrolment_id=self.enrolment.id, activity_key=key))

    def rename(self, session: Session, renames: Mapping[str, str]) -> None:
        """Move the results to the present keys of their activities, and the place to go on with them; of several the best stands."""
        last = self.enrolment.last_activity_key or ""
        self.enrolment.last_activity_key = renames.get(last, last) or None
        for old in [key for key in renames if key in self.rows]:
            moved, there = self.rows.pop(old), self.rows.get(renames[old])
            best = moved if there is None else _joined(session, there, moved)
            best.activity_key = renames[old]
            self.rows[renames[old]] = best


def _joined(session: Session, one: ActivityResult, other: ActivityResult) -> ActivityResult:
    """Return the better of two results of what is one activity now, first opened when either was; the other one goes."""
    better, worse = (one, other) if _merit(one) >= _merit(other) else (other, one)
    better.viewed_at = min((row.viewed_at for row in (one, other) if row.viewed_at is not None), default=None)
    session.delete(worse)
    session.flush()  # its key is free
    return better


def _merit(row: ActivityResult) -> tuple[bool, Fraction]:
    return merit(queries.result_of(row))


def complete(session: Session, actor: Actor, learning: Learning, row: ActivityResult, *, now: datetime) -> None:
    """Complete an activity; one that is completed stays so, with the moment and version in which it first was."""
    if row.completed_at is None:
        row.completed_at = now
        row.completed_version_id = learning.enrolment.course_version_id
        audit.record(session, actor, EnrolmentVerb.ACTIVITY_COMPLETED, learning.enrolment, now=now, activity=row.activity_key)


_RECORDED = (
    select(Enrolment.id, Completion.id, ActivityResult, ManualItem.category, ManualItem.weight)
    .select_from(Enrolment)
    .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    .outerjoin(ActivityResult, ActivityResult.enrolment_id == Enrolment.id)
    .outerjoin(ManualItem, queries.OF_ITEM)
    .execution_options(populate_existing=True)
)


def lock(session: Session, enrolment_id: int) -> Learning:
    """Lock an enrolment, and read its results."""
    return lock_many(session, [enrolment_id])[0]


def lock_many(session: Session, enrolment_ids: Sequence[int]) -> list[Learning]:
    """Lock enrolments in the order of their ids, then read their results: those that somebody else recorded meanwhile are among them.

    What this session has read of them before is read anew; what it has changed has to be written before.
    """
    wanted = Enrolment.id.in_(enrolment_ids)
    enrolments = select(Enrolment).where(wanted).order_by(Enrolment.id).with_for_update().execution_options(populate_existing=True)
    with session.no_autoflush:  # what the caller has changed is written together with what follows
        all_ = {enrolment.id: Learning(enrolment, is_completed=False, rows={}) for enrolment in session.scalars(enrolments)}
        for enrolment_id, completion, row, category, weight in session.execute(_RECORDED.where(wanted)):
            learning = all_[enrolment_id]
            learning.is_completed = completion is not None
            if row is not None:
                learning.rows[row.activity_key] = row
            if category is not None:
                learning.counted[row.activity_key] = Counted(category, Fraction(weight))
        return list(all_.values())


def keep_up(session: Session, actor: Actor, learning: Learning, *, now: datetime) -> Progress:
    """Write down how far a learner is now, and that the course is completed where it is: by nobody who does not take it any more."""
    enrolment = learning.enrolment
    outline = get_outline(session, enrolment.course_version_id)
    progress = evaluate_completion(outline, learning.results(), now)
    enrolment.done, enrolment.total = progress.done, progress.total
    grade = None if progress.grade is None else exact_decimal(progress.grade)
    enrolment.grade, enrolment.grade_stale = grade, None
    if progress.completed and not learning.is_completed and enrolment.left_at is None:
        session.add(Completion(enrolment_id=enrolment.id, course_version_id=outline.version_id, completed_at=now, grade=grade))
        audit.record(session, actor, EnrolmentVerb.COMPLETED, enrolment, now=now, version=outline.number)
    return progress


def catch_up(session: Session, actor: Actor, enrolment_ids: Sequence[int], *, now: datetime) -> None:
    """Keep up those who came back to a course: what was handed in or marked while they were out of it counts from now on."""
    if enrolment_ids:
        for learning in lock_many(session, enrolment_ids):
            keep_up(session, actor, learning, now=now)
