"""Pure rules of the tree."""

from operator import add
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organisations.rules.units import OrganisationKind, UnitSummary, in_order, lineage, may_stand_under, rolled_up

INSTITUTION, PROVINCE, UNIT = OrganisationKind


def place(number: int, parent: int | None, name: str) -> UnitSummary:
    return UnitSummary(number, UUID(int=number), parent, UNIT if parent else INSTITUTION, name, name.lower(), "", False)


@pytest.mark.parametrize(
    ("kind", "parents"),
    [(INSTITUTION, {None}), (PROVINCE, {INSTITUTION}), (UNIT, {INSTITUTION, PROVINCE, UNIT})],
)
def test_what_may_stand_under_what(kind: OrganisationKind, parents: set[OrganisationKind | None]) -> None:
    assert {parent for parent in (None, *OrganisationKind) if may_stand_under(kind, parent)} == parents


def test_the_tree_is_read_from_above_and_neighbours_stand_by_name() -> None:
    tree = [place(4, 2, "Zaruma"), place(2, 1, "El Oro"), place(3, 1, "Azuay"), place(1, None, "IESS"), place(5, 2, "Balsas")]

    found = in_order(tree)

    assert [(one.place.name, one.depth) for one in found] == [("IESS", 0), ("Azuay", 1), ("El Oro", 1), ("Balsas", 2), ("Zaruma", 2)]
    assert found[3].path == ("IESS", "El Oro", "Balsas")


def test_a_part_of_the_tree_begins_at_its_own_top() -> None:
    assert [one.depth for one in in_order([place(2, 1, "El Oro"), place(4, 2, "Zaruma")])] == [0, 1]
    assert lineage({2: 1, 4: 2}, 4) == [4, 2]


@given(st.data())
def test_what_goes_up_is_what_stands_below(data: st.DataObject) -> None:
    """Sums of places are those of the people below, however the tree is made."""
    size = data.draw(st.integers(1, 12))
    parents = {number: data.draw(st.integers(1, number - 1)) if number > 1 else None for number in range(1, size + 1)}
    own = {number: data.draw(st.integers(0, 5)) for number in parents}

    total = rolled_up(parents, own, add, 0)

    assert total[1] == sum(own.values())
    for number in parents:
        assert total[number] == own[number] + sum(total[other] for other, parent in parents.items() if parent == number)
