"""Recompute every calculation of module 3 (health) with exact decimals and compare with its lessons and bank."""

from __future__ import annotations

from fractions import Fraction as F

from cuentas import Module

RATE = F("0.75")


def sick_pay(wage: int, days: int, *, unpaid: int = 3, rate: F = RATE) -> F:
    """What IESS pays for a rest in the private sector, from the fourth day."""
    return F(wage, 30) * (days - unpaid) * rate


def leave(wage: int, rate: F = F(1)) -> F:
    """The pay of 84 days of maternity leave, or the part that `rate` is."""
    return F(wage, 30) * 84 * rate


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, right and wrong."""
    assert 2 + 10 == 12 and 12 * 7 == 84
    assert sick_pay(600, 20) == 255 and sick_pay(600, 20) + 60 == 315 and 400 - 315 == 85 == F(600, 30) * 17 / 4
    m.has("03", "Germania", sick_pay(540, 9))
    m.has("03", "Germania, error: nueve días", sick_pay(540, 9, unpaid=0), 2)
    m.has("03", "Germania, error: sin 75 %", sick_pay(540, 9, rate=F(1)))
    m.has("03", "Germania, error: cuatro días", sick_pay(540, 9, unpaid=4), 2)
    assert leave(800) == 2240 and leave(800, RATE) == 1680 and leave(690) == 1932
    m.has("03", "error: tres meses", 690 * 3 * RATE, 2)
    assert F("67.4") + F("30.1") + F("2.5") == 100 and F("67.4") / 100 > F(2, 3)
    assert 200 * 25 + 300 * 25 == 12500 and 4 * 30 == 120
    m.has("04", "error: todo al Estado", 12500)
    assert F(300, 12) == 25
    m.has("05", "error: dividir entre 200", F(90000, 200))
    assert 40 - 12 == 28 and 50 - 5 == 45 and 2000 - 1700 == 300 and F(45, 60) == RATE
    assert 20000 + 16000 + 40000 + 15000 == 91000 and 91000 - 50000 == 41000 and 50000 - 36000 == 14000
    assert 14000 // 15 == 933 and round(933 * 0.05) == 47 and 14000 // 4000 == 3 and 2000 // 15 == 133
    assert [12500 // c for c in (100, 40, 4000, 15)] == [125, 312, 3, 833] and 200 - 125 == 75 and 4000 * F("0.4") == 1600


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    assert leave(900) == 2520
    m.answers("dos-partes-de-una-licencia", leave(900, RATE), leave(900, F("0.25")), 900 * RATE, gap="iess", places=0)
    m.answers("dos-partes-de-una-licencia", leave(900, F("0.25")), 900 * F("0.25"), gap="empresa", places=0)
    total = 1486294
    m.answers("certificados-del-iess-2017", total * F("0.025"), total * F("0.25"), total / F("2.5"), total * F("0.975"), places=0)
    m.answers("noventa-dias-de-la-institucion", 120 - 90, 90, gap="dias", places=0)
    m.answers("noventa-dias-de-la-institucion", 120 - 3, 120 - 4, gap="privado", places=0)
    m.answers("bodega-y-ventanilla", F(21, 25) * 100, F(4, 25) * 100, gap="producto", places=0)
    m.answers("bodega-y-ventanilla", F(1140, 1500) * 100, F(360, 1500) * 100, gap="receta", places=0)
    m.drawn("licencia-de-84-dias", {"sueldo": 750}, leave(750, RATE))
    m.drawn("reposo-de-13-dias", {"sueldo": 720, "dias": 14}, sick_pay(720, 14))
    m.drawn("dias-que-cubre-el-seguro", {"dias": 13}, 10)
    m.drawn("imposiciones-al-llegar-el-parto", {"tiene": 5, "faltan": 4}, 3)
    m.drawn("costo-de-una-mejora", {"costo": 60, "mejoran": 40}, 150)
    m.all_drawn()


def main() -> None:
    """Check sums, figures and answers."""
    m = Module("gobernanza-seguridad-social/03-salud")
    m.sums()
    lessons(m)
    bank(m)


if __name__ == "__main__":
    main()
