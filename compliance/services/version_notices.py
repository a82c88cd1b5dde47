"""Notices that the version of a course which somebody is taking counts no more for an obligation (spec/compulsory 4.7)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from compliance.models import Obligation, ObligationVersion
from compliance.queries.older_versions import OlderTake, list_older_takes
from compliance.services.obligations import latest_version, values_of
from kernel.i18n import _, choose, format_date, in_every_language, site_locale

PORTION = 200


def notify_portion(session: Session, obligation: Obligation, after: int, *, now: datetime) -> int | None:
    """Notify the next people under way in a version that counts no more, once for each lowest version; return the last, None at the end."""
    version = latest_version(session, obligation)
    lowest = values_of(version).terms.lowest_versions
    rows = list_older_takes(session, obligation, lowest, after, PORTION, now=now)
    by_course = defaultdict[str, list[OlderTake]](list)
    for row in rows:
        by_course[row.slug].append(row)
    today = now.astimezone(site_locale().zone).date()
    for slug, takes in by_course.items():
        message = _message(obligation, version, takes[0], lowest[slug], today)
        notices.notify(session, message, sorted({take.person_id for take in takes}), now=now)
    return rows[-1].person_id if len(rows) == PORTION else None


def _message(obligation: Obligation, version: ObligationVersion, take: OlderTake, lowest: int, today: date) -> Message:
    from_on = version.effective_on

    def words() -> str:
        facts: Mapping[str, object] = {"title": choose(version.title), "lowest": lowest, "day": format_date(from_on)}
        if from_on > today:
            return _(
                "From %(day)s, only version %(lowest)s or a later one counts for “%(title)s”. Finish before that day or move to it.",
                **facts,
            )
        return _("Only version %(lowest)s or a later one counts for “%(title)s”. Move to it: completing yours is not enough.", **facts)

    subject = in_every_language(lambda: _("Your version of “%(course)s” is too old", course=choose(dict(take.title))))
    key = f"older-version:{obligation.id}:{take.slug}:{lowest}"
    return Message(NoticeKind.TRAINING, key, subject, in_every_language(words), f"/courses/{take.slug}")
