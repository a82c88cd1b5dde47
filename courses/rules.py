"""Pure rules of courses: hours, outlines, what is open in them, and the addresses of their parts."""

from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from kernel.durations import Duration, RenewalBasis, ValidityTerms, is_shorter, printed_minutes

LEAST_MEASURED = 30
"""How many people must have finished before the measured hours count."""
LEAST_MEASURED_SHARE = Fraction(1, 2)
"""Which share of the computed minutes a measured median has at least."""
LEAST_SHARE, MOST_SHARE = Fraction(4, 5), Fraction(5, 4)
"""Between which shares of the computed hours a course may write others without naming their basis."""
_STORED_PRECISION = Fraction(1, 200)
"""Stored hours have two decimals."""


class HoursBasis(StrEnum):
    """The origin of a course's hours: estimated from its parts, measured with its learners, or stated in its file."""

    ESTIMATED = "estimated"
    MEASURED = "measured"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class CourseHours:
    """The hours of a version of a course with their basis: `people` were measured, `text` is the basis that the file names.

    Of estimated ones, `required` minutes are asked for, where other work is optional; 0 where none is.
    """

    number: Fraction
    basis: HoursBasis
    people: int = 0
    text: str = ""
    required: int = 0

    @property
    def stored_basis(self) -> str:
        """Return the basis as versions and certificates store it.

        `estimated`, `estimated:517` with the minutes of what is required, `measured:41`, `stated:según resolución 12`.
        """
        detail = str(self.people) if self.basis is HoursBasis.MEASURED else self.text or (str(self.required) if self.required else "")
        return f"{self.basis}:{detail}" if detail else self.basis.value


def read_hours(number: Fraction, stored_basis: str, minutes: int) -> CourseHours:
    """Return stored hours; those of versions without a basis are judged by the sum of their activities' minutes."""
    basis, _, detail = stored_basis.partition(":")
    if not basis:
        return CourseHours(number, HoursBasis.ESTIMATED if abs(number - Fraction(minutes, 60)) <= _STORED_PRECISION else HoursBasis.STATED)
    hours_basis = HoursBasis(basis)
    if hours_basis is HoursBasis.MEASURED:
        return CourseHours(number, hours_basis, int(detail))
    is_required = hours_basis is HoursBasis.ESTIMATED and detail.isdecimal()
    return CourseHours(number, hours_basis, required=int(detail)) if is_required else CourseHours(number, hours_basis, text=detail)


def hours_need_basis(written: Fraction, minutes: int) -> bool:
    """Return whether hours differ too much from the computed ones to be written without naming their basis (spec/certificates H3)."""
    computed = Fraction(minutes, 60)
    return not LEAST_SHARE * computed <= written <= MOST_SHARE * computed


def is_clicked_through(minutes: int, measured: tuple[Fraction, int]) -> bool:
    """Return whether a measured median, with the number of people, is below half of the computed minutes (spec/certificates H2)."""
    return measured[1] >= LEAST_MEASURED and measured[0] < max(1, minutes) * LEAST_MEASURED_SHARE


def decide_hours(written: Fraction | None, text: str, minutes: int, measured: tuple[Fraction, int] | None) -> CourseHours:
    """Return the hours of a version: those of its file, else the measured ones, minutes with the number of people, else the estimate.

    A median below half of the estimate measures people who clicked through: the estimate stays (spec/certificates H2).
    """
    if written is not None:
        return CourseHours(written, HoursBasis.STATED, text=text)
    if measured is not None and measured[1] >= LEAST_MEASURED and not is_clicked_through(minutes, measured):
        return CourseHours(measured[0] / 60, HoursBasis.MEASURED, measured[1])
    return CourseHours(Fraction(max(1, minutes), 60), HoursBasis.ESTIMATED)


_HOUR = {"es": ("hora", "horas"), "en": ("hour", "hours")}
_MINUTE = {"es": ("minuto", "minutos"), "en": ("minute", "minutes")}
_ESTIMATED = {"es": "duración estimada", "en": "estimated"}
_REQUIRED = {
    "es": "duración estimada con lo opcional; lo obligatorio, {length}",
    "en": "estimated with optional work; required, {length}",
}
_MEASURED = {"es": "duración medida en {people} personas", "en": "measured in {people} people"}


