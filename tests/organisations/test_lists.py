"""Lists of people and units brought in: looked at first, in portions, and a second time nothing changes."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from accounts import accounts
from accounts.accounts import InvitedPerson
from accounts.models import Consent, NationalIdentity, Person, Token
from accounts.passwords import NOBODYS
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.i18n import format_date, reading
from kernel.left_out import SENTENCE
from kernel.outbox import Delivery, Job
from kernel.permissions import SYSTEM
from kernel.tables import CELLS, COLUMNS
from lms.instance import Instance
from organisations import jobs, lists, tree
from organisations.lists import WriteUnit
from organisations.models import Membership, Organisation, PendingUnitList
from organisations.rules.units import OrganisationKind
from organisations.unit_checking import UnitListCheck
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import PASSWORD, a_person, an_administrator, sign_in
from tests.support.places import a_place, put
from tests.support.postbox import Postbox, worker_sending_to
from tests.support.wording import in_spanish

LISTS = "/administration/lists"
HEAD = "correo;nombres;primer apellido;segundo apellido;cedula;unidad\n"
CEDULA = "1710034065"


FORMULA_REFUSED = "A cell contains a formula, which is not calculated. Enter its value instead."


def send(boss: Browser, text: str, kind: str = "people", status: int = 200) -> Browser:
    boss.get(LISTS)
    token = re.search(r'name="csrf_token" value="([^"]+)"', boss.page.html)
    data = {"kind": kind, "file": (BytesIO(text.encode()), "lista.csv"), "csrf_token": token[1] if token else ""}
    boss._request("POST", LISTS, data=data)
    boss._arrive(status)
    return boss


def count(instance: Instance, table: Any, *conditions: Any) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def tiles(page: str) -> list[int]:
    """Return the figures of a page: new, changed, unchanged, with a fault."""
    return [int(found) for found in re.findall(r"<dd>(\d+)", page)][:4]


def bring_in(boss: Browser) -> list[int]:
    boss.submit("/confirmation")
    boss.deliver_jobs()
    return tiles(boss.get(boss.path).html)


def test_what_changes_names_its_column(boss: Browser, instance: Instance) -> None:
    """A day alone does not say whether somebody enters or leaves on it."""
    put(instance, a_person(instance, "ana@example.org"), a_place(instance, "Chone", a_place(instance), code="7"))
    last = (clock.now() + timedelta(days=30)).date()
    send(boss, "correo;numero de empleado;fecha de ingreso;unidad\nana@example.org;E7;2021-05-21;7\n")
    bring_in(boss)
    send(boss, f"correo;numero de empleado;fecha de ingreso;fecha de salida;unidad\nana@example.org;E8;2022-05-21;{last};7\n")

    with reading("es"):
        written = format_date(last, "short")
    for change in ("Número de empleado: E7 → E8", "Fecha de ingreso: 21 may 2021 → 21 may 2022", f"Último día: – → {written}"):
        assert change in " ".join(boss.page.text.split())


def test_nothing_is_written_before_the_list_is_confirmed_and_nothing_twice(boss: Browser, instance: Instance) -> None:
    chone = a_place(instance, "Chone", a_place(instance), code="7")
    jama = a_place(instance, "Jama", a_place(instance, "ISSFA"))
    old = a_person(instance, "vieja@example.org", given="Vieja", surname="Conocida")
    put(instance, old, jama)
    text = (
        HEAD + f"nueva@example.org;Ana;Muñoz;Peña;{CEDULA};7\n"
        "vieja@example.org;Vieja;Conocida;Nueva;;chone\n"
        "admin@example.org;;;;;\n"
        "sin arroba;;;;;\n"
        "nadie@example.org;;;;;7\n"
        "otra@example.org;Blas;Peña;;;Quito\n"
    )
    send(boss, text)

    assert tiles(boss.page.html) == [1, 1, 1, 3]
    for words in (
        "Línea 5",
        "Esto no es una dirección de correo.",
        "Línea 6",
        "faltan los nombres",
        "Ninguna unidad se llama «Quito»",
    ):
        assert words in boss.page.text
    assert "Unidad: Jama → Chone" in " ".join(boss.page.text.split())
    assert "Nombre: Vieja Conocida → Vieja Conocida Nueva" in " ".join(boss.page.text.split())
    assert count(instance, Person) == 2
    assert bring_in(boss) == [1, 1, 1, 3]

    with instance.database.unit_of_work(write=False) as session:
        new = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
        assert (new.full_name, new.email_confirmed_at, new.password_hash) == ("Ana Muñoz Peña", None, NOBODYS)
        assert session.scalar(select(NationalIdentity.number).where(NationalIdentity.person_id == new.id)) == CEDULA
        for person_id in (new.id, old.id):
            place = tree.find_place(session, person_id)
            assert place is not None
            assert place.organisation_id == chone.id
        assert session.get_one(Person, old.id).name_key == "conocida nueva vieja"
    before = (count(instance, Membership), count(instance, AuditEntry, AuditEntry.subject_kind == "person"), count(instance, Person))
    send(boss, text)
    assert tiles(boss.page.html) == [0, 0, 3, 3]
    assert "/confirmation" not in boss.page.html
    assert (
        count(instance, Membership),
        count(instance, AuditEntry, AuditEntry.subject_kind == "person"),
        count(instance, Person),
    ) == before


@pytest.mark.parametrize(
    ("kind", "text", "kind_left_out", "example"),
    [
        ("people", HEAD.replace("unidad", "piso") + "nueva@example.org;Ana;Muñoz;Peña;;7\n", COLUMNS, "piso"),
        ("people", HEAD + "nueva@example.org;Ana;Muñoz;Peña;;;suelta\n", CELLS, "suelta"),
        ("units", "codigo;nombre;presupuesto\n7;Chone;100\n", COLUMNS, "presupuesto"),
    ],
)
def test_what_of_a_list_is_not_read_is_named_before_it_is_confirmed(
    boss: Browser, kind: str, text: str, kind_left_out: str, example: str
) -> None:
    send(boss, text, kind)

    assert in_spanish(SENTENCE, thing=in_spanish(kind_left_out), number=1, examples=example) in boss.page.text


def test_the_lines_with_a_fault_are_taken_home_and_compute_nothing(boss: Browser, instance: Instance) -> None:
    send(boss, HEAD + "=cmd|' /C calc'!A0;;;;;\nana@example.org;;;;;\n")
    boss._request("GET", f"{boss.path}/faults.csv")
    text = boss.response.get_data(as_text=True)

    assert boss.response.headers["Content-Disposition"].startswith("attachment")
    assert text.splitlines()[0].lstrip("\ufeff") == ";".join([HEAD.strip(), in_spanish("Line"), in_spanish("What is wrong")])
    assert text.splitlines()[1].startswith("'=cmd")
    assert in_spanish(FORMULA_REFUSED) in text.splitlines()[1]
    assert text.splitlines()[2].startswith("ana@example.org;;;;;;3;")
    boss._request("GET", f"{boss.path}/faults.csv")
    mended = boss.response.get_data(as_text=True).replace("ana@example.org;;;", "ana@example.org;Ana;Muñoz;")
    send(boss, mended)
    assert tiles(boss.page.html)[0] == 1, "what was mended comes in, and nothing else"


def test_whoever_is_added_is_invited_and_chooses_the_first_password(boss: Browser, instance: Instance) -> None:
    send(boss, HEAD + "nueva@example.org;Ana;Muñoz;;;\n")
    bring_in(boss)
    guest = boss.another()
    link = boss.link_in_mail("invitation/")
    sign_in_refused = guest.get("/sign-in") and guest.submit("/sign-in", {"email": "nueva@example.org", "password": PASSWORD}, status=422)
    assert "no coincide" in sign_in_refused.text

    page = guest.get(link)
    assert "nueva@example.org" in page.text
    assert guest.response.headers["Referrer-Policy"] == "no-referrer"
    guest.submit(link, {"password": PASSWORD}, status=422)
    guest.submit(link, {"password": "Ana Muñoz 123", "consent": "y"}, status=422)
    guest.submit(link, {"password": PASSWORD, "consent": "y"})

    assert guest.path == "/learning", "whoever came by the mail is signed in"
    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
        assert person.email_confirmed_at is not None
        assert session.scalar(select(Consent.person_id).where(Consent.person_id == person.id)) == person.id
        assert session.scalars(select(Token.used_at).where(Token.person_id == person.id)).one() is not None
    guest.get(link, status=404)


def test_an_invitation_is_mailed_once_and_again_when_asked(boss: Browser, instance: Instance) -> None:
    send(boss, HEAD + "nueva@example.org;Ana;Muñoz;;;\n")
    bring_in(boss)
    first = boss.link_in_mail("invitation/")
    with instance.database.unit_of_work() as session:  # as if the worker had died after the mail
        for job in session.scalars(select(Job).where(Job.kind == "accounts.send_invitations")):
            job.done_at = None
        person = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
    mails = len(boss.mails())
    boss.get(f"/administration/people/{person.uuid}")
    assert "todavía no la ha aceptado" in boss.page.text
    boss.submit("/invitation")

    assert len(boss.mails()) == mails + 1
    second = boss.link_in_mail("invitation/")
    assert first != second
    boss.another().get(first, status=404)
    boss.another().get(second)


STAFF = "correo;nombres;primer apellido;numero de empleado;unidad\n"


def test_an_invitation_follows_the_corrected_address_and_its_old_link_dies(boss: Browser, instance: Instance) -> None:
    """Who owns the mailbox that HR mistyped never opens the account; once its person did, a list changes no address."""
    a_place(instance, "Chone", a_place(instance), code="7")
    send(boss, STAFF + "narcisa.luiz@example.org;Narcisa;Luis;S-7014;7\n")
    bring_in(boss)
    mistyped = boss.link_in_mail("invitation/")
    send(boss, STAFF + "narcisa.luis@example.org;Narcisa;Luis;S-7014;7\n")
    assert "narcisa.luiz@example.org → narcisa.luis@example.org" in " ".join(boss.page.text.split())
    assert count(instance, Person, Person.email == "narcisa.luiz@example.org") == 1, "nothing is written before it is confirmed"
    bring_in(boss)

    link = boss.link_in_mail("invitation/")
    assert mistyped != link
    boss.another().get(mistyped, status=404)
    guest = boss.another()
    guest.get(link)
    guest.submit(link, {"password": PASSWORD, "consent": "y"})
    send(boss, STAFF + "otra@example.org;Narcisa;Luis;S-7014;7\n")
    assert in_spanish(
        "%(name)s signs in with another address, which stays: %(address)s.", name="Narcisa Luis", address="narcisa.luis@example.org"
    ) in " ".join(boss.page.text.split())


def test_an_administrator_corrects_the_address_of_an_invitation_alone(boss: Browser, instance: Instance) -> None:
    a_person(instance, "ana@example.org")
    send(boss, HEAD + "nueva@exampel.org;Nueva;Muñoz;;;\n")
    bring_in(boss)
    mistyped = boss.link_in_mail("invitation/")
    with instance.database.unit_of_work(write=False) as session:
        person, ana = session.scalars(
            select(Person).where(Person.email.in_(("nueva@exampel.org", "ana@example.org"))).order_by(Person.id.desc())
        )
    page = f"/administration/people/{person.uuid}"
    boss.get(page)
    boss.submit("/invitation", {"email": "ana@example.org"}, status=409)
    assert in_spanish("This email address already has an account.") in boss.page.text
    boss.submit("/invitation", {"email": "nueva@example.org"})

    assert count(instance, Person, Person.email == "nueva@example.org", Person.id == person.id) == 1
    boss.another().get(mistyped, status=404)
    boss.another().get(boss.link_in_mail("invitation/"))
    boss.get(f"/administration/people/{ana.uuid}")
    assert 'name="email"' not in boss.page.html


def test_an_invitation_that_is_refused_keeps_no_other_waiting(instance: Instance) -> None:
    box = Postbox(drops="p1@")
    emails = ("p0@example.org", "p1@example.org", "p2@-example.org", "p3@example.org")
    with instance.database.unit_of_work() as session:
        accounts.invite(session, SYSTEM, [InvitedPerson(email, "Ana", "Mera", "", "es") for email in emails], now=clock.now())
    outbox.deliver_waiting(worker_sending_to(instance, box), now=clock.now())
    box.close()

    assert sorted(message["To"] for message in box.messages) == ["p0@example.org", "p3@example.org"]
    assert count(instance, Person, Person.invited_at.is_not(None)) == 2


def test_invitations_end_well_within_the_lease_and_the_rest_is_the_next_jobs(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is invited twice finds the first link dead."""
    begun, box, passed = clock.now(), Postbox(drops="p1@"), [timedelta()]

    def hurried() -> datetime:
        passed[0] += outbox.LEASE / 10
        return begun + passed[0]

    emails = [f"p{number}@example.org" for number in range(9)]
    with instance.database.unit_of_work() as session:
        accounts.invite(session, SYSTEM, [InvitedPerson(email, "Ana", "Mera", "", "es") for email in emails], now=begun)
    with instance.database.unit_of_work(write=False) as session:
        job = session.scalars(select(Job.id).where(Job.kind == "accounts.send_invitations")).one()
    monkeypatch.setattr(clock, "now", hurried)
    assert outbox.deliver(worker_sending_to(instance, box), job, now=begun) is outbox.DeliveryOutcome.DONE
    assert 0 < len(box.messages) < len(emails) - 1
    assert passed[0] < outbox.LEASE

    box.drops = ""
    outbox.deliver_waiting(worker_sending_to(instance, box), now=begun + timedelta(hours=1))
    box.close()
    assert sorted(message["To"] for message in box.messages) == emails


