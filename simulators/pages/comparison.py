"""The tab that puts scenarios side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernel.i18n import _, language, number
from simulators.forms import SLIDERS, field_value
from simulators.pages.figures import MILLION, ChartBar, chart_label, percent_unit, share_text
from simulators.rules.budget import BudgetResult, evaluate
from simulators.rules.reference import REFERENCE
from simulators.rules.scenario import BENEFITS, SPECS, InputKind, Inputs, read_scenario
from simulators.wording import benefit_name, full_label, percent_scale


@dataclass(frozen=True, slots=True)
class Compared:
    """One scenario of a comparison: its short text and what it assumes differently from the example."""

    number: int
    code: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Scenarios side by side: rows are (label, one text each)."""

    scenarios: tuple[Compared, ...]
    results: tuple[tuple[str, tuple[str, ...]], ...]
    inputs: tuple[tuple[str, tuple[str, ...]], ...]
    bars: tuple[ChartBar, ...]
    chart_label: str


def comparison_view(scenarios: Sequence[tuple[str, Inputs]]) -> ComparisonView:
    """Return scenarios beside each other: results, and the assumptions in which they differ from each other or the example."""
    results = [evaluate(read_scenario(inputs)) for _code, inputs in scenarios]
    names = [name for name in SPECS if any(inputs.get(name) != REFERENCE.get(name) for _code, inputs in scenarios)]
    bars = tuple(
        ChartBar(_("Scenario %(number)s", number=number_of_scenario), result.total.pct_pib, share_text(result.total.pct_pib))
        for number_of_scenario, result in enumerate(results, 1)
    )
    return ComparisonView(
        scenarios=tuple(
            Compared(number_of_scenario, code, _changes(inputs)) for number_of_scenario, (code, inputs) in enumerate(scenarios, 1)
        ),
        results=tuple(_result_rows(results)),
        inputs=tuple((full_label(name), tuple(_input_text(inputs, name) for _code, inputs in scenarios)) for name in names),
        bars=bars,
        chart_label=chart_label(_("Total cost of the floor as a percentage of GDP."), bars),
    )


def _result_rows(results: Sequence[BudgetResult]) -> Iterable[tuple[str, tuple[str, ...]]]:
    yield _("Total cost of the floor, as a percentage of GDP"), tuple(number(result.total.pct_pib, 2) for result in results)
    yield _("Total cost of the floor, in millions of USD"), tuple(number(result.total.costo * MILLION, 2) for result in results)
    for key in BENEFITS:
        label = _("%(benefit)s, in %% of GDP", benefit=benefit_name(key))
        yield label, tuple(number(result.benefit(key).pct_pib, 2) for result in results)
    years = (result.anio_de_agotamiento for result in results)
    yield _("Year in which the reserve runs out"), tuple(_("does not run out") if year is None else str(year) for year in years)


def _changes(inputs: Inputs) -> tuple[tuple[str, str], ...]:
    return tuple((full_label(name), _input_text(inputs, name)) for name in SPECS if inputs.get(name) != REFERENCE.get(name))


def _input_text(inputs: Inputs, name: str) -> str:
    spec, value = SPECS[name], inputs.get(name)
    if value is None:
        return _("none")
    if spec.kind is InputKind.FLAG:
        return _("yes") if value else _("no")
    unit = percent_unit() if name.endswith(SLIDERS) else ""
    return field_value(value, percent_scale(spec), language(), grouped=spec.kind is not InputKind.YEAR) + unit
