"""The terms of the sum by which a last day came about (spec/compulsory 4.2, 4.4, 8.3 and 11.2)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from compliance.rules.terms import DeadlineAnchor


class LastDayReason(StrEnum):
    """The reasons for which a last day is what it is, each a term of the sum."""

    DEADLINE = "deadline"
    """The deadline that the rules give: a fixed day, or counted from an anchor."""
    VERSION = "version"
    """A later version of the rules gives another deadline."""
    JOINED = "joined"
    """Nobody gets less than the notice after joining."""
    CHANGED = "changed"
    """Nobody gets less than the notice after a change that brought the deadline forward."""
    GAP = "gap"
    """The notice after coming back into the audience."""
    ACCOUNT = "account"
    """The notice after the account was opened again."""
    WAIVER = "waiver"
    """The notice after a waiver."""
    VALIDITY = "validity"
    """Until when what was done is valid."""
    GRACE = "grace"
    """The days of grace after that."""


@dataclass(frozen=True, slots=True)
class LastDayTerm:
    """One term: why, and the last day that it makes. `first` and `last` are its own days, such as those of a waiver or of an anchor."""

    reason: LastDayReason
    last_on: date
    first: date | None = None
    last: date | None = None
    days: int = 0
    """Of notice or of grace."""
    anchor: DeadlineAnchor | None = None
