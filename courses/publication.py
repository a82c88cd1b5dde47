"""A course folder made ready to be published: everything parsed, rendered and cleaned, before any transaction begins."""

# long: the steps of one preparation, in order; kinds of activities hand in their parts

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from pathlib import PurePosixPath
from posixpath import dirname, join, normpath
from typing import Any, TypeVar, cast
from urllib.parse import quote

from sqlalchemy.orm import Session

from courses.content.differences import Part
from courses.content.facts import Fact, Teller
from courses.content.findable import course_entries, lesson_entries, term_entries
from courses.content.kept import Kept
from courses.content.model import (
    ActivitySource,
    CourseFolder,
    Finding,
    LessonSource,
    MediaFile,
    PageSource,
    Resource,
    SourceState,
    Term,
    Text,
)
from courses.content.outline import draft_keys
from courses.content.reader import read_folder
from courses.content.surroundings import Lookups, look_up
from courses.content.texts import TOO_MUCH
from courses.kinds import ActivityKind, FolderPart
from courses.models import Activity, Course, CourseVersion
from courses.queries import drafts as course_drafts
from courses.queries.team import LogPart
from courses.rules import Outline, OutlineActivity, OwnDates, activity_url, file_url
from kernel.errors import Unavailable
from kernel.markup import model as markup
from kernel.markup.model import ID_PREFIX, Rendered, SafeHtml
from kernel.markup.render import render_inline, render_lesson, render_markdown
from kernel.search.index import Entry

Html = dict[str, str]
Rendering = TypeVar("Rendering")
Embedder = Callable[[CourseFolder, str, "Renderer", str], SafeHtml | None]
MINUTES_OF_A_QUESTION = Fraction(3, 2)
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


Freezer = Callable[[Session, "Publication", Sequence[tuple[Activity, Any]]], None]
"""Writes the own rows of a kind's prepared activities in the transaction of the publication, as many statements for many as for one."""
Renamer = Callable[[Session, int, Mapping[str, str]], None]
"""Moves what a kind has recorded of an enrolment from earlier activity keys to the present ones."""
Withholder = Callable[[Session, OutlineActivity, datetime], bool]
"""Says whether the marks of an activity are not to be shown to its learners yet."""
DatesFinder = Callable[[Session, Mapping[int, Outline]], Mapping[int, Mapping[str, OwnDates]]]
"""Tells, by enrolment and the outline that it follows, the dates that were set for a learner, by activity key; one statement at most."""
PassMarker = Callable[[Session, OutlineActivity], Fraction | None]
"""Says from which percent on an activity is passed."""
Comparer = Callable[[Session, int, CourseFolder], tuple[Finding, ...]]
"""Tells what the text of a course (by its id) does to what is published of it already."""


@dataclass(frozen=True, slots=True)
class Learners:
    """How many people follow a course, and how many of them have completed it."""

    following: int = 0
    completed: int = 0

    @property
    def learning(self) -> int:
        """Count those who have not completed it."""
        return self.following - self.completed


LearnersOf = Callable[[Session, int], Learners]
"""How whoever knows the learners of a course (by its id) counts them; the roof says who (`learners`)."""

Indexer = Callable[[Session, int], None]
"""Makes the rows anew that a package keeps of a course's working copy (by the course's id), after the copy changed."""
Finder = Callable[[Session, int], Iterable[tuple[int, Entry]]]
"""Tells anew what can be found of a version's activities of a kind, each with its activity's id, from the rows that were written."""
PartComparer = Callable[[Session, int, CourseFolder, CourseFolder], Iterable[Part]]
"""Tells what differs between two folders of a course (by its id) of what another package reads from them: the questions."""


def keeps_nothing(_session: Session, _enrolment_id: int, _renames: Mapping[str, str]) -> None:
    """Rename nothing, for kinds that record nothing of learners."""


def finds_nothing(_session: Session, _version_id: int) -> tuple[tuple[int, Entry], ...]:
    """Let nothing be found, for kinds without texts of their own."""
    return ()


def withholds_nothing(_session: Session, _activity: OutlineActivity, _now: datetime) -> bool:
    """Show marks as soon as there are any."""
    return False


def sets_no_dates(_session: Session, _outlines: Mapping[int, Outline]) -> Mapping[int, Mapping[str, OwnDates]]:
    """Leave the dates of everybody as published."""
    return {}


