"""The dates, limits and attempts that hold for one person: settings, overrides and accommodations (spec/quiz-engine 5.10)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from ipaddress import ip_address, ip_network
from math import ceil

from quizzes.rules.settings import AtEnd, AttemptPause


class OverridableSetting(StrEnum):
    """The settings that an override may set."""

    OPENS = "opens"
    CLOSES = "closes"
    LIMIT = "limit"
    ATTEMPTS = "attempts"
    PASSWORD = "password"  # noqa: S105 - the name of a setting
    NETWORKS = "networks"


@dataclass(frozen=True, slots=True)
class EffectiveSettings:
    """The effective settings of a person; ``limit`` in seconds, None: none; ``attempts`` 0: unlimited; one of ``passwords`` fits.

    ``networks`` are addresses or networks (``10.0.0.0/8``) from which one may start; none means from everywhere.
    """

    opens: datetime | None = None
    closes: datetime | None = None
    limit: int | None = None
    attempts: int = 0
    passwords: frozenset[str] = frozenset()
    pause: AttemptPause = field(default_factory=AttemptPause)
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OverriddenSettings:
    """Values instead of the quiz's; only the settings in ``sets`` count, so that "no limit" can be said too."""

    sets: frozenset[OverridableSetting]
    opens: datetime | None = None
    closes: datetime | None = None
    limit: int | None = None
    attempts: int = 0
    passwords: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AccommodationValues:
    """A person's accommodation: limit × ``factor`` (at least 1) plus ``breaks`` in seconds, and extra attempts."""

    factor: Fraction = Fraction(1)
    extra_attempts: int = 0
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class SettingSources:
    """Everything that decides about the dates, time and attempts of one person at one quiz, as it is now.

    ``everyone`` stands for the quiz itself: groups, persons and accommodations are measured against it. ``at_end``, ``grace`` and
    ``offline_window_seconds`` (spec/quiz-engine 5.3.9) belong to the quiz alone.
    """

    quiz: EffectiveSettings
    everyone: OverriddenSettings | None = None
    groups: tuple[OverriddenSettings, ...] = ()
    own: OverriddenSettings | None = None
    accommodation: AccommodationValues | None = None
    at_end: AtEnd = AtEnd.SUBMIT
    grace: int = 0
    offline_window_seconds: int = 0
    final_submitted_at: datetime | None = None
    """When the final test was submitted, or graded, that this initial one is reviewed with: since then it is as good as closed."""

    awaits_final: bool = False
    """Nothing is shown of this initial test before then (spec/selection 7.2)."""

    def is_held(self, now: datetime) -> bool:
        """Return whether the result of this initial test is still kept for the final one's."""
        return self.awaits_final and (self.final_submitted_at is None or now < self.final_submitted_at)

    def limit_of(self, started_at: datetime, extra_seconds: int) -> int | None:
        """Return the limit that holds for an attempt that began then, with what incidents added, in seconds."""
        limit = self.effective_settings(started_at).limit
        return None if limit is None else limit + extra_seconds

    def review_closes(self, started_at: datetime) -> datetime | None:
        """Return from when on an attempt that began then is reviewed as after the close."""
        return min(
            (moment for moment in (self.effective_settings(started_at).closes, self.final_submitted_at) if moment is not None), default=None
        )

    def effective_settings(self, started_at: datetime | None = None) -> EffectiveSettings:
        """Return the effective settings of the person, for an attempt that began then."""
        quiz = self.quiz if self.everyone is None else effective(self.quiz, own=self.everyone)
        return effective(quiz, own=self.own, groups=self.groups, accommodation=self.accommodation, started_at=started_at)

    @property
    def sets_opening(self) -> bool:
        """Say whether an override decides when one may start, whatever opens the activity otherwise."""
        overrides = [*self.groups, *(override for override in (self.everyone, self.own) if override is not None)]
        return any(OverridableSetting.OPENS in override.sets for override in overrides)


