"""Former addresses: of the site, where printed QR codes lead, and of forms of 0.1, whose pages were open during an upgrade (until 0.3)."""

import re
from urllib.parse import quote

from flask import redirect, request
from flask.typing import ResponseReturnValue

from kernel.web.former_hosts import FORMER_PAGES, find_former_address
from kernel.web.request import current_settings, site_address

_QUIZ = r"/courses/[\w-]+/quizzes/[\w-]+"
FORMER = (
    (re.compile(r"(/teaching/[\w-]+/lessons/[\w-]+)/look", re.ASCII), "preview-fragment"),
    (re.compile(rf"({_QUIZ}/regrades/[\w-]+)/dismissal", re.ASCII), "discard"),
    (re.compile(rf"({_QUIZ}/(?:regrades|incidents)/[\w-]+)/undoing", re.ASCII), "undo"),
    (re.compile(r"(/profile/data/deletion|/administration/people/[\w-]+/courses/[\w-]+)/taking-back", re.ASCII), "revocation"),
)
"""The part of a former address that stays, and what follows it today."""


def forward() -> ResponseReturnValue | None:
    """Return the redirect of a page under a former address of the site, or of a POST to that of a form, with the same method and body."""
    settings = current_settings()
    if settings.former_urls and FORMER_PAGES.fullmatch(request.path) and find_former_address(settings, request.host):
        return redirect(f"{site_address()}{_path()}", code=302)
    if request.method != "POST" or request.url_rule is not None:
        return None
    for pattern, action in FORMER:
        if match := pattern.fullmatch(request.path):
            return redirect(f"{match[1]}/{action}{_query()}", code=307)
    return None


def _query() -> str:
    return f"?{request.query_string.decode('latin-1')}" if request.query_string else ""


def _path() -> str:
    return f"{quote(request.path)}{_query()}"
