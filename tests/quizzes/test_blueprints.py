"""Blueprints, families and enemies as text, and their checks (spec/selection 1.1 to 1.8)."""

from fractions import Fraction

import pytest

from courses.content.course_file import objectives_of
from courses.content.model import Severity
from questions.rules.definitions import CognitiveLevel, QuestionSelection
from quizzes.content.pools import DrawSlot, Pool, QuizSource, candidates
from quizzes.rules.blueprint import BlueprintWeight
from tests.support import folders
from tests.support.folders import MODULE, Files
from tests.support.selection_folders import FOUR, OBJECTIVES, a_sample, messages
from tests.support.wording import in_spanish

FIXED = {**FOUR, "e": "objective: cuidar-el-agua"}


def quiz(files: Files) -> QuizSource:
    return next(one for one in folders.course(files).activities() if one.key == "cuestionario-contar").settings  # type: ignore[no-any-return]  # of the kind quiz


def test_fields_of_a_question_of_a_draw_and_of_a_quiz_are_read() -> None:
    """spec/selection 1, spec/content-format 8 and 9."""
    files = a_sample(
        {"a": "objective: sumar; level: apply; family: uno; enemies: [b]", "b": "family: dos"},
        "  - draw: 1\n    objective: sumar\n    level: apply\n    every: family\n",
        "blueprint:\n  - {weight: 100, objective: sumar, level: apply, difficulty: hard, tolerance: 2.5}\n",
    )
    read = folders.reading(files).course
    assert read is not None
    question = next(one for bank in read.parts["banks"] for one in bank.questions if one.key == "a")
    found = next(one for one in read.activities() if one.key == "cuestionario-contar").settings

    assert question.selection == QuestionSelection("sumar", CognitiveLevel.APPLY, "uno", ("b",))
    assert found.blueprint == (BlueprintWeight(Fraction(100), "sumar", "apply", "hard", Fraction(5, 2)),)
    assert found.slots == (DrawSlot(1, Pool(objective="sumar", level="apply"), by_family=True),)


def test_an_objective_is_named_by_its_key_or_by_its_words() -> None:
    """spec/selection 1: `objective` is a key of its course; without a written one the slug of its text."""
    found = objectives_of(folders.course(a_sample(FOUR, "  - draw: 2\n")))

    assert found["sumar"].first == "Sumar los litros de un día."
    assert found["cuidar-el-agua"].first == "Cuidar el agua."


def test_a_line_is_not_judged_where_the_banks_are_not_read() -> None:
    """The settings of a quiz are checked without the contents of its banks: what they would say of its questions is not known."""
    files = a_sample(FOUR, "  - draw: 2\n", "blueprint:\n  - {weight: 100, objective: sumar}\n") | {folders.BANK: b""}

    assert messages(files, "C513") == []


def test_two_objectives_with_the_same_words_have_no_key_of_their_own() -> None:
    twice = OBJECTIVES.replace(
        "  - key: sumar\n    text:\n      es: Sumar los litros de un día.\n      en: Add up the litres of a day.\n",
        "  - es: Cuidar el agua\n    en: Save\n",
    )
    files = a_sample({}, "  - draw: 1\n")
    files[MODULE] = files[MODULE].replace(OBJECTIVES.encode(), twice.encode())

    assert "cuidar-el-agua" not in objectives_of(folders.reading(files).course)  # type: ignore[arg-type]  # it is read


def test_the_same_key_of_two_objectives_is_an_error() -> None:
    files = a_sample(FOUR, "  - draw: 2\n")
    files[MODULE] = files[MODULE].replace(b"  - es: Cuidar el agua.\n    en: Save water.\n", b"  - key: sumar\n    text: Otra.\n")

    assert "C202" in folders.codes(files)


@pytest.mark.parametrize(
    ("questions", "slots", "more"),
    [
        ({"a": "objective: nada", "b": ""}, "  - draw: 1\n", ""),
        ({"a": "", "b": ""}, "  - draw: 1\n    objective: nada\n", ""),
        ({"a": "", "b": ""}, "  - draw: 1\n", "blueprint:\n  - {weight: 100, objective: nada}\n"),
    ],
    ids=["question", "draw", "line"],
)
def test_an_unknown_objective_is_an_error(questions: dict[str, str], slots: str, more: str) -> None:
    """spec/selection 1, spec/content-format C203."""
    assert any("nada" in message for message in messages(a_sample(questions, slots, more), "C203"))


