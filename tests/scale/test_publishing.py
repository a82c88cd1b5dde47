"""Performance P15: publishing a large course against Markdown and nh3 of its text, in one run; only changed lessons are rendered."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from courses import publication
from courses.content.kept import Kept
from courses.publication import Checked, Renderer
from lms.app import KINDS, House
from tests.support.browser import every_statement
from tests.support.builders import folder, publish
from tests.support.courses import GOVERNANCE, files_of

TODAY = date(2026, 12, 1)
CHANGES = 3


def seconds(act: Callable[[], object]) -> float:
    """Return how much of the processor something takes."""
    began = time.process_time()
    act()
    return time.process_time() - began


def edited(files: dict[str, bytes], words: str) -> dict[str, bytes]:
    """Add a paragraph to the first lesson."""
    path = min(path for path in files if path.endswith(".es.md"))
    return {**files, path: files[path] + f"\n{words}\n".encode()}


def every_text(checked: Checked) -> None:
    """Render every lesson and every text of every activity with nothing kept: Markdown, then nh3."""
    assert checked.course is not None
    publication.forget_rendered()
    renderer = Renderer(checked.course, KINDS)
    for activity in checked.course.activities():
        KINDS.publisher(activity.kind).prepare(activity, renderer)
        renderer.markdown(activity.summary, activity.path)


def test_publishing_a_changed_lesson_costs_at_most_three_times_the_rendering_of_the_text() -> None:
    files = files_of(GOVERNANCE)
    checked = publication.check(files, KINDS, today=TODAY)
    rendering = seconds(lambda: every_text(checked))
    publication.prepare(files, KINDS, today=TODAY)

    again = min(
        seconds(lambda place=place: publication.prepare(edited(files, f"Cambio {place}."), KINDS, today=TODAY)) for place in range(CHANGES)
    )

    assert again <= 3 * rendering, f"{again:.2f} s against {rendering:.2f} s of rendering: {again / rendering:.1f}"


def test_what_is_taken_from_the_last_time_is_what_would_be_rendered_anew() -> None:
    """A changed lesson, and a changed title that others may show."""
    files = files_of(GOVERNANCE)
    publication.prepare(files, KINDS, today=TODAY)
    second = sorted(path for path in files if path.endswith(".es.md"))[1]
    titled = files[second].replace(b"\ntitle: ", b"\ntitle: Otra vez ", 1)
    assert titled != files[second]
    changed = {**edited(files, "Un párrafo más."), second: titled}

    kept = publication.prepare(changed, KINDS, today=TODAY).prepared
    publication.forget_rendered()
    fresh = publication.prepare(changed, KINDS, today=TODAY).prepared

    assert kept is not None
    assert fresh is not None
    for key, activity in fresh.activities.items():
        assert kept.activities[key].media == activity.media
        if activity.source.kind == "page":
            assert kept.activities[key].payload == activity.payload


def test_after_a_restart_publishing_renders_only_what_changed(tmp_path: Path) -> None:
    """P15 in a process that has rendered nothing: what an earlier one has kept is as good, to the letter."""
    files, kinds = files_of(GOVERNANCE), replace(KINDS, kept=Kept(tmp_path))
    checked = publication.check(files, kinds, today=TODAY)
    rendering = seconds(lambda: every_text(checked))
    publication.forget_rendered()
    fresh = publication.prepare(files, kinds, today=TODAY).prepared
    rendered: list[object] = []

    def first_after_a_start(place: int) -> None:
        publication.forget_rendered()
        rendered.append(publication.prepare(edited(files, f"Cambio {place}."), kinds, today=TODAY).prepared)

    again = min(seconds(lambda place=place: first_after_a_start(place)) for place in range(CHANGES))
    publication.forget_rendered()
    kept = publication.prepare(files, kinds, today=TODAY).prepared

    assert again <= 3 * rendering, f"{again:.2f} s against {rendering:.2f} s of rendering: {again / rendering:.1f}"
    assert fresh is not None
    assert kept is not None
    assert kept.activities == fresh.activities
    assert len(list(tmp_path.glob("*/*.json"))) > len(fresh.activities)


def test_what_is_kept_may_be_broken_or_gone(tmp_path: Path) -> None:
    kinds = replace(KINDS, kept=Kept(tmp_path))
    files = folder(modules=1)
    publication.forget_rendered()
    fresh = publication.prepare(files, kinds, today=TODAY).prepared
    for path in tmp_path.glob("*/*.json"):
        path.write_text("{", encoding="utf-8")
    publication.forget_rendered()
    broken = publication.prepare(files, kinds, today=TODAY).prepared

    assert fresh is not None
    assert broken is not None
    assert broken.activities == fresh.activities
    number = len(list(tmp_path.glob("*/*.json")))
    assert Kept(tmp_path).forget_old(time.time()) == 0
    assert Kept(tmp_path).forget_old(time.time() + 61 * 86_400) == number > 0
    blocked = replace(KINDS, kept=Kept(tmp_path / "file"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    publication.forget_rendered()
    assert publication.prepare(files, blocked, today=TODAY).prepared is not None


def test_a_publication_takes_as_many_statements_for_many_activities_as_for_few(house: House) -> None:
    counter = every_statement(house.database)
    counts = []
    for number, modules in enumerate((1, 4)):
        counter.reset()
        publish(house, folder(f"curso-{number}", modules=modules))
        counts.append([statement for statement in counter.statements if "draft_" not in statement])

    assert len(counts[0]) == len(counts[1]), Counter(counts[1]) - Counter(counts[0])
