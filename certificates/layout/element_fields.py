"""The fields of a template's elements, read with the cursor of course folders: places, sizes, colours, texts."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from certificates.layout.fields import check_fields
from certificates.layout.template import NAMED_COLOURS, Area
from courses.content import scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.read_collector import MarkupLevel
from courses.content.scalars import Parser, RefusedError
from kernel.colours import is_colour
from kernel.errors import N_

LONGEST = 500
"""Millimetres that anything may measure, or lie from the corner."""
E = TypeVar("E", bound=StrEnum)


def length(text: str) -> float:
    """Read a length in millimetres."""
    return float(scalars.number_between(0, LONGEST)(text))


def size(text: str) -> float:
    """Read the size of something that is drawn: more than nothing."""
    found = float(scalars.number_between(0, LONGEST)(text))
    if found < 0.1:
        raise RefusedError("C113", N_("%(text)s is too small to be seen."), text=text)
    return found


def spacing(text: str) -> float:
    """Read the space between letters, which may be less than none."""
    return float(scalars.number_between(-2, 5)(text))


def colour(text: str) -> str:
    """Read the name of a colour, or one as #rrggbb."""
    lowered = text.lower()
    if lowered in NAMED_COLOURS or is_colour(lowered):
        return lowered
    known = ", ".join(NAMED_COLOURS)
    nearest = scalars.nearest_of(lowered, NAMED_COLOURS)
    told, fix = N_("“%(text)s” is not a colour."), N_("The closest is “%(nearest)s”. Write one of %(known)s, or #rrggbb in quotes.")
    raise RefusedError("C112", told, fix, text=text, known=known, nearest=nearest)


def word_of(kind: type[E]) -> Parser[E]:
    """Return a reader of the words of an enumeration, which names the nearest one."""

    def read(text: str) -> E:
        words = [member.value for member in kind]
        if text in words:
            return kind(text)
        nearest = scalars.nearest_of(text, words)
        told, fix = N_("“%(text)s” is not known here."), N_("The closest is “%(nearest)s”. Known are: %(known)s.")
        raise RefusedError("C112", told, fix, text=text, nearest=nearest, known=", ".join(words))

    return read


def numbers(
    table: MappingCursor, name: str, count: int, read: Callable[[str], float] = length, *, required: bool = True
) -> tuple[float, ...] | None:
    """Return a list of so many numbers; None with a finding where it is none."""
    table.flows.add(name)
    found = table.get(name, required=required)
    if found is None:
        return None
    values = [value.read(read) for value in found.items()]
    if len(values) != count:
        found.report("C111", N_("%(count)s numbers are expected here."), N_("Write them as [10, 20]."), count=count)
        return None
    known = tuple(value for value in values if value is not None)
    return known if len(known) == count else None


def point(table: MappingCursor, name: str = "at") -> tuple[float, float]:
    """Return a place on the page; the corner, with a finding, where there is none."""
    found = numbers(table, name, 2)
    return (found[0], found[1]) if found else (0.0, 0.0)


def area(table: MappingCursor) -> Area:
    """Return the rectangle of ``at`` and ``size``."""
    x, y = point(table)
    sides = numbers(table, "size", 2, size)
    return Area(x, y, *(sides or (1.0, 1.0)))


def coloured(table: MappingCursor, default: str, name: str = "colour") -> str:
    """Return a colour."""
    return table.value(name, colour, default)


def template_text(table: MappingCursor, name: str = "text", *, required: bool = True) -> Mapping[str, str]:
    """Return a text with fields in the languages of the template; each language has to be written where one is."""
    found = table.get(name, required=required)
    if found is None:
        return {}
    text = found.text(MarkupLevel.INLINE)
    for words in text.values():
        try:
            check_fields(words)
        except RefusedError as refused:
            found.report(refused.code, refused.template, refused.fix, **refused.facts)
    _check_languages(found, text)
    return text


def _check_languages(found: LocatedValue, text: Mapping[str, str]) -> None:
    if not found.is_table or not text:
        return
    for language in found.session.languages[1:]:
        if language not in text:
            found.report(
                "C223",
                N_("The text in “%(language)s” is missing."),
                N_("Write it, or take the language out of the title."),
                language=language,
            )
