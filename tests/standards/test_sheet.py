"""Tables of questions as people write them: numbers with either decimal sign."""

import pytest

from quizzes.rules.definitions import NumericalBody
from standards.spreadsheet.read import read_csv
from tests.support.questions import f


@pytest.mark.parametrize(
    ("language", "written", "value", "told"),
    [
        ("es", "1,250", "1.25", False),
        ("en", "1,250", "1.25", True),
        ("en", "−12,500", "-12.5", True),
        ("en", "1.250", "1.25", False),
        ("en", "0,125", "0.125", False),
        ("en", "1,25", "1.25", False),
    ],
)
def test_a_comma_that_parts_thousands_in_english_is_told(language: str, written: str, value: str, told: bool) -> None:
    found = read_csv(f'kind,text,option 1\nnumerical,How many?,"{written}"\n'.encode(), language)

    body = found.questions[0].body
    assert isinstance(body, NumericalBody)
    assert body.answers[0].value == f(value)
    assert [remark.facts["text"] for remark in found.remarks] == ([written] if told else [])
