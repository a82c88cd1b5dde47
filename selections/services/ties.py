"""Ties between people of a selection, broken by what its quiz wrote down: subtotals, then a public draw (spec/selection 4.4)."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from selections.models import ActaKind, ActaState, Selection, SelectionActa, SelectionActaEntry
from selections.queries.actas import read_document
from selections.queries.subtotals import ObjectiveSum, read_subtotals
from selections.rules.lots import draw_seed, lot_of
from selections.rules.ranking import RankedPerson, TieBreak
from selections.services.acta_rules import objectives_of


def with_seed(session: Session, facts: Mapping[str, Any], selection_id: int) -> dict[str, Any]:
    """Return the rules of an acta that follows a provisional one, with the seed of its draw; without a draw as they are."""
    ties = facts["ties"]
    if not isinstance(ties, dict) or not ties["draw"] or ties["seed"]:
        return dict(facts)
    provisional = _find_provisional(session, selection_id)
    if provisional is None:
        return dict(facts)
    return {**facts, "ties": {**ties, "seed": draw_seed(read_document(session, provisional), ties["draw"])}}


def _find_provisional(session: Session, selection_id: int) -> SelectionActa | None:
    first = (SelectionActa.selection_id == selection_id, SelectionActa.kind == ActaKind.PROVISIONAL.value)
    in_force = SelectionActa.state == ActaState.IN_FORCE.value
    return session.scalar(select(SelectionActa).where(*first, in_force).order_by(SelectionActa.number).limit(1))


def break_ties(session: Session, selection: Selection, facts: Mapping[str, Any], tied: Sequence[RankedPerson]) -> dict[int, TieBreak]:
    """Return what orders people of equal result, by the number of the take."""
    objectives, of = facts["ties"]["objectives"], objectives_of(session, facts)
    takes = [person.person.enrolment_id for person in tied]
    sums = read_subtotals(session, selection, takes, of) if objectives else {}
    lots = _lots(session, selection.id, facts["ties"]["seed"], tied)
    return {
        person.person.enrolment_id: TieBreak(
            tuple(_subtotal(person, key, sums) for key in objectives), lots.get(person.person.enrolment_id, "")
        )
        for person in tied
    }


def _subtotal(ranked: RankedPerson, objective: str, sums: Mapping[tuple[int, int], Mapping[str, ObjectiveSum]]) -> Fraction | None:
    """Return the result of a person in an objective, in percent: of several attempts that count the mean."""
    totals = [sums.get((ranked.person.enrolment_id, number), {}).get(objective) for number in ranked.counted]
    percents = [100 * total.marks / total.maximum for total in totals if total is not None and total.maximum]
    return sum(percents, Fraction(0)) / len(percents) if percents else None


def _lots(session: Session, selection_id: int, seed: str, tied: Sequence[RankedPerson]) -> dict[int, str]:
    """Return the lot of each person by the name of their line in the provisional acta; who was not in it is named by their order."""
    provisional = _find_provisional(session, selection_id) if seed else None
    if provisional is None:
        return {}
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.text).where(SelectionActaEntry.acta_id == provisional.id)
    names = {take or 0: str(json.loads(text)["person"]) for take, text in session.execute(statement)}
    late = sorted((ranked.person.order, ranked.person.enrolment_id) for ranked in tied if ranked.person.enrolment_id not in names)
    names |= {take: f"n{at}" for at, (_order, take) in enumerate(late, 1)}
    return {ranked.person.enrolment_id: lot_of(seed, names[ranked.person.enrolment_id]) for ranked in tied}
