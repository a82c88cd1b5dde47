"""Recompute every calculation of module 2 (the social accounting system)."""

from __future__ import annotations

from fractions import Fraction as F

from cuentas import Module

INCOME = {
    "pensiones": (620, 480, 300, 100),
    "salud": (510, 90, 120, 0),
    "riesgos": (60, 0, 0, 5),
    "desempleo": (50, 20, 0, 5),
    "asistencia": (0, 0, 400, 0),
}
SPENDING = {
    "pensiones": (1000, 180, 120, 0, 0, 0, 0, 0, 45),
    "salud": (0, 0, 0, 700, 0, 0, 0, 0, 35),
    "riesgos": (0, 4, 8, 10, 0, 0, 25, 0, 5),
    "desempleo": (0, 0, 0, 0, 55, 0, 0, 0, 5),
    "asistencia": (120, 0, 40, 0, 0, 150, 0, 65, 25),
}
IN, OUT = sum(map(sum, INCOME.values())), sum(map(sum, SPENDING.values()))


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    assert (IN, OUT, IN - OUT) == (2760, 2592, 168)
    for part, places in ((900, 1), (400, 1), (3, 1)):
        m.has("01", f"parte de {part}", F(part, 1303) * 100, places)
    for name in ("pensiones", "salud", "riesgos", "desempleo"):
        m.has("02", f"saldo de {name}", sum(INCOME[name]) - sum(SPENDING[name]))
    m.has("02", "suma el déficit", 80 + 40 + 10)
    for i, name in enumerate(("vejez", "sobrevivientes", "invalidez", "salud")):
        m.has("03", name, sum(row[i] for row in SPENDING.values()))
    m.has("03", "vejez, parte del gasto", F(1120, OUT) * 100, 1)
    m.has("03", "solo el fondo", F(180, OUT) * 100, 1)
    m.has("03", "sobre el fondo", F(184, 1345) * 100, 1)
    m.has("04", "aportes del seguro de riesgos", F(60, 65) * 100, 1)
    m.has("04", "aportes del sistema", F(1830, IN) * 100, 1)
    m.has("04", "con el préstamo", F(80, 450) * 100, 1)
    assert 620 + 510 + 60 + 50 == 1240 and 480 + 90 + 20 == 590 and 1240 + 590 == 1830
    assert 2785 - 25 == IN and 2617 - 25 == OUT and 1060 - 980 == 80 and 1020 - 1020 == 0 and 120 + 735 == 855
    m.has("06", "el ingreso sobre el PIB", F(IN, 20_000) * 100, 1)
    m.has("06", "otro año", F(OUT, 18_000) * 100, 1)
    m.has("06", "administración sobre PIB", F(115, 20_000) * 100, 2)
    m.has("06", "error: sobre PIB", F(90, 15_000) * 100, 1)
    m.has("06", "error: sobre prestaciones", F(90, 1710) * 100, 1)
    assert 1000 + 180 + 120 == 1300 and 8 + 4 + 25 == 37 and 1300 + 55 + 37 == 1392
    assert 700 + 10 + 65 == 775 and 168 // 4 == 42
    lines = (1000, 700, 180, 150, 120, 120, 65, 55, 80, 35, 40, 25, 10, 12)
    assert sum(lines) == OUT and len(lines) == 14 and OUT - 115 == 2477 and 168 + 52 == 220 and IN + 52 == 2812


def matrix(m: Module) -> None:
    """The cells, rows, columns, balances and indicators of the case of Andinia: the first answer of each gap, in the order of the text."""
    rows = list(SPENDING.values())
    columns = [sum(row[i] for row in rows) for i in range(9)]
    filled = [[cell for cell in row if cell] + [sum(row)] for row in rows]
    balances = [sum(INCOME[name]) - sum(SPENDING[name]) for name in SPENDING]
    for key, wanted in (
        ("andinia-dos-filas", filled[0] + filled[1]),
        ("andinia-otras-filas", filled[2] + filled[3] + filled[4]),
        ("andinia-columnas", [*columns, OUT]),
        ("andinia-saldos", [*balances, IN - OUT]),
    ):
        given = [int(str(gap["answers"][0]["right"])) for gap in m.bank[key]["gaps"].values()]
        assert given == wanted, (key, given, wanted)
    m.answers("andinia-indicadores", F(OUT, 200), F(IN, 200), F(20_000, OUT), F(OUT - 115, 200), gap="gasto")
    m.answers("andinia-indicadores", F(11_500, OUT), F(115, 200), F(11_500, IN), F(11_500, OUT - 115), gap="administracion")


def bank(m: Module) -> None:
    """Every number of the questions, right and wrong."""
    m.answers("gasto-social-de-andinia", F(OUT, 20_000) * 100, F(IN, 20_000) * 100, F(20_000, OUT), F(OUT, IN) * 100)
    m.answers("saldo-de-la-salud", 720 - 735, 735 - 720, 720 + 735, places=0)
    m.answers("partes-de-cada-fuente", F(1240, IN) * 100, F(1240, OUT) * 100, places=1, gap="empleadores")
    m.answers("partes-de-cada-fuente", F(820, IN) * 100, F(820, OUT) * 100, places=1, gap="estado")
    m.answers("peso-de-la-administracion", F(115, OUT) * 100, F(115, IN) * 100, F(115, 2477) * 100, F(OUT, 115))
    m.answers("total-por-funcion-vejez", F(1120, OUT) * 100, F(1000, OUT) * 100, F(120, OUT) * 100, F(1120, 20_000) * 100, places=1)
    m.answers("consolidar-un-pago-interno", 1375 + 735 - 30, 1375 + 735, 1375 + 735 - 60, 1375 + 735 + 30, places=0)
    m.answers("saldo-despues-de-consolidar", 2760 - 2592, 2790 - 2592, 2760 - 2622, 168 - 60, places=0)


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/02-cuentas-sociales")
    m.sums()
    lessons(m)
    bank(m)
    matrix(m)


if __name__ == "__main__":
    main()
