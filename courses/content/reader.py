"""Read a course folder: files in, the course and everything there is to say about it out."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from courses.content.activity import OUTLINE
from courses.content.canonical import changed_files, check_forms
from courses.content.course_file import read_course
from courses.content.kinds import ActivityKind, FolderPart
from courses.content.layout import MAXIMUM_FILES, MODULE, FolderLayout, lay_out
from courses.content.lists import check_citations, read_parameters, read_resources, read_terms
from courses.content.mapping_cursor import MappingCursor
from courses.content.marks import MARK, FolderMark, read_mark
from courses.content.media import check_unused, read_media
from courses.content.model import CourseFolder, FolderKind, FolderReadResult
from courses.content.modules import read_modules
from courses.content.outline import check_former_keys, check_outline
from courses.content.read_collector import SourceLocation
from courses.content.reading_session import ReadingSession
from courses.content.source import read_table
from courses.content.texts import TextCheck
from kernel.errors import N_, DomainError

MAXIMUM_BYTES = 1_000_000_000
NEVER = (".git", "__pycache__", MARK)


class FolderRefusedError(DomainError):
    """A folder cannot be read from the disk: a link in it, or more than the format allows."""

    code = "folder_refused"
    status = 422
    message = N_("The folder cannot be read.")


def read_folder(
    files: Mapping[str, bytes],
    kinds: Sequence[ActivityKind],
    parts: Sequence[FolderPart] = (),
    *,
    today: date,
    site_topics: Sequence[str] = (),
) -> FolderReadResult:
    """Read the files of a folder, path from its root ('/' between names) -> bytes.

    `kinds` are all kinds of activity (the page's too), `parts` the readers of files that belong to other packages.
    The course is None where an error of C1xx or C2xx was found; `findings` are all there are, sorted by file and line.
    """
    session = ReadingSession(files, today, site_topics=site_topics)
    course = _run(session, kinds, parts)
    findings = tuple(sorted(session.findings, key=lambda finding: finding.place))
    refused = any(finding.refuses_import for finding in findings)
    return FolderReadResult(None if refused else course, findings)


def format_folder(
    files: Mapping[str, bytes], kinds: Sequence[ActivityKind], parts: Sequence[FolderPart] = (), *, today: date
) -> dict[str, bytes]:
    """Return the files that change when a folder is brought into canonical form; those with errors of C1xx stay as they are."""
    session = ReadingSession(files, today)
    _run(session, kinds, parts)
    return changed_files(session)


def read_unchecked(
    files: Mapping[str, bytes], kinds: Sequence[ActivityKind], parts: Sequence[FolderPart] = (), *, today: date
) -> tuple[CourseFolder, Mapping[str, SourceLocation]]:
    """Return what the files of a folder say, without looking whether it is right, and where each key of the outline stands."""
    session = ReadingSession(files, today)
    course = _read(session, lay_out(session, kinds, parts), parts)
    return course, session.keys.get(OUTLINE, {})


def _run(session: ReadingSession, kinds: Sequence[ActivityKind], parts: Sequence[FolderPart]) -> CourseFolder:
    layout = lay_out(session, kinds, parts)
    course = _read(session, layout, parts)
    _check(session, layout, course, kinds, parts)
    return course


def _read(session: ReadingSession, layout: FolderLayout, parts: Sequence[FolderPart]) -> CourseFolder:
    course = read_course(session)
    course = replace(course, parameters=read_parameters(session), resources=read_resources(session), terms=read_terms(session))
    session.course = course
    modules = read_modules(session, layout)
    if not layout.modules and course.kind is FolderKind.COURSE:
        session.report_file(f"01-…/{MODULE}", "C110", N_("The folder has no module."), N_("Add a folder NN-name with a module.yaml."))
    read = {part.name: part.read(_tables(session, layout.parts[part.name]), session) for part in parts}
    return replace(course, modules=modules, media=read_media(session, layout.media), parts=read)


def _tables(session: ReadingSession, paths: Sequence[str]) -> dict[str, MappingCursor]:
    tables = {path: read_table(session, path) for path in paths}
    return {path: table for path, table in tables.items() if table is not None}


def _check(
    session: ReadingSession, layout: FolderLayout, course: CourseFolder, kinds: Sequence[ActivityKind], parts: Sequence[FolderPart]
) -> None:
    for check in session.checks:
        check(course)
    check_outline(session, course)
    check_former_keys(session)
    check_citations(session, course)
    TextCheck(session, course, kinds, parts).run()
    for check in session.last_checks:
        check(course)
    check_unused(session, layout.media)
    for read_file in session.read_files.values():
        read_file.table.close()
    check_forms(session)


def read_directory(path: Path) -> dict[str, bytes]:
    """Read a folder from the disk, without its mark; raises FolderRefusedError for links and for more than the format allows."""
    files: dict[str, bytes] = {}
    total = 0
    for folder, folders, names in os.walk(path):
        here = Path(folder)
        for name in (*folders, *names):
            if (here / name).is_symlink():
                link = (here / name).relative_to(path)
                raise FolderRefusedError(N_("“%(path)s” is a symbolic link, which course folders cannot contain."), path=link)
        folders[:] = sorted(name for name in folders if name not in NEVER)
        for name in sorted(names):
            file = here / name
            if file == path / MARK:
                continue
            relative = file.relative_to(path).as_posix()
            total += file.stat().st_size
            if len(files) >= MAXIMUM_FILES or total > MAXIMUM_BYTES:
                raise FolderRefusedError(
                    N_("The folder has more than %(files)s files or %(size)s MB."), files=MAXIMUM_FILES, size=MAXIMUM_BYTES // 1_000_000
                )
            files[relative] = file.read_bytes()
    return files


def read_directory_mark(path: Path) -> FolderMark | None:
    """Return the mark of a folder on the disk, None where it has none that can be read."""
    try:
        return read_mark((path / MARK).read_bytes())
    except OSError:
        return None
