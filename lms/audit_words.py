"""Words of the audit log: acts that no package says in a sentence of its own, what they are about, and their facts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from courses.log import ROLES, LogEntry, LogPart
from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, format_datetime, number, trimmed
from lms import own_data
from selections import wording

FORMER_VERBS = frozenset({"certificate.review_settled"})
"""Verbs that no act records any more; entries that earlier versions wrote have them."""
ACTS: Mapping[str, str] = {
    "notices.switched": N_("Changed their notification preferences"),
    "account.sign_in_failed": N_("Failed to sign in"),
    "account.passwords_sprayed": N_("Many accounts were tried from one address"),
    "account.list_looked_at": N_("Opened a list of people"),
    "account.set_up_link_made": N_("Created a link for the first administrator"),
    "certificate.issued": N_("Certificate issued"),
    "certificate.replaced": N_("Corrected a certificate and issued it again"),
    "certificate.revoked": N_("Revoked a certificate"),
    "credential_review.opened": N_("Asked for a decision about a certificate"),
    "certificate.called_replaced": N_("Let a revoked certificate read as replaced"),
    "credential_review.settled": N_("Decided about a certificate"),
    "certificate.renewed": N_("Renewed a certificate"),
    "certificate.identity_printed": N_("Had their identity number printed on a certificate"),
    "certificate.identity_withheld": N_("Stopped having their identity number printed on a certificate"),
    "keys.used": N_("The server began to sign with other keys"),
    "bulk_download.requested": N_("Requested certificates as PDF files"),
    "bulk_download.paused": N_("Paused the preparation of certificates as PDF files"),
    "bulk_download.resumed": N_("Resumed the preparation of certificates as PDF files"),
    "bulk_download.cancelled": N_("Cancelled certificates as PDF files"),
    "bulk_download.downloaded": N_("Downloaded certificates as PDF files"),
    "validity_change.requested": N_("Had the certificates of a course replaced because of their validity"),
    "validity_change.done": N_("Replaced the certificates of a course because of their validity"),
    "certificate_template.created": N_("Made a certificate template"),
    "certificate_template.changed": N_("Changed a certificate template"),
    "certificate_template.published": N_("Published a certificate template"),
    "certificate_register.exported": N_("Downloaded the register of certificates"),
    "key.compromised": N_("Marked a key of the certificates as compromised"),
    "training_grant.given": N_("Named a training officer or auditor"),
    "training_grant.ended": N_("No longer training officer or auditor"),
    "course.deleted": N_("Deleted a course"),
    "course.folder_received": N_("Uploaded a course folder"),
    "course.folder_discarded": N_("Discarded an uploaded course folder"),
    "course.exported": N_("Downloaded a course folder"),
    "enrolment.started": N_("Enrolment in a course"),
    "enrolment.retaken": N_("Began to take a course again"),
    "enrolment.begun": N_("Opened a course for the first time since enrolling"),
    "completion_review.settled": N_("Decided on a completion of an earlier take"),
    "activity.completed": N_("Completed an activity"),
    "activity.reopened": N_("An activity is no longer completed"),
    "activity.taken_back": N_("Revoked the completion of an activity"),
    "enrolment.completed": N_("Completed a course"),
    "enrolment.validity_changed": N_("Changed until when a completion is valid"),
    "enrolment.taken_back": N_("Revoked the completion of a course"),
    "enrolment.moved": N_("Moved to another version of a course"),
    "enrolment.version_answered": N_("Answered whether to move to a newer version"),
    "enrolment.left": N_("Left a course, or was removed from it"),
    "enrolment_list.received": N_("Uploaded a list of people to enrol"),
    "enrolment_list.confirmed": N_("Confirmed a list of people to enrol"),
    "enrolment_list.discarded": N_("Discarded a list of people to enrol"),
    "enrolment_invitation.signed_up": N_("Created an account from an invitation to a course"),
    "free_day.added": N_("Added a free day"),
    "free_day.loaded": N_("Imported a list of free days"),
    "free_day.deleted": N_("Deleted a free day"),
    "obligation.reminder_requested": N_("Asked for a reminder of compulsory training"),
    "note.written": N_("Wrote a note on a learner"),
    "note.deleted": N_("Deleted a note on a learner"),
    "unit.exported": N_("Downloaded the table of a unit"),
    "access.refused": N_("Access refused"),
    "access.bypass_tried": N_("Tried to get around a permission"),
    "audit.exported": N_("Exported the audit log"),
    "audit.verified": N_("Verified the audit log"),
    "backup.made": N_("Made a backup"),
    "backup.failed": N_("A backup could not be made"),
    "backup.made_before_upgrade": N_("Made a backup before an upgrade"),
    "backup.restored": N_("Restored a backup"),
    "jobs.retried": N_("Retried background jobs"),
    "retention.applied": N_("Removed data whose retention period was over"),
    "organisation.made": N_("Created an institution or unit"),
    "organisation.changed": N_("Changed an institution or unit"),
    "organisation.moved": N_("Moved a unit"),
    "organisation.closed": N_("Closed an institution or unit"),
    "organisation.opened": N_("Reopened an institution or unit"),
    "organisation.deleted": N_("Deleted an institution or unit"),
    "employment.recorded": N_("Recorded someone's employment"),
    "employment.corrected": N_("Corrected someone's employment"),
    "employment.ended": N_("Ended someone's employment"),
    "membership.post_changed": N_("Recorded someone's post"),
    "membership.further_changed": N_("Changed someone's further units"),
    "post.made": N_("Added a post from a list"),
    "post.renamed": N_("Renamed a post"),
    "post.merged": N_("Merged two posts into one"),
    "audience.made": N_("Created an audience"),
    "audience.changed": N_("Changed the rule of an audience"),
    "audience.deleted": N_("Deleted an audience"),
    "audience_list.changed": N_("Changed a list of people for audiences"),
    "audience_list.deleted": N_("Deleted a list of people for audiences"),
    "training_report.exported": N_("Downloaded a table of the training report"),
    "training_report.person_exported": N_("Downloaded the compulsory training of a person"),
    "transcript.made": N_("Made a transcript"),
    "acta.made": N_("Made an acta of compulsory training"),
    "bundle.requested": N_("Asked for a bundle of evidence of compulsory training"),
    "bundle.downloaded": N_("Downloaded a bundle of evidence of compulsory training"),
    "training_records.expired": N_("Removed records of compulsory training whose retention period was over"),
    "obligation.made": N_("Drafted a compulsory training"),
    "obligation.changed": N_("Changed a compulsory training"),
    "obligation.activated": N_("Put a compulsory training in force"),
    "obligation.ended": N_("Ended a compulsory training"),
    "obligation.draft_deleted": N_("Deleted the draft of a compulsory training"),
    "obligation.owner_changed": N_("Changed who answers for a compulsory training"),
    "obligation.change_planned": N_("Tried a change of compulsory training"),
    "obligation.change_discarded": N_("Discarded a change of compulsory training that had been tried"),
    "agreement.requested": N_("Asked a course team whether compulsory training may enrol people"),
    "agreement.given": N_("Agreed that compulsory training enrols people in a course"),
    "agreement.declined": N_("Did not agree that compulsory training enrols people in a course"),
    "agreement.withdrawn": N_("Took back that compulsory training enrols people in a course"),
    "waiver.proposed": N_("Asked for a waiver"),
    "waiver.approved": N_("Approved a waiver"),
    "waiver.refused": N_("Refused a waiver"),
    "waiver.revoked": N_("Revoked a waiver"),
    "waiver.withdrawn": N_("Withdrew a request for a waiver"),
    "recognition.proposed": N_("Asked for a recognition"),
    "recognition.approved": N_("Approved a recognition"),
    "recognition.refused": N_("Refused a recognition"),
    "recognition.revoked": N_("Revoked a recognition"),
    "recognition.withdrawn": N_("Withdrew a request for a recognition"),
    "recognition_list.received": N_("Uploaded a list of recognitions"),
    "recognition_list.proposed": N_("Asked for the recognitions of a list"),
    "recognition_list.discarded": N_("Discarded a list of recognitions"),
    "recognition_list.decided": N_("Decided on a list of recognitions"),
    "obligation.statuses_compared": N_("Compared the stored statuses of compulsory training with the records"),
    "organisation.people_moved": N_("Moved the people of a unit to another one"),
    "load.received": N_("Uploaded a list of people and units"),
    "load.confirmed": N_("Confirmed a list of people and units"),
    "load.discarded": N_("Discarded a list of people and units"),
    "load.done": N_("Finished processing a list of people and units"),
    "attempt.started": N_("Started an attempt"),
    "attempt.submitted": N_("Submitted an attempt"),
    "attempt.abandoned": N_("An attempt ended without being submitted"),
    "attempt.marked": N_("Marked an answer"),
    "attempt.proof_made": N_("Made a proof of an attempt"),
    "attempt.self_assessed": N_("Assessed their own text"),
    "attempt.reopened": N_("Reopened an attempt"),
    "selection.created": N_("Made a selection of an edition or group"),
    "selection.member_named": N_("Named a member of a jury, or a reader"),
    "selection.member_ended": N_("Ended a membership of a jury, or a reader"),
    "selection.acta_requested": N_("Had an acta of a selection prepared"),
    "selection.acta_frozen": N_("The figures of an acta were frozen"),
    "selection.acta_discarded": N_("Discarded an acta that was being prepared"),
    "selection.acta_published": N_("Published an acta of a selection"),
    "selection.acta_signed": N_("Signed an acta of a selection"),
    "acta_correction.opened": N_("Results differ from an acta: a task for its jury"),
    "acta_correction.changed": N_("What differs from an acta changed"),
    "acta_correction.closed": N_("Closed the task of an acta: amended, or nothing differs any more"),
    "incident.opened": N_("Asked a person about their sitting"),
    "incident.answered": N_("Answered a question of a jury"),
    "incident.proposed": N_("Proposed an outcome of a question about a sitting"),
    "incident.decided": N_("Decided on a question about a sitting"),
    "selection.acta_exported": N_("Downloaded an acta of a selection"),
    "objection.opened": N_("Objected to a question"),
    "objection.extended": N_("Changed an objection to a question"),
    "objection.withdrawn": N_("Withdrew an objection to a question"),
    "objection.proposed": N_("Proposed an outcome of objections"),
    "objection.returned": N_("Returned a proposed outcome of objections"),
    "objection.decided": N_("Decided on objections"),
    "objection.reopened": N_("Took a decision on objections back"),
    "objection.told": N_("Everyone who objected was notified of the decision"),
    "objection.late": N_("An objection was not decided in time"),
    "forms.approved": N_("Approved parallel forms"),
    "wording.said": N_("Said that a version of a question changed only the wording"),
    "wording.withdrawn": N_("Took back that a version of a question changed only the wording"),
    "pass_mark.opened": N_("Opened a record of judges on a pass mark"),
    "pass_mark.judge_added": N_("Added a judge of a pass mark"),
    "pass_mark.judged": N_("Judged questions for a pass mark"),
    "pass_mark.confirmed": N_("Confirmed the judgements of an expert on a pass mark"),
    "pass_mark.second_round": N_("Began the second round of judging a pass mark"),
    "pass_mark.signed": N_("Signed the record of a pass mark"),
    "pass_mark.discarded": N_("Discarded a record on a pass mark"),
    "accommodation.set": N_("Set an accommodation for a person"),
    "accommodation.ended": N_("Ended an accommodation"),
    "certificate.review_settled": N_("Settled a certificate review"),
    "simulator_task.submitted": N_("Submitted a simulator task"),
    "questions.received": N_("Uploaded questions"),
    "questions.imported": N_("Imported questions"),
    "questions.discarded": N_("Discarded uploaded questions"),
    "questions.exported": N_("Exported questions"),
    "institution_administrator.given": N_("Named an administrator of an institution"),
    "institution_administrator.ended": N_("Ended an administrator's role in an institution"),
    "institution_profile.added": N_("Added an institution"),
    "institution_profile.changed": N_("Changed the details of the institution"),
    "institution_profile.logo_changed": N_("Changed the institution's logo"),
    "institution_profile.logo_removed": N_("Removed the institution's logo"),
    "institution_profile.mail_tested": N_("Sent a test email"),
    "institution_profile.hint_dismissed": N_("Hid the hint on the first steps"),
    "institution_signatory.added": N_("Added a signatory of certificates"),
    "institution_signatory.changed": N_("Changed a signatory of certificates"),
    "institution_signatory.removed": N_("Removed a signatory of certificates"),
    "reminder.written": N_("Added a personal reminder"),
    "reminder.changed": N_("Changed a personal reminder"),
    "reminder.deleted": N_("Deleted a personal reminder"),
    "calendar_feed.made": N_("Created the address of their calendar"),
    "calendar_feed.ended": N_("Ended the address of their calendar"),
}
"""By verb."""


def act_words(verb: str) -> str:
    """Return an act in words, '' of one that is not listed."""
    return _(ACTS[verb]) if verb in ACTS else ""


def _agreement_words(entry: LogEntry) -> str:
    return f"{act_words(entry.verb)}: {entry.facts.get('obligation', '')}"


COURSE_LOG = LogPart(lambda _course_id: (), {verb: _agreement_words for verb in ACTS if verb.startswith("agreement.")})
"""In the log of a course: what compulsory training asks of its team."""


KINDS: Mapping[str, str] = {
    "person": N_("Person"),
    "course": N_("Course"),
    "organisation": N_("Institution or unit"),
    "accommodation": N_("Accommodation"),
    "acta_correction": N_("Difference of an acta"),
    "announcement": N_("Announcement"),
    "attempt": N_("Attempt"),
    "audience": N_("Audience"),
    "audience_list": N_("List for audiences"),
    "bulk_download": N_("Prepared download of certificates"),
    "certificate_template": N_("Certificate template"),
    "completion_review": N_("Completion to decide on"),
    "course_invitation": N_("Invitation to a team"),
    "credential": N_("Certificate"),
    "credential_review": N_("Decision about a certificate"),
    "edition": N_("Edition"),
    "enrolment": N_("Enrolment"),
    "enrolment_invitation": N_("Invitation to a course"),
    "free_day": N_("Free day"),
    "incident": N_("Extra time for a quiz"),
    "institution_profile": N_("Details of an institution"),
    "institution_signatory": N_("Signatory"),
    "learner_group": N_("Group"),
    "learner_note": N_("Note on a learner"),
    "manual_item": N_("Grade item"),
    "mistake_report": N_("Report of a mistake"),
    "objection": N_("Objection"),
    "objection_group": N_("Objections to a question"),
    "obligation": N_("Compulsory training"),
    "pending_folder": N_("Uploaded course folder"),
    "pending_import": N_("Uploaded questions"),
    "pending_list": N_("List of people to enrol"),
    "pending_load": N_("List of people and units"),
    "pending_recognition": N_("List of recognitions"),
    "personal_reminder": N_("Personal reminder"),
    "planned_change": N_("Change that was tried"),
    "post": N_("Post"),
    "quiz_override": N_("Exception for a quiz"),
    "recognition": N_("Recognition"),
    "recognition_list": N_("List of recognitions"),
    "regrade": N_("Regrading"),
    "selection": N_("Selection"),
    "selection_acta": N_("Acta of a selection"),
    "selection_incident": N_("Question of a jury"),
    "selection_member": N_("Member of a jury, or reader"),
    "task_submission": N_("Simulator task"),
    "training_acta": N_("Acta of compulsory training"),
    "transcript": N_("Transcript"),
    "validity_change": N_("Change of validity"),
    "waiver": N_("Waiver"),
}
"""What entries are about, by the table of the row."""

FACTS: Mapping[str, str] = {
    "accounts": N_("Accounts"),
    "achieved": N_("Completed on"),
    "acta": N_("Acta"),
    "activities": N_("Activities"),
    "activity": N_("Activity"),
    "added": N_("Added"),
    "after": N_("Value"),
    "approved": N_("Approved"),
    "approved_by": N_("Approved by"),
    "asks": N_("Each learner is asked"),
    "attempts": N_("Attempts"),
    "author": N_("Author"),
    "bank": N_("Question bank"),
    "before": N_("Before"),
    "break_seconds": N_("Breaks, seconds"),
    "bundle": N_("Bundle"),
    "by": N_("By"),
    "bytes": N_("Size, bytes"),
    "capacity": N_("Places"),
    "category": N_("Category"),
    "cause": N_("Cause"),
    "certificates": N_("Certificates"),
    "changed": N_("Changed"),
    "closed": N_("Closed account"),
    "closes_at": N_("Closes"),
    "code": N_("Code"),
    "completed": N_("Have completed it"),
    "count": N_("How many"),
    "course": N_("Course"),
    "courses": N_("Courses"),
    "day": N_("Day"),
    "days": N_("Days"),
    "deadline": N_("Deadline"),
    "decision": N_("Decision"),
    "differing": N_("Different"),
    "due": N_("Due"),
    "edition": N_("Edition"),
    "effective": N_("In effect from"),
    "ended": N_("Ended"),
    "ending": N_("How it ended"),
    "endpoint": N_("Page"),
    "ends_at": N_("Ends"),
    "enrolment": N_("Enrolment"),
    "enrols_from": N_("Enrolment from"),
    "enrols_until": N_("Enrolment until"),
    "entered_on": N_("Day of entry"),
    "everywhere": N_("All sessions"),
    "extra_attempts": N_("Further attempts"),
    "factor": N_("Time, times"),
    "faults": N_("Faults"),
    "fields": N_("Fields"),
    "files": N_("Files"),
    "former_name": N_("Former name"),
    "format": N_("Format"),
    "gained": N_("Learners who pass now"),
    "gone": N_("Removed files"),
    "grade": N_("Grade"),
    "ground": N_("Ground"),
    "group": N_("Group"),
    "head": N_("Head of the unit"),
    "heir": N_("Further enrolment"),
    "identities": N_("With identity numbers"),
    "idle": N_("Days without activity"),
    "invitation": N_("Invitation"),
    "kept": N_("Account that stays"),
    "key": N_("Key"),
    "kind": N_("Kind"),
    "kinds": N_("Kinds"),
    "last": N_("Last day"),
    "learners": N_("Learners"),
    "lines": N_("Lines"),
    "list": N_("List"),
    "lost": N_("Learners who pass no longer"),
    "made": N_("New"),
    "marks": N_("Marks"),
    "maximum": N_("Maximum"),
    "message": N_("By email"),
    "method": N_("Method"),
    "minutes": N_("Minutes"),
    "moves": N_("Moves to it"),
    "name": N_("Name"),
    "nature": N_("Kind of change"),
    "needed": N_("Needed"),
    "new": N_("New value"),
    "next": N_("Next"),
    "note": N_("Note"),
    "notifies": N_("Notified"),
    "number": N_("Number"),
    "obligation": N_("Compulsory training"),
    "obligations": N_("Compulsory trainings"),
    "old": N_("Old value"),
    "on": N_("As of"),
    "only_open": N_("Only those who have not completed it"),
    "opens_at": N_("Opens"),
    "organisation": N_("Institution or unit"),
    "origin": N_("From where"),
    "outcome": N_("Outcome"),
    "overruled": N_("In place of the automatic mark"),
    "own": N_("Own result"),
    "owner": N_("Who answers for it"),
    "parent": N_("Under"),
    "people": N_("People"),
    "person": N_("Person"),
    "place": N_("Question"),
    "plan": N_("Plan"),
    "policy": N_("Which marks count"),
    "preview": N_("Preview"),
    "proposal": N_("Proposal"),
    "province": N_("Province"),
    "publish_at": N_("To be published"),
    "purpose": N_("What for"),
    "question": N_("Question"),
    "questions": N_("Questions"),
    "reached": N_("Reached"),
    "reason": N_("Reason"),
    "reason_class": N_("Kind of reason"),
    "recorded": N_("Recorded"),
    "records": N_("Completions"),
    "remark": N_("Remark"),
    "removed": N_("Removed"),
    "request": N_("Request"),
    "retroactive": N_("Applies from before it was recorded"),
    "revision": N_("Revision of the draft"),
    "revoked": N_("Revoked at"),
    "rewritten": N_("Rewritten rules"),
    "role": N_("Role"),
    "rule": N_("Rule"),
    "rules": N_("Rules"),
    "scope": N_("For whom"),
    "seals": N_("Seals"),
    "selection": N_("Selection"),
    "self_enrolment": N_("People enrol themselves"),
    "server": N_("Server"),
    "sets_closes": N_("Changes the closing"),
    "sets_opens": N_("Changes the opening"),
    "sha256": N_("Digest (SHA-256)"),
    "signed": N_("Signed"),
    "since": N_("From"),
    "size": N_("Size, bytes"),
    "staff_number": N_("Staff number"),
    "starts_at": N_("Begins"),
    "take": N_("Take"),
    "title": N_("Title"),
    "to": N_("To"),
    "unit": N_("Unit"),
    "unsound": N_("Certificates that lose it"),
    "until": N_("Until"),
    "version": N_("Version"),
    "was": N_("Before"),
    "weight": N_("Weight"),
    "what": N_("What"),
    "words": N_("Words"),
    "zone": N_("Time zone"),
}
"""The facts of entries, by their keys; another key is shown as it is kept."""
CHANGES = (
    *(("before", "after"), ("old", "new"), ("old_name", "name"), ("former_name", "name"), ("old_code", "code")),
    *(("old_zone", "zone"), ("old_parent", "parent"), ("old", "organisation"), ("was", "rule")),
)
"""Keys of what was, and of what it is now."""
TABLES: Mapping[str, str] = {
    **dict.fromkeys(("person", "author", "owner", "approved_by", "closed", "kept", "certificate.called_replaced by"), "person"),
    **dict.fromkeys(("organisation", "unit", "parent", "old_parent", "membership.placed old"), "organisation"),
    **dict.fromkeys(("certificate.replaced by", "certificate.renewed by"), "credential"),
    **dict.fromkeys(("account.profile_changed name", "former_name", "account.name_corrected name"), "person_name"),
    **dict.fromkeys(
        ("obligation.reminder_requested place", "membership.further_changed added", "membership.further_changed ended"), "organisation"
    ),
    "course": "course",
    "edition": "edition",
    "group": "learner_group",
    "selection": "selection",
    "enrolment.moved version": "course_version",
    "objection.opened group": "objection_group",
}
"""The tables of the rows that facts name by number, by the key or by the verb and the key."""
PEOPLE_LISTS = frozenset({"added", "removed", "people", "marks"})
"""Facts that list people by number, some with what was and what is; a number alone says how many they are."""
LABELS: Mapping[str, str] = {
    "obligation.reminder_requested place": N_("Institution or unit"),
    "objection.opened group": N_("Objections to a question"),
}
"""Labels of facts that one verb keeps under the key of another."""
VALUES: Mapping[str, Mapping[str, str]] = {
    "role": {**own_data.ROLES, **ROLES, "officer": N_("Training officer")},
    "scope": {"person": N_("One person"), "group": N_("One group"), "everyone": N_("Everyone")},
    "list": own_data.PURPOSES,
    "purpose": {
        "record": N_("The account and its courses"),
        "progress": N_("The progress in a course"),
        "answers": N_("The answers"),
        "evidence": N_("A waiver or recognition"),
        "copy": N_("A copy of everything"),
        "found": N_("A search for people to enrol"),
        "training": N_("The compulsory training"),
        "transcript": N_("The transcript"),
    },
    "changed": {
        "given_names": N_("Given names"),
        "first_surname": N_("First surname"),
        "second_surname": N_("Second surname"),
        "language": N_("Language"),
        "zone": N_("Time zone"),
        "theme": N_("Theme"),
        "national_id": N_("Identity number"),
    },
    "reason_class": {
        "name": N_("The person's name was corrected"),
        "data": N_("Another detail was wrong"),
        "template": N_("The design of the certificate was corrected"),
        "merged": N_("The person's accounts were merged"),
        "issued_by_mistake": N_("It was issued by mistake"),
        "conditions_not_met": N_("The course's requirements were not met"),
        "irregularity": N_("Irregularity in the course or the assessment"),
        "on_request": N_("At the holder's request"),
    },
    "kind": {
        "same": N_("Regraded with the same version"),
        "other": N_("Regraded with another version"),
        "full_credit": N_("Voided: full marks for everyone"),
        "removed": N_("Voided: left out of the total"),
        "void_unless_lower": N_("Voided: left out only where that lowers no mark"),
    },
    "policy": {
        "replace": N_("The new marks replace the old ones"),
        "keep_best": N_("For each question, the better mark counts"),
        "only_raise": N_("New marks only in attempts whose total goes up"),
    },
    "outcome": {**wording.PROPOSALS, **wording.INCIDENT_OUTCOMES},
    "ground": wording.GROUNDS,
    "nature": {"correction": N_("Correction"), "improvement": N_("Improvement")},
}
"""The words of values that come from a list, by the key."""
CHANNELS: Mapping[str, str] = {"web": N_("on the site"), "cli": N_("on the command line"), "job": N_("by a background job")}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,12}|E[-+]\d+)")


def channel_words(via: str) -> str:
    """Return through what somebody acted."""
    return _(CHANNELS[via]) if via in CHANNELS else via


def plain(value: object) -> str:
    """Return what a row is called by the value of a column: a text by language, a code, a number, or nothing."""
    if isinstance(value, Mapping):
        return choose(value)
    text = "" if value is None else str(value)
    return printed_code(text) if len(text) == 16 and text.isalnum() and text.isupper() else text


def _table_of(verb: str, key: str) -> str:
    return TABLES.get(f"{verb} {key}") or TABLES.get(key, "")


def named_in(verb: str, facts: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Yield the rows that the facts of an entry name, by their tables and numbers."""
    for key, value in facts.items():
        kind = _table_of(verb, key)
        if kind and isinstance(value, int):
            yield kind, value
        elif isinstance(value, list) and (kind or key in PEOPLE_LISTS):
            rows = (each[0] if isinstance(each, list) and each else each for each in value)
            yield from ((kind or "person", row) for row in rows if isinstance(row, int))


