"""Audit-log verbs of selections."""

from enum import StrEnum


class SelectionVerb(StrEnum):
    """The audit-log verbs of selections and of who works on them."""

    CREATED = "selection.created"
    MEMBER_NAMED = "selection.member_named"
    MEMBER_ENDED = "selection.member_ended"
    ACTA_REQUESTED = "selection.acta_requested"
    ACTA_FROZEN = "selection.acta_frozen"
    ACTA_DISCARDED = "selection.acta_discarded"
    ACTA_PUBLISHED = "selection.acta_published"
    ACTA_SIGNED = "selection.acta_signed"
    CORRECTION_OPENED = "acta_correction.opened"
    CORRECTION_CHANGED = "acta_correction.changed"
    CORRECTION_CLOSED = "acta_correction.closed"
    ACTA_EXPORTED = "selection.acta_exported"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_ANSWERED = "incident.answered"
    INCIDENT_PROPOSED = "incident.proposed"
    INCIDENT_DECIDED = "incident.decided"


class ObjectionVerb(StrEnum):
    """The audit-log verbs of objections; the reasons of learners never stand beside them."""

    OPENED = "objection.opened"
    EXTENDED = "objection.extended"
    WITHDRAWN = "objection.withdrawn"
    PROPOSED = "objection.proposed"
    RETURNED = "objection.returned"
    DECIDED = "objection.decided"
    REOPENED = "objection.reopened"
    TOLD = "objection.told"
    LATE = "objection.late"


NAMELESS_VERBS = frozenset({ObjectionVerb.OPENED.value, ObjectionVerb.EXTENDED.value, ObjectionVerb.WITHDRAWN.value})
"""Acts of learners that those who decide on them see without a name, some of whom read the log (spec/selection 5.5)."""
