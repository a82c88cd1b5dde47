"""Draw the figures of module 2 (pensions) from their numbers.

Run: python content/scripts/figuras.py gobernanza-seguridad-social
"""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

from cuentas import parameters
from dibujo import arrow, bar, box, number, rule, svg, text

MEDIA = "02-pensiones/media/"
JUMPS = {36: D("0.8325"), 37: D("0.8605"), 38: D("0.8970"), 39: D("0.9430"), 40: D("1.0000")}


def exact(value: Fraction) -> D:
    """A figure of the course as a decimal number."""
    return D(value.numerator) / D(value.denominator)


def coefficient(years: int) -> D:
    """The published coefficient: even steps from 5 to 35 years, larger ones from 36 to 40."""
    return JUMPS.get(years) or D("0.4375") + D("0.0125") * (years - 5)


def coefficients() -> None:
    """Bars of the coefficient every five years of contribution."""
    body, parts, y = [], [], 20
    for years in range(10, 41, 5):
        value = coefficient(years)
        body += [
            text(4, y, f"{years} años de aporte", strong=years == 40),
            text(316, y, number(value, decimals=4), strong=years == 40, end=True),
            bar(4, y + 6, 312 * value, fill="b2" if years == 40 else "b1"),
        ]
        parts.append(f"{years} años: {number(value, decimals=4)}")
        y += 40
    svg(
        MEDIA + "formula-coeficientes.svg",
        y - 14,
        "El coeficiente sube de 0,5000 con 10 años de aporte a 1,0000 con 40",
        "Barras horizontales desde cero con el coeficiente según los años de aporte. " + "; ".join(parts) + ". Cada cinco años suma "
        "0,0625, salvo el último tramo, de 35 a 40 años, que suma 0,1875.",
        body,
    )


def limits() -> None:
    """The pension of the example between the minimum and the maximum of its years."""
    values = parameters("gobernanza-seguridad-social")
    low, pension, high = exact(values["pension_minima_31_35"]), D(620), exact(values["pension_maxima_30_34"])
    lowest, highest = number(low, decimals=2), number(high, decimals=2)
    scale = D(300) / high
    x = {name: 8 + value * scale for name, value in (("low", low), ("pension", pension), ("high", high))}
    body = [
        text(float(x["low"]), 18, "mínimo"),
        text(float(x["low"]), 35, lowest),
        text(316, 18, "máximo", end=True),
        text(316, 35, highest, end=True),
        rule(float(x["low"]), 40, float(x["low"]), 62, kind="goal"),
        rule(float(x["high"]), 40, float(x["high"]), 62, kind="goal"),
        bar(8, 64, 300, fill="area", height=12),
        bar(8, 64, pension * scale, fill="b1", height=12),
        f'<circle class="dot" cx="{float(x["pension"]):.1f}" cy="70" r="7"/>',
        text(8, 100, "0"),
        text(float(x["pension"]) - 8, 100, f"pensión de Elvira: {number(pension, decimals=0)}", strong=True),
    ]
    svg(
        MEDIA + "formula-topes.svg",
        110,
        f"La pensión de 620 dólares queda entre el mínimo de {lowest} y el máximo de {highest}",
        f"Una línea va de 0 a {highest} dólares al mes. Una marca punteada señala el mínimo, {lowest}, y otra el máximo, {highest}, de quien "
        "tiene 32 años de aporte. El punto de la pensión de Elvira, 620, está entre las dos, mucho más cerca del mínimo.",
        body,
    )


def four_events() -> None:
    """The four events that open a pension and who draws it."""
    rows = [
        (["Vejez", "edad y aportes"], ["Cobra quien", "aportó"]),
        (["Invalidez", "ya no puede trabajar"], ["Cobra quien", "aportó"]),
        (["Discapacidad", "aportó con ella"], ["Cobra quien", "aportó"]),
        (["Muerte", "de quien aportó"], ["Cobra la familia:", "montepío"]),
    ]
    body = []
    for i, (event, who) in enumerate(rows):
        y, last = 4 + 58 * i, i == 3
        body += [
            box(2, y, 156, 46, event, fill="b0"),
            arrow(158, y + 23, 190, y + 23),
            box(190, y, 128, 46, who, fill="area", strong=2 if last else 0),
        ]
    svg(
        MEDIA + "pensiones-cuatro-hechos.svg",
        232,
        "Cuatro hechos abren una pensión; en tres cobra quien aportó y en uno, su familia",
        "Cuatro filas de dos cajas unidas por una flecha. Vejez, por edad y aportes: cobra quien aportó. Invalidez, cuando ya no puede "
        "trabajar: cobra quien aportó. Discapacidad, cuando aportó con ella: cobra quien aportó. Muerte de quien aportó: cobra la familia, "
        "con el nombre de montepío.",
        body,
    )


