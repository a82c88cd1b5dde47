"""Draw the figures of module 5 from their numbers. Run: python content/scripts/figuras.py gobernanza-seguridad-social."""

from __future__ import annotations

from decimal import Decimal

from cuentas import parameters
from dibujo import arrow, bar, box, number, rule, svg, text

MODULE = "05-desempleo-y-cesantia/media"
_PAID = parameters("gobernanza-seguridad-social")["pago_desempleo"]
PAYMENT = Decimal(_PAID.numerator) / Decimal(_PAID.denominator)


def dos_instrumentos() -> None:
    """Two columns, four rows: what tells the insurance from the account."""
    rows = [
        ("¿De quién es el dinero?", "De una bolsa común", "De cada persona"),
        ("¿Quién lo pone?", "El empleador", "Quien trabaja"),
        ("¿Qué causa cubre?", "Solo el despido", "Toda salida"),
        ("¿Cómo se paga?", "Por mes, hasta cinco", "De una sola vez"),
    ]
    body = [box(2, 4, 156, 34, ["Seguro de desempleo"], fill="area"), box(162, 4, 156, 34, ["Cesantía"], fill="area")]
    y = 58
    for question, insurance, account in rows:
        body += [text(4, y, question, strong=True), box(2, y + 7, 156, 30, [insurance], strong=0), box(162, y + 7, 156, 30, [account], strong=0)]
        y += 62
    svg(
        f"{MODULE}/dos-instrumentos.svg",
        y - 14,
        "El seguro de desempleo es una bolsa de los empleadores que paga por mes; la cesantía, un ahorro propio que se retira una vez",
        "Cuadro de dos columnas, seguro de desempleo y cesantía, con cuatro preguntas. "
        + " ".join(f"{q} Seguro: {i.lower()}. Cesantía: {a.lower()}." for q, i, a in rows)
        + " Toda salida quiere decir renuncia, despido o jubilación.",
        body,
    )


def preguntas_del_seguro() -> None:
    """Four questions in a row; four yes open the right, one no closes it."""
    questions = ["¿Tenía un empleador?", "¿Salió sin quererlo?", "¿Suma 24 aportes?", "¿Los seis últimos son seguidos?"]
    body, y = [], 4
    for question in questions:
        body += [box(2, y, 216, 34, [question], strong=0), arrow(218, y + 17, 262, y + 17, kind="goal"), text(268, y + 22, "no: sale")]
        body += [arrow(40, y + 34, 40, y + 62), text(52, y + 53, "sí")]
        y += 62
    body.append(box(2, y, 216, 34, ["Tiene derecho al seguro"], fill="area"))
    svg(
        f"{MODULE}/preguntas-del-seguro.svg",
        y + 38,
        "Cuatro preguntas en orden: empleador, salida involuntaria, 24 aportes y los seis últimos seguidos; cuatro sí dan el derecho",
        "Diagrama de decisión de arriba abajo con cuatro preguntas: " + " ".join(questions) + " Cada sí baja a la pregunta siguiente "
        "y el último llega a la casilla «Tiene derecho al seguro». Cada no, con flecha punteada, sale del camino.",
        body,
    )


def cuenta_cesantia() -> None:
    """Bars: the account after 12, 24 and 36 months; outlined below the 24 contributions asked for."""
    monthly = Decimal(700) * Decimal("0.02")
    rows = [(m, monthly * m) for m in (12, 24, 36)]
    scale = Decimal(300) / rows[-1][1]
    body, y = [], 20
    for months, balance in rows:
        note = " (mínimo para retirar)" if months == 24 else ""
        body += [text(4, y, f"{months} meses{note}", strong=True), text(316, y, f"USD\u00a0{number(balance, decimals=0)}", end=True)]
        body.append(bar(4, y + 7, balance * scale, fill="b1" if months >= 24 else "b0", height=16))
        y += 46
    svg(
        f"{MODULE}/cuenta-cesantia.svg",
        y - 12,
        "Saldo de cesantía con un sueldo de USD 700: 168 a los 12 meses, 336 a los 24 y 504 a los 36",
        "Tres barras horizontales que parten de cero. Con un sueldo de USD 700 y una tasa de 2 %, cada mes entran USD 14. "
        + "; ".join(f"a los {m} meses hay USD {number(b, decimals=0)}" for m, b in rows)
        + ". La barra de 12 meses lleva solo borde, porque no alcanza las 24 aportaciones que se piden para retirar; las otras dos van llenas.",
        body,
    )


def tasa_reemplazo() -> None:
    """Bars: the replacement rate of a flat payment for four wages, with a mark at half of the wage."""
    rows = [(w, PAYMENT / w * 100) for w in (500, 700, 1000, 1400)]
    scale = Decimal(300) / Decimal(82)
    goal = 4 + float(50 * scale)
    body, y = [text(goal, 14, "la mitad del sueldo", middle=True)], 40
    bars = []
    for wage, rate in rows:
        body += [text(4, y, f"Sueldo de USD\u00a0{wage}", strong=True)]
        bars += [bar(4, y + 7, rate * scale, fill="b1" if rate >= 50 else "b0", height=16)]
        bars.append(text(max(4 + float(rate * scale) + 6, 0), y + 20, number(rate, decimals=1) + "\u00a0%") if abs(rate - 50) > 12 else text(goal + 8, y + 20, number(rate, decimals=1) + "\u00a0%"))
        y += 44
    body += bars
    body.append(rule(goal, 20, goal, y - 16, kind="goal"))
    svg(
        f"{MODULE}/tasa-reemplazo.svg",
        y - 12,
        f"Tasa de reemplazo de un pago fijo de USD {number(PAYMENT)}: " + "; ".join(f"{number(r, decimals=1)} % con sueldo de {w}" for w, r in rows),
        "Cuatro barras horizontales que parten de cero y una línea punteada vertical en 50 %, la mitad del sueldo. "
        + "; ".join(f"sueldo de USD {w}: {number(r, decimals=1)} %" for w, r in rows)
        + ". Solo la primera barra, llena, pasa de la línea; las otras llevan borde.",
        body,
    )


def embudo_cobertura() -> None:
    """Bars: from those who lost their job to those who meet the conditions."""
    rows = [("Perdieron el empleo", 50), ("Con afiliación o factura", 38), ("Con contrato y afiliación", 30), ("Con 24 aportes y seis seguidos", 20)]
    scale = Decimal(300) / 50
    body, y = [], 20
    for i, (label, people) in enumerate(rows):
        body += [text(4, y, label, strong=True), text(316, y, str(people), strong=True, end=True)]
        body.append(bar(4, y + 7, people * scale, fill="b1" if i == 3 else "b0", height=16))
        y += 46
    svg(
        f"{MODULE}/embudo-cobertura.svg",
        y - 12,
        "De 50 personas que perdieron el empleo, 20 cumplen los requisitos del seguro",
        "Cuatro barras horizontales que parten de cero y se acortan como un embudo. "
        + "; ".join(f"{label.lower()}: {people}" for label, people in rows)
        + ". La última va llena: son las personas que reciben. Ejemplo imaginario.",
        body,
    )


def main() -> None:
    """Draw every figure."""
    dos_instrumentos()
    preguntas_del_seguro()
    cuenta_cesantia()
    tasa_reemplazo()
    embudo_cobertura()


if __name__ == "__main__":
    main()
