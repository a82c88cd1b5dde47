"""Verbs of compulsory training as the audit log names them."""

from kernel.audit import Fact, Verb
from kernel.errors import N_


class ComplianceVerb(
    Verb,
    facts={
        "purpose": Fact(values={"evidence": N_("A waiver or recognition"), "training": N_("The compulsory training")}),
        "approved": N_("Approved"),
        "basis": Fact(
            N_("How a renewal counts"),
            values={
                "expiry": N_("From the day on which it would have expired"),
                "completion": N_("From the day on which it is done again"),
            },
        ),
        "bundle": N_("Bundle"),
        "completed": N_("Have completed it"),
        "counts_from": N_("What was completed counts from"),
        "day": N_("Day"),
        "differing": N_("Different"),
        "effective": N_("In effect from"),
        "ends": N_("Applies until"),
        "existing": Fact(
            N_("People who completed an earlier version"),
            values={"keep": N_("What they completed counts"), "again": N_("They take the course again")},
        ),
        "gap": N_("Days of absence that do not interrupt"),
        "grace": N_("Days of grace"),
        "identities": N_("With identity numbers"),
        "last": N_("Last day"),
        "lowest_versions": N_("Lowest versions that count"),
        "minimum": N_("Valid at least"),
        "months": N_("Months"),
        "notice": N_("Days of notice"),
        "obligation": N_("Compulsory training"),
        "obligation.reminder_requested place": Fact(N_("Institution or unit"), table="organisation"),
        "obligations": N_("Compulsory trainings"),
        "on": N_("As of"),
        "owner": Fact(N_("Who answers for it"), table="person"),
        "province": N_("Province"),
        "recorded": N_("Recorded"),
        "requirement": N_("What they have to complete"),
        "retroactive": N_("Applies from before it was recorded"),
        "role": Fact(values={"officer": N_("Training officer")}),
        "starts": N_("Begins on"),
        "transition": N_("Days to take it again"),
        "validity": N_("Valid for"),
        "was": N_("Before"),
        "window": N_("Renewal window in days"),
    },
):
    """The audit verbs of compulsory training."""

    OBLIGATION_MADE = "obligation.made", N_("Drafted a compulsory training")
    OBLIGATION_CHANGED = "obligation.changed", N_("Changed a compulsory training")
    OBLIGATION_ACTIVATED = "obligation.activated", N_("Put a compulsory training in force")
    OBLIGATION_ENDED = "obligation.ended", N_("Ended a compulsory training")
    DRAFT_DELETED = "obligation.draft_deleted", N_("Deleted the draft of a compulsory training")
    OWNER_CHANGED = "obligation.owner_changed", N_("Changed who answers for a compulsory training")
    CHANGE_PLANNED = "obligation.change_planned", N_("Tried a change of compulsory training")
    CHANGE_DISCARDED = "obligation.change_discarded", N_("Discarded a change of compulsory training that had been tried")
    AGREEMENT_REQUESTED = "agreement.requested", N_("Asked a course team whether compulsory training may enrol people")
    AGREEMENT_GIVEN = "agreement.given", N_("Agreed that compulsory training enrols people in a course")
    AGREEMENT_DECLINED = "agreement.declined", N_("Did not agree that compulsory training enrols people in a course")
    AGREEMENT_WITHDRAWN = "agreement.withdrawn", N_("Took back that compulsory training enrols people in a course")
    WAIVER_PROPOSED = "waiver.proposed", N_("Asked for a waiver")
    WAIVER_APPROVED = "waiver.approved", N_("Approved a waiver")
    WAIVER_REFUSED = "waiver.refused", N_("Refused a waiver")
    WAIVER_REVOKED = "waiver.revoked", N_("Revoked a waiver")
    WAIVER_WITHDRAWN = "waiver.withdrawn", N_("Withdrew a request for a waiver")
    RECOGNITION_PROPOSED = "recognition.proposed", N_("Asked for a recognition")
    RECOGNITION_APPROVED = "recognition.approved", N_("Approved a recognition")
    RECOGNITION_REFUSED = "recognition.refused", N_("Refused a recognition")
    RECOGNITION_REVOKED = "recognition.revoked", N_("Revoked a recognition")
    RECOGNITION_WITHDRAWN = "recognition.withdrawn", N_("Withdrew a request for a recognition")
    RECOGNITIONS_RECEIVED = "recognition_list.received", N_("Uploaded a list of recognitions")
    RECOGNITIONS_PROPOSED = "recognition_list.proposed", N_("Asked for the recognitions of a list")
    RECOGNITIONS_DISCARDED = "recognition_list.discarded", N_("Discarded a list of recognitions")
    RECOGNITIONS_DECIDED = "recognition_list.decided", N_("Decided on a list of recognitions")
    REPORT_EXPORTED = "training_report.exported", N_("Downloaded a table of the training report")
    PERSON_EXPORTED = "training_report.person_exported", N_("Downloaded the compulsory training of a person")
    BUNDLE_REQUESTED = "bundle.requested", N_("Asked for a bundle of evidence of compulsory training")
    BUNDLE_DOWNLOADED = "bundle.downloaded", N_("Downloaded a bundle of evidence of compulsory training")
    ACTA_MADE = "acta.made", N_("Made an acta of compulsory training")
    RECORDS_EXPIRED = "training_records.expired", N_("Removed records of compulsory training whose retention period was over")
    STATUSES_COMPARED = "obligation.statuses_compared", N_("Compared the stored statuses of compulsory training with the records")
    FREE_DAY_ADDED = "free_day.added", N_("Added a free day")
    FREE_DAYS_LOADED = "free_day.loaded", N_("Imported a list of free days")
    FREE_DAY_DELETED = "free_day.deleted", N_("Deleted a free day")
    REMINDER_REQUESTED = "obligation.reminder_requested", N_("Asked for a reminder of compulsory training")
