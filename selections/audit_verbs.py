"""Audit-log verbs of selections."""

from kernel.audit import Fact, Verb
from kernel.errors import N_
from selections import wording
from selections.wording import INCIDENT_OUTCOMES, KINDS, PROPOSALS, SIGN_TITLES


class SelectionVerb(
    Verb,
    facts={
        "acta": N_("Acta"),
        "approved_by": Fact(N_("Approved by"), table="person"),
        "ending": N_("How it ended"),
        "kind": Fact(N_("Kind"), values={**KINDS, **SIGN_TITLES}),
        "outcome": Fact(values=INCIDENT_OUTCOMES),
    },
):
    """The audit-log verbs of selections and of who works on them."""

    CREATED = "selection.created", N_("Made a selection of an edition or group")
    MEMBER_NAMED = "selection.member_named", N_("Named a member of a jury, or a reader")
    MEMBER_ENDED = "selection.member_ended", N_("Ended a membership of a jury, or a reader")
    DECISION_REQUESTED = "jury_decision.requested", N_("Asked two of a jury for a decision")
    DECISION_AGREED = "jury_decision.agreed", N_("Agreed to an act as the first of two of a jury")
    DECISION_MADE = "jury_decision.made", N_("Decided on an act as the second of two of a jury")
    DECISION_DECLINED = "jury_decision.declined", N_("Declined an act that a jury was asked about")
    ACTA_REQUESTED = "selection.acta_requested", N_("Had an acta of a selection prepared")
    ACTA_FROZEN = "selection.acta_frozen", N_("The figures of an acta were frozen")
    ACTA_DISCARDED = "selection.acta_discarded", N_("Discarded an acta that was being prepared")
    ACTA_PUBLISHED = "selection.acta_published", N_("Published an acta of a selection")
    ACTA_SIGNED = "selection.acta_signed", N_("Signed an acta of a selection")
    CORRECTION_OPENED = "acta_correction.opened", N_("Results differ from an acta: a task for its jury")
    CORRECTION_CHANGED = "acta_correction.changed", N_("What differs from an acta changed")
    CORRECTION_CLOSED = "acta_correction.closed", N_("Closed the task of an acta: amended, or nothing differs any more")
    ACTA_EXPORTED = "selection.acta_exported", N_("Downloaded an acta of a selection")
    INCIDENT_OPENED = "incident.opened", N_("Asked a person about their sitting")
    INCIDENT_ANSWERED = "incident.answered", N_("Answered a question of a jury")
    INCIDENT_PROPOSED = "incident.proposed", N_("Proposed an outcome of a question about a sitting")
    INCIDENT_DECIDED = "incident.decided", N_("Decided on a question about a sitting")


class ObjectionVerb(
    Verb,
    facts={
        "due": N_("Due"),
        "ground": Fact(N_("Ground"), values=wording.GROUNDS),
        "objection.opened group": Fact(N_("Objections to a question"), table="objection_group"),
        "outcome": Fact(values=PROPOSALS),
        "proposal": N_("Proposal"),
    },
):
    """The audit-log verbs of objections; the reasons of learners never stand beside them."""

    OPENED = "objection.opened", N_("Objected to a question")
    EXTENDED = "objection.extended", N_("Changed an objection to a question")
    WITHDRAWN = "objection.withdrawn", N_("Withdrew an objection to a question")
    PROPOSED = "objection.proposed", N_("Proposed an outcome of objections")
    RETURNED = "objection.returned", N_("Returned a proposed outcome of objections")
    DECIDED = "objection.decided", N_("Decided on objections")
    REOPENED = "objection.reopened", N_("Took a decision on objections back")
    TOLD = "objection.told", N_("Everyone who objected was notified of the decision")
    LATE = "objection.late", N_("An objection was not decided in time")


NAMELESS_VERBS = frozenset({ObjectionVerb.OPENED.value, ObjectionVerb.EXTENDED.value, ObjectionVerb.WITHDRAWN.value})
"""Acts of learners that those who decide on them see without a name, some of whom read the log (spec/selection 5.5)."""
