"""The codes of the checks as the content format tells them, and as the checks give them."""

import re

from courses.content.model import severity
from tests.support.project import ROOT

DOCUMENT = ROOT / "docs" / "spec" / "content-format.md"
LETTERS = {"E": "error", "W": "warning", "I": "info"}
IN_CODE = re.compile(r'"(C\d{3})"')
IN_TABLE = re.compile(r"\b(C\d{3}) ([EWI]) ")


def table() -> dict[str, str]:
    """Return the severities of spec/content-format 12 by code; a code that stands twice there is an error."""
    found = IN_TABLE.findall(DOCUMENT.read_text(encoding="utf-8").split("## 12 ")[1].split("## 13 ")[0])
    assert len(found) == len(dict(found))
    return {code: LETTERS[letter] for code, letter in found}


def test_every_code_has_the_severity_that_the_format_tells() -> None:
    assert {code: severity(code).value for code in table()} == table()


def test_every_code_that_a_check_gives_is_in_the_format() -> None:
    packages = ("courses", "kernel", "quizzes", "simulators", "webinars")
    given = {
        code
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for code in IN_CODE.findall(path.read_text(encoding="utf-8"))
    }

    assert given - table().keys() == set()
    assert {"C901", "C902", "C903", "C904", "C905"} <= given
