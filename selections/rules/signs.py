"""Signs in the integrity records of a sitting, each of them a question to a person and never a verdict (spec/selection 6.4 and 6.10).

There is no total over signs and no order of people by them: each kind stands by itself, people by name.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from quizzes.rules.states import IntegrityRecord, rapid_share, rapid_threshold

LEAST_RAPID = 0.1
"""The share of an attempt's questions from which rapid answers are listed; nearly everybody has one or two (Wise and Kong 2005)."""


class SignKind(StrEnum):
    """The kinds of signs: two sessions at once, the page left, answers faster than reading."""

    SESSIONS = "sessions"
    ABSENCES = "absences"
    RAPID = "rapid"


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """The record of one attempt of a sitting; `versions` are its question versions by position."""

    attempt_id: int
    record: IntegrityRecord
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class AttemptSign:
    """A sign in an attempt: its size, and in how many of the attempts that could show one it is at least as large.

    `size` is a number of encounters, a number of seconds, or a share; `count` and `extra` are what is told with it.
    """

    attempt_id: int
    kind: SignKind
    size: float
    count: int = 0
    extra: int = 0
    as_large: int = 0
    among: int = 0


@dataclass(frozen=True, slots=True)
class PersonSign:
    """A sign with the person and the attempt that show it."""

    person_id: int
    name: str
    attempt: UUID
    number: int
    sign: AttemptSign


def find_signs(records: Sequence[RecordedAttempt]) -> list[AttemptSign]:
    """Return the signs of a sitting in the order of its records, each with how rare one as large is among them."""
    thresholds = rapid_thresholds(records)
    signs_found: list[AttemptSign] = []
    for kind, one_of in (
        (SignKind.SESSIONS, _sessions),
        (SignKind.ABSENCES, _absences),
        (SignKind.RAPID, lambda record: _rapid(record, thresholds)),
    ):
        signs = [sign for record in records if (sign := one_of(record)) is not None]
        sizes = sorted(sign.size for sign in signs)
        signs_found += [
            _counted(sign, sizes) for sign in signs if sign.size > 0 and (kind is not SignKind.RAPID or sign.size >= LEAST_RAPID)
        ]
    return signs_found


def rapid_thresholds(records: Iterable[RecordedAttempt]) -> dict[int, float]:
    """Return, by question version, below how many seconds an answer came faster than the question can be read; from 100 answers on."""
    seconds: dict[int, list[int]] = {}
    for attempt in records:
        for position, took in attempt.record.times().items():
            if position in attempt.versions:
                seconds.setdefault(attempt.versions[position], []).append(took)
    thresholds = {version: rapid_threshold(sum(times) / len(times), len(times)) for version, times in seconds.items()}
    return {version: threshold for version, threshold in thresholds.items() if threshold is not None}


def _sessions(attempt: RecordedAttempt) -> AttemptSign | None:
    record = attempt.record
    if not record.sessions:
        return None
    devices, networks = ({getattr(session, name) for session in record.sessions} for name in ("device", "network"))
    return AttemptSign(attempt.attempt_id, SignKind.SESSIONS, len(record.encounters), len(devices), len(networks))


def _absences(attempt: RecordedAttempt) -> AttemptSign:
    return AttemptSign(
        attempt.attempt_id, SignKind.ABSENCES, attempt.record.absent_seconds if attempt.record.absent else 0, attempt.record.absent
    )


def _rapid(attempt: RecordedAttempt, thresholds: Mapping[int, float]) -> AttemptSign | None:
    own = {position: thresholds[version] for position, version in attempt.versions.items() if version in thresholds}
    times = attempt.record.times()
    share = rapid_share(times, own)
    if share is None:
        return None
    known = sum(position in own for position in times)
    return AttemptSign(attempt.attempt_id, SignKind.RAPID, share, round(share * known), known)


def _counted(sign: AttemptSign, sizes: Sequence[float]) -> AttemptSign:
    as_large = len(sizes) - bisect_left(sizes, sign.size)
    return AttemptSign(sign.attempt_id, sign.kind, sign.size, count=sign.count, extra=sign.extra, as_large=as_large, among=len(sizes))
