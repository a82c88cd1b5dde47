"""Situations of reminders: a free day to delete, people to remind now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from compliance.models import FreeDay
from kernel import clock
from tests.support.builders import a_person
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.situations import Room, Scene, Stage

FREE_DAYS = "/administration/free-days"


def a_free_day(stage: Stage) -> Scene:
    """A day of the year is free."""
    number = stage.number()
    with stage.instance.database.unit_of_work() as session:
        session.add(FreeDay(day=date(2026, 1, 1) + timedelta(days=number % 360), name=f"Feriado {number}", added_at=clock.now()))
    return Scene(stage.boss, f"{FREE_DAYS}?year=2026")


def people_to_remind(stage: Stage) -> Scene:
    """Somebody has a course to complete, and had no reminder yet."""
    root = stage.once("institution of reminders", lambda: a_place(stage.instance, f"Instituto {stage.number()}"))
    for _author in range(2):
        stage.person()
    number, today = stage.number(), clock.now().date()
    audience = an_audience_of(stage.instance, root, f"recordados-{number}")
    terms = replace(rules_of(stage.course), starts=today, deadline=today + timedelta(days=60), effective_on=today)
    obligation = an_obligation(stage.instance, audience, terms, key=f"recordada-{number}")
    person = a_person(stage.instance, f"recordada.{number}@example.org")
    let_stay(stage.instance, audience, person, today)
    compute(stage.instance, obligation, [person.id], now=clock.now())
    return Scene(stage.boss, f"/training/reminders?obligation={obligation.uuid}&state=", {"words": "Nos vemos el viernes."})


REMINDERS: Room = {
    "compliance_free_days.delete": a_free_day,
    "compliance_reminders.remind": people_to_remind,
}
