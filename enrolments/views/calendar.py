"""Pages of a person's calendar: dates by month, by week and as a list, their files and feed, and one's own reminders."""

from calendar import Calendar
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import quote
from uuid import uuid4

from flask import Blueprint, Response, make_response, request
from sqlalchemy import Row
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.validators import DataRequired

from accounts.models import Person
from accounts.people import get_person
from accounts.rules import device_label, fold
from enrolments import calendar as enrolments_calendar
from enrolments.access import CalendarAction
from enrolments.calendar import (
    AHEAD,
    ALARMS,
    BACK,
    READ_NOTED_EVERY,
    FeedEntry,
    ReminderValues,
    find_feed,
    get_own_reminder,
    list_addresses,
    list_course_choices,
    note_reading,
    read_entries,
    revise,
    uid_of,
)
from enrolments.course_context import date_view, title_of
from enrolments.dates import DatedItem, DateKind, DateRequest, collect_dates, list_dated_enrolments, list_dates
from enrolments.models import CalendarAddress, PersonalReminder
from kernel import clock, ical
from kernel.errors import N_, Invalid, NoRoom, NotFound, require_found
from kernel.i18n import (
    _,
    choose,
    find_zone,
    format_date,
    format_first_day,
    format_month,
    format_weekday,
    lazy_,
    local,
    ngettext,
    set_reader,
    weekdays,
    zone,
    zone_name,
)
from kernel.ical import CalendarEvent, write_calendar
from kernel.permissions import Actor
from kernel.web import after_response
from kernel.web.forms import Form, MomentField, as_uuid, line
from kernel.web.headers import allow_browser_caching, hide_address
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    address_of,
    conditional,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    public,
    requires,
    see_page,
    site_address,
)


class ReminderForm(Form):
    """A reminder that people write for themselves."""

    words = line(lazy_("What to remember"), most=200, required=lazy_("Write what you want to remember."))
    at = MomentField(lazy_("Day and time"), [DataRequired(lazy_("Choose the day and time."))])
    course = SelectField(lazy_("Course"), choices=[], default="")

    def offer(self, courses: Sequence[Row[int, Mapping[str, str]]]) -> None:
        """Let these courses be chosen, or none."""
        self.course.choices = [("", _("No course")), *((str(course_id), choose(title)) for course_id, title in courses)]

    def begin(self, day: str) -> None:
        """Fill in the morning of a day that was chosen in the calendar."""
        with suppress(ValueError):
            self.at.data = f"{date.fromisoformat(day).isoformat()}T09:00"

    def show(self, reminder: PersonalReminder) -> None:
        """Fill the form with a reminder; its course can stay, whether it is still taken or not."""
        self.words.data, self.at.data = reminder.words, MomentField.format_moment(reminder.at)
        self.course.data = "" if reminder.course_id is None else str(reminder.course_id)

    def is_to_come(self, now: datetime, reminder: PersonalReminder | None = None) -> bool:
        """Refuse a moment that is over, unless the reminder has it already."""
        known = reminder is not None and self.at.data == MomentField.format_moment(reminder.at)
        if known or (self.at.moment or now) > now:
            return True
        self.refuse(self.at, _("Choose a moment that is still to come."))
        return False

    def command(self) -> ReminderValues:
        """Return the values of the reminder."""
        assert self.at.moment is not None
        return ReminderValues(self.words.data or "", self.at.moment, int(self.course.data) if self.course.data else None)


class BadChoice(Invalid):
    """An alarm that is not offered."""

    message = N_("Choose one of the alarms that are offered.")


ALARM_WORDS = {
    0: N_("No alarm"),
    60: N_("1 hour before"),
    3 * 60: N_("3 hours before"),
    24 * 60: N_("1 day before"),
    3 * 24 * 60: N_("3 days before"),
    7 * 24 * 60: N_("7 days before"),
}
A_DAY_BEFORE = 24 * 60


def alarm_choices() -> list[tuple[str, str]]:
    """Return the alarms that are offered."""
    return [(str(minutes), _(ALARM_WORDS[minutes])) for minutes in ALARMS]


def read_alarm(text: str) -> int | None:
    """Return the minutes of an alarm that is offered, or None."""
    return next((minutes for minutes in ALARMS if str(minutes) == text), None)


class AddressForm(Form):
    """A new address for a calendar."""

    name = line(lazy_("Name"), most=60, required=lazy_("Write what you call the device, so that you can end this address alone."))
    alarm = SelectField(lazy_("Alarm"), choices=alarm_choices, default=str(A_DAY_BEFORE))

    def minutes(self) -> int:
        """Return how long before each date its alarm sounds."""
        return read_alarm(self.alarm.data) or 0


