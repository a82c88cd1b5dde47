"""The home page of those who learn: what runs out, where they were, what is new, and their courses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from accounts import queries as account_queries
from accounts.rules import NoticeKind
from accounts.wording import SYMBOLS
from certificates import queries as certificate_queries
from certificates.rules import CredentialState
from courses.facade import Facade, FacadeSize
from courses.queries import outlines as course_outlines
from courses.rules import Outline, activity_url
from enrolments.dates import DatedEnrolment, DatedItem, DateRequest, collect_dates
from enrolments.pages.dates import date_views, upcoming
from enrolments.pages.outline import draw, foreign
from enrolments.queries import learning as enrolment_queries
from enrolments.queries.invitations import list_own_pending
from enrolments.queries.learning import OwnCourse
from enrolments.queries.ungraded import list_ungraded
from enrolments.rules import evaluate_completion, not_begun, where_to_continue
from kernel.i18n import _, choose, format_date, local
from kernel.permissions import Actor

MOST_DATES = 4
"""On a phone they stand above what one goes on with; the calendar has the others."""
MOST_NEWS = 3


@dataclass(frozen=True, slots=True)
class CourseProgressView:
    """One course on the learner's home."""

    slug: str
    title: str
    title_language: str
    tone: int
    facade: Facade | None
    modules_done: int
    modules: int
    percent: int
    completed: bool
    certificate_url: str
    next_url: str
    next_title: str
    next_minutes: int | None
    begun: bool
    """An activity has been opened."""
    due: str = ""
    ungraded: int = 0
    """How much is handed in that waits to be graded."""


def home_page(session: Session, actor: Actor, *, now: datetime) -> Mapping[str, object]:
    """Return what the home page shows."""
    own = enrolment_queries.list_own_courses(session, actor)
    invited, waits = list_own_pending(session, actor, now=now)
    enrolments = _dated(session, actor, own)
    credentials = certificate_queries.list_of(session, actor.person_id)
    valid = {row.course_id: row.uuid for row in credentials if certificate_queries.state(row) is CredentialState.VALID}
    lines = [_line(course, enrolment, valid, now) for course, enrolment in zip(own, enrolments, strict=True)]
    resume = next((line for line in lines if not line.completed and line.next_url), None)
    hour = local(now).hour
    return {
        "name": actor.given_names,
        "part_of_day": "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 19 else "evening",
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
    results = enrolment_queries.results_of_many(session, [course.enrolment_id for course in own]) if own else {}
    followed = course_outlines.list_outlines(session, [course.version_id for course in own])
    outlines = enrolment_queries.with_personal_dates(session, {course.enrolment_id: followed[course.version_id] for course in own})
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
    return collect_dates(session, DateRequest(enrolments, (actor.person_id or 0,), now))


def _news(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return the latest notices that the actor has not seen; nothing is asked where there is none."""
    if not actor.unread:
        return []
    rows = account_queries.list_notices(session, actor.person_id or 0, offset=0, limit=MOST_NEWS, only_unread=True)
    return [
        {"title": choose(row.subject), "url": row.path, "symbol": SYMBOLS[NoticeKind(row.kind)], "given_at": row.given_at} for row in rows
    ]


def _line(own: OwnCourse, enrolment: DatedEnrolment, credentials: Mapping[int, UUID], now: datetime) -> CourseProgressView:
    outline, results = enrolment.outline, enrolment.results
    progress = evaluate_completion(outline, results, now)
    last = None if own.last_activity_key in enrolment.ungraded else own.last_activity_key
    following = outline.by_key.get(where_to_continue(outline, results, last, now) or "")
    modules_done, modules = progress.modules_of(outline)
    waits = not_begun(own.starts_at, now) is not None
    return CourseProgressView(
        slug=outline.slug,
        title=choose(dict(outline.title)),
        title_language=foreign(outline.title),
        tone=outline.tone,
        facade=draw(outline, progress, FacadeSize.RESUME),
        modules_done=modules_done,
        modules=modules,
        percent=progress.percent,
        completed=enrolment.completed,
        certificate_url=_certificate_url(outline, credentials),
        next_url=activity_url(outline.slug, following.kind, following.key) if following and not waits else "",
        due=_("Begins on %(day)s", day=format_date(own.starts_at, "short")) if waits else "",
        next_title=choose(dict(following.title)) if following else "",
        next_minutes=following.minutes if following else None,
        begun=bool(results),
        ungraded=len(enrolment.ungraded),
    )


def _certificate_url(outline: Outline, credentials: Mapping[int, UUID]) -> str:
    return url_for("certificates.certificate", credential=credentials[outline.course_id]) if outline.course_id in credentials else ""
