"""Tables as files: decoded and read from CSV and XLSX with the lines of their rows, written as CSV, XLSX and ODS."""

import csv
import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO, StringIO, TextIOBase, TextIOWrapper
from itertools import chain
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeAlias, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from kernel.archives import ArchiveLimits, ArchiveRefused, read_archive
from kernel.errors import N_, Invalid
from kernel.i18n import _
from kernel.left_out import MOST_EXAMPLES, LeftOut, LeftOutCollector
from kernel.markup.source import normalise
from kernel.sandbox import run_sandboxed

MAXIMUM_TEXT = 20_000_000
"""Bytes of one text file."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
"""Bytes without a sign in Windows-1252."""
_BINARY = frozenset(range(9)) | frozenset(range(14, 32)) - {26, 27}


class Undecodable(Invalid):
    """A file that is no text known here; `line` in the facts is its place, where known."""

    message = N_("The file cannot be read.")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text with LF, in NFC, without control and direction-override signs."""

    words: str
    encoding: str
    encoding_guessed_from: int | None = None
    """The line from which on it is not UTF-8, where the encoding is a guess."""


def decode(content: bytes) -> DecodedText:
    """Return the text of a file: UTF-8 and UTF-16 with their marks, else UTF-8, else Windows-1252, which is a guess.

    Raise Undecodable for more than MAXIMUM_TEXT bytes, and with the line for bytes that are text in no encoding known here.
    """
    if len(content) > MAXIMUM_TEXT:
        raise Undecodable(
            N_("The file is %(size)s MB; the maximum is %(limit)s MB."), size=len(content) // 10**6, limit=MAXIMUM_TEXT // 10**6
        )
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return DecodedText(normalise(_as(content[len(mark) :], encoding)), encoding)
    _refuse_binary(content)
    try:
        return DecodedText(normalise(content.decode("utf-8")), "utf-8")
    except UnicodeDecodeError as error:
        return DecodedText(normalise(_as_windows(content)), "windows-1252", line_of(content, error.start))


def line_of(content: bytes, offset: int) -> int:
    """Return the line on which a byte stands, from 1."""
    return content.count(b"\n", 0, offset) + 1


def _as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = line_of(content, error.start)
        raise Undecodable(N_("The file is declared as %(encoding)s, but line %(line)s is not."), encoding=encoding, line=line) from error


def _refuse_binary(content: bytes) -> None:
    offset = next((at for at, byte in enumerate(content[:100_000]) if byte in _BINARY), -1)
    if offset >= 0:
        line = line_of(content, offset)
        raise Undecodable(N_("The file is not text: line %(line)s contains the byte %(byte)s."), byte=f"0x{content[offset]:02x}", line=line)


def _as_windows(content: bytes) -> str:
    offset = next((at for at, byte in enumerate(content) if byte in _UNDEFINED), -1)
    if offset >= 0:
        line = line_of(content, offset)
        raise Undecodable(N_("Line %(line)s is neither UTF-8 nor Windows-1252: save the file as UTF-8."), line=line)
    return content.decode("cp1252")


UNFAMILIAR = "\ue003"
"""Stands before the value of a cell whose format is not known here, so that it shows something else: a day, a time, a scale, a fraction."""
_FIXED = r'(?:"[^"]*"|\\.|\[\$[^\]]*\]|_.|\*.|[$€£ ()-])*'
_KNOWN = re.compile(rf"({_FIXED})((?:#,##|#)*)(0*)(?:\.(0+))?({_FIXED})(%?)({_FIXED})")
_PLAIN = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|([$€£])|_.|\*.|[ ()-]')
_MOMENTS = (datetime, date, time, timedelta)


