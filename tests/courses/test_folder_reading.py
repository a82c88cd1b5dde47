"""Files of a course folder: encoding, YAML, types, limits, names, media and uploads; hostile folders are answered with findings.

spec/content-format 1, C101 to C115, 12, C6xx.
"""

import io
import zlib

import pytest
from PIL import Image

from courses.content.media import prepared
from courses.content.model import Severity
from kernel import pictures
from kernel.errors import Invalid
from kernel.filetypes import KINDS
from kernel.i18n import reading as reading_in
from tests.support import folders
from tests.support.folders import (
    BANK,
    COURSE,
    GLOSSARY,
    LESSON,
    MODULE,
    OTHER_MODULE,
    PARAMETERS,
    QUIZ_FILE,
    RECORDING_FILE,
    RESOURCES,
    TWIN,
)
from tests.support.soon import within

LONG = "a" * 301


def test_the_sample_has_no_findings() -> None:
    """Every failing sample below differs from this folder by one change."""
    assert folders.findings(folders.a_folder()) == []


WRONG = [
    ("C102", MODULE, "es: Contar", "es: Contar: gotas", 3),
    ("C102", MODULE, "key: contar", "key: @contar", 1),
    ("C102", MODULE, "key: contar", "key: [contar", None),
    ("C103", MODULE, "key: contar\n", "key: contar\nkey: contar\n", 2),
    ("C104", MODULE, "key: contar", "key: &a contar", 1),
    ("C104", MODULE, "en: Counting", "en: *a", 4),
    ("C104", MODULE, "key: contar", "key: !!str contar", 1),
    ("C104", MODULE, "key: contar", "---\nkey: contar\n---\nkey: otro", None),
    ("C104", MODULE, "key: contar", "<<: {}\nkey: contar", 1),
    ("C104", MODULE, "key: contar", "? [a]\n: b\nkey: contar", None),
    ("C105", MODULE, "es: Contar", f"es: {LONG}", 3),
    ("C105", MODULE, "key: contar", f"key: contar\nx-deep: {'[' * 13}{']' * 13}", None),
    ("C106", BANK, "- right: 50 litros", "- right: 50 litros #uno", 15),
    ("C106", BANK, "    unit: litros\n    decimals", "    unit: #litros\n    decimals", None),
    ("C107", MODULE, "key: contar\n", "key: contar\ncolour: blue\n", 2),
    ("C108", OTHER_MODULE, "former_keys: [guardar]", "summry: Corto", 2),
    ("C108", BANK, "    difficulty: easy", "    dificulty: easy", None),
    ("C110", MODULE, "key: contar\n", "", 1),
    ("C110", COURSE, "licence: CC-BY-4.0\n", "", 2),
    ("C110", MODULE, "  es: Contar\n", "", None),
    ("C110", RESOURCES, "  url: https://example.org/manual\n", "", 2),
    ("C110", LESSON, "---\nkey", "key", 1),
    ("C110", RECORDING_FILE, "duration: 0:10\n", "", 1),
    ("C111", QUIZ_FILE, "attempts: 3", "attempts: tres", None),
    ("C111", QUIZ_FILE, "limit: 20 min", "limit: 20min", None),
    ("C111", OTHER_MODULE, "requires: [contar]", "requires: contar", None),
    ("C111", OTHER_MODULE, "opens: 2026-04-01 08:00", "opens: 2026-04-31", None),
    ("C111", OTHER_MODULE, "key: cuidar", "key: cuidar\nnumbered: yes", 2),
    ("C111", PARAMETERS, "value: 9.50", "value: 9,50", 2),
    ("C111", PARAMETERS, "year: 2025", "year: 25", None),
    ("C111", RESOURCES, "date: 2024-05", "date: mayo", None),
    ("C111", RESOURCES, "url: https://example.org/manual", "url: example.org", None),
    ("C111", RECORDING_FILE, "duration: 0:10", "duration: 10 s", None),
    ("C111", COURSE, "image: media/gota.png", "image: media/guia.txt", None),
    (
        "C111",
        COURSE,
        "summary:\n  es: Cuánta agua se usa en una casa y cómo se cuida.\n  en: How much water a home uses and how to care for it.",
        "summary: [a]",
        None,
    ),
    ("C112", COURSE, "level: basic", "level: easy", None),
    ("C112", COURSE, "licence: CC-BY-4.0", "licence: libre uso", None),
    ("C112", COURSE, "tone: 2", "tone: 2\ntimezone: America/Quito2", None),
    ("C112", RECORDING_FILE, "kind: audio", "kind: audo", None),
    ("C113", COURSE, "tone: 2", "tone: 9", None),
    ("C113", COURSE, "min: 20, max: 400", "min: 500, max: 400", None),
    ("C113", COURSE, "grade: 60", "grade: 160", None),
    ("C113", QUIZ_FILE, "attempts: 3", "attempts: -1", None),
    ("C105", COURSE, "licence: CC-BY-4.0", f"licence: {'a' * 2_001}", None),
    ("C111", COURSE, "  - name: Equipo del agua\n    role:\n      es: Redacción\n      en: Writing\n", "  - Equipo del agua\n", None),
    (
        "C111",
        COURSE,
        "  - category: cuestionarios\n    title:\n      es: Cuestionarios\n      en: Quizzes\n    weight: 100\n",
        "  - cuestionarios\n",
        None,
    ),
    ("C111", COURSE, "  es: El agua en casa", "  es: |\n    El agua\n    en casa", None),
    ("C111", COURSE, "  es: El agua en casa", "  es: [El agua]", None),
    ("C111", COURSE, "hours: 1", "hours: una", None),
    ("C111", COURSE, "key: agua-en-casa", "key: agua-en-casa\nformer_keys: [[a]]", None),
    ("C111", GLOSSARY, "  also:\n    es: [consumos]\n", "  also: [consumos]\n", None),
    ("C111", RESOURCES, "language: es", "language: español", None),
    ("C111", RESOURCES, "verified: 2026-02-01", "verified: ayer", None),
    ("C111", RECORDING_FILE, "captions:\n  es: media/charla.es.vtt", "captions: media/charla.es.vtt", None),
    ("C111", TWIN, "translated_from: ", "translated_from: x", None),
    ("C111", BANK, "    hints:\n", "    penalty: mucho\n    hints:\n", None),
    ("C111", BANK, "  - key: unidad\n", "  - unidad\n  - key: unidad\n", None),
    ("C111", BANK, "    text: ¿En qué unidad se cuenta?\n", "    text: [a]\n", None),
    ("C113", BANK, "    hints:\n", "    penalty: 2\n    hints:\n", None),
    ("C113", BANK, "{from: 2, to: 8, step: 1}", "{from: 2, to: 8, step: 0}", None),
    ("C113", BANK, "{from: 2, to: 8, step: 1}", "{from: 2, to: 8, step: 0.000001}", None),
    ("C113", BANK, "words: {min: 50, max: 150}", "words: {min: 50, max: 15}", None),
    ("C113", COURSE, "weight: 100", "weight: -1", None),
    ("C113", QUIZ_FILE, "limit: 20 min", "limit: 20000 d", None),
    ("C110", RESOURCES, "url: https://example.org/manual", "url: https://example.org/manual\n  file: media/guia.txt", None),
    ("C110", BANK, "tolerance: {relative: 0.01}", "tolerance: {absolute: 0.01}", None),
    ("C301", COURSE, "image_alt:\n  es: Una gota.\n  en: A drop.\n", "", None),
    ("C403", BANK, "    unit: litros\n    decimals", "    unit: litros\n    units: {litros: 1}\n    decimals", None),
    ("C115", COURSE, "format: 1", "format: 2", 2),
]


