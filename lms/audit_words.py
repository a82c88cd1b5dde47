"""Words for the recorded acts that no package and no page says in a sentence of its own."""

from collections.abc import Mapping

from kernel.errors import N_
from kernel.i18n import _

ACTS: Mapping[str, str] = {
    "notices.switched": N_("Changed their notification preferences"),
    "account.sign_in_failed": N_("Failed to sign in"),
    "account.passwords_sprayed": N_("Many accounts were tried from one address"),
    "account.list_looked_at": N_("Opened a list of people"),
    "account.set_up_link_made": N_("Created a link for the first administrator"),
    "certificate.issued": N_("Certificate issued"),
    "certificate.revoked": N_("Revoked a certificate"),
    "certificate.renewed": N_("Renewed a certificate"),
    "course.deleted": N_("Deleted a course"),
    "course.folder_received": N_("Uploaded a course folder"),
    "course.folder_discarded": N_("Discarded an uploaded course folder"),
    "course.exported": N_("Downloaded a course folder"),
    "enrolment.started": N_("Enrolment in a course"),
    "activity.completed": N_("Completed an activity"),
    "activity.reopened": N_("An activity is no longer completed"),
    "activity.taken_back": N_("Revoked the completion of an activity"),
    "enrolment.completed": N_("Completed a course"),
    "enrolment.taken_back": N_("Revoked the completion of a course"),
    "enrolment.moved": N_("Moved to another version of a course"),
    "enrolment.version_answered": N_("Answered whether to move to a newer version"),
    "enrolment.left": N_("Left a course, or was removed from it"),
    "enrolment_list.received": N_("Uploaded a list of people to enrol"),
    "enrolment_list.confirmed": N_("Confirmed a list of people to enrol"),
    "enrolment_list.discarded": N_("Discarded a list of people to enrol"),
    "enrolment_invitation.signed_up": N_("Created an account from an invitation to a course"),
    "note.written": N_("Wrote a note on a learner"),
    "note.deleted": N_("Deleted a note on a learner"),
    "unit.exported": N_("Downloaded the table of a unit"),
    "access.refused": N_("Access refused"),
    "access.bypass_tried": N_("Tried to get around a permission"),
    "audit.exported": N_("Exported the audit log"),
    "audit.verified": N_("Verified the audit log"),
    "backup.made": N_("Made a backup"),
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
    "organisation.people_moved": N_("Moved the people of a unit to another one"),
    "load.received": N_("Uploaded a list of people and units"),
    "load.confirmed": N_("Confirmed a list of people and units"),
    "load.discarded": N_("Discarded a list of people and units"),
    "load.done": N_("Finished processing a list of people and units"),
    "attempt.started": N_("Started an attempt"),
    "attempt.submitted": N_("Submitted an attempt"),
    "attempt.abandoned": N_("An attempt ended without being submitted"),
    "attempt.marked": N_("Marked an answer"),
    "attempt.reopened": N_("Reopened an attempt"),
    "accommodation.set": N_("Set an accommodation for a person"),
    "accommodation.ended": N_("Ended an accommodation"),
    "certificate.review_settled": N_("Settled a certificate review"),
    "simulator_task.submitted": N_("Submitted a simulator task"),
    "questions.received": N_("Uploaded questions"),
    "questions.imported": N_("Imported questions"),
    "questions.discarded": N_("Discarded uploaded questions"),
    "questions.exported": N_("Exported questions"),
}
"""By verb."""


def act_words(verb: str) -> str:
    """Return an act in words, '' of one that is not listed."""
    return _(ACTS[verb]) if verb in ACTS else ""
