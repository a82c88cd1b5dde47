"""The obligations of the reader with progress, the next step, certificates (spec/compulsory 11.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, current_app, render_template, url_for
from sqlalchemy.orm import Session

from certificates import credentials as certificate_queries
from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from compliance.learner import RequiredOfPerson, list_required, load_own_training
from compliance.learner_page import DutyView, duties_in_order, duty_view
from compliance.rules.states import TrainingState
from compliance.rules.terms import ObligationTerms
from courses import versions
from enrolments import learners
from enrolments.course_view import course_url
from enrolments.dates import DatedEnrolment
from kernel import clock
from kernel.i18n import _, format_date, ngettext
from kernel.permissions import Actor
from kernel.web.request import current_actor, current_session, requires
from lms.course_lines import CourseProgressView, course_line
from lms.permissions import SiteAction

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
    """That the version which they take of a course does not count, where that is so."""
    certificate: str = ""
    """Until when the certificate is valid, where it has a day of its own beside the obligation's (spec/compulsory 8.1)."""


def duties_of_home(session: Session, actor: Actor, lines: Sequence[CourseProgressView], *, now: datetime) -> Mapping[str, object] | None:
    """Return what the reader has to complete first, with how many others there are, in one statement; None where nothing ever was asked."""
    rows = duties_in_order(list_required(session, [actor.person_id or 0], now=now))
    if not rows:
        return None
    by_slug = {line.slug: line for line in lines}
    views = [own_duty(duty_view(row, "", now=now), by_slug) for row in rows]
    left = [view for view in views if view.duty.is_open]
    return {"shown": left[:MOST_ON_HOME], "more": len(left[MOST_ON_HOME:])}


@bp.get("/learning/compulsory")
@requires(SiteAction.LEARN)
def duties() -> str:
    """Show everything that the reader has to complete, is excused from, or has done."""
    session, actor, now = current_session(), current_actor(), clock.now()
    training = load_own_training(session, actor.person_id or 0, now=now)
    rows = duties_in_order(training.rows)
    lines, credentials = _lines(session, actor, rows, now)
    views = [
        replace(
            own_duty(duty_view(row, training.sentences.get(row.audience_id, ""), now=now), lines),
            certificate=_certificate_words(row.courses_on(now.date()), credentials, row.text_on(now.date()).terms),
        )
        for row in rows
    ]
    return render_template(
        "lms/duties.html",
        open=[view for view in views if view.duty.is_open],
        waived=[view for view in views if view.duty.status.state is TrainingState.WAIVED],
        done=[view for view in views if view.duty.status.state is TrainingState.DONE],
    )


def _certificate_words(courses: Sequence[str], credentials: Mapping[str, Credential], terms: ObligationTerms) -> str:
    """Say until when a certificate is valid; nothing where several courses are asked, or it has no day beside the obligation's."""
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
) -> tuple[dict[str, CourseProgressView], dict[str, Credential]]:
    """Return how far the reader is in the courses that are asked of them, and the valid certificates of these, both by slug."""
    named = {course for row in rows for course in row.courses_on(now.date())}
    own = [course for course in learners.list_own_courses(session, actor) if course.slug in named] if named else []
    if not own:
        return {}, {}
    results = learners.results_of_many(session, [course.enrolment_id for course in own])
    outlines = versions.list_outlines(session, [course.version_id for course in own])
    ended = any(course.completed_at is not None for course in own)
    credentials = certificate_queries.list_of(session, actor.person_id) if ended else []
    held = {row.course_id: row for row in credentials if certificate_queries.state(row) is CredentialState.VALID}
    valid = {course_id: row.uuid for course_id, row in held.items()}
    slugs = {outline.course_id: outline.slug for outline in outlines.values()}
    lines = {
        course.slug: course_line(
            course,
            DatedEnrolment(
                enrolment_id=course.enrolment_id,
                person_id=actor.person_id or 0,
                outline=outlines[course.version_id],
                results=results[course.enrolment_id],
                starts_at=course.starts_at,
                ends_at=course.ends_at,
                archived=course.archived,
                completed=course.completed_at is not None,
            ),
            valid,
            now,
        )
        for course in own
    }
    return lines, {slugs[course_id]: row for course_id, row in held.items() if course_id in slugs}


def own_duty(duty: DutyView, lines: Mapping[str, CourseProgressView]) -> OwnDutyView:
    """Return an obligation of the reader with progress and the next step; `lines` are their courses by slug."""
    mine = [lines[course] for course in duty.courses if course in lines]
    left = [line for line in mine if not line.completed]
    step, step_url, symbol = _next_step(duty, lines, left)
    return OwnDutyView(
        duty,
        _counted(duty, mine),
        sum(line.minutes_left for line in left) if duty.is_open else 0,
        step,
        step_url,
        symbol,
        url_for("compliance_learner.why", assignment=duty.uuid),
        url_for(ASK, assignment=duty.uuid) if duty.is_open and ASK in current_app.view_functions else "",
        _caution(duty, left),
    )


def _caution(duty: DutyView, left: Sequence[CourseProgressView]) -> str:
    """Say which course the reader takes in a version that does not count; nothing where that is not so (spec/compulsory 4.7)."""
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
