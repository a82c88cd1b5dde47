"""Findings in the words of forms: who used forms meets no field of a file, no command and no code (spec/content-format 12)."""

import re

import pytest
from sqlalchemy import select

from courses.content.course_fields import labelled_place, labels_of_file
from courses.models import Course
from kernel.i18n import reading
from lms.instance import Instance
from quizzes.content.quiz import BANKS, KIND
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts
from tests.support.lessons import write
from tests.support.wording import in_spanish

QUIZ = "01-parte/03-cuestionario.quiz.yaml"
TRANSLATION = "01-parte/01-leccion.en.md"


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


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("course.yaml", "completion.grade", "Calificación necesaria"),
        ("course.yaml", "authors[2].role", "Autoría 2, Función o aporte"),
        ("course.yaml", "not_known", ""),
        ("glosario.yaml", "brecha.definition.es", "«brecha», Definición"),
        ("01-a/banco.yaml", "gaps.anio.answers[1]", "Huecos «anio», Respuestas 1"),
        ("01-a/banco.yaml", "options[3].right", "Opciones 3, Opción"),
        ("01-a/02-q.quiz.yaml", "pause.later", "Pausa antes de los siguientes"),
        ("01-a/02-q.quiz.yaml", "slots[2].draw", "Preguntas y páginas 2, Cuántas"),
    ],
)
def test_a_field_is_called_what_its_form_calls_it(path: str, field: str, words: str) -> None:
    with reading("es"):
        assert labelled_place(labels_of_file(path, [KIND], [BANKS]), field)[0] == words


def test_a_question_without_gaps_is_told_so_by_the_label(editor: Browser) -> None:
    editor.get("/teaching/prueba/new-question/form?kind=gaps")

    told = editor.submit("/form", {"text_es": "Sin huecos."}, button=("do", "save"), status=422).text

    assert in_spanish("The field “%(field)s” is missing.", field="Huecos") in told
    assert "«gaps»" not in told


def test_what_is_left_after_saving_settings_names_no_field_of_the_file(editor: Browser, instance: Instance) -> None:
    editor.get("/teaching/prueba/parts/cuestionario-1")

    told = editor.submit("/parts/cuestionario-1", {"at_end": "grace", "grace": ""}).text

    assert "at_end: grace" in draft_texts(instance)[QUIZ]
    assert re.search(r"Por corregir antes de publicar: [^:]+: Al terminar el tiempo hay un tiempo adicional para enviar", told)
    assert not re.search(r"at_end|grace|«\w+:", told)


def test_the_publishing_page_names_settings_of_a_quiz_by_their_labels(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)[QUIZ]
    write(instance, course, {QUIZ: f"{before}at_end: grace\n"})

    page = re.sub(r"<details.*?</details>", "", editor.get("/teaching/prueba/publishing").html, flags=re.DOTALL)

    assert "Cuando se acaba el tiempo: Al terminar el tiempo hay un tiempo adicional" in page
    assert "at_end" not in page


def test_a_translation_that_is_behind_is_told_without_a_command(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {TRANSLATION: "---\ntitle: Lesson\ntranslated_from: 000000000000\n---\nText.\n"})

    editor.get("/teaching/prueba/lessons/leccion-1?language=en")
    shown = editor.submit("/lessons/leccion-1", {"body": "Text too."}, button=("do", "preview")).text

    assert "La traducción" in shown
    assert "lms courses" not in shown
    assert "translated_from" not in shown
