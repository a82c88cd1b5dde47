"""Look at one lesson while it is written: what there is to say of it, and the activity with the text that is not saved yet.

The rest of the course is taken as it was read before; reading it all again would take seconds.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from courses.content.activity import OUTLINE
from courses.content.kinds import ActivityKind, FolderPart
from courses.content.layout import ActivityFiles
from courses.content.model import ActivitySource, CourseFolder, Finding
from courses.content.pages import read_page
from courses.content.read_collector import LessonBody, SourceLocation
from courses.content.reading_session import ReadingSession
from courses.content.texts import TextCheck
from courses.content.translation_stamps import split

_INTO = re.compile(r"\(course:([a-z0-9-]+)#")


@dataclass(frozen=True, slots=True)
class CourseReferences:
    """A course as it was read, with the places of its keys."""

    course: CourseFolder
    keys: Mapping[str, SourceLocation]


def check_lesson(
    surroundings: CourseReferences,
    kinds: Sequence[ActivityKind],
    parts: Sequence[FolderPart],
    texts: Mapping[str, str],
    paths: Collection[str],
    lesson_path: str,
    *,
    today: date,
) -> tuple[ActivitySource | None, tuple[Finding, ...]]:
    """Read the lesson whose file is `wanted` out of `texts`, which hold it as it is typed; return it with its findings, sorted.

    `paths` are those of all files of the course. The activity is None where the lesson cannot be read at all.
    """
    stem, languages = _siblings(lesson_path, paths)
    files = dict.fromkeys(paths, b"") | {path: texts.get(path, "").encode() for path in languages.values()}
    session = ReadingSession(files, today, surroundings.course.languages, course=surroundings.course)
    page = next(kind for kind in kinds if kind.suffix == ".md")
    own = set(languages.values())
    session.keys[OUTLINE] = {key: location for key, location in surroundings.keys.items() if location.file not in own}
    activity = read_page(session, ActivityFiles(stem, page, lesson_path, languages))
    _note_linked(session, texts, paths, lesson_path)
    TextCheck(session, surroundings.course, kinds, parts).run()
    findings = (finding for finding in session.findings if finding.file == lesson_path and finding.code != "C320")
    return activity, tuple(sorted(findings, key=lambda finding: finding.place))


def _siblings(path: str, paths: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return a lesson's name and its files by language, the one that is typed among them."""
    stem = path.removesuffix(".md").rpartition(".")[0]
    every = {candidate for candidate in paths if candidate.startswith(f"{stem}.") and candidate.endswith(".md")} | {path}
    return stem.rpartition("/")[2], {candidate.removesuffix(".md").rpartition(".")[2]: candidate for candidate in sorted(every)}


def _note_linked(session: ReadingSession, texts: Mapping[str, str], paths: Collection[str], lesson_path: str) -> None:
    """Let the headings of lessons be known that the text links into."""
    known = session.keys[OUTLINE]
    for key in sorted(set(_INTO.findall(texts.get(lesson_path, "")))):
        location = known.get(key)
        if location is None or not location.file.endswith(".md") or location.file == lesson_path:
            continue
        for language, path in _siblings(location.file, paths)[1].items():
            parts = split(texts.get(path, ""))
            if parts is not None:
                session.lessons.append(LessonBody(key, language, path, parts[1], len(parts[0]) + 3, required=False))


def with_lesson(course: CourseFolder, activity: ActivitySource) -> CourseFolder:
    """Return a course in which an activity is what it is now."""
    modules = tuple(
        replace(module, activities=tuple(activity if other.key == activity.key else other for other in module.activities))
        for module in course.modules
    )
    return replace(course, modules=modules)
