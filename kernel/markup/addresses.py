"""Give headings and figures their addresses on the page."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_ADDRESS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug(text: str) -> str:
    """Answer the text as an address: no accents, lower case, everything else as single hyphens; may be empty."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "-".join(re.findall(r"[a-z0-9]+", "".join(letter for letter in letters if not unicodedata.combining(letter))))


def is_address(text: str) -> bool:
    """Answer whether an author may write this behind `#`."""
    return _ADDRESS.fullmatch(text) is not None


@dataclass(slots=True)
class Addresses:
    """The addresses taken on one page: what authors write, and the address it has (a translation's differ)."""

    known: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def claim(self, base: str) -> str:
        """Take the address, or the first free one that begins with it (`brecha`, `brecha-2`)."""
        base = base or "parte"
        address, number = base, self._numbers.get(base, 1)
        while address in self._taken:
            number += 1
            address = f"{base}-{number}"
        self._numbers[base] = number
        self._taken.add(address)
        return address

    def is_taken(self, address: str) -> bool:
        """Answer whether something on the page has it already."""
        return address in self._taken

    def lead(self, written: str, final: str) -> None:
        """Let links to `written` find what has the address `final`; the first one stays."""
        self.known.setdefault(written, final)
