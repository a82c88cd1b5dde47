"""Providers as administrators set them up: listed, added, changed, checked, switched on and off (spec/identity 2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from accounts.models import Person, SecondFactor
from accounts.people import can_sign_in_condition, has_role_condition
from federation import sessions
from federation.discovery import CLOCKS_DIFFER, ClocksDiffer, fetch_published
from federation.links import TECHNICAL, count_links
from federation.models import IdentityProvider
from federation.relying_party import SECRET_LOCK, SecretUnreadable, read_secret
from kernel import audit
from kernel.crypto import lock_text
from kernel.db import Cache, Database
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.outgoing import OutgoingReach
from kernel.permissions import Actor, SiteRole
from kernel.settings import Settings, secret_keys


class ProviderVerb(
    audit.Verb,
    facts={
        "authentication": N_("How this site proves who it is"),
        "claims": N_("Claims"),
        "client_id": N_("Client ID"),
        "creates": N_("Who is not known gets an account"),
        "domains": N_("The institution’s own domains"),
        "factor_values": N_("Values that stand for a second step"),
        "fault": audit.Fact(N_("Fault"), values=TECHNICAL),
        "instructor_groups": N_("Groups whose people are instructors"),
        "issuer": N_("Issuer"),
        "local_password": N_("Who came in so may also choose a password here"),
        "scopes": N_("Scopes"),
        "secret": N_("Client secret"),
        "sources": audit.Fact(
            N_("What follows the provider at each sign-in"),
            values={"names": N_("Names"), "email": N_("Email address"), "language": N_("Language")},
        ),
        "uses_object_id": N_("Microsoft Entra: know people by tenant and object"),
        "uses_userinfo": N_("Ask the provider for more about the person (userinfo)"),
    },
    pairs=["provider.changed"],
):
    """The audit verbs of providers; what changed is recorded, old and new, secrets never."""

    ADDED = "provider.added", N_("Added an identity provider")
    CHECKED = "provider.checked", N_("Checked the connection with an identity provider")
    CHANGED = "provider.changed", N_("Changed an identity provider")
    SWITCHED_ON = "provider.on", N_("Switched an identity provider on")
    SWITCHED_OFF = "provider.off", N_("Switched an identity provider off")


class ProviderKeyTaken(Conflict):
    """Another provider has this key."""

    message = N_("Another provider has this key.")


class NoPublicAddress(Conflict):
    """The provider could not lead back here."""

    message = N_("The address of this site is not set (LMS_PUBLIC_URL), so the provider could not lead back here.")


class NoSecret(Conflict):
    """The site could not prove to the provider who it is."""

    message = N_("First enter the client secret that the provider gives to this site.")


class IssuerStays(Conflict):
    """People come in by the issuer, or were linked by it."""

    message = N_("While it is on, or people are linked, the issuer stays: connect another one as a provider of its own.")


class NoLocalAdministrator(Conflict):
    """No administrator could come in if the provider were away."""

    message = N_("First an administrator needs a password and a second step of this site: the provider may be away one day.")


class NotChecked(Conflict):
    """The provider was not reached yet."""

    message = N_("Check the connection first.")


BUTTONS = Cache[str, tuple[float, Sequence[Row[str, Mapping[str, str]]]]]()
BUTTON_SECONDS = 3.0
"""How old what a process knows of the providers that are on may be: the sign-in page asks no statement for them."""


def list_buttons(session: Session) -> Sequence[Row[str, Mapping[str, str]]]:
    """List key and names of the providers that the sign-in page offers, as they were a moment ago."""
    known, now = BUTTONS.of(session), monotonic()
    read_at, rows = known.get("", (-BUTTON_SECONDS, ()))
    if now - read_at >= BUTTON_SECONDS:
        statement = select(IdentityProvider.key, IdentityProvider.names).where(IdentityProvider.is_on)
        rows = session.execute(statement.order_by(IdentityProvider.id)).all()
        known[""] = (now, rows)
    return rows


def list_providers(session: Session, *, only_on: bool = False) -> Sequence[IdentityProvider]:
    """List the providers in the order in which they were added."""
    statement = select(IdentityProvider).order_by(IdentityProvider.id)
    return session.scalars(statement.where(IdentityProvider.is_on) if only_on else statement).all()


def find_provider(session: Session, key: str) -> IdentityProvider | None:
    """Return a provider by its key."""
    return session.scalar(select(IdentityProvider).where(IdentityProvider.key == key))


def get_provider(session: Session, _actor: Actor, key: str) -> IdentityProvider:
    """Return a provider by its key; raise NotFound."""
    return require_found(find_provider(session, key))


def get_provider_that_is_on(session: Session, key: str) -> IdentityProvider:
    """Return a provider by which people may come in; raise NotFound."""
    provider = require_found(find_provider(session, key))
    if not provider.is_on:
        raise NotFound
    return provider


def any_is_on(session: Session) -> bool:
    """Return whether people may come in by a provider."""
    return session.scalar(select(IdentityProvider.id).where(IdentityProvider.is_on).limit(1)) is not None


def return_address(settings: Settings, key: str) -> str:
    """Return the address to which the provider of a key leads back, as it is registered there."""
    return f"{settings.public_url}/sign-in/{key}/return"


def logout_address(settings: Settings, key: str) -> str:
    """Return the address to which the provider of a key sends logout tokens."""
    return f"{settings.public_url}/sign-in/{key}/logout"


def add_provider(
    session: Session, actor: Actor, values: Mapping[str, Any], secret: str, keys: Sequence[bytes], *, now: datetime
) -> IdentityProvider:
    """Add a provider of some columns, which is off; raise ProviderKeyTaken."""
    if find_provider(session, values["key"]) is not None:
        raise ProviderKeyTaken
    row = IdentityProvider(created_at=now, secret=lock_text(keys, SECRET_LOCK, secret) if secret else "", **values)
    session.add(row)
    session.flush()
    audit.record(session, actor, ProviderVerb.ADDED, row, now=now, key=row.key, issuer=row.issuer)
    return row


def change_provider(
    session: Session,
    actor: Actor,
    provider: IdentityProvider,
    values: Mapping[str, Any],
    secret: str,
    keys: Sequence[bytes],
    *,
    version: int,
    now: datetime,
) -> bool:
    """Change columns of a provider, and its secret unless that is empty; return whether anything did.

    Raise IssuerStays, or Conflict where it was changed meanwhile.
    """
    row = session.get_one(IdentityProvider, provider.id, with_for_update=True, populate_existing=True)
    if row.row_version != version:
        raise Conflict
    if values["issuer"] != row.issuer and (row.is_on or count_links(session).get(row.id)):
        raise IssuerStays
    facts = {name: [_plain(getattr(row, name)), _plain(value)] for name, value in values.items() if getattr(row, name) != value}
    for name in facts:
        setattr(row, name, values[name])
    if secret:
        row.secret, facts["secret"] = lock_text(keys, SECRET_LOCK, secret), ["…", "…"]
    if "issuer" in facts:
        row.discovery = row.key_set = ""
        row.fresh_until = None
    if facts:
        row.row_version += 1
        audit.record(session, actor, ProviderVerb.CHANGED, row, now=now, **facts)
    return bool(facts)


def differs(provider: IdentityProvider, values: Mapping[str, Any]) -> bool:
    """Return whether columns are other than those of a provider."""
    return any(getattr(provider, name) != value for name, value in values.items())


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value


def switch(session: Session, actor: Actor, settings: Settings, provider: IdentityProvider, *, is_on: bool, now: datetime) -> None:
    """Let people come in by a provider, or no longer: then the sessions that it began end.

    Raise NoPublicAddress, NotChecked, NoSecret or NoLocalAdministrator where it may not be on.
    """
    row = session.get_one(IdentityProvider, provider.id, with_for_update=True, populate_existing=True)
    if row.is_on == is_on:
        return
    if is_on:
        if not settings.public_url:
            raise NoPublicAddress
        if not row.key_set:
            raise NotChecked
        if not row.secret or not has_readable_secret(row, secret_keys(settings)):
            raise NoSecret
        if settings.is_reachable and not _has_local_administrator(session):
            raise NoLocalAdministrator
    row.is_on, row.row_version = is_on, row.row_version + 1
    BUTTONS.of(session).clear()
    audit.record(session, actor, ProviderVerb.SWITCHED_ON if is_on else ProviderVerb.SWITCHED_OFF, row, now=now)
    if not is_on:
        sessions.end_all(session, actor, row, now=now)


def _has_local_administrator(session: Session) -> bool:
    statement = select(Person.id).where(has_role_condition(SiteRole.ADMINISTRATOR), can_sign_in_condition(session))
    return session.scalar(statement.where(select(SecondFactor.id).where(SecondFactor.person_id == Person.id).exists()).limit(1)) is not None


def check(provider: IdentityProvider, settings: Settings) -> tuple[Mapping[str, Any], Invalid | None]:
    """Call a provider: return the columns that it publishes now, none where it is not well, and what is wrong, the secret here too."""
    try:
        columns, ahead = fetch_published(provider.issuer, OutgoingReach.of(settings))
    except Invalid as wrong:
        return {}, wrong
    if not has_readable_secret(provider, secret_keys(settings)):
        return columns, SecretUnreadable()
    return columns, ClocksDiffer(seconds=f"{ahead:+.0f}") if abs(ahead) >= CLOCKS_DIFFER else None


def has_readable_secret(provider: IdentityProvider, keys: Sequence[bytes]) -> bool:
    """Return whether the secret of a provider can be read with the keys of this site, or there is none."""
    try:
        read_secret(provider, keys)
    except SecretUnreadable:
        return False
    return True


def list_unreadable(session: Session, keys: Sequence[bytes]) -> tuple[str, ...]:
    """Return the keys of the providers that are on and whose secret cannot be read: nobody comes in by them."""
    return tuple(row.key for row in list_providers(session, only_on=True) if not has_readable_secret(row, keys))


def list_faults(database: Database, settings: Settings) -> tuple[str, ...]:
    """Return the key of each provider that is on and not well, with what is wrong."""
    with database.unit_of_work(write=False) as session:
        known = list_providers(session, only_on=True)
    faults = ((provider.key, check(provider, settings)[1]) for provider in known)
    return tuple(f"{key}: {fault}" for key, fault in faults if fault)
