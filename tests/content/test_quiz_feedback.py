"""What the quizzes of the courses say afterwards is true of whoever reads it."""

import re

import pytest

from tests.support.courses import activities_of


@pytest.mark.parametrize("course", ["gobernanza-seguridad-social", "presupuesto-social"])
def test_feedback_of_the_courses_speaks_of_the_quiz_and_never_of_the_module(course: str) -> None:
    """The result page, and the proof that is signed, print it whether the lessons were read or not."""
    texts = [text for quiz in activities_of(course, "quiz") for band in quiz.settings.settings.feedback for text in band.text.values()]

    assert len(texts) > 20
    assert [
        text for text in texts if re.search(r"(?i)aprobó el módulo|passed the module|completó el módulo|completed the module", text)
    ] == []
