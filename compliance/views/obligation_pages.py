"""Obligations on their pages: rules in words, counts by state, differences of versions, the outcome of a dry run."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from compliance.learner_page import URGENT_FIRST, StatusView, status_view
from compliance.models import PlannedChange
from compliance.obligations import EnrolmentMode, ObligationValues
from compliance.planned_changes import CourseObstacle
from compliance.rules.planned_changes import DryRunOutcome
from compliance.rules.reminders import ReminderKind
from compliance.rules.terms import (
    AllRequirement,
    CourseRequirement,
    DeadlineAnchor,
    ExistingCompletions,
    ObligationTerms,
    RelativeDeadline,
    Requirement,
    YearDay,
    courses_of,
    may_expire,
)
from courses.models import Course
from courses.rules import CourseTime, printed_time
from enrolments.progress import length_in_words
from enrolments.takes import EnrolmentObstacle
from kernel.durations import Duration, RenewalBasis
from kernel.errors import N_
from kernel.i18n import _, alternatives, choose, enumeration, format_date, language, ngettext, number
from kernel.i18n import zone_name as name_of_zone
from organisations.models import Audience

STATES: Mapping[str, tuple[str, str, str]] = {
    "draft": ("", N_("Draft"), "pencil"),
    "active": ("ok", N_("In force"), "circle-check"),
    "ended": ("", N_("Ended"), "circle-minus"),
}
CHANGES: Mapping[str, str] = {
    "activate": N_("Activation"),
    "version": N_("New version"),
    "end": N_("End"),
    "audience": N_("Another rule of the audience"),
    "free_day": N_("Free days before today"),
    "move": N_("Move of a unit"),
}
_STATE_SENTENCES: Mapping[str, Callable[[int], str]] = {
    "not_required": lambda count: ngettext("%(count)s person does not have to do it.", "%(count)s people do not have to do it.", count),
    "done": lambda count: ngettext(
        "%(count)s person has done it and has nothing to do now.", "%(count)s people have done it and have nothing to do now.", count
    ),
    "waived": lambda count: ngettext("%(count)s person is excused for a time.", "%(count)s people are excused for a time.", count),
    "renewal_due": lambda count: ngettext("%(count)s person has to renew it now.", "%(count)s people have to renew it now.", count),
    "expired": lambda count: ngettext(
        "%(count)s person did it and it is no longer valid.", "%(count)s people did it and it is no longer valid.", count
    ),
    "overdue": lambda count: ngettext(
        "%(count)s person did not do it by the last day.", "%(count)s people did not do it by the last day.", count
    ),
    "in_progress": lambda count: ngettext("%(count)s person has begun.", "%(count)s people have begun.", count),
    "not_started": lambda count: ngettext("%(count)s person has not begun.", "%(count)s people have not begun.", count),
}
_MAILS: Mapping[str, Callable[[int], str]] = {
    ReminderKind.ASSIGNED: lambda count: ngettext(
        "%(count)s notice that it has been assigned", "%(count)s notices that it has been assigned", count
    ),
    ReminderKind.STEP: lambda count: ngettext("%(count)s reminder of the last day", "%(count)s reminders of the last day", count),
    ReminderKind.OVERDUE: lambda count: ngettext("%(count)s notice of being overdue", "%(count)s notices of being overdue", count),
    ReminderKind.RENEWAL_OPENS: lambda count: ngettext(
        "%(count)s notice that renewal is due", "%(count)s notices that renewal is due", count
    ),
    ReminderKind.VERSION: lambda count: ngettext("%(count)s notice of a newer version", "%(count)s notices of a newer version", count),
    ReminderKind.WAIVER_ENDS: lambda count: ngettext("%(count)s notice that a waiver ends", "%(count)s notices that a waiver ends", count),
}
_WAITING: Mapping[EnrolmentObstacle, Callable[[int, str], str]] = {
    EnrolmentObstacle.UNPUBLISHED: lambda count, course: ngettext(
        "“%(course)s” is not published in the version that is required: %(count)s person cannot take it.",
        "“%(course)s” is not published in the version that is required: %(count)s people cannot take it.",
        count,
        course=course,
    ),
    EnrolmentObstacle.ARCHIVED: lambda count, course: ngettext(
        "“%(course)s” is archived: %(count)s person cannot take it.",
        "“%(course)s” is archived: %(count)s people cannot take it.",
        count,
        course=course,
    ),
    EnrolmentObstacle.NOT_AGREED: lambda count, course: ngettext(
        "The team of “%(course)s” has not agreed that people are enrolled: %(count)s person is not enrolled.",
        "The team of “%(course)s” has not agreed that people are enrolled: %(count)s people are not enrolled.",
        count,
        course=course,
    ),
    EnrolmentObstacle.EDITION_CLOSED: lambda count, course: ngettext(
        "The edition of “%(course)s” is closed: %(count)s person is not enrolled.",
        "The edition of “%(course)s” is closed: %(count)s people are not enrolled.",
        count,
        course=course,
    ),
    EnrolmentObstacle.EDITION_FULL: lambda count, course: ngettext(
        "The edition of “%(course)s” is full: %(count)s person is not enrolled.",
        "The edition of “%(course)s” is full: %(count)s people are not enrolled.",
        count,
        course=course,
    ),
    EnrolmentObstacle.WORK_OPEN: lambda count, course: ngettext(
        "“%(course)s”: %(count)s person has to submit an attempt or a task before taking it again.",
        "“%(course)s”: %(count)s people have to submit an attempt or a task before taking it again.",
        count,
        course=course,
    ),
}
_OBSTACLES: Mapping[CourseObstacle, str] = {
    CourseObstacle.DELETED: N_("“%(course)s” no longer exists."),
    CourseObstacle.UNPUBLISHED: N_("“%(course)s” is not published."),
    CourseObstacle.ARCHIVED: N_("“%(course)s” is archived."),
}


def state_counts(counts: Mapping[str, int]) -> list[tuple[StatusView, str]]:
    """Return each state in which there are people with a sentence of how many they are, the most urgent first."""
    return [(status_view(state), _STATE_SENTENCES[state.value](counts[state.value])) for state in URGENT_FIRST if counts.get(state.value)]


def obstacle_lines(courses: Iterable[tuple[str, CourseObstacle]]) -> list[str]:
    """Describe of each required course that cannot be taken why not."""
    return [_(_OBSTACLES[obstacle], course=name) for name, obstacle in courses]


def waiting_lines(rows: Iterable[tuple[Course, EnrolmentObstacle, int]]) -> list[str]:
    """Describe the obstacles between people and the courses of an obligation in force, and how many wait (spec/compulsory 4.9)."""
    return [_WAITING[obstacle](people, choose(course.title)) for course, obstacle, people in rows]


Rule = tuple[str, str]
"""One rule of an obligation in words: its name, and what it says."""


def requirement_in_words(requirement: Requirement, titles: Mapping[str, Mapping[str, str]]) -> str:
    """Return a requirement as a sentence."""
    if isinstance(requirement, CourseRequirement):
        return _course(requirement.course, titles)
    parts = [requirement_in_words(part, titles) for part in requirement.parts]
    if isinstance(requirement, AllRequirement):
        return _("all of these: %(courses)s", courses=enumeration(parts))
    return _("one of these: %(courses)s", courses=alternatives(parts))


def _course(slug: str, titles: Mapping[str, Mapping[str, str]]) -> str:
    return _("“%(title)s”", title=choose(titles[slug])) if slug in titles else slug


def deadline_in_words(terms: ObligationTerms) -> str:
    """Return a deadline as a sentence."""
    if not isinstance(terms.deadline, RelativeDeadline):
        return _("%(day)s, for everyone", day=format_date(terms.deadline))
    sentences = {
        DeadlineAnchor.ENTRY: N_("%(time)s from the day of entry into the institution"),
        DeadlineAnchor.JOIN: N_("%(time)s from the day of joining the audience"),
        DeadlineAnchor.ENROL: N_("%(time)s from the day of enrolment"),
    }
    return _(sentences[terms.deadline.anchor], time=length_in_words(terms.deadline.duration))


def validity_in_words(terms: ObligationTerms) -> str:
    """Return for how long it holds as a sentence."""
    if terms.validity is None and isinstance(terms.requirement, CourseRequirement):
        return _(
            "Until the last valid day that the course gives, as its certificate prints it; without one it does not expire."
            " A certificate that is revoked changes nothing in it."
        )
    if terms.validity is None:
        return _("It does not expire.")
    if isinstance(terms.basis, YearDay):
        day = f"{terms.basis.day:02}/{terms.basis.month:02}"
        return _("Until %(day)s of each year, at least %(time)s.", day=day, time=length_in_words(terms.minimum))
    if terms.basis is RenewalBasis.EXPIRY:
        return _("%(time)s; a renewal counts from the day on which it would have expired.", time=length_in_words(terms.validity))
    return _("%(time)s; a renewal counts from the day on which it is done.", time=length_in_words(terms.validity))


def _versions_in_words(terms: ObligationTerms, titles: Mapping[str, Mapping[str, str]]) -> str:
    if not terms.lowest_versions:
        return ""
    named = [
        _("%(course)s from version %(number)s on", course=_course(slug, titles), number=lowest)
        for slug, lowest in sorted(terms.lowest_versions.items())
    ]
    if terms.existing is ExistingCompletions.KEEP:
        return _("%(versions)s; what was completed before counts", versions=enumeration(named))
    return _(
        "%(versions)s; those who completed an earlier one take it again within %(time)s",
        versions=enumeration(named),
        time=length_in_words(Duration(days=terms.transition)),
    )


def _days(count: int) -> str:
    return length_in_words(Duration(days=count))


def time_line(terms: ObligationTerms, titles: Mapping[str, Mapping[str, str]], times: Mapping[str, CourseTime]) -> Rule:
    """Return how long the courses of an obligation take, required and optional time told apart; of several each by its title."""
    timed = [slug for slug in dict.fromkeys(courses_of(terms.requirement)) if slug in times]
    lines = {slug: printed_time(times[slug], language()) for slug in timed}
    several = [_("%(course)s: %(time)s", course=_course(slug, titles), time=line) for slug, line in lines.items()]
    return _("Estimated time"), " · ".join(several) if len(several) > 1 else "".join(lines.values())


def fact_lines(values: ObligationValues, titles: Mapping[str, Mapping[str, str]], edition: str = "") -> list[Rule]:
    """Return the rules of a version in words, without those that say nothing."""
    lines = [*_own_facts(values), *_rule_facts(values.terms, titles), *_other_facts(values, edition)]
    return [(name, text) for name, text in lines if text]


def _own_facts(values: ObligationValues) -> Iterator[Rule]:
    yield _("Title in Spanish"), values.title.get("es", "")
    yield _("Title in English"), values.title.get("en", "")
    yield _("What people read about it, in Spanish"), values.words.get("es", "")
    yield _("What people read about it, in English"), values.words.get("en", "")
    yield _("Legal basis in Spanish"), values.legal_base.get("es", "")
    yield _("Legal basis in English"), values.legal_base.get("en", "")
    yield _("Link to the legal basis"), values.legal_url


def _rule_facts(terms: ObligationTerms, titles: Mapping[str, Mapping[str, str]]) -> Iterator[Rule]:
    yield _("What they have to complete"), requirement_in_words(terms.requirement, titles)
    yield _("Begins on"), format_date(terms.starts)
    yield _("Applies until"), format_date(terms.ends) if terms.ends is not None else ""
    yield _("Deadline"), deadline_in_words(terms)
    yield _("Days of notice"), _days(terms.notice)
    yield _("Days of grace"), _days(terms.grace)
    yield _("Validity"), validity_in_words(terms)
    yield _("Renewal window in days"), _days(terms.window) if may_expire(terms) else ""
    yield _("What was completed counts from"), format_date(terms.counts_from) if terms.counts_from is not None else ""
    yield _("Versions that count"), _versions_in_words(terms, titles)
    yield _("Days of absence that do not interrupt"), _days(terms.gap)


def _other_facts(values: ObligationValues, edition: str) -> Iterator[Rule]:
    automatic = values.enrolment is EnrolmentMode.AUTOMATIC
    yield _("Enrolment"), _("The platform enrols people when their time begins") if automatic else _("People enrol themselves")
    yield _("Edition"), edition
    yield _("Time zone of its days"), name_of_zone(values.zone) if values.zone else _("That of each person's unit")
    steps = [number(step) for step in values.steps]
    days = _("%(days)s days before the last day", days=enumeration(steps)) if steps else _("none before the last day")
    yield _("Reminders"), days
    yield _("Heads of units"), _("are notified of people who are overdue") if values.is_escalated else _("are not notified")


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> list[tuple[str, str, str]]:
    """Return the rules that two versions say otherwise, in the order of the form: the name, and what each says; '' where it has none."""
    was, will_be = dict(before), dict(after)
    return [(name, was.get(name, ""), will_be.get(name, "")) for name in will_be | was if was.get(name, "") != will_be.get(name, "")]


def waiting_view(change: PlannedChange, audience: Audience | None, titles: Mapping[int, str]) -> tuple[PlannedChange, str, str]:
    """Return a change that waits for a second person with the endpoint of its page and what it is about, by the titles of obligations."""
    if change.kind == "move":
        return change, "compliance_unit_moves.change", _("Organisational structure")
    if audience is None:
        return change, "compliance_free_days.change", _("Holidays and days off")
    if change.obligation_id is None:
        return change, "compliance_audience_rules.change", choose(audience.title)
    return change, "compliance_changes.change", titles.get(change.obligation_id, "")


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """The outcome of a dry run for its page."""

    figures: DryRunOutcome
    mails: list[str]
    shifts: list[tuple[str, StatusView, StatusView, int]]
    """How many people go from one state to another, with the title of the obligation."""
    units: list[tuple[str, int]]
    """How many people of a unit change their state."""


def outcome_view(outcome: DryRunOutcome, titles: Mapping[int, str], units: Mapping[int, str]) -> OutcomeView:
    """Return the outcome of a dry run in words: the largest shifts and the most affected units first."""
    shifts = sorted(outcome.shifts.items(), key=lambda item: (-item[1], item[0]))
    return OutcomeView(
        outcome,
        [_MAILS[kind](count) for kind, count in sorted(outcome.mails.items(), key=lambda item: -item[1])],
        [(titles.get(obligation, ""), status_view(before), status_view(after), count) for (obligation, before, after), count in shifts],
        [(units.get(unit) or _("Without a unit"), count) for unit, count in outcome.most_affected],
    )
