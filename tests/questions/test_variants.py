"""Families of fixed variants of a question: draws and tables, their texts in the bank, refusals (spec/selection 1.22)."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from courses.content.editing import list_entries
from courses.content.model import CourseFolder
from courses.content.reader import read_folder
from kernel import clock
from kernel.errors import DomainError
from lms.course_commands import course_kinds
from lms.quiz_commands import variants as command
from questions.content.banks import questions_of
from questions.content.variants import (
    VariantsRefused,
    exact_decimal,
    lesson_numbers,
    plan_drawn,
    plan_from_table,
    written_pattern,
    written_variants,
)
from questions.rules.definitions import CalculatedBody, QuestionState
from questions.rules.variants import MOST_VARIANTS, VariantRemarkKind
from tests.support.questions import f
from tests.support.selection_folders import BANK, FILE, HEAD
from tests.support.variants import PATTERN, TABLE, a_folder_with_a_pattern


def read(files: dict[str, bytes]) -> CourseFolder:
    course = read_folder(files, *course_kinds(), today=clock.now().date()).course
    assert course is not None
    return course


def folder_of(bank: str = PATTERN, lesson: str = "") -> CourseFolder:
    return read(a_folder_with_a_pattern(bank, lesson))


def on_disk(place: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def test_a_table_gives_a_variant_for_each_line() -> None:
    """spec/selection 1.22: column per variable; decimals with point or comma."""
    plan = plan_from_table(folder_of(), "tasa", TABLE.encode())

    assert [(one.name, one.values, one.key) for one in plan.variants] == [
        ("tasa-1", {"parte": f(12), "total": f(100)}, f(12)),
        ("tasa-2", {"parte": f("30.5"), "total": f(250)}, f("12.2")),
    ]
    assert plan.family == "tasa"
    assert plan.retires_pattern


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("parte;total\n=1+1;100\n", "formula"),
        ("parte;total\n@SUM(A1);100\n", "formula"),
        ("parte;total\n+12;100\n", "formula"),
        ("parte;total\n" + "1;2\n" * 100_000, "100000"),
        ("parte\n12\n", "no column “total”"),
        ("parte;total;otra\n1;2;3\n", "“otra”"),
        ("parte;total;total\n1;2;3\n", "same name"),
        ("parte;total\ndoce;100\n", "“doce”"),
        ("parte;total\n12;\n", "“total”"),
        ("parte;total\n12\n", "“total”"),
        ("parte;total\n1.234,5;9000\n", "thousands"),
        ("parte;total\n", "line"),
        ("", "line"),
        ("parte;total\n200;100\n", "“parte < total”"),
        ("parte;total\n0;100\n", ""),
        ("parte;total\n1;" + "9" * 40 + "\n", "“total”"),
        ('parte;total\n"1;2\n', "cannot be read"),
        ("x" * 1_000_001, "larger"),
        ("parte;total\n12;100;77\n", "(77)"),
    ],
    ids=range(19),
)
def test_bad_tables_are_refused_with_a_sentence(table: str, said: str) -> None:
    """spec/selection 12: CSV of variants with formula cells, 10⁵ rows, missing column."""
    bank = (
        PATTERN
        if said
        else PATTERN.replace("100 * parte / total", "100 * total / parte").replace(
            "      - wrong: 100 * total / parte\n        why: Al revés.\n", ""
        )
    )

    with pytest.raises(DomainError) as refused:
        plan_from_table(folder_of(bank), "tasa", table.encode())

    assert said in refused.value.text % refused.value.facts


@pytest.mark.parametrize(
    ("bank", "key", "number"),
    [
        (PATTERN, "no-hay", 3),
        (PATTERN, "tasa", 0),
        (PATTERN, "tasa", MOST_VARIANTS + 1),
        ("questions:\n  - key: tasa\n    kind: numerical\n    text: ¿?\n    answers:\n      - right: 1\n    explanation: Es.\n", "tasa", 3),
        (
            PATTERN.replace("from: 10, to: 90, step: 1", "values: [12]").replace(
                "from: 100, to: 900, step: 10", "from: 100, to: 101, step: 5"
            ),
            "tasa",
            3,
        ),
        (
            PATTERN.replace("from: 10, to: 90, step: 1", "values: [12]").replace("from: 100, to: 900, step: 10", "values: [20, 30]"),
            "tasa",
            3,
        ),
    ],
    ids=["unknown", "none", "too many", "another kind", "a variant", "two values"],
)
def test_what_no_family_can_be_made_of_is_refused(bank: str, key: str, number: int) -> None:
    with pytest.raises(VariantsRefused):
        plan_drawn(folder_of(bank), key, number)


def test_the_variants_stand_in_the_bank_as_one_family(tmp_path: Path) -> None:
    """spec/selection 1.22: stored values, key by the engine; the pattern is a draft and of the family, and nothing is refused."""
    place = on_disk(tmp_path, a_folder_with_a_pattern())

    found = CliRunner().invoke(command, [str(place), "tasa", "--draws", "3"])

    assert found.exit_code == 0, found.output
    files = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    questions = questions_of(read(files))
    assert list(questions) == ["tasa", "tasa-1", "tasa-2", "tasa-3"]
    assert questions["tasa"].state is QuestionState.DRAFT
    assert {one.selection.family for one in questions.values()} == {"tasa"}
    bodies = [one.body for key, one in questions.items() if key != "tasa"]
    assert all(isinstance(body, CalculatedBody) and not body.conditions for body in bodies)
    assert all(len(variable.values) == 1 for body in bodies if isinstance(body, CalculatedBody) for variable in body.variables)  # type: ignore[arg-type]  # a list
    assert all(one.text == questions["tasa"].text for one in questions.values())


def test_more_variants_go_on_behind_those_that_are_there(tmp_path: Path) -> None:
    """spec/selection 1.22: they are compared with those of before too, which keep their names."""
    place = on_disk(tmp_path, a_folder_with_a_pattern())
    table = tmp_path / "valores.csv"
    table.write_text(TABLE, encoding="utf-8")
    first = CliRunner().invoke(command, [str(place), "tasa", "--table", str(table)])

    again = CliRunner().invoke(command, [str(place), "tasa", "--table", str(table), "--dry-run"])

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "tasa-3" in again.output
    assert len([line for line in again.output.splitlines() if "tasa-1" in line or "tasa-2" in line]) == 2
    files = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert len(questions_of(read(files))) == 3


@pytest.mark.parametrize("options", [[], ["--draws", "2", "--table", "FILE"], ["--draws", "999"]])
def test_the_command_refuses_what_it_cannot_make(tmp_path: Path, options: list[str]) -> None:
    place = on_disk(tmp_path, a_folder_with_a_pattern())
    table = tmp_path / "valores.csv"
    table.write_text(TABLE, encoding="utf-8")

    found = CliRunner().invoke(command, [str(place), "tasa", *(str(table) if one == "FILE" else one for one in options)])

    assert found.exit_code == 1
    assert (place / BANK).read_text(encoding="utf-8") == PATTERN


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text("[", encoding="utf-8")

    assert CliRunner().invoke(command, [str(tmp_path), "tasa", "--draws", "2"]).exit_code == 1


def test_numbers_of_a_lesson_are_read_as_its_language_writes_them() -> None:
    """spec/selection 1.22: a variant with the lesson's own numbers."""
    lesson = "\nDe 1.250 personas, 30,5 % reciben 12 000 dólares; en 2027, 100.\n"
    folder = folder_of(lesson=lesson)

    numbers = lesson_numbers(folder)["Contar 1"]

    assert {f(1250), f("30.5"), f(12000), f(2027), f(100)} <= numbers
    plan = plan_from_table(folder, "tasa", b"parte;total\n30,5;1250\n12;100\n")
    assert [(one.kind, one.names) for one in plan.remarks] == [(VariantRemarkKind.LESSON, ("tasa-1",))]


