"""The Monday digest of heads and owners, and notices of work on compulsory training: what waits each day.

spec/compulsory 10.6, 4.7, 4.8, 4.10.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from compliance import jobs, obligations, planned_changes
from compliance.free_days import FreeDayValues
from compliance.models import Obligation, Waiver
from compliance.obligations import ObligationValues
from compliance.rules.planned_changes import read_outcome
from kernel.outbox import Delivery, Job, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.models import Audience, Organisation
from organisations.rules.units import TrainingRole
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.editions import a_learner_of
from tests.support.learning import At
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place, give_training, manage, put
from tests.support.planned_changes import NOW, TODAY, ChangeStage, with_rule
from tests.support.reminders import ReminderTrial, let_free, mails_to, quito
from tests.support.scenes import scene
from tests.support.training_cases import QUITO, A

MONDAY = date(2026, 12, 21)


@pytest.fixture
def trial(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReminderTrial:
    found = ReminderTrial.begin(instance, At(monkeypatch, datetime(2026, 1, 1, tzinfo=UTC)))
    found.jobs = (*found.jobs, "compliance.plan_digests")
    return found


@pytest.fixture
def unit(trial: ReminderTrial) -> Organisation:
    return a_place(trial.instance, "Dirección", trial.institution)


def somebody(trial: ReminderTrial, name: str, *, place: Organisation | None = None, leads: Organisation | None = None) -> Person:
    """Return a person, in the audience if they have a place, who may head another place."""
    person = a_person(trial.instance, f"{name}@example.org", given=name.capitalize())
    if place is not None:
        put(trial.instance, person, place)
        let_stay(trial.instance, trial.audience, person)
    if leads is not None:
        manage(trial.instance, person, leads)
    return person


def digests(instance: Instance, person: Person) -> list[tuple[str, str]]:
    """Return the Mondays of the digests that somebody got from 21 December on, each with its words."""
    with instance.database.unit_of_work(write=False) as session:
        mine = (Notification.person_id == person.id, Notification.kind == "training_team")
        rows = session.execute(select(Notification.key, Notification.words).where(*mine).order_by(Notification.id))
        found = [(key.removeprefix("training-team:"), words["en"]) for key, words in rows]
        return [(monday, words) for monday, words in found if monday >= "2026-12-21"]


@pytest.mark.slow
def test_the_head_is_told_on_monday_and_the_place_above_after_fifteen_days(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10, case 10: head's digest Monday 21 December; place above Monday 4 January 2027; names behind sign-in only."""
    ana = somebody(trial, "ana", place=unit)
    head, boss = somebody(trial, "hugo", leads=unit), somebody(trial, "berta", leads=trial.institution)
    trial.run("2026-12-01T09:00", "2026-12-14T08:00", "2026-12-16T08:00")
    before = len(digests(trial.instance, head))

    trial.run("2026-12-21T07:55", "2026-12-21T08:00", "2026-12-21T08:15", "2026-12-28T08:00", "2027-01-04T08:00")

    assert before == 0
    assert [monday for monday, _words in digests(trial.instance, head)] == ["2026-12-21", "2026-12-28", "2027-01-04"]
    assert "1 overdue. 1 of them is new." in digests(trial.instance, head)[0][1]
    assert "new" not in digests(trial.instance, head)[1][1]
    above = [monday for monday, words in digests(trial.instance, boss) if "15 days" in words]
    assert above == ["2027-01-04"]
    mails = mails_to(trial.instance, head) + mails_to(trial.instance, boss)
    assert len(mails) >= 6
    assert not [mail for mail in mails if ana.given_names in mail or ana.email in mail]


