"""The results of a selection as they are now, and as an acta has them: what freezing and comparing both read (spec/selection 4.2, 4.10)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import Edition, LearnerGroup
from enrolments.rules import GradingMethod
from quizzes.queries.attempts import find_published_snapshot
from quizzes.rules.encoding import encode
from selections.models import ActaKind, Selection, SelectionActa, SelectionActaEntry
from selections.queries.results import list_participants
from selections.rules.differences import frozen_figures, line_figures
from selections.rules.ranking import Precision, RankedPerson, SelectionRules, rank_people
from selections.services.outcomes import DecidedOutcomes, outcomes_of

_RULES = (
    *("course", "quiz", "quiz_version", "use", "whom", "attempts_allowed", "grading", "pass_mark", "pass_mark_record"),
    *("draw_table", "ties"),
)
"""What an acta says of the rules of its results; an amendment has those of the acta that it amends, whatever was published since."""


@dataclass(frozen=True, slots=True)
class SelectionStanding:
    """The people of a selection in their places, and what was decided about each, by the number of the take."""

    ranked: list[RankedPerson]
    decided: Mapping[int, dict[str, Any]]

    @property
    def figures(self) -> dict[int, dict[str, Any]]:
        """Return the figures that are compared with those of an acta."""
        return {one.person.enrolment_id: line_figures(one, self.decided[one.person.enrolment_id]) for one in self.ranked}


def find_amended(session: Session, acta: SelectionActa) -> SelectionActa | None:
    """Return the acta that an amendment is of; None for other kinds, which take the people and the rules as they are."""
    if acta.kind != ActaKind.AMENDMENT.value:
        return None
    before = (SelectionActa.selection_id == acta.selection_id, SelectionActa.sha256 == acta.previous)
    return session.scalars(select(SelectionActa).where(*before).order_by(SelectionActa.id).limit(1)).one()


def read_standing(
    session: Session, selection: Selection, facts: Mapping[str, Any], amended: SelectionActa | None, precision: Precision | None = None
) -> SelectionStanding:
    """Put the people of a selection into their places by the rules that an acta states."""
    mark = facts["pass_mark"]
    rules = SelectionRules(GradingMethod(facts["grading"]), None if mark is None else Fraction(mark), facts["attempts_allowed"])
    outcomes = outcomes_of(session, selection)
    people = list_participants(session, selection, None if amended is None else amended.id)
    ranked = rank_people([replace(one, is_excluded=outcomes.excludes(one.id)) for one in people], rules, precision)
    return SelectionStanding(ranked, {one.person.enrolment_id: _decided(outcomes.by_person.get(one.person.id)) for one in ranked})


def _decided(found: DecidedOutcomes | None) -> dict[str, Any]:
    return {"objections": list(found.objections) if found else [], "incidents": list(found.incidents) if found else []}


def chain_facts(session: Session, selection: Selection, amended: SelectionActa | None) -> dict[str, Any]:
    """Return what an acta says of its rules: those of the acta that it amends, else those of the published quiz."""
    if amended is not None:
        head = json.loads(amended.head)
        return {name: head[name] for name in _RULES if name in head}
    course = session.get_one(Course, selection.course_id)
    snapshot = find_published_snapshot(session, course, selection.activity_key)
    if snapshot is None:
        raise LookupError(f"selection {selection.id}: its quiz is not in the published version")
    settings, use = snapshot.settings, snapshot.selection
    return {
        "course": dict(course.title),
        "quiz": selection.activity_key,
        "quiz_version": snapshot.quiz_version_id,
        "use": dict(use.use) if use is not None else {},
        "whom": _whom(session, selection),
        "attempts_allowed": settings.attempts,
        "grading": settings.grading.value,
        "pass_mark": None if settings.pass_mark is None else str(settings.pass_mark),
        "pass_mark_record": None,
        "draw_table": None if snapshot.balance is None else encode(snapshot.balance),
        "ties": "shared",
    }


def _whom(session: Session, selection: Selection) -> str:
    if selection.edition_id:
        return session.get_one(Edition, selection.edition_id).name
    return session.get_one(LearnerGroup, selection.group_id).shown_name


def frozen_lines(session: Session, acta_id: int) -> dict[int, dict[str, Any]]:
    """Return the lines of an acta by the number of the take, in their order."""
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.text).where(SelectionActaEntry.acta_id == acta_id)
    return {take or 0: json.loads(text) for take, text in session.execute(statement.order_by(SelectionActaEntry.place))}


def former_figures(lines: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the figures of lines that are compared."""
    return {take: frozen_figures(fields) for take, fields in lines.items()}
