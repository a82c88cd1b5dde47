"""Verbs of taking part as the audit log names them."""

from enum import StrEnum


class EnrolmentVerb(StrEnum):
    """The audit verbs of enrolments."""

    ENROLLED = "enrolment.started"
    ACTIVITY_COMPLETED = "activity.completed"
    ACTIVITY_REOPENED = "activity.reopened"
    ACTIVITY_TAKEN_BACK = "activity.taken_back"
    COMPLETED = "enrolment.completed"
    TAKEN_BACK = "enrolment.taken_back"
    MOVED = "enrolment.moved"
    ANSWERED = "enrolment.version_answered"
    LEARNERS_MOVED = "course.learners_moved"
    OVERRIDDEN = "result.overridden"
    OVERRIDE_UNDONE = "result.override_undone"
    ITEM_MADE = "item.made"
    ITEM_CHANGED = "item.changed"
    ITEM_RETIRED = "item.retired"
    ITEM_TAKEN_UP = "item.taken_up"
    ITEM_MARKED = "item.marked"
    NOTE_WRITTEN = "note.written"
    NOTE_DELETED = "note.deleted"
    GROUP_MADE = "group.made"
    GROUP_RENAMED = "group.renamed"
    GROUP_CHANGED = "group.changed"
    GROUP_DELETED = "group.deleted"
