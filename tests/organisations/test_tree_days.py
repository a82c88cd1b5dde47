"""Under what a place stood on which days, what stands above each today, and moves from another day (spec/compulsory 4.5b)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from kernel import clock
from kernel.errors import Conflict
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import audiences, tree, units
from organisations.audience_kinds import AudienceScope
from organisations.audiences import AudienceRuleValues
from organisations.models import Organisation, OrganisationAbove, UnitParent
from organisations.rules.audience_leaves import PostLeaf, ProvinceLeaf, UnitLeaf
from organisations.rules.audiences import AudienceLeaf
from organisations.rules.units import OrganisationKind, ParentSpan, TreeHistory, UnitSummary
from tests.support.builders import a_person
from tests.support.learning import At
from tests.support.places import a_place, put
from tests.support.training_cases import QUITO

NOON = datetime(2026, 5, 4, 12, tzinfo=QUITO)
TODAY, DAY = NOON.date(), timedelta(days=1)
Places = dict[str, Organisation]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON - timedelta(days=100))


@pytest.fixture
def places(instance: Instance, at: At) -> Places:
    root = a_place(instance, "IESS", code="IESS")
    guayas, loja = (a_place(instance, name, root, code=name.upper(), kind=OrganisationKind.PROVINCE) for name in ("Guayas", "Loja"))
    hospital = a_place(instance, "Hospital", guayas, code="HOS")
    found = {"root": root, "guayas": guayas, "loja": loja, "hospital": hospital, "ward": a_place(instance, "Sala", hospital, code="SALA")}
    at.pass_(days=100)
    return found


def move(instance: Instance, places: Places, name: str, to: str, since: date | None = None) -> None:
    with instance.database.unit_of_work() as session:
        rows = (session.get_one(Organisation, places[each].id) for each in (name, to))
        units.move(session, SYSTEM, *rows, now=clock.now(), since_on=since)


def above(instance: Instance, place: Organisation, day: date, known: datetime | None = None) -> list[str]:
    """Return what stood above a place on a day, as known at a moment, upwards."""
    with instance.database.unit_of_work(write=False) as session:
        history = tree.load_history(session, known)
        stood, at = history.on(day), place.parent_id
        assert [unit.id for unit in history.lines(place.id, day, day)[0].line] == [place.id, *_lineage(stood, place.id)]
        at = stood[place.id].parent_id
        names = []
        while at is not None:
            names.append(stood[at].name)
            at = stood[at].parent_id
        return names


def _lineage(stood: Mapping[int, UnitSummary], number: int) -> list[int]:
    found, at = list[int](), stood[number].parent_id
    while at is not None:
        found.append(at)
        at = stood[at].parent_id
    return found


def closure(instance: Instance) -> set[tuple[int, int]]:
    with instance.database.unit_of_work(write=False) as session:
        return {(row.unit_id, row.above_id) for row in session.scalars(select(OrganisationAbove))}


def expected_closure(instance: Instance) -> set[tuple[int, int]]:
    with instance.database.unit_of_work(write=False) as session:
        stood = {unit.id: unit for unit in tree.list_tree(session)}
        return {(number, up) for number in stood for up in (number, *_lineage(stood, number))}


def test_a_move_from_today_on_leaves_the_days_before(instance: Instance, places: Places, at: At) -> None:
    """A place stands elsewhere from today on, also what is below it; as known before, it never moved."""
    before = clock.now()
    at.pass_(minutes=1)

    move(instance, places, "hospital", "loja")

    assert above(instance, places["ward"], TODAY) == ["Hospital", "Loja", "IESS"]
    assert above(instance, places["ward"], TODAY - DAY) == ["Hospital", "Guayas", "IESS"]
    assert above(instance, places["ward"], TODAY, before) == ["Hospital", "Guayas", "IESS"]
    assert closure(instance) == expected_closure(instance)


def test_a_move_from_before_is_known_from_its_record_on(instance: Instance, places: Places, at: At) -> None:
    move(instance, places, "hospital", "loja", TODAY - 10 * DAY)
    first = clock.now()
    at.pass_(days=1)

    move(instance, places, "hospital", "guayas", TODAY - 5 * DAY)

    assert [above(instance, places["hospital"], TODAY - back * DAY)[0] for back in (11, 10, 6, 5, 0)] == [
        "Guayas",
        "Loja",
        "Loja",
        "Guayas",
        "Guayas",
    ]
    assert above(instance, places["hospital"], TODAY - 5 * DAY, first)[0] == "Loja"
    assert above(instance, places["hospital"], TODAY - 5 * DAY, first - timedelta(hours=1))[0] == "Guayas"


def test_a_move_from_a_later_day_is_settled_on_that_day(instance: Instance, places: Places, at: At) -> None:
    """Until then today's tree and what stands above each place stay; the job of that day follows, and a second time does nothing."""
    move(instance, places, "hospital", "loja", TODAY + 2 * DAY)

    assert above(instance, places["hospital"], TODAY + 2 * DAY)[0] == "Loja"
    for days, moved in ((1, 0), (1, 1), (0, 0)):
        at.pass_(days=days)
        with instance.database.unit_of_work() as session:
            assert tree.settle(session, audiences.today_of(clock.now()), now=clock.now()) == moved
            parent = session.get_one(Organisation, places["hospital"].id).parent_id
        assert (parent == places["loja"].id) is (clock.now().date() >= TODAY + 2 * DAY)
        assert closure(instance) == expected_closure(instance)


