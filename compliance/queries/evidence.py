"""The room that files take which prove waivers and recognitions, and the number of these that wait (spec/compulsory 4.10)."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from compliance.models import Recognition, Waiver
from compliance.rules.claims import ClaimState
from kernel.files import StoredFile
from organisations.institutions import list_institutions_of
from organisations.models import Membership, Organisation
from organisations.tree import MAIN, below

CLAIMS = (Waiver, Recognition)


def count_bytes_of_proposer(session: Session, person_id: int) -> int:
    """Return how many bytes the files have that a person sent in, for themselves or for others."""
    return sum(_sizes(session, table, table.proposed_by == person_id) for table in CLAIMS)


def count_bytes_of_institution(session: Session, person_id: int) -> int:
    """Return how many bytes the files have that prove something about the people of a person's institutions; 0 where they are in none."""
    roots = list_institutions_of(session, person_id)
    if not roots:
        return 0
    units = below(select(Organisation.id).where(Organisation.id.in_(roots)))
    theirs = select(Membership.person_id).where(MAIN, Membership.organisation_id.in_(units))
    return sum(_sizes(session, table, table.person_id.in_(theirs)) for table in CLAIMS)


def _sizes(session: Session, table: type[Waiver] | type[Recognition], condition: ColumnElement[bool]) -> int:
    statement = select(func.coalesce(func.sum(StoredFile.size), 0)).join(table, table.evidence == StoredFile.sha256).where(condition)
    return int(session.scalar(statement) or 0)


def count_waiting_of_proposer(session: Session, person_id: int) -> int:
    """Return how many waivers and recognitions of one's own that a person asked for wait for a decision."""
    return sum(_waiting(session, person_id))


def _waiting(session: Session, person_id: int) -> Iterator[int]:
    for table in CLAIMS:
        own = (table.proposed_by == person_id, table.person_id == person_id, table.state == ClaimState.PROPOSED.value)
        yield session.scalar(select(func.count()).select_from(table).where(*own)) or 0
