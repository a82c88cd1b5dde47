"""Draw the figures of module 3 (the drivers) from the numbers of Andinia.

Run: python content/scripts/figuras.py presupuesto-social
"""

from __future__ import annotations

from decimal import Decimal as D

import andinia
from dibujo import arrow, bar, box, number, rule, svg, text

MEDIA = "03-motores/media/"


def chain() -> None:
    """From people of working age to contributions."""
    steps = ["Personas en edad de trabajar", "Fuerza laboral", "Personas ocupadas", "Personas que cotizan", "Cotizaciones"]
    between = ["× participación", "× (1 − desempleo)", "× asalariadas × cobertura", "× salario × tasa"]
    body = []
    for i, step in enumerate(steps):
        y = 2 + 66 * i
        body.append(box(30, y, 230, 34, [step], fill="area" if i == 4 else "b0"))
        if i < 4:
            body += [arrow(60, y + 34, 60, y + 66), text(76, y + 55, between[i])]
    svg(
        MEDIA + "cadena.svg",
        304,
        "De las personas en edad de trabajar a las cotizaciones",
        "Cinco cajas unidas por flechas hacia abajo. Personas en edad de trabajar, por participación, dan la fuerza laboral. Por uno menos el "
        "desempleo, dan las personas ocupadas. Por la parte asalariada y la cobertura, las que cotizan. Por salario y tasa, las cotizaciones.",
        body,
    )


def dependency() -> None:
    """Old-age dependency ratio at two moments."""
    body, parts, y = [], [], 20
    for label, people in (("Año base", andinia.PEOPLE), ("Futuro", andinia.PEOPLE["futuro"])):
        ratio = 100 * andinia.decimal(people["edad_65_mas"] / people["edad_15_64"])
        shown = number(ratio, decimals=1)
        body += [
            text(4, y, f"{label}: {people['edad_65_mas']} ÷ {people['edad_15_64']}", strong=label == "Futuro"),
            text(316, y, shown, strong=True, end=True),
            bar(4, y + 6, ratio * 18, fill="b2" if label == "Futuro" else "b1", height=18),
        ]
        parts.append(f"{label.lower()}, {shown}")
        y += 50
    svg(
        MEDIA + "dependencia.svg",
        y - 18,
        "La razón de dependencia sube de 12,7 a 16,3 por cada cien",
        "Dos barras horizontales desde cero con las personas de 65 años o más por cada cien de 15 a 64: " + "; ".join(parts) + ".",
        body,
    )


def ladder() -> None:
    """How many of the population of 15 to 64 end up contributing, in thousands."""
    rows = [
        ("De 15 a 64 años", andinia.decimal(andinia.PEOPLE["edad_15_64"])),
        ("Fuerza laboral", andinia.decimal(andinia.FORCE)),
        ("Ocupadas", andinia.decimal(andinia.EMPLOYED)),
        ("Asalariadas", andinia.decimal(andinia.WAGE_EARNERS)),
        ("Cotizantes", andinia.decimal(andinia.CONTRIBUTORS)),
    ]
    body, y = [], 20
    for label, value in rows:
        last = label == "Cotizantes"
        body += [
            text(4, y, label, strong=last),
            text(316, y, number(value, decimals=0), strong=last, end=True),
            bar(4, y + 6, D(312) * value / rows[0][1], fill="b2" if last else "b1"),
        ]
        y += 40
    svg(
        MEDIA + "escalera-cobertura.svg",
        y - 14,
        "De 4100 mil personas de 15 a 64 años cotizan 999 mil",
        "Barras horizontales desde cero, en miles de personas: "
        + "; ".join(f"{a.lower()}, {number(b, decimals=0)}" for a, b in rows)
        + ".",
        body,
    )


