"""The head of the site is drawn once for a reader and kept: it is always theirs, and its forms always have the page's own token."""

import re

import pytest

from kernel.menu import Menu
from kernel.paths import STATIC
from kernel.web.assets import read_symbols
from lms.app import FEATURES
from lms.instance import Instance
from organisations.rules.units import TrainingRole
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.institution_access import administer
from tests.support.places import a_place, give_training, manage
from tests.support.wording import in_spanish


def tokens(browser: Browser) -> set[str]:
    """Return the tokens of all forms of the page."""
    return set(re.findall(r'name="csrf_token" value="([^"]+)"', browser.page.html))


def test_readers_in_turn_see_their_own_head_with_a_token_that_is_taken(browser: Browser, instance: Instance) -> None:
    a_person(instance, "ana@example.org", given="Ana", surname="Quinde")
    a_person(instance, "luz@example.org", given="Luz <b>", surname="Ñato")
    ana, luz = sign_in(browser, "ana@example.org"), sign_in(browser.another(), "luz@example.org")

    for _turn in range(2):
        for reader, own, other in ((ana, "Ana Quinde", "Ñato"), (luz, "Luz &lt;b&gt; Ñato", "Quinde")):
            reader.get("/courses")
            header = reader.page.html.split("</header>")[0]
            assert own in header
            assert other not in header
            assert len(tokens(reader)) == 1
    luz.submit("/sign-out")
    luz.get("/courses")

    assert "Ñato" not in luz.page.html
    assert any(link.endswith("/sign-in") for link, _words in luz.page.links)


def header_of(browser: Browser) -> str:
    """Return the head of the page."""
    return browser.page.html.split("</header>")[0].split("<header")[1]


def entries(browser: Browser) -> list[str]:
    """Return what stands in the head on a wide screen: the main menu, then what Management holds."""
    nav = header_of(browser).split("<nav")[1].split("</nav>")[0]
    return [" ".join(text.split()) for text in re.findall(r">([^<>]*\w[^<>]*)<", nav)]


@pytest.mark.slow
def test_the_place_and_the_language_are_those_of_the_page(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    for path, here, how in (("/campus", "Campus", "page"), ("/learning", "Mi aprendizaje", "page"), ("/courses", "Campus", "true")):
        browser.get(path)
        assert re.findall(rf'aria-current="{how}">([^<]+)</a>', header_of(browser))[0] == here
    browser.submit("/language", {"language": "en"})
    browser.get("/learning")

    assert 'aria-current="page">My learning</a>' in browser.page.html


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/administration/people", "Administración"),
        ("/teaching/prueba/gradebook", "Enseñanza"),
        ("/recordings", None),
        ("/simulators/social-budget/comparison", None),
        ("/courses/prueba", None),
    ],
)
def test_a_page_below_a_place_marks_it_and_a_course_marks_none(browser: Browser, instance: Instance, path: str, place: str | None) -> None:
    a_course(instance, "prueba")
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    browser.get(path)
    header = header_of(browser)
    current = re.findall(r'<a href="[^"]+" aria-current="true">(?:<svg.*?</svg>)?([^<]+)</a>', header)

    is_of_campus = path.startswith(("/recordings", "/simulators"))
    assert current == ([place] * 2 if place else ["Campus"] * 2 if is_of_campus else []), "on a wide screen and in the menu"
    assert header.count('<summary aria-current="true">Gestión') == (2 if place else 0)
    assert 'aria-current="page"' not in header


def test_visitors_see_campus_and_verifying_and_no_management(browser: Browser) -> None:
    browser.get("/campus")

    assert entries(browser) == ["Campus", in_spanish("Communities"), in_spanish("Verify a certificate")]
    assert "Gestión" not in header_of(browser)


def test_the_places_of_staff_stand_under_management_each_for_its_people(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, "prueba")
    place = a_place(instance, "Ministerio")
    a_person(instance)
    a_teacher(instance, course)
    manage(instance, a_person(instance, "jefa@example.org"), place)
    give_training(instance, a_person(instance, "formacion@example.org"), place, TrainingRole.OFFICER)
    administer(instance, a_person(instance, "gobierno@example.org"), place)
    an_administrator(instance)
    seen = {}
    for email in ("ana", "profe", "jefa", "formacion", "gobierno", "admin"):
        reader = sign_in(browser.another(), f"{email}@example.org")
        reader.get("/campus")
        seen[email] = entries(reader)

    learner = ["Mi aprendizaje", "Campus", in_spanish("Communities")]
    assert seen == {
        "ana": learner,
        "profe": [*learner, "Gestión", "Enseñanza"],
        "jefa": [*learner, "Gestión", in_spanish("My units"), "Cumplimiento"],
        "formacion": [*learner, "Gestión", in_spanish("Compulsory training")],
        "gobierno": [*learner, "Gestión", in_spanish("Issuing institutions")],
        "admin": [*learner, "Gestión", "Enseñanza", in_spanish("Compulsory training"), "Administración"],
    }


def test_campus_shows_courses_and_recordings_where_there_are_any(browser: Browser, instance: Instance) -> None:
    assert in_spanish("There are no open courses yet") in browser.get("/campus").text
    a_course(instance, "prueba", modules=1)

    page = browser.get("/campus")
    assert page.headings == ["Campus"]
    assert any(link == "/courses/prueba" for link, _words in page.links)
    assert in_spanish("See all recordings") not in page.text, "there are none"
    assert not page.has_link("/simulators/social-budget"), "the institution does not offer it"


def test_every_entry_of_a_menu_has_its_symbol_and_its_own_place() -> None:
    menu = [entry for feature in FEATURES for entry in feature.menu]

    assert {entry.icon for entry in menu} <= set(read_symbols(STATIC / "icons.svg"))
    listed = [entry for entry in menu if entry.menu is not Menu.SEARCH]  # the search has an order of its own
    assert len({(entry.menu, entry.position) for entry in listed}) == len(listed)
