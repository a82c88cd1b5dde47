"""Addresses that forms of 0.1 send to: pages that were open during an upgrade reach their new address (307) until 0.3."""

import re

from flask import redirect, request
from flask.typing import ResponseReturnValue

_QUIZ = r"/courses/[\w-]+/quizzes/[\w-]+"
FORMER = (
    (re.compile(r"(/teaching/[\w-]+/lessons/[\w-]+)/look", re.ASCII), "preview-fragment"),
    (re.compile(rf"({_QUIZ}/regrades/[\w-]+)/dismissal", re.ASCII), "discard"),
    (re.compile(rf"({_QUIZ}/(?:regrades|incidents)/[\w-]+)/undoing", re.ASCII), "undo"),
    (re.compile(r"(/profile/data/deletion|/administration/people/[\w-]+/courses/[\w-]+)/taking-back", re.ASCII), "revocation"),
)
"""The part of a former address that stays, and what follows it today."""


def forward() -> ResponseReturnValue | None:
    """Return the redirect of a POST to a former address, with the same method and body."""
    if request.method != "POST" or request.url_rule is not None:
        return None
    for pattern, action in FORMER:
        if found := pattern.fullmatch(request.path):
            query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
            return redirect(f"{found[1]}/{action}{query}", code=307)
    return None
