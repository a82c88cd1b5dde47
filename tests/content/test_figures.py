"""Figures and sums of the courses come from their numbers: the scripts beside the content, run here."""

import importlib
import runpy
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.courses import CONTENT, COURSES, course_of

SUMS = sorted(CONTENT.glob("*/scripts/calculos_*.py"))


def drawn(course: str, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Draw every figure of a course again."""
    monkeypatch.syspath_prepend(str(CONTENT / "scripts"))
    figures: Mapping[str, str] = importlib.import_module("figuras").drawn(CONTENT / course)
    return figures


@pytest.mark.parametrize("course", COURSES)
def test_figures_that_are_kept_are_those_that_the_scripts_draw(course: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {file.path: file.content for file in course_of(course).media if file.path.endswith(".svg")}
    again = {path: text.encode() for path, text in drawn(course, monkeypatch).items()}

    assert sorted(again) == sorted(kept), "python content/scripts/figuras.py writes them"
    assert [path for path in kept if again[path] != kept[path]] == []


def test_each_course_has_a_script_of_figures_and_one_of_sums_for_each_numbered_module() -> None:
    for course in COURSES:
        numbers = [f"{number:02d}" for number, _module in enumerate((m for m in course_of(course).modules if m.numbered), 1)]
        scripts = CONTENT / course / "scripts"

        assert sorted(path.stem[-2:] for path in scripts.glob("figuras_*.py")) == numbers
        assert sorted(path.stem[-2:] for path in scripts.glob("calculos_*.py")) == numbers


@pytest.mark.parametrize("script", SUMS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_sums_of_lessons_and_questions_are_right(script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every sum that is written in a module, and every answer of its numerical questions, right and wrong, is worked out again."""
    monkeypatch.syspath_prepend(str(CONTENT / "scripts"))
    runpy.run_path(str(script), run_name="__main__")

    assert capsys.readouterr().out.strip()
