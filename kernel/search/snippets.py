"""The lines of what was found: the passage that fits best, cut around its words, with these marked."""

from dataclasses import dataclass

from kernel.search.query import SearchQuery
from kernel.search.results import SearchHit
from kernel.search.words import IndexedWord, says_little, stems_of, words_of

BEFORE, AFTER = 8, 22
"""Words shown before the first one that fits, and from it on."""


@dataclass(frozen=True, slots=True)
class SnippetPiece:
    """Some text as it was written (not HTML), and whether it is what was looked for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some words of a passage, and the place that shows it."""

    place: str
    pieces: tuple[SnippetPiece, ...]

    @property
    def text(self) -> str:
        """Return it as plain text."""
        return "".join(piece.text for piece in self.pieces)


def snippet(hit: SearchHit, question: SearchQuery) -> Snippet:
    """Return the words around what fits best in an entry; where only its title fits, how it begins."""
    terms = _HighlightTerms(question, hit.language)
    best, most = None, 0
    for passage in hit.passages:
        different = terms.count(passage.text)
        if different > most:
            best, most = passage, different
    if best is None:
        first = hit.passages[0].text if hit.passages else ""
        return Snippet(hit.place, _cut(first, terms))
    return Snippet(best.place or hit.place, _cut(best.text, terms))


def marked(text: str, question: SearchQuery, language: str) -> tuple[SnippetPiece, ...]:
    """Return a whole text with what was looked for marked."""
    terms = _HighlightTerms(question, language)
    return _pieces(text, [word for word in words_of(text) if terms.is_meant(word)], 0, len(text))


class _HighlightTerms:
    """The words of a text that match a search query."""

    def __init__(self, question: SearchQuery, language: str) -> None:
        self._language = language
        self._beginning = question.beginning
        self._stems = frozenset[str]().union(*(stems_of(word, language) for word in question.telling(language)))
        quoted = {word.bare: says_little(word, language) for phrase in question.phrases for word in phrase}
        self._written = frozenset(bare for bare, little in quoted.items() if not little or all(quoted.values()))

    def is_meant(self, word: IndexedWord) -> bool:
        return bool(self._key(word))

    def count(self, text: str) -> int:
        """Return how many different ones of the words asked for a text has."""
        return len({key for word in words_of(text) if (key := self._key(word))})

    def _key(self, word: IndexedWord) -> str:
        common = self._stems & stems_of(word, self._language)
        if common:
            return min(common)
        if word.bare in self._written:
            return word.bare
        return self._beginning if self._beginning and word.bare.startswith(self._beginning) else ""


def _cut(text: str, terms: _HighlightTerms) -> tuple[SnippetPiece, ...]:
    tokens = list(words_of(text))
    meant = [index for index, word in enumerate(tokens) if terms.is_meant(word)]
    first = max(0, meant[0] - BEFORE) if meant else 0
    last = min(len(tokens), (meant[0] if meant else 0) + AFTER)
    start = tokens[first].start if first else 0
    end = tokens[last - 1].end if last < len(tokens) else len(text)
    pieces = _pieces(text, [tokens[index] for index in meant if first <= index < last], start, end)
    ellipsis = SnippetPiece("…", marked=False)
    return (*((ellipsis,) if start else ()), *pieces, *((ellipsis,) if end < len(text) else ()))


def _pieces(text: str, meant: list[IndexedWord], start: int, end: int) -> tuple[SnippetPiece, ...]:
    pieces: list[SnippetPiece] = []
    at = start
    for word in meant:
        pieces += (SnippetPiece(text[at : word.start], marked=False), SnippetPiece(text[word.start : word.end], marked=True))
        at = word.end
    pieces.append(SnippetPiece(text[at:end], marked=False))
    return tuple(piece for piece in pieces if piece.text)
