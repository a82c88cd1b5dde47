"""The files of a course on the web: sent in, seen with what uses them, taken out where nothing does."""

import hashlib
import io

import pytest
from sqlalchemy import select

from courses import drafts
from courses.models import Course
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts
from tests.support.lessons import a_picture, write
from tests.support.wording import in_spanish

MEDIA = "/teaching/prueba/media"
LESSON = "01-parte/01-leccion.es.md"
VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHola\n"


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of somebody who edits a published course of one module."""
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


@pytest.fixture
def course(instance: Instance, editor: Browser) -> Course:
    """Return the course."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course).where(Course.slug == "prueba")).one()


def send(editor: Browser, name: str, content: bytes, folder: str = "", status: int = 200) -> str:
    """Send a file."""
    editor.get(MEDIA)
    return editor.post(MEDIA, {"file": (io.BytesIO(content), name), "folder": folder, "do": "send"}, status=status).text


def test_every_cell_of_the_files(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("course.edit", "own_course", cast.outcomes(MEDIA)) == []


def test_files_are_sent_into_the_course_or_a_module_and_told_with_their_uses(editor: Browser, instance: Instance, course: Course) -> None:
    send(editor, "Mi Foto.png", a_picture())
    send(editor, "voz.vtt", VTT.encode(), "01-parte")
    write(instance, course, {LESSON: f"{draft_texts(instance)[LESSON]}\n![Una foto](../media/mi-foto.png)\n\n: Foto.\n"})

    page = editor.get(MEDIA)

    assert "mi-foto.png" in page.text
    assert "Contar 1" in page.text
    assert in_spanish("%(count)s file is not used.", 1) in page.text
    assert draft_texts(instance)["01-parte/media/voz.vtt"] == VTT
    address = page.html[page.html.index("/courses/prueba/files/") :].partition('"')[0]
    editor._request("GET", address)
    assert editor.response.status_code == 200
    assert editor.response.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(("name", "content"), [("limpio.txt", b"Hola\n"), ("voz.vtt", VTT.encode()), ("datos.csv", b"a;b\n1;2\n")])
def test_the_link_of_a_text_file_opens_it_for_who_edits_and_for_nobody_else(
    editor: Browser, instance: Instance, name: str, content: bytes
) -> None:
    send(editor, name, content)
    page = editor.get(MEDIA)
    address = page.html[page.html.index("/courses/prueba/files/") :].partition('"')[0]

    editor._request("GET", address)

    assert editor.response.status_code == 200
    assert editor.response.data == content
    assert editor.response.headers["Content-Disposition"].startswith(("attachment", "inline"))
    assert "sandbox" in editor.response.headers["Content-Security-Policy"]
    stranger = editor.another()
    stranger.checks = False
    assert stranger._request("GET", address).status_code in (303, 404)


def test_other_texts_of_a_draft_have_no_address(editor: Browser, instance: Instance, course: Course) -> None:
    checksum = hashlib.sha256(draft_texts(instance)["course.yaml"].encode()).hexdigest()

    assert editor._request("GET", f"/courses/prueba/files/{checksum}/course.yaml").status_code == 404


def test_what_is_used_stays_and_what_is_not_goes(editor: Browser, instance: Instance, course: Course) -> None:
    send(editor, "foto.png", a_picture())
    send(editor, "voz.vtt", VTT.encode())
    send(editor, "otra.vtt", VTT.encode())
    write(instance, course, {LESSON: f"{draft_texts(instance)[LESSON]}\n![Una foto](../media/foto.png)\n\n: Foto.\n"})
    editor.get(MEDIA)

    editor.post(MEDIA, {"remove": "media/otra.vtt"})
    assert "media/otra.vtt" not in draft_texts(instance)
    editor.get(MEDIA)
    editor.post(MEDIA, {"do": "clear"})

    assert "media/voz.vtt" not in draft_texts(instance)
    assert "foto.png" in editor.get(MEDIA).text
    assert "Se queda" in editor.post(MEDIA, {"remove": "media/foto.png"}).text
    for path in ("course.yaml", ""):
        editor.get(MEDIA)
        editor.post(MEDIA, {"remove": path}, status=404)
    assert "foto.png" in editor.get(MEDIA).text


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("foto.png", b"no es", "no es lo que dice su nombre"),
        ("malo.exe", b"MZ", "no se aceptan"),
        ("dibujo.svg", b"<svg><script>1</script></svg>", "dibujo"),
        ("", b"", "Elija primero un archivo"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_beside_its_field(
    editor: Browser, instance: Instance, name: str, content: bytes, told: str
) -> None:
    before = draft_texts(instance)

    assert told in send(editor, name, content, status=422)
    assert 'id="file-error"' in editor.page.html
    assert draft_texts(instance) == before


def test_the_page_of_files_costs_the_same_whatever_their_number(editor: Browser, instance: Instance, course: Course) -> None:
    counter = every_statement(instance.database)
    counts = []
    for number in (1, 30):
        write(instance, course, {f"media/v-{n}.vtt": VTT for n in range(number)})
        counter.reset()
        editor.get(MEDIA)
        counts.append(len(counter.statements))

    assert counts[0] == counts[1] <= 9


@pytest.mark.settings(quota_course_mb=1)
def test_a_course_has_so_much_room_and_what_it_has_already_takes_none(editor: Browser, course: Course, instance: Instance) -> None:
    """spec/security 4.3: a quota of the course, its history with it; how much is a setting."""
    first, second, third = (f"%PDF-1.4\n{word * 110_000}\n%%EOF\n".encode() for word in ("uno ", "dos ", "ter "))
    send(editor, "uno.pdf", first)
    send(editor, "dos.pdf", second)
    assert "pueden ocupar" in send(editor, "tres.pdf", third, status=422)
    with instance.database.unit_of_work(write=False) as session:
        assert sorted(drafts.media_sizes(session, course.id).values()) == [len(first), len(second)]

    send(editor, "otra-vez.pdf", first)
