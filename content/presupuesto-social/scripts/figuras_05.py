"""Draw the figures of module 5 (scenarios, fiscal space and policy use) from their numbers.

Run: python content/scripts/figuras.py presupuesto-social
"""

from __future__ import annotations

from decimal import Decimal as D

import andinia
from dibujo import arrow, bars, box, number, svg, text

MEDIA = "05-escenarios-y-espacio-fiscal/media/"


def path() -> None:
    """One recommendation, two scenarios, two costs."""
    costs = {ages: people * andinia.decimal(andinia.CHILDREN["costo_unitario"] * (1 + andinia.CHILDREN["administracion"])) for ages, people in (("0 a 3", D("0.24")), ("0 a 5", andinia.decimal(andinia.PEOPLE["menores_0_5"] / 1000)))}
    body = [
        box(2, 4, 316, 44, ["Recomendación", "«proteger mejor a la niñez»"], fill="b0"),
        arrow(80, 48, 80, 80),
        arrow(240, 48, 240, 80),
        box(2, 80, 152, 78, ["Escenario A", "de 0 a 3 años", "50 al mes, 12 meses", "5 % administración"], fill="area"),
        box(166, 80, 152, 78, ["Escenario B", "de 0 a 5 años", "50 al mes, 12 meses", "5 % administración"], fill="area"),
        arrow(80, 158, 80, 190),
        arrow(240, 158, 240, 190),
        box(2, 190, 152, 44, [f"{number(costs['0 a 3'], decimals=1)} millones", "costo pleno al año"], fill="b0"),
        box(166, 190, 152, 44, [f"{number(costs['0 a 5'], decimals=1)} millones", "costo pleno al año"], fill="b0"),
    ]
    svg(
        MEDIA + "escenario-camino.svg",
        238,
        "Una recomendación se abre en dos escenarios con costos de 151,2 y 252,0 millones",
        "Diagrama de arriba abajo. Una caja con la recomendación, proteger mejor a la niñez, lleva con dos flechas a dos escenarios. El A "
        "llega de 0 a 3 años y el B, de 0 a 5; los dos pagan 50 al mes durante doce meses y añaden un 5 % de administración. Cada uno "
        "lleva a su costo pleno al año: 151,2 millones el A y 252,0 el B.",
        body,
    )


def universal() -> None:
    """The two published costs for children."""
    rows = [("Toda la niñez, monto igual", "7,3 % del PIB", D("7.3"), "b1"), ("Niñez en pobreza", "1,3 % del PIB", D("1.3"), "b2")]
    body, height = bars(rows)
    svg(
        MEDIA + "universal-focalizado.svg",
        height,
        "La opción universal para la niñez cuesta 7,3 % del PIB y la focalizada, 1,3 %",
        "Dos barras horizontales desde cero, en porcentaje del PIB de Ecuador. Una transferencia de monto igual a toda la niñez y "
        "adolescencia: 7,3. Una prestación por edad y necesidad a la niñez en pobreza: 1,3. La primera es 5,6 veces la segunda.",
        body,
    )


def published() -> None:
    """Published figures side by side, never stacked."""
    rows = [
        ("Brecha total de un piso", "2,51", D("2.51"), "b1"),
        ("Vejez", "0,98", D("0.98"), "b1"),
        ("Maternidad", "0,23", D("0.23"), "b1"),
        ("Discapacidad", "0,21", D("0.21"), "b1"),
        ("Niñez en pobreza: otro estudio", "1,3", D("1.3"), "b0"),
    ]
    body, height = bars(rows)
    svg(
        MEDIA + "brecha-cifras.svg",
        height,
        "Cinco cifras publicadas, en % del PIB: 2,51; 0,98; 0,23; 0,21 y, de otro estudio, 1,3",
        "Cinco barras horizontales separadas, desde cero, en porcentaje del PIB de Ecuador. Brecha total de un piso nacional, 2,51. Vejez, "
        "0,98. Maternidad, 0,23. Discapacidad, 0,21. Con borde y relleno claro, la niñez en pobreza, 1,3, que viene de otro estudio. Las "
        "barras no se apilan: las cifras no se suman.",
        body,
    )


def sensitivity() -> None:
    """The same cost over three sizes of the economy."""
    cost, rows = D(1424), []
    for name, growth, fill in (
        ("Optimista: PIB al 4,5 %", "1.045", "b0"),
        ("Base: PIB al 3,53 %", "1.0353", "b1"),
        ("Pesimista: PIB al 2,0 %", "1.02", "b2"),
    ):
        share = 100 * cost / (118_000 * D(growth) ** 6)
        rows.append((name, f"{number(share)} % del PIB", share, fill))
    body, height = bars(rows)
    svg(
        MEDIA + "sensibilidad-pib.svg",
        height,
        "La misma pensión pesa 0,93, 0,98 o 1,07 % del PIB según crezca la economía",
        "Tres barras horizontales desde cero con el peso de un gasto de 1424 millones en el PIB de 2030. "
        + "; ".join(f"{name}: {shown}" for name, shown, *_ in rows)
        + ". Costo y tasas de crecimiento ilustrativos.",
        body,
    )


def eight() -> None:
    """The eight options in three groups."""
    groups = [
        ("Recaudar más", ["1. Más personas que aportan", "2. Más ingresos tributarios", "3. Menos flujos ilícitos"]),
        ("Usar mejor lo que hay", ["4. Reasignar el gasto"]),
        (
            "Ahorro, deuda, margen y ayuda",
            ["5. Reservas fiscales", "6. Gestión de la deuda", "7. Marco macroeconómico", "8. Ayuda y transferencias"],
        ),
    ]
    body, y = [], 18
    for title, options in groups:
        body.append(text(4, y, title, strong=True))
        y += 8
        for option in options:
            body.append(box(2, y, 316, 26, [option], fill="area", strong=0))
            y += 32
        y += 22
    svg(
        MEDIA + "espacio-ocho.svg",
        y - 22,
        "Ocho opciones de espacio fiscal en tres grupos",
        "Ocho casillas en tres grupos. "
        + " ".join(f"{title}: " + "; ".join(o[3:].lower() for o in options) + "." for title, options in groups),
        body,
    )


def steps() -> None:
    """The three steps of the dialogue with their questions."""
    rows = [
        ("1. Construir la matriz", ["¿cuál es la situación?", "¿cuánto falta para el piso?", "¿qué hacer?"]),
        ("2. Costear", ["¿cuánto costaría?", "¿puede pagarse?"]),
        ("3. Cerrar y respaldar", ["¿cómo lograr el respaldo?", "¿cómo defenderlo después?"]),
    ]
    body, y = [], 4
    for i, (title, questions) in enumerate(rows):
        height = 17 * (len(questions) + 1) + 16
        body.append(box(2, y, 316, height, [title, *questions], fill="area" if i == 1 else "b0"))
        y += height
        if i < 2:
            body.append(arrow(160, y, 160, y + 26))
            y += 26
    svg(
        MEDIA + "acuerdo-pasos.svg",
        y + 4,
        "Los tres pasos del diálogo: matriz, costeo e informe",
        "Tres cajas de arriba abajo unidas por flechas. "
        + " ".join(f"{title}: " + " ".join(questions) for title, questions in rows)
        + " El costeo es la caja de en medio.",
        body,
    )


def main() -> None:
    """Draw all figures of the module."""
    for draw in (path, universal, published, sensitivity, eight, steps):
        draw()


if __name__ == "__main__":
    main()
