"""The list of communities by its filters, and communities of an institution or one of its units (spec/communities C2, C3, C5, C10)."""

import re

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from communities.communities import CommunityValues, UnknownInstitution
from communities.models import Community, CommunityLevel, CommunityReach
from communities.reach import WiderThanWritten, change_values
from kernel import clock
from kernel.permissions import Actor, SiteRole
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.browser import Browser, Page
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, actor_of, fresh, write_thread
from tests.support.places import a_place, put
from tests.support.takes import read

PAGE = "/communities/estadistica-actuarial"


def set_topic(instance: Instance, row: Community, topic: str) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).where(Community.id == row.id).values(topic=topic))


def offered(page: Page, field: str) -> list[str]:
    """Return what a field offers, without the first that is none."""
    options = re.search(rf'<select[^>]*\bid="{field}".*?</select>', page.html, re.DOTALL)
    return re.findall(r"<option[^>]*>([^<]*)", options[0])[1:] if options else []


def test_it_is_filtered_by_topic_and_institution_and_cards_show_both(browser: Browser, instance: Instance) -> None:
    """spec/communities C10: what filters offer is of communities that the reader may find."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    iess, other = a_place(instance), a_place(instance, "Otro instituto")
    unit = a_place(instance, "Dirección actuarial", iess)
    put(instance, eva, unit)
    named = {
        "Pensiones del Sur": a_community(instance, ana, "Pensiones del Sur"),
        "Salud laboral": a_community(instance, ana, "Salud laboral"),
        "De la casa": a_community(instance, ana, "De la casa", reach=CommunityReach.INSTITUTION, organisation_id=unit.id),
        "Ajena": a_community(instance, ana, "Ajena", reach=CommunityReach.INSTITUTION, organisation_id=other.id),
        "Secreta": a_community(instance, ana, "Secreta", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE),
    }
    for name, topic in zip(named, ("Pensiones", "Salud", "Actuaría", "Ajenidad", "Reserva"), strict=True):
        set_topic(instance, named[name], topic)

    reader = sign_in(browser.another(), eva.email)
    page = reader.get("/communities")
    for text in ("Ajena", "Ajenidad", "Otro instituto", "Secreta", "Reserva"):
        assert text not in page.html
    assert "IESS · Dirección actuarial" in page.text
    assert offered(page, "topic") == ["Actuaría", "Pensiones", "Salud"]
    assert offered(page, "institution") == ["IESS · Dirección actuarial"]
    stranger = browser.another().get("/communities")
    assert (offered(stranger, "topic"), offered(stranger, "institution")) == (["Pensiones", "Salud"], [])
    assert "Actuaría" not in stranger.html
    boss = sign_in(browser.another(), an_administrator(instance).email)
    assert len(offered(boss.get("/communities"), "topic")) == 5

    def listed(query: str) -> set[str]:
        text = reader.get(f"/communities?{query}").html.partition('<ul class="rows panel">')[2].partition("</ul>")[0]
        return {name for name in named if name in text}

    everything = {"Pensiones del Sur", "Salud laboral", "De la casa"}
    assert listed("topic=Salud") == {"Salud laboral"}
    assert listed(f"institution={unit.id}") == {"De la casa"}
    assert listed("topic=Salud&institution=&level=public&language=es&state=active") == {"Salud laboral"}
    assert listed(f"topic=Reserva&institution={other.id}&level=secret&language=xx&state=lost") == everything
    assert listed("level=public&level=private&topic=Salud&topic=Pensiones&topic=%00&institution=0x1") == {"Salud laboral"}


def test_a_topic_is_a_line_of_the_settings(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance))
    sign_in(browser).get(f"{PAGE}/manage/settings")
    browser.submit(f"{PAGE}/manage/settings", {"topic": "x" * 61}, status=422)
    browser.submit(f"{PAGE}/manage/settings", {"topic": "  Seguridad \n social "})

    assert fresh(instance, row).topic == "Seguridad social"
    assert "Seguridad social" in browser.get(f"{PAGE}/manage/settings").html
    assert browser.get("/communities?topic=Seguridad+social").has_link(PAGE)


def test_a_founder_chooses_among_the_institutions_and_units_to_which_they_belong(browser: Browser, instance: Instance) -> None:
    """spec/communities C3: with the name of the institution before that of a unit; the site's administrators among all."""
    ana = a_person(instance)
    iess = a_place(instance)
    unit = a_place(instance, "Dirección actuarial", iess)
    a_place(instance, "Otra dirección", iess)
    put(instance, ana, unit)
    sign_in(browser).get("/communities/new")
    assert offered(browser.page, "organisation") == ["IESS", "IESS · Dirección actuarial"]
    browser.submit("/communities/new", {"name": "De la dirección", "reach": "institution", "organisation": str(unit.id)})

    row = read(instance, lambda session: session.scalars(select(Community)).one())
    assert (row.reach, row.organisation_id) == (CommunityReach.INSTITUTION, unit.id)
    boss = sign_in(browser.another(), an_administrator(instance).email)
    assert len(offered(boss.get("/communities/new"), "organisation")) == 3


@pytest.fixture
def places(instance: Instance) -> tuple[Organisation, Organisation]:
    iess = a_place(instance)
    return iess, a_place(instance, "Dirección actuarial", iess)


def test_people_of_a_unit_find_what_is_for_it_and_others_of_the_institution_do_not(
    browser: Browser, instance: Instance, places: tuple[Organisation, Organisation]
) -> None:
    """spec/communities C2."""
    iess, unit = places
    ana, inside, beside = (a_person(instance, f"{name}@example.org") for name in ("ana", "eva", "luis"))
    put(instance, inside, a_place(instance, "Departamento", unit))
    put(instance, beside, iess)
    a_community(instance, ana, level=CommunityLevel.OPEN, reach=CommunityReach.INSTITUTION, organisation_id=unit.id)

    sign_in(browser.another(), inside.email).get(f"{PAGE}/discussions")
    sign_in(browser.another(), beside.email).get(PAGE, status=404)
    assert "/sign-in" in browser.another()._request("GET", PAGE).headers["Location"]


def boss_of(person: Person) -> Actor:
    return Actor(person_id=person.id, roles=frozenset({SiteRole.ADMINISTRATOR}))


def move(instance: Instance, row: Community, actor: Actor, unit: Organisation) -> bool:
    with instance.database.unit_of_work() as session:
        known = session.get_one(Community, row.id)
        values = CommunityValues(row.name, row.language, CommunityReach.INSTITUTION, CommunityLevel.OPEN, unit.id)
        return change_values(session, actor, known, values, seen=str(known.row_version), now=clock.now())


def test_from_an_institution_to_its_unit_is_narrower_and_back_is_wider(
    instance: Instance, places: tuple[Organisation, Organisation]
) -> None:
    """spec/communities C5: after others wrote the first is done, and the second refused."""
    iess, unit = places
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.OPEN, reach=CommunityReach.INSTITUTION, organisation_id=iess.id)
    a_member(instance, row, eva, external=True)
    write_thread(instance, row, "Entre nosotros", eva)

    assert move(instance, row, boss_of(ana), unit)
    with pytest.raises(WiderThanWritten):
        move(instance, row, boss_of(ana), iess)
    with pytest.raises(UnknownInstitution):
        move(instance, row, actor_of(ana), iess)
    assert fresh(instance, row).organisation_id == unit.id
