"""Keys, references, order, completion, texts in their surroundings and figures (spec/content-format 2 to 7).

spec/content-format 2 to 5, C201 to C214, 7, C3xx, C410, 5.
"""

import re
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from courses import publishing
from courses.content.layout import vanished
from courses.content.lists import changed_parameters, list_uses
from courses.content.mapping_cursor import slug
from courses.content.model import CompletionRule, CourseFolder, FolderKind, LessonSettings, Severity, Visibility, WordRange
from courses.publishing import check
from lms.app import KINDS
from tests.support import folders
from tests.support.folders import (
    BANK,
    COURSE,
    GLOSSARY,
    LESSON,
    MODULE,
    OTHER_LESSON,
    OTHER_MODULE,
    PARAMETERS,
    QUIZ_FILE,
    RECORDING_FILE,
    RESOURCES,
    TODAY,
    TWIN,
)

WRONG = [
    ("C201", MODULE, "key: contar", "key: Contar"),
    ("C201", MODULE, "key: contar", f"key: {'a' * 65}"),
    ("C201", OTHER_MODULE, "former_keys: [guardar]", "former_keys: [guardar-]"),
    ("C201", PARAMETERS, "litros_ducha:", "litros-ducha:"),
    ("C201", GLOSSARY, "consumo:\n", "Consumo:\n"),
    ("C202", QUIZ_FILE, "key: cuestionario-contar", "key: contar"),
    ("C202", BANK, "key: usos-que-suman", "key: total-del-dia"),
    ("C202", GLOSSARY, "consumo:\n", "gasto:\n  term:\n    es: Consumos\n    en: Spending\n  definition: Otro.\nconsumo:\n"),
    (
        "C202",
        COURSE,
        "  - category: cuestionarios",
        "  - category: cuestionarios\n    title: A\n    weight: 1\n  - category: cuestionarios",
    ),
    ("C203", BANK, "source: [manual]", "source: [manul]"),
    ("C203", PARAMETERS, "source: [manual]", "source: [nada]"),
    ("C203", OTHER_MODULE, "requires: [contar]", "requires: [nada]"),
    ("C203", QUIZ_FILE, "question: aviso", "question: nada"),
    ("C203", QUIZ_FILE, "    tags: [sumas]", "    from: [nada]"),
    ("C203", QUIZ_FILE, "category: cuestionarios", "category: nada"),
    ("C203", RECORDING_FILE, "file: ../media/guia.txt", "resource: nada"),
    ("C203", BANK, "answer: si", "answer: quizas"),
    ("C204", OTHER_MODULE, "former_keys: [guardar]", "former_keys: [litros]"),
    ("C204", BANK, "  - key: unidad\n", "  - key: unidad\n    former_keys: [minutos]\n"),
    ("C202", OTHER_LESSON, "minutes: 2", "former_keys: [guardar]\nminutes: 2"),
    ("C207", MODULE, "key: contar\n", "key: contar\nrequires: [cuidar]\n"),
    ("C207", LESSON, "preview: true", "requires: [contar]"),
    ("C208", COURSE, "opens: 2026-03-01", "opens: 2027-03-01"),
    ("C208", OTHER_MODULE, "opens: 2026-04-01 08:00", "opens: 2026-04-01 08:00\ncloses: 2026-03-01"),
    ("C209", COURSE, "modules: [contar]", "modules: [nada]"),
    ("C209", OTHER_MODULE, "requires: [contar]", "requires: [contar]\ncompletion: 2"),
    ("C209", QUIZ_FILE, "limit: 20 min", "limit: 20 min\ncompletion: {attempted: 4}"),
    ("C209", QUIZ_FILE, "limit: 20 min", "limit: 20 min\npass_mark: none\ncompletion: passed"),
    ("C209", QUIZ_FILE, "attempts: 3\n", "completion: passed_or_used\n"),
    ("C209", COURSE, "weight: 100", "weight: 0"),
    ("C210", COURSE, "languages: [es, en]", "languages: [es, en, fr]"),
    ("C210", MODULE, "en: Counting", "fr: Compter"),
    ("C212", TWIN, "title: The", "preview: true\ntitle: The"),
    ("C214", BANK, "- Nada\n      - Mucho", "- ≥\n      - Mucho"),
    ("C214", BANK, "- right: 50 litros\n", "- right: −38 litros\n"),
]


