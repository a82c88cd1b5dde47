"""The audit log of a course as sentences."""

from collections.abc import Callable, Mapping, Sequence

from courses.audit_verbs import CourseVerb
from courses.queries.team import LogEntry, LogPart
from kernel.errors import N_
from kernel.i18n import _, ngettext
from kernel.own_records import RecordVerb

ROLES: Mapping[str, str] = {"owner": N_("owner"), "editor": N_("editor"), "grader": N_("grader")}
ROLE_HINTS: Mapping[str, str] = {
    "owner": N_("Edits and publishes, and decides who is in the team."),
    "editor": N_("Edits and publishes."),
    "grader": N_("Marks answers; sees the course and its results."),
}


def sentence(entry: LogEntry, parts: Sequence[LogPart] = ()) -> str:
    """Return the sentence that describes a log entry."""
    return find_sentence(entry, parts) or _("Other action: %(verb)s", verb=entry.verb)


def find_sentence(entry: LogEntry, parts: Sequence[LogPart] = ()) -> str | None:
    """Return what somebody did in words, None of what courses and the packages above have no sentence for."""
    write = next(
        (sentences[entry.verb] for sentences in (_SENTENCES, *(part.sentences for part in parts)) if entry.verb in sentences), None
    )
    return None if write is None else write(entry)


def _role(entry: LogEntry) -> str:
    role = str(entry.facts.get("role", ""))
    return _(ROLES[role]) if role in ROLES else role


def _saved(entry: LogEntry) -> str:
    changed, gone = (int(str(entry.facts.get(name, 0) or 0)) for name in ("changed", "gone"))
    written = changed or len(list(entry.facts.get("files") or []))  # type: ignore[call-overload]  # a list in JSON
    counted = ngettext("Saved %(count)s file of the draft", "Saved %(count)s files of the draft", written)
    return f"{counted}, {ngettext('removed %(count)s', 'removed %(count)s', gone)}" if gone else counted


def _published(entry: LogEntry) -> str:
    number = entry.facts.get("version", "")
    if entry.facts.get("asks"):
        return _("Published version %(number)s; each learner chooses", number=number)
    if entry.facts.get("nature") == "correction":
        return _("Published version %(number)s as a correction", number=number)
    return _("Published version %(number)s as an improvement", number=number)


def _staffed(entry: LogEntry) -> str:
    if entry.facts.get("before"):
        return _("Made %(person)s %(role)s of the course", person=entry.person, role=_role(entry))
    return _("Added %(person)s to the team as %(role)s", person=entry.person, role=_role(entry))


def _remark(text: str, entry: LogEntry) -> str:
    remark = entry.facts.get("remark")
    return f"{text}: {remark}" if remark else text


_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    RecordVerb.LEFT_OUT: lambda _entry: _("Left their own record out of a bulk action; a colleague has to apply it"),
    CourseVerb.CREATED: lambda _entry: _("Created the course"),
    CourseVerb.ARCHIVED: lambda entry: _("Archived the course: %(reason)s", reason=entry.facts.get("reason", "")),
    CourseVerb.BROUGHT_BACK: lambda entry: _("Restored the course: %(reason)s", reason=entry.facts.get("reason", "")),
    CourseVerb.DRAFT_SAVED: _saved,
    CourseVerb.DRAFT_KEPT: lambda _entry: _("Saved the draft as it was"),
    CourseVerb.PUBLISHED: _published,
    CourseVerb.CHANGES_TOLD: lambda entry: _("Notified learners affected by version %(number)s", number=entry.facts.get("version", "")),
    CourseVerb.STAFF_ADDED: _staffed,
    CourseVerb.STAFF_REMOVED: lambda entry: _("Removed %(person)s from the team", person=entry.person),
    CourseVerb.STAFF_INVITED: lambda entry: _("Invited someone to the team as %(role)s", role=_role(entry)),
    CourseVerb.INVITATION_WITHDRAWN: lambda _entry: _("Withdrew an invitation to the team"),
    CourseVerb.APPROVAL_SWITCHED: lambda entry: (
        _("Turned on approval of publications by a second person")
        if entry.facts.get("needed")
        else _("Turned off approval of publications by a second person")
    ),
    CourseVerb.PUBLICATION_ASKED: lambda _entry: _("Requested approval of a publication"),
    CourseVerb.PUBLICATION_PLANNED: lambda _entry: _("Planned a publication for later"),
    CourseVerb.PUBLICATION_APPROVED: lambda entry: _remark(_("Approved a publication"), entry),
    CourseVerb.PUBLICATION_REFUSED: lambda entry: _remark(_("Rejected a publication"), entry),
    CourseVerb.PUBLICATION_WITHDRAWN: lambda _entry: _("Withdrew a planned publication"),
    CourseVerb.PUBLICATION_VOID: lambda _entry: _(
        "A planned publication was cancelled: the draft had changed or did not pass its check, the person "
        "who planned it could no longer publish, or the course was archived"
    ),
    "course.learners_moved": lambda entry: ngettext(
        "Moved %(count)s learner to a newer version",
        "Moved %(count)s learners to a newer version",
        int(str(entry.facts.get("learners", 0))),
    ),
}
