"""The Monday mail to heads of units: whose training is late, and what changed since last week (spec/compulsory 10.6)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from compliance.rules.reminders import ESCALATED_ABOVE, ESCALATED_TO_OWNER, MONDAY, OPENS, TOO_LATE, sending_moment
from compliance.rules.states import TrainingState
from compliance.rules.terms import WorkingDays

WEEK = timedelta(days=7)
LATE = frozenset({TrainingState.OVERDUE, TrainingState.EXPIRED})
COUNTED = frozenset({TrainingState.DONE, TrainingState.RENEWAL_DUE})
"""The states that count as done."""


@dataclass(frozen=True, slots=True)
class AssignedPerson:
    """One person under one obligation: their main place, state, since when they are late, and on which day the register first had them.

    None where that was not after their first day.
    """

    person_id: int
    place_id: int | None
    obligation_id: int
    state: TrainingState
    late_since: date | None = None
    recorded_on: date | None = None


@dataclass(frozen=True, slots=True)
class StateCount:
    """The number of people of a main place in a state under an obligation."""

    place_id: int | None
    obligation_id: int
    state: TrainingState
    people: int


@dataclass(frozen=True, slots=True)
class HeadedTree:
    """The places with what stands above each, who heads them, and who owns each obligation that escalates."""

    parents: Mapping[int, int | None]
    heads: Mapping[int, Collection[int]]
    owners: Mapping[int, int]
    escalated: Collection[int] = ()
    """The obligations that are escalated."""

    def lineage(self, unit: int | None) -> list[int]:
        """Return a place and everything above it."""
        above: list[int] = []
        while unit is not None and unit in self.parents:
            above.append(unit)
            unit = self.parents[unit]
        return above

    def heads_above(self, assigned: AssignedPerson) -> list[Collection[int]]:
        """Return who heads the places of a person, the nearest first, without themself and without a head named before."""
        levels: list[Collection[int]] = []
        seen = {assigned.person_id}
        for unit in self.lineage(assigned.place_id):
            new = [head for head in self.heads.get(unit, ()) if head not in seen]
            if new:
                levels.append(new)
                seen.update(new)
        return levels


@dataclass(frozen=True, slots=True)
class ObligationCounts:
    """The people of a head under one obligation: all of whom it is asked, done, late, and late since the last digest.

    `recorded_on` are the days on which the register first had those of the last who came into it after their first day.
    """

    obligation_id: int
    required: int
    done: int
    late: int
    new: int
    recorded_on: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamDigest:
    """The content of the digest of one person: numbers alone, never names."""

    counts: tuple[ObligationCounts, ...] = ()
    above: int = 0
    """People of places below with another head, late for fifteen days."""
    owned: int = 0
    """People under obligations of one's own, late for thirty days."""
    headless: int = 0
    """Late people under obligations of one's own whom nobody heads."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is to be told."""
        return not (self.above or self.owned or self.headless) and all(count.done == count.required for count in self.counts)


def team_digests(
    tree: HeadedTree, counts: Sequence[StateCount], heads: Sequence[AssignedPerson], late: Sequence[AssignedPerson], monday: date
) -> Mapping[int, TeamDigest]:
    """Return the digest of each head and owner who has something to read; `heads` are the assignments of the heads themselves."""
    required, done, overdue, new, days_of = _sums(tree, counts, heads, late, monday)
    above, owned, headless = Counter[int](), Counter[int](), Counter[int]()
    for assigned in late:
        days = (monday - assigned.late_since).days if assigned.late_since is not None else 0
        heads_above, owner = tree.heads_above(assigned), tree.owners.get(assigned.obligation_id)
        if assigned.obligation_id in tree.escalated and days >= ESCALATED_ABOVE and len(heads_above) > 1:
            above.update(heads_above[1])
        if owner is not None and not heads_above:
            headless[owner] += 1
        elif owner is not None and assigned.obligation_id in tree.escalated and days >= ESCALATED_TO_OWNER:
            owned[owner] += 1
    people = {head for unit in tree.heads.values() for head in unit} | {*above, *owned, *headless}
    digests = {
        person: TeamDigest(
            tuple(
                ObligationCounts(
                    number,
                    required[person, number],
                    done[person, number],
                    overdue[person, number],
                    new[person, number],
                    recorded_on=tuple(sorted(days_of[person, number])),
                )
                for number in sorted({number for head, number in required if head == person})
                if required[person, number]
            ),
            above[person],
            owned[person],
            headless[person],
        )
        for person in sorted(people)
    }
    return {person: digest for person, digest in digests.items() if not digest.is_empty}


Sums = Counter[tuple[int, int]]


def _sums(
    tree: HeadedTree, counts: Sequence[StateCount], heads: Sequence[AssignedPerson], late: Sequence[AssignedPerson], monday: date
) -> tuple[Sums, Sums, Sums, Sums, Mapping[tuple[int, int], list[date]]]:
    """Return required, done, late, newly late by head and obligation, and since when these are on record; nobody counts for themself."""
    required, done, overdue, new, days_of = Sums(), Sums(), Sums(), Sums(), defaultdict[tuple[int, int], list[date]](list)
    by_place: dict[int | None, set[int]] = defaultdict(set)
    for unit in tree.parents:
        by_place[unit] = {head for above in tree.lineage(unit) for head in tree.heads.get(above, ())}
    rows = [(head, count, count.people) for count in counts for head in by_place[count.place_id]]
    own = [(assigned.person_id, assigned) for assigned in heads if assigned.person_id in by_place[assigned.place_id]]
    every = [*((head, own_row.obligation_id, own_row.state, count) for head, own_row, count in rows)]
    every += [(head, assigned.obligation_id, assigned.state, -1) for head, assigned in own]
    for head, number, state, count in every:
        required[head, number] += count
        done[head, number] += count if state in COUNTED else 0
        overdue[head, number] += count if state in LATE else 0
    for assigned in late:
        if assigned.late_since is not None and monday - assigned.late_since <= WEEK:
            for head in by_place[assigned.place_id] - {assigned.person_id}:
                new[head, assigned.obligation_id] += 1
                days_of[head, assigned.obligation_id] += [] if assigned.recorded_on is None else [assigned.recorded_on]
    return required, done, overdue, new, days_of


def digest_monday(now: datetime, zone: ZoneInfo, working: WorkingDays) -> date | None:
    """Return the Monday whose digest goes out now in a zone: on it at 08:00 or on the next working day; None where none does.

    One that could not go out in time does so within three days.
    """
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=(today.weekday() - MONDAY) % 7)
    day = working.on_or_after(monday)
    begins = datetime.combine(day, time(OPENS.hour), tzinfo=zone)
    return monday if begins <= now and today - day <= TOO_LATE and sending_moment(now, zone, working) == now else None
