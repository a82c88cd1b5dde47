"""The dates, limits and attempts that hold for one person: settings, overrides and accommodations (5.10)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil

from quizzes.rules.settings import Pause


class Setting(StrEnum):
    """What an override may set."""

    OPENS = "opens"
    CLOSES = "closes"
    LIMIT = "limit"
    ATTEMPTS = "attempts"
    PASSWORD = "password"  # noqa: S105 - the name of a setting


@dataclass(frozen=True, slots=True)
class Access:
    """What holds for a person; ``limit`` in seconds, None: none; ``attempts`` 0: unlimited; one of ``passwords`` fits."""

    opens: datetime | None = None
    closes: datetime | None = None
    limit: int | None = None
    attempts: int = 0
    passwords: frozenset[str] = frozenset()
    pause: Pause = field(default_factory=Pause)


@dataclass(frozen=True, slots=True)
class Override:
    """Values instead of the quiz's; only the settings in ``sets`` count, so that "no limit" can be said too."""

    sets: frozenset[Setting]
    opens: datetime | None = None
    closes: datetime | None = None
    limit: int | None = None
    attempts: int = 0
    passwords: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Accommodation:
    """A person's profile: limit × ``factor`` (at least 1) plus ``breaks`` in seconds, and extra attempts."""

    factor: Fraction = Fraction(1)
    extra_attempts: int = 0
    breaks: int = 0


def effective(
    quiz: Access,
    *,
    own: Override | None = None,
    groups: Sequence[Override] = (),
    profile: Accommodation | None = None,
    started_at: datetime | None = None,
) -> Access:
    """Return what holds for a person, setting by setting: own override, else the groups', else the quiz with the profile.

    ``started_at`` is the start of the attempt in question: the close date moves by the profile's extra time only for an
    attempt that began before it.
    """
    settings = quiz if profile is None else _accommodated(quiz, profile, _decided(own, groups), started_at)
    for setting in Setting:
        if own is not None and setting in own.sets:
            settings = _set(settings, setting, [own])
        else:
            settings = _set(settings, setting, [group for group in groups if setting in group.sets])
    return settings


def _decided(own: Override | None, groups: Sequence[Override]) -> frozenset[Setting]:
    overrides = [*groups, *([] if own is None else [own])]
    return frozenset(setting for override in overrides for setting in override.sets)


def _accommodated(quiz: Access, profile: Accommodation, decided: frozenset[Setting], started_at: datetime | None) -> Access:
    """Apply a profile to what no override decides (explicit overrides beat the profile)."""
    attempts = quiz.attempts + profile.extra_attempts if quiz.attempts else 0
    if quiz.limit is None or Setting.LIMIT in decided:
        return replace(quiz, attempts=attempts)
    limit = ceil(quiz.limit * profile.factor) + profile.breaks
    closes = quiz.closes
    if closes is not None and started_at is not None and started_at < closes:
        closes += timedelta(seconds=limit - quiz.limit)
    return replace(quiz, attempts=attempts, limit=limit, closes=closes)


def _set(settings: Access, setting: Setting, overrides: Sequence[Override]) -> Access:
    """Put one setting from overrides that set it: earliest opening, latest closing, most time and attempts, all passwords."""
    if not overrides:
        return settings
    match setting:
        case Setting.OPENS:
            opens = [override.opens for override in overrides]
            return replace(settings, opens=None if None in opens else min(moment for moment in opens if moment))
        case Setting.CLOSES:
            closes = [override.closes for override in overrides]
            return replace(settings, closes=None if None in closes else max(moment for moment in closes if moment))
        case Setting.LIMIT:
            limits = [override.limit or 0 for override in overrides]
            return replace(settings, limit=None if 0 in limits else max(limits))
        case Setting.ATTEMPTS:
            attempts = [override.attempts for override in overrides]
            return replace(settings, attempts=0 if 0 in attempts else max(attempts))
        case Setting.PASSWORD:  # pragma: no branch - the last case
            return replace(settings, passwords=frozenset[str]().union(*(override.passwords for override in overrides)))
