"""Spanish words in English texts, found by the vocabulary of the courses' own Spanish texts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache

from courses.content.model import LessonSource, MediaFile
from tests.support.courses import CONTENT, COURSES, course_of

SHARED_WORDS = CONTENT / "comunes.txt"
"""Words that are spelt alike in both languages, and names that are made of Spanish words: one a line, in order."""
_UNREAD = re.compile(
    r"<!--.*?-->|\$\$.*?\$\$|\$[^$\n]+\$|`[^`]*`"  # notes, formulas, code
    r"|\[[^\[\]\n]+\]\{lang=[a-z-]+\}"  # words that are marked with their language
    r"|@[a-z0-9-]+|\]\([^)\s]*\)|\[\[[^\]|]*\||\{\{.*?\}\}|\{[^}\s]*\}"  # keys of sources, addresses, terms, parameters, gaps
    r"|(?<=\w)['’]\w+"  # endings of contractions: I've
    r"|<[^>]*>|https?://\S+|\b\w[\w-]*(?:\.\w[\w-]+)+",  # tags, addresses and names of hosts
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]+")


def course_texts(value: object) -> Iterator[Mapping[str, str]]:
    """Yield each text of a part of a course by language; words of lessons, figures and captions as well."""
    if isinstance(value, LessonSource):
        yield from ({value.language: text} for text in (value.title, value.summary, value.body))
    elif isinstance(value, MediaFile):
        if value.path.endswith((".svg", ".vtt")):
            yield {"en" if ".en." in value.path else "es": value.content.decode()}
    elif isinstance(value, Mapping):
        if {"es", "en"} & set(value):
            texts = {code: " · ".join([text] if isinstance(text, str) else text) for code, text in value.items()}
            yield {code: text for code, text in texts.items() if not text.endswith((".vtt", ".md"))}
        else:
            yield from (text for inner in value.values() for text in course_texts(inner))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in course_texts(inner))
    elif is_dataclass(value):
        yield from (text for field in fields(value) for text in course_texts(getattr(value, field.name)))


@cache
def spanish_vocabulary() -> frozenset[str]:
    """Return the words that the courses' Spanish texts write with a small letter, but those that English has too."""
    texts = (text["es"] for course in COURSES for text in course_texts(course_of(course)) if "es" in text)
    words = {word for text in texts for word in _WORD.findall(_UNREAD.sub(" ", text)) if word[0].islower() and len(word) > 1}
    return frozenset((words | {"y"}) - shared_words())


@cache
def shared_words() -> frozenset[str]:
    """Return the words that are spelt alike in both languages."""
    return frozenset(entry for entry in _entries() if entry.islower() and " " not in entry)


@cache
def _names() -> re.Pattern[str]:
    names = sorted((entry for entry in _entries() if entry not in shared_words()), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")


@cache
def _entries() -> tuple[str, ...]:
    return tuple(SHARED_WORDS.read_text(encoding="utf-8").split("\n")[:-1])


def spanish_in(text: str) -> list[str]:
    """Return each Spanish word of an English text with what stands around it."""
    read = _names().sub(" ", " ".join(_UNREAD.sub(" ", text).split()))
    found = (word for word in _WORD.finditer(read) if _is_spanish(word[0]))
    return [f"{word[0]}: {read[max(word.start() - 30, 0) : word.end() + 30]}" for word in found]


def _is_spanish(word: str) -> bool:
    small = word.lower()
    accented = word == small and re.search("[áéíóúñ]", small) is not None
    return small in spanish_vocabulary() or (accented and small not in shared_words())
