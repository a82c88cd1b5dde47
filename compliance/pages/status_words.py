"""Each state of compulsory training in words: a word, an icon, a shape, and one sentence that says what to do now (spec/compulsory 7.6).

Every page that shows a state takes it from here, so that no state is told by its colour, or by two words, anywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compliance.rules.states import StateFlag, TrainingState
from kernel.errors import N_
from kernel.i18n import _

URGENT_FIRST = (
    TrainingState.OVERDUE,
    TrainingState.EXPIRED,
    TrainingState.RENEWAL_DUE,
    TrainingState.NOT_STARTED,
    TrainingState.IN_PROGRESS,
    TrainingState.DONE,
    TrainingState.WAIVED,
    TrainingState.NOT_REQUIRED,
)
"""The order in which lists, legends and columns name the states."""


@dataclass(frozen=True, slots=True)
class StatusView:
    """A state as a page shows it: never by colour alone."""

    state: TrainingState
    word: str
    remark: str
    """What else holds, from its flags; empty where nothing does."""
    symbol: str
    """The name of its icon."""
    shape: str
    """The outline that stands for it in charts, as path data in a box of 12 by 12."""
    kind: str
    """Of the label: '', 'ok', 'now' or 'bad'."""
    advice: str
    """One sentence to the person themself: what to do now."""


@dataclass(frozen=True, slots=True)
class _StateSigns:
    word: str
    symbol: str
    shape: str
    kind: str = ""


_SIGNS: Mapping[TrainingState, _StateSigns] = {
    TrainingState.NOT_REQUIRED: _StateSigns(N_("Not required"), "circle-minus", "M1 5h10v2H1z"),
    TrainingState.DONE: _StateSigns(N_("Done"), "circle-check", "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1z", "ok"),
    TrainingState.WAIVED: _StateSigns(N_("Waived"), "shield-check", "M1 1h10v10H1zM3 3v6h6V3z"),
    TrainingState.RENEWAL_DUE: _StateSigns(N_("Renewal due"), "rotate-ccw", "M6 0l6 6-6 6-6-6z", "now"),
    TrainingState.EXPIRED: _StateSigns(N_("Has expired"), "circle-x", "M3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z", "bad"),
    TrainingState.OVERDUE: _StateSigns(N_("Overdue"), "triangle-alert", "M6 0l6 11H0z", "bad"),
    TrainingState.IN_PROGRESS: _StateSigns(
        N_("In progress"), "circle-dot", "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1zM6 3v6a3 3 0 0 0 0-6z", "now"
    ),
    TrainingState.NOT_STARTED: _StateSigns(
        N_("Not started"), "circle", "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1zM6 3a3 3 0 1 0 0 6 3 3 0 1 0 0-6z"
    ),
}

_REMARKS: Mapping[StateFlag, str] = {
    StateFlag.NOT_BEGUN: N_("it has not begun yet"),
    StateFlag.ENDED: N_("it is over"),
    StateFlag.ACCOUNT: N_("the account is closed"),
    StateFlag.OUTSIDE: N_("outside its audience"),
    StateFlag.LATE: N_("after the last day"),
    StateFlag.VERSION: N_("a newer version is asked"),
    StateFlag.GRACE: N_("in the days of grace"),
    StateFlag.STARTED: N_("begun"),
    StateFlag.OLD_VERSION: N_("an older version was finished"),
}

_ADVICE: Mapping[TrainingState, Mapping[frozenset[StateFlag], str]] = {
    TrainingState.NOT_REQUIRED: {
        frozenset(): N_("Nothing is asked of you now."),
        frozenset({StateFlag.NOT_BEGUN}): N_("You have nothing to do yet: it begins later."),
        frozenset({StateFlag.ENDED}): N_("You have nothing to do: it is no longer asked of anybody."),
        frozenset({StateFlag.ACCOUNT}): N_("Nothing is asked while the account is closed."),
        frozenset({StateFlag.OUTSIDE}): N_("You have nothing to do: it is asked of others."),
    },
    TrainingState.DONE: {
        frozenset(): N_("You have nothing to do now."),
        frozenset({StateFlag.LATE}): N_("You finished after the last day and have nothing more to do."),
    },
    TrainingState.WAIVED: {frozenset(): N_("You need not take it as long as your waiver lasts.")},
    TrainingState.RENEWAL_DUE: {
        frozenset(): N_("Take it again before what you did ceases to be valid."),
        frozenset({StateFlag.VERSION}): N_("A newer version is asked: take it before your completion ceases to be valid."),
        frozenset({StateFlag.GRACE}): N_("What you did is no longer valid: renew it within the days of grace."),
        frozenset({StateFlag.VERSION, StateFlag.GRACE}): N_("A newer version is asked: take it within the days of grace."),
    },
    TrainingState.EXPIRED: {
        frozenset(): N_("What you did is no longer valid: take it again now."),
        frozenset({StateFlag.STARTED}): N_("What you did is no longer valid: finish what you have begun again."),
        frozenset({StateFlag.VERSION}): N_("The version that you did no longer counts: take the present one now."),
        frozenset({StateFlag.VERSION, StateFlag.STARTED}): N_("The version that you did no longer counts: finish the one that you began."),
    },
    TrainingState.OVERDUE: {
        frozenset(): N_("The last day has passed: begin now, it is recorded all the same."),
        frozenset({StateFlag.STARTED}): N_("The last day has passed: finish what you began, it is recorded all the same."),
    },
    TrainingState.IN_PROGRESS: {
        frozenset(): N_("Continue what you have begun, by the last day."),
        frozenset({StateFlag.GRACE}): N_("The last day has passed: finish within the days of grace."),
        frozenset({StateFlag.OLD_VERSION}): N_("The version that you finished does not count: take the present one."),
        frozenset({StateFlag.GRACE, StateFlag.OLD_VERSION}): N_(
            "The version that you finished does not count: take the present one within the days of grace."
        ),
    },
    TrainingState.NOT_STARTED: {
        frozenset(): N_("Begin in time to finish by the last day."),
        frozenset({StateFlag.GRACE}): N_("The last day has passed: begin and finish within the days of grace."),
    },
}


def status_view(state: TrainingState | str, flags: Iterable[str] = ()) -> StatusView:
    """Return a state with its flags in the reader's language; a stored state and its flags, split at blanks, will do as well."""
    read, known = TrainingState(state), [StateFlag(flag) for flag in flags]
    signs, advice = _SIGNS[read], _ADVICE[read]
    return StatusView(
        read,
        _(signs.word),
        ", ".join(_(_REMARKS[flag]) for flag in known),
        signs.symbol,
        signs.shape,
        signs.kind,
        _(advice[frozenset(known)]),
    )
