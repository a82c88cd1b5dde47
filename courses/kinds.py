"""The contract between courses and the packages that bring kinds of activity: what they give, and what they get."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from courses.content.differences import PartDifference, SettingFact, Teller
from courses.content.kinds import ActivityKind, FolderPart
from courses.content.model import ActivitySource, CourseFolder, Finding, MediaFile, TermSource
from courses.content.render_cache import RenderedLessonCache
from courses.log import LogPart
from courses.models import Activity, Course, CourseVersion
from courses.rendering import Embedder, Html, Renderer
from courses.rules import Outline, OutlineActivity, OwnDates
from kernel.db import Hook, HookList
from kernel.markup.model import SafeHtml
from kernel.permissions import Actor
from kernel.search.index import SearchDocument


@dataclass(frozen=True, slots=True)
class ActivityDescription:
    """A kind's description of an activity besides its own rows: for the course's page and the course's grade."""

    minutes: int
    questions: int | None = None
    attempts: int | None = None
    category: str = ""
    weight: Fraction = Fraction(0)
    media: tuple[str, ...] = ()
    """Paths of the files that are its own: the film, its captions, its papers."""
    is_final: bool = False
    """Its author marks it as the final assessment of the course."""


@dataclass(frozen=True, slots=True)
class SubmittedWork:
    """The address of something that a learner submitted in an activity, its number among these, and when it was."""

    url: str
    number: int
    submitted_at: datetime


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
OpenWorkFinder = Callable[[Session, int], bool]
"""Tells whether something of an enrolment is in progress that its learner has still to submit; one statement at most."""
PersonalEnder = Callable[[Session, Actor, int, datetime], None]
"""Ends what was set for the learner of an enrolment alone, whose next take of the course begins without it."""
WorkFinder = Callable[[Session, int], Mapping[str, Sequence[SubmittedWork]]]
"""Finds what the learner of an enrolment submitted, by activity key, the first one first; one statement at most."""
QuestionNumbers = Callable[[Session, int, Collection[str]], Mapping[str, int]]
"""Tells, by key, the number of the newest published version of questions of a course (by its id); one statement at most."""
PassMarker = Callable[[Session, OutlineActivity], Fraction | None]
"""Says from which percent on an activity is passed."""
Comparer = Callable[[Session, int, CourseFolder], tuple[Finding, ...]]
"""Tells what the text of a course (by its id) does to what is published of it already."""
SiteCheck = Callable[[Session, int, CourseFolder], tuple[Finding, ...]]
"""Tells what a course (by its id) names and the site does not have."""


@dataclass(frozen=True, slots=True)
class LearnerCounts:
    """The number of people who follow a course, and of those who have completed it."""

    following: int = 0
    completed: int = 0

    @property
    def learning(self) -> int:
        """Count those who have not completed it."""
        return self.following - self.completed


@dataclass(frozen=True, slots=True)
class ExpectedTime:
    """The minutes that an activity is expected to take, and its former keys."""

    minutes: int
    former_keys: tuple[str, ...]


TimesMeasurer = Callable[[Session, int, Mapping[str, ExpectedTime]], tuple[Fraction, int] | None]
"""Measures the minutes that a course (by its id) took those who finished it, and how many they were; by the activities to be published."""

LEARNING_TIMES = Hook[TimesMeasurer | None]("learning_times", default=None)
"""Gives measured times of lessons."""


LearnersOf = Callable[[Session, int], LearnerCounts]
"""How whoever knows the learners of a course (by its id) counts them; the roof says who (`learners`)."""

LEARNERS = Hook[LearnersOf | None]("learners", default=None)
"""Gives the number of learners of a course."""


