"""Room for the files that prove waivers and recognitions, and their end (spec/compulsory 4.10; spec/security 4.3)."""

from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import select

from accounts.models import Person
from compliance import claims, evidence
from compliance.evidence import EvidenceFile, keep_evidence
from compliance.models import Waiver
from kernel import clock
from kernel.errors import Unavailable
from kernel.files import StoredFile
from kernel.outbox import deliver_waiting
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.access import form_token
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.claims import act_on, again, ask_waiver
from tests.support.places import a_place, put
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
        evidence.erase_person(session, session.get_one(Person, ana.id), now=clock.now())
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
