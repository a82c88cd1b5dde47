"""Questions come in and go out on the web: first what happens and what is lost, then a yes."""

import os
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select, update

from accounts.models import Person
from accounts.uploads import delete_pending_uploads
from courses.models import Course
from kernel import clock
from kernel.audit import AuditEntry
from kernel.sandbox import SandboxLimits, one_file_of
from lms.instance import Instance
from standards.importing import FORMATS, import_file
from standards.models import PendingImport
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.meter import metered
from tests.support.shared import SHARED, needs_shared
from tests.support.transfers import BANK, EXPORTS, IMPORTS, body, send
from tests.support.wording import in_spanish

GIFT = b"::sol::El sol es una estrella.{T}\n\n::luna::La luna es {=satelite ~planeta}.\n\n::rota::Esta se rompe {=a ~\n"


MATRIX = """questions:
  - key: cuadro-1
    kind: matrix
    text: Marque lo que corresponde.
    columns:
      - {text: Sí, key: si}
      - {text: No, key: no}
    rows:
      - {text: El sol es una estrella., key: sol, answer: si}
      - {text: La luna es una estrella., key: luna, answer: no}
  - key: sol-1
    kind: true_false
    text: {es: El sol es una estrella., en: The sun is a star.}
    answer: true
    explanation: Lo es.
"""


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which somebody edits a published course."""
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


def waiting(instance: Instance) -> int:
    """Count the files that wait."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(PendingImport)) or 0


def test_every_cell_of_bringing_in_and_out(browser: Browser, instance: Instance) -> None:
    """spec/security 4.4 and 9: the course's editors and administrators; to others there is nothing."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    for path in (IMPORTS, EXPORTS):
        assert cast.check("question_bank.view", "own_course", cast.outcomes(path)) == []
    outcomes = cast.outcomes(EXPORTS, "POST", {"format": "gift"})
    assert {letter for letter, outcome in outcomes.items() if outcome == "allow"} == set("ISW")


@pytest.mark.slow
def test_nothing_comes_in_before_a_yes_and_what_does_not_is_told_by_line(editor: Browser, instance: Instance) -> None:
    before = body(instance)

    send(editor, GIFT)

    assert in_spanish("%(count)s question to import", 2) in editor.page.text
    assert "línea 5" in editor.page.text
    assert body(instance) == before
    page = editor.submit(editor.path.split("?")[0], {"bank": BANK})
    assert in_spanish("%(count)s question was imported into the draft.", 2) in page.text
    assert body(instance).startswith(before.rstrip("\n") + "\n\n  - key: sol\n")
    assert waiting(instance) == 0
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(AuditEntry.verb == "questions.imported")) == 1


@pytest.mark.slow
def test_the_same_file_again_brings_nothing_twice(editor: Browser, instance: Instance) -> None:
    """Nothing is dropped in silence: what is there already is passed over, and told."""
    send(editor, GIFT)
    editor.submit(editor.path, {"bank": BANK})
    once = body(instance)

    send(editor, GIFT)

    assert in_spanish("The question is already in the bank and is skipped.") in editor.page.text
    assert in_spanish("Nothing in this file can be imported.") in editor.page.text
    assert body(instance) == once


@pytest.mark.slow
def test_a_key_that_is_taken_gets_another_and_that_is_told(editor: Browser, instance: Instance) -> None:
    send(editor, "::suma-1::¿Dos más dos?{#4}".encode())

    assert "suma-1-2" in editor.page.text
    editor.submit(editor.path, {"bank": BANK})
    assert body(instance).count("key: suma-1\n") == 1
    assert body(instance).count("key: suma-1-2\n") == 1


@pytest.mark.slow
def test_what_was_looked_at_is_what_comes_in(editor: Browser, instance: Instance) -> None:
    """The draft changed meanwhile so that the plan is another: it is shown again first."""
    send(editor, b"::nueva::Uno{#1}")
    address, form = editor.path, editor.page.form(editor.path)
    editor.get("/teaching/prueba/new-question")
    text = "key: nueva\nkind: essay\ntext: Otra.\nrubric:\n  - criterion: a\n    levels:\n      - points: 1\n        text: b\n"
    editor.submit("/new-question", {"bank": BANK, "text": text}, button=("do", "save"))
    before = body(instance)

    editor.submit(address, {"bank": BANK}, form=form, status=409)

    assert body(instance) == before
    assert "nueva-2" in editor.page.text
    editor.submit(address, {"bank": BANK})
    assert "key: nueva-2" in body(instance)


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "vacio.gift", "no esté vacío"),
        (b"\xff\xfe\x00", "raro.bin", "formato"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><quiz>&b;</quiz>', "bomba.xml", "entidades"),
        (b"<quiz><question></quiz>", "roto.xml", "línea 1"),
        (b"PK\x03\x04roto", "roto.zip", "ZIP"),
        (b"kind;nada\n", "hoja.csv", ""),
    ],
)
@pytest.mark.slow
def test_a_damaged_or_hostile_file_gets_a_message_beside_its_field(
    editor: Browser, instance: Instance, content: bytes, name: str, told: str
) -> None:
    """spec/security 4.4."""
    send(editor, content, name, status=422)

    assert 'id="file-error"' in editor.page.html
    assert told in editor.page.text
    assert waiting(instance) == 0


@pytest.mark.slow
def test_a_file_that_asks_for_too_much_memory_is_refused_and_the_server_goes_on(
    editor: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/security 4.4: within the limits of archives, and more than reading may take."""
    monkeypatch.setattr("kernel.sandbox.BOUNDS", SandboxLimits(memory=25_000_000))
    target, noise = BytesIO(), os.urandom(101_000)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.xml", noise + b" " * 9_800_000)

    send(editor, target.getvalue(), "grande.zip", "qti", status=422)

    assert in_spanish("This file takes too much time or memory to read. Split it and upload the parts separately.") in editor.page.text
    assert waiting(instance) == 0
    monkeypatch.undo()
    send(editor, GIFT)
    assert in_spanish("%(count)s question to import", 2) in editor.page.text


