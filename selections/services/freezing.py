"""Freezing an acta: all its figures are read at one moment, copied, sealed and signed (spec/selection 4.2, 4.3, 4.8)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from analysis import statistics
from analysis.rules.decision_quality import DecisionAnalysis
from analysis.rules.statistics import CountedAttempts
from analysis.statistics import AnalysedAttempts, StatisticsFilter
from enrolments.models import Edition, LearnerGroup
from kernel import audit
from kernel.codes import printed_code
from kernel.crypto import SigningKeys
from kernel.permissions import Actor, ActorChannel
from questions.rules.encoding import canonical_text
from selections.audit_verbs import SelectionVerb
from selections.models import ActaKind, ActaState, Selection, SelectionActa, SelectionActaEntry
from selections.rules.differences import LineDifference, compare_lines, count_differences
from selections.rules.documents import SALT_BYTES, SealedEntry, digest_of, document_parts, seal_line
from selections.rules.ranking import Precision, RankedPerson, SelectionOutcome
from selections.services.acta_rules import chain_facts
from selections.services.standing import find_amended, former_figures, frozen_lines, read_standing
from selections.services.ties import with_seed

BATCH = 2000


@dataclass(frozen=True, slots=True)
class FrozenEntry:
    """A line of an acta as it was frozen: the person in their place, its text, and whether an amendment changes it."""

    of: RankedPerson
    entry: SealedEntry
    changed: bool = False


@dataclass(frozen=True, slots=True)
class FrozenActa:
    """An acta as it was frozen, before it is written: its head and its lines in order, each sealed."""

    head: dict[str, Any]
    lines: list[FrozenEntry]

    @property
    def waiting(self) -> int:
        """Return how many people wait for a grader."""
        return sum(line.of.outcome is SelectionOutcome.WAITING for line in self.lines)

    @property
    def amends_nothing(self) -> bool:
        """Return whether it is an amendment in which no line differs from the acta before."""
        return self.head["kind"] == ActaKind.AMENDMENT.value and not any(line.changed for line in self.lines)


def freeze(
    session: Session, acta: SelectionActa, institution: Mapping[str, str], *, now: datetime, salts: Callable[[], str] | None = None
) -> FrozenActa:
    """Read all that an acta says; writes nothing. `institution` is its name by language, `salts` gives 32 hexadecimal digits each time."""
    selection, amended = session.get_one(Selection, acta.selection_id), find_amended(session, acta)
    facts = chain_facts(session, selection, amended)
    facts = facts if acta.kind == ActaKind.PROVISIONAL.value else with_seed(session, facts, selection.id)
    decisions, computed_at = _decisions(session, selection, now)
    standing = read_standing(session, selection, facts, amended, precision_of(decisions))
    former = {} if amended is None else frozen_lines(session, amended.id)
    differences = {} if amended is None else compare_lines(former_figures(former), standing.figures)
    salt = salts or (lambda: secrets.token_hex(SALT_BYTES))
    lines = []
    for number, ranked in enumerate(standing.ranked, 1):
        changed = differences.get(ranked.person.enrolment_id)
        before = {} if changed is None else {"was": _former(changed, former.get(ranked.person.enrolment_id))}
        lines.append(
            FrozenEntry(
                ranked, seal_line(number, ranked, salt(), standing.decided[ranked.person.enrolment_id] | before), changed is not None
            )
        )
    head = (
        facts
        | _identity(acta, differences)
        | {"institution": dict(institution)}
        | _figures(decisions, computed_at)
        | {"frozen_at": _moment(now)}
    )
    return FrozenActa(head | {"people": len(lines), "basis": max((ranked.person.basis for ranked in standing.ranked), default=0)}, lines)


def _former(changed: LineDifference, frozen: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a line said in the acta before where it differs, and which one it was; nothing for who was not in it."""
    if frozen is None:
        return {}
    return {"person": frozen["person"]} | {name: value for name, value in changed.before.items() if value != changed.after.get(name)}


def _identity(acta: SelectionActa, differences: Mapping[int, LineDifference]) -> dict[str, Any]:
    """Return what names an acta in its chain; of an amendment its reason, and how many lines differ in what."""
    named = {"acta": printed_code(acta.code), "kind": acta.kind, "number": acta.number, "previous": acta.previous}
    if acta.kind != ActaKind.AMENDMENT.value:
        return named
    return named | {"reason": acta.reason, "differences": asdict(count_differences(differences.values()))}


