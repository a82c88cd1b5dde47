"""A learner's home: courses in a line each, with where they go on, and what they have to complete; and the page of all of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, url_for
from sqlalchemy.orm import Session

from accounts import notices
from certificates import credentials as certificate_queries
from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from compliance.learner import RequiredOfPerson, list_cautions, list_required, load_own_training, obligation_dates
from compliance.learner_page import DutyView, duties_in_order, duty_view
from compliance.rules.states import NEEDED, TrainingState
from compliance.rules.terms import ObligationTerms
from courses import versions
from courses.facade import Facade, FacadeSize
from courses.rules import CourseTime, Outline, activity_url
from discussions import subscriptions
from enrolments import learners
from enrolments.awards import list_own_renewals
from enrolments.course_context import LEARNER_PAGES, date_views, upcoming
from enrolments.course_view import CoursePicture, RenewalView, course_url, draw, foreign, picture_of, renewal_view
from enrolments.dates import DATES, DatedEnrolment, DatedItem, DateRequest, collect_dates, list_ungraded
from enrolments.invitations import list_own_pending
from enrolments.learners import OwnCourse
from enrolments.rules import evaluate_completion, not_begun, time_left, where_to_continue
from kernel import clock
from kernel.i18n import _, choose, format_date, local, ngettext
from kernel.permissions import Actor
from kernel.web.request import current_actor, current_session, page, requires
from lms.access import SiteAction
from selections import selections
from selections.incidents import list_own_incidents


@dataclass(frozen=True, slots=True)
class CourseProgressView:
    """One course on the learner's home."""

    slug: str
    title: str
    title_language: str
    tone: int
    facade: Facade | None
    picture: CoursePicture | None
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
    following = outline.by_key.get(where_to_continue(outline, results, now, waiting=enrolment.ungraded) or "")
    modules_done, modules = progress.modules_of(outline)
    waits = not_begun(own.starts_at, now) is not None
    return CourseProgressView(
        slug=outline.slug,
        title=choose(dict(outline.title)),
        title_language=foreign(outline.title),
        tone=outline.tone,
        facade=draw(outline, progress, FacadeSize.RESUME),
        picture=picture_of(outline),
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
        minutes_left=time_left(outline, results, enrolment.ungraded).required,
    )


def _certificate_url(outline: Outline, credentials: Mapping[int, UUID]) -> str:
    return url_for("certificates.certificate", credential=credentials[outline.course_id]) if outline.course_id in credentials else ""


bp = Blueprint("lms_training", __name__)

MOST_ON_HOME = 4
ASK = "compliance_waivers.ask"
"""The page on which a person asks for a waiver or a recognition."""


@dataclass(frozen=True, slots=True)
class OwnDutyView:
    """One obligation of the reader with what they did of it, and the one step that is next."""

    duty: DutyView
    counted: str
    """What of it counts already; empty where nothing is known."""
    minutes_left: int
    """0 where nothing is known."""
    step: str
    """The words of the button; empty where there is nothing to press."""
    step_url: str
    symbol: str
    why_url: str
    ask_url: str
    """Empty where nothing is to be asked."""
    caution: str = ""
    """That they cannot finish in time, or that the version which they take of a course does not count, where that is so."""
    certificate: str = ""
    """Until when the certificate is valid, where it has a day of its own beside the obligation's (spec/compulsory 8.1)."""


def duties_of_home(
    session: Session, actor: Actor, lines: Sequence[CourseProgressView], enrolments: Sequence[DatedEnrolment], *, now: datetime
) -> Mapping[str, object] | None:
    """Return the duties that the reader has to complete first, with how many others there are; None where nothing ever was asked.

    One statement, and two others where they do not take a course that is asked of them.
    """
    rows = duties_in_order(list_required(session, [actor.person_id or 0], now=now))
    if not rows:
        return None
    left = [row for row in rows if row.status.state in NEEDED]
    by_slug, shown = {line.slug: line for line in lines}, left[:MOST_ON_HOME]
    cautions = list_cautions(session, shown, enrolments, now=now)
    duties = {row.assignment_id: duty_view(row, "", now=now) for row in shown}
    times = _times_of_others(session, list(duties.values()), by_slug)
    views = [own_duty(duty, by_slug, cautions.get(number, ""), times) for number, duty in duties.items()]
    return {"shown": views, "more": len(left) - len(views)}


