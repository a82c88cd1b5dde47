"""Pages of the training report: which obligation, which people, which day as known on which."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy import Row
from sqlalchemy.orm import Session
from wtforms import SelectField

from accounts import access_log
from accounts.privacy import AccessPurpose, PeopleListKind, record_access
from compliance import report
from compliance.access import BundleAction, ReminderAction, TrainingAction, TrainingReportAction
from compliance.assignments import are_behind, are_due
from compliance.learner_page import status_view
from compliance.report import (
    CountedPlaces,
    PlacePart,
    PlaceTally,
    ReportedPersonContext,
    ReportObligation,
    ReportPlaceContext,
    ReportRootsContext,
    ReportTime,
    TrainingFilter,
    get_report_place,
    get_report_roots,
    get_reported_person,
    get_working_days,
    list_report_obligations,
    report_time,
)
from compliance.rules.history import (
    MISSING,
    PRESENT_ONLY,
    REQUIRED,
    VALID,
    ReportDayFault,
    ReportDays,
    ReportState,
    TrainingTally,
    report_days,
    tally_sum,
)
from compliance.rules.pace import (
    FEWEST,
    CycleSpan,
    GroupPace,
    NeededShare,
    PaceVerdict,
    RequiredGroup,
    TrajectoryPoint,
    counted_days,
    group_pace,
    pace_verdict,
    trajectory,
)
from compliance.rules.states import NEEDED, TrainingState
from compliance.rules.terms import WorkingDays
from kernel import clock
from kernel.db import Stretch
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, lazy_, ngettext, number, percent, trimmed
from kernel.permissions import Actor
from kernel.web import after_response
from kernel.web.forms import Form, as_day, line
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires
from kernel.web.table import Column, member_of, requested_stretch, requested_words
from organisations.models import Organisation
from organisations.rules.units import UnitSummary, lineage

FAULTS: Mapping[ReportDayFault, str] = {
    ReportDayFault.FUTURE: N_("This day is still to come. Choose today or a day before."),
    ReportDayFault.BEFORE_RECORDS: N_("Nothing is on record before %(day)s. Choose that day or a later one."),
    ReportDayFault.KNOWN_EARLIER: N_("What a day was like cannot be known before that day. Choose the same day or a later one."),
}
NO_DAY = N_("Enter a date, for example 2026-11-30.")


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The report that an address asks for, and the faults of its days."""

    obligation: ReportObligation | None
    """None: all of them."""
    obligations: tuple[ReportObligation, ...]
    every: tuple[ReportObligation, ...]
    """Those that could be asked for."""
    time: ReportTime
    known_on: date
    part: PlacePart
    state: ReportState | None
    words: str
    typed_on: str
    typed_known: str
    faults: Mapping[str, str]
    """What is wrong with `on` and with `known`, in words."""
    now: datetime
    """When it was asked for."""

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the obligations that are shown."""
        return [obligation.id for obligation in self.obligations]

    @property
    def filter_fields(self) -> dict[str, Any]:
        """Return the fields in the address of the same list: the report's, and the people who are asked for."""
        filters = {"state": self.state.value if self.state is not None else "", "q": self.words}
        part = {} if self.part is PlacePart.ALL else {"part": self.part.value}
        return self.fields | part | {name: value for name, value in filters.items() if value}

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields in the address of another view of the same report."""
        present = {"obligation": self.obligation.key if self.obligation else "", "on": self.typed_on, "known": self.typed_known}
        return {name: value for name, value in present.items() if value}


def read_report_request(args: Mapping[str, str], obligations: Sequence[ReportObligation], zone: ZoneInfo, now: datetime) -> ReportRequest:
    """Read an address; what names nothing is as if it were not there."""
    chosen = next((obligation for obligation in obligations if obligation.key == args.get("obligation")), None)
    shown = (chosen,) if chosen is not None else tuple(obligations)
    typed = {name: args.get(name, "").strip()[:20] for name in ("on", "known")}
    read = {name: as_day(text) for name, text in typed.items()}
    first = min((each.first_on for each in shown), default=None)
    since = min((each.known_since.astimezone(zone).date() for each in shown), default=None)
    days = report_days(read["on"], read["known"], now.astimezone(zone).date(), first, since)
    faults = {name: _(NO_DAY) for name, text in typed.items() if text and read[name] is None} or _faults(days, first, since)
    state, query = member_of(ReportState, args.get("state")), requested_words()
    today = now.astimezone(zone).date()
    time = ReportTime(today, now, now) if days.is_refused else report_time(days.on, days.known, zone, now)
    if time.is_past and state in PRESENT_ONLY:
        state = None
    part = member_of(PlacePart, args.get("part")) or PlacePart.ALL
    return ReportRequest(
        chosen,
        shown,
        tuple(obligations),
        time=time,
        known_on=days.known,
        part=part,
        state=state,
        words=query,
        typed_on=typed["on"],
        typed_known=typed["known"],
        faults=faults,
        now=now,
    )


def _faults(days: ReportDays, first: date | None, since: date | None) -> dict[str, str]:
    of_known = None if days.on_fault is not None and days.known == days.on else days.known_fault  # an empty field follows the other
    judged = {"on": (days.on_fault, first), "known": (of_known, since)}
    return {
        name: _(FAULTS[fault], day=format_date(day)) if day is not None else _("Nothing is on record yet.")
        for name, (fault, day) in judged.items()
        if fault is not None
    }


def get_place_then(session: Session, actor: Actor, organisation: UUID, **_address: object) -> ReportPlaceContext:
    """Return a place of the report as of the day that a request asks for; raise NotFound."""
    on, known = (as_day(request.values.get(name, "").strip()[:20]) for name in ("on", "known"))
    return get_report_place(session, actor, organisation, on, known, now=clock.now())


class IdentityExportForm(Form):
    """The reason for which identity numbers are taken out."""

    reason = line(lazy_("Reason"), most=300, required=lazy_("Enter the reason: it is kept in the audit log."))
    kind = SelectField(lazy_("Format"), choices={"csv": "CSV", "xlsx": "Excel (XLSX)", "ods": "OpenDocument (ODS)"}, default="csv")


STATE_WORDS: Mapping[ReportState, str] = {
    ReportState.REQUIRED: N_("Requirements"),
    ReportState.VALID: N_("Done and valid"),
    ReportState.MISSING: N_("Still to do"),
    ReportState.DONE: N_("Done"),
    ReportState.RENEWAL_DUE: N_("Renewal due"),
    ReportState.IN_PROGRESS: N_("In progress"),
    ReportState.NOT_STARTED: N_("Not started"),
    ReportState.OVERDUE: N_("Overdue"),
    ReportState.EXPIRED: N_("Has expired"),
    ReportState.WAIVED: N_("Waived"),
    ReportState.AT_RISK: N_("At risk"),
    ReportState.NO_ACCOUNT: N_("Without an active account"),
}
COLUMNS = (*(ReportState(state.value) for state in REQUIRED), ReportState.WAIVED)
"""The columns of every table: those that add up to the required, and beside them who is waived."""
VERDICTS: Mapping[PaceVerdict, tuple[str, str, str]] = {
    PaceVerdict.ON_TIME: ("ok", N_("On time"), "check"),
    PaceVerdict.BEHIND: ("now", N_("Somewhat behind"), "clock"),
    PaceVerdict.AT_RISK: ("bad", N_("At risk"), "triangle-alert"),
}


@dataclass(frozen=True, slots=True)
class ReportEntryView:
    """A line of a table of the report: a place, a part of one, or an obligation, with its numbers."""

    name: str
    tally: TrainingTally
    place: UUID | None = None
    """What its link leads to; none where it is a part of the place itself."""
    part: PlacePart = PlacePart.ALL
    obligation: str = ""
    """The key of the obligation, where it is one."""
    verdict: tuple[str, str, str] | None = None
    """Look, word and icon."""

    @property
    def numbers(self) -> list[tuple[ReportState, int]]:
        """Return the number of each column."""
        return [(state, self.tally.people(state)) for state in COLUMNS]

    @property
    def percent(self) -> Decimal | None:
        """Return the share done in percent."""
        return percent_of(self.tally.share)

    @property
    def bar(self) -> tuple[float, float, float]:
        """Return the widths of a bar of 168: done, under way, the rest."""
        required = self.tally.required or 1
        done = self.tally.count(VALID) * 168 / required
        going = self.tally.count((TrainingState.IN_PROGRESS,)) * 168 / required
        return round(done, 1), round(going, 1), round(168 - done - going, 1) if self.tally.required else 0


def percent_of(share: Fraction | None) -> Decimal | None:
    """Return a share in percent; what is not all is never shown as 100, and what is something never as 0."""
    if share is None:
        return None
    whole = round(share * 100)
    if share < 1 and whole == 100:
        return Decimal(99)
    return Decimal(1) if share > 0 and whole == 0 else Decimal(whole)


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of the report with the sum of its lines."""

    lines: Sequence[ReportEntryView]
    total: TrainingTally

    @property
    def sums(self) -> list[tuple[ReportState, int]]:
        """Return the sum of each column."""
        return [(state, self.total.people(state)) for state in COLUMNS]

    @property
    def percent(self) -> Decimal | None:
        """Return the share done of all."""
        return percent_of(self.total.share)