def is_kinder(after: EffectiveSettings, before: EffectiveSettings) -> bool:
    """Return whether a person may begin earlier, end later, take longer or try more often than before."""
    opens = before.opens is not None and (after.opens is None or after.opens < before.opens)
    closes = before.closes is not None and (after.closes is None or after.closes > before.closes)
    limit = before.limit is not None and (after.limit is None or after.limit > before.limit)
    attempts = before.attempts > 0 and (after.attempts == 0 or after.attempts > before.attempts)
    return opens or closes or limit or attempts


def is_within(networks: frozenset[str], address: str) -> bool:
    """Say whether an address lies in one of the networks, IPv4 or IPv6; without networks everything does (spec/quiz-engine 5.2.2)."""
    if not networks:
        return True
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in ip_network(network, strict=False) for network in networks)


def effective(
    quiz: EffectiveSettings,
    *,
    own: OverriddenSettings | None = None,
    groups: Sequence[OverriddenSettings] = (),
    accommodation: AccommodationValues | None = None,
    started_at: datetime | None = None,
) -> EffectiveSettings:
    """Return the effective settings, one by one: own override, else the groups', else the quiz with the ``accommodation``.

    ``started_at`` is the start of the attempt in question: the close date moves by the accommodation's extra time only for an
    attempt that began before it.
    """
    settings = quiz if accommodation is None else _accommodated(quiz, accommodation, _decided(own, groups), started_at)
    for setting in OverridableSetting:
        if own is not None and setting in own.sets:
            settings = _set(settings, setting, [own])
        else:
            settings = _set(settings, setting, [group for group in groups if setting in group.sets])
    return settings


def _decided(own: OverriddenSettings | None, groups: Sequence[OverriddenSettings]) -> frozenset[OverridableSetting]:
    overrides = [*groups, *([] if own is None else [own])]
    return frozenset(setting for override in overrides for setting in override.sets)


def _accommodated(
    quiz: EffectiveSettings, accommodation: AccommodationValues, decided: frozenset[OverridableSetting], started_at: datetime | None
) -> EffectiveSettings:
    """Apply a accommodation to what no override decides (explicit overrides beat the accommodation)."""
    attempts = quiz.attempts + accommodation.extra_attempts if quiz.attempts else 0
    if quiz.limit is None or OverridableSetting.LIMIT in decided:
        return replace(quiz, attempts=attempts)
    limit = ceil(quiz.limit * accommodation.factor) + accommodation.breaks
    closes = quiz.closes
    if closes is not None and started_at is not None and started_at < closes:
        closes += timedelta(seconds=limit - quiz.limit)
    return replace(quiz, attempts=attempts, limit=limit, closes=closes)


def _set(settings: EffectiveSettings, setting: OverridableSetting, overrides: Sequence[OverriddenSettings]) -> EffectiveSettings:
    """Put one setting from overrides that set it: earliest opening, latest closing, most time and attempts, all passwords."""
    if not overrides:
        return settings
    match setting:
        case OverridableSetting.OPENS:
            opens = [override.opens for override in overrides]
            return replace(settings, opens=None if None in opens else min(moment for moment in opens if moment))
        case OverridableSetting.CLOSES:
            closes = [override.closes for override in overrides]
            return replace(settings, closes=None if None in closes else max(moment for moment in closes if moment))
        case OverridableSetting.LIMIT:
            limits = [override.limit or 0 for override in overrides]
            return replace(settings, limit=None if 0 in limits else max(limits))
        case OverridableSetting.ATTEMPTS:
            attempts = [override.attempts for override in overrides]
            return replace(settings, attempts=0 if 0 in attempts else max(attempts))
        case OverridableSetting.PASSWORD:
            passwords = [override.passwords for override in overrides]
            return replace(settings, passwords=frozenset[str]().union(*passwords) if all(passwords) else frozenset())
        case OverridableSetting.NETWORKS:  # pragma: no branch - the last case
            networks = [override.networks for override in overrides]
            return replace(settings, networks=frozenset[str]().union(*networks) if all(networks) else frozenset())
