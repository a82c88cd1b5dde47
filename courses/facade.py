"""The façade: how a course's modules become arched windows. Pure geometry, printed by `macros/facade.html`."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

MOST_WINDOWS = 12
LOWEST = Fraction(42, 100)
GAP = Fraction(22, 100)
FLOOR = Fraction(62, 100)
SMALL_WINDOW = Fraction(26)
SMALL_PITCH = Fraction(132, 100)
DOOR_SPACE = 42


class WindowState(StrEnum):
    """The look of a window."""

    OFF = "off"
    STARTED = "started"
    LIT = "lit"


class FacadeSize(StrEnum):
    """Where a façade stands, which decides its box and its decorations."""

    HERO = "hero"
    COURSE = "course"
    CARD = "card"
    RESUME = "resume"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class FacadeBay:
    """The bay of one module: its length in minutes, its state, and the share of its required activities that is done (0 to 1)."""

    minutes: Fraction | int
    state: WindowState = WindowState.OFF
    fraction: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class FacadeWindow:
    """One drawn window: `outline` and `glow` are path data (`glow` is empty unless started), `mullions` the bars, `x` its middle."""

    lit: bool
    outline: str
    glow: str
    mullions: str
    x: str
    number: int


@dataclass(frozen=True, slots=True)
class FacadeDoor:
    """The door of a card's facade, lit while enrolment is open."""

    lit: bool
    outline: str
    mullion: str
    handles: tuple[str, str]
    handle_y: str


@dataclass(frozen=True, slots=True)
class Facade:
    """A drawing in a box of `width` × `height`; `label_y` is the baseline of the numbers, empty where there are none."""

    width: int
    height: int
    windows: tuple[FacadeWindow, ...]
    door: FacadeDoor | None
    label_y: str

    @property
    def view_box(self) -> str:
        """Return the attribute of the same name."""
        return f"0 0 {self.width} {self.height}"


@dataclass(frozen=True, slots=True)
class _Box:
    width: int
    wall: int
    """Height of the windows; the numbers, where there are any, stand below."""
    labels: int = 0
    small: bool = False


_BOXES = {
    FacadeSize.HERO: _Box(560, 270),
    FacadeSize.COURSE: _Box(560, 220, labels=22),
    FacadeSize.CARD: _Box(300, 90, small=True),
    FacadeSize.RESUME: _Box(300, 120, small=True),
    FacadeSize.EMPTY: _Box(150, 80),
}


def draw(bays: Sequence[FacadeBay], size: FacadeSize, *, door_open: bool | None = None) -> Facade | None:
    """Draw one window per module (at most MOST_WINDOWS, else neighbours share one); None without modules, which is a plain wall.

    `door_open` says whether enrolment is open and adds the door of a card; None leaves it out.
    """
    if not bays:
        return None
    box = _BOXES[size]
    bays = _joined(bays)
    width, pitch = _widths(len(bays), box)
    longest = max((Fraction(bay.minutes) for bay in bays), default=Fraction(0)) or Fraction(1)
    tops = [_top(Fraction(bay.minutes) / longest, box.wall) for bay in bays]
    windows = tuple(
        _window(bay, number=index + 1, left=index * pitch, width=width, top=tops[index], bottom=box.wall) for index, bay in enumerate(bays)
    )
    door = None if door_open is None or size is not FacadeSize.CARD else _door(box, lit=door_open)
    return Facade(box.width, box.wall + box.labels, windows, door, _text(Fraction(box.wall + 16)) if box.labels else "")


def _joined(bays: Sequence[FacadeBay]) -> Sequence[FacadeBay]:
    """Share windows between neighbours where there are too many modules for one each."""
    if len(bays) <= MOST_WINDOWS:
        return bays
    bounds = [index * len(bays) // MOST_WINDOWS for index in range(MOST_WINDOWS + 1)]
    return [_together(bays[start:end]) for start, end in itertools.pairwise(bounds)]


def _together(bays: Sequence[FacadeBay]) -> FacadeBay:
    minutes = sum((Fraction(bay.minutes) for bay in bays), Fraction(0))
    if all(bay.state is WindowState.LIT for bay in bays):
        return FacadeBay(minutes, WindowState.LIT, Fraction(1))
    done = sum((Fraction(1) if bay.state is WindowState.LIT else bay.fraction for bay in bays), Fraction(0)) / len(bays)
    started = done > 0 or any(bay.state is not WindowState.OFF for bay in bays)
    return FacadeBay(minutes, WindowState.STARTED if started else WindowState.OFF, done)


def _widths(count: int, box: _Box) -> tuple[Fraction, Fraction]:
    if not box.small:
        width = box.width / (count + GAP * (count - 1))
        return width, width * (1 + GAP)
    width = min(SMALL_WINDOW, (box.width - DOOR_SPACE) / (1 + SMALL_PITCH * (count - 1)))
    return width, width * SMALL_PITCH


def _top(share: Fraction, wall: int) -> Fraction:
    return wall - wall * (LOWEST + (1 - LOWEST) * share)


def _window(bay: FacadeBay, *, number: int, left: Fraction, width: Fraction, top: Fraction, bottom: int) -> FacadeWindow:
    radius = width / 2
    spring = min(top + radius, Fraction(bottom))
    x, w, r, s = _text(left), _text(width), _text(radius), _text(spring)
    glow = ""
    if bay.state is WindowState.STARTED and bay.fraction > 0:
        glow = f"M{x} {bottom}v-{_text(min(bay.fraction, Fraction(1)) * (bottom - spring))}h{w}V{bottom}z"
    bars = "".join(f"M{x} {_text(y)}h{w}" for y in _floors(spring, width, bottom))
    return FacadeWindow(
        lit=bay.state is WindowState.LIT,
        outline=f"M{x} {bottom}V{s}a{r} {r} 0 0 1 {w} 0V{bottom}z",
        glow=glow,
        mullions=f"M{_text(left + radius)} {_text(spring - radius)}V{bottom}{bars}",
        x=_text(left + radius),
        number=number,
    )


def _floors(spring: Fraction, width: Fraction, bottom: int) -> Iterable[Fraction]:
    level = spring
    while level < bottom:
        yield level
        level += FLOOR * width


def _door(box: _Box, *, lit: bool) -> FacadeDoor:
    left, top, bottom = box.width - 26, box.wall - 42, box.wall
    return FacadeDoor(
        lit=lit,
        outline=f"M{left} {bottom}V{top + 13}a13 13 0 0 1 26 0V{bottom}z",
        mullion=f"M{left + 13} {top}v42",
        handles=(str(left + 9), str(left + 17)),
        handle_y=str(bottom - 18),
    )


def _text(value: Fraction) -> str:
    """Write a coordinate with one decimal at most, half up."""
    tenths = (value * 10 + Fraction(1, 2)).__floor__()
    whole, rest = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
