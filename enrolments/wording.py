"""Words for what enrolments keep: kinds and states of mistake reports, and durations of validities."""

from enrolments.models import MistakeKind, MistakeState
from kernel.durations import Duration
from kernel.errors import N_
from kernel.i18n import ngettext

MISTAKE_KINDS = {
    MistakeKind.FACT: N_("Something is wrong"),
    MistakeKind.OUTDATED: N_("Something is out of date"),
    MistakeKind.TYPING: N_("Typing or spelling error"),
    MistakeKind.BROKEN: N_("Something does not work, or a picture or sound is missing"),
    MistakeKind.MARKING: N_("An answer is marked wrongly"),
    MistakeKind.OTHER: N_("Something else"),
}
MISTAKE_STATES = {
    MistakeState.OPEN: N_("Not decided yet"),
    MistakeState.ACCEPTED: N_("Accepted"),
    MistakeState.CORRECTED: N_("Corrected"),
    MistakeState.DECLINED: N_("Declined"),
}
MISTAKE_STATES_OF_REPORTER = {
    MistakeState.OPEN: N_("Received"),
    MistakeState.ACCEPTED: N_("Accepted: it will be corrected"),
    MistakeState.CORRECTED: N_("Corrected"),
    MistakeState.DECLINED: N_("Nothing will be changed"),
}
"""The same for whoever made the report."""


def length_in_words(duration: Duration) -> str:
    """Return a duration in words: «12 months», «30 days»."""
    if duration.months:
        return ngettext("%(count)s month", "%(count)s months", duration.months)
    return ngettext("%(count)s day", "%(count)s days", duration.days)
