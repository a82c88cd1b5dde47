"""Fixed profiles of signed documents: one is read only where writing its content gives the document back (spec/certificates B3)."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

Document: TypeAlias = Mapping[str, Any]
"""A JSON document, as read or to be written."""
Content = TypeVar("Content")
CONTEXT = "https://www.w3.org/ns/credentials/v2"
_ADDRESS = re.compile(r"(?:https?://|did:web:|urn:uuid:)[!#-;=?-\[\]_a-z~]+")
"""Addresses in ASCII, without signs that N-Quads escape."""


class NotOurProfile(Exception):
    """A document with a member more, a member less, or a value that no document of ours has."""


def is_address(text: str) -> bool:
    """Return whether a text is an address that needs no escape in N-Quads."""
    return _ADDRESS.fullmatch(text) is not None


def moment_text(moment: datetime) -> str:
    """Return a moment as documents write it: UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_moment(text: str) -> datetime:
    """Return the moment of a document; raise ValueError where it is no moment."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def read_exactly(document: object, read: Callable[[Document], Content], write: Callable[[Content], Document]) -> Content:
    """Return the content of a document where writing it gives the document back, in any order of members; raise NotOurProfile."""
    if not isinstance(document, Mapping):
        raise NotOurProfile
    try:
        content = read(document)
        again = write(content)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise NotOurProfile from None
    if _text_of(again) != _text_of(document):
        raise NotOurProfile
    return content


def _text_of(document: Document) -> str:
    return json.dumps(document, sort_keys=True)  # unlike a comparison of values, it tells false from zero
