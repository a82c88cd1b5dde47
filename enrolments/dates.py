"""Reads the dates of learners from the sources of all packages (the hook `DATES`), and writes the notifications before them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from accounts.notices import Message
from accounts.rules import MORNING, NIGHT_FROM, NoticeKind
from courses import versions
from courses.kinds import COURSE_KINDS, waits_for_no_grader
from courses.models import Course
from courses.rules import Outline, OutlineActivity, OutlineModule, Texts, activity_url
from enrolments.learners import results_of_many, with_personal_dates
from enrolments.models import Completion, Edition, EditionPlace, Enrolment, PersonalReminder
from enrolments.muting import source_of
from enrolments.notices import DEADLINE_NOTICE, OPENING_NOTICE, REMINDER_NOTICE
from enrolments.rules import NO_RESULT, LearnerResult, Results, completed_keys
from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.compiled_statements import compile_once
from kernel.db import HookList, UtcDateTime, connection_of
from kernel.i18n import DEFAULT_LANGUAGE, LANGUAGES, choose, reading


def list_ungraded(session: Session, outlines: Mapping[int, Outline], results: Mapping[int, Results]) -> dict[int, frozenset[str]]:
    """Return learners' submissions that wait to be graded, by enrolment; no statement where nothing can wait."""
    enrolment_ids = [number for number, outline in outlines.items() if any(_may_wait(outline, *entry) for entry in results[number].items())]
    waiting: dict[int, frozenset[str]] = {}
    for publisher in COURSE_KINDS.of(session).publishers:
        if enrolment_ids and publisher.ungraded is not waits_for_no_grader:
            for number, keys in publisher.ungraded(session, enrolment_ids).items():
                waiting[number] = waiting.get(number, frozenset()) | keys
    return waiting


def _may_wait(outline: Outline, key: str, result: LearnerResult) -> bool:
    activity = outline.by_key.get(key)
    return activity is not None and activity.gives_marks and result.viewed and result.score is None


class DateKind(StrEnum):
    """The kind of a dated item: the event at its moment."""

    ATTEMPT_OPEN = "attempt_open"
    """An attempt without an end is in progress; the moment is when it was begun."""
    ATTEMPT_ENDS = "attempt_ends"
    """The time of an attempt in progress ends; in a grace period that is past."""
    EDITION_BEGINS = "edition_begins"
    EDITION_ENDS = "edition_ends"
    MODULE_OPENS = "module_opens"
    MODULE_CLOSES = "module_closes"
    ACTIVITY_OPENS = "activity_opens"
    ACTIVITY_CLOSES = "activity_closes"
    CONDITION_OPENS = "condition_opens"
    """A condition of time is met: the pause between two attempts is over."""
    OBLIGATION_ENDS = "obligation_ends"
    """The last day of compulsory training: its deadline, or until when what was done is valid."""
    REMINDER = "reminder"
    """A reminder of one's own."""


RUNNING_OUT = frozenset(
    {DateKind.ATTEMPT_ENDS, DateKind.EDITION_ENDS, DateKind.MODULE_CLOSES, DateKind.ACTIVITY_CLOSES, DateKind.OBLIGATION_ENDS}
)
"""Kinds after whose moment something can be done no more."""