@pytest.mark.parametrize(("code", "path", "old", "new"), WRONG)
def test_a_wrong_structure_is_told_in_its_file(code: str, path: str, old: str, new: str) -> None:
    """spec/content-format 3 to 5."""
    found = folders.findings(folders.changed(path, old, new), code)

    assert path in [finding.file for finding in found]
    assert all(finding.line for finding in found)


def test_the_same_key_twice_names_both_places() -> None:
    """spec/content-format 3.1, C202."""
    found = folders.findings(folders.changed(BANK, "key: usos-que-suman", "key: total-del-dia"), "C202")

    assert found[0].facts["file"] == BANK
    assert found[0].facts["line"] == "9"


def test_prefixes_are_needed_and_unique() -> None:
    """spec/content-format 2: two digits, unique among neighbours, twins aside (spec/content-format C205)."""
    files = folders.a_folder()
    files["01-contar/90-otra.es.md"] = files["02-cuidar/01-llave.es.md"].replace(b"key: llave", b"key: otra")
    files["01-contar/otra-mas.es.md"] = files["02-cuidar/01-llave.es.md"].replace(b"key: llave", b"key: otra-mas")

    assert sorted(finding.file for finding in folders.findings(files, "C205")) == ["01-contar/90-otra.es.md", "01-contar/otra-mas.es.md"]


def test_modules_without_activities_are_errors_and_without_required_ones_warnings() -> None:
    """spec/content-format 5, C206."""
    empty = [path for path in folders.a_folder() if path.startswith("02-cuidar/") and path != OTHER_MODULE]
    assert [finding.severity for finding in folders.findings(folders.without(*empty), "C206")] == [Severity.ERROR]
    optional = folders.changed(OTHER_LESSON, "minutes: 2", "required: false\nminutes: 2")
    assert [finding.severity for finding in folders.findings(optional, "C206")] == [Severity.WARNING]
    aimless = folders.changed(OTHER_MODULE, "objectives:\n  - es: Cerrar la llave.\n    en: Turn off the tap.\n", "")
    assert [finding.severity for finding in folders.findings(aimless, "C206")] == [Severity.WARNING]
    test_module = folders.changed(OTHER_MODULE, "objectives:\n  - es: Cerrar la llave.\n    en: Turn off the tap.\n", "numbered: false\n")
    assert folders.findings(test_module, "C206") == []


@pytest.mark.parametrize("body", ["", "\n \n", "<!-- por escribir -->\n"])
@pytest.mark.parametrize("path", [OTHER_LESSON, TWIN, "02-cuidar/02-nueva.es.md"])
def test_a_lesson_whose_page_would_be_blank_is_not_published(path: str, body: str) -> None:
    """spec/content-format 6, C322: in any language; one that is hidden may wait for its text."""
    files = folders.a_folder()
    head = files[path].decode().split("---\n")[1] if path in files else "key: nueva\ntitle: Nueva\n"
    blank = folders.with_file(path, f"---\n{head}---\n{body}")

    assert [(finding.file, finding.severity) for finding in folders.findings(blank, "C322")] == [(path, Severity.ERROR)]
    hidden = folders.with_file("02-cuidar/02-nueva.es.md", f"---\nkey: nueva\ntitle: Nueva\nstate: draft\n---\n{body}")
    assert folders.findings(hidden, "C322") == []


