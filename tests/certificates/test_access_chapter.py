"""Chapter 11 of spec/certificates, cell by cell as the document has it: by GET and by POST, by hand, and after the state changed.

Who may is read from the document (`tests/support/certificate_access.py`); each cell is asked as everybody of its letters, and a cell that
nothing here asks fails the first test. Forms that are opened, forged or stale are in `test_acts.py`.
"""

import pytest

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.certificate_access import a_certificate_cast, chapter_cells
from tests.support.certificate_list_walks import WALKS
from tests.support.project import ROOT

CELLS = chapter_cells()
_SEVERAL = "test_several_institutions.py"
ELSEWHERE = {
    "course.set_institution own course": f"{_SEVERAL}::test_whoever_publishes_moves_a_course_within_their_own_institutions",
    "course.set_institution other institution": f"{_SEVERAL}::test_templates_and_reviews_of_one_are_not_seen_by_another",
}
"""Cells that a story of their own walks, and the test that does."""
GROUPS = [
    pytest.param(name, marks=pytest.mark.slow) if name == "certificate" else name
    for name in sorted({cell.action.split(".")[0] for cell in CELLS.values()} - {"course"})
]


def test_every_cell_of_the_chapter_is_covered() -> None:
    """spec/certificates 11."""
    assert set(CELLS) == set(WALKS) | set(ELSEWHERE)
    for test in ELSEWHERE.values():
        module, _colons, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / "certificates" / module).read_text("utf-8")


@pytest.mark.parametrize("group", GROUPS)
def test_each_cell_is_as_the_chapter_says(browser: Browser, instance: Instance, group: str) -> None:
    """spec/certificates 11."""
    cast = a_certificate_cast(browser, instance)
    wrong: list[str] = []

    for key, cell in CELLS.items():
        if key in WALKS and cell.action.split(".")[0] == group:
            cast.restore()
            wrong += WALKS[key](cast, cell)

    assert wrong == []
