"""Tables for spreadsheets: nothing in them computes, numbers stay numbers, rows are written as they come (spec/security 4.6)."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZIP_STORED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from kernel.tables import (
    CELLS,
    COLUMNS,
    COMMA,
    HIDDEN_ROWS,
    MOST_COLUMNS,
    ODS_TYPE,
    PARTS,
    RISKY,
    SEPARATOR,
    SHEETS,
    UNFAMILIAR,
    Cell,
    Undecodable,
    guarded,
    read_csv,
    read_sheet,
    read_table,
    shown_cell,
    unguarded,
    write_csv,
    write_ods,
    write_xlsx,
)


@pytest.mark.parametrize(
    "words", ["=1+1", "+593", "-1+1", "@x", "|x", "%x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "％x", "｜x", "'=1", "''=1"]
)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(words: str) -> None:
    """spec/security 4.6."""
    assert guarded(words) == f"'{words}"
    assert unguarded(guarded(words)) == words


@pytest.mark.parametrize(
    ("words", "safe"),
    [
        (";=1+1;", ";'=1+1;"),
        ("a; =1", "a; '=1"),
        ("a\t＝1", "a\t'＝1"),
        ("a\n-1", "a\n'-1"),
        ('a;"=1', "a;\"'=1"),
        ("a;'=1", "a;''=1"),
        ("=a;=b", "'=a;'=b"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_what_a_spreadsheet_that_parts_cells_by_other_signs_would_compute_gets_one_too(words: str, safe: str) -> None:
    """Excel parts cells by semicolons where the region of its machine says so, as in Ecuador."""
    assert guarded(words) == safe
    assert unguarded(safe) == words


NASTY = st.text("';\t\r\n \",=+-@|%1aＮ＝＋－＠", max_size=12)
SIGNS = tuple(sign for sign in RISKY if not sign.isspace())


@given(NASTY)
def test_whatever_was_guarded_comes_back(words: str) -> None:
    assert unguarded(guarded(words)) == words


@pytest.mark.parametrize(("separator", "others"), [(SEPARATOR, "[,\t\r\n]"), (COMMA, "[;\t\r\n]")])
@given(words=st.lists(NASTY, min_size=1, max_size=3))
def test_nothing_computes_whatever_parts_the_cells(separator: str, others: str, words: list[str]) -> None:
    """spec/security 4.6: quotation marks that are not heeded let every other sign, tab and line of a cell begin another."""
    text = csv_of([["x", *words]], separator).decode("utf-8-sig")

    assert not [cell for cell in re.split(others, text)[1:] if cell.lstrip(' "').startswith(SIGNS)]


@pytest.mark.parametrize("words", ["", "12", "-12.5", "Ana", "'tis", "a=b", "1-2"])
def test_words_and_plain_numbers_stay(words: str) -> None:
    assert guarded(words) == words


def csv_of(rows: list[list[Cell]], separator: str = SEPARATOR) -> bytes:
    """Write rows below two headings."""
    target = BytesIO()
    write_csv(target, ["=a", "b"], iter(rows), separator=separator)
    return target.getvalue()


def test_csv_is_utf8_with_its_mark_and_numbers_as_numbers() -> None:
    """As spreadsheets set to Spanish open it: semicolons between cells, a comma in decimals."""
    content = csv_of([["Ñusta, «A»", Decimal("-2.5")], [None, 3], ["=cmd()", ""]])

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig") == "'=a;b\r\nÑusta, «A»;-2,5\r\n;3\r\n'=cmd();\r\n"


def test_csv_for_programs_has_commas_and_decimal_points() -> None:
    target = BytesIO()
    write_csv(target, ["a", "b"], [["Ñusta, «A»", Decimal("-2.5")]], separator=COMMA)

    assert target.getvalue().decode("utf-8-sig") == 'a,b\r\n"Ñusta, «A»",-2.5\r\n'


@pytest.mark.parametrize(("value", "text"), [("2E+1", "20"), ("1E+2", "100"), ("0E+3", "0"), ("1E-7", "0,0000001"), ("40", "40")])
def test_numbers_are_written_without_an_exponent(value: str, text: str) -> None:
    target = BytesIO()
    write_ods(target, [("Uno", ["a"], [[Decimal(value)]])])
    with ZipFile(target) as archive:
        sheet = archive.read("content.xml").decode()

    assert csv_of([[Decimal(value), ""]]).decode().splitlines()[1] == f"{text};"
    assert f"<text:p>{text.replace(',', '.')}</text:p>" in sheet


def test_what_is_written_as_csv_is_read_by_the_forms_that_take_lists() -> None:
    cells = ("Ana; Beto", "Lema, Rosa", '"Sí"', "dos\nlíneas", "=1+1", "x;-1", "x,-1", "0926687856")

    [_headings, (_line, row)] = read_csv(csv_of([list(cells)])).rows

    assert row == cells


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=4))
def test_words_come_back_from_csv(words: list[str]) -> None:
    rows = list(csv.reader(StringIO(csv_of([list(words)]).decode("utf-8-sig"), newline=""), delimiter=";"))

    assert [unguarded(cell) for cell in rows[1]] == words


def test_a_workbook_computes_nothing_and_cuts_what_a_cell_cannot_hold() -> None:
    target = BytesIO()
    rows: list[list[Cell]] = [["=1+1", Decimal("0.5"), None, ""], ["https://example.org", 7, "12", "x" * 40_000]]
    write_xlsx(target, [("Una hoja con un nombre demasiado largo", ["a", "b", "c", "d"], iter(rows)), ("Dos", ["a"], [])])
    first, second = load_workbook(BytesIO(target.getvalue())).worksheets

    assert [cell.value for cell in first[2]] == ["=1+1", 0.5, None, None]
    assert [cell.data_type for cell in first[2]] == ["s", "n", "n", "n"]
    assert [first["A3"].value, first["B3"].value, first["C3"].value, len(first["D3"].value)] == ["https://example.org", 7, "12", 32_767]
    assert first["A3"].hyperlink is None
    assert second["A1"].value == "a"


def cells_of_ods(content: bytes) -> list[tuple[str, list[list[str | Decimal]]]]:
    """Read a spreadsheet as OpenDocument 1.3 says, with its spaces and lines."""
    with ZipFile(BytesIO(content)) as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type, book.read(first)) == ("mimetype", ZIP_STORED, ODS_TYPE.encode())
        assert b'manifest:full-path="content.xml"' in book.read("META-INF/manifest.xml")
        root = fromstring(book.read("content.xml"))  # noqa: S314 - what the test has written
    office, table, text = (f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text"))

    def words(line: Element) -> str:
        found = line.text or ""
        for inner in line:
            found += ("\t" if inner.tag == f"{text}tab" else " " * int(inner.get(f"{text}c", "1"))) + (inner.tail or "")
        return found

    def value(cell: Element) -> str | Decimal:
        if cell.get(f"{office}value-type") == "float":
            return Decimal(cell.get(f"{office}value", ""))
        return "\n".join(words(line) for line in cell.iter(f"{text}p"))

    return [
        (sheet.get(f"{table}name", ""), [[value(cell) for cell in row] for row in sheet.iter(f"{table}table-row")])
        for sheet in root.iter(f"{table}table")
    ]


def test_an_opendocument_spreadsheet_keeps_words_as_words_and_numbers_as_numbers() -> None:
    rows: list[list[Cell]] = [["=1+1", Decimal("66.67"), None], ["  dos  espacios\ty\nlíneas <b>&", 3, "\x01"]]
    file = BytesIO()
    write_ods(file, [("Notas", ["Uno", "Dos", "Tres"], rows), ("Columnas", ["Qué"], [])])

    assert cells_of_ods(file.getvalue()) == [
        ("Notas", [["Uno", "Dos", "Tres"], ["=1+1", Decimal("66.67"), ""], ["  dos  espacios\ty\nlíneas <b>&", Decimal(3), ""]]),
        ("Columnas", [["Qué"]]),
    ]


@given(st.lists(st.lists(st.text(st.characters(blacklist_categories=("Cs",))), min_size=1, max_size=3), max_size=4))
def test_words_come_back_from_opendocument(rows: list[list[str]]) -> None:
    """All but what XML 1.0 has no sign for."""
    file = BytesIO()
    write_ods(file, [("Hoja", ["a"], rows)])
    ((_name, found),) = cells_of_ods(file.getvalue())

    assert found[1:] == [
        ["".join(sign for sign in cell if sign in "\t\n" or (sign >= " " and sign not in "\ufffe\uffff")) for cell in row] for row in rows
    ]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows_of_a_spreadsheet(tmp_path: Path) -> None:
    """spec/performance P13: a row is written before the next is asked for."""
    seen: list[int] = []

    def rows() -> Iterator[Sequence[Cell]]:
        for place in range(30_000):
            if place % 10_000 == 9_999:
                seen.append(file.tell())
            yield [f"persona {place}", place]

    with (tmp_path / "many.ods").open("wb") as file:
        write_ods(file, [("Hoja", ["a", "b"], rows())])

    assert 0 < seen[0] < seen[1] < seen[2]


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.15, "0%", "15%"),
        (0.206, "0.00%", "20.60%"),
        (-0.5, "0%", "-50%"),
        (460, '"$" #,##0.00', "$ 460.00"),
        (1150, "#,##0.00\\ [$€-C0A]", "1150.00 €"),
        (-5, "#,##0;(#,##0)", "-5"),
        (926687856, "0000000000", "0926687856"),
        (7, '0" años"', "7 años"),
        (2.5, "0.0", "2.5"),
        (1.3, "General", "1.3"),
        (3.0, "General", "3"),
        (0.2, "# ?/?", f"{UNFAMILIAR}0.2"),
        (12345, "0.00E+00", f"{UNFAMILIAR}12345"),
        (1_200_000, "#,##0,", f"{UNFAMILIAR}1200000"),
        (date(2026, 2, 1), "d-mmm", f"{UNFAMILIAR}2026-02-01"),
        (datetime.combine(date(2026, 2, 1), time(8, 30)), "d/m/yyyy h:mm", f"{UNFAMILIAR}2026-02-01 08:30"),
        (time(16, 30), "h:mm:ss", f"{UNFAMILIAR}16:30"),
        ("1-feb", "@", "1-feb"),
        (True, "General", "true"),
        (None, "", ""),
    ],
)
def test_a_cell_is_read_as_it_is_shown_or_known_to_be_shown_otherwise(value: object, number_format: str, shown: str) -> None:
    assert shown_cell(value, number_format) == shown


@given(st.floats(-1e9, 1e9), st.sampled_from(["0", "0.00", "#,##0.0", "0%", "0.0%", '"$" 0.00']))
def test_a_known_format_shows_the_value_to_its_decimals(value: float, number_format: str) -> None:
    shown = shown_cell(value, number_format)
    number, share = Decimal(shown.replace("$ ", "").rstrip("%")), 100 if "%" in number_format else 1
    decimals = len(number_format.partition(".")[2].rstrip("%"))

    assert abs(number - Decimal(repr(value)) * share) <= Decimal(1).scaleb(-decimals) / 2


def test_a_workbook_is_read_from_its_first_sheet_that_is_not_hidden() -> None:
    book, target = Workbook(), BytesIO()
    book.worksheets[0].sheet_state = "hidden"
    book.worksheets[0].title = "Listas"
    seen = book.create_sheet("Personas")
    seen.append(["correo", "ingreso", "parte"])
    seen.append(["ana@example.org", date(2026, 2, 1), 0.5])
    seen["C2"].number_format = "0%"
    book.save(target)

    assert [(one.kind, one.examples) for one in read_sheet(target.getvalue(), rows=10).beside] == [(SHEETS, ("Listas",))]
    rows = read_table(target.getvalue(), rows=10).rows
    assert [cells[:3] for _line, cells in rows] == [("correo", "ingreso", "parte"), ("ana@example.org", "2026-02-01", "50%")]


def test_hidden_rows_are_read_and_said() -> None:
    """By hand or by a filter: who sends in a filtered list sends the rest too."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (["correo", "unidad"], ["ana@example.org", "A"], ["luis@example.org", "B"], ["eva@example.org", "A"]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = sheet.row_dimensions[9].hidden = True
    target = BytesIO()
    book.save(target)

    read = read_sheet(target.getvalue(), rows=20)
    assert [cells[0] for _line, cells in read.rows if any(cells)] == ["correo", "ana@example.org", "luis@example.org", "eva@example.org"]
    assert [(one.kind, one.examples, one.is_read) for one in read.beside] == [(HIDDEN_ROWS, ("3",), True)]


