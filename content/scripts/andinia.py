"""Andinia, the fictional country of «Presupuesto social»: its data, exact, and what follows from them.

The data stand once, in presupuesto-social/scripts/andinia.yaml. The scripts that check the sums and draw the figures of that
course take every number of Andinia from here. `wrong()` lists the identities that do not hold: a country whose accounts do not
agree with its people, wages and output cannot teach consistency.

Run: python content/scripts/andinia.py   (prints the identities; stops at the first that fails). Needs ruamel.yaml.
"""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction as F
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SOURCE = Path(__file__).resolve().parent.parent / "presupuesto-social" / "scripts" / "andinia.yaml"
FUNCTIONS = ("vejez", "sobrevivientes", "invalidez", "salud", "desempleo", "familia", "accidentes", "exclusion", "administracion")
INCOMES = ("empleadores", "trabajadores", "estado", "inversiones")


def exact(value: Any) -> Any:
    """The data with every number as an exact fraction."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return value if isinstance(value, str) else F(str(value))


def decimal(value: F) -> D:
    """A fraction as the figures take it."""
    return D(value.numerator) / D(value.denominator)


DATA = exact(YAML(typ="safe").load(SOURCE))
PEOPLE, LABOUR, ECONOMY, GOVERNMENT = DATA["poblacion"], DATA["trabajo"], DATA["economia"], DATA["gobierno"]
RATES, SCHEMES, RESERVE, CHILDREN = DATA["cotizacion"], DATA["regimenes"], DATA["reserva"], DATA["ninez"]
GDP = ECONOMY["pib"]

# People at work, in thousands
FORCE = sum(people * share for people, share in LABOUR["edades"].values())
UNEMPLOYED = FORCE * LABOUR["desempleo"]
EMPLOYED = FORCE - UNEMPLOYED
WAGE_EARNERS = EMPLOYED * LABOUR["asalariada"]
CONTRIBUTORS = WAGE_EARNERS * LABOUR["cobertura_asalariada"]
COVERED_WAGES = CONTRIBUTORS * ECONOMY["salario_cotizable"] / 1000
WAGES = GDP * ECONOMY["parte_salarial"]
growth = ECONOMY["crecimiento"]
NOMINAL_GROWTH = (1 + growth["empleo"]) * (1 + growth["productividad"]) * (1 + growth["precios"])

# The accounts, in millions: by scheme, the columns in the order of INCOMES and FUNCTIONS
INCOME = {name: tuple(int(scheme["ingresos"][source]) for source in INCOMES) for name, scheme in SCHEMES.items()}
SPENDING = {name: tuple(int(scheme["gasto"].get(function, 0)) for function in FUNCTIONS) for name, scheme in SCHEMES.items()}
IN, OUT = sum(map(sum, INCOME.values())), sum(map(sum, SPENDING.values()))
BY_SOURCE = {source: sum(row[i] for row in INCOME.values()) for i, source in enumerate(INCOMES)}
BY_FUNCTION = {function: sum(row[i] for row in SPENDING.values()) for i, function in enumerate(FUNCTIONS)}
BOUGHT = int(SCHEMES["riesgos"]["compra_a_salud"])

# Old-age pensions of the contributory scheme
PENSIONERS = SCHEMES["pensiones"]["pensionistas_vejez"]
PENSION = SCHEMES["pensiones"]["gasto"]["vejez"] * 1000 / PENSIONERS
REPLACEMENT = PENSION / ECONOMY["salario_cotizable"]
FACTORS = (
    PEOPLE["edad_65_mas"] / PEOPLE["edad_15_64"],
    PENSIONERS / PEOPLE["edad_65_mas"],
    PEOPLE["edad_15_64"] / CONTRIBUTORS,
    REPLACEMENT,
    COVERED_WAGES / GDP,
)
OTHER_FACTORS = FACTORS[1] * FACTORS[2] * FACTORS[3] * FACTORS[4]
AGEING_LATER = PEOPLE["futuro"]["edad_65_mas"] / PEOPLE["futuro"]["edad_15_64"]
SHARE_NOW, SHARE_LATER = FACTORS[0] * OTHER_FACTORS, AGEING_LATER * OTHER_FACTORS
PREMIUM = PENSIONERS / CONTRIBUTORS * REPLACEMENT

# Contributions to pensions: if all were paid all year, with density, with compliance
FULL = COVERED_WAGES * RATES["tasa_pensiones"]
DENSE = FULL * RATES["densidad"]
PAID = DENSE * RATES["cumplimiento"]

INSURED = tuple(SCHEMES["salud"]["asegurados"].values())
HEALTH = sum(people * cost for people, cost in INSURED)
unemployment = SCHEMES["desempleo"]
UNEMPLOYMENT = UNEMPLOYED * unemployment["parte_que_cobra"] * unemployment["pago_mensual"] * unemployment["meses"] / 1000
CHILD_BENEFIT = PEOPLE["menores_0_5"] * CHILDREN["costo_unitario"] / 1000 * (1 + CHILDREN["administracion"])


def balance(year: int, growth_of_spending: F = RESERVE["g_gasto"]) -> F:
    """Income without interest minus expenditure of a year of the reform that is debated."""
    return RESERVE["ingreso_0"] * (1 + RESERVE["g_ingreso"]) ** year - RESERVE["gasto_0"] * (1 + growth_of_spending) ** year


def reserve(years: int, growth_of_spending: F = RESERVE["g_gasto"]) -> list[F]:
    """The reserve at the close of each year, from year 0."""
    level = [RESERVE["inicial"]]
    for year in range(1, years + 1):
        level.append(level[-1] * (1 + RESERVE["interes"]) + balance(year, growth_of_spending) * (1 + RESERVE["interes"] / 2))
    return level


def runs_out(growth_of_spending: F = RESERVE["g_gasto"]) -> int:
    """The first year whose reserve at the close is below zero."""
    return next(year for year, level in enumerate(reserve(60, growth_of_spending)) if level < 0)


def identities() -> list[tuple[str, F, F, F]]:
    """What must be equal: its name, the two sides, and how far rounding may part them."""
    none, rounding = F(0), F(1, 20)
    pensions, work = SCHEMES["pensiones"], LABOUR["edades"].values()
    reform = RESERVE["reforma"]
    apart = pensions["ingresos"]["inversiones"] - pensions["interes_de_la_reserva"]
    own = sum(INCOME["pensiones"][:3]) + apart
    return [
        ("people of 15 to 64 are those of the three groups at work", PEOPLE["edad_15_64"], sum(people for people, _share in work), none),
        ("spending by scheme is spending by function", F(OUT), F(sum(BY_FUNCTION.values())), none),
        ("income by scheme is income by source", F(IN), F(sum(BY_SOURCE.values())), none),
        ("contributions collected are those of the accounts", PAID, F(sum(INCOME["pensiones"][:2])), rounding),
        ("pensioners by mean pension are the old-age account", PENSIONERS * PENSION / 1000, F(SPENDING["pensiones"][0]), none),
        ("the five factors are old-age spending over GDP", SHARE_NOW, SPENDING["pensiones"][0] / GDP, none),
        ("the insured by their cost are the health account", HEALTH, F(SPENDING["salud"][3]), none),
        ("the unemployed by their payments are the unemployment account", UNEMPLOYMENT, F(SPENDING["desempleo"][4]), F(1, 10)),
        ("interest of the reserve", RESERVE["inicial"] * RESERVE["interes"], pensions["interes_de_la_reserva"], none),
        ("pensions with the reform", sum(SPENDING["pensiones"]) + reform["alza_pensiones"], RESERVE["gasto_0"], none),
        ("income without interest with the reform", own + reform["mas_estado"], RESERVE["ingreso_0"], none),
        ("care bought from hospitals is what the accident scheme spends on health", F(BOUGHT), F(SPENDING["riesgos"][3]), none),
        ("the family bonus is what the child benefit would take in", F(SPENDING["asistencia"][5]), F(150), none),
    ]


def limits() -> list[tuple[str, F, F]]:
    """What may not exceed what: its name, the smaller and the greater."""
    children, adults, old = (people * 1000 for people, _cost in INSURED)
    uncovered = (WAGES - COVERED_WAGES) * 1000 / (WAGE_EARNERS - CONTRIBUTORS)
    young = PEOPLE["menores_0_5"] + PEOPLE["menores_6_14"] + PEOPLE["jovenes_15_17"]
    return [
        ("covered wages within all wages", COVERED_WAGES, WAGES),
        ("who is not covered earns no more than who is", uncovered, ECONOMY["salario_cotizable"]),
        ("contributors within wage earners", CONTRIBUTORS, WAGE_EARNERS),
        ("the State's part within its spending", F(BY_SOURCE["estado"]), GOVERNMENT["gasto_primario"]),
        ("children of up to three within those of up to five", PEOPLE["menores_0_3"], PEOPLE["menores_0_5"]),
        ("insured children", children, young),
        ("insured adults", adults, PEOPLE["edad_15_64"] - PEOPLE["jovenes_15_17"]),
        ("insured older people", old, PEOPLE["edad_65_mas"]),
        ("contributors are insured", CONTRIBUTORS, adults),
        ("pensioners within older people", PENSIONERS, PEOPLE["edad_65_mas"]),
    ]


def wrong() -> list[str]:
    """The identities and limits that do not hold."""
    unequal = [name for name, left, right, apart in identities() if abs(left - right) > apart]
    return unequal + [name for name, small, great in limits() if small > great]


def main() -> None:
    """Print every identity and limit; stop when one fails."""
    for name, left, right, _apart in identities():
        print(f"{name}: {float(left):.4f} = {float(right):.4f}")
    for name, small, great in limits():
        print(f"{name}: {float(small):.1f} <= {float(great):.1f}")
    if broken := wrong():
        raise SystemExit(f"does not hold: {'; '.join(broken)}")


if __name__ == "__main__":
    main()
