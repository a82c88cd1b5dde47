"""Asking people about awards which what they rest on no longer bears: whoever makes awards keeps what waits for a decision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy.orm import Session

from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class AwardDoubt:
    """A learner who no longer passes an activity: the result before and after, in percent."""

    enrolment_id: int
    percent_before: Decimal | None
    percent_after: Decimal | None


@dataclass(frozen=True, slots=True)
class DoubtOrigin:
    """The act that raised doubts: the path of the page that tells of it, and the reason that was given there."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class AwardDoubts:
    """The means by which whoever makes awards lets a person decide on them, and takes back what nobody has decided yet."""

    open: Callable[[Session, Actor, DoubtOrigin, Sequence[AwardDoubt], datetime], None]
    withdraw: Callable[[Session, Actor, str, datetime], None]


def open_doubts(session: Session, actor: Actor, origin: DoubtOrigin, doubts: Sequence[AwardDoubt], *, now: datetime) -> None:
    """Let a person decide on the awards in force of these learners, by the application's `award_doubts`."""
    award_doubts = cast("AwardDoubts | None", session.info.get("award_doubts"))
    if award_doubts is not None and doubts:
        award_doubts.open(session, actor, origin, doubts, now)


def withdraw_doubts(session: Session, actor: Actor, path: str, *, now: datetime) -> None:
    """Take back what was opened by the page at a path and waits for a decision."""
    award_doubts = cast("AwardDoubts | None", session.info.get("award_doubts"))
    if award_doubts is not None:
        award_doubts.withdraw(session, actor, path, now)
