"""Search in the guide: sections that have all the words of a question in any of their forms, those with them in the heading first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kernel.search.index import LONGEST_QUESTION, IndexedWord, MatchTier, Passage, SearchQuery, read_question, stems_of, words_of
from kernel.search.results import SearchHit, SnippetPiece, marked, snippet
from lms.guide.chapters import GuideChapter, list_chapters

MOST_SECTIONS = 30


@dataclass(frozen=True, slots=True)
class GuideHit:
    """A section that was found, with the words that fit."""

    chapter: GuideChapter
    place: str
    title: tuple[SnippetPiece, ...]
    pieces: tuple[SnippetPiece, ...]


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
    question = read_question(typed[:LONGEST_QUESTION])
    if question.is_empty:
        return []
    ranked = [(rank, entry) for entry in _entries(language) if (rank := _rank(entry, question, language)) is not None]
    ranked.sort(key=lambda pair: (readers.index(pair[1].chapter.reader), pair[0]))
    return [_guide_hit(entry, question, language) for _, entry in ranked[:MOST_SECTIONS]]


@lru_cache
def _entries(language: str) -> tuple[_Entry, ...]:
    return tuple(
        _entry(chapter, SearchHit(0, MatchTier.TITLE, language, section.id, section.title, passages), language)
        for chapter in list_chapters(language)
        for section in chapter.sections
        if (passages := tuple(Passage(paragraph.id, paragraph.text) for paragraph in section.paragraphs))
    )


def _entry(chapter: GuideChapter, hit: SearchHit, language: str) -> _Entry:
    heading = list(words_of(f"{chapter.title} {hit.title}"))
    tokens = [*heading, *(word for passage in hit.passages for word in words_of(passage.text))]
    return _Entry(chapter, hit, _stems(heading, language), _stems(tokens, language), _in_order(tokens))


def _in_order(indexed: Iterable[IndexedWord]) -> str:
    return f" {' '.join(word.bare for word in indexed)} "


def _stems(indexed: Iterable[IndexedWord], language: str) -> frozenset[str]:
    return frozenset[str]().union(*(stems_of(word, language) for word in indexed))


def _rank(entry: _Entry, question: SearchQuery, language: str) -> int | None:
    """Return how many words the heading lacks; None where the section does not fit."""
    if any(_in_order(phrase) in entry.words for phrase in question.unwanted):
        return None
    if not all(_in_order(phrase) in entry.words for phrase in question.phrases):
        return None
    telling = [stems_of(word, language) for word in question.telling(language)]
    begun = bool(question.beginning) and f" {question.beginning}" in entry.words
    last = stems_of(question.words[-1], language) if question.words else frozenset()
    if not all(stems & entry.stems or (begun and stems == last) for stems in telling):
        return None
    return sum(not stems & entry.heading for stems in telling)


def _guide_hit(entry: _Entry, question: SearchQuery, language: str) -> GuideHit:
    return GuideHit(entry.chapter, entry.hit.place, marked(entry.hit.title, question, language), snippet(entry.hit, question).pieces)
