"""The formulas of the model `presupuesto-social`, version 1, in double precision; rounding is for the screen.

Powers have whole exponents and are repeated multiplications, and everything is computed in the order written here, so that the script of
the page (`static/js/simulator.js`) gives the same bits. A denominator of zero gives None, never a division.
"""

from dataclasses import dataclass, replace

from simulators.rules.reference import PUBLISHED_TOTAL
from simulators.rules.scenario import Benefit, Macro, Reserve, Rollout, Scenario

TENTH = 0.1
POINT = 0.01


@dataclass(frozen=True, slots=True)
class Needed:
    """The value that one unknown needs to reach the target, the others given; None where it cannot be solved for.

    A share above 1 is impossible: more people would have to be covered than there are.
    """

    elegible: float | None
    captacion: float | None
    meses: float | None
    monto: float | None


@dataclass(frozen=True, slots=True)
class BenefitResult:
    """A benefit in the target year: its cost (USD, % of GDP, % of public spending) and yield (people, USD a month, % of the line)."""

    key: str
    costo: float
    pct_pib: float
    pct_gasto_publico: float | None
    beneficiarios: float
    poblacion: float
    cobertura: float
    """People reached, in percent of the population."""
    mensual: float | None
    """Mean over the groups of people; None without people."""
    suficiencia: float | None
    """The month's amount in percent of the poverty line."""
    inverso: Needed


@dataclass(frozen=True, slots=True)
class Total:
    """The benefits that the scenario includes, together."""

    costo: float
    pct_pib: float
    pct_gasto_publico: float | None
    resto_publicado: float
    """Percent of GDP of the published floor that is not modelled: what the three benefits of the example leave of 2.51."""


@dataclass(frozen=True, slots=True)
class RolloutYear:
    """One year of phasing in."""

    anio: int
    despliegue: float
    beneficiarios: float
    costo: float
    pct_pib: float


@dataclass(frozen=True, slots=True)
class ReserveYear:
    """One year of the contributory scheme, in millions."""

    t: int
    ingreso: float
    gasto: float
    reserva: float


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """Everything that the model says of a scenario; benefits and rollouts in the order of BENEFITS."""

    pib_meta: float
    linea_meta: float
    benefits: tuple[BenefitResult, ...]
    total: Total
    trayectorias: tuple[tuple[RolloutYear, ...], ...]
    filas: tuple[ReserveYear, ...]
    anio_de_agotamiento: int | None
    """The first year that ends with a reserve below zero."""

    def benefit(self, key: str) -> BenefitResult:
        """Return one benefit."""
        return next(result for result in self.benefits if result.key == key)


@dataclass(frozen=True, slots=True)
class Swing:
    """The cost of a benefit, in % of GDP, where one assumption is a little less or more."""

    assumption: str
    less: float
    more: float


MODELLED_PUBLISHED = 1.42
"""Percent of GDP of maternity, disability and old age as published: 0.23 + 0.21 + 0.98."""
NOT_MODELLED = round(PUBLISHED_TOTAL - MODELLED_PUBLISHED, 2)


def evaluate(scenario: Scenario) -> BudgetResult:
    """Compute everything."""
    macro = scenario.macro
    gdp, line = gdp_of(macro, macro.anio_meta), line_of(macro, macro.anio_meta)
    benefits = tuple(_benefit_result(benefit, macro, gdp, line) for benefit in scenario.benefits)
    rows = reserve_years(scenario.reserva)
    return BudgetResult(
        pib_meta=gdp,
        linea_meta=line,
        benefits=benefits,
        total=_total(scenario, benefits),
        trayectorias=tuple(rollout(benefit, macro, scenario.despliegue) for benefit in scenario.benefits),
        filas=rows,
        anio_de_agotamiento=next((row.t for row in rows if row.reserva < 0), None),
    )


def power(base: float, exponent: int) -> float:
    """Raise to a whole power by repeated multiplication."""
    result = 1.0
    for _turn in range(abs(exponent)):
        result *= base
    return result if exponent >= 0 else 1.0 / result


def gdp_of(macro: Macro, year: int) -> float:
    """Return GDP(y) = pib_base · [(1 + crec_real)(1 + deflactor)]^(y − anio_base), in USD."""
    return macro.pib_base * power((1.0 + macro.crec_real) * (1.0 + macro.deflactor), year - macro.anio_base)


def line_of(macro: Macro, year: int) -> float:
    """Return LINE(y) = linea_base · (1 + inflacion)^(y − anio_linea), in USD a month."""
    return macro.linea_base * power(1.0 + macro.inflacion, year - macro.anio_linea)


def cost_of(benefit: Benefit, line: float, growth: float = 1.0) -> float:
    """Return (1 + admin) · Σ people · eligible · take-up · monthly · months; `growth` scales the population."""
    total = 0.0
    for tranche in benefit.tramos:
        people = tranche.poblacion * growth * benefit.elegible * benefit.captacion
        total += people * _monthly(tranche.monto, tranche.factor_linea, line) * benefit.meses
    return total * (1.0 + benefit.admin)


def _monthly(amount: float | None, factor: float | None, line: float) -> float:
    return amount if amount is not None else (factor or 0.0) * line


