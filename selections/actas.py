"""Actas: freezing their figures at one moment, publishing and amending them, exports and verification (spec/selection 4)."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from analysis import statistics
from analysis.rules.decision_quality import DecisionAnalysis
from analysis.rules.statistics import CountedAttempts
from analysis.statistics import AnalysedAttempts, StatisticsFilter
from enrolments.models import Edition, Enrolment, LearnerGroup
from kernel import audit, clock, outbox
from kernel.codes import code_from_bits
from kernel.crypto import SigningKeys
from kernel.errors import N_, Conflict
from kernel.i18n import format_date
from kernel.permissions import Actor, ActorChannel
from kernel.personal import RetentionRule
from questions.rules.encoding import canonical_text
from quizzes.models import Attempt
from selections.audit_verbs import SelectionVerb
from selections.corrections import find_open, follow_acta
from selections.models import (
    ActaExport,
    ActaKind,
    ActaSignature,
    ActaState,
    Selection,
    SelectionActa,
    SelectionActaEntry,
    SelectionIncident,
)
from selections.objections import find_term_of
from selections.rules.differences import BY_HAND, LineDifference, compare_lines, count_differences
from selections.rules.documents import CODE_LENGTH, SALT_BYTES, SealedEntry, digest_of, document_parts, line_hash, seal_line
from selections.rules.objections import ObjectionTerm
from selections.rules.ranking import Precision, RankedPerson, SelectionOutcome
from selections.selections import count_answering, last_moment_to_sit, lock_selection, was_among
from selections.standing import (
    chain_facts,
    count_open_objections,
    find_amended,
    find_in_force,
    former_figures,
    frozen_lines,
    holds_hash,
    read_document,
    read_standing,
    with_seed,
)

BATCH = 2000


@dataclass(frozen=True, slots=True)
class FrozenActa:
    """An acta as it was frozen, before it is written: its head and its lines in order."""

    head: dict[str, Any]
    lines: list[tuple[RankedPerson, SealedEntry, bool]]
    """The person in their place, the sealed line, and whether an amendment changes it."""

    @property
    def waiting(self) -> int:
        """Return how many people wait for a grader."""
        return sum(ranked.outcome is SelectionOutcome.WAITING for ranked, _entry, _changed in self.lines)

    @property
    def amends_nothing(self) -> bool:
        """Return whether it is an amendment in which no line differs from the acta before."""
        return self.head["kind"] == ActaKind.AMENDMENT.value and not any(changed for _ranked, _entry, changed in self.lines)


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
        take = ranked.person.enrolment_id
        changed = differences.get(take)
        before = {} if changed is None else {"was": _former(changed, former.get(take))}
        lines.append((ranked, seal_line(number, ranked, salt(), {**standing.decided[take], **before}), changed is not None))
    head = (
        facts
        | _identity(acta, differences)
        | {"institution": dict(institution)}
        | _figures(decisions, computed_at)
        | {"frozen_at": _moment(now)}
    )
    return FrozenActa(head | {"people": len(lines), "basis": max((ranked.person.basis for ranked in standing.ranked), default=0)}, lines)


def _former(changed: LineDifference, frozen: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the former values of a line in the acta before where they differ, and which one it was; nothing for who was not in it."""
    if frozen is None:
        return {}
    return {"person": frozen["person"]} | {
        name: value for name, value in changed.before.items() if name != BY_HAND and value != changed.after.get(name)
    }


def _identity(acta: SelectionActa, differences: Mapping[int, LineDifference]) -> dict[str, Any]:
    """Return the identity of an acta in its chain; of an amendment its reason, and how many lines differ in what."""
    named = {"acta": acta.printed_code, "kind": acta.kind, "number": acta.number, "previous": acta.previous}
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
    document = b"".join(document_parts(frozen.head, [entry.text for _ranked, entry, _changed in frozen.lines]))
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
            "person_id": ranked.person.id,
            "enrolment_id": ranked.person.enrolment_id,
            "text": entry.text,
            "sealed": entry.sealed,
            "salt": entry.salt,
            "basis": ranked.person.basis,
            "changed": changed,
        }
        for number, (ranked, entry, changed) in enumerate(frozen.lines, 1)
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