def test_what_stands_above_a_place_has_no_depth(instance: Instance) -> None:
    """Eight units below each other, and a move of the topmost with all of them."""
    chain = [a_place(instance, "IESS")]
    for number in range(8):
        chain.append(a_place(instance, f"Unidad {number}", chain[-1]))
    other = a_place(instance, "Otro")

    assert {(chain[8].id, up.id) for up in chain} <= closure(instance)
    move(instance, {"top": chain[1], "other": other}, "top", "other")

    assert (chain[8].id, other.id) in closure(instance)
    assert (chain[8].id, chain[0].id) not in closure(instance)
    assert closure(instance) == expected_closure(instance)


def test_a_place_that_an_older_process_made_gets_its_rows(instance: Instance, places: Places) -> None:
    """During a rolling restart the version before writes neither days nor what stands above."""
    with instance.database.unit_of_work() as session:
        session.execute(delete(UnitParent).where(UnitParent.unit_id == places["ward"].id))
        session.execute(delete(OrganisationAbove).where(OrganisationAbove.unit_id == places["ward"].id))
    with instance.database.unit_of_work() as session:
        tree.settle(session, TODAY, now=NOON)

    assert closure(instance) == expected_closure(instance)
    with instance.database.unit_of_work(write=False) as session:
        (row,) = session.scalars(select(UnitParent).where(UnitParent.unit_id == places["ward"].id))
    assert (row.parent_id, row.is_assumed) == (places["hospital"].id, True)


def test_no_day_has_a_circle(instance: Instance, places: Places, at: At) -> None:
    """A unit cannot stand below one that is to stand below it on a later day, nor on one of days before."""
    move(instance, places, "ward", "loja")
    move(instance, places, "hospital", "ward", TODAY + 5 * DAY)

    for since in (None, TODAY + 5 * DAY, TODAY + 9 * DAY):
        with pytest.raises(Conflict):
            move(instance, places, "ward", "hospital", since)
    with pytest.raises(Conflict):
        move(instance, places, "hospital", "ward", TODAY - 3 * DAY)


def test_a_neighbour_of_a_later_day_keeps_its_name(instance: Instance, places: Places) -> None:
    """Neither a new unit, nor a renamed one, nor one that arrives may have the name of a unit that is to stand there."""
    move(instance, places, "hospital", "loja", TODAY + 5 * DAY)
    other = a_place(instance, "Otro", places["loja"])
    with instance.database.unit_of_work() as session:
        loja, guayas = (session.get_one(Organisation, places[name].id) for name in ("loja", "guayas"))
        with pytest.raises(units.UnitNameConflict):
            units.make(session, SYSTEM, loja, OrganisationKind.UNIT, units.UnitValues("HOSPITAL", ""), now=clock.now())
        with pytest.raises(units.UnitNameConflict):
            units.change(session, SYSTEM, session.get_one(Organisation, other.id), units.UnitValues("hospital", ""), now=clock.now())
        with pytest.raises(Conflict):
            units.close(session, SYSTEM, loja, None, now=clock.now())
        units.change(session, SYSTEM, guayas, units.UnitValues("Guayas", "GUAYAS"), now=clock.now())


def test_a_unit_under_which_something_stood_is_closed_and_not_deleted(instance: Instance, places: Places) -> None:
    move(instance, places, "ward", "loja")
    with instance.database.unit_of_work() as session, pytest.raises(Conflict, match="have stood"):
        units.remove(session, SYSTEM, session.get_one(Organisation, places["hospital"].id), now=clock.now())
    with instance.database.unit_of_work() as session:
        units.remove(session, SYSTEM, session.get_one(Organisation, places["ward"].id), now=clock.now())
    assert closure(instance) == expected_closure(instance)


