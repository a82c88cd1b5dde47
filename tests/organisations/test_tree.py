"""The tree: made, changed, moved and closed by administrators; nothing to which people belonged is deleted."""

import json

import pytest
from sqlalchemy import func, select

from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.i18n import zone_name
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import tree, units
from organisations.models import Membership, Organisation, TrainingGrant, UnitManager
from organisations.rules.units import OrganisationKind
from organisations.units import UnitCodeConflict, UnitNameConflict, UnitValues
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person
from tests.support.places import a_place, employ, manage, put
from tests.support.training_access import a_training_cast
from tests.support.wording import in_spanish

TREE = "/administration/organisations"


def row_of(instance: Instance, name: str) -> Organisation:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Organisation).where(Organisation.name == name)).one()


def address(instance: Instance, name: str) -> str:
    return f"{TREE}/{row_of(instance, name).uuid}"


def facts(instance: Instance, verb: str) -> dict[str, object]:
    with instance.database.unit_of_work(write=False) as session:
        found: dict[str, object] = json.loads(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb)).one())
        return found


def test_administrators_make_a_tree_of_three_kinds(boss: Browser, instance: Instance) -> None:
    boss.get(TREE)
    assert in_spanish("There is no institution yet") in boss.page.text
    boss.submit(TREE, {"name": "IESS", "code": "01"})
    boss.get(address(instance, "IESS"))
    boss.submit("/places", {"child-kind": "province", "child-name": "Manabí", "child-code": "01-13"})
    boss.get(address(instance, "Manabí"))
    assert 'value="province"' not in boss.page.html
    boss.submit("/places", {"child-kind": "unit", "child-name": "Chone", "child-code": ""})

    page = boss.get(TREE)

    assert [row_of(instance, name).kind for name in ("IESS", "Manabí", "Chone")] == ["institution", "province", "unit"]
    assert page.text.index("IESS") < page.text.index("Manabí") < page.text.index("Chone")
    assert 'class="in-2"' in page.html


def test_a_name_that_a_neighbour_has_is_told_beside_its_field(boss: Browser, instance: Instance) -> None:
    iess = a_place(instance)
    a_place(instance, "Chone", iess, code="7")
    boss.get(address(instance, "IESS"))

    page = boss.submit("/places", {"child-name": "CHONÉ", "child-code": "8"}, status=422)
    assert in_spanish("There is already a unit with this name here.") in page.text
    assert 'id="child-name-error"' in page.html
    page = boss.submit("/places", {"child-name": "Jama", "child-code": "7"}, status=422)
    assert 'id="child-code-error"' in page.html
    page = boss.submit("/places", {"child-name": "", "child-code": ""}, status=422)
    assert in_spanish("Give it a name.") in page.text
    boss.get(TREE)
    assert in_spanish("There is already a unit with this name here.") in boss.submit(TREE, {"name": "iess"}, status=422).text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 2


def test_a_place_is_renamed_and_the_old_name_stays_in_the_log(boss: Browser, instance: Instance) -> None:
    a_place(instance, code="01")
    boss.get(address(instance, "IESS"))
    boss.submit("/change", {"change-name": "Instituto Ecuatoriano de Seguridad Social", "change-code": "01"})

    told = facts(instance, "organisation.changed")

    assert (told["old_name"], told["name"]) == ("IESS", "Instituto Ecuatoriano de Seguridad Social")
    boss.submit("/change")
    facts(instance, "organisation.changed")  # still one entry: nothing changed


def test_a_place_moves_with_what_stands_below_it_and_never_under_itself(boss: Browser, instance: Instance) -> None:
    iess = a_place(instance)
    manabi = a_place(instance, "Manabí", iess, kind=OrganisationKind.PROVINCE)
    guayas = a_place(instance, "Guayas", iess, kind=OrganisationKind.PROVINCE)
    chone = a_place(instance, "Chone", manabi)
    below = a_place(instance, "Archivo", chone)
    boss.get(address(instance, "Chone"))
    assert str(below.uuid) not in boss.page.html.split('id="move-place"')[1].split("</select>")[0]
    boss.submit("/move", {"move-place": str(guayas.uuid)})

    with instance.database.unit_of_work() as session:
        assert [place.name for place in tree.list_path(session, below.id)] == ["IESS", "Guayas", "Chone", "Archivo"]
        for target in (chone, below):
            with pytest.raises(Conflict):
                units.move(session, SYSTEM, chone, target, now=clock.now())
        with pytest.raises(Conflict):
            units.move(session, SYSTEM, manabi, guayas, now=clock.now())


