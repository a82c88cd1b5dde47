"""What the lines of a list would do: places by what lists call them, whom a line means, posts, days, further units and heads."""

import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from accounts.models import NationalIdentity, Person
from accounts.rules import fold
from kernel import audit, clock
from kernel.audit import AuditEntry
from kernel.left_out import LineRefused
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import jobs, lists
from organisations import tree as organisations_tree
from organisations.list_checking import ListReview, PeopleListCheck, judge_people, review_people, review_units
from organisations.list_reading import UnitDirectory, UnitListRow, read_people, read_units
from organisations.models import Employment, Membership, Organisation, Post, UnitManager
from organisations.rules.units import OrganisationKind, UnitSummary, asks_for_number, zone_of
from organisations.unit_checking import UnitListCheck, judge_units
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.places import a_place, manage, put
from tests.support.wording import in_spanish


def place(number: int, name: str, parent: int | None, code: str = "") -> UnitSummary:
    kind = OrganisationKind.INSTITUTION if parent is None else OrganisationKind.UNIT
    return UnitSummary(number, UUID(int=number), parent, kind, name, fold(name), code, False)


TREE = (
    place(1, "IESS", None, "1"),
    place(2, "Norte", 1),
    place(3, "Caja", 2),
    place(4, "Afiliación / Cobros", 1, "A/C"),
    place(5, "Ventanilla 1/2", 4),
    place(6, "Norte/Caja", 1),
)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("afiliacion/cobros", 4),
        ("IESS / Afiliación / Cobros", 4),
        ("A/C", 4),
        ("Ventanilla 1/2", 5),
        ("IESS / Afiliación/Cobros / Ventanilla 1 / 2", 5),
        ("Caja", 3),
        ("Norte / Caja", 6),
        ("IESS / Cobros", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_place_with_a_slash_is_found_by_its_name_and_its_path(words: str, found: int | None) -> None:
    place = UnitDirectory(TREE).find(words)

    assert (place.id if place else None) == found


def test_a_path_that_leads_to_two_places_is_told() -> None:
    """Caja under Norte, and a place that is called «Norte/Caja»."""
    with pytest.raises(LineRefused, match="Use the code"):
        UnitDirectory(TREE).find("IESS / Norte / Caja")


def test_a_place_that_changed_is_found_by_what_it_is_called_now() -> None:
    directory = UnitDirectory(TREE)
    directory.put(place(4, "Recaudación", 2, "R"))

    assert directory.find("A/C") is directory.find("Afiliación / Cobros") is None
    for words in ("R", "Recaudación", "IESS / Norte / Recaudación"):
        assert directory.find(words) is directory.by_id[4], words
    assert directory.find("IESS / Norte / Recaudación / Ventanilla 1/2") is directory.by_id[5]


def renaming_all(size: int) -> Callable[[], UnitListCheck]:
    places = [place(1, "IESS", None, "1"), *(place(number, f"Unidad {number}", 1, f"{number}") for number in range(2, size + 2))]
    lines = [UnitListRow(one.id, one.code, f"Oficina {one.id}", one.kind, "1") for one in places[1:]]
    return lambda: judge_units(places, lines)


def calls_of(work: Callable[[], UnitListCheck]) -> int:
    """Return how many functions are called: a measure of work that is the same on every machine."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_a_list_that_changes_every_place_is_compared_in_a_time_that_grows_with_it() -> None:
    assert len(renaming_all(400)().changed) == 400
    assert calls_of(renaming_all(400)) < 2.2 * calls_of(renaming_all(200))


NOON = datetime(2026, 5, 4, 17, tzinfo=UTC)
TODAY = date(2026, 5, 4)
CEDULA, OTHER_CEDULA = "1710034065", "0926687856"
LISTS = "/administration/lists"


def judge(instance: Instance, text: str, *, now: datetime = NOON) -> PeopleListCheck:
    """Compare a list with what there is."""
    with instance.database.unit_of_work(write=False) as session:
        return judge_people(session, read_people(text.encode(), now.date()).entries, now=now)


def bring_in(instance: Instance, text: str, *, now: datetime = NOON) -> PeopleListCheck:
    """Bring a list in; return what it did."""
    with instance.database.unit_of_work() as session:
        judged = judge_people(session, read_people(text.encode(), now.date()).entries, now=now)
        lists.bring_in_people(session, SYSTEM, judged.new, judged.changed, now=now)
    return judged


def review(instance: Instance, text: str, complete_of: Organisation | None = None) -> ListReview:
    """Review a whole list."""
    with instance.database.unit_of_work(write=False) as session:
        return review_people(session, read_people(text.encode(), TODAY), complete_of.id if complete_of else None, now=NOON)


def employments(instance: Instance, person: Person) -> list[tuple[str | None, date | None, date | None]]:
    """Return the rows of a person's employment that stand."""
    with instance.database.unit_of_work(write=False) as session:
        rows = select(Employment).where(Employment.person_id == person.id, Employment.retracted_at.is_(None)).order_by(Employment.id)
        return [(row.staff_number, row.entered_on, row.left_on) for row in session.scalars(rows)]


def places(instance: Instance, person: Person) -> dict[str, tuple[str, bool]]:
    """Return the present places of a person by name: the post, and whether it is the main one."""
    with instance.database.unit_of_work(write=False) as session:
        rows = organisations_tree.list_memberships(session, person.id)
        return {place.name: (post or "", member.is_main) for place, member, post in rows if member.until is None}


def of_address(instance: Instance, email: str) -> Person:
    """Return the account with an address."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def identified(instance: Instance, email: str, number: str, *, surname: str = "Mera") -> Person:
    """Make a person with an identity number."""
    person = a_person(instance, email, given="Ana", surname=surname)
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=person.id, number=number))
    return person


def messages(check: PeopleListCheck) -> list[str]:
    return [fault.message for fault in check.faults]


HEAD = "correo;nombres;primer apellido;cedula;unidad;numero de empleado;puesto;fecha de ingreso;fecha de salida;otras unidades\n"


def test_a_new_person_gets_post_days_and_further_units(instance: Instance) -> None:
    """spec/compulsory 2.1."""
    root = a_place(instance, code="I")
    a_place(instance, "Finanzas", root, code="F"), a_place(instance, "Obras", root, code="O")

    text = HEAD + 'ana@example.org;Ana;Mera;;F;117;INSPECTOR 1;01/02/2019;;"O; Finanzas"\n'
    assert len(bring_in(instance, text).new) == 1

    ana = of_address(instance, "ana@example.org")
    assert employments(instance, ana) == [("117", date(2019, 2, 1), None)]
    assert places(instance, ana) == {"Finanzas": ("INSPECTOR 1", True), "Obras": ("", False)}
    with instance.database.unit_of_work(write=False) as session:
        assert set(session.scalars(select(Membership.since_on))) == {date(2019, 2, 1)}
    again = bring_in(instance, text.replace("INSPECTOR 1", "Inspector  1"))
    assert (again.same, again.changed, again.faults) == (1, (), ())


def test_a_line_finds_its_person_by_staff_number_then_identity_number_then_address(instance: Instance) -> None:
    """spec/compulsory 2.5: a changed address does not make a second account, and is told of an account that was opened."""
    a_place(instance, code="I")
    bring_in(instance, HEAD + f"ana@example.org;Ana;Mera;{CEDULA};I;117;;;;\nluis@example.org;Luis;Paz;;I;;;;;\n")
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(email_confirmed_at=clock.now()))
    ana, luis = of_address(instance, "ana@example.org"), of_address(instance, "luis@example.org")

    found = judge(
        instance,
        HEAD + "nueva@example.org;Anita;Mera;;I;117;;;;\n" + f";Anita;Mera;{CEDULA};I;;;;;\n" + "luis@example.org;Luisito;;;I;;;;;\n",
    )

    assert [line.person_id for line in found.changed] == [ana.id, ana.id, luis.id]
    assert found.new == ()
    assert [(remark.line, remark.facts["address"]) for remark in found.remarks] == [(2, "ana@example.org")]
    bring_in(instance, HEAD + "nueva@example.org;Ana;Mera;;I;117;Jefa;;;\n")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2
    assert places(instance, ana) == {"IESS": ("Jefa", True)}


@pytest.mark.parametrize("line", [f";;;{OTHER_CEDULA};;117;;;;", "otra@example.org;;;;;117;;;;", f"ana@example.org;;;{OTHER_CEDULA};;;;;;"])
def test_two_that_disagree_are_a_fault_with_both_names(instance: Instance, line: str) -> None:
    """spec/compulsory 2.5."""
    root = a_place(instance, code="I")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;;;\n")
    put(instance, identified(instance, "otra@example.org", OTHER_CEDULA, surname="Paz"), root)

    (fault,) = judge(instance, HEAD + line + "\n").faults

    assert fault.message == "This line means two people: %(people)s."
    assert fault.facts["people"] in ("Ana Mera y Ana Paz", "Ana Paz y Ana Mera")


def test_a_number_of_somebody_who_left_may_be_given_to_another(instance: Instance) -> None:
    """spec/compulsory 2.3 and 2.5: a staff number is unique among present rows."""
    a_place(instance, code="I")
    bring_in(instance, HEAD + f"ana@example.org;Ana;Mera;{CEDULA};I;117;;;;\n")
    bring_in(instance, HEAD + "ana@example.org;;;;;117;;;2026-04-30;\n")

    found = bring_in(instance, HEAD + f"luis@example.org;Luis;Paz;{OTHER_CEDULA};I;117;;;;\n")

    assert len(found.new) == 1
    assert employments(instance, of_address(instance, "luis@example.org")) == [("117", None, None)]


def test_a_number_that_several_institutions_give_needs_the_unit(instance: Instance) -> None:
    """spec/compulsory 2.3: unique in the institution."""
    a_place(instance, code="I"), a_place(instance, "Otro", code="O")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;;;\n")
    bring_in(instance, HEAD + "luis@example.org;Luis;Paz;;O;117;;;;\n")

    assert messages(judge(instance, HEAD + ";;;;;117;Jefe;;;\n")) == [
        "People of several institutions have this staff number. Name the unit."
    ]
    assert [line.person_id for line in judge(instance, HEAD + ";;;;O;117;Jefe;;;\n").changed] == [
        of_address(instance, "luis@example.org").id
    ]


def test_somebody_on_two_lines_is_a_fault_of_the_second_with_the_first(instance: Instance) -> None:
    """spec/compulsory 18: two rows with different units, both main."""
    root = a_place(instance, code="I")
    a_place(instance, "Finanzas", root, code="F")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;;;\n")

    found = review(instance, HEAD + ";;;;I;117;;;;\nana@example.org;;;;F;;;;;\n")

    assert [(fault.line, fault.facts) for fault in found.faults] == [(3, {"first": 2})]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (";Ana;Mera;;I;117;;;;", "No account has the staff number %(number)s, and a new account needs an email address."),
        (f";Ana;Mera;{CEDULA};I;;;;;", "No account fits this line, and a new account needs an email address."),
        ("ana@example.org;Ana;Mera;;I;117;;;30/04/2026;", "No account fits this line, and the last day is over."),
        ("ana@example.org;Ana;Mera;;;;;;;I", "Further units need a unit to which the person belongs first."),
        ("ana@example.org;Ana;Mera;;I;;;;;Nada", "There is no unit called “%(unit)s”."),
    ],
)
def test_what_is_missing_in_a_line_is_reported(instance: Instance, line: str, message: str) -> None:
    """spec/compulsory 2.1 and 2.5."""
    a_place(instance, code="I")

    assert messages(judge(instance, HEAD + line + "\n")) == [message]


def test_an_entry_is_corrected_and_a_re_entry_is_another_row(instance: Instance) -> None:
    """spec/compulsory 2.3 and 13.4: back after leaving, with the same account."""
    a_place(instance, code="I")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;2019-02-01;;\n")
    ana = of_address(instance, "ana@example.org")

    bring_in(instance, HEAD + "ana@example.org;;;;;;;2019-03-01;;\n")
    bring_in(instance, HEAD + "ana@example.org;;;;;;;;2026-04-30;\n")
    assert (employments(instance, ana), places(instance, ana)) == ([("117", date(2019, 3, 1), date(2026, 4, 30))], {})
    bring_in(instance, HEAD + "ana@example.org;;;;I;;;2026-05-04;;\n")

    assert employments(instance, ana) == [("117", date(2019, 3, 1), date(2026, 4, 30)), ("117", TODAY, None)]
    assert places(instance, ana) == {"IESS": ("", True)}


def test_a_last_day_to_come_ends_places_when_it_has_gone_by(instance: Instance) -> None:
    """spec/compulsory 13.4: employment and memberships end on the last day."""
    root = a_place(instance, code="I")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;2019-02-01;2026-05-06;\n")
    ana = of_address(instance, "ana@example.org")
    manage(instance, ana, root)

    deliver(instance, datetime(2026, 5, 7, 4, 59, tzinfo=UTC))
    assert places(instance, ana) == {"IESS": ("", True)}
    deliver(instance, datetime(2026, 5, 7, 5, 1, tzinfo=UTC))

    assert places(instance, ana) == {}
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Membership.until_on)).all() == [date(2026, 5, 6)]
        assert session.scalars(select(UnitManager)).all() == []


def deliver(instance: Instance, now: datetime) -> None:
    """Do the hourly job of leavers at a moment."""
    delivery = Delivery(instance.database, instance.settings, 1, {}, now)
    effect = jobs.end_places(delivery)
    with instance.database.unit_of_work() as session:
        effect(session)


def test_the_account_of_a_leaver_closes_after_thirty_days_and_opens_on_return(instance: Instance) -> None:
    """spec/compulsory 13.4: the same account, within the days and after."""
    a_place(instance, code="I")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;2019-02-01;2026-05-03;\n".replace("2026-05-03", ""))
    bring_in(instance, HEAD + "ana@example.org;;;;;;;;2026-05-03;\n")

    def suspended() -> bool:
        return of_address(instance, "ana@example.org").suspended_at is not None

    deliver(instance, NOON + timedelta(days=29))
    assert not suspended()
    deliver(instance, NOON + timedelta(days=30))
    assert suspended()
    found = bring_in(instance, HEAD + "ana@example.org;;;;I;117;;2026-07-01;;\n", now=NOON + timedelta(days=60))

    assert [line.restores for line in found.changed] == [True]
    assert not suspended()
    deliver(instance, NOON + timedelta(days=90))
    assert not suspended()


def test_an_account_that_was_suspended_otherwise_stays_so(instance: Instance) -> None:
    a_place(instance, code="I")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;;;\n")
    with instance.database.unit_of_work() as session:
        session.execute(Person.__table__.update().values(suspended_at=NOON))

    assert messages(judge(instance, HEAD + "ana@example.org;;;;I;117;Jefe;;;\n")) == ["This account is suspended."]


def test_posts_written_in_two_ways_are_one_in_a_list(instance: Instance) -> None:
    """spec/compulsory 2.6."""
    a_place(instance, code="I")

    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;;Médico;;;\nluis@example.org;Luis;Paz;;I;;MEDICO;;;\n")

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Post.name)).all() == ["Médico"]
        assert len(set(session.scalars(select(Membership.post_id)))) == 1


@pytest.mark.parametrize(
    ("people", "leavers", "moved", "emptied", "complete", "asks"),
    [
        (500, 20, 0, 0, True, False),
        (500, 21, 0, 0, True, True),
        (36_000, 720, 0, 0, True, False),
        (36_000, 721, 0, 0, True, True),
        (100, 0, 10, 0, True, False),
        (100, 0, 11, 0, True, True),
        (100, 1, 0, 1, True, True),
        (3, 0, 1, 1, False, False),
        (200, 0, 20, 0, False, False),
        (200, 0, 21, 0, False, True),
        (36_000, 0, 3_600, 0, False, False),
        (36_000, 0, 21, 1, False, True),
    ],
)
def test_a_list_that_changes_much_asks_for_the_number(
    people: int, leavers: int, moved: int, emptied: int, complete: bool, asks: bool
) -> None:
    """spec/compulsory 13.3: more than max(20, 2 %) leavers, more than 10 % moved, a unit emptied."""
    assert asks_for_number(people, leavers, moved, emptied, complete=complete) is asks


def test_only_a_complete_list_makes_leavers_and_none_of_those_in_lines_with_a_fault(instance: Instance) -> None:
    """spec/compulsory 13.3."""
    root = a_place(instance, code="I")
    names = ("ana", "luis", "eva", "raul")
    bring_in(instance, HEAD + "".join(f"{name}@example.org;{name};Mera;;I;{at};;;;\n" for at, name in enumerate(names, 1)))
    text = HEAD + "ana@example.org;;;;;;;;;\nluis@example.org;;;;;;;31/02/2026;;\n;;;;Nada;3;;;;\n"

    assert review(instance, text).effects.leavers == ()
    found = review(instance, text, root)

    assert found.effects.leavers == (of_address(instance, "raul@example.org").id,)
    assert (found.effects.people, found.effects.number, len(found.faults)) == (4, 1, 2)


def send(boss: Browser, text: str, complete_of: str = "") -> None:
    """Send a list in, said to be complete for an institution."""
    boss.get(LISTS)
    token = re.search(r'name="csrf_token" value="([^"]+)"', boss.page.html)
    file = (BytesIO(text.encode()), "nomina.csv")
    data = {"kind": "people", "file": file, "complete_of": complete_of, "csrf_token": token[1] if token else ""}
    boss._request("POST", LISTS, data=data)
    boss._arrive(200)


def a_staff(instance: Instance, units: Sequence[Organisation], size: int) -> None:
    """Put people into units, one after the other."""
    lines = [f"p{at}@example.org;P{at};Mera;;{units[at % len(units)].code};{at};;;;\n" for at in range(size)]
    bring_in(instance, HEAD + "".join(lines), now=clock.now() - timedelta(days=9))


def test_leavers_are_shown_and_come_in_once_the_number_is_typed(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 13.3 and 13.4: nothing comes in before; headship ends and places without a head are listed."""
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    root = a_place(instance, code="I")
    finance, works = a_place(instance, "Finanzas", root, code="F"), a_place(instance, "Obras", root, code="O")
    a_staff(instance, (finance, works), 4)
    with instance.database.unit_of_work() as session:
        review = review_units(
            session, read_units(b"codigo;nombre;depende de;jefe\nF;Finanzas;I;0\nO;Obras;I;p3@example.org\n", NOON.date()), now=clock.now()
        )
        lists.try_places(session, SYSTEM, review.check.changed, "Lista.", now=NOON)
        session.execute(update(Person).where(Person.email == "p3@example.org").values(given_names="Éric", name_key="mera eric"))

    send(boss, HEAD + "".join(f"p{at}@example.org;;;;;;;;;\n" for at in (0, 2)), str(root.uuid))

    assert in_spanish("Type %(number)s to confirm that you have looked at it.", number=2) in boss.page.text
    assert 0 < boss.page.text.find("Éric Mera") < boss.page.text.find("P1 Mera"), "É stands beside E, not after Z"
    assert "Obras" in boss.page.text
    boss.submit("/confirmation", {"number": "1"}, status=422)
    boss.submit("/confirmation", {"number": "2"})
    boss.deliver_jobs()
    boss.get(boss.path)
    gone = of_address(instance, "p1@example.org")
    assert places(instance, gone) == {}
    assert [left is not None for _number, _entered, left in employments(instance, gone)] == [True]
    assert places(instance, of_address(instance, "p0@example.org")) == {"Finanzas": ("", True)}
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(UnitManager.organisation_id)).all() == [finance.id]
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "employment.ended")) == 2


