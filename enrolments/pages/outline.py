"""The pages of a course: outline and results turned into plain values in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from flask import url_for

from courses import facade as courses_facade
from courses.content.language_shares import LanguageShare
from courses.facade import Facade, FacadeBay, FacadeSize, WindowState
from courses.rules import ClosedReason, Outline, OutlineActivity, OutlineModule, Texts, activity_url, printed_hours, why_closed
from enrolments.permissions import ActivityContext, LearnerContext, view_activity
from enrolments.rules import (
    NO_RESULT,
    CompletionState,
    EnrolmentRefusal,
    ModuleProgress,
    Progress,
    Results,
    course_grade,
    evaluate_completion,
    where_to_continue,
)
from kernel.i18n import _, choose, language, language_name, local, percent
from kernel.markup.model import SafeHtml
from kernel.permissions import Actor, Verdict

_BAYS = {CompletionState.DONE: WindowState.LIT, CompletionState.NOW: WindowState.STARTED}
_MODULE_STATES = {CompletionState.DONE: "done", CompletionState.NOW: "now", CompletionState.TO_DO: "todo", CompletionState.LOCKED: "lock"}


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
    """Say how much of a module is in the reader's language, where that is one of the course's and not all of it is."""
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
class CourseCard:
    """One course of a catalogue."""

    slug: str
    title: str
    title_language: str
    summary: SafeHtml
    tone: int
    facade: Facade | None
    modules: int
    hours: str
    shares: tuple[LanguageShare, ...]
    languages: tuple[str, ...]
    certificate: bool
    enrolled: bool
    completed: bool
    opens_on: date | None
    closed: bool


def draw(outline: Outline, progress: Progress | None, size: FacadeSize, *, door_open: bool | None = None) -> Facade | None:
    """Draw a course's façade, lit as far as the learner is."""
    standing = {module.key: module for module in progress.modules} if progress else {}
    bays = [_bay(module, standing.get(module.key)) for module in outline.numbered]
    return courses_facade.draw(bays, size, door_open=door_open)


def _bay(module: OutlineModule, progress: ModuleProgress | None) -> FacadeBay:
    if progress is None:
        return FacadeBay(module.minutes)
    return FacadeBay(module.minutes, _BAYS.get(progress.state, WindowState.OFF), progress.shown_fraction)


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
        hours=printed_hours(outline.length.number, language()) if outline.hours else "",
        shares=course_shares(outline),
        languages=outline.languages,
        certificate=outline.certificate != "none",
        enrolled=progress is not None,
        completed=completed,
        opens_on=local(opens_at).date() if opens_at else None,
        closed=refusal is EnrolmentRefusal.CLOSED,
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

    number: int | None
    title: str
    title_language: str
    summary: SafeHtml
    state: str
    done: int
    required: int
    total: int
    minutes: int
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
        waiting = context.last_activity_key in ungraded
        self.next_key = where_to_continue(outline, results, None if waiting else context.last_activity_key, context.now)

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
            number=module.number,
            title=choose(module.title),
            title_language=foreign(module.title),
            summary=html(module.summary),
            state=_MODULE_STATES[progress.state],
            done=progress.shown_done,
            required=progress.shown_total,
            total=progress.shown_total,
            minutes=module.minutes,
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

    def is_done(self, key: str) -> bool:
        """Say whether an activity is completed."""
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


def rounded(score: Fraction | None) -> Decimal | None:
    """Round a percentage half up to two decimals, for showing it."""
    if score is None:
        return None
    cents = (score * 100 + Fraction(1, 2)).__floor__()
    return (Decimal(cents) / 100).normalize() + 0


def course_url(slug: str) -> str:
    """Return the address of a course's page."""
    return url_for("enrolments.course", slug=slug)
