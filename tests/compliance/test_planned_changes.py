"""Changes of obligations, tried before they are applied; and what is not one person's to change (spec/compulsory).

spec/compulsory 4.5, 4.8, 18, 3.6.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance import jobs, obligations, planned_changes
from compliance.free_days import SecondPersonRequired
from compliance.models import Assignment, FreeDay, Obligation, ObligationVersion, PlannedChange
from compliance.obligations import EndsBeforeToday, ObligationChanged, ObligationKeyTaken, WrongObligationState
from compliance.planned_changes import CourseObstacle, DraftFaulty, NumberToType
from compliance.rules import planned_changes as second_person
from compliance.rules.terms import AnyRequirement, CourseRequirement
from compliance.team_digests import find_work, list_second_persons
from courses.models import Course
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.outbox import deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from organisations import audiences
from organisations.audiences import AudienceEditConflict, AudienceRuleValues, ReasonRequired, RuleFromBefore
from organisations.models import Audience, AudienceVersion, Organisation
from organisations.rules.audience_leaves import UnitLeaf
from organisations.rules.units import OrganisationKind, TrainingRole
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.obligations import an_audience_of, compute, let_stay
from tests.support.places import a_place, give_training, put
from tests.support.planned_changes import NOW, TODAY, ChangeStage, outcome, with_rule
from tests.support.scenes import scene
from tests.support.training_cases import QUITO


@pytest.fixture
@scene
def stage(instance: Instance) -> ChangeStage:
    return ChangeStage(instance)


def test_an_activation_is_tried_and_then_applied_by_a_second_person(stage: ChangeStage) -> None:
    """spec/compulsory 4.8: the dry run writes nothing of anybody; a second click does nothing more."""
    draft = stage.draft()

    change = stage.plan(draft)

    found = outcome(change)
    assert (change.state, found.people, found.changed, found.mailed) == ("ready", 2, 2, 2)
    assert found.shifts == {(draft.id, "not_required", "not_started"): 2}
    assert found.most_affected == [(stage.unit.id, 2)]
    assert stage.act(lambda session: session.scalars(select(Assignment)).all()) == []

    applied = [stage.apply(change, stage.second) for _click in range(2)]

    row, [version] = stage.now(Obligation, draft), stage.versions(draft)
    assert [(one.state, one.applied_by) for one in applied] == [("applied", stage.second.person_id)] * 2
    assert (row.state, row.activated_by, row.edited) == ("active", stage.second.person_id, 1)
    assert (version.effective_on, version.author_id) == (TODAY, stage.author.person_id)
    deliver_waiting(stage.instance.worker, now=NOW + timedelta(minutes=1))
    states = stage.act(lambda session: session.scalars(select(Assignment.state)).all())
    assert states == ["not_started", "not_started"]


def test_whoever_wrote_a_draft_does_not_activate_it(stage: ChangeStage) -> None:
    """spec/compulsory 4.8 and 16."""
    change = stage.plan(stage.draft())

    with pytest.raises(SecondPersonRequired):
        stage.apply(change, stage.author)

    assert stage.now(PlannedChange, change).state == "ready"


def test_a_draft_that_waited_begins_on_the_day_it_is_activated(stage: ChangeStage) -> None:
    """spec/compulsory 4.4 and 4.5: nobody is overdue from days before it was in force, unless that was asked for."""
    later, asked = stage.draft("despues"), stage.draft("antes", is_retroactive=True, reason="Así lo dice la resolución.")

    for draft in (later, asked):
        stage.apply(stage.plan(draft), stage.second, 2)

    starts = [json.loads(stage.versions(draft)[0].terms)["starts"] for draft in (later, asked)]
    assert starts == ["2026-03-02", "2026-01-01"]


@pytest.mark.parametrize("inside", [0, 3])
def test_an_audience_of_nobody_or_everybody_needs_the_number(stage: ChangeStage, inside: int) -> None:
    """spec/compulsory 18."""
    audience = an_audience_of(stage.instance, stage.root, "otro")
    for person in stage.people[:inside]:
        let_stay(stage.instance, audience, person)
    draft = stage.act(lambda session: obligations.make_obligation(session, stage.author, "otra", audience, stage.values(), now=NOW))
    change = stage.plan(draft)
    for typed in (None, 7):
        with pytest.raises(NumberToType):
            stage.apply(change, stage.second, typed)

    assert stage.apply(change, stage.second, inside).state == "applied"


def test_many_changes_need_their_number(stage: ChangeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.8: above fifty; here above one."""
    monkeypatch.setattr(second_person, "NUMBER_ABOVE", 1)
    change = stage.plan(stage.draft(legal_base={"es": "Resolución de muestra."}))
    with pytest.raises(NumberToType):
        stage.apply(change, stage.second, 3)

    assert stage.apply(change, stage.second, 2).state == "applied"


