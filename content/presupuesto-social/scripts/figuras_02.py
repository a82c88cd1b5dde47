"""Draw the figures of module 2 (the social accounting system) from the accounts of Andinia, in millions.

Run: python content/scripts/figuras.py presupuesto-social
"""

from __future__ import annotations

from decimal import Decimal as D

import andinia
from dibujo import arrow, bar, box, lines, number, rule, svg, text

MEDIA = "02-cuentas-sociales/media/"
NAMES = {
    "pensiones": "Pensiones",
    "salud": "Salud contributiva",
    "riesgos": "Riesgos del trabajo",
    "desempleo": "Desempleo",
    "asistencia": "Asistencia social",
}
INCOME = {NAMES[scheme]: row for scheme, row in andinia.INCOME.items()}
SPENDING = {NAMES[scheme]: row for scheme, row in andinia.SPENDING.items()}
FUNCTIONS = ["Vejez", "Sobrevivientes", "Invalidez", "Salud", "Desempleo", "Familia", "Accidentes", "Exclusión"]


def whole(value: int) -> str:
    """An amount in millions."""
    return number(value, decimals=0)


def questions() -> None:
    """One payment, three questions."""
    rows = [(["¿Quién lleva", "las cuentas?"], ["Régimen"]), (["¿Para qué es?"], ["Función"]), (["¿Quién puso", "el dinero?"], ["Fuente"])]
    body = [box(2, 56, 74, 40, ["Un pago"], fill="area"), rule(90, 26, 90, 134), rule(76, 76, 90, 76)]
    for i, (question, answer) in enumerate(rows):
        y = 4 + 54 * i
        body += [
            arrow(90, y + 22, 110, y + 22),
            box(110, y, 118, 44, question, fill="b0", strong=0),
            arrow(228, y + 22, 244, y + 22),
            box(244, y, 74, 44, answer, fill="area"),
        ]
    svg(
        MEDIA + "tres-preguntas.svg",
        160,
        "Tres preguntas a un pago: régimen, función y fuente",
        "De la caja un pago salen tres flechas. La primera pregunta quién lleva las cuentas y lleva a régimen. La segunda pregunta para qué es "
        "y lleva a función. La tercera pregunta quién puso el dinero y lleva a fuente.",
        body,
    )


def balances() -> None:
    """Income minus spending of four schemes, around zero."""
    body, parts, y, zero, scale = [], [], 20, 52, D("1.6")
    for scheme in list(INCOME)[:4]:
        value = sum(INCOME[scheme]) - sum(SPENDING[scheme])
        width = abs(value) * scale
        body += [
            text(4, y, scheme, strong=value < 0),
            text(316, y, whole(value), strong=value < 0, end=True),
            bar(zero if value >= 0 else float(zero - width), y + 6, width, fill="b1" if value >= 0 else "b2"),
            rule(zero, y + 3, zero, y + 22),
        ]
        parts.append(f"{scheme}: {whole(value)}")
        y += 42
    body.append(text(zero - 4, y - 4, "0"))
    svg(
        MEDIA + "saldos.svg",
        y + 6,
        "Saldos: tres a favor y la salud 15 millones en contra",
        "Barras horizontales a los dos lados de una línea de cero, en millones. " + "; ".join(parts) + ".",
        body,
    )


def functions() -> None:
    """Spending by function, largest first, without administration."""
    totals = {f: sum(row[i] for row in SPENDING.values()) for i, f in enumerate(FUNCTIONS)}
    body, y = [], 18
    for f, value in sorted(totals.items(), key=lambda p: -p[1]):
        body += [
            text(4, y, f, strong=value > 500),
            text(316, y, whole(value), strong=value > 500, end=True),
            bar(4, y + 5, D(312) * value / max(totals.values()), fill="b2" if value > 500 else "b1", height=11),
        ]
        y += 36
    svg(
        MEDIA + "funciones.svg",
        y - 14,
        "Vejez 1120 y salud 710 son las funciones mayores de Andinia",
        "Barras horizontales desde cero con el gasto por función, en millones: "
        + "; ".join(f"{f.lower()}, {whole(v)}" for f, v in sorted(totals.items(), key=lambda p: -p[1]))
        + f". Sin administración, {andinia.BY_FUNCTION['administracion']}.",
        body,
    )


