"""Lists of people and units, and moves of units, that say anew who was obliged on days before today (spec/compulsory 4.5b)."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select, update

from compliance.models import PlannedChange
from compliance.rules import planned_changes as rules_of_changes
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from organisations import list_checking, units
from organisations.list_reading import read_units
from organisations.models import Membership, Organisation, Post
from organisations.posts import find_or_make_posts
from organisations.views import posts
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.learning import At
from tests.support.obliged_register import HEAD, NOON, Register
from tests.support.places import a_place
from tests.support.scenes import scene
from tests.support.wording import in_spanish


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


@pytest.fixture
@scene
def register(instance: Instance) -> Register:
    return Register(instance)


def test_moving_a_unit_shows_whom_it_concerns(browser: Browser, register: Register) -> None:
    """spec/compulsory 4.5b: the first press moves nothing; the second does, from today on, and no day before is another."""
    register.oblige()
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")

    page = boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)

    assert in_spanish("It is not moved yet.") in page.text
    assert page.has_link("#move"), "the confirmation stands far below on a phone"
    assert all(person.full_name in page.text for person in register.people[:2])
    assert register.parent() == register.guayas.id
    boss.submit("/move")
    assert register.parent() == register.loja.id
    assert (register.facts("organisation.moved")["rewritten"], register.facts("organisation.moved")["since"]) == (0, "2026-05-04")


def test_a_unit_without_people_is_moved_at_once(browser: Browser, register: Register) -> None:
    unit = a_place(register.instance, "Sin gente", register.guayas)
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{unit.uuid}")

    boss.submit("/move", {"move-place": str(register.loja.uuid)})

    with register.instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Organisation, unit.id).parent_id == register.loja.id


@pytest.mark.parametrize(("since", "above"), [("2026-04-01", 50), ("", 1)])
def test_a_move_from_before_or_of_many_waits_for_a_second_person(
    browser: Browser, register: Register, monkeypatch: pytest.MonkeyPatch, since: str, above: int
) -> None:
    """spec/compulsory 4.5b: it asks for a reason, its author cannot apply it, another administrator does by the number."""
    for module in (units, rules_of_changes):
        monkeypatch.setattr(module, "NUMBER_ABOVE", above)
    register.oblige()
    boss, other = sign_in(browser, "admin@example.org"), browser.another()
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    boss.submit("/move", {"move-place": str(register.loja.uuid), "move-since_on": since}, status=422)
    boss.submit("/move", {"move-reason": ""}, status=422)
    assert in_spanish("Give the reason: this change applies from a day before today, or may affect many people.") in boss.page.text

    boss.submit("/move", {"move-reason": "Acuerdo 7."})

    assert boss.path.startswith("/administration/unit-moves/")
    assert not any(form.action.endswith("/application") for form in boss.page.forms), "its author does not apply it"
    assert register.parent() == register.guayas.id
    an_administrator(register.instance, "otra@example.org")
    sign_in(other, "otra@example.org")
    assert other.get("/compulsory-training/obligations").has_link(boss.path)
    page = other.get(boss.path)
    assert "Acuerdo 7." in page.text
    assert all(person.full_name in page.text for person in register.people[:2])
    other.submit("/application", {"number": "3"}, status=422)
    assert register.parent() == register.guayas.id
    other.submit("/application", {"number": "2"})
    assert register.parent() == register.loja.id
    facts = register.facts("organisation.moved")
    assert (facts["since"], facts["author"], facts["reason"]) == (since or "2026-05-04", register.boss.id, "Acuerdo 7.")


def test_the_verb_refuses_what_one_person_may_not_move_alone(register: Register) -> None:
    """spec/compulsory 4.5b: whatever door leads to it."""
    author = Actor(person_id=register.boss.id)
    with register.instance.database.unit_of_work() as session:
        rows = session.get_one(Organisation, register.unit.id), session.get_one(Organisation, register.loja.id)
        with pytest.raises(units.SecondPersonMissing):
            units.move(session, author, *rows, now=NOON, since_on=NOON.date() - timedelta(days=1))
        own = units.MoveApproval(register.boss.id, "Sola.")
        with pytest.raises(units.SecondPersonMissing):
            units.move(session, author, *rows, now=NOON, since_on=NOON.date() - timedelta(days=1), approval=own)


def test_a_list_lets_such_moves_wait_and_makes_the_others(browser: Browser, register: Register) -> None:
    """spec/compulsory 4.5b: lists of units have a column for the day; what needs a second person waits, with the reason that was typed."""
    a_place(register.instance, "Agencia Sur", register.guayas, code="SUR")
    boss = sign_in(browser, "admin@example.org")
    boss.get("/administration/lists")
    token = dict(boss.page.form("/lists").fields)["csrf_token"]
    lines = "codigo;nombre;depende de;rige desde\nNORTE;Agencia Norte;LOJ;2026-04-01\nSUR;Agencia Sur;LOJ;\n"
    sent = {"csrf_token": token, "kind": "units", "complete_of": "", "file": (BytesIO(lines.encode()), "unidades.csv")}
    boss.post("/administration/lists", sent)
    assert "Guayas (… – 31 mar 2026)" in boss.page.text
    assert "Loja (1 abr 2026 – …)" in boss.page.text
    boss.submit("/confirmation", status=422)

    boss.submit("/confirmation", {"reason": "Reorganización."})
    boss.deliver_jobs()

    assert register.parent() == register.guayas.id
    with register.instance.database.unit_of_work(write=False) as session:
        waiting = session.scalars(select(PlannedChange)).one()
        moved = session.scalars(select(Organisation).where(Organisation.code == "SUR")).one()
    assert (waiting.kind, waiting.reason, waiting.effective_on.isoformat()) == ("move", "Reorganización.", "2026-04-01")
    assert (waiting.state, waiting.second_person, moved.parent_id) == ("ready", "past", register.loja.id)
    assert "Reorganización." in boss.get(boss.path).text


@pytest.mark.parametrize(
    ("line", "known", "new"),
    [
        ("p0@example.org;;;;7;;;\n", [], []),  # a staff number says nothing of days
        ("p0@example.org;;;;;;2026-03-01;\n", [0], []),  # they entered later
        ("p1@example.org;;;;;;;2026-04-01\n", [1], []),  # they left before today
        ("p1@example.org;;;;;;;2026-05-30\n", [], []),  # they leave after today
        ("p2@example.org;;;;;inspector;;\n", [2], []),  # a first post holds from the first day
        ("p2@example.org;;;NORTE;;;;\n", [], []),  # a move holds from today on
        ("n@example.org;Nina;Nueva;NORTE;;;2026-02-01;\n", [], ["Nina Nueva"]),
        ("n@example.org;Nina;Nueva;LOJ;;;2026-02-01;\n", [], []),
        ("n@example.org;Nina;Nueva;NORTE;;;2026-05-04;\n", [], []),
    ],
)
def test_a_line_of_people_says_the_past_anew_or_not(register: Register, line: str, known: list[int], new: list[str]) -> None:
    """spec/compulsory 4.5b: what a line says counts by its effect on who was in an audience of which something is asked."""
    assert register.review(line).effects.past.count == 0, "nothing is asked of anybody yet"
    register.oblige()

    past = register.review(line).effects.past

    assert (list(past.known), list(past.new)) == ([register.people[number].id for number in known], new)


def test_many_whose_past_is_said_anew_need_their_number(browser: Browser, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.5b: the names are shown, the number is typed, and the log names the list with it."""
    monkeypatch.setattr(list_checking, "NUMBER_ABOVE", 1)
    register.oblige()
    boss = sign_in(browser, "admin@example.org")
    boss.get("/administration/lists")
    token = dict(boss.page.form("/lists").fields)["csrf_token"]
    lines = HEAD + "".join(f"p{number}@example.org;;;;;;2026-03-01;\n" for number in range(2))
    sent = {"csrf_token": token, "kind": "people", "complete_of": "", "file": (BytesIO(lines.encode()), "talento-humano.csv")}
    boss.post("/administration/lists", sent)
    boss.get(boss.path)
    assert all(person.full_name in boss.page.text for person in register.people[:2])
    assert in_spanish("It changes what was required of %(count)s person on days before today.", 2) in boss.page.text
    assert in_spanish("%(count)s person leaves or moves to another unit.", 0) not in boss.page.text
    boss.submit("/confirmation", status=422)
    boss.submit("/confirmation", {"number": "2"})

    facts = register.facts("load.confirmed")
    assert (facts["name"], facts["rewritten"]) == ("talento-humano.csv", 2)


