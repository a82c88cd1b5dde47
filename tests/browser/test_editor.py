"""Somebody who is no programmer makes a course in a real browser: from an empty account to two modules that are published, with and without
scripts; and the text of a lesson survives a lost line, an ended session and somebody else's saving."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from accounts import accounts
from accounts.models import Device, Person
from courses.models import Course
from kernel import clock
from kernel.permissions import SYSTEM, SiteRole
from lms.instance import Instance
from tests.support.builders import PASSWORD, a_course, a_person, a_teacher
from tests.support.chromium import Live, Visitor, visitor
from tests.support.drafts import draft_texts
from tests.support.lessons import a_picture, write

pytestmark = pytest.mark.long

SAVED = re.compile("Borrador guardado")
LESSON = "01-parte/01-leccion.es.md"
QUESTION = """key: brecha
kind: single
text: ¿Qué es la brecha de cobertura?
options:
  - right: La parte de la población sin protección.
    why: Es lo que falta para llegar a todas las personas.
  - wrong: La parte protegida.
    why: Esa es la cobertura.
"""


def sign_in(person: Visitor, email: str) -> None:
    """Sign somebody in through the page."""
    person.open("/sign-in")
    person.page.fill("#email", email)
    person.page.fill("#password", PASSWORD)
    person.press("form[action='/sign-in'] button[type=submit]")


def an_instructor(instance: Instance) -> None:
    """Add somebody with the role of instructor and nothing else."""
    person = a_person(instance, "ines@example.org", given="Inés", surname="Ruiz")
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.get_one(Person, person.id), SiteRole.INSTRUCTOR, now=clock.now())


def before_a_lesson(live: Live, chromium: Browser, **options: object) -> Visitor:
    """Open the text of a lesson as its editor."""
    a_teacher(live.instance, a_course(live.instance, modules=1))
    person = visitor(chromium, live, **options)  # type: ignore[arg-type]  # options by name
    sign_in(person, "profe@example.org")
    person.open("/teaching/prueba/lessons/leccion-1")
    return person


@pytest.mark.parametrize(("script", "width", "scheme"), [(True, 1280, "light"), (False, 360, "dark")])
def test_from_an_empty_account_to_a_published_course(
    chromium: Browser, live: Live, tmp_path: Path, script: bool, width: int, scheme: str
) -> None:
    """Two modules, a picture, a recording, a quiz and a certificate, in the browser only."""
    an_instructor(live.instance)
    picture = tmp_path / "foto.png"
    picture.write_bytes(a_picture())
    me = visitor(chromium, live, width=width, script=script, scheme=scheme)
    page = me.page
    sign_in(me, "ines@example.org")
    me.open("/teaching")
    me.press("a[href='/teaching/new-course']")
    page.fill("#title", "Pisos de protección")
    page.fill("#module", "Conceptos")
    page.fill("#lesson", "Un derecho")
    me.press("main form button[type=submit]")

    me.press("a[href$='/lessons/un-derecho']")
    page.fill("#body", "## Medir\n\nLa protección social es un *derecho*.\n")
    if script:
        expect(page.locator("#save-state")).to_have_text(SAVED, timeout=15_000)
        expect(page.locator("#look .prose h2")).to_have_text("Medir")
    page.evaluate("document.getElementById('upload').open = true") if script else page.click("#upload > summary")
    page.set_input_files("#file", str(picture))
    page.fill("#alternative", "Una casa")
    page.fill("#caption", "Una casa. | IESS")
    if script:
        page.click("button[value=upload]")
        expect(page.locator("#body")).to_have_value(re.compile(r"!\[Una casa\]\(media/foto\.png\)"))
    else:
        me.press("button[value=upload]")
    me.press("button[value=save]")

    me.press("nav.crumbs a[href$='/outline']")
    add_activity(me, "recording", "Seminario")
    page.fill("#url", "https://example.org/seminario")
    page.fill("#host_es" if page.locator("#host_es").count() else "#host", "Ejemplo")
    for group in ("Capítulos", "Quién habla"):  # they say nothing yet: folded away
        page.click(f"summary:text-is('{group}')")
    page.fill("#chapters__0__at", "0:00")
    page.fill("#chapters__0__title_es", "Inicio")
    page.fill("#speakers__0__name", "Rana Jawad")
    me.press("form[aria-label='Ajustes'] button[type=submit]")
    me.open("/teaching/pisos-de-proteccion/lists/glossary/new")
    page.fill("#term_es", "Piso de protección")
    page.fill("#definition_es", "Lo básico para toda la vida.")
    me.press("main form button[value=save]")
    me.press("a[href$='/entries/piso-de-proteccion']:not(.icon)")
    me.open("/teaching/pisos-de-proteccion/media")
    page.set_input_files("#file", str(picture))
    me.press("button[value=send]")
    me.open("/teaching/pisos-de-proteccion/new-module")
    page.fill("#title", "Brechas")
    page.fill("#lesson", "Contarlas")
    me.press("main form button[type=submit]")
    me.open("/teaching/pisos-de-proteccion/lessons/contarlas")
    page.fill("#body", "Se cuentan una a una.\n")
    me.press("button[value=save]")
    me.open("/teaching/pisos-de-proteccion/new-activity?module=brechas")
    page.check("[name=kind][value=quiz]")
    page.fill("#title", "Compruebe")
    me.press("main form button[type=submit]")
    me.open("/teaching/pisos-de-proteccion/new-question?kind=single")
    page.fill("#text", QUESTION)
    me.press("button[name=do][value=save]")
    me.open("/teaching/pisos-de-proteccion/text?path=02-brechas/02-compruebe.quiz.yaml")
    page.fill("#text", page.input_value("#text").replace("slots: []", "slots:\n  - draw: 1"))
    me.press("main form button[type=submit]")
    me.open("/teaching/pisos-de-proteccion/settings")
    page.select_option("#certificate__template", "constancia")
    page.select_option("#visibility", "public")
    page.select_option("#enrolment", "open")
    me.press("form[aria-label='Ajustes'] button[type=submit]")
    me.open("/teaching/pisos-de-proteccion/publishing")
    me.press("form[action$='/publishing'] button[type=submit]")

    assert "La versión 1 está publicada" in page.inner_text("main")
    me.open("/courses/pisos-de-proteccion/activities/un-derecho")
    assert page.locator(".prose img[alt='Una casa']").count() == 1
    me.open("/teaching/pisos-de-proteccion/history")


def add_activity(me: Visitor, kind: str, title: str) -> None:
    """Add an activity to the first module from the outline."""
    me.press("a[href*='/new-activity']")
    me.page.check(f"[name=kind][value={kind}]")
    me.page.fill("#title", title)
    me.press("main form button[type=submit]")


def test_a_lost_line_loses_no_text(chromium: Browser, live: Live) -> None:
    """What is typed waits on the device, and goes to the server when the line is back."""
    me = before_a_lesson(live, chromium)
    me.page.context.set_offline(True)
    me.page.fill("#body", "Escrito sin línea.\n")
    expect(me.page.locator("#save-state")).to_contain_text("en este equipo", timeout=15_000)
    expect(me.page.locator("#save-state-below")).to_contain_text("en este equipo")

    me.page.context.set_offline(False)
    me.page.evaluate("dispatchEvent(new Event('online'))")

    expect(me.page.locator("#save-state")).to_have_text(SAVED, timeout=20_000)
    assert draft_texts(live.instance)[LESSON].endswith("Escrito sin línea.\n")


def leave_unsaved(me: Visitor, text: str) -> None:
    """Write something of which nothing reaches the server, not even as the page is left, and open the lesson again."""
    me.page.route("**/autosave*", lambda route: route.abort())
    me.page.fill("#body", text)
    expect(me.page.locator("#save-state")).to_contain_text("en este equipo", timeout=15_000)
    me.page.goto("about:blank")
    me.open("/teaching/prueba/lessons/leccion-1")
    me.page.unroute("**/autosave*")


@pytest.mark.parametrize("ended", [True, False])
def test_an_ended_session_loses_no_text(chromium: Browser, live: Live, ended: bool) -> None:
    """The server ended it, or the browser forgot it: the page says so, and saves by itself after signing in again beside it."""
    me = before_a_lesson(live, chromium)
    if ended:
        with live.instance.database.unit_of_work() as session:
            session.execute(update(Device).values(ended_at=clock.now()))
    else:
        me.page.context.clear_cookies()
    me.page.fill("#body", "Escrito sin sesión.\n")
    expect(me.page.locator("#save-state")).to_contain_text("Su sesión se cerró", timeout=15_000)
    assert "Escrito sin sesión." in me.page.evaluate("Object.values(localStorage).join()")

    beside = Visitor(me.page.context.new_page(), live.url, set())
    sign_in(beside, "profe@example.org")
    me.page.evaluate("dispatchEvent(new Event('online'))")

    expect(me.page.locator("#save-state")).to_have_text(SAVED, timeout=20_000)
    assert draft_texts(live.instance)[LESSON].endswith("Escrito sin sesión.\n")
    assert me.page.evaluate("localStorage.length") == 0


def test_what_one_editor_wrote_is_not_saved_as_another_s(chromium: Browser, live: Live) -> None:
    """On a machine that several share: whoever signs in beside an open page saves nothing of it."""
    course = a_course(live.instance, modules=1)
    for email in ("profe@example.org", "otra@example.org"):
        a_teacher(live.instance, course, email)
    me = visitor(chromium, live)
    sign_in(me, "profe@example.org")
    me.open("/teaching/prueba/lessons/leccion-1")
    me.page.context.clear_cookies()
    beside = Visitor(me.page.context.new_page(), live.url, set())
    sign_in(beside, "otra@example.org")

    me.page.fill("#body", "De Pilar.\n")
    expect(me.page.locator("#save-state")).to_contain_text("Su sesión se cerró", timeout=15_000)

    assert "De Pilar." not in draft_texts(live.instance)[LESSON]
    assert "De Pilar." in me.page.evaluate("Object.values(localStorage).join()")


def test_a_server_that_is_away_loses_no_text(chromium: Browser, live: Live) -> None:
    """What it answers then is no text that was saved: the device keeps it, and nobody is said to have saved anything else."""
    me = before_a_lesson(live, chromium)
    problem = {"status": 503, "title": "…", "detail": "…", "code": "", "reference": "x"}
    me.page.route("**/autosave*", lambda route: route.fulfill(status=503, json=problem))
    me.page.fill("#body", "Escrito sin servidor.\n")
    expect(me.page.locator("#save-state")).to_contain_text("en este equipo", timeout=15_000)
    assert "Escrito sin servidor." in me.page.evaluate("Object.values(localStorage).join()")

    me.page.unroute("**/autosave*")
    me.page.evaluate("dispatchEvent(new Event('online'))")

    expect(me.page.locator("#save-state")).to_have_text(SAVED, timeout=20_000)
    assert draft_texts(live.instance)[LESSON].endswith("Escrito sin servidor.\n")


def test_what_is_offered_is_not_written_over_before_anybody_decides(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    leave_unsaved(me, "No se guardó.\n")

    me.page.fill("#body", "Otra cosa.\n")
    me.page.evaluate("""() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }""")
    me.open("/teaching/prueba/lessons/leccion-1")
    me.page.click("#take-kept")

    expect(me.page.locator("#body")).to_have_value("No se guardó.\n")


def test_what_waits_for_a_decision_never_stops_saving(chromium: Browser, live: Live) -> None:
    """What was kept before waits in a list, the oldest first; what is typed meanwhile is saved by itself, and taking one loses none."""
    me = before_a_lesson(live, chromium)
    leave_unsaved(me, "No se guardó.\n")

    me.open("/teaching/prueba/lessons/leccion-1")
    expect(me.page.locator("#kept")).to_be_visible()
    me.page.fill("#body", "Otra cosa.\n")
    expect(me.page.locator("#save-state")).to_have_text(SAVED, timeout=15_000)
    assert draft_texts(live.instance)[LESSON].endswith("Otra cosa.\n")
    me.page.fill("#body", "Lo tercero.\n")
    me.page.click("#take-kept")
    expect(me.page.locator("#body")).to_have_value("No se guardó.\n")
    me.page.click("#take-kept")
    expect(me.page.locator("#body")).to_have_value("Lo tercero.\n")
    expect(me.page.locator("#save-state")).to_have_text(SAVED, timeout=15_000)
    assert draft_texts(live.instance)[LESSON].endswith("Lo tercero.\n")
    expect(me.page.locator("#kept")).to_be_visible()
    me.page.click("#drop-kept")

    expect(me.page.locator("#kept")).to_be_hidden()


def test_terms_and_activities_are_chosen_from_what_the_course_has(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    page = me.page
    page.fill("#body", "")
    page.click("[data-tool=activity]")
    page.keyboard.type("CUESTIONÁRIO")
    page.keyboard.press("Enter")

    expect(page.locator("#body")).to_have_value(re.compile(r"^\[[^\]]+\]\(course:[a-z0-9-]+\)$"))
    expect(page.locator("[data-pieces=activity]")).not_to_have_attribute("open", "")


def test_what_was_not_saved_is_offered_when_the_page_opens_again(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    leave_unsaved(me, "No se guardó.\n")

    me.open("/teaching/prueba/lessons/leccion-1")
    assert "{when}" not in me.page.inner_text("#kept")
    me.page.click("#take-kept")

    expect(me.page.locator("#body")).to_have_value("No se guardó.\n")
    expect(me.page.locator("#save-state")).to_have_text(SAVED, timeout=15_000)
    assert draft_texts(live.instance)[LESSON].endswith("No se guardó.\n")


def test_what_its_button_saved_is_not_offered_again(chromium: Browser, live: Live) -> None:
    """The server ends a text with a line's end: that is no other text."""
    me = before_a_lesson(live, chromium)
    me.page.fill("[name=body]", "Sin fin de línea")
    journal = (me.page.evaluate("Object.values(localStorage).join()") for _look in range(1000))
    assert any("Sin fin de línea" in words for words in journal)
    with me.page.expect_navigation():
        me.page.click("button[value=save]")

    assert me.page.input_value("[name=body]") == "Sin fin de línea\n"
    assert me.page.locator("#kept").is_hidden()


