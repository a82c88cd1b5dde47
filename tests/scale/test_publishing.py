"""Publishing: only changed lessons are rendered, and many activities cost no more statements.
`make bench` measures it (spec/performance P15).
"""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event

from courses import publishing
from courses.content.render_cache import RenderedLessonCache
from lms.app import KINDS
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in, folder, publish
from tests.support.courses import GOVERNANCE, files_of

TODAY = date(2026, 12, 1)
OF_A_LESSON = 3
"""Files kept of a lesson: as it is shown, its translation that follows it, and what the search finds of both."""


def edited(files: dict[str, bytes], words: str) -> dict[str, bytes]:
    """Add a paragraph to the first lesson."""
    path = min(path for path in files if path.endswith(".es.md"))
    return {**files, path: files[path] + f"\n{words}\n".encode()}


@pytest.mark.slow
def test_what_is_taken_from_the_last_time_is_what_would_be_rendered_anew() -> None:
    """A changed lesson, and a changed title that others may show."""
    files = files_of(GOVERNANCE)
    publishing.prepare(files, KINDS, today=TODAY)
    second = sorted(path for path in files if path.endswith(".es.md"))[1]
    titled = files[second].replace(b"\ntitle: ", b"\ntitle: Otra vez ", 1)
    assert titled != files[second]
    changed = {**edited(files, "Un párrafo más."), second: titled}

    kept = publishing.prepare(changed, KINDS, today=TODAY).prepared
    publishing.forget_rendered()
    fresh = publishing.prepare(changed, KINDS, today=TODAY).prepared

    assert kept is not None
    assert fresh is not None
    for key, activity in fresh.activities.items():
        assert kept.activities[key].media == activity.media
        if activity.source.kind == "page":
            assert kept.activities[key].payload == activity.payload


def test_after_a_restart_publishing_renders_only_what_changed(tmp_path: Path) -> None:
    """In a process that has rendered nothing, what an earlier one has kept is as good, to the letter."""
    files, kinds = folder(modules=4), replace(KINDS, lesson_cache=RenderedLessonCache(tmp_path))
    publishing.forget_rendered()
    fresh = publishing.prepare(files, kinds, today=TODAY).prepared
    kept_at_first = set(tmp_path.glob("*/*.json"))

    publishing.forget_rendered()
    again = publishing.prepare(files, kinds, today=TODAY).prepared
    kept_again = set(tmp_path.glob("*/*.json"))
    publishing.forget_rendered()
    assert publishing.prepare(edited(files, "Un párrafo más."), kinds, today=TODAY).prepared is not None

    assert fresh is not None
    assert again is not None
    assert again.activities == fresh.activities
    assert kept_again == kept_at_first
    assert len(kept_at_first) > len(fresh.activities)
    assert len(set(tmp_path.glob("*/*.json")) - kept_at_first) == OF_A_LESSON


def test_what_is_kept_may_be_broken_or_gone(tmp_path: Path) -> None:
    kinds = replace(KINDS, lesson_cache=RenderedLessonCache(tmp_path))
    files = folder(modules=1)
    publishing.forget_rendered()
    fresh = publishing.prepare(files, kinds, today=TODAY).prepared
    for path in tmp_path.glob("*/*.json"):
        path.write_text("{", encoding="utf-8")
    publishing.forget_rendered()
    broken = publishing.prepare(files, kinds, today=TODAY).prepared

    assert fresh is not None
    assert broken is not None
    assert broken.activities == fresh.activities
    number = len(list(tmp_path.glob("*/*.json")))
    assert RenderedLessonCache(tmp_path).forget_old(time.time()) == 0
    assert RenderedLessonCache(tmp_path).forget_old(time.time() + 61 * 86_400) == number > 0
    blocked = replace(KINDS, lesson_cache=RenderedLessonCache(tmp_path / "file"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    publishing.forget_rendered()
    assert publishing.prepare(files, blocked, today=TODAY).prepared is not None


def test_readers_do_not_wait_while_a_course_is_published(browser: Browser, instance: Instance) -> None:
    """spec/performance P15: between any two statements that a publication writes its course is read, as it was,
    and nobody waits for its end.
    """
    files = folder("prueba", modules=1)
    course, _version = publish(instance, files)
    a_learner_in(browser, course)
    browser.checks = False
    visitor = browser.another()
    visitor.checks = False
    reads: list[tuple[bool, bool]] = []

    def read() -> None:
        for who in (visitor, browser):
            who.get(f"/courses/{course.slug}")
        reads[-1] = (True, "Otro nombre" in visitor.page.html)

    def meanwhile(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if threading.current_thread() is publisher and statement.startswith(("INSERT", "UPDATE")):
            reads.append((False, False))
            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            reader.join(10)

    publisher = threading.current_thread()
    event.listen(instance.database.writing, "after_cursor_execute", meanwhile)
    try:
        publish(instance, {path: content.replace(b"Parte 1", b"Otro nombre") for path, content in files.items()})
    finally:
        event.remove(instance.database.writing, "after_cursor_execute", meanwhile)

    assert len(reads) > 5
    assert set(reads) == {(True, False)}
    assert "Otro nombre" in visitor.get(f"/courses/{course.slug}").html


def test_a_publication_takes_as_many_statements_for_many_activities_as_for_few(instance: Instance) -> None:
    counter = every_statement(instance.database)
    counts = []
    for number, modules in enumerate((1, 4)):
        counter.reset()
        publish(instance, folder(f"curso-{number}", modules=modules))
        counts.append([statement for statement in counter.statements if "draft_" not in statement])

    assert len(counts[0]) == len(counts[1]), Counter(counts[1]) - Counter(counts[0])
