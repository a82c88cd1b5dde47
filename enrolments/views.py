"""Pages of taking part: catalogue, course, lesson, glossary, resources, files; enrolling and marking as done."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, send_file, url_for
from flask import session as cookie

from accounts.rules import fold
from courses import queries as course_queries
from courses.facade import Size
from courses.permissions import edits
from courses.rules import Outline, activity_url
from enrolments import queries, services
from enrolments.opening import catalogue_cards, course_view, leave_visit
from enrolments.pages import CourseView, course_url, draw, entry_of, foreign, html, requirements
from enrolments.permissions import ActivitySeat, FileSeat, LearningAction, Seat
from kernel import clock
from kernel.errors import NotFound
from kernel.files import Files
from kernel.i18n import LANGUAGES, _, choose, language
from kernel.markup.model import SafeHtml
from kernel.web.headers import may_be_kept
from kernel.web.paging import asked_page
from kernel.web.request import current_actor, current_session, public, requires

bp = Blueprint("enrolments", __name__)

INLINE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf", "audio/", "video/", "text/vtt", "text/plain")
RESOURCE_KINDS = ("law", "document", "report", "dataset", "press", "page", "audio", "video", "platform")

Answer = str | Response


def see_other(address: str) -> Response:
    """Answer a POST with the page to look at next."""
    return cast("Response", redirect(address, code=303))


@bp.get("/courses")
@public
def catalogue() -> Answer:
    """List the public courses, all or those that a search finds."""
    page = asked_page(60)
    query, wanted = request.args.get("q", "")[:100].strip(), request.args.get("language", "")
    cards = catalogue_cards(page.size, page.offset)
    if query:
        words = fold(query).split()
        cards = [found for found in cards if all(word in fold(f"{found.title} {found.summary}") for word in words)]
    if wanted in LANGUAGES:
        cards = [found for found in cards if wanted in found.languages]
    return render_template(
        "enrolments/catalogue.html", courses=cards, query=query, language=wanted, filtered=bool(query or wanted in LANGUAGES)
    )


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What the course page says of the course."""

    slug: str
    title: str
    title_language: str
    summary: SafeHtml
    tone: int
    facade: object
    objectives: list[SafeHtml]
    hours: object
    languages: tuple[str, ...]
    authors: tuple[str, ...]
    version: int
    certificate: bool
    has_glossary: bool
    has_resources: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What the course page says of the learner."""

    percent: int
    modules_done: int
    modules: int
    minutes_left: int | None
    completed_at: object
    certificate_url: str


def _course_facts(view: CourseView) -> CourseFacts:
    outline = view.outline
    hours = outline.hours
    return CourseFacts(
        slug=outline.slug,
        title=choose(outline.title),
        title_language=foreign(outline.title),
        summary=html(outline.summary),
        tone=outline.tone,
        facade=draw(outline, view.progress if view.seat.is_learner else None, Size.COURSE),
        objectives=[html(text) for text in outline.objectives],
        hours=int(hours) if hours == int(hours) else float(hours),
        languages=outline.languages,
        authors=outline.authors,
        version=outline.number,
        certificate=outline.certificate != "none",
        has_glossary=outline.has_glossary,
        has_resources=outline.has_resources,
        archived=view.seat.archived,
    )


def _enrolment_facts(view: CourseView) -> EnrolmentFacts | None:
    if view.seat.enrolment_id is None:
        return None
    completion = queries.find_completion(current_session(), view.seat.enrolment_id)
    numbered = [view.progress.module(module.key) for module in view.outline.numbered]
    left = sum(activity.minutes for activity in view.outline.activities() if activity.required and not view.is_done(activity.key))
    return EnrolmentFacts(
        percent=view.progress.percent,
        modules_done=sum(module.completed for module in numbered),
        modules=len(numbered),
        minutes_left=left or None,
        completed_at=completion.completed_at if completion else None,
        certificate_url=url_for("certificates.certificates") if completion and view.outline.certificate != "none" else "",
    )


@bp.get("/courses/<slug>")
@requires(LearningAction.VIEW_COURSE, queries.get_seat)
def course(seat: Seat) -> Answer:
    """Show a course: its façade, the way through it, and how to take part."""
    actor = current_actor()
    if seat.version_id is None:
        return see_other(url_for("courses.publishing", slug=seat.slug))
    view = course_view(seat, course_queries.get_outline(current_session(), seat.version_id))
    may_be_kept()
    return render_template(
        "enrolments/course.html",
        course=_course_facts(view),
        enrolment=_enrolment_facts(view),
        entry=entry_of(seat, anonymous=actor.is_anonymous, staff=view.sees_all),
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


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """What the lesson page says of the lesson."""

    key: str
    title: str
    minutes: int
    updated_on: object
    done: bool
    markable: bool
    required: bool
    language: str


@dataclass(frozen=True, slots=True)
class HeadingLink:
    """A heading to jump to."""

    id: str
    text: str
    level: int = 2


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
    tag = _lesson_tag(subject, view, page.language)
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = make_response(_lesson(subject, view, page))
    response.set_etag(tag)
    may_be_kept()
    return response


def _lesson_tag(subject: ActivitySeat, view: CourseView, shown: str) -> str:
    """Name everything that the page depends on: version, results, reader, their session (its form token) and the templates."""
    parts = (subject.activity.id, sorted(view.results.items(), key=lambda item: item[0]), shown, language(), current_actor(), cookie.get("csrf_token"), cookie.get("theme"), cookie.get("_flashes"), current_app.extensions["release"])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _lesson(subject: ActivitySeat, view: CourseView, page: Any) -> str:
    activity, outline = subject.activity, subject.outline
    before, after = outline.neighbours(activity.key)
    facts = LessonFacts(
        key=activity.key,
        title=page.title,
        minutes=page.minutes,
        updated_on=outline.published_at,
        done=view.is_done(activity.key),
        markable=view.seat.is_learner and subject.closed is None and activity.completion_rule == "marked",
        required=activity.required,
        language="" if page.language == language() else page.language,
    )
    return render_template(
        "enrolments/page.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        module=view.block(outline.module_by_key[activity.module], activity.key),
        activity=facts,
        body=SafeHtml.stored(page.body),
        icons=page.symbols,
        headings=[HeadingLink(*heading.split("|", 1)) for heading in page.headings],
        previous=view.step(before),
        next=view.step(after),
    )


@bp.post("/courses/<slug>/activities/<key>/done")
@requires(LearningAction.MARK_DONE, queries.get_activity_seat)
def mark_done(subject: ActivitySeat) -> Answer:
    """Complete a lesson or an outside recording by the learner's word, and go on to the next open activity."""
    now = clock.now()
    services.mark_done(current_session(), current_actor(), subject, now=now)
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


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One term of the glossary page."""

    key: str
    term: str
    also: tuple[str, ...]
    definition: SafeHtml
    language: str


@dataclass(frozen=True, slots=True)
class TermGroup:
    """The terms that begin with a letter."""

    letter: str
    terms: list[TermEntry]


def _outline(seat: Seat) -> Outline:
    if seat.version_id is None:
        raise NotFound
    return course_queries.get_outline(current_session(), seat.version_id)


@bp.get("/courses/<slug>/glossary")
@requires(LearningAction.VIEW_COURSE, queries.get_seat)
def glossary(seat: Seat) -> Answer:
    """List the terms of a course in the reader's language, all or those that a search finds."""
    outline = _outline(seat)
    query = request.args.get("q", "")[:100].strip()
    found = [
        TermEntry(row.key, choose(row.term), row.also.get(language(), ()), html(row.definition), foreign(row.term))
        for row in course_queries.list_terms(current_session(), outline.version_id)
    ]
    wanted = fold(query)
    found = [term for term in found if wanted in fold(f"{term.term} {' '.join(term.also)} {term.definition}")]
    groups: defaultdict[str, list[TermEntry]] = defaultdict(list)
    for term in sorted(found, key=lambda entry: fold(entry.term)):
        groups[fold(term.term)[:1].upper()].append(term)
    return render_template(
        "enrolments/glossary.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        query=query,
        count=len(found),
        groups=[TermGroup(letter, terms) for letter, terms in groups.items()],
    )


