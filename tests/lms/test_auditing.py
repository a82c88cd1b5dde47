"""The audit log is append-only, sealed, verified and exported (spec/security 8.1)."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from accounts.models import Notification
from kernel import audit, clock
from kernel.audit import BATCH, BEHIND, KEPT, LatestSeal, SealVerification
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms import auditing, backups, system_state
from lms.auditing import AuditVerb
from lms.cli import lms
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
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
    rows = list(csv.DictReader(StringIO(said)))

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


def test_the_page_filters(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    a_person(instance)
    sign_in(browser.another())
    sign_in(browser, "admin@example.org")
    browser.get("/administration/audit?user=ana@example.org&verb=account.signed_in")
    assert browser.page.html.count('<th scope="row">') == 1
    for query in (
        "user=nadie@example.org",
        "from=2099-01-01",
        "to=2001-01-01",
        "from=nonsense&verb=nothing",
        "user=nadie@example.org&to=9999-12-31",
    ):
        page = browser.get(f"/administration/audit?{query}")
        assert in_spanish("No matching entries") in page.text


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
