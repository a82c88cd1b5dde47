"""States of a person under an obligation, and what a status says (spec/compulsory 7.5)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

UTC_ZONE = ZoneInfo("UTC")


class TrainingState(StrEnum):
    """The states of a person under an obligation, in their order of precedence (spec/compulsory 7.5)."""

    NOT_REQUIRED = "not_required"
    DONE = "done"
    WAIVED = "waived"
    RENEWAL_DUE = "renewal_due"
    EXPIRED = "expired"
    OVERDUE = "overdue"
    IN_PROGRESS = "in_progress"
    NOT_STARTED = "not_started"


NEEDED = frozenset(
    {TrainingState.RENEWAL_DUE, TrainingState.EXPIRED, TrainingState.OVERDUE, TrainingState.IN_PROGRESS, TrainingState.NOT_STARTED}
)
"""The states in which something is still to be done."""


class StateFlag(StrEnum):
    """A remark beside a state: the reason why nothing is required, or what else holds."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    ACCOUNT = "account"
    OUTSIDE = "outside"
    LATE = "late"
    VERSION = "version"
    GRACE = "grace"
    STARTED = "started"
    OLD_VERSION = "old_version"


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """A state with its flags; the last day of the deadline, waiver or validity that it speaks of; and the zone of its days."""

    state: TrainingState
    flags: tuple[StateFlag, ...] = ()
    last_on: date | None = None
    zone: ZoneInfo = UTC_ZONE
    first_at: datetime | None = None
    """When the requirement was first done."""
    valid_until: date | None = None
    cycle: int = 1
    """The number of the cycle: the first need, then one for each renewal."""
    opened_on: date | None = None
    """The first day of the cycle; None while there is none."""
    due_on: date | None = None
    """The last day of the first cycle, also where it was done; None where nothing is required or no deadline runs."""
    done_on: date | None = None
    """The local day on which the requirement was first done."""


@dataclass(frozen=True, slots=True)
class NextChange:
    """The first moment at which the clock alone changes a status, and what it then is."""

    at: datetime
    status: TrainingStatus
