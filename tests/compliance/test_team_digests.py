"""The Monday digest of heads and owners, and who is told of whom has long been overdue (spec/compulsory 10.6)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from compliance.models import Obligation
from compliance.rules.reminders import AssignedPerson, HeadedTree, StateCount, digest_monday, team_digests
from compliance.rules.states import TrainingState
from compliance.rules.terms import WorkingDays
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.builders import a_person
from tests.support.learning import At
from tests.support.obligations import let_stay
from tests.support.places import a_place, manage, put
from tests.support.reminders import ReminderTrial, let_free, mails_to, quito
from tests.support.training_cases import QUITO

OWNER, BOSS, HEAD, ANA = 1, 2, 3, 4
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


def test_an_obligation_that_is_not_escalated_is_told_to_heads_alone() -> None:
    late = [AssignedPerson(ANA, 11, 7, TrainingState.OVERDUE, date(2026, 11, 1))]
    tree = HeadedTree({10: None, 11: 10}, {10: [BOSS], 11: [HEAD]}, {7: OWNER}, frozenset())

    found = team_digests(tree, [StateCount(11, 7, TrainingState.OVERDUE, 1)], [], late, MONDAY)

    assert sorted(found) == [BOSS, HEAD]
    assert found[BOSS].above == 0
    assert OWNER in team_digests(HeadedTree(tree.parents, tree.heads, tree.owners, {7}), [], [], late, MONDAY)


def test_who_is_of_no_place_and_who_is_done_is_told_of_rightly() -> None:
    counts = [StateCount(11, 7, TrainingState.DONE, 2), StateCount(None, 7, TrainingState.OVERDUE, 1)]
    late = [AssignedPerson(ANA, None, 7, TrainingState.OVERDUE)]
    tree = HeadedTree({10: None, 11: 10}, {11: [HEAD]}, {7: OWNER}, {7})

    found = team_digests(tree, counts, [], late, MONDAY)

    assert sorted(found) == [OWNER]
    assert (found[OWNER].headless, found[OWNER].counts) == (1, ())


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-12-21T07:59", None),
        ("2026-12-21T08:00", MONDAY),
        ("2026-12-24T17:59", MONDAY),
        ("2026-12-24T18:00", None),
        ("2026-12-25T09:00", None),
    ],
)
def test_the_digest_goes_out_on_monday_or_as_soon_as_it_can(now: str, monday: date | None) -> None:
    assert digest_monday(quito(now), QUITO, WorkingDays()) == monday


def test_who_left_headship_gets_no_digest(trial: ReminderTrial, unit: Organisation) -> None:
    """spec/compulsory 10.6: decided when it is due."""
    ana, head = somebody(trial, "ana", place=unit), somebody(trial, "hugo", leads=unit)
    trial.run("2026-12-14T08:00", "2026-12-16T08:00")
    with trial.instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == head.id).values(suspended_at=quito("2026-12-17T09:00")))

    trial.run("2026-12-21T08:00")

    assert digests(trial.instance, head) == []
    assert ana.id
