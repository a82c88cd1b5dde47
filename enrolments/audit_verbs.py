"""Verbs of taking part as the audit log names them."""

from kernel.audit import Fact, Verb
from kernel.errors import N_


class EnrolmentVerb(
    Verb,
    facts={
        "achieved": N_("Completed on"),
        "enrolment": N_("Enrolment"),
        "enrolment.moved version": Fact(table="course_version"),
        "idle": N_("Days without activity"),
        "learners": N_("Learners"),
        "marks": N_("Marks"),
        "maximum": N_("Maximum"),
        "moves": N_("Moves to it"),
        "only_open": N_("Only those who have not completed it"),
        "take": N_("Take"),
        "weight": N_("Weight"),
    },
):
    """The audit verbs of enrolments."""

    ENROLLED = "enrolment.started", N_("Enrolment in a course")
    RETAKEN = "enrolment.retaken", N_("Began to take a course again")
    BEGUN = "enrolment.begun", N_("Opened a course for the first time since enrolling")
    COMPLETION_SETTLED = "completion_review.settled", N_("Decided on a completion of an earlier take")
    ACTIVITY_COMPLETED = "activity.completed", N_("Completed an activity")
    ACTIVITY_REOPENED = "activity.reopened", N_("An activity is no longer completed")
    ACTIVITY_TAKEN_BACK = "activity.taken_back", N_("Revoked the completion of an activity")
    COMPLETED = "enrolment.completed", N_("Completed a course")
    TAKEN_BACK = "enrolment.taken_back", N_("Revoked the completion of a course")
    VALIDITY_CHANGED = "enrolment.validity_changed", N_("Changed until when a completion is valid")
    MOVED = "enrolment.moved", N_("Moved to another version of a course")
    MUTED = "enrolment.muted", N_("Turned off the notifications of a course")
    UNMUTED = "enrolment.unmuted", N_("Turned on the notifications of a course")
    ANSWERED = "enrolment.version_answered", N_("Answered whether to move to a newer version")
    LEARNERS_MOVED = "course.learners_moved"
    OVERRIDDEN = "result.overridden"
    OVERRIDE_UNDONE = "result.override_undone"
    ITEM_MADE = "item.made"
    ITEM_CHANGED = "item.changed"
    ITEM_RETIRED = "item.retired"
    ITEM_TAKEN_UP = "item.taken_up"
    ITEM_MARKED = "item.marked"
    MARKS_RECEIVED = "marks.received", N_("Uploaded a file of marks")
    MARKS_CONFIRMED = "marks.confirmed", N_("Confirmed a file of marks")
    MARKS_DISCARDED = "marks.discarded", N_("Discarded a file of marks")
    NOTE_WRITTEN = "note.written", N_("Wrote a note on a learner")
    NOTE_DELETED = "note.deleted", N_("Deleted a note on a learner")
    REMINDER_WRITTEN = "reminder.written", N_("Added a personal reminder")
    REMINDER_CHANGED = "reminder.changed", N_("Changed a personal reminder")
    REMINDER_DELETED = "reminder.deleted", N_("Deleted a personal reminder")
    FEED_MADE = "calendar_feed.made", N_("Created the address of their calendar")
    FEED_CHANGED = "calendar_feed.changed", N_("Changed the alarms of an address of their calendar")
    FEED_ENDED = "calendar_feed.ended", N_("Ended the address of their calendar")
    GROUP_MADE = "group.made"
    GROUP_RENAMED = "group.renamed"
    GROUP_CHANGED = "group.changed"
    GROUP_DELETED = "group.deleted"
