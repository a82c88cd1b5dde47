"""Draw the figures of module 4 (projecting expenditure and income) from their numbers.

Run: python content/scripts/figuras.py presupuesto-social
"""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import andinia
from dibujo import bar, bars, number, rule, svg, text

MEDIA = "04-proyectar-gastos-e-ingresos/media/"


def chain() -> None:
    """The filter from the population to those who receive."""
    population = andinia.decimal(andinia.PEOPLE["menores_0_5"] * 1000)
    eligible = population * D("0.30")
    receiving = eligible * D("0.80")
    rows = [
        ("Niñez de 0 a 5 años", number(population, decimals=0), population, "b0"),
        ("Elegibles: 30 %", number(eligible, decimals=0), eligible, "b1"),
        ("Reciben: 80 % de elegibles", number(receiving, decimals=0), receiving, "b2"),
    ]
    body, height = bars(rows)
    svg(
        MEDIA + "formula-cadena.svg",
        height,
        "De 400 000 niñas y niños, 120 000 son elegibles y 96 000 reciben",
        "Tres barras horizontales desde cero. La primera es la población meta de Andinia, 400 000 niñas y niños de 0 a 5 años. La segunda, "
        "los 120 000 que cumplen las reglas, el 30 %. La tercera, los 96 000 que reciben, el 80 % de los elegibles. Cada barra es una "
        "parte de la anterior.",
        body,
    )


def factors() -> None:
    """Pension expenditure over GDP with the population of today and of the future."""
    now, later = (100 * andinia.decimal(share) for share in (andinia.SHARE_NOW, andinia.SHARE_LATER))
    scale = D(312) / later
    body = [
        text(4, 20, "Población de partida", strong=True),
        text(316, 20, f"{number(now)} % del PIB", end=True),
        bar(4, 26, now * scale, height=18),
        text(4, 72, "Población futura", strong=True),
        text(316, 72, f"{number(later)} % del PIB", end=True),
        bar(4, 78, now * scale, height=18),
        bar(4 + float(now * scale), 78, (later - now) * scale, fill="b2", height=18),
        text(4, 122, "tramo final: solo el envejecimiento,"),
        text(4, 139, f"{number(later - now)} puntos del PIB"),
    ]
    svg(
        MEDIA + "pensiones-factores.svg",
        148,
        f"El gasto pasa de {number(now)} a {number(later)} % del PIB solo por el envejecimiento",
        "Dos barras horizontales desde cero. Con la población de partida, 520 mil personas mayores y 4100 mil de 15 a 64 años, el gasto en "
        f"pensiones de vejez de Andinia es el {number(now)} % del PIB. Con 700 mil y 4300 mil, y los demás factores iguales, es el "
        f"{number(later)} %. El tramo añadido, {number(later - now)} puntos, está en otro relleno y es todo demografía.",
        body,
    )


def stairs() -> None:
    """What the rate promises and what arrives."""
    full, dense, paid = (andinia.decimal(amount) for amount in (andinia.FULL, andinia.DENSE, andinia.PAID))
    promised, due, arrived = (number(amount, decimals=1) for amount in (full, dense, paid))
    rows = [
        ("Todo el año y todo pagado", number(full, decimals=1), full, "b0"),
        ("Con densidad de 0,92", number(dense, decimals=1), dense, "b1"),
        ("Y con cumplimiento de 0,95", number(paid, decimals=1), paid, "b2"),
    ]
    body, height = bars(rows)
    svg(
        MEDIA + "cotizaciones-escalera.svg",
        height,
        f"De {promised} millones en teoría quedan {due} por la densidad y {arrived} por el cumplimiento",
        "Tres barras horizontales desde cero, en millones. Si todas las personas aportaran doce meses y todo se pagara, el régimen de "
        f"Andinia ingresaría {promised}. Con una densidad de 0,92 ingresa {due}. Con un cumplimiento de 0,95, además, {arrived}.",
        body,
    )


