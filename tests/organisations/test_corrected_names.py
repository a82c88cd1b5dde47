"""Names of a list of people beside the names that accounts have (spec/compulsory 2.5 and 2.5a)."""

import json
import re
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from accounts import accounts, names
from accounts.models import NameSource, Person, PersonName
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import units
from organisations.list_checking import apply_people, judge_people, repeated_lines
from organisations.list_reading import read_people
from organisations.models import Organisation, PendingUnitList
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.people import person_row
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

LISTS = "/administration/lists"
HEAD = "correo;nombres;primer apellido;segundo apellido;unidad;numero de empleado\n"
LINE = "gladys@example.org;Gladys Fanny;Naranjo;Quinde;I;S-1\n"


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which an administrator is signed in; an institution has brought in Gladys."""
    an_administrator(instance)
    a_place(instance, code="I")
    boss = sign_in(browser, "admin@example.org")
    bring_in(boss, LINE)
    return boss


def send(boss: Browser, text: str) -> None:
    boss.get(LISTS)
    token = re.search(r'name="csrf_token" value="([^"]+)"', boss.page.html)
    data = {"kind": "people", "file": (BytesIO((HEAD + text).encode()), "lista.csv"), "csrf_token": token[1] if token else ""}
    boss._request("POST", LISTS, data=data)
    boss._arrive(200)


def bring_in(boss: Browser, text: str, **given: str) -> None:
    send(boss, text)
    boss.submit("/confirmation", given)
    boss.deliver_jobs()
    boss.get(boss.path)


def correct(instance: Instance, given: str = "Gladys Fany") -> None:
    with instance.database.unit_of_work() as session:
        gladys = session.scalars(select(Person).where(Person.email == "gladys@example.org")).one()
        names.correct_name(session, SYSTEM, gladys, (given, "Naranjo", "Quinde"), "Según la cédula.", None, now=clock.now())


def name(instance: Instance, address: str = "gladys@example.org") -> str:
    return person_row(instance, address).full_name


def load(instance: Instance) -> PendingUnitList:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(PendingUnitList).order_by(PendingUnitList.id.desc())).first() or pytest.fail("no list")


def test_a_list_leaves_a_corrected_name_and_says_so(boss: Browser, instance: Instance) -> None:
    correct(instance)
    send(boss, LINE.replace("S-1", "S-2"))
    assert "Gladys Fany Naranjo Quinde" in boss.page.text
    assert "Gladys Fanny Naranjo Quinde" in boss.page.text

    boss.submit("/confirmation")
    boss.deliver_jobs()
    boss.get(boss.path)

    assert name(instance) == "Gladys Fany Naranjo Quinde"
    assert in_spanish("%(count)s corrected name stayed as it was; the list has another one.", 1) in boss.page.text
    assert (load(instance).skipped_names, load(instance).changed) == (("2",), 1), "the staff number of the line came in"
    with instance.database.unit_of_work(write=False) as session:
        done = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "load.done").order_by(AuditEntry.id.desc())).first()
    assert json.loads(done or "{}")["names_skipped"] == 1


def test_a_list_that_differs_in_nothing_else_can_still_be_decided(boss: Browser, instance: Instance) -> None:
    correct(instance)

    bring_in(boss, LINE, taken="2")

    assert name(instance) == "Gladys Fanny Naranjo Quinde"
    assert load(instance).skipped_names == ()
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(PersonName).order_by(PersonName.id)).all()
    of_gladys = [(row.given_names, row.source) for row in found if row.first_surname == "Naranjo"]
    assert of_gladys == [("Gladys Fanny", "initial"), ("Gladys Fany", "correction"), ("Gladys Fanny", "list")]


def test_after_the_list_was_taken_its_changes_are_ordinary_again(boss: Browser, instance: Instance) -> None:
    correct(instance)
    bring_in(boss, LINE, taken="2")

    bring_in(boss, LINE.replace("Fanny", "Fannia"))

    assert name(instance) == "Gladys Fannia Naranjo Quinde"


def test_an_address_with_the_identity_number_of_another_person_is_decided_line_by_line(boss: Browser, instance: Instance) -> None:
    """A mailbox that passed on to somebody of a like name: the account keeps its number, and nothing of the line comes in."""
    head, gladys = "correo;nombres;primer apellido;segundo apellido;cedula\n", "gladys@example.org;Gladys;Naranjo;Quinde;"
    number = "1710034065"
    with instance.database.unit_of_work() as session:
        accounts.set_national_id(session, person_row(instance, "gladys@example.org").id, number, NameSource.LIST)
    rows = read_people(f"{head}{gladys}0926687856\n".encode(), clock.now().date())
    same = read_people(f"{head}{gladys}{number}\n".encode(), clock.now().date())

    with instance.database.unit_of_work(write=False) as session:
        check, taken, known = (
            judge_people(session, sent.entries, now=clock.now(), taken_names=lines)
            for sent, lines in ((rows, ()), (rows, ("2",)), (same, ()))
        )

    assert [fault.message for fault in check.faults] == [
        "%(name)s has this address and another identity number. Confirm it if they are the same person."
    ]
    assert [(one.corrected, one.listed) for one in check.differences] == [
        ("Gladys Fanny Naranjo Quinde · 1710034065", "Gladys Naranjo Quinde · 0926687856")
    ]
    assert (check.changed, taken.faults, known.faults) == ((), (), ())
    assert [line.national_id for line in taken.changed] == ["0926687856"]


def test_who_comes_back_by_a_list_keeps_the_corrected_name(boss: Browser, instance: Instance) -> None:
    """Their account opens again by it."""
    correct(instance)
    gladys = person_row(instance, "gladys@example.org")
    with instance.database.unit_of_work() as session:
        row, root = session.get_one(Person, gladys.id), session.scalars(select(Organisation.id)).one()
        units.leave(session, SYSTEM, [gladys.id], root, clock.now().date() - timedelta(days=30), now=clock.now())
        units.close_accounts(session, SYSTEM, clock.now().date(), now=clock.now(), limit=10)
        assert row.suspended_at is not None

    bring_in(boss, LINE)

    assert person_row(instance, "gladys@example.org").suspended_at is None
    assert name(instance) == "Gladys Fany Naranjo Quinde"
    with instance.database.unit_of_work(write=False) as session:
        assert names.source_of_name(session, gladys.id) is NameSource.CORRECTION


def test_only_lines_with_a_difference_can_be_taken(boss: Browser, instance: Instance) -> None:
    correct(instance)
    send(boss, LINE)

    boss.submit("/confirmation", {"taken": "7"}, status=422)

    assert load(instance).confirmed_at is None


def test_a_list_changes_what_a_person_declared_and_records_both(boss: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    put(instance, ana, a_place(instance, "Otra", code="O"))

    bring_in(boss, "ana@example.org;Ana María;Quinde;;O;S-9\n")

    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(PersonName).where(PersonName.person_id == ana.id).order_by(PersonName.id)).all()
        assert [(row.full_name, row.source) for row in found] == [("Ana Quinde", "self"), ("Ana María Quinde", "list")]


@pytest.mark.parametrize(("line", "source"), [("ana@example.org;Ana;Quinde;;O;\n", "list"), ("ana@example.org;;;;O;S-9\n", "self")])
def test_a_list_confirms_a_declared_name_only_where_it_says_it(boss: Browser, instance: Instance, line: str, source: str) -> None:
    ana = a_person(instance)
    put(instance, ana, a_place(instance, "Otra", code="O"))

    bring_in(boss, line)
    send(boss, line)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(PersonName.source).where(PersonName.person_id == ana.id)).all() == [source]
    assert in_spanish("Everything in the list is already up to date.") in boss.page.text


def test_a_poorer_spelling_of_a_name_is_kept_out_of_all_that_a_line_changes(boss: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        gladys = session.scalars(select(Person).where(Person.email == "gladys@example.org")).one()
        names.change_name(session, SYSTEM, gladys, ("Gladys Fanny", "Ñaúpari", "De la Paz"), NameSource.LIST, now=clock.now())

    bring_in(boss, "gladys@example.org;GLADYS FANNY;NAUPARI DE;LA PAZ;I;S-2\n")

    assert name(instance) == "Gladys Fanny Ñaúpari De la Paz"
    assert load(instance).changed == 1, "the staff number"


def test_the_preview_names_what_it_keeps_of_the_spelling_once_for_all_lines(boss: Browser) -> None:
    send(boss, LINE.upper().replace("GLADYS@EXAMPLE.ORG", "gladys@example.org"))

    assert "Gladys Fanny Naranjo Quinde" in boss.page.text
    assert "GLADYS FANNY NARANJO QUINDE" in boss.page.text
    assert in_spanish("Everything in the list is already up to date.") in boss.page.text


def test_a_richer_spelling_of_a_list_replaces_a_poorer_one(boss: Browser, instance: Instance) -> None:
    bring_in(boss, LINE.replace("Naranjo", "Naránjo"))
    bring_in(boss, LINE.replace("Gladys Fanny", "GLADYS FÁNNY").replace("Quinde", "QUINDE"))

    assert name(instance) == "Gladys Fánny Naránjo Quinde", "accents of the list, capitals of the account"


def test_a_corrected_name_is_no_question_where_only_the_spelling_is_poorer(boss: Browser, instance: Instance) -> None:
    correct(instance, "Gladys Fánny")
    send(boss, LINE.upper().replace("GLADYS@EXAMPLE.ORG", "gladys@example.org"))

    assert 'name="taken"' not in boss.page.html


def test_the_command_keeps_a_richer_spelling(boss: Browser, instance: Instance) -> None:
    del boss
    rows = read_people((HEAD + ";GLADYS FANNY;NARANJO;QUINDE;I;S-1\n").encode(), clock.now().date())
    apply_people(instance.database.unit_of_work, SYSTEM, rows, None, now=clock.now())

    assert name(instance) == "Gladys Fanny Naranjo Quinde"


def test_a_staff_number_with_the_name_of_another_person_does_nothing_before_it_is_answered(boss: Browser, instance: Instance) -> None:
    line = "nuevo@example.org;Nuevo Dos;Quinde;;I;S-1\n"
    send(boss, line)
    assert "Gladys Fanny Naranjo Quinde" in boss.page.text
    assert 'name="taken"' in boss.page.html

    boss.submit("/confirmation")
    boss.deliver_jobs()

    assert name(instance) == "Gladys Fanny Naranjo Quinde"
    assert (load(instance).changed, load(instance).faulty) == (0, 1)
    bring_in(boss, line, taken="2")
    assert name(instance, "nuevo@example.org") == "Nuevo Dos Quinde Quinde"


def test_that_it_is_the_same_person_gives_up_no_decided_name(boss: Browser, instance: Instance) -> None:
    """The list brings the rest of its line in; another name goes by a correction."""
    correct(instance)
    line = "nuevo@example.org;Nuevo Dos;Vega;;I;S-1\n"
    send(boss, line)
    decided_name, listed = "Gladys Fany Naranjo Quinde", "Nuevo Dos Vega Quinde"
    text = "it is the same person; “%(kept)s” stays, although the list has “%(listed)s”"
    assert in_spanish(text, kept=decided_name, listed=listed) in boss.page.text
    assert "pasa a llamarse" not in boss.page.text
    decided = in_spanish("An administrator decided this name on %(day)s.", day="")
    assert decided.rstrip(". ") in boss.page.text

    bring_in(boss, line, taken="2")

    assert name(instance, "nuevo@example.org") == decided_name
    assert (load(instance).faulty, load(instance).skipped_names) == (0, ("2",))


def test_the_preview_never_shows_as_kept_a_name_that_nobody_has(boss: Browser, instance: Instance) -> None:
    """The account's stands as it is; the other is the list's, with the accents that the account has for the same letters."""
    with instance.database.unit_of_work() as session:
        gladys = session.scalars(select(Person).where(Person.email == "gladys@example.org")).one()
        names.correct_name(session, SYSTEM, gladys, ("María José", "Núñez", "Peña"), "Según la cédula.", None, now=clock.now())

    send(boss, "gladys@example.org;Maria Jose;Nunes;Pena;I;S-1\n")

    mixed, text = "María José Nunes Peña", "instead of “%(corrected)s” take “%(listed)s” from the list"
    assert in_spanish(text, corrected="María José Núñez Peña", listed=mixed) in boss.page.text
    assert boss.page.text.count(mixed) == 1


def test_a_line_that_is_refused_is_in_no_other_line_s_way(boss: Browser, instance: Instance) -> None:
    refused, right = "nuevo@example.org;Nuevo Dos;Vega;;I;S-1\n", "gladys@example.org;Gladys Fanny;Naranjo;Quinde;I;\n"
    rows = read_people((HEAD + refused + right).encode(), clock.now().date())
    with instance.database.unit_of_work(write=False) as session:
        assert repeated_lines(session, rows.entries, now=clock.now()) == {}
        assert repeated_lines(session, rows.entries, ("2",), now=clock.now()) == {3: 2}


def test_the_same_name_with_an_address_that_agrees_asks_nothing(boss: Browser, instance: Instance) -> None:
    bring_in(boss, "gladys@example.org;Rosa;Vega;Paz;I;S-1\n")

    assert name(instance) == "Rosa Vega Paz"


def test_a_preview_names_people_beside_their_address_and_the_column_of_a_day(boss: Browser) -> None:
    boss.get(LISTS)
    send(boss, LINE.replace("S-1", "S-2"))

    assert "Gladys Fanny Naranjo Quinde · gladys@example.org" in boss.page.text
    assert "Número de empleado: S-1 → S-2" in " ".join(boss.page.text.split())


def test_an_unknown_staff_number_is_named_for_what_it_is(boss: Browser) -> None:
    """A line without an address is not answered with what holds of an address."""
    send(boss, ";Nuevo;Vega;;I;S-77\n;;;;I;S-78\n")

    text = "No account has the staff number %(number)s, and a new account needs an email address."
    assert in_spanish(text, number="S-77") in boss.page.text
    assert in_spanish(text, number="S-78") in boss.page.text
