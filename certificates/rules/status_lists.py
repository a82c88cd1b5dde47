"""Status lists: their bits and signed documents, and decoys, so that nobody counts by a list how many were revoked (K6).

A part of the places of a list, which its secret seed chooses, is never given to a credential. Some of them are set from the beginning and
more with the time; a place that is set is never taken back, like that of a credential.
"""

import base64
import gzip
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import shake_256

from certificates.rules import badges
from certificates.rules.badges import (
    CONTEXT,
    CREDENTIALS,
    DATE_TIME,
    RDF_TYPE,
    SECURITY,
    STATUS,
    Document,
    NotOurProfile,
    iri,
    is_address,
    is_signable,
    literal,
    moment_text,
    quad,
    read_exactly,
    read_moment,
)

STATUS_LIST_PLACES = 131_072
_DRAWS = 65_536
NEVER_GIVEN = _DRAWS * 4 // 100
"""Draws below it make a place one that is never given: four of a hundred."""
SET_AT_FIRST = (_DRAWS // 100, _DRAWS * 2 // 100)
"""Between these the seed chooses how many are set at first."""
YEARS = 10
"""Until all of them are set."""


@dataclass(frozen=True, slots=True)
class StatusDecoys:
    """Places of a list that are never given, those of them that are set on a day, and those of these that count as replaced.

    A part of the places of a list, which its secret seed chooses, is never given to a credential. Some of them are set from the beginning
    and more with the time; a place that is set is never taken back, like that of a credential.
    """

    never_given: frozenset[int]
    set: frozenset[int]
    replaced: frozenset[int]


@lru_cache(maxsize=8)
def status_decoys(seed: bytes, age: int) -> StatusDecoys:
    """Return the decoys of a list so many days after it began; a list without a seed has none."""
    if not seed:
        return StatusDecoys(frozenset(), frozenset(), frozenset())
    share, *draws = struct.unpack(f"<{STATUS_LIST_PLACES + 1}H", shake_256(seed).digest(2 * (STATUS_LIST_PLACES + 1)))
    least, most = SET_AT_FIRST
    at_first = least + share % (most - least)
    limit = min(NEVER_GIVEN, at_first + (NEVER_GIVEN - at_first) * max(0, age) // (365 * YEARS))
    never_given = {index: draw for index, draw in enumerate(draws) if draw < NEVER_GIVEN}
    now_set = frozenset(index for index, draw in never_given.items() if draw < limit)
    return StatusDecoys(frozenset(never_given), now_set, frozenset(index for index in now_set if never_given[index] % 2))


_MOST_BYTES = 1_048_576
"""Bytes of a list that is read: eight million places."""


class StatusPurpose(StrEnum):
    """The meaning of a place that is set: not in force any more; or, of those, with another credential instead."""

    REVOCATION = "revocation"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class StatusListContent:
    """Everything that a signed status list says."""

    address: str
    issuer: str
    encoded: str
    """The bits, compressed and in base 64, after the mark of multibase."""
    valid_from: datetime
    valid_until: datetime
    purpose: StatusPurpose = StatusPurpose.REVOCATION

    def is_set(self, index: int) -> bool:
        """Return whether a place is set; none is beyond the end of the list."""
        bits = decoded_bits(self.encoded)
        return index // 8 < len(bits) and bool(bits[index // 8] & 0x80 >> index % 8)


def encoded_bits(places: Iterable[int], size: int) -> str:
    """Return a list of so many places, of which these are set, as the document holds it: equal places, equal text."""
    bits = bytearray(size // 8)
    for index in places:
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).decode().rstrip("=")


def decoded_bits(encoded: str) -> bytes:
    """Return the bits of a list; raise NotOurProfile where they cannot be read or are too many."""
    try:
        packed = base64.b64decode(encoded[1:] + "=" * (-(len(encoded) - 1) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
        bits = reader.decompress(packed, _MOST_BYTES)
    except (ValueError, zlib.error):
        raise NotOurProfile from None
    if encoded[:1] != "u" or not reader.eof or reader.unused_data:
        raise NotOurProfile
    return bits


def status_list_document(content: StatusListContent) -> Document:
    """Return the JSON document of a status list, without a proof."""
    return {
        "@context": [CONTEXT],
        "id": content.address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": content.issuer,
        "validFrom": moment_text(content.valid_from),
        "validUntil": moment_text(content.valid_until),
        "credentialSubject": {
            "id": f"{content.address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": content.purpose.value,
            "encodedList": content.encoded,
        },
    }


def read_status_list(document: object) -> StatusListContent:
    """Return the content of a status list's document, without its proof; raise NotOurProfile unless it is exactly that of a list."""
    return read_exactly(document, _content, status_list_document)


def _content(document: Document) -> StatusListContent:
    content = StatusListContent(
        address=document["id"],
        issuer=document["issuer"],
        encoded=document["credentialSubject"]["encodedList"],
        valid_from=read_moment(document["validFrom"]),
        valid_until=read_moment(document["validUntil"]),
        purpose=StatusPurpose(document["credentialSubject"]["statusPurpose"]),
    )
    if not (is_address(content.address) and is_address(content.issuer) and is_signable(content.encoded)):
        raise NotOurProfile
    return content


def status_list_quads(content: StatusListContent) -> bytes:
    """Return the canonical N-Quads of a status list's document."""
    subject = f"{content.address}#list"
    return badges.canonical(
        (
            quad(content.address, RDF_TYPE, iri(f"{CREDENTIALS}VerifiableCredential")),
            quad(content.address, RDF_TYPE, iri(f"{STATUS}BitstringStatusListCredential")),
            quad(content.address, f"{CREDENTIALS}issuer", iri(content.issuer)),
            quad(content.address, f"{CREDENTIALS}validFrom", literal(moment_text(content.valid_from), DATE_TIME)),
            quad(content.address, f"{CREDENTIALS}validUntil", literal(moment_text(content.valid_until), DATE_TIME)),
            quad(content.address, f"{CREDENTIALS}credentialSubject", iri(subject)),
            quad(subject, RDF_TYPE, iri(f"{STATUS}BitstringStatusList")),
            quad(subject, f"{STATUS}statusPurpose", literal(content.purpose.value)),
            quad(subject, f"{STATUS}encodedList", literal(content.encoded, f"{SECURITY}multibase")),
        )
    )
