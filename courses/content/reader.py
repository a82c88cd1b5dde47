"""Reads a course folder as a whole, and writes it in its canonical form."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from courses.content.archives import MARK, FolderMark, read_mark
from courses.content.course_file import read_course
from courses.content.kinds import OUTLINE, ActivityKind, FolderPart, check_former_keys, check_outline
from courses.content.layout import MAXIMUM_FILES, MODULE, FolderLayout, lay_out
from courses.content.lists import check_citations, read_parameters, read_resources, read_terms
from courses.content.mapping_cursor import MappingCursor, ReadFile, ReadingSession, SourceLocation, is_empty
from courses.content.media import check_unused, read_media
from courses.content.model import CourseFolder, Finding, FolderKind, FolderReadResult, Severity
from courses.content.modules import read_modules
from courses.content.source import read_table
from courses.content.texts import TextCheck
from courses.content.translations import FENCE, split
from courses.content.writing import Writer
from kernel import yaml_tree
from kernel.errors import N_, DomainError
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence


def canonical(read: ReadFile) -> str:
    """Return the YAML of a file in canonical form; as it stands where a comment or a text would not survive."""
    tables = {id(table.node): table for table in _tables(read.table)}
    writer = Writer("\n" * read.before + read.yaml, read.root, tables)
    written = writer.write()
    if written == read.yaml:
        return written
    if writer.comments.left or not _same(read.root, yaml_tree.parse(written).root, tables):
        return read.yaml
    return written


def _tables(table: MappingCursor) -> Iterator[MappingCursor]:
    yield table
    for child in table.children:
        yield from _tables(child)


def _same(before: YamlNode, after: YamlNode | None, tables: dict[int, MappingCursor]) -> bool:
    """Return whether two trees hold the same, but for order, empty fields and defaults."""
    if isinstance(before, YamlScalar):
        return isinstance(after, YamlScalar) and before.text.strip("\n") == after.text.strip("\n")
    if isinstance(before, YamlSequence):
        return (
            isinstance(after, YamlSequence)
            and len(before.items) == len(after.items)
            and all(_same(node, other, tables) for node, other in zip(before.items, after.items, strict=True))
        )
    if not isinstance(before, YamlMapping) or not isinstance(after, YamlMapping):
        return False
    table = tables.get(id(before))
    redundant = table.redundant if table is not None else set()
    significant = {name: entry.value for name, entry in before.entries.items() if name not in redundant and not is_empty(entry.value)}
    return significant.keys() == after.entries.keys() and all(
        _same(value, after.entries[name].value, tables) for name, value in significant.items()
    )


def check_forms(session: ReadingSession) -> None:
    """Report files that are not in canonical form (spec/content-format C114), once each; those that could not be read completely are left
    out.
    """
    broken = {finding.file for finding in session.findings if _hides_form(finding)}
    for path, read in session.read_files.items():
        if path not in broken and not (read.clean and canonical(read) == read.yaml):
            session.report_file(path, "C114", N_("The file is not in canonical form."), N_("Format it with: lms courses format FOLDER."))


def _hides_form(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and finding.code.startswith("C1")


def changed_files(session: ReadingSession, paths: Collection[str] | None = None) -> dict[str, bytes]:
    """Return the files, all or some, that change when the folder is brought into canonical form; broken ones stay as they are."""
    left_out = {finding.file for finding in session.findings if _hides_form(finding)}
    if paths is not None:
        left_out |= session.read_files.keys() - set(paths)
    changed: dict[str, bytes] = {}
    for path, read in session.read_files.items():
        if path in left_out or (read.clean and canonical(read) == read.yaml):
            continue
        changed[path] = format_file(read).encode()
    return changed


def format_file(read: ReadFile) -> str:
    """Return a whole file in canonical form: YAML, or a lesson's front matter with its body as it is."""
    if not read.table.file.endswith(".md"):
        return canonical(read)
    parts = split(read.text)
    body = parts[1] if parts is not None else ""
    whole = f"{FENCE}\n{canonical(read)}{FENCE}\n{body}"
    return whole if whole.endswith("\n") else f"{whole}\n"


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


def format_written(
    files: Mapping[str, bytes], written: Mapping[str, str], kinds: Sequence[ActivityKind], parts: Sequence[FolderPart] = (), *, today: date
) -> dict[str, str]:
    """Return texts that a form wrote into files of a folder, canonical where the file is canonical before or new (spec/content-format 11).

    The folder is read, and not checked.
    """
    after = {**files, **{path: text.encode() for path, text in written.items()}}
    canonical_texts = _written_otherwise(after, written, kinds, parts, today=today)
    own_form = _written_otherwise(files, canonical_texts, kinds, parts, today=today) if canonical_texts else {}
    return {path: canonical_texts[path].decode() if path in canonical_texts.keys() - own_form else text for path, text in written.items()}


def _written_otherwise(
    files: Mapping[str, bytes], paths: Collection[str], kinds: Sequence[ActivityKind], parts: Sequence[FolderPart], *, today: date
) -> dict[str, bytes]:
    session = ReadingSession(files, today)
    _read(session, lay_out(session, kinds, parts), parts)
    return changed_files(session, paths)


def read_unchecked(
    files: Mapping[str, bytes], kinds: Sequence[ActivityKind], parts: Sequence[FolderPart] = (), *, today: date
) -> tuple[CourseFolder, Mapping[str, SourceLocation]]:
    """Read the files of a folder without checking them, with the place of each key of the outline."""
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
    read = {part.name: part.read(_mappings_of_files(session, layout.parts[part.name]), session) for part in parts}
    return replace(course, modules=modules, media=read_media(session, layout.media), parts=read)


def _mappings_of_files(session: ReadingSession, paths: Sequence[str]) -> dict[str, MappingCursor]:
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


def read_directory(folder: Path) -> dict[str, bytes]:
    """Read a folder from the disk, without its mark; raises FolderRefusedError for links and for more than the format allows."""
    files: dict[str, bytes] = {}
    total = 0
    for inside, folders, names in os.walk(folder):
        here = Path(inside)
        for name in (*folders, *names):
            if (here / name).is_symlink():
                link = (here / name).relative_to(folder)
                raise FolderRefusedError(N_("“%(path)s” is a symbolic link, which course folders cannot contain."), path=link)
        folders[:] = sorted(name for name in folders if name not in NEVER)
        for name in sorted(names):
            file = here / name
            if file == folder / MARK:
                continue
            relative = file.relative_to(folder).as_posix()
            total += file.stat().st_size
            if len(files) >= MAXIMUM_FILES or total > MAXIMUM_BYTES:
                raise FolderRefusedError(
                    N_("The folder has more than %(files)s files or %(size)s MB."), files=MAXIMUM_FILES, size=MAXIMUM_BYTES // 1_000_000
                )
            files[relative] = file.read_bytes()
    return files


def read_directory_mark(folder: Path) -> FolderMark | None:
    """Return the mark of a folder on the disk, None where it has none that can be read."""
    try:
        return read_mark((folder / MARK).read_bytes())
    except OSError:
        return None