def subscription_links(address: str, name: str) -> list[tuple[str, str]]:
    """Return the labels and addresses of the buttons that hand an address to a calendar.

    Neither Google nor Microsoft documents theirs (decision 50).
    """
    webcal = "webcal:" + address.partition(":")[2]
    outlook = f"/calendar/0/addfromweb?url={quote(address, safe='')}&name={quote(name, safe='')}"
    google = f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}"
    return [
        (_("Android: Google Calendar"), google),
        (_("iPhone, iPad or Mac"), webcal),
        (_("Outlook at work"), "https://outlook.office.com" + outlook),
        (_("Outlook.com or Hotmail"), "https://outlook.live.com" + outlook),
    ]


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
        last = self.end - timedelta(days=1)
        return _("%(first)s to %(last)s", first=format_first_day(self.first, last), last=format_date(last))


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins for the reader."""
    return datetime.combine(day, time(), zone())


def period_of(part: CalendarPart, day: date) -> CalendarPeriod:
    """Return the page of the calendar with a day."""
    if part is CalendarPart.MONTH:
        first = day.replace(day=1)
        return CalendarPeriod(part, first, (first + timedelta(days=32)).replace(day=1), (first - timedelta(days=1)).replace(day=1))
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


def months_between(
    period: CalendarPeriod, items: Mapping[date, Sequence[CalendarItemView]], today: date
) -> dict[str, list[CalendarDayView]]:
    """Return the days of a period that hold something, by month."""
    days_by_month: dict[str, list[CalendarDayView]] = {}
    for day in days_between(period, items, today):
        if day.items:
            days_by_month.setdefault(format_month(day.day), []).append(day)
    return days_by_month


def zone_words(moment: datetime) -> str:
    """Return by which clock the page is written: «Hora de Guayaquil (Ecuador), UTC−05:00»."""
    offset = local(moment).strftime("%z")
    return _("Time of %(place)s, UTC%(offset)s", place=zone_name(str(zone())), offset=f"{offset[:3]}:{offset[3:]}".replace("-", "−"))


MEDIA_TYPE = ical.MEDIA_TYPE


def event_of(person: Person, item: DatedItem, site: str, *, alarm: timedelta | None = None, now: datetime) -> CalendarEvent:
    """Return a date as other calendars hold it."""
    at = item.by_calendar(find_zone(person.zone)).astimezone(UTC)
    return CalendarEvent(
        uid_of(person.uuid, item.key),
        at,
        title_of(item),
        description=date_view(item, now=now).course,
        url=site + item.path,
        sequence=0,
        changed_at=now,
        alarm=alarm,
    )


def write_item(person: Person, item: DatedItem, site: str, *, now: datetime) -> bytes:
    """Return one date as a file; read again after it moved, the later file counts (RFC 5546, 2.1.5)."""
    moment = now.replace(microsecond=0)
    return write_calendar([event_of(person, item, site, now=moment)], zone=find_zone(person.zone), now=now)


def write_feed(
    address: CalendarAddress, person: Person, items: Sequence[DatedItem], site: str, institution: str, *, now: datetime
) -> tuple[bytes, dict[str, FeedEntry] | None]:
    """Return the feed of a person, named for the institution, and what it gave now where that differs from the last time."""
    alarm = timedelta(minutes=address.alarm_minutes) or None
    events = {uid_of(person.uuid, item.key): event_of(person, item, site, alarm=alarm, now=now) for item in items}
    known = read_entries(address)
    entries = revise(known, events.values(), now=now)
    written = [_event_of_entry(uid, entry, events.get(uid), site) for uid, entry in entries.items()]
    ordered = sorted(written, key=lambda event: (event.at, event.uid))
    name = _("My dates in %(site)s", site=institution)
    content = write_calendar(ordered, name=name, zone=find_zone(person.zone), now=now)
    return content, None if entries == known else entries


def _event_of_entry(uid: str, entry: FeedEntry, event: CalendarEvent | None, site: str) -> CalendarEvent:
    """Return an event with its changes; of one that is gone nothing is kept but that it was there."""
    title, description, url = (event.title, event.description, event.url) if event else (_("Cancelled"), "", site + "/calendar")
    return CalendarEvent(
        uid,
        entry.at,
        title,
        description=description,
        url=url,
        sequence=entry.sequence,
        changed_at=entry.changed_at,
        cancelled=entry.cancelled,
        alarm=event.alarm if event else None,
    )


calendar_bp = Blueprint("enrolments_calendar", __name__, url_prefix="/calendar")

MOST_ITEMS = 1000
READS = limit("calendar-feed", "30 per hour")
UNKNOWN = limit("calendar-feed-unknown", "120 per hour")
NEW_ADDRESSES = limit("calendar-address", "20 per hour")


def _requested_part() -> CalendarPart:
    try:
        return CalendarPart(request.args.get("view", CalendarPart.LIST))
    except ValueError:
        raise NotFound from None


def _requested_day(today: date) -> date:
    """Return the day of the address, else today; raise NotFound for what no calendar has, and for the ends of time."""
    try:
        day = date.fromisoformat(request.args.get("day") or today.isoformat())
    except ValueError:
        raise NotFound from None
    if not clock.FIRST_DAY.year < day.year < clock.LAST_DAY.year:
        raise NotFound
    return day


@calendar_bp.get("")
@requires(CalendarAction.USE)
def calendar() -> Answer:
    """Show the actor's dates of a month, of a week, or as a list from a day on; of all courses or of one."""
    session, now, person_id = current_session(), clock.now(), current_actor().person_id or 0
    today = local(now).date()
    period = period_of(_requested_part(), _requested_day(today))
    month = period_of(CalendarPart.MONTH, period.first)
    since, until = min(period.since, month.since), max(period.until, month.until)
    enrolments = list_dated_enrolments(session, [person_id])
    slug = request.args.get("course", "")
    items = visible_items(collect_dates(session, DateRequest(enrolments, [person_id], now, since, until)), slug)
    return page(
        "enrolments/calendar.html",
        **_context_of(period, items[:MOST_ITEMS], now),
        courses=sorted({one.outline.slug: choose(one.outline.title) for one in enrolments}.items(), key=lambda pair: fold(pair[1])),
        course=slug,
        zone=zone_words(now),
        addresses_made=len(list_addresses(session, person_id)),
    )


