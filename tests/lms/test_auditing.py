"""The audit log is append-only, sealed, verified and exported (spec/security 8.1)."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from accounts import accounts, privacy
from accounts.accounts import ProfileChanges
from accounts.models import Notification, Person
from accounts.privacy import PeopleListKind
from accounts.rules import viewer_role
from compliance.audit_verbs import ComplianceVerb
from courses.models import Course
from enrolments.models import LearnerGroup
from kernel import audit, clock
from kernel.audit import BATCH, BEHIND, KEPT, LatestSeal, SealVerification
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM, Actor
from lms import auditing, backups, system_state
from lms.auditing import AuditVerb
from lms.cli import lms
from lms.instance import Instance
from organisations.models import Employment
from organisations.rules.units import TrainingRole
from organisations.units import MembershipVerb
from quizzes.rules.regrade import RegradeKind
from selections.audit_verbs import ObjectionVerb
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, a_person, a_teacher, actor_of, an_administrator, sign_in, sign_in_through_pages
from tests.support.places import a_place, give_training, put
from tests.support.regrading import a_dry_run, a_keyed_quiz, an_order, commit, two_learners
from tests.support.wording import in_spanish

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def write(instance: Instance, count: int, at: datetime) -> None:
    with instance.database.unit_of_work() as session:
        for number in range(count):
            audit.record(session, Actor(person_id=number), AuditVerb.EXPORTED, None, now=at, number=number)


def seal(instance: Instance, now: datetime) -> None:
    with instance.database.unit_of_work() as session:
        audit.seal(session, instance.keys, now=now)


def verify(instance: Instance, now: datetime = NOW) -> SealVerification:
    with instance.database.unit_of_work(write=False) as session:
        return audit.verify(session, instance.keys, now=now)


def tamper(instance: Instance, statement: str, table: str = "audit_entry") -> None:
    """Do what somebody could who owns the database: take the triggers away first."""
    with instance.database.writing.begin() as connection:
        if instance.database.is_sqlite:
            for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
                if name.startswith("audit_"):
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def a_sealed_log(instance: Instance) -> None:
    for round_ in range(3):
        at = NOW + timedelta(hours=round_)
        write(instance, 4, at)
        seal(instance, at + BEHIND + timedelta(seconds=1))


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET verb = 'x'", "DELETE FROM audit_entry", "DELETE FROM audit_seal"])
def test_the_database_itself_refuses_changes(instance: Instance, statement: str) -> None:
    a_sealed_log(instance)
    with pytest.raises(DBAPIError, match="append-only"), instance.database.writing.begin() as connection:
        connection.exec_driver_sql(statement)

    found = verify(instance)
    assert (found.sealed, found.seals, found.open, found.broken) == (12, 3, 0, ())


def test_what_is_recent_waits_for_those_that_come_late(instance: Instance) -> None:
    write(instance, 3, NOW)
    write(instance, 2, NOW + BEHIND)
    seal(instance, NOW + BEHIND + timedelta(seconds=1))

    found = verify(instance)
    assert (found.sealed, found.open) == (3, 2)


def test_batches_are_bounded(instance: Instance) -> None:
    write(instance, BATCH + 1, NOW)
    later = NOW + timedelta(hours=1)
    with instance.database.unit_of_work() as session:
        assert audit.seal(session, instance.keys, now=later)
    seal(instance, later)
    seal(instance, later)

    assert (verify(instance).seals, verify(instance).sealed) == (2, BATCH + 1)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE audit_entry SET facts = '{}' WHERE id = 6", "was changed"),
        ("UPDATE audit_entry SET actor_id = NULL WHERE id = 6", "was changed"),
        ("DELETE FROM audit_entry WHERE id = 6", "4 entries were sealed and 3 are there"),
        ("DELETE FROM audit_entry WHERE id BETWEEN 5 AND 8", "4 entries were sealed and 0 are there"),
        ("UPDATE audit_seal SET entries = 3 WHERE id = 2", "signature"),
        ("DELETE FROM audit_seal WHERE id = 2", "missing"),
    ],
)
def test_a_changed_or_missing_entry_is_found(instance: Instance, statement: str, reason: str) -> None:
    a_sealed_log(instance)
    tamper(instance, statement, statement.replace("UPDATE ", "").replace("DELETE FROM ", "").split()[0])

    broken = verify(instance).broken
    assert any(reason in fault.reason for fault in broken), broken
    assert {fault.first for fault in broken} <= ({5, 9} if "audit_seal" in statement else {5})


def a_log_sealed_by_the_job(instance: Instance) -> list[LatestSeal]:
    """Return the seals as the program's log tells them."""
    with structlog.testing.capture_logs() as told:
        for round_ in range(3):
            at = NOW + timedelta(hours=round_)
            write(instance, 4, at)
            seal_by_the_job(instance, at + BEHIND + timedelta(seconds=1))
    return [LatestSeal(line["seal"], line["hash"]) for line in told if line["event"] == "audit_sealed"]


