"""The model of the social budget: the worked example, the formulas, the outputs by name, and a scenario as a short text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from simulators.rules.scenario import (
    BENEFITS,
    SPECS,
    STEPS,
    TRANCHES,
    VERSION,
    Benefit,
    Inputs,
    Macro,
    Reserve,
    Rollout,
    Scenario,
    faults,
    read_scenario,
)

PUBLISHED_TOTAL = 2.51
"""Percent of GDP of the whole floor, as published; its year is in doubt (2030 in one document, 2020 in an official note)."""


def _inputs_of_benefit(
    key: str, *, elegible: float, meses: float, objetivo: float, incluida: bool, tramos: Mapping[str, float]
) -> dict[str, float]:
    own = {"incluida": float(incluida), "elegible": elegible, "captacion": 1.0, "meses": meses, "admin": 0.0, "objetivo_pct": objetivo}
    return {f"{key}.{name}": value for name, value in {**own, **{f"tramos.{name}": value for name, value in tramos.items()}}.items()}


# The worked example of the specification («referencia 2030»): the scenario from which every other one differs. Targets are published;
# the inputs were chosen round or solved for, so that the formula gives the published share.
REFERENCE: Inputs = {
    "macro.anio_base": 2024.0,
    "macro.anio_meta": 2030.0,
    "macro.pib_base": 118_000_000_000.0,
    "macro.crec_real": 0.02,
    "macro.deflactor": 0.015,
    "macro.linea_base": 92.40,
    "macro.anio_linea": 2025.0,
    "macro.inflacion": 0.015,
    **_inputs_of_benefit(
        "ninez_universal", elegible=1.0, meses=12.0, objetivo=7.3, incluida=False, tramos={"1.poblacion": 5_600_000.0, "1.monto": 157.85}
    ),
    **_inputs_of_benefit(
        "ninez_focalizada",
        elegible=0.2809,
        meses=12.0,
        objetivo=1.3,
        incluida=False,
        tramos={
            "1.poblacion": 1_650_000.0,
            "1.factor_linea": 1.20,
            "2.poblacion": 1_900_000.0,
            "2.factor_linea": 0.95,
            "3.poblacion": 2_050_000.0,
            "3.factor_linea": 0.90,
        },
    ),
    **_inputs_of_benefit(
        "maternidad", elegible=0.7315, meses=18.0, objetivo=0.23, incluida=True, tramos={"1.poblacion": 255_000.0, "1.factor_linea": 1.0}
    ),
    **_inputs_of_benefit(
        "discapacidad", elegible=0.5464, meses=12.0, objetivo=0.21, incluida=True, tramos={"1.poblacion": 467_500.0, "1.factor_linea": 1.0}
    ),
    **_inputs_of_benefit(
        "vejez", elegible=0.6444, meses=12.0, objetivo=0.98, incluida=True, tramos={"1.poblacion": 1_850_000.0, "1.factor_linea": 1.0}
    ),
    "despliegue.anio_inicio": 2026.0,
    "despliegue.crec_poblacion": 0.03,
    "despliegue.pasos.1": 0.2,
    "despliegue.pasos.2": 0.4,
    "despliegue.pasos.3": 0.6,
    "despliegue.pasos.4": 0.8,
    "despliegue.pasos.5": 1.0,
    "reserva.reserva_0": 1500.0,
    "reserva.ingreso_0": 1500.0,
    "reserva.g_ingreso": 0.03,
    "reserva.gasto_0": 1560.0,
    "reserva.g_gasto": 0.06,
    "reserva.interes": 0.05,
    "reserva.anios": 10.0,
}


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
    """Return whether universal and targeted childhood benefits are added up, which are alternatives."""
    return scenario.benefit("ninez_universal").incluida and scenario.benefit("ninez_focalizada").incluida


Outputs = Mapping[str, float | None]
"""Output by dotted name -> value; None where the scenario gives it none (a denominator of zero, a reserve that lasts)."""

OF_BENEFIT = (
    "costo",
    "pct_pib",
    "pct_gasto_publico",
    "beneficiarios",
    "poblacion",
    "cobertura",
    "mensual",
    "suficiencia",
)
INVERSE = ("elegible", "captacion", "meses", "monto")
OF_YEAR = ("despliegue", "beneficiarios", "costo", "pct_pib")
OF_RESERVE = ("ingreso", "gasto", "reserva")


def compute(inputs: Inputs) -> dict[str, float | None]:
    """Run the model on inputs; raise ImpossibleScenario."""
    return outputs_of(evaluate(read_scenario(inputs)))


def outputs_of(result: BudgetResult) -> dict[str, float | None]:
    """Name every result."""
    return dict(_named(result))


def _named(result: BudgetResult) -> Iterator[tuple[str, float | None]]:
    yield "macro.pib_meta", result.pib_meta
    yield "macro.linea_meta", result.linea_meta
    for benefit in result.benefits:
        for name in OF_BENEFIT:
            yield f"{benefit.key}.{name}", getattr(benefit, name)
        for name in INVERSE:
            yield f"{benefit.key}.inverso.{name}", getattr(benefit.inverso, name)
    yield "total.costo", result.total.costo
    yield "total.pct_pib", result.total.pct_pib
    yield "total.pct_gasto_publico", result.total.pct_gasto_publico
    for key, years in zip(BENEFITS, result.trayectorias, strict=True):
        for year in years:
            for name in OF_YEAR:
                yield f"trayectoria_{key}.{year.anio}.{name}", getattr(year, name)
    for row in result.filas:
        for name in OF_RESERVE:
            yield f"reserva.filas.{row.t}.{name}", getattr(row, name)
    yield "reserva.anio_de_agotamiento", None if result.anio_de_agotamiento is None else float(result.anio_de_agotamiento)


LONGEST_SCENARIO = 4000
ABSENT = "x"
_PART = re.compile(r"([a-zA-Z]+?)(x|-?[0-9]{1,16}(?:\.[0-9]{1,340})?)")
_GROUPS = {"ninez_universal": "u", "ninez_focalizada": "f", "maternidad": "m", "discapacidad": "d", "vejez": "v"}
_BENEFIT = {"incluida": "i", "elegible": "e", "captacion": "c", "meses": "m", "admin": "a", "objetivo_pct": "o"}
_TRANCHE = {"poblacion": "p", "factor_linea": "f", "monto": "u"}
_CAPITALS = "ABCDEFGHIJ"


class BadAddress(ValueError):
    """A text that is no scenario of this version: cut, mistyped, or made by other formulas."""


def _codes() -> dict[str, str]:
    codes = {
        "macro.anio_base": "gb",
        "macro.anio_meta": "gy",
        "macro.pib_base": "gp",
        "macro.crec_real": "gr",
        "macro.deflactor": "gd",
        "macro.linea_base": "gl",
        "macro.anio_linea": "ga",
        "macro.inflacion": "gi",
        "macro.gasto_publico_pct_pib": "gg",
        "despliegue.anio_inicio": "ra",
        "despliegue.crec_poblacion": "rg",
        "reserva.reserva_0": "cr",
        "reserva.ingreso_0": "ci",
        "reserva.g_ingreso": "cj",
        "reserva.gasto_0": "cg",
        "reserva.g_gasto": "ch",
        "reserva.interes": "ct",
        "reserva.anios": "cn",
    }
    codes |= {f"despliegue.pasos.{number}": f"rd{_CAPITALS[number - 1]}" for number in range(1, STEPS + 1)}
    for key in BENEFITS:
        codes |= {f"{key}.{name}": _GROUPS[key] + code for name, code in _BENEFIT.items()}
        for number in range(1, TRANCHES + 1):
            codes |= {f"{key}.tramos.{number}.{name}": f"{_GROUPS[key]}{code}{_CAPITALS[number - 1]}" for name, code in _TRANCHE.items()}
    return codes


CODES: Mapping[str, str] = _codes()
NAMES: Mapping[str, str] = {code: name for name, code in CODES.items()}


def write_number(value: float) -> str:
    """Write the shortest decimal that reads back as the same double, without exponent."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def encode(inputs: Inputs) -> str:
    """Write a scenario."""
    parts = [str(VERSION)]
    for name in SPECS:
        value = inputs.get(name)
        if value != REFERENCE.get(name):
            parts.append(CODES[name] + (ABSENT if value is None else write_number(value)))
    return "_".join(parts)


def decode(text: str) -> dict[str, float]:
    """Read a scenario; raise BadAddress where the text is not one, or its inputs are outside their limits."""
    if len(text) > LONGEST_SCENARIO:
        raise BadAddress("too long")
    version, *parts = text.split("_")
    if version != str(VERSION):
        raise BadAddress("another version")
    inputs = dict(REFERENCE)
    for part in parts:
        match = _PART.fullmatch(part)
        name = NAMES.get(match[1]) if match else None
        if match is None or name is None:
            raise BadAddress("unknown part")
        if match[2] == ABSENT:
            inputs.pop(name, None)
        else:
            inputs[name] = float(match[2])
    if faults(inputs):
        raise BadAddress("no scenario")
    return inputs