def shown_number(value: int | float, number_format: str) -> str:
    """Return a number as its format shows it, with a decimal point; UNFAMILIAR and the number where the format is not known."""
    number = str(int(value)) if float(value).is_integer() and abs(value) < 10**15 else repr(value)
    if number_format in ("General", "@", ""):
        return number
    sections = number_format.split(";")
    section = sections[0] if value > 0 or len(sections) == 1 else sections[1] if value < 0 else sections[min(2, len(sections) - 1)]
    if section in ("General", "@"):
        return number
    known = _KNOWN.fullmatch(section)
    if known is None or not (known[2] or known[3]):
        return UNFAMILIAR + number
    before, _groups, whole, decimals, between, percent, after = known.groups()
    shown = abs(Decimal(repr(value)) * (100 if percent else 1)).quantize(Decimal(1).scaleb(-len(decimals or "")), ROUND_HALF_UP)
    digits = f"{shown:f}".zfill(len(whole) + (len(decimals) + 1 if decimals else 0)) + percent
    sign = "-" if value < 0 and shown else ""
    return sign + " ".join(part for part in (_fixed_text(before), digits, _fixed_text(between + after)) if part)


def _fixed_text(fixed: str) -> str:
    """Return the text that a part of a format shows beside the digits: its texts and currencies."""
    return "".join(part for match in _PLAIN.finditer(fixed) for part in match.groups() if part).strip()


def shown_cell(value: object, number_format: str) -> str:
    """Return the value of a cell as a person sees it; UNFAMILIAR before days and times, in ISO form, and before what is not known."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return shown_number(value, number_format)
    if isinstance(value, _MOMENTS):
        return UNFAMILIAR + _iso(value)
    return "" if value is None else str(value)


def _iso(moment: datetime | date | time | timedelta) -> str:
    if isinstance(moment, datetime):
        return moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ", "minutes")
    return moment.isoformat("minutes") if isinstance(moment, time) else str(moment)


Cell: TypeAlias = str | int | Decimal | None
"""Words, a number, or nothing."""
RISKY = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠", "｜", "％")
"""Signs with which a spreadsheet begins to compute, and their full-width forms (spec/security 4.6)."""
CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
Sheet: TypeAlias = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]
"""A sheet of a workbook: its name, headings and rows."""
LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds; what is longer is cut there, never in CSV."""
_PARTS = frozenset(";,\t\r\n")
_CAREFUL = frozenset((*RISKY, "'"))
_BEGIN, _RISK = r'([;,\t\r\n][ "]*)', r"(?='*[=+\-@|%＝＋－＠｜％])"
_OPEN, _GUARDED = re.compile(_BEGIN + _RISK), re.compile(_BEGIN + "'" + _RISK)
"""Where one of those signs follows a semicolon, a comma, a tab or the end of a line: there a spreadsheet may begin a cell."""


def guarded(cell: str) -> str:
    """Return a cell with an apostrophe before whatever a spreadsheet would compute; plain numbers stay as they are.

    Also within it: a spreadsheet that is set to part cells by another sign does not heed the quotation marks of cells.
    """
    if cell[:1] not in _CAREFUL and _PARTS.isdisjoint(cell):
        return cell
    number = cell.removeprefix("-").replace(".", "", 1)
    first = "'" if cell.lstrip("'").startswith(RISKY) and not number.isdecimal() else ""
    return first + (cell if _PARTS.isdisjoint(cell) else _OPEN.sub(r"\1'", cell))


def unguarded(cell: str) -> str:
    """Take the apostrophes of `guarded` away again."""
    rest = cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(RISKY) else cell
    return _GUARDED.sub(r"\1", rest)


LONGEST_READ = 1_000_000
"""Characters of a cell that is read; what is longer is a quotation mark that was never closed."""


@dataclass(frozen=True, slots=True)
class ReadTable:
    """The rows of a table with the line of the file on which each begins; empty rows are left out."""

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str
    encoding_guessed_from: int | None
    """The line from which on the encoding is a guess."""
    beside: tuple[LeftOut, ...] = ()
    """What the file holds beside these rows."""

    def left_out(self, taken: Collection[int]) -> tuple[LeftOut, ...]:
        """List the columns of a table with headings that a reader of some columns leaves out, and what the file holds beside it."""
        left_out, headings = LeftOutCollector(), self.rows[0][1] if self.rows else ()
        for index, heading in enumerate(headings):
            if heading.strip() and index not in taken:
                left_out.add(COLUMNS, as_written(heading))
        for _line, cells in self.rows[1:]:
            for index, cell in enumerate(cells):
                if cell.strip() and index not in taken and not (index < len(headings) and headings[index].strip()):
                    left_out.add(CELLS, as_written(cell))
        return (*left_out.result(), *self.beside)

    def refusal(self, message: str) -> Undecodable:
        """Return why this is not the table that was expected; of a workbook with more sheets also which ones were not read."""
        sheets = next((left for left in self.beside if left.kind == SHEETS), None)
        if sheets is None:
            return Undecodable(message)
        return Undecodable(OTHER_SHEET, reason=_(message), sheets=sheets.facts["examples"])


