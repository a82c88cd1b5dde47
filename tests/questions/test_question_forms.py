"""Forms of questions over their text, without pages: what stays, what changes, which keys are kept.

decision 14, spec/content-format 3.3, 8.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from courses.content.editing import EditRefused, list_entries, read_fields
from questions.content.question_editing import QuestionFormValues, pressed, values_in, with_question
from questions.content.question_fields import KINDS, fields_of_kind, leaves, order_of
from questions.views.questions import AT, SHOWN, KindFormView, QuestionFormView, submitted_form
from tests.support.shared import SHARED, needs_shared

LANGUAGES = ("es", "en")


Question = tuple[str, str, str]


def questions_in(folder: Path) -> list[Question]:
    """Return the questions of a folder: path with key, kind, text."""
    paths = sorted([*folder.rglob("banco.yaml"), *folder.rglob("banco/*.yaml")])
    entries = [(path, entry) for path in paths for entry in list_entries(path.read_text(encoding="utf-8"), "questions")]
    return [(f"{path}#{entry.key}", kind_of(entry.text), entry.text) for path, entry in entries]


def kind_of(text: str) -> str:
    """Return the kind of a question."""
    return str(read_fields(text)["kind"])


@cache
def questions() -> list[Question]:
    """Return the questions of the two courses: read by the tests, not where they are collected."""
    return questions_in(Path(__file__).parents[2] / "content")


@pytest.fixture(scope="module")
def two_courses() -> None:
    """Read the questions before one is drawn, which Hypothesis wants to be quick."""
    questions()


def said_in(text: str) -> QuestionFormValues:
    """Return what the form of a question shows."""
    return values_in(text, kind_of(text), LANGUAGES)


def sent_by(sheet: QuestionFormView) -> MultiDict[str, str]:
    """Return what a browser sends that changes nothing."""
    sent: MultiDict[str, str] = MultiDict()
    for one in sheet.walk():
        for setting in leaves(one.specs):
            for field in one.fields(setting):
                sent[field.name] = (field.data or "").replace("\n", "\r\n")
        sent[f"{one.prefix}{AT}"] = "" if one.values.at is None else str(one.values.at)
        sent[f"{one.prefix}{SHOWN}"] = one.shown
    return sent


def changed(text: str, *changes: tuple[str, str], published: dict[str, frozenset[str]] | None = None) -> str:
    """Return a question's text after fields of its form were filled anew: `options__0__words_es` and what is typed."""
    sheet = KindFormView(kind_of(text), LANGUAGES, said_in(text))
    sent = sent_by(sheet)
    for name, words in changes:
        assert name in sent, name
        sent[name] = words
    return with_question(text, sheet.kind, LANGUAGES, submitted_form(sheet.kind, LANGUAGES, sent, "save").values, published)


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def check_unchanged(questions: list[Question]) -> None:
    """Open each question as a form and save it: every letter stays, in courses of one language and of two."""
    for place, kind, text in questions:
        assert changed(text) == text, place
        for languages in (("es",), ("en", "es")):
            try:
                said = values_in(text, kind, languages)
            except EditRefused:
                continue  # it speaks a language that this course would not have
            assert with_question(text, kind, languages, said) == text, place


@pytest.mark.slow
def test_every_question_of_both_courses_opens_as_a_form_and_saved_unchanged_keeps_every_letter() -> None:
    assert len(questions()) > 300

    check_unchanged(questions())


@needs_shared
@pytest.mark.shared
def test_so_does_every_question_of_the_example_course_which_has_all_kinds() -> None:
    questions = questions_in(SHARED / "content" / "example-course")
    assert {kind for _place, kind, _text in questions} == set(KINDS)

    check_unchanged(questions)


