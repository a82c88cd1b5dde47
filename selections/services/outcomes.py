"""The seam between actas and what juries decide beside them: objections (spec/selection 5) and incidents (6.11).

An acta asks `outcomes_of`, and nothing else, when it is frozen and when it is signed. Objections and incidents answer there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from selections.models import IncidentOutcome, Selection
from selections.services import incidents as incident_services


@dataclass(frozen=True, slots=True)
class DecidedOutcomes:
    """The decided objections and incidents of a person, as an acta freezes them: words of closed sets, never free text."""

    objections: tuple[str, ...] = ()
    """SelectionOutcome of each objection to the person's attempts, in order: `uphold`, `rescore`, `full_credit`, `void`, `removed`."""
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
    incidents = incident_services.decided_by_person(session, selection)
    return JuryOutcomes(by_person={person: DecidedOutcomes(incidents=flags) for person, flags in incidents.items()})
