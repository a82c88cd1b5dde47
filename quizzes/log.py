"""Entries that quizzes add to the log of a course, read from the audit log and written as sentences."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, select

from courses.log import LogEntry, LogPart
from kernel.audit import AuditEntry
from kernel.i18n import _, ngettext
from quizzes.draws import FormApprovalVerb
from quizzes.dry_runs import DryRunVerb
from quizzes.marking import ReopeningVerb
from quizzes.models import Incident, QuizOverride, Regrade
from quizzes.overrides import OverrideVerb
from quizzes.regrading import RegradeVerb
from quizzes.reports import ReportVerb


def entries_of(course_id: int) -> Sequence[ColumnElement[bool]]:
    """Return the statement that selects them."""
    return [
        (AuditEntry.subject_kind == model.__tablename__) & AuditEntry.subject_id.in_(select(model.id).where(model.course_id == course_id))
        for model in (Regrade, QuizOverride, Incident)
    ]


def _where(entry: LogEntry) -> dict[str, object]:
    whom = entry.person or (_("a group") if entry.facts.get("group") else _("everyone"))
    return {"activity": entry.facts.get("activity") or "", "whom": whom}


def _with_reason(sentence: str, entry: LogEntry) -> str:
    reason = entry.facts.get("reason")
    return f"{sentence}: {reason}" if reason else sentence


def _regraded(entry: LogEntry) -> str:
    changed = int(str(entry.facts.get("changed") or 0))
    sentence = ngettext(
        "Regraded “%(activity)s”: %(count)s attempt changed",
        "Regraded “%(activity)s”: %(count)s attempts changed",
        changed,
        **_where(entry),
    )
    return _with_reason(sentence, entry)


def _minutes_given(entry: LogEntry) -> str:
    minutes = int(str(entry.facts.get("minutes") or 0))
    sentence = ngettext(
        "Gave everyone taking “%(activity)s” %(count)s extra minute",
        "Gave everyone taking “%(activity)s” %(count)s extra minutes",
        minutes,
        **_where(entry),
    )
    return _with_reason(sentence, entry)


_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    RegradeVerb.COMMITTED: _regraded,
    RegradeVerb.UNDONE: lambda entry: _("Undid a regrade of “%(activity)s”", **_where(entry)),
    RegradeVerb.APPLIED: lambda entry: _("Applied a regrade of “%(activity)s” to the people it had left out", **_where(entry)),
    DryRunVerb.TRIED: lambda entry: _("Ran a regrade dry run of “%(activity)s”", **_where(entry)),
    DryRunVerb.DISCARDED: lambda _entry: _("Discarded a regrade dry run"),
    ReportVerb.EXPORTED: lambda entry: _("Exported a table of “%(activity)s”: %(what)s", what=entry.facts.get("what", ""), **_where(entry)),
    FormApprovalVerb.APPROVED: lambda entry: _("Approved the parallel forms of “%(activity)s”", **_where(entry)),
    ReopeningVerb.PREVIEWS_DELETED: lambda entry: _("Deleted the previews of “%(activity)s”", **_where(entry)),
    OverrideVerb.OVERRIDDEN: lambda entry: _with_reason(_("Set an override of “%(activity)s” for %(whom)s", **_where(entry)), entry),
    OverrideVerb.OVERRIDE_ENDED: lambda entry: _("Ended the override of “%(activity)s” for %(whom)s", **_where(entry)),
    OverrideVerb.APPLIED: lambda entry: _("Applied an override of “%(activity)s” to the person who had set it", **_where(entry)),
    OverrideVerb.TIME_GIVEN: _minutes_given,
    OverrideVerb.TIME_APPLIED: lambda entry: _(
        "Applied the extra minutes of “%(activity)s” to the people they had left out", **_where(entry)
    ),
    OverrideVerb.TIME_TAKEN_BACK: lambda entry: _("Withdrew the extra minutes given in “%(activity)s”", **_where(entry)),
}
LOG = LogPart(entries_of, _SENTENCES)
