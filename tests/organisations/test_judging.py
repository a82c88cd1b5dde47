"""What the lines of a list would do: places by what lists call them, and a list that changes them all."""

import sys
from collections.abc import Callable
from uuid import UUID

import pytest

from accounts.rules import fold
from organisations.list_checking import RowRefused, UnitDirectory, UnitListCheck, judge_units
from organisations.list_reading import UnitListRow
from organisations.rules.units import OrganisationKind, UnitSummary


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
    with pytest.raises(RowRefused, match="Use the code"):
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
