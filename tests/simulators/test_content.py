"""Reading tasks of a folder, and what its check says of them (spec/content-format 10 and C801-C804)."""

from datetime import date
from fractions import Fraction

import pytest

from courses.content.lessons import KIND as PAGE
from courses.content.model import CompletionRule, Finding
from courses.content.reader import read_folder
from enrolments.rules import GradingMethod
from quizzes.content.quiz import BANKS
from quizzes.content.quiz import KIND as QUIZ
from simulators.content import KIND, TaskSource
from simulators.rules.tasks import TaskTolerance, TaskToleranceKind
from tests.simulators import task_folders
from webinars.content import KIND as RECORDING


def findings(body: str, head: str = task_folders.HEAD) -> list[Finding]:
    files = {**task_folders.folder(), task_folders.TASK: (head + body).encode()}
    return [
        found
        for found in read_folder(files, (PAGE, QUIZ, RECORDING, KIND), (BANKS,), today=date(2026, 6, 1)).findings
        if found.file == task_folders.TASK
    ]


def codes(body: str, head: str = task_folders.HEAD) -> list[str]:
    return [found.code for found in findings(body, head)]


def read(body: str = task_folders.BODY) -> TaskSource:
    reading = read_folder(task_folders.folder(body), (PAGE, QUIZ, RECORDING, KIND), (BANKS,), today=date(2026, 6, 1))
    assert reading.course is not None, [found.message for found in reading.errors]
    source = next(activity for activity in reading.course.activities() if activity.kind == "simulator").settings
    assert isinstance(source, TaskSource)
    return source


def test_whole_task_is_read_without_a_finding() -> None:
    assert findings(task_folders.BODY) == []
    task = read().task

    assert task.start == {"vejez.meses": "{meses}", "vejez.captacion": "1/2"}
    assert task.editable == {"vejez.elegible", "vejez.captacion", "vejez.tramos.1.factor_linea"}
    assert [(goal.key, goal.output, goal.low, goal.high, goal.mark) for goal in task.goals] == [
        ("cobertura", "vejez.cobertura", 90, None, 2),
        ("costo", "vejez.pct_pib", None, Fraction("1.2"), 2),
    ]
    assert task.asks[0].tolerance == TaskTolerance(TaskToleranceKind.NOMINAL, Fraction("0.01"))
    assert task.maximum == 5
    assert (task.policy.attempts, task.policy.pass_mark, task.policy.grading) == (2, 70, GradingMethod.HIGHEST)


def test_what_is_not_written_has_its_default() -> None:
    source = read("text: Calcule.\nasks:\n  - key: uno\n    text: ¿Cuánto?\n    output: vejez.costo\n")

    assert source.task.editable is None
    assert source.task.asks[0].tolerance == TaskTolerance()
    assert source.task.asks[0].mark == 1
    assert source.weight == 1


def test_policy_is_that_of_quizzes() -> None:
    text = "text: Calcule.\nasks:\n  - key: uno\n    text: ¿Cuánto?\n    output: vejez.costo\n"
    rest = "attempts: 4\npause: {first: 1 h, later: 2 h}\ngrading: last\npass_mark: none\nweight: 2\ncompletion: {attempted: 2}\n"
    source = read(text + rest)

    assert (source.task.policy.pause_first, source.task.policy.pause_later) == (3600, 7200)
    assert (source.task.policy.grading, source.task.policy.pass_mark, source.weight) == (GradingMethod.LAST, None, 2)
    assert (source.task.policy.completion.value, source.task.policy.completion_attempts) == (CompletionRule.ATTEMPTED.value, 2)


