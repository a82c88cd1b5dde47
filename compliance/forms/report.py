"""The address of a report: which obligation, which people, which day as known on which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from wtforms import SelectField
from wtforms.validators import DataRequired, Length

from compliance.queries.report_basis import PlacePart, ReportObligation, ReportTime
from compliance.rules.report_days import ReportDayFault, ReportDays, report_days
from compliance.rules.tally import PRESENT_ONLY, ReportState
from kernel.errors import N_
from kernel.i18n import _, format_date, lazy_
from kernel.web.forms import DAYS, Form, LineField

LONGEST_SEARCH = 100
_INSTANT = timedelta(microseconds=1)
Member = TypeVar("Member", bound=StrEnum)

FAULTS: Mapping[ReportDayFault, str] = {
    ReportDayFault.FUTURE: N_("This day is still to come. Choose today or a day before."),
    ReportDayFault.BEFORE_RECORDS: N_("Nothing is on record before %(day)s. Choose that day or a later one."),
    ReportDayFault.KNOWN_EARLIER: N_("What a day was like cannot be known before that day. Choose the same day or a later one."),
}
NO_DAY = N_("Enter a date, for example 2026-11-30.")


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The report that an address asks for, and the faults of its days."""

    obligation: ReportObligation | None
    """None: all of them."""
    obligations: tuple[ReportObligation, ...]
    every: tuple[ReportObligation, ...]
    """Those that could be asked for."""
    time: ReportTime
    known_on: date
    part: PlacePart
    state: ReportState | None
    words: str
    typed_on: str
    typed_known: str
    faults: Mapping[str, str]
    """What is wrong with `on` and with `known`, in words."""

    @property
    def filter_fields(self) -> dict[str, Any]:
        """Return what the address of the same list holds: the report's, and the people who are asked for."""
        filters = {"state": self.state.value if self.state is not None else "", "q": self.words}
        part = {} if self.part is PlacePart.ALL else {"part": self.part.value}
        return self.fields | part | {name: value for name, value in filters.items() if value}

    @property
    def fields(self) -> dict[str, Any]:
        """Return what the address of another view of the same report holds."""
        present = {"obligation": self.obligation.key if self.obligation else "", "on": self.typed_on, "known": self.typed_known}
        return {name: value for name, value in present.items() if value}


def read_report_request(args: Mapping[str, str], obligations: Sequence[ReportObligation], zone: ZoneInfo, now: datetime) -> ReportRequest:
    """Read an address; what names nothing is as if it were not there."""
    chosen = next((obligation for obligation in obligations if obligation.key == args.get("obligation")), None)
    shown = (chosen,) if chosen is not None else tuple(obligations)
    typed = {name: args.get(name, "").strip()[:20] for name in ("on", "known")}
    read = {name: _day(text) for name, text in typed.items()}
    first = min((each.first_on for each in shown), default=None)
    since = min((each.known_since.astimezone(zone).date() for each in shown), default=None)
    days = report_days(read["on"], read["known"], now.astimezone(zone).date(), first, since)
    faults = {name: _(NO_DAY) for name, text in typed.items() if text and read[name] is None} or _faults(days, first, since)
    state, query = _member(ReportState, args.get("state")), " ".join(args.get("q", "").split())[:LONGEST_SEARCH]
    time = _time(days, zone, now)
    if time.is_past and state in PRESENT_ONLY:
        state = None
    part = _member(PlacePart, args.get("part")) or PlacePart.ALL
    return ReportRequest(chosen, shown, tuple(obligations), time, days.known, part, state, query, typed["on"], typed["known"], faults)


def _faults(days: ReportDays, first: date | None, since: date | None) -> dict[str, str]:
    judged = {"on": (days.on_fault, first), "known": (days.known_fault, since)}
    return {
        name: _(FAULTS[fault], day=format_date(day)) if day is not None else _("Nothing is on record yet.")
        for name, (fault, day) in judged.items()
        if fault is not None
    }


def _time(days: ReportDays, zone: ZoneInfo, now: datetime) -> ReportTime:
    """Return the moments of the days: their last, or this one where a day is not over."""
    today = now.astimezone(zone).date()
    if days.is_refused or days.on == days.known == today:
        return ReportTime(today, now, now)
    return ReportTime(days.on, _end(days.on, zone, now), _end(days.known, zone, now), is_past=True)


def _end(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    return min(now, datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone) - _INSTANT)


def _day(text: str) -> date | None:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, not a moment
        except ValueError:
            continue
    return None


def _member(members: type[Member], text: str | None) -> Member | None:
    return next((member for member in members if member.value == text), None)


class IdentityExportForm(Form):
    """The reason for which identity numbers are taken out."""

    reason = LineField(
        lazy_("Reason"),
        [
            DataRequired(lazy_("Enter the reason: it is kept in the audit log.")),
            Length(max=300, message=lazy_("Use at most %(max)d characters.")),
        ],
    )
    kind = SelectField(lazy_("Format"), choices={"csv": "CSV", "xlsx": "Excel (XLSX)", "ods": "OpenDocument (ODS)"}, default="csv")
