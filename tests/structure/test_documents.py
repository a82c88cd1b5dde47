"""What the documents say is what the code does; no package, setting, command or message is forgotten."""

import re
from datetime import date
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog

from courses.content.reader import read_directory, read_folder
from kernel.db import Base
from kernel.settings import Settings
from lms.app import KINDS
from lms.cli import lms
from scripts import documents, translations
from tests.support.project import PACKAGES, PYPROJECT, ROOT, tracked

LESSON = re.compile(r"\.[a-z]{2}\.md$")
MARKDOWN = [
    path for path in tracked() if path.suffix == ".md" and not LESSON.search(path.name) and not {"samples", "guide"} & set(path.parts)
]
NAMED = re.compile(r"docs/(?<![\w./-].....)[\w./-]*\w")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(<?([^)\s>#]+)(?:#[^)]*)?>?\)|!\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("path", documents.PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_generated_page_is_what_the_code_says(path: Path) -> None:
    """`make fix` writes them anew."""
    assert path.read_text("utf-8") == documents.PAGES[path]()


def test_every_setting_says_what_it_is_for() -> None:
    page = documents.settings()

    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"| `LMS_{name.upper()}` | {field.description} |" in page


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name, command, _context in documents.leaves(lms, ("lms",), click.Context(lms)):
        assert (command.help or "").rstrip().endswith("."), name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts[0]}"


@pytest.mark.parametrize("package", PACKAGES)
def test_package_has_a_readme_that_leads_to_the_picture(package: str) -> None:
    """Half a page; what does not belong here, and the way to docs/architecture.md."""
    text = (ROOT / package / "README.md").read_text("utf-8")

    assert text.startswith(f"# {package}\n")
    assert "](../docs/architecture.md)" in text
    assert "does not belong" in text
    assert len(text.splitlines()) <= 60


def test_the_picture_names_every_package_and_each_module_of_the_roof() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    modules = {path.stem for path in (ROOT / "lms").iterdir() if path.suffix == ".py" and not path.stem.startswith("_")}

    assert not [package for package in PACKAGES if f"`{package}`" not in text]
    assert not sorted(module for module in modules if f"`{module}`" not in text)


def test_the_guide_lists_every_package_from_the_highest_floor_to_the_lowest() -> None:
    listed = re.findall(r"^\| `(\w+)/` \|", (ROOT / "docs" / "developer" / "index.md").read_text("utf-8"), re.MULTILINE)
    height = {package: floor for floor, packages in enumerate(PYPROJECT["tool"]["aulario"]["floors"]) for package in packages.split(" | ")}

    assert sorted(listed) == sorted(PACKAGES)
    assert [height[package] for package in listed] == sorted(height.values())


def test_the_picture_names_every_table_and_its_owner() -> None:
    lines = (ROOT / "docs" / "architecture.md").read_text("utf-8").splitlines()
    owners = {mapper.local_table.name: mapper.class_.__module__.split(".")[0] for mapper in Base.registry.mappers}

    for table, owner in owners.items():
        assert any(line.startswith(f"| [`{owner}`]") and f"`{table}`" in line for line in lines), f"{owner}: {table}"


def broken_links(path: Path, text: str) -> list[str]:
    """Return the links of a page to files that are not there; what stands in code shows how a link is written."""
    found = [one or two for one, two in LINK.findall(re.sub(r"`[^`\n]+`", "", text))]
    return [link for link in found if not re.match(r"[a-z]+:", link) and not (path.parent / link).exists()]


def missing_documents(text: str) -> list[str]:
    """Return the paths below docs/ that a text names and that are not there."""
    return [path for path in NAMED.findall(text) if not (ROOT / path).exists()]


def test_links_between_documents_lead_somewhere() -> None:
    assert {path.relative_to(ROOT).as_posix(): broken for path in MARKDOWN if (broken := broken_links(path, path.read_text("utf-8")))} == {}


def test_every_document_that_a_file_names_exists() -> None:
    """In Markdown, docstrings, comments, tables of evidence and the Makefile alike."""
    named = {path.relative_to(ROOT).as_posix(): missing_documents(path.read_text("utf-8", errors="replace")) for path in tracked()}

    assert not {name: missing for name, missing in named.items() if missing}


def test_the_rules_above_see_a_broken_link() -> None:
    text = "[a](no-such.md) [b](README.md#x) ![c](no.png) [d](https://example.org/x) `docs/" + "no-such.md` (docs/README.md)"

    assert broken_links(ROOT / "README.md", text) == ["no-such.md", "no.png"]
    assert missing_documents(text) == ["docs/" + "no-such.md"]


def test_pages_for_operators_stay_short() -> None:
    for name, most in (("operations/performance.md", 160), ("operations/known-limitations.md", 40), ("developer/22-quality.md", 200)):
        assert len((ROOT / "docs" / name).read_text("utf-8").splitlines()) <= most, name
    limits = (ROOT / "docs" / "operations" / "known-limitations.md").read_text("utf-8")
    assert limits.count("\n- ") <= 30


def test_every_row_of_the_backlog_has_area_kind_size_and_priority() -> None:
    text = (ROOT / "docs" / "developer" / "backlog.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")][1:]

    assert rows
    for area, kind, size, priority, sentence in rows:
        assert area in {*PACKAGES, "content", "deploy", "docs", "scripts", "tests"}, sentence
        assert (kind in {"bug", "enhancement", "debt"}, size in {"S", "M", "L"}, priority in {"1", "2", "3"}) == (True,) * 3, sentence
        assert len(sentence) > 20
        assert sentence.endswith("."), sentence
    priorities = [priority == "1" for _area, _kind, _size, priority, _sentence in rows]
    assert priorities == sorted(priorities, reverse=True)


