"""Every kind of question by keyboard alone in a real browser, each page checked with axe-core; and dragging as an extra.

spec/quiz-engine 5.14.12.
"""

import re

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from lms.instance import Instance
from questions.rules.answers import page_from_answer
from questions.rules.feedback import right_answer
from questions.rules.numbers import convention_for
from quizzes.models import MarkEvent
from tests.support.answers import fields_of, sitting_of
from tests.support.chromium import Live, Visitor, begin_quiz, visitor
from tests.support.kinds import KINDS, MARKED

pytestmark = pytest.mark.long

FOCUSED = "(selector) => document.activeElement.matches(selector)"
OUTLINED = """() => {
  const one = document.activeElement;
  const shown = one.closest('.flag') ? one.closest('label') : one;
  return parseFloat(getComputedStyle(shown).outlineWidth) >= 2 && getComputedStyle(shown).outlineStyle !== 'none';
}"""


LONG_COLUMNS = """questions:
  - key: tabla
    kind: matrix
    text: ¿Qué es cada caso?
    columns: [{text: Contributivo, key: a}, {text: No contributivo, key: b}, {text: Solidaridad privada, key: c}]
    rows:
      - {text: La pensión de quien aportó treinta años a un seguro social, key: uno, answer: a}
      - {text: El bono que el Estado deposita a una madre en situación de pobreza, key: dos, answer: b}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_of_answers_folds_on_a_phone(chromium: Browser, live: Live, instance: Instance, scheme: str) -> None:
    """At 360 px each row stands above its choices, all in sight with their words and wide enough to touch; at 1280 px in columns."""
    person = visitor(chromium, live, width=360, scheme=scheme)
    begin_quiz(person, instance, "", ("tabla",), LONG_COLUMNS)
    choices = person.page.locator("main td label")
    narrow = [choice.bounding_box() or {} for choice in choices.all()]
    words = [choice.inner_text() for choice in choices.all()]
    choices.nth(2).click()
    checked = person.page.locator("main td input:checked").input_value()
    person.page.set_viewport_size({"width": 1280, "height": 900})
    wide = [choice.bounding_box() or {} for choice in choices.all()]

    assert words == ["Contributivo", "No contributivo", "Solidaridad privada"] * 2
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["height"] >= 44 for box in narrow)
    assert [one["y"] for one in narrow] == sorted({one["y"] for one in narrow})
    assert checked == "3"
    assert len({box["y"] for box in wide[:3]}) == 1
    assert choices.first.inner_text() == ""


def tab_to(page: Page, selector: str) -> None:
    """Press the tabulator until something is reached, and see that it is outlined."""
    for _step in range(80):
        if page.evaluate(FOCUSED, selector):
            assert page.evaluate(OUTLINED), f"{selector} has no outline when it is focused"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached with the tabulator")


def give(page: Page, name: str, value: str) -> None:
    """Give one field of a question its value with keys alone."""
    control = page.locator(f"[name='{name}']").first
    kind = control.evaluate("(one) => one.type")
    if kind == "checkbox":
        tab_to(page, f"[name='{name}'][value='{value}']")
        page.keyboard.press("Space")
    elif kind == "radio":
        tab_to(page, f"[name='{name}']")
        values = page.locator(f"[name='{name}']").evaluate_all("(all) => all.map((one) => one.value)")
        page.keyboard.press("Space")
        for _step in range(values.index(value)):
            page.keyboard.press("ArrowDown")
        assert page.locator(f"[name='{name}']:checked").input_value() == value
    elif kind == "select-one":
        tab_to(page, f"[name='{name}']")
        values = control.evaluate("(one) => [...one.options].map((option) => option.value)")
        for _step in range(values.index(value)):
            page.keyboard.press("ArrowDown")
        assert control.input_value() == value
    else:
        tab_to(page, f"[name='{name}']")
        page.keyboard.type(value)


def right_fields_of(person: Visitor, instance: Instance, place: int) -> dict[str, object]:
    """Return the fields of the right answer to the question in a place."""
    loaded, questions = sitting_of(instance, person.page.url)
    item = loaded.items[place - 1]
    question = questions[item.question_version_id]
    answer = right_answer(question, item.layout, loaded.row.language, convention_for(loaded.row.language))
    if answer is None:
        return {}
    fields = fields_of(item, question, page_from_answer(question, item.layout, answer))
    return fields | ({f"p{place}-unit": "km"} if KINDS[place - 1] == "units" else {})


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_kind_is_answered_with_the_keyboard_alone(chromium: Browser, live: Live, instance: Instance, width: int, scheme: str) -> None:
    """spec/quiz-engine 5.14.12: one question a page; focus is always seen; axe-core finds nothing on any page;
    every marked kind is right.
    """
    person = visitor(chromium, live, width=width, scheme=scheme)
    begin_quiz(person, instance, "per_page: 1\n")
    page = person.page
    for place, kind in enumerate(KINDS, 1):
        assert page.locator(f"#p{place}").count() == (kind != "description"), kind
        for name, value in right_fields_of(person, instance, place).items():
            for one in value if isinstance(value, list | tuple) else [value]:
                give(page, name, str(one))
        if kind == "survey":
            give(page, f"p{place}-1", "2")
        if kind == "essay":
            give(page, f"p{place}", "Un texto de varias palabras.")
            assert re.match(r"5 ", page.locator("[data-count]").inner_text())
        if kind == "file":
            tab_to(page, f"[name='p{place}-upload']")
            with page.expect_file_chooser() as chooser:
                page.keyboard.press("Enter")
            chooser.value.set_files({"name": "informe.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
            page.wait_for_selector(f"[name='p{place}-files']", state="attached")
            assert "informe.pdf" in page.locator(f"#p{place}").inner_text()
        person.checked.clear()
        person.check()
        tab_to(page, f"button[name=go][value={'next' if place < len(KINDS) else 'review'}].main")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    person.check()
    tab_to(page, "#submission button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    person.check()

    with instance.database.unit_of_work(write=False) as session:
        given = list(session.scalars(select(MarkEvent.fraction).order_by(MarkEvent.item_id)))
    assert given[: len(MARKED)] == [1] * len(MARKED)
    assert "informe.pdf" in page.locator("main").inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_a_check_is_made_with_the_keyboard_and_its_feedback_passes_axe(
    chromium: Browser, live: Live, instance: Instance, *, script: bool
) -> None:
    """spec/quiz-engine 5.6 and 5.14.12: answer, check, read, answer again; with and without scripts."""
    person = visitor(chromium, live, script=script)
    begin_quiz(person, instance, "behaviour: interactive\nper_page: 1\n")
    page = person.page
    give(page, "p1", "3")
    tab_to(page, "button[name=check]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    person.checked.clear()
    person.check()
    shown = page.locator("#p1").inner_text()

    assert "PORQUE-single-3" in shown
    assert "PORQUE-single-1" not in page.content()


def drag(page: Page, row: int, behind: int) -> None:
    """Drag an element of the first question behind another."""
    start, end = page.locator("#p1 .grip").nth(row).bounding_box(), page.locator("#p1 li").nth(behind).bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + end["height"] - 2, steps=8)
    page.mouse.up()


def positions(page: Page) -> list[list[str]]:
    """Return the elements of the first question as they stand, each with its position."""
    found: list[list[str]] = page.locator("#p1 li select").evaluate_all("(all) => all.map((one) => [one.name, one.value])")
    return found


def test_elements_and_words_can_be_dragged_too(chromium: Browser, live: Live, instance: Instance) -> None:
    """spec/quiz-engine 5.7: dragging sets the lists of choices, and what they say is saved."""
    person = visitor(chromium, live)
    begin_quiz(person, instance, "", ("ordering", "dragged"))
    page = person.page
    drag(page, 0, 2)
    page.locator("#p2 .words .tag").nth(1).drag_to(page.locator("#p2 select").first)
    page.locator("#save-state.ok").wait_for()

    assert positions(page) == [["p1-2", "1"], ["p1-3", "2"], ["p1-1", "3"], ["p1-4", "4"]]
    assert page.locator("#p2 select").first.input_value() == "2"
    page.locator("[data-saved].ok").nth(1).wait_for()
    loaded, _questions = sitting_of(instance, page.url)
    assert [answer.payload for answer in loaded.responses.values()] == [
        {"1": ["3"], "2": ["1"], "3": ["2"], "4": ["4"]},
        {"1": ["2"], "2": []},
    ]


def test_dragging_one_element_later_leaves_the_others_in_their_order(chromium: Browser, live: Live, instance: Instance) -> None:
    """The page comes back with the elements as they were asked, or somebody has chosen positions by hand: neither is written over."""
    person = visitor(chromium, live)
    begin_quiz(person, instance, "", ("ordering",))
    page = person.page
    drag(page, 0, 2)
    page.locator("[data-saved].ok").wait_for()

    page.reload()
    assert positions(page) == [["p1-2", "1"], ["p1-3", "2"], ["p1-1", "3"], ["p1-4", "4"]]
    drag(page, 2, 3)
    assert positions(page) == [["p1-2", "1"], ["p1-3", "2"], ["p1-4", "3"], ["p1-1", "4"]]

    page.select_option("[name=p1-2]", "2")
    page.select_option("[name=p1-3]", "1")
    drag(page, 2, 3)
    assert positions(page) == [["p1-3", "1"], ["p1-2", "2"], ["p1-1", "3"], ["p1-4", "4"]]
