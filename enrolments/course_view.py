"""Cards, outline, results and renewal of a course as plain values in the reader's language, for pages here and in the packages above."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import overload

from flask import url_for
from sqlalchemy import Row

from accounts.models import Person
from courses import facade as courses_facade
from courses.content.translations import LanguageShare
from courses.facade import Facade, FacadeBay, FacadeSize, WindowState
from courses.kinds import SubmittedWork
from courses.rules import (
    ClosedReason,
    CourseTime,
    HoursBasis,
    Outline,
    OutlineActivity,
    OutlineModule,
    Texts,
    activity_url,
    file_url,
    printed_hours,
    printed_time,
    why_closed,
)
from enrolments.access import ActivityContext, LearnerContext, view_activity
from enrolments.awards import OwnRenewal
from enrolments.models import ResultOverride
from enrolments.results import GradeItemMark
from enrolments.rules import (
    NO_RESULT,
    CompletionState,
    EnrolmentRefusal,
    GradeItemWeight,
    ModuleProgress,
    Progress,
    Results,
    course_grade,
    evaluate_completion,
    grade_parts,
    read_decimal,
    time_left,
    where_to_continue,
)
from kernel.i18n import _, choose, format_date, language, language_name, local, number, percent, trimmed
from kernel.i18n import percent as percent_words
from kernel.markup.model import SafeHtml
from kernel.permissions import Actor, Verdict

_BAYS = {CompletionState.DONE: WindowState.LIT, CompletionState.NOW: WindowState.STARTED}
_MODULE_STATES = {CompletionState.DONE: "done", CompletionState.NOW: "now", CompletionState.TO_DO: "todo", CompletionState.LOCKED: "lock"}


def length_words(outline: Outline) -> str:
    """Return how long a course takes: required and optional time told apart, or the hours that its file or its learners state."""
    length = outline.length
    if length.basis is HoursBasis.ESTIMATED:
        return printed_time(outline.announced_time, language())
    return printed_hours(length.number, language()) if length.number else ""


def foreign(texts: Texts) -> str:
    """Return the language of a text where it is not the reader's, else nothing."""
    return "" if not texts or language() in texts else next(iter(texts))


def html(texts: Texts) -> SafeHtml:
    """Return stored HTML in the reader's language."""
    return SafeHtml.stored(choose(texts))


def course_shares(outline: Outline) -> tuple[LanguageShare, ...]:
    """Return how much of a course is written in each of its languages; where nobody counted the words, all shares are whole."""
    return tuple(_share("", outline.written_words, code, outline.languages[0]) for code in outline.languages)


def _share(module: str, written: Mapping[str, int], code: str, own: str) -> LanguageShare:
    return LanguageShare(module, code, written.get(code, 0), written.get(own, 0))


def module_language_note(module: OutlineModule, languages: Sequence[str]) -> str:
    """Describe how much of a module is in the reader's language, where that is one of the course's and not all of it is."""
    share = _share(module.key, module.written_words, language(), languages[0])
    if language() not in languages or not share.is_partial:
        return ""
    own, others = language_name(language()), language_name(languages[0])
    if not share.percent:
        return _("This module is in %(language)s.", language=others)
    return _(
        "%(share)s of this module is in %(language)s; the rest is in %(original)s.",
        share=percent(share.percent),
        language=own,
        original=others,
    )


@dataclass(frozen=True, slots=True)
class CoursePicture:
    """The picture of a course as cards show it, with what it shows in the reader's language, or in `alternative_language`."""

    url: str
    alternative: str
    alternative_language: str


def picture_of(outline: Outline) -> CoursePicture | None:
    """Return the picture of a course; None where it has none, and its façade stands there."""
    if not outline.picture:
        return None
    url = file_url(outline.slug, outline.picture, "card.webp")
    return CoursePicture(url, choose(outline.picture_alts), foreign(outline.picture_alts))


