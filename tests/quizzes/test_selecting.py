"""Quizzes whose results are used outside the course, as text, and what the check asks of them (spec/selection 0)."""

import pytest

from courses.content.model import Severity
from quizzes.rules.result_use import ObjectionRules, ResultUse
from tests.support import folders
from tests.support.folders import QUIZ_FILE, Files
from tests.support.selection_folders import a_sample, messages

USE = """selection:
  use:
    es: Concurso 2027
    en: Competition 2027
  contact:
    es: Oficina del concurso
    en: Personnel
"""
BLUEPRINT = "blueprint:\n  - {weight: 50, objective: sumar}\n  - {weight: 50, objective: cuidar-el-agua}\n"
BASIS = "pass_basis: {norm: {es: Reglamento, en: Rules}}\n"
HELD = f"{USE}{BLUEPRINT}{BASIS}review: exam\nbalance: {{within: 50}}\n"
SLOTS = "  - draw: 1\n    objective: sumar\n  - draw: 1\n    objective: cuidar-el-agua\n"
QUESTIONS = {"a": "objective: sumar", "b": "objective: sumar", "c": "objective: cuidar-el-agua", "d": "objective: cuidar-el-agua"}


def selecting(more: str = HELD, slots: str = SLOTS, questions: dict[str, str] = QUESTIONS) -> Files:
    return a_sample(questions, slots, more)


def result_use(files: Files) -> ResultUse | None:
    read = folders.reading(files).course
    assert read is not None
    return next(one.settings.selection for one in read.activities() if one.key == "cuestionario-contar")


def test_the_use_of_results_is_read_in_every_language() -> None:
    """spec/selection 0.1."""
    found = result_use(selecting())

    assert found == ResultUse(
        {"es": "Concurso 2027", "en": "Competition 2027"}, {"es": "Oficina del concurso", "en": "Personnel"}, objections=ObjectionRules()
    )
    assert result_use(a_sample(QUESTIONS, SLOTS)) is None


def test_a_selecting_quiz_that_lacks_nothing_is_published() -> None:
    """spec/selection 0.2: only the warning on its length remains."""
    found = folders.findings(selecting())

    assert {finding.code for finding in found if finding.severity is Severity.ERROR} == set()
    assert "C514" not in {finding.code for finding in found}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (BLUEPRINT, ""),
        ("balance: {within: 50}\n", ""),
        ("review: exam", "review: learning"),
        ("review: exam", "review: {preset: exam, later: [attempt, general]}"),
        ("review: exam", "review: {preset: exam, after: [attempt, specific]}"),
        ("review: exam\n", "review: exam\nbehaviour: certainty\n"),
        ("review: exam\n", "review: exam\nbehaviour: immediate\n"),
    ],
    ids=["blueprint", "balance", "preset", "explanation", "feedback", "certainty", "at once"],
)
def test_a_selecting_quiz_that_lacks_something_is_not_published(old: str, new: str) -> None:
    """spec/selection 0.2, spec/content-format C514; without `selection` nothing of it is an error."""
    files = selecting(HELD.replace(old, new))

    assert [finding.severity for finding in folders.findings(files, "C514")] == [Severity.ERROR]
    assert "C514" not in folders.codes(selecting(HELD.replace(old, new).replace(USE, "")))


def test_one_question_set_for_all_needs_no_balance() -> None:
    """spec/selection 0.2."""
    slots = "  - question: a\n  - draw: 1\n    objective: cuidar-el-agua\n"
    questions = {"a": "objective: sumar", "c": "objective: cuidar-el-agua"}

    files = selecting(HELD.replace("balance: {within: 50}\n", ""), slots, questions)

    assert "C514" not in folders.codes(files)


def test_parallel_forms_are_balanced() -> None:
    """spec/selection 0.2 and 1.20."""
    files = selecting(HELD.replace("balance: {within: 50}", "forms: 2"))

    assert "C514" not in folders.codes(files)


@pytest.mark.parametrize("slots", [SLOTS, "  - question: a\n  - question: c\n"], ids=["drawn", "fixed"])
def test_every_question_of_a_selecting_quiz_has_a_source(slots: str) -> None:
    """spec/selection 0.2: the ones without are named."""
    files = selecting(slots=slots)
    files[folders.BANK] = files[folders.BANK].replace(b"    source: [manual]\n", b"", 1)

    assert [message.endswith(": a.") for message in messages(files, "C514")] == [True]


