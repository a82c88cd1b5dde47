"""Draw the figures of module 6 (SPER, rapid assessment and costing tools) from their numbers.

Run: python content/scripts/figuras.py presupuesto-social
"""

from __future__ import annotations

from decimal import Decimal as D

from dibujo import arrow, bar, bars, box, number, svg, text

MEDIA = "06-sper-y-herramientas/media/"


def sequence() -> None:
    """The four steps of the review."""
    rows = [
        ("1. Entorno", "¿quién vive aquí y de qué?"),
        ("2. Cobertura", "¿a quién llega y a quién no?"),
        ("3. Costos y financiamiento", "¿cuánto cuesta y quién paga?"),
        ("4. Desempeño", "¿qué se logra con eso?"),
    ]
    body, y = [], 4
    for i, (title, question) in enumerate(rows):
        body.append(box(2, y, 316, 46, [title, question], fill="area" if i == 3 else "b0"))
        y += 46
        if i < 3:
            body.append(arrow(160, y, 160, y + 24))
            y += 24
    svg(
        MEDIA + "sper-secuencia.svg",
        y + 4,
        "La revisión va del entorno a la cobertura, a los costos y al desempeño",
        "Cuatro cajas de arriba abajo unidas por flechas. " + " ".join(f"{title}: {question}" for title, question in rows),
        body,
    )


def errors() -> None:
    """Eligible families and receiving families share a stretch."""
    eligible, receiving, both = D(300), D(240), D(180)
    scale = D(312) / eligible
    edge = 4 + float(both * scale)
    body = [
        text(4, 20, "300 familias elegibles", strong=True),
        bar(4, 28, both * scale, height=22),
        bar(edge, 28, (eligible - both) * scale, fill="b2", height=22),
        text(4, 68, "180 reciben"),
        text(edge, 68, "120 no reciben"),
        text(4, 108, "240 familias beneficiarias", strong=True),
        bar(4, 116, both * scale, height=22),
        bar(edge, 116, (receiving - both) * scale, fill="b0", height=22),
        text(4, 156, "180 son elegibles"),
        text(edge, 156, "60 no lo son"),
        text(4, 186, f"Exclusión: 120 ÷ 300 = {number(100 * (eligible - both) / eligible, decimals=0)} %"),
        text(4, 203, f"Inclusión: 60 ÷ 240 = {number(100 * (receiving - both) / receiving, decimals=0)} %"),
    ]
    svg(
        MEDIA + "indicadores-errores.svg",
        212,
        "De 300 familias elegibles, 120 no reciben; de 240 beneficiarias, 60 no son elegibles",
        "Dos barras con un tramo común de 180 familias, que son elegibles y reciben. La primera barra, de 300 elegibles, sigue con 120 que no "
        "reciben: exclusión del 40 %. La segunda, de 240 beneficiarias, sigue con 60 que no son elegibles: inclusión del 25 %.",
        body,
    )


def sheets() -> None:
    """From the four input sheets to the three results."""
    inputs = ["POP: población", "EAP: trabajo", "ECO: economía", "GGO: gobierno"]
    body = []
    for i, words in enumerate(inputs):
        x, y = 2 + 160 * (i % 2), 4 + 36 * (i // 2)
        body.append(box(x, y, 156, 28, [words], fill="b0", strong=0))
    body += [
        arrow(160, 70, 160, 100),
        box(2, 100, 316, 46, ["Escenarios de la mesa", "a quién, cuánto, desde cuándo, a qué ritmo"], fill="area"),
        arrow(160, 146, 160, 176),
        box(
            2,
            176,
            316,
            80,
            ["Costo de cada escenario y paquete", "en dinero", "en porcentaje del PIB", "en porcentaje del gasto público"],
            fill="b0",
        ),
    ]
    svg(
        MEDIA + "rap-hojas.svg",
        260,
        "Cuatro hojas de datos y los escenarios de la mesa dan el costo en dinero, PIB y gasto público",
        "Diagrama de arriba abajo. Cuatro hojas de entrada: POP, población; EAP, trabajo; ECO, economía; GGO, gobierno. Una flecha lleva a los "
        "escenarios de la mesa: a quién, cuánto, desde cuándo y a qué ritmo. Otra lleva al costo de cada escenario y paquete, en dinero, en "
        "porcentaje del PIB y en porcentaje del gasto público.",
        body,
    )


def horizons() -> None:
    """How far three tools look."""
    rows = [
        ("Calculadora de pisos", "1 año", D(1), "b2"),
        ("Herramienta de costeo del piso", "20 años", D(20), "b1"),
        ("Herramienta básica", "30 años", D(30), "b1"),
    ]
    body, height = bars(rows)
    svg(
        MEDIA + "herramientas-horizonte.svg",
        height,
        "La calculadora mira 1 año; la herramienta de costeo, 20; la herramienta básica, 30",
        "Tres barras horizontales desde cero con el horizonte de cada herramienta, en años. "
        + "; ".join(f"{label}: {shown}" for label, shown, *_ in rows)
        + ".",
        body,
    )


def variants() -> None:
    """The reference and three variants, one change each."""
    base = D("0.98")
    rows = [
        ("Con administración del 5 %", base * D("1.05"), "b2"),
        ("Referencia", base, "b1"),
        ("Con captación del 85 %", base * D("0.85"), "b0"),
        ("Con el 75 % de la línea", base * D("0.75"), "b0"),
    ]
    body, height = bars([(label, f"{number(value, decimals=3)} % del PIB", value, fill) for label, value, fill in rows])
    svg(
        MEDIA + "taller-variantes.svg",
        height,
        "La pensión cuesta 1,029, 0,980, 0,833 o 0,735 % del PIB según la variante",
        "Barras horizontales desde cero con el costo de la pensión de vejez en porcentaje del PIB. "
        + "; ".join(f"{label}: {number(value, decimals=3)}" for label, value, _ in rows)
        + ". Cada variante cambia un solo insumo de la referencia; los insumos son ilustrativos.",
        body,
    )


def pages() -> None:
    """The plan of a two-page report."""
    body = [text(4, 18, "Página 1", strong=True), text(166, 18, "Página 2", strong=True)]
    left = [(["Mensaje", "dos líneas"], 44), (["Tres hallazgos", "cada uno con", "su número"], 62), (["Un cuadro o figura"], 40)]
    right = [(["Opciones", "costo y condición"], 44), (["Límites", "datos, método,", "supuestos"], 62), (["Fuentes y autoría"], 40)]
    for x, column in ((2, left), (164, right)):
        y = 28
        for words, height in column:
            body.append(box(x, y, 154, height, words, fill="area" if x == 2 else "b0"))
            y += height + 8
    svg(
        MEDIA + "informe-paginas.svg",
        194,
        "Página 1: mensaje, tres hallazgos y un cuadro; página 2: opciones, límites y fuentes",
        "Esquema de dos páginas, una junto a la otra. La primera lleva un mensaje de dos líneas, tres hallazgos con su número y un cuadro o "
        "figura. La segunda, las opciones con su costo y condición, los límites de datos, método y supuestos, y las fuentes y la autoría.",
        body,
    )


def main() -> None:
    """Draw all figures of the module."""
    for draw in (sequence, errors, sheets, horizons, variants, pages):
        draw()


if __name__ == "__main__":
    main()
