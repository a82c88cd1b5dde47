"""Dataclasses of a course folder as it was read, and the codes of its findings."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from kernel.durations import Duration, RenewalBasis
from kernel.i18n import _


class LocalisedText(Mapping[str, str]):
    """A text in one or more languages: language code -> Markdown source or plain words, the course's first language first.

    Immutable and hashable; an empty one is false and stands for "not written".
    """

    __slots__ = ("_words",)

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._words = MappingProxyType(dict(texts or {}))

    def __getitem__(self, language: str) -> str:
        return self._words[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __hash__(self) -> int:
        return hash(tuple(self._words.items()))

    def __repr__(self) -> str:
        return f"Text({dict(self._words)!r})"

    @property
    def first(self) -> str:
        """Return the words in the first language, '' where nothing is written."""
        return next(iter(self._words.values()), "")

    def in_language(self, language: str) -> tuple[str, str]:
        """Return (language shown, words): the wished language, else the first one."""
        if language in self._words:
            return language, self._words[language]
        return next(iter(self._words.items()), (language, ""))


NO_TEXT = LocalisedText()


class Severity(StrEnum):
    """The severity of a finding: errors prevent import or publishing, warnings may be published, information informs."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the check.

    `file` from the folder's root, `line` and `column` from 1 (0: the file as a whole), `field` the path in it (`answers[2].why`, entries
    counted from 1). `template`, `fix_template` and `subject` are English msgids with named facts, so that a page shows them in the
    reader's language; `subject` names the question, term or slot that `field` is counted from.
    """

    file: str
    line: int
    column: int
    field: str
    code: str
    severity: Severity
    template: str
    fix_template: str = ""
    subject: str = ""
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int, int, str, str]:
        """Return the key by which findings are sorted: file, line, column, code, field."""
        return self.file, self.line, self.column, self.code, self.field

    @property
    def where(self) -> str:
        """Return the place inside the file for people: `question "brecha-2019", answers[2]`."""
        subject = _(self.subject, **self.facts) if self.subject else ""
        return ", ".join(part for part in (subject, self.field) if part)

    @property
    def message(self) -> str:
        """Return where and what, in the reader's language."""
        return f"{self.where}: {_(self.template, **self.facts)}" if self.where else _(self.template, **self.facts)

    @property
    def fix(self) -> str:
        """Return the advice of a finding in the reader's language, '' where the message says all."""
        return _(self.fix_template, **self.facts) if self.fix_template else ""

    @property
    def refuses_import(self) -> bool:
        """Return whether a folder with this finding may not even become a draft (C1xx and C2xx errors)."""
        return self.severity is Severity.ERROR and self.code[1] in "12"


class FolderKind(StrEnum):
    """The kind of a folder: a course, or a bank of questions that courses draw from."""

    COURSE = "course"
    BANK = "bank"


class CourseLevel(StrEnum):
    """The level of prior knowledge that a course assumes."""

    BASIC = "basic"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Visibility(StrEnum):
    """The visibility of a course in the catalogue."""

    PUBLIC = "public"
    STAFF = "staff"
    """Whoever is signed in and belongs to an institution at present, or to one of the units of `staff_of`."""
    AUDIENCE = "audience"
    """Whoever is in one of `audiences` at present."""
    PARTICIPANTS = "participants"
    INSTITUTION = "institution"
    """The old name of PARTICIPANTS: it has always meant these, so that no upgrade makes anything visible."""


class EnrolmentMethod(StrEnum):
    """The way in which people enrol in a course."""

    OPEN = "open"
    CODE = "code"
    INVITATION = "invitation"


class SourceState(StrEnum):
    """The state of a module or activity: part of the published version or not."""

    READY = "ready"
    DRAFT = "draft"


class VerifiedSources(StrEnum):
    """The resources that somebody must have opened and checked before the course is published."""

    NONE = "none"
    LAW = "law"
    ALL = "all"


class ResourceKind(StrEnum):
    """The kind of a resource, which is a document or link."""

    LAW = "law"
    OFFICIAL = "official"
    DOCUMENT = "document"
    REPORT = "report"
    DATASET = "dataset"
    PRESS = "press"
    PAGE = "page"
    AUDIO = "audio"
    VIDEO = "video"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Contributor:
    """An author or speaker."""

    name: str
    role: LocalisedText = NO_TEXT
    organisation: LocalisedText = NO_TEXT


