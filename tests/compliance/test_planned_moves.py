"""Moves of units that are to come or wait: shown, recalculated for the second person, cancelled, and not planned twice (spec 4.5b)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from lms.instance import Instance
from organisations import tree
from organisations.models import Membership
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.learning import At
from tests.support.obliged_register import NOON, Register
from tests.support.scenes import scene
from tests.support.wording import in_spanish

TODAY = NOON.date()
LATER = TODAY + timedelta(days=30)
STANDS = "From %(day)s on “%(unit)s” stands under “%(parent)s” instead of “%(former)s”."
LEAVES = "%(count)s person would no longer have to do “%(title)s” from %(day)s on."
CHANGES = "It changes what was required of %(count)s person on days before today."


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


@pytest.fixture
@scene
def register(instance: Instance) -> Register:
    register = Register(instance)
    register.oblige()
    return register


def propose(boss: Browser, register: Register, **fields: str) -> Browser:
    """Plan a move to Loja that waits for a second person."""
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    values = {"move-place": str(register.loja.uuid), **{f"move-{name}": value for name, value in fields.items()}}
    boss.submit("/move", values, status=422)
    boss.submit("/move")
    return boss


def standings(register: Register) -> list[int]:
    with register.instance.database.unit_of_work(write=False) as session:
        return [span.parent for span in tree.load_history(session).spans[register.unit.id]]


def test_the_preview_says_from_where_to_where_and_asks_for_the_reason_at_once(browser: Browser, register: Register) -> None:
    """spec/compulsory 4.5b and 4.5c: of a day to come, from that day on."""
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")

    page = boss.submit("/move", {"move-place": str(register.loja.uuid), "move-since_on": LATER.isoformat()}, status=422)
    assert in_spanish(STANDS, day="miércoles 3 de junio de 2026", unit="Agencia Norte", parent="Loja", former="Guayas") in page.text
    assert in_spanish(LEAVES, 2, title="Gobernanza", day="3 de junio de 2026") in page.text

    page = boss.submit("/move", {"move-since_on": "2026-04-01"}, status=422)
    assert page.title.startswith(in_spanish("Error:")), "of a day before today the reason is asked for at once"
    boss.submit("/move", {"move-reason": "Acuerdo 7."})
    assert boss.path.startswith("/administration/unit-moves/")


def test_the_second_person_sees_what_the_first_saw(browser: Browser, register: Register) -> None:
    """spec/compulsory 4.5c: worked out anew."""
    boss, other = sign_in(browser, "admin@example.org"), browser.another()
    propose(boss, register, since_on="2026-04-01", reason="Acuerdo 7.")
    address = boss.path
    an_administrator(register.instance, "otra@example.org")
    page = sign_in(other, "otra@example.org").get(address)

    assert in_spanish("%(count)s person would no longer have to do “%(title)s”.", 2, title="Gobernanza") in page.text
    assert in_spanish(CHANGES, 2) in page.text
    assert all(person.full_name in page.text for person in register.people[:2])
    with register.instance.database.unit_of_work() as session:
        gone = {"until": NOON, "until_on": TODAY}
        session.execute(update(Membership).where(Membership.person_id == register.people[0].id).values(**gone))
    assert in_spanish("%(count)s person would no longer have to do “%(title)s”.", 1, title="Gobernanza") in other.get(address).text
    assert standings(register) == [register.guayas.id], "it was only tried"


def test_a_move_that_waits_is_shown_and_keeps_another_away(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")
    propose(boss, register, since_on="2026-04-01", reason="Acuerdo 7.")
    address = boss.path

    assert boss.get("/administration/organisations").has_link(address)
    page = boss.get(f"/administration/organisations/{register.unit.uuid}")
    assert page.has_link(address)
    for day in ("2026-03-01", ""):
        values = {"move-place": str(register.loja.uuid), "move-since_on": day, "move-reason": "Otro acuerdo."}
        boss.submit("/move", values, status=422)
        page = boss.submit("/move", status=422)
        assert in_spanish("Another move of this unit waits for a second person. Apply or discard that one first.") in page.text
    assert standings(register) == [register.guayas.id]
    propose(boss, register, since_on="2026-04-01", reason="Acuerdo 7.")
    assert boss.path == address, "the same once more is the same"
    boss.submit("/discard")
    assert not boss.get("/administration/organisations").has_link(address)
    propose(boss, register, since_on="2026-03-01", reason="Otro acuerdo.")


def test_a_planned_move_is_cancelled_until_its_day(browser: Browser, register: Register, at: At) -> None:
    """spec/compulsory 4.5b: one person cancels it; the present parent can be chosen again."""
    boss = sign_in(browser, "admin@example.org")
    propose(boss, register, since_on=LATER.isoformat())
    page = boss.get(f"/administration/organisations/{register.unit.uuid}")
    assert standings(register) == [register.guayas.id, register.loja.id]
    assert str(register.guayas.uuid) in page.html.split('name="move-place"')[1].split("</select>")[0]

    boss.submit("/move/cancellation")

    assert standings(register) == [register.guayas.id]
    assert register.facts("organisation.move_cancelled")["since"] == LATER.isoformat()
    propose(boss, register, since_on=LATER.isoformat())
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    token = dict(boss.page.form("/move/cancellation").fields)
    at.pass_(days=30)
    sign_in(boss, "admin@example.org")
    boss.post(f"/administration/organisations/{register.unit.uuid}/move/cancellation", {"since_on": token["since_on"]})
    assert in_spanish("This move is no longer planned.") in boss.page.text
    assert standings(register) == [register.guayas.id, register.loja.id]