def _benefit_result(benefit: Benefit, macro: Macro, gdp: float, line: float) -> BenefitResult:
    cost = cost_of(benefit, line)
    share = 100.0 * cost / gdp
    people, paid = 0.0, 0.0
    for tranche in benefit.tramos:
        people += tranche.poblacion
        paid += tranche.poblacion * _monthly(tranche.monto, tranche.factor_linea, line)
    monthly = paid / people if people > 0 else None
    return BenefitResult(
        key=benefit.key,
        costo=cost,
        pct_pib=share,
        pct_gasto_publico=share_of_spending(share, macro.gasto_publico_pct_pib),
        beneficiarios=people * benefit.elegible * benefit.captacion,
        poblacion=people,
        cobertura=100.0 * benefit.elegible * benefit.captacion,
        mensual=monthly,
        suficiencia=None if monthly is None else 100.0 * monthly / line,
        inverso=_needed(benefit, benefit.objetivo_pct / 100.0 * gdp, people, paid),
    )


def share_of_spending(share: float, spending: float | None) -> float | None:
    """Turn percent of GDP into percent of public spending, which is itself a percent of GDP; None where that is not given."""
    return None if spending is None else share / spending * 100.0


def _needed(benefit: Benefit, money: float, people: float, paid: float) -> Needed:
    base = 1.0 + benefit.admin
    return Needed(
        elegible=_quotient(money, base * benefit.captacion * benefit.meses * paid),
        captacion=_quotient(money, base * benefit.elegible * benefit.meses * paid),
        meses=_quotient(money, base * benefit.elegible * benefit.captacion * paid),
        monto=_quotient(money, base * benefit.elegible * benefit.captacion * benefit.meses * people),
    )


def _quotient(value: float, divisor: float) -> float | None:
    return value / divisor if divisor > 0 else None


def _total(scenario: Scenario, results: tuple[BenefitResult, ...]) -> Total:
    cost, share = 0.0, 0.0
    for benefit, result in zip(scenario.benefits, results, strict=True):
        if benefit.incluida:
            cost += result.costo
            share += result.pct_pib
    return Total(cost, share, share_of_spending(share, scenario.macro.gasto_publico_pct_pib), NOT_MODELLED)


def rollout(benefit: Benefit, macro: Macro, plan: Rollout) -> tuple[RolloutYear, ...]:
    """Return Cost(y) = d(y) · full cost(y), year by year.

    The population is that of the target year times (1 + growth)^(y − anio_meta), the line and GDP are those of the year, and an amount in
    USD stays that of the target year.
    """
    years = []
    for number, step in enumerate(plan.pasos):
        year = plan.anio_inicio + number
        growth = power(1.0 + plan.crec_poblacion, year - macro.anio_meta)
        cost = step * cost_of(benefit, line_of(macro, year), growth)
        people = 0.0
        for tranche in benefit.tramos:
            people += tranche.poblacion * growth * benefit.elegible * benefit.captacion
        years.append(RolloutYear(year, step, step * people, cost, 100.0 * cost / gdp_of(macro, year)))
    return tuple(years)


def reserve_years(scheme: Reserve) -> tuple[ReserveYear, ...]:
    """Return R(t) = R(t−1)(1 + i) + [I(t) − G(t)](1 + i/2), from year 1 on."""
    reserve = scheme.reserva_0
    rows = []
    for t in range(1, scheme.anios + 1):
        income = scheme.ingreso_0 * power(1.0 + scheme.g_ingreso, t)
        spending = scheme.gasto_0 * power(1.0 + scheme.g_gasto, t)
        reserve = reserve * (1.0 + scheme.interes) + (income - spending) * (1.0 + scheme.interes / 2.0)
        rows.append(ReserveYear(t, income, spending, reserve))
    return tuple(rows)


def sensitivity(scenario: Scenario, key: str) -> tuple[Swing, ...]:
    """Return the benefit's cost with 10 % less and more people, 10 % smaller and larger amounts, and one point of growth either way."""
    benefit, macro = scenario.benefit(key), scenario.macro
    shares = [_share(_scaled(benefit, people=1.0 + part), macro) for part in (-TENTH, TENTH)]
    amounts = [_share(_scaled(benefit, amount=1.0 + part), macro) for part in (-TENTH, TENTH)]
    growth = [_share(benefit, replace(macro, crec_real=macro.crec_real + part)) for part in (-POINT, POINT)]
    return (Swing("poblacion", *shares), Swing("monto", *amounts), Swing("crec_real", *growth))


def _share(benefit: Benefit, macro: Macro) -> float:
    return 100.0 * cost_of(benefit, line_of(macro, macro.anio_meta)) / gdp_of(macro, macro.anio_meta)


def _scaled(benefit: Benefit, people: float = 1.0, amount: float = 1.0) -> Benefit:
    tranches = tuple(
        replace(
            tranche,
            poblacion=tranche.poblacion * people,
            factor_linea=None if tranche.factor_linea is None else tranche.factor_linea * amount,
            monto=None if tranche.monto is None else tranche.monto * amount,
        )
        for tranche in benefit.tramos
    )
    return replace(benefit, tramos=tranches)


def has_both_childhoods(scenario: Scenario) -> bool:
    """Say whether universal and targeted childhood benefits are added up, which are alternatives."""
    return scenario.benefit("ninez_universal").incluida and scenario.benefit("ninez_focalizada").incluida