@dataclass(frozen=True, slots=True)
class CourseCard:
    """One course of a catalogue."""

    slug: str
    title: str
    title_language: str
    summary: SafeHtml
    tone: int
    facade: Facade | None
    modules: int
    time: str
    shares: tuple[LanguageShare, ...]
    languages: tuple[str, ...]
    certificate: bool
    enrolled: bool
    completed: bool
    opens_on: date | None
    closed: bool
    outline: Outline
    picture: CoursePicture | None = None
    inside: str = ""
    """What of it was looked for, where that is neither its title nor its summary."""


def draw(outline: Outline, progress: Progress | None, size: FacadeSize, *, door_open: bool | None = None) -> Facade | None:
    """Draw a course's façade, lit as far as the learner is."""
    standing = {module.key: module for module in progress.modules} if progress else {}
    bays = [_bay(module, standing.get(module.key)) for module in outline.numbered]
    return courses_facade.draw(bays, size, door_open=door_open)


def _bay(module: OutlineModule, progress: ModuleProgress | None) -> FacadeBay:
    if progress is None:
        return FacadeBay(module.time.total)
    return FacadeBay(module.time.total, _BAYS.get(progress.state, WindowState.OFF), progress.shown_fraction)


def card(
    outline: Outline, refusal: EnrolmentRefusal | None, opens_at: datetime | None, *, progress: Progress | None, completed: bool
) -> CourseCard:
    """Return a course as it stands in a catalogue: lit as far as the reader is, and whether and from when on one can enrol."""
    return CourseCard(
        slug=outline.slug,
        title=choose(outline.title),
        title_language=foreign(outline.title),
        summary=html(outline.summary),
        tone=outline.tone,
        facade=draw(outline, progress, FacadeSize.CARD, door_open=refusal is None),
        modules=len(outline.numbered),
        time=length_words(outline),
        shares=course_shares(outline),
        languages=outline.languages,
        certificate=outline.certificate != "none",
        enrolled=progress is not None,
        completed=completed,
        opens_on=local(opens_at).date() if opens_at else None,
        closed=refusal is EnrolmentRefusal.CLOSED,
        outline=outline,
        picture=picture_of(outline),
    )


@dataclass(frozen=True, slots=True)
class ActivityListItem:
    """One activity in a list."""

    key: str
    kind: str
    title: str
    title_language: str
    """Empty where it is the reader's."""
    url: str
    state: str
    current: bool
    minutes: int | None
    required: bool
    preview: bool
    questions: int | None
    attempts: int | None
    grade: Decimal | None
    passed: bool | None
    ungraded: bool
    """Something is handed in that waits to be graded."""
    opens_at: datetime | None
    closes_at: datetime | None
    opens_after: str


@dataclass(frozen=True, slots=True)
class ModuleBlock:
    """One module with its activities."""

    key: str
    number: int | None
    title: str
    title_language: str
    summary: SafeHtml
    state: str
    done: int
    required: int
    total: int
    time: str
    grade: Decimal | None
    opens_after: str
    opens_at: datetime | None
    expanded: bool
    language_note: str
    """How much of it is in the reader's language, '' where all is."""
    activities: tuple[ActivityListItem, ...]


