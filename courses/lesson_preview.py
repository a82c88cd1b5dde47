"""A lesson as its learner will see it, and what there is to say of it, while it is being written.

It is prepared by the same functions as for publishing; only the rest of the course is kept in the process between two looks.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlalchemy.orm import Session

from courses.content.changes import body_of
from courses.content.lesson_check import CourseReferences, check_lesson, with_lesson
from courses.content.model import Finding, Severity
from courses.content.reader import read_unchecked
from courses.content.texts import TOO_MUCH
from courses.kinds import CourseKinds
from courses.publication import PreparedLesson, prepare_lesson
from courses.queries import drafts
from courses.rendering import DRAWING, NOTHING, Renderer
from courses.services.authoring import DraftOutline
from kernel.files import FileStore

KEPT = 16


@dataclass(frozen=True, slots=True)
class LessonPreview:
    """A lesson in one language: its findings (lines of the file), and its page, None where it cannot be rendered.

    A finding about another file concerns a text that is missing on the page.
    """

    findings: tuple[Finding, ...]
    page: PreparedLesson | None


def course_references(
    session: Session, files: FileStore, draft_outline: DraftOutline, kinds: CourseKinds, *, today: date
) -> CourseReferences:
    """Return a course as its working copy says; the process keeps it until something other than the body of a lesson changes."""
    cached = cast("dict[int, tuple[str, CourseReferences]]", session.info["surroundings"])
    state = _state(draft_outline, today)
    known = cached.get(draft_outline.course_id)
    if known is not None and known[0] == state:
        return known[1]
    course, keys = read_unchecked(drafts.draft_files(session, files, draft_outline.course_id), kinds.kinds, kinds.parts, today=today)
    light = tuple(media if media.media_type == DRAWING else replace(media, content=b"") for media in course.media)
    references = CourseReferences(replace(course, media=light), keys)
    if len(cached) >= KEPT:
        cached.clear()  # at once, because other threads read it
    cached[draft_outline.course_id] = (state, references)
    return references


def _state(draft_outline: DraftOutline, today: date) -> str:
    """Return what changes with everything but the bodies of lessons."""
    total = hashlib.sha256(today.isoformat().encode())
    for path, checksum in draft_outline.checksums.items():
        text = draft_outline.texts.get(path, "")
        mark = text.removesuffix(body_of(text)) if path.endswith(".md") and text else checksum
        total.update(f"\0{path}\0{mark}".encode())
    return total.hexdigest()


def preview_lesson(
    around: CourseReferences, draft_outline: DraftOutline, kinds: CourseKinds, typed: Mapping[str, str], path: str, *, today: date
) -> LessonPreview:
    """Preview the lesson of a file as it is typed; `typed` are texts that replace those of the draft."""
    texts = {**draft_outline.texts, **typed}
    paths = {*draft_outline.checksums, *typed}
    activity, findings = check_lesson(around, kinds.kinds, kinds.parts, texts, paths, path, today=today)
    if activity is None:
        return LessonPreview(findings, None)
    renderer = kinds.renderer(with_lesson(around.course, activity))
    pages, _facts = prepare_lesson(activity, renderer)
    all_findings = (*findings, *_refused(renderer, findings))
    language = path.removesuffix(".md").rpartition(".")[2]
    page = next((page for page in pages if page.language == language), None)
    return LessonPreview(all_findings, None if page is None or page.rendered is NOTHING else page)


def _refused(renderer: Renderer, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """Report texts that are left out of the page, also those of other files: the lesson shows their terms and questions."""
    reported = {finding.file for finding in findings if finding.code == TOO_MUCH}
    for refused in renderer.refused:
        if refused.path not in reported:
            reported.add(refused.path)
            problem = refused.problem
            yield Finding(refused.path, 0, 0, "", problem.code, Severity.ERROR, problem.text, problem.fix, facts=problem.facts)