def test_unverified_questions_of_a_selecting_quiz_are_named_even_where_it_does_not_count() -> None:
    """spec/selection 0.2: of a quiz that counts, C410 says it, and draws leave them out."""
    fixed = "  - question: a\n  - question: c\n"
    unverified = {**QUESTIONS, "a": "objective: sumar; unverified: true"}

    counted = folders.codes(selecting(HELD, fixed, unverified))
    ungraded = messages(selecting(f"{HELD}weight: 0\n", fixed, unverified), "C514")
    assert "C410" in counted
    assert "C514" not in counted
    assert [message.endswith(": a.") for message in ungraded] == [True]


def test_the_key_shown_early_is_an_error_and_told_once() -> None:
    """spec/selection 0.2: C506 becomes an error."""
    shown = HELD.replace("review: exam", "review: practice")
    files = selecting(shown)
    files = folders.changed(folders.QUIZ_FILE, "attempts: 1", "attempts: 3", files)

    assert "C506" not in folders.codes(files)
    assert len(messages(files, "C514")) == 1
    assert "C506" in folders.codes(folders.changed(folders.QUIZ_FILE, "attempts: 1", "attempts: 3", selecting(shown.replace(USE, ""))))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  contact:\n    es: Oficina del concurso\n    en: Personnel\n", "", "C110"),
        ("  use:\n    es: Concurso 2027\n    en: Competition 2027\n", "", "C110"),
        ("    en: Competition 2027\n", "", "C514"),
        ("  contact:\n    es: Oficina del concurso\n    en: Personnel\n", "  contact: Oficina del concurso\n", "C514"),
        (USE, "selection: si\n", "C111"),
        ("    es: Concurso 2027\n", f"    es: {'a' * 301}\n", "C105"),
    ],
    ids=["no contact", "no use", "untranslated use", "untranslated contact", "a word", "too long"],
)
def test_use_and_contact_are_written_in_every_language(old: str, new: str, code: str) -> None:
    """spec/selection 0.4 and 12."""
    assert code in folders.codes(selecting(HELD.replace(old, new)))


def test_an_objective_without_a_line_is_a_warning() -> None:
    """spec/selection 1.3, spec/content-format C515."""
    one = HELD.replace(BLUEPRINT, "blueprint:\n  - {weight: 100, objective: sumar}\n")
    slots = "  - draw: 1\n    objective: sumar\n"
    found = folders.findings(selecting(one, slots), "C515")

    assert [(finding.severity, finding.facts["objectives"]) for finding in found] == [
        (Severity.WARNING, "Contar el agua de un día; Cuidar el agua; Cerrar la llave")
    ]
    assert "Cuidar el agua" not in folders.findings(selecting(), "C515")[0].facts["objectives"]
    assert "C515" not in folders.codes(selecting(one.replace(USE, ""), slots))


@pytest.mark.parametrize(("number", "warned"), [(29, True), (30, False)])
def test_fewer_than_thirty_questions_are_a_warning(number: int, warned: bool) -> None:
    """spec/selection 0.3, spec/content-format C517; texts between questions are not counted."""
    questions = {f"q{at}": "objective: sumar" for at in range(number)}
    slots = "".join(f"  - question: {key}\n" for key in questions) + "  - text: Unas palabras.\n"
    files = selecting(HELD.replace(BLUEPRINT, "blueprint:\n  - {weight: 100, objective: sumar}\n"), slots, questions)

    assert [finding.severity for finding in folders.findings(files, "C517")] == [Severity.WARNING] * warned


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ("attempts: 1\n", False),
        ("attempts: 3\n", True),
        ("attempts: 0\n", True),
        ("", True),
        ("attempts: 3\ngrading: average\n", False),
        ("attempts: 3\ngrading: first\n", False),
        ("attempts: 3\npass_mark: none\ncompletion: graded\n", False),
    ],
)
def test_the_best_of_several_attempts_is_a_warning(settings: str, warned: bool) -> None:
    """spec/selection 3.8, spec/content-format C522."""
    files, other = (
        folders.changed(QUIZ_FILE, "attempts: 1\n", settings, selecting(held if "pass_mark" not in settings else held.replace(BASIS, "")))
        for held in (HELD, HELD.replace(USE, ""))
    )

    assert [finding.severity for finding in folders.findings(files, "C522")] == [Severity.WARNING] * warned
    assert "C522" not in folders.codes(other)