@pytest.mark.parametrize(("code", "path", "old", "new", "line"), WRONG)
def test_a_wrong_file_is_told_with_its_place(code: str, path: str, old: str, new: str, line: int | None) -> None:
    """spec/content-format 1.1 to 1.6 and the table of types."""
    found = folders.findings(folders.changed(path, old, new), code)

    assert [finding.file for finding in found][:1] == [path]
    assert line is None or found[0].line == line


def test_a_file_that_is_not_utf8_is_told_with_line_and_column() -> None:
    """spec/content-format 1.1, C101."""
    found = folders.findings(folders.with_file(GLOSSARY, b"consumo:\n  term: \xc1gua\n"), "C101")

    assert [(finding.line, finding.column) for finding in found] == [(2, 9)]


def test_a_text_with_zeros_is_not_utf8() -> None:
    """spec/content-format 1.1, C101: UTF-16 without a mark reads as letters with zeros between them."""
    found = folders.findings(folders.with_file(LESSON, "---\nkey: a\n".encode("utf-16-le")), "C101")

    assert [(finding.file, finding.line, finding.column) for finding in found] == [(LESSON, 1, 2)]


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n", "\r\n"), ("key: contar", "\ufeffkey: contar"), ("Contar", "Co\u0301ntar"), ("litres of a day.\n", "litres of a day.")],
)
def test_other_forms_of_text_are_accepted_and_told_once(old: str, new: str) -> None:
    """spec/content-format 1.1: CRLF, BOM, text outside NFC (spec/content-format C114)."""
    files = folders.a_folder()
    files[MODULE] = files[MODULE].decode().replace(old, new).encode()

    found = folders.findings(files)

    assert [(finding.code, finding.file) for finding in found] == [("C114", MODULE)]


