"""Pages of taking part: catalogue, course, lesson, glossary, resources, files; enrolling and marking as done."""

from typing import cast

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for

from accounts.rules import fold
from courses import queries as course_queries
from courses.permissions import edits
from courses.rules import Outline, activity_url
from enrolments import queries, services
from enrolments.opening import catalogue_cards, course_view, kept_page, leave_visit
from enrolments.pages.course import course_facts, enrolment_facts, entry_of, requirements
from enrolments.pages.lesson import lesson_context
from enrolments.pages.lists import resource_groups, term_groups
from enrolments.pages.outline import course_url
from enrolments.permissions import ActivitySeat, FileSeat, LearningAction, Seat
from kernel import clock
from kernel.errors import NotFound
from kernel.files import Files
from kernel.i18n import LANGUAGES, _, choose, language
from kernel.web.request import current_actor, current_session, public, requires

bp = Blueprint("enrolments", __name__)

SHOWN_IN_THE_PAGE = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "application/pdf",
    "audio/",
    "video/",
    "text/vtt",
    "text/plain",
)
MOST_COURSES = 500

Answer = str | Response


def see_other(address: str) -> Response:
    """Answer a POST with the page to look at next."""
    return cast("Response", redirect(address, code=303))


def _searched() -> str:
    return request.args.get("q", "")[:100].strip()


@bp.get("/courses")
@public
def catalogue() -> Answer:
    """List the public courses, all or those that a search finds."""
    query, wanted = _searched(), request.args.get("language", "")
    cards = catalogue_cards(MOST_COURSES)
    if query:
        words = fold(query).split()
        cards = [found for found in cards if all(word in fold(f"{found.title} {found.summary}") for word in words)]
    if wanted in LANGUAGES:
        cards = [found for found in cards if wanted in found.languages]
    return render_template(
        "enrolments/catalogue.html", courses=cards, query=query, language=wanted, filtered=bool(query or wanted in LANGUAGES)
    )


@bp.get("/courses/<slug>")
@requires(LearningAction.VIEW_COURSE, queries.get_seat)
def course(seat: Seat) -> Answer:
    """Show a course: its façade, the way through it, and how to take part."""
    session, actor = current_session(), current_actor()
    if seat.version_id is None:
        return see_other(url_for("courses.publishing", slug=seat.slug))
    view = course_view(seat, course_queries.get_outline(session, seat.version_id))
    completion = None if seat.enrolment_id is None else queries.find_completion(session, seat.enrolment_id)
    return kept_page(
        "enrolments/course.html",
        course=course_facts(view),
        enrolment=enrolment_facts(view, completion),
        entry=entry_of(actor, seat),
        opens_at=seat.opens_at,
        closes_at=seat.closes_at,
        next_activity=view.next_step,
        may_publish=edits(actor, seat.staff_role),
        modules=[view.block(module) for module in view.outline.modules],
        requirements=requirements(view),
    )


@bp.post("/courses/<slug>/enrolment")
@requires(LearningAction.ENROL, queries.get_seat)
def enrol(seat: Seat) -> Answer:
    """Enrol the actor in an open course."""
    services.enrol(current_session(), current_actor(), seat, now=clock.now())
    flash(_("You are enrolled. The first step is waiting for you."), "ok")
    return see_other(course_url(seat.slug))


@bp.get("/courses/<slug>/activities/<key>")
@requires(LearningAction.VIEW_LESSON, queries.get_activity_seat)
def activity(subject: ActivitySeat) -> Answer:
    """Show a lesson; an activity of another kind has a page of its own."""
    if subject.activity.kind != "page":
        return see_other(activity_url(subject.outline.slug, subject.activity.kind, subject.activity.key))
    view = course_view(subject.seat, subject.outline)
    pages = course_queries.list_pages(current_session(), subject.activity.id)
    page = next((row for row in pages if row.language == language()), pages[0])
    leave_visit(subject, view)
    return kept_page("enrolments/page.html", **lesson_context(subject, view, page))


@bp.post("/courses/<slug>/activities/<key>/done")
@requires(LearningAction.MARK_DONE, queries.get_activity_seat)
def mark_done(subject: ActivitySeat) -> Answer:
    """Complete a lesson or an outside recording by the learner's word, and go on to the next open activity."""
    services.mark_done(current_session(), current_actor(), subject, now=clock.now())
    flash(_("Marked as done: %(title)s", title=choose(subject.activity.title)), "ok")
    _before, after = subject.outline.neighbours(subject.activity.key)
    step = course_view(subject.seat, subject.outline).step(after)
    return see_other(step.url if step else course_url(subject.outline.slug))


@bp.post("/courses/<slug>/activities/<key>/undone")
@requires(LearningAction.MARK_DONE, queries.get_activity_seat)
def unmark_done(subject: ActivitySeat) -> Answer:
    """Take the learner's mark back."""
    services.unmark_done(current_session(), current_actor(), subject, now=clock.now())
    return see_other(activity_url(subject.outline.slug, subject.activity.kind, subject.activity.key))


def _outline(seat: Seat) -> Outline:
    if seat.version_id is None:
        raise NotFound
    return course_queries.get_outline(current_session(), seat.version_id)


@bp.get("/courses/<slug>/glossary")
@requires(LearningAction.VIEW_COURSE, queries.get_seat)
def glossary(seat: Seat) -> Answer:
    """List the terms of a course in the reader's language, all or those that a search finds."""
    outline, query = _outline(seat), _searched()
    groups = term_groups(course_queries.list_terms(current_session(), outline.version_id), query)
    return kept_page(
        "enrolments/glossary.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        query=query,
        count=sum(len(group.terms) for group in groups),
        groups=groups,
    )


@bp.get("/courses/<slug>/resources")
@requires(LearningAction.VIEW_COURSE, queries.get_seat)
def resources(seat: Seat) -> Answer:
    """List the documents and links of a course."""
    outline = _outline(seat)
    groups = resource_groups(course_queries.list_resources(current_session(), outline.version_id))
    return kept_page("enrolments/resources.html", course={"slug": outline.slug, "title": choose(outline.title)}, groups=groups)


@bp.get("/courses/<slug>/files/<sha256>/<name>")
@requires(LearningAction.DOWNLOAD, queries.get_file_seat)
def download(subject: FileSeat) -> Response:
    """Send a media file of a course, in ranges where asked; only kinds that cannot run are shown in the page."""
    files: Files = current_app.extensions["files"]
    path = files.path(subject.sha256)
    if not path.is_file():
        raise NotFound
    inline = subject.media_type.startswith(SHOWN_IN_THE_PAGE)
    response = send_file(
        path, mimetype=subject.media_type, as_attachment=not inline, download_name=subject.name, conditional=True, etag=subject.sha256
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