def doors() -> None:
    """The four combinations of age and years of contribution for old age."""
    rows = [("A cualquier edad", 40), ("Desde los 60 años de edad", 30), ("Desde los 65 años de edad", 15), ("Desde los 70 años de edad", 10)]
    scale, y, body = D(312) / 40, 20, []
    for name, years in rows:
        body += [text(4, y, name, strong=True), text(316, y, f"{years} de aporte", end=True), bar(4, y + 6, years * scale)]
        y += 42
    svg(
        MEDIA + "requisitos-puertas.svg",
        y - 16,
        "Los años de aporte exigidos bajan de 40 a 10 cuando sube la edad",
        "Barras horizontales desde cero con los años de aporte que pide cada puerta de la vejez. "
        + "; ".join(f"{name.lower()}: {years} años" for name, years in rows)
        + ".",
        body,
    )


def survivors() -> None:
    """One pension split between the widow and two children."""
    pension = D(620)
    widow, child = pension * D("0.60"), pension * D("0.40") / 2
    scale = D(312) / pension
    edges = [D(4), 4 + widow * scale, 4 + (widow + child) * scale]
    body = [
        text(4, 18, "Pensión de Teodoro", strong=True),
        text(316, 18, f"USD {number(pension, decimals=0)}", end=True),
        bar(4, 26, pension * scale, fill="area", height=18),
        text(4, 78, "Se reparte así", strong=True),
        bar(4, 86, widow * scale, fill="b1", height=26),
        bar(float(edges[1]), 86, child * scale, fill="b0", height=26),
        bar(float(edges[2]), 86, child * scale, fill="b0", height=26),
        text(4, 132, f"viuda: {number(widow, decimals=0)}"),
        text(float(edges[1]), 132, f"hijo: {number(child, decimals=0)}"),
        text(316, 132, f"hijo: {number(child, decimals=0)}", end=True),
        rule(float(edges[1]), 46, float(edges[1]), 84, kind="goal"),
        text(float(edges[1]) - 8, 62, "60 %", end=True),
        text(float(edges[1]) + 8, 62, "40 %"),
    ]
    svg(
        MEDIA + "montepio-reparto.svg",
        142,
        "De una pensión de 620 dólares, 372 son para la viuda y 124 para cada uno de los dos hijos",
        "Dos barras de igual largo. La primera es la pensión de Teodoro, 620 dólares. La segunda está partida en tres: 372 para la viuda, "
        "que es el 60 %, y dos partes iguales de 124 para los hijos, que suman el 40 %. Una línea punteada separa los dos porcentajes.",
        body,
    )


def state() -> None:
    """What the State paid each year, as told by the press, in millions of dollars."""
    rows = [("Hasta 2015", "cerca de 1100", 1100, "b1"), ("Después de 2015", "200 como máximo", 200, "b2"), ("2018, presupuesto", "220", 220, "b2")]
    scale, y, body = D(312) / 1100, 20, []
    for name, words, value, fill in rows:
        body += [text(4, y, name, strong=True), text(316, y, words, end=True), bar(4, y + 6, value * scale, fill=fill)]
        y += 42
    svg(
        MEDIA + "financiar-estado.svg",
        y - 16,
        "El aporte del Estado cayó de cerca de 1100 millones de dólares al año a 220 en 2018",
        "Barras horizontales desde cero, en millones de dólares al año. " + "; ".join(f"{name}: {words}" for name, words, _, _ in rows) + ".",
        body,
    )


def scenarios() -> None:
    """The year in which the reserve would run out, in four scenarios, counted from 2020."""
    rows = [
        ("Rápida, el Estado paga", 2040, "b1"),
        ("Lenta, el Estado paga", 2037, "b1"),
        ("Rápida, no paga 2020 y 2021", 2031, "b0"),
        ("Lenta, no paga 2020 y 2021", 2027, "b0"),
    ]
    scale, y, body = D(312) / 20, 20, []
    for name, year, fill in rows:
        body += [text(4, y, name), text(316, y, f"{year}", strong=True, end=True), bar(4, y + 6, (year - 2020) * scale, fill=fill)]
        y += 42
    body += [rule(4, y - 14, 316, y - 14)]
    for year in (2020, 2030, 2040):
        x = float(4 + (year - 2020) * scale)
        body += [rule(x, y - 14, x, y - 8), text(x, y + 8, str(year), end=year == 2040, middle=year == 2030)]
    svg(
        MEDIA + "actuarial-escenarios.svg",
        y + 16,
        "La reserva duraría hasta 2040, 2037, 2031 o 2027, según la recuperación y los pagos del Estado",
        "Barras horizontales que empiezan en 2020 y terminan en el año en que se agotaría la reserva. Recuperación rápida y Estado que paga: "
        "2040. Lenta y paga: 2037. Rápida y no paga 2020 y 2021: 2031. Lenta y no paga: 2027. Las barras llenas son los escenarios en que "
        "el Estado paga y las que tienen borde, los que no.",
        body,
    )


def main() -> None:
    """Draw all figures."""
    four_events()
    doors()
    coefficients()
    limits()
    survivors()
    state()
    scenarios()


if __name__ == "__main__":
    main()