@pytest.mark.parametrize(
    ("leaf", "holds", "since"),
    [
        (ProvinceLeaf(("Guayas",)), (True, True, False), (0, 0, None)),
        (ProvinceLeaf(("Loja",)), (False, False, True), (None, None, 100)),
        (UnitLeaf(("GUAYAS",)), (True, True, False), (0, 0, None)),
        (UnitLeaf(("HOS",)), (True, True, True), (0, 0, 0)),
        (UnitLeaf(("IESS",)), (True, True, True), (0, 0, 0)),
        (PostLeaf(("nada",)), (False, False, False), (None, None, None)),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_conditions_of_a_day_go_by_the_tree_of_that_day(
    instance: Instance, places: Places, leaf: AudienceLeaf, holds: tuple[bool, ...], since: tuple[int | None, ...]
) -> None:
    """The statement and the rule say the same; the fact is on record since it is so, not since the person came."""
    person = a_person(instance, "ana@example.org")
    put(instance, person, places["ward"])
    with instance.database.unit_of_work() as session:
        first = tree.find_place(session, person.id)
        assert first is not None
        first.since_on = TODAY - 100 * DAY
    move(instance, places, "hospital", "loja")

    with instance.database.unit_of_work(write=False) as session:
        candidate = audiences.load_candidates(session, places["root"].id, [person.id])[person.id]
        for number, day in enumerate((TODAY - 50 * DAY, TODAY - DAY, TODAY)):
            finding = leaf.find(candidate, day)
            kinds = audiences.kinds_of(session)
            condition = audiences.condition_of(leaf, AudienceScope(places["root"].id, day), kinds)
            assert finding.holds is holds[number]
            assert (session.scalar(select(type(person).id).where(type(person).id == person.id, condition)) is not None) is holds[number]
            if holds[number]:
                assert finding.since == TODAY - 100 * DAY + timedelta(days=since[number] or 0)


@pytest.mark.parametrize(
    ("leaf", "name", "values"),
    [
        (UnitLeaf(("HOS",)), "hospital", units.UnitValues("Hospital", "HOS2")),
        (ProvinceLeaf(("guayas",)), "guayas", units.UnitValues("Guayas 2", "GUAYAS")),
    ],
)
def test_what_a_rule_of_days_before_named_keeps_its_code_and_name(
    instance: Instance, places: Places, leaf: AudienceLeaf, name: str, values: units.UnitValues
) -> None:
    """Who was in the audience then goes by it, also once the rule is another: else a night would retract their days."""
    with instance.database.unit_of_work() as session:
        root = session.get_one(Organisation, places["root"].id)
        first = AudienceRuleValues(leaf, TODAY - 20 * DAY)
        row = audiences.make_audience(session, SYSTEM, root, "todos", {"es": "Todos"}, first, now=NOON - 20 * DAY)
        other = AudienceRuleValues(UnitLeaf(("IESS",)), TODAY, seen=row.latest)
        audiences.change_rule(session, SYSTEM, row, other, now=NOON)

    with instance.database.unit_of_work() as session, pytest.raises(audiences.NamedByAudiences):
        units.change(session, SYSTEM, session.get_one(Organisation, places[name].id), values, now=clock.now())


def test_who_looked_at_a_place_is_told_to_who_stood_in_it_then(instance: Instance, places: Places, at: At) -> None:
    """«Who looked at my data»: looks at a province count while the unit stood in it, not those before or since."""
    person, came = a_person(instance, "ana@example.org"), clock.now()
    put(instance, person, places["ward"])
    at.pass_(minutes=5)
    move(instance, places, "hospital", "loja")

    with instance.database.unit_of_work(write=False) as session:
        former = tree.list_former_places(session, person.id)

    spans = {name: [(since, until) for number, since, until in former if number == places[name].id] for name in places}
    assert spans["guayas"] == [(came, clock.now())]
    assert spans["loja"] == [(clock.now(), None)]
    assert spans["ward"] == spans["hospital"] == [(came, None)]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (TODAY, [ParentSpan(1, None, TODAY - DAY, NOON), ParentSpan(3, TODAY, None, NOON)]),
        (TODAY - 10 * DAY, [ParentSpan(1, None, TODAY - 11 * DAY, NOON), ParentSpan(3, TODAY - 10 * DAY, None, NOON)]),
    ],
)
def test_a_move_takes_the_place_of_what_was_said_of_its_days(since: date, expected: list[ParentSpan]) -> None:
    history = TreeHistory({}, {9: [ParentSpan(1, None, None, NOON)]})

    assert history.moved(9, 3, since, NOON).spans[9] == expected
    back = history.moved(9, 3, since, NOON).moved(9, 1, since, NOON)
    assert back.spans[9] == [ParentSpan(1, None, None, NOON)], "moved back from the same day on, nothing was"