def state_options(*, is_past: bool) -> list[tuple[str, str]]:
    """Return the filters of people with their words; on a past day those alone that were recorded."""
    left_out = (ReportState.AT_RISK, ReportState.NO_ACCOUNT) if is_past else ()
    return [(state.value, _(label)) for state, label in STATE_WORDS.items() if state not in left_out]


class PlaceLines:
    """The counted numbers of a place, put together by what stands below it and by obligation."""

    def __init__(
        self, counted: CountedPlaces, unit: UnitSummary, tree: Mapping[int, UnitSummary], day: date, working: WorkingDays | None
    ) -> None:
        """Take the numbers; `working` is None where no verdict is given: on a past day."""
        self._place, self._counted = unit, counted
        self._days = None if working is None else counted_days((each.spans for each in counted.values()), day, working)
        self._day = day
        parents = {unit_id: summary.parent_id for unit_id, summary in tree.items()}
        self._below = {unit_id: _part(parents, unit.id, unit_id) for _obligation, unit_id in counted}

    def by_place(self, children: Sequence[UnitSummary], at: datetime | None = None) -> ReportTable:
        """Return a line for each place below, one for those counted in the place itself, one for those in no place of it.

        What is closed, or was added after the moment of the report, has one where something is required of somebody there.
        """
        of_part = defaultdict[int | None, list[PlaceTally]](list)
        for (_obligation, unit_id), each in self._counted.items():
            of_part[self._below[unit_id]].append(each)
        lines = [self._line(child.name, of_part.get(child.id, []), unit=child.uuid) for child in children]
        lines = [line for line, child in zip(lines, children, strict=True) if _stands(child, at) or line.tally.required]
        if own := of_part.get(self._place.id):
            lines.append(self._line(_("Directly in %(name)s", name=self._place.name), own, part=PlacePart.HERE))
        if elsewhere := of_part.get(None):
            lines.append(self._line(_("In no unit of the institution"), elsewhere, part=PlacePart.ELSEWHERE))
        return _table(lines)

    def by_obligation(self, obligations: Iterable[ReportObligation]) -> ReportTable:
        """Return a line for each obligation that is required of somebody here."""
        tallies = defaultdict[int, list[PlaceTally]](list)
        for (obligation, _unit_id), each in self._counted.items():
            tallies[obligation].append(each)
        lines = [
            self._line(choose(obligation_shown.title), tallies[obligation_shown.id], obligation=obligation_shown.key)
            for obligation_shown in obligations
            if obligation_shown.id in tallies
        ]
        return _table(line for line in lines if line.tally.required or line.tally.people(ReportState.WAIVED))

    @property
    def whole(self) -> PlaceTally:
        """Return the numbers of the whole place."""
        return _joined(self._counted.values())

    def _line(
        self, name: str, tallies: Sequence[PlaceTally], *, unit: UUID | None = None, part: PlacePart = PlacePart.ALL, obligation: str = ""
    ) -> ReportEntryView:
        each = _joined(tallies)
        return ReportEntryView(name, each.tally, unit, part=part, obligation=obligation, verdict=self._verdict(each))

    def _verdict(self, each: PlaceTally) -> tuple[str, str, str] | None:
        share = each.tally.share
        if self._days is None or share is None or each.tally.required < FEWEST:
            return None
        look, word, symbol = VERDICTS[pace_verdict(NeededShare(each.spans, self._days).on(self._day), share)]
        return look, _(word), symbol


