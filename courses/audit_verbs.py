"""Audit-log verbs of courses."""

from courses.models import STAFF_ROLES
from kernel.audit import Fact, Verb
from kernel.errors import N_


class CourseVerb(
    Verb,
    facts={
        "activities": N_("Activities"),
        "asks": N_("Each learner is asked"),
        "gone": N_("Removed files"),
        "nature": Fact(N_("Kind of change"), values={"correction": N_("Correction"), "improvement": N_("Improvement")}),
        "needed": N_("Needed"),
        "origin": Fact(
            N_("From where"),
            values={
                "imported": N_("Imported"),
                "merged": N_("Merged with what was changed meanwhile"),
                "edited": N_("Edited"),
                "restored": N_("Restored"),
            },
        ),
        "plan": N_("Plan"),
        "publish_at": N_("To be published"),
        "remark": N_("Remark"),
        "revision": N_("Revision of the draft"),
        "role": Fact(values=STAFF_ROLES),
    },
):
    """The audit-log verbs of courses."""

    CREATED = "course.created"
    DELETED = "course.deleted", N_("Deleted a course")
    ARCHIVED = "course.archived"
    BROUGHT_BACK = "course.brought_back"
    DRAFT_SAVED = "course.draft_saved"
    DRAFT_KEPT = "course.draft_kept"
    FOLDER_RECEIVED = "course.folder_received", N_("Uploaded a course folder")
    FOLDER_DISCARDED = "course.folder_discarded", N_("Discarded an uploaded course folder")
    EXPORTED = "course.exported", N_("Downloaded a course folder")
    PUBLISHED = "course.published"
    CHANGES_TOLD = "course.changes_told"
    STAFF_ADDED = "course.staff_added"
    STAFF_REMOVED = "course.staff_removed"
    STAFF_INVITED = "course.staff_invited"
    INVITATION_WITHDRAWN = "course.invitation_withdrawn"
    APPROVAL_SWITCHED = "course.approval_switched"
    PUBLICATION_ASKED = "course.publication_asked"
    PUBLICATION_PLANNED = "course.publication_planned"
    PUBLICATION_APPROVED = "course.publication_approved"
    PUBLICATION_REFUSED = "course.publication_refused"
    PUBLICATION_WITHDRAWN = "course.publication_withdrawn"
    PUBLICATION_VOID = "course.publication_void"
