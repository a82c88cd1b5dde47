"""A quiz that its author marks as the final assessment of the course."""

import pytest

from tests.support.builders import folder
from tests.support.folders import reading

QUIZ = "01-parte/03-cuestionario.quiz.yaml"


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ("final: true\n", 0),
        ("final: false\nrequired: false\n", 0),
        ("final: true\nrequired: false\n", 1),
        ("final: true\ncompletion: {attempted: 1}\n", 1),
        ("final: true\npass_mark: none\n", 1),
    ],
)
def test_a_final_assessment_has_to_be_passed(more: str, count: int) -> None:
    """spec/content-format C505: certificates say that it was."""
    files = folder(modules=1)
    findings = reading(files | {QUIZ: files[QUIZ] + more.encode()}).findings

    assert sum(finding.code == "C505" for finding in findings) == count
