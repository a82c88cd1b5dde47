"""The page that a learner sees, the questions that are locked, and the summary of each (spec/quiz-engine 5.5)."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol

from quizzes.rules.results import Marking, MarkState
from quizzes.rules.review import GIVES_FEEDBACK_AT_ONCE
from quizzes.rules.settings import Behaviour, Navigation


class SummaryState(StrEnum):
    """The state of a question on the summary page; flags are shown beside it."""

    NOT_ANSWERED = "not_answered"
    SAVED = "saved"
    INVALID = "invalid"


class PositionedItem(Protocol):
    """A question in its position, as laid out or as stored."""

    @property
    def position(self) -> int:
        """Return its position, counted from 1 over everything."""

    @property
    def number(self) -> int | None:
        """Return its number; descriptions have none."""

    @property
    def require_previous(self) -> bool:
        """Return whether it waits for the question before it."""


def page_to_show(navigation: Navigation, requested: int, *, current: int, pages: int) -> int:
    """Return the page for a request; ``current`` is the furthest page reached.

    Free: the requested one, or the nearest that exists. Sequential: the next one may be entered, any other request leads
    to the current page, so that a back button or an old bookmark never ends in an error.
    """
    if navigation is Navigation.FREE:
        return min(max(requested, 1), pages)
    return requested if requested == current + 1 <= pages else current


def locked_places(items: Sequence[PositionedItem], finished: Collection[int], behaviour: Behaviour) -> frozenset[int]:
    """Return the places that wait for the question before them; only behaviours that answer at once can lock.

    ``finished`` holds the places of questions that are locked for good. Descriptions are passed over.
    """
    if behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return frozenset()
    locked: set[int] = set()
    previous: int | None = None
    for item in items:
        if item.require_previous and previous is not None and (previous in locked or previous not in finished):
            locked.add(item.position)
        if item.number is not None:
            previous = item.position
    return frozenset(locked)


def summary_state(marking: Marking) -> SummaryState:
    """Return what the summary says; it knows whether something was answered and readable, never whether it is right."""
    if marking.state is MarkState.NOT_ANSWERED:
        return SummaryState.NOT_ANSWERED
    unreadable = marking.state is MarkState.INVALID or any(part.state is MarkState.INVALID for part in marking.parts)
    return SummaryState.INVALID if unreadable else SummaryState.SAVED
