"""The parts of a template: its paper, fonts, elements and the fields of its texts, with the readers of each of their values.

A field is ``{person.name}``: no expression, no condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from courses.content import scalars
from courses.content.scalars import Parser, RefusedError, nearest_of
from kernel.errors import N_
from kernel.pdf.signs import UNPRINTABLE, unprintable
from kernel.pictures import is_colour

if TYPE_CHECKING:
    from courses.content.mapping_cursor import LocatedValue, MappingCursor

FIELDS = (
    *("person.name", "person.given", "person.surnames", "person.id_number", "person.name_basis"),
    *("course.title", "course.version", "modules", "hours", "hours.basis", "mode"),
    *("edition.title", "edition.from", "edition.until"),
    *("completed_on", "issued_on", "expires_on"),
    *("document", "result", "grade"),
    *("institution.name", "institution.short", "code", "verify.address", "key.fingerprint"),
)
_FIELD = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")


def check_fields(text: str) -> None:
    """Raise RefusedError for a field that there is not, and for braces that are none."""
    for match in _FIELD.finditer(text):
        name = match[1]
        if name not in FIELDS:
            nearest = nearest_of(name, FIELDS)
            message, fix = (
                N_("“{%(name)s}” is not a field of certificates."),
                N_("The closest field is “{%(nearest)s}”. Known are: %(known)s."),
            )
            raise RefusedError("C220", message, fix, name=name, nearest=nearest, known=", ".join(FIELDS))
    if _BRACE.search(_FIELD.sub("", text)):
        raise RefusedError("C220", N_("A brace is missing or left over."), N_("Write a field as {person.name}; braces have no other use."))


def fields_in(text: str) -> tuple[str, ...]:
    """Return the fields of a text, in its order."""
    return tuple(_FIELD.findall(text))


def filled_lines(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of a text with its fields filled in; a line whose fields are all empty is left out with its words."""
    lines = []
    for line in text.split("\n"):
        named = fields_in(line)
        if named and not any(values[name] for name in named):
            continue
        lines.append(_FIELD.sub(lambda match: values[match[1]], line).strip())
    return tuple(line for line in lines if line)


class FontName(StrEnum):
    """The fonts that a template may name."""

    TITLE = "title"
    NAME = "name"
    TEXT = "text"
    STRONG = "strong"
    CODE = "code"


class TextAlignment(StrEnum):
    """The side of its width at which a text stands."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class PageSize(StrEnum):
    """The sizes of paper."""

    A4 = "A4"
    LETTER = "letter"


class PageOrientation(StrEnum):
    """The ways in which the paper is turned."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"


class ElementRole(StrEnum):
    """The role of an element for readers that do not see the page; an artifact is decoration and is not read."""

    H1 = "h1"
    P = "p"
    FIGURE = "figure"
    ARTIFACT = "artifact"


SIDES = {PageSize.A4: (297.0, 210.0), PageSize.LETTER: (279.4, 215.9)}
NAMED_COLOURS = ("ink", "ink2", "brand", "accent", "white")


@dataclass(frozen=True, slots=True)
class PageFormat:
    """The paper and its margin, which only decoration may cross."""

    size: PageSize = PageSize.A4
    orientation: PageOrientation = PageOrientation.LANDSCAPE
    margin: float = 12.0

    @property
    def width(self) -> float:
        """Return the width of the page."""
        return SIDES[self.size][self.orientation is PageOrientation.PORTRAIT]

    @property
    def height(self) -> float:
        """Return the height of the page."""
        return SIDES[self.size][self.orientation is PageOrientation.LANDSCAPE]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the page."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class TextFit:
    """A way to fit a text: in so many lines, from one size to another by a step (None: to just the size that fits)."""

    lines: int
    largest: float
    smallest: float
    step: float | None = None
    spacing: float = 0.0
    baselines: tuple[float, ...] = ()
    """Of its lines; empty: one below the other from the element's place on."""
    label: float | None = None
    """The baseline of the label, where it moves with the lines."""


