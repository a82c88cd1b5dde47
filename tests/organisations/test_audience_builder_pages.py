"""The form that builds a rule: plain buttons add and remove conditions, words are found, limits are told."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import audiences, posts
from organisations.models import Audience, AudienceVersion, Employment, Organisation
from organisations.rules.units import OrganisationKind
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person
from tests.support.places import a_place, put
from tests.support.scenes import scene
from tests.support.wording import in_spanish

NEW = "/administration/audiences/new"


@pytest.fixture
def root(instance: Instance) -> Organisation:
    return a_place(instance, "IESS", code="IESS")


@pytest.fixture
@scene
def ana(instance: Instance, root: Organisation) -> Person:
    """Somebody of Guayas with a staff number."""
    person = a_person(instance)
    put(instance, person, a_place(instance, "Guayas", root, kind=OrganisationKind.PROVINCE))
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).values(staff_number="0042"))
    return person


def press(boss: Browser, edit: str, values: Mapping[str, object] | None = None, action: str = "/new") -> None:
    """Press a button that adds or removes a part."""
    boss.submit(action, {**(values or {})}, button=("edit", edit), status=422)


def add(boss: Browser, kind: str, place: str = "r", action: str = "/new") -> None:
    press(boss, f"add {place}", {f"{place}.new": kind}, action)


def save(boss: Browser, root: Organisation, **values: object) -> None:
    given = {"institution": root.uuid, "title_es": "Los de aquí", "key": "de-aqui", **values}
    boss.submit("/new", given, button=("step", "preview"), status=422)
    boss.submit("/new", button=("step", "save"))


def versions(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AudienceVersion.rule).order_by(AudienceVersion.id)))


def test_a_rule_is_built_without_a_line_of_text(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.1 and 3.5: a tree of groups and conditions, each kind with its own fields."""
    put(instance, a_person(instance, "otra@example.org"), root)
    boss.get(NEW)
    add(boss, "province")
    press(boss, "group r", {"r.0.value": "Guayas"})
    add(boss, "entered", "r.1")
    add(boss, "unit", "r.1")
    press(boss, "find", {"r.1.0.word": "from", "r.1.0.day": "01/07/2026", "r.1.0.not": "1", "r.1.1.value": "IESS"})

    save(boss, root)

    assert versions(instance) == [
        "all:\n  - province: Guayas\n  - any:\n      - not:\n          entered: {from: 2026-07-01}\n      - unit: IESS\n"
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "rule"),
    [
        ("unit", {"r.0.value": "IESS", "r.0.flag": None}, "unit: {code: IESS, below: false}"),
        ("province", {"r.0.value": "Guayas"}, "province: Guayas"),
        ("post", {"r.0.value": "director"}, "post: director"),
        ("entered", {"r.0.word": "months", "r.0.count": "3"}, "entered: {months: {less: 3}}"),
        ("entered", {"r.0.word": "before", "r.0.day": "2026-07-01"}, "entered: {before: 2026-07-01}"),
        ("list", {"r.0.value": "brigada"}, "list: brigada"),
        ("person", {"r.0.typed": "0042"}, "person: 0042"),
        ("person", {"r.0.typed": "ANA@example.org"}, "person: 0042"),
        ("holds", {"r.0.value": "prueba"}, "holds: prueba"),
    ],
)
def test_every_kind_of_condition_has_its_fields(
    boss: Browser, instance: Instance, root: Organisation, ana: Person, kind: str, fields: Mapping[str, str | None], rule: str
) -> None:
    """spec/compulsory 3.1."""
    a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        posts.find_or_make_posts(session, SYSTEM, root.id, ["director"], now=clock.now())
        audiences.set_list(session, SYSTEM, root, "brigada", {"es": "Brigada"}, [ana.id], now=clock.now())
        session.execute(update(Person).where(Person.id == ana.id).values(email="ana@example.org"))
    boss.get(NEW)
    add(boss, kind)
    given = {"institution": root.uuid, "title_es": "Los de aquí", "key": "de-aqui", **fields}
    boss.submit("/new", given, button=("step", "preview"), status=422)

    page = boss.submit("/new", button=("step", "text"), status=422)

    assert rule in page.html.replace("&#34;", '"')