DAYS_AFTER_ACTA = 90


def forget_before(session: Session, moment: datetime) -> int:
    """Empty the records of attempts that ended before a moment, and return how many. Declarations stay with their attempts.

    Of attempts that stand in a final acta they go 90 days after the acta, whenever the attempt ended.
    """
    final_since = (
        select(func.max(SelectionActa.published_at))
        .join(Selection, Selection.id == SelectionActa.selection_id)
        .join(Enrolment, Enrolment.course_id == Selection.course_id)
        .where(SelectionActa.kind == ActaKind.FINAL.value, SelectionActa.state == ActaState.IN_FORCE.value)
        .where(Selection.activity_key == Attempt.activity_key, Enrolment.id == Attempt.enrolment_id, was_among())
        .correlate(Attempt)
        .scalar_subquery()
    )
    final_before = clock.now() - timedelta(days=DAYS_AFTER_ACTA)
    is_due = func.coalesce(final_since < final_before, Attempt.finished_at < moment)
    statement = update(Attempt).where(Attempt.integrity_record != "", is_due).values(integrity_record="")
    return len(session.scalars(statement.returning(Attempt.id)).all())


RETENTION_RULE = RetentionRule(
    "keep_integrity_days",
    N_(
        "What some quizzes record beside your answers (times, when the page was left, devices), after the attempt; "
        "where results decide about people, 90 days after the final acta"
    ),
    forget_before,
)


FREEZE, NOTIFY_SIGNED = "selections.freeze", "selections.notify_amended"
SIGNATURES = 2


class ActaOpen(Conflict):
    """A selection with an acta that is being prepared."""

    message = N_("Another acta of this selection is being prepared. Publish or discard it first.")


class ActaChanged(Conflict):
    """An acta that is not in the state that was looked at."""

    message = N_("The acta has changed in the meantime. Look at it again.")


class SignedAlready(Conflict):
    """A second signature of the same member of the jury."""

    message = N_("You have signed this acta. Another member of the jury has to sign it too.")


class StillWaiting(Conflict):
    """Results that wait for a grader, or objections that wait for a decision."""

    message = N_("The acta cannot be final yet: answers wait to be marked, or objections to be decided.")


class NothingToAmend(Conflict):
    """An amendment where the results are those of the acta."""

    message = N_("Nothing differs from the acta, so there is nothing to amend.")


class TermRuns(Conflict):
    """A final acta while questions may still be objected to."""

    message = N_("The acta cannot be final yet: questions may be objected to until the end of %(day)s.")


def list_chain(session: Session, selection_id: int) -> Sequence[SelectionActa]:
    """List the actas of a selection that were not discarded, in their order."""
    statement = select(SelectionActa).where(SelectionActa.selection_id == selection_id, SelectionActa.state != ActaState.DISCARDED.value)
    return session.scalars(statement.order_by(SelectionActa.number).execution_options(populate_existing=True)).all()


def next_kind(chain: Sequence[SelectionActa]) -> ActaKind:
    """Return the kind of the acta that follows: provisional, final, then amendments."""
    in_force = [ActaKind(acta.kind) for acta in chain if acta.state == ActaState.IN_FORCE.value]
    if not in_force:
        return ActaKind.PROVISIONAL
    return ActaKind.FINAL if in_force[-1] is ActaKind.PROVISIONAL else ActaKind.AMENDMENT