Indexer = Callable[[Session, int, CourseFolder | None], None]
"""Updates the rows that a package keeps of a course's draft (by the course's id) after it changed; the folder is the whole draft as it was
read just before, None where it was not."""
Finder = Callable[[Session, int], Iterable[tuple[int, SearchDocument]]]
"""Tells anew what can be found of a version's activities of a kind, each with its activity's id, from the rows that were written."""
OriginWriter = Callable[[Session, int, Mapping[str, bytes]], Mapping[str, bytes]]
"""Returns the files of a draft (of a course, by its id) in which what can be copied says where it comes from; new signs are kept."""
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


def leaves_nothing_open(_session: Session, _enrolment_id: int) -> bool:
    """Leave nothing in progress, for kinds of which everything is submitted at once."""
    return False


def sets_nothing_personal(_session: Session, _actor: Actor, _enrolment_id: int, _now: datetime) -> None:
    """End nothing, for kinds of which nothing is set for one learner."""


def finds_no_work(_session: Session, _enrolment_id: int) -> Mapping[str, Sequence[SubmittedWork]]:
    """Find nothing submitted, for kinds of which nothing is looked at again."""
    return {}


def asks_no_questions(_session: Session, _course_id: int, _keys: Collection[str]) -> Mapping[str, int]:
    """Know no questions, for kinds without."""
    return {}


def asks_no_pass(_session: Session, _activity: OutlineActivity) -> None:
    """Let every mark do."""


