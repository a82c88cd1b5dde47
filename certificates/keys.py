"""Keys with which the machines of a site sign and seal: recorded as used, published, and replaced where one is compromised."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from certificates.credentials import list_signers_of, signed_content
from certificates.models import Credential
from certificates.rules.badges import Document, did_document, issuer_of, method_of, moment_text, signed_json
from certificates.rules.credentials import canonical_content
from certificates.sealing import SignatureVerifier, VerifierKeys, seal_verifiers
from kernel import audit
from kernel.audit import AuditEntry, AuditSubject
from kernel.crypto import SigningKeys, raw_public_key
from kernel.errors import N_
from kernel.keys import KeyState, PublishedKey, SealKeys
from kernel.permissions import SYSTEM


class UsedKeysVerb(audit.Verb):
    """The audit verb of keys in use."""

    USED = "keys.used", N_("The server began to sign with other keys")


_SUBJECT = AuditSubject("keys")


def record_used_keys(session: Session, signing: SigningKeys, seals: SealKeys, *, now: datetime) -> None:
    """Record with which keys this machine signs and seals, where the last record names others.

    So two machines with different keys are noticed in the audit log.
    """
    used = {"signing": signing.identifier, "seal": seals.current.identifier, "authority": seals.authority.identifier}
    last = session.scalar(_recorded().order_by(AuditEntry.id.desc()).limit(1))
    if last is None or json.loads(last) != used:
        audit.record(session, SYSTEM, UsedKeysVerb.USED, _SUBJECT, now=now, **used)


def list_missing_keys(session: Session, signing: SigningKeys, seals: SealKeys) -> tuple[str, ...]:
    """Return the identifiers of keys that a machine of this site used and that are not here, not even among the older ones."""
    here = {key.identifier for key in (*signing.trusted, *seals.trusted, *seals.authorities)}
    used = {identifier for facts in session.scalars(_recorded()) for identifier in json.loads(facts).values()}
    return tuple(sorted(used - here))


def _recorded() -> Select[str]:
    return select(AuditEntry.facts).where(AuditEntry.subject_kind == _SUBJECT.__tablename__, AuditEntry.verb == UsedKeysVerb.USED.value)


FORMAT = 1


def own_did_document(address: str, keys: SigningKeys) -> Document:
    """Return the DID document of the site with this address: every key that ever signed, the current one first."""
    trusted = frozenset(key.identifier for key in keys.trusted if key.state is not KeyState.COMPROMISED)
    return did_document(address, {key.identifier: raw_public_key(keys.public[key.identifier]) for key in keys.trusted}, trusted)


def signed_key_list(address: str, keys: SigningKeys, seals: SealKeys, *, now: datetime) -> Document:
    """Return every key with its dates, state and fingerprint, signed by the current one (`eddsa-jcs-2022`).

    It says of which day it is, so that of two lists the newer can be told; within a day it changes only with the keys.
    """
    document = {
        "format": FORMAT,
        "issuer": issuer_of(address),
        "credentials": [_line(key) for key in keys.trusted],
        "seals": [_line(key) for key in seals.trusted],
        "authorities": [_line(key) for key in seals.authorities],
    }
    created = _latest_change([*keys.trusted, *seals.trusted, *seals.authorities], now)
    return signed_json(document, method_of(address, keys.identifier), created, keys.sign_raw)


def _latest_change(keys: Iterable[PublishedKey], now: datetime) -> datetime:
    """Return the beginning of the day, or when the keys last changed where that was later."""
    moments = (
        moment for key in keys for moment in (key.history.begun_at, key.history.ended_at, key.history.marked_at) if moment is not None
    )
    return max(now.replace(hour=0, minute=0, second=0, microsecond=0), *(moment for moment in moments if moment <= now))


def _line(key: PublishedKey) -> Mapping[str, object]:
    history = key.history
    moments = {"from": history.begun_at, "until": history.ended_at, "compromised_since": history.compromised_since}
    return {
        "id": key.identifier,
        "state": key.state.value,
        **{name: moment_text(moment) for name, moment in moments.items() if moment is not None},
        **({"reason": history.reason} if history.reason else {}),
        "spki": b64encode(key.spki).decode(),
        **({"certificate": b64encode(key.certificate).decode()} if key.certificate else {}),
        "fingerprint": key.fingerprint,
    }


PORTION = 500


class KeyVerb(
    audit.Verb,
    facts={
        "signed": N_("Signed"),
        "unsound": N_("Certificates that lose it"),
    },
):
    """The audit verbs of keys."""

    COMPROMISED = "key.compromised", N_("Marked a key of the certificates as compromised")


def sign_portion(session: Session, compromised: str, keys: SigningKeys, *, after: int) -> tuple[int, int, list[str]] | None:
    """Sign the next credentials of a compromised key anew with the current one; return None where there are none left.

    Else the number of the last one, how many were signed, and the codes of those whose signature does not hold: they are left as they are,
    as the register was changed there.
    """
    statement = select(Credential).where(Credential.key_id == compromised, Credential.id > after).order_by(Credential.id).limit(PORTION)
    rows = list(session.scalars(statement.with_for_update()))
    if not rows:
        return None
    signers, unsound = list_signers_of(session, [row.id for row in rows]), []
    for row in rows:
        theirs = tuple(signers.get(row.id, ()))
        if not keys.verifies(row.key_id, canonical_content(signed_content(row, theirs)), row.signature):
            unsound.append(row.code)
            continue
        row.key_id = keys.identifier
        row.signature = keys.sign(canonical_content(signed_content(row, theirs)))
    return rows[-1].id, len(rows) - len(unsound), unsound


def record_compromise(session: Session, identifier: str, since: datetime, reason: str, *, signed: int, unsound: int, now: datetime) -> None:
    """Write into the audit log that a key was compromised, and how many credentials were signed anew."""
    audit.record(
        session, SYSTEM, KeyVerb.COMPROMISED, None, now=now, key=identifier, since=since, reason=reason, signed=signed, unsound=unsound
    )


def verifier_keys(keys: SigningKeys, seals: SealKeys, addresses: Sequence[str]) -> VerifierKeys:
    """Return every key that ever signed or sealed here, under each address that the site has or had."""
    signatures = tuple(
        SignatureVerifier(method_of(address, key.identifier), keys.public_text(key.identifier), key.history.compromised_since)
        for address in addresses
        for key in keys.trusted
    )
    return VerifierKeys(signatures, seal_verifiers(seals.trusted))
