"""The seam between actas and what juries decide beside them: objections (spec/selection 5) and incidents (6.11).

An acta asks `outcomes_of`, and nothing else, when it is frozen and when it is signed. Objections and incidents answer there.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from selections.models import IncidentOutcome, Selection
from selections.objection_models import Objection, ObjectionGroup, ObjectionProposal
from selections.queries.objections import IS_DECISION
from selections.rules.objections import ObjectionState
from selections.services import incidents as incident_services


@dataclass(frozen=True, slots=True)
class DecidedOutcomes:
    """The decided objections and incidents of a person, as an acta freezes them: words of closed sets, never free text."""

    objections: tuple[str, ...] = ()
    """ObjectionOutcome of each objection to the person's attempts, in order: `uphold`, `rescore`, `full_credit`, `void`, `removed`."""
    incidents: tuple[str, ...] = ()
    """Flags that the jury decided: `repeat`, `excluded`."""


@dataclass(frozen=True, slots=True)
class JuryOutcomes:
    """All that a jury decided about the people of a selection, and how much it has still to decide."""

    open_objections: int = 0
    by_person: Mapping[int, DecidedOutcomes] = field(default_factory=dict)

    def excludes(self, person_id: int) -> bool:
        """Return whether the jury left a person out of the ranking."""
        return IncidentOutcome.EXCLUDED.value in self.by_person.get(person_id, DecidedOutcomes()).incidents


def outcomes_of(session: Session, selection: Selection) -> JuryOutcomes:
    """Return what was decided about the people of a selection, by number of person; a final acta needs no open objection."""
    waiting, objections = _objections(session, selection)
    incidents = incident_services.decided_by_person(session, selection)
    people = objections.keys() | incidents.keys()
    decided = {person: DecidedOutcomes(tuple(objections.get(person, ())), incidents.get(person, ())) for person in people}
    return JuryOutcomes(waiting, decided)


def _objections(session: Session, selection: Selection) -> tuple[int, dict[int, list[str]]]:
    """Count the objections that nobody decided on, and list the outcomes of the others by person."""
    statement = (
        select(Objection.person_id, ObjectionGroup.state, ObjectionProposal.outcome)
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .where(Objection.selection_id == selection.id, Objection.withdrawn_at.is_(None))
        .order_by(Objection.id)
    )
    waiting, outcomes = 0, defaultdict[int, list[str]](list)
    for person_id, state, outcome in session.execute(statement):
        if ObjectionState(state).is_undecided:
            waiting += 1
        elif outcome is not None:
            outcomes[person_id].append(outcome)
    return waiting, outcomes
