"""Reads the entries of the audit log that enrolments add to the log of a course, and puts them into sentences."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from sqlalchemy import ColumnElement, Select, and_, select

from courses.log import NAMED, LogEntry, LogPart
from enrolments.announcements import AnnouncementVerb
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.editions import EditionVerb
from enrolments.gradebook import FollowingVerb
from enrolments.invitations import InvitationVerb
from enrolments.mistakes import MistakeVerb
from enrolments.models import Announcement, Edition, Enrolment, LearnerGroup, ManualGradeItem, MistakeReport, ResultOverride
from kernel.audit import AuditEntry
from kernel.i18n import _, ngettext, number, trimmed


def entries_of(course_id: int) -> Sequence[ColumnElement[bool]]:
    """Return the statement that selects them."""
    groups = select(LearnerGroup.id).where(
        LearnerGroup.course_id == course_id,
        LearnerGroup.id == AuditEntry.subject_id,
        LearnerGroup.created_at <= AuditEntry.at,  # the number of one that was deleted may be given again
    )
    reports = select(MistakeReport.id).where(
        MistakeReport.course_id == course_id,
        MistakeReport.id == AuditEntry.subject_id,
        MistakeReport.reported_at <= AuditEntry.at,  # so it is with reports
    )
    overridden = select(ResultOverride.enrolment_id).join(Enrolment, Enrolment.id == ResultOverride.enrolment_id)
    return (
        *(
            _about(model.__tablename__, select(model.id).where(model.course_id == course_id))
            for model in (Edition, Announcement, ManualGradeItem)
        ),
        (AuditEntry.subject_kind == LearnerGroup.__tablename__) & groups.exists(),
        (AuditEntry.subject_kind == MistakeReport.__tablename__) & reports.exists(),
        _about(Enrolment.__tablename__, overridden.where(Enrolment.course_id == course_id)) & AuditEntry.verb.startswith("result."),
        and_(
            AuditEntry.subject_kind == LearnerGroup.__tablename__,
            AuditEntry.verb == "group.deleted",
            AuditEntry.facts.startswith(f'{{"course": {course_id},', autoescape=True),  # its row may be gone
        ),
    )


def _about(kind: str, ids: Select[int]) -> ColumnElement[bool]:
    return (AuditEntry.subject_kind == kind) & AuditEntry.subject_id.in_(ids)


def _fact(entry: LogEntry, name: str) -> str:
    return str(entry.facts.get(name) or "")


def _count(entry: LogEntry, name: str) -> int:
    value = entry.facts.get(name)
    return len(value) if isinstance(value, list) else 0


def _number(entry: LogEntry) -> int:
    value = entry.facts.get("count")
    return value if isinstance(value, int) else 0


def _named(sentence: str, name: str) -> str:
    """Return a sentence with the name of what it is about, of an older entry without."""
    return f"{sentence}: {name}" if name else sentence


def _group_changed(entry: LogEntry) -> str:
    added, removed = _count(entry, "added"), _count(entry, "removed")
    if removed:
        return ngettext("Removed %(count)s learner from a group", "Removed %(count)s learners from a group", removed)
    return ngettext("Added %(count)s learner to a group", "Added %(count)s learners to a group", added)


def _overridden(entry: LogEntry) -> str:
    where = {"activity": _fact(entry, "activity"), "after": _fact(entry, "after"), "person": entry.person or _("a learner")}
    return _named(_("Set the result of %(person)s in “%(activity)s” to %(after)s %%", **where), _fact(entry, "reason"))


def _undone(entry: LogEntry) -> str:
    where = {"activity": _fact(entry, "activity"), "person": entry.person or _("a learner")}
    return _named(_("Removed the result override for %(person)s in “%(activity)s”", **where), _fact(entry, "reason"))


def _announced(entry: LogEntry) -> str:
    return _named(_("Sent a message to learners") if entry.facts.get("message") else _("Posted an announcement"), _fact(entry, "title"))


def _place(entry: LogEntry) -> str:
    """Return the activity in which a mistake was reported, with the key of its question."""
    activity, question = _fact(entry, "activity"), _fact(entry, "question")
    return f"{activity} ({question})" if question else activity


def _item_changed(entry: LogEntry) -> str:
    after = entry.facts.get("after")
    return _named(_("Changed a grade item"), str(after.get("title", "")) if isinstance(after, dict) else "")


def _marked(entry: LogEntry) -> str:
    """Return how many marks were entered, for what, of whom, what each was before and what it is now."""
    count, item = _count(entry, "marks"), _fact(entry, "title")
    sentence = ngettext("Entered %(count)s mark manually", "Entered %(count)s marks manually", count)
    if item:  # entries of earlier versions do not say it
        sentence = ngettext(
            "Entered %(count)s mark of “%(item)s” manually", "Entered %(count)s marks of “%(item)s” manually", count, item=item
        )
    marks = entry.facts.get("marks")
    named = [mark for mark in marks[:NAMED] if len(mark) == 3 and mark[0] in entry.names] if isinstance(marks, list) else []
    if not named or not isinstance(marks, list):
        return sentence
    lines = [f"{entry.names[person]} ({_mark(before)} → {_mark(after)})" for person, before, after in named]
    more = len(marks) - len(named)
    rest = [ngettext("%(count)s more", "%(count)s more", more)] if more else []
    return f"{sentence}: {', '.join([*lines, *rest])}"


def _mark(points: object) -> str:
    """Return a mark of an entry in the reader's language; a dash where there was none."""
    try:
        return number(trimmed(Decimal(str(points))))
    except InvalidOperation:
        return "–"