def test_a_unit_inherits_its_zone_and_the_islands_have_their_own() -> None:
    """spec/compulsory 2.2."""
    from uuid import UUID

    def place(number: int, parent: int | None, kind: OrganisationKind, name: str = "x", zone: str = "") -> UnitSummary:
        return UnitSummary(number, UUID(int=number), parent, kind, name, name, "", False, zone)

    institution, province, unit = OrganisationKind.INSTITUTION, OrganisationKind.PROVINCE, OrganisationKind.UNIT
    tree = {
        one.id: one
        for one in (
            place(1, None, institution),
            place(2, 1, province, "galapagos"),
            place(3, 2, unit),
            place(4, 1, unit, zone="America/Bogota"),
            place(5, 4, unit),
            place(6, None, institution, zone="Europe/Madrid"),
            place(7, 6, unit),
        )
    }

    islands, bogota, madrid = "Pacific/Galapagos", "America/Bogota", "Europe/Madrid"
    assert [zone_of(tree, number) for number in tree] == ["America/Guayaquil", islands, islands, bogota, bogota, madrid, madrid]


def test_a_list_of_units_sets_zone_and_head_and_another_head_takes_over(instance: Instance) -> None:
    """spec/compulsory 2.2: by staff number or address; a head nobody has is told, and the unit comes in."""
    root = a_place(instance, code="I")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;;;;\nluis@example.org;Luis;Paz;;I;;;;;\n")

    def load(head: str) -> ListReview:
        text = f"codigo;nombre;depende de;zona horaria;jefe\nF;Finanzas;I;Pacific/Galapagos;{head}\n"
        with instance.database.unit_of_work() as session:
            found = review_units(session, read_units(text.encode(), NOON.date()), now=clock.now())
            lists.try_places(session, SYSTEM, (*found.check.new, *found.check.changed), "Lista.", now=NOON)
        return found

    def heads() -> list[tuple[str, bool]]:
        with instance.database.unit_of_work(write=False) as session:
            unit = session.scalars(select(Organisation).where(Organisation.code == "F")).one()
            assert unit.zone == "Pacific/Galapagos"
            return [(row.Person.full_name, row.is_head) for row in organisations_tree.list_managers(session, unit.id)]

    assert [remark.facts for remark in load("999").remarks] == [{"head": "999"}]
    assert heads() == []
    assert load("117").check.changed[0].facts == (("Head", "", "Ana Mera"),)
    assert heads() == [("Ana Mera", True)]
    assert load("Luis@example.org").check.changed[0].facts == (("Head", "Ana Mera", "Luis Paz"),)
    assert heads() == [("Luis Paz", True)]
    assert load("luis@example.org").check.same == 1
    assert root.id