def printed_hours(hours: Fraction, language: str) -> str:
    """Return a length to the minute: ``12 horas``, ``45 minutos``, ``11 h 20 min``; what is shorter than a minute is one."""
    length = max(1, round(hours * 60))
    whole, minutes = divmod(length, 60)
    if whole and minutes:
        return printed_minutes(length)
    unit, count = (_HOUR, whole) if whole else (_MINUTE, minutes)
    return f"{count} {unit.get(language, unit['es'])[count != 1]}"


def printed_basis(hours: CourseHours, language: str) -> str:
    """Return the basis in words; hours that authors wrote without naming one are their estimate."""
    if hours.basis is HoursBasis.MEASURED:
        return _MEASURED.get(language, _MEASURED["es"]).format(people=hours.people)
    if hours.required:
        return _REQUIRED.get(language, _REQUIRED["es"]).format(length=printed_hours(Fraction(hours.required, 60), language))
    return hours.text or _ESTIMATED.get(language, _ESTIMATED["es"])


_APART = {"es": "{required} de lo obligatorio; {total} con lo opcional", "en": "{required} required; {total} with optional work"}
_ALL_OPTIONAL = {"es": "{total}, todo opcional", "en": "{total}, all optional"}


@dataclass(frozen=True, slots=True)
class CourseTime:
    """The minutes that work takes: what of it is required, and all of it, optional work included."""

    required: int = 0
    total: int = 0


def printed_time(time: CourseTime, language: str) -> str:
    """Return the time with what is required told apart; one length where that is all, nothing where no time is known.

    ``8 h 37 min de lo obligatorio; 20 h con lo opcional``
    """
    if not time.total or time.required == time.total:
        return printed_minutes(time.total) if time.total else ""
    sentences = _APART if time.required else _ALL_OPTIONAL
    return sentences.get(language, sentences["es"]).format(required=printed_minutes(time.required), total=printed_minutes(time.total))


Texts = Mapping[str, str]
USUAL_WINDOW = Duration(days=60)
"""Before the last valid day: from it on a renewal counts from that day, where a course opens no window of its own."""
GIVE_MARKS = ("quiz", "simulator")
"""Kinds whose activities have results in percent, whether or not they count."""


@dataclass(frozen=True, slots=True)
class OutlineActivity:
    """One activity of a published version."""

    id: int
    key: str
    kind: str
    title: Texts
    summary: Texts
    required: bool
    preview: bool
    requires: tuple[str, ...]
    opens_at: datetime | None
    closes_at: datetime | None
    minutes: int
    completion_rule: str
    completion_amount: int | None
    questions: int | None
    attempts: int | None
    category: str
    weight: Fraction
    module: str
    former_keys: tuple[str, ...] = ()
    """Keys under which earlier versions had it."""
    opens_by_itself: bool = False
    """Its own date alone says when it opens, not its module's: so it was set for the reader."""
    closes_by_itself: bool = False
    """Its own date alone says when it closes, not its edition's: so it was set for the reader alone."""
    is_final: bool = False
    """Its author marks it as the final assessment of the course."""

    @property
    def gives_marks(self) -> bool:
        """Return whether it has results in percent, whether or not they count."""
        return self.kind in GIVE_MARKS


def sum_times(activities: Iterable[OutlineActivity], done: Container[str] = ()) -> CourseTime:
    """Return the time that activities take, or what is left of it where some of them are done (their keys)."""
    left = [activity for activity in activities if activity.key not in done]
    return CourseTime(sum(activity.minutes for activity in left if activity.required), sum(activity.minutes for activity in left))


@dataclass(frozen=True, slots=True)
class OwnDates:
    """When an activity opens and closes for one person; `decides_opening`, `decides_closing`: nothing else says when."""

    opens_at: datetime | None
    closes_at: datetime | None
    decides_opening: bool
    decides_closing: bool = False


@dataclass(frozen=True)
class OutlineModule:
    """One module of a published version; `number` counts the numbered ones from 1."""

    key: str
    title: Texts
    summary: Texts
    number: int | None
    needed: int | None
    requires: tuple[str, ...]
    opens_at: datetime | None
    closes_at: datetime | None
    objectives: tuple[Texts, ...]
    activities: tuple[OutlineActivity, ...]
    written_words: Mapping[str, int] = field(default_factory=dict)
    """How many of its words are written, by language; empty where nobody counted them."""

    @property
    def time(self) -> CourseTime:
        """Return how long its activities take together."""
        return sum_times(self.activities)

    @cached_property
    def required(self) -> tuple[OutlineActivity, ...]:
        """Return the activities that count for completing it."""
        return tuple(activity for activity in self.activities if activity.required)