def test_the_field_decides_the_type_and_never_the_spelling() -> None:
    """spec/content-format 1.3: 1935, yes, 56.70, 12:34 and dates are text in a text field."""
    for word in ("1935", "yes", "56.70", "12:34", "2026-12-01", "null", "0x10"):
        course = folders.course(folders.changed(MODULE, "es: Contar", f"es: {word}"))
        assert course.modules[0].title["es"] == word


def test_a_text_cut_at_a_comma_in_braces_is_a_language_that_does_not_exist() -> None:
    """spec/content-format 1.4, C210."""
    files = folders.changed(
        MODULE, "- es: Sumar los litros de un día.\n    en: Add up the litres of a day.", "- {es: Es 20,60 %, en: It is}"
    )

    found = folders.findings(files, "C210")

    assert [finding.line for finding in found] == [9]
    assert found[0].facts["language"] == "60 %"


def test_a_comment_after_a_space_cuts_nothing() -> None:
    """spec/content-format 1.4: `# ` is a comment, `#x` straight after text is an error."""
    assert "C106" not in folders.codes(folders.changed(MODULE, "key: contar", "key: contar  # la clave"))


def test_own_fields_are_never_told() -> None:
    """spec/content-format 1.5: `x-` fields are carried along."""
    assert folders.findings(folders.changed(BANK, "    note: Para colegas.", "    note: Para colegas.\n    x-origin: A1-01")) == []


def test_limits_of_files_and_lists() -> None:
    """spec/content-format 1.6, C105."""
    options = "".join(f"      - wrong: Uso {number}\n        why: No.\n" for number in range(30))
    assert "C105" in folders.codes(folders.changed(BANK, "    hints:", f"{options}    hints:"))
    assert "C105" in folders.codes(folders.with_file(LESSON, folders.a_folder()[LESSON] + b"a " * 60_000))
    assert "C105" in folders.codes(folders.with_file(GLOSSARY, b"# " + b"a" * 520_000 + b"\n" + folders.a_folder()[GLOSSARY]))
    many = folders.a_folder()
    many |= {f"media/a{number}.txt": b"a" for number in range(3_001)}
    assert "C105" in folders.codes(many)


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("01-contar/hoja.txt", Severity.WARNING),
        ("notas.yaml", Severity.WARNING),
        ("suelta/hoja.txt", Severity.WARNING),
        ("media/guía.txt", Severity.WARNING),
        ("media/guia uno.txt", Severity.WARNING),
        ("media/GUIA.txt", Severity.ERROR),
        ("02-cuidar/03-juego.scorm.yaml", Severity.ERROR),
        ("../fuera.txt", Severity.ERROR),
        ("/etc/hostname", Severity.ERROR),
    ],
)
def test_unknown_and_misnamed_files_are_told(path: str, severity: Severity) -> None:
    """spec/content-format 1.6 and spec/content-format 2, C109; a kind that is not known refuses the folder with its name."""
    found = folders.findings(folders.with_file(path, "key: juego\n"), "C109")

    assert [finding.severity for finding in found] == [severity]


@pytest.mark.parametrize("path", ["README.md", "verificar.md", "scripts/dibujo.py", "01-contar/.notas", ".editorconfig"])
def test_some_files_are_carried_along_and_never_read(path: str) -> None:
    """spec/content-format 2: dot files, README.md, verificar.md, scripts/."""
    assert folders.findings(folders.with_file(path, b"\xff\x00")) == []