def test_another_number_at_applying_is_shown_anew(stage: ChangeStage) -> None:
    """spec/compulsory 4.8: the number is checked again."""
    draft = stage.draft()
    change = stage.plan(draft)
    with stage.instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == stage.people[0].id).values(suspended_at=NOW))
    let_stay(stage.instance, stage.audience, stage.people[2])

    shown = stage.apply(change, stage.second, 2, now=NOW + timedelta(hours=1))

    assert (shown.state, shown.is_outdated, shown.agreed, outcome(shown).changed) == ("ready", True, None, 3)
    assert stage.now(Obligation, draft).state == "draft"
    assert stage.apply(shown, stage.second, 3).state == "applied"


def test_a_draft_changed_since_it_was_tried_is_not_activated(stage: ChangeStage) -> None:
    """spec/compulsory 18."""
    draft = stage.draft()
    change = stage.plan(draft)
    with stage.instance.database.unit_of_work() as session:
        obligations.change_draft(session, stage.author, session.get_one(Obligation, draft.id), 0, stage.values(grace=10), now=NOW)

    with pytest.raises(ObligationChanged):
        stage.apply(change, stage.second)


def test_what_cannot_be_taken_or_has_come_too_near_is_not_activated(stage: ChangeStage) -> None:
    """spec/compulsory 18: an archived course; a last day less than fifteen days ahead."""
    draft, change = stage.draft(), stage.plan(stage.draft("otra"))
    with pytest.raises(DraftFaulty):
        stage.plan(draft, now=NOW.replace(month=12))
    with stage.instance.database.unit_of_work() as session:
        session.execute(update(Course).values(archived_at=NOW))

    for do in (lambda: stage.plan(draft), lambda: stage.apply(change, stage.second)):
        with pytest.raises(DraftFaulty):
            do()


def test_courses_that_cannot_be_taken_are_named_with_the_reason(stage: ChangeStage) -> None:
    """spec/compulsory 18: deleted, archived, not published; what is well is not named."""
    courses = [stage.course, *(a_course(stage.instance, slug) for slug in ("archivado", "borrador"))]
    with stage.instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "archivado").values(archived_at=NOW))
        session.execute(update(Course).where(Course.slug == "borrador").values(published_version_id=None))
        requirement = AnyRequirement(tuple(CourseRequirement(slug) for slug in (*(course.slug for course in courses), "borrado")))
        found = planned_changes.list_obstructed_courses(session, requirement)

    assert [obstacle for _name, obstacle in found] == [CourseObstacle.ARCHIVED, CourseObstacle.UNPUBLISHED, CourseObstacle.DELETED]


def test_a_version_is_tried_and_applied_by_its_author(stage: ChangeStage) -> None:
    """spec/compulsory 4.8: a later deadline changes nobody's status, and moves the last day of two."""
    row = stage.active()
    values = stage.values(deadline=date(2026, 12, 31), effective_on=TODAY)

    change = stage.plan_version(row, values)

    assert (outcome(change).changed, outcome(change).moved) == (0, 2)
    assert stage.apply(change, stage.author).state == "applied"
    [_first, version] = stage.versions(row)
    assert (version.effective_on, version.author_id, version.approved_by, version.is_retroactive) == (
        TODAY,
        stage.author.person_id,
        None,
        False,
    )