def request_acta(session: Session, actor: Actor, selection_id: int, *, reason: str = "", now: datetime) -> SelectionActa:
    """Have the next acta of a selection frozen by a job; raise ActaOpen where one is on its way.

    Only an amendment has a reason, and only where the results differ from the acta before; else raise NothingToAmend.
    """
    assert actor.person_id is not None
    lock_selection(session, selection_id)
    chain = list_chain(session, selection_id)
    if any(acta.state != ActaState.IN_FORCE.value for acta in chain):
        raise ActaOpen
    kind = next_kind(chain)
    if kind is ActaKind.AMENDMENT and find_open(session, chain[-1].id) is None:
        raise NothingToAmend
    row = SelectionActa(
        selection_id=selection_id,
        number=len(chain) + 1,
        kind=kind.value,
        state=ActaState.FREEZING.value,
        code=code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH),
        reason=reason if kind is ActaKind.AMENDMENT else "",
        requested_at=now,
        requested_by=actor.person_id,
        previous=chain[-1].sha256 if chain else "",
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, SelectionVerb.ACTA_REQUESTED, row, now=now, selection=selection_id, kind=kind.value, number=row.number)
    outbox.enqueue(session, FREEZE, {"acta": row.id}, now=now)
    return row


def discard_acta(session: Session, actor: Actor, acta_id: int, *, now: datetime) -> None:
    """Discard an acta that is not in force, with its signatures; raise ActaChanged."""
    row = _lock(session, acta_id, ActaState.FREEZING, ActaState.DRAFT)
    row.state = ActaState.DISCARDED.value
    audit.record(session, actor, SelectionVerb.ACTA_DISCARDED, row, now=now)


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """The matters of a sitting that are still open while its acta is about to be published or signed."""

    sits_until: datetime | None = None
    """Until when somebody may still sit; None where that is over, or has no end."""
    answering: int = 0
    """The number of attempts in progress."""
    questions: int = 0
    """The number of questions of the jury to people that are not decided."""
    objections: int = 0
    """The number of objections that nobody decided on; no final acta is signed before."""
    term: ObjectionTerm | None = None
    """The term for objections that still runs; no final acta is signed before it ends."""
    is_early: bool = False
    """Whether the figures were frozen before the term for objections ended."""


def find_open_matters(session: Session, row: SelectionActa, *, now: datetime) -> OpenMatters:
    """Find the open matters of the sitting of an acta (spec/selection 4.1)."""
    selection = session.get_one(Selection, row.selection_id)
    end, term = last_moment_to_sit(session, selection), find_term_of(session, selection)
    undecided = select(func.count()).where(SelectionIncident.selection_id == selection.id, SelectionIncident.decided_at.is_(None))
    return OpenMatters(
        sits_until=end if end is not None and now < end else None,
        answering=count_answering(session, selection),
        questions=session.scalars(undecided).one(),
        objections=count_open_objections(session, selection),
        term=term if term is not None and now < term.ends_at else None,
        is_early=term is not None and row.frozen_at is not None and row.frozen_at < term.ends_at <= now,
    )


def publish_provisional(session: Session, actor: Actor, acta_id: int, sha256: str, *, now: datetime) -> None:
    """Put a provisional acta in force, by the digest that was looked at: its lines are shown, and objections may be made."""
    row = _lock(session, acta_id, ActaState.DRAFT)
    if row.kind != ActaKind.PROVISIONAL.value or row.sha256 != sha256:
        raise ActaChanged
    _put_in_force(session, actor, row, now)


