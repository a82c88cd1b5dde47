"""Repeatable chance: everything drawn in an attempt comes from its one stored 64-bit seed (spec/quiz-engine 5.2.5).

The algorithm, so that anybody can check a layout: for a purpose (``section:2``) within a slot (``3.1``) the bytes are
SHA-256 over the ASCII text ``<seed as 16 hexadecimal digits>/<slot>/<purpose>/<block>`` for block 0, 1, 2 …, read as
big-endian words of 64 bits. A number below n is the next word modulo n, where words of the last incomplete run of n are
passed over (so every number is equally likely). Where n is greater than 2⁶⁴, so many words as it needs are joined, the first one the
highest (spec/selection 1.13). A shuffle is Fisher–Yates from the last place down to the second: the
entry in place i changes with the one in place ``below(i + 1)``.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeVar

_Entry = TypeVar("_Entry")
_BITS = 64
_WORDS = 2**_BITS


class SeededRandom:
    """The stream of numbers of one seed, slot and purpose."""

    def __init__(self, seed: int, slot: str, purpose: str) -> None:
        if not 0 <= seed < _WORDS:
            raise ValueError("a seed has 64 bits")
        self._words = _stream(f"{seed:016x}/{slot}/{purpose}")

    def below(self, limit: int) -> int:
        """Return the next number from 0 to ``limit`` − 1, all equally likely."""
        digits = max(1, -(-(limit - 1).bit_length() // _BITS))
        whole = _WORDS**digits
        end = whole - whole % limit
        return next(number for number in iter(lambda: self._joined(digits), None) if number < end) % limit

    def _joined(self, digits: int) -> int:
        number = 0
        for _ in range(digits):
            number = number << _BITS | next(self._words)
        return number

    def shuffled(self, entries: Sequence[_Entry]) -> tuple[_Entry, ...]:
        """Return the entries in a random order."""
        mixed = list(entries)
        for at in range(len(mixed) - 1, 0, -1):
            other = self.below(at + 1)
            mixed[at], mixed[other] = mixed[other], mixed[at]
        return tuple(mixed)


def _stream(name: str) -> Iterator[int]:
    for block in count():  # pragma: no branch - without end
        digest = hashlib.sha256(f"{name}/{block}".encode()).digest()
        for at in range(0, len(digest), 8):
            yield int.from_bytes(digest[at : at + 8], "big")
