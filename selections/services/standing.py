"""The results of a selection as they are now, and as an acta has them: what freezing and comparing both read (spec/selection 4.2, 4.10)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrolments.rules import GradingMethod
from selections.models import ActaKind, Selection, SelectionActa, SelectionActaEntry
from selections.queries.results import list_participants
from selections.rules.differences import frozen_figures, line_figures
from selections.rules.ranking import Precision, RankedPerson, SelectionRules, rank_people
from selections.services.acta_rules import SHARED, pass_mark_of
from selections.services.outcomes import DecidedOutcomes, outcomes_of
from selections.services.ties import break_ties


@dataclass(frozen=True, slots=True)
class SelectionStanding:
    """The people of a selection in their places, and what was decided about each, by the number of the take."""

    ranked: list[RankedPerson]
    decided: Mapping[int, dict[str, Any]]

    @property
    def figures(self) -> dict[int, dict[str, Any]]:
        """Return the figures that are compared with those of an acta."""
        return {ranked.person.enrolment_id: line_figures(ranked, self.decided[ranked.person.enrolment_id]) for ranked in self.ranked}


def find_amended(session: Session, acta: SelectionActa) -> SelectionActa | None:
    """Return the acta that an amendment is of; None for other kinds, which take the people and the rules as they are."""
    if acta.kind != ActaKind.AMENDMENT.value:
        return None
    before = (SelectionActa.selection_id == acta.selection_id, SelectionActa.sha256 == acta.previous)
    return session.scalars(select(SelectionActa).where(*before).order_by(SelectionActa.id).limit(1)).one()


def read_standing(
    session: Session, selection: Selection, facts: Mapping[str, Any], amended: SelectionActa | None, precision: Precision | None = None
) -> SelectionStanding:
    """Put the people of a selection into their places by the rules that an acta states; ties by its criteria."""
    rules = SelectionRules(GradingMethod(facts["grading"]), pass_mark_of(facts), facts["attempts_allowed"])
    outcomes = outcomes_of(session, selection)
    people = list_participants(session, selection, None if amended is None else amended.id)
    people = [replace(person, is_excluded=outcomes.excludes(person.id)) for person in people]
    ties = None if facts["ties"] == SHARED else partial(break_ties, session, selection, facts)
    ranked = rank_people(people, rules, precision, ties)
    return SelectionStanding(ranked, {line.person.enrolment_id: _decided(outcomes.by_person.get(line.person.id)) for line in ranked})


def _decided(outcomes: DecidedOutcomes | None) -> dict[str, Any]:
    return {"objections": list(outcomes.objections) if outcomes else [], "incidents": list(outcomes.incidents) if outcomes else []}


def frozen_lines(session: Session, acta_id: int) -> dict[int, dict[str, Any]]:
    """Return the lines of an acta by the number of the take, in their order."""
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.text).where(SelectionActaEntry.acta_id == acta_id)
    return {take or 0: json.loads(text) for take, text in session.execute(statement.order_by(SelectionActaEntry.place))}


def former_figures(lines: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the figures of lines that are compared."""
    return {take: frozen_figures(fields) for take, fields in lines.items()}
