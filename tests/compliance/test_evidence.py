"""Room for the files that prove waivers and recognitions (spec/compulsory 4.10), and records that were kept long enough.

spec/security 4.3; spec/compulsory 12.5.
"""

import json
from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select, update

from accounts.models import Person
from compliance import claims, evidence, jobs, obligations
from compliance.evidence import EvidenceFile, keep_evidence
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
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Unavailable
from kernel.files import StoredFile, note_stored
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.models import AudienceStayRecord, Employment, Membership, Organisation
from tests.support.access import form_token
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.claims import act_on, again, ask_waiver
from tests.support.obligations import compute_everything
from tests.support.places import a_place, put
from tests.support.training_reports import NOON, STATES, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish

NEW = "/learning/waivers/new"
FIELDS = {"kind": "commission", "obligation": "", "first_on": "2026-11-01", "last_on": "2027-01-31", "document": "IESS-0417"}
PDF = b"%PDF-1.4 certificado"


def kept(instance: Instance, content: bytes = PDF) -> EvidenceFile:
    found = keep_evidence(instance.files, "certificado.pdf", content)
    assert isinstance(found, EvidenceFile)
    return found


def is_there(instance: Instance, file: EvidenceFile) -> tuple[bool, bool]:
    """Return whether a content is in the store, and whether it has a row."""
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalar(select(StoredFile.id).where(StoredFile.sha256 == file.sha256))
    return instance.files.holds(file.sha256), row is not None


def send(browser: Browser, content: bytes = PDF, *, status: int = 200, **fields: str) -> str:
    browser.get(NEW)
    sent = {**FIELDS, **fields, "evidence": (BytesIO(content), "c.pdf"), "csrf_token": form_token(browser)}
    response = browser._request("POST", NEW, data=sent, content_type="multipart/form-data")
    response.request.environ["wsgi.input"].close()  # the client keeps a large body in a file of its own
    return browser._arrive(status).text


@pytest.fixture
def ana(instance: Instance) -> Person:
    """Return somebody who works in a unit."""
    person = a_person(instance, "ana@example.org")
    put(instance, person, a_place(instance, "IESS", code="IESS"))
    return person


def test_what_is_withdrawn_is_deleted(instance: Instance, ana: Person) -> None:
    file = kept(instance)
    row = ask_waiver(instance, ana, evidence=file)

    act_on(instance, claims.withdraw, row, ana)
    deliver_waiting(instance.worker, now=clock.now())

    assert again(instance, row).evidence is None
    assert is_there(instance, file) == (False, False)


def test_what_another_request_names_stays(instance: Instance, ana: Person) -> None:
    file = kept(instance)
    row = ask_waiver(instance, ana, evidence=file)
    ask_waiver(instance, a_person(instance, "luis@example.org"), evidence=file)

    act_on(instance, claims.withdraw, row, ana)
    deliver_waiting(instance.worker, now=clock.now())

    assert is_there(instance, file) == (True, True)


def test_the_files_of_an_erased_person_are_deleted(instance: Instance, ana: Person) -> None:
    """spec/security 7.3: medical certificates do not outlive the account, nor stand in the next backup."""
    file = kept(instance)
    ask_waiver(instance, ana, evidence=file)

    with instance.database.unit_of_work() as session:
        evidence.erase_evidence(session, session.get_one(Person, ana.id), now=clock.now())
    deliver_waiting(instance.worker, now=clock.now())

    assert is_there(instance, file) == (False, False)


def test_a_content_that_is_deleted_at_this_moment_is_asked_for_again(instance: Instance, ana: Person) -> None:
    """It was there when the file came, and is gone when the request is written: nothing may name it."""
    file = kept(instance)
    instance.files.remove(file.sha256)

    with pytest.raises(Unavailable):
        ask_waiver(instance, ana, evidence=file)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Waiver)).all() == []
    assert ask_waiver(instance, ana, evidence=kept(instance)).evidence == file.sha256


@pytest.mark.settings(quota_evidence_person_mb=1)
def test_a_person_has_so_much_room(browser: Browser, instance: Instance, ana: Person) -> None:
    learner = sign_in(browser, "ana@example.org")
    send(learner, PDF + b" " * 600_000)

    page = send(learner, PDF + b"." * 600_000, status=422, first_on="2024-01-01", last_on="2024-02-01")

    assert in_spanish("Your files take all the room that one person has. Withdraw some, or write the document's number.") in page
    assert len(list(instance.files.names())) == 1


@pytest.mark.settings(quota_evidence_mb=1)
def test_an_institution_has_so_much_room(browser: Browser, instance: Instance, ana: Person) -> None:
    with instance.database.unit_of_work(write=False) as session:
        iess = session.scalars(select(Organisation)).one()
    put(instance, a_person(instance, "luis@example.org"), iess)
    put(instance, a_person(instance, "eva@example.org"), a_place(instance, "Otro", code="OTRO"))
    send(sign_in(browser, "ana@example.org"), PDF + b" " * 600_000)

    page = send(sign_in(browser.another(), "luis@example.org"), PDF + b"." * 600_000, status=422)

    assert in_spanish("Your institution's files take all the room it has. Write the document's number instead.") in page
    send(sign_in(browser.another(), "eva@example.org"), PDF + b"." * 600_000)


def test_requests_that_wait_are_limited_with_or_without_a_file(
    browser: Browser, instance: Instance, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compliance.views.claims.MOST_WAITING", 1)
    learner = sign_in(browser, "ana@example.org")
    learner.get(NEW)
    learner.post(NEW, FIELDS)
    learner.get(NEW)

    page = learner.post(NEW, {**FIELDS, "first_on": "2024-01-01", "last_on": "2024-02-01"}, status=422)

    assert in_spanish("%(number)s of your requests wait for a decision. Wait, or withdraw some.", number=1) in page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Waiver.first_on)).all() == [date(2026, 11, 1)]


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
