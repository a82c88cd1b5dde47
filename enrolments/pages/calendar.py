"""A person's dates as the calendar shows them: a month, a week or a list, and each item in words."""

from calendar import Calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from enrolments.dates import DatedItem, DateKind
from enrolments.pages.dates import date_view
from kernel.i18n import _, format_date, format_month, format_time, format_weekday, local, ngettext, zone, zone_name

SHOWN_DAYS = 92
"""Days of the list."""
MOST_IN_CELL = 3
SOON = timedelta(days=7)
LEFT_OUT = frozenset({DateKind.ATTEMPT_OPEN})
"""Kinds whose moment is not one to come: they stand on the home page alone."""


class CalendarPart(StrEnum):
    """The part of the calendar that a page shows."""

    LIST = "list"
    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class CalendarPeriod:
    """The days that a page of the calendar shows, in the reader's zone."""

    part: CalendarPart
    first: date
    end: date
    """The day after the last."""
    before: date
    """A day of the page before."""

    @property
    def since(self) -> datetime:
        """Return the moment at which it begins."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """Return the moment at which it is over."""
        return midnight(self.end)

    @property
    def title(self) -> str:
        """Return its heading."""
        if self.part is CalendarPart.MONTH:
            return format_month(self.first)
        return _("%(first)s to %(last)s", first=format_date(self.first, "short"), last=format_date(self.end - timedelta(days=1), "short"))


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins for the reader."""
    return datetime.combine(day, time(), zone())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def period_of(part: CalendarPart, day: date) -> CalendarPeriod:
    """Return the page of the calendar with a day."""
    if part is CalendarPart.MONTH:
        first = day.replace(day=1)
        return CalendarPeriod(part, first, _next_month(first), (first - timedelta(days=1)).replace(day=1))
    if part is CalendarPart.WEEK:
        first = day - timedelta(days=day.weekday())
        return CalendarPeriod(part, first, first + timedelta(days=7), first - timedelta(days=7))
    return CalendarPeriod(part, day, day + timedelta(days=SHOWN_DAYS), day - timedelta(days=SHOWN_DAYS))


@dataclass(frozen=True, slots=True)
class CalendarItemView:
    """One dated item of a page."""

    key: str
    title: str
    url: str
    at: datetime
    """As calendars show it."""
    course: str
    elsewhere: str
    """The same moment by the clock of the course, where that is another."""
    kind: str
    """Of its state: '', 'ok' or 'now'."""
    state: str
    symbol: str
    is_reminder: bool


@dataclass(frozen=True, slots=True)
class CalendarDayView:
    """A day of a page, with what it holds."""

    day: date
    weekday: str
    items: tuple[CalendarItemView, ...]
    is_today: bool

    @property
    def words(self) -> str:
        """Return how much it holds."""
        return ngettext("%(count)s date", "%(count)s dates", len(self.items))


@dataclass(frozen=True, slots=True)
class CalendarMonthView:
    """The days of a list that are of one month."""

    title: str
    days: tuple[CalendarDayView, ...]


def title_of(item: DatedItem) -> str:
    """Return what happens in the reader's language: «Cierra: Cuestionario 1»."""
    match item.kind:
        case DateKind.REMINDER:
            return item.title
        case DateKind.EDITION_BEGINS:
            return _("Begins: %(title)s", title=item.title)
        case DateKind.EDITION_ENDS:
            return _("Ends: %(title)s", title=item.title)
        case DateKind.OBLIGATION_ENDS:
            return _("Last day: %(title)s", title=item.title)
        case DateKind.ATTEMPT_ENDS:
            return _("Your attempt ends: %(title)s", title=item.title)
        case DateKind.MODULE_OPENS | DateKind.ACTIVITY_OPENS | DateKind.CONDITION_OPENS:
            return _("Opens: %(title)s", title=item.title)
        case _:
            return _("Closes: %(title)s", title=item.title)


