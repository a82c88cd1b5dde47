"""Pages of a lesson's text and of its translations: who writes, what a preview shows, and what happens when two write at once."""

import io
import re
from typing import Any

import pytest

from courses import draft_checks
from courses.models import Course
from kernel.left_out import SENTENCE
from kernel.markup.foreign import CONTENT, FORMULAS
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, publish, sign_in
from tests.support.commands import commands_on, refused
from tests.support.drafts import draft_texts, press_in_outline
from tests.support.lessons import EDITOR, PATH, a_picture, ask, fields, write
from tests.support.wording import in_spanish


def send(browser: Browser, do: str = "save", status: int = 200, **values: object) -> str:
    """Send the lesson's form."""
    return browser.submit("/lessons/leccion-1", values, button=("do", do), status=status).text


@pytest.mark.parametrize("body", ["Todo bien.\n", "Bien.\n\n[[nadie]]\n", "> [!CHECK] Una pregunta\n> La respuesta.\n"])
def test_a_look_brings_the_symbols_that_it_refers_to(editor: Browser, body: str) -> None:
    """The page of the editor does not have them: nothing on it needed them."""
    known = fields(editor)
    kept = {name: known[name] for name in ("csrf_token", "title", "summary", "seen")}
    editor._request("POST", f"{EDITOR}/preview-fragment", data={**kept, "body": body})
    html = editor.response.get_data(as_text=True)

    needed = set(re.findall(r'<use href="#([a-z-]+)"', html))
    assert needed
    assert needed == set(re.findall(r'<symbol id="([a-z-]+)"', html))


def test_every_cell_of_writing_a_lesson(browser: Browser, instance: Instance) -> None:
    """spec/security 9: lesson.edit, lesson.view and lesson.file_download of a draft; nothing changes for those who may not."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    before = draft_texts(instance)
    sent = {"title": "Otra", "summary": "", "body": "Otra.", "seen": "1"}

    wrong = cast.check("lesson.edit", "own_course", cast.outcomes(EDITOR))
    refused = {letter: outcome(cast.browsers[letter], EDITOR, "POST", sent) for letter in "ALEGOX"}
    wrong += cast.check("lesson.edit", "own_course", refused)
    assert draft_texts(instance) == before
    wrong += cast.check("lesson.view", "draft", cast.outcomes(f"{EDITOR}/preview"))
    inside = cast.browsers["I"]
    inside.get(EDITOR)
    answer = ask(inside, "files", {"file": (io.BytesIO(a_picture()), "foto.png"), "alternative": "Una foto", "caption": ""})
    inside.get(EDITOR)
    ask(inside, "autosave", {"body": f"{answer['markdown']}\n"})
    shown = inside.get(f"{EDITOR}/preview").html
    address = re.search(r'src="(/courses/prueba/files/[^"]+)"', shown)
    assert address
    wrong += cast.check("lesson.file_download", "draft", cast.outcomes(address[1]))

    assert wrong == []


def test_only_what_was_typed_changes_in_the_file(editor: Browser, instance: Instance) -> None:
    """spec/content-format 11.4: the body is the author's, and the other fields stay as they are written."""
    before = draft_texts(instance)[PATH]

    send(editor, title="Contar bien", summary="Con los dedos.", body="## Uno\r\n\r\nSe cuenta *despacio*.  \r\nAsí.\r\n")

    assert draft_texts(instance)[PATH] == before.replace("title: Contar 1\n", "title: Contar bien\nsummary: Con los dedos.\n").replace(
        before[before.index("## ") :], "## Uno\n\nSe cuenta *despacio*.  \nAsí.\n"
    )
    assert in_spanish("Saved in the draft.") in editor.page.text
    assert fields(editor)["body"].strip("\r\n") == "## Uno\n\nSe cuenta *despacio*.  \nAsí."


