"""The places of files in a course folder, and of what is published of it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from courses.content import model
from courses.content.kinds import ActivityKind, FolderPart
from courses.content.mapping_cursor import ReadingSession, SourceLocation
from courses.content.model import CourseFolder, Finding, Severity
from kernel.errors import N_

COURSE = "course.yaml"
GLOSSARY = "glosario.yaml"
PARAMETERS = "parametros.yaml"
RESOURCES = "recursos.yaml"
LISTS = (GLOSSARY, PARAMETERS, RESOURCES)
MODULE = "module.yaml"

MAXIMUM_MODULES = 60
MAXIMUM_ACTIVITIES = 200
MAXIMUM_FILES = 3_000
MAXIMUM_NAME = 100

_NUMBERED = re.compile(r"([0-9]{2})-(.+)\Z")
_LESSON = re.compile(r"(.+)\.([a-z]{2})\.md\Z")
_NAME = re.compile(r"[A-Za-z0-9.-]+\Z")
_FOREIGN_KIND = re.compile(r".+\.([a-z][a-z0-9_-]*)\.yaml\Z")


@dataclass(slots=True)
class ActivityFiles:
    """The file of an activity, or the files of a lesson by language; `kind` is None for a kind this reader does not know."""

    stem: str
    kind: ActivityKind | None
    path: str
    lessons: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ModuleFiles:
    """A module's folder with its activities in order."""

    folder: str
    activities: list[ActivityFiles] = field(default_factory=list)


@dataclass(slots=True)
class FolderLayout:
    """The folder, sorted out."""

    modules: list[ModuleFiles] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    media: list[str] = field(default_factory=list)


def is_ignored(path: str) -> bool:
    """Return whether a path is carried along and never read: dot files, README.md, verificar.md, scripts/."""
    names = path.split("/")
    return names[0] in ("scripts", "verificar.md") or names[-1] == "README.md" or any(name.startswith(".") for name in names)


def is_media(path: str) -> bool:
    """Return whether a path lies in the course's or a module's media/."""
    names = path.split("/")
    return (len(names) > 1 and names[0] == "media") or (len(names) > 2 and names[1] == "media")


def lay_out(session: ReadingSession, kinds: Sequence[ActivityKind], parts: Sequence[FolderPart]) -> FolderLayout:
    """Sort the paths of the folder; report names, unknown files, prefixes and numbers that are too high."""
    outside = _refuse_escapes(session)
    paths = sorted(path for path in session.files if not is_ignored(path) and path not in outside)
    _check_names(session, paths)
    layout = FolderLayout(parts={part.name: [] for part in parts})
    rest = [path for path in paths if not _take(path, layout, parts)]
    folders: dict[str, list[str]] = {}
    for path in rest:
        folder, slash, name = path.partition("/")
        if slash and "/" not in name:
            folders.setdefault(folder, []).append(name)
        elif path not in (COURSE, *LISTS):
            _unknown(session, path)
    for folder, names in sorted(folders.items()):
        _module(session, layout, folder, names, kinds)
    _check_prefixes(session, "", [module.folder for module in layout.modules])
    _check_number(session, COURSE, len(layout.modules), MAXIMUM_MODULES, N_("The course has %(number)s modules; the limit is %(limit)s."))
    return layout


def _take(path: str, layout: FolderLayout, parts: Sequence[FolderPart]) -> bool:
    if is_media(path):
        layout.media.append(path)
        return True
    for part in parts:
        if part.claims(path):
            layout.parts[part.name].append(path)
            return True
    return False


def _unknown(session: ReadingSession, path: str) -> None:
    session.report(
        SourceLocation(path),
        "C109",
        N_("This file is not part of the format and is not read."),
        N_("Move it to media/ or scripts/, or delete it."),
    )


def _module(session: ReadingSession, layout: FolderLayout, folder: str, names: list[str], kinds: Sequence[ActivityKind]) -> None:
    if MODULE not in names:
        if not _NUMBERED.match(folder):
            for name in names:
                _unknown(session, f"{folder}/{name}")
            return
        session.report(
            SourceLocation(f"{folder}/{MODULE}"), "C110", N_("The folder has no module.yaml."), N_("Add it, with key and title.")
        )
    module = ModuleFiles(folder)
    activities: dict[str, ActivityFiles] = {}
    for name in names:
        if name != MODULE and not _activity(session, activities, folder, name, kinds):
            _unknown(session, f"{folder}/{name}")
    module.activities = [activities[stem] for stem in sorted(activities)]
    _check_prefixes(session, f"{folder}/", [files.path.partition("/")[2] for files in module.activities])
    _check_number(
        session,
        f"{folder}/{MODULE}",
        len(module.activities),
        MAXIMUM_ACTIVITIES,
        N_("The module has %(number)s activities; the limit is %(limit)s."),
    )
    layout.modules.append(module)


