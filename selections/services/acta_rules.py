"""The rules of results as an acta freezes them: draw tables, blueprint, record of the pass mark, ties (spec/selection 4.2, 4.4)."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from courses.models import Course
from enrolments.models import Edition, LearnerGroup
from questions.rules.encoding import encode
from quizzes.draws import balance_by
from quizzes.pass_marks import get_published_pass_mark
from quizzes.rules.result_use import TieRules
from quizzes.snapshots import QuizSnapshot, find_published_snapshot, get_snapshot
from selections.models import Selection, SelectionActa
from selections.queries.subtotals import DrawnAttempts, list_draws

_RULES = (
    *("course", "quiz", "quiz_version", "use", "whom", "attempts_allowed", "grading", "pass_mark", "pass_mark_record"),
    *("draw_table", "draws", "blueprint", "ties"),
)
"""What an acta says of the rules of its results; an amendment has those of the acta that it amends, whatever was published since."""
SHARED = "shared"
"""Equal results share a rank."""


def chain_facts(session: Session, selection: Selection, amended: SelectionActa | None) -> dict[str, Any]:
    """Return what an acta says of its rules: those of the acta that it amends, else those of the published quiz."""
    if amended is not None:
        head = json.loads(amended.head)
        return {name: head[name] for name in _RULES if name in head}
    course = session.get_one(Course, selection.course_id)
    snapshot = find_published_snapshot(session, course, selection.activity_key)
    if snapshot is None:
        raise LookupError(f"selection {selection.id}: its quiz is not in the published version")
    settings, use, draws = snapshot.settings, snapshot.selection, list_draws(session, selection)
    return {
        "course": dict(course.title),
        "quiz": selection.activity_key,
        "quiz_version": snapshot.quiz_version_id,
        "use": dict(use.use) if use is not None else {},
        "whom": _whom(session, selection),
        "attempts_allowed": settings.attempts,
        "grading": settings.grading.value,
        "pass_mark": None if settings.pass_mark is None else str(settings.pass_mark),
        "pass_mark_record": _pass_mark_record(session, snapshot.quiz_version_id),
        "draws": [_draw(session, drawn) for drawn in draws],
        "blueprint": [encode(line) for line in use.blueprint] if use is not None else [],
        "ties": _ties(session, snapshot, draws),
    }


def _whom(session: Session, selection: Selection) -> str:
    if selection.edition_id:
        return session.get_one(Edition, selection.edition_id).name
    return session.get_one(LearnerGroup, selection.group_id).shown_name


def _pass_mark_record(session: Session, quiz_version_id: int) -> dict[str, Any] | None:
    """Return what the pass mark goes by: a norm as it is cited, or what judges recorded; nobody is named (spec/selection 3.10)."""
    pass_mark = get_published_pass_mark(session, quiz_version_id)
    if pass_mark.record is None:
        return {"norm": dict(pass_mark.norm)} if pass_mark.norm else None
    record = pass_mark.record
    return {
        "record": str(record.uuid),
        "judges": len(record.judges),
        "questions": len(record.questions),
        "cut": str(record.cut.cut),
        "standard_error": f"{record.cut.error:.6f}",
        "pass_mark": str(record.pass_mark),
        "reason": record.reason,
        "signed_at": f"{record.signed_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _draw(session: Session, drawn: DrawnAttempts) -> dict[str, Any]:
    """Return by which draw table of which quiz version so many attempts were drawn; the facilities where the draw was balanced."""
    balance = balance_by(session, drawn.quiz_version_id, get_snapshot(session, drawn.quiz_version_id).balance, drawn.draw_table)
    return {
        "quiz_version": drawn.quiz_version_id,
        "draw_table": drawn.draw_table,
        "attempts": drawn.attempts,
        "balance": None if balance is None else encode(balance.balance),
        "facilities": None if balance is None else dict(balance.facilities),
    }


def _ties(session: Session, snapshot: QuizSnapshot, draws: Sequence[DrawnAttempts]) -> str | dict[str, Any]:
    """Return the criteria for equal results; shared ranks where an attempt began before they were written (spec/selection 4.4)."""
    rules = _rules_of(snapshot)
    begun = {drawn.quiz_version_id for drawn in draws}
    if rules is None or any(_criteria(_rules_of(get_snapshot(session, version))) != _criteria(rules) for version in begun):
        return SHARED
    titles = {key: dict(rules.titles[key]) for key in rules.objectives}
    return {"objectives": list(rules.objectives), "titles": titles, "draw": rules.draw, "seed": ""}


def _rules_of(snapshot: QuizSnapshot) -> TieRules | None:
    return snapshot.selection.ties if snapshot.selection is not None else None


def _criteria(rules: TieRules | None) -> tuple[tuple[str, ...], str] | None:
    return None if rules is None else (rules.objectives, rules.draw)


def objectives_of(session: Session, facts: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the objective of each question that a criterion is about, by its key."""
    rules = _rules_of(get_snapshot(session, facts["quiz_version"]))
    return {} if rules is None else rules.of


def pass_mark_of(facts: Mapping[str, Any]) -> Fraction | None:
    """Return the pass mark that an acta states."""
    return None if facts["pass_mark"] is None else Fraction(facts["pass_mark"])
