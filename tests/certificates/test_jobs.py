"""The holder is told where the certificate is, in their language, without anything that others should not read."""

from sqlalchemy import select

from certificates.models import Credential
from kernel.codes import printed_code
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course
from tests.support.certificates import complete


def test_the_mail_names_the_course_and_leads_to_the_certificate(browser: Browser, instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))

    mails = browser.mails()

    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(Credential)).scalar_one()
    assert len(mails) == 1
    assert "Curso de prueba prueba" in mails[0]
    assert printed_code(row.code) in mails[0]
    assert f"http://localhost:8000/certificates/{row.uuid}" in mails[0]
    assert f"http://localhost:8000/v/{printed_code(row.code)}" in mails[0]


def test_no_mail_is_sent_twice(browser: Browser, instance: Instance) -> None:
    """At least once, with the job's identity as key: delivering again writes the same file."""
    complete(instance, a_course(instance, modules=1))

    first = browser.mails()

    assert browser.mails() == first