def test_a_page_that_saves_by_itself_never_writes_over_somebody_else(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    theirs = draft_texts(live.instance)[LESSON].replace("dedos", "pies")
    with live.instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
    write(live.instance, course, {LESSON: theirs})

    me.page.fill("#body", "Lo mío.\n")
    expect(me.page.locator("#save-state")).to_contain_text("Otra persona", timeout=15_000)
    assert draft_texts(live.instance)[LESSON] == theirs
    me.press("button[value=save]")
    me.page.check("[name=conflict-0][value=both]")
    me.press("button[value=merge]")
    me.press("button[value=save]")

    assert "pies" in draft_texts(live.instance)[LESSON]
    assert "Lo mío." in draft_texts(live.instance)[LESSON]


UNDRAWN = """[...document.querySelectorAll('#look use')].map((one) => one.getAttribute('href'))
  .filter((address) => !document.querySelector(`symbol${address}`))"""


def test_what_the_page_draws_by_itself_has_its_icons(chromium: Browser, live: Live) -> None:
    """Those of the findings, of none, and of the lesson's own pieces: the page did not need them before."""
    me = before_a_lesson(live, chromium)
    page = me.page
    for body, symbol in (
        ("Todo bien.\n", "circle-check"),
        ("Bien.\n\n[[nadie]]\n", "circle-x"),
        ("> [!CHECK] Una pregunta\n> La respuesta.\n", "chevron-down"),
    ):
        page.fill("#body", body)
        page.wait_for_selector(f"#look use[href='#{symbol}']", state="attached", timeout=20_000)
        assert page.evaluate(UNDRAWN) == []
        symbols = page.locator("symbol").evaluate_all("(all) => all.map((one) => one.id)")
        assert len(symbols) == len(set(symbols))
    me.checked.clear()
    me.check()


def test_a_device_that_keeps_nothing_asks_before_an_unsaved_text_goes(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    page = me.page
    page.route("**/autosave*", lambda route: route.abort())
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }")
    with page.expect_event("requestfailed", lambda request: "autosave" in request.url):
        page.type("#body", "Sin dónde guardarse.")
    expect(page.locator("#save-state")).to_contain_text("no puede conservar", timeout=15_000)

    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.accept())
        page.goto("about:blank")
    assert asked.value.type == "beforeunload"