def test_missing_course_module_and_lists() -> None:
    """spec/content-format 2: course.yaml and one module are needed, lists are not."""
    assert "C110" in folders.codes(folders.without(COURSE))
    assert "C110" in folders.codes(folders.without(MODULE))
    alone = {path: content for path, content in folders.a_folder().items() if "/" not in path or path.startswith("media/")}
    assert "C110" in folders.codes(alone)


def test_an_error_of_form_hides_the_course_and_one_of_text_does_not() -> None:
    """spec/content-format 12: C1xx and C2xx refuse import, the rest publishing."""
    assert folders.reading(folders.changed(COURSE, "tone: 2", "tone: 9")).course is None
    dead = folders.reading(folders.changed(LESSON, "course:cuidar", "course:nada"))
    assert dead.course is not None
    assert [finding.code for finding in dead.errors] == ["C305"]


def test_findings_are_sorted_and_speak_the_readers_language() -> None:
    """spec/content-format 12: all findings at once, sorted by file and line."""
    files = folders.changed(BANK, "        why: Es solo la ducha.\n", "", folders.changed(COURSE, "tone: 2", "tone: 9"))
    found = folders.findings(files)

    assert [(finding.file, finding.code) for finding in found] == [(BANK, "C402"), (COURSE, "C113")]
    with reading_in("en"):
        assert found[0].message == "question “total-del-dia”, options[2]: There is no feedback."
        assert found[0].fix == "Add “why:”."


SECONDS = 10

BOMB = "a: &a [x, x]\n" + "".join(f"a{n}: &b{n} [*a, *a]\n" for n in range(50))

YAML = {
    "aliases that multiply": BOMB,
    "brackets without end": "key: " + "[" * 5_000,
    "braces without end": "key: " + "{a: " * 5_000,
    "blocks within blocks": "".join(" " * n + "- a:\n" for n in range(200)),
    "a list at the root": "- key: contar\n",
    "a text at the root": "contar\n",
    "nothing": "",
    "only a comment": "# nada\n",
    "a control character": "key: cont\x00ar\n",
    "a tab": "key:\tcontar\n\ttitle: a\n",
    "a directive": "%YAML 1.1\n---\nkey: contar\n",
    "a question mark": "? key\n: contar\n",
    "a Python tag": "key: !!python/object/apply:os.system [id]\n",
    "many unknown fields": "".join(f"campo{n}: a\n" for n in range(20_000)),
    "a very long key": f"{'a' * 900}: b\n",
    "a line separator": "key: con\u2028tar\n",
}


@pytest.mark.parametrize("name", YAML)
@pytest.mark.parametrize("path", [MODULE, COURSE, BANK, GLOSSARY])
def test_hostile_yaml_is_answered_with_findings(name: str, path: str) -> None:
    """spec/content-format 1.1, 1.2 and 1.6."""
    files = folders.with_file(path, YAML[name])

    assert all(finding.message for finding in within(SECONDS, lambda: folders.findings(files)))


NUMBERS = ["9" * 5_000, "1e999999999", "-0", "0x10", "1/0", "inf", "nan", "1_000", "१२", "10" * 20, ""]


@pytest.mark.parametrize("number", NUMBERS)
def test_hostile_numbers_are_answered_with_findings(number: str) -> None:
    """Type `number`: exact, within limits."""
    for path, old, new in [
        (PARAMETERS, "value: 9.50", f"value: {number}"),
        (QUIZ_FILE, "attempts: 3", f"attempts: {number}"),
        (QUIZ_FILE, "limit: 20 min", f"limit: {number} min"),
        (QUIZ_FILE, "draw: 1", f"draw: {number}"),
        (BANK, "- right: 38\n      - wrong", f"- right: {number}\n      - wrong"),
        (BANK, "{from: 2, to: 8, step: 1}", f"{{from: 2, to: {number or 3}, step: 1}}"),
    ]:
        assert all(finding.message for finding in folders.findings(folders.changed(path, old, new)))


GIVEN_UP = [pytest.param(sign * 9_000, marks=pytest.mark.slow) for sign in ("[[", "![")]
"""Texts that are given up after two tries of a second each."""


@pytest.mark.parametrize("text", [*GIVEN_UP, "{{" * 9_000, "<!--" * 4_000, "$" * 19_000, "> " * 9_000, "*_" * 9_000, "{a}" * 6_000])
def test_hostile_texts_are_answered_soon(text: str) -> None:
    """spec/content-format 7, and names in braces of spec/content-format 8."""
    files = folders.changed(BANK, "text: La ducha usa {litros}", f"text: La ducha {text} usa {{litros}}")
    hostile = folders.changed(LESSON, "Marta cuenta", f"Marta {text} cuenta", files)

    within(SECONDS, lambda: folders.findings(hostile))


