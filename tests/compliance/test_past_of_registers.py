"""Lists of people and units, and moves of units, that say anew who was obliged on days before today (spec/compulsory 4.5b)."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import update

from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import list_checking
from organisations.list_reading import read_units
from organisations.models import Membership, Post
from organisations.posts import find_or_make_posts
from organisations.views import posts, tree
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.learning import At
from tests.support.obliged_register import HEAD, NOON, Register
from tests.support.scenes import scene
from tests.support.wording import in_spanish


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


@pytest.fixture
@scene
def register(instance: Instance) -> Register:
    return Register(instance)


def test_moving_a_unit_shows_whose_past_it_says_anew(browser: Browser, register: Register) -> None:
    """spec/compulsory 4.5b: the first press moves nothing; the second does, and the log says how many they were."""
    register.oblige()
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")

    page = boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)

    assert in_spanish("It is not moved yet.") in page.text
    assert page.has_link("#move"), "the confirmation stands far below on a phone"
    sentences = (
        "Reports of past days will count them where the unit stands then. Actas already made that no longer agree cannot be downloaded"
        " afterwards, and their public page says that the register has other numbers: download them first."
    )
    assert in_spanish(sentences) in page.text
    assert all(person.full_name in page.text for person in register.people[:2])
    assert register.parent() == register.guayas.id
    boss.submit("/move")
    assert register.parent() == register.loja.id
    assert register.facts("organisation.moved")["rewritten"] == 2


def test_a_unit_of_many_is_moved_by_their_number(browser: Browser, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.5b."""
    for module in (tree, tree):
        monkeypatch.setattr(module, "NUMBER_ABOVE", 1)
    register.oblige()
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)
    for typed in ("", "3"):
        boss.submit("/move", {"move-number": typed}, status=422)
    assert register.parent() == register.guayas.id

    boss.submit("/move", {"move-number": "2"})

    assert register.parent() == register.loja.id


def test_where_nothing_is_asked_of_anybody_a_unit_is_moved_at_once(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")

    boss.submit("/move", {"move-place": str(register.loja.uuid)})

    assert register.parent() == register.loja.id


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
    boss.submit("/confirmation", status=422)
    boss.submit("/confirmation", {"number": "2"})

    facts = register.facts("load.confirmed")
    assert (facts["name"], facts["rewritten"]) == ("talento-humano.csv", 2)


def test_a_list_of_units_counts_whose_past_it_says_anew(register: Register) -> None:
    """spec/compulsory 4.5b: also below a unit that the list adds."""
    register.oblige()
    lines = b"codigo;nombre;tipo;depende de\nZONA;Zona;unidad;LOJ\nNORTE;Agencia Norte;;ZONA\n"
    with register.instance.database.unit_of_work(write=False) as session:
        found = list_checking.review_units(session, read_units(lines), now=NOON + timedelta(hours=1))

    assert found.effects.past.known == tuple(person.id for person in register.people[:2])
    assert (found.effects.number, found.effects.asks) == (2, False)


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
