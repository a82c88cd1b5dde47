"""The commands that look at folders on the disk."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from courses.cli import group
from courses.content.reader import FolderRefusedError, read_directory
from tests.support.folders import FOLDERS, KINDS, MODULE, PARTS, TWIN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the sample that may be changed."""
    return shutil.copytree(FOLDERS / "agua", tmp_path / "agua")


def run(*words: object) -> Result:
    """Run `courses …`."""
    return CliRunner().invoke(group(lambda: (KINDS, PARTS)), [str(word) for word in words])


def spoil(path: Path, old: str, new: str) -> None:
    """Change a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_clean_folder_ends_well(folder: Path) -> None:
    """spec/content-format 12: exit status 0."""
    assert run("check", folder).exit_code == 0


def test_what_is_not_translated_is_told_by_module(folder: Path) -> None:
    (folder / TWIN).unlink()

    assert "contar: el 10 % está escrito en «en»." in run("check", folder).output


def test_errors_end_badly_and_warnings_only_when_strict(folder: Path) -> None:
    """spec/content-format 12: exit status 1 with any E, `--strict`: or W."""
    spoil(folder / MODULE, "key: contar\n", "key: contar\ncolour: blue\n")
    assert run("check", folder).exit_code == 0
    assert run("check", folder, "--strict").exit_code == 1
    spoil(folder / "course.yaml", "tone: 2", "tone: 9")
    result = run("check", folder)
    assert result.exit_code == 1
    assert "course.yaml:18: C113" in result.output


def test_a_figure_past_its_review_fails_the_check_of_that_day(folder: Path) -> None:
    """spec/content-format 5, C805."""
    assert run("check", folder, "--on", "2027-01-30").exit_code == 0
    late = run("check", folder, "--on", "2027-01-31")
    assert late.exit_code == 1
    assert "parametros.yaml:9: C805" in late.output


def test_figures_are_listed_with_what_another_value_would_change(folder: Path) -> None:
    """spec/content-format 5: nothing is written."""
    with (folder / "parametros.yaml").open("a", encoding="utf-8") as file:
        file.write("litros_diez:\n  formula: litros_ducha * 10\n  unit: litros\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert run("figures", folder).output.splitlines() == [
        "litros_ducha = 9.50 litros, 2025",
        "litros_diez = 95 litros, 2025 = litros_ducha * 10",
    ]
    said = run("figures", folder, "--set", "litros_ducha=8").output.splitlines()
    assert said[:2] == ["litros_ducha: 9.50 -> 8", "litros_diez: 95 -> 80"]
    assert any(line.startswith("01-contar/01-litros.es.md:") and "{{ litros_ducha" in line for line in said[2:])
    assert run("figures", folder, "--set", "nada=8").exit_code == 2
    assert run("figures", folder, "--set", "litros_ducha=ocho").exit_code == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_json_has_the_eight_fields(folder: Path) -> None:
    """spec/content-format 12."""
    (folder / MODULE).write_text((folder / MODULE).read_text(encoding="utf-8") + "colour: blue\n", encoding="utf-8")
    row = json.loads(run("check", folder, "--format", "json").output)[0]
    assert list(row) == ["file", "line", "column", "field", "code", "severity", "message", "fix"]
    assert (row["file"], row["line"], row["column"], row["field"], row["code"]) == (MODULE, 11, 1, "colour", "C107")


def test_format_writes_what_is_not_canonical(folder: Path) -> None:
    """spec/content-format 11."""
    before = (folder / MODULE).read_bytes()
    spoil(folder / MODULE, "es: Contar", "es: 'Contar'")
    assert run("format", folder).output.strip() == MODULE
    assert (folder / MODULE).read_bytes() == before
    assert run("format", folder).output.strip() == ""


def test_stamp_writes_the_present_stamp(folder: Path) -> None:
    """spec/content-format 4.4."""
    before = (folder / TWIN).read_bytes()
    spoil(folder / "01-contar/01-litros.es.md", "Marta cuenta", "Marta suma")
    assert run("stamp", folder / TWIN).exit_code == 0
    assert (folder / TWIN).read_bytes() != before
    assert "C703" not in run("check", folder).output
    assert run("stamp", folder / "01-contar/01-litros.es.md").exit_code == 1


def test_links_are_refused(folder: Path) -> None:
    """spec/content-format 1.6: no symbolic links."""
    (folder / "media" / "otra.png").symlink_to("/etc/hostname")
    with pytest.raises(FolderRefusedError):
        read_directory(folder)
    assert run("check", folder).exit_code == 1
