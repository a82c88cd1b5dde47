"""Configuration of a provider, which it publishes itself: its endpoints and its keys, fetched, checked and kept."""

import json
import re
from collections.abc import Mapping
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
from kernel.outgoing import OutgoingError, OutgoingReach, Reply, fetch

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


class ProviderAway(Invalid):
    """The provider cannot be reached, or answers what is no answer."""

    message = N_("The provider does not answer: %(fault)s.")


class ProviderBusy(ProviderAway):
    """So many people come in by providers at this moment that one more has to wait."""


class ClocksDiffer(Invalid):
    """The provider's clock says another time than ours."""

    message = N_("It answers, but the clocks differ by %(seconds)s s.")


class WrongIssuer(Invalid):
    """The provider calls itself otherwise."""

    message = N_("The provider calls itself “%(published)s”, and here stands “%(typed)s”: both must be the same to the letter.")


class DiscoveryLacks(Invalid):
    """The provider does not publish what is needed."""

    message = N_("The provider does not publish what is needed: %(name)s.")


def call(url: str, reach: OutgoingReach, **options: Any) -> Reply:
    """Call a provider; raise ProviderAway, also for an answer that is no success, or ProviderBusy."""
    if not _CALLS.acquire(blocking=False):
        raise ProviderBusy(fault="busy")
    try:
        reply = fetch(url, reach, **options)
    except OutgoingError as away:
        raise ProviderAway(fault=str(away)) from None
    finally:
        _CALLS.release()
    if reply.status != 200:
        raise ProviderAway(fault=str(reply.status))
    return reply


def read_object(text: str | bytes) -> dict[str, Any]:
    """Return the object that a provider answers with (JSON); raise ProviderAway where it is none."""
    try:
        return dict[str, Any](json.loads(text).items())
    except (ValueError, AttributeError, RecursionError):
        raise ProviderAway(fault="JSON") from None


def check_discovery(document: Mapping[str, Any], issuer: str, *, insecure: bool = False) -> None:
    """Check what a provider publishes of itself; raise WrongIssuer or DiscoveryLacks."""
    if document.get("issuer") != issuer:
        raise WrongIssuer(published=str(document.get("issuer", ""))[:500], typed=issuer)
    schemes = ("https", "http") if insecure else ("https",)
    for name in (*ENDPOINTS, "userinfo_endpoint", "end_session_endpoint"):
        address = document.get(name)
        is_right = isinstance(address, str) and urlsplit(address).scheme in schemes
        if not is_right and (address is not None or name in ENDPOINTS):
            raise DiscoveryLacks(name=name)
    for name, needed in (("response_types_supported", "code"), ("code_challenge_methods_supported", "S256")):
        if needed not in (document.get(name) or (needed,)):  # Entra does not say that it takes S256
            raise DiscoveryLacks(name=f"{name}: {needed}")


def fetch_published(issuer: str, reach: OutgoingReach) -> tuple[Mapping[str, Any], float]:
    """Fetch what a provider publishes: the columns that change with it, and by how many seconds its clock is ahead, 0 if it has none.

    Raise ProviderAway, or what `check_discovery` raises.
    """
    reply = call(f"{issuer.removesuffix('/')}/.well-known/openid-configuration", reach, headers={"Accept": "application/json"})
    document = read_object(reply.body)
    check_discovery(document, issuer, insecure=reach.is_near)
    keys = call(document["jwks_uri"], reach, headers={"Accept": "application/json"})
    try:
        if not KeySet.read(keys.body).keys:
            raise DiscoveryLacks(name="jwks_uri")
    except ValueError:
        raise DiscoveryLacks(name="jwks_uri") from None
    age, now = re.search(r"max-age=(\d{1,9})", keys.headers.get("cache-control", "")), clock.now()
    fresh_for = min(max(timedelta(seconds=int(age[1])) if age else LONGEST, SHORTEST), LONGEST)
    texts = {"discovery": json.dumps(document), "key_set": json.dumps(read_object(keys.body))}
    return {**texts, "fetched_at": now, "fresh_until": now + fresh_for}, (reply.date - now).total_seconds() if reply.date else 0.0


def refresh(database: Database, provider: IdentityProvider, reach: OutgoingReach) -> None:
    """Fetch what a provider publishes and keep it; while it is away, what was kept before goes on being used.

    Raise what `fetch_published` raises where there is nothing yet. No connection is held meanwhile.
    """
    try:
        columns, _ahead = fetch_published(provider.issuer, reach)
    except Invalid:
        if provider.key_set and provider.discovery:
            return
        raise
    with database.unit_of_work() as session:
        session.execute(update(IdentityProvider).where(IdentityProvider.id == provider.id).values(**columns))
    for name, value in columns.items():
        setattr(provider, name, value)


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


def endpoint_of(provider: IdentityProvider, name: str) -> str:
    """Return an address of a provider by its name in the configuration that it published last; empty where it has none."""
    return str(read_object(provider.discovery).get(name) or "") if provider.discovery else ""