COLUMNS = N_("Columns that are not taken")
CELLS = N_("Cells in columns without a heading")
HIDDEN_ROWS = N_("Hidden rows")
SHEETS = N_("Other sheets of the workbook")
OTHER_SHEET = N_("%(reason)s Only the first sheet that is not hidden was read, not: %(sheets)s. Put the list first.")
PARTS = N_("Comments, drawings and other parts of the workbook")


QUOTATION_MARK = N_("Line %(line)s cannot be read: a quotation mark is not closed, or other text follows it.")


_SEPARATOR = re.compile(r"sep=(.)[ \t]*(?:\r?\n|\r|$)", re.IGNORECASE)


def read_csv(content: bytes) -> ReadTable:
    """Return the rows of a CSV file, its cells parted by comma, semicolon, tab or bar; raise Undecodable with the line.

    What `guarded` put before a cell is taken away again.
    """
    text = decode(content)
    named = _SEPARATOR.match(text.words)  # Excel's own line, which names the separator and is none of the table
    body = "\n" + text.words[named.end() :] if named else text.words
    first = next((line for line in body.split("\n") if line.strip()), "")
    csv.field_size_limit(LONGEST_READ)
    reader = csv.reader(StringIO(body), delimiter=named[1] if named else max(";\t,|", key=first.count), strict=True)
    rows = []
    try:
        for line, cells in _numbered(reader):
            if any(cell.strip() for cell in cells):
                rows.append((line, tuple(unguarded(cell) for cell in cells)))
    except csv.Error as error:
        raise Undecodable(QUOTATION_MARK, line=reader.line_num) from error  # it says so in English
    return ReadTable(tuple(rows), text.encoding, text.encoding_guessed_from)


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    line = 1
    for cells in reader:
        yield line, cells
        line = getattr(reader, "line_num", line) + 1


FORMULA = "\ue002"
"""Stands for a cell with a formula, which is not computed."""
MOST_COLUMNS = 200
_KNOWN_PARTS = re.compile(
    r"\[Content_Types\]\.xml|(?:_rels|docProps|customXml)/.*|.*/_rels/.*|.*/|"
    r"xl/(?:(?:workbook|styles|sharedStrings|calcChain|metadata)\.xml|drawings/vmlDrawing.*|"
    r"(?:worksheets|chartsheets|theme|tables|printerSettings|persons|media|charts|pivotCache|pivotTables)/.*)"
)
"""Parts of a workbook that are read, only say how it looks, or stand in another part: pictures and charts in a drawing."""
_NO_WORKBOOK = (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, SyntaxError)
"""What reading a file raises that is no workbook, or a damaged one."""


@dataclass(frozen=True, slots=True)
class SpreadsheetRows:
    """The first sheet of a workbook that is not hidden, row by row with its number, and what the workbook holds beside it.

    Cells are as a person sees them (`kernel.tables`); UNFAMILIAR stands before what is shown in another way.
    """

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    beside: tuple[LeftOut, ...]


