"""`lms quizzes analyse`: a table of marks in, the statistics of spec/quiz-engine 5.12 out."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from analysis.cli import CONCERNS, POSITION, QUIZ, analyse, group, read_marks
from analysis.rules.item_evidence import ItemWarning
from analysis.rules.statistics import PositionStatistics, QuizStatistics
from kernel.i18n import reading

GOLDEN = "uno,dos,tres,cuatro\n1,1,2,1\n1,1,2,0\n1,0,1.5,1\n0,1,1,0\n1,1,0.5,1\n0,0,0,1\n1,1,2,0\n1,0,1,1\n0,0,0.5,0\n"


def analysed(tmp_path: Path, content: str | bytes, *options: str) -> Result:
    file = tmp_path / "notas.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return CliRunner().invoke(analyse, [str(file), *options])


def test_the_golden_vector_as_json(tmp_path: Path) -> None:
    """spec/quiz-engine 5.12, golden vector."""
    found = json.loads(analysed(tmp_path, GOLDEN, "--json").output)

    assert found["quiz"] == {
        "attempts": 8,
        "mean": 2.6875,
        "median": 3.25,
        "deviation": 1.361131,
        "skewness": -0.753271,
        "kurtosis": -1.099613,
        "consistency": 34.698795,
        "error_ratio": 80.809161,
        "standard_error": 1.099919,
    }
    first, _second, _third, last = found["questions"]
    assert (first["facility"], first["discrimination"], first["efficiency"]) == (0.625, 82.072428, 100)
    assert (last["name"], last["discrimination"], last["efficiency"]) == ("cuatro", -32.531759, -41.176471)
    assert last["concerns"] == ["dubious", "negative_discrimination"]


def test_the_table_is_in_the_readers_language(tmp_path: Path) -> None:
    with reading("en"):
        english = analysed(tmp_path, GOLDEN).output
    spanish = analysed(tmp_path, GOLDEN).output

    assert "Mean: 2.69" in english
    assert "2,69" in spanish
    assert "62,50" in spanish
    assert len(spanish.splitlines()) == len(english.splitlines())


def test_columns_stand_below_their_headings(tmp_path: Path) -> None:
    lines = analysed(tmp_path, GOLDEN).output.splitlines()
    start = lines.index("") + 1

    assert len({len(line) for line in lines[start : start + 5]}) == 1


@pytest.mark.parametrize(
    "content", [GOLDEN.replace(".", "@").replace(",", ";").replace("@", ","), GOLDEN.replace(",", "\t"), "\ufeff" + GOLDEN]
)
def test_tables_of_other_spreadsheets_are_read_the_same(content: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, content, "--json").output == analysed(tmp_path, GOLDEN, "--json").output


def test_empty_cell_is_a_mark_of_nothing() -> None:
    """spec/quiz-engine 5.12: a question never answered counts as 0."""
    assert read_marks("a,b\n1,1\n,1\n").marks == ((0, 1),)


@pytest.mark.parametrize(
    "rows", ["a,b\n1,1\n", "a,b\n1,1\n1,0\n", "a\n1\n1\n0\n", "a,b\n0,0\n0,0\n0,0\n0,0\n", "a,b\n1,1\n1,1\n1,1\n1,1\n1,1\n"]
)
def test_degenerate_tables_have_dashes_and_nulls(rows: str, tmp_path: Path) -> None:
    """spec/quiz-engine 5.12, degenerate cases: none, one and few attempts, one question, maximum 0, equal marks."""
    text, as_json = analysed(tmp_path, rows), analysed(tmp_path, rows, "--json")

    assert text.exit_code == as_json.exit_code == 0
    assert "–" in text.output
    assert json.loads(as_json.output)["quiz"]["kurtosis"] is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "header line"),
        ("a,b\n", "header line"),
        ("a,b\n1\n", "2"),
        ("a,b\n1,1\n1,x\n", "“x”"),
        ("a,b\n1,1\n1,1e9\n", "1e9"),
        ("a,b\n1,-1\n", "“b”"),
        ("a,b\n1,1\n1,½\n", "½"),
        (b"a,b\n1,1\n\xf1,1\n", "3"),
        ('a,b\n1,"1\n', "table"),
    ],
)
def test_table_that_is_none_is_refused_with_its_place(content: str | bytes, said: str, tmp_path: Path) -> None:
    with reading("en"):
        found = analysed(tmp_path, content)

    assert found.exit_code == 1
    assert said in found.output


def test_every_number_and_concern_has_its_words() -> None:
    assert [name for name, _words, _unit, _meaning in QUIZ] == list(QuizStatistics.__dataclass_fields__)
    assert {name for name, _words, _factor, _meaning in POSITION} == set(PositionStatistics.__dataclass_fields__)
    assert set(CONCERNS) == {concern.value for concern in ItemWarning}


def test_packages_above_add_their_commands() -> None:
    extra = click.Command("extra")

    assert set(group([extra]).commands) == {"analyse", "extra"}
