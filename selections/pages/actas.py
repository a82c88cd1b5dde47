"""Actas in words: their state, lines with bands, and one's own line (spec/selection 4)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, choose, number, percent
from selections.models import ActaKind, ActaState, SelectionActa
from selections.queries.actas import ActaLineRow
from selections.rules.ranking import SelectionOutcome

KINDS: Mapping[str, str] = {
    ActaKind.PROVISIONAL.value: N_("Provisional acta"),
    ActaKind.FINAL.value: N_("Final acta"),
    ActaKind.AMENDMENT.value: N_("Amendment of the acta"),
}
STATES: Mapping[str, str] = {
    ActaState.FREEZING.value: N_("Being prepared"),
    ActaState.DRAFT.value: N_("Draft, for the jury alone"),
    ActaState.IN_FORCE.value: N_("Published"),
    ActaState.DISCARDED.value: N_("Discarded"),
}
OUTCOMES: Mapping[str, str] = {
    SelectionOutcome.PASSED.value: N_("Passed"),
    SelectionOutcome.NOT_PASSED.value: N_("Not passed"),
    SelectionOutcome.RANKED.value: N_("Result without pass mark"),
    SelectionOutcome.WAITING.value: N_("Waiting to be marked"),
    SelectionOutcome.DID_NOT_SIT.value: N_("Did not sit"),
}


@dataclass(frozen=True, slots=True)
class SelectionActaView:
    """An acta in a list and at the head of its page."""

    uuid: UUID
    number: int
    kind: str
    state: str
    is_draft: bool
    is_freezing: bool
    is_in_force: bool
    code: str
    sha256: str
    reason: str
    requested_at: datetime
    published_at: datetime | None
    frozen_at: datetime | None
    people: int
    waiting: int


def acta_view(row: SelectionActa) -> SelectionActaView:
    """Return an acta in words."""
    return SelectionActaView(
        uuid=row.uuid,
        number=row.number,
        kind=_(KINDS[row.kind]),
        state=_(STATES[row.state]),
        is_draft=row.state == ActaState.DRAFT.value,
        is_freezing=row.state == ActaState.FREEZING.value,
        is_in_force=row.state == ActaState.IN_FORCE.value,
        code=printed_code(row.code),
        sha256=row.sha256,
        reason=row.reason,
        requested_at=row.requested_at,
        published_at=row.published_at,
        frozen_at=row.frozen_at,
        people=row.people,
        waiting=row.waiting,
    )


@dataclass(frozen=True, slots=True)
class ActaLineView:
    """A line of an acta; `band` is its places that the test does not tell apart, in % of the list for the bar."""

    place: int
    name: str
    rank: str
    percent: str
    csem: str
    outcome: str
    attempts: str
    alike: str
    decided: str
    band_from: float
    band_width: float


def line_views(lines: Iterable[ActaLineRow], people: int) -> list[ActaLineView]:
    """Return lines of an acta in words."""
    return [_line_view(line, people) for line in lines]


def _line_view(line: ActaLineRow, people: int) -> ActaLineView:
    fields = line.fields
    first, last = fields.get("not_told_apart", (0, 0))
    words = OUTCOMES[fields["outcome"]]
    objections, incidents = len(fields.get("objections", ())), len(fields.get("incidents", ()))
    return ActaLineView(
        place=line.place,
        name=_("Person withdrawn") if line.is_withdrawn else line.name,
        rank=number(fields["rank"]) if "rank" in fields else "–",
        percent=shown_percent(fields),
        csem=number(float(fields["csem"]), 1) if "csem" in fields else "–",
        outcome=_(words),
        attempts=", ".join(number(one) for one in fields.get("attempts", ())) or "–",
        alike=_("places %(first)s to %(last)s", first=number(first), last=number(last)) if last > first else "–",
        decided=", ".join(
            [
                *([_("objections: %(count)s", count=number(objections))] if objections else []),
                *([_("incidents: %(count)s", count=number(incidents))] if incidents else []),
            ]
        ),
        band_from=round(100 * (first - 1) / people, 2) if first else 0,
        band_width=round(100 * (last - first + 1) / people, 2) if first else 0,
    )


def shown_percent(fields: Mapping[str, Any]) -> str:
    """Return a result with two decimals, as the acta shows it."""
    return percent(float(fields["shown"]), 2) if "shown" in fields else "–"


def head_facts(row: SelectionActa) -> list[tuple[str, str]]:
    """Return what an acta says of itself beside its lines, each with its name."""
    head = json.loads(row.head)
    counted = GRADING[head["grading"]]
    facts = [
        (_("What the results are used for"), choose(head["use"]) if head["use"] else ""),
        (_("Edition or group"), head["whom"]),
        (_("People"), number(head["people"])),
        (_("Pass mark"), "–" if head["pass_mark"] is None else percent(float(_fraction(head["pass_mark"])), 2)),
        (_("Attempt that counts"), _(counted)),
        (_("Equal results"), _("share a rank")),
        (_("Reliability (alpha)"), _figure(head["reliability"], 2)),
        (_("Standard error of measurement"), _figure(head["sem"], 1)),
        (
            _("Same decision on another set of questions"),
            "–" if head["consistency"] is None else percent(100 * float(head["consistency"]), 0),
        ),
    ]
    return [fact for fact in facts if fact[1]]


GRADING: Mapping[str, str] = {
    "highest": N_("The best one"),
    "average": N_("The average of all"),
    "first": N_("The first one"),
    "last": N_("The last one"),
}


def _figure(value: str | None, places: int) -> str:
    return _("too few attempts to tell") if value is None else number(float(value), places)


def _fraction(text: str) -> float:
    above, _slash, below = text.partition("/")
    return int(above) / int(below or 1)