def swapped(old: str, new: str) -> str:
    assert old in task_folders.BODY
    return task_folders.BODY.replace(old, new, 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (swapped("vejez.captacion: 0.5", "vejez.altura: 0.5"), "C802"),
        (swapped("vejez.captacion: 0.5", "vejez.captacion: 1.5"), "C804"),
        (swapped("vejez.captacion: 0.5", "vejez.captacion: none"), "C802"),
        (swapped("'{meses}'", "'{semanas}'"), "C802"),
        (swapped("  - vejez.elegible\n", "  - vejez.altura\n"), "C802"),
        (swapped("output: vejez.cobertura", "output: vejez.altura"), "C803"),
        (swapped("output: macro.linea_meta", "output: macro.altura"), "C803"),
        (swapped("output: macro.linea_meta", "output: reserva.filas.11.reserva"), "C803"),
        (swapped("to: 14", "to: 25"), "C804"),
        (swapped("vejez.captacion: 0.5", "vejez.captacion: 0").replace("macro.linea_meta", "vejez.inverso.elegible"), "C804"),
        (swapped("    min: 90\n", ""), "C110"),
        (swapped("    min: 90\n", "    min: 90\n    max: 80\n"), "C113"),
        (swapped("key: costo", "key: cobertura"), "C202"),
        (swapped("  meses: {from", "  Meses: {from"), "C201"),
        (swapped("{from: 10, to: 14, step: 1}", "doce"), "C111"),
        (swapped("step: 1", "paso: 1"), "C110"),
        (swapped("attempts: 2", "attempts: 2\ncompletion: graduated"), "C112"),
        (swapped("    output: macro.linea_meta\n", ""), "C110"),
        (swapped("attempts: 2", "attempts: 2\npause: pronto"), "C111"),
        (swapped("step: 1", "step: 0"), "C113"),
        (swapped("step: 1", "step: 0.0000001"), "C113"),
        (swapped("tolerance: 0.01", "tolerance: {near: 1}"), "C110"),
        (swapped("attempts: 2", "attempts: 2\ncategory: nada"), "C203"),
        (swapped("attempts: 2", "attempts: 2\ncompletion: {attempted: 3}"), "C209"),
        (swapped("attempts: 2", "completion: passed_or_used"), "C209"),
        (swapped("attempts: 2", "pass_mark: none\ncompletion: passed"), "C209"),
        (swapped("attempts: 2", "completion: attempted"), "C111"),
        (swapped("attempts: 2", "atempts: 2"), "C108"),
        ("text: Calcule.\n", "C110"),
        ("text: Calcule.\ngoals: []\nasks:\n", "C110"),
        (swapped("vejez.captacion: 0.5", f"macro.pib_base: 0.{'0' * 320}1"), "C804"),
        ("text: Calcule.\nasks:\n  - key: uno\n    text: ¿Cuánto?\n    output: vejez.costo\n    mark: 0\n", "C504"),
        ("asks:\n  - key: uno\n    text: ¿Cuánto?\n    output: vejez.costo\n", "C110"),
    ],
)
def test_what_is_wrong_is_told_with_its_code(body: str, code: str) -> None:
    assert code in codes(body)


def test_start_out_of_limits_without_variables_is_an_input_out_of_limits() -> None:
    body = "text: Calcule.\nstart:\n  vejez.captacion: 1.5\nasks:\n  - key: uno\n    text: ¿Cuánto?\n    output: vejez.costo\n"

    assert codes(body) == ["C802"]
    assert codes(body.replace("1.5", "0.5")) == []


@pytest.mark.parametrize(("old", "new"), [("model: presupuesto-social", "model: clima"), ("version: 1", "version: 2")])
def test_model_or_version_that_is_not_there_is_told(old: str, new: str) -> None:
    assert codes(task_folders.BODY, task_folders.HEAD.replace(old, new)) == ["C801"]


def test_amount_in_one_form_takes_the_other_away() -> None:
    body = "text: Calcule.\nstart:\n  vejez.tramos.1.monto: 80\nasks:\n  - key: uno\n    text: ¿Cuánto?\n    output: vejez.costo\n"

    assert codes(body) == []
    assert codes(body.replace("80", "80\n  vejez.tramos.1.factor_linea: 1")) == ["C802"], "both at once are too many"


def test_all_and_defaults_are_not_canonical() -> None:
    assert "C114" in codes(task_folders.BODY + "grading: highest\n")


def test_values_to_choose_from_and_tolerances_by_share_and_factor_are_read() -> None:
    body = task_folders.BODY.replace("{from: 10, to: 14, step: 1}", "{values: [12, 13.5], decimals: 1}")
    for kind in (TaskToleranceKind.RELATIVE, TaskToleranceKind.GEOMETRIC):
        task = read(body.replace("tolerance: 0.01", f"tolerance: {{{kind.value}: 0.02}}")).task

        assert task.variables[0].values == (12, Fraction("13.5"))
        assert task.variables[0].decimals == 1
        assert task.asks[0].tolerance == TaskTolerance(kind, Fraction("0.02"))


def test_task_has_as_many_items_as_a_page_holds() -> None:
    ask = "  - key: n{n}\n    text: ¿Cuánto?\n    output: vejez.costo\n"
    many = "text: Calcule.\nasks:\n" + "".join(ask.format(n=number) for number in range(31))

    assert codes(many) == ["C105"]
    assert codes(many.replace(ask.format(n=30), "")) == []