def _in_days(days: int) -> str:
    if days < 2:
        return _("Tomorrow") if days else _("Today")
    return ngettext("In %(count)s day", "In %(count)s days", days)


def _state(item: DatedItem, left: str, now: datetime) -> tuple[str, str, str]:
    if item.done:
        return "ok", _("Done"), "circle-check"
    if not left:
        return "", _("Past"), "circle"
    return "now" if item.at - now < SOON else "", left, "calendar-clock"


def item_view(item: DatedItem, now: datetime) -> CalendarItemView:
    """Return a dated item as a page of the calendar shows it."""
    view = date_view(item, now=now)
    kind, state, symbol = _state(item, view.left, now)
    return CalendarItemView(
        key=item.key,
        title=title_of(item),
        url=view.url,
        at=item.by_calendar(zone()),
        course=view.course,
        elsewhere=view.elsewhere,
        kind=kind,
        state=state,
        symbol=symbol,
        is_reminder=item.kind is DateKind.REMINDER,
    )


def visible_items(items: Iterable[DatedItem], slug: str) -> list[DatedItem]:
    """Return the items that the calendar shows, of all courses or of one."""
    return [item for item in items if item.kind not in LEFT_OUT and (not slug or item.slug == slug or slug in item.covers)]


def by_day(items: Iterable[DatedItem], now: datetime) -> Mapping[date, Sequence[CalendarItemView]]:
    """Return items by the day that they are on for the reader."""
    views: dict[date, list[CalendarItemView]] = {}
    for item in items:
        views.setdefault(item.by_calendar(zone()).date(), []).append(item_view(item, now))
    return views


def _day(day: date, items: Mapping[date, Sequence[CalendarItemView]], today: date) -> CalendarDayView:
    return CalendarDayView(day, format_weekday(day), tuple(items.get(day, ())), day == today)


def days_between(period: CalendarPeriod, items: Mapping[date, Sequence[CalendarItemView]], today: date) -> list[CalendarDayView]:
    """Return every day of a period."""
    return [_day(period.first + timedelta(days=number), items, today) for number in range((period.end - period.first).days)]


def weeks_of(day: date, items: Mapping[date, Sequence[CalendarItemView]], today: date) -> list[list[CalendarDayView | None]]:
    """Return the weeks of a month, Monday first, with nothing in place of days of other months."""
    weeks = Calendar().monthdatescalendar(day.year, day.month)
    return [[_day(each, items, today) if each.month == day.month else None for each in week] for week in weeks]


def months_between(period: CalendarPeriod, items: Mapping[date, Sequence[CalendarItemView]], today: date) -> list[CalendarMonthView]:
    """Return the days of a period that hold something, by month."""
    days_by_month: dict[str, list[CalendarDayView]] = {}
    for day in days_between(period, items, today):
        if day.items:
            days_by_month.setdefault(format_month(day.day), []).append(day)
    return [CalendarMonthView(title, tuple(days)) for title, days in days_by_month.items()]


def zone_words(moment: datetime) -> str:
    """Return by which clock the page is written: «Hora de Guayaquil (Ecuador), UTC−05:00»."""
    offset = local(moment).strftime("%z")
    return _("Time of %(place)s, UTC%(offset)s", place=zone_name(str(zone())), offset=f"{offset[:3]}:{offset[3:]}".replace("-", "−"))


def notice_words(item: DatedItem, days: int) -> tuple[str, str]:
    """Return the subject and the words by which a person is reminded of an item so many days before."""
    subject = _("%(when)s · %(what)s", when=_in_days(days), what=title_of(item))
    at = item.by_calendar(zone())
    when = {"day": format_date(at), "time": format_time(at)}
    course = date_view(item, now=item.at).course
    if not course:
        return subject, _("On %(day)s at %(time)s.", **when)
    return subject, _("On %(day)s at %(time)s, in “%(course)s”.", course=course, **when)
