"""The public draw between equal results: anybody makes it again from the provisional acta and the announced text (spec/selection 4.4)."""

import hashlib
from collections.abc import Iterable


def draw_seed(provisional: Iterable[bytes], text: str) -> str:
    """Return the seed: the SHA-256 of the provisional acta, byte for byte, followed by the text announced before the sitting."""
    total = hashlib.sha256()
    for part in provisional:
        total.update(part)
    total.update(text.encode())
    return total.hexdigest()


def lot_of(seed: str, person: str) -> str:
    """Return the lot of a person: the SHA-256 of the seed and of the name of their line in the provisional acta. The lowest goes ahead."""
    return hashlib.sha256(bytes.fromhex(seed) + person.encode()).hexdigest()
