"""The obligations of a person in words: until when, in which zone, what comes next (spec/compulsory 11.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from compliance.pages.status_words import StatusView, status_view
from compliance.queries.learner import RequiredOfPerson
from compliance.rules.states import NEEDED, StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import AnyRequirement
from kernel.i18n import _, choose, format_date, ngettext, zone, zone_name

PRESSING = (TrainingState.OVERDUE, TrainingState.EXPIRED)


@dataclass(frozen=True, slots=True)
class DutyView:
    """One obligation as its person reads it."""

    uuid: UUID
    title: str
    words: str
    """What learners read about it; may be empty."""
    status: StatusView
    until: str
    """Until when, in words and date; empty where no day is named."""
    zone: str
    """By the clock of which place, where that is not the reader's; else empty."""
    why: str
    """The sentence of its audience; empty where it is not told."""
    courses: tuple[str, ...]
    """The courses that it names, by their slugs."""
    is_choice: bool
    """Of several courses any one will do."""
    is_open: bool
    is_again: bool
    """What was done once has to be done again."""
    renewable: tuple[str, ...]
    """Of several courses, those to be taken again now."""
    lowest_versions: Mapping[str, int]
    """The lowest version that counts, by course, where not every one does."""


def duties_in_order(rows: Iterable[RequiredOfPerson]) -> list[RequiredOfPerson]:
    """Return what concerns a person, the most pressing first: overdue and expired, then by last day, then waived, then done."""

    def rank(row: RequiredOfPerson) -> tuple[int, date, int]:
        state, last_on = row.status.state, row.status.last_on or date.max
        group = 0 if state in PRESSING else 1 if state in NEEDED else 2 if state is TrainingState.WAIVED else 3
        return group, last_on, row.assignment_id

    return sorted((row for row in rows if row.status.state is not TrainingState.NOT_REQUIRED), key=rank)


def duty_view(row: RequiredOfPerson, why: str, *, now: datetime) -> DutyView:
    """Return an obligation of a person in words."""
    status = row.status
    today = now.astimezone(status.zone).date()
    text, courses = row.text_on(today), row.courses_on(today)
    return DutyView(
        row.uuid,
        choose(text.title),
        choose(text.words) if text.words else "",
        status_view(status.state, status.flags),
        until_words(status, text.terms.grace, today),
        foreign_zone(status, today),
        why,
        tuple(courses),
        isinstance(text.terms.requirement, AnyRequirement) and len(courses) > 1,
        status.state in NEEDED,
        status.state in (TrainingState.RENEWAL_DUE, TrainingState.EXPIRED),
        row.renewable,
        text.terms.lowest_versions,
    )


def until_words(status: TrainingStatus, grace: int, today: date) -> str:
    """Say until when: the deadline, the waiver or the validity that a status speaks of, and how long that is from a day."""
    last, is_grace = status.last_on, StateFlag.GRACE in status.flags
    match status.state:
        case TrainingState.NOT_STARTED | TrainingState.IN_PROGRESS if last is not None and is_grace:
            return _in_grace(last, last + timedelta(days=grace))
        case TrainingState.NOT_STARTED | TrainingState.IN_PROGRESS:
            return _("no last day runs yet: it counts from your enrolment") if last is None else _left(last, today)
        case TrainingState.OVERDUE if last is not None:
            days = (today - last).days
            return ngettext("the last day was %(day)s, yesterday", "the last day was %(day)s, %(count)s days ago", days, day=_full(last))
        case TrainingState.RENEWAL_DUE if last is not None and is_grace and status.valid_until is not None:
            return _in_grace(status.valid_until, last)
        case TrainingState.RENEWAL_DUE if last is not None:
            return _still_valid(last, today)
        case TrainingState.EXPIRED if last is not None:
            return _("it was valid until %(day)s", day=_full(last))
        case TrainingState.DONE:
            return _("it does not expire") if last is None else _("valid until %(day)s", day=_full(last))
        case TrainingState.WAIVED:
            return _("waived, without a last day") if last is None else _("waived until %(day)s", day=_full(last))
    return ""


def _full(day: date) -> str:
    return format_date(day, "full")


def _left(last: date, today: date) -> str:
    days = (last - today).days
    if days == 0:
        return _("until today, %(day)s", day=_full(last))
    return ngettext("until %(day)s, %(count)s day left", "until %(day)s, %(count)s days left", days, day=_full(last))


def _still_valid(last: date, today: date) -> str:
    days = (last - today).days
    if days == 0:
        return _("valid until today, %(day)s", day=_full(last))
    return ngettext("valid until %(day)s, %(count)s day left", "valid until %(day)s, %(count)s days left", days, day=_full(last))


def _in_grace(last: date, end: date) -> str:
    return _("the last day was %(day)s; the days of grace end on %(end)s", day=_full(last), end=_full(end))


def foreign_zone(status: TrainingStatus, today: date) -> str:
    """Name the place by whose clock a last day ends, where the reader's clock shows another time then; else nothing."""
    day = status.last_on or today
    end = datetime(day.year, day.month, day.day, 12, tzinfo=status.zone)
    if end.utcoffset() == end.astimezone(zone()).utcoffset():
        return ""
    return _("by the time of %(place)s", place=zone_name(status.zone.key))
