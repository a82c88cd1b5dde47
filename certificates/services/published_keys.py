"""Published keys: the DID document, and the signed list of all keys with their dates, states and fingerprints (spec/certificates K2)."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime

from certificates.rules.issuers import did_document, issuer_of, method_of
from certificates.rules.profiles import Document, moment_text
from certificates.rules.proofs import signed_json
from kernel.crypto import SigningKeys, raw_public_key
from kernel.keys import KeyState, PublishedKey, SealKeys

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
