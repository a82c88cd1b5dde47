"""Who works in a unit far below an institution belongs to it (spec/communities C3, C4)."""

from sqlalchemy import literal, select

from communities import communities, standing
from lms.instance import Instance
from organisations.models import Organisation
from spaces.spaces import belongs
from tests.support.builders import a_person
from tests.support.places import a_place, put


def test_people_of_units_belong_to_their_institution_however_deep(instance: Instance) -> None:
    top = place = a_place(instance, "Instituto")
    other = a_place(instance, "Otro instituto")
    for floor in range(1, 10):
        place = a_place(instance, f"Unidad {floor}", place)
        person = a_person(instance, f"p{floor}@example.org")
        put(instance, person, place)
        with instance.database.unit_of_work(write=False) as session:
            found = [session.scalar(select(belongs(literal(person.id), literal(unit.id)))) for unit in (top, place, other)]
            name = session.scalar(select(standing.name_of_place(Organisation.id)).where(Organisation.id == place.id))
        assert (list(map(bool, found)), name) == ([True, True, False], f"Instituto · Unidad {floor}")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(standing.name_of_place(Organisation.id)).where(Organisation.id == top.id)) == "Instituto"


def test_what_loads_a_community_joins_few_tables() -> None:
    """Conditions of a community stand in every statement of its pages, lists, bells and mails."""
    statement = str(communities._statement(confirms=True, of_board=False))
    assert statement.count(" JOIN ") <= 8
