"""Commit and undo regrades, apply them to attempts that they left out, and offer those of answers that would be marked otherwise now."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Row, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from enrolments import enrolment
from enrolments.awards import AwardDoubt, DoubtOrigin, open_doubts, withdraw_doubts
from enrolments.enrolment import ActivityOutcome
from enrolments.progress import lock_enrolments
from enrolments.rules import has_passed
from kernel import audit, outbox
from kernel.errors import N_, Conflict, OwnRecord
from kernel.own_records import is_own, note_left_out
from kernel.permissions import Actor
from questions.question_bank import get_questions, list_question_names
from questions.rules.answers import clean_parts
from questions.rules.definitions import CalculatedBody, GapsBody, NumericalBody, ShortAnswerBody
from questions.rules.marking import variant_pair
from quizzes import dry_runs, regrades
from quizzes.attempts import IS_RESPONSE
from quizzes.dry_runs import (
    MOST_AT_ONCE,
    PORTION,
    DecidedByJury,
    changeable_versions,
    check_not_voided,
    dry_run_enrolments,
    is_voided,
    judge_items,
    judged_versions,
    marks_of,
    renew_dry_run,
    settings_of,
)
from quizzes.marks import as_decimal, find_voided_items, settle_voids, write_grade
from quizzes.models import AnswerEvent, Attempt, AttemptItem, CertificateReview, MarkEvent, Regrade, RegradeDryRunMark, VoidedQuestion
from quizzes.rules.grades import AttemptGrade, deciding_index, grade_over_attempts
from quizzes.rules.regrade import RegradeKind, total_of
from quizzes.rules.settings import EndedAttempt, QuizRecord, completed_at
from quizzes.rules.states import AttemptState


def list_committed(session: Session, quiz: Regrade) -> Sequence[Regrade]:
    """List the regrades of a quiz that are in force and judged answers, the oldest first."""
    of_quiz = (Regrade.course_id == quiz.course_id, Regrade.activity_key == quiz.activity_key, Regrade.state == "committed")
    judging = Regrade.kind.in_((RegradeKind.SAME.value, RegradeKind.OTHER.value))
    return session.scalars(select(Regrade).where(*of_quiz, judging).order_by(Regrade.committed_at, Regrade.id)).all()


def stream_marked_by_rule(session: Session, quiz: Regrade, versions: Collection[int]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield rows of `PRESENT` with each answer that counted, its `payload`: the response, and what was checked before; none by hand."""
    check = aliased(MarkEvent)
    statement = (
        regrades.PRESENT.add_columns(AnswerEvent.payload)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
        .where(*regrades.covered(quiz), AttemptItem.question_version_id.in_(versions), MarkEvent.origin != "manual")
        .where(or_(IS_RESPONSE, exists().where(check.answer_id == AnswerEvent.id)))
        .order_by(AttemptItem.id, AnswerEvent.id)
    )
    yield from session.execute(statement.execution_options(yield_per=1000))


OFFER_PORTION, KEPT = 500, 5000
"""Answers that are judged together, and texts of which is remembered whether variants decide."""
_TYPED = CalculatedBody | GapsBody | NumericalBody | ShortAnswerBody


@dataclass(frozen=True, slots=True)
class RegradeOffer:
    """A question, how many answers to it would be marked otherwise, one of them with its key, and whether another version marks it."""

    question: str
    answers: int
    typed: str
    accepted: str
    corrected: bool = False


def list_offers(session: Session, course_id: int, activity_key: str) -> list[RegradeOffer]:
    """List the questions of a quiz with answers that would be marked otherwise, without those that are void or that a jury decided on."""
    quiz = Regrade(course_id=course_id, activity_key=activity_key)
    skipped = regrades.voided_versions(session, quiz) | regrades.decided_versions(session, course_id, activity_key)
    questions = get_questions(session, sorted(regrades.versions_to_regrade(session, quiz) - skipped))
    own = {version: version for version, question in questions.items() if isinstance(question.body, _TYPED)}
    judged_by = own
    for row in list_committed(session, quiz):
        judged_by = own if row.question_id is None else judged_by | judged_versions(session, row)
    names = list_question_names(session, list(own))
    offers: dict[str, RegradeOffer] = {}
    candidates = _with_variants(session, quiz, {version: judged_by[version] for version in own})
    while portion := dict(islice(candidates, OFFER_PORTION)):
        attempts = session.scalars(select(Attempt).where(Attempt.id.in_({item.attempt_id for item in portion})))
        marked = judge_items(session, {attempt.id: attempt for attempt in attempts}, list(portion), judged_by)
        for item, pair in portion.items():
            now, version = marked[item.attempt_id][item.id], item.question_version_id
            if (now.fraction, now.state) != (item.fraction, item.state):
                offer = offers.get(names[version].key) or RegradeOffer(names[version].key, 0, *pair, judged_by[version] != version)
                offers[offer.question] = replace(offer, answers=offer.answers + 1)
    return list(offers.values())


