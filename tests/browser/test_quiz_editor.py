"""The editor of quizzes and questions in a real browser: forms with the keyboard, without a script, on a phone."""

import pytest
from playwright.sync_api import Browser

from tests.support.builders import a_course, a_teacher
from tests.support.chromium import PRESSES, Live, signed_in
from tests.support.drafts import draft_texts
from tests.support.lessons import write
from tests.support.wording import in_spanish

QUIZ = "/teaching/prueba/parts/cuestionario-1"
FORM = "/teaching/prueba/questions"
NEW = "/teaching/prueba/new-question/form?kind="


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 360, "dark"), ("en", 1280, "light")])
def test_every_page_of_the_quiz_editor_is_readable_by_everybody(
    chromium: Browser, live: Live, language: str, width: int, scheme: str
) -> None:
    """axe-core finds nothing and nothing runs out of the window."""
    a_teacher(live.instance, a_course(live.instance, modules=1))
    editor = signed_in(chromium, live, language=language, width=width, scheme=scheme)

    for path in (
        QUIZ,
        f"{QUIZ}/questions",
        f"{QUIZ}/questions?preview=1",
        f"{FORM}/suma-1/form",
        f"{FORM}/unir-1/form",
        f"{FORM}/huecos-1/form",
    ):
        editor.open(path)
    for kind in ("numerical", "calculated", "matrix", "essay"):
        editor.open(f"{NEW}{kind}")


@pytest.mark.slow
def test_a_question_is_written_and_put_into_a_quiz_without_a_script(chromium: Browser, live: Live) -> None:
    a_teacher(live.instance, a_course(live.instance, modules=1))
    editor = signed_in(chromium, live, script=False)
    page = editor.page

    editor.open("/teaching/prueba/new-question/form?kind=single")
    page.fill("[name=text_es]", "¿Qué es esto?")
    editor.press("button[value='row options']")
    assert page.input_value("[name=text_es]") == "¿Qué es esto?"
    page.fill("[name=options__0__words_es]", "Una prueba")
    page.check("[name=options__right][value='0']")
    page.fill("[name=options__4__words_es]", "Otra cosa")
    editor.press("button.main[value=save]")
    editor.open(f"{QUIZ}/questions")
    page.click("#add > summary")
    page.select_option("[name=question]", "que-es-esto")
    editor.press("button[value=add]")
    editor.press("button[value='up 1']")

    titles = page.locator("section[id^=place] h2").all_inner_texts()
    assert titles[0].endswith("¿Qué es esto?")
    assert titles[1].endswith(in_spanish("Random draw"))


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False])
def test_a_quiz_of_six_kinds_takes_twenty_presses_from_the_outline(chromium: Browser, live: Live, *, script: bool) -> None:
    """All of it: the activity, its six questions, each in the quiz at once, and the list that shows them."""
    a_teacher(live.instance, a_course(live.instance, modules=1))
    editor = signed_in(chromium, live, script=script)
    page = editor.page
    page.add_init_script(PRESSES)
    editor.open("/teaching/prueba/outline")

    editor.press("a[href*='/new-activity']")
    page.check("[name=kind][value=quiz]")
    page.fill("#title", "Seis")
    editor.press("main form button[type=submit]")
    editor.press("button[value='ask single']")
    page.keyboard.type("¿Cuál?")
    page.fill("[name=options__0__words_es]", "Esta")
    page.fill("[name=options__0__why_es]", "Así es.")
    page.fill("[name=options__1__words_es]", "Aquella")
    page.fill("[name=options__1__why_es]", "No.")
    page.check("[name=options__right][value='0']")
    editor.press("button[value='next multiple']")
    page.keyboard.type("¿Cuáles?")
    for number, words in enumerate(("Una", "Otra", "Ninguna")):
        page.fill(f"[name=options__{number}__words_es]", words)
    page.check("[name=options__0__verdict]")
    page.check("[name=options__1__verdict]")
    editor.press("button[value='next true_false']")
    page.keyboard.type("¿Es así?")
    page.check("[name=answer][value=true]")
    editor.press("button[value='next numerical']")
    page.keyboard.type("¿Cuántos?")
    page.fill("[name=answers__0__words]", "12,5")
    editor.press("button[value='next short']")
    page.keyboard.type("¿Quién?")
    page.fill("[name=answers__0__words_es]", "Nadie")
    editor.press("button[value='next matching']")
    page.keyboard.type("¿Con qué va?")
    for number, (item, match) in enumerate((("Perro", "Ladra"), ("Gato", "Maúlla"))):
        page.fill(f"[name=pairs__{number}__item_es]", item)
        page.fill(f"[name=pairs__{number}__match_es]", match)
    editor.press("button.main[value=save]")

    titles = page.locator("section[id^=place] h2").all_inner_texts()
    texts = ("¿Cuál?", "¿Cuáles?", "¿Es así?", "¿Cuántos?", "¿Quién?", "¿Con qué va?")
    assert titles == [f"{number}. {text}" for number, text in enumerate(texts, start=1)]
    assert page.locator("main section .alert").count() == 0
    if script:
        assert int(page.evaluate("sessionStorage.getItem('presses')")) <= 20