def test_a_lesson_is_saved_and_another_one_begins_in_its_module(editor: Browser, instance: Instance) -> None:
    send(editor, do="another", body="Se cuenta.\n")

    assert draft_texts(instance)[PATH].endswith("Se cuenta.\n")
    assert editor.path == "/teaching/prueba/new-activity?module=parte-1&kind=page"
    assert in_spanish("Saved in the draft.") in editor.page.text
    assert 'value="another"' not in editor.get(f"{EDITOR}?language=en").html


@pytest.mark.parametrize("do", ["another", "save"])
def test_the_next_lesson_is_begun_at_once_where_its_title_stands_beside_the_button(editor: Browser, do: str) -> None:
    send(editor, do=do, body="Se cuenta.\n", next_title="Sumar con los dedos")

    assert editor.path.startswith("/teaching/prueba/lessons/")
    assert editor.path != EDITOR
    assert dict(editor.page.form("/lessons/sumar-con-los-dedos").fields)["title"] == "Sumar con los dedos"
    assert "Sumar con los dedos" in editor.get("/teaching/prueba/outline").text
    assert "Se cuenta." in editor.get(EDITOR).html


def test_comments_and_fields_of_ones_own_stay(browser: Browser, course: Course, instance: Instance) -> None:
    text = "---\n# nota\nkey: leccion-1\ntitle: Contar 1  # breve\nx-mio: [a,  b]\nrequired: true\n---\nTexto.\n"
    write(instance, course, {PATH: text})
    sign_in(browser, "profe@example.org")
    browser.get(EDITOR)

    send(browser, title="Contar: dos", body="Texto.\nOtro.\n")

    assert draft_texts(instance)[PATH] == text.replace("title: Contar 1", "title: 'Contar: dos'").replace("Texto.\n", "Texto.\nOtro.\n")


def test_a_preview_is_the_page_that_learners_get(editor: Browser, instance: Instance, course: Course) -> None:
    """The same functions and the same piece of a template: what is seen before publishing is what comes."""
    body = (
        "## Medir {#medir}\n\nUna *cuenta* y $B = 1 - c$.\n\n> [!DEFINITION] Brecha\n> Lo que falta.\n\n"
        "| Año | Valor |\n| --- | --: |\n| 2019 | 34,8 |\n\n: Cobertura.\n\n![Video](course:video-1)\n\n"
        "[Después](course:cuestionario-1)\n"
    )
    seen = editor.submit("/lessons/leccion-1", {"body": body}, button=("do", "preview")).html
    send(editor, body=body)
    drafted = editor.get(f"{EDITOR}/preview").html
    publish(instance, {path: text.encode() for path, text in draft_texts(instance).items()})
    learned = editor.get("/courses/prueba/activities/leccion-1").html

    def prose(html: str) -> str:
        found = re.search(r'<div class="prose"[^>]*>\n(.*?)\n</div>\s*<(?:nav|form|/section|/article)', html, re.DOTALL)
        assert found
        return found[1]

    assert "<math" in prose(learned)
    assert prose(seen) == prose(drafted) == prose(learned)


def test_findings_stand_beside_the_text_with_the_line_of_the_text(editor: Browser) -> None:
    page = editor.submit("/lessons/leccion-1", {"body": "Bien.\n\n[[no hay]]\n\n[allí](course:nadie)\n"}, button=("do", "preview")).text

    assert re.search(r"Línea 3\s*:\s*.*no hay", page)
    assert re.search(r"Línea 5\s*:\s*.*nadie", page)
    assert not re.search(r"\bC\d{3}\b", page), "codes are for those who write the text"


