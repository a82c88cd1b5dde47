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
LOOK_AGAIN = timedelta(seconds=10)
"""Between two looks whether a provider answers."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderAway(Invalid):
    """The provider cannot be reached, or answers what is no answer."""

    message = N_("The provider answers something that is no answer.")


class ProviderRefusedSite(Invalid):
    """The provider does not change the code: it does not know this site, its secret or the code."""

    message = N_(
        "The provider refused this site: %(error)s. Compare client ID, client secret and return address with those registered there."
    )


AWAY = {
    OutgoingFault.UNREACHABLE: N_("The provider does not answer."),
    OutgoingFault.REFUSED_ADDRESS: N_("The provider was not called: its address is not public, and LMS_OUTGOING_ALLOW does not name it."),
    OutgoingFault.TLS: N_("The provider’s certificate is not valid for its name (TLS)."),
    OutgoingFault.TOO_LARGE: N_("The provider’s answer is too large."),
    OutgoingFault.TOO_SLOW: N_("The provider did not answer within ten seconds."),
}


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
    """Call a provider; raise ProviderAway, also for an answer that is no success, ProviderBusy or ProviderRefusedSite."""
    if not _CALLS.acquire(blocking=False):
        raise ProviderBusy
    try:
        reply = fetch(url, reach, **options)
    except OutgoingError as away:
        raise ProviderAway(AWAY.get(away.fault)) from None
    finally:
        _CALLS.release()
    if reply.status in (400, 401) and options.get("method") == "POST":
        raise ProviderRefusedSite(error=word_of(read_object(reply.body).get("error")))
    if reply.status != 200:
        raise ProviderAway
    return reply


def word_of(text: object) -> str:
    """Return the code of an error that a provider sends, never its free text (RFC 6749, 4.1.2.1): at most 40 letters, digits and `_`."""
    return "".join(sign for sign in str(text or "") if sign.isascii() and (sign.isalnum() or sign == "_"))[:40]


def read_object(text: str | bytes) -> dict[str, Any]:
    """Return the object that a provider answers with (JSON); raise ProviderAway where it is none."""
    try:
        return dict[str, Any](json.loads(text).items())
    except (ValueError, AttributeError, RecursionError):
        raise ProviderAway from None


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


def configuration_of(issuer: str) -> str:
    """Return the address at which a provider publishes its configuration (OpenID Connect Discovery 4)."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def fetch_published(issuer: str, reach: OutgoingReach) -> tuple[Mapping[str, Any], float]:
    """Fetch what a provider publishes: the columns that change with it, and by how many seconds its clock is ahead, 0 if it has none.

    Raise ProviderAway, or what `check_discovery` raises.
    """
    reply = call(configuration_of(issuer), reach, headers={"Accept": "application/json"})
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
    """Fetch what a provider publishes and keep it; raise what `fetch_published` raises. No connection is held meanwhile."""
    columns, _ahead = fetch_published(provider.issuer, reach)
    with database.unit_of_work() as session:
        session.execute(update(IdentityProvider).where(IdentityProvider.id == provider.id).values(**columns))
    for name, value in columns.items():
        setattr(provider, name, value)


def reach_provider(database: Database, provider: IdentityProvider, reach: OutgoingReach, now: datetime) -> None:
    """Before a browser is sent to a provider: fetch what is too old, or look now and then whether it answers; raise as `refresh` does."""
    what, is_stale = f"answers {provider.id}", not provider.key_set or provider.fresh_until is None or provider.fresh_until <= now
    if not is_due(what, now, LOOK_AGAIN) and not is_stale:
        return
    try:
        if is_stale:
            refresh(database, provider, reach)
        else:
            call(configuration_of(provider.issuer), reach, headers={"Accept": "application/json"})
    except Invalid:
        _DONE_AT.pop(what, None)
        raise


_DONE_AT: dict[str, datetime] = {}


def is_due(what: str, now: datetime, every: timedelta = AGAIN) -> bool:
    """Return whether something was not done by this process for some time, and note that it is done now."""
    if now - _DONE_AT.get(what, now - every) < every:
        return False
    _DONE_AT[what] = now
    return True


def endpoint_of(provider: IdentityProvider, name: str) -> str:
    """Return an address of a provider by its name in the configuration that it published last; empty where it has none."""
    return str(read_object(provider.discovery).get(name) or "") if provider.discovery else ""
