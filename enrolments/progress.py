"""Reads and writes progress, grade and completion of a locked enrolment, and the last valid day of completions."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.rules import fold
from courses.models import Course
from courses.rules import Outline
from courses.versions import get_outline
from enrolments import learners
from enrolments.audience_leaves import HoldsLeaf
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import ActivityResult, Completion, CompletionReview, Enrolment, ManualGradeItem, ResultOverride
from enrolments.rules import GradeItemWeight, LearnerResult, Progress, Results, evaluate_completion, merit
from kernel import audit
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.durations import Duration, ValidityTerms, last_valid_day
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import N_
from kernel.i18n import choose, ngettext, site_locale
from kernel.permissions import Actor
from organisations.audience_kinds import MOST_CHOICES, AudienceLeafKind, AudienceScope, LeafChoice, LeafQuestion, end_of
from organisations.rules.audiences import HeldFact


def length_in_words(duration: Duration) -> str:
    """Return a duration in words: «12 months», «30 days»."""
    if duration.months:
        return ngettext("%(count)s month", "%(count)s months", duration.months)
    return ngettext("%(count)s day", "%(count)s days", duration.days)


SubmissionMoments = tuple[datetime | None, datetime | None]
"""When the work for an activity was submitted that completed it, and that which gives its score; none: it always counts."""


def achieved_by(outline: Outline, results: Results, moments: Mapping[str, SubmissionMoments], *, now: datetime) -> datetime:
    """Return when the last work that completes a course was submitted: the earliest moment whose work alone completes it."""
    times = sorted({time for both in moments.values() for time in both if time is not None and time <= now})

    def is_enough(time: datetime) -> bool:
        by_then = {key: _by(time, result, moments.get(key)) for key, result in results.items()}
        return evaluate_completion(outline, by_then, now).completed

    index = bisect_left(times, True, key=is_enough)
    return times[index] if index < len(times) else now


def _by(time: datetime, result: LearnerResult, moments: SubmissionMoments | None) -> LearnerResult:
    """Return the part of a result that the work submitted until a moment earned."""
    if moments is None:
        return result
    achieved_at, submitted_at = moments
    if submitted_at is not None and submitted_at > time:
        result = replace(result, score=None, passed=None)
    return replace(result, completed=False) if achieved_at is not None and achieved_at > time else result


@dataclass(frozen=True, slots=True)
class AchievedTake:
    """A completed take of a course: its number, the moment of the last submission, and its last valid day."""

    take: int
    achieved_at: datetime
    valid_until: date | None


def last_day_of(session: Session, enrolment: Enrolment, outline: Outline, achieved_at: datetime) -> date | None:
    """Return the last valid day of a take of a course that was completed by a moment; None where it never ends."""
    terms = outline.validity
    if terms is None:
        return None
    before = list_achieved(session, enrolment.person_id, enrolment.course_id)
    return last_day_after(terms, ZoneInfo(outline.zone), achieved_at, (earlier for earlier in before if earlier.take < enrolment.take))


def last_day_after(terms: ValidityTerms, zone: ZoneInfo, achieved_at: datetime, before: Iterable[AchievedTake]) -> date:
    """Return the last valid day of what was achieved by a moment, after earlier takes of the same course (spec/compulsory 8.2)."""
    held = max((earlier.valid_until for earlier in before if earlier.valid_until is not None), default=None)
    return last_valid_day(terms, achieved_at.astimezone(zone).date(), held)


def list_achieved(session: Session, person_id: int, course_id: int) -> list[AchievedTake]:
    """List the takes of a course that a person completed, in their order."""
    statement = (
        select(Enrolment.take, Completion)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.course_id == course_id)
        .order_by(Enrolment.take)
    )
    rows = session.execute(statement).all()
    return [AchievedTake(take, completion.achieved_at or completion.completed_at, completion.valid_until) for take, completion in rows]


def ensure_last_day(session: Session, enrolment: Enrolment, completion: Completion, outline: Outline) -> date | None:
    """Return the last valid day of a completion; one that a process of an older version recorded gets it now."""
    if completion.valid_until is None:
        completion.valid_until = last_day_of(session, enrolment, outline, completion.achieved_at or completion.completed_at)
    return completion.valid_until


def set_last_day(session: Session, actor: Actor, enrolment_id: int, valid_until: date | None, *, now: datetime) -> None:
    """Give the completion of a take another last valid day; what rests on it follows by jobs."""
    enrolment = session.get_one(Enrolment, enrolment_id, with_for_update=True)
    completion = session.execute(select(Completion).where(Completion.enrolment_id == enrolment_id)).scalar_one()
    days = {"before": str(completion.valid_until or ""), "after": str(valid_until or "")}
    completion.valid_until = valid_until
    audit.record(session, actor, EnrolmentVerb.VALIDITY_CHANGED, enrolment, now=now, person=enrolment.person_id, **days)


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
        by_key = {key: learners.result_of(row) for key, row in self.rows.items()}
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
    """Return one of the results of what is one activity now: the team's last word, or the best; the others go.

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
    .outerjoin(ManualGradeItem, learners.GRADE_ITEM_OF_RESULT)
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
        key: (row.achieved_at or row.completed_at, row.submitted_at or row.achieved_at or row.completed_at)
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


def _holds(leaf: HoldsLeaf, scope: AudienceScope) -> ColumnElement[bool]:
    """Find who completed the course until the day, where the rule asks so only those whose completion is valid on it."""
    done = (
        select(Enrolment.person_id)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.slug == leaf.course, Completion.completed_at < end_of(scope.day))
    )
    if leaf.valid:
        done = done.where(or_(Completion.valid_until.is_(None), Completion.valid_until >= scope.day))
    return Person.id.in_(done)


def _held(session: Session, people: Collection[int]) -> Mapping[int, tuple[HeldFact, ...]]:
    facts = defaultdict[int, tuple[HeldFact, ...]](tuple)
    statement = (
        select(Enrolment.person_id, Course.slug, Completion.completed_at, Completion.valid_until)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id.in_(people))
        .order_by(Completion.id)
    )
    zone = site_locale().zone
    for person, slug, moment, valid_until in session.execute(statement):
        facts[person] += (HeldFact(slug, moment.astimezone(zone).date(), valid_until),)
    return facts


def _names(session: Session, slugs: Collection[str]) -> Mapping[str, str]:
    rows = session.execute(select(Course.slug, Course.title).where(Course.slug.in_(slugs)))
    return {row[0]: choose(row[1]) for row in rows}


def _choices(session: Session, _institution: int) -> list[LeafChoice]:
    """List the published courses, by title."""
    courses = session.execute(select(Course.slug, Course.title).where(Course.published_version_id.is_not(None)).limit(MOST_CHOICES))
    titled = [LeafChoice(slug, choose(title), fold(choose(title))) for slug, title in courses]
    return sorted(titled, key=lambda choice: (choice.words, choice.key))


HOLDS = AudienceLeafKind(
    HoldsLeaf,
    _holds,
    LeafQuestion(N_("Completed course"), _choices, flag_label=N_("Only while the completion is valid"), takes_one=True),
    names=_names,
    held=_held,
)
