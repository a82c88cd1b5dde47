"""The façade of the sheet: one lit window per module, four to a floor, and the door that closes the last floor.

Geometry in millimetres from the top left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

PER_FLOOR = 4
MOST_WINDOWS = 15
LEFT, WIDTH, PITCH = 11.0, 11.6, 14.8
BOTTOM, TWO_FLOORS, FULL, DOOR = 192.0, 148.0, 52.0, 28.0
_FIRST_SHARE, _BY_LENGTH, _BAR, _CLEAR = 0.42, 0.58, 0.62, 2.0


@dataclass(frozen=True, slots=True)
class FacadeArch:
    """A window or the door: its box, the heights of its horizontal bars; ``last`` where a floor ends behind it."""

    x: float
    top: float
    bottom: float
    width: float
    bars: tuple[float, ...]
    door: bool = False
    last: bool = False


def floors(minutes: Sequence[int]) -> tuple[FacadeArch, ...]:
    """Return the windows of the modules and the door; more than MOST_WINDOWS modules share windows evenly, in order."""
    lengths = _shared(minutes)
    count = ceil((len(lengths) + 1) / PER_FLOOR)
    scale = min(1.0, 2 / count)
    arches: list[FacadeArch] = []
    for index in range(len(lengths) + 1):
        floor, column = divmod(index, PER_FLOOR)
        bottom = BOTTOM - TWO_FLOORS / max(2, count) * (count - 1 - floor)
        is_door = index == len(lengths)
        height = scale * (DOOR if is_door else FULL * (_FIRST_SHARE + _BY_LENGTH * lengths[index] / max(*lengths, 1)))
        x = LEFT + column * PITCH
        bars = () if is_door else _bars(bottom - height, bottom)
        arches.append(FacadeArch(x, bottom - height, bottom, WIDTH, bars, is_door, last=is_door or column == PER_FLOOR - 1))
    return tuple(arches)


def _bars(top: float, bottom: float) -> tuple[float, ...]:
    """Return the bars: at the springline and every 0.62 widths below, none close to the ground."""
    spring, step = top + WIDTH / 2, _BAR * WIDTH
    return tuple(spring + step * at for at in range(ceil((bottom - _CLEAR - spring) / step)))


def _shared(minutes: Sequence[int]) -> list[int]:
    if len(minutes) <= MOST_WINDOWS:
        return list(minutes)
    edges = [round(edge * len(minutes) / MOST_WINDOWS) for edge in range(MOST_WINDOWS + 1)]
    return [sum(minutes[start:end]) for start, end in pairwise(edges)]