class CourseView:
    """A course as one reader sees it: what is open, done and next."""

    def __init__(
        self,
        actor: Actor,
        context: LearnerContext,
        outline: Outline,
        results: Results,
        withheld: frozenset[str],
        ungraded: frozenset[str] = frozenset(),
    ) -> None:
        """Put it together; `withheld` are the keys of activities whose marks are not shown yet, `ungraded` of those that wait for one."""
        self.actor = actor
        self.ungraded = ungraded
        self.withheld = withheld
        self._shown = {key: replace(result, score=None, passed=None) if key in withheld else result for key, result in results.items()}
        self.context = context
        self.outline = outline
        self.results = results
        self.progress = evaluate_completion(outline, results, context.now)
        self.next_key = where_to_continue(outline, results, context.now, waiting=ungraded)

    def title_of(self, key: str) -> str:
        """Return the title of a module or activity by key."""
        part = self.outline.module_by_key.get(key) or self.outline.by_key.get(key)
        return choose(part.title) if part else key

    def _opening(self, closed: tuple[ClosedReason, str | datetime] | None) -> tuple[str, datetime | None]:
        if closed is None:
            return "", None
        return ("", closed[1]) if isinstance(closed[1], datetime) else (self.title_of(closed[1]), None)

    def activity_item(self, activity: OutlineActivity, current: str | None = None) -> ActivityListItem:
        """Return one activity as the reader finds it."""
        result = self._shown.get(activity.key, NO_RESULT)
        module = self.outline.module_by_key[activity.module]
        closed = self.context.not_begun or why_closed(module, activity, self.progress.completed_keys, self.context.now)
        reachable = view_activity(self.actor, ActivityContext(self.context, self.outline, activity, closed)) is Verdict.ALLOW
        after, at = self._opening(closed)
        state = "done" if result.completed else "lock" if closed is not None else "started" if result.viewed else "todo"
        return ActivityListItem(
            key=activity.key,
            kind=activity.kind,
            title=choose(activity.title),
            title_language=foreign(activity.title),
            url=activity_url(self.outline.slug, activity.kind, activity.key) if reachable else "",
            state=state,
            current=activity.key == current,
            minutes=activity.minutes or None,
            required=activity.required,
            preview=activity.preview,
            questions=activity.questions,
            attempts=activity.attempts,
            grade=rounded(result.score),
            passed=result.passed,
            ungraded=activity.key in self.ungraded and result.score is None,
            opens_at=at,
            closes_at=activity.closes_at,
            opens_after=after,
        )

    def module_block(self, module: OutlineModule, current: str | None = None) -> ModuleBlock:
        """Return one module as the reader finds it."""
        progress = self.progress.module(module.key)
        after, at = self._opening(progress.closed)
        scores = [score for activity in module.required if (score := self._shown.get(activity.key, NO_RESULT).score) is not None]
        return ModuleBlock(
            key=module.key,
            number=module.number,
            title=choose(module.title),
            title_language=foreign(module.title),
            summary=html(module.summary),
            state=_MODULE_STATES[progress.state],
            done=progress.shown_done,
            required=progress.shown_total,
            total=progress.shown_total,
            time=printed_time(module.time, language()),
            grade=rounded(scores[-1]) if scores and progress.completed else None,
            opens_after=after,
            opens_at=at,
            expanded=self._is_expanded(module, progress),
            language_note=module_language_note(module, self.outline.languages),
            activities=tuple(self.activity_item(activity, current) for activity in module.activities),
        )

    def _is_expanded(self, module: OutlineModule, progress: ModuleProgress) -> bool:
        following = self.outline.by_key.get(self.next_key or "")
        return following is not None and following.module == module.key and progress.state is not CompletionState.LOCKED

    def activity_link(self, activity: OutlineActivity | None) -> "ActivityLink | None":
        """Return a link to an activity, if it is open to the reader."""
        if activity is None:
            return None
        activity_item = self.activity_item(activity)
        return ActivityLink(activity_item.title, activity_item.url, activity_item.minutes) if activity_item.url else None

    @property
    def shown_grade(self) -> Fraction | None:
        """Return the course grade by the marks that may be seen."""
        return course_grade(self.outline, self._shown)

    @property
    def time_left(self) -> CourseTime:
        """Return how long takes what is left to do."""
        return time_left(self.outline, self.results, self.ungraded)

    def is_done(self, key: str) -> bool:
        """Return whether an activity is completed."""
        return self.results.get(key, NO_RESULT).completed

    @property
    def next_activity(self) -> "ActivityLink | None":
        """Return where to go on."""
        return self.activity_link(self.outline.by_key.get(self.next_key or ""))


