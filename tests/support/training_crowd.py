"""An institution with many units, people and obligations, written in bulk: what the report of compulsory training is measured with."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from accounts.models import Person
from accounts.rules import name_key
from compliance.models import Assignment, AssignmentState, Obligation, ObligationVersion
from compliance.rules.documents import terms_document
from compliance.rules.terms import CourseRequirement
from kernel.db import Database
from lms.instance import Instance
from organisations.models import Audience, Membership, Organisation
from organisations.tree import add_standing
from tests.support.obligations import BEGINNING, JOINED
from tests.support.training_cases import COURSE, A

PROVINCES = 24
AT_ONCE = 5_000
CYCLE: Sequence[str] = ("done", "done", "done", "not_started", "in_progress", "overdue", "expired", "renewal_due", "waived", "not_required")
"""The states that people are in, one after the other; each obligation begins further on."""
CHANGED = datetime.fromisoformat("2026-06-01T08:00-05:00")


def a_training_crowd(instance: Instance, *, people: int, units: int, obligations: int, email: str = "persona") -> UUID:
    """Fill an institution; return what addresses name it."""
    root, places = _tree(instance, units, email)
    first = add_people(instance, places, people, email)
    numbers = obligations_of(instance.database, root, obligations, COURSE)
    with instance.database.unit_of_work() as session:
        for number in numbers:
            for portion in portions_of(_assignments(number, first, people)):
                session.execute(insert(Assignment), portion)
        mine = Assignment.obligation_id.in_(numbers)
        rows = session.execute(select(Assignment.id, Assignment.state).where(mine).order_by(Assignment.id)).all()
        for portion in portions_of(_histories(rows)):
            session.execute(insert(AssignmentState), portion)
    with instance.database.unit_of_work() as session:
        session.connection().exec_driver_sql("ANALYZE")
        return session.get_one(Organisation, root).uuid


def portions_of(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    portion: list[dict[str, Any]] = []
    for row in rows:
        portion.append(row)
        if len(portion) == AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


def _tree(instance: Instance, units: int, name: str) -> tuple[int, list[int]]:
    def place(name: str, kind: str, parent: int | None) -> int:
        row = Organisation(parent_id=parent, kind=kind, name=name, name_key=name.lower(), code=None, created_at=BEGINNING)
        session.add(row)
        session.flush()
        add_standing(session, row.id, parent, now=BEGINNING)
        return row.id

    with instance.database.unit_of_work() as session:
        root = place(f"Instituto {name}", "institution", None)
        provinces = [place(f"Provincia {number}", "province", root) for number in range(min(PROVINCES, units))]
        return root, [place(f"Unidad {number}", "unit", provinces[number % len(provinces)]) for number in range(units)]


def add_people(instance: Instance, places: Sequence[int], people: int, email: str) -> int:
    """Let people belong to some places in turn; return the number of the first."""
    with instance.database.unit_of_work() as session:
        before = session.scalars(select(Person.id).order_by(Person.id.desc()).limit(1)).first() or 0
        for portion in portions_of(_person(number, email) for number in range(people)):
            session.execute(insert(Person), portion)
        first = before + 1
        rows = (
            {"person_id": first + number, "organisation_id": places[number % len(places)], "since": BEGINNING, "recorded_at": BEGINNING}
            | {"since_on": date(2020, 1, 1), "is_main": True}
            for number in range(people)
        )
        for portion in portions_of(rows):
            session.execute(insert(Membership), portion)
        return first


def _person(number: int, email: str) -> dict[str, Any]:
    names = (f"N{number:05}", f"Apellido{number * 7919 % 1013}", "Segundo")
    return {
        "email": f"{email}{number}@example.org",
        "password_hash": "x",
        "given_names": names[0],
        "first_surname": names[1],
        "second_surname": names[2],
        "name_key": name_key(*names),
        "language": "es",
        "zone": "America/Guayaquil",
        "created_at": BEGINNING,
    }


def obligations_of(database: Database, root: int, count: int, course: str) -> list[int]:
    """Put obligations of an institution in force that require a course; return their numbers."""
    found = []
    terms = json.dumps(terms_document(replace(A, requirement=CourseRequirement(course))))
    with database.unit_of_work() as session:
        for number in range(count):
            audience = Audience(institution_id=root, key=f"publico-{root}-{number}", title={"es": "Todos"}, created_at=BEGINNING)
            session.add(audience)
            session.flush()
            row = Obligation(
                key=f"norma-{root}-{number}", institution_id=root, audience_id=audience.id, state="active", created_at=BEGINNING
            )
            row.activated_at = BEGINNING
            session.add(row)
            session.flush()
            title = {"es": f"Norma {number}", "en": f"Rule {number}"}
            version = ObligationVersion(obligation_id=row.id, number=1, title=title, terms=terms, steps=("30",))
            version.effective_on, version.recorded_at = A.starts, BEGINNING
            session.add(version)
            found.append(row.id)
    return found


def _assignments(obligation: int, first: int, people: int) -> Iterator[dict[str, Any]]:
    for number in range(people):
        state = CYCLE[(number + obligation) % len(CYCLE)]
        is_done = state in ("done", "renewal_due", "expired")
        yield {
            "obligation_id": obligation,
            "person_id": first + number,
            "opened_on": JOINED,
            "state": state,
            "last_on": date(2026, 12, 15) if state in ("not_started", "in_progress") else None,
            "due_on": None if state == "not_required" else date(2026, 12, 15),
            "done_on": JOINED + timedelta(days=number % 150) if is_done else None,
            "zone": "America/Guayaquil",
            "computed_at": CHANGED,
            "next_change_at": datetime.fromisoformat("2026-12-16T00:00-05:00") if state in ("not_started", "in_progress") else None,
            "next_state": "overdue" if state in ("not_started", "in_progress") else None,
            "next_flags": "" if state in ("not_started", "in_progress") else None,
        }


def _histories(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for number, state in rows:
        told = {"assignment_id": number, "known_to": None}
        if state == "not_started":
            yield told | {"state": state, "valid_from": BEGINNING, "valid_to": None, "known_from": BEGINNING}
            continue
        yield told | {"state": "not_started", "valid_from": BEGINNING, "valid_to": None, "known_from": BEGINNING, "known_to": CHANGED}
        yield told | {"state": "not_started", "valid_from": BEGINNING, "valid_to": CHANGED, "known_from": CHANGED}
        yield told | {"state": state, "valid_from": CHANGED, "valid_to": None, "known_from": CHANGED}
