"""Tables for spreadsheets: nothing in them computes, numbers stay numbers, rows are written as they come (spec/security 4.6)."""

import csv
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZIP_STORED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kernel.tables import ODS_TYPE, RISKY, Cell, guarded, unguarded, write_csv, write_ods, write_xlsx


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


@given(st.lists(NASTY, min_size=1, max_size=3))
def test_nothing_computes_whatever_parts_the_cells(words: list[str]) -> None:
    """spec/security 4.6: quotation marks that are not heeded let every semicolon, tab and line of a cell begin another."""
    text = csv_of([["x", *words]]).decode("utf-8-sig")

    assert not [cell for cell in re.split("[;\t\r\n]", text)[1:] if cell.lstrip(' "').startswith(SIGNS)]


@pytest.mark.parametrize("words", ["", "12", "-12.5", "Ana", "'tis", "a=b", "1-2"])
def test_words_and_plain_numbers_stay(words: str) -> None:
    assert guarded(words) == words


def csv_of(rows: list[list[Cell]]) -> bytes:
    """Write rows below two headings."""
    target = BytesIO()
    write_csv(target, ["=a", "b"], iter(rows))
    return target.getvalue()


def test_csv_is_utf8_with_its_mark_and_numbers_as_numbers() -> None:
    content = csv_of([["Ñusta, «A»", Decimal("-2.5")], [None, 3], ["=cmd()", ""]])

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig") == "'=a,b\r\n\"Ñusta, «A»\",-2.5\r\n,3\r\n'=cmd(),\r\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=4))
def test_words_come_back_from_csv(words: list[str]) -> None:
    rows = list(csv.reader(StringIO(csv_of([list(words)]).decode("utf-8-sig"), newline="")))

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
