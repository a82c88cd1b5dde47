"""What pages say of a person's data, beside what is so: each sentence stands on its page, and its fact comes of doing it."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from accounts.models import Device, NationalIdentity, Notification, Person, PersonName, RoleGrant
from certificates.models import Credential
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from lms import own_data
from lms.instance import Instance
from lms.worker import add_periodic
from quizzes.models import AnswerEvent, Attempt
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course, a_person, an_administrator, sign_in
from tests.support.certificates import complete, issue, words_of
from tests.support.wording import in_spanish

NUMBER, NAME = "1710034065", "Ana Quinde"
GONE = (
    "Your name, email, identity number, password, sessions, notifications and roles. No one will be able to sign in to the account any "
    "more, including you."
)
MARKS = "Progress, answers and grades, without your name. Course and question results depend on them."
AUDIT = "The audit log, which holds a number and no name, for five years. It is needed to investigate mistakes and abuse."
CERTIFICATES = (
    "The record of your certificates. It keeps the name as it was signed and shows it to no one: their codes still show that each was "
    "issued, the course and the dates, but no name."
)
NO_LONGER = "No one can check any more that a certificate is yours, and it can no longer be downloaded here."
COPY = "First download a copy of your data, with your certificates."
RIGHTS = "After a deletion, your certificates no longer show that they are yours."
SEEN = "Only you and administrators can see it. It is printed only on certificates for which you choose it."
VERIFIED = "Only the details on the certificate itself are shown. The identity number does not appear."
OTHERS = (
    "%(institution)s keeps your name, your email address and your study record so that it can give you courses and certificates that can "
    "be verified. Your data is not sold. Other learners see your name where you take part in discussions and communities, and neither "
    "your answers nor your marks."
)


def a_holder(browser: Browser, instance: Instance) -> Credential:
    """Sign in Ana, who has a certificate and an identity number."""
    complete(instance, a_course(instance, modules=1))
    credential = issue(instance)
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=credential.person_id, number=NUMBER))
    sign_in(browser)
    return credential


def delete_account(browser: Browser, *, days: int) -> None:
    """Ask for the deletion, and let days pass."""
    browser.get("/profile/data/deletion")
    browser.submit("/profile/data/deletion", {"current_password": PASSWORD})
    with time_machine.travel(clock.now() + timedelta(days=days)):
        add_periodic(browser.instance.worker, "lms.delete_accounts", own_data.DELETIONS_EVERY, clock.now())
        browser.deliver_jobs()


def status_of(browser: Browser, path: str) -> int:
    """Return the status of a page."""
    return browser._request("GET", path).status_code


def pdf_of(browser: Browser, row: Credential) -> str:
    """Return the words of a certificate's file."""
    assert status_of(browser, f"/certificates/{row.uuid}.pdf") == 200
    return " ".join(words_of(browser.response.get_data()))


def test_the_page_of_a_deletion_names_what_goes_and_what_stays(browser: Browser, instance: Instance) -> None:
    credential = a_holder(browser, instance)
    said = browser.get("/profile/data/deletion").text
    with instance.database.unit_of_work(write=False) as session:
        marks = [session.scalar(select(func.count()).select_from(table)) for table in (Attempt, AnswerEvent)]
    delete_account(browser, days=8)

    stranger = browser.another()
    shown = stranger.get(f"/verify/{printed_code(credential.code)}").text
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, credential.person_id)
        gone = (Device, NationalIdentity, Notification, PersonName, RoleGrant)
        left = [session.scalar(select(func.count()).select_from(table).where(table.person_id == person.id)) for table in gone]
        logged = session.scalars(select(AuditEntry.facts)).all()
        assert marks == [session.scalar(select(func.count()).select_from(table)) for table in (Attempt, AnswerEvent)]
        assert marks[0]
        names = f"{person.full_name} {person.email} {person.name_key}"
        assert session.get_one(Credential, credential.id).person_name.startswith(NAME)  # «conserva el nombre como se firmó»
    assert [sentence for sentence in (GONE, MARKS, AUDIT, CERTIFICATES, NO_LONGER, COPY) if in_spanish(sentence) not in said] == []
    assert not re.search("(?i)quinde|ana@", names)
    assert left == [0] * len(gone)
    assert logged
    assert "Quinde" not in str(logged)
    assert NAME not in shown
    assert "Curso de prueba" in shown
    assert str(credential.issued_at.year) in shown
    assert status_of(stranger, f"/certificates/{credential.uuid}.pdf") != 200
    stranger.get("/sign-in")
    stranger.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=422)


