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
from kernel.errors import N_
from kernel.pictures import is_colour

LONGEST = 500
"""Millimetres that anything may measure, or lie from the corner."""
E = TypeVar("E", bound=StrEnum)


def length(text: str) -> float:
    """Read a length in millimetres."""
    return float(scalars.number_between(0, LONGEST)(text))


def size(text: str) -> float:
    """Read the size of something that is drawn: more than nothing."""
    value = float(scalars.number_between(0, LONGEST)(text))
    if value < 0.1:
        raise RefusedError("C113", N_("%(text)s is too small to be seen."), text=text)
    return value


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
    message, fix = N_("“%(text)s” is not a colour."), N_("The closest is “%(nearest)s”. Write one of %(known)s, or #rrggbb in quotes.")
    raise RefusedError("C112", message, fix, text=text, known=known, nearest=nearest)


def word_of(kind: type[E]) -> Parser[E]:
    """Return a reader of the words of an enumeration, which names the nearest one."""

    def read(text: str) -> E:
        known_words = [member.value for member in kind]
        if text in known_words:
            return kind(text)
        nearest = scalars.nearest_of(text, known_words)
        message, fix = N_("“%(text)s” is not known here."), N_("The closest is “%(nearest)s”. Known are: %(known)s.")
        raise RefusedError("C112", message, fix, text=text, nearest=nearest, known=", ".join(known_words))

    return read


def numbers(
    table: MappingCursor, name: str, count: int, read: Callable[[str], float] = length, *, required: bool = True
) -> tuple[float, ...] | None:
    """Return a list of so many numbers; None with a finding where it is none."""
    table.flows.add(name)
    list_value = table.get(name, required=required)
    if list_value is None:
        return None
    values = [value.read(read) for value in list_value.items()]
    if len(values) != count:
        list_value.report("C111", N_("%(count)s numbers are expected here."), N_("Write them as [10, 20]."), count=count)
        return None
    known = tuple(value for value in values if value is not None)
    return known if len(known) == count else None


def point(table: MappingCursor, name: str = "at") -> tuple[float, float]:
    """Return a place on the page; the corner, with a finding, where there is none."""
    coordinates = numbers(table, name, 2)
    return (coordinates[0], coordinates[1]) if coordinates else (0.0, 0.0)


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
    value = table.get(name, required=required)
    if value is None:
        return {}
    text = value.text(MarkupLevel.INLINE)
    for translation in text.values():
        try:
            check_fields(translation)
        except RefusedError as refused:
            value.report(refused.code, refused.template, refused.fix, **refused.facts)
    _check_languages(value, text)
    return text


def _check_languages(value: LocatedValue, text: Mapping[str, str]) -> None:
    if not value.is_table or not text:
        return
    for language in value.session.languages[1:]:
        if language not in text:
            value.report(
                "C223",
                N_("The text in “%(language)s” is missing."),
                N_("Write it, or take the language out of the title."),
                language=language,
            )