def _context_of(period: CalendarPeriod, items: list[DatedItem], now: datetime) -> dict[str, object]:
    today, days = local(now).date(), by_day(items, now)
    return {
        "period": period,
        "part": period.part.value,
        "today": today,
        "month_title": format_month(period.first),
        "weekdays": weekdays(),
        "weeks": weeks_of(period.first, days, today),
        "days": days_between(period, days, today) if period.part is CalendarPart.WEEK else [],
        "months": months_between(period, days, today),
        "most_in_cell": MOST_IN_CELL,
    }


def get_own_date(session: Session, actor: Actor, key: str) -> DatedItem:
    """Return one of the actor's dates by its key; raise NotFound."""
    now = clock.now()
    items = visible_items(list_dates(session, [actor.person_id or 0], now=now, since=now - BACK, until=now + AHEAD), "")
    return require_found(next((item for item in items if item.key == key), None))


@calendar_bp.get("/dates/<path:key>.ics")
@requires(CalendarAction.USE, get_own_date)
def date_file(item: DatedItem) -> Response:
    """Send one date as a file for another calendar."""
    person = get_person(current_session(), item.person_id)
    return _file(write_item(person, item, site_address(), now=clock.now()), "attachment")


def _file(content: bytes, disposition: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = MEDIA_TYPE
    response.headers["Content-Disposition"] = f'{disposition}; filename="aulario.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@calendar_bp.get("/<secret>.ics")
@public("the secret of the address decides: other calendars read it, who sign in nowhere")
def feed(secret: str) -> Response:
    """Send the calendar of the person whose secret address this is. It stands in no log, and goes to no other page."""
    hide_address()
    session, now = current_session(), clock.now()
    row = find_feed(session, secret)
    if row is None:
        limiter().use(UNKNOWN, client_key())
        raise NotFound
    address, person = row
    limiter().use(READS, address.secret_hash)
    set_reader(person.language, find_zone(person.zone))
    items = list_dates(session, [person.id], now=now, since=now - BACK, until=now + AHEAD)
    visible, institution = visible_items(items, "")[:MOST_ITEMS], choose(current_settings().short_names)
    content, entries = write_feed(address, person, visible, site_address(), institution, now=now)
    if entries is not None or address.read_at is None or now - address.read_at >= READ_NOTED_EVERY:
        address_id = address.id
        after_response.run_after_response(lambda session: note_reading(session, address_id, entries, now=now))
    response = _file(content, "inline")
    response.add_etag()
    allow_browser_caching()
    return conditional(response)


@calendar_bp.route("/feed", methods=["GET", "POST"])
@requires(CalendarAction.USE)
def make_address() -> Answer:
    """List the addresses under which calendars read the actor's dates; make another one, and show it once."""
    form = AddressForm(data={"name": device_label(request.headers.get("User-Agent", ""))})
    if not form.validate_on_submit():
        return _addresses_page(form, "")
    session, actor, now = current_session(), current_actor(), clock.now()
    with form.keeping(_addresses_page, form, ""):
        limiter().use(NEW_ADDRESSES, str(actor.person_id))
    with form.refusals(form.name, NoRoom):
        person = get_person(session, actor.person_id or 0)
        secret = enrolments_calendar.make_address(session, actor, person, form.name.data or "", form.minutes(), now=now)
        return _addresses_page(AddressForm(formdata=None), address_of("enrolments_calendar.feed", secret=secret))
    return _addresses_page(form, "")


def _addresses_page(form: AddressForm, address: str) -> Response:
    """Render the addresses, with a new one and the buttons that hand it to other calendars."""
    rows = list_addresses(current_session(), current_actor().person_id)
    name = _("My dates in %(site)s", site=choose(current_settings().short_names))
    return page(
        "enrolments/calendar_feed.html",
        form=form,
        address=address,
        links=subscription_links(address, name) if address else [],
        rows=rows,
        alarms=alarm_choices(),
    )


@calendar_bp.post("/feed/<uuid:address>/alarm")
@requires(CalendarAction.USE, enrolments_calendar.get_own_address)
def set_alarm(row: CalendarAddress) -> Response:
    """Let the alarms of an address sound at another time."""
    minutes = read_alarm(request.form.get("alarm", ""))
    if minutes is None:
        raise BadChoice
    changed = enrolments_calendar.set_alarm(current_session(), current_actor(), row, minutes, now=clock.now())
    message = _("The alarms were changed. The calendar takes them over when it next reads the address.")
    return see_page("enrolments_calendar.make_address", flash=message if changed else _("There was nothing to change."))


@calendar_bp.post("/feed/<uuid:address>/end")
@requires(CalendarAction.USE, enrolments_calendar.get_own_address)
def end_address(row: CalendarAddress) -> Response:
    """End one address; the others stay."""
    name = row.name
    enrolments_calendar.end_address(current_session(), current_actor(), row, now=clock.now())
    message = _("The address “%(name)s” has ended. The calendar that used it no longer receives your dates.", name=name)
    return see_page("enrolments_calendar.make_address", flash=message)


reminders_bp = Blueprint("enrolments_reminders", __name__, url_prefix="/calendar/reminders")


def _form(row: PersonalReminder | None = None) -> ReminderForm:
    form = ReminderForm()
    form.offer(list_course_choices(current_session(), current_actor().person_id, also=row.course_id if row else None))
    return form


@reminders_bp.route("/new", methods=["GET", "POST"])
@requires(CalendarAction.USE)
def new_reminder() -> Answer:
    """Show an empty reminder, and keep what was written."""
    form = _form()
    if is_read_only_request():
        form.begin(request.args.get("day", ""))
        return _page(form, None)
    number = as_uuid(request.form.get("number", "")) or uuid4()
    if form.validate_on_submit() and form.is_to_come(clock.now()):
        with form.refusals(form.words, NoRoom):
            enrolments_calendar.write_reminder(current_session(), current_actor(), form.command(), number, now=clock.now())
            return see_page("enrolments_calendar.calendar", flash=_("The reminder was saved."))
    return _page(form, None)


@reminders_bp.route("/<uuid:reminder>", methods=["GET", "POST"])
@requires(CalendarAction.USE, get_own_reminder)
def reminder(row: PersonalReminder) -> Answer:
    """Show a reminder, and change it."""
    form = _form(row)
    if is_read_only_request():
        form.show(row)
    if not (form.validate_on_submit() and form.is_to_come(clock.now(), row)):
        return _page(form, row)
    changed = enrolments_calendar.change_reminder(current_session(), current_actor(), row, form.command(), now=clock.now())
    return see_page("enrolments_calendar.calendar", flash=_("The reminder was saved.") if changed else _("There was nothing to change."))


@reminders_bp.post("/<uuid:reminder>/deletion")
@requires(CalendarAction.USE, get_own_reminder)
def delete(row: PersonalReminder) -> Response:
    """Delete a reminder."""
    enrolments_calendar.delete_reminder(current_session(), current_actor(), row, now=clock.now())
    return see_page("enrolments_calendar.calendar", flash=_("The reminder was deleted."))


def _page(form: ReminderForm, row: PersonalReminder | None) -> Response:
    number = as_uuid(request.form.get("number", "")) or uuid4()
    return page("enrolments/reminder.html", form=form, reminder=row.uuid if row else None, number=number)
