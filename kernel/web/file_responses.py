"""Files as answers: contents by checksum, in pieces and ranges, or as a link to the bucket; and files made for one reader."""

import io
from typing import IO, cast

from flask import Response, redirect, request, send_file
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from kernel import clock
from kernel.files import FileStore

PIECE = 1 << 16
NEVER_RUNS = "default-src 'none'; sandbox"


def send_content(files: FileStore, sha256: str, media_type: str, name: str, *, inline: bool, cache_control: str) -> Response:
    """Send stored content under the name that a person gave it; raise NotFound where it is missing.

    The caller has checked permission. `kept` says whether browsers may cache it; the address of a link they may not.
    """
    source = files.open(sha256)
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    response = send_file(source, mimetype=media_type, as_attachment=not inline, download_name=name, etag=sha256)
    if link := _link(files, sha256, media_type, response.headers):
        source.close()
        return link
    response.response = FileWrapper(source, PIECE)  # the server's own wrapper cannot seek: a range would read all that is before it
    response.content_length = size
    response.headers["Content-Security-Policy"] = NEVER_RUNS
    response.headers["Cache-Control"] = cache_control
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        source.close()
        raise
    return response


def send_generated(file: IO[bytes], media_type: str, name: str) -> Response:
    """Send a file generated for this request, to be saved under a name: no browser caches it, as Flask would let them."""
    response = send_file(file, mimetype=media_type, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def send_text(text: str, media_type: str, name: str) -> Response:
    """Send a text that is stored in a row, to be saved under a name; nothing written in it is executed."""
    response = send_generated(io.BytesIO(text.encode()), media_type, name)
    response.headers["Content-Security-Policy"] = NEVER_RUNS
    return response


def _link(files: FileStore, sha256: str, media_type: str, headers: Headers) -> Response | None:
    """Lead to the bucket where that is wished; texts stay here: captions may not come from elsewhere."""
    if request.method != "GET" or media_type.startswith("text/"):
        return None
    answer = {name: headers[name] for name in ("Content-Type", "Content-Disposition")}
    address = files.link(sha256, answer, now=clock.now())
    if not address:
        return None
    response = cast("Response", redirect(address, 302))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