@dataclass(frozen=True, slots=True)
class DatedItem:
    """Something of one person that happens at a moment; its texts are read in the language of whoever reads now."""

    key: str
    """The same over time and in each language; unique among the items of a person."""
    kind: DateKind
    at: datetime
    person_id: int
    path: str
    """The address of its page on this site."""
    texts: Texts
    """Its title by language."""
    course_id: int | None = None
    """None: it belongs to no course."""
    slug: str = ""
    course_texts: Texts = field(default_factory=dict)
    zone: str = ""
    """The time zone of its course, or of its days."""
    activity_kind: str = ""
    activity_key: str = ""
    """Empty where it is not of one activity."""
    done: bool = False
    """The person has nothing left to do about it."""
    covers: frozenset[str] = frozenset()
    """The courses that it is about, by their slugs, where it belongs to none of them alone."""
    lowest_versions: Mapping[str, int] = field(default_factory=dict)
    """Of these, by their slugs, the lowest version that counts for it, where not every one does."""
    caution: str = ""
    """On the page of a course, that the person cannot finish it by then, in the reader's language."""

    def is_of(self, slug: str) -> bool:
        """Return whether it concerns a course: it is of it, covers it, or is of no course at all."""
        return slug in self.covers if self.covers else self.slug in ("", slug)

    @property
    def title(self) -> str:
        """Return its title in the reader's language."""
        return choose(self.texts)

    def by_calendar(self, zone: tzinfo) -> datetime:
        """Return the moment as calendars of a zone show it: what closes with the end of a day is over in the last minute of that day."""
        here = self.at.astimezone(zone)
        eve = (self.at - timedelta(minutes=1)).astimezone(zone)  # of the day before also where no clock shows midnight
        begins = here.time() == time() or (eve.date() < here.date() and eve.utcoffset() != here.utcoffset())
        return eve if self.kind in RUNNING_OUT and begins else here

    @property
    def course_title(self) -> str:
        """Return the title of its course in the reader's language."""
        return choose(self.course_texts)


@dataclass(frozen=True, slots=True)
class DatedEnrolment:
    """An enrolment with all that its dates follow from."""

    enrolment_id: int
    person_id: int
    outline: Outline
    """With the dates that hold for this learner (`enrolments.learners.with_personal_dates`)."""
    results: Results
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """Of the edition in which it is taken."""
    archived: bool = False
    completed: bool = False
    ungraded: frozenset[str] = frozenset()
    """Activities of which something is handed in that waits to be graded."""

    def opening(self, activity: OutlineActivity) -> datetime | None:
        """Return when an activity opens for the learner, what it requires aside; None where no date says so."""
        if activity.opens_by_itself:
            return activity.opens_at
        return _latest(activity.opens_at, self.outline.module_by_key[activity.module].opens_at, self.starts_at)

    def closing(self, activity: OutlineActivity) -> datetime | None:
        """Return until when an activity can be done: what gives marks closes with the edition at the latest, all else is only asked for.

        What was set for the learner alone holds beyond the edition.
        """
        bounded = activity.gives_marks and not activity.closes_by_itself
        return _earliest(activity.closes_at, self.ends_at) if bounded else activity.closes_at

    def is_done(self, activity: OutlineActivity) -> bool:
        """Return whether the learner has nothing left to do in an activity: it is completed, used up, or waits to be graded."""
        result = self.results.get(activity.key, NO_RESULT)
        return result.completed or result.exhausted or activity.key in self.ungraded

    def list_tried(self, kind: str) -> list[OutlineActivity]:
        """List the activities of a kind of which something was handed in and that can be tried again."""
        tried = (activity for activity in self.outline.activities() if activity.kind == kind and activity.key in self.results)
        return [] if self.archived else [activity for activity in tried if not self.is_done(activity)]

    def item(self, key: str, kind: DateKind, at: datetime, texts: Texts, *, done: bool, path: str = "") -> DatedItem:
        """Return a dated item of the course as a whole, or of a part that has no page of its own."""
        outline = self.outline
        return DatedItem(
            key=key,
            kind=kind,
            at=at,
            person_id=self.person_id,
            path=path or f"/courses/{outline.slug}",
            texts=texts,
            course_id=outline.course_id,
            slug=outline.slug,
            course_texts=outline.title,
            zone=outline.zone,
            done=done,
        )

    def _path(self, activity: OutlineActivity) -> str:
        """Return the page of an activity, or its place in the course as long as it cannot be read because something comes first."""
        outline, module = self.outline, self.outline.module_by_key[activity.module]
        required = {*module.requires, *activity.requires}
        if activity.gives_marks or required <= completed_keys(outline, self.results):
            return activity_url(outline.slug, activity.kind, activity.key)
        return f"/courses/{outline.slug}#way"

    def activity_item(self, activity: OutlineActivity, event: str, kind: DateKind, at: datetime, *, path: str = "") -> DatedItem:
        """Return a dated item of an activity."""
        outline = self.outline
        return DatedItem(
            key=f"{activity.kind}:{outline.slug}:{activity.key}:{event}",
            kind=kind,
            at=at,
            person_id=self.person_id,
            path=path or self._path(activity),
            texts=activity.title,
            course_id=outline.course_id,
            slug=outline.slug,
            course_texts=outline.title,
            zone=outline.zone,
            activity_kind=activity.kind,
            activity_key=activity.key,
            done=self.is_done(activity),
        )


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class DateRequest:
    """A request for the dates of people between two moments; a source may tell others too, which are left out afterwards."""

    enrolments: Sequence[DatedEnrolment]
    """Those that are going on, of all these people."""
    person_ids: Sequence[int]
    now: datetime
    since: datetime | None = None
    until: datetime | None = None
    """From the first moment on, before the second; None: without that limit."""
    slug: str = ""
    """The course on the page of which they are shown; empty elsewhere."""