def test_draws_are_narrowed_by_objective_and_level() -> None:
    """spec/selection 1: a draw also takes `objective` and `level`."""
    files = a_sample({**FOUR, "f": "objective: sumar; level: judge"}, "  - draw: 1\n    objective: sumar\n  - draw: 1\n    level: judge\n")
    found = quiz(files)
    pools = [
        [one.key for one in candidates(folders.course(files), "contar", found, slot)] for slot in found.slots if isinstance(slot, DrawSlot)
    ]

    assert pools == [["a", "b", "c", "f"], ["f"]]


def test_a_line_that_some_attempts_would_break_is_refused_with_least_most_and_an_example() -> None:
    """spec/selection 1.1, spec/content-format C513: two draws from {o1, o1, o1, o2} and one fixed o2."""
    lines = "blueprint:\n  - {weight: 60, objective: sumar}\n  - {weight: 40, objective: cuidar-el-agua}\n"
    files = a_sample(FIXED, "  - draw: 2\n  - question: e\n", lines)
    found = folders.findings(files, "C513")

    assert [finding.severity for finding in found] == [Severity.ERROR] * 2
    assert found[0].facts | {"keys": "", "weight": ""} == {"least": "33.33", "most": "66.67", "keys": "", "weight": ""}
    assert set(found[0].facts["keys"].split(", ")) > {"d", "e"}
    assert found[0].line < found[1].line


def test_a_line_with_enough_tolerance_holds() -> None:
    """spec/selection 1.1 and 1.5: a blueprint holds when nothing is refused."""
    lines = "blueprint:\n  - {weight: 50, objective: sumar, tolerance: 17}\n  - {weight: 50, objective: cuidar-el-agua, tolerance: 17}\n"

    assert not messages(a_sample(FIXED, "  - draw: 2\n  - question: e\n", lines), "C513")


def test_draws_by_objective_hold_the_blueprint_exactly() -> None:
    """spec/selection 1.5."""
    lines = "blueprint:\n  - {weight: 50, objective: sumar}\n  - {weight: 50, objective: cuidar-el-agua}\n"
    slots = "  - draw: 1\n    objective: sumar\n  - draw: 1\n    objective: cuidar-el-agua\n"

    assert not messages(a_sample(FIXED, slots, lines), "C513")


def test_with_families_the_message_says_possibly() -> None:
    """spec/selection 1.2: the bounds without families are never narrower than the truth."""
    lines = "blueprint:\n  - {weight: 50, objective: sumar}\n  - {weight: 50, objective: cuidar-el-agua}\n"
    questions = {**FIXED, "a": "objective: sumar; family: uno", "b": "objective: sumar; family: uno"}

    assert all("posiblemente" in message for message in messages(a_sample(questions, "  - draw: 2\n  - question: e\n", lines), "C513"))


def test_weights_that_are_not_a_whole_and_a_line_that_nothing_fits_are_refused() -> None:
    """spec/selection 1.3 and 12: lines of one kind that do not sum to 100; a line that no question fits."""
    some = messages(a_sample(FOUR, "  - draw: 2\n", "blueprint:\n  - {weight: 60, objective: sumar, tolerance: 40}\n"), "C513")
    none = messages(a_sample(FOUR, "  - draw: 2\n", "blueprint:\n  - {weight: 100, level: judge, tolerance: 100}\n"), "C513")

    assert not some
    assert none == [in_spanish("No question of the quiz fits this line of the blueprint.")]
    off = messages(a_sample(FOUR, "  - draw: 2\n", "blueprint:\n  - {weight: 60, objective: sumar, tolerance: 39}\n"), "C513")
    assert off[0] == in_spanish("The weights of the lines by “%(kind)s” add up to %(total)s%%, not to 100%%.", kind="objective", total="60")