def test_a_circle_of_many_is_answered_soon() -> None:
    """spec/content-format 5, C207."""
    files = folders.a_folder()
    for number in range(10, 60):
        follower = 10 + (number - 9) % 50
        lesson = f"---\nkey: paso-{number}\ntitle: Paso\nrequires: [paso-{follower}]\n---\nTexto.\n"
        files[f"02-cuidar/{number}-paso.es.md"] = lesson.encode()

    assert len(folders.findings(files, "C207")) == 50


@pytest.mark.slow
def test_after_some_texts_that_take_too_long_the_others_are_not_tried() -> None:
    """spec/content-format 1.6: a text is given up after two tries of a second each, a folder after three of them."""
    files = folders.a_folder()
    slow = "[[" * 9_000
    questions = "".join(f"  - key: lenta-{number}\n    kind: description\n    text: 'a {slow}'\n" for number in range(20))
    files[BANK] = b"questions:\n" + questions.encode()

    found = within(SECONDS, lambda: folders.findings(files, "C105"))
    assert len([finding for finding in found if finding.file == BANK]) == 3


def test_signs_that_nobody_sees_are_taken_out_of_every_text() -> None:
    """spec/security 4.2: between double quotes YAML writes any sign, also halves of one, which no database takes."""
    files = folders.changed(COURSE, "es: El agua en casa", 'es: "El agua\\ud800 en\\0 ca\\u202Esa"')
    files = folders.changed(COURSE, "es: Contar el agua de un día.", 'es: "Contar el agua\\ud800 de un día."', files)
    course = folders.course(files)

    assert course.title["es"] == "El agua en casa"
    assert course.objectives[0]["es"] == "Contar el agua de un día."


@pytest.mark.parametrize(
    "moment", ["9999-12-31", "9999-12-31 18:30", "9999-12-31 23:00", "3000-01-01", "1899-12-31 23:59", "0001-01-01 00:00"]
)
def test_a_day_at_the_end_of_the_calendar_is_refused(moment: str) -> None:
    """spec/content-format C113, and no exception."""
    zone = folders.changed(
        COURSE, "closes: 2026-12-31", f"closes: {moment}\ntimezone: {'Asia/Tokyo' if moment[0] == '0' else 'America/Guayaquil'}"
    )
    found = folders.findings(zone, "C113")

    assert [finding.line for finding in found] == [32]


SVG = "01-contar/media/usos.svg"

CONTENTS = {
    "media/a.png": b"GIF89a",
    "media/a.jpg": b"\x89PNG\r\n\x1a\n",
    "media/a.pdf": b"PK\x03\x04",
    "media/a.docx": b"PK\x03\x04 xl/",
    "media/a.txt": b"\xff\xfe",
    "media/a.mp4": b"RIFF",
    "media/a.svg": b"<html>",
    "media/a.exe": b"MZ",
    "media/a.html": b"<html>",
}


@pytest.mark.parametrize("path", CONTENTS)
def test_content_that_is_not_what_the_name_says_is_refused(path: str) -> None:
    """spec/content-format C603: extension and first bytes agree, other kinds are not accepted."""
    assert "C603" in folders.codes(folders.with_file(path, CONTENTS[path]))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("a.jpg", b"\xff\xd8\xff\xe0"),
        ("a.gif", b"GIF89a"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBP"),
        ("a.pdf", b"%PDF-1.7"),
        ("a.docx", b"PK\x03\x04 word/document.xml"),
        ("a.odt", b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text"),
        ("a.mp3", b"\xff\xfb\x90"),
        ("a.m4a", b"\x00\x00\x00\x20ftypM4A "),
        ("a.ogg", b"OggS"),
        ("a.wav", b"RIFF\x00\x00\x00\x00WAVE"),
        ("a.mp4", b"\x00\x00\x00\x20ftypisom"),
        ("a.webm", b"\x1a\x45\xdf\xa3"),
        ("a.csv", b"uso;litros"),
    ],
)
def test_the_accepted_kinds_are_known_by_their_first_bytes(name: str, content: bytes) -> None:
    """spec/content-format C603, and C602 because nothing uses them."""
    assert {finding.code for finding in folders.findings(folders.with_file(f"media/{name}", content))} == {"C602"}


