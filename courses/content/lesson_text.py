"""A lesson's file as the three things that are written in it: title, summary and body. Everything else in it stays as it is."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from courses.content import starter_files
from courses.content.changes import COMMON, apart, body_of, lesson_of
from courses.content.editing import EditRefused, Written, read_fields, write_field
from courses.content.source import MAXIMUM_MARKDOWN
from kernel.markup.model import fold
from kernel.markup.source import composed

FIELDS = (*COMMON, "minutes", "completion", "translated_from")
"""The fields of a lesson in canonical order (spec/content-format 5 and 6)."""
KEPT_CONTROLS = {"\n", "\t"}


@dataclass(frozen=True, slots=True)
class LessonText:
    """The text of a lesson in one language, as its author writes it."""

    title: str
    summary: str
    body: str

    @property
    def is_too_long(self) -> bool:
        """Say whether the format refuses a file of this length."""
        return len(self.body.encode()) + len(self.summary.encode()) + 2_000 > MAXIMUM_MARKDOWN


def lesson_text_of(text: str, path: str, language: str) -> LessonText:
    """Return what a lesson's file says."""
    fields = read_fields(apart(text, path)[0])
    return LessonText(_in(fields.get("title"), language), _in(fields.get("summary"), language), body_of(text))


def _in(value: Written, language: str) -> str:
    if isinstance(value, dict):
        value = value.get(language)
    return value if isinstance(value, str) else ""


def with_words(text: str | None, path: str, language: str, lesson_text: LessonText, *, stamp: str = "") -> str:
    """Return a lesson's file with other words in it; a new translation where there is none. `stamp` says which source it follows now."""
    if text is None:
        text = starter_files.translation_text(lesson_text.title, stamp)
    before = lesson_text_of(text, path, language)
    fields, _rebuild = apart(text, path)
    if lesson_text.title != before.title:
        fields = write_field(fields, "title", lesson_text.title, FIELDS)
    if lesson_text.summary != before.summary:
        fields = write_field(fields, "summary", lesson_text.summary or None, FIELDS)
    if stamp and read_fields(fields).get("translated_from") != stamp:
        fields = write_field(fields, "translated_from", stamp, FIELDS)
    return lesson_of(lesson_text.body, fields)


@lru_cache(maxsize=32)
def terms_of(glossary: str, language: str) -> tuple[str, ...]:
    """Return the terms of a glossary in a language, sorted; none where it cannot be read."""
    try:
        entries = read_fields(glossary)
    except EditRefused:
        return ()
    terms = (_in(entry.get("term"), language) for entry in entries.values() if isinstance(entry, dict))
    return tuple(sorted({term for term in terms if term}, key=fold))


def tidy_body(typed: str) -> str:
    """Return a body as it is kept: NFC, LF, without control characters, with a final newline; blank lines and spaces stay."""
    text = composed(typed)
    body = "".join(char for char in text if char in KEPT_CONTROLS or unicodedata.category(char) not in ("Cc", "Cs"))
    return body if body.endswith("\n") or not body else f"{body}\n"