def output() -> None:
    """Nominal output over four years."""
    growth = andinia.decimal(andinia.NOMINAL_GROWTH)
    body, parts, y = [], [], 20
    for year in range(4):
        value = andinia.decimal(andinia.GDP) * growth**year
        shown = number(value, decimals=0)
        body += [
            text(4, y, f"Año {year}"),
            text(316, y, shown, strong=True, end=True),
            bar(4, y + 6, D(312) * value / 22_866, fill="b1" if year else "area"),
        ]
        parts.append(f"año {year}, {shown}")
        y += 40
    svg(
        MEDIA + "producto-nominal.svg",
        y - 14,
        "El producto nominal sube de 20\u202f000 a 22\u202f866 millones en tres años",
        "Barras horizontales desde cero con el producto nominal de Andinia, en millones: " + "; ".join(parts) + ".",
        body,
    )


def debt() -> None:
    """Debt in millions and as a part of output, two years."""
    government = {name: andinia.decimal(amount) for name, amount in andinia.GOVERNMENT.items()}
    after = government["deuda"] + government["intereses"] + government["gasto_primario"] - government["ingresos"]
    output_after = andinia.decimal(andinia.GDP * andinia.NOMINAL_GROWTH)
    body = [
        text(4, 18, "En millones", strong=True),
        text(4, 40, "Año 0"),
        text(316, 40, "8000", end=True),
        bar(4, 46, D(312) * 8000 / 8250, fill="area"),
        text(4, 80, "Año 1"),
        text(316, 80, number(after, decimals=0), strong=True, end=True),
        bar(4, 86, 312, fill="b1"),
        rule(4, 112, 316, 112, kind="grid-l"),
        text(4, 134, "Como parte del PIB", strong=True),
        text(4, 156, "Año 0"),
        text(316, 156, "40,0 %", end=True),
        bar(4, 162, 312, fill="area"),
        text(4, 196, "Año 1"),
        text(316, 196, number(100 * after / output_after, decimals=1) + " %", strong=True, end=True),
        bar(4, 202, D(312) * (after / output_after) / D("0.4"), fill="b2"),
    ]
    svg(
        MEDIA + "deuda.svg",
        224,
        "La deuda sube a 8250 millones y baja a 39,4 % del PIB",
        "Dos parejas de barras desde cero. En millones, la deuda pasa de 8000 en el año 0 a 8250 en el año 1. Como parte del PIB, pasa de 40,0 % "
        "a 39,4 %.",
        body,
    )


def impossible() -> None:
    """Wage share of output if wages grow by 5 % and output does not."""
    left, bottom, width, height = 40, 190, 270, 165

    def x(year: int) -> float:
        return left + width * year / 20

    def y(share: D) -> float:
        return float(bottom - height * share / 125)

    points = [(x(t), y(45 * D("1.05") ** t)) for t in range(21)]
    body = [rule(left, bottom, left + width, bottom)]
    for mark in (0, 50, 100):
        body.append(text(left - 6, y(D(mark)) + 4, str(mark), end=True))
        if mark:
            body.append(rule(left, y(D(mark)), left + width, y(D(mark)), kind="goal" if mark == 100 else "grid-l"))
    body += [
        '<path class="line" d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in points) + '"/>',
        f'<circle class="dot" cx="{points[17][0]:.1f}" cy="{points[17][1]:.1f}" r="6"/>',
        text(points[17][0] + 14, points[17][1] + 26, "año 17", strong=True, middle=True),
        text(left + 6, y(D(100)) - 8, "tope: todo lo producido"),
        text(left + 10, y(D(45)) - 12, "45 %", strong=True),
    ]
    for year in (0, 5, 10, 15, 20):
        body.append(text(x(year), bottom + 18, str(year), middle=year < 20, end=year == 20))
    body.append(text(left, bottom + 38, "Años. Parte del producto, en porcentaje"))
    svg(
        MEDIA + "salarios-imposibles.svg",
        236,
        "Los salarios pasarían del 45 % al 119 % del producto en veinte años",
        "Línea que sube desde 45 % en el año 0: 57,4 % en el año 5, 73,3 % en el 10, 93,6 % en el 15 y 119,4 % en el 20. Cruza el tope de 100 % "
        "entre los años 16 y 17.",
        body,
    )


for draw in (chain, dependency, ladder, output, debt, impossible):
    draw()