def test_a_place_where_somebody_was_is_closed_and_never_deleted(boss: Browser, instance: Instance) -> None:
    iess = a_place(instance)
    chone, jama = a_place(instance, "Chone", iess), a_place(instance, "Jama", iess)
    put(instance, a_person(instance), chone)
    boss.get(address(instance, "IESS"))
    page = boss.submit("/closing", status=422)
    assert in_spanish("Close or move its sub-units first.") in page.text

    boss.get(address(instance, "Chone"))
    assert "/deletion" not in boss.page.html
    boss.post(f"{address(instance, 'Chone')}/deletion")
    assert "se puede cerrar, no eliminar" in boss.page.text
    boss.get(address(instance, "Chone"))
    boss.submit("/closing", {"close-place": str(jama.uuid)})

    assert in_spanish("The unit was closed.") in boss.page.text
    with instance.database.unit_of_work(write=False) as session:
        rows = {row.organisation_id: row.until for row in session.scalars(select(Membership))}
    assert rows[chone.id] is not None
    assert rows[jama.id] is None
    assert facts(instance, "organisation.people_moved")["people"] == 1
    other = a_person(instance, "otra@example.org")
    with instance.database.unit_of_work() as session, pytest.raises(Conflict):
        units.assign_member(session, SYSTEM, other, chone, now=clock.now())
    boss.submit("/opening")
    assert row_of(instance, "Chone").closed_at is None


def test_a_place_made_by_mistake_goes_with_its_managers(boss: Browser, instance: Instance) -> None:
    chone = a_place(instance, "Chone", a_place(instance))
    manage(instance, a_person(instance), chone)
    boss.get(address(instance, "Chone"))
    boss.submit("/deletion")

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Organisation.name)).all() == ["IESS"]
        assert not session.scalars(select(UnitManager)).all()


def test_somebody_belongs_to_one_place_and_the_places_before_stay_in_the_record(boss: Browser, instance: Instance) -> None:
    iess = a_place(instance)
    a_place(instance, "Chone", iess)
    a_place(instance, "Jama", iess)
    person = a_person(instance)
    for name in ("Chone", "Jama", "Jama"):
        boss.get(address(instance, name))
        boss.submit("/people", {"member-email": "ANA@example.org"})
    page = boss.submit("/people", {"member-email": "nadie@example.org"}, status=422)
    assert in_spanish("There is no account with this email address.") in page.text

    record = boss.get(f"/administration/people/{person.uuid}")
    with instance.database.unit_of_work(write=False) as session:
        memberships = tree.list_memberships(session, person.id)
        assert [(row.Organisation.name, row.Membership.until is None) for row in memberships] == [("Jama", True), ("Chone", False)]
        assert tree.count_members(session) == {row_of(instance, "Jama").id: 1}
    assert "Jama" in record.text
    assert "Chone" in record.text

    boss.get(address(instance, "Jama"))
    boss.submit("/removal")
    with instance.database.unit_of_work(write=False) as session:
        assert tree.find_place(session, person.id) is None


def test_the_people_of_a_place_come_in_pages_and_are_found(boss: Browser, instance: Instance) -> None:
    chone = a_place(instance, "Chone", a_place(instance))
    for number in range(51):
        put(instance, a_person(instance, f"p{number}@example.org", surname=f"Mera{number:02}"), chone)

    page = boss.get(address(instance, "Chone"))
    assert page.html.count("/removal") == 50
    assert boss.get(f"{address(instance, 'Chone')}?page=2").html.count("/removal") == 1
    assert boss.get(f"{address(instance, 'Chone')}?q=mera07").html.count("/removal") == 1


