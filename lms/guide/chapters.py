"""Chapters of the guide: Markdown files in `text/<language>/<reader>/<number>-<key>.md`, rendered once each and kept.

A chapter begins with `# Title` and one paragraph that sums it up; its sections follow, each as `## How to … {#key}`. Three things
are written otherwise than in lessons: `[[Save]]` is a label of the interface, by its English message, and is shown in the reader's
language; `](guide:learner/quizzes#start)` leads to another section; `](page:accounts.sign_up)` leads to a page of the site. Pictures
are files of `static/guide/<language>/`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
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
from kernel.search import index
from kernel.search.results import SearchHit, SnippetPiece, marked, snippet, title_share

TEXTS = Path(__file__).parent / "text"
READERS = ("learner", "instructor", "administrator", "board")
"""Whom a guide is for, in the order of the page; they name the folders of its chapters."""
LABEL = re.compile(r"\[\[(.+?)\]\]")
PICTURE_SIZES = {"wide": (1080, 680), "narrow": (390, 700)}
"""Pixels of a picture by the beginning of its name: a desk's window and a phone's."""
_FILE = re.compile(r"\d\d-([a-z-]+)\.md")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
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
    return GuideSource(reader, name[1], head["title"], _LINK.sub(r"\1", head["summary"]), labelled(head["body"], language))


@lru_cache
def list_chapters(language: str) -> tuple[GuideChapter, ...]:
    """Return the chapters of a language as shown, rendered at the first call; needs the application, whose addresses they hold."""
    context = MarkupContext(language, link=_address, media=lambda name: _picture(f"guide/{language}/{name}"))
    return tuple(_chapter(source, context) for source in list_sources(language))


def _chapter(source: GuideSource, context: MarkupContext) -> GuideChapter:
    written = re.sub(r"\]\((?:guide|page):", "](course:", source.body)
    text = render_lesson(written, context)
    return GuideChapter(source.reader, source.key, source.title, summary=source.summary, text=text, sections=sections_of(text.html))


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


MOST_SECTIONS = 30


@dataclass(frozen=True, slots=True)
class GuideHit:
    """A section that was found, with the words that fit."""

    chapter: GuideChapter
    place: str
    title: tuple[SnippetPiece, ...]
    pieces: tuple[SnippetPiece, ...]
    missing: int
    """How many of the words its heading lacks."""
    share: float
    """How much of its heading was asked for."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A section as it is compared: the stems of its heading and of all its words, and these one after the other, each within spaces."""

    chapter: GuideChapter
    hit: SearchHit
    heading: frozenset[str]
    stems: frozenset[str]
    words: str


def search_guide(typed: str, language: str, readers: Sequence[str]) -> list[GuideHit]:
    """Return the sections that fit: guide by guide in the order of `readers`, and of each those first whose heading has the words."""
    question = index.read_question(typed[: index.LONGEST_QUESTION])
    if question.is_empty:
        return []
    ranked = [(rank, entry) for entry in _entries(language) if (rank := _rank(entry, question, language)) is not None]
    ranked.sort(key=lambda pair: (readers.index(pair[1].chapter.reader), pair[0]))
    return [_guide_hit(entry, question, language, rank) for rank, entry in ranked[:MOST_SECTIONS]]


@lru_cache
def _entries(language: str) -> tuple[_Entry, ...]:
    return tuple(
        _entry(chapter, SearchHit(0, index.MatchTier.TITLE, language, place=section.id, title=section.title, passages=passages), language)
        for chapter in list_chapters(language)
        for section in chapter.sections
        if (passages := tuple(index.Passage(paragraph.id, paragraph.text) for paragraph in section.paragraphs))
    )


def _entry(chapter: GuideChapter, hit: SearchHit, language: str) -> _Entry:
    heading = list(index.words_of(f"{chapter.title} {hit.title}"))
    tokens = [*heading, *(word for passage in hit.passages for word in index.words_of(passage.text))]
    return _Entry(chapter, hit, _stems(heading, language), _stems(tokens, language), _in_order(tokens))


def _in_order(indexed: Iterable[index.IndexedWord]) -> str:
    return f" {' '.join(word.bare for word in indexed)} "


def _stems(indexed: Iterable[index.IndexedWord], language: str) -> frozenset[str]:
    return frozenset[str]().union(*(index.stems_of(word, language) for word in indexed))


def _rank(entry: _Entry, question: index.SearchQuery, language: str) -> int | None:
    """Return how many words the heading lacks; None where the section does not fit."""
    if any(_in_order(phrase) in entry.words for phrase in question.unwanted):
        return None
    if not all(_in_order(phrase) in entry.words for phrase in question.phrases):
        return None
    telling = [index.meant_stems(word, language) for word in question.telling(language)]
    begun = bool(question.beginning) and f" {question.beginning}" in entry.words
    last = index.meant_stems(question.words[-1], language) if question.words else frozenset()
    if not all(stems & entry.stems or (begun and stems == last) for stems in telling):
        return None
    return sum(not stems & entry.heading for stems in telling)


def _guide_hit(entry: _Entry, question: index.SearchQuery, language: str, missing: int) -> GuideHit:
    title, pieces = marked(entry.hit.title, question, language), snippet(entry.hit, question).pieces
    share = title_share(f"{entry.chapter.title} {entry.hit.title}", question, language)
    return GuideHit(entry.chapter, entry.hit.place, title, pieces, missing=missing, share=share)