def read_sheet(content: bytes, *, rows: int) -> SpreadsheetRows:
    """Return the first sheet of a workbook (XLSX) that is not hidden as text, up to `rows` rows.

    Raise Undecodable where it is none, and for more than MOST_COLUMNS columns. The archive is not checked here: the caller has done so.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - 80 ms that no start should wait for

    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        first = min(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
        cells = first.iter_rows(max_col=MOST_COLUMNS + 1, max_row=rows)
        table = tuple(
            (at, tuple(FORMULA if cell.data_type == "f" else shown_cell(cell.value, cell.number_format or "") for cell in row))
            for at, row in enumerate(cells, start=1)
        )
        table = _filled_down(table, _merged_columns(content, vars(first)["_worksheet_path"]))  # a sheet read as a stream says none
        others = [name for name in book.sheetnames if name != first.title]
        book.close()
    except _NO_WORKBOOK as error:
        raise Undecodable(N_("The file is not an Excel workbook (.xlsx).")) from error
    if any("".join(cells[MOST_COLUMNS:]).strip() for _at, cells in table):
        raise Undecodable(N_("The sheet has more than %(limit)s columns."), limit=MOST_COLUMNS)
    beside = (*_beside(content, others), *_hidden(content, vars(first)["_worksheet_path"], {at for at, cells in table if any(cells)}))
    return SpreadsheetRows(tuple((at, cells[:MOST_COLUMNS]) for at, cells in table), beside)


_ROW = re.compile(rb"<(?:\w+:)?row\s([^>]*)>")
_NUMBER, _IS_HIDDEN = re.compile(rb"\br=\"([0-9]{1,7})\""), re.compile(rb"\bhidden=\"(?:1|true)\"")


def _hidden(content: bytes, sheet: str, filled: Container[int]) -> Iterator[LeftOut]:
    """Yield the rows of a sheet that somebody hid, by hand or by a filter, and that hold something: they are read like the others."""
    with ZipFile(BytesIO(content)) as archive:
        rows = [row[1] for row in _ROW.finditer(archive.read(sheet.lstrip("/"))) if _IS_HIDDEN.search(row[1])]
    numbers = [int(digits[1]) for row in rows if (digits := _NUMBER.search(row)) and int(digits[1]) in filled]
    if numbers:
        yield LeftOut(HIDDEN_ROWS, len(numbers), tuple(map(str, numbers[:MOST_EXAMPLES])), is_read=True)


_Rows: TypeAlias = tuple[tuple[int, tuple[str, ...]], ...]
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})\"")


def _merged_columns(content: bytes, sheet: str) -> Iterator[tuple[int, int, int]]:
    """Yield the cells of a sheet that are merged over several rows: their column, counted from 0, first and last row."""
    from openpyxl.utils import column_index_from_string  # noqa: PLC0415 - as above

    with ZipFile(BytesIO(content)) as archive, archive.open(sheet) as stream:
        rest = b""
        while part := stream.read(1_000_000):
            text, end = rest + part, 0
            for merged in _MERGED.finditer(text):
                end = merged.end()
                if merged[2] != merged[3]:
                    yield column_index_from_string(merged[1].decode()) - 1, int(merged[2]), int(merged[3])
            rest = text[max(end, len(text) - 200) :]


def _filled_down(table: _Rows, merged: Iterable[tuple[int, int, int]]) -> _Rows:
    """Return the rows of a sheet with what a merged cell says in each row over which it stands: a program keeps it in the first alone."""
    changed: dict[int, list[str]] = {}
    for column, first, last in merged:
        for at in range(first + 1, min(last, len(table)) + 1) if column < MOST_COLUMNS else ():
            changed.setdefault(at, list(table[at - 1][1]))[column] = table[first - 1][1][column]
    return tuple((at, tuple(changed[at])) if at in changed else (at, cells) for at, cells in table) if changed else table


def _beside(content: bytes, sheets: Iterable[str]) -> tuple[LeftOut, ...]:
    """Return the sheets that are not read, and the parts of a workbook that are not known here."""
    left_out = LeftOutCollector()
    for name in sheets:
        left_out.add(SHEETS, name)
    with ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            if not _KNOWN_PARTS.fullmatch(name.lstrip("/")):
                left_out.add(PARTS, name.rpartition("/")[2])
    return left_out.result()


_WORKBOOK = ArchiveLimits(packed=20_000_000, unpacked=200_000_000, entries=2_000)
_DOCTYPE = b"<!DOCTYPE"


def read_table(content: bytes, *, rows: int) -> ReadTable:
    """Return the rows of a CSV file, or those of the first sheet of a workbook (XLSX), where there may be so many.

    Raise Undecodable, and SandboxLimitExceeded for a workbook that asks for too much memory or time.
    """
    return run_sandboxed(read_xlsx, content, rows=rows) if content.startswith(b"PK\x03\x04") else read_csv(content)


def read_xlsx(content: bytes, *, rows: int) -> ReadTable:
    """Return the first sheet of a workbook as `read_csv` does a file; raise Undecodable, also for a hostile archive or too many rows."""
    try:
        parts = read_archive(content, limits=_WORKBOOK)
    except ArchiveRefused as refused:
        facts: dict[str, Any] = dict(refused.facts)
        raise Undecodable(refused.text, **facts) from refused
    if any(_DOCTYPE in part[:4096].upper().replace(b"\x00", b"") for part in parts.values()):
        raise Undecodable(N_("The file is not an Excel workbook (.xlsx)."))
    sheet = read_sheet(content, rows=rows + 1)
    filled = tuple(
        (line, tuple(unguarded(cell.removeprefix(UNFAMILIAR)) for cell in cells))
        for line, cells in sheet.rows
        if any(cell.strip() for cell in cells)
    )
    if filled and filled[-1][0] > rows:
        raise Undecodable(N_("The sheet has more than %(limit)s rows."), limit=rows)
    return ReadTable(filled, "xlsx", None, sheet.beside)


def as_written(cell: str) -> str:
    """Return a cell as it is shown to its uploader: a formula as its sign only."""
    return cell.replace(FORMULA, "=…")


def on_disk(write: Callable[[BinaryIO], None]) -> BinaryIO:
    """Return a nameless file with what `write` writes into it, at its beginning; the sender closes it.

    Written before it is sent: memory use stays flat, and no database connection waits for a slow line.
    """
    file = cast("BinaryIO", TemporaryFile())  # noqa: SIM115 - the response closes it
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


SEPARATOR = ";"
"""Between the cells of CSV that people open: programs set to Spanish expect it, because their decimals have a comma."""
COMMA = ","
"""Between the cells of CSV that programs read: a person's own data, bundles of evidence."""