def test_a_list_empties_no_name(boss: Browser, instance: Instance) -> None:
    """What is empty stays as it is, the second surname too."""
    send(boss, HEAD + "nueva@example.org;Ana;Muñoz;Peña;;\n")
    bring_in(boss)
    send(boss, "correo;nombres;primer apellido\nnueva@example.org;Ana Lucía;Muñoz\n")
    bring_in(boss)

    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
    assert person.full_name == "Ana Lucía Muñoz Peña"


@pytest.mark.parametrize("by_themselves", [True, False])
def test_whoever_never_accepted_gets_another_invitation_whoever_asks_for_a_link(
    boss: Browser, instance: Instance, by_themselves: bool
) -> None:
    """Nobody comes in past the notice on personal data."""
    send(boss, HEAD + "nueva@example.org;Ana;Muñoz;;;\n")
    bring_in(boss)
    first, guest, later = boss.link_in_mail("invitation/"), boss.another(), clock.now() + timedelta(days=15)
    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
    with time_machine.travel(later):
        guest.get(first, status=404)
        assert guest.page.has_link("/password/forgotten")
        if by_themselves:
            guest.get("/password/forgotten")
            guest.submit("/password/forgotten", {"email": "nueva@example.org"})
        else:
            sign_in(boss, "admin@example.org")
            boss.get(f"/administration/people/{person.uuid}")
            boss.submit("/reset")
        link = guest.link_in_mail("invitation/")
        assert link != first
        assert "/password/reset" not in "".join(guest.mails())
        guest.get(link)
        guest.submit(link, {"password": PASSWORD}, status=422)
        guest.submit(link, {"password": PASSWORD, "consent": "y"})

    assert count(instance, Consent, Consent.person_id == person.id) == 1
    assert count(instance, Person, Person.id == person.id, Person.invited_at >= later, Person.email_confirmed_at >= later) == 1


