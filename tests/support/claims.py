"""Waivers and recognitions for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from accounts.models import Person
from compliance import claims
from compliance.claims import RecognitionValues, WaiverValues, propose_recognition, propose_waiver
from compliance.models import Recognition, Waiver
from compliance.rules.claims import WaiverKind
from courses.models import Course
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance

FIRST, LAST = date(2026, 11, 1), date(2027, 1, 31)


def waiver_of(**changed: Any) -> WaiverValues:
    """Return what somebody asks for: excused for commission over the end of the year, with a document's number."""
    return WaiverValues(**{"kind": WaiverKind.COMMISSION, "first_on": FIRST, "last_on": LAST, "document": "IESS-DNTH-2026-0417", **changed})


def ask_waiver(instance: Instance, person: Person, by: Person | None = None, now: datetime | None = None, **changed: Any) -> Waiver:
    """Let somebody ask for a waiver of a person, who asks themself unless another is named."""
    with instance.database.unit_of_work() as session:
        actor = Actor(person_id=(by or person).id)
        return propose_waiver(session, actor, person.id, waiver_of(**changed), now=now or clock.now())


def ask_recognition(
    instance: Instance, person: Person, course: Course, by: Person | None = None, now: datetime | None = None, **changed: Any
) -> Recognition:
    """Let somebody ask that learning of a person count as a course."""
    values = {"course_id": course.id, "achieved_on": date(2025, 11, 20), "issuer": "SECAP", "document": "SECAP-1", **changed}
    with instance.database.unit_of_work() as session:
        actor = Actor(person_id=(by or person).id)
        return propose_recognition(session, actor, person.id, RecognitionValues(**values), now=now or clock.now())


def act_on(
    instance: Instance, act: Callable[..., bool], row: Waiver | Recognition, by: Person, now: datetime | None = None, **options: Any
) -> bool:
    """Let somebody decide on a waiver or recognition, revoke or withdraw it; return whether anything changed."""
    with instance.database.unit_of_work() as session:
        words = () if act is claims.withdraw else (options.pop("words", "Conforme."),)
        return act(session, Actor(person_id=by.id), row, *words, **options, now=now or clock.now())


def again(instance: Instance, row: Any) -> Any:
    """Return a row as it is now."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(type(row)).where(type(row).id == row.id)).one()