def test_a_version_from_before_needs_a_second_person(stage: ChangeStage) -> None:
    """spec/compulsory 4.5."""
    row = stage.active()
    values = replace(stage.values(deadline=date(2026, 12, 31), effective_on=date(2026, 2, 1)), is_retroactive=True, reason="Prórroga.")
    change = stage.plan_version(row, values)
    with pytest.raises(SecondPersonRequired):
        stage.apply(change, stage.author)

    assert stage.apply(change, stage.second, 2).state == "applied"
    version = stage.versions(row)[-1]
    assert (version.author_id, version.approved_by) == (stage.author.person_id, stage.second.person_id)
    assert (version.effective_on, version.is_retroactive, version.reason) == (date(2026, 2, 1), True, "Prórroga.")


def test_a_version_that_waited_holds_from_the_day_on_which_it_is_applied(stage: ChangeStage) -> None:
    """spec/compulsory 4.5: what nobody asked to hold from before does not."""
    row = stage.active()
    change = stage.plan_version(row, stage.values(grace=10, effective_on=TODAY))

    stage.apply(change, stage.author, now=NOW + timedelta(days=3))

    assert stage.versions(row)[-1].effective_on == TODAY + timedelta(days=3)


def test_a_version_seen_before_another_was_saved_is_refused(stage: ChangeStage) -> None:
    """spec/compulsory 18: two people at once."""
    row = stage.active()
    first, second = (stage.plan_version(row, stage.values(grace=days, effective_on=TODAY)) for days in (5, 6))
    stage.apply(first, stage.author)

    with pytest.raises(ObligationChanged):
        stage.apply(second, stage.author)
    with pytest.raises(ObligationChanged):
        stage.plan_version(row, stage.values(grace=7))


def test_an_end_is_tried_and_applied(stage: ChangeStage) -> None:
    """spec/compulsory 4.8: compared on the day after the last one; never on a day that has passed."""
    row = stage.active()

    def plan(last_on: date) -> PlannedChange:
        return stage.act(
            lambda session: planned_changes.plan_end(
                session, stage.author, session.get_one(Obligation, row.id), last_on, "Derogada.", now=NOW
            )
        )

    with pytest.raises(EndsBeforeToday):
        plan(TODAY - timedelta(days=1))
    change = plan(TODAY)

    assert outcome(change).shifts == {(row.id, "not_started", "not_required"): 2}
    assert outcome(change).mailed == 0
    assert stage.apply(change, stage.author).state == "applied"
    assert (stage.now(Obligation, row).state, json.loads(stage.versions(row)[-1].terms)["ends"]) == ("ended", "2026-03-02")


def test_a_draft_can_be_deleted_and_what_was_in_force_never(stage: ChangeStage) -> None:
    """spec/compulsory 4.8."""
    draft, active = stage.draft("borrador"), stage.active()
    stage.plan(draft)
    with stage.instance.database.unit_of_work() as session:
        obligations.delete_draft(session, stage.author, session.get_one(Obligation, draft.id), now=NOW)
    with pytest.raises(WrongObligationState):
        stage.act(lambda session: obligations.delete_draft(session, stage.author, session.get_one(Obligation, active.id), now=NOW))

    assert stage.act(lambda session: session.scalars(select(Obligation.key)).all()) == ["gobernanza"]


def test_a_key_is_taken_once(stage: ChangeStage) -> None:
    stage.draft()

    with pytest.raises(ObligationKeyTaken):
        stage.draft()


