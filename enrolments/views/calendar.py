"""Pages of the calendar: one's own dates by month, by week and as a list, one of them as a file, and the address of the feed."""

from datetime import date, datetime
from typing import cast

from flask import Blueprint, Response, flash, make_response, render_template, request
from sqlalchemy.orm import Session

from accounts.people import get_person
from courses.rules import Outline
from enrolments.calendar_permissions import CalendarAction
from enrolments.dates import DatedItem, DateRequest, collect_dates, list_dated_enrolments, list_dates
from enrolments.pages import calendar as pages
from enrolments.pages.calendar import CalendarPart, CalendarPeriod
from enrolments.pages.calendar_files import MEDIA_TYPE, write_feed, write_item
from enrolments.queries.calendar import find_feed, has_feed
from enrolments.services.calendar_feeds import AHEAD, BACK, store_entries
from enrolments.services.reminders import end_feed, make_feed
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, find_zone, format_month, local, set_reader, weekdays
from kernel.permissions import Actor
from kernel.web import after_response
from kernel.web.headers import allow_browser_caching, hide_address
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    address_of,
    current_actor,
    current_session,
    current_settings,
    public,
    requires,
    see_page,
    site_address,
)

bp = Blueprint("enrolments_calendar", __name__, url_prefix="/calendar")

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


@bp.get("")
@requires(CalendarAction.USE)
def calendar() -> Answer:
    """Show the actor's dates of a month, of a week, or as a list from a day on; of all courses or of one."""
    session, now, person_id = current_session(), clock.now(), current_actor().person_id or 0
    today = local(now).date()
    period = pages.period_of(_requested_part(), _requested_day(today))
    month = pages.period_of(CalendarPart.MONTH, period.first)
    since, until = min(period.since, month.since), max(period.until, month.until)
    enrolments = list_dated_enrolments(session, [person_id])
    slug = request.args.get("course", "")
    items = pages.visible_items(collect_dates(session, DateRequest(enrolments, [person_id], now, since, until)), slug)
    return render_template(
        "enrolments/calendar.html",
        **_context_of(period, items[:MOST_ITEMS], now),
        courses=_courses([enrolment.outline for enrolment in enrolments]),
        course=slug,
        zone=pages.zone_words(now),
        has_feed=has_feed(session, person_id),
    )


def _context_of(period: CalendarPeriod, items: list[DatedItem], now: datetime) -> dict[str, object]:
    today, days = local(now).date(), pages.by_day(items, now)
    return {
        "period": period,
        "part": period.part.value,
        "today": today,
        "month_title": format_month(period.first),
        "weekdays": weekdays(),
        "weeks": pages.weeks_of(period.first, days, today),
        "days": pages.days_between(period, days, today) if period.part is CalendarPart.WEEK else [],
        "months": pages.months_between(period, days, today),
        "most_in_cell": pages.MOST_IN_CELL,
    }


def _courses(outlines: list[Outline]) -> list[tuple[str, str]]:
    return sorted({outline.slug: choose(outline.title) for outline in outlines}.items(), key=lambda pair: pair[1].casefold())


def get_own_date(session: Session, actor: Actor, key: str) -> DatedItem:
    """Return one of the actor's dates by its key; raise NotFound."""
    now = clock.now()
    items = pages.visible_items(list_dates(session, [actor.person_id or 0], now=now, since=now - BACK, until=now + AHEAD), "")
    own_date = next((item for item in items if item.key == key), None)
    if own_date is None:
        raise NotFound
    return own_date


@bp.get("/dates/<path:key>.ics")
@requires(CalendarAction.USE, get_own_date)
def date_file(item: DatedItem) -> Response:
    """Answer with one date as a file for another calendar."""
    person = get_person(current_session(), item.person_id)
    return _file(write_item(person, item, site_address(), now=clock.now()), "attachment")


def _file(content: bytes, disposition: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = MEDIA_TYPE
    response.headers["Content-Disposition"] = f'{disposition}; filename="aulario.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.get("/<secret>.ics")
@public
def feed(secret: str) -> Response:
    """Answer the calendar of the person whose secret address this is. It stands in no log, and goes to no other page."""
    hide_address()
    session, now = current_session(), clock.now()
    read = find_feed(session, secret)
    if read is None:
        limiter().use(UNKNOWN, client_key())
        raise NotFound
    limiter().use(READS, read.feed.secret_hash)
    set_reader(read.person.language, find_zone(read.person.zone))
    items = list_dates(session, [read.person.id], now=now, since=now - BACK, until=now + AHEAD)
    visible, institution = pages.visible_items(items, "")[:MOST_ITEMS], choose(current_settings().short_names)
    content, entries = write_feed(read, visible, site_address(), institution, now=now)
    if entries is not None:
        person_id, secret_hash = read.person.id, read.feed.secret_hash
        after_response.run_after_response(lambda session: store_entries(session, person_id, secret_hash, entries))
    response = _file(content, "inline")
    response.add_etag()
    allow_browser_caching()
    return cast("Response", response.make_conditional(request))


@bp.post("/feed")
@requires(CalendarAction.USE)
def make_address() -> Answer:
    """Make a secret address, or another one, and show it once."""
    session, actor, now = current_session(), current_actor(), clock.now()
    limiter().use(NEW_ADDRESSES, str(actor.person_id))
    secret = make_feed(session, actor, get_person(session, actor.person_id or 0), now=now)
    address = address_of("enrolments_calendar.feed", secret=secret)
    return render_template("enrolments/calendar_feed.html", address=address, webcal="webcal:" + address.partition(":")[2])


@bp.post("/feed/end")
@requires(CalendarAction.USE)
def end_address() -> Response:
    """End the secret address."""
    session, actor = current_session(), current_actor()
    end_feed(session, actor, get_person(session, actor.person_id or 0), now=clock.now())
    flash(_("The address has ended. Calendars that used it no longer receive your dates."), "ok")
    return see_page("enrolments_calendar.calendar")