def describe_nothing(_activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Return no facts, for kinds without settings of their own."""
    return ()


def counts_in_the_course(_session: Session, _activity: OutlineActivity) -> bool:
    """Return False, for kinds whose results count in their course alone."""
    return False


@dataclass(frozen=True, slots=True)
class ActivityPublisher:
    """The publisher of an activity kind: `prepare` renders (slow, no database), `freeze` writes rows (fast).

    `rename` follows an activity's new key when a learner moves to the version that renamed it; `withholds` returns whose marks
    wait for a later moment, `pass_mark` from which percent on an activity is passed; `entries` returns what `freeze` has made searchable,
    for rebuilding the search index; `tell` describes in words what the kind adds, for differences; `dates` are those that were set for a
    learner; `ungraded` names what waits for a grader; `question_numbers` says which version of a question is the newest;
    `counts_elsewhere` says whether results count outside the course, so that no team sets one by hand;
    `has_open_work` and `end_personal` are asked before a learner takes the course again, `submitted` finds what an earlier take left.
    """

    kind: ActivityKind
    prepare: Callable[[ActivitySource, Renderer], tuple[Any, ActivityDescription]]
    freeze: Freezer
    rename: Renamer = keeps_nothing
    withholds: Withholder = withholds_nothing
    entries: Finder = finds_nothing
    tell: Teller = describe_nothing
    dates: DatesFinder = sets_no_dates
    pass_mark: PassMarker = asks_no_pass
    ungraded: UngradedFinder = waits_for_no_grader
    question_numbers: QuestionNumbers = asks_no_questions
    counts_elsewhere: Callable[[Session, OutlineActivity], bool] = counts_in_the_course
    has_open_work: OpenWorkFinder = leaves_nothing_open
    end_personal: PersonalEnder = sets_nothing_personal
    submitted: WorkFinder = finds_no_work


def embed_nothing(_course: CourseFolder, _key: str, _renderer: Renderer, _language: str) -> SafeHtml | None:
    """Know no question that a lesson could embed, where no package has questions."""
    return None


RegradeList = Callable[[Session, int, datetime], Collection[tuple[str, str | None]]]
"""Gives what was regraded in a course since a moment: keys of quiz and question, None for every question of the quiz."""


@dataclass(frozen=True, slots=True)
class CourseKinds:
    """The kinds of activity and parts of a folder that a package brings (`COURSE_PARTS`), or all that this installation knows."""

    publishers: tuple[ActivityPublisher, ...] = ()
    parts: tuple[FolderPart, ...] = ()
    embed_question: Embedder = embed_nothing
    comparers: tuple[Comparer, ...] = ()
    site_checks: tuple[SiteCheck, ...] = ()
    """What packages above look up for a course in the site, each time."""
    certificate_templates: Callable[[Session, int | None], Sequence[tuple[str, Mapping[str, str]]]] | None = None
    """The templates of certificates that an institution made, the first one where none is named: key and titles."""
    indexers: tuple[Indexer, ...] = ()
    part_comparers: tuple[PartComparer, ...] = ()
    regrade_lists: tuple[RegradeList, ...] = ()
    logs: tuple[LogPart, ...] = ()
    """What packages above add to the log of a course."""
    origin_writers: tuple[OriginWriter, ...] = ()
    question_lists: tuple[Callable[[Session, int, int], Sequence[tuple[str, str]]], ...] = ()
    """The first questions of a course's draft that a lesson may show, so many at most: key and title."""
    lesson_cache: RenderedLessonCache | None = None
    """Rendered lessons that outlive the process."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """The names of the site's topics by their keys; without any, every topic is known."""

    def __add__(self, other: "CourseKinds") -> "CourseKinds":
        """Return both as one: all that several may bring, and of what there is one that of whoever brings it."""
        several = {item.name for item in fields(self) if isinstance(getattr(self, item.name), tuple)}
        return replace(
            self,
            **{name: getattr(self, name) + getattr(other, name) for name in several},
            embed_question=self.embed_question if other.embed_question is embed_nothing else other.embed_question,
            certificate_templates=other.certificate_templates or self.certificate_templates,
        )

    @property
    def tellers(self) -> Mapping[str, Teller]:
        """Return the function of each kind that describes an activity's settings."""
        return {publisher.kind.name: publisher.tell for publisher in self.publishers}

    @property
    def kinds(self) -> tuple[ActivityKind, ...]:
        """Return the kinds for the reader."""
        return tuple(publisher.kind for publisher in self.publishers)

    def renderer(self, course: CourseFolder) -> Renderer:
        """Return the renderer of a course's texts."""
        return Renderer(course, self.kinds, self.embed_question, self.lesson_cache)

    def write_origins(self, session: Session, course_id: int, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Return the files of a draft that goes out, in which questions say where they come from."""
        for write in self.origin_writers:
            files = write(session, course_id, files)
        return files

    def publisher(self, kind: str) -> ActivityPublisher:
        """Return how a kind is published."""
        return next(publisher for publisher in self.publishers if publisher.kind.name == kind)


COURSE_PARTS = HookList[CourseKinds]("course_parts")
"""Gives what a package brings to courses."""
COURSE_KINDS = Hook[CourseKinds]("kinds")
"""Gives the kinds of activities and parts of courses, those of all packages as one."""


@dataclass(frozen=True, slots=True)
class PreparedActivity:
    """An activity rendered."""

    source: ActivitySource
    title: Html
    summary: Html
    description: ActivityDescription
    payload: Any
    media: frozenset[str]
    """Paths of the files that it uses."""


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
    terms: tuple[tuple[TermSource, Html], ...]
    """Each with its definition rendered."""
    resource_urls: Mapping[str, str]
    search_documents: tuple[SearchDocument, ...]
    """What can be found of the course itself and its terms."""
    written_words: Mapping[str, Mapping[str, int]]
    """By module key, '' for what belongs to the whole course: the number of words that are written in each language."""
    card_picture: bytes = b""
    """The course's picture as cards show it, empty where it has none that they can show."""

    @property
    def minutes(self) -> int:
        """Return the sum of the minutes of its activities."""
        return sum(activity.description.minutes for activity in self.activities.values())

    def users_of(self, path: str) -> tuple[str, ...]:
        """Return the keys of the activities that use a file; none for what belongs to the whole course, as its documents do."""
        if any(resource.path == path for resource in self.course.resources):
            return ()
        return tuple(key for key, activity in self.activities.items() if path in activity.media)


@dataclass(frozen=True, slots=True)
class Publication:
    """The publication in progress, as freezers need it: the course and version being written, and its media by path."""

    course: Course
    version: CourseVersion
    prepared: PreparedCourse
    media: Mapping[str, MediaFile]