def groups() -> None:
    """Share of the population and of health expenditure, by age."""
    names = ("Menores", "Personas adultas", "Personas mayores")
    rows = [(name, *map(andinia.decimal, insured)) for name, insured in zip(names, andinia.INSURED, strict=True)]
    people, money = sum(p for _, p, _ in rows), sum(p * c for _, p, c in rows)
    scale = D(4)
    body = [
        bar(4, 8, 14, fill="b0", height=12),
        text(24, 19, "de las personas"),
        bar(160, 8, 14, fill="b1", height=12),
        text(180, 19, "del gasto"),
    ]
    parts, y = [], 48
    for name, persons, cost in rows:
        a, b = 100 * persons / people, 100 * persons * cost / money
        body += [
            text(4, y, name, strong=True),
            bar(4, y + 6, a * scale, fill="b0"),
            text(12 + float(a * scale), y + 17, f"{number(a, decimals=1)} %"),
            bar(4, y + 22, b * scale, fill="b1"),
            text(12 + float(b * scale), y + 33, f"{number(b, decimals=1)} %"),
        ]
        parts.append(f"{name}: {number(a, decimals=1)} % de las personas y {number(b, decimals=1)} % del gasto")
        y += 58
    svg(
        MEDIA + "salud-grupos.svg",
        y - 16,
        "Las personas mayores son 11,9 % de las aseguradas y 34,6 % del gasto en salud",
        "Barras horizontales por grupo de edad de Andinia, con su parte de las personas aseguradas y su parte del gasto en salud. "
        + "; ".join(parts)
        + ".",
        body,
    )


def reserve() -> None:
    """The reserve year by year, as a line."""
    points = [andinia.decimal(level) for level in andinia.reserve(7)]
    left, right, top, bottom = 50, 304, 30, 190
    span = D(1600)

    def place(year: int, value: D) -> tuple[float, float]:
        """The point of a year on the drawing."""
        return left + (right - left) * year / 7, float(top + (D(1500) - value) * (bottom - top) / span)

    zero = place(0, D(0))[1]
    body = [text(4, 16, "Reserva, en millones", strong=True)]
    for value in (1500, 1000, 500):
        y = place(0, D(value))[1]
        body += [rule(left, y, right, y, kind="grid-l"), text(left - 10, y + 4, str(value), end=True)]
    body += [rule(left, zero, right, zero), text(left - 10, zero + 4, "0", end=True)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(t, v) for t, v in enumerate(points)))
    body.append(f'<path class="line" d="M{path}"/>')
    for year, value in enumerate(points):
        x, y = place(year, value)
        body.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5"/>')
        body.append(text(x, 232, str(year), middle=True))
    x, y = place(7, points[7])
    body += [
        text(x - 14, y + 8, number(points[7], decimals=1), strong=True, end=True),
        text(float(place(4, points[4])[0]) + 10, place(4, points[4])[1] - 4, number(points[4], decimals=1)),
        text(177, 250, "año", middle=True),
    ]
    shown = "; ".join(f"año {t}, {number(v, decimals=1)}" for t, v in enumerate(points))
    svg(
        MEDIA + "reserva-linea.svg",
        258,
        "La reserva cae de 1500 a 281,7 millones en el año 6 y queda en −217,6 en el año 7",
        f"Línea de la reserva de Andinia al cierre de cada año, en millones: {shown}. La línea baja despacio al principio y cada vez más "
        "deprisa, y cruza el cero entre los años 6 y 7.",
        body,
    )


def depletion() -> None:
    """The year the reserve runs out, by growth of expenditure."""
    rows = []
    for growth in (6, 5, 4, 3):
        year = andinia.runs_out(Fraction(growth, 100))
        rows.append((f"Gasto al {growth} %", f"año {year}", D(year), "b2" if growth == 3 else "b1"))
    body, height = bars(rows)
    svg(
        MEDIA + "resultados-agotamiento.svg",
        height,
        "La reserva se agota en el año 7, 8, 11 o 34 según el gasto crezca 6, 5, 4 o 3 %",
        "Barras horizontales desde cero con el año de agotamiento de la reserva de Andinia. "
        + "; ".join(f"{label}: {shown}" for label, shown, *_ in rows)
        + ". El ingreso crece un 3 % y el interés es del 5 % en los cuatro casos.",
        body,
    )


def main() -> None:
    """Draw all figures of the module."""
    for draw in (chain, factors, stairs, groups, reserve, depletion):
        draw()


if __name__ == "__main__":
    main()
