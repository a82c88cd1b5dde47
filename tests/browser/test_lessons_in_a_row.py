"""How many presses a new course of several lessons takes, in a real browser."""

import pytest
from playwright.sync_api import Browser

from accounts import accounts
from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM, SiteRole
from tests.support.builders import a_person
from tests.support.chromium import PRESSES, Live, Visitor, signed_in
from tests.support.drafts import draft_texts


def before_a_new_course(chromium: Browser, live: Live, *, script: bool) -> Visitor:
    """Open the outline of a course that an instructor has just begun, with its first module and lesson."""
    person = a_person(live.instance, "ines@example.org", given="Inés", surname="Ruiz")
    with live.instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.get_one(Person, person.id), SiteRole.INSTRUCTOR, now=clock.now())
    editor = signed_in(chromium, live, "ines@example.org", script=script)
    editor.open("/teaching/new-course")
    editor.page.fill("#title", "Pisos")
    editor.page.fill("#module", "Conceptos")
    editor.page.fill("#lesson", "Uno")
    editor.press("main form button[type=submit]")
    editor.page.add_init_script(PRESSES)
    editor.open("/teaching/pisos/outline")
    return editor


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False])
def test_two_modules_with_five_lessons_take_fourteen_presses_from_the_outline(chromium: Browser, live: Live, *, script: bool) -> None:
    """Each title and text is typed where the page has put the cursor."""
    editor = before_a_new_course(chromium, live, script=script)
    write = editor.page.keyboard.type

    editor.press("a[href$='/lessons/uno']")
    write("Texto de uno.")
    for title in ("Dos", "Tres"):
        editor.press("button[value=another]")
        write(title)
        editor.press("main form button[type=submit]")
        write(f"Texto de {title.lower()}.")
    editor.press("button[value=save]")
    editor.press("nav.crumbs a[href$='/outline']")
    editor.press("a[href$='/new-module']")
    write("Brechas")
    editor.page.fill("#lesson", "Cuatro")
    editor.press("main form button[type=submit]")
    write("Texto de cuatro.")
    editor.press("button[value=another]")
    write("Cinco")
    editor.press("main form button[type=submit]")
    write("Texto de cinco.")
    editor.press("button[value=save]")

    lessons = {path.split(".")[0]: text.split("---\n")[-1].strip() for path, text in draft_texts(live.instance, "pisos").items()}
    assert {path: text for path, text in lessons.items() if text.startswith("Texto")} == {
        "01-conceptos/01-uno": "Texto de uno.",
        "01-conceptos/02-dos": "Texto de dos.",
        "01-conceptos/03-tres": "Texto de tres.",
        "02-brechas/01-cuatro": "Texto de cuatro.",
        "02-brechas/02-cinco": "Texto de cinco.",
    }
    if script:
        assert int(editor.page.evaluate("sessionStorage.getItem('presses')")) <= 14