def test_a_list_of_units_makes_a_tree_and_changes_it(boss: Browser, instance: Instance) -> None:
    text = "codigo;nombre;tipo;depende de\n3;Chone;;2\n2;Manabí;provincia;1\n1;IESS;institución;\n4;Jama;;99\n;CHONE;;2\n"
    send(boss, text, "units")
    assert tiles(boss.page.html) == [3, 0, 0, 2]
    assert count(instance, Organisation) == 0
    assert bring_in(boss) == [3, 0, 0, 2]
    with instance.database.unit_of_work(write=False) as session:
        chone = session.scalars(select(Organisation).where(Organisation.name == "Chone")).one()
        assert [place.name for place in tree.list_path(session, chone.id)] == ["IESS", "Manabí", "Chone"]

    send(boss, text.replace(";CHONE;;2\n", "").replace("4;Jama;;99\n", ""), "units")
    assert tiles(boss.page.html) == [0, 0, 3, 0]
    send(boss, "codigo;nombre;depende de\n3;Centro de Atención Chone;1\n5;Bahía;3\n", "units")
    assert tiles(boss.page.html) == [1, 1, 0, 0]
    assert "Nombre: Chone → Centro de Atención Chone" in " ".join(boss.page.text.split())
    assert "Unidad superior: Manabí → IESS" in " ".join(boss.page.text.split())
    assert bring_in(boss) == [1, 1, 0, 0]
    with instance.database.unit_of_work(write=False) as session:
        bahia = session.scalars(select(Organisation).where(Organisation.name == "Bahía")).one()
        assert [place.name for place in tree.list_path(session, bahia.id)] == ["IESS", "Centro de Atención Chone", "Bahía"]


