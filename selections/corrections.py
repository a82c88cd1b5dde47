"""Corrections of actas: what differs from those in force, which a change of marks may touch, and their tasks (spec/selection 4.10)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from accounts.rules import DELETED
from enrolments.models import Edition, LearnerGroup
from enrolments.rules import GradingMethod
from kernel import audit, outbox
from kernel.errors import N_, Conflict
from kernel.permissions import Actor, ActorChannel
from questions.models import Question
from quizzes.models import Attempt, Regrade, RegradeDryRunRow
from quizzes.rules.grades import AttemptGrade, grade_over_attempts
from quizzes.rules.states import AttemptState
from selections.access import AmendmentContext, is_jury_member
from selections.audit_verbs import SelectionVerb
from selections.models import (
    ActaCorrection,
    ActaKind,
    ActaState,
    CorrectionEnd,
    JuryDecision,
    Objection,
    Selection,
    SelectionActa,
    SelectionActaEntry,
    SelectionIncident,
)
from selections.rules.differences import DifferenceCounts, LineDifference, compare_lines, count_differences, weightiest
from selections.selections import get_selection, lock_selection
from selections.standing import chain_facts, find_in_force, former_figures, frozen_lines, list_people, read_standing

MOST_TOUCHED = 200
OPEN = (AttemptState.IN_PROGRESS.value, AttemptState.OVERDUE.value)


def is_newest() -> ColumnElement[bool]:
    """Return a condition on `selection_acta`: in force, and not followed by another one."""
    later = aliased(SelectionActa)
    followed = exists().where(
        later.selection_id == SelectionActa.selection_id,
        later.state == ActaState.IN_FORCE.value,
        later.number > SelectionActa.number,
    )
    return (SelectionActa.state == ActaState.IN_FORCE.value) & ~followed


def list_of_quiz(session: Session, course_id: int, key: str) -> list[int]:
    """List the newest actas in force of the selections of a quiz."""
    statement = (
        select(SelectionActa.id)
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .where(Selection.course_id == course_id, Selection.activity_key == key, is_newest())
    )
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_of_attempt(session: Session, attempt_id: int) -> list[int]:
    """List the actas that an attempt's marks may touch."""
    quiz = session.execute(select(Attempt.course_id, Attempt.activity_key).where(Attempt.id == attempt_id)).one_or_none()
    return [] if quiz is None else list_of_quiz(session, quiz.course_id, quiz.activity_key)


def list_of_regrade(session: Session, regrade_id: int) -> list[int]:
    """List the actas that a regrade may touch."""
    row = session.get_one(Regrade, regrade_id)
    return list_of_quiz(session, row.course_id, row.activity_key)


def list_of_incident(session: Session, incident_id: int) -> list[int]:
    """List the actas that the decision on an incident may touch."""
    return _list_of_jury(session, select(SelectionIncident.selection_id).where(SelectionIncident.id == incident_id))


def list_of_decision(session: Session, decision_id: int) -> list[int]:
    """List the actas that a decision of two of a jury may touch."""
    return _list_of_jury(session, select(JuryDecision.selection_id).where(JuryDecision.id == decision_id))