@dataclass(frozen=True, slots=True)
class ActivityLink:
    """A link to an activity."""

    title: str
    url: str
    minutes: int | None


@overload
def rounded(value: Fraction | Decimal) -> Decimal: ...
@overload
def rounded(value: None) -> None: ...
def rounded(value: Fraction | Decimal | None) -> Decimal | None:
    """Round a percentage or a mark half up to two decimals, for showing it."""
    if value is None:
        return None
    cents = (Fraction(value) * 100 + Fraction(1, 2)).__floor__()
    return trimmed(Decimal(cents) / 100)


def points_words(points: Decimal | None) -> str:
    """Write points as a field takes them: no zeros at the end, no signs between thousands, the reader's decimal sign."""
    return "" if points is None else str(trimmed(points)).replace(".", "," if language() == "es" else ".")


def mark_fault(points: str, maximum: Decimal) -> str:
    """Return the fault of a mark as it was typed; empty where there is none."""
    value = read_decimal(points)
    if not points or (value is not None and value <= maximum):
        return ""
    return _("Enter a number from %(least)s to %(most)s.", least=0, most=points_words(maximum))


def course_url(slug: str) -> str:
    """Return the address of a course's page."""
    return url_for("enrolments.course", slug=slug)


MISSING = "–"


def share(percent: Fraction | Decimal | None) -> str:
    """Write a percentage with at most two decimals, or a dash where there is none."""
    exact = rounded(percent)
    return MISSING if exact is None else percent_words(exact, max(0, -int(exact.as_tuple().exponent)))


@dataclass(frozen=True, slots=True)
class RenewalView:
    """A course to take again: its title, a sentence that says why and since when, and where it begins; no address before that."""

    title: str
    words: str
    url: str


def renewal_view(own: OwnRenewal, now: datetime) -> RenewalView:
    """Return how a certificate is renewed, now or from a later day on."""
    until, opens = format_date(own.valid_until), format_date(own.opens_on)
    if own.is_ended(now):
        sentence = _("Your certificate was valid until %(day)s. Take the course again to obtain another one.", day=until)
    elif own.is_open(now):
        sentence = _("Your certificate is valid until %(day)s. Take the course again to renew it.", day=until)
    else:
        sentence = _(
            "Your certificate is valid until %(day)s. From %(opens)s you can take the course again to renew it.", day=until, opens=opens
        )
    return RenewalView(choose(own.titles), sentence, renewal_url(own.slug) if own.is_open(now) else "")


def required_renewal(slug: str) -> RenewalView:
    """Return that a compulsory training asks for a course again."""
    return RenewalView("", _("A compulsory training asks you to take this course again."), renewal_url(slug))


def renewal_url(slug: str) -> str:
    """Return where a course is taken again."""
    return url_for("compliance_renewals.renew", slug=slug)


@dataclass(frozen=True, slots=True)
class ResultRowView:
    """One of the learner's results: what it is of, what it counts, and what the team said to it."""

    title: str
    url: str
    part: str
    share: str
    due_at: datetime | None
    result: str
    words: str
    """Points of the maximum, or that it does not show yet."""
    passed: bool | None
    comment: str
    reason: str
    """Why the team set it; empty where they did not."""
    title_language: str = ""
    """Empty where it is the reader's, and for what is graded by hand alone, whose titles name none."""
    key: str = ""
    """The activity's; empty for what is graded by hand alone."""
    submitted: Sequence[SubmittedWork] = ()
    """What is reviewed from here alone: the page of the activity is of the present take."""


