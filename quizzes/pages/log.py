"""What quizzes add to the log of a course, as sentences."""

from collections.abc import Callable, Mapping

from courses.queries.team import LogEntry, LogPart
from kernel.i18n import _, ngettext
from quizzes.queries.log import entries_of
from quizzes.services.overrides import OverrideVerb
from quizzes.services.regrading import RegradeVerb
from quizzes.services.reopening import ReopeningVerb
from quizzes.services.reports import ReportVerb
from quizzes.services.trials import TrialVerb


def _where(entry: LogEntry) -> dict[str, object]:
    whom = entry.person or (_("a group") if entry.facts.get("group") else _("everybody"))
    return {"activity": entry.facts.get("activity") or "", "whom": whom}


def _with_reason(words: str, entry: LogEntry) -> str:
    reason = entry.facts.get("reason")
    return f"{words}: {reason}" if reason else words


def _regraded(entry: LogEntry) -> str:
    changed = int(str(entry.facts.get("changed") or 0))
    words = ngettext(
        "Marked “%(activity)s” again: %(count)s attempt changed",
        "Marked “%(activity)s” again: %(count)s attempts changed",
        changed,
        **_where(entry),
    )
    return _with_reason(words, entry)


def _given(entry: LogEntry) -> str:
    minutes = int(str(entry.facts.get("minutes") or 0))
    words = ngettext(
        "Gave everybody who was at “%(activity)s” %(count)s minute more",
        "Gave everybody who was at “%(activity)s” %(count)s minutes more",
        minutes,
        **_where(entry),
    )
    return _with_reason(words, entry)


_SENTENCES: Mapping[str, Callable[[LogEntry], str]] = {
    RegradeVerb.COMMITTED: _regraded,
    RegradeVerb.UNDONE: lambda entry: _("Undid a marking again of “%(activity)s”", **_where(entry)),
    RegradeVerb.APPLIED: lambda entry: _("Applied a regrade of “%(activity)s” to those it had left out", **_where(entry)),
    TrialVerb.TRIED: lambda entry: _("Tried what marking “%(activity)s” again would change", **_where(entry)),
    TrialVerb.DISCARDED: lambda _entry: _("Discarded a trial of a marking again"),
    ReportVerb.EXPORTED: lambda entry: _("Took a table of “%(activity)s” out: %(what)s", what=entry.facts.get("what", ""), **_where(entry)),
    ReopeningVerb.PREVIEWS_DELETED: lambda entry: _("Deleted the previews of “%(activity)s”", **_where(entry)),
    OverrideVerb.OVERRIDDEN: lambda entry: _with_reason(_("Set what holds of “%(activity)s” for %(whom)s", **_where(entry)), entry),
    OverrideVerb.OVERRIDE_ENDED: lambda entry: _("Ended what held of “%(activity)s” for %(whom)s", **_where(entry)),
    OverrideVerb.APPLIED: lambda entry: _("Applied an override of “%(activity)s” to whoever had set it", **_where(entry)),
    OverrideVerb.TIME_GIVEN: _given,
    OverrideVerb.TIME_APPLIED: lambda entry: _("Applied the minutes of “%(activity)s” to those they had left out", **_where(entry)),
    OverrideVerb.TIME_TAKEN_BACK: lambda entry: _("Took back the minutes that were given in “%(activity)s”", **_where(entry)),
}
LOG = LogPart(entries_of, _SENTENCES)
