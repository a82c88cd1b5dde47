"""The team's pages of a quiz in a real browser: marking, marking again, time, groups, the bank, files in and out."""

import re

import pytest
from playwright.sync_api import Browser

from tests.support.builders import a_course, a_person, a_teacher
from tests.support.chromium import Live, follow, press, signed_in
from tests.support.drafts import draft_texts
from tests.support.editions import an_edition, join
from tests.support.learning import actor_of
from tests.support.lessons import write
from tests.support.offices import QUIZ, Work, a_course_at_work
from tests.support.wording import in_spanish

BANK = "/teaching/prueba"
GIFT = b"::uno:: Which one? {=This ~That}\n\n::roto:: Never closed {=\n"


@pytest.mark.slow
def test_an_answer_is_marked_by_its_rubric_with_the_keyboard_alone(chromium: Browser, live: Live) -> None:
    """spec/quiz-engine 5.11.1: from the queue to the mark, and on to the next answer, on a phone in the dark."""
    a_course_at_work(live.instance)
    grader = signed_in(chromium, live, width=360, scheme="dark")
    page = grader.page
    grader.open(f"{QUIZ}/marking")

    follow(grader, "Empezar por la primera")
    page.get_by_role("group", name="Claridad").get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("group", name="Fuentes").get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.get_by_label(re.compile("^Comentario")).focus()
    page.keyboard.type("Falta la fuente.")
    press(grader, "Guardar y seguir")

    assert page.get_by_role("heading", level=1).inner_text() == "Byron Yánez"
    grader.open(f"{QUIZ}/marking?show=marked")
    assert page.locator("main tbody tr").filter(has_text="María del Cisne").inner_text().endswith("2 de 3")


@pytest.mark.slow
def test_time_is_given_and_taken_back_without_a_script(chromium: Browser, live: Live) -> None:
    """spec/quiz-engine 5.10.4: the incident tool, an override for a learner that is searched for, and a group: plain forms."""
    a_course_at_work(live.instance)
    editor = signed_in(chromium, live, script=False)
    page = editor.page
    editor.open(f"{QUIZ}/incidents")
    press(editor, "Dar el tiempo a todos")
    assert page.get_by_role("alert").get_by_role("link").count() == 1
    page.fill("[name=reason]", "Se cayó el enlace")
    press(editor, "Dar el tiempo a todos")
    press(editor, "Retirar")
    assert "Retirado" in page.inner_text("main")

    editor.open(f"{QUIZ}/overrides?q=guam")
    follow(editor, "Inti Guamán")
    page.fill("[name=attempts]", "5")
    page.fill("[name=reason]", "Viaje de servicio")
    press(editor, "Aplicar")
    assert in_spanish("%(count)s attempt in total", 5) in page.inner_text("main tbody")
    editor.open("/courses/prueba/groups")
    page.fill("[name=name]", "Turno noche")
    press(editor, "Crear el grupo")
    assert page.get_by_role("heading", level=1).inner_text() == "Grupo: Turno noche"


@pytest.mark.slow
def test_a_key_is_corrected_tried_and_committed(chromium: Browser, live: Live) -> None:
    """spec/quiz-engine 5.11.3: the trial first, what it changes, and the way back, in English."""
    a_course_at_work(live.instance, language="en")
    editor = signed_in(chromium, live, language="en")
    page = editor.page
    editor.open(f"{QUIZ}/regrades/new?question=suma-1")
    choice = page.get_by_role("group", name="Which marks should count?")
    assert choice.is_visible()
    follow(editor, "Void the question instead")
    assert choice.count() == 0
    page.get_by_label("Void it: leave it out of the total").check()
    page.fill("[name=reason]", "Two keys were right.")

    press(editor, "Start the dry run")
    live.deliver_jobs()
    editor.open(page.url.removeprefix(live.url))
    press(editor, "Apply the new marks")
    live.deliver_jobs()
    editor.open(page.url.removeprefix(live.url))

    assert "The new marks have been in force since" in page.inner_text("main")
    page.locator("main summary", has_text="Undo").focus()
    page.keyboard.press("Enter")
    page.fill("[name=reason]", "Only one of them was right.")
    press(editor, "Undo")


