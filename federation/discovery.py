"""Configuration of a provider, which it publishes itself: its endpoints and its keys, fetched, checked and kept."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import update

from federation.models import IdentityProvider
from kernel import clock
from kernel.db import Database
from kernel.errors import N_, Invalid
from kernel.jose import KeySet
from kernel.outgoing import OutgoingError, OutgoingFault, OutgoingReach, Reply, fetch

AT_ONCE = 32
"""Calls to providers of one process at the same time (spec/identity 8)."""
_CALLS = BoundedSemaphore(AT_ONCE)
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(hours=24)
"""How long keys are kept, whatever the provider says."""
CLOCKS_DIFFER = 30
"""Seconds from which a difference of clocks is said."""
AGAIN = timedelta(seconds=60)
"""Between two fetches because of a key that is not known."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class TooManyCalls(Exception):
    """So many people come in by providers at this moment that one more has to wait."""


class WrongIssuer(Invalid):
    """The provider calls itself otherwise."""

    message = N_("The provider calls itself “%(published)s”, and here stands “%(typed)s”: both must be the same to the letter.")


class DiscoveryLacks(Invalid):
    """The provider does not publish what is needed."""

    message = N_("The provider does not publish what is needed: %(name)s.")


class NoDiscovery(Invalid):
    """The address has no configuration of a provider."""

    message = N_("At this address there is no configuration of a provider: %(fault)s.")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of a provider."""

    authorization: str
    token: str
    jwks: str
    userinfo: str = ""
    end_session: str = ""


@contextmanager
def one_of_few() -> Iterator[None]:
    """Hold one of the places for calls to providers; raise TooManyCalls where all are taken."""
    if not _CALLS.acquire(blocking=False):
        raise TooManyCalls
    try:
        yield
    finally:
        _CALLS.release()


def call(url: str, reach: OutgoingReach, **options: Any) -> Reply:
    """Call a provider; raise OutgoingError, also for an answer that is no success, or TooManyCalls."""
    with one_of_few():
        reply = fetch(url, reach, **options)
    if reply.status != 200:
        raise OutgoingError(OutgoingFault.BAD_ANSWER)
    return reply


def read_discovery(text: str | bytes, issuer: str, *, insecure: bool = False) -> Endpoints:
    """Read the configuration of a provider; raise NoDiscovery, WrongIssuer or DiscoveryLacks."""
    try:
        document = dict[str, Any](json.loads(text).items())
    except (ValueError, AttributeError, RecursionError):
        raise NoDiscovery(fault="JSON") from None
    if document.get("issuer") != issuer:
        raise WrongIssuer(published=str(document.get("issuer", ""))[:500], typed=issuer)
    schemes = ("https", "http") if insecure else ("https",)
    for name in (*ENDPOINTS, "userinfo_endpoint", "end_session_endpoint"):
        value = document.get(name)
        if (value is None and name in ENDPOINTS) or (
            value is not None and not (isinstance(value, str) and urlsplit(value).scheme in schemes)
        ):
            raise DiscoveryLacks(name=name)
    for name, needed in (("response_types_supported", "code"), ("code_challenge_methods_supported", "S256")):
        if needed not in (document.get(name) or (needed,)):  # Entra does not say that it takes S256
            raise DiscoveryLacks(name=f"{name}: {needed}")
    authorization, token, jwks = (document[name] for name in ENDPOINTS)
    return Endpoints(authorization, token, jwks, document.get("userinfo_endpoint") or "", document.get("end_session_endpoint") or "")


@dataclass(frozen=True, slots=True)
class PublishedConfiguration:
    """Configuration and keys of a provider, as they came, and the seconds by which its clock is ahead; None where it does not say."""

    discovery: str
    key_set: str
    fresh_for: timedelta
    clock_ahead: float | None

    @property
    def columns(self) -> Mapping[str, Any]:
        """Return what of a provider's row changes."""
        now = clock.now()
        return {"discovery": self.discovery, "key_set": self.key_set, "fetched_at": now, "fresh_until": now + self.fresh_for}


def fetch_published(issuer: str, reach: OutgoingReach) -> PublishedConfiguration:
    """Fetch configuration and keys of a provider; raise OutgoingError, TooManyCalls, or what `read_discovery` raises."""
    reply = call(f"{issuer.removesuffix('/')}/.well-known/openid-configuration", reach, headers={"Accept": "application/json"})
    endpoints = read_discovery(reply.body, issuer, insecure=reach.is_near)
    keys = call(endpoints.jwks, reach, headers={"Accept": "application/json"})
    try:
        if not KeySet.read(keys.body).keys:
            raise DiscoveryLacks(name="jwks_uri")
    except ValueError:
        raise DiscoveryLacks(name="jwks_uri") from None
    age = re.search(r"max-age=(\d{1,9})", keys.headers.get("cache-control", ""))
    fresh_for = min(max(timedelta(seconds=int(age[1])) if age else LONGEST, SHORTEST), LONGEST)
    ahead = (reply.date - clock.now()).total_seconds() if reply.date else None
    return PublishedConfiguration(reply.body.decode(), keys.body.decode(), fresh_for, ahead)


def refresh(database: Database, provider: IdentityProvider, reach: OutgoingReach) -> IdentityProvider:
    """Fetch what a provider publishes and keep it; while it is away, what was kept before goes on being used.

    Raise OutgoingError, TooManyCalls or what `read_discovery` raises where there is nothing yet. No connection is held meanwhile.
    """
    try:
        columns = fetch_published(provider.issuer, reach).columns
    except (OutgoingError, TooManyCalls, Invalid):
        if provider.key_set and provider.discovery:
            return provider
        raise
    with database.unit_of_work() as session:
        session.execute(update(IdentityProvider).where(IdentityProvider.id == provider.id).values(**columns))
    for name, value in columns.items():
        setattr(provider, name, value)
    return provider


def is_stale(provider: IdentityProvider, now: datetime) -> bool:
    """Return whether what a provider publishes has to be fetched."""
    return not provider.key_set or provider.fresh_until is None or provider.fresh_until <= now


_TRIED_AT: dict[int, datetime] = {}


def may_fetch_again(provider: IdentityProvider, now: datetime) -> bool:
    """Return whether keys may be fetched because of one that is not known: once a minute for each provider and process."""
    if now - _TRIED_AT.get(provider.id, now - AGAIN) < AGAIN:
        return False
    _TRIED_AT[provider.id] = now
    return True


def endpoints_of(provider: IdentityProvider) -> Endpoints:
    """Return the addresses of a provider as they were published last."""
    return read_discovery(provider.discovery, provider.issuer, insecure=True)
