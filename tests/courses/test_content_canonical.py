"""The canonical form (spec/content-format 11)."""

import pytest

from courses.content.reader import format_folder
from tests.support import folders
from tests.support.folders import (
    BANK,
    COURSE,
    KINDS,
    LESSON,
    MODULE,
    OTHER_LESSON,
    OTHER_MODULE,
    PARAMETERS,
    PARTS,
    QUIZ_FILE,
    TODAY,
    Files,
)


def formatted(files: Files) -> Files:
    """Return the folder in canonical form."""
    return {**files, **format_folder(files, KINDS, PARTS, today=TODAY)}


FORMS = [
    (MODULE, "es: Contar\n  en: Counting", "en: Counting\n  es: Contar"),
    (MODULE, "title:\n  es: Contar\n  en: Counting", "title: {es: Contar, en: Counting}"),
    (MODULE, "key: contar\ntitle:\n  es: Contar\n  en: Counting\n", "title:\n  es: Contar\n  en: Counting\nkey: contar\n"),
    (MODULE, "objectives:\n  - es: Sumar los litros de un día.\n    en:", "objectives:\n- es: Sumar los litros de un día.\n  en:"),
    (MODULE, "es: Contar", "es: 'Contar'"),
    (MODULE, "es: Contar", 'es: "Contar"'),
    (MODULE, "es: De gotas a litros.", "es: De gotas\n    a litros."),
    (MODULE, "es: De gotas a litros.", "es: >\n    De gotas\n    a litros."),
    (MODULE, "key: contar\n", "key: contar\n\n\n"),
    (MODULE, "key: contar\n", "key: contar\nnumbered: true\nrequires:\n"),
    (COURSE, "languages: [es, en]", "languages:\n  - es\n  - en"),
    (COURSE, "# Un curso breve que usa el formato entero.\n", "---\n# Un curso breve que usa el formato entero.\n"),
    (COURSE, "completion: {modules: [contar], grade: 60}", "completion:\n  modules:\n    - contar\n  grade: 60"),
    (PARAMETERS, "value: 9.50  # por minuto", "value:   9.50 # por minuto"),
    (QUIZ_FILE, "pause: {first: 30 min, later: 24 h}", "pause:\n  first: 30 min\n  later: 24 h"),
    (QUIZ_FILE, "attempts: 3\n", "attempts: 3\npass_mark: 70\n"),
    (BANK, "  - key: usos-que-suman\n", "  -\n    key: usos-que-suman\n"),
    (BANK, "\n  - key: usos-que-suman", "  - key: usos-que-suman"),
    (BANK, "source: ['manual, p. 3']", "source: [ 'manual, p. 3' ]"),
    (COURSE, "words: {min: 20, max: 400}", "words:\n  min: 20\n  max: 400"),
    (COURSE, "languages: [es, en]\n", "languages: [es, en]\ntimezone: America/Guayaquil\n"),
    (COURSE, "    weight: 100\n", "    weight: 100\n    drop_lowest: 0\n"),
    (OTHER_LESSON, "completion: viewed\n", "completion: 'viewed'\n"),
]


@pytest.mark.parametrize(("path", "canonical", "other"), FORMS)
def test_other_forms_are_told_and_brought_into_canonical_form(path: str, canonical: str, other: str) -> None:
    """spec/content-format 11.1 to 11.3: accepted, told once a file (spec/content-format C114), and written as the sample is."""
    files = folders.changed(path, canonical, other)

    assert [(finding.file, finding.code) for finding in folders.findings(files)] == [(path, "C114")]
    assert formatted(files)[path].decode() == folders.a_folder()[path].decode()


@pytest.mark.parametrize(
    ("path", "key", "gap"), [(COURSE, "key: agua-en-casa\n", ""), (MODULE, "key: contar\n", ""), (BANK, "  - key: unidad\n", "    ")]
)
def test_the_former_name_of_former_keys_is_reported_and_not_written_again(path: str, key: str, gap: str) -> None:
    """spec/content-format 3.2, C116: folders of 0.1 call the field `was`."""
    files = folders.changed(path, key, f"{key}{gap}was: [antes]\n")

    assert {(finding.file, finding.code) for finding in folders.findings(files)} == {(path, "C116"), (path, "C114")}
    assert formatted(files) == folders.changed(path, key, f"{key}{gap}former_keys: [antes]\n")


