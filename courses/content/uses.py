"""Where the texts of a course name something: an entry of its lists, a file of its media."""

import re
from collections.abc import Collection, Iterator, Mapping
from posixpath import dirname, join, normpath

from courses.content import layout
from courses.content.editing import EditRefused, read_fields
from kernel.markup.model import fold

_TERM = re.compile(r"\[\[([^\]|\\]+)")
_MEDIA = re.compile(r"(?<![\w./-])(?:\.\./)*media/[A-Za-z0-9.-]+")


def uses_of(texts: Mapping[str, str], path: str, key: str) -> tuple[str, ...]:
    """Return the files that name an entry of one of the lists (by its file), in order.

    The entry's own file is left aside where it only defines it.
    """
    if path == layout.GLOSSARY:
        forms = _forms(texts.get(path, ""), key)
        return tuple(
            sorted(file for file, text in texts.items() if file != path and any(fold(term) in forms for term in _TERM.findall(text)))
        )
    named = re.compile(r"\{\{\s*" + re.escape(key) + r"(?:\.\w+)?\s*\}\}") if path == layout.PARAMETERS else _cited(key)
    in_formulas = re.compile(rf"(?<![\w.]){re.escape(key)}(?![\w.])") if path == layout.PARAMETERS else None
    return tuple(
        sorted(
            file
            for file, text in texts.items()
            if file != path and (named.search(text) or (in_formulas and file.endswith(".yaml") and in_formulas.search(text)))
        )
    )


def _cited(key: str) -> re.Pattern[str]:
    """Match a citation, a link, and the fields that name documents."""
    word = rf"(?<![\w-]){re.escape(key)}(?![\w-])"
    return re.compile(rf"[@:]{word}|^\s*(?:- )?(?:source|resource)\s*:.*{word}|^\s*- ['\"]?{word}(?:,|['\"]?\s*$)", re.MULTILINE)


def _forms(glossary: str, key: str) -> frozenset[str]:
    try:
        entry = read_fields(glossary).get(key)
    except EditRefused:
        entry = None
    return frozenset(fold(form) for form in (key, *_words(entry if isinstance(entry, dict) else {})))


def _words(entry: Mapping[str, object]) -> Iterator[str]:
    """Yield the forms of a term: its own in every language, and the others."""
    for name in ("term", "also"):
        value = entry.get(name)
        for held in value.values() if isinstance(value, dict) else (value,):
            yield from (form for form in (held if isinstance(held, list) else [held]) if isinstance(form, str))


def media_uses(texts: Mapping[str, str], media: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return for each media file the texts that name it, none where nothing does."""
    uses: dict[str, set[str]] = {path: set() for path in media}
    for file, text in texts.items():
        for named in _MEDIA.findall(text):
            full = normpath(join(dirname(file), named))
            if full in uses and full != file:
                uses[full].add(file)
    return {path: tuple(sorted(files)) for path, files in uses.items()}
