"""Looking at a past day as it was known on another: which days there is an answer for (spec/compulsory 11.2 and 18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from compliance.rules.record import DAY, TrainingRecord, first_instant
from compliance.rules.terms import ObligationTerms

INSTANT = timedelta(microseconds=1)


class PastRefusal(StrEnum):
    """The reasons why there is no answer for a day."""

    FUTURE = "future"
    BEFORE_RECORD = "before_record"
    KNOWN_EARLIER = "known_earlier"
    """What was known on a day says nothing of a later one."""


@dataclass(frozen=True, slots=True)
class PastMoments:
    """A day asked for, and the day as known on which it is asked, with the moments that answer for them: the last of each day, or now."""

    day: date
    known_on: date
    at: datetime
    known: datetime


def first_known_on(versions: Sequence[ObligationTerms], record: TrainingRecord, zone: ZoneInfo) -> date:
    """Return the first day on which the record says anything of a person under an obligation."""
    versions_on = min(terms.recorded_at for terms in versions).astimezone(zone).date()
    stays_on = min((stay.recorded_at for stay in record.stays), default=None)
    return versions_on if stays_on is None else max(versions_on, stays_on.astimezone(zone).date())


def first_day(versions: Sequence[ObligationTerms], record: TrainingRecord) -> date:
    """Return the first day of which the record says anything: of the obligation, or of the person in its audience."""
    return min((*(terms.starts for terms in versions), *(stay.first_on for stay in record.stays)))


def why_refused(day: date, known_on: date, today: date, first: date, first_known: date) -> tuple[PastRefusal | None, PastRefusal | None]:
    """Return why there is no answer for a day, and why there is none as known on another; None each where there is."""
    of_day = PastRefusal.FUTURE if day > today else PastRefusal.BEFORE_RECORD if day < first else None
    if known_on > today:
        return of_day, PastRefusal.FUTURE
    if known_on < first_known:
        return of_day, PastRefusal.BEFORE_RECORD
    return of_day, PastRefusal.KNOWN_EARLIER if known_on < day <= today else None


def past_moments(day: date, known_on: date, zone: ZoneInfo, now: datetime) -> PastMoments:
    """Return the moments that answer for a day as known on another."""
    return PastMoments(day, known_on, _last_moment(day, zone, now), _last_moment(known_on, zone, now))


def _last_moment(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    return now if day == now.astimezone(zone).date() else first_instant(day + DAY, zone) - INSTANT
