"""The globals of every template: translation, formats, the reader, and nothing that could make HTML from text."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, g, has_request_context, request
from jinja2 import BytecodeCache, StrictUndefined
from jinja2.bccache import Bucket
from werkzeug.local import LocalProxy

from kernel import i18n
from kernel.disk_cache import write_cache_file
from kernel.durations import printed_minutes
from kernel.settings import Settings
from kernel.site_profile import PresentSettings
from kernel.web.forms import form_token
from kernel.web.pages import site_header
from kernel.web.request import allows, current_actor, settings_of_app

_VERSIONS = f"{installed('jinja2')} {installed('aulario')}".encode()
_DIGEST = sha256().digest_size
_SOMEBODY = UUID(int=0)


def _seal(code: bytes) -> bytes:
    return sha256(_VERSIONS + code).digest()


class TemplateCache(BytecodeCache):
    """Compiled templates, cached in a folder of the instance: save a twelfth of a start, and part of each page's first view.

    What cannot be cached, was cut off, or comes from another version of the library or of ours, is compiled anew.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was kept of this very text."""
        with suppress(OSError):
            content = self._path(bucket).read_bytes()
            if _seal(content[_DIGEST:]) == content[:_DIGEST]:
                bucket.bytecode_from_string(content[_DIGEST:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        code = bucket.bytecode_to_string()
        write_cache_file(self._path(bucket), _seal(code) + code, mode=0o700)

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / bucket.key


def _reader() -> dict[str, object]:
    """Give the page its reader, and the address at which they are, with what it asks for."""
    return {
        "actor": current_actor(),
        "csrf_token": form_token,
        "locale": i18n.language(),
        "theme": g.get("theme", ""),
        "whole_path": _whole_path(),
    }


def _whole_path() -> str:
    if not has_request_context():
        return ""
    query = request.query_string.decode(errors="replace")
    return f"{request.path}?{query}" if query else request.path


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


def _addresses_of(app: Flask) -> Callable[..., Callable[[UUID], str]]:
    """Return the builder of a list's addresses: they differ in one identifier, so that the rest is built once."""

    def addresses(endpoint: str, name: str, **values: Any) -> Callable[[UUID], str]:
        before, after = app.url_for(endpoint, **{**values, name: _SOMEBODY}).split(str(_SOMEBODY))
        return lambda identifier: f"{before}{identifier}{after}"

    return addresses


def _site(app: Flask) -> dict[str, object]:
    """Return the values of the site that every page has, as the institution's profile is when the page is drawn."""

    def known(read: Callable[[PresentSettings], object]) -> object:
        return LocalProxy(lambda: read(settings_of_app(app)))

    return {
        "institution": known(lambda settings: i18n.choose(settings.short_names)),
        "institution_name": known(lambda settings: i18n.choose(settings.names)),
        "contact_email": known(lambda settings: settings.contact_email),
        "sends_mail": known(lambda settings: settings.sends_mail),
        "sign_up_open": known(lambda settings: settings.sign_up),
        "site_locale": i18n.site_locale,
        "site_logo": known(lambda settings: settings.profile.logo),
        "site_style": known(lambda settings: settings.profile.style),
    }


def install(app: Flask, settings: Settings) -> None:
    """Give the templates of the application their globals and filters."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.bytecode_cache = TemplateCache(settings.data_dir / "templates")
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals.update(
        url_for=_addresses(app),
        addresses=_addresses_of(app),
        site_header=site_header(app),
        _=i18n._,
        ngettext=i18n.ngettext,
        choose=i18n.choose,
        in_language=in_language,
        allows=allows,
        **_site(app),
    )
    environment.filters.update(
        date=i18n.format_date,
        datetime=i18n.format_datetime,
        time=i18n.format_time,
        number=i18n.number,
        percent=i18n.percent,
        file_size=i18n.file_size,
        duration=i18n.duration,
        minutes=printed_minutes,
        zone_name=i18n.zone_name,
        choose=i18n.choose,
    )
    app.context_processor(_reader)
