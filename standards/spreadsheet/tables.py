"""CSV and XLSX as rows of words, both ways; hostile input stops here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO

from kernel.errors import N_
from kernel.tables import FORMULA, UNFAMILIAR, ReadTable, Undecodable, read_csv, read_sheet, write_csv, write_xlsx
from standards._decoding import remark_guessed_encoding
from standards._texts import clean
from standards._zip import judge_document
from standards.model import FileRefused, NotTranslatable, TransferRemarkCollector, left_out_remark
from standards.spreadsheet.model import MAXIMUM_CELL, MAXIMUM_ROWS, SpreadsheetRow, column


def rows_of_csv(content: bytes, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows of a CSV file, its cells parted by comma, semicolon, tab or bar."""
    try:
        table = read_csv(content)
    except Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    remark_guessed_encoding(table.encoding_guessed_from, remarks)
    return _rows(table, remarks)


def rows_of_xlsx(content: bytes, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows of the first sheet of a workbook; the other sheets are reported."""
    judge_document(content)
    try:
        sheet = read_sheet(content, rows=MAXIMUM_ROWS + 2)
    except Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    return _rows(ReadTable(sheet.rows, "xlsx", None, sheet.beside), remarks)


def _rows(table: ReadTable, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows below the headings; what is not read is reported, rows beyond the limit raise FileRefused."""
    filled = replace(table, rows=tuple((line, cells) for line, cells in table.rows if any(cell.strip() for cell in cells)))
    if not filled.rows:
        raise FileRefused(N_("The table is empty."))
    if len(filled.rows) > MAXIMUM_ROWS + 1:
        raise FileRefused(N_("The table has more than %(limit)s rows."), limit=MAXIMUM_ROWS)
    head_line, headings = filled.rows[0]
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        places.setdefault(column(heading), index)
    places.pop("", None)
    remarks.remarks += map(left_out_remark, filled.left_out(places.values()))
    if "text" not in places or "kind" not in places:
        raise FileRefused(N_("Line %(line)s must contain the headings, including “kind” and “text”."), line=head_line)
    return [SpreadsheetRow(line, _cells(places, cells)) for line, cells in filled.rows[1:]]


def _cells(places: Mapping[str, int], cells: Sequence[str]) -> dict[str, str]:
    shown = {name: clean(cells[index]).strip() for name, index in places.items() if index < len(cells)}
    return {name: text for name, text in shown.items() if text}


def check_cells(row: SpreadsheetRow) -> None:
    """Raise NotTranslatable for a formula, for what is not shown as it is stored, and for a text that is too long."""
    for name, text in row.cells.items():
        if text == FORMULA:
            raise NotTranslatable(N_("The cell “%(name)s” is a formula."), N_("Write its value."), name=name)
        if text.startswith(UNFAMILIAR):
            raise NotTranslatable(
                N_("The cell “%(name)s” is a date, a time or a number in a format that is not known here (%(text)s)."),
                N_("Format the cell as text and write what learners should read."),
                name=name,
                text=text.removeprefix(UNFAMILIAR)[:40],
            )
        if len(text) > MAXIMUM_CELL:
            raise NotTranslatable(N_("The cell “%(name)s” has more than %(limit)s characters."), name=name, limit=MAXIMUM_CELL)


def to_csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a CSV file with a mark for UTF-8; no cell begins with a sign that a spreadsheet would compute (spec/security 4.6)."""
    target = BytesIO()
    write_csv(target, headings, rows)
    return target.getvalue()


def to_xlsx(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet; every cell is a text, nothing is computed."""
    target = BytesIO()
    write_xlsx(target, [("Sheet1", headings, rows)])
    return target.getvalue()
