"""One's own data (security 7.3, 7.4): a copy at once, who looked, and deletion that keeps what others rest on."""

import csv
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import time_machine
from flask import Flask
from sqlalchemy import func, select

from accounts import privacy
from accounts.models import Device, NationalIdentity, Notice, Person
from accounts.privacy import PrivacyVerb
from certificates.models import Credential
from enrolments.models import LearnerNote
from enrolments.queries import learning as enrolment_queries
from enrolments.services import learning as enrolments
from kernel import clock
from kernel.audit import AuditEntry
from kernel.db import Base
from lms import own_data
from lms.app import House
from lms.worker import add_periodic
from tests.certificates.test_services import complete, issue
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course, a_learner_in, a_person, an_administrator, folder, publish, sign_in
from tests.support.learning import a_learner, enrolment_of, mark_done, pass_quiz

OWNED = {
    "accommodation": "accommodations",
    "attempt": "attempts",
    "consent": "consents",
    "course_staff": "teams",
    "credential": "certificates",
    "device": "sessions",
    "enrolment": "enrolments",
    "membership": "places",
    "national_identity": "identity_number",
    "notice": "notices",
    "notice_switch": "notice_choices",
    "role_grant": "roles",
    "second_factor": "second_steps",
    "task_submission": "simulator_tasks",
}
"""Tables with a person's rows: where the copy has them."""
LEFT_OUT = {
    "deletion_request": "shown on the page itself",
    "passkey_challenge": "random, lives five minutes",
    "recovery_code": "hashes only",
    "token": "hashes only",
    "pending_folder": "course folders that wait for an answer, gone within days",
    "pending_import": "questions that wait for an answer, gone within days",
    "pending_list": "lists that wait for an answer, gone within days",
    "message_recipient": "the message itself is among the notices",
    "pending_load": "lists of people that wait for an answer, gone within days",
    "quiz_override": "set by the team for a quiz; shown on its page",
    "task_save": "drafts of what was handed in, which is there",
    "unit_manager": "shown on the page of the unit",
    "waiting_place": "shown on the page of the course",
}


def unpacked(browser: Browser) -> zipfile.ZipFile:
    browser.get("/profile/data")
    browser._request("POST", "/profile/data/copy", data={"csrf_token": dict(browser.page.form("/copy").fields)["csrf_token"]})
    assert browser.response.headers["Content-Type"] == "application/zip"
    assert browser.response.headers["Content-Disposition"].startswith("attachment")
    assert browser.response.headers["Cache-Control"] == "no-store"
    return zipfile.ZipFile(BytesIO(browser.response.data))


def test_the_copy_holds_everything_in_json_and_csv(browser: Browser, house: House) -> None:
    a_learner_in(browser, a_course(house, modules=1))
    a_person(house, "luis@example.org", given="Luis", surname="Otro")
    with house.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=1, number="=1+2"))
    copy = unpacked(browser)
    data = json.loads(copy.read("data.json"))

    assert data["profile"][0]["email"] == "ana@example.org"
    assert data["enrolments"][0]["course"] == "prueba"
    assert {name.removeprefix("csv/") for name in copy.namelist() if name.startswith("csv/")} == {f"{name}.csv" for name in data}
    assert list(csv.reader(StringIO(copy.read("csv/identity_number.csv").decode("utf-8-sig")))) == [["number"], ["'=1+2"]]
    everything = b"".join(copy.read(name) for name in copy.namelist())
    assert b"luis@" not in everything
    assert b"argon2" not in everything
    with house.database.unit_of_work(write=False) as session:
        for secret in session.scalars(select(Device.secret_hash)):
            assert secret.encode() not in everything
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == PrivacyVerb.EXPORTED.value)) == 1


