"""Who was obliged in the past, and changes of many, are not one person's to make (spec/compulsory 3.6, 4.5 and 4.8)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance import planned_changes
from compliance.free_days import SecondPersonRequired
from compliance.models import PlannedChange
from compliance.planned_changes import NumberToType
from compliance.rules import planned_changes as second_person
from compliance.rules.planned_changes import SecondPersonReason, why_second_person
from compliance.team_digests import find_work, list_second_persons
from kernel.audit import AuditEntry
from lms.instance import Instance
from organisations import audiences
from organisations.audiences import AudienceRuleValues, ReasonRequired, RuleFromBefore
from organisations.models import Audience, AudienceVersion, Organisation
from organisations.rules.audience_leaves import UnitLeaf
from organisations.rules.units import OrganisationKind, TrainingRole
from tests.support.builders import a_person, an_administrator
from tests.support.obligations import compute, let_stay
from tests.support.places import a_place, give_training, put
from tests.support.planned_changes import NOW, TODAY, ChangeStage, outcome, with_rule
from tests.support.scenes import scene

BEFORE = TODAY - timedelta(days=10)


@pytest.fixture
@scene
def stage(instance: Instance) -> ChangeStage:
    return ChangeStage(instance)


@pytest.mark.parametrize(
    ("people", "is_past", "why"),
    [
        (0, False, None),
        (50, False, None),
        (51, False, SecondPersonReason.MANY),
        (0, True, SecondPersonReason.PAST),
        (51, True, SecondPersonReason.PAST),
    ],
)
def test_one_rule_says_why_a_second_person_is_needed(people: int, is_past: bool, why: SecondPersonReason | None) -> None:
    """spec/compulsory 4.5."""
    assert why_second_person(people, is_past=is_past) is why


def plan_rule(stage: ChangeStage, effective_on: date, reason: str = "Así lo dice el acta.") -> PlannedChange:
    """Plan that everybody of the institution is in the audience of an obligation in force."""
    stage.active()
    audience, values = with_rule(stage)
    wanted = replace(values, effective_on=effective_on, reason=reason)
    return stage.act(
        lambda session: planned_changes.plan_rule(session, stage.author, session.get_one(Audience, audience.id), wanted, now=NOW)
    )


def rule_from_before(stage: ChangeStage) -> PlannedChange:
    return plan_rule(stage, BEFORE)


def rule_for_many(stage: ChangeStage) -> PlannedChange:
    return plan_rule(stage, TODAY)


def version_from_before(stage: ChangeStage) -> PlannedChange:
    values = stage.values(deadline=date(2026, 12, 31), effective_on=BEFORE)
    return stage.plan_version(stage.active(), replace(values, is_retroactive=True, reason="Prórroga."))


def prolongation_of_many(stage: ChangeStage) -> PlannedChange:
    """Nobody's state changes; the last day of two does."""
    values = stage.values(deadline=date(2026, 12, 31), effective_on=TODAY)
    return stage.plan_version(stage.active(), replace(values, reason="Prórroga."))


def end_for_many(stage: ChangeStage) -> PlannedChange:
    row = stage.active()
    return stage.act(
        lambda session: planned_changes.plan_end(session, stage.author, session.get_one(type(row), row.id), TODAY, "Derogada.", now=NOW)
    )


