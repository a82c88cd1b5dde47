"""CSV and XLSX as rows of words, both ways; hostile input stops here."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from kernel.decoding import Undecodable
from kernel.errors import N_
from kernel.tables import FORMULA, read_csv, read_sheet, write_csv, write_xlsx
from standards._decoding import remark_guessed_encoding
from standards._texts import clean
from standards._zip import judge_document
from standards.model import FileRefused, NotTranslatable, TransferRemarkCollector
from standards.spreadsheet.model import MAXIMUM_CELL, MAXIMUM_ROWS, SpreadsheetRow, column


def rows_of_csv(content: bytes, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows of a CSV file, its cells parted by comma, semicolon, tab or bar."""
    try:
        table = read_csv(content)
    except Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    remark_guessed_encoding(table.encoding_guessed_from, remarks)
    return _rows(table.rows, remarks)


def rows_of_xlsx(content: bytes, remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows of the first sheet of a workbook; the other sheets are reported."""
    judge_document(content)
    try:
        sheet = read_sheet(content, rows=MAXIMUM_ROWS + 2)
    except Undecodable as refused:
        raise FileRefused(refused.text) from refused
    for name in sheet.others:
        remarks.loss(N_("The sheet “%(name)s” is left out."), N_("Questions are read from the first sheet."), name=name)
    return _rows(sheet.rows, remarks)


def _rows(lines: Iterable[tuple[int, Sequence[str]]], remarks: TransferRemarkCollector) -> list[SpreadsheetRow]:
    """Return the rows below the headings; an unknown heading is reported, rows beyond the limit raise FileRefused."""
    filled = [(line, cells) for line, cells in lines if any(cell.strip() for cell in cells)]
    if not filled:
        raise FileRefused(N_("The table is empty."))
    if len(filled) > MAXIMUM_ROWS + 1:
        raise FileRefused(N_("The table has more than %(limit)s rows."), limit=MAXIMUM_ROWS)
    head_line, headings = filled[0]
    names = [column(heading) for heading in headings]
    for heading, name in zip(headings, names, strict=True):
        if heading.strip() and not name:
            remarks.loss(
                N_("The column “%(name)s” is left out."), N_("Its heading is not recognised."), line=head_line, name=heading.strip()[:80]
            )
    if "text" not in names or "kind" not in names:
        raise FileRefused(N_("Line %(line)s must contain the headings, including “kind” and “text”."), line=head_line)
    return [SpreadsheetRow(line, _cells(names, cells)) for line, cells in filled[1:]]


def _cells(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    pairs = zip(names, (clean(cell).strip() for cell in cells), strict=False)
    found: dict[str, str] = {}
    for name, words in pairs:
        if name and words:
            found.setdefault(name, words)
    return found


def check_cells(row: SpreadsheetRow) -> None:
    """Raise NotTranslatable for a formula or for a text that is too long."""
    for name, words in row.cells.items():
        if words == FORMULA:
            raise NotTranslatable(N_("The cell “%(name)s” is a formula."), N_("Write its value."), name=name)
        if len(words) > MAXIMUM_CELL:
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
