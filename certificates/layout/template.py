"""A certificate's template as frozen values; lengths are millimetres from the top left of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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
        """Say whether it has a place for the institution's logo."""
        return any(isinstance(element, LogoElement) and not element.hidden for element in self.elements)

    def prints(self, name: str) -> bool:
        """Say whether a text of it has a field."""
        texts = (element.text.values() for element in self.elements if isinstance(element, TextElement) and not element.hidden)
        return any(f"{{{name}}}" in text for languages in texts for text in languages)

    @property
    def most_signatories(self) -> int:
        """Return how many signatories have a place on it."""
        return max((element.most for element in self.elements if isinstance(element, SignatoriesElement) and not element.hidden), default=0)