def test_what_a_merged_cell_says_stands_in_each_of_its_rows() -> None:
    """A program keeps it in the first row alone: of three people in one unit two had none."""
    book, target = Workbook(), BytesIO()
    sheet = book.worksheets[0]
    for row in (
        ["correo", "unidad", "cargo"],
        ["ana@example.org", "GYE", "Analista"],
        ["eva@example.org"],
        ["luz@example.org", None, "Jefa"],
    ):
        sheet.append(row)
    sheet.append(["sol@example.org", "UIO"])
    sheet.merge_cells("B2:B4")
    sheet.merge_cells("A7:C7")
    book.save(target)

    rows = read_table(target.getvalue(), rows=10).rows

    assert [cells[1:3] for _line, cells in rows] == [
        *(("unidad", "cargo"), ("GYE", "Analista"), ("GYE", ""), ("GYE", "Jefa")),
        ("UIO", ""),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_by_which_excel_names_its_separator_is_none_of_the_table(end: str) -> None:
    content = end.join(("sep=;", "correo;nombre", "ana@example.org;Ana, la de Quito", ""))

    assert read_csv(content.encode()).rows == ((2, ("correo", "nombre")), (3, ("ana@example.org", "Ana, la de Quito")))


# --- What is left out ------------------------------------------------------------------------------------------------------------------


def workbook(rows: Sequence[list[str]], **further: bytes) -> bytes:
    book, target = Workbook(), BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(target)
    with ZipFile(target, "a") as archive:
        for name, content in further.items():
            archive.writestr(f"xl/{name}.xml", content)
    return target.getvalue()


def test_what_a_workbook_holds_beside_its_cells_is_named() -> None:
    """Comments and drawings have text too; how a sheet looks has none."""
    table = read_table(workbook([["a"]], comments1=b"<x/>", **{"drawings/drawing1": b"<x/>", "printerSettings/p": b""}), rows=5)

    assert [(one.kind, one.count, one.examples) for one in table.left_out([0])] == [(PARTS, 2, ("comments1.xml", "drawing1.xml"))]


def test_a_sheet_with_more_columns_than_are_read_is_refused() -> None:
    assert read_sheet(workbook([["x"] * MOST_COLUMNS]), rows=5).rows
    with pytest.raises(Undecodable, match="columns"):
        read_sheet(workbook([["x"] * (MOST_COLUMNS + 1)]), rows=5)


WORDS = st.text("abcdefghijklmnop", max_size=3)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=4), st.sets(st.integers(0, 4)))
def test_every_cell_of_a_table_is_read_or_counted(rows: list[list[str]], taken: set[int]) -> None:
    """Whoever takes some columns reads their cells; every other heading, and every cell below none, stands in a remark."""
    table = read_csv(csv_of([list(row) for row in rows]).partition(b"\r\n")[2])
    counts = {one.kind: one.count for one in table.left_out(taken)}
    headings = table.rows[0][1] if table.rows else ()
    named = [at for at, heading in enumerate(headings) if heading and at not in taken]
    below = [(at, cell) for _line, cells in table.rows[1:] for at, cell in enumerate(cells)]

    assert counts.get(COLUMNS, 0) == len(named)
    assert counts.get(CELLS, 0) == len([at for at, cell in below if cell and at not in taken and at not in named])
