"""States of compulsory training in words, and what is required of one person as plain values (spec/compulsory 7.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from compliance.learner import RequiredOfPerson
from compliance.rules.states import NEEDED, StateFlag, TrainingState, TrainingStatus
from compliance.rules.terms import AnyRequirement
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, ngettext, zone, zone_name

URGENT_FIRST = (
    TrainingState.OVERDUE,
    TrainingState.EXPIRED,
    TrainingState.RENEWAL_DUE,
    TrainingState.NOT_STARTED,
    TrainingState.IN_PROGRESS,
    TrainingState.DONE,
    TrainingState.WAIVED,
    TrainingState.NOT_REQUIRED,
)
"""The order in which lists, legends and columns name the states."""


@dataclass(frozen=True, slots=True)
class StatusView:
    """A state as a page shows it: never by colour alone."""

    state: TrainingState
    word: str
    remark: str
    """What else holds, from its flags; empty where nothing does."""
    symbol: str
    """The name of its icon."""
    shape: str
    """The outline that stands for it in charts, as path data in a box of 12 by 12."""
    kind: str
    """Of the label: '', 'ok', 'now' or 'bad'."""
    advice: str
    """One sentence to the person themself: what to do now."""


_SIGNS: Mapping[TrainingState, tuple[str, str, str, str]] = {
    TrainingState.NOT_REQUIRED: (N_("Not required"), "circle-minus", "M1 5h10v2H1z", ""),
    TrainingState.DONE: (N_("Done"), "circle-check", "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1z", "ok"),
    TrainingState.WAIVED: (N_("Waived"), "shield-check", "M1 1h10v10H1zM3 3v6h6V3z", ""),
    TrainingState.RENEWAL_DUE: (N_("Renewal due"), "rotate-ccw", "M6 0l6 6-6 6-6-6z", "now"),
    TrainingState.EXPIRED: (N_("Has expired"), "circle-x", "M3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z", "bad"),
    TrainingState.OVERDUE: (N_("Overdue"), "triangle-alert", "M6 0l6 11H0z", "bad"),
    TrainingState.IN_PROGRESS: (N_("In progress"), "circle-dot", "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1zM6 3v6a3 3 0 0 0 0-6z", "now"),
    TrainingState.NOT_STARTED: (N_("Not started"), "circle", "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1zM6 3a3 3 0 1 0 0 6 3 3 0 1 0 0-6z", ""),
}
"""Of each state the word, the symbol, the shape and the kind, as a `StatusView` has them."""

_REMARKS: Mapping[StateFlag, str] = {
    StateFlag.NOT_BEGUN: N_("it has not begun yet"),
    StateFlag.ENDED: N_("it is over"),
    StateFlag.ACCOUNT: N_("the account is closed"),
    StateFlag.OUTSIDE: N_("outside its audience"),
    StateFlag.LATE: N_("after the last day"),
    StateFlag.VERSION: N_("a newer version is asked"),
    StateFlag.GRACE: N_("in the days of grace"),
    StateFlag.STARTED: N_("begun"),
    StateFlag.OLD_VERSION: N_("an older version was finished"),
}

_ADVICE: Mapping[TrainingState, Mapping[frozenset[StateFlag], str]] = {
    TrainingState.NOT_REQUIRED: {
        frozenset(): N_("Nothing is asked of you now."),
        frozenset({StateFlag.NOT_BEGUN}): N_("You have nothing to do yet: it begins later."),
        frozenset({StateFlag.ENDED}): N_("You have nothing to do: it is no longer asked of anybody."),
        frozenset({StateFlag.ACCOUNT}): N_("Nothing is asked while the account is closed."),
        frozenset({StateFlag.OUTSIDE}): N_("You have nothing to do: it is asked of others."),
    },
    TrainingState.DONE: {
        frozenset(): N_("You have nothing to do now."),
        frozenset({StateFlag.LATE}): N_("You finished after the last day and have nothing more to do."),
    },
    TrainingState.WAIVED: {frozenset(): N_("You need not take it as long as your waiver lasts.")},
    TrainingState.RENEWAL_DUE: {
        frozenset(): N_("Take it again before what you did ceases to be valid."),
        frozenset({StateFlag.VERSION}): N_("A newer version is asked: take it before your completion ceases to be valid."),
        frozenset({StateFlag.GRACE}): N_("What you did is no longer valid: renew it within the days of grace."),
        frozenset({StateFlag.VERSION, StateFlag.GRACE}): N_("A newer version is asked: take it within the days of grace."),
    },
    TrainingState.EXPIRED: {
        frozenset(): N_("What you did is no longer valid: take it again now."),
        frozenset({StateFlag.STARTED}): N_("What you did is no longer valid: finish what you have begun again."),
        frozenset({StateFlag.VERSION}): N_("The version that you did no longer counts: take the present one now."),
        frozenset({StateFlag.VERSION, StateFlag.STARTED}): N_("The version that you did no longer counts: finish the one that you began."),
    },
    TrainingState.OVERDUE: {
        frozenset(): N_("The last day has passed: begin now, it is recorded all the same."),
        frozenset({StateFlag.STARTED}): N_("The last day has passed: finish what you began, it is recorded all the same."),
    },
    TrainingState.IN_PROGRESS: {
        frozenset(): N_("Continue what you have begun, by the last day."),
        frozenset({StateFlag.GRACE}): N_("The last day has passed: finish within the days of grace."),
        frozenset({StateFlag.OLD_VERSION}): N_("The version that you finished does not count: take the present one."),
        frozenset({StateFlag.GRACE, StateFlag.OLD_VERSION}): N_(
            "The version that you finished does not count: take the present one within the days of grace."
        ),
    },
    TrainingState.NOT_STARTED: {
        frozenset(): N_("Start soon enough to finish by the last day."),
        frozenset({StateFlag.GRACE}): N_("The last day has passed: begin and finish within the days of grace."),
    },
}


def status_view(state: TrainingState | str, flags: Iterable[str] = ()) -> StatusView:
    """Return a state with its flags in the reader's language; a stored state and its flags, split at blanks, will do as well."""
    read, known = TrainingState(state), [StateFlag(flag) for flag in flags]
    word, symbol, shape, kind = _SIGNS[read]
    remark, advice = ", ".join(_(_REMARKS[flag]) for flag in known), _(_ADVICE[read][frozenset(known)])
    return StatusView(read, _(word), remark, symbol=symbol, shape=shape, kind=kind, advice=advice)


