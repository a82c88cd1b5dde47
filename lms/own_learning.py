"""The home page of those who learn: what runs out, where they were, what is new, and their courses."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import SYMBOLS
from accounts.rules import NoticeKind
from certificates import credentials as certificate_queries
from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from compliance.learner import obligation_dates
from courses import versions
from enrolments import learners
from enrolments.awards import list_own_renewals
from enrolments.course_context import date_views, upcoming
from enrolments.course_view import RenewalView, renewal_view
from enrolments.dates import DatedEnrolment, DatedItem, DateRequest, DateSource, collect_dates, list_ungraded
from enrolments.invitations import list_own_pending
from enrolments.learners import OwnCourse
from kernel.i18n import choose, local
from kernel.permissions import Actor
from lms import own_training
from lms.course_lines import course_line

MOST_DATES = 4
"""On a phone they stand above what one goes on with; the calendar has the others."""
MOST_NEWS = 3


def home_page(session: Session, actor: Actor, *, now: datetime) -> Mapping[str, object]:
    """Return what the home page shows."""
    own = learners.list_own_courses(session, actor)
    invited, waits = list_own_pending(session, actor, now=now)
    enrolments = _dated(session, actor, own)
    credentials = certificate_queries.list_of(session, actor.person_id)
    valid = {row.course_id: row.uuid for row in credentials if certificate_queries.state(row) is CredentialState.VALID}
    lines = [course_line(course, enrolment, valid, now) for course, enrolment in zip(own, enrolments, strict=True)]
    resume = next((line for line in lines if not line.completed and line.next_url), None)
    hour = local(now).hour
    return {
        "name": actor.given_names,
        "part_of_day": "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 19 else "evening",
        "duties": own_training.duties_of_home(session, actor, lines, now=now),
        "resume": resume,
        "courses": [line for line in lines if line is not resume],
        "dates": date_views(upcoming(_dates(session, actor, enrolments, now), now=now)[:MOST_DATES], now=now),
        "news": _news(session, actor),
        "waits": [
            {"slug": row.slug, "title": choose(row.title), "edition": row.uuid, "name": row.edition, "since": row.moment} for row in waits
        ],
        "invitations": [
            {"uuid": row.uuid, "title": choose(row.title), "edition": row.edition, "expires_at": row.moment} for row in invited
        ],
        "renewals": _renewals(session, actor, credentials, now),
        "certificates": [
            {
                "uuid": row.uuid,
                "title": choose(dict(row.course_titles)),
                "issued_on": row.issued_on,
                "state": certificate_queries.state(row).value,
            }
            for row in credentials
        ],
    }


def _dated(session: Session, actor: Actor, own: Sequence[OwnCourse]) -> list[DatedEnrolment]:
    """Return the actor's enrolments with their outlines, results and dates, in the order of their courses."""
    results = learners.results_of_many(session, [course.enrolment_id for course in own]) if own else {}
    followed = versions.list_outlines(session, [course.version_id for course in own])
    outlines = learners.with_personal_dates(session, {course.enrolment_id: followed[course.version_id] for course in own})
    waiting = list_ungraded(session, outlines, results)
    return [
        DatedEnrolment(
            enrolment_id=course.enrolment_id,
            person_id=actor.person_id or 0,
            outline=outlines[course.enrolment_id],
            results=results[course.enrolment_id],
            starts_at=course.starts_at,
            ends_at=course.ends_at,
            archived=course.archived,
            completed=course.completed_at is not None,
            ungraded=waiting.get(course.enrolment_id, frozenset()),
        )
        for course in own
    ]


def _dates(session: Session, actor: Actor, enrolments: Sequence[DatedEnrolment], now: datetime) -> list[DatedItem]:
    """Return what is ahead in the actor's courses; what they have to complete stands above it, with its last days."""
    sources = [source for source in cast("Iterable[DateSource]", session.info["dates"]) if source is not obligation_dates]
    return collect_dates(session, DateRequest(enrolments, (actor.person_id or 0,), now), sources)


def _renewals(session: Session, actor: Actor, credentials: Sequence[Credential], now: datetime) -> list[RenewalView]:
    """Return the certificates that the actor may renew now; nothing is asked where none ends."""
    if not any(row.expires_on for row in credentials):
        return []
    return [renewal_view(own, now) for own in list_own_renewals(session, actor.person_id or 0) if own.is_open(now)]


def _news(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return the latest notices that the actor has not seen; nothing is asked where there is none."""
    if not actor.unread:
        return []
    rows = notices.list_notices(session, actor.person_id or 0, offset=0, limit=MOST_NEWS, only_unread=True)
    return [
        {"title": choose(row.subject), "url": row.path, "symbol": SYMBOLS[NoticeKind(row.kind)], "given_at": row.given_at} for row in rows
    ]