def test_until_the_seventh_day_nothing_is_gone_and_the_certificate_verifies(browser: Browser, instance: Instance) -> None:
    credential = a_holder(browser, instance)
    said = browser.get("/profile").text

    delete_account(browser, days=6)

    assert in_spanish(RIGHTS) in said
    assert NAME in browser.another().get(f"/verify/{printed_code(credential.code)}").text
    assert status_of(browser, "/profile") == 200


@pytest.mark.parametrize(
    ("language", "page", "sentence"),
    [
        ("es", "/privacy", "quien tenga un código ve que el certificado se emitió, el curso y las fechas, y ningún nombre"),
        ("en", "/privacy", "whoever has a code sees that the certificate was issued, the course and the dates, and no name"),
        ("es", "/help/learner/notifications-and-data", "después nadie podrá comprobar con ellos que son suyos, ni descargarlos"),
        ("en", "/help/learner/notifications-and-data", "afterwards no one can check with them that they are yours, or download them"),
        ("es", "/help/administrator/privacy", "quien tenga el código ve que se emitió, el curso y las fechas, y ningún nombre"),
        ("en", "/help/administrator/privacy", "whoever has the code sees that it was issued, the course and the dates, and no name"),
    ],
)
def test_every_other_page_says_the_same_of_certificates(
    browser: Browser, instance: Instance, language: str, page: str, sentence: str
) -> None:
    """What they say is so by the first test."""
    an_administrator(instance)
    reader = sign_in(browser, "admin@example.org")
    reader.get("/")
    reader.submit("/language", button=("language", language))

    assert sentence in " ".join(reader.get(page).text.split())


def test_the_identity_number_is_printed_only_where_its_holder_chooses_it(browser: Browser, instance: Instance) -> None:
    credential = a_holder(browser, instance)
    said = browser.get("/profile").text
    notice = browser.get("/privacy").text
    before = pdf_of(browser, credential)
    browser.get(f"/certificates/{credential.uuid}")
    browser.submit("/identity-number", {}, button=("printed", "yes"))
    after = pdf_of(browser, credential)
    public = browser.another().get(f"/verify/{printed_code(credential.code)}")

    assert in_spanish(SEEN) in said
    assert "se imprime en un certificado solo si usted lo elige allí" in notice
    assert "ve lo que dice el certificado, nunca la cédula" in notice
    assert in_spanish(VERIFIED) in public.text
    assert (NUMBER in before, NUMBER in after, NUMBER in public.html) == (False, True, False)


def test_other_learners_see_nothing_of_a_person(browser: Browser, instance: Instance) -> None:
    credential = a_holder(browser, instance)
    said = browser.another().get("/sign-up").text
    a_person(instance, "eva@example.org", given="Eva", surname="Ficticia")
    other = sign_in(browser.another(), "eva@example.org")
    other.get("/courses/prueba")
    other.submit("/enrolment")

    pages = [other.get(path).html for path in ("/learning", "/courses/prueba", "/certificates", "/calendar", "/search?q=Quinde")]
    assert in_spanish(OTHERS, institution="Aulario")[-60:] in said
    assert [page for page in pages if NAME in page or "ana@example.org" in page] == []
    assert status_of(other, f"/certificates/{credential.uuid}") == 404