PRESSING = (TrainingState.OVERDUE, TrainingState.EXPIRED)


@dataclass(frozen=True, slots=True)
class DutyView:
    """One obligation as its person reads it."""

    uuid: UUID
    title: str
    words: str
    """What learners read about it; may be empty."""
    status: StatusView
    until: str
    """Until when, in words and date; empty where no day is named."""
    zone: str
    """By the clock of which place, where that is not the reader's; else empty."""
    why: str
    """The sentence of its audience; empty where it is not told."""
    courses: tuple[str, ...]
    """The courses that it names, by their slugs."""
    is_choice: bool
    """Of several courses any one will do."""
    is_open: bool
    is_again: bool
    """What was done once has to be done again."""
    renewable: tuple[str, ...]
    """Of several courses, those to be taken again now."""
    lowest_versions: Mapping[str, int]
    """The lowest version that counts, by course, where not every one does."""


def duties_in_order(rows: Iterable[RequiredOfPerson]) -> list[RequiredOfPerson]:
    """List the duties of a person, the most pressing first: overdue and expired, then by last day, then waived, then done."""

    def rank(row: RequiredOfPerson) -> tuple[int, date, int]:
        state, last_on = row.status.state, row.status.last_on or date.max
        group = 0 if state in PRESSING else 1 if state in NEEDED else 2 if state is TrainingState.WAIVED else 3
        return group, last_on, row.assignment_id

    return sorted((row for row in rows if row.status.state is not TrainingState.NOT_REQUIRED), key=rank)


def duty_view(row: RequiredOfPerson, why: str, *, now: datetime) -> DutyView:
    """Return an obligation of a person in words."""
    status = row.status
    today = now.astimezone(status.zone).date()
    text, courses = row.text_on(today), row.courses_on(today)
    return DutyView(
        row.uuid,
        choose(text.title),
        choose(text.words) if text.words else "",
        status=status_view(status.state, status.flags),
        until=until_words(status, text.terms.grace, today),
        zone=foreign_zone(status, today),
        why=why,
        courses=tuple(courses),
        is_choice=isinstance(text.terms.requirement, AnyRequirement) and len(courses) > 1,
        is_open=status.state in NEEDED,
        is_again=status.state in (TrainingState.RENEWAL_DUE, TrainingState.EXPIRED),
        renewable=row.renewable,
        lowest_versions=text.terms.lowest_versions,
    )


def until_words(status: TrainingStatus, grace: int, today: date) -> str:
    """Describe the last day: the deadline, the waiver or the validity that a status speaks of, and how long that is from a day."""
    last, is_grace = status.last_on, StateFlag.GRACE in status.flags
    match status.state:
        case TrainingState.NOT_STARTED | TrainingState.IN_PROGRESS if last is not None and is_grace:
            return _in_grace(last, last + timedelta(days=grace))
        case TrainingState.NOT_STARTED | TrainingState.IN_PROGRESS:
            return _("no last day runs yet: it counts from your enrolment") if last is None else _left(last, today)
        case TrainingState.OVERDUE if last is not None:
            days = (today - last).days
            return ngettext("the last day was %(day)s, yesterday", "the last day was %(day)s, %(count)s days ago", days, day=_full(last))
        case TrainingState.RENEWAL_DUE if last is not None and is_grace and status.valid_until is not None:
            return _in_grace(status.valid_until, last)
        case TrainingState.RENEWAL_DUE if last is not None:
            return _still_valid(last, today)
        case TrainingState.EXPIRED if last is not None:
            return _("it was valid until %(day)s", day=_full(last))
        case TrainingState.DONE:
            return _("it does not expire") if last is None else _("valid until %(day)s", day=_full(last))
        case TrainingState.WAIVED:
            return _("waived, without a last day") if last is None else _("waived until %(day)s", day=_full(last))
    return ""


def _full(day: date) -> str:
    return format_date(day, "full")


def _left(last: date, today: date) -> str:
    days = (last - today).days
    if days == 0:
        return _("due today, %(day)s", day=_full(last))
    return ngettext("due %(day)s (%(count)s day left)", "due %(day)s (%(count)s days left)", days, day=_full(last))


def _still_valid(last: date, today: date) -> str:
    days = (last - today).days
    if days == 0:
        return _("valid until today, %(day)s", day=_full(last))
    return ngettext("valid until %(day)s, %(count)s day left", "valid until %(day)s, %(count)s days left", days, day=_full(last))


def _in_grace(last: date, end: date) -> str:
    return _("the last day was %(day)s; the days of grace end on %(end)s", day=_full(last), end=_full(end))


def foreign_zone(status: TrainingStatus, today: date) -> str:
    """Name the place by whose clock a last day ends, where the reader's clock shows another time then; else nothing."""
    day = status.last_on or today
    end = datetime(day.year, day.month, day.day, 12, tzinfo=status.zone)
    if end.utcoffset() == end.astimezone(zone()).utcoffset():
        return ""
    return _("by the time of %(place)s", place=zone_name(status.zone.key))
