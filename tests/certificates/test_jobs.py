"""The holder is told where the certificate is, in their language, without anything that others should not read."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from certificates import jobs
from certificates.models import Credential
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import Delivery
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


@pytest.mark.parametrize("brought_in", [False, True])
def test_the_seal_is_renewed_in_its_last_year(instance: Instance, tmp_path: Path, brought_in: bool) -> None:
    """spec/certificates K1: by itself where keys are made here; keys that are brought in from outside are the operator's."""
    before = instance.seal_keys.current
    settings = instance.settings.model_copy(update={"secret_key_file": tmp_path / "secret.key" if brought_in else None})
    renewed = []
    for days in (366, 364, 363):
        with time_machine.travel(before.ends - timedelta(days=days), tick=False):
            jobs.renew_seal(Delivery(instance.database, settings, 1, {}, clock.now()))
        renewed.append(instance.seal_keys.current.identifier != before.identifier)

    assert renewed == [False, not brought_in, not brought_in]
    assert len(instance.seal_keys.trusted) == (1 if brought_in else 2)
