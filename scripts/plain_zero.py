"""Plain zeros for the fonts of running text instead of slashed ones; codes are set in the code fonts, which distinguish 0 from O.

python scripts/plain_zero.py FONT…    change the files in their place; twice is once

The new counter is the outer contour of the same zero, drawn together to where the two halves of the old counter end, in each weight.
"""

import sys
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import GlyphCoordinates

Point = tuple[float, float]
PHANTOMS = 4
"""Points after those of a glyph whose variation moves its edges."""


def zeros_of(font: Any) -> list[str]:
    """Return the glyphs that stand for a zero: that of the characters, and those that features put in its place."""
    found = [font.getBestCmap()[ord("0")]]
    for lookup in font["GSUB"].table.LookupList.Lookup if "GSUB" in font else []:
        found += [mapping[found[0]] for table in lookup.SubTable if (mapping := getattr(table, "mapping", {})) and found[0] in mapping]
    return list(dict.fromkeys(found))


def counter_of(outer: list[Point], halves: list[Point]) -> list[Point]:
    """Return the outer contour drawn together to the edges of two halves, the other way round."""
    return [_moved(point, _box(outer), _box(halves)) for point in reversed(outer)]


def _box(points: list[Point]) -> tuple[float, float, float, float]:
    across, up = [x for x, _y in points], [y for _x, y in points]
    return min(across), max(across), min(up), max(up)


def _moved(point: Point, old: tuple[float, ...], new: tuple[float, ...]) -> Point:
    x = new[0] + (point[0] - old[0]) * (new[1] - new[0]) / (old[1] - old[0])
    y = new[2] + (point[1] - old[2]) * (new[3] - new[2]) / (old[3] - old[2])
    return round(x), round(y)


def make_plain(font: Any, name: str) -> None:
    """Replace the three contours of a slashed zero by two; leave a plain one as it is."""
    glyph = font["glyf"][name]
    if glyph.numberOfContours != 3:
        return
    points, last = [(x, y) for x, y in glyph.coordinates], glyph.endPtsOfContours[0] + 1
    inner = counter_of(points[:last], points[last:])
    for variation in font["gvar"].variations[name] if "gvar" in font else []:
        variation.coordinates = _varied(points, inner, variation.coordinates, last)
    glyph.coordinates = GlyphCoordinates([*points[:last], *inner])
    glyph.flags = bytearray([*glyph.flags[:last], *reversed(glyph.flags[:last])])
    glyph.endPtsOfContours, glyph.numberOfContours = [last - 1, 2 * last - 1], 2
    glyph.recalcBounds(font["glyf"])


def _varied(points: list[Point], inner: list[Point], deltas: list[Any], last: int) -> list[Any]:
    """Return how far the points of the plain zero move in another weight, derived from the movement of the slashed zero's points."""
    there = [(x + delta[0], y + delta[1]) for (x, y), delta in zip(points, deltas, strict=False)]
    counter = counter_of(there[:last], there[last:])
    moved = [(after[0] - before[0], after[1] - before[1]) for before, after in zip(inner, counter, strict=True)]
    return [*deltas[:last], *moved, *deltas[-PHANTOMS:]]


def main(paths: list[str]) -> int:
    """Change the fonts."""
    for path in paths:
        font = TTFont(path, recalcTimestamp=False)
        for name in zeros_of(font):
            make_plain(font, name)
        font.save(Path(path))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