def test_what_stands_under_a_name_finds_it(boss: Browser, instance: Instance) -> None:
    """The post and the staff number, on the unit's page; numbers also in the list of people."""
    chone = a_place(instance, "Chone", a_place(instance), code="7")
    ana, luis = a_person(instance, "ana@example.org"), a_person(instance, "luis@example.org", given="Luis", surname="Paz")
    employ(instance, ana, chone, "S-7014", post="Médica")
    employ(instance, luis, chone, "S-7015")

    for words in ("s-7014", "medica"):
        boss.get(f"{address(instance, 'Chone')}?q={words}")
        assert "Ana Quinde" in boss.page.text
        assert "Luis Paz" not in boss.page.text
    boss.get("/administration/people?q=S-7014")
    assert "Ana Quinde" in boss.page.text
    assert "Luis Paz" not in boss.page.text


def test_a_manager_is_named_and_ended(boss: Browser, instance: Instance) -> None:
    chone = a_place(instance, "Chone", a_place(instance))
    person = a_person(instance)
    boss.get(address(instance, "Chone"))
    for _twice in range(2):
        boss.submit("/managers", {"manager-email": "ana@example.org"})
    assert in_spanish("%(name)s can now follow the progress of this unit.", name="Ana Quinde") in boss.page.text
    assert facts(instance, "unit_manager.named")["organisation"] == chone.id
    boss.submit(f"/managers/{person.uuid}/ending")

    with instance.database.unit_of_work(write=False) as session:
        assert not session.scalars(select(UnitManager)).all()