@pytest.mark.parametrize(("day", "people"), [("", 0), ("2026-05-04", 0), ("2026-03-01", 2)])
def test_a_list_of_units_counts_whose_past_it_says_anew(register: Register, day: str, people: int) -> None:
    """spec/compulsory 4.5b: also below a unit that the list adds; without a day it moves from today on, and says nothing anew."""
    register.oblige()
    lines = f"codigo;nombre;tipo;depende de;desde\nZONA;Zona;unidad;LOJ;\nNORTE;Agencia Norte;;ZONA;{day}\n".encode()
    with register.instance.database.unit_of_work(write=False) as session:
        found = list_checking.review_units(session, read_units(lines, NOON.date()), now=NOON + timedelta(hours=1))

    assert found.effects.past.known == tuple(person.id for person in register.people[:people])
    assert (found.effects.number, found.effects.asks) == (people, False)


def test_merging_posts_shows_whose_past_it_says_anew(browser: Browser, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.5b: who had the other post was in the audience all along; of many the number is typed."""
    monkeypatch.setattr(posts, "NUMBER_ABOVE", 0)
    register.oblige()
    with register.instance.database.unit_of_work() as session:
        numbers = find_or_make_posts(session, SYSTEM, register.root.id, ["Inspector 1", "Inspector"], now=NOON)
        gone, kept = (session.get_one(Post, numbers[key]) for key in ("inspector 1", "inspector"))
        session.execute(update(Membership).where(Membership.person_id == register.people[2].id).values(post_id=gone.id))
        there = f"/administration/posts/{gone.uuid}/merging"
    boss = sign_in(browser, "admin@example.org")
    assert register.people[2].full_name in boss.get(f"{there}?into=Inspector").text
    boss.submit(f"/merging/{kept.uuid}", status=422)
    boss.submit(f"/merging/{kept.uuid}", {"number": "1"})

    assert register.facts("post.merged")["rewritten"] == 1
