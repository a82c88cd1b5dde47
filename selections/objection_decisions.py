"""Outcomes of objections: proposed, returned, decided by two people, and their log (spec/selection 5.4, 5.6 and 5.13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from kernel import audit, outbox
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from questions.models import QuestionVersion
from questions.question_bank import get_questions
from questions.rules.encoding import canonical_json, checksum, to_document
from questions.rules.marking import with_right_answer
from questions.rules.numbers import Convention
from quizzes import dry_runs
from quizzes.access import QuizContext
from quizzes.dry_runs import RegradeRequest, begin_dry_run, discard_dry_run
from quizzes.models import Regrade, RegradeDryRunRow
from quizzes.regrades import lock_regrade_by_id
from quizzes.regrading import apply_dry_run, undo
from quizzes.rules.grades import is_judged_by_rule
from quizzes.rules.regrade import RegradePolicy
from selections.access import ObjectionGroupContext
from selections.audit_verbs import ObjectionVerb
from selections.models import Objection, ObjectionGroup, ObjectionProposal
from selections.objections import IS_DECISION, count_objections
from selections.rules.objections import UNDECIDED_STATES, ObjectionOutcome, ObjectionState

NOTIFY_OUTCOME, NOTIFY_REOPENING = "selections.notify_outcome", "selections.notify_reopening"
STANDING, RETURNED, DECIDED, REOPENED = "standing", "returned", "decided", "reopened"


class ProposalStands(Conflict):
    """A second proposal while one waits for a decision."""

    message = N_("Someone has proposed an outcome in the meantime. Decide on it, or return it.")


class NothingToDecide(Conflict):
    """An act on a proposal that is decided, returned, or not the one that was looked at."""

    message = N_("Someone else has decided on these objections in the meantime, or they have changed. Look at them again.")


class DryRunNotReady(Conflict):
    """A decision while the dry run is still being made, or its marks are being written."""

    message = N_("The dry run is not ready yet. Look at it, then decide.")


class LoweringNotConfirmed(Invalid):
    """A decision that lowers people without the word that they were counted."""

    message = N_("This outcome lowers results. Confirm for how many people before you decide.")


class NotARightAnswer(Invalid):
    """Another right answer that the question cannot have, or that it has already."""

    message = N_("This cannot be another right answer of the question.")


class VersionNeeded(Invalid):
    """Marking again without the version or the answer to do it by."""

    message = N_("Choose the version to mark by, or another right answer.")


@dataclass(frozen=True, slots=True)
class ProposalValues:
    """A proposed outcome with its ground and source; to mark again, by which version or with which other right answer."""

    outcome: ObjectionOutcome
    ground: str
    source: str
    version: int = 0
    """Number of the version of the question; 0 where there is none."""
    added: str = ""


def propose(
    session: Session, actor: Actor, subject: ObjectionGroupContext, values: ProposalValues, convention: Convention, *, now: datetime
) -> ObjectionProposal:
    """Propose an outcome of locked objections, with its dry run; the same proposal again changes nothing.

    Raise ProposalStands, NothingToDecide, or Invalid where the question cannot be marked again like that.
    """
    assert actor.person_id is not None
    group, standing = subject.group, _standing(subject)
    if standing is not None and _says(standing, actor, values):
        return standing
    if standing is not None:
        raise ProposalStands
    reopens = values.outcome is ObjectionOutcome.REOPEN
    if reopens and not is_reopenable(session, group):
        raise NothingToDecide
    if not reopens and group.state != ObjectionState.OPEN.value:
        raise NothingToDecide
    target = _target(session, group, values, convention, now=now)
    row = ObjectionProposal(
        group_id=group.id,
        outcome=values.outcome.value,
        ground=values.ground,
        source=values.source,
        target_id=target,
        regrade_id=_dry_run(session, actor, subject, values, target, now=now),
        state=STANDING,
        proposed_by=actor.person_id,
        proposed_at=now,
    )
    session.add(row)
    if not reopens:
        group.state = ObjectionState.PROPOSED.value
    session.flush()
    facts = {"outcome": row.outcome, "proposal": row.id, "question": group.question_version_id, "regrade": row.regrade_id}
    audit.record(session, actor, ObjectionVerb.PROPOSED, group, now=now, **facts)
    return row


def is_reopenable(session: Session, group: ObjectionGroup) -> bool:
    """Return whether what was decided can be decided again: nothing else about the same version waits for a decision."""
    if ObjectionState(group.state) not in (ObjectionState.DECIDED, ObjectionState.TOLD):
        return False
    same = (ObjectionGroup.course_id == group.course_id, ObjectionGroup.activity_key == group.activity_key)
    of_version = ObjectionGroup.question_version_id == group.question_version_id
    return session.scalar(select(ObjectionGroup.id).where(*same, of_version, ObjectionGroup.state.in_(UNDECIDED_STATES)).limit(1)) is None


def _standing(subject: ObjectionGroupContext) -> ObjectionProposal | None:
    return subject.proposal if subject.proposal is not None and subject.proposal.state == STANDING else None


def _says(row: ObjectionProposal, actor: Actor, values: ProposalValues) -> bool:
    same = (row.outcome, row.ground, row.source) == (values.outcome.value, values.ground, values.source)
    return same and row.proposed_by == actor.person_id


def _target(session: Session, group: ObjectionGroup, values: ProposalValues, convention: Convention, *, now: datetime) -> int | None:
    """Return the version by which answers are judged, made where another right answer is added; None where none is needed."""
    if values.outcome is not ObjectionOutcome.RESCORE:
        return None
    version = session.get_one(QuestionVersion, group.question_version_id)
    if values.added:
        return _with_addition(session, version, values.added, convention, now=now)
    conditions = (QuestionVersion.question_id == version.question_id, QuestionVersion.number == values.version)
    version_id = session.scalar(select(QuestionVersion.id).where(*conditions, QuestionVersion.id != version.id))
    if version_id is None:
        raise VersionNeeded
    return version_id


def _with_addition(session: Session, version: QuestionVersion, added: str, convention: Convention, *, now: datetime) -> int:
    """Return the version of the question that has another right answer too; it is asked nowhere until somebody publishes it."""
    question = get_questions(session, [version.id])[version.id]
    changed = with_right_answer(question, added, convention)
    if changed is None or checksum(changed) == version.checksum:
        raise NotARightAnswer
    digest = checksum(changed)
    of_question = QuestionVersion.question_id == version.question_id
    present = session.scalar(select(QuestionVersion.id).where(of_question, QuestionVersion.checksum == digest))
    if present is not None:
        return present
    row = QuestionVersion(
        question_id=version.question_id,
        number=1 + (session.scalar(select(func.max(QuestionVersion.number)).where(of_question)) or 0),
        kind=version.kind,
        mark=version.mark,
        checksum=digest,
        document=canonical_json(to_document(changed)).decode(),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def _dry_run(
    session: Session, actor: Actor, subject: ObjectionGroupContext, values: ProposalValues, target: int | None, *, now: datetime
) -> int | None:
    """Begin the dry run of an outcome over everybody who had the version, in every edition; None where the marks stand."""
    kind = values.outcome.regrade_kind
    if kind is None:
        return None
    version = session.get_one(QuestionVersion, subject.group.question_version_id)
    question = get_questions(session, [version.id])[version.id]
    request = RegradeRequest(
        kind=kind,
        reason=values.ground,
        question_id=version.question_id,
        target_id=target,
        policy=RegradePolicy.ONLY_RAISE if values.outcome is ObjectionOutcome.RESCORE else RegradePolicy.REPLACE,
        with_manual=not is_judged_by_rule(question),
        version_id=version.id,
        for_objection=True,
    )
    of = subject.selection
    quiz = QuizContext(of.course_id, of.slug, of.key, activity_id=of.activity_id, outline=of.outline, staff_role=of.staff_role)
    return begin_dry_run(session, actor, quiz, request, now=now).id


def return_proposal(session: Session, actor: Actor, subject: ObjectionGroupContext, proposal: UUID, why: str, *, now: datetime) -> None:
    """Return a proposal to open: by another person with a reason, or by its proposer; its dry run is discarded. Raise NothingToDecide."""
    row = _standing(subject)
    if row is None or row.uuid != proposal:
        raise NothingToDecide
    if row.regrade_id is not None:
        regrade = lock_regrade_by_id(session, row.regrade_id)
        if regrade.state not in ("planning", "ready"):
            raise NothingToDecide
        discard_dry_run(session, actor, regrade, now=now)
    own = row.proposed_by == actor.person_id
    row.state, row.answer, row.answered_at, row.answered_by = RETURNED, why, now, None if own else actor.person_id
    if row.outcome != ObjectionOutcome.REOPEN.value:
        subject.group.state = ObjectionState.OPEN.value
    audit.record(session, actor, ObjectionVerb.RETURNED, subject.group, now=now, proposal=row.id, outcome=row.outcome)


class DecisionResult(Enum):
    """The result of a decision: it holds, its marks are being written, marks have changed and there is a new dry run, or a former decision
    is taken back.
    """

    DECIDED = auto()
    COMMITTING = auto()
    OUTDATED = auto()
    REOPENED = auto()


@dataclass(frozen=True, slots=True)
class DecisionValues:
    """The proposal that was looked at: with which dry run, how many objections, and how many people it was said to lower."""

    proposal: UUID
    seen: int
    objections: int
    confirmed_lowered: int | None = None


def decide(session: Session, actor: Actor, subject: ObjectionGroupContext, values: DecisionValues, *, now: datetime) -> DecisionResult:
    """Decide as proposed; the same decision again by the same person changes nothing.

    Raise NothingToDecide, DryRunNotReady, LoweringNotConfirmed, DryRunOutdated, AlreadyVoided or UndoLaterFirst. Where marks changed
    since the dry run was looked at, there is a new one to look at.
    """
    row = subject.proposal
    if row is None or row.uuid != values.proposal or row.state == RETURNED:
        raise NothingToDecide
    if row.state in (DECIDED, REOPENED):
        if row.answered_by == actor.person_id:
            return DecisionResult.DECIDED
        raise NothingToDecide
    if count_objections(session, subject.group.id) != values.objections:
        raise NothingToDecide
    if row.outcome == ObjectionOutcome.REOPEN.value:
        _reopen(session, actor, subject.group, row, now=now)
        return DecisionResult.REOPENED
    if row.regrade_id is None:
        finish(session, actor, subject.group, row, now=now)
        return DecisionResult.DECIDED
    return _decide_with_marks(session, actor, subject.group, row, values, now=now)


def _decide_with_marks(
    session: Session, actor: Actor, group: ObjectionGroup, row: ObjectionProposal, values: DecisionValues, *, now: datetime
) -> DecisionResult:
    """Decide on an outcome that changes marks, as its dry run was looked at."""
    assert row.regrade_id is not None
    regrade = lock_regrade_by_id(session, row.regrade_id)
    if regrade.state == "committing" and regrade.committed_by == actor.person_id:
        return DecisionResult.COMMITTING
    if regrade.state != "ready":
        raise DryRunNotReady
    _require_confirmed(session, row, values)
    if not apply_dry_run(session, actor, regrade, seen=values.seen, now=now):
        return DecisionResult.OUTDATED
    if regrade.state != "committed":
        _note_decided(session, actor, group, row, now=now)
        return DecisionResult.COMMITTING
    finish(session, actor, group, row, now=now)
    return DecisionResult.DECIDED


def find_decision(session: Session, group_id: int) -> ObjectionProposal | None:
    """Find the decision about objections that is in force."""
    return session.scalar(select(ObjectionProposal).where(ObjectionProposal.group_id == group_id, ObjectionProposal.state == DECIDED))


def _reopen(session: Session, actor: Actor, group: ObjectionGroup, row: ObjectionProposal, *, now: datetime) -> None:
    """Take the decision in force back, with its marks; whoever objected waits for another one."""
    decision = find_decision(session, group.id)
    if decision is None:
        raise NothingToDecide
    if decision.regrade_id is not None:
        regrade = lock_regrade_by_id(session, decision.regrade_id)
        if regrade.state == "committed":
            undo(session, actor, regrade, row.ground, by_jury=True, now=now)
    decision.state = row.state = REOPENED
    row.answered_by, row.answered_at = actor.person_id, now
    group.state, group.decided_at, group.told_at = ObjectionState.OPEN.value, None, None
    session.flush()
    outbox.enqueue(session, NOTIFY_REOPENING, {"group": group.id, "proposal": row.id}, now=now)
    facts = {"outcome": decision.outcome, "proposal": row.id, "question": group.question_version_id, "regrade": decision.regrade_id}
    audit.record(session, actor, ObjectionVerb.REOPENED, group, now=now, **facts)


def _require_confirmed(session: Session, row: ObjectionProposal, values: DecisionValues) -> None:
    """Raise LoweringNotConfirmed where an outcome lowers results and whoever decides has not said of how many attempts."""
    assert row.regrade_id is not None
    lowered = dry_runs.count_lines(session, row.regrade_id).lowered
    if lowered and values.confirmed_lowered != lowered:
        raise LoweringNotConfirmed


def _note_decided(session: Session, actor: Actor, group: ObjectionGroup, row: ObjectionProposal, *, now: datetime) -> None:
    facts = {"outcome": row.outcome, "proposal": row.id, "question": group.question_version_id, "regrade": row.regrade_id}
    audit.record(session, actor, ObjectionVerb.DECIDED, group, now=now, **facts)


def finish(session: Session, actor: Actor, group: ObjectionGroup, row: ObjectionProposal, *, now: datetime) -> None:
    """Note that a standing proposal was decided on, with its marks in force; who objected is told by a job."""
    _finish(session, actor, group, row, now=now)
    _note_decided(session, actor, group, row, now=now)


def finish_committed(session: Session, actor: Actor, group: ObjectionGroup, row: ObjectionProposal, *, now: datetime) -> None:
    """Note the same once a job has written the marks: that somebody decided is on record since they did."""
    _finish(session, actor, group, row, now=now)
    outbox.enqueue(session, NOTIFY_OUTCOME, {"subject": group.id}, now=now)


def _finish(session: Session, actor: Actor, group: ObjectionGroup, row: ObjectionProposal, *, now: datetime) -> None:
    row.state, row.answered_by, row.answered_at = DECIDED, actor.person_id, now
    group.state, group.decided_at = ObjectionState.DECIDED.value, now
    session.flush()


def find_decided_by(session: Session, regrade: Regrade) -> ObjectionProposal | None:
    """Return the standing proposal whose marks a committed regrade has written."""
    return session.scalar(select(ObjectionProposal).where(ObjectionProposal.regrade_id == regrade.id, ObjectionProposal.state == STANDING))


MOST_LOGGED = 200


def list_logged_objections(session: Session, question_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the objections to all versions of a question, the newest first; where all were withdrawn there is nothing to tell.

    Each row has the number of the `version`, how many `objections` are decided together, the proposal that was decided with its `proposer`
    and `decider`, and how many `attempts` have other marks by it.
    """
    proposer, decider = aliased(Person, name="proposer"), aliased(Person, name="decider")
    counted = (
        select(func.count(Objection.id)).where(Objection.group_id == ObjectionGroup.id, Objection.withdrawn_at.is_(None)).scalar_subquery()
    )
    changed = (
        select(func.count(RegradeDryRunRow.attempt_id))
        .where(RegradeDryRunRow.regrade_id == ObjectionProposal.regrade_id, RegradeDryRunRow.changed)
        .scalar_subquery()
    )
    statement = (
        select(ObjectionGroup, QuestionVersion.number.label("version"), counted.label("objections"))
        .add_columns(ObjectionProposal, proposer, decider, changed.label("attempts"))
        .join(QuestionVersion, QuestionVersion.id == ObjectionGroup.question_version_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .outerjoin(proposer, proposer.id == ObjectionProposal.proposed_by)
        .outerjoin(decider, decider.id == ObjectionProposal.answered_by)
        .where(QuestionVersion.question_id == question_id, counted > 0)
        .order_by(ObjectionGroup.id.desc())
        .limit(MOST_LOGGED)
    )
    return session.execute(statement).all()