def _stands(unit: UnitSummary, at: datetime | None) -> bool:
    return not unit.closed and (at is None or unit.made_at is None or unit.made_at <= at)


def _part(parents: Mapping[int, int | None], unit_id: int, number: int | None) -> int | None:
    """Return the part of a place to which another belongs: one directly below it, or itself; None where it stands elsewhere."""
    if number is None:
        return None
    path = lineage(parents, number)
    if unit_id not in path:
        return None
    at = path.index(unit_id)
    return path[at - 1] if at else unit_id


def _joined(counted: Iterable[PlaceTally]) -> PlaceTally:
    tallies, spans = list[TrainingTally](), Counter[CycleSpan]()
    for each in counted:
        tallies.append(each.tally)
        spans.update(each.spans)
    return PlaceTally(tally_sum(tallies), spans)


def _table(lines: Iterable[ReportEntryView]) -> ReportTable:
    listed = list(lines)
    return ReportTable(listed, tally_sum(line.tally for line in listed))


def report_cards(tally: TrainingTally, *, is_past: bool) -> list[tuple[ReportState, int, Decimal | None]]:
    """Return the figures at the top of the report: whom each counts, how many, and their share of the required in percent.

    What was not recorded has none on a past day.
    """
    states = [ReportState.REQUIRED, ReportState.VALID, *(ReportState(state.value) for state in MISSING), ReportState.RENEWAL_DUE]
    states += [ReportState.WAIVED] if is_past else [ReportState.AT_RISK, ReportState.NO_ACCOUNT, ReportState.WAIVED]
    required, without_share = tally.required, (ReportState.REQUIRED, ReportState.WAIVED)
    return [
        (
            state,
            tally.people(state),
            percent_of(Fraction(tally.people(state), required)) if required and state not in without_share else None,
        )
        for state in states
    ]


