"""Preferences of browsers, by the headers in which they say them: few of those are in use, and each is read once."""

from functools import lru_cache

from flask import request
from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header

KEPT_PREFERENCES, LONGEST_PREFERENCE = 256, 300
"""So many headers are kept, of so many characters at most: what strangers send fills no memory."""


@lru_cache(maxsize=KEPT_PREFERENCES)
def _language(header: str, offered: tuple[str, ...]) -> str:
    return parse_accept_header(header, LanguageAccept).best_match(offered) or ""


@lru_cache(maxsize=KEPT_PREFERENCES)
def _media_type(header: str, offered: tuple[str, ...]) -> str:
    return parse_accept_header(header, MIMEAccept).best_match(offered) or ""


@lru_cache(maxsize=KEPT_PREFERENCES)
def _accepts(header: str, encoding: str) -> bool:
    return parse_accept_header(header)[encoding] > 0


def preferred_language(offered: tuple[str, ...]) -> str:
    """Return the language that the browser asks for among those offered; empty where it asks for none of them."""
    header = request.headers.get("Accept-Language", "")
    return (_language if len(header) <= LONGEST_PREFERENCE else _language.__wrapped__)(header, offered)


def preferred_media_type(offered: tuple[str, ...]) -> str:
    """Return the media type that whoever asks prefers among those offered; empty where none of them is wanted."""
    header = request.headers.get("Accept", "")
    return (_media_type if len(header) <= LONGEST_PREFERENCE else _media_type.__wrapped__)(header, offered)


def accepts_encoding(encoding: str) -> bool:
    """Say whether the browser takes what is compressed like this."""
    header = request.headers.get("Accept-Encoding", "")
    return (_accepts if len(header) <= LONGEST_PREFERENCE else _accepts.__wrapped__)(header, encoding)