def _list_of_jury(session: Session, of_jury: Select[int]) -> list[int]:
    statement = select(SelectionActa.id).where(SelectionActa.selection_id.in_(of_jury), is_newest())
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_of_objections(session: Session, group_id: int) -> list[int]:
    """List the actas that say what was decided about objections to a version of a question."""
    of_juries = select(Objection.selection_id).where(Objection.group_id == group_id)
    statement = select(SelectionActa.id).where(SelectionActa.selection_id.in_(of_juries), is_newest())
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_of_person(session: Session, person_id: int) -> list[int]:
    """List the actas in which a person has a line."""
    theirs = exists().where(SelectionActaEntry.acta_id == SelectionActa.id, SelectionActaEntry.person_id == person_id)
    return list(session.scalars(select(SelectionActa.id).where(theirs, is_newest()).order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def list_stale(session: Session, *, after: int) -> list[int]:
    """List some of the actas that were not compared since an attempt at their quiz ended."""
    ended = exists().where(
        Attempt.course_id == Selection.course_id,
        Attempt.activity_key == Selection.activity_key,
        Attempt.finished_at > func.coalesce(SelectionActa.compared_at, SelectionActa.published_at),
        ~Attempt.preview,
    )
    statement = (
        select(SelectionActa.id)
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .where(SelectionActa.id > after, is_newest(), ended)
    )
    return list(session.scalars(statement.order_by(SelectionActa.id).limit(MOST_TOUCHED)))


def has_open_attempt(session: Session, acta_id: int) -> bool:
    """Return whether somebody in an acta has an attempt at its quiz in progress, as one has after it was reopened."""
    takes = select(SelectionActaEntry.enrolment_id).where(SelectionActaEntry.acta_id == acta_id)
    statement = (
        select(Attempt.id)
        .join(Selection, and_(Selection.course_id == Attempt.course_id, Selection.activity_key == Attempt.activity_key))
        .join(SelectionActa, SelectionActa.selection_id == Selection.id)
        .where(SelectionActa.id == acta_id, Attempt.state.in_(OPEN), ~Attempt.preview, Attempt.enrolment_id.in_(takes))
    )
    return session.scalar(statement.limit(1)) is not None


def find_open(session: Session, acta_id: int) -> ActaCorrection | None:
    """Return the open task of an acta."""
    return session.scalar(select(ActaCorrection).where(ActaCorrection.acta_id == acta_id, ActaCorrection.closed_at.is_(None)))


def find_correction(session: Session, selection_id: int) -> ActaCorrection | None:
    """Return the open task of the acta in force of a selection."""
    statement = (
        select(ActaCorrection)
        .join(SelectionActa, SelectionActa.id == ActaCorrection.acta_id)
        .where(SelectionActa.selection_id == selection_id, is_newest(), ActaCorrection.closed_at.is_(None))
    )
    return session.scalar(statement)


def list_corrections(session: Session, selection_id: int) -> Sequence[Row[ActaCorrection, SelectionActa]]:
    """List the tasks of a selection with the acta of each, the newest first; closed ones stay."""
    statement = (
        select(ActaCorrection, SelectionActa)
        .join(SelectionActa, SelectionActa.id == ActaCorrection.acta_id)
        .where(SelectionActa.selection_id == selection_id)
        .order_by(ActaCorrection.id.desc())
        .limit(MOST_TOUCHED)
    )
    return session.execute(statement).all()


def list_pending(session: Session, selection_ids: Sequence[int]) -> set[int]:
    """Return which of these selections have later corrections pending."""
    statement = (
        select(SelectionActa.selection_id)
        .join(ActaCorrection, ActaCorrection.acta_id == SelectionActa.id)
        .where(SelectionActa.selection_id.in_(selection_ids), is_newest(), ActaCorrection.closed_at.is_(None))
    )
    return set(session.scalars(statement))


class NothingPending(Conflict):
    """An amendment of an acta from which nothing differs."""

    message = N_("Nothing is pending: the results are those of the acta.")


def get_amendment(session: Session, actor: Actor, selection: UUID) -> AmendmentContext:
    """Return the differences from the acta in force of a selection, before an actor; raise NotFound, or NothingPending to its jury."""
    context = get_selection(session, actor, selection)
    subject = AmendmentContext(context, find_in_force(session, context.id), find_correction(session, context.id))
    if is_jury_member(context) and (subject.acta is None or subject.correction is None):
        raise NothingPending
    return subject


def list_differences(session: Session, correction: ActaCorrection) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """List the lines of a task that are kept one by one: the name of the person now, '' if withdrawn, and the figures before and after."""
    differences = json.loads(correction.differences)
    people = session.scalars(select(Person).where(Person.id.in_({difference["person"] for difference in differences})))
    names = {person.id: person.full_name for person in people if not person.email.endswith(DELETED)}
    return [(names.get(difference["person"], ""), difference["before"], difference["after"]) for difference in differences]


def list_concerned(session: Session, acta: SelectionActa, *, after: int) -> Sequence[Row[int, int]]:
    """List the next people whom a signed acta concerns, by place and person: of an amendment those whose line it changed."""
    return list_listed(session, acta.id, after=after, changed=acta.kind == ActaKind.AMENDMENT.value)


def list_listed(session: Session, acta_id: int, *, after: int, changed: bool = False) -> Sequence[Row[int, int]]:
    """List the next people of an acta by place and person; those alone whose line it changed where they are asked for."""
    statement = (
        select(SelectionActaEntry.place, SelectionActaEntry.person_id)
        .where(SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.place > after)
        .order_by(SelectionActaEntry.place)
        .limit(MOST_TOUCHED)
    )
    return session.execute(statement.where(SelectionActaEntry.changed) if changed else statement).all()


@dataclass(frozen=True, slots=True)
class TouchedActa:
    """An acta in force that a dry run touches, the edition or group that it is of, and how many people and outcomes would change."""

    acta: SelectionActa
    whom: str
    people: int
    outcomes: int


def list_touched(session: Session, regrade: Regrade) -> list[TouchedActa]:
    """List the actas in force that a dry run touches: in which somebody would have another result by the attempts that count."""
    line = RegradeDryRunRow
    changed = select(line.enrolment_id).where(line.regrade_id == regrade.id, line.changed)
    ended = (Attempt.activity_key == regrade.activity_key, Attempt.state.not_in(OPEN), ~Attempt.preview)
    statement = (
        select(
            *(SelectionActa, func.coalesce(Edition.name, LearnerGroup.shown_name).label("whom"), Attempt.enrolment_id),
            *(Attempt.number, Attempt.state, Attempt.percent, line.changed, line.percent_after, line.result_before, line.result_after),
        )
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .join(SelectionActaEntry, SelectionActaEntry.acta_id == SelectionActa.id)
        .join(Attempt, and_(Attempt.enrolment_id == SelectionActaEntry.enrolment_id, *ended))
        .outerjoin(line, and_(line.attempt_id == Attempt.id, line.regrade_id == regrade.id))
        .outerjoin(Edition, Edition.id == Selection.edition_id)
        .outerjoin(LearnerGroup, LearnerGroup.id == Selection.group_id)
        .where(Selection.course_id == regrade.course_id, Selection.activity_key == regrade.activity_key, is_newest())
        .where(Attempt.enrolment_id.in_(changed))
        .order_by(SelectionActa.id)
    )
    people: dict[SelectionActa, dict[int, list[Row[*tuple[Any, ...]]]]] = {}
    for row in session.execute(statement):
        people.setdefault(row.SelectionActa, {}).setdefault(row.enrolment_id, []).append(row)
    return [touched for acta, takes in list(people.items())[:MOST_TOUCHED] if (touched := _touched(acta, takes.values())).people]


def _touched(acta: SelectionActa, takes: Collection[Sequence[Row[*tuple[Any, ...]]]]) -> TouchedActa:
    grading = GradingMethod(json.loads(acta.head)["grading"])
    moved = [rows for rows in takes if _percent(grading, rows, is_after=False) != _percent(grading, rows, is_after=True)]
    flips = [rows for rows in moved if any(row.changed and row.result_before != row.result_after for row in rows)]
    return TouchedActa(acta, next(iter(takes))[0].whom, len(moved), len(flips))


def _percent(grading: GradingMethod, rows: Sequence[Row[*tuple[Any, ...]]], *, is_after: bool) -> Fraction | None:
    """Return a person's percentage by all attempts of a take together, before a dry run or after it."""
    shares = [(row, row.percent_after if is_after and row.changed else row.percent) for row in rows]
    return grade_over_attempts(
        grading,
        [
            AttemptGrade(row.number, None if share is None else Fraction(share), abandoned=row.state == AttemptState.ABANDONED.value)
            for row, share in shares
        ],
    )


def list_regrades_since(session: Session, acta: SelectionActa) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the regrades put in force or undone since an acta was frozen that touched its people, with the question's `key`.

    Each names its `proposer`, its `decider` and who undid it (`undoer`), the oldest first; another jury may have ordered it.
    """
    proposer, decider, undoer = (aliased(Person, name=name) for name in ("proposer", "decider", "undoer"))
    lines = select(SelectionActaEntry.enrolment_id).where(SelectionActaEntry.acta_id == acta.id)
    touches = exists().where(RegradeDryRunRow.regrade_id == Regrade.id, RegradeDryRunRow.changed, RegradeDryRunRow.enrolment_id.in_(lines))
    since = or_(Regrade.committed_at > acta.frozen_at, Regrade.undone_at > acta.frozen_at)
    statement = (
        select(Regrade, Question.key, proposer, decider, undoer)
        .outerjoin(Question, Question.id == Regrade.question_id)
        .join(proposer, proposer.id == Regrade.created_by)
        .join(decider, decider.id == Regrade.committed_by)
        .outerjoin(undoer, undoer.id == Regrade.undone_by)
        .where(touches, since)
    )
    return session.execute(statement.order_by(Regrade.id).limit(MOST_TOUCHED)).all()


COMPARE, NOTIFY_JURY = "selections.compare", "selections.notify_jury"
KEPT_LINES = 300
"""Differences that the page of the task shows one by one; the amendment has all of them."""
JOB = Actor(via=ActorChannel.JOB)


@dataclass(frozen=True, slots=True)
class ComparedActa:
    """The differences of an acta as of a moment; each with the number of its person."""

    acta_id: int
    at: datetime
    differences: Sequence[tuple[int, LineDifference]]

    @property
    def counts(self) -> DifferenceCounts:
        """Return how many lines differ in what."""
        return count_differences(difference for _person, difference in self.differences)


def request_comparisons(session: Session, acta_ids: Sequence[int], *, now: datetime, at: datetime | None = None) -> None:
    """Have actas compared with the results, soon or at a later moment."""
    for acta_id in acta_ids:
        outbox.enqueue(session, COMPARE, {"acta": acta_id}, now=now, at=at)


def compare_acta(session: Session, acta: SelectionActa, *, at: datetime) -> ComparedActa | None:
    """Compare an acta with what one that is frozen now would say; None where it is not the newest in force. Writes nothing."""
    newest = find_in_force(session, acta.selection_id)
    if newest is None or newest.id != acta.id:
        return None
    selection = session.get_one(Selection, acta.selection_id)
    amended = None if acta.kind == ActaKind.PROVISIONAL.value else acta
    standing = read_standing(session, selection, chain_facts(session, selection, amended), amended)
    frozen = frozen_lines(session, acta.id)
    differences = compare_lines(former_figures(frozen), standing.figures)
    people = list_people(session, acta.id) | {ranked.person.enrolment_id: ranked.person.id for ranked in standing.ranked}
    return ComparedActa(acta.id, at, [(people[take], difference) for take, difference in differences.items()])


def keep_comparison(session: Session, compared: ComparedActa, *, now: datetime) -> ActaCorrection | None:
    """Open, change or close the task of an acta; return the task that is open. A later comparison than this one stands."""
    row = session.get_one(SelectionActa, compared.acta_id)
    lock_selection(session, row.selection_id)
    session.refresh(row)
    newest = find_in_force(session, row.selection_id)
    if newest is None or newest.id != row.id or (row.compared_at is not None and row.compared_at > compared.at):
        return None
    row.compared_at = compared.at
    task, counts = find_open(session, row.id), compared.counts
    if not counts:
        if task is not None:
            close_correction(session, JOB, task, CorrectionEnd.REVERTED, now=now)
        return None
    weightiest = [
        {"person": person, "before": dict(difference.before), "after": dict(difference.after)}
        for person, difference in _weightiest(compared)
    ]
    lines = json.dumps(weightiest, ensure_ascii=False, sort_keys=True)
    if task is None:
        task = ActaCorrection(acta_id=row.id, opened_at=now, changed_at=now, differences=lines, **asdict(counts))
        session.add(task)
        session.flush()
        audit.record(session, JOB, SelectionVerb.CORRECTION_OPENED, task, now=now, acta=row.id, **asdict(counts))
        outbox.enqueue(session, NOTIFY_JURY, {"correction": task.id}, now=now)
    elif task.differences != lines or DifferenceCounts(task.results, task.outcomes, task.ranks, task.others) != counts:
        task.changed_at, task.differences = now, lines
        task.results, task.outcomes, task.ranks, task.others = counts.results, counts.outcomes, counts.ranks, counts.others
        audit.record(session, JOB, SelectionVerb.CORRECTION_CHANGED, task, now=now, acta=row.id, **asdict(counts))
    return task


def _weightiest(compared: ComparedActa) -> list[tuple[int, LineDifference]]:
    people = {id(difference): person for person, difference in compared.differences}
    return [
        (people[id(difference)], difference)
        for difference in weightiest([difference for _person, difference in compared.differences], KEPT_LINES)
    ]


def close_correction(session: Session, actor: Actor, task: ActaCorrection, ending: CorrectionEnd, *, now: datetime) -> None:
    """Close a task: an amendment took it in, or nothing differs any more. It stays on record."""
    task.closed_at, task.ending = now, ending.value
    session.flush()
    audit.record(session, actor, SelectionVerb.CORRECTION_CLOSED, task, now=now, acta=task.acta_id, ending=ending.value)
    outbox.enqueue(session, NOTIFY_JURY, {"correction": task.id}, now=now)


def follow_acta(session: Session, actor: Actor, row: SelectionActa, before: SelectionActa | None, *, now: datetime) -> None:
    """Let what an acta follows end with it, once it is in force, and compare it with what came since it was frozen."""
    task = find_open(session, before.id) if before is not None else None
    if task is not None:
        close_correction(session, actor, task, CorrectionEnd.AMENDED, now=now)
    request_comparisons(session, [row.id], now=now)
