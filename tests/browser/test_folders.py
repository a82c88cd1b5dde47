"""A folder goes out and comes in before a real browser, on a phone and without scripts: its conflict is seen, decided, checked with axe."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from courses import catalogue, drafts
from courses.content.reader import read_directory
from courses.drafts import text_content
from courses.models import Course
from kernel import clock
from kernel.archives import write_archive
from kernel.permissions import SYSTEM
from tests.support.builders import PASSWORD, a_course, a_teacher, folder
from tests.support.chromium import Live, visitor
from tests.support.folders import FOLDERS

LESSON = "01-parte/01-leccion.es.md"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "script"), [(1280, True), (360, True), (360, False)])
def test_a_folder_with_a_conflict_comes_in(chromium: Browser, live: Live, tmp_path: Path, width: int, *, script: bool) -> None:
    a_teacher(live.instance, a_course(live.instance, modules=1))
    files = folder(modules=1)
    with live.instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, session.execute(select(Course.id)).scalar_one())
        edited = text_content(files[LESSON].decode().replace("dedos", "manos"))
        drafts.save_files(session, SYSTEM, course, {LESSON: edited}, now=clock.now())
    archive = tmp_path / "curso.zip"
    with archive.open("wb") as target:
        write_archive(target, {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), "README.md": b"Nota\n"})
    teacher = visitor(chromium, live, width=width, script=script)
    page = teacher.page
    teacher.open("/sign-in")
    page.fill("[name=email]", "profe@example.org")
    page.fill("[name=password]", PASSWORD)
    teacher.press("main button[type=submit]")
    teacher.open("/teaching/prueba/folder")

    page.set_input_files("[name=file]", str(archive))
    teacher.press("form[enctype] button")
    assert "con los manos" in page.inner_text("main")
    assert "con los pies" in page.inner_text("main")
    page.check("[name=choice-0-0][value=folder]")
    teacher.press("form.stack button.main")

    with live.instance.database.unit_of_work(write=False) as session:
        after = drafts.draft_files(session, live.instance.files, course.id)
    assert after == {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), "README.md": b"Nota\n"}


@pytest.mark.slow
@pytest.mark.parametrize(("width", "script"), [(1280, True), (360, False)])
def test_lessons_of_another_tool_come_in_from_the_top_of_their_report(
    chromium: Browser, live: Live, tmp_path: Path, width: int, *, script: bool
) -> None:
    """Our own course of Jekyll, under an address that is taken: the button stands above the report, and other pages wait beside it."""
    a_teacher(live.instance, a_course(live.instance, "jekyll", modules=1))
    archive = tmp_path / "jekyll.zip"
    with archive.open("wb") as target:
        write_archive(target, read_directory(FOLDERS.parent / "jekyll"))
    teacher = visitor(chromium, live, width=width, script=script)
    page = teacher.page
    teacher.open("/sign-in")
    page.fill("[name=email]", "profe@example.org")
    page.fill("[name=password]", PASSWORD)
    teacher.press("main button[type=submit]")
    for _again in range(2):
        teacher.open("/teaching/new-course/folder")
        page.set_input_files("[name=file]", str(archive))
        teacher.press("form[enctype] button")
    teacher.open("/teaching/new-course/folder")
    teacher.press("#waiting-title + ul li:last-child a")

    assert page.input_value("[name=key]") == "jekyll-2"
    button, lost = page.locator("form button.main").bounding_box(), page.locator("#lost-title").bounding_box()
    assert button is not None
    assert lost is not None
    assert button["y"] < min(lost["y"], 900)
    teacher.press("form button.main")

    assert page.url.endswith("/teaching/jekyll-2/outline")
