"""Draw the figures of courses from their numbers, in Spanish and, where a script has a file of English words, in English.

Run: python content/scripts/figuras.py [COURSE …]   (all courses when none is named; the same numbers give the same bytes)

Needs ruamel.yaml. A test compares what is drawn with the files that are kept.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import dibujo
from ruamel.yaml import YAML

CONTENT = Path(__file__).resolve().parent.parent


def drawn(course: Path) -> dict[str, str]:
    """Draw every figure of a course: path within its folder -> the file's text."""
    dibujo.DRAWN.clear()
    for script in sorted((course / "scripts").glob("figuras_*.py")):
        runpy.run_path(str(script), run_name="__main__")
        words = script.with_suffix(".en.yaml")
        if words.exists():
            dibujo.ENGLISH.update(YAML(typ="safe").load(words))
            runpy.run_path(str(script), run_name="__main__")
            dibujo.ENGLISH.clear()
    return dict(dibujo.DRAWN)


def main() -> None:
    """Draw the courses named on the command line, or all."""
    named = [Path(name).resolve() for name in sys.argv[1:]]
    for course in named or sorted(path.parent for path in CONTENT.glob("*/course.yaml")):
        figures = drawn(course)
        for path, text in figures.items():
            file = course / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        print(f"{course.name}: {len(figures)}")


if __name__ == "__main__":
    main()
