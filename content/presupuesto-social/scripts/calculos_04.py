"""Recompute every calculation of module 4 (projecting expenditure and income)."""

from __future__ import annotations

from fractions import Fraction as F

from cuentas import Module

OTHERS = F(300, 520) * F(4100) / F("2594.4") * F("0.45") * F("0.48")


def reserve(growth: str, years: int, *, start: int = 1500) -> list[F]:
    """The reserve of Andinia at the close of each year, from year 0."""
    level = [F(start)]
    for year in range(1, years + 1):
        balance = 1500 * F("1.03") ** year - 1560 * (1 + F(growth)) ** year
        level.append(level[-1] * F("1.05") + balance * F("1.025"))
    return level


def empty(growth: str) -> int:
    """The first year that closes below zero."""
    return next(t for t, level in enumerate(reserve(growth, 60)) if level < 0)


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    assert 96_000 * 100 == 24 * 400_000 and 120_000 - 96_000 == 24_000
    m.has("01", "olvida la captación", F(220_000 * 960, 1_000_000), 2)
    m.has("01", "paga un mes", F(198_000 * 80, 1_000_000), 2)
    now, later = F(520, 4100) * OTHERS * 100, F(700, 4300) * OTHERS * 100
    m.has("02", "cuatro factores", OTHERS, 5)
    m.has("02", "gasto de partida", now, 3)
    m.has("02", "gasto futuro", later, 3)
    m.has("02", "aumento", later - now, 2)
    m.has("02", "reemplazo 0,40", F(700, 4300) * F(300, 520) * F(4100) / F("2594.4") * F("0.40") * F("0.48") * 100, 2)
    m.has("02", "suma los factores", F("0.125") + F("0.60") + F("1.60") + F("0.45") + F("0.50"), 3)
    assert round(float(later / now - 1) * 100) == 28 and F("1.52") / F("1.60") == F("0.95")
    assert abs(F("10.1") + F("8.7") - F("2.6") - F("0.7") - F("2.5") - F("0.6") - F("12.5")) <= F("0.15")  # rounding of the source
    full = F(998_844 * 6000) * F("0.11") / 1_000_000
    dense = full * F("0.92")
    m.has("03", "teórico", full, 1)
    m.has("03", "con densidad", dense, 1)
    m.has("03", "con cumplimiento", dense * F("0.95"), 1)
    m.has("03", "por densidad", full - dense, 1)
    m.has("03", "por impagos", dense * F("0.05"), 1)
    m.has("03", "faltan", full - dense * F("0.95"))
    m.has("03", "puntos que faltan", F(300) / F("998.844") * 45 - 11, 2)
    people, money = F("4.2"), F(668)
    for count, cost in ((F("1.2"), 90), (F("2.5"), 140), (F("0.5"), 420)):
        m.has("04", "parte de la población", count / people * 100, 1)
        m.has("04", "parte del gasto", count * cost / money * 100, 1)
    m.has("04", "promedio", F(90 + 140 + 420, 3), 2)
    m.has("04", "promedio simple", F(650, 3) * people, 1)
    m.has("04", "sobran", F(650, 3) * people - 668)
    m.has("04", "recesión", F("37.26") * F("1.56"), 2)
    m.has("04", "todos al promedio, con alza", F(300) * F("1.1"))
    for year, level in enumerate(reserve("0.06", 7)):
        m.has("05", f"reserva, año {year}", level, 1)
        if year:
            m.has("05", f"saldo, año {year}", 1500 * F("1.03") ** year - 1560 * F("1.06") ** year, 1)
    m.has("05", "interés del sexto año", reserve("0.06", 5)[5] * F("0.05"), 1)
    assert [empty(g) for g in ("0.06", "0.05", "0.04", "0.03")] == [7, 8, 11, 34]
    assert F("1.02") ** 5 < F("1.105")
    for growth, years in (("0.06", (1, 2, 4, 6, 7)), ("0.04", (1, 2, 4, 6, 7, 8, 10, 11)), ("0.03", (1, 2, 4, 6, 7, 8, 10, 11))):
        for year in years:
            m.has("07", f"{growth}, año {year}", reserve(growth, 11)[year], 1)
    low = reserve("0.03", 9)
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
    paid = F(600_000) * F("0.25") * F("0.60") * 480 / 1_000_000
    m.answers("costo-de-una-transferencia", paid * F("1.1"), paid, paid / F("0.6") * F("1.1"), paid / 12 * F("1.1"))
    m.answers("personas-y-millones", 300 * F("0.3"), 300 * F("0.4"), 300 * F("0.75"), gap="miles", places=0)
    m.answers("personas-y-millones", F(90 * 600, 1000), F(120 * 600, 1000), F(300 * 600, 1000), gap="gasto", places=0)
    m.answers("prima-de-un-regimen", F(360, 1200) * 40, F(360, 1200) * 100, F(1200, 360) * 40, 30 + 40)
    due = F(500_000 * 8000) * F("0.1") / 1_000_000
    m.answers("cotizaciones-con-cumplimiento", due * F("0.9") * F("0.95"), due * F("0.9"), due * F("0.95"), due, places=1)
    m.answers("gasto-por-desempleo", 60 * F("0.6"), 200 * F("0.6"), 60 * F("0.15"), 140 * F("0.6"))
    m.answers("salud-por-grupos-de-edad", 560 * F("1.05"), 560, F(650, 3) * F("3.4") * F("1.05"), 560 * F("0.05"), places=1)
    m.answers("reserva-al-cierre", 832 - 40 * F("1.02"), 832, 832 - 40, 832 + 40 * F("1.02"), places=1)
    m.answers("agotamiento-y-razon", 7, 6, 8, gap="anio", places=0)
    spent = 1560 * F("1.06") ** 6
    m.answers("agotamiento-y-razon", F("281.7") / spent, spent / F("281.7"), F("680.1") / spent, gap="razon")
    after = F("2.40") * F("1.50") / F("1.60")
    m.answers("puntos-que-resta-el-empleo", F("2.40") - after, after, F("0.10"), (1 - F("1.50") / F("1.60")) * 100)
    assert round(float(F("2.5") * F("0.1628") / F("0.1268")), 2) == 3.21 and F("0.7") == 1 - F("0.3")


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/04-proyectar-gastos-e-ingresos")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
