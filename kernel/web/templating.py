"""What every template knows: translation, formats, the reader, and nothing that could make HTML from text."""

from collections.abc import Callable
from typing import Any

from flask import Flask, g
from jinja2 import StrictUndefined

from kernel import i18n
from kernel.settings import Settings
from kernel.web.request import allows, current_actor
from kernel.web.site_header import site_header


def _reader() -> dict[str, object]:
    """Give the page its reader."""
    return {"actor": current_actor(), "locale": i18n.language(), "theme": g.get("theme", "")}


def in_language(language: str, caller: Callable[[], str]) -> str:
    """Write what a `call` block holds for a reader of another language than the page's."""
    with i18n.reading(language):
        return caller()


def _addresses(app: Flask) -> Callable[..., str]:
    """Return Flask's `url_for`, which builds the addresses that never change once: a page names some thirty of them."""
    fixed: dict[str, str] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        if values:
            return app.url_for(endpoint, **values)
        if endpoint not in fixed:
            fixed[endpoint] = app.url_for(endpoint)
        return fixed[endpoint]

    return url_for


def install(app: Flask, settings: Settings) -> None:
    """Give the templates of the application their globals and filters."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals.update(
        url_for=_addresses(app),
        site_header=site_header(app),
        _=i18n._,
        ngettext=i18n.ngettext,
        choose=i18n.choose,
        in_language=in_language,
        allows=allows,
        institution=settings.institution,
        institution_name=settings.institution_name,
        contact_email=settings.contact_email,
    )
    environment.filters.update(
        date=i18n.format_date,
        datetime=i18n.format_datetime,
        time=i18n.format_time,
        number=i18n.number,
        percent=i18n.percent,
        file_size=i18n.file_size,
        duration=i18n.duration,
        choose=i18n.choose,
    )
    app.context_processor(_reader)