def test_files_that_are_too_large_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/content-format C604, limits of the security rules."""
    png = folders.a_folder()["media/gota.png"]
    assert "C604" in folders.codes(folders.with_file("media/gota.png", png + b"\x00" * KINDS["png"].limit))


def test_unused_and_missing_files_are_told() -> None:
    """spec/content-format C601 and C602."""
    assert [(finding.file, finding.code) for finding in folders.findings(folders.with_file("media/otra.txt", "hola"))] == [
        ("media/otra.txt", "C602")
    ]
    assert [finding.field for finding in folders.findings(folders.changed("course.yaml", "media/gota.png", "media/nada.png"), "C601")] == [
        "image"
    ]


@pytest.mark.parametrize("path", ["../course.yaml", "/etc/passwd", "../../media/gota.png", "../02-cuidar/media/x.svg", "media/"])
def test_paths_stay_in_the_places_for_media(path: str) -> None:
    """Type `path`: the module's media/ or the course's (spec/content-format C601)."""
    assert "C601" in folders.codes(folders.changed("01-contar/02-charla.recording.yaml", "../media/guia.txt", path))


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("C605", '<rect class="b1"', '<rect onload="x" class="b1"'),
        ("C605", '<rect class="b1"', '<image href="x"/><rect class="b1"'),
        ("C606", "<title>Usos del agua</title>\n", ""),
        ("C606", 'viewBox="0 0 320 40" ', ""),
    ],
)
def test_drawings_keep_to_the_allowed_elements(code: str, old: str, new: str) -> None:
    """spec/content-format 7, Figures in SVG."""
    assert SVG in [finding.file for finding in folders.findings(folders.changed(SVG, old, new), code)]


def test_media_are_listed_with_type_size_and_checksum() -> None:
    """The picture of the folder carries what publication needs."""
    found = {file.path: file for file in folders.course().media}

    assert found["media/guia.txt"].media_type == "text/plain"
    assert found["media/guia.txt"].size == 17
    assert len(found["media/guia.txt"].sha256) == 64
    assert LESSON not in found


def test_a_small_file_that_opens_into_a_huge_picture_is_an_error() -> None:
    """spec/security 4.3: points are capped, whatever the file's own size."""
    header = b"IHDR" + (8_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    huge = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + header + zlib.crc32(header).to_bytes(4, "big")
    huge += b"\x00\x00\x00\x00IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")

    assert "C604" in folders.codes(folders.with_file("media/foto.png", huge))
    assert "C604" not in folders.codes(folders.a_folder())


WORDS = {"alternative": "Algo", "caption": ""}


def test_a_file_above_its_limit_is_refused_with_both_sizes() -> None:
    """spec/security 4.3: the kinds' own limits."""
    with pytest.raises(Invalid) as refused:
        prepared("grande.png", b"\x89PNG\r\n\x1a\n" + bytes(10_000_001), folder="01-a/media", taken=(), **WORDS)

    assert refused.value.facts == {"size": 11, "limit": 10}


def test_a_name_becomes_one_that_works_everywhere_and_is_free() -> None:
    taken = ["01-a/media/mi-guia-n.PDF", "01-a/media/mi-guia-n-2.pdf"]

    upload = prepared("Mi guía (ñ).pdf", b"%PDF-1.4", folder="01-a/media", taken=taken, alternative="", caption="")

    assert upload.path == "01-a/media/mi-guia-n-3.pdf"
    assert upload.markdown == "[Mi guía (ñ).pdf](media/mi-guia-n-3.pdf)"


def test_a_picture_with_too_many_points_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 10)
    target = io.BytesIO()
    Image.new("RGB", (4, 3)).save(target, "PNG")

    with pytest.raises(Invalid, match="pixels"):
        pictures.cleaned(target.getvalue(), "png")


def test_a_picture_of_far_too_many_points_is_not_called_damaged() -> None:
    target = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(target, "PNG")

    with pytest.raises(Invalid, match="pixels"):
        pictures.cleaned(target.getvalue(), "png")


def test_a_turned_photograph_is_written_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.new("RGB", (4, 3)).save(target, "JPEG", exif=exif)

    with Image.open(io.BytesIO(pictures.cleaned(target.getvalue(), "jpg"))) as upright:
        assert upright.size == (3, 4)
        assert not dict(upright.getexif())
