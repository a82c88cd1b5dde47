"""Dry runs of a regrade: begun, made in portions, renewed or discarded, and their results read (spec/quiz-engine 5.11.3)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, insert, select
from sqlalchemy.orm import Session

from accounts.models import Person
from enrolments.awards import LatestCertificate, list_awards
from enrolments.rules import has_passed
from kernel import audit, outbox
from kernel.db import count_rows
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from questions import question_bank
from questions.rules.answers import clean_parts
from questions.rules.definitions import QuestionDefinition
from questions.rules.encoding import decode
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, MarkState, has_rule
from questions.rules.numbers import convention_for
from quizzes import regrades, snapshots
from quizzes.access import QuizContext
from quizzes.attempts import StoredAnswer, list_answers
from quizzes.marks import as_decimal, find_voided_items, judge_by
from quizzes.models import Attempt, Regrade, RegradeDryRunMark, RegradeDryRunRow
from quizzes.regrades import PresentItem, decided_versions
from quizzes.rules.grades import AttemptGrade, QuestionMarker, grade_over_attempts, is_judged_by_rule, written_exactly
from quizzes.rules.regrade import (
    LEFT_OUT,
    PresentMark,
    RegradeKind,
    RegradePolicy,
    RegradeResult,
    can_regrade,
    regrade_attempt,
    void_marking,
    void_unless_lower,
)
from quizzes.rules.settings import QuizSettings
from quizzes.rules.states import AttemptState


class DryRunFilter(StrEnum):
    """The lines of a dry run that a page shows."""

    CHANGED = "changed"
    FLIPS = "flips"
    CERTIFICATES = "certificates"
    ALL = "all"


_GAINED = RegradeDryRunRow.result_after.is_(True) & RegradeDryRunRow.result_before.is_not(True)
_LOST = RegradeDryRunRow.result_before.is_(True) & RegradeDryRunRow.result_after.is_not(True)
_AWARDED = _LOST & (RegradeDryRunRow.award != "")


def count_lines(session: Session, regrade_id: int) -> Row[*tuple[Any, ...]]:
    """Return the results of a dry run in figures; `gained` and `lost` are learners whose result passes now and no longer does."""
    line, people = RegradeDryRunRow, RegradeDryRunRow.enrolment_id.distinct()
    return session.execute(
        select(
            func.count().label("attempts"),
            func.count().filter(line.changed).label("changed"),
            func.count().filter(line.changed, line.percent_after > line.percent_before).label("raised"),
            func.count().filter(line.changed, line.percent_after < line.percent_before).label("lowered"),
            func.count(people).filter(_GAINED).label("gained"),
            func.count(people).filter(_LOST).label("lost"),
            func.count(people).filter(_AWARDED).label("certificates"),
            func.count().filter(line.late).label("late"),
        ).where(line.regrade_id == regrade_id)
    ).one()


RegradeChange = Row[RegradeDryRunRow, UUID, int, Person]
"""A line of a dry run, with the `uuid` and `number` of its attempt and its learner."""


def pass_change(line: RegradeDryRunRow) -> str:
    """Return "gains" where the learner passes now and did not before, "loses" where they passed and do not any more, else ""."""
    before, after = bool(line.result_before), bool(line.result_after)
    return "" if before is after else "gains" if after else "loses"


def _lines(regrade_id: int, show: DryRunFilter) -> Select[RegradeDryRunRow, UUID, int, Person]:
    conditions = {
        DryRunFilter.CHANGED: RegradeDryRunRow.changed,
        DryRunFilter.FLIPS: _GAINED | _LOST,
        DryRunFilter.CERTIFICATES: _AWARDED,
        DryRunFilter.ALL: RegradeDryRunRow.regrade_id == regrade_id,
    }
    return (
        select(RegradeDryRunRow, Attempt.uuid, Attempt.number, Person)
        .join(Attempt, Attempt.id == RegradeDryRunRow.attempt_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(RegradeDryRunRow.regrade_id == regrade_id, conditions[show])
        .order_by(func.lower(Person.first_surname), func.lower(Person.second_surname), func.lower(Person.given_names), Attempt.id)
    )


def list_lines(session: Session, regrade_id: int, show: DryRunFilter, *, offset: int, limit: int) -> Sequence[RegradeChange]:
    """List some lines of a dry run, by learner."""
    return session.execute(_lines(regrade_id, show).offset(offset).limit(limit)).all()


def stream_lines(session: Session, regrade_id: int, show: DryRunFilter) -> Iterable[RegradeChange]:
    """Return every line of a dry run, a thousand in memory at a time."""
    return session.execute(_lines(regrade_id, show).execution_options(yield_per=1000))


def list_quiz_versions(session: Session, regrade_id: int) -> list[int]:
    """List the quiz versions of the attempts that a regrade looked at."""
    statement = (
        select(Attempt.quiz_version_id)
        .join(RegradeDryRunRow, RegradeDryRunRow.attempt_id == Attempt.id)
        .where(RegradeDryRunRow.regrade_id == regrade_id)
        .distinct()
        .order_by(Attempt.quiz_version_id)
    )
    return list(session.scalars(statement))


MOST_AT_ONCE = 300
"""Attempts up to which a dry run or a commit is made while somebody waits for the page."""
PORTION = 100
"""Learners that are looked at together."""


class DryRunVerb(audit.Verb):
    """The audit verbs of dry runs."""

    TRIED = "quiz.regrade_tried"
    DISCARDED = "quiz.regrade_discarded"


class NothingToRegrade(Invalid):
    """No version that was asked can be judged in the way that was asked for."""

    message = N_("No answers to this question can be marked with that version.")


class DecidedByJury(Conflict):
    """A change of marks that a jury has decided on by two; only a new decision of theirs changes them (spec/selection 5.6)."""

    message = N_("The jury of a selection has decided on this question. Only the jury changes what it decided, by a new decision.")


class AlreadyVoided(Conflict):
    """The question does not decide any more."""

    code = "already_annulled"
    message = N_("This question is already void. Undo that first.")


@dataclass(frozen=True, slots=True)
class RegradeRequest:
    """A request to regrade: a question (None: all), by which version, by which policy, why."""

    kind: RegradeKind
    reason: str
    question_id: int | None = None
    target_id: int | None = None
    policy: RegradePolicy = RegradePolicy.REPLACE
    with_manual: bool = False
    version_id: int | None = None
    """The only version of the question that it is about."""
    for_objection: bool = False


def begin_dry_run(session: Session, actor: Actor, subject: QuizContext, request: RegradeRequest, *, now: datetime) -> Regrade:
    """Begin a dry run; raise NothingToRegrade, AlreadyVoided or DecidedByJury. A small one is ready at once.

    A void always replaces: it is the same for everyone.
    """
    assert actor.person_id is not None
    row = Regrade(
        course_id=subject.course_id,
        activity_key=subject.key,
        kind=request.kind.value,
        question_id=request.question_id,
        target_id=request.target_id,
        version_id=request.version_id,
        for_objection=request.for_objection,
        policy=(RegradePolicy.REPLACE if request.kind.voids else request.policy).value,
        with_manual=request.with_manual,
        reason=request.reason,
        state="planning",
        seen=1,
        created_at=now,
        created_by=actor.person_id,
    )
    session.add(row)
    session.flush()  # its lines name it
    if row.question_id is not None and not changeable_versions(session, row):
        raise DecidedByJury
    if request.kind.voids:
        check_not_voided(session, row)
    elif not judged_versions(session, row).keys() & regrades.versions_to_regrade(session, row) and row.question_id is not None:
        raise NothingToRegrade
    audit.record(session, actor, DryRunVerb.TRIED, row, now=now, kind=row.kind, activity=row.activity_key, question=row.question_id)
    refresh_dry_run(session, row, now=now)
    return row


def check_not_voided(session: Session, row: Regrade) -> None:
    """Raise AlreadyVoided where the question of a regrade does not decide any more."""
    if is_voided(session, row):
        raise AlreadyVoided


def is_voided(session: Session, row: Regrade) -> bool:
    """Return whether the question of a regrade is void."""
    return bool(regrades.voided_versions(session, row) & frozenset(regrades.versions_of(session, row)))


def refresh_dry_run(session: Session, row: Regrade, *, now: datetime) -> None:
    """Make the dry run from the beginning, at once or by a job."""
    for table in (RegradeDryRunMark, RegradeDryRunRow):
        session.execute(delete(table).where(table.regrade_id == row.id))
    row.state, row.reached, row.total = "planning", 0, count_rows(session, Attempt, *regrades.covered(row))
    session.flush()
    if row.total > MOST_AT_ONCE:
        outbox.enqueue(session, "quizzes.plan_regrade", {"regrade": row.id}, now=now)
        return
    while not dry_run_portion(session, row):
        pass


def renew_dry_run(session: Session, actor: Actor, row: Regrade, *, outdated: bool = False, now: datetime) -> None:
    """Make a dry run again from the beginning; `outdated` says that marks changed since it was viewed. Raise Conflict."""
    if row.state not in ("ready", "committing"):
        raise Conflict
    row.seen += 1
    row.outdated = outdated
    audit.record(session, actor, DryRunVerb.TRIED, row, now=now, kind=row.kind, activity=row.activity_key, question=row.question_id)
    refresh_dry_run(session, row, now=now)


def discard_dry_run(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    """Discard a dry run; its lines go, the fact that it was made stays. Raise Conflict where it is not a dry run any more."""
    if row.state not in ("planning", "ready"):
        raise Conflict
    for table in (RegradeDryRunMark, RegradeDryRunRow):
        session.execute(delete(table).where(table.regrade_id == row.id))
    row.state = "discarded"
    audit.record(session, actor, DryRunVerb.DISCARDED, row, now=now)


def dry_run_portion(session: Session, row: Regrade) -> bool:
    """Process the next learners of a dry run; return whether it is ready. The row is locked."""
    if row.state != "planning":
        return True
    enrolments = regrades.next_enrolments(session, row, after=row.reached, limit=PORTION)
    if not enrolments:
        row.state = "ready"
        return True
    dry_run_enrolments(session, row, enrolments, late=False)
    row.reached = enrolments[-1]
    session.flush()
    return False


def dry_run_enrolments(session: Session, row: Regrade, enrolments: Sequence[int], *, late: bool) -> None:
    """Write what would change for some learners, for those attempts that have no line yet; of `late` ones only where something does."""
    attempt_ids = frozenset(regrades.list_covered_ids(session, row, enrolments))
    ended = regrades.list_ended(session, row, enrolments)
    present = regrades.list_present_items(session, sorted(attempt_ids))
    marks_now = _present_marks(session, present)
    new = _new_markings(
        session, row, [attempt for ended_attempts in ended.values() for attempt in ended_attempts if attempt.id in attempt_ids], present
    )
    if row.kind == RegradeKind.UNLESS_LOWER:
        marks_now = _as_if_void(marks_now, new)
        new = {attempt_id: _chosen(marks_now[attempt_id], markings) for attempt_id, markings in new.items()}
    lines, marks = [], []
    for ended_attempts in ended.values():
        outcomes = {
            attempt.id: _outcome(session, row, attempt, marks_now[attempt.id], new.get(attempt.id, {}))
            for attempt in ended_attempts
            if attempt.id in attempt_ids
        }
        passed = (_passed(session, ended_attempts, {}), _passed(session, ended_attempts, outcomes))
        for attempt in ended_attempts:
            if attempt.id in outcomes and (outcomes[attempt.id].marks or not late):
                lines.append(_new_line(row, attempt, present[attempt.id], outcomes[attempt.id], passed, late=late))
                marks += _marks(row, attempt, present[attempt.id], outcomes[attempt.id])
    awards = list_awards(session, [cast("int", line["enrolment_id"]) for line in lines if line["changed"]])
    if lines:
        session.execute(insert(RegradeDryRunRow), [{**line, "award": _code(awards, line)} for line in lines])
    if marks:
        session.execute(insert(RegradeDryRunMark), marks)


def _code(awards: Mapping[int, LatestCertificate], line: Mapping[str, object]) -> str:
    award = awards.get(cast("int", line["enrolment_id"]))
    return award.code if award else ""


Marks = Mapping[int, PresentMark]
"""The present marks of an attempt, by item."""


def _present_marks(session: Session, present: Mapping[int, Sequence[PresentItem]]) -> dict[int, Marks]:
    voided = find_voided_items(session, list(present))
    return {attempt_id: marks_of(items, voided) for attempt_id, items in present.items()}


def marks_of(items: Sequence[PresentItem], voided: Mapping[int, tuple[Marking, int]]) -> Marks:
    """Return the present marks of an attempt, with what answers to void questions earned."""
    earned = {item_id: marking for item_id, (marking, _regrade) in voided.items()}
    return {item.id: PresentMark(item.fraction, item.state, item.maximum, item.section, earned.get(item.id)) for item in items}


def _as_if_void(marks: Mapping[int, Marks], new: Mapping[int, Mapping[int, Marking]]) -> dict[int, Marks]:
    """Return the present marks of attempts as if the question of a dry run were void already: its answers keep what they earned."""
    return {
        attempt_id: {
            item_id: replace(mark, earned=Marking(mark.state, mark.fraction)) if item_id in new.get(attempt_id, {}) else mark
            for item_id, mark in items.items()
        }
        for attempt_id, items in marks.items()
    }


def _chosen(marks: Marks, markings: Mapping[int, Marking]) -> dict[int, Marking]:
    """Return the marking of the questions that are asked about, as far as leaving them out lowers nobody (spec/selection 5.7)."""
    decided = void_unless_lower(marks)
    return {item_id: decided[item_id] for item_id in markings}


def _outcome(session: Session, row: Regrade, attempt: Attempt, marks: Marks, new: Mapping[int, Marking]) -> RegradeResult:
    percent = None if attempt.percent is None else Fraction(attempt.percent)
    return regrade_attempt(marks, new, RegradePolicy(row.policy), percent, settings_of(session, attempt))


def settings_of(session: Session, attempt: Attempt) -> QuizSettings:
    """Return the settings of the quiz in the version of an attempt."""
    return snapshots.get_snapshot(session, attempt.quiz_version_id).settings


def _passed(session: Session, attempts: Sequence[Attempt], outcomes: Mapping[int, RegradeResult]) -> bool | None:
    """Return whether a learner passes by all attempts together, some of them regraded."""
    settings = settings_of(session, attempts[-1])
    graded = []
    for attempt in attempts:
        percent = None if attempt.percent is None else Fraction(attempt.percent)
        if attempt.id in outcomes and outcomes[attempt.id].marks:
            percent = outcomes[attempt.id].after.percent
        graded.append(AttemptGrade(attempt.number, percent, abandoned=attempt.state == AttemptState.ABANDONED))
    return has_passed(grade_over_attempts(settings.grading, graded), settings.pass_mark)


def _new_line(
    row: Regrade,
    attempt: Attempt,
    items: Sequence[PresentItem],
    outcome: RegradeResult,
    passed: tuple[bool | None, bool | None],
    *,
    late: bool,
) -> dict[str, object]:
    after, changed = outcome.after, bool(outcome.marks)
    return {
        "regrade_id": row.id,
        "attempt_id": attempt.id,
        "enrolment_id": attempt.enrolment_id,
        "changed": changed,
        "late": late,
        "basis": max(item.event_id for item in items),
        "raw_before": attempt.raw,
        "maximum_before": attempt.maximum,
        "percent_before": attempt.percent,
        "passed_before": attempt.passed,
        "raw_after": attempt.raw if not changed else None if after.pending else as_decimal(after.raw),
        "maximum_after": as_decimal(after.maximum) if changed else attempt.maximum,
        "percent_after": attempt.percent if not changed else None if after.percent is None else as_decimal(after.percent),
        "passed_after": after.passed if changed else attempt.passed,
        "result_before": passed[0],
        "result_after": passed[1],
    }


def _marks(row: Regrade, attempt: Attempt, items: Sequence[PresentItem], outcome: RegradeResult) -> list[dict[str, object]]:
    before = {item.id: item.event_id for item in items}
    return [
        {
            "regrade_id": row.id,
            "item_id": item_id,
            "attempt_id": attempt.id,
            "before_id": before[item_id],
            "fraction": None if marking.fraction is None else as_decimal(marking.fraction),
            "exact": written_exactly(marking.fraction),
            "state": marking.state.value,
        }
        for item_id, marking in outcome.marks.items()
    ]


def changeable_versions(session: Session, row: Regrade) -> list[int]:
    """Return the versions of the question of a regrade: without those that a jury has decided on, unless the jury asks for it."""
    versions = regrades.versions_of(session, row)
    decided = frozenset() if row.for_objection else decided_versions(session, row.course_id, row.activity_key)
    return [version for version in versions if version not in decided]


def judged_versions(session: Session, row: Regrade) -> dict[int, int]:
    """Return by which version the answers to each version are judged, where the regrade is not a void."""
    if row.question_id is None:
        return {}
    versions = changeable_versions(session, row)
    questions = question_bank.get_questions(session, versions if row.target_id is None else [*versions, row.target_id])
    if row.target_id is None:
        return {version: version for version in versions if is_judged_by_rule(questions[version])}
    target = questions.get(row.target_id)
    if target is None:
        return {}
    return {
        version: row.target_id
        for version in versions
        if is_judged_by_rule(questions[version]) and is_judged_by_rule(target) and can_regrade(questions[version], target)
    }


def _new_markings(
    session: Session, row: Regrade, attempts: Sequence[Attempt], present: Mapping[int, Sequence[PresentItem]]
) -> dict[int, dict[int, Marking]]:
    """Return the new markings of some attempts, by attempt and item, as far as the regrade reaches."""
    items = [item for attempt in attempts for item in present[attempt.id] if row.with_manual or item.origin != "manual"]
    if RegradeKind(row.kind).voids:
        return _void_markings(session, row, items)
    skipped = regrades.voided_versions(session, row)
    skipped |= frozenset() if row.for_objection else decided_versions(session, row.course_id, row.activity_key)
    judged_by = _marking_versions(session, row, items)
    chosen_items = [
        item
        for item in items
        if item.question_version_id in judged_by and item.question_version_id not in skipped and item.state is not MarkState.NEEDS_GRADING
    ]
    return judge_items(session, {attempt.id: attempt for attempt in attempts}, chosen_items, judged_by)


def _void_markings(session: Session, row: Regrade, items: Sequence[PresentItem]) -> dict[int, dict[int, Marking]]:
    marking = void_marking(row.kind) or LEFT_OUT
    versions = frozenset(changeable_versions(session, row))
    questions = question_bank.get_questions(session, sorted(versions))
    markings: dict[int, dict[int, Marking]] = {}
    for item in items:
        if item.question_version_id in versions and has_rule(questions[item.question_version_id]):
            markings.setdefault(item.attempt_id, {})[item.id] = marking
    return markings


def _marking_versions(session: Session, row: Regrade, items: Sequence[PresentItem]) -> Mapping[int, int]:
    """Return by which version each version is judged: of one question as the request says, of all by their own."""
    if row.question_id is not None:
        return judged_versions(session, row)
    questions = question_bank.get_questions(session, [item.question_version_id for item in items])
    return {version: version for version, question in questions.items() if is_judged_by_rule(question)}


def judge_items(
    session: Session, attempts_by_id: Mapping[int, Attempt], items: Sequence[PresentItem], judged_by: Mapping[int, int]
) -> dict[int, dict[int, Marking]]:
    """Return the worth of answers to questions by the version that judges each, by attempt and item."""
    questions = question_bank.get_questions(session, [*judged_by, *judged_by.values()])
    layouts = regrades.layouts_of(session, [item.id for item in items])
    answers: dict[int, list[StoredAnswer]] = {}
    for answer in list_answers(session, [item.id for item in items]):
        answers.setdefault(answer.item_id, []).append(answer)
    markings: dict[int, dict[int, Marking]] = {}
    for item in items:
        attempt, question = attempts_by_id[item.attempt_id], questions[item.question_version_id]
        layout = decode(ItemLayout, json.loads(layouts[item.id]))
        marker = QuestionMarker(
            settings_of(session, attempt).behaviour,
            questions[judged_by[item.question_version_id]],
            layout,
            convention_for(attempt.language),
        )
        markings.setdefault(item.attempt_id, {})[item.id] = _judge(marker, question, answers.get(item.id, []))
    return markings


def _judge(marker: QuestionMarker, answered: QuestionDefinition, answers: Sequence[StoredAnswer]) -> Marking:
    checked = sorted((answer for answer in answers if answer.checked is not None), key=lambda answer: answer.checked or 0)
    last = clean_parts(answers[-1].payload) if answers else None
    return judge_by(marker, answered, (clean_parts(answer.payload) for answer in checked), last)
