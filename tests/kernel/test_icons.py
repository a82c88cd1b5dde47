"""Icons: references in the page, and at its end only the symbols that it refers to."""

from pathlib import Path

import pytest
from flask import Flask, render_template_string

from kernel.web import icons


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    source = tmp_path / "icons.svg"
    symbols = (
        '<symbol id="check" viewBox="0 0 24 24"><path d="M1 1"/></symbol>',
        '<symbol id="x" viewBox="0 0 24 24"><path d="M2 2"/></symbol>',
    )
    source.write_text(f"<svg>{''.join(symbols)}</svg>", "utf-8")
    app = Flask(__name__)
    icons.install(app, source)
    return app


def test_a_page_prints_once_the_symbols_it_uses_and_no_other(app: Flask) -> None:
    with app.test_request_context():
        page = render_template_string("{{ icon('check') }}{{ icon('check') }}|{{ icon_definitions() }}")

    references, definitions = page.split("|")
    assert references.count('<use href="#check"/>') == 2
    assert definitions.count("<symbol") == 1
    assert 'id="check"' in definitions


def test_an_icon_is_hidden_from_screen_readers_unless_it_has_a_name_of_its_own(app: Flask) -> None:
    with app.test_request_context():
        plain = render_template_string("{{ icon('x') }}")
        named = render_template_string("{{ icon('x', label=name, flip=true) }}", name='Say "no" & go')

    assert 'aria-hidden="true"' in plain
    assert 'class="i flip" role="img" aria-label="Say &#34;no&#34; &amp; go"' in named


def test_stored_html_can_ask_for_its_symbols(app: Flask) -> None:
    with app.test_request_context():
        page = render_template_string("{{ use_icons(['x']) }}{{ icon_definitions() }}")

    assert page.startswith('<symbol id="x"')


def test_one_page_does_not_carry_the_symbols_of_another(app: Flask) -> None:
    with app.test_request_context():
        render_template_string("{{ icon('x') }}")
    with app.test_request_context():
        assert render_template_string("{{ icon_definitions() }}") == ""


def test_a_misspelt_icon_is_an_error(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(icons.UnknownIconError):
        render_template_string("{{ icon('chekc') }}")