def _activity(session: ReadingSession, activities: dict[str, ActivityFiles], folder: str, name: str, kinds: Sequence[ActivityKind]) -> bool:
    path = f"{folder}/{name}"
    lesson = _LESSON.match(name)
    if lesson:
        stem, language = lesson[1], lesson[2]
        page = next((kind for kind in kinds if kind.suffix == ".md"), None)
        files = activities.setdefault(stem, ActivityFiles(stem, page, path))
        files.lessons[language] = path
        return True
    for kind in kinds:
        if name.endswith(kind.suffix) and name != kind.suffix and kind.suffix != ".md":
            activities[name] = ActivityFiles(name.removesuffix(kind.suffix), kind, path)
            return True
    foreign = _FOREIGN_KIND.match(name)
    if foreign:
        activities[name] = ActivityFiles(name, None, path)
        session.add(
            SourceLocation(path),
            "C109",
            N_("This version does not support activities of the kind “%(kind)s”."),
            N_("Remove the file from the folder until it does."),
            {"kind": foreign[1]},
            Severity.ERROR,
        )
    return foreign is not None


def _refuse_escapes(session: ReadingSession) -> set[str]:
    """Report paths that lead out of the folder, of any kind (spec/content-format C109), and return them."""
    outside = {path for path in session.files if "\\" in path or any(part in ("", ".", "..") for part in path.split("/"))}
    for path in outside:
        session.add(SourceLocation(path), "C109", N_("The path leads outside the folder."), "", {}, Severity.ERROR)
    return outside


def _check_names(session: ReadingSession, paths: Sequence[str]) -> None:
    _check_number(session, COURSE, len(paths), MAXIMUM_FILES, N_("The folder has %(number)s files; the limit is %(limit)s."))
    for path in paths:
        name = path.rpartition("/")[2]
        if len(name) > MAXIMUM_NAME or not all(_NAME.match(part) for part in path.split("/")):
            session.report(
                SourceLocation(path),
                "C109",
                N_("This file name does not work on every system."),
                N_("Use only letters without accents, digits, - and ., up to 100 characters."),
            )
    for _, group in groupby(sorted(paths, key=str.lower), key=str.lower):
        for path in list(group)[1:]:
            session.add(
                SourceLocation(path),
                "C109",
                N_("Another file has the same name apart from capital letters."),
                N_("Rename one of them."),
                {},
                Severity.ERROR,
            )


def _check_prefixes(session: ReadingSession, folder: str, names: Iterable[str]) -> None:
    taken: dict[str, str] = {}
    for name in names:
        location = SourceLocation(folder + name + ("" if folder else f"/{MODULE}"))
        match = _NUMBERED.match(name)
        if not match:
            session.report(
                location,
                "C205",
                N_("The name does not begin with two digits and a hyphen."),
                N_("Begin it with 01-, 02-…, to set the order."),
            )
        elif match[1] in taken:
            session.report(
                location,
                "C205",
                N_("The number %(number)s is already used by “%(other)s”."),
                N_("Give it another number."),
                number=match[1],
                other=taken[match[1]],
            )
        else:
            taken[match[1]] = name


def _check_number(session: ReadingSession, file: str, number: int, limit: int, template: str) -> None:
    if number > limit:
        session.report(SourceLocation(file), "C105", template, number=number, limit=limit)


def vanished(published: Iterable[str], course: CourseFolder) -> tuple[Finding, ...]:
    """Tell keys of modules and activities that are published and neither alive nor named by `former_keys` (spec/content-format C213)."""
    present = {key for module in course.modules for key in (module.key, *module.former_keys)}
    present |= {key for activity in course.activities() for key in (activity.key, *activity.former_keys)}
    return tuple(_finding(key) for key in published if key not in present)


def _finding(key: str) -> Finding:
    return Finding(
        COURSE,
        0,
        0,
        field="",
        code="C213",
        severity=model.severity("C213"),
        template=N_("“%(key)s” is published but no longer in the folder. It will be removed from the outline; its results are kept."),
        fix_template=N_("If it has a new key, add “former_keys: [%(key)s]” there."),
        facts={"key": key},
    )


def unknown_institution(key: str, nearest: str) -> Finding:
    """Tell of an institution that a course names and that the site does not have (spec/content-format C906)."""
    message = N_("There is no institution “%(key)s”.")
    fix = N_("The closest is “%(nearest)s”.") if nearest else N_("Write the key as the page of institutions has it.")
    return Finding(
        COURSE,
        0,
        0,
        field="institution",
        code="C906",
        severity=model.severity("C906"),
        template=message,
        fix_template=fix,
        facts={"key": key, "nearest": nearest},
    )


def unknown_viewer(kind: str, key: str) -> Finding:
    """Tell of a unit or an audience that a course is for and that the site does not have (spec/content-format C904)."""
    is_unit = kind == "unit"
    message = N_("No unit has the code “%(key)s”.") if is_unit else N_("There is no audience “%(key)s”.")
    fix = N_("Write the code as the list of units has it.") if is_unit else N_("Write the key as the page of audiences has it.")
    return Finding(
        COURSE,
        0,
        0,
        field="staff_of" if is_unit else "audiences",
        code="C904",
        severity=model.severity("C904"),
        template=message,
        fix_template=fix,
        facts={"key": key},
    )