def _status_columns(*, is_past: bool = False) -> tuple[Column[Any], ...]:
    """Return the columns of a status; of a past day the state alone is on record. The last day of what is done stands as its validity."""
    return (
        Column(N_("State"), name="state", shown=lambda row: status_view(row.state, (row.flags or "").split())),
        Column(
            N_("Last day"), kind="day", name="last", shown=lambda row: None if is_past or row.state == TrainingState.DONE else row.last_on
        ),
        Column(N_("Done on"), kind="day", name="done", shown=lambda row: None if is_past else row.done_on),
        Column(N_("Valid until"), kind="day", name="valid", shown=lambda row: None if is_past else row.valid_until),
    )


def people_columns(titles: Mapping[int, str], *, with_title: bool, is_past: bool) -> list[Column[Row[*tuple[Any, ...]]]]:
    """Return the columns of the people under some obligations."""
    title: Column[Any] = Column(N_("Compulsory training"), name="title", shown=lambda row: titles[row.obligation_id])
    return [
        Column(N_("Name"), name="name", shown=lambda row: row.Person.full_name),
        Column(N_("Unit"), name="place", shown=lambda row: row.place),
        *([title] if with_title else []),
        *_status_columns(is_past=is_past),
    ]


LEFT, RIGHT, TOP, BOTTOM = 44, 1084, 20, 220
MOST_LABELS = 8
NEAR = 96
"""Units between the middles of two labels within which they would touch; a label at an end reaches half of it further."""


