"""Many learners or members at once for tests: copies of one person's rows, written in bulk."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from accounts.models import Person
from communities.models import Community, CommunityMember
from courses.models import Course
from enrolments.models import ActivityResult, EditionPlace, Enrolment
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.saves import SaveRequest
from tests.support.builders import a_course
from tests.support.learning import a_learner, right_batch, start, submit

AT_ONCE = 500
MODELS = 12
"""Attempts that are really made; the others are copies of theirs by other people."""
QUIZ_KEY = "cuestionario-1"
CHUNK = 1000


def multiply(instance: Instance, learner: Actor, times: int, *, first: int = 0) -> None:
    """Add so many people who have done exactly what a learner has done: enrolled, answered, been marked.

    Their addresses are numbered from `first`.
    """
    for at in range(first, first + times, AT_ONCE):
        with instance.database.unit_of_work() as session:
            _copies(session, learner, range(at, min(at + AT_ONCE, first + times)))
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))  # what a server does by itself after a while


def _copies(session: Session, learner: Actor, places: range) -> None:
    people = _copy(session, Person.__table__, Person.id == learner.person_id, places, {})  # type: ignore[arg-type]  # it is a Table
    owned = {"person_id": people}
    enrolled = _copy(session, Enrolment.__table__, Enrolment.person_id == learner.person_id, places, owned)  # type: ignore[arg-type]  # tables of models
    mine = select(Enrolment.id).where(Enrolment.person_id == learner.person_id)
    given = session.execute(select(EditionPlace.enrolment_id, EditionPlace.edition_id).where(EditionPlace.enrolment_id.in_(mine))).all()
    if given:
        copies = [{"enrolment_id": enrolled[place, row.enrolment_id], "edition_id": row.edition_id} for place in places for row in given]
        session.execute(insert(EditionPlace), copies)
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


def a_model_class(instance: Instance) -> Course:
    """Publish a quiz of seven questions that a few people took, some better, some worse."""
    course, now = a_course(instance, modules=1), clock.now() - timedelta(days=1)
    for at in range(MODELS):
        learner = a_learner(instance, course, f"modelo{at}@example.org", now=now)
        attempt = start(instance, learner, "prueba", now=now)
        batch = right_batch(instance, learner, attempt)
        answered = tuple(event for event in batch.events if (event.position * 5 + at * 3) % MODELS >= at // 2)
        submit(instance, learner, attempt, SaveRequest(batch.page_epoch, answered, batch.kind), now=now + timedelta(minutes=at + 1))
    return course


def _rows_of(session: Session, model: type, *conditions: object) -> list[dict[str, object]]:
    """Return rows as values of columns."""
    columns = list(model.__table__.columns)  # type: ignore[attr-defined]  # a mapped class
    found = session.execute(select(*columns).where(*conditions).order_by(columns[0]))  # type: ignore[arg-type]  # conditions
    return [dict(row._mapping) for row in found]


def copy_class(instance: Instance, count: int) -> None:
    """Let so many other people have taken the quiz as those few did."""
    with instance.database.unit_of_work() as session:
        attempts = _rows_of(session, Attempt)
        person = _rows_of(session, Person)[0]
        enrolments = {one["id"]: one for one in _rows_of(session, Enrolment)}
        items = {one["id"]: _rows_of(session, AttemptItem, AttemptItem.attempt_id == one["id"]) for one in attempts}
        wanted = [item["id"] for found in items.values() for item in found]
        marks = {row["item_id"]: row for row in _rows_of(session, MarkEvent, MarkEvent.item_id.in_(wanted))}
        answers = {row["item_id"]: row for row in _rows_of(session, AnswerEvent, AnswerEvent.item_id.in_(wanted))}
        first = {model: (session.scalar(select(func.max(model.id))) or 0) + 1 for model in (Person, Enrolment, Attempt, AttemptItem)}
    for begin in range(0, count, CHUNK):
        with instance.database.unit_of_work() as session:
            people, enrolled, taken, laid, marked, given = [], [], [], [], [], []
            for at in range(begin, min(count, begin + CHUNK)):
                model = attempts[at % MODELS]
                person_id, attempt_id = first[Person] + at, first[Attempt] + at
                people.append(person | {"id": person_id, "uuid": uuid4(), "email": f"copia{at}-{person_id}@example.org"})
                enrolment = enrolments[model["enrolment_id"]] | {"id": first[Enrolment] + at, "uuid": uuid4(), "person_id": person_id}
                enrolled.append(enrolment)
                taken.append(model | {"id": attempt_id, "uuid": uuid4(), "person_id": person_id, "enrolment_id": enrolment["id"]})
                for place, item in enumerate(items[model["id"]]):
                    item_id = first[AttemptItem] + at * len(items[model["id"]]) + place
                    laid.append(item | {"id": item_id, "attempt_id": attempt_id})
                    marked.append({name: value for name, value in marks[item["id"]].items() if name != "id"} | {"item_id": item_id})
                    if item["id"] in answers:
                        given.append({name: value for name, value in answers[item["id"]].items() if name != "id"} | {"item_id": item_id})
            for table, rows in (
                (Person, people),
                (Enrolment, enrolled),
                (Attempt, taken),
                (AttemptItem, laid),
                (MarkEvent, marked),
                (AnswerEvent, given),
            ):
                session.execute(insert(table), rows)
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))  # a server does so by itself soon after so many rows


def add_members(instance: Instance, community: Community, like: Person, count: int) -> list[int]:
    """Add so many people like somebody, all of them members of a community; return their numbers."""
    numbers = list[int]()
    for begin in range(0, count, AT_ONCE):
        with instance.database.unit_of_work() as session:
            places = range(begin, min(begin + AT_ONCE, count))
            people = _copy(session, Person.__table__, Person.id == like.id, places, {})  # type: ignore[arg-type]  # it is a Table
            member = {"community_id": community.id, "role": "member", "how": "joined", "since": clock.now(), "row_version": 1}
            session.execute(insert(CommunityMember), [{**member, "person_id": number} for number in people.values()])
            numbers += people.values()
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))
    return numbers
