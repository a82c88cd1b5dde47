"""The page that makes variants of a calculated question: looked at first, then written (spec/selection 1.22)."""

from io import BytesIO

from sqlalchemy import select

from courses.content.editing import list_entries
from courses.drafts import draft_bodies
from courses.models import Course
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.selection_folders import BANK
from tests.support.variants import TABLE, a_folder_with_a_pattern
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/questions/tasa/variants"
ADD = in_spanish("Add them to the draft")


def an_editor(browser: Browser, instance: Instance, more: str = "") -> Browser:
    """Return a browser of somebody who edits a course with a calculated question."""
    files = a_folder_with_a_pattern()
    files[BANK] += more.encode()
    a_teacher(instance, publish(instance, files)[0])
    return sign_in(browser, "profe@example.org")


def entries(instance: Instance) -> dict[str, str]:
    """Return the questions of the draft's bank by key."""
    with instance.database.unit_of_work(write=False) as session:
        course_id = session.scalars(select(Course.id)).one()
        return {entry.key: entry.text for entry in list_entries(draft_bodies(session, course_id, [BANK])[BANK], "questions")}


def test_variants_are_shown_before_they_are_written(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.22: values, keys and typical wrong answers as a table; nothing is written before that."""
    editor = an_editor(browser, instance)
    assert editor.get("/teaching/prueba/questions/tasa/form").has_link(PAGE)
    assert editor.get(PAGE).html.count('<nav class="team"') == 1

    shown = editor.submit(PAGE, {"number": "4"}, button=("do", "preview"))

    assert shown.text.count("tasa-") >= 4
    assert ADD in shown.text
    assert list(entries(instance)) == ["tasa"]
    editor.submit(PAGE, {}, button=("do", "save"))
    assert list(entries(instance)) == ["tasa", "tasa-1", "tasa-2", "tasa-3", "tasa-4"]
    assert "state: draft" in entries(instance)["tasa"]
    assert editor.page.text.count("tasa-") >= 4


def test_a_table_may_be_a_file_or_typed(browser: Browser, instance: Instance) -> None:
    editor = an_editor(browser, instance)
    editor.get(PAGE)

    sent = {**dict(editor.page.form(PAGE).fields), "file": (BytesIO(TABLE.encode()), "valores.csv"), "do": "preview"}

    shown = editor.post(PAGE, sent, content_type="multipart/form-data")

    assert "30,5" in shown.text
    editor.submit(PAGE, {}, button=("do", "save"))
    assert "values: [30.5]" in entries(instance)["tasa-2"]


def test_a_bad_table_is_refused_and_writes_nothing(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: with a sentence, nothing written; a pattern that somebody changed meanwhile is shown again."""
    editor = an_editor(browser, instance)
    editor.get(PAGE)
    editor.submit(PAGE, {"table": "parte;total\n=1;2\n"}, button=("do", "save"), status=422)
    assert (
        in_spanish(
            "Line %(line)s, “%(name)s”: a cell contains a formula, which is not calculated. Enter its value instead.", line=2, name="parte"
        )
        in editor.page.text
    )
    editor.submit(PAGE, {"number": "0", "table": ""}, button=("do", "preview"), status=422)
    editor.submit(PAGE, {"number": "201"}, button=("do", "preview"), status=422)

    editor.submit(PAGE, {"number": "2"}, button=("do", "save"), status=409)

    assert list(entries(instance)) == ["tasa"]
    editor.submit(PAGE, {}, button=("do", "save"))
    assert list(entries(instance)) == ["tasa", "tasa-1", "tasa-2"]


def test_a_question_that_is_no_pattern_says_so(browser: Browser, instance: Instance) -> None:
    more = "  - key: otra\n    kind: true_false\n    text: ¿Es cierto?\n    answer: true\n    explanation: Lo es.\n"
    editor = an_editor(browser, instance, more)

    page = editor.get(PAGE.replace("tasa", "otra"))

    assert in_spanish("Only a calculated question with variables and a right answer can be the pattern of variants.") in page.text
    editor.submit(PAGE.replace("tasa", "otra"), {"number": "2"}, button=("do", "preview"), status=422)
    assert not editor.get("/teaching/prueba/questions/otra/form").has_link(PAGE.replace("tasa", "otra"))


def test_every_cell_of_the_variants(browser: Browser, instance: Instance) -> None:
    """Access: question_bank.view."""
    cast = a_cast(browser, instance)
    cast.join(publish(instance, a_folder_with_a_pattern())[0])

    assert cast.check("question_bank.view", "own_course", cast.outcomes(PAGE)) == []
