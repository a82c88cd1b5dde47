"""The number of people in each state, and the sums that every table of the report keeps (spec/compulsory 7.6)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from compliance.rules.states import TrainingState

VALID = (TrainingState.DONE, TrainingState.RENEWAL_DUE)
"""The states of who has done it and for whom it holds."""
MISSING = (TrainingState.IN_PROGRESS, TrainingState.NOT_STARTED, TrainingState.OVERDUE, TrainingState.EXPIRED)
"""The states of who has still to do it."""
REQUIRED = (*VALID, *MISSING)


class ReportState(StrEnum):
    """The people of a report that a number stands for and a list is filtered by."""

    REQUIRED = "required"
    VALID = "valid"
    MISSING = "missing"
    DONE = "done"
    RENEWAL_DUE = "renewal_due"
    IN_PROGRESS = "in_progress"
    NOT_STARTED = "not_started"
    OVERDUE = "overdue"
    EXPIRED = "expired"
    WAIVED = "waived"
    AT_RISK = "at_risk"
    NO_ACCOUNT = "no_account"


STATES: Mapping[ReportState, tuple[TrainingState, ...]] = {
    ReportState.REQUIRED: REQUIRED,
    ReportState.VALID: VALID,
    ReportState.MISSING: MISSING,
    ReportState.AT_RISK: (TrainingState.IN_PROGRESS, TrainingState.NOT_STARTED),
    ReportState.NO_ACCOUNT: MISSING,
    **{ReportState(state.value): (state,) for state in (*REQUIRED, TrainingState.WAIVED)},
}
"""The states among which each filter looks."""
PRESENT_ONLY = (ReportState.AT_RISK, ReportState.NO_ACCOUNT)
"""What is known of today alone: no past day was recorded."""


@dataclass(frozen=True, slots=True)
class TrainingTally:
    """The number of people in each state; of those who have still to do it, how many are at risk and how many have no active account."""

    states: Mapping[TrainingState, int] = field(default_factory=dict)
    at_risk: int = 0
    without_account: int = 0

    def count(self, states: Iterable[TrainingState]) -> int:
        """Return how many people are in any of some states."""
        return sum(self.states.get(state, 0) for state in states)

    def people(self, state: ReportState) -> int:
        """Return how many people a filter finds."""
        if state is ReportState.AT_RISK:
            return self.at_risk
        return self.without_account if state is ReportState.NO_ACCOUNT else self.count(STATES[state])

    @property
    def required(self) -> int:
        """Return of how many it is required."""
        return self.count(REQUIRED)

    @property
    def share(self) -> Fraction | None:
        """Return the share done of the required; None where it is required of nobody."""
        return Fraction(self.count(VALID), self.required) if self.required else None


def tally_sum(tallies: Iterable[TrainingTally]) -> TrainingTally:
    """Return several tallies as one."""
    states, at_risk, without_account = Counter[TrainingState](), 0, 0
    for tally in tallies:
        states.update(tally.states)
        at_risk += tally.at_risk
        without_account += tally.without_account
    return TrainingTally(states, at_risk, without_account)