@pytest.mark.slow
def test_questions_are_found_changed_brought_in_and_taken_out(chromium: Browser, live: Live) -> None:
    """Import shows first what comes in and why not; the bank's changes are said beside their cause."""
    a_course_at_work(live.instance, language="en")
    editor = signed_in(chromium, live, language="en", width=360)
    page = editor.page
    editor.open(f"{BANK}/imports")
    page.set_input_files("[name=file]", files=[{"name": "preguntas.gift", "mimeType": "text/plain", "buffer": GIFT}])
    press(editor, "Review it first")
    assert page.get_by_role("heading", level=1).inner_text() == "1 question to import"
    press(editor, "Import them")
    editor.open(f"{BANK}/questions?text=Which")
    page.get_by_role("checkbox", name="Select uno").focus()
    page.keyboard.press("Space")
    page.select_option("[name=difficulty] >> nth=-1", "hard")
    press(editor, "Apply the changes")
    assert "hard" in page.inner_text("main tbody").lower()
    follow(editor, "Which one?")
    follow(editor, "As text, and where it is used")
    page.fill("[name=text]", "key: [")
    press(editor, "Save in the draft")
    assert page.get_by_role("alert").is_visible()
    assert page.input_value("[name=text]") == "key: ["
    editor.open(f"{BANK}/exports?format=gift")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").press("Enter")
    assert download.value.suggested_filename.endswith(".gift")


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("es", 1280, "light"), ("en", 360, "dark"), ("es", 360, "light"), ("en", 1280, "dark")]
)
def test_every_page_of_the_team_is_readable_by_everybody(chromium: Browser, live: Live, language: str, width: int, scheme: str) -> None:
    """axe-core finds nothing and nothing runs out of the window, in both languages and themes, on a phone and on a desk."""
    work: Work = a_course_at_work(live.instance, language=language)
    options = {"language": language, "width": width, "scheme": scheme}
    editor = signed_in(chromium, live, **options)
    for path in work.pages().values():
        editor.open(path)
    bank = ("questions", "questions/capital-1", "questions/capital-1/versions?before=1&after=2", "questions/ensayo-1/preview")
    for path in (*bank, "questions?text=nada", "new-question", "imports", "exports?format=aiken", "exports?format=moodle"):
        editor.open(f"{BANK}/{path}")
    administrator = signed_in(chromium, live, "admin@example.org", **options)
    for path in work.administration().values():
        administrator.open(path)


@pytest.mark.slow
def test_an_edition_is_made_and_a_list_is_invited_with_the_keyboard_alone(chromium: Browser, live: Live) -> None:
    """A code for people, and a list whose rows are checked before anything is written; whether they have accounts is not told."""
    a_course_at_work(live.instance)
    editor = signed_in(chromium, live, width=360, scheme="dark")
    page = editor.page
    editor.open("/teaching/prueba/editions")
    page.fill("[name=name]", "Segundo semestre")
    page.fill("[name=capacity]", "20")
    press(editor, "Crear la edición")
    press(editor, "Crear un código")
    code = page.locator("p.h3.mono").inner_text()

    follow(editor, "Participantes de esta edición")
    follow(editor, "Inscribir una lista")
    a_person(live.instance, "luz@example.org")
    page.fill("[name=addresses]", "correo\nluz@example.org\nnadie@example.org")
    press(editor, "Ver primero")
    assert "Línea 3" in page.inner_text("main")
    press(editor, "Invitar a 2 personas")
    live.deliver_jobs()
    page.reload()
    assert in_spanish("The people on the list were invited") in page.inner_text("main")

    editor.open(f"/join/{code.replace('-', '')}")
    editor.open("/profile/notices")
    press(editor, "Guardar mi elección")


@pytest.mark.slow
def test_who_waits_for_a_place_sees_it_on_a_phone_and_takes_it_back(chromium: Browser, live: Live) -> None:
    """The course's page, what one learns and the button of the place waited for stay within the window."""
    course = a_course(live.instance)
    edition = an_edition(live.instance, course, "Primer grupo de 2027", capacity=1)
    join(live.instance, actor_of(a_person(live.instance, "primera@example.org")), course, edition)
    a_person(live.instance, "ana@example.org")
    learner = signed_in(chromium, live, "ana@example.org", width=360)
    learner.open("/courses/prueba")
    press(learner, "Esperar un cupo")
    assert "/learning" in learner.page.url
    learner.open("/courses/prueba")
    learner.open("/learning")
    press(learner, "No esperar más")
    assert "No esperar más" not in learner.page.inner_text("main")


@pytest.mark.slow
def test_a_blueprint_is_read_and_its_draws_are_made_with_the_keyboard_alone(chromium: Browser, live: Live) -> None:
    """spec/selection 1.4: the table on a phone in the dark, then the draws that its lines make."""
    course = a_course(live.instance, modules=1)
    a_teacher(live.instance, course)
    quiz = "key: cuestionario-1\ntitle: {es: Cuestionario 1, en: Quiz 1}\nslots:\n  - draw: 4\n"
    lines = "blueprint:\n  - {weight: 60, objective: contar, difficulty: easy}\n  - {weight: 40, objective: contar, difficulty: hard}\n"
    write(live.instance, course, {"01-parte/03-cuestionario.quiz.yaml": f"{quiz}{lines}attempts: 3\n"})
    teacher = signed_in(chromium, live, width=360, scheme="dark")
    page = teacher.page
    teacher.open("/teaching/prueba/parts/cuestionario-1/blueprint")

    page.get_by_label(in_spanish("Questions to draw in all")).fill("5")
    press(teacher, in_spanish("Make the draws"))

    assert in_spanish("Saved in the draft.") in page.locator("main").inner_text()
    assert draft_texts(live.instance)["01-parte/03-cuestionario.quiz.yaml"].count("draw: ") == 2