def names_below(instance: Instance, name: str) -> set[str]:
    with instance.database.unit_of_work(write=False) as session:
        above = session.scalars(select(Organisation.id).where(Organisation.name == name)).one()
        return set(session.scalars(select(Organisation.name).where(Organisation.parent_id == above)))


@pytest.mark.parametrize(
    ("lines", "expected", "below"),
    [
        ("U1;Alpha;1\nu1;Beta;1\n", [0, 1, 0, 1], {"Alpha"}),
        ("U1;Alpha;1\n;ALPHA;IESS\n", [0, 1, 0, 1], {"Alpha"}),
        (";GÁMMA;1\nU1;Alpha;IESS\n", [0, 1, 0, 1], {"Gámma"}),
        (";Chone;1\n7;Chone;IESS\n", [1, 0, 0, 1], {"Gamma", "Chone"}),
        ("7;Chone;1\n;CHONE;IESS\n8;Jama;7\n", [2, 0, 0, 1], {"Gamma", "Chone"}),
    ],
)
def test_a_place_that_two_lines_name_follows_the_first(
    boss: Browser, instance: Instance, lines: str, expected: list[int], below: set[str]
) -> None:
    """By its code or by its name, there already or new in the list: the other line is a fault, and the list comes to its end."""
    a_place(instance, "Gamma", a_place(instance, code="1"), code="U1")
    send(boss, f"codigo;nombre;depende de\n{lines}", "units")

    assert tiles(boss.page.html) == expected
    assert bring_in(boss) == expected
    assert names_below(instance, "IESS") == below
    assert pending(instance).done_at is not None


