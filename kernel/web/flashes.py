"""Messages for the next page, kept in the session's cookie: few and short enough that browsers take it.

A script that sends many forms without opening a page leaves one message after another; a cookie beyond 4,093 bytes is dropped, and with
it the session.
"""

import json

from flask import Flask, Response, g, message_flashed
from flask import session as cookie

MOST_FLASH_BYTES = 1500
"""Of all messages as they are written into the cookie, which has other things to hold."""
LONGEST_FLASH = 240
"""Characters of one message."""
_KEPT = "_flashes"


def _bound(response: Response) -> Response:
    """Keep the latest messages that fit, each once and in their order. Without a new one the session is not touched (`Vary`)."""
    if "flashed" not in g:
        return response
    waiting = [(str(kind), str(text)) for kind, text in cookie.get(_KEPT, ())]
    fitting: list[tuple[str, str]] = []
    room = MOST_FLASH_BYTES
    for kind, text in reversed(waiting):
        message = (kind, text if len(text) <= LONGEST_FLASH else f"{text[: LONGEST_FLASH - 1]}…")
        room -= len(json.dumps(message))
        if message in fitting:
            continue
        if room < 0 and fitting:
            break
        fitting.append(message)
    fitting.reverse()
    if fitting != waiting:
        cookie[_KEPT] = fitting
    return response


def _note(_app: Flask, **_message: object) -> None:
    g.flashed = True


def install_flashes(app: Flask) -> None:
    """Bound what every request leaves for the next page."""
    message_flashed.connect(_note, app)
    app.after_request(_bound)
