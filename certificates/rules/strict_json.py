"""JSON that is read strictly: a text that two readers could understand differently is refused (spec/certificates B3, B4)."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NoReturn

MOST_BYTES = 262_144
"""Bytes of a document that is read; ours have two thousand."""
UNSIGNABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Signs which canonicalisers write differently: controls but LF, halves of a sign, and non-characters."""


class UnreadableDocument(Exception):
    """Bytes that are no document of a form known here."""


class AmbiguousDocument(Exception):
    """A document that readers may understand differently: a member twice, text not in NFC, a control character."""


def is_signable(text: str) -> bool:
    """Return whether a text can be signed: in NFC, and without characters that canonicalisers write differently."""
    return UNSIGNABLE.search(text) is None and unicodedata.is_normalized("NFC", text)


def read_strict(content: bytes, most: int = MOST_BYTES) -> object:
    """Return the value of a JSON document in UTF-8; raise UnreadableDocument, or AmbiguousDocument."""
    if len(content) > most:
        raise UnreadableDocument
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_members, parse_float=_refused, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise UnreadableDocument from None
    if not all(is_signable(text) for text in _texts(value)):
        raise AmbiguousDocument
    return value


def _members(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise AmbiguousDocument
    return members


def _refused(_number: str) -> NoReturn:
    raise AmbiguousDocument  # floating point numbers have several forms; ours hold none


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