def test_both_names_of_former_keys_in_one_file_are_read_together() -> None:
    files = folders.changed(OTHER_MODULE, "former_keys: [guardar]", "was: [cuido]\nformer_keys: [guardar]")
    course = folders.reading(files).course

    assert course is not None
    assert course.modules[1].former_keys == ("guardar", "cuido")


def test_the_canonical_form_does_not_change_again() -> None:
    """The sample is canonical and stays so."""
    assert format_folder(folders.a_folder(), KINDS, PARTS, today=TODAY) == {}


def test_comments_move_with_what_they_stand_at() -> None:
    """spec/content-format 11.3: a comment above an entry belongs to it, one beside too."""
    files = folders.changed(
        MODULE,
        "key: contar\ntitle:\n  es: Contar\n",
        "# El título.\ntitle:\n  # Castellano.\n  es: Contar  # corto\nkey: contar # la clave\n# Resumen.\n",
    )
    files[MODULE] = files[MODULE].replace(
        b"key: contar # la clave\n# Resumen.\n  en: Counting\n", b"  en: Counting\nkey: contar # la clave\n# Resumen.\n"
    )

    written = formatted(files)[MODULE].decode()

    assert written.startswith(
        "key: contar  # la clave\n# El título.\ntitle:\n  # Castellano.\n  es: Contar  # corto\n  en: Counting\n# Resumen.\nsummary:\n"
    )


def test_own_and_unknown_fields_stay_and_stand_last() -> None:
    """spec/content-format 1.5 and 11.1."""
    files = folders.changed(MODULE, "key: contar\n", "x-nota: a\nkey: contar\ncolour: blue\n")

    assert formatted(files)[MODULE].decode().endswith("x-nota: a\ncolour: blue\n")


def test_texts_are_quoted_only_where_reading_needs_it() -> None:
    """spec/content-format 1.4 and 11.2."""
    for text, written in [
        ("'a: b'", "'a: b'"),
        ("'¿a?'", "¿a?"),
        ("'-5'", "-5"),
        ("'- a'", "'- a'"),
        ("'it''s'", "it's"),
        ("'a #b'", "'a #b'"),
        ("'[a]'", "'[a]'"),
        ("'a, [b]'", "a, [b]"),
    ]:
        lines = formatted(folders.changed(MODULE, "es: Contar", f"es: {text}"))[MODULE].decode().split("\n")
        assert lines[2] == f"  es: {written}"


def test_lessons_keep_their_body_byte_for_byte() -> None:
    """spec/content-format 11.4."""
    files = folders.changed(LESSON, "title: Los litros de un día", "title: 'Los litros de un día'")
    body = files[LESSON].split(b"---\n", 2)[2]

    assert formatted(files)[LESSON] == folders.a_folder()[LESSON]
    assert formatted(files)[LESSON].endswith(body)


def test_files_with_errors_stay_as_they_are() -> None:
    """What cannot be read is not rewritten."""
    files = folders.changed(MODULE, "key: contar", "key: &a 'contar'")

    assert formatted(files)[MODULE] == files[MODULE]


def test_the_fields_of_draws_are_kept_in_canonical_form() -> None:
    """spec/selection 1, spec/content-format 11: a folder that is exported and imported again has them as they were written."""
    own = ("level: apply", "family: usos", "enemies: [repaso]", "only: [cuestionario-contar]", "expected: 62.5")
    lines = "  - {weight: 100, difficulty: easy, tolerance: 100}\n"
    files = folders.changed(BANK, "    kind: multiple\n", "".join(f"    {line}\n" for line in ("kind: multiple", *own)))
    files = folders.changed(QUIZ_FILE, "pause:", f"blueprint:\n{lines}balance: {{within: 2, target: 60}}\npause:", files)
    before, after = folders.reading(files).course, folders.reading(formatted(files)).course

    assert before is not None
    assert after is not None
    assert [one.settings for one in after.activities()] == [one.settings for one in before.activities()]
    assert after.parts == before.parts
    assert "".join(f"    {line}\n" for line in own) in formatted(files)[BANK].decode()
    assert "balance: {within: 2, target: 60}" in formatted(files)[QUIZ_FILE].decode()
