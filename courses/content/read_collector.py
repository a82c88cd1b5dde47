"""Results of reading a course folder: findings, texts, citations, keys, and the checks that wait until everything is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from posixpath import dirname, join, normpath
from zoneinfo import ZoneInfo

from courses.content import codes
from courses.content.model import ActivityReference, CourseFolder, Finding, ResourceCitation, Severity
from kernel.errors import N_

DEFAULT_ZONE = ZoneInfo("America/Guayaquil")


class MarkupLevel(StrEnum):
    """Markup that a text may hold: none, Markdown within a paragraph, or blocks; each with its greatest length."""

    PLAIN = "plain"
    INLINE = "inline"
    MARKDOWN = "markdown"

    @property
    def limit(self) -> int:
        """Return how many characters such a text may have."""
        return {MarkupLevel.PLAIN: 300, MarkupLevel.INLINE: 2_000, MarkupLevel.MARKDOWN: 20_000}[self]


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where something stands; `subject` is a msgid with %(subject)s that `field` is counted from."""

    file: str
    line: int = 0
    column: int = 0
    field: str = ""
    subject: str = ""
    subject_key: str = ""

    def at(self, line: int, column: int) -> "SourceLocation":
        """Return this location at another line and column of the file."""
        return replace(self, line=line, column=column)


@dataclass(frozen=True, slots=True)
class FieldText:
    """A text of a YAML field in one language, to be checked as Markdown; `first_line` is where its first line stands in the file."""

    place: SourceLocation
    language: str
    words: str
    form: MarkupLevel
    first_line: int
    gaps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CitationUse:
    """A citation and where it stands."""

    place: SourceLocation
    citation: ResourceCitation


@dataclass(frozen=True, slots=True)
class ActivityReferenceUse:
    """A reference to an activity and where it stands."""

    place: SourceLocation
    reference: ActivityReference


@dataclass(frozen=True, slots=True)
class LessonBody:
    """The body of a lesson in one language; `first_line` is where it begins in its file."""

    key: str
    language: str
    path: str
    body: str
    first_line: int
    required: bool


@dataclass(slots=True)
class ReadCollector:
    """Collects findings, texts and keys while the files of a folder are read.

    `languages` and `zone` hold from the moment course.yaml is read; `course` has the lists and no modules yet while these are read.
    """

    files: Mapping[str, bytes]
    today: date
    languages: tuple[str, ...] = ("es",)
    zone: ZoneInfo = DEFAULT_ZONE
    site_topics: Sequence[str] = ()
    course: CourseFolder | None = None
    findings: list[Finding] = field(default_factory=list)
    texts: list[FieldText] = field(default_factory=list)
    cited: list[CitationUse] = field(default_factory=list)
    seen: list[ActivityReferenceUse] = field(default_factory=list)
    used_files: set[str] = field(default_factory=set)
    keys: dict[str, dict[str, SourceLocation]] = field(default_factory=dict)
    former: list[tuple[str, str, SourceLocation]] = field(default_factory=list)
    checks: list[Callable[[CourseFolder], None]] = field(default_factory=list)
    last_checks: list[Callable[[CourseFolder], None]] = field(default_factory=list)
    transcripts: list[FieldText] = field(default_factory=list)
    lessons: list[LessonBody] = field(default_factory=list)
    module_keys: dict[str, str] = field(default_factory=dict)
    embedded: list[tuple[SourceLocation, str]] = field(default_factory=list)
    unknown_kinds: set[str] = field(default_factory=set)
    body_lines: dict[str, int] = field(default_factory=dict)

    @property
    def first_language(self) -> str:
        """Return the course's own language."""
        return self.languages[0]

    def report(self, location: SourceLocation, code: str, template: str, fix: str = "", **facts: object) -> None:
        """Add a finding of the code's own severity; `template` and `fix` are msgids, `facts` fills both."""
        self.add(location, code, template, fix, facts, codes.severity(code))

    def report_file(self, file: str, code: str, template: str, fix: str = "", **facts: object) -> None:
        """Add a finding about a file as a whole."""
        self.report(SourceLocation(file), code, template, fix, **facts)

    def add(self, location: SourceLocation, code: str, template: str, fix: str, facts: Mapping[str, object], severity: Severity) -> None:
        """Add a finding of any severity, but none of a rule of style that the course switched off."""
        if code in codes.STYLE and self.course is not None and not self.course.style_rules:
            return
        values = {name: str(fact) for name, fact in facts.items()}
        if location.subject:
            values["subject"] = location.subject_key
        self.findings.append(
            Finding(location.file, location.line, location.column, location.field, code, severity, template, fix, location.subject, values)
        )

    def later(self, check: Callable[[CourseFolder], None]) -> None:
        """Run a check when the whole folder is read."""
        self.checks.append(check)

    def at_last(self, check: Callable[[CourseFolder], None]) -> None:
        """Run a check when all texts are checked too, so that it is known what lessons embed."""
        self.last_checks.append(check)

    def claim(self, kind: str, key: str, location: SourceLocation) -> None:
        """Take a key that must be unique among its kind (`outline`, `question`, `bank`, `term`…) (spec/content-format C202)."""
        taken = self.keys.setdefault(kind, {})
        if key in taken:
            first = taken[key]
            self.report(
                location,
                "C202",
                N_("The key “%(key)s” is already used in %(file)s, line %(line)s."),
                N_("Give one of the two another key."),
                key=key,
                file=first.file,
                line=first.line,
            )
        else:
            taken[key] = location

    def leave(self, kind: str, key: str, location: SourceLocation) -> None:
        """Note a former key; it may not live on (spec/content-format C204), which is known when everything is read."""
        self.former.append((kind, key, location))

    def resolve(self, file: str, path: str) -> str:
        """Return the path from the folder's root of a path written in a file; '' where it leaves the allowed places."""
        full = normpath(join(dirname(file), path))
        top, _, rest = full.partition("/")
        inside = top == "media" and rest
        in_module = top == file.partition("/")[0] and "/" in file and rest.startswith("media/") and len(rest) > len("media/")
        return full if inside or in_module else ""

    def use_file(self, file: str, path: str, location: SourceLocation) -> str:
        """Return the full path of a file that is used, '' with a finding where it is not there (spec/content-format C601)."""
        full = self.resolve(file, path)
        if not full:
            self.report(
                location,
                "C601",
                N_("The path “%(path)s” leads outside the media folders."),
                N_("Use the module's media/ or the course's, relative to this file."),
                path=path,
            )
            return ""
        if full not in self.files:
            self.report(location, "C601", N_("The file “%(path)s” is missing."), path=path)
            return ""
        self.used_files.add(full)
        return full
