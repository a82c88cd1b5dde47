"""Rows of selections in the copy of one's own data, and their transfer and erasure with an account (spec/security 7.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Label, Select, case, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts.models import Person
from accounts.people import was_deleted_condition
from courses.models import Course
from kernel.errors import N_
from kernel.personal import RetentionRule
from quizzes.models import AttemptItem
from selections import incidents
from selections.models import (
    ActaState,
    JuryDecision,
    JuryMatter,
    Objection,
    ObjectionAuthor,
    ObjectionGroup,
    ObjectionProposal,
    Selection,
    SelectionActa,
    SelectionActaEntry,
    SelectionIncident,
    SelectionMember,
)
from selections.objections import IS_DECISION


def select_own_data(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return the statements of a person's own lines of actas in force, and of what they are and were named for."""
    acta, line = SelectionActa, SelectionActaEntry
    return {
        "selection_lines": select(acta.code, acta.kind, acta.published_at, line.sealed, line.salt)
        .join(line, line.acta_id == acta.id)
        .where(line.person_id == person_id, acta.state == ActaState.IN_FORCE.value),
        "selection_incidents": select(
            *(SelectionIncident.kind, SelectionIncident.seen, SelectionIncident.question, SelectionIncident.asked_at),
            *(SelectionIncident.answer_by, SelectionIncident.answer, SelectionIncident.answered_at),
            case((SelectionIncident.decided_at.is_not(None), SelectionIncident.outcome), else_="").label("outcome"),
            case((SelectionIncident.decided_at.is_not(None), SelectionIncident.ground), else_="").label("ground"),
            SelectionIncident.decided_at,
        ).where(SelectionIncident.person_id == person_id),
        "objections": select(
            *(Course.slug.label("course"), ObjectionGroup.activity_key.label("activity"), AttemptItem.number.label("question")),
            *(Objection.ground, Objection.reason, Objection.opened_at, Objection.extended_at, Objection.withdrawn_at),
            *(Objection.due_at, Objection.told_at, ObjectionProposal.outcome, ObjectionProposal.ground.label("decision")),
            *(Objection.percent_before, Objection.percent_after),
        )
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .join(Course, Course.id == ObjectionGroup.course_id)
        .join(AttemptItem, AttemptItem.id == Objection.item_id)
        .outerjoin(ObjectionProposal, IS_DECISION & Objection.told_at.is_not(None))
        .where(Objection.person_id == person_id),
        "objections_proposed_on": select(
            *(Course.slug.label("course"), ObjectionProposal.outcome, ObjectionProposal.ground, ObjectionProposal.source),
            *(ObjectionProposal.proposed_at, ObjectionProposal.state, ObjectionProposal.answered_at),
        )
        .join(ObjectionGroup, ObjectionGroup.id == ObjectionProposal.group_id)
        .join(Course, Course.id == ObjectionGroup.course_id)
        .where(ObjectionProposal.proposed_by == person_id),
        "jury_decisions": select(
            *(Course.slug.label("course"), Selection.activity_key.label("activity"), JuryDecision.matter, JuryDecision.reason),
            *(JuryDecision.requested_at, JuryDecision.closed_at, JuryDecision.outcome),
            *(_name(JuryDecision.requested_by, "requested_by"), _name(JuryDecision.agreed_by, "agreed_by")),
            _name(JuryDecision.closed_by, "closed_by"),
        )
        .join(Selection, Selection.id == JuryDecision.selection_id)
        .join(Course, Course.id == Selection.course_id)
        .where(JuryDecision.person_id == person_id),
        "selections_named_for": select(
            *(Course.slug.label("course"), Selection.activity_key.label("activity"), SelectionMember.role),
            *(SelectionMember.named_at, SelectionMember.ended_at),
        )
        .join(Selection, Selection.id == SelectionMember.selection_id)
        .join(Course, Course.id == Selection.course_id)
        .where(SelectionMember.person_id == person_id),
    }


def _name(column: InstrumentedAttribute[Any], label: str) -> Label[str]:
    """Return the name of whom a column of a decision names."""
    person = aliased(Person)
    whole = func.trim(person.given_names + " " + person.first_surname + " " + person.second_surname)
    return select(whole).where(person.id == column).scalar_subquery().label(label)


def transfer_members(session: Session, giver: int, taker: int) -> None:
    """Let what one account is named for be the other's; where both are named for one selection, that of the giver ends with it."""
    both = select(SelectionMember.selection_id).where(SelectionMember.person_id == taker, SelectionMember.ended_at.is_(None))
    given = update(SelectionMember).where(SelectionMember.person_id == giver, SelectionMember.ended_at.is_(None))
    session.execute(given.where(SelectionMember.selection_id.not_in(both)).values(person_id=taker))


def transfer_authorship(session: Session, giver: int, taker: int) -> None:
    """Let what one account wrote of questions be the other's: the person decides on no objection to it."""
    both = select(ObjectionAuthor.group_id).where(ObjectionAuthor.person_id == taker)
    given = update(ObjectionAuthor).where(ObjectionAuthor.person_id == giver, ObjectionAuthor.group_id.not_in(both))
    session.execute(given.values(person_id=taker))


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """End what a person is named for, and empty what they wrote to juries; that they were, and what was decided, stays.

    Their lines stay in actas, and no page shows their name there (spec/selection 4.15).
    """
    session.execute(update(Objection).where(Objection.person_id == person.id).values(reason=""))
    of_person = update(JuryDecision).where(JuryDecision.person_id == person.id)
    session.execute(of_person.where(JuryDecision.closed_at.is_(None)).values(closed_at=now, outcome="declined", act_values="{}"))
    session.execute(of_person.values(reason=""))
    session.execute(
        of_person.where(JuryDecision.matter.in_((JuryMatter.EXCEPTION.value, JuryMatter.ACCOMMODATION.value))).values(act_values="{}")
    )
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


RETENTION_RULE = RetentionRule(
    "keep_withdrawn_lines_days",
    N_("Your lines in signed actas of selections, after your data were deleted: sealed, and shown without your name"),
    forget_lines_before,
)
