"""Static files: fingerprinted names, compressed once, kept for ever by the browser."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

import brotli
from flask import Blueprint, Flask, Response, request

from kernel.errors import NotFound
from kernel.web.headers import vary_by
from kernel.web.preferences import accepts_encoding
from kernel.web.request import public

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
    @public
    def static(address: str) -> Response:
        return _respond(assets.find(address))

    app.register_blueprint(blueprint)
    app.jinja_env.globals["static_url"] = assets.url
