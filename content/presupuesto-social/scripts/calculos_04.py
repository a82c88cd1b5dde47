"""Recompute every calculation of module 4 (projecting expenditure and income)."""

from __future__ import annotations

from fractions import Fraction as F

from andinia import (
    AGEING_LATER,
    COVERED_WAGES,
    DENSE,
    FACTORS,
    FULL,
    GDP,
    HEALTH,
    INSURED,
    OTHER_FACTORS,
    PAID,
    PENSION,
    PREMIUM,
    RATES,
    SCHEMES,
    SHARE_LATER,
    SHARE_NOW,
    SPENDING,
    UNEMPLOYED,
    UNEMPLOYMENT,
    balance,
    reserve,
    runs_out,
)
from cuentas import Module


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    assert 96_000 * 100 == 24 * 400_000 and 120_000 - 96_000 == 24_000
    m.has("01", "olvida la captación", F(220_000 * 960, 1_000_000), 2)
    m.has("01", "paga un mes", F(198_000 * 80, 1_000_000), 2)
    now, later = SHARE_NOW * 100, SHARE_LATER * 100
    m.has("02", "pensión media", PENSION, 2)
    m.has("02", "masa que cotiza", COVERED_WAGES, 3)
    for name, factor in zip(("envejecimiento", "cobertura", "empleo", "reemplazo", "salarios"), FACTORS, strict=True):
        m.has("02", name, factor, 5)
    m.has("02", "envejecimiento futuro", AGEING_LATER, 5)
    m.has("02", "cuatro factores", OTHER_FACTORS, 5)
    m.has("02", "gasto de partida", now, 3)
    m.has("02", "gasto futuro", later, 3)
    m.has("02", "aumento", later - now, 2)
    m.has("02", "reemplazo 0,40", later * F("0.40") / FACTORS[3], 2)
    m.has("02", "suma los factores", F("0.125") + F("0.60") + F("1.60") + F("0.45") + F("0.50"), 3)
    assert round(float(later / now - 1) * 100) == 28 and F("1.52") / F("1.60") == F("0.95")
    assert abs(F("10.1") + F("8.7") - F("2.6") - F("0.7") - F("2.5") - F("0.6") - F("12.5")) <= F("0.15")  # rounding of the source
    m.has("03", "teórico", FULL, 1)
    m.has("03", "con densidad", DENSE, 1)
    m.has("03", "con cumplimiento", PAID, 1)
    m.has("03", "por densidad", FULL - DENSE, 1)
    m.has("03", "por impagos", DENSE - PAID, 1)
    m.has("03", "faltan", FULL - PAID, 1)
    needed, collected = sum(SPENDING["pensiones"][:3]) / COVERED_WAGES * 100, 1100 / COVERED_WAGES * 100
    m.has("03", "prima de vejez", PREMIUM * 100, 2)
    m.has("03", "prima con las demás pensiones", needed, 2)
    m.has("03", "lo que llega", collected, 2)
    m.has("03", "puntos que faltan", needed - collected, 2)
    assert PREMIUM < RATES["tasa_pensiones"] < needed / 100
    people, unemployment = sum(count for count, _cost in INSURED), SCHEMES["desempleo"]
    for count, cost in INSURED:
        m.has("04", "parte de la población", count / people * 100, 1)
        m.has("04", "parte del gasto", count * cost / HEALTH * 100, 1)
    mean = sum(cost for _count, cost in INSURED) / 3
    m.has("04", "gasto", HEALTH)
    m.has("04", "gasto con el alza", HEALTH * (1 + SCHEMES["salud"]["alza"]), 1)
    m.has("04", "promedio", mean)
    m.has("04", "promedio simple", mean * people, 1)
    assert abs(mean * people - HEALTH - 300) < 1
    m.has("04", "cobran", UNEMPLOYED * unemployment["parte_que_cobra"] * 1000)
    m.has("04", "costo de cada una", unemployment["pago_mensual"] * unemployment["meses"])
    m.has("04", "desempleo", UNEMPLOYMENT, 2)
    m.has("04", "recesión", UNEMPLOYMENT * F("1.56"), 2)
    m.has("04", "todos al promedio, con alza", F(300) * F("1.1"))
    unreformed = sum(SPENDING["pensiones"])  # in millions; the English text says it in billions
    assert f" {unreformed} a 1560" in m.lessons["05", "es"] and f" {float(unreformed) / 1000} billion" in m.lessons["05", "en"]
    for year, level in enumerate(reserve(7)):
        m.has("05", f"reserva, año {year}", level, 1)
        if year:
            m.has("05", f"saldo, año {year}", balance(year), 1)
    m.has("05", "interés del sexto año", reserve(5)[5] * F("0.05"), 1)
    assert [runs_out(F(percent, 100)) for percent in (6, 5, 4, 3)] == [7, 8, 11, 34]
    assert F("1.02") ** 5 < F("1.105")
    for growth, years in (("0.06", (1, 2, 4, 6, 7)), ("0.04", (1, 2, 4, 6, 7, 8, 10, 11)), ("0.03", (1, 2, 4, 6, 7, 8, 10, 11))):
        for year in years:
            m.has("07", f"{growth}, año {year}", reserve(11, F(growth))[year], 1)
    low = reserve(9, F("0.03"))
    assert low[7] > low[6] and low[8] < low[7]
    factors, target = [F("0.125"), F("0.60"), F("1.60"), F("0.45"), F("0.50")], [F("0.160"), F("0.55"), F("1.50"), F("0.42"), F("0.50")]
    spending = F(100)
    for factor in factors:
        spending *= factor
    m.has("08", "año 0", spending, 3)
    for before, after in zip(factors, target, strict=True):
        change = spending * (after / before - 1)
        spending += change
        if change:
            m.has("08", "tras el cambio", spending, 3)
            m.has("08", "diferencia", abs(change), 3)
    m.has("08", "reemplazo primero", F("2.7") * F("0.42") / F("0.45"), 3)


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    m.answers("personas-y-millones", 300 * F("0.3"), 300 * F("0.4"), 300 * F("0.75"), gap="miles", places=0)
    m.answers("personas-y-millones", F(90 * 600, 1000), F(120 * 600, 1000), F(300 * 600, 1000), gap="gasto", places=0)
    m.answers("agotamiento-y-razon", 11, 10, 12, gap="anio", places=0)
    m.answers("agotamiento-y-razon", F(270, 1800), F(1800, 270), F(640, 1800), gap="razon")
    m.drawn("costo-de-una-transferencia", {"miles": 600, "elegible": 25, "captacion": 60, "monto": 40, "admin": 10}, F("47.52"))
    m.drawn("costo-de-una-pension-en-el-pib", {"monto": 80, "miles": 220, "captacion": 90, "pib": 20_000}, F(19_008, 20_000))
    m.drawn("solo-envejece-andinia", {"gasto": F("4.4"), "antes": 11, "despues": 16}, F("6.4"))
    m.drawn("gasto-de-cinco-factores", {"d": F("0.15"), "c": F("0.60"), "e": 3, "r": F("0.48")}, F("5.184"))
    m.drawn("por-ciento-y-puntos-del-gasto", {"antes": 8, "despues": 10}, 25)
    m.drawn("prima-de-un-regimen", {"pensionistas": 360, "cotizantes": 1200, "reemplazo": 40}, 12)
    m.drawn("cotizaciones-con-cumplimiento", {"miles": 500, "densidad": F("0.9"), "salario": 8000, "tasa": 10, "cumplimiento": 95}, 342)
    m.drawn("gasto-por-desempleo", {"miles": 200, "cubierta": 30, "monto": 150, "meses": 4}, 36)
    m.drawn("salud-por-grupos-de-edad", {"menores": 1000, "adultas": 2000, "mayores": 400, "costo": 400, "alza": 5}, 588)
    m.drawn("reserva-al-cierre", {"reserva": 800, "ingreso": 300, "gasto": 340, "interes": 4}, F("791.2"))
    m.drawn("razon-de-reserva-del-ano", {"anio": 5, "reserva": 900, "gasto": 1800, "ingreso": 1500}, F("0.5"))
    m.drawn("puntos-que-resta-el-empleo", {"gasto": F("2.4"), "antes": F("1.6"), "despues": F("1.5")}, F("0.15"))
    m.all_drawn()


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/04-proyectar-gastos-e-ingresos")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
