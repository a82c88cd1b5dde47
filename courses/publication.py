"""A course folder made ready to be published: everything parsed, rendered and cleaned, before any transaction begins."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Any, cast

from sqlalchemy.orm import Session

from courses.content.differences import PartDifference
from courses.content.facts import SettingFact, Teller
from courses.content.model import (
    ActivitySource,
    CourseFolder,
    Finding,
    FolderReadResult,
    LessonSettings,
    MediaFile,
    Severity,
    SourceState,
    TermSource,
)
from courses.content.reader import read_folder
from courses.content.render_cache import RenderedLessonCache
from courses.content.search_texts import course_entries, lesson_entries, resource_entries, term_entries
from courses.kinds import ActivityKind, FolderPart
from courses.models import Activity, Course, CourseVersion
from courses.queries import drafts as course_drafts
from courses.queries.team import LogPart
from courses.rendering import KEPT_LESSONS, Html, Renderer, forget_lessons, plain_texts
from courses.rules import Outline, OutlineActivity, OwnDates
from kernel.errors import Unavailable
from kernel.markup.model import RenderedText, SafeHtml
from kernel.search.index import SearchDocument

Embedder = Callable[[CourseFolder, str, "Renderer", str], SafeHtml | None]
MINUTES_OF_A_QUESTION = Fraction(3, 2)


NO_TEMPLATE = "C902"
"""The code that refuses publishing on a site, and warns where a folder is looked at alone."""


@dataclass(frozen=True, slots=True)
class ActivityDescription:
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
Renamer = Callable[[Session, int, Mapping[str, str], datetime], None]
"""Moves what a kind has recorded of an enrolment from earlier activity keys to the present ones; several may have become one."""
Withholder = Callable[[Session, int, Sequence[OutlineActivity], datetime], frozenset[str]]
"""Tells the keys of those activities whose marks are not to be shown to their learner (by the enrolment) yet; one statement at most."""
DatesFinder = Callable[[Session, Mapping[int, Outline]], Mapping[int, Mapping[str, OwnDates]]]
"""Tells, by enrolment and the outline that it follows, the dates that were set for a learner, by activity key; one statement at most."""
UngradedFinder = Callable[[Session, Sequence[int]], Mapping[int, frozenset[str]]]
"""Tells, by enrolment, the keys of activities of which something is handed in that waits to be graded; one statement at most."""
PassMarker = Callable[[Session, OutlineActivity], Fraction | None]
"""Says from which percent on an activity is passed."""
Comparer = Callable[[Session, int, CourseFolder], tuple[Finding, ...]]
"""Tells what the text of a course (by its id) does to what is published of it already."""


@dataclass(frozen=True, slots=True)
class LearnerCounts:
    """How many people follow a course, and how many of them have completed it."""

    following: int = 0
    completed: int = 0

    @property
    def learning(self) -> int:
        """Count those who have not completed it."""
        return self.following - self.completed


LearnersOf = Callable[[Session, int], LearnerCounts]
"""How whoever knows the learners of a course (by its id) counts them; the roof says who (`learners`)."""

Indexer = Callable[[Session, int], None]
"""Makes the rows anew that a package keeps of a course's working copy (by the course's id), after the copy changed."""
Finder = Callable[[Session, int], Iterable[tuple[int, SearchDocument]]]
"""Tells anew what can be found of a version's activities of a kind, each with its activity's id, from the rows that were written."""
PartComparer = Callable[[Session, int, CourseFolder, CourseFolder], Iterable[PartDifference]]
"""Tells what differs between two folders of a course (by its id) of what another package reads from them: the questions."""


def keeps_nothing(_session: Session, _enrolment_id: int, _renames: Mapping[str, str], _now: datetime) -> None:
    """Rename nothing, for kinds that record nothing of learners."""


def finds_nothing(_session: Session, _version_id: int) -> tuple[tuple[int, SearchDocument], ...]:
    """Let nothing be found, for kinds without texts of their own."""
    return ()


def withholds_nothing(_session: Session, _enrolment_id: int, _activities: Sequence[OutlineActivity], _now: datetime) -> frozenset[str]:
    """Show marks as soon as there are any."""
    return frozenset()


def sets_no_dates(_session: Session, _outlines: Mapping[int, Outline]) -> Mapping[int, Mapping[str, OwnDates]]:
    """Leave the dates of everybody as published."""
    return {}


def waits_for_no_grader(_session: Session, _enrolments: Sequence[int]) -> Mapping[int, frozenset[str]]:
    """Let nothing wait, for kinds that the program marks at once."""
    return {}


def asks_no_pass(_session: Session, _activity: OutlineActivity) -> None:
    """Let every mark do."""


def describe_nothing(_activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Tell nothing, for kinds without settings of their own."""
    return ()


