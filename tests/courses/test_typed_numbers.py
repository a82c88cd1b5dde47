"""Numbers typed in forms: with a decimal point or comma, in every field of every form that takes one."""

from collections.abc import Iterator

import pytest
from werkzeug.datastructures import MultiDict

from courses.content import course_fields, list_fields
from courses.content.settings import FieldShape, FieldSpec, FormValues, number_typed, numbers_typed
from courses.editor import settings_form
from lms.app import KINDS
from questions.content.question_fields import OF_KIND, Asked, RowFields, fields_of_kind
from quizzes.content import quiz_fields
from simulators import content

NO_NUMBERS = {
    "hours_basis",
    *("key", "match_key", "name", "note", "question", "words", "category", "topic", "licence", "timezone", "language", "url", "unit"),
    *(
        "opens",
        "closes",
        "date",
        "review",
        "valid_from",
        "verified",
        "at",
        "completion",
        "formula",
        "certificate.valid",
        "certificate.renew",
        "family",
        "objective",
        "pairs_with",
        "ties.draw",
    ),
}
"""Fields of one line that hold a name, an address, a date or a formula.

`completion` of a module is a whole number or “all”; `certificate.valid` and `certificate.renew` have a unit.
"""


def _leaves(fields: tuple[Asked, ...]) -> Iterator[FieldSpec]:
    for one in fields:
        if isinstance(one, RowFields):
            yield from _leaves((*one.fields, *one.more))
            for more in one.kinds.values():
                yield from _leaves(more)
        elif one.fields:
            yield from _leaves(one.fields)
        else:
            yield one


def _groups(groups: tuple[tuple[object, tuple[FieldSpec, ...]], ...]) -> tuple[FieldSpec, ...]:
    return tuple(setting for _title, settings in groups for setting in settings)


def every_field() -> list[FieldSpec]:
    """Return the fields of every form over the text of a course."""
    found: list[FieldSpec] = [*_leaves(_groups(course_fields.COURSE)), *_leaves(_groups(course_fields.MODULE))]
    found += _leaves((*quiz_fields.QUIZ_FIELDS, *_groups(quiz_fields.GROUPS), *content.TASK_FIELDS, *_groups(content.GROUPS)))
    found += _leaves(tuple(one for kind in OF_KIND for one in fields_of_kind(kind)))
    found += _leaves(tuple(one for fields in quiz_fields.SLOT_FIELDS.values() for one in fields))
    found += _leaves((*list_fields._PARAMETER, *list_fields._RESOURCE))
    for kind in KINDS.kinds:
        found += _leaves((*kind.settings, *_groups(kind.groups)))
    return found


NUMBERS = sorted({one.name: one for one in every_field() if one.shape is FieldShape.NUMBER}.items())


@pytest.mark.parametrize("name", [name for name, _one in NUMBERS])
def test_every_field_of_a_number_takes_a_decimal_comma(name: str) -> None:
    one = dict(NUMBERS)[name]
    form = settings_form([one], ["es"], FormValues({(one.name, ""): ""}), {"": []})(
        formdata=MultiDict({one.name.replace(".", "__"): "0,5"})
    )

    assert form.values().texts[one.name, ""] == "0.5"


def test_no_field_of_one_line_that_takes_a_number_is_forgotten() -> None:
    """A new field says that it is a number, or stands among those that are none."""
    assert {one.name for one in every_field() if one.shape is FieldShape.WORD} <= NO_NUMBERS
    assert len(NUMBERS) > 30


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("0,5", "0.5"),
        ("-1200,25", "-1200.25"),
        ("1,5 h", "1.5 h"),
        ("62,5%", "62.5%"),
        ("0.5", "0.5"),
        ("1/3", "1/3"),
        ("{older}", "{older}"),
        ("none", "none"),
        ("1.234,5", "1.234,5"),
        ("1,234,567", "1,234,567"),
        (",5", ",5"),
    ],
)
def test_only_a_single_comma_between_digits_is_decimal(typed: str, written: str) -> None:
    """What could be meant otherwise stays as typed, so that the reader refuses it."""
    assert number_typed(typed) == written


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("10; 12,5; 20", "10, 12.5, 20"),
        ("10 12,5 20", "10, 12.5, 20"),
        ("10, 12.5, 20", "10, 12.5, 20"),
        ("10,12,20", "10,12,20"),
        ("0,5;", "0.5"),
        ("", ""),
    ],
)
def test_in_a_list_a_comma_is_decimal_where_something_else_parts_the_numbers(typed: str, written: str) -> None:
    assert numbers_typed(typed) == written