@bp.get("/learning/compulsory")
@requires(SiteAction.LEARN)
def duties() -> Response:
    """Show everything that the reader has to complete, is excused from, or has done."""
    session, actor, now = current_session(), current_actor(), clock.now()
    required, sentences = load_own_training(session, actor.person_id or 0, now=now)
    rows = duties_in_order(required)
    lines, credentials, enrolments = _lines(session, actor, rows, now)
    cautions = list_cautions(session, rows, enrolments, now=now)
    shown = {row.assignment_id: duty_view(row, sentences.get(row.audience_id, ""), now=now) for row in rows}
    times = _times_of_others(session, list(shown.values()), lines)
    views = [
        replace(
            own_duty(shown[row.assignment_id], lines, cautions.get(row.assignment_id, ""), times),
            certificate=_certificate_words(row.courses_now(now), credentials, row.text_now(now).terms),
        )
        for row in rows
    ]
    return page(
        "lms/duties.html",
        open=[view for view in views if view.duty.is_open],
        waived=[view for view in views if view.duty.status.state is TrainingState.WAIVED],
        done=[view for view in views if view.duty.status.state is TrainingState.DONE],
    )


def _certificate_words(courses: Sequence[str], credentials: Mapping[str, Credential], terms: ObligationTerms) -> str:
    """Describe until when a certificate is valid; nothing where several courses are asked, or it has no day beside the obligation's."""
    if terms.validity is None:
        return ""
    credential = credentials.get(courses[0]) if len(courses) == 1 else None
    return (
        ""
        if credential is None or credential.expires_on is None
        else _("certificate valid until %(day)s", day=format_date(credential.expires_on))
    )


def _lines(
    session: Session, actor: Actor, rows: Sequence[RequiredOfPerson], now: datetime
) -> tuple[dict[str, CourseProgressView], dict[str, Credential], Sequence[DatedEnrolment]]:
    """Return how far the reader is in the courses that are asked of them, their valid certificates, both by slug, and the enrolments."""
    named = {course for row in rows for course in row.courses_now(now)}
    own = [course for course in learners.list_own_courses(session, actor) if course.slug in named] if named else []
    if not own:
        return {}, {}, ()
    enrolments = _dated(session, actor, own)
    ended = any(course.completed_at is not None for course in own)
    credentials = certificate_queries.list_of(session, actor.person_id) if ended else []
    held = {row.course_id: row for row in credentials if certificate_queries.state(row) is CredentialState.VALID}
    valid = {course_id: row.uuid for course_id, row in held.items()}
    slugs = {enrolment.outline.course_id: enrolment.outline.slug for enrolment in enrolments}
    lines = {course.slug: course_line(course, enrolment, valid, now) for course, enrolment in zip(own, enrolments, strict=True)}
    return lines, {slugs[course_id]: row for course_id, row in held.items() if course_id in slugs}, enrolments


def own_duty(
    duty: DutyView, lines: Mapping[str, CourseProgressView], caution: str = "", times: Mapping[str, CourseTime] | None = None
) -> OwnDutyView:
    """Return an obligation of the reader with progress and the next step; `lines` are their courses by slug, `times` are of the others.

    `caution`: that they cannot finish in time, where that is so.
    """
    mine = [lines[course] for course in duty.courses if course in lines]
    left = [line for line in mine if not line.completed]
    step, step_url, symbol = _next_step(duty, lines, left)
    return OwnDutyView(
        duty,
        _counted(duty, mine),
        _minutes_left(duty, lines, times or {}),
        step=step,
        step_url=step_url,
        symbol=symbol,
        why_url=url_for("compliance_learner.why", assignment=duty.uuid),
        ask_url=url_for(ASK, assignment=duty.uuid) if duty.is_open and ASK in current_app.view_functions else "",
        caution=caution or _caution(duty, left),
    )


def _minutes_left(duty: DutyView, lines: Mapping[str, CourseProgressView], times: Mapping[str, CourseTime]) -> int:
    """Return how much of what is required is left, as mails say it: of any one of several courses the shortest."""
    if not duty.is_open:
        return 0
    left = [lines[slug].minutes_left for slug in duty.courses if slug in lines and not lines[slug].completed]
    left += [times[slug].required for slug in duty.courses if slug in times]
    return (min if duty.is_choice else sum)(left or [0])


def _times_of_others(session: Session, duties: Sequence[DutyView], lines: Mapping[str, CourseProgressView]) -> dict[str, CourseTime]:
    """Return how long the courses take that are asked of the reader and that they do not take; no statement where there is none."""
    return versions.list_published_times(session, {slug for duty in duties if duty.is_open for slug in duty.courses} - lines.keys())


