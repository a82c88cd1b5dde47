"""Pages of settings of courses, modules and activities, any text of a draft, its history, and changes that somebody else made meanwhile."""

import re

import pytest
from sqlalchemy import select

from courses.drafts import draft_bodies
from courses.models import Course
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, sign_in
from tests.support.drafts import draft_texts, press_in_outline
from tests.support.lessons import write
from tests.support.wording import in_spanish

SETTINGS = "/teaching/prueba/settings"
LESSON = "01-parte/01-leccion.es.md"
MODULE = "01-parte/module.yaml"


def test_every_cell_of_settings_text_and_history(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit: the pages beside the outline obey the same list."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    wrong = []

    for page in (SETTINGS, "/teaching/prueba/parts/leccion-1", "/teaching/prueba/text?path=course.yaml", "/teaching/prueba/history"):
        wrong += cast.check("course.edit", "own_course", cast.outcomes(page))
    wrong += cast.check("course.edit", "own_course", cast.outcomes("/teaching/prueba/history/1"))
    wrong += cast.check("course.edit", "own_course", cast.outcomes("/teaching/prueba/history/1/restoration", "POST"))

    assert wrong == []


def test_saving_what_stands_there_changes_not_a_letter(editor: Browser, instance: Instance) -> None:
    """spec/content-format 1.5 and 11: usual values stay unwritten, order and spelling stay."""
    before = draft_texts(instance)

    for page in (SETTINGS, *(f"/teaching/prueba/parts/{key}" for key in ("parte-1", "leccion-1", "video-1", "cuestionario-1"))):
        editor.get(page)
        told = editor.submit(page, {}).text
        assert in_spanish("There was nothing to change.") in told, page

    assert draft_texts(instance) == before


def test_settings_of_a_course_are_written_as_lines(editor: Browser, instance: Instance) -> None:
    before = draft_texts(instance)["course.yaml"]
    editor.get(SETTINGS)

    editor.submit(
        "/settings",
        {
            "title_es": "Curso: nuevo",
            "objectives_es": "Sumar dos números.\nRestar.",
            "objectives_en": "Add two numbers.\nSubtract.",
            "hours": "2.5",
            "level": "advanced",
            "closes": "2027-01-31",
            "completion__grade": "60",
            "authors__1__name": "Inés Ruiz",
            "authors__1__role_es": "Revisión",
            "grade__0__category": "cuestionarios",
            "grade__0__title_es": "Cuestionarios",
            "grade__0__title_en": "Quizzes",
            "grade__0__weight": "100",
        },
    )

    after = draft_texts(instance)["course.yaml"]
    assert "title:\n  es: 'Curso: nuevo'\n  en: Test course prueba\n" in after
    assert "objectives:\n  - es: Sumar dos números.\n    en: Add two numbers.\n  - es: Restar.\n    en: Subtract.\n" in after
    assert "hours: 2.5\nhours_basis: según el plan de las pruebas\nwords: {min: 1, max: 1100}\nlevel: advanced\n" in after
    assert "authors:\n  - name: Equipo de pruebas\n\n  - name: Inés Ruiz\n    role: Revisión\n" in after
    assert "enrolment: open\ncloses: 2027-01-31\ncompletion: {grade: 60}\ngrade:\n  - category: cuestionarios\n" in after
    assert [line for line in before.splitlines() if line not in after] == [
        "title: {es: Curso de prueba prueba, en: Test course prueba}",
        "  - {es: Sumar dos números., en: Add two numbers.}",
        "level: basic",
    ]
    editor.get(SETTINGS)
    editor.submit("/settings", {"authors__1__name": "", "grade__0__category": "", "completion__grade": ""})
    assert "Inés Ruiz" not in draft_texts(instance)["course.yaml"]
    assert "grade" not in draft_texts(instance)["course.yaml"]


def test_certificates_print_the_grade_where_the_settings_say_so(editor: Browser, instance: Instance) -> None:
    """spec/certificates T4: beside the template, and taken back."""
    before = draft_texts(instance)["course.yaml"]
    assert "certificate: constancia" in before
    editor.get(SETTINGS)

    editor.submit("/settings", {"certificate__print_grade": "true"})

    assert "certificate:\n  template: constancia\n  print_grade: true\n" in draft_texts(instance)["course.yaml"]
    editor.get(SETTINGS)
    editor.submit("/settings", {"certificate__print_grade": "false"})
    assert "print_grade" not in draft_texts(instance)["course.yaml"]


def test_a_course_begun_on_the_web_is_free_of_the_rules_of_style_until_it_wants_them(editor: Browser, instance: Instance) -> None:
    editor.get("/teaching/new-course")
    editor.submit("/new-course", {"title": "Libre", "key": "libre", "language": "es", "module": "Uno", "lesson": "Dos"})
    free = editor.get("/teaching/libre/publishing").text
    editor.get("/teaching/libre/settings")
    begun = dict(editor.page.form("/settings").fields)["style_rules"]
    editor.submit("/settings", {"style_rules": "true"})

    assert begun == "false"
    assert in_spanish("The module has no objectives.") not in free
    assert in_spanish("The module has no objectives.") in editor.get("/teaching/libre/publishing").text
    with instance.database.unit_of_work(write=False) as session:
        made = session.scalars(select(Course).where(Course.slug == "libre")).one()
        assert "style_rules" not in draft_bodies(session, made.id, ["course.yaml"])["course.yaml"]


def test_drafts_with_the_old_word_of_visibility_show_it_in_words(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)["course.yaml"]
    write(
        instance,
        course,
        {
            "course.yaml": f"{before}visibility: institution\n"
            if "visibility:" not in before
            else re.sub("visibility: .*", "visibility: institution", before)
        },
    )

    page = editor.get(SETTINGS)

    shown = re.search(r'<option[^>]*value="institution"[^>]*>([^<]*)<', page.html)
    assert shown
    assert shown[1] == in_spanish("Only learners and the course team (as before)")
    editor.submit("/settings", {"visibility": "staff"})
    assert "visibility: staff" in draft_texts(instance)["course.yaml"]
    assert 'value="institution"' not in editor.get(SETTINGS).html


def test_an_entry_that_is_not_translated_keeps_the_others_on_their_lines(editor: Browser, instance: Instance, course: Course) -> None:
    """Languages of a list are paired by line: an empty line, also the first, says that this entry is not translated."""
    before = draft_texts(instance)["course.yaml"].replace(
        "  - {es: Sumar dos números., en: Add two numbers.}\n", "  - |\n    Contar\n    ovejas.\n  - {es: Leer., en: To read.}\n"
    )
    write(instance, course, {"course.yaml": before})

    editor.get(SETTINGS)
    assert dict(editor.page.form("/settings").fields)["objectives_en"] == "\nTo read."
    editor.submit("/settings", {"hours": "4"})
    assert draft_texts(instance)["course.yaml"] == before.replace("hours: 2", "hours: 4")

    editor.submit("/settings", {"objectives_en": "\r\n To read well. \r\n\r\n"})
    assert "objectives:\n  - Contar ovejas.\n  - es: Leer.\n    en: To read well.\n" in draft_texts(instance)["course.yaml"]


def test_what_the_format_refuses_is_told_beside_its_field_and_nothing_is_lost(editor: Browser, instance: Instance) -> None:
    before = draft_texts(instance)
    editor.get(SETTINGS)

    page = editor.submit("/settings", {"hours": "dos", "opens": "2027-02-01", "closes": "2027-01-01", "title_es": ""}, status=422)

    assert draft_texts(instance) == before
    assert in_spanish("“%(text)s” is not a number.", text="dos") in page.text
    fields = dict(page.form("/settings").fields)
    assert fields["hours"] == "dos"
    assert 'id="hours-error"' in page.html
    assert 'id="closes-error"' in page.html
    assert 'id="title_es-error"' in page.html


def test_a_module_may_wait_for_nothing_that_waits_for_it(editor: Browser, instance: Instance) -> None:
    """spec/content-format C207."""
    editor.get("/teaching/prueba/parts/leccion-1")
    editor.submit("/parts/leccion-1", {"requires": ["video-1"], "minutes": "5"})
    after = draft_texts(instance)[LESSON]
    editor.get("/teaching/prueba/parts/video-1")
    refused = editor.submit("/parts/video-1", {"requires": ["leccion-1"]}, status=422).text

    assert "requires: [video-1]\n" in after
    assert "minutes: 5\n" in after
    assert "directamente o a través de otros" in refused


def test_a_choice_that_is_no_more_on_the_list_is_told_beside_it(editor: Browser) -> None:
    """Somebody took the part out meanwhile: one of several, and all of them."""
    editor.get("/teaching/prueba/parts/leccion-1")
    for gone in (["ya-no-esta"], ["video-1", "ya-no-esta", "tampoco"]):
        assert in_spanish("Not a valid choice.") in editor.submit("/parts/leccion-1", {"requires": gone}, status=422).text


def test_the_settings_of_a_quiz_are_asked_with_their_meaning(editor: Browser, instance: Instance) -> None:
    editor.get("/teaching/prueba/parts/cuestionario-1")
    assert in_spanish("0: unlimited.") in editor.page.text

    editor.submit("/parts/cuestionario-1", {"attempts": "2", "limit": "30 min", "pass_mark": "80", "behaviour": "immediate"})

    after = draft_texts(instance)["01-parte/03-cuestionario.quiz.yaml"]
    assert "attempts: 2\n" in after
    assert "limit: 30 min\n" in after
    assert "pass_mark: 80\n" in after
    assert "behaviour: immediate\n" in after
    assert "slots:\n  - draw: 7\n" in after


# --- Recordings and simulator tasks ----------------------------------------------------------------------------------------------------

RECORDING = "01-parte/02-video.recording.yaml"
VIDEO = "/teaching/prueba/parts/video-1"
SAID = (
    "key: video-1\ntitle: {es: Video 1, en: Video 1}\nrequired: false\nurl: https://example.org/v1\nhost: Ejemplo\n"
    "speakers:\n  # quien abre\n  - name: Rana Jawad\n    x-nota: sí\n\n  - name: Markus Loewe\n"
    "chapters:\n  - {at: 0:00, title: Inicio}\n"
)


def test_chapters_and_speakers_are_edited_as_lines(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {RECORDING: SAID})
    editor.get(VIDEO)
    assert in_spanish("There was nothing to change.") in editor.submit("/parts/video-1", {}).text
    assert draft_texts(instance)[RECORDING] == SAID

    editor.submit(
        "/parts/video-1", {"speakers__1__role_es": "Ponente", "speakers__2__name": "Inés Ruiz", "number": "3", "series_es": "Serie"}
    )

    assert draft_texts(instance)[RECORDING] == SAID.replace(
        "  - name: Markus Loewe\n", "  - name: Markus Loewe\n    role: Ponente\n\n  - name: Inés Ruiz\nseries: Serie\nnumber: 3\n"
    )
    editor.submit("/parts/video-1", {"speakers__0__name": ""})
    assert "Rana" not in draft_texts(instance)[RECORDING]
    assert "quien abre" not in draft_texts(instance)[RECORDING]


def test_chapters_that_do_not_rise_are_told_beside_their_row(editor: Browser, instance: Instance) -> None:
    """spec/content-format C609: told by the checks before publishing; a chapter without a title keeps the draft from being read."""
    editor.get(VIDEO)
    editor.submit(
        "/parts/video-1",
        {"chapters__0__at": "0:00", "chapters__0__title_es": "Inicio", "chapters__1__at": "1:30", "chapters__1__title_es": "Medio"},
    )
    assert draft_texts(instance)[RECORDING].endswith("chapters:\n  - at: 0:00\n    title: Inicio\n  - at: 1:30\n    title: Medio\n")

    page = editor.submit("/parts/video-1", {"chapters__2__at": "2:00"}, status=422)

    assert 'id="chapters__2__title_es-error"' in page.html or 'id="chapters__2__at-error"' in page.html
    assert dict(page.form("/parts/video-1").fields)["chapters__2__at"] == "2:00"


def test_captions_transcripts_and_documents_are_chosen_from_files_of_the_kind(editor: Browser, instance: Instance, course: Course) -> None:
    vtt = "WEBVTT\n\n00:00.000 --> 00:01.000\nHola\n"
    lists = "guia:\n  title: Guía\n  kind: page\n  language: es\n  host: IESS\n  url: https://example.org/g\n  verified: false\n"
    write(instance, course, {"01-parte/media/v.es.vtt": vtt, "media/guion.md": "Hola.\n", "recursos.yaml": lists})
    editor.get(VIDEO)
    offered = editor.page.html

    editor.submit(
        "/parts/video-1",
        {
            "captions__es": "media/v.es.vtt",
            "transcript__es": "../media/guion.md",
            "documents__0__kind": "slides",
            "documents__0__title_es": "Guía",
            "documents__0__resource": "guia",
        },
    )

    assert "captions:\n  es: media/v.es.vtt\ntranscript:\n  es: ../media/guion.md\n" in draft_texts(instance)[RECORDING]
    assert draft_texts(instance)[RECORDING].endswith("documents:\n  - kind: slides\n    title: Guía\n    resource: guia\n")
    poster = offered[offered.index('id="poster"') : offered.index("</select>", offered.index('id="poster"'))]
    assert "v.es.vtt" not in poster


@pytest.mark.slow
def test_a_simulator_task_is_begun_and_written_with_forms(editor: Browser, instance: Instance) -> None:
    editor.get("/teaching/prueba/new-activity")
    editor.submit("/new-activity", {"kind": "simulator", "title": "Una pensión", "module": "parte-1"})
    page = "/teaching/prueba/parts/una-pension"
    file = "01-parte/04-una-pension.simulator.yaml"
    editor.get(page)

    editor.submit(
        page,
        {
            "text_es": "Hay {mayores} personas.\n\nCalcule.",
            "variables__0__name": "mayores",
            "variables__0__from": "1000",
            "variables__0__to": "2000",
            "variables__0__step": "100",
            "start__0__name": "vejez.tramos.1.poblacion",
            "start__0__value": "{mayores}",
            "goals__0__max": "2",
            "goals__0__text_es": "Cuesta poco.",
            "asks__0__key": "costo",
            "asks__0__text_es": "¿Cuánto cuesta?",
            "asks__0__output": "vejez.pct_pib",
            "asks__0__tolerance": "0.01",
        },
    )
    text = draft_texts(instance)[file]
    assert "text: |\n  Hay {mayores} personas.\n\n  Calcule.\n" in text
    assert "start:\n  vejez.tramos.1.poblacion: '{mayores}'\nvariables:\n  mayores: {from: 1000, to: 2000, step: 100}\n" in text
    assert "    output: vejez.pct_pib\n    max: 2\n" in text

    told = editor.submit(page, {"start__1__name": "vejez.captacion", "start__1__value": "{nadie}"}).text
    assert in_spanish("To correct before publishing:") in told
    assert "nadie" in told
    assert "  vejez.captacion: '{nadie}'\n" in draft_texts(instance)[file]
    editor.submit(page, {"start__1__name": ""})
    assert draft_texts(instance)[file] == text


# --- Another key -------------------------------------------------------------------------------------------------------------------------


def test_a_part_gets_another_key_and_the_texts_that_name_it_follow(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)
    quiz = before["01-parte/03-cuestionario.quiz.yaml"].replace("slots:", "requires: [leccion-1, video-1]\nslots:")
    body = before["01-parte/01-leccion.en.md"] + "\n[Before](course:leccion-1#uno) and [other](course:leccion-10)\n"
    lesson = before[LESSON].replace("key: leccion-1\n", "key: leccion-1\nwas: [aun-antes]\n")
    write(instance, course, {"01-parte/03-cuestionario.quiz.yaml": quiz, "01-parte/01-leccion.en.md": body, LESSON: lesson})
    editor.get("/teaching/prueba/parts/leccion-1/key")
    assert "Otra parte del curso" in editor.submit("/leccion-1/key", {"key": "video-1"}, status=422).text
    assert 'id="key-error"' in editor.submit("/leccion-1/key", {"key": "No Vale"}, status=422).html

    editor.submit("/leccion-1/key", {"key": "contar"})

    after = draft_texts(instance)
    assert after[LESSON].startswith("---\nkey: contar\nformer_keys: [aun-antes, leccion-1]\ntitle: Contar 1\n")
    assert "requires: [contar, video-1]\n" in after["01-parte/03-cuestionario.quiz.yaml"]
    assert after["01-parte/01-leccion.en.md"] == body.replace("course:leccion-1#", "course:contar#")
    editor.get("/teaching/prueba/parts/contar")
    assert "was" not in after[LESSON]


def test_every_cell_of_another_key(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("course.edit", "own_course", cast.outcomes("/teaching/prueba/parts/leccion-1/key")) == []


# --- As text -----------------------------------------------------------------------------------------------------------------------------


def test_a_glossary_is_begun_and_a_broken_one_is_refused(editor: Browser, instance: Instance) -> None:
    page = "/teaching/prueba/text?path=glosario.yaml"
    editor.get(page)
    refused = editor.submit("/text", {"text": "brecha:\n  termino: [\n"}, status=422).text
    editor.get(page)
    editor.submit("/text", {"text": "# lo nuestro\nbrecha:\n  term: {es: brecha, en: gap}\n  definition: Lo que falta.\n"})

    assert "glosario.yaml:" in refused
    assert draft_texts(instance)["glosario.yaml"].startswith("# lo nuestro\nbrecha:")
    editor.get("/teaching/prueba/lessons/leccion-1")
    assert "[[brecha]]" in editor.page.text


def test_the_address_of_a_course_stays_and_files_that_are_none_are_not_found(editor: Browser, instance: Instance) -> None:
    before = draft_texts(instance)
    editor.get("/teaching/prueba/text?path=course.yaml")

    refused = editor.submit("/text", {"text": before["course.yaml"].replace("key: prueba", "key: otra")}, status=422).text

    assert "no puede cambiar" in refused
    for path in ("nada.yaml", "../course.yaml", "", "01-parte"):
        editor.get(f"/teaching/prueba/text?path={path}", status=404)
    assert draft_texts(instance) == before


def test_a_text_saved_meanwhile_is_shown_beside_the_typed_one(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(f"/teaching/prueba/text?path={MODULE}")
    write(instance, course, {MODULE: draft_texts(instance)[MODULE] + "summary: De otra persona.\n"})

    page = editor.submit("/text", {"text": draft_texts(instance)[MODULE].replace("De otra persona.", "Mía.")}, status=409)

    assert "De otra persona." in page.text
    assert "summary: Mía." in page.text
    editor.submit("/text", {})
    assert draft_texts(instance)[MODULE].endswith("summary: Mía.\n")


# --- History -----------------------------------------------------------------------------------------------------------------------------


def test_the_history_says_who_changed_what_and_brings_a_file_back(editor: Browser, instance: Instance) -> None:
    before = draft_texts(instance)
    editor.get("/teaching/prueba/lessons/leccion-1")
    editor.submit("/lessons/leccion-1", {"body": "## Uno\n\nSe cuenta con los pies.\n"}, button=("do", "save"))

    listed, links = editor.get("/teaching/prueba/history").text, editor.page.links
    shown = editor.get("/teaching/prueba/history/2").text
    of_file = editor.get(f"/teaching/prueba/history?path={LESSON}").text
    editor.submit("/history/1/restoration")

    assert "Pilar Maestra" in listed
    title = draft_texts(instance)[LESSON].partition("title: ")[2].partition("\n")[0]
    assert any(words.startswith(title) and "path=" in address for address, words in links)
    assert LESSON not in listed
    assert title in of_file
    assert "- Se cuenta con los dedos." in shown
    assert "+ Se cuenta con los pies." in shown
    assert "Pilar Maestra" in of_file
    assert draft_texts(instance) == before
    assert in_spanish("Rolled back") in editor.get("/teaching/prueba/history").text


def test_changes_that_were_not_and_files_that_were_not_are_not_found(editor: Browser) -> None:
    editor.get("/teaching/prueba/history/99", status=404)
    editor.get("/teaching/prueba/history?path=nada.md", status=404)


def test_pages_of_settings_and_history_cost_the_same_whatever_was_changed(editor: Browser, instance: Instance, course: Course) -> None:
    counter = every_statement(instance.database)
    counts = []

    for _turn in range(2):
        for page in (SETTINGS, "/teaching/prueba/history", "/teaching/prueba/history/1"):
            counter.reset()
            editor.get(page)
            counts.append(len(counter.statements))
        for number in range(3):
            write(instance, course, {MODULE: draft_texts(instance)[MODULE] + f"x-{number}: a\n"})

    assert counts[:3] == counts[3:]
    assert max(counts) <= 9


def groups_of(html: str) -> dict[str, bool]:
    """Return the groups of fields of a page, and whether each is open."""
    found = re.findall(r'<details class="panel"( open)?><summary class="h4">([^<]+)</summary>', html)
    return {name: bool(is_open) for is_open, name in found}


def test_groups_of_a_recording_are_folded_where_they_say_nothing(editor: Browser, instance: Instance, course: Course) -> None:
    """The page is short on a phone, and nothing that was filled in is hidden; without a script the browser unfolds them."""
    page = editor.get("/teaching/prueba/parts/video-1")
    before = groups_of(page.html)
    assert next(iter(before.values()))
    assert not before["Capítulos"]
    assert not before["Quién habla"]

    faulty = editor.submit("/parts/video-1", {"chapters__0__at": "nunca", "chapters__0__title_es": "Inicio"}, status=422)
    assert groups_of(faulty.html) == before | {in_spanish("Chapters"): True}
    editor.get("/teaching/prueba/parts/video-1")
    editor.submit("/parts/video-1", {"chapters__0__at": "0:00", "chapters__0__title_es": "Inicio"})

    assert groups_of(editor.get("/teaching/prueba/parts/video-1").html) == before | {in_spanish("Chapters"): True}
    assert "Inicio" in draft_texts(instance)["01-parte/02-video.recording.yaml"]


SETTINGS_PAGE = "/teaching/prueba/settings"


LESSON_FILE = "01-parte/01-leccion.es.md"


MODULE_FILE = "01-parte/module.yaml"


@pytest.mark.slow
def test_settings_changed_meanwhile_are_shown_and_put_together(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(SETTINGS_PAGE)
    write(instance, course, {"course.yaml": draft_texts(instance)["course.yaml"].replace("hours: 2", "hours: 3")})

    page = editor.submit("/settings", {"title_es": "Otro título"}, status=409)

    assert in_spanish("Someone else changed this in the meantime.") in page.text
    assert "hours: 3" in page.text
    assert dict(page.form("/settings").fields)["title_es"] == "Otro título"
    assert "Otro título" not in draft_texts(instance)["course.yaml"]
    editor.submit("/settings", {}, button=("do", "merge"))
    assert "hours: 3" in draft_texts(instance)["course.yaml"]
    assert "es: Otro título" in draft_texts(instance)["course.yaml"]


@pytest.mark.slow
def test_where_both_changed_the_same_setting_one_chooses(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)["course.yaml"]
    editor.get(SETTINGS_PAGE)
    write(instance, course, {"course.yaml": before.replace("hours: 2", "hours: 3")})
    editor.submit("/settings", {"hours": "4"}, status=409)

    assert (
        in_spanish("For each difference, choose which text to keep.")
        in editor.submit("/settings", {}, button=("do", "merge"), status=422).text
    )
    editor.submit("/settings", {"conflict-0": "theirs"}, button=("do", "merge"))
    assert draft_texts(instance)["course.yaml"] == before.replace("hours: 2", "hours: 3")
    write(instance, course, {"course.yaml": before})
    editor.submit("/settings", {"hours": "5"}, status=409)
    editor.submit("/settings", {}, button=("do", "overwrite"))
    assert draft_texts(instance)["course.yaml"] == before.replace("hours: 2", "hours: 5")


@pytest.mark.slow
def test_a_change_of_another_file_keeps_nobody_from_saving(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(SETTINGS_PAGE)
    write(instance, course, {MODULE_FILE: draft_texts(instance)[MODULE_FILE] + "x-otra: a\n"})

    editor.submit("/settings", {"hours": "4"})

    assert "hours: 4" in draft_texts(instance)["course.yaml"]


def test_settings_of_what_was_moved_meanwhile_are_saved(editor: Browser, instance: Instance, course: Course) -> None:
    page, other = "/teaching/prueba/parts/leccion-1", sign_in(editor.another(), "profe@example.org")
    write(instance, course, {"01-parte/04-leccion.es.md": "---\nkey: otra\ntitle: Otra\n---\nNada.\n"})
    editor.get(page)
    press_in_outline(other, "place otra parte-1 0")
    (moved,) = (path for path, text in draft_texts(instance).items() if "key: leccion-1" in text)

    told = editor.submit(page, {"minutes": "7"}).text

    assert moved != LESSON_FILE
    assert in_spanish("Saved in the draft.") in told
    assert "minutes: 7\n" in draft_texts(instance)[moved]
    assert "minutes" not in draft_texts(instance)[LESSON_FILE]


@pytest.mark.slow
def test_settings_of_what_was_moved_and_changed_meanwhile_are_put_together(editor: Browser, instance: Instance, course: Course) -> None:
    page, other = "/teaching/prueba/parts/leccion-1", sign_in(editor.another(), "profe@example.org")
    editor.get(page)
    press_in_outline(other, "place leccion-1 parte-1 2")
    (moved,) = (path for path, text in draft_texts(instance).items() if "key: leccion-1" in text)
    write(instance, course, {moved: draft_texts(instance)[moved].replace("dedos", "manos")})

    shown = editor.submit(page, {"minutes": "7"}, status=409).text
    editor.submit(page, {}, button=("do", "merge"))

    assert "Se cuenta con los manos." in shown
    assert "minutes: 7\n" in draft_texts(instance)[moved]
    assert "manos" in draft_texts(instance)[moved]
