"""Long lists: their pages (spec/security 3.5), and tables declared once for page and files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import load_workbook

from kernel.db import KeysetPage, PageDirection, Stretch
from kernel.errors import NotFound
from kernel.i18n import reading
from kernel.web.forms import as_uuid
from kernel.web.table import (
    Column,
    Filter,
    ListQuery,
    Page,
    PageRequest,
    Table,
    member_of,
    read_words,
    requested_page,
    requested_stretch,
    send_sheets,
)

NUMBER = UUID("5d4f4d4e-0000-4000-8000-000000000000")


class Colour(StrEnum):
    """A choice of a filter."""

    RED = "red"


@dataclass(frozen=True)
class Boat:
    """A row."""

    name: str
    length: Decimal | None
    built_on: date | None
    seen_at: datetime | None
    sails: bool


GULL = Boat("Gull", Decimal("4.5"), date(2026, 3, 1), datetime(2026, 11, 28, 17, 5, tzinfo=UTC), sails=True)
WRECK = Boat("=Wreck", None, None, None, sails=False)
BOATS: Table[Boat] = Table(
    "Boats",
    (
        Column("Name", lambda row: row.name, "What is painted on it.", name="name", sorts=True),
        Column("Length", lambda row: row.length, kind="number", name="length", sorts=True),
        Column("Built", lambda row: row.built_on, kind="day", name="built"),
        Column("Seen", lambda row: row.seen_at, kind="moment"),
        Column("Sails", lambda row: row.sails, name="sails", shown=lambda row: "yes" if row.sails else ""),
        Column("Action", name="action"),
    ),
    filters={
        "q": Filter("Name", read_words),
        "colour": Filter("Colour", partial(member_of, Colour), {Colour.RED: "Red"}),
        "owner": Filter("Owner", as_uuid),
    },
)


@pytest.mark.parametrize(
    ("query", "number", "offset"),
    [("", 1, 0), ("?page=1", 1, 0), ("?page=3", 3, 50), ("?page=100000", 100_000, 2_499_975), ("?page=007", 7, 150)],
)
def test_a_page_is_a_number(app: Flask, query: str, number: int, offset: int) -> None:
    with app.test_request_context(f"/{query}"):
        page = requested_page()

        assert (page.number, page.offset) == (number, offset)


@pytest.mark.parametrize(
    "text",
    ["0", "-1", "", "1e3", "1.5", "٣", "９", "100001", "9223372036854775808", "1" * 5000, "00000019999999999999999999", "one", "1%00"],
)
def test_anything_else_is_not_found(app: Flask, text: str) -> None:
    with app.test_request_context(f"/?page={text}"), pytest.raises(NotFound):
        requested_page()


def test_one_row_more_than_a_page_shows_says_that_another_page_follows() -> None:
    requested = PageRequest(2, size=3)

    assert requested.of("abcd") == Page("abc", 2, has_next=True)
    assert requested.of("abc") == Page("abc", 2, has_next=False)


def test_a_part_of_a_list_is_counted_from_a_row_or_from_its_ends(app: Flask) -> None:
    parts = []
    for query in ("", f"?after={NUMBER}", f"?before={NUMBER}", "?last=1", "?before=nothing&after=nothing"):
        with app.test_request_context(f"/{query}"):
            parts.append(requested_stretch())

    ways = PageDirection
    assert parts == [KeysetPage(), KeysetPage(ways.AFTER, NUMBER), KeysetPage(ways.BEFORE, NUMBER), KeysetPage(ways.LAST), KeysetPage()]


@pytest.mark.parametrize(
    ("part", "read", "expected"),
    [
        (KeysetPage(), "abc", Stretch("ab", has_previous=False, has_next=True)),
        (KeysetPage(PageDirection.AFTER, NUMBER), "ab", Stretch("ab", has_previous=True, has_next=False)),
        (KeysetPage(PageDirection.BEFORE, NUMBER), "cba", Stretch("bc", has_previous=True, has_next=True)),
        (KeysetPage(PageDirection.LAST), "dc", Stretch("cd", has_previous=False, has_next=False)),
    ],
)
def test_what_is_read_backwards_is_turned_round(part: KeysetPage, read: str, expected: Stretch[str]) -> None:
    assert part.of(read, 2) == expected


def test_an_address_filters_and_sorts_by_what_it_knows(app: Flask) -> None:
    with app.test_request_context(f"/?q=+two++words+&colour=red&owner={NUMBER}&sort=length&direction=down&other=1"):
        query = BOATS.query()

    assert query == ListQuery({"q": "two words", "colour": Colour.RED, "owner": NUMBER}, "length", descends=True)
    assert query.is_filtered
    fields = {"q": "two words", "colour": "red", "owner": str(NUMBER), "sort": "length"}
    assert query.fields() == {**fields, "direction": "down"}
    assert query.fields(colour=None, direction="") == {name: value for name, value in fields.items() if name != "colour"}


def test_an_address_that_means_nothing_gives_the_whole_list_by_its_first_column(app: Flask) -> None:
    with app.test_request_context("/?colour=blue&owner=me&sort=built&direction=sideways"):
        query = BOATS.query()

    assert not query.is_filtered
    assert query.fields() == {"sort": "name"}


def test_a_heading_turns_the_direction_of_its_own_column_round() -> None:
    query = ListQuery({}, "name")

    assert (query.direction("name"), query.direction("length")) == ("ascending", "")
    assert query.sorted_by("name") == {"sort": "name", "direction": "down"}
    assert query.sorted_by("length") == {"sort": "length"}
    assert ListQuery({}, "name", descends=True).sorted_by("name") == {"sort": "name"}
    assert ListQuery({}, "name", descends=True).direction("name") == "descending"


def test_files_hold_the_values_of_the_columns_that_have_one() -> None:
    with reading("en"):
        (title, headings, rows), dictionary = BOATS.sheets([GULL, WRECK])

        assert (title, headings) == ("Boats", ["Name", "Length", "Built", "Seen", "Sails"])
        assert list(rows) == [
            ["Gull", Decimal("4.5"), "2026-03-01", "2026-11-28T12:05:00-05:00", 1],
            ["=Wreck", None, None, None, 0],
        ]
        assert dictionary[:2] == ("Columns", ["Column", "Meaning"])
        assert list(dictionary[2])[:2] == [["Name", "What is painted on it."], ["Length", ""]]


def test_a_list_without_meanings_has_no_dictionary() -> None:
    assert len(Table("Boats", BOATS.columns[1:]).sheets([])) == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_the_end_of_the_name_says_what_is_sent(app: Flask, kind: str) -> None:
    with app.test_request_context("/"):
        answer = send_sheets(f"boats.{kind}", BOATS.sheets([WRECK]))
        content = b"".join(answer.iter_encoded())
        answer.close()

    assert answer.headers["Content-Disposition"] == f"attachment; filename=boats.{kind}"
    assert answer.headers["Cache-Control"] == "no-store"
    if kind == "csv":
        assert content.decode("utf-8-sig").splitlines()[1] == "'=Wreck;;;;0"
    if kind == "xlsx":
        assert [sheet.max_row for sheet in load_workbook(BytesIO(content)).worksheets] == [2, 6]


LIST = """
{% import "macros/tables.html" as tables %}
{% macro action(row, shown) %}<b>{{ row.name }} {{ shown }}</b>{% endmacro %}
{{ tables.table(page, columns, "All boats", {"action": action}, layout=layout, query=query, endpoint="lms_people.people", here={"a": 1}) }}
"""


def drawn(app: Flask, rows: Sequence[Boat], layout: str = "fold") -> str:
    """Return a page of boats as the macro draws it."""
    values = {
        "page": Page(rows, 1, has_next=True),
        "columns": BOATS.page_columns(),
        "query": ListQuery({"q": "x"}, "name"),
        "layout": layout,
    }
    with app.test_request_context("/"), reading("en"):
        return app.jinja_env.from_string(LIST).render(values)


def test_the_page_draws_each_column_by_its_kind_and_by_the_macros_of_its_template(app: Flask) -> None:
    html = drawn(app, [GULL, WRECK])

    assert '<th scope="row">Gull</th>' in html
    assert '<td class="r nowrap" data-label="Length">4.5</td>' in html
    assert '<td class="nowrap" data-label="Built"><time datetime="2026-03-01">' in html
    assert '<td class="nowrap" data-label="Built">–</td>' in html
    assert "<b>=Wreck None</b>" in html
    assert "Seen" not in html


def test_the_headings_sort_and_the_pages_go_on_with_the_filter(app: Flask) -> None:
    html = drawn(app, [GULL], "pin")

    assert re.search(r'aria-sort="ascending">\s*<a href="/administration/people\?a=1&amp;q=x&amp;sort=name&amp;direction=down">', html)
    assert '<a class="btn sm" href="/administration/people?a=1&amp;q=x&amp;sort=name&amp;page=2" rel="next">' in html
    assert "data-label" not in html


def test_columns_are_shown_in_the_order_in_which_they_are_named() -> None:
    assert [column.heading for column in BOATS.page_columns("built", "name")] == ["Built", "Name"]