def asks_no_pass(_session: Session, _activity: OutlineActivity) -> None:
    """Let every mark do."""


def tells_nothing(_activity: ActivitySource) -> tuple[Fact, ...]:
    """Tell nothing, for kinds without settings of their own."""
    return ()


@dataclass(frozen=True, slots=True)
class Publisher:
    """How a kind of activity is published: `prepare` renders (slow, no database), `freeze` writes rows (fast).

    `rename` follows an activity's new key when a learner moves to the version that renamed it; `withholds` says whether marks
    wait for a later moment, `pass_mark` from which percent on an activity is passed; `entries` tells what `freeze` has made findable,
    for making the search's index anew; `tell` says in words what the kind adds, for differences; `dates` are those that were set for a
    learner.
    """

    kind: ActivityKind
    prepare: Callable[[ActivitySource, "Renderer"], tuple[Any, Facts]]
    freeze: Freezer
    rename: Renamer = keeps_nothing
    withholds: Withholder = withholds_nothing
    entries: Finder = finds_nothing
    tell: Teller = tells_nothing
    dates: DatesFinder = sets_no_dates
    pass_mark: PassMarker = asks_no_pass


@dataclass(frozen=True, slots=True)
class CourseKinds:
    """All kinds of activity and parts of a folder that this installation knows."""

    publishers: tuple[Publisher, ...]
    parts: tuple[FolderPart, ...]
    embed_question: Embedder
    comparers: tuple[Comparer, ...] = ()
    indexers: tuple[Indexer, ...] = ()
    part_comparers: tuple[PartComparer, ...] = ()
    logs: tuple[LogPart, ...] = ()
    """What packages above add to the log of a course."""
    kept: Kept | None = None
    """Rendered lessons that outlive the process."""

    @property
    def tellers(self) -> Mapping[str, Teller]:
        """Return how each kind tells an activity's settings."""
        return {publisher.kind.name: publisher.tell for publisher in self.publishers}

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
    entries: tuple[Entry, ...]
    """What can be found of the course itself and its terms."""

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
    """Read, check and render a folder; Unavailable where a text that was checked could not be rendered in its time."""
    checked = check(files, kinds, today=today)
    if checked.course is None:
        return checked
    return Checked(checked.findings, checked.course, _prepare(checked.course, digest_of(files), kinds), checked.folder)


