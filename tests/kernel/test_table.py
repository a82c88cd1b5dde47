"""Pages of long lists: what may be asked (spec/security 3.5)."""

import pytest
from flask import Flask

from kernel.errors import NotFound
from kernel.web.table import Page, PageRequest, requested_page


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
