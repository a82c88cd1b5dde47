"""Records of compulsory training that were kept long enough: whose go, whose stay, by portions (spec/compulsory 12.5)."""

import json
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from accounts.models import Person
from compliance import evidence, jobs, obligations
from compliance.models import (
    Assignment,
    AssignmentState,
    Obligation,
    ObligationVersion,
    Recognition,
    Reminder,
    ReminderRequest,
    StartedFact,
    Waiver,
)
from kernel.audit import AuditEntry
from kernel.files import StoredFile, note_stored
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.models import AudienceStayRecord, Employment, Membership
from tests.support.browser import Browser
from tests.support.obligations import compute_everything
from tests.support.training_reports import NOON, STATES, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish

YEARS = 2557


@pytest.fixture
def reported(instance: Instance) -> ReportedInstitution:
    return a_reported_institution(instance)


def run(instance: Instance, now: datetime) -> None:
    """Do the nightly job, and what it leaves to do."""
    effect = jobs.end_records(Delivery(instance.database, instance.settings, 1, {}, now))
    if effect is not None:
        with instance.database.unit_of_work() as session:
            effect(session)


def count(instance: Instance, *tables: type) -> list[int]:
    with instance.database.unit_of_work(write=False) as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def leave(instance: Instance, reported: ReportedInstitution, name: str, left_on: date) -> Person:
    """Let somebody have worked at the institution until a day."""
    person = reported.people[name]
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).where(Employment.person_id == person.id).values(entered_on=date(2020, 1, 1), left_on=left_on))
        session.execute(update(Membership).where(Membership.person_id == person.id).values(until=NOON))
    return person


def expired(instance: Instance) -> list[dict[str, int]]:
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "training_records.expired"))
        return [json.loads(facts) for facts in found]


def prove(instance: Instance, reported: ReportedInstitution, name: str, content: bytes) -> str:
    """Keep a file that proves the recognition of somebody."""
    sha256 = instance.files.put(content)
    with instance.database.unit_of_work() as session:
        note_stored(session, sha256, size=len(content), media_type="application/pdf", now=NOON)
        mine = Recognition.person_id == reported.people[name].id
        session.execute(update(Recognition).where(mine).values(evidence=sha256, evidence_name="acta.pdf"))
    return sha256


def test_who_left_long_ago_leaves_no_record_and_all_others_keep_theirs(
    instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.5: seven years after the last day, by portions; who works again or still keeps everything."""
    monkeypatch.setattr(evidence, "PORTION", 1)
    gone = [leave(instance, reported, name, date(2026, 11, 1)) for name in ("erazo", "haro", "ibarra")]
    leave(instance, reported, "jara", date(2026, 11, 20))
    own, shared = prove(instance, reported, "haro", b"one"), prove(instance, reported, "abad", b"two")
    prove(instance, reported, "haro", b"two")
    with instance.database.unit_of_work() as session:  # the first proof of Haro's is named again, and the second is Abad's too
        session.execute(update(Recognition).where(Recognition.person_id == gone[1].id).values(evidence=own))
    numbers = [person.id for person in gone]

    run(instance, NOON + timedelta(days=YEARS - 20))
    assert count(instance, Assignment) == [len(STATES)]
    run(instance, NOON + timedelta(days=YEARS - 18))

    with instance.database.unit_of_work(write=False) as session:
        left = set(session.scalars(select(Assignment.person_id)))
        orphans = session.scalar(select(func.count()).where(AssignmentState.assignment_id.not_in(select(Assignment.id))))
        for table in (StartedFact, Waiver, Recognition, AudienceStayRecord):
            assert not session.scalar(select(func.count()).where(table.person_id.in_(numbers)))
        assert session.scalars(select(StoredFile.sha256)).all() == [shared]
    assert left == {person.id for person in reported.people.values()} - set(numbers)
    assert orphans == 0
    assert (instance.files.holds(own), instance.files.holds(shared)) == (False, True)
    assert expired(instance) == [{"obligations": 0, "people": 3}]


def test_an_obligation_that_ended_long_ago_keeps_its_rules_alone(instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.5: with its reminders and requests for them; nothing computes them again, and a second night finds nothing."""
    people = list(reported.people.values())
    with instance.database.unit_of_work() as session:
        row = session.get_one(Obligation, reported.obligation.id)
        obligations.end_obligation(session, Actor(person_id=people[0].id), row, NOON.date(), "Derogada", now=NOON)
        request = ReminderRequest(obligation_id=row.id, asked_at=NOON)
        session.add(request)
        session.flush()
        assignment = session.scalars(select(Assignment.id).order_by(Assignment.id)).first()
        session.add(Reminder(assignment_id=assignment, cycle=1, kind="asked", due_on=NOON.date(), at=NOON, request_id=request.id))

    run(instance, NOON + timedelta(days=YEARS))
    assert count(instance, Assignment, Reminder, ReminderRequest) == [len(STATES), 1, 1]
    for days in (1, 2):
        run(instance, NOON + timedelta(days=YEARS + days))
    compute_everything(instance, now=NOON + timedelta(days=YEARS + 3))
    deliver_waiting(instance.worker, now=NOON + timedelta(days=YEARS + 3))

    assert count(instance, Assignment, AssignmentState, Reminder, ReminderRequest, Waiver) == [0, 0, 0, 0, 0]
    assert count(instance, Obligation, ObligationVersion) == [1, 2]
    assert expired(instance) == [{"obligations": 1, "people": 0}]


def test_broken_off_in_the_middle_the_next_night_goes_on(
    instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.5: each portion is a transaction of its own."""
    monkeypatch.setattr(evidence, "PORTION", 1)
    for name in ("abad", "bravo"):
        leave(instance, reported, name, date(2026, 1, 1))
    real = evidence._remove
    monkeypatch.setattr(evidence, "_remove", lambda *_given: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(instance, NOON + timedelta(days=YEARS))
    assert count(instance, Assignment) == [len(STATES) - 1]

    monkeypatch.setattr(evidence, "_remove", real)
    run(instance, NOON + timedelta(days=YEARS))

    assert count(instance, Assignment) == [len(STATES) - 2]


def test_the_privacy_page_names_the_period(browser: Browser, instance: Instance) -> None:
    """spec/security 7.3: beside those of the other kinds of data."""
    assert "7 años." in next(
        line for line in browser.get("/privacy").text.splitlines() if in_spanish("Records of compulsory training") in line
    )
