"""The example course of the format's specification, read in place."""

from datetime import date

import pytest

from courses.content.model import Finding
from courses.content.reader import format_folder, read_directory
from questions.content.banks import questions_of
from tests.support import folders
from tests.support.folders import KINDS, PARTS, TODAY, Files
from tests.support.shared import SHARED, needs_shared

SIMULATOR = "02-costear-una-prestacion/02-costo-vejez.simulator.yaml"
LESSON = "02-costear-una-prestacion/01-la-formula-general.es.md"

pytestmark = [pytest.mark.shared, needs_shared]


def example() -> Files:
    """Return the example course."""
    return read_directory(SHARED / "content" / "example-course")


def without_simulator() -> Files:
    """Return it without its simulator, whose package does not exist yet, and the link to it."""
    files = example()
    del files[SIMULATOR]
    files[LESSON] = files[LESSON].replace(b"Pruebe ahora con el [simulador](course:costo-vejez).\n", b"")
    return files


def told(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Return codes and files."""
    return [(finding.code, finding.file) for finding in found]


EXPECTED = [("C702", LESSON), *[("C611", "recursos.yaml")] * 4]


def test_the_example_course_gives_the_findings_of_the_specification() -> None:
    """spec/content-format 12: C611 four times, C702 once, nothing else."""
    reading = folders.reading(without_simulator(), today=date(2026, 11, 20))

    assert told(reading.findings) == EXPECTED
    assert reading.course is not None
    assert len(questions_of(reading.course)) == 15


def test_a_kind_that_is_not_known_refuses_the_folder_with_its_name() -> None:
    """spec/content-format 2: one finding more, and no course."""
    reading = folders.reading(example(), today=date(2026, 11, 20))

    assert told(reading.findings) == [EXPECTED[0], ("C109", SIMULATOR), *EXPECTED[1:]]
    assert reading.findings[1].facts["kind"] == "simulator"
    assert reading.course is None


def test_on_the_day_of_its_review_a_parameter_is_told() -> None:
    """spec/content-format 12: at a date before 2027-01-31 nothing, from then on C805."""
    assert told(folders.reading(without_simulator(), today=date(2027, 1, 31)).findings)[1] == ("C805", "parametros.yaml")


def test_the_example_course_is_canonical() -> None:
    """spec/content-format 11."""
    assert format_folder(example(), KINDS, PARTS, today=TODAY) == {}
