"""`lms people load`: what it tells, what it writes, and how it ends."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from accounts import names
from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms.instance import Instance
from organisations.models import Membership, Organisation
from tests.support.commands import Command, commands_on
from tests.support.places import a_place

HEAD = "correo;nombres;primer apellido;unidad;numero de empleado\n"


@pytest.fixture
def command(instance: Instance, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs commands on the instance."""
    a_place(instance, code="I")
    return commands_on(settings, monkeypatch, capsys)


def a_file(folder: Path, text: str) -> Path:
    """Write a list."""
    (folder / "lista.csv").write_text(text, "utf-8")
    return folder / "lista.csv"


def count(instance: Instance, table: type[Person | Membership | Organisation]) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def lines(size: int) -> str:
    return HEAD + "".join(f"p{at}@example.org;P{at};Mera;I;{at}\n" for at in range(size))


def test_a_dry_run_tells_and_writes_nothing(command: Command, instance: Instance, tmp_path: Path) -> None:
    """spec/compulsory 13.1."""
    told = command("people", "load", a_file(tmp_path, lines(2)), "--dry-run")

    assert (told.code, count(instance, Person)) == (0, 0)
    assert "New: 2. Changed: 0. Same: 0. Errors: 0." in told.out


def test_what_of_a_list_is_not_read_is_told(command: Command, tmp_path: Path) -> None:
    told = command("people", "load", a_file(tmp_path, "correo;nombres;piso\nuna@example.org;Ana;3\n"), "--dry-run")

    assert "  left out: Columns that are not taken: 1 (piso)" in told.err


def test_a_list_comes_in_and_says_what_changed(command: Command, instance: Instance, tmp_path: Path) -> None:
    """spec/compulsory 13.1: exit code 0, old → new; a second time nothing changes."""
    assert command("people", "load", a_file(tmp_path, lines(2))).code == 0
    told = command("people", "load", a_file(tmp_path, HEAD + "otra@example.org;Pía;Mera;I;1\n"))

    assert (told.code, count(instance, Person), count(instance, Membership)) == (0, 2, 2)
    assert "Name: P1 Mera → Pía Mera" in told.out
    assert "Email: p1@example.org → otra@example.org" in told.out, "nobody has opened the account yet"
    again = command("people", "load", a_file(tmp_path, lines(2).replace("P1", "Pía").replace("p1@", "otra@")))
    assert "Same: 2" in again.out


def test_a_corrected_name_stays_and_is_told(command: Command, instance: Instance, tmp_path: Path) -> None:
    """spec/compulsory 2.5a."""
    file = a_file(tmp_path, lines(1))
    command("people", "load", file)
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person)).one()
        names.correct_name(session, SYSTEM, person, ("Pía", "Mera", ""), "Según la cédula.", None, now=clock.now())

    told = command("people", "load", file)

    assert "Pía Mera was corrected and stays; the list says P0 Mera" in told.out
    assert "Corrected names that stayed as they are: 1 (lines 2)." in told.out
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Person.given_names)).one() == "Pía"


def test_good_lines_come_in_unless_it_is_strict(command: Command, instance: Instance, tmp_path: Path) -> None:
    """spec/compulsory 13.1: exit code 1, the faults with their lines."""
    file = a_file(tmp_path, lines(1) + "sin arroba;X;Y;I;9\n")

    strict = command("people", "load", file, "--strict")
    assert (strict.code, count(instance, Person)) == (1, 0)
    told = command("people", "load", file)

    assert (told.code, count(instance, Person)) == (1, 1)
    assert "line 3: error: This is not an email address." in told.err


def test_what_is_no_list_ends_with_two(command: Command, tmp_path: Path) -> None:
    """spec/compulsory 13.1: nothing read."""
    assert command("people", "load", tmp_path / "falta.csv").code == 2
    assert command("people", "load", a_file(tmp_path, "a;b\n1;2\n")).code == 2
    assert command("people", "load", a_file(tmp_path, lines(1)), "--complete", "Otro").code == 2


def test_a_complete_list_that_empties_much_needs_the_number(command: Command, instance: Instance, tmp_path: Path) -> None:
    """spec/compulsory 13.1 and 13.3: exit code 3, and nothing is written."""
    assert command("people", "load", a_file(tmp_path, lines(22))).code == 0
    file = a_file(tmp_path, lines(1))

    stopped = command("people", "load", file, "--complete", "I")
    assert (stopped.code, "--confirm 21" in stopped.err, present(instance)) == (3, True, 22)
    assert command("people", "load", file, "--complete", "I", "--confirm", 20).code == 3
    told = command("people", "load", file, "--complete", "IESS", "--confirm", 21)

    assert (told.code, "21 left" in told.out, present(instance)) == (0, True, 1)


def present(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(Membership).where(Membership.until.is_(None))) or 0


def test_units_come_in_with_those_below_them(command: Command, instance: Instance, tmp_path: Path) -> None:
    """spec/compulsory 13.1."""
    told = command("people", "load", "--units", a_file(tmp_path, "codigo;nombre;depende de\nG;Guayas;I\nF;Finanzas;G\n"))

    assert (told.code, count(instance, Organisation)) == (0, 3)
