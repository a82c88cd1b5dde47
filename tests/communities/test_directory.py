"""The directory of specialists: opt-in, found by those with an account, written to by one mail of the site (spec/communities P1 to P4)."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from communities.models import DirectoryEntry, DirectoryMark
from kernel import clock
from kernel.audit import AuditEntry
from kernel.db import Base
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms import erasure
from lms.instance import Instance
from organisations.models import Membership
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.places import a_place
from tests.support.postbox import Postbox
from tests.support.takes import read
from tests.support.wording import in_spanish

TEXT = "Proyecciones actuariales de pensiones."


def entries(instance: Instance) -> list[DirectoryEntry]:
    return read(instance, lambda session: list(session.scalars(select(DirectoryEntry))))


def enter(visitor: Browser, **values: object) -> None:
    """Enter the directory by its page."""
    visitor.get("/profile/directory")
    typed = {"text": TEXT, "subjects": "Pensiones\nSalud", "countries": ["EC"], "languages": ["es"], "contact": "y", "consent": "y"}
    visitor.submit("/profile/directory", {**typed, **values}, button=None)


def test_nobody_is_in_it_without_saying_so_and_leaving_acts_at_once(browser: Browser, instance: Instance) -> None:
    """spec/communities P1, P4."""
    eva = a_person(instance, "eva@example.org", given="Eva")
    a_person(instance)
    visitor, ana = sign_in(browser.another(), eva.email), sign_in(browser)
    assert eva.full_name not in ana.get("/directory").text
    visitor.get("/profile/directory")
    visitor.submit("/profile/directory", {"text": TEXT}, status=422)
    assert not entries(instance)
    enter(visitor)
    assert entries(instance)[0].consented_at is not None
    assert entries(instance)[0].consent_version
    page = ana.get("/directory?subject=Pensiones&country=EC").text
    assert eva.full_name in page
    assert ana.page.html.count('<option value="">') == ana.page.html.count("<select"), "any of each filter, once"
    assert "@example.org" not in page.replace("ana@example.org", "")
    assert eva.full_name not in ana.get("/directory?subject=Otra").text

    visitor.get("/profile/directory")
    visitor.submit("/profile/directory", button=("act", "withdraw"))

    assert eva.full_name not in ana.get("/directory").text
    assert not entries(instance)
    assert not read(instance, lambda session: session.scalars(select(DirectoryMark)).all())


def test_strangers_read_a_number_alone(browser: Browser, instance: Instance) -> None:
    """spec/communities P2."""
    eva = a_person(instance, "eva@example.org", given="Eva")
    enter(sign_in(browser.another(), eva.email))
    stranger = browser.another()

    page = stranger.get("/directory")
    assert in_spanish("%(count)s person is in it.", count=1) in page.text
    assert eva.full_name not in page.html
    assert TEXT not in page.html
    assert 'content="noindex"' in page.html
    stranger.get(f"/directory/{entries(instance)[0].uuid}")
    assert TEXT not in stranger.page.html
    assert "/directory" not in stranger._request("GET", "/sitemap.xml").get_data(as_text=True)


def test_who_hides_the_institution_is_not_found_by_it(browser: Browser, instance: Instance) -> None:
    place, eva, luis = (
        a_place(instance),
        a_person(instance, "eva@example.org", given="Eva"),
        a_person(instance, "luis@example.org", given="Luis"),
    )
    with instance.database.unit_of_work() as session:
        session.add_all(Membership(person_id=person.id, organisation_id=place.id, since=clock.now()) for person in (eva, luis))
    enter(sign_in(browser.another(), eva.email))
    shown = sign_in(browser.another(), luis.email)
    enter(shown, shows_institution="y")

    page = shown.get(f"/directory?institution={place.id}").text
    assert luis.full_name in page
    assert eva.full_name not in page
    hidden = next(row for row in entries(instance) if row.person_id == eva.id)
    assert place.name not in shown.get(f"/directory/{hidden.uuid}").text


def test_a_suspended_person_is_not_shown(browser: Browser, instance: Instance) -> None:
    """spec/communities P4."""
    eva = a_person(instance, "eva@example.org", given="Eva")
    enter(sign_in(browser.another(), eva.email))
    boss = sign_in(browser.another(), an_administrator(instance).email)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == eva.id).values(suspended_at=clock.now()))

    assert eva.full_name not in boss.get("/directory").text
    boss.checks = False
    boss.get(f"/directory/{entries(instance)[0].uuid}", status=404)


def test_erasure_takes_the_entry_and_a_merge_keeps_the_one_of_the_account_that_stays(browser: Browser, instance: Instance) -> None:
    """spec/communities R3, R4."""
    eva, other = a_person(instance, "eva@example.org", given="Eva"), a_person(instance, "eva.dos@example.org", given="Eva")
    an_administrator(instance)
    enter(sign_in(browser.another(), eva.email), text="La que queda.")
    enter(sign_in(browser.another(), other.email), text="La otra.")
    with instance.database.unit_of_work() as session:
        pair = erasure.get_pair(session, SYSTEM, eva.uuid, other.uuid)
        erasure.merge(session, SYSTEM, pair, "", now=clock.now())
    assert [(row.person_id, row.text) for row in entries(instance)] == [(eva.id, "La que queda.")]
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, eva.id), now=clock.now())

    assert not entries(instance)
    assert not read(instance, lambda session: session.scalars(select(DirectoryMark)).all())


class TestWithMail:
    """An instance that sends mail."""

    @pytest.fixture
    def postbox(self) -> Iterator[Postbox]:
        """Return a mail server."""
        box = Postbox()
        yield box
        box.close()

    @pytest.fixture
    def settings(self, settings: Settings, postbox: Postbox) -> Settings:
        """Return settings with a mail server."""
        return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_starttls": False})

    def test_one_mail_with_the_writers_address_and_nothing_of_the_text_is_kept(
        self, browser: Browser, instance: Instance, postbox: Postbox
    ) -> None:
        """spec/communities P3: what the page says of the text is compared with every table."""
        eva = a_person(instance, "eva@example.org", given="Eva")
        a_person(instance)
        enter(sign_in(browser.another(), eva.email))
        ana, number = sign_in(browser), entries(instance)[0].uuid
        page = ana.get(f"/directory/{number}/contact").text
        assert eva.email not in page
        ana.submit(f"/directory/{number}/contact", {"text": "Secreto zafiro."}, status=422)
        ana.submit(f"/directory/{number}/contact", {"text": "Secreto zafiro.", "consent": "y"})

        (message,) = postbox.messages
        assert (message["To"], message["Reply-To"]) == (eva.email, "ana@example.org")
        assert "Secreto zafiro." in message.get_body(("plain",)).get_content()
        assert eva.email not in ana.page.html
        with instance.database.unit_of_work(write=False) as session:
            kept = [table.name for table in Base.metadata.sorted_tables if "zafiro" in str(session.execute(select(table)).all())]
        assert kept == []
        assert read(instance, lambda session: session.scalars(select(AuditEntry).where(AuditEntry.verb == "directory.contacted")).one())

    def test_five_a_day_and_one_press_ends_them(self, browser: Browser, instance: Instance, postbox: Postbox) -> None:
        """spec/communities P3, P4."""
        eva = a_person(instance, "eva@example.org", given="Eva")
        a_person(instance)
        enter(sign_in(browser.another(), eva.email))
        ana, number = sign_in(browser), entries(instance)[0].uuid
        for _time in range(5):
            ana.get(f"/directory/{number}/contact")
            ana.submit(f"/directory/{number}/contact", {"text": "Hola.", "consent": "y"})
        ana.get(f"/directory/{number}/contact")
        ana.submit(f"/directory/{number}/contact", {"text": "Una más.", "consent": "y"}, status=409)
        assert in_spanish("You can write to five people a day.") in ana.page.text
        assert "Una más." in ana.page.html
        assert len(postbox.messages) == 5
        link = re.search(r"/directory/stop/\S+", postbox.messages[0].get_body(("plain",)).get_content())
        assert link
        stranger = browser.another()
        stranger.get(link[0])
        stranger.submit(link[0])
        ana.checks = False
        ana.get(f"/directory/{number}/contact", status=403)

        assert entries(instance)[0].contact is False

    def test_a_server_that_is_away_keeps_what_was_typed(
        self, browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        eva = a_person(instance, "eva@example.org", given="Eva")
        a_person(instance)
        enter(sign_in(browser.another(), eva.email))
        ana, number = sign_in(browser), entries(instance)[0].uuid
        monkeypatch.setattr("kernel.mail.try_server", lambda *_arguments, **_options: "No responde.")
        ana.get(f"/directory/{number}/contact")
        ana.submit(f"/directory/{number}/contact", {"text": "No se pierde.", "consent": "y"}, status=422)

        assert "No se pierde." in ana.page.html
        assert not read(instance, lambda session: session.scalars(select(AuditEntry).where(AuditEntry.verb == "directory.contacted")).all())
