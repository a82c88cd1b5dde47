"""Reads drafts and gives all findings on them, and a lesson as its learner will see it; the process caches both."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from courses import drafts, versions
from courses.authoring import DraftOutline
from courses.catalogue import unknown_institutions, unknown_viewers
from courses.content.changes import body_of
from courses.content.course_file import read_course
from courses.content.layout import COURSE, unknown_viewer, vanished
from courses.content.lessons import CourseReferences, check_lesson, with_lesson
from courses.content.mapping_cursor import ReadingSession
from courses.content.model import CourseFolder, Finding, Severity
from courses.content.reader import read_unchecked
from courses.content.texts import TOO_MUCH
from courses.kinds import CourseKinds
from courses.models import Course
from courses.publishing import CheckedCourse, PreparedLesson, check, prepare_lesson
from courses.rendering import DRAWING, NOTHING, Renderer
from kernel.db import Cache
from kernel.files import FileStore
from kernel.i18n import site_day

KEPT_DRAFT_CHECKS = 16


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """The draft check of a course, compared with what is published; `modules` and `activities` count what was read."""

    findings: tuple[Finding, ...]
    folder: CourseFolder | None
    """What was read, with the contents of drawings and without those of other media; None where it cannot even be a draft."""
    checked_at: datetime

    @property
    def refuses_publishing(self) -> bool:
        """Return whether one of the findings is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


DRAFT_CHECKS = Cache[int, tuple[object, DraftCheck]]()
"""Keeps checks of drafts."""


def check_draft(session: Session, course: Course, checked: CheckedCourse, kinds: CourseKinds, *, now: datetime) -> DraftCheck:
    """Return the draft check of a checked course: the findings of its text, and its effects on what is published."""
    return _beside_site(session, course, _check(session, course, checked, kinds, now=now), kinds)


def _check(session: Session, course: Course, checked: CheckedCourse, kinds: CourseKinds, *, now: datetime) -> DraftCheck:
    folder = checked.folder
    if folder is None:
        return DraftCheck(checked.findings, None, now)
    findings = [*checked.findings, *_vanished(session, course, folder)]
    findings += [finding for compare in kinds.comparers for finding in compare(session, course.id, folder)]
    return DraftCheck(tuple(sorted(findings, key=lambda finding: finding.place)), without_contents(folder), now)


def without_contents(folder: CourseFolder) -> CourseFolder:
    """Return a folder to be kept in memory: with the contents of drawings and without those of other media."""
    return replace(folder, media=tuple(media if media.media_type == DRAWING else replace(media, content=b"") for media in folder.media))


def _vanished(session: Session, course: Course, folder: CourseFolder) -> tuple[Finding, ...]:
    if course.published_version_id is None:
        return ()
    outline = versions.get_outline(session, course.published_version_id)
    return vanished((*(module.key for module in outline.modules), *outline.by_key), folder)


def _beside_site(session: Session, course: Course, draft_check: DraftCheck, kinds: CourseKinds) -> DraftCheck:
    """Add what the course names and the site does not have: that changes without the draft, and is never cached."""
    folder = draft_check.folder
    if folder is None:
        return draft_check
    missing = [unknown_viewer(kind, key) for kind, key in unknown_viewers(session, folder)]
    missing += _site_findings(session, course.id, folder, kinds)
    findings = tuple(sorted((*draft_check.findings, *missing), key=lambda finding: finding.place))
    return replace(draft_check, findings=findings) if missing else draft_check


def _site_findings(session: Session, course_id: int, folder: CourseFolder, kinds: CourseKinds) -> list[Finding]:
    findings = unknown_institutions(session, folder)
    return findings + [finding for look_up in kinds.site_checks for finding in look_up(session, course_id, folder)]


def new_site_findings(session: Session, course_id: int, before: str, after: str, kinds: CourseKinds, *, today: date) -> tuple[Finding, ...]:
    """Tell of the institution and the certificate that a changed course file names and the site does not have (spec/certificates T9).

    What the file lacked before is not told again: whoever changes something else may save it.
    """
    read = [read_course(ReadingSession({COURSE: text.encode()}, today)) for text in (before, after)]
    old, new = (_site_findings(session, course_id, folder, kinds) for folder in read)
    return tuple(finding for finding in new if finding not in old)


def cached_draft_check(session: Session, files: FileStore, course: Course, kinds: CourseKinds, *, now: datetime) -> DraftCheck:
    """Return the draft check of a course's present draft. The process caches it until draft, publication or day change."""
    known = DRAFT_CHECKS.of(session).get(course.id)
    if known is not None and known[0] == _state_of(session, course, now):
        return _beside_site(session, course, known[1], kinds)
    checked = check(drafts.draft_files(session, files, course.id), kinds, today=site_day(now))
    return cache_draft_check(session, course, checked, kinds, now=now)


def outgoing_draft_check(session: Session, files: FileStore, course: Course, kinds: CourseKinds, *, now: datetime) -> DraftCheck:
    """Return the draft check of what would be published of a course: without the texts that were only autosaved."""
    if not drafts.list_autosaved(session, course.id):
        return cached_draft_check(session, files, course, kinds, now=now)
    checked = check(drafts.outgoing_files(session, files, course.id), kinds, today=site_day(now))
    return check_draft(session, course, checked, kinds, now=now)


def cache_draft_check(session: Session, course: Course, checked: CheckedCourse, kinds: CourseKinds, *, now: datetime) -> DraftCheck:
    """Keep the draft check of a draft that stands as it was checked: nobody has saved anything else since it was read for that."""
    draft_check, cached = _check(session, course, checked, kinds, now=now), DRAFT_CHECKS.of(session)
    if len(cached) >= KEPT_DRAFT_CHECKS:
        cached.clear()  # at once, because other threads read it
    cached[course.id] = (_state_of(session, course, now), draft_check)
    return _beside_site(session, course, draft_check, kinds)


def _state_of(session: Session, course: Course, now: datetime) -> tuple[object, ...]:
    return drafts.draft_digest(session, course.id), course.published_version_id, site_day(now)


KEPT = 16


@dataclass(frozen=True, slots=True)
class LessonPreview:
    """A lesson in one language: its findings (lines of the file), and its page, None where it cannot be rendered.

    A finding about another file concerns a text that is missing on the page.
    """

    findings: tuple[Finding, ...]
    page: PreparedLesson | None


SURROUNDINGS = Cache[int, tuple[str, CourseReferences]]()
"""Keeps what a draft refers to."""


def course_references(
    session: Session, files: FileStore, draft_outline: DraftOutline, kinds: CourseKinds, *, today: date
) -> CourseReferences:
    """Return a course as its working copy says; the process keeps it until something other than the body of a lesson changes."""
    cached = SURROUNDINGS.of(session)
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
    """Return a value that changes with everything but the bodies of lessons."""
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
            yield Finding(
                refused.path,
                0,
                0,
                field="",
                code=problem.code,
                severity=Severity.ERROR,
                template=problem.text,
                fix_template=problem.fix,
                facts=problem.facts,
            )
