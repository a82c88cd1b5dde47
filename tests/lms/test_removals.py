"""What was taken away stays away: the journal outside the database, and what a restore says by it (spec/security 6.7)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from accounts import accounts, privacy
from accounts.models import Device, Person
from accounts.people import AccountVerb
from federation import links
from federation.claims import ProvenIdentity
from federation.models import ExternalIdentity, IdentityProvider
from federation.providers import add_provider
from kernel import clock, outbox
from kernel.db import Database
from kernel.permissions import SYSTEM, SiteRole
from lms import removals
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.commands import commands_on
from tests.support.instances import Places, empty_places
from tests.support.places import a_place


def suspend(instance: Instance, person: Person) -> None:
    """Suspend somebody, and let what follows be done."""
    with instance.database.unit_of_work() as session:
        accounts.suspend(session, SYSTEM, session.get_one(Person, person.id), "Prueba.", now=clock.now())


def test_each_removal_is_a_line_without_names_that_follows_from_the_one_before(browser: Browser, instance: Instance) -> None:
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    suspend(instance, ana)
    browser.deliver_jobs()
    suspend(instance, eva)
    browser.deliver_jobs()

    path = removals.journal_of(instance.settings)
    known, broken = removals.read_journal(path)

    assert [(line.act, line.uuid) for line in known] == [("account.suspended", str(person.uuid)) for person in (ana, eva)]
    assert broken == 0
    assert "Ana" not in path.read_text()
    assert "@" not in path.read_text()
    lines = path.read_text().splitlines()
    for changed in ([lines[1]], [lines[0].replace(str(ana.uuid), str(eva.uuid)), lines[1]], [lines[0], "{}"]):
        path.write_text("\n".join(changed) + "\n")
        assert removals.read_journal(path)[1] > 0


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """Return what makes empty instances."""
    with empty_places(tmp_path) as made:
        yield made


def test_a_restore_lists_what_was_taken_away_since_and_ends_all_sessions(
    browser: Browser,
    instance: Instance,
    places: Places,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, after = a_person(instance, "antes@example.org"), a_person(instance)
    suspend(instance, before)
    sign_in(browser)
    here = commands_on(instance.settings, monkeypatch, capsys)
    assert here("backup", "--to", tmp_path / "b.zip").code == 0
    suspend(instance, after)
    browser.deliver_jobs()
    assert here("backup", "--to", tmp_path / "later.zip").code == 0
    settings = places.empty("sqlite")
    there = commands_on(settings, monkeypatch, capsys)

    said = there("restore", tmp_path / "b.zip", "--without-keys", "--verify")

    assert said.code == 0, said
    assert "taken away since the backup, and back now: 1. Do each again:" in said.out
    assert f"/administration/people/{after.uuid}" in said.out
    assert str(before.uuid) not in said.out
    assert "All sessions have ended." in said.out
    database = Database(settings.database)
    with database.unit_of_work(write=False) as session:
        assert session.scalars(select(Device.id).where(Device.ended_at.is_(None))).all() == []
        assert session.scalar(select(Device.id)) is not None
    database.dispose()


def test_a_restore_lists_the_links_that_are_back(
    instance: Instance, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that began after the backup is not back; the page of the provider is that on which the other is removed again."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    place = a_place(instance)
    columns = {"key": "iess", "institution_id": place.id, "names": {"es": "Instituto"}, "issuer": "https://a.example.org", "client_id": "x"}
    with instance.database.unit_of_work() as session:
        provider = add_provider(session, SYSTEM, columns, "", [], now=clock.now()).id

    def linked(person: Person) -> int:
        with instance.database.unit_of_work() as session:
            proven, row = ProvenIdentity(person.email), session.get_one(IdentityProvider, provider)
            return links.link(session, SYSTEM, row, proven, session.get_one(Person, person.id), now=clock.now()).id

    numbers = [linked(ana)]
    here = commands_on(instance.settings, monkeypatch, capsys)
    here("backup", "--to", tmp_path / "b.zip")
    numbers.append(linked(eva))
    for number in numbers:
        with instance.database.unit_of_work() as session:
            links.unlink(session, SYSTEM, session.get_one(ExternalIdentity, number), reason="Otra persona.", now=clock.now())
    outbox.deliver_waiting(instance.worker, now=clock.now())
    here("backup", "--to", tmp_path / "later.zip")

    said = commands_on(places.empty("sqlite"), monkeypatch, capsys)("restore", tmp_path / "b.zip", "--without-keys")

    assert "taken away since the backup, and back now: 1. Do each again:" in said.out
    assert "/administration/providers/iess?q=ana%40example.org" in said.out
    assert "The journal ends with " in said.out
    assert "@" not in removals.journal_of(instance.settings).read_text()


def test_a_restore_says_plainly_that_there_is_no_journal(
    instance: Instance, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands_on(instance.settings, monkeypatch, capsys)("backup", "--to", tmp_path / "b.zip")

    said = commands_on(places.empty("sqlite"), monkeypatch, capsys)("restore", tmp_path / "b.zip", "--without-keys")

    assert "There is no journal of what was taken away" in said.out


def test_an_entry_that_is_committed_late_is_noted(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL an entry may appear after one with a later number was noted."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    suspend(instance, ana)
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.get_one(Person, eva.id), SiteRole.INSTRUCTOR, now=clock.now())
        accounts.revoke_role(session, SYSTEM, session.get_one(Person, eva.id), SiteRole.INSTRUCTOR, now=clock.now())
    with monkeypatch.context() as unread:
        unread.setattr(removals, "PLACES", {AccountVerb.ROLE_TAKEN: removals.PLACES[AccountVerb.ROLE_TAKEN]})
        browser.deliver_jobs()
    for email in ("uno@example.org", "dos@example.org"):
        suspend(instance, a_person(instance, email))
        browser.deliver_jobs()

    known, broken = removals.read_journal(removals.journal_of(instance.settings))

    assert [line.uuid for line in known][:2] == [str(eva.uuid), str(ana.uuid)]
    assert (len(known), broken) == (4, 0)


def test_a_role_and_an_account_that_went_are_in_it(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    other = a_person(instance, "otra@example.org")
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, other.id)
        accounts.grant_role(session, SYSTEM, person, SiteRole.INSTRUCTOR, now=clock.now())
        accounts.revoke_role(session, SYSTEM, person, SiteRole.INSTRUCTOR, now=clock.now())
        privacy.anonymise(session, SYSTEM, person, now=clock.now())
    browser.deliver_jobs()

    known, _broken = removals.read_journal(removals.journal_of(instance.settings))

    assert [line.act for line in known] == ["account.role_taken", "privacy.deleted"]
    assert json.loads(removals.journal_of(instance.settings).read_text().splitlines()[0])["uuid"] == str(other.uuid)
