"""Recompute every calculation of module 1 (what the social budget is for)."""

from __future__ import annotations

from fractions import Fraction as F

from andinia import BY_SOURCE, GDP, IN, OUT, SPENDING
from cuentas import Module


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    m.has("01", "gasto sobre PIB", OUT / GDP * 100, 2)
    for name, row in SPENDING.items():
        m.has("01", f"gasto de {name}", sum(row))
    m.has("04", "ingreso", IN)
    for source, amount in BY_SOURCE.items():
        m.has("04", source, amount)
    m.has("01", "Costania, un solo régimen", F(900, 12_500) * 100, 1)
    m.has("01", "Costania, al revés", F(12_500, 1500), 2)
    m.has("02", "discapacidad, un mes", F(40_000 * 50, 20_000_000_000) * 100, 2)
    m.has("02", "discapacidad, sin pasar a millones", F(40_000 * 50 * 12, 20_000) * 100)
    m.has("03", "sin el sexo", 20 * 6)
    m.has("03", "edades simples", 100 * 2 * 6)
    m.has("04", "solo el aumento", F(450) * F("0.04"))
    m.has("04", "suma 4", 450 + 4)
    for output, label in ((26_000, "alto"), (25_000, "base"), (24_000, "bajo")):
        m.has("05", label, F(500, output) * 100, 2)
    m.has("05", "cambio en puntos", F(500, 24_000) * 100 - 2, 2)
    assert F(25_000 - 24_000, 25_000) == F("0.04") and F(300, 12_000) / F(300, 15_000) - 1 == F("0.25")
    m.has("07", "encargo 1, parte del PIB", F(90_000 * 30 * 12, 20_000_000_000) * 100, 3)


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    m.answers("datos-que-hay-que-cargar", 100 * 2 * 10, 100 * 10, 99 * 2 * 10, 100 * 2, places=0)
    m.drawn("de-porcentaje-a-millones", {"parte": F("12.4"), "pib": 20_000}, 2480)
    m.drawn("gasto-del-sistema-sobre-pib", {"pensiones": 1200, "salud": 640, "asistencia": 160, "pib": 16_000}, F("12.5"))
    m.drawn("costeo-de-una-prestacion", {"monto": 25, "personas": 120_000}, F("0.18"))
    m.drawn("puntos-por-menor-producto", {"costo": 480, "menor": 19_200}, F("0.5"))
    m.drawn("parte-de-una-fuente", {"empleadores": 1000, "trabajadores": 400, "estado": 600}, 30)
    m.drawn("costo-con-alza-del-monto", {"costo": 500, "alza": 10, "mas": 10}, 605)
    m.drawn("personas-que-alcanza-el-dinero", {"millones": 36, "monto": 25}, 120_000)
    m.all_drawn()


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/01-para-que-sirve")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
