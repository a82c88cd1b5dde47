"""Verbs of watching."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from enrolments import enrolment, learners
from enrolments.access import ActivityContext
from enrolments.enrolment import ActivityOutcome
from kernel.permissions import Actor
from webinars import queries
from webinars.models import WatchedSpan
from webinars.rules import Span, credible, merge_spans, share_watched


def record_watched(
    session: Session, actor: Actor, subject: ActivityContext, spans: Sequence[Span], seconds: int, *, now: datetime
) -> Fraction:
    """Add what was seen of a recording, complete it once enough was, and return the share seen.

    More than can have been seen since the recording was first opened is not believed, and nothing of it is kept.
    """
    enrolment_id, key = subject.context.enrolment_id, subject.activity.key
    assert enrolment_id is not None
    assert actor.person_id is not None
    learners.lock_enrolment_turn(session, actor.person_id)  # two pages may tell at once
    present = merge_spans(queries.list_spans(session, enrolment_id, key))
    merged = merge_spans([*present, *spans])
    opened_at, completed_at = learners.find_timestamps(session, enrolment_id, key)
    elapsed = (now - opened_at).total_seconds() if opened_at else 0
    if merged != present and credible(merged, elapsed):
        _keep(session, enrolment_id, key, merged, now=now)
        present = merged
    share = share_watched(present, seconds)
    enough = subject.activity.completion_rule == "watched" and share * 100 >= (subject.activity.completion_amount or 100)
    if enough and completed_at is None:  # also where nothing is new: less may be asked now, or the completion was taken back
        enrolment.record_result(session, actor, enrolment_id, key, ActivityOutcome(completed=True), now=now)
    return share


def _keep(session: Session, enrolment_id: int, key: str, spans: Sequence[Span], *, now: datetime) -> None:
    """Put what was seen in the place of what was kept."""
    session.execute(delete(WatchedSpan).where(WatchedSpan.enrolment_id == enrolment_id, WatchedSpan.activity_key == key))
    rows = [{"enrolment_id": enrolment_id, "activity_key": key, "start": start, "finish": finish, "at": now} for start, finish in spans]
    session.execute(insert(WatchedSpan), rows)
