"""Fields of any shape written as lines, settings that only change where somebody changed them, and numbers typed in forms."""

from collections.abc import Iterator
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from courses.content import course_fields, course_settings, lists
from courses.content.applying import with_values
from courses.content.changes import COMMON
from courses.content.editing import EditRefused, Written, read_fields, write_field
from courses.content.reader import format_folder, format_written
from courses.content.settings import FieldShape, FieldSpec, FormValues, changed_fields, number_typed, numbers_typed, values_of
from courses.content.tree import renumbered
from courses.editor import settings_form
from lms.app import KINDS
from questions.content.question_fields import OF_KIND, Asked, RowFields, fields_of_kind
from quizzes.content import quiz_fields
from simulators import content
from tests.support import folders
from tests.support.builders import folder

ORDER = ("key", "title", "summary", "state")
_TYPED = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x85\ufeff"), min_size=1)
WORDS = _TYPED.map(lambda words: normalize("NFC", words).strip())
"""Words as forms give them: composed (`clean_text`), as files are read."""
COURSE = course_settings.COURSE_FIELDS


@given(WORDS.filter(bool))
def test_any_words_come_back_as_they_were_written(words: str) -> None:
    text = write_field("# arriba\nkey: a\n\n# abajo\nstate: draft\nx-mio: {a:  1}\n", "title", words, ORDER)

    assert read_fields(text)["title"] == words
    assert text.startswith("# arriba\nkey: a\n")
    assert text.endswith("\n# abajo\nstate: draft\nx-mio: {a:  1}\n")


@given(WORDS.filter(bool), WORDS.filter(bool))
def test_lists_and_languages_come_back_too(one: str, other: str) -> None:
    value = [{"es": one, "en": other}, one, {"es": other}]

    assert read_fields(write_field("key: a\n", "objectives", list(value), ORDER))["objectives"] == value


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("title: Uno  # breve\n", "Dos", "title: Dos  # breve\n"),
        ("title: Uno # breve\n", {"es": "Uno", "en": "One"}, "title: # breve\n  es: Uno\n  en: One\n"),
        ("title: {es: Uno, en: One}\nkey: a\n", "Uno", "title: Uno\nkey: a\n"),
        ("key: a\ntitle: |\n  Uno\n  dos\nstate: draft\n", None, "key: a\nstate: draft\n"),
        ("key: a\nstate: draft\n", "Uno\ndos", "key: a\ntitle: |\n  Uno\n  dos\nstate: draft\n"),
        ("", "Uno", "title: Uno\n"),
    ],
)
def test_a_field_is_written_where_it_belongs(before: str, value: object, after: str) -> None:
    assert write_field(before, "title", value, ORDER) == after  # type: ignore[arg-type]  # each shape that a value has


@pytest.mark.parametrize("text", ["- a\n", "key: [\n"])
def test_a_file_that_is_no_table_of_lines_is_refused(text: str) -> None:
    with pytest.raises(EditRefused):
        write_field(text, "title", "Uno", ORDER)


def test_values_that_stand_there_change_nothing() -> None:
    text = folder()["course.yaml"].decode()
    values = values_of(read_fields(text), COURSE, ("es", "en"))

    assert with_values(text, "course.yaml", COURSE, ("es", "en"), values, course_settings.COURSE_ORDER) == text


def test_entries_beyond_the_form_stay() -> None:
    """A form made before somebody added an author does not take that author out."""
    text = "key: a\nauthors:\n  - name: Uno  # quien empezó\n    x-orcid: 1\n  - name: Dos\n"
    rows = [{("name", ""): "Una", ("role", "es"): "", ("organisation", "es"): "IESS"}]

    after = with_values(
        text, "course.yaml", [setting for setting in COURSE if setting.name == "authors"], ("es",), FormValues({}, {"authors": rows}), ()
    )

    assert after == "key: a\nauthors:\n  - name: Una  # quien empezó\n    organisation: IESS\n    x-orcid: 1\n  - name: Dos\n"


@given(st.permutations([f"{number:02d}-{letter}" for number, letter in enumerate("abcdef", 1)]))
def test_numbers_rise_in_the_wanted_order_and_the_rest_of_names_stays(names: list[str]) -> None:
    after = renumbered(names)

    assert [name[3:] for name in after] == [name[3:] for name in names]
    assert [int(name[:2]) for name in after] == sorted({int(name[:2]) for name in after})


TOLERANCE = (FieldSpec("tolerance", FieldShape.WORD, ""), FieldSpec("tolerance.relative", FieldShape.WORD, ""))