@pytest.mark.slow
@pytest.mark.usefixtures("two_courses")
@settings(deadline=None, max_examples=40)
@given(
    question=st.deferred(lambda: st.sampled_from(questions())),
    chance=st.randoms(use_true_random=False),
    words=st.sampled_from(["Otra", "uno: dos", "# no", "5"]),
)
def test_one_field_changed_leaves_all_other_lines_alone(question: Question, chance: object, words: str) -> None:
    """Comments and unknown fields put anywhere between the fields survive, and no line goes that does not say what was changed."""
    _place, kind, text = question
    text = text.replace("\nkind:", "  # clave\n# sobre la clase\nx-mia: [a,  b]\nkind:", 1)
    said = values_in(text, kind, LANGUAGES)
    path, place = chance.choice(list(_places(said)))  # type: ignore[attr-defined]  # a random.Random
    before, said = said, _with(said, path, place, words)

    after = with_question(text, kind, LANGUAGES, said)

    lines = text.split("\n")
    kept = [line for line in after.split("\n") if line in lines]
    assert "  # clave\n# sobre la clase\nx-mia: [a,  b]\nkind:" in after
    assert kept == [line for line in lines if line in kept] or len(lines) - len(kept) <= 8
    assert values_in(after, kind, LANGUAGES).texts.keys() == before.texts.keys()
    assert with_question(after, kind, LANGUAGES, values_in(after, kind, LANGUAGES)) == after


def _places(
    said: QuestionFormValues, path: tuple[tuple[str, int], ...] = ()
) -> Iterator[tuple[tuple[tuple[str, int], ...], tuple[str, str]]]:
    """Yield all fields that hold a text of the course's language."""
    for place, text in said.texts.items():
        if text and place[1] == "es" and "\n" not in text:
            yield path, place
    for name, rows in said.rows.items():
        for number, row in enumerate(rows):
            yield from _places(row, (*path, (name, number)))


def _with(said: QuestionFormValues, path: tuple[tuple[str, int], ...], place: tuple[str, str], words: str) -> QuestionFormValues:
    if not path:
        return replace(said, texts={**said.texts, place: words})
    (name, number), *rest = path
    rows = list(said.rows[name])
    rows[number] = _with(rows[number], tuple(rest), place, words)
    return replace(said, rows={**said.rows, name: tuple(rows)})


def test_only_the_lines_of_what_changed_change() -> None:
    entry = (
        "key: capital   # no cambiar\nkind: single\ntags: [uno,  dos]\ntext: >-\n  ¿Cuál es\n  la capital?\nx-mia: sí\noptions:\n"
        "  # la buena\n  - right: Quito   # alta\n    why: Desde 1830.\n  - wrong: Guayaquil\n    why: Es la mayor.\n    key: otra\n"
    )

    after = changed(entry, ("options__0__verdict", "wrong"), ("options__1__verdict", "right"), ("options__1__words_es", "Guayaquil: no"))

    assert after == entry.replace("right: Quito", "wrong: Quito").replace("wrong: Guayaquil\n", "right: 'Guayaquil: no'\n")
    emptied = changed(entry, ("options__0__words_es", ""), ("options__0__why_es", ""))
    assert emptied == entry.replace("  # la buena\n  - right: Quito   # alta\n    why: Desde 1830.\n", "")
    moved = with_question(entry, "single", LANGUAGES, pressed(fields_of_kind("single"), said_in(entry), "down", "options", 0, "es"))
    assert moved.endswith(
        "  - wrong: Guayaquil\n    why: Es la mayor.\n    key: otra\n  # la buena\n  - right: Quito   # alta\n    why: Desde 1830.\n"
    )


def test_a_new_option_without_its_words_is_written_so_that_it_is_told() -> None:
    entry = "key: a\nkind: single\ntext: b\noptions:\n  - right: c\n"
    sheet = KindFormView("single", LANGUAGES, pressed(fields_of_kind("single"), said_in(entry), "row", "options", -1, "es"))
    sent = sent_by(sheet)
    sent["options__1__why_es"] = "Por eso."

    after = with_question(entry, "single", LANGUAGES, submitted_form("single", LANGUAGES, sent, "save").values)

    assert after == entry + "  - wrong:\n    why: Por eso.\n"