@dataclass(frozen=True, slots=True)
class DayLabel:
    """A day written below the drawing."""

    x: int
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class TrajectoryView:
    """A trajectory: its finding, its figures in sentences, its lines as path data, its labels and its table."""

    finding: str
    label: str
    sentences: Sequence[str]
    area: str
    line: str
    goal: str
    today: tuple[int, int, str]
    """Where the line ends, and the share done."""
    labels: Sequence[DayLabel]
    rows: Sequence[tuple[date, Decimal, Decimal | None]]
    """Of each day the needed share and the share done in percent."""


def trajectory_view(points: Sequence[TrajectoryPoint], pace: GroupPace, day: date, people: int) -> TrajectoryView | None:
    """Return the trajectory of a group up to a day; None where there is nothing to draw."""
    if len(points) < 2:
        return None
    first, last = points[0].on, points[-1].on

    def place(on: date, share: Fraction) -> tuple[int, int]:
        across = Fraction((on - first).days, (last - first).days)
        return round(LEFT + (RIGHT - LEFT) * across), round(BOTTOM - (BOTTOM - TOP) * share)

    done = [place(point.on, point.done) for point in points if point.done is not None]
    line = _path(done)
    x, y = done[-1]
    return TrajectoryView(
        finding(pace),
        _label(points, pace, day),
        list(_sentences(pace, people)),
        area=f"M{LEFT} {BOTTOM}L{line[1:]}L{x} {BOTTOM}z",
        line=line,
        goal=_path([place(point.on, point.needed) for point in points]),
        today=(x, y, percent(percent_of(pace.done) or Decimal(0))),
        labels=_labels(first, last, day),
        rows=[(point.on, _percent(point.needed), None if point.done is None else _percent(point.done)) for point in points],
    )


def _percent(share: Fraction) -> Decimal:
    return percent_of(share) or Decimal(0)


