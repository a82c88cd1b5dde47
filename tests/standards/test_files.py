"""Files that questions show or link to: they go out where a format can carry them, and pictures become media of the bank's folder."""

import zipfile
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from analysis.cli import group
from courses import drafts
from courses.models import Course
from lms.instance import Instance
from questions.rules.definitions import EssayBody, Option, QuestionDefinition, QuestionState, SingleChoiceBody
from standards.bank.read import read as read_bank
from standards.cli import commands
from standards.files import named
from standards.importing import FORMATS, import_file
from standards.model import ExportedFile, RemarkSeverity
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.questions import es, f
from tests.support.transfers import BANK, EXPORTS, body, send
from tests.support.uploads import MP3, PDF, PNG
from tests.support.wording import in_spanish

FILES = {"media/foto.png": PNG, "../media/casa.png": PNG + b"\x01", "media/audio.mp3": MP3, "media/guia.pdf": PDF}
TEXT = "Vea la [otra](../media/casa.png) y oiga el [saludo](media/audio.mp3).\n\n![Una casa](media/foto.png)\n\n: Una casa\n\n¿Qué es?"
CARRYING = {"moodle-xml", "qti"}
CLASH = {"media/foto.png": PNG, "../media/foto.png": PNG + b"\x01"}
NEW = {address: f"media/{named(content, address)}" for address, content in FILES.items()}


def a_question_with_files() -> QuestionDefinition:
    options = (
        Option("una-vease-la-guia-media-guia-pdf", es("Una, véase la [guía](media/guia.pdf)"), True, f("1"), es("Sí.")),
        Option("otra", es("Otra"), False, f("0"), es("No.")),
    )
    return QuestionDefinition("con-archivos", es(TEXT), SingleChoiceBody(options))


def written(form: str) -> ExportedFile:
    question = a_question_with_files()
    write = FORMATS[form].write
    assert write is not None
    return write([question], "es", {question.key: FILES})


def moved(text: str) -> str:
    """Return a text with the addresses that its files have after they came in."""
    for address in sorted(FILES, key=len, reverse=True):
        text = text.replace(f"]({address})", f"]({NEW[address]})")
    return text


@pytest.mark.parametrize("form", sorted(CARRYING))
def test_files_go_out_and_come_back_byte_for_byte(form: str) -> None:
    back = import_file(f"x.{form}", written(form).content, form).imported

    question = back.questions[0]
    assert sorted(back.media.values()) == sorted(FILES.values())
    assert back.media == {NEW[address].removeprefix("media/"): content for address, content in FILES.items()}
    assert isinstance(question.body, SingleChoiceBody)
    assert question.body.options[0].text["es"] == moved("Una, véase la [guía](media/guia.pdf)")
    assert question.state == "ready"
    for address in FILES:
        if address != "media/guia.pdf":
            assert f"]({NEW[address]})" in question.text["es"]


@pytest.mark.parametrize("form", sorted(CARRYING))
def test_two_files_of_one_name_go_out_as_two(form: str) -> None:
    write = FORMATS[form].write
    assert write is not None
    question = QuestionDefinition("dos", es("Vea [una](media/foto.png) y [otra](../media/foto.png)."), EssayBody())

    back = import_file(f"x.{form}", write([question], "es", {"dos": CLASH}).content, form).imported

    assert sorted(back.media.values()) == sorted(CLASH.values())
    assert back.questions[0].text["es"].count("](media/traida-") == 2


def test_a_question_of_moodle_comes_back_as_it_was_but_for_the_names_of_its_files() -> None:
    out = written("moodle-xml")
    back = import_file("x.xml", out.content, "moodle-xml").imported

    assert not out.of_severity(RemarkSeverity.LOSS)
    assert back.questions[0].text["es"] == moved(TEXT)
    again = FORMATS["moodle-xml"].write
    assert again is not None
    second = again(back.questions, "es", {"con-archivos": {f"media/{name}": content for name, content in back.media.items()}})
    assert import_file("x.xml", second.content, "moodle-xml").imported.media == back.media


