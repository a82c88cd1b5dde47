"""Everything behind one status in words: the sum of the last day, versions, takes, reminders, timeline (spec/compulsory 11.2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from compliance.models import AssignmentState, Reminder, Waiver
from compliance.pages.claims import reason_words
from compliance.pages.status_words import StatusView, status_view
from compliance.queries.why import TakenCourse
from compliance.rules.history import HistoryRow
from compliance.rules.last_day import LastDayReason, LastDayTerm
from compliance.rules.past import PastRefusal
from compliance.rules.record import AchievedCourse, is_known
from compliance.rules.reminders import SuppressionReason
from compliance.rules.states import StateFlag, TrainingState
from compliance.rules.terms import AllRequirement, AnyRequirement, DeadlineAnchor, ExistingCompletions, ObligationTerms, courses_of
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, ngettext

REFUSALS: Mapping[PastRefusal, str] = {
    PastRefusal.FUTURE: N_("That day is still to come."),
    PastRefusal.BEFORE_RECORD: N_("There is no record of that day: the first is of %(day)s."),
    PastRefusal.KNOWN_EARLIER: N_("What was known on a day says nothing of later ones: choose the same day or a later one."),
}
_ANCHORS: Mapping[DeadlineAnchor, str] = {
    DeadlineAnchor.ENTRY: N_("Deadline counted from the entry into the institution, %(first)s"),
    DeadlineAnchor.JOIN: N_("Deadline counted from joining the audience, %(first)s"),
    DeadlineAnchor.ENROL: N_("Deadline counted from the enrolment, %(first)s"),
}
_REMINDERS: Mapping[str, str] = {
    "assigned": N_("Notice of the assignment"),
    "renewal_opens": N_("Renewal opens"),
    "overdue": N_("Overdue"),
    "waiver_ends": N_("End of the waiver"),
    "version": N_("A newer version is asked"),
    "asked": N_("Sent by a head or an officer"),
}
_SUPPRESSED: Mapping[str, str] = {
    SuppressionReason.DONE: N_("it was done"),
    SuppressionReason.WAIVED: N_("there was a waiver"),
    SuppressionReason.NOT_REQUIRED: N_("it was not required"),
    SuppressionReason.BEFORE_JOINING: N_("its day was before joining the audience"),
    SuppressionReason.RECENT: N_("one had been sent within seven days"),
    SuppressionReason.CAP: N_("there had been a mail that day"),
    SuppressionReason.SWITCHED_OFF: N_("mail is switched off in the profile"),
    SuppressionReason.NO_ADDRESS: N_("the address was never confirmed"),
    SuppressionReason.TOO_LATE: N_("it came too late"),
    SuppressionReason.ENDED: N_("the compulsory training had ended"),
}


@dataclass(frozen=True, slots=True)
class SumTermView:
    """One term of the sum of a last day: why, and the day that it makes."""

    words: str
    day: str


def sum_terms(terms: Iterable[LastDayTerm]) -> list[SumTermView]:
    """Return how a last day came about, the last term making it."""
    return [SumTermView(_term_words(term), format_date(term.last_on, "full")) for term in terms]


def _term_words(term: LastDayTerm) -> str:
    first, last = format_date(term.first), format_date(term.last)
    if term.anchor is not None:
        return _(_ANCHORS[term.anchor], first=first)
    if term.reason is LastDayReason.DEADLINE:
        return _("Deadline of the rules")
    if term.reason is LastDayReason.VERSION:
        return _("Deadline of the rules from %(first)s on", first=first)
    if term.reason is LastDayReason.VALIDITY:
        return _("What was done is valid until then")
    return _floor_words(term, first, last)


def _floor_words(term: LastDayTerm, first: str, last: str) -> str:
    """Say why nobody gets less than some days, or how many days of grace there are."""
    days = term.days
    match term.reason:
        case LastDayReason.JOINED:
            sentence = ngettext(
                "Joined the audience on %(first)s: %(count)s day at least",
                "Joined the audience on %(first)s: %(count)s days at least",
                days,
                first=first,
            )
        case LastDayReason.CHANGED:
            sentence = ngettext(
                "Brought forward on %(first)s: %(count)s day at least after that",
                "Brought forward on %(first)s: %(count)s days at least after that",
                days,
                first=first,
            )
        case LastDayReason.GAP:
            sentence = ngettext(
                "Outside the audience from %(first)s to %(last)s: %(count)s day at least afterwards",
                "Outside the audience from %(first)s to %(last)s: %(count)s days at least afterwards",
                days,
                first=first,
                last=last,
            )
        case LastDayReason.ACCOUNT:
            sentence = ngettext(
                "Account closed from %(first)s to %(last)s: %(count)s day at least afterwards",
                "Account closed from %(first)s to %(last)s: %(count)s days at least afterwards",
                days,
                first=first,
                last=last,
            )
        case LastDayReason.WAIVER:
            sentence = ngettext(
                "Waiver from %(first)s to %(last)s: %(count)s day at least afterwards",
                "Waiver from %(first)s to %(last)s: %(count)s days at least afterwards",
                days,
                first=first,
                last=last,
            )
        case _:
            sentence = ngettext("%(count)s day of grace", "%(count)s days of grace", days)
    return sentence


def requirement_words(terms: ObligationTerms) -> str:
    """Say how many of the courses are asked; nothing where there is one."""
    if isinstance(terms.requirement, AnyRequirement):
        return _("Any one of these courses is enough.")
    return _("All of these courses are asked.") if isinstance(terms.requirement, AllRequirement) else ""


def version_lines(terms: ObligationTerms, titles: Mapping[str, str]) -> Iterator[str]:
    """Say of each course which versions count, and from when on what was done counts."""
    for course in dict.fromkeys(courses_of(terms.requirement)):
        lowest, title = terms.lowest_versions.get(course, 0), titles.get(course, course)
        if not lowest:
            yield _("“%(title)s”: every version counts.", title=title)
        elif terms.existing is ExistingCompletions.KEEP:
            yield _(
                "“%(title)s”: version %(number)s or a newer one; older ones completed before keep counting.", title=title, number=lowest
            )
        else:
            yield _("“%(title)s”: version %(number)s or a newer one, asked again of who did an older one.", title=title, number=lowest)
    if terms.counts_from is not None:
        yield _("What was done before %(day)s does not count.", day=format_date(terms.counts_from))


@dataclass(frozen=True, slots=True)
class DoneView:
    """A completion or a recognition on record, as known at a moment."""

    title: str
    what: str
    at: datetime
    recorded_at: datetime
    remark: str


def done_views(
    completions: Sequence[AchievedCourse], titles: Mapping[str, str], reconstructed: frozenset[tuple[str, datetime]], known: datetime
) -> list[DoneView]:
    """Return what was on record as done at a moment, the oldest first; what was taken back by then is said to be."""
    rows = sorted((done for done in completions if done.recorded_at <= known), key=lambda done: (done.achieved_at, done.recorded_at))
    return [
        DoneView(
            titles.get(done.course, done.course),
            _("Recognition") if done.version is None else _("Version %(number)s", number=done.version),
            done.achieved_at,
            done.recorded_at,
            _done_remark(done, known, is_older=(done.course, done.achieved_at) in reconstructed),
        )
        for done in rows
    ]


def _done_remark(done: AchievedCourse, known: datetime, *, is_older: bool) -> str:
    if not is_known(done, known) and done.retracted_at is not None:
        return _("taken back on %(day)s", day=format_date(done.retracted_at))
    return _("from records older than the register") if is_older else ""


@dataclass(frozen=True, slots=True)
class ExcusedView:
    """A waiver on record, as known at a moment; of medical reasons only who may see them reads more than that there are grounds."""

    kind: str
    first_on: date
    last_on: date | None
    remark: str


def waiver_views(rows: Iterable[Waiver], known: datetime, *, shows_medical: bool) -> list[ExcusedView]:
    """Return the waivers of a person; of what reason they are only who may see medical ones reads (spec/compulsory 4.10)."""
    return [
        ExcusedView(
            reason_words(row, sees_medical=shows_medical),
            row.first_on,
            row.last_on,
            _("revoked on %(day)s", day=format_date(row.revoked_at)) if row.revoked_at is not None and row.revoked_at <= known else "",
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class ReminderView:
    """A decision on a reminder, with the last day that it named."""

    day: date
    at: datetime
    words: str
    outcome: str
    was_sent: bool
    told: date | None
    differs: bool
    """It named another last day than is computed now."""


def reminder_views(rows: Iterable[Reminder], last_on: date | None) -> list[ReminderView]:
    """Return decisions on reminders in words; what was told stands beside the day that is computed."""
    return [
        ReminderView(
            row.due_on,
            row.at,
            _reminder_words(row),
            _("Sent") if not row.reason else _("Not sent: %(reason)s", reason=_(_SUPPRESSED.get(row.reason, row.reason))),
            not row.reason,
            row.last_on,
            row.last_on is not None and last_on is not None and row.last_on != last_on,
        )
        for row in rows
    ]


def _reminder_words(row: Reminder) -> str:
    if row.kind == "step":
        return ngettext("%(count)s day before the last day", "%(count)s days before the last day", row.step)
    return _(_REMINDERS.get(row.kind, row.kind))


@dataclass(frozen=True, slots=True)
class TimelineView:
    """A state with its time."""

    status: StatusView
    since: datetime
    until: datetime | None


def timeline_views(rows: Iterable[HistoryRow]) -> list[TimelineView]:
    """Return the states of a person one after the other."""
    return [TimelineView(status_view(row.state, row.flags), row.valid_from, row.valid_to) for row in rows]


@dataclass(frozen=True, slots=True)
class FormerStateView:
    """A state of the day that the record gave until something else was recorded."""

    status: StatusView
    since: datetime
    known_from: datetime
    known_to: datetime


def former_state_views(rows: Iterable[AssignmentState]) -> list[FormerStateView]:
    """Return what the record said of a day before, in words."""
    return [
        FormerStateView(
            status_view(TrainingState(row.state), tuple(map(StateFlag, row.flags.split()))), row.valid_from, row.known_from, row.known_to
        )
        for row in rows
        if row.known_to is not None
    ]


def course_titles(rows: Iterable[TakenCourse]) -> dict[str, str]:
    """Return the titles of courses by their slugs."""
    return {row.slug: choose(row.title) for row in rows}
