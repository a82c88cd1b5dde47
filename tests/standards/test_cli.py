"""`lms quizzes import` and `export`: what is shown first, and when something is written."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis.cli import group
from standards.bank.read import read
from standards.cli import CATEGORIES, NAMES, WRITTEN, commands
from standards.importing import FORMATS, guess
from standards.model import FileRefused
from standards.xml import Categories
from tests.support.folders import a_folder

GIFT = "::uno::¿Uno?{=sí#bien ~no#mal}\n\n::dos::Roto {=a\n\n::tres::<p>Con <img src='x.png'> foto</p>{T####porque sí}\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group(commands()), [str(argument) for argument in arguments])


@pytest.fixture
def gift(tmp_path: Path) -> Path:
    file = tmp_path / "preguntas.gift"
    file.write_text(GIFT, "utf-8")
    return file


def test_import_shows_what_comes_in_what_does_not_and_writes_the_bank(gift: Path, tmp_path: Path) -> None:
    target = tmp_path / "banco.yaml"

    found = run("import", gift, "--to", target)

    assert found.exit_code == 0
    assert "1 single, 1 true_false" in found.output
    assert "«dos»" in found.output
    assert "3" in found.output
    assert "x.png" in found.output
    assert [question.key for question in read(target.read_bytes()).questions] == ["uno", "tres"]


def test_trial_writes_nothing(gift: Path, tmp_path: Path) -> None:
    target = tmp_path / "banco.yaml"

    found = run("import", gift, "--to", target, "--dry-run")

    assert found.exit_code == 0
    assert "1 single, 1 true_false" in found.output
    assert not target.exists()


def test_one_question_is_counted_in_the_singular(tmp_path: Path) -> None:
    file, bank = tmp_path / "una.gift", tmp_path / "banco.yaml"
    file.write_text("::uno::¿Uno?{=sí ~no}\n", "utf-8")

    imported = run("import", file, "--to", bank)
    exported = run("export", bank, "--format", "gift", "--to", tmp_path / "otra.gift")

    assert imported.output.startswith("Se importa 1 pregunta de una.gift")
    assert exported.output.startswith("Se exporta 1 de 1 pregunta como gift")


def test_strict_import_writes_nothing_where_one_question_stays_out(gift: Path, tmp_path: Path) -> None:
    target = tmp_path / "banco.yaml"

    found = run("import", gift, "--to", target, "--strict")

    assert found.exit_code == 1
    assert not target.exists()


@pytest.mark.parametrize("content", [b"\x00\x01", b"nothing that tells a format", b"<quiz>"])
def test_file_that_is_refused_writes_nothing(content: bytes, tmp_path: Path) -> None:
    file, target = tmp_path / "malo.txt", tmp_path / "banco.yaml"
    file.write_bytes(content)

    found = run("import", file, "--to", target)

    assert found.exit_code == 1
    assert "malo.txt" in found.output
    assert not target.exists()


def test_a_bank_that_exists_is_never_overwritten(gift: Path, tmp_path: Path) -> None:
    target = tmp_path / "banco.yaml"
    target.write_text("mine", "utf-8")

    found = run("import", gift, "--to", target)

    assert found.exit_code == 1
    assert target.read_text("utf-8") == "mine"


def test_questions_are_added_to_a_bank_that_exists_and_its_text_stays(gift: Path, tmp_path: Path) -> None:
    """Comments and order stay; keys that are taken change, what is there already is passed over, and both are told."""
    target = tmp_path / "banco.yaml"
    before = "# Mío\nquestions:\n  # la primera\n  - key: tres\n    kind: essay\n    text: Otra.\n"
    target.write_text(before, "utf-8")

    first = run("import", gift, "--to", target, "--add", "--all")
    once = target.read_text("utf-8")
    again = run("import", gift, "--to", target, "--add")

    assert first.exit_code == 0
    assert once.startswith(before)
    assert [question.key for question in read(once.encode()).questions] == ["tres", "uno", "tres-2"]
    assert "«tres»" in first.output
    assert again.exit_code == 1
    assert target.read_text("utf-8") == once
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_added_to_a_bank_whose_text_cannot_be_kept(gift: Path, tmp_path: Path) -> None:
    target = tmp_path / "banco.yaml"
    target.write_text("questions: [{key: a, kind: essay, text: x}]\n", "utf-8")

    found = run("import", gift, "--to", target, "--add")

    assert found.exit_code == 1
    assert target.read_text("utf-8") == "questions: [{key: a, kind: essay, text: x}]\n"


def test_many_remarks_of_one_kind_are_one_line_unless_all_are_wanted(tmp_path: Path) -> None:
    file = tmp_path / "a.gift"
    file.write_text("\n\n".join(f"::p{at}::<b style='x'>¿{at}?</b>{{T}}" for at in range(9)), "utf-8")

    short = run("import", file, "--to", tmp_path / "b.yaml", "--dry-run").output
    long = run("import", file, "--to", tmp_path / "b.yaml", "--dry-run", "--all").output

    assert short.count("p4") == 0
    assert long.count("«p4»") == 1


@pytest.mark.parametrize("form", WRITTEN)
def test_export_writes_each_format_and_import_reads_it(form: str, gift: Path, tmp_path: Path) -> None:
    bank, out, back = tmp_path / "banco.yaml", tmp_path / "fuera", tmp_path / "vuelta.yaml"
    run("import", gift, "--to", bank)

    exported = run("export", bank, "--format", form, "--to", out)
    imported = run("import", out, "--format", form, "--to", back)

    assert (exported.exit_code, imported.exit_code) == (0, 0), exported.output + imported.output
    assert len(read(back.read_bytes()).questions) == 2


def test_export_takes_languages_and_parameters_of_the_course_around(tmp_path: Path) -> None:
    for path, content in a_folder().items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    banks = sorted(tmp_path.glob("*/banco.yaml"))

    found = run("export", banks[0], "--format", "moodle-xml", "--to", tmp_path / "out.xml")

    assert found.exit_code == 0, found.output
    assert (tmp_path / "out.xml").read_bytes().startswith(b"<?xml")


def test_export_of_a_broken_bank_writes_nothing(tmp_path: Path) -> None:
    bank = tmp_path / "banco.yaml"
    bank.write_text("questions: [", "utf-8")

    found = run("export", bank, "--format", "gift", "--to", tmp_path / "out.gift")

    assert found.exit_code == 1
    assert not (tmp_path / "out.gift").exists()


def test_options_name_the_formats_there_are() -> None:
    assert set(NAMES) == set(FORMATS)
    assert set(WRITTEN) == {name for name, form in FORMATS.items() if form.write is not None}


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.gift", b"", "gift"),
        ("a.txt", b"x {T}", "gift"),
        ("a.txt", b"T\nA) a\nB) b\nANSWER: A", "aiken"),
        ("a.txt", b"x {1:SA:=a}", "cloze"),
        ("a.xml", b"<quiz/>", "moodle-xml"),
        ("a.CSV", b"", "csv"),
        ("a.xlsx", b"", "xlsx"),
    ],
)
def test_format_is_told_by_name_and_beginning(name: str, content: bytes, form: str) -> None:
    assert guess(name, content).name == form


def test_format_that_nothing_tells_is_asked_for() -> None:
    with pytest.raises(FileRefused, match="--format"):
        guess("a.txt", b"words")


CATEGORIES_GIFT = (
    "$CATEGORY: $course$/top/Ley 2001/Aportes\n\n::uno::¿Uno?{T}\n\n// [tag:ya]\n::dos::¿Dos?{F}\n\n$CATEGORY: top\n\n::tres::¿Tres?{T}\n"
)


def test_categories_become_tags_or_are_left_out_as_is_chosen(tmp_path: Path) -> None:
    file = tmp_path / "preguntas.gift"
    file.write_text(CATEGORIES_GIFT, "utf-8")

    tagged, left = (run("import", file, "--to", tmp_path / f"{way}.yaml", "--categories", way, "--all") for way in ("tags", "leave"))

    assert (tagged.exit_code, left.exit_code) == (0, 0)
    by_key = {question.key: question.tags for question in read((tmp_path / "tags.yaml").read_bytes()).questions}
    assert by_key == {"uno": ("ley-2001-aportes",), "dos": ("ya", "ley-2001-aportes"), "tres": ()}
    assert "ley-2001-aportes" in tagged.output
    assert {question.tags for question in read((tmp_path / "leave.yaml").read_bytes()).questions} == {(), ("ya",)}
    assert "Ley 2001/Aportes" in left.output


def test_the_ways_of_categories_are_those_of_the_command() -> None:
    assert list(Categories) == list(CATEGORIES)
