"""One course of a learner in a line: how far they are, and where they go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from courses.facade import Facade, FacadeSize
from courses.rules import Outline, activity_url
from enrolments.course_view import draw, foreign
from enrolments.dates import DatedEnrolment
from enrolments.learners import OwnCourse
from enrolments.rules import evaluate_completion, not_begun, where_to_continue
from kernel.i18n import _, choose, format_date


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
    version: int = 0
    """The number of the version that is taken."""
    minutes_left: int = 0
    """Of what is required in it."""


def course_line(own: OwnCourse, enrolment: DatedEnrolment, credentials: Mapping[int, UUID], now: datetime) -> CourseProgressView:
    """Return one course of a learner, with where they go on in it; `credentials` are the valid certificates by course."""
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
        version=outline.number,
        minutes_left=sum(activity.minutes for activity in outline.activities() if activity.required and not enrolment.is_done(activity)),
    )


def _certificate_url(outline: Outline, credentials: Mapping[int, UUID]) -> str:
    return url_for("certificates.certificate", credential=credentials[outline.course_id]) if outline.course_id in credentials else ""
