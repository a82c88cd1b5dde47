"""Activities that became one: what a learner tried under each former key is numbered on under the present one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol


class Try(Protocol):
    """An attempt, or a task that was handed in."""

    activity_key: str
    number: int


def number_on(tries: Sequence[Try], renames: Mapping[str, str]) -> None:
    """Move somebody's tries, given in the order of their start, to the present keys, numbered after those that are there already."""
    last = Counter[str]()
    for one in tries:
        if one.activity_key not in renames:
            last[one.activity_key] = max(last[one.activity_key], one.number)
    for one in tries:
        if one.activity_key in renames:
            one.activity_key = renames[one.activity_key]
            last[one.activity_key] += 1
            one.number = last[one.activity_key]
