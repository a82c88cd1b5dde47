"""Places of a status list that no credential holds and that are set, so that nobody counts by a list how many were revoked (K6).

A part of the places of a list, which its secret seed chooses, is never given to a credential. Some of them are set from the beginning and
more with the time; a place that is set is never taken back, like that of a credential.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256

STATUS_LIST_PLACES = 131_072
_DRAWS = 65_536
NEVER_GIVEN = _DRAWS * 4 // 100
"""Draws below it make a place one that is never given: four of a hundred."""
SET_AT_FIRST = (_DRAWS // 100, _DRAWS * 2 // 100)
"""Between these the seed chooses how many are set at first."""
YEARS = 10
"""Until all of them are set."""


@dataclass(frozen=True, slots=True)
class StatusDecoys:
    """The places of a list that are never given, those of them that are set on a day, and those of these that count as replaced."""

    never_given: frozenset[int]
    set: frozenset[int]
    replaced: frozenset[int]


@lru_cache(maxsize=8)
def status_decoys(seed: bytes, age: int) -> StatusDecoys:
    """Return the decoys of a list so many days after it began; a list without a seed has none."""
    if not seed:
        return StatusDecoys(frozenset(), frozenset(), frozenset())
    share, *draws = struct.unpack(f"<{STATUS_LIST_PLACES + 1}H", shake_256(seed).digest(2 * (STATUS_LIST_PLACES + 1)))
    least, most = SET_AT_FIRST
    at_first = least + share % (most - least)
    limit = min(NEVER_GIVEN, at_first + (NEVER_GIVEN - at_first) * max(0, age) // (365 * YEARS))
    never_given = {index: draw for index, draw in enumerate(draws) if draw < NEVER_GIVEN}
    now_set = frozenset(index for index, draw in never_given.items() if draw < limit)
    return StatusDecoys(frozenset(never_given), now_set, frozenset(index for index in now_set if never_given[index] % 2))
