"""The numbers of an acta: by province, with their digest, and the verdict on whether they are the register's (spec/compulsory 12.3)."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from compliance.rules.tally import TrainingTally, tally_sum
from organisations.rules.units import lineage

CODE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class ActaCount:
    """The people of one province or unit by state; of no place: those who are in none of the institution."""

    place_id: int | None
    tally: TrainingTally


def acta_counts(
    counted: Iterable[tuple[int | None, TrainingTally]], parents: Mapping[int, int | None], scope: int, parts: Collection[int]
) -> list[ActaCount]:
    """Return a line for each part with people, one for those of the scope in no part, one for those outside the scope."""
    by_part = defaultdict[int | None, list[TrainingTally]](list)
    for unit_id, tally in counted:
        by_part[_part(parents, scope, parts, unit_id)].append(tally)
    return [ActaCount(part, tally_sum(tallies)) for part, tallies in by_part.items()]


def _part(parents: Mapping[int, int | None], scope: int, parts: Collection[int], unit_id: int | None) -> int | None:
    path = [] if unit_id is None else lineage(parents, unit_id)
    if scope not in path:
        return None
    return next((unit for unit in path if unit in parts), scope)


def acta_digest(lines: Iterable[ActaCount]) -> str:
    """Return the SHA-256 of the numbers, in whatever order they come."""
    rows = sorted(
        [line.place_id or 0, sorted((state.value, count) for state, count in line.tally.states.items() if count)] for line in lines
    )
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


class ActaVerdict(StrEnum):
    """The verdicts of the register of today on the numbers of an acta."""

    SAME = "same"
    CORRECTED = "corrected"
    """They are what was on record; of the same moment something was recorded since."""
    DIFFERENT = "different"
    DELETED = "deleted"
    """The records of the obligation are no longer kept."""


def acta_verdict(digest: str, as_known: Iterable[ActaCount] | None, today: Iterable[ActaCount] | None) -> ActaVerdict:
    """Compare the digest of an acta with the numbers as known then and as known today; None where no records are kept."""
    if as_known is None or today is None:
        return ActaVerdict.DELETED
    if acta_digest(as_known) != digest:
        return ActaVerdict.DIFFERENT
    return ActaVerdict.SAME if acta_digest(today) == digest else ActaVerdict.CORRECTED
