"""Recompute every calculation of module 3 (the drivers)."""

from __future__ import annotations

from fractions import Fraction as F

from andinia import CONTRIBUTORS, ECONOMY, EMPLOYED, GDP, GOVERNMENT, PEOPLE, WAGE_EARNERS
from andinia import FORCE as LABOUR
from andinia import NOMINAL_GROWTH as GROWTH
from cuentas import Module

def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    m.has("01", "70 % a las ocupadas", 540 * F("0.7"))
    m.has("01", "diez por ciento menos", F("129.6") * F("0.9"), 1)
    m.has("02", "el atajo", 9800 * F("1.014"))
    m.has("02", "crecen las mayores", F(180, 520) * 100, 1)
    m.has("02", "crecen las activas", F(200, 4100) * 100, 1)
    m.has("02", "suma la migración", 5000 * F("0.997") + 80)
    m.has("02", "sin muertes", 5000 - 80)
    m.has("02", "base equivocada 1", F(300, 2300) * 100, 1)
    m.has("02", "base equivocada 2", F(450, 2700) * 100, 1)
    m.has("03", "promedio simple", 4100 * F("0.6"))
    assert 4100 * F("0.6") == LABOUR - 300
    m.has("02", "razón de dependencia", PEOPLE["edad_65_mas"] / PEOPLE["edad_15_64"] * 100, 1)
    m.has("02", "razón futura", PEOPLE["futuro"]["edad_65_mas"] / PEOPLE["futuro"]["edad_15_64"] * 100, 1)
    m.has("03", "fuerza laboral", LABOUR)
    m.has("03", "ocupadas", EMPLOYED, 1)
    m.has("03", "asalariadas", WAGE_EARNERS, 1)
    m.has("03", "cotizantes", CONTRIBUTORS, 1)
    less = LABOUR * F("0.95") * F("0.55") * F("0.7")
    more = WAGE_EARNERS * F("0.71")
    base = CONTRIBUTORS
    m.has("03", "menos desempleo", less - base, 1)
    m.has("03", "más cobertura", more - base, 1)
    m.has("03", "promedia", 2000 * F("0.625"))
    m.has("03", "desempleadas", 1300 * F("0.1"))
    m.has("03", "dos tercios de las ocupadas", F(1170 * 2, 3))
    m.has("04", "crecimiento nominal", (GROWTH - 1) * 100, 2)
    for year in (1, 2, 3):
        m.has("04", f"PIB del año {year}", GDP * GROWTH**year)
    m.has("04", "Costania, nominal", (F("1.02") * F("1.01") * F("1.03") - 1) * 100, 2)
    m.has("04", "salario, en dinero", (F("516.12") / 500 - 1) * 100, 1)
    m.has("04", "error: suma", 400 * F("1.04"), 2)
    m.has("04", "error: empleo", 400 * F("1.02") * F("1.03"), 2)
    assert F(400, 8000) == F("0.05")
    primary = GOVERNMENT["ingresos"] - GOVERNMENT["gasto_primario"]
    debt = GOVERNMENT["deuda"] + GOVERNMENT["intereses"] - primary
    m.has("05", "saldo primario", primary)
    m.has("05", "saldo total", primary - GOVERNMENT["intereses"])
    m.has("05", "deuda", debt)
    m.has("05", "deuda sobre PIB", debt / (GDP * GROWTH) * 100, 1)
    m.has("05", "con 180 más", (debt + 180) / (GDP * GROWTH) * 100, 1)
    m.has("05", "precio en puntos", 180 / (GDP * GROWTH) * 100, 1)
    for name, percent in ECONOMY["crecimiento"].items():
        m.has("04", name, percent * 100, 1)
    m.has("05", "error: signo", 6000 * F("1.04") - 100)
    m.has("05", "error: sin intereses", 6000 + 100)
    for years in (10, 16, 17, 20):
        m.has("06", f"salarios, año {years}", 45 * F("1.05") ** years, 1)
        m.has("06", f"factor, año {years}", F("1.05") ** years, 5)
    g = F("1.02") * F("1.01") * F("1.03")
    for year in (1, 2, 3):
        m.has("07", f"Serranía, año {year}", 12_000 * g**year, 1)
    m.has("07", "sin asalariadas", 1330 * F("0.75"), 1)
    m.has("07", "salario de un mes", F("598.5") * F("0.5") * F("0.1"), 1)
    m.has("08", "C", (F("0.99") * F("1.04") - 1) * 100, 2)


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    m.answers("poblacion-de-ecuador", F("19.3") - F("17.9"), F("21.1") - F("17.9"), places=1, gap="uno")
    m.answers("poblacion-de-ecuador", F("21.1") - F("19.3"), F("21.1") - F("17.9"), places=1, gap="dos")
    m.drawn("llegan-a-65", {"personas": 10_000, "muertes": 12}, 9880)
    m.drawn("cohorte-con-migracion", {"personas": 8000, "llegan": 250, "salen": 100}, 8134)
    m.drawn("fuerza-laboral-de-andinia", {"jovenes": 1000, "adultas": 2500, "maduras": 600, "tasa": 80}, 2680)
    m.drawn("cotizantes-de-andinia", {"fuerza": 2000, "desempleo": 10, "asalariada": 50, "cotiza": 60}, 540)
    m.drawn("crecimiento-nominal", {"empleo": 2, "productividad": 2, "precios": 5}, (F("1.02") * F("1.02") * F("1.05") - 1) * 100)
    m.drawn("producto-real-a-nominal", {"real": 21_000, "deflactor": F("1.08")}, 22_680)
    m.drawn("razon-de-dependencia", {"mayores": 600, "activas": 4000}, 15)
    m.drawn("deuda-del-ano-siguiente", {"deuda": 10_000, "tasa": 4, "ingreso": 6000, "gasto": 5900}, 10_300)
    m.drawn("salarios-contra-productividad", {"parte": 48, "alza": 5, "anios": 10}, 48 * F("1.05") ** 10)
    m.drawn("salario-con-traspaso", {"salario": 500, "productividad": F("1.5"), "precios": 2, "traspaso": 80}, F("516.12"))
    m.drawn("saldo-total-del-gobierno", {"ingreso": 5400, "gasto": 5250, "intereses": 400}, -250)
    m.drawn("deuda-como-parte-del-pib", {"deuda": 8400, "alza": 5}, 40)
    m.all_drawn()


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/03-motores")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
