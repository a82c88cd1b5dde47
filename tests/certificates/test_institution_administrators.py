"""What administrators of one institution do with its certificates: their validity, and the transcripts of their holders (I6, E2, R6)."""

from datetime import date

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from accounts.privacy import AccessPurpose
from certificates.models import Credential
from courses.models import Course
from kernel import clock
from kernel.outbox import deliver_waiting
from lms.access_log import list_access_rows
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, folder, publish, sign_in
from tests.support.certificates import complete, complete_again
from tests.support.institution_access import a_course_of, administer, an_institution_cast, two_institutions
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/teaching/del-banco/certificates/validity"
REGISTER = "/administration/certificates"


@pytest.mark.matrix
def test_every_cell_of_validity_and_transcripts(instance: Instance, browser: Browser) -> None:
    """spec/certificates 11: certificate.set_validity and transcript.view, with the administrator of another institution."""
    cast = an_institution_cast(browser, instance)
    holder = complete(instance, cast.course, "luis@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    transcript = f"/administration/people/{holder.person_uuid}/transcript"

    wrong = cast.check("certificate.set_validity", "of_an_institution", cast.outcomes(PAGE))
    wrong += cast.check("transcript.view", "of_a_holder_of_an_institution", cast.outcomes(transcript))

    assert wrong == []
    of_another = f"/administration/people/{cast.people['L'].uuid}/transcript"
    assert cast.outcomes(of_another)["S"] == "hide", "who holds no certificate of the institution"


def an_administrator_of(browser: Browser, instance: Instance, institution: Organisation, email: str) -> Browser:
    """Sign in somebody who administers one institution."""
    administer(instance, a_person(instance, email), institution)
    return sign_in(browser.another(), email)


def test_validity_is_changed_for_certificates_of_the_institution_alone(browser: Browser, instance: Instance) -> None:
    """spec/certificates I6 and E2: what the course issued for another institution before stays, in the dry run and in the job."""
    first, second = two_institutions(instance)
    course = a_course(instance, "del-banco", modules=1)
    complete(instance, course, "ana@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.id == course.id).values(institution_id=second.id))
    complete(instance, course, "luis@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    files = folder("del-banco", modules=1)
    words = b"certificate: {template: constancia, valid: 24 months}\ninstitution: biess"
    publish(instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})
    sara = an_administrator_of(browser, instance, second, "sara@example.org")

    assert sara.get(f"{REGISTER}?course=del-banco").has_link(PAGE)
    assert dict(sara.get(PAGE).form(PAGE).fields)["counted"] == "1"
    sara.submit(PAGE, {"reason": "Resolución 12"})
    deliver_waiting(instance.worker, now=clock.now())

    rows = read(instance, lambda session: list(session.scalars(select(Credential).order_by(Credential.id))))
    names = [(row.institution_key, row.replaced_at is None, row.expires_on) for row in rows]
    assert names == [
        (str(first.uuid), True, None),
        (str(second.uuid), False, None),
        (str(second.uuid), True, date(2028, 6, 1)),
    ]


def test_an_institution_sees_its_part_of_a_transcript_and_stands_in_the_log(browser: Browser, instance: Instance) -> None:
    """spec/certificates I6 and 11: with the certificate's page leading there, and a row in the holder's log of who looked."""
    first, second = two_institutions(instance)
    holder = complete(instance, a_course_of(instance, "del-banco", "biess"), "luis@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    complete_again(instance, holder, a_course(instance, "del-instituto", modules=1).slug)
    deliver_waiting(instance.worker, now=clock.now())
    path = f"/administration/people/{holder.person_uuid}/transcript"
    shown = {}
    for email, institution in (("sara@example.org", second), ("teo@example.org", first)):
        visitor = an_administrator_of(browser, instance, institution, email)
        page = visitor.get(path)
        shown[email] = [slug for slug in ("del-banco", "del-instituto") if f"Curso de prueba {slug}" in page.text]
        assert in_spanish("It shows the certificates and courses of your institution.") in page.text
    sara = sign_in(browser.another(), "sara@example.org")
    with instance.database.unit_of_work(write=False) as session:
        of_second = session.scalars(select(Credential.uuid).where(Credential.institution_key == str(second.uuid))).one()
        person = session.scalars(select(Person).where(Person.uuid == holder.person_uuid)).one()
        looked = [row.purpose for row in list_access_rows(session, person.id)]

    assert shown == {"sara@example.org": ["del-banco"], "teo@example.org": ["del-instituto"]}
    assert sara.get(f"/certificates/{of_second}").has_link(path)
    assert looked.count(AccessPurpose.TRANSCRIPT) == 2
