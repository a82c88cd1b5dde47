"""The interface's words for tests: a message by its English text, so that a better translation breaks no test of a behaviour."""

import ast
import re

from kernel.i18n import DEFAULT_LANGUAGE, catalogue, number, reading


def in_spanish(message: str, count: int | None = None, **facts: object) -> str:
    """Return what a Spanish page says for an English message, with its facts filled in.

    A message that depends on a number is given by its singular, and with the number. It fails where the catalogue has no such message.
    """
    known: dict[str | tuple[str, int], str] = catalogue(DEFAULT_LANGUAGE)._catalog  # type: ignore[attr-defined]  # gettext answers with the English where it knows nothing
    if count is None:
        assert message in known, f"the catalogue has no message “{message}”"
        return known[message] % facts if facts else known[message]
    assert (message, 0) in known, f"the catalogue has no message “{message}” with a plural"
    with reading(DEFAULT_LANGUAGE):
        return known[message, 0 if count == 1 else 1] % {"count": number(count), **facts}


NUMBER = re.compile(r"%\(\w+\)s|\d[\d.,]*(?:\s\d{3})*")
"""A fact in a message or a page: the measure below takes them for equal."""


def spanish_of_the_catalogue() -> str:
    """Return every Spanish message, one a line, with `#` for its facts."""
    known: dict[object, str] = catalogue(DEFAULT_LANGUAGE)._catalog  # type: ignore[attr-defined]  # there is no other list of its messages
    return "\n".join(_without_facts(text) for message, text in known.items() if message)


def spanish_in_assertions(code: str, spanish: str) -> list[str]:
    """Return what the assertions of a module repeat of the Spanish messages: texts of two words or more."""
    texts = [
        part.value
        for statement in ast.walk(ast.parse(code))
        if isinstance(statement, ast.Assert)
        for part in ast.walk(statement.test)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return [text for text in texts if len(re.findall(r"[^\W\d_]{2,}", text)) > 1 and " " in text and _without_facts(text) in spanish]


def _without_facts(text: str) -> str:
    return NUMBER.sub("#", " ".join(text.split()))
