"""Texts in their surroundings: links, terms, figures, length, placed in their files (spec/content-format 7, C3xx and C410)."""

import pytest

from courses.content.model import Severity
from tests.support import folders
from tests.support.folders import BANK, COURSE, GLOSSARY, LESSON, MODULE, OTHER_LESSON, PARAMETERS, RECORDING_FILE, TWIN

LAST = "Vea la [suma](#sumar),"
LAST_LINE = 27

BROKEN = [
    ("C301", "![Barra con dos partes: ducha y cocina.]", "![]", 13),
    ("C302", "\n: Dos usos de un día. | Elaboración propia\n", "", None),
    ("C303", " | Elaboración propia", "", None),
    ("C304", "## Sumar", "# Sumar", 9),
    ("C304", "## Sumar", "#### Sumar", 9),
    ("C305", "course:cuidar", "course:nada", LAST_LINE),
    ("C305", "course:cuidar", "course:llave#nada", LAST_LINE),
    ("C305", "course:charla#t=0:05", "course:charla#t=0:15", LAST_LINE),
    ("C305", "course:charla#t=0:05", "course:llave#t=0:05", LAST_LINE),
    ("C305", "](#sumar)", "](#nada)", LAST_LINE),
    ("C306", "[[consumo]]", "[[gasto]]", 7),
    ("C307", "{{ litros_ducha }}", "{{ litros }}", 7),
    ("C308", "[@manual, p. 3]", "[@nada]", 7),
    ("C308", "resource:guia", "resource:nada", LAST_LINE),
    ("C309", "$a + b$", r"$\frac{a$", None),
    ("C310", "Marta cuenta", "<b>Marta</b> cuenta", 7),
    ("C311", "[!CHECK] ¿Cuánto suma el día?", "[!CHECK]", None),
    ("C312", "\n: Litros de un día en casa de Marta.\n", "", None),
    ("C313", "Marta cuenta", "Marta[^9] cuenta", 7),
    ("C314", "{#sumar}", "{#sumar .rojo}", 9),
    ("C315", "![Barra con dos partes: ducha y cocina.](media/usos.svg){#usos}", "Vea ![Barra.](media/usos.svg) aquí.", 13),
    ("C317", "Cincuenta litros.", "Cuesta $5 y luego $6.", None),
    ("C318", "](#sumar)", "](ftp://example.org)", LAST_LINE),
    ("C319", "[suma](#sumar)", "[aquí](#sumar)", LAST_LINE),
    ("C321", "día.\n\n## Sumar", "día.\n- uno\n- dos\n\n## Sumar", None),
    ("C601", "(media/usos.svg)", "(media/nada.svg)", 13),
]


@pytest.mark.parametrize(("code", "old", "new", "line"), BROKEN)
def test_a_broken_lesson_is_told_with_the_line_of_the_file(code: str, old: str, new: str, line: int | None) -> None:
    """spec/content-format 7; lines count from the beginning of the file, front matter included."""
    found = [finding for finding in folders.findings(folders.changed(LESSON, old, new), code) if finding.file == LESSON]

    assert found
    assert line is None or line in [finding.line for finding in found]


IN_FIELDS = [
    ("C306", BANK, "explanation: 38 + 12 = 50.", "explanation: Es [[gasto]]."),
    ("C307", BANK, "explanation: 38 + 12 = 50.", "explanation: Son {{ nada }}."),
    ("C309", BANK, "explanation: 38 + 12 = 50.", r"explanation: Son $\frac{a$."),
    ("C305", BANK, "explanation: 38 + 12 = 50.", "explanation: Vea [esto](course:litros#nada)."),
    ("C306", GLOSSARY, "es: Agua que una casa", "es: Agua [[nada]] que una casa"),
    ("C310", MODULE, "es: De gotas a litros.", "es: De <b>gotas</b> a litros."),
    ("C318", COURSE, "es: Contar el agua de un día.", "es: Contar [el agua](ftp://example.org)."),
]


@pytest.mark.parametrize(("code", "path", "old", "new"), IN_FIELDS)
def test_texts_of_fields_are_checked_in_their_place(code: str, path: str, old: str, new: str) -> None:
    """spec/content-format 7 holds for inline and Markdown fields too."""
    files = folders.changed(path, old, new)
    line = files[path].decode().split(new)[0].count("\n") + 1

    assert [(finding.file, finding.line) for finding in folders.findings(files, code)] == [(path, line)]