def test_a_poorer_spelling_of_a_place_is_kept_out_and_the_preview_says_so(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 2.5a."""
    a_place(instance, "Afiliación", a_place(instance, code="1"), code="U1")

    send(boss, "codigo;nombre;depende de\nU1;AFILIACION;1\n", "units")

    assert tiles(boss.page.html) == [0, 0, 1, 0]
    said = in_spanish(
        "“%(kept)s” stays: the list writes the same name as “%(listed)s”. Lines with a poorer spelling: %(lines)s.",
        kept="Afiliación",
        listed="AFILIACION",
        lines=1,
    )
    assert said in boss.page.text


def test_a_place_is_moved_and_renamed_by_one_line(boss: Browser, instance: Instance) -> None:
    """Whoever has its old name where it goes, or its new name where it stood, keeps it from neither."""
    iess = a_place(instance, code="1")
    norte, sur = a_place(instance, "Norte", iess, code="N"), a_place(instance, "Sur", iess, code="S")
    a_place(instance, "Caja", norte, code="7")
    a_place(instance, "Caja", sur)
    a_place(instance, "Caja Sur", norte)
    send(boss, "codigo;nombre;depende de\n7;Caja Sur;S\n", "units")

    assert tiles(boss.page.html) == [0, 1, 0, 0]
    assert bring_in(boss) == [0, 1, 0, 0]
    assert names_below(instance, "Sur") == {"Caja", "Caja Sur"}
    assert count(instance, AuditEntry, AuditEntry.verb.in_(("organisation.moved", "organisation.changed"))) == 2


def test_a_line_of_places_comes_in_once_whatever_is_judged_of_it(
    boss: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What never has enough of a line would keep every other job waiting."""
    iess = a_place(instance, code="1")
    send(boss, "codigo;nombre\n1;Seguro Social\n", "units")
    boss.submit("/confirmation")
    judged = UnitListCheck((), (WriteUnit(2, iess.id, OrganisationKind.INSTITUTION, "Seguro Social", "1", None),), 0, ())
    turns = iter(range(3))
    monkeypatch.setattr(jobs, "judge_units", lambda *_given: judged if next(turns) < 2 else pytest.fail("a third time"))
    jobs.bring_in(delivery(instance, pending(instance)))

    assert (pending(instance).place, pending(instance).changed, pending(instance).faulty) == (1, 1, 0)


def lines_of(size: int, letter: str = "p") -> str:
    return HEAD + "".join(f"{letter}{number}@example.org;Ana;Mera;;;7\n" for number in range(size))


def delivery(instance: Instance, load: PendingUnitList) -> Delivery:
    return Delivery(instance.database, instance.settings, 1, {"load": load.id}, clock.now())


def pending(instance: Instance) -> PendingUnitList:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(PendingUnitList).order_by(PendingUnitList.id.desc())).first()  # type: ignore[return-value]  # there is one