def test_the_copy_holds_marks_results_and_notes_as_far_as_they_are_shown(browser: Browser, house: House) -> None:
    """Security 7.3 and 5.1: what the review does not show yet is not in the copy either."""
    shown = publish(house, folder(modules=1))[0]
    hidden = publish(house, folder("callado", modules=1, settings="attempts: 3\nreview: hidden\n"))[0]
    ana = a_learner(house, shown)
    with house.database.unit_of_work() as session:
        enrolments.enrol(session, ana, enrolment_queries.get_seat(session, ana, hidden.slug), now=clock.now())
    for course in (shown, hidden):
        mark_done(house, ana, course.slug, "leccion-1")
        pass_quiz(house, ana, course.slug)
    place = enrolment_of(house, ana, shown)
    with house.database.unit_of_work() as session:
        session.add(LearnerNote(enrolment_id=place.id, author_id=place.person_id, words="Pidió ayuda.", written_at=clock.now()))
    sign_in(browser)
    data = json.loads(unpacked(browser).read("data.json"))

    assert [Decimal(row["percent"]) for row in data["attempt_marks"]] == [100]
    assert {row["course"] for row in data["activity_scores"]} == {"prueba"}
    assert len(data["question_marks"]) == 7
    assert [row["words"] for row in data["notes_of_the_team"]] == ["Pidió ayuda."]
    assert len(data["attempts"]) == 2


def test_no_table_of_a_person_is_forgotten(app: Flask, house: House) -> None:
    owned = {
        table.name
        for table in Base.metadata.sorted_tables
        if "person_id" in table.columns and any(key.column.table.name == "person" for key in table.columns["person_id"].foreign_keys)
    }
    assert owned == {*OWNED, *LEFT_OUT}
    assert set(OWNED.values()) <= set(own_data.statements(1))


def test_who_looked_is_shown_to_the_person(browser: Browser, house: House) -> None:
    """Security 7.4: date, role and purpose."""
    person = a_person(house)
    an_administrator(house)
    other = sign_in(browser.another(), "admin@example.org")
    other.get(f"/administration/people/{person.uuid}")
    sign_in(browser)
    page = browser.get("/profile/data")

    assert "Ada Ministra" in page.text
    assert "Administración" in page.text
    assert "Su cuenta y sus cursos" in page.text


def ask(browser: Browser) -> None:
    browser.get("/profile/data/deletion")
    browser.submit("/profile/data/deletion", {"current_password": "no es esta"}, status=422)
    browser.submit("/profile/data/deletion", {"current_password": PASSWORD})


def deliver_later(browser: Browser, house: House, days: int) -> None:
    with time_machine.travel(clock.now() + timedelta(days=days)):
        add_periodic(house.worker, "lms.delete_accounts", own_data.DELETIONS_EVERY, clock.now())
        browser.deliver_jobs()


def test_an_account_is_deleted_a_week_after_its_owner_asked(browser: Browser, house: House) -> None:
    a_learner_in(browser, a_course(house, modules=1))
    ask(browser)
    assert any("eliminará" in mail for mail in browser.mails())
    deliver_later(browser, house, 6)
    assert browser._request("GET", "/profile").status_code == 200
    deliver_later(browser, house, 8)

    with house.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, 1)
        assert "ana" not in f"{person.email} {person.full_name} {person.name_key} {person.password_hash}".lower()
        assert person.suspended_at is not None
        assert not session.scalar(select(func.count()).select_from(Device))
        assert not session.scalar(select(func.count()).select_from(Notice))
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == PrivacyVerb.DELETED.value)) == 1
    other = browser.another()
    other.get("/sign-in")
    other.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=422)
    a_person(house)  # the address is free again


def test_it_can_be_taken_back(browser: Browser, house: House) -> None:
    a_person(house)
    sign_in(browser)
    ask(browser)
    browser.submit("/profile/data/deletion/taking-back")
    deliver_later(browser, house, 8)

    with house.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, 1).email == "ana@example.org"


def test_the_only_administrator_stays(browser: Browser, house: House) -> None:
    an_administrator(house, "ana@example.org")
    sign_in(browser)
    ask(browser)
    deliver_later(browser, house, 8)

    with house.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, 1).email == "ana@example.org"
        assert privacy.find_request(session, 1) is not None


def test_certificates_are_in_the_copy_and_stay(browser: Browser, house: House) -> None:
    complete(house, a_course(house, modules=1))
    code = issue(house).code
    sign_in(browser)
    assert f"certificates/{code}.pdf" in unpacked(browser).namelist()
    ask(browser)
    deliver_later(browser, house, 8)
    page = browser.another().get(f"/verify/{code}")

    assert "Ana Quinde" in page.text
    with house.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 1