def test_a_merge_of_accounts_keeps_what_lists_say_of_both(instance: Instance) -> None:
    """spec/compulsory 2.3 and 2.4."""
    from organisations import employment
    from organisations import units as members

    a_place(instance, code="I"), a_place(instance, "Otro", code="O")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;;;;;\nanita@example.org;Ana;Mera;;O;117;Jefa;2019-02-01;;\n")
    kept, closed = of_address(instance, "ana@example.org"), of_address(instance, "anita@example.org")

    with instance.database.unit_of_work() as session:
        employment.transfer_employments(session, closed, kept, now=NOON)
        members.transfer_memberships(session, SYSTEM, closed, kept, now=NOON)
        audit.record(session, SYSTEM, members.MembershipVerb.PLACED, None, now=NOON)

    assert employments(instance, kept) == [(None, None, None), ("117", date(2019, 2, 1), None)]
    assert (employments(instance, closed), places(instance, closed)) == ([], {})
    assert places(instance, kept) == {"IESS": ("", True)}


@pytest.mark.parametrize("size", [2, 20])
def test_a_list_is_compared_with_as_many_statements_whatever_its_length(instance: Instance, size: int) -> None:
    """spec/compulsory 17: a fixed number for some thousands of lines."""
    from tests.support.browser import every_statement

    a_place(instance, code="I")
    text = HEAD + "".join(f"p{at}@example.org;P;Mera;;I;{at};Jefe;;;\n" for at in range(size))
    bring_in(instance, text)
    counter = every_statement(instance.database)
    counter.reset()

    judge(instance, text)

    assert len(counter.statements) <= 12


def test_pages_show_staff_number_post_entry_and_further_units(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 2.1, 2.3 and 2.4: on a person's page and in the list of a unit's people."""
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    root = a_place(instance, code="I")
    works = a_place(instance, "Obras", root, code="O")
    bring_in(instance, HEAD + "ana@example.org;Ana;Mera;;I;117;Inspectora;2019-02-01;;O\n")
    ana = of_address(instance, "ana@example.org")
    manage(instance, ana, works)
    number = in_spanish("Staff number %(number)s", number="117")

    person = boss.get(f"/administration/people/{ana.uuid}").text
    unit = boss.get(f"/administration/organisations/{works.uuid}").text
    main = boss.get(f"/administration/organisations/{root.uuid}").text

    for words in (number, "Inspectora", in_spanish("Further unit"), "2019"):
        assert words in person, words
    assert number in unit
    assert in_spanish("Further unit") in unit
    assert "Inspectora" in main
    assert in_spanish("Further unit") not in main