@pytest.mark.parametrize(
    "body", ["Cierre la llave.\n", "![Una llave](../media/llave.svg)\n\n: Una llave. | Marta\n", "[[recording:charla]]\n"]
)
def test_a_lesson_that_shows_anything_is_not_empty(body: str) -> None:
    head = folders.a_folder()[OTHER_LESSON].decode().split("---\n")[1]

    assert folders.findings(folders.with_file(OTHER_LESSON, f"---\n{head}---\n{body}"), "C322") == []


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ("opens: 2026-03-09 08:00\ncloses: 2026-03-20", [("opens", Severity.ERROR)]),
        ("opens: 2026-03-08 12:00", [("opens", Severity.ERROR)]),
        ("opens: 2026-03-01\ncloses: 2026-03-09", [("closes", Severity.WARNING)]),
        ("opens: 2026-03-01\ncloses: 2026-03-08 12:00", []),
    ],
)
def test_a_quiz_that_its_module_closes_before_its_own_dates_is_told(dates: str, told: list[tuple[str, Severity]]) -> None:
    """spec/content-format 5, C208: a quiz that could not open is an error; where it closes earlier than it says,
    the module's date holds.
    """
    files = folders.changed(MODULE, "key: contar\n", "key: contar\ncloses: 2026-03-08 12:00\n")
    files = folders.changed(QUIZ_FILE, "key: cuestionario-contar\n", f"key: cuestionario-contar\n{dates}\n", files)

    found = folders.findings(files, "C208")

    assert [(finding.file, finding.field, finding.severity) for finding in found] == [(QUIZ_FILE, *one) for one in told]


def test_what_is_read_may_close_after_its_module() -> None:
    """spec/content-format 5, C208: lessons and recordings stay readable when their module closes."""
    files = folders.changed(MODULE, "key: contar\n", "key: contar\ncloses: 2026-03-08\n")

    assert folders.findings(folders.changed(LESSON, "preview: true", "opens: 2026-03-10\npreview: true", files), "C208") == []


def test_a_grade_where_nothing_is_graded_cannot_be_reached() -> None:
    """spec/content-format 5, C209."""
    found = folders.findings(folders.changed(QUIZ_FILE, "category: cuestionarios", "weight: 0"), "C209")

    assert [(finding.file, finding.field) for finding in found] == [(COURSE, "completion.grade")]


def test_a_requirement_on_a_draft_cannot_be_met() -> None:
    """spec/content-format 5, C209."""
    files = folders.changed(COURSE, "{modules: [contar], grade: 60}", "{grade: 60}")
    files = folders.changed(MODULE, "key: contar\n", "key: contar\nstate: draft\n", files)

    assert [finding.file for finding in folders.findings(files, "C209")] == [OTHER_MODULE]


def test_twins_need_a_source_and_a_language_of_the_course() -> None:
    """spec/content-format 4.3, C211, spec/content-format 4.1, C210."""
    alone = {path: content for path, content in folders.a_folder().items() if path != OTHER_LESSON}
    assert [finding.file for finding in folders.findings(alone, "C211")] == ["02-cuidar/01-llave.en.md"]
    french = folders.with_file("02-cuidar/01-llave.fr.md", folders.a_folder()[TWIN])
    assert [finding.file for finding in folders.findings(french, "C210")] == ["02-cuidar/01-llave.fr.md"]


def test_a_published_key_that_vanished_is_told_unless_a_former_key_names_it() -> None:
    """spec/content-format 3.2, C213."""
    found = vanished(["contar", "guardar", "litros", "perdida"], folders.course())

    assert [(finding.code, finding.facts["key"]) for finding in found] == [("C213", "perdida")]


def test_keys_derived_from_texts() -> None:
    """spec/content-format 3.3: accents dropped, lower case, others to hyphens, cut at 40, no hyphens at the ends."""
    assert slug("¿Acceso a la atención de salud esencial, siempre?") == "acceso-a-la-atencion-de-salud-esencial-s"
    assert slug("Ñandú: 34,8 %") == "nandu-34-8"
    assert slug("−5") == slug("5") == "5"
    assert slug("≥") == ""
    assert slug("a" * 39 + " b") == "a" * 39


def test_a_folder_of_banks_holds_questions_and_lists_only() -> None:
    """spec/content-format 5: with `kind: bank` only key, title, languages, authors and licence besides."""
    head = "format: 1\nkind: bank\nkey: banco-del-agua\ntitle: Banco\nauthors:\n  - name: Equipo\nlicence: CC-BY-4.0\n"
    files = {COURSE: head.encode(), "banco/uno.yaml": b"questions:\n  - key: hola\n    kind: description\n    text: Hola.\n"}

    assert folders.findings(files) == []
    assert folders.course(files).kind is FolderKind.BANK
    assert "C107" in folders.codes({**files, COURSE: f"{head}tone: 2\n".encode()})


