"""Keys for what outside formats only name: questions by their name or text, entries of a list by their text."""

import re
from collections.abc import Iterable

from courses.content.derived_keys import slug
from courses.content.scalars import MAXIMUM_KEY
from questions.rules.definitions import Texts

ENTRY, QUESTION = "entrada", "pregunta"
_MARKUP = re.compile(r"[`*_\\\[\]{}$<>]|\]\([^)]*\)")


def as_key(name: str) -> str:
    """Return a name if it is a key already, else its slug."""
    return name if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) and len(name) <= MAXIMUM_KEY else slug(name)


class KeyAllocator:
    """Gives each entry of one list a key of its own: the slug of its text, with a number where that is taken or empty."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, text: str) -> str:
        """Return the key of an entry with this text."""
        return self._free(slug(text) or ENTRY)

    def of_question(self, name: str, text: str) -> str:
        """Return the key of a question: its name if that is a key already, else its slug, else that of its text."""
        return self._free(as_key(name) or slug(_MARKUP.sub(" ", text)) or QUESTION)

    def _free(self, key: str) -> str:
        candidate, number = key, 2
        while candidate in self._taken:
            candidate, number = f"{key[: MAXIMUM_KEY - 6]}-{number}", number + 1
        self._taken.add(candidate)
        return candidate


def derived(text: Texts) -> str:
    """Return the key that a text gives by itself."""
    return slug(next(iter(text.values()), ""))


def matched(matches: Iterable[str]) -> dict[str, str]:
    """Return a key for each match of a matching; equal texts are one choice."""
    keys = KeyAllocator()
    return {match: keys.of(match) for match in dict.fromkeys(matches)}
