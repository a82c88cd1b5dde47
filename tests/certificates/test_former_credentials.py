"""Certificates of before 0.3.0: completed in portions with the program running, their signature untouched (spec/certificates M2, M6)."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from certificates import credentials, jobs
from certificates.badges import badge_content, complete_former
from certificates.models import Credential, StatusList
from certificates.rules.credentials import canonical_content
from kernel import clock
from kernel.crypto import signing_keys
from kernel.outbox import deliver_waiting, enqueue
from lms.instance import Instance
from tests.support.certificates import a_certificate
from tests.support.institution_access import two_institutions

ADDRESS = "https://aulario.example"
MANY = 36_000


def make_former(instance: Instance, row: Credential) -> None:
    """Let a certificate be as it was before 0.3.0: signed in the first format, without institution and place."""
    keys = signing_keys(instance.present_settings.data_dir)
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, row.id)
        row.format, row.institution_key, row.status_list, row.status_place, row.key_fingerprint = 1, "", None, None, ""
        row.signature = keys.sign(canonical_content(credentials.signed_content(row, credentials.list_signers(session, row))))


def former(instance: Instance) -> Credential:
    two_institutions(instance)
    row = a_certificate(instance)
    make_former(instance, row)
    return row


def stored(instance: Instance) -> Credential:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Credential)).one()


def test_a_former_certificate_gets_its_institution_and_place_and_keeps_its_signature(instance: Instance) -> None:
    """spec/certificates M1, M2: it has no badge until then, and one when it is first asked for."""
    former(instance)
    before = stored(instance)
    assert badge_content(before, ADDRESS) is None
    with instance.database.unit_of_work() as session:
        enqueue(session, "certificates.complete_former", {}, now=clock.now())

    deliver_waiting(instance.worker, now=clock.now())

    row = stored(instance)
    assert (bool(row.institution_key), row.status_list, row.take) == (True, 1, 1)
    assert row.signature == before.signature
    keys = signing_keys(instance.present_settings.data_dir)
    with instance.database.unit_of_work(write=False) as session:
        content = canonical_content(credentials.signed_content(row, credentials.list_signers(session, row)))
        seed = session.get_one(StatusList, 1)
    assert keys.verifies(row.key_id, content, row.signature)
    assert seed.number == 1
    assert badge_content(row, ADDRESS) is not None


def test_what_is_complete_stays_as_it_is(instance: Instance) -> None:
    """spec/certificates M2: certificates of the second format are signed with institution and place."""
    position = a_certificate(instance).status_place

    with instance.database.unit_of_work() as session:
        assert complete_former(session, limit=500, now=clock.now()) == 0

    assert stored(instance).status_place == position


@pytest.mark.parametrize("count", [1, 1200])
def test_portions_give_each_certificate_a_place_of_its_own(instance: Instance, count: int) -> None:
    """spec/certificates M2, K6."""
    copies_of(instance, former(instance), count - 1)

    run(instance)

    with instance.database.unit_of_work(write=False) as session:
        places = list(session.execute(select(Credential.status_list, Credential.status_place)))
    assert len({tuple(one) for one in places}) == count
    assert all(place is not None for _number, place in places)


@pytest.mark.slow
def test_thirty_six_thousand_are_completed_within_a_minute(instance: Instance) -> None:
    """spec/certificates M6."""
    copies_of(instance, former(instance), MANY - 1)
    began = time.process_time()

    run(instance)

    assert time.process_time() - began <= 60


def run(instance: Instance) -> None:
    """Complete what is there in portions, as the job does."""
    while True:
        with instance.database.unit_of_work() as session:
            if complete_former(session, limit=jobs.COMPLETED_AT_ONCE, now=clock.now()) < jobs.COMPLETED_AT_ONCE:
                return


def copies_of(instance: Instance, row: Credential, count: int) -> None:
    """Write former certificates that were replaced, so that one enrolment may have many of them."""
    with instance.database.unit_of_work() as session:
        values = session.execute(select(Credential.__table__).where(Credential.id == row.id)).one()._asdict()
        del values["id"]
        ended = datetime(2026, 1, 1, tzinfo=UTC)
        rows = [{**values, "uuid": uuid4(), "code": f"{number:016X}", "replaced_at": ended} for number in range(count)]
        if rows:
            session.execute(insert(Credential.__table__), rows)
        session.execute(update(Credential).where(Credential.id == row.id).values(format=1))