def _with_variants(session: Session, quiz: Regrade, judged_by: Mapping[int, int]) -> Iterator[tuple[regrades.PresentItem, tuple[str, str]]]:
    """Yield each item with an answer of which variants may decide, with the first such text and the key that it fits."""

    @lru_cache(maxsize=KEPT)
    def pair_of(version: int, payload: str) -> tuple[str, str] | None:
        typed = [value for values in clean_parts(json.loads(payload)).values() for value in values]
        return variant_pair(get_questions(session, [version])[version].body, typed)

    rows = stream_marked_by_rule(session, quiz, judged_by) if judged_by else ()
    for _item, answers in groupby(rows, key=lambda row: row.id):
        pairs = ((row, pair_of(judged_by[row.question_version_id], row.payload)) for row in answers)
        yield from islice(((regrades.present_item(row), pair) for row, pair in pairs if pair is not None), 1)


@dataclass(frozen=True, slots=True)
class TouchedRecord:
    """A signed record whose people a regrade would give another result; it stays as it is."""

    name: str
    words: str


_COPIED = ("item_id", "origin", "fraction", "exact", "state", "marked_at", "marked_by", "reason", "comment", "levels", "regrade_id")


class RegradeVerb(
    audit.Verb,
    facts={
        "gained": N_("Learners who pass now"),
        "lost": N_("Learners who pass no longer"),
        "policy": audit.Fact(
            N_("Which marks count"),
            values={
                "replace": N_("The new marks replace the old ones"),
                "keep_best": N_("For each question, the better mark counts"),
                "only_raise": N_("New marks only in attempts whose total goes up"),
            },
        ),
    },
):
    """The audit verbs of regrades."""

    COMMITTED = "quiz.regraded"
    UNDONE = "quiz.regrade_undone"
    APPLIED = "quiz.regrade_applied"


class DryRunOutdated(Conflict):
    """A dry run that is not the one that was viewed."""

    code = "trial_not_as_seen"
    message = N_("Marks have changed since this dry run. Check the new one before you continue.")


class UndoLaterFirst(Conflict):
    """A later regrade that touched the same answers."""

    message = N_("Some of these answers were regraded later. Undo that first.")


def apply_dry_run(session: Session, actor: Actor, row: Regrade, *, seen: int, now: datetime) -> bool:
    """Commit the marks of the dry run that was `seen`; raise DryRunOutdated where another one is ready, AlreadyVoided or DecidedByJury.

    Large ones are done by a job. Where marks changed meanwhile nothing is committed: the dry run is made again, to be viewed.
    Return whether it was committed or queued.
    """
    if row.state != "ready" or row.seen != seen:
        raise DryRunOutdated
    if RegradeKind(row.kind).voids:
        check_not_voided(session, row)
    if row.question_id is not None and not changeable_versions(session, row):
        raise DecidedByJury
    row.committed_by = actor.person_id
    if row.total > MOST_AT_ONCE:
        row.state = "committing"
        outbox.enqueue(session, "quizzes.commit_regrade", {"regrade": row.id}, now=now)
        return True
    return apply_now(session, actor, row, now=now)