def seal_by_the_job(instance: Instance, now: datetime) -> None:
    auditing.seal(Delivery(instance.database, instance.settings, 1, {}, now))


def cut_the_tail(instance: Instance) -> None:
    """Take the last seal away together with its entries."""
    tamper(instance, "DELETE FROM audit_seal WHERE id = 3", "audit_seal")
    tamper(instance, "DELETE FROM audit_entry WHERE id > 8")


def test_a_tail_that_was_cut_off_shows_where_a_seal_is_known_from_elsewhere(instance: Instance, tmp_path: Path) -> None:
    """spec/security 8.1: the program's log and the data folder keep each seal, a backup the newest of its moment."""
    told = a_log_sealed_by_the_job(instance)
    saved = backups.make(instance, tmp_path / "b.zip", now=NOW)
    assert saved.newest_seal == backups.verify(tmp_path / "b.zip")[0].newest_seal == told[2]
    assert [one.number for one in told] == [1, 2, 3]
    assert run(instance, "verify", "--expect", told[1].hash, "--expect", told[2].hash)[0] == 0

    cut_the_tail(instance)
    assert verify(instance).broken == ()
    code, said = run(instance, "verify")
    assert code == 1
    assert f"No seal of the log is {told[2].hash}" in said
    (instance.settings.data_dir / audit.NEWEST).unlink()
    assert run(instance, "verify")[0] == 0
    assert run(instance, "verify", "--expect", told[1].hash)[0] == 0
    assert run(instance, "verify", "--expect", told[2].hash)[0] == 1


def test_a_log_that_went_on_after_its_tail_was_cut_off_is_told_ever_after(instance: Instance) -> None:
    a_log_sealed_by_the_job(instance)
    cut_the_tail(instance)
    for hours in (5, 7):
        write(instance, 3, NOW + timedelta(hours=hours))
        seal_by_the_job(instance, NOW + timedelta(hours=hours + 1))

    found = verify(instance, NOW + timedelta(days=1))
    assert [fault.reason for fault in found.broken] == ["seals 3 to 3 before it are missing"]
    for step in ("SET id = -id WHERE id > 3", "SET id = -id - 1 WHERE id < 0"):  # each number is free when it is given
        tamper(instance, f"UPDATE audit_seal {step}", "audit_seal")
    assert {fault.reason for fault in verify(instance, NOW + timedelta(days=1)).broken} == {"its signature is not ours"}


def test_a_longer_log_in_the_place_of_the_one_that_was_sealed_is_told_ever_after(instance: Instance) -> None:
    told = a_log_sealed_by_the_job(instance)
    cut_the_tail(instance)
    for hours in (5, 7):
        write(instance, 3, NOW + timedelta(hours=hours))
        seal(instance, NOW + timedelta(hours=hours + 1))
    assert verify(instance).broken == ()
    write(instance, 3, NOW + timedelta(hours=9))
    seal_by_the_job(instance, NOW + timedelta(hours=10))

    assert audit.known_newest(instance.settings.data_dir) != told[2]
    assert [fault.reason for fault in verify(instance).broken] == ["seals 5 to 5 before it are missing"]


@pytest.mark.parametrize("words", ["", "3\n", "three " + "0" * 64 + "\n", "3 " + "0" * 63 + "\n"])
def test_a_note_of_the_newest_seal_that_cannot_be_read_tells_nothing(tmp_path: Path, words: str) -> None:
    (tmp_path / audit.NEWEST).write_text(words)

    assert audit.known_newest(tmp_path) is None


def test_entries_go_whole_seals_at_a_time_after_five_years(instance: Instance) -> None:
    """spec/security 8.1: kept five years; until then even the job cannot delete."""
    before = clock.now() - KEPT - timedelta(days=30)
    write(instance, 3, before)
    seal(instance, before + timedelta(hours=1))
    write(instance, 2, clock.now() - timedelta(days=30))
    seal(instance, clock.now())
    for gone in (3, 0):
        with instance.database.unit_of_work() as session:
            assert audit.forget_before(session, clock.now() - KEPT) == gone

    found = verify(instance, clock.now())
    assert (found.broken, found.open) == ((), 0)