@dataclass(frozen=True, slots=True)
class TextLabel:
    """The words above a text, which are left out with it."""

    text: Mapping[str, str]
    y: float
    size: float
    font: FontName
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HideableElement:
    """The part that all elements of a template share: a hidden one is not drawn."""

    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextElement(HideableElement):
    """A text with fields; the place is the baseline of its first line."""

    text: Mapping[str, str]
    x: float
    y: float
    width: float
    fits: tuple[TextFit, ...]
    role: ElementRole = ElementRole.P
    font: FontName = FontName.TEXT
    colour: str = "ink"
    align: TextAlignment = TextAlignment.LEFT
    leading: float = 1.2
    label: TextLabel | None = None
    run_on: bool = False
    """Whether its lines follow one another on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeElement(HideableElement):
    """The code of the certificate."""

    x: float
    y: float
    width: float
    size: float = 3.5
    colour: str = "ink"


@dataclass(frozen=True, slots=True, kw_only=True)
class QrElement(HideableElement):
    """The QR code that leads to the verification; white stays around it."""

    x: float
    y: float
    size: float
    colour: str = "ink"


@dataclass(frozen=True, slots=True, kw_only=True)
class FacadeElement(HideableElement):
    """A window for each module and the door; ``ground`` is the colour behind them, ``floor`` that of the line below each floor."""

    area: Area
    colour: str = "accent"
    ground: str = "brand"
    floor: str = "white"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatoriesElement(HideableElement):
    """The signatories side by side, each with picture, line, name and office."""

    area: Area
    most: int = 2
    least: int | None = None
    """For how many there is room where fewer sign; None: for the most."""
    colour: str = "ink"
    colour2: str = "ink2"
    line: str = "#75838b"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageElement(HideableElement):
    """A picture of the template's folder; its alternative text is empty where it is decoration."""

    file: str
    area: Area
    alt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoElement(HideableElement):
    """The institution's logo, as large as fits; nothing where it has none that can be printed."""

    area: Area


@dataclass(frozen=True, slots=True, kw_only=True)
class SignElement(HideableElement):
    """The site's own sign: three windows."""

    area: Area
    colour: str = "white"
    accent: str = "accent"


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderElement(HideableElement):
    """A frame around the page."""

    inset: float
    width: float
    colour: str = "brand"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxElement(HideableElement):
    """A filled rectangle."""

    area: Area
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineElement(HideableElement):
    """A straight line."""

    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    colour: str = "ink2"


TemplateElement = (
    TextElement
    | CodeElement
    | QrElement
    | FacadeElement
    | SignatoriesElement
    | ImageElement
    | LogoElement
    | SignElement
    | BorderElement
    | BoxElement
    | LineElement
)
"""An element of a template."""


@dataclass(frozen=True, slots=True)
class CertificateTemplate:
    """A template in one version; ``pictures`` are the cleaned files that its elements name."""

    key: str
    title: Mapping[str, str]
    page: PageFormat
    elements: tuple[TemplateElement, ...]
    institution: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which it is written, its own first."""
        return tuple(self.title)

    @property
    def prints_logo(self) -> bool:
        """Return whether it has a place for the institution's logo."""
        return any(isinstance(element, LogoElement) and not element.hidden for element in self.elements)

    def prints(self, name: str) -> bool:
        """Return whether a text of it has a field."""
        texts = (element.text.values() for element in self.elements if isinstance(element, TextElement) and not element.hidden)
        return any(f"{{{name}}}" in text for languages in texts for text in languages)

    @property
    def most_signatories(self) -> int:
        """Return how many signatories have a place on it."""
        return max((element.most for element in self.elements if isinstance(element, SignatoriesElement) and not element.hidden), default=0)


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
    from courses.content.mapping_cursor import MarkupLevel  # noqa: PLC0415 - a process that draws reads no template

    value = table.get(name, required=required)
    if value is None:
        return {}
    text = value.text(MarkupLevel.INLINE)
    for translation in text.values():
        try:
            check_fields(translation)
        except RefusedError as refused:
            value.report(refused.code, refused.template, refused.fix, **refused.facts)
        if signs := unprintable(translation):
            value.report("C225", UNPRINTABLE, signs=signs)
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
