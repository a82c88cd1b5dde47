"""Conditions to start an attempt, with every reason why not, and how long an open one lasts (spec/quiz-engine 5.2.2, 5.3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import compare_digest
from typing import cast

from enrolments.access import ActivityContext
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from quizzes.queries.attempts import AttemptRow
from quizzes.rules.access import SettingSources, is_within
from quizzes.rules.attempts import AttemptClock, AttemptSummary, StartConditions, StartRuling, end_of, may_start, seconds_left


class NotConfirmed(Conflict):
    """The time of this quiz begins to run with the start, and nobody said yes to that yet."""

    code = "not_confirmed"
    message = N_("The timer starts when you start this quiz. Confirm that you want to begin.")


class NotDeclared(Conflict):
    """The quiz asks for a declaration, and it was not accepted: nothing begins, and no attempt is used."""

    code = "not_declared"
    message = N_("Accept the declaration to begin. No attempt has been used.")


def facts_of(row: AttemptRow, setting_sources: SettingSources) -> AttemptSummary:
    """Return what the rules on starting need of an earlier attempt."""
    held = setting_sources.limit_of(row.started_at, row.extra_seconds)
    return AttemptSummary(row.number, row.state, row.started_at, row.finished_at, held, row.preview)


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A learner's request to start: the quiz password that they entered, that they know that time begins to run, and their declaration."""

    password: str | None = None
    """None where it was not asked for yet."""
    confirmed: bool = True
    declared: bool = True
    """They accepted the declaration, where the quiz has one."""


ASKED_NOTHING = StartRequest()


def start_ruling(
    subject: ActivityContext,
    setting_sources: SettingSources,
    history: Sequence[AttemptRow],
    entry: StartRequest,
    *,
    actor: Actor,
    now: datetime,
) -> StartRuling:
    """Say whether an attempt may start now, with every reason why not; a password not asked for yet is none (spec/quiz-engine 5.2.2)."""
    access = setting_sources.effective_settings()
    if subject.closed and subject.opens_later and not setting_sources.sets_opening:
        access = replace(access, opens=cast("datetime", subject.closed[1]))
    access = replace(access, closes=subject.context.end_for(access.closes))
    conditions = StartConditions(
        password_fits=entry.password is None or any(compare_digest(entry.password.encode(), word.encode()) for word in access.passwords),
        network_fits=is_within(access.networks, actor.address),
        prerequisites_met=subject.closed is None or subject.opens_later,
        preview=not subject.context.is_learner,
    )
    return may_start(access, [facts_of(row, setting_sources) for row in history], conditions, now=now)


def time_left(row: AttemptRow, setting_sources: SettingSources, *, now: datetime) -> int | None:
    """Return the seconds that an open attempt has left; None without an end."""
    end = end_of(setting_sources.effective_settings(row.started_at), row.started_at, exempt=row.preview, extra=row.extra_seconds)
    return seconds_left(AttemptClock(row.state, end), now=now)