def test_a_file_that_does_not_arrive_leaves_the_text_saved_as_it_was(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    page = me.page
    page.fill("#body", "Guardado.\n")
    expect(page.locator("#save-state")).to_have_text(SAVED, timeout=15_000)
    page.route("**/files*", lambda route: route.abort())
    page.click("#upload summary")
    page.set_input_files("#file", {"name": "foto.png", "mimeType": "image/png", "buffer": a_picture()})
    page.fill("#alternative", "Una foto")
    page.click("button[value=upload]")

    expect(page.locator("#upload-problem")).to_have_text(page.get_attribute("#lesson", "data-t-unsent") or "-")
    expect(page.locator("#save-state")).to_have_text(SAVED)


def test_a_page_that_was_not_left_after_all_goes_on_saving(chromium: Browser, live: Live) -> None:
    """Its button was pressed and the browser stopped, or went back to the page as it was."""
    me = before_a_lesson(live, chromium)
    page = me.page
    page.evaluate("document.getElementById('lesson').addEventListener('submit', (event) => event.preventDefault())")
    page.click("button[value=save]")
    page.fill("#body", "Sigo aquí.\n")

    expect(page.locator("#save-state")).to_have_text(SAVED, timeout=15_000)
    assert draft_texts(live.instance)[LESSON].endswith("Sigo aquí.\n")


def test_tools_pasting_and_lines_work_by_keyboard(chromium: Browser, live: Live) -> None:
    me = before_a_lesson(live, chromium)
    page = me.page
    page.fill("#body", "uno")
    page.focus("#body")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+b")
    assert page.input_value("#body") == "**uno**"
    page.focus("[data-tool=table]")
    page.keyboard.press("Enter")
    assert "| --- | --: |" in page.input_value("#body")
    expect(page.locator("#left-out")).to_be_hidden()
    page.keyboard.press("Control+a")
    page.evaluate("""() => {
      const data = new DataTransfer();
      data.setData('text/html', '<h1>Título</h1><ul><li>uno</li></ul><p>[[x]] <abbr title="Uno">U</abbr></p>');
      data.setData('text/plain', 'Título');
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }""")
    expect(page.locator("#body")).to_have_value(re.compile(r"^## Título\n\n- uno\n\n\\\[\\\[x"))
    expect(page.locator("#left-out li")).to_contain_text('title="Uno"')
    page.keyboard.press("Control+a")
    page.evaluate("""() => {
      const data = new DataTransfer();  // as a spreadsheet copies cells: with a picture of them
      data.setData('text/html', '<table><tr><td>Año</td><td>2024</td></tr><tr><td>Gasto</td><td>7</td></tr></table>');
      data.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }""")
    expect(page.locator("#body")).to_have_value(re.compile("Año.*2024.*Gasto", re.DOTALL))
    assert not page.evaluate("document.getElementById('upload').open")
    expect(page.locator("#left-out")).to_be_hidden()
    page.fill("#body", "Bien.\n\n[[nadie]]\n")
    page.click("#look a[data-line='3']", timeout=20_000)

    assert page.evaluate("document.activeElement.selectionStart") == len("Bien.\n\n")


def test_the_outline_by_keyboard(chromium: Browser, live: Live) -> None:
    a_teacher(live.instance, a_course(live.instance, modules=2))
    me = visitor(chromium, live, width=360, scheme="dark", language="en")
    sign_in(me, "profe@example.org")
    me.open("/teaching/prueba/outline")

    me.page.focus("button[value='down leccion-1']")
    with me.page.expect_navigation():
        me.page.keyboard.press("Enter")
    me.check()

    assert "01-parte/02-leccion.es.md" in draft_texts(live.instance)


def test_an_activity_is_dragged_to_another_place(chromium: Browser, live: Live) -> None:
    """Dragging is an extra on top of the buttons."""
    a_teacher(live.instance, a_course(live.instance, modules=1))
    me = visitor(chromium, live)
    sign_in(me, "profe@example.org")
    me.open("/teaching/prueba/outline")

    grip, target = me.page.locator("#leccion-1 .grip"), me.page.locator("#cuestionario-1")
    start, end = grip.bounding_box(), target.bounding_box()
    assert start
    assert end
    with me.page.expect_navigation():
        me.page.mouse.move(start["x"] + 8, start["y"] + 8)
        me.page.mouse.down()
        for step in range(1, 25):
            me.page.mouse.move(start["x"] + 8 + step, start["y"] + 8 + (end["y"] + end["height"] - start["y"] - 11) * step / 24)
            target.bounding_box()  # the browser moves rows between two frames: each step waits for one
        me.page.mouse.up()

    assert "01-parte/03-leccion.es.md" in draft_texts(live.instance) or "01-parte/04-leccion.es.md" in draft_texts(live.instance)
