"""The history of a status: which state held from when to when, as known from when to when (spec/compulsory 7.1 and 7.3).

A row answers for every moment `at` within its validity and every moment `known`, not before `at`, within its knowledge.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from compliance.rules.record import TrainingRecord
from compliance.rules.status import StateFlag, TrainingCase, TrainingState, first_instant, next_change, status_of, training_case
from compliance.rules.terms import ObligationTerms

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A state with its flags: valid from a moment until before another, known likewise; open where the end is None."""

    state: TrainingState
    flags: tuple[StateFlag, ...]
    valid_from: datetime
    valid_to: datetime | None
    known_from: datetime
    known_to: datetime | None = None

    @property
    def says(self) -> tuple[TrainingState, tuple[StateFlag, ...], datetime]:
        """Return the state, its flags, and since when it holds."""
        return self.state, self.flags, self.valid_from

    def covers(self, at: datetime, known: datetime) -> bool:
        """Say whether the row answers for a moment as known at another."""
        is_valid = self.valid_from <= at and (self.valid_to is None or at < self.valid_to)
        return is_valid and self.known_from <= known and (self.known_to is None or known < self.known_to)


def extend_history(rows: Sequence[HistoryRow], case: TrainingCase, computed_at: datetime | None) -> list[HistoryRow]:
    """Return the rows of a history as known in a case, where earlier rows were complete as of another moment, or there were none.

    Each moment at which something was recorded is gone through by itself, so that what was known before it stays as it was known.
    """
    history, now, recorded = list(rows), case.known, set(_recorded(case.versions, case.record))
    between = sorted(moment for moment in recorded if (computed_at is None or moment > computed_at) and moment < now)
    for known in (*between, now):
        then = case if known == now else training_case(case.versions, case.record, known)
        if computed_at is not None:
            before = training_case(case.versions, case.record, known - INSTANT) if known in recorded else then
            history = _continued(history, before, known)
        history = _corrected(history, then, known)
        computed_at = known
    return history


def has_news(record: TrainingRecord, after: datetime, until: datetime) -> bool:
    """Say whether something was recorded or taken back of a person after one moment and not after another."""
    return any(after < moment <= until for moment in _recorded((), record))


def _recorded(versions: Sequence[ObligationTerms], record: TrainingRecord) -> Iterator[datetime]:
    yield from (terms.recorded_at for terms in versions)
    yield from (start.at for start in record.starts)
    yield from record.enrolled_at
    for facts in (record.stays, record.closures, record.completions, record.entries, record.zones):
        for fact in facts:
            yield fact.recorded_at
            if fact.retracted_at is not None:
                yield fact.retracted_at
    for waiver in record.waivers:
        yield waiver.recorded_at
        if waiver.revoked_at is not None:
            yield waiver.revoked_at


def timeline(case: TrainingCase, until: datetime) -> list[HistoryRow]:
    """Return which state held from when on, as known in a case, up to a moment; the last one is open. Nothing where nothing began."""
    since = begins_at(case)
    if since is None or since > until:
        return []
    acts = (*(done.achieved_at for done in case.completions), *(start.at for start in case.record.starts), *case.record.enrolled_at)
    cuts = sorted({since, *(moment for moment in acts if since < moment <= until)})
    changes: list[HistoryRow] = []
    for first, end in pairwise((*cuts, None)):
        assert first is not None
        for moment, state, flags in _changes(case, first, end, until):
            if not changes or changes[-1].says[:2] != (state, flags):
                changes.append(HistoryRow(state, flags, moment, None, case.known))
    ends = [row.valid_from for row in changes[1:]]
    return [replace(row, valid_to=end) for row, end in zip(changes, (*ends, None), strict=True)]


def begins_at(case: TrainingCase) -> datetime | None:
    """Return since when a person has a status, as known in a case: the first day of their first stay; None where there is none."""
    days = [span.first for span in case.stays]
    return first_instant(min(days), case.record.zone) if days and case.versions else None


def _changes(
    case: TrainingCase, first: datetime, end: datetime | None, until: datetime
) -> Iterator[tuple[datetime, TrainingState, tuple[StateFlag, ...]]]:
    status = status_of(case, first)
    yield first, status.state, status.flags
    ahead = next_change(case, first)
    while ahead is not None and ahead.at <= until and (end is None or ahead.at < end):
        yield ahead.at, ahead.status.state, ahead.status.flags
        ahead = next_change(case, ahead.at)


def _continued(history: Iterable[HistoryRow], case: TrainingCase, until: datetime) -> list[HistoryRow]:
    """Carry a history on by the clock alone: what a day ends is ended, what it begins was known as it began."""
    rows = list(history)
    valid = {row.says: row for row in timeline(case, until - INSTANT)}
    present = {row.says for row in rows if row.known_to is None}
    carried = [replace(row, valid_to=valid[row.says].valid_to) if row.known_to is None and row.says in valid else row for row in rows]
    return carried + [replace(row, known_from=row.valid_from) for row in valid.values() if row.says not in present]


def _corrected(history: Iterable[HistoryRow], case: TrainingCase, known: datetime) -> list[HistoryRow]:
    """Write what was recorded at a moment into a history: what it says otherwise was known until then."""
    wanted = {(row.says, row.valid_to): row for row in timeline(case, known)}
    rows: list[HistoryRow] = []
    for row in history:
        if row.known_to is not None:
            rows.append(row)
        elif (row.says, row.valid_to) in wanted:
            rows.append(row)
            del wanted[row.says, row.valid_to]
        elif row.valid_to is None and (row.says, known) in wanted:
            rows.append(replace(row, valid_to=known))
            del wanted[row.says, known]
        else:
            rows.append(replace(row, known_to=known))
    return rows + [replace(row, known_from=known) for row in wanted.values()]
