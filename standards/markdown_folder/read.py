"""A folder of lessons of another tool as a course folder: what is a module, in which order, and which files come along."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote

from courses.content.archives import read_folder_archive
from courses.content.folder_formats import ConversionOptions, ConversionRemark, ConvertedFolder, FolderFormat, Origin, RemarkKind
from courses.content.layout import MAXIMUM_MODULES
from courses.content.model import Severity, severity
from courses.content.writing import proposed_key, scalar
from kernel.errors import N_, Invalid
from kernel.filetypes import kind_of
from kernel.markup.sanitise import clean_svg
from kernel.markup.source import slug
from kernel.pictures import FORMATS, MOST_PIXELS, cleaned, points
from standards.markdown_folder.blocks import RemarkCollector
from standards.markdown_folder.lesson import ConvertedLesson, LinkTargets, convert

ENDINGS = (".md", ".markdown", ".mdx", ".qmd", ".rmd")
PLANS = ("summary.md", "_sidebar.md", "toc.md")
ASIDE = ("license", "licence", "contributing", "code_of_conduct", "conduct", "changelog", "citation", "authors", "security", "support")
INDEXES = ("readme", "index", "_index")
MOST_LESSONS = 99
_NUMBERS = re.compile(r"(\d+)")
_PREFIX = re.compile(
    r"^(?:lesson|leccion|chapter|capitulo|modulo|module|unit|unidad|week|semana)?[-_ ]*\d+(?:[._-]\d+)*[._ -]*", re.IGNORECASE
)
_DOTTED = re.compile(r"(\d+)[._](\d+)(?:[._ -]|$)")
_LISTED = re.compile(r"^([ \t]*)[-*+][ \t]+\[([^\[\]]*)\]\(([^()]*)\)|^#{1,3}[ \t]+(.*)$")


@dataclass(slots=True)
class _PlannedModule:
    """A module to be: its folder in the source, and its lessons in order."""

    name: str
    title: str
    lessons: list[str] = field(default_factory=list)
    key: str = ""


def convert_folder(files: Mapping[str, bytes], options: ConversionOptions) -> ConvertedFolder:
    """Return a course folder made of the Markdown files of another; raise Invalid if it has none."""
    return _Conversion(files, options).run()


def convert_archive(content: bytes, options: ConversionOptions) -> ConvertedFolder:
    """Return the course converted from a packed folder; raise Invalid too, and ArchiveRefused for a hostile archive."""
    return convert_folder(read_folder_archive(content).files, options)


MARKDOWN_FOLDER = FolderFormat(
    N_("You can also import a folder of Markdown lessons from another tool. Anything that could not be understood is listed."),
    convert_archive,
)


class _Conversion:
    """One folder on its way; addresses are given before texts are written, because texts lead to each other."""

    def __init__(self, files: Mapping[str, bytes], options: ConversionOptions) -> None:
        self.files = {path: content for path, content in files.items() if not any(name.startswith(".") for name in path.split("/"))}
        self.options = options
        self.remarks: list[ConversionRemark] = []
        self.attributes: Counter[str] = Counter()
        self.origins: dict[str, Origin] = {}
        self.keys: dict[str, str] = {}
        self.out: dict[str, bytes] = {}
        self.taken: set[str] = set()
        self.texts: dict[str, str] = {}

    def run(self) -> ConvertedFolder:
        for path in self.files:
            if path.lower().endswith(ENDINGS):
                self._decode(path)
        parts = self._parts()
        if not parts:
            raise Invalid(N_("There is no Markdown lesson in this folder."))
        self._address(parts)
        authors: list[str] = []
        for number, part in enumerate(parts, start=1):
            folder = f"{number:02d}-{part.key}"
            for position, path in enumerate(part.lessons, start=1):
                lesson = self._lesson(path, folder)
                authors += lesson.front.authors
                self._write(lesson, path, f"{folder}/{position:02d}-{self.keys[path]}.{self.options.language}.md")
            self.out[f"{folder}/module.yaml"] = f"key: {part.key}\ntitle: {scalar(part.title, flow=False)}\n".encode()
        self.out["course.yaml"] = self._course(authors).encode()
        self._remark_left_files()
        order = sorted(self.remarks, key=lambda remark: (remark.file, remark.line))
        return ConvertedFolder(dict(sorted(self.out.items())), tuple(order), dict(self.attributes.most_common()), self.origins)

    def _decode(self, path: str) -> None:
        try:
            self.texts[path] = self.files[path].decode("utf-8")
        except UnicodeDecodeError:
            self.texts[path] = self.files[path].decode("windows-1252", errors="replace")
            self._remark(RemarkKind.FORM, path, N_("The file is not UTF-8. It was read as Windows-1252."))

    def _remark(self, kind: RemarkKind, path: str, template: str, **facts: str) -> None:
        self.remarks.append(ConversionRemark(kind, path, 1, template, tuple(facts.items())))

    # --- Order ---

    def _parts(self) -> list[_PlannedModule]:
        lessons = [path for path in self.texts if not _is_aside(path)]
        planned = self._planned(lessons)
        parts = planned if planned else self._by_folder(lessons)
        for part in parts:
            for path in part.lessons[MOST_LESSONS:]:
                self._remark(
                    RemarkKind.LESSON,
                    path,
                    N_("A module can have at most %(limit)s lessons. This one is left out."),
                    limit=str(MOST_LESSONS),
                )
            del part.lessons[MOST_LESSONS:]
        for part in parts[MAXIMUM_MODULES:]:
            self._remark(
                RemarkKind.LESSON,
                part.lessons[0],
                N_("A course can have at most %(limit)s modules. This one is left out."),
                limit=str(MAXIMUM_MODULES),
            )
        return parts[:MAXIMUM_MODULES]

    def _planned(self, lessons: Iterable[str]) -> list[_PlannedModule]:
        """Return the modules as a table of contents names them, what it leaves out in a module at the end."""
        plan = next((path for path in sorted(self.texts) if path.lower() in PLANS), None)
        if plan is None:
            return []
        known, parts = set(lessons), [_PlannedModule("", "")]
        for line in self.texts[plan].split("\n"):
            match = _LISTED.match(line)
            if match and match[4] is not None:
                parts.append(_PlannedModule(match[4], match[4].strip("# ")))
            elif match:
                path = _resolved(plan, match[3])
                if path in known:
                    known.discard(path)
                    parts[-1].lessons.append(path)
        self.taken.add(plan)
        filled = [part for part in parts if part.lessons]
        if not filled:
            return []
        rest = sorted((path for path in known if not _is_index(path)), key=_natural)
        for path in rest:
            self._remark(RemarkKind.CHECK, path, N_("This lesson is not in the table of contents, so it is placed at the end."))
        filled[-1].lessons += rest
        return [_PlannedModule(part.name or "0", part.title or self._course_title(), part.lessons) for part in filled]

    def _by_folder(self, lessons: list[str]) -> list[_PlannedModule]:
        parts: dict[str, _PlannedModule] = {}
        beside = [path for path in lessons if not (_is_index(path) and "/" not in path and len(lessons) > 1)]
        dotted = all("/" not in path and _DOTTED.match(path) for path in beside)
        for path in sorted(beside, key=_natural):
            name = path.partition("/")[0] if "/" in path else ""
            if dotted:
                name = (_DOTTED.match(path) or ["", "1"])[1]
            part = parts.setdefault(name, _PlannedModule(name, self._part_title(name, dotted=dotted)))
            part.lessons.append(path)
        return list(parts.values())

    def _part_title(self, name: str, *, dotted: bool) -> str:
        if dotted:
            return f"{'Módulo' if self.options.language == 'es' else 'Module'} {name}"
        return _name_as_words(name) if name else self._course_title()

    def _course_title(self) -> str:
        if self.options.title:
            return self.options.title
        readme = next((path for path in self.texts if _is_index(path) and "/" not in path), None)
        heading = re.search(r"^#[ \t]+(.+?)[ \t]*#*$", self.texts[readme], re.MULTILINE) if readme else None
        return re.sub(r"[*`\[\]]", "", heading[1]) if heading else _name_as_words(self.options.name) or "Curso"

    # --- Addresses ---

    def _address(self, parts: list[_PlannedModule]) -> None:
        used: list[str] = []
        for part in parts:
            part.key = proposed_key(part.title, used)
            used.append(part.key)
            for path in part.lessons:
                self.keys[path] = proposed_key(self._lesson_title(path), used)
                used.append(self.keys[path])

    def _lesson_title(self, path: str) -> str:
        lesson = convert(
            self.texts[path], self.options.language, RemarkCollector(path), LinkTargets(lambda _target: "", lambda _target: ("", ""))
        )
        return (
            lesson.title
            or _name_as_words(PurePosixPath(path).stem if not _is_index(path) else PurePosixPath(path).parent.name)
            or "Lección"
        )

    # --- Texts ---

    def _lesson(self, path: str, folder: str) -> ConvertedLesson:
        collector = RemarkCollector(path)
        targets = LinkTargets(lambda target: self._page(path, target), lambda target: self._media(path, target, folder))
        lesson = convert(self.texts[path], self.options.language, collector, targets)
        self.remarks += collector.remarks
        self.attributes += collector.attributes
        return lesson

    def _page(self, path: str, target: str) -> str:
        for candidate in _places(path, target):
            for source in _candidates(candidate):
                if source in self.keys:
                    return f"course:{self.keys[source]}"
        name = PurePosixPath(_resolved("", target.lstrip("/"))).name.removesuffix(".html")
        alike = [lesson for lesson in self.keys if PurePosixPath(lesson).stem == name and not _is_index(lesson)]
        if target.startswith("/") and len(alike) == 1:  # where the site that the folder makes has its page
            return f"course:{self.keys[alike[0]]}"
        return ""

    def _media(self, path: str, target: str, folder: str) -> tuple[str, str]:
        """Take a file along into the module's media/ and return its path from the lesson; '' and why where it does not come."""
        if "://" in target:
            return "", N_("The image %(path)s is on another site. Only its description is kept.")
        source = next((candidate for candidate in _places(path, target) if candidate in self.files), "")
        if not source:
            return "", N_("The image %(path)s is not in the folder. Only its description is kept.")
        content, why = _media_content(source, self.files[source])
        self.taken.add(source)
        if why:
            return "", why
        return self._store_file(source, content, folder), ""

    def _store_file(self, source: str, content: bytes, folder: str) -> str:
        """Keep a file in the module's media/ and return its path from the lesson."""
        stem, ending = posixpath.splitext(posixpath.basename(source))
        name = f"{slug(stem)[:60] or 'archivo'}{ending.lower()}"
        number = 1
        while self.out.get(f"{folder}/media/{name}", content) != content:
            number += 1
            name = f"{slug(stem)[:60]}-{number}{ending.lower()}"
        self.out[f"{folder}/media/{name}"] = content
        return f"media/{name}"

    def _write(self, lesson: ConvertedLesson, path: str, target: str) -> None:
        title = lesson.title or self._lesson_title(path)
        fields = [f"key: {self.keys[path]}", f"title: {scalar(title, flow=False)}"]
        if lesson.front.summary:
            fields.append(f"summary: {scalar(lesson.front.summary, flow=False)}")
        if lesson.front.is_draft:
            fields.append("state: draft")
        self.out[target] = ("---\n" + "\n".join(fields) + f"\n---\n{lesson.body}").encode()
        self.origins[target] = Origin(path, (1,) * (len(fields) + 2) + lesson.lines)
        self.taken.add(path)

    def _course(self, authors: list[str]) -> str:
        title = self._course_title()
        people = [self.options.author] if self.options.author else list(dict.fromkeys(authors))
        if not people:
            people = [_name_as_words(self.options.name) or title]
            self._remark(RemarkKind.CHECK, "course.yaml", N_("Add an author."))
        named = "".join(f"  - name: {scalar(' '.join(name.split()), flow=False)}\n" for name in people)
        key = self.options.key or proposed_key(self.options.title or self.options.name or title)
        languages = "" if self.options.language == "es" else f"languages: [{self.options.language}]\n"
        return f"format: 1\nkey: {key}\ntitle: {scalar(title, flow=False)}\n{languages}authors:\n{named}licence: {self.options.licence}\n"

    def _remark_left_files(self) -> None:
        for path in sorted(self.files.keys() - self.taken):
            if not _is_aside(path):
                self._remark(RemarkKind.FILE, path, N_("No lesson uses this file, so it is not imported."))
            else:
                self._remark(RemarkKind.FILE, path, N_("This file describes the folder and is not a lesson, so it is not imported."))