def test_form_and_text_turn_into_each_other(boss: Browser, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.5: two views of one text."""
    text = "any:\n  - all:\n      - unit: IESS\n  - not:\n      not:\n        not:\n          province: guayas\n"
    boss.get(f"{NEW}?view=text")
    page = boss.submit("/new", {"rule": text}, button=("step", "form"), status=422)
    assert 'name="r.1.more" value="1"' in page.html

    page = boss.submit("/new", button=("step", "text"), status=422)

    assert dict(page.form("/new").fields)["rule"].strip().split() == text.split()


def test_text_with_mistakes_stays_text(boss: Browser, root: Organisation) -> None:
    boss.get(f"{NEW}?view=text")
    page = boss.submit("/new", {"rule": "untt: x"}, button=("step", "form"), status=422)

    assert dict(page.form("/new").fields)["rule"].strip() == "untt: x"
    assert in_spanish("“%(word)s” is not known here. Did you mean “%(near)s”?", word="untt", near="unit") in page.text


def test_units_are_found_by_name_or_code_where_there_are_many(boss: Browser, instance: Instance, root: Organisation) -> None:
    """spec/compulsory 3.1: what is one is taken, what may be several is offered, what is none is told."""
    for number in range(31):
        a_place(instance, f"Agencia {number}", root, code=f"A{number}")
    boss.get(NEW)
    add(boss, "unit")
    press(boss, "find", {"r.0.typed": "a7; Agencia 12; agencia 3 (A3)"})
    page = boss.page
    assert [dict(page.form("/new").fields).get("r.0.value")] == ["A3"]
    assert all(f'value="A{number}" checked' in page.html for number in (7, 12, 3))
    assert 'value="A8"' not in page.html

    press(boss, "find", {"r.0.typed": "agencia 2; nada"})

    assert in_spanish("Several could be meant. Tick the right ones.") not in boss.page.text
    assert in_spanish("There is nothing with these names or codes: %(names)s.", names="nada") in boss.page.text

    press(boss, "find", {"r.0.typed": "agencia"})
    assert in_spanish("Several could be meant. Tick the right ones.") in boss.page.text
    assert 'value="A0">' in boss.page.html


def test_what_is_not_filled_in_stands_beside_its_condition(boss: Browser, instance: Instance, root: Organisation) -> None:
    """spec/compulsory 3.1 and 3.7, row 8: empty groups and conditions are mistakes, in words."""
    boss.get(NEW)
    given = {"institution": root.uuid, "title_es": "Nadie", "key": "nadie"}
    page = boss.submit("/new", given, button=("step", "preview"), status=422)
    assert in_spanish("An empty rule is a mistake: list at least one condition here.") in page.text
    add(boss, "entered")
    page = boss.submit("/new", {"r.0.day": "31/02/2026", "r.0.word": "from"}, button=("step", "preview"), status=422)

    assert in_spanish("Complete the conditions that are marked.") in page.text
    assert in_spanish("“%(text)s” is not a day. Write it as 2026-07-01.", text="31/02/2026") in page.text
    assert versions(instance) == []


@pytest.mark.parametrize(
    ("fields", "message", "facts"),
    [
        ({"r.0.word": "from"}, "Give a date.", {}),
        ({"r.0.word": "months"}, "Enter a number from 1 to %(most)s.", {"most": 600}),
        ({"r.0.word": "months", "r.0.count": "-3"}, "“%(text)s” is not a whole number from 1 to %(most)s.", {"text": "-3", "most": 600}),
    ],
)
def test_a_mistake_beside_its_field_does_not_repeat_words_of_the_text(
    boss: Browser, root: Organisation, fields: dict[str, str], message: str, facts: dict[str, object]
) -> None:
    """spec/compulsory 3.5: «months › less» is the place in the text, which the form does not show."""
    boss.get(NEW)
    add(boss, "entered")

    page = boss.submit("/new", fields, button=("step", "preview"), status=422)

    assert in_spanish(message, **facts) in page.text
    assert "›" not in page.text.replace("Audiencias ›", "")


def test_an_empty_form_turns_into_an_empty_text_and_back(boss: Browser, root: Organisation) -> None:
    boss.get(NEW)
    page = boss.submit("/new", button=("step", "text"), status=422)
    assert dict(page.form("/new").fields)["rule"].strip() == ""

    page = boss.submit("/new", button=("step", "form"), status=422)

    assert 'name="r.new"' in page.html
    assert 'class="errors"' not in page.html


def test_the_key_follows_from_the_title_and_a_title_that_is_taken_is_refused(
    boss: Browser, instance: Instance, root: Organisation, ana: Person
) -> None:
    put(instance, a_person(instance, "otra@example.org"), root)
    for attempt in range(2):
        boss.get(NEW)
        add(boss, "province")
        given = {"institution": root.uuid, "title_es": "Jefaturas de Los Ríos", "key": "", "r.0.value": "Guayas"}
        boss.submit("/new", given, button=("step", "preview"), status=422)
        boss.submit("/new", button=("step", "save"), status=422 if attempt else 200)

    assert in_spanish("Another audience or list has this title. Change it, or type a key of its own.") in boss.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Audience.key)).all() == ["jefaturas-de-los-rios"]


def test_adding_a_part_asks_for_nothing_else(boss: Browser, root: Organisation) -> None:
    boss.get(NEW)
    add(boss, "unit")

    assert 'class="errors"' not in boss.page.html


def test_deeper_than_five_levels_is_refused_in_words(boss: Browser, root: Organisation) -> None:
    """spec/compulsory 3.1: depth of at most 5."""
    boss.get(NEW)
    for place in ("r", "r.0", "r.0.0"):
        press(boss, f"group {place}")
    add(boss, "unit", "r.0.0.0")
    press(boss, "group r.0.0.0")

    assert in_spanish("The rule is nested deeper than %(most)s levels.", most=5) in boss.page.text
    assert 'name="r.0.0.0.0.kind"' in boss.page.html
    assert 'name="r.0.0.0.1.kind"' not in boss.page.html


def test_more_than_fifty_conditions_are_refused_in_words(boss: Browser, root: Organisation) -> None:
    """spec/compulsory 3.1: at most 50 leaves."""
    boss.get(f"{NEW}?view=text")
    boss.submit("/new", {"rule": "any:\n" + "  - unit: IESS\n" * 50}, button=("step", "form"), status=422)
    add(boss, "unit")

    assert "51" in boss.page.text
    assert boss.page.html.count('class="errors"') == 1
    assert 'name="r.50.kind"' not in boss.page.html


def test_parts_are_removed_with_what_stands_in_them(boss: Browser, root: Organisation) -> None:
    boss.get(NEW)
    add(boss, "unit")
    press(boss, "group r")
    add(boss, "province", "r.1")
    press(boss, "remove r.1")
    assert 'name="r.0.kind"' in boss.page.html
    assert 'name="r.1.kind"' not in boss.page.html

    press(boss, "remove r.0")

    assert in_spanish("There is no condition yet. Choose one and add it.") in boss.page.text


def test_a_later_version_is_previewed_as_of_its_day(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.4 and 3.6: who has left by then is not in, who is in by the rule of that day neither comes nor goes."""
    leaver = a_person(instance, "otra@example.org")
    put(instance, leaver, root)
    today = audiences.today_of(clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).where(Employment.person_id == leaver.id).values(left_on=today + timedelta(days=5)))
    boss.get(NEW)
    add(boss, "unit")
    given = {"institution": root.uuid, "title_es": "Todos", "key": "todos", "r.0.value": "IESS"}

    now = boss.submit("/new", given, button=("step", "preview"), status=422).text
    later = boss.submit("/new", {"effective_on": today + timedelta(days=30)}, button=("step", "preview"), status=422).text

    assert in_spanish("of %(people)s employed", people="2") in now
    assert in_spanish("of %(people)s employed", people="1") in later


