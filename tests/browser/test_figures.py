"""Figures of both courses on a phone: no word of either language is cut off or stands on another one."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kernel.paths import STATIC
from tests.support.courses import CONTENT

FAULTS = """() => [...document.querySelectorAll('figure')].flatMap(figure => {
  const box = figure.querySelector('svg').getBoundingClientRect();
  const words = [...figure.querySelectorAll('text')]
    .map(text => [text.textContent, text.getBoundingClientRect()])
    .filter(([, at]) => at.width);
  const isCut = at => at.left < box.left - 0.5 || at.right > box.right + 0.5 || at.top < box.top - 1 || at.bottom > box.bottom + 1;
  const isCovered = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > Math.min(a.height, b.height) * 0.45;
  const covered = words.flatMap(([one, a], first) =>
    words.slice(first + 1).filter(([, b]) => isCovered(a, b)).map(([other]) => [`${one} / ${other}`]));
  return [...words.filter(([, at]) => isCut(at)), ...covered].map(([text]) => `${figure.id}: ${text}`);
})"""
HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Figures</title>
<link rel="stylesheet" href="%s"><main><div class="wrap"><div class="prose">"""


def a_page_of_figures(folder: Path, figures: list[Path], drawings: list[str]) -> Path:
    """Write a page with drawings in the column of a lesson."""
    shown = [f'<figure id="{path.name}">{drawing}</figure>' for path, drawing in zip(figures, drawings, strict=True)]
    page = folder / "figures.html"
    page.write_text(HEAD % (STATIC / "css" / "aulario.css").as_uri() + "".join(shown), encoding="utf-8")
    return page


def faults_at(chromium: Browser, page: Path, width: int) -> list[str]:
    """Return the words that are cut off or covered in a window of a width, with the site's own letters."""
    opened = chromium.new_page(viewport={"width": width, "height": 900})
    opened.goto(page.as_uri())
    opened.wait_for_function("document.fonts.check('13px \"Atkinson Hyperlegible Next\"') && document.fonts.status === 'loaded'")
    faults: list[str] = opened.evaluate(FAULTS)
    opened.close()
    return faults


@pytest.mark.parametrize("language", ["es", "en"])
def test_words_of_figures_fit_on_a_phone(chromium: Browser, tmp_path: Path, language: str) -> None:
    figures = [path for path in sorted(CONTENT.glob("*/*/media/*.svg")) if (".en." in path.name) == (language == "en")]
    drawings = [path.read_text(encoding="utf-8") for path in figures]

    assert len(figures) > 60
    assert faults_at(chromium, a_page_of_figures(tmp_path, figures, drawings), 360) == []


def test_a_word_that_runs_out_of_its_figure_is_found(chromium: Browser, tmp_path: Path) -> None:
    figure = next(path for path in sorted(CONTENT.glob("*/*/media/*.en.svg")))
    drawing = re.sub(r">([^<]+)</text>", lambda found: f">{found[1] * 20}</text>", figure.read_text(encoding="utf-8"), count=1)

    assert len(faults_at(chromium, a_page_of_figures(tmp_path, [figure], [drawing]), 360)) > 0