def test_a_link_into_another_lesson_knows_its_headings(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\n## Aquí\n\nTexto.\n"})

    editor.get(EDITOR)
    good = editor.submit("/lessons/leccion-1", {"body": "[otra](course:otra#aqui)\n"}, button=("do", "preview")).text
    bad = editor.submit("/lessons/leccion-1", {"body": "[otra](course:otra#alla)\n"}, button=("do", "preview")).text

    assert "alla" not in re.sub(r"<textarea.*?</textarea>", "", good, flags=re.DOTALL)
    assert "«otra» no tiene" in bad


def test_a_lesson_without_a_title_or_too_long_is_given_back_as_typed(editor: Browser, instance: Instance) -> None:
    before = draft_texts(instance)

    untitled = send(editor, status=422, title=" ", body="Lo escrito.")
    assert in_spanish("Write a title.") in untitled
    assert "Lo escrito." in fields(editor)["body"]
    long = send(editor, status=422, title="Contar", body="ñ" * 60_000)

    assert "100 kB" in long
    assert draft_texts(instance) == before


# --- Saving by itself --------------------------------------------------------------------------------------------------------------------


def test_what_is_sent_by_itself_is_saved_and_the_next_builds_on_it(editor: Browser, instance: Instance) -> None:
    first = ask(editor, "autosave", {"body": "Uno.\n"})
    second = ask(editor, "autosave", {"body": "Uno.\nDos.\n", "seen": first["seen"]})
    again = ask(editor, "autosave", {"body": "Uno.\nDos.\n", "seen": first["seen"]})

    assert first["state"] == second["state"] == again["state"] == "saved"
    assert second["seen"] == again["seen"] != first["seen"]
    assert draft_texts(instance)[PATH].endswith("---\nUno.\nDos.\n")


def test_nothing_is_saved_over_what_somebody_else_saved(editor: Browser, instance: Instance, course: Course) -> None:
    theirs = draft_texts(instance)[PATH].replace("dedos", "pies")
    write(instance, course, {PATH: theirs})

    answer = ask(editor, "autosave", {"body": "Lo mío.\n"}, status=409)

    assert answer["state"] == "conflict"
    assert draft_texts(instance)[PATH] == theirs


def test_what_cannot_be_saved_by_itself_says_why(editor: Browser, instance: Instance) -> None:
    before = draft_texts(instance)

    answer = ask(editor, "autosave", {"title": ""}, status=422)

    assert answer == {"state": "refused", "message": in_spanish("Write a title.")}
    assert draft_texts(instance) == before


# --- Two at once -------------------------------------------------------------------------------------------------------------------------


def begun(browser: Browser, instance: Instance, course: Course) -> None:
    """Open a lesson of three paragraphs, and let somebody else change the last one."""
    text = draft_texts(instance)[PATH]
    head = text[: text.rindex("---\n") + 4]
    write(instance, course, {PATH: f"{head}Uno.\n\nDos.\n\nTres.\n"})
    browser.get(EDITOR)
    write(instance, course, {PATH: f"{head}Uno.\n\nDos.\n\nTres de otra persona.\n"})


def test_changes_of_different_places_are_put_together_and_looked_at_before_saving(
    editor: Browser, instance: Instance, course: Course
) -> None:
    begun(editor, instance, course)

    told = send(editor, status=409, body="Uno mío.\n\nDos.\n\nTres.\n")
    kept = draft_texts(instance)[PATH]
    joined = send(editor, "merge")
    unsaved = draft_texts(instance)[PATH]
    send(editor)

    assert in_spanish("Nothing was saved. You changed different places, so both sets of changes can be combined.") in told
    assert kept.endswith("Tres de otra persona.\n")
    assert in_spanish("Both texts are combined below. Read the result and save it.") in joined
    assert unsaved == kept
    assert draft_texts(instance)[PATH].endswith("---\nUno mío.\n\nDos.\n\nTres de otra persona.\n")


@pytest.mark.parametrize(
    ("choice", "end"), [("mine", "Tres mío.\n"), ("theirs", "Tres de otra persona.\n"), ("both", "Tres de otra persona.\nTres mío.\n")]
)
def test_where_both_changed_the_same_place_one_chooses(editor: Browser, instance: Instance, course: Course, choice: str, end: str) -> None:
    begun(editor, instance, course)

    told = send(editor, status=409, body="Uno.\n\nDos.\n\nTres mío.\n")
    unchosen = send(editor, "merge", status=422)
    send(editor, "merge", **{"conflict-0": choice})
    send(editor)

    assert "Tres mío." in told
    assert "Tres de otra persona." in told
    assert in_spanish("For each difference, choose which text to keep.") in unchosen
    assert draft_texts(instance)[PATH].endswith(f"Dos.\n\n{end}")


def test_a_choice_that_lacks_another_is_given_back(editor: Browser, instance: Instance, course: Course) -> None:
    begun(editor, instance, course)
    write(instance, course, {PATH: draft_texts(instance)[PATH].replace("Uno.", "Uno de otra persona.")})
    send(editor, status=409, body="Uno mío.\n\nDos.\n\nTres mío.\n")

    send(editor, "merge", status=422, **{"conflict-1": "mine"})

    assert fields(editor)["conflict-1"] == "mine"
    assert "conflict-0" not in fields(editor)


def test_what_was_chosen_is_not_taken_for_a_text_that_is_newer(editor: Browser, instance: Instance, course: Course) -> None:
    """Somebody saved once more while both texts were looked at: the places to choose in are others now."""
    begun(editor, instance, course)
    send(editor, status=409, body="Uno mío.\n\nDos.\n\nTres mío.\n")
    write(instance, course, {PATH: draft_texts(instance)[PATH].replace("Uno.", "Uno de otra persona.")})

    told = send(editor, "merge", status=409, **{"conflict-0": "theirs"})

    assert "Uno de otra persona." in told
    assert "Tres mío." in told
    assert "conflict-0" not in fields(editor)
    send(editor, "merge", **{"conflict-0": "mine", "conflict-1": "theirs"})
    assert fields(editor)["body"] == "Uno mío.\n\nDos.\n\nTres de otra persona.\n"


MOVED = "01-parte/02-leccion"


def begun_and_moved(browser: Browser, instance: Instance, course: Course, language: str = "es") -> None:
    """Open a lesson of three paragraphs, and let somebody else put another one in its place, which gives it the other's old path."""
    before = draft_texts(instance)
    heads = {path: before[path][: before[path].rindex("---\n") + 4] for path in (PATH, PATH.replace(".es.", ".en."))}
    lessons = {path: f"{head}Uno.\n\nDos.\n\nTres.\n" for path, head in heads.items()}
    write(instance, course, {**lessons, f"{MOVED}.es.md": "---\nkey: otra\ntitle: Otra\n---\nNada.\n"})
    browser.get(f"{EDITOR}?language={language}")
    press_in_outline(sign_in(browser.another(), "profe@example.org"), "place otra parte-1 0")
    assert "key: otra" in draft_texts(instance)[PATH]


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_lesson_that_was_moved_meanwhile_goes_on_being_saved(editor: Browser, instance: Instance, course: Course, language: str) -> None:
    begun_and_moved(editor, instance, course, language)

    first = ask(editor, "autosave", {"body": "Uno.\n", "language": language})
    second = ask(editor, "autosave", {"body": "Uno.\nDos.\n", "language": language, "seen": first["seen"]})

    assert first["state"] == second["state"] == "saved"
    assert draft_texts(instance)[f"{MOVED}.{language}.md"].endswith("---\nUno.\nDos.\n")
    assert draft_texts(instance)[PATH].endswith("---\nNada.\n")


def test_a_lesson_that_was_moved_and_changed_meanwhile_is_put_together(editor: Browser, instance: Instance, course: Course) -> None:
    begun_and_moved(editor, instance, course)
    write(instance, course, {f"{MOVED}.es.md": draft_texts(instance)[f"{MOVED}.es.md"].replace("Tres.", "Tres de otra persona.")})

    send(editor, status=409, body="Uno mío.\n\nDos.\n\nTres.\n")
    send(editor, "merge")
    send(editor)

    assert draft_texts(instance)[f"{MOVED}.es.md"].endswith("---\nUno mío.\n\nDos.\n\nTres de otra persona.\n")


def test_ones_own_text_may_be_put_in_the_place_of_the_other_knowingly(editor: Browser, instance: Instance, course: Course) -> None:
    begun(editor, instance, course)
    send(editor, status=409, body="Todo mío.\n")

    send(editor, "overwrite")

    assert draft_texts(instance)[PATH].endswith("---\nTodo mío.\n")


# --- Pictures, files, pasted text --------------------------------------------------------------------------------------------------------


def test_a_picture_goes_in_without_a_script_and_what_was_typed_waits(editor: Browser, instance: Instance) -> None:
    page = send(
        editor,
        "upload",
        422,
        body="Lo que escribía.\n",
        file=None,
        alternative="Una [foto]",
        caption="Vista. | IESS",
    )
    assert in_spanish("Choose a file first.") in page
    known = {name: value for name, value in editor.page.form("/lessons/leccion-1").fields if name != "file"}
    data = {**known, "body": "Lo que escribía.\n", "alternative": "Una [foto]", "caption": "Vista. | IESS", "do": "upload"}
    editor._request("POST", EDITOR, data={**data, "file": (io.BytesIO(a_picture("JPEG")), "Mi Foto ñ.JPG")})
    editor._arrive(200)

    assert fields(editor)["body"].strip().endswith("![Una (foto)](media/mi-foto-n.jpg)\n\n: Vista. | IESS")
    assert "Lo que escribía." in fields(editor)["body"]
    assert "01-parte/media/mi-foto-n.jpg" in draft_texts(instance)


def test_pictures_lose_what_they_carry_besides(editor: Browser, instance: Instance) -> None:
    sent = a_picture("JPEG")
    assert b"Quito, en casa" in sent

    ask(editor, "files", {"file": (io.BytesIO(sent), "foto.jpg"), "alternative": "Una foto", "caption": ""})

    kept = [path.read_bytes() for path in instance.files.folder.rglob("*") if path.is_file() and path.read_bytes().startswith(b"\xff\xd8")]
    assert len(kept) == 1
    assert b"Quito" not in kept[0]


@pytest.mark.parametrize(
    ("name", "content", "alternative", "words"),
    [
        ("foto.png", a_picture(), "", "quien no ve la figura"),
        ("foto.png", b"<html>", "Algo", "no es lo que dice su nombre"),
        ("foto.png", a_picture()[:60], "Algo", "no se puede leer"),
        ("programa.exe", b"MZ", "Algo", "no se aceptan"),
        ("dibujo.svg", b"<svg><script>alert(1)</script></svg>", "Algo", "no se puede recibir"),
        ("", b"", "Algo", "Elija primero un archivo"),
    ],
)
@pytest.mark.slow
def test_what_cannot_go_in_says_why_and_leaves_nothing(
    editor: Browser, instance: Instance, name: str, content: bytes, alternative: str, words: str
) -> None:
    """spec/security 4.3: by content, not by name; with limits."""
    before = draft_texts(instance)

    answer = ask(editor, "files", {"file": (io.BytesIO(content), name), "alternative": alternative, "caption": ""}, status=422)

    assert words in str(answer["message"])
    assert draft_texts(instance) == before


def test_a_document_is_linked_and_a_second_of_its_name_gets_another(editor: Browser, instance: Instance) -> None:
    first = ask(editor, "files", {"file": (io.BytesIO(b"%PDF-1.4 uno"), "guia.pdf"), "alternative": "Guía", "caption": ""})
    second = ask(editor, "files", {"file": (io.BytesIO(b"%PDF-1.4 dos"), "guia.pdf"), "alternative": "", "caption": ""})

    assert first == {"markdown": "[Guía](media/guia.pdf)", "picture": False}
    assert second["markdown"] == "[guia.pdf](media/guia-2.pdf)"
    assert {"01-parte/media/guia.pdf", "01-parte/media/guia-2.pdf"} <= draft_texts(instance).keys()


def test_pasted_text_comes_back_as_markdown(editor: Browser) -> None:
    answer = ask(editor, "paste", {"html": "<h1>Uno</h1><p>Con <b>fuerza</b>.</p><script>x</script>"})
    refused = ask(editor, "paste", {"html": "<p>" + "a" * 1_000_001}, status=422)

    assert answer["markdown"] == "## Uno\n\nCon **fuerza**.\n"
    assert in_spanish("That is too much to paste at once: paste it in parts.") in str(refused["message"])


def test_lessons_that_are_not_there_are_not_found(editor: Browser) -> None:
    editor.get("/teaching/prueba/lessons/nadie", status=404)
    editor.get("/teaching/prueba/lessons/cuestionario-1", status=404)
    editor.get(f"{EDITOR}?language=fr", status=404)
    editor.get("/teaching/prueba/lessons/video-1/preview", status=404)


def test_opening_a_lesson_costs_the_same_whatever_the_course_has(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=6)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    counter = every_statement(instance.database)

    browser.get(EDITOR)

    assert len(counter.statements) <= 9


def test_pictures_that_pasting_leaves_out_are_told(editor: Browser) -> None:
    pasted = ask(editor, "paste", {"html": "<h1>Uno</h1><p>Texto <img src='file:///x.png'></p><p><img src='data:,'></p>"})

    assert pasted["markdown"] == "## Uno\n\nTexto\n"
    assert in_spanish("%(count)s picture was left out. Upload it under “A picture or a file”.", 2) in str(pasted["left"])
    editor.get(EDITOR)
    assert ask(editor, "paste", {"html": "<h1>Uno</h1>"})["left"] == ""


def test_what_pasting_leaves_out_is_told_by_kind(editor: Browser) -> None:
    html = "<p>Uno <math><mi>x</mi></math> <math><maction>y</maction></math></p><select><option>Dos</option></select>"
    pasted = ask(editor, "paste", {"html": html})

    assert pasted["markdown"] == "Uno $x$\n"
    assert pasted["left_out"] == [
        in_spanish(SENTENCE, thing=in_spanish(FORMULAS), number=1, examples="y"),
        in_spanish(SENTENCE, thing=in_spanish(CONTENT), number=1, examples="<select> Dos"),
    ]


def test_two_previews_read_the_course_around_a_lesson_once(editor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process keeps it between requests, until something other than the body of a lesson changes."""
    reads, read_course = list[str](), draft_checks.read_unchecked

    def count(*given: Any, **named: Any) -> Any:
        reads.append("course")
        return read_course(*given, **named)

    monkeypatch.setattr(draft_checks, "read_unchecked", count)
    for _time in range(2):
        editor.get(f"{EDITOR}/preview")

    assert reads == ["course"]


def test_a_translation_is_begun_beside_its_original_and_follows_it(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/content-format 4.4: a new translation says which state of its source it follows; the box brings the stamp up to date."""
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nTexto.\n"})
    editor.get("/teaching/prueba/lessons/otra?language=en")
    assert "Texto." in editor.page.text
    editor.submit("/lessons/otra", {"title": "Another", "body": "Text."}, button=("do", "save"))
    first = draft_texts(instance)["01-parte/04-otra.en.md"]
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nOtro texto.\n"})
    behind = editor.get("/teaching/prueba/lessons/otra?language=en").text
    editor.submit("/lessons/otra", {"body": "Another text.", "up_to_date": "y"}, button=("do", "save"))
    second = draft_texts(instance)["01-parte/04-otra.en.md"]

    assert re.fullmatch(r"---\ntitle: Another\ntranslated_from: [0-9a-f]{12}\n---\nText.\n", first)
    alert = in_spanish("The original has changed since this translation was last updated.")
    assert alert in behind
    changed = behind.partition(in_spanish("What has changed in the original"))[2]
    assert f"{in_spanish('removed:')} Texto." in changed
    assert f"{in_spanish('added:')} Otro texto." in changed
    assert second.splitlines()[2] != first.splitlines()[2]
    assert (
        in_spanish("The original has changed since this translation was last updated.")
        not in editor.get("/teaching/prueba/lessons/otra?language=en").text
    )


def test_an_original_whose_earlier_state_is_not_kept_is_shown_whole(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {"01-parte/01-leccion.en.md": "---\ntitle: Count\ntranslated_from: 0123456789ab\n---\nOne.\n"})

    page = editor.get("/teaching/prueba/lessons/leccion-1?language=en").text

    assert (
        in_spanish("The state of the original that it follows is not among the last ones, so compare it with the whole original below.")
        in page
    )


def test_the_command_shows_what_changed_since(
    editor: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lms = commands_on(instance.settings, monkeypatch, capsys)
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nTexto.\n\nIgual.\n"})
    editor.get("/teaching/prueba/lessons/otra?language=en")
    editor.submit("/lessons/otra", {"title": "Another", "body": "Text.\n\nEqual."}, button=("do", "save"))
    write(instance, course, {"01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\nOtro texto.\n\nIgual.\n"})

    told = lms("courses", "translations", "prueba").out

    assert "04-otra.en.md" in told
    assert "  - Texto.\n  + Otro texto.\n" in told
    refused(lms("courses", "translations", "nada"), "no course nada")


def test_a_translation_follows_the_original_that_its_translator_saw(editor: Browser, instance: Instance, course: Course) -> None:
    """The box speaks of the text that stood beside the translation, not of one that was saved meanwhile."""
    page, path = "/teaching/prueba/lessons/leccion-1?language=en", "01-parte/01-leccion.en.md"
    editor.get(page)
    shown = fields(editor)["follows"]
    write(instance, course, {PATH: draft_texts(instance)[PATH].replace("dedos", "manos")})

    sent = {"body": "Counted.\n", "language": "en", "up_to_date": "y", "follows": shown}
    saved = ask(editor, "autosave", sent)
    by_itself = draft_texts(instance)[path]
    editor.submit("/lessons/leccion-1", {"body": "Counted at last.", "up_to_date": "y", "seen": saved["seen"]}, button=("do", "save"))

    assert f"translated_from: {shown}\n" in by_itself
    assert f"translated_from: {shown}\n" in draft_texts(instance)[path]
    assert in_spanish("The original has changed since this translation was last updated.") in editor.get(page).text


def test_a_translation_that_was_put_together_with_another_follows_what_its_translator_saw(
    editor: Browser, instance: Instance, course: Course
) -> None:
    page, path = "/teaching/prueba/lessons/leccion-1?language=en", "01-parte/01-leccion.en.md"
    translation = "---\ntitle: Count\n---\nOne.\n\nTwo.\n\nThree.\n"
    write(instance, course, {path: translation})
    editor.get(page)
    shown = fields(editor)["follows"]
    write(
        instance,
        course,
        {PATH: draft_texts(instance)[PATH].replace("dedos", "manos"), path: translation.replace("Three.", "Three of theirs.")},
    )
    sent = {"body": "One of mine.\n\nTwo.\n\nThree.\n", "up_to_date": "y"}
    editor.submit("/lessons/leccion-1", sent, button=("do", "save"), status=409)
    editor.submit("/lessons/leccion-1", button=("do", "merge"))
    editor.submit("/lessons/leccion-1", button=("do", "save"))

    assert draft_texts(instance)[path].endswith("One of mine.\n\nTwo.\n\nThree of theirs.\n")
    assert f"translated_from: {shown}\n" in draft_texts(instance)[path]


def test_one_language_of_a_lesson_is_taken_out_alone(editor: Browser, instance: Instance) -> None:
    editor.get(f"{EDITOR}?language=en")
    assert in_spanish("Remove this language") in editor.page.text
    editor.get(f"{EDITOR}/removal?language=es", status=404)
    assert "en inglés" in editor.get(f"{EDITOR}/removal?language=en").text

    editor.submit("/removal", {})

    assert "01-parte/01-leccion.en.md" not in draft_texts(instance)
    assert PATH in draft_texts(instance)
    editor.get(f"{EDITOR}/removal?language=en", status=404)