@dataclass(frozen=True, slots=True)
class OutlineGradeCategory:
    """A part of the course grade."""

    key: str
    title: Texts
    weight: Fraction
    drop_lowest: int


@dataclass(frozen=True)
class Outline:
    """A published version of a course: immutable, so it may be kept in memory."""

    version_id: int
    course_id: int
    slug: str
    number: int
    title: Texts
    summary: Texts
    objectives: tuple[Texts, ...]
    languages: tuple[str, ...]
    hours: Fraction
    level: str
    tone: int
    authors: tuple[str, ...]
    licence: str
    zone: str
    published_at: datetime
    completion_modules: tuple[str, ...]
    completion_grade: Fraction | None
    certificate: str
    categories: tuple[OutlineGradeCategory, ...]
    has_glossary: bool
    has_resources: bool
    modules: tuple[OutlineModule, ...]
    written_words: Mapping[str, int] = field(default_factory=dict)
    """How many words are written, by language, of all modules and of what belongs to the whole course; empty where nobody counted them."""
    topic: str = ""
    """Key of what it is about."""
    certificate_valid: Duration | None = None
    """How long a certificate is valid; None: for ever."""
    certificate_renew: Duration | None = None
    """How long before its last valid day the course may be taken again; None: nobody may by themselves."""
    certificate_basis: RenewalBasis = RenewalBasis.EXPIRY
    print_grade: bool = False
    """Whether its certificates print the grade."""
    hours_basis: str = ""
    """Where the hours are from, as versions store it."""
    picture: str = ""
    """SHA-256 of its picture as cards show it; empty where it has none."""
    picture_alts: Texts = field(default_factory=dict)
    """What the picture shows."""

    @property
    def validity(self) -> ValidityTerms | None:
        """Return for how long its certificates are valid, and how a renewal counts; None where they never end, or there are none.

        Where the course opens no window, one of 60 days decides from what a renewal counts, if the validity is longer than that.
        """
        if self.certificate == "none" or self.certificate_valid is None:
            return None
        usual = USUAL_WINDOW if is_shorter(USUAL_WINDOW, self.certificate_valid) else Duration()
        return ValidityTerms(self.certificate_valid, self.certificate_basis, self.certificate_renew or usual)

    @property
    def length(self) -> CourseHours:
        """Return the hours that everything of this version prints, with their basis (spec/certificates H1).

        Estimated ones, authors' own among them, count what is optional too, and say how much of them is required.
        """
        time = self.time
        length = read_hours(self.hours, self.hours_basis, time.total)
        is_estimate = length.basis is not HoursBasis.MEASURED and not length.text
        is_part = is_estimate and 0 < time.required < min(Fraction(time.total), length.number * 60)
        return replace(length, basis=HoursBasis.ESTIMATED, required=time.required) if is_part else length

    @cached_property
    def time(self) -> CourseTime:
        """Return the time that the course takes: every page counts with it, and what is left of it is `sum_times` without what is done."""
        return sum_times(self.activities())

    @cached_property
    def announced_time(self) -> CourseTime:
        """Return the time as pages announce it: all of it is the hours that authors estimate, where they wrote them and name no basis."""
        length = self.length
        return CourseTime(length.required, round(length.number * 60)) if length.required else self.time

    @cached_property
    def by_key(self) -> Mapping[str, OutlineActivity]:
        """Return the activities by key."""
        return {activity.key: activity for activity in self.activities()}

    @cached_property
    def renames(self) -> Mapping[str, str]:
        """Return the earlier keys of activities with the present ones; a key that is in use again is not an earlier one."""
        return {old: activity.key for activity in self.activities() for old in activity.former_keys if old not in self.by_key}

    @cached_property
    def module_by_key(self) -> Mapping[str, OutlineModule]:
        """Return the modules by key."""
        return {module.key: module for module in self.modules}

    @property
    def numbered(self) -> tuple[OutlineModule, ...]:
        """Return the modules that «module 3 of 7» counts."""
        return tuple(module for module in self.modules if module.number is not None)

    @cached_property
    def initial_test(self) -> OutlineActivity | None:
        """Return the optional quiz that stands before all that is required: its result says something only beside the final test's."""
        for activity in self.activities():
            if activity.required:
                return None
            if activity.kind == "quiz":
                return activity
        return None

    @cached_property
    def final_test(self) -> OutlineActivity | None:
        """Return the last required quiz."""
        return next((activity for activity in reversed(list(self.activities())) if activity.required and activity.kind == "quiz"), None)

    def activities(self) -> Iterator[OutlineActivity]:
        """Yield all activities in order."""
        for module in self.modules:
            yield from module.activities

    def for_person(self, dates: Mapping[str, OwnDates]) -> "Outline":
        """Return the outline with the dates that apply to one person, by key of the activity."""
        return replace(self, modules=tuple(_dated(module, dates) for module in self.modules)) if dates else self

    def neighbours(self, key: str) -> tuple[OutlineActivity | None, OutlineActivity | None]:
        """Return the activities before and after one."""
        order = list(self.activities())
        position = next(index for index, activity in enumerate(order) if activity.key == key)
        before = order[position - 1] if position else None
        return before, order[position + 1] if position + 1 < len(order) else None


