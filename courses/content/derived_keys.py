"""Keys of options, items, rows and columns: written, or the slug of the text in the first language (spec/content-format 3.3)."""

import re
import unicodedata

from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import LocalisedText
from kernel.errors import N_

LENGTH = 40
_OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Return the key that a text gives by itself, '' where nothing is left of it."""
    letters = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _OTHER.sub("-", bare).strip("-")[:LENGTH].strip("-")


class KeyBook:
    """The keys of one list of a question; tells keys written twice (spec/content-format C202) and derived ones that collide or are empty.

    spec/content-format C214.
    """

    def __init__(self) -> None:
        self.taken: dict[str, str] = {}

    def key(self, table: MappingCursor | None, text: LocalisedText, cursor: MappingCursor, field: str = "key", given: str = "") -> str:
        """Return the key of an entry: that of the field, or one `given`, else the slug of its text; `place` is where a finding goes."""
        written = table.value(field, scalars.key) if table is not None else given
        key = written or slug(text.first)
        if not key:
            if text:
                cursor.report("C214", N_("No key can be made from this text."), N_("Add “%(field)s:”."), field=field)
            return ""
        if key in self.taken:
            self._report(cursor, key, field, twice=bool(written))
        self.taken.setdefault(key, text.first)
        return key

    def _report(self, cursor: MappingCursor, key: str, field: str, *, twice: bool) -> None:
        other = self.taken[key]
        if twice:
            cursor.report("C202", N_("The key “%(key)s” is already used by “%(other)s”."), key=key, other=other)
        else:
            cursor.report(
                "C214",
                N_("The text gives the same key as “%(other)s” (%(key)s)."),
                N_("Add “%(field)s:” to one of them."),
                key=key,
                other=other,
                field=field,
            )
