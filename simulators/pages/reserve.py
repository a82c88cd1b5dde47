"""The tab of the contributory scheme: income, spending and reserve."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.i18n import _, number
from simulators.rules.budget import evaluate
from simulators.rules.scenario import Inputs, read_scenario


@dataclass(frozen=True, slots=True)
class ReserveRow:
    """One year of the contributory scheme."""

    t: int
    income: str
    spending: str
    reserve: str
    exhausted: bool


WIDTH, HEIGHT, LEFT, TOP = 252.0, 150.0, 58.0, 10.0


@dataclass(frozen=True, slots=True)
class Curve:
    """The reserve as a line: its points, where zero lies, and the ticks (y, text)."""

    points: str
    zero: float
    ticks: tuple[tuple[float, str], ...]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ReserveView:
    """The tab of the contributory scheme."""

    rows: tuple[ReserveRow, ...]
    curve: Curve
    finding: str
    chart_label: str
    last: int


def reserve_view(inputs: Inputs) -> ReserveView:
    """Return income, spending and reserve year by year, and the year in which the reserve runs out."""
    scenario = read_scenario(inputs)
    result = evaluate(scenario)
    rows = tuple(
        ReserveRow(row.t, number(row.ingreso, 2), number(row.gasto, 2), number(row.reserva, 2).replace("-", "−"), row.reserva < 0)
        for row in result.filas
    )
    year = result.anio_de_agotamiento
    finding = (
        _("The reserve lasts all %(count)s years", count=len(rows))
        if year is None
        else _("The reserve runs out in year %(year)s", year=year)
    )
    values = [scenario.reserva.reserva_0, *(row.reserva for row in result.filas)]
    label = f"{finding}. " + _("At the end of year %(year)s: %(amount)s million.", year=rows[-1].t, amount=rows[-1].reserve)
    return ReserveView(rows, _curve(values), finding, label, rows[-1].t)


def _curve(values: Sequence[float]) -> Curve:
    """Draw values from year 0 on into a box of WIDTH by HEIGHT, zero included."""
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0

    def height(value: float) -> float:
        return round(TOP + (high - value) / span * HEIGHT, 1)

    step = WIDTH / (len(values) - 1)
    points = [(round(LEFT + year * step, 1), height(value)) for year, value in enumerate(values)]
    ticks = tuple((height(value), number(value, 0).replace("-", "−")) for value in {high, 0.0, low})
    return Curve(" ".join(f"{x},{y}" for x, y in points), height(0.0), ticks, points[-1])
