"""Search queries: typed words are parsed into a query, and the query becomes an expression that both databases understand.

    pensión vejez     both words, in any of their forms; the last one may be only the beginning of a word
    "piso nacional"   these words next to each other, as they are written
    -jubilación       without this word

Nothing of what is typed reaches a database as syntax: expressions are made of our own tokens alone.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from kernel.search.words import STEMMERS, IndexedWord, says_little, stems_of, token, words_of

LONGEST_QUESTION = 200
MOST_WORDS = 12
SHORTEST_BEGINNING = 3
_PART = re.compile(r'(?P<without>(?<!\S)-)?(?:[“"«](?P<phrase>[^”"»]*)[”"»]?|(?P<word>[^\s“”"«»]+))')


@dataclass(frozen=True, slots=True)
class Phrase:
    """One or more tokens next to each other; `begins`: the last one is the beginning of a token."""

    tokens: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class AllTerms:
    """All of these."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyTerm:
    """At least one of these."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class ExcludedTerm:
    """The one, and not the other."""

    wanted: "Expression"
    unwanted: "Expression"


Expression = Phrase | AllTerms | AnyTerm | ExcludedTerm


@dataclass(frozen=True)
class SearchQuery:
    """A search query: words, phrases of adjacent words, and words that must be absent."""

    words: tuple[IndexedWord, ...]
    phrases: tuple[tuple[IndexedWord, ...], ...]
    unwanted: tuple[tuple[IndexedWord, ...], ...]

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to look for."""
        return not self.words and not self.phrases

    @cached_property
    def beginning(self) -> str:
        """Return what the last word may be the beginning of; empty where that is too short."""
        last = self.words[-1].bare if self.words else ""
        return last if len(last) >= SHORTEST_BEGINNING else ""

    def telling(self, language: str) -> tuple[IndexedWord, ...]:
        """Return the words that say something in a language; all of them where none does."""
        telling = tuple(word for word in self.words if not says_little(word, language))
        return telling if telling or self.phrases else self.words


def read_question(typed: str) -> SearchQuery:
    """Parse any typed text into a search query, up to 200 letters and 12 words."""
    tokens: list[IndexedWord] = []
    phrases: list[tuple[IndexedWord, ...]] = []
    unwanted: list[tuple[IndexedWord, ...]] = []
    left = MOST_WORDS
    for part in _PART.finditer(typed[:LONGEST_QUESTION]):
        terms = tuple(words_of(part["word"] if part["phrase"] is None else part["phrase"]))[:left]
        left -= len(terms)
        if not terms:
            continue
        if part["without"]:
            unwanted.append(terms)
        elif part["phrase"] is None:
            tokens += terms
        else:
            phrases.append(terms)
    return SearchQuery(tuple(tokens), tuple(phrases), tuple(unwanted))


def whole(question: SearchQuery, reader: str) -> Expression:
    """Ask for all the words in any of their forms, in what this reader gets."""
    return _for_reader(question, reader, [_every_stem(question, language, "s") for language in STEMMERS])


def begun(question: SearchQuery, reader: str) -> Expression:
    """Ask for the same, the last word being perhaps only the beginning of one."""
    begins = Phrase((f"f{token(question.beginning)}",), begins=True) if question.beginning else None
    return _for_reader(question, reader, [_every_stem(question, language, "s", begins) for language in STEMMERS])


def titled(question: SearchQuery, reader: str) -> Expression | None:
    """Ask for titles that have all the plain words; nothing where there are none."""
    if not question.words:
        return None
    return _for_reader(question, reader, [_every_stem(question, language, "t") for language in STEMMERS])


def adjacent(question: SearchQuery, reader: str) -> Expression | None:
    """Ask for the words next to each other as they were typed; nothing where there is only one."""
    return _for_reader(question, reader, [_phrase(question.words)]) if len(question.words) > 1 else None


def _for_reader(question: SearchQuery, reader: str, alternatives: list[Expression]) -> Expression:
    """Add to what is asked (one of these) what is asked in any case: the reader, the phrases, and what must not be there."""
    parts: list[Expression] = [Phrase((f"r{reader}",)), *map(_phrase, question.phrases)]
    if question.words:
        parts.append(AnyTerm(tuple(alternatives)))
    every = AllTerms(tuple(parts))
    return ExcludedTerm(every, AnyTerm(tuple(map(_unwanted, question.unwanted)))) if question.unwanted else every


def _every_stem(question: SearchQuery, language: str, mark: str, begins: Phrase | None = None) -> Expression:
    """Ask for the telling words of a language; `begins` is what may stand for the last word typed."""
    parts: list[Expression] = []
    for word in question.telling(language):
        stem = _stem(word, language, mark)
        parts.append(AnyTerm((stem, begins)) if begins and word is question.words[-1] else stem)
    return AllTerms(tuple(parts) or tuple(_stem(word, language, mark) for word in question.words))


def _unwanted(terms: tuple[IndexedWord, ...]) -> Expression:
    return _phrase(terms) if len(terms) > 1 else AnyTerm(tuple(_stem(terms[0], language, "s") for language in STEMMERS))


def _phrase(terms: tuple[IndexedWord, ...]) -> Phrase:
    return Phrase(tuple(f"f{token(word.bare)}" for word in terms))


def _stem(word: IndexedWord, language: str, mark: str) -> Expression:
    return AnyTerm(tuple(Phrase((f"{mark}{language}{token(stem)}",)) for stem in sorted(stems_of(word, language))))
