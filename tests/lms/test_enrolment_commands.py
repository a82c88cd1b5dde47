"""`lms enrolments load`: what it tells, whom it enrols and invites, and how it ends."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from courses.models import Course
from enrolments import editions
from enrolments.models import Enrolment, EnrolmentInvitation, WaitingPlace
from kernel import clock
from kernel.audit import AuditEntry
from kernel.settings import Settings
from lms.instance import Instance
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.commands import Command, commands_on
from tests.support.editions import an_edition

HEAD = "correo,nombres\n"


@pytest.fixture
def command(instance: Instance, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs commands on the instance."""
    return commands_on(settings, monkeypatch, capsys)


@pytest.fixture
def course(instance: Instance) -> Course:
    """A published course, and two people."""
    for name in ("uno", "dos"):
        a_person(instance, f"{name}@example.org")
    return a_course(instance, modules=1)


def a_file(folder: Path, *addresses: str) -> Path:
    """Write a list."""
    (folder / "lista.csv").write_text(HEAD + "".join(f"{address},Ana\n" for address in addresses), "utf-8")
    return folder / "lista.csv"


def count(instance: Instance, table: type[Enrolment | EnrolmentInvitation | WaitingPlace]) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_dry_run_tells_and_writes_nothing(command: Command, instance: Instance, course: Course, tmp_path: Path) -> None:
    """spec/compulsory 13.1."""
    told = command("enrolments", "load", a_file(tmp_path, "uno@example.org", "DOS@example.org"), "--course", course.slug, "--dry-run")

    assert (told.code, count(instance, Enrolment)) == (0, 0)
    assert "New: 2. Invited: 0. Same: 0. Waiting: 0. Errors: 0." in told.out


def test_what_of_a_list_is_not_read_is_told(command: Command, course: Course, tmp_path: Path) -> None:
    file = tmp_path / "lista.csv"
    file.write_text("correo;cargo\nuno@example.org;Analista\n", "utf-8")
    told = command("enrolments", "load", file, "--course", course.slug, "--dry-run")

    assert "  left out: Columns that are not taken: 1 (cargo)" in told.err


def test_a_list_enrols_and_a_second_time_changes_nothing(command: Command, instance: Instance, course: Course, tmp_path: Path) -> None:
    """spec/compulsory 13.1: exit code 0, with the same entry of the audit log as the page."""
    file = a_file(tmp_path, "uno@example.org", "dos@example.org")
    told = command("enrolments", "load", file, "--course", course.slug)
    again = command("enrolments", "load", file, "--course", course.slug)

    assert (told.code, again.code, count(instance, Enrolment)) == (0, 0, 2)
    assert "Enrolled: 2." in told.out
    assert "New: 0. Invited: 0. Same: 2." in again.out
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "enrolment.started")) == 2


def test_good_lines_come_in_unless_it_is_strict(command: Command, instance: Instance, course: Course, tmp_path: Path) -> None:
    """spec/compulsory 13.1: exit code 1, the faults with their lines."""
    file = a_file(tmp_path, "uno@example.org", "sin arroba", "nadie@example.org", "uno@example.org")
    strict = command("enrolments", "load", file, "--course", course.slug, "--strict")
    assert (strict.code, count(instance, Enrolment)) == (1, 0)
    told = command("enrolments", "load", file, "--course", course.slug)

    assert (told.code, count(instance, Enrolment), count(instance, EnrolmentInvitation)) == (1, 1, 0)
    for line in ("line 3: sin arroba", "line 4: nadie@example.org", "line 5: uno@example.org"):
        assert line in told.err


def test_who_has_no_account_is_invited_in_the_name_of_an_administrator(
    command: Command, instance: Instance, course: Course, tmp_path: Path
) -> None:
    """spec/compulsory 13.1: on the same services as the page."""
    boss = an_administrator(instance)
    file = a_file(tmp_path, "uno@example.org", "nadie@example.org")
    told = command("enrolments", "load", file, "--course", course.slug, "--sender", boss.email)
    again = command("enrolments", "load", file, "--course", course.slug, "--sender", boss.email)

    assert (told.code, again.code, count(instance, Enrolment), count(instance, EnrolmentInvitation)) == (0, 0, 1, 1)
    assert "Invited: 1." in told.out
    assert "Same: 2." in again.out


@pytest.mark.parametrize(
    "options",
    [
        ("--course", "nada"),
        ("--course", "prueba", "--edition", "nada"),
        ("--course", "prueba", "--sender", "uno@example.org"),
        ("--course", "prueba", "--sender", "nadie@example.org"),
    ],
)
def test_what_is_not_there_ends_with_two(
    command: Command, instance: Instance, course: Course, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """spec/compulsory 13.1: nothing read."""
    told = command("enrolments", "load", a_file(tmp_path, "uno@example.org"), *options)

    assert (told.code, count(instance, Enrolment)) == (2, 0)


@pytest.mark.parametrize("text", ["", "nombre\nAna\n", None])
def test_a_file_that_is_no_list_ends_with_two(
    command: Command, instance: Instance, course: Course, tmp_path: Path, text: str | None
) -> None:
    """spec/compulsory 13.1: nothing read."""
    file = tmp_path / "lista.csv"
    if text is not None:
        file.write_text(text, "utf-8")

    assert command("enrolments", "load", file, "--course", course.slug).code == 2


def test_an_archived_course_takes_nobody(command: Command, instance: Instance, course: Course, tmp_path: Path) -> None:
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).archived_at = clock.now()
    told = command("enrolments", "load", a_file(tmp_path, "uno@example.org"), "--course", course.slug)

    assert (told.code, count(instance, Enrolment)) == (2, 0)
    assert "archived" in told.err


def test_too_few_places_need_the_number(command: Command, instance: Instance, course: Course, tmp_path: Path) -> None:
    """spec/compulsory 13.1: exit code 3, nothing written; with the number some are enrolled and some wait."""
    edition = an_edition(instance, course, capacity=1)
    file = a_file(tmp_path, "uno@example.org", "dos@example.org")
    arguments = ("enrolments", "load", file, "--course", course.slug, "--edition", edition.name)
    stopped = [command(*arguments), command(*arguments, "--confirm", "2")]
    assert ([told.code for told in stopped], count(instance, Enrolment)) == ([3, 3], 0)
    told = command(*arguments, "--confirm", "1")

    assert (told.code, count(instance, Enrolment), count(instance, WaitingPlace)) == (0, 1, 1)
    assert "Enrolled: 1. Waiting: 1." in told.out


def test_a_long_list_is_enrolled_in_portions(
    command: Command, instance: Instance, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "PORTION", 1)
    told = command("enrolments", "load", a_file(tmp_path, "uno@example.org", "dos@example.org"), "--course", course.slug)

    assert (told.code, count(instance, Enrolment)) == (0, 2)
    assert "Enrolled: 2." in told.out
