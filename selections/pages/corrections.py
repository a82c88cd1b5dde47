"""Corrections of actas, in words (spec/selection 4.10 to 4.12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, ngettext, number
from quizzes.models import Regrade
from quizzes.regrading import TouchedRecord
from selections.models import ActaCorrection, CorrectionEnd, SelectionActa
from selections.pages.actas import KINDS, difference_words, outcome_words, shown_percent
from selections.queries.corrections import NamedDifference, list_touched

ENDINGS: Mapping[str, str] = {
    "": N_("Open: the jury decides on an amendment"),
    CorrectionEnd.AMENDED.value: N_("Closed by the acta that follows"),
    CorrectionEnd.REVERTED.value: N_("Closed: the results are again those of the acta"),
}


@dataclass(frozen=True, slots=True)
class ActaCorrectionView:
    """A task of the jury in the list of a selection."""

    words: str
    ending: str
    is_open: bool
    acta: str
    opened_at: datetime
    closed_at: datetime | None


def correction_views(rows: Iterable[tuple[ActaCorrection, SelectionActa]]) -> list[ActaCorrectionView]:
    """Return tasks in words."""
    return [
        ActaCorrectionView(
            words=difference_words(task),
            ending=_(ENDINGS[task.ending]),
            is_open=task.closed_at is None,
            acta=f"{_(KINDS[acta.kind])} {printed_code(acta.code)}",
            opened_at=task.opened_at,
            closed_at=task.closed_at,
        )
        for task, acta in rows
    ]


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A line that would change: each figure before and after; empty where it stays."""

    name: str
    result: str
    outcome: str
    rank: str
    other: str


def difference_views(differences: Iterable[NamedDifference]) -> list[DifferenceView]:
    """Return the lines of a task in words."""
    return [
        _view(_("Person withdrawn") if difference.is_withdrawn else difference.name, difference.before, difference.after)
        for difference in differences
    ]


def _view(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> DifferenceView:
    if not before or not after:
        remark = _("would be added") if not before else _("would no longer be in it")
        figures = after or before
        return DifferenceView(name, shown_percent(figures), outcome_words(figures), _rank(figures), remark)
    decided = [label for part, label in _PARTS.items() if before.get(part) != after.get(part)]
    return DifferenceView(
        name=name,
        result=_change(shown_percent(before), shown_percent(after)) if before.get("percent") != after.get("percent") else "",
        outcome=_change(outcome_words(before), outcome_words(after)) if before["outcome"] != after["outcome"] else "",
        rank=_change(_rank(before), _rank(after)) if before.get("rank") != after.get("rank") else "",
        other=", ".join(_(label) for label in decided),
    )


_PARTS: Mapping[str, str] = {"objections": N_("objections decided"), "incidents": N_("incidents decided")}


def _rank(figures: Mapping[str, Any]) -> str:
    return number(figures["rank"]) if "rank" in figures else "–"


def _change(before: str, after: str) -> str:
    return _("%(before)s → %(after)s", before=before, after=after)


def touched_by_regrade(session: Session, regrade: Regrade) -> list[TouchedRecord]:
    """Return the actas that a dry run touches, as its page shows them (spec/selection 4.11)."""
    return [
        TouchedRecord(
            name=f"{_(KINDS[acta.kind])} {printed_code(acta.code)}, {acta.whom}",
            words=_(
                "%(people)s; %(outcomes)s. The acta stays as it is: its jury gets a task.",
                people=ngettext(
                    "%(count)s person in it would have another result", "%(count)s people in it would have another result", acta.people
                ),
                outcomes=ngettext("%(count)s would pass or fail instead", "%(count)s would pass or fail instead", acta.outcomes),
            ),
        )
        for acta in list_touched(session, regrade)
    ]
