"""The settings of a course are declared once: reader, specification, labels and comparison agree with the declaration."""

import re
from pathlib import Path

import pytest

from courses.content import differences
from courses.content.course_file import read_course
from courses.content.course_settings import COURSE, COURSE_FIELDS, COURSE_ORDER, GROUPS
from courses.content.layout import COURSE as FILE
from courses.content.mapping_cursor import FORMERLY, ReadingSession
from courses.content.reader import format_folder
from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import reading
from lms.app import KINDS
from tests.support import folders
from tests.support.wording import in_spanish

SPECIFICATION = Path(__file__).parents[2] / "docs/spec/content-format.md"


def test_the_reader_asks_for_the_fields_in_their_order() -> None:
    """spec/content-format 11: what the reader asks for first stands first in the canonical form."""
    session = ReadingSession({FILE: folders.a_folder()[FILE]}, folders.TODAY)
    read_course(session)

    assert list(session.read_files[FILE].table.asked) == [name for name in COURSE_ORDER if name != FORMERLY]


def test_the_specification_lists_the_fields_in_their_order() -> None:
    """spec/content-format 5: the table of course.yaml."""
    table = SPECIFICATION.read_text().split("**`course.yaml`**")[1].split("**`module.yaml`")[0]
    cells = [row.split("|")[1] for row in table.split("\n") if row.startswith("| `")]

    assert [name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)] == [name for name in COURSE_ORDER if name != FORMERLY]


def test_each_field_stands_in_one_group() -> None:
    assert [title for title, _fields in COURSE] == list(GROUPS)
    assert sorted(field.name for _title, fields in COURSE for field in fields) == sorted(field.name for field in COURSE_FIELDS)


USUAL = [field for field in COURSE_FIELDS if field.usual and not field.inner]


@pytest.mark.parametrize("field", USUAL, ids=[field.name for field in USUAL])
def test_what_a_form_leaves_unwritten_is_what_the_reader_takes_without_it(field: FieldSpec) -> None:
    """spec/content-format 11.2: defaults are not written."""
    files = folders.a_folder()
    line = f"{field.name}: [{field.usual}]\n" if field.shape is FieldShape.KEYS else f"{field.name}: {field.usual}\n"
    kept = re.sub(rf"(?m)^{field.name}:.*\n", "", files[FILE].decode())
    bare = format_folder({**files, FILE: kept.encode()}, KINDS.kinds, KINDS.parts, today=folders.TODAY).get(FILE, kept.encode())
    written = format_folder({**files, FILE: (kept + line).encode()}, KINDS.kinds, KINDS.parts, today=folders.TODAY)

    assert written.get(FILE) == bare


def test_versions_are_compared_in_the_words_of_the_form() -> None:
    """Labels, values that are chosen, and periods: none of them is declared again."""
    before = folders.a_folder()[FILE].decode()
    text = re.sub(r"(?m)^(visibility|enrolment|certificate|licence):.*\n", "", before)
    text += "licence: all-rights-reserved\nvisibility: public\nenrolment: code\ncertificate: {template: constancia, valid: 24 months}\n"
    course = read_course(ReadingSession({FILE: text.encode()}, folders.TODAY))

    with reading("es"):
        facts = {fact.label: fact.value for fact in differences.facts_of_course(course)}

    assert facts[in_spanish("Who can find it")] == "Todos"
    assert facts[in_spanish("How to enrol")] == in_spanish("With a code")
    assert facts[in_spanish("How long the certificate is valid")] == "24 meses"
    assert facts["Licencia"] == in_spanish("All rights reserved: nothing without permission")
