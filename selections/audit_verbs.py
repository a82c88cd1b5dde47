"""Audit-log verbs of selections."""

from enum import StrEnum


class SelectionVerb(StrEnum):
    """The audit-log verbs of selections and of who works on them."""

    CREATED = "selection.created"
    MEMBER_NAMED = "selection.member_named"
    MEMBER_ENDED = "selection.member_ended"
