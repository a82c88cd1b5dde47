"""Status lists: places never given twice, and signed lists that say what does not count any more (spec/certificates K6)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates import badges, credentials
from certificates.badges import trusted_keys
from certificates.credentials import list_signers, signed_content
from certificates.models import Credential, StatusList
from certificates.rules.credentials import ReplacementReason, RevocationReason, canonical_content
from certificates.rules.status_lists import NEVER_GIVEN, STATUS_LIST_PLACES, StatusListContent, StatusPurpose, decoded_bits, status_decoys
from certificates.rules.verification import verify_status_list
from enrolments.models import Enrolment
from kernel import clock
from kernel.crypto import rotate_signing_key
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.at_once import overlap
from tests.support.browser import Browser
from tests.support.builders import a_course
from tests.support.certificates import a_certificate, complete

SEED = bytes(range(16))


@pytest.fixture
def credential(instance: Instance) -> Credential:
    """Return what Ana holds."""
    return a_certificate(instance)


def read(browser: Browser, instance: Instance, path: str) -> StatusListContent:
    """Return a published list, whose proof holds."""
    browser._request("GET", path)
    content = browser.response.get_data()
    address = json.loads(content)["id"].partition("/status/")[0]
    found = verify_status_list(content, trusted_keys(instance.keys, [address]))
    assert found is not None
    return found


def _revoke(instance: Instance, number: int) -> None:
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, number)
        credentials.revoke_credential(session, SYSTEM, row, RevocationReason.ON_REQUEST, "Lo pidió.", now=clock.now())


def _replace(instance: Instance, number: int) -> None:
    with instance.database.unit_of_work() as session:
        row, settings = session.get_one(Credential, number), instance.present_settings
        credentials.replace_credential(session, SYSTEM, row, ReplacementReason.NAME, "Tilde.", settings, instance.keys, now=clock.now())


def place_of(credential: Credential) -> int:
    assert credential.status_place is not None
    return credential.status_place


def test_a_revoked_one_is_set_with_the_next_request(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K6, E11: in the one list, not in that of the replaced; the list is newer than before."""
    place = place_of(credential)
    before = read(browser, instance, "/status/1")
    with time_machine.travel(clock.now() + timedelta(seconds=1)):
        _revoke(instance, credential.id)
        after = read(browser, instance, "/status/1")

    assert not before.is_set(place)
    assert after.is_set(place)
    assert not read(browser, instance, "/status/1/replaced").is_set(place)
    assert after.valid_from > before.valid_from