def _dated(module: OutlineModule, dates: Mapping[str, OwnDates]) -> OutlineModule:
    if not any(activity.key in dates for activity in module.activities):
        return module
    return replace(
        module,
        activities=tuple(
            replace(
                activity,
                opens_at=own.opens_at,
                closes_at=own.closes_at,
                opens_by_itself=own.decides_opening,
                closes_by_itself=own.decides_closing,
            )
            if (own := dates.get(activity.key))
            else activity
            for activity in module.activities
        ),
    )


def renames_to(target: Outline, between: Sequence[Outline]) -> dict[str, str]:
    """Return under which key of a version each earlier or later key of its activities is known, by what the versions between say.

    Every former key links two keys of one activity, in both directions: going back to a version undoes its renaming. A key that the target
    has stays; of several ways the shortest counts, the version's own word first.
    """
    links: dict[str, list[str]] = {}
    for outline in (target, *between):
        for old, new in outline.renames.items():
            links.setdefault(old, []).append(new)
            links.setdefault(new, []).append(old)
    nearest = ((key, _nearest(key, links, target.by_key)) for key in links if key not in target.by_key)
    return {key: target.renames.get(key, near) for key, near in nearest if near is not None}


def _nearest(key: str, links: Mapping[str, Sequence[str]], target_keys: Container[str]) -> str | None:
    waiting, seen = deque([key]), {key}
    while waiting:
        here = waiting.popleft()
        if here in target_keys:
            return here
        fresh = [other for other in links.get(here, ()) if other not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return None


class ClosedReason(StrEnum):
    """Why something is not open now."""

    LATER = "later"
    """It opens at a later moment."""
    REQUIRES = "requires"
    """Something else has to be completed first."""


def why_closed(
    module: OutlineModule, activity: OutlineActivity | None, completed: frozenset[str], now: datetime
) -> tuple[ClosedReason, str | datetime] | None:
    """Return why a module or an activity in it is not open, with the key or moment that opens it; nothing where it is.

    `completed` holds keys of completed modules and activities. That a date to close has passed does not hide what can be read:
    quizzes and tasks look at theirs themselves, which a module's date has become when it was published.
    """
    for part in (module, activity):
        if part is None:
            continue
        dated = part is activity or activity is None or not activity.opens_by_itself
        if dated and part.opens_at is not None and now < part.opens_at:
            return ClosedReason.LATER, part.opens_at
        missing = next((key for key in part.requires if key not in completed), None)
        if missing is not None:
            return ClosedReason.REQUIRES, missing
    return None


_COLLECTIONS = {"quiz": "quizzes", "recording": "recordings", "simulator": "simulators"}


def activity_url(slug: str, kind: str, key: str) -> str:
    """Return the address of an activity's page; it is written into published lessons, so it never changes."""
    return f"/courses/{slug}/{_COLLECTIONS.get(kind, 'activities')}/{key}"


def file_url(slug: str, sha256: str, name: str) -> str:
    """Return the address of a media file of a course."""
    return f"/courses/{slug}/files/{sha256}/{name}"


NARROWED = frozenset({"staff", "audience"})
"""Visibilities of courses that are found by some who are signed in, and do not exist for others."""


def is_found(visibility: str, *, belongs: bool) -> bool:
    """Return whether a person finds a course that they do not take; ``belongs``: to those whom its visibility names, at present.

    Courses with `participants`, or its old name `institution`, are found by nobody else.
    """
    return visibility == "public" or (visibility in NARROWED and belongs)
