"""Recompute every calculation of module 6 (SPER, rapid assessment and costing tools)."""

from __future__ import annotations

from fractions import Fraction as F

from andinia import BY_FUNCTION, BY_SOURCE, GOVERNMENT, IN, OUT, PENSIONERS, PEOPLE, SPENDING
from andinia import GDP as ANDINIA
from cuentas import Module, parameters

VALUES = parameters("presupuesto-social")
GDP = VALUES["pib_nominal"] * (F("1.02") * F("1.015")) ** 6
LINE = VALUES["linea_pobreza"] * F("1.015") ** 5


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    old_age, health, helped = BY_FUNCTION["vejez"], BY_FUNCTION["salud"], sum(SPENDING["asistencia"])
    assert F(old_age + health, OUT) > F(7, 10) and F(helped, OUT) > F(1, 7)
    for label, part in (("nivel", OUT / ANDINIA), ("vejez", F(old_age, OUT))):
        m.has("01", label, part * 100, 2 if label == "nivel" else 1)
    m.has("08", "cobertura efectiva", PENSIONERS / PEOPLE["edad_65_mas"] * 100, 1)
    m.has("02", "administración", F(BY_FUNCTION["administracion"], OUT) * 100, 2)
    m.has("03", "gasto público", GOVERNMENT["gasto_primario"] + GOVERNMENT["intereses"])
    m.has("06", "parte del Estado", F(BY_SOURCE["estado"], IN) * 100, 1)
    for label, amount in (("ingreso", IN), ("gasto", OUT), ("saldo", IN - OUT), *BY_FUNCTION.items()):
        m.has("08", label, amount)
    m.has("02", "invertida", F(80, 60) * 100)
    m.has("02", "atendidos a los 500", F(800 - 500, 800) * 100, 1)
    m.has("02", "entre los 800", F(100, 800) * 100, 1)
    full = F(2_393_000 * 4800) * F("1.05") / 1_000_000
    m.has("03", "Tailandia, primer año", full * F("0.6"), 1)
    m.has("03", "Tailandia, pleno", full, 1)
    m.has("03", "olvida la administración", F(500_000 * 360) * F("0.4") / 1_000_000)
    m.has("04", "suma el recargo", F("0.60") + 8, 2)
    m.has("05", "PIB de 2030", GDP, 2)
    m.has("05", "línea al mes", LINE, 2)
    m.has("05", "línea al año", LINE * 12, 2)
    m.has("05", "numerador", GDP * F("0.0098"), 2)
    m.has("05", "denominador", 1_850_000 * LINE * 12 / 1_000_000, 2)
    m.has("05", "elegible", GDP * F("0.0098") / (1_850_000 * LINE * 12 / 1_000_000), 4)
    m.has("05", "costo de la vejez", 1_192_140 * LINE * 12 / 1_000_000, 2)
    m.has("05", "1,3 % del PIB", GDP * F("0.013"), 2)
    m.has("05", "monto equivalente", GDP * F("0.013") / F("5.6") / 12, 2)
    for change in ("1.05", "0.85", "0.75"):
        m.has("05", f"variante {change}", F("0.98") * F(change), 3)
    assert 400_000 - 240_000 == 160_000 and F("28.11") < LINE / 3
    m.has("06", "sin pensión con aportes", (1 - PENSIONERS / PEOPLE["edad_65_mas"]) * 100, 1)
    m.has("07", "discapacidad", 255_442 * LINE * 12 / 1_000_000, 2)
    m.has("07", "0,50 % del PIB", GDP * F("0.005"), 2)
    m.has("07", "todas", 467_500 * F("1194.49") / 1_000_000, 2)
    assert round(float(GDP * F("0.005") / (467_500 * LINE * 12 / 1_000_000)), 2) == 1.30
    assert F(168, 20_000) == F("0.0084") and round(15 / 735 * 100) == 2


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    m.answers("los-dos-errores-de-un-programa", F(30, 2), F(170, 2), F(3000, 340), gap="inclusion", places=1)
    m.answers("los-dos-errores-de-un-programa", F(17_000, 340), F(14_000, 340), gap="exclusion", places=1)
    assert F("0.98") * F("0.85") == F("0.833")
    m.drawn("cobertura-efectiva-de-mayores", {"mayores": 450, "cobran": 270, "padron": 700}, 60)
    m.drawn("suficiencia-frente-a-la-linea", {"monto": 75, "linea": 100}, 75)
    m.drawn("exclusion-en-un-bono", {"elegibles": 500, "reciben": 400, "aciertos": 350}, 30)
    m.drawn("inclusion-en-un-programa", {"reciben": 800, "aciertos": 600, "elegibles": 1200}, 25)
    m.drawn("transferencia-en-tailandia", {"miles": 500, "parte": 40, "monto": 360}, F("75.6"))
    m.drawn("pension-basica-en-el-pib", {"miles": 2000, "sin": 60, "monto": 100, "pib": 150_000}, F("0.96"))
    m.drawn("monto-que-cabe", {"parte": F("0.5"), "pib": 20_000, "miles": 125}, F(200, 3))
    m.all_drawn()


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/06-sper-y-herramientas")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
