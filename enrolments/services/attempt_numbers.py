"""Activities that became one: what a learner tried under each former key is numbered on under the present one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy.orm import Session


class NumberedAttempt(Protocol):
    """An attempt, or a submitted task."""

    activity_key: str
    number: int


def renumber_attempts(session: Session, tries: Sequence[NumberedAttempt], renames: Mapping[str, str]) -> None:
    """Move a person's tries, in the order of their start, to the present keys; those that meet there are renumbered in that order."""
    numbers = [one.number for one in tries]
    keys = {key: renames.get(key, key) for key in {one.activity_key for one in tries}}
    met = {key for key, count in Counter(keys.values()).items() if count > 1}
    if any(key != present and present in keys for key, present in keys.items()):
        for place, one in enumerate(tries, start=1):
            one.number = max(numbers) + len(tries) + place
        session.flush()  # a number is given once under each key, also on the way
    last = Counter[str]()
    for one, number in zip(tries, numbers, strict=True):
        one.activity_key = keys[one.activity_key]
        last[one.activity_key] += 1
        one.number = last[one.activity_key] if one.activity_key in met else number