def test_a_saved_rule_opens_as_it_was_built(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.5."""
    boss.get(NEW)
    add(boss, "unit")
    press(boss, "find", {"r.0.value": "IESS"})
    given = {"institution": root.uuid, "title_es": "Todos", "key": "todos"}
    boss.submit("/new", given, button=("step", "preview"), status=422)
    boss.submit("/new", {"number": "1"}, button=("step", "save"))
    there = next(href for href, _words in boss.page.links if href.endswith("/rule"))
    boss.get(there)
    add(boss, "province", action="/rule")
    page = boss.submit("/rule", {"r.1.value": "Guayas"}, button=("step", "text"), status=422)

    assert dict(page.form("/rule").fields)["rule"].split() == ["all:", "-", "unit:", "IESS", "-", "province:", "Guayas"]


@pytest.mark.parametrize(
    "fields",
    [
        {"r.kind": "nada"},
        {"r.kind": "unit", "r.value": "IESS"},
        {"r.0.kind": "nada"},
        {"r.7.9.kind": "unit"},
        {"r.0.0.0.0.0.0.0.0.0.kind": "group"},
        {"edit": "remove r"},
        {"edit": "add r.5.5"},
        {"edit": "<script>"},
    ],
)
def test_what_no_form_sends_changes_nothing(boss: Browser, instance: Instance, root: Organisation, fields: dict[str, str]) -> None:
    boss.get(NEW)
    page = boss.submit("/new", fields, button=("step", "preview"), status=422)

    assert in_spanish("There is no condition yet. Choose one and add it.") in page.text
    assert versions(instance) == []
