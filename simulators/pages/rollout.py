"""The tab of phasing in: a benefit year by year."""

from dataclasses import dataclass

from kernel.i18n import _, number
from simulators.pages.figures import ChartBar, OutputView, chart_label, figure, percent_unit, share_text
from simulators.rules.budget import evaluate
from simulators.rules.scenario import BENEFITS, Inputs, read_scenario


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """One year of phasing in."""

    year: int
    step: str
    people: OutputView
    cost: OutputView
    share: OutputView


@dataclass(frozen=True, slots=True)
class RolloutView:
    """The tab of phasing in."""

    rows: tuple[RolloutRow, ...]
    bars: tuple[ChartBar, ...]
    chart_label: str
    finding: str


def rollout_view(inputs: Inputs, key: str) -> RolloutView:
    """Return a benefit's cost while it is phased in."""
    scenario = read_scenario(inputs)
    years = evaluate(scenario).trayectorias[BENEFITS.index(key)]
    base = f"trayectoria_{key}"
    bars = tuple(ChartBar(str(year.anio), year.pct_pib, share_text(year.pct_pib), f"{base}.{year.anio}.pct_pib") for year in years)
    rows = tuple(
        RolloutRow(
            year.anio,
            number(year.despliegue * 100) + percent_unit(),
            figure(f"{base}.{year.anio}.beneficiarios", year.beneficiarios, 0),
            figure(f"{base}.{year.anio}.costo", year.costo, 2, times="1e-6"),
            figure(f"{base}.{year.anio}.pct_pib", year.pct_pib, 2),
        )
        for year in years
    )
    finding = _("In %(year)s it costs %(share)s of GDP", year=years[-1].anio, share=bars[-1].text)
    return RolloutView(rows, bars, chart_label(_("Cost as a percentage of GDP, year by year."), bars), finding)
