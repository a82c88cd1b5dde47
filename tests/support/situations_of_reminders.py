"""Situations of reminders: a free day to delete, a move of a unit that waits, people to remind now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from compliance import planned_changes
from compliance.free_days import FreeDayValues
from compliance.models import FreeDay
from kernel import clock
from kernel.i18n import local
from kernel.permissions import Actor
from organisations.units import UnitMove
from tests.support.builders import a_person
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.situations import Room, Scene, Stage

FREE_DAYS = "/administration/free-days"


def a_free_day(stage: Stage) -> Scene:
    """A day of the year is free."""
    number = stage.number()
    with stage.instance.database.unit_of_work() as session:
        day = local(clock.now()).date() + timedelta(days=1 + number % 360)
        session.add(FreeDay(day=day, name=f"Feriado {number}", added_at=clock.now()))
    return Scene(stage.boss, f"{FREE_DAYS}?year={day.year}")


def a_change_of_free_days(stage: Stage) -> Scene:
    """Somebody else wants a day before today to have been free."""
    author, before = stage.once("author of free days", stage.person).id, local(clock.now()).date() - timedelta(days=1)
    values = FreeDayValues(before, f"Feriado {stage.number()}")
    with stage.instance.database.unit_of_work() as session:
        change = planned_changes.plan_free_days(session, Actor(person_id=author), [values], [], "Se olvidó.", now=clock.now())
        people = str(change.total)
    return Scene(stage.boss, f"{FREE_DAYS}/changes/{change.uuid}", {"number": people})


def a_move_of_a_unit(stage: Stage) -> Scene:
    """Somebody else wants a unit to have stood elsewhere from yesterday on."""
    author, before = stage.once("author of free days", stage.person).id, local(clock.now()).date() - timedelta(days=1)
    root = stage.once("institution of moves", lambda: a_place(stage.instance, f"Instituto {stage.number()}"))
    parent = a_place(stage.instance, f"Zonal {stage.number()}", root)
    unit = a_place(stage.instance, f"Agencia {stage.number()}", root)
    with stage.instance.database.unit_of_work() as session:
        move = UnitMove(unit.id, parent.id, before, "Se olvidó.")
        change = planned_changes.plan_move(session, Actor(person_id=author), move, clock.now())
    return Scene(stage.boss, f"/administration/unit-moves/{change}", {"number": "0"})


def people_to_remind(stage: Stage) -> Scene:
    """Somebody has a course to complete, and had no reminder yet."""
    root = stage.once("institution of reminders", lambda: a_place(stage.instance, f"Instituto {stage.number()}"))
    for _author in range(2):
        stage.person()
    number, today = stage.number(), local(clock.now()).date()
    audience = an_audience_of(stage.instance, root, f"recordados-{number}")
    terms = replace(rules_of(stage.course), starts=today, deadline=today + timedelta(days=60), effective_on=today)
    obligation = an_obligation(stage.instance, audience, terms, key=f"recordada-{number}")
    person = a_person(stage.instance, f"recordada.{number}@example.org")
    let_stay(stage.instance, audience, person, today)
    compute(stage.instance, obligation, [person.id], now=clock.now())
    return Scene(stage.boss, f"/training/reminders?obligation={obligation.uuid}&state=", {"words": "Nos vemos el viernes."})


REMINDERS: Room = {
    "compliance_free_days.apply": a_change_of_free_days,
    "compliance_free_days.delete": a_free_day,
    "compliance_free_days.discard": a_change_of_free_days,
    "compliance_reminders.remind": people_to_remind,
    "compliance_unit_moves.apply": a_move_of_a_unit,
    "compliance_unit_moves.discard": a_move_of_a_unit,
}