def test_hints_of_which_only_some_are_translated_stay_beside_their_translation() -> None:
    entry = "key: a\nkind: single\ntext: b\noptions:\n  - right: c\n    why: d\nhints:\n  - Piense.\n  - {es: Lea., en: Read.}\n"

    after = changed(entry, ("penalty", "1/4"))

    assert after == entry + "penalty: 1/4\n"


def test_a_kind_asks_for_nothing_twice_and_in_the_order_of_the_text() -> None:
    for kind in KINDS:
        names = [one.name for one in fields_of_kind(kind)]
        assert len(names) == len(set(names)), kind
        assert {name.partition(".")[0] for name in names} - {"tolerance_kind"} <= set(order_of(kind)), kind


# --- The keys of options (spec/content-format 3.3) ----------------------------------------------------------------------------------------


def test_a_published_option_that_is_worded_anew_keeps_its_key() -> None:
    entry = "key: a\nkind: single\ntext: b\noptions:\n  - right: Quito\n    why: c\n  - wrong: Cuenca\n    why: d\n"
    new = ("options__0__words_es", "La ciudad de Quito")

    published = {"options": frozenset({"quito", "cuenca"})}

    assert changed(entry, new, published=published) == entry.replace(
        "right: Quito\n    why: c\n", "right: La ciudad de Quito\n    why: c\n    key: quito\n"
    )
    assert "key: quito" not in changed(entry, new)
    assert changed(entry, ("options__0__words_es", "¡Quito!"), published=published) == entry.replace("right: Quito", "right: ¡Quito!")
    assert changed(entry, ("options__0__words_es", "Cuenca"), ("options__1__words_es", "Quito"), published=published).count("key:") == 1


@pytest.mark.parametrize(
    ("entry", "change", "published", "expected"),
    [
        (
            "key: a\nkind: matching\ntext: b\npairs:\n  - item: Uno\n    match: One\n  - item: Dos\n    match: Two\n",
            [("pairs__0__match_es", "The one"), ("pairs__1__item_es", "El dos")],
            {"pairs": {"uno", "dos"}, "matches": {"one", "two"}},
            "  - item: Uno\n    match: The one\n    match_key: one\n  - item: El dos\n    match: Two\n    key: dos\n",
        ),
        (
            "key: a\nkind: ordering\ntext: b\nitems:\n  - Uno  # u\n  - {text: Dos, key: d}\n  - Tres\n",
            [("items__0__text_es", "El uno"), ("items__1__text_es", "El dos")],
            {"items": {"uno", "d", "tres"}},
            "  - text: El uno  # u\n    key: uno\n  - {text: El dos, key: d}\n  - Tres\n",
        ),
        (
            "key: a\nkind: gaps\ntext: '{x}'\ngaps:\n  x:\n    kind: single\n    options:\n      - right: Uno\n      - wrong: Dos\n",
            [("gaps__0__options__1__words_es", "El dos")],
            {"gaps.x.options": {"uno", "dos"}},
            "      - right: Uno\n      - wrong: El dos\n        key: dos\n",
        ),
        (
            (
                "key: a\nkind: matrix\ntext: b\ncolumns:\n  - Sí\n  - No\n"
                "rows:\n  - text: Uno\n    answer: si\n  - text: Dos\n    answer: no\n"
            ),
            [("columns__0__text_es", "Claro que sí"), ("rows__1__answer", "1")],
            {"columns": {"si", "no"}, "rows": {"uno", "dos"}},
            "  - text: Claro que sí\n    key: si\n  - No\nrows:\n  - text: Uno\n    answer: si\n  - text: Dos\n    answer: si\n",
        ),
    ],
)
def test_so_do_pairs_elements_gaps_and_columns(
    entry: str, change: list[tuple[str, str]], published: dict[str, set[str]], expected: str
) -> None:
    after = changed(entry, *change, published={name: frozenset(keys) for name, keys in published.items()})

    assert after.endswith(expected), after


