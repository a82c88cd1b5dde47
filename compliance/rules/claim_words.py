"""Words of the reasons of waivers, and of what is wrong with days."""

from collections.abc import Mapping

from compliance.rules.claims import DayFault, WaiverKind
from kernel.errors import N_

KINDS: Mapping[WaiverKind, str] = {
    WaiverKind.MEDICAL: N_("Medical leave"),
    WaiverKind.PARENTAL: N_("Maternity or paternity leave"),
    WaiverKind.COMMISSION: N_("Commission to another institution"),
    WaiverKind.LEGAL: N_("Leave by law or by order of a judge"),
    WaiverKind.FORCE_MAJEURE: N_("Force majeure"),
    WaiverKind.OTHER: N_("Another reason"),
}
DAY_FAULTS: Mapping[DayFault, str] = {
    DayFault.BACKWARDS: N_("The last day is before the first."),
    DayFault.TOO_LONG: N_("A waiver lasts 24 months at most, here until %(day)s. Leave the last day empty to be asked again then."),
    DayFault.TOO_EARLY: N_("The day is before 1950."),
}
