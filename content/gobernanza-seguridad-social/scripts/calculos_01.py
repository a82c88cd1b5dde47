"""Recompute every calculation of module 1 with exact decimals and compare with its lessons, questions and parameters."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from cuentas import Module, rounded
from cuentas import parameters as parameters_of

PEOPLE = {"obligatorio": 3171174, "voluntario": 214073, "campesino": 362299}
PERSONAL, EMPLOYER = Decimal("0.0945"), Decimal("0.1115")
TOTAL = PERSONAL + EMPLOYER


def lessons(m: Module) -> None:
    """Every number worked out in the lessons."""
    m.has("01", "cobertura de la casa", Fraction(2, 5) * 100, unit="%")
    m.has("01", "brecha de la casa", 100 - Fraction(2, 5) * 100, unit="%")
    m.has("01", "brecha de 2019", 100 - Decimal("34.8"), 1, "%")
    assert Fraction(652, 1000) < Fraction(2, 3) < Fraction(70, 100), "casi dos de cada tres"
    m.has("01", "cobertura con Luis", Fraction(3, 5) * 100, unit="%")
    m.has("01", "error: entre quienes quedan fuera", Fraction(3, 2) * 100)
    m.has("01", "error: subida de la cobertura", Fraction(1, 5) * 100)

    for label, start, end in (("antes de la unión", 1961, 1963), ("Caja Nacional", 1963, 1970), ("IESS", 1970, 1989)):
        m.has("02", label, end - start)
    assert 2 + 7 + 19 == 1989 - 1961 == 28
    m.has("02", "de la caja al IESS", 1970 - 1928)
    m.has("02", "tramo 1937-1963", 1963 - 1937)
    m.has("02", "tramo 1970-2001", 2001 - 1970)
    m.has("02", "1952 y la Caja Nacional", 1963 - 1952)

    total = sum(PEOPLE.values())
    assert total == 3747546
    for name, people in PEOPLE.items():
        m.has("03", name, Fraction(people, total) * 100, 2, "%")
    assert 5 < Fraction(PEOPLE["voluntario"], total) * 100 < 6 and rounded(Fraction(PEOPLE["obligatorio"], total) * 100, 0) == 85
    m.has("03", "taller, voluntarias", Fraction(4, 40) * 100, unit="%")
    m.has("03", "error: entre las otras", Fraction(4, 36) * 100, 1)
    m.has("03", "error: entre el obligatorio", Fraction(4, 30) * 100, 1)

    for label, value in (
        ("Maribel, aporte personal", 600 * PERSONAL),
        ("Maribel, recibe", 600 - 600 * PERSONAL),
        ("Maribel, aporte patronal", 600 * EMPLOYER),
        ("Maribel, al IESS", 600 * TOTAL),
        ("Maribel, gasto de la empresa", 600 + 600 * EMPLOYER),
        ("Byron, descuento", 800 * PERSONAL),
        ("Byron, empresa", 800 * EMPLOYER),
        ("Byron, al IESS", 800 * TOTAL),
        ("Byron, error: patronal sobre el neto", (800 - 800 * PERSONAL) * EMPLOYER),
        ("Byron, neto", 800 - 800 * PERSONAL),
        ("subida de la tasa personal, puntos", Decimal("9.45") - Decimal("9.35")),
        ("pensiones y salud, puntos", Decimal("10.96") + Decimal("5.16")),
    ):
        m.has("04", label, value, 2)
    m.has("04", "Byron, error: coma corrida", 800 * PERSONAL * 10)
    assert Decimal("0.75") < (Decimal("10.96") + Decimal("5.16")) / Decimal("20.60") < Decimal("0.80"), "casi cuatro de cada cinco"
    least = parameters_of("gobernanza-seguridad-social")["aporte_independiente_minimo"]
    assert Fraction(1, 5) < least / 380 < Fraction(1, 4) and least / 150 > Fraction(1, 2), "el pago mínimo en los meses de Rosa"

    m.has("05", "con algún seguro, de mil", 1000 * Fraction(2, 10))
    m.has("05", "en el Seguro General, de mil", 1000 * Decimal("0.068"))
    m.has("05", "en otro seguro, de mil", 200 - 68)
    m.has("05", "sin ninguno, de mil", 1000 - 200)
    m.has("05", "error de Ítalo", 1000 * Decimal("0.348"))
    m.has("05", "Rosa y Sisa, mes bueno", Fraction(380, 60), 2)
    m.has("05", "Rosa y Sisa, mes malo", Fraction(150, 60), 2)
    assert Fraction(150, 60) < Fraction(28, 10) < Fraction(380, 60)
    m.has("05", "taxistas sin seguro", 500 - 100)
    m.has("05", "error: solo Seguro General", 500 - 500 * Decimal("0.068"))
    m.has("05", "error: brecha de habitantes", 500 * Decimal("0.652"))
    m.has("05", "resta sin sentido", Decimal("34.8") - 31, 1)

    m.has("06", "sillas del Gobierno", Fraction(8, 12) * 100, 1, "%")
    assert 8 + 2 + 2 == 12 and 12 // 2 + 1 == 7 and 8 >= 7 > 4 and 9 // 2 + 1 == 5 > 3
    assert 1 + 1 + 0 == 2 and 2 + 2 + 0 == 4 and 5 + 2 == 7


def questions(m: Module) -> None:
    """Every number of the bank, right and wrong."""
    m.answers("parte-que-falta", "9.15", "32.05", "11.15", gap="tasa")
    assert Decimal("20.60") - Decimal("11.45") == Decimal("9.15") and Decimal("20.60") + Decimal("11.45") == Decimal("32.05")
    m.answers("parte-que-falta", *(1400 * rate for rate in (Decimal("0.0915"), Decimal("0.1145"), Decimal("0.8855") * Decimal("0.0915"))), gap="monto")
    m.answers("brecha-de-una-provincia", 100 - Decimal("41.5"), Decimal("41.5"), places=1, gap="brecha")
    m.answers("brecha-de-una-provincia", 585, 415, "58.5", places=1, gap="personas")
    m.answers("mesa-de-1928", *(Fraction(n, d) * 100 for n, d in ((5, 7), (2, 7), (2, 5), (5, 2))), places=1)
    assert Fraction(60, 400) == Fraction(15, 100) and 400 - 60 == 340
    m.drawn("brecha-de-un-barrio", {"personas": 500, "cubiertas": 180}, 64)
    m.drawn("parte-campesina", {"obligatorio": 3000, "voluntario": 200, "campesino": 800}, 20)
    m.drawn("sueldo-neto-1200", {"sueldo": 1200}, "1086.60")
    m.drawn("total-al-iess", {"sueldo": 1000}, 206)
    m.drawn("aporte-por-cuenta-propia", {"base": 800}, "140.80")
    m.drawn("rol-del-servicio-publico", {"sueldo": 1400}, "160.30")
    m.drawn("independientes-sin-seguro", {"personas": 2500}, 2000)
    m.all_drawn()


def parameters() -> None:
    """The rates of the parameters are those of the examples."""
    values = parameters_of("gobernanza-seguridad-social")
    assert values["aporte_personal_privado"] == PERSONAL * 100
    assert values["aporte_patronal_privado"] == EMPLOYER * 100
    assert values["aporte_total_privado"] == TOTAL * 100
    assert values["cobertura_2019"] == Decimal("34.8")
    print("parametros.yaml: tasas y cobertura iguales a las de los ejemplos")


def main() -> None:
    """Check sums, figures, answers and parameters."""
    m = Module("gobernanza-seguridad-social/01-la-seguridad-social-en-ecuador")
    m.sums()
    lessons(m)
    questions(m)
    parameters()


if __name__ == "__main__":
    main()
