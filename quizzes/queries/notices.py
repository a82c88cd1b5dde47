"""Recipients of notifications of an override, of time given to all, or of changed marks, in batches by number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from courses.models import Activity
from enrolments.models import Enrolment, GroupMember
from quizzes.models import Accommodation, Attempt, Incident, IncidentAttempt, QuizOverride, QuizVersion, Regrade, RegradeDryRunRow
from quizzes.queries.attempts import get_snapshot
from quizzes.queries.effective_settings import PersonQuizColumns, accommodation_of, overrides_for, setting_sources_of
from quizzes.rules.access import is_kinder

PORTION = 200


@dataclass(frozen=True, slots=True)
class RecipientBatch:
    """People to notify, and the number after which the next ones follow; None: these were the last."""

    people: list[int]
    last: int | None


def _portion(rows: Sequence[Any], people: list[int]) -> RecipientBatch:
    return RecipientBatch(people, rows[-1].id if len(rows) == PORTION else None)


_ENROLMENT_COLUMNS = PersonQuizColumns(Enrolment.person_id, Enrolment.id, Enrolment.course_id, Activity.key)
_WITH_TERMS = (
    select(Enrolment.id, Enrolment.person_id, QuizVersion.id.label("version"), Accommodation, QuizOverride)
    .join(Activity, Activity.version_id == Enrolment.course_version_id)
    .join(QuizVersion, QuizVersion.activity_id == Activity.id)
    .outerjoin(Accommodation, accommodation_of(Enrolment.person_id))
    .outerjoin(QuizOverride, overrides_for(_ENROLMENT_COLUMNS))
    .order_by(Enrolment.id, QuizOverride.id)
)


def list_improved_results(session: Session, override: QuizOverride, *, after: int) -> RecipientBatch:
    """Return the learners for whom an override that is in force made something kinder than what held before it."""
    before = find_before(session, override)
    page = session.execute(_learners(override).where(Enrolment.id > after).order_by(Enrolment.id).limit(PORTION)).all()
    by_result: dict[int, tuple[Any, list[QuizOverride]]] = {}
    rows = _WITH_TERMS.where(Activity.key == override.activity_key, Enrolment.id.in_([row.id for row in page]))
    for row in session.execute(rows):
        held = by_result.setdefault(row.id, (row, []))[1]
        held += [] if row[4] is None else [row[4]]
    people = [row.person_id for row, held in by_result.values() if _is_better_off(session, row, held, override, before)]
    return _portion(page, people)


def _learners(override: QuizOverride) -> Select[Any]:
    of_course = select(Enrolment.id).where(Enrolment.course_id == override.course_id, Enrolment.left_at.is_(None))
    condition: dict[str, ColumnElement[bool]] = {
        "person": Enrolment.person_id == override.person_id,
        "group": Enrolment.id.in_(select(GroupMember.enrolment_id).where(GroupMember.group_id == override.group_id)),
    }
    if override.scope != "person" and override.set_applied_by is None:
        of_course = of_course.where(Enrolment.person_id != override.created_by)
    return of_course.where(condition[override.scope]) if override.scope in condition else of_course


def find_before(session: Session, override: QuizOverride) -> QuizOverride | None:
    """Return the override in whose place another one was put."""
    statement = select(QuizOverride).where(
        QuizOverride.course_id == override.course_id,
        QuizOverride.activity_key == override.activity_key,
        QuizOverride.scope == override.scope,
        QuizOverride.id < override.id,
        QuizOverride.ended_at == override.created_at,
        or_(QuizOverride.person_id.is_(None), QuizOverride.person_id == override.person_id),
        or_(QuizOverride.group_id.is_(None), QuizOverride.group_id == override.group_id),
    )
    return session.scalar(statement.order_by(QuizOverride.id.desc()).limit(1))


def _is_better_off(session: Session, row: Any, held: list[QuizOverride], override: QuizOverride, before: QuizOverride | None) -> bool:
    snapshot = get_snapshot(session, row.version)
    without = [other for other in held if other.id != override.id] + ([before] if before is not None else [])
    now, then = (
        setting_sources_of(snapshot.published_settings, snapshot.settings, rows, row[3]).effective_settings() for rows in (held, without)
    )
    return is_kinder(now, then)


def list_given_time(session: Session, incident: Incident, *, after: int) -> RecipientBatch:
    """Return the learners whose attempts an incident gave time to."""
    statement = (
        select(Attempt.id, Attempt.person_id)
        .join(IncidentAttempt, IncidentAttempt.attempt_id == Attempt.id)
        .where(IncidentAttempt.incident_id == incident.id, IncidentAttempt.applied, Attempt.id > after)
    )
    rows = session.execute(statement.order_by(Attempt.id).limit(PORTION)).all()
    return _portion(rows, [row.person_id for row in rows])


def list_marked_again(session: Session, regrade: Regrade, *, after: int) -> RecipientBatch:
    """Return the learners for whom a regrade changed the result of an attempt."""
    other = RegradeDryRunRow.percent_after.is_distinct_from(RegradeDryRunRow.percent_before)
    statement = (
        select(Attempt.id, Attempt.person_id)
        .join(RegradeDryRunRow, RegradeDryRunRow.attempt_id == Attempt.id)
        .where(RegradeDryRunRow.regrade_id == regrade.id, RegradeDryRunRow.changed, other, Attempt.id > after)
        .where(Attempt.person_id != regrade.committed_by)
    )
    rows = session.execute(statement.order_by(Attempt.id).limit(PORTION)).all()
    return _portion(rows, sorted({row.person_id for row in rows}))