def test_a_package_holds_each_file_once_and_names_it() -> None:
    out = written("qti")

    with zipfile.ZipFile(BytesIO(out.content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("media/")]
        manifest = archive.read("imsmanifest.xml").decode()
    assert len(names) == len(FILES)
    assert all(f'href="{name}"' in manifest for name in names)
    assert [remark.facts["caption"] for remark in out.of_severity(RemarkSeverity.LOSS)] == ["Figura 1. Una casa"]


@pytest.mark.parametrize("form", sorted({name for name, found in FORMATS.items() if found.write is not None} - CARRYING))
def test_a_format_that_carries_no_files_tells_each_by_name(form: str) -> None:
    told = [remark.facts.get("name") for remark in written(form).of_severity(RemarkSeverity.LOSS) if remark.what.startswith("The file")]

    assert {"foto.png", "casa.png", "audio.mp3", "guia.pdf"} <= set(told)


@pytest.mark.parametrize("form", sorted(CARRYING))
def test_a_file_that_is_not_there_is_told(form: str) -> None:
    write = FORMATS[form].write
    assert write is not None

    out = write([a_question_with_files()], "es", {})

    assert {remark.facts["name"] for remark in out.of_severity(RemarkSeverity.LOSS) if "name" in remark.facts} == {
        "foto.png",
        "casa.png",
        "audio.mp3",
        "guia.pdf",
    }


BANK_WITH_FILES = """questions:
  - key: foto
    kind: essay
    text: |-
      Diga qué ve.

      ![Una casa](media/casa.png)

      : Una casa
"""


def test_the_command_takes_files_along(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "casa.png").write_bytes(PNG)
    (tmp_path / "banco.yaml").write_text(BANK_WITH_FILES, "utf-8")
    target = tmp_path / "salida.xml"

    found = CliRunner().invoke(group(commands()), ["export", str(tmp_path / "banco.yaml"), "--format", "moodle-xml", "--to", str(target)])

    assert found.exit_code == 0, found.output
    assert list(import_file("x.xml", target.read_bytes()).imported.media.values()) == [PNG]


@pytest.mark.parametrize("form", sorted(CARRYING))
def test_the_page_takes_files_of_the_draft_along(browser: Browser, instance: Instance, form: str) -> None:
    files = folder(modules=1)
    files["01-parte/banco.yaml"] += BANK_WITH_FILES.partition("\n")[2].encode()
    a_teacher(instance, publish(instance, files | {"01-parte/media/casa.png": REAL_PNG})[0])
    editor = sign_in(browser, "profe@example.org")
    page = editor.get(f"{EXPORTS}?format={form}&text=diga")

    editor._request("POST", f"{EXPORTS}?text=diga", data=dict(page.forms[-3].fields) | {"format": form})

    back = import_file(f"x.{form}", editor.response.data, form).imported
    assert list(back.media.values()) == [REAL_PNG]
    assert not back.of_severity(RemarkSeverity.LOSS)


REAL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


NAME = named(PNG, "Mi foto.png")


def moodle(text: str, content: bytes = PNG, name: str = "Mi foto.png", option: str = "sí") -> bytes:
    """Write a question of Moodle with a file beside its text."""
    return (
        '<?xml version="1.0"?><quiz><question type="multichoice"><name><text>foto</text></name><questiontext format="html">'
        f'<text><![CDATA[{text}]]></text><file name="{name}" path="/" encoding="base64">{b64encode(content).decode()}</file></questiontext>'
        f'<single>true</single><answer fraction="100" format="html"><text><![CDATA[{option}]]></text></answer>'
        '<answer fraction="0"><text>no</text></answer></question></quiz>'
    ).encode()


SHOWN = '<p>Mire <img src="@@PLUGINFILE@@/Mi%20foto.png" alt="Una [casa]" width="3"> y diga.</p>'


def test_a_picture_becomes_a_figure_of_its_own_with_its_alternative() -> None:
    found = import_file("x.xml", moodle(SHOWN)).imported

    assert found.questions[0].text["es"] == f"Mire\n\n![Una casa](media/{NAME})\n\n: Una casa\n\ny diga."
    assert found.media == {NAME: PNG}
    assert not found.of_severity(RemarkSeverity.LOSS, RemarkSeverity.TO_CORRECT)


def test_a_picture_without_words_has_to_be_mended_before_publishing() -> None:
    found = import_file("x.xml", moodle('<p><img src="@@PLUGINFILE@@/Mi%20foto.png"></p>')).imported

    assert [NAME in remark.message for remark in found.of_severity(RemarkSeverity.TO_CORRECT)] == [True]


def test_what_is_no_raster_image_stays_behind_and_is_told() -> None:
    """spec/security 4.3: by its content, whatever its name says."""
    for content in (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<html>", b"", b"\x89PNG"):
        found = import_file("x.xml", moodle(SHOWN, content)).imported
        assert found.media == {}
        assert "media/" not in found.questions[0].text["es"]
        assert found.of_severity(RemarkSeverity.LOSS)


def test_pictures_of_other_peoples_servers_stay_behind_and_are_told() -> None:
    outside = import_file("x.xml", moodle('<p>Vea <img src="https://example.org/Mi%20foto2.png"></p>')).imported

    assert outside.media == {}
    assert outside.questions[0].state is QuestionState.READY
    assert any("foto2.png" in remark.message for remark in outside.of_severity(RemarkSeverity.LOSS))


def test_a_picture_of_an_option_becomes_a_link_and_that_is_told() -> None:
    inside = import_file("x.xml", moodle_of("¿Cuál?", '<img src="@@PLUGINFILE@@/Mi%20foto.png"> sí', {"Mi foto.png": PNG})).imported

    body = inside.questions[0].body
    assert isinstance(body, SingleChoiceBody)
    assert body.options[0].text["es"] == f"[Mi foto.png](media/{NAME}) sí"
    assert any(NAME in remark.message for remark in inside.of_severity(RemarkSeverity.NOTE))


def test_a_picture_inside_a_list_comes_after_it_and_that_is_told() -> None:
    """Nothing is dropped silently; a list of ours holds no figure."""
    shown = '<ul><li>uno <img src="@@PLUGINFILE@@/Mi%20foto.png" alt="x"></li><li>dos</li></ul><p>Diga.</p>'
    found = import_file("x.xml", moodle(shown)).imported

    assert found.questions[0].text["es"] == f"- uno\n- dos\n\n![x](media/{NAME})\n\n: x\n\nDiga."
    assert found.media == {NAME: PNG}
    assert any(NAME in remark.message for remark in found.of_severity(RemarkSeverity.NOTE))
    assert not found.of_severity(RemarkSeverity.LOSS)


def test_a_picture_inside_a_table_at_the_end_comes_after_it() -> None:
    shown = '<table><tr><th>a</th></tr><tr><td><img src="@@PLUGINFILE@@/Mi%20foto.png" alt="x"></td></tr></table>'
    found = import_file("x.xml", moodle(shown)).imported

    assert found.questions[0].text["es"].endswith(f"|\n\n![x](media/{NAME})\n\n: x")


def test_pictures_of_a_package_are_found_by_their_path() -> None:
    item = (
        b'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="t"><responseDeclaration identifier="R" '
        b'cardinality="single" baseType="identifier"><correctResponse><value>a</value></correctResponse></responseDeclaration><itemBody>'
        b'<p>Mire <img src="images/Mi%20foto.png" alt="Casa"/></p><choiceInteraction responseIdentifier="R"><simpleChoice identifier="a">a'
        b'</simpleChoice><simpleChoice identifier="b">b</simpleChoice></choiceInteraction></itemBody></assessmentItem>'
    )
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("items/i.xml", item)
        archive.writestr("items/images/Mi foto.png", PNG)

    found = import_file("x.zip", target.getvalue()).imported

    assert found.media == {NAME: PNG}
    assert f"![Casa](media/{NAME})" in found.questions[0].text["es"]


@pytest.mark.slow
def test_pictures_come_into_the_media_of_the_draft_and_the_check_finds_them(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_course(instance, modules=1))
    editor = sign_in(browser, "profe@example.org")
    send(editor, moodle(SHOWN), "fotos.xml")
    assert in_spanish("%(count)s file included", 1) in editor.page.text

    editor.submit(editor.path, {"bank": BANK})

    assert f"](media/{NAME})" in body(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        assert drafts.draft_files(session, instance.files, course.id)[f"01-parte/media/{NAME}"] == PNG
    checked = editor.get("/teaching/prueba/publishing").text
    assert "C601" not in checked
    assert "C302" not in checked
    assert f"/{NAME}" in editor.get("/teaching/prueba/questions/foto/preview").html


def test_the_command_writes_pictures_beside_the_bank(tmp_path: Path) -> None:
    source = tmp_path / "fotos.xml"
    source.write_bytes(moodle(SHOWN))
    (tmp_path / "01-uno" / "banco").mkdir(parents=True)

    for target, way in ((tmp_path / "01-uno" / "banco.yaml", "media/"), (tmp_path / "01-uno" / "banco" / "mas.yaml", "../media/")):
        found = CliRunner().invoke(group(commands()), ["import", str(source), "--to", str(target)])
        assert found.exit_code == 0, found.output
        assert f"]({way}{NAME})" in target.read_text("utf-8")

    assert (tmp_path / "01-uno" / "media" / NAME).read_bytes() == PNG


def moodle_of(stem: str, option: str, files: dict[str, bytes], form: str = "html") -> bytes:
    """Write a question of Moodle whose stem and first option each carry these files."""
    carried = "".join(f'<file name="{n}" path="/" encoding="base64">{b64encode(content).decode()}</file>' for n, content in files.items())
    return (
        '<?xml version="1.0"?><quiz><question type="multichoice"><name><text>son</text></name>'
        f'<questiontext format="{form}"><text><![CDATA[{stem}]]></text>{carried}</questiontext><single>true</single>'
        f'<answer fraction="100" format="{form}"><text><![CDATA[{option}]]></text>{carried}</answer>'
        '<answer fraction="0" format="html"><text>no</text></answer></question></quiz>'
    ).encode()


@pytest.mark.parametrize(
    ("stem", "form"),
    [
        ('<p>Oiga <a href="@@PLUGINFILE@@/bon%20jour.mp3">el saludo</a>.</p>', "html"),
        ('<p>Oiga <audio controls="true"><source src="@@PLUGINFILE@@/bon%20jour.mp3">el saludo</audio>.</p>', "html"),
        ('<p>Oiga <object data="@@PLUGINFILE@@/bon%20jour.mp3">el saludo</object>.</p>', "html"),
        ("Oiga [el saludo](@@PLUGINFILE@@/bon%20jour.mp3).", "markdown"),
    ],
    ids=["link", "player", "object", "markdown"],
)
def test_a_sound_that_a_text_plays_or_links_comes_along(stem: str, form: str) -> None:
    found = import_file("x.xml", moodle_of(stem, "sí", {"bon jour.mp3": MP3}, form)).imported

    name = named(MP3, "bon jour.mp3")
    assert found.media == {name: MP3}
    assert found.questions[0].text["es"].startswith("Oiga [")
    assert f"](media/{name})" in found.questions[0].text["es"]
    assert found.questions[0].state is QuestionState.READY
    assert not [remark for remark in found.of_severity(RemarkSeverity.LOSS) if "bon" in remark.message and remark.line == 0]


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_documents_and_pictures_of_options_come_along(form: str) -> None:
    option = {
        "html": '<a href="@@PLUGINFILE@@/guia.pdf">la guía</a> y <img src="@@PLUGINFILE@@/foto.png" alt="la casa">',
        "markdown": "[la guía](@@PLUGINFILE@@/guia.pdf) y [la casa](@@PLUGINFILE@@/foto.png)",
    }[form]
    found = import_file("x.xml", moodle_of("¿Cuál?", option, {"guia.pdf": PDF, "foto.png": PNG}, form)).imported

    body = found.questions[0].body
    assert isinstance(body, SingleChoiceBody)
    pdf, png = named(PDF, "guia.pdf"), named(PNG, "foto.png")
    assert body.options[0].text["es"] == f"[la guía](media/{pdf}) y [la casa](media/{png})"
    assert found.media == {pdf: PDF, png: PNG}
    assert found.questions[0].state is QuestionState.READY


@pytest.mark.parametrize(
    ("name", "content"),
    [("saludo.mp3", b"MZ no es sonido"), ("guia.pdf", b"<script>"), ("dibujo.svg", b"<svg/>"), ("programa.exe", b"MZ"), ("nada.png", None)],
    ids=["no sound", "no document", "drawing", "program", "not there"],
)
@pytest.mark.parametrize("inside", ["stem", "option"])
def test_a_file_that_is_refused_is_told_by_name_and_the_question_is_a_draft(name: str, content: bytes | None, inside: str) -> None:
    shown = f'Vea <a href="@@PLUGINFILE@@/{name}">esto</a> <img src="@@PLUGINFILE@@/{name}" alt="x">.'
    files = {} if content is None else {name: content}

    found = import_file("x.xml", moodle_of(shown if inside == "stem" else "¿Qué?", shown if inside == "option" else "sí", files)).imported

    question = found.questions[0]
    assert question.state is QuestionState.DRAFT
    assert found.media == {}
    assert "PLUGINFILE" not in str(question)
    told = [remark for remark in found.of_severity(RemarkSeverity.LOSS) if name in remark.message]
    assert [remark.question for remark in told if "draft" in remark.what] == ["son"]
    assert all(remark.line for remark in told)
    assert read_bank(import_file("x.xml", moodle_of(shown, "sí", files)).bank).questions[0].state is QuestionState.DRAFT


@pytest.mark.slow
def test_many_players_that_nobody_closes_take_no_long_time() -> None:
    text = '<audio src="@@PLUGINFILE@@/a.mp3">' * 5000

    found = import_file("x.xml", moodle_of(f"<p>Oiga {text}</p>", "sí", {"a.mp3": MP3})).imported

    assert len(found.questions) + len(found.of_severity(RemarkSeverity.PROBLEM)) == 1
