"""A stage for changes of who is obliged: tried, applied by their author or a second person, over two people of an audience."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from compliance import obligations, planned_changes
from compliance.models import Obligation, ObligationVersion, PlannedChange
from compliance.obligations import ObligationValues
from compliance.rules.planned_changes import DryRunOutcome, read_outcome
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience, AudienceVersion, Membership
from organisations.rules.audience_leaves import UnitLeaf
from tests.support.builders import a_course, a_person
from tests.support.obligations import an_audience_of, let_stay, rules_of
from tests.support.places import a_place, put
from tests.support.training_cases import QUITO

Result = TypeVar("Result")
Row = TypeVar("Row", Obligation, PlannedChange, Audience)
NOW = datetime(2026, 3, 2, 9, tzinfo=QUITO)
TODAY = NOW.date()


class ChangeStage:
    """An institution with three employees, of whom two are in an audience, and those who write and approve."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.author, self.second = (Actor(person_id=a_person(instance, f"{name}@example.org").id) for name in ("autora", "segunda"))
        self.root = a_place(instance, "IESS", code="IESS")
        self.unit = a_place(instance, "Actuarial", self.root, code="ACT")
        self.people = [a_person(instance, f"p{number}@example.org") for number in range(3)]
        for person, place in zip(self.people, (self.unit, self.unit, self.root), strict=True):
            put(instance, person, place)
        self.course = a_course(instance)
        self.audience = an_audience_of(instance, self.root)
        for person in self.people[:2]:
            let_stay(instance, self.audience, person)

    def values(self, **terms: object) -> ObligationValues:
        own = {"starts": date(2026, 1, 1), **terms}
        return ObligationValues({"es": "Gobernanza"}, replace(rules_of(self.course), **own))

    def draft(self, key: str = "gobernanza", **values: object) -> Obligation:
        own = replace(self.values(), **values)
        return self.act(lambda session: obligations.make_obligation(session, self.author, key, self.audience, own, now=NOW))

    def active(self) -> Obligation:
        row = self.draft()
        self.act(lambda session: obligations.activate(session, self.second, session.get_one(Obligation, row.id), 0, now=NOW))
        return self.now(Obligation, row)

    def act(self, do: Callable[[Session], Result]) -> Result:
        with self.instance.database.unit_of_work() as session:
            return do(session)

    def now(self, table: type[Row], row: Row) -> Row:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.get_one(table, row.id)

    def plan(self, row: Obligation, *, by: Actor | None = None, now: datetime = NOW) -> PlannedChange:
        return self.act(
            lambda session: planned_changes.plan_activation(session, by or self.author, session.get_one(Obligation, row.id), now=now)
        )

    def plan_version(self, row: Obligation, values: ObligationValues, *, edited: int = 1) -> PlannedChange:
        return self.act(
            lambda session: planned_changes.plan_version(session, self.author, session.get_one(Obligation, row.id), edited, values, now=NOW)
        )

    def apply(self, change: PlannedChange, by: Actor, typed: int | None = None, *, now: datetime = NOW) -> PlannedChange:
        def do(session: Session) -> PlannedChange:
            row = planned_changes.get_change(session, change.uuid, lock=True)
            planned_changes.apply_change(session, by, row, typed, now=now)
            return row

        return self.act(do)

    def versions(self, row: Obligation) -> list[ObligationVersion]:
        with self.instance.database.unit_of_work(write=False) as session:
            statement = select(ObligationVersion).where(ObligationVersion.obligation_id == row.id).order_by(ObligationVersion.number)
            return list(session.scalars(statement))


def outcome(change: PlannedChange) -> DryRunOutcome:
    return read_outcome(json.loads(change.outcome))


def with_rule(stage: ChangeStage) -> tuple[Audience, AudienceRuleValues]:
    """Let the audience have a rule, and return another one that lets the third person in."""

    def do(session: Session) -> Audience:
        session.execute(update(Membership).values(since_on=date(2026, 1, 1)))
        row = session.get_one(Audience, stage.audience.id)
        row.latest = 1
        session.add(
            AudienceVersion(
                audience_id=row.id, number=1, rule="unit: ACT\n", effective_on=date(2026, 1, 10), recorded_at=NOW - timedelta(days=50)
            )
        )
        return row

    audience = stage.act(do)
    return audience, AudienceRuleValues(UnitLeaf(("IESS",), below=True), TODAY, "Todos.", 1)
