"""Paths of drawings as lines and cubic curves with places of their own: points are complex numbers, the imaginary axis points down."""

import cmath
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import ceil, pi, radians, sqrt, tan

_NUMBER = re.compile(r"[\s,]*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_FLAG = re.compile(r"[\s,]*([01])")
_COMMAND = re.compile(r"[\s,]*([A-Za-z])")
_THIRDS = 2 / 3
_CIRCLE = 4 / 3 * tan(pi / 8)
"""How far the controls of a quarter of a circle stand from its ends, in radii."""


class StepKind(StrEnum):
    """The kinds of steps of a path; a curve has two controls and its end."""

    MOVE = "M"
    LINE = "L"
    CURVE = "C"
    CLOSE = "Z"


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step of a path, from where the step before it ended."""

    kind: StepKind
    points: tuple[complex, ...] = ()

    def moved(self, move: Callable[[complex], complex]) -> "PathStep":
        """Return the step with each of its points moved."""
        return PathStep(self.kind, tuple(move(point) for point in self.points))


def polygon(points: list[complex], *, is_closed: bool) -> list[PathStep]:
    """Return the path from point to point."""
    steps = [PathStep(StepKind.LINE if at else StepKind.MOVE, (point,)) for at, point in enumerate(points)]
    return [*steps, PathStep(StepKind.CLOSE)] if is_closed else steps


def ellipse(centre: complex, radii: complex) -> list[PathStep]:
    """Return the path of an ellipse whose half axes are the parts of a number."""
    turns: list[complex] = [1, 1j, -1, -1j, 1]
    steps = [PathStep(StepKind.MOVE, (centre + radii.real,))]
    for here, there in pairwise(turns):
        controls = (here + _CIRCLE * there, there + _CIRCLE * here, there)
        steps.append(PathStep(StepKind.CURVE, tuple(centre + _stretched(one, radii) for one in controls)))
    return [*steps, PathStep(StepKind.CLOSE)]


def rectangle(corner: complex, size: complex, radii: complex) -> list[PathStep]:
    """Return the path of a rectangle from its top left corner, with rounded corners where there are radii."""
    opposite = corner + size
    rx, ry = min(radii.real, size.real / 2), min(radii.imag, size.imag / 2)
    if rx <= 0 or ry <= 0:
        return polygon([corner, complex(opposite.real, corner.imag), opposite, complex(corner.real, opposite.imag)], is_closed=True)
    left, top, right, bottom = corner.real, corner.imag, opposite.real, opposite.imag
    text = (
        f"M{left + rx} {top}H{right - rx}A{rx} {ry} 0 0 1 {right} {top + ry}V{bottom - ry}A{rx} {ry} 0 0 1 {right - rx} {bottom}"
        f"H{left + rx}A{rx} {ry} 0 0 1 {left} {bottom - ry}V{top + ry}A{rx} {ry} 0 0 1 {left + rx} {top}Z"
    )
    return read_path(text)


def read_path(text: str) -> list[PathStep]:
    """Return the steps of path data; what comes after a mistake in them is left out, as SVG has it."""
    reader = _PathReader(text)
    with suppress(_EndOfPathError):
        reader.read()
    return reader.steps


class _EndOfPathError(Exception):
    """There is nothing more that can be read."""


class _PathReader:
    """Reads path data from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._here = self._start = 0j
        self._control: complex | None = None
        self._bent = ""
        self.steps: list[PathStep] = []

    def read(self) -> None:
        """Read everything; raise _EndOfPathError at the end or where it goes wrong."""
        command = self._take(_COMMAND)
        if command not in "Mm":
            raise _EndOfPathError
        while True:
            self._step(command)
            following = _COMMAND.match(self._text, self._at)
            if following:
                self._at, command = following.end(), following[1]
            else:
                command = {"M": "L", "m": "l"}.get(command, command)
                if command in "Zz":
                    raise _EndOfPathError

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise _EndOfPathError
        self._at = found.end()
        return found[1]

    def _number(self) -> float:
        return float(self._take(_NUMBER))

    def _point(self, origin: complex) -> complex:
        return origin + complex(self._number(), self._number())

    def _step(self, command: str) -> None:
        origin = self._here if command.islower() else 0j
        match command.upper():
            case "Z":
                self._add(StepKind.CLOSE)
                self._here = self._start
            case "M" | "L" | "H" | "V":
                self._straight(command.upper(), origin)
            case "C" | "S" | "Q" | "T":
                self._bend(command.upper(), origin)
                return
            case "A":
                self._bow(origin)
            case _:
                raise _EndOfPathError
        self._control = None

    def _straight(self, command: str, origin: complex) -> None:
        if command == "H":
            point = complex(origin.real + self._number(), self._here.imag)
        elif command == "V":
            point = complex(self._here.real, origin.imag + self._number())
        else:
            point = self._point(origin)
        if command == "M":
            self._start = point
        self._add(StepKind.MOVE if command == "M" else StepKind.LINE, point)

    def _bend(self, command: str, origin: complex) -> None:
        """Add a curve; the first control of S and T mirrors the last one of a curve of the same kind before them."""
        is_cubic = command in "CS"
        mirrored = 2 * self._here - self._control if self._control is not None and self._bent == ("C" if is_cubic else "Q") else self._here
        first = self._point(origin) if command in "CQ" else mirrored
        second = self._point(origin) if is_cubic else first
        end = self._point(origin)
        if is_cubic:
            self._add(StepKind.CURVE, first, second, end)
        else:
            self._add(StepKind.CURVE, self._here + _THIRDS * (first - self._here), end + _THIRDS * (first - end), end)
        self._control, self._bent = second, "C" if is_cubic else "Q"

    def _bow(self, origin: complex) -> None:
        radii, turn = complex(abs(self._number()), abs(self._number())), radians(self._number())
        is_large, goes_round = self._take(_FLAG) == "1", self._take(_FLAG) == "1"
        end = self._point(origin)
        if end == self._here:
            return
        if not radii.real or not radii.imag:
            self._add(StepKind.LINE, end)
            return
        for points in _arc(self._here, end, radii, cmath.rect(1, turn), is_large=is_large, goes_round=goes_round):
            self._add(StepKind.CURVE, *points)
        self._here = end

    def _add(self, kind: StepKind, *points: complex) -> None:
        self.steps.append(PathStep(kind, points))
        if points:
            self._here = points[-1]


def _stretched(point: complex, radii: complex) -> complex:
    return complex(point.real * radii.real, point.imag * radii.imag)


def _arc(
    start: complex, end: complex, radii: complex, turn: complex, *, is_large: bool, goes_round: bool
) -> Iterator[tuple[complex, complex, complex]]:
    """Yield the curves of an arc of an ellipse, each at most a quarter of it; radii that are too short grow until it reaches."""
    one, other = (complex((point / turn).real / radii.real, (point / turn).imag / radii.imag) for point in (start, end))
    half = (one - other) / 2
    if abs(half) > 1:
        radii, one, other, half = radii * abs(half), one / abs(half), other / abs(half), half / abs(half)
    away = 1j * half * sqrt(max(0.0, 1 / abs(half) ** 2 - 1))
    for centre in ((one + other) / 2 + away, (one + other) / 2 - away):
        angle = cmath.phase((other - centre) / (one - centre))
        if goes_round and angle < 0:
            angle += 2 * pi
        elif not goes_round and angle > 0:
            angle -= 2 * pi
        if (abs(angle) > pi) == is_large:
            break
    pieces = max(1, ceil(abs(angle) / (pi / 2) - 1e-9))
    part, here = cmath.rect(1, angle / pieces), one - centre
    reach = 4 / 3 * tan(angle / pieces / 4) * 1j
    for _piece in range(pieces):
        there = here * part
        first, second, last = (turn * _stretched(centre + point, radii) for point in (here + reach * here, there - reach * there, there))
        yield first, second, last
        here = there