@dataclass(frozen=True, slots=True)
class FactWriter:
    """Writes the facts of entries in words, with the names of rows and the titles of activities that a page of the log has."""

    name_of: Callable[[str, int], str]
    """By table and number; '' of a row that is gone."""
    activities: Mapping[str, str]

    def lines(self, verb: str, facts: Mapping[str, object]) -> list[tuple[str, str]]:
        """Return what an entry says besides its sentence: label and text of each fact, what was and what is in one line.

        What is empty, or is not so, is left out.
        """
        left: dict[str, object] = dict(facts)
        changes: list[tuple[str, str]] = []
        for before, after in CHANGES:
            if before in left and after in left:
                changes += self._change(verb, before, left.pop(before), after, left.pop(after))
        rest = ((key, value) for key, value in left.items() if value not in (None, False, "", [], {}))
        return [*changes, *((_label(verb, key), self.text(verb, key, value)) for key, value in rest)]

    def _change(self, verb: str, before: str, old: object, after: str, new: object) -> Iterator[tuple[str, str]]:
        if isinstance(old, dict) and isinstance(new, dict):
            for key in new:
                yield from self._change(verb, key, old.get(key), key, new[key])
        elif old != new:
            yield _label(verb, after), f"{self.text(verb, before, old)} → {self.text(verb, after, new)}"

    def text(self, verb: str, key: str, value: object) -> str:
        """Return a fact in words: rows by name, days and numbers as people write them, choices from a list as their pages say them."""
        if value is None or value == "None":
            return "–"
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, dict):
            return "; ".join(f"{_label(verb, part)}: {self.text(verb, part, each)}" for part, each in value.items())
        if isinstance(value, list):
            is_of_people = key in PEOPLE_LISTS and not _table_of(verb, key)
            return ", ".join(self._person(verb, each) if is_of_people else self.text(verb, key, each) for each in value)
        if isinstance(value, int):
            kind = _table_of(verb, key)
            return (kind and self.name_of(kind, value)) or number(value)
        choice = VALUES.get(key, {}).get(str(value), "")
        return _(choice) if choice else self.activities.get(str(value)) or _localised(str(value))

    def _person(self, verb: str, each: object) -> str:
        """Return an item of a list of people: the name, and of marks what it was and what it is."""
        person, *marks = each if isinstance(each, list) else [each]
        name = (isinstance(person, int) and self.name_of("person", person)) or str(person)
        return f"{name}: {' → '.join(self.text(verb, '', mark) for mark in marks)}" if marks else name


def _label(verb: str, key: str) -> str:
    label = LABELS.get(f"{verb} {key}") or FACTS.get(key)
    return _(label) if label else key


def _localised(value: str) -> str:
    """Return a text with its day, moment or decimal number as readers write it."""
    try:
        if _MOMENT.fullmatch(value):
            return format_datetime(datetime.fromisoformat(value), "short")
        if _DAY.fullmatch(value):
            return format_date(date.fromisoformat(value), "short")
        return number(trimmed(Decimal(value))) if _DECIMAL.fullmatch(value) else value
    except ValueError:
        return value
