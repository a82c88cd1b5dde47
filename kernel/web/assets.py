"""Static files and icons: files served from memory, and `icon()` in a template, whose symbols the base template prints once.

The drawings come from our own `static/icons.svg` (Lucide, ISC): the one text beside the sanitiser's that is printed as it is.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path, PurePosixPath

import brotli
from flask import Blueprint, Flask, Response, g, request
from markupsafe import Markup

from kernel.errors import NotFound
from kernel.paths import STATIC
from kernel.web.headers import vary_by
from kernel.web.request import public
from kernel.web.sessions import accepts_encoding

KEPT_SETS = 512
"""Sets of symbols, as pages use them together."""
_SYMBOL = re.compile(r'<symbol id="(?P<name>[a-z0-9-]+)".*?</symbol>', re.DOTALL)


class UnknownIconError(LookupError):
    """A template names a symbol that the set does not have."""


def read_symbols(source: Path) -> Mapping[str, str]:
    """Return the symbols of an SVG file by name."""
    return {match["name"]: match[0] for match in _SYMBOL.finditer(source.read_text("utf-8"))}


def used_icons() -> dict[str, None]:
    """Return the names the present page has used so far, in order."""
    names: dict[str, None] = g.setdefault("icons", {})
    return names


@contextmanager
def icons_apart() -> Iterator[dict[str, None]]:
    """Give the names that a part of a page uses, which is kept for other pages; the page's own stay as they were."""
    before = used_icons()
    g.icons = names = dict[str, None]()
    try:
        yield names
    finally:
        g.icons = before


class Icons:
    """The set of symbols, and what a page takes of it."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self.symbols = symbols
        self._unnamed = {
            (name, flip): Markup('<svg class="i{}" aria-hidden="true"><use href="#{}"/></svg>').format(" flip" if flip else "", name)
            for name in symbols
            for flip in (False, True)
        }
        self._drawn = lru_cache(maxsize=KEPT_SETS)(self._draw)

    def icon(self, name: str, label: object = None, flip: bool = False) -> Markup:
        """Print a reference to a symbol; `label` names it where no words stand beside it, `flip` turns it in right-to-left pages."""
        self.use([name])
        if label is None:
            return self._unnamed[name, flip]
        turned = " flip" if flip else ""
        return Markup('<svg class="i{}" role="img" aria-label="{}"><use href="#{}"/></svg>').format(turned, str(label), name)

    def use(self, names: Iterable[str]) -> str:
        """Note symbols that stored HTML refers to; return nothing, so that a template can print the call."""
        for name in names:
            if name not in self.symbols:
                raise UnknownIconError(name)
            used_icons()[name] = None
        return ""

    def definitions(self) -> Markup:
        """Return the symbols that the present page has used."""
        return self._drawn(tuple(sorted(used_icons())))

    def _draw(self, names: tuple[str, ...]) -> Markup:
        return Markup("").join(Markup(self.symbols[name]) for name in names)  # noqa: S704 - read from our own file


@cache
def _read_icons(source: Path) -> Icons:
    return Icons(read_symbols(source))


def install_icons(app: Flask, source: Path = STATIC / "icons.svg") -> None:
    """Give templates `icon(name, label=None, flip=False)`, `use_icons(names)` and `icon_definitions()`."""
    icons = _read_icons(source)
    app.jinja_env.globals.update(icon=icons.icon, use_icons=icons.use, icon_definitions=icons.definitions)


ENDPOINT = "assets.static"
FOR_EVER = "public, max-age=31536000, immutable"
_COMPRESSIBLE = (".css", ".js", ".svg", ".txt", ".json")
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass
class Asset:
    """One static file as it is sent."""

    name: str
    content: bytes

    @cached_property
    def fingerprint(self) -> str:
        """Return the first twelve hexadecimal digits of the content's SHA-256."""
        return hashlib.sha256(self.content).hexdigest()[:12]

    @cached_property
    def compressed(self) -> dict[str, bytes]:
        """Return the content by encoding; only kinds that gain from it."""
        if not self.name.endswith(_COMPRESSIBLE):
            return {}
        return {"br": brotli.compress(self.content, quality=11), "gzip": gzip.compress(self.content, 9, mtime=0)}

    @property
    def media_type(self) -> str:
        """Return the media type by the name's ending."""
        return _TYPES.get(Path(self.name).suffix) or mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Assets:
    """The static files of the product, read once at the start."""

    def __init__(self, folder: Path) -> None:
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        self._by_name = {name: Asset(name, path.read_bytes()) for name, path in files.items()}
        self._resolve_styles()
        self._by_address = {self._address(asset): asset for asset in self._by_name.values()}
        self._urls = {asset.name: f"/static/{address}" for address, asset in self._by_address.items()}

    @staticmethod
    def _address(asset: Asset) -> str:
        path = PurePosixPath(asset.name)
        return str(path.with_name(f"{path.stem}.{asset.fingerprint}{path.suffix}"))

    def _resolve_styles(self) -> None:
        """Write the fingerprinted names of fonts and pictures into the style sheets."""
        for asset in self._by_name.values():
            if asset.name.endswith(".css"):
                for other in self._by_name.values():
                    if other.name.startswith(("fonts/", "img/")):
                        asset.content = asset.content.replace(
                            f'"../{other.name}"'.encode(), f'"../{self._address(other)}"'.encode()
                        ).replace(f"url(../{other.name})".encode(), f"url(../{self._address(other)})".encode())

    def url(self, name: str) -> str:
        """Return the address of a static file; raise KeyError where there is none, so that a typing error fails in a test."""
        return self._urls[name]

    def find(self, address: str) -> Asset:
        """Return the file behind an address; raise NotFound."""
        try:
            return self._by_address[address]
        except KeyError:
            raise NotFound from None


def _respond(asset: Asset) -> Response:
    encoding = next((name for name in asset.compressed if request.accept_encodings[name] > 0), None)
    response = Response(asset.compressed[encoding] if encoding else asset.content, content_type=asset.media_type)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_EVER
    response.set_etag(asset.fingerprint)
    response.make_conditional(request)
    return response


def compress_page(response: Response) -> Response:
    """Compress a page on the way out where the browser takes it and no front server does."""
    if (
        response.mimetype in ("text/html", "application/json")
        and not response.is_streamed
        and "Content-Encoding" not in response.headers
        and response.status_code not in (204, 304)
    ):
        vary_by(response, "Accept-Encoding")
        content = response.get_data()
        if len(content) > 1000 and accepts_encoding("gzip"):
            response.set_data(gzip.compress(content, 6, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _read(folder: Path) -> Assets:
    return Assets(folder)


def install(app: Flask, folder: Path) -> None:
    """Serve the static files of a folder under `/static/`, and give templates `static_url`."""
    assets = _read(folder)
    blueprint = Blueprint("assets", __name__)

    @blueprint.get("/static/<path:address>")
    @public("styles, scripts, fonts and pictures of the program")
    def static(address: str) -> Response:
        return _respond(assets.find(address))

    app.register_blueprint(blueprint)
    app.jinja_env.globals["static_url"] = assets.url
