"""The daily notice to training officers and administrators of what waits for their decision (spec/compulsory 4.8 and 4.10)."""

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from compliance.queries.free_days import load_free_days
from compliance.queries.waiting_work import WaitingWork, find_work
from compliance.rules.reminders import OPENS
from kernel.i18n import in_every_language, ngettext, site_locale


def due_day(session: Session, *, now: datetime) -> date | None:
    """Return the working day of which the notice is due now; None at night and on free days."""
    here = now.astimezone(site_locale().zone)
    working = load_free_days(session).working_in("")
    return here.date() if here.time() >= OPENS and working.has(here.date()) else None


def notify_worker(session: Session, person_id: int, administrators: Sequence[int], day: date, *, now: datetime) -> None:
    """Notify one person of what waits, where something of it is new since the working day before, or on Mondays; once a day."""
    work = find_work(session, person_id, administrators)
    if work.newest is None:
        return
    before = load_free_days(session).working_in("").before(day)
    since = datetime.combine(before, time(OPENS.hour), site_locale().zone)
    if work.newest >= since or day.weekday() == 0:
        notices.notify(session, _message(work, day), [person_id], now=now)


def _message(work: WaitingWork, day: date) -> Message:
    def words() -> str:
        requests = ngettext(
            "%(count)s request for a waiver or recognition.", "%(count)s requests for waivers or recognitions.", work.requests
        )
        drafts = ngettext(
            "%(count)s draft or change that needs a second person.", "%(count)s drafts or changes that need a second person.", work.drafts
        )
        return " ".join(text for text, count in ((requests, work.requests), (drafts, work.drafts)) if count)

    total = work.requests + work.drafts
    subject = in_every_language(
        lambda: ngettext("%(count)s decision on compulsory training is due", "%(count)s decisions on compulsory training are due", total)
    )
    path = "/training/waivers" if work.requests else "/compulsory-training/obligations"
    return Message(NoticeKind.TRAINING_WORK, f"training-work:{day.isoformat()}", subject, in_every_language(words), path)
