"""Tables of questions as people write them: numbers with either decimal sign."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import Workbook

from questions.rules.definitions import NumericalBody, SingleChoiceBody
from standards.spreadsheet.read import read_csv_questions, read_xlsx
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
    found = read_csv_questions(f'kind,text,option 1\nnumerical,How many?,"{written}"\n'.encode(), language)

    body = found.questions[0].body
    assert isinstance(body, NumericalBody)
    assert body.answers[0].value == f(value)
    assert [remark.facts["text"] for remark in found.remarks] == ([written] if told else [])


def test_cells_of_a_workbook_are_read_as_they_are_shown_or_named() -> None:
    """A share, a currency and a number that are formatted come as a person sees them; a date that Excel made of a text is a fault."""
    book, target = Workbook(), BytesIO()
    sheet = book.worksheets[0]
    sheet.append(["kind", "text", "correctas", "option 1", "option 2"])
    sheet.append(["single", "¿Cuánto es el IVA?", 1, 0.15, 0.05])
    sheet.append(["single", "¿Qué parte paga cada hermano?", 1, date(2026, 2, 1), date(2026, 3, 1)])
    sheet.append(["numerical", "¿Qué tasa, en %?", None, 0.206])
    for cell, number_format in (("D2", "0%"), ("E2", "0%"), ("D3", "d-mmm"), ("E3", "d-mmm"), ("D4", "0.00%")):
        sheet[cell].number_format = number_format
    book.save(target)

    imported = read_xlsx(target.getvalue())

    share, rate = (question.body for question in imported.questions)
    assert isinstance(share, SingleChoiceBody)
    assert isinstance(rate, NumericalBody)
    assert [option.text["es"] for option in share.options] == ["15%", "5%"]
    assert [answer.value for answer in rate.answers] == [f("20.6")]
    (fault,) = imported.remarks
    assert (fault.line, fault.facts) == (3, {"name": "option 1", "text": "2026-02-01"})
