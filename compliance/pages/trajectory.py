"""The trajectory of a group as a drawing of the server, with the sentence that it says and the table of its figures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from compliance.pages.report import percent_of
from compliance.rules.pace import GroupPace, PaceVerdict, TrajectoryPoint
from kernel.i18n import _, format_date, ngettext, number, percent

LEFT, RIGHT, TOP, BOTTOM = 44, 1084, 20, 220
MOST_LABELS = 8
NEAR = 96
"""Units between the middles of two labels within which they would touch; a label at an end reaches half of it further."""


@dataclass(frozen=True, slots=True)
class DayLabel:
    """A day written below the drawing."""

    x: int
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class TrajectoryRow:
    """A day of the table beside the drawing: shares in percent."""

    on: date
    needed: Decimal
    done: Decimal | None


@dataclass(frozen=True, slots=True)
class TrajectoryView:
    """A trajectory: its finding, its figures in sentences, its lines as path data, its labels and its table."""

    finding: str
    label: str
    sentences: Sequence[str]
    area: str
    line: str
    goal: str
    today: tuple[int, int, str]
    """Where the line ends, and the share done."""
    labels: Sequence[DayLabel]
    rows: Sequence[TrajectoryRow]


def trajectory_view(points: Sequence[TrajectoryPoint], pace: GroupPace, day: date, people: int) -> TrajectoryView | None:
    """Return the trajectory of a group up to a day; None where there is nothing to draw."""
    if len(points) < 2:
        return None
    first, last = points[0].on, points[-1].on

    def place(on: date, share: Fraction) -> tuple[int, int]:
        across = Fraction((on - first).days, (last - first).days)
        return round(LEFT + (RIGHT - LEFT) * across), round(BOTTOM - (BOTTOM - TOP) * share)

    done = [place(point.on, point.done) for point in points if point.done is not None]
    line = _path(done)
    x, y = done[-1]
    return TrajectoryView(
        finding(pace),
        _label(points, pace, day),
        list(_sentences(pace, people)),
        f"M{LEFT} {BOTTOM}L{line[1:]}L{x} {BOTTOM}z",
        line,
        _path([place(point.on, point.needed) for point in points]),
        (x, y, percent(percent_of(pace.done) or Decimal(0))),
        _labels(first, last, day),
        [TrajectoryRow(point.on, _percent(point.needed), None if point.done is None else _percent(point.done)) for point in points],
    )


def _percent(share: Fraction) -> Decimal:
    return percent_of(share) or Decimal(0)


def _path(places: Sequence[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def finding(pace: GroupPace) -> str:
    """Return the verdict on a pace as a sentence."""
    if pace.verdict is PaceVerdict.ON_TIME:
        return _("On pace for the last day")
    points = Decimal(round(pace.points_behind * 10)) / 10 or Decimal("0.1")
    return ngettext(
        "%(points)s point short of the pace that the last day needs",
        "%(points)s points short of the pace that the last day needs",
        points,
        points=number(points.normalize() if points % 1 else int(points)),
    )


def _label(points: Sequence[TrajectoryPoint], pace: GroupPace, day: date) -> str:
    return _(
        "Done: %(done)s on %(day)s. The needed pace was %(needed)s. From %(first)s to %(last)s.",
        done=percent(_percent(pace.done)),
        needed=percent(_percent(pace.needed)),
        day=format_date(day),
        first=format_date(points[0].on),
        last=format_date(points[-1].on),
    )


def _sentences(pace: GroupPace, people: int) -> Iterator[str]:
    """Say what is needed from here, what the last days brought, and what comes of it (spec/compulsory 11.5)."""
    recent = _rate(pace.recent_daily)
    if pace.needed_daily is None:
        yield _("No working day is left. In the last five working days, %(recent)s people a day finished.", recent=recent)
        return
    yield _(
        "From here, %(needed)s people a working day have to finish; in the last five working days, %(recent)s a day did.",
        needed=_rate(pace.needed_daily),
        recent=recent,
    )
    yield _(
        "At this pace, %(count)s of %(people)s will have finished on the last day (%(share)s).",
        count=number(pace.foreseen),
        people=number(people),
        share=percent(_percent(Fraction(pace.foreseen, people))),
    )


def _rate(value: Fraction) -> str:
    return number(Decimal(round(value * 10)) / 10, 1)


def _labels(first: date, last: date, today: date) -> list[DayLabel]:
    """Return the first and the last day, today, and between them first days of months, as far as they do not touch."""
    marked = [(first, "start"), (last, "end")]
    if today not in (first, last):
        marked.append((today, "middle"))
    months = list(_months(first, last))
    step = -(-len(months) // MOST_LABELS) or 1

    def x_of(day: date) -> int:
        return round(LEFT + (RIGHT - LEFT) * (day - first).days / (last - first).days)

    labels = [DayLabel(x_of(on), format_date(on, "short"), anchor) for on, anchor in marked]
    labels = [
        label for label in labels if label.anchor != "middle" or _is_apart(label.x, (other for other in labels if other is not label))
    ]
    for on in months[::step]:
        if _is_apart(x_of(on), labels):
            labels.append(DayLabel(x_of(on), format_date(on, "short"), "middle"))
    return sorted(labels, key=lambda label: label.x)


def _is_apart(x: int, labels: Iterable[DayLabel]) -> bool:
    """Say whether a label around a place would touch none of these."""
    return all(abs(x - label.x) > (NEAR if label.anchor == "middle" else NEAR * 1.5) for label in labels)


def _months(first: date, last: date) -> Iterator[date]:
    day = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    while day < last:
        yield day
        day = (day + timedelta(days=31)).replace(day=1)
