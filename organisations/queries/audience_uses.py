"""The uses of an audience by packages above this one: each brings a function that names its own, put together in `lms/app.py`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy.orm import Session

from organisations.models import Audience


@dataclass(frozen=True, slots=True)
class AudienceUse:
    """Something that names an audience, by its title."""

    title: str


FindAudienceUses: TypeAlias = Callable[[Session, Audience], Sequence[AudienceUse]]


def list_uses(session: Session, audience: Audience) -> list[AudienceUse]:
    """List what names an audience, so that it cannot be deleted."""
    sources = cast("Sequence[FindAudienceUses]", session.info["audience_uses"])
    return [use for find in sources for use in find(session, audience)]


@dataclass(frozen=True, slots=True)
class WaitingRule:
    """Another rule of an audience that waits for a second person, with who planned it, and when."""

    uuid: UUID
    author_id: int | None
    created_at: datetime
    effective_on: date


def list_waiting_rules(session: Session, audience: Audience) -> Sequence[WaitingRule]:
    """List the rules of an audience that wait for a second person."""
    find = cast("Callable[[Session, Audience], Sequence[WaitingRule]]", session.info["waiting_audience_rules"])
    return find(session, audience)