def test_rows_of_a_matrix_follow_their_columns() -> None:
    """What was never published gets the key of its new words, and the rows name it; moved columns take their rows along."""
    entry = "key: a\nkind: matrix\ntext: b\ncolumns:\n  - Sí\n  - No\nrows:\n  - text: Uno\n    answer: si\n"
    assert "  - Claro\n  - No\nrows:\n  - text: Uno\n    answer: claro\n" in changed(entry, ("columns__0__text_es", "Claro"))

    moved = pressed(fields_of_kind("matrix"), said_in(entry), "down", "columns", 0, "es")

    assert moved.rows["rows"][0].text("answer") == "2"
    assert with_question(entry, "matrix", LANGUAGES, moved) == entry.replace("  - Sí\n  - No\n", "  - No\n  - Sí\n")


# --- Parts of their own ------------------------------------------------------------------------------------------------------------------


def test_tolerances_units_variables_and_levels_are_written_as_the_format_has_them() -> None:
    number = "key: a\nkind: numerical\ntext: b\nanswers:\n  - right: 5\ntolerance: 0.5  # poco\n"
    assert changed(number, ("tolerance_kind", "relative")) == number.replace("0.5  #", "{relative: 0.5}  #")
    assert changed(number, ("answers__0__tolerance", "0.1"), ("answers__0__tolerance_kind", "geometric")) == number.replace(
        "right: 5\n", "right: 5\n    tolerance: {geometric: 0.1}\n"
    )
    said = pressed(fields_of_kind("numerical"), said_in(number), "row", "units", -1, "es")
    units = replace(
        said,
        rows={
            **said.rows,
            "units": (
                QuestionFormValues({("name", ""): "km", ("factor", ""): "1000"}),
                QuestionFormValues({("name", ""): "m", ("factor", ""): "1"}),
            ),
        },
    )
    assert with_question(number, "numerical", LANGUAGES, units) == number + "units: {km: 1000, m: 1}\n"
    drawn = "key: a\nkind: calculated\ntext: '{x}'\nvariables:\n  x: {from: 1, to: 9, step: 1}  # corta\nanswers:\n  - right: 2 * x\n"
    assert changed(drawn, ("variables__0__to", "20")) == drawn.replace("to: 9", "to: 20")
    assert changed(
        drawn, *((f"variables__0__{name}", "") for name in ("from", "to", "step")), ("variables__0__numbers", "1, 2.5")
    ) == drawn.replace("{from: 1, to: 9, step: 1}", "{values: [1, 2.5]}")
    essay = "key: a\nkind: essay\ntext: b\nrubric:\n  - criterion: c\n    levels:\n      - points: 1\n        text: d\n"
    assert changed(essay, ("rubric__0__levels__0__points", "2")) == essay.replace("points: 1", "points: 2")


def test_another_kind_of_gap_keeps_what_was_typed() -> None:
    answers = "      - right: Uno\n      - wrong: Dos\n        why: No.\n"
    begin = "key: a\nkind: gaps\ntext: 'a {x} b'\ngaps:\n  x:\n"
    entry = f"{begin}    answers:\n{answers}    ignore_case: false\n"
    sent = sent_by(KindFormView("gaps", LANGUAGES, said_in(entry)))
    sent["gaps__0__kind"] = "single"

    sheet = submitted_form("gaps", LANGUAGES, sent, "save")

    assert sheet.has_other_kinds
    assert with_question(entry, "gaps", LANGUAGES, sheet.values) == f"{begin}    kind: single\n    options:\n{answers}"


def test_a_row_for_each_name_of_the_text() -> None:
    said = QuestionFormValues({("text", "es"): "Hay {uno} y {dos}, no `{tres}`."}, {"gaps": (QuestionFormValues({("name", ""): "dos"}),)})

    after = pressed(fields_of_kind("gaps"), said, "names", "gaps", -1, "es")

    assert [row.text("name") for row in after.rows["gaps"]] == ["dos", "uno"]
    assert all(row.rows["answers"] for row in after.rows["gaps"][1:])
