"""A lesson in another language on the web: begun beside its original, following what its translator saw, and taken out alone."""

import re

import pytest

from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.commands import commands_on, refused
from tests.support.drafts import draft_texts
from tests.support.lessons import EDITOR, PATH, ask, fields, write
from tests.support.wording import in_spanish


def test_a_translation_is_begun_beside_its_original_and_follows_it(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/content-format 4.4: a new translation says which state of its source it follows; the box brings the stamp up to date."""
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nTexto.\n"})
    editor.get("/teaching/prueba/lessons/otra?language=en")
    assert "Texto." in editor.page.text
    editor.submit("/lessons/otra", {"title": "Another", "body": "Text."}, button=("do", "save"))
    first = draft_texts(instance)["01-parte/04-otra.en.md"]
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nOtro texto.\n"})
    behind = editor.get("/teaching/prueba/lessons/otra?language=en").text
    editor.submit("/lessons/otra", {"body": "Another text.", "up_to_date": "y"}, button=("do", "save"))
    second = draft_texts(instance)["01-parte/04-otra.en.md"]

    assert re.fullmatch(r"---\ntitle: Another\ntranslated_from: [0-9a-f]{12}\n---\nText.\n", first)
    alert = in_spanish("The original has changed since this translation was last updated.")
    assert alert in behind
    changed = behind.partition(in_spanish("What has changed in the original"))[2]
    assert f"{in_spanish('removed:')} Texto." in changed
    assert f"{in_spanish('added:')} Otro texto." in changed
    assert second.splitlines()[2] != first.splitlines()[2]
    assert (
        in_spanish("The original has changed since this translation was last updated.")
        not in editor.get("/teaching/prueba/lessons/otra?language=en").text
    )


def test_an_original_whose_earlier_state_is_not_kept_is_shown_whole(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {"01-parte/01-leccion.en.md": "---\ntitle: Count\ntranslated_from: 0123456789ab\n---\nOne.\n"})

    page = editor.get("/teaching/prueba/lessons/leccion-1?language=en").text

    assert (
        in_spanish("The state of the original that it follows is not among the last ones, so compare it with the whole original below.")
        in page
    )


def test_the_command_shows_what_changed_since(
    editor: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lms = commands_on(instance.settings, monkeypatch, capsys)
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nTexto.\n\nIgual.\n"})
    editor.get("/teaching/prueba/lessons/otra?language=en")
    editor.submit("/lessons/otra", {"title": "Another", "body": "Text.\n\nEqual."}, button=("do", "save"))
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nOtro texto.\n\nIgual.\n"})

    told = lms("courses", "translations", "prueba").out

    assert "04-otra.en.md" in told
    assert "  - Texto.\n  + Otro texto.\n" in told
    refused(lms("courses", "translations", "nada"), "no course nada")


def test_a_translation_follows_the_original_that_its_translator_saw(editor: Browser, instance: Instance, course: Course) -> None:
    """The box speaks of the text that stood beside the translation, not of one that was saved meanwhile."""
    page, path = "/teaching/prueba/lessons/leccion-1?language=en", "01-parte/01-leccion.en.md"
    editor.get(page)
    shown = fields(editor)["follows"]
    write(instance, course, {PATH: draft_texts(instance)[PATH].replace("dedos", "manos")})

    sent = {"body": "Counted.\n", "language": "en", "up_to_date": "y", "follows": shown}
    saved = ask(editor, "autosave", sent)
    by_itself = draft_texts(instance)[path]
    editor.submit("/lessons/leccion-1", {"body": "Counted at last.", "up_to_date": "y", "seen": saved["seen"]}, button=("do", "save"))

    assert f"translated_from: {shown}\n" in by_itself
    assert f"translated_from: {shown}\n" in draft_texts(instance)[path]
    assert in_spanish("The original has changed since this translation was last updated.") in editor.get(page).text


def test_a_translation_that_was_put_together_with_another_follows_what_its_translator_saw(
    editor: Browser, instance: Instance, course: Course
) -> None:
    page, path = "/teaching/prueba/lessons/leccion-1?language=en", "01-parte/01-leccion.en.md"
    translation = "---\ntitle: Count\n---\nOne.\n\nTwo.\n\nThree.\n"
    write(instance, course, {path: translation})
    editor.get(page)
    shown = fields(editor)["follows"]
    write(
        instance,
        course,
        {PATH: draft_texts(instance)[PATH].replace("dedos", "manos"), path: translation.replace("Three.", "Three of theirs.")},
    )
    sent = {"body": "One of mine.\n\nTwo.\n\nThree.\n", "up_to_date": "y"}
    editor.submit("/lessons/leccion-1", sent, button=("do", "save"), status=409)
    editor.submit("/lessons/leccion-1", button=("do", "merge"))
    editor.submit("/lessons/leccion-1", button=("do", "save"))

    assert draft_texts(instance)[path].endswith("One of mine.\n\nTwo.\n\nThree of theirs.\n")
    assert f"translated_from: {shown}\n" in draft_texts(instance)[path]


def test_one_language_of_a_lesson_is_taken_out_alone(editor: Browser, instance: Instance) -> None:
    editor.get(f"{EDITOR}?language=en")
    assert in_spanish("Remove this language") in editor.page.text
    editor.get(f"{EDITOR}/removal?language=es", status=404)
    assert "en inglés" in editor.get(f"{EDITOR}/removal?language=en").text

    editor.submit("/removal", {})

    assert "01-parte/01-leccion.en.md" not in draft_texts(instance)
    assert PATH in draft_texts(instance)
    editor.get(f"{EDITOR}/removal?language=en", status=404)
