"""Real lessons in Spanish that were not made for us: imported, published, and compared word for word with what a learner reads."""

import re
from difflib import SequenceMatcher
from html import unescape

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from courses.content.folder_formats import ConversionOptions, ConvertedFolder
from courses.content.reader import read_directory
from courses.models import Activity, LessonPage
from lms.instance import Instance
from standards.markdown_folder.read import convert_folder
from tests.support.builders import publish
from tests.support.shared import SHARED, needs_shared

LESSONS = SHARED / "fixtures" / "content"
pytestmark = [pytest.mark.shared, needs_shared]
OURS = {"en", "resumen", "compruebe", "atención", "ejemplo", "objetivos", "preguntas", "puntos", "clave", "solución", "ver"}
"""Words that a page adds: kinds and titles of boxes."""
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^()]*\)(?:\{alt='([^']*)'\})?")
_TARGET = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
_HOST = re.compile(r"\xa0\([\w.-]+\)")
"""Pages name the host behind each link that leads outside."""
_TAG = re.compile(r"</?(?:sup|sub|br|p|div|span|kbd)\b[^<>]*>")
_MARKER = re.compile(r"^[ >]*(?:\d+[.)]|[-*+])[ ]+(?=\S)", re.MULTILINE)


def converted(name: str) -> ConvertedFolder:
    """Return a fixture as a course."""
    return convert_folder(read_directory(LESSONS / name), ConversionOptions(name=name, author="Sus autores"))


def words(text: str) -> list[str]:
    """Return the words of a text, without the signs around them."""
    return [word for found in re.findall(r"\w+", unescape(text)) if (word := found.strip("_").casefold())]


def written(source: str) -> list[str]:
    """Return the words that somebody wrote in a lesson, read by other means than the conversion's."""
    text = _COMMENT.sub("", _FRONT.sub("", source.replace("\r\n", "\n")))
    pieces = re.split(r"^([ >]*```[^\n]*)$", text, flags=re.MULTILINE)
    found: list[str] = []
    for place, piece in enumerate(pieces):
        if place % 2:  # the fence itself, with the name of a language
            continue
        if place % 4 == 2:
            found += words(piece)
            continue
        prose = re.sub(r"^:{3,}.*$", "", piece, flags=re.MULTILINE).replace("\\_", "_")
        prose = _IMAGE.sub(lambda match: match[1] or match[2] or "", prose)
        found += words(_MARKER.sub("", _TAG.sub("", _TARGET.sub("]", prose))))
    return found


def shown(title: str, body: str) -> list[str]:
    """Return the words that a learner reads."""
    page = BeautifulSoup(body, "html.parser")
    for extra in page.find_all("svg"):
        extra.decompose()
    return words(_HOST.sub("", f"{title} {page.get_text(' ')}"))


def lost_and_added(source: list[str], page: list[str]) -> tuple[list[str], list[str]]:
    """Return the words that the page lacks and those that it adds, in order."""
    lost, added = [], []
    for kind, start, end, first, last in SequenceMatcher(None, source, page, autojunk=False).get_opcodes():
        if kind != "equal":
            lost += source[start:end]
            added += page[first:last]
    return lost, added


@pytest.mark.parametrize("name", ["shell-novice-es", "security-101-es", pytest.param("iot-es", marks=pytest.mark.slow)])
def test_every_word_of_a_lesson_is_read_in_its_order(instance: Instance, name: str) -> None:
    course = converted(name)
    _course, version = publish(instance, dict(course.files))
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(
            select(Activity.key, LessonPage.title, LessonPage.body).join(LessonPage).where(Activity.version_id == version.id)
        ).all()
    pages = {row.key: shown(row.title, row.body) for row in rows}
    keys = {path: body.decode().partition("key: ")[2].partition("\n")[0] for path, body in course.files.items() if path.endswith(".md")}
    sources = [path for path in read_directory(LESSONS / name) if not path.endswith("LICENSE.md")]

    assert len(pages) == len(keys) == len(sources)
    for path in sources:
        source = written((LESSONS / name / path).read_text("utf-8"))
        key, page = max(pages.items(), key=lambda item: len(set(item[1]) & set(source)) / len(set(item[1]) | set(source)))
        title = words(next(row.title for row in rows if row.key == key))
        lost, added = lost_and_added(source, page if source[: len(title)] == title else page[len(title) :])
        assert lost == [], path
        assert set(added) <= OURS, path


def test_what_was_not_understood_is_told_with_file_and_line() -> None:
    remarks = converted("shell-novice-es").remarks

    told = {(remark.file, remark.line, remark.message.partition(":")[0]) for remark in remarks}
    assert ("01-intro.md", 3, "El campo «teaching» no tiene lugar en una lección de aquí.") in told
    assert any(file == "02-filedir.md" and "filesystem.svg" in said for file, _line, said in told)
