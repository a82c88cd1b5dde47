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
    numbers = [attempt.number for attempt in tries]
    keys = {key: renames.get(key, key) for key in {attempt.activity_key for attempt in tries}}
    met = {key for key, count in Counter(keys.values()).items() if count > 1}
    if any(key != present and present in keys for key, present in keys.items()):
        for offset, attempt in enumerate(tries, start=1):
            attempt.number = max(numbers) + len(tries) + offset
        session.flush()  # a number is given once under each key, also on the way
    last = Counter[str]()
    for attempt, number in zip(tries, numbers, strict=True):
        attempt.activity_key = keys[attempt.activity_key]
        last[attempt.activity_key] += 1
        attempt.number = last[attempt.activity_key] if attempt.activity_key in met else number
