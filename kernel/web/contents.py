"""Contents by checksum as answers: in ranges where asked, from a folder or a bucket alike."""

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from kernel.files import Files


def send_content(files: Files, sha256: str, media_type: str, name: str, *, inline: bool) -> Response:
    """Send a content under the name that a person gave it; raise NotFound where it is missing."""
    size, source = files.size(sha256), files.open(sha256)
    response = send_file(source, mimetype=media_type, as_attachment=not inline, download_name=name, etag=sha256)
    response.content_length = size
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        source.close()
        raise
    return response