@pytest.mark.parametrize(
    ("plan", "number"),
    [(rule_from_before, 1), (rule_for_many, 1), (version_from_before, 2), (prolongation_of_many, 2), (end_for_many, 2)],
)
def test_what_reaches_back_or_changes_many_waits_for_a_second_person(
    stage: ChangeStage, monkeypatch: pytest.MonkeyPatch, plan: Callable[[ChangeStage], PlannedChange], number: int
) -> None:
    """spec/compulsory 4.5 and 4.8: by its author nothing changes, by another with the number it is applied and names both."""
    monkeypatch.setattr(second_person, "NUMBER_ABOVE", 0)
    change = plan(stage)
    assert (change.state, bool(change.second_person), outcome(change).concerned) == ("ready", True, number)
    for by, typed, refusal in (
        (stage.author, number, SecondPersonRequired),
        (stage.second, None, NumberToType),
        (stage.second, number + 1, NumberToType),
    ):
        with pytest.raises(refusal):
            stage.apply(change, by, typed)
    assert stage.now(PlannedChange, change).state == "ready"

    assert stage.apply(change, stage.second, number).state == "applied"

    with stage.instance.database.unit_of_work(write=False) as session:
        verbs = AuditEntry.verb.in_(("audience.changed", "obligation.changed", "obligation.ended"))
        entry = session.scalars(select(AuditEntry).where(verbs).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        facts = json.loads(entry.facts)
    assert (entry.actor_id, facts["author"], facts["reason"]) == (stage.second.person_id, stage.author.person_id, change.reason)


def test_the_version_and_the_log_say_who_changed_which_rule_from_when_on(stage: ChangeStage) -> None:
    """spec/compulsory 3.6: author, second person, effective day, former and new rule."""
    change = plan_rule(stage, BEFORE)

    stage.apply(change, stage.second, 1)

    with stage.instance.database.unit_of_work(write=False) as session:
        version = session.scalars(select(AudienceVersion).order_by(AudienceVersion.id.desc())).first()
        facts = json.loads(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "audience.changed")).one())
    assert version is not None
    assert (version.author_id, version.approved_by, version.effective_on) == (stage.author.person_id, stage.second.person_id, BEFORE)
    assert (facts["was"], facts["rule"], facts["effective"]) == ("unit: ACT\n", version.rule, BEFORE.isoformat())


@pytest.mark.parametrize("plan", [rule_for_many, prolongation_of_many, end_for_many])
def test_few_people_and_no_day_before_need_one_person(stage: ChangeStage, plan: Callable[[ChangeStage], PlannedChange]) -> None:
    """spec/compulsory 4.5."""
    change = plan(stage)

    assert (change.second_person, stage.apply(change, stage.author).state) == ("", "applied")


def test_a_rule_from_before_is_planned_also_where_no_obligation_uses_it(stage: ChangeStage) -> None:
    """spec/compulsory 3.6: an obligation may use it tomorrow."""
    audience, values = with_rule(stage)

    def plan(session: Session, day: date, reason: str = "Corrección.") -> object:
        wanted = replace(values, effective_on=day, reason=reason)
        return planned_changes.plan_used_rule(session, stage.author, session.get_one(Audience, audience.id), wanted, NOW)

    assert stage.act(lambda session: plan(session, TODAY)) is None
    with pytest.raises(ReasonRequired):
        stage.act(lambda session: plan(session, BEFORE, ""))
    assert stage.act(lambda session: plan(session, BEFORE)) is not None
    with pytest.raises(RuleFromBefore):
        stage.act(lambda session: audiences.change_rule(session, stage.author, audience, replace(values, effective_on=BEFORE), now=NOW))
    assert stage.now(Audience, audience).latest == 1


def test_a_new_audience_holds_from_today_on_until_a_second_person_agrees(stage: ChangeStage) -> None:
    """spec/compulsory 3.6: its days before wait."""
    values = AudienceRuleValues(UnitLeaf(("ACT",), below=True), date(1900, 1, 1), "Desde siempre.")

    def propose(session: Session) -> tuple[Audience, object]:
        root = session.get_one(Organisation, stage.root.id)
        return audiences.propose_audience(session, stage.author, root, "nuevo", {"es": "Nuevo"}, values, now=NOW)

    def days() -> list[date]:
        with stage.instance.database.unit_of_work(write=False) as session:
            statement = select(AudienceVersion.effective_on).where(AudienceVersion.audience_id == row.id)
            return list(session.scalars(statement.order_by(AudienceVersion.number)))

    row, _planned = stage.act(propose)
    with stage.instance.database.unit_of_work(write=False) as session:
        change = session.scalars(select(PlannedChange)).one()
    assert (days(), change.second_person) == ([TODAY], "past")
    with pytest.raises(SecondPersonRequired):
        stage.apply(change, stage.author, 0)

    assert stage.apply(change, stage.second, 0).state == "applied"
    assert days() == [TODAY, date(1900, 1, 1)]


