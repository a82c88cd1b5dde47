"""Signed status lists (W3C Bitstring Status List): their fixed profile, and the places that are set (spec/certificates K6)."""

import base64
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certificates.rules import quads
from certificates.rules.profiles import CONTEXT, Document, NotOurProfile, is_address, moment_text, read_exactly, read_moment
from certificates.rules.quads import CREDENTIALS, DATE_TIME, RDF_TYPE, SECURITY, STATUS, iri, literal, quad
from certificates.rules.strict_json import is_signable

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
    return quads.canonical(
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
