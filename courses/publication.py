"""A course folder made ready to be published: everything parsed, rendered and cleaned, before any transaction begins."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import cast

from sqlalchemy.orm import Session

from courses.content import codes
from courses.content.language_shares import count_published_words
from courses.content.layout import COURSE as COURSE_FILE
from courses.content.model import (
    ActivitySource,
    CourseFolder,
    Finding,
    FolderReadResult,
    LessonSettings,
    Severity,
    SourceState,
)
from courses.content.reader import read_folder
from courses.content.render_cache import RenderedLessonCache
from courses.content.search_texts import course_entries, lesson_entries, resource_entries, term_entries
from courses.hours import hours_need_basis, is_clicked_through
from courses.kinds import (
    ActivityDescription,
    CourseKinds,
    ExpectedTime,
    LearnerCounts,
    LearnersOf,
    PreparedActivity,
    PreparedCourse,
    PreparedTerm,
    TimesMeasurer,
)
from courses.models import Course
from courses.queries import drafts as course_drafts
from courses.queries import outlines as course_outlines
from courses.rendering import KEPT_LESSONS, Renderer, forget_lessons, plain_texts
from kernel.errors import N_, Unavailable
from kernel.markup.model import RenderedText, SafeHtml
from kernel.search.index import SearchDocument

MINUTES_OF_A_QUESTION = Fraction(3, 2)


NO_TEMPLATE = "C902"
"""The code of a template that the program does not bring: a site judges by its own templates instead."""


@dataclass(frozen=True, slots=True)
class CheckedCourse:
    """The result of checking a folder; `prepared` is None where a finding prevents publishing."""

    findings: tuple[Finding, ...]
    course: CourseFolder | None
    prepared: PreparedCourse | None = None
    folder: CourseFolder | None = None
    """What was read, also where something refuses publishing; None where something refuses import."""


def check(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date, tolerated: Collection[str] = ()) -> CheckedCourse:
    """Read and check a folder without rendering it, as a course of this site, whose own templates of certificates are looked at later.

    Findings with a `tolerated` code warn and refuse nothing.
    """
    read = read_folder(files, kinds.kinds, kinds.parts, today=today, site_topics=tuple(kinds.topics))
    own = dict.fromkeys(tolerated, Severity.WARNING)
    findings = tuple(
        replace(finding, severity=own.get(finding.code, finding.severity)) for finding in read.findings if finding.code != NO_TEMPLATE
    )
    reading = FolderReadResult(read.course, findings)
    return CheckedCourse(findings, None if reading.errors else reading.course, folder=reading.course)


def prepare(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date, tolerated: Collection[str] = ()) -> CheckedCourse:
    """Read, check and render a folder; findings with a `tolerated` code refuse nothing.

    Raises Unavailable where a text that the check had read could not be rendered in its time: it is never published empty.
    """
    checked = check(files, kinds, today=today, tolerated=tolerated)
    if checked.course is None:
        return checked
    prepared = _prepare(checked.course, digest_of(files), kinds)
    refused = _hours_finding(prepared)
    if refused is not None:
        return CheckedCourse((*checked.findings, refused), None, None, checked.folder)
    return CheckedCourse(checked.findings, checked.course, prepared, checked.folder)


def _hours_finding(prepared: PreparedCourse) -> Finding | None:
    """Refuse hours of a course with certificates that differ much from the computed ones and name no basis (spec/certificates H3)."""
    course = prepared.course
    if course.certificate == "none" or course.hours is None or course.hours_basis or not hours_need_basis(course.hours, prepared.minutes):
        return None
    return Finding(
        file=COURSE_FILE,
        line=0,
        column=0,
        field="hours",
        code="C215",
        severity=Severity.ERROR,
        template=N_("The course says that it takes %(written)s; its activities take %(computed)s."),
        fix_template=N_("Correct the hours, delete them, or name in “hours_basis” what states them, such as a resolution."),
        facts={"written": _in_minutes(course.hours * 60), "computed": _in_minutes(Fraction(prepared.minutes))},
    )


def find_click_through(session: Session, course: Course, folder: CourseFolder | None) -> tuple[Finding, ...]:
    """Tell that people finished a published course in less than half of its computed minutes, so that the estimate stays (H2)."""
    measure = cast("TimesMeasurer | None", session.info.get("learning_times"))
    if measure is None or course.published_version_id is None or folder is None or folder.hours is not None:
        return ()
    activities = list(course_outlines.get_outline(session, course.published_version_id).activities())
    minutes = sum(activity.minutes for activity in activities)
    measured = measure(session, course.id, {row.key: ExpectedTime(row.minutes, row.former_keys) for row in activities})
    if measured is None or not is_clicked_through(minutes, measured):
        return ()
    message = N_(
        "Half of the %(people)s people who finished last took less than %(measured)s; the activities are estimated at %(computed)s."
    )
    fix = N_("The certificate keeps the estimate. See whether people click through, or write the hours and their basis.")
    facts = {"people": str(measured[1]), "measured": _in_minutes(measured[0]), "computed": _in_minutes(Fraction(minutes))}
    return (Finding(COURSE_FILE, 0, 0, "hours", "C218", codes.severity("C218"), message, fix, facts=facts),)


def _in_minutes(minutes: Fraction) -> str:
    """Write a length in digits and signs alone, which both languages share."""
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min"


def count_learners(session: Session, course_id: int) -> LearnerCounts:
    """Count the learners of a course."""
    known = cast("LearnersOf | None", session.info.get("learners"))
    return known(session, course_id) if known is not None else LearnerCounts()


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents."""
    return course_drafts.digest_of_checksums({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})