def test_the_digest_counts_people_registered_after_their_first_day(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.6: the register first had Ana on 25 November, although she is in the audience since January."""
    somebody(trial, "vieja", place=unit)
    ana = a_person(trial.instance, "ana@example.org")
    put(trial.instance, ana, unit)
    let_stay(trial.instance, trial.audience, ana, now=quito("2026-11-25T09:00"))
    head = somebody(trial, "hugo", leads=unit)
    trial.run("2026-12-01T09:00", "2026-12-14T08:00", "2026-12-16T08:00", "2026-12-21T08:00")

    [(_monday, words)] = digests(trial.instance, head)

    assert "2 overdue. 2 of them are new. 1 of the new ones has been on record only since 25 November 2026." in words


def test_the_owner_is_told_after_thirty_days(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.6: with the Monday digest that follows, 18 January."""
    somebody(trial, "ana", place=unit)
    somebody(trial, "hugo", leads=unit)
    owner = owner_of(trial)
    trial.run("2026-12-01T09:00", "2026-12-14T08:00", "2026-12-16T08:00", "2027-01-11T08:00", "2027-01-18T08:00")

    assert [monday for monday, words in digests(trial.instance, owner) if "30 days" in words] == ["2027-01-18"]


def owner_of(trial: ReminderTrial) -> Person:
    with trial.instance.database.unit_of_work(write=False) as session:
        return session.get_one(Person, session.get_one(Obligation, trial.obligation.id).owner_id)


def test_without_any_head_the_owner_is_told(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.6: to the owner, as a fault of the tree."""
    somebody(trial, "ana", place=unit)
    trial.run("2026-12-01T09:00", "2026-12-14T08:00", "2026-12-16T08:00", "2026-12-21T08:00")

    [(monday, words)] = digests(trial.instance, owner_of(trial))
    assert monday == "2026-12-21"
    assert "no head" in words


def test_a_head_who_is_overdue_is_told_of_by_the_place_above(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.6: not in their own digest."""
    head = somebody(trial, "hugo", place=unit, leads=unit)
    boss = somebody(trial, "berta", leads=trial.institution)
    trial.run("2026-12-01T09:00", "2026-12-14T08:00", "2026-12-16T08:00", "2026-12-21T08:00")

    assert digests(trial.instance, head) == []
    assert "1 overdue" in digests(trial.instance, boss)[0][1]


def test_a_free_monday_moves_the_digest(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.2 and 10.6."""
    let_free(trial.instance, MONDAY, "Feriado")
    somebody(trial, "ana", place=unit)
    head = somebody(trial, "hugo", leads=unit)
    trial.run("2026-12-14T08:00", "2026-12-18T09:00")
    before = len(digests(trial.instance, head))

    trial.run("2026-12-21T09:00")
    assert len(digests(trial.instance, head)) == before
    trial.run("2026-12-22T08:00")

    assert digests(trial.instance, head)[-1][0] == "2026-12-21"


def test_who_left_headship_gets_no_digest(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.6: decided when it is due."""
    ana, head = somebody(trial, "ana", place=unit), somebody(trial, "hugo", leads=unit)
    trial.run("2026-12-14T08:00", "2026-12-16T08:00")
    with trial.instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == head.id).values(suspended_at=quito("2026-12-17T09:00")))

    trial.run("2026-12-21T08:00")

    assert digests(trial.instance, head) == []
    assert ana.id


OFFICER = TrainingRole.OFFICER
TUESDAY = datetime(2026, 11, 17, 9, tzinfo=QUITO)


@pytest.fixture
@scene
def root(instance: Instance) -> Organisation:
    a_person(instance, "autora@example.org")
    a_person(instance, "otra@example.org")
    return a_place(instance, "IESS", code="IESS")


@pytest.fixture
def audience(instance: Instance, root: Organisation) -> Audience:
    return an_audience_of(instance, root)


def notices_of(instance: Instance, prefix: str) -> dict[str, list[str]]:
    """Return the subjects of the notices with a key, by the address of their reader."""
    found: dict[str, list[str]] = {}
    statement = select(Person.email, Notification.subject).join(Person, Person.id == Notification.person_id)
    with instance.database.unit_of_work(write=False) as session:
        for email, subject in session.execute(statement.where(Notification.key.startswith(prefix)).order_by(Notification.id)):
            found.setdefault(email, []).append(subject["en"])
    return found


def ask_for_waiver(instance: Instance, person: Person, at: datetime, kind: str = "commission") -> None:
    with instance.database.unit_of_work() as session:
        values = {"kind": kind, "first_on": date(2026, 12, 1), "last_on": date(2026, 12, 9), "state": "proposed"}
        session.add(Waiver(uuid=uuid4(), person_id=person.id, proposed_by=person.id, proposed_at=at, **values))


def run_day(instance: Instance, now: datetime) -> None:
    """Plan and send the notices of a moment, twice."""
    for _time in range(2):
        jobs.plan_work_notices(Delivery(instance.database, instance.settings, 1, {}, now))
        deliver_waiting(instance.worker, now=now)


def test_officers_and_administrators_read_each_day_what_waits(instance: Instance, root: Organisation) -> None:
    """spec/compulsory 4.10: once a working day; of reasons of health the administration decides nothing, so it is told of none."""
    an_administrator(instance, "sara@example.org")
    officer, person = a_person(instance, "ofelia@example.org"), a_person(instance, "ana@example.org")
    elsewhere = a_person(instance, "lejos@example.org")
    give_training(instance, officer, root, TrainingRole.OFFICER)
    give_training(instance, elsewhere, a_place(instance, "BIESS", code="BIESS"), TrainingRole.OFFICER)
    put(instance, person, root)
    ask_for_waiver(instance, person, TUESDAY - timedelta(hours=20))
    ask_for_waiver(instance, person, TUESDAY - timedelta(hours=20), "medical")

    run_day(instance, TUESDAY - timedelta(hours=2))
    assert notices_of(instance, "training-work:") == {}
    run_day(instance, TUESDAY)

    assert notices_of(instance, "training-work:") == {
        "ofelia@example.org": ["2 decisions on compulsory training are due"],
        "sara@example.org": ["1 decision on compulsory training is due"],
    }


@pytest.mark.parametrize(("days", "notices"), [(1, 1), (4, 1), (6, 2)])
def test_what_waits_on_is_named_again_on_mondays_alone(instance: Instance, root: Organisation, days: int, notices: int) -> None:
    """spec/compulsory 4.10: the next day, Saturday, Monday."""
    an_administrator(instance, "sara@example.org")
    ask_for_waiver(instance, a_person(instance, "ana@example.org"), TUESDAY - timedelta(hours=20))

    for number in range(days + 1):
        run_day(instance, TUESDAY + timedelta(days=number))

    assert len(notices_of(instance, "training-work:")["sara@example.org"]) == notices


def test_a_draft_is_told_to_its_second_person_and_not_to_its_author(instance: Instance, audience: Audience) -> None:
    """spec/compulsory 4.8."""
    author, _other = (an_administrator(instance, email) for email in ("sara@example.org", "rosa@example.org"))
    content = ObligationValues({"es": "Ética", "en": "Ethics"}, rules_of(a_course(instance, modules=1)))
    with instance.database.unit_of_work() as session:
        obligations.make_obligation(session, Actor(person_id=author.id), "etica", audience, content, now=TUESDAY - timedelta(hours=1))

    run_day(instance, TUESDAY)

    assert notices_of(instance, "training-work:") == {"rosa@example.org": ["1 decision on compulsory training is due"]}


@pytest.mark.parametrize(("lowest", "told"), [({"prueba": 2}, 1), ({"prueba": 1}, 0), ({}, 0)])
def test_a_change_of_versions_tells_those_under_way_once(
    instance: Instance, audience: Audience, lowest: Mapping[str, int], told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 4.7: whoever takes an older one, by portions, however often the job runs."""
    monkeypatch.setattr(obligations, "PORTION", 1)
    course = a_course(instance, modules=1)
    readers = ("uno@example.org", "dos@example.org")
    learners = [a_learner_of(instance, course, None, email) for email in readers]
    for learner in learners:
        let_stay(instance, audience, learner)
    row = an_obligation(instance, audience, rules_of(course, replace(A, lowest_versions=lowest)))
    compute(instance, row, [learner.person_id or 0 for learner in learners], now=TUESDAY)

    for _time in range(2):
        jobs.notify_of_versions(Delivery(instance.database, instance.settings, 1, {"obligation": row.id}, TUESDAY))

    found = notices_of(instance, "older-version:")
    assert [len(found.get(email, [])) for email in readers] == [told, told]


def test_a_change_leads_to_the_notice_of_its_versions(instance: Instance, audience: Audience) -> None:
    """spec/compulsory 4.7: as work that follows the change."""
    row = an_obligation(instance, audience, rules_of(a_course(instance, modules=1)))
    deliver_waiting(instance.worker, now=BEGINNING)

    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(Job.arguments).where(Job.kind == "compliance.notify_of_versions")).all()
    assert found == [f'{{"obligation": {row.id}}}']


@pytest.fixture
@scene
def stage(instance: Instance) -> ChangeStage:
    """Let a change's author and another person look after the institution, somebody else another one, and one administrate."""
    stage = ChangeStage(instance)
    with instance.database.unit_of_work(write=False) as session:
        officers = [session.get_one(Person, actor.person_id) for actor in (stage.author, stage.second)]
    for officer in officers:
        give_training(instance, officer, stage.root, OFFICER)
    give_training(instance, a_person(instance, "lejos@example.org"), a_place(instance, "BIESS", code="BIESS"), OFFICER)
    an_administrator(instance, "jefa@example.org")
    return stage


def second_persons(stage: ChangeStage) -> dict[str, str]:
    """Return where the notices of changes that wait lead, by the address of their reader; fail where anybody has two."""
    statement = select(Person.email, Notification.path).join(Person, Person.id == Notification.person_id)
    rows = stage.act(lambda session: session.execute(statement.where(Notification.key.startswith("second-person:"))).all())
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def test_who_may_apply_what_its_author_may_not_is_notified_once(stage: ChangeStage) -> None:
    """spec/compulsory 4.5a: officers in scope and administrators, however often it is tried."""
    audience, values = with_rule(stage)
    rule = replace(values, effective_on=TODAY - timedelta(days=10), reason="Así lo dice el acta.")
    for _time in range(2):
        change = stage.act(
            lambda session: planned_changes.plan_rule(session, stage.author, session.get_one(Audience, audience.id), rule, now=NOW)
        )

    path = f"/compulsory-training/audience-rules/{change.uuid}"
    assert second_persons(stage) == {"segunda@example.org": path, "jefa@example.org": path}


@pytest.mark.parametrize("is_applied", [True, False])
def test_the_notice_leaves_the_bell_once_the_change_is_decided(stage: ChangeStage, is_applied: bool) -> None:
    """spec/compulsory 4.5a: applied or discarded."""
    change = stage.plan(stage.draft())
    assert set(second_persons(stage)) == {"segunda@example.org", "jefa@example.org"}

    if is_applied:
        stage.apply(change, stage.second, read_outcome(json.loads(change.outcome)).concerned)
    else:
        stage.act(lambda session: planned_changes.discard_change(session, stage.author, session.merge(change), now=NOW))

    assert second_persons(stage) == {}


def test_a_past_free_day_is_an_administrators(stage: ChangeStage) -> None:
    """spec/compulsory 4.5a."""
    day = FreeDayValues(TODAY - timedelta(days=1), "Puente")
    change = stage.act(lambda session: planned_changes.plan_free_days(session, stage.author, [day], [], "Decreto.", now=NOW))

    assert second_persons(stage) == {"jefa@example.org": f"/administration/free-days/changes/{change.uuid}"}


def test_a_change_that_its_author_may_apply_is_told_to_nobody(stage: ChangeStage) -> None:
    """spec/compulsory 4.5a: one of few people from today on."""
    values = stage.values(deadline=date(2026, 12, 31), effective_on=TODAY)

    assert stage.plan_version(stage.active(), replace(values, reason="Prórroga.")).second_person == ""
    assert second_persons(stage) == {}


@pytest.mark.parametrize("by_author", [True, False])
def test_an_activation_that_its_author_tried_waits_for_others(stage: ChangeStage, by_author: bool) -> None:
    """spec/compulsory 4.8: whoever else tried it may apply it."""
    change = stage.plan(stage.draft(), by=stage.author if by_author else stage.second)

    path = f"/compulsory-training/obligations/changes/{change.uuid}"
    assert second_persons(stage) == ({"segunda@example.org": path, "jefa@example.org": path} if by_author else {})
