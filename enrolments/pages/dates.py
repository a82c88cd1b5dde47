"""Dates of a learner in words: what happens, when it does in the reader's zone and in the course's, and how long that is from now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from enrolments.dates import RUNNING_OUT, DatedItem, DateKind
from enrolments.pages.outline import foreign
from kernel.errors import N_
from kernel.i18n import _, format_datetime, language, local, ngettext, reading, zone, zone_name

SOON = timedelta(days=3)
"""Before its end, within which a date is told with emphasis, and in titles of pages."""
OPEN_ATTEMPTS = frozenset({DateKind.ATTEMPT_OPEN, DateKind.ATTEMPT_ENDS})
_SYMBOLS = {
    DateKind.ATTEMPT_ENDS: "clock",
    DateKind.REMINDER: "bell",
}


@dataclass(frozen=True, slots=True)
class DateView:
    """A dated item on a page, in the reader's language and zone."""

    kind: DateKind
    at: datetime
    day: date
    title: str
    title_language: str
    course: str
    """Title of the course; empty where the title is that."""
    url: str
    words: str
    """The sentence that says what happens, and when."""
    elsewhere: str
    """The same moment in the course's zone, where the clocks differ; else nothing."""
    left: str
    """How long it is from now."""
    soon: bool
    """It ends within three days."""
    symbol: str
    continues: bool
    """It is an attempt in progress, which its page goes on with."""


SENTENCES = {
    DateKind.ATTEMPT_OPEN: N_("You began an attempt on %(moment)s and have not submitted it."),
    DateKind.ATTEMPT_ENDS: N_("Your attempt ends on %(moment)s."),
    DateKind.EDITION_BEGINS: N_("Your edition begins on %(moment)s."),
    DateKind.EDITION_ENDS: N_("Your edition ends on %(moment)s."),
    DateKind.MODULE_OPENS: N_("The module opens on %(moment)s."),
    DateKind.MODULE_CLOSES: N_("The module closes on %(moment)s."),
    DateKind.ACTIVITY_OPENS: N_("It opens on %(moment)s."),
    DateKind.ACTIVITY_CLOSES: N_("It closes on %(moment)s."),
    DateKind.CONDITION_OPENS: N_("You can try again from %(moment)s."),
    DateKind.OBLIGATION_ENDS: N_("You have to complete it by %(moment)s."),
    DateKind.REMINDER: N_("Your reminder for %(moment)s."),
}
TIME_IS_UP = N_("The time of your attempt ended on %(moment)s. Submit it now.")
OPENS_SOON = timedelta(days=7)
"""How long before it something that opens is told."""


def upcoming(items: Iterable[DatedItem], *, now: datetime) -> list[DatedItem]:
    """Return what there is still to do of dated items: attempts in progress first, then by their moments.

    What opens is told in the week before, or where nothing ends before it.
    """
    left = [item for item in items if not item.done]
    attempts = [item for item in left if item.kind in OPEN_ATTEMPTS]
    ahead = [item for item in left if item.kind not in OPEN_ATTEMPTS and item.at > now]
    ends = [item for item in ahead if item.kind in RUNNING_OUT]
    opens = [item for item in ahead if item.kind not in RUNNING_OUT and (item.at - now <= OPENS_SOON or not ends)]
    return [*attempts, *sorted([*ends, *opens], key=lambda item: item.at)]


def date_views(items: Iterable[DatedItem], *, now: datetime) -> list[DateView]:
    """Return dated items in words, in their order."""
    return [date_view(item, now=now) for item in items]


def date_view(item: DatedItem, *, now: datetime) -> DateView:
    """Return a dated item in words."""
    return DateView(
        kind=item.kind,
        at=item.at,
        day=item.by_calendar(zone()).date(),
        title=item.title,
        title_language=foreign(item.texts),
        course="" if item.texts == item.course_texts else item.course_title,
        url=_course_path(item) if item.kind is DateKind.ACTIVITY_OPENS and item.at > now else item.path,
        words=_sentence(item, now),
        elsewhere=_elsewhere(item),
        left=time_left(item, now=now),
        soon=item.kind in RUNNING_OUT and item.at - now <= SOON,
        symbol=_SYMBOLS.get(item.kind, "calendar-clock"),
        continues=item.kind in OPEN_ATTEMPTS,
    )


def _course_path(item: DatedItem) -> str:
    """Return where an activity that is not open yet stands among the others."""
    return f"/courses/{item.slug}#way"


def _sentence(item: DatedItem, now: datetime) -> str:
    sentence = TIME_IS_UP if item.kind is DateKind.ATTEMPT_ENDS and item.at <= now else SENTENCES[item.kind]
    return _(sentence, moment=format_datetime(item.by_calendar(zone()), "short"))


def time_left(item: DatedItem, *, now: datetime) -> str:
    """Say how long it is until a dated item: minutes within the hour, else days as the reader's calendar counts them."""
    if item.at <= now:
        return ""
    days = (item.by_calendar(zone()).date() - local(now).date()).days
    if item.kind in RUNNING_OUT:
        minutes = -(-int((item.at - now).total_seconds()) // 60)
        if minutes < 60:
            return ngettext("%(count)s minute left", "%(count)s minutes left", minutes)
        return _("Ends today") if days == 0 else ngettext("%(count)s day left", "%(count)s days left", days)
    if days <= 1:
        return _("Today") if days == 0 else _("Tomorrow")
    return ngettext("In %(count)s day", "In %(count)s days", days)


def _elsewhere(item: DatedItem) -> str:
    """Return the moment as the course's clocks show it, where the reader's show another time."""
    try:
        there = ZoneInfo(item.zone) if item.zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    if there is None or item.at.astimezone(there).utcoffset() == item.at.astimezone(zone()).utcoffset():
        return ""
    with reading(language(), there):
        moment = format_datetime(item.by_calendar(there), "short")
    if item.kind is DateKind.OBLIGATION_ENDS:
        return _("%(moment)s by the time of %(zone)s", moment=moment, zone=zone_name(item.zone))
    return _("%(moment)s in the course's time zone, %(zone)s", moment=moment, zone=zone_name(item.zone))
