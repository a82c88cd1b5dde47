"""Files that questions show or link to go out with them where a format can carry them, and are told where it cannot."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli import group
from lms.instance import Instance
from questions.rules.definitions import EssayBody, Option, QuestionDefinition, SingleChoiceBody
from standards.cli import commands
from standards.files import named
from standards.importing import FORMATS, import_file
from standards.model import ExportedFile, RemarkSeverity
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.questions import es, f
from tests.support.transfers import EXPORTS
from tests.support.uploads import MP3, PDF, PNG

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


BANK = """questions:
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
    (tmp_path / "banco.yaml").write_text(BANK, "utf-8")
    target = tmp_path / "salida.xml"

    found = CliRunner().invoke(group(commands()), ["export", str(tmp_path / "banco.yaml"), "--format", "moodle-xml", "--to", str(target)])

    assert found.exit_code == 0, found.output
    assert list(import_file("x.xml", target.read_bytes()).imported.media.values()) == [PNG]


@pytest.mark.parametrize("form", sorted(CARRYING))
def test_the_page_takes_files_of_the_draft_along(browser: Browser, instance: Instance, form: str) -> None:
    files = folder(modules=1)
    files["01-parte/banco.yaml"] += BANK.partition("\n")[2].encode()
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
