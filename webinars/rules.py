"""Pure rules of watching: spans of seconds as they are read, believed and joined, and the share watched."""

from collections.abc import Iterable
from fractions import Fraction

Span = tuple[int, int]
MAX_SPANS = 200
FASTEST, GRACE = 2, 30


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Join spans of seconds that touch or overlap, in order."""
    merged: list[Span] = []
    for start, finish in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], finish))
        else:
            merged.append((start, finish))
    return merged


def share_watched(spans: Iterable[Span], seconds: int) -> Fraction:
    """Return the share of a recording that was seen, in [0, 1]; what was seen twice counts once."""
    if seconds <= 0:
        return Fraction(0)
    seen = sum(min(finish, seconds) - start for start, finish in merge_spans(spans) if start < seconds)
    return min(Fraction(seen, seconds), Fraction(1))


def read_spans(text: str, seconds: int) -> list[Span]:
    """Read `12-40,55-90`; what is no span inside the recording is left out, more than 200 are not read."""
    spans = []
    for part in text.split(",")[:MAX_SPANS]:
        start, _dash, finish = part.strip().partition("-")
        if start.isascii() and start.isdigit() and finish.isascii() and finish.isdigit() and len(start) < 7 and len(finish) < 7:
            begin, end = int(start), min(int(finish), seconds)
            if 0 <= begin < end:
                spans.append((begin, end))
    return spans


def credible(spans: Iterable[Span], elapsed: float) -> bool:
    """Return whether so much can have been seen in so many seconds: at twice the speed at most, with half a minute of grace."""
    return sum(finish - start for start, finish in merge_spans(spans)) <= FASTEST * elapsed + GRACE