@dataclass(frozen=True, slots=True)
class ActivityPublisher:
    """How a kind of activity is published: `prepare` renders (slow, no database), `freeze` writes rows (fast).

    `rename` follows an activity's new key when a learner moves to the version that renamed it; `withholds` says whose marks
    wait for a later moment, `pass_mark` from which percent on an activity is passed; `entries` tells what `freeze` has made findable,
    for making the search's index anew; `tell` says in words what the kind adds, for differences; `dates` are those that were set for a
    learner; `ungraded` names what waits for a grader.
    """

    kind: ActivityKind
    prepare: Callable[[ActivitySource, "Renderer"], tuple[Any, ActivityDescription]]
    freeze: Freezer
    rename: Renamer = keeps_nothing
    withholds: Withholder = withholds_nothing
    entries: Finder = finds_nothing
    tell: Teller = describe_nothing
    dates: DatesFinder = sets_no_dates
    pass_mark: PassMarker = asks_no_pass
    ungraded: UngradedFinder = waits_for_no_grader


@dataclass(frozen=True, slots=True)
class CourseKinds:
    """All kinds of activity and parts of a folder that this installation knows."""

    publishers: tuple[ActivityPublisher, ...]
    parts: tuple[FolderPart, ...]
    embed_question: Embedder
    comparers: tuple[Comparer, ...] = ()
    indexers: tuple[Indexer, ...] = ()
    part_comparers: tuple[PartComparer, ...] = ()
    logs: tuple[LogPart, ...] = ()
    """What packages above add to the log of a course."""
    kept: RenderedLessonCache | None = None
    """Rendered lessons that outlive the process."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """The names of the site's topics by their keys; without any, every topic is known."""

    @property
    def tellers(self) -> Mapping[str, Teller]:
        """Return how each kind tells an activity's settings."""
        return {publisher.kind.name: publisher.tell for publisher in self.publishers}

    @property
    def kinds(self) -> tuple[ActivityKind, ...]:
        """Return the kinds for the reader."""
        return tuple(publisher.kind for publisher in self.publishers)

    def publisher(self, kind: str) -> ActivityPublisher:
        """Return how a kind is published."""
        return next(publisher for publisher in self.publishers if publisher.kind.name == kind)


@dataclass(frozen=True, slots=True)
class PreparedActivity:
    """An activity rendered."""

    source: ActivitySource
    title: Html
    summary: Html
    facts: ActivityDescription
    payload: Any
    media: frozenset[str]
    """Paths of the files that it uses."""


@dataclass(frozen=True, slots=True)
class PreparedTerm:
    """A term rendered."""

    term: TermSource
    definition: Html


@dataclass(frozen=True, slots=True)
class PreparedCourse:
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
    entries: tuple[SearchDocument, ...]
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
    prepared: PreparedCourse
    media: Mapping[str, MediaFile]


@dataclass(frozen=True, slots=True)
class CheckedCourse:
    """What checking a folder gave; `prepared` is None where something refuses publishing."""

    findings: tuple[Finding, ...]
    course: CourseFolder | None
    prepared: PreparedCourse | None = None
    folder: CourseFolder | None = None
    """What was read, also where something refuses publishing; None where something refuses import."""


def check(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date) -> CheckedCourse:
    """Read and check a folder without rendering it, as a course of this site: a certificate that it does not know refuses publishing."""
    read = read_folder(files, kinds.kinds, kinds.parts, today=today, site_topics=tuple(kinds.topics))
    findings = tuple(replace(one, severity=Severity.ERROR) if one.code == NO_TEMPLATE else one for one in read.findings)
    reading = FolderReadResult(read.course, findings)
    return CheckedCourse(findings, None if reading.errors else reading.course, folder=reading.course)