@pytest.mark.parametrize(
    ("before", "plain", "share", "after"),
    [
        ({"relative": "0.01"}, "5", "", "5"),
        ("5", "", "0.01", {"relative": "0.01"}),
        ({"relative": "0.01"}, "", "", None),
        ("5", "", "", None),
        (None, "5", "", "5"),
    ],
)
def test_a_plain_value_takes_the_place_of_a_mapping_and_the_other_way_round(
    before: Written, plain: str, share: str, after: Written
) -> None:
    written = {} if before is None else {"tolerance": before}
    given = FormValues({("tolerance", ""): plain, ("tolerance.relative", ""): share})

    assert changed_fields(written, TOLERANCE, ("es",), given) == {"tolerance": after}


KEYED = """key: a
objectives:
  - key: contar
    text: Contar.
  - Sumar.
  - key: restar
    text:
      es: Restar.
      en: Subtract.
"""


def objectives_after(*lines: str) -> Written:
    """Return the objectives of KEYED after a form sent these lines in Spanish."""
    setting = FieldSpec("objectives", FieldShape.LISTED, "")
    shown = values_of(read_fields(KEYED), (setting,), ("es", "en")).texts
    assert shown == {("objectives", "es"): "Contar.\nSumar.\nRestar.", ("objectives", "en"): "\n\nSubtract."}
    given = FormValues({("objectives", "es"): "\n".join(lines), ("objectives", "en"): shown["objectives", "en"]})
    return read_fields(with_values(KEYED, "a.yaml", (setting,), ("es", "en"), given, ("key", "objectives")))["objectives"]


def test_objectives_keep_the_keys_that_the_form_does_not_show() -> None:
    """spec/content-format 5: a key stays with its text, and with its place where the text alone is changed."""
    restar = {"key": "restar", "text": {"es": "Restar.", "en": "Subtract."}}

    assert objectives_after("Contar bien.", "Sumar.", "Restar.") == [{"key": "contar", "text": "Contar bien."}, "Sumar.", restar]
    assert objectives_after("Contar.", "Sumar.", "Restar.", "Dividir.") == [
        {"key": "contar", "text": "Contar."},
        "Sumar.",
        restar,
        "Dividir.",
    ]
    assert objectives_after("Sumar.", "Contar.", "Restar.") == ["Sumar.", {"key": "contar", "text": "Contar."}, restar]


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
    found: list[FieldSpec] = [*_leaves(course_settings.COURSE_FIELDS), *_leaves(_groups(course_fields.MODULE))]
    found += _leaves((*quiz_fields.QUIZ_FIELDS, *_groups(quiz_fields.GROUPS), *content.TASK_FIELDS, *_groups(content.GROUPS)))
    found += _leaves(tuple(one for kind in OF_KIND for one in fields_of_kind(kind)))
    found += _leaves(tuple(one for fields in quiz_fields.SLOT_FIELDS.values() for one in fields))
    found += _leaves((*lists._PARAMETER, *lists._RESOURCE))
    for kind in KINDS.kinds:
        found += _leaves((*kind.settings, *_groups(kind.groups)))
    return found


FORMS = {
    "course": (folders.COURSE, COURSE, course_settings.COURSE_ORDER),
    "quiz": (folders.QUIZ_FILE, (*quiz_fields.QUIZ_FIELDS, *_groups(quiz_fields.GROUPS)), (*COMMON, "blueprint")),
}


@pytest.mark.parametrize(
    ("form", "texts", "rows"),
    [
        ("course", {("hours_basis", ""): "según el plan"}, {}),
        ("course", {("image_alt", "es"): "Una llave", ("image", ""): "media/llave.svg"}, {}),
        ("course", {}, {"authors": {("name", ""): "Persona Inventada"}}),
        ("course", {("completion.grade", ""): "70"}, {}),
        ("quiz", {}, {"blueprint": {("weight", ""): "100", ("level", ""): "recall"}}),
        ("quiz", {}, {"feedback": {("from", ""): "90", ("text", "es"): "Muy bien.", ("text", "en"): "Very good."}}),
    ],
)
def test_a_form_leaves_a_canonical_file_canonical(
    form: str, texts: dict[tuple[str, str], str], rows: dict[str, dict[tuple[str, str], str]]
) -> None:
    """spec/content-format 11: the order of fields, blank lines between entries; a file that has another form keeps it."""
    path, fields, order = FORMS[form]
    files = folders.a_folder()

    def saved(text: str) -> str:
        before = values_of(read_fields(text), fields, ("es", "en"))
        entries = {**before.entries, **{name: [*before.entries[name], row] for name, row in rows.items()}}
        written = with_values(text, path, fields, ("es", "en"), FormValues({**before.texts, **texts}, entries), order)
        return format_written({**files, path: text.encode()}, {path: written}, KINDS.kinds, KINDS.parts, today=folders.TODAY)[path]

    after = saved(files[path].decode())
    assert after != files[path].decode()
    assert format_folder({**files, path: after.encode()}, KINDS.kinds, KINDS.parts, today=folders.TODAY) == {}
    assert saved(f"{files[path].decode()}x-mio: 'propio'\n").endswith("x-mio: 'propio'\n")


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
