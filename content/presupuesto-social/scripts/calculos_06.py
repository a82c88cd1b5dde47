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
    m.answers("cobertura-efectiva-de-mayores", F(270, 450) * 100, F(180, 450) * 100, F(450, 270) * 100, places=1)
    m.answers("suficiencia-frente-a-la-linea", 7500 / F("92.4"), F("9240") / 75, 100 - 7500 / F("92.4"), F("92.4") - 75, places=1)
    m.answers("exclusion-en-un-bono", F(150, 5), F(350, 5), F(50, 4), F(100, 5), places=1)
    m.answers("los-dos-errores-de-un-programa", F(30, 2), F(170, 2), F(3000, 340), gap="inclusion", places=1)
    m.answers("los-dos-errores-de-un-programa", F(17_000, 340), F(14_000, 340), gap="exclusion", places=1)
    baht = F(2_393_000 * 4800, 1_000_000)
    m.answers("transferencia-en-tailandia", baht * F("0.63"), baht * F("0.6"), baht * F("1.05"), baht * F("0.63") / 12, places=1)
    m.answers("pension-basica-en-el-pib", F(1440, 1500), F(2400, 1500), F(120, 1500), F(960, 1500))
    m.answers(
        "monto-que-cabe",
        F(100_000_000, 125_000 * 12),
        F(100_000_000, 125_000),
        F(100_000_000, 125_000 * 144),
        F(1_000_000_000, 125_000 * 12),
    )
    assert F("0.98") * F("0.85") == F("0.833")


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/06-sper-y-herramientas")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