@pytest.mark.parametrize(
    "line", ["{weight: 101, level: apply}", "{weight: -1, level: apply}", "{weight: mucho, level: apply}", "{weight: 50}", "{level: apply}"]
)
def test_a_line_of_a_blueprint_that_is_none_is_refused(line: str) -> None:
    """spec/selection 12: weights over 100, negative, text; a line that names nothing."""
    assert folders.reading(a_sample(FOUR, "  - draw: 2\n", f"blueprint:\n  - {line}\n")).errors


@pytest.mark.parametrize("enemy", ["a", "nada"])
def test_an_enemy_that_is_itself_or_unknown_is_an_error(enemy: str) -> None:
    """spec/selection 1, spec/content-format C415."""
    found = folders.findings(a_sample({**FOUR, "a": f"enemies: [{enemy}]"}, "  - draw: 2\n"), "C415")

    assert [(finding.severity, finding.field) for finding in found] == [(Severity.ERROR, "enemies")]


@pytest.mark.parametrize("expected", ["140", "-1", "mucho"])
def test_an_expected_share_that_is_none_is_refused(expected: str) -> None:
    """spec/selection 12: `expected: 140`."""
    assert folders.reading(a_sample({**FOUR, "a": f"expected: {expected}"}, "  - draw: 2\n")).errors
    assert not folders.reading(a_sample({**FOUR, "a": "expected: 40"}, "  - draw: 2\n")).errors


def test_a_family_of_one_is_drawn_like_a_question_of_its_own() -> None:
    """spec/selection 12: allowed."""
    assert not folders.findings(a_sample({**FOUR, "a": "family: sola"}, "  - draw: 2\n    every: family\n"), "C512")
    assert not folders.findings(a_sample({**FOUR, "a": "family: sola"}, "  - draw: 2\n    every: family\n"), "C501")


def test_a_circle_of_fifty_enemies_fits_few_and_refuses_too_many() -> None:
    """spec/selection 12: of 26 two are always beside each other; which 25 never are is not searched for to the end."""
    keys = [f"q{number}" for number in range(50)]
    circle = {key: f"enemies: [{keys[(at + 1) % 50]}]" for at, key in enumerate(keys)}

    assert not messages(a_sample(circle, "  - draw: 15\n"), "C512")
    assert messages(a_sample(circle, "  - draw: 26\n"), "C512")


def test_two_fixed_enemies_are_an_error() -> None:
    """spec/selection 1.7, spec/content-format C512: symmetric whoever writes it, and so are two of a family."""
    slots = "  - question: a\n  - question: b\n"

    assert messages(a_sample({"a": "enemies: [b]", "b": ""}, slots), "C512") == [
        in_spanish("The questions “%(key)s” and “%(other)s” may not be in the same attempt, but the quiz fixes both.", key="b", other="a")
    ]
    assert messages(a_sample({"a": "", "b": "enemies: [a]"}, slots), "C512")
    assert messages(a_sample({"a": "family: uno", "b": "family: uno"}, slots), "C512")
    assert not messages(a_sample({"a": "family: uno", "b": "family: dos"}, slots), "C512")


def test_a_draw_that_cannot_be_filled_names_the_slots_that_cannot_be_met() -> None:
    """spec/selection 1.7, spec/content-format C512: with the smallest set of slots."""
    questions = {"a": "enemies: [b, c]; level: apply", "b": "level: judge", "c": "level: judge", "d": "level: recall", "e": "level: recall"}
    slots = "  - question: a\n  - draw: 1\n    level: recall\n  - draw: 1\n    level: judge\n"

    found = messages(a_sample(questions, slots), "C512")

    assert len(found) == 1
    assert "1 (a), 3 (1)" in found[0]


def test_a_family_counts_once_where_families_are_drawn() -> None:
    """spec/selection 1.8, spec/content-format C501: `draw: 2` needs two families."""
    variants = {"a": "family: uno", "b": "family: uno", "c": "family: uno"}

    assert messages(a_sample(variants, "  - draw: 2\n    every: family\n"), "C501") == [
        in_spanish("The draw needs %(wanted)s families of questions but finds %(found)s.", wanted="2", found="1")
    ]
    assert not messages(a_sample({**variants, "d": ""}, "  - draw: 2\n    every: family\n"), "C501")
    assert messages(a_sample(variants, "  - draw: 2\n"), "C512")
