"""Settings of courses and parts that somebody else changed meanwhile: shown, put together, or chosen."""

import pytest

from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.drafts import draft_texts, press_in_outline
from tests.support.lessons import write
from tests.support.wording import in_spanish

SETTINGS = "/teaching/prueba/settings"


LESSON = "01-parte/01-leccion.es.md"


MODULE = "01-parte/module.yaml"


@pytest.mark.slow
def test_settings_changed_meanwhile_are_shown_and_put_together(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(SETTINGS)
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
    editor.get(SETTINGS)
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
    editor.get(SETTINGS)
    write(instance, course, {MODULE: draft_texts(instance)[MODULE] + "x-otra: a\n"})

    editor.submit("/settings", {"hours": "4"})

    assert "hours: 4" in draft_texts(instance)["course.yaml"]


def test_settings_of_what_was_moved_meanwhile_are_saved(editor: Browser, instance: Instance, course: Course) -> None:
    page, other = "/teaching/prueba/parts/leccion-1", sign_in(editor.another(), "profe@example.org")
    write(instance, course, {"01-parte/04-leccion.es.md": "---\nkey: otra\ntitle: Otra\n---\nNada.\n"})
    editor.get(page)
    press_in_outline(other, "place otra parte-1 0")
    (moved,) = (path for path, text in draft_texts(instance).items() if "key: leccion-1" in text)

    told = editor.submit(page, {"minutes": "7"}).text

    assert moved != LESSON
    assert in_spanish("Saved in the draft.") in told
    assert "minutes: 7\n" in draft_texts(instance)[moved]
    assert "minutes" not in draft_texts(instance)[LESSON]


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