def _is_index(path: str) -> bool:
    return PurePosixPath(path).stem.lower() in INDEXES


def _is_aside(path: str) -> bool:
    return PurePosixPath(path).stem.lower().replace("-", "_") in ASIDE or path.lower() in PLANS


def _natural(path: str) -> list[tuple[int, int, int, str]]:
    """Return the key that sorts paths as people count: 2 before 10, an index before its neighbours."""
    keys: list[tuple[int, int, int, str]] = []
    for name in path.lower().split("/"):
        keys.append((0 if PurePosixPath(name).stem in INDEXES else 1, 0, 0, ""))
        keys += [(2, 0, int(piece), "") if piece.isdigit() else (2, 1, 0, piece) for piece in _NUMBERS.split(name) if piece]
    return keys


def _name_as_words(name: str) -> str:
    """Return the name of a file or folder as words."""
    text = _PREFIX.sub("", name).replace("_", " ").replace("-", " ").strip() or name
    return text[:1].upper() + text[1:]


def _resolved(path: str, target: str) -> str:
    bare = unquote(target.partition("#")[0].partition("?")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), bare)).lstrip("/") if bare else ""


def _places(path: str, target: str) -> list[str]:
    """Return where a file that a lesson names may stand: beside the lesson, else in the folder that holds all of them.

    Where lessons and pictures were packed from beside each other, `../fig/` leads out of the folder and means the one in it.
    """
    resolved = _resolved(path, target)
    bare = re.sub(r"^(?:\.\./)+", "", resolved)
    from_root = _resolved("", target.lstrip("/")) if target.startswith("/") else bare
    return list(dict.fromkeys((resolved, bare, from_root)))