def test_defaults_are_what_is_not_written() -> None:
    """spec/content-format 5, defaults."""
    files = folders.changed(COURSE, "words: {min: 20, max: 400}\nlevel: basic\ntopic: hogar\ntone: 2\n", "")
    course = folders.reading(files).course

    assert course is not None
    assert (course.words, course.level, course.tone, course.timezone) == (WordRange(600, 1100), None, None, "America/Guayaquil")


def test_a_course_without_rules_of_style_is_not_held_against_them() -> None:
    """spec/content-format 5: length, objectives, sources, feedback and credits are the institution's style, nothing else is."""
    files = folders.changed(COURSE, "words: {min: 20, max: 400}\n", "words: {min: 399, max: 400}\n")
    files = folders.changed(folders.BANK, "        why: Es solo la ducha.\n", "", files)
    files = {path: text.replace(" | Elaboración propia".encode(), b"") for path, text in files.items()}
    files = folders.changed("02-cuidar/module.yaml", "objectives:", "x-objectives:", files)
    free = folders.changed(COURSE, "words:", "style_rules: false\nwords:", files)
    style = {"C206", "C303", "C316", "C402"}

    assert style <= folders.codes(files)
    assert not style & folders.codes(free)
    assert folders.codes(free) - {"C114"} == folders.codes(files) - style - {"C114"}
    assert folders.reading(free).course is not None


def test_everything_that_is_written_is_read() -> None:
    """spec/content-format 2 and 5: the picture of the sample."""
    course = folders.course()

    assert (course.key, course.languages, course.hours, course.tone) == ("agua-en-casa", ("es", "en"), Fraction(1), 2)
    assert course.closes == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert [module.key for module in course.modules] == ["contar", "cuidar"]
    assert [activity.key for activity in course.activities()] == ["litros", "charla", "cuestionario-contar", "llave", "video"]
    assert [activity.completion.rule for activity in course.activities()] == [
        CompletionRule.MARKED,
        CompletionRule.WATCHED,
        CompletionRule.PASSED,
        CompletionRule.VIEWED,
        CompletionRule.MARKED,
    ]
    assert course.modules[1].former_keys == ("guardar",)
    assert course.modules[1].opens == datetime(2026, 4, 1, 13, tzinfo=UTC)
    assert course.parameters[0].written == "9.50"
    assert [file.path for file in course.media][-2:] == ["media/gota.png", "media/guia.txt"]
    assert course.resources[0].dated == "2024-05"
    lesson = next(course.activities())
    assert isinstance(lesson.settings, LessonSettings)
    assert lesson.title == {"es": "Los litros de un día", "en": "The litres of a day"}


def test_a_topic_unknown_to_the_site_is_a_warning() -> None:
    """spec/content-format 5."""
    (found,) = folders.reading(folders.a_folder(), topics=("salud", "hogares-y-familia", "pensiones")).findings
    assert (found.code, found.severity, found.line) == ("C901", Severity.WARNING, 17)
    assert "«hogar»" in found.message
    assert "hogares-y-familia" in found.fix
    assert folders.reading(folders.a_folder(), topics=("hogar",)).findings == ()


def test_a_certificate_that_is_no_template_of_the_program_warns_in_a_folder_and_is_looked_up_on_a_site() -> None:
    """spec/content-format 5: a site may have a template of its own by this name."""
    files = folders.a_folder()
    files = {**files, COURSE: files[COURSE] + b"certificate: costancia\n"}
    (found,) = folders.reading(files).findings
    checked = check(files, KINDS, today=folders.TODAY)

    assert (found.code, found.severity) == ("C902", Severity.WARNING)
    assert "costancia" in found.message
    assert "constancia" in found.fix
    assert checked.findings == ()
    assert checked.course is not None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("public", []),
        ("staff", []),
        ("participants", ["C114"]),
        ("institution", ["C903"]),
    ],
)
def test_who_finds_a_course_is_one_of_three_and_an_old_name_is_told(written: str, told: list[str]) -> None:
    """spec/content-format 5: `institution` is the old name of `participants`, which are meant where nothing is written."""
    files = folders.changed(COURSE, "visibility: public", f"visibility: {written}")
    reading = folders.reading(files)

    assert reading.course is not None
    assert reading.course.visibility == written
    assert [one.code for one in reading.findings] == told
    unsaid = folders.reading(folders.changed(COURSE, "visibility: public\n", "")).course
    assert unsaid is not None
    assert unsaid.visibility is Visibility.PARTICIPANTS