DateSource = Callable[[Session, DateRequest], Iterable[DatedItem]]
"""Tells dated items of all people of a request, in a number of statements that does not grow with them."""

DATES = HookList[DateSource]("dates")
"""Gives the sources of dates."""


def list_dates(
    session: Session,
    person_ids: Sequence[int],
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[DatedItem]:
    """List the dated items of these people, the earliest first; jobs ask for some hundreds of people at a time."""
    requested = DateRequest(list_dated_enrolments(session, person_ids), person_ids, now, since, until)
    return collect_dates(session, requested)[:limit]


def collect_dates(session: Session, requested: DateRequest, sources: Iterable[DateSource] | None = None) -> list[DatedItem]:
    """Ask all sources, or these, and put what they tell in order, the earliest first."""
    chosen_sources = DATES.of(session) if sources is None else sources
    items = [
        item
        for source in chosen_sources
        for item in source(session, requested)
        if (requested.since is None or item.at >= requested.since) and (requested.until is None or item.at < requested.until)
    ]
    return sorted(items, key=lambda item: (item.at, item.person_id, item.key))


def list_dated_enrolments(session: Session, person_ids: Sequence[int]) -> list[DatedEnrolment]:
    """List the enrolments of these people that are going on, with all that their dates follow from, in five statements."""
    statement = (
        select(
            Enrolment.id,
            Enrolment.person_id,
            Enrolment.course_version_id,
            Course.archived_at,
            Edition.starts_at,
            Edition.ends_at,
            Completion.completed_at,
        )
        .join(Course, Course.id == Enrolment.course_id)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id.in_(person_ids), Enrolment.left_at.is_(None))
        .order_by(Enrolment.id)
    )
    rows = session.execute(statement).all()
    if not rows:
        return []
    results = results_of_many(session, [row.id for row in rows])
    followed = versions.list_outlines(session, [row.course_version_id for row in rows])
    outlines = with_personal_dates(session, {row.id: followed[row.course_version_id] for row in rows})
    waiting = list_ungraded(session, outlines, results)
    return [
        DatedEnrolment(
            enrolment_id=row.id,
            person_id=row.person_id,
            outline=outlines[row.id],
            results=results[row.id],
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            archived=row.archived_at is not None,
            completed=row.completed_at is not None,
            ungraded=waiting.get(row.id, frozenset()),
        )
        for row in rows
    ]


