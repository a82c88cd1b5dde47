"""Services for the end of an account: what stays of a deleted one, and what goes to the account that another is merged into."""

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance.models import DoneFact, Recognition, StartedFact, Waiver
from compliance.queries.retention import list_evidence
from compliance.services.evidence import request_removal


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Keep the statuses without a word of why somebody was excused or what they learnt elsewhere (spec/compulsory 12.5)."""
    request_removal(session, list_evidence(session, [person.id]), now=now)
    blank = {"document": "", "evidence": None, "evidence_name": "", "decision": "", "revocation": ""}
    session.execute(update(Waiver).where(Waiver.person_id == person.id).values(words="", **blank))
    session.execute(update(Recognition).where(Recognition.person_id == person.id).values(issuer="", **blank))


def transfer_facts(session: Session, closed: int, remaining: int) -> None:
    """Let what somebody did, began and was granted count for another account; its statuses are computed again from them."""
    for table in (DoneFact, StartedFact):
        session.execute(update(table).where(table.person_id == closed).values(person_id=remaining))
    for claims in (Recognition, Waiver):  # what one of the two accounts decided for the other had no second person: it does not count on
        by_another = or_(claims.decided_by.is_(None), claims.decided_by != remaining)
        session.execute(update(claims).where(claims.person_id == closed, by_another).values(person_id=remaining))
