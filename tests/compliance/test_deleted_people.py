"""Whose account is deleted leaves compulsory training that day; past days keep their numbers (spec/compulsory 12.5)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance import evidence, jobs
from compliance.actas import count_acta
from compliance.models import AccountFact, Assignment, AssignmentState, TrainingActa
from compliance.report import ReportTime, TrainingFilter, count_states, list_report_obligations, list_training_people
from compliance.rules.history import tally_sum
from compliance.rules.terms import WorkingDays
from kernel.db import KeysetPage
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from organisations.models import Membership
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.obligations import compute_everything
from tests.support.training_reports import NOON, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish

DAYS = WorkingDays()
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def reported(instance: Instance) -> ReportedInstitution:
    return a_reported_institution(instance)


def delete_account(instance: Instance, reported: ReportedInstitution, name: str, now: datetime = LATER) -> None:
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, reported.people[name].id), now=now)
    deliver_waiting(instance.worker, now=now + timedelta(minutes=1))


def a_filter(session: Session, reported: ReportedInstitution, place: str = "iess") -> TrainingFilter:
    obligations = list_report_obligations(session, reported.places["iess"].id)
    return TrainingFilter(reported.places[place].id, place == "iess", tuple(obligations))


def count(instance: Instance, reported: ReportedInstitution, now: datetime, *, place: str = "iess", is_past: bool = False) -> list[int]:
    """Return of how many it is required, how many of them are late, and how many are at risk."""
    time = ReportTime(now.date(), now, now, is_past=is_past)
    with instance.database.unit_of_work(write=False) as session:
        counted = count_states(session, time, a_filter(session, reported, place), DAYS)
        tally = tally_sum(each.tally for each in counted.values())
        return [tally.required, sum(count for state, count in tally.states.items() if state.value == "overdue"), tally.at_risk]


def test_who_is_deleted_is_no_longer_counted(instance: Instance, reported: ReportedInstitution) -> None:
    required, overdue, _at_risk = count(instance, reported, NOON)

    delete_account(instance, reported, "flores")

    assert count(instance, reported, LATER)[:2] == [required - 1, overdue - 1]
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Assignment).where(Assignment.person_id == reported.people["flores"].id)).one()
        time = ReportTime(LATER.date(), LATER, LATER)
        listed = list_training_people(session, time, a_filter(session, reported), DAYS, KeysetPage(), limit=50)
        assert row.person_id not in {each.Person.id for each in listed.rows}
    assert (row.state, row.flags, row.remind_at, row.next_change_at) == ("not_required", "account", None, None)


def test_who_is_deleted_is_not_at_risk_on_the_last_day(instance: Instance, reported: ReportedInstitution) -> None:
    with instance.database.unit_of_work(write=False) as session:
        last = session.scalar(select(Assignment.last_on).where(Assignment.person_id == reported.people["duran"].id))
    assert last is not None
    last_day = datetime(last.year, last.month, last.day, 12, tzinfo=NOON.tzinfo)
    compute_everything(instance, now=last_day)
    assert count(instance, reported, last_day)[2]

    delete_account(instance, reported, "duran", now=last_day)
    delete_account(instance, reported, "erazo", now=last_day)

    compute_everything(instance, now=last_day + timedelta(hours=1))
    assert count(instance, reported, last_day + timedelta(hours=1))[2] == 0


@pytest.mark.parametrize("place", ["iess", "guayas", "afiliacion"])
def test_past_days_count_who_was_deleted_later(instance: Instance, reported: ReportedInstitution, place: str) -> None:
    """In their unit, whatever is computed afterwards."""
    past = NOON - timedelta(days=3)
    before = count(instance, reported, past, place=place, is_past=True)

    delete_account(instance, reported, "flores")
    compute_everything(instance, now=LATER + timedelta(days=1))
    jobs.follow_changes(Delivery(instance.database, instance.settings, 1, {}, LATER + timedelta(days=400)))

    assert count(instance, reported, past, place=place, is_past=True) == before
    with instance.database.unit_of_work(write=False) as session:
        states = session.scalars(
            select(AssignmentState.state)
            .join(Assignment, Assignment.id == AssignmentState.assignment_id)
            .where(Assignment.person_id == reported.people["flores"].id)
            .order_by(AssignmentState.valid_from)
        ).all()
    assert states[-2:] == ["overdue", "not_required"]


def test_an_acta_of_a_past_day_says_the_same(instance: Instance, reported: ReportedInstitution) -> None:
    past = NOON - timedelta(days=3)
    row = TrainingActa(place_id=reported.places["iess"].id, obligation_id=reported.obligation.id, at=past, known=past)

    def counts(known: datetime) -> object:
        with instance.database.unit_of_work(write=False) as session:
            return count_acta(session, row, known)

    before = counts(past)
    delete_account(instance, reported, "flores")

    assert counts(past) == before
    assert counts(LATER + timedelta(days=1)) == before


def test_the_list_of_a_past_day_has_no_link_to_who_was_deleted(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.clock.now", lambda: LATER + timedelta(hours=1))
    an_administrator(instance)
    delete_account(instance, reported, "flores")
    sign_in(browser, "admin@example.org")

    today = browser.get(reported.path("afiliacion", "/people"))
    past = browser.get(reported.path("afiliacion", "/people?on=2026-11-17"))

    with instance.database.unit_of_work(write=False) as session:
        of = {row.person_id: row.uuid for row in session.scalars(select(Assignment))}
    deleted, other = (f"/training/{of[reported.people[name].id]}/past?" for name in ("flores", "garcia"))
    assert today.has_link(f"/training-report/people/{reported.people['garcia'].uuid}")
    assert in_spanish("Account deleted") not in today.text
    assert other in past.html
    assert deleted not in past.html
    assert str(reported.people["flores"].uuid) not in past.html
    assert "eliminada" in past.text


def test_what_is_kept_of_who_was_deleted_goes_when_its_time_is_over(instance: Instance, reported: ReportedInstitution) -> None:
    delete_account(instance, reported, "flores")
    person = reported.people["flores"].id

    evidence.forget_before(instance.database, instance.files, 400, now=LATER + timedelta(days=399))
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Membership.person_id == person)) == 1
    evidence.forget_before(instance.database, instance.files, 400, now=LATER + timedelta(days=402))

    with instance.database.unit_of_work(write=False) as session:
        for table in (Membership, Assignment, AccountFact):
            assert session.scalar(select(func.count()).where(table.person_id == person)) == 0


def test_an_account_deleted_by_an_older_program_leaves_that_night(instance: Instance, reported: ReportedInstitution) -> None:
    person = reported.people["flores"].id
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == person).values(email="x@deleted.invalid", suspended_at=NOON))

    jobs.recompute_all(Delivery(instance.database, instance.settings, 1, {}, LATER))

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(Assignment.state).where(Assignment.person_id == person)) == "not_required"
