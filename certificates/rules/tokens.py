"""Badges as signed tokens (VC-JWT): one form of head, one algorithm, and no key brought along (spec/certificates B8)."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from certificates.rules.badges import BadgeContent, badge_document, read_badge
from certificates.rules.profiles import Document, NotOurProfile, is_address, read_exactly
from certificates.rules.proofs import Sign
from certificates.rules.strict_json import UnreadableDocument, read_strict


@dataclass(frozen=True, slots=True)
class BadgeToken:
    """A token that has been read: its badge, the key that it names, and the bytes that the signature covers."""

    content: BadgeContent
    method: str
    signed: bytes
    signature: bytes


def signed_token(content: BadgeContent, method: str, sign: Sign) -> str:
    """Return a badge as a token signed by a key."""
    signed = f"{_encoded(compact_json(_head(method)))}.{_encoded(compact_json(_payload(content)))}"
    return f"{signed}.{_encoded(sign(signed.encode()))}"


def compact_json(document: Document) -> bytes:
    """Return a document as JSON without spaces, in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _head(method: str) -> Document:
    return {"alg": "EdDSA", "kid": method, "typ": "vc+jwt"}


def _payload(content: BadgeContent) -> Document:
    return {
        **badge_document(content),
        "iss": content.issuer,
        "jti": content.address,
        "nbf": _seconds(content.valid_from),
        **({"exp": _seconds(content.valid_until)} if content.valid_until else {}),
        "sub": content.subject,
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def read_token(text: str) -> BadgeToken:
    """Return what a token holds; line breaks and spaces in it do not matter.

    Raise UnreadableDocument where it is no token, AmbiguousDocument or NotOurProfile where it is not exactly one of ours.
    """
    parts = "".join(text.split()).split(".")
    if len(parts) != 3:
        raise UnreadableDocument
    head, payload, signature = map(_decoded, parts)
    method = read_exactly(read_strict(head), lambda document: document["kid"], _head)
    if not isinstance(method, str) or not is_address(method):
        raise NotOurProfile
    content = read_exactly(read_strict(payload), _badge, _payload)
    return BadgeToken(content, method, ".".join(parts[:2]).encode(), signature)


def _badge(payload: Document) -> BadgeContent:
    return read_badge({name: value for name, value in payload.items() if name not in ("iss", "jti", "nbf", "exp", "sub")})


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(part: str) -> bytes:
    try:
        content = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise UnreadableDocument from None
    if _encoded(content) != part:
        raise NotOurProfile  # bits beyond the end: another text for the same bytes
    return content
