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
    for label, people, monthly in (("A", "0.24", 50), ("B", "0.40", 50), ("B con estrés", "0.40", 60)):
        cost = F(people) * monthly * 12 * F("1.05")
        m.has("01", label, cost, 1)
        m.has("01", f"{label}, PIB", cost / 20_000 * 100, 2)
    m.has("01", "prestación para la niñez", CHILD_BENEFIT, 1)
    assert PEOPLE["menores_0_5"] == 400 and CHILDREN["costo_unitario"] == 50 * 12
    m.has("06", "prestación para la niñez, en el PIB", CHILD_BENEFIT / GDP * 100, 2)
    assert F("0.40") * 600 * F("1.05") * F("0.6") == F("0.24") * 600 * F("1.05")
    m.has("01", "divide entre la parte", F("0.80") / F("0.25"), 2)
    assert 300 * 600 + 600 * 20 == 192_000 and F(192_000, 240) == 800 and F(600_000, 400) == 1500
    m.has("02", "más al año", (600_000 - 192_000) / F(1000))
    assert 1000 - 400 - 60 == 540 and 400 - 240 == 160
    assert F("1.3") + F("0.23") + F("0.21") + F("0.98") == F("2.72") and F("2.51") - F("1.42") == F("1.09")
    m.has("03", "suma los componentes al total", 3 + F("2.1"), 1)
    for growth in ("0.045", "0.035", "0.02"):
        m.has("04", f"PIB al {growth}", gdp(growth))
        m.has("04", f"peso al {growth}", 142_400 / gdp(growth), 2)
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
    m.answers("parte-sin-desglosar", F("2.51") - F("1.42"), F("1.42"), F("2.51") + F("1.42"), F("2.51") - F("0.23"))
    m.answers("costo-en-escenario-pesimista", 142_400 / gdp("0.02"), 142_400 / gdp("0.035"), 142_400 / gdp("0.045"), gdp("0.02") / 1424)
    m.answers("brecha-de-financiamiento-andinia", F(260, 200), F(900, 200), F(640, 200), F(260, 9))
    m.answers("segundo-anio-de-despliegue", F("1.3") * F("0.4"), F("1.3") * F("0.6"), F("1.3") / F("0.4"), F("1.3") + F("0.4"))
    m.answers("lo-que-falta-el-segundo-anio", 120 - 110, 120 - 50, 300 - 110, 120 - 90, places=0)
    assert round(float(F("7.3") / F("1.3")), 1) == 5.6 and F("7.3") - F("1.3") == 6 and round(float(F("7.3") * F("1.3")), 1) == 9.5


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/05-escenarios-y-espacio-fiscal")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
