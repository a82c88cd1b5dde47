"""Freezing an acta: all its figures are read at one moment, copied, sealed and signed (spec/selection 4.2, 4.3, 4.8)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import Edition, LearnerGroup
from kernel import audit
from kernel.codes import printed_code
from kernel.crypto import SigningKeys
from kernel.permissions import Actor, ActorChannel
from quizzes.queries import analysis
from quizzes.queries.analysis import AnalysedAttempts, StatisticsFilter
from quizzes.queries.attempts import QuizSnapshot, find_published_snapshot
from quizzes.rules.decision_analysis import DecisionAnalysis
from quizzes.rules.encoding import encode
from quizzes.rules.statistics import CountedAttempts
from quizzes.services import analysis as analyses
from selections.audit_verbs import SelectionVerb
from selections.models import ActaState, Selection, SelectionActa, SelectionActaEntry
from selections.queries.results import list_participants
from selections.rules.documents import SALT_BYTES, SealedEntry, canonical, digest_of, document_parts, seal_line
from selections.rules.ranking import Precision, RankedPerson, SelectionOutcome, SelectionRules, rank_people
from selections.services.outcomes import DecidedOutcomes, JuryOutcomes, outcomes_of

BATCH = 2000


@dataclass(frozen=True, slots=True)
class FrozenActa:
    """An acta as it was frozen, before it is written: its head and its lines in order, each sealed."""

    head: dict[str, Any]
    lines: list[tuple[RankedPerson, SealedEntry]]

    @property
    def waiting(self) -> int:
        """Return how many people wait for a grader."""
        return sum(one.outcome is SelectionOutcome.WAITING for one, _line in self.lines)


def freeze(session: Session, acta: SelectionActa, *, now: datetime, salts: Callable[[], str] | None = None) -> FrozenActa:
    """Read all that an acta says; writes nothing. `salts` gives 32 hexadecimal digits each time."""
    selection = session.get_one(Selection, acta.selection_id)
    course = session.get_one(Course, selection.course_id)
    snapshot = find_published_snapshot(session, course, selection.activity_key)
    if snapshot is None:
        raise LookupError(f"selection {selection.id}: its quiz is not in the published version")
    settings = snapshot.settings
    decisions, computed_at = _decisions(session, selection, now)
    rules = SelectionRules(settings.grading, settings.pass_mark, settings.attempts)
    ranked = rank_people(list_participants(session, selection), rules, precision_of(decisions))
    outcomes, salt = outcomes_of(session, selection), salts or (lambda: secrets.token_hex(SALT_BYTES))
    lines = [(one, seal_line(place, one, salt(), _decided(outcomes, one))) for place, one in enumerate(ranked, 1)]
    head = _head(session, acta, selection, course, snapshot) | _figures(decisions, computed_at) | {"frozen_at": _moment(now)}
    return FrozenActa(head | {"people": len(lines), "basis": max((one.person.basis for one in ranked), default=0)}, lines)


def precision_of(decisions: DecisionAnalysis | None) -> Precision | None:
    """Return the precision of results as the analysis of decisions has it; None where there are too few attempts to tell."""
    mark = decisions.rule.pass_mark if decisions is not None else None
    if decisions is None or not decisions.error or mark is None or not decisions.error_at_mark:
        return None
    return Precision(decisions.error, float(mark * (100 - mark)) * (decisions.error / decisions.error_at_mark) ** 2)


def _decided(outcomes: JuryOutcomes, one: RankedPerson) -> dict[str, Any]:
    found = outcomes.by_person.get(one.person.id, DecidedOutcomes())
    return {"objections": list(found.objections), "incidents": list(found.incidents)}


def _head(session: Session, acta: SelectionActa, selection: Selection, course: Course, snapshot: QuizSnapshot) -> dict[str, Any]:
    place = session.get(Edition, selection.edition_id) if selection.edition_id else session.get_one(LearnerGroup, selection.group_id)
    assert place is not None
    settings, use = snapshot.settings, snapshot.selection
    return {
        "acta": printed_code(acta.code),
        "kind": acta.kind,
        "number": acta.number,
        "previous": acta.previous,
        **({"reason": acta.reason} if acta.reason else {}),
        "course": dict(course.title),
        "quiz": selection.activity_key,
        "quiz_version": snapshot.quiz_version_id,
        "use": dict(use.use) if use is not None else {},
        "whom": place.shown_name if isinstance(place, LearnerGroup) else place.name,
        "attempts_allowed": settings.attempts,
        "grading": settings.grading.value,
        "pass_mark": None if settings.pass_mark is None else str(settings.pass_mark),
        "pass_mark_record": None,
        "draw_table": None if snapshot.balance is None else encode(snapshot.balance),
        "ties": "shared",
    }


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
    for learners in (own, analysis.EVERYBODY):
        found = _attempts(session, selection, learners)
        kept = analysis.find_examination(session, found)
        if kept is not None and kept.is_current:
            return kept.examination.decisions, kept.computed_at
        if found.items <= analyses.AT_ONCE:
            return analyses.compute(session, found).decisions, now
    return (kept.examination.decisions, kept.computed_at) if kept is not None else (None, None)


def _attempts(session: Session, selection: Selection, learners: StatisticsFilter) -> AnalysedAttempts:
    quiz = analysis.list_compositions(session, selection.course_id, selection.activity_key, learners)
    return analysis.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0])


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def keep_frozen(session: Session, acta_id: int, frozen: FrozenActa, keys: SigningKeys, *, now: datetime) -> bool:
    """Write a frozen acta with its signature; False where it was frozen or discarded meanwhile, and nothing was written."""
    document = b"".join(document_parts(frozen.head, [line.text for _one, line in frozen.lines]))
    values = {
        "state": ActaState.DRAFT.value,
        "frozen_at": now,
        "head": canonical(frozen.head),
        "people": len(frozen.lines),
        "waiting": frozen.waiting,
        "sha256": digest_of([document]),
        "key_id": keys.identifier,
        "signature": keys.sign(document),
    }
    waits = (SelectionActa.id == acta_id, SelectionActa.state == ActaState.FREEZING.value)
    if session.execute(update(SelectionActa).where(*waits).values(values).returning(SelectionActa.id)).scalar_one_or_none() is None:
        return False
    rows = [
        {
            "acta_id": acta_id,
            "place": place,
            "person_id": one.person.id,
            "text": line.text,
            "sealed": line.sealed,
            "salt": line.salt,
            "basis": one.person.basis,
        }
        for place, (one, line) in enumerate(frozen.lines, 1)
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(SelectionActaEntry), rows[start : start + BATCH])
    row = session.scalars(select(SelectionActa).where(SelectionActa.id == acta_id).execution_options(populate_existing=True)).one()
    audit.record(session, Actor(via=ActorChannel.JOB), SelectionVerb.ACTA_FROZEN, row, now=now, sha256=row.sha256, people=row.people)
    return True
