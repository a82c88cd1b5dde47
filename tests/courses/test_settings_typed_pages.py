"""What people type into settings and choose by name: periods, dates, languages, units, pictures; the groups of a course's form."""

import io
import re

import pytest
from sqlalchemy import select

from courses.drafts import draft_bodies
from courses.models import Course
from kernel import clock
from kernel.i18n import site_day
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.audiences import AudienceRuleValues, make_audience
from organisations.rules.audience_leaves import PostLeaf
from tests.support.browser import Browser, Page
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts
from tests.support.lessons import a_picture, write
from tests.support.places import a_place
from tests.support.wording import in_spanish

SETTINGS = "/teaching/prueba/settings"
RECORDING = "01-parte/02-video.recording.yaml"
VIDEO = "/teaching/prueba/parts/video-1"


def a_house(instance: Instance) -> None:
    """Add the institution of the course with three units and an audience."""
    root = a_place(instance)
    guayas = a_place(instance, "Dirección Provincial del Guayas", root, code="GYE")
    a_place(instance, "Dirección Provincial de Loja", root, code="LOJ-2")
    a_place(instance, "Agencia Durán", guayas, code="GYE-9")
    a_place(instance, "Otra casa", code="OTRA")
    with instance.database.unit_of_work() as session:
        values = AudienceRuleValues(PostLeaf(("inspector",)), site_day(clock.now()))
        make_audience(session, SYSTEM, root, "inspectores", {"es": "Inspección del trabajo"}, values, now=clock.now())