_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    EnrolmentVerb.GROUP_MADE: lambda entry: _named(_("Created a group"), _fact(entry, "name")),
    EnrolmentVerb.GROUP_RENAMED: lambda entry: _(
        "Renamed the group %(before)s to %(after)s", before=_fact(entry, "before"), after=_fact(entry, "after")
    ),
    EnrolmentVerb.GROUP_CHANGED: _group_changed,
    EnrolmentVerb.GROUP_DELETED: lambda entry: _named(_("Deleted a group"), _fact(entry, "name")),
    EnrolmentVerb.OVERRIDDEN: _overridden,
    EnrolmentVerb.OVERRIDE_UNDONE: _undone,
    EnrolmentVerb.ITEM_MADE: lambda entry: _named(_("Created a grade item"), _fact(entry, "title")),
    EnrolmentVerb.ITEM_CHANGED: _item_changed,
    EnrolmentVerb.ITEM_RETIRED: lambda entry: _named(_("Retired a grade item"), _fact(entry, "title")),
    EnrolmentVerb.ITEM_TAKEN_UP: lambda entry: _named(_("Reinstated a grade item"), _fact(entry, "title")),
    EnrolmentVerb.ITEM_MARKED: _marked,
    FollowingVerb.EXPORTED: lambda entry: _named(_("Exported a table of learners"), _fact(entry, "what")),
    AnnouncementVerb.SENT: _announced,
    AnnouncementVerb.CORRECTED: lambda entry: _named(_("Corrected an announcement"), _fact(entry, "title")),
    AnnouncementVerb.WITHDRAWN: lambda entry: _named(_("Withdrew an announcement"), _fact(entry, "title")),
    MistakeVerb.REPORTED: lambda entry: _named(_("Reported a mistake"), _place(entry)),
    MistakeVerb.EXTENDED: lambda entry: _named(_("Added words to a mistake report"), _place(entry)),
    MistakeVerb.ACCEPTED: lambda entry: _named(_("Accepted a mistake report"), _place(entry)),
    MistakeVerb.CORRECTED: lambda entry: _named(_("Marked a mistake report as corrected"), _place(entry)),
    MistakeVerb.DECLINED: lambda entry: _named(_("Declined a mistake report"), _place(entry)),
    EditionVerb.MADE: lambda entry: _named(_("Created an edition"), _fact(entry, "name")),
    EditionVerb.CHANGED: lambda entry: _named(_("Changed an edition"), _fact(entry, "name")),
    EditionVerb.CLOSED: lambda _entry: _("Closed an edition"),
    EditionVerb.OPENED: lambda _entry: _("Reopened an edition"),
    EditionVerb.CODE_MADE: lambda _entry: _("Created a new code for an edition"),
    EditionVerb.CODE_TAKEN: lambda _entry: _("Removed the code of an edition"),
    InvitationVerb.SENT: lambda entry: ngettext("Invited %(count)s person", "Invited %(count)s people", _number(entry)),
    InvitationVerb.RENEWED: lambda _entry: _("Renewed an invitation"),
    InvitationVerb.LINKS_MADE: lambda entry: ngettext(
        "Made %(count)s invitation link to hand over", "Made %(count)s invitation links to hand over", _number(entry)
    ),
    InvitationVerb.WITHDRAWN: lambda entry: ngettext("Withdrew %(count)s invitation", "Withdrew %(count)s invitations", _number(entry)),
    InvitationVerb.ACCEPTED: lambda entry: _("%(person)s accepted an invitation", person=entry.person or _("a learner")),
    EditionVerb.WAITED: lambda entry: _("%(person)s joined the waiting list", person=entry.person or _("a learner")),
    EditionVerb.WAITED_NO_MORE: lambda entry: _("%(person)s left the waiting list", person=entry.person or _("a learner")),
}
LOG = LogPart(entries_of, _SENTENCES)
