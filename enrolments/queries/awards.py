"""Awards for completed courses, as the package that makes them reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class LatestCertificate:
    """The latest award for a completed course: its number, its code as it is printed, and whether it is in force."""

    uuid: UUID
    code: str
    in_force: bool


AwardsOf = Callable[[Session, Sequence[int]], Mapping[int, LatestCertificate]]
"""How whoever awards something for a completed course tells what was awarded last, by enrolment."""


def find_award(session: Session, enrolment_id: int) -> LatestCertificate | None:
    """Return what was awarded last for an enrolment, also where it does not hold any more."""
    return _last_awards(session, [enrolment_id]).get(enrolment_id)


def list_awards(session: Session, enrolment_ids: Sequence[int]) -> Mapping[int, LatestCertificate]:
    """Return what was awarded for these enrolments and is in force, by enrolment."""
    return {enrolment_id: award for enrolment_id, award in _last_awards(session, enrolment_ids).items() if award.in_force}


def _last_awards(session: Session, enrolment_ids: Sequence[int]) -> Mapping[int, LatestCertificate]:
    """Return the last awards, by the application's `awards`."""
    awards = cast("AwardsOf | None", session.info.get("awards"))
    return awards(session, enrolment_ids) if awards is not None and enrolment_ids else {}
