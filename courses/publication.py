"""A course folder made ready to be published: everything parsed, rendered and cleaned, before any transaction begins."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import PurePosixPath
from posixpath import dirname, join, normpath
from typing import Any, TypeVar, cast
from urllib.parse import quote

from sqlalchemy.orm import Session

from courses import queries
from courses.content.model import (
    ActivitySource,
    CourseFolder,
    Finding,
    LessonSource,
    MediaFile,
    PageSource,
    Resource,
    Severity,
    SourceState,
    Term,
    Text,
)
from courses.content.published import vanished
from courses.content.reader import read_folder
from courses.content.surroundings import Lookups, look_up
from courses.kinds import ActivityKind, FolderPart
from courses.models import Activity, Course, CourseVersion
from courses.rules import OutlineActivity, activity_url, file_url
from kernel.files import Files
from kernel.markup import model as markup
from kernel.markup.model import ID_PREFIX, Rendered, SafeHtml
from kernel.markup.render import render_inline, render_lesson, render_markdown

Html = dict[str, str]
Rendering = TypeVar("Rendering")
Embedder = Callable[[CourseFolder, str, "Renderer", str], SafeHtml | None]
MINUTES_OF_A_QUESTION = Fraction(3, 2)
KEPT_VERDICTS = 16
DRAWING = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a kind tells of an activity beside its own rows: for the course's page and the course's grade."""

    minutes: int
    questions: int | None = None
    attempts: int | None = None
    category: str = ""
    weight: Fraction = Fraction(0)
    media: tuple[str, ...] = ()
    """Paths of the files that are its own: the film, its captions, its papers."""


Freezer = Callable[[Session, "Publication", Activity, Any], None]
"""Writes a prepared activity's own rows in the transaction of the publication."""
Renamer = Callable[[Session, int, Mapping[str, str]], None]
"""Moves what a kind has recorded of an enrolment from earlier activity keys to the present ones."""


Withholder = Callable[[Session, OutlineActivity, datetime], bool]
"""Says whether the marks of an activity are not to be shown to its learners yet."""


Comparer = Callable[[Session, int, CourseFolder], tuple[Finding, ...]]
"""Tells what the text of a course (by its id) does to what is published of it already."""

Indexer = Callable[[Session, int], None]
"""Makes the rows anew that a package keeps of a course's working copy (by the course's id), after the copy changed."""


def keeps_nothing(_session: Session, _enrolment_id: int, _renames: Mapping[str, str]) -> None:
    """Rename nothing, for kinds that record nothing of learners."""


def withholds_nothing(_session: Session, _activity: OutlineActivity, _now: datetime) -> bool:
    """Show marks as soon as there are any."""
    return False


@dataclass(frozen=True, slots=True)
class Publisher:
    """How a kind of activity is published: `prepare` renders (slow, no database), `freeze` writes rows (fast).

    `rename` follows an activity's new key when a learner moves to the version that renamed it; `withholds` says whether marks
    wait for a later moment.
    """

    kind: ActivityKind
    prepare: Callable[[ActivitySource, "Renderer"], tuple[Any, Facts]]
    freeze: Freezer
    rename: Renamer = keeps_nothing
    withholds: Withholder = withholds_nothing


@dataclass(frozen=True, slots=True)
class CourseKinds:
    """All kinds of activity and parts of a folder that this installation knows."""

    publishers: tuple[Publisher, ...]
    parts: tuple[FolderPart, ...]
    embed_question: Embedder
    comparers: tuple[Comparer, ...] = ()
    indexers: tuple[Indexer, ...] = ()

    @property
    def kinds(self) -> tuple[ActivityKind, ...]:
        """Return the kinds for the reader."""
        return tuple(publisher.kind for publisher in self.publishers)

    def publisher(self, kind: str) -> Publisher:
        """Return how a kind is published."""
        return next(publisher for publisher in self.publishers if publisher.kind.name == kind)


@dataclass(frozen=True, slots=True)
class PreparedActivity:
    """An activity rendered."""

    source: ActivitySource
    title: Html
    summary: Html
    facts: Facts
    payload: Any
    media: frozenset[str]
    """Paths of the files that it uses."""


