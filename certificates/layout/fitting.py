"""Texts broken into lines and made smaller until they fit; never cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from certificates.layout.template import FontName, TextFit

Measure = Callable[[str, FontName, float, float], float]
"""The width in millimetres of a text in a font, at a size, with a space between letters."""
LEAST = 2.0
"""Size at which steps end; what is still too wide is scaled to the width."""
TRIED_WORDS = 60
"""Of a text whose every break is tried."""


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text broken into lines, the size in millimetres, the way in which it was fitted, and whether it keeps to that."""

    lines: tuple[str, ...]
    size: float
    fit: TextFit
    fits: bool


def fit_text(
    lines: Sequence[str], font: FontName, width: float, fits: Sequence[TextFit], measure: Measure, *, last_part: str = ""
) -> FittedText:
    """Fit lines into a width by the first way that holds them, else by the last one.

    Two lines are broken before ``last_part`` where both then fit at the largest size, else where the widest line is shortest.
    """
    for fit in fits:
        fitted = _fitted(lines, font, width, fit, measure, last_part)
        if fitted.fits or fit is fits[-1]:
            return fitted
    raise AssertionError("a text has at least one way to fit")


def _fitted(lines: Sequence[str], font: FontName, width: float, fit: TextFit, measure: Measure, last_part: str) -> FittedText:
    broken = _broken(lines, font, width, fit, measure, last_part)
    if len(broken) > fit.lines:
        return FittedText(broken, fit.smallest, fit, fits=False)
    if fit.step is None:
        needed = min((fit.largest * width / max(measure(line, font, fit.largest, fit.spacing), 0.1) for line in broken), default=width)
        return FittedText(broken, fit.largest, fit, fits=needed >= fit.smallest)
    size = fit.largest
    floor = fit.smallest if fit.step > 0.1 else LEAST
    while size > floor and _widest(broken, font, size, fit.spacing, measure) > width:
        size = round(size - fit.step, 1)
    return FittedText(broken, size, fit, fits=size >= fit.smallest and _widest(broken, font, size, fit.spacing, measure) <= width)


def _broken(lines: Sequence[str], font: FontName, width: float, fit: TextFit, measure: Measure, last_part: str) -> tuple[str, ...]:
    if len(lines) > 1 or fit.lines == 1:
        return tuple(lines)
    text = lines[0]
    first_part = text.removesuffix(last_part).rstrip() if last_part else ""
    by_parts = (first_part, last_part)
    if first_part and first_part != text and fit.lines == 2 and _widest(by_parts, font, fit.largest, fit.spacing, measure) <= width:
        return by_parts
    return balanced(text, font, fit.lines, measure)


def balanced(text: str, font: FontName, count: int, measure: Measure) -> tuple[str, ...]:
    """Break a text at spaces into so many lines (fewer with fewer words) that the widest line is shortest."""
    parts = text.split() or [""]
    count = min(count, len(parts))
    if count > 3 or len(parts) > TRIED_WORDS:
        return _evenly(parts, font, count, measure)
    breaks = combinations(range(1, len(parts)), count - 1)
    candidates = [tuple(" ".join(parts[start:end]) for start, end in zip((0, *cut), (*cut, len(parts)), strict=True)) for cut in breaks]
    return min(candidates, key=lambda lines: _widest(lines, font, 1, 0, measure))


def _evenly(parts: Sequence[str], font: FontName, count: int, measure: Measure) -> tuple[str, ...]:
    """Break words into so many lines of about the same width, one after another."""
    share = measure(" ".join(parts), font, 1, 0) / count
    lines: list[list[str]] = [[]]
    for word in parts:
        if lines[-1] and len(lines) < count and measure(" ".join((*lines[-1], word)), font, 1, 0) > share:
            lines.append([])
        lines[-1].append(word)
    return tuple(" ".join(line) for line in lines)


def _widest(lines: Sequence[str], font: FontName, size: float, spacing: float, measure: Measure) -> float:
    return max((measure(line, font, size, spacing) for line in lines), default=0.0)
