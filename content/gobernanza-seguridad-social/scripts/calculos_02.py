"""Recompute every calculation of module 2 (pensions) with exact decimals and compare with its lessons, bank and parameters."""

from __future__ import annotations

from fractions import Fraction as F

from cuentas import Module
from cuentas import parameters as parameters_of

SBU = parameters_of("gobernanza-seguridad-social")["sbu"]
JUMPS = {36: "0.8325", 37: "0.8605", 38: "0.8970", 39: "0.9430", 40: "1"}


def coefficient(years: int) -> F:
    """The published coefficient: 0.4375 with 5 years, 0.0125 more a year until 35, larger steps until 40."""
    return F(JUMPS[years]) if years in JUMPS else F("0.4375") + F("0.0125") * (years - 5)


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum."""
    for years in (10, 15, 20, 25, 30, 35, 40, 36, 37, 38, 39, 32):
        m.has("03", f"coeficiente {years}", coefficient(years), 4)
    average = F(780 + 790 + 800 + 810 + 820, 5)
    assert average == F(12 * (780 + 790 + 800 + 810 + 820), 60) == 800
    m.has("03", "pensión de Elvira", average * coefficient(32), 2)
    assert F("0.8") * SBU < average * coefficient(32) < F("4.5") * SBU
    ramon = 460 * coefficient(15)
    m.has("03", "Ramón", ramon, 2)
    assert ramon < F("0.6") * SBU
    m.has("03", "gerente", 3500 * coefficient(35), 2)
    assert 3500 * coefficient(35) > 5 * SBU
    for lesson, label, number in (("01", "Lupe", 17 * 12 + 4), ("01", "Lupe, por diez", 17 * 10 + 4), ("01", "Lupe, sin meses", 17 * 12)):
        m.has(lesson, label, number)
    assert 420 == 35 * 12 and 360 == 30 * 12 and 180 == 15 * 12 and 120 == 10 * 12 and 480 == 40 * 12 and 300 - 120 == 180
    m.has("01", "desembolso mensual", F(6578, 12))
    assert 40 - 14 == 26 and 30 - 14 == 16 and 15 - 14 == 1 and 70 - 66 == 4 and 70 - 67 == 3 and 62 + (30 - 24) == 68
    assert 620 * F("0.6") == 372 and 620 * F("0.4") / 2 == 124
    m.has("04", "Víctor, error: 20 %", 18 * F("0.2"), 1)
    assert 18 * F("0.1") < 2 and 25 * F("0.2") > 3 and 31 * F("0.3") > 9
    assert F("6.64") + F("4.32") == F("10.96")
    assert F(200, 1100) < F(1, 5) == F(220, 1100)
    m.has("05", "error: suma la parte del Estado", 620 + 248)
    m.has("05", "tasa 25 y 50", F(25, 100) * F(1, 2) * 100, 1)


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    m.answers("partes-de-una-pension", 500 * F("0.4"), 40, gap="estado", places=0)
    m.answers("partes-de-una-pension", 500 * F("0.6"), 500 - 40, gap="fondo", places=0)
    assert coefficient(35) == F("0.8125") and coefficient(35) + 5 * F("0.0125") == F("0.8750") and 5 * F("0.0125") == F("0.0625")
    assert 2037 - 2027 == 10 and 2040 - 2031 == 9
    m.drawn("pension-con-28-anios", {"anios": 28, "promedio": 760}, 760 * coefficient(28))
    m.drawn("parte-de-cada-hijo", {"pension": 540, "hijos": 2}, 108)
    m.drawn("historia-laboral-con-hueco", {"a": 8, "m": 5, "b": 6, "n": 3}, 14 * 12 + 8)
    m.drawn("tasa-de-equilibrio", {"pensionistas": 30, "parte": 55}, F("16.5"))
    m.drawn("pension-con-tope-maximo", {"anios": 35, "promedio": 4000}, 5 * SBU)
    m.drawn("pension-con-minimo", {"anios": 18, "cuenta": 230}, F("0.6") * SBU)
    m.drawn("proteccion-de-gladys", {"anios": 28}, F("5.6"))
    m.drawn("parte-cumplida-del-cuarenta", {"gasto": 6000, "pago": 600}, 25)
    m.all_drawn()


def parameters() -> None:
    """The limits in parametros.yaml are the percentages of the basic wage that the lesson tells."""
    values = parameters_of("gobernanza-seguridad-social")
    assert values["sbu"] == SBU
    shares = {
        "pension_minima_hasta_10": 50,
        "pension_minima_11_20": 60,
        "pension_minima_21_30": 70,
        "pension_minima_31_35": 80,
        "pension_minima_36_39": 90,
        "pension_minima_40": 100,
        "pension_maxima_30_34": 450,
        "pension_maxima_35_39": 500,
        "pension_maxima_40": 550,
        "montepio_minimo_grupo": 50,
        "montepio_maximo_grupo": 450,
    }
    for name, share in shares.items():
        if name in values:
            assert values[name] == F(share, 100) * SBU, name
            print(f"{name}: {values[name]}")


def main() -> None:
    """Check sums, figures, answers and parameters."""
    m = Module("gobernanza-seguridad-social/02-pensiones")
    m.sums()
    lessons(m)
    bank(m)
    parameters()
    assert 640 * coefficient(30) == 480 and 30 * F("0.3") == 9 and 60 - 57 == 3, "don Julio"


if __name__ == "__main__":
    main()