def run(instance: Instance, *arguments: str) -> tuple[int, str]:
    environment = {"LMS_DATA_DIR": str(instance.settings.data_dir), "LMS_DATABASE_URL": instance.database.url}
    result = CliRunner().invoke(lms, ["audit", *arguments], env=environment)
    return result.exit_code, result.output


def test_the_command_verifies(instance: Instance) -> None:
    a_sealed_log(instance)
    code, said = run(instance, "verify")
    assert code == 0
    assert "12 entries under 3 seals, 0 entries not sealed yet" in said

    tamper(instance, "DELETE FROM audit_entry WHERE id = 2")
    code, said = run(instance, "verify")
    assert code == 1
    assert "Entries 1 to 4: 4 entries were sealed and 3 are there." in said


def test_the_command_exports_what_concerns_somebody(browser: Browser, instance: Instance) -> None:
    """spec/security 7.5: the facts within the hour; that they were exported is a fact too."""
    person = a_person(instance)
    a_person(instance, "luis@example.org")
    sign_in(browser)
    code, said = run(instance, "export", "--user", "ana@example.org", "--from", "2020-01-01")
    rows = list(csv.DictReader(StringIO(said), delimiter=";"))

    assert code == 0
    assert [row["verb"] for row in rows] == ["account.signed_up", "account.signed_in", "account.password_changed"][:2]
    assert {row["subject_id"] for row in rows} == {str(person.id)}
    assert "audit.exported" in run(instance, "export")[1]
    assert run(instance, "export", "--user", "nadie@example.org")[0] == 1
    assert not list(csv.DictReader(StringIO(run(instance, "export", "--to", "2020-01-01")[1])))