@pytest.mark.parametrize(
    ("written", "units", "audiences"),
    [
        ("staff\nstaff_of: [GYE, 01-13]", ("GYE", "01-13"), ()),
        ("staff\nstaff_of: [GYE, GYE]", ("GYE",), ()),
        ("audience\naudiences: [inspectores, choferes-2026]", (), ("inspectores", "choferes-2026")),
    ],
)
def test_units_and_audiences_narrow_who_finds_a_course(written: str, units: tuple[str, ...], audiences: tuple[str, ...]) -> None:
    """spec/compulsory 2.7 and spec/content-format 5."""
    reading = folders.reading(folders.changed(COURSE, "visibility: public", f"visibility: {written}"))

    assert reading.course is not None
    assert [one.code for one in reading.findings] == []
    assert (reading.course.staff_of, reading.course.audiences) == (units, audiences)


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("staff\nstaff_of: []", "staff_of"),
        ("public\nstaff_of: [GYE]", "staff_of"),
        ("audience", "visibility"),
        ("audience\naudiences: []", "visibility"),
        ("staff\naudiences: [inspectores]", "audiences"),
    ],
)
def test_a_visibility_and_its_list_go_together(written: str, field: str) -> None:
    """spec/content-format C905: never wider than what somebody wrote."""
    found = folders.findings(folders.changed(COURSE, "visibility: public", f"visibility: {written}"), "C905")

    assert [(one.field, one.severity) for one in found] == [(field, Severity.ERROR)]


def test_the_code_of_a_unit_has_its_length() -> None:
    """spec/content-format C113: no unit has a longer one."""
    files = folders.changed(COURSE, "visibility: public", f"visibility: staff\nstaff_of: [{'X' * 41}]")

    assert [one.field for one in folders.findings(files, "C113")] == ["staff_of[1]"]


def test_resources_that_nobody_verified_are_told() -> None:
    """spec/content-format 5, C611; without address only while not verified (spec/content-format C110)."""
    found = folders.findings(folders.changed(RESOURCES, "verified: 2026-02-01", "verified: false"))
    assert [finding.code for finding in found] == ["C611"]


@pytest.mark.parametrize(
    ("demanded", "kind", "severity"),
    [("none", "law", "info"), ("law", "law", "error"), ("law", "official", "info"), ("all", "press", "error"), ("", "law", "info")],
)
def test_a_course_may_demand_that_its_sources_are_verified(demanded: str, kind: str, severity: str) -> None:
    """spec/content-format 3, `verified_sources`; 12, C611."""
    files = folders.changed(RESOURCES, "verified: 2026-02-01", "verified: false")
    files = folders.with_file(RESOURCES, re.sub(rb"kind: \w+", f"kind: {kind}".encode(), files[RESOURCES]), files)
    if demanded:
        files = folders.changed(COURSE, "visibility: public", f"visibility: public\nverified_sources: {demanded}", files)

    assert [finding.severity.value for finding in folders.findings(files, "C611")] == [severity]


def test_parameters_due_for_review_are_told() -> None:
    """spec/content-format 5, C805."""
    found = folders.findings(folders.changed(PARAMETERS, "review: 2027-01-31", "review: 2026-06-01"))
    assert [(finding.code, finding.severity) for finding in found] == [("C805", Severity.ERROR)]


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


BASE = """sbu:
  value: 482
  unit: USD
  year: 2026
  valid_from: 2026-01-01
  review: 2027-01-01
minima:
  formula: sbu * share / 100
  unit: USD
share:
  value: 60
  unit: '%'
  year: 2015
maxima:
  formula: minima * 10
  unit: USD
  decimals: 1
"""


def with_figures(more: str) -> folders.Files:
    """Return the sample with figures besides its own."""
    files = folders.a_folder()
    return folders.with_file(PARAMETERS, files[PARAMETERS].decode() + more)


