"""Files that are read and reviewed before anything of them is in effect: the form that takes one, and the pages of its faults."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from flask import Response
from wtforms import Field, TextAreaField, ValidationError

from kernel.errors import N_, DomainError, Invalid
from kernel.i18n import _, lazy_
from kernel.left_out import LineFault
from kernel.tables import FORMULA, Cell, read_table
from kernel.web.forms import FileField, Form, clean_text
from kernel.web.request import reading_file
from kernel.web.table import Page, requested_page, send_sheets

Read = TypeVar("Read")

LONGEST_NAME = 120
"""Characters of a file's name; the last ones are kept."""
FAULTS = 50
"""On one page."""


class UploadForm(Form):
    """A file that is read at once, and does nothing before it was reviewed."""

    missing = N_("Choose a file.")
    file = FileField(lazy_("File"))

    def validate_file(self, _field: Field) -> None:
        """Refuse where nothing was chosen."""
        if not self.file_name:
            raise ValidationError(_(self.missing))

    @property
    def file_name(self) -> str:
        """Return the name of the file, cleaned and without its folders, and '' where none was chosen."""
        sent = self.file.data
        return clean_text(sent.filename.replace("\\", "/").rpartition("/")[2])[-LONGEST_NAME:] if sent else ""

    @property
    def source(self) -> Field:
        """Return the field that holds what is read."""
        source: Field = self.file
        return source

    @cached_property
    def content(self) -> bytes:
        """Return the content of the file, nothing where none was chosen."""
        return bytes(self.file.data.read()) if self.file.data else b""

    def read(self, reader: Callable[[bytes], Read], *, refused_by: type[DomainError] = Invalid) -> Read | None:
        """Read the content with a reader, outside of any transaction; return None, with the fault on its field, where it is refused."""
        try:
            with reading_file():
                return reader(self.content)
        except refused_by as refused:
            self.refuse(self.source, _(refused.text, **refused.facts))
            return None


class PastedListForm(UploadForm):
    """A list that is chosen as a file, or typed or pasted, one entry a line."""

    missing = N_("Choose a file, or paste addresses.")
    file = FileField(lazy_("File (CSV or Excel)"))
    addresses = TextAreaField(lazy_("Or paste the addresses here, one per line"))

    @property
    def file_name(self) -> str:
        """Return the name of the file, or what is shown instead of it for addresses that were pasted."""
        return super().file_name or (_("Pasted addresses") if self.content else "")

    @property
    def source(self) -> Field:
        """Return the field of the file, else that of the pasted addresses."""
        return self.file if self.file.data else self.addresses

    @cached_property
    def content(self) -> bytes:
        """Return the content of the file, else the pasted text."""
        return super().content if self.file.data else (self.addresses.data or "").strip().encode()


def page_of_faults(faults: Sequence[LineFault]) -> Page[LineFault]:
    """Return the faults of a list that the requested page shows."""
    requested = requested_page(FAULTS)
    return requested.of(faults[requested.offset :][: FAULTS + 1])


MOST_ROWS = 100_000
"""More than any list has."""


def send_faults(faults: Sequence[LineFault], content: bytes) -> Response:
    """Send the lines of a list that do nothing with their cells as they were, and behind them the cause: mended it is loaded again."""
    table = read_table(content, rows=MOST_ROWS)
    lines = dict(table.rows)
    width = max(
        (at for cells in lines.values() for at, cell in enumerate(cells, 1) if cell), default=0
    )  # a sheet's rows end in empty cells

    def cells_of(cells: Sequence[str]) -> list[str]:
        return [*(cell.replace(FORMULA, "") for cell in cells[:width]), *[""] * (width - len(cells))]

    headings = [*cells_of(table.rows[0][1] if table.rows else ()), _("Line"), _("What is wrong")]
    rows: Iterator[Sequence[Cell]] = ((*cells_of(lines.get(fault.line, ())), fault.line, fault.text) for fault in faults)
    return send_sheets(_("errors") + ".csv", [(_("errors"), headings, rows)])