def count_learners(session: Session, course_id: int) -> Learners:
    """Count the learners of a course."""
    known = cast("LearnersOf | None", session.info.get("learners"))
    return known(session, course_id) if known is not None else Learners()


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents."""
    return course_drafts.digest_of_checksums({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})


KEPT_LESSONS = 300
_lessons: dict[tuple[object, ...], tuple[Rendered, frozenset[str]]] = {}
"""Lessons that were rendered, with the media they use, by all they were made from: a publication renders what has changed."""


def forget_rendered() -> None:
    """Forget the lessons that the process has rendered."""
    _lessons.clear()
    _entries.cache_clear()


def _surroundings(course: CourseFolder) -> str:
    """Return a digest of all that the HTML of a lesson may depend on besides its own words."""
    others = [
        (activity.key, activity.kind, activity.title, None if activity.kind == "page" else activity) for activity in course.activities()
    ]
    modules = [(module.key, module.title) for module in course.modules]
    drafts = tuple(draft_keys(course))
    lists = (course.terms, course.parameters, course.resources, course.parts)
    parts = (course.key, course.languages, modules, others, drafts, lists, [(media.path, media.sha256) for media in course.media])
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass
class Renderer:
    """Renders the texts of one course in all its languages; notes which media they use."""

    course: CourseFolder
    kinds: CourseKinds
    used_media: set[str] = field(default_factory=set)
    """Paths, since somebody emptied it."""

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[Any, frozenset[str]]] = {}
        self._surroundings = _surroundings(self.course)
        drafts = set(draft_keys(self.course))
        self._published = {activity.key: activity.kind for activity in self.course.activities() if activity.key not in drafts}
        self.media = {media.path: media for media in self.course.media}
        self.urls = {resource.key: self._resource_url(resource) for resource in self.course.resources}
        self._lookups: dict[str, Lookups] = {}
        for language in self.course.languages:
            bare = look_up(self.course, language, self.kinds.kinds, {}, self._url_of)
            definitions = {
                term.key: _whole(render_inline(term.definition.in_language(language)[1], self._context(bare, "", link_terms=False))).html
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
        kind = self._published.get(key)
        if kind is None:  # a module, or a draft
            return f"/courses/{self.course.key}#way"
        address = activity_url(self.course.key, kind, key)
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
        return {
            language: str(_whole(render(words, self._lookups[language])).html)
            for language, words in text.items()
            if language in self._lookups
        }

    def lesson(self, source: LessonSource, original: Rendered | None, *, prefix: str = ID_PREFIX) -> Rendered:
        """Render the body of a lesson in its language; what the process has rendered from the same words and surroundings is taken."""
        before = original and str(original.html)
        made_from = (self._surroundings, source.language, dirname(source.path), source.body, before, prefix)
        known = _lessons.get(made_from)
        if known is None:
            known = self._kept_lesson(made_from, source, original, prefix)
            if len(_lessons) >= KEPT_LESSONS:
                _lessons.clear()  # at once, because other threads read it
            _lessons[made_from] = known
        self.used_media |= known[1]
        return known[0]

    def _kept_lesson(
        self, made_from: object, source: LessonSource, original: Rendered | None, prefix: str
    ) -> tuple[Rendered, frozenset[str]]:
        """Return a lesson as an earlier process rendered it, else render and keep it; the media that it uses beside it."""
        kept = self.kinds.kept
        found = kept.lesson(made_from) if kept is not None else None
        if found is not None:
            return found
        before, self.used_media = self.used_media, set()
        context = self._context(self._lookups[source.language], dirname(source.path), prefix=prefix)
        rendered = _whole(render_lesson(source.body, context, original))
        known = rendered, frozenset(self.used_media)
        self.used_media = before
        if kept is not None:
            kept.keep_lesson(made_from, *known)
        return known

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
        return _whole(render_inline(_plain(words), self._context(self._lookups[language], ""))).html


def _whole(rendered: Rendered) -> Rendered:
    """Return what was rendered; Unavailable where the renderer gave up a text that the check had read: it is never published empty."""
    if any(problem.code == TOO_MUCH for problem in rendered.problems):
        raise Unavailable
    return rendered


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
    summary, objectives = renderer.inline(course.summary), tuple(renderer.inline(text) for text in course.objectives)
    terms = tuple(PreparedTerm(term, renderer.inline(term.definition)) for term in course.terms)
    named = (term_entries(entry.term.key, plain_texts(entry.term.term), entry.term.also, entry.definition) for entry in terms)
    return Prepared(
        course=course,
        digest=digest,
        summary=summary,
        objectives=objectives,
        module_texts={
            module.key: (
                renderer.inline(module.summary, module.path),
                tuple(renderer.inline(text, module.path) for text in module.objectives),
            )
            for module in modules
        },
        activities=activities,
        terms=terms,
        resource_urls=renderer.urls,
        entries=(*course_entries(plain_texts(course.title), summary, objectives), *chain.from_iterable(named)),
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
    entries: tuple[Entry, ...]
    """What can be found of it."""


@lru_cache(maxsize=KEPT_LESSONS)
def _entries(kept: Kept | None, language: str, title: str, html: SafeHtml, written: tuple[str, ...]) -> tuple[Entry, ...]:
    made_from = language, title, html, written
    found = kept.entries(made_from) if kept is not None else None
    if found is None:
        found = tuple(lesson_entries(language, title, html, written))
        if kept is not None:
            kept.keep_entries(made_from, found)
    return found


def prepare_page(activity: ActivitySource, renderer: Renderer) -> tuple[tuple[PreparedPage, ...], Facts]:
    """Render a lesson in all its languages, its own first, so that translations take its addresses."""
    settings: PageSource = activity.settings
    pages: list[PreparedPage] = []
    original: Rendered | None = None
    written = [lesson.language for lesson in settings.lessons]
    for lesson in settings.lessons:
        rendered = renderer.lesson(lesson, original)
        original = original or rendered
        summary = renderer.inline({lesson.language: lesson.summary}, lesson.path).get(lesson.language, "")
        entries = _entries(renderer.kinds.kept, lesson.language, lesson.title, rendered.html, tuple(written))
        pages.append(PreparedPage(lesson.language, lesson.title, summary, rendered, settings.minutes or rendered.minutes, entries))
    return tuple(pages), Facts(minutes=pages[0].minutes)


def to_json(value: object) -> str:
    """Write a value that is never searched inside as JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