def figures(more: str) -> CourseFolder:
    """Return the sample course with more figures."""
    return folders.course(with_figures(more))


def test_a_figure_with_a_formula_is_calculated_whatever_stands_first() -> None:
    """spec/content-format 5."""
    found = {one.name: one for one in figures(BASE).parameters}

    assert (found["minima"].value, found["minima"].written, found["minima"].year) == (Fraction(2892, 10), "289.20", 2026)
    assert (found["maxima"].written, found["maxima"].year) == ("2892.0", 2026)
    assert found["sbu"].valid_from == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("formula", "written"),
    [("sbu", "482"), ("sbu / 3", "160.67"), ("sbu * 0.005", "2.41"), ("-sbu / 8", "-60.25"), ("round(sbu / 7)", "69")],
)
def test_a_calculated_figure_is_rounded_to_cents_where_it_is_not_whole(formula: str, written: str) -> None:
    """spec/content-format 5."""
    found = figures(BASE + f"other:\n  formula: {formula}\n  unit: USD\n")

    assert found.parameters[-1].written == written


def test_lessons_and_questions_use_what_was_calculated() -> None:
    """spec/content-format 5 and 8."""
    files = folders.changed(LESSON, "\n## ", "\nMínima: {{ maxima }}.\n\n## ", with_figures(BASE))
    prepared = publishing.prepare(files, KINDS, today=TODAY).prepared

    assert prepared is not None
    lesson = next(one for one in prepared.activities.values() if "2892,0" in str(one))
    assert "USD" in str(lesson)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("sbu * share / 100", "sbu * nothing", "C806", "formula"),
        ("sbu * share / 100", "sbu / (share - 60)", "C806", "formula"),
        ("sbu * share / 100", "maxima + 1", "C806", "formula"),
        ("sbu * share / 100", "__import__('os')", "C806", "formula"),
        ("sbu * share / 100", "sbu\n  value: 3", "C110", "formula"),
        ("review: 2027-01-01", "review: 2026-01-01", "C208", "review"),
        ("valid_from: 2026-01-01", "valid_from: 2026-06-02", "C807", "valid_from"),
    ],
)
def test_a_wrong_figure_is_reported_where_it_stands(old: str, new: str, code: str, line: str) -> None:
    """spec/content-format 5, C806, C807, C208, C110."""
    files = folders.changed(PARAMETERS, old, new, with_figures(BASE))
    found = folders.findings(files, code)

    assert found
    assert all(files[PARAMETERS].decode().splitlines()[one.line - 1].strip().startswith(line) for one in found)


def test_a_figure_past_its_review_refuses_publishing_but_not_the_courses_that_come_with_the_product() -> None:
    """spec/content-format 5, C805: the day is the one of publishing."""
    files = with_figures(BASE)
    late = date(2027, 1, 1)

    assert publishing.check(files, KINDS, today=date(2026, 12, 31)).course is not None
    refused = publishing.check(files, KINDS, today=late)
    assert refused.course is None
    assert [(one.code, one.severity) for one in refused.findings] == [("C805", Severity.ERROR)]
    tolerated = publishing.check(files, KINDS, today=late, tolerated={"C805"})
    assert tolerated.course is not None
    assert [(one.code, one.severity) for one in tolerated.findings] == [("C805", Severity.WARNING)]


def test_what_another_value_would_change_is_listed() -> None:
    """The calculated figures, and each line that names one of those that change."""
    files = folders.changed(LESSON, "\n## ", "\nMínima: {{ minima }} y {{ share }}.\n\n## ", with_figures(BASE))
    changes = changed_parameters(folders.course(files).parameters, {"sbu": (Fraction(500), "500")})

    assert list(changes.items()) == [
        ("sbu", ("482", "500")),
        ("minima", ("289.20", "300")),
        ("maxima", ("2892.0", "3000.0")),
    ]
    assert [(path, text) for path, _line, text in list_uses(files, ["minima"])] == [(LESSON, "Mínima: {{ minima }} y {{ share }}.")]
    assert next(list_uses(folders.with_file(BANK, "right: sbu * 2\nwrong: sbus\n", files), ["sbu"]))[2] == "right: sbu * 2"
    assert not list(list_uses(files, []))
