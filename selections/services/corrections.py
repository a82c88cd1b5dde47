"""Corrections of an acta: results that differ from it now are a task of its jury (spec/selection 4.10 to 4.12).

A change of marks adds a job in its own transaction, by its entry in the audit log. The job reads all results at one moment, outside of
any writing, and opens, changes or closes the task. It never touches the acta.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kernel import audit, outbox
from kernel.permissions import Actor, ActorChannel
from selections.audit_verbs import SelectionVerb
from selections.models import ActaCorrection, ActaKind, CorrectionEnd, Selection, SelectionActa
from selections.queries.actas import find_in_force, list_people
from selections.queries.corrections import find_open
from selections.queries.selections import lock_selection
from selections.rules.differences import DifferenceCounts, LineDifference, compare_lines, count_differences, weightiest
from selections.services.acta_rules import chain_facts
from selections.services.standing import former_figures, frozen_lines, read_standing

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
    lines = json.dumps(
        [_difference_row(person, difference) for person, difference in _weightiest(compared)], ensure_ascii=False, sort_keys=True
    )
    if task is None:
        task = ActaCorrection(acta_id=row.id, opened_at=now, changed_at=now, differences=lines, **asdict(counts))
        session.add(task)
        session.flush()
        audit.record(session, JOB, SelectionVerb.CORRECTION_OPENED, task, now=now, acta=row.id, **asdict(counts))
        outbox.enqueue(session, NOTIFY_JURY, {"correction": task.id}, now=now)
    elif task.differences != lines or _counts_of(task) != counts:
        task.changed_at, task.differences = now, lines
        task.results, task.outcomes, task.ranks, task.others = counts.results, counts.outcomes, counts.ranks, counts.others
        audit.record(session, JOB, SelectionVerb.CORRECTION_CHANGED, task, now=now, acta=row.id, **asdict(counts))
    return task


def _counts_of(task: ActaCorrection) -> DifferenceCounts:
    return DifferenceCounts(task.results, task.outcomes, task.ranks, task.others)


def _weightiest(compared: ComparedActa) -> list[tuple[int, LineDifference]]:
    people = {id(difference): person for person, difference in compared.differences}
    return [
        (people[id(difference)], difference)
        for difference in weightiest([difference for _person, difference in compared.differences], KEPT_LINES)
    ]


def _difference_row(person: int, difference: LineDifference) -> Mapping[str, Any]:
    return {"person": person, "before": dict(difference.before), "after": dict(difference.after)}


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
