"""Verbs of the team's own word on a result: set it, with a reason, or let what was earned count again (spec/security 5.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.kinds import CourseKinds
from courses.rules import OutlineActivity
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import ActivityResult, ResultOverride
from enrolments.permissions import ResultContext
from enrolments.queries import learning as queries
from enrolments.queries.results import find_override
from enrolments.rules import Progress, completes_by_override, has_passed
from enrolments.services.progress import LockedEnrolment, complete, exact_decimal, lock_enrolment, update_progress
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class ResultOverrideValues:
    """The result set by the team: percent that counts, or none for what was earned; why; and the number of the page that asked."""

    uuid: UUID
    score: Fraction | None
    reason: str


class NoOverrideInForce(Conflict):
    """There is no word of the team to take back."""

    code = "nothing_overridden"
    message = N_("The learner's own result already counts.")


class ResultUsedElsewhere(Conflict):
    """The result counts outside the course: the actas that rest on it would say another one (spec/selection 4.10)."""

    code = "result_used_elsewhere"
    message = N_(
        "The results of this quiz are used outside the course, so a course team cannot set one by hand. Mark an answer again, ask the "
        "jury to decide on an incident, or let the learner raise an objection."
    )


def is_set_by_hand(session: Session, activity: OutlineActivity) -> bool:
    """Return whether a course team may set a result of an activity by hand."""
    return not cast("CourseKinds", session.info["kinds"]).publisher(activity.kind).counts_elsewhere(session, activity)


def override_result(session: Session, actor: Actor, subject: ResultContext, values: ResultOverrideValues, *, now: datetime) -> Progress:
    """Let the team's result count for an activity, or again the one that was earned; a second time with one number changes nothing.

    Raises ResultUsedElsewhere for a result that counts outside the course; one that was set before may be taken back.
    What was earned stays beside it, and goes on being recorded. Completion and grade follow by the rules that hold for what is earned:
    a completed activity stays completed. Taking the team's word back takes back what it alone had completed.
    """
    locked = lock_enrolment(session, subject.enrolment.id)
    row = locked.result(subject.activity.key)
    if find_override(session, values.uuid) is not None:
        return update_progress(session, actor, locked, now=now)
    if values.score is None and row.overridden_at is None:
        raise NoOverrideInForce
    if values.score is not None and not is_set_by_hand(session, subject.activity):
        raise ResultUsedElsewhere
    before, facts = row.score, {"activity": row.activity_key, "reason": values.reason, "before": str(row.score), "own": str(row.own_score)}
    if values.score is None:
        since = cast("datetime", row.overridden_at)
        _take_word_back(session, actor, locked, row, now=now)
        audit.record(
            session,
            actor,
            EnrolmentVerb.OVERRIDE_UNDONE,
            locked.enrolment,
            now=now,
            **facts,
            person=locked.enrolment.person_id,
            after=str(row.score),
        )
        progress = update_progress(session, actor, locked, now=now)
        _reopen_course(session, actor, locked, progress, since, values.reason, now=now)
    else:
        _set_result(session, actor, locked, row, subject, values.score, now=now)
        audit.record(
            session,
            actor,
            EnrolmentVerb.OVERRIDDEN,
            locked.enrolment,
            now=now,
            **facts,
            person=locked.enrolment.person_id,
            after=str(row.score),
        )
        progress = update_progress(session, actor, locked, now=now)
    session.add(
        ResultOverride(
            uuid=values.uuid,
            enrolment_id=locked.enrolment.id,
            activity_key=row.activity_key,
            score=None if values.score is None else row.score,
            before=before,
            reason=values.reason,
            author_id=actor.person_id,
            made_at=now,
        )
    )
    notices.notify(session, _message(subject, values), [locked.enrolment.person_id], now=now)
    return progress


def _set_result(
    session: Session,
    actor: Actor,
    locked: LockedEnrolment,
    row: ActivityResult,
    subject: ResultContext,
    score: Fraction,
    *,
    now: datetime,
) -> None:
    if row.id is None:
        session.add(row)
    if row.overridden_at is None:
        row.overridden_at = now
        row.own_score, row.own_passed, row.own_completed = row.score, row.passed, row.completed_at is not None
    pass_mark = cast("CourseKinds", session.info["kinds"]).publisher(subject.activity.kind).pass_mark(session, subject.activity)
    row.score, row.passed = exact_decimal(score), has_passed(score, pass_mark)
    if completes_by_override(subject.activity.completion_rule, row.passed, exhausted=bool(row.exhausted)):
        complete(session, actor, locked, row, now=now)


def _take_word_back(session: Session, actor: Actor, locked: LockedEnrolment, row: ActivityResult, *, now: datetime) -> None:
    row.score, row.passed, completed = row.own_score, row.own_passed, row.own_completed
    row.overridden_at = row.own_score = row.own_passed = row.own_completed = None
    if completed:
        complete(session, actor, locked, row, now=now)
    elif row.completed_at is not None:
        facts = {"activity": row.activity_key, "was": row.completed_at.isoformat()}
        audit.record(session, actor, EnrolmentVerb.ACTIVITY_TAKEN_BACK, locked.enrolment, now=now, **facts)
        row.completed_at = row.completed_version_id = row.achieved_at = None


def _reopen_course(
    session: Session, actor: Actor, locked: LockedEnrolment, progress: Progress, since: datetime, reason: str, *, now: datetime
) -> None:
    """Take back the completion of a course that was reached while the team's word counted, and is not without it. Certificates stay."""
    completion = queries.find_completion(session, locked.enrolment.id)
    if completion is None or progress.completed or completion.completed_at < since:
        return
    facts = {"reason": reason, "was": completion.completed_at.isoformat(), "grade": str(completion.grade)}
    audit.record(session, actor, EnrolmentVerb.TAKEN_BACK, locked.enrolment, now=now, **facts)
    session.delete(completion)


def _message(subject: ResultContext, values: ResultOverrideValues) -> Message:
    """Return the message that the learner's result changed; the mark itself stays behind the sign-in."""
    title, course = subject.activity.title, subject.outline.title
    head: Callable[[], str] = (
        (lambda: _("Your own result in “%(title)s” counts again", title=choose(title)))
        if values.score is None
        else (lambda: _("The course team has set your result in “%(title)s”", title=choose(title)))
    )
    return Message(
        NoticeKind.GRADED,
        key=f"override:{values.uuid}",
        subject=in_every_language(head),
        words=in_every_language(lambda: _("In the course “%(course)s”. Reason: %(reason)s", course=choose(course), reason=values.reason)),
        path=f"/courses/{subject.context.slug}/results",
    )