def test_a_course_is_made_for_units_and_for_audiences_in_the_form(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 2.7: by their names, part of one or their code; the draft check tells a list that is left without its visibility."""
    a_house(instance)
    offered = editor.get(SETTINGS).html
    assert '<option value="Dirección Provincial del Guayas (GYE)">' in offered
    assert '<option value="Inspección del trabajo">' in offered
    assert "Otra casa" not in offered
    editor.submit("/settings", {"visibility": "staff", "staff_of": ["Dirección Provincial del Guayas (GYE)", "loja", "GYE-9", ""]})
    assert "visibility: staff\nstaff_of: [GYE, LOJ-2, GYE-9]\n" in draft_texts(instance)["course.yaml"]
    assert 'value="Dirección Provincial de Loja (LOJ-2)"' in editor.get(SETTINGS).html

    editor.submit("/settings", {"visibility": "audience", "audiences": "Inspección del trabajo"})
    assert in_spanish("Units are named, but the course is not for staff.") in editor.get("/teaching/prueba/publishing").text
    editor.get(SETTINGS)
    editor.submit("/settings", {"staff_of": ""})

    assert "visibility: audience\naudiences: [inspectores]\n" in draft_texts(instance)["course.yaml"]


def test_a_unit_that_nothing_is_called_or_several_are_is_refused_beside_the_field(editor: Browser, instance: Instance) -> None:
    a_house(instance)
    before = draft_texts(instance)
    for typed in ("Dirección Provincial", "Azuay"):
        editor.get(SETTINGS)
        page = editor.submit("/settings", {"visibility": "staff", "staff_of": [typed, ""]}, status=422)
        assert in_spanish("“%(text)s” is not one of these names. Choose one from the list.", text=typed) in page.text
        assert 'id="staff_of-error"' in page.html
        assert f'value="{typed}"' in page.html

    assert draft_texts(instance) == before


# --- What people type, and what they choose ----------------------------------------------------------------------------------------------


def with_line(instance: Instance, course: Course, *lines: str) -> None:
    """Write the course's file anew with some fields, each on a line."""
    text = draft_texts(instance)["course.yaml"]
    for line in lines:
        text = re.sub(rf"(?m)^{line.partition(':')[0]}:.*\n", "", text) + f"{line}\n"
    write(instance, course, {"course.yaml": text})


def test_periods_and_dates_are_typed_as_people_write_them(editor: Browser, instance: Instance) -> None:
    editor.get(SETTINGS)

    editor.submit(
        "/settings",
        {"certificate__valid": "24 meses", "certificate__renew": "60 días", "opens": "1/12/2026 8:00", "closes": "31 de marzo de 2027"},
    )

    after = draft_texts(instance)["course.yaml"]
    assert "  valid: 24 months\n  renew: 60 days\n" in after
    assert "opens: 2026-12-01 08:00\ncloses: 2027-03-31\n" in after
    page = editor.get(SETTINGS)
    fields = page.form("/settings").fields
    assert dict(fields)["certificate__valid"] == "24 meses"
    assert [value for name, value in fields if name == "opens"] == ["2026-12-01", "08:00"]
    assert [value for name, value in fields if name == "closes"] == ["2027-03-31", ""]
    assert re.search(r'<input[^>]*id="closes"[^>]*type="date"', page.html)
    assert in_spanish("There was nothing to change.") in editor.submit("/settings", {}).text
    assert draft_texts(instance)["course.yaml"] == after


@pytest.mark.parametrize(
    ("name", "typed", "message", "example"),
    [
        (
            "certificate__valid",
            "24",
            "“%(text)s” is not a period. Write a number and days, months or years: 24 months, 2 years.",
            "24 meses",
        ),
        (
            "certificate__renew",
            "dos siglos",
            "“%(text)s” is not a period. Write a number and days, months or years: 24 months, 2 years.",
            "2 años",
        ),
        ("opens", "mañana", "“%(text)s” is not a date. Write day, month and year: 1 December 2026.", "1/12/2026"),
        ("closes", "31/2/2027", "There is no such date: “%(text)s”. Write day, month and year: 1 December 2026.", "1/12/2026"),
    ],
)
def test_what_is_no_period_or_date_is_refused_with_an_example_in_the_language_of_its_reader(
    editor: Browser, instance: Instance, *, name: str, typed: str, message: str, example: str
) -> None:
    before = draft_texts(instance)
    editor.get(SETTINGS)

    page = editor.submit("/settings", {name: typed}, status=422)

    error = page.html.split(f'id="{name}-error"')[1].split("</p>")[0]
    assert in_spanish(message, text=typed) in error
    assert example in error
    assert "months" not in page.text
    assert dict(page.form("/settings").fields)[name] == typed
    assert draft_texts(instance) == before


def test_what_the_reader_refuses_of_a_period_is_shown_without_the_words_of_the_file(editor: Browser, instance: Instance) -> None:
    """A renewal as long as the validity, a validity of forty years, a number that is none."""
    for values, name in (
        ({"certificate__valid": "60 días", "certificate__renew": "2 meses"}, "certificate__renew"),
        ({"certificate__valid": "40 años"}, "certificate__valid"),
        ({"hours": "dos"}, "hours"),
    ):
        editor.get(SETTINGS)
        page = editor.submit("/settings", values, status=422)
        error = page.html.split(f'id="{name}-error"')[1].split("</p>")[0]
        assert not re.search(r"days|months|years|decimal", error)
        assert dict(page.form("/settings").fields)[name] == values[name]


def test_all_faults_are_shown_at_once_and_none_that_follows_from_another(editor: Browser) -> None:
    """A renewal is not refused because the validity beside it cannot be read."""
    editor.get(SETTINGS)

    page = editor.submit("/settings", {"certificate__valid": "24", "certificate__renew": "2 meses", "hours": "dos"}, status=422)

    assert re.findall(r'id="([a-z_]+)-error"', page.html) == ["certificate__valid", "hours"]


def test_a_date_of_two_meanings_is_refused_in_english(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_course(instance, modules=1))
    reader = sign_in(browser, "profe@example.org")
    reader.get(SETTINGS)
    reader.submit("/language", button=("language", "en"))
    reader.get(SETTINGS)

    shown = reader.submit("/settings", {"opens": "1/12/2026"}, status=422).text

    assert "“1/12/2026” can be two dates. Write the month as a word: 1 December 2026, or 12 January 2026." in shown


@pytest.mark.parametrize(
    "lines",
    [
        ("certificate: {template: constancia, valid: 24 months, renew: 60 days, print_grade: true}", "opens: 2026-12-01 08:00"),
        ("certificate: {template: constancia, valid: none}", "closes: 2026-12-01"),
        ("licence: MIT", "timezone: Etc/GMT+5", "tone: 3", "topic: pensiones"),
        ("staff_of: [GYE, OTRA]", "visibility: staff"),
        ("audiences: [b, a]", "visibility: audience"),
        ("languages: [en, es]",),
        ("words: {min: 600, max: 900}", "verified_sources: law", "completion: {modules: [parte-1], grade: 70}"),
    ],
)
def test_an_untouched_form_changes_no_byte_of_any_setting(
    editor: Browser, instance: Instance, course: Course, lines: tuple[str, ...]
) -> None:
    with_line(instance, course, *lines)
    before = draft_texts(instance)["course.yaml"]
    editor.get(SETTINGS)

    assert in_spanish("There was nothing to change.") in editor.submit("/settings", {}).text
    assert draft_texts(instance)["course.yaml"] == before


def test_what_a_course_names_is_chosen_by_name(editor: Browser, instance: Instance) -> None:
    html = editor.get(SETTINGS).html

    zones = html[html.index('id="timezone"') :].split("</select>")[0]
    assert re.findall(r'value="([^"]+)"[^>]*>([^<]+)<', zones)[:2] == [
        ("America/Guayaquil", "Quito, Guayaquil (Ecuador)"),
        ("Pacific/Galapagos", "Galápagos (Ecuador)"),
    ]
    assert '<option value="Europe/Madrid">Madrid (España)</option>' in zones
    assert '<option value="all-rights-reserved">Todos los derechos reservados: nada sin permiso</option>' in html
    assert [f'class="swatch tone-{number}"' in html for number in range(1, 7)] == [True] * 6
    assert re.search(r'type="checkbox" value="es"|value="es" type="checkbox"|name="languages" type="checkbox" value="es"', html)
    editor.submit("/settings", {"timezone": "Pacific/Galapagos", "licence": "CC-BY-SA-4.0", "tone": "4", "languages": ["es", "en"]})
    after = draft_texts(instance)["course.yaml"]
    assert "timezone: Pacific/Galapagos\n" in after
    assert "licence: CC-BY-SA-4.0\n" in after
    assert "tone: 4\n" in after


@pytest.mark.settings(topics="pensiones=Pensiones y jubilación,salud=Salud")
def test_the_topic_is_one_of_the_sites(editor: Browser, instance: Instance) -> None:
    html = editor.get(SETTINGS).html
    editor.submit("/settings", {"topic": "salud"})

    assert '<option value="pensiones">Pensiones y jubilación</option>' in html
    assert "topic: salud\n" in draft_texts(instance)["course.yaml"]


def sent(editor: Browser, values: dict[str, object], status: int = 200) -> Page:
    """Send the form of the settings with a file."""
    fields: dict[str, list[object]] = {}
    for name, value in editor.page.form("/settings").fields:
        fields.setdefault(name, []).append(value)
    return editor.post(SETTINGS, {**fields, **values}, status=status)


def test_a_picture_is_uploaded_where_it_is_chosen(editor: Browser, instance: Instance) -> None:
    editor.get(SETTINGS)
    faulty = sent(editor, {"image__upload": (io.BytesIO(a_picture()), "Mi foto.png"), "licence": ""}, 422)
    assert in_spanish("Choose the picture again.") in faulty.text
    assert "image" not in draft_texts(instance)["course.yaml"]

    editor.get(SETTINGS)
    sent(editor, {"image__upload": (io.BytesIO(a_picture()), "Mi foto.png"), "image_alt_es": "Una playa", "image_alt_en": "A beach"})

    after = draft_texts(instance)["course.yaml"]
    assert "image: media/mi-foto.png\nimage_alt:\n  es: Una playa\n  en: A beach\n" in after
    html = editor.get(SETTINGS).html
    preview = re.search(r'<img class="preview" src="([^"]+)"', html)
    assert preview
    editor.get(preview[1])
    editor.get(SETTINGS)
    refused = sent(editor, {"image__upload": (io.BytesIO(b"%PDF-1.4\n"), "guia.pdf")}, 422)
    assert in_spanish("Choose a picture: a PNG, JPEG or WebP file.") in refused.text
    assert draft_texts(instance)["course.yaml"] == after


def test_a_picture_is_saved_with_alternative_text_alone(editor: Browser, instance: Instance) -> None:
    """As one of a lesson, in the same words: in the course's own language at least; what a drawing shows no card can."""
    before = draft_texts(instance)["course.yaml"]
    editor.get(SETTINGS)

    silent = sent(editor, {"image__upload": (io.BytesIO(a_picture()), "foto.png")}, 422)
    assert in_spanish("Describe what someone who cannot see the picture needs to know.") in silent.text
    assert in_spanish("Choose the picture again.") in silent.text
    assert 'id="image_alt_es-error"' in silent.html
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>T</title><desc>D.</desc></svg>'
    editor.get(SETTINGS)
    sent(editor, {"image__upload": (io.BytesIO(drawing), "dibujo.svg"), "image_alt_es": "Un dibujo"}, 422)
    assert draft_texts(instance)["course.yaml"] == before

    editor.get(SETTINGS)
    sent(editor, {"image__upload": (io.BytesIO(a_picture()), "foto.png"), "image_alt_en": "A beach"}, 422)
    editor.get(SETTINGS)
    sent(editor, {"image__upload": (io.BytesIO(a_picture()), "foto.png"), "image_alt_es": "Una playa", "image_alt_en": "A beach"})
    assert "image: media/foto.png\nimage_alt:\n  es: Una playa\n  en: A beach\n" in draft_texts(instance)["course.yaml"]
    editor.get(SETTINGS)
    sent(editor, {"image_alt_es": ""}, 422)
    editor.get(SETTINGS)
    sent(editor, {"image": "", "image_alt_es": "", "image_alt_en": ""})
    assert "image" not in draft_texts(instance)["course.yaml"]


def test_a_course_stands_in_groups_with_what_is_set_in_their_lines(editor: Browser, instance: Instance, course: Course) -> None:
    """What an ordinary course needs is not folded; a group opens where something else in it is set or wrong, and its line says it."""
    with_line(instance, course, "certificate: {template: constancia, valid: 24 months}")
    html = re.sub(r"\s+", " ", editor.get(SETTINGS).html)
    panels = re.findall(r'<fieldset class="panel".*?(?=<fieldset class="panel"|</form>)', html)

    titles = [re.findall(r"<legend[^>]*>([^<]+)<|<strong>([^<]+)<", panel)[0] for panel in panels]
    assert titles == [
        (in_spanish("What it is"), ""),
        (in_spanish("Who can find it"), ""),
        (in_spanish("Who enrols"), ""),
        (in_spanish("How it ends"), ""),
        ("Certificado", ""),
        ("", "Tiempo"),
        ("", in_spanish("Licence and authors")),
        ("", in_spanish("Checks while it is written")),
    ]
    open_parts = " ".join(panel.split("<details")[0] for panel in panels)
    for name in ("title_es", "summary_es", "languages", "image__upload", "visibility", "enrolment", "completion__grade"):
        assert f'name="{name}"' in open_parts, name
    assert 'name="certificate__template"' in open_parts
    assert 'name="timezone"' not in open_parts
    certificate = panels[4].split("<details")[1]
    assert certificate.startswith(" open>")
    assert "<strong>Certificado</strong>: sí, vence después de 24 meses<" in certificate
    assert panels[1].split("<details")[1].startswith(">")
    faulty = re.sub(r"\s+", " ", editor.submit("/settings", {"opens": "nunca"}, status=422).html)
    assert re.findall(r'<fieldset class="panel".*?(?=<fieldset class="panel"|</form>)', faulty)[2].split("<details")[1].startswith(" open>")


def test_settings_saved_by_form_cause_no_finding_of_form(editor: Browser, instance: Instance) -> None:
    """spec/content-format 11: every setting at once, in a course that was begun on the web."""
    editor.get("/teaching/new-course")
    editor.submit("/new-course", {"title": "Libre", "key": "libre", "language": "es", "module": "Uno", "lesson": "Dos"})
    editor.get("/teaching/libre/settings")
    values = {
        "summary_es": "Un curso.",
        "objectives_es": "Sumar.\nRestar.",
        "timezone": "Pacific/Galapagos",
        "hours": "2,5",
        "hours_basis": "según el plan",
        "words__min": "10",
        "words__max": "900",
        "verified_sources": "law",
        "level": "advanced",
        "topic": "salud",
        "tone": "2",
        "authors__1__name": "Inés Ruiz",
        "authors__1__role_es": "Revisión",
        "licence": "CC0-1.0",
        "visibility": "public",
        "enrolment": "open",
        "opens": "1/12/2026",
        "closes": "1/12/2027 8:00",
        "completion__modules": ["uno"],
        "certificate__template": "constancia",
        "certificate__valid": "2 años",
        "certificate__renew": "60 días",
        "certificate__print_grade": "true",
    }
    editor.submit("/settings", values)

    assert in_spanish("The file is not in canonical form.") not in editor.get("/teaching/libre/publishing").text
    with instance.database.unit_of_work(write=False) as session:
        made = session.scalars(select(Course).where(Course.slug == "libre")).one()
        text = draft_bodies(session, made.id, ["course.yaml"])["course.yaml"]
    assert "certificate: {template: constancia, valid: 2 years, renew: 60 days, print_grade: true}\n" in text
    assert "opens: 2026-12-01\ncloses: 2027-12-01 08:00\n" in text


def test_quizzes_and_recordings_take_lengths_days_and_languages_in_words(editor: Browser, instance: Instance) -> None:
    editor.get("/teaching/prueba/parts/cuestionario-1")
    editor.submit("/parts/cuestionario-1", {"limit": "1 h 30", "pause__first": "media hora", "opens": "1/12/2026"})
    quiz = draft_texts(instance)["01-parte/03-cuestionario.quiz.yaml"]
    assert "limit: 90 min\n" in quiz
    assert "opens: 2026-12-01\n" in quiz
    shown = dict(editor.get("/teaching/prueba/parts/cuestionario-1").form("/parts/cuestionario-1").fields)
    assert (shown["limit"], shown["pause__first"]) == ("90 minutos", "30 minutos")
    page = editor.submit("/parts/cuestionario-1", {"limit": "45"}, status=422)
    assert (
        in_spanish("“%(text)s” is not a length of time. Write a number with its unit: 90 minutes, 1 h 30, 5 days.", text="45") in page.text
    )
    editor.get(VIDEO)

    editor.submit("/parts/video-1", {"language": "Kichwa", "date": "1 de mayo de 2024"})

    assert "language: qu\n" in draft_texts(instance)[RECORDING]
    assert "date: 2024-05-01\n" in draft_texts(instance)[RECORDING]
    shown = dict(editor.get(VIDEO).form("/parts/video-1").fields)
    assert (shown["language"], shown["date"]) == ("Kichwa", "2024-05-01")