def course_dates(_session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell when editions begin and end, and when modules open and close."""
    for enrolment in requested.enrolments:
        if not enrolment.archived:
            yield from _edition_dates(enrolment)
            for module in enrolment.outline.modules:
                yield from _module_dates(enrolment, module)


def _edition_dates(enrolment: DatedEnrolment) -> Iterator[DatedItem]:
    slug, title = enrolment.outline.slug, enrolment.outline.title
    if enrolment.starts_at is not None:
        begun = bool(enrolment.results) or enrolment.completed
        yield enrolment.item(f"edition:{slug}:begins", DateKind.EDITION_BEGINS, enrolment.starts_at, title, done=begun)
    if enrolment.ends_at is not None:
        yield enrolment.item(f"edition:{slug}:ends", DateKind.EDITION_ENDS, enrolment.ends_at, title, done=enrolment.completed)


def _module_dates(enrolment: DatedEnrolment, module: OutlineModule) -> Iterator[DatedItem]:
    """Tell of a module what its activities do not tell: those with marks have its closing date as their own."""
    name, done = f"module:{enrolment.outline.slug}:{module.key}", module.key in completed_keys(enrolment.outline, enrolment.results)
    path = f"/courses/{enrolment.outline.slug}#way"
    opens = _latest(module.opens_at, enrolment.starts_at)
    if module.opens_at is not None and opens is not None and opens != enrolment.starts_at:
        yield enrolment.item(f"{name}:opens", DateKind.MODULE_OPENS, opens, module.title, done=done, path=path)
    ends = {activity.closes_at for activity in module.activities}
    if module.closes_at is not None and module.closes_at not in ends and _ends_before(enrolment, module.closes_at):
        yield enrolment.item(f"{name}:closes", DateKind.MODULE_CLOSES, module.closes_at, module.title, done=done, path=path)


def _ends_before(enrolment: DatedEnrolment, moment: datetime) -> bool:
    """Return whether something closes before the whole edition does."""
    return enrolment.ends_at is None or moment < enrolment.ends_at


_ALWAYS = (datetime.combine(FIRST_DAY, time.min, UTC), datetime.combine(LAST_DAY, time.max, UTC))
_REMINDERS = compile_once(
    select(
        PersonalReminder.uuid,
        PersonalReminder.person_id,
        PersonalReminder.course_id,
        PersonalReminder.at,
        PersonalReminder.words,
        Course.slug,
        Course.title,
    )
    .outerjoin(Course, Course.id == PersonalReminder.course_id)
    .where(PersonalReminder.person_id.in_(bindparam("people", expanding=True)))
    .where(PersonalReminder.at >= bindparam("since", type_=UtcDateTime()), PersonalReminder.at < bindparam("until", type_=UtcDateTime()))
    .order_by(PersonalReminder.at, PersonalReminder.id)
)


def reminder_dates(session: Session, requested: DateRequest) -> Iterator[DatedItem]:
    """Tell the reminders that people wrote for themselves."""
    span = {"since": requested.since or _ALWAYS[0], "until": requested.until or _ALWAYS[1]}
    for row in connection_of(session).execute(_REMINDERS, {"people": requested.person_ids, **span}):
        yield DatedItem(
            key=f"reminder:{row.uuid}",
            kind=DateKind.REMINDER,
            at=row.at,
            person_id=row.person_id,
            path=f"/calendar/reminders/{row.uuid}",
            texts={DEFAULT_LANGUAGE: row.words},
            course_id=row.course_id,
            slug=row.slug or "",
            course_texts=row.title or {},
        )


def dates_of_kind(kind: str) -> DateSource:
    """Return a source that tells when activities of a kind open and close, each for its learner."""

    def dates(_session: Session, requested: DateRequest) -> Iterator[DatedItem]:
        for enrolment in requested.enrolments:
            yield from activity_dates(enrolment, kind)

    return dates


def activity_dates(enrolment: DatedEnrolment, kind: str) -> Iterator[DatedItem]:
    """Tell when the activities of a kind open and close for a learner, as far as that is not told of the module or the edition."""
    for activity in () if enrolment.archived else enrolment.outline.activities():
        if activity.kind == kind:
            yield from _dates_of_activity(enrolment, activity)


def _dates_of_activity(enrolment: DatedEnrolment, activity: OutlineActivity) -> Iterator[DatedItem]:
    opens, module = enrolment.opening(activity), enrolment.outline.module_by_key[activity.module]
    if opens is not None and (activity.opens_by_itself or opens not in (module.opens_at, enrolment.starts_at)):
        yield enrolment.activity_item(activity, "opens", DateKind.ACTIVITY_OPENS, opens)
    if activity.closes_at is not None and _ends_before(enrolment, activity.closes_at):
        yield enrolment.activity_item(activity, "closes", DateKind.ACTIVITY_CLOSES, activity.closes_at)


def next_end(enrolment: DatedEnrolment, activity: OutlineActivity, *, now: datetime) -> DatedItem | None:
    """Return the first end of an activity, its module and the edition, of what is still to be done; no statement."""
    if enrolment.archived:
        return None
    module = enrolment.outline.module_by_key[activity.module]
    dates = (*_dates_of_activity(enrolment, activity), *_module_dates(enrolment, module), *_edition_dates(enrolment))
    ahead = (item for item in dates if item.kind in RUNNING_OUT and item.at > now and not item.done)
    return min(ahead, key=lambda item: item.at, default=None)


STEPS = (7, 3, 1)
"""Days before, counted by the reader's calendar."""
OWN_STEPS = (*STEPS, 0)
"""Of reminders that people wrote for themselves: on the day itself too."""
PORTION = 200
"""People who are reminded in one transaction."""
AHEAD = timedelta(days=max(STEPS) + 1)

Writer = Callable[[DatedItem, int], tuple[str, str]]
"""Gives the subject and the words of an item so many days before, for the reader of the moment."""
Covered = Callable[[Session, Sequence[int]], Collection[tuple[int, int]]]
"""Tells, of some people, the pairs of person and course of whose end something else reminds them: they get no second reminder here."""

COVERED_DATES = HookList[Covered]("covered_dates")
"""Gives the courses of people that have reminders of their own."""


LEFT_OUT = frozenset({DateKind.ATTEMPT_OPEN, DateKind.OBLIGATION_ENDS})
"""Kinds that have no reminders here: obligations have their own steps (spec/compulsory 10.1)."""
OF_WHOLE_COURSE = frozenset({DateKind.EDITION_BEGINS, DateKind.EDITION_ENDS})


def is_time(now: datetime, zone: ZoneInfo) -> bool:
    """Return whether people of a zone may be reminded now: from eight in the morning until their night."""
    return MORNING <= now.astimezone(zone).hour < NIGHT_FROM


def kind_of_notice(kind: DateKind) -> NoticeKind:
    """Return by which of a person's preferences a date is told."""
    if kind is DateKind.REMINDER:
        return REMINDER_NOTICE
    return DEADLINE_NOTICE if kind in RUNNING_OUT else OPENING_NOTICE


def days_before(item: DatedItem, zone: ZoneInfo, now: datetime) -> int | None:
    """Return how many days before its day an item is told now; nothing where it is not told today, or has passed."""
    days = (item.by_calendar(zone).date() - now.astimezone(zone).date()).days
    steps = OWN_STEPS if item.kind is DateKind.REMINDER else STEPS
    return days if days in steps and item.at > now else None


def due_notices(
    session: Session, people: Sequence[int], zone: ZoneInfo, write: Writer, *, now: datetime
) -> list[tuple[Message, list[int]]]:
    """Return the messages due today to these people of a zone, each with those whom it is for.

    Of what is done they are told nothing, nor of what something else reminds them of.
    """
    covered = {pair for covers in COVERED_DATES.of(session) for pair in covers(session, people)}
    due: dict[str, list[DatedItem]] = {}
    for item in list_dates(session, people, now=now, since=now, until=now + AHEAD):
        days = days_before(item, zone, now)
        if days is None or item.done or item.kind in LEFT_OUT:
            continue
        if item.kind in OF_WHOLE_COURSE and (item.person_id, item.course_id) in covered:
            continue
        due.setdefault(_key(item, days), []).append(item)
    return [
        (_message(key, items[0], zone, days_before(items[0], zone, now) or 0, write), [item.person_id for item in items])
        for key, items in due.items()
    ]


def _key(item: DatedItem, days: int) -> str:
    """Name the event of a notice: an item that moves is told anew, and people whose item differs in anything get their own."""
    parts = (item.key, item.at.isoformat(), item.path, *sorted(item.texts.items()))
    return f"date:{sha256(repr(parts).encode()).hexdigest()[:40]}:{days}"


def _message(key: str, item: DatedItem, zone: ZoneInfo, days: int, write: Writer) -> Message:
    subject, texts = dict[str, str](), dict[str, str]()
    for language in LANGUAGES:
        with reading(language, zone):
            subject[language], texts[language] = write(item, days)
    source = "" if item.course_id is None or item.kind is DateKind.REMINDER else source_of(item.course_id)
    return Message(kind_of_notice(item.kind), key, subject, texts, item.path, mail_until=item.at, source=source)
