"""Recompute every calculation of module 2 (the social accounting system)."""

from __future__ import annotations

from fractions import Fraction as F

from andinia import BOUGHT, BY_FUNCTION, BY_SOURCE, GDP, IN, INCOME, OUT, SCHEMES, SPENDING
from cuentas import Module

ADMINISTRATION, OLD_AGE = BY_FUNCTION["administracion"], BY_FUNCTION["vejez"]


def lessons(m: Module) -> None:
    """The figures of the lessons that are not written as a sum, and the wrong results they explain."""
    m.has("02", "saldo", IN - OUT)
    for part, places in ((900, 1), (400, 1), (3, 1)):
        m.has("01", f"parte de {part}", F(part, 1303) * 100, places)
    for name in ("pensiones", "salud", "riesgos", "desempleo"):
        m.has("02", f"saldo de {name}", sum(INCOME[name]) - sum(SPENDING[name]))
    m.has("02", "suma el déficit", 80 + 40 + 10)
    for name, amount in BY_FUNCTION.items():
        m.has("03", name, amount) if name != "administracion" else m.has("06", name, amount)
    m.has("03", "vejez, parte del gasto", F(OLD_AGE, OUT) * 100, 1)
    survivors = SPENDING["pensiones"][1]
    m.has("03", "solo el fondo", F(survivors, OUT) * 100, 1)
    m.has("03", "sobre el fondo", F(BY_FUNCTION["sobrevivientes"], sum(SPENDING["pensiones"])) * 100, 1)
    paid_in = BY_SOURCE["empleadores"] + BY_SOURCE["trabajadores"]
    for source in ("empleadores", "trabajadores", "estado", "inversiones"):
        m.has("04", source, BY_SOURCE[source])
    for name, row in INCOME.items():
        m.has("04", f"ingreso de {name}", sum(row))
    m.has("04", "aportes del seguro de riesgos", F(INCOME["riesgos"][0], sum(INCOME["riesgos"])) * 100, 1)
    m.has("04", "aportes del sistema", F(paid_in, IN) * 100, 1)
    m.has("04", "aportes, en millones", paid_in)
    m.has("04", "con el préstamo", F(80, 450) * 100, 1)
    health = sum(INCOME["salud"]), sum(SPENDING["salud"])
    for label, amount in (("ingreso", IN), ("gasto", OUT)):
        m.has("05", f"{label}, consolidado", amount)
        m.has("05", f"{label}, suma simple", amount + BOUGHT)
    for amount in (*health, *(each + BOUGHT for each in health), health[0] - health[1]):
        m.has("05", "salud, con la compra y sin ella", amount)
    assert 1060 - 980 == 80 and 1020 - 1020 == 0 and 120 + 735 == 855
    m.has("06", "el ingreso sobre el PIB", IN / GDP * 100, 1)
    m.has("06", "otro año", F(OUT, 18_000) * 100, 1)
    m.has("06", "administración sobre PIB", ADMINISTRATION / GDP * 100, 2)
    m.has("06", "error: sobre PIB", F(90, 15_000) * 100, 1)
    m.has("06", "error: sobre prestaciones", F(90, 1710) * 100, 1)
    helped = SCHEMES["asistencia"]
    kind = sum(int(helped["gasto"][name]) for name in helped["en_especie"])
    insured = sum(sum(SPENDING[name][:3]) + SPENDING[name][4] + SPENDING[name][6] for name in ("pensiones", "riesgos", "desempleo"))
    cash = sum(SPENDING["asistencia"][:8]) - kind
    in_kind = BY_FUNCTION["salud"] + kind
    for code, amount in (("D621", insured), ("D623", cash), ("D63", in_kind)):
        m.has("06", code, amount)
    assert insured + cash + in_kind + ADMINISTRATION == OUT and 168 // 4 == 42
    lines = (1000, 700, 180, 150, 120, 120, 65, 55, 80, 35, 40, 25, 10, 12)
    assert sum(lines) == OUT and len(lines) == 14 and OUT - ADMINISTRATION == 2477 and 168 + 52 == 220 and IN + 52 == 2812


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
    m.answers("partes-de-cada-fuente", F(1440, 32), F(1440, 30), places=1, gap="empleadores")
    m.answers("partes-de-cada-fuente", F(880, 32), F(880, 30), places=1, gap="estado")
    m.drawn("gasto-social-de-andinia", {"gasto": 2520, "ingreso": 2710, "pib": 21_000}, 12)
    m.drawn("saldo-de-la-salud", {"ingreso": 720, "atencion": 700, "gestion": 35}, -15)
    m.drawn("peso-de-la-administracion", {"gasto": 2500, "gestion": 100, "ingreso": 3000}, 4)
    m.drawn("total-por-funcion-vejez", {"aportes": 1000, "viudez": 180, "asistencia": 120, "total": 2800}, 40)
    m.drawn("total-de-la-invalidez", {"fondo": 120, "riesgos": 20, "asistencia": 60, "fila": 1300, "total": 2500}, 8)
    m.drawn("consolidar-un-pago-interno", {"riesgos": 200, "salud": 700, "pago": 40}, 860)
    m.drawn("saldo-despues-de-consolidar", {"ingreso": 2790, "gasto": 2622, "pago": 30}, 168)
    m.drawn("ingreso-consolidado", {"a": 1000, "b": 600, "c": 100, "pago": 40}, 1660)
    m.drawn("ingreso-corriente-del-ano", {"aportes": 300, "estado": 60, "intereses": 20, "prestamo": 50, "venta": 15}, 380)
    m.drawn("saldo-de-una-institucion", {"a": 900, "b": 300, "c": 120, "ga": 820, "gb": 340, "gc": 110}, 50)
    m.all_drawn()


def main() -> None:
    """Check the module."""
    m = Module("presupuesto-social/02-cuentas-sociales")
    m.sums()
    lessons(m)
    bank(m)
    matrix(m)


if __name__ == "__main__":
    main()