def test_a_list_goes_on_after_a_fault_where_it_was(boss: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle, and taken up by two workers: everybody is added once."""
    monkeypatch.setattr(lists, "PORTION", 3)
    a_place(instance, "Chone", a_place(instance), code="7")
    send(boss, lines_of(10))
    boss.submit("/confirmation")
    original, calls = lists.bring_in_people, []

    def dies_in_the_third(*arguments: Any, **options: Any) -> None:
        calls.append(1)
        original(*arguments, **options)
        if len(calls) == 3:
            raise RuntimeError("killed")

    monkeypatch.setattr(lists, "bring_in_people", dies_in_the_third)
    with pytest.raises(RuntimeError, match="killed"):
        jobs.bring_in(delivery(instance, pending(instance)))
    assert (pending(instance).place, pending(instance).made, count(instance, Person, Person.email.startswith("p"))) == (6, 6, 6)
    boss.get(boss.path)
    assert in_spanish("%(done)s of %(count)s row", 10, done="6") in boss.page.text

    jobs.bring_in(delivery(instance, pending(instance)))
    jobs.bring_in(delivery(instance, pending(instance)))

    row = pending(instance)
    assert (row.place, row.made, row.done_at is not None) == (10, 10, True)
    assert count(instance, Person, Person.email.startswith("p")) == 10
    assert count(instance, AuditEntry, AuditEntry.verb == "load.done") == 1


def test_statements_grow_with_portions_not_with_people(boss: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """36,000 people: a portion reads and changes with a fixed number of statements; each one's own rows are inserted."""
    a_place(instance, "Chone", a_place(instance), code="7")
    counter, costs = every_statement(instance.database), []
    for size in (20, 200):
        send(boss, lines_of(size, f"q{size}."))
        boss.submit("/confirmation")
        counter.reset()
        jobs.bring_in(delivery(instance, pending(instance)))
        costs.append(sum(not statement.startswith("INSERT") for statement in counter.statements))

    assert costs[0] == costs[1] <= 26


def test_a_closed_place_and_a_suspended_account_are_faults(boss: Browser, instance: Instance) -> None:
    iess = a_place(instance)
    a_place(instance, "Archivo", a_place(instance, "Norte", iess))
    a_place(instance, "Archivo", a_place(instance, "Sur", iess))
    closed = a_place(instance, "Cerrada", iess)
    gone = a_person(instance, "ida@example.org")
    with instance.database.unit_of_work() as session:
        session.get_one(Organisation, closed.id).closed_at = clock.now()
        session.get_one(Person, gone.id).suspended_at = clock.now()
    rows: Sequence[str] = (
        "ida@example.org;Ana;Mera;;;",
        "a@example.org;Ana;Mera;;;Cerrada",
        "b@example.org;Ana;Mera;;;Archivo",
        "c@example.org;Ana;Mera;;;IESS / Norte / Archivo",
    )
    send(boss, HEAD + "\n".join(rows))

    assert tiles(boss.page.html) == [1, 0, 0, 3]
    for words in ("Esta cuenta está suspendida.", "«Cerrada» está cerrada.", "Varias unidades se llaman «Archivo»"):
        assert words in boss.page.text


def test_a_number_of_somebody_else_is_a_fault(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 2.5: two that disagree are a fault with both names."""
    owner, _other = a_person(instance), a_person(instance, "b@example.org", given="Blas", surname="Mera")
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=owner.id, number=CEDULA))
    send(boss, HEAD + f"b@example.org;Blas;Mera;;{CEDULA};\n")

    assert tiles(boss.page.html) == [0, 0, 0, 1]
    assert in_spanish("This line means two people: %(people)s.", people=f"{owner.full_name} y Blas Mera") in boss.page.text
    send(boss, HEAD + f"ana@example.org;;;;{CEDULA};\n")
    assert tiles(boss.page.html) == [0, 0, 1, 0]


def test_a_number_that_two_accounts_have_is_a_fault(boss: Browser, instance: Instance) -> None:
    """Neither account is changed by a list until one of them is merged or corrected: another number for it comes in."""
    for email in ("ana@example.org", "anita@example.org"):
        person = a_person(instance, email)
        with instance.database.unit_of_work() as session:
            session.add(NationalIdentity(person_id=person.id, number=CEDULA))
    for email in ("ana", "anita", "nueva"):
        assert tiles(send(boss, f"{HEAD}{email}@example.org;Ana María;Mera;;{CEDULA};\n").page.html) == [0, 0, 0, 1], email

    send(boss, HEAD + "anita@example.org;;;;0926687856;\n")
    assert bring_in(boss) == [0, 1, 0, 0]
    assert tiles(send(boss, f"{HEAD}ana@example.org;Ana María;;;{CEDULA};\n").page.html) == [0, 1, 0, 0]


def test_what_cannot_be_read_is_told_beside_the_field(boss: Browser, instance: Instance) -> None:
    send(boss, "nombre;unidad\nAna;Quito", status=422)

    assert in_spanish("There is no column called “email” or “correo”.") in boss.page.text
    assert 'id="file-error"' in boss.page.html


def test_a_name_that_begins_with_a_formula_is_a_fault(boss: Browser, instance: Instance) -> None:
    send(boss, HEAD + """ana@example.org;"=HYPERLINK(""http://x"";""y"")";Muñoz;;;\n""")
    assert in_spanish(FORMULA_REFUSED) in boss.page.text


def test_a_staff_number_without_its_noughts_is_the_same_number(boss: Browser, instance: Instance) -> None:
    """A spreadsheet drops them: the person is found, and the number on record stays; who has the number as written comes first."""
    a_place(instance, "Chone", a_place(instance), code="7")
    send(boss, STAFF + "ana@example.org;Ana;Muñoz;00714;7\nluis@example.org;Luis;Paz;0714;7\neva@example.org;Eva;Sol;815;7\n")
    bring_in(boss)
    send(boss, "numero de empleado;nombres;primer apellido;unidad\n0815;Evita;Sol;7\n0714;Luisito;Paz;7\n")
    text = " ".join(boss.page.text.split())
    for change in ("Nombre: Eva Sol → Evita Sol", "Nombre: Luis Paz → Luisito Paz"):
        assert change in text
    assert "815 →" not in text
    send(boss, "numero de empleado;nombres;primer apellido;unidad\n714;Ana María;Muñoz;7\n")
    assert in_spanish("People of several institutions have this staff number. Name the unit.") not in boss.page.text
    assert in_spanish("Several people have this staff number without the noughts at its beginning. Write it whole.") in boss.page.text


def test_a_new_post_is_told_with_the_nearest_known_one(boss: Browser, instance: Instance) -> None:
    """A typing mistake founds a post; the posts of the first list of an institution are no news."""
    a_place(instance, "Chone", a_place(instance), code="7")
    head = "correo;nombres;primer apellido;puesto;unidad\n"
    send(boss, head + "ana@example.org;Ana;Muñoz;Analista;7\n")
    assert "Analista" not in boss.page.text
    bring_in(boss)
    send(boss, head + "luis@example.org;Luis;Paz;Analitsa;7\neva@example.org;Eva;Sol;analitsa;7\nleo@example.org;Leo;Ríos;Médica;7\n")

    text = " ".join(boss.page.text.split())
    near = "New post: “%(post)s”. Is it “%(near)s”? Lines that name it: %(lines)s."
    assert in_spanish(near, post="Analitsa", near="Analista", lines=2) in text
    assert in_spanish("New post: “%(post)s”. Lines that name it: %(lines)s.", post="Médica", lines=1) in text
    send(boss, head + "luis@example.org;Luis;Paz;ANALISTA;7\n")
    assert in_spanish("New post: “%(post)s”. Lines that name it: %(lines)s.", post="ANALISTA", lines=1) not in " ".join(
        boss.page.text.split()
    )


def test_two_previews_stand_beside_each_other(boss: Browser, instance: Instance) -> None:
    """Who compares two files of HR in two windows confirms either, and then the other as things are by then."""
    first = send(boss, HEAD + "ana@example.org;Ana;Muñoz;;;\n").path
    second = send(boss, HEAD + "ana@example.org;Ana;Muñoz;;;\nluis@example.org;Luis;Paz;;;\n").path
    boss.get(first)
    assert tiles(boss.page.html)[0] == 1
    bring_in(boss)
    boss.get(second)
    assert tiles(boss.page.html)[:3] == [1, 0, 1]
    bring_in(boss)
    assert count(instance, Person, Person.email.in_(("ana@example.org", "luis@example.org"))) == 2


def test_a_list_is_forgotten_when_asked_and_in_time(boss: Browser, instance: Instance) -> None:
    send(boss, HEAD + "nueva@example.org;Ana;Muñoz;;;\n")
    path = boss.path
    boss.submit("/discarding")
    boss.get(path, status=404)
    assert count(instance, PendingUnitList) == 0


def test_a_list_is_its_senders_alone_and_for_administrators(browser: Browser, instance: Instance) -> None:
    """Access: organisation.load; to another administrator somebody's list does not exist."""
    cast = a_cast(browser, instance)
    boss = cast.browsers["S"]
    send(boss, HEAD + "nueva@example.org;Ana;Muñoz;;;\n")
    path = boss.path
    an_administrator(instance, "otra@example.org")
    sign_in(browser.another(), "otra@example.org").get(path, status=404)
    sign_in(browser.another(), "otra@example.org").get(f"{path}/faults.csv", status=404)

    wrong = cast.check("organisation.load", "any", cast.outcomes(LISTS))
    others = {letter: one for letter, one in cast.browsers.items() if letter != "S"}
    for letter, one in others.items():
        one._request("GET", path)
        assert one.response.status_code in (303, 302, 401, 403, 404), letter

    assert wrong == []