def prepare(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date) -> CheckedCourse:
    """Read, check and render a folder.

    Raises Unavailable where a text that the check had read could not be rendered in its time: it is never published empty.
    """
    checked = check(files, kinds, today=today)
    if checked.course is None:
        return checked
    return CheckedCourse(checked.findings, checked.course, _prepare(checked.course, digest_of(files), kinds), checked.folder)


def count_learners(session: Session, course_id: int) -> LearnerCounts:
    """Count the learners of a course."""
    known = cast("LearnersOf | None", session.info.get("learners"))
    return known(session, course_id) if known is not None else LearnerCounts()


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents."""
    return course_drafts.digest_of_checksums({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})


def forget_rendered() -> None:
    """Forget the lessons that the process has rendered."""
    forget_lessons()
    _entries.cache_clear()


def _prepare(course: CourseFolder, digest: str, kinds: CourseKinds) -> PreparedCourse:
    renderer = Renderer(course, kinds)
    modules = [module for module in course.modules if module.state is SourceState.READY]
    ready = [activity for module in modules for activity in module.activities if activity.state is SourceState.READY]
    activities = {activity.key: _prepare_activity(activity, renderer, kinds) for activity in ready}
    summary, objectives = renderer.inline(course.summary), tuple(renderer.inline(text) for text in course.objectives)
    terms = tuple(PreparedTerm(term, renderer.inline(term.definition)) for term in course.terms)
    module_texts = {
        module.key: (renderer.inline(module.summary, module.path), tuple(renderer.inline(text, module.path) for text in module.objectives))
        for module in modules
    }
    if renderer.refused:
        raise Unavailable
    named = (term_entries(entry.term.key, plain_texts(entry.term.term), entry.term.also, entry.definition) for entry in terms)
    papers = (resource_entries(one.key, plain_texts(one.title), plain_texts(one.host)) for one in course.resources)
    return PreparedCourse(
        course=course,
        digest=digest,
        summary=summary,
        objectives=objectives,
        module_texts=module_texts,
        activities=activities,
        terms=terms,
        resource_urls=renderer.urls,
        entries=(*course_entries(plain_texts(course.title), summary, objectives), *chain.from_iterable(chain(named, papers))),
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
class PreparedLesson:
    """A lesson in one language, rendered."""

    language: str
    title: str
    summary: str
    rendered: RenderedText
    minutes: int
    entries: tuple[SearchDocument, ...]
    """What can be found of it."""


@lru_cache(maxsize=KEPT_LESSONS)
def _entries(
    kept: RenderedLessonCache | None, language: str, title: str, html: SafeHtml, written: tuple[str, ...]
) -> tuple[SearchDocument, ...]:
    made_from = language, title, html, written
    found = kept.entries(made_from) if kept is not None else None
    if found is None:
        found = tuple(lesson_entries(language, title, html, written))
        if kept is not None:
            kept.keep_entries(made_from, found)
    return found


def prepare_page(activity: ActivitySource, renderer: Renderer) -> tuple[tuple[PreparedLesson, ...], ActivityDescription]:
    """Render a lesson in all its languages, its own first, so that translations take its addresses."""
    settings: LessonSettings = activity.settings
    pages: list[PreparedLesson] = []
    original: RenderedText | None = None
    written = [lesson.language for lesson in settings.lessons]
    for lesson in settings.lessons:
        rendered = renderer.lesson(lesson, original)
        original = original or rendered
        summary = renderer.inline({lesson.language: lesson.summary}, lesson.path).get(lesson.language, "")
        entries = _entries(renderer.kinds.kept, lesson.language, lesson.title, rendered.html, tuple(written))
        pages.append(PreparedLesson(lesson.language, lesson.title, summary, rendered, settings.minutes or rendered.minutes, entries))
    return tuple(pages), ActivityDescription(minutes=pages[0].minutes)


def to_json(value: object) -> str:
    """Write a value that is never searched inside as JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
