"""Reads mappings of a course folder field by field, with findings at their lines and keys derived where none is given."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import SequenceMatcher
from enum import StrEnum
from posixpath import dirname, join, normpath
from typing import TypeVar, overload
from zoneinfo import ZoneInfo

from courses.content import model, scalars
from courses.content.model import NO_TEXT, ActivityReference, CourseFolder, Finding, LocalisedText, ResourceCitation, Severity
from courses.content.scalars import Parser, RefusedError
from kernel.errors import N_
from kernel.filetypes import media_type
from kernel.yaml_tree import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence

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
    cited: list[tuple[SourceLocation, ResourceCitation]] = field(default_factory=list)
    seen: list[tuple[SourceLocation, ActivityReference]] = field(default_factory=list)
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
        self.add(location, code, template, fix, facts, model.severity(code))

    def report_file(self, file: str, code: str, template: str, fix: str = "", **facts: object) -> None:
        """Add a finding about a file as a whole."""
        self.report(SourceLocation(file), code, template, fix, **facts)

    def add(self, location: SourceLocation, code: str, template: str, fix: str, facts: Mapping[str, object], severity: Severity) -> None:
        """Add a finding of any severity, but none of a rule of style that the course switched off."""
        if code in model.STYLE and self.course is not None and not self.course.style_rules:
            return
        values = {name: str(fact) for name, fact in facts.items()}
        if location.subject:
            values["subject"] = location.subject_key
        self.findings.append(
            Finding(
                location.file,
                location.line,
                location.column,
                field=location.field,
                code=code,
                severity=severity,
                template=template,
                fix_template=fix,
                subject=location.subject,
                facts=values,
            )
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


_NO_TITLE = {"es": N_("The title is not written in Spanish."), "en": N_("The title is not written in English.")}
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

FORMER_KEYS, FORMERLY = "former_keys", "was"
"""The field for the keys that a part had before, and its name in folders written before 0.2."""
LIKENESS = 0.8
MAXIMUM_TOLD = 20


class LocatedValue:
    """One value of the tree with its place: a field's, or an entry's of a list."""

    def __init__(self, table: "MappingCursor", node: YamlNode, field: str) -> None:
        self.owner = table
        self.session = table.session
        self.node = node
        self.field = field

    @property
    def place(self) -> SourceLocation:
        """Return where it stands."""
        return self.owner.place_of(self.node, self.field)

    @property
    def is_table(self) -> bool:
        """Return whether it is a mapping."""
        return isinstance(self.node, YamlMapping)

    def report(self, code: str, template: str, fix: str = "", **facts: object) -> None:
        """Add a finding at this value."""
        self.session.report(self.place, code, template, fix, **facts)

    def read(self, parser: Parser[T]) -> T | None:
        """Return the typed value of a scalar, None with a finding where it is none."""
        if not isinstance(self.node, YamlScalar):
            self.report("C111", N_("One value is expected here, not a list or several fields."))
            return None
        if len(self.node.text) > scalars.MAXIMUM_TEXT:
            self._too_long(self.place, len(self.node.text), scalars.MAXIMUM_TEXT)
            return None
        try:
            return parser(self.node.text.strip() if self.node.style else self.node.text)
        except RefusedError as refused:
            self.report(refused.code, refused.template, refused.fix, **refused.facts)
            return None

    def _too_long(self, location: SourceLocation, length: int, limit: int) -> None:
        self.session.report(location, "C105", N_("The text has %(length)s characters; the limit is %(limit)s."), length=length, limit=limit)

    def as_text(self) -> str:
        """Return the text of a scalar as it stands, '' for anything else."""
        return self.node.text if isinstance(self.node, YamlScalar) else ""

    def text(self, form: MarkupLevel, gaps: frozenset[str] = frozenset()) -> LocalisedText:
        """Return a text in one or more languages; Markdown is noted for the checks of spec/content-format 7."""
        if isinstance(self.node, YamlScalar):
            content = self._words(self.node, self.owner.language, form, self.field, gaps)
            return LocalisedText({self.owner.language: content}) if content else NO_TEXT
        if isinstance(self.node, YamlMapping):
            return self._languages(self.node, form, gaps)
        self.report("C111", N_("Text is expected here, not a list."))
        return NO_TEXT

    def _languages(self, node: YamlMapping, form: MarkupLevel, gaps: frozenset[str]) -> LocalisedText:
        texts: dict[str, str] = {}
        for language, entry in node.entries.items():
            field = f"{self.field}.{language}" if self.field else language
            location = self.owner.place_of(entry.key, field)
            if language not in self.session.languages:
                self.session.report(
                    location,
                    "C210",
                    N_("“%(language)s” is not one of the course's languages."),
                    N_("A comma or colon may have cut off the text: put it in quotes. Or add the language to course.yaml."),
                    language=language,
                )
            elif not isinstance(entry.value, YamlScalar):
                self.session.report(location, "C111", N_("Text is expected here."))
            elif entry.value.text:
                texts[language] = self._words(entry.value, language, form, field, gaps)
        if texts and self.session.first_language not in texts:
            self.report(
                "C110", N_("The text in the course's main language (%(language)s) is missing."), language=self.session.first_language
            )
        return LocalisedText({language: texts[language] for language in self.session.languages if language in texts})

    def _words(self, node: YamlScalar, language: str, form: MarkupLevel, field: str, gaps: frozenset[str]) -> str:
        content = node.text.strip("\n")
        location = self.owner.place_of(node, field)
        if len(content) > form.limit:
            self._too_long(location, len(content), form.limit)
            content = content[: form.limit]
        if form is MarkupLevel.PLAIN and "\n" in content:
            self.session.report(location, "C111", N_("This must be one line."))
        if form is not MarkupLevel.PLAIN:
            first = node.line + 1 if node.style in ("|", ">") else node.line
            self.session.texts.append(FieldText(location, language, content, form=form, first_line=first, gaps=gaps))
        return content

    def table(self) -> "MappingCursor | None":
        """Return a cursor over a mapping, None with a finding where it is none."""
        if isinstance(self.node, YamlMapping):
            return self.owner.child(self.node, self.field)
        self.report("C111", N_("Several fields are expected here."))
        return None

    def items(self) -> "Iterator[LocatedValue]":
        """Yield the entries of a list; a finding where it is none."""
        if not isinstance(self.node, YamlSequence):
            self.report("C111", N_("A list is expected here."), N_("A single entry is a list too: put “- ” before it."))
            return
        for number, node in enumerate(self.node.items, start=1):
            yield LocatedValue(self.owner, node, f"{self.field}[{number}]")

    def entries(self) -> "Iterator[tuple[str, LocatedValue, SourceLocation]]":
        """Yield the free keys of a mapping with their values and the keys' places."""
        if not isinstance(self.node, YamlMapping):
            self.report("C111", N_("Names with values are expected here."))
            return
        for name, entry in self.node.entries.items():
            field = f"{self.field}.{name}" if self.field else name
            yield name, LocatedValue(self.owner, entry.value, field), self.owner.place_of(entry.key, field)

    def citation(self) -> ResourceCitation | None:
        """Read `key` or `key, place`; whether the resource exists is asked when all are read."""
        text = self.read(scalars.word)
        if text is None:
            return None
        key, _, where = text.partition(",")
        citation = ResourceCitation(key.strip(), where.strip())
        self.session.cited.append((self.place, citation))
        return citation

    def reference(self) -> ActivityReference | None:
        """Read `activity`, `activity#heading` or `recording#t=12:34`."""
        text = self.read(scalars.word)
        if text is None:
            return None
        activity, _, inside = text.partition("#")
        reference = ActivityReference(activity, inside)
        if inside.startswith("t="):
            second = LocatedValue(self.owner, YamlScalar(self.node.line, self.node.column, text=inside[2:]), self.field).read(
                scalars.position
            )
            reference = ActivityReference(activity, "", second)
        self.session.seen.append((self.place, reference))
        return reference