def apply_now(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> bool:
    """Commit everything in the present transaction, the row locked; return False where it stays a dry run.

    It is made again where marks changed or a jury decided on some, and stays as it is where the question is void or decided on meanwhile.
    """
    regrades.lock_dry_run_attempts(session, row)
    if regrades.is_outdated(session, row) or (not row.for_objection and regrades.touches_decided(session, row)):
        row.committed_by = None
        renew_dry_run(session, actor, row, outdated=True, now=now)
        return False
    if RegradeKind(row.kind).voids:
        if is_voided(session, row) or not changeable_versions(session, row):
            row.state, row.committed_by = "ready", None
            return False
        _void_question(session, row)
    if RegradeKind(row.kind).holds_later:
        outbox.enqueue(session, "quizzes.catch_up_regrade", {"regrade": row.id}, now=now)
    _apply_marks(session, actor, row, now=now)
    row.state, row.committed_at = "committed", now
    _note_left_out(session, actor, row, now=now)
    counts = dry_runs.count_lines(session, row.id)
    audit.record(
        session,
        actor,
        RegradeVerb.COMMITTED,
        row,
        now=now,
        kind=row.kind,
        activity=row.activity_key,
        policy=row.policy,
        reason=row.reason,
        changed=counts.changed,
        gained=counts.gained,
        lost=counts.lost,
    )
    return True


def _apply_marks(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> bool:
    """Append the missing marks of the dry run, and update all that follows from them; return whether there were any."""
    if RegradeKind(row.kind).holds_later:
        _add_late_lines(session, row)
    touched = regrades.attempts_to_mark(session, actor, row.id)
    _append_marks(session, actor, row, now=now)
    _update_results(session, actor, row, touched, now=now)
    return bool(touched)


def _void_question(session: Session, row: Regrade) -> None:
    """Make the question void for attempts that are submitted from now on."""
    versions = changeable_versions(session, row)
    session.execute(
        insert(VoidedQuestion),
        [
            {
                "regrade_id": row.id,
                "course_id": row.course_id,
                "activity_key": row.activity_key,
                "question_version_id": version,
                "effect": row.kind,
                "lifted_at": None,
            }
            for version in versions
        ],
    )


def _add_late_lines(session: Session, row: Regrade) -> None:
    """Add attempts submitted between the dry run and this moment: it holds for all. Nobody marks them by hand meanwhile."""
    regrades.lock_submitted_since(session, row)
    last = 0
    while enrolments := regrades.next_enrolments(session, row, after=last, limit=PORTION):
        dry_run_enrolments(session, row, enrolments, late=True)
        last = enrolments[-1]


def _append_marks(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    """Append every mark of the dry run whose place is not taken; a grader's comment and levels stay with the new mark."""
    before = aliased(MarkEvent)
    chosen = (
        select(
            RegradeDryRunMark.item_id,
            literal("regrade"),
            RegradeDryRunMark.fraction,
            RegradeDryRunMark.exact,
            RegradeDryRunMark.state,
            literal(now, MarkEvent.marked_at.type),
            literal(actor.person_id),
            literal(row.reason),
            before.comment,
            before.levels,
            RegradeDryRunMark.regrade_id,
        )
        .join(before, before.id == RegradeDryRunMark.before_id)
        .where(RegradeDryRunMark.regrade_id == row.id, RegradeDryRunMark.before_id == regrades.last_event_of(RegradeDryRunMark.item_id))
        .where(RegradeDryRunMark.attempt_id.not_in(regrades.own_attempts(actor, row)))
        .order_by(RegradeDryRunMark.item_id)
    )
    session.execute(insert(MarkEvent).from_select(_COPIED, chosen))


def _update_results(session: Session, actor: Actor, row: Regrade, touched: Mapping[int, Sequence[int]], *, now: datetime) -> None:
    """Let totals, results, progress and completion of attempts, by enrolment, follow the marks as they are now, some learners at a time."""
    enrolments = list(touched)
    for start in range(0, len(enrolments), PORTION):
        portion = enrolments[start : start + PORTION]
        _update_portion(session, actor, row, portion, frozenset(attempt_id for owner in portion for attempt_id in touched[owner]), now=now)
        session.flush()


def _update_portion(
    session: Session, actor: Actor, row: Regrade, enrolments: Sequence[int], touched: frozenset[int], *, now: datetime
) -> None:
    learners = lock_enrolments(session, enrolments)  # first: an attempt that one of them ends at this moment is among the ended ones
    ended = regrades.list_ended(session, row, enrolments)
    before = {enrolment_id: _joint_outcome(session, attempts) for enrolment_id, attempts in ended.items()}
    finished = [
        attempt for attempts in ended.values() for attempt in attempts if attempt.id in touched and attempt.state == AttemptState.FINISHED
    ]
    present = regrades.list_present_items(session, [attempt.id for attempt in finished])
    voided = find_voided_items(session, [attempt.id for attempt in finished])
    for attempt in finished:
        marks = marks_of(present[attempt.id], voided)
        mine = {item_id: voided[item_id] for item_id in marks if item_id in voided}
        write_grade(attempt, total_of(marks, settle_voids(session, marks, mine, now=now), settings_of(session, attempt)))
    after = {enrolment_id: _joint_outcome(session, attempts) for enrolment_id, attempts in ended.items()}
    for locked in learners:
        if locked.enrolment.id in after:
            enrolment.record_result_on_locked(session, actor, locked, row.activity_key, after[locked.enrolment.id], now=now)
    lost = [enrolment_id for enrolment_id in ended if before[enrolment_id].passed and not after[enrolment_id].passed]
    if lost:
        _raise_doubts(
            session, actor, row, {enrolment_id: (before[enrolment_id].score, after[enrolment_id].score) for enrolment_id in lost}, now=now
        )


def _joint_outcome(session: Session, attempts: Sequence[Attempt]) -> ActivityOutcome:
    """Return the joint result of a learner's attempts. How many were used does not change by a regrade, so it is left as it was."""
    settings = settings_of(session, attempts[-1])
    graded = [(attempt, None if attempt.percent is None else Fraction(attempt.percent)) for attempt in attempts]
    grades = [AttemptGrade(attempt.number, percent, abandoned=attempt.state == AttemptState.ABANDONED) for attempt, percent in graded]
    score = grade_over_attempts(settings.grading, grades)
    ended = tuple(
        EndedAttempt(
            attempt.finished_at or attempt.started_at, percent, attempt.finished_at, abandoned=attempt.state == AttemptState.ABANDONED
        )
        for attempt, percent in graded
    )
    record = QuizRecord(viewed_at=attempts[0].started_at, attempts=ended)
    completed = completed_at(settings.completion, record, pass_mark=settings.pass_mark, grading=settings.grading, allowed=0)
    shown = None if score is None else max(Fraction(0), min(Fraction(100), score))
    return ActivityOutcome(
        completed is not None,
        shown,
        has_passed(score, settings.pass_mark),
        exhausted=None,
        achieved_at=completed,
        submitted_at=attempts[deciding_index(settings.grading, grades)].finished_at,
    )


def _raise_doubts(
    session: Session, actor: Actor, row: Regrade, lost: Mapping[int, tuple[Fraction | None, Fraction | None]], *, now: datetime
) -> None:
    """Let the team or an administrator decide on the awards of learners who no longer pass: they stay until someone decides."""
    doubts = [
        AwardDoubt(enrolment_id, None if before is None else as_decimal(before), None if after is None else as_decimal(after))
        for enrolment_id, (before, after) in sorted(lost.items())
    ]
    open_doubts(session, actor, DoubtOrigin(regrades.get_regrade_path(session, row), row.reason), doubts, now=now)


def undo(session: Session, actor: Actor, row: Regrade, reason: str, *, by_jury: bool = False, now: datetime) -> None:
    """Give every answer the mark back that it had, by appending it.

    Raise UndoLaterFirst, Conflict where there is nothing to undo, or DecidedByJury: what a jury decided is undone by the jury alone.

    What a person marked since then stays. Large ones are done by a job.
    """
    if row.state != "committed":
        raise Conflict
    if not by_jury and (row.for_objection or regrades.touches_decided(session, row)):
        raise DecidedByJury
    if regrades.later_regrade(session, row) is not None:
        raise UndoLaterFirst
    row.undone_by, row.undo_reason = actor.person_id, reason
    if row.total > MOST_AT_ONCE:
        row.state = "undoing"
        outbox.enqueue(session, "quizzes.undo_regrade", {"regrade": row.id}, now=now)
        return
    undo_now(session, actor, row, now=now)


def undo_now(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    """Do all of an undoing in the present transaction, the row locked."""
    regrades.lock_touched(session, row.id)
    if RegradeKind(row.kind).holds_later:
        outbox.enqueue(session, "quizzes.catch_up_regrade", {"regrade": row.id}, now=now)
    session.execute(
        update(VoidedQuestion).where(VoidedQuestion.regrade_id == row.id, VoidedQuestion.lifted_at.is_(None)).values(lifted_at=now)
    )
    withdraw_doubts(session, actor, regrades.get_regrade_path(session, row), now=now)
    _restore_marks(session, actor, row, now=now)
    row.state, row.undone_at = "undone", now
    _note_left_out(session, actor, row, now=now)
    audit.record(session, actor, RegradeVerb.UNDONE, row, now=now, kind=row.kind, activity=row.activity_key, reason=row.undo_reason)


def _restore_marks(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    touched = regrades.attempts_to_restore(session, actor, row.id)
    _append_marks_of_before(session, actor, row, now=now)
    _update_results(session, actor, row, touched, now=now)


def _note_left_out(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    session.flush()  # what is left out is read
    if any(is_own(actor, person.id) for person in regrades.list_left_out(session, row)):
        note_left_out(session, actor, row, now=now, activity=row.activity_key, kind=row.kind)


def apply_to_left_out(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    """Let a commit, or its undoing, follow for those whom it left out; raise OwnRecord where that is the actor alone."""
    people = regrades.list_left_out(session, row)
    if not people:
        return
    if all(is_own(actor, person.id) for person in people):
        raise OwnRecord
    regrades.lock_dry_run_attempts(session, row)
    if row.state == "committed":
        _apply_marks(session, actor, row, now=now)
    else:
        regrades.lock_touched(session, row.id)
        _restore_marks(session, actor, row, now=now)
    audit.record(session, actor, RegradeVerb.APPLIED, row, now=now, activity=row.activity_key, people=[person.id for person in people])


def apply_to_late_attempts(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    """Apply a regrade that holds later, or its undoing, to attempts submitted while it was being committed: neither could see the other.

    Submitting keeps the attempt locked. All that began before is waited for here; what begins now sees what was committed.
    """
    regrades.lock_unfinished(session, row)
    if row.state == "committed" and _apply_marks(session, actor, row, now=now):
        outbox.enqueue(session, "quizzes.tell_regrade", {"subject": row.id}, now=now)
    elif row.state == "undone":
        regrades.lock_touched(session, row.id)
        _restore_marks(session, actor, row, now=now)


def _append_marks_of_before(session: Session, actor: Actor, row: Regrade, *, now: datetime) -> None:
    """Append to each answer whose present mark this regrade made the last one that counts without it; later marks stay.

    Marks of later regrades, which are undone by now, do not count either. What is restored keeps the regrade that it came from
    itself, so that this one can be undone too.
    """
    before, present, earlier = (aliased(MarkEvent) for _place in range(3))
    others = select(Regrade.id).where(Regrade.id != row.id, Regrade.state == "committed")
    by_other = (earlier.regrade_id + 0).in_(others)  # so that an item's few marks are looked through, and not all marks of those
    previous = select(func.max(earlier.id)).where(
        earlier.item_id == present.item_id, earlier.id < present.id, or_(earlier.regrade_id.is_(None), by_other)
    )
    chosen = (
        select(
            before.item_id,
            before.origin,
            before.fraction,
            before.exact,
            before.state,
            literal(now, MarkEvent.marked_at.type),
            literal(actor.person_id),
            literal(row.reason),
            before.comment,
            before.levels,
            before.regrade_id,
        )
        .select_from(present)
        .join(before, before.id == previous.correlate(present).scalar_subquery())
        .join(AttemptItem, AttemptItem.id == present.item_id)
        .where(present.regrade_id == row.id, present.id == regrades.last_event_of(present.item_id))
        .where(AttemptItem.attempt_id.not_in(regrades.own_attempts(actor, row)))
        .order_by(before.item_id)
    )
    session.execute(insert(MarkEvent).from_select(_COPIED, chosen))


def move_former_reviews(session: Session, actor: Actor, *, limit: int, now: datetime) -> int:
    """Move the oldest reviews of 0.2.0 that wait for a decision to those of certificates, at most `limit`; return how many there were."""
    waiting = select(CertificateReview).where(CertificateReview.settled_at.is_(None)).with_for_update()
    rows = session.scalars(waiting.order_by(CertificateReview.regrade_id, CertificateReview.id).limit(limit)).all()
    for regrade_id, reviews in groupby(rows, key=lambda row: row.regrade_id):
        _move(session, actor, session.get_one(Regrade, regrade_id), list(reviews), now=now)
    return len(rows)


def _move(session: Session, actor: Actor, regrade: Regrade, reviews: Sequence[CertificateReview], *, now: datetime) -> None:
    doubts = [AwardDoubt(row.enrolment_id, row.percent_before, row.percent_after) for row in reviews]
    open_doubts(session, actor, DoubtOrigin(regrades.get_regrade_path(session, regrade), regrade.reason), doubts, now=now)
    for row in reviews:
        row.settled_at = now