@dataclass(frozen=True, slots=True)
class ResourceCitation:
    """A resource by key, with an optional place in it ("art. 1")."""

    resource: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class ActivityReference:
    """Where to read or listen: an activity, with an optional heading or moment in it."""

    activity: str
    heading: str = ""
    second: int | None = None


@dataclass(frozen=True, slots=True)
class WordRange:
    """Length of a lesson in words, both ends allowed."""

    minimum: int = 600
    maximum: int = 1100


@dataclass(frozen=True, slots=True)
class CourseCompletion:
    """The completion rule of a course: modules by key (empty = all) and, where given, a percent of the course grade."""

    modules: tuple[str, ...] = ()
    grade: Fraction | None = None


@dataclass(frozen=True, slots=True)
class GradeCategorySource:
    """One part of the weighted course grade; `drop_lowest` results are left out."""

    category: str
    title: LocalisedText
    weight: Fraction
    drop_lowest: int = 0


@dataclass(frozen=True, slots=True)
class TermSource:
    """An entry of the glossary; `also` are other written forms by language."""

    key: str
    term: LocalisedText
    definition: LocalisedText
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: tuple[ResourceCitation, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterSource:
    """A figure tied to a year; `written` keeps the digits as typed, `decimals` is None where they are shown so.

    One with a `formula` is calculated from other figures and rounded to its decimals.
    """

    name: str
    value: Fraction
    written: str
    unit: str
    year: int
    label: LocalisedText = NO_TEXT
    source: tuple[ResourceCitation, ...] = ()
    decimals: int | None = None
    review: date | None = None
    valid_from: date | None = None
    formula: str = ""


@dataclass(frozen=True, slots=True)
class ResourceSource:
    """A document or link of the course; `path` (inside the folder) or `url`, neither only while not verified."""

    key: str
    title: LocalisedText
    kind: ResourceKind
    language: str
    host: LocalisedText
    url: str = ""
    path: str = ""
    authors: LocalisedText = NO_TEXT
    dated: str = ""
    supports: LocalisedText = NO_TEXT
    verified: date | None = None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A figure, document, caption, sound or film of the folder; `path` from the folder's root, `size` in bytes, `sha256` in hexadecimal."""

    path: str
    media_type: str
    size: int
    sha256: str
    content: bytes = field(repr=False, compare=False)


class CompletionRule(StrEnum):
    """The completion rule of an activity; the format lists those that each kind allows."""

    MARKED = "marked"
    VIEWED = "viewed"
    PASSED = "passed"
    GRADED = "graded"
    PASSED_OR_USED = "passed_or_used"
    ATTEMPTED = "attempted"
    WATCHED = "watched"


@dataclass(frozen=True, slots=True)
class ActivityCompletion:
    """When an activity counts as done; `amount` is the number of attempts of `attempted`, the percent of `watched`."""

    rule: CompletionRule
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class LessonSource:
    """A lesson in one language as written: Markdown body, and the stamp of what it says today."""

    language: str
    path: str
    title: str
    summary: str
    body: str
    stamp: str
    translated_from: str = ""
    behind: bool = False


@dataclass(frozen=True, slots=True)
class LessonSettings:
    """Settings of a lesson activity: its texts, the course's first language first; `minutes` is None where it is to be counted."""

    lessons: tuple[LessonSource, ...]
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class ActivitySource:
    """One activity: the fields that all kinds share, and the kind's own `settings` (LessonSource, QuizSource, RecordingSource…).

    `weight` is its weight in the course grade, 0 for what is not graded.
    """

    key: str
    kind: str
    title: LocalisedText
    path: str
    settings: Any
    completion: ActivityCompletion
    former_keys: tuple[str, ...] = ()
    summary: LocalisedText = NO_TEXT
    state: SourceState = SourceState.READY
    required: bool = True
    preview: bool = False
    requires: tuple[str, ...] = ()
    opens: datetime | None = None
    closes: datetime | None = None
    minutes: int | None = None
    weight: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """One module with its activities in order; `needed` is how many required activities complete it (None = all)."""

    key: str
    title: LocalisedText
    path: str
    activities: tuple[ActivitySource, ...]
    former_keys: tuple[str, ...] = ()
    summary: LocalisedText = NO_TEXT
    state: SourceState = SourceState.READY
    requires: tuple[str, ...] = ()
    opens: datetime | None = None
    closes: datetime | None = None
    objectives: tuple[LocalisedText, ...] = ()
    objective_keys: tuple[str, ...] = ()
    """Of each objective the key that is written, "" where none is."""
    numbered: bool = True
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class CourseFolder:
    """A whole course folder. `parts` holds what other packages read, by the name of their FolderPart (quizzes: 'banks')."""

    key: str
    title: LocalisedText
    languages: tuple[str, ...]
    authors: tuple[Contributor, ...]
    licence: str
    kind: FolderKind = FolderKind.COURSE
    former_keys: tuple[str, ...] = ()
    summary: LocalisedText = NO_TEXT
    objectives: tuple[LocalisedText, ...] = ()
    objective_keys: tuple[str, ...] = ()
    """Of each objective the key that is written, "" where none is."""
    timezone: str = "America/Guayaquil"
    hours: Fraction | None = None
    hours_basis: str = ""
    """What says that it has these hours: a resolution."""
    words: WordRange = WordRange()
    style_rules: bool = True
    verified_sources: VerifiedSources = VerifiedSources.NONE
    level: CourseLevel | None = None
    topic: str = ""
    tone: int | None = None
    image: str = ""
    image_alt: LocalisedText = NO_TEXT
    visibility: Visibility = Visibility.PARTICIPANTS
    staff_of: tuple[str, ...] = ()
    """Codes of the units whose people find it, with what stands below them; none: of every institution."""
    audiences: tuple[str, ...] = ()
    enrolment: EnrolmentMethod = EnrolmentMethod.INVITATION
    opens: datetime | None = None
    closes: datetime | None = None
    completion: CourseCompletion = CourseCompletion()
    grade: tuple[GradeCategorySource, ...] = ()
    institution: str = ""
    """The key of the institution that its certificates name; empty: the first one."""
    certificate: str = "none"
    certificate_valid: Duration | None = None
    """How long a certificate is valid; None: for ever."""
    certificate_renew: Duration | None = None
    """How long before its last valid day the course may be taken again; None: nobody may by themselves."""
    certificate_basis: RenewalBasis = RenewalBasis.EXPIRY
    print_grade: bool = False
    """Whether its certificates print the grade, where their template has a place for it."""
    modules: tuple[ModuleSource, ...] = ()
    terms: tuple[TermSource, ...] = ()
    parameters: tuple[ParameterSource, ...] = ()
    resources: tuple[ResourceSource, ...] = ()
    media: tuple[MediaFile, ...] = ()
    parts: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def first_language(self) -> str:
        """Return the course's own language."""
        return self.languages[0]

    def activities(self) -> Iterator[ActivitySource]:
        """Yield the activities of all modules in order."""
        for module in self.modules:
            yield from module.activities


@dataclass(frozen=True, slots=True)
class FolderReadResult:
    """The result of reading a folder: the course (None where an error of C1xx or C2xx hides it) and all findings, sorted."""

    course: CourseFolder | None
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that refuse import or publishing."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


_INFORMATION = {"C114", "C116", "C320", "C602", "C611", "C702", "C704", "C903"}
_WARNINGS = {
    *("C107", "C109", "C213", "C218", "C226"),
    *("C303", "C310", "C312", "C314", "C316", "C317", "C319", "C321"),
    *("C402", "C407", "C411", "C413", "C414"),
    *("C502", "C506", "C508", "C515", "C517", "C522", "C607", "C612", "C701", "C703", "C807"),
    *("C901", "C902"),
}

STYLE = frozenset({"C303", "C316", "C402", "C411"})
"""Rules of the institution's style, which a course may switch off (`style_rules: false`); so is the one on objectives of modules."""


def severity(code: str) -> Severity:
    """Return the severity of a code; C109, C206, C208 and C305 have a second one, which their check gives itself.

    C902 is an error where the course would be published (`courses.publishing.check`).
    """
    if code in _INFORMATION:
        return Severity.INFORMATION
    return Severity.WARNING if code in _WARNINGS else Severity.ERROR