@pytest.mark.slow
def test_a_second_file_of_the_same_person_waits_for_the_first(editor: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 4.4: somebody who sends one file after the other leaves places for the rest; what is said stands beside the field."""
    monkeypatch.setattr("kernel.sandbox._TURN_SECONDS", 0.05)
    with instance.database.unit_of_work(write=False) as session:
        sender = session.execute(select(Person.id).where(Person.email == "profe@example.org")).scalar_one()

    with one_file_of(sender):
        send(editor, GIFT, status=422)
        said = editor.page.text
    send(editor, GIFT)

    assert in_spanish("Your last file is still being read. Try again when it is done.") in said
    assert in_spanish("%(count)s question to import", 2) in editor.page.text
    assert waiting(instance) == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_read(editor: Browser, instance: Instance) -> None:
    editor.get(IMPORTS)

    editor._request("POST", IMPORTS, data=b"x" * 20_000_001, content_type="multipart/form-data; boundary=x")

    assert editor.response.status_code == 413

    assert waiting(instance) == 0


@pytest.mark.slow
def test_a_waiting_file_is_its_senders_alone_and_is_forgotten(editor: Browser, instance: Instance) -> None:
    send(editor, GIFT)
    address = editor.path
    with instance.database.unit_of_work(write=False) as session:
        a_teacher(instance, session.execute(select(Course)).scalar_one(), "otra@example.org")
    other = sign_in(editor.another(), "otra@example.org")

    other.get(address, status=404)
    with instance.database.unit_of_work() as session:
        delete_pending_uploads(session, PendingImport, now=clock.now())
    assert waiting(instance) == 1
    with instance.database.unit_of_work() as session:
        session.execute(update(PendingImport).values(expires_at=clock.now() + timedelta(seconds=1)))
        delete_pending_uploads(session, PendingImport, now=clock.now() + timedelta(seconds=1))
    assert waiting(instance) == 0
    editor.get(address, status=404)


@pytest.mark.slow
def test_a_waiting_file_can_be_forgotten_by_hand(editor: Browser, instance: Instance) -> None:
    before = body(instance)
    send(editor, GIFT)

    editor.submit("/removal")

    assert waiting(instance) == 0
    assert body(instance) == before


@pytest.mark.parametrize("form", [name for name, found in FORMATS.items() if found.write is not None])
def test_what_goes_out_comes_back_in_each_format(editor: Browser, form: str) -> None:
    """Export then import gives the same questions, or the loss was named before."""
    page = editor.get(f"{EXPORTS}?format={form}&bank=parte-1")
    going = int(page.text.split(" de 7 preguntas")[0].split()[-1])
    left_out = page.text.count("no se puede exportar")

    editor._request("POST", f"{EXPORTS}?bank=parte-1", data=dict(editor.page.forms[-3].fields) | {"format": form})

    assert editor.response.status_code == 200
    assert "attachment" in editor.response.headers["Content-Disposition"]
    back = import_file(f"x.{form}", editor.response.data, form, "es").imported
    assert len(back.questions) == going
    assert going == 7 or left_out


def test_a_course_in_two_languages_gives_its_questions_in_either(editor: Browser) -> None:
    """A format has one language: what stays behind of the others has a way out too."""
    page = editor.get(f"{EXPORTS}?format=gift&language=en")
    fields = dict(page.forms[-3].fields)
    assert fields["language"] == "en"

    names = []
    for language in ("en", "es", "fr"):
        editor._request("POST", EXPORTS, data={**fields, "format": "gift", "language": language})
        names.append(editor.response.headers["Content-Disposition"].partition("filename=")[2].strip('"'))

    assert names == ["prueba-en.gift", "prueba.gift", "prueba.gift"]


def test_what_stays_behind_is_said_without_words_of_the_format(editor: Browser, instance: Instance) -> None:
    """A kind of question and a language have names: no «matrix», and no «en» within a sentence."""
    files = folder(modules=1)
    files[BANK] = MATRIX.encode()
    name = "01-parte/03-cuestionario.quiz.yaml"
    files[name] = files[name].replace(b"  - draw: 7\n", b"  - question: cuadro-1\n")
    publish(instance, files)

    aiken, gift = (editor.get(f"{EXPORTS}?format={form}&bank=parte-1").text for form in ("aiken", "gift"))

    assert in_spanish("A question of the kind “%(kind)s” cannot be exported.", kind="Tabla") in " ".join(aiken.split())
    assert in_spanish("The texts in %(others)s are left out.", others="inglés") in " ".join(gift.split())


def test_what_goes_out_is_what_the_list_shows(editor: Browser) -> None:
    assert "Se exportará 1 de 1 pregunta" in editor.get(f"{EXPORTS}?format=gift&text=dos+m%C3%A1s+dos").text
    assert in_spanish("There is nothing to export") in editor.get(f"{EXPORTS}?text=nadie").text


@pytest.mark.slow
@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(
    "name", ["questions/es/nginx-20181014.gift.txt", "questions/moodle/truefalse.xml", "questions/moodle/questions.aiken.txt"]
)
def test_files_of_other_products_come_in_on_the_web(editor: Browser, instance: Instance, name: str) -> None:
    content = (SHARED / "fixtures" / name).read_bytes()
    expected = len(import_file(name, content).imported.questions)

    send(editor, content, name.rpartition("/")[2])
    editor.submit(editor.path, {"bank": BANK})

    assert body(instance).count("\n  - key: ") == 7 + expected


@pytest.mark.slow
def test_a_package_with_a_folder_of_its_own_is_no_way_out(editor: Browser, instance: Instance) -> None:
    """spec/security 4.4: entries that lead out are refused with their name."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("../../etc/x.xml", "<a/>")

    send(editor, target.getvalue(), "paquete.zip", status=422)

    assert "../../etc/x.xml" in editor.page.text
    assert waiting(instance) == 0


@pytest.mark.slow
def test_a_file_of_questions_reads_no_lesson_and_no_medium_of_its_course(browser: Browser, instance: Instance) -> None:
    """A course of forty lessons costs no more statements and no more text than one of two."""
    costs = []
    browser.checks = False
    for key, lessons in (("prueba", 2), ("larga", 40)):
        files = folder(key, modules=1)
        files |= {f"01-parte/{at:02}-mas.es.md": LONG_LESSON.replace(b"KEY", b"mas-%d" % at) for at in range(10, 10 + lessons)}
        a_teacher(instance, publish(instance, files)[0], f"{key}@example.org")
        editor = sign_in(browser.another(), f"{key}@example.org")
        costs.append(_cost_of_bringing_in(editor, instance, f"/teaching/{key}/imports"))

    (few, text), (many, more_text) = costs
    assert many == few <= 40
    assert more_text < text + 20_000 < len(LONG_LESSON) * 38


LONG_LESSON = b"---\nkey: KEY\ntitle: Una lecci\xc3\xb3n\n---\n\n" + b"Es un texto largo que nadie lee para traer preguntas.\n\n" * 90


def _cost_of_bringing_in(editor: Browser, instance: Instance, address: str) -> tuple[int, int]:
    """Send a file and look at what it makes; return the statements and the characters that came out of the database."""
    editor.get(address)
    fields = {**dict(editor.page.form("/imports").fields), "format": "", "file": (BytesIO(GIFT), "preguntas.gift")}
    counter = every_statement(instance.database)
    with metered(instance.database) as meter:
        editor.path = address
        editor._request("POST", address, data=fields, content_type="multipart/form-data")
        editor._arrive(200)
    return len(counter.statements), meter.characters


@pytest.mark.slow
def test_categories_of_a_file_become_tags_unless_they_are_left_out(editor: Browser, instance: Instance) -> None:
    """Chosen beside the bank; another choice is another plan, which is shown before it is carried out."""
    send(editor, "$CATEGORY: $course$/top/Aportes\n\n::uno::¿Uno?{T}\n".encode())
    assert "aportes" in editor.page.text
    address, form = editor.path.split("?")[0], editor.page.form(editor.path.split("?")[0])

    editor.submit(address, {"bank": BANK, "categories": "leave"}, form=form, status=409)
    assert "tags: [aportes]" not in body(instance)
    editor.submit(address, {"bank": BANK, "categories": "tags"}, status=409)
    editor.submit(address, {"bank": BANK})

    assert "    tags: [aportes]\n" in body(instance)
