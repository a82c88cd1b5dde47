"""Words for objections and incidents: grounds of objections, and outcomes, to those who decide and to learners."""

import json
from collections.abc import Mapping
from datetime import datetime

from kernel.errors import N_
from kernel.i18n import _, format_datetime, language, reading, site_locale, site_zone_name, zone_name
from selections.models import ActaKind, IncidentOutcome, JuryDecision, JuryMatter
from selections.rules.objections import ObjectionGround, ObjectionOutcome
from selections.rules.signs import SignKind

GROUNDS: Mapping[str, str] = {
    ObjectionGround.TWO_RIGHT.value: N_("Two or more answers are right"),
    ObjectionGround.NONE_RIGHT.value: N_("No answer is right"),
    ObjectionGround.UNCLEAR.value: N_("The text is unclear"),
    ObjectionGround.LAW_CHANGED.value: N_("The law has changed"),
    ObjectionGround.NOT_TAUGHT.value: N_("It is not in the course"),
    ObjectionGround.MARKED_WRONGLY.value: N_("It was marked wrongly"),
    ObjectionGround.TECHNICAL.value: N_("Something technical failed"),
}
KINDS: Mapping[str, str] = {
    ActaKind.PROVISIONAL.value: N_("Provisional acta"),
    ActaKind.FINAL.value: N_("Final acta"),
    ActaKind.AMENDMENT.value: N_("Amendment of the acta"),
}
"""Of actas."""
SIGN_TITLES: Mapping[str, str] = {
    SignKind.SESSIONS.value: N_("Two devices or windows at once"),
    SignKind.ABSENCES.value: N_("The quiz page was left"),
    SignKind.RAPID.value: N_("Answers faster than reading"),
}
"""Of incidents."""
OUTCOMES: Mapping[str, str] = {
    ObjectionOutcome.UPHOLD.value: N_("The marks stand"),
    ObjectionOutcome.RESCORE.value: N_("Marked again with a corrected key; no result goes down"),
    ObjectionOutcome.FULL_CREDIT.value: N_("Full marks for everyone"),
    ObjectionOutcome.VOID.value: N_("Void: left out only where that lowers no mark"),
    ObjectionOutcome.REMOVED.value: N_("Left out of the total for everyone"),
}
"""To those who decide."""
PROPOSALS: Mapping[str, str] = {**OUTCOMES, ObjectionOutcome.REOPEN.value: N_("Taken back, to be decided again")}
"""To those who decide: what can be proposed, before and after a decision."""
TOLD: Mapping[str, str] = {
    ObjectionOutcome.UPHOLD.value: N_("The question and its marks stand as they were."),
    ObjectionOutcome.RESCORE.value: N_("The question was marked again with a corrected key. No result went down."),
    ObjectionOutcome.FULL_CREDIT.value: N_("Everyone gets the full marks of the question."),
    ObjectionOutcome.VOID.value: N_("The question is void: it is left out wherever that lowers no result."),
    ObjectionOutcome.REMOVED.value: N_("The question no longer counts for anyone."),
}
"""To learners."""
MATTERS: Mapping[str, str] = {
    JuryMatter.NAMING.value: N_("Name a person"),
    JuryMatter.ENDING.value: N_("End what a person is"),
    JuryMatter.MARK.value: N_("Mark an answer by hand"),
    JuryMatter.REOPENING.value: N_("Reopen an attempt"),
    JuryMatter.EXCEPTION.value: N_("Set an exception"),
    JuryMatter.ACCOMMODATION.value: N_("Set an accommodation"),
    JuryMatter.MERGE.value: N_("Count the attempts of one of two merged accounts"),
}
"""To a jury: what two of it decide on."""
ENDINGS: Mapping[str, str] = {
    JuryMatter.EXCEPTION.value: N_("End an exception"),
    JuryMatter.ACCOMMODATION.value: N_("End an accommodation"),
}


def acta_moment(moment: datetime) -> str:
    """Write a moment of an acta as everybody reads it: in the time zone of the institution, which it names."""
    with reading(language(), site_locale().zone):
        text = format_datetime(moment)
    return _("%(moment)s, time of %(zone)s", moment=text, zone=zone_name(site_zone_name()))


def matter_words(row: JuryDecision) -> str:
    """Describe in the reader's language what two of a jury decide on."""
    matters = ENDINGS if "ends" in json.loads(row.act_values) else MATTERS
    return _(matters[row.matter])


INCIDENT_OUTCOMES: Mapping[str, str] = {
    IncidentOutcome.NOTHING.value: N_("Nothing follows"),
    IncidentOutcome.REPEAT.value: N_("The sitting is repeated with another form"),
    IncidentOutcome.EXCLUDED.value: N_("The person is left out of the ranking of the acta"),
}
