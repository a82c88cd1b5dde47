"""spec/content-format 1: encoding, YAML, types, limits, names (spec/content-format C101 to C115)."""

import pytest

from courses.content.model import Severity
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