def _path(places: Sequence[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def finding(pace: GroupPace) -> str:
    """Return the verdict on a pace as a sentence."""
    if pace.verdict is PaceVerdict.ON_TIME:
        return _("On pace for the last day")
    points = Decimal(round(pace.points_behind * 10)) / 10 or Decimal("0.1")
    return ngettext(
        "%(points)s point short of the pace that the last day needs",
        "%(points)s points short of the pace that the last day needs",
        points,
        points=number(trimmed(points)),
    )


def _label(points: Sequence[TrajectoryPoint], pace: GroupPace, day: date) -> str:
    return _(
        "Done: %(done)s on %(day)s. The needed pace was %(needed)s. From %(first)s to %(last)s.",
        done=percent(_percent(pace.done)),
        needed=percent(_percent(pace.needed)),
        day=format_date(day),
        first=format_date(points[0].on),
        last=format_date(points[-1].on),
    )


def _sentences(pace: GroupPace, people: int) -> Iterator[str]:
    """Describe the place's training, what the last days brought, and what comes of it (spec/compulsory 11.5)."""
    recent = _rate(pace.recent_daily)
    if pace.needed_daily is None:
        yield _("No working day is left. In the last five working days, %(recent)s people a day finished.", recent=recent)
        return
    yield _(
        "From here, %(needed)s people a working day have to finish; in the last five working days, %(recent)s a day did.",
        needed=_rate(pace.needed_daily),
        recent=recent,
    )
    yield _(
        "At this pace, %(count)s of %(people)s will have finished on the last day (%(share)s).",
        count=number(pace.foreseen),
        people=number(people),
        share=percent(_percent(Fraction(pace.foreseen, people))),
    )


def _rate(value: Fraction) -> str:
    return number(Decimal(round(value * 10)) / 10, 1)


def _labels(first: date, last: date, today: date) -> list[DayLabel]:
    """Return the first and the last day, today, and between them first days of months, as far as they do not touch."""
    marked = [(first, "start"), (last, "end")]
    if today not in (first, last):
        marked.append((today, "middle"))
    months = list(_months(first, last))
    step = -(-len(months) // MOST_LABELS) or 1

    def x_of(day: date) -> int:
        return round(LEFT + (RIGHT - LEFT) * (day - first).days / (last - first).days)

    labels = [DayLabel(x_of(on), format_date(on, "short"), anchor) for on, anchor in marked]
    labels = [
        label for label in labels if label.anchor != "middle" or _is_apart(label.x, (other for other in labels if other is not label))
    ]
    for on in months[::step]:
        if _is_apart(x_of(on), labels):
            labels.append(DayLabel(x_of(on), format_date(on, "short"), "middle"))
    return sorted(labels, key=lambda label: label.x)


def _is_apart(x: int, labels: Iterable[DayLabel]) -> bool:
    """Return whether a label around a place would touch none of these."""
    return all(abs(x - label.x) > (NEAR if label.anchor == "middle" else NEAR * 1.5) for label in labels)


def _months(first: date, last: date) -> Iterator[date]:
    day = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    while day < last:
        yield day
        day = (day + timedelta(days=31)).replace(day=1)


bp = Blueprint("compliance_report", __name__, url_prefix="/training-report")

ROWS = 50


@bp.get("")
@requires(TrainingReportAction.VIEW, get_report_roots)
def places(context: ReportRootsContext) -> Answer:
    """Lead to the only place whose report the actor may see, or list the highest ones."""
    if len(context.roots) == 1:
        return cast("Response", redirect(url_for("compliance_report.place", organisation=context.roots[0].uuid)))
    return page("compliance/report_places.html", places=context.roots)


def read_report(context: ReportPlaceContext) -> tuple[ReportRequest, TrainingFilter]:
    """Read the address's query of the report of a place."""
    obligations = list_report_obligations(current_session(), context.path[0].id)
    requested = read_report_request(request.args, obligations, context.zone, clock.now())
    filters = TrainingFilter(
        context.place.id, context.is_institution, requested.obligations, part=requested.part, state=requested.state, words=requested.words
    )
    return requested, filters


def working_days_of(context: ReportPlaceContext, time: ReportTime) -> WorkingDays:
    """Return the working days that the pace of a place and its people at risk are counted by."""
    if time.is_past:
        return WorkingDays()
    return get_working_days(current_session(), context)


def _common(context: ReportPlaceContext, requested: ReportRequest) -> dict[str, Any]:
    """Return the values that every page of a place's report shows."""
    return {
        "place": context.place,
        "path": context.path,
        "seen": {unit.id for unit in context.path if context.scope.sees_any({unit.id})},
        "asked": requested,
        "options": [(obligation.key, choose(obligation.title)) for obligation in requested.every],
        "title": choose(requested.obligation.title) if requested.obligation is not None else _("All compulsory training"),
        "words_of": {state: _(label) for state, label in STATE_WORDS.items()},
        "now": requested.time.at,
        "is_assumed": context.is_assumed,
        "is_behind": _is_behind(requested),
    }


def _is_behind(requested: ReportRequest) -> bool:
    """Return whether statuses that are shown as known now are of before a change that a job has yet to follow.

    Of one training it is what decides on its acta and its bundle; that the clock changed states is counted in those of today.
    """
    session, now = current_session(), requested.now
    if requested.time.known < now:
        return False
    if requested.obligation is not None:
        return are_due(session, requested.obligation.id, now, with_clock=requested.time.is_past)
    return are_behind(session, now, obligations=requested.numbers)


@bp.get("/<uuid:organisation>")
@requires(TrainingReportAction.VIEW, get_place_then)
def place(context: ReportPlaceContext) -> Answer:
    """Show how the people of a place stand: cards, trajectory, the table by what stands below; nothing where its day is refused."""
    requested = read_report(context)[0]
    html = report_page(context, requested)
    return (html, 422) if requested.faults else html


def report_page(context: ReportPlaceContext, requested: ReportRequest, refused: str = "") -> Response:
    """Draw the report of a place; `refused` is why its acta was not made."""
    if requested.faults:
        return page("compliance/report.html", **_common(context, requested), lines=None, may_bundle=False, acta_number=None, refused="")
    working = working_days_of(context, requested.time)
    whole = TrainingFilter(context.place.id, context.is_institution, requested.obligations)
    lines = count_lines(context, requested, whole, working)
    return page(
        "compliance/report.html",
        **_common(context, requested),
        lines=lines,
        cards=report_cards(lines.whole.tally, is_past=requested.time.is_past),
        people=report.count_people(current_session(), requested.time, whole),
        by_place=lines.by_place(context.children, requested.time.at),
        by_obligation=None if requested.obligation is not None else lines.by_obligation(requested.obligations),
        drawn=None if requested.time.is_past else drawn_trajectory(whole, requested.time, lines, working),
        states=state_options(is_past=requested.time.is_past),
        may_remind=not requested.time.is_past and allows(ReminderAction.SEND, context),
        may_bundle=allows(BundleAction.MAKE, context),
        acta_number=uuid4() if requested.obligation is not None and allows(TrainingReportAction.EXPORT, context) else None,
        refused=refused,
    )


def count_lines(context: ReportPlaceContext, requested: ReportRequest, filters: TrainingFilter, working: WorkingDays) -> PlaceLines:
    """Count the people of a place, ready to be put into tables."""
    counted = report.count_states(current_session(), requested.time, filters, working)
    return PlaceLines(counted, context.place, context.by_number, requested.time.on, None if requested.time.is_past else working)


def drawn_trajectory(filters: TrainingFilter, time: ReportTime, lines: PlaceLines, working: WorkingDays) -> TrajectoryView | None:
    """Return the trajectory of a place; None below five people, or without a deadline."""
    group = RequiredGroup(lines.whole.spans, report.count_done_by_day(current_session(), time, filters))
    pace = group_pace(group, time.on, working)
    return None if pace is None else trajectory_view(trajectory(group, time.on, working), pace, time.on, group.people)


@bp.get("/<uuid:organisation>/people")
@requires(TrainingReportAction.VIEW, get_place_then)
def people(context: ReportPlaceContext) -> Answer:
    """List the people behind a number of the report, some at a time, by name."""
    access_log.record_list_access(PeopleListKind.TRAINING, Organisation, context.place.id)
    requested, filters = read_report(context)
    listed: Stretch[Row[*tuple[Any, ...]]] = Stretch(())
    if not requested.faults:
        working = working_days_of(context, requested.time)
        listed = report.list_training_people(current_session(), requested.time, filters, working, requested_stretch(), limit=ROWS)
    titles = {obligation.id: choose(obligation.title) for obligation in requested.obligations}
    html = page(
        "compliance/report_people.html",
        **_common(context, requested),
        columns=people_columns(titles, with_title=requested.obligation is None, is_past=requested.time.is_past),
        titles=titles,
        states=state_options(is_past=requested.time.is_past),
        found=listed,
        may_take_identities=allows(TrainingReportAction.EXPORT_IDENTITY, context),
        remind_url=_remind_url(context, requested),
    )
    return (html, 422) if requested.faults else html


def _remind_url(context: ReportPlaceContext, requested: ReportRequest) -> str:
    """Return where the people of the list are reminded; nothing where a reminder has no such filter, or the actor may send none."""
    state = requested.state.value if requested.state else ""
    is_plain = requested.part is PlacePart.ALL and not requested.words and not requested.time.is_past
    if requested.obligation is None or not is_plain or (state and state not in NEEDED) or not allows(ReminderAction.SEND, context):
        return ""
    return url_for("compliance_reminders.remind", obligation=requested.obligation.uuid, place=context.place.uuid, state=state)


@bp.get("/people/<uuid:person>")
@requires(TrainingAction.VIEW, get_reported_person)
def person(context: ReportedPersonContext) -> Answer:
    """Show one person before every obligation that was ever theirs."""
    session, actor, now = current_session(), current_actor(), clock.now()
    after_response.leave_record(lambda recording: record_access(recording, actor, context.person_id, AccessPurpose.TRAINING, now=now))
    rows = report.list_obligations_of(session, context.person_id, now)
    is_behind = are_behind(session, now, person=context.person_id)
    columns = (Column(N_("Compulsory training"), name="title", shown=lambda row: choose(row.title)), *_status_columns())
    return page("compliance/report_person.html", person=context, page=Stretch(rows), columns=columns, now=now, is_behind=is_behind)