def test_a_pattern_that_a_quiz_asks_stays_ready() -> None:
    """A quiz that has it fixed would lose it; it is of the family, so that no attempt has it beside a variant."""
    files = a_folder_with_a_pattern()
    files[FILE] = f"{HEAD}slots:\n  - question: tasa\nattempts: 1\n".encode()

    plan = plan_drawn(read(files), "tasa", 2)

    assert not plan.retires_pattern
    assert "state" not in written_pattern("key: tasa\nkind: calculated\ntext: a\n", plan)


def test_a_variant_keeps_what_the_pattern_says_of_its_numbers() -> None:
    bank = PATTERN.replace("step: 10}", "step: 10, decimals: 2}").replace("    kind:", "    was: [otra]\n    kind:", 1)
    plan = plan_from_table(folder_of(bank), "tasa", b"parte,total\n-12.50,100\n")

    text = written_variants(list_entries(bank, "questions")[0].text, plan)[0]

    assert "total: {values: [100], decimals: 2}" in text
    assert "parte: {values: [-12.5]}" in text
    assert "was" not in text
    assert "conditions" not in text


def test_numbers_without_end_have_no_decimals() -> None:
    assert [exact_decimal(f(one)) for one in ("-0.25", "3", "1200")] == ["-0.25", "3", "1200"]
    with pytest.raises(DomainError):
        exact_decimal(f("1/3"))