def _media_content(path: str, content: bytes) -> tuple[bytes, str]:
    """Return a file as it may come along, or why it may not."""
    kind, ending = kind_of(path), path.rpartition(".")[2].lower()
    if kind is None or not kind.fits(content) or ending == "md":
        return b"", N_("The content of the image %(path)s does not match its file extension. Only its description is kept.")
    if len(content) > kind.limit:
        return b"", N_("The image %(path)s is too large. Only its description is kept.")
    if ending == "svg" and any(severity(problem.code) is Severity.ERROR for problem in clean_svg(content, "check-", "")[1]):
        return b"", N_("The drawing %(path)s contains more than shapes and text, or has no title. Only its description is kept.")
    if ending not in FORMATS:
        return content, ""
    if points(content, ending) > MOST_PIXELS:
        return b"", N_("The image %(path)s has more than 40 million pixels. Only its description is kept.")
    try:
        return cleaned(content, ending), ""
    except Invalid:
        return b"", N_("The image %(path)s is damaged. Only its description is kept.")


def _candidates(path: str) -> list[str]:
    stem = path.removesuffix(".html").removesuffix(".htm").rstrip("/")
    names = [path, *(f"{stem}{ending}" for ending in ENDINGS)]
    return names + [f"{stem}/{index}{ending}" for index in ("README", "index", "_index", "readme") for ending in ENDINGS]
