"""Personal notes: kept once, nobody else's, found by their text, and with their heading in the next version of a course."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from accounts.access import MergePair
from accounts.models import Person
from courses.models import Course
from courses.versions import get_outline
from kernel import i18n
from kernel.audit import AuditEntry
from kernel.errors import NoRoom, NotFound
from kernel.permissions import SYSTEM, Actor
from kernel.row_versions import RowWasChanged, version_of
from lms import erasure, own_data
from lms.instance import Instance
from notes import notes
from notes.models import PersonalNote
from notes.notes import NoteAnchor
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, an_administrator, folder, publish, sign_in
from tests.support.takes import read
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)


def a_note(instance: Instance, actor: Actor, course: Course, text: str = "Se cuenta así.", *, heading: str = "uno-1") -> UUID:
    number = uuid4()
    anchor = NoteAnchor(course.id, "leccion-1", "Contar 1", heading=heading, heading_text="Uno 1" if heading else "")
    with instance.database.unit_of_work() as session:
        notes.write_note(session, actor, anchor, text, number, now=NOON)
    return number


def words_of(instance: Instance, actor: Actor, query: str = "") -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return [row.PersonalNote.text for row in notes.list_notes(session, actor.person_id or 0, query)]


@pytest.fixture
def course(instance: Instance) -> Course:
    return a_course(instance, modules=1)


def test_a_note_sent_twice_is_kept_once_and_the_log_does_not_say_what_it_says(instance: Instance, course: Course) -> None:
    ana = a_learner(instance, course)
    anchor, number = NoteAnchor(course.id, "leccion-1", "Contar 1"), uuid4()
    for _attempt in range(2):
        with instance.database.unit_of_work() as session:
            notes.write_note(session, ana, anchor, "Secreto", number, now=NOON)

    assert words_of(instance, ana) == ["Secreto"]
    entries = read(instance, lambda session: session.scalars(select(AuditEntry).where(AuditEntry.verb == "personal_note.written")).all())
    assert [("Secreto" in entry.facts, entry.subject_kind) for entry in entries] == [(False, "personal_note")]


def test_nobody_else_finds_or_opens_a_note(instance: Instance, course: Course) -> None:
    ana, blas = a_learner(instance, course), a_learner(instance, course, "blas@example.org")
    number = a_note(instance, ana, course)

    assert words_of(instance, blas) == []
    with instance.database.unit_of_work(write=False) as session, pytest.raises(NotFound):
        notes.get_own_note(session, blas, number)


@pytest.mark.parametrize(
    ("query", "count"), [("", 1), ("COTIZACION", 1), ("cotización mensual", 1), ("uno contar", 1), ("pensión", 0), ("%", 0)]
)
def test_a_note_is_found_by_its_words_and_its_place_without_case_and_accents(
    instance: Instance, course: Course, query: str, count: int
) -> None:
    ana = a_learner(instance, course)
    a_note(instance, ana, course, "La cotización es mensual.")

    assert len(words_of(instance, ana, query)) == count


def test_notes_follow_the_order_of_the_course(instance: Instance) -> None:
    """Of its modules, lessons and headings, whatever their keys and titles, and whenever they were written."""
    files = folder(modules=2)
    first, second = "01-parte/01-leccion.es.md", "02-parte/01-leccion.es.md"
    files[first] = files[first].replace(b"key: leccion-1", b"key: zeta").replace(b"## Uno 1", b"## Zorro\n\nAlgo.\n\n## Abeja")
    files[second] = files[second].replace(b"key: leccion-2", b"key: alfa")
    course, _version = publish(instance, files)
    ana = a_learner(instance, course)
    for key, heading, text in (("alfa", "", "4"), ("zeta", "abeja", "3"), ("zeta", "zorro", "2"), ("zeta", "", "1"), ("gone", "", "5")):
        with instance.database.unit_of_work() as session:
            anchor = NoteAnchor(course.id, key, key, heading=heading, heading_text=heading)
            notes.write_note(session, ana, anchor, text, uuid4(), now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        rows = notes.list_notes(session, ana.person_id or 0, offset=1, limit=3)
    assert words_of(instance, ana) == ["1", "2", "3", "4", "5"]
    assert [row.PersonalNote.text for row in rows] == ["2", "3", "4"]


def test_a_note_changed_in_another_window_is_not_overwritten(instance: Instance, course: Course) -> None:
    ana = a_learner(instance, course)
    number = a_note(instance, ana, course)
    with instance.database.unit_of_work() as session:
        row = notes.get_own_note(session, ana, number)
        seen = version_of(row)
        assert not notes.change_note(session, ana, row, row.text, seen=seen, now=NOON)
        assert notes.change_note(session, ana, row, "Lo primero que anoté", seen=seen, now=NOON + timedelta(minutes=1))
        with pytest.raises(RowWasChanged):
            notes.change_note(session, ana, row, "La segunda", seen=seen, now=NOON + timedelta(minutes=2))

    assert words_of(instance, ana, "primero") == ["Lo primero que anoté"]


def test_a_person_keeps_so_many(instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_NOTES", 1)
    ana = a_learner(instance, course)
    a_note(instance, ana, course)

    with pytest.raises(NoRoom):
        a_note(instance, ana, course)


def test_notes_stay_with_their_heading_and_lesson_in_the_next_version(instance: Instance, course: Course) -> None:
    ana = a_learner(instance, course)
    a_note(instance, ana, course)
    files = folder(modules=1)
    lesson = "01-parte/01-leccion.es.md"
    files[lesson] = files[lesson].replace(b"## Uno 1", b"## Antes\n\nAlgo.\n\n## Uno 1")
    _course, version = publish(instance, files)

    with instance.database.unit_of_work(write=False) as session, i18n.reading("es"):
        outline = get_outline(session, version.id)
        headings = notes.list_headings(session, outline.by_key["leccion-1"].id)
        rows = notes.list_notes_of_activity(session, ana, course.id, outline, "leccion-1")
    assert list(headings) == ["antes", "uno-1"]
    assert [(row.heading in headings, row.text) for row in rows] == [(True, "Se cuenta así.")]


def test_markdown_has_courses_lessons_and_headings(instance: Instance, course: Course) -> None:
    ana = a_learner(instance, course)
    a_note(instance, ana, course, "Primero.\n\nLuego.")
    a_note(instance, ana, course, "De todo.", heading="")

    with instance.database.unit_of_work(write=False) as session, i18n.reading("es"):
        text = notes.write_markdown("De Ana", notes.list_notes(session, ana.person_id or 0))
    assert text == (
        "# De Ana\n\n## Curso de prueba prueba\n\n### Contar 1\n\nDe todo.\n\n*1 de junio de 2026*"
        "\n\n#### Uno 1\n\nPrimero.\n\nLuego.\n\n*1 de junio de 2026*\n"
    )


def test_notes_are_in_the_copy_of_ones_data_go_along_and_go_with_their_person(instance: Instance, course: Course) -> None:
    ana, blas = a_learner(instance, course), a_learner(instance, course, "blas@example.org")
    a_note(instance, ana, course)
    with instance.database.unit_of_work(write=False) as session:
        copy = own_data.tables_of(session, ana.person_id or 0, now=NOON)["personal_notes"]
    assert [(row["course"], row["heading"], row["text"]) for row in copy] == [("prueba", "uno-1", "Se cuenta así.")]

    with instance.database.unit_of_work() as session:
        pair = MergePair(session.get_one(Person, blas.person_id), session.get_one(Person, ana.person_id))
        erasure.merge(session, SYSTEM, pair, "La misma persona", now=NOON)
    assert words_of(instance, blas) == ["Se cuenta así."]

    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, blas.person_id), now=NOON)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(PersonalNote)).all() == []


def test_a_deleted_note_is_not_called_by_that_which_has_its_number_now(browser: Browser, instance: Instance, course: Course) -> None:
    """SQLite gives the number of the last row out again."""
    ana, blas = a_learner(instance, course), a_learner(instance, course, "blas@example.org")
    a_note(instance, ana, course)
    with instance.database.unit_of_work() as session:
        notes.delete_note(session, ana, session.scalars(select(PersonalNote)).one(), now=NOON)
    a_note(instance, blas, course)
    an_administrator(instance)

    text = sign_in(browser, "admin@example.org").get("/administration/audit?act=apunte").text

    noun = in_spanish("Personal note")
    assert text.count(in_spanish("%(record)s, no longer kept", record=noun)) == 2
    assert text.count(f"{noun}: ") - text.count(in_spanish("%(record)s, no longer kept", record=noun)) == 1
