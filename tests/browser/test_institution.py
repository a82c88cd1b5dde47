"""The institution's pages in a real browser: the tree, lists of people, two accounts that become one, a manager's unit."""

from uuid import UUID

import pytest
from playwright.sync_api import Browser, FilePayload
from sqlalchemy import select

from accounts.models import Person
from lms.instance import Instance
from organisations.models import PendingUnitList
from organisations.rules.units import OrganisationKind
from tests.support.builders import PASSWORD, a_course, a_person, an_administrator
from tests.support.chromium import Live, Visitor, press, signed_in, visitor
from tests.support.learning import a_learner, mark_done, pass_quiz
from tests.support.places import a_place, manage, put
from tests.support.wording import in_spanish

LIST = """correo;nombres;apellidos;cedula;unidad
nueva@example.org;Nathaly Monserrate;Zambrano Cedeño de Villavicencio;1710034065;7
ana@example.org;Ana María;Quinde;;7
sin arroba;;;;
otra@example.org;Blas;Peña;;Dirección Provincial de Morona Santiago
"""
LISTS = "/administration/lists"


def an_institution(instance: Instance, language: str = "es") -> UUID:
    """Make a tree with people who are at different points of a course; return its top."""
    boss = an_administrator(instance)
    course = a_course(instance, modules=1)
    top = a_place(instance, "Instituto Ecuatoriano de Seguridad Social", code="01")
    province = a_place(instance, "Dirección Provincial de Manabí", top, code="01-13", kind=OrganisationKind.PROVINCE)
    unit = a_place(instance, "Centro de Atención al Afiliado de Chone, ventanilla de prestaciones", province, code="7")
    done = a_learner(instance, course, "ana@example.org")
    mark_done(instance, done, course.slug, "leccion-1")
    pass_quiz(instance, done, course.slug)
    mark_done(instance, a_learner(instance, course, "anita@example.org"), course.slug, "leccion-1")
    a_person(instance, "byron@example.org", given="Byron Washington", surname="Yánez")
    for email in ("ana@example.org", "anita@example.org", "byron@example.org"):
        put(instance, row_of(instance, email), unit)
    manager = a_person(instance, "mara@example.org", given="Mara", surname="Jefa", language=language)
    manage(instance, manager, province)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, boss.id).language = language
    return top.uuid


def row_of(instance: Instance, email: str) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def send(person: Visitor, text: str) -> None:
    person.open(LISTS)
    person.page.set_input_files("[name=file]", FilePayload(name="lista.csv", mimeType="text/csv", buffer=text.encode()))
    person.press("main form button[type=submit]")


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("es", 1280, "light"), ("en", 360, "dark"), ("es", 360, "light"), ("en", 1280, "dark")]
)
def test_every_page_of_the_institution_is_readable_by_everybody(
    chromium: Browser, live: Live, language: str, width: int, scheme: str
) -> None:
    """axe-core finds nothing and nothing runs out of the window, in both languages and themes, on a phone and on a desk."""
    instance, top = live.instance, an_institution(live.instance, language)
    options = {"language": language, "width": width, "scheme": scheme}
    boss = signed_in(chromium, live, "admin@example.org", **options)
    tree = "/administration/organisations"
    with instance.database.unit_of_work(write=False) as session:
        unit = session.scalars(select(Person.uuid).where(Person.email == "ana@example.org")).one()
        other = session.scalars(select(Person.uuid).where(Person.email == "anita@example.org")).one()
    merging = f"/administration/people/{unit}/merging"
    pages = [tree, f"{tree}/{top}", "/administration/people", f"/administration/people/{unit}"]
    for path in [*pages, f"{merging}?email=nadie@example.org", f"{merging}/{other}"]:
        boss.open(path)
    describe_an_audience(boss)
    boss.open(tree)
    boss.press("main tbody a >> nth=2")
    send(boss, LIST)
    boss.press("main button.main")
    live.deliver_jobs()
    boss.page.reload()
    boss.check()
    boss.open(LISTS)
    manager = signed_in(chromium, live, "mara@example.org", **options)
    manager.open("/units")
    manager.press("main tbody a >> nth=0")
    manager.press("main a.btn.main")
    guest = visitor(chromium, live, **options)  # type: ignore[arg-type]  # fields by name
    guest.open(invitation(instance))


def describe_an_audience(boss: Visitor) -> None:
    """Make an audience of everybody, after a preview, and ask why somebody is in."""
    boss.open("/administration/audience-lists")
    boss.open("/administration/audiences")
    boss.press("main a.btn.main")
    boss.page.fill("#title_es", "Personal del instituto en Manabí")
    boss.page.fill("#key", "personal-de-manabi")
    boss.press("main button[value=text]")
    boss.page.fill("#rule", "all:\n  - province: direccion provincial de manabi\n  - not:\n      unit: {code: '01', below: false}")
    boss.press("main button[value=preview]:not(.vh)")
    if boss.page.locator("#number").count():
        boss.page.fill("#number", boss.page.inner_text("main .tiles dd >> nth=0").split()[0])
    boss.press("main button[value=save]:not(.vh)")
    boss.page.fill("#who", "ana@example.org")
    boss.press("main form[role=search] button")


def invitation(instance: Instance) -> str:
    """Return the path of the link in the newest invitation."""
    texts = [path.read_text("utf-8", "replace") for path in (instance.settings.data_dir / "mail").glob("*.eml")]
    found = next(text for text in texts if "/invitation/" in text)
    return "/invitation/" + found.split("/invitation/")[1].split()[0].replace("=", "").strip("\"'<>")


@pytest.mark.slow
def test_a_list_is_brought_in_and_its_people_come_in_with_the_keyboard_alone(chromium: Browser, live: Live) -> None:
    """From the file to the first sign-in of whoever was on it, without a mouse, on a phone in the dark."""
    an_institution(live.instance)
    boss = signed_in(chromium, live, "admin@example.org", width=360, scheme="dark")
    send(boss, LIST)
    press(boss, "Cargar la lista")
    live.deliver_jobs()
    boss.open(LISTS)
    assert in_spanish("Import complete") in boss.page.inner_text("main")
    with live.instance.database.unit_of_work(write=False) as session:
        load = session.scalars(select(PendingUnitList)).one()
        assert (load.made, load.changed, load.faulty) == (1, 1, 2)

    guest = visitor(chromium, live, width=360, scheme="dark")
    guest.open(invitation(live.instance))
    guest.page.fill("[name=password]", PASSWORD)
    guest.page.locator("[name=consent]").focus()
    guest.page.keyboard.press("Space")
    press(guest, "Guardar la contraseña")

    assert guest.page.url.endswith("/learning")
