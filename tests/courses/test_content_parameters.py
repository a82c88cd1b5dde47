"""Figures of a course: calculated from others, in force from a day, due for review (spec/content-format 5)."""

from datetime import date
from fractions import Fraction

import pytest

from courses import publishing
from courses.content.model import CourseFolder, Severity
from courses.content.parameter_uses import changed_parameters, list_uses
from lms.app import KINDS
from tests.support import folders
from tests.support.folders import BANK, LESSON, PARAMETERS, TODAY

BASE = """sbu:
  value: 482
  unit: USD
  year: 2026
  valid_from: 2026-01-01
  review: 2027-01-01
minima:
  formula: sbu * share / 100
  unit: USD
share:
  value: 60
  unit: '%'
  year: 2015
maxima:
  formula: minima * 10
  unit: USD
  decimals: 1
"""


def with_figures(more: str) -> folders.Files:
    """Return the sample with figures besides its own."""
    files = folders.a_folder()
    return folders.with_file(PARAMETERS, files[PARAMETERS].decode() + more)


def figures(more: str) -> CourseFolder:
    """Return the sample course with more figures."""
    return folders.course(with_figures(more))


def test_a_figure_with_a_formula_is_calculated_whatever_stands_first() -> None:
    """spec/content-format 5."""
    found = {one.name: one for one in figures(BASE).parameters}

    assert (found["minima"].value, found["minima"].written, found["minima"].year) == (Fraction(2892, 10), "289.20", 2026)
    assert (found["maxima"].written, found["maxima"].year) == ("2892.0", 2026)
    assert found["sbu"].valid_from == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("formula", "written"),
    [("sbu", "482"), ("sbu / 3", "160.67"), ("sbu * 0.005", "2.41"), ("-sbu / 8", "-60.25"), ("round(sbu / 7)", "69")],
)
def test_a_calculated_figure_is_rounded_to_cents_where_it_is_not_whole(formula: str, written: str) -> None:
    """spec/content-format 5."""
    found = figures(BASE + f"other:\n  formula: {formula}\n  unit: USD\n")

    assert found.parameters[-1].written == written


def test_lessons_and_questions_use_what_was_calculated() -> None:
    """spec/content-format 5 and 8."""
    files = folders.changed(LESSON, "\n## ", "\nMínima: {{ maxima }}.\n\n## ", with_figures(BASE))
    prepared = publishing.prepare(files, KINDS, today=TODAY).prepared

    assert prepared is not None
    lesson = next(one for one in prepared.activities.values() if "2892,0" in str(one))
    assert "USD" in str(lesson)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("sbu * share / 100", "sbu * nothing", "C806", "formula"),
        ("sbu * share / 100", "sbu / (share - 60)", "C806", "formula"),
        ("sbu * share / 100", "maxima + 1", "C806", "formula"),
        ("sbu * share / 100", "__import__('os')", "C806", "formula"),
        ("sbu * share / 100", "sbu\n  value: 3", "C110", "formula"),
        ("review: 2027-01-01", "review: 2026-01-01", "C208", "review"),
        ("valid_from: 2026-01-01", "valid_from: 2026-06-02", "C807", "valid_from"),
    ],
)
def test_a_wrong_figure_is_reported_where_it_stands(old: str, new: str, code: str, line: str) -> None:
    """spec/content-format 5, C806, C807, C208, C110."""
    files = folders.changed(PARAMETERS, old, new, with_figures(BASE))
    found = folders.findings(files, code)

    assert found
    assert all(files[PARAMETERS].decode().splitlines()[one.line - 1].strip().startswith(line) for one in found)


def test_a_figure_past_its_review_refuses_publishing_but_not_the_courses_that_come_with_the_product() -> None:
    """spec/content-format 5, C805: the day is the one of publishing."""
    files = with_figures(BASE)
    late = date(2027, 1, 1)

    assert publishing.check(files, KINDS, today=date(2026, 12, 31)).course is not None
    refused = publishing.check(files, KINDS, today=late)
    assert refused.course is None
    assert [(one.code, one.severity) for one in refused.findings] == [("C805", Severity.ERROR)]
    tolerated = publishing.check(files, KINDS, today=late, tolerated={"C805"})
    assert tolerated.course is not None
    assert [(one.code, one.severity) for one in tolerated.findings] == [("C805", Severity.WARNING)]


def test_what_another_value_would_change_is_listed() -> None:
    """The calculated figures, and each line that names one of those that change."""
    files = folders.changed(LESSON, "\n## ", "\nMínima: {{ minima }} y {{ share }}.\n\n## ", with_figures(BASE))
    changes = changed_parameters(folders.course(files).parameters, {"sbu": (Fraction(500), "500")})

    assert [(one.name, one.before, one.after) for one in changes] == [
        ("sbu", "482", "500"),
        ("minima", "289.20", "300"),
        ("maxima", "2892.0", "3000.0"),
    ]
    assert [(use.path, use.text) for use in list_uses(files, ["minima"])] == [(LESSON, "Mínima: {{ minima }} y {{ share }}.")]
    assert next(list_uses(folders.with_file(BANK, "right: sbu * 2\nwrong: sbus\n", files), ["sbu"])).text == "right: sbu * 2"
    assert not list(list_uses(files, []))
