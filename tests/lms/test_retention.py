"""How long each kind of data is kept: settings, the job that applies them, and what is said of them (spec/security 7.3, 8.1)."""

import json
import os
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import func, select, update

from accounts import accounts, notices
from accounts.models import Device, Notification, Person, Token, TokenPurpose
from accounts.notices import Message
from accounts.people import hash_of
from courses import team
from courses.models import Course, CourseInvitation, CourseStaff, StaffRole
from enrolments import enrolment
from enrolments.learners import get_learner_context
from enrolments.models import WaitingPlace
from enrolments.notices import GRADED_NOTICE
from kernel import clock
from kernel.audit import AuditEntry
from kernel.outbox import Delivery, Job
from kernel.settings import Settings
from lms import retention
from lms.instance import Instance
from notes import notes
from notes.notes import NoteAnchor
from organisations.models import Membership
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, sign_in
from tests.support.editions import an_edition
from tests.support.learning import actor_of
from tests.support.places import a_place


def apply(instance: Instance, settings: Settings | None = None, *, days: int = 0) -> dict[str, int]:
    """Run the job as of some days from now; return what it says in the audit log, nothing where it is silent."""
    now = clock.now() + timedelta(days=days)
    effect = retention.apply(Delivery(instance.database, settings or instance.settings, 1, {}, now))
    assert callable(effect)
    with instance.database.unit_of_work() as session:
        effect(session)
    with instance.database.unit_of_work(write=False) as session:
        facts = session.scalar(select(AuditEntry.facts).where(AuditEntry.verb == "retention.applied", AuditEntry.at == now))
    return json.loads(facts) if facts else {}


def count(instance: Instance, table: type) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_was_kept_long_enough_goes_and_the_log_says_how_much(browser: Browser, instance: Instance) -> None:
    person, now = a_person(instance), clock.now()
    sign_in(browser)
    with instance.database.unit_of_work() as session:
        accounts.make_token(session, TokenPurpose.RESET, session.merge(person), now=now)
        session.add(Job(kind="x", arguments="{}", created_at=now, available_at=now, done_at=now))
        notices.notify(session, Message(GRADED_NOTICE, "k", {"es": "x"}, {"es": "x"}, "/"), [person.id], now=now)

    browser.deliver_jobs()  # the mail of the notice

    assert apply(instance) == {}
    assert apply(instance, days=31) == {"keep_jobs_days": 2, "keep_links_days": 1}
    assert apply(instance, days=91) == {"keep_sessions_days": 1}
    assert apply(instance, days=181) == {"keep_notices_days": 1}
    assert [count(instance, table) for table in (Device, Notification, Token)] == [0, 0, 0]


def test_an_invitation_into_a_team_goes_with_its_address(instance: Instance) -> None:
    """Whether somebody accepted it, changed their address since or never came."""
    owner, course = a_person(instance), a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        row = session.get_one(Course, course.id)
        team.add_or_invite(session, actor_of(owner), row, "nadie@example.org", StaffRole.GRADER, language="es", now=clock.now())

    assert apply(instance, days=43).get("keep_links_days") is None
    assert apply(instance, days=45)["keep_links_days"] == 1
    assert count(instance, CourseInvitation) == 0


def test_what_was_broken_off_while_it_was_written_goes_after_a_day(instance: Instance) -> None:
    partial = instance.settings.data_dir / "files" / "ab" / f"{'ab' * 32}.broken"
    partial.parent.mkdir(parents=True)
    partial.touch()
    apply(instance)
    assert partial.exists()

    os.utime(partial, (0, 0))
    apply(instance)
    assert not partial.exists()


def test_the_settings_decide(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    longer = instance.settings.model_copy(update={"keep_sessions_days": 200})

    assert apply(instance, longer, days=100) == {}
    assert apply(instance, longer, days=201) == {"keep_sessions_days": 1}


def test_the_privacy_page_says_what_the_settings_say(browser: Browser, instance: Instance) -> None:
    text = browser.get("/privacy").text
    assert "El registro de acciones importantes: 5 años." in text
    assert "Notificaciones de la campana: 180 días." in text

    browser.app.extensions["settings"] = instance.settings.model_copy(update={"keep_notices_days": 365, "keep_audit_days": 3653})
    browser.language = "en"
    text = browser.another("en").get("/privacy").text
    assert "Notifications on the site (bell icon): 1 year." in text
    assert "The record of important actions: 10 years." in text


def test_accounts_that_nobody_confirmed_are_forgotten_unless_they_take_part(instance: Instance) -> None:
    """spec/security 7.1: their name and address go; the log says that they went."""
    course, place = a_course(instance, modules=1), a_place(instance)
    people = {
        name: a_person(instance, f"{name}@example.org", confirmed=name == "usada")
        for name in ("nadie", "usada", "aprende", "ensena", "en.iess", "espera", "anota", "de.ayer")
    }
    edition = an_edition(instance, course, capacity=1)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(
            session, actor_of(people["aprende"]), get_learner_context(session, actor_of(people["aprende"]), course.slug), now=clock.now()
        )
        session.add(CourseStaff(course_id=course.id, person_id=people["ensena"].id, role="grader", since=clock.now()))
        session.add(Membership(person_id=people["en.iess"].id, organisation_id=place.id, since=clock.now()))
        session.add(WaitingPlace(edition_id=edition.id, person_id=people["espera"].id, since=clock.now()))
        anchor = NoteAnchor(course.id, "leccion-1", "Contar 1")
        notes.write_note(session, actor_of(people["anota"]), anchor, "Leer", uuid4(), now=clock.now())
        seen = clock.now() + timedelta(days=30)
        used = {"person_id": people["de.ayer"].id, "created_at": seen, "last_seen_at": seen}
        session.add(Device(secret_hash=hash_of("una sesión"), label="", address="", **used))
    sent = instance.settings.model_copy(update={"smtp_host": "mail.example.org"})

    assert apply(instance, days=31).get("keep_unconfirmed_days") is None, "where no mail is sent, accounts are used without being confirmed"
    assert apply(instance, sent, days=29).get("keep_unconfirmed_days") is None
    assert apply(instance, sent, days=31)["keep_unconfirmed_days"] == 1
    with instance.database.unit_of_work(write=False) as session:
        addresses = set(session.scalars(select(Person.email)))
        assert session.scalars(select(AuditEntry.subject_id).where(AuditEntry.verb == "privacy.deleted")).all() == [people["nadie"].id]
    assert addresses == {f"{people['nadie'].uuid}@deleted.invalid"} | {person.email for name, person in people.items() if name != "nadie"}
    assert apply(instance, sent, days=32).get("keep_unconfirmed_days") is None


def test_an_account_that_was_invited_again_is_kept_as_long_as_a_new_one(instance: Instance) -> None:
    person = a_person(instance, confirmed=False)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, person.id).invited_at = clock.now() + timedelta(days=20)
    sent = instance.settings.model_copy(update={"smtp_host": "mail.example.org"})

    assert apply(instance, sent, days=31).get("keep_unconfirmed_days") is None
    assert apply(instance, sent, days=51)["keep_unconfirmed_days"] == 1


def test_a_session_in_use_stays(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    with instance.database.unit_of_work() as session:
        session.execute(update(Device).values(created_at=clock.now() - timedelta(days=100)))

    assert apply(instance) == {}
    assert count(instance, Device) == 1
