"""Many learners at once for tests: copies of one learner's rows, written in bulk."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from accounts.models import Person
from enrolments.models import ActivityResult, Enrolment
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent

AT_ONCE = 500


def multiply(instance: Instance, learner: Actor, times: int, *, first: int = 0) -> None:
    """Add so many people who have done exactly what a learner has done: enrolled, answered, been marked.

    Their addresses are numbered from `first`.
    """
    for start in range(first, first + times, AT_ONCE):
        with instance.database.unit_of_work() as session:
            _copies(session, learner, range(start, min(start + AT_ONCE, first + times)))
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))  # what a server does by itself after a while


def _copies(session: Session, learner: Actor, places: range) -> None:
    people = _copy(session, Person.__table__, Person.id == learner.person_id, places, {})  # type: ignore[arg-type]  # a table
    owned = {"person_id": people}
    enrolled = _copy(session, Enrolment.__table__, Enrolment.person_id == learner.person_id, places, owned)  # type: ignore[arg-type]  # tables of models
    mine = select(Enrolment.id).where(Enrolment.person_id == learner.person_id)
    _copy(session, ActivityResult.__table__, ActivityResult.enrolment_id.in_(mine), places, {"enrolment_id": enrolled})  # type: ignore[arg-type]  # tables of models
    attempts = _copy(session, Attempt.__table__, Attempt.person_id == learner.person_id, places, {**owned, "enrolment_id": enrolled})  # type: ignore[arg-type]  # tables of models
    taken = select(Attempt.id).where(Attempt.person_id == learner.person_id)
    items = _copy(session, AttemptItem.__table__, AttemptItem.attempt_id.in_(taken), places, {"attempt_id": attempts})  # type: ignore[arg-type]  # tables of models
    asked = select(AttemptItem.id).where(AttemptItem.attempt_id.in_(taken))
    for table in (AnswerEvent, MarkEvent):
        _copy(session, table.__table__, table.item_id.in_(asked), places, {"item_id": items})  # type: ignore[arg-type, attr-defined]  # tables of models


def _copy(
    session: Session, table: Table, chosen: Any, places: range, owners: dict[str, dict[tuple[int, int], int]]
) -> dict[tuple[int, int], int]:
    """Copy the chosen rows once for each place; return the new numbers by place and old number."""
    rows = [dict(row._mapping) for row in session.execute(select(table).where(chosen).order_by(table.c.id))]
    number = session.scalar(select(func.max(table.c.id))) or 0
    numbers, copies = dict[tuple[int, int], int](), []
    for place in places:
        for row in rows:
            number += 1
            numbers[place, row["id"]] = number
            moved = {name: ids[place, row[name]] for name, ids in owners.items() if row.get(name) is not None}
            fresh = {"uuid": uuid.uuid4()} if "uuid" in row else {}
            mail = {"email": f"copia{place}@example.org"} if "email" in row else {}
            copies.append({**row, **moved, **fresh, **mail, "id": number})
    if copies:
        session.execute(insert(table), copies)
        if session.get_bind().dialect.name == "postgresql":  # its counters know nothing of numbers that are given
            session.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), number)))
    return numbers
