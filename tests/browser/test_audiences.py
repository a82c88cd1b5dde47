"""Audiences and posts in a real browser: a rule is built on a phone with the keyboard alone, and every page fits."""

from datetime import date

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, update

from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM
from organisations import audiences, posts, units
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience, AudienceList, Employment, Organisation, Post
from organisations.rules.audience_drafts import read_yaml
from organisations.rules.units import OrganisationKind
from organisations.units import MembershipValues
from tests.support.audiences import KINDS
from tests.support.builders import a_person, an_administrator
from tests.support.chromium import Live, Visitor, press, signed_in
from tests.support.places import a_place
from tests.support.wording import in_spanish

RULE = """
all:
  - province: [Guayas, Los Ríos]
  - any: [{post: inspector}, {unit: {code: [GYE, A3], below: false}}]
  - not: {entered: {months: {less: 3}}}
  - any: [{list: brigada-de-emergencias}, {person: "0042"}]
"""


def an_institution(live: Live) -> Organisation:
    """Add an institution with more units than stand in a form at once, posts in two spellings, a list and an audience."""
    instance = live.instance
    an_administrator(instance)
    root = a_place(instance, "Instituto Ecuatoriano de Seguridad Social", code="IESS")
    guayas = a_place(instance, "Guayas", root, kind=OrganisationKind.PROVINCE)
    a_place(instance, "Los Ríos", root, kind=OrganisationKind.PROVINCE)
    guayaquil = a_place(instance, "Dirección Provincial de Guayaquil", guayas, code="GYE")
    for number in range(30):
        a_place(instance, f"Agencia de atención {number}", guayas, code=f"A{number}")
    people = [a_person(instance, f"persona.{number}@example.org") for number in range(4)]
    rule = read_yaml(RULE, KINDS).rule
    assert rule is not None
    with instance.database.unit_of_work() as session:
        known = list(posts.find_or_make_posts(session, SYSTEM, root.id, ["Inspector", "INSPECTOR 1"], now=clock.now()).values())
        wanted = {one.id: MembershipValues(guayaquil.id, known[at % 2], since_on=date(2020, 1, 1)) for at, one in enumerate(people)}
        units.assign_members(session, SYSTEM, wanted, now=clock.now())
        session.execute(update(Employment).where(Employment.person_id == people[0].id).values(staff_number="0042"))
        ids = [one.id for one in people]
        audiences.set_list(session, SYSTEM, root, "brigada-de-emergencias", {"es": "Brigada de emergencias"}, ids, now=clock.now())
        values = AudienceRuleValues(rule, audiences.today_of(clock.now()))
        audiences.make_audience(session, SYSTEM, root, "inspectores", {"es": "Inspectores de Guayas"}, values, now=clock.now())
    live.deliver_jobs()
    return root


def press_with_keys(person: Visitor, name: str) -> None:
    """Press a button with the keyboard; the last of those with this name."""
    button = person.page.get_by_role("button", name=in_spanish(name), exact=True).last
    button.focus()
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    person.check()


@pytest.mark.slow
def test_a_rule_is_built_on_a_phone_with_the_keyboard_and_no_script(chromium: Browser, live: Live) -> None:
    """spec/compulsory 3.1 and 3.5: after each button the reader stands at the part that it is about."""
    an_institution(live)
    boss = signed_in(chromium, live, "admin@example.org", width=360, script=False)
    page = boss.page
    boss.open("/administration/audiences/new")
    page.get_by_label(in_spanish("Title in Spanish")).fill("Los de Guayaquil")
    page.locator("[name=key]").fill("de-guayaquil")
    press_with_keys(boss, "Add the condition")
    assert page.url.endswith("#r.0")
    assert page.evaluate("document.querySelector('[id=\"r.0\"]').getBoundingClientRect().top < innerHeight")
    page.locator("[name='r.0.typed']").fill("guayaquil")
    press_with_keys(boss, "Add")
    page.get_by_label("Dirección Provincial de Guayaquil (GYE)").focus()
    page.keyboard.press("Space")
    page.locator("[name='r.0.flag']").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert "unidad Dirección Provincial de Guayaquil" in page.inner_text("main")
    page.locator("[name=number]").fill("4")
    press_with_keys(boss, "Save the rule")
    assert page.inner_text("h1") == "Los de Guayaquil"
    with live.instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(Audience.key).order_by(Audience.id.desc())) == "de-guayaquil"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "light", "es"), (1280, "dark", "en")])
def test_every_page_of_audiences_and_posts_fits(chromium: Browser, live: Live, width: int, scheme: str, language: str) -> None:
    root = an_institution(live)
    with live.instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
        audience = session.scalars(select(Audience.uuid)).one()
        first, second = session.scalars(select(Post.uuid).order_by(Post.id))
        people_list = session.scalars(select(AudienceList.uuid)).one()
    boss = signed_in(chromium, live, "admin@example.org", width=width, scheme=scheme, language=language)
    there = f"/administration/audiences/{audience}"
    for path in ("/administration/audiences", there, f"{there}/why?who=0042", f"{there}/rule?view=text", f"{there}/rule"):
        boss.open(path)
    press(boss, boss.page.locator("[name=step][value=preview]").last.inner_text())
    for path in ("/administration/posts", f"/administration/posts/{first}", f"/administration/posts/{second}/merging?into=inspector"):
        boss.open(path)
    for path in ("/administration/audience-lists", f"/administration/audience-lists/{people_list}"):
        boss.open(path)
    boss.open(f"/administration/organisations/{root.uuid}")