def result_lines(
    outline: Outline,
    results: Results,
    withheld: Iterable[str],
    marks: Sequence[GradeItemMark],
    overrides: Sequence[Row[ResultOverride, Person]],
    ungraded: Collection[str] = (),
) -> list[ResultRowView]:
    """Return everything of a course that gives marks, with what a learner has; `ungraded` are the keys of what waits for a grader."""
    hidden, reasons = frozenset(withheld), reasons_of(outline, overrides)
    shares, parts = _shares(outline, marks), {category.key: choose(category.title) for category in outline.categories}
    activities = []
    for activity in outline.activities():
        if not activity.gives_marks:
            continue
        result, hides = results.get(activity.key, NO_RESULT), activity.key in hidden
        waits = activity.key in ungraded and result.score is None
        activities.append(
            ResultRowView(
                choose(activity.title),
                activity_url(outline.slug, activity.kind, activity.key),
                parts.get(activity.category, ""),
                share=share(shares.get(activity.key)),
                due_at=activity.closes_at,
                result=MISSING if hides else share(result.score),
                words=_("Not shown yet") if hides else _("Submitted: not yet graded") if waits else "",
                passed=None if hides else result.passed,
                comment="",
                reason=reasons.get(activity.key, "") if result.overridden else "",
                title_language=foreign(activity.title),
                key=activity.key,
            )
        )
    return activities + item_lines(outline, marks)


def of_earlier_take(lines: Iterable[ResultRowView], submitted: Mapping[str, Sequence[SubmittedWork]]) -> list[ResultRowView]:
    """Return lines of a take before the present one: what was submitted is reviewed from them, the pages of activities are not theirs."""
    return [replace(line, url="", submitted=submitted.get(line.key, ())) for line in lines]


def _shares(outline: Outline, marks: Sequence[GradeItemMark]) -> dict[str, Fraction]:
    counted = {mark.key: GradeItemWeight(mark.category, mark.weight) for mark in marks}
    return {key: own for part in grade_parts(outline, counted) for key, own in part.shares.items()}


def item_lines(outline: Outline, marks: Sequence[GradeItemMark]) -> list[ResultRowView]:
    """Return the items that are marked by hand alone, with a learner's marks."""
    shares, parts = _shares(outline, marks), {category.key: choose(category.title) for category in outline.categories}
    return [_item_line(mark, parts, shares) for mark in marks]


def _item_line(mark: GradeItemMark, parts: Mapping[str, str], shares: Mapping[str, Fraction]) -> ResultRowView:
    points = rounded(mark.points)
    return ResultRowView(
        mark.title,
        "",
        parts.get(mark.category, ""),
        share=share(shares.get(mark.key)),
        due_at=mark.due_at,
        result=share(None if mark.points is None else mark.points * 100 / mark.maximum),
        words="" if points is None else _("%(points)s of %(maximum)s", points=number(points), maximum=number(rounded(mark.maximum))),
        passed=None,
        comment=mark.comment,
        reason="",
    )


def reasons_of(outline: Outline, overrides: Sequence[Row[ResultOverride, Person]]) -> dict[str, str]:
    """Return the reason of the last word on each activity, of several that became one the last word that counts; the newest come first."""
    last: dict[str, ResultOverride] = {}
    for override, _author in overrides:
        last.setdefault(override.activity_key, override)
    reasons: dict[str, str] = {}
    for key, override in last.items():
        if override.score is not None:
            reasons.setdefault(outline.renames.get(key, key), override.reason)
    return reasons


def override_rows(
    outline: Outline, overrides: Sequence[Row[ResultOverride, Person]], key: str = ""
) -> list[tuple[str, str, str, Row[ResultOverride, Person]]]:
    """Return the team's overrides, of one activity or of all: title, result before and after, '' where what was earned counts again."""
    rows = []
    for row in overrides:
        override, _author = row
        present = outline.renames.get(override.activity_key, override.activity_key)
        if key in ("", present):
            activity = outline.by_key.get(present)
            after = "" if override.score is None else share(override.score)
            rows.append((choose(activity.title) if activity else present, share(override.before), after, row))
    return rows