def test_a_discarded_change_is_not_applied(stage: ChangeStage) -> None:
    change = stage.plan(stage.draft())

    def discard(session: Session) -> None:
        planned_changes.discard_change(session, stage.author, planned_changes.get_change(session, change.uuid, lock=True), now=NOW)

    stage.act(discard)
    stage.act(discard)
    with pytest.raises(Conflict):
        stage.apply(change, stage.second)
    with pytest.raises(Conflict):
        stage.act(lambda session: planned_changes.try_again(session, planned_changes.get_change(session, change.uuid), now=NOW))


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_large_dry_run_is_made_and_applied_by_jobs(stage: ChangeStage, monkeypatch: pytest.MonkeyPatch, is_changed: bool) -> None:
    """spec/compulsory 4.8: the page waits; a number that changed meanwhile is shown anew; a job that runs twice does it once."""
    monkeypatch.setattr(planned_changes, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(planned_changes, "PORTION", 1)
    monkeypatch.setattr(jobs, "PORTIONS", 2)
    draft = stage.draft()
    change = stage.plan(draft)
    assert (change.state, change.total) == ("planning", 2)

    deliver_waiting(stage.instance.worker, now=NOW)

    ready = stage.now(PlannedChange, change)
    assert (ready.state, ready.seen, outcome(ready).changed) == ("ready", 2, 2)

    if is_changed:
        let_stay(stage.instance, stage.audience, stage.people[2])
    assert stage.apply(ready, stage.second).state == "applying"
    deliver_waiting(stage.instance.worker, now=NOW)

    done, row = stage.now(PlannedChange, change), stage.now(Obligation, draft)
    assert (done.state, done.is_outdated, row.state) == (("ready", True, "draft") if is_changed else ("applied", False, "active"))


def test_a_rule_used_by_an_obligation_is_tried_over_its_statuses(stage: ChangeStage) -> None:
    """spec/compulsory 4.8: who comes in is asked from the day of the rule on; nobody's stay is written before it is applied."""
    row = stage.active()
    audience, values = with_rule(stage)

    def plan(seen: int, by: Actor) -> PlannedChange:
        return stage.act(
            lambda session: planned_changes.plan_rule(
                session, by, session.get_one(Audience, audience.id), replace(values, seen=seen), now=NOW
            )
        )

    with pytest.raises(AudienceEditConflict):
        plan(7, stage.author)
    change, other = plan(1, stage.author), plan(1, stage.second)

    assert outcome(change).shifts == {(row.id, "not_required", "not_started"): 1}
    assert stage.apply(change, stage.author).state == "applied"
    assert stage.now(Audience, audience).latest == 2
    with pytest.raises(AudienceEditConflict):
        stage.apply(other, stage.author)


def test_only_obligations_in_force_use_an_audience(stage: ChangeStage) -> None:
    draft = stage.draft()
    assert not stage.act(lambda session: planned_changes.is_used(session, stage.audience.id))
    stage.apply(stage.plan(draft), stage.second)

    assert stage.act(lambda session: planned_changes.is_used(session, stage.audience.id))


def test_the_day_of_the_institution_decides_what_is_retroactive(stage: ChangeStage) -> None:
    """spec/compulsory 1 and 4.5: in the evening of Quito it is tomorrow in UTC."""
    evening = datetime(2026, 3, 2, 21, tzinfo=QUITO)
    row = stage.active()

    def add(session: Session) -> ObligationVersion:
        values = stage.values(effective_on=audiences.today_of(evening))
        return obligations.add_version(session, stage.author, session.get_one(Obligation, row.id), 1, values, "", now=evening)

    assert stage.act(add).is_retroactive is False


def test_the_owner_may_be_another(stage: ChangeStage) -> None:
    """spec/compulsory 4.1."""
    row = stage.active()
    with stage.instance.database.unit_of_work() as session:
        obligations.set_owner(session, stage.author, session.get_one(Obligation, row.id), stage.people[0].id, now=NOW)

    assert stage.now(Obligation, row).owner_id == stage.people[0].id


def test_a_second_click_tries_the_same_change_once_more(stage: ChangeStage) -> None:
    """spec/compulsory 18: one effect; what somebody else tries is their own."""
    draft = stage.draft()
    first = stage.plan(draft)
    let_stay(stage.instance, stage.audience, stage.people[2])

    second, others = stage.plan(draft), stage.plan(draft, by=stage.second)

    assert (second.id, outcome(second).changed) == (first.id, 3)
    assert others.id != first.id


def test_mails_fall_due_on_the_working_days_of_each_province(stage: ChangeStage) -> None:
    """spec/compulsory 4.8 and 10.2: a step of a free day is due on the next working day."""
    row = stage.active()
    values = stage.values(deadline=date(2026, 4, 1), effective_on=TODAY)  # thirty days before it is today, a Monday
    mails = [outcome(stage.plan_version(row, values)).mails]
    with stage.instance.database.unit_of_work() as session:
        session.add(FreeDay(day=TODAY, name="Carnaval", added_at=NOW))
    mails.append(outcome(stage.plan_version(row, values)).mails)

    assert mails == [{"step": 2}, {}]


BEFORE = TODAY - timedelta(days=10)


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
