"""The page of a report: cards, the table by what stands below a place, the verdict on its pace; numbers that add up in each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from compliance.queries.report import CountedPlaces, PlaceTally
from compliance.queries.report_basis import PlacePart, ReportObligation
from compliance.rules.pace import FEWEST, CycleSpan, NeededShare, PaceVerdict, counted_days, pace_verdict
from compliance.rules.states import TrainingState
from compliance.rules.tally import MISSING, REQUIRED, VALID, ReportState, TrainingTally, tally_sum
from compliance.rules.working_days import WorkingDays
from kernel.errors import N_
from kernel.i18n import _, choose
from organisations.rules.units import UnitSummary, lineage

STATE_WORDS: Mapping[ReportState, str] = {
    ReportState.REQUIRED: N_("People required"),
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
class VerdictView:
    """The verdict on a pace, as a page shows it."""

    kind: str
    word: str
    symbol: str


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
    verdict: VerdictView | None = None

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

    def by_place(self, children: Sequence[UnitSummary]) -> ReportTable:
        """Return a line for each place below, one for those counted in the place itself, one for those in no place of it."""
        of_part = defaultdict[int | None, list[PlaceTally]](list)
        for (_obligation, unit_id), each in self._counted.items():
            of_part[self._below[unit_id]].append(each)
        lines = [self._line(child.name, of_part.get(child.id, []), unit=child.uuid) for child in children]
        lines = [line for line, child in zip(lines, children, strict=True) if not child.closed or line.tally.required]
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
        return ReportEntryView(name, each.tally, unit, part, obligation, self._verdict(each))

    def _verdict(self, each: PlaceTally) -> VerdictView | None:
        share = each.tally.share
        if self._days is None or share is None or each.tally.required < FEWEST:
            return None
        return verdict_view(pace_verdict(NeededShare(each.spans, self._days).on(self._day), share))


def verdict_view(verdict: PaceVerdict) -> VerdictView:
    """Return a verdict in the reader's language."""
    kind, word, symbol = VERDICTS[verdict]
    return VerdictView(kind, _(word), symbol)


def _part(parents: Mapping[int, int | None], unit_id: int, number: int | None) -> int | None:
    """Return what of a place another belongs to: what stands directly below it, or itself; None where it stands elsewhere."""
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


@dataclass(frozen=True, slots=True)
class ReportCard:
    """A figure at the top of the report: what it counts, how many, their share of the required, whom its link lists."""

    state: ReportState
    word: str
    people: int
    percent: Decimal | None


def report_cards(tally: TrainingTally, *, is_past: bool) -> list[ReportCard]:
    """Return the cards; what was not recorded has none on a past day."""
    states = [ReportState.REQUIRED, ReportState.VALID, *(ReportState(state.value) for state in MISSING), ReportState.RENEWAL_DUE]
    states += [ReportState.WAIVED] if is_past else [ReportState.AT_RISK, ReportState.NO_ACCOUNT, ReportState.WAIVED]
    required = tally.required
    return [
        ReportCard(
            state,
            _(STATE_WORDS[state]),
            people := tally.people(state),
            percent_of(Fraction(people, required)) if required and state not in (ReportState.REQUIRED, ReportState.WAIVED) else None,
        )
        for state in states
    ]