class MappingCursor:
    """A cursor over one mapping of one file."""

    def __init__(
        self, session: ReadCollector, file: str, node: YamlMapping, field: str = "", parent: "MappingCursor | None" = None
    ) -> None:
        self.session = session
        self.file = file
        self.node = node
        self.field = field
        self.subject: str = parent.subject if parent else ""
        self.subject_key: str = parent.subject_key if parent else ""
        self.language: str = parent.language if parent else session.first_language
        self.asked: dict[str, None] = {}
        self.flows: set[str] = set()
        self.redundant: set[str] = set()
        self.children: list[MappingCursor] = []
        self.foreign: frozenset[str] = frozenset()
        self.is_list = False
        self.flow_whole = False
        self.spaced: set[str] = set()

    def name_subject(self, template: str, key: str) -> None:
        """Name this table (`question "%(subject)s"`); fields are counted from here on."""
        self.subject, self.subject_key, self.field = template, key, ""

    def child(self, node: YamlMapping, field: str) -> "MappingCursor":
        """Return a cursor over a mapping inside this one."""
        table = MappingCursor(self.session, self.file, node, field, self)
        self.children.append(table)
        return table

    @property
    def place(self) -> SourceLocation:
        """Return where the mapping begins."""
        return self.place_of(self.node, self.field)

    def place_of(self, node: YamlNode, field: str) -> SourceLocation:
        """Return the place of a node of this file."""
        return SourceLocation(self.file, node.line, node.column, field=field, subject=self.subject, subject_key=self.subject_key)

    def path_of(self, name: str) -> str:
        """Return the path of a field for findings."""
        return f"{self.field}.{name}" if self.field else name

    def place_at(self, name: str) -> SourceLocation:
        """Return the place of a field's value, or of the mapping where the field is absent."""
        entry = self.node.entries.get(name)
        return self.place_of(entry.value, self.path_of(name)) if entry else self.place

    def report(self, code: str, template: str, fix: str = "", *, at: str = "", **facts: object) -> None:
        """Add a finding at a field, or at the mapping."""
        self.session.report(self.place_at(at) if at else self.place, code, template, fix, **facts)

    def has(self, name: str) -> bool:
        """Return whether a field is written and not empty."""
        entry = self.node.entries.get(name)
        return entry is not None and not is_empty(entry.value)

    def get(self, name: str, *, required: bool = False) -> LocatedValue | None:
        """Return a field's value, None where it is absent or empty (spec/content-format C110 where it is required)."""
        self.asked.setdefault(name)
        if self.has(name):
            return LocatedValue(self, self.node.entries[name].value, self.path_of(name))
        if required:
            self.missing(name)
        return None

    def missing(self, name: str) -> None:
        """Report a required field that is missing."""
        location = self.place
        self.session.report(location, "C110", N_("The field “%(field)s” is missing."), N_("Add “%(field)s:”."), field=name)

    @overload
    def value(self, name: str, parser: Parser[T], default: T, *, required: bool = False) -> T: ...

    @overload
    def value(self, name: str, parser: Parser[T], default: None = None, *, required: bool = False) -> T | None: ...

    def value(self, name: str, parser: Parser[T], default: T | None = None, *, required: bool = False) -> T | None:
        """Return a field's typed value, or the default."""
        located = self.get(name, required=required)
        read = located.read(parser) if located is not None else None
        if read is not None and read == default and not required:
            self.redundant.add(name)
        return default if read is None else read

    def flag(self, name: str, default: bool) -> bool:
        """Return a field that is true or false."""
        return self.value(name, scalars.flag, default)

    def choice(self, name: str, kind: type[E], default: E) -> E:
        """Return a field that is one word of an enumeration."""
        return self.value(name, scalars.one_of(kind), default)

    def text(
        self, name: str, form: MarkupLevel = MarkupLevel.PLAIN, *, required: bool = False, gaps: frozenset[str] = frozenset()
    ) -> LocalisedText:
        """Return a text field, NO_TEXT where it is absent."""
        located = self.get(name, required=required)
        return located.text(form, gaps) if located is not None else NO_TEXT

    def title(self, name: str = "title", *, required: bool = True) -> LocalisedText:
        """Return a title, which needs all languages of the course (spec/content-format C701)."""
        text = self.text(name, required=required)
        for language in self.session.languages:
            if text and language not in text and self.session.first_language in text:
                self.report("C701", _NO_TITLE.get(language, N_("The title is not written in “%(language)s”.")), at=name, language=language)
        return text

    def moment(self, name: str, *, end: bool = False) -> datetime | None:
        """Return a moment in UTC; a date alone is the beginning of the day, as an end its last instant."""
        return self.value(name, scalars.moment(self.session.zone, end=end))

    def listed(
        self, name: str, convert: Callable[[LocatedValue], T | None], *, required: bool = False, flow: bool = False
    ) -> tuple[T, ...]:
        """Return the entries of a list, those left out that could not be read."""
        if flow:
            self.flows.add(name)
        located = self.get(name, required=required)
        if located is None:
            return ()
        return tuple(entry for entry in (convert(value) for value in located.items()) if entry is not None)

    def tables(self, name: str, *, required: bool = False) -> "tuple[MappingCursor, ...]":
        """Return the mappings of a list."""
        return self.listed(name, LocatedValue.table, required=required)

    def keys(self, name: str) -> tuple[str, ...]:
        """Return a list of keys."""
        return self.listed(name, lambda value: value.read(scalars.key), flow=True)

    def former_keys(self) -> tuple[str, ...]:
        """Return the keys that a part had before, under either name of their field; the old one is reported (spec/content-format C116),
        not written again.
        """
        entries = self.node.entries
        if self.has(FORMERLY):
            self.report(
                "C116",
                N_("“%(old)s” is the former name of “%(name)s”. Both are read."),
                N_("Format it with: lms courses format FOLDER."),
                at=FORMERLY,
                old=FORMERLY,
                name=FORMER_KEYS,
            )
            if not self.has(FORMER_KEYS):
                entries.pop(FORMER_KEYS, None)
                self.node.entries = {FORMER_KEYS if name == FORMERLY else name: entry for name, entry in entries.items()}
        return self.keys(FORMER_KEYS) + (self.keys(FORMERLY) if FORMERLY in self.node.entries else ())

    def texts(self, name: str, form: MarkupLevel = MarkupLevel.INLINE) -> tuple[LocalisedText, ...]:
        """Return a list of texts."""
        return tuple(text for text in self.listed(name, lambda value: value.text(form)) if text)

    def citations(self, name: str = "source") -> tuple[ResourceCitation, ...]:
        """Return a list of citations."""
        return self.listed(name, LocatedValue.citation, flow=True)

    def references(self, name: str = "see") -> tuple[ActivityReference, ...]:
        """Return a list of references to activities."""
        return self.listed(name, LocatedValue.reference, flow=True)

    def path(self, name: str, *types: str) -> str:
        """Return the full path of a file of the folder, '' where it is absent or missing (spec/content-format C601).

        `types` are beginnings of media types that the field takes (spec/content-format C111); none for any.
        """
        located = self.get(name)
        written = located.read(scalars.word) if located is not None else None
        if located is None or written is None:
            return ""
        full = self.session.use_file(self.file, written, located.place)
        if full and types and not media_type(full).startswith(types):
            located.report("C111", N_("A file of this kind cannot be used here (%(path)s)."), path=written)
        return full

    def inner(self, name: str, *, required: bool = False) -> "MappingCursor | None":
        """Return a cursor over a field that is a mapping."""
        located = self.get(name, required=required)
        return located.table() if located is not None else None

    def close(self) -> None:
        """Report the fields that were never read, here and in all mappings inside (spec/content-format C107, C108, C403)."""
        absent = [name for name in self.asked if not self.has(name)]
        unknown = [name for name in self.node.entries if name not in self.asked and not name.startswith("x-") and not self.is_list]
        for name in unknown[:MAXIMUM_TOLD]:
            self._report_unknown(name, self.node.entries[name], absent)
        for child in self.children:
            child.close()

    def _report_unknown(self, name: str, entry: YamlPair, absent: list[str]) -> None:
        location = self.place_of(entry.key, self.path_of(name))
        if name in self.foreign:
            self.session.report(
                location, "C403", N_("The field “%(name)s” belongs to another kind of question."), N_("Delete it."), name=name
            )
            return
        likely = max(absent, key=lambda other: _likeness(name, other), default="")
        if likely and _likeness(name, likely) >= LIKENESS:
            self.session.report(
                location, "C108", N_("“%(name)s” looks like “%(likely)s” misspelt."), N_("Write “%(likely)s:”."), name=name, likely=likely
            )
        else:
            self.session.report(
                location,
                "C107",
                N_("The field “%(name)s” is not known here."),
                N_("Delete it or, if it is your own, start its name with x-."),
                name=name,
            )


