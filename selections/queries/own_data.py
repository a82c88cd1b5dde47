"""Rows of selections for the copy of one's own data (spec/security 7.3)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, case, select

from courses.models import Course
from quizzes.models import AttemptItem
from selections.models import ActaState, Selection, SelectionActa, SelectionActaEntry, SelectionIncident, SelectionMember
from selections.objection_models import Objection, ObjectionGroup, ObjectionProposal
from selections.queries.objections import IS_DECISION


def statements(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return what selects a person's own lines of actas in force, and what they are and were named for."""
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
        "selections_named_for": select(
            *(Course.slug.label("course"), Selection.activity_key.label("activity"), SelectionMember.role),
            *(SelectionMember.named_at, SelectionMember.ended_at),
        )
        .join(Selection, Selection.id == SelectionMember.selection_id)
        .join(Course, Course.id == Selection.course_id)
        .where(SelectionMember.person_id == person_id),
    }
