"""The fate of a person's part in selections when an account is merged or erased."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import was_deleted_condition
from selections.models import SelectionActaEntry, SelectionMember
from selections.objection_models import Objection, ObjectionAuthor
from selections.services import incidents


def transfer_members(session: Session, giver: int, taker: int) -> None:
    """Let what one account is named for be the other's; where both are named for one selection, that of the giver ends with it."""
    both = select(SelectionMember.selection_id).where(SelectionMember.person_id == taker, SelectionMember.ended_at.is_(None))
    given = update(SelectionMember).where(SelectionMember.person_id == giver, SelectionMember.ended_at.is_(None))
    session.execute(given.where(SelectionMember.selection_id.not_in(both)).values(person_id=taker))


def transfer_lines(session: Session, giver: int, taker: int) -> None:
    """Let the lines that one account has in actas be the other's: the person sees them as their own. What the actas say stays."""
    session.execute(update(SelectionActaEntry).where(SelectionActaEntry.person_id == giver).values(person_id=taker))


def transfer_incidents(session: Session, giver: int, taker: int) -> None:
    """Let what juries asked one account be asked of the other: the person answers as before."""
    incidents.transfer(session, giver, taker)


def transfer_objections(session: Session, giver: int, taker: int) -> None:
    """Let the objections of one account be the other's, and what it wrote of questions: the person decides on neither."""
    session.execute(update(Objection).where(Objection.person_id == giver).values(person_id=taker))
    both = select(ObjectionAuthor.group_id).where(ObjectionAuthor.person_id == taker)
    given = update(ObjectionAuthor).where(ObjectionAuthor.person_id == giver, ObjectionAuthor.group_id.not_in(both))
    session.execute(given.values(person_id=taker))


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """End what a person is named for, and empty what they wrote to juries; that they were, and what was decided, stays.

    Their lines stay in actas, and no page shows their name there (spec/selection 4.15).
    """
    session.execute(update(Objection).where(Objection.person_id == person.id).values(reason=""))
    named = update(SelectionMember).where(SelectionMember.person_id == person.id, SelectionMember.ended_at.is_(None))
    session.execute(named.values(ended_at=now))
    incidents.erase_answers(session, person.id)


def forget_lines_before(session: Session, moment: datetime) -> int:
    """Empty what is sealed, and the salt, of the lines of people whose data were deleted before a moment; return of how many lines.

    The signed text keeps the line without a name: nobody can prove any more whose it was.
    """
    withdrawn = select(Person.id).where(was_deleted_condition(), Person.suspended_at < moment)  # an account is closed as its data go
    due = update(SelectionActaEntry).where(SelectionActaEntry.person_id.in_(withdrawn), SelectionActaEntry.salt != "")
    return len(session.scalars(due.values(sealed="", salt="").returning(SelectionActaEntry.id)).all())
