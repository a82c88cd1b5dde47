"""Notices to training officers and administrators of what waits for their decision (spec/compulsory 4.5a, 4.8 and 4.10)."""

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from compliance.models import Obligation, PlannedChange
from compliance.queries.agreements import get_title
from compliance.queries.free_days import load_free_days
from compliance.queries.obligations import list_authors
from compliance.queries.waiting_work import WaitingWork, find_second_persons, find_work
from compliance.rules.reminders import OPENS
from kernel.i18n import _, choose, in_every_language, ngettext, site_locale
from organisations.models import Audience


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


def notify_second_persons(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Notify whoever may apply a change that its author may not, once however often it is tried (spec/compulsory 4.5a)."""
    obligation = session.get_one(Obligation, row.obligation_id) if row.obligation_id is not None else None
    audience = session.get_one(Audience, row.audience_id) if row.audience_id is not None else None
    authors = frozenset({row.created_by})
    if row.kind == "activate" and obligation is not None:
        authors = list_authors(session, obligation)
        waits = row.created_by in authors  # whoever else tries it may apply it
    else:
        waits = row.second_person != ""
    if not waits:
        return
    if obligation is not None:
        path, title = "/compulsory-training/obligations/changes", get_title(session, obligation)
    elif audience is not None:
        path, title = "/compulsory-training/audience-rules", audience.title
    else:
        path, title = "/administration/free-days/changes", in_every_language(lambda: _("Free days"))
    subject = in_every_language(lambda: _("“%(title)s”: a change waits for a second person", title=choose(title)))
    text = in_every_language(lambda: _("Its author may not apply it alone. Nothing changes until another person applies it."))
    message = Message(NoticeKind.TRAINING_WORK, _second_person_key(row), subject, text, f"{path}/{row.uuid}")
    people = find_second_persons(session, audience.institution_id if audience is not None else None, authors)
    notices.notify(session, message, [person.id for person in people], now=now)


def withdraw_second_persons(session: Session, row: PlannedChange) -> None:
    """Take the notice of a change that was applied or discarded out of the bell (spec/compulsory 4.5a)."""
    notices.take_back(session, _second_person_key(row))


def _second_person_key(row: PlannedChange) -> str:
    return f"second-person:{row.id}"