def sources() -> None:
    """Income of each scheme, split into contributions, State and investments."""
    body, parts, scale = [], [], D(312) / 1500
    body += [
        bar(4, 6, 14, fill="b1"),
        text(24, 18, "Aportes"),
        bar(118, 6, 14, fill="b2"),
        text(138, 18, "Estado"),
        bar(206, 6, 14, fill="area"),
        text(226, 18, "Inversiones"),
    ]
    y = 46
    for scheme, row in sorted(INCOME.items(), key=lambda p: -sum(p[1])):
        amounts = [("b1", row[0] + row[1]), ("b2", row[2]), ("area", row[3])]
        body += [text(4, y, scheme, strong=True), text(316, y, whole(sum(row)), end=True)]
        x = D(4)
        for fill, amount in amounts:
            if amount:
                body.append(bar(float(x), y + 6, max(amount * scale, D(1)), fill=fill, height=15))
                x += amount * scale
        parts.append(f"{scheme}: aportes {whole(amounts[0][1])}, Estado {whole(amounts[1][1])}, inversiones {whole(amounts[2][1])}")
        y += 44
    svg(
        MEDIA + "fuentes.svg",
        y - 16,
        "El Estado pone 300 de 1500 en pensiones y los 400 de la asistencia",
        "Barras horizontales desde cero, partidas en tres: aportes, Estado e inversiones, en millones. " + ". ".join(parts) + ".",
        body,
    )


def twice() -> None:
    """A payment of one scheme to another, counted once or twice."""
    paid = andinia.BOUGHT
    body = [
        box(2, 4, 140, 44, ["Riesgos", f"paga {paid}"], fill="b0"),
        arrow(142, 26, 160, 26),
        box(160, 4, 158, 44, ["Salud", f"recibe {paid}"], fill="b0"),
        arrow(239, 48, 239, 74),
        box(160, 74, 158, 44, ["Consultas", f"gasta {paid}"], fill="area"),
        text(4, 148, "Suma simple", strong=True),
        text(316, 148, f"{paid} + {paid} = {2 * paid}", end=True),
        bar(4, 154, 250, fill="b2"),
        text(4, 190, "Suma consolidada", strong=True),
        text(316, 190, str(paid), end=True),
        bar(4, 196, 125, fill="b1"),
    ]
    body += [lines(4, 88, ["Pago interno:", "se elimina"])]
    svg(
        MEDIA + "doble-conteo.svg",
        216,
        f"Un pago interno de {paid} se cuenta dos veces en la suma simple",
        f"Riesgos del trabajo paga {paid} millones a salud, y salud los gasta en consultas. Dos barras comparan el resultado: la suma simple "
        f"cuenta {paid} más {paid}, que son {2 * paid}; la suma consolidada cuenta {paid}.",
        body,
    )


def codes() -> None:
    """Spending by code of national accounts."""
    s = SPENDING
    rows = [
        ("D621, seguridad social en dinero", sum(sum(s[name][:3]) + s[name][4] + s[name][6] for name in ("Pensiones", "Riesgos del trabajo", "Desempleo"))),
        ("D63, transferencias en especie", sum(row[3] + row[7] for row in s.values())),
        ("D623, asistencia social en dinero", sum(s["Asistencia social"][:7])),
        ("Administración", sum(row[8] for row in s.values())),
    ]
    assert sum(v for _, v in rows) == andinia.OUT
    body, y = [], 18
    for label, value in rows:
        body += [
            text(4, y, label, strong=label.startswith("D")),
            text(316, y, whole(value), end=True),
            bar(4, y + 6, D(312) * value / rows[0][1], fill="b1" if label.startswith("D") else "area"),
        ]
        y += 42
    svg(
        MEDIA + "codigos.svg",
        y - 16,
        "D621 reúne 1392 de los 2592 millones de Andinia",
        "Barras horizontales desde cero, en millones. " + "; ".join(f"{a}: {whole(b)}" for a, b in rows) + ".",
        body,
    )


for draw in (questions, balances, functions, sources, twice, codes):
    draw()
