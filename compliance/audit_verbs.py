"""Verbs of compulsory training as the audit log names them."""

from enum import StrEnum


class ComplianceVerb(StrEnum):
    """The audit verbs of compulsory training."""

    OBLIGATION_MADE = "obligation.made"
    OBLIGATION_CHANGED = "obligation.changed"
    OBLIGATION_ACTIVATED = "obligation.activated"
    OBLIGATION_ENDED = "obligation.ended"
    DRAFT_DELETED = "obligation.draft_deleted"
    OWNER_CHANGED = "obligation.owner_changed"
    CHANGE_PLANNED = "obligation.change_planned"
    CHANGE_DISCARDED = "obligation.change_discarded"