def forget_rendered() -> None:
    """Clear the process's cache of rendered lessons."""
    forget_lessons()
    _entries.cache_clear()


def _prepare(course: CourseFolder, digest: str, kinds: CourseKinds) -> PreparedCourse:
    renderer = kinds.renderer(course)
    modules = [module for module in course.modules if module.state is SourceState.READY]
    ready = [activity for module in modules for activity in module.activities if activity.state is SourceState.READY]
    activities = {activity.key: _prepare_activity(activity, renderer, kinds) for activity in ready}
    summary, objectives = renderer.inline(course.summary), tuple(renderer.inline(text) for text in course.objectives)
    terms = tuple(PreparedTerm(term, renderer.inline(term.definition)) for term in course.terms)
    module_texts = {
        module.key: (renderer.inline(module.summary, module.path), tuple(renderer.inline(text, module.path) for text in module.objectives))
        for module in modules
    }
    if renderer.refused:
        raise Unavailable
    named = (term_entries(entry.term.key, plain_texts(entry.term.term), entry.term.also, entry.definition) for entry in terms)
    resource_documents = (
        resource_entries(resource.key, plain_texts(resource.title), plain_texts(resource.host)) for resource in course.resources
    )
    return PreparedCourse(
        course=course,
        digest=digest,
        summary=summary,
        objectives=objectives,
        module_texts=module_texts,
        activities=activities,
        terms=terms,
        resource_urls=renderer.urls,
        search_documents=(
            *course_entries(plain_texts(course.title), summary, objectives),
            *chain.from_iterable(chain(named, resource_documents)),
        ),
        written_words=count_published_words(course),
    )


def _prepare_activity(activity: ActivitySource, renderer: Renderer, kinds: CourseKinds) -> PreparedActivity:
    publisher = kinds.publisher(activity.kind)
    renderer.used_media.clear()
    payload, description = publisher.prepare(activity, renderer)
    form = renderer.markdown if publisher.kind.summary_form == "markdown" else renderer.inline
    summary = form(activity.summary, activity.path)
    used = frozenset(renderer.used_media) | frozenset(description.media)
    return PreparedActivity(activity, plain_texts(activity.title), summary, description, payload, used)


@dataclass(frozen=True, slots=True)
class PreparedLesson:
    """A lesson in one language, rendered."""

    language: str
    title: str
    summary: str
    rendered: RenderedText
    minutes: int
    search_documents: tuple[SearchDocument, ...]
    """What can be found of it."""


@lru_cache(maxsize=KEPT_LESSONS)
def _entries(
    cache: RenderedLessonCache | None, language: str, title: str, html: SafeHtml, written: tuple[str, ...]
) -> tuple[SearchDocument, ...]:
    made_from = language, title, html, written
    entries = cache.entries(made_from) if cache is not None else None
    if entries is None:
        entries = tuple(lesson_entries(language, title, html, written))
        if cache is not None:
            cache.keep_entries(made_from, entries)
    return entries


def prepare_lesson(activity: ActivitySource, renderer: Renderer) -> tuple[tuple[PreparedLesson, ...], ActivityDescription]:
    """Render a lesson in all its languages, its own first, so that translations take its addresses."""
    settings: LessonSettings = activity.settings
    pages: list[PreparedLesson] = []
    original: RenderedText | None = None
    written = [lesson.language for lesson in settings.lessons]
    for lesson in settings.lessons:
        rendered = renderer.lesson(lesson, original)
        original = original or rendered
        summary = renderer.inline({lesson.language: lesson.summary}, lesson.path).get(lesson.language, "")
        entries = _entries(renderer.cache, lesson.language, lesson.title, rendered.html, tuple(written))
        pages.append(PreparedLesson(lesson.language, lesson.title, summary, rendered, settings.minutes or rendered.minutes, entries))
    return tuple(pages), ActivityDescription(minutes=pages[0].minutes)


def to_json(value: object) -> str:
    """Write a value that is never searched inside as JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
