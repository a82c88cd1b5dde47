"""Acts on certificates while something else changes: keys, completions, the clock (spec/certificates 15)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from certificates import credentials
from certificates.models import Credential, ValidityChange
from certificates.reviews import settle_reviews
from certificates.rules.credentials import ReplacementReason, RevocationReason
from courses.models import Course
from enrolments.models import Completion, Enrolment
from kernel import clock
from kernel.codes import printed_code
from kernel.crypto import rotate_signing_key, signing_keys
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, folder, publish, sign_in
from tests.support.certificates import NOON, a_certificate, complete
from tests.support.scenes import scene
from tests.support.takes import read
from tests.support.wording import in_spanish

VALIDITY = "/teaching/prueba/certificates/validity"
PEOPLE = ("ana@example.org", "bea@example.org", "caro@example.org")


def certificates(instance: Instance) -> list[Credential]:
    """Return all certificates, the oldest first."""
    return read(instance, lambda session: list(session.scalars(select(Credential).order_by(Credential.id))))


def test_what_is_replaced_during_a_rotation_verifies_whichever_key_signed_it(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys change after the new certificate is signed and before it is written; the next one is signed by the new key."""
    row = a_certificate(instance)
    an_administrator(instance)
    admin, folder_of_keys = sign_in(browser, "admin@example.org"), instance.settings.data_dir
    first, rotations = signing_keys(folder_of_keys).identifier, list[str]()

    def rotate_and_settle(*given: object, **named: object) -> None:
        if not rotations:
            rotations.append(rotate_signing_key(folder_of_keys).identifier)
        settle_reviews(*given, **named)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(credentials, "settle_reviews", rotate_and_settle)
    for _time in range(2):
        admin.get(f"/certificates/{certificates(instance)[-1].uuid}/replacement")
        admin.submit("/replacement", {"reason_class": "data", "reason": "Durante el cambio."})

    rows = certificates(instance)
    assert [one.key_id for one in rows] == [first, first, *rotations]
    assert rows[0].id == row.id
    words = ["Genuine, replaced by %(code)s"] * 2 + ["Genuine and in force"]
    for one, verdict in zip(rows, words, strict=True):
        page = browser.another().get(f"/verify/{printed_code(one.code)}")
        assert in_spanish(verdict).partition("%")[0] in page.text
    admin._request("GET", f"/certificates/{rows[-1].uuid}.pdf")
    assert admin.response.status_code == 200


def with_validity(words: str) -> dict[str, bytes]:
    """Return a course whose certificates are valid for some time."""
    files = folder(modules=1)
    return {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", f"certificate: {words}".encode())}


@pytest.fixture
@scene
def course(instance: Instance) -> Course:
    """Return a course that three people completed before its certificates began to end."""
    course = publish(instance, with_validity("constancia"))[0]
    for email in PEOPLE:
        complete(instance, course, email)
    deliver_waiting(instance.worker, now=clock.now())
    return publish(instance, with_validity("{template: constancia, valid: 24 months}"))[0]


def withdraw_first_completion(instance: Instance) -> None:
    """Withdraw the completion of the person who completed the course first."""
    with instance.database.unit_of_work() as session:
        first = session.scalars(select(Enrolment.id).order_by(Enrolment.id).limit(1)).one()
        session.execute(delete(Completion).where(Completion.enrolment_id == first))


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_completion_withdrawn_after_the_dry_run_is_left_out(
    browser: Browser, instance: Instance, course: Course, confirmed: bool
) -> None:
    """Before the confirmation the new number is shown first; after it the job passes over the certificate."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    browser.get(VALIDITY)
    if not confirmed:
        withdraw_first_completion(instance)
        page = browser.submit(VALIDITY, {"reason": "Resolución 12"}, status=409)
        assert dict(page.form(VALIDITY).fields)["counted"] == "2"
    browser.submit(VALIDITY, {"reason": "Resolución 12"})
    if confirmed:
        withdraw_first_completion(instance)
    deliver_waiting(instance.worker, now=clock.now())

    rows, last = certificates(instance), date(2028, 6, 1)
    assert [(row.replaced_at is None, row.expires_on) for row in rows] == [(True, None), *[(False, None)] * 2, *[(True, last)] * 2]
    change = read(instance, lambda session: session.scalars(select(ValidityChange)).one())
    assert (change.total, change.done, change.done_at is not None) == (3 if confirmed else 2, 2, True)


def test_a_clock_put_back_dates_nothing_before_the_completion(instance: Instance) -> None:
    """A certificate, its replacement and its revocation are not older than what they rest on, and none is issued twice by itself."""
    complete(instance, a_course(instance, modules=1))
    settings, keys = instance.present_settings, instance.keys
    earlier = NOON - timedelta(days=3)
    with instance.database.unit_of_work() as session:
        award = credentials.find_award(session, session.scalars(select(Enrolment.id)).one())
        assert award is not None
        row = credentials.issue_credential(session, SYSTEM, award, settings, keys, now=earlier)
        made = credentials.replace_credential(session, SYSTEM, row, ReplacementReason.DATA, "Dato.", settings, keys, now=earlier)
        credentials.revoke_credential(session, SYSTEM, made, RevocationReason.IRREGULARITY, "Copió.", now=earlier)
        again = credentials.find_award(session, row.enrolment_id)

    assert again is None, "it was revoked"
    for one in certificates(instance):
        assert one.issued_on >= one.completed_on == date(2026, 6, 1)
        assert all(moment >= NOON for moment in (one.issued_at, one.revoked_at or NOON, one.replaced_at or NOON))
