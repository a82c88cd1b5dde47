"""Verbs of compulsory training as the audit log names them."""

from enum import StrEnum


class ComplianceVerb(StrEnum):
    """The audit verbs of compulsory training."""

    OBLIGATION_MADE = "obligation.made"
    OBLIGATION_CHANGED = "obligation.changed"
    OBLIGATION_ACTIVATED = "obligation.activated"
    OBLIGATION_ENDED = "obligation.ended"
