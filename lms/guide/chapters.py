"""Chapters of the guide: Markdown files in `text/<language>/<reader>/<number>-<key>.md`, rendered once each and kept.

A chapter begins with `# Title` and one paragraph that sums it up; its sections follow, each as `## How to … {#key}`. Three things
are written otherwise than in lessons: `[[Save]]` is a label of the interface, by its English message, and is shown in the reader's
language; `](guide:learner/quizzes#start)` leads to another section; `](page:accounts.sign_up)` leads to a page of the site. Pictures
are files of `static/guide/<language>/`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from flask import current_app, url_for

from kernel.i18n import catalogue
from kernel.markup.model import ID_PREFIX, MarkupContext, MediaReference, RenderedText
from kernel.markup.passages import Section, sections_of
from kernel.markup.render import render_lesson
from kernel.paths import STATIC

TEXTS = Path(__file__).parent / "text"
READERS = ("learner", "instructor", "administrator", "board")
"""Whom a guide is for, in the order of the page; they name the folders of its chapters."""
LABEL = re.compile(r"\[\[(.+?)\]\]")
PICTURE_SIZES = {"wide": (1080, 680), "narrow": (390, 700)}
"""Pixels of a picture by the beginning of its name: a desk's window and a phone's."""
_FILE = re.compile(r"\d\d-([a-z-]+)\.md")
_HEAD = re.compile(r"# (?P<title>[^\n]+)\n\n(?P<summary>[^\n]+)\n\n(?P<body>.*)", re.DOTALL)
_MARKUP, _ESCAPED = re.compile(r"([\\`*_{}\[\]<>#|])"), r"\\\1"


@dataclass(frozen=True, slots=True)
class GuideSource:
    """A chapter as it is written, with the labels in its language."""

    reader: str
    key: str
    title: str
    summary: str
    body: str


@dataclass(frozen=True, slots=True)
class GuideChapter:
    """A chapter as it is shown and searched."""

    reader: str
    key: str
    title: str
    summary: str
    text: RenderedText
    sections: tuple[Section, ...]

    @property
    def path(self) -> str:
        """Return how links name it: `learner/quizzes`."""
        return f"{self.reader}/{self.key}"


def labelled(text: str, language: str) -> str:
    """Write the labels of the interface in bold, as this language has them."""

    def label(match: re.Match[str]) -> str:
        translated = str(catalogue(language).ugettext(match[1]))
        return f"**{_MARKUP.sub(_ESCAPED, translated)}**"

    return LABEL.sub(label, text)


@lru_cache
def list_sources(language: str) -> tuple[GuideSource, ...]:
    """Return the chapters of a language as written, in the order of the page."""
    return tuple(_read(path, reader, language) for reader in READERS for path in sorted((TEXTS / language / reader).glob("*.md")))


def _read(path: Path, reader: str, language: str) -> GuideSource:
    name, head = _FILE.fullmatch(path.name), _HEAD.fullmatch(path.read_text("utf-8"))
    if name is None or head is None:
        raise ValueError(f"{path} is no chapter: it begins with a title and one paragraph, and its name with two digits.")
    return GuideSource(reader, name[1], head["title"], head["summary"], labelled(head["body"], language))


@lru_cache
def list_chapters(language: str) -> tuple[GuideChapter, ...]:
    """Return the chapters of a language as shown, rendered at the first call; needs the application, whose addresses they hold."""
    context = MarkupContext(language, link=_address, media=lambda name: _picture(f"guide/{language}/{name}"))
    return tuple(_chapter(source, context) for source in list_sources(language))


def _chapter(source: GuideSource, context: MarkupContext) -> GuideChapter:
    written = re.sub(r"\]\((?:guide|page):", "](course:", source.body)
    text = render_lesson(written, context)
    return GuideChapter(source.reader, source.key, source.title, source.summary, text, sections_of(text.html))


def _address(target: str, fragment: str) -> str:
    """Return the address of a section (`learner/quizzes`, `start`) or of a page (`accounts.sign_up`)."""
    if "/" not in target:
        return url_for(target)
    reader, _slash, key = target.partition("/")
    return url_for("lms_guide.chapter", reader=reader, key=key, _anchor=ID_PREFIX + fragment if fragment else None)


def _picture(name: str) -> MediaReference | None:
    path, static_url = STATIC / name, cast("Callable[[str], str]", current_app.jinja_env.globals["static_url"])
    if not path.is_file():
        return None
    width, height = PICTURE_SIZES[path.name.partition("-")[0]]
    return MediaReference(static_url(name), "image/webp", path.stat().st_size, width=width, height=height)


def find_chapter(language: str, path: str) -> GuideChapter | None:
    """Return a chapter by its reader and key."""
    return next((chapter for chapter in list_chapters(language) if chapter.path == path), None)