def sign_acta(session: Session, actor: Actor, acta_id: int, sha256: str, *, now: datetime) -> bool:
    """Sign a final acta or an amendment, by the digest that was looked at; with the second signature it is in force: return whether.

    Raise ActaChanged, SignedAlready, StillWaiting, or TermRuns while questions may be objected to.
    """
    assert actor.person_id is not None
    row = _lock(session, acta_id, ActaState.DRAFT)
    if row.kind == ActaKind.PROVISIONAL.value or row.sha256 != sha256:
        raise ActaChanged
    selection = session.get_one(Selection, row.selection_id)
    if row.waiting or count_open_objections(session, selection):
        raise StillWaiting
    term = find_term_of(session, selection)
    if term is not None and now < term.ends_at:
        raise TermRuns(day=format_date(term.last_day))
    signed = session.scalars(select(ActaSignature.signed_by).where(ActaSignature.acta_id == row.id)).all()
    if actor.person_id in signed:
        raise SignedAlready
    session.add(ActaSignature(acta_id=row.id, signed_by=actor.person_id, signed_at=now))
    session.flush()
    audit.record(session, actor, SelectionVerb.ACTA_SIGNED, row, now=now, code=row.printed_code, sha256=row.sha256)
    if len(signed) + 1 < SIGNATURES:
        return False
    _put_in_force(session, actor, row, now)
    return True


def _put_in_force(session: Session, actor: Actor, row: SelectionActa, now: datetime) -> None:
    before = find_in_force(session, row.selection_id)
    row.state, row.published_at = ActaState.IN_FORCE.value, now
    session.flush()
    facts = {"code": row.printed_code, "kind": row.kind, "sha256": row.sha256}
    audit.record(session, actor, SelectionVerb.ACTA_PUBLISHED, row, now=now, **facts)
    follow_acta(session, actor, row, before, now=now)
    if row.kind != ActaKind.PROVISIONAL.value:  # of that one the notice of its term tells
        outbox.enqueue(session, NOTIFY_SIGNED, {"acta": row.id}, now=now)


def _lock(session: Session, acta_id: int, *states: ActaState) -> SelectionActa:
    """Return an acta in one of these states, after every other change of its selection; raise ActaChanged."""
    lock_selection(session, session.scalars(select(SelectionActa.selection_id).where(SelectionActa.id == acta_id)).one())
    row = session.scalars(select(SelectionActa).where(SelectionActa.id == acta_id).execution_options(populate_existing=True)).one()
    if row.state not in states:
        raise ActaChanged
    return row


def record_export(session: Session, actor: Actor, acta_id: int, kind: str, sha256: str, *, reason: str = "", now: datetime) -> None:
    """Record that a file of an acta was taken out; the reason is that for whole identity numbers."""
    assert actor.person_id is not None
    row = session.get_one(SelectionActa, acta_id)
    session.add(ActaExport(acta_id=acta_id, sha256=sha256, kind=kind, identities=bool(reason), made_at=now, made_by=actor.person_id))
    facts = {"identities": True, "reason": reason} if reason else {}
    audit.record(session, actor, SelectionVerb.ACTA_EXPORTED, row, now=now, kind=kind, sha256=sha256, **facts)


class RegisterVerdict(StrEnum):
    """The verdict on an acta as the register holds it."""

    GENUINE = "genuine"
    ALTERED = "altered"
    """Its text is not what was signed."""
    UNCERTAIN = "uncertain"
    """Signed with a key that others may have."""


def judge_acta(session: Session, acta: SelectionActa, keys: SigningKeys) -> RegisterVerdict:
    """Check the signature of an acta over the text that the register holds of it."""
    if not keys.verifies(acta.key_id, b"".join(read_document(session, acta)), acta.signature):
        return RegisterVerdict.ALTERED
    return RegisterVerdict.GENUINE if keys.counts(acta.key_id) else RegisterVerdict.UNCERTAIN


def holds_line(session: Session, acta: SelectionActa, line: str, salt: str) -> bool:
    """Return whether an acta holds a line as its person keeps it, with its salt; spaces that came by copying do not count."""
    for text in dict.fromkeys((line, _canonical(line))):
        try:
            digest = line_hash(text, salt)
        except ValueError:
            return False
        if holds_hash(session, acta.id, digest):
            return True
    return False


def _canonical(line: str) -> str:
    try:
        return canonical_text(json.loads(line))
    except (ValueError, RecursionError):
        return line