def test_the_time_zone_of_a_place_is_chosen_or_that_of_what_stands_above(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 2.2: by form; empty follows what stands above, which for Galápagos is its own."""
    islands = a_place(instance, "Galápagos", a_place(instance), kind=OrganisationKind.PROVINCE)
    a_place(instance, "Isabela", islands)
    page = boss.get(address(instance, "Isabela"))
    assert in_spanish("Like the unit above: %(zone)s", zone=zone_name("Pacific/Galapagos")) in page.text
    boss.submit("/change", {"change-zone": "America/Guayaquil"})
    assert (row_of(instance, "Isabela").zone, facts(instance, "organisation.changed")["zone"]) == ("America/Guayaquil", "America/Guayaquil")

    boss.submit("/change", {"change-zone": "Mars/Olympus"}, status=422)
    assert row_of(instance, "Isabela").zone == "America/Guayaquil"
    boss.get(address(instance, "Isabela"))
    boss.submit("/change", {"change-zone": ""})

    assert row_of(instance, "Isabela").zone == ""


def test_a_zone_that_only_a_list_can_write_stays_when_the_name_changes(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 2.2."""
    place = a_place(instance)
    with instance.database.unit_of_work() as session:
        units.change(session, SYSTEM, place, UnitValues("IESS", "", "Etc/GMT+5"), now=clock.now())
    boss.get(address(instance, "IESS"))
    boss.submit("/change", {"change-name": "Instituto"})

    assert row_of(instance, "Instituto").zone == "Etc/GMT+5"


def test_a_head_is_named_and_the_one_before_heads_no_longer(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 2.2: by form, on the page of the unit."""
    chone = a_place(instance, "Chone", a_place(instance))
    first, second = a_person(instance), a_person(instance, "otra@example.org")
    boss.get(address(instance, "Chone"))
    boss.submit("/managers", {"manager-email": first.email})
    for email in (first.email, second.email):
        boss.submit("/managers", {"manager-email": email, "manager-is_head": "y"})

    assert in_spanish("%(name)s now heads this unit.", name=second.full_name) in boss.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert [(row.person_id, row.is_head) for row in session.scalars(select(UnitManager))] == [(second.id, True)]
        assert tree.is_head(session, chone, second.id)


def test_only_administrators_look_at_the_tree_and_change_it(browser: Browser, instance: Instance) -> None:
    """Access: organisation.manage for S alone, managers of a place included among the refused."""
    cast = a_cast(browser, instance)
    place = a_place(instance)
    manage(instance, cast.people["L"], place)
    there = f"{TREE}/{place.uuid}"

    wrong = cast.check("organisation.manage", "any", cast.outcomes(TREE))
    wrong += cast.check("organisation.manage", "any", cast.outcomes(there))
    changes = {
        "/change": {"change-name": "IESS", "change-code": ""},
        "/people": {"member-email": "lia@example.org"},
        "/managers": {"manager-email": "lia@example.org"},
        f"/managers/{cast.people['L'].uuid}/ending": {},
        f"/people/{cast.people['L'].uuid}/removal": {},
        "/closing": {"close-place": ""},
        "/opening": {},
    }
    for part, data in changes.items():
        wrong += cast.check("organisation.manage", "any", cast.outcomes(there + part, "POST", data))

    assert wrong == []


def test_the_tree_costs_the_same_statements_however_large(boss: Browser, instance: Instance) -> None:
    """spec/performance P7."""
    counter, counts = every_statement(instance.database), []
    iess = a_place(instance)
    boss.get(TREE)  # the profile of the site is looked at once in a while
    for many in (1, 30):
        for number in range(many):
            put(instance, a_person(instance, f"p{many}.{number}@example.org"), a_place(instance, f"Unidad {many} {number}", iess))
        counter.reset()
        boss.get(TREE)
        counts.append(len(counter.statements))

    assert counts[0] == counts[1] <= 8


def test_names_and_codes_are_guarded_by_the_services_too(instance: Instance) -> None:
    iess = a_place(instance, code="01")
    a_place(instance, "Loja", iess, code="a1")
    with instance.database.unit_of_work() as session:
        with pytest.raises(UnitNameConflict):
            units.make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues("iess", ""), now=clock.now())
        with pytest.raises(UnitCodeConflict):
            units.make(session, SYSTEM, iess, OrganisationKind.UNIT, UnitValues("Chone", "01"), now=clock.now())
        with pytest.raises(Conflict):
            units.make(session, SYSTEM, None, OrganisationKind.UNIT, UnitValues("Chone", ""), now=clock.now())
        with pytest.raises(UnitCodeConflict):
            units.make(session, SYSTEM, iess, OrganisationKind.UNIT, UnitValues("Jama", "A1"), now=clock.now())


@pytest.mark.parametrize("code", ["Ñuñoa-1", "ñuñoa-1", "NUNOA-1"])
def test_codes_are_compared_as_lists_compare_them(instance: Instance, code: str) -> None:
    """Without case and accents, of whatever letters: two that a list cannot tell apart are one."""
    iess = a_place(instance, code="ÑUÑOA-1")
    loja = a_place(instance, "Loja", iess)
    with instance.database.unit_of_work() as session:
        with pytest.raises(UnitCodeConflict):
            units.make(session, SYSTEM, iess, OrganisationKind.UNIT, UnitValues("Chone", code), now=clock.now())
        with pytest.raises(UnitCodeConflict):
            units.change(session, SYSTEM, loja, UnitValues("Loja", code), now=clock.now())
        units.change(session, SYSTEM, iess, UnitValues("IESS", code), now=clock.now())


def test_administrators_name_and_end_officers_and_auditors(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 16: on the page of the place; who is unknown is told beside the field, and both roles of one person stand apart."""
    place, person = a_place(instance), a_person(instance)
    there = f"{TREE}/{place.uuid}"
    boss.get(there)
    page = boss.submit("/training", {"training-email": "nadie@example.org", "training-role": "auditor"}, status=422)
    assert in_spanish("There is no account with this email address.") in page.text
    for role in ("officer", "auditor"):
        boss.get(there)
        boss.submit("/training", {"training-email": person.email, "training-role": role})
    page = boss.get(there)
    assert (in_spanish("Training officer") in page.text, in_spanish("Auditor") in page.text) == (True, True)

    boss.submit(f"/training/officer/{person.uuid}/ending")

    assert facts(instance, "training_grant.ended") == {"organisation": place.id, "name": place.name, "role": "officer"}
    with instance.database.unit_of_work(write=False) as session:
        assert [(row.role, row.granted_by) for row in session.scalars(select(TrainingGrant))] == [("auditor", 1)]
    page = boss.get(f"/administration/people/{person.uuid}")
    assert in_spanish("No longer training officer of a unit") in page.text
    assert (place.name in page.text, in_spanish("Auditor") in page.text) == (True, True)


def test_every_cell_of_loads_for_the_roles_of_training(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: people.load."""
    cast = a_training_cast(browser, instance)

    assert cast.check("organisation.load", "list", cast.outcomes("/administration/lists")) == []
