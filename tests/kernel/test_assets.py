"""Icons: a page carries exactly the symbols it refers to."""

import re

import pytest
from flask import Flask, render_template_string

from kernel.web.assets import STATIC, Icons, UnknownIconError, read_symbols
from tests.support.browser import Browser

SYMBOLS = {"check": '<symbol id="check"><path d="M1"/></symbol>', "menu": '<symbol id="menu"><path d="M2"/></symbol>'}


def test_the_products_set_is_read_by_name() -> None:
    symbols = read_symbols(STATIC / "icons.svg")

    assert {"check", "menu", "log-out", "circle-alert"} <= set(symbols)
    assert all(symbol.startswith("<symbol") and symbol.endswith("</symbol>") for symbol in symbols.values())
    assert not re.search(r"<script|on\w+=|style=|href=\"http", "".join(symbols.values()))


def test_an_icon_is_hidden_from_readers_unless_it_has_a_name(app: Flask) -> None:
    icons = Icons(SYMBOLS)
    with app.test_request_context():
        assert icons.icon("check") == '<svg class="i" aria-hidden="true"><use href="#check"/></svg>'
        assert icons.icon("check", "A <b>") == '<svg class="i" role="img" aria-label="A &lt;b&gt;"><use href="#check"/></svg>'
        assert 'class="i flip"' in icons.icon("check", flip=True)


def test_only_the_symbols_in_use_are_printed_once_each(app: Flask) -> None:
    icons = Icons(SYMBOLS)
    with app.test_request_context():
        assert icons.definitions() == ""
        icons.icon("menu")
        icons.icon("menu")
        assert icons.use(["menu"]) == ""
        assert icons.definitions() == SYMBOLS["menu"]
    with app.test_request_context():  # another page begins with none
        assert icons.definitions() == ""


def test_a_name_that_is_not_in_the_set_fails_and_is_never_printed(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(UnknownIconError):
        render_template_string("{{ icon('no-such-icon') }}")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/courses", "/nowhere"])
def test_each_page_carries_what_it_refers_to(browser: Browser, path: str) -> None:
    browser.checks = False
    html = browser.get(path, status=404 if path == "/nowhere" else 200).html
    used = set(re.findall(r'<use href="#([^"]+)"', html))

    assert used == set(re.findall(r'<symbol id="([^"]+)"', html))
