"""Notes over HTTP: written from the end of a lesson or recording, listed, searched, taken out, changed and deleted."""

import re
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from notes import notes
from notes.models import PersonalNote
from notes.notes import NoteAnchor
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, a_learner_in, an_administrator, sign_in
from tests.support.takes import read
from tests.support.wording import in_spanish

LESSON = "/courses/prueba/activities/leccion-1"


@pytest.fixture
def ana(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of somebody who takes a course."""
    return a_learner_in(browser, a_course(instance, modules=1))


def write(browser: Browser, text: str, heading: str = "uno-1", *, status: int = 200) -> None:
    browser.get(f"{LESSON}/notes")
    browser.submit(f"{LESSON}/notes", {"text": text, "heading": heading}, status=status)


def own_note(browser: Browser) -> str:
    """Return the address of the only note."""
    (address,) = {link for link, _label in browser.get("/learning/notes").links if re.fullmatch(r"/learning/notes/[0-9a-f-]{36}", link)}
    return address


def test_a_note_is_written_from_the_end_of_a_lesson_and_found_in_the_list(ana: Browser) -> None:
    assert f'href="{LESSON}/notes"' in ana.get(LESSON).html
    write(ana, "Con los dedos.")
    assert in_spanish("The note was saved.") in ana.page.text
    assert f'href="{LESSON}#s-uno-1"' in ana.page.html

    assert 'href="/learning/notes"' in ana.get("/learning").html
    page = ana.get("/learning/notes?q=DEDOS")
    assert "Con los dedos." in page.text
    assert f'href="{LESSON}#s-uno-1"' in page.html
    assert in_spanish("No results for “%(query)s”", query="manos") in ana.get("/learning/notes?q=manos").text


def test_a_note_at_a_recording_leads_back_to_it(ana: Browser) -> None:
    recording = "/courses/prueba/recordings/video-1"
    assert 'href="/courses/prueba/activities/video-1/notes"' in ana.get(recording).html
    ana.get("/courses/prueba/activities/video-1/notes")
    ana.submit("/courses/prueba/activities/video-1/notes", {"text": "Minuto tres."})

    assert "Minuto tres." in ana.page.text
    ana.get("/courses/prueba/activities/video-1")
    assert ana.path == recording


def test_what_was_typed_stays_where_it_is_refused(ana: Browser) -> None:
    write(ana, "   ", status=422)
    assert in_spanish("Write your note.") in ana.page.text
    write(ana, "a" * 5001, status=422)
    assert "a" * 5001 in ana.page.html


def test_a_note_is_changed_and_deleted(ana: Browser) -> None:
    write(ana, "Con los dedos.")
    address = own_note(ana)
    ana.get(address)
    ana.submit(address, {"text": "Con las manos."})
    assert "Con las manos." in ana.page.text
    ana.get(address)
    ana.submit(f"{address}/deletion")
    assert in_spanish("You have no notes yet") in ana.page.text


def test_two_windows_lose_nothing(ana: Browser) -> None:
    write(ana, "Con los dedos.")
    address = own_note(ana)
    ana.get(address)
    opened = ana.page.form(address)
    ana.submit(address, {"text": "La primera."})
    ana.submit(address, {"text": "La segunda."}, form=opened, status=409)

    assert "La primera." in ana.page.text
    assert "La segunda." in ana.page.html
    ana.submit(address, {"text": "Ambas."})
    assert "Ambas." in ana.page.text


def test_notes_are_taken_out_as_markdown(ana: Browser) -> None:
    write(ana, "Con los dedos.")
    ana.get("/learning/notes/file")

    assert ana.response.mimetype == "text/markdown"
    assert "#### Uno 1\n\nCon los dedos." in ana.response.get_data(as_text=True)


def test_every_cell_of_notes(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    cast = a_cast(browser, instance)
    cast.join(course)
    stranger = a_learner(instance, course, "pia@example.org")
    number = uuid4()
    with instance.database.unit_of_work() as session:
        notes.write_note(session, stranger, NoteAnchor(course.id, "leccion-1", "Contar 1"), "Suyo", number, now=clock.now())

    wrong = cast.check("personal_note.write", "lesson_published", cast.outcomes(f"{LESSON}/notes"))
    wrong += cast.check("personal_note.write", "lesson_published", cast.outcomes(f"{LESSON}/notes", "POST", {"text": "x", "heading": ""}))
    for path in ("/learning/notes", "/learning/notes/file"):
        wrong += cast.check("personal_note.use", "own", cast.outcomes(path))
    foreign = f"/learning/notes/{number}"
    wrong += cast.check("personal_note.use", "of_another", cast.outcomes(foreign))
    wrong += cast.check("personal_note.use", "of_another", cast.outcomes(foreign, "POST", {"text": "x", "seen": ""}))
    wrong += cast.check("personal_note.use", "of_another", cast.outcomes(f"{foreign}/deletion", "POST"))

    assert not wrong


def test_an_administrator_who_downloads_a_copy_gets_no_notes_and_reads_that(ana: Browser, instance: Instance) -> None:
    """“Only you read them” is true of the copy of a person's data too."""
    write(ana, "Con los dedos.")
    person = read(instance, lambda session: session.scalars(select(Person).where(Person.email == "ana@example.org")).one())
    an_administrator(instance, "jefa@example.org")
    boss = sign_in(ana.another(), "jefa@example.org")
    own = copy_of(ana, "/profile/data", "/profile/data/copy")
    boss.get(f"/administration/people/{person.uuid}")
    assert in_spanish("It has no notes and reminders that they wrote for themselves.") in boss.page.text
    others = copy_of(boss, f"/administration/people/{person.uuid}", f"/profile/data/of/{person.uuid}")

    assert "Con los dedos." in own["data.json"]
    assert "csv/personal_notes.csv" in own
    assert not [name for name, text in others.items() if "Con los dedos." in text]
    assert {"csv/personal_notes.csv", "csv/reminders.csv"}.isdisjoint(others)


def copy_of(browser: Browser, page: str, action: str) -> dict[str, str]:
    """Return the texts of the copy of somebody's data by their path."""
    browser.get(page)
    browser.submit(action)
    with ZipFile(BytesIO(browser.response.data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".json", ".csv"))}


def test_what_the_page_of_deletion_says_of_notes_is_so(ana: Browser, instance: Instance) -> None:
    write(ana, "Con los dedos.")
    assert in_spanish("Also the notes and reminders that you wrote for yourself.") in ana.get("/profile/data/deletion").text

    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.scalars(select(Person)).one(), now=clock.now())
    assert read(instance, lambda session: session.scalars(select(PersonalNote)).all()) == []