def test_administrators_read_the_log_and_to_others_it_does_not_exist(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    outcomes = cast.outcomes("/administration/audit")
    assert not cast.check("audit_log.view", "any", outcomes)


def sentences(browser: Browser, **query: str) -> list[str]:
    """Return what the entries that a filter shows say, the newest first."""
    browser.get(f"/administration/audit?{urlencode(query)}")
    return re.findall(r'<th scope="row">(.*?)<br>', browser.page.html)


def test_the_page_filters(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    a_person(instance)
    sign_in_through_pages(browser.another())
    sign_in(browser, "admin@example.org")

    assert sentences(browser, person="ana@example.org", act="account.signed_in") == [in_spanish("Signed in")]
    assert sentences(browser, person="ana quinde", act="entro") == [in_spanish("Signed in")], "without accents and capitals"
    for query in ({"from": "2099-01-01"}, {"to": "2001-01-01"}):
        assert sentences(browser, **query) == []
        assert in_spanish("No matching entries") in browser.page.text


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("person", "nadie@example.org", "No person has this name, address or number."),
        ("act", "xyz", "No act is called so. Enter a part of the words of the list, for example “certificate”."),
        ("course", "xyz", "No course is called so."),
        ("unit", "xyz", "No institution or unit is called so."),
        ("from", "2026-13-01", "Not a valid date value."),
        ("to", "9999-12-31", "Enter a date between the years %(first)s and %(last)s."),
    ],
)
def test_what_names_nothing_is_refused_beside_its_field(browser: Browser, instance: Instance, field: str, typed: str, fault: str) -> None:
    """A filter that cannot be read shows no entries, instead of all of them; what was typed stays."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    assert sentences(browser, **{field: typed}) == []
    assert in_spanish(fault).partition("%")[0] in browser.page.text
    assert f'value="{typed}"' in browser.page.html


def test_a_last_day_before_the_first_is_refused_beside_its_field(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    assert sentences(browser, **{"from": "2026-11-02", "to": "2026-11-01"}) == []
    assert re.search(rf'id="to-error">.*{in_spanish("The last day is before the first.")}', browser.page.html)
    assert in_spanish("No matching entries") not in browser.page.text


def test_many_people_of_one_name_are_not_guessed(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    for number in range(auditing.MOST_FOUND + 1):
        a_person(instance, f"ana{number}@example.org")
    sign_in(browser, "admin@example.org")

    assert sentences(browser, person="Quinde") == []
    assert in_spanish("Many people are called so. Enter more of the name, or the email address.") in browser.page.text


def test_a_person_is_found_by_staff_number_identity_number_and_former_name(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    ana, there = a_person(instance), a_place(instance)
    with instance.database.unit_of_work() as session:
        session.add(Employment(person_id=ana.id, institution_id=there.id, staff_number="S-5010", recorded_at=NOW))
        person = session.get_one(Person, ana.id)
        changes = ProfileChanges("Ana", "Paz", "", "es", "America/Guayaquil", "1720010709")
        accounts.edit_profile(session, actor_of(person), person, changes, now=clock.now())
    sign_in(browser, "admin@example.org")

    for typed in ("S-5010", "1720010709", "paz", "Quinde"):
        assert in_spanish("Profile changed") in sentences(browser, person=typed), typed


def test_every_filter_takes_what_many_share(browser: Browser, instance: Instance) -> None:
    """A name of two or seventeen people, a word of several acts, of courses and of units: each is a list, none a fault."""
    an_administrator(instance)
    root = a_place(instance)
    people = [a_person(instance, f"p{number}@example.org", given="Ana", surname=f"Quimera {number}") for number in range(4)]
    for number, person in enumerate(people):
        put(instance, person, a_place(instance, f"Dispensario {number}", root))
    for key in ("uno", "dos"):
        a_course(instance, key)
    sign_in(browser, "admin@example.org")

    for filters in ({"person": "Quimera"}, {"person": "Ana"}, {"act": "a"}, {"course": "o"}, {"unit": "Dispensario"}):
        sentences(browser, **filters)
    assert in_spanish("Moved to another unit") in sentences(browser, person="Quimera")


def test_a_regrade_is_found_from_the_person_whose_mark_it_changed(browser: Browser, instance: Instance) -> None:
    """Findings I13: filtered by a learner, the log shows what changed her mark, and who did it."""
    an_administrator(instance)
    course = a_keyed_quiz(instance)
    editor = actor_of(a_teacher(instance, course))
    two_learners(instance)
    other = a_person(instance, "otra@example.org", given="Olga", surname="Ajena")
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2)))
    sign_in(browser, "admin@example.org")
    regraded = next(text for text in sentences(browser, act="quiz.regraded"))

    assert sentences(browser, person="ana@example.org", act="quiz.regraded") == [regraded]
    assert "Pilar Maestra" in browser.page.text
    assert in_spanish("Learners who pass no longer") in browser.page.text
    assert sentences(browser, person=other.email, act="quiz.regraded") == []
    assert sentences(browser, course=course.slug, act="quiz.regraded") == [regraded]


def test_a_list_that_was_opened_is_found_from_its_people(browser: Browser, instance: Instance) -> None:
    """Findings, «Who saw this list?»: from the list, and from each person on it."""
    an_administrator(instance)
    course = a_course(instance, modules=1)
    a_learner(instance, course)
    a_person(instance, "otra@example.org")
    teacher = a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        privacy.record_list_access(session, actor_of(teacher), PeopleListKind.GRADEBOOK, Course, course.id, now=clock.now())
    sign_in(browser, "admin@example.org")

    assert sentences(browser, person="ana@example.org", act="account.list_looked_at") == [in_spanish("Opened a list of people")]
    assert in_spanish("The gradebook of a course") in browser.page.text
    assert sentences(browser, person="otra@example.org", act="account.list_looked_at") == []


def test_an_entry_names_its_records_and_says_what_was_and_what_is(browser: Browser, instance: Instance) -> None:
    """Findings I13: names instead of numbers, old → new; what is kept is one press away."""
    an_administrator(instance)
    ana, quito, loja = a_person(instance), a_place(instance, "Quito"), a_place(instance, "Loja")
    for place in (quito, loja):
        put(instance, ana, place)
    sign_in(browser, "admin@example.org")

    assert sentences(browser, person="ana@example.org", act="membership.placed")[0] == in_spanish("Moved to another unit")
    assert f"{in_spanish('Institution or unit')}: Quito → Loja" in browser.page.text
    assert f"{in_spanish('Person')}: Ana Quinde" in browser.page.text
    assert f"&#34;organisation&#34;: {loja.id}" in browser.page.html


def test_numbers_mean_what_their_act_says(browser: Browser, instance: Instance) -> None:
    """One key is a person here and a unit there: further units, and the place of a reminder that was asked for."""
    an_administrator(instance)
    ana, loja = a_person(instance), a_place(instance, "Loja")
    with instance.database.unit_of_work() as session:
        person, now = session.get_one(Person, ana.id), clock.now()
        audit.record(session, SYSTEM, MembershipVerb.FURTHER_CHANGED, person, now=now, added=[loja.id], ended=[])
        audit.record(session, SYSTEM, ComplianceVerb.REMINDER_REQUESTED, person, now=now, place=loja.id, people=11)
    sign_in(browser, "admin@example.org")

    sentences(browser, act="membership.further_changed")
    assert f"{in_spanish('Added')}: Loja" in browser.page.text
    assert sentences(browser, act="obligation.reminder_requested") == [in_spanish("Asked for a reminder of compulsory training")]
    assert f"{in_spanish('Institution or unit')}: Loja" in browser.page.text


def test_the_group_of_an_objection_is_no_group_of_learners(browser: Browser, instance: Instance) -> None:
    """Objections to one version of a question are a group with a number, which a group of learners may have as well."""
    an_administrator(instance)
    course = a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        group = LearnerGroup(course_id=course.id, name="Turno de la mañana", created_at=clock.now())
        session.add(group)
        session.flush()
        audit.record(session, SYSTEM, ObjectionVerb.OPENED, session.get_one(Course, course.id), now=clock.now(), group=group.id)
    sign_in(browser, "admin@example.org")

    sentences(browser, act="objection.opened")
    assert "Turno de la mañana" not in browser.page.text
    assert f"{in_spanish('Objections to a question')}: {group.id}" in browser.page.text


@pytest.mark.parametrize(
    ("grants", "role"),
    [
        ({"is_training_officer": True}, "training_officer"),
        ({"is_auditor": True}, "auditor"),
        ({"manages_units": True}, "manager"),
        ({"is_training_officer": True, "is_staff_anywhere": True}, "team"),
        ({"is_staff_anywhere": True}, "team"),
    ],
)
def test_who_is_of_no_team_does_not_look_as_one(grants: dict[str, bool], role: str) -> None:
    assert viewer_role(Actor(person_id=1, **grants)) == role


def test_the_log_shows_that_a_row_is_gone(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    with instance.database.unit_of_work() as session:
        audit.record(session, SYSTEM, AuditVerb.EXPORTED, audit.AuditSubject("learner_group", 4711), now=clock.now())
    sign_in(browser, "admin@example.org")

    sentences(browser, act="audit.exported")
    assert in_spanish("%(record)s, no longer kept", record=in_spanish("Group")) in browser.page.text


def test_auditors_read_what_was_done_in_their_places_and_to_their_people(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: entries of the place, of what stands below it, and of its people; nothing of others."""
    an_administrator(instance)
    root, elsewhere = a_place(instance, "IESS"), a_place(instance, "BIESS")
    unit = a_place(instance, "Loja", root)
    ana, eva = a_person(instance), a_person(instance, "eva@example.org", given="Eva", surname="Ajena")
    put(instance, ana, unit)
    put(instance, eva, elsewhere)
    aldo = a_person(instance, "aldo@example.org", given="Aldo", surname="Auditor")
    give_training(instance, aldo, root, TrainingRole.AUDITOR)
    sign_in(browser, "aldo@example.org")
    browser.get("/administration/audit")

    assert "Ana Quinde" in browser.page.text
    assert "Loja" in browser.page.text
    assert "Eva Ajena" not in browser.page.text
    assert "BIESS" not in browser.page.text
    assert sentences(browser, person="eva@example.org") == []
    assert not browser.page.has_link("/administration/people"), "what auditors may not open is not offered"
    for address, _words in browser.page.links:
        if address.startswith("/") and "#" not in address:
            browser.get(address)


def test_the_page_says_in_words_what_was_done(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    a_teacher(instance, a_course(instance, modules=1))
    sign_in(browser, "admin@example.org")

    page = browser.get("/administration/audit").text

    assert "Entró" in page
    assert "account.signed_in" in page, "what filters ask for"
    assert in_spanish("Created the course") in page
    assert "Sumó a " in page


def test_the_daily_look_finds_a_changed_entry_and_administrators_are_told(instance: Instance) -> None:
    a_sealed_log(instance)
    an_administrator(instance)
    told: list[list[str]] = []
    for change in ("", "UPDATE audit_entry SET facts = '{}' WHERE id = 6"):
        if change:
            tamper(instance, change)
        for job in (system_state.verify_audit, system_state.watch):
            effect = job(Delivery(instance.database, instance.settings, 1, {}, NOW))
            with instance.database.unit_of_work() as session:
                effect(session)
        with instance.database.unit_of_work(write=False) as session:
            told.append([row.words["es"] for row in session.scalars(select(Notification))])

    assert told[0] == []
    assert "lms audit verify" in told[1][0]