@dataclass(frozen=True, slots=True)
class PreparedTerm:
    """A term rendered."""

    term: Term
    definition: Html


@dataclass(frozen=True, slots=True)
class Prepared:
    """A course ready to be written as a version."""

    course: CourseFolder
    digest: str
    summary: Html
    objectives: tuple[Html, ...]
    module_texts: Mapping[str, tuple[Html, tuple[Html, ...]]]
    """By module key: summary and objectives."""
    activities: Mapping[str, PreparedActivity]
    terms: tuple[PreparedTerm, ...]
    resource_urls: Mapping[str, str]

    @property
    def hours(self) -> Fraction:
        """Return the hours told on the certificate: as written, else the sum of the minutes."""
        if self.course.hours is not None:
            return self.course.hours
        return Fraction(sum(activity.facts.minutes for activity in self.activities.values()), 60)

    def users_of(self, path: str) -> tuple[str, ...]:
        """Return the keys of the activities that use a file; none for what belongs to the whole course, as its documents do."""
        if any(resource.path == path for resource in self.course.resources):
            return ()
        return tuple(key for key, activity in self.activities.items() if path in activity.media)


@dataclass(frozen=True, slots=True)
class Publication:
    """What a freezer may need: the course and version being written, and its media by path."""

    course: Course
    version: CourseVersion
    prepared: Prepared
    media: Mapping[str, MediaFile]


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a folder gave; `prepared` is None where something refuses publishing."""

    findings: tuple[Finding, ...]
    course: CourseFolder | None
    prepared: Prepared | None = None
    folder: CourseFolder | None = None
    """What was read, also where something refuses publishing; None where something refuses import."""


def check(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date) -> Checked:
    """Read and check a folder without rendering it."""
    reading = read_folder(files, kinds.kinds, kinds.parts, today=today)
    return Checked(reading.findings, None if reading.errors else reading.course, folder=reading.course)


def prepare(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date) -> Checked:
    """Read, check and render a folder."""
    checked = check(files, kinds, today=today)
    if checked.course is None:
        return checked
    return Checked(checked.findings, checked.course, _prepare(checked.course, digest_of(files), kinds), checked.folder)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks say of a draft, what is published already held against it; `modules` and `activities` count what was read."""

    findings: tuple[Finding, ...]
    folder: CourseFolder | None
    """What was read, with the contents of drawings and without those of other media; None where it cannot even be a draft."""
    checked_at: datetime

    @property
    def refuses_publishing(self) -> bool:
        """Say whether one of the findings is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def judge(session: Session, course: Course, checked: Checked, kinds: CourseKinds, *, now: datetime) -> Verdict:
    """Return what is to be told of a checked draft: the findings of its text, and what it does to what is published."""
    folder = checked.folder
    if folder is None:
        return Verdict(checked.findings, None, now)
    told = [*checked.findings, *_vanished(session, course, folder)]
    told += [finding for compare in kinds.comparers for finding in compare(session, course.id, folder)]
    light = tuple(media if media.media_type == DRAWING else replace(media, content=b"") for media in folder.media)
    return Verdict(tuple(sorted(told, key=lambda finding: finding.place)), replace(folder, media=light), now)


def _vanished(session: Session, course: Course, folder: CourseFolder) -> tuple[Finding, ...]:
    if course.published_version_id is None:
        return ()
    outline = queries.get_outline(session, course.published_version_id)
    return vanished((*(module.key for module in outline.modules), *outline.by_key), folder)


def kept_verdict(session: Session, files: Files, course: Course, kinds: CourseKinds, *, now: datetime) -> Verdict:
    """Return the same for a course's draft as it stands. The process keeps it until draft, publication or day change."""
    known = _verdicts(session).get(course.id)
    if known is not None and known[0] == _state_of(session, course, now):
        return known[1]
    checked = check(queries.draft_files(session, files, course.id), kinds, today=now.date())
    return keep_verdict(session, course, judge(session, course, checked, kinds, now=now), now=now)


