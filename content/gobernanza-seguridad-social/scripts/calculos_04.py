"""Recompute every calculation of module 4 (employment injury) with exact decimals and compare with its lessons and bank."""

from __future__ import annotations

from datetime import date
from fractions import Fraction as F

from cuentas import Module

HOURS = 200_000
PREMIUM = F("0.0038")


def rate(cases: int, hours: int, constant: int = HOURS) -> F:
    """Accidents or days lost for so many hours."""
    return F(cases * constant, hours)


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, right and wrong."""
    assert 100 * 40 * 50 == HOURS
    assert 60000 * PREMIUM * 12 == 2736 and F(9600, 3) == 3200 and F(3200, 600) > 5
    m.has("01", "error: coma corrida", 24000 * PREMIUM * 10)
    m.has("01", "error: por mitades", 24000 * PREMIUM / 2, 2)
    assert (date(2025, 6, 2) - date(2025, 3, 4)).days == 27 + 30 + 31 + 2 == 90
    assert rate(6, 300000) == 4 and rate(90, 300000) == 60 and rate(9, 600000) == 3 and rate(45, 600000) == 15
    assert rate(90, 300000) == 4 * rate(45, 600000) and F(90, 6) == 15 and F(45, 9) == 5
    m.has("05", "Cuenca, error: horas entre accidentes", F(160000, 4))
    assert rate(4, 160000, 1_000_000) == 25
    assert 40 + 60 == 100 and F(100, 160) == F("0.625")
    m.has("06", "error: siete días", 3 * 7 * 4)
    assert rate(5, 100000) == 10 and rate(10, 250000) == 8 and rate(1, 40000) == 5 and F(250, 100) == F("2.5")


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    assert F(10000, 2) == 5000 and F(30000, 3) == 10000
    m.drawn("frecuencia-de-un-anio", {"casos": 9, "miles": 360}, rate(9, 360000))
    m.drawn("gravedad-de-un-anio", {"casos": 9, "dias": 108, "miles": 360}, rate(108, 360000))
    m.drawn("prima-de-una-nomina", {"nomina": 40000}, 40000 * PREMIUM)
    m.drawn("dias-por-caso", {"casos": 4, "dias": 60, "otros": 10}, 12)
    m.drawn("horas-de-una-vuelta-gradual", {"uno": 3, "dos": 1}, F(18, 32) * 100)
    m.drawn("subsidio-por-accidente", {"sueldo": 600, "dias": 100}, 20 * (70 * F("0.75") + 30 * F("0.66")))
    m.drawn("pension-por-grado", {"promedio": 700}, 560)
    m.all_drawn()


def main() -> None:
    """Check sums, figures and answers."""
    m = Module("gobernanza-seguridad-social/04-riesgos-del-trabajo")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
