"""Words as search compares them: without case and accents, and cut to their stem. The only user of snowballstemmer.

A word has two stems: of itself as written and of its bare form. «Tenían» gives `ten` and `teni`; typing «tenian» or «tener»
finds it by one of them, although the stemmer knows some endings by their accents only.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

STEMMERS = {"es": "spanish", "en": "english"}
"""By language of the pages; a text in another one is compared by its bare words."""
LONGEST_WORD = 40
"""Letters of a word that are compared."""
KEPT_STEMS = 30_000
KEPT_TOKENS = 10_000
"""Words of one course, which come again from lesson to lesson."""
_WORD = re.compile("(?:[^\\W_][\u0300-\u036f\u00ad\u200b-\u200d]*)+")
"""Letters and digits, each with its combining marks, soft hyphens and joiners."""

_LITTLE = {
    "es": (
        "a al algo algun alguna algunas algunos ante antes aqui asi aun aunque cada como con cual cuales cuando cuanto de del desde donde "
        "durante e el ella ellas ellos en entre era es esa esas ese eso esos esta estas este esto estos fue ha han hasta hay la las le les "
        "lo los mas me mi mientras muy ni no nos o otra otras otro otros para pero por porque pues que quien quienes se segun ser si sin "
        "sobre son su sus tambien tan te tiene todo todos tu un una unas uno unos usted y ya yo"
    ),
    "en": (
        "a about after all also an and any are as at be because been before but by can could did do does each for from had has have how i "
        "if in into is it its may more most no nor not of on only or other our out over she should so some such than that the their them "
        "then there these they this those to under up was we were what when where which while who why will with would you your"
    ),
}
STOP_WORDS = {language: frozenset(line.split()) for language, line in _LITTLE.items()}
"""Words that say too little to be asked for, without accents."""

_TURN = threading.Lock()


@dataclass(frozen=True, slots=True)
class IndexedWord:
    """A word of a text: where it stands, and its bare form."""

    start: int
    end: int
    written: str
    bare: str


def words_of(text: str) -> Iterator[IndexedWord]:
    """Yield the words of a text in their order."""
    for match in _WORD.finditer(text):
        bare = fold(match[0])
        if bare:
            yield IndexedWord(match.start(), match.end(), match[0], bare)


def fold(word: str) -> str:
    """Return a word without case, accents and anything but letters and digits, cut to 40 characters."""
    small = word.casefold()
    if small.isascii() and small.isalnum():  # most words: five times faster
        return small[:LONGEST_WORD]
    apart = unicodedata.normalize("NFKD", small)
    return "".join(filter(str.isalnum, apart))[:LONGEST_WORD]


def stems_of(word: IndexedWord, language: str) -> frozenset[str]:
    """Return the stems under which a word of this language is found."""
    return _stems(unicodedata.normalize("NFC", word.written.lower()), word.bare, language)


@lru_cache(maxsize=KEPT_STEMS)
def _stems(lower: str, bare: str, language: str) -> frozenset[str]:
    if language not in STEMMERS:
        return frozenset({bare})
    with _TURN:  # the stemmer keeps the word at hand in itself
        stemmer = _stemmer(language)
        stems = {stemmer.stemWord(bare)} | ({fold(stemmer.stemWord(lower[:LONGEST_WORD]))} if lower != bare else set())
    return frozenset(stems - {""}) or frozenset({bare})


@dataclass(frozen=True, slots=True)
class WordTokens:
    """A word as the index holds it: its bare form, and its stems in alphabetical order."""

    bare: str
    stems: tuple[str, ...]


def tokens_of(text: str, language: str) -> list[WordTokens]:
    """Return the tokens of the words of a text in this language, in their order."""
    return [tokens for written in _WORD.findall(text) if (tokens := _tokens(written, language)) is not None]


@lru_cache(maxsize=KEPT_TOKENS)
def _tokens(written: str, language: str) -> WordTokens | None:
    word = next(words_of(written), None)
    if word is None:
        return None
    return WordTokens(token(word.bare), tuple(token(stem) for stem in sorted(stems_of(word, language))))


class Stemmer(Protocol):
    """The part of the library's stemmers that we use."""

    def stemWord(self, word: str) -> str:  # noqa: N802 - the library's name
        """Return the stem of a word."""


@lru_cache
def _stemmer(language: str) -> Stemmer:
    import snowballstemmer  # noqa: PLC0415 - thirty languages: 60 ms that no start should wait for

    stemmer: Stemmer = snowballstemmer.stemmer(STEMMERS[language])
    return stemmer


def says_little(word: IndexedWord, language: str) -> bool:
    """Say whether a word is among those that nearly every text of this language has."""
    return word.bare in STOP_WORDS.get(language, frozenset())


def token(bare: str) -> str:
    """Write a bare word in ASCII letters and digits, which both databases read alike; prefixes stay prefixes."""
    return bare if bare.isascii() else "".join(sign if sign.isascii() else f"x{ord(sign):x}" for sign in bare)