@pytest.mark.slow
def test_the_form_of_a_choice_takes_about_one_screen(chromium: Browser, live: Live) -> None:
    """In a course of one language, from the heading to the button that saves, at 1280 pixels."""
    course = a_course(live.instance, modules=1)
    a_teacher(live.instance, course)
    settings = draft_texts(live.instance)["course.yaml"]
    write(live.instance, course, {"course.yaml": settings.replace("languages: [es, en]", "languages: [es]")})
    editor = signed_in(chromium, live)

    editor.open(f"{NEW}single&quiz=cuestionario-1")

    top, bottom = (editor.page.locator(part).bounding_box() for part in ("h1", "button.main[value=save]"))
    assert top is not None
    assert bottom is not None
    assert editor.page.locator("[name^=text_]").count() == 1
    assert bottom["y"] + bottom["height"] - top["y"] <= 900


@pytest.mark.slow
def test_a_text_with_gaps_is_written_without_a_script(chromium: Browser, live: Live) -> None:
    """Rows come from the names in the text; a gap that is filled in another way gets other fields; a criterion has levels of its own."""
    a_teacher(live.instance, a_course(live.instance, modules=1))
    editor = signed_in(chromium, live, width=360, script=False)
    page = editor.page

    editor.open(f"{NEW}gaps")
    page.fill("[name=text_es]", "De {numero} personas, {palabra} cotizan.")
    editor.press("button[value='names gaps']")
    page.select_option("[name=gaps__0__kind]", "numerical")
    editor.press("#gaps > .nest > li:first-child button[value=fields]")
    page.fill("[name=gaps__0__answers__0__words]", "100")
    page.fill("[name=gaps__0__tolerance]", "0.1")
    page.select_option("[name=gaps__0__tolerance_kind]", "relative")
    page.fill("[name=gaps__1__answers__0__words_es]", "muchas")
    editor.press("button[value='row gaps__1__answers']")
    editor.press("button[value='up gaps__1__answers 1']")
    assert page.input_value("[name=gaps__1__answers__1__words_es]") == "muchas"
    editor.press("button.main[value=save]")

    assert page.input_value("[name=gaps__0__tolerance_kind]") == "relative"
    assert page.input_value("[name=gaps__1__answers__0__words_es]") == "muchas"
    editor.open(f"{NEW}essay")
    editor.press("button[value='row rubric']")
    editor.press("button[value='row rubric__0__levels']")
    assert page.locator("#rubric__0__levels > .nest > li").count() == 4


@pytest.mark.slow
def test_a_list_pasted_into_the_first_empty_option_makes_rows(chromium: Browser, live: Live) -> None:
    a_teacher(live.instance, a_course(live.instance, modules=1))
    editor = signed_in(chromium, live)
    page = editor.page
    editor.open(f"{NEW}single")
    page.evaluate(
        """() => {
          window.clip = new DataTransfer();
          window.clip.setData('text/plain', 'a) Cuenca\\nb) Quito*\\nc) Loja\\nd) Manta\\ne) Ambato');
        }"""
    )

    with page.expect_navigation():
        page.evaluate(
            "document.querySelector('[name=options__0__words_es]').dispatchEvent("
            "new ClipboardEvent('paste', {clipboardData: window.clip, bubbles: true, cancelable: true}))"
        )
    editor.check()

    words = [page.input_value(f"[name=options__{number}__words_es]") for number in range(5)]
    assert words == ["Cuenca", "Quito", "Loja", "Manta", "Ambato"]
    assert page.is_checked("[name=options__right][value='1']")
