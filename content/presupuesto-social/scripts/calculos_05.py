"""Recompute every calculation of module 5 (scenarios, fiscal space and policy use)."""

from __future__ import annotations

from fractions import Fraction as F

from andinia import CHILD_BENEFIT, CHILDREN, GDP, PEOPLE
from cuentas import Module


def gdp(growth: str) -> F:
    """Nominal GDP of 2030 in millions, from 118 000 in 2024."""
    return 118_000 * (1 + F(growth)) ** 6


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    for label, ages, monthly in (("A", "menores_0_3", 50), ("B", "menores_0_5", 50), ("B con estrés", "menores_0_5", 60)):
        cost = PEOPLE[ages] / 1000 * monthly * 12 * F("1.05")
        m.has("01", label, cost, 1)
        m.has("01", f"{label}, PIB", cost / 20_000 * 100, 2)
    m.has("01", "prestación para la niñez", CHILD_BENEFIT, 1)
    assert PEOPLE["menores_0_5"] == 400 and CHILDREN["costo_unitario"] == 50 * 12
    m.has("06", "prestación para la niñez, en el PIB", CHILD_BENEFIT / GDP * 100, 2)
    assert F("0.40") * 600 * F("1.05") * F("0.6") == F("0.24") * 600 * F("1.05")
    m.has("01", "divide entre la parte", F("0.80") / F("0.25"), 2)
    assert 300 * 600 + 600 * 20 == 192_000 and F(192_000, 240) == 800 and F(600_000, 400) == 1500
    m.has("02", "más al año", F(600_000 - 192_000))
    assert 1000 - 400 - 60 == 540 and 400 - 240 == 160
    assert F("1.3") + F("0.23") + F("0.21") + F("0.98") == F("2.72") and F("2.51") - F("1.42") == F("1.09")
    m.has("03", "suma los componentes al total", 3 + F("2.1"), 1)
    for growth in ("0.045", "0.0353", "0.02"):
        m.has("04", f"PIB al {growth}", gdp(growth))
        m.has("04", f"peso al {growth}", 142_400 / gdp(growth), 2)
    m.has("04", "PIB con un 3,5 % redondo", gdp("0.035"))
    assert 1 + F("0.0353") == F("1.02") * F("1.015") and round(142_400 / gdp("0.035"), 2) == round(142_400 / gdp("0.0353"), 2)
    m.has("04", "del mejor al peor", 142_400 / gdp("0.02") - 142_400 / gdp("0.045"), 2)
    m.has("05", "brecha en el PIB", F(102, 200), 2)
    assert (40 + 30, 40 + 55, 40 + 55 + 20) == (70, 95, 115) and (102 - 70, 102 - 95, 115 - 102) == (32, 7, 13)
    m.has("05", "costo completo", F(500, 300), 2)
    assert F(180, 500) == F("0.36")
    for year, part in enumerate(("0.2", "0.4", "0.6", "0.8", "1"), 1):
        m.has("07", f"focalizada, año {year}", F("1.3") * F(part), 2)
        m.has("07", f"universal, año {year}", F("7.3") * F(part), 2)
        m.has("07", f"sobra, año {year}", F("0.4") * year - F("1.3") * F(part), 2)


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    assert round(float(F("7.3") / F("1.3")), 1) == 5.6 and F("7.3") - F("1.3") == 6 and round(float(F("7.3") * F("1.3")), 1) == 9.5
    m.drawn("parte-sin-desglosar", {"total": F("2.85"), "a": F("0.24"), "b": F("0.18"), "c": F("0.95")}, F("1.48"))
    m.drawn("costo-en-escenario-pesimista", {"costo": 1000, "base": 50_000, "mas": 5, "menos": 20}, F("2.5"))
    low, high = F("1.02") ** 5, F("1.07") ** 5
    m.drawn("puntos-entre-dos-escenarios", {"costo": 1000, "alto": 7, "bajo": 2}, 5 / low - 5 / high)
    m.drawn("brecha-de-financiamiento-andinia", {"costo": 900, "asignado": 640, "pib": 20_000}, F("1.3"))
    m.drawn("segundo-anio-de-despliegue", {"costo": F("1.5"), "parte": 40}, F("0.6"))
    m.drawn("lo-que-falta-el-segundo-anio", {"costo": 300, "asignado": 180, "reasignacion": 50, "impuesto": 60}, 10)
    m.drawn("costo-despues-de-la-donacion", {"costo": 300, "alza": 5, "asignado": 120}, 195)
    m.all_drawn()


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/05-escenarios-y-espacio-fiscal")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
