"""Actas of selections as files: the document, its signature, the document before it and a person's line, judged by public keys alone."""

import json
from dataclasses import dataclass
from typing import Any

from kernel.crypto import is_signed, read_public_keys
from questions.rules.encoding import canonical_json
from selections.rules.documents import digest_of, holds_line


class SelectionFileUnreadable(Exception):
    """A file that is no acta, no signature of one, or no key."""


@dataclass(frozen=True, slots=True)
class JudgedActa:
    """An acta as a file with each thing that was checked and whether it holds."""

    document: dict[str, Any]
    checks: tuple[tuple[str, bool], ...]

    @property
    def holds(self) -> bool:
        """Return whether everything that was checked holds."""
        return all(is_right for _name, is_right in self.checks)


def judge_acta(
    content: bytes, signature: bytes, keys: str, *, previous: bytes | None = None, line: str | None = None, salt: str = ""
) -> JudgedActa:
    """Judge the signed document of an acta; raise SelectionFileUnreadable.

    `keys` is PEM; `previous` the document that it follows; `line` a line with its salt, as its person keeps them.
    """
    document, signed, public = _read(content, "the document"), _read(signature, "the signature"), read_public_keys(keys)
    if not public:
        raise SelectionFileUnreadable("no public key in the files of --key")
    key, text = str(signed.get("key", "")), str(signed.get("signature", ""))
    checks = [
        ("signed with the key that was given", is_signed(public, key, content, text)),
        ("canonical: each byte as it was signed", _is_canonical(document, content)),
    ]
    if previous is not None:
        checks.append(("follows the document of --previous", document.get("previous") == digest_of([previous])))
    if line is not None:
        checks.append(("contains the line", holds_line(document, line.strip(), salt.strip())))
    return JudgedActa(document, tuple(checks))


def _is_canonical(document: dict[str, Any], content: bytes) -> bool:
    try:
        return canonical_json(document) == content
    except ValueError:  # half a character, or no number: no signed text has either
        return False


def _read(content: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SelectionFileUnreadable(f"{name} is not JSON") from error
    if not isinstance(document, dict):
        raise SelectionFileUnreadable(f"{name} is not JSON of an object")
    return document