def precision_of(decisions: DecisionAnalysis | None) -> Precision | None:
    """Return the precision of results as the analysis of decisions has it; None where there are too few attempts to tell."""
    mark = decisions.rule.pass_mark if decisions is not None else None
    if decisions is None or not decisions.error or mark is None or not decisions.error_at_mark:
        return None
    return Precision(decisions.error, float(mark * (100 - mark)) * (decisions.error / decisions.error_at_mark) ** 2)


def _figures(decisions: DecisionAnalysis | None, computed_at: datetime | None) -> dict[str, Any]:
    """Return reliability, standard error and consistency with their date; none where there are too few attempts."""
    if decisions is None:
        return {"reliability": None, "sem": None, "consistency": None, "analysed_at": None, "attempts_analysed": None}
    model = decisions.model if decisions.model and decisions.model.fits else None
    return {
        "reliability": f"{decisions.alpha:.6f}",
        "sem": f"{decisions.error:.6f}",
        "consistency": None if model is None else f"{model.quality.consistency:.6f}",
        "analysed_at": None if computed_at is None else _moment(computed_at),
        "attempts_analysed": decisions.attempts,
    }


def _decisions(session: Session, selection: Selection, now: datetime) -> tuple[DecisionAnalysis | None, datetime | None]:
    """Return the analysis of decisions of the people of a selection; where that is long to compute, the kept one of all learners."""
    edition = session.get(Edition, selection.edition_id) if selection.edition_id else None
    group = session.get(LearnerGroup, selection.group_id) if selection.group_id else None
    own = StatisticsFilter(edition.uuid if edition else None, group.uuid if group else None)
    for learners in (own, statistics.EVERYBODY):
        attempts = _attempts(session, selection, learners)
        stored = statistics.find_examination(session, attempts)
        if stored is not None and stored.is_current:
            return stored.examination.decisions, stored.computed_at
        if attempts.items <= statistics.AT_ONCE:
            return statistics.compute_statistics(session, attempts).decisions, now
    return (stored.examination.decisions, stored.computed_at) if stored is not None else (None, None)


def _attempts(session: Session, selection: Selection, learners: StatisticsFilter) -> AnalysedAttempts:
    quiz = statistics.list_compositions(session, selection.course_id, selection.activity_key, learners)
    return statistics.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0])


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def keep_frozen(session: Session, acta_id: int, frozen: FrozenActa, keys: SigningKeys, *, now: datetime) -> bool:
    """Write a frozen acta with its signature; False where it was frozen or discarded meanwhile, and nothing was written."""
    if frozen.amends_nothing:
        return _discard(session, acta_id, now=now)
    document = b"".join(document_parts(frozen.head, [line.entry.text for line in frozen.lines]))
    values = {
        "state": ActaState.DRAFT.value,
        "frozen_at": now,
        "head": canonical_text(frozen.head),
        "people": len(frozen.lines),
        "waiting": frozen.waiting,
        "sha256": digest_of([document]),
        "key_id": keys.identifier,
        "signature": keys.sign(document),
    }
    if not _settle(session, acta_id, values):
        return False
    rows = [
        {
            "acta_id": acta_id,
            "place": number,
            "person_id": line.of.person.id,
            "enrolment_id": line.of.person.enrolment_id,
            "text": line.entry.text,
            "sealed": line.entry.sealed,
            "salt": line.entry.salt,
            "basis": line.of.person.basis,
            "changed": line.changed,
        }
        for number, line in enumerate(frozen.lines, 1)
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(SelectionActaEntry), rows[start : start + BATCH])
    row = session.scalars(select(SelectionActa).where(SelectionActa.id == acta_id).execution_options(populate_existing=True)).one()
    audit.record(session, Actor(via=ActorChannel.JOB), SelectionVerb.ACTA_FROZEN, row, now=now, sha256=row.sha256, people=row.people)
    return True


def _settle(session: Session, acta_id: int, values: Mapping[str, object]) -> bool:
    """Change an acta that is still being frozen; return whether it was."""
    waits = (SelectionActa.id == acta_id, SelectionActa.state == ActaState.FREEZING.value)
    return session.execute(update(SelectionActa).where(*waits).values(values).returning(SelectionActa.id)).scalar_one_or_none() is not None


def _discard(session: Session, acta_id: int, *, now: datetime) -> bool:
    """Discard an amendment that would say nothing new: what it was asked for was undone meanwhile."""
    if _settle(session, acta_id, {"state": ActaState.DISCARDED.value}):
        row = session.get_one(SelectionActa, acta_id, populate_existing=True)
        audit.record(session, Actor(via=ActorChannel.JOB), SelectionVerb.ACTA_DISCARDED, row, now=now)
    return False
