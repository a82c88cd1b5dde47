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
    WAIVER_PROPOSED = "waiver.proposed"
    WAIVER_APPROVED = "waiver.approved"
    WAIVER_REFUSED = "waiver.refused"
    WAIVER_REVOKED = "waiver.revoked"
    WAIVER_WITHDRAWN = "waiver.withdrawn"
    RECOGNITION_PROPOSED = "recognition.proposed"
    RECOGNITION_APPROVED = "recognition.approved"
    RECOGNITION_REFUSED = "recognition.refused"
    RECOGNITION_REVOKED = "recognition.revoked"
    RECOGNITION_WITHDRAWN = "recognition.withdrawn"
    RECOGNITIONS_RECEIVED = "recognition_list.received"
    RECOGNITIONS_PROPOSED = "recognition_list.proposed"
    RECOGNITIONS_DISCARDED = "recognition_list.discarded"
    RECOGNITIONS_DECIDED = "recognition_list.decided"
    STATUSES_COMPARED = "obligation.statuses_compared"
