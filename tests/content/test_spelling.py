"""Every Spanish word of the courses is one that hunspell or the courses' own list knows."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.spelling import DICTIONARY
from tests.support import builders
from tests.support.programs import lacking, program

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "spelling.py"


def proof_read(*folder: Path) -> tuple[int, str]:
    """Run what `make spelling` runs; return the exit status and what it complains of."""
    hunspell = program("hunspell")
    if subprocess.run([hunspell, "-l", "-d", DICTIONARY], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
        pytest.skip(lacking("hunspell"))
    done = subprocess.run([sys.executable, str(SCRIPT), *map(str, folder)], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_no_word_of_the_courses_is_misspelt() -> None:
    assert proof_read() == (0, "")


def test_misspelt_words_are_told_with_their_place_and_idle_ones_of_the_list_too(tmp_path: Path) -> None:
    files = builders.folder(modules=1)
    lesson = "01-parte/01-leccion.es.md"
    files[lesson] = files[lesson].replace(b"Se cuenta con los dedos.", b"Se cuenta con los dedoz en Andinia.")
    for path, content in files.items():
        (tmp_path / "prueba" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "prueba" / path).write_bytes(content)
    (tmp_path / "palabras.txt").write_text("Andinia\nnunca\n", encoding="utf-8")

    assert proof_read(tmp_path) == (1, f"prueba/{lesson}:7: dedoz\npalabras.txt: “nunca” is in the dictionary or in no text\n")
