"""What a second person confirms is what will happen: a simulated rule equals its application (spec/compulsory 4.8)."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import delete, select, update

from accounts.models import Person
from compliance import obligations, planned_changes
from compliance.models import Assignment, Obligation
from lms.instance import Instance
from organisations import audiences
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience, AudienceStayRecord, AudienceVersion, Membership
from organisations.rules.audience_leaves import UnitLeaf
from tests.support.builders import a_person
from tests.support.obligations import compute_everything
from tests.support.places import put
from tests.support.planned_changes import NOW, TODAY, ChangeStage, outcome

LONG_AGO = NOW - timedelta(days=60)
RULES = (UnitLeaf(("ACT",), below=True), UnitLeaf(("IESS",), below=True), UnitLeaf(("IESS",), below=False))


def a_drawn_stage(instance: Instance, draw: Random) -> tuple[ChangeStage, Audience]:
    """Return people of two places who entered on drawn days, in an audience whose rule has been on record for a drawn time."""
    stage = ChangeStage(instance)
    for number in range(5):
        put(instance, a_person(instance, f"q{number}@example.org"), draw.choice((stage.unit, stage.root)))
    recorded = NOW - timedelta(days=draw.choice((5, 20, 50)))
    with instance.database.unit_of_work() as session:
        session.execute(delete(AudienceStayRecord))
        for place in session.scalars(select(Membership)):
            session.execute(update(Membership).where(Membership.id == place.id).values(since_on=TODAY - timedelta(days=draw.randrange(90))))
        audience = session.get_one(Audience, stage.audience.id)
        audience.latest = 1
        first = {"rule": "unit: ACT\n", "effective_on": TODAY - timedelta(days=100), "recorded_at": recorded}
        session.add(AudienceVersion(audience_id=audience.id, number=1, **first))
        session.flush()
        audiences.record_stays(session, audience, audiences.list_people_after(session, audience, 0, 100), now=recorded)
        return stage, audience


def states_of(instance: Instance, at: datetime) -> dict[int, str]:
    """Return the state of each person as the nightly jobs compute it."""
    compute_everything(instance, now=at)
    with instance.database.unit_of_work(write=False) as session:
        return dict(session.execute(select(Assignment.person_id, Assignment.state)).all())


@pytest.mark.parametrize("rule", RULES, ids=["same", "wider", "other"])
@pytest.mark.parametrize("seed", range(4))
def test_a_rule_does_what_its_simulation_says(instance: Instance, rule: UnitLeaf, seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - drawn the same way each time, and no secret
    stage, audience = a_drawn_stage(instance, draw)
    deadline = TODAY - timedelta(days=(-20, 2, 10, 30)[seed])
    terms = replace(stage.values().terms, starts=date(2025, 1, 1), deadline=deadline, recorded_at=NOW - timedelta(days=60))
    row = stage.act(
        lambda session: obligations.make_obligation(
            session, stage.author, "gobernanza", session.get_one(Audience, audience.id), replace(stage.values(), terms=terms), now=LONG_AGO
        )
    )
    stage.act(lambda session: obligations.activate(session, stage.second, session.get_one(Obligation, row.id), 0, now=LONG_AGO))
    before = states_of(instance, NOW)
    effective_on = TODAY - timedelta(days=draw.choice((0, 0, 4, 30)))
    values = AudienceRuleValues(rule, effective_on, "Así lo dice el acta.", 1)

    change = stage.act(
        lambda session: planned_changes.plan_rule(session, stage.author, session.get_one(Audience, audience.id), values, now=NOW)
    )
    said = Counter({(old, new): count for (_row, old, new), count in outcome(change).shifts.items()})
    stage.apply(change, stage.second, outcome(change).concerned)
    with instance.database.unit_of_work() as session:
        everybody = list(session.scalars(select(Person.id)))
        audiences.record_stays(session, session.get_one(Audience, audience.id), everybody, now=NOW)
    after = states_of(instance, NOW)

    def of(states: dict[int, str], person: int) -> str:
        return states.get(person, "not_required")

    happened = Counter((of(before, person), of(after, person)) for person in everybody if of(before, person) != of(after, person))
    assert happened == said
