"""Actas as documents: one canonical text, signed, with a salted hash of each line (spec/selection 4.8).

The signed text names nobody: each line has a number of its own and the hash of itself with the name and a salt of 128 bits. The names
and salts stand beside it. So a line is proved without the others, and an acta stays whole where a person's name is withdrawn from it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from questions.rules.encoding import canonical_text
from selections.rules.ranking import RankedPerson, two_decimals

CODE_LENGTH = 16
SALT_BYTES = 16
_LINES = '"lines":[]'


def document_parts(head: Mapping[str, Any], lines: Iterable[str]) -> Iterator[bytes]:
    """Yield the bytes of an acta from its head and the canonical text of its lines; memory does not grow with them."""
    before, _here, after = canonical_text({**head, "lines": []}).partition(_LINES)
    yield f'{before}"lines":['.encode()
    first = True
    for line in lines:
        yield line.encode() if first else f",{line}".encode()
        first = False
    yield f"]{after}".encode()


def digest_of(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of a document."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """A line of an acta: its canonical text with its hash, as it stands in the signed text; and with the name, as it was hashed."""

    text: str
    sealed: str
    salt: str


def line_hash(sealed: str, salt: str) -> str:
    """Return the SHA-256 of the salt and the canonical text of a line with its name."""
    return hashlib.sha256(bytes.fromhex(salt) + sealed.encode()).hexdigest()


def seal_line(number: int, ranked: RankedPerson, salt: str, decided: Mapping[str, Any]) -> SealedEntry:
    """Write a line; `found` are its objections and flags. It says nothing of times, limits, devices or accommodations (4.7)."""
    fields = {"person": f"p{number}", "outcome": ranked.outcome.value, **decided}
    if ranked.percent is not None:
        fields |= {
            "percent": str(ranked.percent),
            "shown": two_decimals(ranked.percent),
            "rank": ranked.rank,
            "attempts": list(ranked.numbers),
        }
    if ranked.broken is not None:
        fields["subtotals"] = ["" if share is None else str(share) for share in ranked.broken.subtotals]
        fields |= {"lot": ranked.broken.lot} if ranked.broken.lot else {}
    if ranked.csem is not None:
        fields["csem"] = f"{ranked.csem:.6f}"
    if ranked.alike is not None:
        fields["not_told_apart"] = list(ranked.alike)
    sealed = canonical_text({**fields, "name": ranked.person.name})
    return SealedEntry(canonical_text({**fields, "hash": line_hash(sealed, salt)}), sealed, salt)


def signature_text(code: str, key: str, sha256: str, signature: str) -> str:
    """Write the file that stands beside a signed document: whose it is, with which key, and the signature."""
    return canonical_text({"acta": code, "key": key, "sha256": sha256, "signature": signature, "algorithm": "Ed25519"})


def holds_line(document: Mapping[str, Any], sealed: str, salt: str) -> bool:
    """Return whether an acta holds a line, given as it was hashed with its salt."""
    try:
        digest = line_hash(sealed, salt)
    except ValueError:
        return False
    lines = document.get("lines", ())
    return isinstance(lines, list) and any(isinstance(line, dict) and line.get("hash") == digest for line in lines)