def test_a_planned_rule_that_waited_holds_from_the_day_on_which_it_is_applied(stage: ChangeStage) -> None:
    """spec/compulsory 4.5: nothing reaches back by waiting."""
    change = plan_rule(stage, TODAY)

    stage.apply(change, stage.author, now=NOW + timedelta(days=3))

    with stage.instance.database.unit_of_work(write=False) as session:
        days = session.scalars(select(AudienceVersion.effective_on).order_by(AudienceVersion.id)).all()
    assert days[-1] == TODAY + timedelta(days=3)


def test_states_of_days_before_are_counted(stage: ChangeStage) -> None:
    """spec/compulsory 4.8: somebody whose state of today is the same was not required then."""
    row = stage.active()
    with stage.instance.database.unit_of_work() as session:
        session.execute(update(AudienceVersion).values(effective_on=date(2026, 1, 1)))
    let_stay(stage.instance, stage.audience, stage.people[2], TODAY - timedelta(days=2))
    audience, values = with_rule(stage)
    with stage.instance.database.unit_of_work() as session:
        session.add(
            AudienceVersion(audience_id=audience.id, number=2, rule="unit: IESS\n", effective_on=TODAY - timedelta(days=2), recorded_at=NOW)
        )
        session.get_one(Audience, audience.id).latest = 2
    wanted = replace(values, effective_on=BEFORE, reason="Corrección.", seen=2)
    compute(stage.instance, row, [person.id for person in stage.people], now=NOW)

    change = stage.act(
        lambda session: planned_changes.plan_rule(session, stage.author, session.get_one(Audience, audience.id), wanted, now=NOW)
    )

    found = outcome(change)
    assert (found.changed, found.moved, found.past, found.concerned) == (0, 0, 1, 1)


def test_what_the_register_moved_on_from_is_tried_anew_at_the_decision(stage: ChangeStage) -> None:
    """spec/compulsory 4.8."""
    change = version_from_before(stage)
    let_stay(stage.instance, stage.audience, stage.people[2])

    shown = stage.apply(change, stage.second, 2)

    assert (shown.state, shown.is_outdated, outcome(shown).concerned) == ("ready", True, 3)
    assert stage.apply(shown, stage.second, 3).state == "applied"


def test_free_days_concern_whose_working_days_they_are(stage: ChangeStage) -> None:
    """spec/compulsory 4.5a and 10.2: everybody of whom something is asked, or those of a province."""
    row = stage.active()
    guayas = a_place(stage.instance, "Guayas", stage.root, kind=OrganisationKind.PROVINCE)
    put(stage.instance, stage.people[0], guayas)
    compute(stage.instance, row, [person.id for person in stage.people], now=NOW)

    def count(*provinces: str) -> int:
        return stage.act(lambda session: planned_changes.count_people_in(session, provinces))

    assert [count(""), count("guayas"), count("azuay"), count("azuay", "")] == [2, 1, 0, 2]


def test_who_may_be_the_second_person_is_named(stage: ChangeStage) -> None:
    """spec/compulsory 4.5: officers of the institution and administrators, each for the other; nobody else."""
    instance = stage.instance
    officer, boss = a_person(instance, "oficial@example.org"), an_administrator(instance, "jefa@example.org")

    def names(*authors: int) -> list[str]:
        return stage.act(lambda session: list_second_persons(session, stage.root.id, authors))

    assert names(boss.id) == []
    give_training(instance, officer, stage.root, TrainingRole.OFFICER)
    assert (names(boss.id), names(officer.id)) == ([officer.full_name], [boss.full_name])
    auditor = a_person(instance, "auditora@example.org")
    give_training(instance, auditor, stage.root, TrainingRole.AUDITOR)
    assert names(boss.id, officer.id) == []


def test_what_waits_is_counted_for_everybody_but_its_author(stage: ChangeStage) -> None:
    """spec/compulsory 4.8a: rules of audiences too, for officers and administrators."""
    instance = stage.instance
    with instance.database.unit_of_work(write=False) as session:
        author, second = (session.get_one(Person, one.person_id) for one in (stage.author, stage.second))
    for person in (author, second):
        give_training(instance, person, stage.root, TrainingRole.OFFICER)
    change = rule_from_before(stage)

    def count() -> list[int]:
        return [stage.act(lambda session, one=one: find_work(session, one.id, ())).drafts for one in (author, second)]

    assert count() == [0, 1]
    stage.apply(change, stage.second, 1)
    assert count() == [0, 0]
