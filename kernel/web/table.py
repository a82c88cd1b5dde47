"""Long lists: their pages, and tables that are declared once for the page and for the files taken out of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from flask import Response, request

from kernel.db import KeysetPage, PageDirection
from kernel.errors import NotFound
from kernel.i18n import _, local
from kernel.tables import Cell, Sheet, file_of_sheets, type_of
from kernel.web.file_responses import send_generated
from kernel.web.forms import as_uuid

Row = TypeVar("Row")
Member = TypeVar("Member", bound=StrEnum)
Value = Cell | date
"""What a column gives of a row; moments are shown in the reader's zone, and yes and no are 1 and 0 in files."""


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


def requested_stretch() -> KeysetPage:
    """Read `?after=`, `?before=` or `?last=`; what names no row is the beginning."""
    if "last" in request.args:
        return KeysetPage(PageDirection.LAST)
    before = as_uuid(request.args.get("before", ""))
    return KeysetPage(PageDirection.BEFORE, before) if before else KeysetPage(row=as_uuid(request.args.get("after", "")))


def read_words(text: str) -> str:
    """Return the words of a search without needless spaces and what no database keeps, 100 characters at most."""
    return " ".join(text.replace("\0", " ").split())[:100]


def requested_words() -> str:
    """Return the words of a list's search, from its address."""
    return read_words(request.args.get("q", ""))


def member_of(members: type[Member], text: str | None) -> Member | None:
    """Return the member of an enum that a text of an address names; None if it names none."""
    return next((member for member in members if member.value == text), None)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The request of a list's address: its filters as they were read, and the column that sorts it."""

    filters: Mapping[str, Any]
    sort: str = ""
    descends: bool = False

    @property
    def is_filtered(self) -> bool:
        """Return whether a filter is set."""
        return any(self.filters.values())

    def fields(self, **changes: object) -> dict[str, str]:
        """Return the fields of an address that asks for the same, with some of them changed."""
        fields = {**self.filters, "sort": self.sort, "direction": "down" if self.descends else "", **changes}
        return {name: str(value) for name, value in fields.items() if value}

    def sorted_by(self, sort: str) -> dict[str, str]:
        """Return the fields that sort by a column, or turn its direction round."""
        return self.fields(sort=sort, direction="down" if self.sort == sort and not self.descends else "")

    def direction(self, sort: str) -> str:
        """Return the sort direction of a column's heading: `ascending`, `descending`, or nothing."""
        if self.sort != sort:
            return ""
        return "descending" if self.descends else "ascending"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: its heading, what it gives of a row, what the dictionary says of it, and how the page shows it."""

    heading: str
    value: Callable[[Row], Value] | None = None
    """None: files do not have it."""
    meaning: str = ""
    kind: Literal["text", "number", "moment", "day", "state"] = "text"
    name: str = ""
    """By which an address sorts and a template draws it; empty: the page does not have it."""
    sorts: bool = False
    shown: Callable[[Row], object] | None = None
    """What the page shows, where that is not what files hold."""

    def of(self, row: Row) -> object:
        """Return the cells that the page shows of a row."""
        show = self.shown or self.value
        return show(row) if show else None


@dataclass(frozen=True, slots=True)
class Filter:
    """A field of the form above a list: its label, what reads it from the address, and what may be chosen."""

    label: str
    read: Callable[[str], object]
    """Gives None or an empty text for what means nothing."""
    options: Mapping[Any, str] | None = None
    """Messages by value; None where it is typed, or where the page gives what may be chosen."""


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """A list that is declared once: what its page shows, filters and sorts, and what its files hold.

    A page gives the rows of a filter and of its order, files all of them; whether they may be taken out is for the action of their route.
    """

    title: str
    columns: tuple[Column[Row], ...]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    """By the name of each in the address, in the order of the form."""

    def query(self) -> ListQuery:
        """Read what the address asks for; what it does not know is left out, and the first column that sorts does."""
        sorts = [column.name for column in self.columns if column.sorts]
        sort = request.args.get("sort", "")
        filters = {name: declared.read(request.args.get(name, "")) for name, declared in self.filters.items()}
        return ListQuery(filters, sort if sort in sorts else "".join(sorts[:1]), request.args.get("direction") == "down")

    def page_columns(self, *names: str) -> list[Column[Row]]:
        """Return the columns of such names in their order, or all that the page has."""
        by_name = {column.name: column for column in self.columns if column.name}
        return [by_name[name] for name in names or by_name]

    def sheets(self, rows: Iterable[Row]) -> list[Sheet]:
        """Return the rows as they come as a sheet, and where columns have meanings a second one that says them."""
        columns = [column for column in self.columns if column.value is not None]
        sheets: list[Sheet] = [(_(self.title), [_(column.heading) for column in columns], self._cells(rows))]
        if any(column.meaning for column in columns):
            dictionary = [[_(column.heading), _(column.meaning)] for column in columns]
            sheets.append((_("Columns"), [_("Column"), _("Meaning")], dictionary))
        return sheets

    def _cells(self, rows: Iterable[Row]) -> Iterator[list[Cell]]:
        values = [column.value for column in self.columns if column.value is not None]
        for row in rows:
            yield [_cell(value(row)) for value in values]


def _cell(value: Value) -> Cell:
    if isinstance(value, datetime):
        return local(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def send_sheets(name: str, sheets: Iterable[Sheet]) -> Response:
    """Send sheets as the kind of file that the end of its name says; CSV has the first sheet alone."""
    return send_generated(file_of_sheets(name.rpartition(".")[2], sheets), type_of(name), name)