@dataclass(frozen=True, slots=True)
class ResourceEntry:
    """One document or link of the resources page."""

    key: str
    title: str
    title_language: str
    kind: str
    host: str
    url: str
    outside: bool
    language: str
    day: str
    size: int
    verified: object


def _resource_names() -> dict[str, str]:
    return {
        "law": _("Laws and rules"),
        "document": _("Documents"),
        "report": _("Reports and studies"),
        "dataset": _("Data"),
        "press": _("Press"),
        "page": _("Pages"),
        "audio": _("Audio"),
        "video": _("Video"),
        "platform": _("Platforms"),
    }


@bp.get("/courses/<slug>/resources")
@requires(LearningAction.VIEW_COURSE, queries.get_seat)
def resources(seat: Seat) -> Answer:
    """List the documents and links of a course."""
    outline = _outline(seat)
    groups: defaultdict[str, list[ResourceEntry]] = defaultdict(list)
    for row in course_queries.list_resources(current_session(), outline.version_id):
        outside = row.url.startswith(("http://", "https://"))
        groups[row.kind].append(
            ResourceEntry(row.key, choose(row.title), foreign(row.title), row.kind, choose(row.host), row.url, outside, row.language, row.dated, 0, row.verified)
        )
    names = _resource_names()
    return render_template(
        "enrolments/resources.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        groups=[{"name": names[kind], "resources": groups[kind]} for kind in RESOURCE_KINDS if kind in groups],
    )


@bp.get("/courses/<slug>/files/<sha256>/<name>")
@requires(LearningAction.DOWNLOAD, queries.get_file_seat)
def download(subject: FileSeat) -> Response:
    """Send a media file of a course, in ranges where asked; only kinds that cannot run are shown in the page."""
    files: Files = current_app.extensions["files"]
    path = files.path(subject.sha256)
    if not path.is_file():
        raise NotFound
    inline = subject.media_type.startswith(INLINE_TYPES)
    response = send_file(
        path, mimetype=subject.media_type, as_attachment=not inline, download_name=subject.name, conditional=True, etag=subject.sha256
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
