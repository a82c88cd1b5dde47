"""Lists of people and units, and moves of units, that say anew who was obliged on days before today (spec/compulsory 4.5b)."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select, update

from compliance import obligations
from compliance.obligations import ObligationValues
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from organisations import audiences, list_checking
from organisations.audiences import AudienceRuleValues
from organisations.list_reading import read_people, read_units
from organisations.models import Membership, Organisation, Post
from organisations.posts import find_or_make_posts
from organisations.rules.audience_leaves import PostLeaf, ProvinceLeaf
from organisations.rules.audiences import AnyOf
from organisations.rules.units import OrganisationKind
from organisations.views import posts, tree
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.learning import At
from tests.support.obligations import rules_of
from tests.support.places import a_place, put
from tests.support.scenes import scene
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

NOON = datetime(2026, 5, 4, 12, tzinfo=QUITO)
BEGINNING = date(2026, 1, 1)
HEAD = "correo;nombres;primer apellido;unidad;numero de empleado;puesto;fecha de ingreso;fecha de salida\n"


class Register:
    """An institution with two provinces; who is of Guayas, or an inspector, has to take a course, from the beginning of the year on."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.boss = an_administrator(instance)
        self.root = a_place(instance, "IESS", code="IESS")
        self.guayas, self.loja = (
            a_place(instance, name, self.root, code=name[:3].upper(), kind=OrganisationKind.PROVINCE) for name in ("Guayas", "Loja")
        )
        self.unit = a_place(instance, "Agencia Norte", self.guayas, code="NORTE")
        self.people = [a_person(instance, f"p{number}@example.org", surname=f"Mera{number}") for number in range(3)]
        for person, place in zip(self.people, (self.unit, self.unit, self.loja), strict=True):
            put(instance, person, place)
        with instance.database.unit_of_work() as session:
            session.execute(update(Membership).values(since_on=BEGINNING))

    def oblige(self) -> None:
        rule = AnyOf((ProvinceLeaf(("guayas",)), PostLeaf(("inspector",))))
        second, course = a_person(self.instance, "segunda@example.org"), a_course(self.instance)
        held = AudienceRuleValues(rule, BEGINNING)
        with self.instance.database.unit_of_work() as session:
            root, author = session.get_one(Organisation, self.root.id), Actor(person_id=self.boss.id)
            audience = audiences.make_audience(session, SYSTEM, root, "todos", {"es": "Todos"}, held, now=NOON)
            values = ObligationValues({"es": "Gobernanza"}, rules_of(course))
            row = obligations.make_obligation(session, author, "gobernanza", audience, values, now=NOON)
            obligations.activate(session, Actor(person_id=second.id), row, row.edited, now=NOON)

    def review(self, lines: str) -> list_checking.ListReview:
        with self.instance.database.unit_of_work(write=False) as session:
            return list_checking.review_people(session, read_people((HEAD + lines).encode(), NOON.date()), None, now=NOON)

    def facts(self, verb: str) -> Mapping[str, object]:
        with self.instance.database.unit_of_work(write=False) as session:
            found: Mapping[str, object] = json.loads(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb)).one())
            return found

    def parent(self) -> int | None:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.get_one(Organisation, self.unit.id).parent_id


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
