"""Actas in words: their state, lines with bands, and one's own line (spec/selection 4)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analysis.statistics import FAIR
from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, choose, ngettext, number, percent
from questions.content.question_fields import DIFFICULTIES, LEVELS
from selections.models import ActaCorrection, ActaKind, ActaState, SelectionActa
from selections.queries.actas import ActaEntryRow
from selections.rules.differences import DifferenceCounts
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
    SelectionOutcome.EXCLUDED.value: N_("Left out by the jury"),
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
class ActaEntryView:
    """A line of an acta; `band` is its places that the test does not tell apart, in % of the list for the bar."""

    place: int
    name: str
    rank: str
    percent: str
    csem: str
    outcome: str
    attempts: str
    alike: str
    alike_short: str
    decided: str
    band_from: float
    band_width: float
    likely: str
    """Between which results another set of questions would often put the person."""
    was: str
    """Of an amendment that changed the line: what it said before."""


def line_views(lines: Iterable[ActaEntryRow], people: int) -> list[ActaEntryView]:
    """Return lines of an acta in words."""
    return [_line_view(line, people) for line in lines]


def _line_view(line: ActaEntryRow, people: int) -> ActaEntryView:
    fields = line.fields
    first, last = fields.get("not_told_apart", (0, 0))
    objections, incidents = len(fields.get("objections", ())), len(fields.get("incidents", ()))
    return ActaEntryView(
        place=line.place,
        name=_("Person withdrawn") if line.is_withdrawn else line.name,
        rank=number(fields["rank"]) if "rank" in fields else "–",
        percent=shown_percent(fields),
        csem=number(float(fields["csem"]), 1) if "csem" in fields else "–",
        outcome=outcome_words(fields),
        attempts=", ".join(number(attempt) for attempt in fields.get("attempts", ())) or "–",
        alike=_("places %(first)s to %(last)s", first=number(first), last=number(last)) if last > first else "–",
        alike_short=f"{number(first)}–{number(last)}" if last > first else "–",
        decided=", ".join(
            [
                *([_("objections: %(count)s", count=number(objections))] if objections else []),
                *([_("incidents: %(count)s", count=number(incidents))] if incidents else []),
            ]
        ),
        band_from=round(100 * (first - 1) / people, 2) if first else 0,
        band_width=round(100 * (last - first + 1) / people, 2) if first else 0,
        likely=_likely(fields),
        was=_was(fields["was"]) if "was" in fields else "",
    )


def _likely(fields: Mapping[str, Any]) -> str:
    if "csem" not in fields:
        return ""
    result, error = float(fields["shown"]), float(fields["csem"])
    low, high = (percent(max(0.0, min(100.0, bound)), 1) for bound in (result - error, result + error))
    return _("%(low)s and %(high)s", low=low, high=high)


def _was(before: Mapping[str, Any]) -> str:
    """Return what a line said in the acta before, of what differs alone."""
    if not before:
        return _("was not in the acta")
    parts = [
        *([_("result %(result)s", result=shown_percent(before))] if "percent" in before else []),
        *([outcome_words(before)] if "outcome" in before else []),
        *([_("rank %(rank)s", rank=number(before["rank"]))] if before.get("rank") else []),
        *([_("other decisions on objections")] if "objections" in before else []),
        *([_("other decisions on incidents")] if "incidents" in before else []),
    ]
    return ", ".join(parts) or _("without a result")


def outcome_words(fields: Mapping[str, Any]) -> str:
    """Return the outcome of a line in words."""
    label = OUTCOMES[fields["outcome"]]
    return _(label)


def shown_percent(fields: Mapping[str, Any]) -> str:
    """Return a result with two decimals, as the acta shows it."""
    return percent(float(fields["shown"]), 2) if "shown" in fields else "–"


def head_facts(row: SelectionActa) -> list[tuple[str, str]]:
    """Return what an acta says of itself beside its lines, each with its name."""
    head = json.loads(row.head)
    counted = GRADING[head["grading"]]
    differences = head.get("differences")
    facts = [
        (_("What changes"), difference_words(DifferenceCounts(**differences)) if differences else ""),
        (_("What the results are used for"), choose(head["use"]) if head["use"] else ""),
        (_("Edition or group"), head["whom"]),
        (_("People"), number(head["people"])),
        (_("Pass mark"), "–" if head["pass_mark"] is None else percent(float(_fraction(head["pass_mark"])), 2)),
        (_("What the pass mark goes by"), _pass_mark_basis(head.get("pass_mark_record"))),
        (_("Attempt that counts"), _(counted)),
        (_("Equal results"), _tie_words(head.get("ties", "shared"))),
        (_("Topics and their share of the marks (blueprint)"), "; ".join(_share(line) for line in head.get("blueprint", ()))),
        (_("How the questions were drawn"), _draw_words(head.get("draws", ()))),
    ]
    return [fact for fact in facts if fact[1]]


def _pass_mark_basis(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return ""
    if "norm" in record:
        return _("A norm: %(norm)s", norm=choose(record["norm"]))
    facts = {
        "cut": number(_fraction(record["cut"]), 2),
        "error": number(float(record["standard_error"]), 2),
        "day": record["signed_at"][:10],
    }
    return ngettext(
        "%(count)s judge said question by question how many of 100 people who just know enough would answer it. "
        "That makes %(cut)s, give or take %(error)s; signed on %(day)s",
        "%(count)s judges said question by question how many of 100 people who just know enough would answer it. "
        "That makes %(cut)s, give or take %(error)s; signed on %(day)s",
        record["judges"],
        **facts,
    )


def _tie_words(ties: str | Mapping[str, Any]) -> str:
    if isinstance(ties, str):
        return _("share a rank")
    parts = "; ".join(choose(ties["titles"][key]) for key in ties["objectives"])
    criteria = [_("the higher result in these parts goes ahead, in this order: %(parts)s", parts=parts)] if parts else []
    if ties["draw"]:
        criteria.append(_("then a public draw with the text “%(text)s”", text=ties["draw"]))
    return ", ".join(criteria)


def _share(line: Mapping[str, Any]) -> str:
    level, difficulty = LEVELS.get(line["level"], ""), DIFFICULTIES.get(line["difficulty"], "")
    what = " · ".join(part for part in (line["objective"], _(level) if level else "", _(difficulty) if difficulty else "") if part)
    return f"{percent(_fraction(line['weight']), 0)} {what}"


def _draw_words(draws: Sequence[Mapping[str, Any]]) -> str:
    """Return by which table of known facilities how many attempts were drawn; nothing where everybody got the same questions."""
    return "; ".join(
        ngettext(
            "table %(table)s of quiz version %(version)s: %(count)s attempt",
            "table %(table)s of quiz version %(version)s: %(count)s attempts",
            draw["attempts"],
            table=number(draw["draw_table"]),
            version=draw["quiz_version"],
        )
        for draw in draws
        if draw["balance"] is not None
    )


def institution_names(row: SelectionActa) -> Mapping[str, str]:
    """Return the names of the institution as an acta froze them, by language."""
    names: Mapping[str, str] = json.loads(row.head).get("institution", {})
    return names


def precision_facts(row: SelectionActa) -> list[tuple[str, str, str]]:
    """Return how sure the figures of an acta are: the name of each figure, the figure, and what it says; none where nothing is known."""
    head = json.loads(row.head)
    if head["sem"] is None:
        return []
    error, same = number(float(head["sem"]), 1), head["consistency"]
    facts = [
        (
            _("Standard error of measurement"),
            error,
            _(
                "With other questions of the same kind, a result would come out up to %(error)s points higher or lower, "
                "two times out of three; the list shows it for each person.",
                error=error,
            ),
        ),
        (
            _("Reliability (alpha)"),
            number(float(head["reliability"]), 2),
            _(
                "Whether the questions put the same people ahead: 0 would be chance, 1 complete agreement. "
                "For decisions about people at least 0.75 is asked; below 0.65 it is weak."
            ),
        ),
    ]
    if same is not None:
        hundred = number(round(100 * float(same)))
        explanation = _("About %(count)s of 100 people would pass or fail just the same with another set of questions.", count=hundred)
        facts.append((_("Same decision on another set of questions"), percent(100 * float(same), 0), explanation))
    return facts


def caution(row: SelectionActa) -> str:
    """Say that a test alone is too little to decide about people, where so many would get another decision; else ''."""
    same = json.loads(row.head)["consistency"]
    if same is None or float(same) >= FAIR:
        return ""
    return _(
        "With other questions about %(count)s of every 100 people would get another decision. This test alone is too little to decide "
        "about a person, or to put people in order: the rules of the selection should foresee another form of assessment.",
        count=number(100 - round(100 * float(same))),
    )


def difference_words(counts: ActaCorrection | DifferenceCounts) -> str:
    """Return in how many lines of an acta what differs."""
    counted = [
        (counts.results, ngettext("%(count)s result", "%(count)s results", counts.results)),
        (counts.outcomes, ngettext("%(count)s outcome (passed or not)", "%(count)s outcomes (passed or not)", counts.outcomes)),
        (counts.ranks, ngettext("%(count)s rank", "%(count)s ranks", counts.ranks)),
        (counts.others, ngettext("%(count)s other change", "%(count)s other changes", counts.others)),
    ]
    return ", ".join(text for count, text in counted if count)


GRADING: Mapping[str, str] = {
    "highest": N_("The best one"),
    "average": N_("The average of all"),
    "first": N_("The first one"),
    "last": N_("The last one"),
}


def _fraction(text: str) -> float:
    above, _slash, below = text.partition("/")
    return int(above) / int(below or 1)
