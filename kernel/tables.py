"""Tables for spreadsheets: CSV and XLSX written row by row into a file, with nothing in them that a spreadsheet would compute."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import TextIOWrapper
from typing import BinaryIO, TypeAlias

from xlsxwriter import Workbook

Cell: TypeAlias = str | int | Decimal | None
"""Words, a number, or nothing."""
RISKY = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Signs with which a spreadsheet begins to compute, and their full-width forms (security, 4.6)."""
CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds; what is longer is cut there, never in CSV."""


def guarded(words: str) -> str:
    """Return a cell with an apostrophe before whatever a spreadsheet would compute; plain numbers stay as they are."""
    number = words.removeprefix("-").replace(".", "", 1)
    return f"'{words}" if words.lstrip("'").startswith(RISKY) and not number.isdecimal() else words


def unguarded(words: str) -> str:
    """Take the apostrophe of `guarded` away again."""
    return words[1:] if words.startswith("'") and words.lstrip("'").startswith(RISKY) else words


def write_csv(target: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows as they come, in UTF-8 with its mark; the file stays open. Memory does not grow with the rows."""
    target.write(b"\xef\xbb\xbf")
    words = TextIOWrapper(target, encoding="utf-8", newline="")
    writer = csv.writer(words, lineterminator="\r\n")
    writer.writerow([guarded(heading) for heading in headings])
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    words.detach()


def write_xlsx(target: BinaryIO, sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> None:
    """Write sheets (name, headings, rows) as they come; words stay words, nothing is computed. Memory does not grow with the rows."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(target, options) as book:
        for name, headings, rows in sheets:
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 0)
            for place, heading in enumerate(headings):
                sheet.write_string(0, place, heading)
            for at, row in enumerate(rows, start=1):
                for place, cell in enumerate(row):
                    if isinstance(cell, str) and cell:
                        sheet.write_string(at, place, cell[:LONGEST_CELL])
                    elif cell is not None and not isinstance(cell, str):
                        sheet.write_number(at, place, cell)
