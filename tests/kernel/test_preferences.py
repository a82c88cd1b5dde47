"""Preferences of browsers: read once for each header, and as the library reads it each time."""

import pytest
from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from kernel.web import sessions
from kernel.web.sessions import accepts_encoding, preferred_language, preferred_media_type

OFFERED = ("es", "en")
MEDIA = ("text/html", "application/json", "application/problem+json")
LANGUAGES = ["", "es", "en-GB,en;q=0.9", "es-EC,es;q=0.9,en-US;q=0.8", "qu,en;q=0.1", "*", "fr", "en;q=0", "es;q=2", ",;=", "en," * 200]
MEDIA_TYPES = [
    "",
    "*/*",
    "text/html",
    "application/json",
    "application/problem+json, */*;q=0.1",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "application/*",
    "image/png",
    "application/json;q=0.2,text/html;q=0.1",
    "a/b," * 200 + "application/json",
]
ENCODINGS = ["", "gzip", "gzip, deflate, br, zstd", "gzip;q=0", "*", "identity", "br;q=1, gzip;q=0.5", "x," * 200 + "gzip"]


@pytest.mark.parametrize("again", [False, True])
def test_headers_are_read_as_the_library_reads_them(again: bool) -> None:
    app = Flask("preferences")
    for language, media, encoding in zip(LANGUAGES * 10, MEDIA_TYPES * 11, ENCODINGS * 14, strict=False):
        headers = {"Accept-Language": language, "Accept": media, "Accept-Encoding": encoding}
        environ = EnvironBuilder(headers=headers).get_environ()
        asked = Request(environ)
        with app.request_context(environ):
            assert preferred_language(OFFERED) == (asked.accept_languages.best_match(OFFERED) or ""), (language, again)
            assert preferred_media_type(MEDIA) == (asked.accept_mimetypes.best_match(MEDIA) or ""), (media, again)
            assert accepts_encoding("gzip") == (asked.accept_encodings["gzip"] > 0), (encoding, again)


def test_long_headers_are_not_kept() -> None:
    app = Flask("preferences")
    before = [kept.cache_info().currsize for kept in (sessions._language, sessions._media_type, sessions._accepts)]
    for number in range(3):
        long = f"x{number}," * sessions.LONGEST_PREFERENCE
        with app.request_context(EnvironBuilder(headers={"Accept-Language": long, "Accept": long, "Accept-Encoding": long}).get_environ()):
            preferred_language(OFFERED), preferred_media_type(MEDIA), accepts_encoding("gzip")

    assert [kept.cache_info().currsize for kept in (sessions._language, sessions._media_type, sessions._accepts)] == before
