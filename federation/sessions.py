"""Sessions that were begun by a provider: kept with the link, ended by the provider's logout, by a link that goes, by a switch."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.entry import Origin
from accounts.models import Device
from accounts.people import hash_of
from federation.claims import subject_of
from federation.links import end_sessions, find_identity
from federation.models import ExternalIdentity, FederatedSession, IdentityProvider, SpentToken
from federation.relying_party import LOGOUT_AGE
from kernel import audit
from kernel.errors import N_
from kernel.jose import LEEWAY
from kernel.outbox import Delivery
from kernel.permissions import Actor


class SessionVerb(
    audit.Verb,
    facts={
        "sessions": N_("Sessions"),
    },
):
    """The audit verb of sessions that a provider ended."""

    ENDED = "identity.sessions_ended", N_("An institution ended sessions")


def follow_entry(session: Session, device: Device, origin: Origin) -> None:
    """Keep by which link, and as which session of the provider, a session was begun."""
    identity, sid = origin
    session.add(FederatedSession(device_id=device.id, identity_id=identity, sid=sid))
    session.flush()


def find_provider_of(session: Session, device_id: int | None) -> IdentityProvider | None:
    """Return the provider by which a session was begun; None of others."""
    statement = (
        select(IdentityProvider)
        .join(ExternalIdentity, ExternalIdentity.provider_id == IdentityProvider.id)
        .join(FederatedSession, FederatedSession.identity_id == ExternalIdentity.id)
    )
    return session.scalar(statement.where(FederatedSession.device_id == device_id))


def log_out(session: Session, actor: Actor, provider: IdentityProvider, claims: Mapping[str, Any], *, now: datetime) -> bool:
    """Follow a logout token once: end the session that it names, or all of its subject; return False where it was followed before."""
    expires_at = now + timedelta(seconds=LOGOUT_AGE + 2 * LEEWAY)
    spent = SpentToken(provider_id=provider.id, jti_hash=hash_of(claims["jti"]), expires_at=expires_at)
    try:
        with session.begin_nested():
            session.add(spent)
            session.flush()
    except IntegrityError:
        return False
    sid, link = claims.get("sid"), find_identity(session, provider, subject_of(provider, claims)) if claims.get("sub") else None
    of_provider = select(ExternalIdentity.id).where(ExternalIdentity.provider_id == provider.id)
    is_session = FederatedSession.sid == sid if isinstance(sid, str) and sid else true()
    is_subject = FederatedSession.identity_id == (link.id if link else 0) if claims.get("sub") else true()
    ended = end_sessions(session, and_(FederatedSession.identity_id.in_(of_provider), is_session, is_subject), now=now)
    if ended:
        audit.record(session, actor, SessionVerb.ENDED, link or provider, now=now, sessions=ended, provider=provider.id)
    return True


def end_all(session: Session, actor: Actor, provider: IdentityProvider, *, now: datetime) -> None:
    """End every session that was begun by a provider, which is switched off."""
    of_provider = select(ExternalIdentity.id).where(ExternalIdentity.provider_id == provider.id)
    if ended := end_sessions(session, FederatedSession.identity_id.in_(of_provider), now=now):
        audit.record(session, actor, SessionVerb.ENDED, provider, now=now, sessions=ended, provider=provider.id)


def forget_tokens(delivery: Delivery) -> None:
    """Delete the logout tokens that could not be sent again."""
    with delivery.database.unit_of_work() as session:
        session.execute(delete(SpentToken).where(SpentToken.expires_at < delivery.now))
