"""Pages of long lists: by number, bounded, and the bounds of what may be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

from kernel.errors import NotFound

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and whether more follow."""

    rows: Sequence[Row]
    number: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The number and size of the requested page."""

    number: int = 1
    size: int = 25

    @property
    def offset(self) -> int:
        """Return how many rows come before."""
        return (self.number - 1) * self.size

    def of(self, rows: Sequence[Row]) -> Page[Row]:
        """Return the page of rows read from `offset` on: one more than it shows were asked for, which tells whether a page follows."""
        return Page(rows[: self.size], self.number, len(rows) > self.size)


def requested_page(size: int = 25) -> PageRequest:
    """Read `?page=`; raise NotFound where it is no number from 1 to 100000."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= 100_000):
        raise NotFound
    return PageRequest(int(text), size)