def _caution(duty: DutyView, left: Sequence[CourseProgressView]) -> str:
    """Return the caution on the course that the reader takes in a version that does not count; else nothing (spec/compulsory 4.7)."""
    old = next((line for line in left if line.version < duty.lowest_versions.get(line.slug, 0)), None)
    if old is None or not duty.is_open:
        return ""
    lowest = duty.lowest_versions[old.slug]
    return _(
        "You are taking version %(own)s of “%(course)s”, but only version %(lowest)s or a later one counts. Move to it on the course page.",
        own=old.version,
        course=old.title,
        lowest=lowest,
    )


def _counted(duty: DutyView, mine: Sequence[CourseProgressView]) -> str:
    if not duty.is_open or not mine:
        return ""
    if len(duty.courses) == 1:
        line = mine[0]
        if line.completed or not line.modules:
            return ""
        return ngettext("%(done)s of %(count)s module", "%(done)s of %(count)s modules", line.modules, done=line.modules_done)
    done = sum(line.completed for line in mine)
    return ngettext("%(done)s of %(count)s course", "%(done)s of %(count)s courses", len(duty.courses), done=done)


def _next_step(duty: DutyView, lines: Mapping[str, CourseProgressView], left: Sequence[CourseProgressView]) -> tuple[str, str, str]:
    """Return the words, the address and the icon of the one button."""
    if not duty.is_open:
        certificate = next(
            (lines[course].certificate_url for course in duty.courses if course in lines and lines[course].certificate_url), ""
        )
        return (_("View my certificate"), certificate, "award") if certificate and duty.status.state is TrainingState.DONE else ("", "", "")
    going_on = next((line for line in sorted(left, key=lambda line: not line.begun) if line.next_url), None)
    if going_on is not None:
        label = _("Continue: %(title)s", title=going_on.next_title) if going_on.begun else _("Start: %(title)s", title=going_on.next_title)
        return label, going_on.next_url, "play"
    if duty.is_choice and not left:
        return _("Choose a course"), url_for("compliance_learner.why", assignment=duty.uuid, _anchor="courses"), "list-checks"
    undone = [course for course in duty.courses if course not in lines or not lines[course].completed]
    completed = [course for course in duty.courses if course in lines and lines[course].completed]
    again = [course for course in completed if len(duty.courses) == 1 or course in duty.renewable]
    course = again[0] if duty.is_again and again else (undone or duty.courses)[0]
    is_again = duty.is_again and course in again
    return (
        (_("Take it again"), url_for("compliance_renewals.renew", slug=course), "rotate-ccw")
        if is_again
        else (_("Go to the course"), course_url(course), "arrow-right")
    )


MOST_DATES = 4
"""On a phone they stand above what one goes on with; the calendar has the others."""
MOST_NEWS = 3


def home_page(session: Session, actor: Actor, *, now: datetime) -> Mapping[str, object]:
    """Return the values of the home page."""
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
        "duties": duties_of_home(session, actor, lines, enrolments, now=now),
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
        "pages": LEARNER_PAGES.of(session),
        "new_threads": sum(subscriptions.count_new(session, actor, now=now).values()),
        "selections": _selections(session, actor, now) if actor.has_selections else [],
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


def _selections(session: Session, actor: Actor, now: datetime) -> list[dict[str, str]]:
    """Return the selections of the reader: questions of a jury that are open, those they are named for, and their own results."""
    person_id = actor.person_id or 0
    questions = [row for row in list_own_incidents(session, person_id) if row.proposed_at is None and now < row.answer_by]
    named, lines = selections.list_own(session, person_id), selections.list_published_to(session, person_id)
    return [
        *(
            {
                "title": _("A jury asks you a question"),
                "note": _("until %(day)s", day=format_date(row.answer_by)),
                "url": url_for("selections_incidents.own", incident=row.uuid),
            }
            for row in questions
        ),
        *(
            {
                "title": choose(row.title),
                "note": f"{note} · {row.people}",
                "url": url_for(page, selection=row.uuid),
            }
            for rows, note, page in (
                (named, _("Jury or reader"), "selections_actas.selection"),
                (lines, _("Your results"), "selections_actas.own_line"),
            )
            for row in rows
        ),
    ][:MOST_ON_HOME]


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
    """Return the dates ahead in the actor's courses; what they have to complete stands above it, with its last days."""
    sources = [source for source in DATES.of(session) if source is not obligation_dates]
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
    kinds = notices.list_notice_kinds(session)
    rows = notices.list_notices(session, actor.person_id or 0, offset=0, limit=MOST_NEWS, only_unread=True)
    return [{"title": choose(row.subject), "url": row.path, "symbol": kinds[row.kind].icon, "given_at": row.given_at} for row in rows]