def is_empty(value: YamlNode) -> bool:
    """Return whether a field is written without a value."""
    return isinstance(value, YamlScalar) and not value.text


def _likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, name.lower(), other.lower()).ratio()


LENGTH = 40
_OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Return the key that a text gives by itself, '' where nothing is left of it."""
    letters = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _OTHER.sub("-", bare).strip("-")[:LENGTH].strip("-")


class KeyBook:
    """The keys of one list of a question; tells keys written twice (spec/content-format C202) and derived ones that collide or are empty.

    spec/content-format C214.
    """

    def __init__(self) -> None:
        self.taken: dict[str, str] = {}

    def key(self, table: MappingCursor | None, text: LocalisedText, cursor: MappingCursor, field: str = "key", given: str = "") -> str:
        """Return the key of an entry: that of the field, or one `given`, else the slug of its text; `place` is where a finding goes."""
        written = table.value(field, scalars.key) if table is not None else given
        key = written or slug(text.first)
        if not key:
            if text:
                cursor.report("C214", N_("No key can be made from this text."), N_("Add “%(field)s:”."), field=field)
            return ""
        if key in self.taken:
            self._report(cursor, key, field, twice=bool(written))
        self.taken.setdefault(key, text.first)
        return key

    def _report(self, cursor: MappingCursor, key: str, field: str, *, twice: bool) -> None:
        other = self.taken[key]
        if twice:
            cursor.report("C202", N_("The key “%(key)s” is already used by “%(other)s”."), key=key, other=other)
        else:
            cursor.report(
                "C214",
                N_("The text gives the same key as “%(other)s” (%(key)s)."),
                N_("Add “%(field)s:” to one of them."),
                key=key,
                other=other,
                field=field,
            )


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file whose YAML was read: cursor and tree, its text and the YAML in it, which begins after `before` lines.

    `clean` says whether encoding and line ends need no change.
    """

    table: MappingCursor
    root: YamlMapping
    text: str
    yaml: str
    clean: bool
    before: int = 0


@dataclass(slots=True)
class ReadingSession(ReadCollector):
    """The reading of a folder: what is collected, with the files, parts and questions that were read."""

    read_files: dict[str, ReadFile] = field(default_factory=dict)
    outline: dict[str, MappingCursor] = field(default_factory=dict)
    questions: dict[str, MappingCursor] = field(default_factory=dict)

    def note_file(self, file: ReadFile) -> None:
        """Remember a file that was read, for the check of its form and of unknown fields."""
        self.read_files[file.table.file] = file

    def forget_file(self, path: str) -> None:
        """Leave a file out of the check of its form and of unknown fields, because its kind is not known."""
        self.read_files.pop(path, None)