def test_a_finding_in_a_block_of_several_lines_has_its_own_line() -> None:
    """spec/content-format 12: the line inside a literal block."""
    found = folders.findings(folders.changed(BANK, "Explique dónde se pierde agua.", "Explique [[nada]]."), "C306")

    lines = folders.a_folder()[BANK].decode().split("\n")
    assert [finding.line for finding in found] == [lines.index("      Explique dónde se pierde agua.") + 1]


@pytest.mark.parametrize(
    ("old", "new"),
    [("litros#sumar", "litros#nada"), ("litros#sumar", "nada"), ("charla#t=0:05", "charla#t=0:15"), ("charla#t=0:05", "litros#t=0:05")],
)
def test_references_of_questions_lead_somewhere(old: str, new: str) -> None:
    """Type `see`: activity, heading, second within the recording (spec/content-format C305)."""
    found = folders.findings(folders.changed(BANK, f"{old}", new), "C305")

    assert [finding.file for finding in found] == [BANK]


def test_a_link_to_what_is_not_published_is_told_and_keeps_nobody_from_publishing() -> None:
    """spec/content-format 5, `state`, and C305; of links in drafts nothing is told: nobody sees them."""
    files = folders.changed(RECORDING_FILE, "kind: audio\n", "state: draft\nkind: audio\n")
    files = folders.changed(MODULE, "es: De gotas", "es: De [gotas](course:charla)", files)

    found = folders.findings(files, "C305")
    without_lesson = folders.findings(folders.changed(LESSON, "preview: true", "state: draft\npreview: true", files), "C305")
    without_module = folders.findings(folders.changed(MODULE, "key: contar\n", "key: contar\nstate: draft\n", files), "C305")

    lines = {(finding.file, finding.line) for finding in found}
    assert lines == {(LESSON, 27), (LESSON, 29), (TWIN, 26), (TWIN, 28), (BANK, 25), (MODULE, 6)}
    assert {finding.severity for finding in found} == {Severity.WARNING}
    assert {finding.file for finding in without_lesson} == {BANK, MODULE}
    assert without_module == []


def test_a_lesson_keeps_to_the_length_of_the_course() -> None:
    """spec/content-format 6, C316: each language, `required: false` aside."""
    files = folders.changed(COURSE, "min: 20", "min: 40")
    assert {finding.file for finding in folders.findings(files, "C316")} == {OTHER_LESSON, "02-cuidar/01-llave.en.md"}
    free = folders.changed(OTHER_LESSON, "minutes: 2", "required: false\nminutes: 2", files)
    assert folders.findings(free, "C316") == []


def test_a_term_that_no_text_uses_is_told() -> None:
    """spec/content-format 5, C320."""
    files = folders.changed(LESSON, "[[consumo]]", "consumo", folders.changed(TWIN, "[[use]]", "use"))

    assert [(finding.file, finding.line) for finding in folders.findings(files, "C320")] == [(GLOSSARY, 1)]


def test_only_ready_questions_that_decide_no_mark_are_embedded() -> None:
    """spec/content-format 7, Embed (spec/content-format C410)."""
    assert {
        finding.file for finding in folders.findings(folders.changed(LESSON, "question:repaso", "question:la-lluvia-cuenta"), "C410")
    } == {LESSON}
    draft = folders.changed(BANK, "  - key: repaso\n    kind: short\n", "  - key: repaso\n    kind: short\n    state: draft\n")
    assert {finding.file for finding in folders.reading(draft).errors} == {LESSON, TWIN}
    assert {finding.file for finding in folders.reading(folders.changed(LESSON, "question:repaso", "question:nada")).errors} == {LESSON}


def test_parameters_with_year_and_number_are_known() -> None:
    """spec/content-format 7, Parameter (spec/content-format C307)."""
    assert folders.codes(folders.changed(LESSON, "{{ litros_ducha }}", "{{ litros_ducha.number }} y {{ litros_ducha.year }}")) == {"C703"}
    assert folders.findings(folders.changed(PARAMETERS, "litros_ducha", "litros_bano"), "C307")