def keep_verdict(session: Session, course: Course, verdict: Verdict, *, now: datetime) -> Verdict:
    """Keep the verdict on a draft that was just read or written; return it."""
    kept = _verdicts(session)
    if len(kept) >= KEPT_VERDICTS:
        kept.clear()  # at once, because other threads read it
    kept[course.id] = (_state_of(session, course, now), verdict)
    return verdict


def _verdicts(session: Session) -> dict[int, tuple[object, Verdict]]:
    return cast("dict[int, tuple[object, Verdict]]", session.info.setdefault("verdicts", {}))


def _state_of(session: Session, course: Course, now: datetime) -> tuple[object, ...]:
    return queries.draft_digest(session, course.id), course.published_version_id, now.date()


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents."""
    return queries.digest_of_checksums({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})


@dataclass
class Renderer:
    """Renders the texts of one course in all its languages; notes which media they use."""

    course: CourseFolder
    kinds: CourseKinds
    used_media: set[str] = field(default_factory=set)
    """Paths, since somebody emptied it."""

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[Any, frozenset[str]]] = {}
        self.media = {media.path: media for media in self.course.media}
        self.urls = {resource.key: self._resource_url(resource) for resource in self.course.resources}
        self._lookups: dict[str, Lookups] = {}
        for language in self.course.languages:
            bare = look_up(self.course, language, self.kinds.kinds, {}, self._url_of)
            definitions = {
                term.key: render_inline(term.definition.in_language(language)[1], self._context(bare, "", link_terms=False)).html
                for term in self.course.terms
            }
            self._lookups[language] = look_up(self.course, language, self.kinds.kinds, definitions, self._url_of)

    def _url_of(self, resource: Resource) -> str:
        return self.urls[resource.key]

    def _resource_url(self, resource: Resource) -> str:
        return self.media_url(resource.path) if resource.path else resource.url

    def media_url(self, path: str) -> str:
        """Return the address of a media file by its path in the folder."""
        return file_url(self.course.key, self.media[path].sha256, quote(PurePosixPath(path).name))

    def _context(
        self, lookups: Lookups, folder: str, *, gaps: frozenset[str] = frozenset(), link_terms: bool = True, prefix: str = ID_PREFIX
    ) -> markup.Context:
        def find_media(path: str) -> markup.Media | None:
            return self._media(folder, path)

        def embed(key: str) -> SafeHtml | None:
            return self.kinds.embed_question(self.course, key, self, lookups.language)

        context = lookups.context(link=self._link, media=find_media, question=embed, gaps=gaps, link_terms=link_terms)
        return markup.Context(**{**{name: getattr(context, name) for name in markup.Context.__slots__}, "id_prefix": prefix})

    def _media(self, folder: str, path: str) -> markup.Media | None:
        full = normpath(join(folder, path))
        found = self.media.get(full)
        if found is None:
            return None
        self.used_media.add(full)
        content = found.content if found.media_type == DRAWING else b""
        return markup.Media(self.media_url(full), found.media_type, found.size, content)

    def _link(self, key: str, fragment: str) -> str | None:
        activity = next((found for found in self.course.activities() if found.key == key), None)
        if activity is None:
            return f"/courses/{self.course.key}#way"
        address = activity_url(self.course.key, activity.kind, key)
        if fragment.startswith("t="):
            return f"{address}?t={_seconds(fragment[2:])}#player"
        return f"{address}#{ID_PREFIX}{fragment}" if fragment else address

    def inline(self, text: Text | Mapping[str, str], path: str = "", *, prefix: str = ID_PREFIX, link_terms: bool = False) -> Html:
        """Render a text of one line in every language that it is written in."""
        return self._each(
            text, lambda words, lookups: render_inline(words, self._context(lookups, dirname(path), link_terms=link_terms, prefix=prefix))
        )

    def markdown(
        self, text: Text | Mapping[str, str], path: str = "", *, prefix: str = ID_PREFIX, gaps: frozenset[str] = frozenset()
    ) -> Html:
        """Render a text of several paragraphs in every language that it is written in."""
        return self._each(
            text,
            lambda words, lookups: render_markdown(
                words, self._context(lookups, dirname(path), gaps=gaps, link_terms=False, prefix=prefix)
            ),
        )

    def _each(self, text: Text | Mapping[str, str], render: Callable[[str, Lookups], Rendered]) -> Html:
        return {language: str(render(words, self._lookups[language]).html) for language, words in text.items() if language in self._lookups}

    def lesson(self, source: LessonSource, original: Rendered | None) -> Rendered:
        """Render the body of a lesson in its language."""
        return render_lesson(source.body, self._context(self._lookups[source.language], dirname(source.path)), original)

    def once(self, key: str, render: Callable[[], Rendering]) -> Rendering:
        """Render what several activities need only the first time; what it uses counts for each of them."""
        if key not in self._kept:
            before, self.used_media = self.used_media, set()
            self._kept[key] = (render(), frozenset(self.used_media))
            self.used_media = before
        rendered, media = self._kept[key]
        self.used_media |= media
        return cast("Rendering", rendered)

    def cite(self, language: str, key: str, place: str) -> SafeHtml:
        """Return the title and host of a resource as one line."""
        resource = self._lookups[language].resources[key]
        words = ", ".join(part for part in (resource.title, place, resource.host) if part)
        return render_inline(_plain(words), self._context(self._lookups[language], "")).html


def _plain(words: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>$~|" else sign for sign in words)


def _seconds(moment: str) -> int:
    total = 0
    for part in moment.split(":"):
        total = total * 60 + int(part or 0)
    return total


def plain_texts(text: Text) -> Html:
    """Return a plain text by language, as it is."""
    return dict(text.items())


def _prepare(course: CourseFolder, digest: str, kinds: CourseKinds) -> Prepared:
    renderer = Renderer(course, kinds)
    modules = [module for module in course.modules if module.state is SourceState.READY]
    ready = [activity for module in modules for activity in module.activities if activity.state is SourceState.READY]
    activities = {activity.key: _prepare_activity(activity, renderer, kinds) for activity in ready}
    return Prepared(
        course=course,
        digest=digest,
        summary=renderer.inline(course.summary),
        objectives=tuple(renderer.inline(text) for text in course.objectives),
        module_texts={
            module.key: (
                renderer.inline(module.summary, module.path),
                tuple(renderer.inline(text, module.path) for text in module.objectives),
            )
            for module in modules
        },
        activities=activities,
        terms=tuple(PreparedTerm(term, renderer.inline(term.definition)) for term in course.terms),
        resource_urls=renderer.urls,
    )


def _prepare_activity(activity: ActivitySource, renderer: Renderer, kinds: CourseKinds) -> PreparedActivity:
    publisher = kinds.publisher(activity.kind)
    renderer.used_media.clear()
    payload, facts = publisher.prepare(activity, renderer)
    form = renderer.markdown if publisher.kind.summary_form == "markdown" else renderer.inline
    summary = form(activity.summary, activity.path)
    used = frozenset(renderer.used_media) | frozenset(facts.media)
    return PreparedActivity(activity, plain_texts(activity.title), summary, facts, payload, used)


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A lesson in one language, rendered."""

    language: str
    title: str
    summary: str
    rendered: Rendered
    minutes: int


def prepare_page(activity: ActivitySource, renderer: Renderer) -> tuple[tuple[PreparedPage, ...], Facts]:
    """Render a lesson in all its languages, its own first, so that translations take its addresses."""
    settings: PageSource = activity.settings
    pages: list[PreparedPage] = []
    original: Rendered | None = None
    for lesson in settings.lessons:
        rendered = renderer.lesson(lesson, original)
        original = original or rendered
        summary = renderer.inline({lesson.language: lesson.summary}, lesson.path).get(lesson.language, "")
        pages.append(PreparedPage(lesson.language, lesson.title, summary, rendered, settings.minutes or rendered.minutes))
    return tuple(pages), Facts(minutes=pages[0].minutes)


def to_json(value: object) -> str:
    """Write a value that is never searched inside as JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
