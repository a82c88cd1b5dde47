"""The tab of the floor: one benefit in detail beside what is published."""

from dataclasses import dataclass

from kernel.i18n import _, number
from simulators.forms import SLIDERS
from simulators.pages.figures import MILLION, ChartBar, OutputView, chart_label, figure, percent_unit, published_target, share_text
from simulators.rules.budget import NOT_MODELLED, BudgetResult, evaluate, has_both_childhoods, sensitivity
from simulators.rules.scenario import BENEFITS, Inputs, read_scenario
from simulators.wording import benefit_name


@dataclass(frozen=True, slots=True)
class NeededRow:
    """The required value of one unknown; `warning` where that is impossible or cannot be solved."""

    label: str
    figure: OutputView
    warning: str


@dataclass(frozen=True, slots=True)
class BenefitRow:
    """One benefit beside what is published: its figure, the target as text and number, and what it is above that."""

    name: str
    figure: OutputView
    published: str
    target: float
    difference: str
    included: bool


@dataclass(frozen=True, slots=True)
class SwingRow:
    """The cost when an assumption is less or more."""

    label: str
    less: str
    more: str


@dataclass(frozen=True, slots=True)
class FloorView:
    """The tab of the floor."""

    year: int
    tiles: tuple[tuple[str, OutputView, OutputView | None, str], ...]
    total: OutputView
    bars: tuple[ChartBar, ...]
    chart_label: str
    rows: tuple[BenefitRow, ...]
    needed: tuple[NeededRow, ...]
    target: str
    swings: tuple[SwingRow, ...]
    both_childhoods: bool
    not_modelled: str
    not_modelled_millions: str


def floor_view(inputs: Inputs, key: str) -> FloorView:
    """Return what the floor tab shows of a scenario, with one benefit in detail."""
    scenario = read_scenario(inputs)
    result = evaluate(scenario)
    own = result.benefit(key)
    bars = _floor_bars(result, key)
    return FloorView(
        year=scenario.macro.anio_meta,
        tiles=(
            (_("Cost"), figure(f"{key}.pct_pib", own.pct_pib, 2, unit=percent_unit()), None, _("of GDP")),
            (_("In dollars"), figure(f"{key}.costo", own.costo, 2, times="1e-6"), None, _("millions per year")),
            (
                _("People"),
                figure(f"{key}.beneficiarios", own.beneficiarios, 0),
                figure(f"{key}.cobertura", own.cobertura, 2, unit=percent_unit()),
                _("of the population"),
            ),
            (
                _("Monthly amount, in USD"),
                figure(f"{key}.mensual", own.mensual, 2),
                figure(f"{key}.suficiencia", own.suficiencia, 2, unit=percent_unit()),
                _("of the poverty line"),
            ),
        ),
        total=figure("total.pct_pib", result.total.pct_pib, 2, unit=percent_unit()),
        bars=bars,
        chart_label=chart_label(_("Cost as a percentage of GDP."), bars),
        rows=tuple(_benefit_row(inputs, result, benefit) for benefit in BENEFITS),
        needed=_needed_rows(result, key),
        target=number(inputs[f"{key}.objetivo_pct"]) + percent_unit(),
        swings=tuple(
            SwingRow(swing_label(swing.assumption), number(swing.less, 2), number(swing.more, 2)) for swing in sensitivity(scenario, key)
        ),
        both_childhoods=has_both_childhoods(scenario),
        not_modelled=number(NOT_MODELLED, 2) + percent_unit(),
        not_modelled_millions=number(NOT_MODELLED / 100 * result.pib_meta * MILLION, 2),
    )


def _floor_bars(result: BudgetResult, key: str) -> tuple[ChartBar, ...]:
    own = result.benefit(key)
    others = [benefit for benefit in ("vejez", "maternidad", "discapacidad") if benefit != key]
    published = [ChartBar(benefit_name(benefit), published_target(benefit), share_text(published_target(benefit))) for benefit in others]
    mine = ChartBar(_("Your scenario"), own.pct_pib, share_text(own.pct_pib), f"{key}.pct_pib")
    return (mine, ChartBar(_("As published"), published_target(key), share_text(published_target(key))), *published)


def _benefit_row(inputs: Inputs, result: BudgetResult, key: str) -> BenefitRow:
    own = result.benefit(key).pct_pib
    difference = number(own - published_target(key), 2)
    return BenefitRow(
        benefit_name(key),
        figure(f"{key}.pct_pib", own, 2),
        number(published_target(key), 2),
        published_target(key),
        f"+{difference}" if own - published_target(key) >= 0.005 else difference.replace("-", "−"),
        bool(inputs[f"{key}.incluida"]),
    )


def _needed_rows(result: BudgetResult, key: str) -> tuple[NeededRow, ...]:
    inverse, sign = result.benefit(key).inverso, percent_unit()
    given = (
        (_("Share that would meet the criterion"), "elegible", inverse.elegible, "100", 2, sign),
        (_("Share that would receive it"), "captacion", inverse.captacion, "100", 2, sign),
        (_("Payments per person"), "meses", inverse.meses, "1", 2, ""),
        (_("One amount for all, in USD per month"), "monto", inverse.monto, "1", 2, ""),
    )
    return tuple(
        NeededRow(label, figure(f"{key}.inverso.{name}", value, digits, times=times, unit=unit), _needed_warning(name, value))
        for label, name, value, times, digits, unit in given
    )


def _needed_warning(name: str, value: float | None) -> str:
    if value is None:
        return _("It cannot be solved, because the population, payments, amount or shares are 0.")
    if name in SLIDERS and value > 1:
        return _("Impossible with these assumptions: more people would have to be covered than there are.")
    return ""


def swing_label(assumption: str) -> str:
    """Return what an assumption of the sensitivity is called."""
    labels = {"poblacion": _("Population, 10%"), "monto": _("Amount, 10%"), "crec_real": _("Growth, 1 point")}
    return labels[assumption]