def plain_number(value: int | Decimal) -> str:
    """Return a number in digits with a decimal point, never with an exponent: 20 and not 2E+1."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _csv_writer(target: TextIOBase, separator: str) -> Callable[[Iterable[Cell]], None]:
    """Return the writer of CSV rows, their words guarded; where semicolons part the cells decimals have a comma."""
    sheet = csv.writer(target, delimiter=separator, lineterminator="\r\n")
    point = "," if separator == SEPARATOR else "."

    def cell_text(cell: Cell) -> str | int | None:
        if isinstance(cell, str):
            return guarded(cell)
        return plain_number(cell).replace(".", point) if isinstance(cell, Decimal) else cell

    return lambda cells: sheet.writerow(map(cell_text, cells))


def csv_line(cells: Sequence[Cell], *, separator: str = SEPARATOR) -> str:
    """Return a row as a line of CSV as `write_csv` writes it."""
    line = StringIO()
    _csv_writer(line, separator)(cells)
    return line.getvalue()


def write_csv(target: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, separator: str = SEPARATOR) -> None:
    """Write rows as they come, in UTF-8 with its mark; the file stays open. Memory does not grow with the rows.

    Spreadsheets set to Spanish open it as it is; `separator` is given for files that programs read.
    """
    target.write(b"\xef\xbb\xbf")
    text = TextIOWrapper(target, encoding="utf-8", newline="")
    write_row = _csv_writer(text, separator)
    for row in chain([headings], rows):
        write_row(row)
    text.detach()


def type_of(name: str) -> str:
    """Return the media type of a table by the end of its file's name."""
    return {"csv": CSV_TYPE, "xlsx": XLSX_TYPE, "ods": ODS_TYPE}[name.rpartition(".")[2]]