def test_both_readmes_have_the_same_shape() -> None:
    spanish, english = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.en.md"))

    assert [line.count("#") for line in spanish.splitlines() if line.startswith("#")] == [
        line.count("#") for line in english.splitlines() if line.startswith("#")
    ]
    assert re.findall(r"```[a-z]*\n(.*?)```", spanish, re.DOTALL) == re.findall(r"```[a-z]*\n(.*?)```", english, re.DOTALL)


def test_the_example_that_the_readme_lets_people_copy_is_without_fault() -> None:
    folder = ROOT / "examples" / "first-course"
    files = read_directory(folder)

    assert read_folder(files, KINDS.kinds, KINDS.parts, today=date(2026, 11, 20)).findings == ()
    for name in ("README.md", "README.en.md"):
        assert f"cp -r {folder.relative_to(ROOT)} " in (ROOT / name).read_text("utf-8")


def test_decisions_are_numbered_and_have_the_four_parts() -> None:
    folder = ROOT / "docs" / "decisions"
    paths = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    index = (folder / "README.md").read_text("utf-8")

    assert [path.name[:4] for path in paths] == [f"{number:04d}" for number in range(1, len(paths) + 1)]
    for path in paths:
        title, text = path.read_text("utf-8").split("\n", 1)
        number, subject = title.removeprefix("# ").split(" ", 1)
        assert number == path.name[:4]
        assert f"| [{number}]({path.name}) | {subject} | " in index
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Rejected"], path.name


def test_the_spanish_catalogue_is_complete() -> None:
    """Complete, nothing unsure, nothing left over."""
    assert translations.problems(translations.collect(), translations.read()) == []


def test_the_rule_above_sees_each_kind_of_fault() -> None:
    collected, present = Catalog(), Catalog(locale="es")
    for message in ("Said", "Unsaid", "Unsure", "%(count)s things"):
        collected.add(message)
    present.add("Said", "Dicho")
    present.add("Unsure", "Dudoso", flags=["fuzzy"])
    present.add("%(count)s things", "%(cuenta)s cosas", flags=["python-format"])
    present.add("Left over", "De más")

    said = translations.problems(collected, present)

    assert [line.split(":")[0] for line in said if "Unsaid" in line or "Unsure" in line or "Left" in line] == ["missing", "fuzzy", "unused"]
    assert len(said) == 4


def test_deploy_files_name_the_version_that_is_built() -> None:
    """An image by the name of another version is one that nobody has, or an old program with new settings."""
    version = PYPROJECT["project"]["version"]
    files = [path for folder in ("deploy", "docs/operations") for path in (ROOT / folder).rglob("*") if path.is_file()]
    images = {
        (path.name, image) for path in files for image in re.findall(r"aulario:([0-9]+\.[\w.]*\w)", path.read_text("utf-8", "ignore"))
    }

    assert {image for _name, image in images} == {version}
    assert {"compose.yaml", "aulario.yaml", "install.md"} <= {name for name, _image in images}
