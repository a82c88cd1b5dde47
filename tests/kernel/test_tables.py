"""Tables for spreadsheets: nothing in them computes, numbers stay numbers, rows are written as they come (security 4.6)."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kernel.tables import Cell, guarded, unguarded, write_csv, write_xlsx


@pytest.mark.parametrize(
    "words", ["=1+1", "+593", "-1+1", "@x", "|x", "%x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "'=1", "''=1"]
)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(words: str) -> None:
    """Security 4.6."""
    assert guarded(words) == f"'{words}"
    assert unguarded(guarded(words)) == words


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
