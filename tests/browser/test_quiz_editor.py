"""The editor of quizzes and questions in a real browser: forms with the keyboard, without a script, on a phone."""

import pytest
from playwright.sync_api import Browser

from tests.support.builders import a_course, a_teacher
from tests.support.chromium import Live, signed_in
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

    for path in (QUIZ, f"{QUIZ}/questions", f"{FORM}/suma-1/form", f"{FORM}/unir-1/form", f"{FORM}/huecos-1/form"):
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
    page.select_option("[name=options__0__verdict]", "right")
    page.fill("[name=options__4__words_es]", "Otra cosa")
    editor.press("button.main[value=save]")
    editor.open(f"{QUIZ}/questions")
    page.select_option("[name=question]", "que-es-esto")
    editor.press("button[value=add]")
    editor.press("button[value='up 1']")

    titles = page.locator("main section h2").all_inner_texts()
    assert titles[0].endswith("¿Qué es esto?")
    assert titles[1].endswith(in_spanish("Random draw"))


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
    page.select_option("[name=gaps__0__answers__0__verdict]", "right")
    page.fill("[name=gaps__0__tolerance]", "0.1")
    page.select_option("[name=gaps__0__tolerance_kind]", "relative")
    page.fill("[name=gaps__1__answers__0__words_es]", "muchas")
    page.select_option("[name=gaps__1__answers__0__verdict]", "right")
    editor.press("button[value='up gaps__1__answers 1']")
    assert page.input_value("[name=gaps__1__answers__1__words_es]") == "muchas"
    editor.press("button.main[value=save]")

    assert page.input_value("[name=gaps__0__tolerance_kind]") == "relative"
    assert page.input_value("[name=gaps__1__answers__0__words_es]") == "muchas"
    editor.open(f"{NEW}essay")
    editor.press("button[value='row rubric']")
    editor.press("button[value='row rubric__0__levels']")
    assert page.locator("#rubric__0__levels > .nest > li").count() == 4
