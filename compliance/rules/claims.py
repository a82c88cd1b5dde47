"""Waivers and recognitions as people ask for them: states, the days that a waiver takes (spec/compulsory 4.10 and 4.11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from compliance.rules.terms import DAY
from kernel.durations import Duration, add_duration
from kernel.errors import N_

LONGEST = Duration(months=24)
"""How long a waiver lasts at most; one without an end is asked for again after it."""
NOTICE_DAYS = 30
"""How many days before it ends by itself a waiver without an end is asked for again."""
FIRST_ACHIEVED = date(1950, 1, 1)


class WaiverKind(StrEnum):
    """The reasons of waivers."""

    MEDICAL = "medical"
    PARENTAL = "parental"
    COMMISSION = "commission"
    LEGAL = "legal"
    FORCE_MAJEURE = "force_majeure"
    OTHER = "other"


MEDICAL_KINDS = frozenset({WaiverKind.MEDICAL, WaiverKind.PARENTAL})
"""Reasons whose evidence is of somebody's health: officers decide on them, and few see it."""


class ClaimState(StrEnum):
    """The states of a waiver or recognition."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


OPEN_STATES = frozenset({ClaimState.PROPOSED, ClaimState.APPROVED})
"""States in which a waiver takes its days, so that no other may overlap it."""
APPROVED_ONCE = frozenset({ClaimState.APPROVED, ClaimState.REVOKED})


def longest_waived_day(first_on: date) -> date:
    """Return the last day on which a waiver that begins on a day may count."""
    return add_duration(first_on, LONGEST) - DAY


def last_waived_day(first_on: date, last_on: date | None) -> date:
    """Return the last day on which a waiver counts; one without an end counts as long as a waiver may."""
    return longest_waived_day(first_on) if last_on is None else last_on


def asks_again_on(first_on: date) -> date:
    """Return the day on which a waiver without an end is asked for again."""
    return longest_waived_day(first_on) - timedelta(days=NOTICE_DAYS)


@dataclass(frozen=True, slots=True)
class ClaimedDays:
    """The days of a waiver, and the moment of its revocation; revoked, it counts until the day before."""

    first_on: date
    last_on: date | None
    revoked_at: datetime | None = None

    def last_day(self, zone: tzinfo) -> date:
        """Return the last day on which it counts; before the first where it never did."""
        last = last_waived_day(self.first_on, self.last_on)
        return last if self.revoked_at is None else min(last, self.revoked_at.astimezone(zone).date() - DAY)

    def overlaps(self, other: "ClaimedDays", zone: tzinfo) -> bool:
        """Return whether a day belongs to both."""
        return self.first_on <= other.last_day(zone) and other.first_on <= self.last_day(zone)


class DayFault(StrEnum):
    """Why a waiver or recognition cannot have these days."""

    BACKWARDS = "backwards"
    TOO_LONG = "too_long"
    TOO_EARLY = "too_early"
    AHEAD = "ahead"


def waiver_fault(first_on: date, last_on: date | None) -> DayFault | None:
    """Return the fault of a waiver's days (spec/compulsory 18)."""
    if last_on is not None and last_on < first_on:
        return DayFault.BACKWARDS
    if last_on is not None and last_on > longest_waived_day(first_on):
        return DayFault.TOO_LONG
    return DayFault.TOO_EARLY if first_on < FIRST_ACHIEVED else None


def achievement_fault(achieved_on: date, today: date) -> DayFault | None:
    """Return the fault of a recognition's day (spec/compulsory 18)."""
    if achieved_on > today:
        return DayFault.AHEAD
    return DayFault.TOO_EARLY if achieved_on < FIRST_ACHIEVED else None


KINDS: Mapping[WaiverKind, str] = {
    WaiverKind.MEDICAL: N_("Medical leave"),
    WaiverKind.PARENTAL: N_("Maternity or paternity leave"),
    WaiverKind.COMMISSION: N_("Commission to another institution"),
    WaiverKind.LEGAL: N_("Leave by law or by order of a judge"),
    WaiverKind.FORCE_MAJEURE: N_("Force majeure"),
    WaiverKind.OTHER: N_("Another reason"),
}
DAY_FAULTS: Mapping[DayFault, str] = {
    DayFault.BACKWARDS: N_("The last day is before the first."),
    DayFault.TOO_LONG: N_("A waiver lasts 24 months at most, here until %(day)s. Leave the last day empty to be asked again then."),
    DayFault.TOO_EARLY: N_("The day is before 1950."),
}