def write_xlsx(target: BinaryIO, sheets: Iterable[Sheet]) -> None:
    """Write sheets (name, headings, rows) as they come; words stay words, nothing is computed. Memory does not grow with the rows."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - 40 ms that no start should wait for

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(target, options) as book:
        for name, headings, rows in sheets:
            sheet = book.add_worksheet(name[:31])
            sheet.freeze_panes(1, 0)
            for index, heading in enumerate(headings):
                sheet.write_string(0, index, heading)
            for at, row in enumerate(rows, start=1):
                for index, cell in enumerate(row):
                    if isinstance(cell, str) and cell:
                        sheet.write_string(at, index, cell[:LONGEST_CELL])
                    elif cell is not None and not isinstance(cell, str):
                        sheet.write_number(at, index, cell)


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMES = {
    "xmlns:office": f"{_OFFICE}office:1.0",
    "xmlns:table": f"{_OFFICE}table:1.0",
    "xmlns:text": f"{_OFFICE}text:1.0",
    "office:version": "1.3",
}
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    f'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{ODS_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_MADE = (1980, 1, 1, 0, 0, 0)
"""Moment of the entries: equal tables are equal files."""


def write_ods(target: BinaryIO, sheets: Iterable[Sheet]) -> None:
    """Write sheets as an OpenDocument spreadsheet, as they come; words stay words. Memory does not grow with the rows.

    OpenDocument 1.3, parts 2 and 3; the smallest file that it allows: the first entry is its type, not compressed.
    """
    with ZipFile(target, "w", ZIP_DEFLATED) as book:
        book.writestr(ZipInfo("mimetype", _MADE), ODS_TYPE, compress_type=ZIP_STORED)
        book.writestr(ZipInfo("META-INF/manifest.xml", _MADE), _MANIFEST, compress_type=ZIP_DEFLATED)
        content = ZipInfo("content.xml", _MADE)
        content.compress_type = ZIP_DEFLATED
        with book.open(content, "w", force_zip64=True) as file:
            xml = XMLGenerator(cast("TextIOBase", file), "utf-8", short_empty_elements=True)
            xml.startDocument()
            with _tag(xml, "office:document-content", _NAMES), _tag(xml, "office:body"), _tag(xml, "office:spreadsheet"):
                for name, headings, rows in sheets:
                    with _tag(xml, "table:table", {"table:name": name}):
                        for row in chain([headings], rows):
                            _write_row(xml, row)
            xml.endDocument()


def file_of_sheets(kind: str, sheets: Iterable[Sheet]) -> BinaryIO:
    """Return a file on disk with sheets as XLSX or ODS, or with the first of them as CSV."""
    if kind == "csv":
        _name, headings, rows = next(iter(sheets))
        return on_disk(lambda target: write_csv(target, headings, rows))
    write = write_xlsx if kind == "xlsx" else write_ods
    return on_disk(lambda target: write(target, sheets))


@contextmanager
def _tag(xml: XMLGenerator, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
    xml.startElement(name, AttributesImpl(dict(attributes or {})))
    yield
    xml.endElement(name)


def _write_row(xml: XMLGenerator, row: Sequence[Cell]) -> None:
    with _tag(xml, "table:table-row"):
        for cell in row:
            if cell is None or cell == "":
                with _tag(xml, "table:table-cell"):
                    pass
            elif isinstance(cell, str):
                with _tag(xml, "table:table-cell", {"office:value-type": "string"}):
                    for line in _printable(cell).split("\n"):
                        with _tag(xml, "text:p"):
                            _write_line(xml, line)
            else:
                with _tag(xml, "table:table-cell", {"office:value-type": "float", "office:value": plain_number(cell)}), _tag(xml, "text:p"):
                    xml.characters(plain_number(cell))


_FOLDED = re.compile(r"(\t|^ +|(?<= ) +)")
"""What a reader of OpenDocument would fold into one space."""


def _write_line(xml: XMLGenerator, line: str) -> None:
    for index, part in enumerate(_FOLDED.split(line)):
        if part == "\t":
            with _tag(xml, "text:tab"):
                pass
        elif index % 2:
            with _tag(xml, "text:s", {"text:c": str(len(part))}):
                pass
        else:
            xml.characters(part)


def _printable(text: str) -> str:
    """Leave out the signs that XML 1.0 does not have."""
    return "".join(
        sign for sign in text if sign in "\t\n" or " " <= sign <= "\ud7ff" or "\ue000" <= sign <= "\ufffd" or sign >= "\U00010000"
    )
