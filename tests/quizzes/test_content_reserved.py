"""Questions reserved for some quizzes: what else could show one is refused (spec/selection 1.6)."""

import pytest

from courses.content.model import Severity
from questions.rules.definitions import QuestionSelection
from tests.support import folders
from tests.support.folders import LESSON, Files
from tests.support.selection_folders import FOUR, a_sample, messages

OWN = "only: [cuestionario-contar]"
OTHER_QUIZ = "02-cuidar/90-otro.quiz.yaml"
DRAW = "  - draw: 1\n"


def with_other_quiz(slots: str) -> Files:
    """Return the sample course in which question «a» is reserved for the first quiz, with another quiz."""
    files = a_sample({**FOUR, "a": OWN}, DRAW)
    return folders.with_file(OTHER_QUIZ, f"key: otro\ntitle: {{es: Otro, en: Other}}\nslots:\n{slots}attempts: 1\n", files)


def test_the_quizzes_of_a_reserved_question_are_read() -> None:
    """spec/selection 1, spec/content-format 8."""
    course = folders.course(a_sample({**FOUR, "a": OWN}, DRAW))
    selection = {one.key: one.selection for bank in course.parts["banks"] for one in bank.questions}

    assert selection["a"] == QuestionSelection(only=("cuestionario-contar",))
    assert not selection["a"].is_reserved_from("cuestionario-contar")
    assert selection["a"].is_reserved_from("otro")
    assert not selection["b"].is_reserved_from("otro")


def test_its_own_quiz_may_fix_and_draw_a_reserved_question() -> None:
    assert not folders.findings(a_sample({**FOUR, "a": OWN}, "  - draw: 1\n  - question: a\n"), "C511")


@pytest.mark.parametrize("slots", ["  - question: a\n", "  - draw: 1\n    from: [contar]\n"], ids=["fixed", "drawn"])
def test_another_quiz_that_could_give_it_is_refused_with_both_places(slots: str) -> None:
    """spec/selection 1.6, spec/content-format C511."""
    found = folders.findings(with_other_quiz(slots), "C511")

    assert [(one.file, one.line, one.severity) for one in found] == [(OTHER_QUIZ, 4, Severity.ERROR)]
    assert found[0].facts["keys"] == "a"
    assert found[0].facts["reserved"] == "01-contar/banco.yaml:4"


def test_another_quiz_that_draws_from_the_rest_is_fine() -> None:
    assert not folders.findings(with_other_quiz("  - draw: 1\n    from: [contar]\n    objective: sumar\n"), "C511")


def test_a_question_for_two_quizzes_is_given_by_both() -> None:
    files = with_other_quiz("  - question: a\n")
    files[folders.BANK] = files[folders.BANK].replace(b"only: [cuestionario-contar]", b"only: [cuestionario-contar, otro]")

    assert not folders.findings(files, "C511")


def test_a_long_list_of_reserved_questions_is_cut() -> None:
    files = a_sample(dict.fromkeys("abcdefg", OWN), "  - draw: 1\n")
    quiz = "key: otro\ntitle: {es: Otro, en: Other}\nslots:\n  - draw: 1\n    from: [contar]\nattempts: 1\n"

    assert folders.findings(folders.with_file(OTHER_QUIZ, quiz, files), "C511")[0].facts["keys"] == "a, b, c, d, e, …"


def test_a_lesson_that_shows_it_is_refused_with_both_places() -> None:
    """spec/selection 1.6, spec/content-format C511."""
    files = a_sample({**FOUR, "a": OWN}, DRAW)
    files[LESSON] = files[LESSON] + "\n![¿Recuerda?](question:a)\n".encode()
    found = folders.findings(files, "C511")

    assert [(one.file, one.severity) for one in found] == [(LESSON, Severity.ERROR)]
    assert found[0].facts["reserved"] == "01-contar/banco.yaml:4"


def test_a_quiz_that_is_not_there_is_an_error() -> None:
    """spec/content-format C203: also an activity of another kind."""

    assert len(messages(a_sample({**FOUR, "a": "only: [nada]"}, DRAW), "C203")) == 1
    assert messages(a_sample({**FOUR, "a": "only: [litros]"}, DRAW), "C203")


@pytest.mark.parametrize("written", ["only: cuestionario-contar", "only: ['No clave']"])
def test_what_is_no_list_of_keys_is_an_error(written: str) -> None:
    """spec/selection 12."""
    assert folders.codes(a_sample({**FOUR, "a": written}, DRAW)) & {"C111", "C113", "C201"}