def test_a_replaced_one_is_set_in_both_lists(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K6, D7: not called revoked in that of the replaced."""
    place = place_of(credential)
    _replace(instance, credential.id)
    replaced = read(browser, instance, "/status/1/replaced")

    assert b"revo" not in browser.response.get_data()
    assert replaced.is_set(place)
    assert replaced.purpose is StatusPurpose.REFRESH
    assert read(browser, instance, "/status/1").is_set(place)


def test_a_list_is_signed_anew_each_day_and_holds_for_thirty(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K6: within a day the same bytes."""
    assert credential.status_list == 1
    answers = []
    for moment in ("2027-03-01T09:00Z", "2027-03-01T22:00Z", "2027-03-02T00:00Z"):
        with time_machine.travel(moment, tick=False):
            found = read(browser, instance, "/status/1")
        answers.append(browser.response.get_data())
        assert found.valid_until - found.valid_from == timedelta(days=30)

    assert answers[0] == answers[1] != answers[2]
    assert found.valid_from == datetime(2027, 3, 2, tzinfo=UTC)


def test_a_list_is_signed_by_a_new_key_at_once(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K3: it is not older than the key that signs it."""
    assert credential.status_list == 1
    with time_machine.travel("2027-03-02T11:00Z", tick=False):
        after = rotate_signing_key(instance.settings.data_dir)
        found = read(browser, instance, "/status/1")

    assert found.valid_from == datetime(2027, 3, 2, 11, tzinfo=UTC)
    assert after.identifier in browser.response.get_data(as_text=True)


def test_every_site_reads_lists_and_asks_each_time(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K6; a list that has not begun is not found."""
    assert credential.status_list == 1
    read(browser, instance, "/status/1")
    headers = browser.response.headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "public, no-cache"
    assert headers["Content-Type"] == "application/vc+ld+json"
    browser._request("GET", "/status/1", headers={"If-None-Match": headers["ETag"]})
    assert browser.response.status_code == 304
    for path in ("/status/2", "/status/0", "/status/99999999999", "/status/2/replaced"):
        assert browser._request("GET", path).status_code == 404


def test_places_of_no_credential_are_set_too(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates K6: nothing can be counted; none of them is ever given."""
    bits = decoded_bits(read(browser, instance, "/status/1").encoded)
    with instance.database.unit_of_work(write=False) as session:
        row = session.get_one(StatusList, 1)
        seed = row.seed
    decoys = status_decoys(seed, 0)

    assert len(bits) * 8 == STATUS_LIST_PLACES
    assert int.from_bytes(bits).bit_count() == len(decoys.set) > 1_000
    assert place_of(credential) not in decoys.never_given
    assert len(browser.response.get_data()) < 8_000


def test_decoys_are_never_taken_back() -> None:
    """spec/certificates K6: like the places of credentials."""
    young, old = status_decoys(SEED, 0), status_decoys(SEED, 4_000)

    assert young.set < old.set <= old.never_given == young.never_given
    assert young.replaced <= old.replaced < old.set
    assert abs(len(young.never_given) - STATUS_LIST_PLACES * NEVER_GIVEN / 65_536) < 500
    assert status_decoys(bytes(16), 0).set != young.set
    assert not status_decoys(b"", 4_000).never_given


def test_another_list_begins_before_one_is_full(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/certificates K6."""
    course = a_course(instance, modules=1)
    monkeypatch.setattr(badges, "STATUS_LIST_FULL", 2)
    for name in ("ana", "otra", "tercera"):
        complete(instance, course, f"{name}@example.org")
    deliver_waiting(instance.worker, now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert sorted(session.scalars(select(Credential.status_list))) == [1, 1, 2]


@pytest.mark.parametrize("list_has_begun", [True, False])
def test_a_place_is_never_given_twice(instance: Instance, monkeypatch: pytest.MonkeyPatch, list_has_begun: bool) -> None:
    """spec/certificates K6: two processes draw the same place at the same time; the second draws again, and its signature holds."""
    course = a_course(instance, modules=1)
    for name in ("ana", "otra"):
        complete(instance, course, f"{name}@example.org")
    with instance.database.unit_of_work() as session:
        first, second = session.scalars(select(Enrolment.id).order_by(Enrolment.id))
        if list_has_begun:
            session.add(StatusList(number=1, seed=b"", begun_at=clock.now()))
    draws = iter([7, 7, 8])
    monkeypatch.setattr(badges, "status_decoys", lambda _seed, _age: status_decoys(b"", 0))
    monkeypatch.setattr(badges.secrets, "randbelow", lambda _places: next(draws))

    def give(session: Session, enrolment: int) -> None:
        award = credentials.find_award(session, enrolment)
        assert award is not None
        credentials.issue_credential(session, SYSTEM, award, instance.present_settings, instance.keys, now=clock.now())

    def give_too() -> None:
        with instance.database.unit_of_work() as session:
            give(session, second)

    overlap(instance, lambda session: give(session, first), give_too)

    with instance.database.unit_of_work(write=False) as session:
        rows = list(session.scalars(select(Credential).order_by(Credential.status_place)))
        assert [row.status_place for row in rows] == [7, 8]
        for row in rows:
            content = canonical_content(signed_content(row, list_signers(session, row)))
            assert instance.keys.verifies(row.key_id, content, row.signature)
